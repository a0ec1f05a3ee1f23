"""A Dag file read by its text alone."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace

from airflow_provider_harness.app.authoring.code import declared, texts
from airflow_provider_harness.app.authoring.code.values import Values
from airflow_provider_harness.app.authoring.finding import Found
from airflow_provider_harness.app.authoring.model import Query, Source

Understand = Callable[[Query], Query]


def parsed(path: str, text: str) -> Source | Found:
    """A file as code; a finding where it is none."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError) as error:
        line = getattr(error, "lineno", None) or 1
        return Found(rule="HF001", line=line, message=f"{getattr(error, 'msg', error)}")
    values = Values(tree)
    source = Source(path=path, text=text, tree=tree, values=values, functions=declared.functions(tree))
    return replace(source, dags=declared.dags(path, tree, values))


def with_queries(source: Source, read: Callable[[str], str | None], understand: Understand) -> Source:
    """The file with its queries, each with what its statements do."""
    return replace(source, queries=tuple(understand(one) for one in texts.queries(source, source.dags, read)))
