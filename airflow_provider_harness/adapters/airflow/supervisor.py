"""Start a healer run from inside a task, through Airflow's supervisor: no credential, a tenth of a second."""

from __future__ import annotations

from airflow_provider_harness.core.errors import HarnessUnavailable
from airflow_provider_harness.core.incidents.incident import run_id


class SupervisorHealerStarter:
    """The task SDK's own channel. It is not a public API (see docs/adr): where it is absent, the reconciler starts the
    healer instead, within its period.

    :param healer_dag_id: the Dag to start.
    """

    def __init__(self, healer_dag_id: str) -> None:
        self._healer = healer_dag_id

    def start(self, incident_id: str, episode: str, number: int) -> bool:
        from airflow.sdk.exceptions import AirflowRuntimeError
        from airflow.sdk.execution_time import task_runner
        from airflow.sdk.execution_time.comms import ErrorResponse, TriggerDagRun

        message = TriggerDagRun(
            dag_id=self._healer,
            run_id=run_id(episode, number),
            conf={"incident_id": incident_id},
            logical_date=None,
        )
        try:
            answer = task_runner.SUPERVISOR_COMMS.send(message)
        except (AirflowRuntimeError, AttributeError, OSError) as error:
            raise HarnessUnavailable("the healer Dag", f"{type(error).__name__}: {error}") from error
        return not isinstance(answer, ErrorResponse)
