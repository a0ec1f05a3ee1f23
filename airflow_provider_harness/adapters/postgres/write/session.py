"""One slice on its way into one table of PostgreSQL: straight, or by a staging table that is filled, measured and published."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from airflow_provider_harness.adapters.arrow.unholdable import unholdable
from airflow_provider_harness.adapters.gx import suite as gx
from airflow_provider_harness.adapters.gx.split import shared
from airflow_provider_harness.adapters.postgres.catalog import described
from airflow_provider_harness.adapters.postgres.copy import arrays as pg_arrays
from airflow_provider_harness.adapters.postgres.errors import translation
from airflow_provider_harness.adapters.postgres.measure import measure
from airflow_provider_harness.adapters.postgres.write import conversions as pg_converted
from airflow_provider_harness.adapters.postgres.write import direct_load as pg_direct
from airflow_provider_harness.adapters.postgres.write.publication import REPLACED, Publication
from airflow_provider_harness.adapters.postgres.write.staged import Staged
from airflow_provider_harness.adapters.progress import looking
from airflow_provider_harness.adapters.sql import checks as sql_checks
from airflow_provider_harness.adapters.sql.authored import subquery
from airflow_provider_harness.adapters.sql.checks import column, ident, in_zone, query_bounds
from airflow_provider_harness.adapters.sql.types import arrow_schema, as_literal, base
from airflow_provider_harness.adapters.sql.whole import rest
from airflow_provider_harness.app.ports.rows import (
    Accept,
    Batch,
    Chunks,
    InFlightChecks,
    Manifest,
    Plan,
    Progress,
    Published,
    Stage,
)
from airflow_provider_harness.core.contracts.checks import Check, CheckKind
from airflow_provider_harness.core.contracts.contract import Contract
from airflow_provider_harness.core.contracts.report import Measurements
from airflow_provider_harness.core.contracts.schema import Schema
from airflow_provider_harness.core.errors import DatabaseRefused, HarnessError, UncarriedValue
from airflow_provider_harness.core.slices.slices import Slice

if TYPE_CHECKING:
    import psycopg
    import pyarrow as pa

ROW_OVERHEAD = 28
"""Bytes of a row beside its columns: its header, and its pointer (PostgreSQL's "Database Page Layout")."""
UNHELD = ("22021", "22P05")
"""SQLSTATEs of the character of number 0, in a text and in a document."""


class Database(Protocol):
    """What a session needs of the database beside its own connection: see ``PostgresWarehouse``."""

    @property
    def dsn(self) -> str: ...
    @property
    def prove(self) -> bool: ...
    @property
    def name(self) -> str: ...
    def size(self, table: str) -> int: ...
    def bulk(self) -> AbstractContextManager[Any]: ...
    def ingest(self, table: str, batches: Iterable[Batch], schema: pa.Schema, progress: Progress) -> int: ...


class PostgresSession:
    """One slice on its way into one table, under that slice's lock."""

    def __init__(
        self, database: Database, connection: psycopg.Connection[Any], contract: Contract, piece: Slice
    ) -> None:
        self._database, self._connection, self._contract, self._piece = database, connection, contract, piece
        self._staged = Staged(contract, piece)
        self._table = Publication(connection, self._staged, database.name)
        self._row_bytes = ROW_OVERHEAD
        self._converted: dict[str, int] = {}
        self._stage: Stage | None = None

    def schema(self) -> Schema | None:
        """The published table's columns, if it exists."""
        return self._table.schema()

    def create(self) -> None:
        """Create the published table and its quarantine from the contract where they are absent."""
        self._table.create()

    def beyond(self) -> Sequence[Check]:
        """See ``app.ports.rows.Session``; what a constraint of the published table keeps is no such check."""
        return self._table.beyond()

    def there(self) -> int:
        """See ``app.ports.rows.Session``."""
        return self._table.there()

    def asked(self, sql: str) -> Sequence[tuple[Any, ...]]:
        """See ``app.ports.rows.Session``."""
        return self._run(sql.replace("${table}", ident(self._staged.table))).fetchall()

    def discard(self) -> None:
        """Drop the staging table; the staged files remain for a person to look at."""
        self._run(self._staged.drop)

    def publish_files(
        self, stage: Stage, progress: Progress, gauge: InFlightChecks, accept: Accept
    ) -> Published | None:
        """Replace the slice by the files' rows, in one write."""
        if not (self._same_kinds() and self._straight()) or any(
            as_literal(col.physical_type) for col in self._contract.columns
        ):
            return None
        self.discard()  # what a run that was killed may have left
        with self._database.bulk() as connection:
            batches = stage.batches(self._contract)
            return pg_direct.publish_batches(connection, self._table.target(), batches, gauge, accept, progress)

    def publish_chunks(self, chunks: Chunks, progress: Progress, accept: Accept) -> Published | None:
        """Replace the slice by what another PostgreSQL gives, in one write."""
        if not (self._same_bytes() and self._straight()) or _looks_elsewhere(self._contract):
            return None
        self.discard()
        prove = self._database.prove
        return pg_direct.publish_chunks(self._connection, self._table.target(), chunks, accept, progress, prove=prove)

    def _straight(self) -> bool:
        """Whether rows may go straight into the published table: the slice is replaced, and what is sent is what arrives."""
        return self._contract.load.mode in REPLACED and self._table.habits().plain

    def _same_bytes(self) -> bool:
        """Whether the published table has the contract's types to the letter: COPY's binary form names none."""
        kinds = self._table.kinds()
        return all(kinds.get(col.name) == col.physical_type for col in self._contract.columns)

    def _same_kinds(self) -> bool:
        """Whether the published table has the contract's types but for their lengths, which the binary form does not know."""
        kinds = {name: base(kind) for name, kind in self._table.kinds().items()}
        return all(kinds.get(col.name) == base(col.physical_type) for col in self._contract.columns)

    def stage_files(
        self, stage: Stage, manifest: Manifest, progress: Progress, gauge: InFlightChecks | None = None
    ) -> int:
        """Fill a fresh staging table by binary COPY, measuring what passes by."""
        self._fresh_staging(carried=True)
        batches = stage.batches(self._contract)
        if gauge is not None:
            batches = _measured(batches, gauge)
        schema = pg_arrays.literal_schema(self._contract, arrow_schema(self._contract))
        self._stage = stage
        try:
            return self._database.ingest(
                self._staged.table, pg_arrays.with_literals(batches, self._contract), schema, progress
            )
        except DatabaseRefused as error:
            raise self._unheld(error) from error

    def _unheld(self, error: HarnessError) -> HarnessError:
        """What refused the staged rows, with the columns that hold what PostgreSQL does not, where that is why."""
        if self._stage is None or getattr(error, "code", "") not in UNHELD:
            return error
        found = unholdable(self._contract, self._stage.batches(self._contract))
        return UncarriedValue(self._contract.table, found) if found else error

    def plan_query(self, sql: str) -> Plan:
        """What the planner says of a query."""
        self._run(in_zone(self._contract))
        values = self._query_values()
        asked = f"EXPLAIN (FORMAT JSON) SELECT * FROM {subquery.relation(sql)}"
        told = self._connection.execute(
            asked.encode(), values, prepare=True
        ).fetchone()  # prepared, it is one statement
        plan = told[0][0]["Plan"] if told else {}
        self._row_bytes = ROW_OVERHEAD + int(plan.get("Plan Width", 0))
        return Plan(
            schema=described(self._connection, sql, values),
            cost=float(plan.get("Total Cost", 0)),
            unit="units of PostgreSQL's planner",
            rows=plan.get("Plan Rows"),
        )

    def stage_query(self, sql: str, progress: Progress) -> int:
        """Fill a fresh staging table by a query, which may use ``%(slice_start)s`` and ``%(slice_end)s``.

        How far it is, is told by the size of the staging table: rows that are not committed cannot be counted from outside.
        """
        self._fresh_staging(carried=False)
        values = self._query_values()
        tests = pg_converted.tests(self._contract, described(self._connection, sql, values))
        raw = {name: column(f"harness_raw_{n}") for n, name in enumerate(tests)}
        if raw:
            added = ", ".join(f"ADD COLUMN {raw[name]} {kind}" for name, (kind, _) in tests.items())
            self._run(f"ALTER TABLE {ident(self._staged.table)} {added}")
        names = [column(name) for name in self._contract.names]
        listed = ([*names, *raw.values()], [*names, *map(column, raw)])
        into, given = (", ".join(one).replace("%", "%%") for one in listed)
        statement = f"INSERT INTO {ident(self._staged.table)} ({into}) SELECT {given} FROM {subquery.relation(sql)}"
        with looking(lambda: progress("transform", self._database.size(self._staged.table) // self._row_bytes)):
            rows = self._connection.execute(statement.encode(), values, prepare=True).rowcount
        self._converted = {
            name: found for name in raw if (found := self._changed(tests[name][1].format(raw=raw[name])))
        }
        if raw:
            self._run(
                f"ALTER TABLE {ident(self._staged.table)} {', '.join(f'DROP COLUMN {name}' for name in raw.values())}"
            )
        return rows

    def converted(self) -> dict[str, int]:
        """See ``app.ports.rows.Session``."""
        return self._converted

    def _query_values(self) -> dict[str, datetime]:
        return dict(zip(("slice_start", "slice_end"), query_bounds(self._piece, self._contract), strict=True))

    def stage_chunks(self, chunks: Chunks, progress: Progress) -> int:
        """Fill a fresh staging table with what another PostgreSQL gives as COPY's binary form."""
        self._fresh_staging(carried=False)
        return pg_direct.copy(self._connection, self._contract, self._staged.table, chunks, progress)

    def measure_staged(self, checks: Sequence[Check] | None = None) -> Measurements:
        """The contract's checks on the staging table."""
        return self._measure(self._contract.checks if checks is None else checks, self._staged.rows())

    def measure_rest(self, checks: Sequence[Check]) -> Measurements:
        """See ``app.ports.rows.Session``."""
        return self._measure(checks, rest(self._contract, self._staged.rows()))

    def _measure(self, checks: Sequence[Check], rows: sql_checks.Rows) -> Measurements:
        contract = replace(self._contract, checks=tuple(checks))
        return shared(
            contract,
            lambda ours: measure(self._connection, ours, replace(rows, kept=self._table.kept())),
            lambda theirs: gx.measure_postgres(self._database.dsn, contract, rows, theirs),
        )

    def publish(self, measured: Measurements, *, set_aside: bool, run: str) -> Published:
        """Publish the slice as the contract's mode says; readers see the old one, then the new one."""
        import psycopg

        try:
            return self._table.publish(measured, set_aside=set_aside, run=run)
        except psycopg.IntegrityError as error:
            raise self._table.violated(error, set_aside=set_aside) from error
        except psycopg.errors.RaiseException as error:
            raise translation(error, self._database.name, table=self._contract.table) from error
        except psycopg.DataError as error:
            raise self._unheld(translation(error, self._database.name, table=self._contract.table)) from error

    def _changed(self, test: str) -> int:
        return self._table.number(f"SELECT count(*) FROM {ident(self._staged.table)} WHERE {test}")

    def _fresh_staging(self, *, carried: bool) -> None:
        self.discard()
        self._run(self._staged.create(carried=carried))

    def _run(self, sql: str) -> psycopg.Cursor[Any]:
        return self._table.run(sql)


def _looks_elsewhere(contract: Contract) -> bool:
    """Whether a check is measured by another session, which sees no row before its commit."""
    return any(check.kind is CheckKind.CUSTOM_GX for check in contract.checks)


def _measured(batches: Iterable[Batch], gauge: InFlightChecks) -> Iterator[Batch]:
    for batch in batches:
        gauge.add(batch)
        yield batch
