"""Training sets with known answers: what a request knew of its features, in PostgreSQL (two forms) and BigQuery."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airflow_provider_harness.adapters.contracts.odcs import compile_text
from airflow_provider_harness.adapters.learning.point_in_time import query
from airflow_provider_harness.patterns import Engine
from airflow_provider_harness.testing.bigquery import BigQueryServer
from airflow_provider_harness.testing.postgres import PostgresServer
from tests.ports.features_case import (
    REQUESTS,
    VALUES,
    Known,
    features_text,
    oracle,
    request,
    source_of,
    training_text,
    value,
)
from tests.ports.sql_patterns_case import Row, Table, _read, at, ordered

LATE = [value("1", "1", 10), value("2", "4", 20), value("1", "5", 11)]
"""The second value came two days late; the first was corrected on the fifth."""
DST = (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC))
"""02:30 in Berlin, before the clock went back and after."""
CASES = [
    Known(id="no value yet: the request stays, with nulls", requests=[request(1, at("1 09:00"))], values=[], answer=[(1, None, None)]),
    Known(id="a key without features", requests=[request(1, at("3"), "b"), request(2, at("3"), None)], values=LATE, answer=[(1, None, None), (2, None, None)]),
    Known(id="a request without a time", requests=[request(1, None)], values=LATE, answer=[(1, None, None)]),
    Known(id="exactly at the event time and the known-at: included", requests=[request(1, at("1"))], values=LATE, answer=[(1, 10, "w")]),
    Known(id="a microsecond before: not", requests=[request(1, at("1").replace(day=1) - (at("2") - at("1")) / 86_400_000_000)], values=LATE, answer=[(1, None, None)]),
    Known(id="a late row leaks into no earlier request (Feast 6615)", requests=[request(1, at("3")), request(2, at("4"))], values=LATE, answer=[(1, 10, "w"), (2, 20, "w")]),
    Known(id="a correction counts once it is known, and an older event never hides a newer one", requests=[request(1, at("3")), request(2, at("6"))], values=[value("1", "1", 10), value("1", "5", 11)], answer=[(1, 10, "w"), (2, 11, "w")]),
    Known(id="requests with the same key and time all stay (Feast 6787)", requests=[request(n, at("3")) for n in (1, 2, 3)] + [request(3, at("3"))], values=LATE, answer=[(1, 10, "w"), (2, 10, "w"), (3, 10, "w"), (3, 10, "w")]),
    Known(id="many rows of the same key and times: always the same one, no row more (Feast 3360)", requests=[request(1, at("3"))], values=[value("1", "1", n % 5, f"w{n}") for n in range(9)], answer=[(1, 4, "w4")]),
    Known(id="a null feature is a value, and hides no tie", requests=[request(1, at("3"))], values=[value("1", "1", 10), value("2", "2", None, None)], answer=[(1, None, None)]),
    Known(id="a known-at that nobody knows is never known", requests=[request(1, at("9"))], values=[value("1", "1", 10), value("2", None, 20)], answer=[(1, 10, "w")]),
    Known(id="a value exactly as old as it may be (Feast 3435)", requests=[request(1, at("3"))], values=LATE, answer=[(1, 10, "w")], options={"max_age": "P2D"}),
    Known(id="a value that is too old is null, whatever older ones there are", requests=[request(1, at("3 00:01"))], values=LATE, answer=[(1, None, None)], options={"max_age": "P2D"}),
    Known(id="without a known-at, a value counts since its event time", requests=[request(1, at("3"))], values=LATE, answer=[(1, 20, "w")], options={"known": False}),
    Known(id="versions that end each other (Feast 4162)", requests=[request(n, at(f"{n}")) for n in (1, 2, 3)], values=[value("1", "1", 10, ends="2"), value("2", "2", 20)], answer=[(1, 10, "w"), (2, 20, "w"), (3, 20, "w")], options={"scd2": True}),
    Known(id="a version that was deleted holds no more", requests=[request(1, at("1 23:59")), request(2, at("2"))], values=[value("1", "1", 10, ends="2")], answer=[(1, 10, "w"), (2, None, None)], options={"scd2": True}),
    Known(id="an end that the next version brings is not known before that version is", requests=[request(1, at("3")), request(2, at("5"))], values=[value("1", "1", 10, ends="2"), value("1", "2", 11, ends="2"), value("2", "4", 20)], answer=[(1, 11, "w"), (2, 20, "w")], options={"scd2": True}),
    Known(id="the hour that a clock has twice", requests=[(1, "a", DST[0], 1, DST[0]), (2, "a", DST[1], 1, DST[1])], values=[("a", DST[0], DST[0], None, 1, "first"), ("a", DST[1], DST[1], None, 2, "second")], answer=[(1, 1, "first"), (2, 2, "second")]),
    Known(id="a day of a clock's change is 24 hours long as an age", requests=[(1, "a", datetime(2026, 10, 25, 23, tzinfo=UTC), 1, DST[0])], values=[("a", datetime(2026, 10, 24, 22, 59, tzinfo=UTC), DST[0], None, 1, "old")], answer=[(1, None, None)], options={"max_age": "P1D"}),
]  # fmt: skip


class Engines:
    """One session of each, in another zone than UTC."""

    def __init__(self, dsn: str, bigquery: BigQueryServer | None) -> None:
        self.postgres = psycopg.connect(dsn, autocommit=True)
        self.postgres.execute("SET TIME ZONE 'Europe/Berlin'")
        self.client = bigquery.client() if bigquery else None

    def postgres_rows(self, case: Known, *, lookup: bool) -> list[Row]:
        return ordered(self.postgres.execute(case.query(Engine.POSTGRES, lookup=lookup).encode()).fetchall())

    def bigquery_rows(self, cases: Sequence[Known]) -> dict[str, list[Row]]:
        """Several cases in one query, as the client waits for each."""
        assert self.client is not None
        parts = [
            f"SELECT {n} AS id, TO_JSON_STRING(q) AS found FROM ({case.query(Engine.BIGQUERY)}) AS q"
            for n, case in enumerate(cases)
        ]
        found: dict[str, list[Row]] = {case.id: [] for case in cases}
        for n, text in self.client.query_and_wait(" UNION ALL ".join(parts)):
            found[cases[n].id].append(tuple(map(_read, json.loads(text).values())))
        return {name: ordered(rows) for name, rows in found.items()}

    def close(self) -> None:
        self.postgres.close()
        if self.client is not None:
            self.client.close()


@pytest.fixture(scope="module")
def engines(postgres: PostgresServer) -> Iterator[Engines]:
    postgres.ensure_database("features_known")
    made = Engines(postgres.url("features_known"), None)
    yield made
    made.close()
    postgres.drop_database("features_known")


@pytest.fixture(scope="module")
def in_bigquery(postgres: PostgresServer, bigquery: BigQueryServer) -> Iterator[Engines]:
    made = Engines(postgres.url("postgres"), bigquery)
    yield made
    made.close()


def _answer(rows: Sequence[Row]) -> list[tuple[Any, Any, Any]]:
    return sorted(((row[0], row[4], row[5]) for row in rows), key=str)


@pytest.mark.parametrize("lookup", [True, False], ids=["lookup", "ranked"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_a_known_case(engines: Engines, case: Known, lookup: bool) -> None:
    assert _answer(engines.postgres_rows(case, lookup=lookup)) == sorted(case.answer, key=str)
    known = case.scores.features
    assert known is not None
    assert _answer(oracle(known, case.requests, case.values)) == sorted(case.answer, key=str)


def test_bigquery_knows_the_same_cases(in_bigquery: Engines) -> None:
    found = in_bigquery.bigquery_rows(CASES)
    assert {case.id: _answer(found[case.id]) for case in CASES} == {
        case.id: sorted(case.answer, key=str) for case in CASES
    }


MOMENTS = st.integers(0, 5).map(lambda n: at(str(n + 1)))
PEOPLE = st.sampled_from(["a", "b", None])
DRAWN_VALUES = st.lists(
    st.tuples(
        st.sampled_from(["a", "b"]), MOMENTS, st.one_of(st.none(), MOMENTS), st.one_of(st.none(), MOMENTS),
        st.one_of(st.none(), st.integers(0, 3)), st.sampled_from(["x", "y", "Z", None]),
    ),
    max_size=12,
)  # fmt: skip
DRAWN_REQUESTS = st.lists(st.tuples(st.integers(1, 4), PEOPLE, st.one_of(st.none(), MOMENTS)), min_size=1, max_size=6)
OPTIONS = st.fixed_dictionaries(
    {"scd2": st.booleans(), "known": st.booleans(), "max_age": st.sampled_from(["", "P1D", "P2DT1S"])}
)


def _drawn(name: str, requests: Any, values: Any, options: Any) -> Known:
    asked = [(number, who, when, 1, at("9")) for number, who, when in requests]
    return Known(id=name, requests=asked, values=values, answer=(), options=options)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(requests=DRAWN_REQUESTS, values=DRAWN_VALUES, options=OPTIONS)
def test_drawn_tables_are_joined_as_a_slow_reader_joins_them(
    engines: Engines, requests: Any, values: Any, options: Any
) -> None:
    case = _drawn("drawn", requests, values, options)
    known = case.scores.features
    assert known is not None
    answer = ordered(oracle(known, case.requests, case.values))
    for lookup in (True, False):
        assert engines.postgres_rows(case, lookup=lookup) == answer


@pytest.mark.slow
@settings(max_examples=2, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=st.lists(st.tuples(DRAWN_REQUESTS, DRAWN_VALUES, OPTIONS), min_size=8, max_size=8))
def test_bigquery_joins_drawn_tables_as_a_slow_reader(in_bigquery: Engines, drawn: Any) -> None:
    cases = [_drawn(f"drawn {n}", *one) for n, one in enumerate(drawn)]
    found = in_bigquery.bigquery_rows(cases)
    for case in cases:
        known = case.scores.features
        assert known is not None
        assert found[case.id] == ordered(oracle(known, case.requests, case.values)), case.id


TWO = {
    "requests": Table(
        columns=REQUESTS, rows=[request(1, at("3")), request(2, at("3"), "b"), request(3, at("1 12:00"))]
    ),
    "scores": Table(columns=VALUES, rows=LATE),
    "words": Table(columns=VALUES, rows=[value("1", "2", None, "early"), value("2", "3", None, "late", who="b")]),
}


def _of_two(engine: Engine) -> str:
    """Two tables of features, one looked up and one ranked where the engine has both."""
    made = compile_text(training_text(), "learned.odcs.yaml")
    assert made.training_set is not None
    asked = replace(made.training_set, requests="requests")
    contract = compile_text(features_text(), "scores.odcs.yaml")
    scores = replace(source_of(contract, "scores"), take=(("score", "score"),))
    words = replace(scores, table="words", take=(("word", "word"),))
    quote = "`" if engine is Engine.BIGQUERY else '"'
    given = ", ".join(f"{quote}{name}{quote} AS ({table.sql(engine)})" for name, table in TWO.items())
    lookup = {"scores": False} if engine is Engine.POSTGRES else None
    return f"WITH {given} SELECT * FROM ({query(made, asked, [scores, words], engine.value, lookup=lookup)}) AS q"


FROM_TWO = [
    (1, "a", at("3"), 1, 10, "early", at("2"), at("1")),
    (2, "b", at("3"), 1, None, "late", at("3"), at("2")),
    (3, "a", at("1 12:00"), 1, 10, None, at("1"), at("1")),
]
"""What is newest of either table is told, also where one of them knew nothing."""


def test_several_tables_of_features_in_one_set(engines: Engines) -> None:
    assert ordered(engines.postgres.execute(_of_two(Engine.POSTGRES).encode()).fetchall()) == ordered(FROM_TWO)


def test_several_tables_of_features_in_bigquery(in_bigquery: Engines) -> None:
    assert in_bigquery.client is not None
    found = in_bigquery.client.query_and_wait(f"SELECT TO_JSON_STRING(t) FROM ({_of_two(Engine.BIGQUERY)}) AS t")
    assert ordered([tuple(map(_read, json.loads(text).values())) for (text,) in found]) == ordered(FROM_TWO)
