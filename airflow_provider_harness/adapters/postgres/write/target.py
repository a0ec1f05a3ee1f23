"""What a published table does with rows that are written to it, beside keeping them: triggers, rules, policies,
views."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.sql.checks import column, ident, literal, parts
from airflow_provider_harness.core.contracts.contract import Contract, LoadMode
from airflow_provider_harness.core.contracts.schema import Filled, Schema
from airflow_provider_harness.core.errors import ConfigurationError, TargetInterferes
from airflow_provider_harness.core.slices.slices import IDENTIFIER_BYTES

if TYPE_CHECKING:
    import psycopg

log = logging.getLogger(__name__)

Run = Callable[[str], Any]

_HABITS = """
WITH whole AS (SELECT to_regclass({table})::oid AS id UNION SELECT relid::oid FROM pg_partition_tree({table}))
SELECT (SELECT relkind::text FROM pg_class WHERE oid = to_regclass({table})),
       pg_relation_is_updatable(to_regclass({table}), true),
       (SELECT bool_and(c.relkind IN ('r', 'p')) FROM whole JOIN pg_class AS c ON c.oid = whole.id),
       (SELECT bool_or(row_security_active(whole.id)) FROM whole),
       ARRAY(SELECT 'trigger ' || t.tgname FROM pg_trigger AS t JOIN whole ON t.tgrelid = whole.id
             WHERE NOT t.tgisinternal AND t.tgenabled IN ('O', 'A') GROUP BY 1 ORDER BY 1),
       ARRAY(SELECT 'rule ' || r.rulename FROM pg_rewrite AS r JOIN whole ON r.ev_class = whole.id
             WHERE r.rulename <> '_RETURN' AND r.ev_enabled IN ('O', 'A') GROUP BY 1 ORDER BY 1),
       ARRAY(SELECT 'policy ' || p.polname FROM pg_policy AS p JOIN whole ON p.polrelid = whole.id
             WHERE row_security_active(whole.id) GROUP BY 1 ORDER BY 1),
       ARRAY(SELECT h.inhrelid::regclass::text FROM pg_inherits AS h JOIN pg_class AS c ON c.oid = h.inhrelid
             WHERE h.inhparent = to_regclass({table}) AND NOT c.relispartition ORDER BY 1)
"""

_NEEDED = {LoadMode.INCREMENTAL: 24, LoadMode.FULL: 24, LoadMode.APPEND: 8, LoadMode.MERGE: 12}
"""Mode -> what a relation must let be done to it: 4 UPDATE, 8 INSERT, 16 DELETE (``pg_relation_is_updatable``)."""

_RELATIONS = {"v": "a view", "m": "a materialized view", "f": "a foreign table", "r": "a table", "p": "a table"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """How a relation takes rows.

    :param kind: ``pg_class.relkind``.
    :param allows: what may be done to it, as bits.
    :param stores: whether it, and each of its partitions, keeps its rows itself.
    :param secured: whether row-level security applies to this user.
    :param by: its triggers, rules and policies, by kind and name.
    :param heirs: the tables that inherit from it and are no partitions of it.
    """

    kind: str
    allows: int
    stores: bool
    secured: bool
    by: tuple[str, ...]
    heirs: tuple[str, ...]

    @property
    def plain(self) -> bool:
        """Whether every row that is sent is the row that arrives; the driver counts only what it sends."""
        return self.stores and not self.secured and not self.by


def habits(connection: psycopg.Connection[Any], table: str) -> Habits:
    """How a table that exists takes rows."""
    asked = _HABITS.format(table=literal(ident(table)))
    found = connection.execute(asked.encode()).fetchone()
    kind, allows, stores, secured, *by, heirs = found or ("r", 28, True, False, ())
    names = tuple(name for some in by for name in some)
    return Habits(
        kind=str(kind),
        allows=int(allows or 0),
        stores=bool(stores),
        secured=bool(secured),
        by=names,
        heirs=tuple(heirs),
    )


def refuse_unwritable(table: str, found: Habits, mode: LoadMode) -> None:
    """Before a row moves: what cannot be written, and what may be hidden, is said."""
    needed = _NEEDED[mode]
    if found.allows & needed != needed:
        raise ConfigurationError(
            f"table {table}",
            f"is {_RELATIONS.get(found.kind, 'a relation')} in which rows cannot be replaced, so no slice can be "
            f"published in it.",
            fix="Publish in a table, and let the view read it; or give the view INSTEAD OF triggers.",
        )
    if found.heirs:
        raise TargetInterferes(
            table,
            f"its rows are read and replaced together with those of {', '.join(found.heirs)}, which inherit from "
            f"it; publish in a "
            "table that nothing inherits from, or in a partitioned one",
            tuple(f"table {heir}" for heir in found.heirs),
        )
    if found.secured:
        log.warning(
            "%s: row-level security applies to this user: rows that its policies hide are neither replaced nor "
            "judged (%s)",
            table,
            ", ".join(found.by),
        )


_COMPUTED = """
SELECT a.attname::text FROM pg_catalog.pg_attribute AS a JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid AND c.relkind = 'v'
WHERE c.oid = to_regclass({table}) AND a.attnum > 0 AND NOT pg_column_is_updatable(c.oid, a.attnum, true) ORDER BY a.attnum
"""


def refuse_computed(connection: psycopg.Connection[Any], contract: Contract) -> None:
    """Before a row moves: a view takes no value for a column that it computes."""
    found = connection.execute(_COMPUTED.format(table=literal(ident(contract.table))).encode()).fetchall()
    names = [name for (name,) in found if name in contract.names]
    if names:
        raise ConfigurationError(
            f"table {contract.table}",
            f"is a view that computes {', '.join(names)}, for which it takes no value.",
            fix="Leave the column out of the contract, and the view goes on computing it; or give the view INSTEAD OF triggers.",
        )


_REFERRING = """
WITH RECURSIVE whole (id) AS (
  SELECT to_regclass({table})::oid
  UNION SELECT more.id FROM whole, LATERAL (
    SELECT relid::oid AS id FROM pg_partition_tree(whole.id)
    UNION SELECT d.refobjid FROM pg_catalog.pg_rewrite AS r JOIN pg_catalog.pg_depend AS d
      ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.objid = r.oid AND d.refclassid = 'pg_catalog.pg_class'::regclass
    WHERE r.ev_class = whole.id AND r.rulename = '_RETURN'
  ) AS more
)
SELECT c.conrelid::regclass::text, c.conname, c.confdeltype::text, c.confupdtype::text,
       ARRAY(SELECT a.attname::text FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = c.confrelid AND a.attnum = ANY (c.confkey))
