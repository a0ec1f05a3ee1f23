"""The changelog keeps the sections of Keep a Changelog, in their order."""

from __future__ import annotations

import re
from pathlib import Path

TEXT = (Path(__file__).resolve().parents[2] / "CHANGELOG.md").read_text()
SECTIONS = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"]


def test_each_version_has_known_sections_each_once_and_in_order() -> None:
    versions = re.split(r"^## ", TEXT, flags=re.MULTILINE)[1:]
    assert versions[0].startswith("[Unreleased]\n")
    for version in versions:
        heads = re.findall(r"^### (.+)$", version, re.MULTILINE)
        assert heads == [head for head in SECTIONS if head in heads]


def test_each_line_is_in_a_section() -> None:
    for version in re.split(r"^## ", TEXT, flags=re.MULTILINE)[1:]:
        for section in re.split(r"^### ", version, flags=re.MULTILINE)[1:]:
            lines = section.splitlines()[2:]
            assert all(line.startswith(("- ", "  ")) for line in lines if line)
