"""What every session on PostgreSQL shares: the catalog's columns, dead clients noticed, statements cancelled."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.core.schema import Schema, SchemaColumn

from .sql_checks import ident, literal

if TYPE_CHECKING:
    import psycopg

CLIENT_CHECK_SECONDS = 2
"""How often a waiting server looks whether its client still lives; a killed task's statement ends within this time."""

CATALOG = """
SELECT a.attname, format_type(a.atttypid, a.atttypmod), NOT a.attnotnull,
       row_number() OVER (ORDER BY a.attnum)
FROM pg_catalog.pg_attribute AS a
WHERE a.attrelid = to_regclass({table}) AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum
"""

SESSION = f"""
SELECT set_config(name, '{CLIENT_CHECK_SECONDS}s', false)
FROM pg_catalog.pg_settings WHERE name = 'client_connection_check_interval'
"""


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
    columns = tuple(SchemaColumn(name=n, type=t, nullable=u, position=p) for n, t, u, p in rows)
    return Schema(table=table, columns=columns) if columns else None


def described(connection: psycopg.Connection[Any], sql: str, values: Mapping[str, Any] | None = None) -> Schema:
    """The columns of a query, as the server describes them without running it to the end.

    :param values: of the query's parameters.
    """
    asked = f"SELECT * FROM ({sql.strip().rstrip(';')}\n) AS q LIMIT 0"
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
