"""What is counted and timed, and which event of an incident says it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from airflow_provider_harness.core.incident import Event, EventKind, Incident, Outcome
from airflow_provider_harness.core.policy import VerdictKind


class Measure(StrEnum):
    COUNTER = "counter"
    TIMER = "timer"  # milliseconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A row of the table.

    :param tags: names of its tags.
    """

    kind: Measure
    what: str
    tags: tuple[str, ...] = ()


#: name -> what it is; Airflow's own settings for statsd or OpenTelemetry say where it goes, under their prefix.
METRICS: Mapping[str, Metric] = {
    "harness.incidents.opened": Metric(kind=Measure.COUNTER, what="Incidents, one a cause."),
    "harness.pages.saved": Metric(
        kind=Measure.COUNTER, what="Failures that joined an incident instead of paging by themselves."
    ),
    "harness.verdicts": Metric(kind=Measure.COUNTER, what="What the policy said.", tags=("verdict", "action")),
    "harness.time_to_verdict": Metric(
        kind=Measure.TIMER, what="From the first failure being taken in to the first verdict."
    ),
    "harness.acts": Metric(kind=Measure.COUNTER, what="Acts on a leader, and on a follower.", tags=("follower",)),
    "harness.incidents.closed": Metric(
        kind=Measure.COUNTER,
        what="How incidents ended: the heal rate is the share of healed, a false heal is made_worse or not_healed.",
        tags=("outcome",),
    ),
    "harness.time_to_recovery": Metric(
        kind=Measure.TIMER, what="From the first failure being taken in to a verified end.", tags=("outcome",)
    ),
    "harness.pages": Metric(kind=Measure.COUNTER, what="Pages to on-call, first or worse.", tags=("severity",)),
    "harness.approvals.asked": Metric(kind=Measure.COUNTER, what="Questions to a person."),
    "harness.taken": Metric(kind=Measure.COUNTER, what="Incidents that a person took."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """:param value: 1 for a counter, milliseconds for a timer."""

    name: str
    value: float = 1
    tags: Mapping[str, str] = field(default_factory=dict)


_COUNTED = {
    EventKind.OPENED: "harness.incidents.opened",
    EventKind.JOINED: "harness.pages.saved",
    EventKind.ASKED: "harness.approvals.asked",
    EventKind.TAKEN: "harness.taken",
}


def readings(after: Incident, event: Event) -> Iterator[Reading]:
    """What an event adds.

    :param after: the incident with the event.
    """
    body, kind = event.body, event.kind
    since = (event.at - after.opened_at).total_seconds() * 1000 if after.opened_at else 0.0
    if kind in _COUNTED:
        yield Reading(name=_COUNTED[kind])
    elif kind is EventKind.JUDGED:
        action = str(after.last.get(EventKind.PROPOSED, {}).get("action", ""))
        yield Reading(name="harness.verdicts", tags={"verdict": str(body.get("verdict", "")), "action": action})
        if not after.acts:
            yield Reading(name="harness.time_to_verdict", value=since)
    elif kind is EventKind.ACT_STARTED or (kind is EventKind.FOLLOWED and body["verdict"] == VerdictKind.APPROVE):
        yield Reading(name="harness.acts", tags={"follower": str(kind is EventKind.FOLLOWED).lower()})
    elif kind is EventKind.PAGED and body.get("action") == "trigger":
        yield Reading(name="harness.pages", tags={"severity": str(body.get("severity", ""))})
    elif kind is EventKind.CLOSED:
        outcome = {"outcome": str(body["outcome"])}
        yield Reading(name="harness.incidents.closed", tags=outcome)
        if after.outcome in (Outcome.HEALED, Outcome.RECOVERED):
            yield Reading(name="harness.time_to_recovery", value=since, tags=outcome)
