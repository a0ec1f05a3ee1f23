"""A thousand failures of one cause, from their capture to the page, with the real store."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Engine, event

from airflow_provider_harness.adapters.store.incidents import SqlIncidentStore, open_engine
from airflow_provider_harness.adapters.store.ulid import ulid
from airflow_provider_harness.app.healing import act, intake
from airflow_provider_harness.app.healing import diagnose as heal
from airflow_provider_harness.app.healing.capture import capture
from airflow_provider_harness.app.oncall import escalate
from airflow_provider_harness.app.ports.healing import PageSeverity
from airflow_provider_harness.core.contracts.contract import Contract, Criticality
from airflow_provider_harness.core.diagnosis.evidence import Evidence
from airflow_provider_harness.core.diagnosis.failure import ErrorLink, Failure, TryKey
from airflow_provider_harness.core.incidents.events import Outcome
from airflow_provider_harness.core.policy.policy import VerdictKind
from tests.bench import storm as bench
from tests.unit.app.fakes import START, MemorySpool, Scripted, World, diagnosis, failure, policy_of, task, world
from tests.yardstick import measured

DAGS, TASKS = 50, 20


@pytest.fixture
def store(store_url: str) -> Iterator[SqlIncidentStore]:
    engine = open_engine(store_url)
    yield SqlIncidentStore(engine, b"k" * 32)
    engine.dispose()


class Asked(Scripted):
    """Counts how often somebody is asked what the cause is."""

    times = 0

    def diagnose(self, failure: Failure | None, evidence: Evidence) -> Any:
        self.times += 1
        return super().diagnose(failure, evidence)


class Starter:
    """Airflow, which starts a run of one name once."""

    def __init__(self) -> None:
        self.runs: dict[str, str] = {}

    def start(self, incident_id: str, episode: str, number: int) -> bool:
        return self.runs.setdefault(f"heal__{episode}__{number}", incident_id) == incident_id


def of(dag: int, number: int, port: int, run: str = "r1") -> Failure:
    key = TryKey(dag_id=f"dag_{dag}", run_id=run, task_id=f"t{number}", try_number=1)
    text = f'connection to server at "10.0.0.5", port {port} failed: Connection refused'
    return failure(key=key, chain=(ErrorLink(type="psycopg.OperationalError", message=text),))


def hit(
    store: SqlIncidentStore, failures: list[Failure], *, captured: Callable[[], object] = int
) -> tuple[World, Starter, Asked]:
    """Everything from the captures to the ends of the healer runs that they started.

    :param captured: is called when the last failure is captured.
    """
    asked, starter = Asked(diagnosis()), Starter()
    w = world(brain=asked)
    w.policy = policy_of(VerdictKind.REFUSE)
    w.airflow.states = [
        task(dag_id=item.key.dag_id, run_id=item.key.run_id, task_id=item.key.task_id) for item in failures
    ]
    w.airflow.dags = {item.key.dag_id: replace(w.airflow.dags["flights"], dag_id=item.key.dag_id) for item in failures}
    for item in failures:
        capture(item, store, MemorySpool(), starter, lambda: ulid(START))
    captured()
    healer = replace(w.healer, store=store)
    for run, handed in starter.runs.items():
        if heal.claim(healer, handed, run):
            name = store.resolve(handed)
            heal.diagnose(healer, name)
            heal.decide(healer, name)
            act.act(healer, name, run)
            assert escalate.settle(healer, store.incident(name)) is Outcome.ESCALATED
    return w, starter, asked


@pytest.mark.parametrize("causes", [1, 2])
def test_a_storm_is_an_incident_a_page_and_a_question_for_each_cause(
    store: SqlIncidentStore, causes: int, record_property: Any
) -> None:
    storm = [of(dag, number, 5432 + dag % causes) for dag in range(DAGS) for number in range(TASKS)]
    last: list[float] = []
    w, starter, asked = hit(store, storm, captured=lambda: last.append(time.process_time()))
    times = (time.process_time() - last[0]) / measured()
    record_property("times_the_yardstick_after_the_last_capture", round(times, 1))
    assert len(store.incidents()) == len(starter.runs) == len(w.pager.pages) == asked.times == causes
    assert {len(item.failures) for item in store.incidents()} == {DAGS * TASKS // causes}
    assert times < 300


def test_a_backfill_of_a_hundred_runs_is_one_incident_that_pages_nobody(store: SqlIncidentStore) -> None:
    w, _, asked = hit(store, [of(1, 1, 5432, f"backfill__{n}") for n in range(100)])
    assert (len(store.incidents()), len(w.pager.pages), asked.times) == (1, 0, 1)


def test_late_joiners_page_again_only_when_they_make_it_worse(store: SqlIncidentStore) -> None:
    w, _, _ = hit(store, [of(dag, 1, 5432) for dag in range(3)])
    healer = replace(w.healer, store=store)
    (first,) = w.pager.pages

    def joins(dag: int) -> None:
        late = of(dag, 1, 5432)
        w.airflow.states.append(task(dag_id=late.key.dag_id, run_id=late.key.run_id, task_id=late.key.task_id))
        w.airflow.looked_after.append(late.key.dag_id)
        capture(late, store, MemorySpool(), Starter(), lambda: ulid(START))
        intake.group_failures(healer)

    joins(3)
    assert [page.severity for page in w.pager.pages] == [first.severity] == [PageSeverity.HIGH]
    w.gates.contracts["dag_4"] = Contract(
        id="c", version="1", name="n", table="public.t", columns=(), criticality=Criticality.CRITICAL
    )
    joins(4)
    joins(5)
    assert [page.severity for page in w.pager.pages] == [PageSeverity.HIGH, PageSeverity.CRITICAL]
    assert len({page.dedup_key for page in w.pager.pages}) == len(store.incidents()) == 1


@pytest.mark.attack
@pytest.mark.slow
def test_a_storm_costs_each_failure_the_same(postgres: Any, database: str) -> None:
    """``python -m tests.bench.storm`` is the same with 100,000."""
    few, many = _taken_in(postgres, f"{database}_few", 500), _taken_in(postgres, f"{database}_many", 2_000)
    assert [item["joined"] for item in (few, many)] == [[1, 500], [1, 2_000]]
    assert few["pages"] == many["pages"] == 2
    assert many["statements"] < 1.5 * few["statements"] < 0.5 * 2_000
    assert many["bytes"] < 5 * few["bytes"]


def _taken_in(postgres: Any, database: str, count: int) -> dict[str, Any]:
    """What a storm takes, with the statements that are sent to the store and the bytes that are held at most."""
    statements = 0

    def count_it(*_: object) -> None:
        nonlocal statements
        statements += 1

    postgres.ensure_database(database)
    url, at = postgres.url(database, driver="psycopg"), datetime.now(UTC)
    bench.report(url, count, 50, at)
    event.listen(Engine, "before_cursor_execute", count_it)
    tracemalloc.start()
    try:
        found = bench.storm(url, count, 50, at)
        return found | {"statements": statements, "bytes": tracemalloc.get_traced_memory()[1]}
    finally:
        tracemalloc.stop()
        event.remove(Engine, "before_cursor_execute", count_it)
        postgres.drop_database(database)
