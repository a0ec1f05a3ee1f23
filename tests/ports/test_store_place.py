"""A store whose connection cannot be read is away; only one that does not exist, or an administrator's word, means SQLite."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import BaseOperator
from airflow.sdk.bases.secrets_backend import BaseSecretsBackend
from airflow.sdk.configuration import clear_secrets_backends_cache
from airflow.sdk.exceptions import AirflowRuntimeError, ErrorType
from airflow.sdk.execution_time import task_runner
from airflow.sdk.execution_time.comms import ConnectionResult, ErrorResponse, GetConnection

from airflow_provider_harness import config
from airflow_provider_harness.adapters.store.migrate import upgrade
from airflow_provider_harness.callbacks import DiagnoseAndHeal
from airflow_provider_harness.cli.doctor import local as doctor_here
from airflow_provider_harness.core.errors import HarnessUnavailable
from airflow_provider_harness.wiring import healing as wiring
from airflow_provider_harness.wiring import store as wiring_store

URL = "postgres://harness:secret@db:5432/harness"


class Broken(BaseSecretsBackend):
    """A secrets backend that is away."""

    def get_connection(self, conn_id: str, team_name: str | None = None) -> Any:
        raise TimeoutError("the vault does not answer")


class Empty(BaseSecretsBackend):
    """One that answers, and has nothing."""

    def get_connection(self, conn_id: str, team_name: str | None = None) -> Any:
        return None


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    clear_secrets_backends_cache()
    yield tmp_path
    clear_secrets_backends_cache()


def backend(monkeypatch: pytest.MonkeyPatch, kind: type[BaseSecretsBackend]) -> None:
    monkeypatch.setenv("AIRFLOW__SECRETS__BACKEND", f"{__name__}.{kind.__name__}")


def server_says(monkeypatch: pytest.MonkeyPatch, answer: Any) -> None:
    """What a task's supervisor answers, when it is asked for a connection."""

    def send(message: Any) -> Any:
        assert isinstance(message, GetConnection)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(task_runner, "SUPERVISOR_COMMS", SimpleNamespace(send=send), raising=False)


def url(**given: str) -> str:
    return wiring_store.store_url(config.read(lambda option, fallback: given.get(option, fallback)), capture=True)


NOT_FOUND = ErrorResponse(error=ErrorType.CONNECTION_NOT_FOUND)
NO_ANSWER = {
    "an error of the server": ErrorResponse(error=ErrorType.API_SERVER_ERROR),
    "an error without a name": ErrorResponse(error=ErrorType.GENERIC_ERROR),
    "a refusal": ErrorResponse(error=ErrorType.PERMISSION_DENIED),
    "an error that is raised": AirflowRuntimeError(ErrorResponse(error=ErrorType.API_SERVER_ERROR)),
    "a line that broke": OSError("closed"),
}


def test_at_first_install_the_store_is_sqlite(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert url() == f"sqlite:///{home}/harness.db"
    backend(monkeypatch, Empty)
    server_says(monkeypatch, NOT_FOUND)
    assert url() == f"sqlite:///{home}/harness.db"
    upgrade(wiring_store.store_engine())
    assert list(doctor_here.store()) == []


def test_a_connection_is_the_store(monkeypatch: pytest.MonkeyPatch) -> None:
    none = dict.fromkeys(("login", "password", "port", "extra"))
    server_says(monkeypatch, ConnectionResult(conn_id="c", conn_type="postgres", host="db", schema="harness", **none))
    assert url() == url(store="connection") == "postgresql+psycopg://db/harness"


@pytest.mark.parametrize("answer", NO_ANSWER.values(), ids=NO_ANSWER)
def test_what_the_server_did_not_answer_is_no_sqlite(monkeypatch: pytest.MonkeyPatch, answer: Any) -> None:
    server_says(monkeypatch, answer)
    with pytest.raises(HarnessUnavailable, match=r"connection harness_capture is unavailable: .* did not say"):
        url()


def test_a_secrets_backend_that_is_away_is_no_sqlite(monkeypatch: pytest.MonkeyPatch) -> None:
    backend(monkeypatch, Broken)
    with pytest.raises(HarnessUnavailable, match="Broken did not say whether it exists \\(TimeoutError\\)"):
        url()


def test_another_backend_that_has_it_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    backend(monkeypatch, Broken)
    monkeypatch.setenv("AIRFLOW_CONN_HARNESS_CAPTURE", URL)
    assert url() == URL.replace("postgres:", "postgresql+psycopg:")


def test_where_the_store_is_a_connection_nothing_else_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """An api-server whose own backend is away says "not found", and a task cannot tell."""
    server_says(monkeypatch, NOT_FOUND)
    with pytest.raises(HarnessUnavailable, match=r"harness_store was not found, and \[harness\] store is connection"):
        url(store="connection")


def test_where_it_is_sqlite_no_connection_is_asked_for(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    backend(monkeypatch, Broken)
    monkeypatch.setenv("AIRFLOW_CONN_HARNESS_STORE", URL)
    assert url(store="sqlite") == f"sqlite:///{home}/harness.db"
    with pytest.raises(ValueError, match=r"\[harness\] store: 'sqlit' is not one of connection, sqlite, or empty"):
        url(store="sqlit")


@pytest.mark.parametrize("said", ["the vault", "the server", "the administrator"])
def test_a_failure_waits_in_the_spool(home: Path, monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    server_says(monkeypatch, NO_ANSWER["an error of the server"] if said == "the server" else NOT_FOUND)
    if said == "the vault":
        backend(monkeypatch, Broken)
    if said == "the administrator":
        monkeypatch.setenv("AIRFLOW__HARNESS__STORE", "connection")
    DiagnoseAndHeal()(failing())
    (kept,) = wiring.spool().waiting()
    assert kept.key.task_id == "load"
    assert not (home / "harness.db").exists()


def failing() -> dict[str, Any]:
    ti = SimpleNamespace(dag_id="d", run_id="r", task_id="load", map_index=-1, try_number=1, max_tries=0)
    return {
        "ti": SimpleNamespace(**vars(ti), hostname="h", log_url="", task=BaseOperator(task_id="load")),
        "dag": SimpleNamespace(tags=set()),
        "dag_run": SimpleNamespace(
            partition_key=None, data_interval_start=None, data_interval_end=None, logical_date=None
        ),
        "exception": ConnectionError("x"),
    }


def test_a_secret_that_cannot_be_read_hides_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    backend(monkeypatch, Broken)
    assert wiring.redactor().redact("password=hunter2") == "password=***"


def test_doctor_names_the_file_that_an_outage_would_bring_back(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    upgrade(wiring_store.store_engine())
    monkeypatch.setenv("AIRFLOW_CONN_HARNESS_STORE", f'{{"conn_type": "sqlite", "host": "{home}/moved.db"}}')
    upgrade(wiring_store.store_engine())
    (finding,) = doctor_here.store()
    assert str(home / "harness.db") in finding.text and "store = connection" in finding.fix
    monkeypatch.setenv("AIRFLOW__HARNESS__STORE", "connection")
    assert list(doctor_here.store()) == []
