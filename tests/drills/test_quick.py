"""The quick drills on a real Airflow: what was green stays green (``make slow``; minutes)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.drills.__main__ import chosen, one_turn
from tests.drills.site import healer


@pytest.mark.slow
def test_the_quick_drills_pass(tmp_path: Path) -> None:
    lines = one_turn(chosen("", True), healer("rules"), 1, tmp_path)
    assert {item["drill"]: item["not_true"] for item in lines if not item["pass"]} == {}
