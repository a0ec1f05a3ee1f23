"""docker-compose.yaml, held without a container engine: its structure, and that what it runs is what runs here."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib import util
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docker-compose.yaml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
AIRFLOW = ("api-server", "scheduler", "dag-processor", "triggerer", "worker")
OTHERS = ("postgres", "redis")
LOCK = (ROOT / "requirements.lock").read_text()


def secrets_module() -> ModuleType:
    spec = util.spec_from_file_location("ci_secrets", ROOT / ".ci" / "compose_secrets.py")
    assert spec is not None
    assert spec.loader is not None
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SECRETS: dict[str, str] = secrets_module().contents()


def airflow_commands() -> set[tuple[str, ...]]:
    """Every airflow command in the file, without its options."""
    found = set()
    for service in SERVICES.values():
        lines = []
        command = service.get("command", "")
        if "entrypoint" in service:
            lines = [line.strip().removeprefix("exec ") for part in command for line in part.splitlines()]
        elif command:
            lines = [f"airflow {command}"]
        lines.append(" ".join(service.get("healthcheck", {}).get("test", [])).removeprefix("CMD "))
        words = [line.split() for line in lines if line.startswith("airflow ")]
        found |= {tuple(w for w in line[1 : next(_options(line), len(line))]) for line in words}
    return found


def _options(words: list[str]) -> Any:
    return (index for index, word in enumerate(words) if word.startswith("--"))


def test_it_has_airflow_with_two_workers_the_servers_it_needs_and_the_init_step() -> None:
    assert set(SERVICES) == {*AIRFLOW, *OTHERS, "init"}
    assert SERVICES["worker"]["deploy"] == {"replicas": 2}
    assert {SERVICES[name]["environment"]["AIRFLOW__CORE__EXECUTOR"] for name in AIRFLOW} == {"CeleryExecutor"}


@pytest.mark.parametrize("name", sorted({*AIRFLOW, *OTHERS}))
def test_each_long_running_service_is_watched_and_restarted(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"][0] == "CMD"
    assert SERVICES[name]["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", AIRFLOW)
def test_airflow_waits_for_the_init_step_and_has_the_harness_in_its_image(name: str) -> None:
    needed = {"init": {"condition": "service_completed_successfully"}}
    if name in ("scheduler", "worker"):
        needed["redis"] = {"condition": "service_healthy"}
    assert SERVICES[name]["depends_on"] == needed
    assert SERVICES[name]["image"] == SERVICES["init"]["image"]
    assert SERVICES["init"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}


def test_ports_are_published_on_loopback_only() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_every_secret_is_a_file_that_make_secrets_makes() -> None:
    declared = {name: value["file"] for name, value in COMPOSE["secrets"].items()}
    assert declared == {name: f".secrets/{name}" for name in SECRETS}
    mounted = {name for service in SERVICES.values() for name in service.get("secrets", [])}
    assert mounted == set(declared)
    for service in SERVICES.values():
        used = set(re.findall(r"/run/secrets/([\w.]+)", json.dumps(service)))
        assert used <= set(service["secrets"])


def test_no_setting_holds_a_secret() -> None:
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            if re.search(r"PASSWORD|SECRET|_KEY|_CONN", name) and "BACKEND" not in name:
                assert name.endswith(("_FILE", "_CMD")), f"{name} must be read from a file"
            assert "://" not in str(value) or "@" not in str(value)


def test_the_image_has_the_locked_airflow() -> None:
    built = re.search(r"^FROM apache/airflow:([\d.]+)-python3\.1[123]$", TEXT.replace("      ", ""), re.MULTILINE)
    assert built is not None
    assert f"\napache-airflow=={built[1]} " in LOCK


def test_the_image_copies_what_exists() -> None:
    copied = re.findall(r"COPY --chown=airflow:0 (.+) /opt", TEXT)
    assert copied
    assert all((ROOT / name).exists() for line in copied for name in line.split())


def test_the_airflow_commands_are_found() -> None:
    assert airflow_commands() >= {("db", "migrate"), ("harness", "db", "upgrade"), ("jobs", "check")}
    assert ("celery", "worker") in airflow_commands()
    assert {command[0] for command in airflow_commands()} >= set(AIRFLOW) - {"worker"}


HERE = sorted(command for command in airflow_commands() if command[0] != "celery")
"""Celery is not in the lock: tests/production runs its worker."""


@pytest.mark.parametrize("command", HERE)
def test_each_airflow_command_runs_here(command: tuple[str, ...], tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "airflow", *command, "--help"],
        env={**os.environ, "AIRFLOW_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert f"airflow {' '.join(command)}" in done.stdout


def test_airflow_reads_its_secrets_from_the_files(tmp_path: Path) -> None:
    """The settings ending in _CMD are ones that Airflow knows: it ignores the others silently."""
    given = {n: v for n, v in SERVICES["scheduler"]["environment"].items() if n.endswith("_CMD") and "CELERY" not in n}
    assert len(given) == 4
    options = [re.fullmatch(r"AIRFLOW__(\w+?)__(\w+)_CMD", name) for name in given]
    pairs = [(option[1].lower(), option[2].lower()) for option in options if option is not None]
    code = f"from airflow.configuration import conf\nprint([conf.get(s, o) for s, o in {pairs!r}])"
    env = {name: value.replace("cat /run/secrets/", "printf sqlite:////from-") for name, value in given.items()}
    kept = {n: v for n, v in os.environ.items() if not n.startswith("AIRFLOW")}
    done = subprocess.run(
        [sys.executable, "-c", code], env={**kept, **env, "AIRFLOW_HOME": str(tmp_path)}, capture_output=True, text=True
    )
    expected = [value.replace("cat /run/secrets/", "sqlite:////from-") for value in given.values()]
    assert done.stdout.splitlines()[-1:] == [repr(expected)], done.stderr


def test_the_secrets_agree() -> None:
    connections = json.loads(SECRETS["connections.json"])
    assert f":{SECRETS['postgres_password']}@postgres:" in SECRETS["airflow_database"]
    assert f":{SECRETS['postgres_password']}@postgres:" in SECRETS["result_backend"]
    assert f":{SECRETS['redis_password']}@redis:" in SECRETS["broker_url"]
    assert connections["harness_store"]["password"] == SECRETS["postgres_password"]
    assert connections["harness_airflow"]["password"] == json.loads(SECRETS["passwords.json"])["harness"]
    users = SERVICES["api-server"]["environment"]["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS"]
    assert {user.split(":")[0] for user in users.split(",")} == set(json.loads(SECRETS["passwords.json"]))


def test_the_secrets_are_made_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    module = secrets_module()
    assert module.main(tmp_path) == 0
    first = (tmp_path / ".secrets" / "jwt_secret").read_text()
    assert (tmp_path / ".secrets").stat().st_mode & 0o077 == 0
    assert module.main(tmp_path) == 0
    assert (tmp_path / ".secrets" / "jwt_secret").read_text() == first
    (tmp_path / ".secrets" / "jwt_secret").unlink()
    assert module.main(tmp_path) == 2
    assert "jwt_secret" in capsys.readouterr().err
