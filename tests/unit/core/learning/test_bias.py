"""Weights that make up for who is too few: by hand, and for any counts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.core.learning.bias import BiasRule, bias_rules, distribution

RULE = BiasRule(columns=("region",), shares={"a": 0.5, "b": 0.5}, most=0.2)
COUNTS = st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 10_000), min_size=1)


def test_weights_are_wanted_over_found() -> None:
    found = distribution(RULE, {"a": 75, "b": 25}, RULE.shares)
    assert found.apart == pytest.approx(0.25) and found.weights == pytest.approx({"a": 2 / 3, "b": 2.0})
    assert found.effective == pytest.approx(75.0) and not found.result().passed
    assert "a: 75.0%, not 50.0%" in found.result().actual


def test_what_is_missing_is_named_and_what_nobody_knows_is_not_weighted_away() -> None:
    found = distribution(RULE, {"a": 90, "x": 10}, RULE.shares)
    assert found.missing == ("b",) and found.weights["x"] > 0 and found.apart == pytest.approx(0.5)


def test_a_group_that_should_not_be_there_has_the_least_weight() -> None:
    found = distribution(RULE, {"a": 50, "b": 50}, {"a": 1.0, "b": 0.0})
    assert found.weights["a"] / found.weights["b"] == pytest.approx(2.0 * RULE.cap)
    assert found.apart == pytest.approx(0.5) and found.missing == ()


def test_a_group_of_one_row_has_a_weight_within_the_cap() -> None:
    found = distribution(RULE, {"a": 999, "b": 1}, RULE.shares)
    assert found.weights["b"] / found.weights["a"] <= RULE.cap**2


@given(COUNTS, COUNTS)
def test_weights_add_up_and_an_effective_size_is_no_more_than_the_rows(
    rows: dict[str, int], wanted: dict[str, int]
) -> None:
    found = distribution(BiasRule(columns=("c",), table="t"), rows, wanted)
    total = sum(rows.values())
    assert sum(found.weights[name] * count for name, count in rows.items()) == pytest.approx(total)
    assert 0 < found.effective <= total * (1 + 1e-9) and 0 <= found.apart <= 1 + 1e-9


@pytest.mark.parametrize(
    "given",
    [{}, {"columns": ["a"]}, {"columns": ["a"], "reference": {"x": 0.9}}, {"columns": ["a"], "reference": "t", "most": 2},
     {"columns": ["a", "b"], "reference": "t", "period": "month"}, {"columns": ["a"], "reference": "t", "cap": 0}, {"column": "a"},
     {"columns": ["a"], "reference": {"x": float("nan"), "y": 1.0}}, {"columns": ["a"], "reference": {"x": "half", "y": 0.5}},
     {"columns": ["a"], "reference": {"x": True}}, {"columns": ["a"], "reference": 5}, {"columns": 5, "reference": "t"},
     {"columns": [None], "reference": "t"}, {"columns": ["a"], "reference": {"x": 1.5, "y": -0.5}}, {"columns": ["a"], "reference": " "},
     {"columns": ["a"], "reference": "t", "cap": float("inf")}, {"columns": ["a"], "reference": "t", "most": float("nan")},
     {"columns": ["a"], "reference": "t", "period": ["month"]}],
)  # fmt: skip
def test_rules_without_meaning_are_refused(given: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError, match=r"bias\[0\]"):
        bias_rules("task t", [given])
