"""Sensors in a real Airflow: what waits is deferred, a slice that arrives wakes it, a late one ends as the contract says."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from tests.demo.breaks import Run, source, task, trigger, wait_for
from tests.demo.world import HARNESS, World

DAY = date(2013, 1, 1)
CONTRACT = """
apiVersion: v3.1.0
kind: DataContract
id: arrivals
version: 1.0.0
status: active
customProperties:
  - {property: harness.load, value: {mode: incremental, sliceColumn: landed_at, timeZone: America/New_York}}
  - {property: harness.late, value: {action: ACTION, waitMinutes: 30}}
schema:
  - name: arrivals
    physicalName: public.arrivals
    properties:
      - {name: id, logicalType: integer, physicalType: bigint, primaryKey: true}
      - {name: landed_at, logicalType: timestamp, physicalType: timestamptz, required: true}
"""
DAG = """
import pendulum
from airflow.sdk import DAG, CronDataIntervalTimetable

from airflow_provider_harness.sensors import ContractSensor, FreshnessSensor, SchemaDriftSensor

AT = {"conn_id": "flights_source", "table": "public.arrivals", "poke_interval": 2}

with DAG(
    "sensed",
    schedule=CronDataIntervalTimetable("0 0 * * *", timezone="America/New_York"),
    start_date=pendulum.datetime(2013, 1, 1, tz="America/New_York"),
    catchup=False,
):
    SchemaDriftSensor(task_id="columns", contract="sensed/wait.odcs.yaml", **AT)
    FreshnessSensor(task_id="waits", contract="sensed/wait.odcs.yaml", **AT)
    ContractSensor(task_id="holds", contract="sensed/wait.odcs.yaml", **AT)
    FreshnessSensor.partial(task_id="skips", contract="sensed/skip.odcs.yaml", **AT).expand(min_rows=[1, 2])
    FreshnessSensor(task_id="pages", contract="sensed/page.odcs.yaml", **AT)
"""


def states(place: World, run: Run, *tasks: str) -> list[str]:
    return [task(place, run, name)["state"] for name in tasks]


def instances(place: World, run: Run, name: str) -> list[str]:
    """The states of a mapped task's instances."""
    path = f"/dags/{run.dag_id}/dagRuns/{run.run_id}/taskInstances"
    return [ti["state"] for ti in place.stack.api("GET", path)["task_instances"] if ti["task_id"] == name]


def notes(place: World, run: Run) -> int:
    """How many skips the harness has recorded, as notes and not as failures."""
    with place.postgres.connect(HARNESS) as connection:
        query = "SELECT count(*) FROM harness_failures WHERE key LIKE %s AND kind = 'skipped'"
        return int(connection.execute(query, [f"sensed/{run.run_id}/%"]).fetchone()[0])


def test_they_wait_without_a_slot_and_end_as_the_contract_says(place: World, dags_folder: Path) -> None:
    with source(place) as database:
        database.execute("CREATE TABLE public.arrivals (id bigint, landed_at timestamptz NOT NULL)")
    (dags_folder / "sensed").mkdir()
    for action in ("wait", "skip", "page"):
        (dags_folder / "sensed" / f"{action}.odcs.yaml").write_text(CONTRACT.replace("ACTION", action))
    (dags_folder / "sensed.py").write_text(DAG)
    place.stack.wait_dag("sensed")
    run = trigger(place, "sensed", DAY, "sensed")
    wait_for("both to be deferred", lambda: states(place, run, "waits", "holds") == ["deferred"] * 2, 90)
    wait_for("the late ones to end", lambda: states(place, run, "columns", "pages") == ["success", "failed"], 60)
    wait_for("both instances to be skipped", lambda: instances(place, run, "skips") == ["skipped", "skipped"], 60)
    wait_for("both notes", lambda: notes(place, run) == 2, 120)
    with source(place) as database:
        database.execute("INSERT INTO public.arrivals VALUES (1, '2013-01-01 12:00-05')")
    wait_for("both to succeed", lambda: states(place, run, "waits", "holds") == ["success"] * 2, 60)
    assert [task(place, run, name)["try_number"] for name in ("waits", "holds")] == [1, 1]
