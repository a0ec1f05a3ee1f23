"""What is wrong with a query by itself, whatever the tables are: joins, groups, nulls, bounds, chance."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from airflow_provider_harness.adapters.dags.joins import (
    Saw,
    aggregates,
    fan_out,
    joins,
    scopes,
    sources_of,
    types,
)
from airflow_provider_harness.adapters.dags.statements import SLICE

_CLOCKS = ("CurrentTimestamp", "CurrentDate", "CurrentDatetime", "CurrentTime", "Localtimestamp", "Localtime")
_CLOCK_NAMES = (
    "NOW",
    "GETDATE",
    "SYSDATE",
    "CURRENT_TIMESTAMP",
    "CLOCK_TIMESTAMP",
    "TODAY",
    "UTC_TIMESTAMP",
    "SYSTIMESTAMP",
)
_CUTS = (
    "Date",
    "TsOrDsToDate",
    "TimestampTrunc",
    "DateTrunc",
    "Lower",
    "Upper",
    "Extract",
    "Year",
    "Month",
    "Day",
    "Substring",
    "DateToDi",
)
_MOMENT = re.compile(r"(?i)(?:_at|_ts|timestamp|time|_time|datetime|date_time|moment|_hour)$")


def groups(tree: Any) -> Iterator[Saw]:
    """Columns that are neither grouped nor aggregated."""
    from sqlglot import exp

    for select in scopes(tree):
        shown = [one.unalias() for one in select.expressions]
        group = select.args.get("group")
        if not group and not any(aggregates(one) for one in shown):
            continue
        if group and (
            group.args.get("all")
            or group.args.get("cube")
            or group.args.get("rollup")
            or group.args.get("grouping_sets")
        ):
            continue
        grouped = _grouped(select, group)
        if group and any(
            isinstance(one, exp.Column) and re.search(r"(?i)(?:^|_)(?:id|key|code)$", one.name) for one in grouped[0]
        ):
            continue  # a key may stand for the rest of its row
        for one in shown:
            if isinstance(one, exp.Star) or (isinstance(one, exp.Column) and isinstance(one.this, exp.Star)):
                yield "HL102", one, "* stands beside an aggregate"
            loose = next(_loose(one, grouped), None)
            if loose is not None:
                yield "HL102", loose, f"{loose.sql()} is neither in GROUP BY nor inside an aggregate"
                break


def _grouped(select: Any, group: Any) -> tuple[list[Any], set[str]]:
    from sqlglot import exp

    nodes: list[Any] = []
    for one in group.expressions if group else ():
        if isinstance(one, exp.Literal) and not one.is_string and int(one.name) <= len(select.expressions):
            nodes.append(select.expressions[int(one.name) - 1].unalias())
        else:
            nodes.append(one)
    names = {one.sql().lower() for one in nodes} | {one.name.lower() for one in nodes if isinstance(one, exp.Column)}
    for shown in select.expressions:
        if isinstance(shown, exp.Alias) and shown.alias.lower() in names:
            nodes.append(shown.this)
            names.add(shown.this.sql().lower())
    return nodes, names


def _loose(node: Any, grouped: tuple[list[Any], set[str]]) -> Iterator[Any]:
    """Columns of an expression that are not covered."""
    from sqlglot import exp

    if node.sql().lower() in grouped[1] or isinstance(node, exp.AggFunc | exp.Window | exp.Subquery | exp.Select):
        return
    if isinstance(node, exp.Anonymous | exp.Exists):
        return
    if isinstance(node, exp.Filter | exp.WithinGroup):
        yield from _loose(node.this, grouped)
        return
    if isinstance(node, exp.Column):
        if node.name.lower() not in grouped[1] and not isinstance(node.this, exp.Star):
            yield node
        return
    for child in node.iter_expressions():
        yield from _loose(child, grouped)


def stars(tree: Any) -> Iterator[Saw]:
    """SELECT *, written or read."""
    from sqlglot import exp

    outer = tree.args.get("expression") if not isinstance(tree, exp.Query) else tree
    writes = isinstance(tree, exp.Insert | exp.Create) and isinstance(outer, exp.Query)
    temporary = any(
        type(p).__name__ == "TemporaryProperty" for p in getattr(tree.args.get("properties"), "expressions", ())
    )
    if not isinstance(outer, exp.Query):
        return
    for select in [outer] if isinstance(outer, exp.Select) else list(outer.find_all(exp.Select))[:1]:
        star = next(
            (one for one in select.expressions if one.is_star and not isinstance(one.unalias(), exp.Count)), None
        )
        if star is None or _of_named(select, tree):
            continue
        if writes and not temporary:
            yield "HS101", select, "SELECT * is written into a table"
        else:
            yield "HS102", select, "SELECT * is read"


def _of_named(select: Any, tree: Any) -> bool:
    """Whether the star is over a query that names its columns."""
    from sqlglot import exp

    sources = sources_of(select)
    ctes = {cte.alias_or_name: cte.this for cte in tree.find_all(exp.CTE)}
    inner = [
        s.this if isinstance(s, exp.Subquery) else ctes.get(s.alias_or_name, ctes.get(getattr(s, "name", "")))
        for s in sources
    ]
    return bool(inner) and all(
        isinstance(one, exp.Select) and not any(e.is_star for e in one.expressions) for one in inner
    )


def nulls(tree: Any) -> Iterator[Saw]:
    """NOT IN a query, comparisons with NULL, filters on the outer side of a join."""
    from sqlglot import exp

    for node in tree.find_all(exp.Not):
        inner = node.this.unnest() if isinstance(node.this, exp.Paren) else node.this
        query = inner.args.get("query") if isinstance(inner, exp.In) else None
        select = query.find(exp.Select) if query is not None else None
        if select is not None and not _never_null(select):
            yield "HS103", node, f"{inner.this.sql()} NOT IN (SELECT ...): one NULL in it, and no row is found"
        if isinstance(inner, exp.In) and any(isinstance(one, exp.Null) for one in inner.expressions):
            yield "HS103", node, "NOT IN a list with NULL finds no row"
    yield from _none_of(tree)
    for node in tree.find_all(exp.EQ, exp.NEQ, exp.GT, exp.LT):
        if isinstance(node.find_ancestor(exp.Update, exp.Where, exp.Join, exp.Set), exp.Update) or isinstance(
            node.parent, exp.Update
        ):
            continue  # SET column = NULL
        if isinstance(node.right, exp.Null) or isinstance(node.left, exp.Null):
            yield "HS104", node, f"{node.sql()} is never true"
    yield from _outer(tree)


def _none_of(tree: Any) -> Iterator[Saw]:
    """Lists and queries in which one NULL decides."""
    from sqlglot import exp

    for node in tree.find_all(exp.NEQ):
        every = node.right.this if isinstance(node.right, exp.All) else None
        select = every.find(exp.Select) if every is not None else None
        if select is not None and not _never_null(select):
            yield "HS103", node, f"{node.left.sql()} <> ALL (SELECT ...): one NULL in it, and no row is found"
    for node in tree.find_all(exp.In):
        outer = node.parent.parent if isinstance(node.parent, exp.Paren) else node.parent
        if any(isinstance(one, exp.Null) for one in node.expressions) and not isinstance(outer, exp.Not):
            yield "HS104", node, f"{node.sql()} never finds the rows where {node.this.sql()} is NULL"


def _never_null(select: Any) -> bool:
    from sqlglot import exp

    where = select.args.get("where")
    text = where.sql().upper() if where is not None else ""
    return "IS NULL" in text or "IS NOT NULL" in text or bool(select.find(exp.Coalesce))


def _outer(tree: Any) -> Iterator[Saw]:
    from sqlglot import exp

    for select in scopes(tree):
        where = select.args.get("where")
        sides = _optional(select)
        if where is None or not sides:
            continue
        for part in where.this.flatten() if isinstance(where.this, exp.And) else [where.this]:
            if not isinstance(
                part, exp.EQ | exp.GT | exp.GTE | exp.LT | exp.LTE | exp.Between | exp.In | exp.Like | exp.NEQ
            ):
                continue
            of = {c.table for c in part.find_all(exp.Column)}
            if len(of) == 1 and of <= sides and not part.find(exp.Coalesce, exp.Case, exp.Is):
                yield (
                    "HS105",
                    part,
                    f"{part.sql()} leaves out the rows that the outer join kept without a partner in {next(iter(of))}",
                )


def _optional(select: Any) -> set[str]:
    """The sources that give NULL where a row has no partner in them."""
    found: set[str] = set()
    before = [one.alias_or_name for one in sources_of(select)[:1]]
    for join in select.args.get("joins") or ():
        side = str(join.args.get("side") or "").upper()
        found |= {join.this.alias_or_name} if side == "LEFT" else set(before) if side == "RIGHT" else set()
        before.append(join.this.alias_or_name)
    return found


def bounds(tree: Any) -> Iterator[Saw]:
    """Slices of which both bounds are in, clocks in filters, functions around filtered columns."""
    from sqlglot import exp

    for node in tree.find_all(exp.Between):
        low, high = node.args["low"].sql(), node.args["high"].sql()
        whole = re.search(r"\bds'?$", low) and re.search(r"ds_add_ds_1'?$", high)
        if whole or (re.search(r"data_interval_end|slice_end|next_|interval_end|end_ts", high) and SLICE.search(low)):
            yield "HS106", node, "BETWEEN has both bounds of the slice in it"
    for node in tree.find_all(exp.LTE, exp.GTE):
        later = node.right if isinstance(node, exp.LTE) else node.left
        if re.search(r"data_interval_end|slice_end", later.sql()) and node.find(exp.Column):
            yield "HS106", node, f"{node.sql()}: the end belongs to the next slice"
    for where in tree.find_all(exp.Where, exp.Join):
        scope = where.this if isinstance(where, exp.Where) else where.args.get("on")
        clock = next(_clocks(scope), None) if scope is not None else None
        if clock is not None:
            yield "HS107", clock, f"the filter takes its time from {clock.sql()}"
        if isinstance(where, exp.Where):
            yield from _hidden(where)


def _clocks(node: Any) -> Iterator[Any]:
    from sqlglot import exp

    for one in node.walk():
        if type(one).__name__ in _CLOCKS or (isinstance(one, exp.Anonymous) and one.name.upper() in _CLOCK_NAMES):
            yield one
        if isinstance(one, exp.Column) and one.name.upper() in ("SYSDATE", "CURRENT_DATE") and not one.table:
            yield one


def _hidden(where: Any) -> Iterator[Saw]:
    from sqlglot import exp

    for node in where.find_all(exp.EQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Between, exp.In):
        left = node.this
        cut = left if type(left).__name__ in _CUTS else None
        cast = left if isinstance(left, exp.Cast) and str(left.to).upper() == "DATE" else None
        column = left.find(exp.Column) if cut is not None or cast is not None else None
        if column is None:
            continue
        yield "HP104", node, f"{left.sql()} hides {column.sql()} from indexes and partitions"
        whole = cast is not None or type(left).__name__ in _WHOLE_DAYS
        if whole and _MOMENT.search(column.name) and not _zoned(left):
            yield "HS108", node, f"which day {column.sql()} lies in depends on the session's time zone"


def days(tree: Any) -> Iterator[Saw]:
    """Moments that are cut to a day in what a query gives or groups by."""
    from sqlglot import exp

    for select in scopes(tree):
        group = select.args.get("group")
        for shown in (*select.expressions, *(group.expressions if group else ())):
            node = shown.unalias()
            cast = isinstance(node, exp.Cast) and str(node.to).upper() == "DATE"
            column = node.find(exp.Column) if cast or type(node).__name__ in _WHOLE_DAYS else None
            if column is not None and _MOMENT.search(column.name) and not _zoned(node):
                yield "HS108", node, f"which day {column.sql()} lies in depends on the session's time zone"


_WHOLE_DAYS = ("Date", "TsOrDsToDate", "TimestampTrunc", "DateTrunc")


def _zoned(node: Any) -> bool:
    from sqlglot import exp

    return bool(node.find(exp.AtTimeZone) or node.args.get("zone"))


def chance(tree: Any) -> Iterator[Saw]:
    """What is kept by chance: a LIMIT or a first row without an order."""
    from sqlglot import exp

    writes = isinstance(tree, exp.Insert | exp.Create | exp.Merge)
    for node in tree.find_all(exp.Window):
        kind = type(node.this).__name__
        named = bool(node.alias)  # WINDOW w AS (...) says the order
        if kind in ("RowNumber", "FirstValue", "LastValue", "Lag", "Lead") and not node.args.get("order") and not named:
            yield "HL111", node, f"{node.this.sql()} has no ORDER BY"
    for select in scopes(tree):
        distinct = select.args.get("distinct")
        if distinct is not None and distinct.args.get("on") is not None and not select.args.get("order"):
            yield "HL111", select, "DISTINCT ON has no ORDER BY"
        limit = select.args.get("limit")
        if (
            writes
            and limit is not None
            and not select.args.get("order")
            and str(getattr(limit.expression, "name", "")) != "0"
        ):
            yield "HL112", select, f"{limit.sql()} has no ORDER BY"


def numbers(tree: Any) -> Iterator[Saw]:
    """Whole numbers that are divided, averages of averages."""
    from sqlglot import exp

    whole = (exp.Count, exp.CountIf)
    for node in tree.find_all(exp.Div):
        left, right = _bare(node.left), _bare(node.right)
        if (isinstance(left, whole) or _counts(left)) and (isinstance(right, whole) or _counts(right)):
            yield "HL113", node, f"{node.sql()} divides whole numbers"
    inner = {
        one.alias
        for sub in tree.find_all(exp.Subquery, exp.CTE)
        for s in [sub.this]
        if isinstance(s, exp.Select)
        for one in s.expressions
        if isinstance(one, exp.Alias) and isinstance(one.this, exp.Avg)
    }
    for node in tree.find_all(exp.Avg):
        if isinstance(node.this, exp.Avg) or (isinstance(node.this, exp.Column) and node.this.name in inner):
            yield "HS120", node, f"{node.sql()} is an average of averages"


def _counts(node: Any) -> bool:
    """A sum of whole numbers that stand in the text: ``sum(CASE WHEN ... THEN 1 ELSE 0 END)``."""
    from sqlglot import exp

    case = node.this if isinstance(node, exp.Sum) else None
    if not isinstance(case, exp.Case):
        return False
    values = [one.args.get("true") for one in case.args.get("ifs") or ()] + [case.args.get("default")]
    return all(one is None or (isinstance(one, exp.Literal) and one.is_int) for one in values)


def _bare(node: Any) -> Any:
    from sqlglot import exp

    while isinstance(node, exp.Paren | exp.Nullif | exp.Filter):
        node = node.this
    return node


def unions(tree: Any) -> Iterator[Saw]:
    """Unions whose sides have another number of columns."""
    from sqlglot import exp

    for node in tree.find_all(exp.SetOperation):
        sides = [one.unnest() if isinstance(one, exp.Subquery) else one for one in (node.left, node.right)]
        counts = [
            len(one.expressions)
            for one in sides
            if isinstance(one, exp.Select) and not any(e.is_star for e in one.expressions)
        ]
        if len(counts) == 2 and counts[0] != counts[1]:
            yield "HL114", node, f"one side has {counts[0]} columns, the other {counts[1]}"


def changes(tree: Any) -> Iterator[Saw]:
    """Whole tables that are changed; values by place; rows that are never corrected."""
    from sqlglot import exp

    if isinstance(tree, exp.Update | exp.Delete) and not tree.args.get("where") and not tree.args.get("from_"):
        yield "HS112", tree, f"{type(tree).__name__.upper()} has no WHERE"
    if (
        isinstance(tree, exp.Insert)
        and not isinstance(tree.this, exp.Schema)
        and tree.args.get("expression") is not None
    ):
        yield "HS116", tree, "INSERT names no columns"
    conflict = tree.args.get("conflict") if isinstance(tree, exp.Insert) else None
    if conflict is not None and "NOTHING" in conflict.sql().upper():
        yield "HS118", tree, "ON CONFLICT DO NOTHING keeps the first version of a row"
    on = tree.args.get("on") if isinstance(tree, exp.Merge) else None
    if on is not None and not any(len(list(eq.find_all(exp.Column))) > 1 for eq in on.find_all(exp.EQ)):
        yield "HL115", tree, f"MERGE ON {tree.args['on'].sql()} compares no key"


RULES: tuple[Callable[[Any], Iterator[Saw]], ...] = (
    groups,
    joins,
    types,
    fan_out,
    stars,
    nulls,
    bounds,
    days,
    chance,
    numbers,
    unions,
    changes,
)
