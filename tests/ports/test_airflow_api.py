"""The client of Airflow's REST API over a real HTTP server: each row of its table, and nothing beside."""

from __future__ import annotations

import base64
import inspect
import json
import re
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from airflow_provider_harness.adapters.airflow import api as airflow_api
from airflow_provider_harness.adapters.airflow.api import CALLS, AirflowApi
from airflow_provider_harness.app.healing import diagnose as heal
from airflow_provider_harness.app.healing.act import act, proposal_of
from airflow_provider_harness.app.oncall import approve
from airflow_provider_harness.app.ports.airflow import Airflow, Answer, RunState, TaskState
from airflow_provider_harness.core.diagnosis.bounded import bounded
from airflow_provider_harness.core.diagnosis.failure import SchedulerWord, TryKey
from airflow_provider_harness.core.errors import HarnessUnavailable, NotAllowed
from airflow_provider_harness.core.policy.policy import VerdictKind
from airflow_provider_harness.core.policy.repeatable import Repeatable, repeatable
from tests.unit.app.fakes import RUN as RUN_ID
from tests.unit.app.fakes import opened, policy_of, world

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
EPISODE, INCIDENT = "e" * 16, "I" * 26


def row(**more: Any) -> dict[str, Any]:
    given = {
        "dag_id": "flights",
        "dag_run_id": "run1",
        "task_id": "load",
        "map_index": -1,
        "state": "failed",
        "try_number": 2,
        "max_tries": 3,
        "operator_name": "LoadOperator",
        "operator": "LoadOperator",
        "hostname": "h",
        "pid": 7,
        "end_date": AT.isoformat(),
        "rendered_fields": {"table": "public.flights"},
    }
    return given | more


STATE = TaskState(
    dag_id="flights",
    run_id="run1",
    task_id="load",
    map_index=-1,
    state="failed",
    try_number=2,
    max_tries=3,
    operator="LoadOperator",
    hostname="h",
    pid=7,
    end_date=AT,
    rendered={"table": "public.flights"},
)


class Server:
    """Answers by method and path below /api/v2, and keeps every request."""

    def __init__(self, http: HTTPServer) -> None:
        self.http = http
        self.answers: dict[tuple[str, str], Any] = {}
        self.requests: list[tuple[str, str, dict[str, str], Any]] = []
        self.logins: list[Any] = []
        http.expect_request("/auth/token", method="POST").respond_with_handler(self._login)
        http.expect_request(re.compile("^/api/v2/.*")).respond_with_handler(self._answer)

    def _login(self, request: Request) -> Response:
        self.logins.append(request.get_json())
        return Response(json.dumps({"access_token": "token"}), content_type="application/json", status=201)

    def _answer(self, request: Request) -> Response:
        assert request.headers["Authorization"] == "Bearer token"
        path = (
            request.environ["RAW_URI"].partition("?")[0].removeprefix("/api/v2/")
            if "RAW_URI" in request.environ
            else request.path.removeprefix("/api/v2/")
        )
        body = request.get_json(silent=True) if request.data else None
        self.requests.append((request.method, path, request.args.to_dict(), body))
        found = self.answers.get((request.method, path), Response("{}", status=404, content_type="application/json"))
        if callable(found) and not isinstance(found, Response):
            found = found(request)
        return found if isinstance(found, Response) else Response(json.dumps(found), content_type="application/json")

    @property
    def bodies(self) -> list[Any]:
        return [request[3] for request in self.requests]


@pytest.fixture
def server(httpserver: HTTPServer) -> Server:
    return Server(httpserver)


@pytest.fixture
def api(server: Server) -> Iterator[AirflowApi]:
    api = AirflowApi(server.http.url_for(""), "harness", "pw", "harness_healer")
    yield api
    if api._http is not None:
        api._http.close()


