"""What a policy's check finds, and that it finds nothing in the packaged one."""

from __future__ import annotations

from typing import Any

from airflow_provider_harness.adapters.yaml_files.policy import load_policy
from airflow_provider_harness.core.actions import ActionKind
from airflow_provider_harness.core.policy.lint import lint
from airflow_provider_harness.core.policy.policy import Condition, Limit, Op, Policy, Rule, VerdictKind

BOUNDED = Limit(per_incident=1, per_dag_per_day=1)
FEW = Condition(fact="tries_by_harness", op=Op.LT, operand=2)
TIMEOUT = Condition(fact="category", op=Op.EQ, operand="timeout")


def rule(name: str, *when: Condition, **more: Any) -> Rule:
    given = {"action": ActionKind.RETRY_TASK, "verdict": VerdictKind.APPROVE, "reason": "r", "limit": BOUNDED}
    return Rule(**{"id": name, "when": when, **given, **more})


def found(*rules: Rule) -> dict[str, tuple[str, ...]]:
    return dict(lint(Policy(version=1, rules=rules)))


def test_the_packaged_policy_has_nothing() -> None:
    assert lint(load_policy("")) == {}


def test_a_rule_that_is_never_reached() -> None:
    assert found(rule("a"), rule("b", FEW)) == {
        "b": ("unreachable: rule a decides before it, whenever it would apply",)
    }
    assert list(found(rule("a", FEW), rule("b", TIMEOUT, FEW))) == ["b"]
    assert found(rule("a", FEW), rule("b", TIMEOUT), rule("c")) == {}
    assert found(rule("a"), rule("b", action=ActionKind.PAUSE_DAG)) == {}


def test_a_rule_without_a_limit() -> None:
    assert found(rule("a", limit=Limit())) == {"a": ("without a limit: per_incident and per_dag_per_day can be given",)}
    assert found(rule("a", limit=Limit(per_incident=1))) == {"a": ("without a limit: per_dag_per_day can be given",)}
    assert list(found(rule("a", verdict=VerdictKind.ASK, limit=Limit()))) == ["a"]
    assert found(rule("a", verdict=VerdictKind.REFUSE, limit=Limit())) == {}
    assert found(rule("a", action=ActionKind.ESCALATE_TO_HUMAN, limit=Limit())) == {}


def test_a_rule_by_which_authors_would_widen() -> None:
    tagged = Condition(fact="tags", op=Op.HAS, operand="safe")
    assert found(rule("a", tagged)) == {
        "a": ("approves by tags, which authors write: authors could widen what is allowed",)
    }
    assert found(
        rule("a", tagged, verdict=VerdictKind.ASK), rule("b", tagged, FEW, verdict=VerdictKind.REFUSE)
    ).keys() == {"b"}
