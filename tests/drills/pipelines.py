"""The Dags and the contract that drills share; ``<name>``, ``<retries>`` and ``<folder>`` are filled in."""

from __future__ import annotations

HEAD = """
import datetime
import pathlib
import time

import pendulum
from airflow.sdk import DAG, CronDataIntervalTimetable, task

FLAGS, NAME = pathlib.Path("<folder>"), "<name>"


def flag(name):
    return FLAGS.joinpath(f"{NAME}.{name}").exists()


def dag(**more):
    return DAG(
        "drill_<name>",
        schedule=CronDataIntervalTimetable("0 0 * * *", timezone="UTC"),
        start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
        end_date=pendulum.datetime(2026, 1, 31, tz="UTC"),
        catchup=False,
        tags=["drills"],
        default_args={"owner": "data-team", "retries": <retries>, "retry_delay": datetime.timedelta(seconds=60)},
        **more,
    )
"""
GATED = (
    HEAD
    + """
from airflow_provider_harness.operators import PostgresTransferOperator

with dag():
    PostgresTransferOperator(
        task_id="orders", contract="contracts/<name>.odcs.yaml", table="<name>.orders", conn_id="<name>_warehouse",
        source_conn_id="<name>_source", source_table="<name>.orders_in",
    )
"""
)
"""A slice through the gates of its contract, published exactly once."""

DAY_SQL = "placed_at >= '{{ data_interval_start }}' AND placed_at < '{{ data_interval_end }}'"
PLAIN = (
    HEAD
    + f"""
from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator

with dag():
    SQLExecuteQueryOperator(
        task_id="orders", conn_id="<name>_warehouse", autocommit=False,
        sql=[
            "DELETE FROM <name>.orders WHERE {DAY_SQL}",
            "INSERT INTO <name>.orders SELECT id, placed_at, customer, amount, status FROM <name>.orders_in WHERE {DAY_SQL}",
        ],
    )
"""
)
"""What most pipelines look like: two statements of Airflow's own operator, in one transaction."""


def code(body: str, *, more: str = "") -> str:
    """A Dag of one Python task: it runs ``body``, then publishes the day.

    :param body: statements, indented by eight spaces.
    :param more: arguments of the task.
    """
    return f"""{HEAD}
with dag():

    @task({more})
    def orders(data_interval_start=None, data_interval_end=None, ti=None):
        from airflow.providers.postgres.hooks.postgres import PostgresHook

        hook, between = PostgresHook("<name>_warehouse"), {{"a": data_interval_start, "b": data_interval_end}}
        day = "placed_at >= %(a)s AND placed_at < %(b)s"
{body}
        with hook.get_conn() as connection, connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM <name>.orders WHERE {{day}}", between)
            cursor.execute(f"INSERT INTO <name>.orders SELECT id, placed_at, customer, amount, status FROM <name>.orders_in WHERE {{day}}", between)
            connection.commit()

    orders()
"""


def contract(*, malformed: str = "{policy: reject}", checks: str = "", more: str = "", unique: bool = True) -> str:
    """The contract of ``<name>.orders``: a day a slice.

    :param malformed: ``harness.malformedRows``.
    :param checks: further items of ``quality``.
    :param more: further items of ``customProperties``.
    """
    return f"""apiVersion: v3.1.0
kind: DataContract
id: <name>
name: Orders of <name>
version: 1.0.0
status: active
description:
  purpose: A drill.
team:
  name: data-team
customProperties:
  - property: harness.load
    value: {{mode: incremental, sliceColumn: placed_at, timeZone: UTC, grain: day}}
  - property: harness.malformedRows
    value: {malformed}
{more}
schema:
  - name: orders
    physicalName: <name>.orders
    physicalType: table
    quality:
      - metric: rowCount
        mustBeGreaterThan: 0
{checks}
    properties:
      - {{name: id, logicalType: integer, physicalType: bigint, required: true, primaryKey: {str(unique).lower()}}}
      - {{name: placed_at, logicalType: timestamp, physicalType: timestamptz, required: true}}
      - {{name: customer, logicalType: string, physicalType: text}}
      - {{name: amount, logicalType: number, physicalType: "numeric(10,2)", required: true, logicalTypeOptions: {{minimum: 0}}}}
      - {{name: status, logicalType: string, physicalType: text}}
"""


SLOW_VIEW = """
CREATE TABLE <name>.speed AS SELECT 0.0::float AS seconds;
ALTER TABLE <name>.orders_in RENAME TO orders_kept;
CREATE VIEW <name>.orders_in AS SELECT o.* FROM <name>.orders_kept o, LATERAL (SELECT pg_sleep(s.seconds + 0 * o.id) FROM <name>.speed s) AS z;
GRANT SELECT ON <name>.orders_in TO drill_<name>;
"""
"""A source that takes its time for every row, if ``speed`` says so."""
