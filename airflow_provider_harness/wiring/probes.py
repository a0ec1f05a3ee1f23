"""The looks that sensors take, in a task or in the triggerer: Airflow's connections in, one ``ProbeResult`` out."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from airflow_provider_harness.app.rows import probe as look
from airflow_provider_harness.app.rows.probe import ProbeResult
from airflow_provider_harness.core.slices.gate_run import GateSite, Place
from airflow_provider_harness.core.slices.moments import day_or_moment
from airflow_provider_harness.wiring import rows as rows
from airflow_provider_harness.wiring.gates import empty, gate

Cancel = rows.connections.Cancel

log = logging.getLogger(__name__)


def arrived(
    *,
    contract: str,
    conn_id: str,
    table: str,
    slice_key: str,
    slice_end: str = "",
    sql: str,
    min_rows: int,
    running: list[Cancel],
) -> ProbeResult:
    """Whether the source has the slice."""
    terms = rows.contracts.contract_of(contract, table)
    subject = rows.connections.rows_of(conn_id, f"harness looks for {terms.table}", sql=sql, prove=False)
    running.append(subject.cancel)
    return look.arrived(terms, rows.slices.piece_of(terms, slice_key, slice_end), subject, int(min_rows))


def kept(
    *, contract: str, conn_id: str, table: str, slice_key: str, slice_end: str = "", running: list[Cancel]
) -> ProbeResult:
    """Whether the published slice keeps its contract. Looks are not kept: they would be history's many points of one
    slice."""
    terms = rows.contracts.contract_of(contract, table)
    subject = rows.connections.rows_of(conn_id, f"harness looks at {terms.table}")
    running.append(subject.cancel)
    with gate(
        terms, rows.slices.piece_of(terms, slice_key, slice_end), GateSite(place=Place.PUBLISHED, conn_id=conn_id)
    ) as here:
        return look.kept(here, subject, empty(terms, conn_id))


def complete(
    *,
    contract: str,
    conn_id: str,
    table: str,
    slice_key: str,
    lookback: int,
    since: str,
    running: list[Cancel],
    slice_end: str = "",
    schedule: str = "",
) -> ProbeResult:
    """Whether the slices before the run's own are all published."""
    terms = rows.contracts.contract_of(contract, table)
    return look.complete(
        rows.judging.history(
            terms,
            slice_key,
            conn_id=conn_id,
            lookback=int(lookback),
            since=day_or_moment(since),
            slice_end=slice_end,
            schedule=schedule,
            running=running,
        )
    )


def published_drift(
    *,
    contract: str,
    conn_id: str,
    table: str,
    slice_key: str,
    running: list[Cancel],
    slice_end: str = "",
) -> ProbeResult:
    """Whether the slice is published, and how far its columns drifted."""
    terms = rows.contracts.contract_of(contract, table)
    subject = rows.connections.rows_of(conn_id, f"harness compares {terms.table} with its reference")
    running.append(subject.cancel)
    return look.published_drift(terms, rows.slices.piece_of(terms, slice_key, slice_end), subject)


def undrifted(
    *,
    contract: str,
    conn_id: str,
    table: str,
    slice_key: str,
    sql: str,
    target_conn_id: str,
    target_table: str,
    running: list[Cancel],
    slice_end: str = "",
) -> ProbeResult:
    """Whether source and published table have the contract's columns."""
    from airflow_provider_harness.adapters.postgres.source import PostgresSource

    terms = rows.contracts.contract_of(contract, target_table, like=table)
    database = PostgresSource(
        rows.connections.dsn(conn_id, f"harness compares {table}"),
        table=table,
        sql=sql,
        name=rows.connections.named(conn_id),
    )
    with database as source:
        running.append(source.cancel)
        there = source.schema()
    published = None
    if target_conn_id:
        warehouse = rows.connections.warehouse_of(target_conn_id, f"harness compares {terms.table}")
        running.append(warehouse.cancel)
        published = warehouse.columns(terms.table)
    found, diffs = look.undrifted(terms, there, published)
    for change in (change for diff in diffs for change in diff.changes if not change.blocking):
        log.warning("It breaks no load, but a person should know: %s", change.sentence())
    return found


LOOKS: Mapping[str, Callable[..., ProbeResult]] = {
    "arrived": arrived,
    "kept": kept,
    "complete": complete,
    "undrifted": undrifted,
    "published_drift": published_drift,
}
"""Name of a look, as a trigger keeps it -> what takes it."""


def take(kind: str, given: Mapping[str, Any], running: list[Cancel]) -> ProbeResult:
    """Take one look.

    :param given: arguments of the look of this kind.
    :param running: gets what cancels the look's queries on the server.
    """
    return LOOKS[kind](**given, running=running)


def late_from(contract: str, table: str, slice_key: str, slice_end: str = "") -> datetime | None:
    """The moment from which the run's slice counts as late at its source; None where nobody said."""
    from airflow_provider_harness.core.slices import lateness

    terms = rows.contracts.contract_of(contract, table)
    return lateness.late_from(terms.late, rows.slices.piece_of(terms, slice_key, slice_end))
