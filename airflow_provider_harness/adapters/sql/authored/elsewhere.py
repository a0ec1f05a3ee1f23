"""Rules of SQL in another database than PostgreSQL: put so that they mean the same there, or refused with the way out."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any

from airflow_provider_harness.adapters.sql.authored.guard import SqlRefused
from airflow_provider_harness.adapters.sql.authored.kinds import (
    BINARY,
    DECIMAL,
    LOCAL,
    MOMENT,
    TEXT,
    UNKNOWN,
    WHOLE,
    Kind,
    kinds_of,
    of_type,
)
from airflow_provider_harness.adapters.sql.authored.reworded import reword
from airflow_provider_harness.core.contracts.contract import Contract

_WRITTEN_ALIKE = re.compile(r"(%[YmdHMS]|[-/: .T_])*")
"""Forms of dates and moments, in sqlglot's words, that every database writes in one way."""


def put(sql: str, contract: Contract, dialect: str) -> str:
    """A rule in words of PostgreSQL's that mean the same in another dialect.

    :param dialect: sqlglot's name, ``duckdb`` or ``bigquery``.
    :raises SqlRefused: it has a part that would mean something else, or of which that cannot be told.
    """
    import sqlglot
    from sqlglot import exp

    tree = sqlglot.parse_one(sql, read="postgres")
    kind = kinds_of(tree, contract)
    _refuse_unlike(tree, kind, dialect)
    reword(tree, kind, dialect)
    if dialect == "duckdb":
        for cast in [one for one in tree.find_all(exp.Cast) if _is_bare(one)]:
            cast.set("to", exp.DataType.build("DECIMAL(38, 15)"))  # its own has three digits after the point
    return tree.sql(dialect="postgres")


def _refuse_unlike(tree: Any, kind: Kind, dialect: str) -> None:
    for node in tree.walk():
        for kinds, why, where in _unlike():
            if isinstance(node, kinds) and dialect in where and (reason := why(node, kind)):
                raise SqlRefused(reason)


@cache
def _unlike() -> tuple[tuple[Any, Callable[[Any, Kind], str], tuple[str, ...]], ...]:
    """Kind of expression -> why one cannot be run elsewhere, empty where it can; and in which dialects."""
    from sqlglot import exp

    everywhere, there = ("duckdb", "bigquery"), ("bigquery",)
    return (
        (exp.Div, _division, everywhere),
        (exp.Round, _rounded, everywhere),
        (exp.Cast, _cast, everywhere),
        (exp.Is, _row, everywhere),
        (exp.SimilarTo, _similar, everywhere),
        (exp.TimeToStr, _form, everywhere),
        (exp.Cast, _as_text, there),
        (exp.AtTimeZone, _zoned, there),
        (exp.RegexpReplace, _replaced, there),
        (exp.Substring, _part, there),
        ((exp.Left, exp.Right), _end, there),
    )


def _division(node: Any, kind: Kind) -> str:
    kinds = kind(node.this), kind(node.expression)
    told = all(kinds) or any(one not in (*WHOLE, UNKNOWN) for one in kinds)
    return "" if told else "divides what may be whole numbers, which only PostgreSQL cuts: write x::numeric / y"


def _row(node: Any, _kind: Kind) -> str:
    from sqlglot import exp

    several = isinstance(node.this, exp.Tuple)
    return "asks of several values at once whether they are null: ask of each, with AND" if several else ""


def _similar(_node: Any, _kind: Kind) -> str:
    return "has SIMILAR TO: write a regular expression, x ~ '^(a|b)'"


def _form(node: Any, _kind: Kind) -> str:
    known = node.args["format"].is_string and _WRITTEN_ALIKE.fullmatch(node.args["format"].name)
    return (
        "" if known else "writes a form of to_char that others write otherwise: YYYY, MM, DD, HH24, MI and SS are known"
    )


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
    if wanted == TEXT and given == BINARY:
        return "makes a binary number a text, which each database writes in its own way"
    bare = _is_bare(node) and given == TEXT
    return "makes a text a numeric without digits: write x::numeric(38, 9)" if bare else ""


def _as_text(node: Any, kind: Kind) -> str:
    unlike = of_type(node.to) == TEXT and kind(node.this) in (DECIMAL, MOMENT, LOCAL)
    return (
        "makes a decimal or a moment a text, which BigQuery writes otherwise: compare the value itself"
        if unlike
        else ""
    )


def _zoned(node: Any, kind: Kind) -> str:
    return "puts a moment without a zone into one, where clocks go back otherwise" if kind(node.this) == LOCAL else ""


def _is_bare(node: Any) -> bool:
    """Whether a value is cast to a numeric of any number of digits, which only PostgreSQL has."""
    return node.to.sql(dialect="postgres").upper() in ("DECIMAL", "NUMERIC")
