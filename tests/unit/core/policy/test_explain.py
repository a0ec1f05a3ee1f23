"""The explanation says what the policy does, and why the earlier rules did not decide."""

from __future__ import annotations

from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from airflow_provider_harness.adapters.yaml_files.policy import load_policy
from airflow_provider_harness.core.actions import ACTIONS, ActionKind, Proposal
from airflow_provider_harness.core.policy.explain import explain
from airflow_provider_harness.core.policy.policy import FACTS, Usage

POLICY = load_policy("")
VALUES = {
    name: st.sampled_from(sorted(spec.values))
    if spec.values
    else st.booleans()
    if spec.type is bool
    else st.integers(0, 5)
    for name, spec in FACTS.items()
}


def proposal(kind: ActionKind) -> Proposal:
    return Proposal(kind=kind, arguments=dict.fromkeys(ACTIONS[kind].required, "x"))


@example(ActionKind.WAIT_FOR_SOURCE, {"tries_by_harness": 0}, 0, 0)
@given(st.sampled_from(ActionKind), st.fixed_dictionaries({}, optional=VALUES), st.integers(0, 25), st.integers(0, 25))
def test_it_is_the_policys_own_verdict(kind: ActionKind, facts: dict[str, Any], one: int, two: int) -> None:
    usage = Usage(on_incident=one, on_dag_today=two)
    found = explain(POLICY, proposal(kind), facts, usage)
    assert found.verdict == POLICY.judge(proposal(kind), facts, usage)
    deciding = [said.rule for said in found.rules if said.decides]
    assert deciding == ([found.verdict.rule] if found.verdict.rule else [])
    assert all(said.why for said in found.rules)
    assert len(found.rules) + found.others == len(POLICY.rules)


def test_each_rule_says_why_it_does_not_decide() -> None:
    facts = {
        "category": "worker_lost",
        "tries_by_harness": 1,
        "needs_person": False,
        "basis": "fact",
        "repeatable": "yes",
    }
    said = {one.rule: one.why for one in explain(POLICY, proposal(ActionKind.RETRY_TASK), facts, Usage()).rules}
    assert said["retry-transient"].startswith("Does not apply: category is worker_lost, not in transient_network, ")
    assert said["retry-lost-worker"] == "Does not apply: tries_by_harness is 1, not lt 1."
    found = explain(POLICY, proposal(ActionKind.RETRY_TASK), {**facts, "category": "timeout"}, Usage())
    assert [(one.decides, one.why) for one in found.rules] == [
        (True, "Decides approve: Transient, and within the limits."),
        (False, "Not reached: an earlier rule decides."),
        (False, "Not reached: an earlier rule decides."),
    ]
