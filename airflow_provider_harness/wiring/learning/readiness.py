"""Readiness put together: contract, live table, the newest gates and the lineage; and the tables that no contract covers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

from airflow_provider_harness.core.contracts.contract import Contract, Readiness
from airflow_provider_harness.core.contracts.readiness import Live, StandardResult, checklist
from airflow_provider_harness.core.errors import HarnessUnavailable
from airflow_provider_harness.wiring import lineage, rows
from airflow_provider_harness.wiring.store import store_engine

if TYPE_CHECKING:
    from airflow_provider_harness.core.lineage.graph import Dataset, Graph
    from airflow_provider_harness.core.slices.gate_run import StoredCheck, StoredGate


def standards(
    contract: Contract, conn_id: str, at: datetime | None = None, level: Readiness | None = None
) -> tuple[StandardResult, ...]:
    """Whether a contract and its live table meet the standards of a level.

    :param conn_id: of the warehouse; empty: nobody looks at the table, and what needs it is not met.
    :param at: moment as of which its freshness is judged; None means now.
    :param level: see ``readiness.checklist``.
    """
    with rows.connections.reachable(conn_id) if conn_id else nullcontext():
        live = rows.judging.live(contract, conn_id, at) if conn_id else Live(drift=None, report=None, looked=False)
        if (level or contract.readiness) is Readiness.AI_READY:
            live = _told(live, contract, conn_id)
    return checklist(contract, replace(live, today=(at or datetime.now(UTC)).date()), level)


def _told(live: Live, contract: Contract, conn_id: str) -> Live:
    """What the store knows beside: it may be away, and then it is said so."""
    try:
        return replace(live, gates=newest(gates(contract.table)), origins=origins(contract, conn_id))
    except HarnessUnavailable as error:
        return replace(live, unread=f"the store could not be read: {error}")


def gates(table: str) -> Sequence[StoredGate]:
    """The gates of the newest slice of a table.

    :raises HarnessUnavailable: the store is away.
    """
    from airflow_provider_harness.adapters.store.rows.gate_history import SqlGates

    return SqlGates(store_engine).trend(table, 1)


def newest(found: Iterable[StoredGate]) -> Mapping[str, str]:
    """Id of a check -> why it did not pass when it was measured last; empty where it passed."""
    ordered = sorted(found, key=lambda gate: gate.measured_at)
    return {check.id: _why(check, gate) for gate in ordered for check in gate.checks}


def _why(check: StoredCheck, gate: StoredGate) -> str:
    if check.passed:
        return ""
    number = "" if check.value is None else f" (found {check.value:g})"
    why = f"could not be checked ({check.error})" if check.error else f"did not pass{number}"
    return f"{check.id}: {why} in the newest gate, of slice {gate.slice} on {gate.measured_at:%Y-%m-%d}."


def origins(contract: Contract, conn_id: str) -> Mapping[str, tuple[str, ...]] | None:
    """Column -> the columns that it is made of, as tasks told; None where none told that it writes the table.

    :param conn_id: of the table; empty: any table of its name.
    :raises HarnessUnavailable: the store is away.
    """
    graph = lineage.graph()
    tables = (
        [rows.connections.dataset(conn_id, contract.table)]
        if conn_id
        else [one for one, _ in graph.find(contract.table)]
    )
    written = [flow for flow in graph.flows if flow.output in tables]
    if not written:
        return None
    tables = [flow.output for flow in written if flow.output]
    return {
        name: tuple(sorted({one for table in tables for one in _sources(graph, table, name)}))
        for name in contract.names
    }


def _sources(graph: Graph, table: Dataset, column: str) -> Iterator[str]:
    """The columns, furthest from a column, that its values come from, as ``database.schema.table.column``."""
    steps = [one for one in graph.walk(table, column) if one.column and one.how is not None and one.how.direct]
    for step, after in zip_longest(steps, steps[1:]):
        if after is None or after.depth <= step.depth:
            yield f"{step.dataset.name}.{step.column}"


def contracts_in(folder: Path) -> list[str]:
    """The contract files below a folder, sorted."""
    return sorted(str(file) for file in folder.glob("**/*.odcs.yaml"))


def dags_folder() -> Path:
    """The folder of Airflow's Dags."""
    from airflow.configuration import conf

    return Path(conf.get("core", "dags_folder"))


def tables(conn_id: str) -> list[str]:
    """The tables and views of a database that the connection's user may read, as ``schema.table``, sorted."""
    with rows.connections.reachable(conn_id):
        if rows.connections.is_bigquery(conn_id):
            from airflow_provider_harness.adapters.bigquery import jobs
            from airflow_provider_harness.adapters.learning.relations import of_bigquery

            return of_bigquery(jobs.connect(conn_id)[0])
        from airflow_provider_harness.adapters.learning.relations import of_postgres

        return of_postgres(rows.connections.dsn(conn_id, "harness readiness"), rows.connections.named(conn_id))
