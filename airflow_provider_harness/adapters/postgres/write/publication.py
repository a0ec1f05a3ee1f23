"""One slice put in the place of what is published of it, in one transaction that readers see whole or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.postgres import constraint_proofs as pg_proofs
from airflow_provider_harness.adapters.postgres.catalog import catalog
from airflow_provider_harness.adapters.postgres.write import alone as pg_alone
from airflow_provider_harness.adapters.postgres.write import direct_load as pg_direct
from airflow_provider_harness.adapters.postgres.write import new_rows as pg_late
from airflow_provider_harness.adapters.postgres.write import target as pg_target
from airflow_provider_harness.adapters.postgres.write import violations as pg_violations
from airflow_provider_harness.adapters.postgres.write.staged import Staged
from airflow_provider_harness.adapters.sql import beyond as sql_beyond
from airflow_provider_harness.adapters.sql.checks import column, ident, literal
from airflow_provider_harness.app.ports.rows import Published
from airflow_provider_harness.core.contracts.checks import Check, CheckKind
from airflow_provider_harness.core.contracts.contract import Contract, LoadMode
from airflow_provider_harness.core.contracts.report import Measurements
from airflow_provider_harness.core.contracts.schema import Filled, Schema
from airflow_provider_harness.core.errors import HarnessError, SliceBusy, TargetInterferes
from airflow_provider_harness.core.slices.slices import quarantine_table

if TYPE_CHECKING:
    import psycopg

REPLACED = (LoadMode.INCREMENTAL, LoadMode.FULL)
"""Modes in which what was there goes before the new rows come."""
QUARANTINE_DDL = (
    '"row" jsonb NOT NULL, slice text NOT NULL, run text NOT NULL, "check" text NOT NULL, reason text NOT NULL, '
    "quarantined_at timestamptz NOT NULL DEFAULT now(), released_at timestamptz"
)


class Publication:
    """The published table of a contract, as one session sees and changes it.

    :param name: the connection in words, for errors.
    """

    def __init__(self, connection: psycopg.Connection[Any], staged: Staged, name: str) -> None:
        self._connection, self._staged, self._name = connection, staged, name
        self._contract, self._piece = staged.contract, staged.piece

    def schema(self) -> Schema | None:
        """Its columns, if it exists."""
        return catalog(self._connection, self._contract.table)

    def kinds(self) -> dict[str, str]:
        """Column -> its type; empty where there is no table."""
        there = self.schema()
        return {found.name: found.type for found in there.columns} if there else {}

    def create(self) -> None:
        """Create it and its quarantine from the contract where they are absent."""
        table = self._contract.table
        pg_target.refuse_missing_schema(self._connection, table)
        pg_target.refuse_unnamed_quarantine(self._contract)
        wanted = [(table, _table_ddl(self._contract))]
        if self._contract.quarantine.possible:
            wanted.append((quarantine_table(self._contract), QUARANTINE_DDL))
        for name, body in wanted:
            if catalog(self._connection, name) is None:
                with self._connection.transaction():
                    self.run(f"SELECT pg_advisory_xact_lock(hashtextextended({literal('harness create ' + name)}, 0))")
                    self.run(f"CREATE TABLE IF NOT EXISTS {ident(name)} ({body})")
        pg_target.refuse_unwritable(table, self.habits(), self._contract.load.mode)
        pg_target.refuse_computed(self._connection, self._contract)
        pg_target.refuse_numbered(self._contract, self.schema())
        pg_target.refuse_referring(self._connection, self._contract)

    def habits(self) -> pg_target.Habits:
        """What it does with rows that are written into it."""
        return pg_target.habits(self._connection, self._contract.table)

    def target(self) -> pg_direct.Target:
        """The slice of it, for rows that take no staging table."""
        kept = self.kept()
        beyond = sql_beyond.looked_up(self._contract, kept)
        return pg_direct.Target(
            contract=self._contract,
            piece=self._piece,
            where=self._staged.where,
            locking=pg_alone.locking(self._contract, kept, beyond, self.number),
            forgetting=self._staged.forgetting(),
            beyond=beyond,
        )

    def beyond(self) -> Sequence[Check]:
        """See ``app.ports.rows.Session``; what a constraint of the published table keeps is no such check."""
        return sql_beyond.looked_up(self._contract, self.kept())

    def kept(self) -> frozenset[str]:
        """Ids of the checks that its own constraints keep."""
        if not any(check.kind in (CheckKind.UNIQUE, CheckKind.REFERENTIAL) for check in self._contract.checks):
            return frozenset()
        return frozenset(pg_proofs.proofs(self._connection, self._contract, self._contract.table))

    def there(self) -> int:
        """See ``app.ports.rows.Session``."""
        return self.number(f"SELECT count(*) FROM {ident(self._contract.table)}{self._staged.where}")

    def publish(self, measured: Measurements, *, set_aside: bool, run: str) -> Published:
        """Publish the staged rows as the contract's mode says.

        :raises SliceBusy: what was measured is not what would be written, because others changed what it depends on.
        :raises TargetInterferes: triggers, rules or the like of the table changed what was written.
        """
        mode, piece = self._contract.load.mode, self._piece.id
        habits = self.habits()
        by = habits.by or (() if habits.stores else ("a view or foreign table for its rows",))
        with self._connection.transaction():
            began = pg_target.touched(self._connection, self._contract.table) if habits.by and habits.stores else None
            self._alone(measured, set_aside=set_aside)
            before = self._clear() if mode in REPLACED else self.there()
            if mode is LoadMode.APPEND and before:
                self.run(self._staged.drop)
                return Published(slice=piece, rows=before, before=before, new=0, quarantined={})
            for statement in self._staged.forgetting():
                self.run(statement)
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
                self.run("SET CONSTRAINTS ALL IMMEDIATE")
                found = self._staged.written(self.kinds(), written, set_aside=set_aside)
                pg_target.refuse_changed(found, by, self.number)
            if began:
                gone = before if mode in REPLACED else 0
                self._refuse_beside(
                    began, (new, written - new, gone) if mode is LoadMode.MERGE else (written, 0, gone), by, set_aside
                )
            rows = self.there() if mode is LoadMode.MERGE else written
            self.run(self._staged.drop)
        return Published(slice=piece, rows=rows, before=before, new=new, quarantined=quarantined)

    def violated(self, error: psycopg.Error, *, set_aside: bool) -> HarnessError:
        """A constraint of the published table that the contract does not have, with the number of rows that break it."""
        where, mode = self._staged.where, self._contract.load.mode
        stay = (
            "TRUE"
            if mode is LoadMode.APPEND
            else f"({where.removeprefix(' WHERE ')}) IS NOT TRUE"
            if where
            else "FALSE"
        )
        return pg_violations.counted(
            error,
            self._name,
            self._contract.table,
            self._staged.published(self.kinds(), set_aside=set_aside),
            "FALSE" if mode is LoadMode.MERGE else stay,
            lambda sql: self.run(sql).fetchall(),
        )

    def _refuse_beside(
        self, began: tuple[int, int, int], own: tuple[int, int, int], by: Sequence[str], set_aside: bool
    ) -> None:
        """Whether triggers or rules wrote rows of other slices.

        :param own: rows that the publication itself inserted, updated and deleted.
        """
        table = ident(self._contract.table)
        beside = f"({self._staged.where.removeprefix(' WHERE ') or 'TRUE'}) IS NOT TRUE"
        if self._contract.load.mode is LoadMode.MERGE:
            names = ", ".join(column(name) for name in self._contract.names)
            keep = self._staged.kept(set_aside=set_aside)
            new = f"SELECT {self._staged.values()} FROM {ident(self._staged.table)}{keep}"
            beside = f"NOT EXISTS (SELECT FROM ({new}) AS s ({names}) WHERE {self._staged.same()})"
        ours = f"SELECT t.xmin::text FROM {table} AS t WHERE NOT ({beside})"
        done = pg_target.touched(self._connection, self._contract.table)
        more = [now - then - mine for now, then, mine in zip(done, began, own, strict=True)]
        changed = f"SELECT count(*) FROM {table} AS t WHERE {beside} AND t.xmin::text IN ({ours})"
        pg_target.refuse_beside(self._contract.table, more, by, lambda: self.number(changed))

    def _alone(self, measured: Measurements, *, set_aside: bool) -> None:
        """Let no other publication of the table go on, and look again at what rows outside the slice decide."""
        kept = self.kept()
        beyond = sql_beyond.looked_up(self._contract, kept)
        locking = pg_alone.locking(self._contract, kept, beyond, self.number)
        for statement in locking:
            self.run(statement)
        checks = sql_beyond.blocking(self._contract, kept) if locking else ()
        if not checks:
            return
        bad = self._staged.malformed() if set_aside else ""
        found = self.run(sql_beyond.before(self._contract, checks, self._staged.rows(), bad)).fetchone() or ()
        more = [check.id for check, rows in zip(checks, found, strict=True) if rows > measured.values[check.id].beyond]
        if more:
            raise SliceBusy(
                f"{self._contract.table} slice {self._piece.id}: rows of another slice were published meanwhile, beside "
                f"which {', '.join(more)} does not hold; nothing was published"
            )

    def _clear(self) -> int:
        return [self.run(sql).rowcount for sql in pg_late.delete_statements(self._contract, self._staged.where)][-1]

    def _set_aside(self, run: str) -> dict[str, int]:
        return {str(check): int(count) for check, count in self.run(self._staged.setting_aside(run)).fetchall()}

    def _write(self, before: int, *, set_aside: bool) -> tuple[int, int]:
        """Rows that were updated or inserted, and how many of them are new; what is set aside stays out."""
        names = ", ".join(column(name) for name in self._contract.names)
        keep, same = self._staged.kept(set_aside=set_aside), self._staged.same()
        new = f"SELECT {self._staged.values()} FROM {ident(self._staged.table)}{keep}"
        target = ident(self._contract.table)
        if self._contract.load.mode is not LoadMode.MERGE:
            written = self.run(f"INSERT INTO {target} ({names}) OVERRIDING SYSTEM VALUE {new}").rowcount
            return written, pg_late.count_new(self._contract, self._staged.where, before, written, self.number)
        changes = ", ".join(f"{column(name)} = s.{column(name)}" for name in self._changing())
        updated = self.run(f"UPDATE {target} AS t SET {changes} FROM ({new}) AS s ({names}) WHERE {same}").rowcount
        others = f"SELECT * FROM ({new}) AS s ({names}) WHERE NOT EXISTS (SELECT FROM {target} AS t WHERE {same})"
        inserted = self.run(f"INSERT INTO {target} ({names}) OVERRIDING SYSTEM VALUE {others}").rowcount
        return updated + inserted, inserted

    def _changing(self) -> tuple[str, ...]:
        """The columns that a merge sets in rows that are there: one that the database numbers itself takes no value there, and
        as a part of the key it stays the same."""
        there = self.schema()
        numbered = {col.name for col in there.columns if col.filled is Filled.IDENTITY_ALWAYS} if there else set()
        return tuple(name for name in self._contract.names if name not in numbered) or self._contract.names

    def number(self, sql: str) -> int:
        found = self.run(sql).fetchone()
        return int(found[0]) if found else 0

    def run(self, sql: str) -> psycopg.Cursor[Any]:
        return self._connection.execute(sql.encode())


def _promised(measured: Measurements, *, set_aside: bool) -> tuple[int, int]:
    """Rows that the gate let pass, and rows that it wants set aside."""
    aside = measured.malformed if set_aside else 0
    return measured.rows - aside, aside


def _table_ddl(contract: Contract) -> str:
    parts = [f"{column(col.name)} {col.physical_type}{' NOT NULL' if col.required else ''}" for col in contract.columns]
    if contract.key:
        parts.append(f"PRIMARY KEY ({', '.join(column(name) for name in contract.key)})")
    return ", ".join(parts)
