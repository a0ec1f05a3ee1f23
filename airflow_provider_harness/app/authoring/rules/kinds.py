"""What kinds of task there are, by their operators and names."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable

from airflow_provider_harness.app.authoring.model import Dag, Query, Source, Task
from airflow_provider_harness.core.operators import OPERATORS

GATED = frozenset(("LoadOperator", *(name for name, one in OPERATORS.items() if one.guards)))
"""Operators of the harness that judge rows before they publish or hand them on; ``LoadOperator`` is what the loads have in common."""
PUBLISHES = frozenset(name for name, one in OPERATORS.items() if one.writes)
_CHECK_KIND = re.compile(r"Check|Validat|Expectation|Quality|Soda|^PromoteTable")
_CHECK_NAME = re.compile(
    r"(?i)(?:^|_|\b)(?:check|checks|validate|validation|verify|quality|dq|gate|assert|assertions|expectations|audit|test|tests|reconcile)(?:_|$|\b)"
)
_PUBLISH_KIND = re.compile(
    r"^(?!Delete).*(?:To[A-Z]\w+Operator|LoadOperator|InsertJobOperator|TransferOperator|GenericTransfer|CopyOperator|EmailOperator|SlackWebhook\w*)$"
)
_PUBLISH_NAME = re.compile(
    r"(?i)(?:^|_)(?:publish|promote|release|load|write|insert|merge|upsert|swap|export|deliver|send|push|sync|upload|copy|expose|refresh)(?:_|$|\b)"
)
_NO_PUBLISH = re.compile(
    r"(?i)(?:^|_)(?:notify|notification|alert|cleanup|clean|teardown|delete|drop|remove|log|report|status|end|finish|done|stop|watcher|slack|email|metrics?|rollback|unlock|release_lock|failure|fail|failed|error|errors)(?:_|$|\b)"
)


def is_check(task: Task) -> bool:
    """Whether it judges something."""
    if task.kind.endswith("Sensor"):
        return False
    return bool(_CHECK_KIND.search(task.kind) or _CHECK_NAME.search(task.id.rpartition(".")[2]))


def is_sensor(task: Task) -> bool:
    """Whether it waits for something outside."""
    return task.kind.endswith(("Sensor", "SensorAsync", "task.sensor")) or task.kind == "sensor"


def is_plain(task: Task) -> bool:
    """Whether it does nothing but stand there."""
    return task.kind in ("EmptyOperator", "DummyOperator", "LatestOnlyOperator")


def publishes(task: Task, source: Source) -> bool:
    """Whether it lets rows out: it writes a table that stays, loads, or sends."""
    name = task.id.rpartition(".")[2]
    if is_sensor(task) or is_plain(task) or task.args.get("is_teardown") or task.kind == "teardown":
        return False
    if _NO_PUBLISH.search(name) and not _PUBLISH_NAME.search(name):
        return False
    if is_check(task):
        return False
    return bool(
        task.kind in PUBLISHES or _PUBLISH_KIND.match(task.kind) or _PUBLISH_NAME.search(name) or writes(task, source)
    )


def queries_of(task: Task, source: Source) -> tuple[Query, ...]:
    """The queries that a task runs."""
    units = {task.id, task.function} - {""}
    return tuple(query for query in source.queries if query.unit in units)


def writes(task: Task, source: Source) -> frozenset[str]:
    """The tables that stay and that a task fills, by its queries and arguments."""
    found = {
        statement.target
        for query in queries_of(task, source)
        for statement in query.writes()
        if statement.kind in ("insert", "update", "merge") or (statement.kind == "create" and statement.source)
    }
    return frozenset(found | set(_named(task, _TARGETS if task.kind not in PUBLISHES else (*_TARGETS, "table"))))


READS_TABLE = frozenset(name for name, one in OPERATORS.items() if one.places and not one.writes and not one.looks)
"""Operators whose ``table`` is read, and not written."""
_TARGETS = ("destination_table", "destination_project_dataset_table", "destination_dataset_table", "target_table")
_SOURCES = ("source_table", "source_project_dataset_table")


def reads(task: Task, source: Source) -> frozenset[str]:
    """The tables that a task reads."""
    found = {
        table
        for query in queries_of(task, source)
        for one in query.statements
        for table in one.reads
        if one.kind not in ("drop", "other")
    }
    names = (*_SOURCES, "table") if task.kind in READS_TABLE else _SOURCES
    return frozenset(found | set(_named(task, names)))


def _named(task: Task, names: Iterable[str]) -> Iterable[str]:
    for name in names:
        value = task.arg(name)
        if isinstance(value, str) and value and "{" not in value:
            yield value.lower().removeprefix("public.")


INTO, OUT_OF = ("destination_conn_id", "conn_id"), ("source_conn_id", "conn_id")
"""Arguments that name the connection by which a task writes, and the one by which it reads."""


def connection(task: Task, names: tuple[str, ...]) -> str:
    """The connection by which a task writes or reads; empty where nobody says it."""
    found = (task.arg(name) for name in (*names, "postgres_conn_id", "snowflake_conn_id", "gcp_conn_id"))
    return next((one for one in found if isinstance(one, str) and one), "")


def gated(dag: Dag) -> bool:
    """Whether some task of a Dag works under a contract."""
    return any(task.kind in GATED or task.contract for task in dag.tasks.values())


def writes_data(dag: Dag, source: Source) -> bool:
    """Whether a Dag leaves rows somewhere, so that a fault of it is a fault of data."""
    return any(writes(task, source) or task.kind in GATED for task in dag.tasks.values()) or any(
        _appending(source, task.function) for task in dag.tasks.values()
    )


def _appending(source: Source, function: str) -> bool:
    node = source.functions.get(function)
    if node is None:
        return False
    text = ast.unparse(node)
    return bool(
        re.search(r"\.to_sql\(|\.insert_rows\(|load_table_from|\.to_gbq\(|\.saveAsTable\(|\.insert_many\(", text)
    )
