"""What on-call reads of an incident: whether it is open, who was really paged, by when something happens, which day it is."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import Any

import pytest

from airflow_provider_harness.app.healing import diagnose as heal
from airflow_provider_harness.app.healing import intake
from airflow_provider_harness.app.oncall import escalate
from airflow_provider_harness.app.oncall import incident_commands as hand_over
from airflow_provider_harness.app.oncall import page as compose
from airflow_provider_harness.app.oncall.deadlines import overdue, pace
from airflow_provider_harness.app.oncall.delivery import DEFAULT, NobodyThere, PageDispatcher
from airflow_provider_harness.app.oncall.impact import page_severity
from airflow_provider_harness.app.oncall.incident_commands import CommandResult, IncidentCommands
from airflow_provider_harness.app.pages.incidents.view import commands
from airflow_provider_harness.app.ports.airflow import RunState
from airflow_provider_harness.app.ports.healing import Page
from airflow_provider_harness.app.ports.sla_alerts import HighWaterMark
from airflow_provider_harness.app.reports.digest import HEADINGS, Told, digest
from airflow_provider_harness.app.reports.postmortem import Around, first_screen, postmortem
from airflow_provider_harness.core.actions import ACTIONS, ActionKind, Risk
from airflow_provider_harness.core.diagnosis.diagnosis import Category
from airflow_provider_harness.core.diagnosis.failure import ErrorLink, FailureKind
from airflow_provider_harness.core.incidents.events import Event, EventKind, Outcome
from airflow_provider_harness.core.incidents.incident import IN_HAND_OF_A_PERSON, Incident, State, Status, fold
from airflow_provider_harness.core.incidents.metrics import readings
from airflow_provider_harness.core.incidents.outbox import Delivery, Message, MessageKind, MessageStatus, Reached
from airflow_provider_harness.core.policy.policy import VerdictKind
from airflow_provider_harness.core.redaction.redactor import shorten
from tests.events import event_of
from tests.unit.app.fakes import KEY, START, World, another_try, diagnosis, failure, opened, policy_of, task, world
from tests.unit.app.healing.test_act import asked, decided
from tests.unit.app.oncall.test_incident_commands import desk

NOBODY = Delivery(reached=Reached.NOBODY, why="there is no PagerDuty connection pagerduty_events_default")
LATER = Delivery(reached=Reached.WAITING, why="pagerduty has not taken it; tried 2 time(s), again at 12:05 UTC")


def told(w: World, incident_id: str, **more: Any) -> str:
    around = Around(now=w.clock(), **more)
    return "\n".join(postmortem(incident_id, w.store.events(incident_id), w.store.failures(incident_id), around))


def ended(w: World, outcome: Outcome) -> str:
    incident_id = opened(w)
    w.event(incident_id, EventKind.CLAIMED, run="r")
    w.event(incident_id, EventKind.SETTLED, outcome=outcome.value, text="t", gates=[])
    escalate.settle(w.healer, w.incident(incident_id))
    return incident_id


@pytest.mark.parametrize(("outcome", "resolved"), list(product(Outcome, [False, True])))
def test_an_incident_is_open_until_it_is_well_or_resolved(outcome: Outcome, resolved: bool) -> None:
    w = world()
    incident_id = ended(w, outcome)
    if resolved:
        assert hand_over.resolve(desk(w), incident_id, "mended", unproved=False).done
    incident = w.incident(incident_id)
    assert incident.is_open is (outcome in IN_HAND_OF_A_PERSON and not resolved)
    text = told(w, incident_id)
    assert (": open, waits for a person" in text) is incident.is_open
    assert ("resolved by oncall" in text.partition("\n")[0]) is resolved
    assert incident.resolved_at == (w.clock() if resolved else None)


@pytest.mark.parametrize("state", [state for state in State if state is not State.CLOSED])
def test_what_is_not_closed_is_open(state: State) -> None:
    incident = Incident(id="I", state=state)
    assert incident.is_open
    assert incident.status not in (Status.PERSON, Status.RESOLVED, Status.OVER)


def test_a_resolution_ends_incident_and_record_in_one_step() -> None:
    w = world()
    incident_id = opened(w)
    hand_over.take(desk(w), incident_id)
    w.store.crash_before = EventKind.PAGED
    hand_over.resolve(desk(w), incident_id, "mended", unproved=False)
    assert w.kinds(incident_id)[-2:] == [EventKind.RESOLVED, EventKind.CLOSED]
    assert w.incident(incident_id).status is Status.RESOLVED


@pytest.mark.parametrize(
    ("delivery", "said"),
    [
        (Delivery(reached=Reached.SENT), "on-call was paged (high): "),
        (
            NOBODY,
            "nobody was paged: there is no PagerDuty connection pagerduty_events_default; it would have been high: ",
        ),
        (
            replace(NOBODY, beside=("notifier:slack:0",)),
            "it would have been high; told instead: notifier:slack:0: ",
        ),
        (LATER, "on-call is not paged yet (high): pagerduty has not taken it; tried 2 time(s)"),
    ],
)
def test_on_call_was_paged_only_where_it_was(delivery: Delivery, said: str) -> None:
    w = world()
    w.pager.delivery = delivery
    text = told(w, incident_id := ended(w, Outcome.ESCALATED))
    assert said in text
    assert ("on-call was paged" in text) is (delivery.reached is Reached.SENT)
    assert w.incident(incident_id).paged is (delivery.reached is not Reached.NOBODY)
    seen = hand_over.acknowledge(desk(w), incident_id).text
    assert ("nobody was paged" in seen) is (delivery.reached is Reached.NOBODY)


@pytest.mark.parametrize(
    ("delivery", "said"),
    [
        (Delivery(reached=Reached.SENT), "Resolved by oncall; its page is resolved."),
        (NOBODY, f"Resolved by oncall; no page is resolved: {NOBODY.why}."),
        (LATER, f"Resolved by oncall; its page is not resolved yet: {LATER.why}."),
    ],
)
def test_a_page_is_resolved_only_where_there_was_one(delivery: Delivery, said: str) -> None:
    w = world()
    w.pager.delivery = delivery
    incident_id = ended(w, Outcome.ESCALATED)
    assert hand_over.resolve(desk(w), incident_id, "mended", unproved=False).text == said
    assert (f"resolved harness:{w.incident(incident_id).episode}" in told(w, incident_id)) is (
        delivery.reached is Reached.SENT
    )


def test_a_page_that_was_waiting_is_told_as_it_is_now() -> None:
    w = world()
    w.pager.delivery = LATER
    incident_id = ended(w, Outcome.ESCALATED)
    assert "on-call was paged (high)" in told(w, incident_id, reached=lambda key: Delivery(reached=Reached.SENT))


def test_what_an_earlier_version_recorded_is_not_known() -> None:
    w = world()
    incident_id = opened(w)
    w.event(incident_id, EventKind.PAGED, action="trigger", dedup_key="k", severity="high", summary="s", asks="a")
    text = told(w, incident_id)
    assert "did not record whether it was sent" in text and "on-call was paged" not in text


def test_pages_that_nobody_got_are_not_counted() -> None:
    w = world()
    w.pager.delivery = NOBODY
    incident_id = ended(w, Outcome.ESCALATED)
    paged = next(event for event in w.store.events(incident_id) if event.kind is EventKind.PAGED)
    assert [item.name for item in readings(w.incident(incident_id), paged)] == []


class Box:
    """Implements ``app.oncall.delivery.Outbox`` in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, Message] = {}

    def put(self, message: Message) -> None:
        self.kept[message.id] = message

    def waiting(self) -> list[Message]:
        return [item for item in self.kept.values() if item.state in (MessageStatus.WAITING, MessageStatus.SENDING)]

    def open_alerts(self) -> list[tuple[str, str]]:
        sent = [
            item for item in self.kept.values() if item.state is MessageStatus.SENT and item.kind is MessageKind.TRIGGER
        ]
        return [(item.channel, item.dedup_key) for item in sent]

    def take(self, message: Message, now: Any) -> bool:
        self.end(message, MessageStatus.SENDING)
        return True

    def end(self, message: Message, state: MessageStatus) -> None:
        self.kept[message.id] = replace(self.kept[message.id], state=state)

    def reschedule(self, message: Message, until: Any) -> None:
        self.kept[message.id] = replace(message, state=MessageStatus.WAITING, due_at=until, tries=message.tries + 1)

    def newest(self, dedup_key: str, kind: MessageKind) -> list[Message]:
        mine = (item for item in self.kept.values() if (item.dedup_key, item.kind) == (dedup_key, kind))
        return list({item.channel: item for item in mine}.values())