FROM pg_catalog.pg_constraint AS c JOIN whole ON c.confrelid = whole.id
WHERE c.contype = 'f' AND c.conparentid = 0
ORDER BY 1, 2
"""
"""Who refers to a table, its partitions, or what a view reads."""
_FOLLOWING = {"c": "CASCADE", "n": "SET NULL", "d": "SET DEFAULT"}
"""``confdeltype`` and ``confupdtype`` -> what becomes of the rows that refer to one that goes or changes."""


def refuse_referring(connection: psycopg.Connection[Any], contract: Contract) -> None:
    """Before a row moves: rows of other tables, or other slices, that would go or change with those that are replaced.

    A merge deletes no row, and sets all columns but those of its key to what may be another value; an append does
    neither.

    :raises TargetInterferes: a foreign key takes other rows along.
    """
    mode = contract.load.mode
    if mode is LoadMode.APPEND:
        return
    found = connection.execute(_REFERRING.format(table=literal(ident(contract.table))).encode()).fetchall()
    told = {}
    for other, name, on_delete, on_update, referred in found:
        event, rule = ("UPDATE", on_update) if mode is LoadMode.MERGE else ("DELETE", on_delete)
        kept = mode is LoadMode.MERGE and {*referred} <= {*contract.merge_key}
        if rule in _FOLLOWING and not kept:
            told[f"constraint {name} of {other}"] = (
                f"to replace rows here would change or delete rows of {other}, by its foreign key {name} (ON {event} "
                f"{_FOLLOWING[rule]}); make it NO ACTION DEFERRABLE INITIALLY DEFERRED, or publish by another mode"
            )
    if told:
        raise TargetInterferes(contract.table, "; ".join(told.values()), tuple(told))


def refuse_numbered(contract: Contract, there: Schema | None) -> None:
    """Before a row moves: a merge cannot set a column that the database numbers itself, unless it is a part of the
    key."""
    numbered = {col.name for col in there.columns if col.filled is Filled.IDENTITY_ALWAYS} if there else set()
    fixed = [name for name in contract.names if name in numbered and name not in contract.merge_key]
    if fixed and contract.load.mode is LoadMode.MERGE:
        raise ConfigurationError(
            f"table {contract.table}",
            f"numbers {', '.join(fixed)} itself (GENERATED ALWAYS AS IDENTITY), which a merge could not set in rows "
            f"that are there.",
            fix="Leave the column out of the contract, or let it be GENERATED BY DEFAULT.",
        )


def refuse_unnamed_quarantine(contract: Contract) -> None:
    """Before a row moves: PostgreSQL cuts names at 63 bytes, and a quarantine's would be the table's own then."""
    _, name = parts(contract.table)
    if contract.quarantine.possible and len(name.encode()) >= IDENTIFIER_BYTES:
        raise ConfigurationError(
            f"table {contract.table}",
            f"has a name of {len(name.encode())} bytes, which leaves no room for that of its quarantine (PostgreSQL "
            f"cuts names "
            f"at {IDENTIFIER_BYTES}).",
            fix="Give the table a shorter name, at best of 51 bytes or less, or let harness.malformedRows set no "
            "rows aside.",
        )


def refuse_missing_schema(connection: psycopg.Connection[Any], table: str) -> None:
    """Before a row moves: a schema is made by a person."""
    home, _ = parts(table)
    found = connection.execute("SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = %s", (home,)).fetchone()
    if home and found is None:
        raise ConfigurationError(
            f"table {table}",
            f"belongs into schema {home}, which does not exist in the warehouse.",
            fix=f"Ask a person with the right to run CREATE SCHEMA {column(home)}, or correct the table's name.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What was written and where it should be now.

    :param sent: a query for the rows that were written, each column in the published one's type.
    :param there: a query for the rows that stand there now, the same columns.
    :param names: of the columns.
    :param rows: how many were written.
    :param replaced: whether nothing else should stand there.
    """

    table: str
    sent: str
    there: str
    names: Sequence[str]
    rows: int
    replaced: bool


