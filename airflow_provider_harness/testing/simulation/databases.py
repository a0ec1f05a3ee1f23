"""The databases of a simulation: one a connection, on one embedded PostgreSQL, into which rows arrive by a script."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.testing.simulation.script import Arrival, Script, Statement

if TYPE_CHECKING:
    import psycopg

    from airflow_provider_harness.testing.postgres import PostgresServer

CLOSED_PORT = 1
"""A TCP port on which nobody listens: where a connection leads while its database is down."""
_OWN_TIMES = ("quarantined_at", "released_at")
"""Columns of a quarantine that the server's own clock fills."""
_BEGINNING = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table as it stands, each value as PostgreSQL writes it, sorted by its rows."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str | None]]


class Databases:
    """What the Dag's connections lead to.

    :param prefix: of the databases' names, so that two simulations on one server do not meet.
    :param connections: ids of the connections that have a database.
    """

    def __init__(self, server: PostgresServer, prefix: str, script: Script, connections: Sequence[str]) -> None:
        self.server, self._prefix, self._script = server, prefix, script
        self.connections = tuple(sorted(connections))
        events: list[Arrival | Statement] = [*script.arrivals, *script.statements]
        self._coming = sorted(events, key=lambda one: one.at or _BEGINNING)  # stable: in the files' order
        self._fed = {f"{one.conn_id}/{one.table}" for one in script.arrivals}
        self.outages = list(script.outages)
        self._open: dict[str, psycopg.Connection[Any]] = {}
        self._done = 0

    def __enter__(self) -> Databases:
        for conn_id in self.connections:
            self.server.drop_database(self.name(conn_id))
            self.server.ensure_database(self.name(conn_id))
            self._open[conn_id] = self.server.connect(self.name(conn_id))
        return self

    def __exit__(self, *_: object) -> None:
        for conn_id, connection in self._open.items():
            connection.close()
            self.server.drop_database(self.name(conn_id))

    def expect(self, events: Sequence[Arrival | Statement]) -> None:
        """Let these happen, too, each in its time."""
        coming = [*self._coming[self._done :], *events]
        self._coming[self._done :] = sorted(coming, key=lambda one: one.at or _BEGINNING)
        self._fed |= {f"{one.conn_id}/{one.table}" for one in events if isinstance(one, Arrival)}

    def pass_to(self, at: datetime) -> None:
        """Let everything happen that happens up to a moment.

        :raises ConfigurationError: a row or a statement was refused; its place is named.
        """
        while self._done < len(self._coming) and (self._coming[self._done].at or at) <= at:
            self._happen(self._coming[self._done])
            self._done += 1

    def run(self, conn_id: str, sql: str, *given: Any) -> list[tuple[Any, ...]]:
        """Run SQL in the database of a connection; what it gives."""
        cursor = self._open[conn_id].execute(sql.encode(), given or None)
        return cursor.fetchall() if cursor.description else []

    def connection(self, conn_id: str, now: datetime) -> dict[str, Any] | None:
        """Airflow's connection of this id at a moment; None where it has no database."""
        if conn_id not in self._open:
            return None
        down = any(one.conn_id == conn_id and one.start <= now < one.end for one in self.outages)
        return {
            "conn_id": conn_id,
            "conn_type": "postgres",
            "host": self.server.host,
            "port": CLOSED_PORT if down else self.server.port,
            "login": self.server.user,
            "password": self.server.password,
            "schema": self.name(conn_id),
            "extra": None,
        }

    def tables(self, *, every: bool = False) -> dict[str, Table]:
        """``connection/schema.table`` -> the table.

        :param every: also those that events fill.
        """
        found = {name: table for conn_id in self.connections for name, table in self._tables(conn_id)}
        return {name: table for name, table in found.items() if every or name not in self._fed}

    def _tables(self, conn_id: str) -> Iterator[tuple[str, Table]]:
        names = self.run(
            conn_id,
            "SELECT table_schema, table_name FROM information_schema.tables WHERE table_type = 'BASE TABLE'"
            " AND table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2",
        )
        for schema, name in names:
            yield f"{conn_id}/{schema}.{name}", self._table(conn_id, schema, name)

    def _table(self, conn_id: str, schema: str, name: str) -> Table:
        from psycopg import sql

        columns = [
            column
            for (column,) in self.run(
                conn_id,
                "SELECT column_name FROM information_schema.columns WHERE table_schema = %s AND table_name = %s"
                " ORDER BY ordinal_position",
                schema,
                name,
            )
            if f"{conn_id}/{schema}.{name}.{column}" not in self._script.hide
            and not (name.endswith("__quarantine") and column in _OWN_TIMES)
        ]
        texts = [sql.SQL("{}::text").format(sql.Identifier(column)) for column in columns]
        query = sql.SQL("SELECT {} FROM {}").format(sql.SQL(", ").join(texts), sql.Identifier(schema, name))
        rows = [tuple(row) for row in self._open[conn_id].execute(query)]
        return Table(
            columns=columns, rows=sorted(rows, key=lambda row: [(value is None, value or "") for value in row])
        )

    def _happen(self, event: Arrival | Statement) -> None:
        import psycopg

        connection = self._open[event.conn_id]
        try:
            if isinstance(event, Statement):
                connection.execute(event.sql.encode())
            else:
                connection.execute(*_insert(event.table, event.row))
        except psycopg.Error as error:
            raise ConfigurationError(
                event.place, f"was refused by PostgreSQL: {' '.join(str(error).split())}."
            ) from error

    def name(self, conn_id: str) -> str:
        """The database of a connection."""
        return f"{self._prefix}_{conn_id}"[:63]


def _insert(table: str, row: Mapping[str, str | None]) -> tuple[Any, Sequence[str | None]]:
    from psycopg import sql

    names, values = [sql.Identifier(name) for name in row], [sql.Placeholder()] * len(row)
    query = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
        sql.Identifier(*table.split(".")), sql.SQL(", ").join(names), sql.SQL(", ").join(values)
    )
    return query, tuple(row.values())
