"""Sound Dags in which faults are planted: one under a contract, one of plain SQL, one of functions."""

from __future__ import annotations

GATED = '''\
"""Orders of a day, and the revenue of each shop."""

import pendulum
from airflow.sdk import DAG, CronDataIntervalTimetable

from airflow_provider_harness.callbacks import DiagnoseAndHeal
from airflow_provider_harness.operators import PostgresTransferOperator, SQLTransformOperator
from airflow_provider_harness.sensors import FreshnessSensor

ORDERS = {"contract": "contracts/orders.odcs.yaml", "table": "shop.orders"}
REVENUE = {"contract": "contracts/revenue.odcs.yaml", "table": "shop.revenue"}
REVENUE_SQL = """
SELECT CAST(o.ordered_at AT TIME ZONE 'UTC' AS date) AS day,
       o.shop_id,
       count(*) AS orders,
       coalesce(sum(o.amount), 0) AS revenue
FROM shop.orders AS o
WHERE o.ordered_at >= %(slice_start)s AND o.ordered_at < %(slice_end)s
GROUP BY 1, 2
"""

with DAG(
    dag_id="orders_daily",
    schedule=CronDataIntervalTimetable("0 0 * * *", timezone="UTC"),
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    default_args={"owner": "shop-team", "retries": 1, "on_failure_callback": DiagnoseAndHeal()},
    doc_md=__doc__,
):
    fresh = FreshnessSensor(task_id="fresh", conn_id="source", timeout=6 * 60 * 60, **ORDERS)
    transfer = PostgresTransferOperator(task_id="transfer", conn_id="warehouse", source_conn_id="source", **ORDERS)
    revenue = SQLTransformOperator(task_id="revenue", conn_id="warehouse", sql=REVENUE_SQL, max_cost=1e6, **REVENUE)
    fresh >> transfer >> revenue
'''

PLAIN = '''\
"""Visits of a day, counted by page, checked before they are published."""

from datetime import timedelta

import pendulum
from airflow.providers.common.sql.operators.sql import SQLColumnCheckOperator, SQLExecuteQueryOperator
from airflow.providers.common.sql.sensors.sql import SqlSensor
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.providers.standard.operators.python import BranchPythonOperator
from airflow.sdk import DAG, CronDataIntervalTimetable

from include.alerts import tell_team

DAY = "visited_at >= '{{ data_interval_start }}' AND visited_at < '{{ data_interval_end }}'"

with DAG(
    dag_id="visits_daily",
    schedule=CronDataIntervalTimetable("0 5 * * *", timezone="UTC"),
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args={"owner": "web-team", "retries": 2, "retry_delay": timedelta(minutes=5), "on_failure_callback": tell_team},
    doc_md=__doc__,
) as dag:
    wait = SqlSensor(
        task_id="wait",
        conn_id="web_postgres",
        sql="SELECT count(*) FROM visits WHERE visited_at >= '{{ data_interval_end }}'",
        mode="reschedule",
        timeout=3600,
    )
    count = SQLExecuteQueryOperator(
        task_id="count",
        conn_id="web_postgres",
        autocommit=False,
        sql=[
            f"DELETE FROM page_counts_staging WHERE {DAY}",
            f"INSERT INTO page_counts_staging (page, visited_at, visits) SELECT page, visited_at, count(*) FROM visits WHERE {DAY} GROUP BY page, visited_at",
        ],
    )
    check = SQLColumnCheckOperator(
        task_id="check",
        conn_id="web_postgres",
        table="page_counts_staging",
        column_mapping={"page": {"null_check": {"equal_to": 0}}},
    )
    publish = SQLExecuteQueryOperator(
        task_id="publish",
        conn_id="web_postgres",
        autocommit=False,
        sql=[
            f"DELETE FROM page_counts WHERE {DAY}",
            f"INSERT INTO page_counts (page, visited_at, visits) SELECT page, visited_at, visits FROM page_counts_staging WHERE {DAY}",
        ],
    )
    choose = BranchPythonOperator(task_id="choose", python_callable=lambda: "small")
    small = EmptyOperator(task_id="small")
    large = EmptyOperator(task_id="large")
    join = EmptyOperator(task_id="join", trigger_rule="none_failed_min_one_success")
    wait >> count >> check >> publish >> choose >> [small, large] >> join
'''

