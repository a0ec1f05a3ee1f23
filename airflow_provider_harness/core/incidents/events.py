"""What can happen to an incident: one dataclass a kind of event. Its fields are the keys under which it is stored.

The stored keys are under the chain of keyed hashes, so a field is never renamed. One that an earlier version did not write has a
default; None as the default means that it is left out of what is stored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, TypedDict, TypeVar

from airflow_provider_harness.core.actions import ActionKind, Parameter, Proposal
from airflow_provider_harness.core.diagnosis.context import Line
from airflow_provider_harness.core.diagnosis.evidence import Fact


class EventKind(StrEnum):
    OPENED = "opened"
    JOINED = "joined"
    CLAIMED = "claimed"
    EVIDENCE = "evidence"
    DIAGNOSED = "diagnosed"
    MODEL_ASKED = "model_asked"
    MODEL_ANSWERED = "model_answered"
    MODEL_PROPOSED = "model_proposed"
    MODEL_ENDED = "model_ended"
    PROPOSED = "proposed"
    JUDGED = "judged"
    ASKED = "asked"
    ANSWERED = "answered"
    ACT_STARTED = "act_started"
    ACT_ENDED = "act_ended"
    FOLLOWED = "followed"
    RUN_SETTLED = "run_settled"
    SETTLED = "settled"
    PAGED = "paged"
    NOTED = "noted"
    TAKEN = "taken"
    RETURNED = "returned"
    ACKED = "acked"
    FORGOTTEN = "forgotten"
    RESOLVED = "resolved"
    REOPENED = "reopened"
    CLOSED = "closed"


class Outcome(StrEnum):
    """How an incident ended. Only ``healed`` counts as a heal."""

    HEALED = "healed"  # a gate passed on the published slice, and Airflow agrees
    RECOVERED = "recovered"  # Airflow agrees; no contract says whether the data are right
    NOT_HEALED = "not_healed"  # Airflow or a gate still says no, and no further remedy is left
    MADE_WORSE = "made_worse"  # what was well before the act is not any more
    UNKNOWN = "unknown"  # it did not settle in time, or the healer was lost on the way
    SUPERSEDED = "superseded"  # a person acted first
    ESCALATED = "escalated"  # a person is needed; whether one was paged stands beside it
    REFUSED = "refused"  # a person said no, or did not answer in time
    NOTED = "noted"  # nothing had failed


#: A field that is stored as null where it is None.
_NULL = {"stored as": "null"}


class Body:
    """What an event says beside its incident, its kind and its time; JSON values only."""

    __slots__ = ()
    kind: ClassVar[EventKind]


AnyBody = TypeVar("AnyBody", bound=Body)


class Seen(TypedDict):
    """One thing that was seen, as ``core.diagnosis.evidence.Observation``."""

    source: str
    text: str
    trusted: bool


class Cited(TypedDict):
    """A place in the log, as ``core.diagnosis.evidence.Citation``."""

    source: str
    line: int
    text: str


class GateSeen(TypedDict):
    """The gate of a published slice, as it was read back."""

    table: str
    slice: str
    passed: bool
    text: str


class GateBefore(TypedDict):
    """The gate of a published slice right before an act.

    :param start: UTC start of the slice, ISO 8601; empty for the slice of the task's own run.
    :param rows: None where they were not counted.
    """

    task: str
    start: str
    table: str
    slice: str
    passed: bool
    rows: int | None


class Before(TypedDict, total=False):
    """How things stood right before an act; empty where it is on no run.

    :param succeeded: tasks of the run.
    :param unread: why a gate could not be run.
    """

    succeeded: list[str]
    gates: list[GateBefore]
    unread: list[str]


class Found(TypedDict, total=False):
    """What a verdict was given for; ``state`` and ``dag_version`` are missing where an earlier version gave it."""

    dag: str
    run: str
    task: str
    map_index: int
    state: str
    try_number: int
    dag_version: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened(Body):
    """It begins with this failure.

    :param owner: of the task, as its author wrote it.
    :param episode: as ``core.incidents.incident.episode_of``.
    """

    kind = EventKind.OPENED
    failure: str
    slice: str | None = None
    table: str | None = None
    owner: str | None = None
    episode: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined(Body):
    """A failure of the same cause joined."""

    kind = EventKind.JOINED
    failure: str
    slice: str | None = None
    table: str | None = None
    owner: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed(Body):
    """This healer run leads, and every other one ends."""

    kind = EventKind.CLAIMED
    run: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceSeen(Body):
    """What was read before the cause was named.

    :param failure: the failure that was looked at.
    :param unavailable: what could not be read, one sentence each.
    :param reader: who read the failure itself, empty where nobody did.
    :param gate: the gate that blocked, as the log showed it.
    :param context: lines of the log around those that the diagnosis cites.
    :param teams: that own the tables of the failed tasks, by their contracts.
    :param zones: table -> time zone of its contract.
    :param connections: field of the failed task -> id of the connection that it names.
    :param place: where the published table is in which the schema differs.
    """

    kind = EventKind.EVIDENCE
    failure: str | None = None
    facts: Mapping[str, Fact]
    observations: Sequence[Seen]
    unavailable: Sequence[str]
    reader: str | None = None
    gate: Mapping[str, Any] | None = field(default=None, metadata=_NULL)
    context: Sequence[Line] | None = None
    for_whom: str | None = None
    teams: Sequence[str] | None = None
    zones: Mapping[str, str] | None = None
    connections: Mapping[str, str] | None = None
    place: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosed(Body):
    """The cause, as ``core.diagnosis.diagnosis.Diagnosis``.

    :param failure: the failure that was diagnosed.
    """

    kind = EventKind.DIAGNOSED
    category: str
    cause: str
    basis: str
    certainty: str
    why: str
    citations: Sequence[Cited]
    alternatives: Sequence[str]
    traits: Sequence[str]
    retry_after: float | None
    against: Sequence[str] | None = None
    wish: str | None = field(default=None, metadata=_NULL)
    failure: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelAsked(Body):
    """A call of a model, and the most that it can cost, in US dollars.

    :param left_usd: ``incident`` and ``day`` -> US dollars that may still be spent.
    """

    kind = EventKind.MODEL_ASKED
    call: str
    reserved_usd: float
    left_usd: Mapping[str, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelAnswered(Body):
    """What a call came to, as ``app.ports.diagnosis.ModelCall``; its messages are the journal of the conversation."""

    kind = EventKind.MODEL_ANSWERED
    call: str
    model: str
    prompt: str
    ended: str
    cost_usd: float
    input_tokens: int
    cache_written: int
    cache_read: int
    output_tokens: int
    reasoning: Sequence[str]
    failure: str | None = None
    priced: bool | None = None
    messages: Sequence[Mapping[str, Any]] | None = None
    exact: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelProposed(Body):
    """What a model would do, and what the policy says of it; nothing is done.

    :param draft: a change for a person: ``of``, ``diff`` and ``checked``.
    """

    kind = EventKind.MODEL_PROPOSED
    action: str
    category: str
    why: str
    named: Mapping[str, str]
    verdict: str
    rule: str
    reason: str
    policy_version: int
    draft: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelEnded(Body):
    """What one diagnosis by a model took: see ``adapters.model.diagnoser.ModelRecord``."""

    kind = EventKind.MODEL_ENDED
    model: str
    failure: str
    prompt: str
    turns: int
    input_tokens: int
    output_tokens: int
    cost_usd: float
    reads: Sequence[str]
    refused: Sequence[str]
    counts: Mapping[str, int]
    ended: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed(Body):
    """One act, and the facts that the policy judges it by.

    :param slices: UTC starts of the slices that are missing, ISO 8601.
    """

    kind = EventKind.PROPOSED
    action: str
    arguments: Mapping[str, str]
    why: str
    facts: Mapping[str, Fact]
    slices: Sequence[str]

    def proposal(self) -> Proposal:
        """The proposal as it was made."""
        return _proposal(self.action, self.arguments, self.why)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged(Body):
    """What the policy says.

    :param limit: as ``core.policy.policy.Limit``.
    :param acting: whether the harness acted at all then.
    :param due: UTC, ISO 8601; when the act is to be carried out.
    :param found: what it was given for; empty where no task failed.
    :param remembers: the person who is asked is told that the answer is remembered for the task.
    """

    kind = EventKind.JUDGED
    verdict: str
    rule: str
    reason: str
    policy_version: int
    limit: Mapping[str, int | None]
    acting: bool | None = None
    due: str | None = None
    found: Found | None = None
    remembers: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked(Body):
    """A person is asked.

    :param approval: id of the row that can be used once.
    :param assigned: users who may answer.
    :param expires: UTC, ISO 8601.
    """

    kind = EventKind.ASKED
    approval: str
    assigned: Sequence[str]
    expires: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered(Body):
    """The answer, or why it is no agreement.

    :param by: a user, or empty.
    :param said: whether a person with the right said yes or no; None where nobody did.
    """

    kind = EventKind.ANSWERED
    answer: str
    by: str
    said: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActStarted(Body):
    """An act begins.

    :param left: ``task`` and ``dag_today`` -> acts that the policy's limits still allow.
    """

    kind = EventKind.ACT_STARTED
    act: str
    before: Before | None = None
    left: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActEnded(Body):
    """What came of an act.

    :param at: UTC, ISO 8601.
    :param cleared: task instances.
    :param done: yes, no or unknown, where Airflow did not say so at once.
    :param backfill: the id of the one that was created.
    :param undone: it was not made, and counts against no limit.
    :param grant: the id of the leave to set rows aside.
    """

    kind = EventKind.ACT_ENDED
    act: str
    at: str
    result: str
    cleared: int | None = None
    done: str | None = None
    backfill: int | None = None
    undone: bool | None = None
    grant: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed(Body):
    """The verdict on clearing another failed task of the incident, after the leader's heal.

    :param left: as ``ActStarted``.
    """

    kind = EventKind.FOLLOWED
    failure: str
    act: str
    action: str | None = None
    arguments: Mapping[str, str] | None = None
    why: str | None = None
    facts: Mapping[str, Fact] | None = None
    verdict: str
    rule: str
    reason: str
    policy_version: int | None = None
    left: Mapping[str, int] | None = None

    def proposal(self) -> Proposal | None:
        """The proposal as it was made; None where an earlier version did not keep it."""
        if self.action is None or self.arguments is None:
            return None
        return _proposal(self.action, self.arguments, self.why or "")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSettled(Body):
    """How one of the incident's runs turned out.

    :param run: ``dag/run``.
    """

    kind = EventKind.RUN_SETTLED
    run: str
    outcome: Outcome
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled(Body):
    """How an act, or the decision not to act, turned out."""

    kind = EventKind.SETTLED
    outcome: Outcome
    text: str
    gates: Sequence[GateSeen]


@dataclass(frozen=True, slots=True, kw_only=True)
class Paged(Body):
    """On-call was told, or told that it is over.

    :param action: trigger or resolve.
    :param asks: what a person is asked to do.
    :param promised: the promises about time that wait for this incident.
    :param reached: as ``core.incidents.outbox.Reached``; ``reached_why`` and ``also_told`` as ``Delivery``.
    :param route: who answers, as any page of this incident named them so far; None = an earlier version did not record it.
    """

    kind = EventKind.PAGED
    dedup_key: str
    severity: str | None = None
    summary: str | None = None
    action: str
    asks: str | None = None
    promised: Sequence[str] | None = None
    reached: str | None = None
    reached_why: str | None = None
    also_told: Sequence[str] | None = None
    route: Sequence[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted(Body):
    """Something that changes nothing of the incident's state.

    :param run: the healer run that the harness started.
    :param again: the act that Airflow did not answer ``at`` this time (UTC, ISO 8601); ``said``: what it said instead.
    :param waits_for: the act that waits for another run ``since`` this time (UTC, ISO 8601).
    """

    kind = EventKind.NOTED
    text: str
    run: str | None = None
    again: str | None = None
    at: str | None = None
    said: str | None = None
    waits_for: str | None = None
    since: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken(Body):
    """A person has it, and the healer leaves it alone."""

    kind = EventKind.TAKEN
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned(Body):
    """A person gave it back to the healer, also after it had ended with a person."""

    kind = EventKind.RETURNED
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Acked(Body):
    """A person has seen it."""

    kind = EventKind.ACKED
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten(Body):
    """A person takes back that its task may run again without asking; the task is asked about at its next failure."""

    kind = EventKind.FORGOTTEN
    by: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved(Body):
    """A person says that it is over.

    :param unproved: Airflow was not asked whether it agrees.
    """

    kind = EventKind.RESOLVED
    by: str
    why: str
    unproved: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reopened(Body):
    """One further remedy will be tried, by another healer run."""

    kind = EventKind.REOPENED
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed(Body):
    """How it ended."""

    kind = EventKind.CLOSED
    outcome: Outcome
    why: str


#: kind -> what an event of it says.
BODIES: Mapping[EventKind, type[Body]] = {
    body.kind: body
    for body in (
        Opened, Joined, Claimed, EvidenceSeen, Diagnosed, ModelAsked, ModelAnswered, ModelProposed, ModelEnded, Proposed,
        Judged, Asked, Answered, ActStarted, ActEnded, Followed, RunSettled, Settled, Paged, Noted, Taken, Returned, Acked,
        Forgotten, Resolved, Reopened, Closed,
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened to an incident.

    :param at: UTC.
    """

    incident_id: str
    at: datetime
    body: Body

    @property
    def kind(self) -> EventKind:
        return self.body.kind

    @classmethod
    def read(cls, *, incident_id: str, kind: EventKind, at: datetime, body: Mapping[str, Any]) -> Event:
        """An event as it was stored.

        :raises ValueError: a key is missing that every version of the harness wrote.
        """
        return cls(incident_id=incident_id, at=at, body=_read(kind, body))


