"""PostgreSQL as a source: rows leave as Arrow record batches, through ADBC, all from one snapshot."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.arrow.personal_data import Hasher, treat
from airflow_provider_harness.adapters.arrow.read_ahead import ahead
from airflow_provider_harness.adapters.postgres.catalog import (
    CATALOG,
    SOURCE,
    Cancellable,
    catalogued,
    described,
    no_such,
    planned_rows,
)
from airflow_provider_harness.adapters.postgres.copy import arrays as pg_arrays
from airflow_provider_harness.adapters.postgres.errors import translated
from airflow_provider_harness.adapters.postgres.locks import Waiting
from airflow_provider_harness.adapters.postgres.session import carrier, session, told_of
from airflow_provider_harness.adapters.sql.authored import subquery
from airflow_provider_harness.adapters.sql.authored.guard import query
from airflow_provider_harness.adapters.sql.checks import MASK, column, ident, in_zone, literal, of_slice
from airflow_provider_harness.adapters.sql.types import AS_TEXT, arrow_schema, arrow_type, base, dimensions, element
from airflow_provider_harness.adapters.sql.unsliced import counted
from airflow_provider_harness.app.ports.rows import Batch
from airflow_provider_harness.core.contracts.contract import Column, Contract, Treatment
from airflow_provider_harness.core.contracts.schema import Schema
from airflow_provider_harness.core.errors import UncarriedValue
from airflow_provider_harness.core.slices.slices import Slice

if TYPE_CHECKING:
    import pyarrow as pa


USE_COPY = "adbc.postgresql.use_copy"
BATCH_BYTES = "adbc.postgresql.batch_size_hint_bytes"
BATCH_MIB = 4
"""Of one batch, of which six or so are in memory: the one in the making, those that wait, and what they become."""


class PostgresSource(Cancellable):
    """One table or query of one database, read in one snapshot; use as a context manager.

    :param dsn: libpq connection string.
    :param table: ``schema.table``; or
    :param sql: a query whose columns are the contract's.
    :param hasher: for the columns that the contract wants hashed.
    :param name: the connection in words, for errors.
    """

    def __init__(
        self, dsn: str, *, table: str = "", sql: str = "", hasher: Hasher | None = None, name: str = ""
    ) -> None:
        super().__init__()
        self._dsn, self._table, self._sql, self._hasher, self._name = dsn, table, query(sql), hasher, name
        self._waiting, self._open = Waiting(dsn, name), ExitStack()
        self._connection: Any = None
        self._there: Schema | None = None

    def __enter__(self) -> PostgresSource:
        with self._ours():
            self._connection = self._open.enter_context(carrier(self._dsn, self._name))
            self._running.append(self._connection)
            self._ask("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            self._ask(SOURCE)
            self._open.enter_context(self._waiting.watching(told_of(self._connection)))
        return self

    def __exit__(self, *_: object) -> None:
        self._running.clear()
        with self._ours():
            self._open.close()

    def _ours(self) -> AbstractContextManager[None]:
        """What the driver raises in here becomes one of our errors."""
        return translated(self._name, self._waiting.holders)

    @property
    def hash_key(self) -> str:
        """See ``app.ports.rows.Source``."""
        return self._hasher.id if self._hasher else ""

    def schema(self) -> Schema:
        """The columns as the catalog has them; for a query, as the server describes it. They are read once."""
        if self._there is None:
            self._there = self._read_schema()
        return self._there

    def _read_schema(self) -> Schema:
        if self._sql:
            with session(self._dsn, self._name) as connection:
                return described(connection, self._sql)
        rows = self._ask(CATALOG.format(table=literal(ident(self._table))))
        if not rows:
            raise no_such(self._table, self._name)
        return catalogued(self._table, rows)

    def snapshot(self) -> str:
        """PostgreSQL's name of the state that all batches come from."""
        return str(self._ask("SELECT pg_current_snapshot()::text")[0][0])

    def estimate(self, contract: Contract, piece: Slice) -> int | None:
        """How many rows the planner expects the slice to have; None where it cannot say."""
        wanted, there = contract.load.slice_column, self.schema()  # prepared, a query is one statement
        if wanted and there.get(wanted) is None:
            return None  # the comparison of columns is about to say so
        options = {USE_COPY: "false"}  # COPY takes no EXPLAIN
        with self._ours(), self._connection.cursor(adbc_stmt_kwargs=options) as cursor:
            cursor.execute(f"EXPLAIN (FORMAT JSON) {self._select('1', contract, piece)}")
            return planned_rows(cursor.fetchall())

    def _select(self, names: str, contract: Contract, piece: Slice) -> str:
        return of_slice(names, self._relation(), contract, piece)

    def _relation(self) -> str:
        return subquery.relation(self._sql) if self._sql else ident(self._table)

    def in_no_slice(self, contract: Contract) -> int:
        """See ``app.ports.rows.Source``."""
        asked = counted(contract, self.schema(), self._relation())
        return int(self._ask(asked)[0][0]) if asked else 0

    def batches(self, contract: Contract, piece: Slice) -> Iterator[Batch]:
        """The slice's rows with the contract's columns and types."""
        self._ask(in_zone(contract))
        there = self.schema()
        asked = [_outgoing(col, there) for col in contract.columns]
        names = ", ".join((*asked, *(part for col in contract.columns for part in _shape(col))))
        target = arrow_schema(contract)
        options = {BATCH_BYTES: str(BATCH_MIB << 20)}
        with self._ours(), self._connection.cursor(adbc_stmt_kwargs=options) as cursor:
            cursor.execute(self._select(names, contract, piece))
            with ahead(cursor.fetch_record_batch(), self.cancel) as batches:
                for batch in batches:
                    yield treat(_carried(batch, target, contract, there.table), contract, self._hasher)

    def _ask(self, sql: str) -> list[tuple[Any, ...]]:
        with self._ours(), self._connection.cursor() as cursor:
            cursor.execute(sql)
            return list(cursor.fetchall()) if cursor.description else []


