"""A user's query as a part of ours: what ends it there must not end the whole statement."""

from __future__ import annotations

import re
from collections.abc import Mapping

from airflow_provider_harness.core.errors import ConfigurationError

_PARTS = re.compile(
    r"""
      (?P<comment> --[^\n]* | /\*.*?\*/ )
    | (?P<end> ; )
    | (?P<blank> \s+ )
    | (?P<text> [eE]'(?:[^'\\]|''|\\.)*' | '(?:[^']|'')*' | "(?:[^"]|"")*" | `[^`]*` | \$(?P<tag>\w*)\$.*?\$(?P=tag)\$ | . )
    """,
    re.VERBOSE | re.DOTALL,
)


def bare(sql: str) -> str:
    """A query without the semicolons at its end, also where a comment follows them.

    >>> bare("SELECT ';' AS a; -- the latest only")
    "SELECT ';' AS a  -- the latest only"
    """
    parts = [(found.lastgroup, found.group()) for found in _PARTS.finditer(sql)]
    for place in reversed(range(len(parts))):
        kind, _ = parts[place]
        if kind == "text":
            break
        if kind == "end":
            parts[place] = ("blank", " ")
    return "".join(text for _, text in parts).strip()


def inner(sql: str) -> str:
    """A query in parentheses; the line feed keeps a comment at its end from swallowing the second one.

    >>> inner("SELECT a FROM t -- the latest only")
    '(SELECT a FROM t -- the latest only\\n)'
    """
    return f"({bare(sql)}\n)"


def relation(sql: str) -> str:
    """A query as what a FROM can name, as ``q``."""
    return f"{inner(sql)} AS q"


def filled(sql: str, values: Mapping[str, str]) -> str:
    """A query with SQL in place of its placeholders, such as ``%(slice_start)s``.

    :param values: name of each placeholder that it may have -> the SQL that stands for it.
    """
    try:
        return str(bare(sql) % values)
    except (ValueError, TypeError, KeyError) as error:
        raise ConfigurationError(
            "sql",
            f"has a placeholder that is not known ({error}).",
            valid=tuple(f"%({name})s" for name in values),
            fix="Write a percent sign as %%.",
        ) from error
