"""What is usual for a slice, by earlier slices of the same weekday and hour: weekends, growth and month ends are nothing unusual."""

from __future__ import annotations

from calendar import monthrange
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from zoneinfo import ZoneInfo

from airflow_provider_harness.core.contracts.anomaly import NORMAL_SCALE, Point

FEWEST_ALIKE = 3
"""Earlier slices of the same weekday and hour, at least, before a slice is judged."""
RECENT = 7
"""Slices, at least, by which a level that moved is followed; a day of slices where there are more in a day."""
NEW_NORMAL = timedelta(days=7)
"""What was unusual for so long in a row is usual from then on: somebody was told seven days ago."""
MONTH_ENDS = 2
"""Days before and after the turn of a month that are compared with earlier turns."""
FEWEST_TURNS = 3
"""Earlier turns of a month, at least, before a peak at one is unusual because those were lower."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """Between which numbers a slice is usual.

    :param points: earlier slices of the same weekday and hour that say so.
    :param few_turns: it is at the turn of a month, and its history has too few of them to say how high that may be.
    """

    low: float
    middle: float
    high: float
    points: int
    few_turns: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """How far a number may be from what is usual.

    :param times: of the usual spread, over 0.
    :param floor: at least so far.
    :param at_turn: so much higher at the turn of a month whose history has too few of them.
    """

    times: float
    floor: float
    at_turn: float = 0.0


def alike(starts: Sequence[datetime], at: datetime, length: timedelta, zone: str) -> list[datetime]:
    """Of these slices those of the same weekday and hour, oldest first.

    :param at: where the slice begins that they are compared with; ``length`` is how long it is.
    """
    where = ZoneInfo(zone)
    return sorted(one for one in starts if _slot(one, length, where) == _slot(at, length, where))


def usable(points: Sequence[Point]) -> list[Point]:
    """Points that say what is usual, oldest first: those that were not unusual, and what was unusual for a week in a row."""
    ordered = sorted(points, key=lambda one: one.at)
    found: list[Point] = []
    run: list[Point] = []
    for one in ordered:
        if one.flagged:
            run.append(one)
            continue
        found += _accepted(run)
        found.append(one)
        run = []
    return [*found, *_accepted(run)]


def _accepted(run: Sequence[Point]) -> Sequence[Point]:
    """Unusual points in a row, once there are so many that they are usual."""
    long_enough = len(run) >= RECENT and run[-1].at - run[0].at >= NEW_NORMAL - timedelta(days=1)
    return run if long_enough else ()


def expected(
    points: Sequence[Point], at: datetime, length: timedelta, zone: str, tolerance: Tolerance
) -> Expected | None:
    """What is usual for a slice; None while its history is too short to say.

    :param points: of earlier slices.
    :param at: where the slice begins; ``length`` is how long it is.
    :param zone: IANA name of the zone in which weekdays and hours are meant.
    """
    where = ZoneInfo(zone)
    known = [one for one in usable(points) if one.at < at]
    slots = _by_slot(known, length, where)
    mine = slots.get(_slot(at, length, where), ())
    if len(mine) < FEWEST_ALIKE:
        return None
    apart = _apart(slots)
    ordinary = [one for one in known if one.at in apart and _turn(one.at, where) is None]
    spread = NORMAL_SCALE * median(abs(apart[one.at]) for one in ordinary) if ordinary else 0.0
    recent = ordinary[-max(RECENT, round(timedelta(days=1) / length)) :]
    middle = median(one.value for one in mine) + (median(apart[one.at] for one in recent) if recent else 0.0)
    reach = max(tolerance.times * spread, tolerance.floor)
    down, up, few = _at_turn(known, apart, at, where, tolerance)
    return Expected(low=middle - reach - down, middle=middle, high=middle + reach + up, points=len(mine), few_turns=few)


def _by_slot(points: Sequence[Point], length: timedelta, zone: ZoneInfo) -> Mapping[object, Sequence[Point]]:
    found: dict[object, list[Point]] = defaultdict(list)
    for one in points:
        found[_slot(one.at, length, zone)].append(one)
    return found


def _slot(at: datetime, length: timedelta, zone: ZoneInfo) -> tuple[int, ...]:
    """Weekday and time of day; of a slice longer than a day, nothing: all are alike."""
    local = at.astimezone(zone)
    return (local.weekday(), local.hour, local.minute) if length <= timedelta(hours=25) else ()


def _apart(slots: Mapping[object, Sequence[Point]]) -> dict[datetime, float]:
    """How far each point is from the others of its slot; of a slot with less than three, nothing is known."""
    return {
        one.at: one.value - median(other.value for other in points if other is not one)
        for points in slots.values()
        if len(points) >= FEWEST_ALIKE
        for one in points
    }


def _turn(at: datetime, zone: ZoneInfo) -> int | None:
    """Which day it is of the turn of a month, -1 the last and 1 the first; None on other days."""
    local = at.astimezone(zone)
    left = local.day - monthrange(local.year, local.month)[1] - 1
    if left >= -MONTH_ENDS:
        return left
    return local.day if local.day <= MONTH_ENDS else None


def _at_turn(
    known: Sequence[Point], apart: Mapping[datetime, float], at: datetime, zone: ZoneInfo, tolerance: Tolerance
) -> tuple[float, float, bool]:
    """How much lower and higher a slice may be since the month turns, and whether too few earlier turns say so."""
    turn = _turn(at, zone)
    if turn is None:
        return 0.0, 0.0, False
    earlier = [apart[one.at] for one in known if one.at in apart and _turn(one.at, zone) == turn]
    few = len(earlier) < FEWEST_TURNS
    return max(0.0, -min(earlier, default=0.0)), max(tolerance.at_turn if few else 0.0, *earlier, 0.0), few
