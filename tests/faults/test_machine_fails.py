"""The machine itself fails: a full disk, a store that cannot be written to, clocks that disagree, two reconcilers at once."""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import create_engine, text

from airflow_provider_harness.adapters.store.incidents import SqlFailureLog, SqlIncidentStore, open_engine
from airflow_provider_harness.adapters.store.spool import FileSpool
from airflow_provider_harness.adapters.store.ulid import ulid
from airflow_provider_harness.app.healing import reconcile
from airflow_provider_harness.app.healing.capture import capture
from airflow_provider_harness.core.errors import HarnessUnavailable
from tests.unit.app.fakes import START, FakeAirflow, failure, task, world


def in_a_process(work: Callable[[], str]) -> str:
    """What this says in a process of its own, in which no file may grow by a byte."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        try:
            os.write(write, work().encode())
        finally:
            os._exit(0)
    os.close(write)
    os.waitpid(child, 0)
    with os.fdopen(read) as told:
        return told.read()


def _said(work: Callable[[], object]) -> str:
    try:
        return f"done: {work()}"
    except Exception as error:  # noqa: BLE001  its class is what is looked at
        return f"{type(error).__name__}: {error}"


def test_a_full_disk_is_said_and_leaves_no_half_file(store_file: Path, tmp_path: Path) -> None:
    """Neither the store in SQLite nor the spool takes it: the reconciler finds the failure in Airflow, without its exception."""
    there = tmp_path / "harness.db"
    there.write_bytes(store_file.read_bytes())
    spool = FileSpool(tmp_path / "spool", print)

    def captured() -> object:
        engine = open_engine(f"sqlite:///{there}")
        return capture(failure(), SqlFailureLog(engine), spool, world().airflow, lambda: ulid(START))

    said = in_a_process(lambda: _said(captured))
    assert said.startswith("HarnessUnavailable: the spool is unavailable: "), said
    assert spool.waiting() == []
    w = world()
    w.clock.ahead(minutes=1)
    engine = open_engine(f"sqlite:///{there}")
    store = SqlIncidentStore(engine, b"k" * 32)
    assert len(reconcile.reconcile(replace(w.healer, store=store, new_id=lambda: ulid(w.clock()))).found) == 1
    engine.dispose()


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
def test_a_store_that_can_only_be_read_keeps_failures_in_the_spool(store_url: str, tmp_path: Path) -> None:
    admin = create_engine(store_url)
    with admin.begin() as connection:
        name = admin.url.database
        connection.execute(text(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on'))
    admin.dispose()
    engine, spool = open_engine(store_url), FileSpool(tmp_path, print)
    with pytest.raises(HarnessUnavailable, match=r"the harness store is unavailable: .*read-only transaction"):
        capture(failure(), SqlFailureLog(engine), spool, world().airflow, lambda: ulid(START))
    assert [one.identity for one in spool.waiting()] == [failure().identity]
    store = SqlIncidentStore(engine, b"k" * 32)
    assert store.open_incidents() == []
    w = world(spool=spool)
    with pytest.raises(HarnessUnavailable, match="read-only"):
        reconcile.reconcile(replace(w.healer, store=store))
    assert [one.identity for one in spool.waiting()] == [failure().identity]
    engine.dispose()


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "ahead", [timedelta(hours=-26), timedelta(minutes=-9), timedelta(minutes=9), timedelta(hours=26)]
)
def test_a_workers_clock_says_nothing_about_when_a_task_failed(store_url: str, ahead: timedelta) -> None:
    """What Airflow says is taken, so that failures of one cause stand in one incident and are neither missed nor told twice."""
    engine = open_engine(store_url)
    store = SqlIncidentStore(engine, b"k" * 32)
    w = world(airflow=FakeAirflow(states=[task(end_date=START)]))
    capture(failure(occurred_at=START + ahead), store, FileSpool(Path("/none"), print), w.airflow, lambda: ulid(START))
    healer = replace(w.healer, store=store, new_id=lambda: ulid(w.clock()))
    for _ in range(3):
        w.clock.ahead(seconds=20)
        reconcile.reconcile(healer)
    [incident] = store.incidents()
    [taken] = store.failures(incident.id)
    assert taken.occurred_at == START
    assert len(w.airflow.healing) == 1
    engine.dispose()


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
def test_two_reconcilers_at_once_start_one_healer_run(store_url: str) -> None:
    engine = open_engine(store_url)
    w = world(airflow=FakeAirflow(states=[task(task_id=f"t{n}", end_date=START) for n in range(8)]))
    w.clock.ahead(minutes=1)
    healers = [
        replace(w.healer, store=SqlIncidentStore(engine, b"k" * 32), new_id=lambda: ulid(w.clock())) for _ in range(2)
    ]
    wrong: list[str] = []

    def work(one: int) -> None:
        for _ in range(3):
            if not (told := _said(lambda: reconcile.reconcile(healers[one]))).startswith("done"):
                wrong.append(told)

    threads = [Thread(target=work, args=(one,)) for one in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    store = SqlIncidentStore(engine, b"k" * 32)
    joined = [one for incident in store.incidents() for one in incident.failures]
    assert wrong == [] and len(joined) == len(set(joined)) == 8
    assert store.audit_break() is None
    assert len(w.airflow.healing) == len(store.open_incidents())
    engine.dispose()
