"""For whom a session on PostgreSQL waits: seen from outside, since a session that waits cannot say it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

log = logging.getLogger(__name__)

LOOKS = (2, 3, 5)
"""Seconds before the first looks; after these, as long as the last one each time."""

_HOLDERS = """
SELECT b.pid, b.application_name, b.usename, b.xact_start, b.query_start, b.state
FROM pg_catalog.pg_stat_activity AS a
CROSS JOIN LATERAL unnest(pg_catalog.pg_blocking_pids(a.pid)) AS holder (pid)
LEFT JOIN pg_catalog.pg_stat_activity AS b ON b.pid = holder.pid
WHERE a.pid = %s AND a.wait_event_type = 'Lock'
ORDER BY b.xact_start NULLS LAST, b.pid
"""


class Waiting:
    """Says in the log for whom a session waits, and remembers it for the error that may follow.

    Each look has a connection of its own, for milliseconds; a session that ends within two seconds is never looked at.

    :param dsn: libpq connection string.
    :param where: the connection, in words.
    """

    def __init__(self, dsn: str, where: str = "") -> None:
        self._dsn, self._where = dsn, where or "the database"
        self._holders: tuple[str, ...] = ()
        self._told = ""

    def holders(self) -> tuple[str, ...]:
        """Who held the lock at the last look at which the session waited."""
        return self._holders

    @contextmanager
    def watching(self, pid: int) -> Iterator[None]:
        """Look from time to time while this thread works.

        :param pid: of the session's server process.
        """
        over = threading.Event()
        watcher = threading.Thread(target=self._watch, args=(pid, over), name="harness-locks", daemon=True)
        watcher.start()
        try:
            yield
        finally:
            over.set()
            watcher.join()

    def _watch(self, pid: int, over: threading.Event) -> None:
        import psycopg

        number = 0
        while not over.wait(LOOKS[min(number, len(LOOKS) - 1)]):
            number += 1
            try:
                self._look(pid)
            except psycopg.Error as error:
                log.info("%s: the holder of a lock cannot be read: %s", self._where, type(error).__name__)
                return

    def _look(self, pid: int) -> None:
        import psycopg

        with psycopg.connect(self._dsn, autocommit=True) as connection:
            found = connection.execute(_HOLDERS, (pid,)).fetchall()
        if not found:
            return
        self._holders = tuple(_sentence(*row) for row in found)
        told = "; ".join(self._holders)
        if told != self._told:
            log.warning("%s: waits for a lock held by %s", self._where, told)
        else:
            log.info("%s: still waits for a lock held by %s", self._where, told)
        self._told = told


def _sentence(
    pid: int | None, application: str | None, user: str | None, since: object, query: object, state: object
) -> str:
    if pid is None:
        return "a prepared transaction"
    known = [f"application {application}" if application else "", f"user {user}" if user else ""]
    known += [
        f"in a transaction since {_moment(since)}" if since else "",
        f"query began {_moment(query)}" if query else "",
    ]
    known += [str(state) if state else ""]
    return f"pid {pid} ({', '.join(filter(None, known)) or 'whom this user may not see'})"


def _moment(moment: object) -> str:
    return str(moment).partition(".")[0] + str(moment)[-6:] if "." in str(moment) else str(moment)
