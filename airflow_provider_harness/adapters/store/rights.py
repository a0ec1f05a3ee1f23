"""What the roles of a store on PostgreSQL may do beyond what they need, and the statements that take it from them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.store.schema import TASK_RIGHTS, metadata

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

#: Every right that PostgreSQL knows on a table, in all of its versions that are supported.
RIGHTS = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")
#: Those that can be given on single columns.
_BY_COLUMN = ("SELECT", "INSERT", "UPDATE", "REFERENCES")
#: Attribute of a role -> what takes it away, in the order of the harm.
_ATTRIBUTES = {
    "rolsuper": "NOSUPERUSER",
    "rolcreaterole": "NOCREATEROLE",
    "rolbypassrls": "NOBYPASSRLS",
    "rolreplication": "NOREPLICATION",
    "rolcreatedb": "NOCREATEDB",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Excess:
    """:param what: what a role has too much.
    :param statement: what takes it from the role; run it as the store's owner, or as an administrator.
    """

    what: str
    statement: str


def excess(engine: Engine) -> list[Excess]:
    """What the role of tasks has too much; of a superuser, nothing but that: everything else follows from it.

    :param engine: the store as tasks open it.
    """
    with _connected(engine) as connection:
        role, quoted = _role(connection)
        first = list(_attributes(connection, role, quoted))
        if first and first[0].what == "SUPERUSER":
            return first[:1]
        return [*first, *_memberships(connection, role, quoted), *_rights(connection, quoted)]


def superuser(engine: Engine) -> str:
    """The name of the role that opens the store, if it may do everything on the whole server; else empty."""
    with _connected(engine) as connection:
        role, quoted = _role(connection)
        return role if any(item.what == "SUPERUSER" for item in _attributes(connection, role, quoted)) else ""


def _connected(engine: Engine) -> Any:
    from airflow_provider_harness.adapters.store.transaction import transaction

    return transaction(lambda: engine)


def _role(connection: Connection) -> tuple[str, str]:
    """The role's name, and the same as an identifier."""
    name = str(connection.exec_driver_sql("SELECT current_user").scalar_one())
    return name, connection.dialect.identifier_preparer.quote_identifier(name)


def _attributes(connection: Connection, role: str, quoted: str) -> Iterator[Excess]:
    from sqlalchemy import text

    asked = text(f"SELECT {', '.join(_ATTRIBUTES)} FROM pg_roles WHERE rolname = :role")
    row = connection.execute(asked, {"role": role}).mappings().one()
    for name, without in _ATTRIBUTES.items():
        if row[name]:
            yield Excess(what=without.removeprefix("NO"), statement=f"ALTER ROLE {quoted} {without};")


def _memberships(connection: Connection, role: str, quoted: str) -> Iterator[Excess]:
    from sqlalchemy import text

    asked = text(
        "SELECT g.rolname FROM pg_auth_members JOIN pg_roles g ON g.oid = roleid "
        "JOIN pg_roles m ON m.oid = member WHERE m.rolname = :role ORDER BY 1"
    )
    quote = connection.dialect.identifier_preparer.quote_identifier
    for name in connection.execute(asked, {"role": role}).scalars():
        yield Excess(what=f"everything that {name} may", statement=f"REVOKE {quote(name)} FROM {quoted};")


def _rights(connection: Connection, quoted: str) -> Iterator[Excess]:
    from sqlalchemy import text

    schema = text("SELECT has_schema_privilege(current_schema(), 'CREATE'), quote_ident(current_schema())")
    creates, name = connection.execute(schema).one()
    if creates:
        yield Excess(
            what=f"CREATE on schema {name}", statement=f"REVOKE CREATE ON SCHEMA {name} FROM {quoted}, PUBLIC;"
        )
    for table in metadata.tables:
        needed = TASK_RIGHTS.get(table, ())
        beyond = [right for right in RIGHTS if right not in needed and _has(connection, table, right)]
        if beyond:
            what = ", ".join(beyond)
            yield Excess(what=f"{what} on {table}", statement=f"REVOKE {what} ON {table} FROM {quoted}, PUBLIC;")


def _has(connection: Connection, table: str, right: str) -> bool:
    """Whether the role has a right on a table, or on one of its columns."""
    from sqlalchemy import text

    asked = "has_any_column_privilege" if right in _BY_COLUMN else "has_table_privilege"
    return bool(connection.execute(text(f"SELECT {asked}(:table, :right)"), {"table": table, "right": right}).scalar())
