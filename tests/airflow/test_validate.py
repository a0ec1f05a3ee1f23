"""``ValidateOperator`` in a TaskFlow Dag of a real Airflow: mapped, on files, on an asset, and its XCom."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.demo.breaks import Run, trigger
from tests.demo.world import World

DAG = """
import pendulum
from airflow.sdk import DAG, Asset, CronDataIntervalTimetable, task

from airflow_provider_harness.operators import PostgresExtractOperator, ValidateOperator

FLIGHTS = {{"contract": "contracts/flights.odcs.yaml", "conn_id": "warehouse"}}

with DAG(
    "validated",
    schedule=CronDataIntervalTimetable("0 0 * * *", timezone="America/New_York"),
    start_date=pendulum.datetime(2013, 1, 1, tz="America/New_York"),
    catchup=False,
):

    @task
    def subjects():
        return [{{"table": "public.flights"}}, {{"sql": "SELECT * FROM public.flights WHERE origin = 'JFK'"}}]

    @task
    def told(found):
        return [[one["where"], one["rows"], one["slice"]] for one in found]

    @task
    def folder(path):
        return path

    mapped = ValidateOperator.partial(task_id="mapped", **FLIGHTS).expand_kwargs(subjects())
    told(mapped.output)
    extract = PostgresExtractOperator(
        task_id="extract", conn_id="flights_source", table="public.flights", contract=FLIGHTS["contract"]
    )
    ValidateOperator(task_id="files", path=folder(extract.output), **FLIGHTS)
    ValidateOperator(task_id="asset", asset=Asset("postgres://{host}/db/public/flights"), **FLIGHTS)
"""


def xcom(place: World, run: Run, task_id: str) -> Any:
    path = f"/dags/{run.dag_id}/dagRuns/{quote(run.run_id, safe='')}/taskInstances/{task_id}/xcomEntries/return_value"
    value = place.stack.api("GET", path)["value"]
    return json.loads(value) if isinstance(value, str) else value


def test_in_a_taskflow_dag(place: World, first_day: Run, dags_folder: Path) -> None:
    (dags_folder / "validated.py").write_text(DAG.format(host="warehouse"))
    place.stack.wait_dag("validated")
    run = trigger(place, "validated", date(2013, 1, 1), "validated")
    place.stack.wait_run(run.dag_id, run.run_id, timeout=120)
    state = place.stack.api("GET", f"/dags/validated/dagRuns/{quote(run.run_id, safe='')}")["state"]
    assert state == "success"
    day = "20130101T050000Z"
    assert xcom(place, run, "told") == [["published table", 842, day], ["query", 297, day]]
    files, asset = xcom(place, run, "files"), xcom(place, run, "asset")
    assert (files["where"], files["rows"], files["not_passed"]) == ("files", 842, ["referential:dest"])
    assert (asset["where"], asset["rows"], asset["decision"]) == ("published table", 842, "publish")
