"""Checks as SQL: all of a gate's in one statement, and the rows that explain a failure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from airflow_provider_harness.core.checks import Check, CheckKind, Metric
from airflow_provider_harness.core.contract import Contract
from airflow_provider_harness.core.partition import Slice, bounds

SAMPLE_ROWS = 10
"""Rows that explain a failed check; at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """The rows under test.

    :param relation: a quoted relation name, or a query in parentheses.
    :param where: a condition, empty for all rows.
    :param piece: the slice that the rows must belong to, if any.
    """

    relation: str
    where: str = ""
    piece: Slice | None = None

    def prefix(self) -> str:
        """``WITH t AS (...)``: every check reads ``t``."""
        condition = f" WHERE {self.where}" if self.where else ""
        return f"WITH t AS NOT MATERIALIZED (SELECT * FROM {self.relation}{condition})"


def ident(name: str) -> str:
    """A name as a quoted identifier; ``schema.table`` becomes two."""
    return ".".join('"' + part.replace('"', '""') + '"' for part in name.split(".", 1))


def column(name: str) -> str:
    """A column's name as a quoted identifier, dots and all."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: Any) -> str:
    """A value as an SQL literal that PostgreSQL and DuckDB read alike."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, datetime):
        return f"TIMESTAMP WITH TIME ZONE '{value.isoformat(sep=' ')}'"
    if isinstance(value, date):
        return f"DATE '{value.isoformat()}'"
    return "'" + str(value).replace("'", "''") + "'"


def in_slice(contract: Contract, piece: Slice) -> str:
    """The condition that a row belongs to the slice; null for a row without a slice column."""
    low, high = bounds(contract, piece)
    name = column(contract.load.slice_column)
    return f"{name} >= {literal(low)} AND {name} < {literal(high)}"


def failing(check: Check, contract: Contract, piece: Slice | None) -> str:
    """A condition that is true for the rows that fail a check, and false (never null) for all others."""
    return f"({_FAILING[check.kind](check, contract, piece)}) IS TRUE"


def _not_null(check: Check, contract: Contract, piece: Slice | None) -> str:
    name = column(check.columns[0])
    words = f" OR {name} IN ({', '.join(map(literal, check.values))})" if check.values else ""
    return f"{name} IS NULL{words}"


def _accepted(check: Check, contract: Contract, piece: Slice | None) -> str:
    return f"{column(check.columns[0])} NOT IN ({', '.join(map(literal, check.values))})"


def _range(check: Check, contract: Contract, piece: Slice | None) -> str:
    name = column(check.columns[0])
    sides = [f"{name} < {literal(check.low)}"] if check.low is not None else []
    sides += [f"{name} > {literal(check.high)}"] if check.high is not None else []
    return " OR ".join(sides) or "FALSE"


def _referential(check: Check, contract: Contract, piece: Slice | None) -> str:
    assert check.reference is not None
    own = [column(name) for name in check.columns]
    theirs = [column(name) for name in check.reference.columns]
    known = f"SELECT {', '.join(theirs)} FROM {ident(check.reference.table)}"
    known += " WHERE " + " AND ".join(f"{name} IS NOT NULL" for name in theirs)
    present = " AND ".join(f"{name} IS NOT NULL" for name in own)
    return f"{present} AND ({', '.join(own)}) NOT IN ({known})"


def _outside(check: Check, contract: Contract, piece: Slice | None) -> str:
    return "FALSE" if piece is None else f"({in_slice(contract, piece)}) IS NOT TRUE"


_FAILING: Mapping[CheckKind, Callable[[Check, Contract, Slice | None], str]] = {
    CheckKind.NOT_NULL: _not_null,
    CheckKind.ACCEPTED_VALUES: _accepted,
    CheckKind.RANGE: _range,
    CheckKind.REFERENTIAL: _referential,
    CheckKind.IN_SLICE: _outside,
}


def excess(columns: Sequence[str], relation: str) -> str:
    """A query for the number of rows beyond the first of each key; rows with a null in the key are left out."""
    names = ", ".join(column(name) for name in columns)
    present = " AND ".join(f"{column(name)} IS NOT NULL" for name in columns)
    groups = f"SELECT count(*) AS n FROM {relation} WHERE {present} GROUP BY {names} HAVING count(*) > 1"
    return f"SELECT CAST(coalesce(sum(n - 1), 0) AS bigint) FROM ({groups}) AS g"


def metric(check: Check, contract: Contract, piece: Slice | None) -> str | None:
    """The expression that measures a check over ``t``; None if it is measured elsewhere."""
    kind = check.spec.metric
    if kind is Metric.FAILING_ROWS:
        return f"count(*) FILTER (WHERE {failing(check, contract, piece)})"
    if kind is Metric.EXCESS_ROWS:
        return f"({excess(check.columns, 't')})"
    if kind is Metric.ROWS:
        return "count(*)"
    if kind is Metric.SCALAR:
        return f"({check.sql.strip().rstrip(';').replace('${table}', 't')})"
    return None


def malformed(checks: Sequence[Check], contract: Contract, piece: Slice | None) -> str:
    """A condition that is true for the rows that may be set aside, and false for all others."""
    parts = [failing(check, contract, piece) for check in checks if check.sets_aside]
    return " OR ".join(parts) or "FALSE"


def gate(contract: Contract, rows: Rows, checks: Sequence[Check]) -> str:
    """One statement: number of rows, number of malformed rows, then one column for each check in order."""
    outputs = ["count(*)", f"count(*) FILTER (WHERE {malformed(checks, contract, rows.piece)})"]
    outputs += [metric(check, contract, rows.piece) or "NULL" for check in checks]
    return f"{rows.prefix()} SELECT {', '.join(f'{out} AS m{n}' for n, out in enumerate(outputs))} FROM t"


def samples(contract: Contract, rows: Rows, check: Check) -> tuple[str, tuple[str, ...]] | None:
    """A query for rows that fail a check, and its columns; None where the contract does not classify the columns."""
    wanted = tuple(dict.fromkeys((*contract.key, *check.columns)))
    shown = contract.classified()
    if not check.spec.samples or not wanted or any(shown.get(name) != "public" for name in wanted):
        return None
    names = ", ".join(column(name) for name in wanted)
    if check.kind is CheckKind.UNIQUE:
        keys = ", ".join(column(name) for name in check.columns)
        present = " AND ".join(f"{column(name)} IS NOT NULL" for name in check.columns)
        source = f"SELECT {keys} FROM t WHERE {present} GROUP BY {keys} HAVING count(*) > 1 ORDER BY {keys}"
        return f"{rows.prefix()} {source} LIMIT {SAMPLE_ROWS}", check.columns
    condition = failing(check, contract, rows.piece)
    return f"{rows.prefix()} SELECT {names} FROM t WHERE {condition} LIMIT {SAMPLE_ROWS}", wanted


def blame(checks: Sequence[Check], contract: Contract, piece: Slice | None) -> tuple[str, str]:
    """Two expressions over a malformed row: id of the first check that it fails, and all reasons in words."""
    guilty = [check for check in checks if check.sets_aside]
    cases = [(failing(check, contract, piece), check) for check in guilty]
    first = "CASE " + " ".join(f"WHEN {test} THEN {literal(check.id)}" for test, check in cases) + " END"
    reasons = ", ".join(f"CASE WHEN {test} THEN {literal(check.reason())} END" for test, check in cases)
    return first, f"concat_ws('; ', {reasons})"
