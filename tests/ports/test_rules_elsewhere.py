"""Rules of SQL are PostgreSQL's: on files and on BigQuery they mean the same, or could not be checked, with the way out."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from airflow_provider_harness.adapters.bigquery import measure as bq_measure
from airflow_provider_harness.adapters.bigquery.jobs import Jobs
from airflow_provider_harness.adapters.sql.authored.elsewhere import put
from airflow_provider_harness.adapters.sql.authored.guard import SqlRefused
from airflow_provider_harness.adapters.sql.checks import Rows, ident
from airflow_provider_harness.adapters.sql.dialects import translate
from airflow_provider_harness.core.contracts.checks import Check, CheckKind
from airflow_provider_harness.core.contracts.report import Measurements
from airflow_provider_harness.testing.bigquery import BigQueryServer
from airflow_provider_harness.testing.postgres import PostgresServer
from tests.ports.engines_case import Engines, contract_of

ROWS = [
    (1, 2.5, Decimal("2.50"), "x_b", datetime(2024, 1, 31, 23, 30, tzinfo=UTC)),
    (-7, -2.5, Decimal("-0.12"), "Xy", datetime(2023, 12, 31, tzinfo=UTC)),
    (4, 0.5, None, None, None),
    (9, 3.5, Decimal("7.00"), "xzb\t", datetime(2024, 6, 30, 22, 15, 59, 250000, tzinfo=UTC)),
]
SAME = [
    "sum(n / 2)",
    "max(n / -2)",
    "count(*) / 3",
    "sum(n)::numeric / count(*)",
    "sum(d / 2)",
    "sum(length(s) / 2)",
    "sum(CASE WHEN n > 1 THEN n ELSE 1 END / 4)",
    "sum(coalesce(n, 0) / 2) FILTER (WHERE s LIKE 'x\\_%')",
    "count(*) FILTER (WHERE s NOT LIKE 'x\\_%')",
    "max(extract(week FROM at))",
    "count(DISTINCT date_trunc('week', at))",
    "sum(greatest(n, d))",
    "round(sum(log(n + 10))::numeric, 6)",
    "sum(at::date - DATE '2023-01-02') / 2",
    "sum((at::date - DATE '2023-01-02') / 2)",
    "sum(extract(second FROM at))",
    "sum(extract(milliseconds FROM at))",
    "sum(extract(microsecond FROM at))",
    "sum(extract(epoch FROM at))",
    "max(extract(epoch FROM at - TIMESTAMPTZ '2024-01-01 00:00:00+00'))",
    "sum(extract(dow FROM at)) + sum(extract(isodow FROM at)) * 100 + sum(extract(doy FROM at)) * 10000",
    "percentile_cont(0.5) WITHIN GROUP (ORDER BY n)",
    "percentile_cont(0.9) WITHIN GROUP (ORDER BY d DESC) - min(d)",
    "percentile_cont(0.25) WITHIN GROUP (ORDER BY n) FILTER (WHERE n > 0)",
    "sum(length(trim(s)))",
    "count(*) FILTER (WHERE s ~* '^XZ')",
    "count(*) FILTER (WHERE to_char(at, 'YYYY-MM-DD HH24:MI:SS') > '2024-01-31 23')",
    "count(*) FILTER (WHERE dense = 2)",
    "max(running)",
    "sum((n / 2.0)::numeric)",
    "count(*) FILTER (WHERE d % 0.05 <> 0)",
]
"""Each is asked of the rows with ``dense`` and ``running``, which are made by windows."""
ROWS_OF = """SELECT {said} FROM (
    SELECT *, dense_rank() OVER (ORDER BY s) AS dense, sum(n) OVER (ORDER BY d DESC) AS running FROM ${{table}}
) AS q"""
ONE_BY_ONE = "SELECT {said} FROM ${{table}}"


def rules() -> list[Check]:
    made = [(ROWS_OF if "dense" in said or "running" in said else ONE_BY_ONE).format(said=said) for said in SAME]
    return [Check(id=str(place), kind=CheckKind.CUSTOM_SQL, sql=sql) for place, sql in enumerate(made)]


def compared(mine: Measurements, theirs: Measurements) -> None:
    for place, said in enumerate(SAME):
        one, other = mine.values[str(place)], theirs.values[str(place)]
        assert (one.error, other.error) == ("", ""), said
        assert float(one.value) == pytest.approx(float(other.value), rel=1e-12), said


@pytest.fixture(scope="module")
def engines(postgres: PostgresServer) -> Iterator[Engines]:
    postgres.ensure_database("elsewhere")
    made = Engines(postgres.url("elsewhere"))
    made.fill(ROWS)
    yield made
    made.close()
    postgres.drop_database("elsewhere")


def test_files_are_judged_as_the_table_is(engines: Engines) -> None:
    contract = contract_of(rules())
    compared(engines.sql_postgres(contract), engines.sql_duckdb(contract))


def test_bigquery_judges_as_postgresql_does(engines: Engines, bigquery: BigQueryServer) -> None:
    home, client = f"elsewhere_{uuid.uuid4().hex[:8]}", bigquery.client()
    bigquery.ensure_dataset(home)
    client.query_and_wait(f"CREATE TABLE {home}.t (n INT64, x FLOAT64, d NUMERIC(12, 2), s STRING, at TIMESTAMP)")
    client.query_and_wait(f"INSERT INTO {home}.t VALUES {', '.join(map(_row, ROWS))}")
    contract = replace(contract_of(rules()), table=f"{home}.t")
    there = bq_measure.measure(Jobs(client), contract, Rows(relation=ident(f"{home}.t")), None, "test")
    compared(engines.sql_postgres(contract_of(rules())), there)
    bigquery.drop_dataset(home)


def _row(row: tuple[Any, ...]) -> str:
    n, x, d, s, at = row
    told = [
        n,
        x,
        d and f"NUMERIC '{d}'",
        s and f"'{s}'".replace("\t", "\\t"),
        at and f"TIMESTAMP '{at.isoformat(sep=' ')}'",
    ]
    return "(" + ", ".join("NULL" if one is None else str(one) for one in told) + ")"


def test_a_rule_of_postgresql_depends_on_no_zone_of_the_session(engines: Engines) -> None:
    """The hour, the day and the text of a moment were those of the role's or the database's time zone."""
    said = ["sum(extract(hour FROM at))", "max(at::date - DATE '2024-01-01')", "max(at::text)"]
    asked = [f"SELECT {one} FROM ${{table}}" for one in said]
    checks = [Check(id=str(n), kind=CheckKind.CUSTOM_SQL, sql=sql) for n, sql in enumerate(asked)]
    engines.postgres.execute("SET TimeZone = 'Asia/Kathmandu'")
    found = engines.sql_postgres(contract_of(checks)).values
    assert [found[str(n)].value for n in range(3)] == [45, 181, "2024-06-30 22:15:59.25+00"]
    engines.postgres.execute("RESET TimeZone")


@pytest.mark.parametrize(
    ("said", "there"),
    [
        ("n / 2", "DIV(n, 2)"),
        ("d / 2", "d / 2"),
        ("log(d)", "LOG(d, 10)"),
        ("extract(week FROM at)", "EXTRACT(ISOWEEK FROM `at`)"),
        ("date_trunc('week', at)", "TIMESTAMP_TRUNC(`at`, ISOWEEK)"),
        ("greatest(n, d)", "(SELECT MAX(harness_v) FROM UNNEST([n, d]) AS harness_v)"),
        ("regexp_replace(s, 'a', 'b', 'g')", "REGEXP_REPLACE(s, 'a', 'b')"),
        ("at::date - current_date", "DATE_DIFF(CAST(`at` AS DATE), CURRENT_DATE, DAY)"),
        ("trim(s)", "TRIM(s, ' ')"),
        ("array_agg(n ORDER BY d)", "ARRAY_AGG(n ORDER BY (d) IS NULL, d)"),
        ("sum(n) OVER (ORDER BY d DESC)", "OVER (ORDER BY (d) IS NULL DESC, d DESC)"),
        ("width_bucket(n, ARRAY[1, 5])", "RANGE_BUCKET(n, [1, 5])"),
        ("to_char(at, 'YYYY-MM')", "FORMAT_TIMESTAMP('%Y-%m', `at`)"),
        ("extract(dow FROM at)", "EXTRACT(DAYOFWEEK FROM `at`) - 1"),
    ],
)
def test_bigquery_is_asked_in_words_that_mean_the_same(said: str, there: str) -> None:
    asked = translate(put(f"SELECT {said} FROM harness_rows", contract_of(()), "bigquery"), "bigquery")
    assert there in asked


@pytest.mark.parametrize(
    ("said", "dialect", "why"),
    [
        ("sum(other.n / other.unknown)", "duckdb", "write x::numeric / y"),
        ("round(x)", "bigquery", "write round(x::numeric)"),
        ("x::int", "duckdb", "write x::numeric::int"),
        ("s::numeric", "duckdb", "write x::numeric(38, 9)"),
        ("regexp_replace(s, 'a', 'b')", "bigquery", "replaces the first match"),
        ("substr(s, 0, 3)", "bigquery", "before its first character"),
        ("left(s, -1)", "bigquery", "below 0"),
        ("max(n / 2) FROM (SELECT avg(n) AS n FROM harness_rows) AS q --", "duckdb", "write x::numeric / y"),
        ("(SELECT max(n / 2) FROM other)", "bigquery", "write x::numeric / y"),
        ("s SIMILAR TO '(x|a)%'", "duckdb", "SIMILAR TO"),
        ("to_char(at, 'Dy')", "duckdb", "YYYY, MM, DD"),
        ("to_char(upper(s), 'YYYY')", "bigquery", "no date or moment"),
        ("(n, d) IS NULL", "duckdb", "several values at once"),
        ("x::text", "duckdb", "a binary number a text"),
        ("d::text", "bigquery", "a decimal or a moment a text"),
        ("percentile_cont(0.5) WITHIN GROUP (ORDER BY n) FROM harness_rows GROUP BY s --", "bigquery", "of groups"),
    ],
)
def test_what_cannot_be_put_so_is_refused_with_the_way_out(said: str, dialect: str, why: str) -> None:
    with pytest.raises(SqlRefused) as caught:
        put(f"SELECT {said} FROM harness_rows", contract_of(()), dialect)
    assert why in str(caught.value)
