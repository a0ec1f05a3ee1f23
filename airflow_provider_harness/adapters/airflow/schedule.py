"""What Airflow's timetables say of slices: which time their runs own.

A timetable travels as the text in which Airflow itself keeps it, so that a healer can ask what a sensor could.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from itertools import islice, pairwise
from typing import Any
from zoneinfo import ZoneInfo

from airflow_provider_harness.adapters.contracts.harness_properties import zone_exists
from airflow_provider_harness.core.contracts.contract import Contract
from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.core.slices.keys import read
from airflow_provider_harness.core.slices.schedule_fit import Owns, Schedule, Window
from airflow_provider_harness.core.slices.slices import Run, Slice, plain, slice_of_run

MOST = 50_000
"""Slices that one search looks at; more are refused, rather than a worker kept busy for hours."""
_ANCHORS = tuple(datetime(2026, month, day, tzinfo=UTC) for month, day in ((1, 5), (3, 27), (10, 23)))
"""Where runs of a schedule are tried: in a plain week, and where clocks are turned in Europe."""
_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
_BEFORE = (timedelta(days=2), timedelta(hours=3), timedelta(minutes=20))
"""How long before clocks are turned runs are tried, so that those of days, of hours and of minutes come to that moment."""
_TRIED = 60
"""Runs that are tried at each of them, at most."""
_POINTS = ("CronTriggerTimetable", "DeltaTriggerTimetable", "MultipleCronTriggerTimetable")
_INTERVALS = ("CronDataIntervalTimetable", "DeltaDataIntervalTimetable")
_PARTITIONS = ("CronPartitionTimetable",)
_NEVER = ("OnceTimetable", "ContinuousTimetable", "EventsTimetable")
_ASSETS = ("AssetTriggeredTimetable",)
_OF_AUTHORS = (ArithmeticError, AttributeError, LookupError, OSError, RuntimeError, TypeError, ValueError)
"""What a timetable of an author's own may raise where it is asked without an Airflow around it."""
_FEW = 8
"""Runs of such a one that are tried at each anchor, at most."""


def text_of(timetable: Any) -> str:
    """A timetable as text; empty where it makes no runs by a clock, or where only its author knows which."""
    found = _by_clock(timetable)
    kind = type(found).__name__
    if not type(found).__module__.startswith("airflow.") or kind not in (*_POINTS, *_INTERVALS, *_PARTITIONS):
        return ""
    from airflow.serialization.encoders import encode_timetable

    return json.dumps(encode_timetable(found), sort_keys=True)


def _by_clock(timetable: Any) -> Any:
    """The part of a schedule that a clock drives, where assets drive it too."""
    return timetable.timetable if type(timetable).__name__ == "AssetOrTimeSchedule" else timetable


def slicing(timetable: Any) -> str:
    """The same of a timetable whose runs own time; empty of any other."""
    text = text_of(timetable)
    kind = str(json.loads(text)["__type"]).rpartition(".")[2] if text else ""
    return "" if kind in _POINTS and not json.loads(text)["__var"].get("interval") else text


@lru_cache(maxsize=64)
def _timetable(text: str) -> Any:
    """A timetable again. Its text may be an author's own: nothing is made of it but what ``text_of`` writes.

    :raises ValueError: it is of no such kind.
    """
    from airflow.serialization.decoders import decode_timetable

    told = json.loads(text)
    home, _, kind = str(told["__type"]).rpartition(".")
    if not home.startswith("airflow.timetables.") or kind not in (*_POINTS, *_INTERVALS, *_PARTITIONS):
        raise ValueError(f"{told['__type']!r} is not one of Airflow's own timetables that a clock drives")
    return decode_timetable(told)


def partition_end(timetable: Any, date: datetime | None) -> datetime | None:
    """The moment after a partition's own that a timetable makes a partition for; None where it makes none."""
    text = text_of(timetable) if timetable is not None and date is not None else ""
    if not text or type(_timetable(text)).__name__ not in _PARTITIONS or date is None:
        return None
    infos = _ticks(text, date, date + timedelta(days=5 * 366))
    return next((info.partition_date for info in infos if info.partition_date > date), None)


def _ticks(text: str, first: datetime, last: datetime) -> Iterator[Any]:
    """Airflow reads the bounds as times on the timetable's own clock."""
    given = json.loads(text)["__var"]["timezone"]
    zone = ZoneInfo(given) if isinstance(given, str) else timezone(timedelta(seconds=given))
    local = {"earliest": first.astimezone(zone), "latest": last.astimezone(zone)}
    yield from _timetable(text).iter_partition_dagrun_infos(**local)


