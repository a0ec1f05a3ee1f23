"""Texts that PostgreSQL does not hold: looked for only once it has refused rows, since it does not say which."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.sql.types import base, element
from airflow_provider_harness.core.contracts.contract import Contract
from airflow_provider_harness.core.contracts.documents import UNREADABLE

if TYPE_CHECKING:
    from pyarrow import RecordBatch

NUL = "\x00"
TEXTS = ("text", "character varying", "character", "json", "jsonb")
"""Types in which the character of number 0 can stand on its way; ``jsonb`` refuses its name ``\\u0000`` too."""


def unholdable(contract: Contract, batches: Iterable[RecordBatch]) -> dict[str, str]:
    """Column -> how many of its rows hold the character of number 0, which is the first, and the way out.

    :param batches: the rows in the contract's columns and order.
    """
    kinds = {place: base(element(column.physical_type)) for place, column in enumerate(contract.columns)}
    wanted = {place: kind for place, kind in kinds.items() if kind in TEXTS}
    found: dict[int, list[int]] = {place: [0, 0] for place in wanted}
    before = 0
    for batch in batches:
        for place, kind in wanted.items():
            rows = _guilty(batch.column(place), kind)
            if rows and not found[place][0]:
                found[place][1] = before + rows[0] + 1
            found[place][0] += len(rows)
        before += batch.num_rows
    return {contract.columns[place].name: _told(count, first) for place, (count, first) in found.items() if count}


def _guilty(values: Any, kind: str) -> list[int]:
    """The places of a column's values that hold the character."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_list(values.type):
        there = pc.match_substring(values, NUL)
        if kind == "jsonb":
            there = pc.or_(there, pc.match_substring_regex(values, UNREADABLE))
        return list(pc.indices_nonzero(pc.fill_null(there, False)).to_pylist())
    return [n for n, value in enumerate(values.to_pylist()) if _guilty(pa.array([*_flat(value)], pa.string()), kind)]


def _flat(value: Any) -> Iterator[str | None]:
    """The texts of nested lists."""
    if isinstance(value, list):
        for inner in value:
            yield from _flat(inner)
    elif value is not None:
        yield value


def _told(count: int, first: int) -> str:
    return (
        f"{count} row(s) hold the character of number 0, which PostgreSQL keeps in no text and no jsonb; the first is row {first} of "
        'the staged files. Take it out at the source, or where the rows are read: sql="SELECT ..., replace(...) AS ... FROM ..."'
    )
