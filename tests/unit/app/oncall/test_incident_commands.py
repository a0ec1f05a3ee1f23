"""What a person does about an incident, and what then cannot happen any more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from airflow_provider_harness.app.healing import diagnose as heal
from airflow_provider_harness.app.healing.act import act, proposal_of
from airflow_provider_harness.app.healing.reconcile import reconcile
from airflow_provider_harness.app.oncall import approve, escalate
from airflow_provider_harness.app.oncall import incident_commands as hand_over
from airflow_provider_harness.app.oncall import page as compose
from airflow_provider_harness.app.oncall.escalate import STARTED
from airflow_provider_harness.app.oncall.incident_commands import CommandResult, IncidentCommands, Question
from airflow_provider_harness.app.ports.healing import PageSeverity
from airflow_provider_harness.app.reports.postmortem import postmortem
from airflow_provider_harness.core.diagnosis.failure import TryKey
from airflow_provider_harness.core.errors import ConfigurationError, NotAllowed
from airflow_provider_harness.core.incidents.events import ActEnded, EventKind, Outcome, Returned
from airflow_provider_harness.core.incidents.incident import State
from airflow_provider_harness.core.policy.policy import VerdictKind
from tests.unit.app.fakes import START, World, opened, policy_of, world
from tests.unit.app.healing.test_act import RUN, asked, decided, due


@dataclass
class FakePerson:
    """Implements ``app.oncall.incident_commands.CallerApi``; every writing call is kept."""

    name: str = "oncall"
    may: bool = True
    states: dict[str, str] = field(default_factory=dict)
    open: Question | None = field(default_factory=lambda: Question(state="awaiting_input", opened_at=START))
    slow: bool = False
    writes: list[tuple[str, ...]] = field(default_factory=list)

    def who(self) -> str:
        return self.name

    def note(self, key: TryKey, text: str) -> None:
        if not self.may:
            raise NotAllowed("Airflow does not let viewer do that")
        self.writes.append(("note", str(key), text))

    def state(self, key: TryKey) -> str:
        return self.states.get(key.task_id, "success")

    def question(self, dag_id: str, run_id: str, task_id: str) -> Question | None:
        return self.open

    def answer(self, dag_id: str, run_id: str, task_id: str, option: str) -> bool:
        self.writes.append(("answer", dag_id, run_id, task_id, option))
        return not self.slow


def desk(w: World, person: FakePerson | None = None) -> IncidentCommands:
    return IncidentCommands(store=w.store, person=person or FakePerson(), pager=w.pager, now=w.clock())


Make = Callable[[World], str]


@pytest.mark.parametrize("make", [opened, decided, asked])
def test_a_taken_incident_is_left_alone_until_it_is_returned(make: Make) -> None:
    w, person = world(), FakePerson()
    incident_id = make(w)
    w.event(incident_id, EventKind.NOTED, text=STARTED)
    assert hand_over.take(desk(w, person), incident_id).done
    assert person.writes == [
        (
            "note",
            "flights/run1/load#1",
            f"airflow-provider-harness: incident {incident_id} taken by oncall; the harness leaves it alone until it is returned",
        )
    ]
    due(w)
    assert act(w.healer, incident_id, RUN).done
    assert not heal.claim(w.healer, incident_id, "heal__e__9")
    w.clock.ahead(days=2)
    assert reconcile(w.healer).started == reconcile(w.healer).ended == ()
    assert w.airflow.writes == []
    assert hand_over.return_incident(desk(w), incident_id).done
    w.clock.ahead(minutes=1)
    assert reconcile(w.healer).started == (incident_id,)
    assert w.incident(incident_id).last[Returned] == Returned(by="oncall")


def test_taken_while_it_acts_the_act_says_how_it_ended() -> None:
    w = world()
    incident_id = decided(w)
    due(w)
    clear = w.airflow.clear

    def taken_meanwhile(*args: object) -> int:
        said = hand_over.take(desk(w), incident_id)
        assert (said.done, "under way" in said.text) == (True, True)
        return clear(*args)  # type: ignore[arg-type]

    w.airflow.clear = taken_meanwhile  # type: ignore[method-assign]
    assert act(w.healer, incident_id, RUN).done
    incident = w.incident(incident_id)
    assert (incident.state, incident.last[ActEnded].result) == (State.TAKEN, "cleared")


def test_nobody_takes_what_somebody_has_or_what_is_over() -> None:
    w = world()
    incident_id = opened(w)
    assert "nothing to give back" in hand_over.return_incident(desk(w), incident_id).text
    assert hand_over.take(desk(w), incident_id).done
    assert hand_over.take(desk(w, FakePerson(name="other")), incident_id).text == "It was taken by oncall before."
    assert hand_over.resolve(desk(w), incident_id, "w", unproved=False).done
    assert "It is closed (superseded" in hand_over.take(desk(w), incident_id).text
    with pytest.raises(ConfigurationError, match="not in the store"):
        hand_over.take(desk(w), "nothing")


def test_a_question_that_expired_is_asked_again_when_the_incident_is_given_back() -> None:
    w = world()
    w.policy = policy_of(VerdictKind.ASK)
    incident_id = opened(w)
    for number in (1, 2):
        run = f"heal__{number}"
        assert heal.claim(w.healer, incident_id, run)
        heal.diagnose(w.healer, incident_id)
        heal.decide(w.healer, incident_id)
        incident = w.incident(incident_id)
        assert approve.question(w.healer, incident, proposal_of(incident), run) is not None
        message = compose.build_page(w.healer, w.incident(incident_id), asks="answer", severity=PageSeverity.HIGH)
        told = message.details["if nobody answers"]
        assert told == f"It counts as no. To be asked again: airflow harness incidents return {incident_id}"
        w.clock.ahead(hours=2)
        expired = hand_over.answer(desk(w), incident_id, "Approve", "harness_healer").text
        assert "which counts as no" in expired and f"incidents return {incident_id}" in expired
        act(w.healer, incident_id, run)
        assert escalate.settle(w.healer, w.incident(incident_id)) is Outcome.REFUSED
        assert f"incidents return {incident_id}" in "\n".join(w.tells(incident_id))
        assert hand_over.return_incident(desk(w), incident_id).done
    assert len(w.store.approvals) == 2
    assert not [call for call in w.airflow.writes if call[0] != "start"]


def test_whoever_may_not_change_the_dag_changes_no_incident() -> None:
    w, viewer = world(), FakePerson(may=False)
    incident_id = opened(w)
    before = w.kinds(incident_id)
    for do in (hand_over.take, hand_over.acknowledge):
        with pytest.raises(NotAllowed):
            do(desk(w, viewer), incident_id)
    with pytest.raises(NotAllowed):
        hand_over.resolve(desk(w, viewer), incident_id, "w", unproved=True)
    assert w.kinds(incident_id) == before


def paged(w: World) -> str:
    incident_id = opened(w)
    body = {"action": "trigger", "dedup_key": "k", "severity": "high", "summary": "s", "asks": "Mend it."}
    w.event(incident_id, EventKind.PAGED, **body)
    return incident_id


def test_seen_is_said_to_the_pager_where_it_paged() -> None:
    w = world()
    quiet, loud = opened(w), paged(world())
    assert "nobody was paged" in hand_over.acknowledge(desk(w), quiet).text
    assert w.pager.seen == []
    w = world()
    loud = paged(w)
    w.event(loud, EventKind.CLOSED, outcome="escalated", why="w")
    assert hand_over.acknowledge(desk(w), loud).done
    assert len(w.pager.seen) == 1


def test_a_page_ends_when_airflow_agrees_or_when_a_person_says_so_all_the_same() -> None:
    w = world()
    incident_id = paged(w)
    w.event(incident_id, EventKind.CLOSED, outcome="escalated", why="w")
    failed = FakePerson(states={"load": "failed"})
    said = hand_over.resolve(desk(w, failed), incident_id, "mended", unproved=False)
    assert (said.done, "flights/run1/load#1 is failed" in said.text) == (False, True)
    assert (w.pager.resolved, failed.writes) == ([], [])
    assert hand_over.resolve(desk(w, failed), incident_id, "mended", unproved=True).done
    assert len(w.pager.resolved) == 1
    assert w.incident(incident_id).outcome is Outcome.ESCALATED
    assert "before" in hand_over.resolve(desk(w), incident_id, "mended", unproved=False).text
    assert len(w.pager.resolved) == 1


def answered(w: World, incident_id: str, person: FakePerson | None = None) -> CommandResult:
    return hand_over.answer(desk(w, person), incident_id, "Approve", "harness_healer")


def test_an_answer_is_given_to_airflow_once_it_can_take_it() -> None:
    w, person = world(), FakePerson()
    incident_id = asked(w)
    assert "Try again in 6 s" in answered(w, incident_id, person).text
    w.clock.ahead(seconds=6)
    assert answered(w, incident_id, person).done
    assert person.writes == [("answer", "harness_healer", RUN, "approve", "Approve")]


LATER = START + timedelta(seconds=60)


@pytest.mark.parametrize(
    ("person", "said"),
    [
        (FakePerson(open=None), "too early: Airflow has not opened"),
        (FakePerson(open=Question(state="running", opened_at=START)), "its task in Airflow is running"),
        (
            FakePerson(open=Question(state="success", opened_at=START, answer="Refuse", by="Ann")),
            "Ann answered Refuse already",
        ),
        (FakePerson(slow=True), "Somebody else answered first"),
    ],
)
def test_an_answer_that_cannot_be_given_says_why(person: FakePerson, said: str) -> None:
    w = world()
    incident_id = asked(w)
    w.clock.at = LATER
    found = answered(w, incident_id, person)
    assert (found.done, said in found.text) == (False, True), found.text


def test_nobody_answers_what_is_not_asked_of_them_or_not_any_more() -> None:
    w = world()
    incident_id = asked(w)
    with pytest.raises(NotAllowed, match="stranger may not answer this; oncall may"):
        answered(w, incident_id, FakePerson(name="stranger"))
    w.clock.ahead(hours=2)
    assert "expired" in answered(w, incident_id).text
    hand_over.take(desk(w), incident_id)
    assert "There is no open question" in answered(w, incident_id).text
    w = world()
    assert "It is open." in answered(w, opened(w)).text


def test_the_post_mortem_says_what_is_next() -> None:
    w = world()
    incident_id = asked(w)

    def told() -> str:
        return "\n".join(postmortem(incident_id, w.store.events(incident_id), w.store.failures(incident_id)))

    text = told()
    for part in ("What broke\n  flights/run1/load#1", "For whom\n  nobody was paged", "Cause, and how sure\n  refused"):
        assert part in text
    assert f"airflow harness approve {incident_id}" in text
    hand_over.take(desk(w), incident_id)
    assert f"incidents resolve {incident_id} --why" in told()
    hand_over.resolve(desk(w), incident_id, "the source was moved", unproved=False)
    text = told()
    assert text.startswith(f"Incident {incident_id}: resolved by oncall after 0 min 0 s")
    assert "resolved: by oncall: the source was moved" in text