def test_who_only_writes_down_reaches_nobody() -> None:
    class Paper:
        def trigger(self, page: Any) -> None:
            raise NobodyThere("no PagerDuty connection")

        resolve = acknowledge = change = trigger

    w, box = world(), Box()
    teller = PageDispatcher(
        box, {DEFAULT: Paper()}, now=w.clock, new_id=w.new_id, log=lambda text: None, nobody="none is set up"
    )
    w.pager = teller  # type: ignore[assignment]
    incident_id = ended(w, Outcome.ESCALATED)
    assert [item.state for item in box.kept.values()] == [MessageStatus.UNHEARD]
    assert "nobody was paged: none is set up" in told(w, incident_id)
    done = hand_over.resolve(replace(desk(w), pager=teller), incident_id, "mended", unproved=False)
    assert "no page is resolved" in done.text


def test_a_cause_of_several_lines_is_one_line_of_the_timeline() -> None:
    w = world()
    incident_id = opened(w)
    w.event(incident_id, EventKind.CLAIMED, run="r")
    w.event(
        incident_id,
        EventKind.DIAGNOSED,
        category="code_bug",
        cause="line one\nLINE 2: SELECT\n       ^",
        certainty="sure",
        basis="fact",
        why="",
        alternatives=[],
        citations=[],
    )
    [line] = [line for line in told(w, incident_id).splitlines() if "  diagnosis  " in line]
    assert "line one | LINE 2: SELECT" in line and "observations" not in line


