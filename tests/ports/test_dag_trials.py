"""The pytest fixtures: a Dag of one's own on a frozen clock, with failures that are made."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

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


def test_a_dag_of_any_operators_is_simulated(simulate_dag: Simulate) -> None:
    """Poking, rescheduling, retries that wait longer and longer, a branch, and a task that fails without a callback of its own."""
    from airflow.providers.common.sql.sensors.sql import SqlSensor
    from airflow.sdk import DAG, task

    @task(retries=2, retry_delay=timedelta(minutes=1), retry_exponential_backoff=2)
    def flaky(ti: Any = None) -> int:
        time.sleep(30)
        if ti.try_number < 3:
            raise ConnectionError("not yet")
        return 1

    @task.branch
    def choose(found: int) -> str:
        return "taken" if found == 1 else "left"

    @task
    def taken() -> None:
        raise ValueError("this one is wrong")

    @task
    def left() -> None:
        """Never run."""

    with DAG("plain", schedule="@daily", start_date=datetime(2026, 1, 1, tzinfo=UTC)) as dag:
        given = {"conn_id": "shop", "poke_interval": 600, "timeout": 7200}
        pokes = SqlSensor(task_id="pokes", sql="SELECT count(*) FROM t WHERE id = 1", **given)
        waits = SqlSensor(task_id="waits", sql="SELECT count(*) FROM t WHERE id = 2", mode="reschedule", **given)
        found = flaky()
        pokes >> waits >> found
        choose(found) >> [taken(), left()]
    trial = simulate_dag(dag, start="2026-01-01T12:00:00Z")
    trial.sql("shop", "CREATE TABLE t (id int)")
    trial.rows("shop", "public.t", [{"id": 1}], at="2026-01-02T00:25:00Z")
    trial.rows("shop", "public.t", [{"id": 2}], at="2026-01-02T01:15:00Z")
    trial.run("2026-01-02T12:00:00Z")
    told = trial.outcome()
    tasks = told["runs"][0]["tasks"]
    assert [one["at"] for one in tasks["pokes"]] == ["2026-01-02T00:00:00Z"]
    assert [one["at"] for one in tasks["waits"]] == ["2026-01-02T00:30:00Z"], "one try, looked at every ten minutes"
    assert [one["at"] for one in tasks["flaky"]] == [
        "2026-01-02T01:20:00Z",
        "2026-01-02T01:21:30Z",
        "2026-01-02T01:24:00Z",
    ], "30 s of sleep each, then one minute, then two"
    assert tasks["left"] == "skipped"
    assert "code" in told["incidents"][0]["history"][0], told["incidents"][0]


def test_what_is_not_there_is_said(trial: DagTrial) -> None:
    for wrong, said in (
        (lambda: trial.rows("nowhere", "public.orders", []), "connection nowhere: is named by no task"),
        (lambda: trial.run_task("nothing", DUE), "task nothing: is not in the Dag"),
        (lambda: trial.run("tomorrow"), "until: 'tomorrow' is not a timestamp"),
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


def hourly(**given: Any) -> Any:
    """A Dag of each hour whose task waits for the row of the hour ``1`` of the slice."""
    from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator
    from airflow.providers.common.sql.sensors.sql import SqlSensor
    from airflow.sdk import DAG, CronDataIntervalTimetable

    clock = CronDataIntervalTimetable("0 * * * *", timezone="UTC")
    shared = {name: given.pop(name) for name in ("depends_on_past", "wait_for_downstream") if name in given}
    with DAG(
        "hourly", schedule=clock, start_date=datetime(2026, 1, 1, tzinfo=UTC), default_args=shared, **given
    ) as dag:
        there = "SELECT count(*) FROM t WHERE hour = '{{ data_interval_start.hour }}'"
        wait = SqlSensor(
            task_id="wait", conn_id="shop", sql=there, mode="reschedule", poke_interval=600, timeout=20_000
        )
        wait >> SQLExecuteQueryOperator(task_id="use", conn_id="shop", sql="SELECT 1")
    return dag


def begun(simulate_dag: Simulate, dag: Any) -> list[tuple[str, str, list[str]]]:
    """State of each run, and when its tasks began, where the first hour's row is two hours late."""
    trial = simulate_dag(dag, start="2026-01-01T12:30:00Z")
    trial.sql("shop", "CREATE TABLE t (hour text)")
    trial.rows("shop", "public.t", [{"hour": "13"}, {"hour": "14"}], at="2026-01-01T12:45:00Z")
    trial.rows("shop", "public.t", [{"hour": "12"}], at="2026-01-01T14:50:00Z")
    trial.run("2026-01-01T15:30:00Z")
    tasks = [run["tasks"] for run in trial.outcome()["runs"]]
    at = [[one["at"][11:16] for task in ("wait", "use") for one in run[task] if isinstance(one, dict)] for run in tasks]
    return [(run["state"], *times) for run, times in zip(trial.outcome()["runs"], at, strict=True)]


@pytest.mark.parametrize(
    ("given", "known"),
    [
        pytest.param(
            {"max_active_runs": 16},
            [["13:00", "14:50"], ["14:00", "14:00"], ["15:00", "15:00"]],
            marks=pytest.mark.slow,
        ),
        ({"max_active_runs": 1}, [["13:00", "14:50"], ["14:50", "14:50"], ["15:00", "15:00"]]),
        ({"depends_on_past": True}, [["13:00", "14:50"], ["14:50", "14:50"], ["15:00", "15:00"]]),
        pytest.param(
            {"wait_for_downstream": True},
            [["13:00", "14:50"], ["14:50", "14:50"], ["15:00", "15:00"]],
            marks=pytest.mark.slow,
        ),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_a_run_waits_for_the_run_before_where_the_dag_says_so(
    simulate_dag: Simulate, given: dict[str, Any], known: list[list[str]]
) -> None:
    found = begun(simulate_dag, hourly(**given))
    assert [list(times) for _, *times in found] == known
    assert {state for state, *_ in found} == {"success"}
