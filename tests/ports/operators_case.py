"""Operators as a task runs them: a Dag, a context, and the small source and warehouse of ``rows_case``."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_harness.testing.postgres import PostgresServer
from tests.ports.rows_case import CONTRACT, Case, drop, make


class Extras(dict[Any, Any]):
    """Airflow's outlet events, as far as operators use them."""

    def __missing__(self, key: Any) -> Any:
        self[key] = SimpleNamespace(extra=None)
        return self[key]


@pytest.fixture
def case(postgres: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Case]:
    name = f"rows_{uuid.uuid4().hex[:12]}"
    (tmp_path / "orders.odcs.yaml").write_text(CONTRACT)
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    monkeypatch.setenv("AIRFLOW__HARNESS__STAGING_PATH", f"file://{tmp_path}/staging")
    monkeypatch.setenv("AIRFLOW_CONN_SRC", postgres.airflow_connection(f"{name}_s"))
    monkeypatch.setenv("AIRFLOW_CONN_WH", postgres.airflow_connection(f"{name}_w"))
    yield make(postgres, name, tmp_path / "staging")
    drop(postgres, name)


def context(
    case: Case, day: int = 0, kind: str = "scheduled", task: str = "t", try_number: int = 1, map_index: int = -1
) -> dict[str, Any]:
    piece = case.piece(day)
    run = SimpleNamespace(
        partition_key=None,
        data_interval_start=piece.start,
        data_interval_end=piece.end,
        logical_date=piece.start,
        run_type=kind,
    )
    ti = SimpleNamespace(
        dag_id="d", run_id=f"scheduled__{day}", task_id=task, map_index=map_index, try_number=try_number
    )
    return {"dag_run": run, "run_id": ti.run_id, "outlet_events": Extras(), "ti": ti}


def run(operator: Any, context: dict[str, Any]) -> Any:
    """What Airflow does: render a copy, then execute it."""
    operator.render_template_fields(context)
    return operator.execute(context)


@pytest.fixture
def dag(tmp_path: Path) -> Any:
    from airflow.sdk import DAG

    dag = DAG(dag_id="d", schedule=None, start_date=datetime(2013, 3, 9, 5, tzinfo=UTC))
    dag.fileloc = str(tmp_path / "d.py")
    return dag


def terms(dag: Any, conn_id: str, table: str = "public.orders") -> dict[str, Any]:
    return {"contract": "orders.odcs.yaml", "conn_id": conn_id, "table": table, "dag": dag}


def moved(case: Case, dag: Any, day: int = 0) -> tuple[Any, dict[str, Any], dict[str, Any]]:
    from airflow.sdk import Asset

    from airflow_provider_harness.operators import PostgresExtractOperator, PostgresLoadOperator

    extract = PostgresExtractOperator(task_id=f"extract{day}", **terms(dag, "src"))
    folder = run(extract, context(case, day))
    asset = Asset("orders")
    load = PostgresLoadOperator(task_id=f"load{day}", staged=folder, outlets=[asset], **terms(dag, "wh"))
    here = context(case, day)
    told = run(load, here)
    return load, told, here["outlet_events"][asset].extra
