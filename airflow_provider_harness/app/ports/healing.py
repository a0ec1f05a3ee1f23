"""What the healing use cases need of the world. Adapters implement these; tests bring fakes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from airflow_provider_harness.app.ports.airflow import Airflow, DagFacts, TaskState
from airflow_provider_harness.app.ports.diagnosis import Diagnoser
from airflow_provider_harness.app.ports.sla_alerts import Promises
from airflow_provider_harness.app.ports.store import Store
from airflow_provider_harness.core.contracts.contract import Contract
from airflow_provider_harness.core.contracts.grant import Grant
from airflow_provider_harness.core.diagnosis.evidence import Evidence
from airflow_provider_harness.core.diagnosis.failure import Failure
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