RUN_ROW = {
    "dag_id": "flights",
    "dag_run_id": "run1",
    "state": "failed",
    "run_type": "backfill",
    "queued_at": AT.isoformat(),
    "start_date": None,
    "end_date": None,
    "data_interval_start": AT.isoformat(),
    "data_interval_end": (AT + timedelta(days=1)).isoformat(),
    "logical_date": AT.isoformat(),
    "partition_key": None,
}
RUN = RunState(
    dag_id="flights",
    run_id="run1",
    state="failed",
    of_backfill=True,
    queued_at=AT,
    started_at=None,
    ended_at=None,
    slice_id="20261121T120000Z",
    slice_end=AT + timedelta(days=1),
)
TI = "dags/flights/dagRuns/run1/taskInstances/load"
DETAILS = {
    "is_paused": False,
    "tags": [{"name": "a"}],
    "owners": ["data"],
    "fileloc": "/f.py",
    "next_dagrun_data_interval_start": AT.isoformat(),
    "next_dagrun_logical_date": None,
    "next_dagrun_run_after": (AT + timedelta(days=1)).isoformat(),
}
KEY = TryKey(dag_id="flights", run_id="run1", task_id="load", try_number=2)
EACH: list[tuple[str, str, str, Any, Callable[[AirflowApi], object], object]] = [
    (
        "run",
        "GET",
        "dags/flights/dagRuns/run1",
        {"state": "failed"},
        lambda a: a.run_state("flights", "run1"),
        "failed",
    ),
    ("task", "GET", TI, row(), lambda a: a.task("flights", "run1", "load"), STATE),
    ("mapped_task", "GET", f"{TI}/3", row(map_index=3), lambda a: a.task("flights", "run1", "load", 3).map_index, 3),
    (
        "tasks",
        "GET",
        "dags/flights/dagRuns/run1/taskInstances",
        {"task_instances": [row()]},
        lambda a: a.tasks("flights", "run1"),
        [STATE],
    ),
    ("tried", "GET", f"{TI}/tries/2", {"state": "failed"}, lambda a: a.tried(KEY), "failed"),
    (
        "tasks",
        "GET",
        "dags/flights/dagRuns/~/taskInstances",
        {"task_instances": [row(state="success")]},
        lambda a: a.succeeded("flights", "load"),
        True,
    ),
    (
        "tasks",
        "GET",
        "dags/flights/dagRuns/~/taskInstances",
        {"task_instances": []},
        lambda a: a.succeeded("flights", "load"),
        False,
    ),
    ("mapped_tried", "GET", f"{TI}/3/tries/2", {"state": None}, lambda a: a.tried(replace(KEY, map_index=3)), ""),
    ("log", "GET", f"{TI}/logs/2", Response(b'{"event": "x"}\n'), lambda a: a.log(STATE, 2), b'{"event": "x"}\n'),
    (
        "source",
        "GET",
        "dagSources/flights",
        Response("import airflow", content_type="text/plain"),
        lambda a: a.source("flights", 3),
        "import airflow",
    ),
    ("events", "GET", "eventLogs", {"event_logs": []}, lambda a: a.marked_by_hand([STATE]), set()),
    (
        "events",
        "GET",
        "eventLogs",
        {"event_logs": [{"event": "heartbeat timeout", "try_number": 2, "map_index": -1}]},
        lambda a: a.scheduler_said(KEY),
        SchedulerWord.HEARTBEAT_LOST,
    ),
    ("import_errors", "GET", "importErrors", {"import_errors": []}, lambda a: a.broken_files(), []),
    (
        "runs",
        "GET",
        "dags/~/dagRuns",
        {"dag_runs": [RUN_ROW]},
        lambda a: a.failed_runs(AT),
        [RUN],
    ),
    (
        "assets",
        "GET",
        "assets",
        {
            "assets": [
                {"uri": "s3://payments", "last_asset_event": {"id": 1, "timestamp": AT.isoformat()}},
                {
                    "uri": "s3://payments/old",
                    "last_asset_event": {"id": 2, "timestamp": (AT + timedelta(1)).isoformat()},
                },
                {"uri": "s3://payments", "last_asset_event": None},
            ]
        },
        lambda a: a.asset_updated("s3://payments"),
        AT,
    ),
    ("dags", "GET", "dags", {"dags": [{"dag_id": "flights"}]}, lambda a: a.enrolled_dags(), ["flights"]),
    (
        "hitl",
        "GET",
        f"{TI}/-1/hitlDetails",
        {
            "response_received": True,
            "chosen_options": ["Approve"],
            "responded_by_user": {"id": "oncall", "name": "n"},
            "created_at": AT.isoformat(),
            "responded_at": (AT + timedelta(seconds=90)).isoformat(),
        },
        lambda a: a.answer("flights", "run1", "load"),
        Answer(answered=True, chosen=("Approve",), by="oncall", seconds=90.0),
    ),
    (
        "backfills",
        "GET",
        "backfills",
        {
            "backfills": [
                {
                    "id": number,
                    "from_date": (AT + timedelta(days=days)).isoformat(),
                    "to_date": AT.isoformat(),
                    "created_at": (AT - timedelta(minutes=ago)).isoformat(),
                }
                for number, days, ago in ((9, 1, 0), (8, 0, 0), (7, 0, 0), (6, 0, 9))
            ]
        },
        lambda a: a.backfill_of("flights", AT, AT, AT),
        8,
    ),
    (
        "health",
        "GET",
        "monitor/health",
        {
            "metadatabase": {"status": "healthy"},
            "scheduler": {"status": "unhealthy", "latest_scheduler_heartbeat": None},
            "triggerer": {"status": None},
            "dag_processor": None,
        },
        lambda a: a.health(),
        {"metadatabase": "healthy", "scheduler": "unhealthy"},
    ),
    ("backfill_read", "GET", "backfills/7", {"completed_at": None}, lambda a: a.backfill_done(7), False),
    ("clear", "POST", "dags/flights/clearTaskInstances", {"total_entries": 2}, lambda a: a.clear(STATE, "n"), 2),
    ("backfill", "POST", "backfills", {"id": 7}, lambda a: a.backfill("flights", AT, AT), 7),
    ("pause", "PATCH", "dags/flights", {"is_paused": True}, lambda a: a.pause("flights"), None),
    ("note", "PATCH", f"{TI}/-1", {}, lambda a: a.note(STATE, "n"), None),
    ("note_run", "PATCH", "dags/harness_healer/dagRuns/r", {}, lambda a: a.note_run("r", "n"), None),
    (
        "start_run",
        "POST",
        "dags/harness_healer/dagRuns",
        {"dag_run_id": f"heal__{EPISODE}__3"},
        lambda a: a.start(INCIDENT, EPISODE, 3),
        True,
    ),
]


