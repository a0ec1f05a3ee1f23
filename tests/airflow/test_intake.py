"""Every way in which Airflow lets a run go wrong, done for real, becomes exactly one failure of the right kind."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

from airflow_provider_harness.testing.stack import AirflowStack
from tests.demo.breaks import wait_for
from tests.demo.world import HARNESS, World

DAG = """
from datetime import datetime, timedelta
import os, signal, time

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG, BaseSensorOperator, task
from airflow.sdk.exceptions import AirflowFailException


class Never(BaseSensorOperator):
    def poke(self, context):
        return False


with DAG("intake", schedule=None, tags=["flights"], default_args={"owner": "data-team", "retry_delay": timedelta(seconds=1)}):

    @task
    def raises():
        raise ValueError("raised")

    @task
    def memory():
        raise MemoryError

    @task
    def exits():
        raise SystemExit(3)

    @task
    def fails_for_good():
        raise AirflowFailException("no retry")

    @task(execution_timeout=timedelta(seconds=1))
    def times_out():
        time.sleep(60)

    @task
    def killed():
        os.kill(os.getpid(), signal.SIGKILL)

    @task(retries=1)
    def killed_twice():
        os.kill(os.getpid(), signal.SIGKILL)

    @task
    def host_lost():
        os.kill(os.getppid(), signal.SIGKILL)
        os.kill(os.getpid(), signal.SIGKILL)

    @task
    def marked():
        time.sleep(120)

    @task
    def below():
        pass

    raises() >> below()
    memory(), exits(), fails_for_good(), times_out(), killed(), killed_twice(), host_lost(), marked()
    BashOperator(task_id="template", bash_command="echo {{ no.such.thing }}")
    Never(task_id="senses", mode="reschedule", poke_interval=1, timeout=2)

with DAG("intake_slow", schedule=None, tags=["flights"], dagrun_timeout=timedelta(seconds=3)):

    @task
    def slow():
        time.sleep(120)

    slow()

with DAG(
    "intake_many", schedule="@daily", start_date=datetime(2026, 1, 1), catchup=False, max_active_runs=1, tags=["flights"]
):

    @task
    def waits():
        time.sleep(20)

    waits()
"""

LOST = "whichever report came first"
"""Of a lost host, Airflow's Dag processor tells late, from a queue of its own: on a busy machine after the reconciler's grace. Both
reports are one failure, of the kind of the first."""

TASKS = {
    "raises#1": "task_failed",
    "memory#1": "task_failed",
    "exits#1": "task_failed",
    "fails_for_good#1": "task_failed",
    "times_out#1": "task_failed",
    "template#1": "task_failed",
    "senses#1": "task_failed",
    "killed#1": "unreported",
    "killed_twice#2": "unreported",
    "host_lost#1": LOST,
    "marked#1": "marked_failed",
}
"""What becomes of each task of the Dag ``intake``; ``below`` could not start, which is no failure of its own."""
REPORTED = 60 + 30
"""Seconds within which each is known: a minute beyond the reconciler's period."""


def failures(place: World, like: str) -> dict[str, dict[str, Any]]:
    """Rows of the harness store by key, by the test's own connection."""
    with place.postgres.connect(HARNESS) as connection:
        rows = connection.execute("SELECT key, body::json FROM harness_failures WHERE key LIKE %s", [like]).fetchall()
    return {key: dict(body) for key, body in rows}


def task_state(stack: AirflowStack, dag_id: str, run_id: str, task_id: str) -> str:
    return str(stack.api("GET", f"/dags/{dag_id}/dagRuns/{quote(run_id, safe='')}/taskInstances/{task_id}")["state"])


def start(stack: AirflowStack, dag_id: str) -> str:
    run_id = f"{dag_id}__1"
    stack.api("POST", f"/dags/{dag_id}/dagRuns", {"logical_date": None, "dag_run_id": run_id})
    return run_id


def test_each_kind_of_failure_is_recorded_once(place: World, dags_folder: Path, stack: AirflowStack) -> None:
    broken = dags_folder / "broken.py"
    broken.write_text("from airflow.sdk import DAG\nimport no_such_package\n")
    (dags_folder / "intake.py").write_text(DAG)
    for dag_id in ("intake", "intake_slow", "intake_many"):
        stack.wait_dag(dag_id)
    run_id = start(stack, "intake")
    wait_for("marked to run", lambda: task_state(stack, "intake", run_id, "marked") == "running", 120)
    stack.api("PATCH", f"/dags/intake/dagRuns/{run_id}/taskInstances/marked", {"new_state": "failed"}, user="oncall")
    slow = start(stack, "intake_slow")
    cancelled = cancel_a_backfill(stack)
    stack.wait_run("intake", run_id, timeout=180)
    stack.wait_run("intake_slow", slow, timeout=60)
    ended = time.monotonic()
    wait_for("all failures", lambda: len(failures(place, "intake/%")) >= len(TASKS), REPORTED)
    wait_for("the slow run", lambda: failures(place, "intake_slow/%"), REPORTED)
    wait_for("the cancelled runs", lambda: len(failures(place, "intake_many/%")) >= len(cancelled), REPORTED)
    assert time.monotonic() - ended < REPORTED
    time.sleep(12)  # two more passes of the reconciler add nothing
    found = {key.rpartition("/")[2]: body["kind"] for key, body in failures(place, "intake/%").items()}
    assert found["host_lost#1"] in ("task_failed", "unreported")
    assert {**found, "host_lost#1": LOST} == TASKS
    (run,) = failures(place, "intake_slow/%").values()
    assert run["kind"] == "run_failed"
    assert "dagrun_timeout is 3 s" in run["detail"]["timed_out"]
    assert {body["key"]["run_id"]: body["kind"] for body in failures(place, "intake_many/%").values()} == dict.fromkeys(
        cancelled, "cancelled"
    )
    assert failures(place, "broken%") == {}, "nothing says that this file holds a Dag that is enrolled"
    broken.unlink()
    breaks_an_enrolled_file(place, dags_folder, stack)


def cancel_a_backfill(stack: AirflowStack) -> list[str]:
    """Start three runs one after the other, cancel them while the first runs; the runs that never started."""
    body = {"dag_id": "intake_many", "from_date": "2026-01-01", "to_date": "2026-01-03", "max_active_runs": 1}
    stack.api("PATCH", "/dags/intake_many", {"is_paused": False})
    backfill = stack.api("POST", "/backfills", body)["id"]

    def runs(state: str) -> list[str]:
        found = stack.api("GET", "/dags/intake_many/dagRuns", state=state, run_type="backfill")["dag_runs"]
        return sorted(run["dag_run_id"] for run in found)

    wait_for("the first run", lambda: runs("running"), 90)
    waiting = runs("queued")
    stack.api("PUT", f"/backfills/{backfill}/cancel")
    assert len(waiting) == 2
    return waiting


def breaks_an_enrolled_file(place: World, dags_folder: Path, stack: AirflowStack) -> None:
    """A file of an enrolled Dag that cannot be imported any more is one failure, which names what Airflow says."""
    (dags_folder / "intake.py").write_text(DAG + "\nraise RuntimeError('broken on purpose')\n")
    wait_for("the import error", lambda: failures(place, "intake/import_error__%"), 120)
    (found,) = failures(place, "intake/import_error__%").values()
    assert (found["kind"], found["chain"][0]["type"]) == ("import_error", "RuntimeError")
    assert "broken on purpose" in found["detail"]["stack_trace"]
    (dags_folder / "intake.py").unlink()
