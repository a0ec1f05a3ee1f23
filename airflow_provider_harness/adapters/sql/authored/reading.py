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


@contextmanager
def reading(connection: psycopg.Connection[Any]) -> Iterator[None]:
    """A transaction, or a savepoint within the one that is open, in which nothing is written, and which is rolled back.

    PostgreSQL refuses to turn ``transaction_read_only`` off again in a subtransaction, or after a transaction's first query;
    at the end of the savepoint, what was open before goes on as it was, and may write.
    """
    with connection.transaction(force_rollback=True):
        connection.execute(_LIMITS.encode())
        yield


def answers(connection: psycopg.Connection[Any], sql: str) -> list[tuple[Any, ...]]:
    """The rows of one statement that only reads.

    It is prepared first, so it goes by the extended protocol, in which PostgreSQL takes one statement and no second one.
    """
    with reading(connection):
        return connection.execute(sql.encode(), prepare=True).fetchall()
