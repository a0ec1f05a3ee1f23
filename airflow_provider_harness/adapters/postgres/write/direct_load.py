"""Straight into the published table: one write, in a transaction that commits only once the gate has passed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.arrow.read_ahead import ahead, ours_first
from airflow_provider_harness.adapters.postgres.copy.binary import encode, wired_schema
from airflow_provider_harness.adapters.postgres.measure import measure
from airflow_provider_harness.adapters.postgres.write import new_rows as pg_late
from airflow_provider_harness.adapters.sql import beyond as sql_beyond
from airflow_provider_harness.adapters.sql.checks import Rows, column, ident, in_slice, parts
from airflow_provider_harness.adapters.sql.types import arrow_schema
from airflow_provider_harness.app.ports.rows import Accept, Batch, InFlightChecks, Progress, Published
from airflow_provider_harness.core.contracts.checks import Check
from airflow_provider_harness.core.contracts.contract import Contract
from airflow_provider_harness.core.slices.slices import Slice

if TYPE_CHECKING:
    import psycopg

log = logging.getLogger(__name__)

REFUSED = ("22", "23")
"""Classes of SQLSTATE that mean the rows themselves: data exceptions and violated constraints."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The rows that are replaced.

    :param where: which rows of the published table are the slice, as SQL; empty for all.
    :param locking: what is run first, so that no other publication of the table goes on.
    :param forgetting: statements that forget what an earlier run set aside.
    :param beyond: the checks for which rows outside the slice count too.
    """

    contract: Contract
    piece: Slice
    where: str
    locking: Sequence[str]
    forgetting: Sequence[str]
    beyond: Sequence[Check] = ()

    def clearing(self) -> Sequence[str]:
        """What makes room; the last statement's rows are those that were there before."""
        return (*self.locking, *self.forgetting, *pg_late.delete_statements(self.contract, self.where))

    def clashes(self, number: Callable[[str], int]) -> bool:
        """Whether what was written may not stand beside the rows that stay; the staging table will tell why.

        A slice that was just written is not in the planner's statistics, so it must not choose to look up row by row.

        :param number: asks for one number, in the same transaction.
        """
        if not self.beyond:
            return False
        number("SELECT length(set_config('enable_nestloop', 'off', true))")
        found = number(sql_beyond.total(sql_beyond.after(self.contract, self.beyond, self.piece), self.beyond))
        number("SELECT length(set_config('enable_nestloop', 'on', true))")
        if found:
            log.info("%s has rows outside the slice that conflict with it", ident(self.contract.table))
        return found > 0

    def there(self) -> Rows:
        """The slice where it is published."""
        condition = in_slice(self.contract, self.piece) if self.where else ""
        table = ident(self.contract.table)
        return Rows(relation=table, where=condition, piece=self.piece, table=self.contract.table, whole=table)

    def published(self, rows: int, before: int, new: int) -> Published:
        """What was done; a row that would be set aside goes another way."""
        return Published(slice=self.piece.id, rows=rows, before=before, new=new, quarantined={})


def publish_batches(
    connection: Any, target: Target, batches: Iterable[Batch], gauge: InFlightChecks, accept: Accept, progress: Progress
) -> Published | None:
    """Replace a slice by batches that are measured as they pass by; None if the gate or the table refused them.

    Readers see the old slice until the commit. What is refused is rolled back, and has changed nothing.

    :param connection: of ADBC; rows go by binary COPY.
    """
    from adbc_driver_postgresql import dbapi

    contract = target.contract
    wire = wired_schema(contract, arrow_schema(contract))
    home, name = parts(contract.table)
    with connection.cursor() as cursor:
        try:
            before = [_rows(cursor, sql) for sql in target.clearing()][-1]
            with ours_first(_measured(batches, gauge, progress)) as given, ahead(given) as measured:
                reader = _reader(encode(measured, contract, wire), wire)
                rows = cursor.adbc_ingest(name, reader, mode="append", db_schema_name=home)
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # what is put off until the commit is refused here, too
        except dbapi.Error as error:
            if (error.sqlstate or "")[:2] not in REFUSED:
                raise
            _refused(contract, error)
            connection.rollback()
            return None
        if not accept(gauge.finish(), rows) or target.clashes(lambda sql: _number(cursor, sql)):
            connection.rollback()
            return None
        new = pg_late.count_new(contract, target.where, before, rows, lambda sql: _number(cursor, sql))
        connection.commit()
    return target.published(rows, before, new)


def publish_chunks(
    connection: psycopg.Connection[Any],
    target: Target,
    chunks: Iterable[tuple[bytes, int]],
    accept: Accept,
    progress: Progress,
    *,
    prove: bool,
) -> Published | None:
    """Replace a slice by what another PostgreSQL gives, measured where it arrived; None if the gate or the table refused it.

    Readers see the old slice until the commit. What is refused is rolled back, and has changed nothing.

    :param connection: in autocommit.
    :param prove: let the table's validated constraints stand for the checks that they imply.
    """
    import psycopg

    contract = target.contract
    try:
        with connection.transaction():
            before = [connection.execute(sql.encode()).rowcount for sql in target.clearing()][-1]
            sent = copy(connection, contract, contract.table, chunks, progress)
            accepted = accept(measure(connection, contract, target.there(), prove=prove), sent)
            if not accepted or target.clashes(lambda sql: _asked(connection, sql)):
                raise psycopg.Rollback
            new = pg_late.count_new(contract, target.where, before, sent, lambda sql: _asked(connection, sql))
            return target.published(sent, before, new)
    except psycopg.Error as error:
        unmeasured = isinstance(error, psycopg.errors.InFailedSqlTransaction)  # a check that cannot be run failed it
        if not unmeasured and (error.sqlstate or "")[:2] not in REFUSED:
            raise
        _refused(contract, error)
    return None


def copy(
    connection: psycopg.Connection[Any],
    contract: Contract,
    table: str,
    chunks: Iterable[tuple[bytes, int]],
    progress: Progress,
) -> int:
    """Append what another PostgreSQL gives as COPY's binary form; the number of rows that it gave."""
    names = ", ".join(column(name) for name in contract.names)
    statement = f"COPY {ident(table)} ({names}) FROM STDIN (FORMAT binary)"
    rows = 0
    with connection.cursor() as cursor, cursor.copy(statement.encode()) as into:
        for chunk, rows in chunks:
            into.write(chunk)
            progress("transfer", rows)
    return rows


def _refused(contract: Contract, error: Exception) -> None:
    log.info("%s refuses a row; the staging table will tell which: %s", ident(contract.table), error)


def _rows(cursor: Any, statement: str) -> int:
    cursor.execute(statement)
    return int(cursor.rowcount)


def _number(cursor: Any, sql: str) -> int:
    cursor.execute(sql)
    return int(cursor.fetchone()[0])


def _asked(connection: psycopg.Connection[Any], sql: str) -> int:
    return int((connection.execute(sql.encode()).fetchone() or (0,))[0])


def _reader(batches: Iterator[Batch], schema: Any) -> Any:
    import pyarrow as pa

    return pa.RecordBatchReader.from_batches(schema, batches)


def _measured(batches: Iterable[Batch], gauge: InFlightChecks, progress: Progress) -> Iterator[Batch]:
    rows = 0
    for batch in batches:
        gauge.add(batch)
        rows += batch.num_rows
        progress("load", rows)
        yield batch
