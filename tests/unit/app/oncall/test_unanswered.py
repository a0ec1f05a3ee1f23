"""An act that Airflow does not answer: told as such, looked up, tried once more, and never twice."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from airflow_provider_harness.app.healing import diagnose as heal
from airflow_provider_harness.app.healing import verify
from airflow_provider_harness.app.healing.act import Acted, act, proposal_of
from airflow_provider_harness.app.healing.carry_out import AGAIN, PATIENCE
from airflow_provider_harness.app.oncall import escalate
from airflow_provider_harness.app.oncall import incident_commands as hand_over
from airflow_provider_harness.core.actions import ActionKind
from airflow_provider_harness.core.contracts.contract import Contract
from airflow_provider_harness.core.incidents.events import ActEnded, EventKind, Noted, Outcome
from airflow_provider_harness.core.incidents.incident import State
from tests.unit.app.fakes import RUN, START, World, task, world
from tests.unit.app.healing.test_act import ASIDE, WRITES, proposed
from tests.unit.app.oncall.test_incident_commands import desk

EVERY = [*((kind, arguments) for kind, arguments, _ in WRITES), (ActionKind.QUARANTINE_AND_CONTINUE, ASIDE)]


def place(kind: ActionKind, arguments: dict[str, str], **more: Any) -> tuple[World, str]:
    w = world()
    w.airflow.states.append(task(task_id="extract"))
    w.gates.contracts["flights"] = Contract(id="orders", version="1", name="o", table="public.o", columns=())
    incident_id = proposed(w, kind, **arguments)
    for name, value in more.items():
        setattr(w.airflow, name, value)
    return w, incident_id


def result(w: World, incident_id: str) -> str:
    return str(w.incident(incident_id).last[ActEnded].result)


@pytest.mark.parametrize(("kind", "arguments"), EVERY)
def test_what_was_done_without_an_answer_is_found_and_not_repeated(kind: ActionKind, arguments: dict[str, str]) -> None:
    w, incident_id = place(kind, arguments, away=1, takes=True)
    acted = act(w.healer, incident_id, RUN)
    if acted.due is not None:
        assert acted == Acted(due=START + AGAIN)
        assert "Airflow did not answer the act" in w.incident(incident_id).last[Noted].text
        assert act(w.healer, incident_id, RUN) == Acted(due=START + AGAIN), "it is too early to look"
        w.clock.at = START + AGAIN
        assert act(w.healer, incident_id, RUN) == Acted(done=True)
    assert len(w.airflow.writes) == 1
    assert "done, as Airflow says afterwards" in result(w, incident_id)
    assert "died" not in result(w, incident_id)
    assert len(w.incident(incident_id).acts) == 1
    if kind is ActionKind.BACKFILL_RANGE:
        assert w.incident(incident_id).last[ActEnded].backfill == 8
    assert len(w.grants.given) == (kind is ActionKind.QUARANTINE_AND_CONTINUE)


@pytest.mark.parametrize(("kind", "arguments"), EVERY)
def test_what_was_not_done_is_tried_once_more(kind: ActionKind, arguments: dict[str, str]) -> None:
    w, incident_id = place(kind, arguments, away=1)
    act(w.healer, incident_id, RUN)
    w.clock.at = START + AGAIN
    assert act(w.healer, incident_id, RUN) == Acted(done=True)
    assert len(w.airflow.writes) == 2
    assert "at the second try: Airflow did not answer the first" in result(w, incident_id)
    assert w.incident(incident_id).state is State.VERIFYING
    assert len(w.grants.given) == (kind is ActionKind.QUARANTINE_AND_CONTINUE)


@pytest.mark.parametrize(("kind", "arguments"), EVERY)
def test_what_is_never_done_says_so_and_may_be_done_later(kind: ActionKind, arguments: dict[str, str]) -> None:
    w, incident_id = place(kind, arguments, away=2)
    act(w.healer, incident_id, RUN)
    w.clock.at = START + AGAIN
    act(w.healer, incident_id, RUN)
    assert len(w.airflow.writes) == 2
    assert result(w, incident_id).startswith("not done: Airflow did not answer twice")
    assert not w.store.acts and not w.grants.given and w.incident(incident_id).acts == ()
    finding = verify.verify(w.healer, w.incident(incident_id))
    assert (finding.outcome, finding.text) == (Outcome.ESCALATED, f"Nothing was done: {result(w, incident_id)}")
    assert escalate.settle(w.healer, w.incident(incident_id)) is Outcome.ESCALATED
    assert w.pager.pages[-1].details["done"].startswith("nothing was done")
    assert hand_over.return_incident(desk(w), incident_id).done


@pytest.mark.parametrize(("kind", "arguments"), EVERY)
def test_what_nobody_knows_is_unknown(kind: ActionKind, arguments: dict[str, str]) -> None:
    w, incident_id = place(kind, arguments, away=1)
    act(w.healer, incident_id, RUN)
    w.airflow.silent = True
    w.clock.at = START + AGAIN
    assert act(w.healer, incident_id, RUN).due is not None
    w.clock.at = START + PATIENCE
    assert act(w.healer, incident_id, RUN) == Acted(done=True)
    assert len(w.airflow.writes) == 1
    assert result(w, incident_id).startswith("unknown: Airflow did not answer")
    assert w.incident(incident_id).last[ActEnded].done == "unknown"
    assert len(w.store.acts) == 1, "what may have been done counts"
    assert not w.grants.given


def test_a_backfill_that_turns_up_later_is_verified() -> None:
    kind, arguments, _ = next(row for row in WRITES if row[0] is ActionKind.BACKFILL_RANGE)
    w, incident_id = place(kind, arguments, away=1)
    act(w.healer, incident_id, RUN)
    w.airflow.silent = True
    w.clock.at = START + PATIENCE
    act(w.healer, incident_id, RUN)
    w.airflow.silent, w.airflow.created, w.airflow.backfilled = False, 9, False
    assert verify.verify(w.healer, w.incident(incident_id)).text == "backfill 9 is running"
    w.airflow.created = None
    finding = verify.verify(w.healer, w.incident(incident_id))
    assert finding.outcome is Outcome.UNKNOWN and finding.text.startswith("unknown: Airflow did not answer")


def test_what_was_refused_did_not_fail_again() -> None:
    w, incident_id = place(ActionKind.RETRY_TASK, WRITES[0][1], refuses="it is running")
    act(w.healer, incident_id, RUN)
    finding = verify.verify(w.healer, w.incident(incident_id))
    assert finding.outcome is Outcome.NOT_HEALED
    assert finding.text.startswith("nothing was done: refused by Airflow: it is running")


@pytest.mark.parametrize("happens", ["taken", "shadow"])
def test_nothing_is_tried_again_once_it_may_not(happens: str) -> None:
    w, incident_id = place(ActionKind.RETRY_TASK, WRITES[0][1], away=1)
    act(w.healer, incident_id, RUN)
    if happens == "taken":
        hand_over.take(desk(w), incident_id)
    else:
        w.acting = False
    w.clock.at = START + AGAIN
    act(w.healer, incident_id, RUN)
    assert len(w.airflow.writes) == 1
    assert result(w, incident_id).startswith("not done: Airflow did not answer")
    assert w.incident(incident_id).acts == () and not w.store.acts


def test_a_follower_that_airflow_does_not_answer_for_is_told() -> None:
    from tests.unit.app.healing.test_followers import led, of, storm, well

    w = storm(of("a"), of("b"))
    name = led(w)
    well(w, "a")
    w.airflow.run, w.airflow.away = "success", 1
    verify.verify(w.healer, w.incident(name))
    [noted] = [event.body.text for event in w.store.events(name) if event.kind is EventKind.NOTED]
    assert "Airflow did not answer when it was to be cleared" in noted and noted.endswith("it was not cleared")


def test_an_act_that_was_not_done_is_proposed_again_when_a_person_gives_it_back() -> None:
    w, incident_id = place(ActionKind.RETRY_TASK, WRITES[0][1], away=2)
    act(w.healer, incident_id, RUN)
    w.clock.at += timedelta(minutes=1)
    act(w.healer, incident_id, RUN)
    verify.verify(w.healer, w.incident(incident_id))
    escalate.settle(w.healer, w.incident(incident_id))
    hand_over.return_incident(desk(w), incident_id)
    assert heal.claim(w.healer, incident_id, "heal__2")
    heal.diagnose(w.healer, incident_id)
    heal.decide(w.healer, incident_id)
    assert proposal_of(w.incident(incident_id)).kind is ActionKind.RETRY_TASK
    w.clock.at += timedelta(minutes=2)
    assert act(w.healer, incident_id, "heal__2") == Acted(done=True)
    assert len(w.airflow.writes) == 3
