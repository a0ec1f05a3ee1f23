"""The habits of the house: what is configured names what is there, and everybody runs the same checks."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
LINT: dict[str, Any] = PROJECT["tool"]["ruff"]["lint"]


def ruff(*arguments: str) -> list[str]:
    """The findings of the linter, one a line, under this project's configuration but for the arguments."""
    command = [
        str(Path(sys.executable).with_name("ruff")),
        "check",
        "--config",
        str(ROOT / "pyproject.toml"),
        *arguments,
    ]
    done = subprocess.run(
        [*command, "--output-format", "concise", "--no-cache"], capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode in (0, 1), done.stderr
    return re.findall(r"^\S+:\d+:\d+: .+$", done.stdout, re.MULTILINE)


def test_each_exception_of_the_linter_names_files_that_are_there() -> None:
    assert [path for path in LINT["per-file-ignores"] if not list(ROOT.glob(path))] == []


def test_each_exception_of_the_linter_is_still_needed() -> None:
    """Without it, its file breaks the rule: so a list of debts only gets shorter."""
    excepted = [(path, rule) for path, rules in LINT["per-file-ignores"].items() for rule in rules]
    found = ruff("--select", ",".join({rule for _, rule in excepted}), "--config", "lint.per-file-ignores={}", ".")
    broken = {(line.partition(":")[0], line.split()[1]) for line in found}
    assert [
        (path, rule)
        for path, rule in excepted
        if not any(fnmatch(file, path) and code.startswith(rule) for file, code in broken)
    ] == []


def test_what_is_heavy_is_banned_at_the_head_of_a_module(tmp_path: Path) -> None:
    (tmp_path / "module.py").write_text("import duckdb\n\n\ndef later() -> None:\n    import pyarrow\n")
    found = ruff("--select", "TID253", str(tmp_path))
    assert re.findall(r"`(\w+)` is banned", "".join(found)) == ["duckdb"]


@pytest.mark.parametrize("file", [".github/workflows/ci.yml", ".pre-commit-config.yaml"])
def test_the_same_checks_everywhere(file: str) -> None:
    """CI runs ``.ci/run``, and a commit the part of it that takes seconds; no hook comes from anywhere else."""
    text = (ROOT / file).read_text()
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert set(re.findall(r"entry: make (\w+)", text)) <= set(targets)
    loaded = yaml.safe_load(text)
    if "repos" in loaded:
        assert [repo["repo"] for repo in loaded["repos"]] == ["local"]
    else:
        assert [step["run"] for step in loaded["jobs"]["check"]["steps"] if "run" in step] == [".ci/run"]


def test_forms_of_issues_can_be_read() -> None:
    for form in (ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"):
        loaded = yaml.safe_load(form.read_text())
        assert form.name == "config.yml" or {"name", "description", "body"} <= loaded.keys()


def test_contributing_names_targets_files_and_tables_that_are_there() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text() + (ROOT / "RELEASING.md").read_text()
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert set(re.findall(r"`make ([a-z]+)", text)) <= set(targets)
    paths = re.findall(r"`((?:core|app|adapters|tests|docs)/[\w./-]+)`", text)
    missing = [
        path for path in paths if not (ROOT / path).exists() and not (ROOT / "airflow_provider_harness" / path).exists()
    ]
    assert len(paths) > 15 and missing == []


def test_the_site_is_strict_and_fetches_nothing() -> None:
    """``make site`` is part of ``make check``; a font or a plugin could ask somebody else's server."""
    site = yaml.safe_load((ROOT / "mkdocs.yml").read_text())
    assert site["strict"]
    assert site["theme"]["font"] is False
    assert site["plugins"] == ["search"]
    assert re.search(r"^check:.* site\b", (ROOT / "Makefile").read_text(), re.MULTILINE)