def at(kind: EventKind, **body: Any) -> Event:
    return event_of(incident_id="I", kind=kind, at=START, body=body)


OPENED = at(EventKind.OPENED, episode="e", failure="d/r/t#1")
CLAIMED, DIAGNOSED = at(EventKind.CLAIMED, run="r"), at(EventKind.DIAGNOSED, category="timeout")
JUDGED = at(EventKind.JUDGED, verdict="approve", due=(START + timedelta(minutes=10)).isoformat())
ASKED = at(EventKind.ASKED, expires=(START + timedelta(minutes=60)).isoformat(), assigned=["a"], url="u")
STARTED, DONE = at(EventKind.ACT_STARTED, act="a"), at(EventKind.ACT_ENDED, act="a", at=START.isoformat(), result="r")


@pytest.mark.parametrize(
    ("events", "minutes"),
    [
        ((OPENED,), 15),
        ((OPENED, CLAIMED), 15),
        ((OPENED, CLAIMED, DIAGNOSED), 5),
        ((OPENED, CLAIMED, DIAGNOSED, JUDGED), 15),
        ((OPENED, CLAIMED, DIAGNOSED, JUDGED, at(EventKind.NOTED, text="w", waits_for="act")), 35),
        ((OPENED, CLAIMED, DIAGNOSED, JUDGED, ASKED), 65),
        ((OPENED, CLAIMED, DIAGNOSED, JUDGED, ASKED, at(EventKind.ANSWERED, answer="Approve", by="a")), 5),
        ((OPENED, CLAIMED, DIAGNOSED, JUDGED, STARTED), 5),
        ((OPENED, CLAIMED, DIAGNOSED, JUDGED, STARTED, DONE), 125),
    ],
)
def test_what_has_no_answer_in_time_says_so(events: tuple[Event, ...], minutes: int) -> None:
    incident = fold("I", events)
    verify = timedelta(hours=2)
    assert overdue(incident, verify, START + timedelta(minutes=minutes)) == ""
    late = overdue(incident, verify, START + timedelta(minutes=minutes, seconds=1))
    assert late.startswith("No answer in time: ") and "since 2026-11-21 12:00 UTC" in late and "doctor" in late


