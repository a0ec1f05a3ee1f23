"""Drift of a slice against a reference: PostgreSQL and BigQuery give the numbers that scipy gives, and two levels are told."""

from __future__ import annotations

import math
import random
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from scipy import stats

from airflow_provider_harness.adapters.bigquery import measure as bq_measure
from airflow_provider_harness.adapters.bigquery.jobs import Jobs
from airflow_provider_harness.adapters.contracts.compile_cache import dump, restore
from airflow_provider_harness.adapters.contracts.odcs import compile_text
from airflow_provider_harness.adapters.postgres import measure as pg_measure
from airflow_provider_harness.adapters.sql import checks as sql_checks
from airflow_provider_harness.core.contracts.checks import CheckSeverity
from airflow_provider_harness.core.contracts.contract import Contract
from airflow_provider_harness.core.contracts.report import CheckResult, Decision, judge
from airflow_provider_harness.core.errors import ContractError
from airflow_provider_harness.core.slices.slices import Slice
from airflow_provider_harness.testing.bigquery import BigQueryServer
from airflow_provider_harness.testing.postgres import PostgresServer

DAY = timedelta(days=1)
TODAY = datetime(2026, 11, 30, tzinfo=UTC)
PIECE = Slice(id="20261130T000000Z", start=TODAY, end=TODAY + DAY)
CONTRACT = """
apiVersion: v3.1.0
kind: DataContract
id: t
version: 1.0.0
status: active
customProperties:
  - {property: harness.load, value: {mode: incremental, sliceColumn: at, timeZone: UTC, grain: day}}
schema:
  - name: t
    physicalName: HOME.t
    properties:
      - {name: at, logicalType: timestamp}
      - name: x
        logicalType: number
        physicalType: double precision
        quality: [NUMBERS]
      - name: s
        logicalType: string
        quality: [TEXTS]
"""
RULE = "{type: custom, engine: harness, implementation: {check: drift, minimumRows: 5, MORE}}"
NUMBERS = ("psi", "ks", "wasserstein", "chi_square")
TEXTS = ("psi", "chi_square")
#: An hour long before the slice is not a part of the reference, and one of the reference is.
BEFORE, WITHIN = TODAY - 40 * DAY, TODAY - 3 * DAY


def rules(methods: Sequence[str], more: str = "") -> str:
    return ", ".join(RULE.replace("MORE", f"method: {method}{more}") for method in methods)


def contract_of(home: str = "public", more: str = "") -> Contract:
    text = CONTRACT.replace("HOME", home)
    return compile_text(text.replace("NUMBERS", rules(NUMBERS, more)).replace("TEXTS", rules(TEXTS, more)), "t.yaml")


Pair = tuple[Any, Any]


