"""A built table and the one that it was made of, compared in the database: rows by key, values by column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.learning.promotion.profiled import VALID_FROM, distinct, is_text, said
from airflow_provider_harness.adapters.postgres.catalog import catalog
from airflow_provider_harness.adapters.sql.checks import column, ident, literal
from airflow_provider_harness.app.ports.promotion import ProposalRefused
from airflow_provider_harness.core.contracts.contract import PUBLIC, Contract
from airflow_provider_harness.core.learning.promotion.difference import ColumnDifference, Difference

if TYPE_CHECKING:
    import psycopg

EXAMPLES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tables:
    """Both tables and how their values are compared.

    :param before: column -> its type, of the source.
    :param after: the same of the built table.
    """

    source: str
    built: str
    key: Sequence[str]
    before: Mapping[str, str]
    after: Mapping[str, str]
    tells: bool

    def was(self, name: str, *, folded: bool = True) -> str:
        """A value of the source, as the built column would write it."""
        held, kind = column(name), self.after[name]
        if not is_text(kind) and self.before[name] != kind and self.tells:
            plain = (
                f"CASE WHEN pg_input_is_valid({held}, {literal(kind)}) THEN {held}::{kind}::text ELSE lower({held}) END"
            )
            return self._codes(plain, held, kind)
        return f"lower({held})" if folded and is_text(kind) else held

    def _codes(self, plain: str, held: str, kind: str) -> str:
        """A code with leading zeros is another value than the number that it looks like."""
        if kind.partition("(")[0] not in ("smallint", "integer", "bigint", "numeric", "real", "double precision"):
            return plain
        return f"CASE WHEN {held} ~ '^[+-]?0[0-9]' THEN {held} ELSE {plain} END"

    def now(self, name: str, *, folded: bool = True) -> str:
        """A value of the built table."""
        held = column(name)
        return f"lower({held})" if folded and is_text(self.after[name]) else held

    def comparable(self, name: str) -> bool:
        """Whether a value before can be written as one now."""
        kind = self.after[name]
        return is_text(kind) or self.before[name] == kind or self.tells

    @property
    def known(self) -> list[str]:
        """Columns of both."""
        return [name for name in self.after if name in self.before]

    @property
    def source_said(self) -> str:
        """The source's values as they are compared."""
        return f"{said(self.source, self.known)} AS source_said"

    @property
    def built_said(self) -> str:
        """The built table's."""
        return f"{said(self.built, self.after)} AS built_said"

    @property
    def shared(self) -> list[str]:
        """Columns of both, without the key."""
        return [name for name in self.known if name not in self.key]


def compared(connection: psycopg.Connection[Any], old: Contract, new: Contract, built: str) -> Difference:
    """All rows of the source of a contract and of a table that a proposal built.

    :param new: the proposal's contract; by its key rows are told apart.
    :raises ProposalRefused: there is no such key.
    """
    tables = _tables(connection, old, new, built)
    counted = connection.execute(_rows(tables).encode()).fetchall()[0]
    found = dict(zip(_ROWS, map(int, counted), strict=True))
    values = connection.execute(_values(tables).encode()).fetchall()[0] if tables.shared else ()
    by_column = dict(zip(tables.shared, zip(values[::2], values[1::2], strict=True), strict=True))
    was = connection.execute(_spread(tables.source_said, tables.known).encode()).fetchall()[0]
    before = dict(zip(tables.known, was, strict=True))
    is_now = connection.execute(_spread(tables.built_said, list(tables.after)).encode()).fetchall()[0]
    columns = tuple(
        ColumnDifference(
            name=name,
            changed=(int(by_column[name][0]) if tables.comparable(name) else None) if name in by_column else 0,
            emptied=int(by_column[name][1]) if name in by_column else 0,
            distinct_before=int(before[name]) if name in before else None,
            distinct_after=int(after),
        )
        for name, after in zip(tables.after, is_now, strict=True)
    )
    shown = all(old.column(name).classification == PUBLIC for name in tables.key)
    examples = connection.execute(_examples(tables).encode()).fetchall() if shown and found["missing"] else ()
    return Difference(**found, columns=columns, examples=tuple(", ".join(map(str, row)) for row in examples))


def _tables(connection: psycopg.Connection[Any], old: Contract, new: Contract, built: str) -> _Tables:
    before, after = catalog(connection, old.table), catalog(connection, built)
    if before is None or after is None:
        raise ProposalRefused("the table is not there")
    tables = _Tables(
        source=ident(old.table),
        built=ident(built),
        key=new.key,
        before={one.name: one.type for one in before.columns if one.name in old.names},
        after={one.name: one.type for one in after.columns},
        tells=connection.info.server_version >= VALID_FROM,
    )
    if not new.key:
        raise ProposalRefused("the contract has no primary key, so rows cannot be identified")
    if lacking := [name for name in new.key if name not in tables.before or name not in tables.after]:
        raise ProposalRefused(f"the key's column {lacking[0]} is not in both tables")
    return tables


