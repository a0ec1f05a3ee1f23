"""Statements that write, as queries of what they write: then one walk over queries finds the way of every column."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from airflow_provider_harness.adapters.lineage.relations import Unknown
from airflow_provider_harness.adapters.lineage.sources import own_columns
from airflow_provider_harness.adapters.lineage.tables import ROW

EXCLUDED = "excluded"

Columns = Callable[[Any], Sequence[str]]
"""A table of the tree -> its columns in their order; raises Unknown."""


class Written(NamedTuple):
    """A statement, or a part of one, as a query.

    :param names: the columns that are written, one for each of the query's columns; None for the query's own names, empty where
        the query only decides.
    :param first: of the names, the first ones, where the query gives fewer.
    """

    query: Any
    names: Sequence[str] | None = None
    first: bool = False


def written(tree: Any, columns: Columns) -> list[Written]:
    """What a statement writes, or gives.

    :raises Unknown: it is of a kind that is not understood.
    """
    _make_readable(tree, columns)
    return _WRITES.get(type(tree).__name__, _query)(tree, columns)


def _make_readable(tree: Any, columns: Columns) -> None:
    """Writing common table expressions become queries of what they return."""
    from sqlglot import exp

    for cte in list(tree.find_all(exp.CTE)):
        if isinstance(cte.this, exp.DML) and not isinstance(cte.this, exp.Query):
            cte.set("this", _returned(cte.this, columns))


def _query(tree: Any, columns: Columns) -> list[Written]:
    from sqlglot import exp

    if not isinstance(tree, exp.Query):
        raise Unknown(type(tree).__name__)
    return [Written(tree)]


def _create(tree: Any, columns: Columns) -> list[Written]:
    from sqlglot import exp

    query = tree.expression.this if isinstance(tree.expression, exp.Subquery) else tree.expression
    listed = tree.this.expressions if isinstance(tree.this, exp.Schema) else ()
    names = [one.name for one in listed if isinstance(one, exp.Identifier | exp.ColumnDef)]
    return [Written(_query(query, columns)[0].query, names or None)]


def _insert(tree: Any, columns: Columns) -> list[Written]:
    from sqlglot import exp

    if tree.args.get("by_name") or not isinstance(tree.expression, exp.Query | exp.Values):
        raise Unknown("INSERT without a query")
    query = _of_values(tree.expression)
    names = _listed(tree, columns)
    if (clause := tree.args.get("with_")) is not None:
        if query.args.get("with_"):
            raise Unknown("two lists of common table expressions")
        query.set("with_", clause)
    found = [Written(query, names, first=not isinstance(tree.this, exp.Schema))]
    if (conflict := tree.args.get("conflict")) is not None:
        found += _on_conflict(tree, conflict, query, names)
    return found


def _listed(tree: Any, columns: Columns) -> list[str]:
    """The columns that an INSERT names, else those of its table; of these, the first ones where it gives fewer."""
    from sqlglot import exp

    if isinstance(tree.this, exp.Schema):
        return [one.name for one in tree.this.expressions]
    every, given = list(columns(tree.this)), len(_of_values(tree.expression).selects)
    starred = any(one.is_star for one in _of_values(tree.expression).selects)
    return every if starred or given > len(every) else every[:given]


def _of_values(query: Any) -> Any:
    """``VALUES`` as a query without a table, so that queries in its rows are seen."""
    from sqlglot import exp

    if not isinstance(query, exp.Values):
        return query
    rows = [
        exp.select(*(exp.alias_(cell.copy(), f"c{place}") for place, cell in enumerate(row.expressions)))
        for row in query.expressions
        if isinstance(row, exp.Tuple)
    ]
    if not rows or len(rows) != len(query.expressions):
        raise Unknown("VALUES")
    plain = all(not row.find(exp.Column, exp.Query) for row in query.expressions)
    return rows[0] if plain or len(rows) == 1 else exp.union(*rows, distinct=False)


def _on_conflict(tree: Any, conflict: Any, query: Any, names: Sequence[str]) -> list[Written]:
    """What ``ON CONFLICT`` adds to what is inserted."""
    assigned = _assigned(conflict.expressions, _target(tree))
    if not assigned and not conflict.args.get("conflict_keys"):
        return []
    joined = _conflicting(tree, conflict, query, names, assigned)
    if (clause := query.args.get("with_")) is not None:
        joined.set("with_", clause.copy())
    return [Written(joined, [name for name, _ in assigned])]


def _conflicting(
    tree: Any, conflict: Any, query: Any, names: Sequence[str], assigned: Sequence[tuple[str, Any]]
) -> Any:
    """``excluded``, the row that was to be inserted, joined to the row that is there, and what is assigned then."""
    from sqlglot import exp

    table = _target(tree)
    keys = [one.this if isinstance(one, exp.Ordered) else one for one in conflict.args.get("conflict_keys") or ()]
    matched = [exp.EQ(this=_of(key, table.alias), expression=_of(key, EXCLUDED)) for key in keys]
    joined = _selecting(assigned).from_(table.copy())
    row = _called(_without_with(query), EXCLUDED, names)
    joined.append("joins", exp.Join(this=row, on=exp.and_(*matched) if matched else None))
    if (where := conflict.args.get("where")) is not None:
        joined.set("where", where.copy())
    return joined


def _of(key: Any, table: str) -> Any:
    """A key of a conflict, or an expression that is one, of one of the two rows."""
    from sqlglot import exp

    if isinstance(key, exp.Identifier):
        return _column(key.name, table)
    copied = exp.Paren(this=key.copy())
    for column in list(copied.find_all(exp.Column)):
        column.set("table", exp.to_identifier(table, quoted=True))
    return copied


def _called(query: Any, name: str, columns: Sequence[str]) -> Any:
    """A query as a source under a name, and its columns under theirs."""
    from sqlglot import exp

    called = [exp.to_identifier(column, quoted=True) for column in columns]
    return exp.Subquery(this=query, alias=exp.TableAlias(this=exp.to_identifier(name, quoted=True), columns=called))


def _without_with(query: Any) -> Any:
    copied = query.copy()
    copied.set("with_", None)
    return copied


def _column(name: str, table: str) -> Any:
    from sqlglot import exp

    return exp.Column(this=exp.to_identifier(name, quoted=True), table=exp.to_identifier(table, quoted=True))


def _update(tree: Any, columns: Columns) -> list[Written]:
    assigned = _assigned(tree.expressions, _target(tree))
    return [Written(_changing(tree, assigned), [name for name, _ in assigned])]


def _changing(tree: Any, assigned: Sequence[tuple[str, Any]]) -> Any:
    """The rows that an UPDATE or a DELETE takes, with what is assigned."""
    query = _selecting(assigned).from_(_target(tree))
    for source in _others(tree):
        nested = source.args.pop("joins", None) or ()
        query = query.join(source, join_type="cross")
        for join in nested:
            query.append("joins", join)
    for clause in ("where", "with_"):
        if (held := tree.args.get(clause)) is not None:
            query.set(clause, held)
    return query


def _others(tree: Any) -> list[Any]:
    """``FROM`` of an UPDATE, ``USING`` of a DELETE."""
    if (source := tree.args.get("from_")) is not None:
        return [source.this]
    return list(tree.args.get("using") or ())


def _delete(tree: Any, columns: Columns) -> list[Written]:
    return [Written(_changing(tree, ()), ())]


def _merge(tree: Any, columns: Columns) -> list[Written]:
    """``MERGE`` as one query over target and source: every assignment is a column, every condition a filter."""
    from sqlglot import exp

    assigned: list[tuple[str, Any]] = []
    conditions = []
    for when in tree.args["whens"].expressions:
        then, condition = when.args["then"], when.args.get("condition")
        if condition is not None:
            conditions.append(condition)
        if isinstance(then, exp.Update):
            assigned += _assigned(then.expressions, _target(tree))
        elif isinstance(then, exp.Insert):
            assigned += _inserted(tree, then, columns)
        elif not isinstance(then, exp.Var):
            raise Unknown(then.sql())
    query = _selecting(assigned).from_(tree.this).join(tree.args["using"], on=tree.args["on"])
    if conditions:
        query = query.where(exp.or_(*conditions))
    if (clause := tree.args.get("with_")) is not None:
        query.set("with_", clause)
    return [Written(query, [name for name, _ in assigned])]


def _inserted(tree: Any, then: Any, columns: Columns) -> list[tuple[str, Any]]:
    """``INSERT (..) VALUES (..)`` or ``INSERT ROW`` of a MERGE: the source's columns in their order."""
    from sqlglot import exp

    listed = then.this.expressions if isinstance(then.this, exp.Tuple) else ()
    given = then.expression.expressions if isinstance(then.expression, exp.Tuple) else ()
    if isinstance(then.this, exp.Var) or (len(given) == 1 and given[0].name == ROW):
        source = tree.args["using"]
        if isinstance(source, exp.Subquery):
            names = source.alias_column_names or source.this.named_selects
            if any(one.is_star for one in source.this.selects):
                raise Unknown("INSERT ROW of a query with a star")
        else:
            names = columns(source)
        given = [_column(name, source.alias) for name in names]
    for column in (column for value in given for column in own_columns(value)):
        if len(column.parts) == 1:  # nothing else can be meant where no row matches
            column.set("table", exp.to_identifier(tree.args["using"].alias_or_name, quoted=True))
    targets = [one.name for one in listed] or list(columns(tree.this))[: len(given)]
    if not given or len(targets) != len(given):
        raise Unknown("INSERT of a MERGE")
    return list(zip(targets, given, strict=True))


