"""A person is asked once about a task of which only its author knows whether it may run again, and the answer is remembered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from airflow_provider_harness.adapters.yaml_files.policy import load_policy
from airflow_provider_harness.app.healing import act, verify
from airflow_provider_harness.app.healing import diagnose as heal
from airflow_provider_harness.app.oncall import approve, escalate
from airflow_provider_harness.app.oncall import incident_commands as hand_over
from airflow_provider_harness.app.ports.airflow import Answer
from airflow_provider_harness.core.diagnosis.failure import TryKey
from airflow_provider_harness.core.errors import NotAllowed
from airflow_provider_harness.core.incidents.events import Answered, Judged, Outcome, Proposed
from airflow_provider_harness.core.incidents.remembered import DAYS
from airflow_provider_harness.core.policy.policy import Op, VerdictKind
from tests.unit.app.fakes import RUN, World, dag, opened, policy_of, task, world
from tests.unit.app.oncall.test_incident_commands import FakePerson, desk

YES = Answer(answered=True, chosen=(approve.APPROVE,), by="oncall", seconds=60.0)
NO = replace(YES, chosen=(approve.REFUSE,))


def packaged(version: int | None = 3, operator: str = "PythonOperator") -> World:
    """The packaged policy, a plain task, and on-call who may answer."""
    w = world(policy=load_policy(""))
    w.airflow.dags = {"flights": dag(version=version)}
    w.airflow.states = [task(operator=operator)]
    return w


def fails(w: World, run: str, task_id: str = "load") -> str:
    """The task fails in this run, and the policy says what may be done; the incident."""
    key = TryKey(dag_id="flights", run_id=run, task_id=task_id, try_number=1)
    w.airflow.run = "failed"
    w.airflow.states = [replace(w.airflow.states[0], run_id=run, task_id=task_id, state="failed")]
    incident_id = opened(w, key=key)
    assert heal.claim(w.healer, incident_id, RUN)
    heal.diagnose(w.healer, incident_id)
    heal.decide(w.healer, incident_id)
    return incident_id


def ends(w: World, incident_id: str, said: Answer | None = None, state: str = "success") -> Outcome | None:
    """What is answered, done and found."""
    if said is not None:
        incident = w.incident(incident_id)
        asked = approve.question(w.healer, incident, act.proposal_of(incident), RUN)
        assert asked is not None
        w.airflow.said = said
    w.clock.ahead(minutes=20)
    if act.act(w.healer, incident_id, RUN).stop is None:
        w.airflow.run = state
        w.airflow.states = [replace(item, state=state) for item in w.airflow.states]
        verify.verify(w.healer, w.incident(incident_id))
    outcome = escalate.settle(w.healer, w.incident(incident_id))
    w.clock.ahead(days=8)  # the brake on what recurs within days is another matter
    return outcome


def verdict(w: World, incident_id: str) -> tuple[str, Any]:
    incident = w.incident(incident_id)
    return incident.last[Judged].verdict, incident.last[Proposed].facts["repeatable"]


def agreed(w: World, run: str = "run1") -> str:
    incident_id = fails(w, run)
    assert verdict(w, incident_id)[0] == "ask"
    assert ends(w, incident_id, YES) is Outcome.RECOVERED
    return incident_id


def test_a_yes_about_a_task_is_remembered_and_said() -> None:
    w = packaged()
    first = agreed(w)
    second = fails(w, "run2")
    assert verdict(w, second) == ("approve", "approved")
    reason = w.incident(second).last[Judged].reason
    assert "oncall approved a second try of this task on 2026-" in reason and first in reason
    assert ends(w, second) is Outcome.RECOVERED
    assert len(w.airflow.writes) == 2


def test_the_question_says_what_is_remembered() -> None:
    w = packaged()
    incident_id = fails(w, "run1")
    incident = w.incident(incident_id)
    asked = approve.question(w.healer, incident, act.proposal_of(incident), RUN)
    assert asked is not None
    assert f"may run again without asking, in cases like this one, for {DAYS} days" in asked.body
    assert "version 3" in asked.body


def test_an_answer_to_a_question_that_did_not_say_so_is_not_remembered() -> None:
    w = packaged()
    packaged_policy, w.policy = w.policy, policy_of(VerdictKind.ASK)  # it asks, whatever was answered before
    incident_id = fails(w, "run1")
    assert w.incident(incident_id).last[Judged].remembers is None
    ends(w, incident_id, YES)
    w.policy = packaged_policy
    assert verdict(w, fails(w, "run2")) == ("ask", "unknown")


def test_a_no_is_remembered_and_nothing_is_done_alone_although_a_rule_or_a_record_would() -> None:
    w = packaged()
    first = fails(w, "run1")
    assert ends(w, first, NO) is Outcome.REFUSED
    assert w.incident(first).last[Answered].said is False
    w.policy = policy_of(VerdictKind.APPROVE)
    assert verdict(w, fails(w, "run2")) == ("ask", "refused")
    w.policy = load_policy("")
    healer = replace(w.healer, limits=replace(w.healer.limits, earned=lambda _category, _action: "by ada's word"))
    w.clock.ahead(days=8)
    third = fails(w, "run3")
    now = heal.situation(healer, w.incident(third))
    judged = heal.judge(healer, w.incident(third), heal.diagnosis_of(w.incident(third)), now, {})[2]
    assert judged.kind is VerdictKind.ASK


def test_a_later_yes_takes_a_no_back() -> None:
    w = packaged()
    ends(w, fails(w, "run1"), NO)
    assert ends(w, fails(w, "run2"), YES) is Outcome.RECOVERED
    assert verdict(w, fails(w, "run3")) == ("approve", "approved")


def test_a_person_takes_a_yes_back() -> None:
    w = packaged()
    first = agreed(w)
    assert verdict(w, fails(w, "run2"))[0] == "approve"
    viewer = FakePerson(may=False)
    with pytest.raises(NotAllowed):
        hand_over.forget(desk(w, viewer), first, "it sends mails now")
    assert hand_over.forget(desk(w), first, "it sends mails now").done
    assert verdict(w, fails(w, "run3")) == ("ask", "unknown")
    again = hand_over.forget(desk(w), first, "once more")
    assert not again.done and "No yes about a task is remembered" in again.text


def test_there_is_nothing_to_forget_where_nobody_said_yes() -> None:
    w = packaged()
    first = fails(w, "run1")
    assert not hand_over.forget(desk(w), first, "w").done
    ends(w, first, NO)
    assert not hand_over.forget(desk(w), first, "w").done
    assert verdict(w, fails(w, "run2")) == ("ask", "refused")


def expired(w: World) -> None:
    w.clock.ahead(days=DAYS)


def deployed(w: World) -> None:
    w.airflow.dags = {"flights": dag(version=4)}


def no_version(w: World) -> None:
    w.airflow.dags = {"flights": dag()}


def false_heal(w: World) -> None:
    assert ends(w, fails(w, "run2"), state="failed") is not Outcome.RECOVERED


@pytest.mark.parametrize("happens", [expired, deployed, no_version, false_heal])
def test_what_ends_a_yes(happens: Callable[[World], None]) -> None:
    w = packaged()
    agreed(w)
    happens(w)
    assert verdict(w, fails(w, "run9")) == ("ask", "unknown")


def test_a_run_that_failed_again_is_not_remembered() -> None:
    w = packaged()
    ends(w, fails(w, "run1"), YES, state="failed")
    assert verdict(w, fails(w, "run2")) == ("ask", "unknown")


def test_a_task_of_another_name_is_asked_about_itself() -> None:
    w = packaged()
    agreed(w)
    assert verdict(w, fails(w, "run2", task_id="other")) == ("ask", "unknown")


@pytest.mark.parametrize(("operator", "kind"), [("GlueJobOperator", "job"), ("EmailOperator", "no")])
def test_a_kind_that_starts_or_sends_again_is_asked_about_each_time(operator: str, kind: str) -> None:
    w = packaged(operator=operator)
    incident_id = fails(w, "run1")
    assert w.incident(incident_id).last[Judged].remembers is None
    ends(w, incident_id, YES)
    assert verdict(w, fails(w, "run2")) == ("ask", kind)


@pytest.mark.attack
@pytest.mark.parametrize(
    "said",
    [
        replace(YES, by="mallory"),
        replace(YES, seconds=0.1),
        replace(YES, answered=False),
        replace(NO, by="mallory"),
        replace(NO, seconds=0.1),
        replace(NO, by=""),
    ],
)
def test_what_nobody_with_the_right_said_is_not_remembered(said: Answer) -> None:
    w = packaged()
    incident_id = fails(w, "run1")
    ends(w, incident_id, said)
    assert w.incident(incident_id).last[Answered].said is None
    assert verdict(w, fails(w, "run2")) == ("ask", "unknown")


@pytest.mark.attack
def test_a_report_of_a_failure_says_nothing_of_an_answer() -> None:
    w = packaged()
    key = TryKey(dag_id="flights", run_id="run0", task_id="load", try_number=1)
    opened(w, key=key, detail={"repeatable": "approved", "answered": "Approve", "by": "oncall"})
    assert verdict(w, fails(w, "run2")) == ("ask", "unknown")


def test_the_packaged_policy_names_it() -> None:
    (rule,) = [rule for rule in load_policy("").rules if rule.id == "retry-transient"]
    (condition,) = [one for one in rule.when if one.fact == "repeatable"]
    assert (condition.op, set(condition.operand)) == (Op.IN, {"yes", "approved"})  # type: ignore[arg-type]


def test_a_case_of_long_ago_is_not_read() -> None:
    w = packaged()
    agreed(w)
    assert w.store.retries("flights", w.clock() - timedelta(days=30))
    assert not w.store.retries("flights", w.clock() + timedelta(days=1))
    assert not w.store.retries("other", w.clock() - timedelta(days=30))
