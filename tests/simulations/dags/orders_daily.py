"""Orders of one day, from the shop's database to the warehouse, under their contract."""

from datetime import timedelta

import pendulum
from airflow.sdk import DAG, CronDataIntervalTimetable

from airflow_provider_harness.callbacks import DiagnoseAndHeal
from airflow_provider_harness.operators import PostgresExtractOperator, PostgresLoadOperator, ValidateOperator
from airflow_provider_harness.sensors import FreshnessSensor

ORDERS = {"contract": "contracts/orders.odcs.yaml", "table": "public.orders"}

with DAG(
    dag_id="orders_daily",
    schedule=CronDataIntervalTimetable("0 0 * * *", timezone="UTC"),
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    default_args={"owner": "shop-team", "on_failure_callback": DiagnoseAndHeal()},
):
    arrived = FreshnessSensor(task_id="arrived", conn_id="shop", poke_interval=900, timeout=6 * 3600, **ORDERS)
    extract = PostgresExtractOperator(
        task_id="extract", conn_id="shop", retries=1, retry_delay=timedelta(minutes=5), **ORDERS
    )
    load = PostgresLoadOperator(task_id="load", conn_id="warehouse", staged=extract.output, **ORDERS)
    validate = ValidateOperator(task_id="validate", conn_id="warehouse", **ORDERS)

    arrived >> extract >> load >> validate
