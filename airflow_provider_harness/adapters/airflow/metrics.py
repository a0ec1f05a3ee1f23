"""Metrics by Airflow's own Stats, and one structured line of log an event."""

from __future__ import annotations

from airflow_provider_harness.core.incidents.events import Claimed, Event, Opened, stored
from airflow_provider_harness.core.incidents.incident import Incident
from airflow_provider_harness.core.incidents.metrics import METRICS, Measure, Reading, readings
from airflow_provider_harness.core.slices.gate_run import GateRun


def observe(after: Incident, event: Event) -> None:
    """Tell what an event adds; statsd and OpenTelemetry are Airflow's settings, and none of them is waited for."""
    import structlog

    for reading in readings(after, event):
        emit(reading)
    body, opened = stored(event.body), after.last[Opened]
    ids = {"incident": event.incident_id, "kind": event.kind.value, "failure": str(body.get("failure", ""))}
    about = str(body.get("failure") or opened.failure).split("/")
    ids["run"] = "/".join(about[:2])
    ids |= {name: str(body.get(name) or getattr(opened, name) or "") for name in ("slice", "table")}
    more: dict[str, str] = {name: str(body[name]) for name in ("act", "outcome", "severity") if name in body}
    if isinstance(event.body, Claimed):
        more["healer_run"] = event.body.run
    structlog.get_logger("airflow_provider_harness.events").info("incident event", **ids, **more)


def observe_gate(run: GateRun) -> None:
    """Count what a gate decided, in the task that judged."""
    tags = {"decision": str(run.report.decision), "place": str(run.post.place), "table": run.report.table}
    emit(Reading(name="harness.gates", tags=tags))


def emit(reading: Reading) -> None:
    """One reading to where Airflow's own metrics go."""
    from airflow.sdk.observability import stats

    tags = dict(reading.tags)
    if METRICS[reading.name].kind is Measure.COUNTER:
        stats.incr(reading.name, round(reading.value), tags=tags)
    elif METRICS[reading.name].kind is Measure.TIMER:
        stats.timing(reading.name, reading.value, tags=tags)
    else:
        stats.gauge(reading.name, reading.value, tags=tags)
