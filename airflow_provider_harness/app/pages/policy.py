"""The policy as it decides: its rules, a verdict explained, and what another policy would have said to the past."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from airflow_provider_harness.app.pages.incidents.parts import RuleSaid
from airflow_provider_harness.app.reports.policy_replay import Change, PastVerdict
from airflow_provider_harness.core.actions import ACTIONS, ActionKind, Proposal
from airflow_provider_harness.core.diagnosis.evidence import Fact
from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.core.policy.explain import Explanation, explain
from airflow_provider_harness.core.policy.lint import lint
from airflow_provider_harness.core.policy.policy import FACTS, FactSpec, Policy, Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleShown:
    """:param finding: what is odd about it, or empty."""

    id: str
    action: str
    verdict: str
    when: Sequence[str]
    reason: str
    per_incident: int | None
    per_dag_per_day: int | None
    finding: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FactShown:
    """:param values: the closed set of its words; None where there is none."""

    name: str
    type: str
    meaning: str
    values: Sequence[str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionShown:
    name: str
    what: str
    risk: str
    parameters: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyView:
    version: int
    file: str
    rules: Sequence[RuleShown]
    facts: Sequence[FactShown]
    actions: Sequence[ActionShown]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Was:
    verdict: str
    rule: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """What each rule about an action says to some facts.

    :param was: the verdict that was given then; None where the facts are a person's own.
    """

    action: str
    facts: Mapping[str, Any]
    rules: Sequence[RuleSaid]
    others: int
    verdict: str
    rule: str
    reason: str
    policy_version: int
    was: Was | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """A past verdict that another policy would change."""

    incident: str
    at: str
    action: str
    category: str
    was: str
    was_rule: str
    would_be: str
    would_be_rule: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """:param judged: verdicts that were judged again.
    :param hidden: changes of incidents that the caller may not read.
    """

    judged: int
    changes: Sequence[Changed]
    hidden: int


_TYPES = {int: "number", bool: "yes/no", tuple: "words", str: "text"}


def policy_view(policy: Policy, file: str, text: str) -> PolicyView:
    """The rules, the facts that they may ask for, and the actions that they are about."""
    found = lint(policy)
    rules = [
        RuleShown(
            id=rule.id,
            action=rule.action.value,
            verdict=rule.verdict.value,
            when=[str(condition) for condition in rule.when],
            reason=rule.reason,
            per_incident=rule.limit.per_incident,
            per_dag_per_day=rule.limit.per_dag_per_day,
            finding="; ".join(found.get(rule.id, ())),
        )
        for rule in policy.rules
    ]
    facts = [
        FactShown(
            name=name, type=_type(spec), meaning=spec.meaning, values=sorted(spec.values) if spec.values else None
        )
        for name, spec in FACTS.items()
    ]
    actions = [
        ActionShown(
            name=kind.value,
            what=spec.what,
            risk=spec.risk.value,
            parameters=sorted([*spec.required, *spec.optional]),
        )
        for kind, spec in ACTIONS.items()
    ]
    return PolicyView(version=policy.version, file=file, rules=rules, facts=facts, actions=actions, text=text)


def _type(spec: FactSpec) -> str:
    return "time" if spec.moment else _TYPES[spec.type]


def explained(policy: Policy, case: PastVerdict) -> Explained:
    """A case with what each rule says to it."""
    found = explain(policy, case.proposal, case.facts, case.usage)
    return as_explained(case, found)


def as_explained(case: PastVerdict, found: Explanation) -> Explained:
    """The same of an explanation that was made."""
    verdict = found.verdict
    return Explained(
        action=case.proposal.kind.value,
        facts=dict(case.facts),
        rules=[RuleSaid(rule=said.rule, decides=said.decides, why=said.why) for said in found.rules],
        others=found.others,
        verdict=verdict.kind.value,
        rule=verdict.rule,
        reason=verdict.reason,
        policy_version=verdict.policy_version,
        was=Was(verdict=case.verdict, rule=case.rule, reason=case.reason) if case.verdict else None,
    )


def changed(change: Change) -> Changed:
    """A change, for people."""
    past = change.past
    return Changed(
        incident=past.incident_id,
        at=past.at,
        action=past.proposal.kind.value,
        category=str(past.facts.get("category", "")),
        was=past.verdict,
        was_rule=past.rule,
        would_be=change.now.kind.value,
        would_be_rule=change.now.rule,
        why=change.now.reason,
    )


#: Facts that every judgement needs, as they are of most remedies; said by a person, they are what was said.
GRANTED: Mapping[str, Fact] = {"needs_person": False, "basis": "fact"}


def case_of(action: str, facts: Sequence[str], usage: Usage, dashes: str = "") -> PastVerdict:
    """A case that a person makes up.

    :param facts: each as ``name=value``.
    :param dashes: before the names of what was given, in errors.
    :raises ConfigurationError: there is no such action or fact, or a fact cannot have that value.
    """
    valid = tuple(ActionKind)
    if action not in valid:
        raise ConfigurationError(f"{dashes}action {action}", "is not a known action.", valid=valid)
    kind = ActionKind(action)
    proposal = Proposal(kind=kind, arguments=dict.fromkeys(ACTIONS[kind].required, "?"))
    said = {**GRANTED, **facts_of(facts, dashes)}
    return PastVerdict(
        incident_id="", at="", proposal=proposal, facts=said, usage=usage, verdict="", rule="", reason=""
    )


_WORDS: Mapping[str, bool] = {"true": True, "false": False}
_PARSE: Mapping[type, Callable[[str], Fact]] = {
    bool: lambda text: _WORDS[text],
    tuple: lambda text: tuple(word for word in text.split(",") if word),
}


def facts_of(given: Iterable[str], dashes: str = "") -> dict[str, Fact]:
    """Facts as a person writes them, ``name=value``."""
    facts: dict[str, Fact] = {}
    for pair in given:
        name, _, text = pair.partition("=")
        if name not in FACTS:
            raise ConfigurationError(f"{dashes}fact {pair}", "is not a known fact.", valid=tuple(FACTS))
        try:
            facts[name] = _PARSE.get(FACTS[name].type, FACTS[name].type)(text)
        except (KeyError, ValueError):
            kind = "true or false" if FACTS[name].type is bool else "a whole number"
            raise ConfigurationError(f"{dashes}fact {pair}", f"is not {kind}.") from None
        if (words := FACTS[name].values) is not None and text not in words:
            raise ConfigurationError(f"{dashes}fact {pair}", "has no such value.", valid=tuple(sorted(words)))
    return facts
