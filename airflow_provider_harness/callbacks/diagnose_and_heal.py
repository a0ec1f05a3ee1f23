"""Captures the failure of a task, in milliseconds, and hands it to the healer Dag."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class DiagnoseAndHeal:
    """``default_args={"on_failure_callback": DiagnoseAndHeal()}``: failures become incidents with a verified outcome.

    Airflow ends a failure callback after about 20 s, and while it runs the server still says that the task is running.
    So this records the failed try in the harness store, starts the healer Dag, and returns; nothing is healed here. A
    store that cannot be reached leaves the failure in a spool on disk, and a healer that cannot be started is logged; the
    reconciler picks either up. It never raises.
    """

    def __call__(self, context: Mapping[str, Any]) -> None:
        from airflow_provider_harness import wiring

        wiring.quietly("Recording this failure (the reconciler makes up for it)", lambda: self._capture(context))

    @staticmethod
    def _capture(context: Mapping[str, Any]) -> None:
        from airflow_provider_harness import wiring
        from airflow_provider_harness.adapters.airflow_context import failure_of
        from airflow_provider_harness.app.capture import capture

        failure = failure_of(context, wiring.redactor())
        if capture(failure, wiring.failure_log(), wiring.spool(), wiring.handover(), wiring.new_id):
            wiring.log.info("The harness recorded this failure (%s).", failure.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DiagnoseAndHeal)

    def __hash__(self) -> int:
        return hash(DiagnoseAndHeal)
