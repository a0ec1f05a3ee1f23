"""What the code may not contain: broad excepts beyond those named, and a clock or chance below the adapters."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "airflow_provider_harness"

#: Where a broad except stands, and why it may.
BROAD = {
    "core/policy/policy.py: judge": "a guard that crashes closes",
    "wiring/healing.py: log_failures": "a failing capture must not become the task's failure",
    "adapters/airflow/exceptions/chain.py: _text": "somebody's __str__ may fail; the type still speaks",
    "adapters/arrow/read_ahead.py: read": "what is raised while reading is raised again where the items are taken",
    "adapters/model/wire.py: _run": "what ends a request in its thread is raised again where it is waited for",
    "adapters/progress.py: _watch": "to see how far the work is must not be what ends it",
    "adapters/gx/suite.py: _run": "what Great Expectations refuses is an error of this check alone, whatever its type",
    "triggers/look.py: run": "a look that cannot be taken in the triggerer is taken by the task, where its error is seen",
    "adapters/paging/notifiers.py: _notify": "a notifier is anybody's class; whatever it raises, the others are told",
    "adapters/airflow/connections.py: find": "a secrets backend is anybody's class; whatever it raises, it has not answered",
    "enrolment.py: _harmlessly": "a task or Dag of anybody's class; whatever it raises, its file stays importable",
    "adapters/airflow/attributes.py: attribute": "a property of somebody's exception may fail",
}


def files(*rooms: str) -> Iterator[Path]:
    for room in rooms or (".",):
        for path in sorted((PACKAGE / room).rglob("*.py")):
            if "testing" not in path.relative_to(PACKAGE).parts:
                yield path


def is_broad(handler: ast.ExceptHandler) -> bool:
    """Whether it swallows whatever comes; one that cleans up and ends in a plain ``raise`` swallows nothing."""
    last = handler.body[-1]
    if isinstance(last, ast.Raise) and last.exc is None:
        return False
    caught = handler.type
    kinds = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    return any(
        kind is None or (isinstance(kind, ast.Name) and kind.id in ("Exception", "BaseException")) for kind in kinds
    )


def broad(path: Path) -> Iterator[str]:
    for function in ast.walk(ast.parse(path.read_text())):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            for node in ast.walk(function):
                if isinstance(node, ast.ExceptHandler) and is_broad(node):
                    yield f"{path.relative_to(PACKAGE)}: {function.name}"


def test_only_the_named_broad_excepts_exist() -> None:
    assert sorted(found for path in files() for found in broad(path)) == sorted(BROAD)


@pytest.mark.parametrize(
    ("text", "caught"),
    [
        ("except:", True),
        ("except Exception:", True),
        ("except (ValueError, BaseException) as e:", True),
        ("except ValueError:", False),
        ("except BaseException:\n  raise\nexcept ValueError:", False),
    ],
)
def test_a_broad_except_is_seen(text: str, caught: bool) -> None:
    tree = ast.parse(f"try:\n  pass\n{text}\n  pass")
    assert any(is_broad(node) for node in ast.walk(tree) if isinstance(node, ast.ExceptHandler)) is caught


#: Files of one folder, ``__init__`` included: more than these, and nobody new finds one.
MOST_FILES = 15


def test_no_folder_of_code_is_crowded() -> None:
    grows = PACKAGE / "migrations" / "versions"  # what was released stays as it was
    there = (path for path in (PACKAGE, *PACKAGE.rglob("*")) if path.is_dir() and path.name != "__pycache__")
    folders = [path for path in there if path != grows]
    counted = {str(path.relative_to(PACKAGE)): len(list(path.glob("*.py"))) for path in folders}
    assert len(counted) > 50
    assert {name: count for name, count in counted.items() if count > MOST_FILES} == {}


CLOCKS = {"now", "utcnow", "today", "fromtimestamp", "monotonic", "perf_counter", "time_ns", "sleep"}
WORLD = {"time", "random", "secrets", "uuid", "os", "subprocess", "socket", "threading", "logging", "pathlib"}


def impure(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in CLOCKS:
            owner = node.value
            if isinstance(owner, ast.Name) and owner.id in ("datetime", "date", "time"):
                yield f"{owner.id}.{node.attr}"
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.split(".")[0] in WORLD)
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] in WORLD:
            yield node.module


@pytest.mark.parametrize("room", ["core", "app"])
def test_no_clock_and_no_chance_in(room: str) -> None:
    found = {str(path.relative_to(PACKAGE)): list(impure(ast.parse(path.read_text()))) for path in files(room)}
    assert {path: names for path, names in found.items() if names} == {}
    assert len(found) > 5


@pytest.mark.parametrize("text", ["datetime.now(UTC)", "date.today()", "import time", "from random import choice"])
def test_a_clock_is_seen(text: str) -> None:
    assert list(impure(ast.parse(text)))


#: Where a session with a PostgreSQL server begins: the sessions themselves, and what asks catalogs only or has its own limits.
CONNECTS = {
    "postgres/session.py",
    "postgres/locks.py",
    "postgres/strain.py",
    "postgres/copy/source.py",
    "model/query_tool.py",
    "lineage/places.py",
}
#: Function -> why it may write: it loads a slice, or releases rows from quarantine.
WRITES = {
    "slice": "a load",
    "shelf": "a release from quarantine",
    "index": "an index of documents",
    "mark": "a comment: synthetic",
    "opened": "a sandbox is emptied",
    "build": "a proposal, in a sandbox",
    "keep": "a sandbox is emptied but for the best",
}


def test_only_loads_open_a_session_that_may_write() -> None:
    connects, writes = set(), set()
    for path in files():
        for function in (one for one in ast.walk(ast.parse(path.read_text())) if isinstance(one, ast.FunctionDef)):
            for call in (one for one in ast.walk(function) if isinstance(one, ast.Call)):
                if ast.unparse(call.func) in ("psycopg.connect", "dbapi.connect"):
                    connects.add(str(path.relative_to(PACKAGE / "adapters")))
                begins = ast.unparse(call.func) in ("session", "self._connect")
                if begins and any(
                    word.arg == "writes" and ast.unparse(word.value) != "writes" for word in call.keywords
                ):
                    writes.add(function.name)
    assert connects == CONNECTS
    assert writes == set(WRITES)
