"""What the healing use cases need of the world. Adapters implement these; tests bring fakes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from airflow_provider_harness.app.ports.diagnosis import Diagnoser, PastTry
from airflow_provider_harness.app.ports.sla_alerts import Promises
from airflow_provider_harness.app.ports.store import Store
from airflow_provider_harness.core.contracts.contract import Contract
from airflow_provider_harness.core.contracts.grant import Grant
from airflow_provider_harness.core.diagnosis.evidence import Evidence
from airflow_provider_harness.core.diagnosis.failure import Failure, SchedulerWord, TryKey
from airflow_provider_harness.core.incidents.circuit_breaker import BreakerLimits
from airflow_provider_harness.core.incidents.events import Body, Event
from airflow_provider_harness.core.incidents.maintenance import Maintenance
from airflow_provider_harness.core.incidents.outbox import Delivery, MessageKind
from airflow_provider_harness.core.incidents.severity import PageSeverity as PageSeverity
from airflow_provider_harness.core.policy.policy import Policy
from airflow_provider_harness.core.slices.lease import Lease


class Spool(Protocol):
    """Where failures wait that the store could not take."""

    def keep(self, failure: Failure) -> None: ...

    def waiting(self) -> Sequence[Failure]:
        """What was kept and not forgotten, oldest first; what cannot be read is set aside, never in the way."""

    def forget(self, failure: Failure) -> None: ...


class HealerStarter(Protocol):
    """Hands an incident to the healer Dag."""

    def start(self, incident_id: str, episode: str, number: int) -> bool:
        """Start the run ``heal__<episode>__<number>``; False where that run exists already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskState:
    """A task instance as Airflow's API tells it.

    :param state: Airflow's word ("success", "failed", "upstream_failed", ...), empty where it has none yet.
    :param rendered: rendered template fields by name.
    :param note: what somebody noted at it, or empty.
    """

    dag_id: str
    run_id: str
    task_id: str
    map_index: int
    state: str
    try_number: int
    max_tries: int = 0
    operator: str = ""
    hostname: str = ""
    pid: int | None = None
    end_date: datetime | None = None
    rendered: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""

    @property
    def instance(self) -> tuple[str, str, str, int]:
        """As ``TryKey.task_instance``."""
        return (self.dag_id, self.run_id, self.task_id, self.map_index)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunState:
    """A Dag run as Airflow's API tells it.

    :param of_backfill: it was made by a backfill.
    :param queued_at: UTC; when it was made ready.
    :param started_at: None where it never started.
    :param slice_id: the slice that it owns, by ``core.slices.slices``; empty where it owns none.
    :param slice_end: UTC; where its data interval ends; None where it has none.
    """

    dag_id: str
    run_id: str
    state: str
    of_backfill: bool
    queued_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    slice_id: str = ""
    slice_end: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenFile:
    """A Dag file that cannot be imported now.

    :param id: the same for as long as it is broken; another one when it breaks again.
    :param file: its path in its bundle.
    :param dag_ids: enrolled Dags that it held when it could be imported.
    """

    id: int
    file: str
    stack_trace: str
    at: datetime
    dag_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DagFacts:
    """What Airflow knows of a Dag.

    :param fileloc: path of its file on the machine that parsed it.
    :param version: number of its newest version, which Airflow has since ``version_at``; None where Airflow knows none.
    :param downstream: task id to the ids that depend on it directly.
    :param owners_of: task id to its own owners; ``owners`` are those of all tasks.
    :param run_timeout: how long a run may take; None where nothing bounds it.
    :param next_slice: UTC; start of the slice of the next run that the schedule will make, made at ``next_run``; None
        where no clock says so. It ends at ``next_slice_end``.
    """

    dag_id: str
    paused: bool
    tags: tuple[str, ...]
    owners: tuple[str, ...]
    fileloc: str
    downstream: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    owners_of: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    run_timeout: timedelta | None = None
    next_slice: datetime | None = None
    next_slice_end: datetime | None = None
    next_run: datetime | None = None
    version: int | None = None
    version_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Airflow's own record of a required action.

    :param seconds: from the question's opening to its answer.
    """

    answered: bool
    chosen: tuple[str, ...] = ()
    by: str = ""
    seconds: float = 0.0


class Airflow(Protocol):
    """The closed list of calls on Airflow's REST API that the harness makes with its own account."""

    def account(self) -> str:
        """The id of the harness's own user."""

    def dag(self, dag_id: str) -> DagFacts: ...

    def run_state(self, dag_id: str, run_id: str) -> str: ...

    def from_task(self, run_id: str) -> bool:
        """Whether a task started this healer run, as a callback does, and no person.

        :raises NotAllowed: Airflow knows no such run.
        """

    def tasks(self, dag_id: str, run_id: str) -> Sequence[TaskState]: ...

    def task(self, dag_id: str, run_id: str, task_id: str, map_index: int = -1) -> TaskState: ...

    def log(self, state: TaskState, try_number: int) -> bytes:
        """The log of one try, as Airflow's API gives it; a very long one as ``core.diagnosis.bounded`` keeps it, which says so."""
        ...

    def scheduler_said(self, key: TryKey) -> SchedulerWord | None:
        """What the scheduler recorded of a try that it ended itself; None where it did not."""

    def failed_tasks(self, since: datetime) -> Sequence[TaskState]: ...

    def failed_runs(self, since: datetime) -> Sequence[RunState]: ...

    def runs(self, dag_id: str, since: datetime) -> Sequence[RunState]:
        """The newest runs of a Dag that were due since then, the newest first; at most 100."""

    def asset_updated(self, uri: str) -> datetime | None:
        """UTC; when an asset was updated last; None where Airflow knows no such asset, or none of its events."""

    def enrolled(self, dag_id: str) -> bool:
        """Whether a Dag is one that the harness looks after, also where Airflow lists it no more; False for one of its own."""

    def tried(self, key: TryKey) -> str:
        """The state in which an earlier try ended; empty where it has none yet.

        :raises NotAllowed: Airflow knows no try of that number.
        """

    def succeeded(self, dag_id: str, task_id: str) -> bool:
        """Whether this task ever succeeded in any run, as far back as Airflow remembers; unknown is no."""

    def marked_by_hand(self, states: Sequence[TaskState]) -> set[tuple[str, str, str, int]]:
        """Of which task instances (Dag, run, task, map index) a person set this state, or that of the whole run, through Airflow's
        API or UI; asked once for all."""

    def run_marked_by_hand(self, run: RunState) -> bool: ...

    def enrolled_dags(self) -> Sequence[str]: ...

    def answer(self, dag_id: str, run_id: str, task_id: str) -> Answer: ...

    def required_action_url(self, dag_id: str, run_id: str, task_id: str) -> str: ...

    def clear(self, state: TaskState, note: str) -> int:
        """Clear one task instance with what depends on it; how many instances were cleared.

        :raises NotAllowed: it is running, or nothing was there to clear.
        """

    def clear_failed(self, dag_id: str, run_id: str, note: str) -> int: ...

    def backfill(self, dag_id: str, first: datetime, last: datetime) -> int:
        """Create a backfill over the slices that start from ``first`` to ``last``, both included; its id."""

    def backfill_of(self, dag_id: str, first: datetime, last: datetime, since: datetime) -> int | None:
        """The id of the newest backfill over exactly these slices that was created since then; None where there is none."""

    def backfill_done(self, backfill_id: int) -> bool: ...

    def pause(self, dag_id: str) -> None: ...

    def note(self, state: TaskState, text: str) -> None: ...

    def broken_files(self) -> Sequence[BrokenFile]:
        """Dag files that cannot be imported and are the harness's business: they hold, or held, an enrolled Dag."""

    def import_errors_url(self) -> str: ...

    def health(self) -> Mapping[str, str]:
        """Part of Airflow (``scheduler``, ``metadatabase``, ``dag_processor``, ``triggerer``) to what Airflow says of it; a part
        that it does not know is left out."""

    def run_url(self, dag_id: str, run_id: str) -> str: ...

    def incident_url(self, incident_id: str) -> str:
        """The harness's own page of an incident."""

    def note_run(self, run_id: str, text: str) -> None:
        """Write a note at a run of the healer."""

    def past_tries(self, dag_id: str, task_id: str, limit: int) -> Sequence[PastTry]:
        """How a task ended in the newest runs of its Dag, the newest first."""

    def dag_url(self, dag_id: str) -> str: ...

    def start(self, incident_id: str, episode: str, number: int) -> bool:
        """As ``HealerStarter.start``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What on-call gets.

    :param summary: at most 1,024 characters; what is broken and for whom first.
    :param details: in the order in which they are read; name to text.
    :param links: text to URL.
    :param not_before: UTC; when it may be told at the earliest (a maintenance window ends); None = now.
    :param route: who answers for it, the nearest first: teams and people of contracts, then the Dag's owners.
    """

    dedup_key: str
    summary: str
    severity: PageSeverity
    source: str
    details: Mapping[str, str]
    links: Mapping[str, str] = field(default_factory=dict)
    not_before: datetime | None = None
    route: tuple[str, ...] = ()


