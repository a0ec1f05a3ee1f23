"""What an expression of a Dag file is worth, as far as its text says: constants, names of constants, f-strings."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Code:
    """A value that only running the file would tell."""

    node: ast.expr = field(compare=False)

    def __str__(self) -> str:
        return ast.unparse(self.node)


class Text(str):
    """A text of a file, with its place.

    :ivar line: where it begins; 0 where nobody knows.
    :ivar last: the line on which it ends.
    """

    line = 0
    last = 0

    def at(self, node: ast.AST) -> Self:
        """The same, with the place of a part of the file."""
        self.line = getattr(node, "lineno", 0)
        self.last = getattr(node, "end_lineno", self.line)
        return self


class Built(Text):
    """A text with parts that only running the file would tell; they stand in it as ``{expression}``.

    :ivar holes: these parts.
    """

    holes: tuple[ast.expr, ...]

    def __new__(cls, text: str, holes: tuple[ast.expr, ...]) -> Built:
        made = super().__new__(cls, text)
        made.holes = holes
        return made


def dotted(node: ast.AST) -> str:
    """``a.b.c`` of a name or attribute; empty for anything else. A call in between counts as what it calls."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        before = dotted(node.value)
        return f"{before}.{node.attr}" if before else node.attr
    if isinstance(node, ast.Call):
        return dotted(node.func)
    return ""


class Values:
    """The constants of a module, and of the functions around a place.

    :param tree: the module.
    """

    def __init__(self, tree: ast.Module) -> None:
        self.imports = _imports(tree)
        self._known: dict[str, ast.expr] = {}
        self._twice: set[str] = set()
        self._given: dict[str, list[ast.expr]] = {}
        self._returned = _returned(tree)
        for node in _top(tree.body):
            self._learn(node)

    def within(self, function: ast.AST) -> Values:
        """The same with the names of a function, whose parameters are not known."""
        inner = object.__new__(Values)
        inner.imports, inner._known, inner._twice = self.imports, dict(self._known), set(self._twice)
        inner._given, inner._returned = {}, self._returned
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            given = function.args
            for arg in (*given.posonlyargs, *given.args, *given.kwonlyargs):
                inner._known.pop(arg.arg, None)
            for node in _top(function.body):
                inner._learn(node)
        return inner

    def _learn(self, node: ast.AST) -> None:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        value = getattr(node, "value", None)
        for target in targets:
            if isinstance(target, ast.Name):
                changed = isinstance(node, ast.AugAssign) or value is None or target.id in self._twice
                self._twice |= {target.id} if isinstance(node, ast.AugAssign | ast.For) else set()
                if changed:
                    self._known.pop(target.id, None)
                elif value is not None:
                    self._known[target.id] = value
                if value is not None:
                    self._given.setdefault(target.id, []).append(value)

    def name(self, node: ast.AST) -> str:
        """The dotted name of what is called, as it was imported: ``pendulum.datetime``."""
        text = dotted(node)
        head, dot, rest = text.partition(".")
        return f"{self.imports.get(head, head)}{dot}{rest}"

    def source(self, name: str) -> ast.expr | None:
        """The expression that a name was given, where it was given one."""
        return self._known.get(name)

    def given(self, name: str) -> list[ast.expr]:
        """Every expression that a name is given in the function, or in the module."""
        return self._given.get(name, [])

    def of(self, node: ast.AST | None, depth: int = 0) -> Any:
        """The value of an expression; ``Code`` where the text does not say it."""
        if node is None or depth > 20:
            return None if node is None else Code(node)  # type: ignore[arg-type]
        handler = _HANDLERS.get(type(node))
        return handler(self, node, depth + 1) if handler else Code(node)  # type: ignore[arg-type]

    def _constant(self, node: ast.Constant, depth: int) -> Any:
        return Text(node.value).at(node) if isinstance(node.value, str) else node.value

    def _name(self, node: ast.Name, depth: int) -> Any:
        known = self._known.get(node.id)
        return Code(node) if known is None or known is node else self.of(known, depth)

    def _sequence(self, node: ast.List | ast.Tuple | ast.Set, depth: int) -> Any:
        return [self.of(one, depth) for one in node.elts]

    def _dict(self, node: ast.Dict, depth: int) -> Any:
        made: dict[Any, Any] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            found = self.of(value, depth)
            if key is None:
                made |= found if isinstance(found, dict) else {}
            else:
                name = self.of(key, depth)
                made[str(name) if isinstance(name, Code | list | dict) else name] = found
        return made

    def _joined(self, node: ast.JoinedStr, depth: int) -> Any:
        parts: list[str] = []
        holes: list[ast.expr] = []
        for part in node.values:
            inner = part.value if isinstance(part, ast.FormattedValue) else part
            found = self.of(inner, depth)
            if isinstance(found, Built):
                holes += found.holes
            if isinstance(found, Code | list | dict):
                holes.append(inner)
                parts.append("{" + ast.unparse(inner) + "}")
            else:
                parts.append(str(found))
        made = Built("".join(parts), tuple(holes)) if holes else Text("".join(parts))
        return made.at(node)

    def _binary(self, node: ast.BinOp, depth: int) -> Any:
        left, right = self.of(node.left, depth), self.of(node.right, depth)
        if isinstance(node.op, ast.Add) and isinstance(left, str | Code) and isinstance(right, str | Code):
            several = isinstance(left, str) or isinstance(right, str)
            return _together(left, right).at(node) if several else Code(node)
        if isinstance(node.op, ast.Mod) and isinstance(left, str):
            return Built(left, (node.right,)).at(node)
        if isinstance(left, int | float) and isinstance(right, int | float):
            return _arithmetic(node, left, right)
        if isinstance(left, dict) and isinstance(right, dict) and isinstance(node.op, ast.BitOr):
            return left | right
        if isinstance(left, timedelta) and isinstance(right, int | float) and isinstance(node.op, ast.Mult):
            return left * right
        return Code(node)

    def _call(self, node: ast.Call, depth: int) -> Any:
        name = self.name(node.func)
        named = {word.arg: self.of(word.value, depth) for word in node.keywords if word.arg}
        plain = [self.of(one, depth) for one in node.args]
        if name.rpartition(".")[2] in ("timedelta", "duration") and all(
            isinstance(value, int | float) for value in [*named.values(), *plain]
        ):
            return _span(plain, named) or Code(node)
        if name == "dict" and not plain:
            return named
        if name in self._returned:
            return self.of(self._returned[name], depth)
        if name.rpartition(".")[2] in ("dedent", "cleandoc") and len(plain) == 1 and isinstance(plain[0], str):
            return plain[0]
        if isinstance(node.func, ast.Attribute) and isinstance(self.of(node.func.value, depth), str):
            return self._method(node, node.func, depth)
        return Code(node)

    def _method(self, node: ast.Call, func: ast.Attribute, depth: int) -> Any:
        text = self.of(func.value, depth)
        if func.attr in ("strip", "rstrip", "lstrip") and not node.args:
            return text
        if func.attr == "format":
            return Built(text, (*node.args, *(word.value for word in node.keywords))).at(func.value)
        return Code(node)

    def _unary(self, node: ast.UnaryOp, depth: int) -> Any:
        found = self.of(node.operand, depth)
        return -found if isinstance(node.op, ast.USub) and isinstance(found, int | float) else Code(node)

    def _attribute(self, node: ast.Attribute, depth: int) -> Any:
        name = self.name(node)
        owner, _, member = name.rpartition(".")
        return member.lower() if owner.rpartition(".")[2] in ("TriggerRule", "WeightRule") else Code(node)


