"""The store fails in every way: a failure waits in the spool, rows move without it, a round carries on, pages say so, and on-call hears of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pagerduty
import pytest
from airflow.sdk import BaseOperator
from airflow.sdk.execution_time import task_runner
from airflow.sdk.execution_time.comms import OKResponse
from fastapi import FastAPI
from fastapi.testclient import TestClient

from airflow_provider_harness.adapters.store.incidents import SqlIncidentStore, open_engine
from airflow_provider_harness.adapters.store.ulid import ulid
from airflow_provider_harness.app.healing import reconcile
from airflow_provider_harness.callbacks import DiagnoseAndHeal
from airflow_provider_harness.core.errors import HarnessUnavailable
from airflow_provider_harness.dags.healer import page_own_failure
from airflow_provider_harness.plugins.api.answers import explain_errors
from airflow_provider_harness.testing.events_api import EventsApiStandIn
from airflow_provider_harness.testing.postgres import PostgresServer
from airflow_provider_harness.wiring import healing as wiring
from airflow_provider_harness.wiring import pages as wiring_pages
from airflow_provider_harness.wiring import store as wiring_store
from tests.faults.proxy import NETWORK, FaultProxy, Mode
from tests.ports.operators_case import moved
from tests.ports.rows_case import Case
from tests.unit.app.fakes import START, Clock, FakeAirflow, failure, task, world

HANDSHAKE = 900
"""Bytes that PostgreSQL has said when a session of the store is under way."""
CELLS = [
    *((mode, 0) for mode in NETWORK if mode is not Mode.SILENT),
    (Mode.SILENT, HANDSHAKE),
    (Mode.DROPPED, HANDSHAKE),
    (Mode.DROPPED, 3 * HANDSHAKE),
]
FEW = ((Mode.DOWN, 0), (Mode.NONSENSE, 0), (Mode.SILENT, HANDSHAKE))
"""The ways in which a store is away that cost nothing, an error, and patience."""
AWAY = r"^the harness store is unavailable: .{5,}"


@pytest.fixture(scope="module")
def before_store(postgres: PostgresServer) -> Iterator[FaultProxy]:
    with FaultProxy(postgres.port) as proxy:
        yield proxy


@pytest.fixture
def direct(store_url: str) -> str:
    """The store's address without the proxy."""
    return store_url


@pytest.fixture
def away(direct: str, before_store: FaultProxy, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The store behind the proxy, for whatever Airflow's configuration leads to."""
    before_store.be(Mode.WELL)
    name = direct.rpartition("/")[2]
    given = postgres.airflow_connection(name, port=before_store.port)[:-1] + ', "extra": {"connect_timeout": "2"}}'
    monkeypatch.setenv("AIRFLOW_CONN_HARNESS_STORE", given)
    for limit in ("TASK_SECONDS", "HEALER_SECONDS"):
        monkeypatch.setattr(wiring_store, limit, 0.2)
    wiring_store.engine.cache_clear()
    yield before_store
    for engine in {wiring_store.store_engine(), wiring_store.task_engine()}:
        engine.dispose()
    wiring_store.engine.cache_clear()


@contextmanager
def store_of(url: str) -> Iterator[SqlIncidentStore]:
    engine = open_engine(url)
    yield SqlIncidentStore(engine, b"k" * 32)
    engine.dispose()


def failing() -> dict[str, Any]:
    """The context of a callback."""
    given = {"dag_id": "flights", "run_id": "run1", "task_id": "load", "map_index": -1, "try_number": 1, "max_tries": 0}
    run = SimpleNamespace(partition_key=None, data_interval_start=None, data_interval_end=None, logical_date=None)
    ti = SimpleNamespace(**given, hostname="h", log_url="", task=BaseOperator(task_id="load"))
    return {
        "ti": ti,
        "dag": SimpleNamespace(tags=set()),
        "dag_run": run,
        "exception": TimeoutError("the lock on seats"),
    }


def lets_some_through(mode: Mode, after: int) -> bool:
    """Whether the work may be done all the same, by the second connection or before the break."""
    return mode is Mode.FLAPPING or after > HANDSHAKE


pytestmark = pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)


