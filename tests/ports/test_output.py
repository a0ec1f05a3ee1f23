"""Standard output of every command: JSON is JSON and nothing else; a wrong argument is one line and status 2."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from airflow.cli.cli_config import ActionCommand, GroupCommand

from airflow_provider_harness.adapters.store.incidents import SqlIncidentStore, open_engine
from airflow_provider_harness.adapters.store.migrate import upgrade
from airflow_provider_harness.cli.definition import get_harness_cli_commands
from tests.unit.app.fakes import failure

ROOT = Path(__file__).resolve().parents[2]
CONTRACT = str(ROOT / "dags" / "contracts" / "flights.odcs.yaml")
INCIDENT = "01K9ZJ4Q6T3M8V5W7X2Y0N1P4R"
ME = ["--token", "t", "--url", "http://127.0.0.1:9"]
NOWHERE = ["--conn-id", "nowhere"]

#: Command -> arguments with which it can be called here; a new command needs its line.
DAG = str(ROOT / "dags" / "flights_daily.py")
CALLS: dict[str, list[str]] = {
    "db upgrade": [],
    "db prune": ["--keep", "400d", "--dry-run"],
    "doctor": [],
    "incidents list": [],
    "incidents digest": [],
    "incidents show": [INCIDENT],
    **{f"incidents {word}": [INCIDENT, *ME] for word in ("take", "return", "ack")},
    **{f"incidents {word}": [INCIDENT, "--why", "w", *ME] for word in ("forget", "resolve")},
    "login": ["--user", "ann", "--url", "http://127.0.0.1:9"],
    "approve": [INCIDENT, *ME],
    "refuse": [INCIDENT, *ME],
    "audit show": [INCIDENT],
    "audit verify": [],
    "audit rotate-key": [],
    "policy check": [],
    "policy explain": [
        "--action",
        "retry_task",
        "--fact",
        "category=timeout",
        "--fact",
        "repeatable=yes",
        "--fact",
        "tries_by_harness=0",
    ],
    "policy simulate": [str(ROOT / "airflow_provider_harness" / "adapters" / "yaml_files" / "policy_default.yaml")],
    "check": [DAG],
    "explain": [DAG],
    "new": ["--yes", "--table", "public.t", "--target-conn-id", "nowhere", *NOWHERE],
    "simulate": ["/no/such.py", "--events", "/no/such", "--until", "2026-01-01T00:00:00Z"],
    "contract check": [CONTRACT],
    "readiness": [CONTRACT],
    "card": ["flights", "--contract", CONTRACT],
    "contract diff": [CONTRACT, CONTRACT],
    "contract dictionary": [CONTRACT],
    "contract import": ["--from", "dbt", "/no/such.yml"],
    "contract export": ["--to", "dbt", CONTRACT],
    **{f"quarantine {word}": [CONTRACT, *NOWHERE] for word in ("list", "show")},
    "quarantine release": [CONTRACT, *NOWHERE, "--slice", "20130109T050000Z"],
    "runbook list": [],
    "runbook accept": ["/no/such/entry.yaml", *ME],
    "off": [],
    "shadow": [],
    "act": [],
    "features list": [],
    "features show": ["public.nope"],
    "quality": ["public.nope"],
    "lineage": ["public.nope"],
    "reconcile": [],
}
#: Options by which a command prints JSON.
_JSON = "--output"


def commands(items: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ActionCommand]]:
    for item in items:
        if isinstance(item, GroupCommand):
            yield from commands(item.subcommands, (*path, item.name))
        else:
            yield " ".join((*path, item.name)), item


def table() -> dict[str, ActionCommand]:
    [group] = get_harness_cli_commands()
    assert isinstance(group, GroupCommand)
    return dict(commands(group.subcommands))


def speaks_json(command: ActionCommand) -> bool:
    return any("json" in (arg.kwargs.get("choices") or ()) for arg in command.args)


def run(home: Path, calls: list[list[str]], **env: str) -> list[dict[str, Any]]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "_AIRFLOW"))}
    given = kept | {"AIRFLOW_HOME": str(home), "AIRFLOW__CORE__LOAD_EXAMPLES": "False", "PYTHONPATH": str(ROOT)} | env
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("cli_driver.py"))],
        env=given,
        input=json.dumps([["harness", *words] for words in calls]),
        capture_output=True,
        text=True,
        timeout=500,
    )
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    engine = open_engine(f"sqlite:///{folder}/harness.db")
    upgrade(engine)
    (folder / "harness_audit.key").write_bytes(b"k" * 32)
    store = SqlIncidentStore(engine, b"k" * 32)
    store.record(failure(), INCIDENT)
    store.intake(datetime.now(UTC), store.waiting())
    engine.dispose()
    return folder


def test_json_is_json_and_nothing_else(home: Path) -> None:
    mine = {name for name, command in table().items() if speaks_json(command)}
    assert mine == set(CALLS), "each command that prints JSON is tried here"
    calls = [[*name.split(), *arguments, _JSON, "json"] for name, arguments in CALLS.items()]
    answers = dict(zip(CALLS, run(home, calls), strict=True))
    for name, said in answers.items():
        assert said["status"] in (0, 1, 2, 3), (name, said)
        assert "Traceback" not in said["err"], (name, said["err"])
        assert "a line after the command" in said["err"], name
        if said["out"]:
            json.loads(said["out"])
        else:
            assert said["status"] in (2, 3), (name, said)
    silent = {name for name, said in answers.items() if not said["out"]}
    assert not silent & {"incidents list", "incidents show", "audit verify", "doctor", "policy explain", "db upgrade"}
    assert (answers["quality"]["status"], answers["lineage"]["status"]) == (2, 2)
    assert "public.nope: no gate has judged it." in answers["quality"]["err"]


WRONG = {
    "new": ["--yes", "--table", "public.t", "--target-conn-id", "elsewhere"],
    "contract init": ["--table", "public.t"],
    "contract import": ["--from", "database", "--table", "public.t"],
    "contract check": [CONTRACT],
    "readiness": [CONTRACT],
    "card": ["flights", "--contract", CONTRACT],
    "quarantine list": [CONTRACT],
    "quarantine show": [CONTRACT],
    "quarantine release": [CONTRACT, "--slice", "20130109T050000Z"],
}


@pytest.mark.slow
def test_a_wrong_connection_is_one_line_and_names_the_valid_type(home: Path) -> None:
    taking = {name for name, item in table().items() if any("--conn-id" in arg.flags for arg in item.args)}
    assert taking == set(WRONG), "each command that takes a connection is tried here"
    calls = [[*name.split(), *words, "--conn-id", kind] for kind in ("nowhere", "web") for name, words in WRONG.items()]
    web = json.dumps({"conn_type": "http", "host": "127.0.0.1"})
    for call, said in zip(calls, run(home, calls, AIRFLOW_CONN_WEB=web), strict=True):
        lines = [line for line in said["err"].splitlines() if f"connection {call[-1]}" in line]
        assert (said["status"], said["out"], len(lines)) == (2, "", 1), (call, said)
        assert "Traceback" not in said["err"], call
        assert ("does not exist" if call[-1] == "nowhere" else "Valid: postgres") in lines[0], lines


def test_the_documented_example_is_explained(home: Path) -> None:
    words = ["policy", "explain", *CALLS["policy explain"]]
    [said] = run(home, [words])
    assert said["status"] == 0 and "could not be evaluated" not in said["out"]
    assert "-> " in said["out"] and "Decides approve" in said["out"]
