"""What the head of a Dag file does each time it is parsed: calls, clocks, shared arguments, ids that change."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from airflow_provider_harness.app.authoring.code.declared import decorator
from airflow_provider_harness.app.authoring.code.texts import own
from airflow_provider_harness.app.authoring.code.values import Values, dotted
from airflow_provider_harness.app.authoring.finding import FindingSeverity, Found
from airflow_provider_harness.app.authoring.model import Source

CLOCKS = re.compile(
    r"(?:^|\.)(?:datetime\.(?:now|utcnow|today)|date\.today|pendulum\.(?:now|today|yesterday|tomorrow)|timezone\.utcnow|utcnow|days_ago|time\.time"
    r"|arrow\.(?:now|utcnow)|Timestamp\.(?:now|today|utcnow)|time\.(?:localtime|gmtime|ctime|strftime))$"
)
_GIVEN_A_TIME = {"time.localtime": 0, "time.gmtime": 0, "time.ctime": 0, "time.strftime": 1}
"""Clocks that only show a time where they are given more arguments than this."""
CHANCE = re.compile(r"(?:^|\.)(?:random\.\w+|uuid\.uuid[14]|uuid[14]|secrets\.token_\w+|token_hex)$")
_ASKS = re.compile(
    r"(?:^|\.)(?:Variable\.get|Connection\.get\w*|BaseHook\.get_(?:connection|hook)\w*|\w+Hook\.get_connection)$"
)
_CALLS = re.compile(
    r"^(?:requests|httpx)\.(?:get|post|put|patch|delete|head|request)$|^urllib\.request\.(?:urlopen|urlretrieve)$"
    r"|^(?:psycopg2?|pymysql|MySQLdb|mysql\.connector|sqlite3|pyodbc|snowflake\.connector|cx_Oracle|oracledb|redis|duckdb)\.(?:connect|Redis)$"
    r"|^(?:pandas|pd|polars|pl)\.read_(?:sql\w*|gbq|database\w*)$|^boto3\.(?:client|resource|Session)$"
    r"|^google\.cloud\.\w+\.Client$|^(?:bigquery|storage)\.Client$|^pymongo\.MongoClient$|^(?:subprocess\.\w+|os\.system|os\.popen)$|^time\.sleep$"
    r"|\.(?:get_records|get_first|get_pandas_df|get_df|get_conn|fetchall|fetchone|list_keys|list_objects\w*|read_key|execute|scalars?)$"
)
_REMOTE_FILES = re.compile(r"^(?:https?|s3|gs|abfss?)://")
_HEAVY = (
    "pandas",
    "numpy",
    "tensorflow",
    "torch",
    "sklearn",
    "pyspark",
    "polars",
    "matplotlib",
    "scipy",
    "transformers",
    "dask",
)
_WRITES_TIME = ("strftime", "isoformat", "format", "date")
_ID = ("task_id", "dag_id", "group_id")


def top(tree: ast.Module, values: Values) -> list[ast.AST]:
    """Everything that runs when the file is parsed: the module, classes' bodies, what ``@dag`` and ``@task_group`` decorate."""
    found: list[ast.AST] = []
    ahead: list[ast.AST] = list(tree.body)
    while ahead:
        node = ahead.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            ahead += node.decorator_list
            if decorator(node, values).partition(".")[0] in ("dag", "task_group"):
                ahead += node.body
            continue
        if isinstance(node, ast.Lambda) or (isinstance(node, ast.If) and "__name__" in ast.unparse(node.test)):
            continue
        found.append(node)
        ahead += list(ast.iter_child_nodes(node))
    return sorted(found, key=lambda n: getattr(n, "lineno", 0))


def findings(source: Source) -> Iterator[Found]:
    """Everything that is wrong with the head of a file."""
    nodes = top(source.tree, source.values)
    calls = [node for node in nodes if isinstance(node, ast.Call)]
    yield from _start_dates(source, calls)
    for call in calls:
        yield from _call(call, source.values)
    yield from _by_way_of(source, calls)
    yield from _ids(source, calls)
    yield from _loops(nodes, source.values)
    yield from _shared(source, nodes)
    yield from _parsed_work(source, calls)
    yield from _defaults(source)
    yield from _imports(source)


def _call(call: ast.Call, values: Values) -> Iterator[Found]:
    name = values.name(call.func)
    if _ASKS.search(name):
        yield Found(rule="HO162", line=call.lineno, message=f"{name}() runs each time the file is parsed")
    elif _CALLS.search(name) or (name.endswith((".read_csv", ".read_parquet", ".read_json")) and _remote(call, values)):
        yield Found(rule="HO163", line=call.lineno, message=f"{name}() runs each time the file is parsed")