@pytest.mark.parametrize(("name", "method", "path", "answer", "call", "result"), EACH, ids=[item[0] for item in EACH])
def test_each_call(
    server: Server, api: AirflowApi, name: str, method: str, path: str, answer: Any, call: Any, result: object
) -> None:
    server.answers[method, path] = answer
    assert call(api) == result
    assert [request[:2] for request in server.requests] == [(method, path)]
    assert CALLS[name][0] == method
    assert server.logins == [{"username": "harness", "password": "pw"}]


def test_a_dag_is_two_calls(server: Server, api: AirflowApi) -> None:
    server.answers["GET", "dags/flights/details"] = DETAILS
    tasks = [{"task_id": "a", "downstream_task_ids": ["b"]}, {"task_id": "b", "downstream_task_ids": None}]
    server.answers["GET", "dags/flights/tasks"] = {"tasks": tasks}
    found = api.dag("flights")
    assert (found.paused, found.tags, found.owners, found.fileloc) == (False, ("a",), ("data",), "/f.py")
    assert found.downstream == {"a": ("b",), "b": ()}
    assert (found.next_slice, found.next_run) == (AT, AT + timedelta(days=1))


@pytest.mark.parametrize(
    ("newest", "known"),
    [(None, (None, None)), ({"version_number": 7, "created_at": AT.isoformat()}, (7, AT))],
)
def test_the_newest_version_of_a_dag(server: Server, api: AirflowApi, newest: Any, known: tuple[Any, Any]) -> None:
    server.answers["GET", "dags/flights/details"] = DETAILS | {"latest_dag_version": newest}
    server.answers["GET", "dags/flights/tasks"] = {"tasks": []}
    found = api.dag("flights")
    assert (found.version, found.version_at) == known


def test_the_runs_of_a_dag_say_which_slice_they_own(server: Server, api: AirflowApi) -> None:
    keyed = RUN_ROW | {"partition_key": "2026-11-21"}
    none = RUN_ROW | {"data_interval_start": None, "data_interval_end": None, "logical_date": None}
    server.answers["GET", "dags/flights/dagRuns"] = {"dag_runs": [RUN_ROW, keyed, none]}
    assert [run.slice_id for run in api.runs("flights", AT)] == ["20261121T120000Z", "2026-11-21", ""]
    assert server.requests[0][2] == {"run_after_gte": AT.isoformat(), "order_by": "-id", "limit": "100"}


def test_every_row_is_used_and_nothing_else_can_be_sent() -> None:
    assert {item[0] for item in EACH} | {"dag", "dag_tasks"} == set(CALLS)
    source = Path(airflow_api.__file__).read_text()
    used = set(re.findall(r'\b(?:self\.)?_(?:call|pages|place)\(\s*"(\w+)"', source))
    assert used == set(CALLS)
    assert re.findall(r"_ready\(\)\.(\w+)\(", source) == ["send", "stream"], "a row of the table each time"
    assert not re.findall(r"httpx\.(get|post|put|patch|delete|request|stream|Client)\(", source)
    assert not re.findall(r"_http\.(send|stream)\(|\.(put|delete)\(", source)


