"""Leases and high-water marks in the store: one holder at a time, killed holders forgotten, marks that only go up."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from airflow_provider_harness.adapters.store.incidents import open_engine
from airflow_provider_harness.adapters.store.rows.leases import SqlLeases, TaskLeases
from airflow_provider_harness.app.ports.airflow import TaskState
from airflow_provider_harness.core.contracts.contract import Contract
from airflow_provider_harness.core.diagnosis.failure import TryKey
from airflow_provider_harness.core.errors import HarnessUnavailable, SliceBusy
from airflow_provider_harness.core.slices.lease import LEASE_SECONDS, holder_of, of_slice
from airflow_provider_harness.core.slices.slices import Slice
from airflow_provider_harness.wiring import leases as wiring_slices

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
CONTRACT = Contract(id="c", version="1", name="t", table="public.t", columns=())


@pytest.fixture
def engine(store_url: str) -> Iterator[Engine]:
    engine = open_engine(store_url)
    yield engine
    engine.dispose()


@pytest.fixture
def store(engine: Engine) -> SqlLeases:
    return SqlLeases(lambda: engine)


@pytest.fixture
def wired(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wiring_slices, "task_engine", lambda: engine)
    monkeypatch.setattr(wiring_slices, "POLL_SECONDS", 0.01)


def piece(day: int) -> Slice:
    start = datetime(2013, 1, day, tzinfo=UTC)
    return Slice(id=f"201301{day:02d}", start=start, end=start + timedelta(days=1))


def task(run: str, try_number: int = 1) -> TryKey:
    return TryKey(dag_id="d", run_id=run, task_id="load", try_number=try_number)


def failed(run: str, **more: object) -> TaskState:
    """The load of a run as Airflow's API tells it."""
    given = {"contract": "/c.yaml", "conn_id": "wh", "table": "t", "slice_key": "20130105"}
    state = {"dag_id": "d", "run_id": run, "task_id": "load", "map_index": -1, "state": "failed", "try_number": 1}
    return TaskState(**{**state, "operator": "PostgresLoadOperator", "rendered": given} | more)  # type: ignore[arg-type]


def test_an_act_keeps_the_slice_for_the_task_that_it_clears(store: SqlLeases) -> None:
    acts, name = TaskLeases(store), of_slice("wh", CONTRACT.table, piece(5).id)
    assert acts.keep(failed("r1"), NOW) is None
    held = acts.keep(failed("r2"), NOW)
    assert held is not None and (held.name, held.holder) == (name, holder_of(task("r1")))
    assert store.take(name, "another", "t", NOW).holder == held.holder
    assert store.take(name, holder_of(task("r1", 2)), "mine", NOW).token == "mine", "the next try takes it at once"


def test_an_act_does_not_take_a_slice_from_who_writes_it(store: SqlLeases) -> None:
    name = of_slice("wh", CONTRACT.table, piece(5).id)
    store.take(name, holder_of(task("r9")), "theirs", NOW)
    held = TaskLeases(store).keep(failed("r1"), NOW)
    assert held is not None and held.token == "theirs"
    over = NOW + timedelta(seconds=LEASE_SECONDS)
    assert TaskLeases(store).keep(failed("r1"), over) is None


@pytest.mark.parametrize("more", [{"operator": "PythonOperator"}, {"rendered": {"table": "t"}}, {"rendered": {}}])
def test_what_writes_no_slice_keeps_none(store: SqlLeases, more: dict[str, object]) -> None:
    assert TaskLeases(store).keep(failed("r1", **more), NOW) is None
    assert TaskLeases(store).keep(failed("r2", **more), NOW) is None


def test_one_holder_at_a_time(store: SqlLeases) -> None:
    assert store.take("s", "one", "t1", NOW).token == "t1"
    other = store.take("s", "two", "t2", NOW + timedelta(seconds=LEASE_SECONDS - 1))
    assert (other.token, other.holder, other.taken_at) == ("t1", "one", NOW)
    assert "s is being written by one since 2026-11-21T12:00:00+00:00" in other.sentence()
    assert store.take("another", "two", "t3", NOW).token == "t3"
    store.release("s", "t2")
    assert store.take("s", "two", "t4", NOW).token == "t1", "nobody releases another's lease"
    store.release("s", "t1")
    assert store.take("s", "two", "t5", NOW).token == "t5"


def test_a_lease_that_nobody_renews_ends(store: SqlLeases) -> None:
    store.take("s", "one", "t1", NOW)
    assert store.renew("s", "t1", NOW + timedelta(seconds=30))
    assert store.take("s", "two", "t2", NOW + timedelta(seconds=LEASE_SECONDS)).token == "t1"
    assert store.take("s", "two", "t3", NOW + timedelta(seconds=LEASE_SECONDS + 30)).token == "t3"
    assert not store.renew("s", "t1", NOW), "it is another's now"


def test_the_next_try_takes_over_from_a_killed_one(store: SqlLeases) -> None:
    store.take("s", "d/r/load", "t1", NOW)
    assert store.take("s", "d/r/load", "t2", NOW).token == "t2"
    assert not store.renew("s", "t1", NOW)


