"""The stack is a real Airflow: it runs tasks, keeps roles apart, and is a whole of four processes."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from airflow_provider_harness.testing.stack import COMMANDS, ROLES, AirflowStack, ApiRefused, RunNotReached

DAG = """
from airflow.sdk import DAG, task

with DAG("stack_probe", schedule=None):

    @task
    def work():
        import os

        assert os.environ["AIRFLOW_CONN_WAREHOUSE"]

    work()
"""


@pytest.fixture(scope="module")
def trigger(stack: AirflowStack, dags_folder: Path) -> Callable[[], str]:
    """Starts a run of the probe's Dag and returns its id."""
    (dags_folder / "stack_probe.py").write_text(DAG)
    stack.wait_dag("stack_probe")

    def start() -> str:
        run_id = f"probe__{uuid.uuid4().hex}"
        body = {"logical_date": None, "dag_run_id": run_id}
        stack.api("POST", "/dags/stack_probe/dagRuns", body, user="harness")
        return run_id

    return start


def test_a_task_runs_with_the_connections(stack: AirflowStack, trigger: Callable[[], str]) -> None:
    assert stack.wait_run("stack_probe", trigger(), timeout=60)["state"] == "success"


def test_a_run_that_does_not_come_is_told_with_its_tasks(stack: AirflowStack) -> None:
    with pytest.raises(RunNotReached, match="missing after 0 s"):
        stack.wait_run("stack_probe", "no-such-run", timeout=0)


def test_every_user_can_log_in_and_a_viewer_cannot_trigger(stack: AirflowStack, trigger: Callable[[], str]) -> None:
    for user in ROLES:
        assert stack.api("GET", "/dags", user=user)["total_entries"] >= 1
    with pytest.raises(ApiRefused) as caught:
        stack.api("POST", "/dags/stack_probe/dagRuns", {"logical_date": None}, user="viewer")
    assert caught.value.status == 403


def test_a_refusal_carries_the_answer(stack: AirflowStack) -> None:
    with pytest.raises(ApiRefused, match="no_such_dag"):
        stack.api("GET", "/dags/no_such_dag")


def test_the_command_line_speaks_to_the_same_airflow(stack: AirflowStack, trigger: Callable[[], str]) -> None:
    assert "stack_probe" in stack.cli("dags", "list", "--output", "plain").stdout
    assert stack.cli("dags", "show", "no_such_dag", check=False).returncode != 0


def test_there_are_four_processes_each_with_a_log(stack: AirflowStack) -> None:
    assert set(stack.processes) == set(COMMANDS)
    assert all(process.running() and stack.log(name).stat().st_size for name, process in stack.processes.items())


def test_secrets_are_for_the_owner_only(stack: AirflowStack) -> None:
    assert (stack.home / "passwords.json").stat().st_mode & 0o077 == 0
