"""Whether the login of each connection may do what a Dag's tasks do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from airflow_provider_harness.adapters.dags.live import reads_by
from airflow_provider_harness.app.authoring.finding import FindingSeverity, Found
from airflow_provider_harness.app.authoring.model import Source, Statement, Task
from airflow_provider_harness.app.authoring.rules.kinds import PUBLISHES, READS_TABLE
from airflow_provider_harness.core.errors import HarnessError

Right = tuple[str, str]
"""A table, and what is to be done to it: ``SELECT``, ``INSERT``, ``UPDATE``, ``DELETE``, ``TRUNCATE``, or ``CREATE`` beside it."""
Missing = Callable[[str, Sequence[Right]], tuple[Right, ...]]
_WRITES = {
    "insert": ("INSERT",),
    "update": ("UPDATE",),
    "delete": ("DELETE",),
    "truncate": ("TRUNCATE",),
    "merge": ("INSERT", "UPDATE"),
}
_PUBLISHES = ("SELECT", "INSERT", "DELETE", "CREATE")
"""What a load does to its table: a table beside it, the slice swapped in one transaction, and a look at what stands there."""


def findings(source: Source, missing: Missing) -> Iterator[Found]:
    """Rights that are missing.

    :param missing: connection and rights -> those that its login does not have.
    """
    told: dict[tuple[str, Right], tuple[Task, int]] = {}
    for _, task in source.tasks():
        for conn_id, right, line in _wanted(task, source):
            told.setdefault((conn_id, right), (task, line))
    for conn_id in dict.fromkeys(conn for conn, _ in told):
        rights = [right for conn, right in told if conn == conn_id]
        try:
            lacking = missing(conn_id, rights)
        except HarnessError as error:
            task, line = told[conn_id, rights[0]]
            said = f"the rights of connection {conn_id} could not be checked: {error}"
            yield Found(rule="HP105", line=line, message=said, severity=FindingSeverity.WARNING)
            continue
        for one in lacking:
            task, line = told[conn_id, one]
            said = f"{one[1]} ON {_place(*one)}"
            yield Found(
                rule="HP114",
                line=line,
                message=f"{task.id}: the login of connection {conn_id} lacks {said}",
                fix=f"GRANT {said} TO ...",
            )


def _place(table: str, right: str) -> str:
    return f"SCHEMA {table.rpartition('.')[0] or 'public'}" if right == "CREATE" else table


def _wanted(task: Task, source: Source) -> Iterator[tuple[str, Right, int]]:
    """What a task does, by its queries and by its arguments: connection, right, line."""
    for query in source.queries:
        if query.unit == task.id and query.how == "operator" and (conn_id := reads_by(query, source)):
            made = {one.target for one in query.statements if one.kind == "create"}
            for one in query.statements:
                yield from ((conn_id, right, query.line) for right in _of(one) if right[0] not in made)
    table, source_table = task.arg("table"), task.arg("source_table")
    into, out_of = task.arg("conn_id"), task.arg("source_conn_id")
    if _named(table) and _named(into) and task.kind in PUBLISHES:
        yield from ((into, (table, right), task.line_of("table")) for right in _PUBLISHES)
    if _named(table) and _named(into) and task.kind in READS_TABLE:
        yield into, (table, "SELECT"), task.line_of("table")
    if _named(source_table) and _named(out_of):
        yield out_of, (source_table, "SELECT"), task.line_of("source_table")


def _of(one: Statement) -> Iterator[Right]:
    yield from ((table, "SELECT") for table in sorted(one.reads) if _named(table))
    if _named(one.target) and not one.temporary:
        yield from ((one.target, right) for right in _WRITES.get(one.kind, ()))


def _named(value: object) -> bool:
    """Whether a name stands in the text, rather than a template."""
    return isinstance(value, str) and bool(value) and "{" not in value and not value.rpartition(".")[2].startswith("t_")
