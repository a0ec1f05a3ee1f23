"""What a PostgreSQL server itself says of locks, connections and sizes, asked right after a failure: in one short transaction that only reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.sql.authored.whose import refuse_store
from airflow_provider_harness.core.diagnosis.diagnosis import Category
from airflow_provider_harness.core.diagnosis.evidence import Fact, Observation, Source

if TYPE_CHECKING:
    import psycopg

SECONDS = 4
"""The longest that connecting takes, and that one question takes."""
MOST = 5
"""Sessions and tablespaces that are named."""

_LIMITS = f"""
SELECT set_config('transaction_read_only', 'on', true), set_config('statement_timeout', '{SECONDS}s', true),
       set_config('lock_timeout', '1s', true), set_config('search_path', 'pg_catalog', true)
"""
_BLOCKED = """
SELECT count(DISTINCT w.pid) FROM pg_catalog.pg_locks AS w WHERE NOT w.granted
"""
_HOLDERS = """
WITH waits AS (SELECT DISTINCT pid FROM pg_catalog.pg_locks WHERE NOT granted),
blocks AS (SELECT DISTINCT holder.pid FROM waits CROSS JOIN LATERAL unnest(pg_catalog.pg_blocking_pids(waits.pid)) AS holder (pid)),
held AS (
  SELECT l.pid, string_agg(DISTINCT n.nspname || '.' || c.relname, ', ') AS tables
  FROM pg_catalog.pg_locks AS l
  JOIN pg_catalog.pg_class AS c ON c.oid = l.relation
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  WHERE l.granted AND l.locktype = 'relation' AND c.relkind IN ('r', 'p', 'm') AND n.nspname <> 'pg_catalog'
    AND l.mode NOT IN ('AccessShareLock', 'RowShareLock')
    AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
  GROUP BY l.pid
)
SELECT a.pid, extract(epoch FROM now() - a.xact_start)::bigint AS seconds, a.state, a.usename, a.application_name, held.tables,
       a.pid IN (SELECT pid FROM blocks) AS blocks
FROM pg_catalog.pg_stat_activity AS a LEFT JOIN held ON held.pid = a.pid
WHERE a.pid <> pg_catalog.pg_backend_pid() AND (held.pid IS NOT NULL OR a.pid IN (SELECT pid FROM blocks))
ORDER BY a.xact_start NULLS LAST, a.pid
"""
_CONNECTIONS = """
SELECT count(*), count(*) FILTER (WHERE a.usename = current_user),
       current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
FROM pg_catalog.pg_stat_activity AS a WHERE a.datid IS NOT NULL AND a.pid <> pg_catalog.pg_backend_pid()
"""
_SIZES = """
SELECT pg_catalog.pg_database_size(current_database()), t.spcname,
       CASE WHEN pg_catalog.has_tablespace_privilege(t.oid, 'CREATE') THEN pg_catalog.pg_tablespace_size(t.oid) END
FROM pg_catalog.pg_tablespace AS t WHERE t.spcname <> 'pg_global' ORDER BY t.spcname
"""

Found = tuple[dict[str, Fact], list[Observation]]


def ask(dsn: str, name: str, category: Category, named: Callable[[str], bool]) -> Found:
    """What the server says that bears on a cause: facts, which are numbers, and what is shown of them.

    :param dsn: libpq connection string.
    :param name: the connection in words, for errors.
    :param category: one of ``ASKED``.
    :param named: whether the failure names this table; of the sessions that hold locks, those count that hold one on such a table,
        and those that block others.
    :raises psycopg.Error: it does not answer.
    """
    import psycopg
    from psycopg.conninfo import make_conninfo

    bounded = make_conninfo(dsn, connect_timeout=SECONDS, application_name="harness looks at the server")
    with psycopg.connect(bounded, autocommit=True) as connection, connection.transaction(force_rollback=True):
        connection.execute(_LIMITS.encode())
        refuse_store(lambda asked: connection.execute(asked.encode()).fetchall(), name)
        return ASKED[category](connection, named)


def _locks(connection: psycopg.Connection[Any], named: Callable[[str], bool]) -> Found:
    [(waiting,)] = connection.execute(_BLOCKED).fetchall()
    rows = [
        row for row in connection.execute(_HOLDERS).fetchall() if row[-1] or any(map(named, (row[5] or "").split(", ")))
    ]
    longest = max((int(row[1]) for row in rows if row[1] is not None), default=0)
    facts: dict[str, Fact] = {"lock_waiters": int(waiting), "lock_held_seconds": longest}
    if not rows:
        return facts, [_fact(f"no session holds a lock on what is named, and {waiting} session(s) wait for a lock now")]
    seen = [
        _fact(
            f"{len(rows)} session(s) hold locks there or block others now, the longest for {_time(longest)}; {waiting} wait(s)"
        )
    ]
    return facts, seen + [_text(_session(*row)) for row in rows[:MOST]]


def _session(
    pid: int,
    seconds: int | None,
    state: str | None,
    user: str | None,
    application: str | None,
    tables: str | None,
    blocks: bool,
) -> str:
    known = (
        f"pid {pid}{', blocks others' if blocks else ''}",
        f"in a transaction for {_time(seconds)}" if seconds is not None else "",
        state or "",
        f"user {user}" if user else "",
        f"application {application}" if application else "",
        f"locks {tables}" if tables else "",
    )
    return ", ".join(filter(None, known))


def _connections(connection: psycopg.Connection[Any], _named: Callable[[str], bool]) -> Found:
    [(used, own, most)] = connection.execute(_CONNECTIONS).fetchall()
    facts: dict[str, Fact] = {"connections_used": used, "connections_own": own, "connections_most": most}
    return facts, [_fact(f"{used} of {most} connections are in use now, {own} of them by the same user")]


def _sizes(connection: psycopg.Connection[Any], _named: Callable[[str], bool]) -> Found:
    rows = connection.execute(_SIZES).fetchall()
    facts: dict[str, Fact] = {"database_bytes": int(rows[0][0])}
    spaces = [f"tablespace {name} {_size(size)}" for _, name, size in rows if size is not None]
    return facts, [_fact(f"the database has {_size(rows[0][0])}"), *map(_text, spaces[:MOST])]


#: Cause -> what is asked because of it. A statement that ran past its time may have waited for a lock.
ASKED: Mapping[Category, Callable[[Any, Callable[[str], bool]], Found]] = {
    Category.LOCK_CONTENTION: _locks,
    Category.TIMEOUT: _locks,
    Category.RESOURCE_EXHAUSTED_CONNECTIONS: _connections,
    Category.RESOURCE_EXHAUSTED_DISK: _sizes,
    Category.OUT_OF_DISK_OR_STORAGE_QUOTA: _sizes,
}


def _fact(text: str) -> Observation:
    return Observation(source=Source.WAREHOUSE, text=f"the server says: {text}", trusted=True)


def _text(text: str) -> Observation:
    """With names in it that somebody gave."""
    return Observation(source=Source.WAREHOUSE, text=f"the server says: {text}")


def _time(seconds: int) -> str:
    return str(timedelta(seconds=int(seconds)))


def _size(size: int) -> str:
    return f"{int(size) / 1_000_000:,.0f} MB"
