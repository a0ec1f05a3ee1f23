"""What is logged of an event must be a line that Airflow's own logger takes, or no task of the healer ends."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

TOLD = """
import airflow
from datetime import UTC, datetime
from airflow_provider_harness.adapters.observe import observe
from airflow_provider_harness.core.incident import Event, EventKind, fold
body = {"episode": "e", "failure": "d/r/t#1"}
opened = Event(incident_id="I", kind=EventKind.OPENED, at=datetime.now(UTC), body=body)
observe(fold("I", [opened]), opened)
"""


def test_an_event_is_a_line_of_airflows_log(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[3]
    env = {"AIRFLOW_HOME": str(tmp_path), "PYTHONPATH": str(root), "AIRFLOW__LOGGING__COLORED_CONSOLE_LOG": "False"}
    done = subprocess.run([sys.executable, "-c", TOLD], env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    said = done.stdout + done.stderr
    assert "incident event" in said
    assert "kind=opened" in said
