"""What a contract writes about a column, as SQL that every engine reads alike: by the column's type, and exactly.

Also what cannot be asked of a column of a type: that is an error of the check, the same one for every engine.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime, time
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, InvalidOperation, localcontext
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from airflow_provider_harness.core.contracts.checks import Check, CheckKind, Operator
from airflow_provider_harness.core.contracts.contract import Contract
from airflow_provider_harness.core.contracts.drift import DriftMethod
from airflow_provider_harness.core.contracts.exact import written
from airflow_provider_harness.core.contracts.pattern import PatternError, compiled


class Family(StrEnum):
    """What values of a type are."""

    WHOLE = "whole number"
    DECIMAL = "decimal number"
    BINARY = "floating-point number"
    BOOLEAN = "boolean"
    TEXT = "text"
    PADDED = "padded text"
    UUID = "uuid"
    DATE = "date"
    MOMENT = "moment"
    TIME = "time"
    JSON = "JSON"
    ARRAY = "array"
    BYTES = "bytes"
    OTHER = "type of the database's own"


_FAMILIES: Mapping[str, Family] = {
    **dict.fromkeys(("smallint", "integer", "bigint"), Family.WHOLE),
    "numeric": Family.DECIMAL,
    **dict.fromkeys(("real", "double precision"), Family.BINARY),
    "boolean": Family.BOOLEAN,
    **dict.fromkeys(("text", "character varying", "citext", "name"), Family.TEXT),
    **dict.fromkeys(("character", "bpchar"), Family.PADDED),
    "uuid": Family.UUID,
    "date": Family.DATE,
    **dict.fromkeys(("timestamp with time zone", "timestamp without time zone"), Family.MOMENT),
    "time without time zone": Family.TIME,
    **dict.fromkeys(("json", "jsonb"), Family.JSON),
    "bytea": Family.BYTES,
}
NUMBERS = (Family.WHOLE, Family.DECIMAL, Family.BINARY)
TEXTS = (Family.TEXT, Family.PADDED, Family.UUID, Family.OTHER)
MOMENTS = (Family.DATE, Family.MOMENT, Family.TIME)

_ASKED: Mapping[CheckKind, tuple[Family, ...]] = {
    CheckKind.ACCEPTED_VALUES: (*NUMBERS, *TEXTS, *MOMENTS, Family.BOOLEAN),
    CheckKind.RANGE: (*NUMBERS, *MOMENTS, Family.TEXT, Family.OTHER),
    CheckKind.MULTIPLE: (Family.WHOLE, Family.DECIMAL, Family.OTHER),
    CheckKind.LENGTH: (*TEXTS, Family.WHOLE, Family.JSON),
    CheckKind.REGEX: (*TEXTS, Family.WHOLE, Family.JSON),
    **dict.fromkeys((CheckKind.MEAN, CheckKind.SUM, CheckKind.STDDEV), (*NUMBERS, Family.OTHER)),
    **dict.fromkeys(
        (CheckKind.MINIMUM, CheckKind.MAXIMUM, CheckKind.QUANTILE), (*NUMBERS, *TEXTS, *MOMENTS, Family.BOOLEAN)
    ),
    CheckKind.FRESHNESS: (Family.DATE, Family.MOMENT, Family.OTHER),
    CheckKind.DRIFT: (*NUMBERS, *MOMENTS, Family.TEXT, Family.PADDED, Family.UUID, Family.BOOLEAN, Family.OTHER),
}
"""Kind -> what it can be asked of; what is not named can be asked of everything."""
_ALIKE = (CheckKind.UNIQUE, CheckKind.DISTINCT_COUNT, CheckKind.REFERENTIAL, CheckKind.RECONCILIATION_BY_KEY)
"""Kinds that tell values apart, which PostgreSQL does not do for ``json``."""


class Unfit(ValueError):
    """A value that a column of its type cannot have, or a check that cannot be asked of it."""


def kind_of(contract: Contract, name: str) -> str:
    """The type that the contract gives a column; empty where it has none of this name."""
    return next((col.physical_type for col in contract.columns if col.name == name), "")


def family(kind: str) -> Family:
    """What values of a canonical PostgreSQL type are.

    >>> family("numeric(12,2)"), family("character(3)"), family("integer[]"), family("mood")
    (<Family.DECIMAL: 'decimal number'>, <Family.PADDED: 'padded text'>, <Family.ARRAY: 'array'>, <Family.OTHER: "type of the database's own">)
    """
    if kind.endswith("[]"):
        return Family.ARRAY
    return _FAMILIES.get(re.sub(r"\s*\([0-9, ]+\)", "", kind), Family.OTHER)


def unfit(check: Check, contract: Contract) -> str:
    """Why a check can be asked of no engine; empty if it can."""
    if check.looks_inside:
        return unfit_inside(check, kind_of(contract, check.columns[0]))
    names = [name for name in check.columns if kind_of(contract, name)]
    kinds = {name: family(kind_of(contract, name)) for name in names}
    watched = check.baseline.of if check.baseline else check.kind
    asked = _ASKED.get(watched, tuple(Family))
    strange = [name for name in names[:1] if kinds[name] not in asked]
    strange += [name for name in names if watched in _ALIKE and kind_of(contract, name) == "json"]
    if strange:
        name = strange[0]
        return f"{watched} cannot be asked of {name}, which is {kind_of(contract, name)}; write a rule of type sql"
    try:
        _readable(check, contract)
    except Unfit as error:
        return str(error)
    except PatternError as error:
        return f"the pattern {check.pattern!r} is not valid: {error}"
    return ""


OPAQUE = (*NUMBERS, *MOMENTS, Family.BOOLEAN, Family.PADDED, Family.UUID, Family.BYTES)
"""Families whose values have nothing inside."""
_INSIDE: Mapping[CheckKind, tuple[str, ...]] = {
    CheckKind.ACCEPTED_VALUES: ("", "string", "integer", "number", "boolean", "date", "timestamp", "time"),
    CheckKind.RANGE: ("", "integer", "number", "date", "timestamp", "time"),
    CheckKind.MULTIPLE: ("", "integer", "number"),
    CheckKind.LENGTH: ("", "string"),
    CheckKind.REGEX: ("", "string", "date", "timestamp", "time"),
    CheckKind.ITEMS: ("", "array"),
    CheckKind.UNIQUE_ITEMS: ("", "array"),
    CheckKind.PROPERTIES: ("", "object"),
}
"""Kind -> the logical types of what it can be asked of, inside a column."""


def unfit_inside(check: Check, kind: str) -> str:
    """Why a check of what is inside a column can be asked of no engine; empty if it can.

    :param kind: canonical type of the column.
    """
    if family(kind) in OPAQUE:
        return f"{check.kind} cannot be asked of {check.subject}, since a column that is {kind} has nothing inside"
    if check.logical not in _INSIDE.get(check.kind, (check.logical,)):
        return f"{check.kind} cannot be asked of {check.subject}, which is {check.logical}; write a rule of type sql"
    try:
        if check.kind is CheckKind.REGEX:
            compiled(check.pattern)
        _bounded(check)
    except Unfit as error:
        return str(error)
    except PatternError as error:
        return f"the pattern {check.pattern!r} is not valid: {error}"
    return ""


def _bounded(check: Check) -> None:
    """Find fault with bounds that are none, or the wrong way round."""
    if check.kind in (CheckKind.RANGE, CheckKind.LENGTH, CheckKind.ITEMS, CheckKind.PROPERTIES):
        if check.low is None and check.high is None:
            raise Unfit(f"{check.kind} has no bound")
        if check.low is not None and check.high is not None and _over(check.low, check.high):
            raise Unfit(f"minimum {check.low} is over maximum {check.high}")
    _expected(check)


def _readable(check: Check, contract: Contract) -> None:
    """Find fault with what the contract writes about a column."""
    if check.kind is CheckKind.REGEX:
        compiled(check.pattern)
    if check.kind is CheckKind.ACCEPTED_VALUES:
        accepted(check, contract)
    if check.kind in (CheckKind.RANGE, CheckKind.LENGTH) and check.low is None and check.high is None:
        raise Unfit(f"{check.kind} has no bound")
    if check.kind is CheckKind.RANGE:
        sides(check, contract)
    if check.drift is not None:
        _of_drift(check, contract)
    _expected(check)


def _of_drift(check: Check, contract: Contract) -> None:
    """Find fault with a reference that nobody can find, and with a measure of order where values have none."""
    assert check.drift is not None
    name = check.columns[0]
    ordered = family(kind_of(contract, name)) in (*NUMBERS, *MOMENTS)
    if check.drift.method in (DriftMethod.KS, DriftMethod.WASSERSTEIN) and not ordered:
        words = f"drift by {check.drift.method} needs numbers or moments, and {name} is {kind_of(contract, name)}"
        raise Unfit(f"{words}; use psi or chi_square")
    if not contract.load.slice_column:
        raise Unfit("drift needs harness.load with a sliceColumn, by which its reference is found")


def _expected(check: Check) -> None:
    """Find fault with what the number of failing rows is compared with."""
    if not check.expect.values or any(value is None or value != value for value in check.expect.values):
        raise Unfit("a bound is not a value")
    lowest, highest = check.expect.values[0], check.expect.values[-1]
    if check.expect.operator in (Operator.BETWEEN, Operator.NOT_BETWEEN) and _over(lowest, highest):
        raise Unfit(f"the bounds {lowest} and {highest} are the wrong way round")


def _over(low: Any, high: Any) -> bool:
    try:
        return bool(written(low) > written(high))
    except TypeError:
        return False


def accepted(check: Check, contract: Contract) -> list[str]:
    """The accepted values as SQL; null is none, since a null is no value that could be wrong.

    :raises Unfit: one of them is no value of the column's type.
    """
    kind = kind_of(contract, check.columns[0])
    return [value_of(value, kind, contract.load.time_zone) for value in check.values if value is not None]


def missing_words(check: Check, contract: Contract) -> list[str]:
    """The values that stand for missing ones as SQL; those that the column's type cannot hold are never there."""
    kind, found = kind_of(contract, check.columns[0]), []
    for value in check.values:
        try:
            found += [value_of(value, kind, contract.load.time_zone)] if value is not None else []
        except Unfit:
            continue
    return found


