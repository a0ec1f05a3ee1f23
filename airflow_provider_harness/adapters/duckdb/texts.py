"""Whether a text of a file is of its column's type: it can be read as such, and nothing of it is lost."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from airflow_provider_harness.adapters.sql import checks as sql_checks
from airflow_provider_harness.adapters.sql.checks import column
from airflow_provider_harness.adapters.sql.types import base, carried_type, decimal_digits, dimensions, element
from airflow_provider_harness.core.contracts.contract import Column
from airflow_provider_harness.core.contracts.documents import UNREADABLE
from airflow_provider_harness.core.contracts.schema import canonical

TEXTS = ("text", "character varying", "character", "uuid", "json", "jsonb")
"""Types whose values files have as texts."""
WHOLE = ("smallint", "integer", "bigint")
_NO_YEAR = "regexp_matches({}, '^\\s*[+-]?0+-')"
"""The year 0, which DuckDB takes for the one before 1 and PostgreSQL does not know."""
_SUBMICROSECOND = r"\.[0-9]{6}[0-9]*[1-9]"
_MIDNIGHT = r"[T ]0?0:00(:00(\.0+)?)?\s*(Z|[+-]00(:?00)?)?$"
_ELSEWHERE = r"[0-9]\s*[+-](0[1-9]|1[0-9]|00:?[0-5]?[1-9])(:?[0-9]{2})?$"


def cast(col: Column, *, text: bool) -> str:
    """A column of the files in the contract's type; null where a text is not of it."""
    carried = carried_type(canonical(col.physical_type))
    if carried is None:
        return column(col.name)
    kind = (
        sql_checks.spoken(f"SELECT CAST(v AS {carried})", "duckdb").removeprefix("SELECT CAST(v AS ").removesuffix(")")
    )
    return f"{'TRY_CAST' if text else 'CAST'}({column(col.name)} AS {kind})"


def not_of(col: Column) -> str:
    """A condition that is true for the texts of a column that are not of its type."""
    name, kind = column(col.name), canonical(col.physical_type)
    lossy = _LOSSY.get(base(kind), _nothing)(name, kind, cast(col, text=True))
    return f"{name} IS NOT NULL AND ({cast(col, text=True)} IS NULL{' OR ' if lossy else ''}{lossy})"


def within(col: Column) -> str:
    """A condition that is true for arrays with an element, and for documents with something inside, that is not of the
    column's type, where files have them as lists or structs of texts; empty where nothing can be."""
    name, kind = column(col.name), canonical(col.physical_type)
    inner = base(element(kind))
    if not dimensions(kind):
        return f"regexp_matches(CAST(to_json({name}) AS VARCHAR), {sql_checks.literal(UNREADABLE)})" * (
            inner == "jsonb"
        )
    if inner not in TEXTS:
        return ""
    for _ in range(dimensions(kind) - 1):
        name = f"flatten({name})"
    return f"len([x for x in {name} if x IS NOT NULL AND ({_LOSSY[inner]('x', element(kind), '')})]) > 0"


def _nothing(name: str, kind: str, value: str) -> str:
    return ""


def _whole(name: str, kind: str, value: str) -> str:
    return f"NOT regexp_full_match(trim({name}), '[+-]?[0-9]+')"


def _number(name: str, kind: str, value: str) -> str:
    """More digits after the point than the type has, zeros aside; with an exponent, whatever another precision tells apart."""
    _, scale = decimal_digits(kind) or (0, 0)
    small = rf"|\.[0-9]{{1,{scale}}}0*" if scale else r"|\.0+"
    exact = rf"[+-]?([0-9]+(\.[0-9]{{0,{scale}}}0*)?{small})"
    same = f"coalesce(CAST({value} AS double) = TRY_CAST({name} AS double), false)"
    return f"NOT (regexp_full_match(trim({name}), '{exact}') OR (regexp_matches({name}, '[eE]') AND {same}))"


def _floating(name: str, kind: str, value: str) -> str:
    return f"isinf({value}) AND NOT regexp_matches({name}, '(?i)inf')"


def _no_time(name: str) -> str:
    """Words that DuckDB reads as a day or a moment, and that are none."""
    return f"{_NO_YEAR.format(name)} OR lower(trim({name})) = 'epoch'"


def _day(name: str, kind: str, value: str) -> str:
    return f"{_no_time(name)} OR (contains({name}, ':') AND NOT regexp_matches(trim({name}), '{_MIDNIGHT}'))"


def _moment(name: str, kind: str, value: str) -> str:
    return f"{_no_time(name)} OR regexp_matches({name}, '{_SUBMICROSECOND}')"


def _local_moment(name: str, kind: str, value: str) -> str:
    """A moment of another zone would lose its zone."""
    elsewhere = f"contains({name}, ':') AND regexp_matches(trim({name}), '{_ELSEWHERE}')"
    return f"{_moment(name, kind, value)} OR ({elsewhere})"


def _long(name: str, kind: str, value: str) -> str:
    found = re.search(r"\((\d+)\)", kind)
    kept = f"rtrim({name}, ' ')" if base(kind) == "character" else name
    return f"{_text(name, kind, value)}{f' OR length({kept}) > {found.group(1)}' if found else ''}"


def _text(name: str, kind: str, value: str) -> str:
    """PostgreSQL keeps every character but the one of number 0."""
    return f"contains({name}, chr(0))"


def _document(name: str, kind: str, value: str) -> str:
    return f"NOT json_valid({name})"


def _binary_document(name: str, kind: str, value: str) -> str:
    return f"{_document(name, kind, value)} OR regexp_matches({name}, {sql_checks.literal(UNREADABLE)})"


def _uuid(name: str, kind: str, value: str) -> str:
    return f"TRY_CAST({name} AS uuid) IS NULL"


_LOSSY: Mapping[str, Callable[[str, str, str], str]] = {
    **dict.fromkeys(WHOLE, _whole),
    "numeric": _number,
    "real": _floating,
    "double precision": _floating,
    "date": _day,
    "timestamp with time zone": _moment,
    "timestamp without time zone": _local_moment,
    "time without time zone": _local_moment,
    "character varying": _long,
    "character": _long,
    "text": _text,
    "json": _document,
    "jsonb": _binary_document,
    "uuid": _uuid,
}
"""Type without its arguments -> what, beside a cast that fails, is not of it."""
SUBMICROSECOND = "epoch_ns({name}) % 1000 <> 0"
"""A moment that files have in nanoseconds, and that no column keeps as it is."""
