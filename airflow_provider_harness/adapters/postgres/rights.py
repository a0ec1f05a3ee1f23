"""What the role of a connection may do to a PostgreSQL database beyond reading it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from airflow_provider_harness.adapters.postgres.session import session

NAMED = 3
"""Tables that are told by name."""

_WRITES = """
SELECT count(*) OVER (), quote_ident(n.nspname) || '.' || quote_ident(c.relname)
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'f') AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
  AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')
ORDER BY 2 LIMIT %s
"""
_BEYOND = """
SELECT g.rolname FROM pg_catalog.pg_roles g
WHERE g.rolname IN ('pg_read_server_files', 'pg_write_server_files', 'pg_execute_server_program', 'pg_signal_backend',
 'pg_write_all_data') AND pg_has_role(g.oid, 'MEMBER') ORDER BY 1
"""
_ROLE = "SELECT rolname, rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user"


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """A role that may do more than read.

    :param superuser: it may do everything on the server; then nothing else is said of it.
    :param tables: how many it may write.
    :param named: some of them.
    :param beyond: roles of the server of which it is a member, and by which it reaches files, programs or other sessions.
    """

    role: str
    superuser: bool = False
    tables: int = 0
    named: tuple[str, ...] = ()
    beyond: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.superuser:
            return f"{self.role} is a superuser"
        more = ", ..." if self.tables > len(self.named) else ""
        tables = f"may write {self.tables} table(s) ({', '.join(self.named)}{more})" if self.tables else ""
        beyond = f"may do what {', '.join(self.beyond)} may" if self.beyond else ""
        return f"{self.role} {' and '.join(filter(None, (tables, beyond)))}"


def writer(dsn: str, name: str = "") -> Writer | None:
    """What the role of a connection may do beyond reading; None where it can only read.

    :param dsn: libpq connection string.
    :param name: the connection in words, for errors.
    """
    with session(dsn, name) as connection:
        role, superuser = _first(connection.execute(_ROLE))
        tables = connection.execute(_WRITES, (NAMED,)).fetchall()
        beyond = tuple(str(row[0]) for row in connection.execute(_BEYOND))
    if superuser:
        return Writer(role=role, superuser=True)
    if not tables and not beyond:
        return None
    return Writer(
        role=role, tables=tables[0][0] if tables else 0, named=tuple(str(row[1]) for row in tables), beyond=beyond
    )


def _first(found: Any) -> tuple[str, bool]:
    [(role, superuser)] = found.fetchall()
    return str(role), bool(superuser)


_HAS = """
SELECT CASE WHEN %(right)s = 'CREATE' THEN has_schema_privilege(n.oid, 'CREATE')
            WHEN NOT has_schema_privilege(n.oid, 'USAGE') THEN false
            WHEN to_regclass(%(table)s) IS NULL THEN NULL
            ELSE has_table_privilege(to_regclass(%(table)s), %(right)s) END
FROM pg_catalog.pg_namespace n WHERE n.nspname = coalesce(nullif(%(schema)s, ''), current_schema())
"""


def missing(connection: Any, wanted: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """The rights that the role of a session lacks.

    :param wanted: table and right: ``SELECT``, ``INSERT``, ``UPDATE``, ``DELETE``, ``TRUNCATE``, or ``CREATE`` in the table's schema. A table
        that is not there lacks none.
    """
    lacking = []
    for table, right in wanted:
        schema = table.rpartition(".")[0]
        found = connection.execute(_HAS, {"table": table, "right": right, "schema": schema}).fetchone()
        if found is not None and found[0] is False:
            lacking.append((table, right))
    return tuple(lacking)
