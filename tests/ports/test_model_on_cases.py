"""``airflow harness diagnose --model`` over real HTTP, and what was recorded by it replayed as ``make eval`` does."""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from airflow_provider_harness.cli import commands
from tests.evaluation.model import DATA, HERE, figures, grounding, replayed, share
from tests.ports.test_model_server import message
from tests.ports.test_model_wire import GOOD, use

CASE = {"id": "1", "system": "postgres", "log_excerpt": "started\nModuleNotFoundError: No module named 'pandas'"}
CITED = [{"source": "log", "line": 2, "text": "No module named 'pandas'"}]
ANSWER = GOOD | {"category": "dependency_or_version", "citations": CITED}


def diagnosed(server: HTTPServer, monkeypatch: pytest.MonkeyPatch, folder: Path, **more: str) -> list[dict[str, Any]]:
    connection = {"conn_type": "anthropic", "password": "k", "host": server.url_for("").rstrip("/")}
    monkeypatch.setenv("AIRFLOW_CONN_ANTHROPIC_DEFAULT", json.dumps(connection))
    (folder / "cases.jsonl").write_text(json.dumps(CASE) + "\n")
    given = {
        "input": str(folder / "cases.jsonl"),
        "output": str(folder / "out.jsonl"),
        "model": "claude-haiku-5-5",
        "ask": "unsure",
        "log": "",
    }
    assert commands.diagnose.__wrapped__(Namespace(**given | more)) == 0  # type: ignore[attr-defined]
    return [json.loads(line) for line in (folder / "out.jsonl").read_text().splitlines()]


def test_each_answer_says_what_it_took(httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    httpserver.expect_request("/v1/messages").respond_with_response(message(use("submit_diagnosis", ANSWER)))
    [answer] = diagnosed(httpserver, monkeypatch, tmp_path)
    took = answer["model"]
    assert (answer["category"], took["ended"], took["turns"]) == ("dependency_or_version", "answered", 1)
    assert took["cost_usd"] == pytest.approx(0.000005, abs=1e-6) and 0 <= took["seconds"] < 30
    assert [one["role"] for one in took["messages"]] == ["user", "assistant"]
    [again] = replayed([CASE], {"1": answer}, "claude-haiku-5-5", always=False)  # what was recorded can be replayed
    assert {**again, "model": 0} == {**answer, "model": 0} and again["model"]["messages"][1] == took["messages"][1]


def test_a_model_that_is_down_leaves_the_rules_answer(
    httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    httpserver.expect_request("/v1/messages").respond_with_data("x", status=401)
    [answer] = diagnosed(httpserver, monkeypatch, tmp_path, model="nobody-knows")
    assert answer["category"] == "dependency_or_version" and "401" in json.dumps(answer["model"])
    assert answer["model"]["cost_usd"] is None  # nobody knows its price


def test_the_readers_answers_hold_and_none_acts_alone_wrongly() -> None:
    transcripts = {
        one["id"]: one for one in map(json.loads, (HERE / "transcripts.jsonl").read_text("utf-8").splitlines())
    }
    cases = [
        case
        for case in map(json.loads, (DATA / "fourth.jsonl").read_text("utf-8").splitlines())
        if case["id"] in transcripts
    ]
    answers = replayed(cases[:12], transcripts, "claude-haiku-5-5", always=True)
    found, held = figures(cases[:12], answers), grounding(answers)
    assert found["acts alone wrongly"] == 0 and found["category, lenient"]["share"] >= 0.9
    assert held["answered"] == 12 and held["answers refused for their citations"] == 0


def test_an_interval_holds_its_share() -> None:
    assert share([True] * 9 + [False]) == {"share": 0.9, "from": 0.596, "to": 0.982}
