"""What an engine calls a column of a query that has no name of its own."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

UNNAMED = "?column?"
NOBODY_KNOWS = "?"
"""Begins the name of a column whose name is not known for sure."""

_CALLED = re.compile(r"([a-z_][a-z0-9_]*)\s*\(")
_TYPES: Mapping[str, str] = {
    "INT": "int4",
    "BIGINT": "int8",
    "SMALLINT": "int2",
    "DECIMAL": "numeric",
    "DOUBLE": "float8",
    "FLOAT": "float4",
    "BOOLEAN": "bool",
    "CHAR": "bpchar",
    "VARBINARY": "bytea",
}
"""Types of sqlglot whose name in PostgreSQL is not theirs in small letters."""


def name_outputs(tree: Any, sql: str, dialect: str) -> None:
    """Give every column of every query the name that the engine gives it."""
    from sqlglot import exp

    called = frozenset((*_CALLED.findall(sql.lower()), *(("%",) if "%" in sql else ())))
    for select in tree.find_all(exp.Select):
        nameless = 0
        for place, projection in enumerate(select.expressions):
            if _is_named(projection):
                continue
            if dialect == "bigquery":
                name, nameless = f"f{nameless}_", nameless + 1
            else:
                found = _figured(projection, called)[0]
                name = f"{NOBODY_KNOWS}{place}" if found is None else found or UNNAMED
            projection.replace(exp.alias_(projection.copy(), exp.to_identifier(name, quoted=True)))


def _is_named(projection: Any) -> bool:
    from sqlglot import exp

    return (
        isinstance(projection, exp.Alias | exp.Aliases | exp.Column | exp.Star)
        or projection.is_star
        or (isinstance(projection, exp.Dot) and isinstance(projection.expression, exp.Identifier))
    )


def _figured(node: Any, called: frozenset[str]) -> tuple[str | None, int]:
    """PostgreSQL's name of an expression, and how strong it is: 2 for its own, 1 for that of a type, 0 for none.

    None stands for a name that the tree does not tell.
    """
    from sqlglot import exp

    for kinds, figure in _figures():
        if isinstance(node, kinds):
            return figure(node, called)
    if isinstance(node, exp.Trim):
        return {"LEADING": "ltrim", "TRAILING": "rtrim"}.get(str(node.args.get("position")).upper(), "btrim"), 2
    if type(node).__name__ in _FIXED:
        return _FIXED[type(node).__name__], 2
    if isinstance(node, exp.Binary | exp.Unary | exp.Predicate | exp.Condition) and not isinstance(node, exp.Func):
        return "", 0
    if type(node).__name__.startswith("JSON") and not any(name.startswith("json") for name in called):
        return "", 0  # an operator
    return (_of_function(node, called), 2) if isinstance(node, exp.Func) else ("", 0)


_Figured = tuple[str | None, int]


def _of_column(node: Any, _called: frozenset[str]) -> _Figured:
    return str(node.args["table"].name if node.is_star and node.args.get("table") else node.alias_or_name), 2


def _of_dot(node: Any, called: frozenset[str]) -> _Figured:
    from sqlglot import exp

    return _figured(node.expression, called) if isinstance(node.expression, exp.Func) else (node.name, 2)


def _of_cast(node: Any, called: frozenset[str]) -> _Figured:
    from sqlglot import exp

    if isinstance(node.this, exp.IntDiv):
        return "div", 2
    inner = _figured(node.this, called)
    return inner if inner[1] == 2 else (_of_type(node.to), 1)


def _of_case(node: Any, called: frozenset[str]) -> _Figured:
    inner = _figured(node.args["default"], called) if node.args.get("default") else ("", 0)
    return inner if inner[1] == 2 else ("case", 1)


def _of_query(node: Any, called: frozenset[str]) -> _Figured:
    return _figured(node.selects[0], called) if node.selects else ("", 0)


def _of_inner(node: Any, called: frozenset[str]) -> _Figured:
    return _figured(node.this, called)


@cache
def _figures() -> tuple[tuple[Any, Callable[[Any, frozenset[str]], _Figured]], ...]:
    """Kind of expression -> how its name is found; the first that fits."""
    from sqlglot import exp

    return (
        ((exp.Column, exp.Alias), _of_column),
        (exp.Dot, _of_dot),
        (exp.Cast, _of_cast),
        (exp.Case, _of_case),
        ((exp.Mod, exp.Extract), _of_twins),
        (exp.Query, _of_query),
        (_seen_through(), _of_inner),
    )


_FIXED: Mapping[str, str] = {
    "Coalesce": "coalesce",
    "Greatest": "greatest",
    "Least": "least",
    "Nullif": "nullif",
    "Exists": "exists",
    "Array": "array",
    "Tuple": "row",
    "AtTimeZone": "timezone",
    "Interval": "interval",
    "TimeToStr": "to_char",
    "GroupConcat": "string_agg",
    "And": "",
    "Or": "",
    "Not": "",
}
"""Class of expression -> what PostgreSQL calls it."""


@cache
def _seen_through() -> tuple[Any, ...]:
    """What has the name of what it is about."""
    from sqlglot import exp

    return (exp.Paren, exp.Window, exp.Filter, exp.WithinGroup, exp.Collate, exp.Bracket, exp.IgnoreNulls, exp.Order)


def _of_twins(node: Any, called: frozenset[str]) -> tuple[str | None, int]:
    """``mod(a, b)`` and ``a % b``, ``extract`` and ``date_part``, which the tree does not tell apart."""
    from sqlglot import exp

    function, other = ("mod", "%") if isinstance(node, exp.Mod) else ("date_part", "extract")
    if function in called:
        return (None if other in called else function), 2
    return ("", 0) if other == "%" else (other, 2)


def _of_type(kind: Any) -> str:
    if kind.args.get("nested") and kind.expressions:
        return _of_type(kind.expressions[0])
    name = kind.this.value if hasattr(kind.this, "value") else str(kind.this)
    return _TYPES.get(name, name.lower())


def _of_function(node: Any, called: frozenset[str]) -> str | None:
    """The name by which a function was called, of those that the parser takes for the same."""
    from sqlglot import exp

    if isinstance(node, exp.Anonymous | exp.AnonymousAggFunc):
        return str(node.name).lower()
    written = node.sql(dialect="postgres").partition("(")[0].lower()
    same = {name.lower() for name in node.sql_names()} | {written} | _ALSO.get(type(node).__name__, frozenset())
    found = same & called
    if not found and isinstance(node, exp.Binary):
        return ""  # an operator
    return found.pop() if len(found) == 1 else None


_ALSO: Mapping[str, frozenset[str]] = {
    "Substring": frozenset({"substr", "substring"}),
    "Length": frozenset({"length", "char_length", "character_length"}),
    "Pow": frozenset({"pow", "power"}),
    "Ceil": frozenset({"ceil", "ceiling"}),
    "StrPosition": frozenset({"strpos", "position"}),
    "LogicalAnd": frozenset({"bool_and", "every"}),
    "LogicalOr": frozenset({"bool_or"}),
    "Variance": frozenset({"variance", "var_samp"}),
    "VariancePop": frozenset({"var_pop"}),
    "Stddev": frozenset({"stddev"}),
    "StddevSamp": frozenset({"stddev_samp", "stddev"}),
    "TimestampTrunc": frozenset({"date_trunc"}),
    "DateTrunc": frozenset({"date_trunc"}),
    "ArrayAgg": frozenset({"array_agg"}),
}
"""Class of function -> the names of PostgreSQL that are parsed as it."""
