"""What an author of a Dag, or any task, can write, in a real Airflow: it gets no rights, acts on nothing and silences nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from airflow_provider_harness.core.diagnosis.failure import ErrorLink, Failure, FailureKind, Origin, TryKey
from airflow_provider_harness.core.diagnosis.reported import body_of
from tests.airflow.test_spine import event
from tests.demo.breaks import Run, incidents, wait_closed, wait_for
from tests.demo.world import CAPTURE_ROLE, HARNESS, World

DAY = date(2013, 1, 1)
CONTRACT = """
apiVersion: v3.1.0
kind: DataContract
id: attacking
version: 1.0.0
status: active
customProperties:
  - {property: harness.load, value: {mode: full}}
schema:
  - name: harness_marks
    physicalName: public.harness_marks
    quality: [{type: sql, name: own, mustBe: 0, query: "SELECT 0"}]
    properties: [{name: name, logicalType: string, physicalType: text}]
"""
DAGS = """
import pathlib

from airflow.sdk import DAG, BaseOperator, BaseSensorOperator, task
from airflow_provider_harness.operators import ValidateOperator as Real


class ValidateOperator(BaseOperator):
    '''Of the name of an operator of the harness, and nothing else.'''

    template_fields = ("contract", "conn_id", "table", "slice_key")

    def __init__(self, *, contract, conn_id, table, slice_key, **kwargs):
        super().__init__(**kwargs)
        self.contract, self.conn_id, self.table, self.slice_key = contract, conn_id, table, slice_key

    def execute(self, context):
        return None


class FetchSensor(BaseSensorOperator):
    '''May run again, by its kind.'''

    def poke(self, context):
        marker = pathlib.Path(__file__).with_name("attacking.marker")
        if not marker.exists():
            marker.touch()
            raise ConnectionRefusedError(111, "GET http://127.0.0.1:9/attacked: Connection refused")
        return True


GIVEN = {"contract": str(pathlib.Path(__file__).with_name("attacking.odcs.yaml")), "conn_id": "harness_store"}
GIVEN |= {"table": "public.harness_marks", "slice_key": "20130101T000000Z"}

with DAG("attacking", schedule=None, tags=["flights"], default_args={"owner": "data-team"}):
    ValidateOperator(task_id="named", **GIVEN) >> FetchSensor(task_id="fetch")
    Real(task_id="real", trigger_rule="all_done", **GIVEN)

with DAG("attacked", schedule=None, tags=["flights"], default_args={"owner": "data-team"}):

    @task
    def well():
        pass

    @task
    def killed():
        import os, signal
        os.kill(os.getpid(), signal.SIGKILL)

    @task
    def marked():
        import time
        time.sleep(300)

    well(), killed(), marked()

with DAG("never_enrolled", schedule=None):

    @task
    def fails():
        raise ValueError("of its own")

    fails()
