"""The database behind the harness store: how it is opened, and what its errors mean."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.store.patience import patient
from airflow_provider_harness.core.errors import HarnessUnavailable

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine
    from sqlalchemy.exc import DBAPIError, IntegrityError

#: A task waits for a store that does not answer, and does its work without it; a URL can say otherwise. Keepalives find out
#: within a minute and a half that the machine at the other end is gone.
CONNECT = {"connect_timeout": "5", "keepalives_idle": "30", "keepalives_interval": "10", "keepalives_count": "6"}

#: Who holds a lock on the store's tables, or a transaction open, keeps nobody waiting for longer.
LIMITS = "-c lock_timeout=30s -c idle_in_transaction_session_timeout=60s"


def open_engine(url: str, patience: float | None = None) -> Engine:
    """An engine for a store; SQLite gets WAL, a busy timeout of 10 s, and transactions that lock when they begin.

    :param patience: seconds that PostgreSQL may say nothing; None = as long as a statement takes.
    """
    from sqlalchemy import create_engine, event, make_url

    place = make_url(url)
    if place.get_backend_name() == "postgresql":
        given = dict(place.query)
        place = place.update_query_dict(CONNECT | given | {"options": f"{given.get('options', '')} {LIMITS}".strip()})
    engine = create_engine(place, pool_pre_ping=not url.startswith("sqlite"))
    if engine.dialect.name != "sqlite":
        if patience is not None:

            @event.listens_for(engine, "do_connect")
            def _open(_dialect: object, _record: object, given: Any, named: Any) -> Any:
                return patient(patience).connect(*given, **named)

        return engine
    if engine.url.database and Path(engine.url.database).parent.is_dir():
        Path(engine.url.database).touch(mode=0o600)  # evidence is for its owner only

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # SQLAlchemy emits BEGIN below; the driver's own would come too late
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA busy_timeout=10000")
        connection.text_factory = _text

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _text(raw: bytes) -> str:
    """Odd bytes in a text are found by whoever reads it, and stop no query."""
    return raw.decode(errors="surrogateescape")


def unavailable(error: DBAPIError) -> HarnessUnavailable:
    """A database's error as ours, with the fix where its tables are missing."""
    text = str(error.orig).strip()
    missing = "no such table: harness_" in text or ("harness_" in text and "does not exist" in text)
    return HarnessUnavailable("the harness store", f"{text}. Run: airflow harness db upgrade" if missing else text)


def misshapen(error: IntegrityError) -> bool:
    """Whether the table takes no row of this form, in contrast to one that is there already."""
    return getattr(error.orig, "sqlstate", "") == "23514" or "CHECK constraint failed" in str(error.orig)
