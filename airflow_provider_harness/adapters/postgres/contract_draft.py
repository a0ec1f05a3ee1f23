"""A first contract for a table that has none: what PostgreSQL's catalog knows, and a list of what only people know."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.postgres.catalog import catalog
from airflow_provider_harness.adapters.postgres.constraint_proofs import accepted
from airflow_provider_harness.adapters.postgres.session import session
from airflow_provider_harness.adapters.sql.checks import ident
from airflow_provider_harness.adapters.sql.types import base
from airflow_provider_harness.core.contracts.schema import Schema, SchemaColumn
from airflow_provider_harness.core.errors import ConfigurationError

if TYPE_CHECKING:
    import psycopg

LOGICAL: Mapping[str, str] = {
    "smallint": "integer",
    "integer": "integer",
    "bigint": "integer",
    "real": "number",
    "double precision": "number",
    "numeric": "number",
    "boolean": "boolean",
    "date": "date",
    "timestamp with time zone": "timestamp",
    "timestamp without time zone": "timestamp",
    "time with time zone": "time",
    "time without time zone": "time",
    "json": "object",
    "jsonb": "object",
}
"""PostgreSQL type without its arguments -> logical type; every other type is a string, or an array of something."""

HEADER = """# A draft, made from the live table. What only people know is still to be written:
# - team, support, description (purpose, limitations, usage), dataGranularityDescription, roles
# - each column's description and classification; enum and logicalTypeOptions where values are bounded
# - relationships report, and block nothing; without harness.severity they block
# - harness.load (full replaces the whole table; incremental needs a sliceColumn), harness.malformedRows,
#   harness.late, harness.backfill, harness.page, harness.criticality, harness.consumers, harness.readiness
"""

CONSTRAINTS = """
SELECT c.contype::text, ARRAY(SELECT a.attname::text FROM unnest(c.conkey) WITH ORDINALITY AS k(n, o)
                              JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.n ORDER BY k.o),
       f.relname::text, n.nspname::text,
       ARRAY(SELECT a.attname::text FROM unnest(c.confkey) WITH ORDINALITY AS k(n, o)
             JOIN pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = k.n ORDER BY k.o),
       CASE WHEN c.contype = 'c' THEN pg_get_expr(c.conbin, c.conrelid) END
