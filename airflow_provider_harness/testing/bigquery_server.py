"""The BigQuery stand-in's own program: local-bigquery 0.4.0 without the DuckDB extensions that it would download.

``testing/bigquery.py`` runs this file with the Python of the stand-in's own environment, so it imports nothing of the
harness. As shipped, local-bigquery keeps tables in DuckLake and takes ``table$20130101`` for a table of that name; here
they are in plain DuckDB files, and a partition decorator means the partition. It depends on the insides of that one
version, which ``requirements-bigquery.lock`` pins.
"""

from __future__ import annotations

import contextlib
import contextvars
import functools
import re
import sys
import threading
import time
from typing import Any

import duckdb

PARTITION = re.compile(r"^(.+)\$(\d{4}|\d{6}|\d{8}|\d{10})$")
FORMATS = {4: "%Y", 6: "%Y%m", 8: "%Y%m%d", 10: "%Y%m%d%H"}
"""Digits of a decorator -> how the partition's column is written to be compared with it."""

_partition: contextvars.ContextVar[tuple[tuple[str, str, str], str] | None] = contextvars.ContextVar(
    "partition", default=None
)
"""The table and the decorator that the job under way named as its destination."""


def plain_connect(connect: Any) -> Any:
    """``duckdb.connect`` that sets the time zone once it is open: as a setting to start with, it asks for a download."""

    def opened(*arguments: Any, config: Any = None, **named: Any) -> Any:
        settings = dict(config or {})
        zone = settings.pop("TimeZone", None)
        connection = connect(*arguments, config=settings, **named)
        if zone:
            connection.execute(f"SET TimeZone = '{zone}'")
        return connection

    return opened


def plain_files(database: Any) -> None:
    """Keep each project in a DuckDB file of its own instead of DuckLake."""

    def attach(connection: Any, project: str) -> None:
        path = database.settings.data_dir / f"{project}.duckdb"
        connection.execute(f"ATTACH IF NOT EXISTS '{path}' AS {database.quote(project)}")
        database._attached.add(project)

    @functools.cache
    def connect() -> Any:
        settings = database.settings
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        connection = duckdb.connect(config={"TimeZone": "UTC"})
        connection.execute(f"ATTACH '{settings.data_dir / 'emulator.duckdb'}' AS emulator")
        connection.execute(database.EMULATOR_SCHEMA)
        connection.execute("ATTACH ':memory:' AS bq")
        database.native.register(connection)
        for path in database.FUNCTIONS:
            if path.stem != "geography":  # needs an extension
                connection.execute(database.MACRO.sub(r"CREATE MACRO bq.main.\1", path.read_text()))
        attach(connection, settings.default_project_id)
        home = database.quote(settings.default_project_id, settings.default_dataset_id)
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {home}")
        return connection

    def projects() -> list[str]:
        database.connection()  # opens the default project, if nothing has yet
        return sorted(database._attached)

    database._attach, database._connect, database.projects = attach, connect, projects


def decorators(database: Any, tables: Any, metadata: Any, table_model: Any, error: Any) -> None:
    """Let a job whose destination is ``table$YYYYMMDD`` replace, or append to, that partition and no other row."""
    reference_of, write_all = tables.reference, tables.write

    def reference(table: Any) -> tuple[str, str, str]:
        project, dataset, name = reference_of(table)
        if found := PARTITION.match(name):
            name = found[1]
            _partition.set(((project, dataset, name), found[2]))
        return project, dataset, name

    def write(
        cursor: Any,
        query: str,
        params: Any,
        target: Any,
        config: Any,
        default: str = "WRITE_EMPTY",
        prefix: str = "Invalid schema update. ",
        isolated: bool = False,
    ) -> Any:
        named = _partition.get()
        if named is None or named[0] != tuple(target):
            return write_all(cursor, query, params, target, config, default, prefix, isolated)
        _partition.set(None)
        stored = metadata.load(table_model, *target)
        partitioning = stored and stored.timePartitioning
        if not (partitioning and partitioning.field):
            raise error("invalid", "a partition decorator needs a table that is partitioned by a column")
        place = f"strftime({database.quote(partitioning.field)}, '{FORMATS[len(named[1])]}') = '{named[1]}'"
        [(strange,)] = cursor.sql(
            f"SELECT count(*) FROM ({query}) WHERE ({place}) IS NOT TRUE", params=params
        ).fetchall()
        if strange:
            full = f"{target[0]}:{target[1]}.{target[2]}${named[1]}"
            raise error("invalid", f"Some rows belong to different partitions rather than destination partition {full}")
        relation, wanted = tables.name(*target), config.writeDisposition or default
        if wanted == "WRITE_EMPTY" and cursor.sql(f"SELECT 1 FROM {relation} WHERE {place} LIMIT 1").fetchall():
            raise error("duplicate", f"Already Exists: Table {target[0]}:{target[1]}.{target[2]}")
        cursor.execute("BEGIN")
        try:
            if wanted == "WRITE_TRUNCATE":
                cursor.execute(f"DELETE FROM {relation} WHERE {place}")
            append = config.model_copy(update={"writeDisposition": "WRITE_APPEND"})
            written = write_all(cursor, query, params, target, append, default, prefix, False)
            cursor.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(duckdb.Error):
                cursor.execute("ROLLBACK")
            raise
        return written

    tables.reference, tables.write = reference, write


def plain_bytes(load: Any, types: Any, quote: Any) -> None:
    """Take BYTES from Parquet as they are; as shipped, they are decoded as if the file were text."""
    project = load._projection

    def projection(config: Any, fields: Any, columns: Any) -> Any:
        if config.sourceFormat != "PARQUET" or not fields or config.hivePartitioningOptions:
            return project(config, fields, columns)
        casts = [f"CAST({quote(one.name)} AS {types.duckdb_type(one)}) AS {quote(one.name)}" for one in fields]
        return ", ".join(casts), "false"

    load._projection = projection


def one_at_a_time(runner: Any, tables: Any) -> None:
    """Of two jobs with one id at the same moment the second is a duplicate, not an error; tables wait for each other."""
    submit, lock = runner.submit, threading.Lock()

    def submitted(*arguments: Any, **named: Any) -> Any:
        with lock:
            return submit(*arguments, **named)

    def patient(change: Any) -> Any:
        def changed(*arguments: Any) -> Any:
            for wait in (0.05, 0.1, 0.2, 0.4, 0.8):
                try:
                    return change(*arguments)
                except duckdb.TransactionException:
                    time.sleep(wait)
            return change(*arguments)

        return changed

    runner.submit, tables.create, tables.delete = submitted, patient(tables.create), patient(tables.delete)


def main() -> int:
    """Serve, with local-bigquery's own command line."""
    duckdb.connect = plain_connect(duckdb.connect)
    from local_bigquery.catalog import metadata, tables
    from local_bigquery.cli import main as serve
    from local_bigquery.engine import database, types
    from local_bigquery.errors import BigQueryError
    from local_bigquery.jobs import load, runner
    from local_bigquery.models import Table

    plain_files(database)
    decorators(database, tables, metadata, Table, BigQueryError)
    plain_bytes(load, types, database.quote)
    one_at_a_time(runner, tables)
    return int(serve() or 0)


if __name__ == "__main__":
    sys.exit(main())
