"""From flights to a model: features as they were known, a training set without leakage, a model under terms, documents, a promotion.

Four Dags of the demo (``make demo PART=ai``). They are read by Airflow; what they import at their head is light.
"""

from __future__ import annotations

from pathlib import Path

import pendulum
from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import DAG, CronDataIntervalTimetable, task

from airflow_provider_harness.operators import (
    FeatureTableOperator,
    IndexDocumentsOperator,
    PostgresTransferOperator,
    PromoteModelOperator,
    PromoteTableOperator,
    TrainingSetOperator,
    ValidateOperator,
)
from airflow_provider_harness.sensors import DriftSensor

NEW_YORK = "America/New_York"
HANDBOOK = Path(__file__).resolve().parents[4] / "docs"
DEPARTURES = {"contract": "learning/departures.odcs.yaml", "table": "public.departures"}
DELAYS = {"contract": "learning/carrier_delay.odcs.yaml", "table": "public.carrier_delay"}
LEARNED = {"contract": "learning/late_departures.odcs.yaml", "table": "public.late_departures"}
USUAL = {"owner": "data-team", "retries": 0}

# What left, with the moment at which it left: only then its delay is known.
DEPARTED = """
SELECT f.carrier || ' ' || f.flight || ' ' || f.origin || ' ' || to_char(f.time_hour AT TIME ZONE 'UTC', 'YYYYMMDDHH24MI') || ' '
           || f.sched_dep_time AS id,
       f.carrier,
       f.origin,
       f.time_hour + make_interval(mins => f.minute) AS scheduled_at,
       f.time_hour + make_interval(mins => f.minute + f.dep_delay::integer) AS left_at,
       f.dep_delay::integer AS delay
FROM public.flights AS f
WHERE f.dep_delay IS NOT NULL
"""
# At each full hour: how late a carrier's flights left in the 24 hours before it.
HOURLY = """
WITH hours AS (
    SELECT carrier, date_trunc('hour', left_at) + interval '1 hour' AS hour, sum(delay) AS late, count(*) AS departed
    FROM public.departures
    WHERE left_at >= %(slice_start)s - interval '25 hours' AND left_at < %(slice_end)s
    GROUP BY 1, 2
), day AS (
    SELECT carrier, hour, sum(late) OVER before AS late, sum(departed) OVER before AS departed
    FROM hours
    WINDOW before AS (PARTITION BY carrier ORDER BY hour RANGE BETWEEN interval '23 hours' PRECEDING AND CURRENT ROW)
)
SELECT carrier, hour, hour AS known_at, CAST(late AS double precision) / CAST(departed AS double precision) AS mean_delay,
       CAST(departed AS bigint) AS departed
FROM day
WHERE hour >= %(slice_start)s AND hour < %(slice_end)s
"""

with DAG(
    dag_id="flights_learning",
    schedule=CronDataIntervalTimetable("0 0 1 * *", timezone=NEW_YORK),
    start_date=pendulum.datetime(2013, 1, 1, tz=NEW_YORK),
    catchup=False,
    max_active_runs=1,
    default_args=USUAL,
    tags=["learning"],
    description="How late each carrier was, and whether that drifted",
):
    departures = PostgresTransferOperator(
        task_id="departures", conn_id="warehouse", source_conn_id="flights_source", sql=DEPARTED, **DEPARTURES
    )
    delays = FeatureTableOperator(task_id="carrier_delay", conn_id="warehouse", sql=HOURLY, **DELAYS)
    drifted = DriftSensor(task_id="delays_drifted", conn_id="warehouse", poke_interval=10, timeout=300, **DELAYS)
    again = TriggerDagRunOperator(
        task_id="train_again", trigger_dag_id="late_departures", trigger_run_id="drift__{{ run_id }}"
    )
    departures >> delays >> drifted >> again

with DAG(
    dag_id="late_departures",
    schedule=None,
    max_active_runs=1,
    default_args=USUAL,
    tags=["learning"],
    description="A training set, a model, and whether it comes into use",
):
    learned = TrainingSetOperator(task_id="training_set", conn_id="warehouse", **LEARNED)
    judged = ValidateOperator(task_id="validate", conn_id="warehouse", **LEARNED)

    @task
    def train() -> dict[str, object]:
        """A logistic regression; what it is measured on is the last week of January, whatever else it learns from."""
        from learning.model import trained

        return trained("warehouse")

    measured = train()
    promote = PromoteModelOperator(
        task_id="promote",
        contract=LEARNED["contract"],
        version="{{ run_id }}",
        metrics="{{ ti.xcom_pull('train')['metrics'] }}",
        holdout_hash="{{ ti.xcom_pull('train')['holdout_hash'] }}",
        uri="{{ ti.xcom_pull('train')['uri'] }}",
    )
    learned >> judged >> measured >> promote

with DAG(
    dag_id="handbook",
    schedule=None,
    default_args=USUAL,
    tags=["learning"],
    description="Pages of this project, to be searched",
):
    IndexDocumentsOperator(
        task_id="index",
        conn_id="warehouse",
        contract="learning/handbook.odcs.yaml",
        table="public.handbook",
        documents=f"file://{HANDBOOK}/how-to",
        pattern="*.md",
        model="wordllama",
        golden="learning/questions.yaml",
        least_recall=0.8,
    )

with DAG(
    dag_id="planes_promotion",
    schedule=None,
    default_args=USUAL,
    tags=["learning"],
    description="Planes as they are delivered, proposed as a table of level silver",
):
    PromoteTableOperator(
        task_id="promote",
        conn_id="promotion_sandbox",
        contract="learning/planes_delivered.odcs.yaml",
        table="bronze.planes",
        target="silver.planes",
        level="silver",
        folder="{{ var.value.promotions }}",
    )
