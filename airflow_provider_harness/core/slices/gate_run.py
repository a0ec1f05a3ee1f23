"""What one gate found about one slice, as it is kept for the gates of later slices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from airflow_provider_harness.core.contracts.checks import Check, Slot
from airflow_provider_harness.core.contracts.contract import Contract
from airflow_provider_harness.core.contracts.report import HISTORY_KINDS, CheckResult, Decision, Measurements, Report
from airflow_provider_harness.core.diagnosis.failure import TryKey
from airflow_provider_harness.core.slices.slices import Slice, grain_of


class Place(StrEnum):
    """What a gate looks at."""

    SOURCE = "source"  # rows on their way from the source to staged files
    STAGING = "staging"  # the staging table, before it is published
    PUBLISHED = "published"  # the slice as it stands in the table
    QUERY = "query"  # what a query in the warehouse gives
    FILE = "file"  # files
    WATCH = "watch"  # the slice of a watched table, when its producer had run


COMPARABLE_PLACES: Mapping[Place, tuple[Place, ...]] = {
    **{place: (place,) for place in Place},
    Place.STAGING: (Place.STAGING, Place.PUBLISHED),
    Place.PUBLISHED: (Place.PUBLISHED, Place.STAGING),
}
"""Place -> the places whose gates see the same rows, but for those that were set aside; the own one first."""
OWN_TASK = (Place.QUERY, Place.FILE)
"""Places of which a database can have several for one contract: only the same task looks at the same rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GateSite:
    """Where a gate stands.

    :param conn_id: connection of the database that is looked at; empty for files.
    :param task: the try that runs it; None for one that only looks, and keeps nothing.
    """

    place: Place
    conn_id: str = ""
    task: TryKey | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRun:
    """One gate of one slice in one try of one task.

    :param milliseconds: stage -> how long it took, as ``stages`` gives it.
    """

    post: GateSite
    piece: Slice
    report: Report
    measured_at: datetime
    milliseconds: Mapping[str, int] = field(default_factory=dict)

    @property
    def identity(self) -> str:
        """One text for one gate of one try, whatever it finds."""
        return f"{self.post.place}|{self.post.task}|{self.report.slice}|{self.report.table}|{self.report.contract}"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCheck:
    """One check of a gate as the store has it.

    :param value: the metric where it is a number.
    :param flagged: found unusual against its history.
    """

    id: str
    kind: str
    value: float | None
    passed: bool
    flagged: bool
    error: str
    severity: str
    share: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredGate:
    """The latest gate of one slice at one place, as the store has it.

    :param at: start of the slice.
    :param task: the try as ``dag/run/task#try``.
    """

    table: str
    contract: str
    contract_version: str
    conn_id: str
    slice: str
    at: datetime
    place: Place
    task: str
    rows: int
    malformed: int
    decision: Decision
    milliseconds: Mapping[str, int]
    measured_at: datetime
    checks: tuple[StoredCheck, ...]


def flagged(result: CheckResult) -> bool:
    """Whether a number is no example of what is normal."""
    return result.kind in HISTORY_KINDS and not result.passed and not result.error


def history_checks(contract: Contract) -> tuple[Check, ...]:
    """The checks that compare a slice with earlier ones."""
    return tuple(check for check in contract.checks if check.kind in HISTORY_KINDS)


def unreadable(contract: Contract, measured: Measurements, reason: str) -> Measurements:
    """What is judged by a history that could not be read: an error of its own, neither a pass nor bad data."""
    named = {check.id for check in history_checks(contract)}
    values = {
        name: replace(found, error=found.error or f"its history could not be read: {reason}")
        if name in named
        else found
        for name, found in measured.values.items()
    }
    return replace(measured, values=values)


AROUND: Mapping[Place, tuple[str, str]] = {Place.SOURCE: ("extract", "seal"), Place.STAGING: ("stage", "publish")}
"""Place of a gate in the middle of a movement -> the stages before and after it."""


def stages(place: Place, gate: int, began: float, judged: float, ended: float) -> dict[str, int]:
    """Stage -> its milliseconds; ``gate`` is the measuring alone, ``total`` everything.

    :param gate: milliseconds of the measuring, all of them before the judgement.
    :param began: seconds by any clock, as ``judged`` and ``ended``.

    >>> stages(Place.STAGING, 200, 10.0, 11.5, 12.0)
    {'stage': 1300, 'gate': 200, 'publish': 500, 'total': 2000}
    """
    total = round(1000 * (ended - began))
    if place not in AROUND:
        return {"gate": gate, "total": total}
    before, after = AROUND[place]
    moved = max(round(1000 * (judged - began)) - gate, 0)
    return {before: moved, "gate": gate, after: round(1000 * (ended - judged)), "total": total}


BEFORE = 30
"""Slices that a comparison with the one before looks back on: those that are flagged or blocked do not count."""
_DAY = 24 * 60 * 60


def _alike(slot: Slot, seconds: int) -> int:
    """Of how many slices in a row one is of the same slot.

    :param seconds: how long a slice is.
    """
    if slot is Slot.ALL:
        return 1
    if slot is Slot.HOUR:
        return max(1, round(_DAY / seconds))
    return 1 if seconds == 7 * _DAY else 7 * max(1, round(_DAY / seconds))


def lookback(contract: Contract, length: timedelta | None = None) -> int:
    """How many earlier slices its checks look back on, at most.

    :param length: of one slice; None for that of the contract's grain.

    >>> from airflow_provider_harness.core.contracts.checks import Baseline, CheckKind
    >>> watched = Check(id="a", kind=CheckKind.ANOMALY, baseline=Baseline(of=CheckKind.ROW_COUNT, window=60))
    >>> reach(Contract(id="t", version="1", name="t", table="t", columns=(), checks=(watched,)))
    420
    """
    seconds = max(1, round(length.total_seconds())) if length else grain_of(contract).usual_seconds
    return max(
        (
            c.baseline.window * _alike(c.baseline.slot, seconds) if c.baseline else BEFORE
            for c in history_checks(contract)
        ),
        default=0,
    )
