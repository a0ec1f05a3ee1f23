"""The Dags of a file by its text alone: their arguments, tasks, and what waits for what."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from airflow_provider_harness.app.authoring.code.values import Values, dotted
from airflow_provider_harness.app.authoring.model import Dag, Task

Function = ast.FunctionDef | ast.AsyncFunctionDef
_CALLABLES = ("python_callable", "callable")
_CHAINS = ("chain", "chain_linear", "cross_downstream")


def functions(tree: ast.Module) -> dict[str, Function]:
    """Every function of a module by its name; of several with one name, the last."""
    return {n.name: n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)}


def decorator(function: Function, values: Values) -> str:
    """``task``, ``task.branch``, ``dag`` or ``task_group`` where a function is decorated so; else nothing."""
    for node in function.decorator_list:
        name = values.name(node.func if isinstance(node, ast.Call) else node).removeprefix("airflow.")
        for home in ("sdk.", "decorators.", "sdk.definitions.decorators."):
            name = name.removeprefix(home)
        name = name.removeprefix("definitions.asset.decorators.")
        if name.partition(".")[0] in ("task", "dag", "task_group", "setup", "teardown", "asset"):
            return name
    return ""


def dags(path: str, tree: ast.Module, values: Values) -> tuple[Dag, ...]:
    """The Dags that a file declares, in its order."""
    reader = _Reader(path, tree, values)
    reader.statements(tree.body, None)
    return tuple(draft.dag() for draft in reader.drafts)


class _Ends(tuple[frozenset[str], frozenset[str]]):
    """The first and the last tasks of a part of a graph."""


_NONE = _Ends((frozenset(), frozenset()))


class _Reader:
    """Walks through a module as Python would, and notes what it declares."""

    def __init__(self, path: str, tree: ast.Module, values: Values) -> None:
        self._path, self._values = path, values
        self._functions = functions(tree)
        self.drafts: list[_Building] = []
        self._named: dict[str, _Building] = {}
        self._bound: dict[str, _Ends] = {}
        self._depth = 0
        self._group = ""
        self._makers = {name for name, one in self._functions.items() if _makes_dags(one, values)}

    def statements(self, body: Sequence[ast.stmt], draft: _Building | None) -> _Ends:
        """Walk through a body; what its last ``return`` or its tasks are."""
        found = _NONE
        for node in body:
            found = _union([found, self._statement(node, draft)])
        return found

    def _statement(self, node: ast.stmt, draft: _Building | None) -> _Ends:
        if isinstance(node, ast.With):
            return self._with(node, draft)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            if decorator(node, self._values) == "dag":
                self._decorated(node)
            elif decorator(node, self._values).startswith("asset"):
                self._asset(node)
            return _NONE
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            return self._assigned(node, node.value, draft)
        if isinstance(node, ast.Expr | ast.Return):
            return self._expression(node.value, draft) if node.value is not None else _NONE
        found = _NONE
        for name in ("body", "orelse", "finalbody"):
            found = _union([found, self.statements(getattr(node, name, []), draft)])
        return found

    def _with(self, node: ast.With, draft: _Building | None) -> _Ends:
        inner, names, group = draft, [], self._group
        for item in node.items:
            call = item.context_expr
            if isinstance(call, ast.Call) and _is_dag(self._values.name(call.func)):
                inner = self._begin(call)
            elif isinstance(call, ast.Name) and call.id in self._named:
                inner = self._named[call.id]
            elif isinstance(call, ast.Call) and _is_group(call, self._values):
                self._group += _group_name(call, self._values)
            if isinstance(item.optional_vars, ast.Name):
                names.append(item.optional_vars.id)
                if inner is not None and inner is not draft:
                    self._named[item.optional_vars.id] = inner
        found = self.statements(node.body, inner)
        if self._group != group or any(_is_group(item.context_expr, self._values) for item in node.items):
            found = _edge(found, inner)
        self._group = group
        for name in names:
            self._bound.setdefault(name, found)
        return found

    def _decorated(self, function: Function) -> None:
        call = next((n for n in function.decorator_list if isinstance(n, ast.Call)), None)
        draft = self._begin(call, function)
        values, self._values = self._values, self._values.within(function)
        self.statements(function.body, draft)
        self._values = values

    def _asset(self, function: Function) -> None:
        """What ``@asset`` decorates is a Dag of one task."""
        call = next((n for n in function.decorator_list if isinstance(n, ast.Call)), None)
        draft = self._begin(call, function)
        self._note(Task(id=function.name, kind="asset", line=function.lineno, function=function.name), _NONE, draft)

    def _begin(self, call: ast.Call | None, function: Function | None = None) -> _Building:
        given = {word.arg: self._values.of(word.value) for word in call.keywords if word.arg} if call else {}
        for word in call.keywords if call else ():
            if word.arg is None and isinstance(found := self._values.of(word.value), dict):
                given |= found
        first = self._values.of(call.args[0]) if call and call.args else None
        name = given.get("dag_id", first if first is not None else function.name if function else "")
        line = call.lineno if call else function.lineno if function else 1
        lines = {word.arg: word.value.lineno for word in call.keywords if word.arg} if call else {}
        node = next((w.value for w in call.keywords if w.arg == "schedule"), None) if call else None
        made = _Building(
            Dag(
                id=str(name),
                file=self._path,
                line=line,
                args=given,
                lines=lines,
                schedule=given.get("schedule", given.get("schedule_interval")),
                timetable=_timetable(node, self._values),
            )
        )
        self.drafts.append(made)
        return made

    def _assigned(self, node: ast.Assign | ast.AnnAssign, value: ast.expr, draft: _Building | None) -> _Ends:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if isinstance(value, ast.Call) and _is_dag(self._values.name(value.func)):
            made = self._begin(value)
            self._named |= {t.id: made for t in targets if isinstance(t, ast.Name)}
            return _NONE
        self._attribute_set(targets, value, draft)
        found = self._expression(value, draft)
        if found is not _NONE or isinstance(value, ast.List):
            for target in targets:
                if isinstance(target, ast.Name):
                    self._bound[target.id] = found
                elif isinstance(target, ast.Tuple):
                    self._bound |= {t.id: found for t in target.elts if isinstance(t, ast.Name)}
        return found

    def _attribute_set(self, targets: Sequence[ast.expr], value: ast.expr, draft: _Building | None) -> None:
        """``task.trigger_rule = "always"``: an argument that is given afterwards."""
        for target in targets:
            owner = target.value if isinstance(target, ast.Attribute) else None
            ends = self._bound.get(owner.id, _NONE) if isinstance(owner, ast.Name) else _NONE
            if draft is None or not isinstance(target, ast.Attribute) or len(ends[0]) != 1:
                continue
            task = draft.tasks.get(next(iter(ends[0])))
            if task is not None:
                args = {**task.args, target.attr: self._values.of(value)}
                lines = {**task.lines, target.attr: value.lineno}
                draft.tasks[task.id] = replace(task, args=args, given=task.given | {target.attr}, lines=lines)

    def _expression(self, node: ast.expr, draft: _Building | None) -> _Ends:
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.RShift | ast.LShift):
            left, right = self._expression(node.left, draft), self._expression(node.right, draft)
            before, after = (left, right) if isinstance(node.op, ast.RShift) else (right, left)
            self._join(before, after, draft)
            return right if left is not _NONE and right is not _NONE else left if right is _NONE else right
        if isinstance(node, ast.Name):
            return self._bound.get(node.id, _NONE)
        if isinstance(node, ast.Call):
            return self._call(node, draft)
        if isinstance(node, ast.Attribute) and node.attr in ("task_id", "dag_id", "group_id", "label"):
            return _NONE
        if isinstance(node, ast.Attribute | ast.Subscript | ast.Starred | ast.Await):
            return self._expression(node.value, draft)
        return _union(self._expression(n, draft) for n in ast.iter_child_nodes(node) if isinstance(n, ast.expr))

    def _join(self, before: _Ends, after: _Ends, draft: _Building | None) -> None:
        for building in [draft] if draft else self.drafts:
            building.edges |= {(a, b) for a in before[1] for b in after[0] if a != b}

    def _call(self, node: ast.Call, draft: _Building | None) -> _Ends:
        name = dotted(node.func)
        last = name.rpartition(".")[2]
        if _is_dag(self._values.name(node.func)):
            self._begin(node)
            return _NONE
        if last in _CHAINS:
            return self._chain([self._expression(n, draft) for n in node.args], draft)
        if last in ("set_downstream", "set_upstream") and isinstance(node.func, ast.Attribute) and node.args:
            mine, other = self._expression(node.func.value, draft), self._expression(node.args[0], draft)
            self._join(*((mine, other) if last == "set_downstream" else (other, mine)), draft)
            return mine
        if last in ("as_teardown", "as_setup") and isinstance(node.func, ast.Attribute):
            return self._expression(node.func.value, draft)
        function = self._functions.get(name.partition(".")[0])
        decorated = decorator(function, self._values) if function else ""
        if function and decorated and decorated.partition(".")[0] not in ("dag", "asset"):
            return self._of_function(node, function, decorated, draft)
        if any(word.arg == "task_id" for word in node.keywords) and last not in ("override", "xcom_pull", "xcom_push"):
            return self._operator(node, draft)
        if function and not decorated and draft and self._depth < 4:
            return self._helper(node, function, draft)
        if not draft and last in self._makers:
            self._makers.discard(last)  # called again, it makes the like under other ids
            self._helper(node, self._functions[last], None)
            return _NONE
        return _union(
            [self._expression(node.func, draft), *(self._expression(n, draft) for n in node.args)]
            + [self._expression(word.value, draft) for word in node.keywords]
        )

    def _chain(self, parts: Sequence[_Ends], draft: _Building | None) -> _Ends:
        for before, after in pairwise(parts):
            self._join(before, after, draft)
        return _Ends((parts[0][0], parts[-1][1])) if parts else _NONE

    def _helper(self, node: ast.Call, function: Function, draft: _Building | None) -> _Ends:
        """A function of the file that makes tasks, or Dags."""
        self._depth += 1
        values, self._values = self._values, self._values.within(function)
        found = self.statements(function.body, draft)
        self._values = values
        self._depth -= 1
        return found

    def _of_function(self, node: ast.Call, function: Function, decorated: str, draft: _Building | None) -> _Ends:
        """A call of what ``@task`` or ``@task_group`` decorates."""
        before = _union(
            [self._expression(n, draft) for n in node.args]
            + [self._expression(w.value, draft) for w in node.keywords]
            + [self._arguments(node.func, draft)]
        )
        if decorated.startswith("task_group"):
            group, self._group = self._group, f"{self._group}{_group_of(node, function, draft)}."
            found = _edge(self._helper(node, function, draft), draft) if draft and self._depth < 4 else _NONE
            self._group = group
            self._join(before, found, draft)
            return found
        calls = [n for n in function.decorator_list if isinstance(n, ast.Call)]
        words = [w for c in calls for w in c.keywords] + _overrides(node.func)
        given = {w.arg: self._values.of(w.value) for w in words if w.arg}
        mapped = any(isinstance(n, ast.Attribute) and n.attr.startswith("expand") for n in ast.walk(node.func))
        task = Task(
            id=str(given.get("task_id", function.name)),
            kind=decorated,
            line=function.lineno,
            args=given,
            given=frozenset(given),
            lines={w.arg: w.value.lineno for w in words if w.arg},
            function=function.name,
            mapped=mapped,
        )
        return self._note(task, before, draft, again=True)

    def _arguments(self, func: ast.expr, draft: _Building | None) -> _Ends:
        """Tasks that ``f.partial(...)`` or ``f.override(...)`` were given."""
        calls = [n for n in ast.walk(func) if isinstance(n, ast.Call)]
        return _union(self._expression(w.value, draft) for c in calls for w in c.keywords)

    def _operator(self, node: ast.Call, draft: _Building | None) -> _Ends:
        words = list(node.keywords)
        given: dict[str, Any] = {}
        for word in words:
            found = self._values.of(word.value)
            given |= {word.arg: found} if word.arg else found if isinstance(found, dict) else {"**": found}
        before = _union(self._expression(w.value, draft) for w in words if w.arg not in ("dag", "task_group"))
        named = next((w.value.id for w in words if w.arg == "dag" and isinstance(w.value, ast.Name)), "")
        kind = self._values.name(node.func).removesuffix(".partial").rpartition(".")[2]
        called = next((w.value for w in words if w.arg in _CALLABLES), None)
        task = Task(
            id=str(given.get("task_id")),
            kind=kind,
            line=node.lineno,
            args=given,
            given=frozenset(given),
            lines={w.arg: w.value.lineno for w in words if w.arg},
            function=dotted(called).rpartition(".")[2] if called is not None else "",
            mapped=dotted(node.func).endswith(".partial"),
        )
        return self._note(task, before, draft or self._named.get(named) or self._only())

    def _only(self) -> _Building | None:
        return self.drafts[-1] if self.drafts else None

    def _note(self, task: Task, before: _Ends, draft: _Building | None, *, again: bool = False) -> _Ends:
        if draft is None:
            return _NONE
        task = replace(task, id=f"{self._group}{task.id}")
        number, name = 1, task.id
        while again and name in draft.tasks:
            name, number = f"{task.id}__{number}", number + 1
        if name in draft.tasks and draft.tasks[name].line != task.line:
            draft.twice.add(name)
        draft.tasks[name] = replace(task, id=name)
        made = _Ends((frozenset({name}), frozenset({name})))
        self._join(before, made, draft)
        return made


class _Building:
    """A Dag in the making."""

    def __init__(self, dag: Dag) -> None:
        self._dag = dag
        self.tasks: dict[str, Task] = {}
        self.edges: set[tuple[str, str]] = set()
        self.twice: set[str] = set()

    def dag(self) -> Dag:
        """The Dag with its tasks, each with what the Dag gives all tasks and with its neighbours."""
        shared = self._dag.args.get("default_args")
        shared = shared if isinstance(shared, dict) else {}
        tasks = {
            name: replace(
                task,
                args={**shared, **task.args},
                upstream=frozenset(a for a, b in self.edges if b == name),
                downstream=frozenset(b for a, b in self.edges if a == name),
            )
            for name, task in self.tasks.items()
        }
        args = {**self._dag.args, "tasks named twice": sorted(self.twice)}
        return replace(self._dag, tasks=tasks, args=args)


def _is_group(node: ast.expr, values: Values) -> bool:
    return isinstance(node, ast.Call) and values.name(node.func).endswith("TaskGroup")


def _edge(found: _Ends, draft: _Building | None) -> _Ends:
    """The first and the last tasks of a group, rather than all that were met in it."""
    inside = found[0] | found[1]
    if draft is None or not inside:
        return found
    group = next(iter(inside)).rpartition(".")[0]
    inside |= {name for name in draft.tasks if group and name.startswith(f"{group}.")}
    edges = {(a, b) for a, b in draft.edges if a in inside and b in inside}
    first, last = inside - {b for _, b in edges}, inside - {a for a, _ in edges}
    return _Ends((frozenset(first or inside), frozenset(last or inside)))


def _group_name(call: ast.Call, values: Values) -> str:
    """What a group puts before the ids of its tasks."""
    words = {word.arg: values.of(word.value) for word in call.keywords}
    if words.get("prefix_group_id") is False:
        return ""
    first = values.of(call.args[0]) if call.args else words.get("group_id", "")
    return f"{first}."


def _group_of(node: ast.Call, function: Function, draft: _Building | None) -> str:
    """The id of a group that a function makes; of several calls, each has its number."""
    words = [w for d in function.decorator_list if isinstance(d, ast.Call) for w in d.keywords] + _overrides(node.func)
    said = [w.value.value for w in words if w.arg == "group_id" and isinstance(w.value, ast.Constant)]
    name, number = str(said[-1]) if said else function.name, 1
    taken = {task.partition(".")[0] for task in draft.tasks} if draft else set()
    while (name if number == 1 else f"{name}__{number - 1}") in taken:
        number += 1
    return name if number == 1 else f"{name}__{number - 1}"


def _is_dag(name: str) -> bool:
    return name.rpartition(".")[2] == "DAG"


def _makes_dags(function: Function, values: Values) -> bool:
    """Whether a plain function or method makes a Dag each time it is called."""
    if decorator(function, values):
        return False
    inside = list(ast.walk(function))
    calls = any(isinstance(n, ast.Call) and _is_dag(values.name(n.func)) for n in inside)
    inner = (n for n in inside if isinstance(n, ast.FunctionDef) and n is not function)
    return calls or any(decorator(n, values) == "dag" for n in inner)


def _timetable(node: ast.expr | None, values: Values) -> str:
    """The class of a schedule that is an object; ``Asset`` for assets."""
    several = isinstance(node, ast.List | ast.Tuple)
    for _ in range(5):
        if isinstance(node, ast.Name) and (known := values.source(node.id)) is not None:
            node = known
        elif isinstance(node, ast.List | ast.Tuple) and node.elts:
            several, node = True, node.elts[0]
        elif isinstance(node, ast.BinOp):
            node = node.left
    name = values.name(node).rpartition(".")[2] if isinstance(node, ast.Call | ast.Name) else ""
    if name in ("timedelta", "relativedelta", "duration"):
        return ""
    return "Asset" if several or name in ("Dataset", "AssetAlias", "AssetAll", "AssetAny") else name


def _overrides(func: ast.expr) -> list[ast.keyword]:
    """The keywords of ``f.override(...)``."""
    calls: Iterable[ast.AST] = ast.walk(func)
    return [
        word
        for node in calls
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "override"
        for word in node.keywords
    ]


def _union(parts: Iterable[_Ends]) -> _Ends:
    found = [part for part in parts if part is not _NONE]
    if not found:
        return _NONE
    return _Ends((frozenset().union(*(p[0] for p in found)), frozenset().union(*(p[1] for p in found))))
