"""The demo's world for all tests in this folder: a real Airflow with the project's Dags, real databases, a source that
can refuse, the paging stand-in, and a model whose wire a local server speaks."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from airflow_provider_harness.adapters.model.answer import TRAITS
from airflow_provider_harness.testing.fixtures import postgres
from airflow_provider_harness.testing.postgres import PostgresServer
from airflow_provider_harness.testing.stack import AirflowStack
from tests.airflow.hostile import DAG as HOSTILE
from tests.airflow.hostile import dossier, obeyed
from tests.demo.breaks import FLIGHTS, Run, trigger
from tests.demo.world import ROOT, World, world

__all__ = ["postgres"]

HEARTBEAT_TIMEOUT = 25
"""Seconds; Airflow's default of 300 would make a lost worker take five minutes to be seen."""

ANSWER = {
    **dict.fromkeys(TRAITS, "unknown"),
    "retry_after_seconds": 0,
    "reasoning": "The last line names the widget service.",
    "category": "rate_limited",
    "cause": "The widget service wants us to come back later.",
    "certainty": "sure",
    "checked": ["log"],
    "not_checked": [],
    "alternatives": [],
}
"""What the model's stand-in submits, with a citation of the line that it was shown last."""
READS: dict[str, dict[str, Any]] = {
    "search_logs": {"words": "widget", "from_the": "end"},
    "get_task_states": {},
    "get_run_history": {"runs": 5},
    "check_data_quality": {"slices": 3},
    "get_schema_diff": {},
    "get_dag_source": {"of": "failed_run", "first_line": 1, "last_line": 60},
    "find_similar_incidents": {"category": "rate_limited"},
}
"""What it reads before, all of it in its first turn."""


@pytest.fixture(scope="package")
def dags_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Dags that the stack runs: a test may put more files there, and Airflow sees them within seconds."""
    folder = tmp_path_factory.mktemp("dags")
    for path in (ROOT / "dags").iterdir():
        (folder / path.name).symlink_to(path)
    return folder


@pytest.fixture(scope="package")
def model_asked() -> list[dict[str, Any]]:
    """Every request that the model's stand-in got."""
    return []


@pytest.fixture(scope="package")
def model_url(model_asked: list[dict[str, Any]]) -> Iterator[str]:
    """A stand-in that speaks the wire of Anthropic's Messages API."""

    def answer(request: Request) -> Response:
        asked = json.loads(request.data)
        model_asked.append(asked)
        shown = re.findall(r"^ *(\d+)[|] (.*refused to frobnicate)$", dossier(asked), re.MULTILINE)
        reads = [
            {"type": "tool_use", "id": f"r{n}", "name": name, "input": given}
            for n, (name, given) in enumerate(READS.items())
        ]
        citations = [
            {"source": "log", "line": int(number), "text": "refused to frobnicate"} for number, _ in shown[-1:]
        ]
        submit = {
            "type": "tool_use",
            "id": "t1",
            "name": "submit_diagnosis",
            "input": ANSWER | {"citations": citations},
        }
        body = {
            "id": f"msg_{len(model_asked)}",
            "type": "message",
            "role": "assistant",
            "model": asked["model"],
            "content": obeyed(asked) or (reads if len(asked["messages"]) == 1 else [submit]),
            "stop_reason": "tool_use",
            "stop_sequence": None,
            "usage": {"input_tokens": 100, "output_tokens": 10},
        }
        return Response(json.dumps(body), content_type="application/json")

    with HTTPServer(host="127.0.0.1") as server:
        server.expect_request("/v1/messages", method="POST").respond_with_handler(answer)
        yield server.url_for("").rstrip("/")


@pytest.fixture(scope="package")
def place(dags_folder: Path, model_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The running world, the harness acting in it, and the first New York day of 2013 published through the gates."""
    model = {"conn_type": "anthropic", "password": "test-key", "host": model_url, "model": "stand-in", "ask": "always"}
    home = tmp_path_factory.mktemp("world")
    with world(home, dags=dags_folder, model=model, heartbeat_timeout=HEARTBEAT_TIMEOUT) as there:
        yield there


@pytest.fixture(scope="package")
def stack(place: World) -> AirflowStack:
    """The running Airflow."""
    return place.stack


@pytest.fixture(scope="package")
def first_day(place: World) -> Run:
    """A finished run of the first day of 2013."""
    run = trigger(place, FLIGHTS, date(2013, 1, 1), "first")
    place.stack.wait_run(run.dag_id, run.run_id, timeout=240)
    return run


@pytest.fixture(scope="package")
def hostile(place: World, dags_folder: Path) -> Run:
    """A started run whose tasks print every injection and fail; what becomes of it goes on while other tests run."""
    (dags_folder / "injections.jsonl").symlink_to(ROOT / "tests" / "data" / "injections.jsonl")
    (dags_folder / "hostile.py").write_text(HOSTILE)
    place.stack.wait_dag("hostile")
    place.stack.api("POST", "/dags/hostile/dagRuns", {"logical_date": None, "dag_run_id": "hostile__1"})
    return Run(dag_id="hostile", run_id="hostile__1", day=date(2013, 1, 1))


@pytest.fixture(scope="package")
def databases(place: World) -> PostgresServer:
    """Where source, warehouse and harness store are."""
    return place.postgres
