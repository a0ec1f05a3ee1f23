"""Statements of the checks in other dialects: sqlglot translates, and what it leaves as it was is put right here."""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any

from airflow_provider_harness.adapters.sql.authored.guard import printed_alike
from airflow_provider_harness.adapters.sql.authored.reworded import DAYS, MICROSECONDS, PERCENTILE
from airflow_provider_harness.core.contracts.pattern import re2


@lru_cache(maxsize=512)
def translate(sql: str, dialect: str) -> str:
    """A PostgreSQL statement in another dialect.

    :raises SqlRefused: there, it would be another statement, or do more than read.
    """
    import sqlglot
    from sqlglot import exp

    tree = sqlglot.parse_one(sql, read="postgres")
    change = {"duckdb": _duckdb, "bigquery": _bigquery}[dialect]
    return printed_alike(tree.transform(lambda node: change(node, exp)), dialect)


def _duckdb(node: Any, exp: Any) -> Any:
    if _is_type_of(node, exp):
        # without precision and scale, as pg_typeof has it
        return exp.func(
            "regexp_replace", exp.func("typeof", *node.expressions), exp.Literal.string("\\(.*"), _text("", exp)
        )
    if isinstance(node, exp.RegexpLike) and not node.args.get("flag"):
        node.set("flag", _text("s", exp))  # a dot is a line break too, as it is in PostgreSQL
        if isinstance(node.expression, exp.Literal):
            node.set("expression", _text(re2(node.expression.name), exp))
    if isinstance(node, exp.Like | exp.ILike) and not isinstance(node.parent, exp.Escape):
        like = node.copy()
        for part in ("this", "expression"):  # what is replaced is not looked into
            like.set(part, like.args[part].transform(lambda one: _duckdb(one, exp)))
        return exp.Escape(this=like, expression=_text("\\", exp))  # which DuckDB has only where it is said
    if _is_nan(node, exp) and node.expression.to.this in _decimals(exp):
        return exp.false()  # a decimal of DuckDB's is always a number
    return node


def _is_nan(node: Any, exp: Any) -> bool:
    """Whether a value is compared with NaN."""
    right = node.expression if isinstance(node, exp.EQ) else None
    return isinstance(right, exp.Cast) and right.this.name.lower() == "nan" and right.this.is_string


def _decimals(exp: Any) -> tuple[Any, ...]:
    return exp.DataType.Type.DECIMAL, exp.DataType.Type.BIGDECIMAL


def _nan_in_bigquery(node: Any, exp: Any) -> Any:
    """BigQuery's NaN is over nothing and equals nothing; in PostgreSQL it is over every number."""
    if _is_nan(node, exp):
        return exp.false() if node.expression.to.this in _decimals(exp) else exp.func("IS_NAN", node.this)
    over = (
        isinstance(node, exp.GT | exp.GTE) and isinstance(node.expression, exp.Cast) and node.expression.this.is_string
    )
    if over and node.expression.to.this in (exp.DataType.Type.DOUBLE, exp.DataType.Type.FLOAT):
        left, right = (part.transform(lambda one: _bigquery(one, exp)) for part in (node.this, node.expression))
        return exp.paren(exp.or_(type(node)(this=left, expression=right), exp.func("IS_NAN", left.copy())))
    return node


def _single(node: Any, exp: Any) -> Any:
    """A number of single precision, which BigQuery has not: the double that it is."""
    try:
        number = struct.unpack("f", struct.pack("f", float(node.this.name)))[0]
    except (ValueError, OverflowError):
        return node
    return exp.cast(_text(repr(number), exp), "DOUBLE")


def _bigquery(node: Any, exp: Any) -> Any:
    return next((change(node, exp) for kind, change in _in_bigquery() if isinstance(node, kind)), node)


def _own(node: Any, exp: Any) -> Any:
    """A function that is no database's: see ``inside.WRITTEN`` and ``authored.reworded``."""
    change = _OWN.get(str(node.this).lower())
    return node if change is None else change(node, exp)


def _written(node: Any, exp: Any) -> Any:
    """A statement that is in BigQuery's words already."""
    from sqlglot import parse_one

    return exp.paren(parse_one(node.expressions[0].name, read="bigquery"))


def _parts(node: Any, exp: Any) -> list[Any]:
    return [
        part.transform(lambda one: _bigquery(one, exp)) for part in node.expressions
    ]  # what is replaced is not looked into


def _days(node: Any, exp: Any) -> Any:
    return exp.Anonymous(this="DATE_DIFF", expressions=[*_parts(node, exp), exp.var("DAY")])


def _microseconds(node: Any, exp: Any) -> Any:
    return exp.Anonymous(this="TIMESTAMP_DIFF", expressions=[*_parts(node, exp), exp.var("MICROSECOND")])


