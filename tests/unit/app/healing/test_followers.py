"""One incident of many failed tasks: the leader is healed first, then the others follow, each judged by itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from airflow_provider_harness.app.healing import act, intake, verify
from airflow_provider_harness.app.healing import diagnose as heal
from airflow_provider_harness.app.oncall import escalate
from airflow_provider_harness.app.ports.airflow import TaskState
from airflow_provider_harness.core.diagnosis.failure import ErrorLink, Failure, Origin, TryKey
from airflow_provider_harness.core.errors import HarnessUnavailable
from airflow_provider_harness.core.incidents.events import EventKind, Outcome
from airflow_provider_harness.core.incidents.incident import State
from airflow_provider_harness.core.policy.policy import Limit, VerdictKind
from airflow_provider_harness.core.slices.lease import Lease
from tests.unit.app.fakes import KEY, RUN, START, World, dag, failure, policy_of, task, world

CHAIN = (ErrorLink(type="httpx.ConnectError", message="GET http://db:80/x failed"),)


def of(name: str, task_id: str = "load", **more: Any) -> Failure:
    key = TryKey(dag_id=name, run_id=f"{name}1", task_id=task_id, try_number=1)
    return failure(**{"key": key, "chain": CHAIN} | more)


def storm(*failures: Failure, **more: Any) -> World:
    """A world in which these tasks have failed, and the healer has acted on the leader."""
    w = world(**more)
    w.airflow.states = [state_of(item) for item in failures]
    w.airflow.dags = {item.key.dag_id: dag(dag_id=item.key.dag_id) for item in failures}
    for item in failures:
        w.store.record(item, w.new_id())
    return w


def state_of(item: Failure, **more: Any) -> TaskState:
    key = item.key
    return task(dag_id=key.dag_id, run_id=key.run_id, task_id=key.task_id, map_index=key.map_index, **more)


def led(w: World, handed: str = "I1") -> str:
    assert heal.claim(w.healer, handed, RUN)
    name = w.store.resolve(handed)
    heal.diagnose(w.healer, name)
    heal.decide(w.healer, name)
    w.clock.ahead(minutes=2)
    assert act.act(w.healer, name, RUN).done
    return name


def cleared(w: World) -> list[str]:
    return [call[1] for call in w.airflow.writes if call[0] == "clear"]


def well(w: World, *dags: str) -> None:
    w.airflow.states = [replace(item, state="success") if item.dag_id in dags else item for item in w.airflow.states]
    w.airflow.run = "success"


def test_the_others_follow_once_the_leader_is_well_and_are_proved() -> None:
    w = storm(of("a"), of("b"), of("c"))
    name = led(w, "I2")
    assert cleared(w) == ["a"]
    w.airflow.run = "running"
    assert verify.verify(w.healer, w.incident(name)).outcome is None
    assert cleared(w) == ["a"]
    well(w, "a")
    assert verify.verify(w.healer, w.incident(name)).outcome is None
    assert cleared(w) == ["a", "b", "c"]
    well(w, "a", "b", "c")
    assert verify.verify(w.healer, w.incident(name)).outcome is Outcome.RECOVERED
    assert w.incident(name).runs == dict.fromkeys(("a/a1", "b/b1", "c/c1"), Outcome.RECOVERED)
    assert escalate.settle(w.healer, w.incident(name)) is Outcome.RECOVERED
    assert cleared(w) == ["a", "b", "c"]
    assert not w.pager.pages
    assert len(w.store.incidents()) == 1


def test_siblings_in_the_leaders_run_follow_at_once() -> None:
    first = of("a")
    other = replace(first, key=replace(first.key, task_id="other"))
    w = storm(first, other)
    name = led(w)
    assert verify.verify(w.healer, w.incident(name)).outcome is None
    assert [call[3] for call in w.airflow.writes] == ["load", "other"]
    well(w, "a")
    assert verify.verify(w.healer, w.incident(name)).outcome is Outcome.RECOVERED


@pytest.mark.parametrize("why", ["asks", "limit", "airflow", "busy"])
def test_what_may_not_follow_is_left_to_a_person(why: str) -> None:
    w = storm(of("a"), of("b"))
    name = led(w)
    well(w, "a")
    if why == "asks":
        w.policy = policy_of(VerdictKind.ASK)
    if why == "limit":
        w.policy = policy_of(VerdictKind.APPROVE, Limit(per_incident=0))
    if why == "airflow":
        w.airflow.refuses = "it runs"
    if why == "busy":
        at = w.clock()
        w.slices.busy["load"] = Lease(name="s", holder="z/z1/load", token="t", taken_at=at, expires_at=at)
    w.airflow.run = "success"
    verify.verify(w.healer, w.incident(name))
    w.airflow.refuses, w.airflow.run = "", "failed"
    w.slices.busy.clear()
    w.airflow.states = [replace(item, state="success") if item.dag_id == "a" else item for item in w.airflow.states]
    finding = verify.verify(w.healer, w.incident(name))
    assert cleared(w) == ["a"]
    assert finding.outcome is not None
    assert finding.outcome not in (Outcome.HEALED, Outcome.RECOVERED)


def test_a_follower_that_somebody_mended_is_left_alone() -> None:
    w = storm(of("a"), of("b"))
    name = led(w)
    well(w, "a", "b")
    assert verify.verify(w.healer, w.incident(name)).outcome is Outcome.RECOVERED
    assert cleared(w) == ["a"]


def test_nobody_follows_an_act_that_is_the_leaders_own() -> None:
    w = storm(of("a"), of("b"))
    name = led(w)
    w.store.log = [
        replace(event, body=replace(event.body, action="restart_pipeline", arguments={"dag": "a", "run": "a1"}))
        if event.kind is EventKind.PROPOSED
        else event
        for event in w.store.log
    ]
    well(w, "a")
    verify.verify(w.healer, w.incident(name))
    assert cleared(w) == ["a"]


def test_late_joiners_of_what_went_to_a_person_page_nobody() -> None:
    w = storm(of("a"), of("b"))
    w.policy = policy_of(VerdictKind.REFUSE)
    name = led_to_a_person(w)
    w.reported(of("c"), "late")
    intake.group_failures(w.healer)
    assert w.store.resolve("late") == name
    assert len(w.pager.pages) == 1
    assert w.incident(name).state is State.CLOSED
    assert not heal.claim(w.healer, "late", "heal__other")


def led_to_a_person(w: World) -> str:
    assert heal.claim(w.healer, "I1", RUN)
    heal.diagnose(w.healer, "I1")
    heal.decide(w.healer, "I1")
    act.act(w.healer, "I1", RUN)
    assert escalate.settle(w.healer, w.incident("I1")) is Outcome.ESCALATED
    return "I1"


@pytest.mark.parametrize("how", ["mended", "runs again", "airflow is away"])
def test_what_a_person_has_mended_is_news_when_it_fails_again(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    w = storm(of("a"))
    w.policy = policy_of(VerdictKind.REFUSE)
    name = led_to_a_person(w)
    if how == "airflow is away":

        def away(*_: object) -> TaskState:
            raise HarnessUnavailable("Airflow", "away")

        monkeypatch.setattr(w.airflow, "task", away)
    else:
        changed = {"mended": {"state": "success"}, "runs again": {"try_number": 2}}[how]
        w.airflow.states = [replace(item, **changed) for item in w.airflow.states]
    w.reported(of("c"), "new")
    intake.group_failures(w.healer)
    assert w.store.resolve("new") == "new" != name
    assert w.incident("new").state is State.OPEN


def test_a_run_without_a_task_is_mended_when_it_does_not_fail_any_more() -> None:
    w = world()
    w.store.record(failure(key=replace(KEY, task_id=""), origin=Origin.RECONCILER), "I1")
    intake.group_failures(w.healer)
    w.event("I1", EventKind.CLOSED, outcome="escalated", why="")
    intake.group_failures(w.healer)
    assert [item.id for item in w.store.awaiting_person()] == ["I1"]
    w.airflow.run = "success"
    intake.group_failures(w.healer)
    assert w.store.awaiting_person() == []


def test_a_further_run_looks_at_what_is_not_well_yet() -> None:
    w = storm(of("a"), of("b", occurred_at=START))
    name = led(w)
    for run, outcome in (("a/a1", "recovered"), ("b/b1", "not_healed")):
        w.event(name, EventKind.RUN_SETTLED, run=run, outcome=outcome, text="")
    w.event(name, EventKind.REOPENED, why="b failed again")
    assert heal.claim(w.healer, name, "heal__2")
    assert w.incident(name).runs == {"a/a1": Outcome.RECOVERED}
    assert heal.lead_of(w.healer, w.incident(name)).key.dag_id == "b"
