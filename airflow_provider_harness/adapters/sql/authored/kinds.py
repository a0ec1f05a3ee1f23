"""What an expression of a rule gives, as far as the contract's columns tell."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from airflow_provider_harness.adapters.sql.values import Family, family, kind_of
from airflow_provider_harness.core.contracts.contract import Contract

SHORT, LONG, BINARY, DECIMAL, TEXT, OTHER, UNKNOWN = "short", "long", "binary", "decimal", "text", "other", ""
"""An integer whose sum is one too, a longer one, a binary number, a decimal, a text, anything else; nobody knows."""
DAY, MOMENT, LOCAL, DOCUMENT = "day", "moment", "local", "document"
"""A date, a moment with its zone, one without, and JSON."""
WHOLE, TIMES = (SHORT, LONG), (DAY, MOMENT, LOCAL)
_FAMILIES: Mapping[Family, str] = {
    Family.WHOLE: SHORT,
    Family.BINARY: BINARY,
    Family.DECIMAL: DECIMAL,
    Family.TEXT: TEXT,
    Family.DATE: DAY,
    Family.JSON: DOCUMENT,
}
_STRONGER = (BINARY, DECIMAL, OTHER, DOCUMENT, MOMENT, LOCAL, DAY, TEXT, LONG, SHORT)
"""What several values together are: the first of these that one of them is."""
Kind = Callable[[Any], str]


def kinds_of(tree: Any, contract: Contract) -> Kind:
    """What tells the kind of each expression of a query; a name that the query gives to something of its own tells nothing."""
    from sqlglot import exp

    given = {
        one.alias for one in tree.find_all(exp.Alias) if one.unalias().name != one.alias and one.parent is not tree
    }
    given |= {column.name for one in tree.find_all(exp.TableAlias) for column in one.args.get("columns") or ()}

    def kind(node: Any) -> str:
        if isinstance(node, exp.Column):
            return UNKNOWN if node.name in given or _is_of_another(node) else _of_column(node.name, contract)
        return _kind(node, kind)

    return kind


def _is_of_another(column: Any) -> bool:
    """Whether a column is one of a table that is not judged, or may be."""
    from sqlglot import exp

    from airflow_provider_harness.adapters.sql.checks import JUDGED

    scope = column.find_ancestor(exp.Select)
    sources = (
        {} if scope is None else {one.alias_or_name: one for one in scope.find_all(exp.Table) if _within(one, scope)}
    )
    asked = [sources[column.table]] if column.table in sources else [] if column.table else list(sources.values())
    return any(one.db or one.name not in JUDGED for one in asked if one.name not in _named(column))


def _within(table: Any, scope: Any) -> bool:
    from sqlglot import exp

    return table.find_ancestor(exp.Select) is scope


def _named(node: Any) -> set[str]:
    """What the query calls tables of its own."""
    from sqlglot import exp

    return {one.alias for one in node.root().find_all(exp.CTE)}


def of_type(to: Any) -> str:
    """What a cast gives."""
    from sqlglot import exp

    types = exp.DataType.Type
    known = {
        **dict.fromkeys((types.INT, types.SMALLINT), SHORT),
        types.BIGINT: LONG,
        **dict.fromkeys((types.DOUBLE, types.FLOAT), BINARY),
        types.DECIMAL: DECIMAL,
        types.DATE: DAY,
        types.TIMESTAMPTZ: MOMENT,
        types.TIMESTAMP: LOCAL,
        **dict.fromkeys((types.JSON, types.JSONB), DOCUMENT),
        **dict.fromkeys(exp.DataType.TEXT_TYPES, TEXT),
    }
    return known.get(to.this, OTHER)


def _kind(node: Any, kind: Kind) -> str:
    """What an expression that is no column gives."""
    from sqlglot import exp

    if isinstance(node, exp.Cast):
        return of_type(node.to)
    if isinstance(node, exp.Literal):
        return TEXT if node.is_string else DECIMAL if set(node.name) & set(".eE") else SHORT
    if isinstance(node, exp.Sum):  # of integers a bigint, of bigints a numeric
        inner = kind(node.this)
        return {SHORT: LONG, LONG: DECIMAL}.get(inner, inner)
    if isinstance(node, exp.Avg):
        return BINARY if kind(node.this) == BINARY else DECIMAL
    if isinstance(node, exp.Add | exp.Sub) and (found := _of_times(node, kind)):
        return found
    always = next((given for kinds, given in _always() if isinstance(node, kinds)), UNKNOWN)
    return always or _together([kind(part) for part in _parts(node)])


def _always() -> tuple[tuple[Any, str], ...]:
    """Kind of expression -> what it gives, whatever it is given."""
    from sqlglot import exp

    return (
        ((exp.Count, exp.RowNumber, exp.Rank, exp.DenseRank), LONG),
        ((exp.Length, exp.StrPosition, exp.Ascii, exp.Unicode, exp.ArraySize), SHORT),
        ((exp.CurrentDate, exp.StrToDate, exp.DateFromParts), DAY),
        (exp.CurrentTimestamp, MOMENT),
        (exp.Extract, DECIMAL),
        ((exp.Stddev, exp.Variance, exp.Pow, exp.Sqrt, exp.Ln, exp.Log, exp.Interval), OTHER),
    )


def _of_times(node: Any, kind: Kind) -> str:
    """What is left of two times, or is some time after one; empty where none is a time."""
    from sqlglot import exp

    left, right = kind(node.this), kind(node.expression)
    if left not in TIMES:
        return right if right in TIMES and isinstance(node, exp.Add) else UNKNOWN
    if isinstance(node, exp.Sub) and (right in TIMES or node.expression.is_string):
        return SHORT if {left, right} <= {DAY, TEXT} else OTHER
    return LOCAL if left == DAY and right not in WHOLE else left


def _of_column(name: str, contract: Contract) -> str:
    if name not in contract.names:
        return UNKNOWN
    own = kind_of(contract, name)
    if family(own) is Family.MOMENT:
        return MOMENT if "with time zone" in own else LOCAL
    return LONG if own == "bigint" else _FAMILIES.get(family(own), OTHER)


def _parts(node: Any) -> list[Any]:
    """The values of which an expression's own kind follows."""
    from sqlglot import exp

    if isinstance(node, exp.Subquery | exp.Select):
        return [one.unalias() for one in node.selects[:1]]
    if isinstance(node, exp.Case):
        branches = [one.args["true"] for one in node.args["ifs"]] + [node.args.get("default")]
        return [one for one in branches if one is not None and not isinstance(one, exp.Null)]
    if isinstance(node, exp.Coalesce | exp.Greatest | exp.Least):
        return [node.this, *node.expressions]
    if isinstance(node, exp.Div | exp.Add | exp.Sub | exp.Mul | exp.Mod):
        return [node.this, node.expression]
    seen_through = (
        exp.Paren | exp.Neg | exp.Abs | exp.Min | exp.Max | exp.Filter | exp.Window | exp.Nullif | exp.Distinct
    )
    return [node.this] if isinstance(node, seen_through | exp.JSONExtract) else []


def _together(kinds: list[str]) -> str:
    found = set(kinds)
    if not found or UNKNOWN in found:
        return UNKNOWN
    return next(one for one in _STRONGER if one in found)