#: What the account may do and the harness never does: written down, so that a new row here is a decision.
WRITES = {
    ("POST", "dags/{dag}/clearTaskInstances"),
    ("POST", "backfills"),
    ("PATCH", "dags/{dag}"),
    ("PATCH", "dags/{dag}/dagRuns/{run}/taskInstances/{task}/{index}"),
    ("PATCH", "dags/{dag}/dagRuns/{run}"),
    ("POST", "dags/{dag}/dagRuns"),
}


def test_the_writes_are_these() -> None:
    assert {call for call in CALLS.values() if call[0] != "GET"} == WRITES


def test_the_client_implements_its_port() -> None:
    for name, wanted in inspect.getmembers(Airflow, inspect.isfunction):
        if not name.startswith("_"):
            assert list(inspect.signature(getattr(AirflowApi, name)).parameters) == list(
                inspect.signature(wanted).parameters
            )


def test_what_the_writes_say(server: Server, api: AirflowApi) -> None:
    server.answers["POST", "dags/flights/clearTaskInstances"] = {"total_entries": 1}
    server.answers["POST", "backfills"] = {"id": 7}
    server.answers["PATCH", "dags/flights"], server.answers["PATCH", f"{TI}/-1"] = {"is_paused": True}, {}
    server.answers["POST", "dags/harness_healer/dagRuns"] = {"dag_run_id": "r"}
    api.clear(STATE, "n" * 2000)
    api.clear_failed("flights", "run1", "n")
    api.backfill("flights", AT, AT + timedelta(days=1))
    api.pause("flights")
    api.note(STATE, "n" * 2000)
    api.start(INCIDENT, EPISODE, 3)
    clear = {
        "dag_run_id": "run1",
        "dry_run": False,
        "only_failed": True,
        "include_downstream": True,
        "prevent_running_task": True,
    }
    assert server.bodies == [
        clear | {"note": "n" * 1000, "task_ids": ["load"]},
        clear | {"note": "n"},
        {
            "dag_id": "flights",
            "from_date": "2026-11-21T12:00:00+00:00",
            "to_date": "2026-11-22T12:00:00+00:00",
            "reprocess_behavior": "completed",
            "max_active_runs": 2,
        },
        {"is_paused": True},
        {"note": "n" * 1000},
        {"dag_run_id": f"heal__{EPISODE}__3", "logical_date": None, "conf": {"incident_id": INCIDENT}},
    ]


def test_a_mapped_task_is_cleared_alone(server: Server, api: AirflowApi) -> None:
    server.answers["POST", "dags/flights/clearTaskInstances"] = {"total_entries": 1}
    from dataclasses import replace

    api.clear(replace(STATE, map_index=0), "n")
    assert server.bodies[0]["task_ids"] == [["load", 0]]


@pytest.mark.parametrize("clear", [lambda a: a.clear(STATE, "n"), lambda a: a.clear_failed("flights", "run1", "n")])
def test_a_clear_of_nothing_is_no_act(server: Server, api: AirflowApi, clear: Callable[[AirflowApi], int]) -> None:
    server.answers["POST", "dags/flights/clearTaskInstances"] = {"total_entries": 0}
    with pytest.raises(NotAllowed, match="nothing to clear"):
        clear(api)


def test_a_run_that_exists_is_not_started_again(server: Server, api: AirflowApi) -> None:
    server.answers["POST", "dags/harness_healer/dagRuns"] = Response("{}", status=409, content_type="application/json")
    assert api.start(INCIDENT, EPISODE, 1) is False


ANSWERS = [
    (Response("{}", status=404, content_type="application/json"), Answer(answered=False)),
    ({"response_received": False, "chosen_options": None, "responded_by_user": None}, Answer(answered=False)),
    (
        {"response_received": True, "chosen_options": ["Refuse"], "responded_by_user": {"id": 17}},
        Answer(answered=True, chosen=("Refuse",), by="17"),
    ),
    (
        {"response_received": True, "chosen_options": ["Approve"], "responded_by_user": {"name": "oncall"}},
        Answer(answered=True, chosen=("Approve",), by=""),
    ),
]


@pytest.mark.parametrize(("record", "answer"), ANSWERS)
def test_who_answered_what(server: Server, api: AirflowApi, record: Any, answer: Answer) -> None:
    server.answers["GET", f"{TI}/-1/hitlDetails"] = record
    assert api.answer("flights", "run1", "load") == answer


