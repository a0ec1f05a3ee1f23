"""Answers of a server that no documentation promises, over real HTTP and the real SDK: none ends in a bare error, none is taken for a diagnosis.

What each falls back to is the floor, which always has an answer.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Response

from airflow_provider_harness.core.diagnosis.diagnosis import Category, Diagnosis
from airflow_provider_harness.core.errors import HarnessUnavailable
from tests.ports.test_model_wire import GOOD, ModelBudget, Script, ask, client, purse, script, use

__all__ = ["ask", "client", "purse", "script"]

SUBMIT = "submit_diagnosis"
ODD: dict[str, Any] = {
    "no content": [],
    "an unknown block": [{"type": "hologram", "payload": "x"}],
    "an unknown tool beside the answer": [use("drop_table", {"name": "orders"}), use(SUBMIT, {**GOOD, "certainty": 7}, "t2")],
    "arguments as a list": [use(SUBMIT, ["code_bug"])],
    "arguments as a text": [use(SUBMIT, json.dumps(GOOD))],
    "arguments as nothing": [use(SUBMIT, None)],
    "a nested heap": [use(SUBMIT, {**GOOD, "citations": [[[[[{}]]]]] * 50})],
    "a category of its own": [use(SUBMIT, {**GOOD, "category": "gremlins"})],
    "a number for a text": [use(SUBMIT, {**GOOD, "cause": 12})],
    "a hundred unknown tools": [use(f"tool_{n}", {}, f"t{n}") for n in range(100)],
    "a citation of nothing": [use(SUBMIT, {**GOOD, "citations": [{"source": "log", "line": 10**30, "text": ""}]})],
    "two tries of one id": [use("search_logs", {"words": 5, "from_the": "end"}), use(SUBMIT, {}, "t1")],
}  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_an_odd_answer_is_no_diagnosis_and_the_next_may_be(script: Script, ask: Any, name: str) -> None:
    script.message(*ODD[name]).message(use(SUBMIT, GOOD, "t900"))
    said, _ = ask()
    assert isinstance(said, Diagnosis | HarnessUnavailable)
    assert not isinstance(said, Diagnosis) or said.category is Category.CODE_BUG


@pytest.mark.parametrize("name", ODD)
def test_odd_answers_alone_end_with_the_floor(script: Script, ask: Any, name: str) -> None:
    script.message(*ODD[name])
    said, record = ask()
    assert isinstance(said, HarnessUnavailable) and record.turns <= 12


BODIES = {
    "a page with 200": Response("<html>maintenance</html>", status=200, content_type="text/html"),
    "an error with 200": Response('{"type":"error","error":{"type":"overloaded_error"}}', content_type="application/json"),
    "a list": Response("[]", content_type="application/json"),
    "null": Response("null", content_type="application/json"),
    "no usage": Response('{"id":"m","type":"message","role":"assistant","model":"m","content":[],"stop_reason":"end_turn"}', content_type="application/json"),
    "usage below nothing": Response('{"id":"m","type":"message","role":"assistant","model":"m","content":[],"stop_reason":"end_turn","usage":{"input_tokens":-5,"output_tokens":-5}}', content_type="application/json"),
    "529 for ever": Response('{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}', status=529, content_type="application/json"),
    "content as a text": Response('{"id":"m","type":"message","role":"assistant","model":"m","content":"code_bug","stop_reason":"end_turn","usage":{"input_tokens":1,"output_tokens":1}}', content_type="application/json"),
    "another world's redirect": Response("", status=302, headers={"Location": "http://127.0.0.1:9/"}),
}  # fmt: skip


@pytest.mark.parametrize("name", BODIES)
def test_a_body_that_is_no_message_ends_with_the_floor(
    httpserver: HTTPServer, ask: Any, purse: ModelBudget, name: str
) -> None:
    body = BODIES[name]
    httpserver.expect_request("/v1/messages").respond_with_handler(
        lambda _: Response(body.get_data(), status=body.status, headers=dict(body.headers))
    )
    said, record = ask()
    assert isinstance(said, HarnessUnavailable) and record.turns <= 12
    assert all(call.cost_usd >= 0 for call in purse.settled)  # no answer gives money back
