"""Registries of models for tests: one in memory, and MLflow's REST API as a server of its own answers it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from airflow_provider_harness.adapters.learning.mlflow import HOLDOUT_TAG
from airflow_provider_harness.core.errors import HarnessUnavailable
from airflow_provider_harness.core.learning.models import ModelVersion


class MemoryModels:
    """A registry in memory."""

    def __init__(self) -> None:
        self.versions: dict[tuple[str, str], ModelVersion] = {}
        self.used: dict[str, str] = {}

    def register(self, version: ModelVersion) -> None:
        self.versions[version.model, version.version] = version

    def version(self, model: str, version: str) -> ModelVersion | None:
        return self.versions.get((model, version))

    def current(self, model: str) -> str | None:
        return self.used.get(model)

    def point(self, model: str, version: str, *, expected: str | None) -> None:
        if self.used.get(model) not in (expected, version):
            raise HarnessUnavailable(f"model {model}", "somebody was faster.")
        self.used[model] = version


def _not_there(by_alias: bool, number: str) -> tuple[int, dict[str, str]]:
    """What MLflow 3.17 says of an alias, or a version, that is not there."""
    if by_alias:
        said = "Registered model alias champion not found."
        return 400, {"error_code": "INVALID_PARAMETER_VALUE", "message": said}
    if not number.isdigit():
        wrong = f"Parameter 'version' must be an integer, got '{number}'."
        return 400, {"error_code": "INVALID_PARAMETER_VALUE", "message": wrong}
    return 404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "not found"}


@contextmanager
def mlflow_server(token: str = "") -> Iterator[tuple[str, MemoryModels]]:
    """A server that answers as MLflow 3 does (held to a real one once, see ADR 66), over a registry in memory."""
    held = MemoryModels()

    class Answers(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            """Quiet."""

        def do_GET(self) -> None:
            split = urlsplit(self.path)
            self._answer(split.path.removeprefix("/api/2.0/mlflow/"), dict(parse_qsl(split.query)))

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if (body["name"], body["version"]) not in held.versions:
                return self._send(404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "not found"})
            held.used[body["name"]] = body["version"]
            return self._send(200, {})

        def _answer(self, path: str, asked: dict[str, str]) -> None:
            if token and self.headers.get("Authorization") != f"Bearer {token}":
                return self._send(403, {"error_code": "PERMISSION_DENIED", "message": "no"})
            if path == "runs/get":
                found = held.versions[tuple(asked["run_id"].split("|", 1))]  # type: ignore[index]
                metrics = [{"key": name, "value": value} for name, value in found.metrics.items()]
                tags = [{"key": HOLDOUT_TAG, "value": found.holdout_hash}]
                return self._send(200, {"run": {"data": {"metrics": metrics, "tags": tags}}})
            by_alias = path == "registered-models/alias"
            name = asked["name"]
            number = str(held.used.get(name)) if by_alias else asked["version"]
            version = held.versions.get((name, number))
            if version is None:
                return self._send(*_not_there(by_alias, number))
            told = {"version": version.version, "source": version.uri, "run_id": f"{name}|{version.version}"}
            return self._send(200, {"model_version": told})

        def _send(self, status: int, body: Any) -> None:
            text = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", held
    server.shutdown()
    server.server_close()
    thread.join()
