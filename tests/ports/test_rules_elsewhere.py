"""Rules of SQL are PostgreSQL's: on files and on BigQuery they mean the same, or could not be checked, with the way out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from airflow_provider_harness.adapters.sql.authored.elsewhere import put
from airflow_provider_harness.adapters.sql.authored.guard import SqlRefused
from airflow_provider_harness.adapters.sql.dialects import translate
from airflow_provider_harness.core.contracts.checks import Check, CheckKind
from airflow_provider_harness.testing.postgres import PostgresServer
from tests.ports.engines_case import Engines, contract_of

ROWS = [
    (1, 2.5, Decimal("2.50"), "x_b", datetime(2024, 1, 31, 23, 30, tzinfo=UTC)),
    (-7, -2.5, Decimal("-0.12"), "Xy", datetime(2023, 12, 31, tzinfo=UTC)),
    (4, 0.5, None, None, None),
    (9, 3.5, Decimal("7.00"), "xzb", datetime(2024, 6, 30, 22, 15, tzinfo=UTC)),
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
]


@pytest.fixture(scope="module")
def engines(postgres: PostgresServer) -> Iterator[Engines]:
    postgres.ensure_database("elsewhere")
    made = Engines(postgres.url("elsewhere"))
    made.fill(ROWS)
    yield made
    made.close()
    postgres.drop_database("elsewhere")


def test_files_are_judged_as_the_table_is(engines: Engines) -> None:
    rules = [
        Check(id=str(place), kind=CheckKind.CUSTOM_SQL, sql=f"SELECT {said} FROM ${{table}}")
        for place, said in enumerate(SAME)
    ]
    found = [one(contract_of(rules)).values for one in (engines.sql_postgres, engines.sql_duckdb)]
    for rule, said in zip(rules, SAME, strict=True):
        mine, theirs = (values[rule.id] for values in found)
        assert (mine.error, theirs.error) == ("", ""), said
        assert float(mine.value) == pytest.approx(float(theirs.value)), said


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
    ],
)
def test_bigquery_is_asked_in_words_that_mean_the_same(said: str, there: str) -> None:
    asked = translate(put(f"SELECT {said} FROM t", contract_of(()), "bigquery"), "bigquery")
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
    ],
)
def test_what_cannot_be_put_so_is_refused_with_the_way_out(said: str, dialect: str, why: str) -> None:
    with pytest.raises(SqlRefused) as caught:
        put(f"SELECT {said} FROM t", contract_of(()), dialect)
    assert why in str(caught.value)
