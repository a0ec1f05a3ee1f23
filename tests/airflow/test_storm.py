"""Five real Dags that fail for one cause: one incident, one healer run that leads, no page, and all of them well."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tests.demo.breaks import Run, incidents, wait_closed, wait_for
from tests.demo.world import HARNESS, World

MANY = 5
STORM = """
import pathlib

from airflow.sdk import DAG, BaseSensorOperator

MARKER = pathlib.Path(__file__).with_name("storm.well")


class FaresSensor(BaseSensorOperator):
    '''May run again, by its kind.'''

    def poke(self, context):
        if not MARKER.exists():
            raise ConnectionRefusedError(111, "GET http://127.0.0.1:9/fares: Connection refused")
        return True


for number in range(5):
    with DAG(f"storm_{number}", schedule=None, tags=["flights"], default_args={"owner": "data-team"}):
        FaresSensor(task_id="fetch")
"""


@pytest.mark.slow
def test_five_dags_of_one_cause_are_one_incident_and_follow_its_leader(place: World, dags_folder: Path) -> None:
    (dags_folder / "storm.py").write_text(STORM)
    runs = [Run(dag_id=f"storm_{n}", run_id=f"storm__{n}", day=date(2013, 1, 1)) for n in range(MANY)]
    try:
        for run in runs:
            place.stack.wait_dag(run.dag_id)
            place.stack.api("POST", f"/dags/{run.dag_id}/dagRuns", {"logical_date": None, "dag_run_id": run.run_id})
        wait_for("every run to be taken in", lambda: all(incidents(place, run) for run in runs), 240)
        names = {row["id"] for run in runs for row in incidents(place, run)}
        assert len(names) == 1
        (dags_folder / "storm.well").touch()
        wait_closed(place, runs[0], 400)
        states = {place.stack.api("GET", f"/dags/{run.dag_id}/dagRuns/{run.run_id}")["state"] for run in runs}
        assert states == {"success"}
        with place.postgres.connect(HARNESS) as connection:
            rows = connection.execute(
                "SELECT kind, count(*) FROM harness_events WHERE incident_id = %s GROUP BY 1", [names.pop()]
            ).fetchall()
            failures = connection.execute("SELECT key FROM harness_failures WHERE key LIKE 'storm%'").fetchall()
        assert {key for (key,) in failures} == {f"{run.dag_id}/{run.run_id}/fetch#1" for run in runs}
        count = dict(rows)
        assert (count["opened"], count["joined"], count["diagnosed"]) == (1, MANY - 1, 1)
        assert (count["act_started"], count["followed"], count["run_settled"]) == (1, MANY - 1, MANY)
        assert "paged" not in count
    finally:
        (dags_folder / "storm.py").unlink()
