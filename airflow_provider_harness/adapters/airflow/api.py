"""Airflow's public REST API v2, with the harness's own account, by a closed table of method and path.

What is not in ``CALLS`` cannot be sent. Marking a task, deleting a Dag, writing a connection, a pool or a variable are
not in it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from airflow_provider_harness.adapters.airflow.http import AirflowHttp, fields, filled, subject
from airflow_provider_harness.adapters.airflow.scheduler_words import EVENTS, said
from airflow_provider_harness.app.ports.airflow import Answer, BrokenFile, DagFacts, RunState, TaskState
from airflow_provider_harness.app.ports.diagnosis import PastTry
from airflow_provider_harness.config import ENROLLED_TAG, OWN_TAG
from airflow_provider_harness.core.diagnosis.bounded import bounded
from airflow_provider_harness.core.diagnosis.failure import SchedulerWord, TryKey
from airflow_provider_harness.core.errors import ConfigurationError, HarnessUnavailable, NotAllowed
from airflow_provider_harness.core.incidents.incident import run_id as name_of_run
from airflow_provider_harness.core.operators import is_ours
from airflow_provider_harness.core.policy.repeatable import LOOKS
from airflow_provider_harness.core.slices.slices import slice_id

if TYPE_CHECKING:
    import httpx

_TI = "dags/{dag}/dagRuns/{run}/taskInstances/{task}"

#: name of the call -> (method, path below /api/v2). Every call of the harness is a row of this table.
CALLS: Mapping[str, tuple[str, str]] = {
    "dag": ("GET", "dags/{dag}/details"),
    "dag_tasks": ("GET", "dags/{dag}/tasks"),
    "dags": ("GET", "dags"),
    "run": ("GET", "dags/{dag}/dagRuns/{run}"),
    "runs": ("GET", "dags/{dag}/dagRuns"),
    "tasks": ("GET", "dags/{dag}/dagRuns/{run}/taskInstances"),
    "task": ("GET", _TI),
    "mapped_task": ("GET", _TI + "/{index}"),
    "log": ("GET", _TI + "/logs/{try_number}"),
    "tried": ("GET", _TI + "/tries/{try_number}"),
    "mapped_tried": ("GET", _TI + "/{index}/tries/{try_number}"),
    "source": ("GET", "dagSources/{dag}"),
    "events": ("GET", "eventLogs"),
    "import_errors": ("GET", "importErrors"),
    "health": ("GET", "monitor/health"),
    "hitl": ("GET", _TI + "/-1/hitlDetails"),
    "backfills": ("GET", "backfills"),
    "backfill_read": ("GET", "backfills/{backfill}"),
    "clear": ("POST", "dags/{dag}/clearTaskInstances"),
    "backfill": ("POST", "backfills"),
    "pause": ("PATCH", "dags/{dag}"),
    "note": ("PATCH", _TI + "/{index}"),
    "assets": ("GET", "assets"),
    "note_run": ("PATCH", "dags/{dag}/dagRuns/{run}"),
    "start_run": ("POST", "dags/{dag}/dagRuns"),
}

#: Events of Airflow's log by which a person sets the state of a task, of a group of tasks, of a run, of several runs (in
#: the API or the UI). Airflow 3.3.2 does not log the bulk call on task instances, so such a mark cannot be seen.
_BY_HAND = ("patch_task_instance", "patch_task_group_instances", "patch_dag_run", "bulk_dag_runs")
#: Such an event belongs to a try when it came at the try's end or later; earlier ones were about earlier tries.
_MARK_MARGIN = timedelta(seconds=5)
#: Rows of one answer of a collection; Airflow's own most.
_PAGE = 100
#: What the harness concludes from an operator's name holds for its own classes only, and for those of these packages that only look.
PACKAGE, _PROVIDERS = "airflow_provider_harness.", ("airflow.", "great_expectations_provider.")
_REMEMBERED = 60.0  # seconds


class AirflowApi:
    """The REST API as the healer uses it.

    :param base_url: such as ``http://localhost:8080``.
    :param login: user name; exchanged with ``password`` for a token at ``/auth/token``. Empty = ``password`` is a token.
    :param healer_dag_id: the only Dag of which runs may be started.
    :param all_dags: every Dag is enrolled, so a file that never held one is the harness's business, too.
    :param timeout: seconds, as of ``AirflowHttp``.
    """

    def __init__(
        self,
        base_url: str,
        login: str,
        password: str,
        healer_dag_id: str,
        *,
        all_dags: bool = False,
        timeout: float = 60,
    ) -> None:
        self._http = AirflowHttp(base_url, token="" if login else password, timeout=timeout, named=False)
        self._base, self._login, self._password = self._http.base, login, password
        self._healer, self._all_dags = healer_dag_id, all_dags
        self._classes: dict[str, tuple[float, Mapping[str, str]]] = {}

    def account(self) -> str:
        return subject(self._ready().token) or self._login

    def _ready(self) -> AirflowHttp:
        """With a token. An account that Airflow does not know can do nothing now: no act is refused by that."""
        if not self._http.token:
            try:
                self._http.log_in(self._login, self._password)
            except NotAllowed as error:
                raise HarnessUnavailable("Airflow's API", error.reason) from error
        return self._http

    def _call(
        self,
        name: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        tolerate: Sequence[int] = (),
        **path: str | int,
    ) -> httpx.Response:
        method, url = _place(name, path)
        answer = self._ready().send(method, url, params=params, json=body, headers=headers)
        _refuse(answer, f"{method} {url}", tolerate)
        return answer

    def dag(self, dag_id: str) -> DagFacts:
        details = fields(self._call("dag", dag=dag_id))
        tasks = fields(self._call("dag_tasks", dag=dag_id))["tasks"]
        newest = details.get("latest_dag_version") or {}
        return DagFacts(
            dag_id=dag_id,
            paused=details["is_paused"],
            tags=tuple(tag["name"] for tag in details["tags"]),
            owners=tuple(details["owners"]),
            fileloc=details["fileloc"],
            owners_of={task["task_id"]: _owners(task.get("owner")) for task in tasks},
            downstream={task["task_id"]: tuple(task["downstream_task_ids"] or ()) for task in tasks},
            run_timeout=_duration(details.get("dag_run_timeout")),
            next_slice=_moment(details["next_dagrun_data_interval_start"] or details["next_dagrun_logical_date"]),
            next_slice_end=_moment(details.get("next_dagrun_data_interval_end")),
            next_run=_moment(details["next_dagrun_run_after"]),
            version=newest.get("version_number"),
            version_at=_moment(newest.get("created_at")),
        )

    def run_state(self, dag_id: str, run_id: str) -> str:
        return str(fields(self._call("run", dag=dag_id, run=run_id))["state"])

    def from_task(self, run_id: str) -> bool:
        return bool(fields(self._call("run", dag=self._healer, run=run_id))["triggered_by"] == "operator")

    def tasks(self, dag_id: str, run_id: str) -> Sequence[TaskState]:
        return self._task_pages(dag_id, run_id, {})

    def failed_tasks(self, since: datetime) -> Sequence[TaskState]:
        return self._task_pages("~", "~", {"state": "failed", "end_date_gte": since.isoformat()})

    def _task_pages(self, dag_id: str, run_id: str, query: Mapping[str, Any]) -> list[TaskState]:
        rows = self._pages("tasks", "task_instances", {**query, "order_by": "id"}, dag=dag_id, run=run_id)
        return [self._known(_task_state(row)) for row in rows]

    def _known(self, state: TaskState) -> TaskState:
        """The state of a task; one that only bears the name of an operator by which something is concluded is told by its module, too."""
        own = is_ours(state.operator)
        if not own and state.operator not in LOOKS:
            return state
        module = self._modules(state.dag_id).get(state.task_id, "")
        return (
            state
            if module.startswith(PACKAGE if own else _PROVIDERS)
            else replace(state, operator=f"{module or '?'}.{state.operator}")
        )

    def _modules(self, dag_id: str) -> Mapping[str, str]:
        """Task id -> the module of its class, as Airflow serialized it; remembered for a while."""
        now = time.monotonic()
        when, found = self._classes.get(dag_id, (0.0, {}))
        if dag_id not in self._classes or now > when + _REMEMBERED:
            answer = self._call("dag_tasks", tolerate=(404,), dag=dag_id)
            tasks = [] if answer.is_error else fields(answer)["tasks"]
            found = {one["task_id"]: str((one.get("class_ref") or {}).get("module_path") or "") for one in tasks}
            self._classes[dag_id] = now, found
        return found

    def task(self, dag_id: str, run_id: str, task_id: str, map_index: int = -1) -> TaskState:
        if map_index < 0:
            row = fields(self._call("task", dag=dag_id, run=run_id, task=task_id))
        else:
            row = fields(self._call("mapped_task", dag=dag_id, run=run_id, task=task_id, index=map_index))
        return self._known(_task_state(row))

    def enrolled(self, dag_id: str) -> bool:
        answer = self._call("dag", tolerate=(404,), dag=dag_id)
        tags = set() if answer.is_error else {tag["name"] for tag in fields(answer)["tags"]}
        return ENROLLED_TAG in tags and OWN_TAG not in tags

    def tried(self, key: TryKey) -> str:
        dag, run, task, number = key.dag_id, key.run_id, key.task_id, key.try_number
        if key.map_index < 0:
            answer = self._call("tried", dag=dag, run=run, task=task, try_number=number)
        else:
            answer = self._call("mapped_tried", dag=dag, run=run, task=task, index=key.map_index, try_number=number)
        return str(fields(answer)["state"] or "")

    def log(self, state: TaskState, try_number: int) -> bytes:
        path: dict[str, str | int] = {"dag": state.dag_id, "run": state.run_id, "task": state.task_id}
        method, url = _place("log", {**path, "try_number": try_number})
        params: dict[str, str | int] = {"full_content": "true", "map_index": state.map_index}
        headers = {"Accept": "application/x-ndjson"}
        with self._ready().stream(method, url, params=params, headers=headers) as answer:
            _refuse(answer, f"{method} {url}")
            return bounded(self._http.pieces(answer))

    def scheduler_said(self, key: TryKey) -> SchedulerWord | None:
        query = {"dag_id": key.dag_id, "run_id": key.run_id, "task_id": key.task_id, "included_events": list(EVENTS)}
        rows = self._pages("events", "event_logs", {**query, "order_by": "id"})
        return said(rows, key.try_number, key.map_index)

    def past_tries(self, dag_id: str, task_id: str, limit: int) -> Sequence[PastTry]:
        """The last try of this task in each of the Dag's newest runs, the newest run first.

        :param limit: runs, 1 to 100.
        """
        query = {"task_id": task_id, "order_by": "-run_after", "limit": limit}
        rows = fields(self._call("tasks", params=query, dag=dag_id, run="~"))["task_instances"]
        return [_past_try(row) for row in rows]

    def succeeded(self, dag_id: str, task_id: str) -> bool:
        query = {"task_id": task_id, "state": "success", "limit": 1}
        return bool(fields(self._call("tasks", params=query, dag=dag_id, run="~"))["task_instances"])

    def source(self, dag_id: str, version: int | None = None) -> str:
        """The text of a Dag's file.

        :param version: number of the Dag's version; None = the newest.
        """
        params = {} if version is None else {"version_number": version}
        return self._call("source", params=params, headers={"Accept": "text/plain"}, dag=dag_id).text

    def failed_runs(self, since: datetime) -> Sequence[RunState]:
        # a cancelled backfill fails its runs without an end date, so the time of change is asked for
        query = {"state": "failed", "updated_at_gte": since.isoformat(), "order_by": "id"}
        return [_run_state(row) for row in self._pages("runs", "dag_runs", query, dag="~")]

    def runs(self, dag_id: str, since: datetime) -> Sequence[RunState]:
        query = {"run_after_gte": since.isoformat(), "order_by": "-id", "limit": _PAGE}
        return [_run_state(row) for row in fields(self._call("runs", params=query, dag=dag_id))["dag_runs"]]

    def asset_updated(self, uri: str) -> datetime | None:
        query = {"uri_pattern": uri, "only_active": "true", "order_by": "id"}
        rows = [row for row in self._pages("assets", "assets", query) if row["uri"] == uri]
        return max(
            (at for row in rows if (at := _moment((row.get("last_asset_event") or {}).get("timestamp")))), default=None
        )

    def marked_by_hand(self, states: Sequence[TaskState]) -> set[tuple[str, str, str, int]]:
        ends = [state.end_date for state in states]
        marks = self._marks(None if None in ends else min(filter(None, ends), default=None)) if states else {}
        return {
            state.instance
            for state in states
            if any(_sets_state(row, state) for row in _of_run(marks, state.dag_id, state.run_id, state.end_date))
        }

    def run_marked_by_hand(self, run: RunState) -> bool:
        found = _of_run(self._marks(run.ended_at), run.dag_id, run.run_id, run.ended_at)
        return any(_sets_run(row, run.run_id) for row in found)

    def _marks(self, ended_at: datetime | None) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        """What people set since then, by Dag; a change of several runs names its Dag only, or ``~``."""
        query: dict[str, Any] = {"included_events": list(_BY_HAND), "order_by": "id"}
        if ended_at:
            query["after"] = (ended_at - _MARK_MARGIN).isoformat()
        found: dict[str, list[Mapping[str, Any]]] = {}
        for row in self._pages("events", "event_logs", query):
            found.setdefault(str(row["dag_id"]), []).append(row)
        return found

    def enrolled_dags(self) -> Sequence[str]:
        query = {"tags": ENROLLED_TAG, "exclude_stale": "true"}
        return [row["dag_id"] for row in self._pages("dags", "dags", query)]

    def broken_files(self) -> Sequence[BrokenFile]:
        rows = list(self._pages("import_errors", "import_errors", {"order_by": "id"}))
        if not rows:
            return []
        held: dict[tuple[str | None, str], list[str]] = {}
        for dag in self._pages("dags", "dags", {"tags": ENROLLED_TAG, "exclude_stale": "false"}):
            held.setdefault((dag["bundle_name"], dag["relative_fileloc"]), []).append(dag["dag_id"])
        files = [_broken_file(row, held.get((row["bundle_name"], row["filename"]), ())) for row in rows]
        return [file for file in files if file.dag_ids or self._all_dags]

    def _pages(self, name: str, rows: str, query: Mapping[str, Any], **path: Any) -> list[Mapping[str, Any]]:
        """Every row of a collection.

        :param rows: the name under which the answer holds them.
        """
        found: list[Mapping[str, Any]] = []
        while True:
            params = {**query, "limit": _PAGE, "offset": len(found)}
            page = fields(self._call(name, params=params, **path))[rows]
            if not isinstance(page, list):
                raise HarnessUnavailable(
                    "Airflow's API", f"{rows} of an answer is not a list; what answered is not the API"
                )
            found += page
            if len(page) < _PAGE:
                return found

    def answer(self, dag_id: str, run_id: str, task_id: str) -> Answer:
        response = self._call("hitl", tolerate=(404,), dag=dag_id, run=run_id, task=task_id)
        if response.status_code == 404:
            return Answer(answered=False)
        record = fields(response)
        if (record.get("task_instance") or {}).get("map_index", -1) != -1:  # a rejected mapped approval stops nothing
            return Answer(answered=False)
        user = record.get("responded_by_user") or {}
        opened, said = (_moment(record.get(name)) for name in ("created_at", "responded_at"))
        return Answer(
            answered=bool(record["response_received"]),
            chosen=tuple(record.get("chosen_options") or ()),
            by=str(user.get("id") or ""),
            seconds=(said - opened).total_seconds() if opened and said else 0.0,
        )

    def required_action_url(self, dag_id: str, run_id: str, task_id: str) -> str:
        path = f"dags/{quote(dag_id)}/runs/{quote(run_id)}/tasks/{quote(task_id)}/required_actions"
        return f"{self._base}/{path}"

    def run_url(self, dag_id: str, run_id: str) -> str:
        """The run's page in Airflow's UI."""
        return f"{self._base}/dags/{quote(dag_id)}/runs/{quote(run_id)}"

    def incident_url(self, incident_id: str) -> str:
        """The harness's own page of an incident."""
        return f"{self._base}/plugin/harness/incidents/{quote(incident_id)}"

    def health(self) -> Mapping[str, str]:
        parts = fields(self._call("health"))
        found = {name: part.get("status") for name, part in parts.items() if isinstance(part, dict)}
        if not found:
            raise HarnessUnavailable("Airflow's API", "an answer about its health names no part of Airflow")
        return {name: str(status) for name, status in found.items() if status}

    def dag_url(self, dag_id: str) -> str:
        """The Dag's page in Airflow's UI."""
        return f"{self._base}/dags/{quote(dag_id)}"

    def import_errors_url(self) -> str:
        """The page of Airflow's UI that lists them."""
        return f"{self._base}/"

    def clear(self, state: TaskState, note: str) -> int:
        ids: list[Any] = [state.task_id if state.map_index < 0 else [state.task_id, state.map_index]]
        return self._clear(state.dag_id, state.run_id, note, task_ids=ids)

    def clear_failed(self, dag_id: str, run_id: str, note: str) -> int:
        return self._clear(dag_id, run_id, note)

    def _clear(self, dag_id: str, run_id: str, note: str, **more: Any) -> int:
        body = {
            "dag_run_id": run_id,
            "dry_run": False,
            "only_failed": True,
            "include_downstream": True,
            "prevent_running_task": True,
            "note": note[:1000],
            **more,
        }
        cleared = int(fields(self._call("clear", body=body, dag=dag_id))["total_entries"])
        if cleared == 0:
            raise NotAllowed(f"Airflow found nothing to clear in {dag_id} {run_id}: its state is not what it was.")
        return cleared

    def backfill(self, dag_id: str, first: datetime, last: datetime) -> int:
        body = {
            "dag_id": dag_id,
            "from_date": first.isoformat(),
            "to_date": last.isoformat(),
            "reprocess_behavior": "completed",
            "max_active_runs": 2,
        }
        return int(fields(self._call("backfill", body=body))["id"])

    def backfill_of(self, dag_id: str, first: datetime, last: datetime, since: datetime) -> int | None:
        query = {"dag_id": dag_id, "order_by": "-id", "limit": _PAGE}
        for row in fields(self._call("backfills", params=query))["backfills"]:
            moments = (row["from_date"], row["to_date"])
            same = tuple(datetime.fromisoformat(text) for text in moments) == (first, last)
            if same and datetime.fromisoformat(row["created_at"]) >= since:
                return int(row["id"])
        return None

    def backfill_done(self, backfill_id: int) -> bool:
        return fields(self._call("backfill_read", backfill=backfill_id))["completed_at"] is not None

    def pause(self, dag_id: str) -> None:
        if not fields(self._call("pause", body={"is_paused": True}, dag=dag_id))["is_paused"]:
            raise NotAllowed(f"Airflow took the call and did not pause {dag_id}.")

    def note(self, state: TaskState, text: str) -> None:
        answer = self._call(
            "note",
            body={"note": text[:1000]},
            dag=state.dag_id,
            run=state.run_id,
            task=state.task_id,
            index=state.map_index,
        )
        fields(answer)

    def note_run(self, run_id: str, text: str) -> None:
        """Write a note at a run of the healer."""
        fields(self._call("note_run", body={"note": text[:1000]}, dag=self._healer, run=run_id))

    def start(self, incident_id: str, episode: str, number: int) -> bool:
        body = {
            "dag_run_id": name_of_run(episode, number),
            "logical_date": None,
            "conf": {"incident_id": incident_id},
        }
        answer = self._call("start_run", body=body, tolerate=(409,), dag=self._healer)
        return not answer.is_error and bool(fields(answer)["dag_run_id"])


