"""A task that is stopped cancels what it has running, on every server that it talks to, and leaves what was published."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from airflow_provider_harness.operators import (
    PostgresExtractOperator,
    PostgresLoadOperator,
    PostgresTransferOperator,
    SQLTransformOperator,
)
from tests.ports.operators_case import case, context, dag, moved, run, terms
from tests.ports.rows_case import Case

__all__ = ["case", "dag"]

COLUMNS = "id, placed_at, amount, status, customer, note"
SLEEPY = f"SELECT {COLUMNS} FROM public.sleepy"
"""Takes a quarter of a minute. The view sleeps: no query of a Dag may ask for that."""
VIEW = "CREATE VIEW public.sleepy AS SELECT o.*, pg_sleep(0.05) IS NULL AS slow FROM public.orders AS o"
LOCKED = "wait_event_type = 'Lock'"

MAKES: dict[str, tuple[Callable[[Any, str], Any], str, str]] = {
    "extract": (
        lambda dag, _: PostgresExtractOperator(task_id="t", sql=SLEEPY, **terms(dag, "src")),
        "source",
        "query LIKE 'COPY%sleepy%'",
    ),
    "load": (
        lambda dag, staged: PostgresLoadOperator(task_id="t", staged=staged, **terms(dag, "wh")),
        "warehouse",
        LOCKED,
    ),
    "transform": (
        lambda dag, _: SQLTransformOperator(task_id="t", sql=SLEEPY, **terms(dag, "wh")),
        "warehouse",
        "query LIKE 'INSERT%sleepy%'",
    ),
    "transfer, reading": (
        lambda dag, _: PostgresTransferOperator(task_id="t", source_conn_id="src", sql=SLEEPY, **terms(dag, "wh")),
        "source",
        "query LIKE 'COPY%sleepy%'",
    ),
    "transfer, publishing": (
        lambda dag, _: PostgresTransferOperator(task_id="t", source_conn_id="src", **terms(dag, "wh")),
        "warehouse",
        LOCKED,
    ),
}
"""What is stopped -> how it is made, and what runs where when it is."""


@pytest.mark.parametrize("what", MAKES)
def test_what_runs_on_the_server_is_cancelled(case: Case, dag: Any, what: str) -> None:
    make, where, busy = MAKES[what]
    load, _, _ = moved(case, dag)
    case.at_source(VIEW)
    case.at_warehouse(VIEW)
    before, operator = case.published(), make(dag, load.staged)
    failed: list[BaseException] = []

    def work() -> None:
        try:
            run(operator, context(case))
        except Exception as error:  # noqa: BLE001  whatever the driver says of a cancelled statement
            failed.append(error)

    with psycopg.connect(case.warehouse) as holder:
        if busy == LOCKED:
            holder.execute("LOCK TABLE public.orders IN ACCESS EXCLUSIVE MODE")
        thread = threading.Thread(target=work)
        thread.start()
        assert soon(lambda: active(getattr(case, where), busy) == 1)
        operator.on_kill()
        thread.join(10)
        assert not thread.is_alive()
    assert "cancel" in str(failed[0])
    assert soon(lambda: active(case.source) == active(case.warehouse) == 0)
    assert case.published() == before


def active(dsn: str, busy: str = "true") -> int:
    query = f"""
        SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'active'
        AND application_name LIKE 'harness %' AND {busy}
    """
    with psycopg.connect(dsn) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row
    return int(row[0])


def soon(found: Callable[[], bool], seconds: float = 20) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found():
            return True
        time.sleep(0.05)
    return False
