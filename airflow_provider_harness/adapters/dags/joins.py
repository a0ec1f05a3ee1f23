"""Joins of a query: their conditions, the types that they compare, and rows that they repeat."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from airflow_provider_harness.adapters.dags.statements import table_name

Saw = tuple[str, Any, str]
"""Rule, node, message."""
_KEY = re.compile(r"(?i)^(?P<of>\w+?)_(?:id|key|sk)$")


def scopes(tree: Any) -> Iterator[Any]:
    """Every SELECT of a statement."""
    from sqlglot import exp

    yield from tree.find_all(exp.Select)


def aggregates(node: Any) -> bool:
    from sqlglot import exp

    return any(
        one.find_ancestor(exp.Window, exp.Subquery) is None
        for one in node.find_all(exp.AggFunc)
        if not inside(one, node)
    )


def inside(one: Any, node: Any) -> bool:
    """Whether a query of its own, or a window, stands between the two."""
    from sqlglot import exp

    while one is not node and one is not None:
        one = one.parent
        if isinstance(one, exp.Window | exp.Subquery | exp.Select):
            return True
    return False


def joins(tree: Any) -> Iterator[Saw]:
    """Joins without a condition."""
    from sqlglot import exp

    for select in scopes(tree):
        where = select.args.get("where")
        for join in select.args.get("joins") or ():
            told = (
                join.args.get("on")
                or join.args.get("using")
                or str(join.args.get("method") or "").upper() in ("NATURAL", "ASOF")
            )
            kind = str(join.args.get("kind") or "").upper()
            if told or isinstance(join.this, exp.Lateral | exp.Unnest) or _depends(join.this):
                if (
                    join.args.get("on") is not None
                    and join.args["on"].sql().upper() in ("TRUE", "1 = 1")
                    and not isinstance(join.this, exp.Lateral | exp.Subquery)
                ):
                    yield "HL103", join, f"the join with {join.this.alias_or_name} has a condition that is always true"
                continue
            if kind == "CROSS" or str(join.args.get("side") or ""):
                continue
            name = join.this.alias_or_name
            linked = where is not None and any(
                c.table == name
                for eq in where.find_all(exp.EQ)
                for c in eq.find_all(exp.Column)
                if len({x.table for x in eq.find_all(exp.Column)}) > 1
            )
            unqualified = where is not None and any(
                not c.table
                for eq in where.find_all(exp.EQ)
                for c in eq.find_all(exp.Column)
                if len(list(eq.find_all(exp.Column))) > 1
            )
            if not linked and not unqualified and not _single(join.this):
                yield "HL103", join, f"nothing joins {name or 'a table'} to the rest"


def _depends(node: Any) -> bool:
    from sqlglot import exp

    if isinstance(node, exp.Table) and isinstance(node.this, exp.Func):
        return True
    return isinstance(node, exp.Table) and not isinstance(node.this, exp.Identifier)


def _single(node: Any) -> bool:
    """A subquery that gives one row: an aggregate without groups, or LIMIT 1."""
    from sqlglot import exp

    inner = node.this if isinstance(node, exp.Subquery) else None
    if not isinstance(inner, exp.Select):
        return isinstance(node, exp.Table) and node.find_ancestor(exp.With) is None and bool(_cte(node))
    return _gives_one(inner)


def _cte(node: Any) -> bool:
    from sqlglot import exp

    root = node.root()
    found = (cte.this for cte in root.find_all(exp.CTE) if cte.alias_or_name == node.name)
    return any(isinstance(one, exp.Select) and _gives_one(one) for one in found)


def _gives_one(select: Any) -> bool:
    limit = select.args.get("limit")
    if limit is not None and limit.expression is not None and limit.expression.name == "1":
        return True
    return not select.args.get("group") and any(aggregates(one) for one in select.expressions)


def types(tree: Any) -> Iterator[Saw]:
    """Joins whose sides are cast to different types."""
    from sqlglot import exp

    for select in scopes(tree):
        inner = {one.alias_or_name: inner_of(one, tree) for one in sources_of(select)}
        for join in select.args.get("joins") or ():
            on = join.args.get("on")
            for equal in on.find_all(exp.EQ) if on is not None else ():
                kinds = [_cast_kind(_origin(side, inner)) for side in (equal.left, equal.right)]
                if all(kinds) and kinds[0] != kinds[1]:
                    yield "HL116", equal, f"{equal.sql()} compares {kinds[0]} with {kinds[1]}"


def _origin(node: Any, inner: dict[str, Any]) -> Any:
    """What a column is in the subquery that gives it; anything else is itself."""
    from sqlglot import exp

    query = inner.get(node.table) if isinstance(node, exp.Column) else None
    shown = query.expressions if isinstance(query, exp.Select) else ()
    return next((one.unalias() for one in shown if one.alias_or_name == node.name), node)


def _cast_kind(node: Any) -> str:
    """``text``, ``a number`` or ``a time`` where a value is cast to one."""
    from sqlglot import exp

    if not isinstance(node, exp.Cast):
        return ""
    known = exp.DataType
    kinds = (("text", known.TEXT_TYPES), ("a number", known.NUMERIC_TYPES), ("a time", known.TEMPORAL_TYPES))
    return next((word for word, members in kinds if node.to.this in members), "")


def fan_out(tree: Any) -> Iterator[Saw]:
    """Sums and counts of one table's columns, behind a join that has several rows for each of its rows."""
    from sqlglot import exp

    for select in scopes(tree):
        yield from _fanned_inside(select, tree)
        many = many_sides(select)
        if not many:
            continue
        names = {table.alias_or_name for table in sources_of(select)}
        for call in (one for shown in select.expressions for one in shown.find_all(exp.Sum, exp.Avg, exp.Count)):
            if isinstance(call.this, exp.Distinct) or call.find_ancestor(exp.Window, exp.Select) is not select:
                continue
            of = {column.table for column in call.find_all(exp.Column)} & names
            for one, several in many.items():
                if of == {one} and several and not isinstance(call, exp.Count):
                    yield "HL104", call, f"{call.sql()} counts a row of {one} once for each row of {several[0]}"
                if of and of <= set(several) and len(several) > 1:
                    other = next(s for s in several if s not in of)
                    yield (
                        "HL104",
                        call,
                        f"{call.sql()}: each row of {', '.join(sorted(of))} is repeated for each row of {other}",
                    )


