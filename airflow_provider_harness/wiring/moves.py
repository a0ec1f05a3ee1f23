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
from airflow_provider_harness.app.rows.exactly_once import Records, exactly_once, in_hand, of_folder
from airflow_provider_harness.core.contracts.contract import Treatment
from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.core.slices.gate_run import GateSite, Place
from airflow_provider_harness.wiring.gates import gate
from airflow_provider_harness.wiring.grants import granted
from airflow_provider_harness.wiring.leases import leased, published
from airflow_provider_harness.wiring.rows.connections import Cancel, dsn, is_bigquery, named, warehouse_of
from airflow_provider_harness.wiring.rows.slices import piece_of
from airflow_provider_harness.wiring.store import connection

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider_harness.app.ports.rows import Manifest, Published, Session
    from airflow_provider_harness.core.contracts.contract import Contract
    from airflow_provider_harness.core.contracts.report import CheckResult, Report
    from airflow_provider_harness.core.diagnosis.failure import TryKey
    from airflow_provider_harness.core.slices.slices import Slice

log = logging.getLogger(__name__)
RECORDS = Records(granted=granted, leased=leased, gate=gate, published=published)


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
    site = GateSite(place=Place.SOURCE, conn_id=conn_id, task=task)
    name, sql = f"harness extract {contract.table}", bounded(sql, piece, contract)
    database = PostgresSource(dsn(conn_id, name), table=table, sql=sql, hasher=hasher_of(contract), name=named(conn_id))
    with in_hand(RECORDS, contract, piece, site, task, of_folder(folder)) as slot, database as source:
        running.append(source.cancel)
        contract = slot.contract
        gauge = ArrowChecks(contract, _sliced(contract, piece), at=piece.end, expectations=True)
        stage = ParquetStage(folder)
        watch = Watch(contract)
        manifest, report, drift = move.extract(
            contract,
            piece,
            source,
            stage,
            gauge,
            Progress(source.estimate(contract, piece)),
            gate=slot.gate,
            watch=watch,
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
    with exactly_once(RECORDS, contract, piece, conn_id, task, folder=folder) as slot:
        contract = slot.contract
        warehouse = warehouse_of(conn_id, f"harness load {contract.table}", limit, slot.still_mine)
        running.append(warehouse.cancel)
        gauge = None if is_bigquery(conn_id) else ArrowChecks(contract, _sliced(contract, piece), at=piece.end)
        progress = Progress(stage.manifest().rows, exact=True)
        return slot.commit(move.load(contract, piece, stage, warehouse, run, progress, gate=slot.gate, gauge=gauge))


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
    query = bounded(sql, piece, contract)
    source = PostgresCopySource(dsn(source_conn_id, name), table=source_table, sql=query, name=named(source_conn_id))
    running += [source.cancel, warehouse.cancel]
    with exactly_once(RECORDS, contract, piece, conn_id, task) as slot, source as rows:
        contract = slot.contract
        progress, target = Progress(rows.estimate(contract, piece)), warehouse.slice(contract, piece)
        told, report, drift = slot.commit(move.transfer(contract, piece, rows, target, run, progress, gate=slot.gate))
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
    more: Callable[[Session], tuple[CheckResult, ...]] | None = None,
) -> tuple[Published, Report]:
    """Publish what a query gives for one slice.

    :param limit: what it may cost: units of PostgreSQL's planner, or bytes in BigQuery; None for no limit.
    :param more: see ``move.transform``.
    """
    piece = piece_of(contract, key, end)
    with exactly_once(RECORDS, contract, piece, conn_id, task) as slot:
        warehouse = warehouse_of(conn_id, f"harness transform {contract.table}", held=slot.still_mine)
        running.append(warehouse.cancel)
        told, report, found = slot.commit(
            move.transform(slot.contract, piece, sql, warehouse, run, Progress, gate=slot.gate, limit=limit, more=more)
        )
    for change in found.changes:
        log.warning("The query's type differs from the contract's, so values are converted: %s", change.sentence())
    return told, report


def bounded(sql: str, piece: Slice, contract: Contract) -> str:
    """A source's query with the slice's bounds, where it asks for them; a percent sign of one that does not is what it is."""
    return bound(sql, piece, contract) if _PLACEHOLDER.search(sql) else sql


_PLACEHOLDER = re.compile(r"%\(\w+\)s\b")


def _sliced(contract: Contract, piece: Slice) -> Slice | None:
    return piece if contract.load.slice_column else None


def hasher_of(contract: Contract) -> Hasher | None:
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