def _outgoing(col: Column, there: Schema) -> str:
    """One column as it is asked for; a masked one is not read, and a hashed one is read as the server writes it."""
    name, wanted, found = col.name, col.physical_type, there.get(col.name)
    if col.treatment is Treatment.MASK:
        return f"CASE WHEN {column(name)} IS NOT NULL THEN {literal(MASK)} END AS {column(name)}"
    if col.treatment is Treatment.HASH:
        return f"{column(name)}::text AS {column(name)}"
    if dimensions(wanted):
        return f"{pg_arrays.asked(column(name), wanted, found.type if found else '')} AS {column(name)}"
    if (
        base(wanted) in AS_TEXT or base(wanted) == "numeric"
    ):  # the server writes digits faster than the driver reads them
        if found is not None and base(found.type) != base(wanted):
            return f"{column(name)}::{wanted}::text AS {column(name)}"
        return f"{column(name)}::text AS {column(name)}"
    if found is not None and found.type != wanted:
        return f"{column(name)}::{wanted} AS {column(name)}"
    return column(name)


def _shape(col: Column) -> tuple[str, ...]:
    if not dimensions(col.physical_type):
        return ()
    return pg_arrays.shape_columns(column(col.name), col.physical_type)


def _carried(batch: pa.RecordBatch, target: pa.Schema, contract: Contract, table: str) -> pa.RecordBatch:
    """The batch in the contract's Arrow types; a value that the driver cannot carry is an error, never a guess."""
    import pyarrow as pa

    arrays, bad = [], {}
    shapes = iter(batch.columns[len(target) :])
    for array, field, col in zip(batch.columns, target, contract.columns, strict=False):
        if dimensions(col.physical_type):
            array, reason = _listed(array, col.physical_type, [next(shapes) for _ in _shape(col)])
        else:
            array, reason = _typed(array, field.type)
        if reason:
            bad[field.name] = reason
        arrays.append(array)
    if bad:
        raise UncarriedValue(table, bad)
    return pa.RecordBatch.from_arrays(arrays, schema=target)


def _typed(array: pa.Array, kind: pa.DataType) -> tuple[pa.Array, str]:
    """Values in their Arrow type, or why there is none."""
    import pyarrow as pa

    if isinstance(array, pa.ExtensionArray):
        array = array.storage
    reason = _uncarried(array, kind)
    return array if reason or array.type == kind else array.cast(kind), reason


def _listed(array: pa.Array, kind: str, shape: list[pa.Array]) -> tuple[pa.Array, str]:
    """Arrays as nested lists, or why that cannot be."""
    other, *lengths = shape
    reason = pg_arrays.misshapen(other, kind)
    if reason:
        return array, reason
    values, reason = _typed(array.flatten(), arrow_type(element(kind)))
    return (array if reason else pg_arrays.nested(array, values, lengths)), reason and f"{reason}, within arrays"


def _uncarried(array: pa.Array, kind: pa.DataType) -> str:
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_decimal(kind):
        texts = pc.is_in(array, value_set=pa.array(["nan", "NaN", "inf", "-inf", "Infinity", "-Infinity"]))
        count = pc.sum(texts).as_py() or 0
        return f"{count} value(s) NaN or infinity" if count else ""
    if not (pa.types.is_temporal(kind) and len(array)):
        return ""
    number = array.cast(pa.int32() if pa.types.is_date(kind) else pa.int64())
    if pa.types.is_time(kind):
        count = pc.sum(pc.greater_equal(number, _DAY_MICROSECONDS)).as_py() or 0
        return f"{count} value(s) 24:00, which only PostgreSQL has" if count else ""
    low, high = _DATE_RANGE if pa.types.is_date(kind) else _MICROSECOND_RANGE
    count = pc.sum(pc.or_(pc.less(number, low), pc.greater(number, high))).as_py() or 0
    return f"{count} value(s) infinity, or outside the years 1 to 9999" if count else ""


_DATE_RANGE = (-719162, 2932896)
"""Days from 1970-01-01 to 0001-01-01 and to 9999-12-31: what Arrow readers agree on."""
_DAY_MICROSECONDS = 86_400_000_000
_MICROSECOND_RANGE = (_DATE_RANGE[0] * 86_400_000_000, (_DATE_RANGE[1] + 1) * 86_400_000_000 - 1)
