"""What every session on PostgreSQL shares: the catalog's columns, dead clients noticed, statements cancelled."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.sql.authored import subquery
from airflow_provider_harness.adapters.sql.checks import ident, literal
from airflow_provider_harness.core.contracts.schema import Filled, Schema, SchemaColumn
from airflow_provider_harness.core.errors import DatabaseRefused

if TYPE_CHECKING:
    import psycopg

CLIENT_CHECK_SECONDS = 2
"""How often a waiting server looks whether its client still lives; a killed task's statement ends within this time."""

LOCK_SECONDS = 300
"""How long a statement waits for a lock before it gives up, where neither the connection, nor its user or database, sets
``lock_timeout``."""

SOURCE_SECONDS = 6 * 3600
"""How long one statement of a source runs, where neither the connection, nor its user or database, sets ``statement_timeout``."""

SOURCE = f"""
SELECT set_config(name, '{SOURCE_SECONDS}s', false) FROM pg_catalog.pg_settings WHERE name = 'statement_timeout' AND setting = '0'
"""
"""What the session of a source is told: what it reads is an author's query, or his view."""

CATALOG = """
SELECT a.attname, format_type(a.atttypid, a.atttypmod), NOT (a.attnotnull OR (t.typtype = 'd' AND t.typnotnull)),
       row_number() OVER (ORDER BY a.attnum),
       CASE WHEN a.attgenerated <> '' THEN 'generated'
            WHEN a.attidentity = 'a' THEN 'identity always'
            WHEN a.attidentity = 'd' THEN 'identity'
            WHEN a.atthasdef OR t.typdefault IS NOT NULL THEN 'default'
            ELSE '' END
FROM pg_catalog.pg_attribute AS a
JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid
WHERE a.attrelid = to_regclass({table}) AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum
"""

SESSION = f"""
SELECT set_config(name, CASE name WHEN 'lock_timeout' THEN '{LOCK_SECONDS}s'
                                  WHEN 'client_connection_check_interval' THEN '{CLIENT_CHECK_SECONDS}s'
                                  WHEN 'client_encoding' THEN 'UTF8'
                                  WHEN 'quote_all_identifiers' THEN 'off'
                                  WHEN 'standard_conforming_strings' THEN 'on' END, false)
FROM pg_catalog.pg_settings
WHERE name IN ('client_connection_check_interval', 'client_encoding', 'quote_all_identifiers', 'standard_conforming_strings')
   OR (name = 'lock_timeout' AND setting = '0')
"""
"""What every session of ours is told first. A limit that somebody has set himself stays; how text, names of types and literals
are written does not, since ours are read and written in one way."""


class Cancellable:
    """What a task's ``on_kill`` needs: cancel whatever runs on the server now."""

    def __init__(self) -> None:
        self._running: list[Any] = []

    def cancel(self) -> None:
        """Cancel every running statement; the task's own thread then sees an error from its driver."""
        for connection in self._running:
            cancel = connection.adbc_cancel if hasattr(connection, "adbc_cancel") else connection.cancel
            cancel()

    @contextmanager
    def _cancels(self, connection: Any) -> Iterator[Any]:
        self._running.append(connection)
        try:
            yield connection
        finally:
            self._running.remove(connection)


def catalog(connection: psycopg.Connection[Any], table: str) -> Schema | None:
    """The columns of a relation; None if there is no such relation."""
    rows = connection.execute(CATALOG.format(table=literal(ident(table))).encode()).fetchall()
    return catalogued(table, rows) if rows else None


def no_such(table: str, where: str = "") -> DatabaseRefused:
    """What is said of a source that is not there."""
    return DatabaseRefused(
        where or "the source",
        f"{table} does not exist in the source, or has no columns",
        fix="Correct the table's name, or let the connection's user see it.",
        names={"table": table},
    )


def catalogued(table: str, rows: Iterable[Sequence[Any]]) -> Schema:
    """What ``CATALOG`` gives, as a schema."""
    columns = [
        SchemaColumn(name=name, type=kind, nullable=bool(null), position=int(place), filled=Filled(filled))
        for name, kind, null, place, filled in rows
    ]
    return Schema(table=table, columns=tuple(columns))


def described(connection: psycopg.Connection[Any], sql: str, values: Mapping[str, Any] | None = None) -> Schema:
    """The columns of a query, as the server describes them without running it to the end.

    :param values: of the query's parameters.
    """
    asked = f"SELECT * FROM {subquery.relation(sql)} LIMIT 0"
    found = connection.execute(asked.encode(), values, prepare=True)  # so it is one statement
    columns = []
    for place, col in enumerate(found.description or ()):
        typmod = int(found.pgresult.fmod(place)) if found.pgresult else -1
        kind = connection.execute("SELECT format_type(%s, %s)", (col.type_code, typmod)).fetchone()
        columns.append(SchemaColumn(name=col.name, type=str(kind[0]) if kind else "", position=place + 1))
    return Schema(table="query", columns=tuple(columns))


def planned_rows(told: Sequence[Sequence[Any]]) -> int | None:
    """The rows that ``EXPLAIN (FORMAT JSON)`` expects; drivers give its answer as text or as values."""
    answer = told[0][0] if told else None
    plan = json.loads(answer) if isinstance(answer, str) else answer
    return int(plan[0]["Plan"]["Plan Rows"]) if plan else None
