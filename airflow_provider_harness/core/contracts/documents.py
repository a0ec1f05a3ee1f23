"""Rules of what is inside a column, on documents: objects as dicts, arrays as lists, numbers as decimals, texts, booleans, None.

One meaning for all engines, and how those that read documents in Python have it:

- A null above what a rule looks at is no failure of it; a missing field and a null are the same.
- What should hold something and cannot (no object where a field is asked for, no array where items are) fails.
- A value of another type than the rule needs fails: a text is not a number, 1.5 is no integer, and a moment is a text as ISO 8601
  has it.
- A document that cannot be read fails as a whole: what is not JSON, and what holds the character of number 0 (``UNREADABLE``).
- Numbers are compared exactly, and 1.0 is 1; texts by their characters; moments of a range by their time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from airflow_provider_harness.core.contracts.checks import ITEM, Check, CheckKind, without_type
from airflow_provider_harness.core.contracts.exact import written
from airflow_provider_harness.core.contracts.pattern import compiled

Guilty = Callable[[Any], bool]
"""Whether a value fails."""

DAY = (
    "(?!0000)([0-9]{4}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))"
    "|([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)-02-29)"
)
CLOCK = "([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]+)?)?"
ZONE = "(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])"
FORMS: Mapping[str, str] = {"date": f"^{DAY}$", "time": f"^{CLOCK}$", "timestamp": f"^{DAY}[T ]{CLOCK}{ZONE}?$"}
"""Logical type of a moment -> how its texts are written, in capital letters."""
ZONED = f"{ZONE}$"
"""The end of a moment that has a zone."""
UNREADABLE = r"(^|[^\\])(\\\\)*\\u0000"
r"""In a text of JSON: ``\u0000``, which PostgreSQL's ``json`` keeps, and with which no function of it can do anything."""
LONG = "([.][0-9]{6})[0-9]+"
"""Digits of a second beyond those that are compared."""


def guilty(check: Check, zone: str) -> Guilty:
    """What tells the documents of a column that fail a check.

    :param zone: IANA name of the zone in which moments without one are meant.

    >>> check = Check(id="x", kind=CheckKind.NOT_NULL, columns=("place",), path=("city",))
    >>> [guilty(check, "UTC")(one) for one in ({"city": "Bonn"}, {"city": None}, {}, None, "Bonn")]
    [False, True, True, False, True]
    """
    check = without_type(check)
    found = _RULES[check.kind](check, zone)
    for part in reversed(check.path):
        found = _items(found) if part == ITEM else _field(part, found)
    return found


def _field(name: str, inner: Guilty) -> Guilty:
    return _of(dict, lambda value: inner(value.get(name)))


def _items(inner: Guilty) -> Guilty:
    return _of(list, lambda value: any(map(inner, value)))


def _of(kind: type, inner: Guilty) -> Guilty:
    """Null passes, and so does a value of a type that passes; everything else fails."""
    return lambda value: value is not None and (not isinstance(value, kind) or inner(value))


def _missing(check: Check, zone: str) -> Guilty:
    listed = {_key(written(value)) for value in check.values if value is not None}
    return lambda value: value is None or _key(value) in listed


def _accepted(check: Check, zone: str) -> Guilty:
    listed = {_key(written(value)) for value in check.values if value is not None}
    return lambda value: value is not None and _key(value) not in listed


def _key(value: Any) -> Any:
    """Something that is the same for the same values, and hashable."""
    if isinstance(value, dict):
        return frozenset((name, _key(one)) for name, one in value.items())
    if isinstance(value, list):
        return tuple(map(_key, value))
    kind = "number" if isinstance(value, int | Decimal) and not isinstance(value, bool) else type(value).__name__
    return kind, value


def _between(check: Check, low: Any, high: Any) -> Guilty:
    """Whether a value is out of bounds that are of its kind; None is none."""

    def out(value: Any) -> bool:
        under = low is not None and (value < low or (check.low_open and value == low))
        return under or (high is not None and (value > high or (check.high_open and value == high)))

    return out


def _range(check: Check, zone: str) -> Guilty:
    if check.logical in FORMS:
        low, high = (
            moment(check.logical, str(side), zone) if side is not None else None for side in (check.low, check.high)
        )
        out = _between(check, low, high)

        def of_moment(value: str) -> bool:
            found = moment(check.logical, value, zone) if re.match(FORMS[check.logical], value.upper()) else None
            return found is None or out(found)

        return _of(str, of_moment)
    return _number(check, _between(check, written(check.low), written(check.high)))


def _number(check: Check, inner: Guilty) -> Guilty:
    whole = check.logical == "integer"
    return _of(Decimal, lambda value: (whole and not _is_whole(value)) or inner(value))


def _is_whole(value: Decimal) -> bool:
    return value == value.to_integral_value()


def _multiple(check: Check, zone: str) -> Guilty:
    step = Fraction(written(check.step) if check.step is not None else 1)
    return _number(check, lambda value: (Fraction(value) / step).denominator != 1)


def moment(logical: str, text: str, zone: str) -> Any:
    """A text as the moment that it is.

    :param logical: a key of ``FORMS``.
    :raises ValueError: it is none.
    """
    told = re.sub(LONG, r"\1", text.upper())
    if logical == "time":
        return time.fromisoformat(told)
    found = datetime.fromisoformat(told)
    if logical == "date":
        return date(found.year, found.month, found.day)
    return found if found.tzinfo else found.replace(tzinfo=ZoneInfo(zone))


def _regex(check: Check, zone: str) -> Guilty:
    pattern = re.compile(compiled(check.pattern).python)
    return _of(str, lambda value: pattern.search(value) is None)


def _size(kind: type) -> Callable[[Check, str], Guilty]:
    def made(check: Check, zone: str) -> Guilty:
        out = _between(check, check.low, check.high)
        return _of(kind, lambda value: out(len(value)))

    return made


def _twice(check: Check, zone: str) -> Guilty:
    return _of(list, lambda value: len({_key(one) for one in value}) < len(value))


_RULES: Mapping[CheckKind, Callable[[Check, str], Guilty]] = {
    CheckKind.NOT_NULL: _missing,
    CheckKind.NULL_RATE: _missing,
    CheckKind.ACCEPTED_VALUES: _accepted,
    CheckKind.RANGE: _range,
    CheckKind.MULTIPLE: _multiple,
    CheckKind.LENGTH: _size(str),
    CheckKind.REGEX: _regex,
    CheckKind.ITEMS: _size(list),
    CheckKind.UNIQUE_ITEMS: _twice,
    CheckKind.PROPERTIES: _size(dict),
}
