"""The moves put together: a slice extracted, loaded, transferred or transformed, under its lease and its gate.

Imported when a task runs.
"""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING

from airflow_provider_harness import config
from airflow_provider_harness.adapters.arrow.parquet_stage import ParquetStage
from airflow_provider_harness.adapters.arrow.personal_data import Hasher, Watch
from airflow_provider_harness.adapters.duckdb.in_flight import ArrowChecks
from airflow_provider_harness.adapters.postgres.copy.source import PostgresCopySource
from airflow_provider_harness.adapters.postgres.source import PostgresSource
from airflow_provider_harness.adapters.postgres.subject import bound
from airflow_provider_harness.adapters.postgres.warehouse import PostgresWarehouse
from airflow_provider_harness.adapters.progress import Progress
from airflow_provider_harness.app.rows import move
from airflow_provider_harness.core.contracts.contract import Treatment
from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.core.slices.gate_run import GateSite, Place
from airflow_provider_harness.core.slices.lease import of_slice
from airflow_provider_harness.wiring.gates import gate
from airflow_provider_harness.wiring.grants import granted
from airflow_provider_harness.wiring.leases import leased, published
from airflow_provider_harness.wiring.rows import Cancel, dsn, is_bigquery, named, piece_of, warehouse_of
from airflow_provider_harness.wiring.store import connection

if TYPE_CHECKING:
    from airflow_provider_harness.app.ports.rows import Manifest, Published
    from airflow_provider_harness.core.contracts.contract import Contract
    from airflow_provider_harness.core.contracts.report import Report
    from airflow_provider_harness.core.diagnosis.failure import TryKey
    from airflow_provider_harness.core.slices.slices import Slice

log = logging.getLogger(__name__)


def extract(
    contract: Contract,
    key: str,
    *,
    conn_id: str,
    table: str,
    sql: str,
    folder: str,
    task: TryKey,
    running: list[Cancel],
    end: str = "",
) -> tuple[Manifest, Report]:
    """Stream one slice of a PostgreSQL relation to staged files."""
    piece = piece_of(contract, key, end)
    contract, permit = granted(contract, piece.id, task)
    post = GateSite(place=Place.SOURCE, conn_id=conn_id, task=task)
    name, sql = f"harness extract {contract.table}", _bound(sql, piece, contract)
    database = PostgresSource(dsn(conn_id, name), table=table, sql=sql, hasher=_hasher(contract), name=named(conn_id))
    with leased(f"staged {folder}", task), gate(contract, piece, post, permit) as here, database as source:
        running.append(source.cancel)
        gauge = ArrowChecks(contract, _sliced(contract, piece), at=piece.end)
        stage = ParquetStage(folder)
        watch = Watch(contract)
        manifest, report, drift = move.extract(
            contract, piece, source, stage, gauge, Progress(source.estimate(contract, piece)), gate=here, watch=watch
        )
    for result in watch.results():
        log.warning("Column %s: %s. %s", result.columns[0], result.actual, result.look_at)
    for change in drift.changes:
        log.warning("Not in the way, but a person should know: %s", change.sentence())
    return manifest, report


def load(
    contract: Contract,
    key: str,
    *,
    conn_id: str,
    folder: str,
    run: str,
    task: TryKey,
    running: list[Cancel],
    end: str = "",
    limit: int | None = None,
) -> tuple[Published, Report]:
    """Publish the staged files of one slice.

    :param limit: bytes that one query may bill, where the warehouse bills bytes; None for the connection's limit.
    """
    piece, stage = piece_of(contract, key, end), ParquetStage(folder)
    contract, permit = granted(contract, piece.id, task)
    post = GateSite(place=Place.STAGING, conn_id=conn_id, task=task)
    files, target = leased(f"staged {folder}", task), leased(of_slice(conn_id, contract.table, piece.id), task)
    with files, target as held, gate(contract, piece, post, permit) as here:
        warehouse = warehouse_of(conn_id, f"harness load {contract.table}", limit, held)
        running.append(warehouse.cancel)
        gauge = None if is_bigquery(conn_id) else ArrowChecks(contract, _sliced(contract, piece), at=piece.end)
        told = move.load(
            contract, piece, stage, warehouse, run, Progress(stage.manifest().rows, exact=True), gate=here, gauge=gauge
        )
    published(contract, piece, conn_id, task)
    return told


