"""A slice's profile as SQL, in PostgreSQL's words: one statement that reads each row of the slice once, and gives counts alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from airflow_provider_harness.adapters.sql.checks import column, excess, ident, in_slice, literal
from airflow_provider_harness.adapters.sql.values import NUMBERS, Family, family, kind_of
from airflow_provider_harness.core.contracts.contract import Contract, LoadMode, Watching
from airflow_provider_harness.core.slices.slices import Slice, bounds
from airflow_provider_harness.core.watch.profile import ABOVE, BELOW, NULL, PER_OCTAVE, ZERO, ColumnProfile, Profile

TOTAL = -1
"""Stands for no column: all rows."""
_NAN = ("nan", "inf", "-inf")


def watched(contract: Contract) -> Contract:
    """The same contract, cut in slices by the column by which it is watched, whatever publishes it."""
    load = replace(contract.load, mode=LoadMode.APPEND, slice_column=rule(contract).column)
    return replace(contract, load=load)


def rule(contract: Contract) -> Watching:
    """How the contract wants to be watched."""
    assert contract.watch is not None, "only a contract that asks for it is watched"
    return contract.watch


def profile(contract: Contract, piece: Slice) -> str:
    """Rows of (place of the column, bin, count); ``TOTAL`` is all rows of the slice."""
    columns = rule(contract).columns
    names = [f"b{place}" for place in range(len(columns))]
    bins = [f"{_bin(contract, name)} AS {short}" for name, short in zip(columns, names, strict=True)]
    sets = ", ".join(("()", *(f"({name})" for name in names)))
    which = "".join(f" WHEN GROUPING({name}) = 0 THEN {place}" for place, name in enumerate(names))
    place = f"CASE{which} ELSE {TOTAL} END" if names else str(TOTAL)
    found = f"coalesce({', '.join((*names, literal('')))})"
    read = f"SELECT {', '.join(bins) or '1 AS one'} FROM {ident(contract.table)} WHERE {in_slice(contract, piece)}"
    return f"SELECT {place} AS place, {found} AS bin, count(*) AS n FROM ({read}) AS s GROUP BY GROUPING SETS ({sets})"


def duplicates(contract: Contract, piece: Slice) -> str:
    """The rows of the slice beyond the first of each key."""
    relation = f"(SELECT * FROM {ident(contract.table)} WHERE {in_slice(contract, piece)}) AS s"
    return excess(rule(contract).key, relation)


def counts(contract: Contract, pieces: Sequence[Slice], now: datetime) -> str:
    """Rows of (place of the slice, count) of some slices, and as ``TOTAL`` of what is later than now."""
    after = Slice(id="future", start=now, end=now)
    later = f"{column(contract.load.slice_column)} > {literal(bounds(contract, after)[0])}"
    parts = [(place, in_slice(contract, piece)) for place, piece in enumerate(pieces)]
    asked = [
        f"SELECT {place} AS place, count(*) AS n FROM {ident(contract.table)} WHERE {where}" for place, where in parts
    ]
    return " UNION ALL ".join((*asked, f"SELECT {TOTAL}, count(*) FROM {ident(contract.table)} WHERE {later}"))


def read_profile(contract: Contract, rows: Iterable[Sequence[Any]], repeated: int | None) -> Profile:
    """The profile that the answer to ``profile`` is.

    :param repeated: the answer to ``duplicates``; None where it was not asked.
    """
    names = rule(contract).columns
    bins: dict[str, dict[str, int]] = {name: {} for name in names}
    total = 0
    for place, found, n in rows:
        if place == TOTAL:
            total = int(n)
        else:
            bins[names[place]][str(found)] = int(n)
    columns = {name: ColumnProfile(bins=found) for name, found in bins.items()}
    return Profile(rows=total, duplicates=repeated, columns=columns)


def _bin(contract: Contract, name: str) -> str:
    own, kind = column(name), family(kind_of(contract, name))
    missing = f"CASE WHEN {own} IS NULL THEN {literal(NULL)}"
    if kind not in NUMBERS:
        text = f"CAST({own} AS text)"
        return f"{missing} ELSE concat('h', substr(md5({text}), 1, 1)) END"
    number = f"CAST({own} AS double precision)"
    if kind is not Family.WHOLE:
        odd = ", ".join(f"CAST({literal(word)} AS double precision)" for word in _NAN)
        missing += f" WHEN {number} IN ({odd}) THEN {literal(NULL)}"
    octaves = f"CAST(floor({PER_OCTAVE} * ln(abs({number})) / ln(CAST(2 AS double precision))) AS bigint)"
    sized = "".join(
        f" WHEN {number} {sign} 0 THEN concat({literal(word)}, CAST({octaves} AS text))"
        for sign, word in ((">", ABOVE), ("<", BELOW))
    )
    return f"{missing}{sized} ELSE {literal(ZERO)} END"
