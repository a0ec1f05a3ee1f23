"""Where the columns of a qualified query come from: one walk over the tree, each name looked up where it is visible."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.lineage.relations import (
    How,
    Origin,
    Relation,
    Unknown,
    derived,
    joined,
    parts_of,
)

if TYPE_CHECKING:
    from sqlglot import exp

_ROUNDS = 20
"""A recursive query's columns are looked up again until nothing is added; the columns of this many tables is enough."""

Env = Mapping[str, Relation]
"""Name -> what it stands for: common table expressions, and the sources of this query and of those around it."""


def relation(node: Any, env: Env) -> Relation:
    """What a query gives.

    :raises Unknown: a part of it is not understood.
    """
    from sqlglot import exp

    visible = {**env, **_expressions(node, env)}
    if isinstance(node, exp.Subquery):
        return relation(node.this, visible)
    if isinstance(node, exp.SetOperation):
        return _combined(node, visible)
    if isinstance(node, exp.Select):
        return _selected(node, visible)
    if isinstance(node, exp.Values):
        return _rows(node, visible)
    raise Unknown(type(node).__name__)


def _expressions(node: Any, env: Env) -> dict[str, Relation]:
    """The common table expressions of a query; a recursive one grows until it holds still."""
    clause = node.args.get("with_")
    found: dict[str, Relation] = {}
    for cte in clause.expressions if clause else ():
        name = cte.alias
        if not clause.args.get("recursive"):
            found[name] = _renamed(relation(cte.this, {**env, **found}), cte)
            continue
        names = [*cte.alias_column_names] or cte.this.named_selects
        grown = Relation(columns=dict.fromkeys(names, frozenset()))
        for _ in range(_ROUNDS):
            again = _renamed(relation(cte.this, {**env, **found, name: grown}), cte)
            if again == grown:
                break
            grown = again
        found[name] = grown
    return found


def _renamed(given: Relation, node: Any) -> Relation:
    """A query under the column names that its alias gives it."""
    names = node.alias_column_names
    if not names or given.made_of is not None:
        return given
    if given.table:
        given = Relation(columns={name: given.column(name) for name in given.names()}, deciders=given.deciders)
    renamed = {**dict(zip(names, given.columns.values(), strict=False))}
    if len(names) > len(given.columns):
        raise Unknown("more names than columns")
    rest = list(given.columns.items())[len(names) :]
    return Relation(columns={**renamed, **dict(rest)}, deciders=given.deciders)


def _combined(node: Any, env: Env) -> Relation:
    from sqlglot import exp

    left, right = relation(node.left, env), relation(node.right, env)
    if not isinstance(node, exp.Union):  # EXCEPT and INTERSECT: the right side only decides
        return Relation(
            columns=left.columns, deciders=left.deciders | right.deciders | derived(How.FILTER, right.all())
        )
    if len(left.columns) != len(right.columns):
        raise Unknown("a union of different widths")
    pairs = zip(left.columns.items(), right.columns.values(), strict=True)
    columns = {name: ours | theirs for (name, ours), theirs in pairs}
    return Relation(columns=columns, deciders=left.deciders | right.deciders | _ordered(node, columns, env))


def _rows(node: Any, env: Env) -> Relation:
    """``VALUES``: column by column."""
    rows = [row.expressions for row in node.expressions]
    columns = [frozenset().union(*(values(cell, env) for cell in cells)) for cells in zip(*rows, strict=True)]
    names = node.alias_column_names or [f"column{place}" for place in range(1, len(columns) + 1)]
    return Relation(columns=dict(zip(names, columns, strict=False)))


def _selected(node: exp.Select, env: Env) -> Relation:
    from sqlglot import exp

    inner, deciders = dict(env), frozenset[Origin]()
    for source in _sources(node):
        deciders |= _add(source, inner)
    columns: dict[str, frozenset[Origin]] = {}
    for place, projection in enumerate(node.expressions):
        name = projection.alias_or_name
        if projection.is_star or not name:
            raise Unknown("columns that are not known")
        columns[f"{name}\0{place}" if name in columns else name] = values(projection, inner)
    for clause, how in _clauses().items():
        found = node.args.get(clause)
        for part in found if isinstance(found, list) else (found,) if found is not None else ():
            deciders |= _deciding(part, inner, columns, how)
    if (group := node.args.get("group")) is not None and group.args.get("all"):
        plain = (projection for projection in node.expressions if projection.find(exp.AggFunc) is None)
        deciders |= derived(How.GROUP_BY, _union(values(projection, inner) for projection in plain))
    if distinct := node.args.get("distinct"):
        deciders |= _deciding(distinct, inner, columns, How.GROUP_BY)
    return Relation(columns=columns, deciders=deciders)


