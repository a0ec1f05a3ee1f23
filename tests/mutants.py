"""Breaks ``core/policy/policy.py`` in every small way, one at a time, and runs its tests: each must notice.

``python -m tests.mutants`` exits 1 and names what survived. A mutant that nobody could tell from the original is listed in
``EQUIVALENT`` with the reason.
"""

from __future__ import annotations

import ast
import importlib
import os
import sys
import types
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
MODULE = "airflow_provider_harness.core.policy.policy"
SOURCE = ROOT / "airflow_provider_harness" / "core" / "policy" / "policy.py"
TESTS = (
    "tests/unit/core/policy/test_policy.py",
    "tests/unit/core/policy/test_autonomy.py",
    "tests/unit/adapters/yaml_files/test_policy.py",
)

COMPARE: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
#: member of an enumeration -> what takes its place.
MEMBERS = {
    "APPROVE": ("ASK", "REFUSE"),
    "ASK": ("APPROVE", "REFUSE"),
    "REFUSE": ("APPROVE", "ASK"),
    "WIDE": ("NONE", "BOUNDED"),
    "NONE": ("WIDE", "BOUNDED"),
    "FACT": ("TEXT", "MODEL"),
    "EQ": ("NE",),
    "LT": ("LE",),
    "eq": ("ne",),
    "ne": ("eq",),
    "lt": ("le",),
    "le": ("lt",),
    "gt": ("ge",),
    "ge": ("gt",),
    "on_incident": ("on_dag_today",),
    "on_dag_today": ("on_incident",),
    "per_incident": ("per_dag_per_day",),
    "per_dag_per_day": ("per_incident",),
}

#: What the mutation says -> why no test could tell it from the original.
EQUIVALENT: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class Mutant:
    what: str
    tree: ast.Module


def mutants(tree: ast.Module) -> Iterator[Mutant]:
    """Every tree that differs from this one in one place."""
    places = _places(tree)
    for number, node in enumerate(places):
        for what, change in _changes(node):
            copy = deepcopy(tree)
            change(_places(copy)[number])
            yield Mutant(f"line {node.lineno}: {what}", ast.fix_missing_locations(copy))


def _places(tree: ast.Module) -> list[ast.AST]:
    """What a mutation changes; not the options of decorators, which decide nothing."""
    decorators = [d for node in ast.walk(tree) for d in getattr(node, "decorator_list", ())]
    aside = {id(part) for decorator in decorators for part in ast.walk(decorator)}
    return [node for node in ast.walk(tree) if _executed(node) and id(node) not in aside]


def _executed(node: ast.AST) -> bool:
    return isinstance(node, ast.Compare | ast.BoolOp | ast.UnaryOp | ast.If | ast.IfExp | ast.Attribute | ast.Constant)


Changes = Iterator[tuple[str, object]]


def _changes(node: ast.AST) -> Changes:
    for kind, change in _CHANGES.items():
        if isinstance(node, kind):
            yield from change(node)


def _compare(node: ast.Compare) -> Changes:
    for i, op in enumerate(node.ops):
        for other in COMPARE[type(op)]:
            yield f"{ast.unparse(node)}: {other.__name__}", _setter("ops", i, other())


def _bool_op(node: ast.BoolOp) -> Changes:
    other = ast.Or if isinstance(node.op, ast.And) else ast.And
    yield f"{ast.unparse(node)}: {other.__name__}", lambda twin: setattr(twin, "op", other())


def _unary(node: ast.UnaryOp) -> Changes:
    if isinstance(node.op, ast.Not):
        yield f"{ast.unparse(node)}: without not", _unnot


def _choice(node: ast.If | ast.IfExp) -> Changes:
    for value in (True, False):
        yield f"if {ast.unparse(node.test)}: {value}", _setter("test", None, ast.Constant(value))


def _attribute(node: ast.Attribute) -> Changes:
    for name in MEMBERS.get(node.attr, ()):
        yield f"{ast.unparse(node)}: {name}", _setter("attr", None, name)


def _constant(node: ast.Constant) -> Changes:
    value = node.value
    if isinstance(value, bool):
        yield f"{value}: {not value}", _setter("value", None, not value)
    elif isinstance(value, int):
        yield f"{value}: {value + 1}", _setter("value", None, value + 1)


#: Kind of node -> the ways in which it is broken.
_CHANGES: dict[type[ast.AST], Callable[[Any], Changes]] = {
    ast.Compare: _compare,
    ast.BoolOp: _bool_op,
    ast.UnaryOp: _unary,
    ast.If: _choice,
    ast.IfExp: _choice,
    ast.Attribute: _attribute,
    ast.Constant: _constant,
}


def _setter(field: str, index: int | None, value: object) -> object:
    def change(twin: ast.AST) -> None:
        if index is None:
            setattr(twin, field, value)
        else:
            getattr(twin, field)[index] = value

    return change


def _unnot(twin: ast.UnaryOp) -> None:
    twin.op, twin.operand = ast.Not(), ast.UnaryOp(op=ast.Not(), operand=twin.operand)


def killed(mutant: Mutant) -> bool:
    """Whether a test fails with the mutant in the policy's place; a child process tries it."""
    child = os.fork()
    if child == 0:
        os._exit(_run(mutant))
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0


def _run(mutant: Mutant) -> int:
    import pytest

    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(silent, 2)
    module = types.ModuleType(MODULE)
    module.__file__ = str(SOURCE)
    sys.modules[MODULE] = module
    try:
        exec(compile(mutant.tree, str(SOURCE), "exec"), module.__dict__)
        importlib.import_module("airflow_provider_harness.core.policy").__dict__["policy"] = module
        return int(pytest.main(["-x", "-q", "-p", "no:cacheprovider", *(str(ROOT / test) for test in TESTS)]))
    except BaseException:  # noqa: BLE001  a mutant that cannot be imported is noticed, too
        return 1


def main() -> int:
    """Try every mutant; the survivors that are not known to be equivalent are named."""
    tree = ast.parse(SOURCE.read_text("utf-8"))
    if killed(Mutant("the original", tree)):
        print("The tests fail with the original.")
        return 1
    every = list(mutants(tree))
    alive = [mutant.what for mutant in every if not killed(mutant)]
    survived = [what for what in alive if what not in EQUIVALENT]
    for what in survived:
        print(f"survived: {what}")
    for what in EQUIVALENT.keys() - set(alive):
        print(f"listed as equivalent, and killed or gone: {what}")
    print(f"{len(every)} mutants, {len(every) - len(alive)} killed, {len(alive) - len(survived)} equivalent.")
    return 1 if survived or EQUIVALENT.keys() - set(alive) else 0


if __name__ == "__main__":
    sys.exit(main())
