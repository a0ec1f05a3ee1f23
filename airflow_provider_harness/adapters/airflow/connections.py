"""Airflow's connections, where "there is none" and "it could not be read" are two answers.

Airflow gives one for both: whatever a secrets backend raises, and whatever the api-server answers, ends in "not defined". So each
backend is asked again, by itself. What the api-server asks its own backends, and they do not answer, nobody else can see.
"""

from __future__ import annotations

import re
from typing import Any

from airflow_provider_harness.core.errors import HarnessUnavailable

#: How databases say that Airflow's table of connections is not there.
_NO_TABLE = re.compile(r"no such table: connection|connection\W+does(n't| not) exist")


def find(conn_id: str) -> Any | None:
    """Airflow's connection of this id; None where every secrets backend says that there is none.

    :raises HarnessUnavailable: no backend has it, and one of them could not say so.
    """
    from airflow.sdk.execution_time.supervisor import ensure_secrets_backend_loaded

    found = find_if_readable(conn_id)
    if found is not None:
        return found
    for backend in ensure_secrets_backend_loaded():
        try:
            _ask(backend, conn_id)
        except Exception as error:  # a backend is anybody's class: whatever it raises, it has not answered
            if not _has_no_tables(error):
                why = f"{type(backend).__name__} did not say whether it exists ({type(error).__name__})"
                raise HarnessUnavailable(f"connection {conn_id}", why) from error
    return None


def find_if_readable(conn_id: str) -> Any | None:
    """The same, where what this process may not read, or cannot now, counts as not there."""
    from airflow.sdk import Connection
    from airflow.sdk.exceptions import (
        AirflowNotFoundException,
        AirflowRuntimeError,
        AirflowSecretsBackendAccessDenied,
    )

    try:
        return Connection.get(conn_id)
    except (AirflowNotFoundException, AirflowRuntimeError, AirflowSecretsBackendAccessDenied):
        return None


def _ask(backend: Any, conn_id: str) -> None:
    """Ask one backend, so that its error is seen; the one that asks the api-server is asked by way of its supervisor."""
    from airflow.sdk.exceptions import AirflowRuntimeError, ErrorType
    from airflow.sdk.execution_time import task_runner
    from airflow.sdk.execution_time.comms import ErrorResponse, GetConnection
    from airflow.sdk.execution_time.secrets.execution_api import ExecutionAPISecretsBackend

    if not isinstance(backend, ExecutionAPISecretsBackend):
        backend.get_connection(conn_id=conn_id)
        return
    answer = task_runner.SUPERVISOR_COMMS.send(GetConnection(conn_id=conn_id))
    if isinstance(answer, ErrorResponse) and answer.error is not ErrorType.CONNECTION_NOT_FOUND:
        raise AirflowRuntimeError(answer)


def _has_no_tables(error: Exception) -> bool:
    """Airflow's database answered and was never made: it holds no connection."""
    return _NO_TABLE.search(str(getattr(error, "orig", ""))) is not None