def _of_run(
    marks: Mapping[str, Sequence[Mapping[str, Any]]], dag_id: str, run_id: str, ended_at: datetime | None
) -> Iterator[Mapping[str, Any]]:
    """What people set in this run since it ended."""
    for row in (*marks.get(dag_id, ()), *marks.get("~", ())):
        late = ended_at is None or datetime.fromisoformat(row["when"]) >= ended_at - _MARK_MARGIN
        if row["run_id"] in (run_id, None) and late:
            yield row


def _place(name: str, path: Mapping[str, str | int]) -> tuple[str, str]:
    """Method and address of a call."""
    method, template = CALLS[name]
    return method, f"api/v2/{filled(template, path)}"


def _refuse(answer: httpx.Response, call: str, tolerate: Sequence[int] = ()) -> None:
    """Raise where an answer is an error that is not among the tolerated."""
    if answer.is_error and answer.status_code not in tolerate:
        raise NotAllowed(f"Airflow refused {call}: {answer.status_code} {answer.text[:300]}")


def _sets_state(row: Mapping[str, Any], state: TaskState) -> bool:
    """Whether a logged request set this task's state, itself or with its group or run; notes come by the same calls."""
    if row["event"] not in ("patch_task_instance", "patch_task_group_instances"):
        return _sets_run(row, state.run_id)
    body = _body(row)
    if body.get("new_state") is None:
        return False
    if row["event"] == "patch_task_group_instances":
        return state.task_id.startswith(f"{body.get('group_id')}.")
    return bool(row["task_id"] == state.task_id) and str(body.get("map_index", state.map_index)) == str(state.map_index)


