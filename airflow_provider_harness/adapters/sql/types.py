"""How each PostgreSQL type travels: as which Arrow type, and as which type it waits in the staging table."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from airflow_provider_harness.core.contracts.checks import ITEM
from airflow_provider_harness.core.contracts.contract import Contract
from airflow_provider_harness.core.contracts.schema import canonical, cast, everywhere, is_type
from airflow_provider_harness.core.errors import UncarriedValue

if TYPE_CHECKING:
    import pyarrow as pa

NATIVE: Mapping[str, str] = {
    "boolean": "bool",
    "smallint": "int16",
    "integer": "int32",
    "bigint": "int64",
    "real": "float32",
    "double precision": "float64",
    "text": "string",
    "character varying": "string",
    "character": "string",
    "date": "date32",
    "time without time zone": "time64",
    "bytea": "binary",
}
"""PostgreSQL type without its arguments -> Arrow type."""

AS_TEXT = ("uuid", "json", "jsonb")
"""Types that travel as text and are cast back when the slice is published."""

MOMENTS: Mapping[str, str | None] = {"timestamp with time zone": "UTC", "timestamp without time zone": None}
DECIMAL_DIGITS = 38


def base(kind: str) -> str:
    """A canonical type without its arguments."""
    return re.sub(r"\s*\([0-9, -]+\)", "", kind)


def carried_type(kind: str) -> str | None:
    """The type as which a value travels that is no array; None if the type cannot be carried without loss."""
    name = base(kind)
    if name in AS_TEXT:
        return "text"
    if name == "numeric":
        digits = decimal_digits(kind)
        return f"numeric({digits[0]},{digits[1]})" if digits and digits[0] <= DECIMAL_DIGITS else None
    return kind if name in NATIVE or name in MOMENTS else None


def dimensions(kind: str) -> int:
    """How many dimensions a contract says that values have; 0 for what is no array."""
    return kind.count("[]")


def element(kind: str) -> str:
    """The type of an array's elements; the type itself where it is no array."""
    return kind.removesuffix("[]" * dimensions(kind))


def inside(kind: str, part: str) -> str:
    """The type of a field, or of each item, that a column's own type says; empty where it says none.

    :param part: see ``Check.path``.

    >>> inside("struct<sku text,sums numeric(9,2)[]>[]", ITEM), inside("struct<sku text,sums numeric(9,2)[]>", "sums"), inside("jsonb", "a")
    ('struct<sku text,sums numeric(9,2)[]>', 'numeric(9,2)[]', '')
    """
    if part == ITEM:
        return kind.removesuffix("[]") if kind.endswith("[]") else ""
    if not kind.startswith("struct<") or not kind.endswith(">"):
        return ""
    depth, fields = 0, [""]
    for char in kind.removeprefix("struct<")[:-1]:
        depth += (char in "<(") - (char in ">)")
        if char == "," and not depth:
            fields.append("")
        else:
            fields[-1] += char
    return dict(field.strip().split(" ", 1) for field in fields if " " in field.strip()).get(part, "")


def as_literal(kind: str) -> bool:
    """Whether an array waits in the staging table as PostgreSQL's text of it: the driver sends no other.

    >>> as_literal("integer[]"), as_literal("integer[][]"), as_literal("uuid[]"), as_literal("integer")
    (False, True, True, False)
    """
    return dimensions(kind) > 1 or (dimensions(kind) == 1 and base(element(kind)) in AS_TEXT)


def staged_type(kind: str) -> str | None:
    """The type in PostgreSQL's staging table; None if the type cannot be carried without loss."""
    if not dimensions(kind):
        return carried_type(kind)
    if carried_type(element(kind)) is None:
        return None
    return "text" if as_literal(kind) else kind


