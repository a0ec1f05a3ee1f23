"""The demo's source: real rows, made anew after a break, behind a forwarder that can really refuse."""

from __future__ import annotations

import dataclasses

import psycopg
import pytest

from airflow_provider_harness.testing.postgres import PostgresServer
from tests.demo.data import DATABASE, TABLES, load
from tests.demo.forwarder import Forwarder

ROWS = {"airlines": 16, "airports": 1458, "planes": 3322, "weather": 26115, "flights": 336776}
NOTHING = dict.fromkeys(ROWS, 0)


@pytest.fixture(scope="module")
def source(postgres: PostgresServer) -> PostgresServer:
    """The server, its database ``DATABASE`` freshly loaded."""
    postgres.drop_database(DATABASE)
    assert load(postgres) == ROWS
    return postgres


def test_the_second_time_nothing_is_loaded(source: PostgresServer) -> None:
    assert load(source) == NOTHING


def test_the_data_are_as_messy_as_they_are(source: PostgresServer) -> None:
    with source.connect(DATABASE) as connection:
        found = connection.execute(
            "select count(*) filter (where dep_time is null), count(*) filter (where tailnum is null),"
            " count(distinct dest) filter (where dest not in (select faa from airports)),"
            " count(distinct (time_hour, carrier, flight)) from flights"
        ).fetchone()
    assert found == (8255, 2512, 4, 336776)


@pytest.mark.parametrize(
    "damage",
    [
        "insert into flights select * from flights limit 1",
        "update flights set air_time = -5 where ctid = (select min(ctid) from flights)",
        "alter table flights rename column air_time to minutes_in_air",
    ],
)
def test_what_a_break_left_is_mended(source: PostgresServer, damage: str) -> None:
    with source.connect(DATABASE) as connection:
        connection.execute(damage.encode())
    assert load(source) == {**NOTHING, "flights": ROWS["flights"]}
    with source.connect(DATABASE) as connection:
        kept = connection.execute("select * from flights limit 0").description
    assert kept is not None
    assert [column.name for column in kept] == list(TABLES["flights"].columns)


def test_the_forwarder_refuses_and_accepts_again(source: PostgresServer) -> None:
    with Forwarder(source.port) as forwarder:
        through = dataclasses.replace(source, port=forwarder.port)
        with through.connect(DATABASE) as open_one:
            assert open_one.execute("select count(*) from flights").fetchone() == (ROWS["flights"],)
            forwarder.refuse()
            with pytest.raises(psycopg.OperationalError):
                open_one.execute("select 1")
        with pytest.raises(psycopg.OperationalError, match="Connection refused"):
            through.connect()
        forwarder.accept()
        with through.connect(DATABASE) as again:
            assert len(again.execute("select * from flights limit 50000").fetchall()) == 50000
    with pytest.raises(psycopg.OperationalError, match="Connection refused"):
        through.connect()


def test_the_forwarder_of_a_server_that_is_away_closes() -> None:
    nobody = PostgresServer(host="127.0.0.1", port=9, user="u", password="p")
    with Forwarder(9) as forwarder, pytest.raises(psycopg.OperationalError, match="closed"):
        dataclasses.replace(nobody, port=forwarder.port).connect()
