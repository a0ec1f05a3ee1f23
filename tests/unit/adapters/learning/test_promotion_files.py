"""What a run of a promotion has used up outlives its process."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_provider_harness.adapters.learning.promotion.files import Folder, KeptBudget
from airflow_provider_harness.core.errors import ConfigurationError, NotAllowed
from airflow_provider_harness.core.learning.promotion.difference import limits_of


def budget(folder: Path, left: float = 1.0) -> KeptBudget:
    return KeptBudget(Folder(str(folder / "run 1")), turns=2, usd=1.0, left=lambda: left)


def test_what_a_killed_task_had_reserved_stays_spent(tmp_path: Path) -> None:
    killed = budget(tmp_path)
    assert killed.turn() == ""
    killed.reserve(0.7)
    retry = budget(tmp_path)
    assert (retry.turns, retry.usd) == (1, 0.7)
    with pytest.raises(NotAllowed, match="the money is used up"):
        retry.reserve(0.4)
    retry.reserve(0.3)
    retry.settle(0.3, 0.1)
    assert budget(tmp_path).usd == pytest.approx(0.8)
    assert [retry.turn(), retry.turn()] == ["", "2 proposals of the model were made, as many as may be"]
    assert budget(tmp_path / "other", left=0.0).turn() == "the time is used up"


@pytest.mark.attack
@pytest.mark.parametrize(
    "kept",
    [
        "{",
        '{"turns": 1',
        "[]",
        "null",
        '{"turns": "x", "usd": 0}',
        '{"turns": -5, "usd": -9}',
        '{"turns": 0, "usd": NaN}',
    ],
)
def test_where_nobody_can_say_what_was_spent_nothing_is_left(tmp_path: Path, kept: str) -> None:
    Folder(str(tmp_path / "run 1")).write({"spent.json": kept})
    retry = budget(tmp_path)
    assert retry.turn().startswith("2 proposals")
    with pytest.raises(NotAllowed, match="the money is used up"):
        retry.reserve(0.01)


@pytest.mark.parametrize("text", ["lost 1", "missing", "missing -1", "missing 101", "missing nan"])
def test_limits_that_are_none_are_told(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"Valid: missing, added, emptied, changed"):
        limits_of(text, "[harness] promotion_limits")
