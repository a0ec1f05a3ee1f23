"""What an expression of a rule gives, as far as the contract's columns tell."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from airflow_provider_harness.adapters.sql.values import Family, family, kind_of
from airflow_provider_harness.core.contracts.contract import Contract

SHORT, LONG, BINARY, TEXT, OTHER, UNKNOWN = "short", "long", "binary", "text", "other", ""
"""What an expression gives: an integer whose sum is one too, a longer one, a binary number, a text, anything else; nobody knows."""
WHOLE = (SHORT, LONG)
_FAMILIES: Mapping[Family, str] = {Family.WHOLE: SHORT, Family.BINARY: BINARY, Family.TEXT: TEXT}
Kind = Callable[[Any], str]


def of_type(to: Any) -> str:
    from sqlglot import exp

    types = exp.DataType.Type
    if to.this == types.BIGINT:
        return LONG
    if to.this in (types.INT, types.SMALLINT):
        return SHORT
    return BINARY if to.this in (types.DOUBLE, types.FLOAT) else TEXT if to.this in exp.DataType.TEXT_TYPES else OTHER


def kind(node: Any, contract: Contract) -> str:
    """What an expression gives."""
    from sqlglot import exp

    if isinstance(node, exp.Column):
        return _of_column(node.name, contract)
    if isinstance(node, exp.Cast):
        return of_type(node.to)
    if isinstance(node, exp.Literal):
        return TEXT if node.is_string else OTHER if set(node.name) & set(".eE") else SHORT
    if isinstance(node, exp.Sum):  # of integers a bigint, of bigints a numeric
        inner = kind(node.this, contract)
        return {SHORT: LONG, LONG: OTHER}.get(inner, inner)
    if isinstance(node, exp.Count | exp.RowNumber | exp.Rank | exp.DenseRank):
        return LONG
    if isinstance(node, exp.Length | exp.StrPosition | exp.Ascii | exp.Unicode | exp.ArraySize):
        return SHORT
    if isinstance(node, exp.Avg | exp.Extract | exp.Stddev | exp.Variance | exp.Pow | exp.Sqrt | exp.Ln | exp.Log):
        return BINARY if isinstance(node, exp.Avg) and kind(node.this, contract) == BINARY else OTHER
    return _together([kind(part, contract) for part in _parts(node)])


def _of_column(name: str, contract: Contract) -> str:
    if name not in contract.names:
        return UNKNOWN
    own = kind_of(contract, name)
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
    return [node.this] if isinstance(node, seen_through) else []


def _together(kinds: list[str]) -> str:
    found = set(kinds)
    if not found or UNKNOWN in found:
        return UNKNOWN
    return next(one for one in (BINARY, OTHER, TEXT, LONG, SHORT) if one in found)
