"""Lineage put together: what a task read and wrote goes into the harness store, and comes out as a graph."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.wiring.rows.slices import task_of
from airflow_provider_harness.wiring.store import store_engine, task_engine

if TYPE_CHECKING:
    from airflow_provider_harness.core.lineage.graph import Flow, Graph
    from airflow_provider_harness.core.slices.gate_run import StoredGate


def keep(context: Mapping[str, Any], flow: Flow) -> None:
    """Keep what the task of this context read and wrote.

    :raises HarnessUnavailable: the store is away.
    """
    from airflow_provider_harness.adapters.store.rows.lineage import SqlLineage

    SqlLineage(task_engine).keep(task_of(context), flow, datetime.now(UTC))


def graph() -> Graph:
    """Who feeds whom, as the store knows it now; for the healer and for people.

    :raises HarnessUnavailable: the store is away.
    """
    from airflow_provider_harness.adapters.store.rows.lineage import SqlLineage

    return SqlLineage(store_engine).graph()


def graph_ever() -> Graph:
    """The same of all that was ever told: a task can add to it, and take nothing back."""
    from airflow_provider_harness.adapters.store.rows.lineage import SqlLineage

    return SqlLineage(store_engine).graph(ever=True)


def latest_gates(tasks: Collection[str]) -> Mapping[str, StoredGate]:
    """What the newest gate of each of these tasks decided; a task is ``dag.task``.

    :raises HarnessUnavailable: the store is away.
    """
    from airflow_provider_harness.adapters.store.rows.gate_history import SqlGates

    return SqlGates(store_engine).latest(tasks)