def _assigned(assignments: Sequence[Any], table: Any) -> list[tuple[str, Any]]:
    """``a = x, (b, c) = (y, z), (d, e) = (SELECT ..)`` as pairs."""
    from sqlglot import exp

    pairs: list[tuple[Any, Any]] = []
    for one in assignments:
        if not isinstance(one, exp.EQ):
            raise Unknown(one.sql())
        if not isinstance(one.this, exp.Tuple):
            pairs.append((one.this, one.expression))
            continue
        values = _split(one.expression, len(one.this.expressions))
        pairs += zip(one.this.expressions, values, strict=True)
    return [(_changed(column, table), value) for column, value in pairs]


def _changed(column: Any, table: Any) -> str:
    """The column that an assignment changes; a field of it, or an element, is a part of it."""
    from sqlglot import exp

    while isinstance(column, exp.Bracket | exp.Dot | exp.Paren):
        column = column.this
    if not isinstance(column, exp.Column | exp.Identifier):
        raise Unknown(column.sql())
    parts = [part.name for part in column.parts] if isinstance(column, exp.Column) else [column.name]
    return str(parts[1] if len(parts) > 1 and parts[0] == table.alias_or_name else parts[0])


def _split(value: Any, wide: int) -> list[Any]:
    """The values of a row, one by one; of a query, a query for each of its columns."""
    from sqlglot import exp

    if isinstance(value, exp.Tuple) or (isinstance(value, exp.Anonymous) and value.name.upper() == "ROW"):
        cells = list(value.expressions)
    elif isinstance(value, exp.Subquery) and isinstance(value.this, exp.Select):
        cells = [_only(value, place) for place in range(len(value.this.expressions))]
    else:
        raise Unknown(value.sql())
    if len(cells) != wide:
        raise Unknown("a row of another width")
    return cells