FUNCTIONS = '''\
"""Rates of a day, from a service into a table."""

from datetime import timedelta

import pendulum
import requests
from airflow.providers.postgres.hooks.postgres import PostgresHook
from airflow.sdk import Asset, CronDataIntervalTimetable, dag, task

from include.alerts import tell_team


@dag(
    schedule=CronDataIntervalTimetable("0 6 * * *", timezone="UTC"),
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args={"owner": "finance-team", "on_failure_callback": tell_team},
    doc_md=__doc__,
)
def rates_daily():
    @task(retries=2, retry_delay=timedelta(minutes=1))
    def fetch(data_interval_start=None) -> str:
        day = data_interval_start.strftime("%Y-%m-%d")
        answer = requests.get(f"https://rates.example/{day}", timeout=30)
        answer.raise_for_status()
        path = f"s3://rates/{day}.json"
        store(path, answer.content)
        return path

    @task
    def check_rates(path: str) -> str:
        if not load(path):
            raise ValueError("no rates")
        return path

    @task(outlets=[Asset("rates")])
    def write(path: str, data_interval_start=None) -> None:
        hook = PostgresHook(postgres_conn_id="finance_postgres")
        with hook.get_conn() as connection, connection.cursor() as cursor:
            cursor.execute("DELETE FROM rates WHERE day = %(day)s", {"day": data_interval_start})
            cursor.execute("INSERT INTO rates (day, currency, rate) SELECT day, currency, rate FROM rates_raw WHERE day = %(day)s", {"day": data_interval_start})

    write(check_rates(fetch()))


rates_daily()
'''

ORDERS_CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: orders
name: Orders
version: 1.0.0
status: active
team: {name: shop-team}
slaProperties:
  - {property: latency, value: 6, unit: h}
customProperties:
  - property: harness.load
    value: {mode: incremental, sliceColumn: ordered_at, timeZone: UTC, grain: day}
  - property: harness.malformedRows
    value: {policy: reject}
  - property: harness.late
    value: {action: page, waitMinutes: 60}
  - property: harness.backfill
    value: {aloneSlices: 3}
  - property: harness.page
    value: {to: [shop-team]}
schema:
  - name: orders
    physicalName: shop.orders
    physicalType: table
    properties:
      - {name: id, logicalType: integer, physicalType: bigint, primaryKey: true, primaryKeyPosition: 1, required: true}
      - {name: ordered_at, logicalType: timestamp, physicalType: timestamptz, required: true}
      - {name: shop_id, logicalType: integer, physicalType: bigint, required: true}
      - {name: amount, logicalType: number, physicalType: "numeric(12,2)"}
"""

REVENUE_CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: revenue
name: Revenue
version: 1.0.0
status: active
team: {name: shop-team}
slaProperties:
  - {property: latency, value: 8, unit: h}
customProperties:
  - property: harness.load
    value: {mode: incremental, sliceColumn: day, timeZone: UTC, grain: day}
  - property: harness.malformedRows
    value: {policy: reject}
  - property: harness.late
    value: {action: page, waitMinutes: 60}
  - property: harness.backfill
    value: {aloneSlices: 3}
  - property: harness.page
    value: {to: [shop-team]}
schema:
  - name: revenue
    physicalName: shop.revenue
    physicalType: table
    properties:
      - {name: day, logicalType: date, physicalType: date, primaryKey: true, primaryKeyPosition: 1, required: true}
      - {name: shop_id, logicalType: integer, physicalType: bigint, primaryKey: true, primaryKeyPosition: 2, required: true}
      - {name: orders, logicalType: integer, physicalType: bigint, required: true}
      - {name: revenue, logicalType: number, physicalType: "numeric(14,2)", required: true}
"""

FILES = {
    "gated.py": GATED,
    "plain.py": PLAIN,
    "functions.py": FUNCTIONS,
    "contracts/orders.odcs.yaml": ORDERS_CONTRACT,
    "contracts/revenue.odcs.yaml": REVENUE_CONTRACT,
}
"""Path -> text of a folder of Dags in which nothing is wrong."""
