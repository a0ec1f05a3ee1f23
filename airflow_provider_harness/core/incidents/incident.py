"""An incident: one episode of one cause, from the first failure to a verified outcome. State is a fold over events."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, cast

from airflow_provider_harness.core.diagnosis.failure import TryKey
from airflow_provider_harness.core.incidents.events import (
    ActEnded,
    ActStarted,
    Answered,
    AnyBody,
    Asked,
    Body,
    Claimed,
    Closed,
    Diagnosed,
    Event,
    EventKind,
    Followed,
    Joined,
    Judged,
    Noted,
    Opened,
    Outcome,
    Paged,
    Proposed,
    Resolved,
    Returned,
    RunSettled,
    Settled,
)
from airflow_provider_harness.core.incidents.outbox import Reached


class State(StrEnum):
    OPEN = "open"
    CLAIMED = "claimed"
    DIAGNOSED = "diagnosed"
    JUDGED = "judged"
    ASKED = "asked"
    ANSWERED = "answered"
    ACTING = "acting"
    VERIFYING = "verifying"
    TAKEN = "taken"
    CLOSED = "closed"


class Status(StrEnum):
    """Where an incident stands, in a person's words. What is not resolved and not over is open."""

    WAITING = "waits for a healer"  # no healer run has taken it up
    WORKING = "the healer works on it"
    ASKED = "a question is open"
    TAKEN = "taken"  # a person has it, and the healer leaves it alone
    PERSON = "waits for a person"  # the healer is done, and the cause is not
    RESOLVED = "resolved"  # a person said that it is over
    OVER = "over"  # verified to be well, or a person acted first, or nothing had failed


_ANY = frozenset(State) - {State.CLOSED}
#: What still happens to an incident that went to a person, who then has it in hand.
_EVER = frozenset(State)

#: A person has it, or had it to the end. An act that was under way then still says how it ended, and changes nothing else.
IN_HAND = frozenset({State.TAKEN, State.CLOSED})

#: Outcomes after which a person has it in hand: what fails of the same cause meanwhile joins, and pages nobody again.
IN_HAND_OF_A_PERSON = frozenset(
    {Outcome.ESCALATED, Outcome.NOT_HEALED, Outcome.MADE_WORSE, Outcome.UNKNOWN, Outcome.REFUSED}
)
#: Outcomes of a run after which nothing of it needs another remedy.
WELL = frozenset({Outcome.HEALED, Outcome.RECOVERED, Outcome.SUPERSEDED})

_STANDS: Mapping[State, Status] = {
    State.OPEN: Status.WAITING,
    State.ASKED: Status.ASKED,
    State.TAKEN: Status.TAKEN,
}

#: event -> (states it may come in, state it leads to; None = unchanged). What is not here cannot happen.
TRANSITIONS: Mapping[EventKind, tuple[frozenset[State], State | None]] = {
    EventKind.OPENED: (frozenset(), State.OPEN),
    EventKind.JOINED: (_EVER, None),
    EventKind.EVIDENCE: (_ANY - {State.TAKEN}, None),
    EventKind.CLAIMED: (frozenset({State.OPEN}), State.CLAIMED),
    EventKind.DIAGNOSED: (frozenset({State.CLAIMED, State.DIAGNOSED}), State.DIAGNOSED),
    EventKind.MODEL_ASKED: (frozenset({State.CLAIMED, State.DIAGNOSED}), None),
    EventKind.MODEL_ANSWERED: (_EVER, None),
    EventKind.MODEL_PROPOSED: (_EVER, None),
    EventKind.MODEL_ENDED: (_EVER, None),
    EventKind.PROPOSED: (frozenset({State.DIAGNOSED, State.JUDGED}), None),
    EventKind.JUDGED: (frozenset({State.DIAGNOSED, State.JUDGED}), State.JUDGED),
    EventKind.ASKED: (frozenset({State.JUDGED}), State.ASKED),
    EventKind.ANSWERED: (frozenset({State.ASKED}), State.ANSWERED),
    EventKind.ACT_STARTED: (frozenset({State.JUDGED, State.ANSWERED}), State.ACTING),
    EventKind.ACT_ENDED: (frozenset({State.ACTING}), State.VERIFYING),
    EventKind.FOLLOWED: (frozenset({State.VERIFYING}), None),
    EventKind.RUN_SETTLED: (frozenset({State.VERIFYING}), None),
    EventKind.SETTLED: (_ANY, None),
    EventKind.PAGED: (_EVER, None),
    EventKind.NOTED: (_ANY, None),
    EventKind.TAKEN: (_ANY, State.TAKEN),
    EventKind.REOPENED: (frozenset({State.VERIFYING}), State.OPEN),
    EventKind.RETURNED: (frozenset({State.TAKEN, State.CLOSED}), State.OPEN),
    EventKind.ACKED: (_EVER, None),
    EventKind.FORGOTTEN: (_EVER, None),
    EventKind.RESOLVED: (_EVER, None),
    EventKind.CLOSED: (_ANY, State.CLOSED),
}


