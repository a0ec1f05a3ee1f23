"""The cluster policy: capture and retry policy for Dags that the administrator enrolled, without a change of theirs.

An enrolled Dag, and one whose author added ``DiagnoseAndHeal``, carries the tag ``harness``; by it the reconciler knows
which failures are its business. The healer's own Dags are never enrolled: when they fail, they page.
"""

from __future__ import annotations

import logging
from typing import Any

from airflow.policies import hookimpl

from airflow_provider_harness.config import ENROLLED_TAG, OWN_TAG

log = logging.getLogger(__name__)


@hookimpl
def task_policy(task: Any) -> None:
    """Add capture and, where the author set none, the retry policy."""
    from airflow_provider_harness.callbacks import DiagnoseAndHeal

    dag = getattr(task, "dag", None)
    if dag is None or not _enrolled(dag):
        return
    callbacks = _callbacks(task)
    if not any(isinstance(item, DiagnoseAndHeal) for item in callbacks):
        task.on_failure_callback = [*callbacks, DiagnoseAndHeal()]
    if getattr(task, "retries", 0) and getattr(task, "retry_policy", None) is None:
        from airflow_provider_harness.retry_policies import HarnessRetryPolicy

        task.retry_policy = HarnessRetryPolicy()


@hookimpl
def dag_policy(dag: Any) -> None:
    """Tag what the harness looks after."""
    from airflow_provider_harness.callbacks import DiagnoseAndHeal

    if OWN_TAG in dag.tags:
        return
    by_author = any(isinstance(item, DiagnoseAndHeal) for task in dag.tasks for item in _callbacks(task))
    if by_author or _enrolled(dag):
        dag.tags.add(ENROLLED_TAG)


def _callbacks(task: Any) -> list[Any]:
    given = getattr(task, "on_failure_callback", None)
    return list(given) if isinstance(given, (list, tuple)) else [given] if given else []


def _enrolled(dag: Any) -> bool:
    from airflow_provider_harness import config

    if OWN_TAG in dag.tags:
        return False
    try:
        enroll = config.read_one("enroll")
    except ValueError as error:  # raised here, it would keep every Dag of the installation from being imported
        log.error("No Dag is enrolled: %s. Run `airflow harness doctor`.", error)
        return False
    return enroll == "all" or (enroll.startswith("tag:") and enroll.removeprefix("tag:") in dag.tags)