def runs(text: str, first: datetime, last: datetime, boundary: datetime) -> Iterator[Run]:
    """The runs of a schedule whose time starts from ``first`` on and before ``last``, in order.

    :param text: as ``text_of`` gives it.
    :param boundary: a moment not before ``last`` at which one run's time ends and the next one's begins.
    """
    kind = type(_timetable(text)).__name__
    if kind in _PARTITIONS:
        infos = _ticks(text, first, last + timedelta(days=5 * 366))
        for info, later in pairwise(infos):
            if info.partition_date >= last:
                return
            if info.partition_date >= first:
                key, date, end = info.partition_key, plain(info.partition_date), plain(later.partition_date)
                yield Run(partition_key=key, partition_date=date, partition_end=end, scheduled=True)
        return
    found = _backwards(text, first, boundary) if kind == "DeltaDataIntervalTimetable" else _forwards(text, first, last)
    for start, end in found:
        if first <= start < last:
            yield Run(interval_start=start, interval_end=end, logical_date=start, scheduled=True)


def _backwards(text: str, first: datetime, boundary: datetime) -> list[Window]:
    """Steps of a fixed length, which are counted from a run that is known: they follow no calendar."""
    from airflow.sdk.timezone import coerce_datetime

    found: list[Window] = []
    end = coerce_datetime(boundary)
    while end > first and len(found) <= MOST:
        interval = _timetable(text).infer_manual_data_interval(run_after=end)
        found.append((plain(interval.start), plain(interval.end)))
        end = interval.start
    return found[::-1]


def _forwards(text: str, first: datetime, last: datetime | None) -> Iterator[Window]:
    return _coming_runs(_timetable(text), first, last)


def _coming_runs(timetable: Any, first: datetime, last: datetime | None) -> Iterator[Window]:
    from airflow.sdk.timezone import coerce_datetime
    from airflow.timetables.base import TimeRestriction

    limits, interval = TimeRestriction(earliest=coerce_datetime(first), latest=None, catchup=True), None
    while True:
        info = timetable.next_dagrun_info(last_automated_data_interval=interval, restriction=limits)
        if info is None or (last is not None and info.data_interval.start >= last):
            return
        interval = info.data_interval
        yield plain(interval.start), plain(interval.end)


def slices(contract: Contract, text: str, first: datetime, last: datetime, boundary: datetime) -> list[Slice]:
    """The slices that the runs of a schedule own, each once: see ``runs``."""
    found = [slice_of_run(contract, run) for run in islice(runs(text, first, last, boundary), MOST + 1)]
    if len(found) > MOST:
        raise ConfigurationError(
            f"contract {contract.id}", f"has more than {MOST} slices in this time.", fix="Look back on fewer days."
        )
    return list({piece.id: piece for piece in found}.values())


def schedule_of(contract: Contract, timetable: Any) -> Schedule | None:
    """What a Dag's timetable means for slices; None where nothing is known, and nothing is wrong before a run is made."""
    whole, timetable = type(timetable).__name__, _by_clock(timetable)
    kind = type(timetable).__name__
    if not type(timetable).__module__.startswith("airflow."):
        return _of_author(contract, timetable)
    if kind in _NEVER:
        return Schedule(
            words=f"the schedule {kind}", owns=Owns.NOTHING, fix=_cron("0 0 * * *", contract.load.time_zone)
        )
    if kind in _ASSETS or whole in _ASSETS:
        return Schedule(words="a schedule of assets", owns=Owns.ASSETS)
    text = text_of(timetable)
    return _of_clock(contract, text) if text else None


def _of_author(contract: Contract, timetable: Any) -> Schedule:
    """What a timetable of an author's own says of its first runs."""
    words, fix = f"the schedule {type(timetable).__name__}", _cron("0 0 * * *", contract.load.time_zone)
    try:
        tried = [tuple(islice(_coming_runs(timetable, anchor, None), _FEW)) for anchor in _ANCHORS]
    except _OF_AUTHORS as error:
        return Schedule(words=words, owns=Owns.UNKNOWN, why=f"it raises {type(error).__name__}: {error}")
    windows = tuple(found for found in tried if found)
    if not windows:
        return Schedule(words=words, owns=Owns.UNKNOWN, why="it names no run of 2026")
    if any(start >= end for found in windows for start, end in found):
        return Schedule(words=words, owns=Owns.NOTHING, fix=fix)
    return Schedule(words=words, owns=Owns.INTERVAL, windows=windows, fix=fix)


