"""How long a slice of the source is waited for, and what happens then: the contract's lateness policy."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from airflow_provider_harness.core.contracts.contract import LateAction, LatePolicy
from airflow_provider_harness.core.slices.slices import Slice


def late_from(policy: LatePolicy, piece: Slice) -> datetime | None:
    """The moment from which a slice that is not there counts as late; None where nobody said.

    It is the later one of ``wait_minutes`` after the slice's end, and the first ``until`` after the slice's end. An
    ``until`` that clocks show twice that night is the second one; one that they skip is an hour later. A slice of long
    ago is late at once, so a backfill waits for nothing.
    """
    if policy.action is LateAction.WAIT:
        return None
    after = piece.end + timedelta(minutes=policy.wait_minutes)
    return max(after, first_after(policy.until, piece.end)) if policy.until else after


def first_after(until: str, after: datetime) -> datetime:
    """The first moment not before ``after`` at which it is ``06:00 Europe/Berlin`` there, or ``06:00 -08:00``."""
    clock, _, name = until.partition(" ")
    zone, hour = _zone(name), time.fromisoformat(clock)
    day = after.astimezone(zone).date()
    return next(m for m in (_at(day + timedelta(days=n), hour, zone) for n in range(3)) if m >= after)


def _zone(name: str) -> tzinfo:
    """A zone by its name, or by its distance from UTC."""
    if name[:1] in ("+", "-", "Z"):
        return datetime.fromisoformat(f"2000-01-01T00:00:00{name}").tzinfo or UTC
    return ZoneInfo(name)


def _at(day: date, hour: time, zone: tzinfo) -> datetime:
    readings = (datetime.combine(day, hour.replace(fold=fold), tzinfo=zone).astimezone(UTC) for fold in (0, 1))
    return max(readings)
