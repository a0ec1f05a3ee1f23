"""One suite for whatever keeps incidents: the store on SQLite and on PostgreSQL, and the one in memory on which unit tests stand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from airflow_provider_harness.adapters.store.incidents import SqlIncidentStore, open_engine
from airflow_provider_harness.adapters.store.ulid import ulid
from airflow_provider_harness.app.ports.store import AskState, Store
from airflow_provider_harness.core.actions import ActionKind, Parameter, Proposal
from airflow_provider_harness.core.diagnosis.failure import ErrorLink, FailureKind, Origin
from airflow_provider_harness.core.errors import NotAllowed
from airflow_provider_harness.core.incidents.events import EventKind, Outcome
from airflow_provider_harness.core.incidents.incident import ImpossibleEvent, State, episode_of
from airflow_provider_harness.core.policy.policy import Limit, Usage
from tests.ports.stores_case import empty_store
from tests.ports.test_store import (
    AUDIT_KEY,
    NOW,
    approval,
    closed,
    event,
    failure,
    judged,
    of_cause,
    opened,
    proposal,
    recorded,
)  # fmt: skip
from tests.unit.app.fakes import Clock, MemoryStore


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    if request.param == "memory":
        yield MemoryStore(Clock(NOW))
        return
    with empty_store(request.param, request) as url:
        engine = open_engine(url)
        yield SqlIncidentStore(engine, AUDIT_KEY)
        engine.dispose()


def test_a_failure_comes_back_as_it_was(store: Store) -> None:
    given = failure(
        chain=(ErrorLink(type="E", bases=("B",), message="a\x00b \ud800 \u202e", retry_after=1.5),),
        tags=("a",),
        detail={"x": "y"},
        missing=("m",),
        report={"table": "t", "slice": "s", "rows": 1, "results": []},
    )
    recorded(store, given)
    (joined,) = store.intake(NOW, store.waiting())
    assert joined.failure == given
    assert store.failures(joined.incident_id) == [given]


def test_a_try_is_recorded_once(store: Store) -> None:
    assert store.record(failure(), ulid(NOW))
    assert not store.record(failure(origin=Origin.RECONCILER), ulid(NOW))
    assert store.known([str(failure().key)]) == set(), "a row that any task may write makes nothing known"
    assert len(store.intake(NOW, store.waiting())) == 1
    assert store.known([str(failure().key), "other"]) == {str(failure().key)}
    assert store.known([]) == set()
    assert store.intake(NOW, store.waiting()) == []


def test_a_notice_of_a_try_hides_no_failure_of_it(store: Store) -> None:
    recorded(store, failure(kind=FailureKind.QUARANTINED))
    assert store.known([str(failure().key)]) == set()
    recorded(store, failure())
    (first, second) = store.intake(NOW, store.waiting())
    assert first.incident_id == second.incident_id
    assert [item.kind for item in store.failures(first.incident_id)] == [
        FailureKind.QUARANTINED,
        FailureKind.TASK_FAILED,
    ]


def test_failures_of_one_run_are_one_incident_and_those_of_two_are_two(store: Store) -> None:
    recorded(store, failure(task="a"), failure(task="b"), failure("run2"))
    first, second, third = store.intake(NOW, store.waiting())
    assert (first.opened, second.opened, third.opened) == (True, False, True)
    assert first.incident_id == second.incident_id != third.incident_id
    incident = store.incident(first.incident_id)
    assert incident.failures == ("flights/run1/a#1", "flights/run1/b#1")
    recorded(store, failure(try_number=2))
    (later,) = store.intake(NOW, store.waiting())
    assert (later.incident_id, later.opened) == (first.incident_id, False)


def test_after_its_end_an_episode_opens_anew(store: Store) -> None:
    first = opened(store)
    closed(store, first)
    recorded(store, failure(try_number=2))
    (joined,) = store.intake(NOW, store.waiting())
    assert joined.opened
    assert joined.incident_id != first
    assert store.healer_runs(episode_of(failure().key)) == 2


def test_an_incident_has_the_id_that_its_failure_was_given(store: Store) -> None:
    given = ulid(NOW)
    store.record(failure(), given)
    assert store.intake(NOW, store.waiting())[0].incident_id == given
    store.record(failure("run2"), given)  # whoever may record failures may give an id that is in use
    assert store.intake(NOW, store.waiting())[0].incident_id != given


def test_an_impossible_event_is_not_recorded_nor_what_came_with_it(store: Store) -> None:
    incident_id = opened(store)
    before = store.events(incident_id)
    with pytest.raises(ImpossibleEvent):
        store.append(event(incident_id, EventKind.NOTED, text="x"), event(incident_id, EventKind.ACT_STARTED, act="a"))
    with pytest.raises(ImpossibleEvent):
        store.append(event("no such incident", EventKind.NOTED, text="x"))
    assert store.events(incident_id) == before


def test_unsettled_are_those_that_nobody_works_on(store: Store) -> None:
    waiting, taken, over = (opened(store, run) for run in ("run1", "run2", "run3"))
    store.append(event(taken, EventKind.TAKEN, by="p"))
    closed(store, over)
    assert [item.id for item in store.unsettled(NOW + timedelta(seconds=1))] == [waiting]
    assert store.unsettled(NOW) == []
    assert {item.id for item in store.open_incidents()} == {waiting, taken}
    assert store.incident(over).outcome is Outcome.HEALED


def test_passes_are_noted(store: Store) -> None:
    assert store.last_pass() is None
    for at in (NOW, NOW + timedelta(minutes=1)):
        store.note_pass(at)
        assert store.last_pass() == at


def test_an_act_is_reserved_once_and_starts_with_it(store: Store) -> None:
    incident_id = judged(store)
    assert store.reserve_act(incident_id, "flights", proposal(), Limit(), NOW)
    incident = store.incident(incident_id)
    assert (incident.state, incident.acts) == (State.ACTING, (proposal().canonical(),))
    assert not store.reserve_act(incident_id, "flights", proposal(), Limit(), NOW)
    assert store.usage(incident_id, "flights", ActionKind.RETRY_TASK, NOW) == Usage(on_incident=1, on_dag_today=1)


def test_what_counts_against_a_limit(store: Store) -> None:
    first, second = judged(store), judged(store, "run2")
    store.reserve_act(first, "flights", proposal(), Limit(), NOW)
    usage = store.usage
    assert usage(second, "flights", ActionKind.RETRY_TASK, NOW) == Usage(on_incident=0, on_dag_today=1)
    assert usage(first, "other", ActionKind.RETRY_TASK, NOW) == Usage(on_incident=1, on_dag_today=0)
    assert usage(first, "flights", ActionKind.PAUSE_DAG, NOW) == Usage()
    tomorrow = NOW + timedelta(days=1)
    assert usage(first, "flights", ActionKind.RETRY_TASK, tomorrow) == Usage(on_incident=1, on_dag_today=0)


@pytest.mark.parametrize("limit", [Limit(per_incident=0), Limit(per_dag_per_day=0)])
def test_a_limit_that_is_used_up_records_nothing(store: Store, limit: Limit) -> None:
    incident_id = judged(store)
    before = store.events(incident_id)
    with pytest.raises(NotAllowed):
        store.reserve_act(incident_id, "flights", proposal(), limit, NOW)
    assert store.events(incident_id) == before
    assert store.usage(incident_id, "flights", ActionKind.RETRY_TASK, NOW) == Usage()


def test_an_act_out_of_turn_is_not_reserved(store: Store) -> None:
    incident_id = opened(store)
    with pytest.raises(ImpossibleEvent):
        store.reserve_act(incident_id, "flights", proposal(), Limit(), NOW)
    assert store.usage(incident_id, "flights", ActionKind.RETRY_TASK, NOW) == Usage()


def test_an_approval_is_good_once(store: Store) -> None:
    given = approval("I")
    store.ask(given)
    assert store.approval("I", "heal") == given
    assert store.approval("I", "other") is None
    assert store.approval("other", "heal") is None
    assert store.use_approval(given, NOW) is AskState.USED
    assert store.use_approval(given, NOW) is AskState.SPENT


@pytest.mark.parametrize("other", [{"id": "x"}, {"act": "pause_dag(dag=flights)"}, {"incident_id": "other"}])
def test_an_approval_is_good_for_its_own_act(store: Store, other: dict[str, str]) -> None:
    given = approval("I")
    store.ask(given)
    assert store.use_approval(replace(given, **other), NOW) is AskState.ABSENT
    assert store.use_approval(given, NOW) is AskState.USED


def test_an_approval_expires_as_it_was_stored(store: Store) -> None:
    given = approval("I")
    store.ask(given)
    stretched = replace(given, expires_at=NOW + timedelta(days=9))
    assert store.use_approval(stretched, NOW + timedelta(hours=1)) is AskState.EXPIRED
    assert store.use_approval(given, NOW + timedelta(minutes=59)) is AskState.USED


def test_late_joiners_of_what_a_person_has_open_nothing(store: Store) -> None:
    recorded(store, of_cause("a", 1, 1))
    (first,) = store.intake(NOW, store.waiting())
    store.append(event(first.incident_id, EventKind.CLOSED, outcome="escalated", why=""))
    recorded(store, of_cause("b", 1, 1))
    (late,) = store.intake(NOW, store.waiting())
    assert (late.incident_id, late.opened) == (first.incident_id, False)
    assert [item.id for item in store.awaiting_person()] == [first.incident_id]
    store.stop_grouping(first.incident_id)
    assert store.awaiting_person() == []
    recorded(store, of_cause("c", 1, 1))
    assert store.intake(NOW, store.waiting())[0].opened


def test_what_ended_with_a_person_is_open_again_unless_its_cause_is(store: Store) -> None:
    recorded(store, of_cause("a", 1, 1))
    (first,) = store.intake(NOW, store.waiting())
    end = event(first.incident_id, EventKind.CLOSED, outcome="refused", why="")
    store.append(end)
    store.append(event(first.incident_id, EventKind.RETURNED, by="p"))
    assert [item.id for item in store.open_incidents()] == [first.incident_id]
    store.append(end)
    store.stop_grouping(first.incident_id)
    recorded(store, replace(of_cause("a", 1, 1), key=replace(of_cause("a", 1, 1).key, try_number=9)))
    (second,) = store.intake(NOW, store.waiting())
    with pytest.raises(ImpossibleEvent, match=second.incident_id):
        store.append(event(first.incident_id, EventKind.RETURNED, by="p"))


@pytest.mark.parametrize("end", [{"outcome": "healed", "why": ""}, None])
def test_what_is_over_is_joined_by_nothing(store: Store, end: dict[str, str] | None) -> None:
    recorded(store, of_cause("a", 1, 1))
    (first,) = store.intake(NOW, store.waiting())
    if end:
        store.append(event(first.incident_id, EventKind.CLOSED, **end))
    else:
        store.append(event(first.incident_id, EventKind.CLOSED, outcome="escalated", why=""))
        store.append(event(first.incident_id, EventKind.RESOLVED, by="p", why="mended"))
    recorded(store, of_cause("b", 1, 1))
    assert store.intake(NOW, store.waiting())[0].opened


def test_a_failure_leads_to_the_incident_that_it_joined(store: Store) -> None:
    names = [ulid(NOW), ulid(NOW)]
    for name, dag in zip(names, "ab", strict=True):
        store.record(of_cause(dag, 1, 1), name)
    store.intake(NOW, store.waiting())
    assert {store.resolve(name) for name in names} == {store.incident_of(of_cause("a", 1, 1).identity)}
    assert store.resolve("other") == "other"


def test_what_counts_on_an_incident_is_what_was_done_to_one_task(store: Store) -> None:
    incident_id = judged(store)
    store.reserve_act(incident_id, "flights", proposal(), Limit(), NOW)
    store.append(event(incident_id, EventKind.ACT_ENDED))
    other = proposal().arguments | {Parameter.TASK: "other"}
    follower = Proposal(kind=ActionKind.RETRY_TASK, arguments=other)
    followed = event(incident_id, EventKind.FOLLOWED, failure="k", act="", verdict="approve").body
    once = Limit(per_incident=1)
    assert store.reserve_act(incident_id, "flights", follower, once, NOW, followed)
    assert store.incident(incident_id).followed == {"k": "approve"}
    with pytest.raises(NotAllowed):
        again = Proposal(kind=ActionKind.RETRY_TASK, arguments=other | {Parameter.TRY_NUMBER: "2"})
        store.reserve_act(incident_id, "flights", again, once, NOW, followed)
    usage = store.usage(incident_id, "flights", ActionKind.RETRY_TASK, NOW, follower.target)
    assert usage == Usage(on_incident=1, on_dag_today=2)


def test_what_happened_before(store: Store) -> None:
    first, second = (opened(store, run) for run in ("run1", "run2"))
    store.append(event(first, EventKind.CLAIMED, run="heal"))
    store.append(event(first, EventKind.DIAGNOSED, category="timeout"), event(first, EventKind.JUDGED))
    store.append(event(first, EventKind.ACT_STARTED, act="a"))
    closed(store, first)
    told = {item.id: item for item in store.past(NOW - timedelta(hours=1))}
    assert (told[first].task, told[first].category, told[first].acted, told[first].outcome) == (
        "flights/load",
        "timeout",
        True,
        Outcome.HEALED,
    )
    assert (told[second].category, told[second].acted, told[second].outcome) == ("", False, None)
    assert not store.past(NOW + timedelta(seconds=1))


def test_an_act_that_was_not_done_may_be_made_again(store: Store) -> None:
    incident_id, once = judged(store), Limit(per_incident=1)
    assert store.reserve_act(incident_id, "flights", proposal(), once, NOW)
    store.append(event(incident_id, EventKind.ACT_ENDED, act=proposal().canonical(), result="not done", undone=True))
    store.give_back(incident_id, proposal())
    assert store.incident(incident_id).acts == ()
    assert store.usage(incident_id, "flights", proposal().kind, NOW).on_incident == 0


def test_the_past_tells_shadow_and_what_was_given_back(store: Store) -> None:
    incident_id = opened(store)
    store.append(event(incident_id, EventKind.TAKEN, by="p"), event(incident_id, EventKind.RETURNED, by="p"))
    [past] = store.past(NOW - timedelta(days=1))
    assert (past.shadow, past.returned) == (False, True)


def test_what_was_answered_about_retries_on_a_dag_is_found(store: Store) -> None:
    """By the question where nothing was done, by the act where nobody was asked; nothing of other Dags, and nothing of long ago."""
    asked, acted, other = (judged(store, run) for run in ("one", "two", "three"))
    for name, dag_id in ((asked, "a,b"), (other, "a")):
        store.ask(replace(approval(name), id=ulid(NOW), act=_retry(dag_id).canonical()))
    store.reserve_act(acted, "a,b", _retry("a,b"), Limit(), NOW)
    found = store.retries("a,b", NOW - timedelta(days=1))
    assert {item.incident_id for item in found} == {asked, acted}
    assert {item.kind for item in found} == {EventKind.PROPOSED, EventKind.JUDGED}
    assert store.retries("a,b", NOW + timedelta(days=1)) == []
    assert store.retries("a,", NOW - timedelta(days=1)) == []


def _retry(dag_id: str) -> Proposal:
    given = {Parameter.DAG: dag_id, Parameter.RUN: "r", Parameter.TASK: "t", Parameter.TRY_NUMBER: "1"}
    return Proposal(kind=ActionKind.RETRY_TASK, arguments=given)
