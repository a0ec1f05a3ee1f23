"""BigQuery's names of types in a contract: read as a whole, and written in the contract's own words."""

from __future__ import annotations

import re
from collections.abc import Mapping

SCALARS: Mapping[str, str] = {
    **dict.fromkeys(("INT64", "INT", "SMALLINT", "INTEGER", "BIGINT", "TINYINT", "BYTEINT"), "bigint"),
    **dict.fromkeys(("FLOAT64", "FLOAT"), "double precision"),
    **dict.fromkeys(("BOOL", "BOOLEAN"), "boolean"),
    **dict.fromkeys(("NUMERIC", "DECIMAL"), "numeric"),
    **dict.fromkeys(("BIGNUMERIC", "BIGDECIMAL"), "bignumeric"),
    "STRING": "text",
    "BYTES": "bytea",
    "JSON": "jsonb",
    "DATE": "date",
    "TIME": "time without time zone",
    "DATETIME": "timestamp without time zone",
    "TIMESTAMP": "timestamp with time zone",
    "GEOGRAPHY": "geography",
    "INTERVAL": "interval",
}
"""BigQuery's name of a type -> the contract's word for it."""
OBJECTS = ("STRUCT", "RECORD")
DEEPEST = 15
"""How deep BigQuery nests."""
_TOKEN = re.compile(r"\s*([^\W\d]\w*|[0-9]+|[<>,():])")


class _None(ValueError):
    """A text that is no type of BigQuery's."""


def words(text: str) -> str:
    """A type of BigQuery's in the contract's words: ``struct<...>`` for objects, ``[]`` for arrays; empty if it is none.

    >>> words("ARRAY<STRUCT<sku STRING, price NUMERIC(12, 2)>>"), words("RECORD"), words("TIMESTAMP")
    ('struct<sku text,price numeric(12,2)>[]', 'struct', 'timestamp with time zone')
    >>> words("ARRAY<STRING>"), words("STRING(3)"), words("varchar"), words("STRUCT<a STRING>; DROP TABLE t")
    ('text[]', 'character varying(3)', '', '')
    """
    tokens, place = [], 0
    end = len(text.rstrip())
    while place < end:
        found = _TOKEN.match(text, place)
        if found is None:
            return ""
        tokens.append(found[1])
        place = found.end()
    reader = _Reader(tokens)
    try:
        kind = reader.kind(0)
    except _None:
        return ""
    return kind if reader.at_end else ""


class _Reader:
    def __init__(self, tokens: list[str]) -> None:
        self._tokens = [*tokens, ""]
        self._place = 0

    @property
    def at_end(self) -> bool:
        return self._tokens[self._place] == ""

    def kind(self, depth: int) -> str:
        """The next type."""
        name = self._next().upper()
        if depth > DEEPEST:
            raise _None
        if name == "ARRAY":
            self._wanted("<")
            inner = self.kind(depth + 1)
            self._wanted(">")
            return f"{inner}[]"
        if name in OBJECTS:
            return f"struct<{self._fields(depth)}>" if self._tokens[self._place] == "<" else "struct"
        if name not in SCALARS:
            raise _None
        return self._with_arguments(name)

    def _fields(self, depth: int) -> str:
        self._wanted("<")
        found = []
        while True:
            name = self._next()
            if not re.fullmatch(r"[^\W\d]\w*", name):
                raise _None
            if self._tokens[self._place] == ":":
                self._next()
            found.append(f"{name.lower()} {self.kind(depth + 1)}")
            if self._next_is(">"):
                return ",".join(found)
            self._wanted(",")

    def _with_arguments(self, name: str) -> str:
        digits: list[str] = []
        if self._next_is("("):
            while not digits or self._next_is(","):
                digits.append(self._next())
            self._wanted(")")
        if len(digits) > 2 or not all(digit.isdecimal() for digit in digits):
            raise _None
        kept = SCALARS[name]
        if kept == "text" and digits:
            return f"character varying({digits[0]})"
        if kept == "numeric":
            return f"numeric({digits[0]},{digits[1] if len(digits) > 1 else 0})" if digits else "numeric(38,9)"
        if kept == "bignumeric":
            return f"numeric({digits[0]},{digits[1] if len(digits) > 1 else 0})" if digits else kept
        return kept

    def _next(self) -> str:
        token = self._tokens[self._place]
        if token == "":
            raise _None
        self._place += 1
        return token

    def _next_is(self, token: str) -> bool:
        found = self._tokens[self._place] == token
        self._place += found
        return found

    def _wanted(self, token: str) -> None:
        if not self._next_is(token):
            raise _None
