"""Rows that no slice can hold, as SQL."""

from __future__ import annotations

from airflow_provider_harness.adapters.sql.checks import column
from airflow_provider_harness.adapters.sql.types import base
from airflow_provider_harness.core.contracts.contract import Contract, LoadMode
from airflow_provider_harness.core.contracts.schema import Schema, canonical

_TIMES = ("date", "timestamp with time zone", "timestamp without time zone")


def counted(contract: Contract, there: Schema | None, relation: str, *, endless: bool = True) -> str:
    """A query for the number of rows that are in no slice, written so that an index on the slice column answers it; empty where
    the catalog proves that there are none, or the contract knows no slices.

    :param there: the relation's columns; None where nobody knows them.
    :param endless: the types of times have infinity, and years that no slice has.
    """
    wanted = contract.load.slice_column
    if contract.load.mode is LoadMode.FULL or not wanted:
        return ""
    name, found = column(wanted), there.get(wanted) if there else None
    tests = [f"{name} IS NULL"] if found is None or found.nullable else []
    if endless and found is not None and base(canonical(found.type)) in _TIMES:
        tests += [f"{name} < '0001-01-01'", f"{name} >= '10000-01-01'"]
    return f"SELECT count(*) FROM {relation} WHERE {' OR '.join(tests)}" if tests else ""
