"""How an act turned out: what Airflow says, and what was read back from where it was published."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from airflow_provider_harness.app.ports import GateResult
from airflow_provider_harness.app.verify import verify
from airflow_provider_harness.core.action import ActionKind
from airflow_provider_harness.core.errors import HarnessUnavailable
from airflow_provider_harness.core.incident import EventKind, Outcome, State
from tests.unit.app.fakes import START, World, dag, opened, task, world

FIRST, LAST = (datetime.fromisoformat(f"2013-01-0{day}T05:00:00+00:00") for day in (1, 2))
TASK = {"dag": "flights", "run": "run1", "task": "load", "try_number": "1"}
BACKFILL = {**TASK, "first": FIRST.isoformat(), "last": LAST.isoformat()}


def acted(w: World, kind: ActionKind = ActionKind.RETRY_TASK, arguments: dict[str, str] = TASK, **ended: Any) -> str:
    incident_id = opened(w)
    event = w.event
    event(incident_id, EventKind.CLAIMED, run="heal__run")
    event(incident_id, EventKind.DIAGNOSED, category="timeout")
    slices = [FIRST.isoformat(), LAST.isoformat()] if kind is ActionKind.BACKFILL_RANGE else []
    event(incident_id, EventKind.PROPOSED, action=kind.value, arguments=arguments, why="", slices=slices)
    event(incident_id, EventKind.JUDGED, verdict="approve")
    event(incident_id, EventKind.ACT_STARTED, act="a")
    event(incident_id, EventKind.ACT_ENDED, act="a", at=START.isoformat(), **{"result": "cleared"} | ended)
    return incident_id


def gate(passed: bool = True, table: str = "public.flights") -> GateResult:
    return GateResult(table=table, slice_key="2013-01-01", passed=passed, text="3 of 3 checks")


def found(w: World, incident_id: str) -> Outcome | None:
    finding = verify(w.healer, w.incident(incident_id))
    assert finding.text
    incident = w.incident(incident_id)
    assert incident.state is State.VERIFYING
    settled = incident.last.get(EventKind.SETTLED)
    assert (settled is None) == (finding.outcome is None)
    if settled is not None:
        assert settled["outcome"] == finding.outcome
        assert len(settled["gates"]) == len(finding.gates)
    return finding.outcome


@pytest.mark.parametrize("run", ["queued", "running", "", "restarting"])
def test_too_early(run: str) -> None:
    w = world()
    incident_id = acted(w)
    w.airflow.run = run
    w.clock.at = START + timedelta(hours=2)
    assert found(w, incident_id) is None
    w.clock.ahead(seconds=1)
    assert found(w, incident_id) is Outcome.UNKNOWN


def test_failed_again() -> None:
    w = world()
    w.gates.results = {"load": gate()}
    assert found(w, acted(w)) is Outcome.NOT_HEALED


def succeeded(w: World, **states: str) -> None:
    w.airflow.run = "success"
    w.airflow.states = [task(task_id=name, state=state) for name, state in ({"load": "success"} | states).items()]


def test_healed_needs_a_gate() -> None:
    w = world()
    incident_id = acted(w)
    succeeded(w)
    assert found(w, incident_id) is Outcome.RECOVERED
    w.gates.results = {"load": gate()}
    assert found(w, incident_id) is Outcome.HEALED


def test_every_gate_of_the_run_must_pass() -> None:
    w = world()
    incident_id = acted(w)
    succeeded(w, transform="success")
    w.gates.results = {"load": gate(), "transform": gate(passed=False, table="public.on_time")}
    assert found(w, incident_id) is Outcome.NOT_HEALED
    assert "public.on_time" in w.incident(incident_id).last[EventKind.SETTLED]["text"]
    w.gates.results["transform"] = gate()
    assert found(w, incident_id) is Outcome.HEALED


@pytest.mark.parametrize("state", ["failed", "upstream_failed", "skipped", "", "up_for_retry"])
def test_a_run_that_succeeds_without_the_task_is_no_heal(state: str) -> None:
    """A run's state is that of its last tasks: one with trigger rule all_done hides a task that failed again."""
    w = world()
    incident_id = acted(w)
    succeeded(w, load=state, always="success")
    w.gates.results = {"always": gate()}
    assert found(w, incident_id) is Outcome.NOT_HEALED


