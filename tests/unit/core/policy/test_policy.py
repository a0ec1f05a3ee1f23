"""The decision table, walked whole; nothing of it is sampled."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import product
from typing import Any

import pytest

from airflow_provider_harness.adapters.yaml_files.policy import load_policy
from airflow_provider_harness.core.actions import ACTIONS, ActionKind, Proposal, Risk
from airflow_provider_harness.core.diagnosis.diagnosis import Basis, Category, Certainty
from airflow_provider_harness.core.policy.policy import (
    FACTS,
    LINEAGE_FACTS,
    Condition,
    Limit,
    Op,
    Policy,
    Rule,
    Usage,
    Verdict,
    VerdictKind,
)
from airflow_provider_harness.core.policy.repeatable import Repeatable

APPROVE, ASK, REFUSE = VerdictKind
Facts = dict[str, Any]
NEVER_USED = Usage()

FACTS_NOW: Facts = {
    "category": "transient_network",
    "basis": "fact",
    "certainty": "sure",
    "needs_person": False,
    "tries_by_harness": 0,
    "try_number": 1,
    "failed_tasks": 1,
    "downstream_tasks": 0,
    "slices": 1,
    "slices_beyond_alone": 0,
    "dag_paused": False,
    "dag_changed": False,
    "has_contract": True,
    "downstream_tables": 0,
    "upstream_incidents": 0,
    "environment": "production",
    "owners": ("team",),
    "tags": ("harness", "flights"),
    "idempotent": True,
    "repeatable": "yes",
    "criticality": "medium",
    "contract_state": "active",
    "model_cents_on_incident": 0,
    "model_cents_today": 0,
    "maintenance": False,
    "time": "2026-11-21T12:00:00+00:00",
}


def proposal(kind: ActionKind) -> Proposal:
    return Proposal(kind=kind, arguments=dict.fromkeys(ACTIONS[kind].required, "1"))


def rule(verdict: VerdictKind, *when: Condition, kind: ActionKind = ActionKind.RETRY_TASK, **more: Any) -> Rule:
    return Rule(**{"id": verdict.value, "action": kind, "verdict": verdict, "reason": "r", "when": when, **more})


def judged(*rules: Rule, facts: Mapping[str, Any] | None = None, usage: Usage = NEVER_USED) -> Verdict:
    policy = Policy(version=7, rules=rules)
    return policy.judge(proposal(ActionKind.RETRY_TASK), FACTS_NOW if facts is None else facts, usage)


def narrowed(given: VerdictKind, kind: ActionKind, basis: Basis, needs_person: bool) -> VerdictKind:
    """What the two bounds above every rule leave of its verdict."""
    if given is not APPROVE or ACTIONS[kind].risk is Risk.NONE:
        return given
    return ASK if needs_person or (ACTIONS[kind].risk is Risk.WIDE and basis is not Basis.FACT) else APPROVE


@pytest.mark.parametrize("kind", ActionKind)
def test_one_rule_whole(kind: ActionKind) -> None:
    for verdict, basis, needs_person, other in product(VerdictKind, Basis, (False, True), ActionKind):
        facts = FACTS_NOW | {"basis": basis.value, "needs_person": needs_person}
        found = Policy(version=7, rules=[rule(verdict, kind=other)]).judge(proposal(kind), facts, NEVER_USED)
        expected = narrowed(verdict, kind, basis, needs_person) if other is kind else REFUSE
        assert (found.kind, found.policy_version) == (expected, 7), (verdict, basis, needs_person, other)
        assert found.rule == (verdict.value if other is kind else "")
        assert found.reason


@pytest.mark.parametrize("missing", ["basis", "needs_person"])
@pytest.mark.parametrize("kind", [kind for kind in ActionKind if ACTIONS[kind].risk is Risk.WIDE])
def test_without_the_facts_of_the_bounds_nothing_is_approved(kind: ActionKind, missing: str) -> None:
    facts = {name: value for name, value in FACTS_NOW.items() if name != missing}
    found = Policy(version=1, rules=[rule(APPROVE, kind=kind)]).judge(proposal(kind), facts, NEVER_USED)
    assert found.kind is REFUSE


@pytest.mark.parametrize("value", [None, 0, "", "no", "false"])
def test_only_a_plain_no_means_that_no_person_is_needed(value: object) -> None:
    assert judged(rule(APPROVE), facts=FACTS_NOW | {"needs_person": value}).kind is ASK


@pytest.mark.parametrize("name", sorted(FACTS))
@pytest.mark.parametrize("verdict", VerdictKind)
def test_a_missing_fact_refuses(name: str, verdict: VerdictKind) -> None:
    facts = {other: value for other, value in FACTS_NOW.items() if other != name}
    condition = Condition(fact=name, op=Op.NE, operand="never this")
    found = judged(rule(verdict, condition), rule(APPROVE, id="later"), facts=facts)
    assert (found.kind, found.rule) == (REFUSE, verdict.value)
    assert name in found.reason


WRONG: Mapping[type, tuple[object, ...]] = {
    str: ("no such word", 1, None, True),
    bool: ("true", 0, None),
    int: ("0", None, True, 0.0),
    tuple: ("flights", None, True, 0),
}
#: Words without a closed set: whatever is not text is wrong.
WRONG_WORDS = (1, None, True)


@pytest.mark.parametrize("name", sorted(FACTS))
def test_a_mistyped_fact_slips_past_no_rule(name: str) -> None:
    spec = FACTS[name]
    for wrong, op in product(
        WRONG[spec.type] if spec.values or spec.moment or spec.type is not str else WRONG_WORDS, Op
    ):
        operand = ("x",) if op is Op.IN else 1
        guard = rule(REFUSE, Condition(fact=name, op=op, operand=operand))
        found = judged(guard, rule(APPROVE, id="later"), facts=FACTS_NOW | {name: wrong})
        assert (found.kind, found.rule) == (REFUSE, "refuse"), (wrong, op)


@pytest.mark.parametrize(
    "condition",
    [
        Condition(fact="tries_by_harness", op=Op.LT, operand="two"),
        Condition(fact="tries_by_harness", op=Op.IN, operand=3),
        Condition(fact="no such fact", op=Op.EQ, operand=1),
    ],
)
def test_a_rule_that_crashes_refuses(condition: Condition) -> None:
    facts = FACTS_NOW | {"no such fact": 1}
    found = judged(rule(APPROVE, condition), rule(APPROVE, id="later"), facts=facts)
    assert (found.kind, found.rule) == (REFUSE, "")
    assert "could not be evaluated" in found.reason


HOLDS: Mapping[Op, tuple[bool, bool, bool]] = {  # for a fact of 1, 2, 3 against 2
    Op.EQ: (False, True, False),
    Op.NE: (True, False, True),
    Op.IN: (False, True, False),
    Op.LT: (True, False, False),
    Op.LE: (True, True, False),
    Op.GT: (False, False, True),
    Op.GE: (False, True, True),
}


@pytest.mark.parametrize("op", HOLDS)
def test_conditions(op: Op) -> None:
    condition = Condition(fact="tries_by_harness", op=op, operand=(2,) if op is Op.IN else 2)
    for tries, holds in zip((1, 2, 3), HOLDS[op], strict=True):
        found = judged(rule(APPROVE, condition), facts=FACTS_NOW | {"tries_by_harness": tries})
        assert found.kind is (APPROVE if holds else REFUSE)
    assert str(condition) == f"tries_by_harness {op.value} 2"


@pytest.mark.parametrize(
    ("words", "holds"), [(("a", "b"), True), (["b"], True), (("ab",), False), ((), False), ((1,), False)]
)
def test_one_of_several_words(words: object, holds: bool) -> None:
    condition = Condition(fact="tags", op=Op.HAS, operand="b")
    assert judged(rule(APPROVE, condition), facts=FACTS_NOW | {"tags": words}).kind is (APPROVE if holds else REFUSE)


@pytest.mark.parametrize(
    ("moment", "verdict", "decided"),
    [
        ("2026-11-20T21:30:00+00:00", APPROVE, "approve"),  # Friday, 22:30 in Berlin
        ("2026-11-20T12:00:00+00:00", REFUSE, ""),
        ("2026-11-20T21:30:00", REFUSE, "approve"),  # nobody knows where
        ("soon", REFUSE, "approve"),
    ],
)
def test_hours_of_the_week(moment: str, verdict: VerdictKind, decided: str) -> None:
    condition = Condition(fact="time", op=Op.WITHIN, operand="Mon-Fri 22:00-06:00 Europe/Berlin")
    found = judged(rule(APPROVE, condition), facts=FACTS_NOW | {"time": moment})
    assert (found.kind, found.rule) == (verdict, decided)


def test_every_fact_says_how_it_can_be_compared() -> None:
    assert {name for name, spec in FACTS.items() if spec.ops == {Op.HAS}} == {"owners", "tags"}
    assert {name for name, spec in FACTS.items() if spec.ops == {Op.WITHIN}} == {"time"}
    ordered = {Op.LT, Op.LE, Op.GT, Op.GE}
    for name, spec in FACTS.items():
        if spec.type is int:
            assert spec.ops == {Op.EQ, Op.NE, Op.IN, *ordered}, name
        elif spec.type is not tuple and not spec.moment:
            assert spec.ops == {Op.EQ, Op.NE, Op.IN}, name


def test_every_condition_of_a_rule_must_hold() -> None:
    holds, fails = (Condition(fact="tries_by_harness", op=op, operand=0) for op in (Op.EQ, Op.GT))
    assert judged(rule(APPROVE, holds, holds)).kind is APPROVE
    for when in ((holds, fails), (fails, holds)):
        assert judged(rule(APPROVE, *when)).kind is REFUSE


@pytest.mark.parametrize("first", VerdictKind)
@pytest.mark.parametrize("second", VerdictKind)
def test_the_first_match_decides(first: VerdictKind, second: VerdictKind) -> None:
    found = judged(rule(first, id="first"), rule(second, id="second"))
    assert (found.kind, found.rule) == (first, "first")


def test_no_rule_refuses() -> None:
    assert judged().kind is REFUSE
    assert judged(rule(APPROVE, kind=ActionKind.PAUSE_DAG)).kind is REFUSE


@pytest.mark.parametrize("verdict", VerdictKind)
def test_limits(verdict: VerdictKind) -> None:
    for incident, day, used, today in product((None, 0, 1, 2), (None, 0, 1, 2), range(4), range(4)):
        limit = Limit(per_incident=incident, per_dag_per_day=day)
        found = judged(rule(verdict, limit=limit), usage=Usage(on_incident=used, on_dag_today=today))
        full = (incident is not None and used >= incident) or (day is not None and today >= day)
        assert found.kind is (REFUSE if full else verdict)
        assert ("used up" in found.reason) is (full and verdict is not REFUSE)
        if not full:
            assert found.limit == limit


# The packaged policy, against what issue 5 says in words.

TRANSIENT = {"transient_network", "rate_limited", "lock_contention", "timeout"}


def once(verdict: VerdictKind) -> Callable[[Facts], VerdictKind]:
    return lambda facts: verdict if facts["tries_by_harness"] < 1 else REFUSE


def retry(facts: Facts) -> VerdictKind:
    if facts["category"] in TRANSIENT:
        if facts["tries_by_harness"] >= 2:
            return REFUSE
        return APPROVE if facts["repeatable"] in ("yes", "approved") else ASK
    return once(ASK)(facts) if facts["category"] == "worker_lost" else REFUSE


def backfill(facts: Facts) -> VerdictKind:
    if facts["dag_paused"] or facts["tries_by_harness"] >= 1:
        return REFUSE
    if facts["slices_beyond_alone"] <= 0:
        return APPROVE
    return ASK if facts["slices"] <= 31 else REFUSE


#: What each action gets before the two bounds narrow it.
ORACLE: Mapping[ActionKind, Callable[[Facts], VerdictKind]] = {
    ActionKind.ESCALATE_TO_HUMAN: lambda _: APPROVE,
    ActionKind.RETRY_TASK: retry,
    ActionKind.WAIT_FOR_SOURCE: lambda facts: APPROVE if facts["tries_by_harness"] < 2 else REFUSE,
    ActionKind.BACKFILL_RANGE: backfill,
    ActionKind.RERUN_UPSTREAM: once(ASK),
    ActionKind.RESTART_PIPELINE: lambda facts: ASK if facts["tries_by_harness"] < 2 else REFUSE,
    ActionKind.QUARANTINE_AND_CONTINUE: once(ASK),
    ActionKind.PAUSE_DAG: lambda _: ASK,
    ActionKind.SUGGEST_SCHEMA_CHANGE: lambda _: REFUSE,
    ActionKind.SUGGEST_QUERY_CHANGE: lambda _: REFUSE,
    ActionKind.SUGGEST_CONCURRENCY_CHANGE: lambda _: REFUSE,
}

#: Every value that a condition of the packaged policy tells apart.
DISTINGUISHED: Mapping[str, tuple[object, ...]] = {
    "category": tuple(item.value for item in Category),
    "basis": tuple(item.value for item in Basis),
    "needs_person": (False, True),
    "tries_by_harness": (0, 1, 2, 3),
    "slices": (1, 31, 32),
    "slices_beyond_alone": (0, 1),
    "dag_paused": (False, True),
    "repeatable": tuple(item.value for item in Repeatable),
}


def _must_be_asked(facts: Facts) -> bool:
    return facts["needs_person"] or facts["repeatable"] == "refused"


def situations(**only: object) -> Iterator[Facts]:
    values = {name: (only[name],) if name in only else many for name, many in DISTINGUISHED.items()}
    for chosen in product(*values.values()):
        yield FACTS_NOW | dict(zip(values, chosen, strict=True))


def test_every_fact_that_the_packaged_policy_uses_is_walked() -> None:
    used = {condition.fact for rule in load_policy("").rules for condition in rule.when}
    assert used <= set(DISTINGUISHED)
    assert set(ORACLE) == set(ActionKind)


@pytest.mark.parametrize("kind", ActionKind)
def test_the_packaged_policy_whole(kind: ActionKind) -> None:
    policy, wanted = load_policy(""), proposal(kind)
    for facts in situations():
        expected = narrowed(ORACLE[kind](facts), kind, Basis(facts["basis"]), _must_be_asked(facts))
        assert policy.judge(wanted, facts, NEVER_USED).kind is expected, facts


@pytest.mark.parametrize("kind", ActionKind)
def test_what_the_packaged_policy_may_never_do(kind: ActionKind) -> None:
    policy, wanted, risk = load_policy(""), proposal(kind), ACTIONS[kind].risk
    approved = [facts for facts in situations() if policy.judge(wanted, facts, NEVER_USED).kind is APPROVE]
    if kind.value.startswith("suggest_"):
        assert not approved
    for facts in approved:
        assert risk is Risk.NONE or not facts["needs_person"]
        assert risk is not Risk.WIDE or facts["basis"] == "fact"
        assert risk is Risk.NONE or facts["repeatable"] != "refused"
        if kind is ActionKind.RETRY_TASK:
            assert facts["category"] in TRANSIENT and facts["repeatable"] in ("yes", "approved")
            assert facts["tries_by_harness"] < 2
        if kind is ActionKind.BACKFILL_RANGE:
            assert facts["slices_beyond_alone"] == 0
            assert not facts["dag_paused"]


@pytest.mark.parametrize("certainty", Certainty)
def test_certainty_widens_nothing(certainty: Certainty) -> None:
    policy = load_policy("")
    for kind in ActionKind:
        for facts in situations(category="transient_network", slices=1, dag_paused=False):
            plain = policy.judge(proposal(kind), facts, NEVER_USED)
            assert policy.judge(proposal(kind), facts | {"certainty": certainty.value}, NEVER_USED) == plain


@pytest.mark.parametrize("used", ["on_incident", "on_dag_today"])
@pytest.mark.parametrize("kind", [kind for kind in ActionKind if ACTIONS[kind].risk is not Risk.NONE])
def test_every_act_of_the_packaged_policy_is_limited(kind: ActionKind, used: str) -> None:
    policy, wanted = load_policy(""), proposal(kind)
    usage = Usage(**{used: 20})
    assert {policy.judge(wanted, facts, usage).kind for facts in situations()} == {REFUSE}


@pytest.mark.attack
@pytest.mark.parametrize(("told", "verdict"), [(5, ASK), (9, ASK), (4, APPROVE)])
def test_what_tasks_tell_of_their_tables_narrows(told: int, verdict: VerdictKind) -> None:
    """That it does not shrink is the store's: ``test_what_a_task_tells_takes_nothing_back_of_what_was_ever_told``."""
    many = Condition(fact="downstream_tables", op=Op.GE, operand=5)
    facts = {**FACTS_NOW, "downstream_tables": told}
    assert judged(rule(ASK, many), rule(APPROVE), facts=facts).kind is verdict


