"""Where the harness store is, and as whom it is opened: what tasks, the healer and the command line share."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from airflow_provider_harness import config

if TYPE_CHECKING:
    from sqlalchemy import Engine


def connection(conn_id: str) -> Any | None:
    """Airflow's connection of this id, or None where there is none."""
    from airflow.sdk import Connection
    from airflow.sdk.exceptions import AirflowNotFoundException, AirflowRuntimeError

    try:
        return Connection.get(conn_id)
    except (AirflowNotFoundException, AirflowRuntimeError):
        return None


def store_url(settings: config.Settings, *, capture: bool = False) -> str:
    """The SQLAlchemy URL of the store, SQLite in AIRFLOW_HOME where no connection is set.

    :param capture: as the role of ordinary tasks, where its connection is set.
    """
    found = (connection(settings.capture_conn_id) if capture else None) or connection(settings.store_conn_id)
    if found is None:
        return f"sqlite:///{config.airflow_home('harness.db')}"
    if found.conn_type == "sqlite":
        return f"sqlite:///{found.schema or found.host}"
    return (
        str(found.get_uri())
        .replace("postgres://", "postgresql+psycopg://", 1)
        .replace("postgresql://", "postgresql+psycopg://", 1)
    )


@lru_cache(maxsize=4)
def engine(url: str) -> Engine:
    from airflow_provider_harness.adapters.store_sql import open_engine

    return open_engine(url)


def store_engine() -> Engine:
    """The store as the healer and the command line use it."""
    return engine(store_url(config.read()))


def task_engine() -> Engine:
    """The store as ordinary tasks may use it: the role of ``harness_capture`` where there is one."""
    return engine(store_url(config.read(), capture=True))