@cache
def _clauses() -> dict[str, How]:
    """Clause of a query -> what its columns decide about all rows."""
    return {
        "where": How.FILTER,
        "group": How.GROUP_BY,
        "having": How.FILTER,
        "qualify": How.FILTER,
        "order": How.SORT,
        "windows": How.WINDOW,
        "limit": How.FILTER,
        "offset": How.FILTER,
    }


def _sources(node: Any) -> Iterator[Any]:
    """``FROM`` and the joins, in the order in which later ones can see earlier ones."""
    begin = node.args.get("from_")
    if begin is not None:
        yield begin.this
    yield from node.args.get("joins") or ()
    yield from node.args.get("laterals") or ()


def _add(source: Any, env: dict[str, Relation]) -> frozenset[Origin]:
    """Make a source visible, with what is joined to it; what decides about its rows and how they are joined."""
    from sqlglot import exp

    if isinstance(source, exp.Subquery) and isinstance(source.this, exp.Table):  # a join in brackets
        return _add(source.this, env)
    if not isinstance(source, exp.Join):
        found = _source(source, env)
        env[source.alias_or_name] = found
        deciders = found.deciders
        for pivot in source.args.get("pivots") or ():
            turned = pivoted(found, pivot, env)
            env[pivot.alias or source.alias_or_name] = found = turned
            deciders |= turned.deciders
        return deciders.union(*(_add(nested, env) for nested in source.args.get("joins") or ()))
    deciders = _add(source.this, env)
    if source.args.get("using") or source.method == "NATURAL":
        raise Unknown("USING over columns that are not known")
    condition = source.args.get("on")
    return deciders | (_deciding(condition, env, {}, How.JOIN) if condition is not None else frozenset())


def _source(node: Any, env: Env) -> Relation:
    from sqlglot import exp

    if isinstance(node, exp.Lateral):
        return _renamed(_source(node.this, env), node)
    if isinstance(node, exp.Table) and isinstance(node.this, exp.Identifier):
        found = env.get(f"{node.db}.{node.name}" if node.db else node.name)
        if found is None:
            raise Unknown(f"table {node.name}")
        return _renamed(found, node)
    if isinstance(node, exp.Subquery):
        return _renamed(relation(node, env), node)
    if isinstance(node, exp.Values):
        return relation(node, env)
    return _rows_of_function(node, env)


def _rows_of_function(node: Any, env: Env) -> Relation:
    """Each column of a function's rows is made of what it is given, which also decides how many rows there are.

    :raises Unknown: a function could read anything, or of several nobody knows which column is whose.
    """
    parts = [part for function in _called(node) for part in _side_by_side(function)]
    if not parts or not all(_is_pure(part) for part in parts):
        raise Unknown(node.sql())
    made = [derived(How.TRANSFORMATION, values(part, env)) for part in parts]
    deciders = derived(How.JOIN, _union(made))
    if (fields := _fields(node, env)) is not None:
        return Relation(columns=fields, deciders=deciders)
    if len(parts) == 1:
        return Relation(made_of=made[0], deciders=deciders)
    names = node.alias_column_names
    if len(names) != len(parts) or not all(_has_one_column(part) for part in parts):
        raise Unknown(node.sql())
    ordinality = node.args.get("offset")
    numbered = {ordinality.name: frozenset[Origin]()} if hasattr(ordinality, "name") else {}
    return Relation(columns={**dict(zip(names, made, strict=True)), **numbered}, deciders=deciders)


def _called(node: Any) -> list[Any]:
    """The functions that a source calls: one, or those of ``ROWS FROM``."""
    from sqlglot import exp

    if not isinstance(node, exp.Table):
        return [node]
    found = [node.this] if node.this is not None else list(node.args.get("rows_from") or ())
    return [part.this if isinstance(part, exp.Table) else part for part in found]


def _side_by_side(function: Any) -> Sequence[Any]:
    """``unnest(a, b)`` as the two that it is: each gives its own column."""
    from sqlglot import exp

    if isinstance(function, exp.Unnest) and len(function.expressions) > 1:
        return [exp.Unnest(expressions=[part.copy()]) for part in function.expressions]
    return [function]


def _has_one_column(function: Any) -> bool:
    """Whether each row of a function has one column; of ``unnest`` so, where it has no composite values."""
    from sqlglot import exp

    return isinstance(function, exp.Unnest) or str(function.name).lower() in _ONE_COLUMN


