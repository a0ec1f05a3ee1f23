"""One try of one task, by Airflow's own task runner, in this process."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from airflow_provider_harness.testing.simulation.runs import Instance, Run
from airflow_provider_harness.testing.simulation.supervisor import Killed, Supervisor


def attempt(run: Run, instance: Instance, supervisor: Supervisor, now: datetime) -> Any:
    """Run a task: render, execute, and call back as Airflow does.

    :return: the message with which the task ended; None where its process was killed.
    """
    from airflow.sdk.execution_time import task_runner
    from airflow.sdk.execution_time.supervisor import set_supervisor_comms

    supervisor.current, supervisor.ended = instance, None
    runtime = _runtime(run, instance, now)
    with set_supervisor_comms(supervisor), _log_of(instance) as log:
        context = runtime.get_template_context()
        try:
            state, _, error = task_runner.run(runtime, context, log)
        except Killed:
            return None
        if isinstance(error, Killed):
            return None
        context["exception"] = error
        instance.tries[-1].error = _sentence(error)
        task_runner.finalize(runtime, state, context, log, error)
    return supervisor.ended


def _sentence(error: BaseException | None) -> str:
    return "" if error is None else " ".join(f"{type(error).__name__}: {error}".split())


def _runtime(run: Run, instance: Instance, now: datetime) -> Any:
    from airflow.sdk.api.datamodels._generated import TaskInstanceState
    from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

    task, number = instance.task, len(instance.tries)
    name = f"{task.dag_id}/{run.id}/{task.task_id}"
    return RuntimeTaskInstance.model_construct(
        id=uuid5(NAMESPACE_URL, f"{name}#{number}"),
        task_id=task.task_id,
        dag_id=task.dag_id,
        run_id=run.id,
        try_number=number,
        dag_version_id=uuid5(NAMESPACE_URL, task.dag_id),
        map_index=-1,
        hostname="simulation",
        task=task,
        _ti_context_from_server=_told(run, instance, now),
        max_tries=instance.max_tries,
        start_date=now,
        state=TaskInstanceState.RUNNING,
    )


def _told(run: Run, instance: Instance, now: datetime) -> Any:
    """What Airflow's api-server tells a task that starts."""
    from airflow.sdk.api.datamodels._generated import DagRun, DagRunState, DagRunType, TIRunContext

    start, end = run.interval()
    method, given = instance.resumes
    return TIRunContext(
        dag_run=DagRun(
            dag_id=instance.task.dag_id,
            run_id=run.id,
            logical_date=start,
            data_interval_start=start,
            data_interval_end=end,
            run_after=run.info.run_after,
            start_date=run.started,
            end_date=None,
            run_type=DagRunType(run.kind),
            state=DagRunState.RUNNING,
            consumed_asset_events=[],
            partition_key=run.info.partition_key,
            partition_date=run.info.partition_date,
        ),
        max_tries=instance.max_tries,
        task_reschedule_count=instance.reschedules,
        next_method=method or None,
        next_kwargs=given,
        should_retry=retries(instance),
        start_date=now,
    )


def retries(instance: Instance) -> bool:
    """Whether a try that fails now is followed by another one."""
    return 0 < len(instance.tries) <= instance.max_tries


@contextmanager
def _log_of(instance: Instance) -> Iterator[Any]:
    """A logger whose lines become the log of the newest try, in the form in which Airflow's API gives it."""
    import structlog

    lines = io.StringIO()
    log = structlog.wrap_logger(
        structlog.WriteLogger(lines),
        processors=[
            structlog.processors.add_log_level,
            _stamped,
            structlog.processors.ExceptionRenderer(
                structlog.tracebacks.ExceptionDictTransformer(show_locals=False, use_rich=False)
            ),
            _as_airflow,
            structlog.processors.JSONRenderer(default=str),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_name="task",
        cache_logger_on_first_use=False,
    )
    handler, root = _Handler(log), logging.getLogger()
    root.addHandler(handler)
    try:
        yield log
    finally:
        root.removeHandler(handler)
        instance.tries[-1].said += lines.getvalue().encode()


def _stamped(_: Any, __: str, event: Any) -> Any:
    return {"timestamp": datetime.now(UTC).isoformat(), **event}


def _as_airflow(_: Any, __: str, event: Any) -> Any:
    """The names that Airflow's log has."""
    named = {"exception": "error_detail", "logger_name": "logger"}
    return {named.get(name, name): value for name, value in event.items()}


class _Handler(logging.Handler):
    """What is logged in the ordinary way stands in the task's log, too."""

    def __init__(self, log: Any) -> None:
        super().__init__(logging.INFO)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        self._log.log(record.levelno, record.getMessage(), logger=record.name)
