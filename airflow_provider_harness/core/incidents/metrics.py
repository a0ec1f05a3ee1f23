"""What is counted and timed, and which event of an incident says it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from airflow_provider_harness.core.incidents.events import (
    ActStarted,
    Closed,
    Event,
    EventKind,
    Followed,
    Judged,
    ModelAnswered,
    ModelAsked,
    Outcome,
    Paged,
    Proposed,
)
from airflow_provider_harness.core.incidents.incident import Incident
from airflow_provider_harness.core.incidents.outbox import Reached
from airflow_provider_harness.core.policy.policy import VerdictKind


class Measure(StrEnum):
    COUNTER = "counter"
    TIMER = "timer"  # milliseconds
    GAUGE = "gauge"  # the value now


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
        what="How incidents ended: the heal rate is the share of healed, a false heal is made_worse or not_healed, "
        "escalated "
        "went to a person.",
        tags=("outcome",),
    ),
    "harness.time_to_recovery": Metric(
        kind=Measure.TIMER, what="From the first failure being taken in to a verified end.", tags=("outcome",)
    ),
    "harness.pages": Metric(
        kind=Measure.COUNTER, what="Pages that on-call's pager took or will take, first or worse.", tags=("severity",)
    ),
    "harness.approvals.asked": Metric(kind=Measure.COUNTER, what="Questions to a person."),
    "harness.taken": Metric(kind=Measure.COUNTER, what="Incidents that a person took."),
    "harness.model.cost_micro_usd": Metric(
        kind=Measure.COUNTER, what="Cost of the model, in millionths of a US dollar.", tags=("ended",)
    ),
    "harness.model.budget_left_usd": Metric(
        kind=Measure.GAUGE, what="Remaining budget of the model: on this incident, and today.", tags=("scope",)
    ),
    "harness.acts.budget_left": Metric(
        kind=Measure.GAUGE,
        what="Acts that the policy's limits still allow after one: on this task of the incident, and on this Dag "
        "today.",
        tags=("action", "scope"),
    ),
    "harness.gates": Metric(
        kind=Measure.COUNTER,
        what="Decisions of gates, by place: published, published without malformed rows, or blocked.",
        tags=("decision", "place", "table"),
    ),
}

#: Metrics that no event of an incident tells: tasks count them where they judge rows.
OF_TASKS = frozenset({"harness.gates"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """:param value: how many, milliseconds, or the value now."""

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
    if event.kind in _COUNTED:
        yield Reading(name=_COUNTED[event.kind])
    elif event.kind in _READ:
        since = (event.at - after.opened_at).total_seconds() * 1000 if after.opened_at else 0.0
        yield from _READ[event.kind](after, event.body, since)


def _judged(after: Incident, body: Judged, since: float) -> Iterator[Reading]:
    proposed = after.last.get(Proposed)
    tags = {"verdict": body.verdict, "action": proposed.action if proposed else ""}
    yield Reading(name="harness.verdicts", tags=tags)
    if not after.acts:
        yield Reading(name="harness.time_to_verdict", value=since)


def _act_started(_after: Incident, body: ActStarted, _since: float) -> Iterator[Reading]:
    yield from _act(body)


def _followed(_after: Incident, body: Followed, _since: float) -> Iterator[Reading]:
    if body.verdict == VerdictKind.APPROVE:
        yield from _act(body)


def _act(body: ActStarted | Followed) -> Iterator[Reading]:
    yield Reading(name="harness.acts", tags={"follower": str(isinstance(body, Followed)).lower()})
    action = body.act.partition("(")[0]
    for scope, left in (body.left or {}).items():
        yield Reading(name="harness.acts.budget_left", value=left, tags={"action": action, "scope": scope})


def _model_asked(_after: Incident, body: ModelAsked, _since: float) -> Iterator[Reading]:
    for scope, left in (body.left_usd or {}).items():
        yield Reading(name="harness.model.budget_left_usd", value=left, tags={"scope": scope})


def _model_answered(_after: Incident, body: ModelAnswered, _since: float) -> Iterator[Reading]:
    tags = {"ended": body.ended}
    yield Reading(name="harness.model.cost_micro_usd", value=round(body.cost_usd * 1e6), tags=tags)


def _paged(_after: Incident, body: Paged, _since: float) -> Iterator[Reading]:
    if body.action == "trigger" and body.reached != Reached.NOBODY:
        yield Reading(name="harness.pages", tags={"severity": body.severity or ""})


def _closed(after: Incident, body: Closed, since: float) -> Iterator[Reading]:
    outcome = {"outcome": body.outcome.value}
    yield Reading(name="harness.incidents.closed", tags=outcome)
    if after.outcome in (Outcome.HEALED, Outcome.RECOVERED):
        yield Reading(name="harness.time_to_recovery", value=since, tags=outcome)


#: The incident with the event, what it says, and the milliseconds since the incident was opened -> what that adds.
_READ: Mapping[EventKind, Callable[[Incident, Any, float], Iterator[Reading]]] = {
    EventKind.JUDGED: _judged,
    EventKind.ACT_STARTED: _act_started,
    EventKind.FOLLOWED: _followed,
    EventKind.MODEL_ASKED: _model_asked,
    EventKind.MODEL_ANSWERED: _model_answered,
    EventKind.PAGED: _paged,
    EventKind.CLOSED: _closed,
}