def value_of(value: Any, kind: str, zone: str) -> str:
    """A value as SQL of a column's type.

    :param zone: IANA name of the zone in which moments without one are meant, and in which moments with one are read for
        a column without.
    :raises Unfit: it is no value of that type.

    >>> value_of("it's", "text", "UTC"), value_of(1, "text", "UTC"), value_of("0.30", "numeric(3,2)", "UTC")
    ("'it''s'", "'1'", '0.30')
    """
    group = family(kind)
    try:
        return _AS_SQL[group](value, kind, zone)
    except (ValueError, TypeError, InvalidOperation) as error:
        raise Unfit(f"{value!r} is not a value of a column that is {kind or 'unknown'}{_advice(value)}") from error


def _advice(value: Any) -> str:
    if isinstance(value, bool):
        return "; YAML reads yes, no, on and off without quotes as booleans: put it in quotes"
    return ""


def _text(value: Any, kind: str, zone: str) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        raise TypeError
    text = value if isinstance(value, str) else str(written(value))
    return quoted(text.rstrip(" ") if family(kind) is Family.PADDED else text)


def _uuid(value: Any, kind: str, zone: str) -> str:
    return quoted(str(uuid.UUID(str(value))))


def _number(value: Any, kind: str, zone: str) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        raise TypeError
    number = Decimal(value) if isinstance(value, str) else written(value)
    return number_of(number, kind)