FROM pg_constraint c LEFT JOIN pg_class f ON f.oid = c.confrelid LEFT JOIN pg_namespace n ON n.oid = f.relnamespace
WHERE c.conrelid = to_regclass(%s) AND c.contype IN ('p', 'u', 'f', 'c') AND c.convalidated
ORDER BY c.conname
"""

COMMENTS = """
SELECT a.attname::text, col_description(a.attrelid, a.attnum) FROM pg_attribute a
WHERE a.attrelid = to_regclass(%s) AND a.attnum > 0 AND NOT a.attisdropped
"""
COMMENT = "SELECT obj_description(to_regclass(%s), 'pg_class')"
REPORTS = [{"property": "harness.severity", "value": "warning"}]
"""A drafted foreign key only reports: the database keeps it already, and in a load the other table may come later."""
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


def draft(dsn: str, table: str, where: str = "") -> str:
    """A contract file for a table as it stands now.

    :param dsn: libpq connection string.
    :param table: ``schema.table``; without a schema it is in ``public``.
    :param where: the connection in words, for errors.
    :raises ConfigurationError: there is no such table.
    """
    return HEADER + written(document(dsn, table, where))


def document(dsn: str, table: str, where: str = "") -> dict[str, Any]:
    """The same as a document of the standard: field -> value. The parameters are those of ``draft``."""
    name = table if "." in table else f"public.{table}"
    with session(dsn, where) as connection:
        found = catalog(connection, name)
        if found is None:
            raise ConfigurationError(f"table {name}", "does not exist here.", fix="Give schema.table.")
        return _document(name, table_of(connection, name, found))


def written(body: Mapping[str, Any]) -> str:
    """A contract as the text of a file."""
    import yaml

    return yaml.dump(dict(body), Dumper=_dumper(), sort_keys=False, allow_unicode=True, width=120)


def _dumper() -> Any:
    """Writes what stands several times each time anew: an anchor is no help to who reads a contract."""
    import yaml

    class Dumper(yaml.SafeDumper):
        def ignore_aliases(self, data: Any) -> bool:
            return True

    return Dumper


def _document(name: str, table: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "v3.2.0",
        "kind": "DataContract",
        "id": name.partition(".")[2],
        "name": name.partition(".")[2],
        "version": "0.1.0",
        "status": "draft",
        "customProperties": [
            {"property": "harness.load", "value": {"mode": "full"}},
            {"property": "harness.malformedRows", "value": {"policy": "reject"}},
        ],
        "schema": [table],
    }


def table_of(connection: psycopg.Connection[Any], name: str, found: Schema) -> dict[str, Any]:
    """A live table as the standard describes it."""
    place = ident(name)
    comments = dict(connection.execute(COMMENTS, [place]).fetchall())
    rows = connection.execute(CONSTRAINTS, [place]).fetchall()
    key: list[str] = next((columns for kind, columns, *_ in rows if kind == "p"), [])
    unique = {columns[0] for kind, columns, *_ in rows if kind == "u" and len(columns) == 1}
    foreign = [
        (columns, _targets(name, home, other, theirs)) for kind, columns, other, home, theirs, _ in rows if kind == "f"
    ]
    allowed = {name: texts for *_, said in rows if said for name, texts in accepted(said).items()}
    singles: dict[str, list[dict[str, Any]]] = {}
    for columns, targets in foreign:
        if len(columns) == 1 and targets:
            singles.setdefault(columns[0], []).append({"to": targets[0], "customProperties": REPORTS})
    known = _Known(comments=comments, key=key, unique=unique, allowed=allowed, singles=singles)
    table: dict[str, Any] = {"name": name.partition(".")[2], "physicalName": name, "physicalType": "table"}
    said = connection.execute(COMMENT, [place]).fetchone()
    if said and said[0]:
        table["description"] = said[0]
    several = [
        {"from": [f"{table['name']}.{column}" for column in columns], "to": targets, "customProperties": REPORTS}
        for columns, targets in foreign
        if len(columns) > 1 and targets and _PLAIN.fullmatch(table["name"]) and all(map(_PLAIN.fullmatch, columns))
    ]
    if several:
        table["relationships"] = several
    return table | {
        "quality": [{"metric": "rowCount", "mustBeGreaterThan": 0}],
        "properties": [known.entry(column) for column in found.columns],
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What the catalog says of a table's columns.

    :param key: columns of the primary key, in its order.
    :param unique: columns that are unique by themselves.
    :param allowed: column -> the texts that a constraint accepts.
    :param singles: column -> the relationships of its own.
    """

    comments: Mapping[str, str]
    key: Sequence[str]
    unique: Set[str]
    allowed: Mapping[str, Sequence[str]]
    singles: Mapping[str, list[dict[str, Any]]]

    def entry(self, column: SchemaColumn) -> dict[str, Any]:
        """The column as the contract describes it."""
        name, kind = column.name, logical(column.type)
        place = self.key.index(name) + 1 if name in self.key else 0
        texts = self.allowed.get(name) if kind == "string" else None
        parts = {
            "description": self.comments.get(name),
            "primaryKey": bool(place),
            "primaryKeyPosition": place,
            "required": not column.nullable,
            "unique": name in self.unique,
            "enum": [{"value": text} for text in texts or ()],
            "relationships": self.singles.get(name),
        }
        said = {part: value for part, value in parts.items() if value}
        return {"name": name, "logicalType": kind, "physicalType": column.type, **said}


def logical(kind: str) -> str:
    """The standard's logical type of a PostgreSQL type.

    >>> logical("numeric(12,2)"), logical("text[]"), logical("uuid")
    ('number', 'array', 'string')
    """
    return "array" if kind.endswith("[]") else LOGICAL.get(base(kind), "string")


def _targets(name: str, home: str, other: str, columns: list[str]) -> list[str]:
    """The referenced columns as the standard writes them; none where a name does not fit its notation."""
    same = home == name.partition(".")[0]
    parts = [other, *columns] if same else [home, other, *columns]
    if not all(_PLAIN.fullmatch(part) for part in parts):
        return []
    return [f"{other}.{column}" if same else f"{home}.{other}.{column}" for column in columns]
