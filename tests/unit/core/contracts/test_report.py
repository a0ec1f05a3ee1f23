"""How measurements are judged, and what a gate decides."""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from airflow_provider_harness.core.contracts.checks import (
    CHECKS,
    Check,
    CheckKind,
    CheckSeverity,
    Expectation,
    Metric,
    Operator,
    Unit,
)
from airflow_provider_harness.core.contracts.contract import (
    Column,
    Contract,
    LogicalType,
    MalformedRows,
    QuarantinePolicy,
)
from airflow_provider_harness.core.contracts.report import (
    HISTORY_KINDS,
    Decision,
    Measurement,
    Measurements,
    Report,
    judge,
)

NOT_NULL = Check(id="not_null:a", kind=CheckKind.NOT_NULL, columns=("a",))
UNIQUE = Check(id="unique:a", kind=CheckKind.UNIQUE, columns=("a",))
SETS_ASIDE = QuarantinePolicy(policy=MalformedRows.QUARANTINE, max_rows=10, max_percent=1)


def gate(
    check: Check, value: object, *, rows: int = 1000, malformed: int = 0, policy: QuarantinePolicy = SETS_ASIDE
) -> Report:
    contract = Contract(id="t", version="1", name="t", table="public.t", columns=(), checks=(check,), quarantine=policy)
    found = value if isinstance(value, Measurement) else Measurement(value=value)  # type: ignore[arg-type]
    measured = Measurements(rows=rows, malformed=malformed, values={check.id: found})
    return judge(contract, measured, where="staging table", slice_id="s")


@pytest.mark.parametrize(
    ("bad", "rows", "policy", "expected"),
    [
        (0, 1000, SETS_ASIDE, Decision.PUBLISH),
        (10, 1000, SETS_ASIDE, Decision.QUARANTINE),
        (11, 2000, SETS_ASIDE, Decision.BLOCK),
        (10, 999, SETS_ASIDE, Decision.BLOCK),
        (1, 1, QuarantinePolicy(policy=MalformedRows.QUARANTINE, max_rows=5, max_percent=100), Decision.BLOCK),
        (1, 1000, QuarantinePolicy(), Decision.BLOCK),
    ],
    ids=["none", "both limits met", "too many", "too large a share", "nothing would be left", "policy reject"],
)
def test_malformed_rows_are_set_aside_within_both_limits(
    bad: int, rows: int, policy: QuarantinePolicy, expected: Decision
) -> None:
    assert gate(NOT_NULL, bad, rows=rows, malformed=bad, policy=policy).decision is expected


def test_duplicates_are_never_set_aside() -> None:
    assert gate(UNIQUE, 1).decision is Decision.BLOCK
    assert not CHECKS[CheckKind.UNIQUE].row_level


def test_a_warning_does_not_block() -> None:
    report = gate(Check(id="w", kind=CheckKind.NOT_NULL, columns=("a",), severity=CheckSeverity.WARN), 7)
    assert (report.decision, report.passed, len(report.failed)) == (Decision.PUBLISH, True, 1)


def test_a_check_with_a_threshold_of_its_own_blocks_rather_than_sets_aside() -> None:
    tolerant = Expectation(operator=Operator.LESS_OR_EQUAL, values=(1,), unit=Unit.PERCENT)
    check = Check(id="c", kind=CheckKind.NOT_NULL, columns=("a",), expect=tolerant)
    assert gate(check, 10).decision is Decision.PUBLISH
    assert gate(check, 11).decision is Decision.BLOCK


@pytest.mark.parametrize("found", [Measurement(value=None, error="no such table"), Measurement(value=None)])
def test_what_could_not_be_measured_is_an_error_and_blocks(found: Measurement) -> None:
    report = gate(NOT_NULL, found)
    (result,) = report.results
    assert not result.passed
    assert result.error
    assert report.decision is Decision.BLOCK
    assert "could not be checked" in report.sentence()


def test_a_failure_says_what_was_expected_found_and_where_to_look() -> None:
    report = gate(NOT_NULL, 20, malformed=20)
    assert report.sentence() == (
        "public.t slice s (staging table, 1000 rows): 1 of 1 checks failed. not_null:a: expected exactly 0 failing "
        "rows (a is null), found 20 failing rows (2.00% of rows). "
        "Look at what the source writes when it does not know the value."
    )
    assert json.loads(json.dumps(report.as_dict()))["results"][0]["share"] == 0.02


def test_a_check_that_nobody_measured_blocks_unless_it_is_left_to_a_later_gate() -> None:
    contract = Contract(id="t", version="1", name="t", table="public.t", columns=(), checks=(NOT_NULL, UNIQUE))
    measured = Measurements(rows=1, values={"unique:a": Measurement(value=0)})
    report = judge(contract, measured, where="x")
    assert [(result.id, result.passed) for result in report.results] == [("not_null:a", False), ("unique:a", True)]
    assert report.decision is Decision.BLOCK
    assert "not_null:a: could not be checked (no gate of this publication measures it)" in report.sentence()
    left = judge(contract, measured, where="x", left=("not_null:a",))
    assert ([result.id for result in left.results], left.left) == (["unique:a"], ("not_null:a",))
    assert left.decision is Decision.PUBLISH
    assert left.sentence().endswith("all 1 checks passed; left to the gate of the load: not_null:a")
    assert left.as_dict()["left"] == ["not_null:a"]


