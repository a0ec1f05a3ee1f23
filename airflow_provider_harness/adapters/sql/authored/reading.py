"""Reading what a contract or a Dag asks, on a connection that may write: nothing asked in here can."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import psycopg

STATEMENT_SECONDS = 1800
"""The longest that one statement of a gate runs; a session that has a shorter limit keeps it."""
LOCK_SECONDS = 30
"""The longest that it waits for a lock, likewise."""

_LIMITS = f"""
SELECT set_config('transaction_read_only', 'on', true),
       set_config('idle_in_transaction_session_timeout', '{STATEMENT_SECONDS}s', true),
       set_config(name, CASE WHEN setting::bigint BETWEEN 1 AND most THEN setting ELSE most::text END, true)
FROM (VALUES ('statement_timeout', {STATEMENT_SECONDS * 1000}), ('lock_timeout', {LOCK_SECONDS * 1000})) AS limits (what, most)
JOIN pg_catalog.pg_settings ON name = what
"""
_ALIKE = "set_config('TimeZone', 'UTC', true), set_config('DateStyle', 'ISO, YMD', true), set_config('IntervalStyle', 'postgres', true)"
"""What a rule means depends on no setting of the role's or the database's: it is what other databases take it for."""
_LIMITS_ALIKE = _LIMITS.replace("SELECT ", f"SELECT {_ALIKE}, ", 1)


@contextmanager
def reading(connection: psycopg.Connection[Any], *, alike: bool = False) -> Iterator[None]:
    """A transaction, or a savepoint within the one that is open, in which nothing is written, and which is rolled back.

    PostgreSQL refuses to turn ``transaction_read_only`` off again in a subtransaction, or after a transaction's first query;
    at the end of the savepoint, what was open before goes on as it was, and may write.

    :param alike: in UTC, and with dates as ISO 8601 has them, whatever the session says.
    """
    with connection.transaction(force_rollback=True):
        connection.execute((_LIMITS_ALIKE if alike else _LIMITS).encode())
        yield


def answers(connection: psycopg.Connection[Any], sql: str) -> list[tuple[Any, ...]]:
    """The rows of one statement that only reads, in UTC, whatever zone the session has.

    It is prepared first, so it goes by the extended protocol, in which PostgreSQL takes one statement and no second one.
    """
    with reading(connection, alike=True):
        return connection.execute(sql.encode(), prepare=True).fetchall()