def test_of_many_at_once_one_gets_it(store: SqlLeases) -> None:
    for round_ in range(5):
        name, start = f"s{round_}", threading.Barrier(8)
        found: list[str] = []

        def attempt(n: int, name: str = name, start: threading.Barrier = start, found: list[str] = found) -> None:
            start.wait()
            found.append(store.take(name, f"holder{n}", f"t{n}", NOW).token)

        threads = [threading.Thread(target=attempt, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert len(found) == 8
        assert len(set(found)) == 1


@pytest.mark.usefixtures("wired")
def test_a_second_run_waits_for_the_first(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    began, order = threading.Event(), []

    def first() -> None:
        with wiring_slices.leased("s", task("one")):
            began.set()
            threading.Event().wait(0.2)
            order.append("one")

    thread = threading.Thread(target=first)
    thread.start()
    assert began.wait(10)
    with wiring_slices.leased("s", task("two")):
        order.append("two")
    thread.join(10)
    assert order == ["one", "two"]
    assert "Waiting: s is being written by d/one/load" in caplog.text


@pytest.mark.usefixtures("wired")
def test_a_second_run_gives_up_clearly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wiring_slices, "WAIT_SECONDS", 0.05)
    with (
        wiring_slices.leased("s", task("one")),
        pytest.raises(SliceBusy, match="s is being written by d/one/load since"),
        wiring_slices.leased("s", task("two")),
    ):
        raise AssertionError("it is held by another")
    with wiring_slices.leased("s", task("two")):
        pass


@pytest.mark.usefixtures("wired")
def test_it_is_renewed_while_the_work_lasts(monkeypatch: pytest.MonkeyPatch, store: SqlLeases) -> None:
    monkeypatch.setattr(wiring_slices, "RENEW_SECONDS", 0.05)
    with wiring_slices.leased("s", task("one")):
        taken = store.take("s", "two", "t2", datetime.now(UTC)).expires_at
        threading.Event().wait(0.3)
        assert store.take("s", "two", "t2", datetime.now(UTC)).expires_at > taken


@pytest.mark.usefixtures("wired")
def test_a_holder_that_lost_it_is_told_before_it_publishes(monkeypatch: pytest.MonkeyPatch, store: SqlLeases) -> None:
    with wiring_slices.leased("s", task("one")) as held:
        assert held is not None
        held()
        store.take("s", "two", "t2", datetime.now(UTC) + timedelta(seconds=LEASE_SECONDS + 1))
        with pytest.raises(SliceBusy, match="lease on s is another run's now; nothing was published"):
            held()


@pytest.mark.usefixtures("wired")
def test_a_store_that_is_away_is_forgiven_while_the_lease_lasts(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> bool:
        raise HarnessUnavailable("store", "is away")

    with wiring_slices.leased("s", task("one")) as held:
        assert held is not None
        monkeypatch.setattr(SqlLeases, "renew", away)
        held()
        monkeypatch.setattr(held, "_until", datetime.now(UTC) - timedelta(seconds=1))
        with pytest.raises(SliceBusy, match="lease on s has ended, and was not renewed: store"):
            held()


def test_without_a_store_there_is_no_lease_and_no_harm(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    empty = open_engine(f"sqlite:///{tmp_path}/empty.db")
    monkeypatch.setattr(wiring_slices, "task_engine", lambda: empty)
    with wiring_slices.leased("s", task("one")):
        pass
    wiring_slices.published(CONTRACT, piece(1), "wh", task("one"))
    assert "No lease was taken on s; only the warehouse's own locks protect it" in caplog.text
    assert "The high-water mark was not moved" in caplog.text
    empty.dispose()


def test_an_error_of_the_work_is_not_said_to_come_of_the_store(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    empty = open_engine(f"sqlite:///{tmp_path}/empty.db")
    monkeypatch.setattr(wiring_slices, "task_engine", lambda: empty)
    with pytest.raises(ValueError, match="own") as caught, wiring_slices.leased("s", task("one")):
        raise ValueError("own")
    assert caught.value.__context__ is None
    empty.dispose()


def test_a_mark_only_goes_up(store: SqlLeases) -> None:
    assert store.high_water_mark("wh", "public.t") is None
    for day in (3, 5, 4):
        store.advance_high_water_mark("wh", "public.t", piece(day), NOW)
    store.advance_high_water_mark("wh", "public.other", piece(1), NOW)
    assert store.high_water_mark("wh", "public.t") == ("20130105", piece(5).end)
    assert store.high_water_mark("wh", "public.other") == ("20130101", piece(1).end)


@pytest.mark.usefixtures("wired")
def test_a_run_before_the_mark_says_so(store: SqlLeases, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    wiring_slices.published(CONTRACT, piece(5), "wh", task("one"))
    assert "The high-water mark of public.t is slice 20130105, until 2013-01-06T00:00:00+00:00" in caplog.text
    wiring_slices.published(CONTRACT, piece(2), "wh", task("one"))
    assert "Slice 20130102 lies before the high-water mark of public.t, slice 20130105" in caplog.text
    assert store.high_water_mark("wh", "public.t") == ("20130105", piece(5).end)
