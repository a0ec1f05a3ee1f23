"""The trigger wakes its task when there is something to decide, and says nothing of its own."""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from airflow_provider_harness.app.rows.probe import ProbeResult
from airflow_provider_harness.core.errors import HarnessError
from airflow_provider_harness.triggers import LookTrigger
from airflow_provider_harness.wiring import probes as wiring_looks

NOT_YET = ProbeResult(sentence="not yet", error=HarnessError("not yet"))


def trigger(seconds: float = 30, every: float = 0.01) -> LookTrigger:
    until = datetime.now(UTC) + timedelta(seconds=seconds)
    return LookTrigger(look="fake", given={"table": "t"}, every=every, until=until.isoformat())


async def events(of: LookTrigger) -> list[Any]:
    return [event.payload async for event in of.run()]


def answers(monkeypatch: pytest.MonkeyPatch, *found: Any) -> list[dict[str, Any]]:
    """A look that gives these answers one after the other; the last one for ever."""
    taken: list[dict[str, Any]] = []

    def fake(*, running: list[Any], **given: Any) -> ProbeResult:
        taken.append(given)
        answer = found[min(len(taken), len(found)) - 1]
        if isinstance(answer, Exception):
            raise answer
        assert isinstance(answer, ProbeResult)
        return answer

    monkeypatch.setattr(wiring_looks, "LOOKS", {"fake": fake})
    return taken


def test_it_wakes_the_task_when_the_look_is_good(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = answers(monkeypatch, NOT_YET, NOT_YET, ProbeResult(sentence="there"))
    assert asyncio.run(events(trigger())) == ["look"]
    assert taken == [{"table": "t"}] * 3


def test_it_wakes_the_task_when_its_time_has_come(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = answers(monkeypatch, NOT_YET)
    assert asyncio.run(events(trigger(seconds=0.1))) == ["look"]
    assert taken
    assert asyncio.run(events(trigger(seconds=-1))) == ["look"]


def test_a_look_that_cannot_be_taken_is_the_tasks_business(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    taken = answers(monkeypatch, NOT_YET, OSError("no such file"))
    assert asyncio.run(events(trigger())) == ["look"]
    assert len(taken) == 2
    assert "the task will look itself: no such file" in caplog.text


def test_it_waits_before_it_looks_since_the_task_just_looked(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = answers(monkeypatch, OSError("away"))

    async def first_moments() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(events(trigger(every=20)), 0.1)

    asyncio.run(first_moments())
    assert taken == []


def test_a_trigger_that_ends_cancels_what_runs_on_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    cancelled = threading.Event()

    def endless(*, running: list[Any]) -> ProbeResult:
        running.append(cancelled.set)
        assert cancelled.wait(20), "nobody cancelled the query"
        return NOT_YET

    monkeypatch.setattr(wiring_looks, "LOOKS", {"endless": endless})
    until = (datetime.now(UTC) + timedelta(seconds=30)).isoformat()

    async def ended() -> None:
        task = asyncio.create_task(events(LookTrigger(look="endless", given={}, every=0.01, until=until)))
        await asyncio.sleep(0.2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(ended())
    assert cancelled.is_set()


def test_airflow_can_keep_it_and_make_it_again() -> None:
    path, given = trigger().serialize()
    module, _, name = path.rpartition(".")
    assert (module, name) == ("airflow_provider_harness.triggers.look", "LookTrigger")
    assert LookTrigger(**given).serialize() == (path, given)
