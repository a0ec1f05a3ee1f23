"""Values of a query that BigQuery would change silently on their way into the contract's types: 1.239 becomes 1.24 in a NUMERIC(12, 2)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from airflow_provider_harness.adapters.bigquery.types import kept_as, spelled
from airflow_provider_harness.core.contracts.contract import Contract

if TYPE_CHECKING:
    from google.cloud.bigquery import SchemaField

NUMBERS = ("INT64", "NUMERIC", "BIGNUMERIC", "FLOAT64")
MOMENTS = ("DATE", "DATETIME", "TIMESTAMP")
_SAME = (
    *(("INT64", "NUMERIC"), ("INT64", "BIGNUMERIC"), ("NUMERIC", "FLOAT64"), ("BIGNUMERIC", "FLOAT64")),
    *(("DATE", "DATETIME"), ("DATE", "TIMESTAMP")),
)
"""Types between which no value changes, or as little as a binary number must."""


def tests(contract: Contract, given: Iterable[SchemaField]) -> dict[str, tuple[SchemaField, str]]:
    """Column -> what the query gives, and the condition that its value, kept as ``{raw}``, is not the column's; only of columns
    whose type can lose something.

    :param given: the columns of the query.
    """
    found = {field.name: field for field in given}
    wanted = ((col.name, found.get(col.name), kept_as(col.physical_type)) for col in contract.columns)
    return {
        name: (field, test)
        for name, field, kind in wanted
        if field is not None and spelled(field) != kind and (test := _test(f"`{name}`", spelled(field), kind))
    }


def kept(field: SchemaField, name: str) -> SchemaField:
    """The query's column under another name."""
    from google.cloud.bigquery import SchemaField

    return SchemaField.from_api_repr({**field.to_api_repr(), "name": name})


def _test(name: str, had: str, kind: str) -> str:
    one, two = had.partition("(")[0], kind.partition("(")[0]
    if had.startswith("ARRAY<"):  # arrays are not compared; each is of the query's own type, but for its digits
        return f"TO_JSON_STRING({name}) <> TO_JSON_STRING({{raw}})" if one == two else ""
    if (one, two) in _SAME:
        return ""
    if two == "FLOAT64" and one == "INT64":
        return f"SAFE_CAST({name} AS INT64) IS DISTINCT FROM {{raw}}"
    if one in NUMBERS and two in NUMBERS:  # the stand-in keeps all digits, whatever the type says
        scale = kind.partition(",")[2].strip(") ") or "0"
        return f"SAFE_CAST({{raw}} AS BIGNUMERIC) IS DISTINCT FROM ROUND(SAFE_CAST({name} AS BIGNUMERIC), {scale})"
    if one in MOMENTS and two == "TIME":
        return f"{name} IS NOT NULL"  # the day is lost
    if one == two or (one in MOMENTS and two in MOMENTS):
        return f"SAFE_CAST({name} AS {one}) IS DISTINCT FROM {{raw}}"
    return ""
