"""Second adapters for the healer's ports, in memory: the store on the same fold, everything else scripted."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow_provider_harness.adapters.store.reports import content
from airflow_provider_harness.adapters.store.ulid import ulid
from airflow_provider_harness.app.ports.airflow import Answer, BrokenFile, DagFacts, RunState, TaskState
from airflow_provider_harness.app.ports.healing import GateResult, Healer, Limits, Page
from airflow_provider_harness.app.ports.sla_alerts import HighWaterMark, SlaAlert
from airflow_provider_harness.app.ports.store import Approval, AskState, Joined
from airflow_provider_harness.app.reports.postmortem import postmortem
from airflow_provider_harness.core.actions import ActionKind, Parameter, Proposal, beginning
from airflow_provider_harness.core.contracts.contract import Contract
from airflow_provider_harness.core.contracts.grant import Grant
from airflow_provider_harness.core.diagnosis.diagnosis import Basis, Category, Certainty, Diagnosis
from airflow_provider_harness.core.diagnosis.evidence import Evidence
from airflow_provider_harness.core.diagnosis.failure import Failure, FailureKind, Origin, SchedulerWord, TryKey
from airflow_provider_harness.core.diagnosis.reported import Reported
from airflow_provider_harness.core.errors import ConfigurationError, HarnessUnavailable, NotAllowed
from airflow_provider_harness.core.incidents import events as happened
from airflow_provider_harness.core.incidents.circuit_breaker import IncidentSummary, past_of
from airflow_provider_harness.core.incidents.events import Event, EventKind
from airflow_provider_harness.core.incidents.grouping import GroupIndex, OpenGroup, handles, signature
from airflow_provider_harness.core.incidents.incident import (
    IN_HAND_OF_A_PERSON,
    ImpossibleEvent,
    Incident,
    State,
    episode_of,
    fold,
)
from airflow_provider_harness.core.incidents.outbox import Delivery, MessageKind, Reached
from airflow_provider_harness.core.incidents.remembered import KINDS
from airflow_provider_harness.core.policy.policy import Limit, Policy, Rule, Usage, VerdictKind
from airflow_provider_harness.core.slices.lease import Lease
from tests.events import event_of

START = datetime(2026, 11, 21, 12, tzinfo=UTC)
RUN = "heal__run"
KEY = TryKey(dag_id="flights", run_id="run1", task_id="load", try_number=1)


@dataclass
class Clock:
    at: datetime = START

    def __call__(self) -> datetime:
        return self.at

    def ahead(self, **delta: float) -> None:
        self.at += timedelta(**delta)


class Crash(BaseException):
    """Stands for kill -9: nothing catches it."""


@dataclass
class MemoryStore:
    """Implements ``app.ports.healing.Store``; held to ``tests/ports/test_store_port.py`` like the store itself.

    :param crash_before: dies before it writes an event of this kind.
    """

    clock: Clock
    recorded: dict[str, tuple[Failure, str]] = field(default_factory=dict)
    joined: dict[str, str] = field(default_factory=dict)
    log: list[Event] = field(default_factory=list)
    acts: list[tuple[str, str, str, ActionKind, str, str]] = field(default_factory=list)
    approvals: list[Approval] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    marks: list[datetime] = field(default_factory=list)
    named: dict[str, str] = field(default_factory=dict)
    held: list[OpenGroup] = field(default_factory=list)
    gone: set[str] = field(default_factory=set)
    aside: dict[str, str] = field(default_factory=dict)
    others: dict[str, list[Reported]] = field(default_factory=dict)
    crash_before: EventKind | None = None
    cost: tuple[float, float] = (0.0, 0.0)

    def record(self, failure: Failure, incident_id: str) -> bool:
        """Of two reports, the second one wins while none has joined."""
        known = self.recorded.get(failure.identity)
        if failure.identity in self.joined or (known and content(known[0]) == content(failure)):
            return False
        self.recorded[failure.identity] = failure, incident_id
        self.aside.pop(failure.identity, None)
        return True

    def found(self, failure: Failure, incident_id: str) -> bool:
        return self.record(failure, incident_id)

    def waiting(self, most: int = 1_000, after: Reported | None = None) -> Sequence[Reported]:
        """A failure that says that it is the reconciler's is taken for that here; the store on SQL asks for the seal."""
        keys = [key for key in self.recorded if key not in self.joined and key not in self.aside]
        start = keys.index(after.key) + 1 if after is not None and after.key in keys else 0
        return [
            Reported(
                key=key,
                failure=self.recorded[key][0],
                incident_id=self.recorded[key][1],
                recorded_at=self.clock.at,
            )
            for key in (keys[start : start + most] if after is None or after.key in keys else [])
        ]

    def handed(self, incident_id: str) -> Sequence[Reported]:
        return [item for item in self.waiting() if item.incident_id == incident_id]

    def told(self, key: str) -> Sequence[Reported]:
        return self.others.get(key, [])

    def believe(self, report: Reported) -> None:
        self.recorded[report.key] = report.failure, self.recorded[report.key][1]

    def undecided(self, keys: Sequence[str]) -> set[str]:
        return {item.key for item in self.waiting(len(self.recorded))} & set(keys)

    def set_aside(self, why: Sequence[tuple[Reported, str]], now: datetime) -> None:
        self.aside |= {item.key: reason for item, reason in why}

    def intake(self, now: datetime, believed: Sequence[Reported]) -> Sequence[Joined]:
        found = []
        groups = GroupIndex(item for item in self.held if item.incident_id not in self._over())
        for item in believed:
            identity, failure, incident_id = item.key, item.failure, item.incident_id
            if identity in self.joined:
                continue
            self.recorded[identity] = failure, incident_id
            there = groups.find(handles(failure), failure.occurred_at)
            episode = episode_of(failure.key, signature(failure).text)
            target = there or (ulid(now) if incident_id in self._ids() else incident_id)
            body = happened.Joined(failure=identity) if there else happened.Opened(failure=identity, episode=episode)
            self.append(Event(incident_id=target, at=now, body=body))
            self.joined[identity] = target
            groups.put(handles(failure), target, failure.occurred_at)
            found.append(Joined(incident_id=target, failure=failure, opened=there is None))
        self.held += groups.changed.values()
        return found

    def _over(self) -> set[str]:
        over = (None, *IN_HAND_OF_A_PERSON)
        done = {item.id for item in self.incidents() if item.outcome not in over or happened.Resolved in item.last}
        return done | self.gone

    def _ids(self) -> set[str]:
        return {event.incident_id for event in self.log}

    def resolve(self, handed: str) -> str:
        mine = (self.joined.get(identity) for identity, (_, given) in self.recorded.items() if given == handed)
        return handed if handed in self._ids() else next((name for name in mine if name), handed)

    def incident_of(self, failure: str) -> str | None:
        return self.joined.get(failure)

    def awaiting_person(self) -> Sequence[Incident]:
        return [item for item in self.incidents() if item.outcome is not None and item.id not in self._over()]

    def stop_grouping(self, incident_id: str) -> None:
        self.gone.add(incident_id)

    def incidents(self) -> list[Incident]:
        return [self.incident(name) for name in dict.fromkeys(event.incident_id for event in self.log)]

    def incident(self, incident_id: str) -> Incident:
        return fold(incident_id, self.events(incident_id))

    def events(self, incident_id: str) -> Sequence[Event]:
        return [event for event in self.log if event.incident_id == incident_id]

    def head(self) -> str:
        return f"{len(self.log):064x}"

    def failures(self, incident_id: str) -> Sequence[Failure]:
        return [self.recorded[identity][0] for identity, name in self.joined.items() if name == incident_id]

    def known(self, keys: Sequence[str]) -> set[str]:
        return set(keys) & set(self.joined)

    def append(self, *events: Event) -> None:
        """All of them, or none."""
        after = {name: self.incident(name) for name in dict.fromkeys(event.incident_id for event in events)}
        for event in events:
            if event.kind is self.crash_before:
                self.crash_before = None
                raise Crash
            before = after[event.incident_id]
            after[before.id] = before.after(event)
            if event.kind is EventKind.RETURNED and before.outcome is not None:
                for other in self.open_incidents():
                    if other.episode == before.episode:
                        raise ImpossibleEvent(f"incident {other.id} of the same cause is open already")
        self.log += events

    def usage(self, incident_id: str, dag_id: str, kind: ActionKind, now: datetime, target: str = "") -> Usage:
        same = [act for act in self.acts if act[3] is kind]
        today = [act for act in same if (act[2], act[4]) == (dag_id, now.date().isoformat())]
        return Usage(
            on_incident=sum(act[0] == incident_id and target in ("", act[5]) for act in same), on_dag_today=len(today)
        )

    def reserve_act(
        self,
        incident_id: str,
        dag_id: str,
        proposal: Proposal,
        limit: Limit,
        now: datetime,
        started: happened.ActStarted | happened.Followed | None = None,
    ) -> bool:
        act = proposal.canonical()
        if any(row[:2] == (incident_id, act) for row in self.acts):
            return False
        usage = self.usage(incident_id, dag_id, proposal.kind, now, proposal.target)
        for used, most in ((usage.on_incident, limit.per_incident), (usage.on_dag_today, limit.per_dag_per_day)):
            if most is not None and used >= most:
                raise NotAllowed("The limit is used up.")
        self.append(Event(incident_id=incident_id, at=now, body=started or happened.ActStarted(act=act)))
        self.acts.append((incident_id, act, dag_id, proposal.kind, now.date().isoformat(), proposal.target))
        return True

    def give_back(self, incident_id: str, proposal: Proposal) -> None:
        self.acts = [row for row in self.acts if row[:2] != (incident_id, proposal.canonical())]

    def ask(self, approval: Approval) -> None:
        assert approval.id not in {item.id for item in self.approvals}
        self.approvals.append(approval)

    def approval(self, incident_id: str, healer_run: str) -> Approval | None:
        mine = [item for item in self.approvals if (item.incident_id, item.healer_run) == (incident_id, healer_run)]
        return mine[-1] if mine else None

    def use_approval(self, approval: Approval, now: datetime) -> AskState:
        wanted = approval.id, approval.act, approval.incident_id
        row = next((item for item in self.approvals if (item.id, item.act, item.incident_id) == wanted), None)
        if row is None:
            return AskState.ABSENT
        if row.id in self.used:
            return AskState.SPENT
        if row.expires_at <= now:
            return AskState.EXPIRED
        self.used.add(row.id)
        return AskState.USED

    def spent(self, incident_id: str, now: datetime) -> tuple[float, float]:
        return self.cost

    def healer_runs(self, episode: str) -> int:
        return sum(item.episode == episode for item in self.incidents())

    def retries(self, dag_id: str, since: datetime) -> Sequence[Event]:
        first = beginning(ActionKind.RETRY_TASK, Parameter.DAG, dag_id)
        names = {item.incident_id for item in self.approvals if item.act.startswith(first)}
        names |= {act[0] for act in self.acts if act[2:4] == (dag_id, ActionKind.RETRY_TASK)}
        touched = {event.incident_id for event in self.log if event.at >= since} & names
        return [event for event in self.log if event.incident_id in touched and event.kind in KINDS]

    def past(self, since: datetime) -> Sequence[IncidentSummary]:
        return [item for item in past_of(self.log) if item.opened_at >= since]

    def last_pass(self) -> datetime | None:
        return self.marks[-1] if self.marks else None

    def get_value(self, name: str) -> str | None:
        return self.named.get(name)

    def set_value(self, name: str, value: str) -> None:
        self.named[name] = value

    def note_pass(self, at: datetime) -> None:
        self.marks.append(at)

    def open_incidents(self) -> Sequence[Incident]:
        return [item for item in self.incidents() if item.outcome is None]

    def unsettled(self, before: datetime) -> Sequence[Incident]:
        return [
            item
            for item in self.incidents()
            if item.outcome is None and item.state is not State.TAKEN and self.events(item.id)[-1].at < before
        ]


