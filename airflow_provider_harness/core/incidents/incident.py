"""An incident: one episode of one cause, from the first failure to a verified outcome. State is a fold over events."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from airflow_provider_harness.core.diagnosis.failure import TryKey
from airflow_provider_harness.core.incidents.outbox import Reached


class EventKind(StrEnum):
    OPENED = "opened"  # body: episode, failure
    JOINED = "joined"  # body: failure
    CLAIMED = "claimed"  # body: run; this healer run leads, every other one ends
    EVIDENCE = "evidence"  # body: facts, observations, unavailable
    DIAGNOSED = "diagnosed"  # body: category, cause, basis, certainty, why, citations
    MODEL_ASKED = "model_asked"  # body: call, reserved_usd
    MODEL_ANSWERED = "model_answered"  # body: call and app.ports_diagnosis.ModelCall
    MODEL_PROPOSED = "model_proposed"  # body: action, category, why, named, verdict, rule, reason; nothing is done
    MODEL_ENDED = "model_ended"  # body: turns, tokens, cost, reads, what was refused and how often, how it ended
    PROPOSED = "proposed"  # body: action, arguments, why
    JUDGED = "judged"  # body: verdict, rule, reason, policy_version
    ASKED = "asked"  # body: approval, assigned, expires
    ANSWERED = "answered"  # body: answer, by
    ACT_STARTED = "act_started"  # body: act
    ACT_ENDED = "act_ended"  # body: act, at, result, and what it led to; done (yes, no, unknown) where Airflow did not say so at once
    FOLLOWED = "followed"  # body: failure, act, verdict, rule, reason; another failed task of the incident, after the leader's heal
    RUN_SETTLED = "run_settled"  # body: run, outcome, text; how one of the incident's runs turned out
    SETTLED = "settled"  # body: outcome, text, gates; how an act, or the decision not to act, turned out
    PAGED = "paged"  # body: dedup_key, severity, summary, action, reached, reached_why, also_told
    NOTED = "noted"  # body: text; run, where the harness started this healer run
    TAKEN = "taken"  # body: by
    RETURNED = "returned"  # body: by; also of what had ended with a person: the healer looks at it anew
    ACKED = "acked"  # body: by; a person has seen it
    RESOLVED = "resolved"  # body: by, why; a person says that it is over
    REOPENED = "reopened"  # body: why; one further remedy will be tried, by another healer run
    CLOSED = "closed"  # body: outcome, why


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
    EventKind.RESOLVED: (_EVER, None),
    EventKind.CLOSED: (_ANY, State.CLOSED),
}


#: What one healer run finds and does; the next run starts without it, or it would take an earlier outcome for its own.
_ATTEMPT = frozenset(
    {
        EventKind.DIAGNOSED,
        EventKind.PROPOSED,
        EventKind.JUDGED,
        EventKind.ASKED,
        EventKind.ANSWERED,
        EventKind.ACT_STARTED,
        EventKind.ACT_ENDED,
        EventKind.SETTLED,
    }
)


#: Severities of pages, the mildest first; empty = not paged.
WORDS = ("", "low", "medium", "high", "critical")


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened to an incident.

    :param at: UTC.
    :param body: see ``EventKind`` for the keys; JSON values only.
    """

    incident_id: str
    kind: EventKind
    at: datetime
    body: Mapping[str, Any] = field(default_factory=dict)


class ImpossibleEvent(ValueError):
    """An event came in a state that does not admit it; it is not recorded."""


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
    :param last: the newest body of each kind of event; of what a healer run finds and does, the present run's only.
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
    last: Mapping[EventKind, Mapping[str, Any]] = field(default_factory=dict)
    resolved_at: datetime | None = None
    touched_at: datetime | None = None

    @property
    def with_a_person(self) -> bool:
        """Whether it ended with a person who has not said that it is over."""
        return self.outcome in IN_HAND_OF_A_PERSON and EventKind.RESOLVED not in self.last

    @property
    def is_asked(self) -> bool:
        """Whether a person's answer is still waited for; what is settled is not, though no answer changed its state."""
        return self.state is State.ASKED and EventKind.SETTLED not in self.last

    @property
    def status(self) -> Status:
        """Where it stands; what went to a person stays open until that person, or verification, says that it is well."""
        if EventKind.RESOLVED in self.last:
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
        body = event.body
        changes: dict[str, Any] = {"last": {**self.last, event.kind: body}, "state": target or self.state}
        changes["touched_at"] = event.at
        if first:
            changes |= {"opened_at": event.at, "episode": body["episode"]}
        if event.kind in (EventKind.OPENED, EventKind.JOINED):
            changes["failures"] = (*self.failures, body["failure"])
        if event.kind is EventKind.CLAIMED:
            changes["leader"] = body["run"]
            changes["last"] = {kind: body for kind, body in changes["last"].items() if kind not in _ATTEMPT}
            changes["runs"] = {name: outcome for name, outcome in self.runs.items() if outcome in WELL}
        if event.kind is EventKind.NOTED and "run" in body:
            changes["started"] = (*self.started, body["run"])
        if event.kind is EventKind.FOLLOWED:
            changes["followed"] = {**self.followed, body["failure"]: body["verdict"]}
        if event.kind is EventKind.RUN_SETTLED:
            changes["runs"] = {**self.runs, body["run"]: Outcome(body["outcome"])}
        if event.kind is EventKind.RETURNED:
            if self.state is State.CLOSED and not self.with_a_person:
                raise ImpossibleEvent(f"{event.kind} cannot follow outcome {self.outcome} of incident {self.id}")
            # the run that led has stopped: it must not end what another one takes up, nor count as under way
            changes |= {"leader": "", "last": {k: v for k, v in changes["last"].items() if k is not EventKind.NOTED}}
            changes |= {"closed_at": None, "outcome": None}
        if event.kind is EventKind.ACT_STARTED:
            changes["acts"] = (*self.acts, body["act"])
        if event.kind is EventKind.ACT_ENDED and body.get("undone"):
            changes["acts"] = tuple(act for act in self.acts if act != body["act"])
        if event.kind is EventKind.PAGED:
            trigger = body.get("action") == "trigger"
            changes["said"] = self.said or trigger
            changes["paged"] = self.paged or (trigger and body.get("reached") != Reached.NOBODY)
            changes["severity"] = max(self.severity, body.get("severity", ""), key=WORDS.index)
        if event.kind is EventKind.RESOLVED:
            changes["resolved_at"] = event.at
        if event.kind is EventKind.CLOSED:
            changes |= {"closed_at": event.at, "outcome": Outcome(body["outcome"])}
        return replace(self, **changes)


def fold(incident: Incident | str, events: Iterable[Event]) -> Incident:
    """The incident that these events, in order, add up to.

    :param incident: what the events before them add up to, or its id where there are none.
    """
    incident = Incident(id=incident) if isinstance(incident, str) else incident
    names, last = list[str](), None
    for event in events:
        if event.kind is EventKind.JOINED and incident.opened_at is not None:
            names.append(
                str(event.body["failure"])
            )  # a storm's many are taken at once: each by itself copies all before it
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
