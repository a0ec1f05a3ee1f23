"""Whether the runs of a schedule own the slices of a contract, all of them and none twice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from zoneinfo import ZoneInfo

from airflow_provider_harness.core.contracts.contract import Contract, LoadMode, LogicalType
from airflow_provider_harness.core.slices.slices import following, grain_start

Window = tuple[datetime, datetime]


class ScheduleWarning(UserWarning):
    """A Dag's schedule and a contract do not fit each other, and no row is lost by it. Airflow shows it where the Dag is
    parsed; the message names both, and what to do."""


class Owns(StrEnum):
    """What a run of a schedule owns."""

    INTERVAL = "interval"
    PARTITION = "partition"
    NOTHING = "nothing"  # its data interval has no width
    ASSETS = "assets"  # it has neither an interval nor a logical date
    UNKNOWN = "unknown"  # it does not say


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A schedule, as far as slices are concerned.

    :param words: the schedule, as a Dag file says it.
    :param zone: IANA name of the zone whose clocks it follows; empty where it follows none.
    :param windows: runs of times that some of its runs own one after the other, each with no gap between the runs.
    :param fix: a schedule that would do, where this one does not.
    :param unread: a partition key that its runs have and that is no date.
    :param why: why it is not known what its runs own.
    """

    words: str
    owns: Owns
    zone: str = ""
    windows: tuple[tuple[Window, ...], ...] = ()
    fix: str = ""
    unread: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Misfit:
    """One thing that does not fit.

    :param loses: rows would belong to no run, or be left out.
    """

    text: str
    fix: str
    loses: bool = False

    def sentence(self) -> str:
        """What does not fit, and what to do."""
        return f"{self.text} {self.fix}"


def misfits(contract: Contract, schedule: Schedule) -> Iterator[Misfit]:
    """Everything in which a schedule and a contract that is cut into slices do not fit each other; what loses rows first."""
    if contract.load.mode is LoadMode.FULL:
        return
    cut = f"Contract {contract.id} is cut into slices by column {contract.load.slice_column!r}"
    if schedule.owns is Owns.NOTHING:
        text = f"{cut}, and {schedule.words} makes runs whose data interval has no width, so no run owns a slice."
        yield Misfit(text=text, fix=f"Use schedule={schedule.fix}, or give the task slice_key.", loses=True)
        return
    if schedule.owns is Owns.ASSETS:
        text = f"{cut}, and a run of {schedule.words} has no data interval, no logical date and no partition key."
        yield Misfit(text=text, fix="Give the task slice_key, or let the assets be partitioned.")
        return
    if schedule.owns is Owns.UNKNOWN:
        text = f"{cut}, and whether the runs of {schedule.words} own the slices, each row once, was not judged: {schedule.why}."
        yield Misfit(text=text, fix="Let its data intervals lie end to end, or give the task slice_key.")
        return
    yield from _joints(contract, schedule, cut)
    for key in schedule.unread:
        text = f"{cut}, and {schedule.words} makes keys such as {key!r}, which is not a date: a run that is given such a key alone fails."
        yield Misfit(text=text, fix='Use key_format="%Y-%m-%dT%H:%M:%S", or "%Y-%m-%d" where runs are a day apart.')
    yield from _zones(contract, schedule)
    yield from _grains(contract, schedule)
    yield from _dates(contract, schedule)


def _joints(contract: Contract, schedule: Schedule, cut: str) -> Iterator[Misfit]:
    """Where one run's time does not begin at the end of the one before: the first of each kind."""
    fix = f"Use schedule={schedule.fix}, or give the task slice_key."
    if schedule.owns is Owns.PARTITION:
        fix = (
            f"Let the key say when the run is (key_format), or use schedule={schedule.fix}, or give the task slice_key."
        )
    joints = [(end, start) for windows in schedule.windows for (_, end), (start, _) in pairwise(windows)]
    gap = next(((end, start) for end, start in joints if start > end), None)
    twice = next(((start, end) for end, start in joints if start < end), None)
    if gap is not None:
        text = f"{cut}, and no run of {schedule.words} owns the time from {_moment(gap[0])} to {_moment(gap[1])}."
        yield Misfit(text=text, fix=fix, loses=True)
    if twice is not None:
        text = f"{cut}, and two runs of {schedule.words} own the time from {_moment(twice[0])} to {_moment(twice[1])}."
        yield Misfit(text=text, fix=fix, loses=contract.load.mode is LoadMode.APPEND)


def _zones(contract: Contract, schedule: Schedule) -> Iterator[Misfit]:
    if not schedule.zone or not schedule.windows:
        return
    theirs, ours = ZoneInfo(schedule.zone), ZoneInfo(contract.load.time_zone)
    starts = [start for windows in schedule.windows for start, _ in windows]
    if any(start.astimezone(theirs).utcoffset() != start.astimezone(ours).utcoffset() for start in starts):
        yield Misfit(
            text=f"{schedule.words} goes by the clocks of {schedule.zone}, and contract {contract.id} has timeZone "
            f"{contract.load.time_zone}: what is a day for one is none for the other. A run's slice is its own interval.",
            fix=f"Give the schedule timezone={contract.load.time_zone!r}, or the contract timeZone: {schedule.zone}.",
        )


def _grains(contract: Contract, schedule: Schedule) -> Iterator[Misfit]:
    grain, zone = contract.load.grain, ZoneInfo(contract.load.time_zone)
    if grain is None:
        return
    for start, end in (window for windows in schedule.windows for window in windows):
        own = grain_start(grain, start, zone)
        if (own, following(grain, own, zone)) != (start, end):
            yield Misfit(
                text=f"{schedule.words} makes slices such as {_moment(start)} to {_moment(end)}, and contract {contract.id} has "
                f"grain {grain} in time zone {contract.load.time_zone}, by which one is {_moment(own)} to "
                f"{_moment(following(grain, own, zone))}. A run's slice is its own interval.",
                fix="Let the schedule follow the grain, or the grain say how long a run's interval is, or leave it out.",
            )
            return


def _dates(contract: Contract, schedule: Schedule) -> Iterator[Misfit]:
    column, zone = contract.column(contract.load.slice_column), ZoneInfo(contract.load.time_zone)
    if column.logical_type is not LogicalType.DATE:
        return
    for start, end in (window for windows in schedule.windows for window in windows):
        if start.astimezone(zone).date() == end.astimezone(zone).date() and end - start < timedelta(days=1):
            yield Misfit(
                text=f"{column.name} is a date, and the slice {_moment(start)} to {_moment(end)} of {schedule.words} ends on the "
                "day on which it begins: a date belongs to the slice in which it ends, so this one has no rows.",
                fix="Use a schedule of whole days, or a timestamp as slice column.",
            )
            return


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M %Z}"


def refused(found: Sequence[Misfit]) -> Misfit | None:
    """The first by which rows would be lost."""
    return next((one for one in found if one.loses), None)