def task(**more: Any) -> TaskState:
    given = {
        "dag_id": "flights",
        "run_id": "run1",
        "task_id": "load",
        "map_index": -1,
        "state": "failed",
        "try_number": 1,
    }
    return TaskState(**given | more)


def dag(**more: Any) -> DagFacts:
    given = {"dag_id": "flights", "paused": False, "tags": ("harness",), "owners": ("team",), "fileloc": "/dags/f.py"}
    return DagFacts(**given | more)


#: A healer run as the harness names it; others are names of tests, and there.
_STARTED_ID = re.compile(r"heal__[0-9a-f]{16}__\d+")


@dataclass
class FakeAirflow:
    """Implements ``app.ports.airflow.Airflow``.

    :param writes: every call that changes something: its name and arguments.
    :param refuses: the next writes raise ``NotAllowed`` with this reason.
    :param dies: the next write happens, and then we die.
    :param away: so many of the next writes are not answered; ``takes``: they are made all the same.
    :param silent: nothing can be read either.
    :param created: a backfill that was created without our hearing of it.
    """

    states: list[TaskState] = field(default_factory=lambda: [task()])
    dags: dict[str, DagFacts] = field(default_factory=lambda: {"flights": dag()})
    run: str = "failed"
    said: Answer = field(default_factory=lambda: Answer(answered=False))
    by_hand: set[str] = field(default_factory=set)
    looked_after: list[str] = field(default_factory=lambda: ["flights"])
    healing: set[str] = field(default_factory=set)
    never_succeeded: set[tuple[str, str]] = field(default_factory=set)
    backfilled: bool = True
    writes: list[tuple[Any, ...]] = field(default_factory=list)
    refuses: str = ""
    dies: bool = False
    away: int = 0
    takes: bool = False
    silent: bool = False
    created: int | None = None
    parts: dict[str, str] = field(default_factory=lambda: {"metadatabase": "healthy", "scheduler": "healthy"})
    asked_since: list[datetime] = field(default_factory=list)
    failed: list[RunState] = field(default_factory=list)
    assets: dict[str, datetime] = field(default_factory=dict)
    broken: list[BrokenFile] = field(default_factory=list)
    slices: list[RunState] = field(default_factory=list)
    ended_as: dict[str, str] = field(default_factory=dict)
    healer_run: str = "running"
    by_person: set[str] = field(default_factory=set)
    scheduler: SchedulerWord | None = None

    def tried(self, key: TryKey) -> str:
        return self.ended_as.get(str(key), "failed")

    def succeeded(self, dag_id: str, task_id: str) -> bool:
        return (dag_id, task_id) not in self.never_succeeded

    def _write(self, *call: Any) -> None:
        if self.refuses:
            raise NotAllowed(self.refuses)
        self.writes.append(call)
        if self.away:
            self.away -= 1
            if self.takes:
                self._take(*call)
            raise HarnessUnavailable("Airflow's API", f"POST {call[0]}: 503")
        if self.dies:
            raise Crash

    def _take(self, name: str, dag_id: str, *rest: Any) -> None:
        """What a call that is not answered does all the same."""
        if name == "backfill":
            self.created = 8
        elif name == "pause":
            self.dags[dag_id] = replace(self.dags[dag_id], paused=True)
        else:
            self.run, cleared = "queued", rest[1:2]
            self.states = [
                replace(item, state="") if not cleared or item.task_id in cleared else item for item in self.states
            ]

    def _read(self) -> None:
        if self.silent:
            raise HarnessUnavailable("Airflow's API", "503")

    def backfill_of(self, dag_id: str, first: datetime, last: datetime, since: datetime) -> int | None:
        self._read()
        return self.created

    def account(self) -> str:
        return "harness"

    def dag(self, dag_id: str) -> DagFacts:
        self._read()
        if dag_id not in self.dags:
            raise NotAllowed(f"Airflow knows no {dag_id}")
        return self.dags[dag_id]

    def runs(self, dag_id: str, since: datetime) -> Sequence[RunState]:
        return [item for item in self.slices if item.dag_id == dag_id]

    def asset_updated(self, uri: str) -> datetime | None:
        return self.assets.get(uri)

    def dag_url(self, dag_id: str) -> str:
        return f"http://airflow/{dag_id}"

    def run_state(self, dag_id: str, run_id: str) -> str:
        self._read()
        if dag_id != "harness_healer":
            return self.run
        if _STARTED_ID.fullmatch(run_id) and run_id not in self.healing:
            raise NotAllowed(f"There is no run {run_id}.")
        return self.healer_run

    def from_task(self, run_id: str) -> bool:
        return run_id not in self.by_person

    def tasks(self, dag_id: str, run_id: str) -> Sequence[TaskState]:
        return [item for item in self.states if (item.dag_id, item.run_id) == (dag_id, run_id)]

    def task(self, dag_id: str, run_id: str, task_id: str, map_index: int = -1) -> TaskState:
        self._read()
        wanted = (dag_id, run_id, task_id, map_index)
        for item in self.states:
            if (item.dag_id, item.run_id, item.task_id, item.map_index) == wanted:
                return item
        raise NotAllowed(f"Airflow knows no {wanted}")

    def log(self, state: TaskState, try_number: int) -> bytes:
        return b""

    def scheduler_said(self, key: TryKey) -> SchedulerWord | None:
        return self.scheduler

    def failed_tasks(self, since: datetime) -> Sequence[TaskState]:
        self.asked_since.append(since)
        return [item for item in self.states if item.state == "failed"]

    def marked_by_hand(self, states: Sequence[TaskState]) -> set[tuple[str, str, str, int]]:
        return {state.instance for state in states if state.task_id in self.by_hand}

    def enrolled_dags(self) -> Sequence[str]:
        return self.looked_after

    def enrolled(self, dag_id: str) -> bool:
        return dag_id in self.looked_after or (dag_id in self.dags and "harness" in self.dags[dag_id].tags)

    def answer(self, dag_id: str, run_id: str, task_id: str) -> Answer:
        return self.said

    def required_action_url(self, dag_id: str, run_id: str, task_id: str) -> str:
        return f"http://airflow/{dag_id}/{run_id}/{task_id}"

    def clear(self, state: TaskState, note: str) -> int:
        self._write("clear", state.dag_id, state.run_id, state.task_id, state.map_index)
        return 1

    def clear_failed(self, dag_id: str, run_id: str, note: str) -> int:
        self._write("clear_failed", dag_id, run_id)
        return 1

    def backfill(self, dag_id: str, first: datetime, last: datetime) -> int:
        self._write("backfill", dag_id, first, last)
        return 7

    def backfill_done(self, backfill_id: int) -> bool:
        return self.backfilled

    def pause(self, dag_id: str) -> None:
        self._write("pause", dag_id)

    def note(self, state: TaskState, text: str) -> None:
        self._write("note", state.task_id, text)

    def failed_runs(self, since: datetime) -> Sequence[RunState]:
        return self.failed

    def run_marked_by_hand(self, run: RunState) -> bool:
        return run.run_id in self.by_hand

    def broken_files(self) -> Sequence[BrokenFile]:
        return self.broken

    def import_errors_url(self) -> str:
        return "http://airflow/"

    def health(self) -> dict[str, str]:
        self._read()
        return self.parts

    def run_url(self, dag_id: str, run_id: str) -> str:
        return f"http://airflow/{dag_id}/{run_id}"

    def incident_url(self, incident_id: str) -> str:
        return f"http://airflow/plugin/harness/incidents/{incident_id}"

    def note_run(self, run_id: str, text: str) -> None:
        self._write("note_run", run_id, text)

    def start(self, incident_id: str, episode: str, number: int) -> bool:
        name = f"heal__{episode}__{number}"
        if name in self.healing:
            return False
        self._write("start", incident_id)
        self.healing.add(name)
        return True


