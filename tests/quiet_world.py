"""Payments of 88 days with weekends, month ends, growth and noise, and eight quiet failures in the last 60 of them.

The known answer of the watch: which kind of failure is on which day. Rows are drawn by numpy from a seed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import md5
from math import floor, log2

import numpy as np

from airflow_provider_harness.core.watch.judge import Quiet
from airflow_provider_harness.core.watch.profile import ColumnProfile, Profile

FIRST, WARM, DAYS = date(2026, 3, 2), 28, 60
COUNTRIES = ("DE", "FR", "IT", "PL", "AT", "NL")
PLANTED = (
    Quiet.STALE,
    Quiet.COLLAPSED,
    Quiet.DOUBLED,
    Quiet.WRONG_PARTITION,
    Quiet.UNIT,
    Quiet.FAN_OUT,
    Quiet.NULLS,
    Quiet.DRIFTED,
)

Row = tuple[int, float, str, int | None]
"""Id, amount, country, customer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One day's load.

    :param misplaced: rows that the load put into the day before.
    """

    day: date
    rows: tuple[Row, ...]
    misplaced: tuple[Row, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """:param planted: day -> what is wrong with it."""

    days: tuple[Day, ...]
    planted: Mapping[date, Quiet]


def world(seed: int, size: int = 1000) -> World:
    """The days of a seed.

    :param size: rows of a usual working day.
    """
    rng = np.random.default_rng(seed)
    planted = _planted(rng)
    days, next_id = [], 1
    for number in range(WARM + DAYS):
        day = FIRST + timedelta(days=number)
        sound = _sound(rng, day, number, size, next_id)
        next_id += len(sound)
        how = planted.get(day)
        misplaced = sound[len(sound) // 50 :] if how is Quiet.WRONG_PARTITION else ()
        days.append(Day(day=day, rows=_broken(rng, how, sound), misplaced=misplaced))
    return World(days=tuple(days), planted=planted)


def _planted(rng: np.random.Generator) -> dict[date, Quiet]:
    """Eight working days of the last sixty, not one after another, and none at the turn of a month."""
    possible = [FIRST + timedelta(days=WARM + number) for number in range(1, DAYS)]
    possible = [day for day in possible if day.weekday() < 5 and 2 < day.day < 27]
    chosen: list[date] = []
    while len(chosen) < len(PLANTED):
        day = possible[int(rng.integers(len(possible)))]
        if all(abs((day - other).days) > 1 for other in chosen):
            chosen.append(day)
    return dict(zip(chosen, (PLANTED[int(place)] for place in rng.permutation(len(PLANTED))), strict=True))


def _sound(rng: np.random.Generator, day: date, number: int, size: int, first: int) -> tuple[Row, ...]:
    """A day as it should be: few rows on Saturdays, hardly any on Sundays, peaks at month ends, growth, noise."""
    usual = size * (1.0, 1.0, 1.0, 1.0, 1.1, 0.4, 0.03)[day.weekday()] * 1.003**number
    peak = 2.8 if (day + timedelta(days=1)).day <= 2 or day.day == 1 else 1.0
    count = int(rng.poisson(usual * peak * rng.lognormal(0, 0.08)))
    mix = np.array([4.0, 3, 2, 1, 1, 1]) * (np.array([1.0, 1, 3, 1, 2, 1]) if day.weekday() >= 5 else 1.0)
    amounts = np.round(rng.lognormal(3.5, 1.0, count), 2)
    countries = rng.choice(COUNTRIES, count, p=mix / mix.sum())
    known = rng.random(count) > 0.03
    customers = rng.integers(1, 5000, count)
    return tuple(
        (first + place, float(amounts[place]), str(countries[place]), int(customers[place]) if known[place] else None)
        for place in range(count)
    )


def _broken(rng: np.random.Generator, how: Quiet | None, sound: tuple[Row, ...]) -> tuple[Row, ...]:
    """The same day as a quiet failure leaves it."""
    some = rng.random(len(sound))
    match how:
        case Quiet.STALE:
            return ()
        case Quiet.COLLAPSED:
            return sound[: len(sound) // 5]
        case Quiet.DOUBLED:
            return sound + sound
        case Quiet.WRONG_PARTITION:
            return sound[: len(sound) // 50]
        case Quiet.UNIT:
            return tuple((i, amount * 100, country, who) for i, amount, country, who in sound)
        case Quiet.FAN_OUT:
            return sound + tuple(row for row, drawn in zip(sound, some, strict=True) if drawn < 0.15)
        case Quiet.NULLS:
            return tuple(
                (i, amount, country, None if drawn < 0.3 else who)
                for (i, amount, country, who), drawn in zip(sound, some, strict=True)
            )
        case Quiet.DRIFTED:
            return tuple(
                (i, amount, "DE" if drawn < 0.7 else country, who)
                for (i, amount, country, who), drawn in zip(sound, some, strict=True)
            )
    return sound


def profile(day: Day) -> Profile:
    """What the warehouse counts of a day, counted here in another way."""
    keys = [row[0] for row in day.rows]
    columns = {
        name: _counts([row[place] for row in day.rows])
        for place, name in enumerate(("amount", "country", "customer"), 1)
    }
    return Profile(rows=len(keys), duplicates=len(keys) - len(set(keys)), columns=columns)


def _counts(values: list[object]) -> ColumnProfile:
    bins: dict[str, int] = {}
    for value in values:
        name = bin_of(value)
        bins[name] = bins.get(name, 0) + 1
    return ColumnProfile(bins=bins)


def bin_of(value: object) -> str:
    """The bin of a value, as ``core.watch.profile`` says it."""
    if value is None or value != value:
        return "null"
    if isinstance(value, str | bool):
        text = str(value).lower() if isinstance(value, bool) else value
        return "h" + md5(text.encode(), usedforsecurity=False).hexdigest()[0]
    assert isinstance(value, int | float)
    return f"{'p' if value > 0 else 'm'}{floor(4 * log2(abs(value)))}" if value else "z"


def start(day: date) -> datetime:
    """Where the slice of a day begins."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
