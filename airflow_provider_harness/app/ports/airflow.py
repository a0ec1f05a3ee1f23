"""What Airflow knows of Dags, runs and tasks, and what the harness asks of it with its own account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from airflow_provider_harness.app.ports.diagnosis import PastTry
from airflow_provider_harness.core.diagnosis.failure import SchedulerWord, TryKey


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


class AirflowReads(Protocol):
    """What is read of Dags, runs and tries; nothing of it changes anything."""

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

    def runs(self, dag_id: str, since: datetime) -> Sequence[RunState]:
        """The newest runs of a Dag that were due since then, the newest first; at most 100."""

    def past_tries(self, dag_id: str, task_id: str, limit: int) -> Sequence[PastTry]:
        """How a task ended in the newest runs of its Dag, the newest first."""

    def tried(self, key: TryKey) -> str:
        """The state in which an earlier try ended; empty where it has none yet.

        :raises NotAllowed: Airflow knows no try of that number.
        """

    def succeeded(self, dag_id: str, task_id: str) -> bool:
        """Whether this task ever succeeded in any run, as far back as Airflow remembers; unknown is no."""

    def enrolled(self, dag_id: str) -> bool:
        """Whether a Dag is one that the harness looks after, also where Airflow lists it no more; False for one of its own."""

    def asset_updated(self, uri: str) -> datetime | None:
        """UTC; when an asset was updated last; None where Airflow knows no such asset, or none of its events."""

    def answer(self, dag_id: str, run_id: str, task_id: str) -> Answer: ...


class AirflowSweeps(Protocol):
    """What the reconciler asks again and again: all that failed, is broken or unwell."""

    def failed_tasks(self, since: datetime) -> Sequence[TaskState]: ...

    def failed_runs(self, since: datetime) -> Sequence[RunState]: ...

    def marked_by_hand(self, states: Sequence[TaskState]) -> set[tuple[str, str, str, int]]:
        """Of which task instances (Dag, run, task, map index) a person set this state, or that of the whole run, through Airflow's
        API or UI; asked once for all."""

    def run_marked_by_hand(self, run: RunState) -> bool: ...

    def enrolled_dags(self) -> Sequence[str]: ...

    def broken_files(self) -> Sequence[BrokenFile]:
        """Dag files that cannot be imported and are the harness's business: they hold, or held, an enrolled Dag."""

    def health(self) -> Mapping[str, str]:
        """Part of Airflow (``scheduler``, ``metadatabase``, ``dag_processor``, ``triggerer``) to what Airflow says of it; a part
        that it does not know is left out."""


class AirflowActs(Protocol):
    """The closed list of what the harness changes in Airflow, under its own account."""

    def account(self) -> str:
        """The id of the harness's own user."""

    def start(self, incident_id: str, episode: str, number: int) -> bool:
        """As ``HealerStarter.start``."""

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

    def note_run(self, run_id: str, text: str) -> None:
        """Write a note at a run of the healer."""


class AirflowPages(Protocol):
    """Addresses of Airflow's pages, for people."""

    def dag_url(self, dag_id: str) -> str: ...

    def run_url(self, dag_id: str, run_id: str) -> str: ...

    def incident_url(self, incident_id: str) -> str:
        """The harness's own page of an incident."""

    def required_action_url(self, dag_id: str, run_id: str, task_id: str) -> str: ...

    def import_errors_url(self) -> str: ...


class Airflow(AirflowReads, AirflowSweeps, AirflowActs, AirflowPages, Protocol):
    """The closed list of calls on Airflow's REST API that the harness makes with its own account."""
