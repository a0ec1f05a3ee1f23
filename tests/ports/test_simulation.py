"""``airflow harness simulate``: the real operators on a real PostgreSQL, by a virtual clock; the same twice, and bad input."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from argparse import Namespace
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_harness.cli.authoring import simulate as command
from airflow_provider_harness.core.errors import ConfigurationError, NotAllowed
from airflow_provider_harness.testing.postgres import PostgresServer
from airflow_provider_harness.testing.simulation import surroundings
from airflow_provider_harness.testing.simulation.__main__ import dag_of
from airflow_provider_harness.testing.simulation.outcome import outcome, text_of
from airflow_provider_harness.testing.simulation.runs import fate
from airflow_provider_harness.testing.simulation.script import Script, read
from airflow_provider_harness.testing.simulation.simulation import Simulation

EVENTS = Path(__file__).parents[1] / "simulations" / "late_orders"
KEPT = EVENTS / command.KEPT
DAG = EVENTS.parent / "dags" / "orders_daily.py"


@pytest.fixture(scope="module")
def dag() -> Any:
    return dag_of([str(DAG)], "")


def simulated(dag: Any, server: PostgresServer, home: Path, script: Script, until: datetime) -> str:
    home.mkdir()
    with Simulation(dag, script, server=server, home=home) as simulation:
        simulation.run(until)
        return text_of(outcome(simulation))


def test_twice_is_the_same_bit_for_bit(
    dag: Any, postgres: PostgresServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Once here, once by the command in a process and on a server of its own; both are as it was kept."""
    script = read(EVENTS)
    assert script.until is not None
    assert simulated(dag, postgres, tmp_path / "home", script, script.until) == KEPT.read_text()
    assert datetime.now(UTC).year >= 2026 and socket.getaddrinfo("localhost", 1), "the clock and the network are back"
    with pytest.raises(SystemExit) as ended:
        command.simulate(args(all=str(EVENTS.parent)))
    told = capsys.readouterr()
    assert ended.value.code == 0, told.err
    assert told.out.splitlines()[-2:] == [f"{KEPT}: as it is kept.", "1 simulation(s), 0 changed."]


def test_what_was_kept_tells_the_story_of_the_events() -> None:
    told = json.loads(KEPT.read_text())
    runs = {run["slice"][:8]: run for run in told["runs"]}
    assert [run["state"] for run in runs.values()] == ["success", "success", "success", "failed", "running"]
    assert len(runs["20260101"]["tasks"]["arrived"]) == 2, "the shop was down for 30 s: the healer tried again"
    assert runs["20260102"]["tasks"]["extract"][0]["at"] == "2026-01-03T02:30:00Z", "the source was late"
    assert runs["20260105"]["tasks"]["arrived"][0]["state"] == "deferred", "nothing has arrived"
    assert [incident["outcome"] for incident in told["incidents"]] == ["healed", "noted", "escalated"]
    assert [verdict["rule"] for verdict in told["verdicts"]] == ["retry-transient", "page"]
    assert [page["what"] for page in told["pages"]] == ["change", "trigger"]
    ids = [row[0] for row in told["tables"]["warehouse/public.orders"]["rows"]]
    assert ids == ["1", "2", "4", "5", "7"], "they arrived out of order, and row 6 is in quarantine"
    assert len(told["tables"]["warehouse/public.orders__quarantine"]["rows"]) == 1


@pytest.fixture
def events(tmp_path: Path) -> Iterator[Path]:
    shutil.copytree(EVENTS, tmp_path / "events")
    yield tmp_path / "events"


