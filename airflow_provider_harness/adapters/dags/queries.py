"""The queries of a Dag file: parsed, with what is wrong with each by itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from airflow_provider_harness.adapters.dags import query_rules
from airflow_provider_harness.adapters.dags.statements import parse, statements
from airflow_provider_harness.app.authoring.finding import Found
from airflow_provider_harness.app.authoring.model import Query


def understood(query: Query) -> Query:
    """The query with what its statements read and write."""
    return replace(query, statements=statements(query.text, query.dialect))


def findings(query: Query) -> Iterator[Found]:
    """Everything that is wrong with a query, whatever its tables are."""
    parsed = parse(query.text, query.dialect)
    if parsed.error:
        yield Found(rule="HL101", line=query.line, message=f"The SQL of {query.unit} cannot be parsed: {parsed.error}")
        return
    for tree in parsed.trees:
        seen: set[tuple[str, str]] = set()
        for rule in query_rules.RULES:
            for name, node, message in rule(tree):
                if (name, message) not in seen:
                    seen.add((name, message))
                    yield Found(rule=name, line=query.line_at(offset(node)), message=f"{query.unit}: {message}")


def offset(node: Any) -> int:
    """Lines from the beginning of the text to a part of it; a part without a name of its own has the place of what is around it."""
    while node is not None:
        for one in node.walk():
            line = one.meta.get("line")
            if isinstance(line, int):
                return max(0, line - 1)
        node = node.parent
    return 0