class Pager(Protocol):
    """Keeps what it is given until on-call's receivers have taken it; never raises because one of them is away."""

    def trigger(self, page: Page) -> None: ...

    def resolve(self, dedup_key: str) -> None: ...

    def acknowledge(self, dedup_key: str) -> None:
        """Say that a person has seen it."""

    def change(self, page: Page) -> None:
        """Say what the harness did, beside what is open; nobody is woken by it."""

    def flush(self) -> None:
        """Tell what is due."""

    def reached(self, dedup_key: str, kind: MessageKind = MessageKind.TRIGGER) -> Delivery:
        """What became of the newest message of this kind under this key, as far as it is known now."""


class EvidenceCollector(Protocol):
    def collect(self, failure: Failure) -> Evidence: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class GateResult:
    """A gate that was run again on a published slice.

    :param passed: no blocking check failed and the slice has rows.
    :param text: one line for a person.
    :param rows: of the slice; None where they were not counted.
    """

    table: str
    slice_key: str
    passed: bool
    text: str
    rows: int | None = None


class Gates(Protocol):
    """Reads published data back, by what Airflow says the publishing tasks were given."""

    def published(self, state: TaskState, dag: DagFacts, slice_start: datetime | None = None) -> GateResult | None:
        """The gate of what this task publishes, run again; None where the task publishes nothing under a contract.

        :param slice_start: UTC start of another slice of the same table; None = the slice of the task's own run.

        :raises HarnessUnavailable: the gate could not be run.
        """

    def missing(self, state: TaskState, dag: DagFacts) -> Sequence[datetime]:
        """UTC starts of the slices that this completeness check finds missing now; empty for any other task."""

    def slices(self, state: TaskState, dag: DagFacts, first: datetime, last: datetime) -> Sequence[datetime]:
        """UTC starts of the slices of this task's table that begin from ``first`` to ``last``, both included."""

    def slice_length(self, state: TaskState, dag: DagFacts) -> timedelta:
        """How long the slice of this task is."""

    def late_from(self, state: TaskState, dag: DagFacts) -> datetime | None:
        """From when the slice of this task counts as late, by the contract; None where no contract says so."""

    def arrived(self, state: TaskState) -> bool | None:
        """Whether the source has by now the slice that this task waits for or extracts; None where the task names no source.

        :raises HarnessUnavailable: the source does not answer.
        """

    def contract(self, state: TaskState) -> Contract | None:
        """The contract of the table that this task publishes or judges; None where it names none that can be read."""

    def place(self, conn_id: str, table: str) -> str:
        """Where a table is, for people: its server and database, and the connection; empty where the healer may not know."""

    def alone_limit(self, state: TaskState, dag: DagFacts) -> int:
        """How many slices the contract lets the harness run again without asking, 0 or more."""


