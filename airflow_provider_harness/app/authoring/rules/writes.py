"""What is wrong with how a Dag writes: again at each run, without a transaction, over its readers, judged by nobody."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

from airflow_provider_harness.app.authoring.code.texts import own
from airflow_provider_harness.app.authoring.code.values import Values, dotted
from airflow_provider_harness.app.authoring.finding import FindingSeverity, Found
from airflow_provider_harness.app.authoring.model import Dag, Query, Source, Statement, Task
from airflow_provider_harness.app.authoring.rules.kinds import GATED, is_check, queries_of, writes

_APPENDS = re.compile(r"(?i)^(?:write_append|append)$")
_SENDS = re.compile(
    r"^(?:requests|httpx)\.(?:post|put|patch)$|\.(?:post|send|send_email|chat_postMessage|publish)$|^send_email$"
)
_BESIDE = re.compile(r"(?i)stag|stg|tmp|temp|_new$|_old$|_next$|swap|landing|work")
"""Names of tables that nobody reads but the Dag itself."""
_TAKES = ("delete", "truncate", "drop")


def findings(source: Source) -> Iterator[Found]:
    """Everything that is wrong with how a Dag writes."""
    appending: set[str] = set()
    for unit in dict.fromkeys(query.unit for query in source.queries):
        found = list(_unit(unit, [query for query in source.queries if query.unit == unit], source))
        appending |= {unit} if any(one.rule == "HO101" for one in found) else set()
        yield from found
    for dag, task in source.tasks():
        found = list(_by_arguments(dag, task))
        yield from found
        adding = any(one.adds for query in queries_of(task, source) for one in query.statements)
        if found or adding or {task.id, task.function} & appending or _sends(task, source):
            yield from _retried(dag, task)
    for dag in source.dags:
        yield from _apart(dag, source)
        yield from _unjudged(dag, source)


def _unit(unit: str, queries: list[Query], source: Source) -> Iterator[Found]:
    """The statements of one task or function, in their order."""
    steps = [(query, one) for query in queries for one in query.statements]
    taken = _taken_before(unit, source) | {s.target for _, s in steps if s.kind in _TAKES}
    made = {s.target for _, s in steps if s.kind == "create"}
    weight = None if source.repeated(unit) else FindingSeverity.HINT
    for query, one in steps:
        if (
            one.kind == "insert"
            and _appends(one, query)
            and one.target not in taken
            and not one.temporary
            and one.target not in made & _temporary(steps)
        ):
            weak = FindingSeverity.HINT if not one.rows and weight is None and _seeds(query) else weight
            yield Found(
                rule="HO101",
                line=query.line,
                message=f"{unit} inserts into {one.target} at each run, and takes nothing away first",
                severity=weak,
            )
        if one.adds:
            yield Found(
                rule="HO108",
                line=query.line_at(one.adds_at),
                message=f"{unit} adds to {one.target}.{one.adds} at each run",
                severity=weight,
            )
    yield from _broken(unit, steps, source, weight)


def _temporary(steps: list[tuple[Query, Statement]]) -> set[str]:
    return {s.target for _, s in steps if s.kind == "create" and (s.temporary or not s.replaces)}


def _seeds(query: Query) -> bool:
    """Values that stand in the text, none of the run."""
    return "{" not in query.text and "%" not in query.text and ":" not in query.text


def _appends(one: Statement, query: Query) -> bool:
    guarded = re.search(
        r"(?is)where\s+not\s+exists|left\s+join.+is\s+null|except\s+select|\bnot\s+in\s*\(\s*select", query.text
    )
    return not (one.keeps or one.replaces or guarded)


def _taken_before(unit: str, source: Source) -> set[str]:
    """Tables from which an earlier task of the same Dag takes the slice away."""
    found: set[str] = set()
    for dag, task in source.of_unit(unit):
        for name in dag.before(task):
            for query in queries_of(dag.tasks[name], source):
                found |= {s.target for s in query.statements if s.kind in _TAKES}
    return found


def _broken(
    unit: str, steps: list[tuple[Query, Statement]], source: Source, weight: FindingSeverity | None
) -> Iterator[Found]:
    """What is taken away and filled again, and whether one transaction holds both."""
    for index, (query, one) in enumerate(steps):
        if one.kind not in _TAKES or not one.target or one.temporary or _BESIDE.search(one.target):
            continue
        filled = next(
            (
                (q, s)
                for q, s in steps[index + 1 :]
                if s.target == one.target
                and s.kind in ("insert", "create", "merge")
                and not (s.kind == "create" and not s.source)
            ),
            None,
        )
        if filled is None:
            continue
        later = filled[0]
        split = later is not query and (query.alone or later.alone or _commits(unit, query, later, source))
        split = split or (later is query and query.alone)
        if one.kind == "delete" and split:
            yield Found(
                rule="HS110",
                line=query.line,
                message=f"{unit} deletes from {one.target} and fills it, each in a transaction of its own",
                severity=weight,
            )
        elif one.kind == "truncate" or (one.kind == "delete" and not one.where):
            yield Found(
                rule="HS111",
                line=query.line,
                message=f"{unit} empties {one.target} and fills it again",
                severity=weight,
            )
        elif one.kind == "drop":
            yield Found(
                rule="HS117", line=query.line, message=f"{unit} drops {one.target} and makes it anew", severity=weight
            )


def _commits(unit: str, first: Query, second: Query, source: Source) -> bool:
    """Whether a function commits between two lines."""
    function = source.functions.get(unit) or next(
        (source.functions.get(t.function) for _, t in source.of_unit(unit)), None
    )
    if function is None:
        return False
    return any(
        isinstance(node, ast.Call) and dotted(node.func).endswith("commit") and first.line <= node.lineno <= second.line
        for node in own(function)
    ) or "autocommit" in ast.unparse(function)


def _by_arguments(dag: Dag, task: Task) -> Iterator[Found]:
    """Operators that are told to append, or that do where nobody says otherwise."""
    said = {
        name: task.arg(name) for name in ("write_disposition", "if_exists", "method", "mode", "load_mode", "write_mode")
    }
    name = next((n for n, v in said.items() if isinstance(v, str) and _APPENDS.match(v)), "")
    weight = None if dag.repeats else FindingSeverity.HINT
    nested = _nested(task.args.get("configuration"))
    if name or nested is not None:
        where = name or "configuration"
        yield Found(
            rule="HO101",
            line=getattr(nested, "line", 0) or task.line_of(where),
            message=f"{task.id}: {where} adds the rows again at each run",
            severity=weight,
        )
    elif task.kind == "S3ToRedshiftOperator" and not task.has("method"):
        yield Found(
            rule="HO101",
            line=task.line,
            message=f"{task.id}: S3ToRedshiftOperator appends unless method says otherwise",
            severity=weight,
        )
    elif task.kind == "GenericTransfer" and not task.has("preoperator"):
        yield Found(
            rule="HO101",
            line=task.line,
            message=f"{task.id} inserts at each run, and no preoperator takes the slice away",
            severity=weight,
        )
    elif task.kind in ("SQLInsertRowsOperator",) and not task.args.get("insert_args") and not task.has("preoperator"):
        yield Found(rule="HO101", line=task.line, message=f"{task.id} inserts its rows at each run", severity=weight)


def _nested(value: Any) -> str | None:
    """Where a configuration says WRITE_APPEND."""
    if isinstance(value, dict | list):
        parts = value.values() if isinstance(value, dict) else value
        return next((found for part in parts if (found := _nested(part)) is not None), None)
    return value if isinstance(value, str) and value == "WRITE_APPEND" else None


def _sends(task: Task, source: Source) -> bool:
    """Whether it tells another system something that is not taken back: a POST, a message."""
    if task.kind in ("HttpOperator", "SimpleHttpOperator"):
        return str(task.arg("method") or "POST").upper() == "POST" and "dempotency" not in str(task.args.get("headers"))
    function = source.functions.get(task.function)
    if function is None:
        return False
    values = source.values.within(function)
    calls = [node for node in own(function) if isinstance(node, ast.Call)]
    sends = (c for c in calls if _SENDS.search(values.name(c.func)) or _posts(c, values))
    return any("dempotency" not in ast.unparse(c) for c in sends)


def _posts(call: ast.Call, values: Values) -> bool:
    """Whether it runs an ``HttpHook``, which posts unless its method says otherwise."""
    owner = call.func.value if isinstance(call.func, ast.Attribute) and call.func.attr == "run" else None
    made = values.source(owner.id) if isinstance(owner, ast.Name) else owner
    if not isinstance(made, ast.Call) or not values.name(made.func).endswith("HttpHook"):
        return False
    given = next((word.value for word in made.keywords if word.arg == "method"), made.args[0] if made.args else None)
    return str(values.of(given) or "POST").upper() == "POST"


def _retried(dag: Dag, task: Task) -> Iterator[Found]:
    retries = task.arg("retries", 0)
    if isinstance(retries, int) and retries > 0 and dag.repeats:
        yield Found(
            rule="HO102",
            line=task.line_of("retries"),
            message=f"{task.id} is retried {retries} time(s), and a second try does its work twice",
        )


def _apart(dag: Dag, source: Source) -> Iterator[Found]:
    """A delete in one task, and the insert in a later one."""
    for task in dag.tasks.values():
        for query in queries_of(task, source):
            for one in query.statements:
                if one.kind not in ("delete", "truncate") or not one.target or not dag.repeats:
                    continue
                later = [name for name in dag.after(task) if one.target in writes(dag.tasks[name], source)]
                own_too = any(s.target == one.target and s.kind in ("insert", "merge") for s in query.statements)
                if later and not own_too and not _BESIDE.search(one.target):
                    yield Found(
                        rule="HS110" if one.kind == "delete" and one.where else "HS111",
                        line=query.line,
                        message=f"{task.id} takes rows of {one.target} away, and {later[0]} writes them again",
                    )


def _unjudged(dag: Dag, source: Source) -> Iterator[Found]:
    if any(is_check(task) or task.kind in GATED or task.contract for task in dag.tasks.values()):
        return
    writer = next((task for task in dag.tasks.values() if writes(task, source)), None)
    if writer is not None:
        yield Found(
            rule="HO148",
            line=writer.line,
            message=f"{writer.id} writes {min(writes(writer, source))}, and no check looks at it",
        )
