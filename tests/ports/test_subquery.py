"""A user's query inside of ours: its comments and semicolons end nothing."""

from __future__ import annotations

import psycopg
import pytest

from airflow_provider_harness.adapters.sql.authored import subquery
from airflow_provider_harness.core.contracts.checks import Check, CheckKind
from airflow_provider_harness.testing.postgres import PostgresServer
from tests.ports.rows_case import Case
from tests.ports.test_transfer import pumped

ENDS = ("", ";", " ;\n;", " -- the latest only", "; -- the latest; only", "\n/* both; */;", " --", ";\n-- a\n-- b;\n")
HEADS = (
    "SELECT ';' AS a",
    "SELECT $x$;--$x$ AS a",
    'SELECT 1 AS "a;--"',
    r"SELECT E'it\';' AS a",
    r"SELECT 'C:\' AS a",
)


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("head", HEADS)
def test_what_ends_the_query_ends_nothing_else(head: str, end: str) -> None:
    told = subquery.relation(head + end)
    assert told.startswith(f"({head}")
    assert told.endswith("\n) AS q")
    assert ";" not in told.removeprefix(f"({head}").split("--")[0].split("/*")[0]


def test_postgres_reads_them_all(postgres: PostgresServer) -> None:
    with psycopg.connect(postgres.url("postgres")) as connection:
        for head in HEADS:
            for end in ENDS:
                found = connection.execute(f"SELECT count(*) FROM {subquery.relation(head + end)}".encode())
                assert found.fetchone() == (1,), head + end


@pytest.mark.parametrize("end", ["", "; -- the latest; only", " -- all"])
def test_an_extract_and_a_transfer_of_a_query_and_a_check_in_sql(case: Case, end: str) -> None:
    sql = f"SELECT * FROM public.orders{end}"
    check = Check(id="own", kind=CheckKind.CUSTOM_SQL, sql=f"SELECT count(*) - 303 FROM ${{table}}{end}")
    there = case.with_contract(checks=(*case.contract.checks, check))
    assert there.extract(sql=sql)[0].rows == 303
    assert there.load()[0].rows == 303
    assert pumped(there, sql=sql).rows == 303
