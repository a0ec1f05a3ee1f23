"""After a failure the server itself is asked who holds the lock and how many connections are in use: bounded, and read only."""

from __future__ import annotations

import socket
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from airflow_provider_harness.adapters.bigquery.job_states import states
from airflow_provider_harness.adapters.diagnosis.by_catalog import LONG_HELD, with_catalog
from airflow_provider_harness.adapters.evidence.catalog import CatalogEvidence, Question
from airflow_provider_harness.adapters.postgres import strain
from airflow_provider_harness.core.diagnosis.diagnosis import Category, first_remedy, safe_action
from airflow_provider_harness.core.diagnosis.evidence import Evidence
from airflow_provider_harness.core.errors import HarnessUnavailable
from airflow_provider_harness.core.redaction.redactor import Redactor
from airflow_provider_harness.testing.bigquery import BigQueryServer
from airflow_provider_harness.testing.postgres import PostgresServer
from airflow_provider_harness.wiring import evidence as wiring
from tests.unit.app.fakes import FakeAirflow, diagnosis, failure, task

LOCK, FULL = Category.LOCK_CONTENTION, Category.RESOURCE_EXHAUSTED_CONNECTIONS


@pytest.fixture(scope="module")
def name(postgres: PostgresServer) -> Iterator[str]:
    name = f"asked_{uuid.uuid4().hex[:8]}"
    postgres.ensure_database(name)
    with postgres.connect(name) as connection:
        connection.execute("CREATE TABLE public.orders (id int)")
        connection.execute("CREATE TABLE public.others (id int)")
    yield name
    postgres.drop_database(name)


@contextmanager
def held(dsn: str, table: str = "public.orders") -> Iterator[int]:
    with psycopg.connect(dsn, application_name="nightly vacuum") as holder:
        holder.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE".encode())
        yield holder.info.backend_pid
        holder.rollback()


def asked(dsn: str, category: Category = LOCK, words: str = "orders") -> Any:
    question = Question(category=category, words=words)
    return strain.ask(dsn, "the warehouse", category, question.names)


def test_who_holds_the_lock_is_told_and_how_long_is_a_fact(postgres: PostgresServer, name: str) -> None:
    dsn = postgres.url(name)
    with held(dsn) as pid:
        facts, seen = asked(dsn)
    assert facts["lock_waiters"] == 0 and 0 <= facts["lock_held_seconds"] < 60
    assert [one.trusted for one in seen] == [True, False], "names that somebody gave are no facts"
    assert (
        f"pid {pid}" in seen[1].text
        and "application nightly vacuum" in seen[1].text
        and "public.orders" in seen[1].text
    )
    facts, seen = asked(dsn)
    assert facts == {"lock_waiters": 0, "lock_held_seconds": 0} and "no session holds a lock" in seen[0].text


def test_a_lock_on_another_table_counts_only_where_it_blocks(postgres: PostgresServer, name: str) -> None:
    dsn = postgres.url(name)
    with held(dsn, "public.others"):
        assert "no session holds" in asked(dsn)[1][0].text
        waiter = psycopg.connect(dsn, options="-c lock_timeout=20000")
        try:
            waiter.execute("SET application_name = 'waits'")
            waiter.commit()
            waiter.pgconn.send_query(b"SELECT count(*) FROM public.others")
            time.sleep(0.2)
            facts, seen = asked(dsn)
        finally:
            waiter.cancel_safe()
            waiter.close()
    assert facts["lock_waiters"] == 1 and "blocks others" in seen[1].text


def test_connections_are_counted_and_whose_they_are(postgres: PostgresServer, name: str) -> None:
    facts, seen = asked(postgres.url(name), FULL)
    assert 0 <= facts["connections_own"] <= facts["connections_used"] < facts["connections_most"]
    assert seen[0].trusted and "connections are in use now" in seen[0].text


def test_the_size_of_the_database_is_told(postgres: PostgresServer, name: str) -> None:
    facts, _ = asked(postgres.url(name), Category.RESOURCE_EXHAUSTED_DISK)
    assert facts["database_bytes"] > 1_000_000


