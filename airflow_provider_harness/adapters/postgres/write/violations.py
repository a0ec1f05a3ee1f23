"""How many rows broke a constraint of the published table: PostgreSQL stops at the first one and counts none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.postgres.errors import translation
from airflow_provider_harness.adapters.sql.checks import column, excess, ident, literal

if TYPE_CHECKING:
    import psycopg

    from airflow_provider_harness.core.errors import HarnessError

Rows = Callable[[str], list[tuple[Any, ...]]]


def counted(error: psycopg.Error, where: str, table: str, staged: str, others: str, rows: Rows) -> HarnessError:
    """A violated constraint as one of our errors, with the number of rows that break it, as far as that can be counted.

    :param staged: a query for the rows that were about to be published, in the published types.
    :param others: which rows of the published table stay beside them, as SQL.
    :param rows: asks a query; the transaction that failed has ended.
    """
    import psycopg

    found = translation(error, where)
    count = _COUNTS.get(str(error.sqlstate))
    try:
        number = count(error, table, f"({staged}) AS q", others, rows) if count else None
    except psycopg.Error:
        number = None  # an expression over columns that the contract does not have
    if number:
        found.args = (f"{found} {number:,} row(s) break it.",)
    return found


def _null(error: psycopg.Error, table: str, staged: str, others: str, rows: Rows) -> int:
    return _number(rows(f"SELECT count(*) FROM {staged} WHERE {column(str(error.diag.column_name))} IS NULL"))


def _check(error: psycopg.Error, table: str, staged: str, others: str, rows: Rows) -> int | None:
    found = rows(
        f"SELECT pg_get_expr(conbin, conrelid) FROM pg_constraint WHERE contype = 'c' AND conrelid = to_regclass({_regclass(table)}) "
        f"AND conname = {literal(error.diag.constraint_name)}"
    )
    return _number(rows(f"SELECT count(*) FROM {staged} WHERE NOT ({found[0][0]})")) if found else None


def _unique(error: psycopg.Error, table: str, staged: str, others: str, rows: Rows) -> int | None:
    """Rows beyond the first of each key, and rows whose key stands outside of the slice."""
    found = rows(
        "SELECT array_agg(a.attname::text ORDER BY k.place) FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid "
        "CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k (number, place) "
        "JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.number "
        f"WHERE i.indrelid = to_regclass({_regclass(table)}) AND i.indexprs IS NULL AND i.indpred IS NULL "
        f"AND c.relname = {literal(error.diag.constraint_name)}"
    )
    names = found[0][0] if found else None
    if not names:
        return None
    twice = _number(rows(excess(names, staged)))
    same = _same("o", names, "q", names)
    elsewhere = f"SELECT FROM {ident(table)} AS o WHERE {others} AND {same}"
    return twice + _number(rows(f"SELECT count(*) FROM {staged} WHERE EXISTS ({elsewhere})"))


def _foreign(error: psycopg.Error, table: str, staged: str, others: str, rows: Rows) -> int | None:
    names = "SELECT array_agg(attname::text ORDER BY place) FROM unnest({0}) WITH ORDINALITY AS k (number, place) "
    names += "JOIN pg_attribute ON attrelid = {1} AND attnum = k.number"
    found = rows(
        f"SELECT confrelid::regclass::text, ({names.format('conkey', 'conrelid')}), ({names.format('confkey', 'confrelid')}) "
        f"FROM pg_constraint WHERE contype = 'f' AND conrelid = to_regclass({_regclass(table)}) "
        f"AND conname = {literal(error.diag.constraint_name)}"
    )
    if not found:
        return None
    parent, own, theirs = found[0]
    present = " AND ".join(f"q.{column(name)} IS NOT NULL" for name in own)
    known = f"SELECT FROM {parent} AS o WHERE {_same('o', theirs, 'q', own)}"
    return _number(rows(f"SELECT count(*) FROM {staged} WHERE {present} AND NOT EXISTS ({known})"))


def _same(one: str, names: Sequence[str], other: str, others: Sequence[str]) -> str:
    pairs = zip(names, others, strict=True)
    return " AND ".join(f"{one}.{column(name)} = {other}.{column(twin)}" for name, twin in pairs)


def _regclass(table: str) -> str:
    return literal(ident(table))


def _number(found: list[tuple[Any, ...]]) -> int:
    return int(found[0][0]) if found else 0


_COUNTS: Mapping[str, Callable[[psycopg.Error, str, str, str, Rows], int | None]] = {
    "23502": _null,
    "23503": _foreign,
    "23505": _unique,
    "23514": _check,
}
"""SQLSTATE of a violated constraint -> what counts the rows that break it."""
