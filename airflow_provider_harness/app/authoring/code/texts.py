"""The texts of SQL in a Dag file: what operators are given, and what functions hand to hooks, cursors and libraries."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from airflow_provider_harness.app.authoring.code.values import Built, Code, Text, Values, dotted
from airflow_provider_harness.app.authoring.model import Dag, Query, Source, Task

GIVEN = (
    "preoperator",
    "sql",
    "query",
    "bql",
    "hql",
    "sql_query",
    "select_query",
    "select_sql",
    "configuration",
    "postoperator",
)
"""Arguments of operators that hold SQL, in the order in which they run."""
RUNS = frozenset(
    (
        "execute",
        "executemany",
        "run",
        "get_records",
        "get_first",
        "get_pandas_df",
        "get_pandas_df_by_chunks",
        "get_df",
        "get_df_by_chunks",
        "query",
        "sql",
        "read_sql",
        "read_sql_query",
        "run_query",
        "insert_job",
        "query_and_wait",
        "execute_query",
        "text",
        "copy_expert",
        "bulk_dump",
        "execute_values",
        "execute_batch",
    )
)
"""Methods and functions whose first argument may be SQL."""
_AFTER_CURSOR = ("execute_values", "execute_batch")
"""Functions whose second argument is, behind a cursor."""
SQL = re.compile(
    r"(?is)^(?:\s|--[^\n]*\n|/\*.*?\*/|\()*(?:select|insert|update|delete|merge|with|create|truncate|drop|alter|replace|copy|upsert)\s"
)
_DIALECTS = (
    ("bigquery", "bigquery"),
    ("snowflake", "snowflake"),
    ("redshift", "redshift"),
    ("mysql", "mysql"),
    ("mssql", "tsql"),
    ("sqlite", "sqlite"),
    ("duckdb", "duckdb"),
    ("trino", "trino"),
    ("presto", "presto"),
    ("athena", "athena"),
    ("hive", "hive"),
    ("spark", "spark"),
    ("databricks", "databricks"),
    ("clickhouse", "clickhouse"),
    ("oracle", "oracle"),
    ("teradata", "teradata"),
    ("postgres", "postgres"),
    ("psycopg", "postgres"),
)  # fmt: skip
HARNESS = frozenset(
    "PostgresExtractOperator PostgresTransferOperator SQLTransformOperator FeatureTableOperator IndexDocumentsOperator ValidateOperator FreshnessSensor FineTuningSetOperator".split()  # noqa: SIM905
)
"""Operators of the harness that may be given a query."""


def dialect(kind: str, args: Mapping[str, Any]) -> str:
    """sqlglot's word for the engine that an operator, a hook or a connection is named after; empty where nothing says it."""
    said = " ".join([kind, *(str(args.get(name, "")) for name in ("conn_id", "source_conn_id", "hook_params"))]).lower()
    words = said.replace("_", "")
    found = next((word for sign, word in _DIALECTS if sign in words), "")
    return found or ("postgres" if kind in HARNESS else "")


def of_task(task: Task, read: Callable[[str], str | None]) -> Iterator[Query]:
    """The queries that an operator is given.

    :param read: text of a ``.sql`` file that the Dag names; None where it cannot be found.
    """
    if task.kind.endswith(("Operator", "Sensor", "GenericTransfer")) or task.kind == "GenericTransfer":
        for name in GIVEN:
            for text in _given(task.args.get(name)):
                if name in task.given and (found := _text(text, read)) is not None:
                    here = text if isinstance(text, Text) and found == text else None
                    yield Query(
                        text=with_parameters(found, task.args.get("parameters")),
                        line=(here.line if here else 0) or task.line_of(name),
                        last=here.last if here else task.line_of(name),
                        unit=task.id,
                        dialect=dialect(task.kind, task.args),
                        alone=task.args.get("autocommit") is True,
                    )


def _given(value: Any) -> list[str]:
    if isinstance(value, dict):
        value = (value.get("query") or {}).get("query") if isinstance(value.get("query"), dict) else value.get("query")
    if isinstance(value, list):
        texts = [one for one in value if isinstance(one, str)]
        return [_joined(texts)] if texts else []
    return [value] if isinstance(value, str) else []


