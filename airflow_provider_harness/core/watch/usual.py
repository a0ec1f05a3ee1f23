"""What is usual for a slice, by earlier slices of the same weekday and hour: weekends, growth and month ends are nothing unusual."""

from __future__ import annotations

from bisect import bisect_left, insort
from calendar import monthrange
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from zoneinfo import ZoneInfo

from airflow_provider_harness.core.contracts.anomaly import NORMAL_SCALE, Point
from airflow_provider_harness.core.watch.examples import slot

FEWEST_ALIKE = 3
"""Earlier slices of the same weekday and hour, at least, before a slice is judged."""
RECENT = 7
"""Slices by which a level that moved is followed, or a week of them where they are shorter than a day: any other number of hours would be
of other weekdays and hours each time."""
NEWEST = 8
"""Slices of the same weekday and hour that say how far it is from the others."""
OFTEN, BEYOND = 0.8, 1.5
"""What one slice in five did is not unusual, nor is half as much again: loads that come now and then have no usual number. One weekday
that is noisy, since it has few rows, says nothing of the others: it is one in seven."""
MONTH_ENDS = 2
"""Days before and after the turn of a month that are compared with earlier turns."""
FEWEST_TURNS = 3
"""Earlier turns of a month, at least, before a peak at one is unusual because those were lower."""
FEWEST_TOLD = 2
"""Earlier months in which the same day was so unusual, before it is usual: somebody was told each time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """Between which numbers a slice is usual.

    :param points: earlier slices of the same weekday and hour that say so.
    """

    low: float
    middle: float
    high: float
    points: int


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


def expected(
    points: Sequence[Point], at: datetime, length: timedelta, zone: str, tolerance: Tolerance
) -> Expected | None:
    """What is usual for a slice: the level of the slices just before, and how far its weekday and hour is from that. None while its
    history is too short to say.

    :param points: of earlier slices, oldest first; those that are flagged are no examples.
    :param at: where the slice begins; ``length`` is how long it is.
    :param zone: IANA name of the zone in which weekdays and hours are meant.
    """
    past = _Past([one for one in points if one.at < at], length, ZoneInfo(zone))
    own = slot(at, length, past.zone)
    alike = len(past.slots.get(own, ()))
    if alike < FEWEST_ALIKE:
        return None
    off = sorted(abs(past.off(place)) for place in past.ordinary)
    spread = NORMAL_SCALE * median(off) if off else 0.0
    often = BEYOND * off[round(OFTEN * (len(off) - 1))] if off else 0.0
    middle = past.level(len(past.points)) + past.of_slot[own]
    reach = max(tolerance.times * spread, often, tolerance.floor)
    down, up = _of_month(past, at, tolerance)
    return Expected(low=middle - reach - down, middle=middle, high=middle + reach + up, points=alike)


def recent(length: timedelta) -> int:
    """How many slices say on which level a table is now.

    >>> recent(timedelta(hours=12)), recent(timedelta(days=1)), recent(timedelta(days=30))
    (14, 7, 7)
    """
    return max(RECENT, round(timedelta(days=RECENT) / length))


class _Past:
    """Earlier slices, each beside what was usual for it then.

    :param points: oldest first.
    """

    def __init__(self, points: Sequence[Point], length: timedelta, zone: ZoneInfo) -> None:
        self.points, self.zone = points, zone
        self._recent = recent(length)
        names = [slot(one.at, length, zone) for one in points]
        self.slots: dict[object, list[int]] = defaultdict(list)
        for place, one in enumerate(points):
            if not one.flagged:
                self.slots[names[place]].append(place)
        levels = medians([one.value for one in points], self._recent)
        self._week = [one.value - level for one, level in zip(points, levels, strict=False)]
        self.of_slot = {name: median(self._week[one] for one in mine[-NEWEST:]) for name, mine in self.slots.items()}
        self._own = [self._but_for_slot(place, name) for place, name in enumerate(names)]
        known = (place for mine in self.slots.values() if len(mine) >= FEWEST_ALIKE for place in mine)
        self.ordinary = sorted(place for place in known if turn(points[place].at, zone) is None)
        self._levels = medians([self._own[one] for one in self.ordinary], self._recent)

    def _but_for_slot(self, place: int, name: object) -> float:
        """A point without what the others of its weekday and hour have in common."""
        others = [self._week[one] for one in self.slots.get(name, ())[-NEWEST:] if one != place]
        return self.points[place].value - (median(others) if others else 0.0)

    def level(self, place: int) -> float:
        """Where the slices just before were, each but for its weekday and hour; before there are three of them, the first ones."""
        return self._levels[bisect_left(self.ordinary, place)]

    def off(self, place: int) -> float:
        """How far a point was from what was usual for it."""
        return self._own[place] - self.level(place)


def medians(values: Sequence[float], width: int) -> list[float]:
    """For each place, and for the one after the last, the median of so many values just before it; before there are three, of the first ones.

    >>> medians([1.0, 2.0, 3.0, 9.0, 9.0], 3)
    [2.0, 2.0, 2.0, 2.0, 3.0, 9.0]
    """
    first = median(values[:width]) if values else 0.0
    window: list[float] = []
    found = []
    for place in range(len(values) + 1):
        found.append(_middle(window) if place >= 3 else first)
        if place < len(values):
            insort(window, values[place])
        if place >= width:
            del window[bisect_left(window, values[place - width])]
    return found


def _middle(ordered: Sequence[float]) -> float:
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def turn(at: datetime, zone: ZoneInfo) -> int | None:
    """Which day it is of the turn of a month, -1 the last and 1 the first; None on other days."""
    day, left = _of_its_month(at, zone)
    if left >= -MONTH_ENDS:
        return left
    return day if day <= MONTH_ENDS else None


def _of_its_month(at: datetime, zone: ZoneInfo) -> tuple[int, int]:
    """Its day, 1 the first, and the same from the end, -1 the last."""
    local = at.astimezone(zone)
    return local.day, local.day - monthrange(local.year, local.month)[1] - 1


def _of_month(past: _Past, at: datetime, tolerance: Tolerance) -> tuple[float, float]:
    """How much lower and higher a slice may be by its day of the month."""
    own, mine = turn(at, past.zone), _of_its_month(at, past.zone)
    same = [
        place
        for place, one in enumerate(past.points)
        if any(a == b for a, b in zip(_of_its_month(one.at, past.zone), mine, strict=True))
    ]
    told = sorted(past.off(place) for place in same if past.points[place].flagged)
    down, up = (-told[FEWEST_TOLD - 1], told[-FEWEST_TOLD]) if len(told) >= FEWEST_TOLD else (0.0, 0.0)
    if own is None:
        return max(down, 0.0), max(up, 0.0)
    turns = [past.off(p) for p in same if not past.points[p].flagged and turn(past.points[p].at, past.zone) == own]
    most = max(tolerance.at_turn if len(turns) < FEWEST_TURNS else 0.0, up, *turns, 0.0)
    return max(0.0, down, -min(turns, default=0.0)), most
