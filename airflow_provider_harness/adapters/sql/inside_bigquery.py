"""Checks of what is inside a column, in BigQuery's words: STRUCT, REPEATED and JSON columns are walked as JSON.

BigQuery's JSON has integers of 64 bits and numbers of double precision, and no others; so a number is as exact as that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from airflow_provider_harness.adapters.sql.values import number_of, outside, sized
from airflow_provider_harness.core.contracts.checks import ITEM, Check, CheckKind, without_type
from airflow_provider_harness.core.contracts.contract import Contract
from airflow_provider_harness.core.contracts.documents import FORMS, LONG, ZONED
from airflow_provider_harness.core.contracts.pattern import compiled

Inner = Callable[[str], str]
"""What is asked of a value, which is an expression of type JSON."""


def failing(check: Check, contract: Contract) -> str:
    """A condition that is true for the rows that fail a check."""
    check = without_type(check)
    leaf: Inner = lambda value: _RULES[check.kind](value, check, contract)  # noqa: E731 - it is passed on
    return _walk(check.path, leaf, 0)(_document("`" + check.columns[0].replace("`", "\\`") + "`"))


def _document(name: str) -> str:
    """A column as JSON; one that waits in the staging table as text is parsed first, and stays a text if it is not JSON."""
    whole = f"TO_JSON({name})"
    parsed = f"SAFE.PARSE_JSON(JSON_VALUE({whole}), wide_number_mode=>'round')"
    return f"IF(JSON_TYPE({whole}) = 'string', COALESCE({parsed}, {whole}), {whole})"


def _literal(text: str) -> str:
    """A text as an SQL literal of BigQuery's."""
    plain = text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\r", "\\r")
    return f"'{plain}'"


def _walk(path: tuple[str, ...], leaf: Inner, depth: int) -> Inner:
    """What is asked of the value at the beginning of a path."""
    if not path:
        return leaf
    inner, part = _walk(path[1:], leaf, depth + 1), path[0]
    if part == ITEM:
        item = f"item{depth}"
        return lambda value: _typed(
            value, "array", f"EXISTS (SELECT 1 FROM UNNEST({_array(value)}) AS {item} WHERE {inner(item)})"
        )
    return lambda value: _typed(value, "object", inner(f"{value}[{_literal(part)}]"))


def _typed(value: str, kind: str, test: str) -> str:
    """False for null, what is asked of a value of a type, and true for everything else."""
    return f"CASE JSON_TYPE({value}) WHEN 'null' THEN FALSE WHEN '{kind}' THEN ({test}) ELSE {value} IS NOT NULL END"


def _array(value: str) -> str:
    """The items of an array; null for everything else, of which nobody may ask for items."""
    return f"JSON_QUERY_ARRAY(IF(JSON_TYPE({value}) = 'array', {value}, NULL))"


def _text(value: str) -> str:
    return f"JSON_VALUE({value})"


def _exact(value: str) -> str:
    return f"SAFE_CAST({_text(value)} AS BIGNUMERIC)"


def _bound(number: Any) -> str:
    return f"CAST('{number_of(number, 'numeric')}' AS BIGNUMERIC)"


def _one_of(value: str, check: Check) -> str:
    """Whether a value is one of a check's; each only among the values of its own type."""
    listed = [one for one in check.values if one is not None]
    kinds = {
        "boolean": (_text(value), [_literal(str(one).lower()) for one in listed if isinstance(one, bool)]),
        "string": (_text(value), [_literal(one) for one in listed if isinstance(one, str)]),
        "number": (_exact(value), [_bound(one) for one in listed if not isinstance(one, bool | str)]),
    }
    tests = [f"WHEN '{kind}' THEN {seen} IN ({', '.join(ones)})" for kind, (seen, ones) in kinds.items() if ones]
    return f"(CASE JSON_TYPE({value}) {' '.join(tests)} ELSE FALSE END IS TRUE)" if tests else "FALSE"


def _missing(value: str, check: Check, contract: Contract) -> str:
    return f"{value} IS NULL OR JSON_TYPE({value}) = 'null' OR {_one_of(value, check)}"


def _accepted(value: str, check: Check, contract: Contract) -> str:
    return f"JSON_TYPE({value}) <> 'null' AND NOT {_one_of(value, check)}"


