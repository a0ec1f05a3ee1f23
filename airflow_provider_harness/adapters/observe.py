"""Metrics by Airflow's own Stats, and one structured line of log an event."""

from __future__ import annotations

from airflow_provider_harness.core.incident import Event, Incident
from airflow_provider_harness.core.metrics import METRICS, Measure, readings


def observe(after: Incident, event: Event) -> None:
    """Tell what an event adds; statsd and OpenTelemetry are Airflow's settings, and none of them is waited for."""
    import structlog
    from airflow.sdk.observability import stats

    for reading in readings(after, event):
        tags = dict(reading.tags)
        if METRICS[reading.name].kind is Measure.COUNTER:
            stats.incr(reading.name, tags=tags)
        else:
            stats.timing(reading.name, reading.value, tags=tags)
    ids = {"incident": event.incident_id, "kind": event.kind.value, "failure": str(event.body.get("failure", ""))}
    more = {name: str(event.body[name]) for name in ("run", "act", "outcome", "severity") if name in event.body}
    structlog.get_logger("airflow_provider_harness.events").info("incident event", **ids, **more)
