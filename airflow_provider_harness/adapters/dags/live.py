"""What only the installation knows: are the connections and pools there, does the database take the query."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from airflow_provider_harness.adapters.dags.statements import parse
from airflow_provider_harness.app.authoring.finding import Found
from airflow_provider_harness.app.authoring.model import Query, Source, Task
from airflow_provider_harness.core.errors import DatabaseRefused, HarnessError, HarnessUnavailable

_CONNECTIONS = (
    "conn_id",
    "source_conn_id",
    "postgres_conn_id",
    "gcp_conn_id",
    "aws_conn_id",
    "snowflake_conn_id",
    "http_conn_id",
    "destination_conn_id",
)
_WANTED = {
    "PostgresExtractOperator": ("postgres",),
    "PostgresLoadOperator": ("postgres",),
    "PostgresTransferOperator": ("postgres",),
    "BigQueryLoadOperator": ("google_cloud_platform",),
}
LARGE = 2_000
"""Cost in the planner's units from which on reading a table as a whole is said: some 100,000 rows at PostgreSQL's own prices."""


def connections(source: Source, find: Callable[[str], Any]) -> Iterator[Found]:
    """Connections that are not there, or that lead elsewhere.

    :param find: Airflow's connection of an id; None where there is none.
    """
    known: dict[str, Any] = {}
    for _, task in source.tasks():
        for name in _CONNECTIONS:
            conn_id = task.arg(name)
            if name not in task.args or not isinstance(conn_id, str) or not conn_id or "{" in conn_id:
                continue
            try:
                found = known.setdefault(conn_id, find(conn_id))
            except HarnessUnavailable as error:
                yield Found(
                    rule="HP105",
                    line=task.line_of(name),
                    message=f"connection {conn_id} could not be looked up: {error}",
                )
                continue
            yield from _fits(task, name, conn_id, found)


def _fits(task: Task, name: str, conn_id: str, found: Any) -> Iterator[Found]:
    if found is None:
        yield Found(
            rule="HP101",
            line=task.line_of(name),
            message=f"{task.id}: connection {conn_id} does not exist",
            fix=f"airflow connections add {conn_id} --conn-uri ...",
        )
    elif name == "conn_id" and (wanted := _WANTED.get(task.kind)) and found.conn_type not in wanted:
        yield Found(
            rule="HP102",
            line=task.line_of(name),
            message=f"{task.id}: connection {conn_id} is of type {found.conn_type}; {task.kind} needs {wanted[0]}",
        )


def pools(source: Source, known: frozenset[str]) -> Iterator[Found]:
    """Pools that are not there."""
    for _, task in source.tasks():
        pool = task.arg("pool")
        if isinstance(pool, str) and pool and "{" not in pool and pool not in known:
            yield Found(
                rule="HP103",
                line=task.line_of("pool"),
                message=f"{task.id}: pool {pool} does not exist",
                fix=f"airflow pools set {pool} 8 'what it is for'",
            )


def plans(source: Source, explain: Callable[[str, str], Any], in_bigquery: Callable[[str], bool]) -> Iterator[Found]:
    """What PostgreSQL's planner says of each query of an operator that names its connection; nothing is run.

    :param explain: connection and query -> the plan.
    :param in_bigquery: whether a connection leads to BigQuery, which has a dry run instead.
    """
    for query in source.queries:
        conn_id = reads_by(query, source)
        if conn_id and not in_bigquery(conn_id):
            yield from _plan(query, conn_id, explain)


def reads_by(query: Query, source: Source) -> str:
    """The connection by which an operator runs its query; empty where nobody says it."""
    users = [task for _, task in source.of_unit(query.unit) if query.how == "operator"]
    names = ("source_conn_id", "conn_id", "gcp_conn_id")
    found = next((one for name in names if users and (one := users[0].arg(name))), None)
    if users and found is None and users[0].kind.startswith("BigQuery"):
        return "google_cloud_default"
    return found if isinstance(found, str) and "{" not in found else ""


def _plan(query: Query, conn_id: str, explain: Callable[[str, str], Any]) -> Iterator[Found]:
    text = filled(query.text, "%s::timestamptz")
    if text is None or [one.kind for one in query.statements] != ["select"] or parse(query.text, "postgres").error:
        return
    try:
        plan = explain(conn_id, text)
    except DatabaseRefused as error:
        yield Found(rule="HP106", line=query.line, message=f"{query.unit}: {error}")
    except HarnessError as error:
        yield Found(rule="HP105", line=query.line, message=f"{query.unit}: {error}")
    else:
        for node in _nodes(plan):
            if node.get("Node Type") == "Seq Scan" and node.get("Total Cost", 0) >= LARGE:
                yield Found(
                    rule="HP107",
                    line=query.line,
                    message=f"{query.unit} reads {node.get('Relation Name')} as a whole, at a cost of {node['Total Cost']:,.0f} of the planner's units",
                )


def filled(text: str, moment: str) -> str | None:
    """A query with some slice put in; None where a template is left.

    :param moment: how the engine writes a moment, with ``%s`` for its text.
    """
    text = re.sub(r"%\(slice_(start|end)\)s", moment % "'2026-01-01T00:00:00Z'", text).replace("%%", "%")
    text = re.sub(r"\{\{\s*(?:data_interval_(?:start|end)|ts|logical_date)\s*\}\}", "2026-01-01T00:00:00Z", text)
    text = re.sub(r"\{\{\s*ds\s*\}\}", "2026-01-01", text)
    text = re.sub(r"\{\{\s*ds_nodash\s*\}\}", "20260101", text)
    return None if "{{" in text or "{%" in text else text


def _nodes(plan: Any) -> Iterator[dict[str, Any]]:
    found = json.loads(plan) if isinstance(plan, str) else plan
    ahead = [one["Plan"] for one in found]
    while ahead:
        node = ahead.pop()
        yield node
        ahead += node.get("Plans", [])
