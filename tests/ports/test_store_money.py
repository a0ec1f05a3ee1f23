"""What models may cost, on SQLite and on a real PostgreSQL: reserved in one step, settled, and never passed."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from airflow_provider_harness.adapters.store.budget import SqlModelBudget
from airflow_provider_harness.adapters.store.incidents import open_engine
from airflow_provider_harness.adapters.store.ulid import ulid
from airflow_provider_harness.app.ports.diagnosis import ModelCall
from airflow_provider_harness.app.reports.timeline import timeline
from airflow_provider_harness.core.diagnosis.failure import Failure, FailureKind, Origin, TryKey
from airflow_provider_harness.core.errors import NotAllowed
from airflow_provider_harness.core.incidents.events import EventKind
from tests.events import event_of

NOW = datetime(2026, 11, 21, 23, 59, tzinfo=UTC)
KEY = b"k" * 32


@pytest.fixture
def engine(store_url: str) -> Iterator[Engine]:
    made = open_engine(store_url)
    yield made
    made.dispose()


class Clock:
    at = NOW

    def __call__(self) -> datetime:
        return self.at


def purse(engine: Engine, clock: Clock, *, per_incident: float = 1.0, per_day: float = 2.0) -> SqlModelBudget:
    return SqlModelBudget(engine, KEY, per_incident=per_incident, per_day=per_day, now=clock)


def diagnosed(store: SqlModelBudget, run: str) -> tuple[str, str]:
    """A failure whose incident is being diagnosed: the failure's identity and the incident."""
    key = TryKey(dag_id="flights", run_id=run, task_id="load", try_number=1)
    failure = Failure(key=key, kind=FailureKind.TASK_FAILED, origin=Origin.CALLBACK, occurred_at=NOW)
    store.record(failure, ulid(NOW))
    incident = store.intake(NOW, store.waiting())[-1].incident_id
    store.append(event_of(incident_id=incident, kind=EventKind.CLAIMED, at=NOW, body={"run": "heal"}))
    return failure.identity, incident


def call(usd: float) -> ModelCall:
    return ModelCall(model="m", prompt="p", ended="tool_use", cost_usd=usd, output_tokens=7, reasoning=("because",))


def test_what_is_reserved_counts_until_it_is_settled(engine: Engine) -> None:
    store = purse(engine, Clock())
    failure, incident = diagnosed(store, "run1")
    first = store.reserve(failure, 0.8)
    with pytest.raises(NotAllowed, match="on this incident"):
        store.reserve(failure, 0.3)
    store.settle(failure, first, call(0.1))
    store.settle(failure, store.reserve(failure, 0.9), call(0.9))
    with pytest.raises(NotAllowed, match="on this incident"):
        store.reserve(failure, 0.01)
    said = [event.body for event in store.events(incident) if event.kind is EventKind.MODEL_ANSWERED]
    assert [(b.cost_usd, b.output_tokens, b.reasoning) for b in said] == [
        (0.1, 7, ["because"]),
        (0.9, 7, ["because"]),
    ]
    asked = [event.body.left_usd for event in store.events(incident) if event.kind is EventKind.MODEL_ASKED]
    assert asked == [
        {"incident": pytest.approx(0.2), "day": pytest.approx(1.2)},
        {"incident": pytest.approx(0.0), "day": 1.0},
    ]
    assert any("m tool_use, 0.1000 USD: because" in line for line in timeline(store.events(incident)))
    assert store.audit_break() is None


def test_the_day_bounds_all_incidents_and_ends_at_midnight_utc(engine: Engine) -> None:
    clock = Clock()
    store = purse(engine, clock)
    for run in ("run1", "run2"):
        failure, _ = diagnosed(store, run)
        store.reserve(failure, 1.0)
    failure, _ = diagnosed(store, "run3")
    with pytest.raises(NotAllowed, match="today"):
        store.reserve(failure, 0.5)
    clock.at += timedelta(minutes=2)
    store.reserve(failure, 0.5)


def test_twenty_at_once_never_pass_the_limit(engine: Engine) -> None:
    store = purse(engine, Clock(), per_incident=99.0, per_day=2.0)
    failures = [diagnosed(store, f"run{n}")[0] for n in range(4)]

    def reserve(n: int) -> bool:
        try:
            store.reserve(failures[n % 4], 0.25)
        except NotAllowed:
            return False
        return True

    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(reserve, range(20))) == 8


def test_nobody_pays_for_what_is_no_incident_or_in_hand(engine: Engine) -> None:
    store = purse(engine, Clock())
    with pytest.raises(NotAllowed, match="its cost is counted there"):
        store.reserve("nothing", 0.1)
    failure, incident = diagnosed(store, "run1")
    reserved = store.reserve(failure, 0.1)
    store.append(event_of(incident_id=incident, kind=EventKind.TAKEN, at=NOW, body={"by": "ada"}))
    with pytest.raises(NotAllowed, match="not being diagnosed"):
        store.reserve(failure, 0.1)
    store.settle(failure, reserved, call(0.1))  # what was under way still says what it came to


def test_the_incident_of_a_failure(engine: Engine) -> None:
    store = purse(engine, Clock())
    identity, incident = diagnosed(store, "run1")
    assert (store.incident_of(identity), store.incident_of("flights/run2/load#1")) == (incident, None)
