"""What is counted and timed, and which event of an incident says it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from airflow_provider_harness.core.incidents.incident import Event, EventKind, Incident, Outcome
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
        what="How incidents ended: the heal rate is the share of healed, a false heal is made_worse or not_healed, escalated "
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
        kind=Measure.COUNTER, what="What the model cost, in millionths of a US dollar.", tags=("ended",)
    ),
    "harness.model.budget_left_usd": Metric(
        kind=Measure.GAUGE, what="What the model may still cost: on this incident, and today.", tags=("scope",)
    ),
    "harness.acts.budget_left": Metric(
        kind=Measure.GAUGE,
        what="Acts that the policy's limits still allow after one: on this task of the incident, and on this Dag today.",
        tags=("action", "scope"),
    ),
    "harness.gates": Metric(
        kind=Measure.COUNTER,
        what="What gates decided, where: published, published without malformed rows, or blocked.",
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


def _money(body: Mapping[str, Any]) -> Iterator[Reading]:
    if "cost_usd" in body:
        tags = {"ended": str(body.get("ended", ""))}
        yield Reading(name="harness.model.cost_micro_usd", value=round(body["cost_usd"] * 1e6), tags=tags)
    for scope, left in body.get("left_usd", {}).items():
        yield Reading(name="harness.model.budget_left_usd", value=left, tags={"scope": scope})


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
        action = str(body.get("act", "")).partition("(")[0]
        for scope, left in body.get("left", {}).items():
            yield Reading(name="harness.acts.budget_left", value=left, tags={"action": action, "scope": scope})
    elif kind in (EventKind.MODEL_ASKED, EventKind.MODEL_ANSWERED):
        yield from _money(body)
    elif kind is EventKind.PAGED and body.get("action") == "trigger" and body.get("reached") != Reached.NOBODY:
        yield Reading(name="harness.pages", tags={"severity": str(body.get("severity", ""))})
    elif kind is EventKind.CLOSED:
        outcome = {"outcome": str(body["outcome"])}
        yield Reading(name="harness.incidents.closed", tags=outcome)
        if after.outcome in (Outcome.HEALED, Outcome.RECOVERED):
            yield Reading(name="harness.time_to_recovery", value=since, tags=outcome)
