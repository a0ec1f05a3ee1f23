"""Another Airflow on the port of ours is found out before anything is done to it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
import pytest
from pytest_httpserver import HTTPServer

from airflow_provider_harness.testing.process import ServerFailed
from airflow_provider_harness.testing.stack import AirflowStack


@pytest.fixture
def stack(tmp_path: Path, httpserver: HTTPServer) -> AirflowStack:
    """A stack that was not started, whose port some other server has."""
    stack = AirflowStack(tmp_path, "sqlite://", tmp_path)
    stack.url = httpserver.url_for("").rstrip("/")
    beat = (datetime.now(UTC) + timedelta(seconds=1)).isoformat()
    parts = ("scheduler", "dag_processor", "triggerer")
    health = {part: {"status": "healthy", f"latest_{part}_heartbeat": beat} for part in parts}
    health["metadatabase"] = {"status": "healthy"}
    httpserver.expect_request("/api/v2/monitor/health").respond_with_json(health)
    return stack


def sign(httpserver: HTTPServer, secret: str) -> None:
    token = jwt.encode({"sub": "admin"}, secret, algorithm="HS512")
    httpserver.expect_request("/auth/token").respond_with_json({"access_token": token}, status=201)


def test_our_own_secret_is_known(stack: AirflowStack, httpserver: HTTPServer) -> None:
    sign(httpserver, stack._secret)
    assert stack._healthy() == {"api-server", "scheduler", "dag-processor", "triggerer"}
    stack.stop()


def test_another_secret_is_another_server(stack: AirflowStack, httpserver: HTTPServer) -> None:
    sign(httpserver, "s" * 64)
    with pytest.raises(ServerFailed, match="answered by another server"):
        stack._healthy()
    stack.stop()


def test_a_heartbeat_of_the_last_start_does_not_count(stack: AirflowStack, httpserver: HTTPServer) -> None:
    sign(httpserver, stack._secret)
    stack._started = datetime.now(UTC) + timedelta(minutes=1)
    assert stack._healthy() == {"api-server"}
    stack.stop()