def decimal_digits(kind: str) -> tuple[int, int] | None:
    """Precision and scale of ``numeric(p,s)`` as others than PostgreSQL have them, where neither exceeds the other nor is
    negative; None without them.

    >>> decimal_digits("numeric(12,2)"), decimal_digits("numeric(2,5)"), decimal_digits("numeric(5,-2)"), decimal_digits("numeric")
    ((12, 2), (5, 5), (7, 0), None)
    """
    found = re.search(r"\((\d+)(?:,\s*(-?\d+))?\)", kind)
    if not found:
        return None
    precision, scale = int(found.group(1)), int(found.group(2) or 0)
    return (precision - scale, 0) if scale < 0 else (max(precision, scale), scale)


_WHY: Mapping[str, str] = {
    "bit": "Parquet has no strings of bits",
    "bit varying": "Parquet has no strings of bits",
    "interval": "months and days have no fixed length elsewhere",
    "money": "its text depends on the server's locale",
    "numeric": "it has no precision of at most 38 digits",
    "time with time zone": "no time of a day with a zone exists elsewhere",
    "xml": "Parquet has no documents",
}
"""Type without its arguments -> why it cannot be carried through files."""


def refuse_uncarried(contract: Contract) -> None:
    """Raise before data moves if the contract has a type that cannot be carried."""
    bad = {
        column.name: _refusal(column.name, column.physical_type)
        for column in contract.columns
        if staged_type(column.physical_type) is None
    }
    if bad:
        raise UncarriedValue(contract.table, bad)


def refuse_foreign(contract: Contract) -> None:
    """Raise before a statement is made if the contract has a type that no PostgreSQL has; its name is never part of one."""
    foreign = {
        c.name: _refusal(c.name, c.physical_type) for c in contract.columns if not is_type(canonical(c.physical_type))
    }
    if foreign:
        raise UncarriedValue(contract.table, foreign)


def _refusal(name: str, kind: str) -> str:
    """Why a type cannot be carried, and the way out, written for this column."""
    if not is_type(canonical(kind)):
        return (
            f"type {kind} is BigQuery's own, so that it can be looked at there, and not be loaded; let the contract say "
            f'physicalType: json, and read it so: sql="SELECT ..., {cast(name, "json")} FROM ..."'
        )
    plain = base(element(kind))
    own = "no other database has it" if everywhere(plain) else "it is one database's own type"
    other = f"numeric({DECIMAL_DIGITS},9)" if plain == "numeric" else "text"
    other += "[]" * dimensions(kind)
    return (
        f"type {kind} cannot be carried through files without loss, since {_WHY.get(plain, own)}; let the contract say "
        f'physicalType: {other}, and read it so: sql="SELECT ..., {cast(name, other)} FROM ..."; between two PostgreSQLs, '
        "PostgresTransferOperator carries it as it is"
    )


def arrow_schema(contract: Contract) -> pa.Schema:
    """The Arrow schema in which the contract's rows travel; ``UncarriedValue`` where there is none."""
    import pyarrow as pa

    refuse_uncarried(contract)
    return pa.schema([(column.name, arrow_type(column.physical_type)) for column in contract.columns])


def arrow_type(kind: str) -> pa.DataType:
    """The Arrow type as which a type travels; an array is a list for each of its dimensions."""
    import pyarrow as pa

    if dimensions(kind):
        return pa.list_(arrow_type(kind.removesuffix("[]")))
    name = base(kind)
    if name in MOMENTS:
        return pa.timestamp("us", tz=MOMENTS[name])
    if name == "numeric":
        precision, scale = decimal_digits(kind) or (DECIMAL_DIGITS, 0)
        return pa.decimal128(precision, scale)
    factories = {
        "bool": pa.bool_,
        "float32": pa.float32,
        "float64": pa.float64,
        "string": pa.string,
        "date32": pa.date32,
        "time64": lambda: pa.time64("us"),
        "binary": pa.binary,
        "int16": pa.int16,
        "int32": pa.int32,
        "int64": pa.int64,
    }
    return factories["string" if name in AS_TEXT else NATIVE[name]]()
