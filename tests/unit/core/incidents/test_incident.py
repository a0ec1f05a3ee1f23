"""An incident as a fold over its events: every state with every event, and what always holds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_harness.core.diagnosis.failure import TryKey
from airflow_provider_harness.core.incidents.events import ActEnded, Claimed, Event, EventKind, Outcome
from airflow_provider_harness.core.incidents.incident import (
    IN_HAND_OF_A_PERSON,
    TRANSITIONS,
    ImpossibleEvent,
    Incident,
    State,
    episode_of,
    fold,
)
from tests.events import event_of

AT = datetime(2026, 11, 21, tzinfo=UTC)
E = EventKind
BODIES: dict[EventKind, dict[str, Any]] = {
    E.OPENED: {"episode": "e", "failure": "d/r/t#1"},
    E.JOINED: {"failure": "d/r/t#2"},
    E.CLAIMED: {"run": "heal__e__1"},
    E.ACT_STARTED: {"act": "retry_task()"},
    E.ACT_ENDED: {"act": "retry_task()", "result": "cleared"},
    E.PAGED: {"action": "trigger", "severity": "high"},
    E.FOLLOWED: {"failure": "d/r2/t#1", "verdict": "approve"},
    E.RUN_SETTLED: {"run": "d/r2", "outcome": "healed"},
    E.SETTLED: {"outcome": "not_healed", "text": "t", "gates": []},
    E.CLOSED: {"outcome": "healed", "why": "w"},
}

S = State
OPEN = set(State) - {S.CLOSED}
#: Written a second time, by hand: event -> where it may come, and where it leads (None = stays).
EXPECTED: dict[EventKind, tuple[set[State], State | None]] = {
    E.JOINED: (set(State), None),
    E.CLAIMED: ({S.OPEN}, S.CLAIMED),
    E.EVIDENCE: (OPEN - {S.TAKEN}, None),
    E.DIAGNOSED: ({S.CLAIMED, S.DIAGNOSED}, S.DIAGNOSED),
    E.MODEL_ASKED: ({S.CLAIMED, S.DIAGNOSED}, None),
    E.MODEL_ANSWERED: (set(State), None),
    E.MODEL_PROPOSED: (set(State), None),
    E.MODEL_ENDED: (set(State), None),
    E.PROPOSED: ({S.DIAGNOSED, S.JUDGED}, None),
    E.JUDGED: ({S.DIAGNOSED, S.JUDGED}, S.JUDGED),
    E.ASKED: ({S.JUDGED}, S.ASKED),
    E.ANSWERED: ({S.ASKED}, S.ANSWERED),
    E.ACT_STARTED: ({S.JUDGED, S.ANSWERED}, S.ACTING),
    E.ACT_ENDED: ({S.ACTING}, S.VERIFYING),  # and late, see below
    E.FOLLOWED: ({S.VERIFYING}, None),
    E.RUN_SETTLED: ({S.VERIFYING}, None),
    E.SETTLED: (OPEN, None),
    E.PAGED: (set(State), None),
    E.NOTED: (OPEN, None),
    E.TAKEN: (OPEN, S.TAKEN),
    E.REOPENED: ({S.VERIFYING}, S.OPEN),
    E.RETURNED: ({S.TAKEN}, S.OPEN),  # and of what ended with a person, see below
    E.ACKED: (set(State), None),
    E.FORGOTTEN: (set(State), None),
    E.RESOLVED: (set(State), None),
    E.CLOSED: (OPEN, S.CLOSED),
}


def event(kind: EventKind, **more: Any) -> Event:
    return event_of(incident_id="I", kind=kind, at=AT, body=BODIES.get(kind, {}) | more)


def opened() -> Incident:
    return fold("I", [event(E.OPENED)])


def in_state(state: State) -> Incident:
    """An open incident, moved into a state without the way there."""
    return Incident(**{name: getattr(opened(), name) for name in Incident.__dataclass_fields__} | {"state": state})


LATE = {(S.TAKEN, E.ACT_ENDED), (S.CLOSED, E.ACT_ENDED)}


@pytest.mark.parametrize(("state", "kind"), [pair for pair in product(State, EXPECTED) if pair not in LATE])
def test_every_state_with_every_event(state: State, kind: EventKind) -> None:
    incident, (allowed, target) = in_state(state), EXPECTED[kind]
    if state not in allowed:
        with pytest.raises(ImpossibleEvent, match=kind.value):
            incident.after(event(kind))
    else:
        assert incident.after(event(kind)).state is (target or state)


@pytest.mark.parametrize(("state", "kind"), sorted(LATE))
def test_an_act_that_was_under_way_keeps_its_result_and_the_person_keeps_the_incident(
    state: State, kind: EventKind
) -> None:
    incident = in_state(state).after(event(kind))
    assert (incident.state, incident.last[ActEnded].result) == (state, "cleared")


def test_whoever_led_does_not_lead_what_was_given_back() -> None:
    returned = fold("I", [event(kind) for kind in (E.OPENED, E.CLAIMED, E.TAKEN, E.RETURNED)])
    assert (returned.state, returned.leader) == (S.OPEN, "")


def test_nothing_comes_before_the_opening_and_it_comes_once() -> None:
    for kind in set(EventKind) - {E.OPENED}:
        with pytest.raises(ImpossibleEvent):
            Incident(id="I").after(event(kind))
    for state in State:
        with pytest.raises(ImpossibleEvent):
            in_state(state).after(event(E.OPENED))
    assert (opened().state, opened().episode, opened().opened_at) == (S.OPEN, "e", AT)


def test_the_table_covers_every_event() -> None:
    assert set(TRANSITIONS) == set(EventKind) == set(EXPECTED) | {E.OPENED}


def test_no_act_without_a_verdict() -> None:
    """From the opening, no way leads to an act that does not pass a verdict."""
    reached, frontier = {S.OPEN}, [S.OPEN]
    while frontier:
        state = frontier.pop()
        for kind, (allowed, target) in TRANSITIONS.items():
            if state in allowed and kind is not E.JUDGED and target is not None and target not in reached:
                reached.add(target)
                frontier.append(target)
    assert not reached & {S.JUDGED, S.ASKED, S.ANSWERED, S.ACTING, S.VERIFYING}


@given(st.lists(st.sampled_from(EventKind), max_size=40))
def test_what_always_holds(kinds: list[EventKind]) -> None:
    incident, taken = opened(), [event(E.OPENED)]
    for number, kind in enumerate(kinds):
        body = {"act": f"a{number}"} if kind is E.ACT_STARTED else {}
        new = event_of(incident_id="I", kind=kind, at=AT + timedelta(seconds=number), body=BODIES.get(kind, {}) | body)
        try:
            after = incident.after(new)
        except ImpossibleEvent:
            continue
        late = (
            E.JOINED,
            E.ACKED,
            E.FORGOTTEN,
            E.RESOLVED,
            E.PAGED,
            E.ACT_ENDED,
            E.MODEL_ANSWERED,
            E.MODEL_PROPOSED,
            E.MODEL_ENDED,
        )
        assert incident.state is not S.CLOSED or kind in late
        assert after.paged >= incident.paged
        assert after.acts[: len(incident.acts)] == incident.acts
        assert after.failures[: len(incident.failures)] == incident.failures
        assert (after.state is S.CLOSED) == (after.outcome is not None) == (after.closed_at is not None)
        incident = after
        taken.append(new)
    assert fold("I", taken) == incident
    assert len(incident.acts) == sum(item.kind is E.ACT_STARTED for item in taken)
    assert len(incident.failures) == sum(item.kind in (E.OPENED, E.JOINED) for item in taken)
    assert incident.paged == any(item.kind is E.PAGED for item in taken)


TO_VERIFYING = (
    E.CLAIMED,
    E.EVIDENCE,
    E.DIAGNOSED,
    E.PROPOSED,
    E.JUDGED,
    E.ASKED,
    E.ANSWERED,
    E.ACT_STARTED,
    E.ACT_ENDED,
    E.SETTLED,
)


@pytest.mark.parametrize("end", [(E.REOPENED,), (E.TAKEN, E.RETURNED)])
def test_a_further_run_does_not_take_an_earlier_outcome_for_its_own(end: tuple[EventKind, ...]) -> None:
    first = fold("I", [event(kind) for kind in (E.OPENED, *TO_VERIFYING, *end)])
    second = first.after(event(E.CLAIMED, run="heal__e__2"))
    left = {E.DIAGNOSED, E.PROPOSED, E.JUDGED, E.ASKED, E.ANSWERED, E.ACT_STARTED, E.ACT_ENDED, E.SETTLED}
    kinds = {body.kind for body in second.last}
    assert not left & kinds
    assert {E.OPENED, E.EVIDENCE, E.CLAIMED, end[-1]} <= kinds
    assert second.last[Claimed].run == "heal__e__2" == second.leader
    assert second.acts == first.acts != ()


@pytest.mark.parametrize("outcome", Outcome)
@pytest.mark.parametrize("resolved", [False, True])
def test_what_ended_with_a_person_can_be_given_back(outcome: Outcome, resolved: bool) -> None:
    kinds = (E.OPENED, E.CLAIMED, *([E.RESOLVED] if resolved else []))
    ended = fold("I", [event(kind) for kind in kinds]).after(event(E.CLOSED, outcome=outcome.value))
    if outcome not in IN_HAND_OF_A_PERSON or resolved:
        with pytest.raises(ImpossibleEvent, match="cannot follow outcome"):
            ended.after(event(E.RETURNED))
        return
    again = ended.after(event(E.RETURNED))
    assert (again.state, again.outcome, again.closed_at, again.leader) == (S.OPEN, None, None, "")


def test_a_resolved_page_was_a_page() -> None:
    resolved = opened().after(event(E.PAGED, action="resolve"))
    assert not resolved.paged
    assert opened().after(event(E.PAGED)).after(event(E.PAGED, action="resolve")).paged


def test_an_unknown_outcome_is_no_end() -> None:
    with pytest.raises(ValueError, match="splendid"):
        opened().after(event(E.CLOSED, outcome="splendid"))
    assert opened().after(event(E.CLOSED)).outcome is Outcome.HEALED


KEY = TryKey(dag_id="d", run_id="r", task_id="t", try_number=1)


def test_an_episode_is_one_run_of_one_dag() -> None:
    same = TryKey(dag_id="d", run_id="r", task_id="other", map_index=4, try_number=9)
    others = (
        TryKey(dag_id="d", run_id="r2", task_id="t"),
        TryKey(dag_id="dr", run_id="", task_id="t"),
        TryKey(dag_id="", run_id="dr", task_id="t"),
    )
    assert episode_of(KEY) == episode_of(same)
    assert len({episode_of(KEY), *map(episode_of, others)}) == 4
    assert len(episode_of(KEY)) == 16


def test_a_try_is_named_whole() -> None:
    names = {
        str(KEY),
        *(
            str(TryKey(dag_id="d", run_id="r", task_id="t", map_index=index, try_number=try_number))
            for index, try_number in ((0, 1), (1, 1), (-1, 2))
        ),
    }
    assert names == {"d/r/t#1", "d/r/t[0]#1", "d/r/t[1]#1", "d/r/t#2"}
