"""What recurs goes to a person with its history; acts that do not heal are stopped, per Dag and per cause."""

from __future__ import annotations

from dataclasses import replace

from airflow_provider_harness.app.healing import diagnose as heal
from airflow_provider_harness.app.healing.act import proposal_of
from airflow_provider_harness.core.actions import ActionKind
from airflow_provider_harness.core.diagnosis.diagnosis import Category
from airflow_provider_harness.core.diagnosis.failure import TryKey
from airflow_provider_harness.core.incidents.circuit_breaker import task_of
from airflow_provider_harness.core.incidents.events import EventKind
from tests.unit.app.fakes import KEY, RUN, World, dag, diagnosis, failure, task, world


def one(w: World, run: str, *, dag_id: str = "flights", category: Category = Category.TRANSIENT_NETWORK) -> str:
    """Another incident of this Dag, decided."""
    w.brain.diagnosis = diagnosis(category=category)
    w.airflow.dags[dag_id] = dag(dag_id=dag_id)
    w.airflow.states.append(task(dag_id=dag_id, run_id=run))
    incident_id = w.new_id()
    w.store.record(failure(key=replace(KEY, run_id=run, dag_id=dag_id)), incident_id)
    assert heal.claim(w.healer, incident_id, RUN)
    heal.diagnose(w.healer, incident_id)
    heal.decide(w.healer, incident_id)
    return incident_id


def ends(w: World, incident_id: str, outcome: str = "healed", *, acted: bool = True) -> None:
    if acted:
        w.event(incident_id, EventKind.ACT_STARTED, act=proposal_of(w.incident(incident_id)).canonical())
    w.event(incident_id, EventKind.CLOSED, outcome=outcome, why="")


def kind(w: World, incident_id: str) -> ActionKind:
    return proposal_of(w.incident(incident_id)).kind


def test_the_third_time_in_a_week_is_for_a_person_with_its_history() -> None:
    w = world()
    for run in ("a", "b"):
        ends(w, one(w, run))
        w.clock.ahead(days=1)
    third = one(w, "c")
    said = proposal_of(w.incident(third))
    assert said.kind is ActionKind.ESCALATE_TO_HUMAN
    assert "number 3 of its kind in 7 days" in said.why and "I1: healed" in said.why and "I2: healed" in said.why


def test_another_cause_task_or_week_is_no_recurrence() -> None:
    w = world()
    ends(w, one(w, "a", category=Category.LOCK_CONTENTION))
    ends(w, one(w, "b", dag_id="other"))
    ends(w, one(w, "c"))
    assert kind(w, one(w, "d")) is ActionKind.RETRY_TASK
    w.clock.ahead(days=8)
    assert kind(w, one(w, "e")) is ActionKind.RETRY_TASK


def test_three_acts_on_a_dag_that_did_not_heal_stop_it() -> None:
    w = world()
    causes = (Category.LOCK_CONTENTION, Category.RATE_LIMITED, Category.TIMEOUT)
    for run, category in zip("abc", causes, strict=True):
        ends(w, one(w, run, category=category), "not_healed")
    stopped = one(w, "d")
    assert kind(w, stopped) is ActionKind.PAUSE_DAG
    assert "3 acts on flights did not heal" in proposal_of(w.incident(stopped)).why
    w.clock.ahead(days=1)
    assert kind(w, one(w, "e", category=Category.TIMEOUT)) is ActionKind.RETRY_TASK


def test_three_acts_against_a_cause_that_did_not_heal_stop_it_everywhere() -> None:
    w = world()
    for dag_id in ("x", "y", "z"):
        ends(w, one(w, "a", dag_id=dag_id), "unknown")
    assert kind(w, one(w, "a")) is ActionKind.ESCALATE_TO_HUMAN
    assert kind(w, one(w, "b", category=Category.LOCK_CONTENTION)) is ActionKind.RETRY_TASK


def test_what_was_only_looked_at_stops_nothing() -> None:
    w = world()
    for dag_id in ("x", "y", "z"):
        ends(w, one(w, "a", dag_id=dag_id), "escalated", acted=False)
    assert kind(w, one(w, "a")) is ActionKind.RETRY_TASK


def test_a_task_is_told_from_its_run_index_and_try() -> None:
    key = TryKey(dag_id="d", run_id="scheduled__1/2", task_id="g.load", map_index=3, try_number=2)
    assert task_of(str(key)) == "d/g.load"


def test_what_was_seen_in_shadow_is_no_history_of_what_acts() -> None:
    w = world()
    w.acting = False
    for run in ("a", "b"):
        ends(w, one(w, run), "escalated", acted=False)
    assert kind(w, one(w, "c")) is ActionKind.ESCALATE_TO_HUMAN, "in shadow it says what it would do"
    w.acting = True
    first = one(w, "d")
    assert kind(w, first) is ActionKind.RETRY_TASK
    ends(w, first)
    ends(w, one(w, "e"))
    assert kind(w, one(w, "f")) is ActionKind.ESCALATE_TO_HUMAN


def test_who_gives_it_back_has_seen_its_history() -> None:
    w = world()
    for run in ("a", "b"):
        ends(w, one(w, run))
    third = one(w, "c")
    ends(w, third, "escalated", acted=False)
    assert f"incidents return {third}" in "\n".join(w.tells(third))
    w.event(third, EventKind.RETURNED, by="ann")
    assert heal.claim(w.healer, third, "heal__2")
    heal.diagnose(w.healer, third)
    heal.decide(w.healer, third)
    assert kind(w, third) is ActionKind.RETRY_TASK
    assert kind(w, one(w, "d")) is ActionKind.ESCALATE_TO_HUMAN, "another one still goes to a person"


def test_acts_that_did_not_help_stop_what_a_person_gives_back() -> None:
    w = world()
    causes = (Category.LOCK_CONTENTION, Category.RATE_LIMITED, Category.TIMEOUT)
    for run, category in zip("abc", causes, strict=True):
        ends(w, one(w, run, category=category), "not_healed")
    stopped = one(w, "d")
    ends(w, stopped, "escalated", acted=False)
    w.event(stopped, EventKind.RETURNED, by="ann")
    heal.claim(w.healer, stopped, "heal__2")
    heal.diagnose(w.healer, stopped)
    heal.decide(w.healer, stopped)
    assert kind(w, stopped) is ActionKind.PAUSE_DAG


def test_an_act_that_was_not_done_did_not_fail() -> None:
    w = world()
    for dag_id in ("x", "y", "z"):
        incident_id = one(w, "a", dag_id=dag_id)
        act = proposal_of(w.incident(incident_id)).canonical()
        w.event(incident_id, EventKind.ACT_STARTED, act=act)
        w.event(incident_id, EventKind.ACT_ENDED, act=act, result="not done", done="no", undone=True)
        w.event(incident_id, EventKind.CLOSED, outcome="unknown", why="")
    assert kind(w, one(w, "a")) is ActionKind.RETRY_TASK
