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
#: Levels of code in code that are looked at; the rules follow it by recursion, which Python ends at about 1,000 calls.
DEEPEST = 150


def parsed(path: str, text: str) -> Source | Found:
    """A file as code; a finding where it is none."""
    try:
        tree = ast.parse(text)
    except (
        SyntaxError,
        ValueError,
        RecursionError,
        MemoryError,
    ) as error:  # MemoryError: the parser's own stack is full
        line = getattr(error, "lineno", None) or 1
        return Found(rule="HF001", line=line, message=f"{getattr(error, 'msg', error)}" or "it is nested too deeply")
    if line := _too_deep(tree):
        return Found(rule="HF009", line=line, message=f"code in code is more than {DEEPEST} levels deep here")
    values = Values(tree)
    source = Source(path=path, text=text, tree=tree, values=values, functions=declared.functions(tree))
    return replace(source, dags=declared.dags(path, tree, values))


def _too_deep(tree: ast.Module) -> int:
    """The line from which on code in code is too deep; 0 for nowhere."""
    ahead: list[tuple[ast.AST, int, int]] = [(tree, 0, 1)]
    while ahead:
        node, depth, line = ahead.pop()
        line = getattr(node, "lineno", line)
        if depth > DEEPEST:
            return line
        ahead += [(one, depth + 1, line) for one in ast.iter_child_nodes(node)]
    return 0


def with_queries(source: Source, read: Callable[[str], str | None], understand: Understand) -> Source:
    """The file with its queries, each with what its statements do."""
    return replace(source, queries=tuple(understand(one) for one in texts.queries(source, source.dags, read)))
