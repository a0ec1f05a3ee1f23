"""How each of a contract's types is kept in BigQuery, and what a BigQuery schema means in a contract's words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.bigquery.type_names import words
from airflow_provider_harness.adapters.sql.types import base, decimal_digits, dimensions, element, refuse_uncarried
from airflow_provider_harness.core.contracts.contract import Contract
from airflow_provider_harness.core.contracts.schema import Schema, SchemaColumn, quoted
from airflow_provider_harness.core.errors import ConfigurationError, UncarriedValue

if TYPE_CHECKING:
    from google.cloud.bigquery import SchemaField
    from pyarrow import RecordBatch

KEPT_AS: Mapping[str, str] = {
    "boolean": "BOOL",
    "smallint": "INT64",
    "integer": "INT64",
    "bigint": "INT64",
    "real": "FLOAT64",
    "double precision": "FLOAT64",
    "text": "STRING",
    "character varying": "STRING",
    "character": "STRING",
    "uuid": "STRING",
    "json": "JSON",
    "jsonb": "JSON",
    "date": "DATE",
    "time without time zone": "TIME",
    "bytea": "BYTES",
    "timestamp with time zone": "TIMESTAMP",
    "timestamp without time zone": "DATETIME",
}
"""A contract's type without its arguments -> BigQuery's; ``numeric`` is NUMERIC or BIGNUMERIC by its digits."""

LEGACY: Mapping[str, str] = {"INTEGER": "INT64", "FLOAT": "FLOAT64", "BOOLEAN": "BOOL", "RECORD": "STRUCT"}
"""Names that BigQuery's API gives -> the names that its SQL has."""

MEANT: Mapping[str, str] = {
    "BOOL": "boolean",
    "INT64": "bigint",
    "FLOAT64": "double precision",
    "STRING": "text",
    "JSON": "jsonb",
    "DATE": "date",
    "TIME": "time without time zone",
    "BYTES": "bytea",
    "TIMESTAMP": "timestamp with time zone",
    "DATETIME": "timestamp without time zone",
}
"""BigQuery's type -> the contract's type that says the same, where the contract says nothing about the column."""

NUMERIC_DIGITS, NUMERIC_SCALE = 29, 9
"""Digits before and after the point that NUMERIC has; BIGNUMERIC has 38 of each for certain."""

PARTITION_TYPES = ("DATE", "TIMESTAMP", "DATETIME")
"""Types by whose day a table is partitioned."""
SLICE_TYPES = (*PARTITION_TYPES, "INT64")


def kept_as(kind: str) -> str:
    """BigQuery's type for a contract's type, as its SQL writes it.

    >>> kept_as("numeric(12,2)"), kept_as("numeric(38,20)"), kept_as("uuid"), kept_as("bigint[]")
    ('NUMERIC(12, 2)', 'BIGNUMERIC(38, 20)', 'STRING', 'ARRAY<INT64>')
    """
    if dimensions(kind):
        return f"ARRAY<{kept_as(element(kind))}>"
    if base(kind) != "numeric":
        return KEPT_AS[base(kind)]
    precision, scale = decimal_digits(kind) or (38, 0)
    small = scale <= NUMERIC_SCALE and precision - scale <= NUMERIC_DIGITS
    arguments = f"{precision}, {scale}" if scale else f"{precision}"
    return f"{'NUMERIC' if small else 'BIGNUMERIC'}({arguments})"


def refuse(contract: Contract) -> None:
    """Raise before data moves if BigQuery, or the way there, cannot hold one of the contract's types."""
    if contract.table.count(".") != 1:
        raise ConfigurationError(
            f"table {contract.table}", "is not dataset.table.", fix="Name the project in the connection's extra."
        )
    refuse_uncarried(contract)
    bad = {
        column.name: f"type {column.physical_type} has no counterpart in BigQuery, {_why(column.physical_type)}"
        for column in contract.columns
        if not held(column.physical_type)
    }
    if bad:
        raise UncarriedValue(contract.table, bad)
    name = contract.load.slice_column
    if name and kept_as(contract.column(name).physical_type) not in SLICE_TYPES:
        raise ConfigurationError(
            f"contract {contract.id}: slice column {name}",
            f"is {contract.column(name).physical_type}, by which a table in BigQuery cannot be cut into slices.",
            valid=("date", "timestamp with time zone", "timestamp without time zone", "bigint"),
            fix="Use a column of one of these types.",
        )


def held(kind: str) -> bool:
    """Whether BigQuery holds every value of a type, NULL in and for arrays aside."""
    plain = base(element(kind))
    known = plain in KEPT_AS or plain == "numeric"
    return known and (not dimensions(kind) or (dimensions(kind) == 1 and KEPT_AS.get(plain) != "JSON"))