@pytest.mark.parametrize("end", [at(EventKind.TAKEN, by="p"), at(EventKind.CLOSED, outcome="escalated", why="w")])
def test_what_a_person_has_is_never_late(end: Event) -> None:
    incident = fold("I", (OPENED, end))
    assert pace(incident, timedelta(hours=2)) is None
    assert overdue(incident, timedelta(hours=2), START + timedelta(days=9)) == ""


def test_nothing_to_do_has_a_time_and_stands_first() -> None:
    w = world()
    incident_id = decided(w)
    text = told(w, incident_id)
    assert text.splitlines()[2] == "What to do next"
    assert "Nothing until 2026-11-21 12:0" in text
    w.clock.ahead(hours=1)
    assert "No answer in time: the verdict is given" in told(w, incident_id)


def test_after_a_refusal_nobody_is_asked_to_answer() -> None:
    w = world()
    incident_id = asked(w)
    escalate.page(
        w.healer, w.incident(incident_id), asks=escalate.answer(incident_id), severity=escalate.PageSeverity.HIGH
    )
    w.event(incident_id, EventKind.ANSWERED, answer="bob answered Refuse.", by="bob")
    w.event(incident_id, EventKind.SETTLED, outcome="refused", text="bob answered Refuse.", gates=[])
    escalate.settle(w.healer, w.incident(incident_id))
    assert len(w.pager.pages) == 1
    text = told(w, incident_id)
    assert "approve" not in text.partition("What broke")[0]
    assert "clear the failed task in Airflow" in text.partition("What broke")[0]


def test_a_question_that_nobody_answered_is_no_question_any_more() -> None:
    w = world()
    incident_id = asked(w)
    w.clock.ahead(hours=2)
    w.event(incident_id, EventKind.SETTLED, outcome="refused", text="Nobody answered in time.", gates=[])
    assert w.incident(incident_id).status is Status.WORKING
    escalate.settle(w.healer, w.incident(incident_id))
    [message] = w.pager.pages
    assert "May the harness" not in message.summary and "Answer here" not in message.links
    assert message.details["you are asked to"].endswith("clear the failed task in Airflow.")
    assert message.details["when it is mended"].startswith("airflow harness incidents resolve")


def test_the_local_day_is_said_where_the_contract_tells_its_zone() -> None:
    w = world()
    report = {"table": "public.t", "slice": "20261128T230000Z", "results": []}
    incident_id = opened(w, report=report)
    assert "slice 20261128T230000Z (2026-11-28 23:00 UTC)" in told(w, incident_id)
    evidence = {"facts": {}, "observations": [], "unavailable": [], "zones": {"public.t": "Europe/Berlin"}}
    w.event(incident_id, EventKind.EVIDENCE, **evidence)
    assert "table public.t, slice 20261128T230000Z (2026-11-29 Europe/Berlin)" in told(w, incident_id)


def test_a_notice_is_no_failure() -> None:
    w = world()
    incident_id = opened(w)
    w.store.record(
        failure(kind=FailureKind.QUARANTINED, detail={"text": "3 rows"}, key=replace(failure().key, task_id="x")), "I9"
    )
    w.store.joined[list(w.store.recorded)[-1]] = incident_id
    assert "What broke\n  flights/run1/load#1\n\n" in told(w, incident_id)


def question(w: World, kind: ActionKind, **arguments: str) -> Page:
    """The page of a question about this act."""
    incident_id = opened(w, slice_id="20261128T230000Z", writes=("postgres://db:5432/shop.public.t",))
    w.event(incident_id, EventKind.CLAIMED, run="r")
    zones = {"shop.public.t": "Europe/Berlin"}
    w.event(incident_id, EventKind.EVIDENCE, facts={}, observations=[{"text": "x"}] * 15, unavailable=[], zones=zones)
    w.event(incident_id, EventKind.DIAGNOSED, category="timeout", cause="c", certainty="sure", basis="fact", why="y")
    w.event(incident_id, EventKind.PROPOSED, action=kind.value, arguments={"dag": "flights", **arguments}, why="")
    w.event(incident_id, EventKind.JUDGED, verdict="ask", rule="r", policy_version=1, reason="why")
    until = (START + timedelta(hours=1)).isoformat()
    w.event(incident_id, EventKind.ASKED, approval="a", assigned=["ann", "bob"], expires=until, url="http://answer")
    asks = escalate.answer(incident_id)
    return compose.build_page(w.healer, w.incident(incident_id), asks=asks, severity=escalate.PageSeverity.HIGH)