def stored(body: Body) -> dict[str, Any]:
    """What is stored of a body: its keys in the order of its fields."""
    values = ((name, getattr(body, name), default) for name, default in _FIELDS[type(body)].items())
    return {name: value for name, value, default in values if value is not None or default is not None}


#: Stands for the default of a field that has none, and of one that is stored as null.
_ALWAYS = object()
#: body -> field -> its default; what has the default None is left out where it is None.
_FIELDS: Mapping[type[Body], Mapping[str, object]] = {
    body: {
        one.name: _ALWAYS if one.default is MISSING or one.metadata == _NULL else one.default
        for one in fields(body)  # type: ignore[arg-type]
    }
    for body in BODIES.values()
}
_NEEDED = {
    body: frozenset(one.name for one in fields(body) if one.default is MISSING)  # type: ignore[arg-type]
    for body in BODIES.values()
}


def _read(kind: EventKind, body: Mapping[str, Any]) -> Body:
    """Keys that this version does not know are left out."""
    wanted = BODIES[kind]
    if missing := _NEEDED[wanted] - body.keys():
        raise ValueError(f"an event of kind {kind} has no {', '.join(sorted(missing))}")
    known = {name: value for name, value in body.items() if name in _FIELDS[wanted]}
    if "outcome" in known:
        known["outcome"] = Outcome(known["outcome"])
    return wanted(**known)


def _proposal(action: str, arguments: Mapping[str, str], why: str) -> Proposal:
    given = {Parameter(name): value for name, value in arguments.items()}
    return Proposal(kind=ActionKind(action), arguments=given, why=why)
