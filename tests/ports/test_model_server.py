"""What a server of a model can do to time, money and turns, one by one: the real SDK over real HTTP."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import anthropic
import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from airflow_provider_harness.adapters.model.diagnoser import ModelDiagnoser, ModelLimits, ModelRecord
from airflow_provider_harness.adapters.model.request import LAST_TURN
from airflow_provider_harness.adapters.model.wire import AnthropicWire
from airflow_provider_harness.core.diagnosis.diagnosis import Category
from airflow_provider_harness.core.diagnosis.evidence import Evidence
from airflow_provider_harness.core.errors import HarnessUnavailable
from tests.ports.test_model_wire import GOOD, LOG, ModelBudget, Script, use

FORCED = {"type": "tool", "name": "submit_diagnosis"}
READ = use("get_pipeline_logs", {"first_line": 1, "last_line": 2})
SUBMIT = use("submit_diagnosis", GOOD)


def ask(url: str, model: str = "claude-haiku-5-5", **more: Any) -> tuple[Any, ModelRecord, ModelBudget]:
    """What comes of a diagnosis; its record; what it cost."""
    records, purse = list[ModelRecord](), ModelBudget()
    with anthropic.Anthropic(api_key="k", base_url=url, max_retries=0) as client:
        given = {
            "wire": AnthropicWire(client),
            "purse": purse,
            "sleep": lambda _: None,
            "record": records.append,
            **more,
        }
        try:
            result: Any = ModelDiagnoser(model=model, **given).diagnose(None, Evidence(log=LOG))
        except HarnessUnavailable as error:
            result = error
    return result, records[0], purse


# --- time ---


@contextmanager
def drips(head: bytes, byte: bytes, seconds: float) -> Iterator[tuple[str, threading.Event]]:
    """A server that sends a head and then one byte after another, each within the limit of one read; whether the other side hung up."""
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(1 << 20)
                try:
                    connection.sendall(head)
                    for _ in range(int(10 / seconds)):
                        time.sleep(seconds)
                        connection.sendall(byte)
                except OSError:
                    ended.set()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}", ended
        thread.join(timeout=3)


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n"


@pytest.mark.parametrize("head", [HEAD, b"HTTP/1.1 200 OK\r\nX-Slow: "], ids=["in the body", "in the head"])
def test_a_byte_now_and_then_does_not_stretch_the_limit(head: bytes) -> None:
    with drips(head, b" ", 0.2) as (url, ended):
        began = time.monotonic()
        said, record, purse = ask(url, limits=ModelLimits(seconds=1.0, attempts=1))
        took = time.monotonic() - began
        assert isinstance(said, HarnessUnavailable) and took < 1.6
        assert record.counts["late"] >= 1 and record.cost_usd == sum(purse.reserved) > 0
        if head is HEAD:
            assert ended.wait(3)  # the connection is ended, and with it its thread


def test_half_of_the_time_is_left_for_a_further_try() -> None:
    asked: list[float] = []

    def once_late(_: Request) -> Response:
        asked.append(time.monotonic())
        if len(asked) == 1:
            time.sleep(1.0)
        return message(SUBMIT)

    with HTTPServer(host="127.0.0.1", threaded=True) as server:
        server.expect_request("/v1/messages", method="POST").respond_with_handler(once_late)
        said, record, _ = ask(server.url_for(""), limits=ModelLimits(seconds=1.4))
    assert said.category is Category.CODE_BUG and record.counts == {"late": 1, "further_try": 1}
    assert 0.5 < asked[1] - asked[0] < 1.0


def message(*content: Any) -> Response:
    body = {"id": "m", "type": "message", "role": "assistant", "model": "m", "content": list(content)}
    body |= {"stop_reason": "tool_use", "stop_sequence": None, "usage": {"input_tokens": 9, "output_tokens": 9}}
    return Response(json.dumps(body), content_type="application/json")


BREAKS: dict[str, Callable[[], Response]] = {
    "half a JSON": lambda: Response('{"id": "msg_1", "type": "mess', content_type="application/json"),
    "another JSON": lambda: Response('{"ok": true}', content_type="application/json"),
    "a page": lambda: Response("<html>proxy</html>", content_type="text/html"),
}


@pytest.mark.parametrize("name", BREAKS)
def test_one_break_is_tried_once_more(httpserver: HTTPServer, name: str) -> None:
    script = Script(httpserver)
    script.answers += [BREAKS[name](), message(SUBMIT)]
    said, record, _ = ask(httpserver.url_for(""))
    assert said.category is Category.CODE_BUG and record.counts["further_try"] == 1 and record.turns == 1


def test_two_breaks_lead_to_the_fallback_and_three_to_the_floor(httpserver: HTTPServer) -> None:
    script = Script(httpserver)
    script.answers += [BREAKS["a page"](), BREAKS["a page"](), message(SUBMIT)]
    said, record, _ = ask(httpserver.url_for(""), model="claude-opus-5-5", fallback="claude-haiku-5-5")
    assert said.category is Category.CODE_BUG and record.model == "claude-haiku-5-5"
    assert [sent["model"] for sent in script.asked] == ["claude-opus-5-5"] * 2 + ["claude-haiku-5-5"]
    script.answers[2:] = [BREAKS["a page"]()]
    said, record, _ = ask(httpserver.url_for(""), model="claude-opus-5-5", fallback="claude-haiku-5-5")
    assert isinstance(said, HarnessUnavailable) and record.counts == {"malformed": 3, "further_try": 1, "fell_back": 1}


@pytest.mark.parametrize("code", [429, 529])
def test_who_cannot_serve_now_is_asked_again_then_another_is(httpserver: HTTPServer, code: int) -> None:
    script = Script(httpserver)
    for _ in range(3):
        script.status(code, "overloaded_error")
    script.message(SUBMIT)
    said, record, purse = ask(httpserver.url_for(""), fallback="claude-sonnet-5-5")
    assert said.category is Category.CODE_BUG and record.counts == {f"http_{code}": 3, "fell_back": 1}
    assert [call.cost_usd for call in purse.settled[:3]] == [0.0] * 3


# --- what a model admits ---


@pytest.mark.parametrize(
    ("model", "thinking", "forced"),
    [
        ("claude-opus-5-5", "adaptive", False),
        ("claude-sonnet-5-5", "adaptive", False),
        ("claude-fable-5-2", "adaptive", False),
        ("claude-haiku-5-5", "adaptive", True),
        ("claude-opus-5", "adaptive", True),
        ("claude-opus-4-8", "adaptive", False),  # its thinking has to be asked for, and then no call can be forced
        ("claude-haiku-4-5", "enabled", False),
        ("anthropic.claude-haiku-5-5", "adaptive", False),  # on a cloud
        ("nobody-knows", None, False),
    ],
)
def test_each_model_is_asked_as_it_admits(
    httpserver: HTTPServer, model: str, thinking: str | None, forced: bool
) -> None:
    script = Script(httpserver).message(READ).message(SUBMIT)
    _, _, _ = ask(httpserver.url_for(""), model=model, limits=ModelLimits(turns=2))
    first, last = script.asked
    assert first["tool_choice"] == {"type": "auto"} and first["max_tokens"] == 8_000
    assert first.get("thinking", {}).get("type") == thinking
    assert last["tool_choice"] == (FORCED if forced else {"type": "auto"}) and ("thinking" in last) is bool(
        thinking and not forced
    )
    assert last["messages"][-1]["content"][-1]["text"] == LAST_TURN
    assert ("output_config" in first) is (model not in ("claude-haiku-4-5", "nobody-knows"))


def test_a_server_that_refuses_a_forced_call_is_asked_without(httpserver: HTTPServer) -> None:
    refusal = {"type": "invalid_request_error", "message": 'tool_choice: type "tool" and "any" are not supported'}

    def serve(request: Request) -> Response:
        sent.append(json.loads(request.data))
        if sent[-1]["tool_choice"]["type"] == "tool":
            body = json.dumps({"type": "error", "error": refusal})
            return Response(body, status=400, content_type="application/json")
        return message(SUBMIT if sent[-1]["messages"][-1]["content"][-1].get("text") == LAST_TURN else READ)

    sent: list[dict[str, Any]] = []
    httpserver.expect_request("/v1/messages", method="POST").respond_with_handler(serve)
    said, record, purse = ask(httpserver.url_for(""), limits=ModelLimits(turns=2))
    assert said.category is Category.CODE_BUG and record.counts == {"http_400": 1} and record.turns == 2
    assert [call.cost_usd > 0 for call in purse.settled] == [True, False, True]


def test_what_it_thought_goes_back_as_it_came(httpserver: HTTPServer) -> None:
    thought = {"type": "thinking", "thinking": "It is the widget.", "signature": "c2lnbmVk" * 40}
    hidden = {"type": "redacted_thinking", "data": "ZGF0YQ" * 40}
    script = Script(httpserver).message(thought, hidden, READ).message(SUBMIT)
    _, _, purse = ask(httpserver.url_for(""), model="claude-opus-5-5")
    assert script.asked[1]["messages"][1]["content"] == [thought, hidden, READ]
    assert purse.settled[0].reasoning == ("It is the widget.",)
    assert purse.settled[0].exact and purse.settled[0].messages[1]["content"][0]["signature"] == thought["signature"]


def test_the_caches_breakpoint_moves_with_the_conversation(httpserver: HTTPServer) -> None:
    script = (
        Script(httpserver).message(READ).message(use("search_logs", {"words": "w", "from_the": "end"})).message(SUBMIT)
    )
    ask(httpserver.url_for(""))
    marks = [
        [
            (m, b)
            for m, told in enumerate(sent["messages"])
            for b, block in enumerate(told["content"])
            if "cache_control" in block
        ]
        for sent in script.asked
    ]
    assert marks == [[(0, 0)], [(2, 0)], [(4, 0)]]
    plain = [
        json.loads(json.dumps(sent["messages"]).replace(', "cache_control": {"type": "ephemeral"}', ""))
        for sent in script.asked
    ]
    assert plain[1][:1] == plain[0] and plain[2][:3] == plain[1]  # what was said is never changed


# --- money and turns ---


def test_a_price_that_nobody_knows_is_said_and_tokens_bound_it(httpserver: HTTPServer) -> None:
    script = Script(httpserver)
    for n in range(9):
        script.message(use("search_logs", {"words": f"w{n}", "from_the": "end"}), tokens=3_000)
    said, record, purse = ask(httpserver.url_for(""), model="nobody-knows", limits=ModelLimits(turns=9, tokens=10_000))
    assert isinstance(said, HarnessUnavailable) and record.counts == {"out_of_tokens": 1}
    assert purse.reserved == [0.0] * 4 and not any(call.priced for call in purse.settled)


def test_the_turn_before_the_limit_of_tokens_is_the_last(httpserver: HTTPServer) -> None:
    script = Script(httpserver).message(READ, tokens=4_000).message(SUBMIT)
    said, _, _ = ask(httpserver.url_for(""), model="claude-opus-5-5", limits=ModelLimits(tokens=10_000))
    assert said.category is Category.CODE_BUG
    assert script.asked[1]["messages"][-1]["content"][-1]["text"] == LAST_TURN


def test_an_answer_of_the_last_turn_that_does_not_hold_can_be_mended(httpserver: HTTPServer) -> None:
    wrong = use("submit_diagnosis", GOOD | {"citations": []})
    script = Script(httpserver).message(wrong).message(SUBMIT)
    said, record, _ = ask(httpserver.url_for(""), limits=ModelLimits(turns=1))
    assert said.category is Category.CODE_BUG and (record.turns, record.counts["false_citation"]) == (2, 1)
    assert script.asked[1]["tool_choice"] == FORCED