@pytest.mark.attack
@pytest.mark.parametrize("name", LINEAGE_FACTS)
@pytest.mark.parametrize("first", [REFUSE, ASK])
@pytest.mark.parametrize(
    ("op", "operand", "told", "verdict"),
    [
        (Op.LT, 1, 0, None),
        (Op.LT, 1, 1, ASK),
        (Op.EQ, 3, 2, APPROVE),
        (Op.EQ, 3, 4, ASK),
        (Op.IN, (7, 2), 1, APPROVE),
        (Op.IN, (7, 2), 3, ASK),
        (Op.GT, 2, 2, APPROVE),
    ],
)
def test_a_number_that_grew_passes_no_rule_that_would_have_spoken(
    name: str, first: VerdictKind, op: Op, operand: Any, told: int, verdict: VerdictKind | None
) -> None:
    """Tasks can make these numbers grow: what less would not have approved, more does not."""
    asked = Condition(fact=name, op=op, operand=operand)
    found = judged(rule(first, asked), rule(APPROVE), facts={**FACTS_NOW, name: told})
    assert found.kind is (verdict or first)


@pytest.mark.attack
@pytest.mark.parametrize("grown", LINEAGE_FACTS)
def test_each_number_counts_that_grew_beside_one_that_did_not(grown: str) -> None:
    """A rule that asks for both is passed by neither: the one stays as it was told while the other is made less."""
    [other] = set(LINEAGE_FACTS) - {grown}
    both = (Condition(fact=grown, op=Op.LT, operand=1), Condition(fact=other, op=Op.GT, operand=5))
    found = judged(rule(ASK, *both), rule(APPROVE), facts={**FACTS_NOW, grown: 3, other: 6})
    assert (found.kind, "Only tasks say" in found.reason) == (ASK, True)


@pytest.mark.attack
@pytest.mark.parametrize("name", LINEAGE_FACTS)
def test_what_tasks_tell_of_their_tables_approves_nothing(name: str) -> None:
    few = Condition(fact=name, op=Op.LT, operand=5)
    found = judged(rule(APPROVE, few), facts={**FACTS_NOW, name: 0})
    assert (found.kind, "Only tasks say" in found.reason) == (ASK, True)
