"""How a failing task starts the healer: one message to its own supervisor, and nothing that can hurt the task."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowRuntimeError, ErrorType
from airflow.sdk.execution_time import task_runner
from airflow.sdk.execution_time.comms import ErrorResponse, OKResponse, TriggerDagRun

from airflow_provider_harness.adapters.airflow.supervisor import SupervisorHealerStarter
from airflow_provider_harness.callbacks import DiagnoseAndHeal
from airflow_provider_harness.core.errors import HarnessUnavailable
from airflow_provider_harness.wiring import healing as wiring


class Supervisor:
    """Answers as it is told, and keeps what it was sent."""

    def __init__(self, answer: Any) -> None:
        self.answer, self.sent = answer, []

    def send(self, message: Any) -> Any:
        self.sent.append(message)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def supervised(monkeypatch: pytest.MonkeyPatch, answer: Any) -> Supervisor:
    supervisor = Supervisor(answer)
    monkeypatch.setattr(task_runner, "SUPERVISOR_COMMS", supervisor, raising=False)
    return supervisor


def test_the_message_names_the_incident_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    supervisor = supervised(monkeypatch, OKResponse(ok=True))
    assert SupervisorHealerStarter("harness_healer").start("I" * 26, "e" * 16, 2)
    (message,) = supervisor.sent
    assert isinstance(message, TriggerDagRun)
    assert (message.dag_id, message.run_id) == ("harness_healer", f"heal__{'e' * 16}__2")
    assert message.conf == {"incident_id": "I" * 26}
    assert message.logical_date is None
    assert not message.reset_dag_run


def test_a_run_that_exists_is_not_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    supervised(monkeypatch, ErrorResponse(error=ErrorType.DAGRUN_ALREADY_EXISTS))
    assert SupervisorHealerStarter("h").start("I", "e", 1) is False


@pytest.mark.parametrize(
    "error",
    [AirflowRuntimeError(ErrorResponse(error=ErrorType.API_SERVER_ERROR)), OSError("closed"), AttributeError("x")],
)
def test_what_goes_wrong_is_unavailable(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    supervised(monkeypatch, error)
    with pytest.raises(HarnessUnavailable, match="healer Dag"):
        SupervisorHealerStarter("h").start("I", "e", 1)


def test_without_a_supervisor_it_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(task_runner, "SUPERVISOR_COMMS", raising=False)
    with pytest.raises(HarnessUnavailable):
        SupervisorHealerStarter("h").start("I", "e", 1)


@pytest.mark.parametrize("part", ["failure_log", "redactor", "handover"])
@pytest.mark.parametrize("error", [HarnessUnavailable("the store", "down"), RuntimeError("a bug")])
def test_the_callback_never_raises(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, part: str, error: Exception
) -> None:
    def fails() -> None:
        raise error

    for name in ("failure_log", "redactor", "handover"):
        monkeypatch.setattr(wiring, name, lambda: None)
    monkeypatch.setattr(wiring, part, fails)
    DiagnoseAndHeal()({})
    DiagnoseAndHeal()({"ti": object()})
    assert "the reconciler makes up for it" in caplog.text


def test_one_callback_is_as_good_as_another() -> None:
    assert DiagnoseAndHeal() == DiagnoseAndHeal()
    assert len({DiagnoseAndHeal(), DiagnoseAndHeal()}) == 1
    assert DiagnoseAndHeal() != object()


class Recorded:
    """A log of failures that keeps what it is told."""

    def __init__(self) -> None:
        self.kept: list[Any] = []

    def record(self, failure: Any, incident_id: str) -> bool:
        self.kept.append(failure)
        return True


TI = SimpleNamespace(dag_id="d", run_id="r", task_id="t", map_index=-1, try_number=1, max_tries=0)
OF_A_TASK: dict[str, Any] = {"ti": TI, "dag": None, "run_id": "r", "exception": ValueError("x")}
OF_A_RUN: list[dict[str, Any]] = [
    {"dag": None, "run_id": "r", "reason": "timed_out"},
    {"dag": None, "run_id": "r", "ti": TI, "reason": "task_failure"},
    {"dag": None, "run_id": "r", "ti": TI, "reason": "all_tasks_deadlocked"},
    {"dag": None, "run_id": "r"},
]


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> Recorded:
    supervised(monkeypatch, OKResponse(ok=True))
    log = Recorded()
    monkeypatch.setattr(wiring, "failure_log", lambda: log)
    return log


def test_without_parentheses_nothing_is_lost(recorded: Recorded, caplog: pytest.LogCaptureFixture) -> None:
    DiagnoseAndHeal(OF_A_TASK)  # as Airflow calls it
    assert [str(failure.key) for failure in recorded.kept] == ["d/r/t#1"]
    assert "Write DiagnoseAndHeal()" in caplog.text


@pytest.mark.parametrize("context", OF_A_RUN)
def test_the_dags_own_callback_speaks_for_no_task(
    recorded: Recorded, caplog: pytest.LogCaptureFixture, context: dict[str, Any]
) -> None:
    """Airflow names the last task there: one that a person marked failed, one that only waits, or none."""
    with caplog.at_level("INFO"):
        DiagnoseAndHeal()(context)
        DiagnoseAndHeal(context)
    assert not recorded.kept
    assert "Run r failed" in caplog.text
    assert "KeyError" not in caplog.text