def _only(query: Any, place: int) -> Any:
    copied = query.copy()
    copied.this.set("expressions", [copied.this.expressions[place]])
    return copied


def _selecting(assigned: Sequence[tuple[str, Any]]) -> Any:
    from sqlglot import exp

    if not assigned:
        return exp.select(exp.alias_(exp.Null(), "c0"))
    return exp.select(*(exp.alias_(value, f"c{place}") for place, (_, value) in enumerate(assigned)))


def _target(tree: Any) -> Any:
    from sqlglot import exp

    return tree.this.this if isinstance(tree.this, exp.Schema) else tree.this


def _returned(tree: Any, columns: Columns) -> Any:
    """What a writing common table expression returns, as a query."""
    from sqlglot import exp

    returning = tree.args.get("returning")
    if returning is None:
        return exp.select(exp.alias_(exp.Null(), "c0"))
    if isinstance(tree, exp.Delete):
        query, changed = _changing(tree, ()), {}
    elif isinstance(tree, exp.Update):
        changed = dict(_assigned(tree.expressions, _target(tree)))
        query = _changing(tree, ())
    elif isinstance(tree, exp.Insert):
        query, changed = _appended(tree, columns), {}
    else:
        raise Unknown("RETURNING")
    query.set("expressions", [new for one in returning.expressions for new in _new(one, tree, changed, columns)])
    return query


