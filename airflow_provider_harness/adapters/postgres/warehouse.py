"""PostgreSQL as a warehouse: binary COPY into a staging table, gate, atomic publication of the slice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.arrow.read_ahead import ahead, ours_first
from airflow_provider_harness.adapters.arrow.unholdable import unholdable
from airflow_provider_harness.adapters.gx import suite as gx
from airflow_provider_harness.adapters.gx.split import shared
from airflow_provider_harness.adapters.postgres import constraint_proofs as pg_proofs
from airflow_provider_harness.adapters.postgres.catalog import Cancellable, catalog, described
from airflow_provider_harness.adapters.postgres.copy import arrays as pg_arrays
from airflow_provider_harness.adapters.postgres.errors import translated, translation
from airflow_provider_harness.adapters.postgres.locks import Waiting
from airflow_provider_harness.adapters.postgres.measure import measure
from airflow_provider_harness.adapters.postgres.session import carrier, session, told_of
from airflow_provider_harness.adapters.postgres.write import alone as pg_alone
from airflow_provider_harness.adapters.postgres.write import conversions as pg_converted
from airflow_provider_harness.adapters.postgres.write import direct_load as pg_direct
from airflow_provider_harness.adapters.postgres.write import new_rows as pg_late
from airflow_provider_harness.adapters.postgres.write import target as pg_target
from airflow_provider_harness.adapters.postgres.write import violations as pg_violations
from airflow_provider_harness.adapters.progress import looking
from airflow_provider_harness.adapters.sql import beyond as sql_beyond
from airflow_provider_harness.adapters.sql import checks as sql_checks
from airflow_provider_harness.adapters.sql.authored import subquery
from airflow_provider_harness.adapters.sql.checks import column, ident, in_slice, in_zone, literal, parts, query_bounds
from airflow_provider_harness.adapters.sql.types import (
    AS_TEXT,
    arrow_schema,
    as_literal,
    base,
    refuse_foreign,
    staged_type,
)
from airflow_provider_harness.adapters.sql.whole import rest, to_be
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
from airflow_provider_harness.core.contracts.contract import Contract, LoadMode
from airflow_provider_harness.core.contracts.report import Measurements
from airflow_provider_harness.core.contracts.schema import Filled, Schema
from airflow_provider_harness.core.errors import (
    DatabaseRefused,
    HarnessError,
    SliceBusy,
    TargetInterferes,
    UncarriedValue,
)
from airflow_provider_harness.core.slices.slices import Slice, bounds, staging_table

if TYPE_CHECKING:
    import psycopg
    import pyarrow as pa

ROW_OVERHEAD = 28
"""Bytes of a row beside its columns: its header, and its pointer (PostgreSQL's "Database Page Layout")."""
UNHELD = ("22021", "22P05")
"""SQLSTATEs of the character of number 0, in a text and in a document."""
BUSY_SECONDS = 60
"""How long a publication waits for another one of the same slice before it gives up as ``SliceBusy``."""


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


def quarantine_table(contract: Contract) -> str:
    """Where the malformed rows of a contract's table go."""
    return f"{contract.table}__quarantine"


def lock_slice(connection: psycopg.Connection[Any], contract: Contract, piece: Slice) -> None:
    """Wait until nobody else publishes this slice, and keep others from it while the session lasts."""
    import psycopg

    alone = contract.load.mode in (LoadMode.FULL, LoadMode.MERGE)  # slices that touch each other's rows
    name = contract.table if alone else f"{contract.table}|{piece.id}"
    usual = connection.execute("SELECT current_setting('lock_timeout')").fetchone() or ("0",)
    connection.execute(f"SET lock_timeout = '{BUSY_SECONDS}s'".encode())
    try:
        connection.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", (f"harness:{name}",))
    except psycopg.errors.LockNotAvailable as error:
        raise SliceBusy(f"{name} is being published by another run for more than {BUSY_SECONDS} s") from error
    connection.execute("SELECT set_config('lock_timeout', %s, false)", usual)


class PostgresSession:
    """One slice on its way into one table, under that slice's lock."""

    def __init__(
        self, warehouse: PostgresWarehouse, connection: psycopg.Connection[Any], contract: Contract, piece: Slice
    ) -> None:
        self._warehouse, self._connection, self._contract, self._piece = warehouse, connection, contract, piece
        self._staging = staging_table(contract.table, piece.id)
        self._quarantine = quarantine_table(contract)
        self._row_bytes = ROW_OVERHEAD
        self._converted: dict[str, int] = {}
        self._stage: Stage | None = None

    def schema(self) -> Schema | None:
        """The published table's columns, if it exists."""
        return catalog(self._connection, self._contract.table)

    def create(self) -> None:
        """Create the published table and its quarantine from the contract where they are absent."""
        table = self._contract.table
        pg_target.refuse_missing_schema(self._connection, table)
        pg_target.refuse_unnamed_quarantine(self._contract)
        wanted = [(table, _table_ddl(self._contract))]
        if self._contract.quarantine.possible:
            wanted.append((self._quarantine, QUARANTINE_DDL))
        for name, body in wanted:
            if catalog(self._connection, name) is None:
                with self._connection.transaction():
                    self._run(f"SELECT pg_advisory_xact_lock(hashtextextended({literal('harness create ' + name)}, 0))")
                    self._run(f"CREATE TABLE IF NOT EXISTS {ident(name)} ({body})")
        pg_target.refuse_unwritable(table, self._habits(), self._contract.load.mode)
        pg_target.refuse_numbered(self._contract, self.schema())
        pg_target.refuse_referring(self._connection, self._contract)

    def _habits(self) -> pg_target.Habits:
        return pg_target.habits(self._connection, self._contract.table)

    def publish_files(
        self, stage: Stage, progress: Progress, gauge: InFlightChecks, accept: Accept
    ) -> Published | None:
        """Replace the slice by the files' rows, in one write."""
        if not (self._same_kinds() and self._straight()) or any(
            as_literal(col.physical_type) for col in self._contract.columns
        ):
            return None
        self.discard()  # what a run that was killed may have left
        with self._warehouse.bulk() as connection:
            batches = stage.batches(self._contract)
            return pg_direct.publish_batches(connection, self._target(), batches, gauge, accept, progress)

    def publish_chunks(self, chunks: Chunks, progress: Progress, accept: Accept) -> Published | None:
        """Replace the slice by what another PostgreSQL gives, in one write."""
        if not (self._same_bytes() and self._straight()) or _looks_elsewhere(self._contract):
            return None
        self.discard()
        prove = self._warehouse.prove
        return pg_direct.publish_chunks(self._connection, self._target(), chunks, accept, progress, prove=prove)

    def _straight(self) -> bool:
        """Whether rows may go straight into the published table: the slice is replaced, and what is sent is what arrives."""
        if self._contract.load.mode not in _REPLACED:
            return False
        return self._habits().plain

    def _same_bytes(self) -> bool:
        """Whether the published table has the contract's types to the letter: COPY's binary form names none."""
        there = self.schema()
        kinds = {found.name: found.type for found in there.columns} if there else {}
        return all(kinds.get(col.name) == col.physical_type for col in self._contract.columns)

    def _same_kinds(self) -> bool:
        """Whether the published table has the contract's types but for their lengths, which the binary form does not know."""
        there = self.schema()
        kinds = {found.name: base(found.type) for found in there.columns} if there else {}
        return all(kinds.get(col.name) == base(col.physical_type) for col in self._contract.columns)

    def _target(self) -> pg_direct.Target:
        return pg_direct.Target(
            contract=self._contract,
            piece=self._piece,
            where=self._where(),
            locking=pg_alone.locking(self._contract, self._kept(), self._number),
            forgetting=self._forgetting(),
            beyond=self.beyond(),
        )

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
            return self._warehouse.ingest(
                self._staging, pg_arrays.with_literals(batches, self._contract), schema, progress
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
            self._run(f"ALTER TABLE {ident(self._staging)} {added}")
        names = [column(name) for name in self._contract.names]
        into, given = ", ".join([*names, *raw.values()]), ", ".join([*names, *map(column, raw)])
        statement = f"INSERT INTO {ident(self._staging)} ({into}) SELECT {given} FROM {subquery.relation(sql)}"
        with looking(lambda: progress("transform", self._warehouse.size(self._staging) // self._row_bytes)):
            rows = self._connection.execute(statement.encode(), values, prepare=True).rowcount
        self._converted = {
            name: found for name in raw if (found := self._changed(tests[name][1].format(raw=raw[name])))
        }
        if raw:
            self._run(f"ALTER TABLE {ident(self._staging)} {', '.join(f'DROP COLUMN {name}' for name in raw.values())}")
        return rows

    def _changed(self, test: str) -> int:
        return self._number(f"SELECT count(*) FROM {ident(self._staging)} WHERE {test}")

    def converted(self) -> dict[str, int]:
        """See ``app.ports.rows.Session``."""
        return self._converted

    def _query_values(self) -> dict[str, datetime]:
        return dict(zip(("slice_start", "slice_end"), query_bounds(self._piece, self._contract), strict=True))

    def stage_chunks(self, chunks: Chunks, progress: Progress) -> int:
        """Fill a fresh staging table with what another PostgreSQL gives as COPY's binary form."""
        self._fresh_staging(carried=False)
        return pg_direct.copy(self._connection, self._contract, self._staging, chunks, progress)

    def measure_staged(self, checks: Sequence[Check] | None = None) -> Measurements:
        """The contract's checks on the staging table."""
        return self._measure(self._contract.checks if checks is None else checks, self._rows())

    def measure_rest(self, checks: Sequence[Check]) -> Measurements:
        """See ``app.ports.rows.Session``."""
        return self._measure(checks, rest(self._contract, self._rows()))

    def _measure(self, checks: Sequence[Check], rows: sql_checks.Rows) -> Measurements:
        contract = replace(self._contract, checks=tuple(checks))
        return shared(
            contract,
            lambda ours: measure(self._connection, ours, replace(rows, kept=self._kept())),
            lambda theirs: gx.measure_postgres(self._warehouse.dsn, contract, rows, theirs),
        )

    def publish(self, measured: Measurements, *, set_aside: bool, run: str) -> Published:
        """Publish the slice as the contract's mode says; readers see the old one, then the new one."""
        import psycopg

        try:
            return self._publish(measured, set_aside=set_aside, run=run)
        except psycopg.IntegrityError as error:
            raise self._violated(error, set_aside=set_aside) from error
        except psycopg.errors.RaiseException as error:
            raise translation(error, self._warehouse.name, table=self._contract.table) from error
        except psycopg.DataError as error:
            raise self._unheld(translation(error, self._warehouse.name, table=self._contract.table)) from error

    def _violated(self, error: psycopg.Error, *, set_aside: bool) -> HarnessError:
        """A constraint of the published table that the contract does not have, with the number of rows that break it."""
        where, mode = self._where(), self._contract.load.mode
        stay = (
            "TRUE"
            if mode is LoadMode.APPEND
            else f"({where.removeprefix(' WHERE ')}) IS NOT TRUE"
            if where
            else "FALSE"
        )
        others = "FALSE" if mode is LoadMode.MERGE else stay
        return pg_violations.counted(
            error,
            self._warehouse.name,
            self._contract.table,
            self._kept_rows(set_aside=set_aside),
            others,
            lambda sql: self._run(sql).fetchall(),
        )

    def _publish(self, measured: Measurements, *, set_aside: bool, run: str) -> Published:
        mode, piece = self._contract.load.mode, self._piece.id
        habits = self._habits()
        by = habits.by or (() if habits.stores else ("a view or foreign table for its rows",))
        with self._connection.transaction():
            self._alone(measured, set_aside=set_aside)
            before = self._clear() if mode in _REPLACED else self.there()
            if mode is LoadMode.APPEND and before:
                self.discard()
                return Published(slice=piece, rows=before, before=before, new=0, quarantined={})
            self._forget_set_aside()
            quarantined = self._set_aside(run) if set_aside else {}
            written, new = self._write(before, set_aside=set_aside)
            promised, aside = _promised(measured, set_aside=set_aside)
            if by and written != promised and sum(quarantined.values()) == aside:
                what = f"{promised} rows were written, and it says that {written} arrived"
                raise TargetInterferes(self._contract.table, what, by)
            if (written, sum(quarantined.values())) != (promised, aside):
                raise SliceBusy(
                    f"{self._contract.table} slice {piece}: a referenced table changed between gate and publication; "
                    "nothing was published"
                )
            if by:
                # What triggers put off until the commit is done, and seen, now.
                self._run("SET CONSTRAINTS ALL IMMEDIATE")
                pg_target.refuse_changed(self._written(written, set_aside=set_aside), by, self._number)
            rows = self.there() if mode is LoadMode.MERGE else written
            self.discard()
        return Published(slice=piece, rows=rows, before=before, new=new, quarantined=quarantined)

    def _alone(self, measured: Measurements, *, set_aside: bool) -> None:
        """Let no other publication of the table go on, and look again at what rows outside the slice decide."""
        kept = self._kept()
        locking = pg_alone.locking(self._contract, kept, self._number)
        for statement in locking:
            self._run(statement)
        checks = sql_beyond.blocking(self._contract, kept) if locking else ()
        if not checks:
            return
        bad = self._malformed() if set_aside else ""
        found = self._run(sql_beyond.before(self._contract, checks, self._rows(), bad)).fetchone() or ()
        more = [check.id for check, rows in zip(checks, found, strict=True) if rows > measured.values[check.id].beyond]
        if more:
            raise SliceBusy(
                f"{self._contract.table} slice {self._piece.id}: rows of another slice were published meanwhile, beside "
                f"which {', '.join(more)} does not hold; nothing was published"
            )

    def _clear(self) -> int:
        return [self._run(sql).rowcount for sql in pg_late.delete_statements(self._contract, self._where())][-1]

    def beyond(self) -> Sequence[Check]:
        """See ``app.ports.rows.Session``; what a constraint of the published table keeps is no such check."""
        return sql_beyond.looked_up(self._contract, self._kept())

    def _kept(self) -> frozenset[str]:
        """Ids of the checks that the published table's own constraints keep."""
        if not any(check.kind in (CheckKind.UNIQUE, CheckKind.REFERENTIAL) for check in self._contract.checks):
            return frozenset()
        return frozenset(pg_proofs.proofs(self._connection, self._contract, self._contract.table))

    def asked(self, sql: str) -> Sequence[tuple[Any, ...]]:
        """See ``app.ports.rows.Session``."""
        return self._run(sql.replace("${table}", ident(self._staging))).fetchall()

    def there(self) -> int:
        """See ``app.ports.rows.Session``."""
        return self._number(f"SELECT count(*) FROM {ident(self._contract.table)}{self._where()}")

    def _number(self, sql: str) -> int:
        found = self._run(sql).fetchone()
        return int(found[0]) if found else 0

    def _kept_rows(self, *, set_aside: bool, kind: str = "") -> str:
        """A query for the rows that are published, in the published table's types.

        :param kind: another cast behind that one.
        """
        there = self.schema()
        kinds = {found.name: found.type for found in there.columns} if there else {}
        kept = f" WHERE NOT ({self._malformed()})" if set_aside else ""
        names = ", ".join(
            f"({_incoming(col.name, col.physical_type)})::{kinds.get(col.name, col.physical_type)}{kind} AS {column(col.name)}"
            for col in self._contract.columns
        )
        return f"SELECT {names} FROM {ident(self._staging)}{kept}"

    def _written(self, rows: int, *, set_aside: bool) -> pg_target.Written:
        """What was written and what stands there, as texts in the published table's types."""
        texts = ", ".join(f"{column(name)}::text AS {column(name)}" for name in self._contract.names)
        where, merges = self._where(), self._contract.load.mode is LoadMode.MERGE
        if merges:
            same = " AND ".join(f"t.{column(name)} = s.{column(name)}" for name in self._contract.merge_key)
            values = ", ".join(
                _incoming(name, self._contract.column(name).physical_type) for name in self._contract.merge_key
            )
            keys = ", ".join(map(column, self._contract.merge_key))
            where = f" AS t WHERE EXISTS (SELECT FROM (SELECT {values} FROM {ident(self._staging)}) AS s ({keys}) WHERE {same})"
        return pg_target.Written(
            table=self._contract.table,
            sent=self._kept_rows(set_aside=set_aside, kind="::text"),
            there=f"SELECT {texts} FROM {ident(self._contract.table)}{where}",
            names=self._contract.names,
            rows=rows,
            replaced=not merges,
        )

    def _write(self, before: int, *, set_aside: bool) -> tuple[int, int]:
        """Rows that were updated or inserted, and how many of them are new; what is set aside stays out."""
        names = ", ".join(column(name) for name in self._contract.names)
        values = ", ".join(_incoming(col.name, col.physical_type) for col in self._contract.columns)
        keep = f" WHERE NOT ({self._malformed()})" if set_aside else ""
        target, new = ident(self._contract.table), f"SELECT {values} FROM {ident(self._staging)}{keep}"
        if self._contract.load.mode is not LoadMode.MERGE:
            written = self._run(f"INSERT INTO {target} ({names}) OVERRIDING SYSTEM VALUE {new}").rowcount
            return written, pg_late.count_new(self._contract, self._where(), before, written, self._number)
        same = " AND ".join(f"t.{column(name)} = s.{column(name)}" for name in self._contract.merge_key)
        changes = ", ".join(f"{column(name)} = s.{column(name)}" for name in self._changing())
        updated = self._run(f"UPDATE {target} AS t SET {changes} FROM ({new}) AS s ({names}) WHERE {same}").rowcount
        others = f"SELECT * FROM ({new}) AS s ({names}) WHERE NOT EXISTS (SELECT FROM {target} AS t WHERE {same})"
        inserted = self._run(f"INSERT INTO {target} ({names}) OVERRIDING SYSTEM VALUE {others}").rowcount
        return updated + inserted, inserted

    def _changing(self) -> tuple[str, ...]:
        """The columns that a merge sets in rows that are there: one that the database numbers itself takes no value there, and
        as a part of the key it stays the same."""
        there = self.schema()
        numbered = {col.name for col in there.columns if col.filled is Filled.IDENTITY_ALWAYS} if there else set()
        return tuple(name for name in self._contract.names if name not in numbered) or self._contract.names

    def discard(self) -> None:
        """Drop the staging table; the staged files remain for a person to look at."""
        self._run(f"DROP TABLE IF EXISTS {ident(self._staging)}")

    def _fresh_staging(self, *, carried: bool) -> None:
        columns = ", ".join(
            f"{column(col.name)} {staged_type(col.physical_type) if carried else col.physical_type}"
            for col in self._contract.columns
        )
        self.discard()
        self._run(f"CREATE UNLOGGED TABLE {ident(self._staging)} ({columns})")

    def _set_aside(self, run: str) -> dict[str, int]:
        first, reasons = sql_checks.blame(self._contract.checks, self._contract, self._rows())
        values = f"{self._whole_row()}, {literal(self._piece.id)}, {literal(run)}, {first}, {reasons}"
        statement = (
            f'WITH moved AS (INSERT INTO {ident(self._quarantine)} ("row", slice, run, "check", reason) '
            f"SELECT {values} FROM {ident(self._staging)} AS t WHERE {self._malformed()} "
            'RETURNING "check") SELECT "check", count(*) FROM moved GROUP BY 1 ORDER BY 1'
        )
        return {str(check): int(count) for check, count in self._run(statement).fetchall()}

    def _whole_row(self) -> str:
        """A staged row ``t`` as ``jsonb``; what is ``json`` as text, since a document there may be one that cannot be read."""
        json = {col.name for col in self._contract.columns if col.physical_type in ("json", "json[]")}
        if not json:
            return "to_jsonb(t)"
        given = (f"CAST(t.{column(n)} AS text)" if n in json else f"t.{column(n)}" for n in self._contract.names)
        named = ", ".join(f"{value} AS {column(name)}" for value, name in zip(given, self._contract.names, strict=True))
        return f"(SELECT to_jsonb(r) FROM (SELECT {named}) AS r)"

    def _forget_set_aside(self) -> None:
        for statement in self._forgetting():
            self._run(statement)

    def _forgetting(self) -> list[str]:
        """What forgets the rows that an earlier run of the same slice set aside; released rows stay on record."""
        if not self._contract.quarantine.possible:
            return []
        mine = f"slice IN ({', '.join(map(literal, self._piece.ids))}) AND released_at IS NULL"
        return [f"DELETE FROM {ident(self._quarantine)} WHERE {mine}"]

    def _where(self) -> str:
        if self._contract.load.mode is LoadMode.FULL:
            return ""
        return f" WHERE {in_slice(self._contract, self._piece)}"

    def _malformed(self) -> str:
        return sql_checks.malformed(self._contract.checks, self._contract, self._rows())

    def _rows(self) -> sql_checks.Rows:
        values = ", ".join(_incoming(col.name, col.physical_type) for col in self._contract.columns)
        staged = f"SELECT {values} FROM {ident(self._staging)}"
        whole = to_be(self._contract, self._piece, staged)
        return sql_checks.Rows(relation=ident(self._staging), piece=self._piece, whole=whole, staged=staged)

    def _run(self, sql: str) -> psycopg.Cursor[Any]:
        return self._connection.execute(sql.encode())


_REPLACED = (LoadMode.INCREMENTAL, LoadMode.FULL)
"""Modes in which what was there goes before the new rows come."""


def _looks_elsewhere(contract: Contract) -> bool:
    """Whether a check is measured by another session, which sees no row before its commit."""
    return any(check.kind is CheckKind.CUSTOM_GX for check in contract.checks)


def _measured(batches: Iterable[Batch], gauge: InFlightChecks) -> Iterator[Batch]:
    for batch in batches:
        gauge.add(batch)
        yield batch


def _promised(measured: Measurements, *, set_aside: bool) -> tuple[int, int]:
    """Rows that the gate let pass, and rows that it wants set aside."""
    aside = measured.malformed if set_aside else 0
    return measured.rows - aside, aside


QUARANTINE_DDL = (
    '"row" jsonb NOT NULL, slice text NOT NULL, run text NOT NULL, "check" text NOT NULL, reason text NOT NULL, '
    "quarantined_at timestamptz NOT NULL DEFAULT now(), released_at timestamptz"
)


def _table_ddl(contract: Contract) -> str:
    parts = [f"{column(col.name)} {col.physical_type}{' NOT NULL' if col.required else ''}" for col in contract.columns]
    if contract.key:
        parts.append(f"PRIMARY KEY ({', '.join(column(name) for name in contract.key)})")
    return ", ".join(parts)


def _incoming(name: str, kind: str) -> str:
    return f"{column(name)}::{kind}" if base(kind) in AS_TEXT or as_literal(kind) else column(name)
