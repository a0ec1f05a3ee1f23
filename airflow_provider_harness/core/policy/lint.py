"""What a policy says that its author can hardly have meant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from airflow_provider_harness.core.actions import ACTIONS, Risk
from airflow_provider_harness.core.policy.policy import LINEAGE_FACTS, Policy, Rule, VerdictKind

WRITTEN_BY_AUTHORS = frozenset({"owners", "tags", "criticality", "contract_state"})
"""Facts that whoever writes a Dag or its contract chooses."""


def lint(policy: Policy) -> Mapping[str, tuple[str, ...]]:
    """Id of a rule -> what is wrong with it; rules with which nothing is wrong are not there."""
    found = {rule.id: tuple(_findings(rule, policy.rules[:number])) for number, rule in enumerate(policy.rules)}
    return {name: findings for name, findings in found.items() if findings}


def _findings(rule: Rule, earlier: Sequence[Rule]) -> Iterator[str]:
    for other in earlier:
        if other.action is rule.action and set(other.when) <= set(rule.when):
            yield f"unreachable: rule {other.id} decides before it, whenever it would apply"
            break
    if rule.verdict is VerdictKind.REFUSE or ACTIONS[rule.action].risk is Risk.NONE:
        return
    missing = [name for name in ("per_incident", "per_dag_per_day") if getattr(rule.limit, name) is None]
    if missing:
        yield f"without a limit: {' and '.join(missing)} can be given"
    told = sorted({condition.fact for condition in rule.when} & set(LINEAGE_FACTS))
    if told and rule.verdict is VerdictKind.APPROVE:
        yield f"approves by {' and '.join(told)}, which tasks report: a person is asked anyway"
    chosen = sorted({condition.fact for condition in rule.when} & WRITTEN_BY_AUTHORS)
    if chosen and rule.verdict is VerdictKind.APPROVE:
        yield f"approves by {' and '.join(chosen)}, which authors write: authors could widen what is allowed"