def _of_clock(contract: Contract, text: str) -> Schedule:
    told = json.loads(text)
    kind, given = str(told["__type"]).rpartition(".")[2], told["__var"]
    zone = str(given.get("timezone") or "")
    crons = [given["expression"]] if "expression" in given else list(given.get("expressions") or ())
    fix = _delta(given["delta"]) if "delta" in given else _cron(_one(crons), zone or contract.load.time_zone)
    words = _words(kind, crons, zone)
    if kind in _POINTS and not given.get("interval"):
        return Schedule(words=words, owns=Owns.NOTHING, zone=zone, fix=fix)
    owns = Owns.PARTITION if kind in _PARTITIONS else Owns.INTERVAL
    windows = _coming(words, lambda: _tried(contract, text, kind))
    keys = _unread(text) if kind in _PARTITIONS else ()
    return Schedule(words=words, owns=owns, zone=_iana(zone), windows=windows, fix=fix, unread=keys)


def _coming(words: str, look: Callable[[], tuple[tuple[Window, ...], ...]]) -> tuple[tuple[Window, ...], ...]:
    """The times that some runs of a schedule own.

    :raises ConfigurationError: no date ever fits it, such as the 30th of February.
    """
    from croniter import CroniterBadDateError

    try:
        return look()
    except CroniterBadDateError as error:
        raise ConfigurationError(
            words, "never runs: no date matches it.", fix="Correct the cron expression."
        ) from error


def _unread(text: str) -> tuple[str, ...]:
    """A key that is no date, where a timetable makes such."""
    far = _ANCHORS[0] + timedelta(days=30 * 366)
    keys = (run.partition_key or "" for run in islice(runs(text, _ANCHORS[0], far, far), 2))
    return tuple(key for key in keys if read(key) is None)[:1]


def _words(kind: str, crons: list[str], zone: str) -> str:
    if not crons:
        return f"the schedule {kind}"
    said = ", ".join(repr(cron) for cron in crons)
    return f"the schedule {said} (a {kind} in {zone})"


def _one(crons: list[str]) -> str:
    """Several cron expressions as one, where they differ in one field; else a day's."""
    fields = [list(dict.fromkeys(parts)) for parts in zip(*(cron.split() for cron in crons), strict=False)]
    if sum(len(parts) > 1 for parts in fields) > 1 or any(len(parts) > 1 and "*" in "".join(parts) for parts in fields):
        return "0 0 * * *"
    return " ".join(",".join(parts) for parts in fields)


def _delta(given: Any) -> str:
    shown = f"timedelta(seconds={given:g})" if isinstance(given, int | float) else "..."
    return f"DeltaDataIntervalTimetable({shown})"


def _cron(expression: str, zone: str) -> str:
    return f'CronDataIntervalTimetable("{expression}", timezone="{zone}")'


def _iana(zone: str) -> str:
    """The zone where it has a name; an offset has none."""
    return zone if zone_exists(zone) else ""


def _tried(contract: Contract, text: str, kind: str) -> tuple[tuple[Window, ...], ...]:
    """Times that some runs own one after the other, in a plain week and where clocks are turned.

    Data intervals lie end to end by themselves, so two of each are enough.
    """
    if kind == "DeltaDataIntervalTimetable":
        return (tuple(_backwards(text, _ANCHORS[0] - timedelta(microseconds=1), _ANCHORS[0])),)
    if kind in _INTERVALS:
        return tuple(tuple(islice(_forwards(text, anchor, None), 2)) for anchor in _ANCHORS)
    anchors = (_ANCHORS[0], *_before_turns(_iana(str(json.loads(text)["__var"].get("timezone") or ""))))
    if kind in _PARTITIONS:
        return tuple(tuple(_partitions(contract, text, anchor, _TRIED)) for anchor in anchors)
    return tuple(tuple(islice(_forwards(text, anchor, None), _TRIED)) for anchor in anchors)


@lru_cache(maxsize=64)
def _before_turns(zone: str) -> tuple[datetime, ...]:
    """Moments shortly before the clocks of a zone are turned in 2026; none where they never are, or no zone is named."""
    if not zone:
        return ()
    days = _turned(zone, _YEAR, timedelta(days=1), 366)
    turns = [turn for day in days for turn in _turned(zone, day - timedelta(days=1), timedelta(minutes=30), 49)]
    return tuple(turn - before for turn in turns for before in _BEFORE)


def _turned(zone: str, first: datetime, step: timedelta, steps: int) -> list[datetime]:
    """The moments, of some at equal distances, by which a zone's clocks have been turned since the one before."""
    moments = [first + n * step for n in range(steps)]
    offsets = [moment.astimezone(ZoneInfo(zone)).utcoffset() for moment in moments]
    return [moments[n] for n in range(1, steps) if offsets[n] != offsets[n - 1]]


def _partitions(contract: Contract, text: str, anchor: datetime, count: int) -> Iterator[Window]:
    """Runs whose keys come again own the same time again."""
    far = anchor + timedelta(days=30 * 366)
    for run in islice(runs(text, anchor, far, far), count):
        piece = slice_of_run(contract, run)
        yield piece.start, piece.end
