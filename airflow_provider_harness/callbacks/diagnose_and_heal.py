"""Captures the failure of a task, in milliseconds, and hands it to the healer Dag."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Self

from airflow_provider_harness.config import ENROLLED_TAG

log = logging.getLogger(__name__)

_UNSEEN = (
    "Run %s failed, and none of its failures is captured: the Dag has no tag %s, since its callback could not be "
    "seen when the "
    "file was parsed. Write on_failure_callback=DiagnoseAndHeal(), without a lambda or function around it; or "
    "enroll the Dag."
)
_NO_FAILURE = (
    "%s was called for a try that is %s, so nothing is recorded. It belongs under on_failure_callback, "
    "and under no other."
)
_OF_A_CONTEXT = frozenset({"ti", "task_instance", "dag_run", "run_id"})


class DiagnoseAndHeal:
    """``default_args={"on_failure_callback": DiagnoseAndHeal()}``: failures become incidents with a verified outcome.

    Airflow ends a failure callback after about 20 s, and while it runs the server still says that the task is running.
    So the callback records the failed try in the harness store, starts the healer Dag, and returns; it heals nothing
    itself. If the store is unavailable, the failure waits in a spool on disk; if the healer cannot be started, the log
    says so. The reconciler handles both later. The callback never raises.

    ``DAG(on_failure_callback=DiagnoseAndHeal())`` means every task of the Dag: when the file is parsed, the cluster
    policy gives the callback to each task, because only the task's callback knows the exception. The Dag's own callback
    only learns that the run failed and which task was last; by then the tasks have reported their failures, or the
    reconciler will.

    :raises TypeError: settings were given; the callback takes none.
    """

    def __new__(cls, *given: Any, **named: Any) -> Self:
        """Without parentheses, Airflow calls the class with its context: that failure is captured all the same."""
        made = super().__new__(cls)
        if len(given) == 1 and not named and isinstance(given[0], Mapping) and _OF_A_CONTEXT & set(given[0]):
            log.warning("on_failure_callback=%s is a class. Write %s().", cls.__name__, cls.__name__)
            made(given[0])
        elif (given or named) and cls.__init__ is object.__init__:
            raise TypeError(
                f"{cls.__name__} takes no settings: write on_failure_callback={cls.__name__}(). "
                "The policy file and [harness] of airflow.cfg say what the harness may do."
            )
        return made

    def __call__(self, context: Mapping[str, Any]) -> None:
        from airflow_provider_harness.wiring import healing as wiring

        wiring.log_failures("Recording this failure (the reconciler makes up for it)", lambda: self._capture(context))

    @staticmethod
    def _capture(context: Mapping[str, Any]) -> None:
        from airflow_provider_harness.adapters.airflow.context import failure_of, is_of_run, says_no_failure
        from airflow_provider_harness.app.healing.capture import capture
        from airflow_provider_harness.wiring import healing as wiring

        if is_of_run(context):
            if ENROLLED_TAG not in getattr(context.get("dag"), "tags", (ENROLLED_TAG,)):
                wiring.log.warning(_UNSEEN, context.get("run_id"), ENROLLED_TAG)
                return
            wiring.log.info(
                "Run %s failed (%s). Its tasks have reported their failures; the reconciler reports the rest.",
                context.get("run_id"),
                context.get("reason", "no reason given"),
            )
            return
        if ended := says_no_failure(context):
            wiring.log.warning(_NO_FAILURE, DiagnoseAndHeal.__name__, ended)
            return
        failure = failure_of(context, wiring.redactor())
        if capture(failure, wiring.failure_log(), wiring.spool(), wiring.handover(), wiring.new_id):
            wiring.log.info("The harness recorded this failure (%s).", failure.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DiagnoseAndHeal)

    def __hash__(self) -> int:
        return hash(DiagnoseAndHeal)
