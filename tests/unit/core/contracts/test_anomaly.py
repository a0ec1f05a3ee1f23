"""What is normal for a slice, as of that slice."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from airflow_provider_harness.core.contracts.anomaly import CheckHistory, Point, change_percent, normal
from airflow_provider_harness.core.contracts.checks import Baseline, Check, CheckKind, Expectation, Operator, Slot
from airflow_provider_harness.core.contracts.contract import Contract
from airflow_provider_harness.core.contracts.report import CheckResult, Measurement, Measurements, judge

AT = datetime(2013, 3, 4, 5, tzinfo=UTC)  # a Monday, midnight in New York
BASE = Baseline(of=CheckKind.ROW_COUNT, slot=Slot.ALL, minimum=3)


def past(*values: float, step: timedelta = timedelta(days=1), flagged: tuple[int, ...] = ()) -> CheckHistory:
    """The latest value first."""
    points = [Point(at=AT - step * n, value=v, flagged=n in flagged) for n, v in enumerate(values, start=1)]
    return CheckHistory(at=AT, zone="America/New_York", points={"c": points})


def judged(
    kind: CheckKind, value: float, history: CheckHistory | None, expect: Expectation | None = None
) -> list[CheckResult]:
    check = Check(id="c", kind=kind, baseline=BASE, expect=expect or Expectation())
    contract = Contract(id="t", version="1", name="t", table="public.t", columns=(), checks=(check,))
    measured = Measurements(rows=10, values={"c": Measurement(value=value)})
    return list(judge(contract, measured, where="x", past=history).results)


def test_median_and_deviation_are_not_moved_by_one_outlier() -> None:
    found = normal(BASE, "c", past(100, 102, 98, 101, 5000))
    assert found is not None
    assert found.middle == 101
    assert found.high == pytest.approx(101 + 4 * 1.4826 * 1)


def test_too_short_a_history_says_nothing() -> None:
    assert normal(BASE, "c", past(1, 2)) is None
    assert normal(BASE, "unknown", past(1, 2, 3)) is None


def test_flagged_points_are_left_out() -> None:
    assert normal(BASE, "c", past(1, 2, 3, flagged=(2,))) is None


def test_points_of_the_slice_and_later_are_left_out() -> None:
    later = past(1, 2, 3)
    points = [*later.points["c"], *(Point(at=AT + timedelta(days=n), value=900) for n in range(9))]
    found = normal(BASE, "c", replace(later, points={"c": points}))
    assert found is not None
    assert (found.points, found.middle) == (3, 2)


def test_a_weekday_is_compared_with_its_own_kind() -> None:
    values = [900.0 if n % 7 else 10.0 for n in range(1, 29)]
    found = normal(replace(BASE, slot=Slot.WEEKDAY), "c", past(*values))
    assert found is not None
    assert (found.middle, found.points) == (10, 4)


def test_an_hour_is_meant_in_the_contracts_zone() -> None:
    values = [900.0 if n % 24 else 10.0 for n in range(1, 24 * 4 + 1)]
    found = normal(replace(BASE, slot=Slot.HOUR), "c", past(*values, step=timedelta(hours=1)))
    assert found is not None
    assert (found.middle, found.points) == (10, 4)


def test_only_the_window_counts() -> None:
    found = normal(replace(BASE, window=3), "c", past(1, 1, 1, 9, 9, 9, 9))
    assert found is not None
    assert (found.middle, found.points) == (1, 3)


def test_the_floor_keeps_small_steps_quiet() -> None:
    found = normal(replace(BASE, floor=5), "c", past(10, 10, 10))
    assert found is not None
    assert (found.low, found.high) == (5, 15)


@pytest.mark.parametrize(
    ("value", "passes"), [(10, True), (12, True), (13, False), (40, False), (-20, False), (float("nan"), False)]
)
def test_an_unusual_number_fails_with_what_is_usual(value: float, passes: bool) -> None:
    (result,) = judged(CheckKind.ANOMALY, value, past(10, 11, 9, 10))
    assert result.passed is passes
    assert result.facts["median"] == 10
    assert result.value is value


def test_a_new_check_learns_and_says_so() -> None:
    (result,) = judged(CheckKind.ANOMALY, 10, past(10, 11))
    assert result.passed
    assert result.facts == {"learning": True, "have": 2, "need": 3}


def test_without_a_history_another_gate_judges() -> None:
    assert judged(CheckKind.ANOMALY, 10, None) == []
    assert judged(CheckKind.ROW_COUNT_CHANGE, 10, None) == []


@pytest.mark.parametrize(("rows", "passes"), [(100, True), (150, True), (151, False), (49, False)])
def test_rows_are_compared_with_the_slice_before(rows: int, passes: bool) -> None:
    expect = Expectation(operator=Operator.BETWEEN, values=(-50, 50))
    (result,) = judged(CheckKind.ROW_COUNT_CHANGE, rows, past(100, 7, 9000), expect)
    assert result.passed is passes
    assert (result.facts["previous"], result.value) == (100, rows)


def test_a_change_from_nothing_is_infinite() -> None:
    assert change_percent("c", 1, past(0)) == (float("inf"), past(0).points["c"][0])
    assert change_percent("c", 1, past()) is None