#: What one healer run finds and does; the next run starts without it, or it would take an earlier outcome for its own.
_ATTEMPT = frozenset({Diagnosed, Proposed, Judged, Asked, Answered, ActStarted, ActEnded, Settled})


#: Severities of pages, the mildest first; empty = not paged.
WORDS = ("", "low", "medium", "high", "critical")


class ImpossibleEvent(ValueError):
    """An event came in a state that does not admit it; it is not recorded."""


@dataclass(frozen=True, slots=True)
class Last:
    """The newest body of each kind of event: ``last[Judged].due``, ``last.get(Diagnosed)``, ``Resolved in last``."""

    bodies: Mapping[type[Body], Body] = field(default_factory=dict)

    def __getitem__(self, kind: type[AnyBody]) -> AnyBody:
        return cast("AnyBody", self.bodies[kind])

    def get(self, kind: type[AnyBody]) -> AnyBody | None:
        return cast("AnyBody | None", self.bodies.get(kind))

    def __contains__(self, kind: type[Body]) -> bool:
        return kind in self.bodies

    def __iter__(self) -> Iterator[type[Body]]:
        return iter(self.bodies)

    def and_(self, body: Body) -> Last:
        return Last({**self.bodies, type(body): body})

    def without(self, kinds: Set[type[Body]]) -> Last:
        return Last({kind: body for kind, body in self.bodies.items() if kind not in kinds})


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """What the events of one incident add up to.

    :param leader: the healer run that leads it now, or empty.
    :param acts: canonical acts that were started, in order, without those of which Airflow says that they were not done.
    :param started: healer runs that the harness started for it, by its own account.
    :param followed: other failed tries of the incident -> the verdict on clearing them.
    :param runs: ``dag/run`` -> how it turned out; a further healer run looks again at those that are not well.
    :param severity: the worst with which on-call was to be paged, as ``core.incidents.severity`` names it; empty where nobody was.
    :param paged: on-call's pager has it, or will.
    :param said: a page was made, whether or not there was anybody to take it.
    :param last: of what a healer run finds and does, the present run's only.
    :param resolved_at: when a person said that it is over.
    :param touched_at: when anything happened last.
    """

    id: str
    episode: str = ""
    state: State = State.OPEN
    opened_at: datetime | None = None
    closed_at: datetime | None = None
    failures: tuple[str, ...] = ()
    leader: str = ""
    acts: tuple[str, ...] = ()
    started: tuple[str, ...] = ()
    followed: Mapping[str, str] = field(default_factory=dict)
    runs: Mapping[str, Outcome] = field(default_factory=dict)
    severity: str = ""
    paged: bool = False
    said: bool = False
    outcome: Outcome | None = None
    last: Last = field(default_factory=Last)
    resolved_at: datetime | None = None
    touched_at: datetime | None = None

    @property
    def with_a_person(self) -> bool:
        """Whether it ended with a person who has not said that it is over."""
        return self.outcome in IN_HAND_OF_A_PERSON and Resolved not in self.last

    @property
    def is_asked(self) -> bool:
        """Whether a person's answer is still waited for; what is settled is not, though no answer changed its state."""
        return self.state is State.ASKED and Settled not in self.last

    @property
    def status(self) -> Status:
        """Where it stands; what went to a person stays open until that person, or verification, says that it is well."""
        if Resolved in self.last:
            return Status.RESOLVED
        if self.state is State.CLOSED:
            return Status.PERSON if self.with_a_person else Status.OVER
        if self.state is State.ASKED and not self.is_asked:
            return Status.WORKING
        return _STANDS.get(self.state, Status.WORKING)

    @property
    def is_open(self) -> bool:
        """Whether something is left to do, for the healer or for a person."""
        return self.status not in (Status.RESOLVED, Status.OVER)

    def after(self, event: Event) -> Incident:
        """This incident with one more event."""
        late = event.kind is EventKind.ACT_ENDED and self.state in IN_HAND
        allowed, target = (IN_HAND, None) if late else TRANSITIONS[event.kind]
        first = event.kind is EventKind.OPENED
        if first != (self.opened_at is None) or (not first and self.state not in allowed):
            raise ImpossibleEvent(f"{event.kind} cannot follow state {self.state} of incident {self.id}")
        if event.kind is EventKind.RETURNED and self.state is State.CLOSED and not self.with_a_person:
            raise ImpossibleEvent(f"{event.kind} cannot follow outcome {self.outcome} of incident {self.id}")
        moved = replace(self, last=self.last.and_(event.body), state=target or self.state, touched_at=event.at)
        fold_in = _FOLD.get(event.kind)
        return moved if fold_in is None else fold_in(moved, event.body, event.at)