_ONE_COLUMN = frozenset(
    {"generate_series", "generate_subscripts", "string_to_table", "regexp_matches", "regexp_split_to_table"}
    | {
        f"{kind}_{what}"
        for kind in ("json", "jsonb")
        for what in ("array_elements", "array_elements_text", "object_keys")
    }
)


def _fields(node: Any, env: Env) -> dict[str, frozenset[Origin]] | None:
    """``UNNEST([STRUCT(x AS k), ..])``: each field is made of what is written for it; None for all other sources.

    :raises Unknown: the structs do not have the same names.
    """
    from sqlglot import exp

    given = node.expressions[0] if isinstance(node, exp.Unnest) and len(node.expressions) == 1 else None
    rows = given.expressions if isinstance(given, exp.Array) else ()
    if not rows or not all(isinstance(row, exp.Struct) for row in rows):
        return None
    names = [field.name for field in rows[0].expressions]
    if any(len(row.expressions) != len(names) for row in rows):
        raise Unknown(node.sql())
    cells = [
        [field.expression if isinstance(field, exp.PropertyEQ) else field for field in row.expressions] for row in rows
    ]
    made = [_union(values(row[place], env) for row in cells) for place in range(len(names))]
    return {name: derived(How.TRANSFORMATION, one) for name, one in zip(names, made, strict=True)}


def _is_pure(function: Any) -> bool:
    """Whether a function's rows come from its arguments alone."""
    from sqlglot import exp

    if isinstance(function, exp.Anonymous):
        return str(function.name).lower() in _PURE
    return isinstance(function, exp.Unnest | exp.Func) and not isinstance(function, exp.Dot)


_PURE = frozenset(
    {
        *("generate_series", "generate_subscripts", "unnest", "string_to_table"),
        *("regexp_matches", "regexp_split_to_table", "json_table", "xmltable"),
        *(
            f"{kind}_{name}"
            for kind in ("json", "jsonb")
            for name in (
                *("each", "each_text", "array_elements", "array_elements_text", "object_keys"),
                *("to_record", "to_recordset", "populate_record", "populate_recordset", "path_query"),
            )
        ),
    }
)
"""Functions of PostgreSQL that give rows and read nothing but their arguments."""


def pivoted(found: Relation, pivot: Any, env: Env) -> Relation:
    """What ``PIVOT`` or ``UNPIVOT`` makes of a source."""
    fields: Sequence[Any] = pivot.args.get("fields") or ()
    if len(fields) != 1:
        raise Unknown("PIVOT")
    turn = _unpivoted if pivot.args.get("unpivot") else _pivoted
    return turn(found, pivot, fields[0], env)


def _pivoted(found: Relation, pivot: Any, over: Any, env: Env) -> Relation:
    from sqlglot import exp

    aggregates, named = pivot.expressions, pivot.args.get("columns") or ()
    if not aggregates or not named or len(named) % len(aggregates):
        raise Unknown("PIVOT")
    deciding = derived(How.CONDITIONAL, values(over.this, env))
    used = {column.name for part in (*aggregates, over.this) for column in part.find_all(exp.Column)}
    kept = {name: found.column(name) for name in found.names() if name not in used}
    made = [values(aggregate, env) | deciding for aggregate in aggregates]
    turned = {identifier.name: made[place % len(made)] for place, identifier in enumerate(named)}
    grouping = derived(How.GROUP_BY, frozenset().union(*kept.values()))
    return Relation(columns={**kept, **turned}, deciders=found.deciders | grouping)


def _unpivoted(found: Relation, pivot: Any, over: Any, env: Env) -> Relation:
    from sqlglot import exp

    named = [part.name for given in pivot.expressions for part in (given.expressions or [given])]
    taken = [part.this if isinstance(part, exp.PivotAlias) else part for part in over.expressions]
    rows = [part.expressions if isinstance(part, exp.Tuple) else [part] for part in taken]
    if any(len(row) != len(named) for row in rows):
        raise Unknown("UNPIVOT")
    used = {column.name for row in rows for cell in row for column in cell.find_all(exp.Column)}
    kept = {name: found.column(name) for name in found.names() if name not in used}
    turned = {name: frozenset().union(*(values(row[place], env) for row in rows)) for place, name in enumerate(named)}
    without_nulls = frozenset() if pivot.args.get("include_nulls") else derived(How.FILTER, _union(turned.values()))
    columns = {**kept, **turned, over.this.name: frozenset[Origin]()}
    return Relation(columns=columns, deciders=found.deciders | without_nulls)


