"""A process that has imported everything and forks one mover for each line that it reads.

``python -m tests.kill.movers FOLDER`` answers each ``WAY NUMBER SECONDS``, when the mover is gone, with how it ended: 0, an
exit code, or minus the signal. After so many seconds it is killed; after ``never``, not. The connections are in the
environment.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import signal
import sys
import threading
import time
import traceback
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

CONTRACT = "orders.odcs.yaml"
SLICE = "20130309T050000Z"
TABLES = {"files": "public.orders", "transfer": "public.copied"}
"""Which way rows go -> the table that they are published in."""
MODULES = "modules.txt"


def context(task_id: str, number: int) -> dict[str, Any]:
    """A try of one task instance, as far as operators look at it."""
    ti = SimpleNamespace(dag_id="kill", run_id="run", task_id=task_id, map_index=-1, try_number=number)
    return {"run_id": ti.run_id, "ti": ti, "outlet_events": {}, "dag_run": SimpleNamespace(run_type="manual")}


def move(way: str, folder: Path, number: int) -> None:
    """Extract and load, or transfer, the slice once, as the tasks of a Dag do."""
    from airflow.sdk import DAG

    from airflow_provider_harness.operators import (
        PostgresExtractOperator,
        PostgresLoadOperator,
        PostgresTransferOperator,
    )

    dag = DAG(dag_id="kill", schedule=None, start_date=datetime(2013, 3, 9, 5, tzinfo=UTC))
    given = {"contract": str(folder / CONTRACT), "slice_key": SLICE, "dag": dag}
    if way == "transfer":
        operator = PostgresTransferOperator(
            task_id="transfer",
            conn_id="wh",
            table=TABLES[way],
            source_conn_id="src",
            source_table="public.orders",
            **given,
        )
        operator.execute(context("transfer", number))
        return
    extract = PostgresExtractOperator(task_id="extract", conn_id="src", table="public.orders", **given)
    staged = extract.execute(context("extract", number))
    load = PostgresLoadOperator(task_id="load", conn_id="wh", table=TABLES[way], staged=staged, **given)
    load.execute(context("load", number))


def learn(folder: Path) -> None:
    """Import what the last mover imported, so that a kill meets the movement and not Python's imports."""
    for name in (folder / MODULES).read_text().split():
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    assert threading.active_count() == 1, "a fork would lose a thread"


def mover(way: str, folder: Path, number: int) -> None:
    """What a fork does, until it is over or killed."""
    os.dup2(2, 1)  # Airflow's log goes where errors go
    try:
        move(way, folder, number)
        (folder / MODULES).write_text("\n".join(sys.modules))
        os._exit(0)
    finally:
        traceback.print_exc()
        os._exit(1)


def main(folder: Path) -> None:
    """Fork a mover for each line."""
    for line in sys.stdin:
        way, number, seconds = line.split()
        child = os.fork()
        if child == 0:
            mover(way, folder, int(number))
        if seconds != "never":
            time.sleep(float(seconds))
            os.kill(child, signal.SIGKILL)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
        if seconds == "never":
            learn(folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
