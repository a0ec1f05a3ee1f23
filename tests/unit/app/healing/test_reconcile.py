"""What one pass of the reconciler finds, records, starts and notes; and what a callback captures."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from airflow_provider_harness.app.healing import diagnose as heal
from airflow_provider_harness.app.healing.act import act
from airflow_provider_harness.app.healing.capture import capture
from airflow_provider_harness.app.healing.reconcile import FIRST_LOOK, GRACE, OVERLAP, is_over, key_of, reconcile
from airflow_provider_harness.app.oncall.escalate import settle
from airflow_provider_harness.app.ports.airflow import BrokenFile, RunState
from airflow_provider_harness.core.diagnosis.failure import Failure, FailureKind, Origin
from airflow_provider_harness.core.errors import HarnessUnavailable
from airflow_provider_harness.core.incidents.events import EventKind, Noted, Outcome
from airflow_provider_harness.core.incidents.grouping import healer_run_key
from airflow_provider_harness.core.incidents.incident import State, episode_of, run_id
from tests.unit.app.fakes import KEY, START, FakeAirflow, World, another_try, dag, failure, opened, task, world


def later(w: World) -> None:
    w.clock.ahead(seconds=6)


def quiet() -> World:
    return world(airflow=FakeAirflow(states=[]))


def test_what_nobody_reported_becomes_one_failure_and_one_healer_run() -> None:
    w = world()
    w.airflow.states = [task(end_date=START - timedelta(seconds=30), operator="Op", hostname="h", max_tries=2)]
    first = reconcile(w.healer)
    assert first.found == (str(KEY),)
    (recorded,) = w.store.failures("I1")
    assert (recorded.kind, recorded.origin) == (FailureKind.UNREPORTED, Origin.RECONCILER)
    assert (recorded.operator, recorded.hostname, recorded.max_tries) == ("Op", "h", 2)
    assert recorded.occurred_at == START - timedelta(seconds=30)
    assert "exception" in recorded.missing
    assert first.started == ("I1",), "nobody else starts one, so it waits for no other pass"
    for seconds in (1, 6, 60):
        w.clock.ahead(seconds=seconds)
        again = reconcile(w.healer)
        assert (again.found, again.started) == ((), ())
    assert w.airflow.writes == [("start", "I1")]


def test_what_joins_an_incident_that_was_handed_over_starts_no_second_run() -> None:
    w = world()
    opened(w)
    other = replace(task(end_date=START - timedelta(seconds=30)), task_id="other")
    w.airflow.states = [task(), other]
    found = reconcile(w.healer)
    assert found.found == (str(key_of(other)),)
    assert "I1" not in found.started


def test_what_a_callback_reported_is_left_alone() -> None:
    w = world()
    w.airflow.states = [task(end_date=START - timedelta(seconds=30))]
    opened(w)
    assert reconcile(w.healer).found == ()
    assert len(w.store.recorded) == 1


def test_a_notice_of_a_try_does_not_hide_its_failure() -> None:
    w = world()
    w.airflow.states = [task(end_date=START - timedelta(seconds=30))]
    opened(w, kind=FailureKind.QUARANTINED)
    assert reconcile(w.healer).found == (str(KEY),)
    later(w)
    assert reconcile(w.healer).started == ("I1",)


@pytest.mark.parametrize("dag_id", ["other", "harness_healer"])
def test_dags_that_are_not_ours_to_heal(dag_id: str) -> None:
    w = world()
    w.airflow.looked_after = ["flights", "harness_healer"]
    w.airflow.states = [task(dag_id=dag_id, end_date=START - timedelta(seconds=30))]
    assert reconcile(w.healer).found == ()
    assert not w.store.recorded


def test_a_fresh_failure_is_left_to_its_callback() -> None:
    w = world()
    w.airflow.states = [task(end_date=START - GRACE + timedelta(milliseconds=1))]
    assert reconcile(w.healer).found == ()
    w.clock.ahead(seconds=1)
    assert reconcile(w.healer).found == (str(KEY),)


def test_how_far_back_a_pass_looks() -> None:
    w = quiet()
    reconcile(w.healer)
    w.clock.ahead(minutes=5)
    reconcile(w.healer)
    assert w.airflow.asked_since == [START - FIRST_LOOK, START - OVERLAP]


def test_a_pass_that_died_is_made_up_for() -> None:
    w = quiet()
    reconcile(w.healer)
    w.airflow.looked_after = None  # type: ignore[assignment]
    w.clock.ahead(hours=5)
    with pytest.raises(TypeError):
        reconcile(w.healer)
    w.airflow.looked_after = []
    reconcile(w.healer)
    assert w.airflow.asked_since[-1] == START - OVERLAP


def test_what_a_person_marked_is_recorded_and_neither_healed_nor_paged() -> None:
    w = world()
    w.airflow.states = [task(end_date=START - timedelta(seconds=30))]
    w.airflow.by_hand = {"load"}
    reconcile(w.healer)
    later(w)
    reconcile(w.healer)
    incident = w.incident("I1")
    assert (incident.state, incident.outcome) == (State.CLOSED, Outcome.SUPERSEDED)
    assert not w.airflow.writes
    assert not w.pager.pages


def test_a_quarantine_closes_with_a_note() -> None:
    w = world()
    w.airflow.states = [task(state="success")]
    incident_id = opened(w, kind=FailureKind.QUARANTINED, detail={"text": "published without 3 rows"})
    later(w)
    assert reconcile(w.healer).noted == (str(KEY),)
    incident = w.incident(incident_id)
    assert (incident.outcome, incident.paged) == (Outcome.NOTED, False)
    (write,) = [call for call in w.airflow.writes if call[0] == "note"]
    assert "published without 3 rows" in write[2]
    assert incident_id in write[2]
    assert not w.pager.pages


def test_every_notice_of_an_episode_is_noted() -> None:
    w = world()
    w.airflow.states = [task(state="success"), task(task_id="other", state="success")]
    opened(w, kind=FailureKind.QUARANTINED, detail={"text": "one"})
    opened(w, key=replace(KEY, task_id="other"), kind=FailureKind.QUARANTINED, detail={"text": "two"})
    later(w)
    reconcile(w.healer)
    assert [call[1] for call in w.airflow.writes] == ["load", "other"]
    assert w.kinds("I1").count(EventKind.NOTED) == 2


def test_a_note_that_airflow_refuses_closes_too() -> None:
    w = world()
    incident_id = opened(w, kind=FailureKind.QUARANTINED)
    w.airflow.states, w.airflow.refuses = [task(state="success")], "no right"
    later(w)
    reconcile(w.healer)
    assert w.incident(incident_id).outcome is Outcome.NOTED
    assert "no right" in w.incident(incident_id).last[Noted].text


def test_a_notice_and_a_failure_of_one_episode_are_healed() -> None:
    w = world()
    w.airflow.states = [task(try_number=2)]
    incident_id = opened(w, kind=FailureKind.QUARANTINED)
    opened(w, key=another_try())
    later(w)
    assert reconcile(w.healer).started == (incident_id,)


@pytest.mark.parametrize("kind", [EventKind.CLAIMED, EventKind.TAKEN])
def test_what_somebody_has_is_not_started_again(kind: EventKind) -> None:
    w = world()
    incident_id = opened(w)
    w.event(incident_id, kind, run="heal__1", by="p")
    later(w)
    assert reconcile(w.healer).started == ()
    assert not w.airflow.writes


def test_a_lost_start_is_made_up_for_under_a_free_number() -> None:
    w = world()
    incident_id = opened(w)
    w.airflow.healing, w.airflow.healer_run = {f"heal__{w.incident(incident_id).episode}__1"}, "failed"
    later(w)
    assert reconcile(w.healer).started == (incident_id,)
    assert f"heal__{w.incident(incident_id).episode}__2" in w.airflow.healing


@pytest.mark.parametrize("state", ["queued", "running"])
def test_a_run_that_a_callback_started_and_no_worker_has_time_for_is_waited_for(state: str) -> None:
    w = world()
    incident_id = opened(w)
    (one,) = w.store.failures(incident_id)
    w.airflow.healing = {run_id(healer_run_key(one, episode_of(one.key)), one.key.try_number)}
    w.airflow.healer_run = state
    for _ in range(10):
        later(w)
        assert reconcile(w.healer).started == ()
    w.clock.ahead(minutes=2)
    assert reconcile(w.healer).started == (incident_id,), "two minutes, and not for ever"


def test_a_backlog_does_not_grow_with_every_pass() -> None:
    w = world()
    incident_id = opened(w)
    for _ in range(24):  # two minutes of passes, and no healer run has come to its turn
        w.clock.ahead(seconds=5)
        reconcile(w.healer)
    assert w.airflow.writes == [("start", incident_id)]
    w.clock.ahead(minutes=2)
    assert reconcile(w.healer).started == (incident_id,)


@pytest.mark.parametrize("kind", [EventKind.CLAIMED, EventKind.DIAGNOSED, EventKind.ACT_STARTED])
def test_what_a_healer_run_left_behind_goes_to_a_person(kind: EventKind) -> None:
    w = world()
    incident_id = opened(w)
    for step in (EventKind.CLAIMED, EventKind.DIAGNOSED, EventKind.JUDGED, EventKind.ACT_STARTED):
        body = {"category": "timeout", "cause": "c", "certainty": "sure", "basis": "fact", "why": "y"}
        judged = {"rule": "r", "verdict": "approve", "policy_version": 1, "reason": "r", "action": "retry_task"}
        if step is EventKind.JUDGED:
            w.event(incident_id, EventKind.PROPOSED, arguments={}, **judged)
        w.event(incident_id, step, **body | judged | {"run": "heal__1", "act": "a"})
        if step is kind:
            break
    w.clock.ahead(hours=4)
    assert reconcile(w.healer).ended == ()
    w.clock.ahead(seconds=1)
    assert reconcile(w.healer).ended == (incident_id,)
    assert w.incident(incident_id).outcome is Outcome.UNKNOWN
    assert len(w.pager.pages) == 1
    assert reconcile(w.healer).ended == ()


def test_what_a_person_has_is_never_ended_for_them() -> None:
    w = world()
    w.event(opened(w), EventKind.TAKEN, by="p")
    w.clock.ahead(days=30)
    assert reconcile(w.healer).ended == ()


def test_a_mapped_task_keeps_its_index() -> None:
    assert str(key_of(task(map_index=3, try_number=2))) == "flights/run1/load[3]#2"


# Capture.


class Starter:
    def __init__(self, down: bool = False) -> None:
        self.down, self.calls = down, []

    def start(self, incident_id: str, episode: str, number: int) -> bool:
        self.calls.append((incident_id, episode, number))
        if self.down:
            raise HarnessUnavailable("the healer Dag", "absent")
        return True


def test_a_try_is_captured_once() -> None:
    w, starter = world(), Starter()
    assert capture(failure(), w.store, w.spool, starter, w.new_id)
    assert not capture(failure(), w.store, w.spool, starter, w.new_id)
    assert len(starter.calls) == 1
    assert starter.calls[0][0] == "I1"
    assert starter.calls[0][2] == KEY.try_number


def test_a_storm_of_one_run_asks_for_one_healer_run() -> None:
    w, starter = world(), Starter()
    for index in range(50):
        capture(failure(key=replace(KEY, map_index=index)), w.store, w.spool, starter, w.new_id)
    assert len({call[1:] for call in starter.calls}) == 1
    assert len(w.store.recorded) == 50


@pytest.mark.parametrize("kind", [kind for kind in FailureKind if not failure(kind=kind).heals])
def test_what_is_only_recorded_starts_nothing(kind: FailureKind) -> None:
    w, starter = world(), Starter()
    assert capture(failure(kind=kind), w.store, w.spool, starter, w.new_id)
    assert not starter.calls


def test_a_healer_that_is_down_loses_no_failure() -> None:
    w = world()
    with pytest.raises(HarnessUnavailable):
        capture(failure(), w.store, w.spool, Starter(down=True), w.new_id)
    assert len(w.store.recorded) == 1


class NoStore:
    """A store that is down."""

    def record(self, failure: Failure, incident_id: str) -> bool:
        raise HarnessUnavailable("the harness store", "down")


def test_what_the_store_could_not_take_waits_in_the_spool_with_its_exception() -> None:
    w, starter = world(airflow=FakeAirflow(states=[task(end_date=START - timedelta(seconds=30))])), Starter()
    with pytest.raises(HarnessUnavailable):
        capture(failure(), NoStore(), w.spool, starter, w.new_id)
    assert not starter.calls
    made_up = reconcile(w.healer)
    assert made_up.found == (str(KEY),)
    (recorded,) = (item for item, _ in w.store.recorded.values())
    assert (recorded.origin, recorded.kind) == (Origin.CALLBACK, FailureKind.TASK_FAILED)
    assert w.spool.waiting() == []
    assert made_up.started != ()


def run_state(**more: Any) -> RunState:
    given: dict[str, Any] = {
        "dag_id": "flights",
        "run_id": "run1",
        "state": "failed",
        "of_backfill": False,
        "queued_at": START - timedelta(minutes=20),
        "started_at": START - timedelta(minutes=20),
        "ended_at": START - timedelta(minutes=1),
    }
    return RunState(**given | more)


def with_run(run: RunState, **more: Any) -> World:
    return world(airflow=FakeAirflow(states=[task(state="skipped")], failed=[run], **more))


@pytest.mark.parametrize(("limit", "late"), [(None, False), (18, True), (19, True), (20, False)])
def test_a_run_that_failed_without_a_failed_task_is_found_and_paged(limit: int | None, late: bool) -> None:
    timeout = timedelta(minutes=limit) if limit else None
    w = with_run(run_state(), dags={"flights": dag(run_timeout=timeout)})
    assert len(reconcile(w.healer).found) == 1
    (found,) = w.store.failures("I1")
    assert (found.kind, found.key.task_id) == (FailureKind.RUN_FAILED, "")
    assert ("timed_out" in found.detail) is late
    assert reconcile(w.healer).found == ()
    assert heal.claim(w.healer, "I1", "heal__1")
    heal.diagnose(w.healer, "I1")
    heal.decide(w.healer, "I1")
    assert act(w.healer, "I1", "heal__1").stop is Outcome.ESCALATED
    assert settle(w.healer, w.incident("I1")) is Outcome.ESCALATED
    assert "No task of this run failed" in w.pager.pages[0].details["you are asked to"]
    assert w.airflow.writes == []


def test_the_same_run_may_fail_again() -> None:
    w = with_run(run_state())
    assert len(reconcile(w.healer).found) == 1
    w.airflow.failed = [run_state(ended_at=START)]
    w.clock.ahead(minutes=1)
    assert len(reconcile(w.healer).found) == 1


def test_a_failed_task_speaks_for_its_run() -> None:
    w = world(airflow=FakeAirflow(states=[task(end_date=START - timedelta(seconds=30))], failed=[run_state()]))
    assert reconcile(w.healer).found == (str(KEY),)


def test_a_run_that_is_cleared_while_the_pass_looks_is_no_failure() -> None:
    w = world(airflow=FakeAirflow(states=[task(state="queued")], failed=[run_state()], run="queued"))
    assert reconcile(w.healer).found == ()


@pytest.mark.parametrize(
    ("run", "by_hand", "kind", "outcome"),
    [
        (
            run_state(of_backfill=True, started_at=None, ended_at=None),
            set(),
            FailureKind.CANCELLED,
            Outcome.NOTED,
        ),
        (run_state(), {"run1"}, FailureKind.MARKED_FAILED, Outcome.SUPERSEDED),
    ],
)
def test_cancelled_and_marked_runs_are_recorded_and_nothing_else(
    run: RunState, by_hand: set[str], kind: FailureKind, outcome: Outcome
) -> None:
    w = with_run(run, by_hand=by_hand)
    assert len(reconcile(w.healer).found) == 1
    assert [item.kind for item in w.store.failures("I1")] == [kind]
    later(w)
    reconcile(w.healer)
    assert w.incident("I1").outcome is outcome
    assert (w.airflow.writes, w.pager.pages) == ([], [])
    assert reconcile(w.healer).found == ()


def test_a_dag_file_that_cannot_be_imported_pages_once_for_as_long_as_it_is_broken() -> None:
    trace = "Traceback (most recent call last):\n  File \"f.py\", line 1\nModuleNotFoundError: No module named 'x'\n"
    broken = BrokenFile(id=3, file="team/f.py", stack_trace=trace, at=START, dag_ids=("flights",))
    w = world(airflow=FakeAirflow(states=[], broken=[broken]))
    assert reconcile(w.healer).found == ("flights/import_error__3/#0",)
    assert reconcile(w.healer).found == ()
    (found,) = w.store.failures("I1")
    assert (found.chain[0].type, found.chain[0].message) == ("ModuleNotFoundError", "No module named 'x'")
    assert heal.claim(w.healer, "I1", "heal__1")
    heal.diagnose(w.healer, "I1")
    heal.decide(w.healer, "I1")
    assert act(w.healer, "I1", "heal__1").stop is Outcome.ESCALATED
    settle(w.healer, w.incident("I1"))
    (page,) = w.pager.pages
    assert "Mend the Dag file" in page.details["you are asked to"]
    assert list(page.links) == ["The incident", "Import errors in Airflow"]
    w.airflow.broken = [replace(broken, id=4)]
    assert reconcile(w.healer).found == ("flights/import_error__4/#0",)


def test_a_file_that_never_held_a_dag_is_named_by_itself() -> None:
    w = world(airflow=FakeAirflow(states=[], broken=[BrokenFile(id=3, file="a/new.py", stack_trace="", at=START)]))
    assert reconcile(w.healer).found == ("new.py/import_error__3/#0",)


@pytest.mark.parametrize(
    ("gives_back", "run", "held", "over"),
    [
        (False, timedelta(0), timedelta(seconds=19), False),
        (False, timedelta(0), timedelta(seconds=20), True),
        (True, timedelta(hours=23), timedelta(hours=23), False),
        (True, timedelta(hours=25), timedelta(0), True),
        (True, None, timedelta(days=3), False),
    ],
)
def test_a_run_that_keeps_its_slot_is_short(
    gives_back: bool, run: timedelta | None, held: timedelta, over: bool
) -> None:
    began = None if run is None else START - run
    assert is_over(START, run_began=began, held_since=START - held, gives_back=gives_back) is over