SAID = {
    "response_received": True,
    "chosen_options": ["Approve"],
    "responded_by_user": {"id": "oncall"},
    "created_at": AT.isoformat(),
    "responded_at": (AT + timedelta(minutes=1)).isoformat(),
}


def approval_in(index: int) -> dict[str, Any]:
    return SAID | {"task_instance": {"task_id": "approve", "map_index": index}}


@pytest.mark.parametrize(
    ("records", "agreed"),
    [
        ({-1: SAID}, True),
        ({-1: approval_in(-1)}, True),
        ({0: approval_in(0), 1: approval_in(1)}, False),
        ({-1: approval_in(0)}, False),
        ({-1: approval_in(-1) | {"chosen_options": ["Refuse"]}, 0: approval_in(0)}, False),
    ],
)
def test_an_approval_in_a_mapped_task_never_counts(
    server: Server, api: AirflowApi, records: dict[int, Any], agreed: bool
) -> None:
    """A mapped approval that was rejected does not stop what follows it; so one that was given allows nothing either."""
    w = world()
    w.policy = policy_of(VerdictKind.ASK)
    incident_id = opened(w)
    heal.claim(w.healer, incident_id, RUN_ID)
    heal.diagnose(w.healer, incident_id)
    heal.decide(w.healer, incident_id)
    incident = w.incident(incident_id)
    approve.question(w.healer, incident, proposal_of(incident), RUN_ID)
    at = f"dags/harness_healer/dagRuns/{RUN_ID}/taskInstances/{approve.APPROVAL_TASK}"
    server.answers |= {("GET", f"{at}/{index}/hitlDetails"): record for index, record in records.items()}
    w.airflow.said = api.answer("harness_healer", RUN_ID, approve.APPROVAL_TASK)
    w.clock.ahead(minutes=2)
    act(w.healer, incident_id, RUN_ID)
    assert bool(w.airflow.writes) is bool(w.store.used) is agreed
    assert [request[1] for request in server.requests] == [f"{at}/-1/hitlDetails"]


def test_the_healer_asks_in_one_task_that_is_not_mapped() -> None:
    from airflow.providers.standard.operators.hitl import HITLOperator
    from airflow.sdk import BaseOperator

    from airflow_provider_harness.dags import healer_dag

    tasks = healer_dag().tasks
    assert all(isinstance(one, BaseOperator) for one in tasks), "none is mapped"
    assert [one.task_id for one in tasks if isinstance(one, HITLOperator)] == [approve.APPROVAL_TASK]


@pytest.mark.parametrize(
    ("status", "error"),
    [(500, HarnessUnavailable), (503, HarnessUnavailable), (429, HarnessUnavailable), (408, HarnessUnavailable)]
    + [(status, NotAllowed) for status in (400, 401, 403, 404, 409, 422)],
)
@pytest.mark.parametrize("item", EACH, ids=[item[0] for item in EACH])
def test_errors(server: Server, api: AirflowApi, item: Any, status: int, error: type[Exception]) -> None:
    name, method, path, _, call, _ = item
    if (name, status) in (("hitl", 404), ("start_run", 409)):
        return
    server.answers[method, path] = Response('{"detail": "because"}', status=status, content_type="application/json")
    with pytest.raises(error, match=str(status)):
        call(api)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "page",
    [
        lambda _: Response("<html>Airflow</html>", content_type="text/html; charset=utf-8"),
        lambda _: Response("", status=307, headers={"Location": "/login"}),
    ],
)
@pytest.mark.parametrize("item", EACH, ids=[item[0] for item in EACH])
def test_a_page_is_no_answer_of_the_api(server: Server, api: AirflowApi, item: Any, page: Any) -> None:
    """Airflow answers unknown paths with its user interface and 200."""
    server.answers[item[1], item[2]] = page
    with pytest.raises(HarnessUnavailable, match="page"):
        item[4](api)


def test_an_api_that_is_down() -> None:
    with pytest.raises(HarnessUnavailable, match="Airflow's API"):
        AirflowApi("http://127.0.0.1:1", "harness", "pw", "h").run_state("d", "r")


