"""A contract of a live PostgreSQL table, with everything of the catalog that a contract can say, and what it cannot."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.conversion.draft import Lost, Made, finished
from airflow_provider_harness.adapters.postgres.catalog import catalog
from airflow_provider_harness.adapters.postgres.constraint_proofs import accepted
from airflow_provider_harness.adapters.postgres.contract_draft import table_of
from airflow_provider_harness.adapters.postgres.session import session
from airflow_provider_harness.adapters.sql.checks import ident
from airflow_provider_harness.core.contracts.schema import Filled, Schema
from airflow_provider_harness.core.errors import ConfigurationError

if TYPE_CHECKING:
    import psycopg

_CONSTRAINTS = """
SELECT c.conname::text, c.contype::text, c.convalidated, pg_catalog.pg_get_constraintdef(c.oid),
       CASE WHEN c.contype = 'c' THEN pg_catalog.pg_get_expr(c.conbin, c.conrelid) END,
       ARRAY(SELECT a.attname::text FROM unnest(c.conkey) WITH ORDINALITY AS k(n, o)
             JOIN pg_catalog.pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.n ORDER BY k.o)
FROM pg_catalog.pg_constraint c WHERE c.conrelid = to_regclass(%s) AND c.contype IN ('u', 'c', 'x', 'f') ORDER BY c.conname
"""
_INDEXES = """
SELECT x.relname::text FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
WHERE i.indrelid = to_regclass(%s) AND i.indisunique
  AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_constraint c WHERE c.conindid = i.indexrelid) ORDER BY 1
"""

FILLED = "a contract does not say what fills a column that nobody gives"
"""What is said of a default, an identity or a generated column."""


def from_database(dsn: str, table: str, where: str = "") -> Made:
    """The contract of a table as it stands now.

    :param dsn: libpq connection string.
    :param table: ``schema.table``; without a schema it is in ``public``.
    :param where: the connection in words, for errors.
    :raises ConfigurationError: there is no such table.
    """
    name = table if "." in table else f"public.{table}"
    with session(dsn, where) as connection:
        found = catalog(connection, name)
        if found is None:
            raise ConfigurationError(f"table {name}", "does not exist here.", fix="Give schema.table.")
        body = table_of(connection, name, found)
        lost = [*_filled(found), *_constrained(connection, name, body)]
    return finished(name.rpartition(".")[2], [body], lost)


def _filled(found: Schema) -> Iterator[Lost]:
    for column in found.columns:
        if column.filled is not Filled.NOBODY:
            yield Lost(f"{column.name}: {column.filled}", FILLED)


def _constrained(connection: psycopg.Connection[Any], name: str, body: dict[str, Any]) -> Iterator[Lost]:
    """Add what the draft of a table leaves out: keys of several columns, and conditions."""
    place = ident(name)
    for conname, kind, valid, said, expression, columns in connection.execute(_CONSTRAINTS, [place]).fetchall():
        if not valid:
            yield Lost(conname, f"{said}: not every row was held against it")
        elif kind == "x":
            yield Lost(conname, f"{said}: a contract's rules look at rows, not at pairs of them")
        elif kind == "f" and not _refers(body, columns):
            yield Lost(conname, f"{said}: the standard has no way to write these names")
        elif kind == "u" and len(columns) > 1:
            rule = {"metric": "duplicateValues", "arguments": {"properties": columns}, "mustBe": 0}
            body["quality"].append({"name": conname, **rule})
        elif kind == "c" and not _listed(expression):
            query = f"SELECT count(*) FROM ${{table}} WHERE NOT ({expression})"
            body["quality"].append({"name": conname, "type": "sql", "query": query, "mustBe": 0})
    for (index,) in connection.execute(_INDEXES, [place]).fetchall():
        yield Lost(index, "a unique index that is not a constraint: write the rule into the contract")


def _refers(body: dict[str, Any], columns: list[str]) -> bool:
    """Whether the draft has a relationship of these columns."""
    single: dict[str, Any] = next((one for one in body["properties"] if [one["name"]] == columns), {})
    several = [f"{body['name']}.{column}" for column in columns]
    return "relationships" in single or any(one["from"] == several for one in body.get("relationships", ()))


def _listed(expression: str) -> bool:
    """Whether a condition says no more than the values of one column, which the column has as its ``enum``."""
    return len(accepted(expression)) == 1 and " AND " not in expression and " OR " not in expression