def transfer(
    contract: Contract,
    key: str,
    *,
    conn_id: str,
    source_conn_id: str,
    source_table: str,
    sql: str,
    run: str,
    task: TryKey,
    running: list[Cancel],
    end: str = "",
) -> tuple[Published, Report]:
    """Publish one slice straight from another PostgreSQL."""
    name = f"harness transfer {contract.table}"
    warehouse = PostgresWarehouse(dsn(conn_id, name), name=named(conn_id))
    piece = piece_of(contract, key, end)
    query = _bound(sql, piece, contract)
    source = PostgresCopySource(dsn(source_conn_id, name), table=source_table, sql=query, name=named(source_conn_id))
    running += [source.cancel, warehouse.cancel]
    contract, permit = granted(contract, piece.id, task)
    post = GateSite(place=Place.STAGING, conn_id=conn_id, task=task)
    with (
        leased(of_slice(conn_id, contract.table, piece.id), task),
        gate(contract, piece, post, permit) as here,
        source as pump,
    ):
        basin = warehouse.slice(contract, piece)
        told, report, drift = move.transfer(
            contract, piece, pump, basin, run, Progress(pump.estimate(contract, piece)), gate=here
        )
    published(contract, piece, conn_id, task)
    for change in drift.changes:
        log.warning("Not in the way, but a person should know: %s", change.sentence())
    return told, report


def transform(
    contract: Contract,
    key: str,
    sql: str,
    *,
    conn_id: str,
    run: str,
    task: TryKey,
    running: list[Cancel],
    end: str = "",
    limit: float | None = None,
) -> tuple[Published, Report]:
    """Publish what a query gives for one slice.

    :param limit: what it may cost: units of PostgreSQL's planner, or bytes in BigQuery; None for no limit.
    """
    piece = piece_of(contract, key, end)
    contract, permit = granted(contract, piece.id, task)
    post = GateSite(place=Place.STAGING, conn_id=conn_id, task=task)
    with leased(of_slice(conn_id, contract.table, piece.id), task) as held, gate(contract, piece, post, permit) as here:
        warehouse = warehouse_of(conn_id, f"harness transform {contract.table}", held=held)
        running.append(warehouse.cancel)
        told, report, found = move.transform(contract, piece, sql, warehouse, run, Progress, gate=here, limit=limit)
    published(contract, piece, conn_id, task)
    for change in found.changes:
        log.warning(
            "The query gives another type than the contract has, and values are converted: %s", change.sentence()
        )
    return told, report


def _bound(sql: str, piece: Slice, contract: Contract) -> str:
    """A source's query with the slice's bounds, where it asks for them; a percent sign of one that does not is what it is."""
    return bound(sql, piece, contract) if _PLACEHOLDER.search(sql) else sql


_PLACEHOLDER = re.compile(r"%\(\w+\)s\b")


def _sliced(contract: Contract, piece: Slice) -> Slice | None:
    return piece if contract.load.slice_column else None


def _hasher(contract: Contract) -> Hasher | None:
    """What hashes the columns that the contract wants hashed; refused before data moves where there is no key."""
    hashed = [column.name for column in contract.columns if column.treatment is Treatment.HASH]
    if not hashed:
        return None
    conn_id = config.read().personal_key_conn_id
    found = connection(conn_id)
    if found is None or not found.password:
        raise ConfigurationError(
            f"connection {conn_id}",
            f"has no password, and contract {contract.id} hashes {', '.join(hashed)} with it.",
            fix="Make the connection with 32 random bytes or more as its password, and keep them: another key gives other "
            "hashes.",
        )
    return Hasher(found.password.encode(), f"the password of connection {conn_id}")
