"""The standard's logical types: the types of databases that they are, and their formats as patterns and ranges."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from airflow_provider_harness.core.contracts.schema import canonical

PHYSICAL: Mapping[str, str] = {
    "string": "text",
    "integer": "bigint",
    "number": "double precision",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp with time zone",
    "time": "time without time zone",
    "object": "jsonb",
}
"""Logical type -> PostgreSQL type, where the contract gives no physicalType."""

LOGICAL: Mapping[str, str] = {
    **dict.fromkeys(
        ("smallint", "integer", "bigint", "tinyint", "int64", "smallserial", "serial", "bigserial"), "integer"
    ),
    **dict.fromkeys(
        ("real", "double precision", "numeric", "float64", "bignumeric", "bigdecimal", "double", "number", "money"),
        "number",
    ),
    **dict.fromkeys(("boolean",), "boolean"),
    **dict.fromkeys(("date",), "date"),
    **dict.fromkeys(
        ("timestamp with time zone", "timestamp without time zone", "datetime", "timestamp_ntz", "timestamp_ltz"),
        "timestamp",
    ),
    **dict.fromkeys(("time with time zone", "time without time zone"), "time"),
    **dict.fromkeys(("json", "jsonb", "struct", "record", "object", "variant"), "object"),
    **dict.fromkeys(
        (
            "text",
            "character varying",
            "character",
            "varchar",
            "nvarchar",
            "nchar",
            "char",
            "bpchar",
            "string",
            "uuid",
            "citext",
            "bytea",
            "bytes",
            "inet",
            "cidr",
            "macaddr",
            "xml",
            "interval",
            "name",
        ),
        "string",
    ),
    **dict.fromkeys(("array",), "array"),
}
"""A database's type without its arguments -> the logical type that it tells."""

DOCUMENTS = ("json", "jsonb", "variant")
"""Types whose values may be of any logical type."""
TEXTS = (
    "text",
    "character varying",
    "character",
    "varchar",
    "nvarchar",
    "nchar",
    "char",
    "bpchar",
    "string",
    "citext",
    "name",
)
"""Types whose values are texts."""


def bare(physical: str) -> str:
    """A type without its arguments.

    >>> bare("VARCHAR(3)"), bare("timestamptz(3)"), bare("ARRAY<STRING>")
    ('character varying', 'timestamp with time zone', 'array')
    """
    name = canonical(physical)
    head, opened, rest = name.partition("(")
    tail = rest.partition(")")[2] if opened else ""
    return f"{head.split('<')[0].strip()}{tail}".strip()


def logical_of(physical: Any) -> str:
    """The logical type that a physical one tells; empty where it tells none.

    >>> logical_of("int"), logical_of("numeric(12,2)"), logical_of("text[]"), logical_of("geography")
    ('integer', 'number', 'array', '')
    """
    if not isinstance(physical, str) or not physical.strip():
        return ""
    name = bare(physical)
    return "array" if physical.strip().endswith("[]") or name.endswith("[]") else LOGICAL.get(name, "")


