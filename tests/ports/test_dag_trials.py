"""The pytest fixtures: a Dag of one's own on a frozen clock, with failures that are made."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.testing.postgres import PostgresServer
from airflow_provider_harness.testing.simulation.trial import DagTrial

HERE = Path(__file__).resolve().parents[1] / "simulations"
DAG = HERE / "dags" / "orders_daily.py"
SOURCE = "CREATE TABLE public.orders (id bigint, placed_at timestamptz, amount numeric(12,2), status text)"
ROOT = HERE.parents[1]
SHOWN = re.compile(
    r"^```\w+\n# (dags/orders_daily.py|dags/contracts/orders.odcs.yaml|tests/\S+.py)\n(.*?)^```$", re.M | re.S
)
"""A file of the reader's project on a page."""
DUE = "2026-01-02T00:00:00Z"
Simulate = Callable[..., DagTrial]


@pytest.fixture(scope="module")
def harness_postgres(postgres: PostgresServer) -> PostgresServer:
    """The server that this project's other tests have."""
    return postgres


@pytest.fixture
def trial(simulate_dag: Simulate) -> DagTrial:
    found = simulate_dag(DAG, start="2026-01-01T00:00:00Z")
    found.sql("shop", SOURCE)
    found.rows("shop", "public.orders", [order(2), order(1)])
    return found


def order(number: int, amount: str | None = "10.00") -> dict[str, object]:
    return {"id": number, "placed_at": f"2026-01-01T0{number}:00:00Z", "amount": amount, "status": "open"}


def ids(trial: DagTrial) -> list[str | None]:
    return [row["id"] for row in trial.table("warehouse", "public.orders")]


def test_a_task_that_is_killed_when_its_work_is_done_doubles_no_row(trial: DagTrial) -> None:
    """Airflow does not know that it published. The packaged policy asks a person; here, nobody answers."""
    trial.kill("load", at="end")
    assert datetime.now(UTC) == datetime(2026, 1, 1, tzinfo=UTC) == trial.now, "the clock stands still"
    trial.run("2026-01-02T01:00:00Z")
    assert ids(trial) == ["1", "2"]
    told = trial.outcome()
    assert [one["state"] for one in told["runs"][0]["tasks"]["load"]] == ["failed"]
    assert [(one["action"], one["verdict"], one["rule"]) for one in told["verdicts"]] == [
        ("retry_task", "ask", "retry-lost-worker")
    ]
    assert [page["what"] for page in told["pages"]] == ["trigger"]
    assert trial.run_task("load", DUE).state == "success"
    assert ids(trial) == ["1", "2"], "a person cleared it"
    flows = {flow["task"]: flow["output"] for flow in trial.outcome()["lineage"]}
    assert flows["orders_daily.load"] == "postgres://postgres:5432 warehouse.public.orders"


def test_bad_rows_are_refused_where_they_do_not_fit_the_table(trial: DagTrial) -> None:
    with pytest.raises(ConfigurationError, match=r"row 1 of public.orders: was refused by PostgreSQL: invalid input"):
        trial.rows("shop", "public.orders", [order(3, "ten")])


def test_one_task_alone_is_given_what_it_needs(trial: DagTrial) -> None:
    done = trial.run_task("extract", DUE)
    assert (done.state, done.error) == ("success", "")
    ended = trial.run_task("load", "2026-01-03T00:00:00Z", given={"extract": ""})
    assert ended.state == "failed"
    assert "was given no staged folder" in ended.error


def test_what_is_not_there_is_said(trial: DagTrial) -> None:
    for wrong, said in (
        (lambda: trial.rows("nowhere", "public.orders", []), "connection nowhere: is named by no task"),
        (lambda: trial.run_task("nothing", DUE), "task nothing: is not in the Dag"),
        (lambda: trial.run("tomorrow"), "until: 'tomorrow' is no moment"),
        (lambda: trial.kill("load", at="noon"), "at: is 'noon'"),
    ):
        with pytest.raises(ConfigurationError, match=said):
            wrong()


def test_the_page_for_people_who_test_their_dags_does_what_it_says(tmp_path: Path) -> None:
    """In a project of its own, with nothing but the pages' files: the entry point is what gives the fixtures."""
    for page in (ROOT / "README.md", ROOT / "docs" / "how-to" / "test-your-dags.md"):
        for name, text in SHOWN.findall(page.read_text()):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
    environment = {**os.environ, "AIRFLOW_HOME": str(tmp_path / "airflow")}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", "-p", "no:cacheprovider", "tests"]
    ended = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300)
    assert ended.returncode == 0 and "5 passed" in ended.stdout, ended.stdout[-4000:]


def test_the_plugin_is_light() -> None:
    """pytest imports it at the start of every project's tests."""
    code = (
        "import sys, airflow_provider_harness.testing.plugin;"
        "heavy = {'airflow', 'sqlalchemy', 'psycopg', 'pyarrow', 'duckdb', 'yaml', 'time_machine'} & set(sys.modules);"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
