"""Which rows of a slice are new: those whose key is not among the rows that they replace, in the same transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from airflow_provider_harness.adapters.sql.checks import column, ident
from airflow_provider_harness.core.contracts.contract import Contract

_GONE = "pg_temp.harness_gone"


def delete_statements(contract: Contract, where: str) -> Sequence[str]:
    """What deletes a slice and remembers its keys until the commit; the last statement's rows are those that were there."""
    delete = f"DELETE FROM {ident(contract.table)}{where}"
    if not contract.merge_key:
        return (delete,)
    names = ", ".join(map(column, contract.merge_key))
    remember = f"CREATE TEMP TABLE harness_gone ON COMMIT DROP AS SELECT {names} FROM {ident(contract.table)} LIMIT 0"
    return remember, f"WITH gone AS ({delete} RETURNING {names}) INSERT INTO {_GONE} SELECT * FROM gone"


def count_new(contract: Contract, where: str, before: int, rows: int, number: Callable[[str], int]) -> int:
    """How many of the slice's rows are new; without a key, by how many it grew.

    :param where: which rows of the published table are the slice, as SQL; empty for all.
    :param before: rows that were deleted.
    :param rows: rows that were written since.
    :param number: asks for one number, in the same transaction.
    """
    if not before or not contract.merge_key:
        return max(rows - before, 0)
    same = " AND ".join(f"t.{column(name)} = s.{column(name)}" for name in contract.merge_key)
    missing = f"NOT EXISTS (SELECT FROM {_GONE} AS t WHERE {same})"
    return number(f"SELECT count(*) FROM {ident(contract.table)} AS s{where}{' AND ' if where else ' WHERE '}{missing}")