def test_the_mapped_task_that_was_cleared_counts() -> None:
    w = world()
    incident_id = acted(w, arguments=TASK | {"map_index": "1"})
    w.airflow.run = "success"
    w.airflow.states = [task(map_index=0, state="failed"), task(map_index=1, state="success")]
    assert found(w, incident_id) is Outcome.RECOVERED
    w.airflow.states = [task(map_index=0, state="success"), task(map_index=1, state="failed")]
    assert found(w, incident_id) is Outcome.NOT_HEALED


def test_the_upstream_task_that_was_cleared_counts() -> None:
    w = world()
    arguments = {"dag": "flights", "run": "run1", "upstream_task": "extract"}
    incident_id = acted(w, ActionKind.RERUN_UPSTREAM, arguments)
    succeeded(w, extract="failed")
    assert found(w, incident_id) is Outcome.NOT_HEALED
    succeeded(w, extract="success")
    assert found(w, incident_id) is Outcome.RECOVERED


def test_a_gate_that_cannot_run_is_not_known_until_time_is_up() -> None:
    w = world()
    incident_id = acted(w)
    succeeded(w)
    w.gates.results = {"load": HarnessUnavailable("the warehouse", "down")}
    assert found(w, incident_id) is None
    w.clock.ahead(hours=3)
    assert found(w, incident_id) is Outcome.UNKNOWN


# Backfill: the gap is filled, the check that noticed it runs again, the filled slices hold their contract.


def filled(w: World) -> None:
    w.gates.results = {FIRST.isoformat(): gate(), LAST.isoformat(): gate()}


def test_a_backfill_is_waited_for() -> None:
    w = world()
    w.airflow.backfilled = False
    assert found(w, acted(w, ActionKind.BACKFILL_RANGE, BACKFILL, backfill=7)) is None
    assert not w.airflow.writes


def test_no_backfill_is_no_heal() -> None:
    w = world()
    assert found(w, acted(w, ActionKind.BACKFILL_RANGE, BACKFILL, result="refused by Airflow")) is Outcome.NOT_HEALED


def test_a_gap_that_stays_is_no_heal() -> None:
    w = world()
    w.gates.gaps = [LAST]
    assert found(w, acted(w, ActionKind.BACKFILL_RANGE, BACKFILL, backfill=7)) is Outcome.NOT_HEALED
    assert not w.airflow.writes


def test_the_check_runs_again_once_and_then_the_filled_slices_are_judged() -> None:
    w = world()
    filled(w)
    incident_id = acted(w, ActionKind.BACKFILL_RANGE, BACKFILL, backfill=7)
    assert found(w, incident_id) is None
    assert w.airflow.writes == [("clear", "flights", "run1", "load", -1)]
    w.airflow.run, w.airflow.states = "running", [task(state="running", try_number=2)]
    assert found(w, incident_id) is None
    succeeded(w)
    assert found(w, incident_id) is Outcome.HEALED
    assert len(w.airflow.writes) == 1


@pytest.mark.parametrize("start", [FIRST, LAST])
def test_a_filled_slice_that_breaks_its_contract_is_no_heal(start: datetime) -> None:
    w = world()
    filled(w)
    w.gates.results |= {"load": gate(), start.isoformat(): gate(passed=False)}
    incident_id = acted(w, ActionKind.BACKFILL_RANGE, BACKFILL, backfill=7)
    succeeded(w)
    assert found(w, incident_id) is Outcome.NOT_HEALED


def test_a_check_that_fails_again_is_no_heal() -> None:
    w = world()
    filled(w)
    incident_id = acted(w, ActionKind.BACKFILL_RANGE, BACKFILL, backfill=7)
    w.airflow.states = [task(try_number=2)]
    assert found(w, incident_id) is Outcome.NOT_HEALED
    assert not w.airflow.writes


@pytest.mark.parametrize(("acting", "refuses"), [(False, ""), (True, "it is running")])
def test_the_check_is_not_run_again_where_that_is_not_allowed(acting: bool, refuses: str) -> None:
    w = world(acting=acting)
    incident_id = acted(w, ActionKind.BACKFILL_RANGE, BACKFILL, backfill=7)
    w.airflow.refuses = refuses
    assert found(w, incident_id) is Outcome.UNKNOWN
    assert not w.airflow.writes


@pytest.mark.parametrize("paused", [True, False])
def test_a_paused_dag_waits_for_a_person(paused: bool) -> None:
    w = world()
    w.airflow.dags["flights"] = dag(paused=paused)
    incident_id = acted(w, ActionKind.PAUSE_DAG, {"dag": "flights"})
    assert found(w, incident_id) is Outcome.ESCALATED
    assert "not paused" in w.incident(incident_id).last[EventKind.SETTLED]["text"] or paused
