"""How an act turned out: what Airflow says, and what was read back from where it was published."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from airflow_provider_harness.app.healing import diagnose as heal
from airflow_provider_harness.app.healing.act import act, proposal_of
from airflow_provider_harness.app.healing.baseline import MOST_SLICES, record_baseline
from airflow_provider_harness.app.healing.verify import verify
from airflow_provider_harness.app.oncall import escalate
from airflow_provider_harness.app.ports.healing import GateResult
from airflow_provider_harness.core.actions import ActionKind
from airflow_provider_harness.core.contracts.contract import Contract, Load, LoadMode
from airflow_provider_harness.core.errors import HarnessError, HarnessUnavailable, NotAllowed
from airflow_provider_harness.core.incidents.events import ActStarted, EventKind, Outcome, Settled
from airflow_provider_harness.core.incidents.incident import State
from airflow_provider_harness.core.incidents.severity import PageSeverity
from tests.unit.app.fakes import RUN, START, World, dag, opened, task, world

FIRST, LAST = (datetime.fromisoformat(f"2013-01-0{day}T05:00:00+00:00") for day in (1, 2))
TASK = {"dag": "flights", "run": "run1", "task": "load", "try_number": "1"}
BACKFILL = {**TASK, "first": FIRST.isoformat(), "last": LAST.isoformat()}


def acted(
    w: World,
    kind: ActionKind = ActionKind.RETRY_TASK,
    arguments: dict[str, str] = TASK,
    *,
    looks: bool = False,
    **ended: Any,
) -> str:
    """An incident whose act was made; if it looks, with what was there before."""
    incident_id = opened(w)
    event = w.event
    event(incident_id, EventKind.CLAIMED, run="heal__run")
    event(incident_id, EventKind.DIAGNOSED, category="timeout")
    slices = [FIRST.isoformat(), LAST.isoformat()] if kind is ActionKind.BACKFILL_RANGE else []
    event(incident_id, EventKind.PROPOSED, action=kind.value, arguments=arguments, why="", slices=slices)
    event(incident_id, EventKind.JUDGED, verdict="approve")
    known = {"before": record_baseline(w.healer, proposal_of(w.incident(incident_id)))} if looks else {}
    event(incident_id, EventKind.ACT_STARTED, act="a", **known)
    event(incident_id, EventKind.ACT_ENDED, act="a", at=START.isoformat(), **{"result": "cleared"} | ended)
    return incident_id


def gate(passed: bool = True, table: str = "public.flights", rows: int | None = None) -> GateResult:
    return GateResult(table=table, slice_key="2013-01-01", passed=passed, text="3 of 3 checks", rows=rows)


def found(w: World, incident_id: str) -> Outcome | None:
    finding = verify(w.healer, w.incident(incident_id))
    assert finding.text
    incident = w.incident(incident_id)
    assert incident.state is State.VERIFYING
    settled = incident.last.get(Settled)
    assert (settled is None) == (finding.outcome is None)
    if settled is not None:
        assert settled.outcome == finding.outcome
        assert len(settled.gates) == len(finding.gates)
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


@pytest.mark.attack
def test_a_gate_that_may_not_be_read_proves_nothing_and_stops_nothing() -> None:
    refused = NotAllowed("The healer does not read with connection payroll.")
    w = world()
    succeeded(w, load="success", publish="success")
    w.gates.results = {"load": refused}
    incident_id = acted(w)
    assert found(w, incident_id) is Outcome.UNKNOWN
    assert "payroll" in w.incident(incident_id).last[Settled].text
    w = world()
    succeeded(w, load="success", publish="success")
    w.gates.results = {"load": refused, "publish": gate(passed=False)}
    assert found(w, acted(w)) is Outcome.NOT_HEALED, "what is known to be wrong is said first"


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
    assert "public.on_time" in w.incident(incident_id).last[Settled].text
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


# Made worse: what was well before the act is not any more.

WELL, BROKEN, EMPTY = gate(rows=9), gate(passed=False, rows=9), gate(passed=False, rows=0)


@pytest.mark.parametrize(
    ("was", "now", "worse"),
    [
        (WELL, WELL, ""),
        (WELL, BROKEN, "held its contract before the act"),
        (WELL, EMPTY, "had 9 rows before the act and is empty"),
        (BROKEN, BROKEN, ""),
        (BROKEN, EMPTY, "had 9 rows before the act and is empty"),
        (BROKEN, WELL, ""),
        (EMPTY, EMPTY, ""),
        (EMPTY, BROKEN, ""),
        (None, BROKEN, ""),
        (WELL, None, ""),
        (WELL, gate(passed=False, rows=9, table="public.other"), ""),
        (HarnessError("no such table"), BROKEN, ""),
        (HarnessUnavailable("the warehouse", "down"), EMPTY, ""),
        (WELL, HarnessUnavailable("the warehouse", "down"), ""),
    ],
)
@pytest.mark.parametrize("run", ["failed", "running"])
def test_data_that_were_well_before_the_act(run: str, was: Any, now: Any, worse: str) -> None:
    w = world()
    w.gates.results = {"load": was}
    incident_id = acted(w, looks=True)
    w.airflow.run, w.gates.results = run, {"load": now}
    w.clock.ahead(hours=3)
    plain = Outcome.NOT_HEALED if run == "failed" else Outcome.UNKNOWN
    assert found(w, incident_id) is (Outcome.MADE_WORSE if worse else plain)
    assert worse in w.incident(incident_id).last[Settled].text


@pytest.mark.parametrize("state", ["failed", "upstream_failed", "success", "running", "skipped"])
def test_a_task_that_had_succeeded_before_the_act(state: str) -> None:
    w = world()
    w.airflow.states = [task(), task(task_id="fine", map_index=2, state="success")]
    incident_id = acted(w, looks=True)
    w.airflow.states[1] = task(task_id="fine", map_index=2, state=state)
    worse = state in ("failed", "upstream_failed")
    assert found(w, incident_id) is (Outcome.MADE_WORSE if worse else Outcome.NOT_HEALED)
    assert ("fine[2] had succeeded" in w.incident(incident_id).last[Settled].text) is worse


def test_what_the_act_itself_says_is_that_it_healed() -> None:
    w = world()
    w.gates.results = {"load": BROKEN}
    incident_id = acted(w, looks=True)
    succeeded(w)
    w.gates.results = {"load": WELL}
    assert found(w, incident_id) is Outcome.HEALED


def test_without_what_was_before_nothing_is_worse() -> None:
    w = world()
    w.gates.results = {"load": EMPTY}
    assert found(w, acted(w)) is Outcome.NOT_HEALED


def test_a_slice_that_a_backfill_ran_again_and_broke() -> None:
    """Those in between the first and the last missing one were published before."""
    w = world()
    w.gates.contracts = {"flights": sliced()}
    between = datetime.fromisoformat("2013-01-02T05:00:00+00:00")
    arguments = BACKFILL | {"last": "2013-01-03T05:00:00+00:00"}
    w.gates.results = {between.isoformat(): WELL}
    incident_id = acted(w, ActionKind.BACKFILL_RANGE, arguments, looks=True, backfill=7)
    [known] = w.incident(incident_id).last[ActStarted].before["gates"]
    assert (known["start"], known["rows"], known["passed"]) == (between.isoformat(), 9, True)
    w.gates.gaps, w.gates.results = [LAST], {between.isoformat(): EMPTY}
    assert found(w, incident_id) is Outcome.MADE_WORSE


def test_what_is_looked_at_before_an_act_is_bounded() -> None:
    w = world()
    w.airflow.states = [task(), *(task(task_id=f"t{n}") for n in range(99))]
    w.gates.results = {f"t{n}": WELL for n in range(99)}
    incident_id = acted(w, looks=True)
    assert len(w.incident(incident_id).last[ActStarted].before["gates"]) == MOST_SLICES - 1


def test_a_pause_looks_at_nothing_before() -> None:
    w = world()
    assert record_baseline(w.healer, proposal_of(w.incident(acted(w, ActionKind.PAUSE_DAG, {"dag": "flights"})))) == {}


def test_harm_is_paged_at_once_a_step_louder_and_nothing_more_is_tried() -> None:
    w = world()
    w.gates.results = {"load": WELL}
    incident_id = opened(w)
    heal.claim(w.healer, incident_id, RUN)
    heal.diagnose(w.healer, incident_id)
    heal.decide(w.healer, incident_id)
    w.clock.ahead(minutes=2)
    act(w.healer, incident_id, RUN)
    w.gates.results = {"load": EMPTY}
    verify(w.healer, w.incident(incident_id))
    assert escalate.settle(w.healer, w.incident(incident_id)) is Outcome.MADE_WORSE
    [page] = w.pager.pages
    assert page.severity is PageSeverity.CRITICAL and "made worse by the harness" in page.summary
    assert "is empty now" in page.details["done"] and page.details["you are asked to"].startswith("Set right first")
    assert w.incident(incident_id).outcome is Outcome.MADE_WORSE
    assert w.incident(incident_id).with_a_person


def sliced() -> Contract:
    load = Load(mode=LoadMode.INCREMENTAL, slice_column="day", time_zone="America/New_York")
    return Contract(id="c", version="1", name="t", table="public.flights", columns=(), load=load)


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
    assert "not paused" in w.incident(incident_id).last[Settled].text or paused
