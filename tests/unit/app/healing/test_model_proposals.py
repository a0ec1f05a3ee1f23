"""A model's proposal: judged by the same table and policy, recorded, never carried out, and never wider than the table."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from airflow_provider_harness.adapters.yaml_files.policy import load_policy
from airflow_provider_harness.app.healing import act
from airflow_provider_harness.app.healing import diagnose as heal
from airflow_provider_harness.app.healing import model_proposals as model_word
from airflow_provider_harness.app.ports.diagnosis import ModelProposal
from airflow_provider_harness.core.actions import ActionKind
from airflow_provider_harness.core.diagnosis.diagnosis import Basis, Category, Certainty
from airflow_provider_harness.core.diagnosis.evidence import Evidence
from airflow_provider_harness.core.errors import HarnessUnavailable, NotAllowed
from airflow_provider_harness.core.incidents.events import EventKind, ModelEnded, ModelProposed, Proposed, stored
from airflow_provider_harness.core.policy.policy import Verdict, VerdictKind
from tests.events import event_of
from tests.unit.app.fakes import KEY, RUN, START, World, dag, diagnosis, failure, opened, task, world

A, C = ActionKind, Category


def proposed(action: ActionKind, category: Category = C.TRANSIENT_NETWORK, **named: str) -> ModelProposal:
    return ModelProposal(action=action, category=category, why="the log says so", named=named)


def asked(w: World, said: ModelProposal) -> tuple[Verdict, dict[str, Any]]:
    """The verdict on a proposal, and its event."""
    incident_id = opened(w)
    assert heal.claim(w.healer, incident_id, RUN)
    before = list(w.airflow.writes)
    verdict = model_word.judge_proposal(w.healer, failure(), Evidence(), said)
    assert (w.airflow.writes, w.store.acts, w.store.approvals) == (before, [], [])  # nothing done, nothing reserved
    kinds = w.kinds(incident_id)
    assert kinds.count(EventKind.MODEL_PROPOSED) == 1 and EventKind.PROPOSED not in kinds
    return verdict, stored(w.incident(incident_id).last[ModelProposed])


PACKAGED = [
    (A.RETRY_TASK, C.TRANSIENT_NETWORK, "ask", "retry-what-may-repeat"),  # its operator is nobody's that is known
    (A.RETRY_TASK, C.WORKER_LOST, "ask", "retry-lost-worker"),
    (A.ESCALATE_TO_HUMAN, C.CODE_BUG, "approve", "page"),
    (A.WAIT_FOR_SOURCE, C.LATE_OR_MISSING_SOURCE, "approve", "wait-for-source"),
    (A.SUGGEST_CONCURRENCY_CHANGE, C.RESOURCE_EXHAUSTED_MEMORY, "refuse", "no-concurrency-change"),
    (A.RETRY_TASK, C.CODE_BUG, "refuse", ""),  # the table offers nothing but a page
    (A.RESTART_PIPELINE, C.TRANSIENT_NETWORK, "refuse", ""),  # further than the table would go first
    (A.PAUSE_DAG, C.TRANSIENT_NETWORK, "refuse", ""),
    (A.BACKFILL_RANGE, C.LATE_OR_MISSING_SOURCE, "refuse", ""),  # nothing is known to be missing
    (A.SUGGEST_SCHEMA_CHANGE, C.SCHEMA_DRIFT, "refuse", ""),
    (A.RERUN_UPSTREAM, C.UPSTREAM_FAILED, "refuse", ""),  # no upstream task has failed
    (A.RETRY_TASK, C.UNKNOWN, "refuse", ""),
]


@pytest.mark.parametrize(("action", "category", "verdict", "rule"), PACKAGED)
def test_the_packaged_policy_of_each(action: ActionKind, category: Category, verdict: str, rule: str) -> None:
    w = world(policy=load_policy(""))
    w.airflow.states.append(task(task_id="other"))  # two failed: a restart would have its arguments
    said, kept = asked(w, proposed(action, category))
    assert (said.kind, said.rule) == (verdict, rule)
    assert (kept["action"], kept["verdict"], kept["rule"], kept["reason"]) == (action, verdict, rule, said.reason)


@pytest.mark.parametrize("category", Category)
@pytest.mark.parametrize("action", ActionKind)
def test_it_is_the_verdict_that_the_healer_comes_to(action: ActionKind, category: Category) -> None:
    """Every pair: what a model is told is what is decided where it then submits that cause, and the act is its wish or a page."""
    w = world(policy=load_policy(""), airflow=world().airflow)
    w.airflow.states.append(task(task_id="extract"))
    w.airflow.dags["flights"] = dag(downstream={"extract": ("load",)})
    w.gates.gaps = [START]
    said, _ = asked(w, proposed(action, category))
    [incident_id] = {event.incident_id for event in w.store.log}
    basis = Basis.NONE if category is C.UNKNOWN else Basis.MODEL
    told = frozenset({"expected"} if action is A.WAIT_FOR_SOURCE else ())  # who waits says that it comes
    w.brain.diagnosis = diagnosis(category=category, basis=basis, certainty=Certainty.LIKELY, wish=action, traits=told)
    heal.diagnose(w.healer, incident_id)
    verdict = heal.decide(w.healer, incident_id)
    chosen = w.incident(incident_id).last[Proposed].action
    if chosen == action:
        assert verdict == said
    else:
        assert (chosen, said.kind, said.rule) == (A.ESCALATE_TO_HUMAN, VerdictKind.REFUSE, "")


FOREIGN = [{"dag_id": "payroll"}, {"run_id": "run2"}, {"task_id": "drop"}, {"dag_id": "flights", "run_id": "run2"}]


@pytest.mark.parametrize("named", FOREIGN)
def test_another_dag_run_or_task_is_refused(named: dict[str, str]) -> None:
    said, kept = asked(world(), proposed(A.RETRY_TASK, **named))
    assert said.kind is VerdictKind.REFUSE and "another" in said.reason
    assert kept["named"] == named


def test_its_own_names_are_no_argument_and_no_stranger() -> None:
    said, _ = asked(world(), proposed(A.RETRY_TASK, dag_id=KEY.dag_id, run_id=KEY.run_id, task_id=KEY.task_id))
    assert said.kind is VerdictKind.APPROVE


def test_a_brake_is_above_it() -> None:
    w = world(policy=load_policy(""))
    for number in range(3):
        w.store.record(
            failure(key=type(KEY)(dag_id="flights", run_id=f"old{number}", task_id="load", try_number=1)), w.new_id()
        )
        old = w.store.intake(w.clock(), w.store.waiting())[-1].incident_id
        w.event(old, EventKind.CLAIMED, run="heal")
        w.event(old, EventKind.DIAGNOSED, category="transient_network")
        w.event(old, EventKind.CLOSED, outcome="healed", why="")
        w.clock.ahead(hours=2)
    assert asked(w, proposed(A.RETRY_TASK))[0].kind is VerdictKind.REFUSE


def test_airflow_that_is_away_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    w = world()

    def away(*_: object) -> None:
        raise HarnessUnavailable("Airflow's API", "password=secret")

    monkeypatch.setattr(w.airflow, "task", away)
    said, _ = asked(w, proposed(A.RETRY_TASK))
    assert said.kind is VerdictKind.REFUSE and "secret" not in said.reason


def test_without_an_incident_nothing_is_judged() -> None:
    with pytest.raises(NotAllowed):
        model_word.judge_proposal(world().healer, failure(), Evidence(), proposed(A.RETRY_TASK))


def test_a_wish_for_a_person_stops_an_act_that_would_be_approved() -> None:
    w = world(policy=load_policy(""))
    w.brain.diagnosis = diagnosis(wish=A.ESCALATE_TO_HUMAN)
    incident_id = opened(w)
    assert heal.claim(w.healer, incident_id, RUN)
    heal.diagnose(w.healer, incident_id)
    heal.decide(w.healer, incident_id)
    w.clock.ahead(hours=1)
    assert act.act(w.healer, incident_id, RUN).stop == "escalated" and w.airflow.writes == []


def test_how_it_ended_is_recorded() -> None:
    w = world()
    incident_id = opened(w)
    told = event_of(kind=EventKind.MODEL_ENDED, at=w.clock(), body={"failure": str(KEY), "counts": {"repeat": 1}}).body
    model_word.record_model_run(w.healer, told)
    assert w.incident(incident_id).last[ModelEnded].counts == {"repeat": 1}
    model_word.record_model_run(w.healer, replace(told, failure=""))
    assert w.kinds(incident_id).count(EventKind.MODEL_ENDED) == 1
