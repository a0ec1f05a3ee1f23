"""The rows of a slice in their staging table, as SQL: what is published of them, and what is set aside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from airflow_provider_harness.adapters.postgres.write import target as pg_target
from airflow_provider_harness.adapters.sql import checks as sql_checks
from airflow_provider_harness.adapters.sql.checks import column, ident, in_slice, literal
from airflow_provider_harness.adapters.sql.types import AS_TEXT, as_literal, base, staged_type
from airflow_provider_harness.adapters.sql.whole import to_be
from airflow_provider_harness.core.contracts.contract import Contract, LoadMode
from airflow_provider_harness.core.slices.slices import Slice, quarantine_table, staging_table


@dataclass(frozen=True, slots=True)
class Staged:
    """One slice of one table; it holds no connection, and gives statements and parts of them."""

    contract: Contract
    piece: Slice

    @property
    def table(self) -> str:
        """The staging table's name."""
        return staging_table(self.contract.table, self.piece.id)

    @property
    def where(self) -> str:
        """Which rows of the published table are the slice, with the ``WHERE``; empty for all."""
        return "" if self.contract.load.mode is LoadMode.FULL else f" WHERE {in_slice(self.contract, self.piece)}"

    @property
    def drop(self) -> str:
        return f"DROP TABLE IF EXISTS {ident(self.table)}"

    def create(self, *, carried: bool) -> str:
        """
        :param carried: its columns have the types in which rows arrive from Arrow, and not those of the contract.
        """
        columns = ", ".join(
            f"{column(col.name)} {staged_type(col.physical_type) if carried else col.physical_type}"
            for col in self.contract.columns
        )
        return f"CREATE UNLOGGED TABLE {ident(self.table)} ({columns})"

    def values(self) -> str:
        """The columns of a staged row in the contract's types."""
        return ", ".join(_incoming(col.name, col.physical_type) for col in self.contract.columns)

    def rows(self) -> sql_checks.Rows:
        """The staged rows as checks see them."""
        staged = f"SELECT {self.values()} FROM {ident(self.table)}"
        whole = to_be(self.contract, self.piece, staged)
        return sql_checks.Rows(relation=ident(self.table), piece=self.piece, whole=whole, staged=staged)

    def malformed(self) -> str:
        """The condition that a row fulfils which would be set aside."""
        return sql_checks.malformed(self.contract.checks, self.contract, self.rows())

    def kept(self, *, set_aside: bool) -> str:
        """Which staged rows are published, with the ``WHERE``; empty for all."""
        return f" WHERE NOT ({self.malformed()})" if set_aside else ""

    def published(self, kinds: Mapping[str, str], *, set_aside: bool, kind: str = "") -> str:
        """A query for the rows that are published, in the published table's types.

        :param kinds: column -> its type in the published table.
        :param kind: another cast behind that one.
        """
        names = ", ".join(
            f"({_incoming(col.name, col.physical_type)})::{kinds.get(col.name, col.physical_type)}{kind} AS {column(col.name)}"
            for col in self.contract.columns
        )
        return f"SELECT {names} FROM {ident(self.table)}{self.kept(set_aside=set_aside)}"

    def written(self, kinds: Mapping[str, str], rows: int, *, set_aside: bool) -> pg_target.Written:
        """What was written and what stands there, as texts in the published table's types.

        :param kinds: see ``published``.
        """
        texts = ", ".join(f"{column(name)}::text AS {column(name)}" for name in self.contract.names)
        where, merges = self.where, self.contract.load.mode is LoadMode.MERGE
        if merges:
            keys = self.contract.merge_key
            values = ", ".join(_incoming(name, self.contract.column(name).physical_type) for name in keys)
            names = ", ".join(map(column, keys))
            where = f" AS t WHERE EXISTS (SELECT FROM (SELECT {values} FROM {ident(self.table)}) AS s ({names}) WHERE {self.same()})"
        return pg_target.Written(
            table=self.contract.table,
            sent=self.published(kinds, set_aside=set_aside, kind="::text"),
            there=f"SELECT {texts} FROM {ident(self.contract.table)}{where}",
            names=self.contract.names,
            rows=rows,
            replaced=not merges,
        )

    def same(self) -> str:
        """Whether a published row ``t`` and a row ``s`` have one key."""
        return " AND ".join(f"t.{column(name)} = s.{column(name)}" for name in self.contract.merge_key)

    def setting_aside(self, run: str) -> str:
        """What puts the failing rows into quarantine, and gives each check with their number; a row that fails several checks
        counts for the first."""
        first, reasons = sql_checks.blame(self.contract.checks, self.contract, self.rows())
        values = f"{self._whole_row()}, {literal(self.piece.id)}, {literal(run)}, {first}, {reasons}"
        return (
            f'WITH moved AS (INSERT INTO {ident(quarantine_table(self.contract))} ("row", slice, run, "check", reason) '
            f"SELECT {values} FROM {ident(self.table)} AS t WHERE {self.malformed()} "
            'RETURNING "check") SELECT "check", count(*) FROM moved GROUP BY 1 ORDER BY 1'
        )

    def _whole_row(self) -> str:
        """A staged row ``t`` as ``jsonb``; what is ``json`` as text, since a document there may be one that cannot be read."""
        json = {col.name for col in self.contract.columns if col.physical_type in ("json", "json[]")}
        if not json:
            return "to_jsonb(t)"
        given = (f"CAST(t.{column(n)} AS text)" if n in json else f"t.{column(n)}" for n in self.contract.names)
        named = ", ".join(f"{value} AS {column(name)}" for value, name in zip(given, self.contract.names, strict=True))
        return f"(SELECT to_jsonb(r) FROM (SELECT {named}) AS r)"

    def forgetting(self) -> list[str]:
        """What forgets the rows that an earlier run of the same slice set aside; released rows stay on record."""
        if not self.contract.quarantine.possible:
            return []
        mine = f"slice IN ({', '.join(map(literal, self.piece.ids))}) AND released_at IS NULL"
        return [f"DELETE FROM {ident(quarantine_table(self.contract))} WHERE {mine}"]


def _incoming(name: str, kind: str) -> str:
    return f"{column(name)}::{kind}" if base(kind) in AS_TEXT or as_literal(kind) else column(name)
