"""The table as it will be once a staged slice is published: what a rule or a foreign key to the own table is judged by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from airflow_provider_harness.adapters.sql.checks import WHOLE, Rows, column, ident, in_slice, malformed
from airflow_provider_harness.core.contracts.checks import Check, CheckKind
from airflow_provider_harness.core.contracts.contract import Contract, LoadMode
from airflow_provider_harness.core.slices.slices import Slice

NAME, REST = "harness_to_be", "harness_rest"


def reads_whole(check: Check, contract: Contract) -> bool:
    """Whether a check looks at more of the contract's own table than the rows under test."""
    to_itself = check.kind is CheckKind.REFERENTIAL and check.reference is not None
    return (to_itself and check.reference.table == contract.table) or WHOLE in check.sql  # type: ignore[union-attr]


def to_be(contract: Contract, piece: Slice, staged: str) -> str:
    """All rows that will be there, as a query with a name: the staged ones, and the published ones that stay.

    :param staged: a query for the staged rows, with the contract's columns and types.
    """
    names = ", ".join(column(name) for name in contract.names)
    published = f"SELECT {names} FROM {ident(contract.table)}"
    return f"({_MODES[contract.load.mode](contract, piece, staged, published)}) AS {NAME}"


def rest(contract: Contract, rows: Rows) -> Rows:
    """The staged rows without those that would be set aside, and the table as it will be then."""
    assert rows.piece is not None
    good = f"WHERE NOT ({malformed(contract.checks, contract, rows)})"
    staged = f"SELECT * FROM ({rows.staged} {good}) AS {REST}"
    relation = f"(SELECT * FROM {rows.relation} {good}) AS {REST}"
    return replace(rows, relation=relation, whole=to_be(contract, rows.piece, staged), staged=staged)


def _full(contract: Contract, piece: Slice, staged: str, published: str) -> str:
    return staged


def _incremental(contract: Contract, piece: Slice, staged: str, published: str) -> str:
    return f"{staged} UNION ALL {published} WHERE ({in_slice(contract, piece)}) IS NOT TRUE"


def _merge(contract: Contract, piece: Slice, staged: str, published: str) -> str:
    old = f"({published}) AS old"
    same = " AND ".join(f"old.{column(name)} = new.{column(name)}" for name in contract.merge_key)
    return f"{staged} UNION ALL SELECT old.* FROM {old} WHERE NOT EXISTS (SELECT 1 FROM ({staged}) AS new WHERE {same})"


def _append(contract: Contract, piece: Slice, staged: str, published: str) -> str:
    there = f"{published} WHERE {in_slice(contract, piece)}"
    names = ", ".join(column(name) for name in contract.names)
    return f"{published} UNION ALL SELECT {names} FROM ({staged}) AS new WHERE NOT EXISTS ({there})"


_MODES: Mapping[LoadMode, Callable[[Contract, Slice, str, str], str]] = {
    LoadMode.FULL: _full,
    LoadMode.INCREMENTAL: _incremental,
    LoadMode.MERGE: _merge,
    LoadMode.APPEND: _append,
}
