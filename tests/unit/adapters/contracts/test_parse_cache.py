"""A contract file is checked once for each of its states, and a wrong one every time."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from airflow_provider_harness import __version__
from airflow_provider_harness.adapters.contracts import compile_cache
from airflow_provider_harness.adapters.contracts.compile_cache import check_once


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "c.odcs.yaml"
    file.write_text("one")
    return file


@pytest.fixture
def checks() -> list[str]:
    return []


def test_a_file_is_checked_once(file: Path, tmp_path: Path, checks: list[str]) -> None:
    for _ in range(3):
        check_once(str(file), tmp_path / "notes", checks.append)
    assert checks == [str(file)]


def test_a_changed_file_is_checked_again(file: Path, tmp_path: Path, checks: list[str]) -> None:
    check_once(str(file), tmp_path, checks.append)
    file.write_text("another")
    check_once(str(file), tmp_path, checks.append)
    assert len(checks) == 2


def test_a_change_of_equal_length_and_time_is_seen(file: Path, tmp_path: Path, checks: list[str]) -> None:
    before = file.stat()
    check_once(str(file), tmp_path, checks.append)
    file.write_text("two")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    check_once(str(file), tmp_path, checks.append)
    assert len(checks) == 2


def test_a_wrong_file_is_told_every_time(file: Path, tmp_path: Path) -> None:
    def wrong(path: str) -> None:
        raise ValueError(path)

    for _ in range(2):
        with pytest.raises(ValueError, match=r"c\.odcs"):
            check_once(str(file), tmp_path, wrong)


def test_a_missing_file_is_checked(tmp_path: Path, checks: list[str]) -> None:
    for _ in range(2):
        check_once(str(tmp_path / "none"), tmp_path, checks.append)
    assert len(checks) == 2


def test_a_folder_that_cannot_be_written_means_every_time(file: Path, checks: list[str]) -> None:
    for _ in range(2):
        check_once(str(file), file / "below", checks.append)
    assert len(checks) == 2


def test_another_code_checks_again(
    file: Path, tmp_path: Path, checks: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    check_once(str(file), tmp_path, checks.append)
    monkeypatch.setattr(compile_cache, "_compiler", lambda: "next")
    check_once(str(file), tmp_path, checks.append)
    assert len(checks) == 2


def test_the_code_is_known() -> None:
    compile_cache._compiler.cache_clear()
    assert compile_cache._compiler().startswith(f"{__version__}|"), "a new version reads nothing of an old one"
    assert "odcs.py," in compile_cache._compiler()
    assert "contract.schema.json," in compile_cache._compiler()
    assert compile_cache._compiler().count("__init__.py,") >= 3, "with that of the standard"


def test_what_something_is_said_of_is_looked_at_again(file: Path, tmp_path: Path) -> None:
    checks: list[str] = []

    def check(path: str) -> bool:
        checks.append(path)
        return len(checks) > 1

    for _ in range(3):
        check_once(str(file), tmp_path, check)
    assert len(checks) == 2
