"""Checks of what is inside a column as SQL: fields of objects, items of arrays, and their numbers.

``core.contracts.documents`` says what they mean. PostgreSQL walks the value as ``jsonb``, BigQuery as ``JSON`` (``bq_inside``); DuckDB asks
the function of ``duck_inside``, since its own reading of JSON rounds numbers.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from airflow_provider_harness.adapters.sql import inside_bigquery as bq_inside
from airflow_provider_harness.adapters.sql.types import dimensions, element
from airflow_provider_harness.adapters.sql.values import (
    Family,
    family,
    kind_of,
    number_of,
    outside,
    quoted,
    sized,
    value_of,
)
from airflow_provider_harness.core.contracts.checks import ITEM, Check, CheckKind, without_type
from airflow_provider_harness.core.contracts.contract import Contract
from airflow_provider_harness.core.contracts.documents import FORMS, LONG, UNREADABLE, ZONED
from airflow_provider_harness.core.contracts.exact import written
from airflow_provider_harness.core.contracts.pattern import compiled
from airflow_provider_harness.core.contracts.schema import is_type

FUNCTION = "harness_fails"
"""What DuckDB asks: a column's value and a check's id."""
WRITTEN = "harness_written"
"""What holds the place of an expression that is in the other dialect's words already."""
_MOMENTS: Mapping[str, str] = {
    "date": "date",
    "time": "time without time zone",
    "timestamp": "timestamp with time zone",
}
Inner = Callable[[str], str]
"""What is asked of a value, which is an expression of type ``jsonb``."""


def failing(check: Check, contract: Contract, dialect: str) -> str:
    """A condition that is true for the rows that fail a check."""
    name = _column(check.columns[0])
    if dialect == "bigquery":
        return f"{WRITTEN}({quoted(bq_inside.failing(check, contract))})"
    if dialect != "postgres":
        return f"{FUNCTION}({name}, {quoted(check.id)})"
    check = without_type(check)
    leaf: Inner = lambda value: _RULES[check.kind](value, check, contract)  # noqa: E731 - it is passed on
    kind = kind_of(contract, check.columns[0])
    test = _walk(check.path, leaf, 0)(_document(name, kind))
    unreadable = _unreadable(name, kind)
    return f"CASE WHEN {unreadable} THEN TRUE ELSE ({test}) END" if unreadable else test


