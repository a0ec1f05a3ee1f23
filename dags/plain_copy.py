"""One New York day of flights copied by Airflow's own operators, without a contract: what most pipelines look like."""

from __future__ import annotations

from datetime import timedelta

import pendulum
from airflow.providers.common.sql.operators.generic_transfer import GenericTransfer
from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator
from airflow.sdk import DAG, CronDataIntervalTimetable

NEW_YORK = "America/New_York"
COLUMNS = "time_hour, carrier, flight, origin, dest, dep_delay, air_time"
DAY = "time_hour >= '{{ data_interval_start }}' AND time_hour < '{{ data_interval_end }}'"

# harness: ignore[HO152] the demo's administrator enrolls it by its tag ([harness] enroll), so its failures are captured
with DAG(
    dag_id="plain_copy",
    schedule=CronDataIntervalTimetable("0 0 * * *", timezone=NEW_YORK),
    start_date=pendulum.datetime(2013, 1, 1, tz=NEW_YORK),
    end_date=pendulum.datetime(2013, 12, 31, tz=NEW_YORK),
    catchup=False,
    default_args={"owner": "data-team", "retries": 0},
    tags=["flights"],
    doc_md=__doc__,
):
    create = SQLExecuteQueryOperator(
        task_id="create",
        conn_id="warehouse",
        sql=[
            "CREATE TABLE IF NOT EXISTS public.flights_plain (time_hour timestamptz, carrier text, flight integer, "
            "origin text, dest text, dep_delay integer, air_time integer)",
            "CREATE TABLE IF NOT EXISTS public.flights_plain_new (LIKE public.flights_plain)",
        ],
    )
    copy = GenericTransfer(
        task_id="copy",
        source_conn_id="flights_source",
        destination_conn_id="warehouse",
        destination_table="public.flights_plain_new",
        preoperator=f"DELETE FROM public.flights_plain_new WHERE {DAY}",
        sql=f"SELECT {COLUMNS} FROM public.flights WHERE {DAY}",
        retries=1,
        retry_delay=timedelta(seconds=5),
    )
    load = SQLExecuteQueryOperator(
        task_id="load",
        conn_id="warehouse",
        autocommit=False,
        sql=[
            f"DELETE FROM public.flights_plain WHERE {DAY}",
            f"INSERT INTO public.flights_plain ({COLUMNS}) SELECT {COLUMNS} FROM public.flights_plain_new WHERE {DAY}",
            f"DELETE FROM public.flights_plain_new WHERE {DAY}",
        ],
    )
    create >> copy >> load
