"""A folder that is swapped as a whole, on a disk and on object storage."""

from __future__ import annotations

from pathlib import Path

import pytest
from airflow.sdk.io import attach
from fsspec.implementations.memory import MemoryFileSystem

from airflow_provider_harness.adapters.learning.published import PublishedFolder


@pytest.mark.parametrize("home", ["file://{}/set", "memory://sets{}"])
def test_the_version_that_counts_and_the_one_before_stay(home: str, tmp_path: Path) -> None:
    attach("memory", fs=MemoryFileSystem())
    folder, local = PublishedFolder(home.format(tmp_path)), tmp_path / "local"
    local.mkdir()
    assert folder.manifest() is None
    versions = []
    for text in ("one", "two", "three"):
        (local / "a.txt").write_text(text)
        told = folder.publish(local, {"said": text})
        assert folder.manifest() == told and told["files"]["a.txt"]["bytes"] == len(text)
        versions.append(told["version"])
    there = [(folder._place / version / "a.txt").exists() for version in versions]
    assert there == [False, True, True]
    assert (folder._place / versions[-1] / "a.txt").read_text() == "three"


def test_a_copy_that_breaks_off_leaves_what_was_published(tmp_path: Path) -> None:
    folder, local = PublishedFolder(f"file://{tmp_path}/set"), tmp_path / "local"
    local.mkdir()
    (local / "a.txt").write_text("one")
    before = folder.publish(local, {})
    (local / "b").mkdir()  # cannot be opened as a file
    with pytest.raises(IsADirectoryError):
        folder.publish(local, {})
    assert folder.manifest() == before