def _new(projection: Any, tree: Any, changed: Mapping[str, Any], columns: Columns) -> list[Any]:
    """What ``RETURNING`` gives of an UPDATE: of the columns that it changes, what it makes of them."""
    from sqlglot import exp

    table = _target(tree)
    if not changed:
        return [projection]
    if isinstance(projection, exp.Star) or (projection.is_star and projection.table == table.alias):
        own = [
            exp.alias_(_changed_value(_column(name, table.alias), changed), name, quoted=True)
            for name in columns(table)
        ]
        others = [] if projection.args.get("table") else [source.alias_or_name for source in _sources_of(tree)]
        return own + [exp.Column(this=exp.Star(), table=exp.to_identifier(name, quoted=True)) for name in others]
    if isinstance(projection, exp.Column):
        mine = projection.table in ("", table.alias)
        return [exp.alias_(_changed_value(projection, changed), projection.name, quoted=True) if mine else projection]
    made = projection.copy()
    for column in [one for one in own_columns(made) if one.table in ("", table.alias)]:
        column.replace(_changed_value(column, changed))
    return [made]


def _changed_value(column: Any, changed: Mapping[str, Any]) -> Any:
    from sqlglot import exp

    return exp.Paren(this=changed[column.name].copy()) if column.name in changed else column.copy()


def _sources_of(tree: Any) -> list[Any]:
    """What an UPDATE reads beside its table, in its own order."""
    found = _others(tree)
    return [one for source in found for one in (source, *(join.this for join in source.args.get("joins") or ()))]


def _appended(tree: Any, columns: Columns) -> Any:
    """The new rows under the table's name; a column that is not given has a value of its own, one that was there already what
    ``ON CONFLICT`` makes of it."""
    from sqlglot import exp

    table, names, every = _target(tree), _listed(tree, columns), columns(_target(tree))
    query, clause, conflict = _of_values(tree.expression), tree.args.get("with_"), tree.args.get("conflict")
    cells = [_column(name, "_given") if name in names else exp.Null() for name in every]
    rows = _selecting(list(zip(every, cells, strict=True))).from_(_called(_without_with(query), "_given", names))
    if conflict is not None and conflict.expressions:
        changed = dict(_assigned(conflict.expressions, table))
        after = [(name, changed.get(name, _column(name, table.alias))) for name in every]
        rows = exp.union(rows, _conflicting(tree, conflict, query, names, after), distinct=False)
    if (clause := clause or query.args.get("with_")) is not None:
        rows.set("with_", clause.copy())
    return exp.Select().from_(_called(rows, table.alias, every))


_WRITES: Mapping[str, Callable[[Any, Columns], list[Written]]] = {
    "Insert": _insert,
    "Create": _create,
    "Update": _update,
    "Delete": _delete,
    "Merge": _merge,
}
"""Class of statement -> what it writes, as queries."""
