"""A scheduler that is told to end does end, although the reconciler looks every few seconds."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from airflow_provider_harness.app.healing.reconcile import LONGEST_HELD
from airflow_provider_harness.testing.postgres import PostgresServer
from airflow_provider_harness.testing.stack import AirflowStack
from airflow_provider_harness.testing.supervise import descendants
from tests.demo.breaks import wait_for

RECONCILER = "/dags/harness_healer_reconciler/dagRuns/~/taskInstances"


@pytest.fixture
def stack(postgres: PostgresServer, tmp_path: Path) -> AirflowStack:
    postgres.ensure_database("airflow_ends")
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags" / "healer.py").write_text(
        "from airflow_provider_harness.dags import healer_dag\n\ndag = healer_dag()\n"
    )
    env = {"AIRFLOW__HARNESS__RECONCILE_SECONDS": "5"}
    made = AirflowStack(tmp_path / "home", postgres.url("airflow_ends", driver="psycopg2"), tmp_path / "dags", env=env)
    made.add_connections({"harness_airflow": made.airflow_connection("harness")})
    return made


@pytest.mark.slow  # it has an Airflow of its own
def test_the_reconciler_keeps_no_scheduler_from_ending(stack: AirflowStack) -> None:
    with stack:
        assert stack.cli("harness", "db", "upgrade").returncode == 0

        def states() -> list[str]:
            return [row["state"] for row in stack.api("GET", RECONCILER)["task_instances"]]

        wait_for("a pass of the reconciler", lambda: "running" in states(), 120)
        wait_for("the next run of the reconciler", lambda: "success" in states() and "running" in states(), 120)
        supervised = stack.processes["scheduler"]
        began = time.monotonic()
        os.kill(descendants(supervised.supervisor.pid)[0], signal.SIGTERM)
        wait_for("the scheduler to end", lambda: not supervised.running(), 120)
        assert time.monotonic() - began < LONGEST_HELD.total_seconds() + 30