def refuse_changed(written: Written, by: Sequence[str], number: Callable[[str], int]) -> None:
    """Compare what stands there with what was written, by its text: not every type can be compared.

    :param by: triggers, rules and policies of the table.
    :param number: asks for one number, in the same transaction.
    :raises TargetInterferes: rows are gone, more, or not as they were written.
    """
    lost = number(_unlike(written, "*"))
    if lost:
        unlike = {name: number(_unlike(written, column(name))) for name in written.names}
        told = ", ".join(f"{name} in {count}" for name, count in unlike.items() if count) or "in their combination"
        raise TargetInterferes(
            written.table, f"{lost} of {written.rows} published rows differ from the written ones: {told}", by
        )
    there = number(f"SELECT count(*) FROM ({written.there}) AS q") if written.replaced else written.rows
    if there != written.rows:
        raise TargetInterferes(written.table, f"{there} rows are published, but {written.rows} were written", by)


_TOUCHED = """
SELECT coalesce(sum(pg_stat_get_xact_tuples_inserted(id)), 0)::bigint, coalesce(sum(pg_stat_get_xact_tuples_updated(id)), 0)::bigint,
       coalesce(sum(pg_stat_get_xact_tuples_deleted(id)), 0)::bigint
FROM (SELECT to_regclass({table})::oid AS id UNION SELECT relid::oid FROM pg_partition_tree({table})) AS whole
"""


def touched(connection: psycopg.Connection[Any], table: str) -> tuple[int, int, int]:
    """How many rows of a table this transaction has inserted, updated and deleted so far, by whatever hand."""
    found = connection.execute(_TOUCHED.format(table=literal(ident(table))).encode()).fetchone() or (0, 0, 0)
    inserted, updated, deleted = map(int, found)
    return inserted, updated, deleted


def refuse_beside(table: str, more: Sequence[int], by: Sequence[str], beside: Callable[[], int]) -> None:
    """After the rows of the slice were found as they should be: were others changed beside them?

    :param more: rows that were inserted, updated and deleted beyond those of the publication itself.
    :param by: triggers and rules of the table.
    :param beside: counts the rows of other slices that this transaction wrote; asked only where there may be some.
    :raises TargetInterferes: there are.
    """
    inserted, _, deleted = more
    if inserted != deleted:
        done = (
            f"{deleted - inserted} rows were deleted"
            if deleted > inserted
            else f"{inserted - deleted} rows were inserted"
        )
        raise TargetInterferes(table, f"{done} beside those of the slice", by)
    if any(number > 0 for number in more) and (changed := beside()):
        raise TargetInterferes(table, f"{changed} rows of other slices were changed", by)


def _unlike(written: Written, wanted: str) -> str:
    sent, there = (f"SELECT {wanted} FROM ({rows}) AS q" for rows in (written.sent, written.there))
    return f"SELECT count(*) FROM ({sent} EXCEPT ALL {there}) AS d"
