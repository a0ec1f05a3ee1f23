"""Where the harness store is, and as whom it is opened: what tasks, the healer and the command line share."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_provider_harness import config
from airflow_provider_harness.core.errors import HarnessUnavailable

if TYPE_CHECKING:
    from sqlalchemy import Engine


#: How long the store may say nothing to a task, whose callback Airflow ends after 20 s, and to the healer, in seconds.
TASK_SECONDS, HEALER_SECONDS = 8.0, 60.0


def connection(conn_id: str) -> Any | None:
    """Airflow's connection of this id, or None where there is none.

    :raises HarnessUnavailable: whether there is one could not be read.
    """
    from airflow_provider_harness.adapters.airflow.connections import find

    return find(conn_id)


def connection_if_readable(conn_id: str) -> Any | None:
    """The same where it makes no difference: a secret that this process cannot read cannot get out of it."""
    from airflow_provider_harness.adapters.airflow.connections import find_if_readable

    return find_if_readable(conn_id)


def store_url(settings: config.Settings, *, capture: bool = False) -> str:
    """The SQLAlchemy URL of the store, by ``[harness] store``.

    :param capture: as the role of ordinary tasks, where its connection is set.
    :raises HarnessUnavailable: the store is a connection's, and it was not found or could not be read.
    """
    if settings.store is config.Place.SQLITE:
        return sqlite_url()
    found = (connection(settings.capture_conn_id) if capture else None) or connection(settings.store_conn_id)
    if found is None and settings.store is config.Place.CONNECTION:
        why = f"connection {settings.store_conn_id} was not found, and [harness] store is connection"
        raise HarnessUnavailable("the harness store", why)
    if found is None:
        return sqlite_url()
    if found.conn_type == "sqlite":
        return f"sqlite:///{found.schema or found.host}"
    return (
        str(found.get_uri())
        .replace("postgres://", "postgresql+psycopg://", 1)
        .replace("postgresql://", "postgresql+psycopg://", 1)
    )


def sqlite_url() -> str:
    """The store of an installation that has no connection for it."""
    return f"sqlite:///{sqlite_path()}"


def sqlite_path() -> Path:
    """The file of that store."""
    return Path(config.airflow_home("harness.db"))


@lru_cache(maxsize=4)
def engine(url: str, patience: float | None = None) -> Engine:
    from airflow_provider_harness.adapters.store.incidents import open_engine

    return open_engine(url, patience)


def store_engine() -> Engine:
    """The store as the healer, the pages and the command line use it."""
    return engine(store_url(config.read()), HEALER_SECONDS)


def whole_engine() -> Engine:
    """The store for work on all of it, such as a migration, of which one statement may take as long as it takes."""
    return engine(store_url(config.read()))


def task_engine() -> Engine:
    """The store as ordinary tasks may use it: the role of ``harness_capture`` where there is one."""
    return engine(store_url(config.read(), capture=True), TASK_SECONDS)
