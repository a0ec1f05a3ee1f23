"""Flights of one New York day: extract, load, validate, and the on-time table by carrier and origin, all gated."""

from __future__ import annotations

import os
from datetime import timedelta

import pendulum
from airflow.sdk import DAG, Asset, CronDataIntervalTimetable

from airflow_provider_harness.operators import (
    BigQueryLoadOperator,
    PostgresExtractOperator,
    PostgresLoadOperator,
    SQLTransformOperator,
    ValidateOperator,
)
from airflow_provider_harness.sensors import ContractSensor

# What differs between the two warehouses: the loader, and how SQL says in which day of New York a moment lies.
LoadOperator, NEW_YORK_DAY = {
    "postgresql": (PostgresLoadOperator, "CAST(f.time_hour AT TIME ZONE 'America/New_York' AS date)"),
    "bigquery": (BigQueryLoadOperator, "DATE(f.time_hour, 'America/New_York')"),
}[os.environ.get("HARNESS_DEMO_WAREHOUSE", "postgresql")]
NEW_YORK = "America/New_York"
FLIGHTS = {"contract": "contracts/flights.odcs.yaml", "table": "public.flights"}
AIRLINES = {"contract": "contracts/airlines.odcs.yaml", "table": "public.airlines"}
AIRPORTS = {"contract": "contracts/airports.odcs.yaml", "table": "public.airports"}
ON_TIME = {"contract": "contracts/on_time.odcs.yaml", "table": "public.daily_on_time"}

ON_TIME_SQL = f"""
SELECT {NEW_YORK_DAY} AS flight_date,
       f.origin,
       f.carrier,
       count(*) AS flights,
       count(f.dep_time) AS departed,
       count(CASE WHEN f.dep_delay < 15 THEN 1 END) AS on_time,
       count(CASE WHEN f.dep_time IS NULL THEN 1 END) AS cancelled,
       round(CAST(100 AS numeric) * count(CASE WHEN f.dep_delay < 15 THEN 1 END) / nullif(count(f.dep_time), 0), 2)
           AS on_time_percent
FROM public.flights AS f
WHERE f.time_hour >= %(slice_start)s AND f.time_hour < %(slice_end)s
GROUP BY 1, 2, 3
"""

with DAG(
    dag_id="flights_daily",
    schedule=CronDataIntervalTimetable("0 0 * * *", timezone=NEW_YORK),
    start_date=pendulum.datetime(2013, 1, 1, tz=NEW_YORK),
    end_date=pendulum.datetime(2013, 12, 31, tz=NEW_YORK),
    catchup=False,
    max_active_runs=4,
    default_args={"owner": "data-team", "retries": 0},
    tags=["flights"],
    doc_md=__doc__,
):
    # The only task that retries by itself: it meets the source first, and reading twice harms nobody.
    extract = PostgresExtractOperator(
        task_id="extract", conn_id="flights_source", retries=1, retry_delay=timedelta(seconds=5), **FLIGHTS
    )
    extract_airlines = PostgresExtractOperator(task_id="extract_airlines", conn_id="flights_source", **AIRLINES)
    load_airlines = LoadOperator(
        task_id="load_airlines", conn_id="warehouse", staged=extract_airlines.output, **AIRLINES
    )
    extract_airports = PostgresExtractOperator(task_id="extract_airports", conn_id="flights_source", **AIRPORTS)
    load_airports = LoadOperator(
        task_id="load_airports", conn_id="warehouse", staged=extract_airports.output, **AIRPORTS
    )
    load = LoadOperator(
        task_id="load", conn_id="warehouse", staged=extract.output, outlets=[Asset("flights")], **FLIGHTS
    )
    validate = ValidateOperator(task_id="validate", conn_id="warehouse", **FLIGHTS)
    on_time = SQLTransformOperator(
        task_id="on_time", conn_id="warehouse", sql=ON_TIME_SQL, outlets=[Asset("daily_on_time")], **ON_TIME
    )
    # Beside the others: days that vanished do not keep the run's own day from being published.
    ContractSensor(task_id="history", conn_id="warehouse", lookback=7, wait=False, **FLIGHTS)

    # The referenced carriers and airports must be there before the gate of flights looks for them.
    extract >> extract_airlines >> load_airlines >> load >> validate >> on_time
    extract >> extract_airports >> load_airports >> load
