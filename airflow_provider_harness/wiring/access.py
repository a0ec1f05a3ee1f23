"""Which of Airflow's connections rows may be read and written with: never the harness's own, and the healer only what the
administrator named."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import lru_cache, wraps
from inspect import signature
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import unquote, urlsplit

from airflow_provider_harness import config
from airflow_provider_harness.adapters.sql.authored.whose import Home, Known, home
from airflow_provider_harness.core.errors import ConfigurationError, NotAllowed
from airflow_provider_harness.wiring.store import connection_if_readable, store_engine, task_engine

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlalchemy import Engine

Answer = TypeVar("Answer")
_OWN = (
    "store_conn_id",
    "capture_conn_id",
    "airflow_conn_id",
    "pagerduty_conn_id",
    "model_conn_id",
    "personal_key_conn_id",
)
"""Options of [harness] that name a connection of the harness's own."""
_OF_STORE = _OWN[:3]
"""Those whose place is refused under any other name, too."""
_REMEMBERED = 60.0  # seconds
_PORTS: Mapping[str, int] = {"postgres": 5432, "postgresql": 5432, "http": 8080, "mysql": 3306}


def opened(conn_id: str) -> Any:
    """Airflow's connection of this id, for reading and writing rows with.

    :raises ConfigurationError: it is the harness's own, by its id or by where it leads; an author's SQL could decide there
        what the harness may do.
    """
    from airflow.sdk import Connection

    own = {config.read_one(option): option for option in _OWN}
    if conn_id in own:
        raise _refused(conn_id, f"is the harness's own ([harness] {own[conn_id]})")
    found = Connection.get(conn_id)
    _refuse_store(conn_id, [_place(found)])
    return found


def reaches(conn_id: str, conninfo: str) -> str:
    """A finished connection string, where it does not lead to a place of the harness's own.

    :raises ConfigurationError: it does, with what libpq adds from the environment and from a service's file.
    """
    _refuse_store(conn_id, list(_finished(conninfo)))
    return conninfo