def _fanned_inside(select: Any, tree: Any) -> Iterator[Saw]:
    """Sums over a subquery whose join repeats the rows that are summed."""
    from sqlglot import exp

    sources = sources_of(select)
    inner = inner_of(sources[0], tree) if len(sources) == 1 else None
    if not isinstance(inner, exp.Select) or inner.args.get("group") or inner.args.get("distinct"):
        return
    if any(inner.find_all(exp.Window)) or inner.args.get("qualify"):
        return  # it may keep one row of each
    of = {one.alias_or_name: one.unalias() for one in inner.expressions}
    many = many_sides(inner)
    for call in (one for shown in select.expressions for one in shown.find_all(exp.Sum, exp.Avg)):
        summed = of.get(call.this.name) if isinstance(call.this, exp.Column) else None
        if isinstance(summed, exp.Column) and summed.table in many:
            yield (
                "HL104",
                call,
                f"{call.sql()} counts a row of {summed.table} once for each row of {many[summed.table][0]}",
            )


def inner_of(source: Any, tree: Any) -> Any:
    """The query behind a source: a subquery, or a CTE of that name."""
    from sqlglot import exp

    if isinstance(source, exp.Subquery):
        return source.this
    ctes = {cte.alias_or_name: cte.this for cte in tree.find_all(exp.CTE)}
    return ctes.get(source.name) if isinstance(source, exp.Table) else None


def sources_of(select: Any) -> list[Any]:
    first = select.args.get("from_") or select.args.get("from")
    return ([first.this] if first is not None else []) + [join.this for join in select.args.get("joins") or ()]


def many_sides(select: Any) -> dict[str, list[str]]:
    """Table -> the tables that have several rows for one of it, by the names of the keys: ``orders.id = lines.order_id``."""
    from sqlglot import exp

    found: dict[str, list[str]] = {}
    base = {source.alias_or_name: source for source in sources_of(select)}
    for join in select.args.get("joins") or ():
        pair = _one_pair(select, join)
        if pair is None:
            continue
        for one, other in (pair, pair[::-1]):
            if one.table not in base or other.table not in base or not isinstance(base[other.table], exp.Table):
                continue
            if (
                _is_key_of(one, base[one.table])
                and not _is_key_of(other, base[other.table])
                and other.table == join.this.alias_or_name
            ):
                found.setdefault(one.table, []).append(other.table)
    return found


def _one_pair(select: Any, join: Any) -> tuple[Any, Any] | None:
    """The two columns by which a join compares; None where it compares others, too.

    A column that must have one value (``b.kind = 'home'``) may make the rows of the joined table one for each key,
    unless the query itself counts them.
    """
    from sqlglot import exp

    using: list[Any] = list(join.args.get("using") or ())
    if len(using) == 1:
        return _by_name(select, join, using[0].name)
    on = join.args.get("on")
    equals = list(on.find_all(exp.EQ)) if on is not None and not on.find(exp.Or) else []
    pairs = [one for one in equals if isinstance(one.left, exp.Column) and isinstance(one.right, exp.Column)]
    if len(pairs) != 1:
        return None
    name = join.this.alias_or_name
    counted = (c for shown in select.expressions for c in shown.find_all(exp.Count, exp.Sum))
    if len(equals) > 1 and not any(column.table == name for c in counted for column in c.find_all(exp.Column)):
        return None
    return pairs[0].left, pairs[0].right


def _by_name(select: Any, join: Any, name: str) -> tuple[Any, Any]:
    """The two columns of ``USING (name)``; the first is that of the table whose key it is, else of the first one."""
    from sqlglot import exp

    def column(source: Any) -> Any:
        return exp.column(name, table=source.alias_or_name)

    others = [one for one in sources_of(select) if one is not join.this]
    owner = next((one for one in others if isinstance(one, exp.Table) and _is_key_of(column(one), one)), others[0])
    return column(owner), column(join.this)


def _is_key_of(column: Any, source: Any) -> bool:
    """By its name: ``id``, or the table's own name with ``_id``."""
    name, table = column.name.lower(), table_name(source).rpartition(".")[2]
    stems = {table, table.removesuffix("s"), table.removesuffix("es"), re.sub("ies$", "y", table)}
    stems |= {re.sub(r"^(?:dim|fact|fct|stg|raw|src)_", "", stem) for stem in stems}
    said = _KEY.match(name)
    return name in ("id", "key", "pk") or bool(said and said["of"] in stems)
