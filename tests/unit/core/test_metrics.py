"""Every metric is said by some event, and every event says only metrics of the table."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow_provider_harness.core.incident import Event, EventKind, Incident
from airflow_provider_harness.core.metrics import METRICS, Measure, readings

AT = datetime(2026, 11, 21, tzinfo=UTC)
E = EventKind
STORY: tuple[tuple[EventKind, dict[str, Any]], ...] = (
    (E.OPENED, {"episode": "e", "failure": "d/r/t#1"}),
    (E.JOINED, {"failure": "d/r/t#2"}),
    (E.CLAIMED, {"run": "h"}),
    (E.DIAGNOSED, {}),
    (E.PROPOSED, {"action": "retry_task"}),
    (E.JUDGED, {"verdict": "ask"}),
    (E.ASKED, {}),
    (E.PAGED, {"action": "trigger", "severity": "high"}),
    (E.ANSWERED, {}),
    (E.ACT_STARTED, {"act": "a"}),
    (E.ACT_ENDED, {"act": "a"}),
    (E.FOLLOWED, {"failure": "d/r2/t#1", "verdict": "approve"}),
    (E.FOLLOWED, {"failure": "d/r3/t#1", "verdict": "refuse"}),
    (E.TAKEN, {"by": "p"}),
    (E.PAGED, {"action": "resolve"}),
    (E.CLOSED, {"outcome": "healed"}),
)


def test_a_story_says_every_metric_with_its_tags() -> None:
    incident, said = Incident(id="I"), []
    for number, (kind, body) in enumerate(STORY):
        event = Event(incident_id="I", kind=kind, at=AT + timedelta(seconds=number), body=body)
        incident = incident.after(event)
        said += list(readings(incident, event))
    assert {reading.name for reading in said} == set(METRICS)
    for reading in said:
        metric = METRICS[reading.name]
        assert tuple(reading.tags) == metric.tags
        assert metric.kind is Measure.TIMER or reading.value == 1
    timers = {reading.name: reading.value for reading in said if METRICS[reading.name].kind is Measure.TIMER}
    assert timers == {"harness.time_to_verdict": 5000, "harness.time_to_recovery": 15000}
    assert [reading.tags["follower"] for reading in said if reading.name == "harness.acts"] == ["false", "true"]
