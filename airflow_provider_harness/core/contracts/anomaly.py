"""Is a number unusual? Judged against its own history by median and median absolute deviation, as of its slice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from statistics import median
from zoneinfo import ZoneInfo

from airflow_provider_harness.core.contracts.checks import Baseline, Slot

NORMAL_SCALE = 1.4826
"""Median absolute deviation x this = standard deviation, for normally distributed values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """What one check measured for one earlier slice.

    :param at: start of that slice.
    :param flagged: it was found unusual or wrong, so it is no example of what is normal.
    """

    at: datetime
    value: float
    flagged: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckHistory:
    """The history that a gate may look at.

    :param at: start of the slice that is judged; what is of this moment or later is not looked at.
    :param zone: IANA name of the zone in which weekdays and hours are meant.
    :param points: check id -> its points, in any order.
    """

    at: datetime
    zone: str = "UTC"
    points: Mapping[str, Sequence[Point]]

    def before(self, check: str) -> list[Point]:
        """The usable points of a check, oldest first."""
        found = self.points.get(check, ())
        return sorted((p for p in found if p.at < self.at and not p.flagged), key=lambda point: point.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedRange:
    """What is normal for a slice.

    :param points: how many earlier slices say so.
    """

    low: float
    high: float
    middle: float
    points: int


def normal(baseline: Baseline, check: str, past: CheckHistory) -> ExpectedRange | None:
    """What is normal for a slice by its history; None while the history is too short to say.

    >>> from datetime import UTC, timedelta
    >>> from airflow_provider_harness.core.contracts.checks import CheckKind
    >>> start = datetime(2013, 1, 1, tzinfo=UTC)
    >>> points = [Point(at=start + timedelta(days=n), value=v) for n, v in enumerate((10, 11, 9))]
    >>> found = normal(Baseline(of=CheckKind.ROW_COUNT, slot=Slot.ALL, minimum=3, sensitivity=1),
    ...                "rows", CheckHistory(at=start + timedelta(days=3), points={"rows": points}))
    >>> round(found.low, 2), found.middle, round(found.high, 2)
    (8.52, 10, 11.48)
    """
    zone = ZoneInfo(past.zone)
    own = _slot(baseline.slot, past.at, zone)
    alike = [p.value for p in past.before(check) if p.value == p.value and _slot(baseline.slot, p.at, zone) == own]
    values = alike[-baseline.window :]
    if len(values) < max(baseline.minimum, 1):
        return None
    middle = median(values)
    spread = NORMAL_SCALE * median(abs(value - middle) for value in values)
    reach = max(baseline.sensitivity * spread, baseline.floor)
    return ExpectedRange(low=middle - reach, high=middle + reach, middle=middle, points=len(values))


def change_percent(check: str, value: float, past: CheckHistory) -> tuple[float | Fraction, Point] | None:
    """By how many percent a number differs from that of the latest earlier slice, and that slice; None without one.

    From zero, any change is infinite.
    """
    earlier = past.before(check)
    if not earlier:
        return None
    before = earlier[-1]
    if before.value == 0:
        return (0.0 if value == 0 else float("inf")), before
    usual = Fraction(before.value)
    return 100 * (Fraction(value) - usual) / usual, before


def _slot(slot: Slot, moment: datetime, zone: ZoneInfo) -> int:
    local = moment.astimezone(zone)
    return {Slot.ALL: 0, Slot.WEEKDAY: local.weekday(), Slot.HOUR: local.hour}[slot]