_HANDLERS: Mapping[type, Any] = {
    ast.Constant: Values._constant,
    ast.Name: Values._name,
    ast.List: Values._sequence,
    ast.Tuple: Values._sequence,
    ast.Set: Values._sequence,
    ast.Dict: Values._dict,
    ast.JoinedStr: Values._joined,
    ast.BinOp: Values._binary,
    ast.Call: Values._call,
    ast.UnaryOp: Values._unary,
    ast.Attribute: Values._attribute,
}


def _together(left: Any, right: Any) -> Text:
    holes = tuple(
        hole
        for part in (left, right)
        for hole in (part.holes if isinstance(part, Built) else (part.node,) if isinstance(part, Code) else ())
    )
    text = "".join("{" + str(part) + "}" if isinstance(part, Code) else part for part in (left, right))
    return Built(text, holes) if holes else Text(text)


def _arithmetic(node: ast.BinOp, left: float, right: float) -> Any:
    if isinstance(node.op, ast.Mult):
        return left * right
    if isinstance(node.op, ast.Add):
        return left + right
    return left - right if isinstance(node.op, ast.Sub) else Code(node)


def _span(plain: list[Any], named: Mapping[str, Any]) -> timedelta | None:
    known = {"days", "seconds", "microseconds", "milliseconds", "minutes", "hours", "weeks"}
    return timedelta(*plain, **named) if named.keys() <= known and len(plain) <= 7 else None


def _imports(tree: ast.Module) -> dict[str, str]:
    """Local name -> what it was imported as."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                found[alias.asname or alias.name.partition(".")[0]] = (
                    alias.name if alias.asname else alias.name.partition(".")[0]
                )
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                found[alias.asname or alias.name] = f"{node.module or ''}.{alias.name}".lstrip(".")
    return found


def _returned(tree: ast.Module) -> dict[str, ast.expr]:
    """Function of the module -> the dictionary that each call of it gives, such as ``default_args``."""
    found: dict[str, ast.expr] = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and not node.decorator_list:
            values = [one.value for one in ast.walk(node) if isinstance(one, ast.Return)]
            given = values[0] if len(values) == 1 else None
            if given is not None and (isinstance(given, ast.Dict) or _is_dict_call(given)):
                found[node.name] = given
    return found


def _is_dict_call(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and dotted(node.func) == "dict"


def _top(body: list[ast.stmt]) -> list[ast.AST]:
    """The statements of a body that give names values, with those inside ``with``, ``if``, ``for`` and ``try``."""
    found: list[ast.AST] = []
    for node in body:
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            found.append(node)
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found += [node] if isinstance(node, ast.For) else []
            for name in ("body", "orelse", "finalbody"):
                found += _top(getattr(node, name, []))
    return found