ONE = {"run": "run1", "task": "load", "try_number": "1"}
DAYS = {"first": "2026-11-27T23:00:00+00:00", "last": "2026-11-28T23:00:00+00:00"}
QUESTIONS = {
    ActionKind.RETRY_TASK: (ONE | {"map_index": "3"}, "run load[3] again"),
    ActionKind.WAIT_FOR_SOURCE: (ONE, "wait for the source, then run load again"),
    ActionKind.RESTART_PIPELINE: ({"run": "run1"}, "run every failed task of the run again"),
    ActionKind.RERUN_UPSTREAM: (
        {"run": "run1", "upstream_task": "extract"},
        "run extract again, and what depends on it",
    ),
    ActionKind.QUARANTINE_AND_CONTINUE: (
        ONE | {"slice": "20261128T230000Z", "checks": "range:amount,referential:a%2Cb"},
        "set the rows aside that fail range:amount, referential:a,b, and publish the rest",
    ),
    ActionKind.BACKFILL_RANGE: (
        ONE | DAYS,
        "run slices 20261127T230000Z (2026-11-28 Europe/Berlin) to 20261128T230000Z (2026-11-29 Europe/Berlin) again",
    ),
    ActionKind.PAUSE_DAG: ({}, "pause flights"),
}


@pytest.mark.parametrize("kind", QUESTIONS)
def test_the_page_of_a_question_is_the_question(kind: ActionKind) -> None:
    arguments, said = QUESTIONS[kind]
    message = question(world(), kind, **arguments)
    place = "; table shop.public.t, slice 20261128T230000Z (2026-11-29 Europe/Berlin)"
    title = f"flights.load: May the harness {said}? Answer until 13:00 UTC{place}"
    assert message.summary == shorten(title, compose.SUMMARY_LENGTH)
    first = list(message.details)[:5]
    assert first == ["you are asked to", "if you approve", "if you refuse", "if nobody answers", "who may answer"]
    assert message.details["you are asked to"].startswith(f"May the harness {said}? Answer the required action")
    assert "Nothing is done" in message.details["if you refuse"] and "stays open" in message.details["if you refuse"]
    assert message.details["who may answer"] == "ann, bob, until 2026-11-21 13:00 UTC"
    assert message.details["slices"] == "table shop.public.t, slice 20261128T230000Z (2026-11-29 Europe/Berlin)"
    assert message.links["Answer here"] == "http://answer"
    assert message.links["The log of load"].endswith("/tasks/load?try_number=1")
    assert "when it is mended" not in message.details


def test_every_act_that_can_be_asked_about_has_its_question() -> None:
    assert set(QUESTIONS) == {kind for kind, spec in ACTIONS.items() if spec.risk is not Risk.NONE}


def test_a_question_is_as_loud_as_its_incident() -> None:
    w = world()
    incident_id = asked(w)
    assert page_severity(w.healer, w.incident(incident_id)) is escalate.PageSeverity.HIGH


def test_rows_that_were_set_aside_wake_nobody_again() -> None:
    w = world()
    incident_id = opened(w)
    escalate.page(w.healer, w.incident(incident_id), asks="a", severity=escalate.PageSeverity.LOW)
    noticed = failure(kind=FailureKind.QUARANTINED, detail={"text": "3 rows"})
    w.store.record(noticed, w.new_id())
    intake.group_failures(w.healer)
    assert len(w.incident(incident_id).failures) == 2
    assert len(w.pager.pages) == 1
    w.airflow.states = [task(try_number=2)]
    w.store.record(failure(key=another_try()), w.new_id())
    intake.group_failures(w.healer)
    assert len(w.pager.pages) == 2, "a failure that is worse does"


