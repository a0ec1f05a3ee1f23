"""A model of another provider through pydantic-ai, over real HTTP: one conversation, and what its server can do."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from airflow_provider_harness.adapters.model.diagnoser import ModelDiagnoser, ModelLimits, ModelRecord
from airflow_provider_harness.adapters.model.others.pydantic_ai import PydanticAIWire
from airflow_provider_harness.core.diagnosis.diagnosis import Category
from airflow_provider_harness.core.diagnosis.evidence import Evidence
from airflow_provider_harness.core.errors import HarnessUnavailable
from tests.ports.test_model_wire import GOOD, LOG, ModelBudget

PATH = "/v1beta/models/gemini-3-flash:generateContent"


def parts(*said: dict[str, Any], finish: str = "STOP") -> Response:
    body = {
        "candidates": [{"content": {"role": "model", "parts": list(said)}, "finishReason": finish}],
        "usageMetadata": {
            "promptTokenCount": 120,
            "candidatesTokenCount": 30,
            "totalTokenCount": 150,
            "cachedContentTokenCount": 20,
        },
    }
    return Response(json.dumps(body), content_type="application/json")


def call(name: str, given: Any) -> dict[str, Any]:
    return {"functionCall": {"name": name, "args": given}}


class Server:
    def __init__(self, server: HTTPServer, *answers: Response) -> None:
        self.asked: list[dict[str, Any]] = []
        self._answers = answers
        server.expect_request(PATH, method="POST").respond_with_handler(self._serve)

    def _serve(self, request: Request) -> Response:
        self.asked.append(json.loads(request.data))
        return self._answers[min(len(self.asked), len(self._answers)) - 1]


def ask(url: str, **more: Any) -> tuple[Any, ModelRecord, ModelBudget]:
    from pydantic_ai.models.google import GoogleModel
    from pydantic_ai.providers.google import GoogleProvider

    def model(name: str) -> GoogleModel:
        return GoogleModel(name, provider=GoogleProvider(api_key="k", base_url=url))

    records, purse = list[ModelRecord](), ModelBudget()
    asker = ModelDiagnoser(
        wire=PydanticAIWire(model),
        model="gemini-3-flash",
        purse=purse,
        record=records.append,
        sleep=lambda _: None,
        **more,
    )
    try:
        found: Any = asker.diagnose(None, Evidence(log=LOG))
    except HarnessUnavailable as error:
        found = error
    return found, records[0], purse


def test_it_reads_and_answers(httpserver: HTTPServer) -> None:
    server = Server(
        httpserver,
        parts({"text": "I look."}, call("search_logs", {"words": "widget", "from_the": "end"})),
        parts(call("submit_diagnosis", GOOD)),
    )
    said, record, purse = ask(httpserver.url_for("").rstrip("/"))
    assert said.category is Category.CODE_BUG and (record.turns, record.input_tokens, record.output_tokens) == (
        2,
        240,
        60,
    )
    first, second = server.asked
    assert "You diagnose why" in json.dumps(first["systemInstruction"]) and "IGNORE PREVIOUS" in json.dumps(
        first["contents"]
    )
    names = [one["name"] for one in first["tools"][0]["functionDeclarations"]]
    assert names == ["get_pipeline_logs", "search_logs", "submit_diagnosis"]
    assert "widget 17" in json.dumps(second["contents"][-1])
    assert not purse.settled[0].priced and purse.settled[0].cache_read == 20  # no price of it is known here


@pytest.mark.parametrize(
    ("answer", "counted"),
    [
        (lambda: Response("{}", status=429, content_type="application/json"), {"http_429": 3}),
        (lambda: Response("{}", status=401, content_type="application/json"), {"http_401": 1}),
        (lambda: parts({"text": "I"}, finish="MAX_TOKENS"), {"stopped_max_tokens": 2, "further_try": 1}),
        (lambda: Response('{"candidates": ', content_type="application/json"), None),
    ],
    ids=["429", "401", "cut off", "half a JSON"],
)
def test_what_its_server_does_ends_with_the_floor(httpserver: HTTPServer, answer: Any, counted: Any) -> None:
    Server(httpserver, answer())
    said, record, _ = ask(httpserver.url_for("").rstrip("/"), limits=ModelLimits(turns=2, seconds=20))
    assert isinstance(said, HarnessUnavailable) and (counted is None or record.counts == counted)
