"""How every session on PostgreSQL begins: told what it must know, watched while it waits, its errors in our words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from .pg_catalog import SESSION
from .pg_errors import translated
from .pg_locks import Waiting

if TYPE_CHECKING:
    import psycopg


@contextmanager
def session(dsn: str, name: str = "", **options: Any) -> Iterator[psycopg.Connection[Any]]:
    """A connection of psycopg; in autocommit, unless the options say otherwise.

    :param dsn: libpq connection string.
    :param name: the connection in words, for errors.
    """
    import psycopg

    waiting = Waiting(dsn, name)
    with (
        translated(name, waiting.holders),
        psycopg.connect(dsn, **({"autocommit": True} | options)) as connection,
        waiting.watching(connection.info.backend_pid),
    ):
        connection.execute(SESSION)
        yield connection


def told_of(connection: Any) -> int:
    """Tell a connection of ADBC what every session is told; the id of its server process."""
    with connection.cursor() as cursor:
        cursor.execute(SESSION)
        cursor.fetchall()
        cursor.execute("SELECT pg_backend_pid()")
        found = cursor.fetchone()
        cursor.fetchall()
    return int(found[0])
