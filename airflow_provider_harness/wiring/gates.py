"""Gates put together: each reads the history of its slice's table, and what it found is kept for later slices."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from airflow_provider_harness.core.errors import HarnessUnavailable

if TYPE_CHECKING:
    from airflow_provider_harness.adapters.store.rows.gate_history import SqlGates
    from airflow_provider_harness.app.ports.rows import Permit
    from airflow_provider_harness.app.rows.gate import Gate
    from airflow_provider_harness.app.rows.validate import Empty
    from airflow_provider_harness.core.contracts.contract import Contract
    from airflow_provider_harness.core.slices.gate_run import GateSite
    from airflow_provider_harness.core.slices.slices import Slice

log = logging.getLogger(__name__)


def history() -> SqlGates:
    """What earlier gates found, as ordinary tasks may use it; the store is opened when it is needed."""
    from airflow_provider_harness.adapters.store.rows.gate_history import SqlGates
    from airflow_provider_harness.wiring.store import task_engine

    return SqlGates(task_engine)


def empty(contract: Contract, conn_id: str) -> Empty:
    """Which slices were rightly published without a row: asked of what the gates of their publications found."""
    return lambda pieces: history().empty(contract.table, conn_id, pieces)


@contextmanager
def gate(contract: Contract, piece: Slice, post: GateSite, permit: Permit | None = None) -> Iterator[Gate]:
    """One gate of one slice; what it found is kept at the end, also when it blocked.

    :param permit: see ``wiring.grants.granted``.
    """
    from airflow_provider_harness.app.rows.gate import Gate

    found, began = Gate(contract, piece, post, history(), time.monotonic, permit), time.monotonic()
    try:
        yield found
    finally:
        _keep(found, began, time.monotonic())


def _keep(found: Gate, began: float, ended: float) -> None:
    """A store that is away costs the history one point, and the task nothing but a warning."""
    from airflow_provider_harness.adapters.airflow.metrics import observe_gate
    from airflow_provider_harness.core.slices.gate_run import GateRun, stages

    if found.report is None or found.post.task is None:
        return
    run = GateRun(
        post=found.post,
        piece=found.piece,
        report=found.report,
        measured_at=datetime.now(UTC),
        milliseconds=stages(found.post.place, found.report.milliseconds, began, found.judged_at, ended),
    )
    observe_gate(run)
    try:
        history().keep(run)
        _keep_contract(found)
    except HarnessUnavailable as error:
        log.warning(
            "The result of this gate was not stored, so later slices of %s will not be compared with slice %s: %s",
            found.report.table,
            found.report.slice,
            error,
        )


def _keep_contract(found: Gate) -> None:
    """The version of the contract that was judged by, for people; a role of an earlier version may not keep it, and need not."""
    from airflow_provider_harness.adapters.store.pages.contracts import SqlContracts
    from airflow_provider_harness.wiring.store import task_engine

    assert found.post.task is not None, "it is asked for before"
    try:
        SqlContracts(task_engine).keep(
            found.contract, found.post.task.dag_id, found.post.task.task_id, datetime.now(UTC)
        )
    except HarnessUnavailable as error:
        log.info("The contract of %s was not kept for the pages: %s", found.contract.table, error)