def _range(value: str, check: Check, contract: Contract) -> str:
    if check.logical in FORMS:
        return _typed(value, "string", _moments(_text(value), check, contract.load.time_zone))
    low, high = (_bound(side) if side is not None else "" for side in (check.low, check.high))
    wide = f"SAFE_CAST({_text(value)} AS FLOAT64)"  # of a number that is too large for BIGNUMERIC
    far = outside(wide, check, *(f"CAST({side} AS FLOAT64)" if side else "" for side in (low, high)))
    return _number(value, check, f"IF({_exact(value)} IS NULL, {far}, {outside(_exact(value), check, low, high)})")


def _number(value: str, check: Check, test: str) -> str:
    whole = f"MOD({_exact(value)}, CAST(1 AS BIGNUMERIC)) <> 0 OR " if check.logical == "integer" else ""
    return _typed(value, "number", whole + test)


def _multiple(value: str, check: Check, contract: Contract) -> str:
    return _number(value, check, f"{_exact(value)} IS NULL OR MOD({_exact(value)}, {_bound(check.step)}) <> 0")


def _moments(text: str, check: Check, zone: str) -> str:
    """What is asked of a text that should be a moment."""
    told = f"REGEXP_REPLACE(UPPER({text}), {_literal(LONG)}, {_literal(chr(92) + '1')})"
    kind = {"date": "DATE", "time": "TIME", "timestamp": "TIMESTAMP"}[check.logical]
    moment = f"SAFE_CAST({told} AS {kind})"
    if check.logical == "timestamp":
        local = f"TIMESTAMP(SAFE_CAST({told} AS DATETIME), {_literal(zone)})"
        moment = f"IF(REGEXP_CONTAINS(UPPER({text}), {_literal(ZONED)}), {moment}, {local})"
    low, high = (_moment(side, kind, zone) if side is not None else "" for side in (check.low, check.high))
    form = FORMS[check.logical].replace("(?!0000)", "")  # which RE2 has not; the cast refuses the year 0
    fine = f"REGEXP_CONTAINS(UPPER({text}), {_literal(form)})"
    return f"NOT {fine} OR {moment} IS NULL OR {outside(moment, check, low, high)}"


def _moment(bound: Any, kind: str, zone: str) -> str:
    if kind == "TIME":
        return f"CAST({_literal(str(bound))} AS TIME)"
    found = datetime.fromisoformat(str(bound))
    if kind == "DATE":
        return f"CAST('{found.date()}' AS DATE)"
    found = found if found.tzinfo else found.replace(tzinfo=ZoneInfo(zone))
    return f"CAST('{found.isoformat(sep=' ')}' AS TIMESTAMP)"


def _length(value: str, check: Check, contract: Contract) -> str:
    return _typed(value, "string", sized(f"CHAR_LENGTH({_text(value)})", check))


def _regex(value: str, check: Check, contract: Contract) -> str:
    pattern = _literal(f"(?s){compiled(check.pattern).re2}")
    return _typed(value, "string", f"NOT REGEXP_CONTAINS({_text(value)}, {pattern})")


def _items(value: str, check: Check, contract: Contract) -> str:
    return _typed(value, "array", sized(f"ARRAY_LENGTH({_array(value)})", check))


def _twice(value: str, check: Check, contract: Contract) -> str:
    number = "CONCAT('number ', CAST(SAFE_CAST(JSON_VALUE(one) AS BIGNUMERIC) AS STRING))"
    seen = f"COALESCE(IF(JSON_TYPE(one) = 'number', {number}, NULL), TO_JSON_STRING(one))"
    counted = f"SELECT COUNT(*) > COUNT(DISTINCT {seen}) FROM UNNEST({_array(value)}) AS one"
    return _typed(value, "array", f"({counted})")


def _fields(value: str, check: Check, contract: Contract) -> str:
    return _typed(value, "object", sized(f"IFNULL(ARRAY_LENGTH(JSON_KEYS({value}, 1)), 0)", check))


_RULES: Mapping[CheckKind, Callable[[str, Check, Contract], str]] = {
    CheckKind.NOT_NULL: _missing,
    CheckKind.NULL_RATE: _missing,
    CheckKind.ACCEPTED_VALUES: _accepted,
    CheckKind.RANGE: _range,
    CheckKind.MULTIPLE: _multiple,
    CheckKind.LENGTH: _length,
    CheckKind.REGEX: _regex,
    CheckKind.ITEMS: _items,
    CheckKind.UNIQUE_ITEMS: _twice,
    CheckKind.PROPERTIES: _fields,
}