def _by_way_of(source: Source, calls: list[ast.Call]) -> Iterator[Found]:
    """What the functions of the file do that the head calls: they run at each parse, too."""
    ahead, seen = [(call, 0) for call in calls], set[str]()
    while ahead:
        call, depth = ahead.pop()
        name = _local(call, source)
        if not name or name in seen or depth > 3:
            continue
        seen.add(name)
        function = source.functions[name]
        values = source.values.within(function)
        for node in own(function):
            if isinstance(node, ast.Call):
                ahead.append((node, depth + 1))
                for one in _call(node, values):
                    yield replace(one, message=f"{one.message}, since {name}() does")


def _local(call: ast.Call, source: Source) -> str:
    """The plain function or method of the file that a call runs; of a class, what makes it."""
    if isinstance(call.func, ast.Attribute) and not isinstance(call.func.value, ast.Name | ast.Call):
        return ""
    name = dotted(call.func).rpartition(".")[2]
    if any(isinstance(one, ast.ClassDef) and one.name == name for one in source.tree.body):
        name = "__init__"
    function = source.functions.get(name)
    return name if function is not None and not function.decorator_list else ""


def _remote(call: ast.Call, values: Values) -> bool:
    first = values.of(call.args[0]) if call.args else ""
    return isinstance(first, str) and bool(_REMOTE_FILES.match(first))


def clock(call: ast.Call, values: Values) -> str:
    """The name of the clock that a call reads; empty for none."""
    name = values.name(call.func)
    if not CLOCKS.search(name) or len(call.args) > _GIVEN_A_TIME.get(name, len(call.args)):
        return ""
    return name


def reads_clock(node: ast.AST, values: Values, depth: int = 0) -> str:
    """The clock that an expression reads, also by way of names of the module; empty for none."""
    for one in ast.walk(node):
        if isinstance(one, ast.Call) and (name := clock(one, values)):
            return name
        if (
            isinstance(one, ast.Name)
            and depth < 4
            and (known := values.source(one.id)) is not None
            and known is not node
        ) and (found := reads_clock(known, values, depth + 1)):
            return found
    return ""


def _start_dates(source: Source, calls: list[ast.Call]) -> Iterator[Found]:
    words = [word for call in calls for word in call.keywords if word.arg in ("start_date", "end_date")]
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Dict):
            words += [
                ast.keyword(arg=str(key.value), value=value)
                for key, value in zip(node.keys, node.values, strict=True)
                if isinstance(key, ast.Constant) and key.value == "start_date"
            ]
    told: set[int] = set()
    for word in words:
        if reads_clock(word.value, source.values) and word.value.lineno not in told:
            told.add(word.value.lineno)
            yield Found(rule="HO113", line=word.value.lineno, message=f"{word.arg} is {ast.unparse(word.value)}")
    inside = {id(node) for word in words for node in ast.walk(word.value)}
    inside |= {id(n) for call in calls if dotted(call.func).endswith("Param") for n in ast.walk(call)}
    for call in calls:
        name = clock(call, source.values)
        if name and id(call) not in inside and not _start_only(call, source):
            weight = None if source.repeats and _into_text(call, source.tree) else FindingSeverity.HINT
            yield Found(
                rule="HO164", line=call.lineno, message=f"{name}() is read when the file is parsed", severity=weight
            )


def _into_text(call: ast.Call, tree: ast.Module) -> bool:
    """Whether the moment becomes part of a text, such as a query, a path or a command."""
    for node in ast.walk(tree):
        method = node.func if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else None
        if method is not None and method.attr in _WRITES_TIME and node is not call and call in ast.walk(method.value):
            return True
        if isinstance(node, ast.JoinedStr | ast.FormattedValue) and call in ast.walk(node):
            return True
        if isinstance(node, ast.Call) and dotted(node.func) == "str" and call in ast.walk(node):
            return True
    return False


