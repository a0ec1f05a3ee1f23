"""The quarantine table in PostgreSQL: what is in it, and how rows leave it for the published table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.gx import suite as gx
from airflow_provider_harness.adapters.gx.split import shared
from airflow_provider_harness.adapters.postgres import constraint_proofs as pg_proofs
from airflow_provider_harness.adapters.postgres.catalog import catalog
from airflow_provider_harness.adapters.postgres.measure import measure
from airflow_provider_harness.adapters.postgres.session import session
from airflow_provider_harness.adapters.postgres.write import alone as pg_alone
from airflow_provider_harness.adapters.postgres.write import target as pg_target
from airflow_provider_harness.adapters.postgres.write.alone import lock_slice
from airflow_provider_harness.adapters.sql import beyond as sql_beyond
from airflow_provider_harness.adapters.sql import checks as sql_checks
from airflow_provider_harness.adapters.sql.checks import column, ident, in_slice, literal
from airflow_provider_harness.core.contracts.checks import Check, CheckKind, CheckSeverity
from airflow_provider_harness.core.contracts.contract import Contract, LoadMode
from airflow_provider_harness.core.contracts.report import Measurements
from airflow_provider_harness.core.errors import ConfigurationError, SliceBusy
from airflow_provider_harness.core.slices.keys import read
from airflow_provider_harness.core.slices.slices import Slice, quarantine_table, slice_of

if TYPE_CHECKING:
    import psycopg

HIDDEN = "(not shown)"
"""Stands for a value of a column that the contract does not classify as public."""
SHOWN_ROWS = 100
_TAKEN = "harness_release"
_PLACE = "harness_place"


class PostgresQuarantine:
    """The rows that were set aside, all in one table beside the published one.

    :param dsn: libpq connection string.
    :param name: the connection in words, for errors.
    """

    def __init__(self, dsn: str, *, name: str = "") -> None:
        self._dsn, self._name = dsn, name

    def summary(self, contract: Contract) -> list[Mapping[str, Any]]:
        """How many rows wait, and how many were released, by slice and check."""
        query = (
            'SELECT slice, "check", count(*) FILTER (WHERE released_at IS NULL) AS waiting, '
            "count(released_at) AS released, min(quarantined_at) AS since, max(run) AS run "
            f"FROM {ident(quarantine_table(contract))} GROUP BY 1, 2 ORDER BY 1, 2"
        )
        return self._rows(contract, query)

    def rows(self, contract: Contract, *, slice_id: str = "", check: str = "") -> list[Mapping[str, Any]]:
        """Rows in quarantine with their reasons; only values of columns that the contract classifies as public.

        At most ``SHOWN_ROWS``, the newest first.
        """
        ids = slice_of(contract, slice_id).ids if slice_id and read(slice_id) else (slice_id,) if slice_id else ()
        test = _condition(ids, check)
        query = (
            f'SELECT slice, "check", reason, quarantined_at, released_at, "row" FROM {ident(quarantine_table(contract))} '
            f"WHERE {test} ORDER BY quarantined_at DESC, slice, reason LIMIT {SHOWN_ROWS}"
        )
        shown = contract.classified()
        return [
            row | {"row": {k: v if shown.get(k) == "public" else HIDDEN for k, v in row["row"].items()}}
            for row in map(dict, self._rows(contract, query))
        ]

    @contextmanager
    def shelf(self, contract: Contract, piece: Slice) -> Iterator[PostgresShelf]:
        """The rows of one slice, under the lock that its publications take."""
        with session(self._dsn, self._name, writes=True) as connection:
            _require(connection, contract)
            lock_slice(connection, contract, piece)
            yield PostgresShelf(connection, contract, piece)

    def _rows(self, contract: Contract, query: str) -> list[Mapping[str, Any]]:
        from psycopg.rows import dict_row

        with session(self._dsn, self._name) as connection:
            _require(connection, contract)
            return list(connection.cursor(row_factory=dict_row).execute(query.encode()).fetchall())


class PostgresShelf:
    """One slice's rows in quarantine, copied where they can be checked again."""

    def __init__(self, connection: psycopg.Connection[Any], contract: Contract, piece: Slice) -> None:
        self._connection, self._contract, self._piece = connection, contract, piece
        self._kept = frozenset(pg_proofs.proofs(connection, contract, contract.table))
        self._known: dict[str, int] = {}

    def take(self, check: str) -> tuple[int, int]:
        """Copy the waiting rows to a temporary table and keep those that pass: how many do, and how many do not."""
        columns = ", ".join(
            f'CAST("row" ->> {literal(col.name)} AS {col.physical_type}) AS {column(col.name)}'
            for col in self._contract.columns
        )
        test = f"released_at IS NULL AND {_condition(self._piece.ids, check)}"
        self._run(
            f"CREATE TEMPORARY TABLE {_TAKEN} AS SELECT {columns}, ctid AS {_PLACE} "
            f"FROM {ident(quarantine_table(self._contract))} WHERE {test}"
        )
        malformed = sql_checks.malformed(self._contract.checks, self._contract, self._rows)
        staying = self._run(f"DELETE FROM {_TAKEN} WHERE {malformed}").rowcount
        [(passing,)] = self._run(f"SELECT count(*) FROM {_TAKEN}").fetchall()
        return int(passing), staying

    def measure(self) -> Measurements:
        """The contract's checks on the slice as it would be with the rows in it; keys are looked up in the other slices
        too."""
        self._known = self._doubled()
        found = shared(
            self._contract, lambda ours: measure(self._connection, ours, self._rows), self._expectations, frame=True
        )
        whole = self._contract.load.mode is LoadMode.FULL
        others = {} if whole else self._doubled(f"({in_slice(self._contract, self._piece)}) IS NOT TRUE")
        beside = {
            check: replace(one, value=int(one.value or 0) + rows, beyond=rows)
            for check, rows in others.items()
            if rows and not (one := found.values[check]).error
        }
        return replace(found, values={**found.values, **beside})

    def _doubled(self, where: str = "") -> dict[str, int]:
        """Check id -> how many of the rows have a key that is published already; of the keys that no constraint keeps.

        :param where: which published rows are looked at, as SQL; empty for all.
        """
        keys = [c for c in self._contract.checks if c.kind is CheckKind.UNIQUE and not c.looks_inside]
        checks = [check for check in keys if check.id not in self._kept]
        if not checks:
            return {}
        query = sql_beyond.added(self._contract, checks, f"SELECT {self._names} FROM {_TAKEN}", where)
        [numbers] = self._run(query).fetchall()
        return {check.id: int(rows) for check, rows in zip(checks, numbers, strict=True)}

    def _alone(self) -> None:
        """Let no publication of the table go on, and look the keys up again: others may have published them
        meanwhile."""
        beyond = sql_beyond.looked_up(self._contract, self._kept)
        for statement in pg_alone.locking(self._contract, self._kept, beyond, self._number):
            self._run(statement)
        blocking = {check.id for check in self._contract.checks if check.severity is CheckSeverity.ERROR}
        doubled = self._doubled()
        more = {check: rows - self._known[check] for check, rows in doubled.items() if check in blocking}
        named = ", ".join(f"{check} ({rows} row(s))" for check, rows in more.items() if rows > 0)
        if named:
            raise SliceBusy(
                f"{self._contract.table} slice {self._piece.id}: rows were published meanwhile, beside which "
                f"{named} does "
                "not hold; nothing was released"
            )

    def _expectations(self, checks: Sequence[Check]) -> Measurements:
        """What Great Expectations finds; the rows come to it as a frame, since no other session sees them."""
        import pandas as pd

        found = self._run(f"SELECT {self._names} FROM {self._rows.relation}").fetchall()
        frame = pd.DataFrame(found, columns=list(self._contract.names), dtype=object)
        return gx.measure_frame(frame, self._contract, self._rows, checks)

    @property
    def _rows(self) -> sql_checks.Rows:
        """The slice with the rows in it."""
        whole = self._contract.load.mode is LoadMode.FULL
        mine = "" if whole else f" WHERE {in_slice(self._contract, self._piece)}"
        published = f"SELECT {self._names} FROM {ident(self._contract.table)}"
        more = f"UNION ALL SELECT {self._names} FROM {_TAKEN}"
        return sql_checks.Rows(
            relation=f"({published}{mine} {more}) AS u",
            piece=None if whole else self._piece,
            whole=f"({published} {more}) AS w",
        )

    def publish(self) -> int:
        """Insert the rows into the published table and note that they were released, both or neither."""
        table, shelf = ident(self._contract.table), ident(quarantine_table(self._contract))
        with self._connection.transaction():
            self._alone()
            rows = self._run(
                f"INSERT INTO {table} ({self._names}) OVERRIDING SYSTEM VALUE SELECT {self._names} FROM {_TAKEN}"
            ).rowcount
            self._refuse_changed(rows)
            noted = self._run(
                f"UPDATE {shelf} SET released_at = now() "
                f"WHERE ctid IN (SELECT {_PLACE} FROM {_TAKEN}) AND released_at IS NULL"
            ).rowcount
            if noted != rows:
                raise SliceBusy(
                    f"{self._contract.table} slice {self._piece.id}: its rows in quarantine changed meanwhile"
                )
        return rows

    def _refuse_changed(self, rows: int) -> None:
        """Where the published table has triggers or the like: whether the rows stand there as they were released."""
        table = self._contract.table
        if not (by := pg_target.habits(self._connection, table).by):
            return
        self._run("SET CONSTRAINTS ALL IMMEDIATE")
        there = catalog(self._connection, table)
        kinds = {col.name: col.type for col in there.columns} if there else {}
        sent = ", ".join(
            f"{column(col.name)}::{kinds.get(col.name, col.physical_type)}::text AS {column(col.name)}"
            for col in self._contract.columns
        )
        texts = ", ".join(f"{column(name)}::text AS {column(name)}" for name in self._contract.names)
        written = pg_target.Written(
            table=table,
            sent=f"SELECT {sent} FROM {_TAKEN}",
            there=f"SELECT {texts} FROM {ident(table)}",
            names=self._contract.names,
            rows=rows,
            replaced=False,
        )
        pg_target.refuse_changed(written, by, self._number)

    @property
    def _names(self) -> str:
        return ", ".join(column(name) for name in self._contract.names)

    def _number(self, sql: str) -> int:
        return int((self._run(sql).fetchone() or (0,))[0])

    def _run(self, sql: str) -> psycopg.Cursor[Any]:
        return self._connection.execute(sql.encode())


def _condition(ids: Sequence[str], check: str) -> str:
    tests = [f"slice IN ({', '.join(map(literal, ids))})"] if ids else []
    tests += [f'"check" = {literal(check)}'] if check else []
    return " AND ".join(tests) or "TRUE"


def _require(connection: psycopg.Connection[Any], contract: Contract) -> None:
    for table in (contract.table, quarantine_table(contract)):
        if catalog(connection, table) is None:
            raise ConfigurationError(
                f"table {table}", "does not exist here.", fix="No row of this contract was ever set aside here."
            )