def _boolean(value: Any, kind: str, zone: str) -> str:
    words = {True: "TRUE", False: "FALSE", "true": "TRUE", "false": "FALSE"}
    found = value.lower() if isinstance(value, str) else value
    if not isinstance(found, bool | str) or found not in words:
        raise TypeError
    return words[found]


def _date(value: Any, kind: str, zone: str) -> str:
    return f"DATE '{datetime.fromisoformat(str(value)).date()}'"


def _moment(value: Any, kind: str, zone: str) -> str:
    moment = datetime.fromisoformat(str(value))
    if "with time zone" in kind:
        moment = moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))
        return f"TIMESTAMP WITH TIME ZONE '{moment.isoformat(sep=' ')}'"
    moment = moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None) if moment.tzinfo else moment
    return f"CAST('{moment.isoformat(sep=' ')}' AS timestamp)"


def _time(value: Any, kind: str, zone: str) -> str:
    return f"CAST('{time.fromisoformat(str(value))}' AS time)"


def _no_value(value: Any, kind: str, zone: str) -> str:
    raise TypeError


_AS_SQL: Mapping[Family, Callable[[Any, str, str], str]] = {
    **dict.fromkeys(NUMBERS, _number),
    **dict.fromkeys((Family.TEXT, Family.PADDED, Family.OTHER, Family.JSON), _text),
    Family.UUID: _uuid,
    Family.BOOLEAN: _boolean,
    Family.DATE: _date,
    Family.MOMENT: _moment,
    Family.TIME: _time,
    **dict.fromkeys((Family.ARRAY, Family.BYTES), _no_value),
}


