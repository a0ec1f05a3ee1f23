"""A whole Airflow with a running task is gone when its holder is killed, and starts again in the same folder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from airflow_provider_harness.testing.postgres import PostgresServer
from airflow_provider_harness.testing.stack import AirflowStack
from airflow_provider_harness.testing.supervise import descendants
from tests.ports.test_server_process import gone

pytestmark = pytest.mark.slow
DAG = """
from airflow.sdk import DAG, task

with DAG("hang", schedule=None):

    @task
    def wait():
        import time

        print("waiting")
        time.sleep(300)

    wait()
"""

HOLDER = """
import sys, time
from pathlib import Path
from airflow_provider_harness.testing.stack import AirflowStack

with AirflowStack(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])) as stack:
    stack.wait_dag("hang")
    stack.api("POST", "/dags/hang/dagRuns", {"logical_date": None, "dag_run_id": "once"})
    path = "/dags/hang/dagRuns/once/taskInstances/wait"
    while stack.api("GET", path)["state"] != "running":
        time.sleep(0.5)
    print("running", flush=True)
    time.sleep(300)
"""


@pytest.fixture(scope="module")
def database_url(postgres: PostgresServer) -> str:
    """An Airflow database of its own."""
    postgres.ensure_database("airflow_end")
    return postgres.url("airflow_end", driver="psycopg2")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one Dag file."""
    folder = tmp_path_factory.mktemp("stack_end")
    (folder / "dags").mkdir()
    (folder / "dags" / "hang.py").write_text(DAG)
    return folder


def test_nothing_is_left_when_the_holder_is_killed(home: Path, database_url: str) -> None:
    command = [sys.executable, "-c", HOLDER, str(home / "airflow"), database_url, str(home / "dags")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        try:
            assert holder.stdout is not None
            assert holder.stdout.readline() == "running\n"
            below = descendants(holder.pid)
        finally:
            holder.kill()
    assert len(below) > 8, "four supervisors, four servers, and at least one task"
    assert gone(below, 20)


def test_it_starts_again_where_it_was(home: Path, database_url: str) -> None:
    said: list[str] = []
    with AirflowStack(home / "airflow", database_url, home / "dags", progress=said.append) as stack:
        assert stack.api("GET", "/dags/hang/dagRuns/once")["dag_run_id"] == "once"
    assert not [line for line in said if "migrating" in line]