def _refuse_store(conn_id: str, mine: Sequence[tuple[str, int, str] | None]) -> None:
    ids = tuple(config.read_one(option) for option in _OF_STORE)
    for option, theirs in zip(_OF_STORE, _places(ids, int(time.monotonic() // _REMEMBERED)), strict=True):
        if any(one is not None and _same(one, theirs) for one in mine):
            raise _refused(conn_id, f"leads to the same place as the harness's own ([harness] {option})")


def _finished(conninfo: str) -> Iterator[tuple[str, int, str]]:
    """Each place that libpq would try."""
    from psycopg.conninfo import conninfo_to_dict
    from psycopg.pq import Conninfo

    known = {one.keyword.decode(): one.val.decode() for one in Conninfo.get_defaults() if one.val}
    known |= {name: str(value) for name, value in conninfo_to_dict(conninfo).items()}
    hosts = (known.get("hostaddr") or known.get("host") or "").split(",")
    ports = known.get("port", "5432").split(",")
    for number, host in enumerate(hosts):
        port = ports[number if number < len(ports) else 0].strip()
        yield host, int(port) if port.isdigit() else 5432, known.get("dbname") or known.get("user", "")


@lru_cache(maxsize=2)
def _places(ids: tuple[str, ...], moment: int) -> tuple[tuple[str, int, str] | None, ...]:
    """Where the harness's own connections lead; remembered for a while, since each is a question to Airflow."""
    own = [connection_if_readable(conn_id) for conn_id in ids]
    return tuple(None if one is None else _place(one) for one in own)


def store_homes() -> tuple[Home, ...]:
    """Where the harness store is, as its server says, by the store's own connection and by that of tasks.

    :raises HarnessUnavailable: it cannot be asked.
    """
    return _homes(int(time.monotonic() // _REMEMBERED))


@lru_cache(maxsize=1)
def _homes(moment: int) -> tuple[Home, ...]:
    engines = {engine.url: engine for engine in (task_engine(), store_engine()) if engine.dialect.name == "postgresql"}
    return tuple(map(home_of, engines.values()))


def home_of(engine: Engine) -> Home:
    """The database of an engine, as its server says."""
    from airflow_provider_harness.adapters.store.transaction import transaction

    with transaction(lambda: engine) as connection:
        return home(lambda asked: connection.exec_driver_sql(asked).fetchall())


def _is_store(found: Home) -> bool:
    return any(own.same(found) for own in store_homes())


Known.is_store = staticmethod(_is_store)


def _refused(conn_id: str, why: str) -> ConfigurationError:
    fix = "Give the connection of a warehouse; the harness store is a database of its own."
    return ConfigurationError(
        f"connection {conn_id}", f"{why}, and rows are neither read nor written with it.", fix=fix
    )


def allowed(conn_id: str) -> None:
    """Whether the healer may read with a connection that an author named.

    :raises NotAllowed: the administrator did not name it in [harness] connections_allowed.
    """
    named = str(config.read_one("connections_allowed"))
    if not any(fnmatchcase(conn_id, pattern.strip()) for pattern in named.split(",")):
        raise NotAllowed(
            f"The healer does not read with connection {conn_id}: [harness] connections_allowed is {named}.",
            connection=conn_id,
        )


def for_healer(read: Callable[..., Answer]) -> Callable[..., Answer]:
    """A reader that takes ``conn_id`` as the healer may use it: on connections that the administrator allows."""

    @wraps(read)
    def guarded(*given: Any, **named: Any) -> Answer:
        allowed(str(signature(read).bind(*given, **named).arguments["conn_id"]))
        return read(*given, **named)

    return guarded


def _place(found: Any) -> tuple[str, int, str] | None:
    """Host, port and database of a connection, whatever its type; None where it leads to no server.

    What its extra says counts for more, as it does for drivers.
    """
    kind = str(found.conn_type or "").partition("+")[0]
    if kind == "sqlite":
        return "sqlite", 0, str(found.schema or found.host or "")
    extra = found.extra_dejson if isinstance(found.extra_dejson, dict) else {}
    given = {"host": found.host, "port": found.port, "dbname": found.schema}
    given |= {name: extra[name] for name in given if extra.get(name)}
    host, port, name = str(given["host"] or ""), given["port"], str(given["dbname"] or found.login or "")
    if "://" in host or "=" in name or "://" in name:
        host, port, name = _written(host if "://" in host else name, host, port, name)
    return (host, int(port) if str(port or "").isdigit() else _PORTS.get(kind, 5432), name) if host or name else None


def _written(text: str, host: str, port: Any, name: str) -> tuple[str, Any, str]:
    """The same of a URL, or of libpq's own words, that stands in a field."""
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict

    if "://" in text and not text.startswith(("postgresql://", "postgres://")):
        parts = urlsplit(text)
        return unquote(parts.hostname or ""), parts.port or port, unquote(parts.path).strip("/") or name
    try:
        words = conninfo_to_dict(text)
    except ProgrammingError:  # no words of libpq's: a name with a sign in it
        return host, port, name
    given = str(words.get("port") or port or "").partition(",")[0]
    return str(words.get("host") or host), given, str(words.get("dbname") or name)


def _same(one: tuple[str, int, str], other: tuple[str, int, str] | None) -> bool:
    if other is None or one[1:] != other[1:]:
        return False
    return one[0] == other[0] or bool(set(_addresses(one[0])) & set(_addresses(other[0])))


@lru_cache(maxsize=64)
def _addresses(host: str) -> tuple[str, ...]:
    """The addresses of a host, or of a list of hosts; every name of this machine is one."""
    return tuple(_each(host))


def _each(host: str) -> Iterator[str]:
    for name in host.split(","):
        name = name.strip().rstrip(".").lower()
        if name in ("", "localhost", socket.gethostname().lower()) or name.startswith(("/", "@")):
            yield "here"
            continue
        for address in [name] if _number(name) else _resolved(name):
            found = _number(address)
            yield "here" if found is not None and (found.is_loopback or found.is_unspecified) else str(found or address)


def _resolved(name: str) -> set[str]:
    try:
        return {str(item[4][0]) for item in socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)}
    except (OSError, UnicodeError):
        return {name}


def _number(text: str) -> IPv4Address | IPv6Address | None:
    """An address that is written as one, also in the short ways of old, ``127.1``; one within another is the one within."""
    try:
        found = ip_address(text)
    except ValueError:
        try:
            return ip_address(socket.inet_aton(text))
        except OSError:
            return None
    return getattr(found, "ipv4_mapped", None) or found
