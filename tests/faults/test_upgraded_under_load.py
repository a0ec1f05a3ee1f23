"""The store is upgraded, rolled back and upgraded again while tasks fail: each failure is in the store or in the spool, and joins once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Engine

from airflow_provider_harness.adapters.store.incidents import SqlFailureLog, SqlIncidentStore, open_engine
from airflow_provider_harness.adapters.store.migrate import _config, state, upgrade
from airflow_provider_harness.adapters.store.spool import FileSpool
from airflow_provider_harness.adapters.store.ulid import ulid
from airflow_provider_harness.app.healing import reconcile
from airflow_provider_harness.app.healing.capture import capture
from airflow_provider_harness.core.diagnosis.failure import TryKey
from airflow_provider_harness.core.errors import HarnessUnavailable
from tests.unit.app.fakes import START, FakeAirflow, failure, task, world

WRITERS, EARLIER = 3, "0014_borne_out"


@pytest.fixture
def engine(store_url: str) -> Iterator[Engine]:
    engine = open_engine(store_url)
    yield engine
    engine.dispose()


def back(engine: Engine) -> None:
    with engine.begin() as connection:
        command.downgrade(_config(connection), EARLIER)


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
def test_no_failure_is_lost_while_the_store_changes(engine: Engine, store_url: str, tmp_path: Path) -> None:
    spool, over, told = FileSpool(tmp_path, print), threading.Event(), dict[str, str]()

    def write(number: int) -> None:
        mine, count = open_engine(store_url), 0
        while not over.is_set() or count < 3:
            key = TryKey(dag_id="flights", run_id="run1", task_id=f"t{number}_{count}", try_number=1)
            count += 1
            try:
                capture(failure(key=key), SqlFailureLog(mine), spool, FakeAirflow(), lambda: ulid(START))
                told[key.task_id] = "store"
            except HarnessUnavailable:
                told[key.task_id] = "spool"
            over.wait(0.01)
        mine.dispose()

    back(engine)
    writers = [threading.Thread(target=write, args=(number,)) for number in range(WRITERS)]
    for writer in writers:
        writer.start()
    for step in (upgrade, back, upgrade):
        step(engine)
    over.set()
    for writer in writers:
        writer.join()
    assert state(engine)[0] == state(engine)[1]
    w = world(airflow=FakeAirflow(states=[task(task_id=name, end_date=START) for name in told]))
    store = SqlIncidentStore(engine, b"k" * 32)
    w.clock.ahead(minutes=1)
    reconcile.reconcile(replace(w.healer, store=store, spool=spool, new_id=lambda: ulid(w.clock())))
    joined = [one.key.task_id for incident in store.incidents() for one in store.failures(incident.id)]
    assert sorted(joined) == sorted(told) and len(told) >= 3 * WRITERS
    assert spool.waiting() == [] and store.audit_break() is None
