"""Every metric is said by some event, and every event says only metrics of the table."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow_provider_harness.core.incidents.events import EventKind
from airflow_provider_harness.core.incidents.incident import Incident
from airflow_provider_harness.core.incidents.metrics import METRICS, OF_TASKS, Measure, readings
from tests.events import event_of

AT = datetime(2026, 11, 21, tzinfo=UTC)
E = EventKind
STORY: tuple[tuple[EventKind, dict[str, Any]], ...] = (
    (E.OPENED, {"episode": "e", "failure": "d/r/t#1"}),
    (E.JOINED, {"failure": "d/r/t#2"}),
    (E.CLAIMED, {"run": "h"}),
    (E.MODEL_ASKED, {"call": "c", "reserved_usd": 0.1, "left_usd": {"incident": 0.4, "day": 9.9}}),
    (E.MODEL_ANSWERED, {"call": "c", "cost_usd": 0.0123, "ended": "answered"}),
    (E.DIAGNOSED, {}),
    (E.PROPOSED, {"action": "retry_task"}),
    (E.JUDGED, {"verdict": "ask"}),
    (E.ASKED, {}),
    (E.PAGED, {"action": "trigger", "severity": "high"}),
    (E.ANSWERED, {}),
    (E.ACT_STARTED, {"act": "retry_task(dag=d)", "left": {"task": 1, "dag_today": 19}}),
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
        event = event_of(incident_id="I", kind=kind, at=AT + timedelta(seconds=number), body=body)
        incident = incident.after(event)
        said += list(readings(incident, event))
    assert {reading.name for reading in said} == set(METRICS) - OF_TASKS
    for reading in said:
        metric = METRICS[reading.name]
        assert tuple(reading.tags) == metric.tags
        assert metric.kind is not Measure.COUNTER or reading.value == 1 or reading.name.startswith("harness.model")
    timers = {reading.name: reading.value for reading in said if METRICS[reading.name].kind is Measure.TIMER}
    assert timers == {"harness.time_to_verdict": 7000, "harness.time_to_recovery": 17000}
    assert [reading.tags["follower"] for reading in said if reading.name == "harness.acts"] == ["false", "true"]
    gauges = [
        (reading.value, *reading.tags.values()) for reading in said if METRICS[reading.name].kind is Measure.GAUGE
    ]
    assert gauges == [(0.4, "incident"), (9.9, "day"), (1, "retry_task", "task"), (19, "retry_task", "dag_today")]
    assert [reading.value for reading in said if reading.name == "harness.model.cost_micro_usd"] == [12300]