class Slices(Protocol):
    """Who works on which slice of which table now."""

    def keep(self, state: TaskState, now: datetime) -> Lease | None:
        """Keep the slice that this task writes for its next try, for as long as a lease lasts.

        None where it is kept, or where the task writes no slice; else the lease of who works on it.

        :raises HarnessUnavailable: the store does not answer.
        """


class Grants(Protocol):
    """Leave to set failing rows aside, once."""

    def give(self, grant: Grant) -> None: ...

    def withdraw(self, grant_id: str) -> None: ...


class Approvers(Protocol):
    def of(self, dag: DagFacts) -> Sequence[str]:
        """Who may answer for this Dag; empty where nobody is named, and then nobody can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the administrator set.

    :param acting: whether the mode is ``act`` now; a function, since it is read before each act.
    :param approval: how long a question stays open.
    :param verify: how long a heal may take until its outcome is unknown.
    :param backfill_alone: slices that any contract may let the harness run again without asking.
    :param page_backfills: whether on-call is paged where only runs of a backfill failed.
    :param maintenance: when pages are held back.
    :param environment: what the administrator calls this installation.
    :param runbook_url: address of the runbook, in which {category} stands for the cause's category; empty for none.
    :param promise_warning: how long before a promise about time is broken on-call is told.
    :param earned: category and action -> by whose word the act is made alone where a rule would ask; empty where nobody gave it.
    """

    acting: Callable[[], bool]
    approval: timedelta
    verify: timedelta
    backfill_alone: int
    brakes: BreakerLimits = field(default_factory=BreakerLimits)
    page_backfills: bool = False
    maintenance: Maintenance = field(default_factory=Maintenance)
    environment: str = "production"
    promise_warning: timedelta = timedelta(minutes=30)
    runbook_url: str = ""
    earned: Callable[[str, str], str] = lambda _category, _action: ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Healer:
    """Everything the healing use cases need, wired once.

    :param now: the present, UTC.
    :param new_id: a new ULID.
    """

    store: Store
    spool: Spool
    airflow: Airflow
    evidence: EvidenceCollector
    diagnoser: Diagnoser
    policy: Policy
    approvers: Approvers
    gates: Gates
    slices: Slices
    grants: Grants
    promises: Promises
    pager: Pager
    limits: Limits
    healer_dag_id: str
    now: Callable[[], datetime]
    new_id: Callable[[], str]

    def record(self, incident_id: str, *bodies: Body) -> None:
        """Append what happened to an incident now, in one step."""
        now = self.now()
        self.store.append(*(Event(incident_id=incident_id, at=now, body=body) for body in bodies))
