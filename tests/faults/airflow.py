"""Airflow's REST API with one pipeline, over real HTTP: what a round of the healer asks, and what it does."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from tests.unit.app.fakes import RUN as HEALER
from tests.unit.app.fakes import START

RUN = "dags/flights/dagRuns/run1"
TASK = f"{RUN}/taskInstances/load"


class Airflow:
    """One Dag ``flights`` with one task ``load`` in one run, which has failed; use as a context manager.

    :ivar cleared: how often the task was cleared.
    :ivar started: names of healer runs, as they were asked for.
    :ivar ended_at: UTC; when the task failed.
    """

    def __init__(self) -> None:
        self._http = HTTPServer()
        self.reset()

    def reset(self) -> None:
        """The task has failed, and nothing was done about it."""
        self.state, self.try_number, self.cleared = "failed", 1, 0
        self.started: list[str] = []
        self.ended_at = START

    def __enter__(self) -> Airflow:
        import re

        self._http.start()  # type: ignore[no-untyped-call]
        self._http.expect_request(re.compile("^/(api/v2|auth)/.*")).respond_with_handler(self._answer)
        return self

    def __exit__(self, *_: object) -> None:
        self._http.stop()  # type: ignore[no-untyped-call]

    @property
    def port(self) -> int:
        return self._http.port

    def _answer(self, request: Request) -> Response:
        path = request.path.removeprefix("/api/v2/").removeprefix("/")
        found = self._write(path, request) if request.method == "POST" else self._read(path)
        status = 200 if found is not None else 404
        return Response(json.dumps(found or {"detail": "none"}), status=status, content_type="application/json")

    def _write(self, path: str, request: Request) -> Any:
        if path == "auth/token":
            return {"access_token": "token"}
        if path == "dags/flights/clearTaskInstances":
            self.cleared += 1
            self.state, self.try_number = "success", 2
            return {"total_entries": 1}
        name = request.get_json()["dag_run_id"]
        self.started.append(name)
        return {"dag_run_id": name}

    def _read(self, path: str) -> Any:
        found = self._lists().get(path)
        if found is not None:
            return found()
        if path.startswith("dags/harness_healer/dagRuns/"):
            name = path.rpartition("/")[2]
            return {"state": "running", "triggered_by": "operator"} if name in (*self.started, HEALER) else None
        return None

    def _lists(self) -> Mapping[str, Callable[[], Any]]:
        return {
            "dags": lambda: {"dags": [{"dag_id": "flights", "bundle_name": "b", "relative_fileloc": "f.py"}]},
            "dags/~/dagRuns/~/taskInstances": lambda: {"task_instances": self._tasks() if self._failed else []},
            "dags/~/dagRuns": lambda: {"dag_runs": []},
            f"{RUN}/taskInstances": lambda: {"task_instances": self._tasks()},
            TASK: lambda: self._tasks()[0],
            f"{TASK}/tries/1": lambda: {"state": "failed"},
            RUN: lambda: {"state": self.state, "triggered_by": "operator"},
            "importErrors": lambda: {"import_errors": []},
            "eventLogs": lambda: {"event_logs": []},
            "monitor/health": lambda: {"scheduler": {"status": "healthy"}},
            "dags/flights/tasks": lambda: {"tasks": [{"task_id": "load", "owner": "o", "downstream_task_ids": []}]},
            "dags/flights/details": lambda: DETAILS,
        }

    @property
    def _failed(self) -> bool:
        return self.state == "failed"

    def _tasks(self) -> list[dict[str, Any]]:
        return [
            {
                "dag_id": "flights",
                "dag_run_id": "run1",
                "task_id": "load",
                "map_index": -1,
                "state": self.state,
                "try_number": self.try_number,
                "max_tries": 0,
                "operator_name": "LoadOperator",
                "operator": "LoadOperator",
                "hostname": "h",
                "pid": 7,
                "end_date": self.ended_at.astimezone(UTC).isoformat(),
                "rendered_fields": {},
            }
        ]


DETAILS: Mapping[str, Any] = {
    "is_paused": False,
    "tags": [{"name": "harness"}],
    "owners": ["team"],
    "fileloc": "/dags/f.py",
    "next_dagrun_data_interval_start": None,
    "next_dagrun_logical_date": None,
    "next_dagrun_run_after": None,
    "latest_dag_version": {"version_number": 1, "created_at": datetime(2026, 1, 1, tzinfo=UTC).isoformat()},
}
