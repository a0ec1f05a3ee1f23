"""Each documented case of a pattern gives its known answer on PostgreSQL, DuckDB and BigQuery."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from airflow_provider_harness.patterns import Engine, Pattern
from airflow_provider_harness.testing.bigquery import BigQueryServer
from airflow_provider_harness.testing.postgres import PostgresServer
from tests.ports.sql_patterns_case import Known, Row, Three, ordered
from tests.ports.sql_patterns_known import CASES

ALL = [case for cases in CASES.values() for case in cases]


@pytest.fixture(scope="module")
def two(postgres: PostgresServer) -> Iterator[Three]:
    postgres.ensure_database("sql_patterns")
    three = Three(postgres.url("sql_patterns"))
    yield three
    three.close()
    postgres.drop_database("sql_patterns")


@pytest.fixture(scope="module")
def answers(postgres: PostgresServer, bigquery: BigQueryServer) -> Iterator[object]:
    """BigQuery's answers to the cases of a pattern, asked for once."""
    three = Three(postgres.url("postgres"), bigquery)
    yield cache(lambda name: three.bigquery_rows(CASES[name]))
    three.close()


def test_each_case_has_a_name_of_its_own() -> None:
    assert len({case.id for case in ALL}) == len(ALL) > 60


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.id)
def test_postgresql_gives_the_known_answer(case: Known, two: Three) -> None:
    assert two.postgres_rows(case) == ordered(case.rows)


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.id)
def test_duckdb_gives_the_known_answer(case: Known, two: Three) -> None:
    assert two.duckdb_rows(case) == ordered(case.rows)


@pytest.mark.parametrize("name", CASES)
def test_bigquery_gives_the_known_answers(name: str, answers: object) -> None:
    found: dict[str, list[Row]] = answers(name)  # type: ignore[operator]
    assert found == {case.id: ordered(case.rows) for case in CASES[name]}


PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "use-a-pattern.md"


def test_the_page_names_these_cases_and_no_others() -> None:
    said = re.findall(r"^- ([^*].*)$", PAGE.read_text(), re.MULTILINE)
    assert said == [case.id for case in ALL]


def test_the_definitions_of_the_page_are_right_and_give_the_gates_that_it_shows() -> None:
    page, made = PAGE.read_text(), dict[str, object]()
    for block in re.findall(r"```python\n(.*?)```", page, re.DOTALL):
        exec(block.partition("\nwith DAG")[0], made)
    patterns = {name: one for name, one in made.items() if isinstance(one, Pattern)}
    assert len(patterns) == 7
    for one in patterns.values():
        assert all(one.sql(engine) for engine in Engine)
    assert "".join(f"  {line}\n" for line in patterns["CUSTOMERS"].quality().splitlines()) in page
