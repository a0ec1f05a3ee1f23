"""What is earned: the record, the bar, the acceptance and its end; and that it lifts no bound of the policy."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from airflow_provider_harness import config
from airflow_provider_harness.core.actions import ACTIONS, ActionKind, Proposal
from airflow_provider_harness.core.policy.autonomy import (
    Acceptance,
    Case,
    bar_of,
    earned,
    false_since,
    records,
    wilson,
)
from airflow_provider_harness.core.policy.policy import Condition, Limit, Op, Policy, Rule, Usage, VerdictKind

NOW = datetime(2026, 11, 30, tzinfo=UTC)
FACTS: dict[str, Any] = {"category": "timeout", "basis": "fact", "needs_person": False}
WORD = "ada accepted"


def policy(verdict: VerdictKind, kind: ActionKind = ActionKind.RETRY_TASK, **more: Any) -> Policy:
    return Policy(version=1, rules=(Rule(id="r", action=kind, verdict=verdict, reason="it asks", **more),))


def judged(
    of: Policy, kind: ActionKind = ActionKind.RETRY_TASK, usage: Usage | None = None, **facts: Any
) -> VerdictKind:
    proposal = Proposal(kind=kind, arguments=dict.fromkeys(ACTIONS[kind].required, "x"))
    return of.judge(proposal, FACTS | facts, usage or Usage(), earned=WORD).kind


def test_what_is_earned_answers_a_rule_that_asks() -> None:
    assert judged(policy(VerdictKind.ASK)) is VerdictKind.APPROVE
    verdict = policy(VerdictKind.ASK).judge(
        Proposal(kind=ActionKind.RETRY_TASK, arguments=dict.fromkeys(ACTIONS[ActionKind.RETRY_TASK].required, "x")),
        FACTS,
        Usage(),
    )
    assert (verdict.kind, verdict.reason) == (VerdictKind.ASK, "it asks")


@pytest.mark.attack
def test_what_is_earned_lifts_no_prohibition_limit_or_bound() -> None:
    assert judged(policy(VerdictKind.REFUSE)) is VerdictKind.REFUSE
    assert judged(Policy(version=1, rules=())) is VerdictKind.REFUSE
    assert judged(policy(VerdictKind.ASK), needs_person=True) is VerdictKind.ASK
    assert judged(policy(VerdictKind.ASK, ActionKind.PAUSE_DAG), ActionKind.PAUSE_DAG, basis="text") is VerdictKind.ASK
    limited = policy(VerdictKind.ASK, limit=Limit(per_incident=1))
    assert judged(limited, usage=Usage(on_incident=1)) is VerdictKind.REFUSE
    by_lineage = policy(VerdictKind.ASK, when=(Condition(fact="downstream_tables", op=Op.LT, operand=9),))
    assert judged(by_lineage, downstream_tables=1) is VerdictKind.ASK


def case(outcome: str = "healed", at: datetime = NOW, **more: Any) -> Case:
    given = {"incident": "I", "category": "timeout", "action": "retry_task", "acted": True, "asked": True}
    return Case(**{**given, "answer": "Approve", "outcome": outcome, "at": at, **more})


def test_a_record_counts_what_came_of_each_act() -> None:
    cases = [
        case(),
        case("not_healed"),
        case("made_worse"),
        case("superseded"),
        case(acted=False, answer="no", outcome=""),
    ]
    cases.append(case(action="escalate_to_human"))
    [found] = records(cases)
    counted = (found.asked, found.approved, found.refused, found.healed, found.not_healed, found.harm, found.unknown)
    assert counted == (5, 4, 1, 1, 1, 1, 1)
    assert found.interval == wilson(1, 4)


def test_the_bar_is_passed_by_enough_heals_and_no_harm() -> None:
    bar = bar_of("heals=20 lower=0.8")
    assert bar is not None
    [good], [few], [harm] = (
        records([case()] * n + more) for n, more in ((20, []), (19, []), (99, [case("made_worse")]))
    )
    assert (good.passes(bar), few.passes(bar), harm.passes(bar)) == (True, False, False)


@pytest.mark.parametrize("text", ["20", "heals=0 lower=0.5", "heals=2 lower=2", "heals=2 lower=0.5 days=0"])
def test_a_bar_of_another_form_is_refused_where_it_is_read(text: str) -> None:
    with pytest.raises(ValueError, match="heals=20"):
        bar_of(text)
    with pytest.raises(ValueError, match=r"\[harness\] autonomy_bar"):
        config.read_one("autonomy_bar", lambda _name, _default: text)
    assert bar_of("") is None


def test_an_acceptance_ends_by_time_by_a_person_and_by_one_act_that_does_not_help() -> None:
    accepted = Acceptance.given("ada", NOW, 30)
    later = NOW + timedelta(days=1)
    assert "ada" in earned(accepted, None, later)
    assert earned(accepted, None, NOW + timedelta(days=30)) == ""
    assert earned(Acceptance(by="ada", at=NOW, until=accepted.until, withdrawn="bob"), None, later) == ""
    for outcome, ends in (("healed", False), ("unknown", False), ("not_healed", True), ("made_worse", True)):
        failed = false_since([case(outcome, later)], "timeout", "retry_task", NOW)
        assert (earned(accepted, failed, later) == "") is ends
    assert false_since([case("not_healed", later, category="lock_contention")], "timeout", "retry_task", NOW) is None
    assert false_since([case("not_healed", NOW)], "timeout", "retry_task", NOW) is None
