"""The roads to a model that the provider's connection opens, each over real HTTP: what is sent where, and what comes back."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from airflow_provider_harness.adapters.model.client import anthropic_client
from airflow_provider_harness.adapters.model.diagnoser import ModelDiagnoser, ModelRecord
from airflow_provider_harness.adapters.model.wire import AnthropicWire
from airflow_provider_harness.core.diagnosis.diagnosis import Category
from airflow_provider_harness.core.diagnosis.evidence import Evidence
from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.wiring.healing import model_wire
from tests.ports.test_model_server import SUBMIT, message
from tests.ports.test_model_wire import LOG, ModelBudget

BEDROCK, VERTEX = "eu.anthropic.claude-haiku-5-5", "claude-haiku-5-5"
#: road -> its extra, the model, the path of a request, and a header by which the server knows who asks. {url} is the server.
ROADS: dict[str, tuple[Mapping[str, Any], str, str, tuple[str, str]]] = {
    "a gateway": ({}, "claude-haiku-5-5", "/v1/messages", ("authorization", "Bearer the-key")),
    "Bedrock": (
        {
            "platform": "bedrock",
            "aws_region": "eu-west-1",
            "anthropic_client_kwargs": {"base_url": "{url}", "api_key": "the-key"},
        },
        BEDROCK,
        f"/model/{BEDROCK}/invoke",
        ("authorization", "Bearer the-key"),
    ),
    "Vertex": (
        {
            "platform": "vertex",
            "project_id": "p1",
            "region": "global",
            "anthropic_client_kwargs": {"base_url": "{url}", "access_token": "the-token"},
        },
        VERTEX,
        f"/projects/p1/locations/global/publishers/anthropic/models/{VERTEX}:rawPredict",
        ("authorization", "Bearer the-token"),
    ),
}


@pytest.mark.parametrize("road", ROADS)
def test_each_road_leads_to_a_diagnosis(httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch, road: str) -> None:
    extra, model, path, (header, value) = ROADS[road]
    url = httpserver.url_for("").rstrip("/")
    given = json.loads(json.dumps(extra).replace("{url}", url))
    connection = {"conn_type": "anthropic", "password": "the-key", "host": url, "extra": given}
    monkeypatch.setenv("AIRFLOW_CONN_MODEL_TEST", json.dumps(connection))
    asked: list[tuple[str, str | None, dict[str, Any]]] = []

    def serve(request: Request) -> Response:
        asked.append((request.path, request.headers.get(header), json.loads(request.data)))
        return message(SUBMIT)

    httpserver.expect_request(re.compile(".*"), method="POST").respond_with_handler(serve)
    records: list[ModelRecord] = []
    client = anthropic_client("model_test")
    asker = ModelDiagnoser(wire=AnthropicWire(client), model=model, purse=ModelBudget(), record=records.append)
    assert asker.diagnose(None, Evidence(log=LOG)).category is Category.CODE_BUG
    client.close()
    [(at, who, body)] = asked
    assert (at, who) == (path, value) and records[0].cost_usd > 0
    assert body["tool_choice"] == {"type": "auto"} and body["tools"] and body["thinking"]["type"] == "adaptive"


@pytest.mark.parametrize("extra", [{"platform": "moon"}, {"platform": "bedrock"}])
def test_a_connection_that_gives_no_client_is_named(monkeypatch: pytest.MonkeyPatch, extra: Mapping[str, Any]) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AIRFLOW_CONN_MODEL_TEST", json.dumps({"conn_type": "anthropic", "extra": dict(extra)}))
    with pytest.raises(ConfigurationError, match="connection model_test: gives no client"):
        anthropic_client("model_test")


def test_a_connection_that_is_not_there_is_named() -> None:
    """An error of Airflow's own would end the diagnosis; one of the harness's leaves it to the rules."""
    with pytest.raises(ConfigurationError, match="connection nowhere: is not defined"):
        model_wire("nowhere")