def _start_only(call: ast.Call, source: Source) -> bool:
    """Whether what it gives is only a start date, which is told already."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Assign) and call in ast.walk(node.value):
            return any(isinstance(t, ast.Name) and "start" in t.id.lower() for t in node.targets)
    return False


def _ids(source: Source, calls: list[ast.Call]) -> Iterator[Found]:
    for call in calls:
        for word in call.keywords:
            if word.arg not in _ID:
                continue
            cause = reads_clock(word.value, source.values) or _by_chance(word.value, source.values)
            if cause:
                yield Found(rule="HO118", line=word.value.lineno, message=f"{word.arg} is made of {cause}()")


def _by_chance(node: ast.AST, values: Values, depth: int = 0) -> str:
    for one in ast.walk(node):
        if isinstance(one, ast.Call) and CHANCE.search(name := values.name(one.func)):
            return name
        if (
            isinstance(one, ast.Name)
            and depth < 4
            and (known := values.source(one.id)) is not None
            and known is not node
        ) and (found := _by_chance(known, values, depth + 1)):
            return found
    return ""


def _loops(nodes: list[ast.AST], values: Values) -> Iterator[Found]:
    """Loops over what is outside, that make tasks."""
    for node in nodes:
        if not isinstance(node, ast.For) or not any(isinstance(n, ast.Call) and _makes(n) for n in ast.walk(node)):
            continue
        over = node.iter
        if isinstance(over, ast.Name):
            over = values.source(over.id) or over
        name = values.name(over) if isinstance(over, ast.Call) else ""
        outside = [values.name(n.func) for n in ast.walk(over) if isinstance(n, ast.Call)]
        cause = next(
            (
                n
                for n in [name, *outside]
                if n and (_ASKS.search(n) or _CALLS.search(n) or n.endswith((".listdir", ".glob")))
            ),
            "",
        )
        if cause:
            yield Found(
                rule="HO118",
                line=node.lineno,
                message=f"the tasks are made in a loop over {cause}()",
                severity=FindingSeverity.WARNING,
            )


def _makes(call: ast.Call) -> bool:
    return any(word.arg in _ID for word in call.keywords)


def _shared(source: Source, nodes: list[ast.AST]) -> Iterator[Found]:
    """Arguments that are changed after they were given."""
    given: dict[str, int] = {}
    for node in nodes:
        if isinstance(node, ast.Call):
            for word in node.keywords:
                if word.arg in ("default_args", "params") and isinstance(word.value, ast.Name):
                    given.setdefault(word.value.id, node.lineno)
    for node in nodes:
        name = _changed(node)
        if name in given and node.lineno > given[name]:  # type: ignore[attr-defined]
            yield Found(rule="HO166", line=node.lineno, message=f"{name} is changed after a Dag was given it")  # type: ignore[attr-defined]


def _changed(node: ast.AST) -> str:
    if isinstance(node, ast.Assign | ast.AugAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return next((dotted(t.value) for t in targets if isinstance(t, ast.Subscript)), "")
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("update", "setdefault", "pop")
    ):
        return dotted(node.func.value)
    return ""


def _parsed_work(source: Source, calls: list[ast.Call]) -> Iterator[Found]:
    for call in calls:
        for word in call.keywords:
            if not isinstance(word.value, ast.Call):
                continue
            name = dotted(word.value.func)
            function = source.functions.get(name)
            if word.arg == "python_callable" and function is not None and not _returns_function(function):
                yield Found(rule="HO165", line=word.value.lineno, message=f"{name}() runs when the file is parsed")
            callback = str(word.arg).startswith("on_") and str(word.arg).endswith("_callback")
            if callback and function is not None and not _returns_function(function):
                yield Found(rule="HO156", line=word.value.lineno, message=f"{word.arg}={name}() is called at once")


def _returns_function(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    inner = {n.name for n in ast.walk(function) if isinstance(n, ast.FunctionDef) and n is not function}
    returns = [n.value for n in ast.walk(function) if isinstance(n, ast.Return) and n.value is not None]
    return any((isinstance(v, ast.Name) and v.id in inner) or isinstance(v, ast.Lambda | ast.Call) for v in returns)


def _defaults(source: Source) -> Iterator[Found]:
    for function in source.functions.values():
        for default in (*function.args.defaults, *function.args.kw_defaults):
            if isinstance(default, ast.List | ast.Dict | ast.Set) and _written(function, default):
                yield Found(
                    rule="HO167", line=default.lineno, message=f"{function.name} has the default {ast.unparse(default)}"
                )


def _written(function: ast.FunctionDef | ast.AsyncFunctionDef, default: ast.expr) -> bool:
    """An empty one is there to be filled; another one is a constant until it is changed."""
    if not getattr(default, "elts", getattr(default, "keys", ())):
        return True
    given = function.args
    plain = [*given.posonlyargs, *given.args]
    pairs = [
        *zip(plain[::-1], given.defaults[::-1], strict=False),
        *zip(given.kwonlyargs, given.kw_defaults, strict=True),
    ]
    name = next((arg.arg for arg, value in pairs if value is default), "")
    return any(_changed(node) == name for node in ast.walk(function))


def _imports(source: Source) -> Iterator[Found]:
    names: Mapping[str, str] = source.values.imports
    used = {node.id for node in ast.walk(source.tree) if isinstance(node, ast.Name)}
    used |= {
        node.value
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) < 60
    }
    for node in source.tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom) and not (
            isinstance(node, ast.ImportFrom) and node.module == "__future__"
        ):
            for alias in node.names:
                local = alias.asname or alias.name.partition(".")[0]
                if local not in used and local != "*" and "noqa" not in source.text.splitlines()[node.lineno - 1]:
                    yield Found(rule="HF011", line=node.lineno, message=f"{local} is imported and not used")
                elif names.get(local, "").partition(".")[0] in _HEAVY:
                    yield Found(rule="HO170", line=node.lineno, message=f"{names[local]} is imported at each parse")
