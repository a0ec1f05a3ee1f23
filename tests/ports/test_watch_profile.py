"""What the watch counts of a slice: PostgreSQL and BigQuery count what plain Python counts, and read what is new only."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest

from airflow_provider_harness.adapters.bigquery.watch import BigQueryWatch
from airflow_provider_harness.adapters.contracts.odcs import compile_text
from airflow_provider_harness.adapters.postgres.watch import PostgresWatch, planned
from airflow_provider_harness.adapters.sql import watch as sql
from airflow_provider_harness.core.contracts.contract import Contract
from airflow_provider_harness.core.errors import DatabaseRefused, QueryTooCostly
from airflow_provider_harness.core.slices.slices import Slice, slice_of_day
from airflow_provider_harness.core.watch.profile import ColumnProfile
from airflow_provider_harness.testing.bigquery import BigQueryServer
from airflow_provider_harness.testing.postgres import PostgresServer
from tests.quiet_world import bin_of

DAY = date(2026, 11, 2)
CONTRACT = """
apiVersion: v3.1.0
kind: DataContract
id: payments
version: 1.0.0
status: active
customProperties:
  - property: harness.watch
    value: {connection: warehouse, column: paid_on, key: [id], MORE}
schema:
  - name: payments
    physicalName: HOME.payments
    properties:
      - {name: id, logicalType: integer, physicalType: bigint}
      - {name: paid_on, logicalType: date}
      - {name: amount, logicalType: number, physicalType: double precision}
      - {name: country, logicalType: string}
      - {name: refund, logicalType: boolean}
"""
ROWS = (
    (1, DAY, 8.0, "DE", False),
    (2, DAY, -0.3, "FR", True),
    (2, DAY, 0.0, None, None),
    (3, DAY, None, "DE", False),
    (3, DAY, 1e9, "DE", False),
    (3, DAY, float("nan"), "", False),
    (4, DAY + timedelta(days=1), 5.0, "AT", False),
)


def contract(home: str = "public", more: str = "maxRows: 1000") -> Contract:
    return sql.watched(compile_text(CONTRACT.replace("HOME", home).replace("MORE", more), "payments.yaml"))


def piece(one: Contract, day: date = DAY) -> Slice:
    return slice_of_day(one, day)


@pytest.fixture(scope="module")
def dsn(postgres: PostgresServer) -> Iterator[str]:
    postgres.ensure_database("watched")
    name = postgres.url("watched")
    with psycopg.connect(name, autocommit=True) as connection:
        connection.execute(
            "CREATE TABLE payments (id bigint, paid_on date, amount double precision, country text, refund boolean)"
        )
        with connection.cursor() as cursor:
            cursor.executemany("INSERT INTO payments VALUES (%s, %s, %s, %s, %s)", ROWS)
        connection.execute(
            "CREATE TABLE large (id bigint, paid_on date, amount double precision, country text, refund boolean)"
        )
        connection.execute(
            "INSERT INTO large SELECT n, DATE '2026-01-01' + (n / 200)::int, n, 'DE', false FROM generate_series(0, 59999) AS n"
        )
        connection.execute("ANALYZE large")
    yield name
    postgres.drop_database("watched")


def check(found: object, duplicates: int | None, columns: object) -> None:
    assert duplicates == 3, "two rows more of key 3, one of key 2"
    today = [row for row in ROWS if row[1] == DAY]
    for place, name in ((0, "id"), (2, "amount"), (3, "country"), (4, "refund")):
        known: dict[str, int] = {}
        for row in today:
            bin_name = bin_of(row[place])
            known[bin_name] = known.get(bin_name, 0) + 1
        assert columns[name] == ColumnProfile(bins=known), name  # type: ignore[index]


def test_postgres_counts_what_python_counts(dsn: str) -> None:
    one = contract()
    found = PostgresWatch(dsn, "connection warehouse").profile(one, piece(one))
    assert found.rows == 6
    check(found, found.duplicates, found.columns)


@pytest.mark.bigquery
def test_bigquery_counts_the_same(bigquery: BigQueryServer) -> None:
    client = bigquery.client()
    name = "watched"
    bigquery.ensure_dataset(name)
    client.query(
        f"CREATE TABLE {name}.payments (id INT64, paid_on DATE, amount FLOAT64, country STRING, refund BOOL)"
    ).result()
    values = ", ".join(
        f"({i}, DATE '{day}', {amount_text(amount)}, {'NULL' if country is None else repr(country)}, {'NULL' if refund is None else refund})"
        for i, day, amount, country, refund in ROWS
    )
    client.query(f"INSERT INTO {name}.payments VALUES {values}").result()
    one = contract(name)
    watch = BigQueryWatch(client, None, "connection warehouse")
    found = watch.profile(one, piece(one))
    assert found.rows == 6
    check(found, found.duplicates, found.columns)
    assert watch.counts(one, [piece(one)], datetime(2026, 11, 3, tzinfo=UTC)) == ([6], 0)
    gone = sql.watched(one.at(f"{name}.nothing"))
    with pytest.raises(DatabaseRefused, match="is not there"):
        watch.profile(gone, piece(gone))
    bigquery.drop_dataset(name)


def amount_text(amount: float | None) -> str:
    return "NULL" if amount is None else "CAST('nan' AS FLOAT64)" if amount != amount else repr(amount)


def test_an_index_makes_the_watch_read_one_slice_and_without_one_it_is_refused(dsn: str) -> None:
    one = sql.watched(contract(more="maxRows: 2000").at("public.large"))
    watch, new = PostgresWatch(dsn, "connection warehouse"), piece(one, date(2026, 2, 3))
    with pytest.raises(QueryTooCostly, match=r"60,000 rows to read.*index on paid_on"):
        watch.profile(one, new)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("CREATE INDEX ON large USING brin (paid_on) WITH (pages_per_range = 4)")
        connection.execute("VACUUM ANALYZE large")
        for statement in (sql.profile(one, new), sql.duplicates(one, new), sql.counts(one, [new], new.end)):
            assert planned(connection, statement) <= 60_000, "the plan reads"
        assert planned(connection, sql.profile(one, new)) < 1_000
    assert watch.profile(one, new).rows == 200


def test_rows_of_other_slices_and_of_the_future_are_counted(dsn: str) -> None:
    one = contract()
    days = [piece(one, DAY), piece(one, DAY + timedelta(days=1))]
    assert PostgresWatch(dsn, "").counts(one, days, days[0].end - timedelta(hours=1)) == ([6, 1], 1)


def test_a_table_or_a_column_that_is_gone_is_said(dsn: str) -> None:
    gone = sql.watched(contract().at("public.nothing"))
    with pytest.raises(
        DatabaseRefused, match=r"connection warehouse: public.nothing is not there. Make the table again"
    ):
        PostgresWatch(dsn, "connection warehouse").profile(gone, piece(gone))
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS narrow (id bigint, paid_on date)")
    narrow = sql.watched(contract().at("public.narrow"))
    with pytest.raises(DatabaseRefused, match="has no column amount, country, refund"):
        PostgresWatch(dsn, "connection warehouse").profile(narrow, piece(narrow))
