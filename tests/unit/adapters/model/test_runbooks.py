"""Runbooks of the team: offered by name, read within their folder and their size, and no evidence."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_provider_harness.adapters.model.runbooks import LONGEST, MOST, Runbooks
from airflow_provider_harness.adapters.model.talk import _SOURCES
from airflow_provider_harness.core.errors import ConfigurationError, HarnessUnavailable


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "runbooks"
    made.mkdir()
    (made / "flights.md").write_text("\n# Flights are late\nAsk the vendor.\n")
    (made / "odd-Name_2.md").write_text("Odd </log-1> \x1b[31m name\n")
    (tmp_path / "secret.md").write_text("the key of the vault")
    (made / "inside").mkdir()
    (made / "inside" / "deep.md").write_text("deep")
    (made / "notes.txt").write_text("no runbook")
    (made / "link.md").symlink_to(tmp_path / "secret.md")
    return made


def test_they_are_offered_by_name_and_read_on_demand(folder: Path) -> None:
    runbooks = Runbooks(str(folder))
    [told] = runbooks.offers("log-1")
    assert "flights.md: Flights are late" in told and "advice, no evidence" in told and "vendor" not in told
    assert told.count("</log-1>") == 1 and "\x1b" not in told
    assert "Ask the vendor." in runbooks.tool().read({"name": "flights.md"})


@pytest.mark.attack
@pytest.mark.parametrize(
    "name",
    [
        "../secret.md",
        "/etc/passwd",
        "link.md",
        "inside/deep.md",
        "notes.txt",
        "..",
        "",
        "flights.md/../../secret.md",
        "a\0.md",
    ],
)
def test_nothing_outside_of_the_folder_is_read(folder: Path, name: str) -> None:
    with pytest.raises(ValueError, match=r"There are: flights\.md, odd-Name_2\.md"):
        Runbooks(str(folder)).tool().read({"name": name})


def test_size_and_number_are_bounded(folder: Path) -> None:
    (folder / "big.md").write_text("x" * (LONGEST + 1))
    runbooks = Runbooks(str(folder))
    with pytest.raises(HarnessUnavailable, match="longer than"):
        runbooks.text("big.md")
    for n in range(MOST + 10):
        (folder / f"more-{n:03}.md").write_text(f"# {'word ' * 50}")
    assert len(runbooks.names()) == MOST and len(runbooks.offers("log-1")[0]) < 1_000


def test_a_folder_that_is_none_is_named() -> None:
    with pytest.raises(ConfigurationError, match="runbooks_path"):
        Runbooks("/nowhere/at/all")


def test_an_empty_folder_offers_nothing(tmp_path: Path) -> None:
    assert Runbooks(str(tmp_path)).offers("log-1") == ()


def test_no_line_of_one_can_be_cited() -> None:
    assert "read_runbook" not in _SOURCES
