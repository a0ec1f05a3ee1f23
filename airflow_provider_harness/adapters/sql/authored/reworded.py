"""Parts of a rule of SQL in words that mean in another database what PostgreSQL's own mean there."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import cache
from typing import Any

from airflow_provider_harness.adapters.sql.authored.guard import SqlRefused
from airflow_provider_harness.adapters.sql.authored.kinds import DAY, DOCUMENT, LOCAL, MOMENT, SHORT, TIMES, WHOLE, Kind

DAYS, MICROSECONDS, PERCENTILE = "harness_days", "harness_microseconds", "harness_percentile"
"""What PostgreSQL has no function for: ``dialects`` knows them in BigQuery's words."""
_SECOND = 1_000_000
_WITHIN_A_MINUTE = {"SECOND": _SECOND, "MILLISECOND": 1000, "MICROSECOND": 1}
"""Part of a moment -> how many microseconds it counts as one: PostgreSQL's have all digits, and count from the minute's start."""


def reword(tree: Any, kind: Kind, dialect: str) -> None:
    """Put each part that means something else elsewhere in other words, where there are such.

    :raises SqlRefused: there are none for a part of which one might think so.
    """
    for kinds, change, where in _changes():
        if dialect in where:
            for node in reversed(list(tree.find_all(kinds))):
                if (found := change(node, kind, dialect)) is not None and found is not node:
                    node.replace(found)


@cache
def _changes() -> tuple[tuple[Any, Callable[[Any, Kind, str], Any], tuple[str, ...]], ...]:
    """Kind of expression -> the other words, None for its own; in which dialects."""
    from sqlglot import exp

    everywhere, there = ("duckdb", "bigquery"), ("bigquery",)
    return (
        (exp.Div, _whole, everywhere),
        (exp.Extract, _part, everywhere),
        (exp.WithinGroup, _percentile, everywhere),
        (exp.Sub, _days, there),
        (exp.TimeToStr, _written, there),
        (exp.JSONExtractScalar, _text, there),
        (exp.RegexpILike, _any_case, there),
        (exp.Trim, _blanks, there),
        (exp.WidthBucket, _bucket, there),
        (exp.Ordered, _nulls, there),
        ((exp.Greatest, exp.Least), _without_nulls, there),
    )


def _own(name: str, *parts: Any) -> Any:
    from sqlglot import exp

    return exp.Anonymous(this=name, expressions=[part.copy() for part in parts])


def _over(value: Any, number: int) -> Any:
    """A value divided by a whole number, with its fraction."""
    from sqlglot import exp

    return exp.paren(exp.Div(this=exp.cast(value, "DECIMAL"), expression=exp.Literal.number(number)))


def _whole(node: Any, kind: Kind, _dialect: str) -> Any:
    """``1 / 2`` of whole numbers is 0 in PostgreSQL alone."""
    from sqlglot import exp

    if kind(node.this) not in WHOLE or kind(node.expression) not in WHOLE:
        return None
    return exp.cast(exp.IntDiv(this=node.this.copy(), expression=node.expression.copy()), "BIGINT")


def _part(node: Any, kind: Kind, dialect: str) -> Any:
    """A part of a moment: elsewhere seconds are whole, and days of the week are counted from 1."""
    from sqlglot import exp

    name, of = node.this.name.upper(), node.expression
    if per := _WITHIN_A_MINUTE.get(name.removesuffix("S")):
        return _within_a_minute(of, per, dialect)
    if dialect == "duckdb":
        return None
    if name == "EPOCH":
        return _epoch(of, kind)
    day = exp.Extract(this=exp.var("DAYOFWEEK"), expression=of.copy())
    if name == "DOW":
        return exp.paren(day - 1)
    if name == "ISODOW":
        return exp.paren(exp.Mod(this=exp.paren(day + 5), expression=exp.Literal.number(7)) + 1)
    return exp.Extract(this=exp.var("DAYOFYEAR"), expression=of.copy()) if name == "DOY" else None


def _within_a_minute(of: Any, per: int, dialect: str) -> Any:
    from sqlglot import exp

    if dialect == "duckdb":
        counted = exp.Extract(this=exp.var("MICROSECONDS"), expression=of.copy())
    else:
        moment = exp.cast(of.copy(), "TIMESTAMPTZ")
        begun = exp.func("DATE_TRUNC", exp.Literal.string("minute"), moment.copy(), dialect="postgres")
        counted = _own(MICROSECONDS, moment, begun)
    return counted if per == 1 else _over(counted, per)


def _epoch(of: Any, kind: Kind) -> Any:
    """Seconds since 1970, or of the time between two moments, with their fraction."""
    from sqlglot import exp

    between = of.unnest()
    if isinstance(between, exp.Sub) and kind(between.this) == kind(between.expression) in (MOMENT, LOCAL):
        first, last = (exp.cast(one.copy(), "TIMESTAMPTZ") for one in (between.this, between.expression))
        return _over(_own(MICROSECONDS, first, last), _SECOND)
    if kind(of) not in TIMES:
        return None
    return _over(exp.func("UNIX_MICROS", exp.cast(of.copy(), "TIMESTAMPTZ")), _SECOND)


