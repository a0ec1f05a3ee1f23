"""A bound statement made ready for sqlglot to resolve its columns: what it would take for something else is made plain."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Any

from airflow_provider_harness.adapters.lineage.relations import Unknown, parts_of

Columns = Callable[[str], Collection[str] | None]

PSEUDO = ("_partitiontime", "_partitiondate", "_table_suffix", "_file_name")
"""Columns that a table of BigQuery has and a star does not give."""


def make_resolvable(tree: Any, dialect: str, columns: Columns) -> None:
    """Spell out what is left to the reader of a statement.

    :param columns: ``h.tN`` -> its columns; None where nobody knows them.
    :raises Unknown: a name could be a column or a whole row, and nobody knows which.
    """
    from sqlglot import exp

    for column in list(tree.find_all(exp.Column)):
        if _is_default(column):
            column.replace(exp.Null())
    for star in [dot for dot in tree.find_all(exp.Dot) if isinstance(dot.expression, exp.Star)]:
        _spell_star(star)
    for rows in list(tree.find_all(exp.Values)):
        _name_values(rows)
    for pivot in tree.find_all(exp.Pivot) if dialect == "bigquery" else ():
        for column in pivot.args.get("columns") or ():
            column.set("this", f"_{column.name}" if column.name[:1].isdigit() else column.name)
    for select in list(tree.find_all(exp.Select)):
        _spell_windows(select)
        _place_arguments(select, columns)
        _name_rows_of_functions(select, dialect)
        _tell_rows_from_columns(select, columns)
        _take_the_only_source(select, columns)
        if dialect == "bigquery":
            _spell_value(select)
        else:
            _place_sorted(select, columns)


def _is_default(column: Any) -> bool:
    return len(column.parts) == 1 and column.name.lower() == "default" and not column.this.args.get("quoted")


def _spell_star(dot: Any) -> None:
    """``(o).*`` is ``o.*``, where ``o`` is a source."""
    from sqlglot import exp

    row, select = dot.this.unnest(), dot.find_ancestor(exp.Select)
    named = () if select is None else {source.alias_or_name for source in sources(select)}
    if isinstance(row, exp.Column) and len(row.parts) == 1 and row.name in named:
        dot.replace(exp.Column(this=exp.Star(), table=row.this.copy()))


def _name_values(rows: Any) -> None:
    """``VALUES`` without names for its columns has PostgreSQL's."""
    from sqlglot import exp

    alias: Any = rows.args.get("alias")
    first = rows.expressions[0] if rows.expressions else None
    if alias is not None and not alias.args.get("columns") and isinstance(first, exp.Tuple):
        names = [exp.to_identifier(f"column{place}") for place in range(1, len(first.expressions) + 1)]
        alias.set("columns", names)


def _spell_windows(select: Any) -> None:
    """``OVER w`` with what ``w`` stands for: a named window decides about those who use it, and about nothing else."""
    from sqlglot import exp

    named = {window.name: window for window in select.args.get("windows") or ()}
    if not named:
        return
    select.set("windows", None)
    for window in [*named.values(), *(node for node in select.find_all(exp.Window) if node.alias in named)]:
        begun: Any = named.get(window.alias)
        for key in ("partition_by", "order", "spec") if begun is not None else ():
            held = begun.args.get(key)
            if held and not window.args.get(key):
                window.set(key, [part.copy() for part in held] if isinstance(held, list) else held.copy())


def sources(select: Any) -> Iterator[Any]:
    """``FROM`` and everything joined to it."""
    begin = select.args.get("from_")
    if begin is not None:
        yield begin.this
        yield from (join.this for join in begin.this.args.get("joins") or ())
    yield from (join.this for join in select.args.get("joins") or ())
    yield from select.args.get("laterals") or ()


def own_columns(select: Any) -> Iterator[Any]:
    """The columns that a query, or an expression, names itself, not those of queries within it."""
    from sqlglot import exp

    whole = isinstance(select, exp.Query)
    stack = [part for key, part in parts_of(select) if key != "with_"] if whole else [select]
    while stack:
        node = stack.pop()
        if isinstance(node, exp.Column):
            yield node
        elif not isinstance(node, exp.Query):
            stack += [part for _, part in parts_of(node)]


def _name_rows_of_functions(select: Any, dialect: str) -> None:
    """In PostgreSQL ``unnest(x) AS tag`` has one column ``tag``, if ``x`` is of scalars, and ``tag`` is its row else:
    either way it is made of the same."""
    from sqlglot import exp

    if dialect == "bigquery":
        return
    named = {source.alias for source in sources(select) if is_function(source) and source.alias}
    for column in list(select.find_all(exp.Column)):
        if len(column.parts) == 1 and column.name in named:
            column.set("table", exp.to_identifier(column.name, quoted=True))


def is_function(source: Any) -> bool:
    """Whether a source is a function that gives rows."""
    from sqlglot import exp

    if isinstance(source, exp.Lateral):
        return not isinstance(source.this, exp.Subquery)
    return isinstance(source, exp.Unnest) or (
        isinstance(source, exp.Table) and not isinstance(source.this, exp.Identifier)
    )