def _percentile(node: Any, exp: Any) -> Any:
    return exp.Window(this=exp.Anonymous(this="PERCENTILE_CONT", expressions=_parts(node, exp)))


_OWN = {
    "harness_written": _written,
    DAYS: _days,
    MICROSECONDS: _microseconds,
    PERCENTILE: _percentile,
}


def _cte(node: Any, _exp: Any) -> Any:
    node.set("materialized", None)
    return node


def _quantile(node: Any, exp: Any) -> Any:
    """An approximation: BigQuery's exact percentile is a window function."""
    if not isinstance(node.this, exp.PercentileDisc):
        return node
    share = round(1000 * float(node.this.this.name))
    ordered = node.expression.expressions[0].this
    return exp.Bracket(
        this=exp.func("APPROX_QUANTILES", ordered, exp.Literal.number(1000)),
        expressions=[exp.Anonymous(this="OFFSET", expressions=[exp.Literal.number(share)])],
    )


def _pattern(node: Any, exp: Any) -> Any:
    if isinstance(node.expression, exp.Literal):
        node.set("expression", _text(f"(?s){re2(node.expression.name)}", exp))
    return node


def _concat(node: Any, exp: Any) -> Any:
    separator, *parts = node.expressions
    words = [part.this if isinstance(part, exp.Coalesce) else part for part in parts]
    words = [word.transform(lambda one: _bigquery(one, exp)) for word in words]  # what is replaced is not looked into
    return exp.func("ARRAY_TO_STRING", exp.array(*words), separator)  # which leaves nulls out, too


def _json(node: Any, exp: Any) -> Any:
    return exp.DataType.build("JSON") if node.this == exp.DataType.Type.JSONB else node


def _epoch(node: Any, exp: Any) -> Any:
    if node.this.name.upper() == "WEEK":
        node.set("this", exp.var("ISOWEEK"))  # BigQuery's own begin on Sunday
    if node.this.name.upper() != "EPOCH":
        return node
    return exp.Anonymous(this="UNIX_SECONDS", expressions=[exp.cast(node.expression, "TIMESTAMPTZ")])


def _weeks(node: Any, exp: Any) -> Any:
    if node.args.get("unit") is not None and node.args["unit"].name.upper() == "WEEK":
        node.set("unit", exp.var("ISOWEEK"))
    return node


def _of_ten(node: Any, exp: Any) -> Any:
    """BigQuery's logarithm without a base is the natural one."""
    if node.args.get("expression") is None:
        return exp.Log(this=exp.Literal.number(10), expression=node.this.copy())
    return node


def _cast(node: Any, exp: Any) -> Any:
    is_single = node.to.this == exp.DataType.Type.FLOAT and node.this.is_string
    return _single(node, exp) if is_single else node


def _number(node: Any, exp: Any) -> Any:
    if node.is_string or "." not in node.name or not _compared(node, exp):
        return node
    return exp.cast(_text(node.name, exp), "BIGDECIMAL")  # as it is written, and no binary number


def _in_query(node: Any, exp: Any) -> Any:
    if isinstance(node.this, exp.Tuple) and node.args.get("query"):
        query = node.args["query"].this
        query.set("expressions", [exp.func("STRUCT", *(part.copy() for part in query.expressions))])
    return node


@cache
def _in_bigquery() -> tuple[tuple[Any, Callable[[Any, Any], Any]], ...]:
    """Kind of expression -> what it is in BigQuery; the first that fits."""
    from sqlglot import exp

    return (
        (exp.Anonymous, _own),
        (exp.CTE, _cte),
        (exp.WithinGroup, _quantile),
        (exp.RegexpLike, _pattern),
        (exp.ConcatWs, _concat),
        (exp.DataType, _json),
        (exp.Extract, _epoch),
        ((exp.TimestampTrunc, exp.DateTrunc), _weeks),
        (exp.Log, _of_ten),
        ((exp.EQ, exp.GT, exp.GTE), _nan_in_bigquery),
        (exp.Cast, _cast),
        (exp.Literal, _number),
        (exp.In, _in_query),
    )


def _compared(node: Any, exp: Any) -> bool:
    """Whether a number is compared, or is what another must be a multiple of."""
    return isinstance(node.parent, exp.Mod | exp.LT | exp.LTE | exp.GT | exp.GTE | exp.EQ | exp.NEQ | exp.In)


def _is_type_of(node: Any, exp: Any) -> bool:
    return isinstance(node, exp.Anonymous) and str(node.this).lower() == "pg_typeof"


def _text(value: str, exp: Any) -> Any:
    return exp.Literal.string(value)
