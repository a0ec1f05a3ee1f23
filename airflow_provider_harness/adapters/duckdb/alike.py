"""Statements of the gate that DuckDB reads as PostgreSQL does: these need no translation, nor the parser that makes one.

To load the parser and to read and print a statement takes a fifth of a second of processor time, more than the rows of most slices.
"""

from __future__ import annotations

import re

from airflow_provider_harness.adapters.sql.checks import literal
from airflow_provider_harness.core.contracts.pattern import re2

_ALIKE = (
    "with as not materialized select from where filter is true false null and or in between distinct case when then else end "
    "group by having order limit union all create table if exists cast count sum avg min max var_pop stddev_samp coalesce mod "
    "char_length extract epoch bigint integer smallint boolean date text double precision real timestamp time zone "
    "batch kept harness_rows place g n"
)
WORDS = frozenset(_ALIKE.split())
"""Words of the gate's own statements with one meaning in both; what is not here is translated."""
_NUMBERED = re.compile(r"(m|kept)\d+")
_PART = re.compile(
    r"""(?P<matched>(?P<name>"(?:[^"]|"")+")\s~\s(?P<pattern>'(?:[^']|'')*')) | "(?:[^"]|"")+" (?!\s*\() | '(?:[^']|'')*' |
    (?P<word>[A-Za-z_]\w*) (?!['"]) | \d+(?:\.\d+)? (?![\w.]) | <> | <= | >= | [=<>(),*+ ] | - (?![->])""",
    re.VERBOSE | re.ASCII,
)


def as_it_stands(sql: str) -> str:
    """A statement of PostgreSQL for DuckDB, where each part of it is the same there; else empty.

    It is for statements with nothing in them that an author wrote: who may read what is not looked at here.

    >>> as_it_stands('SELECT count(*) FROM batch WHERE "a" ~ \\'^x\\'')
    'SELECT count(*) FROM batch WHERE regexp_matches("a", \\'^x\\', \\'s\\')'
    >>> as_it_stands("SELECT now()")
    ''
    """
    parts, at = [], 0
    while at < len(sql):
        found = _PART.match(sql, at)
        if found is None or not _known(found["word"]):
            return ""
        parts.append(_matches(found["name"], found["pattern"]) if found["matched"] else found[0])
        at = found.end()
    return "".join(parts)


def _known(word: str | None) -> bool:
    return word is None or word.lower() in WORDS or _NUMBERED.fullmatch(word) is not None


def _matches(name: str, pattern: str) -> str:
    """A dot of the pattern is a line break, too."""
    return f"regexp_matches({name}, {literal(re2(pattern[1:-1].replace(chr(39) * 2, chr(39))))}, 's')"
