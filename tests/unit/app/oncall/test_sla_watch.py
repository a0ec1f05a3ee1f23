"""A promise about time: who is told before it is broken, once, and of what is in the way."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from airflow_provider_harness.app.healing import diagnose as heal
from airflow_provider_harness.app.healing import intake
from airflow_provider_harness.app.healing.act import proposal_of
from airflow_provider_harness.app.oncall import approve, escalate
from airflow_provider_harness.app.oncall import sla_watch as promises
from airflow_provider_harness.app.oncall.page import time_left
from airflow_provider_harness.app.ports.airflow import RunState
from airflow_provider_harness.app.ports.healing import PageSeverity
from airflow_provider_harness.app.ports.sla_alerts import HighWaterMark, promise_key
from airflow_provider_harness.core.contracts.contract import (
    Access,
    Consumer,
    Contract,
    LateAction,
    LatePolicy,
    Load,
    Owner,
    Sla,
)
from airflow_provider_harness.core.diagnosis.failure import Failure, TryKey
from airflow_provider_harness.core.errors import HarnessUnavailable
from airflow_provider_harness.core.incidents.events import EventKind, Outcome
from airflow_provider_harness.core.incidents.incident import State
from airflow_provider_harness.core.incidents.maintenance import Maintenance, Window
from airflow_provider_harness.core.policy.policy import VerdictKind
from tests.unit.app.fakes import RUN, START, World, dag, failure, policy_of, task, world

TABLE = "public.sales"
#: START is 12:00 UTC; the slice of yesterday is promised until 14:00 UTC.
SLICE = "20261120T000000Z"
DUE = START + timedelta(hours=2)
KEY = promise_key("wh", TABLE, SLICE)


def contract(**more: Any) -> Contract:
    given: dict[str, Any] = {
        "id": "sales",
        "version": "1",
        "name": "Sales",
        "table": TABLE,
        "columns": (),
        "load": Load(slice_column="sold_at"),
        "slas": (Sla(prop="timeOfAvailability", value="by 14:00 UTC"),),
        "owner": Owner(team="shop", channels=("#sales",)),
        "paged": ("sales-oncall",),
    }
    return Contract(**given | more)


def mark(slice_end: datetime = datetime(2026, 11, 20, tzinfo=UTC), **more: Any) -> HighWaterMark:
    given: dict[str, Any] = {"conn_id": "wh", "table": TABLE, "contract": "sales.yaml", "dag_id": "flights"}
    return HighWaterMark(**given | {"task_id": "load", "slice_end": slice_end} | more)


def run(state: str = "running", slice_id: str = SLICE, **more: Any) -> RunState:
    given: dict[str, Any] = {"dag_id": "flights", "run_id": "run1", "of_backfill": False, "queued_at": START}
    return RunState(**given | {"state": state, "started_at": None, "ended_at": None, "slice_id": slice_id} | more)


def promised(*, minutes_left: int = 20, **more: Any) -> World:
    """A table whose slice of yesterday is not published, so long before it is late."""
    w = world()
    w.promises.marks, w.promises.contracts = [mark()], {"sales.yaml": contract(**more)}
    w.airflow.slices = [run()]
    w.airflow.states = [
        task(task_id="extract", state="success"),
        task(task_id="wait", state="up_for_reschedule"),
        task(state=""),
    ]
    w.promises.bear_out(mark())
    w.clock.at = DUE - timedelta(hours=3)
    promises.watch(w.healer)
    w.clock.at = DUE - timedelta(minutes=minutes_left)
    return w


def published(w: World, table: str = TABLE, **more: Any) -> None:
    """The slice of yesterday is published, and Airflow says so."""
    w.promises.marks = [mark(datetime(2026, 11, 21, tzinfo=UTC))]
    w.airflow.slices = [run("success")]
    w.airflow.states = [task(**{"state": "success", "rendered": {"conn_id": "wh"}} | more)]
    w.gates.contracts["flights"] = contract(table=table)


def broken(w: World, **more: Any) -> str:
    """An incident that pages nobody yet; its id."""
    w.reported(failure(**more))
    intake.group_failures(w.healer)
    return w.store.incidents()[-1].id


def test_the_page_comes_before_the_deadline_with_the_time_left_and_what_is_in_the_way() -> None:
    w = promised(consumers=(Consumer(name="board", access=Access.SCAN),))
    promises.watch(w.healer)
    (page,) = w.pager.pages
    assert page.dedup_key == KEY
    assert page.summary.startswith(f"{TABLE}: 20 min left until it is late (by 14:00 UTC); Run run1 is running")
    assert page.severity is PageSeverity.HIGH
    assert list(page.details)[:4] == ["what is at risk", "for whom", "promised", "in the way"]
    assert page.details["promised"] == "until 2026-11-21 14:00 UTC (by 14:00 UTC), 20 min left"
    assert page.details["in the way"] == "Run run1 is running: wait is up_for_reschedule, 1 task(s) not started."
    assert page.details["for whom"] == f"{TABLE} (medium) of shop, read by board"
    assert page.links["The run in Airflow"] == "http://airflow/flights/run1"
    assert page.route == ("sales-oncall", "shop", "#sales", "team")


def test_it_is_told_once_and_resolved_when_the_slice_is_published() -> None:
    w = promised()
    for _ in range(3):
        promises.watch(w.healer)
        w.clock.ahead(minutes=30)
    assert len(w.pager.pages) == 1
    published(w)
    promises.watch(w.healer)
    promises.watch(w.healer)
    assert w.pager.resolved == [KEY]


@pytest.mark.attack
@pytest.mark.parametrize(
    "told",
    [
        {"slice_end": datetime(2098, 1, 1, tzinfo=UTC)},
        {"slice_end": datetime(2026, 11, 21, tzinfo=UTC)},
        {"slice_end": datetime(2026, 11, 21, tzinfo=UTC), "dag_id": "gone"},
        {"contract": ""},
        {"dag_id": "gone"},
        {"task_id": "extract"},
    ],
)
@pytest.mark.parametrize("before", [True, False], ids=["before the page", "after the page"])
def test_a_mark_that_airflow_does_not_bear_out_silences_nothing(told: dict[str, Any], before: bool) -> None:
    w = promised()
    if not before:
        promises.watch(w.healer)
    w.promises.marks = [mark(**told)]
    promises.watch(w.healer)
    assert [page.dedup_key for page in w.pager.pages] == [KEY]
    assert not w.pager.resolved


@pytest.mark.attack
@pytest.mark.parametrize(
    "told",
    [
        {"slice_end": datetime(2026, 11, 21, tzinfo=UTC)},
        {"slice_end": datetime(2098, 1, 1, tzinfo=UTC)},
        {"contract": ""},
        {"dag_id": "gone"},
        {"task_id": "extract"},
    ],
)
def test_the_first_mark_of_a_table_that_somebody_forged_keeps_nobody_silent(told: dict[str, Any]) -> None:
    """Airflow says which slice was published last, and the gates, which no task can change, who may have published it."""
    w = promised()
    w.promises.sure.clear()
    w.promises.marks, w.promises.others = [mark(**told)], [mark(contract="")]
    done = run("success", "20261119T000000Z", run_id="before")
    w.airflow.slices.append(done)
    rendered = {"conn_id": "wh", "contract": "sales.yaml"}
    w.airflow.states.append(task(run_id="before", state="success", rendered=rendered))
    w.gates.contracts["flights"] = contract()
    promises.watch(w.healer)
    assert [page.dedup_key for page in w.pager.pages] == [KEY]
    assert w.promises.borne_out() == [mark(slice="20261119T000000Z")]


@pytest.mark.attack
def test_a_mark_that_nobody_bears_out_is_none() -> None:
    w = promised()
    w.promises.sure.clear()
    assert promises.watch(w.healer) == []
    assert not w.pager.pages


@pytest.mark.attack
@pytest.mark.parametrize(
    "other",
    [
        {"state": "running"},
        {"table": "public.other"},
        {"rendered": {"conn_id": "mine"}},
        {"task_id": "another"},
    ],
)
def test_a_page_ends_only_with_the_success_of_the_task_that_publishes_the_table(other: dict[str, Any]) -> None:
    w = promised()
    promises.watch(w.healer)
    published(w, **other)
    promises.watch(w.healer)
    assert not w.pager.resolved
    published(w)
    promises.watch(w.healer)
    assert w.pager.resolved == [KEY]


def test_too_early_nobody_is_told() -> None:
    w = promised(minutes_left=31)
    assert promises.watch(w.healer) == []
    assert not w.pager.pages


def test_a_deadline_that_passed_while_nobody_looked_is_told_late_and_one_of_long_ago_never() -> None:
    w = promised(minutes_left=-5)
    promises.watch(w.healer)
    assert "late by 5 min" in w.pager.pages[0].summary
    fresh = promised(minutes_left=-5)
    fresh.store.named.clear()
    assert promises.watch(fresh.healer) == []


@pytest.mark.parametrize(
    "change",
    [
        {"slas": ()},
        {"slas": (Sla(prop="retention", value="5", unit="y"),)},
        {"late": LatePolicy(action=LateAction.SKIP), "state": "success"},
    ],
)
def test_what_is_not_promised_is_not_told(change: dict[str, Any]) -> None:
    state = change.pop("state", "running") if "state" in change else "running"
    w = promised(**change)
    w.airflow.slices = [run(state)]
    assert promises.watch(w.healer) == []


def test_a_schedule_can_leave_a_slice_out() -> None:
    w = promised()
    w.airflow.slices = [run(slice_id="20261119T000000Z")]
    w.airflow.dags["flights"] = dag(next_slice=datetime(2026, 11, 23, tzinfo=UTC))
    assert promises.watch(w.healer) == []
    w.airflow.dags["flights"] = dag(next_slice=datetime(2026, 11, 20, tzinfo=UTC), next_run=START, paused=True)
    assert len(promises.watch(w.healer)) == 1
    why = "flights is paused. Airflow has made no run for this slice; the next one starts at 2026-11-21 12:00 UTC."
    assert w.pager.pages[0].details["in the way"] == why


def test_a_run_that_succeeded_without_publishing_is_told() -> None:
    w = promised()
    w.airflow.slices = [run("success")]
    promises.watch(w.healer)
    assert w.pager.pages[0].details["in the way"] == "Run run1 succeeded, and this slice is not published."


def test_nobody_waits_for_a_dag_that_is_gone_or_a_table_of_an_earlier_version() -> None:
    w = promised()
    w.airflow.dags.clear()
    assert promises.watch(w.healer) == []
    w.promises.marks = [mark(contract="")]
    assert promises.watch(w.healer) == []


def test_a_contract_that_cannot_be_read_hides_no_other_table() -> None:
    w = promised()
    w.promises.marks.insert(0, mark(table="public.other", contract="away.yaml"))
    told = promises.watch(w.healer)
    assert [line.partition(":")[0] for line in told] == [
        "public.sales slice 20261120T000000Z is promised until 2026-11-21 14",
        "public.other",
    ]
    assert len(w.pager.pages) == 1


def test_an_incident_in_the_way_gets_worse_and_there_is_no_second_page() -> None:
    w = promised()
    name = broken(w)
    w.event(name, EventKind.CLAIMED, run="r")
    promises.watch(w.healer)
    (page,) = w.pager.pages
    assert page.dedup_key == f"harness:{w.incident(name).episode}"
    assert page.details["promised"].endswith("is promised until 2026-11-21 14:00 UTC (by 14:00 UTC), 20 min left")
    assert page.summary.startswith("flights.load: 20 min left for public.sales; ")
    assert "incidents take" in page.details["you are asked to"]
    assert w.incident(name).severity == PageSeverity.CRITICAL
    published(w)
    promises.watch(w.healer)
    assert not w.pager.resolved  # the incident's page ends when the incident is proved well
    escalate.close(w.healer, w.incident(name), Outcome.HEALED, "passed")
    assert w.pager.resolved == [page.dedup_key]


def test_an_open_question_in_the_way_is_to_be_answered() -> None:
    w = promised()
    w.policy = policy_of(VerdictKind.ASK)
    name = broken(w)
    assert heal.claim(w.healer, name, RUN)
    heal.diagnose(w.healer, name)
    heal.decide(w.healer, name)
    asked = w.incident(name)
    approve.question(w.healer, asked, proposal_of(asked), RUN)
    promises.watch(w.healer)
    (page,) = w.pager.pages
    assert page.details["you are asked to"].endswith(f"airflow harness approve {name} (or: refuse)")
    assert page.details["who may answer"] == "oncall, until 2026-11-21 14:40 UTC"
    assert page.links["Answer here"]


def test_who_has_taken_it_is_named() -> None:
    w = promised()
    w.event(broken(w), EventKind.TAKEN, by="ann")
    promises.watch(w.healer)
    assert w.pager.pages[0].details["you are asked to"] == "ann has it: see that they know of the deadline."


def test_an_incident_that_a_person_has_is_annotated_too() -> None:
    w = promised()
    name = broken(w)
    w.event(name, EventKind.CLAIMED, run="r")
    w.event(name, EventKind.SETTLED, outcome="escalated", text="t", gates=[])
    escalate.settle(w.healer, w.incident(name))
    w.airflow.states = [task()]
    promises.watch(w.healer)
    assert [page.severity for page in w.pager.pages] == [PageSeverity.HIGH, PageSeverity.CRITICAL]
    assert len({page.dedup_key for page in w.pager.pages}) == 1
    assert w.incident(name).state is State.CLOSED


def test_what_fails_after_the_page_goes_on_with_that_page() -> None:
    w = promised()
    promises.watch(w.healer)
    name = broken(w)
    escalate.page(w.healer, w.incident(name), asks="look", severity=PageSeverity.HIGH)
    assert [page.dedup_key for page in w.pager.pages] == [KEY, KEY]
    published(w)
    promises.watch(w.healer)
    assert not w.pager.resolved
    escalate.close(w.healer, w.incident(name), Outcome.RECOVERED, "well")
    assert w.pager.resolved == [KEY]


def other(**more: Any) -> Failure:
    return failure(**{"key": TryKey(dag_id="weather", run_id="r", task_id="load", try_number=1)} | more)


def test_a_task_that_feeds_the_table_is_in_the_way_and_another_dag_is_not() -> None:
    w = promised()
    broken(w, key=other().key)
    promises.watch(w.healer)
    assert w.pager.pages[0].dedup_key == KEY
    fed = promised()
    name = broken(fed, key=other().key)
    fed.promises.upstream = {"flights.load": ("weather.load",)}
    promises.watch(fed.healer)
    assert fed.pager.pages[0].dedup_key == f"harness:{fed.incident(name).episode}"


def test_a_backfill_of_the_dag_is_not_in_the_way_unless_it_is_this_slices_run() -> None:
    w = promised()
    w.airflow.slices = []
    broken(w, key=replace(other().key, dag_id="flights", run_id="backfill__1"))
    promises.watch(w.healer)
    assert w.pager.pages[0].dedup_key == KEY
    own = promised()
    own.airflow.slices = [run(run_id="backfill__1", of_backfill=True)]
    name = broken(own, key=replace(other().key, dag_id="flights", run_id="backfill__1"))
    promises.watch(own.healer)
    assert own.pager.pages[0].dedup_key == f"harness:{own.incident(name).episode}"


def test_a_maintenance_window_holds_it_back() -> None:
    w = promised()
    window = Window(start=START - timedelta(days=1), end=DUE)
    healer = replace(w.healer, limits=replace(w.healer.limits, maintenance=Maintenance(windows=(window,))))
    promises.watch(healer)
    assert w.pager.pages[0].not_before == DUE


def test_an_api_that_is_away_is_looked_at_again(monkeypatch: pytest.MonkeyPatch) -> None:
    w = promised(minutes_left=-1)

    def away(dag_id: str) -> Any:
        raise HarnessUnavailable("Airflow's API", "503")

    with monkeypatch.context() as patch:
        patch.setattr(w.airflow, "dag", away)
        assert "not looked at" in promises.watch(w.healer)[0]
    w.clock.at = DUE + timedelta(minutes=5)
    assert len(promises.watch(w.healer)) == 1


@pytest.mark.parametrize(("minutes", "words"), [(20, "20 min left"), (95, "1 h 35 min left"), (-5, "late by 5 min")])
def test_time_in_words(minutes: int, words: str) -> None:
    assert time_left(timedelta(minutes=minutes)) == words


@pytest.mark.parametrize("how", ["run", "next", "length"])
def test_the_slice_that_is_due_is_as_long_as_its_run_says(how: str) -> None:
    """Weekly slices: by the run, by the schedule's next run, or as long as the newest one; a day would page too early."""
    w = promised()
    week = datetime(2026, 11, 20, tzinfo=UTC) + timedelta(days=7)
    w.promises.marks = [mark(slice="20261113T000000Z")]
    w.promises.bear_out(w.promises.marks[0])
    w.airflow.slices = [run(slice_end=week)] if how == "run" else []
    if how == "next":
        w.airflow.dags["flights"] = dag(next_slice=datetime(2026, 11, 20, tzinfo=UTC), next_slice_end=week)
    assert promises.watch(w.healer) == []
    w.clock.at = week + timedelta(hours=13, minutes=40)
    (told,) = promises.watch(w.healer)
    assert "2026-11-27 14:00 UTC" in told


FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


@pytest.mark.attack
@pytest.mark.parametrize(
    ("slice_id", "end"),
    [("00010101T000000Z", FIRST + timedelta(days=1)), ("99991231T000000Z", LAST), ("99991231T235959Z", None)],
)
def test_a_run_at_either_end_of_time_is_in_no_promises_way(slice_id: str, end: datetime | None) -> None:
    w = promised()
    w.airflow.slices.insert(0, run(slice_id=slice_id, slice_end=end, run_id="odd"))
    assert len(promises.watch(w.healer)) == 1
    assert [page.dedup_key for page in w.pager.pages] == [KEY]


@pytest.mark.attack
@pytest.mark.parametrize("end", [FIRST, LAST, LAST - timedelta(days=1)])
@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Etc/GMT+12"])
def test_a_mark_at_either_end_of_time_stops_nobody_elses_promise(end: datetime, zone: str) -> None:
    w = promised()
    odd = contract(table="public.odd", load=Load(slice_column="sold_at", time_zone=zone))
    w.promises.contracts["odd.yaml"] = odd
    w.promises.marks = [mark(end, table="public.odd", contract="odd.yaml"), *w.promises.marks]
    promises.watch(w.healer)
    assert KEY in [page.dedup_key for page in w.pager.pages]


@pytest.mark.attack
@pytest.mark.parametrize("slice_id", ["00010101T000000Z", "99991231T235959Z", "0001-01-01", "9999-12-31"])
@pytest.mark.parametrize("at", [FIRST, LAST])
def test_a_failure_at_either_end_of_time_is_taken_in_and_led(slice_id: str, at: datetime) -> None:
    w = world()
    w.airflow.states = [task(end_date=at, rendered={"slice_key": slice_id})]
    w.store.record(failure(slice_id=slice_id, occurred_at=at), w.new_id())
    intake.group_failures(w.healer)
    (incident,) = w.store.incidents()
    assert heal.claim(w.healer, incident.id, RUN)
    heal.diagnose(w.healer, incident.id)
    heal.decide(w.healer, incident.id)
    promises.watch(w.healer)
    assert escalate.settle(w.healer, w.incident(incident.id)) is Outcome.UNKNOWN
    assert len(w.pager.pages) == 1
