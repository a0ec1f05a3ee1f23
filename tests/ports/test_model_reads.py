"""The model's tools, each called over the model's real wire and reading over Airflow's: what they give, and how it is fenced."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import anthropic
import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from airflow_provider_harness.adapters.airflow.api import AirflowApi
from airflow_provider_harness.adapters.evidence.lineage import GetLineage
from airflow_provider_harness.adapters.model.case_tools import CaseTools
from airflow_provider_harness.adapters.model.diagnoser import ModelDiagnoser, ModelRecord
from airflow_provider_harness.adapters.model.log_tools import Excerpt
from airflow_provider_harness.adapters.model.prompt import DOSSIER, TOKENS, tokens
from airflow_provider_harness.adapters.model.wire import AnthropicWire
from airflow_provider_harness.core.contracts.report import Decision
from airflow_provider_harness.core.diagnosis.evidence import Evidence, Observation, Source
from airflow_provider_harness.core.diagnosis.failure import ErrorLink, Failure
from airflow_provider_harness.core.errors import HarnessUnavailable
from airflow_provider_harness.core.incidents.circuit_breaker import IncidentSummary
from airflow_provider_harness.core.incidents.events import Outcome
from airflow_provider_harness.core.lineage.graph import Dataset, Flow, Graph
from airflow_provider_harness.core.redaction.redactor import Redactor
from airflow_provider_harness.core.slices.gate_run import StoredGate
from tests.ports.test_airflow_api import AT, DETAILS, row
from tests.ports.test_model_wire import GOOD, ModelBudget, Script, use
from tests.unit.adapters.evidence.test_history import Incidents, gate
from tests.unit.app.fakes import KEY, failure

SECRET = "s3cr3t-of-the-store"
LOG = b"".join(
    json.dumps({"event": text}).encode() + b"\n"
    for text in (
        "start",
        *(f"row {n}" for n in range(5000)),
        f"needle in the middle, {SECRET}, \x1b[31m\x07red\x1b[0m",
        *(f"row {n}" for n in range(5000)),
        "widget 17 refused to frobnicate",
    )
)
OTHER = b'{"event": "Disk quota exceeded on the shared volume"}\n'
LATER = b'{"event": "the second try says less"}\n'
TABLE = Dataset(namespace="postgres://h:1", name="db.public.flights")
RENDERED = {"table": "public.flights", "slice_key": "s1", "conn_id": "warehouse", "sql": f"SELECT '{SECRET}'"}
EXCERPT = "start\n[events 2 to 10002 left out]\nwidget 17 refused to frobnicate"


def tried(day: int, state: str, version: int, **more: Any) -> dict[str, Any]:
    due = datetime(2026, 11, day, tzinfo=UTC).isoformat()
    given = {"dag_run_id": f"r{day}", "run_after": due, "start_date": due, "duration": 7.5}
    return row(state=state, **given | {"dag_version": {"version_number": version}} | more)


class AirflowServer:
    """Answers what the tools ask; every other path is a 404."""

    def __init__(self, server: HTTPServer) -> None:
        self.asked: list[tuple[str, dict[str, str]]] = []
        tis = "/dags/flights/dagRuns/run1/taskInstances"
        mine = tried(20, "failed", 4, dag_run_id="run1")
        above = row(task_id="extract", state="success", dag_run_id="run1")
        beside = row(task_id="other", state="failed", dag_run_id="run1", try_number=1)
        tasks = [
            {"task_id": "extract", "downstream_task_ids": ["load"]},
            {"task_id": "load", "downstream_task_ids": []},
        ]
        self.answers: dict[str, Any] = {
            "/dags/flights/dagRuns/~/taskInstances": {"task_instances": [mine, tried(19, "success", 3)]},
            tis: {"task_instances": [row(dag_run_id="run1"), above, beside]},
            f"{tis}/load": mine | {"rendered_fields": RENDERED},
            f"{tis}/load/logs/1": Response(LOG, content_type="application/x-ndjson"),
            f"{tis}/load/logs/2": Response(LATER, content_type="application/x-ndjson"),
            f"{tis}/other": row(task_id="other", state="failed", dag_run_id="run1", try_number=1),
            f"{tis}/other/logs/1": Response(OTHER, content_type="application/x-ndjson"),
            "/dags/flights/details": DETAILS,
            "/dags/flights/tasks": {"tasks": tasks},
            "/dagSources/flights": self._source,
        }
        server.expect_request("/auth/token", method="POST").respond_with_json({"access_token": "t"}, 201)
        server.expect_request(re.compile("^/api/v2/.*")).respond_with_handler(self._serve)

    def _serve(self, request: Request) -> Response:
        path = request.path.removeprefix("/api/v2")
        self.asked.append((path, request.args.to_dict()))
        found = self.answers.get(path, Response("{}", status=404, content_type="application/json"))
        found = found(request) if callable(found) and not isinstance(found, Response) else found
        return found if isinstance(found, Response) else Response(json.dumps(found), content_type="application/json")

    @staticmethod
    def _source(request: Request) -> Response:
        version = request.args["version_number"]
        return Response(f"# version {version}\nimport airflow\ntoken='{SECRET}'", content_type="text/plain")


@pytest.fixture
def there() -> Iterator[HTTPServer]:
    with HTTPServer(host="127.0.0.1") as server:
        yield server


@pytest.fixture
def airflow(there: HTTPServer) -> AirflowServer:
    return AirflowServer(there)


@pytest.fixture
def desk(there: HTTPServer, airflow: AirflowServer) -> Iterator[CaseTools]:
    api = AirflowApi(there.url_for(""), "harness", "pw", "harness_healer")

    def quality(table: str, slices: int) -> Sequence[StoredGate]:
        if table != "public.flights":
            raise HarnessUnavailable("The store", f"password={SECRET}")
        return [gate("s0", Decision.PUBLISH), gate("s1")][-slices:] if slices < 3 else [gate("s0"), gate("s1")]

    healed = IncidentSummary(
        id="A", task="flights/load", opened_at=AT, category="lock_contention", outcome=Outcome.HEALED
    )
    yield CaseTools(
        airflow=api,
        incidents=Incidents(healed, acts=("retry_task(dag=flights)",)),
        quality=quality,
        drift=lambda task: f"{task.rendered['table']}: column b is gone",
        redactor=Redactor(secrets=(SECRET,)),
        reached=lambda conn_id: f"postgres at {conn_id}.example.com, port 5432",
        now=lambda: AT,
        others=(GetLineage(lambda: Graph((Flow(task="flights.load", inputs=(), output=TABLE),))),),
    )
    if api._http is not None:
        api._http.close()


Asked = Callable[..., tuple[str, ModelRecord]]


@pytest.fixture
def ask(httpserver: HTTPServer, desk: CaseTools) -> Iterator[Asked]:
    """Has the model make one call, and gives what it was told."""
    with anthropic.Anthropic(api_key="k", base_url=httpserver.url_for(""), max_retries=0) as client:

        def asked(name: str, arguments: Mapping[str, Any], failed: Failure | None = None) -> tuple[str, ModelRecord]:
            script = Script(httpserver).message(use(name, arguments))
            script.message(use("submit_diagnosis", GOOD, "t2"))
            records: list[ModelRecord] = []
            diagnoser = ModelDiagnoser(
                wire=AnthropicWire(client),
                model="m",
                purse=ModelBudget(),
                tools=desk.tools,
                redactor=desk.redactor,
                record=records.append,
            )
            diagnoser.diagnose(failed or failure(), Evidence(log=EXCERPT))
            [result] = script.asked[1]["messages"][-1]["content"]
            return str(result["content"]), records[0]

        yield asked


READS: dict[str, tuple[Mapping[str, Any], Sequence[str]]] = {
    "get_pipeline_logs": ({"first_line": 1, "last_line": 3}, ["    3| widget 17 refused"]),
    "search_logs": (
        {"words": "needle", "from_the": "end"},
        ["any case: 0 line(s):\nnone", "written: 1 line(s):", "   5002: ", "needle in the middle"],
    ),
    "get_whole_log": (
        {"line": 5002, "before": 1, "after": 1},
        ["Lines 5,001 to 5,003 of 10,003:", "row 4999\nneedle in the middle, ***, \\x07red", "row 0"],
    ),
    "get_failed_task_log": ({"task_id": "other", "map_index": -1}, ["Disk quota exceeded on the shared volume"]),
    "get_rendered_fields": ({}, ["conn_id: warehouse\nslice_key: s1\nsql: SELECT '***'\ntable: public.flights"]),
    "get_connection_hosts": ({}, ["conn_id warehouse: postgres at warehouse.example.com, port 5432"]),
    "get_task_states": ({}, ["extract: success, try 2 of 4, LoadOperator (directly upstream)\nload: failed"]),
    "get_run_history": (
        {"runs": 2},
        ["failed, try 2, 7.5 s, Dag version 4 (this run)\ndue 2026-11-19", "the Dag has changed in between"],
    ),
    "check_data_quality": ({"slices": 1}, ["slice s1, staging", "quarantine (12 rows", "failed: amount (range, error"]),
    "get_schema_diff": ({}, ["Now: public.flights: column b is gone"]),
    "get_dag_source": (
        {"of": "last_green_run", "first_line": 1, "last_line": 9},
        ["    1| # version 3", "    2| import"],
    ),
    "find_similar_incidents": ({"category": "timeout"}, ["1 on this task", "A: lock_contention; retry_task; healed"]),
    "get_lineage": ({"name": "public.flights", "direction": "upstream"}, ["public.flights"]),
}


@pytest.mark.parametrize("name", READS)
def test_each_tool_reads(ask: Asked, name: str) -> None:
    arguments, told = READS[name]
    said, record = ask(name, arguments)
    assert said.startswith("result r1:\n")
    mark = said.partition("<")[2].partition(">")[0]
    assert mark.startswith("log-") and said.endswith(f"</{mark}>")
    for part in told:
        assert part in said
    assert SECRET not in said and "\x1b" not in said
    assert [call.partition(" ")[0] for call in record.reads] == [name] and record.ended == "answered"


@pytest.mark.attack
@pytest.mark.parametrize(
    ("task_id", "map_index"), [("extract", -1), ("payroll", -1), ("other", 3), ("../../dags/payroll", -1)]
)
def test_only_a_failed_task_of_this_run_can_be_read(
    ask: Asked, airflow: AirflowServer, task_id: str, map_index: int
) -> None:
    said, record = ask("get_failed_task_log", {"task_id": task_id, "map_index": map_index})
    assert "not a task of this run that failed. Those are: load -1, other -1." in said and not record.reads
    assert not any("logs" in path for path, _ in airflow.asked)


def test_the_log_of_the_try_before(ask: Asked) -> None:
    again = failure(key=type(KEY)(dag_id="flights", run_id="run1", task_id="load", try_number=3))
    said, _ = ask("get_previous_try_log", {}, again)
    assert "the second try says less" in said


@pytest.mark.parametrize(
    ("words", "from_the", "told"),
    [
        ("row", "end", ["10000 line(s), 25 shown:", "  10002: row 4999"]),
        ("row", "start", ["10000 line(s), 25 shown:", "      2: row 0"]),
        ("needle*middle", "end", ["1 line(s):", "   5002: needle in the middle"]),
        ("middle*needle", "end", ["0 line(s):\nnone"]),
    ],
)
def test_a_search_counts_and_begins_where_it_is_told(ask: Asked, words: str, from_the: str, told: list[str]) -> None:
    said, _ = ask("search_logs", {"words": words, "from_the": from_the})
    for part in told:
        assert part in said.partition("In the whole log")[2]


def test_what_does_not_fit_is_left_out_at_the_beginning() -> None:
    lines = [f"line {n} {'x' * 90}" for n in range(1, 1001)]
    said = Excerpt(lines).read({"first_line": 1, "last_line": 1000})
    assert said.splitlines()[0] == "[898 lines before are left out]" and " 1000| line 1000" in said
    assert "such lines" in Excerpt(lines).read({"first_line": 2000, "last_line": 2001})


def test_hidden_characters_are_made_visible(ask: Asked) -> None:
    said, _ = ask("search_logs", {"words": "needle", "from_the": "start"})
    assert "***" in said and "\\x07red" in said


def test_the_source_of_the_failed_run(ask: Asked) -> None:
    said, _ = ask("get_dag_source", {"of": "failed_run", "first_line": 1, "last_line": 1})
    assert "Dag version 4, 3 lines" in said


@pytest.mark.parametrize(
    ("name", "arguments", "told"),
    [
        ("get_run_history", {"runs": 0}, "1 to 30"),
        ("get_run_history", {"runs": 3, "dag_id": "payroll"}, "unknown dag_id"),
        ("get_task_states", {"run_id": "another"}, "unknown run_id"),
        ("check_data_quality", {"slices": 99}, "1 to 30"),
        ("get_dag_source", {"of": "payroll", "first_line": 1, "last_line": 2}, "not one of failed_run"),
        ("get_dag_source", {"of": "failed_run", "first_line": 3, "last_line": 2}, "first_line not after"),
        ("search_logs", {"words": " ", "from_the": "end"}, "at least one character"),
        ("search_logs", {"words": "a\nb", "from_the": "end"}, "in one line"),
        ("find_similar_incidents", {"category": "aliens"}, "not one of"),
        ("query_readonly", {"sql": "SELECT 1"}, "No tool query_readonly"),
        ("get_previous_try_log", {}, "No tool get_previous_try_log"),  # there was none before the first
        ("draft_change", {}, "No tool draft_change"),  # nobody keeps drafts here
        ("search_logs", {"words": " * ", "from_the": "end"}, "beside *"),
        ("get_whole_log", {"line": -1, "before": 0, "after": 0}, "0 for the end"),
        ("get_whole_log", {"line": 1, "before": 0, "after": 99}, "0 to 30"),
    ],
)
def test_what_cannot_be_asked(ask: Asked, airflow: AirflowServer, name: str, arguments: Any, told: str) -> None:
    said, record = ask(name, arguments)
    assert told in said and sum(record.counts.values()) == 1 and record.reads == []
    assert airflow.asked == []


def test_a_source_that_is_away_is_an_answer(ask: Asked, airflow: AirflowServer) -> None:
    airflow.answers["/dags/flights/dagRuns/run1/taskInstances/load"] |= {"rendered_fields": {"table": "other"}}
    said, record = ask("check_data_quality", {"slices": 1})
    assert "This could not be read: The store is unavailable: password=***" in said
    assert record.counts["unread"] == 1 and record.ended == "answered"


def test_airflow_that_is_away_is_an_answer(ask: Asked, airflow: AirflowServer) -> None:
    airflow.answers["/dags/flights/dagRuns/~/taskInstances"] = Response("", status=503)
    said, _ = ask("get_run_history", {"runs": 1})
    assert "could not be read: Airflow's API is unavailable" in said


def test_a_failure_without_a_task_leaves_what_is_about_no_task(ask: Asked) -> None:
    whole = failure(key=type(KEY)(dag_id="flights", run_id="run1", task_id="", try_number=0))
    said, _ = ask("get_task_states", {}, whole)
    assert "No tool get_task_states" in said


def test_the_dossier_is_under_its_size_whatever_it_is_made_of(httpserver: HTTPServer, desk: CaseTools) -> None:
    script = Script(httpserver).message(use("submit_diagnosis", GOOD | {"category": "unknown", "citations": []}))
    text = "x y " * 1000
    seen = [Observation(source=Source.LOG, text=text[:1500], trusted=number % 2 == 0) for number in range(60)]
    log = "\n".join(f"ERROR {number} {text[:500]}" for number in range(300))
    chain = tuple(ErrorLink(type="E", message=text[:1000]) for _ in range(20))
    evidence = Evidence(log=log, observations=tuple(seen), unavailable=(text,) * 9)
    with anthropic.Anthropic(api_key="k", base_url=httpserver.url_for(""), max_retries=0) as client:
        ModelDiagnoser(wire=AnthropicWire(client), model="m", purse=ModelBudget(), tools=desk.tools).diagnose(
            failure(chain=chain), evidence
        )
    dossier = script.asked[0]["messages"][0]["content"][0]["text"]
    assert len(dossier) <= DOSSIER == 12_000 and tokens(dossier) <= TOKENS == 4_000
    assert "  300| ERROR 299" in dossier and "[" in dossier  # the end of the log, under its own number
    assert {tool["name"] for tool in script.asked[0]["tools"]} == {*READS, "submit_diagnosis"}
