"""What ``airflow harness doctor`` says of the accounts and connections from which the healer reads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from airflow_provider_harness.adapters.postgres.rights import writer
from airflow_provider_harness.adapters.store.migrate import upgrade
from airflow_provider_harness.cli.doctor import local as doctor_here
from airflow_provider_harness.cli.doctor import warehouses as doctor_there
from airflow_provider_harness.cli.doctor.findings import Health
from airflow_provider_harness.testing.postgres import PostgresServer
from airflow_provider_harness.wiring import store as wiring_store

pytestmark = pytest.mark.attack
WATERMARK = (
    "INSERT INTO harness_watermarks (conn_id, table_name, slice, slice_end, moved_at, contract) "
    "VALUES ('wh', 'public.orders', '20260101T000000Z', '2026-01-02T00:00:00.000000+00:00', '2026-01-02T00:00:00.000000+00:00', '')"
)


@pytest.fixture
def reader(postgres: PostgresServer, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A role that may read one table, which the harness publishes with connection ``wh``; it bears the database's name."""
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    with postgres.connect(database) as connection:
        connection.execute(
            f"CREATE ROLE {database} LOGIN PASSWORD 'pw'; CREATE TABLE public.orders (id int);"
            f" CREATE TABLE public.other (id int); GRANT SELECT ON public.orders TO {database}".encode()
        )
        monkeypatch.setenv("AIRFLOW_CONN_WH", postgres.airflow_connection(database, user=database, pw="pw"))
        store = wiring_store.store_engine()
        upgrade(store)
        with store.begin() as made:
            made.execute(text(WATERMARK))
        yield database
        store.dispose()
        connection.execute(f"DROP OWNED BY {database}; DROP ROLE {database}".encode())


BEYOND = {
    "GRANT INSERT ON public.orders TO {role}": "may write 1 table(s) (public.orders)",
    "GRANT UPDATE, DELETE ON public.orders, public.other TO {role}": "may write 2 table(s) (public.orders, public.other)",
    "GRANT pg_read_server_files TO {role}": "may do what pg_read_server_files may",
    "GRANT pg_write_all_data TO {role}": "may write 2 table(s) (public.orders, public.other) and may do what pg_write_all_data may",
    "ALTER ROLE {role} SUPERUSER": "is a superuser",
}


@pytest.mark.parametrize(("granted", "told"), BEYOND.items(), ids=BEYOND)
def test_an_account_that_can_do_more_than_read_is_named(
    postgres: PostgresServer, reader: str, granted: str, told: str
) -> None:
    assert list(doctor_there.reads()) == []
    with postgres.connect(reader) as connection:
        connection.execute(granted.format(role=reader).encode())
    [found] = doctor_there.reads()
    assert found.health is Health.NOTE
    assert f"connection wh, and {reader} {told}." in found.text


def test_one_that_cannot_be_asked_is_no_silence(reader: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_WH", json.dumps({"conn_type": "postgres", "host": "127.0.0.1", "port": 1}))
    [found] = doctor_there.reads()
    assert "connection wh cannot be read" in found.text
    monkeypatch.delenv("AIRFLOW_CONN_WH")
    [found] = doctor_there.reads()
    assert "connection wh, which does not exist here" in found.text
    monkeypatch.setenv("AIRFLOW__HARNESS__CONNECTIONS_ALLOWED", "none")
    assert list(doctor_there.reads()) == []


def test_connections_that_the_healer_does_not_need_are_told(reader: str, monkeypatch: pytest.MonkeyPatch) -> None:
    [found] = doctor_there.allowed()
    assert (found.health, "connections_allowed = wh," in found.fix) == (Health.NOTE, True)
    monkeypatch.setenv("AIRFLOW__HARNESS__CONNECTIONS_ALLOWED", "wh,source_*")
    assert list(doctor_there.allowed()) == []


def test_a_capture_that_leads_elsewhere_is_wrong(
    postgres: PostgresServer, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    upgrade(wiring_store.engine(postgres.url(database, driver="psycopg")))
    monkeypatch.setenv("AIRFLOW_CONN_HARNESS_STORE", postgres.airflow_connection(database))
    monkeypatch.setenv("AIRFLOW_CONN_HARNESS_CAPTURE", postgres.airflow_connection("postgres"))
    try:
        [found] = doctor_here.capture()
        assert found.health is Health.WRONG
        assert "leads to a database other than the store" in found.text
    finally:
        for one in (wiring_store.store_engine(), wiring_store.task_engine()):
            one.dispose()
        wiring_store.engine(postgres.url(database, driver="psycopg")).dispose()


def test_a_role_that_only_reads_is_none(postgres: PostgresServer, reader: str) -> None:
    url = postgres.url(reader).replace(f"{postgres.user}:{postgres.password}", f"{reader}:pw")
    assert writer(url) is None
    assert str(writer(postgres.url(reader))).endswith("is a superuser")
