"""A contract with very many rules is refused quickly, with the place of the first that is too many."""

from __future__ import annotations

import pytest

from airflow_provider_harness.adapters.contracts.odcs import compile_text
from airflow_provider_harness.adapters.contracts.rules.conflicts import MOST_ALIKE
from airflow_provider_harness.core.errors import ContractError
from tests.ports.rows_case import CONTRACT


def _with(rules: int) -> str:
    more = (f"      - {{type: library, metric: rowCount, mustBeGreaterThan: {n}}}\n" for n in range(rules))
    return CONTRACT.replace("quality:\n", f"quality:\n{''.join(more)}", 1)


@pytest.mark.attack
def test_rules_of_one_kind_have_a_limit() -> None:
    with pytest.raises(ContractError, match=f"more than {MOST_ALIKE} rules of one kind"):
        compile_text(_with(MOST_ALIKE + 1), "c.yaml")


def test_many_rules_are_compared() -> None:
    assert compile_text(_with(MOST_ALIKE), "c.yaml")
    with pytest.raises(ContractError, match="another rule for"):
        compile_text(
            _with(MOST_ALIKE - 1).replace(
                "quality:\n", "quality:\n      - {type: library, metric: rowCount, mustBe: 0}\n", 1
            ),
            "c.yaml",
        )
