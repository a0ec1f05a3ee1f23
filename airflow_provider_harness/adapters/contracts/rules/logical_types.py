"""The standard's logical types and the types of databases: which logical type a physical one tells, and the usual one for each."""

from __future__ import annotations

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
