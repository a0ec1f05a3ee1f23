"""A slice's id beside the local day or moment that it stands for: people think in days of their zone, ids are in UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

_STAMP = re.compile(r"\d{8}T\d{6}(\.\d{1,6})?Z")


def with_local_day(slice_id: str, zone: str = "") -> str:
    """A slice's id, and where it is a moment, that moment in the contract's zone: its day alone where it is midnight there.

    >>> with_local_day("20261128T230000Z", "Europe/Berlin")
    '20261128T230000Z (2026-11-29 Europe/Berlin)'

    :param zone: IANA name; empty where it is not known, and then the moment is said in UTC.
    """
    if not _STAMP.fullmatch(slice_id):
        return slice_id
    try:
        moment = datetime.strptime(slice_id[:15], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
        local = moment.astimezone(ZoneInfo(zone or "UTC"))
    except (ValueError, LookupError, OSError, OverflowError):
        return slice_id
    return f"{slice_id} ({day(local)} {zone or 'UTC'})"


def day(local: datetime) -> str:
    """The date of a local moment, with its time where it is not midnight."""
    return f"{local:%Y-%m-%d}" if local.time() == time() else f"{local:%Y-%m-%d %H:%M}"
