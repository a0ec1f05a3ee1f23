"""The rules of the Events API v2, without a server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_harness.testing.events_api import Inbox, problems


def event(action: str = "trigger", key: str | None = "k", **changes: Any) -> dict[str, Any]:
    payload = {"summary": "s", "source": "here", "severity": "error"}
    return {"routing_key": "r", "event_action": action, "dedup_key": key, "payload": payload, **changes}


@pytest.fixture
def inbox(tmp_path: Path) -> Inbox:
    return Inbox(tmp_path / "pages.jsonl")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (event(routing_key=""), "routing_key"),
        (event(routing_key=None), "routing_key"),
        (event("open"), "event_action"),
        (event(key="k" * 256), "dedup_key"),
        (event("resolve", key=None), "dedup_key"),
        (event(payload=None), "payload"),
        (event(payload={"summary": "s", "source": "here", "severity": "high"}), "payload.severity"),
        (event(payload={"summary": "s" * 1025, "source": "here", "severity": "info"}), "payload.summary"),
        (event(payload={"summary": "s", "severity": "info"}), "payload.source"),
        (["not an object"], "object"),
    ],
)
def test_each_fault_is_named(wrong: Any, field: str) -> None:
    assert [text for text in problems(wrong) if field in text]


@pytest.mark.parametrize("good", [event(), event(key=None), event(key="k" * 255), event("resolve", payload=None)])
def test_what_is_right_is_accepted(good: dict[str, Any]) -> None:
    assert problems(good) == []


@pytest.mark.parametrize(
    ("actions", "state", "opened"),
    [
        (["trigger"], "triggered", 1),
        (["trigger", "trigger"], "triggered", 1),
        (["trigger", "acknowledge"], "acknowledged", 1),
        (["trigger", "acknowledge", "trigger"], "acknowledged", 1),
        (["trigger", "resolve"], "resolved", 1),
        (["trigger", "resolve", "acknowledge"], "resolved", 1),
        (["trigger", "resolve", "trigger"], "triggered", 2),
    ],
)
def test_the_life_of_an_alert(inbox: Inbox, actions: list[str], state: str, opened: int) -> None:
    assert [inbox.alert(event(action))[0] for action in actions] == [202] * len(actions)
    (page,) = inbox.shown()["pages"]
    assert (page["state"], page["opened"], len(page["events"])) == (state, opened, len(actions))


def test_an_unknown_key_is_accepted_and_opens_nothing(inbox: Inbox) -> None:
    assert inbox.alert(event("resolve"))[0] == 202
    assert inbox.shown()["pages"] == []


def test_only_accepted_events_are_written(inbox: Inbox) -> None:
    inbox.alert(event())
    inbox.alert(event("open"))
    assert [json.loads(line)["event"]["event_action"] for line in inbox.file.read_text().splitlines()] == ["trigger"]
    assert inbox.shown()["rejected"] == 1


def test_it_says_that_it_is_a_stand_in(inbox: Inbox) -> None:
    assert inbox.shown()["stand_in"] is True


def test_refusals_are_counted(inbox: Inbox) -> None:
    inbox.control({"status": 429, "times": 2, "retry_after": 3})
    assert [inbox.refusal() for _ in range(3)] == [(429, 3), (429, 3), None]
