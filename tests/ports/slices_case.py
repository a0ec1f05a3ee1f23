"""Tables that are cut into slices: contracts for each type of column, and operators run as their Dag's schedule would."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from airflow_provider_harness.adapters.airflow.schedule import runs, text_of
from airflow_provider_harness.adapters.contracts.odcs import compile_text
from airflow_provider_harness.core.contracts.contract import Contract
from airflow_provider_harness.core.slices.slices import Run
from tests.ports.operators_case import Extras

KINDS = {
    "timestamptz": ("timestamp", "timestamptz", {}),
    "timestamp": ("timestamp", "timestamp", {}),
    "date": ("date", "date", {}),
    "epoch": ("integer", "bigint", {"epochUnit": "milliseconds"}),
}
"""Kind of slice column -> logical type, physical type, and what ``harness.load`` says besides."""


def contract_text(kind: str, zone: str, *, table: str = "public.t", mode: str = "incremental", **load: Any) -> str:
    """A contract of a table ``(id, at)`` that is cut by ``at``."""
    logical, physical, more = KINDS[kind]
    given = {"mode": mode, "timeZone": zone, **more, **load}
    if mode != "full":
        given["sliceColumn"] = "at"
    told = ", ".join(
        f"{name}: {str(value).lower() if isinstance(value, bool) else value}" for name, value in given.items()
    )
    return f"""
apiVersion: v3.1.0
kind: DataContract
id: sliced
version: 1.0.0
status: active
customProperties:
  - property: harness.load
    value: {{{told}}}
schema:
  - name: t
    physicalName: {table}
    properties:
      - {{name: id, logicalType: integer, physicalType: bigint, required: true}}
      - {{name: at, logicalType: {logical}, physicalType: {physical}, required: true}}
"""


def contract(kind: str, zone: str, **load: Any) -> Contract:
    return compile_text(contract_text(kind, zone, **load), "sliced.odcs.yaml")


@contextmanager
def worker_clock(zone: str) -> Iterator[None]:
    """This process in another time zone, as a worker can be."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = zone
    time.tzset()
    try:
        yield
    finally:
        if before is None:
            del os.environ["TZ"]
        else:
            os.environ["TZ"] = before
        time.tzset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheduled:
    """A Dag on a schedule, whose tasks run as Airflow would run them.

    :param folder: of the Dag file and its contract ``sliced.odcs.yaml``.
    """

    dag: Any
    folder: Path

    def runs(self, first: datetime, last: datetime) -> Iterator[Run]:
        """The runs that the schedule makes for the time from ``first`` to ``last``; both bound one."""
        return runs(text_of(self.dag.timetable), first, last, last)

    def context(self, run: Run, task: str = "move") -> dict[str, Any]:
        """What a task of a run is given."""
        made = SimpleNamespace(
            partition_key=run.partition_key,
            partition_date=run.partition_date,
            data_interval_start=run.interval_start,
            data_interval_end=run.interval_end,
            logical_date=run.logical_date,
            run_after=run.run_after,
            run_type="scheduled" if run.scheduled else "manual",
        )
        ti = SimpleNamespace(
            dag_id=self.dag.dag_id,
            run_id=f"run__{sha256(str(run).encode()).hexdigest()}",
            task_id=task,
            map_index=-1,
            try_number=1,
        )
        return {"dag_run": made, "run_id": ti.run_id, "outlet_events": Extras(), "ti": ti}

    def terms(self, conn_id: str, **more: Any) -> dict[str, Any]:
        return {"contract": "sliced.odcs.yaml", "conn_id": conn_id, "table": "public.t", "dag": self.dag, **more}

    def do(self, operator: Any, run: Run) -> Any:
        """Render and execute a fresh operator, as a task instance does."""
        here = self.context(run, operator.task_id)
        operator.render_template_fields(here)
        return operator.execute(here)


def scheduled(folder: Path, schedule: Any, text: str, **more: Any) -> Scheduled:
    """A Dag and its contract in a folder of their own."""
    from airflow.sdk import DAG

    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sliced.odcs.yaml").write_text(text)
    dag = DAG(dag_id="sliced", schedule=schedule, **more)
    dag.fileloc = str(folder / "sliced.py")
    return Scheduled(dag=dag, folder=folder)