class Postgres:
    def __init__(self, dsn: str) -> None:
        self.connection = psycopg.connect(dsn, autocommit=True)
        self.connection.execute("CREATE TABLE public.t (at timestamptz, x double precision, s text)")

    def fill(self, reference: Sequence[Pair], current: Sequence[Pair]) -> None:
        self.connection.execute("TRUNCATE public.t")
        rows = [(at, *pair) for at, side in ((WITHIN, reference), (TODAY, current)) for pair in side]
        with self.connection.cursor().copy("COPY public.t FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)

    def found(self, contract: Contract) -> dict[str, Any]:
        where = sql_checks.in_slice(contract, PIECE)
        rows = sql_checks.Rows(relation='"public"."t"', where=where, piece=PIECE)
        found = pg_measure.measure(self.connection, contract, rows).values
        return {name: one.error or one.value for name, one in found.items() if name.startswith("drift")}


@pytest.fixture(scope="module")
def table(postgres: PostgresServer) -> Iterator[Postgres]:
    postgres.ensure_database("drift")
    made = Postgres(postgres.url("drift"))
    yield made
    made.connection.close()
    postgres.drop_database("drift")


def bins(reference: list[float], values: Sequence[float | None]) -> Counter[Any]:
    """Bins by hand: the share of the reference below a value, in tenths."""
    ordered = sorted(reference)
    return Counter(
        None if value is None else min(9, math.floor(10 * bisect_left(ordered, value) / len(ordered)))
        for value in values
    )


def frequent(reference: Sequence[str | None], values: Sequence[str | None]) -> Counter[Any]:
    """Bins by hand: the ten most frequent texts of the reference, others, new ones, and nulls."""
    known = Counter(value for value in reference if value is not None)
    first = sorted(known, key=lambda value: (-known[value], value))[:10]
    return Counter(v if v is None or v in first else ("rest" if v in known else "new") for v in values)


def psi(reference: Counter[Any], current: Counter[Any]) -> float:
    n, m = reference.total(), current.total()
    shares = [(max(reference[b] / n, 1e-4), max(current[b] / m, 1e-4)) for b in {*reference, *current}]
    return sum((q - p) * math.log(q / p) for p, q in shares)


def cramers_v(reference: Counter[Any], current: Counter[Any]) -> float:
    keys = [*{*reference, *current}]
    counts = [[side[key] for key in keys] for side in (reference, current)]
    if len(keys) == 1:
        return 0.0
    found = stats.chi2_contingency(counts, correction=False).statistic
    return math.sqrt(found / (reference.total() + current.total()))


def by_hand(reference: Sequence[Pair], current: Sequence[Pair]) -> dict[str, float]:
    """The same numbers by scipy and by the words of the page."""
    old, new = [x for x, _ in reference], [x for x, _ in current]
    a, b = [x for x in old if x is not None], [x for x in new if x is not None]
    apart, deviation = stats.wasserstein_distance(a, b), float(stats.tstd(a, ddof=0)) if len({*a}) > 1 else 0.0
    numbers, texts = bins(a, old), frequent([s for _, s in reference], [s for _, s in reference])
    new_texts = frequent([s for _, s in reference], [s for _, s in current])
    return {
        "drift:x:psi": psi(numbers, bins(a, new)),
        "drift:x:ks": float(stats.ks_2samp(a, b, method="asymp").statistic),
        "drift:x:wasserstein": apart / deviation if deviation else (math.inf if apart else 0.0),
        "drift:x:chi_square": cramers_v(numbers, bins(a, new)),
        "drift:s:psi": psi(texts, new_texts),
        "drift:s:chi_square": cramers_v(texts, new_texts),
    }


PAIRS = st.tuples(
    st.none() | st.integers(-5, 5).map(float) | st.floats(-1e6, 1e6).map(lambda x: round(x, 3)),
    st.none() | st.sampled_from("abcdefghijklmnop"),
)
MANY = st.lists(PAIRS, min_size=5, max_size=60).filter(lambda rows: sum(x is not None for x, _ in rows) >= 5)


@settings(
    max_examples=40,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(reference=MANY, current=MANY)
def test_postgresql_agrees_with_scipy(table: Postgres, reference: list[Pair], current: list[Pair]) -> None:
    table.fill(reference, current)
    assert table.found(contract_of()) == pytest.approx(by_hand(reference, current), rel=1e-9, abs=1e-9)


def pairs(seed: int, middle: float, texts: str, count: int = 400) -> list[Pair]:
    chance = random.Random(seed)
    return [
        (None if n % 40 == 0 else chance.gauss(middle, 10), None if n % 50 == 0 else chance.choice(texts))
        for n in range(count)
    ]


@pytest.mark.bigquery
def test_bigquery_agrees_with_scipy(bigquery: BigQueryServer) -> None:
    home = "drift"
    bigquery.ensure_dataset(home)
    client, contract = bigquery.client(), contract_of(home)
    reference, current = pairs(1, 100, "aaabbc", 60), pairs(2, 104, "aabbbd", 50)
    rows = ", ".join(
        f"(TIMESTAMP '{at.isoformat()}', {'NULL' if x is None else x}, {'NULL' if s is None else repr(s)})"
        for at, side in ((WITHIN, reference), (TODAY, current))
        for x, s in side
    )
    client.query_and_wait(f"CREATE TABLE {home}.t (at TIMESTAMP, x FLOAT64, s STRING)")
    client.query_and_wait(f"INSERT INTO {home}.t VALUES {rows}")
    here = sql_checks.Rows(
        relation=f'"{home}"."t"', where=sql_checks.in_slice(contract, PIECE), piece=PIECE, dialect="bigquery"
    )
    found = bq_measure.measure(Jobs(client), contract, here, None, "test")
    assert {
        name: (one.error, one.value) for name, one in found.values.items() if name in by_hand(reference, current)
    } == {name: ("", pytest.approx(value, rel=1e-9)) for name, value in by_hand(reference, current).items()}
    bigquery.drop_dataset(home)


def result(table: Postgres, check: str, more: str = "") -> CheckResult:
    contract = contract_of(more=more)
    where = sql_checks.in_slice(contract, PIECE)
    rows = sql_checks.Rows(relation='"public"."t"', where=where, piece=PIECE)
    report = judge(contract, pg_measure.measure(table.connection, contract, rows), where="public.t")
    return next(one for one in report.results if one.id == check)


@pytest.mark.parametrize(
    ("middle", "level", "passed", "severity"),
    [(100, "none", True, "error"), (104, "warning", False, "warn"), (115, "error", False, "error")],
)
def test_two_levels(table: Postgres, middle: float, level: str, passed: bool, severity: str) -> None:
    table.fill(pairs(1, 100, "abc", 4000), pairs(2, middle, "abc", 4000))
    found = result(table, "drift:x:psi")
    assert (found.facts["level"], found.passed, found.severity) == (level, passed, CheckSeverity(severity))
    assert found.blocking == (level == "error")


def test_too_few_rows_say_nothing_and_pass(table: Postgres) -> None:
    for sides in (([], pairs(1, 1, "a")), (pairs(1, 1, "a"), [])):
        table.fill(*sides)
        found = result(table, "drift:x:psi")
        assert found.passed and found.facts["learning"] and "5 rows are needed" in found.expected


def test_what_is_infinite_or_no_number_is_an_error_and_not_a_gap(table: Postgres) -> None:
    table.fill([(1.0, "a")] * 10, [(2.0, "b")] * 10)
    assert result(table, "drift:x:wasserstein").facts["level"] == "error"
    table.fill([(1.0, "a")] * 10, [(math.nan, "a")] * 10)
    assert result(table, "drift:x:psi").facts["level"] == "error"  # NaN counts as a null, of which there were none


def test_a_fixed_window_is_the_reference_whatever_the_slice(table: Postgres) -> None:
    table.fill(pairs(1, 300, "a"), pairs(2, 100, "a"))
    for n in range(20):
        table.connection.execute("INSERT INTO public.t VALUES (%s, %s, 'a')", [BEFORE, 95.0 + n])
    fixed = ", reference: {from: 2026-10-20, to: 2026-10-22}"
    assert result(table, "drift:x:ks").facts["level"] == "error"
    assert float(result(table, "drift:x:ks", fixed).value or 0) < 0.4


def test_without_a_slice_only_a_fixed_window_can_be_the_reference(table: Postgres) -> None:
    table.fill(pairs(1, 100, "a"), pairs(2, 100, "a"))
    rows = sql_checks.Rows(relation='"public"."t"')
    contract = contract_of()
    found = pg_measure.measure(table.connection, contract, rows).values["drift:x:psi"]
    assert (found.value, "no slice is judged here" in found.error) == (None, True)
    fixed = contract_of(more=", reference: {from: 2026-11-20, to: 2026-11-30}")
    assert pg_measure.measure(table.connection, fixed, rows).values["drift:x:psi"].error == ""


def test_a_compiled_contract_is_kept_with_its_drift_rules() -> None:
    for more in ("", ", reference: {from: 2026-10-20, to: 2026-10-22}"):
        assert restore(dump(contract_of(more=more))) == contract_of(more=more)


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ("method: psy", "method 'psy' is none of psi, ks, wasserstein, chi_square"),
        ("method: psi, reference: {days: 0}", "days: 0 is not a whole number from 1 to 3660"),
        ("method: psi, reference: last month", "reference is {days: 28}, or"),
        ("method: psi, reference: {from: 2026-02-01, to: 2026-01-01}", "it is empty"),
        ("method: psi, reference: {from: soon, to: 2026-01-01}", "'soon' is neither a date nor a timestamp"),
        ("method: psi, warning: 0.3, error: 0.2", "warning not over error"),
        ("method: psi, bins: 1", "bins: 1 is not a whole number from 2 to 100"),
        ("method: psi, floor: 0", "floor 0 is not over 0"),
        ("method: psi, mustBeLessThan: 3", "takes 'warning' and 'error' in place of 'mustBeLessThan'"),
        ("method: ks, depth: 3", "'depth' is not an argument of drift"),
    ],
)
def test_what_has_no_meaning_is_a_finding(more: str, problem: str) -> None:
    text = CONTRACT.replace("HOME", "public").replace("NUMBERS", RULE.replace("MORE", more)).replace("[TEXTS]", "[]")
    with pytest.raises(ContractError, match=problem.replace("{", r"\{").replace("(", r"\(")):
        compile_text(text, "t.yaml")


def test_a_measure_of_order_is_not_asked_of_a_text() -> None:
    text = CONTRACT.replace("HOME", "public").replace("[NUMBERS]", "[]").replace("TEXTS", rules(["ks"]))
    with pytest.raises(ContractError, match="needs numbers or moments, and s is text; use psi or chi_square"):
        compile_text(text, "t.yaml")


def test_a_drift_blocks_a_publication(table: Postgres) -> None:
    table.fill(pairs(1, 100, "abc"), pairs(2, 150, "abc"))
    contract = contract_of()
    rows = sql_checks.Rows(relation='"public"."t"', where=sql_checks.in_slice(contract, PIECE), piece=PIECE)
    report = judge(contract, pg_measure.measure(table.connection, contract, rows), where="public.t")
    assert report.decision is Decision.BLOCK
