"""Straight into the published table: one write, in a transaction that commits only once the gate has passed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.app.ports_rows import Accept, Batch, Gauge, Progress, Published
from airflow_provider_harness.core.contract import Contract
from airflow_provider_harness.core.partition import Slice

from . import pg_late
from .pg_catalog import SESSION
from .pg_types import arrow_schema
from .pg_wire import wired, wired_schema
from .sql_checks import ident

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

log = logging.getLogger(__name__)

REFUSED = ("22", "23")
"""Classes of SQLSTATE that mean the rows themselves: data exceptions and violated constraints."""


def publish(
    dsn: str,
    cancels: Callable[[Any], AbstractContextManager[Any]],
    contract: Contract,
    piece: Slice,
    batches: Iterable[Batch],
    where: str,
    forgetting: Sequence[str],
    gauge: Gauge,
    accept: Accept,
    tell: Progress,
) -> Published | None:
    """Replace a slice by batches that are measured as they pass by; None if the gate or the table refused them.

    Readers see the old slice until the commit. What is refused is rolled back, and has changed nothing.

    :param cancels: notes a connection whose statements can be cancelled.
    :param where: which rows of the published table are the slice, as SQL; empty for all.
    :param forgetting: statements that forget what an earlier run set aside.
    """
    from adbc_driver_postgresql import dbapi

    schema = arrow_schema(contract)
    wire = wired_schema(contract, schema)
    home, _, name = contract.table.rpartition(".")
    with dbapi.connect(dsn) as connection, cancels(connection), connection.cursor() as cursor:
        cursor.execute(SESSION)
        cursor.fetchall()
        try:
            before = [_rows(cursor, sql) for sql in (*forgetting, *pg_late.clearing(contract, where))][-1]
            reader = _reader(wired(_measured(batches, gauge, tell), contract, wire), wire)
            rows = cursor.adbc_ingest(name, reader, mode="append", db_schema_name=home)
        except dbapi.Error as error:
            if (error.sqlstate or "")[:2] not in REFUSED:
                raise
            log.info("%s refuses a row; the staging table will tell which: %s", ident(contract.table), error)
            connection.rollback()
            return None
        if not accept(gauge.finish(), rows):
            connection.rollback()
            return None
        new = pg_late.new(contract, where, before, rows, lambda sql: _number(cursor, sql))
        connection.commit()
    return Published(slice=piece.id, rows=rows, before=before, new=new, quarantined={})


def _rows(cursor: Any, statement: str) -> int:
    cursor.execute(statement)
    return int(cursor.rowcount)


def _number(cursor: Any, sql: str) -> int:
    cursor.execute(sql)
    return int(cursor.fetchone()[0])


def _reader(batches: Iterator[Batch], schema: Any) -> Any:
    import pyarrow as pa

    return pa.RecordBatchReader.from_batches(schema, batches)


def _measured(batches: Iterable[Batch], gauge: Gauge, tell: Progress) -> Iterator[Batch]:
    rows = 0
    for batch in batches:
        gauge.add(batch)
        rows += batch.num_rows
        tell("load", rows)
        yield batch