@pytest.mark.parametrize(
    ("found", "rows", "operator", "bound", "passes"),
    [
        (7, 100, Operator.LESS_OR_EQUAL, 7, True),
        (29, 100, Operator.LESS, 29, False),
        (57, 100, Operator.BE, 57, True),
        (1, 3, Operator.LESS, 33.33, False),
        (3, 1000, Operator.LESS_OR_EQUAL, 0.3, True),
        (0, 0, Operator.LESS_OR_EQUAL, 0, True),
    ],
)
def test_percentages_are_exact_ratios(found: int, rows: int, operator: Operator, bound: float, passes: bool) -> None:
    share = Expectation(operator=operator, values=(bound,), unit=Unit.PERCENT)
    check = Check(id="c", kind=CheckKind.NULL_RATE, columns=("a",), expect=share)
    assert gate(check, found, rows=rows).results[0].passed is passes


def test_a_share_of_what_counts_no_rows_could_not_be_checked() -> None:
    share = Expectation(operator=Operator.LESS, values=(5,), unit=Unit.PERCENT)
    for kind in (CheckKind.ROW_COUNT, CheckKind.CUSTOM_SQL, CheckKind.MEAN):
        (result,) = gate(Check(id="c", kind=kind, columns=("a",), expect=share), 3).results
        assert "no share in percent" in result.error


@pytest.mark.parametrize(
    ("found", "bound", "passes"),
    [
        (Decimal("0.30000000000000000001"), 0.3, False),
        (Decimal("0.3"), 0.3, True),
        (0.1 + 0.2, 0.3, False),
        (0.3, 0.3, True),
        (0.3, Decimal("0.3"), True),
        (Fraction(3, 10), 0.3, True),
        (9007199254740993, 9007199254740992, False),
        (9007199254740993, 9007199254740992.0, False),
        (Decimal("123456789012345678901234567890567.88"), Decimal("123456789012345678901234567890567.89"), True),
    ],
)
def test_a_bound_means_the_number_that_is_written(found: Any, bound: Any, passes: bool) -> None:
    assert Expectation(operator=Operator.LESS_OR_EQUAL, values=(bound,)).holds(found) is passes


@pytest.mark.parametrize(("found", "bound"), [("5", 5), (5, "5"), (5, None)])
def test_what_is_of_another_kind_than_its_bound_could_not_be_checked(found: Any, bound: Any) -> None:
    expect = Expectation(operator=Operator.BE, values=(bound,))
    (result,) = gate(Check(id="c", kind=CheckKind.CUSTOM_SQL, expect=expect, sql="SELECT 5"), found).results
    assert "cannot be compared" in result.error


def test_decimals_and_ratios_are_reported_with_their_digits() -> None:
    exact = Decimal("0.30000000000000000001")
    expect = Expectation(operator=Operator.LESS_OR_EQUAL, values=(0.3,))
    check = Check(id="c", kind=CheckKind.MAXIMUM, columns=("a",), expect=expect)
    report = gate(check, exact)
    assert "found 0.30000000000000000001" in report.sentence()
    assert json.loads(json.dumps(report.as_dict()))["results"][0]["value"] == "0.30000000000000000001"
    assert json.loads(json.dumps(gate(check, Fraction(1, 4)).as_dict()))["results"][0]["value"] == 0.25


@pytest.mark.parametrize(
    ("operator", "values", "passing", "failing"),
    [
        (Operator.BE, (3,), 3, 4),
        (Operator.NOT_BE, (3,), 4, 3),
        (Operator.GREATER, (3,), 4, 3),
        (Operator.GREATER_OR_EQUAL, (3,), 3, 2),
        (Operator.LESS, (3,), 2, 3),
        (Operator.LESS_OR_EQUAL, (3,), 3, 4),
        (Operator.BETWEEN, (3, 5), 5, 6),
        (Operator.NOT_BETWEEN, (3, 5), 6, 3),
    ],
)
def test_every_operator_compares(operator: Operator, values: tuple[int, ...], passing: int, failing: int) -> None:
    expectation = Expectation(operator=operator, values=values)
    assert (expectation.holds(passing), expectation.holds(failing)) == (True, False)


def test_every_kind_has_a_row_in_the_table() -> None:
    assert set(CHECKS) == set(CheckKind)
    assert all(spec.look_at.startswith("Look at ") for spec in CHECKS.values())
    assert all(Check(id="x", kind=kind).reason() for kind in CheckKind)


@pytest.mark.parametrize(
    "kind", sorted(kind for kind in set(CHECKS) - HISTORY_KINDS if CHECKS[kind].metric is Metric.AGGREGATE)
)
@pytest.mark.parametrize(("classification", "shown"), [("", True), ("public", True), ("restricted", False)])
def test_a_value_that_a_row_has_stays_where_the_contract_keeps_it(
    kind: CheckKind, classification: str, shown: bool
) -> None:
    column = Column(name="a", logical_type=LogicalType.NUMBER, physical_type="numeric", classification=classification)
    most = Expectation(operator=Operator.LESS_OR_EQUAL, values=(1,))
    check = Check(id="c", kind=kind, columns=("a",), expect=most)
    contract = Contract(id="t", version="1", name="t", table="public.t", columns=(column,), checks=(check,))
    measured = Measurements(rows=9, malformed=0, values={"c": Measurement(value=8_151_623)})
    (result,) = judge(contract, measured, where="staging table", slice_id="s").results
    of_one_row = kind in (CheckKind.MINIMUM, CheckKind.MAXIMUM, CheckKind.QUANTILE)
    assert not result.passed
    assert ("8151623" in f"{result.sentence()} {result.value}") is (shown or not of_one_row)
