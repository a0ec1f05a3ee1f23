"""How each PostgreSQL type travels: as which Arrow type, and as which type it waits in the staging table."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from airflow_provider_harness.core.contract import Contract
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
    "bytea": "binary",
}
"""PostgreSQL type without its arguments -> Arrow type."""

AS_TEXT = ("uuid", "json", "jsonb")
"""Types that travel as text and are cast back when the slice is published."""

MOMENTS: Mapping[str, str | None] = {"timestamp with time zone": "UTC", "timestamp without time zone": None}
DECIMAL_DIGITS = 38


def base(kind: str) -> str:
    """A canonical type without its arguments."""
    return re.sub(r"\s*\([0-9, ]+\)", "", kind)


def carried_type(kind: str) -> str | None:
    """The type as which a value travels that is no array; None if the type cannot be carried without loss."""
    name = base(kind)
    if name in AS_TEXT:
        return "text"
    if name == "numeric":
        digits = decimal_digits(kind)
        return kind if digits and digits[0] <= DECIMAL_DIGITS else None
    return kind if name in NATIVE or name in MOMENTS else None


def dimensions(kind: str) -> int:
    """How many dimensions a contract says that values have; 0 for what is no array."""
    return kind.count("[]")


def element(kind: str) -> str:
    """The type of an array's elements; the type itself where it is no array."""
    return kind.removesuffix("[]" * dimensions(kind))


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
    """Precision and scale of ``numeric(p,s)``; None without them."""
    found = re.search(r"\((\d+)(?:,\s*(\d+))?\)", kind)
    return (int(found.group(1)), int(found.group(2) or 0)) if found else None


def refuse_uncarried(contract: Contract) -> None:
    """Raise before data moves if the contract has a type that cannot be carried."""
    bad = {
        column.name: f"type {column.physical_type} cannot be carried without loss"
        + (" (give it a precision of at most 38 digits)" if base(element(column.physical_type)) == "numeric" else "")
        for column in contract.columns
        if staged_type(column.physical_type) is None
    }
    if bad:
        raise UncarriedValue(contract.table, bad)


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
        "binary": pa.binary,
        "int16": pa.int16,
        "int32": pa.int32,
        "int64": pa.int64,
    }
    return factories["string" if name in AS_TEXT else NATIVE[name]]()
