"""What the watch over promises about time needs of the store and of the contracts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Protocol

from airflow_provider_harness.core.contracts.contract import Contract


@dataclass(frozen=True, slots=True, kw_only=True)
class HighWaterMark:
    """The latest slice of a table that is published, and the task that published it.

    :param contract: its file; empty where an earlier version published it.
    :param slice_end: UTC.
    :param slice: its id.
    """

    conn_id: str
    table: str
    contract: str
    dag_id: str
    task_id: str
    slice_end: datetime
    slice: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlaAlert:
    """A slice that will soon be late, of which on-call was told.

    :param run_id: the run that should publish it; empty where Airflow has made none.
    :param slice_end: UTC, as ``due`` is.
    :param words: the promise, as the contract says it.
    :param dedup_key: the page that tells of it: its own, or that of the incident that is in the way.
    """

    conn_id: str
    table: str
    dag_id: str
    task_id: str
    run_id: str
    slice: str
    slice_end: datetime
    due: datetime
    words: str
    dedup_key: str

    def sentence(self) -> str:
        """The promise, for people."""
        due = f"{self.due:%Y-%m-%d %H:%M} UTC"
        return f"{self.table} slice {self.slice} is promised until {due} ({self.words})"


_OWN = "harness-promise:"


def promise_key(conn_id: str, table: str, slice_id: str) -> str:
    """Under which on-call sees a slice that is at risk, and no incident with it."""
    return _OWN + sha256("\0".join((conn_id, table, slice_id)).encode()).hexdigest()[:16]


def is_own(risk: SlaAlert) -> bool:
    """Whether it has a page of its own."""
    return risk.dedup_key.startswith(_OWN)


class Promises(Protocol):
    def published(self) -> Sequence[HighWaterMark]:
        """The latest published slice of every table, as tasks tell it."""

    def tellers(self, mark: HighWaterMark) -> Sequence[HighWaterMark]:
        """Others that told of having published this table, a few of the first; the contract and the slice of each are not known."""

    def borne_out(self) -> Sequence[HighWaterMark]:
        """The same as far as Airflow bore it out."""

    def bear_out(self, mark: HighWaterMark) -> None:
        """Airflow says the same: from now on this one holds for its table."""

    def contract(self, mark: HighWaterMark) -> Contract:
        """
        :raises HarnessError: its file cannot be read from here.
        """

    def feeders(self, dag_id: str, task_id: str) -> Collection[str]:
        """Tasks, as ``dag.task``, whose data a task depends on, as far as the lineage knows."""

    def open_alerts(self) -> Sequence[SlaAlert]:
        """Those that are told and not over."""

    def record_alert(self, risk: SlaAlert, now: datetime) -> bool:
        """Keep that on-call is told; False where it was told before of this table, slice and deadline."""

    def move(self, risk: SlaAlert, dedup_key: str) -> None:
        """Another page tells of it now."""

    def end(self, risk: SlaAlert, now: datetime) -> None:
        """It is kept, or nobody waits for it any more."""
