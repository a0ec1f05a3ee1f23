"""Every kind of check with data that passes and data that fails, on every engine that has it; and all engines agree."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from airflow_provider_harness.adapters.duckdb.alike import as_it_stands
from airflow_provider_harness.adapters.gx.suite import exact
from airflow_provider_harness.adapters.sql import checks as sql_checks
from airflow_provider_harness.adapters.sql.dialects import translate
from airflow_provider_harness.core.contracts.anomaly import CheckHistory, Point
from airflow_provider_harness.core.contracts.checks import (
    INSIDE,
    Baseline,
    Check,
    CheckKind,
    Expectation,
    Operator,
    Reference,
    Slot,
    Unit,
)
from airflow_provider_harness.core.contracts.report import CheckResult, Measurements, judge
from airflow_provider_harness.testing.postgres import PostgresServer
from tests.ports.engines_case import NOW, ROWS, Engines, Row, contract_of


@pytest.fixture(scope="module")
def engines(postgres: PostgresServer) -> Iterator[Engines]:
    postgres.ensure_database("engines")
    made = Engines(postgres.url("engines"))
    yield made
    made.close()
    postgres.drop_database("engines")


def row(n: Any = 1, x: Any = 1.0, d: Any = Decimal("1.00"), s: Any = "a", at: Any = NOW) -> Row:
    return (n, x, d, s, at)


def between(low: float, high: float) -> Expectation:
    return Expectation(operator=Operator.BETWEEN, values=(low, high))


@dataclass(frozen=True, kw_only=True)
class Example:
    """A check with rows that pass and rows that fail.

    :param value: what is measured in the failing rows; None: not compared.
    """

    kind: CheckKind
    passing: list[Row]
    failing: list[Row]
    value: Any = None
    columns: tuple[str, ...] = ("n",)
    more: dict[str, Any] | None = None

    @property
    def check(self) -> Check:
        return Check(id=f"{self.kind}:c", kind=self.kind, columns=self.columns, **(self.more or {}))


OTHER = [row(1, 1.5, Decimal("2.50"), "a"), row(2, 0.0, Decimal("1.00"), "b"), row(2, 0.0, Decimal("3.00"), "b")]
EXAMPLES = [
    Example(
        kind=CheckKind.MULTIPLE,
        passing=[row(0), row(10), row(-5), row(None)],
        failing=[row(7), row(10), row(-4)],
        value=2,
        more={"step": 5},
    ),
    Example(
        kind=CheckKind.MULTIPLE,
        columns=("d",),
        passing=[row(d=Decimal("0.05")), row(d=Decimal("-1.10")), row(d=None)],
        failing=[row(d=Decimal("0.07")), row(d=Decimal("0.10"))],
        value=1,
        more={"step": 0.05},
    ),
    Example(
        kind=CheckKind.RANGE,
        passing=[row(1), row(4), row(None)],
        failing=[row(0), row(5), row(1)],
        value=2,
        more={"low": 0, "low_open": True, "high": 5, "high_open": True},
    ),
    Example(kind=CheckKind.NOT_NULL, passing=[row()], failing=[row(), row(None), row(None)], value=2),
    Example(
        kind=CheckKind.NULL_RATE,
        passing=[row(), row(None)],
        failing=[row(), row(None), row(None)],
        value=2,
        more={"expect": Expectation(operator=Operator.LESS_OR_EQUAL, values=(50,), unit=Unit.PERCENT)},
    ),
    Example(
        kind=CheckKind.UNIQUE,
        passing=[row(1), row(2), row(None), row(None)],
        failing=[row(1)] * 3 + [row(2)] * 2,
        value=3,
    ),
    Example(
        kind=CheckKind.UNIQUE,
        columns=("n", "s"),
        passing=[row(1, s="a"), row(1, s="b"), row(1, s=None), row(1, s=None)],
        failing=[row(1, s="a"), row(1, s="a"), row(2, s="a")],
        value=1,
    ),
    Example(
        kind=CheckKind.ACCEPTED_VALUES,
        columns=("s",),
        passing=[row(s="a"), row(s="é'\\"), row(s=None)],
        failing=[row(s="A"), row(s="a"), row(s="")],
        value=2,
        more={"values": ("a", "é'\\")},
    ),
    Example(
        kind=CheckKind.RANGE,
        columns=("x",),
        passing=[row(x=0.0), row(x=1.5), row(x=None)],
        failing=[row(x=math.nan), row(x=math.inf), row(x=-math.inf), row(x=1.6), row(x=-0.1), row(x=1.0)],
        value=5,
        more={"low": 0, "high": 1.5},
    ),
    Example(
        kind=CheckKind.LENGTH,
        columns=("s",),
        passing=[row(s="a"), row(s="aé😀"), row(s=None)],
        failing=[row(s=""), row(s="abcd"), row(s="ab")],
        value=2,
        more={"low": 1, "high": 3},
    ),
    Example(
        kind=CheckKind.REGEX,
        columns=("s",),
        passing=[row(s="a1"), row(s="b\\2"), row(s=None)],
        failing=[row(s="a"), row(s="A1"), row(s="a1")],
        value=2,
        more={"pattern": r"^[a-z]\\?[0-9]$"},
    ),
    Example(kind=CheckKind.TYPE, passing=[], failing=[row(), row()], value=2, more={"type": "text"}),
    Example(
        kind=CheckKind.TYPE, columns=("at",), passing=[row()], failing=[], more={"type": "timestamp with time zone"}
    ),
    Example(
        kind=CheckKind.REFERENTIAL,
        columns=("n", "s"),
        passing=[row(1, s="a"), row(2, s="b"), row(3, s=None)],
        failing=[row(1, s="b"), row(3, s="a"), row(1, s="a")],
        value=2,
        more={"reference": Reference(table="public.other", columns=("n", "s"))},
    ),
    Example(
        kind=CheckKind.ROW_COUNT,
        columns=(),
        passing=[row()],
        failing=[],
        value=0,
        more={"expect": Expectation(operator=Operator.GREATER, values=(0,))},
    ),
    Example(
        kind=CheckKind.RECONCILIATION_BY_KEY,
        passing=OTHER[::-1],
        failing=[row(1, d=Decimal("2.49")), row(2, d=Decimal("4.00")), row(7), row(None)],
        value=4,
        more={
            "reference": Reference(table="public.other", columns=("n",), measures=("d",)),
            "measures": ("d",),
        },
    ),
    Example(
        kind=CheckKind.FRESHNESS,
        columns=("at",),
        passing=[row(at=NOW - timedelta(hours=1)), row(at=NOW - timedelta(days=9))],
        failing=[row(at=NOW - timedelta(hours=2)), row(at=None)],
        value=7200.0,
        more={"expect": Expectation(operator=Operator.LESS_OR_EQUAL, values=(3600,))},
    ),
    Example(kind=CheckKind.MEAN, passing=[row(1), row(2)], failing=[row(3)], value=3.0, more={"expect": between(1, 2)}),
    Example(
        kind=CheckKind.MINIMUM,
        passing=[row(1), row(9)],
        failing=[row(0), row(9)],
        value=0,
        more={"expect": between(1, 2)},
    ),
    Example(
        kind=CheckKind.MAXIMUM,
        passing=[row(2), row(-9)],
        failing=[row(3), row(1)],
        value=3,
        more={"expect": between(1, 2)},
    ),
    Example(
        kind=CheckKind.SUM,
        passing=[row(2), row(None)],
        failing=[row(3), row(1)],
        value=4,
        more={"expect": between(1, 2)},
    ),
    Example(
        kind=CheckKind.STDDEV,
        columns=("x",),
        passing=[row(x=0.0), row(x=2.0)],
        failing=[row(x=0.0), row(x=8.0)],
        value=32**0.5,
        more={"expect": between(1, 2)},
    ),
    Example(
        kind=CheckKind.STDDEV,
        columns=("x",),
        passing=[row(x=0.0), row(x=2.0)],
        failing=[row(x=0.0), row(x=math.nan)],
        more={"expect": between(1, 2)},
    ),
    Example(
        kind=CheckKind.QUANTILE,
        passing=[row(0), row(2), row(2), row(9)],
        failing=[row(0), row(1), row(8), row(9)],
        value=8,
        more={"expect": between(1, 2), "quantile": 0.75},
    ),
    Example(
        kind=CheckKind.DISTINCT_COUNT,
        columns=("x",),
        passing=[row(x=0.0), row(x=-0.0), row(x=None), row(x=math.nan)],
        failing=[row(x=0.0), row(x=1.0), row(x=math.nan), row(x=math.nan)],
        value=3,
        more={"expect": between(1, 2)},
    ),
    Example(
        kind=CheckKind.CUSTOM_SQL,
        columns=(),
        passing=[row(1)],
        failing=[row(5), row(6), row(1)],
        value=2,
        more={"sql": "SELECT count(*) FROM ${table} WHERE n > 4"},
    ),
    Example(
        kind=CheckKind.CUSTOM_GX,
        columns=(),
        passing=[row(3)],
        failing=[row(9)],
        value=1,
        more={"gx": '{"type": "expect_column_median_to_be_between", "kwargs": {"column": "n", "max_value": 5}}'},
    ),
    Example(
        kind=CheckKind.ANOMALY,
        columns=(),
        passing=[row()] * 5,
        failing=[row()],
        value=1,
        more={"baseline": Baseline(of=CheckKind.ROW_COUNT, slot=Slot.ALL, minimum=3)},
    ),
    Example(
        kind=CheckKind.ROW_COUNT_CHANGE,
        columns=(),
        passing=[row()] * 5,
        failing=[row()],
        value=1,
        more={"expect": between(-50, 50)},
    ),
]
PAST = CheckHistory(
    at=NOW,
    points={
        name: [Point(at=NOW - timedelta(days=n), value=value) for n, value in enumerate((5, 6, 5, 4, 5, 6), 1)]
        for name in ("anomaly:c", "row_count_change:c")
    },
)
OWN = {CheckKind.IN_SLICE, CheckKind.RECONCILIATION, CheckKind.COMPLETENESS, CheckKind.PERSONAL_DATA}
ELSEWHERE = {*OWN, *INSIDE, CheckKind.VALUE_TYPE, CheckKind.DRIFT, CheckKind.TRAINING_DATA}
"""Kinds of the harness's own gates, tested with them: `test_personal_data.py` has the last one, which no engine measures. What
looks into arrays and objects is in `test_inside_agree.py`, drift in `test_drift.py`,
the gates of sets for training in `test_fine_tuning.py`."""


def found_by(engines: Engines, check: Check) -> dict[str, CheckResult]:
    contract = contract_of([check])
    rows = replace(ROWS, at=NOW)
    measured: dict[str, Measurements] = {}
    if check.kind is not CheckKind.CUSTOM_GX:
        measured["postgres"] = engines.sql_postgres(contract, rows)
        measured["duckdb"] = engines.sql_duckdb(contract, rows)
        measured["arrow"] = engines.arrow(contract)
    if exact(check, contract, frame=False):
        measured["gx"] = engines.gx(contract)
    assert all(check.id in one.values for one in measured.values()), measured
    return {name: judge(contract, one, where=name, past=PAST).results[0] for name, one in measured.items()}


@pytest.mark.parametrize("example", EXAMPLES, ids=[f"{e.kind}:{','.join(e.columns)}" for e in EXAMPLES])
def test_every_kind_passes_and_fails_on_every_engine(engines: Engines, example: Example) -> None:
    for rows, passes in ((example.passing, True), (example.failing, False)):
        if not rows and example.kind is CheckKind.TYPE:
            continue
        engines.fill(rows, OTHER)
        for engine, result in found_by(engines, example.check).items():
            assert result.error == "", engine
            assert result.passed is passes, (engine, result)
            if not passes and example.value is not None:
                assert result.value == pytest.approx(example.value), engine
            assert bool(result.look_at) is not passes


def test_every_kind_has_an_example() -> None:
    assert {example.kind for example in EXAMPLES} == set(CheckKind) - ELSEWHERE


def quarters(low: int, high: int) -> st.SearchStrategy[float]:
    """Numbers whose sums are exact, so that engines that add in another order still find the same."""
    return st.integers(4 * low, 4 * high).map(lambda number: number / 4)


ZONES = [UTC, timezone(timedelta(hours=14)), timezone(-timedelta(hours=9, minutes=30))]
TEXTS = st.one_of(
    st.sampled_from(["a", "b", "", " ", "a\n", "é", "e\u0301", "😀", "ß", "it's", "%s", "back\\slash", "NaN"]),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=4),
)
TABLE = st.lists(
    st.tuples(
        st.one_of(st.none(), st.integers(-3, 3), st.sampled_from([2**40, -(2**40)])),
        st.one_of(st.none(), st.sampled_from([math.nan, math.inf, -math.inf, -0.0, 0.0]), quarters(-5, 5)),
        st.one_of(st.none(), st.decimals("-9.99", "9.99", places=2)),
        st.one_of(st.none(), TEXTS),
        st.one_of(
            st.none(),
            st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1), timezones=st.sampled_from(ZONES)),  # noqa: DTZ001 - Hypothesis puts the zone
        ),
    ),
    max_size=12,
)
BOUND = st.integers(-4, 4).map(lambda number: number + 0.1234567)
"""No number of rows, and no aggregate of quarters, is as large as a bound."""
NUMBERS = st.one_of(st.just(Expectation()), st.tuples(BOUND, BOUND).map(lambda pair: between(min(pair), max(pair))))
EXPECT = st.one_of(
    NUMBERS,
    st.builds(
        lambda most: Expectation(operator=Operator.LESS_OR_EQUAL, values=(most,), unit=Unit.PERCENT),
        st.sampled_from([0.5, 33.1, 66.6, 99.9]),
    ),
)
NUMBER = st.sampled_from(["n", "x", "d"])
DECIMALS = st.sampled_from([0, 1, -1, 0.1, 0.25, 0.3, 1.5, 2.01, Decimal("0.333333333333333333333"), Decimal("1.00")])
EXACT = st.builds(
    lambda operator, bound: Expectation(operator=operator, values=(bound,)),
    st.sampled_from([Operator.BE, Operator.NOT_BE, Operator.LESS, Operator.LESS_OR_EQUAL, Operator.GREATER]),
    DECIMALS,
)
"""Bounds that decimals and integers do meet: there, every engine is exact."""
SHARES = st.builds(
    lambda operator, bound: Expectation(operator=operator, values=(bound,), unit=Unit.PERCENT),
    st.sampled_from([Operator.BE, Operator.LESS, Operator.LESS_OR_EQUAL, Operator.GREATER_OR_EQUAL]),
    st.sampled_from([0, 10, 20, 25, 28.571428571428573, 33.333333333333336, 50, 100]),
)
PATTERNS = [
    "^a",
    "^[a-z]+$",
    "^.*$",
    "[é😀]",
    r"\\",
    "^(a|b)?$",
    r"\ba",
    r"^\w+$",
    r"^\D*$",
    r"\s",
    r"^\p{L}",
    "a$",
    "(?i)^A$",
]
ANY = st.sampled_from(["n", "x", "d", "s", "at"])


def checks() -> st.SearchStrategy[list[Check]]:
    """Contracts of a few checks, of all kinds that need no history."""

    def made(
        kind: CheckKind, columns: st.SearchStrategy[Any], **more: st.SearchStrategy[Any]
    ) -> st.SearchStrategy[Check]:
        columns = columns.map(lambda found: (found,) if isinstance(found, str) else tuple(found))
        return st.builds(Check, id=st.just("c"), kind=st.just(kind), columns=columns, **more)

    sized = st.builds(lambda low, more: {"low": low, "high": low + more}, st.integers(-4, 3), st.integers(0, 4))
    ranged = st.tuples(NUMBER, sized, st.sampled_from([(), ("low",), ("high",)])).map(
        lambda t: Check(
            id="c", kind=CheckKind.RANGE, columns=(t[0],), **{k: v for k, v in t[1].items() if k not in t[2]}
        )
    )
    lengths = sized.map(
        lambda s: Check(id="c", kind=CheckKind.LENGTH, columns=("s",), low=max(s["low"], 0), high=s["high"] + 4)
    )
    key = st.lists(ANY, min_size=1, max_size=3, unique=True)
    reference = Reference(table="public.other", columns=("n",), measures=("d",))
    one = st.one_of(
        made(CheckKind.NOT_NULL, ANY, expect=EXPECT),
        made(CheckKind.NULL_RATE, ANY, expect=EXPECT),
        made(CheckKind.UNIQUE, key, expect=EXPECT),
        made(
            CheckKind.ACCEPTED_VALUES,
            st.just("s"),
            values=st.lists(st.one_of(TEXTS, st.none()), min_size=1, max_size=3).map(tuple),
        ),
        made(CheckKind.ACCEPTED_VALUES, NUMBER, values=st.lists(DECIMALS, min_size=1, max_size=3).map(tuple)),
        made(CheckKind.RANGE, st.sampled_from(["n", "d"]), low=DECIMALS),
        made(CheckKind.RANGE, st.sampled_from(["n", "d"]), high=DECIMALS),
        made(CheckKind.NULL_RATE, ANY, expect=SHARES),
        *(
            made(kind, st.sampled_from(["n", "d"]), expect=EXACT)
            for kind in (CheckKind.MEAN, CheckKind.MINIMUM, CheckKind.MAXIMUM, CheckKind.SUM)
        ),
        ranged,
        lengths,
        made(
            CheckKind.REGEX,
            st.just("s"),
            pattern=st.sampled_from(PATTERNS),
        ),
        made(
            CheckKind.REFERENTIAL,
            key,
            reference=key.map(lambda names: Reference(table="public.other", columns=tuple(names))),
        ),
        made(CheckKind.ROW_COUNT, st.just(()), expect=NUMBERS),
        made(
            CheckKind.RECONCILIATION_BY_KEY,
            st.just("n"),
            reference=st.just(reference),
            measures=st.just(("d",)),
            tolerance=st.sampled_from([0.0, 1.5]),
        ),
        *(
            made(kind, NUMBER, expect=NUMBERS)
            for kind in (CheckKind.MEAN, CheckKind.MINIMUM, CheckKind.MAXIMUM, CheckKind.SUM, CheckKind.STDDEV)
        ),
        made(CheckKind.QUANTILE, NUMBER, expect=NUMBERS, quantile=st.sampled_from([0.1, 0.5, 0.75, 1.0])),
        made(CheckKind.DISTINCT_COUNT, ANY, expect=NUMBERS),
    )
    return st.lists(one, min_size=1, max_size=6).map(_numbered)


def _numbered(found: list[Check]) -> list[Check]:
    """Each under a name of its own; a foreign key names as many columns as it has."""
    return [
        replace(
            check,
            id=f"c{number}",
            reference=replace(check.reference, columns=check.columns) if check.reference else None,
        )
        for number, check in enumerate(found)
    ]


def alike(one: CheckResult, other: CheckResult) -> bool:
    """Same verdict, same number; numbers that were added in another order may differ in the last digits."""
    if (one.passed, bool(one.error), one.failing) != (other.passed, bool(other.error), other.failing):
        return False
    if one.value is None or other.value is None:  # Great Expectations tells NaN as nothing
        return all(value is None or value != value for value in (one.value, other.value))
    return float(one.value) == pytest.approx(float(other.value), rel=1e-9, abs=1e-9, nan_ok=True)


def assert_agree(contract: Any, measured: dict[str, Measurements]) -> None:
    reports = {name: judge(contract, found, where=name) for name, found in measured.items()}
    first = reports.pop("postgres")
    results = {result.id: result for result in first.results}
    assert [result.error for result in first.results] == [""] * len(results)
    for name, report in reports.items():
        assert report.rows == first.rows, name
        for result in report.results:
            assert alike(results[result.id], result), (name, results[result.id], result)


RELAXED = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]}


@settings(max_examples=150, **RELAXED)
@given(rows=TABLE, others=TABLE, wanted=checks(), size=st.integers(1, 7))
def test_sql_and_arrow_agree(
    engines: Engines, rows: list[Row], others: list[Row], wanted: list[Check], size: int
) -> None:
    engines.fill(rows, others)
    contract = contract_of(wanted)
    measured = {
        "postgres": engines.sql_postgres(contract),
        "duckdb": engines.sql_duckdb(contract),
        "arrow": engines.arrow(contract, size=size),
    }
    assert all(set(found.values) == {check.id for check in wanted} for found in measured.values())
    assert len({found.malformed for found in measured.values()}) == 1
    assert_agree(contract, measured)


@settings(max_examples=25, phases=[Phase.explicit, Phase.reuse, Phase.generate], **RELAXED)
@given(rows=TABLE, wanted=checks())
def test_great_expectations_agrees_where_it_has_the_check(
    engines: Engines, rows: list[Row], wanted: list[Check]
) -> None:
    has = [check for check in wanted if exact(check, contract_of(()), frame=False)]
    engines.fill(rows)
    contract = contract_of(has)
    measured = {"postgres": engines.sql_postgres(contract), "gx": engines.gx(contract)}
    assert set(measured["gx"].values) == {check.id for check in has}
    assert_agree(contract, measured)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: str(example.kind))
def test_what_needs_no_translation_says_the_same_as_one_would(example: Example) -> None:
    import sqlglot

    rows = sql_checks.Rows(relation="batch", dialect="duckdb", at=NOW)
    contract = contract_of([example.check])
    samples = sql_checks.samples(contract, rows, [example.check]) or ("",)
    for statement in (sql_checks.gate(contract, rows, [example.check]), samples[0]):
        if ours := as_it_stands(statement):
            one, other = (sqlglot.parse_one(sql, read="duckdb") for sql in (ours, translate(statement, "duckdb")))
            assert one == other
