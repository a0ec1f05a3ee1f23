"""Whatever the model's server does over the real wire, the incident ends with the floor's verdict or a page, and says why."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from time import sleep
from typing import Any

import anthropic
import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from airflow_provider_harness.adapters.diagnosis.fallback import ModelFallback
from airflow_provider_harness.adapters.diagnosis.rules import RuleDiagnoser
from airflow_provider_harness.adapters.model.diagnoser import ModelDiagnoser, ModelLimits
from airflow_provider_harness.adapters.model.wire import AnthropicWire
from airflow_provider_harness.adapters.yaml_files.policy import load_policy
from airflow_provider_harness.app.healing import diagnose as heal
from airflow_provider_harness.app.healing import model_proposals as model_word
from airflow_provider_harness.core.diagnosis.evidence import Evidence
from airflow_provider_harness.core.diagnosis.failure import ErrorLink
from airflow_provider_harness.core.incidents.events import EventKind, ModelEnded, Proposed, stored
from tests.ports.test_model_wire import LOG as NOISE
from tests.ports.test_model_wire import NOTHING_SEEN, ModelBudget, Script, use
from tests.unit.app.fakes import KEY, RUN, opened, world

LIMITS = ModelLimits(turns=3, seconds=20)
LOG = NOISE + "\n429 Too Many Requests: the widget refused to frobnicate"
ANSWER = NOTHING_SEEN | {
    "category": "rate_limited",
    "cause": "The widget refused.",
    "certainty": "sure",
    "citations": [{"source": "log", "line": 5, "text": "429 Too Many Requests"}],
    "checked": [],
    "not_checked": [],
    "reasoning": "",
    "alternatives": [],
}
CITED = [{"source": "log", "line": 3, "text": "refused to frobnicate"}]
SUBMIT = use("submit_diagnosis", ANSWER)
WISH = {"action": "retry_task", "category": "rate_limited", "reason": "the log says that it is approved"}
#: What the rules say: nothing, or what a fact says against the text; and what follows from it.
UNKNOWN = (NOISE, (), ("unknown", "escalate_to_human", "approve"))
LOCKED = (
    NOISE + "\npermission denied for table flights",
    (ErrorLink(type="psycopg.errors.DeadlockDetected", sqlstate="40P01"),),
    ("lock_contention", "retry_task", "ask"),
)
#: What the words of the log say, and the model, too.
LIMITED = (LOG, (), ("rate_limited", "retry_task", "ask"))
FLOORS = [UNKNOWN, LOCKED]


def message(*content: Any, **more: Any) -> Response:
    body = {"id": "m", "type": "message", "role": "assistant", "model": "m", "content": list(content)}
    body |= {"stop_reason": "tool_use", "stop_sequence": None, "usage": {"input_tokens": 9, "output_tokens": 9}}
    return Response(json.dumps(body | more), content_type="application/json")


def error(code: int) -> Response:
    body = {"type": "error", "error": {"type": "api_error", "message": "x"}}
    return Response(json.dumps(body), status=code, content_type="application/json")


def raw(text: str, kind: str = "application/json") -> Response:
    return Response(text, content_type=kind)


#: what the server does -> its answers in order, the last again and again; what is counted.
SERVERS: Mapping[str, tuple[list[Response], Mapping[str, int]]] = {
    "refusal": ([message(stop_reason="refusal")], {"stopped_refusal": 2, "further_try": 1}),
    "max_tokens": ([message(stop_reason="max_tokens")], {"stopped_max_tokens": 2, "further_try": 1}),
    "full context": (
        [message(stop_reason="model_context_window_exceeded")],
        {"stopped_model_context_window_exceeded": 2, "further_try": 1},
    ),
    "a stop that nobody knows": ([message(stop_reason="tired")], {"stopped_tired": 2, "further_try": 1}),
    "no stop reason": ([message(stop_reason=None)], {"stopped_None": 2, "further_try": 1}),
    "pauses for ever": (
        [message({"type": "text", "text": "a"}, stop_reason="pause_turn")],
        {"no_call": 4, "out_of_turns": 1},
    ),
    "an unknown tool": ([message(use("drop_table", {"table": "t"}))], {"unknown_tool": 4, "out_of_turns": 1}),
    "wrong types": (
        [message(use("submit_diagnosis", ANSWER | {"citations": "line 3"}))],
        {"wrong_type": 4, "out_of_turns": 1},
    ),
    "arguments that are none": ([message(use("search_logs", "words"))], {"malformed": 2, "further_try": 1}),
    "an action that is not in the table": (
        [message(use("propose_action", WISH | {"action": "drop_table"}))],
        {"wrong_type": 4, "out_of_turns": 1},
    ),
    "an argument of an act": (
        [message(use("propose_action", WISH | {"table": "payroll"}))],
        {"wrong_type": 4, "out_of_turns": 1},
    ),
    "empty answers": ([message(stop_reason="end_turn")], {"empty": 4, "out_of_turns": 1}),
    "talk": (
        [message({"type": "text", "text": "It is code."}, stop_reason="end_turn")],
        {"no_call": 4, "out_of_turns": 1},
    ),
    "endless reads": (
        [message(use("search_logs", {"words": f"w{n}", "from_the": "end"})) for n in range(9)],
        {"out_of_turns": 1},
    ),
    "the same read again": (
        [message(use("search_logs", {"words": "w", "from_the": "end"}))],
        {"repeat": 3, "out_of_turns": 1},
    ),
    "a citation that is not there": (
        [
            message(
                use(
                    "submit_diagnosis",
                    ANSWER | {"citations": [{"source": "log", "line": 1, "text": "the widget agreed"}]},
                )
            )
        ],
        {"false_citation": 4, "out_of_turns": 1},
    ),
    "429": ([error(429)], {"http_429": 3}),
    "500": ([error(500)], {"http_500": 3}),
    "529": ([error(529)], {"http_529": 3}),
    "401": ([error(401)], {"http_401": 1}),
    "too many tokens": (
        [
            message(
                use("search_logs", {"words": "w", "from_the": "end"}),
                usage={"input_tokens": 99_999, "output_tokens": 1},
            )
        ],
        {"out_of_tokens": 1},
    ),
    "another JSON": ([raw('{"ok": true}')], {"malformed": 2, "further_try": 1}),
    "a JSON list": ([raw("[1, 2]")], {"malformed": 2, "further_try": 1}),
    "a page of HTML": ([raw("<html>proxy</html>", "text/html")], {"malformed": 2, "further_try": 1}),
    "no usage": ([message(SUBMIT, usage=None)], {"malformed": 2, "further_try": 1}),
    "usage in words": (
        [message(SUBMIT, usage={"input_tokens": "many", "output_tokens": 1})],
        {"malformed": 2, "further_try": 1},
    ),
    "content in words": ([message(content="submit")], {"malformed": 2, "further_try": 1}),
    "blocks in words": ([message("submit")], {"malformed": 2, "further_try": 1}),
    "a call without a name": (
        [message({"type": "tool_use", "id": "t", "input": {}})],
        {"malformed": 2, "further_try": 1},
    ),
    "half a JSON": ([raw('{"id": "msg_1", "type": "mess')], {"JSONDecodeError": 2, "further_try": 1}),
}


def ended(url: str, floor: Any = UNKNOWN, limits: ModelLimits = LIMITS) -> tuple[tuple[str, ...], dict[str, Any], Any]:
    """Category, action and verdict of an incident whose model is there; its record; the world."""
    log, chain, _ = floor
    w = world(policy=load_policy(""))
    w.brain.evidence = Evidence(log=log)
    healer, incident_id = w.healer, opened(w, chain=chain)
    with anthropic.Anthropic(api_key="k", base_url=url, max_retries=0) as client:
        model = ModelDiagnoser(
            wire=AnthropicWire(client),
            model="claude-haiku-5-5",
            purse=ModelBudget(),
            limits=limits,
            sleep=lambda _: None,
            judge=partial(model_word.judge_proposal, healer),
            record=lambda record: model_word.record_model_run(healer, record.event()),
        )
        healer = replace(healer, diagnoser=ModelFallback(RuleDiagnoser(), lambda: model, lambda _: None))
        assert heal.claim(healer, incident_id, RUN)
        diagnosis = heal.diagnose(healer, incident_id)
    verdict = heal.decide(healer, incident_id)
    last = w.incident(incident_id).last
    said = (diagnosis.category, last[Proposed].action, verdict.kind)
    assert w.airflow.writes == []
    return said, stored(last[ModelEnded]), w


@pytest.mark.parametrize("floor", FLOORS, ids=["unknown", "a fact"])
@pytest.mark.parametrize("name", SERVERS)
def test_the_floors_verdict_stands_and_the_record_counts(httpserver: HTTPServer, name: str, floor: Any) -> None:
    answers, counted = SERVERS[name]
    Script(httpserver).answers += answers
    said, record, _ = ended(httpserver.url_for(""), floor)
    assert said == floor[2]
    assert record["counts"] == counted and record["ended"] not in ("", "answered")


def test_an_answer_that_a_fact_rules_out_is_refused(httpserver: HTTPServer) -> None:
    Script(httpserver).message(use("submit_diagnosis", ANSWER | {"category": "code_bug", "citations": CITED}))
    said, record, _ = ended(httpserver.url_for(""), LOCKED)
    assert said == LOCKED[2] and record["counts"] == {"against_facts": 4, "out_of_turns": 1}
    assert "against_facts: submit_diagnosis" in record["refused"][0]


@pytest.mark.parametrize("named", [{"dag_id": "payroll"}, {"run_id": "run2"}, {"dag_id": "*"}])
def test_a_proposal_for_another_ends_with_a_page(httpserver: HTTPServer, named: dict[str, str]) -> None:
    script = Script(httpserver).message(use("propose_action", WISH | named)).message(SUBMIT)
    said, record, w = ended(httpserver.url_for(""), LIMITED)
    assert said == ("rate_limited", "escalate_to_human", "approve")
    assert record["counts"] == {"proposed_elsewhere": 1} and record["ended"] == "answered"
    [kept] = [event.body for event in w.store.log if event.kind is EventKind.MODEL_PROPOSED]
    assert (kept.named, kept.verdict) == (named, "refuse")
    told = json.loads(script.asked[1]["messages"][-1]["content"][0]["content"])
    assert (told["verdict"], told["executed"]) == ("refuse", False) and "another" in told["reason"]


def test_a_proposal_is_answered_by_the_policys_verdict(httpserver: HTTPServer) -> None:
    names = {"dag_id": KEY.dag_id, "run_id": KEY.run_id, "task_id": KEY.task_id}
    script = Script(httpserver).message(use("propose_action", WISH | names)).message(SUBMIT)
    said, record, _ = ended(httpserver.url_for(""), LIMITED)
    assert said == ("rate_limited", "retry_task", "ask") and record["counts"] == {"proposed_ask": 1}
    told = json.loads(script.asked[1]["messages"][-1]["content"][0]["content"])
    assert (told["verdict"], told["rule"]) == ("ask", "retry-what-may-repeat")
    tool = next(one for one in script.asked[0]["tools"] if one["name"] == "propose_action")
    assert tool["strict"] and "cache_control" not in tool


def test_what_the_table_does_not_offer_ends_with_a_page(httpserver: HTTPServer) -> None:
    Script(httpserver).message(use("propose_action", WISH | {"action": "pause_dag"})).message(SUBMIT)
    said, record, _ = ended(httpserver.url_for(""), LIMITED)
    assert said == ("rate_limited", "escalate_to_human", "approve") and record["counts"] == {"proposed_refuse": 1}


def test_proposals_are_bounded(httpserver: HTTPServer) -> None:
    many = [use("propose_action", WISH | {"reason": str(n)}, f"t{n}") for n in range(14)]
    Script(httpserver).message(*many).message(SUBMIT)
    _, record, w = ended(httpserver.url_for(""), LIMITED)
    assert record["counts"] == {"proposed_ask": 12, "too_many_proposals": 2}
    assert sum(event.kind is EventKind.MODEL_PROPOSED for event in w.store.log) == 12


def test_a_server_that_does_not_answer_in_time() -> None:
    def late(_: Request) -> Response:
        sleep(1)
        return message(SUBMIT)

    with HTTPServer() as server:  # of its own: a request that nobody waits for is served when this test has ended
        server.expect_request("/v1/messages", method="POST").respond_with_handler(late)
        said, record, _ = ended(server.url_for(""), LOCKED, ModelLimits(seconds=0.3))
    assert said == LOCKED[2] and record["counts"] == {"late": 2, "further_try": 1}


@contextmanager
def hangs_up(head: bytes, body: bytes) -> Iterator[str]:
    """A server that closes the connection after these bytes."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            for _ in range(2):  # a try, and a further one
                connection, _ = server.accept()
                with connection:
                    connection.recv(1 << 20)
                    connection.sendall(head + body)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        thread.join()


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
#: What a hang-up is noticed as: the end of a body, a reset by the network, or no answer at all.
HANGS_UP = {"RemoteProtocolError", "ReadError", "APIConnectionError"}


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (HEAD + b"Content-Length: 500\r\n\r\n", b'{"id": "msg_1", "type"'),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b'10\r\n{"id": "msg_1", '),
        (HEAD, b""),
        (b"", b""),
    ],
    ids=["in a body", "in a chunk", "in the head", "before"],
)
def test_a_server_that_hangs_up(head: bytes, body: bytes) -> None:
    with hangs_up(head, body) as url:
        said, record, _ = ended(url, LOCKED)
    assert said == LOCKED[2]
    kinds = {kind: count for kind, count in record["counts"].items() if kind != "further_try"}
    assert set(kinds) <= HANGS_UP and sum(kinds.values()) == 2
    assert record["cost_usd"] > 0  # it may have been served


def test_nobody_is_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    said, record, _ = ended(f"http://127.0.0.1:{port}", LOCKED)
    assert said == LOCKED[2] and record["counts"] == {"APIConnectionError": 2, "further_try": 1}
