"""The only reader of Airflow's context: from a callback's mapping to a ``Failure``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from airflow_provider_harness.adapters.airflow.exceptions.chain import chain_of, links_of
from airflow_provider_harness.adapters.airflow.schedule import partition_end
from airflow_provider_harness.core.diagnosis.failure import Failure, FailureKind, Origin, TryKey
from airflow_provider_harness.core.errors import ConfigurationError, ContractViolation, SchemaDrift
from airflow_provider_harness.core.operators import is_ours, operator_of
from airflow_provider_harness.core.redaction.redactor import Redactor
from airflow_provider_harness.core.slices.slices import Run, slice_id


def is_of_run(context: Mapping[str, Any]) -> bool:
    """Whether the callback of a Dag is called, not that of a task: Airflow gives it a reason, and no task that failed
    for sure (the last one, the one that waits, or none)."""
    return "reason" in context or context.get("ti") is None


_NO_FAILURE = frozenset({"success", "skipped", "up_for_retry"})


def says_no_failure(context: Mapping[str, Any]) -> str:
    """How a try ended that is no failure, or none yet: the callback stands under another event than a failure. Else empty."""
    state = getattr(context.get("ti"), "state", None)
    word = str(getattr(state, "value", state))
    return word if word in _NO_FAILURE else ""


def failure_of(context: Mapping[str, Any], redactor: Redactor) -> Failure:
    """The failed try that this callback speaks of; what the context lacks is said to be missing."""
    ti, error = context["ti"], context.get("exception")
    task, dag = getattr(ti, "task", None) or context.get("task"), context.get("dag")
    if not isinstance(error, BaseException):
        error = None
    chain = tuple(chain_of(error))
    violation = next((item for item in chain if isinstance(item, ContractViolation)), None)
    drift = next((item for item in chain if isinstance(item, SchemaDrift)), None)
    return Failure(
        key=key_of(ti),
        kind=FailureKind.TASK_FAILED,
        origin=Origin.CALLBACK,
        occurred_at=datetime.now(UTC),
        operator=type(task).__name__ if task is not None else "",
        owner=str(getattr(task, "owner", "") or ""),
        tags=tuple(sorted(str(tag) for tag in getattr(dag, "tags", ()) or ())),
        slice_id=slice_of(context),
        max_tries=int(getattr(ti, "max_tries", 0) or 0),
        hostname=str(getattr(ti, "hostname", "") or ""),
        log_url=str(getattr(ti, "log_url", "") or ""),
        chain=links_of(error, redactor) if error is not None else (),
        report=violation.report.as_dict() if violation else None,
        schema_diff=drift.diff.as_dict() if drift else None,
        missing=() if error is not None else ("exception",),
        reads=tables_of(task, "inlets", writes=False),
        writes=tables_of(task, "outlets", writes=True),
    )


def tables_of(task: Any, assets: str, *, writes: bool) -> tuple[str, ...]:
    """The assets that a task names, and the table that one of ours works on, with its connection.

    :param assets: ``inlets`` or ``outlets``.
    :param writes: the table counts where the task writes it; otherwise where it reads or judges it.
    """
    found = [str(getattr(asset, "uri", "") or "") for asset in getattr(task, assets, None) or ()]
    name = type(task).__name__ if type(task).__module__.startswith("airflow_provider_harness.") else ""
    if is_ours(name) and operator_of(name).writes is writes and isinstance(getattr(task, "table", None), str):
        found.append(f"{getattr(task, 'conn_id', '')}/{task.table}")
    return tuple(dict.fromkeys(name for name in found if name))


def key_of(ti: Any) -> TryKey:
    """The try that a task instance object of any of Airflow's processes is in."""
    index = getattr(ti, "map_index", -1)
    return TryKey(
        dag_id=ti.dag_id,
        run_id=ti.run_id,
        task_id=ti.task_id,
        map_index=-1 if index is None else int(index),
        try_number=int(ti.try_number),
    )


def slice_of(context: Mapping[str, Any]) -> str | None:
    """The id of the slice that the failed task works on, as rendered; else the one that its run gives it, or None."""
    ti, run = context.get("ti"), context.get("dag_run")
    given = getattr(getattr(ti, "task", None), "slice_key", None)
    if isinstance(given, str) and given and "{" not in given:
        return given
    try:
        return slice_id(
            partition_key=getattr(run, "partition_key", None),
            interval_start=getattr(run, "data_interval_start", None),
            interval_end=getattr(run, "data_interval_end", None),
            logical_date=getattr(run, "logical_date", None),
        )
    except ConfigurationError:
        return None


def run_of(context: Mapping[str, Any], dag: Any = None) -> Run:
    """What a task's run says of the slice that it owns.

    :param dag: whose timetable says how far a partition reaches, where it makes partitions.
    """
    run = context.get("dag_run")
    names = ("partition_key", "partition_date", "logical_date", "run_after")
    given = {name: getattr(run, name, None) for name in names}
    kind = str(getattr(run, "run_type", ""))
    return Run(
        **given,
        partition_end=partition_end(getattr(dag, "timetable", None), given["partition_date"]),
        interval_start=getattr(run, "data_interval_start", None),
        interval_end=getattr(run, "data_interval_end", None),
        scheduled=kind.rpartition(".")[2].lower() in SCHEDULED,
    )


SCHEDULED = ("scheduled", "backfill")
"""Types of runs that a schedule makes, as Airflow's API calls them."""
