"""Whose database a session is in, as its server says: where the harness store lies, no rows are read or written, however the
session got there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from airflow_provider_harness.core.errors import ConfigurationError

Ask = Callable[[str], Sequence[Sequence[Any]]]
"""One query in a session -> its rows."""
STORE_TABLES = ("harness_events", "harness_failures")
"""Tables that every store has; a database without them is none."""

_NAMES = ", ".join(f"'{name}'" for name in STORE_TABLES)
_HOLDS = f"""
SELECT pg_catalog.count(DISTINCT relname) FROM pg_catalog.pg_class WHERE relname OPERATOR(pg_catalog.=) ANY (ARRAY[{_NAMES}]::name[])
"""
_MAY_KNOW = "SELECT pg_catalog.has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE')"
_SYSTEM = "SELECT system_identifier::text FROM pg_catalog.pg_control_system()"
_HERE = """
SELECT pg_catalog.date_part('epoch', pg_catalog.pg_postmaster_start_time())::text, oid::text FROM pg_catalog.pg_database
WHERE datname OPERATOR(pg_catalog.=) pg_catalog.current_database()
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """A database, told by its server to any role.

    :param system: the number of the server's data, which a replica has too; empty where the role may not read it.
    :param started: when the server was started, to the microsecond.
    :param database: its number there.
    """

    system: str
    started: str
    database: str

    def same(self, other: Home) -> bool:
        """Whether both are one database, or one is a copy of the other's server."""
        if self.system and other.system:
            return (self.system, self.database) == (other.system, other.database)
        return (self.started, self.database) == (other.started, other.database)


def home(ask: Ask) -> Home:
    """The database that a session is in."""
    [(may_know,)] = ask(_MAY_KNOW)
    system = str(ask(_SYSTEM)[0][0]) if may_know else ""
    [(started, database)] = ask(_HERE)
    return Home(system=system, started=str(started), database=str(database))


class Known:
    """What tells the store from a database in which somebody made tables of its names.

    Only ``wiring`` knows the store's connection; until it says so, such a database is taken for the store.
    """

    is_store: Callable[[Home], bool] = staticmethod(lambda _: True)


def refuse_store(ask: Ask, name: str) -> None:
    """Ask the server of a new session whether this is the harness store.

    :param name: the connection in words.
    :raises ConfigurationError: it is.
    :raises HarnessUnavailable: it may be, and the store cannot be asked.
    """
    [(found,)] = ask(_HOLDS)
    if int(found) == len(STORE_TABLES) and Known.is_store(home(ask)):
        raise ConfigurationError(
            name or "the connection",
            "leads to the harness store, as its server says, and rows are neither read nor written there.",
            fix="Give the connection of a warehouse; the harness store is a database of its own.",
        )
