"""Dags as strangers write them: a fault is found on its line, what mends it is taken for sound, and sound Dags are left alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_provider_harness.app.authoring.finding import Finding, FindingSeverity, Stage
from airflow_provider_harness.wiring.authoring import checking
from tests.authors.strangers import FAULTY, SOUND, Stranger

_PEOPLE = ("HO151", "HO152")
"""Whether somebody owns a Dag and is told is no matter of these Dags, but for those that are about it."""


def above_a_hint(where: Path, text: str, stage: str = "compile") -> list[Finding]:
    """What stands in a Dag file at a weight that stops."""
    (where / "one.py").write_text(text)
    found = checking.findings([str(where / "one.py")], imports=False, stage=Stage(stage))
    return [one for one in found if one.severity is not FindingSeverity.HINT]


@pytest.mark.parametrize("one", FAULTY, ids=[one.name for one in FAULTY])
def test_a_strangers_fault_is_found_on_its_line_and_its_mend_is_sound(one: Stranger, tmp_path: Path) -> None:
    found = [f for f in above_a_hint(tmp_path, one.text, one.stage) if f.rule.id == one.rule]
    assert found
    assert all(f.fix for f in found)
    if one.lines:
        assert any(one.lines[0] <= f.line <= one.lines[1] for f in found), [f.line for f in found]
    assert [f for f in above_a_hint(tmp_path, one.mended) if f.rule.id not in _PEOPLE] == []


@pytest.mark.parametrize("one", SOUND, ids=[one.name for one in SOUND])
def test_nothing_is_found_in_a_strangers_sound_dag(one: Stranger, tmp_path: Path) -> None:
    assert above_a_hint(tmp_path, one.text) == []
