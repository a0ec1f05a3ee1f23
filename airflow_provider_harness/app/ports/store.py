"""What the use cases ask of the harness store, by what it keeps; each takes the part that it needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from airflow_provider_harness.core.actions import ActionKind, Proposal
from airflow_provider_harness.core.diagnosis.failure import Failure
from airflow_provider_harness.core.diagnosis.reported import Reported
from airflow_provider_harness.core.incidents.circuit_breaker import IncidentSummary
from airflow_provider_harness.core.incidents.events import ActStarted, Event, Followed
from airflow_provider_harness.core.incidents.incident import Incident
from airflow_provider_harness.core.policy.policy import Limit, Usage


class FailureLog(Protocol):
    """What an ordinary task may write: failures, and nothing else."""

    def record(self, failure: Failure, incident_id: str) -> bool:
        """Record a failure; False where this try was recorded before.

        :param incident_id: the id that the incident gets if this failure opens one.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """A failure that found its incident."""

    incident_id: str
    failure: Failure
    opened: bool


class AskState(StrEnum):
    """What using an approval row can answer."""

    USED = "used"  # it was good, and this was its one use
    EXPIRED = "expired"
    SPENT = "spent"  # used before
    ABSENT = "absent"  # no such row, or for another act


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """A request that a person may answer once.

    :param act: ``Proposal.canonical()``, the exact act.
    :param healer_run: the healer's run whose required action carries the question.
    :param assigned: user ids that may answer.
    """

    id: str
    incident_id: str
    act: str
    policy_version: int
    healer_run: str
    assigned: tuple[str, ...]
    expires_at: datetime


class Reports(FailureLog, Protocol):
    """Reports of failures, and which incident each failure joined."""

    def found(self, failure: Failure, incident_id: str) -> bool:
        """As ``record``, of what the reconciler itself read in Airflow: it is known again as that."""

    def waiting(self, most: int = 1_000, after: Reported | None = None) -> Sequence[Reported]:
        """Reports that joined no incident and were not set aside, oldest first; what cannot be read is set aside.

        :param after: the last one that was given before.
        """

    def handed(self, incident_id: str) -> Sequence[Reported]:
        """The same of those reports alone that were made with this incident id."""

    def told(self, key: str) -> Sequence[Reported]:
        """The first reports of a failure, a few, those that were believed as well."""

    def believe(self, report: Reported) -> None:
        """Of several reports of a failure that has its incident, this one holds from now on."""

    def undecided(self, keys: Sequence[str]) -> set[str]:
        """Which of these keys are reported, and neither believed nor set aside."""

    def set_aside(self, why: Sequence[tuple[Reported, str]], now: datetime) -> None:
        """Leave these reports alone, each with the reason, until another report of the same key comes."""

    def intake(self, now: datetime, believed: Sequence[Reported]) -> Sequence[Joined]:
        """Give each of these failures its incident: one in hand of the same cause, or a new one."""

    def resolve(self, handed: str) -> str:
        """The incident that the failure joined which was recorded with this incident id; the id itself where none was."""

    def incident_of(self, failure: str) -> str | None:
        """The incident that a failure joined, by the failure's identity; None where it joined none."""

    def awaiting_person(self) -> Sequence[Incident]:
        """Closed incidents that went to a person, and that failures of the same cause still join."""

    def stop_grouping(self, incident_id: str) -> None:
        """Nothing joins this incident any more: its cause is over."""

    def known(self, keys: Sequence[str]) -> set[str]:
        """Which of these try keys have an incident; what only stands in a row that tasks may write is not known."""


class Incidents(Protocol):
    """The events of incidents, and what they add up to."""

    def incident(self, incident_id: str) -> Incident: ...

    def events(self, incident_id: str) -> Sequence[Event]: ...

    def failures(self, incident_id: str) -> Sequence[Failure]:
        """The failures that joined, oldest first."""

    def append(self, *events: Event) -> None: ...

    def head(self) -> str:
        """The hash of the newest event of all; noted elsewhere, it shows a tail that was cut off."""

    def retries(self, dag_id: str, since: datetime) -> Sequence[Event]:
        """Of the incidents in which a retry on this Dag was asked for or made, and in which anything happened since then: the events
        that say what people answered and what came of it (``core.incidents.remembered.KINDS``), in the order in which they happened."""

    def healer_runs(self, episode: str) -> int:
        """How many incidents this episode had: the number of its next healer run is beyond it."""

    def past(self, since: datetime) -> Sequence[IncidentSummary]:
        """The incidents that were opened since then, oldest first."""

    def unsettled(self, before: datetime) -> Sequence[Incident]:
        """Open incidents that nobody has worked on since ``before``."""

    def open_incidents(self) -> Sequence[Incident]:
        """Incidents that are not closed."""

    def spent(self, incident_id: str, now: datetime) -> tuple[float, float]:
        """US dollars that models cost, spent or still reserved: on the incident, and on all of them this UTC day."""


class Acts(Protocol):
    """What was done, counted against the policy's limits."""

    def usage(self, incident_id: str, dag_id: str, kind: ActionKind, now: datetime, target: str = "") -> Usage:
        """How often this was done.

        :param target: ``Proposal.target``: on the incident, only what was done to it counts.
        """

    def reserve_act(
        self,
        incident_id: str,
        dag_id: str,
        proposal: Proposal,
        limit: Limit,
        now: datetime,
        started: ActStarted | Followed | None = None,
    ) -> bool:
        """Count the act against its limits and record that it starts, in one step; False where it was started before.

        :param started: how it is recorded; by itself, as the incident's own act.

        :raises NotAllowed: a limit is used up.
        """

    def give_back(self, incident_id: str, proposal: Proposal) -> None:
        """This act was reserved and not made: it counts against no limit, and may be made later."""


class Approvals(Protocol):
    """Questions to people, each of which is answered once."""

    def ask(self, approval: Approval) -> None: ...

    def approval(self, incident_id: str, healer_run: str) -> Approval | None: ...

    def use_approval(self, approval: Approval, now: datetime) -> AskState: ...


class Values(Protocol):
    """Single values, and the passes of the reconciler."""

    def get_value(self, name: str) -> str | None:
        """A single value that was kept under a name."""

    def set_value(self, name: str, value: str) -> None: ...

    def last_pass(self) -> datetime | None:
        """When the reconciler last ended a pass."""

    def note_pass(self, at: datetime) -> None: ...


class Store(Reports, Incidents, Acts, Approvals, Values, Protocol):
    """The whole of it, as the healer has it."""
