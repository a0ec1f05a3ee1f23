"""PostgreSQL as a warehouse: binary COPY into a staging table, gate, atomic publication of the slice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.arrow.read_ahead import ahead, ours_first
from airflow_provider_harness.adapters.gx import suite as gx
from airflow_provider_harness.adapters.gx.split import shared
from airflow_provider_harness.adapters.postgres.catalog import Cancellable, catalog
from airflow_provider_harness.adapters.postgres.errors import translated
from airflow_provider_harness.adapters.postgres.locks import Waiting
from airflow_provider_harness.adapters.postgres.measure import measure
from airflow_provider_harness.adapters.postgres.session import carrier, session, told_of
from airflow_provider_harness.adapters.postgres.write.alone import lock_slice
from airflow_provider_harness.adapters.postgres.write.session import PostgresSession
from airflow_provider_harness.adapters.sql import checks as sql_checks
from airflow_provider_harness.adapters.sql.checks import column, ident, in_slice, literal, parts
from airflow_provider_harness.adapters.sql.types import (
    refuse_foreign,
)
from airflow_provider_harness.app.ports.rows import (
    Batch,
    Progress,
)
from airflow_provider_harness.core.contracts.contract import Contract
from airflow_provider_harness.core.contracts.report import Measurements
from airflow_provider_harness.core.contracts.schema import Schema
from airflow_provider_harness.core.slices.slices import Slice, bounds

if TYPE_CHECKING:
    import psycopg
    import pyarrow as pa


class PostgresWarehouse(Cancellable):
    """Where slices are published, each by one exclusive session.

    :param dsn: libpq connection string.
    :param prove: let the published table's validated constraints stand for the checks that they imply.
    :param name: the connection in words, for errors.
    """

    def __init__(self, dsn: str, *, prove: bool = True, name: str = "") -> None:
        super().__init__()
        self.dsn, self.prove, self.name = dsn, prove, name

    @contextmanager
    def _connect(self, *, writes: bool = False) -> Iterator[psycopg.Connection[Any]]:
        with session(self.dsn, self.name, writes=writes) as connection, self._cancels(connection):
            yield connection

    @contextmanager
    def slice(self, contract: Contract, piece: Slice) -> Iterator[PostgresSession]:
        """An exclusive session: another publication of the same slice waits, then fails as ``SliceBusy``."""
        refuse_foreign(contract)
        with self._connect(writes=True) as connection:
            lock_slice(connection, contract, piece)
            yield PostgresSession(self, connection, contract, piece)

    def measure_published(self, contract: Contract, piece: Slice | None, at: datetime | None = None) -> Measurements:
        """The contract's checks on what is published; of one slice, or of the whole table.

        :param at: moment as of which the freshness of a whole table is judged; None means now.
        """
        where = in_slice(contract, piece) if piece is not None else ""
        table = ident(contract.table)
        if contract.dropped:  # nobody may have the right to read them
            table = f"(SELECT {', '.join(map(column, contract.names))} FROM {table}) AS kept"
        rows = sql_checks.Rows(relation=table, where=where, piece=piece, table=contract.table, at=at, whole=table)
        with self._connect() as connection:
            return shared(
                contract,
                lambda ours: measure(connection, ours, rows, prove=self.prove),
                lambda theirs: gx.measure_postgres(self.dsn, contract, rows, theirs),
            )

    def missing(self, contract: Contract, slices: Sequence[Slice]) -> list[Slice]:
        """See ``app.ports.rows.Warehouse``."""
        with self._connect() as connection:
            if not slices or catalog(connection, contract.table) is None:
                return list(slices)
            name = column(contract.load.slice_column)
            ends = ((n, *map(literal, bounds(contract, piece))) for n, piece in enumerate(slices))
            listed = ", ".join(f"({n}, {low}, {high})" for n, low, high in ends)
            there = f"SELECT FROM {ident(contract.table)} AS t WHERE t.{name} >= s.low AND t.{name} < s.high"
            asked = f"SELECT n FROM (VALUES {listed}) AS s (n, low, high) WHERE NOT EXISTS ({there}) ORDER BY n"
            return [slices[n] for (n,) in connection.execute(asked.encode()).fetchall()]

    def columns(self, table: str) -> Schema | None:
        """The columns of a relation here; None if there is none."""
        with self._connect() as connection:
            return catalog(connection, table)

    def size(self, table: str) -> int:
        """Bytes of the rows of a table, also of those that are not committed yet."""
        with self._connect() as connection:
            found = connection.execute("SELECT pg_relation_size(%s)", (ident(table),)).fetchone()
        return int(found[0]) if found else 0

    @contextmanager
    def bulk(self) -> Iterator[Any]:
        """A connection of ADBC for rows in bulk; ``cancel`` reaches its statements."""
        waiting = Waiting(self.dsn, self.name)
        with (
            translated(self.name, waiting.holders),
            carrier(self.dsn, self.name) as connection,
            self._cancels(connection),
            waiting.watching(told_of(connection)),
        ):
            yield connection

    def ingest(self, table: str, batches: Iterable[Batch], schema: pa.Schema, progress: Progress) -> int:
        """Append record batches to an existing table by binary COPY; all of them, or none."""
        import pyarrow as pa

        rows = 0

        def counted() -> Iterator[Batch]:
            nonlocal rows
            for batch in batches:
                rows += batch.num_rows
                progress("load", rows)
                yield batch

        home, name = parts(table)
        with (
            self.bulk() as connection,
            connection.cursor() as cursor,
            ours_first(counted()) as given,
            ahead(given) as there,
        ):
            reader = pa.RecordBatchReader.from_batches(schema, there)
            cursor.adbc_ingest(name, reader, mode="append", db_schema_name=home)
            connection.commit()
        return rows