DIFF: dict[str, Any] = {
    "side": "target",
    "published": "public.t",
    "changes": [{"kind": "breaking", "column": name} for name in ("origin", "dest")],
    "ddl": ["ALTER TABLE public.t DROP COLUMN dest;"],
    "table": "public.t",
}


def drift(w: World, side: str = "target", **rendered: str) -> str:
    incident_id = opened(w, schema_diff={**DIFF, "side": side})
    given = rendered or {"conn_id": "warehouse", "source_conn_id": "shop", "odd_conn_id": "a b; c"}
    w.airflow.states = [task(rendered=given)]
    w.brain.diagnosis = diagnosis(category=Category.SCHEMA_DRIFT)
    assert heal.claim(w.healer, incident_id, "r")
    heal.diagnose(w.healer, incident_id)
    return incident_id


def test_schema_drift_names_its_columns_and_where_a_statement_belongs() -> None:
    w = world()
    incident_id = drift(w)
    message = compose.build_page(w.healer, w.incident(incident_id), asks="a", severity=escalate.PageSeverity.HIGH)
    assert message.summary.startswith("flights.load: schema_drift (column origin, dest")
    where = "To be run by a person in postgres://db:5432/shop.public.t, connection warehouse:"
    assert message.details["suggested statement"] == f"{where}\nALTER TABLE public.t DROP COLUMN dest;"
    assert where in told(w, incident_id)


def test_a_refused_login_names_the_connection() -> None:
    w = world()
    incident_id = opened(w)
    w.airflow.states = [task(rendered={"conn_id": "warehouse"})]
    w.brain.diagnosis = diagnosis(category=Category.AUTH_EXPIRED_OR_INVALID)
    heal.claim(w.healer, incident_id, "r")
    heal.diagnose(w.healer, incident_id)
    message = compose.build_page(w.healer, w.incident(incident_id), asks="a", severity=escalate.PageSeverity.HIGH)
    assert message.summary == "flights.load: auth_expired_or_invalid (connection warehouse) - refused"
    assert "the failed task uses connection warehouse" in told(w, incident_id)


def test_what_makes_it_sure_is_said_in_words() -> None:
    w = world()
    incident_id = opened(w)
    heal.claim(w.healer, incident_id, "r")
    heal.diagnose(w.healer, incident_id)
    text = told(w, incident_id)
    assert "sure, by what was read itself, not by words" in text and "from fact" not in text


@pytest.mark.parametrize(
    ("side", "rendered", "conn_id"),
    [
        ("source", {"conn_id": "warehouse", "source_conn_id": "shop"}, "warehouse"),
        ("source", {"conn_id": "shop", "target_conn_id": "warehouse"}, "warehouse"),
        ("target", {"conn_id": "warehouse"}, "warehouse"),
        ("source", {"conn_id": "shop"}, "published_by"),
    ],
    ids=["a transfer", "a sensor", "a load", "an extract"],
)
def test_a_statement_names_the_database_also_where_no_lineage_is_known(
    side: str, rendered: dict[str, str], conn_id: str
) -> None:
    """N8: an extract knows its source alone; who published the table before knows where it is."""
    w = world()
    at = w.clock()
    w.promises.marks = [
        HighWaterMark(
            conn_id="published_by", table="public.t", slice="s", slice_end=at, dag_id="d", task_id="t", contract=""
        )
    ]
    incident_id = drift(w, side, **rendered)
    message = compose.build_page(w.healer, w.incident(incident_id), asks="a", severity=escalate.PageSeverity.HIGH)
    first, _ = message.details["suggested statement"].split("\n")
    assert first == f"To be run by a person in postgres://db:5432/shop.public.t, connection {conn_id}:"


def test_where_nobody_knows_the_database_its_table_is_named() -> None:
    w = world()
    incident_id = drift(w, "source", conn_id="shop")
    message = compose.build_page(w.healer, w.incident(incident_id), asks="a", severity=escalate.PageSeverity.HIGH)
    assert message.details["suggested statement"].startswith("To be run by a person in the database of public.t:")


