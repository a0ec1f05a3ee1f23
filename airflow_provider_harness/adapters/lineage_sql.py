"""Which columns a statement's columns are made of, by sqlglot; what it cannot tell is left out, never guessed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from airflow_provider_harness.adapters.lineage_origins import Origin, Relation, Unknown, relation, values
from airflow_provider_harness.core.lineage import ColumnEdge, Dataset
from airflow_provider_harness.core.schema import Schema

_PLACEHOLDER = re.compile(r"%\((\w+)\)s")
_TYPE = "text"
"""Lineage needs names and not types, and not every type of a catalog is one that sqlglot knows."""
_EXCLUDED = "excluded"


class _Written(NamedTuple):
    """A statement as a query of what it writes.

    :param names: the columns that are written, one for each of the query's columns; empty for the query's own names.
    """

    query: Any
    names: Sequence[str] = ()


def tables(sql: str, dialect: str = "postgres") -> tuple[str, ...]:
    """``schema.table`` of everything a statement reads, common table expressions left out; empty if it is no SQL."""
    import sqlglot
    from sqlglot import exp

    try:
        tree = sqlglot.parse_one(_plain(sql), read=dialect)
    except sqlglot.errors.SqlglotError:
        return ()
    named = {cte.alias_or_name for cte in tree.find_all(exp.CTE)}
    target = _target(tree) if isinstance(tree, exp.Insert | exp.Create) else None
    read = (t for t in tree.find_all(exp.Table) if t is not target and isinstance(t.this, exp.Identifier))
    return tuple(dict.fromkeys(_name(t) for t in read if t.db or t.name not in named))


def edges(
    sql: str,
    schemas: Mapping[str, Schema | None],
    place: Callable[[str], Dataset],
    dialect: str = "postgres",
) -> tuple[ColumnEdge, ...]:
    """The edges into the columns that a statement gives or writes; empty where one of them is not known.

    :param schemas: ``schema.table`` -> its columns, which ``select *`` needs.
    :param place: ``schema.table`` -> the dataset.
    :param dialect: sqlglot's word for it.
    """
    import sqlglot

    try:
        tree = sqlglot.parse_one(_plain(sql), read=dialect)
        found = _origins(tree, schemas, dialect)
    except (sqlglot.errors.SqlglotError, Unknown):
        return ()
    pairs = [*((name, one) for name, ones in found.columns.items() for one in ones)]
    pairs += [("", one) for one in found.deciders]
    return tuple(_edge(name, one, place) for name, one in sorted(pairs))


def _plain(sql: str) -> str:
    """The query without driver placeholders, for a parser that does not know them."""
    return _PLACEHOLDER.sub("NULL", sql).replace("%%", "%")


def _edge(name: str, one: Origin, place: Callable[[str], Dataset]) -> ColumnEdge:
    return ColumnEdge(source=place(one.table), source_column=one.column, target_column=name, how=one.how)


def _origins(tree: Any, schemas: Mapping[str, Schema | None], dialect: str) -> Relation:
    from sqlglot import exp
    from sqlglot.optimizer.qualify import qualify

    if any(isinstance(node, exp.DML) for node in tree.find_all(exp.DML) if node is not tree and node.parent_select):
        raise Unknown("a common table expression that writes")
    written = _WRITES.get(type(tree).__name__, _query)(tree, schemas)
    if isinstance(written.query, exp.Values):
        return Relation()
    qualified = qualify(
        written.query,
        schema=_nested(schemas),
        dialect=dialect,
        db=None if dialect == "bigquery" else "public",
        quote_identifiers=False,
        identify=False,
    )
    found = relation(qualified, {})
    if written.names:
        if len(written.names) != len(found.columns):
            raise Unknown("as many columns as are written")
        columns: dict[str, frozenset[Origin]] = {}
        for name, ones in zip(written.names, found.columns.values(), strict=True):
            columns[name] = columns.get(name, frozenset()) | ones
        found = Relation(columns=columns, deciders=found.deciders)
    return _on_conflict(tree, found) if isinstance(tree, exp.Insert) else found


def _query(tree: Any, schemas: Mapping[str, Schema | None]) -> _Written:
    from sqlglot import exp

    if not isinstance(tree, exp.Query):
        raise Unknown(type(tree).__name__)
    return _Written(tree)


def _create(tree: Any, schemas: Mapping[str, Schema | None]) -> _Written:
    return _query(tree.expression, schemas)


def _insert(tree: Any, schemas: Mapping[str, Schema | None]) -> _Written:
    from sqlglot import exp

    query = tree.expression
    if not isinstance(query, exp.Query | exp.Values):
        raise Unknown("INSERT without a query")
    listed = tree.this.expressions if isinstance(tree.this, exp.Schema) else ()
    names = [_identifier(one) for one in listed] or _columns(schemas, _target(tree))
    if (clause := tree.args.get("with_")) is not None:
        if query.args.get("with_"):
            raise Unknown("two lists of common table expressions")
        query.set("with_", clause)
    return _Written(query, names)


def _update(tree: Any, schemas: Mapping[str, Schema | None]) -> _Written:
    from sqlglot import exp

    written = _assigned(tree.expressions)
    query = _selecting(written).from_(tree.this)
    if (source := tree.args.get("from_")) is not None:
        nested = source.this.args.pop("joins", None) or ()
        query = query.join(source.this, join_type="cross")
        for join in nested:
            query.append("joins", join)
    for clause in ("where", "with_"):
        if (held := tree.args.get(clause)) is not None:
            query.set(clause, held)
    assert isinstance(query, exp.Select)
    return _Written(query, [name for name, _ in written])


def _merge(tree: Any, schemas: Mapping[str, Schema | None]) -> _Written:
    """``MERGE`` as one query over target and source: every assignment is a column, every condition a filter."""
    from sqlglot import exp

    written: list[tuple[str, Any]] = []
    conditions = []
    for when in tree.args["whens"].expressions:
        then, condition = when.args["then"], when.args.get("condition")
        if condition is not None:
            conditions.append(condition)
        if isinstance(then, exp.Update):
            written += _assigned(then.expressions)
        elif isinstance(then, exp.Insert):
            listed = then.this.expressions if isinstance(then.this, exp.Tuple) else ()
            names = [_identifier(one.this) for one in listed] or _columns(schemas, _target(tree))
            if not isinstance(then.expression, exp.Tuple) or len(names) != len(then.expression.expressions):
                raise Unknown("INSERT of a MERGE")
            written += zip(names, then.expression.expressions, strict=True)
        elif not isinstance(then, exp.Var):
            raise Unknown(then.sql())
    query = _selecting(written).from_(tree.this).join(tree.args["using"], on=tree.args["on"])
    if conditions:
        query = query.where(exp.or_(*conditions))
    if (clause := tree.args.get("with_")) is not None:
        query.set("with_", clause)
    return _Written(query, [name for name, _ in written])


_WRITES: Mapping[str, Callable[[Any, Mapping[str, Schema | None]], _Written]] = {
    "Insert": _insert,
    "Create": _create,
    "Update": _update,
    "Merge": _merge,
}
"""Class of statement -> what it writes, as a query."""


def _assigned(assignments: Sequence[Any]) -> list[tuple[str, Any]]:
    """``a = x, (b, c) = (y, z)`` as pairs."""
    from sqlglot import exp

    pairs: list[tuple[Any, Any]] = []
    for one in assignments:
        if not isinstance(one, exp.EQ):
            raise Unknown(one.sql())
        if isinstance(one.this, exp.Column):
            pairs.append((one.this, one.expression))
        elif isinstance(one.this, exp.Tuple) and isinstance(one.expression, exp.Tuple):
            pairs += zip(one.this.expressions, one.expression.expressions, strict=True)
        else:
            raise Unknown(one.sql())
    return [(_identifier(column.this), value) for column, value in pairs]


def _selecting(written: Sequence[tuple[str, Any]]) -> Any:
    from sqlglot import exp

    if not written:
        raise Unknown("nothing is written")
    return exp.select(*(exp.alias_(value, f"c{place}") for place, (_, value) in enumerate(written)))


def _on_conflict(tree: Any, inserted: Relation) -> Relation:
    """``ON CONFLICT DO UPDATE`` beside what is inserted: ``excluded`` is the row that was to be inserted."""
    conflict = tree.args.get("conflict")
    assignments = conflict.expressions if conflict is not None else ()
    if not assignments:
        return inserted
    target = _target(tree)
    own = Relation(table=_name(target))
    env = {_EXCLUDED: inserted, target.alias_or_name: own, "": own}
    columns = dict(inserted.columns)
    for name, value in _assigned(assignments):
        columns[name] = columns.get(name, frozenset()) | values(value, env)
    return Relation(columns=columns, deciders=inserted.deciders)


def _target(tree: Any) -> Any:
    from sqlglot import exp

    return tree.this.this if isinstance(tree.this, exp.Schema) else tree.this


def _columns(schemas: Mapping[str, Schema | None], target: Any) -> list[str]:
    """The columns of a table in their order, where a statement does not list them."""
    known = schemas.get(_name(target))
    if known is None:
        raise Unknown(f"columns of {_name(target)}")
    return [column.name for column in known.columns]


def _name(table: Any) -> str:
    return f"{table.db or 'public'}.{table.name}"


def _identifier(node: Any) -> str:
    return str(node.name if node.args.get("quoted") else node.name.lower())


def _nested(schemas: Mapping[str, Schema | None]) -> dict[str, Any]:
    nested: dict[str, Any] = {}
    for table, schema in schemas.items():
        home, _, name = table.partition(".")
        if schema is not None:
            nested.setdefault(home, {})[name] = {f'"{column.name}"': _TYPE for column in schema.columns}
    return nested
