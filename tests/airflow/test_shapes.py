"""The operators in every shape that Airflow gives a Dag: TaskFlow, mapped, in a group, between setup and teardown."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.demo import data
from tests.demo.breaks import Run, trigger
from tests.demo.world import WAREHOUSE, World

DAG = """
import pendulum
from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator
from airflow.sdk import DAG, Asset, CronDataIntervalTimetable, task, task_group

from airflow_provider_harness.operators import PostgresExtractOperator, PostgresLoadOperator, PostgresTransferOperator

FLIGHTS = {"contract": "contracts/flights.odcs.yaml"}

with DAG(
    "shapes",
    schedule=CronDataIntervalTimetable("0 0 * * *", timezone="America/New_York"),
    start_date=pendulum.datetime(2013, 1, 1, tz="America/New_York"),
    catchup=False,
    default_args={"retries": 0},
):
    scratch = PostgresTransferOperator(
        task_id="scratch",
        contract="contracts/airlines.odcs.yaml",
        conn_id="warehouse",
        table="public.shapes_airlines",
        source_conn_id="flights_source",
        source_table="public.airlines",
    )
    clean = SQLExecuteQueryOperator(task_id="clean", conn_id="warehouse", sql="DROP TABLE public.shapes_airlines")

    @task
    def days():
        return ["20130120T050000Z", "20130121T050000Z"]

    @task_group
    def moves(keys):
        extract = PostgresExtractOperator.partial(
            task_id="extract", conn_id="flights_source", table="public.flights", **FLIGHTS
        ).expand(slice_key=keys)
        pairs = keys.zip(extract.output).map(lambda pair: {"slice_key": pair[0], "staged": pair[1]})
        return (
            PostgresLoadOperator.partial(
                task_id="load", conn_id="warehouse", table="public.shapes", outlets=[Asset("shapes")], **FLIGHTS
            )
            .expand_kwargs(pairs)
            .output
        )

    @task
    def total(told):
        return sum(one["rows"] for one in told)

    counted = total(moves(days()))
    scratch.as_setup() >> counted >> clean.as_teardown(setups=scratch)
"""


@pytest.mark.slow
def test_every_shape_of_a_dag(place: World, first_day: Run, dags_folder: Path) -> None:
    (dags_folder / "shapes.py").write_text(DAG)
    place.stack.wait_dag("shapes")
    run = trigger(place, "shapes", date(2013, 1, 3), "shapes")
    path = f"/dags/shapes/dagRuns/{run.run_id}/taskInstances"
    assert place.stack.wait_run("shapes", run.run_id, timeout=180)["state"] == "success"
    query = "SELECT count(*) FROM {} WHERE time_hour >= '2013-01-20 00:00-05' AND time_hour < '2013-01-22 00:00-05'"
    with place.postgres.connect(data.DATABASE) as source, place.postgres.connect(WAREHOUSE) as warehouse:
        sent = source.execute(query.format("flights").encode()).fetchone()
        assert warehouse.execute(query.format("shapes").encode()).fetchone() == sent
        assert warehouse.execute("SELECT to_regclass('public.shapes_airlines')").fetchone() == (None,)
    told = place.stack.api("GET", f"{path}/total/xcomEntries/return_value", deserialize=True)["value"]
    assert (told,) == sent
    mapped = [one for one in instances(place, path) if one["task_id"].startswith("moves.")]
    assert sorted((one["task_id"], one["map_index"]) for one in mapped) == [
        (f"moves.{name}", index) for name in ("extract", "load") for index in (0, 1)
    ]
    links = place.stack.api("GET", f"{path}/moves.load/links", map_index=1)["extra_links"]
    assert links == {
        "Published table": f"{place.stack.url}/assets?name_pattern=shapes",
        "Quarantine": None,
        "Incidents": f"{place.stack.url}/plugin/harness/incidents?state=all&dag_id=shapes&task_id=moves.load",
    }


def instances(place: World, path: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = place.stack.api("GET", path)["task_instances"]
    return found