def no_slice(w: World, slice_id: str, kind: str = "airflow_provider_harness.core.errors.NoSlice") -> str:
    link = ErrorLink(type=kind, message="this run: has no partition key")
    incident_id = opened(w, chain=(link,))
    run = {"state": "failed", "of_backfill": False, "queued_at": None, "started_at": None, "ended_at": None}
    w.airflow.slices = [RunState(dag_id="flights", run_id="run1", slice_id=slice_id, **run)]
    w.event(incident_id, EventKind.CLAIMED, run="r")
    w.event(incident_id, EventKind.SETTLED, outcome="escalated", text="t", gates=[])
    escalate.settle(w.healer, w.incident(incident_id))
    return incident_id


def test_an_accidental_trigger_without_a_logical_date_wakes_nobody() -> None:
    w = world()
    incident_id = no_slice(w, "")
    (page,) = w.pager.pages
    assert page.severity is escalate.PageSeverity.LOW
    assert page.details["you are asked to"].startswith("No data are missing: this run owns no slice")
    assert "Delete it in Airflow" in told(w, incident_id)


@pytest.mark.attack
@pytest.mark.parametrize(("slice_id", "kind"), [("20130101T050000Z", ""), ("", "mine.NoSlice")])
def test_a_run_that_owns_a_slice_pages_whatever_its_task_says(slice_id: str, kind: str) -> None:
    w = world()
    no_slice(w, slice_id, *([kind] if kind else []))
    (page,) = w.pager.pages
    assert page.severity is escalate.PageSeverity.HIGH


def screen(w: World, incident_id: str) -> list[str]:
    events, failures = w.store.events(incident_id), w.store.failures(incident_id)
    return first_screen(incident_id, events, failures, Around(now=w.clock()))


def blocked(message: str) -> tuple[World, str]:
    w = world()
    report = {"table": "public.t", "slice": "20130101T050000Z", "results": []}
    incident_id = opened(w, report=report, chain=(ErrorLink(type="x.ContractViolation", message=message),))
    w.brain.diagnosis = diagnosis(category=Category.DATA_QUALITY_VIOLATION)
    heal.claim(w.healer, incident_id, "r")
    heal.diagnose(w.healer, incident_id)
    w.event(incident_id, EventKind.SETTLED, outcome="escalated", text="bad rows", gates=[])
    escalate.settle(w.healer, w.incident(incident_id))
    return w, incident_id


def test_the_first_screen_says_what_to_do_by_whom_what_broke_what_stands_and_why() -> None:
    w, incident_id = blocked(
        "It blocked. This run published nothing; 842 row(s) of an earlier run stand there as they were."
    )
    lines = screen(w, incident_id)
    titles = [line for line in lines if line and not line.startswith(" ")]
    assert titles[1:-1] == [
        "What to do next",
        "What broke",
        "What stands published",
        "For whom",
        "Cause, and how sure",
        "How it ended",
    ]
    assert len(lines) <= 30, "it fits a screen"
    text = "\n".join(lines)
    slice_1 = "table public.t, slice 20130101T050000Z (2013-01-01 05:00 UTC)"
    assert f"{slice_1}: This run published nothing; 842 row(s) of an earlier run stand there as they were." in text
    assert "By whoever looks after it: airflow harness incidents ack I1    (on-call was paged (high))" in text
    assert "Timeline (UTC)" not in text and "Timeline (UTC)" in told(w, incident_id)
    assert lines[-1].endswith(f"airflow harness incidents show {incident_id} --all")


def waits_for_a_person() -> tuple[World, str]:
    return blocked("It blocked.")


def waits_for_a_healer() -> tuple[World, str]:
    w = world()
    return w, opened(w)


def taken() -> tuple[World, str]:
    w, incident_id = waits_for_a_healer()
    assert hand_over.take(desk(w), incident_id).done
    return w, incident_id


def resolved() -> tuple[World, str]:
    w, incident_id = waits_for_a_person()
    assert hand_over.resolve(desk(w), incident_id, "mended", unproved=False).done
    return w, incident_id