BROKEN = {
    "a moment that is none": (
        "shop/public.orders.csv",
        "yesterday,1,,,\n",
        "public.orders.csv:10: arrives_at: 'yesterday'",
    ),
    "too many fields": ("shop/public.orders.csv", "1,2,3,4,5,6\n", "public.orders.csv:10: has 6 field(s)"),
    "a moment without zone": ("shop/public.orders.csv", "2026-01-01T00:00:00,1,,,\n", "is not a timestamp"),
    "no JSON": ("shop/public.customers.jsonl", "{\n", "public.customers.jsonl:1: is not JSON"),
    "no object": ("shop/public.customers.jsonl", "[1]\n", "is not an object"),
    "no time": ("shop/public.customers.jsonl", '{"id": 1}\n', "has no arrives_at"),
    "a file without its table": ("shop/orders.csv", "a\n1\n", "does not name its table"),
    "a file of another kind": ("shop/orders.txt", "", "is not a file of events"),
    "an unknown key": ("simulation.yaml", "outage: []\n", "has the unknown key(s) outage"),
    "no YAML": ("simulation.yaml", "{\n", "is not YAML"),
    "a kill of no kind": ("simulation.yaml", "kills: [{task: load, at: noon}]\n", "kills[0]: at is 'noon'"),
    "half a statement": (
        "simulation.yaml",
        "statements: [{connection: shop}]\n",
        "statements[0]: does not say at, sql",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_cannot_be_read_is_named_with_its_place(case: str, events: Path) -> None:
    name, text, said = BROKEN[case]
    with (events / name).open("a") as file:
        file.write(text)
    with pytest.raises(ConfigurationError) as found:
        read(events)
    assert said in str(found.value), str(found.value)


def test_a_row_that_the_table_does_not_take_is_named(
    dag: Any, postgres: PostgresServer, events: Path, tmp_path: Path
) -> None:
    with (events / "shop/public.orders.csv").open("a") as file:
        file.write("2026-01-01T00:00:00Z,one,,,\n")
    with pytest.raises(
        ConfigurationError, match=r"public.orders.csv:10: was refused by PostgreSQL: invalid input syntax"
    ):
        simulated(dag, postgres, tmp_path / "home", read(events), datetime(2026, 1, 2, tzinfo=UTC))


def test_a_dag_without_a_due_run_is_said(dag: Any, postgres: PostgresServer, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="has no run that is due"):
        simulated(dag, postgres, tmp_path / "home", read(EVENTS), datetime(2026, 1, 1, 12, tzinfo=UTC))


@pytest.mark.attack
def test_a_connection_that_the_dag_does_not_name_is_refused(postgres: PostgresServer, tmp_path: Path) -> None:
    from airflow.sdk import DAG, task

    @task
    def reach() -> None:
        from airflow.sdk import Connection

        Connection.get("production")

    with DAG("reaching", schedule=None, start_date=datetime(2026, 1, 1, tzinfo=UTC)) as dag:
        reach()
    at = datetime(2026, 1, 2, tzinfo=UTC)
    with pytest.raises(ConfigurationError, match="connection production: is refused"):
        simulated(dag, postgres, tmp_path / "home", Script(runs=(at,)), at)


@pytest.mark.attack
@pytest.mark.parametrize("host", ["shop.example", b"shop.example", "10.0.0.1", "169.254.169.254", "::2"])
def test_no_socket_leads_to_another_machine(host: str | bytes) -> None:
    """The hook itself: this project's own tests have one, too, which would be the first to say no."""
    surroundings.refuse("socket.getaddrinfo", (host, 443))
    with surroundings.surrounded({}):
        for event, given in (("socket.getaddrinfo", (host, 443)), ("socket.connect", (None, (host, 443)))):
            with pytest.raises(NotAllowed, match="A simulation reaches no other machine"):
                surroundings.refuse(event, given)
        surroundings.refuse("socket.connect", (None, ("127.0.0.1", 5432)))
        surroundings.refuse("socket.connect", (None, "/run/a.socket"))


RULES = {
    ("all_success", "success", "success"): "run",
    ("all_success", "success", ""): "",
    ("all_success", "failed", ""): "upstream_failed",
    ("all_success", "skipped", "success"): "skipped",
    ("all_done", "failed", "skipped"): "run",
    ("all_done", "failed", "running"): "",
    ("all_failed", "failed", "upstream_failed"): "run",
    ("all_failed", "success", "failed"): "skipped",
    ("all_skipped", "skipped", "skipped"): "run",
    ("all_done_min_one_success", "failed", "success"): "run",
    ("all_done_min_one_success", "failed", "failed"): "upstream_failed",
    ("one_success", "success", ""): "run",
    ("one_success", "failed", "failed"): "upstream_failed",
    ("one_failed", "failed", ""): "run",
    ("one_failed", "success", "success"): "skipped",
    ("one_done", "", "success"): "run",
    ("none_failed", "skipped", "success"): "run",
    ("none_failed", "failed", "success"): "upstream_failed",
    ("none_failed_min_one_success", "skipped", "skipped"): "skipped",
    ("none_skipped", "failed", "success"): "run",
    ("none_skipped", "skipped", ""): "skipped",
    ("always", "", ""): "run",
}


@pytest.mark.parametrize("case", RULES, ids=" ".join)
def test_a_trigger_rule_decides_as_airflow_does(case: tuple[str, ...]) -> None:
    assert fate(case[0], case[1:]) == RULES[case]


def args(**more: Any) -> Namespace:
    given = {"dag": "", "events": "", "until": "", "snapshot": "", "update": False, "all": "", "mode": "act"}
    return Namespace(**{**given, "dags_folder": "", "seconds": 300.0, "output": "text", **more})


def test_what_differs_is_shown_in_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept, text = tmp_path / command.KEPT, KEPT.read_text()
    kept.write_text(text.replace('"decision": "block"', '"decision": "publish"'))
    assert command._compared(text, kept, update=False) == 1
    shown = capsys.readouterr().out.splitlines()
    assert [line for line in shown if line.startswith(("-  ", "+  "))] == [
        '-      "decision": "publish",',
        '+      "decision": "block",',
    ]
    assert command._compared(text, kept, update=True) == 0 and kept.read_text() == text
    with pytest.raises(ConfigurationError, match=r"is not there\. Write it with --update"):
        command._compared(text, tmp_path / "none.json", update=False)


def test_people_read_one_line_for_each_thing() -> None:
    """As the page shows it."""
    shown = list(command._shown(json.loads(KEPT.read_text())))
    page = (EVENTS.parents[2] / "docs" / "how-to" / "simulate-a-dag.md").read_text()
    assert "\n".join(shown[:8]) in page


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"events": "nowhere"}, "events nowhere: is not a folder"),
        ({"events": str(EVENTS), "until": "tomorrow"}, "--until: 'tomorrow' is not a timestamp"),
        ({"all": "nowhere"}, "folder nowhere: holds no simulation.yaml"),
        ({}, "--events: is not given"),
        ({"events": str(EVENTS), "seconds": 0.0}, "--seconds: 0 is not a time"),
    ],
)
def test_bad_input_is_one_sentence(given: dict[str, Any], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        command.simulate(args(**given))
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


@pytest.mark.slow
def test_a_postgresql_that_does_not_start_ends_the_command_with_3(tmp_path: Path) -> None:
    """A file may have 4 MB at most: ``initdb`` writes a log of 16."""
    command = f"ulimit -f 4000; exec {sys.executable} -m airflow harness simulate {DAG} --events {EVENTS}"
    environment = {**os.environ, "AIRFLOW_HOME": str(tmp_path), "AIRFLOW__CORE__LOAD_EXAMPLES": "False"}
    ended = subprocess.run(["bash", "-c", command], env=environment, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 3, ended.stderr
    assert "the embedded PostgreSQL is unavailable" in ended.stderr
    assert "Traceback" not in ended.stderr
