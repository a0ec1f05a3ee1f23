"""An audit of a warehouse: which level of readiness each table reaches, and what it lacks, with the text to add."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from airflow_provider_harness.core.contracts.contract import Contract, Readiness
from airflow_provider_harness.core.contracts.readiness import LEVELS, StandardResult, reached

NONE = "none"
"""The level of a table that does not even reach the first one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Audited:
    """One table.

    :param file: of its contract; empty where no contract covers it.
    :param claimed: the level that the contract claims; None if it claims none.
    :param wanted: the level that is asked for; None if nobody asks for one.
    :param results: of all standards that were looked at; empty where no contract covers it.
    :param add: what to do first where there is no contract.
    """

    table: str
    file: str = ""
    claimed: Readiness | None = None
    wanted: Readiness | None = None
    results: tuple[StandardResult, ...] = ()
    add: str = ""

    @property
    def level(self) -> Readiness | None:
        """The level that it reaches; None for none."""
        return reached(self.results)

    @property
    def short(self) -> bool:
        """Whether it falls short of the level that is asked for."""
        return self.wanted is not None and (self.level is None or _place(self.level) < _place(self.wanted))


def _place(level: Readiness) -> int:
    return LEVELS.index(level)


def of_contract(contract: Contract, results: Iterable[StandardResult], level: Readiness | None) -> Audited:
    """A table under a contract.

    :param level: the level that is asked for; None = the one that the contract claims.
    """
    return Audited(
        table=contract.table,
        file=contract.place,
        claimed=contract.readiness,
        wanted=level or contract.readiness,
        results=tuple(results),
    )


def uncovered(tables: Iterable[str], covered: Iterable[str], conn_id: str, level: Readiness | None) -> list[Audited]:
    """The tables of a connection that no contract covers."""
    known = set(covered)
    return [
        Audited(table=name, wanted=level, add=f"airflow harness contract init --conn-id {conn_id} {name}")
        for name in tables
        if name not in known
    ]


def summary(found: Sequence[Audited]) -> dict[str, int]:
    """Level -> how many tables reach it and no higher one."""
    levels = [str(one.level or NONE) for one in found]
    return {name: levels.count(name) for name in (*reversed([str(level) for level in LEVELS]), NONE)}


def as_json(found: Sequence[Audited]) -> dict[str, Any]:
    """The audit for programs."""
    return {"tables": len(found), "reach": summary(found), "audited": [_table(one) for one in found]}


def _table(one: Audited) -> dict[str, Any]:
    return {
        "table": one.table,
        "contract": one.file,
        "level": str(one.level or NONE),
        "claimed": str(one.claimed or ""),
        "wanted": str(one.wanted or ""),
        "short": one.short,
        "missing": [dict(line) for line in _missing(one)],
        "persons": [{"standard": result.standard.id, "said": result.person} for result in one.results if result.person],
    }


def _missing(one: Audited) -> list[Mapping[str, str]]:
    if not one.results:
        return [{"level": str(LEVELS[0]), "standard": "contract", "why": "no contract covers it.", "add": one.add}]
    return [
        {
            "level": str(result.standard.level),
            "standard": result.standard.id,
            "why": result.why,
            "add": result.standard.add,
        }
        for result in one.results
        if not result.met
    ]


def text(found: Sequence[Audited]) -> list[str]:
    """The audit for people: the warehouse, each table, each standard that it does not meet."""
    counts = ", ".join(f"{count} {name}" for name, count in summary(found).items() if count)
    lines = [f"{len(found)} table(s): {counts}"]
    for one in found:
        claim = f", claims {one.claimed}" if one.claimed else ""
        short = f", falls short of {one.wanted}" if one.short else ""
        lines += ["", f"{one.table}: {one.level or NONE}{claim}{short}"]
        lines += [
            f"  {line['level']} {line['standard']}: {line['why']}\n    add: {line['add']}" for line in _missing(one)
        ]
        lines += [f"  {r.standard.level} {r.standard.id}: not measured; {r.person}" for r in one.results if r.person]
    return lines
