"""Rules of SQL that read their own table by way of another relation, such as a view: it shows what stands there, not
what will."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.sql.authored.guard import refusal
from airflow_provider_harness.adapters.sql.checks import UNDER_TEST, WHOLE, Rows, ident, literal
from airflow_provider_harness.core.contracts.checks import Check
from airflow_provider_harness.core.contracts.contract import Contract

if TYPE_CHECKING:
    import psycopg

Through = Callable[[Sequence[str]], Collection[str]]
"""Which of some relations, named as in SQL, read the contract's table."""

_THROUGH = """
WITH RECURSIVE own (id) AS (
  SELECT to_regclass({table})::oid
  UNION SELECT more.id FROM own, LATERAL (
    SELECT relid::oid AS id FROM pg_partition_tree(own.id)
    UNION SELECT inhparent FROM pg_catalog.pg_inherits WHERE inhrelid = own.id
  ) AS more
), reads (name, id) AS (
  SELECT name, to_regclass(name)::oid FROM unnest(ARRAY[{names}]::text[]) AS name
  UNION SELECT reads.name, d.refobjid FROM reads
  JOIN pg_catalog.pg_rewrite AS r ON r.ev_class = reads.id
  JOIN pg_catalog.pg_depend AS d ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.objid = r.oid
    AND d.refclassid = 'pg_catalog.pg_class'::regclass
)
SELECT DISTINCT reads.name FROM reads JOIN own ON own.id = reads.id
"""
"""Views and materialized views, however deep; and partitions and parents of the table, by their own names."""


def of_old_rows(checks: Sequence[Check], contract: Contract, rows: Rows, through: Through) -> Mapping[str, str]:
    """Check id -> why it cannot be asked before the rows are published; empty where they are."""
    if rows.whole in ("", ident(contract.table)):
        return {}
    named = {check.id: relations(check.sql) for check in checks if check.sql and not refusal(check.sql)}
    every = sorted({name for names in named.values() for name in names})
    found = {*through(every)} if every else set()
    return {
        check: f"{name} reads {contract.table}, and shows the rows before the publication; write its query into the "
        f"rule, so that it names {contract.table} itself and uses the rows after the publication"
        for check, names in named.items()
        for name in names
        if name in found
    }


def relations(sql: str, dialect: str = "postgres") -> tuple[str, ...]:
    """The relations that a query names, as it names them, but for what it defines itself and the rows of the gate."""
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    try:
        tree: Any = sqlglot.parse_one(sql.replace("${table}", UNDER_TEST), read=dialect)
    except SqlglotError:
        return ()  # it cannot be run either
    own = {UNDER_TEST, WHOLE, *(cte.alias for cte in tree.find_all(exp.CTE))}
    tables = (node for node in tree.find_all(exp.Table) if node.name and (node.db or node.name not in own))
    return tuple(dict.fromkeys(exp.Table(this=n.this, db=n.args.get("db")).sql(dialect) for n in tables))


def in_postgres(connection: psycopg.Connection[Any], contract: Contract) -> Through:
    """As PostgreSQL's catalog says; what a function reads, no catalog says."""

    def through(names: Sequence[str]) -> Collection[str]:
        asked = _THROUGH.format(table=literal(ident(contract.table)), names=", ".join(map(literal, names)))
        return [name for (name,) in connection.execute(asked.encode()).fetchall()]

    return through


def in_bigquery(query_of: Callable[[str], str], contract: Contract) -> Through:
    """As the definitions of its views say.

    :param query_of: gives a view's definition, by ``dataset.name``; empty for what is none.
    """

    def reads(name: str, seen: frozenset[str]) -> bool:
        plain = name.replace("`", "").replace('"', "")
        if plain == contract.table or plain in seen:
            return plain == contract.table
        return any(reads(inner, seen | {plain}) for inner in relations(query_of(plain), "bigquery"))

    return lambda names: [name for name in names if reads(name, frozenset())]