@dataclass
class MemorySpool:
    """Implements ``app.ports.healing.Spool``."""

    kept: dict[str, Failure] = field(default_factory=dict)

    def keep(self, failure: Failure) -> None:
        self.kept[failure.identity] = failure

    def waiting(self) -> Sequence[Failure]:
        return list(self.kept.values())

    def forget(self, failure: Failure) -> None:
        self.kept.pop(failure.identity, None)


@dataclass
class FakeGates:
    """:param results: task id -> its gate, or what is raised."""

    results: dict[str, GateResult | Exception] = field(default_factory=dict)
    gaps: list[datetime] = field(default_factory=list)
    alone: int = 1
    length: timedelta = timedelta(days=1)
    late: datetime | None = None
    contracts: dict[str, Contract] = field(default_factory=dict)
    source: bool | Exception | None = None

    def arrived(self, state: TaskState) -> bool | None:
        if isinstance(self.source, Exception):
            raise self.source
        return self.source

    def place(self, conn_id: str, table: str) -> str:
        return f"postgres://db:5432/shop.{table}, connection {conn_id}"

    def contract(self, state: TaskState) -> Contract | None:
        return self.contracts.get(state.dag_id)

    def published(self, state: TaskState, dag: DagFacts, slice_start: datetime | None = None) -> GateResult | None:
        found = self.results.get(state.task_id if slice_start is None else slice_start.isoformat())
        if isinstance(found, Exception):
            raise found
        return found

    def missing(self, state: TaskState, dag: DagFacts) -> Sequence[datetime]:
        return list(self.gaps)

    def slices(self, state: TaskState, dag: DagFacts, first: datetime, last: datetime) -> Sequence[datetime]:
        return [first + n * self.length for n in range((last - first) // self.length + 1)]

    def slice_length(self, state: TaskState, dag: DagFacts) -> timedelta:
        return self.length

    def late_from(self, state: TaskState, dag: DagFacts) -> datetime | None:
        return self.late

    def alone_limit(self, state: TaskState, dag: DagFacts) -> int:
        return self.alone


@dataclass
class FakeSlices:
    """Implements ``app.ports.healing.Slices``.

    :param busy: task id -> who works on its slice.
    :param kept: the tasks whose slice was kept for them.
    """

    busy: dict[str, Lease] = field(default_factory=dict)
    kept: list[str] = field(default_factory=list)

    def keep(self, state: TaskState, now: datetime) -> Lease | None:
        if state.task_id not in self.busy:
            self.kept.append(state.task_id)
        return self.busy.get(state.task_id)


@dataclass
class FakeGrants:
    """Implements ``app.ports.healing.Grants``."""

    given: dict[str, Grant] = field(default_factory=dict)

    def give(self, grant: Grant) -> None:
        assert grant.id not in self.given
        self.given[grant.id] = grant

    def withdraw(self, grant_id: str) -> None:
        del self.given[grant_id]


@dataclass
class FakePromises:
    """Implements ``app.ports.sla_alerts.Promises``."""

    marks: list[HighWaterMark] = field(default_factory=list)
    contracts: dict[str, Contract] = field(default_factory=dict)
    upstream: dict[str, tuple[str, ...]] = field(default_factory=dict)
    rows: list[SlaAlert] = field(default_factory=list)
    over: list[SlaAlert] = field(default_factory=list)
    sure: dict[tuple[str, str], HighWaterMark] = field(default_factory=dict)
    others: list[HighWaterMark] = field(default_factory=list)

    def published(self) -> Sequence[HighWaterMark]:
        return self.marks

    def tellers(self, mark: HighWaterMark) -> Sequence[HighWaterMark]:
        return self.others

    def borne_out(self) -> Sequence[HighWaterMark]:
        return list(self.sure.values())

    def bear_out(self, mark: HighWaterMark) -> None:
        self.sure[mark.conn_id, mark.table] = mark

    def contract(self, mark: HighWaterMark) -> Contract:
        if mark.contract not in self.contracts:
            raise ConfigurationError(mark.contract, "is not there.")
        return self.contracts[mark.contract]

    def feeders(self, dag_id: str, task_id: str) -> Sequence[str]:
        return self.upstream.get(f"{dag_id}.{task_id}", ())

    def open_alerts(self) -> Sequence[SlaAlert]:
        return list(self.rows)

    def record_alert(self, risk: SlaAlert, now: datetime) -> bool:
        if any(self._same(row, risk) for row in (*self.rows, *self.over)):
            return False
        self.rows.append(risk)
        return True

    def move(self, risk: SlaAlert, dedup_key: str) -> None:
        self.rows = [replace(row, dedup_key=dedup_key) if self._same(row, risk) else row for row in self.rows]

    def end(self, risk: SlaAlert, now: datetime) -> None:
        self.over += [row for row in self.rows if self._same(row, risk)]
        self.rows = [row for row in self.rows if not self._same(row, risk)]

    @staticmethod
    def _same(one: SlaAlert, two: SlaAlert) -> bool:
        return (one.conn_id, one.table, one.slice, one.due) == (two.conn_id, two.table, two.slice, two.due)


@dataclass
class FakePager:
    pages: list[Page] = field(default_factory=list)
    resolved: list[str] = field(default_factory=list)
    changes: list[Page] = field(default_factory=list)
    flushed: int = 0
    seen: list[str] = field(default_factory=list)
    dies: bool = False
    delivery: Delivery = field(default_factory=lambda: Delivery(reached=Reached.SENT))

    def reached(self, dedup_key: str, kind: MessageKind = MessageKind.TRIGGER) -> Delivery:
        return self.delivery

    def trigger(self, page: Page) -> None:
        self.pages.append(page)
        if self.dies:
            raise Crash

    def change(self, page: Page) -> None:
        self.changes.append(page)

    def flush(self) -> None:
        self.flushed += 1

    def resolve(self, dedup_key: str) -> None:
        self.resolved.append(dedup_key)

    def acknowledge(self, dedup_key: str) -> None:
        self.seen.append(dedup_key)


@dataclass
class FakeApprovers:
    users: tuple[str, ...] = ("oncall",)

    def of(self, dag: DagFacts) -> Sequence[str]:
        return self.users


@dataclass
class Scripted:
    """Evidence and diagnosis as they are given."""

    diagnosis: Diagnosis
    evidence: Evidence = field(default_factory=Evidence)

    def collect(self, failure: Failure) -> Evidence:
        return self.evidence

    def diagnose(self, failure: Failure | None, evidence: Evidence) -> Diagnosis:
        return self.diagnosis


def diagnosis(**more: Any) -> Diagnosis:
    given = {
        "category": Category.TRANSIENT_NETWORK,
        "cause": "refused",
        "basis": Basis.FACT,
        "certainty": Certainty.SURE,
    }
    return Diagnosis(**given | more)


def policy_of(verdict: VerdictKind, limit: Limit | None = None, version: int = 1) -> Policy:
    """A policy that says the same of everything."""
    rules = [
        Rule(id=f"r-{kind}", action=kind, verdict=verdict, reason="scripted", limit=limit or Limit())
        for kind in ActionKind
    ]
    return Policy(version=version, rules=rules)


@dataclass
class World:
    """A healer and everything around it."""

    clock: Clock
    store: MemoryStore
    airflow: FakeAirflow
    gates: FakeGates
    pager: FakePager
    approvers: FakeApprovers
    brain: Scripted
    spool: MemorySpool = field(default_factory=MemorySpool)
    promises: FakePromises = field(default_factory=FakePromises)
    slices: FakeSlices = field(default_factory=FakeSlices)
    grants: FakeGrants = field(default_factory=FakeGrants)
    acting: bool = True
    policy: Policy = field(default_factory=lambda: policy_of(VerdictKind.APPROVE))
    ids: int = 0

    @property
    def healer(self) -> Healer:
        return Healer(
            store=self.store,
            spool=self.spool,
            airflow=self.airflow,
            evidence=self.brain,
            diagnoser=self.brain,
            policy=self.policy,
            approvers=self.approvers,
            gates=self.gates,
            slices=self.slices,
            grants=self.grants,
            promises=self.promises,
            pager=self.pager,
            limits=Limits(
                acting=lambda: self.acting, approval=timedelta(hours=1), verify=timedelta(hours=2), backfill_alone=3
            ),
            healer_dag_id="harness_healer",
            now=self.clock,
            new_id=self.new_id,
        )

    def new_id(self) -> str:
        self.ids += 1
        return f"I{self.ids}"

    def event(self, incident_id: str, kind: EventKind, **body: Any) -> None:
        self.store.append(event_of(incident_id=incident_id, kind=kind, at=self.clock(), body=body))

    def incident(self, incident_id: str) -> Incident:
        return self.store.incident(incident_id)

    def reported(self, item: Failure, incident_id: str = "") -> None:
        """A report that Airflow confirms."""
        key = item.key
        if key.dag_id not in self.airflow.looked_after:
            self.airflow.looked_after.append(key.dag_id)
        there = {(one.dag_id, one.run_id, one.task_id, one.map_index) for one in self.airflow.states}
        if key.task_id and key.task_instance not in there:
            given = {"dag_id": key.dag_id, "run_id": key.run_id, "task_id": key.task_id, "map_index": key.map_index}
            self.airflow.states.append(task(**given, try_number=key.try_number))
        self.store.record(item, incident_id or self.new_id())

    def tells(self, incident_id: str) -> list[str]:
        """The incident as a post-mortem."""
        return postmortem(incident_id, self.store.events(incident_id), self.store.failures(incident_id))

    def kinds(self, incident_id: str) -> list[EventKind]:
        return [event.kind for event in self.store.events(incident_id)]


def world(**more: Any) -> World:
    clock = Clock()
    parts: dict[str, Any] = {
        "clock": clock,
        "store": MemoryStore(clock),
        "airflow": FakeAirflow(),
        "gates": FakeGates(),
        "pager": FakePager(),
        "approvers": FakeApprovers(),
        "brain": Scripted(diagnosis()),
    }
    return World(**parts | more)


def failure(**more: Any) -> Failure:
    given: dict[str, Any] = {
        "key": KEY,
        "kind": FailureKind.TASK_FAILED,
        "origin": Origin.CALLBACK,
        "occurred_at": START,
    }
    return Failure(**given | more)


def opened(w: World, **more: Any) -> str:
    """An open incident of one failure; its id."""
    w.store.record(failure(**more), w.new_id())
    return w.store.intake(w.clock(), w.store.waiting())[-1].incident_id


def another_try(key: TryKey = KEY) -> TryKey:
    return replace(key, try_number=key.try_number + 1)


Step = Callable[[World, str], object]