def _joined(texts: list[str]) -> Text:
    """Several statements as one text, in which each begins as many lines below the first as in the file."""
    made, first = "", getattr(texts[0], "line", 0)
    for text in texts:
        below = getattr(text, "line", 0) - first - made.count("\n")
        apart = "\n" * below or ("\n" if "--" in made.rpartition("\n")[2] else " ")
        made += (f";{apart}" if made else "") + text.rstrip().rstrip(";")
    holes = tuple(hole for one in texts if isinstance(one, Built) for hole in one.holes)
    joined = Built(made, holes) if holes else Text(made)
    joined.line, joined.last = first, getattr(texts[-1], "last", 0)
    return joined


_PARAMETER = re.compile(r"%\((\w+)\)s|(?<!:):(\w+)\b")


def with_parameters(text: str, given: Any) -> str:
    """A query with the parameters that name a time of the run written into it, so that it can be judged."""
    if not isinstance(given, dict):
        return text
    times = {name: f"'{{{{ {_time(value)} }}}}'" for name, value in given.items() if _time(value)}
    return _PARAMETER.sub(lambda found: times.get(found[1] or found[2], found[0]), text)


def _time(value: Any) -> str:
    """The template of a value, or the name of the run's time that code hands over."""
    if isinstance(value, str) and (found := re.fullmatch(r"\s*\{\{(.+?)\}\}\s*", value)):
        return found[1].strip()
    found = re.search(r"data_interval_(?:start|end)", str(value)) if isinstance(value, Code) else None
    return found[0] if found else ""


def _text(text: str, read: Callable[[str], str | None]) -> str | None:
    if text.strip().endswith((".sql", ".hql")) and "\n" not in text:
        return read(text.strip())
    return text if SQL.match(text) else None


def of_functions(source: Source) -> Iterator[Query]:
    """The queries that the functions of a file run, in their order."""
    for function in source.functions.values():
        values = source.values.within(function)
        for node in own(function):
            if isinstance(node, ast.Call) and (query := _called(node, function.name, values)):
                yield query


def own(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.AST]:
    """What stands in a function, in the order of its lines, without the functions inside it."""
    found: list[ast.AST] = []
    ahead: list[ast.AST] = list(function.body)
    while ahead:
        node = ahead.pop()
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.append(node)
            ahead += list(ast.iter_child_nodes(node))
    return sorted(found, key=lambda n: (getattr(n, "lineno", 0), getattr(n, "col_offset", 0)))


def _called(node: ast.Call, unit: str, values: Values) -> Query | None:
    how = dotted(node.func).rpartition(".")[2]
    if how not in RUNS or not (node.args or node.keywords):
        return None
    place = int(how in _AFTER_CURSOR)
    first = (
        node.args[place]
        if len(node.args) > place
        else next((w.value for w in node.keywords if w.arg in ("sql", "query")), None)
    )
    text = values.of(first)
    found = _given(text)
    if not found or not SQL.match(found[0]):
        return None
    whose = f"{values.name(node.func)} {_owner(node.func, values)}"
    several = isinstance(text, list)
    given = next((w.value for w in node.keywords if w.arg in ("parameters", "params")), None)
    given = given or (node.args[1] if len(node.args) > 1 else None)
    return Query(
        text=with_parameters(found[0], values.of(given)),
        line=getattr(found[0], "line", 0) or getattr(first, "lineno", node.lineno),
        last=getattr(found[0], "last", 0) or node.lineno,
        unit=unit,
        how=how,
        dialect=dialect(whose, {}),
        alone=how == "run" and not several,
    )


def _owner(func: ast.expr, values: Values) -> str:
    """The class of what a method is called on, where it was made in sight."""
    if isinstance(func, ast.Attribute) and isinstance(func.value, ast.Name):
        made = values.source(func.value.id)
        return values.name(made) if isinstance(made, ast.Call) else ""
    return ""


def queries(source: Source, dags: tuple[Dag, ...], read: Callable[[str], str | None]) -> tuple[Query, ...]:
    """Every query of a file."""
    given = [query for dag in dags for task in dag.tasks.values() for query in of_task(task, read)]
    return (*given, *of_functions(source))