def _union(parts: Iterable[frozenset[Origin]]) -> frozenset[Origin]:
    return frozenset().union(*parts)


def _ordered(node: Any, columns: Mapping[str, frozenset[Origin]], env: Env) -> frozenset[Origin]:
    order = node.args.get("order")
    return frozenset() if order is None else _deciding(order, env, columns, How.SORT)


def _deciding(part: Any, env: Env, columns: Mapping[str, frozenset[Origin]], how: How) -> frozenset[Origin]:
    """The columns of a clause; it may name the query's own output too."""
    own = Relation(columns=columns)
    return derived(how, values(part, {**env, "": own}))


def values(node: Any, env: Env, how: How = How.IDENTITY) -> frozenset[Origin]:
    """What the value of an expression is made of, and what decides about it.

    :param how: what happens to it further out.
    """
    from sqlglot import exp

    if isinstance(node, exp.Table):
        return frozenset() if not node.db or f"{node.db}.{node.name}" not in env else _source(node, env).row()
    if isinstance(node, exp.TableColumn):
        return derived(how, _visible(node, node.name, env).row())
    if isinstance(node, exp.Column):
        if not node.table and "" in env and node.name not in env[""].columns and node.name in env:
            return derived(how, env[node.name].row())  # behind GROUP BY, where sqlglot does not tell rows from columns
        source = _visible(node, node.table, env)
        return derived(how, source.row() if isinstance(node.this, exp.Star) else source.column(node.name))
    if isinstance(node, exp.Query):
        inner = relation(node, env)
        return derived(how, inner.all()) | inner.deciders
    if isinstance(node, exp.Dot) and (field := _field(node, env)) is not None:
        return derived(how, field)
    if isinstance(node, exp.WithinGroup):
        return values(node.this, env, how) | _in_order(node, env, how)
    found: frozenset[Origin] = frozenset()
    for key, part in parts_of(node):
        found |= values(part, env, _further(node, key, how))
    return found


def _field(node: Any, env: Env) -> frozenset[Origin] | None:
    """``(o).x``: of a whole row only this column."""
    from sqlglot import exp

    row = node.this.unnest()
    source = env.get(row.name) if isinstance(row, exp.TableColumn) else None
    if source is None or source.made_of is not None or not isinstance(node.expression, exp.Identifier):
        return None
    return source.column(node.name)


def _in_order(node: Any, env: Env, how: How) -> frozenset[Origin]:
    """What ``WITHIN GROUP`` sorts: the values of an aggregate like ``percentile_cont``, or only the order of a list."""
    from sqlglot import exp

    lists = isinstance(node.this, exp.ArrayAgg | exp.GroupConcat)
    further = joined(how, How.SORT if lists else How.AGGREGATION)
    ordered = (one.this if isinstance(one, exp.Ordered) else one for one in node.expression.expressions)
    return frozenset().union(*(values(one, env, further) for one in ordered))


def _visible(node: Any, name: str, env: Env) -> Relation:
    if name not in env:
        raise Unknown(node.sql())
    return env[name]


def _further(node: Any, key: str, how: How) -> How:
    """What happens to a part of an expression."""
    for kind, keys, becomes in _table():
        if isinstance(node, kind) and (not keys or key in keys):
            return joined(how, becomes)
    return joined(how, How.TRANSFORMATION)


@cache
def _table() -> Sequence[tuple[Any, frozenset[str], How]]:
    """Kind of expression, its parts (none: all), and what becomes of them; the first that matches holds."""
    from sqlglot import exp

    rows: Iterable[tuple[Any, str, How]] = (
        ((exp.Alias, exp.Paren, exp.Tuple, exp.Where, exp.Group, exp.Ordered), "", How.IDENTITY),
        (exp.Order, "this", How.IDENTITY),
        (exp.Order, "", How.SORT),
        (exp.Window, "this", How.IDENTITY),
        (exp.Window, "", How.WINDOW),
        (exp.Filter, "this", How.IDENTITY),
        (exp.Filter, "", How.FILTER),
        (exp.If, "this", How.CONDITIONAL),
        (exp.Case, "this", How.CONDITIONAL),
        (exp.Case, "ifs", How.IDENTITY),
        (exp.Exists, "", How.CONDITIONAL),
        ((exp.Lag, exp.Lead, exp.FirstValue, exp.LastValue, exp.NthValue), "", How.TRANSFORMATION),
        (exp.AggFunc, "", How.AGGREGATION),
    )
    return [(kind, frozenset(keys.split()), becomes) for kind, keys, becomes in rows]
