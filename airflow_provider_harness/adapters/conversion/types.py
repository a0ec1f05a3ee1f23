"""Types of a warehouse as a contract names them."""

from __future__ import annotations

from typing import NamedTuple

from airflow_provider_harness.adapters.contracts.foreign_types import foreign
from airflow_provider_harness.adapters.postgres.contract_draft import logical


class Kind(NamedTuple):
    """:param why: what is not as it was written, or empty."""

    logical: str
    physical: str
    why: str = ""


def of_warehouse(written: str) -> Kind:
    """The type of a ``data_type``, in PostgreSQL's words.

    >>> of_warehouse("timestamptz")
    Kind(logical='timestamp', physical='timestamptz', why='')
    >>> of_warehouse("int64")
    Kind(logical='integer', physical='bigint', why='int64 is written as bigint')
    """
    import sqlglot
    from sqlglot import exp

    if not written.strip():
        return Kind("string", "text", "nothing says the type; it is taken for text")
    try:
        parsed = exp.DataType.build(written, dialect="postgres")
        plain = parsed.sql("postgres").lower()
    except (sqlglot.errors.SqlglotError, ValueError):
        return Kind("string", "text", f"{written} is not a type that is known; it is taken for text")
    if parsed.this in (exp.DataType.Type.USERDEFINED, exp.DataType.Type.UNKNOWN) or foreign(written)[0]:
        plain = _elsewhere(written)
        if not plain:
            return Kind("string", "text", f"{written} is not a type of PostgreSQL's; it is taken for text")
        return Kind(logical(_whole(plain)), plain, f"{written} is written as {plain}")
    return Kind(logical(_whole(plain)), written)


def _elsewhere(written: str) -> str:
    """A type of BigQuery's or Snowflake's in PostgreSQL's words; empty where it is none."""
    import sqlglot
    from sqlglot import exp

    for dialect in ("bigquery", "snowflake"):
        try:
            parsed = exp.DataType.build(written, dialect=dialect)
        except (sqlglot.errors.SqlglotError, ValueError):
            continue
        if parsed.this is not exp.DataType.Type.USERDEFINED and not foreign(plain := parsed.sql("postgres").lower())[0]:
            return plain
    return ""


_WHOLE = {"int": "integer", "timestamptz": "timestamp with time zone", "timestamp": "timestamp without time zone"}
_WHOLE |= {"decimal": "numeric", "time": "time without time zone", "timetz": "time with time zone", "float": "real"}


def _whole(plain: str) -> str:
    """The name that PostgreSQL's catalog has."""
    name, _, rest = plain.partition("(")
    return f"{_WHOLE.get(name.strip(), name.strip())}{'(' + rest if rest else ''}"