"""


@pytest.fixture(scope="module")
def dags(place: World, dags_folder: Path) -> None:
    (dags_folder / "attacking.odcs.yaml").write_text(CONTRACT)
    (dags_folder / "attacking.py").write_text(DAGS)
    for name in ("attacking", "attacked", "never_enrolled"):
        place.stack.wait_dag(name)


def started(place: World, name: str) -> Run:
    place.stack.api("POST", f"/dags/{name}/dagRuns", {"logical_date": None, "dag_run_id": f"{name}__1"})
    return Run(dag_id=name, run_id=f"{name}__1", day=DAY)


def state(place: World, run: Run, task: str) -> tuple[str, int]:
    found = place.stack.api("GET", f"/dags/{run.dag_id}/dagRuns/{run.run_id}/taskInstances/{task}")
    return str(found["state"]), int(found["try_number"])


def forged(place: World, *failures: Failure) -> None:
    """Rows as any task can write them: by the role of tasks."""
    capture = json.loads(place.stack.env["AIRFLOW_CONN_HARNESS_CAPTURE"])
    given = {
        "host": capture["host"],
        "port": capture["port"],
        "user": capture["login"],
        "password": capture["password"],
    }
    with psycopg.connect(dbname=HARNESS, **given) as connection:
        assert connection.execute("SELECT current_user").fetchone() == (CAPTURE_ROLE,)
        for number, item in enumerate(failures):
            row = (
                item.identity,
                "e" * 16,
                f"{number:026d}",
                item.kind.value,
                datetime.now(UTC).isoformat(),
                body_of(item),
            )
            connection.execute("INSERT INTO harness_failures VALUES (%s, %s, %s, %s, %s, %s)", row[:6])


def failure(run: Run, task: str, number: int = 1, **more: Any) -> Failure:
    given = {
        "key": TryKey(dag_id=run.dag_id, run_id=run.run_id, task_id=task, try_number=number),
        "kind": FailureKind.TASK_FAILED,
        "origin": Origin.CALLBACK,
        "occurred_at": datetime.now(UTC),
        "chain": (ErrorLink(type="psycopg.errors.LockNotAvailable", sqlstate="55P03", message="canceling statement"),),
    }
    return Failure(**given | more)


@pytest.mark.attack
def test_a_contracts_sql_gets_no_rights_on_the_store(place: World, dags: None) -> None:
    run = started(place, "attacking")
    wait_for("fetch to be healed", lambda: state(place, run, "fetch") == ("success", 2), 240)
    wait_closed(place, run)
    before = event(place, run, "act_started")
    assert before is not None
    gates = before["before"]
    assert gates["gates"] == []
    assert "harness's own" in " ".join(gates["unread"]), "the real operator is looked at, and its connection refused"
    assert "named" not in " ".join(gates["unread"]), "a class of that name is not an operator of the harness"
    with place.postgres.connect(HARNESS) as connection:
        granted = connection.execute(
            "SELECT count(*) FROM information_schema.role_table_grants WHERE grantee = 'PUBLIC' AND table_name LIKE 'harness%'"
        ).fetchone()
    assert granted == (0,)


@pytest.mark.attack
def test_forged_rows_act_on_nothing_and_silence_nothing(place: World, dags: None) -> None:
    other = started(place, "never_enrolled")
    run = Run(dag_id="attacked", run_id="attacked__1", day=DAY)
    lost = failure(run, "killed", kind=FailureKind.CANCELLED, origin=Origin.RECONCILER)
    forged(place, lost)
    started(place, "attacked")
    wait_for("marked to run", lambda: state(place, run, "marked")[0] == "running", 120)
    path = f"/dags/attacked/dagRuns/{run.run_id}/taskInstances/marked"
    place.stack.api("PATCH", path, {"new_state": "failed"}, user="oncall")
    place.stack.wait_run(other.dag_id, other.run_id, timeout=90)
    forged(place, failure(run, "well"), failure(other, "fails"))
    found = wait_for("the killed task's incident", lambda: _of_task(place, run, "killed"), 180)
    assert len(found) == 1, "it was silenced beforehand, and is found"
    diagnosed = wait_for("its diagnosis", lambda: event(place, replace(run), "diagnosed"), 120)
    assert (diagnosed["category"], diagnosed["basis"]) == ("worker_lost", "fact")
    wait_for("the forged rows to be set aside", lambda: _set_aside(place) >= {"well#1", "fails#1"}, 60)
    assert _of_task(place, run, "well") == []
    assert incidents(place, other) == []
    assert state(place, other, "fails") == ("failed", 1)
    assert state(place, run, "well") == ("success", 1)
    assert state(place, run, "marked") == ("failed", 1)


def _of_task(place: World, run: Run, task: str) -> list[Any]:
    with place.postgres.connect(HARNESS) as connection:
        return connection.execute(
            "SELECT incident_id FROM harness_memberships WHERE failure_key = %s",
            [f"{run.dag_id}/{run.run_id}/{task}#1"],
        ).fetchall()


def _set_aside(place: World) -> set[str]:
    with place.postgres.connect(HARNESS) as connection:
        rows = connection.execute("SELECT key FROM harness_set_aside").fetchall()
    return {str(key).rpartition("/")[2] for (key,) in rows}
