"""What on-call is told: the plan over everything that waits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from airflow_provider_harness.core.incidents.outbox import (
    BACKOFF,
    Message,
    MessageKind,
    MessageStatus,
    next_attempt_at,
    plan,
)

NOW = datetime(2026, 11, 21, tzinfo=UTC)
T, A, R, C = MessageKind.TRIGGER, MessageKind.ACKNOWLEDGE, MessageKind.RESOLVE, MessageKind.CHANGE


def said(number: int, kind: MessageKind, **more: Any) -> Message:
    given = {"id": f"{number}", "channel": "p", "dedup_key": "k", "kind": kind, "body": {}, "due_at": NOW}
    return Message(**given | more)


@pytest.mark.parametrize(
    ("kinds", "told", "send", "drop"),
    [
        ([T], False, "0", ""),
        ([T, T], False, "1", "0"),
        ([T, R], False, "", "01"),
        ([T, R], True, "1", "0"),
        ([R], True, "0", ""),
        ([R], False, "", "0"),
        ([R, R], True, "1", "0"),
        ([T, R, T], True, "1", "0"),
        ([T, R, T], False, "2", "01"),
        ([A], True, "0", ""),
        ([A], False, "", "0"),
        ([T, A], False, "0", ""),
        ([T, A, R], False, "", "012"),
        ([C, T, C], False, "012", ""),
        ([C, R], False, "0", "1"),
    ],
)
def test_what_is_overtaken_is_not_told(kinds: list[MessageKind], told: bool, send: str, drop: str) -> None:
    found = plan([said(n, kind) for n, kind in enumerate(kinds)], [("p", "k")] if told else [], NOW)
    assert "".join(item.id for item in found.send) == send
    assert "".join(sorted(found.drop)) == drop


def test_keys_and_channels_are_apart() -> None:
    found = plan([said(0, T), said(1, R, channel="q"), said(2, T, dedup_key="other")], [("q", "k")], NOW)
    assert [item.id for item in found.send] == ["0", "1", "2"]


def test_what_is_not_due_holds_back_what_follows_it() -> None:
    later = NOW + timedelta(seconds=1)
    begun = said(0, T, state=MessageStatus.SENDING, due_at=later)
    assert plan([begun, said(1, R)], [], NOW).send == ()
    assert [item.id for item in plan([begun, said(1, R)], [], later).send] == ["0"]
    assert plan([said(0, T, due_at=later)], [], NOW).send == ()


def test_a_change_is_told_at_most_once() -> None:
    begun = said(0, C, state=MessageStatus.SENDING, due_at=NOW)
    assert plan([begun], [], NOW).drop == ("0",)
    assert plan([begun], [], NOW - timedelta(seconds=1)).drop == ()
    assert plan([said(0, C, due_at=NOW + timedelta(seconds=1))], [], NOW).send == ()


def test_waits_grow_and_end_growing() -> None:
    waits = [(next_attempt_at(said(0, T, tries=n), NOW) - NOW).total_seconds() for n in range(6)]
    assert waits == [*BACKOFF, BACKOFF[-1], BACKOFF[-1]]