_HEX = "[0-9A-Fa-f]"
_LABEL = "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_OCTET = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_LEAP = "([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)"
_DAY = (
    "([0-9]{4}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))"
    f"|{_LEAP}-02-29)"
)
_CLOCK = "([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)([.][0-9]+)?"
_ZONE = "([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"


def _ipv6() -> str:
    """Eight groups, of which ``::`` stands for one or more once; the last two may be an address of version 4."""
    group = f"{_HEX}{{1,4}}"
    old = f"{_OCTET}([.]{_OCTET}){{3}}"
    forms = [f"({group}:){{6}}({group}:{group}|{old})"]
    for left in range(8):
        right = 7 - left
        ends = [f"({group}:){{0,{right - 1}}}{group}"] if right else []
        ends += [f"({group}:){{0,{right - 2}}}{old}"] if right > 1 else []
        begin = f"({group}:){{{left}}}:" if left else "::"
        forms.append(begin + (f"({'|'.join(ends)})?" if ends else ""))
    return f"^({'|'.join(forms)})$"


TEXT: Mapping[str, str] = {
    "email": "^[^@ ]+@[^@ .]+([.][^@ .]+)+$",
    "uuid": f"^{_HEX}{{8}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{12}}$",
    "uri": "^[A-Za-z][A-Za-z0-9+.-]*:[^ ]+$",
    "url": "^[A-Za-z][A-Za-z0-9+.-]*://[^ ]+$",
    "hostname": f"^{_LABEL}([.]{_LABEL})*$",
    "ipv4": f"^{_OCTET}([.]{_OCTET}){{3}}$",
    "ipv6": _ipv6(),
    "byte": "^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$",
    "date": f"^{_DAY}$",
    "time": f"^{_CLOCK}{_ZONE}?$",
    "date-time": f"^{_DAY}[Tt ]{_CLOCK}{_ZONE}$",
    "password": "",
    "binary": "",
}
"""Format of a string -> the pattern that its values match; empty where it says nothing of their form."""

_BITS = {"8": 8, "16": 16, "32": 32, "64": 64, "128": 128}
SIZES: Mapping[str, tuple[int, int]] = {
    **{f"i{name}": (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for name, bits in _BITS.items()},
    **{f"u{name}": (0, 2**bits - 1) for name, bits in _BITS.items()},
}
"""Format of an integer -> its lowest and highest value."""

HOLDS: Mapping[str, tuple[int, int]] = {
    "smallint": SIZES["i16"],
    "integer": SIZES["i32"],
    "bigint": SIZES["i64"],
    "int64": SIZES["i64"],
}
"""Type of an integer -> the lowest and highest value that it can have."""

_LETTERS: Mapping[str, str] = {
    "yyyy": "[0-9]{4}",
    "uuuu": "[0-9]{4}",
    "YYYY": "[0-9]{4}",
    "yy": "[0-9]{2}",
    "MM": "(0[1-9]|1[0-2])",
    "M": "([1-9]|1[0-2])",
    "dd": "(0[1-9]|[12][0-9]|3[01])",
    "DD": "(0[1-9]|[12][0-9]|3[01])",
    "d": "([1-9]|[12][0-9]|3[01])",
    "HH": "([01][0-9]|2[0-3])",
    "H": "(1?[0-9]|2[0-3])",
    "hh": "(0[1-9]|1[0-2])",
    "mm": "[0-5][0-9]",
    "ss": "[0-5][0-9]",
    "a": "(AM|PM)",
    "Z": "(Z|[+-][0-9]{2}:?[0-9]{2})",
    "X": "(Z|[+-][0-9]{2}([0-9]{2})?)",
    "XX": "(Z|[+-][0-9]{4})",
    "XXX": "(Z|[+-][0-9]{2}:[0-9]{2})",
    "T": "T",
    **{"S" * digits: f"[0-9]{{{digits}}}" for digits in range(1, 10)},
}
"""Runs of letters of a date's format (as Java's DateTimeFormatter has them) -> pattern."""


def dates(form: str) -> str | None:
    """The pattern of dates that are written in a form; None where it has a letter that is not known here.

    >>> dates("yyyy-MM-dd'T'HH:mm")
    '^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]$'
    >>> dates("EEE d MMM") is None
    True
    """
    parts = [found.group(0) for found in re.finditer(r"'[^']*'|([A-Za-z])\1*|[^A-Za-z']", form)]
    if not parts or "".join(parts) != form:
        return None
    made = [_piece(part) for part in parts]
    return None if None in made else f"^{''.join(filter(None, made))}$"


def _piece(part: str) -> str | None:
    if part.startswith("'"):
        return re.escape(part.strip("'")) or "'"
    if part.isalpha():
        return _LETTERS.get(part)
    return f"[{part}]" if part in ".+*?|(){}$" else f"\\{part}" if part in "\\[]^" else part
