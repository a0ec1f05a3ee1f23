"""Lengths of time as people and standards write them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta

UNITS: Mapping[str, float] = {
    **dict.fromkeys(("ms", "millisecond", "milliseconds"), 0.001),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1),
    **dict.fromkeys(("min", "mins", "minute", "minutes"), 60),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3600),
    **dict.fromkeys(("d", "day", "days"), 86_400),
    **dict.fromkeys(("w", "wk", "week", "weeks"), 7 * 86_400),
    **dict.fromkeys(("y", "yr", "year", "years"), 366 * 86_400),
}
"""Units of time, in lower case -> seconds; a year is as long as it can be."""

MONTHS = ("m", "mo", "month", "months", "q", "quarter", "quarters")
"""Units that are no fixed length of time, or may be another one: ``m`` stands for minutes as often as for months."""

_NUMBER = re.compile(r"(?P<number>[+-]?\d+(?:\.\d+)?)\s*(?P<unit>[A-Za-z]*)")
_ISO = re.compile(
    r"P(?:(?P<y>\d+)Y)?(?:(?P<months>\d+)M)?(?:(?P<w>\d+)W)?(?:(?P<d>\d+)D)?"
    r"(?:T(?:(?P<h>\d+)H)?(?:(?P<min>\d+)M)?(?:(?P<s>\d+(?:\.\d+)?)S)?)?"
)


def span(value: str, unit: str = "") -> timedelta | None:
    """The length of time that a value with its unit says; None where it says none, or counts months.

    >>> span("4", "h") == span("PT4H") == span("4 hours") == span("240", "minutes")
    True
    >>> span("3", "months"), span("soon", "h"), span("-1", "d")
    (None, None, datetime.timedelta(days=-1))
    """
    text = value.strip()
    iso = _ISO.fullmatch(text)
    if iso and any(iso.groupdict().values()):
        given = {name: float(number) for name, number in iso.groupdict().items() if number}
        return None if given.get("months") else _seconds(sum(UNITS[n] * v for n, v in given.items() if n != "months"))
    found = _NUMBER.fullmatch(text)
    if not found or (found["unit"] and unit):
        return None
    length = UNITS.get((found["unit"] or unit).lower())
    return _seconds(float(found["number"]) * length) if length else None


def _seconds(number: float) -> timedelta | None:
    try:
        return timedelta(seconds=number)
    except OverflowError:
        return None