def quoted(text: str) -> str:
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def number_of(number: Any, kind: str) -> str:
    """A number as SQL, with all its digits; of a column of binary numbers, as a number of that kind.

    >>> number_of(Decimal("1e3"), "bigint"), number_of(0.3, "real"), number_of(0.1, "numeric(3,1)")
    ('1000', "CAST('0.3' AS real)", '0.1')
    """
    exact = written(number)
    finite = not isinstance(exact, float) and (not isinstance(exact, Decimal) or exact.is_finite())
    text = format(exact, "f") if finite and isinstance(exact, Decimal) else str(exact)
    if family(kind) is Family.BINARY:
        return f"CAST('{text}' AS {kind})"
    return text if finite else f"CAST('{text}' AS double precision)"


def sides(check: Check, contract: Contract) -> tuple[str, str]:
    """The lowest and the highest value of a range as SQL; empty for none.

    Of a column whose numbers have so many digits, the bounds are those of its numbers: 0.5 to 2.5 is 1 to 2 for integers.

    :raises Unfit: a bound is no value of the column's type.
    """
    kind = kind_of(contract, check.columns[0])
    found = []
    up, down = ROUND_CEILING, ROUND_FLOOR
    both = ((check.low, down if check.low_open else up), (check.high, up if check.high_open else down))
    for bound, rounding in both:
        if bound is None:
            found.append("")
            continue
        if bound != bound or isinstance(bound, bool):
            raise Unfit(f"{bound} is not a bound")
        numeric = isinstance(bound, int | float | Decimal) and not isinstance(bound, bool)
        if family(kind) in (*NUMBERS, Family.OTHER) and numeric:
            found.append(number_of(_fitted(written(bound), kind, rounding), kind))
        elif family(kind) is Family.TEXT and not isinstance(bound, str):
            raise Unfit(f"{bound!r} is not a value of a column that is {kind}")
        else:
            found.append(value_of(bound, kind, contract.load.time_zone))
    if check.low is not None and check.high is not None and _over(check.low, check.high):
        raise Unfit(f"minimum {check.low} is over maximum {check.high}")
    return found[0], found[1]


def _fitted(bound: Any, kind: str, rounding: str) -> Any:
    """A bound with as many digits behind the point as the column's numbers have, rounded into the range."""
    scale = _scale(kind)
    if scale is None or not isinstance(bound, Decimal) or not bound.is_finite():
        return bound
    with localcontext() as context:
        context.prec = 400
        return bound.quantize(Decimal(1).scaleb(-scale), rounding=rounding)


def _scale(kind: str) -> int | None:
    if family(kind) is Family.WHOLE:
        return 0
    found = re.search(r"\((\d+)(?:,\s*(\d+))?\)", kind)
    return int(found[2] or 0) if found and family(kind) is Family.DECIMAL else None


def subject(name: str, kind: str) -> str:
    """A column as the checks of texts see it: without the blanks that pad it, and as text where it is none.

    :param name: a quoted identifier.
    """
    group = family(kind)
    if group is Family.PADDED:
        return f"rtrim(CAST({name} AS text), ' ')"
    if group is Family.UUID:
        return f"lower(CAST({name} AS text))"
    return name if group is Family.TEXT or not kind else f"CAST({name} AS text)"


def outside(value: str, check: Check, low: str, high: str) -> str:
    """Whether an expression is out of a check's bounds.

    :param low: as SQL; empty for none; so with ``high``.
    """
    tests = [f"{value} {'<=' if check.low_open else '<'} {low}"] if low else []
    tests += [f"{value} {'>=' if check.high_open else '>'} {high}"] if high else []
    return " OR ".join(tests) or "FALSE"


def sized(size: str, check: Check) -> str:
    """Whether a number of characters or items, as SQL, is out of a check's bounds."""
    low, high = (str(side) if side is not None else "" for side in (check.low, check.high))
    return outside(size, check, low, high)
