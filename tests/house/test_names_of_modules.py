"""Packages that import their parts when they are asked for hide from mypy whether a part, or what is asked of it, is there."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = "airflow_provider_harness"


#: Packages whose parts mypy takes for anything.
LAZY = tuple(
    ".".join(path.parent.relative_to(ROOT).parts)
    for path in sorted((ROOT / PACKAGE / "wiring").rglob("__init__.py"))
    if "def __getattr__" in path.read_text("utf-8")
)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def _own(scope: ast.AST) -> Iterator[ast.AST]:
    """What stands in a scope, and in no function in it."""
    for node in ast.iter_child_nodes(scope):
        yield node
        if not isinstance(node, _FUNCTIONS):
            yield from _own(node)


def _bound(tree: ast.AST) -> set[str]:
    """Names that stand for something else, too: arguments, and what is assigned."""
    return {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)} | {
        node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }


def _parts(scope: ast.AST) -> dict[str, str]:
    """Local name -> the part that was imported as it in this scope."""
    return {
        name.asname or name.name: f"{node.module}.{name.name}"
        for node in _own(scope)
        if isinstance(node, ast.ImportFrom) and node.module in LAZY
        for name in node.names
    }


def _chain(node: ast.Attribute) -> list[str]:
    """``a.b.c`` as its names; empty where it does not begin with a name."""
    names: list[str] = []
    at: ast.expr = node
    while isinstance(at, ast.Attribute):
        names, at = [at.attr, *names], at.value
    return [at.id, *names] if isinstance(at, ast.Name) else []


def _lacks(part: str, names: list[str]) -> bool:
    at: Any = import_module(part)
    for name in names:
        if not isinstance(at, ModuleType):
            return False
        if not hasattr(at, name):
            return True
        at = getattr(at, name)
    return False


def missing(tree: ast.AST) -> set[str]:
    """What is asked of a part that it does not have."""
    found = set()
    for scope in (node for node in ast.walk(tree) if node is tree or isinstance(node, _FUNCTIONS)):
        parts = {name: part for name, part in _parts(scope).items() if name not in _bound(scope)}
        for node in ast.walk(scope):
            chain = _chain(node) if isinstance(node, ast.Attribute) else []
            if chain and chain[0] in parts and _lacks(parts[chain[0]], chain[1:]):
                found.add(f"line {node.lineno}: {'.'.join(chain[:3])}")  # type: ignore[attr-defined]
    return found


def test_what_is_asked_of_a_module_is_there() -> None:
    found = [
        f"{path.relative_to(ROOT)} {where}"
        for path in sorted((ROOT / PACKAGE).rglob("*.py"))
        for where in missing(ast.parse(path.read_text("utf-8")))
    ]
    assert found == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("from airflow_provider_harness.wiring import rows\nrows.log.warning(1)", True),
        ("from airflow_provider_harness.wiring import rows\nrows.slices.nothing()", True),
        ("from airflow_provider_harness.wiring import rows\nrows.slices.piece_of()", False),
        ("from airflow_provider_harness.wiring import rows\ndef f(rows): rows.log()", False),
    ],
)
def test_this_test_finds_what_is_not_there(text: str, found: bool) -> None:
    assert bool(missing(ast.parse(text))) is found
