"""Rules of SQL in another database than PostgreSQL: put so that they mean the same there, or refused with the way out."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from airflow_provider_harness.adapters.sql.authored.guard import SqlRefused
from airflow_provider_harness.adapters.sql.authored.kinds import BINARY, TEXT, UNKNOWN, WHOLE, Kind, of_type
from airflow_provider_harness.adapters.sql.authored.kinds import kind as kind_in
from airflow_provider_harness.core.contracts.contract import Contract


def put(sql: str, contract: Contract, dialect: str) -> str:
    """A rule in words of PostgreSQL's that mean the same in another dialect: a division of whole numbers is written as one,
    since ``1 / 2`` is 0 in PostgreSQL alone, and the greatest of some values is taken of those that are not null.

    :param dialect: sqlglot's name, ``duckdb`` or ``bigquery``.
    :raises SqlRefused: it has a part that would mean something else, or of which that cannot be told.
    """
    import sqlglot
    from sqlglot import exp

    tree = sqlglot.parse_one(sql, read="postgres")

    def kind(node: Any) -> str:
        return kind_in(node, contract)

    _refuse_unlike(tree, kind, dialect)
    for division in reversed(list(tree.find_all(exp.Div))):
        if kind(division.this) in WHOLE and kind(division.expression) in WHOLE:
            division.replace(exp.cast(exp.IntDiv(this=division.this, expression=division.expression), "BIGINT"))
    if dialect == "duckdb":
        for cast in [one for one in tree.find_all(exp.Cast) if _is_bare(one)]:
            cast.set("to", exp.DataType.build("DECIMAL(38, 15)"))  # its own has three digits after the point
    if dialect == "bigquery":
        for choice in reversed(list(tree.find_all(exp.Greatest, exp.Least))):
            choice.replace(_without_nulls(choice))
    return tree.sql(dialect="postgres")


def _refuse_unlike(tree: Any, kind: Kind, dialect: str) -> None:
    for node in tree.walk():
        for kinds, why, where in _unlike():
            if isinstance(node, kinds) and dialect in where and (reason := why(node, kind)):
                raise SqlRefused(reason)


def _without_nulls(choice: Any) -> Any:
    """BigQuery's greatest and least are null where one value is."""
    from sqlglot import exp

    most = exp.Max if isinstance(choice, exp.Greatest) else exp.Min
    values = exp.array(choice.this.copy(), *(one.copy() for one in choice.expressions))
    listed = exp.Unnest(
        expressions=[values], alias=exp.TableAlias(this="harness_vs", columns=[exp.to_identifier("harness_v")])
    )
    return exp.Subquery(this=exp.select(most(this=exp.column("harness_v"))).from_(listed))


@cache
def _unlike() -> tuple[tuple[Any, Callable[[Any, Kind], str], tuple[str, ...]], ...]:
    """Kind of expression -> why one cannot be run elsewhere, empty where it can; and in which dialects."""
    from sqlglot import exp

    everywhere, there = ("duckdb", "bigquery"), ("bigquery",)
    return (
        (exp.Div, _division, everywhere),
        (exp.Round, _rounded, everywhere),
        (exp.Cast, _cast, everywhere),
        (exp.RegexpReplace, _replaced, there),
        (exp.Substring, _part, there),
        ((exp.Left, exp.Right), _end, there),
    )


def _division(node: Any, kind: Kind) -> str:
    kinds = kind(node.this), kind(node.expression)
    told = all(kinds) or any(one not in (*WHOLE, UNKNOWN) for one in kinds)
    return "" if told else "divides what may be whole numbers, which only PostgreSQL cuts: write x::numeric / y"


def _replaced(node: Any, _kind: Kind) -> str:
    flags = node.args.get("modifiers")
    every = flags is not None and "g" in flags.name
    return "" if every else "replaces the first match, others replace each: write regexp_replace(x, y, z, 'g')"


def _part(node: Any, _kind: Kind) -> str:
    start = node.args.get("start")
    whole = start is None or (start.is_number and start.to_py() > 0)
    return "" if whole else "takes a part of a text from a place that may lie before its first character"


def _end(node: Any, _kind: Kind) -> str:
    number = node.expression
    return "" if number.is_number and number.to_py() >= 0 else "takes an end of a text of a length that may be below 0"


def _rounded(node: Any, kind: Kind) -> str:
    return "" if kind(node.this) != BINARY else "rounds a binary number: write round(x::numeric)"


def _cast(node: Any, kind: Kind) -> str:
    given, wanted = kind(node.this), of_type(node.to)
    if wanted in WHOLE and given == BINARY:
        return "makes a binary number whole: write x::numeric::int"
    bare = _is_bare(node) and given == TEXT
    return "makes a text a numeric without digits: write x::numeric(38, 9)" if bare else ""


def _is_bare(node: Any) -> bool:
    """Whether a value is cast to a numeric of any number of digits, which only PostgreSQL has."""
    return node.to.sql(dialect="postgres").upper() in ("DECIMAL", "NUMERIC")
