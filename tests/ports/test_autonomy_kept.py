"""What is earned, as the store counts it: of which days, and what takes it back before the next act."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from airflow_provider_harness.adapters.store.incidents import SqlIncidentStore
from airflow_provider_harness.adapters.store.pages.autonomy import StoreAutonomy
from airflow_provider_harness.adapters.store.ulid import ulid
from airflow_provider_harness.core.diagnosis.diagnosis import Category
from airflow_provider_harness.core.incidents.events import EventKind
from airflow_provider_harness.core.policy.autonomy import Bar
from tests.events import event_of
from tests.ports.test_store import NOW, engine, failure, store

__all__ = ["engine", "store"]

BAR = Bar(heals=2, lower=0.1, days=30, valid=300)
RETRY = ("timeout", "retry_task")


def autonomy(store: SqlIncidentStore, now: datetime = NOW) -> StoreAutonomy:
    return StoreAutonomy(store, BAR, lambda: now)


def opened(store: SqlIncidentStore, run: str, at: datetime) -> str:
    assert store.record(failure(run), ulid(at))
    return store.intake(at, store.waiting())[-1].incident_id


def acted(store: SqlIncidentStore, name: str, outcome: str, at: datetime, category: str = "timeout") -> None:
    """A whole healer run, which acted and settled then."""
    arguments = {"dag": "flights", "run": "r", "task": "load", "try_number": "1"}
    steps: list[tuple[EventKind, dict[str, Any]]] = [
        (EventKind.CLAIMED, {"run": "heal"}),
        (EventKind.DIAGNOSED, {"category": category}),
        (EventKind.PROPOSED, {"action": "retry_task", "arguments": arguments, "why": "w", "facts": {}, "slices": []}),
        (EventKind.JUDGED, {"verdict": "approve"}),
        (EventKind.ACT_STARTED, {"act": f"retry_task({at})"}),
        (EventKind.ACT_ENDED, {"act": f"retry_task({at})", "at": at.isoformat(), "result": "cleared 1"}),
        (EventKind.SETTLED, {"outcome": outcome, "text": "t", "gates": []}),
        (EventKind.CLOSED, {"outcome": outcome, "why": "w"}),
    ]
    store.append(*(event_of(incident_id=name, kind=kind, at=at, body=body) for kind, body in steps))


def record(store: SqlIncidentStore, now: datetime) -> tuple[int, str]:
    [row] = [one for one in autonomy(store, now).view(may_accept=True).rows if one.category == "timeout"]
    return row.healed, row.state.value


def test_an_act_that_does_not_help_takes_the_word_back_however_old_its_incident_is(store: SqlIncidentStore) -> None:
    for run in ("a", "b"):
        acted(store, opened(store, run, NOW), "healed", NOW)
    old = opened(store, "old", NOW - timedelta(days=20))
    autonomy(store).accept(*RETRY, "ada", 30)
    assert "ada" in autonomy(store).earned(*RETRY)
    later = NOW + timedelta(days=1)
    acted(store, old, "not_healed", later)
    assert autonomy(store, later).earned(*RETRY) == ""
    assert record(store, later) == (2, "withdrawn")


def test_the_record_is_of_the_days_of_the_bar_whatever_was_accepted_before(store: SqlIncidentStore) -> None:
    for run, category in (("a", "timeout"), ("b", "timeout"), ("c", "lock_contention"), ("d", "lock_contention")):
        acted(store, opened(store, run, NOW), "healed", NOW, category)
    assert record(store, NOW) == (2, "proposed")
    autonomy(store).accept("lock_contention", "retry_task", "ada", 300)
    later = NOW + timedelta(days=BAR.days + 1)
    acted(store, opened(store, "e", later), "healed", later)
    assert record(store, later) == (1, "none")


def test_the_name_of_every_acceptance_fits_the_store(store: SqlIncidentStore) -> None:
    category, action = max(Category, key=len).value, "retry_task"
    for run in ("a", "b"):
        acted(store, opened(store, run, NOW), "healed", NOW, category)
    autonomy(store).accept(category, action, "a" * 80, 30)
    autonomy(store).withdraw(category, action, "b" * 80)
    assert autonomy(store).earned(category, action) == ""