def _opened(incident: Incident, body: Opened, at: datetime) -> Incident:
    return replace(incident, opened_at=at, episode=body.episode, failures=(*incident.failures, body.failure))


def _failed(incident: Incident, body: Joined, _at: datetime) -> Incident:
    return replace(incident, failures=(*incident.failures, body.failure))


def _claimed(incident: Incident, body: Claimed, _at: datetime) -> Incident:
    well = {name: outcome for name, outcome in incident.runs.items() if outcome in WELL}
    return replace(incident, leader=body.run, last=incident.last.without(_ATTEMPT), runs=well)


def _noted(incident: Incident, body: Noted, _at: datetime) -> Incident:
    return incident if body.run is None else replace(incident, started=(*incident.started, body.run))


def _followed(incident: Incident, body: Followed, _at: datetime) -> Incident:
    return replace(incident, followed={**incident.followed, body.failure: body.verdict})


def _run_settled(incident: Incident, body: RunSettled, _at: datetime) -> Incident:
    return replace(incident, runs={**incident.runs, body.run: body.outcome})


def _returned(incident: Incident, _body: Returned, _at: datetime) -> Incident:
    """The run that led has stopped: it must not end what another one takes up, nor count as under way."""
    return replace(incident, leader="", last=incident.last.without({Noted}), closed_at=None, outcome=None)


def _act_started(incident: Incident, body: ActStarted, _at: datetime) -> Incident:
    return replace(incident, acts=(*incident.acts, body.act))


def _act_ended(incident: Incident, body: ActEnded, _at: datetime) -> Incident:
    return replace(incident, acts=tuple(act for act in incident.acts if act != body.act)) if body.undone else incident


def _paged(incident: Incident, body: Paged, _at: datetime) -> Incident:
    trigger = body.action == "trigger"
    return replace(
        incident,
        said=incident.said or trigger,
        paged=incident.paged or (trigger and body.reached != Reached.NOBODY),
        severity=max(incident.severity, body.severity or "", key=WORDS.index),
    )


def _resolved(incident: Incident, _body: Resolved, at: datetime) -> Incident:
    return replace(incident, resolved_at=at)


def _closed(incident: Incident, body: Closed, at: datetime) -> Incident:
    return replace(incident, closed_at=at, outcome=body.outcome)


#: What an event changes beside state and time; the incident has those already. A kind that is not here changes nothing else.
_FOLD: Mapping[EventKind, Callable[[Incident, Any, datetime], Incident]] = {
    EventKind.OPENED: _opened,
    EventKind.JOINED: _failed,
    EventKind.CLAIMED: _claimed,
    EventKind.NOTED: _noted,
    EventKind.FOLLOWED: _followed,
    EventKind.RUN_SETTLED: _run_settled,
    EventKind.RETURNED: _returned,
    EventKind.ACT_STARTED: _act_started,
    EventKind.ACT_ENDED: _act_ended,
    EventKind.PAGED: _paged,
    EventKind.RESOLVED: _resolved,
    EventKind.CLOSED: _closed,
}


def fold(incident: Incident | str, events: Iterable[Event]) -> Incident:
    """The incident that these events, in order, add up to.

    :param incident: what the events before them add up to, or its id where there are none.
    """
    incident = Incident(id=incident) if isinstance(incident, str) else incident
    names, last = list[str](), None
    for event in events:
        if isinstance(event.body, Joined) and incident.opened_at is not None:
            names.append(event.body.failure)  # a storm's many are taken at once: each by itself copies all before it
            last = event
            continue
        incident = _joined(incident, names, last).after(event)
        names, last = [], None
    return _joined(incident, names, last)


def _joined(incident: Incident, names: Sequence[str], last: Event | None) -> Incident:
    """The incident after failures that joined one after the other, ``last`` at the end."""
    if last is None:
        return incident
    return replace(incident.after(last), failures=(*incident.failures, *names))


def run_id(episode: str, number: int) -> str:
    """The name of the healer run of an episode."""
    return f"heal__{episode}__{number}"


def episode_of(key: TryKey, cause: str = "") -> str:
    """The episode that a failed try would open: one cause in one run of one Dag, whatever its tasks, siblings and tries.

    16 hexadecimal characters; the same for every process that computes it, so that two captures start one healer. An
    incident keeps the episode of the failure that opened it.

    :param cause: ``core.incidents.grouping.signature`` of the failure, where it says anything.
    """
    parts = (key.dag_id, key.run_id, *([cause] if cause else ()))
    return hashlib.sha256("\0".join(parts).encode(errors="replace")).hexdigest()[:16]
