"""One failed try of one task, frozen: what is known of it, and what is said to be not known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class FailureKind(StrEnum):
    """How a failure came to us; each value is one way in which Airflow lets a run go wrong.

    Where no task failed (``import_error``, ``run_failed``, ``cancelled``, ``quiet``), the key's task is empty and its try is 0.
    """

    TASK_FAILED = "task_failed"  # a callback reported it, with the exception where there is one
    UNREPORTED = "unreported"  # the server says failed and no callback spoke: kill -9, out of memory, lost host
    MARKED_FAILED = "marked_failed"  # a person set the state; recorded, never healed, never paged
    IMPORT_ERROR = "import_error"  # a Dag file cannot be imported
    RUN_FAILED = "run_failed"  # a run failed and none of its tasks did: it ran past its dagrun_timeout, or was stuck
    QUIET = "quiet"  # every task succeeded, and a watched table is not as it should be
    CANCELLED = "cancelled"  # a run of a cancelled backfill; recorded, never healed, never paged
    QUARANTINED = "quarantined"  # no failure: a slice was published without some rows; a note, never a page
    SKIPPED = "skipped"  # no failure: a slice was skipped since its source was late, as its contract says; a note


NOTICES = frozenset({FailureKind.QUARANTINED, FailureKind.SKIPPED})
"""Kinds that a task reports of itself although it did not fail."""


WATCHED = "watch__"
"""How the run id of a quiet failure begins, which Airflow does not know: after it stand connection and table."""


class Origin(StrEnum):
    """Who reported it. Two reports of one try are one failure."""

    CALLBACK = "callback"
    RECONCILER = "reconciler"


class SchedulerWord(StrEnum):
    """What Airflow's scheduler recorded of a try that it ended itself; no task can write it."""

    HEARTBEAT_LOST = "heartbeat_lost"  # the task said for some time that it was running, and then nothing
    KILLED = "killed"  # its executor says that it ended, and the task had not said so
    OUT_OF_MEMORY = "out_of_memory"  # the same, and the executor names memory as the reason
    NEVER_STARTED = "never_started"  # no worker took it, as often as Airflow tries


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class TryKey:
    """The identity of one try. Not Airflow's task instance id, which changes on every retry and clear.

    :param map_index: -1 for a task that is not mapped.
    :param try_number: 1 or more; 0 where there is no try (an import error).
    """

    dag_id: str
    run_id: str
    task_id: str
    map_index: int = -1
    try_number: int = 0

    def __str__(self) -> str:
        mapped = "" if self.map_index < 0 else f"[{self.map_index}]"
        return f"{self.dag_id}/{self.run_id}/{self.task_id}{mapped}#{self.try_number}"

    @property
    def run(self) -> str:
        """The run that it was in."""
        return f"{self.dag_id}/{self.run_id}"

    @property
    def task_instance(self) -> tuple[str, str, str, int]:
        """The task instance without the try."""
        return (self.dag_id, self.run_id, self.task_id, self.map_index)


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorLink:
    """One exception of the chain, outermost first.

    :param type: qualified name of the class, such as ``psycopg.errors.UndefinedColumn``.
    :param bases: qualified names of the classes it derives from, without ``object``.
    :param message: its text, redacted and truncated; never trusted.
    :param sqlstate: five characters, where the driver gives one.
    :param http_status: 100 to 599, where the client gives one.
    :param retry_after: seconds that the other side asked us to wait.
    :param errno: operating system error number.
    :param reasons: words by which a service said why, such as ``rateLimitExceeded`` beside a 403; finer than the status.
    """

    type: str
    bases: tuple[str, ...] = ()
    message: str = ""
    sqlstate: str | None = None
    http_status: int | None = None
    retry_after: float | None = None
    errno: int | None = None
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One failed try.

    :param occurred_at: UTC; when it was reported, or the end of the try where Airflow knows it.
    :param operator: class name of the operator.
    :param slice_id: the slice that the run owns, or None where it owns none.
    :param chain: exceptions, outermost first; empty where none was given.
    :param report: a blocked gate's ``Report.to_dict()``, or None.
    :param schema_diff: ``SchemaDiff.to_dict()``, or None.
    :param detail: what else the source of the report knows: names to short texts.
    :param reads: tables and assets that the task reads, each with where it is; ``writes`` likewise.
    :param missing: what could not be learnt, one short phrase each ("exception", "try number").
    """

    key: TryKey
    kind: FailureKind
    origin: Origin
    occurred_at: datetime
    operator: str = ""
    owner: str = ""
    tags: tuple[str, ...] = ()
    slice_id: str | None = None
    max_tries: int = 0
    hostname: str = ""
    log_url: str = ""
    chain: tuple[ErrorLink, ...] = ()
    report: Mapping[str, Any] | None = None
    schema_diff: Mapping[str, Any] | None = None
    detail: Mapping[str, str] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()

    @property
    def identity(self) -> str:
        """What makes two reports one: the try. A notice has its own, or it would hide a failure of the same try; a run
        has no tries, so the moment at which it failed tells one failure of it from the next; of a watched table, the slice does."""
        if self.kind in NOTICES:
            return f"{self.key} {self.kind}"
        if self.kind is FailureKind.QUIET:
            return f"{self.key} {self.slice_id}"
        if not self.key.task_id and self.kind is not FailureKind.IMPORT_ERROR:
            return f"{self.key} {self.occurred_at.isoformat()}"
        return str(self.key)

    @property
    def table(self) -> str:
        """The table that it is about: of the gate or the comparison that blocked, else what its task writes; empty where nobody knows."""
        found = self.report if self.report is not None else self.schema_diff
        if found is not None:
            return str(found.get("table", ""))
        return next((name.rpartition("/")[2] for name in self.writes), "")

    @property
    def heals(self) -> bool:
        """Whether the healer may look for a remedy; the other kinds are recorded only."""
        return self.kind in _HEALS


_HEALS = frozenset(
    {
        FailureKind.TASK_FAILED,
        FailureKind.UNREPORTED,
        FailureKind.IMPORT_ERROR,
        FailureKind.RUN_FAILED,
        FailureKind.QUIET,
    }
)


def to_dict(failure: Failure) -> dict[str, Any]:
    """The failure as JSON values, the inverse of ``from_dict``."""
    body = asdict(failure)
    body["occurred_at"] = failure.occurred_at.isoformat()
    return body


def from_dict(body: Mapping[str, Any]) -> Failure:
    """The failure that ``to_dict`` wrote."""
    values = dict(body)
    values["key"] = TryKey(**values["key"])
    values["kind"] = FailureKind(values["kind"])
    values["origin"] = Origin(values["origin"])
    values["occurred_at"] = datetime.fromisoformat(values["occurred_at"])
    values["chain"] = tuple(_link(link) for link in values["chain"])
    for name in ("tags", "missing", "reads", "writes"):
        values[name] = tuple(values.get(name, ()))
    return Failure(**values)


def _link(body: Mapping[str, Any]) -> ErrorLink:
    """An exception as ``to_dict`` wrote it, or as it was written before it had reasons."""
    return ErrorLink(**{**body, "bases": tuple(body["bases"]), "reasons": tuple(body.get("reasons", ()))})
