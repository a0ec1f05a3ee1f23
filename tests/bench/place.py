"""The PostgreSQL that the bench measures on, with the table of the baselines and what it is loaded into."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from airflow_provider_harness.testing.postgres import EmbeddedPostgres, PostgresServer

SOURCE = """
CREATE TABLE public.src (
    id bigint NOT NULL, qty integer NOT NULL, price numeric(12,2) NOT NULL, name text NOT NULL, status text NOT NULL,
    created_at timestamptz NOT NULL, day date NOT NULL, active boolean NOT NULL, score double precision NOT NULL,
    payload jsonb NOT NULL, note text, uid uuid NOT NULL);
INSERT INTO public.src
SELECT n, (n * 7919) % 1000, ((n * 104729) % 9999999) / 100.0, substr(md5(n::text), 1, 20),
       (ARRAY['new', 'paid', 'sent', 'done'])[1 + n % 4], timestamptz '2026-01-01 00:00+00' + n * interval '40 milliseconds',
       date '2026-01-01' + (n % 365)::int, n % 3 = 0, ((n * 31) % 10007) / 10007.0,
       jsonb_build_object('n', n, 'tag', 't' || n % 100), (ARRAY['gift', 'rush', 'fragile', NULL, NULL])[1 + n % 5],
       md5('u' || n)::uuid
FROM generate_series(0::bigint, {last}) AS n;
CREATE TABLE public.dim AS SELECT n AS id FROM generate_series(0, 9999) AS n;
VACUUM (ANALYZE, FREEZE) public.src;
ANALYZE public.dim;
"""
SETTINGS = ("max_wal_size = '4GB'", "checkpoint_timeout = '30min'", "autovacuum = off")
"""Checkpoints and vacuums of one scenario would be paid for by the next."""


@contextmanager
def place(home: Path, rows: int) -> Iterator[PostgresServer]:
    """A server of its own with ``public.src`` of so many rows."""
    with EmbeddedPostgres(home / "pg") as embedded:
        server = embedded.server
        with server.connect() as connection:
            for setting in SETTINGS:
                connection.execute(f"ALTER SYSTEM SET {setting}".encode())
            connection.execute("SELECT pg_reload_conf()")
        server.ensure_database("bench")
        fill(server, rows)
        yield server


def fill(server: PostgresServer, rows: int) -> None:
    """The table of the baselines, anew."""
    with server.connect("bench") as connection:
        connection.execute("DROP TABLE IF EXISTS public.src, public.dim")
        for statement in SOURCE.replace("{last}", str(rows - 1)).split(";\n"):
            if statement.strip():
                connection.execute(statement.encode())