def _percentile(node: Any, _kind: Kind, dialect: str) -> Any:
    """PostgreSQL's ``percentile_cont`` is a binary number, and no decimal of the column's digits."""
    from sqlglot import exp

    if not isinstance(node.this, exp.PercentileCont):
        return None
    for ordered in node.expression.expressions:
        ordered.set("this", exp.cast(ordered.this.copy(), "DOUBLE"))
    return node if dialect == "duckdb" else _by_window(node)


_SOURCES = ("from_", "joins", "laterals", "where")
"""The parts of a SELECT that say which rows it reads."""


def _by_window(node: Any) -> Any:
    """BigQuery's ``percentile_cont`` is a window function: a query of its own over the same rows."""
    from sqlglot import exp

    query, filtered = node.find_ancestor(exp.Select), node.parent if isinstance(node.parent, exp.Filter) else None
    [ordered] = node.expression.expressions
    share = node.this.this
    if query is None or query.args.get("group") or query.args.get("having") or not share.is_number:
        raise SqlRefused("asks for percentile_cont of groups, or for several at once: ask for one, of all rows")
    at = 1 - Decimal(share.name) if ordered.args.get("desc") else Decimal(share.name)
    rows = query.copy().args
    asked = _own(PERCENTILE, ordered.this, exp.Literal.number(str(at)))
    one = exp.Select(expressions=[asked], **{part: rows[part] for part in _SOURCES if rows.get(part)})
    if filtered is not None:
        one = one.where(filtered.expression.this.copy())
    found = exp.Subquery(this=one.limit(1))
    (filtered or node).replace(found)
    if not _aggregates(query):
        for part in _SOURCES:
            query.set(part, None)
    return node


def _aggregates(query: Any) -> bool:
    """Whether a query has aggregates of its own rows left."""
    from sqlglot import exp

    return any(one.find_ancestor(exp.Select) is query for each in query.selects for one in each.find_all(exp.AggFunc))


def _days(node: Any, kind: Kind, _dialect: str) -> Any:
    """BigQuery's difference of two dates is an interval, and PostgreSQL's a number of days."""
    is_days = kind(node) == SHORT and kind(node.this) == DAY
    return _own(DAYS, node.this, node.expression) if is_days else None


_FORMATS = {MOMENT: "FORMAT_TIMESTAMP", LOCAL: "FORMAT_DATETIME", DAY: "FORMAT_DATE"}


def _written(node: Any, kind: Kind, _dialect: str) -> Any:
    name = _FORMATS.get(kind(node.this))
    if name is None:
        raise SqlRefused("writes something by to_char that may be no date or moment: write to_char(x::date, 'YYYY-MM')")
    return _own(name, node.args["format"], node.this)


def _text(node: Any, kind: Kind, _dialect: str) -> Any:
    """BigQuery's text of an object or an array in JSON is null."""
    from sqlglot import exp

    if (
        kind(node.this) != DOCUMENT
        or isinstance(node.parent, exp.Case)
        or isinstance(node.find_ancestor(exp.If), exp.If)
    ):
        return None
    whole = exp.JSONExtract(this=node.this.copy(), expression=node.expression.copy(), only_json_types=True)
    large = exp.func("JSON_TYPE", whole).isin("object", "array")
    return exp.case().when(large, _own("TO_JSON_STRING", whole)).else_(node.copy())


def _any_case(node: Any, _kind: Kind, _dialect: str) -> Any:
    from sqlglot import exp

    if not node.expression.is_string:
        return None
    return exp.RegexpLike(this=node.this.copy(), expression=exp.Literal.string(f"(?i){node.expression.name}"))


def _blanks(node: Any, _kind: Kind, _dialect: str) -> Any:
    """PostgreSQL cuts off blanks alone, BigQuery tabs and line breaks, too."""
    from sqlglot import exp

    if node.expression is None:
        node.set("expression", exp.Literal.string(" "))
    return node


def _bucket(node: Any, _kind: Kind, _dialect: str) -> Any:
    """The bucket among bounds that are listed; the form with a number of buckets is rounded as the database pleases."""
    bounds = node.args.get("threshold")
    return None if bounds is None else _own("RANGE_BUCKET", node.this, bounds)


def _nulls(node: Any, _kind: Kind, _dialect: str) -> Any:
    """Within an aggregate or a window BigQuery's nulls are the least values, whatever is said."""
    from sqlglot import exp

    order, down = node.parent, bool(node.args.get("desc"))
    first = bool(node.args.get("nulls_first"))
    if isinstance(order.parent, exp.Select | exp.SetOperation | exp.Subquery | exp.WithinGroup) or first != down:
        return None
    node.set("nulls_first", not down)  # as BigQuery has it; the key before it tells nulls apart
    empty = exp.Ordered(this=exp.paren(node.this.copy()).is_(exp.null()), desc=down or None, nulls_first=not down)
    order.set("expressions", [each for one in order.expressions for each in ((empty, one) if one is node else (one,))])
    return node


def _without_nulls(choice: Any, _kind: Kind, _dialect: str) -> Any:
    """BigQuery's greatest and least are null where one value is."""
    from sqlglot import exp

    most = exp.Max if isinstance(choice, exp.Greatest) else exp.Min
    values = exp.array(choice.this.copy(), *(one.copy() for one in choice.expressions))
    listed = exp.Unnest(
        expressions=[values], alias=exp.TableAlias(this="harness_vs", columns=[exp.to_identifier("harness_v")])
    )
    return exp.Subquery(this=exp.select(most(this=exp.column("harness_v"))).from_(listed))
