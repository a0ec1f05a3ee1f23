"""Which slice of the data a run owns, and what the slice is called: the only such rule."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import quote
from zoneinfo import ZoneInfo

from airflow_provider_harness.core.contracts.contract import Contract, EpochUnit, LoadMode, LogicalType
from airflow_provider_harness.core.contracts.grain import Grain
from airflow_provider_harness.core.errors import ConfigurationError, NoSlice
from airflow_provider_harness.core.slices.keys import Named, Precision, months_later, read

IDENTIFIER_BYTES = 63
"""The longest name PostgreSQL keeps (NAMEDATALEN - 1)."""
_HOUR = 3600
_ZONES = timedelta(days=1)
"""By how much the same day can lie apart for two zones, at most."""
Bound = datetime | date | int
"""A value of a slice column: a moment, a local time without a zone, a date, or an epoch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """One slice of a table: what one run owns.

    :param id: its start as ``20130101T050000Z``; of a key that is no date, the percent-encoded key.
    :param start: first moment that belongs to it.
    :param end: first moment that does not.
    :param given: another id under which it was asked for, such as ``2013-01-01``; rows that an earlier version set aside
        are found under it.
    """

    id: str
    start: datetime
    end: datetime
    given: str = ""

    def day(self, zone: str) -> date:
        """The date on which it begins in an IANA time zone."""
        return self.start.astimezone(ZoneInfo(zone)).date()

    @property
    def ids(self) -> tuple[str, ...]:
        """All ids under which it is known, its own first."""
        return (self.id, self.given) if self.given else (self.id,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What a run says of the slice that it owns; what it does not have is None.

    :param partition_date: the moment that the partition key stands for.
    :param partition_end: the moment that the key after this one stands for, where a timetable knows it.
    :param run_after: from when on the run may start.
    :param scheduled: a schedule made it, rather than a person.
    """

    partition_key: str | None = None
    partition_date: datetime | None = None
    partition_end: datetime | None = None
    interval_start: datetime | None = None
    interval_end: datetime | None = None
    logical_date: datetime | None = None
    run_after: datetime | None = None
    scheduled: bool = False

    @property
    def has_interval(self) -> bool:
        """Whether its data interval is longer than nothing."""
        start, end = self.interval_start, self.interval_end
        return start is not None and end is not None and start < end


def slice_id(
    *,
    partition_key: str | None = None,
    interval_start: datetime | None = None,
    interval_end: datetime | None = None,
    logical_date: datetime | None = None,
) -> str:
    """The id that a run alone gives its slice: partition key, else a non-empty data interval, else the logical date.

    A contract makes one id of all that name the same slice: see ``slice_of``.

    >>> slice_id(interval_start=datetime(2013, 1, 1, 5, tzinfo=UTC), interval_end=datetime(2013, 1, 2, 5, tzinfo=UTC))
    '20130101T050000Z'
    """
    if partition_key:
        return quote(partition_key, safe="")
    if interval_start is not None and interval_end is not None and interval_start < interval_end:
        return stamp(interval_start)
    if logical_date is not None:
        return stamp(logical_date)
    raise _nothing()


def stamp(moment: datetime) -> str:
    """A moment as a slice id: UTC, ISO 8601 basic, so that it needs no encoding anywhere."""
    utc = moment.astimezone(UTC)
    fraction = f".{utc.microsecond:06d}" if utc.microsecond else ""
    return f"{utc.year:04d}{utc:%m%dT%H%M%S}{fraction}Z"


def whole(contract: Contract) -> bool:
    """Whether the table is published as a whole, so that a run owns all of it."""
    return contract.load.mode is LoadMode.FULL


def slice_of(contract: Contract, key: str, end: datetime | None = None) -> Slice:
    """The slice that an id names.

    :param key: an id, or a partition key that is a date or a time. What it names as a period (a year, a quarter, a month,
        an ISO week, a day, an hour) is the slice; a moment begins one that is as long as the contract's grain.
    :param end: where the slice ends, if that is known: of a run's slice, it always is.
    :raises ConfigurationError: the key is no date, clocks skip what it names, or the slice ends before it begins.
    """
    named = read(key)
    try:
        window = _window(contract, named) if named else None
    except (OverflowError, ValueError):  # after the year 9999
        window = None
    if window is None and whole(contract) and end is not None:
        return Slice(id=quote(key, safe="%"), start=plain(end), end=plain(end))
    if window is None:
        raise ConfigurationError(
            f"slice {key!r}",
            "is not a moment or a date, so it has no beginning and no end.",
            fix="Use 20130101T050000Z or 2013-01-01; or mode full, in which a run publishes the whole table.",
        )
    start, own_end = window
    if start == own_end and not whole(contract):
        raise ConfigurationError(
            f"slice {key!r}",
            f"is an hour that does not exist in {contract.load.time_zone}: clocks skip it, so it holds no row.",
            fix="Give the hour before or after it; or the moment in UTC, such as 20130101T050000Z.",
        )
    if end is not None and end < start:
        raise ConfigurationError(f"slice {key!r}", f"ends at {end.isoformat()}, before it begins.")
    return _called(start, end or own_end, key)


def slice_of_run(contract: Contract, run: Run) -> Slice:
    """The slice that a run owns: its partition key's window, else its data interval.

    Without both, a run that a person made for a logical date owns the slice of the contract's grain in which that lies;
    where the table is published as a whole, any run owns it.

    :raises ConfigurationError: the run owns no slice.
    """
    if run.partition_key:
        return _of_partition(contract, run, run.partition_key)
    if run.has_interval and run.interval_start and run.interval_end:
        return _called(run.interval_start, run.interval_end)
    if whole(contract):
        moment = run.logical_date or run.run_after
        if moment is None:
            raise _nothing()
        moment = plain(moment)
        return _called(moment, following(grain_of(contract), moment, _zone(contract)))
    if run.logical_date is None:
        raise _nothing()
    if run.scheduled:
        raise no_width(contract, "The schedule")
    start = grain_start(grain_of(contract), plain(run.logical_date), _zone(contract))
    return _called(start, following(grain_of(contract), start, _zone(contract)))


def no_width(
    contract: Contract, what: str, fix: str = 'CronDataIntervalTimetable("0 0 * * *", timezone="UTC")'
) -> ConfigurationError:
    """The error of a schedule whose runs own no time, under a contract that is cut into slices.

    :param what: the schedule, with its cron expression where it has one.
    :param fix: a timetable that would do.
    """
    return ConfigurationError(
        f"contract {contract.id}",
        f"is cut into slices by column {contract.load.slice_column!r}. {what} makes runs whose data interval has no width, so no "
        "run owns a slice.",
        fix=f"Use schedule={fix}, or give the task slice_key.",
    )


def _nothing() -> NoSlice:
    return NoSlice(
        "this run",
        "has no partition key, no data interval and no logical date, so it owns no slice.",
        fix="Give the task slice_key, or trigger the run with a logical date; in mode full, no slice is needed.",
    )


def _says_the_same(contract: Contract, key: str, named: Named, date: datetime) -> None:
    """Refuse a key that reads as another day than the run's: day and month changed places, a week that looks like a month."""
    start, end = _window(contract, named)
    if not start - _ZONES <= date < end + _ZONES:
        raise ConfigurationError(
            f"partition key {key!r}",
            f"reads as {start:%Y-%m-%d %H:%M %Z} to {end:%Y-%m-%d %H:%M %Z}, and the run is of {date:%Y-%m-%d %H:%M %Z}.",
            fix='Use key_format="%Y-%m-%dT%H:%M:%S", or "%Y-%m-%d" where runs are a day apart.',
        )


def _of_partition(contract: Contract, run: Run, key: str) -> Slice:
    """By the timetable where that says more than the key: a key of a day names a day, one of a moment only its beginning."""
    named = read(key)
    if named is not None and run.partition_date is not None and run.partition_end is not None:
        _says_the_same(contract, key, named, plain(run.partition_date))
    exact = plain(run.partition_date) if run.partition_date and not (named and named.precision.calendar) else None
    if exact is not None and run.partition_end is not None:
        return _called(exact, run.partition_end, quote(key, safe=""))
    if exact is not None and named is not None:
        start, end = _window(contract, replace(named, start=exact))
        return _called(start, end, quote(key, safe=""))
    if named is None and whole(contract):
        moment = run.partition_date or run.run_after or run.logical_date
        if moment is None:
            raise _nothing()
        moment = plain(moment)
        return Slice(id=quote(key, safe=""), start=moment, end=moment)
    return slice_of(contract, quote(key, safe=""))


def _called(start: datetime, end: datetime, given: str = "") -> Slice:
    name = stamp(start)
    return Slice(id=name, start=plain(start), end=plain(end), given="" if given == name else given)


def plain(moment: datetime) -> datetime:
    """A moment in UTC as Python's own type: that of a library, which Airflow hands over, has other rules for local times."""
    utc = moment.astimezone(UTC)
    return datetime.combine(
        date(utc.year, utc.month, utc.day), time(utc.hour, utc.minute, utc.second, utc.microsecond), UTC
    )


def grain_of(contract: Contract) -> Grain:
    """How long a slice is where no run says so: a day, unless the contract says otherwise."""
    return contract.load.grain or Grain.DAY


def _zone(contract: Contract) -> ZoneInfo:
    return ZoneInfo(contract.load.time_zone)


def _window(contract: Contract, named: Named) -> tuple[datetime, datetime]:
    """Where the period that a key names begins and ends; what has no zone is in the contract's."""
    zone = _zone(contract)
    start = _utc(named.start, zone)
    by_grain = named.precision is Precision.SECOND or (named.precision is Precision.MINUTE and contract.load.grain)
    return start, following(grain_of(contract), start, zone) if by_grain else _utc(named.end, zone)


def _utc(moment: datetime, zone: ZoneInfo) -> datetime:
    """A moment in UTC; one without a zone is local, of two that clocks show twice the first."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


def following(grain: Grain, start: datetime, zone: ZoneInfo) -> datetime:
    """Where a slice of this grain ends that begins at ``start``: by clocks and calendars of the zone, so that a day has 23,
    24 or 25 hours; what is no longer than an hour has always as many minutes."""
    if grain.seconds and grain_start(grain, start, zone) == start:
        day = start.astimezone(zone).date()
        return next((one for one in _starts(grain, day, zone) if one > start), _midnight(day + timedelta(days=1), zone))
    if grain.seconds and grain.seconds <= _HOUR:
        return start + timedelta(seconds=grain.seconds)
    local = start.astimezone(zone).replace(tzinfo=None, fold=0)
    later = months_later(local, grain.months) if grain.months else local + timedelta(grain.days, grain.seconds)
    end = _utc(later, zone)
    return end if end > start else start + timedelta(grain.days, grain.seconds)


def grain_start(grain: Grain, moment: datetime, zone: ZoneInfo) -> datetime:
    """Where the slice of this grain begins in which a moment lies: a week on Monday, hours are counted from midnight."""
    day = moment.astimezone(zone).date()
    if grain.months:
        months = (12 * day.year + day.month - 1) // grain.months * grain.months
        return _midnight(date(months // 12, months % 12 + 1, 1), zone)
    if grain.days:
        return _midnight(date.fromordinal(max(1, (day.toordinal() - 1) // grain.days * grain.days + 1)), zone)
    if grain.seconds <= _HOUR:
        midnight, length = _midnight(day, zone), timedelta(seconds=grain.seconds)
        return midnight + (moment - midnight) // length * length
    return max(start for start in _starts(grain, day, zone) if start <= moment)


def _starts(grain: Grain, day: date, zone: ZoneInfo) -> Iterator[datetime]:
    """Where the slices of one day begin: on the clock's hour, so that 06:00 is one of every six hours on each day."""
    midnight, end = _midnight(day, zone), _midnight(day + timedelta(days=1), zone)
    length = timedelta(seconds=grain.seconds)
    if grain.seconds <= _HOUR:
        yield from (midnight + n * length for n in range(-((midnight - end) // length)))
        return
    local = datetime.combine(day, time())
    yield from (max(midnight, _utc(local + n * length, zone)) for n in range(timedelta(days=1) // length))


def slice_of_day(contract: Contract, day: date) -> Slice:
    """The first slice that begins on one date in the contract's time zone, or the one that has it in it."""
    return _by_grain(contract, _midnight(day, _zone(contract)))


def _by_grain(contract: Contract, moment: datetime) -> Slice:
    start = grain_start(grain_of(contract), moment, _zone(contract))
    return _called(start, following(grain_of(contract), start, _zone(contract)))


def slices_of_day(contract: Contract, day: date) -> tuple[Slice, ...]:
    """Every slice of the contract's grain that begins on one date in its time zone, in order."""
    first, end = day_bounds(contract, day)
    return tuple(slices_between(contract, first, end - timedelta(microseconds=1)))


def day_bounds(contract: Contract, day: date) -> tuple[datetime, datetime]:
    """When a date begins and ends in the contract's time zone."""
    return _midnight(day, _zone(contract)), _midnight(day + timedelta(days=1), _zone(contract))


def slices_between(contract: Contract, first: datetime, last: datetime) -> Iterator[Slice]:
    """The slices of the contract's grain that start from ``first`` to ``last``, both included."""
    piece = _by_grain(contract, first)
    while piece.start <= last:
        if piece.start >= first:
            yield piece
        piece = _by_grain(contract, piece.end)


def bounds(contract: Contract, piece: Slice) -> tuple[Bound, Bound]:
    """First value of the slice column that belongs to the slice, and first that does not, as the column's type has them.

    Slices that lie end to end have bounds that do, so each value is in exactly one: a date in the slice in which it ends, a
    local time that clocks show twice in the later of the two hours, one that they skip in the slice that reaches the gap.
    """
    return _bound(contract, piece.start), _bound(contract, piece.end)


def holds_none(contract: Contract, piece: Slice) -> bool:
    """Whether no value of the slice column can be in the slice: of a date, in a slice that ends on the day on which it begins;
    of a local time, in an hour that comes again."""
    if whole(contract) or not contract.load.slice_column:
        return False
    low, high = bounds(contract, piece)
    return low == high


def _bound(contract: Contract, moment: datetime) -> Bound:
    column, zone = contract.column(contract.load.slice_column), _zone(contract)
    if column.logical_type is LogicalType.INTEGER:
        return _epoch(moment, contract.load.epoch_unit or EpochUnit.SECONDS)
    if column.logical_type is LogicalType.DATE or column.physical_type == "date":
        return moment.astimezone(zone).date()
    if "without time zone" in column.physical_type:
        return _clock(moment, zone)
    return moment


def _epoch(moment: datetime, unit: EpochUnit) -> int:
    """The first whole number of units since 1970 that is not before the moment."""
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    micros = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
    return -(-micros * unit.per_second // 1_000_000)


def _clock(moment: datetime, zone: ZoneInfo) -> datetime:
    """What clocks show, but never less than they have shown: in an hour that comes twice, they stand still the first time."""
    local = moment.astimezone(zone)
    shown = local.replace(tzinfo=None, fold=0)
    again = local.replace(fold=1)
    if local.fold or again.utcoffset() == local.utcoffset():
        return shown
    return _turned_back(again, zone)


def _turned_back(again: datetime, zone: ZoneInfo) -> datetime:
    """The first of the local times that come twice together with this one."""
    low, high = again.astimezone(UTC) - timedelta(hours=26), again.astimezone(UTC)
    offset = again.utcoffset()
    while high - low > timedelta(microseconds=1):
        middle = low + (high - low) / 2
        low, high = (low, middle) if middle.astimezone(zone).utcoffset() == offset else (middle, high)
    return high.astimezone(zone).replace(tzinfo=None, fold=0)


def joined(pieces: Sequence[Slice]) -> Slice:
    """The time from the first of some slices to the last, as one."""
    return Slice(id="", start=min(piece.start for piece in pieces), end=max(piece.end for piece in pieces))


def quarantine_table(contract: Contract) -> str:
    """Where the rows of a contract's table go that a gate sets aside."""
    return f"{contract.table}__quarantine"


def staging_table(table: str, key: str) -> str:
    """``schema.table__stg_<slice>``, shortened by a hash where PostgreSQL would cut the name."""
    schema, _, name = table.partition(".") if "." in table else ("", "", table)
    suffix = "__stg_" + re.sub(r"[^A-Za-z0-9_-]", "_", key)
    full = name + suffix
    if len(full.encode()) > IDENTIFIER_BYTES or suffix != f"__stg_{key}":
        digest = hashlib.sha256(f"{name}/{key}".encode()).hexdigest()[:12]
        room = (name + suffix).encode()[: IDENTIFIER_BYTES - 13].decode(errors="ignore")
        full = f"{room}_{digest}"
    return f"{schema}.{full}" if schema else full


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return _utc(datetime.combine(day, time()), zone)
