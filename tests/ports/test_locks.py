"""A session that waits for a lock says for whom, and gives up in time with an error that says it, too."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from airflow.sdk.exceptions import AirflowFailException

from airflow_provider_harness.adapters.postgres import locks as pg_locks
from airflow_provider_harness.adapters.postgres.catalog import LOCK_SECONDS
from airflow_provider_harness.adapters.postgres.session import session
from airflow_provider_harness.adapters.postgres.warehouse import PostgresWarehouse
from airflow_provider_harness.app.rows import move
from airflow_provider_harness.core.errors import TableLocked
from airflow_provider_harness.operators import PostgresLoadOperator
from tests.ports.operators_case import context, moved, run, terms
from tests.ports.rows_case import Case, gate_of, unheard
from tests.ports.targets import PostgresTarget
from tests.ports.test_transfer import pumped


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pg_locks, "LOOKS", (0.2,))


def hurried(dsn: str) -> str:
    """The same database, where nobody waits long."""
    return f"{dsn}?options=-c%20lock_timeout%3D1500"


@contextmanager
def held(dsn: str, table: str = "public.orders") -> Iterator[int]:
    """Somebody has a table for himself; his process id."""
    with psycopg.connect(dsn, application_name="nightly vacuum") as holder:
        holder.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE".encode())
        yield holder.info.backend_pid
        holder.rollback()


def transformed(case: Case) -> Any:
    warehouse = PostgresWarehouse(case.warehouse)
    sql = "SELECT * FROM public.orders WHERE placed_at >= %(slice_start)s AND placed_at < %(slice_end)s"
    contract = replace(case.contract, table="public.copied")
    gate = gate_of(contract, case.piece())
    return move.transform(contract, case.piece(), sql, warehouse, "dag/run", unheard, gate=gate)


AT_WAREHOUSE: dict[str, Callable[[Case], Any]] = {
    "load": lambda case: case.load(),
    "transfer": pumped,
    "transform": transformed,
    "validate": lambda case: case.target.rows().measure(case.contract, case.piece()),
}
AT_SOURCE: dict[str, Callable[[Case], Any]] = {
    "extract": lambda case: case.extract(),
    "extract of a query": lambda case: case.extract(sql="SELECT * FROM public.orders"),
    "transfer": pumped,
}


def waits(case: Case, dsn: str, work: Callable[[Case], Any], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with held(dsn) as pid:
        with pytest.raises(TableLocked) as caught:
            work(case)
        said = rf"waits for a lock held by pid {pid} \(application nightly vacuum, user postgres, in a transaction since 20"
        assert any(re.search(said, record.getMessage()) for record in caplog.records), caplog.text
        assert caught.value.retryable
        assert f"held by pid {pid} (application nightly vacuum, user postgres" in str(caught.value)
    work(case)


@pytest.mark.parametrize("name", AT_WAREHOUSE)
def test_at_the_warehouse(case: Case, caplog: pytest.LogCaptureFixture, name: str) -> None:
    case.move()
    assert isinstance(case.target, PostgresTarget)
    waits(replace(case, target=PostgresTarget(dsn=hurried(case.warehouse))), case.warehouse, AT_WAREHOUSE[name], caplog)


@pytest.mark.parametrize("name", AT_SOURCE)
def test_at_the_source(case: Case, caplog: pytest.LogCaptureFixture, name: str) -> None:
    waits(replace(case, source=hurried(case.source)), case.source, AT_SOURCE[name], caplog)


def test_a_wait_that_ends_in_time_is_said_and_costs_nothing(case: Case, caplog: pytest.LogCaptureFixture) -> None:
    case.move()
    with held(case.warehouse):
        found: list[Any] = []
        thread = threading.Thread(target=lambda: found.append(case.load()))
        thread.start()
        thread.join(1)
        assert thread.is_alive()
    thread.join(30)
    assert found[0][0].rows == 303
    assert "waits for a lock held by pid" in caplog.text


def test_what_the_connection_or_its_user_says_stays(case: Case) -> None:
    for dsn, limit in ((case.warehouse, f"{LOCK_SECONDS // 60}min"), (hurried(case.warehouse), "1500ms")):
        with session(dsn, writes=True) as connection:
            assert connection.execute("SHOW lock_timeout").fetchone() == (limit,)
            with PostgresWarehouse(dsn).slice(case.contract, case.piece()) as one:
                assert one._connection.execute("SHOW lock_timeout").fetchone() == (limit,)


def test_as_a_task_it_is_retried_and_names_the_connection(
    case: Case, dag: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, _, _ = moved(case, dag)
    monkeypatch.setenv("AIRFLOW_CONN_WH", hurried(case.warehouse).replace("postgresql", "postgres"))
    load = PostgresLoadOperator(
        task_id="again", staged=str(case.folder / "d" / "extract0" / case.piece().id), **terms(dag, "wh")
    )
    with (
        held(case.warehouse),
        pytest.raises(TableLocked, match=r"connection wh: gave up after .* held by pid") as caught,
    ):
        run(load, context(case))
    assert not isinstance(caught.value, AirflowFailException)
