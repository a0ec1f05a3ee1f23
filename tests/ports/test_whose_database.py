"""Whose database a session is in, as the server says it: the harness store is no warehouse, whatever way leads there."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from airflow_provider_harness.adapters.gx import suite as gx
from airflow_provider_harness.adapters.model.query_tool import QueryReadonly
from airflow_provider_harness.adapters.postgres.copy.source import PostgresCopySource
from airflow_provider_harness.adapters.postgres.session import carrier, session
from airflow_provider_harness.adapters.postgres.source import PostgresSource
from airflow_provider_harness.adapters.sql.authored.whose import STORE_TABLES, Home, home
from airflow_provider_harness.adapters.store import schema as t
from airflow_provider_harness.adapters.store.incidents import open_engine
from airflow_provider_harness.adapters.store.migrate import upgrade
from airflow_provider_harness.core.errors import ConfigurationError, HarnessError, HarnessUnavailable
from airflow_provider_harness.testing.postgres import PostgresServer
from airflow_provider_harness.wiring import access
from airflow_provider_harness.wiring import rows as wiring_rows
from airflow_provider_harness.wiring import store as wiring_store
from tests.demo.forwarder import Forwarder

STORE, WAREHOUSE = "whose_store", "whose_warehouse"


@pytest.fixture(scope="module")
def server(postgres: PostgresServer) -> Iterator[PostgresServer]:
    """With a store, and a warehouse in which somebody made tables of the store's names."""
    for name in (STORE, WAREHOUSE):
        postgres.ensure_database(name)
    engine = open_engine(postgres.url(STORE, driver="psycopg"))
    upgrade(engine)
    engine.dispose()
    with postgres.connect(WAREHOUSE) as connection:
        for name in STORE_TABLES:
            connection.execute(f"CREATE TABLE public.{name} (n int)".encode())
    yield postgres
    for name in (STORE, WAREHOUSE):
        postgres.drop_database(name)


@pytest.fixture
def around(server: PostgresServer) -> Iterator[Forwarder]:
    """Another address of the same server."""
    with Forwarder(server.port, server.host) as forwarder:
        yield forwarder


@pytest.fixture
def own(server: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Make the connection of the store, as it is or with other words; and forget where it led."""

    def give(**changes: Any) -> None:
        found = json.loads(server.airflow_connection(STORE)) | changes
        monkeypatch.setenv("AIRFLOW_CONN_HARNESS_STORE", json.dumps(found))
        access._places.cache_clear()
        access._homes.cache_clear()

    monkeypatch.setenv("AIRFLOW__HARNESS__STORE", "connection")
    give()
    yield give
    wiring_store.store_engine().dispose()
    give()
    wiring_store.store_engine().dispose()


def opened_with_gx(dsn: str) -> None:
    from sqlalchemy import create_engine, text

    engine = create_engine(gx._url(dsn))
    gx._ask_first(engine)
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))
    finally:
        engine.dispose()


def entered(context: Any) -> None:
    with context:
        pass


def asked(dsn: str) -> None:
    told = QueryReadonly(dsn=lambda: dsn, relations={}).read({"sql": "SELECT 1"})
    if "harness store" in told:
        raise ConfigurationError("query", told)


WAYS: dict[str, Callable[[str], None]] = {
    "a session": lambda dsn: entered(session(dsn)),
    "a load": lambda dsn: entered(session(dsn, writes=True)),
    "ADBC": lambda dsn: entered(carrier(dsn)),
    "a source": lambda dsn: entered(PostgresSource(dsn, table="public.harness_events")),
    "a transfer": lambda dsn: entered(PostgresCopySource(dsn, table="public.harness_events")),
    "Great Expectations": opened_with_gx,
}


@pytest.mark.attack
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_the_server_says_that_it_is_the_store_whatever_its_address(
    server: PostgresServer, around: Forwarder, own: Callable[..., None], monkeypatch: pytest.MonkeyPatch, way: Any
) -> None:
    mine = server.airflow_connection(STORE, host="127.0.0.1", port=around.port)
    monkeypatch.setenv("AIRFLOW_CONN_MINE", mine)
    dsn = wiring_rows.connections.dsn("mine")  # nothing in the connection says so
    with pytest.raises(ConfigurationError, match="leads to the harness store, as its server says"):
        way(dsn)
    there = server.airflow_connection(WAREHOUSE, host="127.0.0.1", port=around.port)
    monkeypatch.setenv("AIRFLOW_CONN_THERE", there)
    way(wiring_rows.connections.dsn("there"))  # tables of these names keep nobody out


@pytest.mark.attack
def test_a_question_of_the_model_reaches_no_store(server: PostgresServer, own: Callable[..., None]) -> None:
    with pytest.raises((ConfigurationError, HarnessError), match=r"harness store|relation"):
        asked(server.url(STORE))


@pytest.mark.attack
def test_where_nobody_can_tell_nothing_is_read(server: PostgresServer, own: Callable[..., None]) -> None:
    own(port=1)
    with pytest.raises(HarnessUnavailable):
        entered(session(server.url(WAREHOUSE)))
    entered(session(server.url("postgres")))  # no store is there, wherever the store is


def test_what_a_server_says_of_itself_is_the_same_for_every_role_and_way(
    server: PostgresServer, around: Forwarder
) -> None:
    def told(url: str) -> Home:
        with psycopg.connect(url, autocommit=True) as connection:
            return home(lambda sql: connection.execute(sql.encode()).fetchall())

    direct, other = told(server.url(STORE)), told(server.url(WAREHOUSE))
    by_way = told(server.url(STORE).replace(str(server.port), str(around.port)))
    assert direct.system
    assert direct.same(by_way)
    assert not direct.same(other)
    unknown = Home(system="", started=direct.started, database=direct.database)
    assert unknown.same(direct)
    assert direct.same(unknown)
    replica = Home(system=direct.system, started="another", database=direct.database)
    assert replica.same(direct), "what is copied from the store is the store's, too"
    assert not Home(system="", started="another", database=direct.database).same(direct)


def test_every_store_has_the_tables_by_which_one_is_known() -> None:
    assert set(STORE_TABLES) <= set(t.metadata.tables)