def test_what_asks_cannot_write(postgres: PostgresServer, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def writes(connection: Any, _named: Any) -> Any:
        connection.execute("INSERT INTO public.orders VALUES (1)")

    monkeypatch.setattr(strain, "ASKED", {LOCK: writes})
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        asked(postgres.url(name))


def collected(log: str, seconds: float = 10.0, **rendered: str) -> Evidence:
    """The dossier of a failure with this log, by the wiring's own questions."""

    class Inner:
        def collect(self, _failure: Any) -> Evidence:
            return Evidence(log=log)

    airflow = FakeAirflow(states=[task(rendered=rendered)])
    made = wiring.with_catalog(Inner(), airflow, Redactor())  # type: ignore[arg-type]
    assert isinstance(made, CatalogEvidence)
    return replace(made, seconds=seconds).collect(failure())


DEADLOCK = 'psycopg.errors.LockNotAvailable: canceling statement due to lock timeout\nCONTEXT: relation "orders"'


def test_the_connection_of_the_task_is_asked(
    postgres: PostgresServer, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_WH", postgres.airflow_connection(name))
    with held(postgres.url(name)):
        evidence = collected(DEADLOCK, conn_id="wh")
    assert evidence.unavailable == () and "lock_held_seconds" in evidence.facts
    assert evidence.observations[0].text.startswith("wh: the server says: 1 session(s) hold locks")
    assert collected("KeyError: 'x'", conn_id="wh").observations == (), "nothing is asked that the cause does not need"


@pytest.mark.attack
def test_nothing_is_asked_where_the_administrator_allows_no_reading(
    postgres: PostgresServer, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_WH", postgres.airflow_connection(name))
    monkeypatch.setenv("AIRFLOW__HARNESS__CONNECTIONS_ALLOWED", "lake_*")
    evidence = collected(DEADLOCK, conn_id="wh")
    assert evidence.observations == () and "does not read with connection wh" in evidence.unavailable[0]


def test_a_server_that_says_nothing_is_waited_for_no_longer_than_it_may_take(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        monkeypatch.setenv("AIRFLOW_CONN_WH", f"postgres://u:p@127.0.0.1:{port}/d")
        began = time.monotonic()
        evidence = collected(DEADLOCK, seconds=1.5, conn_id="wh")
    assert time.monotonic() - began < 6
    assert "did not answer" in evidence.unavailable[0]


@pytest.mark.parametrize("given", ["postgres://u:p@127.0.0.1:1/d", "mysql://u:p@127.0.0.1:1/d", "sqlite:///x"])
def test_what_cannot_be_asked_is_listed_or_left_alone(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_WH", given)
    evidence = collected(DEADLOCK, conn_id="wh", source_conn_id="not there")
    assert evidence.facts == {} and len(evidence.unavailable) == given.startswith("postgres")
    assert "wh" in "".join(evidence.unavailable) or not evidence.unavailable
    assert "does not exist" in collected(DEADLOCK, conn_id="absent").unavailable[0]


def test_a_job_of_the_log_is_looked_up_by_its_id(bigquery: BigQueryServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_BQ", bigquery.airflow_connection())
    job = bigquery.client().query("SELECT 1 AS n")
    job.result()
    evidence = collected(f"INFO - job_id: {job.job_id}\nTimeoutError: read timed out", conn_id="bq")
    assert [one.text for one in evidence.observations] == [f"bq: BigQuery says: job {job.job_id} is DONE"]
    assert evidence.facts == {"jobs_running": 0}
    assert states(bigquery.client(), ["of_somebody_elses_words"]) == ({}, [])


@pytest.mark.parametrize(
    ("category", "facts", "action"),
    [
        (LOCK, {"lock_held_seconds": LONG_HELD}, "escalate_to_human"),
        (LOCK, {"lock_held_seconds": LONG_HELD - 1}, "retry_after_delay"),
        (LOCK, {"lock_held_seconds": "600"}, "retry_after_delay"),
        (Category.TIMEOUT, {"lock_held_seconds": LONG_HELD}, "escalate_to_human"),
        (Category.TIMEOUT, {"jobs_running": 1}, "escalate_to_human"),
        (Category.TRANSIENT_NETWORK, {"jobs_running": 0}, "retry_after_delay"),
        (FULL, {"connections_used": 90, "connections_own": 10}, "retry_after_delay"),
        (FULL, {"connections_used": 90, "connections_own": 60}, "reduce_batch_or_concurrency_with_approval"),
        (Category.CODE_BUG, {"lock_held_seconds": LONG_HELD, "jobs_running": 1}, "escalate_to_human"),
    ],
)
def test_what_a_catalogs_numbers_change(category: Category, facts: dict[str, Any], action: str) -> None:
    found = with_catalog(diagnosis(category=category), facts)
    assert (found.category, safe_action(first_remedy(found))) == (category, action)


def test_an_answer_that_is_late_is_no_answer() -> None:
    from airflow_provider_harness.adapters.evidence.catalog import within

    with pytest.raises(HarnessUnavailable, match="did not answer within 0 s"):
        within(0.05, lambda: time.sleep(0.3) or None)  # type: ignore[func-returns-value]
