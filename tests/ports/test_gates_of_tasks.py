"""Operators keep what their gates find, and judge a slice as of the slice; a store that is away hurts no task."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_harness.adapters.store.migrate import upgrade
from airflow_provider_harness.adapters.store.rows.gate_history import SqlGates
from airflow_provider_harness.core.contracts.report import Decision, Measurement, Measurements, judge
from airflow_provider_harness.core.diagnosis.failure import TryKey
from airflow_provider_harness.core.errors import HarnessError, HarnessUnavailable
from airflow_provider_harness.core.slices.gate_run import GateRun, GateSite, Place, StoredGate
from airflow_provider_harness.operators import PostgresExtractOperator, PostgresLoadOperator, ValidateOperator
from airflow_provider_harness.wiring import gates as wiring_gates
from airflow_provider_harness.wiring import rows as wiring_rows
from airflow_provider_harness.wiring.store import task_engine
from tests.ports.operators_case import context, run, terms
from tests.ports.rows_case import CONTRACT, Case

WATCHED = CONTRACT.replace(
    "      - {metric: rowCount, mustBeGreaterThan: 0}\n",
    """      - {metric: rowCount, mustBeGreaterThan: 0}
      - type: custom
        engine: harness
        implementation: {check: anomaly, slot: all, minimumHistory: 3, floor: 20}
      - type: custom
        engine: harness
        implementation: {check: freshness, column: placed_at, mustBeLessThan: 3600}