def _place_arguments(select: Any, columns: Columns) -> None:
    """What a function that gives rows is given is a column of the only other source, where nothing else can be meant."""
    from sqlglot import exp

    rows = [source for source in sources(select) if is_function(source)]
    others = [source for source in sources(select) if not is_function(source)]
    if len(rows) != 1 or len(others) != 1 or not _stands_alone(select):
        return
    source = others[0]
    for column in list(own_columns(rows[0])):
        if len(column.parts) > 1 or column.is_star:
            continue
        if column.name == source.alias_or_name and column.name not in _named(source, columns):
            column.replace(exp.TableColumn(this=column.this.copy()))
        else:
            column.set("table", exp.to_identifier(source.alias_or_name, quoted=True))


def _place_sorted(select: Any, columns: Columns) -> None:
    """In PostgreSQL ``ORDER BY y`` sorts by the output ``y``, and ``ORDER BY y + 1`` by the column ``y`` of a source."""
    from sqlglot import exp

    order = select.args.get("order")
    outputs = {one.alias for one in select.expressions if isinstance(one, exp.Alias)}
    for value in (one.this.unnest() for one in order.expressions) if order is not None else ():
        for column in () if isinstance(value, exp.Column) else list(own_columns(value)):
            if len(column.parts) > 1 or column.name not in outputs:
                continue
            holders = [source for source in sources(select) if column.name in _named(source, columns)]
            if len(holders) != 1:
                raise Unknown(f"what {column.name} is by which rows are sorted")
            column.set("table", exp.to_identifier(holders[0].alias_or_name, quoted=True))


def _spell_value(select: Any) -> None:
    """``SELECT AS VALUE STRUCT(a AS k, b)`` gives the columns of the value, not the value."""
    from sqlglot import exp

    if str(select.args.get("kind")).upper() != "VALUE":
        return
    value = select.expressions[0].unalias() if len(select.expressions) == 1 else None
    if not isinstance(value, exp.Struct):
        raise Unknown("the columns of a value")
    select.set("kind", None)
    select.set("expressions", [_field(one) for one in value.expressions])


def _field(one: Any) -> Any:
    from sqlglot import exp

    if not isinstance(one, exp.PropertyEQ):
        return one
    return exp.alias_(one.expression.copy(), one.this.copy())


def _named(source: Any, columns: Columns) -> Collection[str]:
    """The columns of a source, as far as they are named.

    :raises Unknown: nobody knows them.
    """
    from sqlglot import exp

    if isinstance(source, exp.Table) and source.db and (found := columns(_key(source))) is not None:
        return found
    held = _expression_of(source) if isinstance(source, exp.Table) else source
    if isinstance(held, exp.Subquery | exp.CTE) and not any(one.is_star for one in held.this.selects):
        return source.alias_column_names or held.alias_column_names or held.this.named_selects
    raise Unknown(f"the columns of {source.alias_or_name}")


def _expression_of(table: Any) -> Any:
    """The common table expression that a name means, by the name of its own that it was given."""
    from sqlglot import exp

    named = (cte for cte in table.root().find_all(exp.CTE) if cte.alias == table.name)
    return None if table.db else next(named, None)


def _tell_rows_from_columns(select: Any, columns: Columns) -> None:
    """``SELECT o FROM o`` gives rows, unless ``o`` has a column of that name."""
    named = {source.alias_or_name: source for source in sources(select)}
    if all(_is_known(source, columns) for source in named.values()):
        return
    for column in own_columns(select):
        if len(column.parts) == 1 and column.name in named and not is_function(named[column.name]):
            raise Unknown(f"{column.name}: a column or a row")


def _is_known(source: Any, columns: Columns) -> bool:
    from sqlglot import exp

    return (
        is_function(source) or not isinstance(source, exp.Table) or not source.db or columns(_key(source)) is not None
    )


def _key(table: Any) -> str:
    return f"{table.db}.{table.name}"


def _take_the_only_source(select: Any, columns: Columns) -> None:
    """A table of which nobody knows the columns, alone in a query that no other one surrounds with names of its own, has
    every column that is named there."""
    from sqlglot import exp

    found = [source for source in sources(select) if isinstance(source, exp.Table) and source.db]
    if len(found) != 1 or is_function(found[0]):
        return
    for column in own_columns(select):
        if len(column.parts) == 1 and column.name in PSEUDO:
            column.set("table", exp.to_identifier(found[0].alias_or_name, quoted=True))
    if len(list(sources(select))) != 1 or columns(_key(found[0])) is not None or not _stands_alone(select):
        return
    outputs = {projection.alias for projection in select.expressions if isinstance(projection, exp.Alias)}
    for column in own_columns(select):
        may_be_output = column.name in outputs and _clause(column, select) in ("group", "having", "order", "qualify")
        if len(column.parts) == 1 and not column.is_star and not may_be_output:
            column.set("table", exp.to_identifier(found[0].alias_or_name, quoted=True))


def _clause(node: Any, select: Any) -> str:
    while node.parent is not select:
        node = node.parent
    return str(node.arg_key)


def _stands_alone(select: Any) -> bool:
    """Whether a query can see no source but its own: a statement, a common table expression, a source that is not lateral."""
    from sqlglot import exp

    node: Any = select
    while isinstance(node.parent, exp.SetOperation):
        node = node.parent
    holder: Any = node.parent
    around: Any = None if holder is None else holder.parent
    if isinstance(holder, exp.Subquery):
        return isinstance(around, exp.From | exp.Join) and _stands_alone(around.parent)
    if isinstance(holder, exp.CTE):
        return _stands_alone(around.parent)
    return holder is None or isinstance(holder, exp.Insert | exp.Create)
