"""Models put together: a contract's terms, the registry of a connection or of the harness's own store, and the journal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.wiring import rows
from airflow_provider_harness.wiring.store import store_engine, task_engine

if TYPE_CHECKING:
    from airflow_provider_harness.app.learning.models import Changed, Models
    from airflow_provider_harness.app.ports.models import ModelRegistry
    from airflow_provider_harness.core.contracts.contract import Contract, Model
    from airflow_provider_harness.core.learning.models import ModelEvent

TYPES = ("http", "mlflow")
"""Types of connection that lead to an MLflow server."""


def terms(contract: Contract) -> Model:
    """The terms of a contract's model.

    :raises ConfigurationError: it has none.
    """
    if contract.model is None:
        fix = "Add it: name, metrics with thresholds, holdout, rollback."
        raise ConfigurationError(contract.place, "has no harness.model.", fix=fix)
    return contract.model


def promote(
    contract: Contract, version: str, *, conn_id: str, given: Mapping[str, Any] | None, context: Mapping[str, Any]
) -> Changed:
    """Put a version into use where the contract lets it.

    :param conn_id: of the registry; empty = the harness's own.
    :param given: metrics, holdout_hash and uri of the version, for the harness's own registry; None = they are there.
    """
    model, task = terms(contract), _task(context)
    if given is not None:
        _register(model, version, given, conn_id, task)
    return _models(model, conn_id, task).promote(version)


def roll_back(contract: Contract, why: str, *, to: str, conn_id: str, context: Mapping[str, Any]) -> Changed:
    """Go back to an earlier version, as the contract's plan says."""
    return _models(terms(contract), conn_id, _task(context)).roll_back(why, to)


def due(contract: Contract) -> tuple[str, ...]:
    """Which conditions of the plan the newest gates of the contract's table meet, as this task may read them."""
    from airflow_provider_harness.adapters.store.rows.gate_history import SqlGates
    from airflow_provider_harness.core.learning import models
    from airflow_provider_harness.wiring.learning.readiness import newest

    return models.due(terms(contract), newest(SqlGates(task_engine).trend(contract.table, 1)))


def events(model: str) -> Sequence[ModelEvent]:
    """What happened to a model, for people."""
    from airflow_provider_harness.adapters.store.rows.models import SqlModelJournal

    return SqlModelJournal(store_engine).events(model)


def registry(conn_id: str, *, task: str = "", reads: bool = False) -> ModelRegistry:
    """The registry that a connection leads to; without one, the harness's own.

    :param reads: for people, who open the store as the command line does.
    """
    if not conn_id:
        from airflow_provider_harness.adapters.store.rows.models import SqlModelJournal, SqlModels

        return SqlModels(SqlModelJournal(store_engine if reads else task_engine), task, _now)
    from airflow_provider_harness.adapters.learning.mlflow import MlflowModels
    from airflow_provider_harness.wiring.access import opened

    found = opened(conn_id)
    if found.conn_type not in TYPES:
        problem = f"is of type {found.conn_type!r}, which leads to no registry of models."
        raise ConfigurationError(rows.connections.named(conn_id), problem, valid=TYPES)
    scheme = found.schema or ("http" if found.conn_type == "http" else "https")
    place = found.host if "://" in (found.host or "") else f"{scheme}://{found.host}"
    alias = str(found.extra_dejson.get("alias") or "champion")
    return MlflowModels(
        f"{place}:{found.port}" if found.port else place,
        alias=alias,
        user=found.login or "",
        password=found.password or "",
    )


def _models(model: Model, conn_id: str, task: str) -> Models:
    from airflow_provider_harness.adapters.store.rows.models import SqlModelJournal
    from airflow_provider_harness.app.learning.models import Models

    return Models(model, registry(conn_id, task=task), SqlModelJournal(task_engine), task, _now)


def _register(model: Model, version: str, given: Mapping[str, Any], conn_id: str, task: str) -> None:
    from airflow_provider_harness.adapters.store.rows.models import SqlModelJournal, SqlModels
    from airflow_provider_harness.core.learning.models import ModelVersion

    if conn_id:
        fix = "Log them in the run of the version, with the tag harness.holdout_hash, and give none here."
        raise ConfigurationError(rows.connections.named(conn_id), "is a registry that has metrics of its own.", fix=fix)
    own = SqlModels(SqlModelJournal(task_engine), task, _now)
    own.register(ModelVersion(model=model.name, version=version, **given))


def _task(context: Mapping[str, Any]) -> str:
    """A task of a run, whichever try it is."""
    return str(rows.slices.task_of(context)).rpartition("#")[0]


def _now() -> datetime:
    return datetime.now(UTC)
