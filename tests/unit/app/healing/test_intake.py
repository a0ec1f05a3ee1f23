"""What tasks report is believed where Airflow says the same; a forged report acts on nothing, and silences nothing."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from airflow_provider_harness.app.healing import diagnose as heal
from airflow_provider_harness.app.healing import intake
from airflow_provider_harness.app.healing.reconcile import reconcile
from airflow_provider_harness.app.oncall import approve
from airflow_provider_harness.core.actions import ActionKind, Parameter, Proposal
from airflow_provider_harness.core.diagnosis.evidence import Evidence
from airflow_provider_harness.core.diagnosis.failure import ErrorLink, Failure, FailureKind, Origin, TryKey
from airflow_provider_harness.core.diagnosis.reported import Reported
from airflow_provider_harness.core.diagnosis.witness import witness
from airflow_provider_harness.core.errors import HarnessUnavailable
from airflow_provider_harness.core.incidents.events import EventKind, Outcome
from tests.unit.app.fakes import KEY, RUN, START, Scripted, World, dag, diagnosis, failure, task, world


def told(w: World, **more: Any) -> None:
    w.store.record(failure(**more), w.new_id())
    intake.group_failures(w.healer)


def aside(w: World) -> str:
    (reason,) = w.store.aside.values()
    return reason


def test_a_failure_that_airflow_confirms_opens_an_incident_as_of_its_end() -> None:
    w = world()
    w.airflow.states = [task(end_date=START - timedelta(minutes=3))]
    told(w, occurred_at=START + timedelta(days=900))
    (incident,) = w.store.incidents()
    (joined,) = w.store.failures(incident.id)
    assert joined.occurred_at == START - timedelta(minutes=3), "the moment is Airflow's"


@pytest.mark.attack
@pytest.mark.parametrize(
    ("state", "why"),
    [
        ({"state": "success"}, "this try is success"),
        ({"state": "success", "try_number": 2}, "ended as success"),
        ({"state": "failed", "try_number": 3}, "ended as success"),
        ({"task_id": "another"}, "knows no such task instance"),
        ({"run_id": "another"}, "knows no such task instance"),
        ({"map_index": 4}, "knows no such task instance"),
    ],
)
def test_what_airflow_does_not_say_failed_opens_nothing(state: dict[str, Any], why: str) -> None:
    w = world()
    w.airflow.states, w.airflow.ended_as = [task(**state)], {str(KEY): "success"}
    told(w)
    assert w.store.incidents() == []
    assert why in aside(w)


@dataclass
class Logged(Scripted):
    """Evidence of a log that ends with one exception."""

    ends: ErrorLink = field(default_factory=lambda: ErrorLink(type="ValueError", message="no such file"))

    def collect(self, failure: Failure) -> Evidence:
        return replace(self.evidence, witnessed=witness(failure, (self.ends,), {}))


@pytest.mark.attack
@pytest.mark.parametrize("first", [True, False], ids=["the true one first", "the forged one first"])
def test_of_several_reports_the_one_that_the_log_bears_out_wins(first: bool) -> None:
    w = world(brain=Logged(diagnosis()))
    true, forged = (failure(chain=(ErrorLink(type="ValueError", message=said),)) for said in ("no such file", "forged"))
    told(w, chain=(true if not first else forged).chain)
    (incident,) = w.store.incidents()
    both = [Reported(key=true.identity, failure=item, incident_id="") for item in (true, forged)]
    w.store.others[true.identity] = both
    heal.claim(w.healer, incident.id, "run")
    heal.diagnose(w.healer, incident.id)
    assert w.store.failures(incident.id)[0].chain == true.chain


@pytest.mark.attack
def test_a_try_that_is_still_to_come_is_refused_and_its_real_report_is_taken() -> None:
    w = world()
    w.airflow.states = [task(state="running")]
    later = replace(KEY, try_number=2)
    told(w, key=later)
    assert "has had 1 tries" in aside(w)
    w.airflow.states = [task(try_number=2)]
    told(w, key=later, missing=("exception",))
    assert [item.failures for item in w.store.incidents()] == [(str(later),)]


@pytest.mark.attack
def test_a_dag_that_nobody_enrolled_and_the_healer_itself_are_not_acted_on() -> None:
    for name, facts in (
        ("others", dag(dag_id="others", tags=("sales",))),
        ("harness_healer", dag(dag_id="harness_healer", tags=("harness",))),
    ):
        w = world()
        w.airflow.dags[name], w.airflow.looked_after = facts, ["flights", "harness_healer"]
        w.airflow.states = [task(dag_id=name)]
        told(w, key=replace(KEY, dag_id=name))
        assert w.store.incidents() == []
        assert "not enrolled" in aside(w)


@pytest.mark.attack
def test_what_a_person_marked_is_no_failure_and_the_reconciler_says_so() -> None:
    w = world()
    w.airflow.by_hand = {"load"}
    told(w)
    assert w.store.incidents() == []
    assert "a person set this state" in aside(w)
    w.airflow.states = [task(end_date=START - timedelta(minutes=1))]
    w.clock.ahead(minutes=1)
    reconcile(w.healer)
    w.clock.ahead(minutes=1)
    reconcile(w.healer)
    assert [item.outcome for item in w.store.incidents()] == [Outcome.SUPERSEDED]


@pytest.mark.attack
def test_a_report_without_a_task_is_the_reconcilers_alone() -> None:
    w = world()
    told(w, key=TryKey(dag_id="flights", run_id="run1", task_id=""), kind=FailureKind.TASK_FAILED)
    assert w.store.incidents() == []
    assert "names no try" in aside(w)


@pytest.mark.attack
def test_a_failure_that_was_silenced_beforehand_is_found() -> None:
    """A row under the key of a try to come, of any content, does not keep the reconciler from what Airflow says."""
    w = world()
    w.airflow.states = [task(state="running")]
    told(w, key=replace(KEY, try_number=2))
    w.airflow.states = [task(try_number=2, end_date=START)]
    w.clock.ahead(minutes=1)
    assert reconcile(w.healer).found
    (incident,) = w.store.incidents()
    (found,) = w.store.failures(incident.id)
    assert (found.kind, found.origin) == (FailureKind.UNREPORTED, Origin.RECONCILER)


def test_while_the_callback_runs_the_report_waits_and_the_reconciler_leaves_it_alone() -> None:
    w = world()
    w.airflow.states = [task(state="running")]
    w.store.record(failure(), "I9")
    intake.group_failures(w.healer)
    assert w.store.incidents() == []
    assert intake.waits(w.healer, "I9")
    w.airflow.states = [task()]
    intake.group_failures(w.healer)
    assert not intake.waits(w.healer, "I9")
    assert [item.id for item in w.store.incidents()] == ["I9"]


@pytest.mark.attack
def test_what_airflow_never_says_is_set_aside_after_a_while() -> None:
    w = world()
    w.airflow.states = [task(state="running")]
    told(w)
    assert w.store.aside == {}
    waiting = w.store.waiting
    old = START - intake.PATIENCE - timedelta(seconds=1)
    w.store.waiting = lambda *given: [replace(item, recorded_at=old) for item in waiting(*given)]  # type: ignore[method-assign]
    intake.group_failures(w.healer)
    assert "within an hour" in aside(w)


def test_a_failure_whose_task_was_cleared_meanwhile_is_one_if_its_try_failed() -> None:
    w = world()
    w.airflow.states = [task(state="", try_number=1)]
    told(w)
    assert len(w.store.incidents()) == 1


def test_airflow_that_is_away_sets_nothing_aside() -> None:
    w = world()

    def away(dag_id: str, run_id: str) -> Any:
        raise HarnessUnavailable("Airflow's API", "down")

    w.airflow.tasks = away  # type: ignore[method-assign]
    w.store.record(failure(), "I1")
    with pytest.raises(HarnessUnavailable):
        intake.group_failures(w.healer)
    assert (w.store.aside, w.store.incidents()) == ({}, [])


def test_many_runs_are_asked_about_at_once() -> None:
    w = world()
    keys = [replace(KEY, run_id=f"r{number}") for number in range(50)]
    w.airflow.states = [task(run_id=key.run_id) for key in keys]
    for key in keys:
        w.store.record(failure(key=key), w.new_id())
    asked: list[str] = []
    tasks = w.airflow.tasks
    w.airflow.tasks = lambda dag_id, run_id: asked.append(run_id) or tasks(dag_id, run_id)  # type: ignore[method-assign,func-returns-value]
    intake.group_failures(w.healer)
    assert (len(w.store.joined), asked) == (50, [])


@pytest.mark.attack
@pytest.mark.parametrize(
    ("state", "ended"), [("failed", True), ("success", True), ("running", False), ("queued", False)]
)
def test_who_claims_an_incident_and_does_not_live_keeps_nobody_waiting(state: str, ended: bool) -> None:
    w = world()
    told(w)
    (incident,) = w.store.incidents()
    w.event(incident.id, EventKind.CLAIMED, run="heal__of_somebody__1")
    w.airflow.healer_run = state
    w.clock.ahead(minutes=3)
    assert (reconcile(w.healer).ended == (incident.id,)) is ended
    assert bool(w.pager.pages) is ended


@pytest.mark.attack
def test_a_healer_run_that_the_harness_did_not_start_leads_nothing_even_while_it_lives() -> None:
    w = world()
    told(w)
    (incident,) = w.store.incidents()
    w.airflow.by_person = {"heal__of_somebody__1", "manual__1"}
    for run in w.airflow.by_person:
        assert not heal.claim(w.healer, incident.id, run)
    w.clock.ahead(minutes=3)
    reconcile(w.healer)
    (mine,) = w.store.incident(incident.id).started
    w.airflow.by_person.add(mine)  # by the harness's own account, which is no task
    assert heal.claim(w.healer, incident.id, mine)
    assert w.store.incident(incident.id).leader == mine


def test_a_healer_run_that_a_callback_started_leads() -> None:
    w = world()
    told(w)
    (incident,) = w.store.incidents()
    assert heal.claim(w.healer, incident.id, RUN)


@pytest.mark.attack
def test_the_owner_of_what_failed_is_asked_and_not_one_that_another_task_names() -> None:
    w = world()
    w.airflow.dags["flights"] = dag(owners=("sandbox", "team"), owners_of={"load": ("team",), "empty": ("sandbox",)})
    asked: list[tuple[str, ...]] = []
    w.approvers.of = lambda facts: asked.append(facts.owners) or ()  # type: ignore[method-assign,func-returns-value]
    told(w)
    (incident,) = w.store.incidents()
    given = {Parameter.DAG: "flights", Parameter.RUN: "run1"}
    for arguments, owners in (
        ({Parameter.TASK: "load", Parameter.TRY_NUMBER: "1"}, ("team",)),
        ({}, ("sandbox", "team")),
    ):
        kind = ActionKind.RETRY_TASK if arguments else ActionKind.RESTART_PIPELINE
        proposal = Proposal(kind=kind, arguments=given | arguments, why="")
        assert approve.question(w.healer, incident, proposal, "r") is None
        assert asked.pop() == owners
