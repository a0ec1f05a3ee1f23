"""What the functions of a Dag file do when their tasks run: clocks, swallowed errors, loops that wait, much data."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator

from airflow_provider_harness.app.authoring.code.declared import decorator
from airflow_provider_harness.app.authoring.code.head import CLOCKS, clock
from airflow_provider_harness.app.authoring.code.texts import RUNS, SQL, own
from airflow_provider_harness.app.authoring.code.values import Built, Values, dotted
from airflow_provider_harness.app.authoring.finding import FindingSeverity, Found
from airflow_provider_harness.app.authoring.model import Source

Function = ast.FunctionDef | ast.AsyncFunctionDef
_TOUCHES = re.compile(
    r"(?:^|\.)(?:execute|executemany|run|get_records|get_first|get_pandas_df|get_df|read_sql\w*|to_sql|to_parquet|to_csv|to_json|to_gbq|insert_rows|"
    r"load_table_from_\w+|upload\w*|put_object|load_(?:string|file|bytes)|write\w*|requests\.\w+|httpx\.\w+|query|open|glob|read_csv|read_parquet|copy_expert|insert_many|download\w*)$"
)
_BIG = re.compile(
    r"(?:^|\.)(?:fetchall|get_records|get_pandas_df|get_df|read_sql\w*|read_csv|read_parquet|read_json|read_excel|read_gbq|DataFrame|to_dataframe|to_pandas|to_arrow)$"
)
_SMALL = (
    "sum",
    "count",
    "mean",
    "max",
    "min",
    "median",
    "item",
    "nunique",
    "len",
    "describe",
    "get",
    "index",
    "pop",
    "any",
    "all",
    "head",
    "to_sql",
    "to_gbq",
    "to_parquet",
    "to_excel",
    "to_csv",
    "to_pickle",
    "write_parquet",
    "write_csv",
    "write_database",
    "iloc",
    "at",
)
"""Methods of a frame or a list that give little, or that write it elsewhere."""
_HTTP = re.compile(r"^(?:requests|httpx)\.(?:get|post|put|patch|delete|head|request)$")
_CHECKS = re.compile(r"(?i)check|validat|quality|assert|verify|expect|(?:^|_)dq|test")
_LOGS = re.compile(r"(?:^|\.)(?:print|debug|info|warning|warn|error|exception|critical)$")
_INTERVAL = re.compile(r"data_interval|logical_date|execution_date|slice_(?:start|end)|partition_key")


def findings(source: Source) -> Iterator[Found]:
    """Everything that is wrong with the functions of a file."""
    for function in source.functions.values():
        if decorator(function, source.values).partition(".")[0] in ("dag", "task_group"):
            continue
        values, nodes = source.values.within(function), own(function)
        for rule in _RULES:
            yield from rule(function, nodes, values, source)
    yield from _files(source)


def _clock(function: Function, nodes: list[ast.AST], values: Values, source: Source) -> Iterator[Found]:
    """The clock in place of the interval: where the function also reads or writes data."""
    calls = [node for node in nodes if isinstance(node, ast.Call)]
    touches = any(_TOUCHES.search(values.name(node.func)) for node in calls)
    audits = {id(n) for node in nodes for n in _audit(node)}
    for call in calls:
        name = clock(call, values) or _by_helper(values.name(call.func), source)
        if not name or name.endswith("time.time") or id(call) in audits or _measures(call, nodes):
            continue
        weight = (
            None if touches and source.repeated(function.name) and _is_task(function, source) else FindingSeverity.HINT
        )
        yield Found(
            rule="HO103", line=call.lineno, message=f"{function.name} takes its time from {name}()", severity=weight
        )


def _by_helper(name: str, source: Source) -> str:
    """The clock that a function of the file gives back."""
    helper = source.functions.get(name)
    returned = [n.value for n in own(helper) if isinstance(n, ast.Return) and n.value is not None] if helper else []
    calls = (n for value in returned for n in ast.walk(value) if isinstance(n, ast.Call))
    return next((found for n in calls if CLOCKS.search(found := source.values.name(n.func))), "")


def _audit(node: ast.AST) -> Iterator[ast.AST]:
    """Where a clock says when something was done: ``loaded_at=now()``, and lines of log."""
    named: list[tuple[str, ast.AST]] = []
    if isinstance(node, ast.keyword) and node.arg:
        named.append((node.arg, node.value))
    elif isinstance(node, ast.Dict):
        named += [(str(getattr(k, "value", "")), v) for k, v in zip(node.keys, node.values, strict=True)]
    elif isinstance(node, ast.Assign):
        named += [(ast.unparse(t), node.value) for t in node.targets]
    elif isinstance(node, ast.Call) and _LOGS.search(dotted(node.func)):
        named += [("logged_at", one) for one in node.args]
    for name, value in named:
        if re.search(
            r"(?i)(?:load|insert|creat|updat|ingest|process|extract|generat|fetch|log|began|check|audit|publish|finish|start|end)\w*(?:_at|_ts|_time|_on)\b|timestamp\b|elapsed",
            name,
        ):
            yield from ast.walk(value)


def _measures(call: ast.Call, nodes: list[ast.AST]) -> bool:
    """Whether it only measures how long something takes."""
    for node in nodes:
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub) and call in (node.left, node.right):
            other = node.right if call is node.left else node.left
            return isinstance(other, ast.Name) and bool(re.search(r"(?i)start|begin|began|t0", other.id))
        if isinstance(node, ast.Assign) and node.value is call:
            return any(
                isinstance(t, ast.Name)
                and re.match(r"(?i)(?:start|begin|began|t0|end|finish)(?:ed)?(?:_?(?:time|at))?$", t.id)
                for t in node.targets
            )
    return False


def _is_task(function: Function, source: Source) -> bool:
    return bool(source.of_unit(function.name)) or not source.dags


def _swallows(function: Function, nodes: list[ast.AST], values: Values, source: Source) -> Iterator[Found]:
    for node in nodes:
        if not isinstance(node, ast.ExceptHandler) or not _broad(node):
            continue
        if any(isinstance(n, ast.Raise) for n in ast.walk(node)) or not all(map(_quiet, node.body)):
            continue
        tried = next((n for n in nodes if isinstance(n, ast.Try) and node in n.handlers), None)
        work = [values.name(n.func) for n in ast.walk(tried) if isinstance(n, ast.Call)] if tried else []
        check = _CHECKS.search(function.name) or any(_CHECKS.search(name.rpartition(".")[2]) for name in work)
        asserts = tried is not None and any(isinstance(n, ast.Assert) for n in tried.body)
        if tried is not None and (asserts or any(_TOUCHES.search(name) or _CHECKS.search(name) for name in work)):
            rule = "HO144" if check else "HO146"
            yield Found(rule=rule, line=node.lineno, message=f"{function.name} goes on after any exception")


def _broad(node: ast.ExceptHandler) -> bool:
    kinds = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
    return any(kind is None or dotted(kind) in ("Exception", "BaseException", "AssertionError") for kind in kinds)


def _quiet(node: ast.stmt) -> bool:
    """A statement that neither raises nor does anything else: pass, a line of log, ``return None``."""
    if isinstance(node, ast.Pass | ast.Continue | ast.Break):
        return True
    if isinstance(node, ast.Return):
        return node.value is None or isinstance(node.value, ast.Constant | ast.List | ast.Dict)
    return isinstance(node, ast.Expr) and (
        isinstance(node.value, ast.Constant)
        or (isinstance(node.value, ast.Call) and bool(_LOGS.search(dotted(node.value.func))))
    )


def _toothless(function: Function, nodes: list[ast.AST], values: Values, source: Source) -> Iterator[Found]:
    """A check that says what it found and never fails."""
    kind = decorator(function, source.values)
    if (
        not kind.startswith("task")
        or "." in kind
        or not re.search(r"(?i)(?:^|_)(?:check|validate|verify|quality|dq)", function.name)
    ):
        return
    fails = any(
        isinstance(n, ast.Raise | ast.Assert) or (isinstance(n, ast.Return) and n.value is not None) for n in nodes
    )
    calls = [dotted(n.func) for n in nodes if isinstance(n, ast.Call)]
    helps = any(not _LOGS.search(name) and (name in source.functions or _CHECKS.search(name)) for name in calls)
    told = next((n for n in nodes if isinstance(n, ast.If) and all(map(_quiet, n.body))), None)
    if told is not None and not fails and not helps:
        yield Found(
            rule="HO144",
            line=told.lineno,
            message=f"{function.name} logs what is wrong, and never fails",
            fix="raise ValueError(...)  # where the check does not hold",
        )


def _waits(function: Function, nodes: list[ast.AST], values: Values, source: Source) -> Iterator[Found]:
    for node in nodes:
        if isinstance(node, ast.While):
            sleeps = any(isinstance(n, ast.Call) and values.name(n.func).endswith("sleep") for n in ast.walk(node))
            if sleeps:
                weight = None if _endless(node) else FindingSeverity.HINT
                yield Found(rule="HO136", line=node.lineno, message=f"{function.name} waits in a loop", severity=weight)
        if isinstance(node, ast.Call) and values.name(node.func) == "time.sleep" and node.args:
            seconds = values.of(node.args[0])
            if isinstance(seconds, int | float) and seconds >= 60:
                yield Found(rule="HO136", line=node.lineno, message=f"{function.name} sleeps for {seconds} s")


def _endless(node: ast.While) -> bool:
    """Whether only what is outside ends a loop: it compares no time and counts no tries."""
    if isinstance(node.test, ast.Constant):
        return True
    bounded = any(isinstance(n, ast.Compare | ast.BoolOp) for n in ast.walk(node.test))
    leaves = any(isinstance(n, ast.Raise) for n in ast.walk(node))
    return not bounded and not leaves and any(isinstance(n, ast.Call) for n in ast.walk(node.test))


def _much(function: Function, nodes: list[ast.AST], values: Values, source: Source) -> Iterator[Found]:
    """Rows that a task returns, so that they become an XCom."""
    if not decorator(function, source.values).startswith("task") and not source.of_unit(function.name):
        return
    for node in nodes:
        value = None
        if isinstance(node, ast.Return):
            value = node.value
        elif isinstance(node, ast.Call) and dotted(node.func).endswith("xcom_push"):
            named = next((w.value for w in node.keywords if w.arg == "value"), None)
            value = named or (node.args[1] if len(node.args) > 1 else None)
        name = _big(value, values) if value is not None else ""
        if name:
            made = name.endswith("DataFrame")  # of what it was given, which went through XCom already
            yield Found(
                rule="HO168",
                line=getattr(node, "lineno", 1),
                message=f"{function.name} hands on what {name}() gives",
                severity=FindingSeverity.HINT if made else None,
            )


def _big(node: ast.expr, values: Values, depth: int = 0) -> str:
    if isinstance(node, ast.Name) and depth < 6:
        return next((found for one in values.given(node.id) if (found := _big(one, values, depth + 2))), "")
    if isinstance(node, ast.Dict):
        return next((found for value in node.values if (found := _big(value, values, depth + 1))), "")
    if isinstance(node, ast.ListComp):
        return _big(node.generators[0].iter, values, depth + 1)
    if isinstance(node, ast.Call):
        name = values.name(node.func)
        if _BIG.search(name):
            return name
        last = name.rpartition(".")[2]
        if last not in _SMALL and isinstance(node.func, ast.Attribute):
            return _big(node.func.value, values, depth + 1)
        if last in ("list", "dict", "dumps") and node.args:
            return _big(node.args[0], values, depth + 1)
    return ""


def _services(function: Function, nodes: list[ast.AST], values: Values, source: Source) -> Iterator[Found]:
    for node in nodes:
        if not isinstance(node, ast.Call) or any(word.arg in ("timeout", None) for word in node.keywords):
            continue
        if _HTTP.search(name := values.name(node.func)):
            yield Found(rule="HO137", line=node.lineno, message=f"{name}() has no timeout")


def _built(function: Function, nodes: list[ast.AST], values: Values, source: Source) -> Iterator[Found]:
    """SQL that is put together from values that only the run knows."""
    for node in nodes:
        if not isinstance(node, ast.Call) or dotted(node.func).rpartition(".")[2] not in RUNS or not node.args:
            continue
        text = values.of(node.args[0])
        if isinstance(text, Built) and SQL.match(text) and (hole := _value_hole(text)):
            yield Found(rule="HS113", line=node.args[0].lineno, message=f"{function.name} puts {hole} into a query")


def _value_hole(text: Built) -> str:
    """What is put in where a value stands, rather than a name of a table."""
    if "{" not in text or re.search(r"%(?!\()\w|%\(", text):
        return ", ".join(ast.unparse(hole) for hole in text.holes)
    for hole in text.holes:
        shown = re.escape("{" + ast.unparse(hole) + "}")
        if re.search(rf"(?is)(?:=|<|>|\bin\s*\(|\bvalues\s*\(|\blike\b|\bbetween\b|\band\b|,)\s*'?%?{shown}", text):
            return ast.unparse(hole)
        if re.search(r"\{\}|\{\w*\}", text) and shown not in text and not re.search(shown, text):
            return ast.unparse(hole)
    return ""


def _appends(function: Function, nodes: list[ast.AST], values: Values, source: Source) -> Iterator[Found]:
    """Rows that are added without a look at what is there."""
    for node in nodes:
        if not isinstance(node, ast.Call):
            continue
        name, words = values.name(node.func), {w.arg: values.of(w.value) for w in node.keywords}
        last = name.rpartition(".")[2]
        text = ast.unparse(node)
        append = (last in ("to_sql", "to_gbq") and words.get("if_exists") == "append") or "WRITE_APPEND" in text
        if (append or (last == "insert_rows" and words.get("replace") is not True)) and not _deletes(nodes):
            yield Found(rule="HO101", line=node.lineno, message=f"{function.name}: {last}() adds its rows at each run")
        if last in ("to_sql", "to_gbq") and words.get("if_exists") == "replace":
            yield Found(
                rule="HS117", line=node.lineno, message=f"{function.name}: if_exists='replace' makes the table anew"
            )
        mode = words.get("mode", values.of(node.args[1]) if last == "open" and len(node.args) > 1 else None)
        if last in ("open", "to_csv") and mode in ("a", "a+", "ab", "at"):
            yield Found(rule="HO107", line=node.lineno, message=f"{function.name} opens a file with mode {mode!r}")
        streams = ("insert_many", "insert_one", "insert_rows_json", "insert_rows_from_dataframe")
        loads = last.startswith("load_table_from_") and "job_config" not in words and "$" not in text
        inserts = last in streams or loads or (last == "copy_expert" and re.search(r"(?i)\bfrom\b", text))
        if inserts and not _deletes(nodes):
            yield Found(rule="HO101", line=node.lineno, message=f"{function.name}: {last}() adds its rows at each run")
        if last == "mode" and node.args and values.of(node.args[0]) == "append" and "write" in text:
            yield Found(
                rule="HO101", line=node.lineno, message=f'{function.name}: mode("append") adds its rows at each run'
            )


def _deletes(nodes: list[ast.AST]) -> bool:
    """Whether the function first takes away what was there."""
    texts = (node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))
    return any(re.search(r"(?i)\bdelete\s+from\b|\btruncate\b|on\s+conflict|\bmerge\s+into\b", text) for text in texts)


def _zones(function: Function, nodes: list[ast.AST], values: Values, source: Source) -> Iterator[Found]:
    """Times without a zone beside times of the run, which have one."""
    for node in nodes:
        if not isinstance(node, ast.Compare | ast.BinOp) or (
            isinstance(node, ast.BinOp) and not isinstance(node.op, ast.Sub)
        ):
            continue
        sides = [node.left, *(node.comparators if isinstance(node, ast.Compare) else [node.right])]
        naive = next((s for s in sides if _naive(s, values)), None)
        aware = any(_INTERVAL.search(_followed(s, values)) for s in sides if s is not naive)
        if naive is not None and aware:
            yield Found(
                rule="HS109",
                line=node.lineno,
                message=f"{function.name} compares {ast.unparse(naive)}, which has no zone, with a time of the run",
            )


def _followed(node: ast.expr, values: Values) -> str:
    known = values.source(node.id) if isinstance(node, ast.Name) else None
    return ast.unparse(node) + " " + (ast.unparse(known) if known is not None else "")


def _naive(node: ast.expr, values: Values, depth: int = 0) -> bool:
    if isinstance(node, ast.Name) and depth < 3 and (known := values.source(node.id)) is not None:
        return _naive(known, values, depth + 1)
    if isinstance(node, ast.BinOp):
        return _naive(node.left, values, depth + 1)
    if not isinstance(node, ast.Call):
        return False
    name = values.name(node.func)
    words = {w.arg for w in node.keywords}
    if name.endswith(("datetime.utcnow", "datetime.today")):
        return True
    if name.endswith(("datetime.now", "datetime.fromtimestamp")):
        return not node.args[int(name.endswith("fromtimestamp")) :] and not words & {"tz"}
    if name.endswith("datetime.strptime"):
        return not (len(node.args) > 1 and "%z" in str(values.of(node.args[1])))
    if name.endswith("datetime.fromisoformat"):
        text = values.of(node.args[0]) if node.args else None
        return isinstance(text, str) and not re.search(r"(?:Z|[+-]\d\d:?\d\d)$", text)
    return name in ("datetime.datetime", "datetime") and not words & {"tzinfo"} and len(node.args) >= 3


_RULES: tuple[Callable[[Function, list[ast.AST], Values, Source], Iterator[Found]], ...] = (
    _clock,
    _swallows,
    _toothless,
    _waits,
    _much,
    _services,
    _built,
    _appends,
    _zones,
)
_LOCAL = re.compile(r"^(?:/tmp/|/var/tmp/|\./)[^\s]*\w\.\w+$")


def _files(source: Source) -> Iterator[Found]:
    """Files on a worker's disk that two tasks use."""
    used: dict[str, dict[str, int]] = {}
    for function in source.functions.values():
        values = source.values.within(function)
        for node in own(function):
            text = values.of(node) if isinstance(node, ast.Constant | ast.JoinedStr | ast.Name) else None
            if isinstance(text, str) and _LOCAL.match(text) and source.of_unit(function.name):
                used.setdefault(text, {}).setdefault(function.name, getattr(node, "lineno", 1))
    for _, task in source.tasks():
        for name, value in task.args.items():
            for text in re.findall(r"/tmp/[\w./{}-]*\w\.\w+", value) if isinstance(value, str) else ():
                used.setdefault(text, {}).setdefault(task.id, task.line_of(name))
    for path, places in used.items():
        if len(places) > 1:
            first, second = sorted(places.items(), key=lambda place: place[1])[:2]
            yield Found(
                rule="HO106",
                line=second[1],
                message=f"{first[0]} and {second[0]} both use {path}",
                severity=None if source.repeats else FindingSeverity.HINT,
            )
