"""What a slice does beyond itself: a row that stays published has one of its keys, or loses what it refers to.

A key is one of the table's, and not of one slice: a row that moves to another day at its source stands in both.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from airflow_provider_harness.adapters.sql.checks import Rows, column, ident, in_slice
from airflow_provider_harness.core.contracts.checks import Check, CheckKind, CheckSeverity
from airflow_provider_harness.core.contracts.contract import Contract, LoadMode
from airflow_provider_harness.core.slices.slices import Slice

NEW, STAY, GONE = "harness_new", "harness_stay", "harness_gone_rows"
"""The rows that come, those that stay published, and those that go for them."""


def looked_up(contract: Contract, proved: Collection[str] = ()) -> tuple[Check, ...]:
    """The checks for which the rows of the slice alone do not say all.

    :param proved: ids of those that the published table keeps by itself.
    """
    return tuple(check for check in contract.checks if check.id not in proved and _reaches(check, contract))


def blocking(contract: Contract, proved: Collection[str] = ()) -> tuple[Check, ...]:
    """Those of them without which nothing is published."""
    return tuple(check for check in looked_up(contract, proved) if check.severity is CheckSeverity.ERROR)


def _reaches(check: Check, contract: Contract) -> bool:
    mode, merges = contract.load.mode, contract.load.mode is LoadMode.MERGE
    if mode is LoadMode.FULL or check.looks_inside:
        return False
    if check.kind is CheckKind.UNIQUE:
        return not (merges and {*contract.merge_key} <= {*check.columns})  # such a row is the one that is updated
    if check.kind is CheckKind.REFERENTIAL and check.reference is not None and check.reference.table == contract.table:
        return mode is not LoadMode.APPEND and not (merges and {*check.reference.columns} <= {*contract.merge_key})
    return False


def before(contract: Contract, checks: Sequence[Check], rows: Rows, bad: str = "") -> str:
    """A query for one number a check, in their order, before the staged rows are published.

    :param bad: a condition of the staged rows that are set aside; empty where none is.
    """
    assert rows.piece is not None
    new = f"{rows.staged} WHERE NOT ({bad})" if bad else rows.staged
    there = f"SELECT * FROM {ident(contract.table)}"
    mine = in_slice(contract, rows.piece)
    stay, gone = f"{there} WHERE ({mine}) IS NOT TRUE", f"{there} WHERE {mine}"
    if contract.load.mode is LoadMode.APPEND:
        new = f"SELECT * FROM ({new}) AS s WHERE NOT EXISTS ({gone})"
        stay, gone = there, f"{there} WHERE FALSE"
    if contract.load.mode is LoadMode.MERGE:
        known = f"SELECT 1 FROM {NEW} AS n WHERE {_same('n', contract.merge_key, 'o', contract.merge_key)}"
        stay, gone = (f"{there} AS o WHERE {word} ({known})" for word in ("NOT EXISTS", "EXISTS"))
    return _numbers(checks, new, stay, gone)


def added(contract: Contract, checks: Sequence[Check], new: str, where: str = "") -> str:
    """A query for one number a check of keys, in their order: rows whose key a row that is published has already.

    :param new: a query for the rows that come beside all that are published, and replace none.
    :param where: which of the published rows count, as SQL; empty for all.
    """
    there = f"SELECT * FROM {ident(contract.table)}"
    return _numbers(checks, new, f"{there} WHERE {where}" if where else there, "")


def total(numbers: str, checks: Sequence[Check]) -> str:
    """The sum of the numbers that such a query gives."""
    return f"SELECT {' + '.join(f'b{n}' for n, _ in enumerate(checks))} FROM ({numbers}) AS beyond"


def after(contract: Contract, checks: Sequence[Check], piece: Slice) -> str:
    """The same query once the slice is written in mode incremental, where nobody can say any more what went: a row that
    stays and refers to nothing counts, whoever is to blame."""
    there, mine = f"SELECT * FROM {ident(contract.table)}", in_slice(contract, piece)
    return _numbers(checks, f"{there} WHERE {mine}", f"{there} WHERE ({mine}) IS NOT TRUE", "")


def _numbers(checks: Sequence[Check], new: str, stay: str, gone: str) -> str:
    parts = {NEW: new, STAY: stay, **({GONE: gone} if gone else {})}
    named = ", ".join(f"{name} AS NOT MATERIALIZED ({query})" for name, query in parts.items())
    numbers = ", ".join(f"({_number(check, gone=bool(gone))}) AS b{n}" for n, check in enumerate(checks))
    return f"WITH {named} SELECT {numbers}"


def _number(check: Check, *, gone: bool) -> str:
    if check.kind is CheckKind.UNIQUE:
        same = _same("o", check.columns, "n", check.columns)
        return f"SELECT count(*) FROM {NEW} AS n WHERE EXISTS (SELECT 1 FROM {STAY} AS o WHERE {same})"
    assert check.reference is not None
    filled = " AND ".join(f"o.{column(name)} IS NOT NULL" for name in check.columns)
    same = _same("p", check.reference.columns, "o", check.columns)
    tests = [f"NOT EXISTS (SELECT 1 FROM {name} AS p WHERE {same})" for name in (NEW, STAY)]
    tests += [f"EXISTS (SELECT 1 FROM {GONE} AS p WHERE {same})"] if gone else []
    return f"SELECT count(*) FROM {STAY} AS o WHERE {' AND '.join((filled, *tests))}"


def _same(one: str, names: Sequence[str], two: str, others: Sequence[str]) -> str:
    return " AND ".join(
        f"{one}.{column(name)} = {two}.{column(other)}" for name, other in zip(names, others, strict=True)
    )
