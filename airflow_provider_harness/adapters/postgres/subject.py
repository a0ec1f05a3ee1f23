"""Rows in PostgreSQL that a gate looks at where they are: a table's slice, or what a query gives for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.gx import suite as gx
from airflow_provider_harness.adapters.gx.data_docs import folder_of
from airflow_provider_harness.adapters.gx.split import Engine, shared
from airflow_provider_harness.adapters.postgres.catalog import catalog, described
from airflow_provider_harness.adapters.postgres.measure import measure
from airflow_provider_harness.adapters.postgres.session import session
from airflow_provider_harness.adapters.postgres.warehouse import PostgresWarehouse
from airflow_provider_harness.adapters.sql import checks as sql_checks
from airflow_provider_harness.adapters.sql.authored import guard as sql_guard
from airflow_provider_harness.adapters.sql.authored import subquery
from airflow_provider_harness.adapters.sql.authored.reading import answers
from airflow_provider_harness.adapters.sql.checks import column, ident, in_slice, in_zone, literal, query_bounds
from airflow_provider_harness.adapters.sql.unsliced import counted
from airflow_provider_harness.app.rows.unsliced import in_no_slice
from airflow_provider_harness.core.contracts.contract import Contract, LoadMode
from airflow_provider_harness.core.contracts.report import CheckResult, Measurements
from airflow_provider_harness.core.contracts.schema import Schema
from airflow_provider_harness.core.slices.slices import Slice

if TYPE_CHECKING:
    import psycopg
    import pyarrow as pa


class PostgresRows(PostgresWarehouse):
    """Implements ``app.ports.rows.RowsUnderTest``.

    :param dsn: libpq connection string.
    :param sql: a query with the contract's columns, which may use ``%(slice_start)s`` and ``%(slice_end)s``; empty: the
        contract's table.
    :param engine: who measures what both can.
    :param prove: let the table's validated constraints stand for the checks that they imply.
    :param docs: where Great Expectations' Data Docs go; empty for none.
    :param name: the connection in words, for errors.
    """

    def __init__(
        self,
        dsn: str,
        *,
        sql: str = "",
        engine: Engine = Engine.SQL,
        prove: bool = True,
        docs: str = "",
        name: str = "",
    ) -> None:
        super().__init__(dsn, prove=prove, name=name)
        self._sql, self._engine, self._docs = sql, engine, docs

    @property
    def where(self) -> str:
        return "query" if self._sql else "published table"

    def measure(self, contract: Contract, piece: Slice) -> tuple[Measurements, tuple[CheckResult, ...]]:
        """All checks of the contract on the rows of the slice; on all rows where the contract knows no slices."""
        rows = self._rows_of(contract, piece)
        docs = folder_of(self._docs, contract.table, piece.id)
        with self._connect() as connection:
            connection.execute(in_zone(contract).encode())
            found = shared(
                contract,
                lambda ours: measure(connection, ours, rows, prove=self.prove),
                lambda theirs: gx.measure_postgres(self.dsn, contract, rows, theirs, docs),
                self._engine,
            )
            lost = self._in_no_slice(connection, contract, rows.relation, piece)
        return found, in_no_slice(contract, lost)

    def _in_no_slice(self, connection: psycopg.Connection[Any], contract: Contract, relation: str, piece: Slice) -> int:
        if self._sql:
            there: Schema | None = described(connection, bound(self._sql, piece, contract))
        else:
            there = catalog(connection, contract.table)
        asked = counted(contract, there, relation)
        found = answers(connection, asked) if asked else [(0,)]
        return int(found[0][0])

    def _rows_of(self, contract: Contract, piece: Slice) -> sql_checks.Rows:
        whole = contract.load.mode is LoadMode.FULL
        where = "" if whole else in_slice(contract, piece)
        own = None if whole else piece
        table = contract.table
        if self._sql:
            relation = f"({sql_guard.query(bound(self._sql, piece, contract))}) AS q"
            return sql_checks.Rows(relation=relation, where=where, piece=own, at=piece.end, whole=ident(table))
        return sql_checks.Rows(
            relation=ident(table), where=where, piece=own, table=table, at=piece.end, whole=ident(table)
        )


def bound(sql: str, piece: Slice, contract: Contract | None = None) -> str:
    """A query with the slice's bounds in place of ``%(slice_start)s`` and ``%(slice_end)s``."""
    start, end = query_bounds(piece, contract)
    return subquery.filled(sql, {"slice_start": literal(start), "slice_end": literal(end)})


def columns_of(dsn: str, table: str, names: Sequence[str]) -> pa.Table:
    """Some columns of a table, for checks of files that refer to it; uuid and JSON as text."""
    import pyarrow as pa

    wanted = ", ".join(column(name) for name in names)
    with session(dsn) as connection:
        rows = connection.execute(f"SELECT {wanted} FROM {ident(table)}".encode()).fetchall()
    columns = list(zip(*rows, strict=True)) if rows else [() for _ in names]
    plain = [[str(v) if type(v).__name__ in ("UUID", "dict", "list") else v for v in part] for part in columns]
    return pa.table(dict(zip(names, map(pa.array, plain), strict=True)))
