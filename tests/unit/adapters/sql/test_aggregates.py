"""Aggregates by parts are those of the whole, wherever it is cut."""

from __future__ import annotations

import math
from statistics import pvariance, stdev
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_harness.adapters.sql.aggregates import MERGEABLE, merge
from airflow_provider_harness.core.contracts.checks import CheckKind

VALUES = st.lists(st.one_of(st.none(), st.integers(-1000, 1000).map(lambda n: n / 8)), max_size=30)
SIZE = st.integers(1, 7)


def state(kind: CheckKind, values: list[float | None]) -> tuple[Any, ...]:
    """What DuckDB gives for one batch."""
    known = [value for value in values if value is not None]
    total = sum(known) if known else None
    if kind is CheckKind.STDDEV:
        return (len(known), sum(known) / len(known), pvariance(known)) if known else (0, None, None)
    of = {
        CheckKind.SUM: (total,),
        CheckKind.MEAN: (total, len(known)),
        CheckKind.MINIMUM: (min(known, default=None),),
        CheckKind.MAXIMUM: (max(known, default=None),),
    }
    return of[kind]


def whole(kind: CheckKind, values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    if not known or (kind is CheckKind.STDDEV and len(known) < 2):
        return None
    of = {CheckKind.SUM: sum, CheckKind.MINIMUM: min, CheckKind.MAXIMUM: max, CheckKind.STDDEV: stdev}
    return sum(known) / len(known) if kind is CheckKind.MEAN else of[kind](known)


@pytest.mark.parametrize("kind", MERGEABLE)
@given(values=VALUES, size=SIZE)
def test_parts_come_to_the_whole(kind: CheckKind, values: list[float | None], size: int) -> None:
    parts = [state(kind, values[start : start + size]) for start in range(0, len(values), size)]
    found, expected = merge(kind, parts), whole(kind, values)
    assert found is None if expected is None else found == pytest.approx(expected, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(("kind", "expected"), [(CheckKind.MAXIMUM, math.nan), (CheckKind.MINIMUM, 1.0)])
def test_nan_is_the_largest_number(kind: CheckKind, expected: float) -> None:
    for parts in ([(1.0,), (math.nan,)], [(math.nan,), (1.0,)]):
        assert merge(kind, parts) == pytest.approx(expected, nan_ok=True)
