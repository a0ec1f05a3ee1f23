"""What the watch needs of the warehouse and of the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from airflow_provider_harness.core.contracts.contract import Contract
from airflow_provider_harness.core.slices.slices import Slice
from airflow_provider_harness.core.watch.judge import Judged, QuietFailure
from airflow_provider_harness.core.watch.profile import Looked, Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedSlice:
    """What one look at one slice found.

    :param profile: None where the slice could not be read, and then ``failures`` says why.
    :param judged: every number beside what is usual.
    """

    conn_id: str
    table: str
    contract: str
    piece: Slice
    measured_at: datetime
    profile: Profile | None
    judged: tuple[Judged, ...] = ()
    failures: tuple[QuietFailure, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far the watch of a table is.

    :param end: where the newest slice ends that was read; None where none was.
    :param began: when somebody looked for the first time.
    :param unread: starts of slices that could not be read, of which an incident says so.
    """

    end: datetime | None
    began: datetime
    unread: frozenset[datetime] = field(default_factory=frozenset)


class WatchedTable(Protocol):
    """One table, read only, within a limit of cost."""

    def profile(self, contract: Contract, piece: Slice) -> Profile:
        """Count the rows of one slice.

        :raises HarnessError: it is not there, may not be read, or would cost more than the contract allows.
        """

    def counts(self, contract: Contract, pieces: Sequence[Slice], now: datetime) -> tuple[Sequence[int], int]:
        """The rows of some slices, and those that are later than now."""


class Watches(Protocol):
    """What earlier looks found; the healer alone writes it."""

    def progress(self, conn_id: str, table: str) -> Progress | None:
        """None where nobody looked yet."""

    def history(self, conn_id: str, table: str, since: datetime) -> Sequence[Looked]:
        """The slices that were read, oldest first."""

    def profiles(self, conn_id: str, table: str, starts: Sequence[datetime]) -> Mapping[datetime, Profile]:
        """The profiles of some slices."""

    def keep(self, look: WatchedSlice) -> None:
        """Keep what a look found, in place of an earlier one of the same slice."""