def test_a_login_that_is_refused(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/auth/token").respond_with_data("no", status=401)
    with pytest.raises(HarnessUnavailable, match="401"):
        AirflowApi(httpserver.url_for(""), "harness", "secret-pw", "h").run_state("d", "r")


@pytest.mark.parametrize(
    ("token", "user"),
    [
        ("token", "harness"),  # no JWT: nothing better is known
        ("h." + base64.urlsafe_b64encode(b'{"sub": "17"}').decode().rstrip("=") + ".s", "17"),  # FAB numbers its users
        ("h.###.s", "harness"),
        ("h." + base64.urlsafe_b64encode(b"[1]").decode().rstrip("=") + ".s", "harness"),
    ],
)
def test_the_account_is_the_user_that_the_token_was_made_for(httpserver: HTTPServer, token: str, user: str) -> None:
    httpserver.expect_request("/auth/token").respond_with_json({"access_token": token})
    api = AirflowApi(httpserver.url_for(""), "harness", "pw", "h")
    assert api.account() == user
    api._http.close()


def test_a_token_needs_no_login(server: Server) -> None:
    server.answers["GET", "dags/d/dagRuns/r"] = {"state": "success"}
    api = AirflowApi(server.http.url_for("/"), "", "token", "h")
    assert api.run_state("d", "r") == "success"
    assert not server.logins
    api._http.close()


HOSTILE = ["a/../../connections", "a?b=c", "a#b", "a%2f..", "a b", "ü", "../x"]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_stays_in_its_place(server: Server, api: AirflowApi, name: str) -> None:
    """Whatever a Dag or a run is called, it is one segment of the path: no second slash, no query."""
    with pytest.raises(NotAllowed, match="404"):
        api.pause(name)
    with pytest.raises(NotAllowed, match="404"):
        api.run_state(name, name)
    from urllib.parse import quote

    whole = quote(name, safe="")
    assert [request[1] for request in server.requests] == [f"dags/{whole}", f"dags/{whole}/dagRuns/{whole}"]
    assert all(request[2] == {} for request in server.requests)


@pytest.mark.parametrize("name", [".", ".."])
def test_a_name_of_dots_is_not_sent(server: Server, api: AirflowApi, name: str) -> None:
    """Airflow allows a Dag of that name, and an HTTP client would cut it out of the path."""
    for call in (lambda: api.pause(name), lambda: api.run_state("flights", name), lambda: api.task("d", "r", name)):
        with pytest.raises(NotAllowed, match="path"):
            call()
    assert not server.requests


def test_pages_are_read_to_the_end(server: Server, api: AirflowApi) -> None:
    def page(request: Request) -> Response:
        offset = int(request.args["offset"])
        rows = [row(task_id=f"t{number}") for number in range(offset, min(offset + 100, 250))]
        return Response(json.dumps({"task_instances": rows}), content_type="application/json")

    server.answers["GET", "dags/~/dagRuns/~/taskInstances"] = page
    found = api.failed_tasks(AT)
    assert [item.task_id for item in found] == [f"t{number}" for number in range(250)]
    assert [request[2]["offset"] for request in server.requests] == ["0", "100", "200"]
    assert {request[2]["state"] for request in server.requests} == {"failed"}
    assert {request[2]["end_date_gte"] for request in server.requests} == {AT.isoformat()}


def test_enrolled_are_those_with_the_tag(server: Server, api: AirflowApi) -> None:
    server.answers["GET", "dags"] = {"dags": []}
    assert api.enrolled_dags() == []
    assert server.requests[0][2]["tags"] == "harness"


def test_a_state_with_gaps(server: Server, api: AirflowApi) -> None:
    gaps = {"state": None, "operator_name": None, "operator": None, "hostname": None, "pid": None}
    server.answers["GET", TI] = row(**gaps, end_date=None, rendered_fields=None)
    found = api.task("flights", "run1", "load")
    assert (found.state, found.operator, found.hostname, found.pid, found.end_date) == ("", "", "", None, None)
    assert found.rendered == {}


SET = '{"new_state": "failed"}'
MARKS = [
    ("patch_task_instance", SET, AT, True),
    ("patch_task_group_instances", '{"new_state": "failed", "group_id": "other"}', AT, False),
    ("patch_task_instance", SET, AT + timedelta(hours=1), True),
    ("patch_task_instance", SET, AT - timedelta(minutes=1), False),  # about an earlier try
    ("patch_task_instance", '{"note": "n"}', AT, False),  # our own note, or anybody's
    ("patch_task_instance", '{"note": "\\"new_state\\": \\"failed\\""}', AT, False),
    ("patch_task_instance", '{"note": "n", "new_state": null}', AT, False),
    ("patch_task_instance", '{"map_index": "-1", "new_state": "failed"}', AT, True),
    ("patch_task_instance", '{"map_index": "3", "new_state": "failed"}', AT, False),  # about a sibling
    ("patch_task_instance", '"new_state"', AT, False),
    ("patch_task_instance", "new_state", AT, False),
    ("patch_task_instance", None, AT, False),
    ("patch_task_instance_dry_run", SET, AT, False),
    ("post_clear_task_instances", SET, AT, False),
    ("running", None, AT, False),
]


@pytest.mark.parametrize(("event", "extra", "when", "marked"), MARKS)
def test_what_is_a_mark_by_hand(
    server: Server, api: AirflowApi, event: str, extra: str | None, when: datetime, marked: bool
) -> None:
    task_id = "load" if event == "patch_task_instance" else None
    where = {"dag_id": "flights", "run_id": "run1", "task_id": task_id}
    other = where | {"event": "running", "extra": None, "when": AT.isoformat(), "owner": "x"}
    rows = [other, where | {"event": event, "extra": extra, "when": when.isoformat(), "owner": "someone"}]
    server.answers["GET", "eventLogs"] = {"event_logs": rows}
    assert api.marked_by_hand([STATE]) == ({STATE.instance} if marked else set())


@pytest.mark.parametrize("strange", [{"dag_id": "other"}, {"run_id": "run2"}, {"task_id": "extract"}])
def test_a_mark_elsewhere_is_none_of_this_task(server: Server, api: AirflowApi, strange: dict[str, str]) -> None:
    where = {"dag_id": "flights", "run_id": "run1", "task_id": "load"} | strange
    row = where | {"event": "patch_task_instance", "extra": SET, "when": AT.isoformat()}
    server.answers["GET", "eventLogs"] = {"event_logs": [row]}
    assert not api.marked_by_hand([STATE])


RUN_SET = '{"state": "failed"}'
BULK_SET = json.dumps({"actions": [{"action": "update", "entities": [{"dag_run_id": "run1", "state": "failed"}]}]})
RUN_MARKS = [
    ("patch_dag_run", RUN_SET, "flights", "run1", True),
    ("patch_dag_run", '{"note": "n"}', "flights", "run1", False),
    ("patch_dag_run", RUN_SET, "flights", "run2", False),
    ("bulk_dag_runs", BULK_SET, "~", None, True),
    ("bulk_dag_runs", BULK_SET, "flights", None, True),
    ("bulk_dag_runs", BULK_SET, "other", None, False),
    ("bulk_dag_runs", BULK_SET.replace("run1", "run2"), "~", None, False),
    ("bulk_dag_runs", BULK_SET.replace("state", "note"), "~", None, False),
    ("patch_task_instance", SET, "flights", "run1", False),
]


@pytest.mark.parametrize(("event", "extra", "dag_id", "run_id", "marked"), RUN_MARKS)
def test_a_mark_of_a_run_is_one_of_its_tasks_too(
    server: Server, api: AirflowApi, event: str, extra: str, dag_id: str, run_id: str | None, marked: bool
) -> None:
    row = {"event": event, "extra": extra, "when": AT.isoformat(), "dag_id": dag_id, "run_id": run_id, "task_id": None}
    server.answers["GET", "eventLogs"] = {"event_logs": [row]}
    assert api.run_marked_by_hand(RUN) is marked
    assert api.marked_by_hand([STATE]) == ({STATE.instance} if marked else set())


@pytest.mark.parametrize("all_dags", [False, True])
def test_broken_files_of_enrolled_dags_or_of_all(server: Server, all_dags: bool) -> None:
    api = AirflowApi(server.http.url_for(""), "harness", "pw", "harness_healer", all_dags=all_dags)
    error = {"import_error_id": 1, "timestamp": AT.isoformat(), "bundle_name": "b", "stack_trace": "t"}
    files = [error | {"filename": "f.py"}, error | {"import_error_id": 2, "filename": "g.py"}]
    server.answers["GET", "importErrors"] = {"import_errors": files}
    held = [{"dag_id": name, "bundle_name": "b", "relative_fileloc": "f.py"} for name in ("z", "flights")]
    elsewhere = {"dag_id": "x", "bundle_name": "other", "relative_fileloc": "g.py"}
    server.answers["GET", "dags"] = {"dags": [*held, elsewhere]}
    found = {item.file: item.dag_ids for item in api.broken_files()}
    assert found == {"f.py": ("flights", "z")} | ({"g.py": ()} if all_dags else {})
    api._http.close()


def test_addresses_for_people() -> None:
    api = AirflowApi("http://airflow:8080/", "harness", "pw", "h")
    assert api.run_url("flights", "a+b:c") == "http://airflow:8080/dags/flights/runs/a%2Bb%3Ac"
    assert api.required_action_url("h", "r", "approve") == (
        "http://airflow:8080/dags/h/runs/r/tasks/approve/required_actions"
    )


@pytest.mark.attack
@pytest.mark.parametrize(
    ("module", "operator"),
    [
        ("airflow_provider_harness.operators.postgres", "PostgresLoadOperator"),
        ("unusual_prefix_abc_dag", "unusual_prefix_abc_dag.PostgresLoadOperator"),
        ("airflow_provider_harness_evil", "airflow_provider_harness_evil.PostgresLoadOperator"),
        (None, "?.PostgresLoadOperator"),
    ],
)
def test_an_operator_is_known_by_its_class_and_not_by_its_name(
    server: Server, api: AirflowApi, module: str | None, operator: str
) -> None:
    """What Airflow serialized of the task says which class it is; a class of the same name in a Dag file is another."""
    named = row(operator_name="PostgresLoadOperator", operator="PostgresLoadOperator")
    server.answers["GET", "dags/flights/dagRuns/run1/taskInstances/load"] = named
    server.answers["GET", "dags/flights/dagRuns/run1/taskInstances"] = {"task_instances": [named, row()]}
    tasks = [{"task_id": "load", "class_ref": {"module_path": module, "class_name": "PostgresLoadOperator"}}]
    server.answers["GET", "dags/flights/tasks"] = {"tasks": tasks if module else []}
    assert api.task("flights", "run1", "load").operator == operator
    assert [state.operator for state in api.tasks("flights", "run1")] == [operator, "LoadOperator"]
    assert [request[1] for request in server.requests].count("dags/flights/tasks") == 1, "it is asked once a minute"


@pytest.mark.attack
@pytest.mark.parametrize(
    ("module", "operator"),
    [
        ("airflow.providers.standard.operators.empty", "EmptyOperator"),
        ("unusual_prefix_abc_dag", "unusual_prefix_abc_dag.EmptyOperator"),
        ("airflow_evil.operators", "airflow_evil.operators.EmptyOperator"),
    ],
)
def test_an_operator_that_only_looks_is_known_by_its_class_and_not_by_its_name(
    server: Server, api: AirflowApi, module: str, operator: str
) -> None:
    """A class that does its work twice can be called so by a Dag's author; it counts as unknown, and a person is asked."""
    named = row(operator_name="EmptyOperator", operator="EmptyOperator")
    server.answers["GET", "dags/flights/dagRuns/run1/taskInstances/load"] = named
    tasks = [{"task_id": "load", "class_ref": {"module_path": module, "class_name": "EmptyOperator"}}]
    server.answers["GET", "dags/flights/tasks"] = {"tasks": tasks}
    found = api.task("flights", "run1", "load").operator
    assert found == operator
    assert repeatable(found) is (Repeatable.YES if found == "EmptyOperator" else Repeatable.UNKNOWN)


@pytest.mark.attack
def test_a_long_log_is_not_held_whole(server: Server, api: AirflowApi, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 60 MB that arrive, a limit of 4 MB leaves less than a third in memory at any moment, and the log says so."""
    line = b'{"event": "copied a row of the table to its file"}\n'
    monkeypatch.setattr(airflow_api, "bounded", lambda chunks: bounded(chunks, 4_000_000))
    server.answers["GET", f"{TI}/logs/2"] = Response(line * 20_000 for _ in range(60))
    api.account()
    tracemalloc.start()
    try:
        kept = api.log(STATE, 2)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 20_000_000 and kept.startswith(b"[5") and b"of this log were not read" in kept


@pytest.mark.attack
@pytest.mark.parametrize(
    ("logical", "slice_id"),
    [
        ("9999-12-31T23:59:59Z", "99991231T235959Z"),
        ("0001-01-01T00:00:00Z", "00010101T000000Z"),
        ("9999-12-31T23:59:59-12:00", ""),
        ("0001-01-01T00:00:00+14:00", ""),
        ("2026-11-30T00:00:00+14:00", "20261129T100000Z"),
    ],
)
def test_a_run_at_either_end_of_time_is_read_beside_the_others(
    server: Server, api: AirflowApi, logical: str, slice_id: str
) -> None:
    odd = RUN_ROW | {"data_interval_start": None, "data_interval_end": None, "logical_date": logical}
    runs = {"dag_runs": [RUN_ROW, odd], "total_entries": 2}
    server.answers["GET", "dags/~/dagRuns"] = server.answers["GET", "dags/flights/dagRuns"] = runs
    for found in (api.failed_runs(AT), api.runs("flights", AT)):
        assert [run.slice_id for run in found] == [RUN.slice_id, slice_id]
