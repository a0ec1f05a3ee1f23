"""The cluster policy: capture and retry policy for Dags that the administrator enrolled, without a change of theirs.

An enrolled Dag, and one whose author added ``DiagnoseAndHeal`` to a task or to the Dag itself, carries the tag
``harness``; by this tag the reconciler knows which failures to record. The healer's own Dags are never enrolled: when
they fail, they page. A task that refuses enrolment stays as its author wrote it: no Dag fails to import because of the
harness.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Any

from airflow.policies import hookimpl

from airflow_provider_harness.config import ENROLLED_TAG, OWN_TAG

log = logging.getLogger(__name__)


@hookimpl
def task_policy(task: Any) -> None:
    """Add capture where the Dag is enrolled or its author asked for it at the Dag's level; where the administrator
    enrolled it and its author set none, also the retry policy."""
    _harmlessly(task, "capture", lambda: _capture(task))
    _harmlessly(task, "the retry policy", lambda: _retries(task))


@hookimpl
def dag_policy(dag: Any) -> None:
    """Add the tag to Dags that the harness looks after."""
    _harmlessly(dag, "its own callback", lambda: _callable(dag))
    _harmlessly(dag, "the tag by which the reconciler knows it", lambda: _tag(dag))


def _harmlessly(enrolled: Any, what: str, act: Callable[[], None]) -> None:
    """Do one thing to somebody's Dag or task; if that fails, say so and leave it as it is.

    Airflow makes whatever a policy raises an import error of the whole file.
    """
    try:
        act()
    except (Exception, SystemExit):  # a task or Dag of anybody's class: whatever it raises, its file stays importable
        log.exception(
            "%s refused %s of the harness and runs without it. The reconciler reports failures that no callback "
            "reports.",
            _called(enrolled),
            what,
        )


def _called(owner: Any) -> str:
    """A Dag or task for people, although reading its name may fail."""
    from airflow_provider_harness.adapters.airflow.attributes import attribute

    return f"{type(owner).__name__} {attribute(owner, 'task_id') or attribute(owner, 'dag_id')}"


def _capture(task: Any) -> None:
    from airflow_provider_harness.callbacks import DiagnoseAndHeal

    dag = getattr(task, "dag", None)
    if dag is None or OWN_TAG in dag.tags:
        return
    given = _callbacks(task)
    wanted = _made(given, task)
    if not _has_ours(wanted) and (_has_ours(_callbacks(dag)) or _enrolled(dag)):
        wanted = [*wanted, DiagnoseAndHeal()]
    if _differ(wanted, given):
        task.on_failure_callback = wanted
        if not _has_ours(_callbacks(task)):
            log.warning("Task %s keeps no callback; the reconciler reports its failures.", task.task_id)


def _retries(task: Any) -> None:
    dag = getattr(task, "dag", None)
    if dag is None or not getattr(task, "retries", 0) or getattr(task, "retry_policy", None) is not None:
        return
    if _enrolled(dag):
        from airflow_provider_harness.retry_policies import HarnessRetryPolicy

        task.retry_policy = HarnessRetryPolicy()


def _callable(dag: Any) -> None:
    """Ours at the Dag's level as Airflow can call it: in a list, for it calls a tuple itself."""
    given = _callbacks(dag)
    wanted = _made(given, dag)
    in_tuple = isinstance(dag.on_failure_callback, tuple)
    if OWN_TAG not in dag.tags and _has_ours(wanted) and (in_tuple or _differ(wanted, given)):
        dag.on_failure_callback = wanted


def _tag(dag: Any) -> None:
    from airflow_provider_harness.adapters.airflow.attributes import attribute

    if OWN_TAG in dag.tags:
        return
    owners = (dag, *dag.tasks)
    if _enrolled(dag) or any(_has_ours(_as_list(attribute(owner, "on_failure_callback"))) for owner in owners):
        dag.tags.add(ENROLLED_TAG)


def _callbacks(owner: Any) -> list[Any]:
    """The failure callbacks of a task, or of a Dag."""
    return _as_list(getattr(owner, "on_failure_callback", None))


def _as_list(given: Any) -> list[Any]:
    return list(given) if isinstance(given, (list, tuple)) else [] if given is None else [given]


def _differ(ones: list[Any], others: list[Any]) -> bool:
    """Whether they are not the same objects; what is somebody's is not compared by their own word."""
    return [id(one) for one in ones] != [id(one) for one in others]


def _has_ours(callbacks: list[Any]) -> bool:
    from airflow_provider_harness.callbacks import DiagnoseAndHeal

    return any(isinstance(_within(item), DiagnoseAndHeal) or _is_class(item) for item in callbacks)


def _within(item: Any) -> Any:
    """What a ``functools.partial`` calls; nobody can tell what a lambda does."""
    while isinstance(item, partial):
        item = item.func
    return item


def _is_class(item: Any) -> bool:
    """Whether somebody forgot the parentheses."""
    from airflow_provider_harness.callbacks import DiagnoseAndHeal

    return isinstance(item, type) and issubclass(item, DiagnoseAndHeal)


def _made(callbacks: list[Any], owner: Any) -> list[Any]:
    """The callbacks, with the parentheses that an author forgot."""
    forgotten = [item.__name__ for item in callbacks if _is_class(item)]
    if forgotten:
        log.warning(
            "%s: on_failure_callback=%s is a class. Write %s(). It is taken as meant.",
            _called(owner),
            forgotten[0],
            forgotten[0],
        )
    return [item() if _is_class(item) else item for item in callbacks]


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
