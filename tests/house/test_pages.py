"""The pages' bundle as it is committed: what Airflow's server hands out, and what a browser can load of it."""

from __future__ import annotations

import gzip
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "ui"
DIST = ROOT / "airflow_provider_harness" / "plugins" / "ui" / "dist"
BUNDLE = DIST / "main.js"
HOST = {"React", "ReactJSXRuntime", "ReactRouterDOM", "ChakraUI", "ReactDOM", "EmotionReact"}
"""What Airflow 3.3's page has under a global name."""
MOST_BYTES = 60_000
"""Size of the bundle as it is sent, compressed."""


def sources() -> Iterator[tuple[str, str]]:
    for path in sorted((SOURCE / "src").rglob("*.ts*")):
        yield str(path.relative_to(SOURCE)), path.read_text()


def test_the_bundle_is_one_file_that_the_wheel_takes_along() -> None:
    """Airflow loads no style sheet beside it, and hatch leaves out what git ignores."""
    assert [path.name for path in DIST.iterdir()] == [BUNDLE.name]
    ignored = subprocess.run(["git", "check-ignore", "-q", str(BUNDLE)], cwd=ROOT).returncode
    assert ignored in (1, 128), "git ignores the bundle, so the wheel would lack it"  # 128: no repository


def test_the_bundle_is_small() -> None:
    assert len(gzip.compress(BUNDLE.read_bytes(), 9)) <= MOST_BYTES


def test_the_bundle_asks_the_host_for_what_the_host_has() -> None:
    """After the head nothing is required: a browser has no ``require``."""
    text = BUNDLE.read_text()
    head, found, rest = text.partition("e.Harness=t(")
    assert found
    named = re.findall(r"\be\.(\w+)", rest.partition(")")[0])
    assert named and set(named) <= HOST
    assert "require(" not in rest.partition("function(")[2]
    assert "process.env" not in text
    assert head.count("require(") == len(named)


@pytest.mark.parametrize(
    "unwanted",
    [
        pytest.param(
            r"[\"'`]#[0-9a-fA-F]{3,8}[\"'`]|\brgba?\(", id="a colour of its own: dark mode and themes pass it by"
        ),
        pytest.param(r"dangerouslySetInnerHTML|\.innerHTML|document\.write|eval\(", id="text as HTML"),
        pytest.param(r"(to|href)=[\"']/harness|fetch\([\"'`]/", id="an address that a base path breaks"),
    ],
)
def test_the_source_has_nothing_of_this(unwanted: str) -> None:
    assert [(name, found[0]) for name, text in sources() if (found := re.search(unwanted, text))] == []


def test_each_folder_of_the_source_can_be_seen_at_a_glance() -> None:
    folders = [path for path in (SOURCE / "src").rglob("*") if path.is_dir()]
    assert {
        path.name: count for path in folders if (count := len([p for p in path.iterdir() if p.is_file()])) > 15
    } == {}


def test_the_pages_read_only_what_the_api_gives() -> None:
    schemas = json.loads((ROOT / "docs" / "reference" / "api.json").read_text())["components"]["schemas"]
    given = {name for schema in schemas.values() for name in schema.get("properties", {})}
    types = (SOURCE / "src" / "api.ts").read_text().partition("type Values")[0]
    read = re.findall(r"(?:^\s+|[{;]\s*)(\w+)\??:\s", types, re.MULTILINE)
    assert len(read) > 300
    assert sorted(set(read) - given) == []


def test_versions_are_pinned_and_no_address_is_named() -> None:
    package = json.loads((SOURCE / "package.json").read_text())
    assert not package.get("dependencies"), "the bundle is built: nothing of npm is needed where it runs"
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in package["devDependencies"].values())
    lock = (SOURCE / "package-lock.json").read_text()
    assert '"resolved"' not in lock
    assert not re.search(r'"https?://(?!github\.com|opencollective\.com|tidelift\.com)', lock)
