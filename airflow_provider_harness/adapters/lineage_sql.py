"""Which columns a query's columns are made of, by sqlglot; what it cannot tell is left out, never guessed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from airflow_provider_harness.core.lineage import ColumnEdge, Dataset, Transformation
from airflow_provider_harness.core.schema import Schema

_PLACEHOLDER = re.compile(r"%\((\w+)\)s")


def _plain(sql: str) -> str:
    """The query without driver placeholders, for a parser that does not know them."""
    return _PLACEHOLDER.sub("NULL", sql).replace("%%", "%")


def tables(sql: str) -> tuple[str, ...]:
    """``schema.table`` of everything a query reads, common table expressions left out; empty if it is no SQL."""
    import sqlglot
    from sqlglot import exp

    try:
        tree = sqlglot.parse_one(_plain(sql), read="postgres")
    except sqlglot.errors.ParseError:
        return ()
    named = {cte.alias_or_name for cte in tree.find_all(exp.CTE)}
    found = (f"{t.db or 'public'}.{t.name}" for t in tree.find_all(exp.Table) if t.db or t.name not in named)
    return tuple(dict.fromkeys(found))


def edges(sql: str, schemas: Mapping[str, Schema | None], place: Callable[[str], Dataset]) -> tuple[ColumnEdge, ...]:
    """The edges from the columns of the tables that a query reads to its own columns.

    :param schemas: ``schema.table`` -> its columns, which ``select *`` needs.
    :param place: ``schema.table`` -> the dataset.
    """
    import sqlglot
    from sqlglot.lineage import lineage

    known: Any = _nested(schemas)
    try:
        tree = sqlglot.parse_one(_plain(sql), read="postgres")
        names = _selects(tree, known)
        roots = {name: lineage(name, tree.copy(), schema=known, dialect="postgres") for name in names}
    except sqlglot.errors.SqlglotError:
        return ()
    return tuple(dict.fromkeys(edge for name, root in roots.items() for edge in _leaves(name, root, place)))


def _selects(tree: Any, known: Any) -> list[str]:
    from sqlglot.optimizer.qualify import qualify

    selected: Any = qualify(tree.copy(), schema=known, dialect="postgres")
    return list(selected.named_selects)


def _nested(schemas: Mapping[str, Schema | None]) -> dict[str, dict[str, dict[str, str]]]:
    nested: dict[str, dict[str, dict[str, str]]] = {}
    for table, schema in schemas.items():
        home, _, name = table.partition(".")
        if schema is not None:
            nested.setdefault(home, {})[name] = {column.name: column.type for column in schema.columns}
    return nested


def _leaves(name: str, root: Any, place: Callable[[str], Dataset]) -> Iterator[ColumnEdge]:
    from sqlglot import exp

    for node in root.walk():
        if isinstance(node.expression, exp.Table) and not node.downstream:
            table = f"{node.expression.db or 'public'}.{node.expression.name}"
            source_column = node.name.rpartition(".")[2].strip('"')
            yield ColumnEdge(source=place(table), source_column=source_column, target_column=name, how=_how(root))


def _how(root: Any) -> Transformation:
    """The strongest thing that happens to the column anywhere on its way."""
    from sqlglot import exp

    seen = [node.expression for node in root.walk() if not isinstance(node.expression, exp.Table)]
    if any(expression.find(exp.AggFunc) for expression in seen):
        return Transformation.AGGREGATION
    plain = all(isinstance(expression.unalias(), exp.Column) for expression in seen)
    return Transformation.IDENTITY if plain else Transformation.TRANSFORMATION