@pytest.mark.parametrize("make", [waits_for_a_person, waits_for_a_healer, taken, resolved])
def test_every_command_that_a_person_is_told_can_be_done_where_the_incident_stands(
    make: Callable[[], tuple[World, str]],
) -> None:
    w, incident_id = make()
    text = "\n".join([*screen(w, incident_id), *commands(w.incident(incident_id)).values()])
    words = set(re.findall(r"\bincidents (\w+)", text)) - {"show"}
    assert words or make is resolved
    do: dict[str, Callable[[IncidentCommands], CommandResult]] = {
        "take": lambda at: hand_over.take(at, incident_id),
        "return": lambda at: hand_over.return_incident(at, incident_id),
        "ack": lambda at: hand_over.acknowledge(at, incident_id),
        "resolve": lambda at: hand_over.resolve(at, incident_id, "mended", unproved=False),
    }
    for word in words:
        w, incident_id = make()
        assert do[word](desk(w)).done, word


def test_what_waits_for_a_person_is_acknowledged_and_not_taken() -> None:
    w, incident_id = waits_for_a_person()
    refused = hand_over.take(desk(w), incident_id)
    assert not refused.done
    assert refused.text.endswith(f"Say that you look after it: airflow harness incidents ack {incident_id}")
    assert hand_over.acknowledge(desk(w), incident_id).done
    assert f"incidents ack {incident_id}    (oncall has seen it)" in "\n".join(screen(w, incident_id))


def test_where_nobody_counted_what_stands_that_is_not_made_up() -> None:
    w, incident_id = blocked("It blocked.")
    assert "This run published nothing of it; what an earlier run published stands as it was" in "\n".join(
        screen(w, incident_id)
    )


def test_a_storm_fits_the_first_screen_too() -> None:
    w = world()
    keys = [replace(KEY, dag_id=f"d{n}") for n in range(40)]
    w.airflow.states = [task(dag_id=key.dag_id) for key in keys]
    for key in keys:
        w.reported(failure(key=key, chain=(ErrorLink(type="httpx.ConnectError", message="GET http://db:80/x failed"),)))
    intake.group_failures(w.healer)
    lines = screen(w, "I1")
    assert len(lines) <= 30 and any("line(s) more" in line for line in lines)
    assert "Answer" not in lines[0] and lines[2] == "What to do next"


def test_the_first_screen_of_a_question_says_who_answers_until_when() -> None:
    w = world(policy=policy_of(VerdictKind.ASK))
    incident_id = asked(w)
    text = "\n".join(screen(w, incident_id))
    assert (
        "answer until" in text and f"airflow harness approve {incident_id}" in text and "Refuse, or no answer" in text
    )


def test_the_digest_of_a_night_begins_with_what_waits_for_a_person() -> None:
    w, first = blocked("It blocked.")
    w.airflow.states.append(task(dag_id="other"))
    other = failure(key=replace(KEY, dag_id="other"), chain=(ErrorLink(type="OSError", message="disk"),))
    w.reported(other)
    intake.group_failures(w.healer)
    well = next(item.id for item in w.store.incidents() if item.id != first)
    w.event(well, EventKind.CLAIMED, run="r")
    w.event(well, EventKind.CLOSED, outcome="healed", why="a gate passed")
    told_of = [Told(name=i, incident=w.incident(i), failures=w.store.failures(i)) for i in (well, first)]
    lines = digest(told_of, START)
    assert lines == [
        "Since 2026-11-21 12:00 UTC: 2 incident(s), 2 failure(s); on-call was paged about 1.",
        "",
        "Waits for a person: 1",
        f"  {first}  high      flights/load#1: data_quality_violation, waits for a person (escalated); "
        "table public.t, slice 20130101T050000Z (2013-01-01 05:00 UTC)",
        "",
        "Over: 1 healed",
        f"  {well}  -         other/load#1: not diagnosed, healed",
    ]
    assert digest([], START) == [
        "Since 2026-11-21 12:00 UTC: 0 incident(s), 0 failure(s); on-call was paged about none."
    ]
    assert set(HEADINGS) == set(Status)


def test_the_digest_of_a_storm_is_bounded() -> None:
    w, first = blocked("It blocked.")
    many = [Told(name=first, incident=w.incident(first), failures=())] * 50
    lines = digest(many, START)
    assert len(lines) == 3 + 20 + 1 and lines[-1] == "  and 30 more"
