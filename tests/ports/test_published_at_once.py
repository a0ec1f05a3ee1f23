"""Two slices that are published at the same moment: of a key that both bring, and of rows that both have, one publishes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from airflow_provider_harness.adapters.postgres import locks as pg_locks
from airflow_provider_harness.adapters.postgres.write import direct_load as pg_direct
from airflow_provider_harness.adapters.postgres.write.publication import Publication
from airflow_provider_harness.app.rows import move
from airflow_provider_harness.core.contracts.checks import CheckKind
from airflow_provider_harness.core.contracts.contract import LoadMode
from airflow_provider_harness.core.errors import ContractViolation, HarnessError, SliceBusy, TableLocked
from airflow_provider_harness.core.slices.slices import Slice, stamp
from tests.ports.operators_case import case
from tests.ports.rows_case import Case, gate_of, unheard
from tests.ports.targets import PostgresTarget
from tests.ports.test_transfer import pumped

__all__ = ["case"]

BOTH_DAYS = "UPDATE public.orders SET id = 7 WHERE id = 400"
"""At the source, a row of the second day gets the key of one of the first."""


@pytest.fixture
def keyless(case: Case) -> Case:
    """A published table that was made by hand, without a key; a contract that is all measured on the way."""
    case.at_warehouse(
        "CREATE TABLE public.orders (id bigint, placed_at timestamptz, amount numeric(12,2), status text, customer text, note jsonb)"
    )
    checks = tuple(check for check in case.contract.checks if check.kind is not CheckKind.REFERENTIAL)
    return case.with_contract(checks=checks)


def both(*works: Callable[[], Any]) -> list[Any]:
    """What each of them gave or raised; all have done what comes before the first lock when the first goes on."""
    found: list[Any] = [None] * len(works)

    def one(number: int) -> None:
        try:
            found[number] = works[number]()
        except HarnessError as error:
            found[number] = error

    threads = [threading.Thread(target=one, args=(number,)) for number in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return found


@pytest.fixture
def together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two publications: both have judged before either begins, and both have made room, or have all rows, before either ends."""
    barrier = threading.Barrier(2)
    clashes = pg_direct.Target.clashes

    def met() -> None:
        try:
            barrier.wait(0.7)
        except threading.BrokenBarrierError:
            return  # the other one waits for this one's lock

    def later(step: Any) -> Any:
        def stepped(*given: Any, **more: Any) -> Any:
            met()
            return step(*given, **more)

        return stepped

    def looks(self: Any, number: Any) -> bool:
        found = clashes(self, number)
        met()
        return found

    monkeypatch.setattr(Publication, "publish", later(Publication.publish))
    monkeypatch.setattr(Publication, "_write", later(Publication._write))
    monkeypatch.setattr(pg_direct.Target, "clashes", looks)


def loaded(case: Case, day: int) -> Callable[[], Any]:
    case.extract(day)
    return lambda: case.load(day)[0]


WAYS: dict[str, Callable[[Case, int], Callable[[], Any]]] = {
    "load": loaded,
    "staged load": lambda case, day: loaded(in_mode(case, LoadMode.APPEND), day),
    "transfer": lambda case, day: lambda: pumped(case, day),
}


def in_mode(case: Case, mode: LoadMode) -> Case:
    return case.with_contract(load=replace(case.contract.load, mode=mode))


@pytest.mark.parametrize("way", WAYS)
def test_a_key_that_two_slices_bring_is_published_by_one(keyless: Case, together: None, way: str) -> None:
    keyless.at_source(BOTH_DAYS)
    found = both(*(WAYS[way](keyless, day) for day in range(2)))
    failed = [one for one in found if isinstance(one, ContractViolation | SliceBusy)]
    assert len(failed) == 1, found
    assert keyless.at_warehouse("SELECT count(*) FROM public.orders WHERE id = 7") == [(1,)]
    if isinstance(failed[0], SliceBusy):
        assert "rows of another slice were published meanwhile" in str(failed[0])
        day = found.index(failed[0])
        with pytest.raises(ContractViolation, match="another slice, which stays published"):
            (in_mode(keyless, LoadMode.APPEND) if way == "staged load" else keyless).load(day)


