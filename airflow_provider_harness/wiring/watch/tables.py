"""The watch put together: which contracts ask for it, how their tables are read, and where what is found is kept."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from airflow_provider_harness.core.errors import ConfigurationError, HarnessError, HarnessUnavailable

if TYPE_CHECKING:
    from airflow_provider_harness.app.ports.healing import Healer
    from airflow_provider_harness.app.ports.watch import Progress, WatchedSlice, WatchedTable
    from airflow_provider_harness.app.watch.look import Upstream, Watch
    from airflow_provider_harness.core.contracts.contract import Contract
    from airflow_provider_harness.core.diagnosis.failure import TryKey

log = logging.getLogger(__name__)

SUFFIXES = (".yaml", ".yml")
"""What a contract's file ends with, where a folder is named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One file of [harness] watch_path.

    :param contracts: those that ask to be watched.
    :param error: why it cannot be read; empty where it can.
    """

    file: str
    contracts: tuple[Contract, ...] = ()
    error: str = ""


def asked(path: str | None = None) -> Iterator[Asked]:
    """The files of [harness] watch_path, each with the contracts that ask to be watched.

    :param path: the option's value; None for the one that is set.
    """
    from airflow_provider_harness import config
    from airflow_provider_harness.adapters.contracts.odcs import load_contracts

    named = str(config.read_one("watch_path")) if path is None else path
    for file in _files(named):
        try:
            found = tuple(one for one in load_contracts(file) if one.watch is not None)
        except HarnessError as error:
            yield Asked(file=file, error=str(error))
            continue
        yield Asked(file=file, contracts=found)


def _files(named: str) -> Iterator[str]:
    for part in filter(None, (one.strip() for one in named.split(","))):
        if Path(part).is_dir():
            yield from sorted(str(file) for file in Path(part).rglob("*") if file.suffix in SUFFIXES)
        else:
            yield part


def contract_named(name: str) -> Contract:
    """The contract that ``names`` named, read again from its file.

    :raises ConfigurationError: no file of [harness] watch_path has it any more.
    """
    found = next((one for each in asked() for one in each.contracts if name_of(one) == name), None)
    if found is None:
        raise ConfigurationError(
            "[harness] watch_path",
            f"has no contract {name} that asks to be watched.",
            fix="See airflow harness doctor.",
        )
    return found


def name_of(contract: Contract) -> str:
    """By what a watched table is named between tasks: its file and its table."""
    return f"{contract.place}#{contract.table}"


def watch_of(healer: Healer, task: TryKey) -> Watch:
    """What a look needs.

    :param task: the task that looks, under which people find what it found.
    """
    from airflow_provider_harness.adapters.store.rows.watched import SqlWatches
    from airflow_provider_harness.app.watch.look import Watch
    from airflow_provider_harness.wiring.store import store_engine

    began = monotonic()

    def show(contract: Contract, seen: WatchedSlice) -> None:
        nonlocal began
        _show(contract, seen, task, round(1000 * (monotonic() - began)))
        began = monotonic()

    return Watch(healer=healer, slices=SqlWatches(store_engine), table=table, upstream=upstream, show=show)


def table(conn_id: str) -> WatchedTable:
    """The tables of a connection as the healer may read them.

    :raises NotAllowed: the administrator did not name it in [harness] connections_allowed.
    """
    from airflow_provider_harness.wiring import rows
    from airflow_provider_harness.wiring.access import allowed

    allowed(conn_id)
    if rows.connections.is_bigquery(conn_id):
        from airflow_provider_harness.adapters.bigquery.jobs import connect
        from airflow_provider_harness.adapters.bigquery.watch import BigQueryWatch

        return BigQueryWatch(*connect(conn_id), rows.connections.named(conn_id))
    from airflow_provider_harness.adapters.postgres.watch import PostgresWatch

    return PostgresWatch(rows.connections.dsn(conn_id, "harness watch"), rows.connections.named(conn_id))


def upstream(conn_id: str, name: str) -> Upstream:
    """What the lineage says of a table; nothing where it or the connection cannot be read now."""
    from airflow_provider_harness.app.watch.look import Upstream
    from airflow_provider_harness.wiring import lineage, rows

    try:
        graph, own = lineage.graph(), rows.connections.dataset(conn_id, name)
    except HarnessError as error:
        log.info("The lineage of %s is not known: %s", name, error)
        return Upstream(names=())
    feeds = graph.upstream(own)
    return Upstream(
        names=(f"{own.namespace}/{own.name}",),
        feeds=tuple(f"{one.namespace}/{one.name}" for one in feeds),
        roots=tuple(f"{one.namespace}/{one.name}" for one in graph.roots(own)) if feeds else (),
        writers=graph.tasks_of((own,)),
    )


def _show(contract: Contract, seen: WatchedSlice, task: TryKey, milliseconds: int) -> None:
    """Keep it where gates are; a store that is away then is one that ``Watches.keep`` found already."""
    from airflow_provider_harness.adapters.store.pages.contracts import SqlContracts
    from airflow_provider_harness.adapters.store.rows.gate_history import SqlGates
    from airflow_provider_harness.app.watch.shown import report_of
    from airflow_provider_harness.core.slices.gate_run import GateRun, GateSite, Place
    from airflow_provider_harness.wiring.store import store_engine

    run = GateRun(
        post=GateSite(place=Place.WATCH, conn_id=seen.conn_id, task=task),
        piece=seen.piece,
        report=report_of(contract, seen, milliseconds),
        measured_at=seen.measured_at,
        milliseconds={"gate": milliseconds, "total": milliseconds},
    )
    try:
        SqlGates(store_engine).keep(run)
        SqlContracts(store_engine).keep(contract, task.dag_id, task.task_id, seen.measured_at)
    except HarnessUnavailable as error:
        log.warning("The findings for %s slice %s are not shown: %s", seen.table, seen.piece.id, error)


def progress(contract: Contract) -> Progress | None:
    """How far the watch of a table is; None where nobody looked yet.

    :raises HarnessUnavailable: the store is away.
    """
    from airflow_provider_harness.adapters.store.rows.watched import SqlWatches
    from airflow_provider_harness.wiring.store import store_engine

    assert contract.watch is not None, "only contracts that ask for it are watched"
    return SqlWatches(store_engine).progress(contract.watch.conn_id, contract.table)


def length(contract: Contract) -> timedelta:
    """How long a slice of a table usually is."""
    from airflow_provider_harness.core.slices.slices import grain_of

    return timedelta(seconds=grain_of(contract).usual_seconds)
