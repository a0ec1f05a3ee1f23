"""docker-compose.yaml as plain processes: its commands, its environment, its secrets and its health checks, without containers.

Two things differ: names of hosts are this machine, and a folder stands for ``/run/secrets``.
"""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from shutil import which
from typing import Any

import httpx
import pytest

from airflow_provider_harness.testing.postgres import EmbeddedPostgres, PostgresServer
from airflow_provider_harness.testing.process import ServerProcess, free_port
from tests.demo.breaks import wait_for
from tests.house.test_compose import ROOT, SERVICES, secrets_module
from tests.production.conftest import needs

pytestmark = [
    pytest.mark.slow,
    needs("airflow.providers.celery"),
    pytest.mark.skipif(which("redis-server") is None, reason="redis-server is not installed"),
]
STARTED = ("redis", "api-server", "scheduler", "dag-processor", "triggerer", "worker")


@dataclass(frozen=True, kw_only=True)
class Here:
    """Where the services are on this machine.

    :param texts: what stands in the file -> what stands for it here.
    """

    home: Path
    texts: dict[str, str]
    processes: dict[str, ServerProcess] = field(default_factory=dict)

    def said(self, text: str) -> str:
        """A text of the file as it holds here."""
        for there, here in self.texts.items():
            text = text.replace(there, here)
        return text.replace("$$", "$")

    def env(self, service: str) -> dict[str, str]:
        """The environment of a service, and what a container would give it."""
        own = {name: self.said(str(value)) for name, value in SERVICES[service].get("environment", {}).items()}
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        image = {"AIRFLOW_HOME": str(self.home / "airflow"), "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags")}
        port = {"AIRFLOW__API__PORT": self.texts["localhost:8080"].rpartition(":")[2]}
        return {**kept, **image, **port, **own, "PATH": path, "HOSTNAME": socket.gethostname()}

    def command(self, service: str) -> list[str]:
        """What a container would run."""
        given = SERVICES[service]
        if "entrypoint" in given:
            return [*given["entrypoint"], *map(self.said, given["command"])]
        return ["airflow", *given["command"].split()]

    def run(self, service: str, command: list[str]) -> subprocess.CompletedProcess[str]:
        """A command in a service's container."""
        (self.home / "airflow").mkdir(exist_ok=True)
        return subprocess.run(
            command, env=self.env(service), cwd=self.home, capture_output=True, text=True, timeout=180
        )

    def healthy(self, service: str) -> bool:
        """Whether the service's health check is content."""
        self.processes[service].check()
        _, *command = SERVICES[service]["healthcheck"]["test"]
        return self.run(service, [self.said(word) for word in command]).returncode == 0


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Here]:
    """All services but PostgreSQL, which comes from a wheel, as the file starts them, each once it is needed."""
    home = tmp_path_factory.mktemp("compose")
    with ExitStack() as stop:
        server = stop.enter_context(EmbeddedPostgres(home / "postgres")).server
        api, redis = free_port(), free_port()
        texts = {
            "/run/secrets": str(home / "secrets"),
            "/tmp/passwords.json": str(home / "passwords.json"),
            "http://api-server:8080": f"http://127.0.0.1:{api}",
            "localhost:8080": f"127.0.0.1:{api}",
            "redis-server -": f"redis-server - --port {redis} --bind 127.0.0.1",
            "redis-cli": f"redis-cli -p {redis}",
            "@postgres:5432": f"@127.0.0.1:{server.port}",
            "@redis:6379": f"@127.0.0.1:{redis}",
        }
        found = Here(home=home, texts=texts)
        _secrets(found, server, api)
        done = found.run("init", found.command("init"))
        assert done.returncode == 0, done.stderr[-3000:]
        for name in STARTED:
            log = home / f"{name}.log"
            process = ServerProcess(name, found.command(name), env=found.env(name), log=log, cwd=home, stop_group=True)
            found.processes[name] = stop.enter_context(process)
        yield found


def _secrets(here: Here, server: PostgresServer, api: int) -> None:
    """What `make secrets` makes, with the addresses of this machine, and the accounts that PostgreSQL's image makes of it."""
    made = secrets_module().contents()
    connections = json.loads(made["connections.json"])
    connections["harness_store"] |= {"host": server.host, "port": server.port}
    connections["harness_airflow"] |= {"host": "127.0.0.1", "port": api}
    folder = here.home / "secrets"
    folder.mkdir()
    for name, text in {**made, "connections.json": json.dumps(connections)}.items():
        (folder / name).write_text(here.said(text))
    with server.connect() as connection:
        connection.execute(f"CREATE ROLE airflow LOGIN PASSWORD '{made['postgres_password']}'".encode())
        for name in ("airflow", "harness"):
            connection.execute(f"CREATE DATABASE {name} OWNER airflow".encode())


@pytest.mark.parametrize("service", STARTED)
def test_each_service_becomes_healthy_by_its_own_check(here: Here, service: str) -> None:
    assert wait_for(f"{service} to be healthy", lambda: here.healthy(service), 180)


def test_a_task_that_fails_on_a_worker_becomes_an_incident(here: Here) -> None:
    """Its connections come from the secrets backend alone; in shadow mode nothing is done about it."""
    base = f"http://{here.texts['localhost:8080']}"
    login = {
        "username": "admin",
        "password": json.loads((here.home / "secrets" / "passwords.json").read_text())["admin"],
    }
    token = httpx.post(f"{base}/auth/token", json=login).json()["access_token"]
    with httpx.Client(base_url=f"{base}/api/v2", headers={"Authorization": f"Bearer {token}"}) as admin:
        for dag in ("harness_healer", "harness_healer_reconciler", "plain_copy"):
            unpause = partial(admin.patch, f"/dags/{dag}", json={"is_paused": False})
            wait_for(dag, lambda unpause=unpause: unpause().is_success, 120)
        admin.post("/dags/plain_copy/dagRuns", json={"logical_date": None}).raise_for_status()
    [incident] = wait_for("an incident", lambda: _incidents(here), 240)
    assert "plain_copy" in json.dumps(incident)


def _incidents(here: Here) -> list[Any]:
    done = here.run("worker", ["airflow", "harness", "incidents", "list", "--output", "json"])
    found = json.loads(re.sub(r"^[^\[]*", "", done.stdout, count=1) or "[]")
    return list(found)


def test_doctor_finds_store_account_and_pages_in_place(here: Here) -> None:
    done = here.run("worker", ["airflow", "harness", "doctor", "--output", "json"])
    found = {row["check"]: row["health"] for row in json.loads(done.stdout)}
    assert {found[name] for name in ("store", "account", "account's rights", "healer Dags", "plugin")} == {"ok"}
