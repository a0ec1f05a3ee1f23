"""Promote a table in a sandbox: propose, build, grade, go on until the standards are met or the budget ends.

Who proposes never grades, and nothing is published: a person gets the best proposal, what it meets and what not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from airflow_provider_harness.app.ports.promotion import (
    Brief,
    Budget,
    Compiler,
    Draft,
    Drafter,
    ProposalRefused,
    Sandbox,
    Tried,
)
from airflow_provider_harness.core.contracts.contract import Contract, Readiness
from airflow_provider_harness.core.contracts.readiness import LEVELS, STANDARDS
from airflow_provider_harness.core.errors import ContractError, HarnessUnavailable, NotAllowed
from airflow_provider_harness.core.learning.promotion.difference import Limits
from airflow_provider_harness.core.learning.promotion.floor import strange_checks
from airflow_provider_harness.core.learning.promotion.grade import (
    KEPT,
    Case,
    Outcome,
    grade,
    leaving,
    outcome,
    untouched,
)

#: Characters of why a proposal was refused.
LONGEST_WHY = 4_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What is to be promoted.

    :param contract: of the table as it stands.
    :param document: that contract's file, for this one table.
    :param target: ``schema.table`` that the promoted table would be.
    """

    contract: Contract
    document: str
    target: str
    level: Readiness
    limits: Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Who takes part.

    :param model: None where none is asked.
    :param heard: told of each proposal when it is graded.
    """

    sandbox: Sandbox
    rules: Drafter
    model: Drafter | None
    compiled: Compiler
    budget: Budget
    heard: Callable[[Tried], None] = lambda tried: None


@dataclass(frozen=True, slots=True, kw_only=True)
class Promotion:
    """What came of it.

    :param best: None where nothing was to do, or nothing was proposed.
    :param ended: why no further proposal was asked for; empty where none was needed.
    """

    job: Job
    outcome: Outcome
    before: Mapping[str, str]
    tried: tuple[Tried, ...] = ()
    best: Tried | None = None
    ended: str = ""


def promote(job: Job, desk: Desk) -> Promotion:
    """The whole promotion, in a sandbox that is empty when it begins.

    :raises NotAllowed: the sandbox's role can do more than it should.
    """
    with desk.sandbox.opened():
        live = desk.sandbox.live(job.contract, job.contract.table)
        before = untouched(job.contract, job.level, live)
        if not any(before.values()):
            return Promotion(job=job, outcome=Outcome.NOTHING_TO_DO, before=before)
        told = {name: leaving(name, why, live) for name, why in before.items() if why}
        return _worked(job, desk, before, _brief(job, desk, told))


def _worked(job: Job, desk: Desk, before: Mapping[str, str], brief: Brief) -> Promotion:
    tried: list[Tried] = []
    ended = ""
    while not ended and not (tried and _enough(tried[-1])):
        drafter = desk.model if tried else desk.rules
        ended = "no model is asked" if drafter is None else desk.budget.turn() if tried else ""
        if drafter is not None and not ended:
            try:
                draft = drafter.draft(brief, tuple(tried))
            except (HarnessUnavailable, NotAllowed) as error:
                ended = str(error)
            else:
                tried.append(_graded(len(tried) + 1, drafter.name, draft, job, desk, before))
                desk.heard(tried[-1])
    best = max(tried, key=_rank, default=None)
    desk.sandbox.keep(best.table if best else "")
    found = outcome(best.rows) if best and best.rows else Outcome.NOT_REACHED
    return Promotion(job=job, outcome=found, before=before, tried=tuple(tried), best=best, ended=ended)


def _brief(job: Job, desk: Desk, told: Mapping[str, str]) -> Brief:
    wanted = LEVELS[: LEVELS.index(job.level) + 1]
    demands = {s.id: s.demand for s in STANDARDS if s.level in wanted} | {k.id: k.demand for k in KEPT}
    return Brief(
        contract=job.contract,
        document=job.document,
        target=job.target,
        level=str(job.level),
        profile=desk.sandbox.profile(),
        standards=demands,
        before=told,
    )


def _enough(tried: Tried) -> bool:
    """Whether nothing is left that a further proposal could meet."""
    return bool(tried.rows) and outcome(tried.rows) is not Outcome.NOT_REACHED


def _rank(tried: Tried) -> tuple[int, int, int]:
    """The best is the one that is built and misses least; of equal ones the latest."""
    unmet = sum(not row.met for row in tried.rows)
    return (bool(tried.rows), -unmet, tried.number)


def _graded(number: int, by: str, draft: Draft, job: Job, desk: Desk, before: Mapping[str, str]) -> Tried:
    tried = Tried(number=number, by=by, draft=draft)
    try:
        contract = desk.compiled(draft.contract)
        if strange := strange_checks(job.contract, contract):
            raise ProposalRefused(f"contract: {'; '.join(strange)}.")
        sql, table = desk.sandbox.build(draft.sql, number)
    except (ContractError, ProposalRefused) as error:
        return replace(tried, refused=str(error)[:LONGEST_WHY])
    built = replace(tried, contract=contract, sql=sql, table=table, edges=desk.sandbox.edges(sql))
    return _judged(built, contract, job, desk, before)


def _judged(tried: Tried, contract: Contract, job: Job, desk: Desk, before: Mapping[str, str]) -> Tried:
    """Facts first, each read by the harness itself; then the grades."""
    difference, why = None, ""
    try:
        difference = desk.sandbox.difference(contract, tried.table)
    except ProposalRefused as error:
        why = str(error)[:LONGEST_WHY]
    case = Case(
        old=job.contract,
        new=contract,
        level=job.level,
        target=job.target,
        live=desk.sandbox.live(contract, tried.table),
        difference=difference,
        why_no_difference=why,
        edges=tried.edges,
        limits=job.limits,
    )
    return replace(tried, difference=difference, rows=grade(case, before))
