"""A backup of the store that was made while it was written to: restored, its chain holds, and an incident goes on from there."""

from __future__ import annotations

import sqlite3
import subprocess
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Engine, make_url, text

from airflow_provider_harness.adapters.store.incidents import SqlIncidentStore, open_engine
from airflow_provider_harness.adapters.store.migrate import VERSION_TABLE, upgrade
from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.core.incidents.events import Event, EventKind
from airflow_provider_harness.testing.postgres import PostgresServer, binaries
from tests.events import event_of
from tests.ports.chain_case import KEY, NOW, lived
from tests.ports.stores_case import store_database, store_file, store_url

__all__ = ["store_database", "store_file", "store_url"]

Restore = Callable[[], Engine]


@pytest.fixture
def backed_up(
    store_url: str, tmp_path: Path, postgres: PostgresServer
) -> Iterator[tuple[Engine, Callable[[], Restore]]]:
    """A store, and what backs it up; what that gives restores it, into a new place."""
    engine, opened, name = open_engine(store_url), [], f"restored_{uuid.uuid4().hex}"
    database = make_url(store_url).database or ""

    def of_sqlite() -> Restore:
        copy = tmp_path / "copy.db"
        with closing(sqlite3.connect(database)) as live, closing(sqlite3.connect(copy)) as target:
            live.backup(target)
        return lambda: open_engine(f"sqlite:///{copy}")

    def of_postgres() -> Restore:
        dump = tmp_path / "store.dump"
        _run("pg_dump", "--format=custom", f"--file={dump}", postgres.url(database))

        def restore() -> Engine:
            postgres.ensure_database(name)
            _run("pg_restore", "--exit-on-error", f"--dbname={postgres.url(name)}", str(dump))
            return open_engine(postgres.url(name, driver="psycopg"))

        return restore

    def kept(restore: Restore) -> Restore:
        def again() -> Engine:
            opened.append(restore())
            return opened[-1]

        return again

    yield engine, lambda: kept(of_sqlite() if engine.dialect.name == "sqlite" else of_postgres())
    for one in (engine, *opened):
        one.dispose()
    postgres.drop_database(name)


def _run(program: str, *arguments: str) -> None:
    path = binaries() / program
    if not path.exists():
        pytest.skip(f"this PostgreSQL comes without {program}")
    done = subprocess.run([str(path), *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_what_is_restored_is_proved_and_goes_on(backed_up: tuple[Engine, Callable[[], Restore]]) -> None:
    engine, back_up = backed_up
    store = SqlIncidentStore(engine, KEY)
    incident = lived(store, engine)
    before = store.head()
    restore = back_up()
    store.append(_ended(incident))
    lost = store.head()

    restored = restore()
    after = SqlIncidentStore(restored, KEY)
    assert after.audit(before).holds
    assert not after.audit(lost).holds  # a head that was kept elsewhere says that events are gone
    after.append(_ended(incident))
    assert after.audit(before).holds
    assert after.incident(incident).state is store.incident(incident).state

    keyless = SqlIncidentStore(restored, b"n" * 32)
    assert not keyless.audit().holds
    with pytest.raises(ConfigurationError, match="does not hold key"):
        keyless.set_value("mode", "act")


def _ended(incident: str) -> Event:
    return event_of(incident_id=incident, kind=EventKind.ACT_ENDED, at=NOW)


def test_a_store_that_a_newer_version_upgraded_is_not_upgraded_by_an_older_one(store_url: str) -> None:
    engine = open_engine(store_url)
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '9999_later'"))
    with pytest.raises(
        ConfigurationError, match=r"9999_later, which this version of the package does not know.*restore"
    ):
        upgrade(engine)
    engine.dispose()
