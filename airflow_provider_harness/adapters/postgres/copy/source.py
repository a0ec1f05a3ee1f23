"""PostgreSQL as a source for PostgreSQL: a slice's rows in the servers' own binary form, from one snapshot."""

from __future__ import annotations

import select
from contextlib import AbstractContextManager, ExitStack
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.postgres.catalog import (
    SESSION,
    SOURCE,
    Cancellable,
    catalog,
    described,
    no_such,
    planned_rows,
)
from airflow_provider_harness.adapters.postgres.errors import translated
from airflow_provider_harness.adapters.postgres.locks import Waiting
from airflow_provider_harness.adapters.sql.authored import subquery
from airflow_provider_harness.adapters.sql.authored.guard import query
from airflow_provider_harness.adapters.sql.authored.whose import refuse_store
from airflow_provider_harness.adapters.sql.checks import MASK, column, ident, in_zone, literal, of_slice
from airflow_provider_harness.adapters.sql.unsliced import counted
from airflow_provider_harness.app.ports.rows import Chunks
from airflow_provider_harness.core.contracts.contract import Column, Contract, Treatment
from airflow_provider_harness.core.contracts.schema import Schema
from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.core.slices.slices import Slice

if TYPE_CHECKING:
    import psycopg
    from psycopg.pq.abc import PGconn

CHUNK_BYTES = 128 * 1024
"""Written at once; psycopg splits what is larger."""


class PostgresCopySource(Cancellable):
    """One table or query of one database, read in one snapshot; use as a context manager.

    Every type and value that PostgreSQL has passes as it is, infinity and NaN too.

    :param dsn: libpq connection string.
    :param table: ``schema.table``; or
    :param sql: a query whose columns are the contract's.
    :param name: the connection in words, for errors.
    """

    def __init__(self, dsn: str, *, table: str = "", sql: str = "", name: str = "") -> None:
        super().__init__()
        self._dsn, self._table, self._sql, self._name = dsn, table, query(sql), name
        self._waiting, self._open = Waiting(dsn, name), ExitStack()
        self._connection: psycopg.Connection[Any]
        self._there: Schema | None = None

    def __enter__(self) -> PostgresCopySource:
        import psycopg

        with self._ours(), ExitStack() as opening:
            self._connection = psycopg.connect(self._dsn)
            opening.callback(self._connection.close)  # its transaction only read
            self._running.append(self._connection)
            self._connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            self._connection.execute(SESSION)
            self._connection.execute(SOURCE)
            refuse_store(lambda asked: self._connection.execute(asked.encode()).fetchall(), self._name)
            opening.enter_context(self._waiting.watching(self._connection.info.backend_pid))
            self._open = opening.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._running.clear()
        self._open.close()

    def _ours(self) -> AbstractContextManager[None]:
        """What the driver raises in here becomes one of our errors."""
        return translated(self._name, self._waiting.holders)

    def schema(self) -> Schema:
        """The columns as the catalog has them; for a query, as the server describes it. They are read once."""
        if self._there is None:
            self._there = self._read_schema()
        return self._there

    def _read_schema(self) -> Schema:
        with self._ours():
            if self._sql:
                return described(self._connection, self._sql)
            found = catalog(self._connection, self._table)
        if found is None:
            raise no_such(self._table, self._name)
        return found

    def estimate(self, contract: Contract, piece: Slice) -> int | None:
        """How many rows the planner expects the slice to have; None where it cannot say."""
        wanted, there = contract.load.slice_column, self.schema()  # prepared, a query is one statement
        if wanted and there.get(wanted) is None:
            return None  # the comparison of columns is about to say so
        asked = f"EXPLAIN (FORMAT JSON) {self._select('1', contract, piece)}"
        with self._ours():
            return planned_rows(self._connection.execute(asked.encode(), prepare=True).fetchall())

    def _select(self, names: str, contract: Contract, piece: Slice) -> str:
        return of_slice(names, self._relation(), contract, piece)

    def _relation(self) -> str:
        return subquery.relation(self._sql) if self._sql else ident(self._table)

    def in_no_slice(self, contract: Contract) -> int:
        """See ``app.ports.rows.CopySource``."""
        asked = counted(contract, self.schema(), self._relation())
        with self._ours():
            found = self._connection.execute(asked.encode(), prepare=True).fetchone() if asked else None
        return int(found[0]) if found else 0

    def chunks(self, contract: Contract, piece: Slice) -> Chunks:
        """The slice's rows with the contract's columns and types, as COPY's binary form: bytes, and rows so far.

        :raises ConfigurationError: the contract wants a column hashed, which PostgreSQL cannot do with our key.
        """
        self._connection.execute(in_zone(contract).encode())
        there = self.schema()
        names = ", ".join(_outgoing(col, there) for col in contract.columns)
        return self._pumped(f"COPY ({self._select(names, contract, piece)}) TO STDOUT (FORMAT binary)")

    def _pumped(self, statement: str) -> Chunks:
        """What has arrived is taken as it is: psycopg waits row by row, which costs twice as much of the processor."""
        chunk, rows = bytearray(), 0
        server = self._connection.pgconn
        # a savepoint: when nobody wants the rest, the transaction and its snapshot stay
        with (
            self._ours(),
            self._connection.transaction(),
            self._connection.cursor() as cursor,
            cursor.copy(statement.encode()),
        ):
            size, row = server.get_copy_data(1)
            while size >= 0:
                if size:
                    chunk += row
                    rows += 1
                else:
                    select.select([server.socket], [], [])
                    server.consume_input()
                if len(chunk) >= CHUNK_BYTES:
                    yield bytes(chunk), rows
                    chunk.clear()
                size, row = server.get_copy_data(1)
            rows = _ended(server)
        yield bytes(chunk), rows


def _ended(server: PGconn) -> int:
    """How many rows a COPY gave that has come to its end."""
    from psycopg.errors import error_from_result
    from psycopg.pq import ExecStatus

    rows = 0
    while (result := server.get_result()) is not None:
        if result.status != ExecStatus.COMMAND_OK:
            raise error_from_result(result)
        rows = result.command_tuples or 0
    return rows


def _outgoing(col: Column, there: Schema) -> str:
    """One column as it is asked for: in the type of the published table, since the binary form names none."""
    if col.treatment is Treatment.HASH:
        raise ConfigurationError(
            f"column {col.name}",
            "must be hashed, and a transfer passes bytes on unchanged.",
            fix="Use PostgresExtractOperator and PostgresLoadOperator.",
        )
    if col.treatment is Treatment.MASK:
        return f"CASE WHEN {column(col.name)} IS NOT NULL THEN {literal(MASK)} END::{col.physical_type}"
    found = there.get(col.name)
    same = found is not None and found.type == col.physical_type
    return column(col.name) if same else f"{column(col.name)}::{col.physical_type}"
