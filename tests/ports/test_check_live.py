"""``airflow harness check --stage plan|test`` on a real PostgreSQL: connections, pools, the planner's word, a database that is away."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_provider_harness.adapters.dags import live
from airflow_provider_harness.app.authoring.finding import Stage
from airflow_provider_harness.testing.postgres import PostgresServer
from airflow_provider_harness.wiring.authoring import checking

DAG = """
import pendulum
from airflow.sdk import DAG, CronDataIntervalTimetable
from airflow_provider_harness.operators import SQLTransformOperator, PostgresTransferOperator, ValidateOperator

with DAG("live", schedule=CronDataIntervalTimetable("0 0 * * *", timezone="UTC"), start_date=pendulum.datetime(2026, 1, 1, tz="UTC")):
    ValidateOperator(task_id="fine", conn_id="wh", contract="c.yaml", sql="SELECT n, at FROM small WHERE at >= %(slice_start)s")
    ValidateOperator(task_id="refused", conn_id="wh", contract="c.yaml", sql="SELECT nn FROM small WHERE at >= %(slice_start)s")
    ValidateOperator(task_id="large", conn_id="wh", contract="c.yaml", sql="SELECT n, at FROM large WHERE n %% 2 = 0")
    ValidateOperator(task_id="away", conn_id="gone", contract="c.yaml", sql="SELECT n, at FROM small WHERE at < %(slice_end)s")
    ValidateOperator(task_id="nowhere", conn_id="nobody", contract="c.yaml", table="small", pool="no_pool")
    PostgresTransferOperator(task_id="other", conn_id="wh", source_conn_id="lake", contract="c.yaml", table="small")
    PostgresTransferOperator(task_id="kind", conn_id="lake", source_conn_id="wh", contract="c.yaml", table="small")
"""
TABLES = """CREATE TABLE small (n int, at timestamptz);
CREATE TABLE large (n int, at timestamptz);
INSERT INTO large SELECT n, now() FROM generate_series(1, 250000) n;
ANALYZE small; ANALYZE large"""


@pytest.fixture
def dag(postgres: PostgresServer, database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    monkeypatch.setenv("AIRFLOW_CONN_WH", postgres.airflow_connection(database))
    monkeypatch.setenv("AIRFLOW_CONN_GONE", "postgres://u:p@127.0.0.1:1/db")
    monkeypatch.setenv("AIRFLOW_CONN_LAKE", "google-cloud-platform://")
    with postgres.connect(database) as connection:
        connection.execute(TABLES.encode())
    (tmp_path / "live.py").write_text(DAG)
    return str(tmp_path / "live.py")


def told(dag: str, stage: Stage) -> set[tuple[str, str]]:
    """Finding and task, of those that only the installation shows."""
    found = checking.findings([dag], imports=False, stage=stage)
    names = ("fine", "refused", "large", "away", "nowhere", "other", "kind")
    rows = ((one.rule.id, next((n for n in names if one.message.startswith(n)), "?")) for one in found)
    return {row for row in rows if row[0] in ("HP101", "HP102", "HP105", "HP106", "HP107") and row[1] != "?"}


def test_a_pool_that_is_not_there(dag: str) -> None:
    (source,) = checking.read([dag], imports=False).sources
    (found,) = live.pools(source, frozenset({"default_pool"}))
    assert found.rule == "HP103" and "nowhere: pool no_pool does not exist" in found.message


def test_each_stage_asks_more_of_the_installation(dag: str) -> None:
    assert told(dag, Stage.COMPILE) == set()
    plan = {("HP101", "nowhere"), ("HP102", "kind")}
    assert told(dag, Stage.PLAN) == plan
    assert told(dag, Stage.TEST) == plan | {("HP106", "refused"), ("HP107", "large"), ("HP105", "away")}
