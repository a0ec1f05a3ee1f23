"""Every reason not to act ends without one write to Airflow; an act is made once, whatever dies around it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from airflow_provider_harness.app.healing import diagnose as heal
from airflow_provider_harness.app.healing import preconditions as standing
from airflow_provider_harness.app.healing.act import Acted, act, proposal_of
from airflow_provider_harness.app.oncall import approve
from airflow_provider_harness.app.ports.airflow import Answer
from airflow_provider_harness.app.ports.healing import GateResult
from airflow_provider_harness.core.actions import ActionKind, Parameter, Proposal
from airflow_provider_harness.core.contracts.contract import Contract
from airflow_provider_harness.core.diagnosis.diagnosis import Basis, Category, Certainty
from airflow_provider_harness.core.diagnosis.failure import FailureKind
from airflow_provider_harness.core.errors import HarnessUnavailable
from airflow_provider_harness.core.incidents.events import (
    ActEnded,
    ActStarted,
    Answered,
    Asked,
    EventKind,
    Noted,
    Outcome,
    Settled,
)
from airflow_provider_harness.core.incidents.incident import State
from airflow_provider_harness.core.policy.policy import Limit, VerdictKind
from airflow_provider_harness.core.slices.lease import Lease
from tests.unit.app.fakes import (
    KEY,
    RUN,
    START,
    Crash,
    World,
    another_try,
    dag,
    diagnosis,
    failure,
    opened,
    policy_of,
    task,
    world,
)

YES = Answer(answered=True, chosen=(approve.APPROVE,), by="oncall", seconds=60.0)


def decided(w: World) -> str:
    """An incident that this run leads, with a verdict."""
    incident_id = opened(w)
    assert heal.claim(w.healer, incident_id, RUN)
    heal.diagnose(w.healer, incident_id)
    heal.decide(w.healer, incident_id)
    return incident_id


def asked(w: World) -> str:
    """The same, and a person was asked."""
    w.policy = policy_of(VerdictKind.ASK, w.policy.rules[0].limit)
    incident_id = decided(w)
    incident = w.incident(incident_id)
    assert approve.question(w.healer, incident, proposal_of(incident), RUN) is not None
    w.airflow.said = YES
    return incident_id


def due(w: World) -> None:
    w.clock.ahead(seconds=61)


def test_an_approved_act_is_made_when_it_is_due() -> None:
    w = world()
    incident_id = decided(w)
    early = act(w.healer, incident_id, RUN)
    assert early == Acted(due=START + timedelta(seconds=60))
    assert not w.airflow.writes
    w.clock.at = START + timedelta(seconds=60)
    assert act(w.healer, incident_id, RUN) == Acted(done=True)
    assert w.airflow.writes == [("clear", "flights", "run1", "load", -1)]
    assert w.incident(incident_id).state is State.VERIFYING


def test_how_things_stood_is_recorded_with_the_act() -> None:
    w = world()
    w.airflow.states.append(task(task_id="extract", state="success"))
    w.gates.results = {"load": GateResult(table="t", slice_key="s", passed=True, text="", rows=5)}
    incident_id = decided(w)
    due(w)
    act(w.healer, incident_id, RUN)
    known = {"task": "load", "start": "", "table": "t", "slice": "s", "passed": True, "rows": 5}
    told = {"succeeded": ["extract"], "gates": [known], "unread": []}
    assert w.incident(incident_id).last[ActStarted].before == told


def test_an_agreed_act_is_made_once() -> None:
    w = world()
    incident_id = asked(w)
    due(w)
    for _ in range(3):
        assert act(w.healer, incident_id, RUN) == Acted(done=True)
    assert len(w.airflow.writes) == 1
    assert w.incident(incident_id).last[Answered] == Answered(answer="Approve", by="oncall", said=True)


def taken(w: World, incident_id: str) -> None:
    w.event(incident_id, EventKind.TAKEN, by="someone")


def closed(w: World, incident_id: str) -> None:
    w.event(incident_id, EventKind.CLOSED, outcome="superseded", why="")


def settled(w: World, incident_id: str) -> None:
    w.event(incident_id, EventKind.SETTLED, outcome="escalated", text="", gates=[])


@pytest.mark.parametrize("make", [decided, asked])
@pytest.mark.parametrize("happens", [taken, closed, settled])
def test_it_is_over(make: Callable[[World], str], happens: Callable[[World, str], None]) -> None:
    w = world()
    incident_id = make(w)
    due(w)
    happens(w, incident_id)
    before = len(w.store.log)
    assert act(w.healer, incident_id, RUN) == Acted(done=True)
    assert not w.airflow.writes
    assert len(w.store.log) == before


@pytest.mark.parametrize("run", ["heal__other", "", "harness_healer"])
@pytest.mark.parametrize("make", [decided, asked])
def test_another_run_does_not_act(make: Callable[[World], str], run: str) -> None:
    w = world()
    incident_id = make(w)
    due(w)
    assert act(w.healer, incident_id, run) == Acted(done=True)
    assert not w.airflow.writes


def test_nobody_leads_and_nobody_acts() -> None:
    w = world()
    incident_id = opened(w)
    assert act(w.healer, incident_id, "") == Acted(done=True)
    assert not w.airflow.writes


def shadow(w: World) -> None:
    w.acting = False


def running(w: World) -> None:
    w.airflow.states = [task(state="running", try_number=2)]


def cleared(w: World) -> None:
    w.airflow.states = [task(state="")]


def succeeded(w: World) -> None:
    w.airflow.states = [task(state="success")]


def failed_again(w: World) -> None:
    w.airflow.states = [task(try_number=2)]


def deployed(w: World) -> None:
    w.airflow.dags["flights"] = replace(w.airflow.dags["flights"], version=2)


#: what happens between verdict and act, and how the incident goes on.
BETWEEN = [
    (shadow, Outcome.ESCALATED),
    (running, Outcome.SUPERSEDED),
    (cleared, Outcome.SUPERSEDED),
    (succeeded, Outcome.SUPERSEDED),
    (failed_again, Outcome.SUPERSEDED),
    (deployed, Outcome.ESCALATED),
]


@pytest.mark.parametrize(("happens", "outcome"), BETWEEN)
@pytest.mark.parametrize("make", [decided, asked])
def test_what_changed_since_the_verdict(
    make: Callable[[World], str], happens: Callable[[World], None], outcome: Outcome
) -> None:
    w = world()
    incident_id = make(w)
    due(w)
    happens(w)
    acted = act(w.healer, incident_id, RUN)
    assert acted.stop is outcome
    assert acted.reason
    assert not w.airflow.writes
    assert not w.store.used
    assert w.incident(incident_id).last[Settled].outcome == outcome.value


def test_what_was_settled_is_not_acted_on_later() -> None:
    """The mode changes to act after the incident was given to a person: the same run does not begin to act."""
    w = world(acting=False)
    incident_id = decided(w)
    due(w)
    assert act(w.healer, incident_id, RUN).stop is Outcome.ESCALATED
    w.acting = True
    assert act(w.healer, incident_id, RUN) == Acted(done=True)
    assert not w.airflow.writes


def test_what_is_refused_is_not_done() -> None:
    w = world(policy=policy_of(VerdictKind.REFUSE))
    incident_id = decided(w)
    due(w)
    acted = act(w.healer, incident_id, RUN)
    assert (acted.stop, acted.reason) == (Outcome.ESCALATED, "retry_task is for a person: scripted")
    assert not w.airflow.writes


NO_ACT = [
    ActionKind.ESCALATE_TO_HUMAN,
    ActionKind.SUGGEST_SCHEMA_CHANGE,
    ActionKind.SUGGEST_QUERY_CHANGE,
    ActionKind.SUGGEST_CONCURRENCY_CHANGE,
]


@pytest.mark.parametrize("kind", NO_ACT)
def test_a_suggestion_is_never_carried_out(kind: ActionKind) -> None:
    w = world()
    incident_id = opened(w)
    heal.claim(w.healer, incident_id, RUN)
    heal.diagnose(w.healer, incident_id)
    body = {"verdict": "approve", "reason": "r", "due": START.isoformat(), "limit": {}, "rule": "", "policy_version": 1}
    w.event(incident_id, EventKind.PROPOSED, action=kind.value, arguments={}, why="")
    w.event(incident_id, EventKind.JUDGED, **body)
    assert act(w.healer, incident_id, RUN).stop is Outcome.ESCALATED
    assert not w.airflow.writes


ANSWERS = [
    (Answer(answered=False), "Nobody answered"),
    (Answer(answered=False, chosen=("Approve",), by="oncall"), "Nobody answered"),
    (replace(YES, by="intruder"), "may not answer"),
    (replace(YES, by=""), "may not answer"),
    (replace(YES, by="harness"), "may not answer"),
    (replace(YES, chosen=("Refuse",)), "answered Refuse"),
    (replace(YES, chosen=()), "answered nothing"),
    (replace(YES, chosen=("Approve", "Refuse")), "answered Approve, Refuse"),
    (replace(YES, chosen=("approve",)), "answered approve"),
    (replace(YES, seconds=approve.QUICKEST - 0.1), "nobody reads that fast"),
    (replace(YES, seconds=-60.0), "nobody reads that fast"),
    (Answer(answered=True, chosen=("Approve",), by="oncall"), "nobody reads that fast"),
]


@pytest.mark.parametrize(("said", "why"), ANSWERS)
def test_an_answer_that_is_no_agreement(said: Answer, why: str) -> None:
    w = world()
    incident_id = asked(w)
    due(w)
    w.airflow.said = said
    acted = act(w.healer, incident_id, RUN)
    assert acted.stop is Outcome.REFUSED
    assert why in acted.reason
    assert not w.airflow.writes
    assert not w.store.used


def test_the_harness_cannot_answer_although_it_was_assigned() -> None:
    w = world()
    incident_id = asked(w)
    w.store.approvals = [replace(w.store.approvals[0], assigned=("harness", "oncall"))]
    due(w)
    w.airflow.said = replace(YES, by="harness")
    assert "cannot answer itself" in act(w.healer, incident_id, RUN).reason
    assert not w.airflow.writes


def other_act(w: World) -> None:
    w.store.approvals = [replace(w.store.approvals[0], act="pause_dag(dag=flights)")]


def other_policy(w: World) -> None:
    w.policy = policy_of(VerdictKind.ASK, version=2)


def expired(w: World) -> None:
    w.clock.ahead(hours=1)


def not_asked(w: World) -> None:
    w.store.approvals = []


def other_run(w: World) -> None:
    w.store.approvals = [replace(w.store.approvals[0], healer_run="heal__other")]


def gone(w: World) -> None:
    use = w.store.use_approval
    w.store.use_approval = lambda approval, now: use(replace(approval, id="none"), now)  # type: ignore[method-assign]


@pytest.mark.parametrize(
    ("happens", "why"),
    [
        (other_act, "another act"),
        (other_policy, "policy has changed"),
        (expired, "expired"),
        (not_asked, "Nobody was asked"),
        (other_run, "Nobody was asked"),
        (gone, "not in the store"),
    ],
)
def test_an_agreement_to_something_else(happens: Callable[[World], None], why: str) -> None:
    w = world()
    incident_id = asked(w)
    due(w)
    happens(w)
    acted = act(w.healer, incident_id, RUN)
    assert acted.stop is Outcome.REFUSED
    assert why in acted.reason
    assert not w.airflow.writes


def test_a_used_agreement_is_for_a_person_to_look_at() -> None:
    w = world()
    incident_id = asked(w)
    due(w)
    w.store.used = {w.store.approvals[0].id}
    acted = act(w.healer, incident_id, RUN)
    assert (acted.stop, acted.reason) == (Outcome.ESCALATED, approve.SPENT)
    assert not w.airflow.writes


def test_a_verdict_that_asks_without_a_question_does_nothing() -> None:
    w = world(policy=policy_of(VerdictKind.ASK))
    w.airflow.said = YES
    incident_id = decided(w)
    due(w)
    assert act(w.healer, incident_id, RUN).stop is Outcome.REFUSED
    assert not w.airflow.writes


@pytest.mark.parametrize("limit", [Limit(per_incident=0), Limit(per_dag_per_day=0)])
def test_a_limit_used_up_since_the_verdict(limit: Limit) -> None:
    w = world()
    incident_id = decided(w)
    due(w)
    w.store.log[-1] = replace(
        w.store.log[-1],
        body=replace(w.store.log[-1].body, limit=asdict(limit)),
    )
    assert act(w.healer, incident_id, RUN).stop is Outcome.ESCALATED
    assert not w.airflow.writes


def test_what_airflow_refuses_is_recorded_and_verified() -> None:
    w = world()
    incident_id = decided(w)
    due(w)
    w.airflow.refuses = "it is running"
    assert act(w.healer, incident_id, RUN) == Acted(done=True)
    assert not w.airflow.writes
    incident = w.incident(incident_id)
    assert incident.state is State.VERIFYING
    assert "it is running" in incident.last[ActEnded].result


@pytest.mark.parametrize("make", [decided, asked])
def test_a_death_after_the_act_repeats_nothing(make: Callable[[World], str]) -> None:
    w = world()
    incident_id = make(w)
    due(w)
    w.airflow.dies = True
    with pytest.raises(Crash):
        act(w.healer, incident_id, RUN)
    w.airflow.dies = False
    assert w.incident(incident_id).state is State.ACTING
    assert act(w.healer, incident_id, RUN) == Acted(done=True)
    assert len(w.airflow.writes) == 1
    assert "died" in w.incident(incident_id).last[ActEnded].result


@pytest.mark.parametrize("kind", [EventKind.ANSWERED, EventKind.ACT_STARTED, EventKind.ACT_ENDED])
@pytest.mark.parametrize("make", [decided, asked])
def test_a_death_at_any_boundary_acts_at_most_once(make: Callable[[World], str], kind: EventKind) -> None:
    w = world()
    incident_id = make(w)
    due(w)
    w.store.crash_before = kind
    for _ in range(3):
        try:
            acted = act(w.healer, incident_id, RUN)
        except Crash:
            continue
        if acted.stop or acted.done:
            break
    assert len(w.airflow.writes) <= 1
    incident = w.incident(incident_id)
    if make is asked and kind is EventKind.ANSWERED:  # the answer was used up: it is not used twice
        assert incident.last[Settled].outcome == Outcome.ESCALATED
        assert not w.airflow.writes
    else:
        assert incident.state is State.VERIFYING
        assert len(w.airflow.writes) == 1


def test_a_refusal_survives_a_death() -> None:
    w = world()
    incident_id = asked(w)
    due(w)
    w.airflow.said = replace(YES, chosen=("Refuse",))
    w.store.crash_before = EventKind.SETTLED
    with pytest.raises(Crash):
        act(w.healer, incident_id, RUN)
    w.airflow.said = YES
    acted = act(w.healer, incident_id, RUN)
    assert (acted.stop, acted.reason) == (Outcome.REFUSED, "oncall answered Refuse.")
    assert not w.airflow.writes


def test_a_later_run_does_not_try_again_what_did_not_help() -> None:
    w = world()
    incident_id = decided(w)
    due(w)
    act(w.healer, incident_id, RUN)
    w.event(incident_id, EventKind.REOPENED, why="")
    assert heal.claim(w.healer, incident_id, "heal__2")
    heal.diagnose(w.healer, incident_id)
    heal.decide(w.healer, incident_id)
    w.clock.ahead(seconds=61)
    assert proposal_of(w.incident(incident_id)).kind is ActionKind.ESCALATE_TO_HUMAN
    assert act(w.healer, incident_id, "heal__2").stop is Outcome.ESCALATED
    assert len(w.airflow.writes) == 1


def test_the_same_act_is_not_made_again() -> None:
    w = world()
    incident_id = decided(w)
    w.store.acts.append(
        (incident_id, proposal_of(w.incident(incident_id)).canonical(), "flights", ActionKind.RETRY_TASK, "")
    )
    due(w)
    assert act(w.healer, incident_id, RUN).stop is Outcome.UNKNOWN
    assert not w.airflow.writes


def test_a_second_failed_task_leads_to_the_whole_run() -> None:
    w = world()
    incident_id = decided(w)
    due(w)
    act(w.healer, incident_id, RUN)
    w.event(incident_id, EventKind.REOPENED, why="")
    w.airflow.states.append(task(task_id="other"))
    assert heal.claim(w.healer, incident_id, "heal__2")
    heal.diagnose(w.healer, incident_id)
    heal.decide(w.healer, incident_id)
    assert proposal_of(w.incident(incident_id)).kind is ActionKind.RESTART_PIPELINE


def proposed(w: World, kind: ActionKind, found: dict[str, Any] | None = None, **arguments: str) -> str:
    incident_id = opened(w)
    heal.claim(w.healer, incident_id, RUN)
    heal.diagnose(w.healer, incident_id)
    given = {Parameter.DAG: "flights"} | {Parameter(name): value for name, value in arguments.items()}
    Proposal(kind=kind, arguments=given)
    w.event(incident_id, EventKind.PROPOSED, action=kind.value, arguments=given, why="", slices=[])
    body = {"verdict": "approve", "reason": "r", "due": START.isoformat(), "limit": {}, "rule": "", "policy_version": 1}
    w.event(incident_id, EventKind.JUDGED, **body, **({"found": found} if found else {}))
    return incident_id


TASK = {"run": "run1", "task": "load", "try_number": "1"}
FIRST, LAST = datetime.fromisoformat("2013-01-01T05:00:00+00:00"), datetime.fromisoformat("2013-01-02T05:00:00+00:00")
WRITES = [
    (ActionKind.RETRY_TASK, TASK, ("clear", "flights", "run1", "load", -1)),
    (ActionKind.WAIT_FOR_SOURCE, TASK, ("clear", "flights", "run1", "load", -1)),
    (
        ActionKind.RERUN_UPSTREAM,
        {"run": "run1", "upstream_task": "extract"},
        ("clear", "flights", "run1", "extract", -1),
    ),
    (ActionKind.RESTART_PIPELINE, {"run": "run1"}, ("clear_failed", "flights", "run1")),
    (
        ActionKind.BACKFILL_RANGE,
        {**TASK, "first": FIRST.isoformat(), "last": LAST.isoformat()},
        ("backfill", "flights", FIRST, LAST),
    ),
    (ActionKind.PAUSE_DAG, {}, ("pause", "flights")),
]


@pytest.mark.parametrize(("kind", "arguments", "write"), WRITES)
def test_each_act_is_one_write(kind: ActionKind, arguments: dict[str, str], write: tuple[object, ...]) -> None:
    w = world()
    w.airflow.states.append(task(task_id="extract"))
    incident_id = proposed(w, kind, **arguments)
    assert act(w.healer, incident_id, RUN) == Acted(done=True)
    assert w.airflow.writes == [write]


def test_a_mapped_task_is_cleared_by_its_index() -> None:
    w = world()
    w.airflow.states = [task(map_index=index) for index in range(3)]
    incident_id = proposed(w, ActionKind.RETRY_TASK, **TASK, map_index="2")
    act(w.healer, incident_id, RUN)
    assert w.airflow.writes == [("clear", "flights", "run1", "load", 2)]


NO_TASK = {
    ActionKind.RESTART_PIPELINE: {"run": "run1"},
    ActionKind.RERUN_UPSTREAM: {"run": "run1", "upstream_task": "load"},
    ActionKind.PAUSE_DAG: {},
}


@pytest.mark.parametrize(("happens", "outcome"), BETWEEN)
@pytest.mark.parametrize("kind", NO_TASK)
def test_an_act_that_names_no_task_was_judged_for_one_too(
    kind: ActionKind, happens: Callable[[World], None], outcome: Outcome
) -> None:
    w = world()
    w.airflow.states = [task(), task(task_id="other")]
    found = standing.snapshot(heal.situation_of(w.healer, KEY, 0))
    incident_id = proposed(w, kind, found=found, **NO_TASK[kind])
    happens(w)
    assert act(w.healer, incident_id, RUN).stop is outcome
    assert not w.airflow.writes


def test_a_new_version_says_both_and_what_to_do() -> None:
    w = world()
    w.airflow.dags["flights"] = replace(w.airflow.dags["flights"], version=4)
    incident_id = decided(w)
    due(w)
    w.airflow.dags["flights"] = replace(w.airflow.dags["flights"], version=5)
    reason = act(w.healer, incident_id, RUN).reason
    assert "version 5 now" in reason and "for version 4" in reason and f"incidents return {incident_id}" in reason


def test_a_verdict_of_an_earlier_version_knows_the_task_alone() -> None:
    w = world()
    w.airflow.dags["flights"] = replace(w.airflow.dags["flights"], version=4)
    incident_id = proposed(w, ActionKind.RETRY_TASK, **TASK)
    assert act(w.healer, incident_id, RUN) == Acted(done=True)


BUSY = Lease(
    name="wh public.flights s1",
    holder="other/run9/load",
    token="t",
    taken_at=START,
    expires_at=START + timedelta(minutes=1),
)


@pytest.mark.parametrize("make", [decided, asked])
def test_a_slice_that_another_run_works_on_is_waited_for(make: Callable[[World], str]) -> None:
    w = world()
    incident_id = make(w)
    due(w)
    w.slices.busy["load"] = BUSY
    for _ in range(3):
        assert act(w.healer, incident_id, RUN) == Acted(due=w.clock() + standing.LOOK_AGAIN)
        w.clock.ahead(minutes=5)
    assert w.kinds(incident_id).count(EventKind.NOTED) == 1
    assert BUSY.sentence() in w.incident(incident_id).last[Noted].text
    assert not w.airflow.writes and not w.slices.kept
    w.slices.busy.clear()
    assert act(w.healer, incident_id, RUN) == Acted(done=True)
    assert w.slices.kept == ["load", "load"] and len(w.airflow.writes) == 1


def test_a_slice_is_not_waited_for_without_end() -> None:
    w = world()
    incident_id = decided(w)
    due(w)
    w.slices.busy["load"] = BUSY
    act(w.healer, incident_id, RUN)
    w.clock.at += standing.SLICE_PATIENCE
    acted = act(w.healer, incident_id, RUN)
    assert acted.stop is Outcome.ESCALATED and BUSY.sentence() in acted.reason
    assert not w.airflow.writes


@pytest.mark.parametrize("happens", [taken, succeeded, shadow, deployed])
def test_what_changes_while_it_waits_is_seen(happens: Callable[..., None]) -> None:
    w = world()
    incident_id = decided(w)
    due(w)
    w.slices.busy["load"] = BUSY
    act(w.healer, incident_id, RUN)
    happens(w, incident_id) if happens is taken else happens(w)
    w.slices.busy.clear()
    act(w.healer, incident_id, RUN)
    assert not w.airflow.writes and not w.slices.kept


def test_the_slices_of_all_that_will_run_are_kept() -> None:
    w = world()
    w.airflow.states += [task(task_id="other"), task(task_id="well", state="success")]
    w.slices.busy["other"] = BUSY
    incident_id = proposed(w, ActionKind.RESTART_PIPELINE, run="run1")
    assert act(w.healer, incident_id, RUN).due is not None
    assert not w.airflow.writes
    w.slices.busy.clear()
    assert act(w.healer, incident_id, RUN) == Acted(done=True)
    assert w.slices.kept == ["load", *2 * ["load", "other"]]


def test_a_slice_that_is_taken_while_it_is_looked_at_is_waited_for() -> None:
    """Gates on large tables can take longer than a lease lasts."""
    w = world()
    incident_id = decided(w)
    due(w)
    published = w.gates.published

    def slow(*given: Any) -> Any:
        w.slices.busy["load"] = BUSY
        return published(*given)

    w.gates.published = slow  # type: ignore[method-assign]
    assert act(w.healer, incident_id, RUN) == Acted(due=w.clock() + standing.LOOK_AGAIN)
    assert not w.airflow.writes


@pytest.mark.parametrize(
    ("kind", "arguments", "kept"),
    [
        (ActionKind.WAIT_FOR_SOURCE, {"run": "run1", "task": "load", "try_number": "1"}, ["load"]),
        (ActionKind.RERUN_UPSTREAM, {"run": "run1", "upstream_task": "extract"}, ["extract"]),
        (ActionKind.PAUSE_DAG, {}, []),
    ],
)
def test_whose_slice_is_kept(kind: ActionKind, arguments: dict[str, str], kept: list[str]) -> None:
    w = world()
    w.airflow.states.append(task(task_id="extract"))
    act(w.healer, proposed(w, kind, **arguments), RUN)
    assert w.slices.kept == 2 * kept


ASIDE = {"run": "run1", "task": "load", "try_number": "1", "slice": "s1", "checks": "range:amount,referential:a%2Cb"}


def test_a_grant_is_given_and_the_task_runs_again() -> None:
    w = world()
    w.gates.contracts["flights"] = Contract(id="orders", version="1", name="o", table="public.o", columns=())
    incident_id = proposed(w, ActionKind.QUARANTINE_AND_CONTINUE, **ASIDE)
    assert act(w.healer, incident_id, RUN) == Acted(done=True)
    [grant] = w.grants.given.values()
    assert w.airflow.writes == [("clear", "flights", "run1", "load", -1)]
    assert (grant.incident_id, grant.dag_id, grant.run_id, grant.task_id) == (incident_id, "flights", "run1", "load")
    assert (grant.contract, grant.slice, grant.checks) == ("orders", "s1", ("range:amount", "referential:a,b"))
    assert grant.expires_at == w.clock() + w.healer.limits.verify
    assert w.incident(incident_id).last[ActEnded].grant == grant.id


@pytest.mark.parametrize("why", ["refused", "contract"])
def test_a_grant_does_not_outlive_an_act_that_was_not_made(why: str) -> None:
    w = world()
    if why == "refused":
        w.gates.contracts["flights"] = Contract(id="orders", version="1", name="o", table="public.o", columns=())
        w.airflow.refuses = "it is running"
    incident_id = proposed(w, ActionKind.QUARANTINE_AND_CONTINUE, **ASIDE)
    act(w.healer, incident_id, RUN)
    assert not w.grants.given and not w.airflow.writes
    assert "refused" in w.incident(incident_id).last[ActEnded].result


# Claim, diagnose, decide.


def test_one_run_leads() -> None:
    w = world()
    incident_id = opened(w)
    assert heal.claim(w.healer, incident_id, RUN)
    assert heal.claim(w.healer, incident_id, RUN)
    assert not heal.claim(w.healer, incident_id, "heal__other")
    heal.diagnose(w.healer, incident_id)
    assert heal.claim(w.healer, incident_id, RUN), "a repeat after a death goes on"
    assert not heal.claim(w.healer, incident_id, "heal__other")
    heal.decide(w.healer, incident_id)
    assert not heal.claim(w.healer, incident_id, RUN)
    assert w.kinds(incident_id).count(EventKind.CLAIMED) == 1


@pytest.mark.parametrize("happens", [taken, closed])
def test_what_a_person_has_or_what_is_over_is_not_led(happens: Callable[[World, str], None]) -> None:
    w = world()
    incident_id = opened(w)
    happens(w, incident_id)
    assert not heal.claim(w.healer, incident_id, RUN)


@pytest.mark.parametrize("kind", [kind for kind in FailureKind if not failure(kind=kind).heals])
def test_what_is_only_recorded_is_not_led(kind: FailureKind) -> None:
    """Anybody can start the healer for any incident; the reconciler closes this one with a note."""
    w = world()
    incident_id = opened(w, kind=kind)
    assert not heal.claim(w.healer, incident_id, RUN)
    assert w.incident(incident_id).state is State.OPEN


def test_a_forged_incident_is_not_led() -> None:
    assert not heal.claim(world().healer, "X", "")


def test_a_claim_takes_waiting_failures_in() -> None:
    w = world()
    w.store.record(failure(), "I9")
    assert heal.claim(w.healer, "I9", RUN)


def test_the_newest_failure_leads_and_notices_never_do() -> None:
    w = world()
    incident_id = opened(w)
    w.store.record(failure(key=another_try()), "x")
    w.store.record(failure(key=another_try(), kind=FailureKind.QUARANTINED), "x")
    w.store.intake(w.clock(), w.store.waiting())
    assert heal.lead_of(w.healer, w.incident(incident_id)).key == another_try()


def test_an_unsure_diagnosis_only_reaches_a_person() -> None:
    w = world()
    w.brain.diagnosis = diagnosis(category=Category.LOCK_CONTENTION, certainty=Certainty.UNSURE, basis=Basis.TEXT)
    incident_id = decided(w)
    assert proposal_of(w.incident(incident_id)).kind is ActionKind.ESCALATE_TO_HUMAN


def test_what_is_recorded_reads_back() -> None:
    w = world()
    w.brain.diagnosis = diagnosis(traits=frozenset({"others"}), retry_after=12.0, alternatives=(Category.TIMEOUT,))
    incident_id = decided(w)
    assert heal.diagnosis_of(w.incident(incident_id)) == w.brain.diagnosis
    proposed_ = proposal_of(w.incident(incident_id))
    assert (proposed_.kind, proposed_.arguments[Parameter.TASK]) == (ActionKind.RETRY_TASK, KEY.task_id)


# The question.


def test_a_question_names_the_act_and_is_asked_once() -> None:
    w = world()
    incident_id = asked(w)
    incident = w.incident(incident_id)
    again = approve.question(w.healer, incident, proposal_of(incident), RUN)
    assert again is not None
    assert len(w.store.approvals) == 1
    assert w.kinds(incident_id).count(EventKind.ASKED) == 1
    assert again.approval.act == proposal_of(incident).canonical()
    assert again.approval.expires_at == START + timedelta(hours=1)
    for part in ("flights", "run1", "load", "scripted", incident_id):
        assert part in again.body


def test_a_death_between_the_question_and_its_record_is_survived() -> None:
    w = world(policy=policy_of(VerdictKind.ASK))
    incident_id = decided(w)
    incident = w.incident(incident_id)
    w.store.crash_before = EventKind.ASKED
    with pytest.raises(Crash):
        approve.question(w.healer, incident, proposal_of(incident), RUN)
    assert approve.question(w.healer, incident, proposal_of(incident), RUN) is not None
    assert len(w.store.approvals) == 1
    assert w.incident(incident_id).state is State.ASKED


@pytest.mark.parametrize("users", [(), ("harness",)])
def test_nobody_to_ask_is_no_question(users: tuple[str, ...]) -> None:
    w = world(policy=policy_of(VerdictKind.ASK))
    w.approvers.users = users
    incident_id = decided(w)
    incident = w.incident(incident_id)
    assert approve.question(w.healer, incident, proposal_of(incident), RUN) is None
    assert not w.store.approvals
    assert w.incident(incident_id).state is State.JUDGED


def test_the_harness_is_not_among_those_who_are_asked() -> None:
    w = world()
    w.approvers.users = ("harness", "oncall")
    incident_id = asked(w)
    assert w.store.approvals[0].assigned == ("oncall",)
    assert w.incident(incident_id).last[Asked].assigned == ("oncall",)


def test_the_dag_of_the_incident_is_asked_about() -> None:
    w = world()
    w.airflow.dags["flights"] = dag(owners=("x",))
    assert approve.dag_id_of(w.incident(opened(w))) == "flights"


def waiting(w: World) -> str:
    """An incident whose remedy is to wait for its source until 15 minutes from now."""
    w.brain.diagnosis = diagnosis(category=Category.LATE_OR_MISSING_SOURCE, traits=frozenset({"expected"}))
    return decided(w)


def test_a_source_that_arrives_is_not_waited_for_any_longer() -> None:
    w = world()
    w.gates.source = False
    incident_id = waiting(w)
    for _ in range(3):
        assert act(w.healer, incident_id, RUN) == Acted(due=START + timedelta(minutes=15))
        w.clock.ahead(minutes=2)
    w.gates.source = True
    assert act(w.healer, incident_id, RUN) == Acted(done=True)
    assert w.airflow.writes == [("clear", "flights", "run1", "load", -1)]


def test_a_source_that_does_not_arrive_is_for_a_person() -> None:
    w = world()
    w.gates.source = False
    incident_id = waiting(w)
    w.clock.ahead(minutes=15)
    acted = act(w.healer, incident_id, RUN)
    assert acted.stop is Outcome.ESCALATED and "does not have the slice" in acted.reason
    assert not w.airflow.writes


@pytest.mark.parametrize("source", [None, HarnessUnavailable("connection source", "refused")])
def test_where_nobody_can_tell_time_decides(source: Exception | None) -> None:
    w = world()
    w.gates.source = source
    incident_id = waiting(w)
    assert act(w.healer, incident_id, RUN).due == START + timedelta(minutes=15)
    w.clock.ahead(minutes=15)
    assert act(w.healer, incident_id, RUN) == Acted(done=True)
    assert len(w.airflow.writes) == 1


def test_a_source_does_not_hasten_another_act() -> None:
    w = world()
    w.gates.source = True
    assert act(w.healer, decided(w), RUN).due == START + timedelta(seconds=60)
