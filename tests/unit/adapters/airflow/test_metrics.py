"""What is logged of an event must be a line that Airflow's own logger takes, or no task of the healer ends."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

TOLD = """
import airflow
from airflow.sdk.observability import stats
from airflow.sdk.observability.metrics.stats_utils import get_stats_factory
from datetime import UTC, datetime
from airflow_provider_harness.adapters.airflow.metrics import observe, observe_gate
from airflow_provider_harness.core.slices.gate_run import GateRun, GateSite, Place
from tests.events import event_of
from airflow_provider_harness.core.incidents.events import Event, EventKind
from airflow_provider_harness.core.incidents.incident import fold
from airflow_provider_harness.core.slices.slices import Slice
from airflow_provider_harness.core.contracts.report import Decision, Report

stats.initialize(factory=get_stats_factory(), export_legacy_names=False)  # as Airflow's task runner does
NOW = datetime.now(UTC)
body = {"episode": "e", "failure": "d/r/t#1", "slice": "2026-01-01", "table": "public.t"}
events = [
    event_of(incident_id="I", kind=EventKind.OPENED, at=NOW, body=body),
    event_of(incident_id="I", kind=EventKind.CLAIMED, at=NOW, body={"run": "heal__e__1"}),
    event_of(incident_id="I", kind=EventKind.MODEL_ASKED, at=NOW, body={"left_usd": {"day": 9.5}}),
]
for number, event in enumerate(events, 1):
    observe(fold("I", events[:number]), event)
given = {"contract": "c", "contract_version": "1", "where": "w", "rows": 1, "malformed": 0, "results": ()}
report = Report(table="public.t", slice="2026-01-01", decision=Decision.PUBLISH, **given)
piece = Slice(id="2026-01-01", start=NOW, end=NOW)
post = GateSite(place=Place.STAGING, conn_id="wh")
observe_gate(GateRun(post=post, piece=piece, report=report, measured_at=NOW, milliseconds={}))
"""


def told(tmp_path: Path, **more: str) -> str:
    root = Path(__file__).resolve().parents[4]
    env = {"AIRFLOW_HOME": str(tmp_path), "PYTHONPATH": str(root), "AIRFLOW__LOGGING__COLORED_CONSOLE_LOG": "False"}
    done = subprocess.run([sys.executable, "-c", TOLD], env=env | more, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def test_an_event_is_a_line_of_airflows_log_with_its_ids(tmp_path: Path) -> None:
    opened, claimed, _ = [line for line in told(tmp_path).splitlines() if "incident event" in line]
    for line in (opened, claimed):
        for pair in ("incident=I", "run=d/r", "slice=2026-01-01", "table=public.t"):
            assert pair in line
    assert "kind=opened" in opened
    assert "healer_run=heal__e__1" in claimed


#: Stands for the package of that name, which Airflow's extra brings.
STATSD = """
import pathlib


class StatsClient:
    def __init__(self, *args, **kwargs): ...

    def __getattr__(self, kind):
        def tell(name, value=1, *args, **kwargs):
            with pathlib.Path(__file__).with_suffix(".said").open("a") as file:
                print(kind, name, value, file=file)

        return tell


class UnixSocketStatsClient(StatsClient): ...  # Airflow 3.4 imports it, too
"""


def test_metrics_go_where_airflows_own_go(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[4]
    (tmp_path / "statsd.py").write_text(STATSD)
    told(tmp_path, AIRFLOW__METRICS__STATSD_ON="True", PYTHONPATH=f"{tmp_path}:{root}")
    said = (tmp_path / "statsd.said").read_text().splitlines()
    assert [line for line in said if "harness" in line] == [
        "incr harness.incidents.opened 1",
        "gauge harness.model.budget_left_usd 9.5",
        "incr harness.gates 1",
    ]