def _why(kind: str) -> str:
    if dimensions(kind) > 1:
        return "whose arrays have one dimension; read it as JSON: CAST(to_jsonb(...) AS jsonb) with physicalType: jsonb"
    if dimensions(kind):
        return "whose files have no arrays of JSON; read it as one document: CAST(to_jsonb(...) AS jsonb) with physicalType: jsonb"
    return "so read it as text, by sql=, with physicalType: text"


def refuse_nulls(contract: Contract, batches: Iterable[RecordBatch]) -> None:
    """Raise before data moves if an array is NULL or has one in it: BigQuery makes it empty, or takes no such row.

    :param batches: the rows in the contract's columns and order.
    """
    arrays = [place for place, column in enumerate(contract.columns) if dimensions(column.physical_type)]
    absent, within = dict.fromkeys(arrays, 0), dict.fromkeys(arrays, 0)
    for batch in batches if arrays else ():
        for place in arrays:
            absent[place] += batch.column(place).null_count
            within[place] += batch.column(place).flatten().null_count
    bad = {
        contract.columns[
            place
        ].name: f"{absent[place]} array(s) NULL and {within[place]} value(s) NULL within arrays, which BigQuery "
        f"does not keep; let the query (sql=) give array_remove(coalesce({quoted(contract.columns[place].name)}, '{{}}'), NULL), or "
        "JSON"
        for place in arrays
        if absent[place] or within[place]
    }
    if bad:
        raise UncarriedValue(contract.table, bad)


def fields(contract: Contract, *, staged: bool) -> list[SchemaField]:
    """The columns of a table for the contract's rows.

    :param staged: as they are in the files: nothing is required yet, and JSON is text.
    """
    from google.cloud.bigquery import SchemaField

    made = []
    for column in contract.columns:
        name, _, arguments = kept_as(element(column.physical_type)).partition("(")
        digits = [int(number) for number in re.findall(r"\d+", arguments)]
        told: dict[str, Any] = dict(zip(("precision", "scale"), digits, strict=False))
        if column.description and not staged:
            told["description"] = column.description
        kept = "STRING" if staged and name == "JSON" else name
        mode = "REQUIRED" if column.required and not staged else "NULLABLE"
        made.append(
            SchemaField(column.name, kept, mode="REPEATED" if dimensions(column.physical_type) else mode, **told)
        )
    return made


def spelled(field: SchemaField) -> str:
    """A column's type as BigQuery's SQL writes it."""
    name = re.sub(r"\s*\(.*", "", str(field.field_type)).upper()
    name = LEGACY.get(name, name)
    if name == "STRUCT" and field.fields:
        name = f"STRUCT<{', '.join(f'{one.name} {spelled(one)}' for one in field.fields)}>"
    if name in ("NUMERIC", "BIGNUMERIC"):
        digits = (
            [field.precision, field.scale or None] if field.precision else re.findall(r"\d+", str(field.field_type))
        )
        told = [str(number) for number in digits if number is not None and str(number) != "0"]
        name = f"{name}({', '.join(told)})" if told else name
    return f"ARRAY<{name}>" if field.mode == "REPEATED" else name


def schema(table: str, found: Iterable[SchemaField], contract: Contract | None = None) -> Schema:
    """A table's columns in a contract's words: its own where BigQuery keeps them just so.

    :param contract: whose words; None for the plainest ones.
    """
    wanted = {column.name: column.physical_type for column in contract.columns} if contract else {}
    columns = []
    for position, field in enumerate(found, start=1):
        kind = spelled(field)
        given = wanted.get(field.name, "")
        same = bool(given) and held(given) and kept_as(given) == kind
        columns.append(
            SchemaColumn(
                name=field.name,
                type=given if same else meant(kind),
                nullable=field.mode != "REQUIRED",
                position=position,
            )
        )
    spelling = {kind: kept_as(kind) for kind in wanted.values() if held(kind)}
    return Schema(table=table, columns=tuple(columns), spelling=spelling)


def meant(kind: str) -> str:
    """A BigQuery type in a contract's words; in BigQuery's own where there are none."""
    if "STRUCT<" in kind:
        return words(kind) or kind.lower()
    if kind.startswith("ARRAY<"):
        return f"{meant(kind.removeprefix('ARRAY<').removesuffix('>'))}[]"
    digits = re.findall(r"\d+", kind)
    if kind.startswith("NUMERIC"):
        precision, scale = (digits[0], digits[1] if len(digits) > 1 else "0") if digits else ("38", "9")
        return f"numeric({precision},{scale})"
    if kind.startswith("BIGNUMERIC") and digits:
        return f"numeric({digits[0]},{digits[1] if len(digits) > 1 else 0})"
    return MEANT.get(kind, kind.lower())
