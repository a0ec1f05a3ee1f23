"""Airflow's REST API with a person's own token: what a person does about an incident, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.airflow.http import AirflowHttp, fields, filled
from airflow_provider_harness.app.oncall.incident_commands import Question
from airflow_provider_harness.core.diagnosis.failure import WATCHED, TryKey
from airflow_provider_harness.core.errors import NotAllowed

if TYPE_CHECKING:
    import httpx

_RUN = "api/v2/dags/{dag}/dagRuns/{run}"
_TASK = _RUN + "/taskInstances/{task}"
_HITL = _TASK + "/-1/hitlDetails"

#: name of the call -> (method, path). Every call with a person's token is a row of this table.
CALLS: Mapping[str, tuple[str, str]] = {
    "me": ("GET", "ui/auth/me"),
    "run": ("GET", _RUN),
    "task": ("GET", _TASK),
    "mapped_task": ("GET", _TASK + "/{index}"),
    "note_run": ("PATCH", _RUN),
    "note": ("PATCH", _TASK + "/{index}"),
    "question": ("GET", _HITL),
    "answer": ("PATCH", _HITL),
}


def token_of(base_url: str, user: str, password: str) -> str:
    """A token of this user, for as long as Airflow lets one live.

    :raises NotAllowed: Airflow does not know this user and password.
    :raises HarnessUnavailable: it does not answer.
    """
    with AirflowHttp(base_url) as http:
        return http.log_in(user, password)


class AirflowPerson:
    """Implements ``app.oncall.incident_commands.CallerApi``.

    :param base_url: such as ``http://localhost:8080``.
    :param token: from ``/auth/token``; never kept.
    """

    def __init__(self, base_url: str, token: str) -> None:
        self._base, self._token, self._who = base_url, token, ""

    def who(self) -> str:
        self._who = self._who or str(fields(self._call("me"))["id"])
        return self._who

    def note(self, key: TryKey, text: str) -> None:
        place: dict[str, Any] = {"dag": key.dag_id, "run": key.run_id}
        if key.task_id:
            self._call("note", {"note": text}, **place, task=key.task_id, index=key.map_index)
        elif not key.run_id.startswith(("import_error__", WATCHED)):  # no run; there is nothing to note it at
            self._call("note_run", {"note": text}, **place)

    def state(self, key: TryKey) -> str:
        place: dict[str, Any] = {"dag": key.dag_id, "run": key.run_id}
        name = "run"
        if key.task_id:
            name = "task" if key.map_index < 0 else "mapped_task"
            place |= {"task": key.task_id, "index": key.map_index}
        answer = self._call(name, tolerate=(404,), **place)
        return "gone" if answer.status_code == 404 else str(fields(answer)["state"] or "")

    def question(self, dag_id: str, run_id: str, task_id: str) -> Question | None:
        answer = self._call("question", tolerate=(404,), dag=dag_id, run=run_id, task=task_id)
        if answer.status_code == 404:
            return None
        body = fields(answer)
        return Question(
            state=body["task_instance"]["state"] or "",
            opened_at=datetime.fromisoformat(body["created_at"]),
            answer=", ".join(body["chosen_options"] or ()),
            by=(body["responded_by_user"] or {}).get("name", ""),
        )

    def answer(self, dag_id: str, run_id: str, task_id: str, option: str) -> bool:
        body = {"chosen_options": [option], "params_input": {}}
        answer = self._call("answer", body, tolerate=(409,), dag=dag_id, run=run_id, task=task_id)
        return answer.status_code != 409

    def _call(
        self, name: str, body: Mapping[str, Any] | None = None, *, tolerate: tuple[int, ...] = (), **path: str | int
    ) -> httpx.Response:
        method, template = CALLS[name]
        url = filled(template, path)
        with AirflowHttp(self._base, token=self._token) as http:
            answer = http.send(method, url, json=body)
        if answer.is_error and answer.status_code not in tolerate:
            raise NotAllowed(self._refusal(name, answer, f"{method} /{url}"))
        return answer

    def _refusal(self, name: str, answer: httpx.Response, call: str) -> str:
        if name == "me" or answer.status_code == 401:  # who somebody is needs no right
            return "Airflow does not know this token, or it has expired: get a new one from /auth/token."
        if answer.status_code == 403:
            return f"Airflow does not let {self._who or 'this user'} do that: {call} needs more than its role."
        return f"Airflow refused {call}: {answer.status_code} {answer.text[:300]}"
