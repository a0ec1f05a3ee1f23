"""How a proposal is graded: by the standards of its level, and by what a promotion must keep. No word of its author
counts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from airflow_provider_harness.core.contracts.contract import Contract, Readiness
from airflow_provider_harness.core.contracts.readiness import Live, checklist
from airflow_provider_harness.core.contracts.report import CheckResult
from airflow_provider_harness.core.learning.promotion.difference import (
    Difference,
    Limits,
    added,
    changed,
    chosen,
    constant,
    emptied,
    lost,
)
from airflow_provider_harness.core.learning.promotion.floor import declassified, made_up, weaker
from airflow_provider_harness.core.lineage.graph import ColumnEdge

KEEPS = "promotion"
"""The group of the standards that hold for every promotion, whatever its level."""

OF_PEOPLE = frozenset(
    {"owner", "support", "roles", "freshness", "consumers", "paged", "truth", "availability", "retention", "classified"}
)
"""Standards of readiness that only a person can meet: they are promises, or say who someone is."""

#: Standards that words meet -> the words. Where the proposal wrote them, a person must read them.
WORDS: Mapping[str, Callable[[Contract], object]] = {
    "purpose": lambda c: c.description,
    "grain": lambda c: c.granularity,
    "limits": lambda c: c.limitations,
    "usage": lambda c: c.usage,
    "described": lambda c: {column.name: column.description for column in c.columns},
}


class Outcome(StrEnum):
    """How a promotion ended. None of them publishes anything."""

    READY = "ready"  # every standard is met
    NEEDS_PEOPLE = "needs_people"  # what is left, only a person can say
    NOT_REACHED = "not_reached"  # the budget ended first; the best proposal is handed over
    NOTHING_TO_DO = "nothing_to_do"  # the table meets the level as it is


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What is graded: facts that the harness measured itself.

    :param old: the contract that stands, claiming the level.
    :param new: the proposed one.
    :param live: the built table against ``new``.
    :param difference: None where it could not be measured, and ``why_no_difference`` says why.
    :param edges: into the built table's columns; empty where they could not be followed.
    """

    old: Contract
    new: Contract
    level: Readiness
    target: str
    live: Live
    difference: Difference | None
    why_no_difference: str
    edges: tuple[ColumnEdge, ...]
    limits: Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the checklist.

    :param group: the level, or ``KEEPS``.
    :param before: why the untouched table does not meet it; empty where it does, None where it cannot be asked of it.
    :param why: why the proposal does not meet it; empty where it does.
    :param of_people: only a person can meet it.
    :param to_read: the proposal's own words meet it.
    :param leaving: ``why`` as it may leave the warehouse.
    """

    id: str
    group: str
    demand: str
    before: str | None
    why: str
    of_people: bool = False
    to_read: bool = False
    leaving: str = ""

    @property
    def met(self) -> bool:
        """Whether nothing is in the way."""
        return not self.why


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """What every promotion must keep.

    :param of_people: whether only a person can say that it is right as it is.
    """

    id: str
    demand: str
    why_not: Callable[[Case], str]
    of_people: Callable[[Case], bool] = lambda case: False


def grade(case: Case, before: Mapping[str, str]) -> tuple[Row, ...]:
    """Every standard of the level and of every promotion, met or not and why.

    :param before: id of a standard of readiness -> why the untouched table does not meet it.
    """
    readiness = [
        Row(
            id=verdict.standard.id,
            group=str(verdict.standard.level),
            demand=verdict.standard.demand,
            before=before.get(verdict.standard.id),
            why=verdict.why,
            of_people=verdict.standard.id in OF_PEOPLE,
            to_read=_to_read(verdict.standard.id, case),
            leaving=leaving(verdict.standard.id, verdict.why, case.live),
        )
        for verdict in checklist(replace(case.new, readiness=case.level), case.live)
    ]
    kept = [(k, k.why_not(case)) for k in KEPT]
    rows = (
        Row(
            id=k.id,
            group=KEEPS,
            demand=k.demand,
            before=None,
            why=why,
            of_people=k.of_people(case),
            leaving=why,
        )
        for k, why in kept
    )
    return (*readiness, *rows)


def untouched(contract: Contract, level: Readiness, live: Live) -> Mapping[str, str]:
    """Why the table as it is does not meet the standards of a level: id -> why, empty where it does."""
    return {v.standard.id: v.why for v in checklist(replace(contract, readiness=level), live)}


def leaving(standard: str, why: str, live: Live) -> str:
    """Why a standard is not met, in words that may leave the warehouse: of checks the counts of rows, and no value that
    one found."""
    wanted = _OF_CHECKS.get(standard)
    if wanted is None or not why or live.report is None:
        return why
    return " ".join(_counted(result, live.report.rows) for result in live.report.results if wanted(result))


#: Standard -> the results of checks that are in its way.
_OF_CHECKS: Mapping[str, Callable[[CheckResult], bool]] = {
    "errors": lambda result: result.blocking or bool(result.error),
    "warnings": lambda result: not result.passed,
}


def _counted(result: CheckResult, rows: int) -> str:
    if result.error:
        return f"{result.id}: could not be checked."
    count = f"{result.failing} of {rows} rows fail" if result.failing is not None else "it does not hold"
    return f"{result.id}: {count}; expected {result.expected}."


def outcome(rows: Sequence[Row]) -> Outcome:
    """What a graded proposal is, whatever its author says of it."""
    unmet = [row for row in rows if not row.met]
    if not unmet:
        return Outcome.READY
    return Outcome.NEEDS_PEOPLE if all(row.of_people for row in unmet) else Outcome.NOT_REACHED


def _to_read(id: str, case: Case) -> bool:
    said = WORDS.get(id)
    return said is not None and said(case.old) != said(case.new)


def _by_difference(judge: Callable[[Difference], str]) -> Callable[[Case], str]:
    """What cannot be measured is no pass."""
    return lambda case: judge(case.difference) if case.difference else f"not measured: {case.why_no_difference}"


def _with_limits(judge: Callable[[Difference, Limits], str]) -> Callable[[Case], str]:
    return lambda case: _by_difference(lambda found: judge(found, case.limits))(case)


def _claim(case: Case) -> str:
    if case.new.readiness is not case.level:
        return f"harness.readiness is {case.new.readiness or 'not there'}, and must be {case.level}."
    return "" if case.new.table == case.target else f"physicalName is {case.new.table}, and must be {case.target}."


def _origins(case: Case) -> str:
    made = {edge.target_column for edge in case.edges if edge.how.direct}
    invented = [name for name in case.new.names if name not in made]
    return f"made of no column of the table: {', '.join(invented)}." if invented else ""


def _no_sentence(found: Sequence[str]) -> str:
    return "; ".join(found) + ("." if found else "")


KEPT: tuple[Keep, ...] = (
    Keep(id="claim", demand="The contract claims the level, for the table that is meant.", why_not=_claim),
    Keep(
        id="no_weaker",
        demand="No column and no check of the current contract is missing or laxer.",
        why_not=lambda case: _no_sentence(weaker(case.old, case.new)),
    ),
    Keep(
        id="not_made_up",
        demand="The parts that only people know are unchanged.",
        why_not=lambda case: _no_sentence(made_up(case.old, case.new)),
    ),
    Keep(
        id="not_declassified",
        demand="A new column is classified as what it is made of.",
        why_not=lambda case: _no_sentence(declassified(case.old, case.new, case.edges)),
    ),
    Keep(id="origins", demand="Each column comes from columns of the table, as the query shows.", why_not=_origins),
    Keep(id="rows_kept", demand="No key is gone.", why_not=_with_limits(lost)),
    Keep(
        id="rows_chosen",
        demand="No row went in favour of another one of its key.",
        why_not=_with_limits(chosen),
        of_people=lambda case: bool(case.old.key),  # a key that the proposal chose is its own mistake
    ),
    Keep(id="rows_added", demand="No key is new, and each key is there once.", why_not=_with_limits(added)),
    Keep(id="values_kept", demand="No column lost values.", why_not=_with_limits(emptied)),
    Keep(
        id="values_true", demand="Values are what they were, whatever spaces and case.", why_not=_with_limits(changed)
    ),
    Keep(id="no_constant", demand="No column became, or is, a constant.", why_not=_by_difference(constant)),
)
"""What holds for every promotion; none of it is the author's or the model's to set."""


def tally(rows: Sequence[Row]) -> Iterator[tuple[str, int]]:
    """How many standards are met, not met, and a person's."""
    yield "met", sum(row.met for row in rows)
    yield "not met", sum(not row.met and not row.of_people for row in rows)
    yield "for a person", sum(not row.met and row.of_people for row in rows)