""",
)
WATCH = "anomaly:row_count"


@pytest.fixture
def watched(case: Case, tmp_path: Path) -> Case:
    """The contract with a check of the history that blocks, and one of freshness; and a store."""
    assert WATCHED != CONTRACT
    (tmp_path / "orders.odcs.yaml").write_text(WATCHED)
    upgrade(task_engine())
    return case


def history() -> SqlGates:
    return wiring_gates.history()


def kept(table: str = "public.orders") -> list[StoredGate]:
    return list(history().trend(table, 50))


def move(case: Case, dag: Any, day: int = 0, number: int = 1) -> None:
    """Extract and load one day, as two tasks."""
    name = f"{day}_{number}"
    extract = PostgresExtractOperator(task_id=f"extract{name}", **terms(dag, "src"))
    folder = run(extract, context(case, day, task="extract", try_number=number))
    load = PostgresLoadOperator(task_id=f"load{name}", staged=folder, **terms(dag, "wh"))
    run(load, context(case, day, task="load", try_number=number))


def before(case: Case, rows: int, days: int = 5, place: Place = Place.STAGING, conn_id: str = "wh") -> None:
    """Gates of the days before the first, as if they had run."""
    contract = wiring_rows.contracts.contract_of(str(case.folder.parent / "orders.odcs.yaml"))
    measured = Measurements(rows=rows, values={WATCH: Measurement(value=rows)})
    for number in range(1, days + 1):
        start = case.piece().start - timedelta(days=number)
        piece = replace(case.piece(), id=f"{start:%Y%m%dT%H%M%SZ}", start=start)
        task = TryKey(dag_id="d", run_id=f"before{number}", task_id=place, try_number=1)
        others = [check.id for check in contract.checks]
        report = replace(judge(contract, measured, where="", slice_id=piece.id, left=others), results=())
        results = judge(contract, measured, where="", past=_no_past(start), left=others).results
        post = GateSite(place=place, conn_id=conn_id, task=task)
        found = replace(report, results=results)
        history().keep(GateRun(post=post, piece=piece, report=found, measured_at=datetime.now(UTC)))


def _no_past(at: datetime) -> Any:
    from airflow_provider_harness.core.contracts.anomaly import CheckHistory

    return CheckHistory(at=at, points={})


def test_every_gate_of_a_slice_is_kept_with_its_task(watched: Case, dag: Any) -> None:
    move(watched, dag)
    run(ValidateOperator(task_id="v", **terms(dag, "wh")), context(watched, task="validate"))
    assert [(gate.place, gate.conn_id, gate.task, gate.rows) for gate in kept()] == [
        (Place.SOURCE, "src", "d/scheduled__0/extract#1", 303),
        (Place.STAGING, "wh", "d/scheduled__0/load#1", 303),
        (Place.PUBLISHED, "wh", "d/scheduled__0/validate#1", 303),
    ]
    assert [list(gate.milliseconds) for gate in kept()] == [
        ["extract", "gate", "seal", "total"],
        ["stage", "gate", "publish", "total"],
        ["gate", "total"],
    ]
    for gate in kept():
        parts = sum(spent for stage, spent in gate.milliseconds.items() if stage != "total")
        assert parts <= gate.milliseconds["total"] + 2, "but for rounding"
        assert gate.place is Place.PUBLISHED or parts >= gate.milliseconds["total"] - 2
        assert {"not_null:placed_at", "unique:id", WATCH, "freshness:placed_at"} <= {check.id for check in gate.checks}
    assert "reconciliation:staged" in {check.id for check in kept()[1].checks}


def test_old_slices_are_fresh_as_of_themselves(watched: Case, dag: Any) -> None:
    """The data are of 2013 and the promise is an hour: today every gate would fail."""
    move(watched, dag)
    run(ValidateOperator(task_id="v", **terms(dag, "wh")), context(watched, task="validate"))
    query = ValidateOperator(
        task_id="q", contract="orders.odcs.yaml", dag=dag, conn_id="wh", sql="SELECT * FROM public.orders"
    )
    run(query, context(watched, task="q"))
    ages = [check.value for gate in kept() for check in gate.checks if check.kind == "freshness"]
    assert len(ages) == 4
    assert all(age is not None and 0 <= age < 3600 for age in ages)


def test_a_full_table_is_fresh_as_of_its_slice(watched: Case, dag: Any, tmp_path: Path) -> None:
    full = WATCHED.replace("{mode: incremental, sliceColumn: placed_at, timeZone", "{mode: full, timeZone")
    assert full != WATCHED
    (tmp_path / "orders.odcs.yaml").write_text(full)
    move(watched, dag, 2)
    run(ValidateOperator(task_id="v", **terms(dag, "wh")), context(watched, 2, task="validate"))
    assert [(gate.place, gate.rows) for gate in kept()] == [(place, 900) for place in list(Place)[:3]]
    ages = [check.value for gate in kept() for check in gate.checks if check.kind == "freshness"]
    assert ages == [-1514.0] * 3, "the newest order is 25 minutes younger than the end of the slice"


def test_an_unusual_slice_is_blocked_and_kept_as_no_example(watched: Case, dag: Any) -> None:
    before(watched, 300)
    for place, conn_id in ((Place.SOURCE, "src"),):
        before(watched, 300, place=place, conn_id=conn_id)
    watched.at_source("DELETE FROM public.orders WHERE id % 2 = 0")
    with pytest.raises(Exception, match=f"{WATCH}: expected 280.0 to 320.0, found 151"):
        move(watched, dag)
    [gate] = [gate for gate in kept() if gate.slice == watched.piece().id]
    assert (gate.place, gate.decision, gate.rows) == (Place.SOURCE, Decision.BLOCK, 151)
    assert [check.id for check in gate.checks if check.flagged] == [WATCH]
    assert watched.at_warehouse("SELECT to_regclass('public.orders')") == [(None,)]


def test_the_healers_verification_reads_and_keeps_nothing(
    watched: Case, dag: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before(watched, 300)
    move(watched, dag)
    many = len(kept())
    contract = str(tmp_path / "orders.odcs.yaml")
    assert wiring_rows.judging.verify_published(contract, "wh", "public.orders", watched.piece().id).passed
    with pytest.raises(HarnessError, match=r"connection wh: .*nowhere"):
        wiring_rows.judging.verify_published(contract, "wh", "public.nowhere", watched.piece().id)
    monkeypatch.setenv("AIRFLOW_CONN_GONE", "postgres://u:p@127.0.0.1:9/none")
    with pytest.raises(HarnessUnavailable, match="connection gone"):
        wiring_rows.judging.verify_published(contract, "gone", "public.orders", watched.piece().id)
    watched.at_warehouse("DELETE FROM public.orders WHERE id % 2 = 0")
    report = wiring_rows.judging.verify_published(contract, "wh", "public.orders", watched.piece().id)
    assert [result.id for result in report.failed] == [WATCH]
    assert len(kept()) == many


def away(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/nowhere/harness.db"


def refused(tmp_path: Path) -> str:
    return "postgresql://u:secret@127.0.0.1:1/none"


@pytest.mark.parametrize("store", [away, refused])
def test_a_store_that_is_away_is_a_warning_and_hurts_no_task(
    case: Case,
    dag: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    store: Callable[[Path], str],
) -> None:
    monkeypatch.setattr("airflow_provider_harness.wiring.store.store_url", lambda *_, **__: store(tmp_path))
    with caplog.at_level(logging.WARNING):
        move(case, dag)
    said = [record.getMessage() for record in caplog.records if record.name.endswith("wiring.gates")]
    assert len(said) == 2
    assert all("was not stored" in text and "the harness store is unavailable" in text for text in said)
    assert "secret" not in caplog.text
    assert len(case.published()) == 303


def test_a_store_that_is_away_keeps_a_check_of_the_history_from_passing(
    watched: Case,
    dag: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("airflow_provider_harness.wiring.store.store_url", lambda *_, **__: away(tmp_path))
    with pytest.raises(Exception, match=rf"{WATCH}: could not be checked \(its history could not be read"):
        move(watched, dag)