def test_slices_that_overlap_leave_each_row_once(keyless: Case, together: None) -> None:
    """Two slices of different starts share no lock of a slice."""
    first = keyless.piece()
    start, end = first.start + timedelta(hours=12), first.end + timedelta(hours=12)
    pieces = [first, Slice(id=stamp(start), start=start, end=end)]
    sql = "SELECT * FROM public.raw WHERE placed_at >= %(slice_start)s AND placed_at < %(slice_end)s"
    keyless.at_warehouse("CREATE TABLE public.raw AS TABLE public.orders")
    rows = keyless.at_source("SELECT id, placed_at::text, amount, status, customer FROM public.orders WHERE id < 600")
    with psycopg.connect(keyless.warehouse, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.executemany("INSERT INTO public.raw VALUES (%s, %s, %s, %s, %s)", rows)

    def transformed(piece: Slice) -> Callable[[], Any]:
        gate = gate_of(keyless.contract, piece)
        warehouse = keyless.target.warehouse()
        return lambda: move.transform(keyless.contract, piece, sql, warehouse, "r", unheard, gate=gate)

    found = both(*map(transformed, pieces))
    twice = keyless.at_warehouse("SELECT count(*) - count(DISTINCT id) FROM public.orders")
    assert twice == [(0,)], found
    assert any(isinstance(one, tuple) for one in found), found


def test_where_a_constraint_keeps_the_key_nobody_waits(case: Case, together: None) -> None:
    checks = tuple(check for check in case.contract.checks if check.kind is not CheckKind.REFERENTIAL)
    kept = case.with_contract(checks=checks)
    kept.move(2)
    kept.extract(0)
    kept.extract(1)
    with writing(kept.warehouse):
        assert [one.rows for one in both(lambda: kept.load(0)[0], lambda: kept.load(1)[0])] == [303, 289]


@contextmanager
def writing(dsn: str) -> Any:
    """Somebody is in the midst of writing to the table."""
    with psycopg.connect(dsn, application_name="a long writer") as writer:
        writer.execute("LOCK TABLE public.orders IN ROW EXCLUSIVE MODE")
        yield writer
        writer.rollback()


@pytest.mark.parametrize("mode", [LoadMode.INCREMENTAL, LoadMode.APPEND])
def test_a_wait_for_another_writer_is_named_and_ends(
    keyless: Case, mode: LoadMode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pg_locks, "LOOKS", (0.2,))
    keyless.extract()
    hurried = f"{keyless.warehouse}?options=-c%20lock_timeout%3D800"
    waiting = in_mode(replace(keyless, target=PostgresTarget(dsn=hurried)), mode)
    with writing(keyless.warehouse), pytest.raises(TableLocked, match="application a long writer"):
        waiting.load()
    assert keyless.load()[0].rows == 303


def test_a_role_that_may_only_insert_publishes(keyless: Case) -> None:
    keyless = in_mode(keyless, LoadMode.APPEND)
    keyless.extract()
    name = f"inserts_{keyless.warehouse.rpartition('/')[2]}"
    keyless.move(2)
    keyless.at_warehouse(
        f"CREATE ROLE {name}; GRANT ALL ON SCHEMA public TO {name}; GRANT SELECT, INSERT ON public.orders TO {name};"
        f"GRANT ALL ON public.orders__quarantine TO {name}"
    )
    dsn = f"{keyless.warehouse}?options=-c%20role%3D{name}"
    assert replace(keyless, target=PostgresTarget(dsn=dsn)).load()[0].rows == 303
    keyless.at_warehouse(f"DROP OWNED BY {name}; DROP ROLE {name}")