@pytest.mark.parametrize(("mode", "after"), [*CELLS, (Mode.SILENT, 0)], ids=str)  # connect_timeout is 2 s at least
def test_a_failure_waits_in_the_spool_and_is_taken_in_once(
    away: FaultProxy, direct: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch, mode: Mode, after: int
) -> None:
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    send = SimpleNamespace(send=lambda _: OKResponse(ok=True))
    monkeypatch.setattr(task_runner, "SUPERVISOR_COMMS", send, raising=False)
    away.be(mode, after)
    DiagnoseAndHeal()(failing())
    kept = wiring.spool().waiting()
    assert [item.chain[0].message for item in kept] == ["the lock on seats"] or lets_some_through(mode, after)
    w = world(clock=Clock(wiring.now()), airflow=FakeAirflow(states=[task(end_date=START)]))
    with store_of(direct) as store:
        healer = replace(w.healer, store=store, spool=wiring.spool(), new_id=lambda: ulid(w.clock()))
        for _ in range(2):
            reconcile.reconcile(healer)
            w.clock.ahead(minutes=5)
        [incident] = store.incidents()
        [taken] = store.failures(incident.id)
    assert taken.chain[0].message == "the lock on seats"
    assert wiring.spool().waiting() == []


@pytest.mark.parametrize(("mode", "after"), CELLS, ids=str)
def test_a_round_without_the_store_says_so_and_the_next_one_carries_on(
    away: FaultProxy, direct: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch, mode: Mode, after: int
) -> None:
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    w = world()
    w.clock.ahead(minutes=1)
    with store_of(direct) as well:
        well.record(failure(), ulid(START))
    healer = replace(w.healer, store=wiring.store(), new_id=lambda: ulid(w.clock()))
    for _ in range(2):
        away.be(mode, after)
        if lets_some_through(mode, after):
            _tried(healer)
        else:
            with pytest.raises(HarnessUnavailable, match=AWAY):
                reconcile.reconcile(healer)
    away.be(Mode.WELL)
    for _ in range(3):
        reconcile.reconcile(healer)
        w.clock.ahead(seconds=30)
    [incident] = healer.store.open_incidents()
    assert len(incident.failures) == 1
    assert len([call for call in w.airflow.writes if call[0] == "start"]) == 1


@pytest.mark.parametrize(("mode", "after"), FEW, ids=str)
def test_rows_move_without_the_store(away: FaultProxy, case: Case, dag: Any, mode: Mode, after: int) -> None:
    away.be(mode, after)
    moved(case, dag)
    assert case.published() == case.rows()


@pytest.mark.parametrize(("mode", "after"), CELLS, ids=str)
def test_a_page_says_that_the_store_is_away(away: FaultProxy, mode: Mode, after: int) -> None:
    app = FastAPI()
    explain_errors(app)
    app.get("/incidents")(lambda: wiring_pages.incident("01K9"))
    away.be(mode, after)
    with TestClient(app, raise_server_exceptions=False) as client:
        answer = client.get("/incidents")
        if lets_some_through(mode, after) and answer.status_code == 400:
            return
        assert answer.status_code == 503
        assert answer.json()["detail"].startswith("the harness store is unavailable: ")
        assert "doctor" in answer.json()["fix"]
        away.be(Mode.WELL)
        assert client.get("/incidents").json()["detail"] == "this incident: is not in the store."


@pytest.mark.parametrize(("mode", "after"), FEW, ids=str)
def test_on_call_hears_that_the_harness_cannot_reach_its_store(
    away: FaultProxy, events_api: EventsApiStandIn, monkeypatch: pytest.MonkeyPatch, mode: Mode, after: int
) -> None:
    """What is said goes through the store's outbox; without the store it must be said all the same."""
    monkeypatch.setenv("SSL_CERT_FILE", str(events_api.ca_bundle))
    monkeypatch.setattr(pagerduty.EventsApiV2Client, "sleep_timer", 0.01)
    given = (
        f'{{"conn_type": "pagerduty_events", "password": "{"0" * 32}", "extra": {{"base_url": "{events_api.url}"}}}}'
    )
    monkeypatch.setenv("AIRFLOW_CONN_PAGERDUTY_EVENTS_DEFAULT", given)
    away.be(mode, after)
    dag_id = f"harness_healer_watch_{mode.name}_{after}"
    ti = SimpleNamespace(dag_id=dag_id, run_id="r", task_id="dead_man")
    error = HarnessUnavailable("the harness store", "it is away")
    for _ in range(2):
        page_own_failure({"ti": ti, "dag_run": SimpleNamespace(conf={}), "exception": error})
    [told] = [item for item in events_api.pages() if item["dedup_key"] == f"harness-self:{dag_id}:dead_man"]
    assert (told["state"], told["opened"]) == ("triggered", 1)
    assert "the harness store is unavailable" in told["events"][0]["payload"]["custom_details"]["error"]


def _tried(healer: Any) -> None:
    try:
        reconcile.reconcile(healer)
    except HarnessUnavailable as error:
        assert str(error).startswith("the harness store is unavailable: ")