_ROWS = ("rows_before", "rows_after", "keys_before", "keyless", "missing", "added", "repeated", "conflicting")


def _keys(tables: _Tables) -> str:
    """Both tables by key: how many rows each has of it, and whether the source's differ."""
    names = [f"k{n}" for n in range(len(tables.key))]
    was = ", ".join(f"{tables.was(key, folded=False)} AS {name}" for key, name in zip(tables.key, names, strict=True))
    now = ", ".join(f"{tables.now(key, folded=False)} AS {name}" for key, name in zip(tables.key, names, strict=True))
    values = ", ".join(f"quote_nullable({tables.was(name)})" for name in tables.shared)
    whole = f"md5(concat_ws('|', {values}))" if values else "''"
    by = ", ".join(names)
    return (
        f"WITH s AS (SELECT {by}, count(*) AS n, count(DISTINCT whole) AS kinds FROM "
        f"(SELECT {was}, {whole} AS whole FROM {tables.source_said}) AS a GROUP BY {by}), "
        f"t AS (SELECT {by}, count(*) AS n FROM (SELECT {now} FROM {tables.built_said}) AS b GROUP BY {by})"
    )


def _rows(tables: _Tables) -> str:
    names = [f"k{n}" for n in range(len(tables.key))]
    whole = " AND ".join(f"s.{name} IS NOT NULL" for name in names)
    same = " AND ".join(f"t.{name} = s.{name}" for name in names)
    return (
        f"{_keys(tables)} SELECT (SELECT count(*) FROM {tables.source}), (SELECT count(*) FROM {tables.built}), "
        f"(SELECT count(*) FROM s WHERE {whole}), (SELECT coalesce(sum(n), 0) FROM s WHERE NOT ({whole})), "
        f"(SELECT count(*) FROM s WHERE {whole} AND NOT EXISTS (SELECT FROM t WHERE {same})), "
        f"(SELECT count(*) FROM t WHERE NOT EXISTS (SELECT FROM s WHERE {same})), "
        f"(SELECT coalesce(sum(n - 1), 0) FROM s WHERE {whole}), (SELECT count(*) FROM s WHERE {whole} AND kinds > 1)"
    )


def _values(tables: _Tables) -> str:
    """For each shared column: keys of which no row had the value before, and keys that lost theirs."""
    keys = ", ".join(f"{tables.was(key, folded=False)} AS k{n}" for n, key in enumerate(tables.key))
    now = ", ".join(f"{tables.now(key, folded=False)} AS k{n}" for n, key in enumerate(tables.key))
    was_columns = ", ".join(f"{tables.was(name)} AS c{n}" for n, name in enumerate(tables.shared))
    now_columns = ", ".join(f"{tables.now(name)} AS c{n}" for n, name in enumerate(tables.shared))
    same = " AND ".join(f"t.k{n} = s.k{n}" for n in range(len(tables.key)))
    by = ", ".join(f"s.k{n}" for n in range(len(tables.key)))
    places = range(len(tables.shared))
    each = ", ".join(
        f"bool_or(s.c{n} IS NOT DISTINCT FROM t.c{n} OR (t.c{n} IS NULL)) AS same{n}, "
        f"bool_or(s.c{n} IS NOT NULL) AND bool_and(t.c{n} IS NULL) AS lost{n}"
        for n in places
    )
    counts = ", ".join(f"count(*) FILTER (WHERE NOT same{n}), count(*) FILTER (WHERE lost{n})" for n in places)
    return (
        f"SELECT {counts} FROM (SELECT {each} FROM (SELECT {keys}, {was_columns} FROM {tables.source_said} OFFSET "
        f"0) AS s "
        f"JOIN (SELECT {now}, {now_columns} FROM {tables.built_said} OFFSET 0) AS t ON {same} GROUP BY {by}) AS each"
    )


def _spread(table: str, names: Sequence[str]) -> str:
    """Distinct values of each column."""
    return f"SELECT {', '.join(map(distinct, names))} FROM {table}"


def _examples(tables: _Tables) -> str:
    names = ", ".join(f"left(s.k{n}, 60)" for n in range(len(tables.key)))
    same = " AND ".join(f"t.k{n} = s.k{n}" for n in range(len(tables.key)))
    return (
        f"{_keys(tables)} SELECT {names} FROM s WHERE s.k0 IS NOT NULL AND NOT EXISTS (SELECT FROM t WHERE {same}) "
        f"ORDER BY {names} LIMIT {EXAMPLES}"
    )