def _column(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _document(name: str, kind: str) -> str:
    """A column as ``jsonb``; one that waits in the staging table as text is cast to its own type first."""
    group = family(kind)
    if group is Family.TEXT or kind in ("json", "jsonb"):
        return f"CAST({name} AS jsonb)"
    return f"to_jsonb(CAST({name} AS {kind}))" if group is Family.ARRAY and is_type(kind) else f"to_jsonb({name})"


def _unreadable(name: str, kind: str) -> str:
    """Whether a column holds what ends a statement that reads it as ``jsonb``; empty where it cannot.

    One of type ``jsonb``, or an array of these, has no such values, and waits in the staging table as text.
    """
    test = "CAST({} AS text) ~ " + quoted(UNREADABLE)
    if dimensions(kind) and element(kind) in ("json", "jsonb"):
        test = f"EXISTS (SELECT 1 FROM unnest(CAST({name} AS text[])) AS one(v) WHERE {test.format('one.v')})"
    if element(kind) == "jsonb":
        return f"CASE WHEN pg_typeof({name}) = CAST('{kind}' AS regtype) THEN FALSE ELSE {test.format(name)} END"
    if dimensions(kind) and element(kind) == "json":
        return test
    return test.format(name) if kind == "json" or family(kind) is Family.TEXT else ""


def _walk(path: tuple[str, ...], leaf: Inner, depth: int) -> Inner:
    """What is asked of the value at the beginning of a path."""
    if not path:
        return leaf
    inner, part = _walk(path[1:], leaf, depth + 1), path[0]
    if part == ITEM:
        item = f"item{depth}"
        return lambda value: _typed(
            value,
            "array",
            f"EXISTS (SELECT 1 FROM jsonb_array_elements({value}) AS {item}(v) WHERE {inner(f'{item}.v')})",
        )
    return lambda value: _typed(value, "object", inner(f"({value} -> {quoted(part)})"))


def _typed(value: str, kind: str, test: str) -> str:
    """False for null, what is asked of a value of a type, and true for everything else."""
    return f"CASE jsonb_typeof({value}) WHEN 'null' THEN FALSE WHEN '{kind}' THEN ({test}) ELSE {value} IS NOT NULL END"


def _one_of(value: str, check: Check) -> str:
    listed = ", ".join(f"CAST({quoted(_json(one))} AS jsonb)" for one in check.values if one is not None)
    return f"{value} IN ({listed})" if listed else "FALSE"


def _json(value: Any) -> str:
    """A value of a contract as JSON, a number with all its digits.

    >>> _json(0.1), _json("é"), _json(True), _json(10**20)
    ('0.1', '"é"', 'true', '100000000000000000000')
    """
    exact = written(value)
    return format(exact, "f") if isinstance(exact, Decimal) else json.dumps(exact, ensure_ascii=False)


def _missing(value: str, check: Check, contract: Contract) -> str:
    return f"{value} IS NULL OR jsonb_typeof({value}) = 'null' OR {_one_of(value, check)}"


def _accepted(value: str, check: Check, contract: Contract) -> str:
    return f"jsonb_typeof({value}) <> 'null' AND NOT ({_one_of(value, check)})"


def _range(value: str, check: Check, contract: Contract) -> str:
    if check.logical in FORMS:
        return _typed(value, "string", _moments(_text(value), check, contract.load.time_zone))
    low, high = (number_of(side, "numeric") if side is not None else "" for side in (check.low, check.high))
    return _number(value, check, outside(f"CAST({value} AS numeric)", check, low, high))


def _number(value: str, check: Check, test: str) -> str:
    whole = f"mod(CAST({value} AS numeric), 1) <> 0 OR " if check.logical == "integer" else ""
    return _typed(value, "number", whole + test)


def _moments(text: str, check: Check, zone: str) -> str:
    """What is asked of a text that should be a moment: first of its form, so that the cast never fails."""
    kind = _MOMENTS[check.logical]
    told = f"regexp_replace(upper({text}), {quoted(LONG)}, '\\1')"
    moment = f"CAST({told} AS {kind})"
    if check.logical == "timestamp":
        local = f"CAST({told} AS timestamp) AT TIME ZONE {quoted(zone)}"
        moment = f"(CASE WHEN upper({text}) ~ {quoted(ZONED)} THEN {moment} ELSE {local} END)"
    low, high = (value_of(side, kind, zone) if side is not None else "" for side in (check.low, check.high))
    test = outside(moment, check, low, high)
    return f"CASE WHEN upper({text}) ~ {quoted(FORMS[check.logical])} THEN ({test}) ELSE TRUE END"


def _text(value: str) -> str:
    return f"({value} #>> '{{}}')"


def _multiple(value: str, check: Check, contract: Contract) -> str:
    return _number(value, check, f"mod(CAST({value} AS numeric), {number_of(check.step, 'numeric')}) <> 0")


def _length(value: str, check: Check, contract: Contract) -> str:
    return _typed(value, "string", sized(f"char_length({_text(value)})", check))


def _regex(value: str, check: Check, contract: Contract) -> str:
    return _typed(value, "string", f"NOT ({_text(value)} ~ {quoted(compiled(check.pattern).postgres)})")


def _items(value: str, check: Check, contract: Contract) -> str:
    return _typed(value, "array", sized(f"jsonb_array_length({value})", check))


def _twice(value: str, check: Check, contract: Contract) -> str:
    counted = f"SELECT count(*) > count(DISTINCT one.v) FROM jsonb_array_elements({value}) AS one(v)"
    return _typed(value, "array", f"({counted})")


def _fields(value: str, check: Check, contract: Contract) -> str:
    return _typed(value, "object", sized(f"(SELECT count(*) FROM jsonb_object_keys({value}))", check))


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
