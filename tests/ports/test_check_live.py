"""``airflow harness check --stage plan|test`` on a real PostgreSQL: connections, pools, the planner's word, a database that is away."""

from __future__ import annotations

import json
import uuid
from pathlib import Path

import pytest

from airflow_provider_harness.adapters.dags import costs, live
from airflow_provider_harness.app.authoring.catalog import RULES
from airflow_provider_harness.app.authoring.finding import Stage
from airflow_provider_harness.testing.bigquery import BigQueryServer
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


RIGHTS = """
import pendulum
from airflow.sdk import DAG, CronDataIntervalTimetable
from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator
from airflow_provider_harness.operators import SQLTransformOperator, PostgresTransferOperator

with DAG("rights", schedule=CronDataIntervalTimetable("0 0 * * *", timezone="UTC"), start_date=pendulum.datetime(2026, 1, 1, tz="UTC")):
    SQLExecuteQueryOperator(
        task_id="by_sql",
        conn_id="low",
        sql="INSERT INTO mart (n) SELECT n FROM small WHERE n = 1",
    )
    PostgresTransferOperator(task_id="into", conn_id="low", table="small", source_conn_id="low", source_table="hidden.t", contract="c.yaml")
    SQLExecuteQueryOperator(task_id="makes", conn_id="low", sql="DELETE FROM nowhere WHERE n = 1")
    SQLExecuteQueryOperator(task_id="shut", conn_id="gone", sql="DELETE FROM mart WHERE n = 1")
"""


def test_rights_that_a_login_lacks_are_told_at_deploy(
    postgres: PostgresServer, database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    role = f"low_{database}"
    with postgres.connect(database) as connection:
        connection.execute(
            f"CREATE TABLE small (n int); CREATE TABLE mart (n int); CREATE SCHEMA hidden; CREATE TABLE hidden.t (n int);"
            f"CREATE ROLE {role} LOGIN PASSWORD 'low'; GRANT SELECT, INSERT ON small TO {role}; REVOKE CREATE ON SCHEMA public FROM PUBLIC".encode()
        )
    monkeypatch.setenv("AIRFLOW_CONN_LOW", postgres.airflow_connection(database, user=role, pw="low"))
    monkeypatch.setenv("AIRFLOW_CONN_GONE", "postgres://u:p@127.0.0.1:1/db")
    (tmp_path / "rights.py").write_text(RIGHTS)
    found = checking.findings([str(tmp_path / "rights.py")], imports=False, stage=Stage.DEPLOY)
    lacking = {one.message.partition("lacks ")[2]: one.line for one in found if one.rule.id == "HP114"}
    assert lacking == {
        "INSERT ON mart": 11,
        "SELECT ON hidden.t": 13,
        "DELETE ON small": 13,
        "CREATE ON SCHEMA public": 13,
    }
    assert [one.line for one in found if "could not be checked" in one.message] == [15]
    assert not [
        one
        for one in checking.findings([str(tmp_path / "rights.py")], imports=False, stage=Stage.TEST)
        if one.rule.id == "HP114"
    ]


IN_BIGQUERY = """
import pendulum
from airflow.sdk import DAG, CronDataIntervalTimetable
from airflow.providers.google.cloud.operators.bigquery import BigQueryInsertJobOperator

with DAG("lake", schedule=CronDataIntervalTimetable("0 0 * * *", timezone="UTC"), start_date=pendulum.datetime(2026, 1, 1, tz="UTC")):
    BigQueryInsertJobOperator(task_id="fine", gcp_conn_id="lake", configuration={"query": {"query": "SELECT n FROM d.t WHERE day = '{{ ds }}'"}})
    BigQueryInsertJobOperator(
        task_id="wrong",
        gcp_conn_id="lake",
        configuration={
            "query": {"query": "SELECT nn FROM d.t WHERE day = '{{ ds }}'"},
        },
    )
    BigQueryInsertJobOperator(task_id="later", gcp_conn_id="lake", configuration={"query": {"query": "SELECT n FROM d.t WHERE n = {{ params.n }}"}})
"""


def live_findings(file: Path, stage: Stage) -> list[tuple[str, int, str]]:
    """Rule, line and message of what BigQuery said."""
    found = checking.findings([str(file)], imports=False, stage=stage)
    return [
        (one.rule.id, one.line, one.message) for one in found if one.rule.id in ("HP105", "HP106", "HP113", "HP114")
    ]


def test_bigquery_is_asked_without_running_a_query(
    bigquery: BigQueryServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    name = f"asked_{uuid.uuid4().hex[:8]}"
    bigquery.ensure_dataset(name)
    bigquery.client().query(f"CREATE TABLE {name}.t (n INT64, day DATE)").result()
    monkeypatch.setenv("AIRFLOW_CONN_LAKE", bigquery.airflow_connection())
    (tmp_path / "lake.py").write_text(IN_BIGQUERY.replace("d.t", f"{name}.t"))
    asked = live_findings(tmp_path / "lake.py", Stage.TEST)
    bigquery.drop_dataset(name)
    assert [(rule, line) for rule, line, _ in asked] == [("HP106", 12), ("HP105", 15)]
    assert "wrong" in asked[0][2] and "nn" in asked[0][2]
    assert "later could not be checked: only a run fills its template" in asked[1][2]


def test_a_bigquery_that_is_away_could_not_be_checked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    away = {
        "conn_type": "google_cloud_platform",
        "extra": {"project": "p", "keyfile_dict": '{"type": "service_account"}'},
    }
    monkeypatch.setenv("AIRFLOW_CONN_LAKE", json.dumps(away))
    (tmp_path / "lake.py").write_text(IN_BIGQUERY)
    asked = live_findings(tmp_path / "lake.py", Stage.DEPLOY)
    assert asked and {rule for rule, _, _ in asked} == {"HP105"}
    assert all("could not be checked" in message for _, _, message in asked)


@pytest.mark.parametrize(
    ("size", "limit", "severity"), [(5, None, "hint"), (200, None, "warning"), (200, 300, "warning"), (5, 1, "error")]
)
def test_what_a_query_costs_is_told(tmp_path: Path, size: int, limit: int | None, severity: str) -> None:
    (tmp_path / "lake.py").write_text(IN_BIGQUERY)
    (source,) = checking.read([str(tmp_path / "lake.py")], imports=False).sources
    gib = 2**30
    told = costs.DryRun(bytes=size * gib, limit=limit and limit * gib)
    found = next(one for one in costs.findings(source, lambda *_: told, lambda _: True) if one.rule == "HP113")
    assert f"{size}.0 GiB at each run" in found.message
    assert (found.severity or RULES["HP113"].severity) == severity
