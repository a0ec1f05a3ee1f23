"""Rows judged where they are: in a query, in files, as published, in quarantine; and the slices that are missing."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from airflow_provider_harness.wiring.rows.connections import Cancel, dsn, named, reachable, rows_of, warehouse_of
from airflow_provider_harness.wiring.rows.contracts import contract_of
from airflow_provider_harness.wiring.rows.slices import known_piece, piece_of, slices_of

if TYPE_CHECKING:
    from airflow_provider_harness.adapters.postgres.write.quarantine import PostgresQuarantine
    from airflow_provider_harness.app.rows.quarantine import Released
    from airflow_provider_harness.core.contracts.contract import Contract
    from airflow_provider_harness.core.contracts.readiness import Live
    from airflow_provider_harness.core.contracts.report import Report
    from airflow_provider_harness.core.diagnosis.failure import TryKey


def validate(
    contract: Contract,
    key: str,
    *,
    conn_id: str,
    sql: str,
    path: str,
    engine: str,
    prove: bool,
    docs: str,
    task: TryKey,
    running: list[Cancel],
    end: str = "",
) -> Report:
    """Judge the rows of one slice: those of files, else those that a query gives, else those of the contract's table."""
    from airflow_provider_harness.adapters.duckdb.file_subject import FileRows
    from airflow_provider_harness.adapters.gx.split import Engine
    from airflow_provider_harness.adapters.postgres.subject import columns_of
    from airflow_provider_harness.app.ports.rows import RowsUnderTest
    from airflow_provider_harness.app.rows import validate
    from airflow_provider_harness.core.slices.gate_run import GateSite, Place
    from airflow_provider_harness.wiring.gates import gate

    name = f"harness validate {contract.table}"
    if path:
        known = (lambda table, columns: columns_of(dsn(conn_id, name), table, columns)) if conn_id else None
        subject: RowsUnderTest = FileRows(path, engine=Engine(engine), columns_of=known, docs=docs)
        post = GateSite(place=Place.FILE, task=task)
    else:
        rows = rows_of(conn_id, name, sql=sql, engine=engine, prove=prove, docs=docs)
        running.append(rows.cancel)
        subject, post = rows, GateSite(place=Place.QUERY if sql else Place.PUBLISHED, conn_id=conn_id, task=task)
    with gate(contract, piece_of(contract, key, end), post) as here:
        return validate.verify(here, subject)


def verify_published(
    contract_path: str, conn_id: str, table: str, slice_id: str, slice_end: str = "", expected_rows: int | None = None
) -> Report:
    """Judge one published slice, read back from where it was published; for the healer, so nothing is kept.

    :param contract_path: absolute, or relative to the working directory.
    :param slice_end: see ``piece_of``.
    :param expected_rows: rows that the publication said it left there (``rows`` of the task's XCom), where known.
    """
    from airflow_provider_harness.app.rows import validate
    from airflow_provider_harness.core.slices.gate_run import GateSite, Place
    from airflow_provider_harness.wiring.gates import gate

    contract = contract_of(contract_path, table)
    rows = rows_of(conn_id, f"harness verify {contract.table}")
    here = gate(contract, piece_of(contract, slice_id, slice_end), GateSite(place=Place.PUBLISHED, conn_id=conn_id))
    with reachable(conn_id), here as judge:
        return validate.verify(judge, rows, expected_rows=expected_rows)


def live(contract: Contract, conn_id: str, at: datetime | None = None) -> Live:
    """A contract's live table: its columns, and the contract's checks on every row.

    :param at: moment as of which its freshness is judged; None means now.
    """
    from airflow_provider_harness.core.contracts.readiness import Live
    from airflow_provider_harness.core.contracts.report import judge
    from airflow_provider_harness.core.contracts.schema import Side, compare

    warehouse = warehouse_of(conn_id, f"harness check {contract.table}")
    found = warehouse.columns(contract.table)
    if found is None:
        return Live(drift=None, report=None)
    report = judge(contract, warehouse.measure_published(contract, None, at), where=contract.table)
    return Live(drift=compare(contract, found, Side.TARGET), report=report)


def missing_slices(contract_path: str, conn_id: str, table: str, first: date, last: date) -> list[date]:
    """The days from ``first`` to ``last``, both included, of which no row is published."""
    from airflow_provider_harness.app.rows import validate
    from airflow_provider_harness.wiring.gates import empty

    contract = contract_of(contract_path, table)
    warehouse = warehouse_of(conn_id, f"harness completeness {contract.table}")
    return validate.missing_slices(contract, warehouse, first, last, empty(contract, conn_id))


def history(
    contract: Contract,
    key: str,
    *,
    conn_id: str,
    lookback: int,
    since: date | datetime | None,
    slice_end: str = "",
    schedule: str = "",
    running: list[Cancel] | None = None,
) -> Report | None:
    """The search for missing slices in the ``lookback`` days before a run's own; None if no slice lies there.

    :param since: the first day, or moment, of which a slice should be there.
    :param slice_end: see ``piece_of``.
    :param schedule: the Dag's timetable as text, whose runs own the slices; empty: they are as long as the contract's grain.
    """
    from airflow_provider_harness.app.rows import validate
    from airflow_provider_harness.core.slices.slices import day_bounds
    from airflow_provider_harness.wiring.gates import empty

    piece = piece_of(contract, key, slice_end)
    first = day_bounds(contract, piece.day(contract.load.time_zone) - timedelta(days=lookback))[0]
    if since is not None:
        first = max(first, since if isinstance(since, datetime) else day_bounds(contract, since)[0])
    pieces = slices_of(contract, schedule, first, piece)
    if not pieces:
        return None
    warehouse = warehouse_of(conn_id, f"harness completeness {contract.table}")
    if running is not None:
        running.append(warehouse.cancel)
    missing = validate.absent(contract, warehouse, pieces, empty(contract, conn_id))
    return validate.completeness(contract, piece, pieces, missing)


def quarantine(contract: Contract, conn_id: str) -> PostgresQuarantine:
    """The rows of a contract's table that were set aside."""
    from airflow_provider_harness.adapters.postgres.write.quarantine import PostgresQuarantine

    return PostgresQuarantine(dsn(conn_id, f"harness quarantine {contract.table}"), name=named(conn_id))


def release(contract: Contract, conn_id: str, key: str, check: str) -> Released:
    """Publish the rows of a slice that were set aside and pass now."""
    from airflow_provider_harness.app.rows import quarantine as app
    from airflow_provider_harness.core.slices.gate_run import GateSite, Place
    from airflow_provider_harness.wiring.gates import gate

    piece = known_piece(contract, key)
    with gate(contract, piece, GateSite(place=Place.PUBLISHED, conn_id=conn_id)) as here:
        released, _ = app.release(here, quarantine(contract, conn_id), check)
    return released
