"""Each planted fault is found, at a weight that stops; and nothing is found in the Dags without it."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_provider_harness.app.authoring.finding import FindingSeverity, Stage
from airflow_provider_harness.wiring.authoring import checking
from tests.authors import sound, strangers, written
from tests.authors.faults import FAULTS, Fault


def folder(where: Path, fault: Fault | None = None) -> list[str]:
    """Write the sound Dags with one fault in them; the Dag files."""
    for name, text in sound.FILES.items():
        if fault is not None and fault.file == name:
            assert fault.old in text, f"{fault.name}: the text to replace is not there"
            text = text.replace(fault.old, fault.new)
        (where / name).parent.mkdir(exist_ok=True)
        (where / name).write_text(text)
    return [str(where / name) for name in sound.FILES if name.endswith(".py")]


def said(files: list[str]) -> list[tuple[str, FindingSeverity, str]]:
    """Rule, weight and message of everything that the code alone shows."""
    found = checking.findings(files, imports=False, stage=Stage.COMPILE)
    return [(one.rule.id, one.severity, f"{one.file}:{one.line} {one.message}") for one in found]


def test_nothing_is_found_in_sound_dags(tmp_path: Path) -> None:
    assert [one for one in said(folder(tmp_path)) if one[1] is not FindingSeverity.HINT] == []


@pytest.mark.parametrize("fault", FAULTS, ids=[fault.name.replace(" ", "-") for fault in FAULTS])
def test_a_fault_is_found(fault: Fault, tmp_path: Path) -> None:
    found = said(folder(tmp_path, fault))
    assert [one for one in found if one[0] == fault.rule and one[1] is not FindingSeverity.HINT], found


@pytest.mark.parametrize("name", written.FAULTY)
def test_a_fault_is_found_as_others_write_it(name: str, tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text(written.faulty(name))
    found = said([str(tmp_path / "one.py")])
    seen = {rule for rule, weight, _ in found if weight is not FindingSeverity.HINT}
    assert set(written.FAULTY[name][0].split()) <= seen, found


@pytest.mark.parametrize("name", written.SOUND)
def test_nothing_is_found_in_sound_dags_as_others_write_them(name: str, tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text(written.right(name))
    assert [one for one in said([str(tmp_path / "one.py")]) if one[1] is not FindingSeverity.HINT] == []


def test_the_table_of_faults_is_long_and_over_all_families() -> None:
    assert len(FAULTS) >= 100
    assert {fault.family for fault in FAULTS} == {"file", "logical", "semantic", "operational"}
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)


def test_the_page_holds_the_table_of_all_these_faults() -> None:
    page = (Path(__file__).parents[2] / "docs" / "explanation" / "checking-dags.md").read_text()
    planted = len(FAULTS) + len(written.FAULTY) + len(strangers.FAULTY)
    assert f"\n| all | {planted} | {planted} |\n" in page, "run `make authors`, which writes it"
