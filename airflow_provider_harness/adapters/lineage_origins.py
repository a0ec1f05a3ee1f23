"""Where the columns of a qualified query come from: one walk over the tree, each name looked up where it is visible."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from airflow_provider_harness.core.lineage import Transformation

if TYPE_CHECKING:
    from sqlglot import exp

How = Transformation
_STRENGTH = (How.IDENTITY, How.TRANSFORMATION, How.AGGREGATION)
_ROUNDS = 20
"""A recursive query's columns are looked up again until nothing is added; the columns of this many tables is enough."""


class Unknown(Exception):
    """Something is not known for sure, so nothing is said."""


class Origin(NamedTuple):
    """A column of a table, and how it comes into, or decides about, what is looked at.

    :param table: ``schema.table``.
    """

    table: str
    column: str
    how: How


@dataclass(slots=True, kw_only=True)
class Relation:
    """What can be selected from.

    :param columns: of a query: output column -> its origins.
    :param table: of a table: any column is one of its own.
    :param made_of: of a function's rows: any column comes from these.
    :param deciders: what decides about its rows.
    """

    columns: Mapping[str, frozenset[Origin]] = field(default_factory=dict)
    table: str = ""
    made_of: frozenset[Origin] | None = None
    deciders: frozenset[Origin] = frozenset()

    def column(self, name: str) -> frozenset[Origin]:
        """Where one column comes from."""
        if self.table:
            return frozenset({Origin(self.table, name, How.IDENTITY)})
        if self.made_of is not None:
            return self.made_of
        if name not in self.columns:
            raise Unknown(f"column {name}")
        return self.columns[name]

    def all(self) -> frozenset[Origin]:
        """Where all columns together come from."""
        return frozenset().union(*self.columns.values(), self.made_of or ())


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
    if not names or not given.columns:
        return given
    renamed = {**dict(zip(names, given.columns.values(), strict=False))}
    return Relation(columns=renamed, deciders=given.deciders)


def _combined(node: Any, env: Env) -> Relation:
    from sqlglot import exp

    left, right = relation(node.left, env), relation(node.right, env)
    if not isinstance(node, exp.Union):  # EXCEPT and INTERSECT: the right side only decides
        return Relation(columns=left.columns, deciders=left.deciders | right.deciders | _as(How.FILTER, right.all()))
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
    if node.args.get("pivots"):
        raise Unknown("PIVOT")
    inner, deciders = dict(env), frozenset[Origin]()
    for source in _sources(node):
        deciders |= _add(source, inner)
    columns: dict[str, frozenset[Origin]] = {}
    for projection in node.expressions:
        name = projection.alias_or_name
        if projection.is_star or not name or name in columns:
            raise Unknown("a column without a name of its own")
        columns[name] = values(projection, inner)
    for clause, how in _clauses().items():
        found = node.args.get(clause)
        for part in found if isinstance(found, list) else (found,) if found is not None else ():
            deciders |= _deciding(part, inner, columns, how)
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
        return found.deciders.union(*(_add(nested, env) for nested in source.args.get("joins") or ()))
    deciders = _add(source.this, env)
    if source.args.get("using"):
        raise Unknown("USING over columns that are not known")
    condition = source.args.get("on")
    return deciders | (_deciding(condition, env, {}, How.JOIN) if condition is not None else frozenset())


def _source(node: Any, env: Env) -> Relation:
    from sqlglot import exp

    if node.args.get("pivots"):
        raise Unknown("PIVOT")
    if isinstance(node, exp.Lateral):
        return _renamed(_source(node.this, env), node)
    if isinstance(node, exp.Table) and isinstance(node.this, exp.Identifier):
        if not node.db and node.name in env:
            return _renamed(env[node.name], node)
        return Relation(table=f"{node.db or 'public'}.{node.name}")
    if isinstance(node, exp.Subquery):
        return _renamed(relation(node, env), node)
    if isinstance(node, exp.Values):
        return relation(node, env)
    # a function that gives rows: each of its columns is made of what it is given
    made = frozenset().union(*(values(part, env) for part in node.args.values() if isinstance(part, exp.Expression)))
    made |= frozenset().union(*(values(part, env) for part in node.expressions))
    return Relation(made_of=_as(How.TRANSFORMATION, made))


def _ordered(node: Any, columns: Mapping[str, frozenset[Origin]], env: Env) -> frozenset[Origin]:
    order = node.args.get("order")
    return frozenset() if order is None else _deciding(order, env, columns, How.SORT)


def _deciding(part: Any, env: Env, columns: Mapping[str, frozenset[Origin]], how: How) -> frozenset[Origin]:
    """The columns of a clause; it may name the query's own output too."""
    own = Relation(columns=columns)
    return _as(how, values(part, {**env, "": own}))


def values(node: Any, env: Env, how: How = How.IDENTITY) -> frozenset[Origin]:
    """What the value of an expression is made of, and what decides about it.

    :param how: what happens to it further out.
    """
    from sqlglot import exp

    if isinstance(node, exp.Column):
        if node.table not in env:
            raise Unknown(node.sql())
        return _as(how, env[node.table].column(node.name))
    if isinstance(node, exp.Query):
        inner = relation(node, env)
        return _as(how, inner.all()) | inner.deciders
    found: frozenset[Origin] = frozenset()
    for key, part in _parts(node):
        found |= values(part, env, _further(node, key, how))
    return found


def _parts(node: Any) -> Iterator[tuple[str, Any]]:
    from sqlglot import exp

    for key, held in node.args.items():
        for part in held if isinstance(held, list) else (held,):
            if isinstance(part, exp.Expression):
                yield key, part


def _further(node: Any, key: str, how: How) -> How:
    """What happens to a part of an expression."""
    for kind, keys, becomes in _table():
        if isinstance(node, kind) and (not keys or key in keys):
            return _joined(how, becomes)
    return _joined(how, How.TRANSFORMATION)


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
        (exp.WithinGroup, "this", How.IDENTITY),
        (exp.WithinGroup, "", How.SORT),
        (exp.If, "this", How.CONDITIONAL),
        (exp.Case, "this", How.CONDITIONAL),
        (exp.Case, "ifs", How.IDENTITY),
        (exp.Exists, "", How.CONDITIONAL),
        ((exp.Lag, exp.Lead, exp.FirstValue, exp.LastValue, exp.NthValue), "", How.TRANSFORMATION),
        (exp.AggFunc, "", How.AGGREGATION),
    )
    return [(kind, frozenset(keys.split()), becomes) for kind, keys, becomes in rows]


def _joined(outer: How, inner: How) -> How:
    """Two things that happen one after the other."""
    if not outer.direct or not inner.direct:
        return inner if outer.direct else outer
    return max(outer, inner, key=_STRENGTH.index)


def _as(how: How, origins: Iterable[Origin]) -> frozenset[Origin]:
    """What comes of origins to which something more happens."""
    return frozenset(Origin(one.table, one.column, _joined(how, one.how)) for one in origins)
