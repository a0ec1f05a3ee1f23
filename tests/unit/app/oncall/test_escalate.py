"""How an incident ends: who is paged, what the page says, and when another remedy is tried."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from airflow_provider_harness.app.oncall import escalate
from airflow_provider_harness.app.oncall import page as compose
from airflow_provider_harness.app.ports.healing import PageSeverity
from airflow_provider_harness.app.reports.timeline import timeline
from airflow_provider_harness.core.incidents.events import EventKind, Outcome
from airflow_provider_harness.core.incidents.incident import State, episode_of
from tests.events import event_of
from tests.unit.app.fakes import KEY, START, Crash, World, opened, world


def verifying(w: World, outcome: Outcome | None, acts: int = 1) -> str:
    """An incident after so many acts, with this outcome of the last."""
    incident_id = opened(w)
    for number in range(acts):
        w.event(incident_id, EventKind.CLAIMED, run=f"heal__{number}")
        w.event(
            incident_id, EventKind.DIAGNOSED, category="timeout", cause="c", certainty="sure", basis="fact", why="y"
        )
        w.event(incident_id, EventKind.PROPOSED, action="retry_task", arguments={}, why="")
        w.event(incident_id, EventKind.JUDGED, verdict="approve", rule="r", policy_version=1, reason="why", acting=True)
        w.event(incident_id, EventKind.ACT_STARTED, act=f"act-{number}")
        w.event(incident_id, EventKind.ACT_ENDED, act=f"act-{number}", result="cleared")
        if number + 1 < acts:
            w.event(incident_id, EventKind.REOPENED, why="not yet")
    if outcome is not None:
        w.event(incident_id, EventKind.SETTLED, outcome=outcome.value, text="found", gates=[])
    return incident_id


QUIET = {Outcome.HEALED, Outcome.RECOVERED, Outcome.SUPERSEDED, Outcome.NOTED}
RESOLVES = {Outcome.HEALED, Outcome.RECOVERED, Outcome.SUPERSEDED}


@pytest.mark.parametrize("paged", [False, True])
@pytest.mark.parametrize("outcome", Outcome)
def test_how_each_outcome_ends(outcome: Outcome, paged: bool) -> None:
    w = world()
    incident_id = verifying(w, outcome, acts=2)
    if paged:
        w.event(incident_id, EventKind.PAGED, action="trigger", dedup_key="k", severity="medium", summary="")
    assert escalate.settle(w.healer, w.incident(incident_id)) is outcome
    incident = w.incident(incident_id)
    assert (incident.state, incident.outcome) == (State.CLOSED, outcome)
    told = outcome not in QUIET and not (outcome is Outcome.REFUSED and paged)
    assert len(w.pager.pages) == told
    assert w.pager.resolved == (["k"] if paged and outcome in RESOLVES else [])
    assert not w.airflow.writes


def test_one_further_remedy_is_tried_by_another_run() -> None:
    w = world()
    incident_id = verifying(w, Outcome.NOT_HEALED)
    w.airflow.healing = {f"heal__{episode_of(KEY)}__{number}" for number in (1, 2)}
    assert escalate.settle(w.healer, w.incident(incident_id)) is None
    assert w.incident(incident_id).state is State.OPEN
    assert w.airflow.writes == [("start", incident_id)]
    assert f"heal__{episode_of(KEY)}__3" in w.airflow.healing
    assert not w.pager.pages


def test_a_death_before_the_further_run_is_started_is_survived() -> None:
    w = world()
    incident_id = verifying(w, Outcome.NOT_HEALED)
    w.airflow.dies = True
    with pytest.raises(Crash):
        escalate.settle(w.healer, w.incident(incident_id))
    w.airflow.dies = False
    assert escalate.settle(w.healer, w.incident(incident_id)) is None
    assert w.incident(incident_id).outcome is None
    assert not w.pager.pages


@pytest.mark.parametrize("state", ["before an act", "after two acts"])
def test_no_further_remedy(state: str) -> None:
    w = world()
    if state == "after two acts":
        incident_id = verifying(w, Outcome.NOT_HEALED, acts=escalate.MOST_ACTS)
    else:
        incident_id = opened(w)
        w.event(incident_id, EventKind.CLAIMED, run="r")
        w.event(incident_id, EventKind.SETTLED, outcome="not_healed", text="t", gates=[])
    assert escalate.settle(w.healer, w.incident(incident_id)) is Outcome.NOT_HEALED
    assert len(w.pager.pages) == 1


def test_a_healer_that_came_to_no_end_is_unknown_and_paged() -> None:
    w = world()
    assert escalate.settle(w.healer, w.incident(verifying(w, None))) is Outcome.UNKNOWN
    assert len(w.pager.pages) == 1


def test_a_death_after_the_page_ends_the_incident_once() -> None:
    w = world()
    incident_id = verifying(w, Outcome.ESCALATED)
    w.pager.dies = True
    with pytest.raises(Crash):
        escalate.settle(w.healer, w.incident(incident_id))
    w.pager.dies = False
    escalate.settle(w.healer, w.incident(incident_id))
    assert w.kinds(incident_id).count(EventKind.CLOSED) == 1
    assert len({page.dedup_key for page in w.pager.pages}) == 1
    before = len(w.store.log)
    escalate.close(w.healer, w.incident(incident_id), Outcome.HEALED, "again")
    assert len(w.store.log) == before


def page(w: World, incident_id: str) -> Any:
    return compose.build_page(w.healer, w.incident(incident_id), asks="do this", severity=PageSeverity.HIGH)


def test_a_page_says_what_is_needed() -> None:
    w = world()
    incident_id = verifying(w, Outcome.NOT_HEALED)
    observations = [{"source": "report", "text": "expected 5, found 9", "trusted": False}]
    w.event(incident_id, EventKind.EVIDENCE, facts={}, observations=observations, unavailable=["exception"])
    message = page(w, incident_id)
    assert message.summary == "flights.load: timeout - c"
    wanted = {
        "what is broken": "flights/run1/load#1",
        "evidence": "expected 5, found 9",
        "not known": "exception",
        "done": "act-0; cleared; found",
        "verdict": "retry_task(): approve (rule r, policy 1) - why",
        "how sure": "sure, by what was read itself, not by words: y",
        "you are asked to": "do this",
        "incident": incident_id,
        "audit head": w.store.head(),
    }
    assert wanted.items() <= message.details.items()
    assert message.links == {
        "The incident": f"http://airflow/plugin/harness/incidents/{message.details['incident']}",
        "The run in Airflow": "http://airflow/flights/run1",
        "The log of load": "http://airflow/flights/run1/tasks/load?try_number=1",
    }


def test_a_page_before_anything_is_known() -> None:
    w = world()
    message = page(w, opened(w))
    assert message.summary == "flights.load: unknown - not diagnosed"
    assert message.details["done"] == "nothing was done"
    assert "how sure" not in message.details


def test_a_page_of_a_further_run_remembers_the_first() -> None:
    w = world()
    incident_id = verifying(w, None)
    w.event(incident_id, EventKind.REOPENED, why="the run failed again")
    w.event(incident_id, EventKind.CLAIMED, run="heal__2")
    assert page(w, incident_id).details["done"] == "act-0; the run failed again"


def test_a_page_fits() -> None:
    w = world()
    incident_id = opened(w)
    w.event(incident_id, EventKind.CLAIMED, run="r")
    w.event(
        incident_id, EventKind.DIAGNOSED, category="timeout", cause="x" * 9000, certainty="sure", basis="fact", why="y"
    )
    message = page(w, incident_id)
    assert len(message.summary) == compose.SUMMARY_LENGTH
    assert max(map(len, message.details.values())) == compose.DETAIL_LENGTH


def test_the_question_is_linked() -> None:
    w = world()
    incident_id = opened(w)
    w.event(incident_id, EventKind.CLAIMED, run="r")
    w.event(incident_id, EventKind.DIAGNOSED, category="timeout", cause="c", certainty="sure", basis="fact", why="y")
    w.event(incident_id, EventKind.PROPOSED, action="pause_dag", arguments={"dag": "flights"}, why="")
    w.event(incident_id, EventKind.JUDGED, verdict="ask", rule="", policy_version=1, reason="why")
    w.event(incident_id, EventKind.ASKED, approval="a", assigned=["oncall"], expires="soon", url="http://answer")
    message = page(w, incident_id)
    assert message.links["Answer here"] == "http://answer"
    assert message.details["who may answer"] == "oncall, until soon"
    assert "no rule" in message.details["verdict"]


def test_a_page_says_nothing_twice_and_nothing_of_its_own_permission() -> None:
    w = world()
    incident_id = opened(w)
    seen = [
        "ConnectionRefusedError (errno 111): [Errno 111] GET http://db/x: Connection refused",
        "try 1 of 2, task is failed now",
    ]
    cited = [
        {
            "source": "exception",
            "line": 0,
            "text": "ConnectionRefusedError: [Errno 111] GET http://db/x: Connection refused",
        },
        {"source": "log", "line": 7, "text": "rows: 1"},
    ]
    w.event(incident_id, EventKind.CLAIMED, run="r")
    observations = [{"source": "run", "text": text, "trusted": True} for text in seen]
    w.event(incident_id, EventKind.EVIDENCE, facts={}, observations=observations, unavailable=[])
    said = {"category": "timeout", "cause": "c", "certainty": "sure", "basis": "fact", "why": "y"}
    w.event(incident_id, EventKind.DIAGNOSED, **said, citations=cited)
    w.event(incident_id, EventKind.PROPOSED, action="escalate_to_human", arguments={}, why="")
    w.event(incident_id, EventKind.JUDGED, verdict="approve", rule="page", policy_version=1, reason="Always.")
    message = page(w, incident_id)
    assert message.details["evidence"].splitlines() == [*seen, "log line 7: rows: 1"]
    assert "verdict" not in message.details


def test_the_healers_own_failure_is_critical() -> None:
    own = compose.own_failure("harness_healer", "heal__1", "act", "", "boom" * 5000)
    assert own.severity is PageSeverity.CRITICAL
    assert own.details["incident"] == "none"
    assert len(own.details["error"]) == compose.DETAIL_LENGTH


BODIES: dict[EventKind, dict[str, Any]] = {
    EventKind.OPENED: {"episode": "e", "failure": "d/r/t#1"},
    EventKind.JOINED: {"failure": "d/r/t#2"},
    EventKind.CLAIMED: {"run": "heal__e__1"},
    EventKind.EVIDENCE: {"observations": [{"text": "one\ntwo"}]},
    EventKind.DIAGNOSED: {"category": "timeout", "certainty": "sure", "basis": "fact", "cause": "c"},
    EventKind.PROPOSED: {"action": "retry_task", "arguments": {"dag": "d"}},
    EventKind.JUDGED: {"verdict": "approve", "rule": "", "policy_version": 1, "reason": "why", "acting": False},
    EventKind.ASKED: {"assigned": ["a"], "expires": "soon"},
    EventKind.ANSWERED: {"answer": "Approve", "by": ""},
    EventKind.ACT_STARTED: {"act": "a"},
    EventKind.ACT_ENDED: {"act": "a", "result": "cleared", "cleared": 2},
    EventKind.FOLLOWED: {"act": "a", "verdict": "approve", "reason": "why"},
    EventKind.RUN_SETTLED: {"run": "d/r", "outcome": "healed", "text": "t"},
    EventKind.SETTLED: {"outcome": "healed", "text": "t"},
    EventKind.PAGED: {"action": "resolve", "dedup_key": "k"},
    EventKind.MODEL_ASKED: {"call": "c", "reserved_usd": 0.1},
    EventKind.MODEL_ANSWERED: {"call": "c", "model": "m", "ended": "tool_use", "cost_usd": 0.01, "reasoning": ["r"]},
    EventKind.MODEL_PROPOSED: {
        "action": "retry_task",
        "category": "timeout",
        "named": {"dag_id": "d"},
        "verdict": "ask",
        "reason": "why",
    },
    EventKind.MODEL_ENDED: {"ended": "answered", "turns": 2, "cost_usd": 0.01, "counts": {"repeat": 1}},
    EventKind.NOTED: {"text": "n"},
    EventKind.TAKEN: {"by": "p"},
    EventKind.RETURNED: {"by": "p"},
    EventKind.ACKED: {"by": "p"},
    EventKind.FORGOTTEN: {"by": "p", "why": "w"},
    EventKind.RESOLVED: {"by": "p", "why": "w"},
    EventKind.REOPENED: {"why": "w"},
    EventKind.CLOSED: {"outcome": "healed", "why": "w"},
}


def test_a_further_day_begins_with_its_date_and_long_texts_are_counted() -> None:
    body = BODIES[EventKind.EVIDENCE]
    told = timeline(
        (
            event_of(incident_id="I", kind=EventKind.EVIDENCE, at=START + timedelta(hours=hours), body=body)
            for hours in (0, 1, 13)
        ),
        brief=True,
    )
    assert [line.partition("  ")[0] for line in told] == ["12:00:00", "13:00:00", "2026-11-22", "01:00:00"]
    assert told[0].endswith("2 observations")


def test_every_event_has_its_line() -> None:
    assert set(BODIES) == set(EventKind)
    for kind, body in BODIES.items():
        lines = timeline([event_of(incident_id="I", kind=kind, at=START, body=body)])
        assert lines[0].startswith("12:00:00  ")
        assert len(lines) == (2 if kind is EventKind.EVIDENCE else 1)
    text = "\n".join(
        timeline(event_of(incident_id="I", kind=kind, at=START, body=body) for kind, body in BODIES.items())
    )
    for part in ("[shadow: not carried out]", "by no rule", "cleared (cleared 2)", "by nobody", "resolved k"):
        assert part in text
