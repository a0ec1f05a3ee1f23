"""Values of a query that PostgreSQL would change silently on their way into the contract's types: 2.6 becomes 3 in an integer."""

from __future__ import annotations

from airflow_provider_harness.adapters.sql.checks import column
from airflow_provider_harness.adapters.sql.types import base
from airflow_provider_harness.core.contracts.contract import Contract
from airflow_provider_harness.core.contracts.schema import Schema, canonical, fits

WHOLE, INEXACT = ("smallint", "integer", "bigint"), ("real", "double precision")
NUMBERS = (*WHOLE, "numeric", *INEXACT)
TEXTS = ("character varying", "character", "text")
MOMENTS = ("date", "timestamp without time zone", "timestamp with time zone")
TIMES = ("time without time zone", "time with time zone", "interval")


def tests(contract: Contract, found: Schema) -> dict[str, tuple[str, str]]:
    """Column -> the query's type, and the condition that its value, kept as ``{raw}``, is not the column's; only of
    columns whose type can lose something. A number becomes a binary one as near as that can be: that is its type's word.

    :param found: the columns of the query.
    """
    wanted = ((col.name, canonical(col.physical_type), found.get(col.name)) for col in contract.columns)
    given = {name: (canonical(there.type), kind) for name, kind, there in wanted if there is not None}
    return {
        name: (had, test)
        for name, (had, kind) in given.items()
        if had != kind and not fits(had, kind) and (test := _test(column(name), had, kind))
    }


def _test(name: str, had: str, kind: str) -> str:
    one, two, many = base(had).removesuffix("[]"), base(kind).removesuffix("[]"), "[]" if had.endswith("[]") else ""
    if one in NUMBERS and two in NUMBERS:
        if two in INEXACT:
            return f"{name}::{one}{many} IS DISTINCT FROM {{raw}}" if one in WHOLE else ""
        return f"{name}::numeric{many} IS DISTINCT FROM {{raw}}::numeric{many}"
    if one in TEXTS and two in TEXTS:
        return f"{name}::text{many} IS DISTINCT FROM {{raw}}::text{many}"
    if one in MOMENTS and two in TIMES:
        return f"{name} IS NOT NULL"  # the day is lost
    same = any(one in family and two in family for family in (MOMENTS, TIMES))
    return f"{name}::{had} IS DISTINCT FROM {{raw}}" if same else ""
