"""What a task asks Airflow for while it runs, answered from memory: Airflow's own task runner speaks to this."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.testing.simulation.runs import Instance, Run


class Killed(BaseException):
    """The process of a task ends here, and says nothing to anybody."""


class Supervisor:
    """Stands for ``SUPERVISOR_COMMS``.

    :param connection: id of a connection -> its fields; None where there is none.
    :param triggered: is told of a run that a task triggers: Dag, run id, conf.
    :param own: ids of connections that the harness itself asks for, which are not there.
    """

    def __init__(
        self,
        connection: Callable[[str], Mapping[str, Any] | None],
        triggered: Callable[[str, str, Mapping[str, Any]], None],
        own: frozenset[str],
    ) -> None:
        self._connection, self._triggered, self._own = connection, triggered, own
        self.runs: dict[str, Run] = {}
        self.current: Instance | None = None
        self.ended: Any = None
        self.skipped: list[str] = []
        self.kill_at = ""
        self.refused: ConfigurationError | None = None

    def send(self, msg: Any) -> Any:
        """Answer one message of a task.

        :raises Killed: the task's process was to be killed at this message.
        """
        kind = type(msg).__name__
        if kind in _KILLED.get(self.kill_at, ()):
            raise Killed
        if kind in _ENDS:
            self.ended = msg
            return None
        answer = _ANSWERS.get(kind)
        if answer is None:
            self._refuse(f"the task asks Airflow for {kind}", "which a simulation has not.")
        return answer(self, msg) if answer else None

    async def asend(self, msg: Any) -> Any:
        """The same for tasks and triggers that wait."""
        return self.send(msg)

    def _refuse(self, place: str, why: str) -> None:
        self.refused = self.refused or ConfigurationError(place, why)
        raise self.refused

    def get_connection(self, msg: Any) -> Any:
        from airflow.sdk.exceptions import ErrorType
        from airflow.sdk.execution_time.comms import ConnectionResult, ErrorResponse

        found = self._connection(msg.conn_id)
        if found is None and msg.conn_id not in self._own:
            fix = "Only connections that a task of the Dag names, or a folder of the events, have a database here."
            self.refused = self.refused or ConfigurationError(f"connection {msg.conn_id}", "is refused.", fix=fix)
        if found is None:
            return ErrorResponse(error=ErrorType.CONNECTION_NOT_FOUND, detail={"conn_id": msg.conn_id})
        return ConnectionResult(**found)

    def get_variable(self, msg: Any) -> Any:
        from airflow.sdk.exceptions import ErrorType
        from airflow.sdk.execution_time.comms import ErrorResponse

        return ErrorResponse(error=ErrorType.VARIABLE_NOT_FOUND, detail={"key": msg.key})

    def get_xcom(self, msg: Any) -> Any:
        from airflow.sdk.execution_time.comms import XComResult

        run = self.runs.get(msg.run_id)
        given = run.tasks[msg.task_id].xcoms if run and msg.task_id in run.tasks else {}
        return XComResult(key=msg.key, value=given.get(msg.key))

    def set_xcom(self, msg: Any) -> None:
        self.runs[msg.run_id].tasks[msg.task_id].xcoms[msg.key] = msg.value

    def delete_xcom(self, msg: Any) -> None:
        self.runs[msg.run_id].tasks[msg.task_id].xcoms.pop(msg.key, None)

    def set_rendered(self, msg: Any) -> None:
        if self.current is not None:
            self.current.rendered = msg.rendered_fields

    def skip(self, msg: Any) -> None:
        self.skipped += [one if isinstance(one, str) else one[0] for one in msg.tasks]

    def rescheduled(self, msg: Any) -> Any:
        from airflow.sdk.execution_time.comms import TaskRescheduleStartDate

        return TaskRescheduleStartDate(start_date=self.current.began if self.current else None)

    def previous(self, msg: Any) -> Any:
        from airflow.sdk.execution_time.comms import PrevSuccessfulDagRunResult

        done = [run for run in self.runs.values() if run.state == "success"]
        if not done:
            return PrevSuccessfulDagRunResult()
        start, end = done[-1].interval()
        return PrevSuccessfulDagRunResult(
            data_interval_start=start,
            data_interval_end=end,
            start_date=done[-1].started,
            end_date=done[-1].ended,
        )

    def validate_assets(self, msg: Any) -> Any:
        from airflow.sdk.execution_time.comms import InactiveAssetsResult

        return InactiveAssetsResult(inactive_assets=[])

    def trigger(self, msg: Any) -> Any:
        from airflow.sdk.execution_time.comms import OKResponse

        self._triggered(msg.dag_id, msg.run_id, msg.conf or {})
        return OKResponse(ok=True)

    def nothing(self, msg: Any) -> None:
        """Nobody needs to know."""


_ENDS = frozenset({"TaskState", "SucceedTask", "RetryTask", "DeferTask", "RescheduleTask", "AwaitInputTask"})
"""Messages with which a try ends, or goes on later."""
_KILLED: Mapping[str, tuple[str, ...]] = {"start": ("SetRenderedFields",), "end": ("SetXCom", "SucceedTask")}
"""When a process is killed -> the message that it does not get to send."""
_ANSWERS: Mapping[str, Callable[[Supervisor, Any], Any]] = {
    "GetConnection": Supervisor.get_connection,
    "GetVariable": Supervisor.get_variable,
    "GetXCom": Supervisor.get_xcom,
    "SetXCom": Supervisor.set_xcom,
    "DeleteXCom": Supervisor.delete_xcom,
    "SetRenderedFields": Supervisor.set_rendered,
    "SetRenderedMapIndex": Supervisor.nothing,
    "SkipDownstreamTasks": Supervisor.skip,
    "GetTaskRescheduleStartDate": Supervisor.rescheduled,
    "GetPrevSuccessfulDagRun": Supervisor.previous,
    "ValidateInletsAndOutlets": Supervisor.validate_assets,
    "TriggerDagRun": Supervisor.trigger,
    "MaskSecret": Supervisor.nothing,
}
"""Message -> its answer."""