def _sets_run(row: Mapping[str, Any], run_id: str) -> bool:
    """Whether a logged request set the state of this run, alone or with others."""
    body = _body(row)
    if row["event"] == "patch_dag_run":
        return body.get("state") is not None
    if row["event"] != "bulk_dag_runs":
        return False
    entities = [one for action in body.get("actions") or () for one in action.get("entities") or ()]
    return any(one.get("dag_run_id") == run_id and one.get("state") is not None for one in entities)


def _body(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """The request that a row of Airflow's log tells of."""
    try:
        body = json.loads(row["extra"] or "{}")
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _owners(text: str | None) -> tuple[str, ...]:
    """The owners of a task: names with commas between."""
    return tuple(name.strip() for name in (text or "").split(",") if name.strip())


def _duration(text: str | None) -> timedelta | None:
    """A duration as the API writes it, such as ``PT1H30M``."""
    from pydantic import TypeAdapter

    return TypeAdapter(timedelta).validate_python(text) if text else None


def _run_state(row: Mapping[str, Any]) -> RunState:
    return RunState(
        dag_id=row["dag_id"],
        run_id=row["dag_run_id"],
        state=row["state"],
        of_backfill=row["run_type"] == "backfill",
        queued_at=_moment(row["queued_at"]),
        started_at=_moment(row["start_date"]),
        ended_at=_moment(row["end_date"]),
        slice_id=_slice_id(row),
        slice_end=_slice_end(row),
    )


def _slice_end(row: Mapping[str, Any]) -> datetime | None:
    """Where a run's data interval ends; None where it has none, or a partition key that says more."""
    start, end = _moment(row["data_interval_start"]), _moment(row["data_interval_end"])
    return end if not row["partition_key"] and start and end and start < end else None


def _slice_id(row: Mapping[str, Any]) -> str:
    """The slice that a run owns; empty where it owns none."""
    start, end, logical = (_moment(row[n]) for n in ("data_interval_start", "data_interval_end", "logical_date"))
    try:
        return slice_id(
            partition_key=row["partition_key"], interval_start=start, interval_end=end, logical_date=logical
        )
    except (ConfigurationError, OverflowError):  # none, or a moment that UTC does not have
        return ""


def _broken_file(row: Mapping[str, Any], dag_ids: Sequence[str]) -> BrokenFile:
    return BrokenFile(
        id=row["import_error_id"],
        file=row["filename"],
        stack_trace=row["stack_trace"],
        at=datetime.fromisoformat(row["timestamp"]),
        dag_ids=tuple(sorted(dag_ids)),
    )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _past_try(row: Mapping[str, Any]) -> PastTry:
    version = row["dag_version"] or {}
    return PastTry(
        run_id=row["dag_run_id"],
        map_index=row["map_index"],
        state=row["state"] or "",
        try_number=row["try_number"],
        run_after=datetime.fromisoformat(row["run_after"]),
        started_at=_moment(row["start_date"]),
        seconds=row["duration"],
        dag_version=version.get("version_number"),
    )


def _task_state(row: Mapping[str, Any]) -> TaskState:
    return TaskState(
        dag_id=row["dag_id"],
        run_id=row["dag_run_id"],
        task_id=row["task_id"],
        map_index=row["map_index"],
        state=row["state"] or "",
        try_number=row["try_number"],
        max_tries=row["max_tries"],
        operator=row["operator_name"] or row["operator"] or "",
        hostname=row["hostname"] or "",
        pid=row["pid"],
        end_date=_moment(row["end_date"]),
        rendered=dict(row["rendered_fields"] or {}),
        note=row.get("note") or "",
    )
