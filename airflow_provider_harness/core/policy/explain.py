"""Why a policy decides as it does: what each of its rules says to the same facts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from airflow_provider_harness.core.actions import Proposal
from airflow_provider_harness.core.diagnosis.evidence import Fact
from airflow_provider_harness.core.policy.policy import Condition, Policy, Usage, Verdict, unusable


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleOutcome:
    """What one rule says.

    :param decides: it is the one that decides.
    :param why: one sentence.
    """

    rule: str
    decides: bool
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Every rule of the policy that is about the proposed action, in order, and the verdict."""

    rules: tuple[RuleOutcome, ...]
    others: int
    verdict: Verdict


def explain(policy: Policy, proposal: Proposal, facts: Mapping[str, Fact], usage: Usage) -> Explanation:
    """What ``policy.judge`` decides, with the reason of each rule before the one that decides."""
    verdict = policy.judge(proposal, facts, usage)
    mine = [rule for rule in policy.rules if rule.action is proposal.kind]
    said: list[RuleOutcome] = []
    for rule in mine:
        if any(one.decides for one in said):
            said.append(RuleOutcome(rule=rule.id, decides=False, why="Not reached: an earlier rule decides."))
        elif rule.id == verdict.rule:
            said.append(RuleOutcome(rule=rule.id, decides=True, why=f"Decides {verdict.kind}: {verdict.reason}"))
        else:
            why = "; ".join(_unmet(rule.when, facts)) or verdict.reason  # its conditions hold, and judging broke off
            said.append(RuleOutcome(rule=rule.id, decides=False, why=why))
    return Explanation(rules=tuple(said), others=len(policy.rules) - len(mine), verdict=verdict)


def _unmet(when: tuple[Condition, ...], facts: Mapping[str, Fact]) -> Iterator[str]:
    for condition in when:
        if why := unusable(condition.fact, facts):
            yield why
        elif not condition.holds(facts):
            yield f"Does not apply: {condition.fact} is {facts[condition.fact]}, not {condition.op} {_words(condition)}."


def _words(condition: Condition) -> str:
    operand = condition.operand
    return ", ".join(map(str, operand)) if isinstance(operand, tuple) else str(operand)
