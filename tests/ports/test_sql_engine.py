"""The engine sql: how many statements it needs, what the catalog proves, and its BigQuery text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import psycopg
import pytest
import sqlglot

from airflow_provider_harness.adapters.postgres import measure as pg_measure
from airflow_provider_harness.adapters.postgres.constraint_proofs import proofs
from airflow_provider_harness.adapters.sql import checks as sql_checks
from airflow_provider_harness.core.contracts.checks import Check, CheckKind, Reference
from airflow_provider_harness.core.contracts.report import judge
from airflow_provider_harness.testing.postgres import PostgresServer
from tests.ports.engines_case import TYPES, contract_of
from tests.ports.test_engines_agree import EXAMPLES

CHECKS = tuple(replace(e.check, id=f"c{n}") for n, e in enumerate(EXAMPLES) if e.kind is not CheckKind.CUSTOM_GX)
ROWS = sql_checks.Rows(relation='"public"."t"', table="public.t")


@pytest.fixture
def connection(postgres: PostgresServer, database: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(postgres.url(database), autocommit=True) as made:
        made.execute(f"CREATE TABLE public.t ({TYPES}); CREATE TABLE public.other ({TYPES})".encode())
        made.execute(
            "INSERT INTO public.t SELECT 9, 9, 9, 'zzzzz', now() - interval '9 days' FROM generate_series(1, 3)"
        )
        yield made


def sent(connection: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    found: list[str] = []
    rows = pg_measure._Postgres.rows
    monkeypatch.setattr(pg_measure._Postgres, "rows", lambda self, sql: found.append(sql) or rows(self, sql))
    return found


def test_a_gate_of_every_kind_touches_the_table_in_three_statements(
    connection: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    statements = sent(connection, monkeypatch)
    report = judge(contract_of(CHECKS), pg_measure.measure(connection, contract_of(CHECKS), ROWS), where="t")
    assert [result.error for result in report.results if result.error] == []
    assert len(report.failed) > 10
    assert len(statements) == 3, "what it counts, how many rows would be set aside, and samples"


def test_one_scan_and_one_more_for_each_grouping_of_values(connection: psycopg.Connection[Any]) -> None:
    plain = [c for c in CHECKS if not c.reference and c.kind is not CheckKind.CUSTOM_SQL]
    groups = sum(check.kind in (CheckKind.UNIQUE, CheckKind.DISTINCT_COUNT) for check in plain)
    plan = connection.execute(("EXPLAIN " + sql_checks.gate(contract_of(plain), ROWS, plain)).encode()).fetchall()
    scans = [line for (line,) in plan if "Scan on t" in line]
    assert len(scans) == 1 + groups == 4


def test_a_check_that_cannot_be_run_is_told_from_a_failed_one(connection: psycopg.Connection[Any]) -> None:
    broken = (
        Check(id="absent", kind=CheckKind.NOT_NULL, columns=("nothing",)),
        Check(id="division", kind=CheckKind.CUSTOM_SQL, sql="SELECT 1 / (count(*) - 3) FROM ${table}"),
        Check(id="pattern", kind=CheckKind.REGEX, columns=("s",), pattern="("),
        Check(id="right", kind=CheckKind.UNIQUE, columns=("n",)),
    )
    report = judge(contract_of(broken), pg_measure.measure(connection, contract_of(broken), ROWS), where="t")
    errors = {result.id: result.error for result in report.results}
    assert "does not exist" in errors["absent"]
    assert "division by zero" in errors["division"]
    assert "the parenthesis is not closed" in errors["pattern"]
    assert errors["right"] == ""
    assert {result.id for result in report.failed} == {"absent", "division", "pattern", "right"}


PROVED = {
    "unique:n": Check(id="unique:n", kind=CheckKind.UNIQUE, columns=("n",)),
    "unique:n,s": Check(id="unique:n,s", kind=CheckKind.UNIQUE, columns=("s", "n")),
    "not_null:n": Check(id="not_null:n", kind=CheckKind.NOT_NULL, columns=("n",)),
    "range:x": Check(id="range:x", kind=CheckKind.RANGE, columns=("x",), low=-1, high=10),
    "accepted_values:s": Check(
        id="accepted_values:s", kind=CheckKind.ACCEPTED_VALUES, columns=("s",), values=("a", "b")
    ),
    "referential:n": Check(
        id="referential:n",
        kind=CheckKind.REFERENTIAL,
        columns=("n",),
        reference=Reference(table="public.other", columns=("n",)),
    ),
}
GOOD = {
    "ALTER TABLE t ADD PRIMARY KEY (n)": {"unique:n", "unique:n,s", "not_null:n"},
    "ALTER TABLE t ADD UNIQUE (n)": {"unique:n", "unique:n,s"},
    "CREATE UNIQUE INDEX ON t (s, n)": {"unique:n,s"},
    "ALTER TABLE t ALTER n SET NOT NULL": {"not_null:n"},
    "ALTER TABLE t ADD CHECK (x >= 0 AND x <= 10)": {"range:x"},
    "ALTER TABLE t ADD CHECK (x BETWEEN -1 AND 9.5)": {"range:x"},
    "ALTER TABLE t ADD CHECK (s IN ('a', 'b'))": {"accepted_values:s"},
    "ALTER TABLE t ADD CHECK (s = 'a')": {"accepted_values:s"},
    "ALTER TABLE other ADD PRIMARY KEY (n); ALTER TABLE t ADD FOREIGN KEY (n) REFERENCES other": {"referential:n"},
}
NO_PROOF = [
    "CREATE UNIQUE INDEX ON t (n) WHERE n > 5",
    "CREATE UNIQUE INDEX ON t ((n + 1))",
    "ALTER TABLE t ADD UNIQUE (n) DEFERRABLE",
    "ALTER TABLE t ADD CHECK (x >= 0)",
    "ALTER TABLE t ADD CHECK (x >= -1 AND x <= 10.1)",
    "ALTER TABLE t ADD CHECK (x >= -2 AND x <= 10)",
    "ALTER TABLE t ADD CHECK (x >= 0 OR x <= 10)",
    "ALTER TABLE t ADD CHECK (NOT (x >= 0 AND x <= 10))",
    "ALTER TABLE t ADD CHECK (x >= 0 AND x <= 10) NOT VALID",
    "ALTER TABLE t ADD CHECK (s IN ('a', 'b', 'c'))",
    "ALTER TABLE t ADD CHECK (lower(s) IN ('a', 'b'))",
    "ALTER TABLE other ADD PRIMARY KEY (n); ALTER TABLE t ADD FOREIGN KEY (n) REFERENCES other NOT VALID",
    "ALTER TABLE other ADD PRIMARY KEY (n); ALTER TABLE t ADD FOREIGN KEY (n) REFERENCES other; ALTER TABLE t DISABLE TRIGGER ALL",
    "ALTER TABLE t ADD PRIMARY KEY (n); CREATE TABLE child () INHERITS (t)",
]


@pytest.mark.parametrize("ddl", [*GOOD, *NO_PROOF])
def test_only_what_holds_is_proved(connection: psycopg.Connection[Any], ddl: str) -> None:
    connection.execute("DELETE FROM public.t")
    connection.execute(ddl.encode())
    contract = contract_of(tuple(PROVED.values()))
    assert set(proofs(connection, contract, "public.t")) == GOOD.get(ddl, set())


@pytest.mark.parametrize(
    ("ddl", "more", "proved"),
    [
        ("CHECK (d >= 0)", {"low": 0}, False),
        ("CHECK (d >= 0 AND d <= 99)", {"low": 0}, True),
        ("CHECK (d <= 0)", {"high": 0}, True),
        ("CHECK (d <= 0)", {"high": 0, "high_open": True}, False),
        ("CHECK (d < 0)", {"high": 0, "high_open": True}, True),
        ("CHECK (d <= 0.30000000000000000001)", {"high": 0.3}, False),
        ("CHECK (d <= 0.3)", {"high": 0.3}, True),
    ],
)
def test_a_constraint_proves_a_range_to_the_last_digit(
    connection: psycopg.Connection[Any], ddl: str, more: dict[str, Any], *, proved: bool
) -> None:
    connection.execute("DELETE FROM public.t")
    connection.execute(f"ALTER TABLE t ADD {ddl}".encode())
    check = Check(id="range:d", kind=CheckKind.RANGE, columns=("d",), **more)
    assert set(proofs(connection, contract_of((check,)), "public.t")) == ({"range:d"} if proved else set())


def test_what_is_proved_reads_no_row_unless_it_is_switched_off(
    connection: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    connection.execute("DELETE FROM public.t; ALTER TABLE t ADD CONSTRAINT t_key PRIMARY KEY (n)")
    contract = contract_of((PROVED["unique:n"], PROVED["range:x"]))
    statements = sent(connection, monkeypatch)
    report = judge(contract, pg_measure.measure(connection, contract, ROWS), where="t")
    assert [result.proved for result in report.results] == ["primary key t_key", ""]
    assert report.as_dict()["results"][0]["proved"] == "primary key t_key"
    assert "GROUP BY" not in statements[0]
    off = judge(contract, pg_measure.measure(connection, contract, ROWS, prove=False), where="t")
    assert [result.proved for result in off.results] == ["", ""]
    assert "GROUP BY" in statements[1]


@pytest.mark.parametrize("check", CHECKS, ids=[f"{check.id}:{check.kind}" for check in CHECKS])
def test_bigquery_text_can_be_read_back(check: Check) -> None:
    text = sql_checks.spoken(sql_checks.gate(contract_of([check]), ROWS, [check]), "bigquery")
    read = sqlglot.parse_one(text, read="bigquery")
    assert sqlglot.parse_one(read.sql("bigquery"), read="bigquery") == read
    assert "MATERIALIZED" not in text
    assert "FILTER" not in text
    assert "`t`" in text
