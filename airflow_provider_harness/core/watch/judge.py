"""Is a slice as it should be, although every task succeeded? Its numbers are judged against its own history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from math import exp, expm1, log, log1p

from airflow_provider_harness.core.contracts.anomaly import Point
from airflow_provider_harness.core.watch.examples import examples
from airflow_provider_harness.core.watch.profile import Looked, Number
from airflow_provider_harness.core.watch.usual import Expected, Tolerance, expected, recent


class Quiet(StrEnum):
    """How data can be wrong without a failed task."""

    STALE = "stale"  # the slice has no rows, and such slices have some
    COLLAPSED = "collapsed"  # far fewer rows than usual
    GROWN = "grown"  # far more rows than usual
    DOUBLED = "doubled"  # about every key is there twice
    FAN_OUT = "fan_out"  # more rows of one key than usual: a join that multiplies
    WRONG_PARTITION = "wrong_partition"  # the rows are in another slice, or in the future
    NULLS = "nulls"  # far more nulls in a column than usual
    UNIT = "unit"  # a column's numbers are another order of size: cents for euros, metres for kilometres
    SHIFTED = "shifted"  # a column's numbers are larger or smaller than usual
    DRIFTED = "drifted"  # a column's values are distributed otherwise than usual
    UNREAD = "unread"  # the slice could not be read: the table is gone, or may not be read, or would cost too much


@dataclass(frozen=True, slots=True, kw_only=True)
class _Metric:
    """How one kind of number is judged.

    :param floor: so far from usual is never unusual.
    :param noises: nor is so many times what chance makes of it.
    :param at_turn: so much more is not, at a turn of the month without a history.
    :param up_only: only more is a failure.
    """

    floor: float
    noises: float = 4.0
    at_turn: float = 0.0
    up_only: bool = False


#: What stands before the colon of a metric -> how it is judged; rows in natural, sizes in binary logarithms.
METRICS: Mapping[str, _Metric] = {
    "rows": _Metric(floor=log(1.5), at_turn=log(10)),
    "duplicates": _Metric(floor=0.01, up_only=True),
    "nulls": _Metric(floor=0.05, up_only=True),
    "size": _Metric(floor=0.5, at_turn=1.5),
    "drift": _Metric(floor=0.25, at_turn=1.0, up_only=True),
}
_ROWS_NOISES, _ANSCOMBE = 6, 3 / 8
_HALF = (0.4, 0.6)
_OTHER_UNIT = 3.0
"""Octaves: eight times as large, or an eighth."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One number beside what is usual.

    :param usual: None while its history is too short to say.
    """

    metric: str
    value: float
    usual: Expected | None
    unusual: bool

    @property
    def kind(self) -> str:
        """The metric without its column."""
        return self.metric.partition(":")[0]

    @property
    def column(self) -> str:
        """The column that it is of; empty where it is of all rows."""
        return self.metric.partition(":")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietFailure:
    """One thing that is wrong with a slice.

    :param metric: the number that shows it.
    :param text: what was found and what is usual, in one sentence.
    """

    kind: Quiet
    metric: str
    text: str


def judge(
    numbers: Mapping[str, Number],
    history: Sequence[Looked],
    at: datetime,
    length: timedelta,
    zone: str,
    sensitivity: float,
) -> tuple[Judged, ...]:
    """Every number of a slice beside what is usual for it.

    :param at: where the slice begins; ``length`` is how long it is.
    :param sensitivity: how many times the usual spread a number may be away.
    """
    known = {one.at for one in examples(history, length, zone)}
    past = sorted((one for one in history if one.flagged or one.at in known), key=lambda one: one.at)

    def usual(name: str, number: Number) -> Expected | None:
        points = [
            Point(at=one.at, value=one.numbers[name], flagged=one.at not in known)
            for one in past
            if name in one.numbers
        ]
        how = METRICS[name.partition(":")[0]]
        tolerance = Tolerance(times=sensitivity, floor=max(how.floor, how.noises * number.noise), at_turn=how.at_turn)
        found = expected(points, at, length, zone, tolerance)
        if found is None:
            return None
        if name != "rows":
            return _few_of_many(found, number, how)
        return _few_rows(found) if any(one.value for one in points[-recent(length) :]) else _none_lately(found, number)

    return tuple(_judged(name, number, usual(name, number)) for name, number in sorted(numbers.items()))


def _judged(name: str, number: Number, usual: Expected | None) -> Judged:
    how = METRICS[name.partition(":")[0]]
    low = usual is not None and number.value < usual.low and not how.up_only
    high = usual is not None and number.value > usual.high
    return Judged(metric=name, value=number.value, usual=usual, unusual=low or high)


def _few_rows(usual: Expected) -> Expected:
    """What chance makes of a slice that usually has few rows."""
    low, high = _by_chance(expm1(usual.middle), _ROWS_NOISES)
    return replace(usual, low=min(usual.low, log1p(low)), high=max(usual.high, log1p(high)))


def _few_of_many(usual: Expected, number: Number, how: _Metric) -> Expected:
    """What chance makes of a share that is usual."""
    if not number.of:
        return usual
    low, high = (rows / number.of for rows in _by_chance(usual.middle * number.of, how.noises))
    return replace(usual, low=min(usual.low, low), high=max(usual.high, high))


def _by_chance(rows: float, noises: float) -> tuple[float, float]:
    """Between which numbers a count is by chance alone: the square root of a count has a standard deviation of a half (Anscombe 1948)."""
    root = (max(rows, 0.0) + _ANSCOMBE) ** 0.5
    return max(max(root - noises / 2, 0.0) ** 2 - _ANSCOMBE, 0.0), (root + noises / 2) ** 2 - _ANSCOMBE


def _none_lately(usual: Expected, number: Number) -> Expected:
    """A table that had no rows for a week may have some again."""
    return replace(usual, high=max(usual.high, number.value))


def announced(judged: Sequence[Judged]) -> tuple[Judged, ...]:
    """The same numbers of a day of which it was known before that it is not like others: it may have fewer rows, other sizes and other
    distributions. More rows, repeated keys, nulls and another unit are as unusual as ever."""
    return tuple(replace(one, unusual=one.unusual and not _expected(one)) for one in judged)


def _expected(one: Judged) -> bool:
    apart = one.value - _usual(one).middle
    return {"rows": apart < 0, "size": abs(apart) < _OTHER_UNIT, "drift": True}.get(one.kind, False)


def usual_rows(judged: Sequence[Judged]) -> float:
    """How many rows such a slice usually has; 0 while nobody knows."""
    return next((expm1(one.usual.middle) for one in judged if one.metric == "rows" and one.usual is not None), 0.0)


def failures(judged: Sequence[Judged]) -> tuple[QuietFailure, ...]:
    """What is wrong with a slice, the plainest first; what follows from something else is not said again."""
    unusual = {one.metric: one for one in judged if one.unusual}
    found: list[QuietFailure] = []
    rows, duplicates = unusual.get("rows"), unusual.get("duplicates")
    if duplicates is not None:
        found.append(_duplicated(duplicates, {one.metric: one for one in judged}.get("rows")))
    if rows is not None and (duplicates is None or rows.value < _usual(rows).middle):
        found.append(_volume(rows))
    explained = set()
    for kind in ("nulls", "size", "drift"):
        for one in unusual.values():
            if one.kind == kind and one.column not in explained:
                explained.add(one.column)
                found.append(_COLUMN[kind](one))
    return tuple(found)


def _usual(one: Judged) -> Expected:
    assert one.usual is not None, "nothing is unusual without a history"
    return one.usual


def _volume(rows: Judged) -> QuietFailure:
    usual = _usual(rows)
    times = expm1(rows.value) / max(expm1(usual.middle), 1.0)
    kind = Quiet.GROWN if rows.value > usual.middle else Quiet.COLLAPSED if rows.value > 0 else Quiet.STALE
    text = f"{_count(rows.value)} rows, {_ratio(times)} of the usual {_count(usual.middle)} ({_range(usual)})"
    return QuietFailure(kind=kind, metric=rows.metric, text=text)


def _duplicated(share: Judged, rows: Judged | None) -> QuietFailure:
    times = exp(rows.value - rows.usual.middle) if rows is not None and rows.usual is not None else 0.0
    doubled = _HALF[0] <= share.value <= _HALF[1]
    more = f", and {_ratio(times)} of the usual rows" if times else ""
    text = f"{share.value:.1%} of the rows repeat a key, usually {_usual(share).middle:.1%}{more}"
    return QuietFailure(kind=Quiet.DOUBLED if doubled else Quiet.FAN_OUT, metric=share.metric, text=text)


def _nulls(one: Judged) -> QuietFailure:
    text = (
        f"{one.value:.1%} of {one.column} is null, usually {_usual(one).middle:.1%} and at most {_usual(one).high:.1%}"
    )
    return QuietFailure(kind=Quiet.NULLS, metric=one.metric, text=text)


def _size(one: Judged) -> QuietFailure:
    apart = one.value - _usual(one).middle
    kind = Quiet.UNIT if abs(apart) >= _OTHER_UNIT else Quiet.SHIFTED
    return QuietFailure(kind=kind, metric=one.metric, text=f"{one.column} is {_ratio(2**apart)} of its usual size")


def _drifted(one: Judged) -> QuietFailure:
    text = f"{one.column} is distributed otherwise: population stability index {one.value:.2f}, usually at most {_usual(one).high:.2f}"
    return QuietFailure(kind=Quiet.DRIFTED, metric=one.metric, text=text)


_COLUMN = {"nulls": _nulls, "size": _size, "drift": _drifted}


def _count(value: float) -> str:
    return f"{max(expm1(value), 0):,.0f}"


def _range(usual: Expected) -> str:
    return f"{_count(usual.low)} to {_count(usual.high)} by {usual.points} alike"


def _ratio(times: float) -> str:
    return f"{times:.0%}" if times < 1.5 else f"{times:.3g} times"
