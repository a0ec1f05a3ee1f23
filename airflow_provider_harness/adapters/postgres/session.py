"""How every session on PostgreSQL begins: told what it must know, watched while it waits, its errors in our words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.postgres.catalog import SESSION
from airflow_provider_harness.adapters.postgres.errors import translated
from airflow_provider_harness.adapters.postgres.locks import Waiting
from airflow_provider_harness.adapters.sql.authored.reading import reading
from airflow_provider_harness.adapters.sql.authored.whose import refuse_store

if TYPE_CHECKING:
    import psycopg


@contextmanager
def session(
    dsn: str, name: str = "", *, writes: bool = False, watched: bool = True
) -> Iterator[psycopg.Connection[Any]]:
    """A connection of psycopg, in one transaction that only reads, within limits of time, and is rolled back.

    What is read may call what an author wrote, so whoever writes says so: loads, and what releases rows from quarantine.

    :param dsn: libpq connection string.
    :param name: the connection in words, for errors.
    :param writes: in autocommit instead, with what the connection's role may do.
    :param watched: say for whom it waits; not worth it for one that is kept open for questions of milliseconds.
    """
    import psycopg

    waiting = Waiting(dsn, name)
    with (
        translated(name, waiting.holders),
        psycopg.connect(dsn, autocommit=True) as connection,
        waiting.watching(connection.info.backend_pid) if watched else nullcontext(),
    ):
        connection.execute(SESSION)
        refuse_store(lambda asked: connection.execute(asked.encode()).fetchall(), name)
        with nullcontext() if writes else reading(connection):
            yield connection


@contextmanager
def carrier(dsn: str, name: str = "") -> Iterator[Any]:
    """A connection of ADBC. It asks for the names of functions as it connects, and knows no quoted ones: where the role or the
    database has ``quote_all_identifiers = on``, this connection begins without it.

    :param name: the connection in words, for errors.
    """
    from adbc_driver_postgresql import dbapi
    from psycopg.conninfo import conninfo_to_dict, make_conninfo

    connection = dbapi.connect(dsn)
    if _quotes(connection):
        connection.close()
        given = str(conninfo_to_dict(dsn).get("options") or "")
        connection = dbapi.connect(make_conninfo(dsn, options=f"{given} -c quote_all_identifiers=off".strip()))
    with connection:
        refuse_store(lambda asked: _rows(connection, asked), name)
        yield connection


def _quotes(connection: Any) -> bool:
    """Whether names come quoted; the driver does not know even the type of the answer then."""
    [(found,)] = _rows(connection, "SELECT current_setting('quote_all_identifiers')::boolean")
    return found not in (False, b"\0")


def _rows(connection: Any, asked: str) -> list[tuple[Any, ...]]:
    """The answer to one question, in a transaction of its own."""
    with connection.cursor() as cursor:
        cursor.execute(asked)
        found = list(cursor.fetchall())
    connection.rollback()
    return found


def told_of(connection: Any) -> int:
    """Tell a connection of ADBC what every session is told; the id of its server process."""
    with connection.cursor() as cursor:
        cursor.execute(SESSION)
        cursor.fetchall()
        cursor.execute("SELECT pg_backend_pid()")
        found = cursor.fetchone()
        cursor.fetchall()
    return int(found[0])
