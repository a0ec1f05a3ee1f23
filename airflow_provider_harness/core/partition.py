"""Which slice of the data a run owns, and what the slice is called: the only such rule."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import quote, unquote
from zoneinfo import ZoneInfo

from airflow_provider_harness.core.contract import Contract, Grain, LogicalType
from airflow_provider_harness.core.errors import ConfigurationError

_FORMAT = "%Y%m%dT%H%M%S"
_STAMP = re.compile(r"(\d{8}T\d{6})(?:\.(\d{6}))?Z")
IDENTIFIER_BYTES = 63
"""The longest name PostgreSQL keeps (NAMEDATALEN - 1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """One slice of a table.

    :param id: percent-encoded partition key, or a moment as ``20130101T050000Z``.
    :param start: first moment that belongs to it.
    :param end: first moment that does not.
    """

    id: str
    start: datetime
    end: datetime

    def day(self, zone: str) -> date:
        """The date on which it begins in an IANA time zone."""
        return self.start.astimezone(ZoneInfo(zone)).date()


def slice_id(
    *,
    partition_key: str | None = None,
    interval_start: datetime | None = None,
    interval_end: datetime | None = None,
    logical_date: datetime | None = None,
) -> str:
    """The id of the slice that a run owns: partition key, else a non-empty data interval, else the logical date.

    >>> slice_id(interval_start=datetime(2013, 1, 1, 5, tzinfo=UTC), interval_end=datetime(2013, 1, 2, 5, tzinfo=UTC))
    '20130101T050000Z'
    """
    if partition_key:
        return quote(partition_key, safe="")
    if interval_start is not None and interval_end is not None and interval_start < interval_end:
        return stamp(interval_start)
    if logical_date is not None:
        return stamp(logical_date)
    raise ConfigurationError(
        "this run",
        "has no partition key, no data interval and no logical date, so it owns no slice.",
        fix="Give the task slice_key, or trigger the run with a logical date.",
    )


def stamp(moment: datetime) -> str:
    """A moment as a slice id: UTC, ISO 8601 basic, so that it needs no encoding anywhere."""
    utc = moment.astimezone(UTC)
    fraction = f".{utc.microsecond:06d}" if utc.microsecond else ""
    return f"{utc.year:04d}{utc:%m%dT%H%M%S}{fraction}Z"


def slice_of(contract: Contract, key: str) -> Slice:
    """The slice that an id names, cut by the contract's grain and time zone.

    :param key: an id as ``slice_id`` gives it; a partition key must be an ISO date or date and time.
    """
    zone = ZoneInfo(contract.load.time_zone)
    start = _start(key, zone)
    if contract.load.grain is Grain.HOUR:
        return Slice(id=key, start=start, end=start + timedelta(hours=1))
    following = start.astimezone(zone).date() + timedelta(days=1)
    return Slice(id=key, start=start, end=_midnight(following, zone))


def slice_of_day(contract: Contract, day: date) -> Slice:
    """The slice of one date in the contract's time zone."""
    return slice_of(contract, stamp(_midnight(day, ZoneInfo(contract.load.time_zone))))


def slices_of_day(contract: Contract, day: date) -> tuple[Slice, ...]:
    """Every slice that begins on one date in the contract's time zone, in order."""
    first, following = slice_of_day(contract, day), slice_of_day(contract, day + timedelta(days=1))
    length = first.end - first.start
    count = 1 if contract.load.grain is Grain.DAY else (following.start - first.start) // length
    return tuple(slice_of(contract, stamp(first.start + n * length)) for n in range(count))


def slices_between(contract: Contract, first: datetime, last: datetime) -> Iterator[Slice]:
    """The slices that start from ``first`` to ``last``, both included."""
    zone = ZoneInfo(contract.load.time_zone)
    day = first.astimezone(zone).date()
    while day <= last.astimezone(zone).date():
        yield from (piece for piece in slices_of_day(contract, day) if first <= piece.start <= last)
        day += timedelta(days=1)


def bounds(contract: Contract, piece: Slice) -> tuple[datetime | date, datetime | date]:
    """First value of the slice column that belongs to the slice, and first that does not."""
    if contract.column(contract.load.slice_column).logical_type is LogicalType.DATE:
        zone = contract.load.time_zone
        return piece.day(zone), piece.end.astimezone(ZoneInfo(zone)).date()
    return piece.start, piece.end


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
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)


def _start(key: str, zone: ZoneInfo) -> datetime:
    found = _STAMP.fullmatch(key)
    if found:
        moment = datetime.strptime(found.group(1), _FORMAT).replace(tzinfo=UTC)
        return moment + timedelta(microseconds=int(found.group(2) or 0))
    try:
        moment = datetime.fromisoformat(unquote(key))
    except ValueError as error:
        raise ConfigurationError(
            f"slice {key!r}", "is not a moment or a date.", fix="Use 20130101T050000Z or 2013-01-01."
        ) from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
