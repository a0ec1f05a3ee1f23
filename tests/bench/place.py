"""The PostgreSQL that the bench measures on, the table of the baselines, and where a scenario runs."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from airflow_provider_harness.testing.postgres import EmbeddedPostgres, PostgresServer, binaries

TABLES = """
CREATE TABLE public.src (
    id bigint NOT NULL, qty integer NOT NULL, price numeric(12,2) NOT NULL, name text NOT NULL, status text NOT NULL,
    created_at timestamptz NOT NULL, day date NOT NULL, active boolean NOT NULL, score double precision NOT NULL,
    payload jsonb NOT NULL, note text, uid uuid NOT NULL);
CREATE TABLE public.dim AS SELECT n AS id FROM generate_series(0, 9999) AS n;
ANALYZE public.dim
"""
ROWS = """
INSERT INTO public.src
SELECT n, (n * 7919) % 1000, ((n * 104729) % 9999999) / 100.0, substr(md5(n::text), 1, 20),
       (ARRAY['new', 'paid', 'sent', 'done'])[1 + n % 4], timestamptz '2026-01-01 00:00+00' + n * interval '40 milliseconds',
       date '2026-01-01' + (n % 365)::int, n % 3 = 0, ((n * 31) % 10007) / 10007.0,
       jsonb_build_object('n', n, 'tag', 't' || n % 100), (ARRAY['gift', 'rush', 'fragile', NULL, NULL])[1 + n % 5],
       md5('u' || n)::uuid
FROM generate_series({first}::bigint, {last}) AS n;
VACUUM (ANALYZE, FREEZE) public.src
"""
SETTINGS = ("max_wal_size = '4GB'", "checkpoint_timeout = '30min'", "autovacuum = off", "shared_buffers = '512MB'")
"""Checkpoints and vacuums of one scenario would be paid for by the next."""

FIRST_MOMENT, LAST_MOMENT = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)
"""All rows are of one slice between these two, also when there are 20,000,000."""
assert timedelta(days=60) == LAST_MOMENT - FIRST_MOMENT

Timed = Callable[[], int]
"""Does the work that is timed and says how many rows it was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a scenario runs.

    :param dsn: the bench's database.
    :param rows: rows of ``public.src``, or of the part of it that the scenario takes.
    :param folder: for files; those of ``staged`` are there already.
    """

    dsn: str
    rows: int
    folder: Path

    @classmethod
    def here(cls) -> Place:
        """The place that the runner names in the environment."""
        own = os.environ
        return cls(dsn=own["BENCH_DSN"], rows=int(own["BENCH_ROWS"]), folder=Path(own["BENCH_FOLDER"]))

    @property
    def source(self) -> str:
        """The rows to take, as a query."""
        return f"SELECT * FROM public.src WHERE id < {self.rows}"

    @property
    def piece(self) -> Any:
        """All rows as one slice."""
        from airflow_provider_harness.core.slices.slices import Slice

        return Slice(id="all", start=FIRST_MOMENT, end=LAST_MOMENT)

    def execute(self, sql: str) -> list[tuple[Any, ...]]:
        """Statements in the bench's database."""
        import psycopg

        with psycopg.connect(self.dsn, autocommit=True) as connection:
            cursor = connection.execute(sql.encode())
            return cursor.fetchall() if cursor.description else []

    def fresh(self, table: str, *, partitioned: bool = False, unlogged: bool = False) -> None:
        """An empty table like the source; partitioned by the slice's column, with the slice's partition, if wanted."""
        self.execute(f"DROP TABLE IF EXISTS {table}")
        parts = " PARTITION BY RANGE (created_at)" if partitioned else ""
        self.execute(f"CREATE {'UNLOGGED ' if unlogged else ''}TABLE {table} (LIKE public.src){parts}")
        if partitioned:
            bounds = f"FROM ('{FIRST_MOMENT}') TO ('{LAST_MOMENT}')"
            self.execute(f"CREATE TABLE {table}_all PARTITION OF {table} FOR VALUES {bounds}")

    def psql(self, sql: str, rest: str = "") -> int:
        """A statement by the wheel's ``psql``, with a redirection or a pipe behind it."""
        command = f"set -o pipefail; {self.psql_command(sql)} {rest}"
        subprocess.run(command, shell=True, check=True, executable="/bin/bash")
        return self.rows

    def psql_command(self, sql: str) -> str:
        """``psql`` with one statement, for a shell."""
        return f'"{binaries() / "psql"}" -X -q -v ON_ERROR_STOP=1 -c "{sql}" "{self.dsn}"'


@contextmanager
def server(home: Path) -> Iterator[PostgresServer]:
    """A server of its own with an empty database ``bench``."""
    embedded = EmbeddedPostgres(home / "pg")
    with embedded, embedded.server.connect() as connection:
        for setting in SETTINGS:
            connection.execute(f"ALTER SYSTEM SET {setting}".encode())
    with embedded:  # once more: some settings need a start
        embedded.server.ensure_database("bench")
        yield embedded.server


def fill(server: PostgresServer, rows: int) -> None:
    """Let ``public.src`` have so many rows; what is there already stays."""
    with server.connect("bench") as connection:
        if connection.execute("SELECT to_regclass('public.src')").fetchone() == (None,):
            for statement in TABLES.split(";\n"):
                connection.execute(statement.encode())
        [(there,)] = connection.execute("SELECT count(*) FROM public.src").fetchall()
        if there < rows:
            for statement in ROWS.format(first=there, last=rows - 1).split(";\n"):
                connection.execute(statement.encode())


def drop(server: PostgresServer, table: str) -> None:
    """Give back the space of a table."""
    with server.connect("bench") as connection:
        connection.execute(f"DROP TABLE IF EXISTS {table}".encode())
