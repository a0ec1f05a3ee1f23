"""Failures on disk: whole or not at all, once each, and what is no failure stands in nobody's way."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_harness.adapters.store.spool import BAD, MOST_BYTES, FileSpool
from airflow_provider_harness.core.diagnosis.failure import ErrorLink, to_dict
from airflow_provider_harness.core.errors import HarnessUnavailable
from tests.unit.app.fakes import KEY, START, failure


def spool(folder: Path) -> tuple[FileSpool, list[str]]:
    told: list[str] = []
    return FileSpool(folder / "spool", told.append), told


def test_a_failure_comes_back_as_it_was(tmp_path: Path) -> None:
    there, told = spool(tmp_path)
    kept = failure(chain=(ErrorLink(type="ValueError", message="\u202e \x00 caf\u00e9"),), tags=("a", "b"))
    there.keep(kept)
    assert (there.waiting(), told) == ([kept], [])
    there.forget(kept)
    there.forget(kept)
    assert there.waiting() == []


def test_a_folder_that_is_not_there_is_an_empty_spool(tmp_path: Path) -> None:
    assert spool(tmp_path)[0].waiting() == []


def test_two_reports_of_one_try_are_one_file_and_the_oldest_comes_first(tmp_path: Path) -> None:
    there, _ = spool(tmp_path)
    later = failure(key=KEY.__class__(dag_id="a", run_id="r", task_id="t", try_number=2))
    first = failure(occurred_at=START - timedelta(hours=1))
    for item in (later, first, first):
        there.keep(item)
    assert there.waiting() == [first, later]


def test_only_its_owner_can_read_it(tmp_path: Path) -> None:
    there, _ = spool(tmp_path)
    there.keep(failure())
    folder = tmp_path / "spool"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert [path.stat().st_mode & 0o777 for path in folder.iterdir()] == [0o600]


def test_a_folder_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "spool").write_text("a file")
    with pytest.raises(HarnessUnavailable, match="spool"):
        spool(tmp_path)[0].keep(failure())


@given(
    content=st.one_of(
        st.binary(max_size=200),
        st.builds(
            lambda v: json.dumps(v).encode(),
            st.recursive(
                st.none() | st.booleans() | st.integers() | st.text(max_size=5),
                lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
            ),
        ),
    )
)
def test_whatever_stands_in_a_file_is_set_aside_and_told(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    folder = tmp_path_factory.mktemp("any")
    there, told = spool(folder)
    there.keep(failure())
    (folder / "spool" / "x.json").write_bytes(content)
    assert there.waiting() == [failure()]
    assert len(told) == 1
    assert (folder / "spool" / f"x.json{BAD}").read_bytes() == content
    assert there.waiting() == [failure()]


def test_a_file_under_another_name_or_too_large_is_set_aside(tmp_path: Path) -> None:
    there, told = spool(tmp_path)
    there.keep(failure())
    (tmp_path / "spool" / "other.json").write_text(json.dumps(to_dict(failure())))
    (tmp_path / "spool" / "large.json").write_bytes(b" " * (MOST_BYTES + 1))
    assert there.waiting() == [failure()]
    assert len(told) == 2


@pytest.mark.attack
def test_what_is_no_regular_file_hangs_nobody(tmp_path: Path) -> None:
    there, told = spool(tmp_path)
    there.keep(failure())
    folder = tmp_path / "spool"
    os.mkfifo(folder / "pipe.json")
    (folder / "link.json").symlink_to("/dev/zero")
    (folder / "folder.json").mkdir()
    (folder / "deep.json").write_text("[" * 100_000)
    assert there.waiting() == [failure()]
    assert len(told) == 4
    assert there.waiting() == [failure()]
    assert len(told) == 4


@pytest.mark.attack
def test_a_link_that_was_planted_is_not_followed(tmp_path: Path) -> None:
    there, _ = spool(tmp_path)
    there.keep(failure())
    (kept,) = (tmp_path / "spool").iterdir()
    secret = tmp_path / "secret"
    secret.write_text("mine")
    kept.unlink()
    for name in (kept.name, f".{kept.name}.{os.getpid()}"):
        (tmp_path / "spool" / name).symlink_to(secret)
    there.keep(failure())
    assert secret.read_text() == "mine"
    assert not kept.is_symlink()
    assert len(there.waiting()) == 1


@pytest.mark.attack
def test_a_name_of_a_file_is_text_and_a_folder_in_the_way_keeps_nothing_there(tmp_path: Path) -> None:
    there, told = spool(tmp_path)
    folder = tmp_path / "spool"
    odd = "a\n\x1b[2J.json"
    (folder / f"{odd}{BAD}").mkdir(parents=True)
    (folder / f"{odd}{BAD}" / "x").write_text("")
    (folder / odd).write_text("no")
    assert there.waiting() == []
    assert "\n" not in "".join(told) and "\x1b" not in "".join(told)
    assert not (folder / odd).exists()
    assert (there.waiting(), len(told)) == ([], 1), "and nobody is told of it again"
