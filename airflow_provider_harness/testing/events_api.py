"""A stand-in for PagerDuty's Events API v2: the same wire, checks and life cycle, and no PagerDuty behind it.

Run as a process: ``python -m airflow_provider_harness.testing.events_api --port 0 --file pages.jsonl``. The real
client speaks to it through its ``base_url``.
"""

from __future__ import annotations

import argparse
import json
import socket
import ssl
import sys
import time
import urllib.request
import uuid
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock
from typing import Any, Self

from airflow_provider_harness.testing.certificate import make_certificate, trusting
from airflow_provider_harness.testing.process import ServerFailed, ServerProcess

STATES = {"trigger": "triggered", "acknowledge": "acknowledged", "resolve": "resolved"}
"""``event_action`` -> the state of the alert after it."""

SEVERITIES = ("critical", "error", "warning", "info")
MAX_BYTES = 512 * 1024
TLS_HANDSHAKE = b"\x16"
READY = "PagerDuty Events API v2 stand-in on "

Answer = tuple[int, dict[str, Any]]


def _text(value: Any, longest: int) -> bool:
    return isinstance(value, str) and 0 < len(value) <= longest


REQUIRED_OF_ALL: dict[str, tuple[Callable[[Any], bool], str]] = {
    "routing_key": (lambda v: _text(v, 255), "must be a non-empty string"),
    "event_action": (lambda v: v in STATES, f"must be one of {', '.join(STATES)}"),
}
REQUIRED_OF_PAYLOAD: dict[str, tuple[Callable[[Any], bool], str]] = {
    "summary": (lambda v: _text(v, 1024), "must be a string of 1 to 1024 characters"),
    "source": (lambda v: _text(v, 1024), "must be a non-empty string"),
    "severity": (lambda v: v in SEVERITIES, f"must be one of {', '.join(SEVERITIES)}"),
}
"""Field -> what it must satisfy, and how an error says so. From PagerDuty's description of the Events API v2."""


def problems(event: Any) -> list[str]:
    """What is wrong with an alert event; empty when it would be accepted."""
    if not isinstance(event, dict):
        return ["the body must be a JSON object"]
    found = [f"'{name}' {text}" for name, (test, text) in REQUIRED_OF_ALL.items() if not test(event.get(name))]
    key, action = event.get("dedup_key"), event.get("event_action")
    if key is not None and not _text(key, 255):
        found.append("'dedup_key' must be a string of 1 to 255 characters")
    if action in ("acknowledge", "resolve") and key is None:
        found.append(f"'dedup_key' is required for {action}")
    if action == "trigger":
        payload = event.get("payload")
        if not isinstance(payload, dict):
            return [*found, "'payload' is required for trigger"]
        rules = REQUIRED_OF_PAYLOAD.items()
        found += [f"'payload.{name}' {text}" for name, (test, text) in rules if not test(payload.get(name))]
    return found


def change_problems(event: Any) -> list[str]:
    """What is wrong with a change event; empty when it would be accepted."""
    if not isinstance(event, dict):
        return ["the body must be a JSON object"]
    payload = event.get("payload")
    summary = payload.get("summary") if isinstance(payload, dict) else None
    found = [] if _text(event.get("routing_key"), 255) else ["'routing_key' must be a non-empty string"]
    return found if _text(summary, 1024) else [*found, "'payload.summary' must be a string of 1 to 1024 characters"]


@dataclass(slots=True, kw_only=True)
class Page:
    """What on-call sees of one alert.

    :param dedup_key: events with the same key are about the same alert.
    :param state: value of STATES.
    :param opened: how many times it was triggered while it was not open.
    :param events: the accepted events, oldest first.
    """

    dedup_key: str
    state: str = ""
    opened: int = 0
    events: list[dict[str, Any]] = field(default_factory=list)


class Inbox:
    """Everything that was received. An event for an unknown key that is no trigger is accepted and changes nothing.

    :param file: gets one JSON line for each accepted event.
    """

    def __init__(self, file: Path) -> None:
        self.file, self.lock = file, Lock()
        self.pages: dict[str, Page] = {}
        self.changes: list[dict[str, Any]] = []
        self.rejected = 0
        self.refusals: list[tuple[int, int]] = []

    def control(self, order: Mapping[str, Any]) -> Answer:
        """Makes the next requests fail: ``{"status": 429, "times": 2, "retry_after": 1}``."""
        with self.lock:
            self.refusals = [(int(order["status"]), int(order.get("retry_after", 0)))] * int(order.get("times", 1))
        return 200, {"refusing": len(self.refusals)}

    def refusal(self) -> tuple[int, int] | None:
        """Status and seconds to wait, if this request is to be refused."""
        with self.lock:
            return self.refusals.pop() if self.refusals else None

    def alert(self, event: Any) -> Answer:
        if found := problems(event):
            return self._reject(found)
        key = event.setdefault("dedup_key", uuid.uuid4().hex)
        with self.lock:
            self._apply(key, event)
            self._append({"kind": "alert", "event": event})
        return 202, {"status": "success", "message": "Event processed", "dedup_key": key}

    def change(self, event: Any) -> Answer:
        if found := change_problems(event):
            return self._reject(found)
        with self.lock:
            self.changes.append(event)
            self._append({"kind": "change", "event": event})
        return 202, {"status": "success", "message": "Change event processed"}

    def shown(self) -> dict[str, Any]:
        """Everything as ``GET /pages`` returns it."""
        with self.lock:
            pages = [asdict(page) for page in self.pages.values()]
            return {"stand_in": True, "pages": pages, "changes": list(self.changes), "rejected": self.rejected}

    def _reject(self, found: list[str]) -> Answer:
        with self.lock:
            self.rejected += 1
        return 400, {"status": "invalid event", "message": "Event object is invalid", "errors": found}

    def _apply(self, key: str, event: dict[str, Any]) -> None:
        action = event["event_action"]
        page = self.pages.get(key)
        if page is None:
            if action != "trigger":
                return
            page = self.pages[key] = Page(dedup_key=key)
        opens = action == "trigger" and page.state in ("", "resolved")
        page.opened += opens
        if opens or (action != "trigger" and page.state != "resolved"):
            page.state = STATES[action]
        page.events.append(event)

    def _append(self, line: dict[str, Any]) -> None:
        with self.file.open("a") as out:
            out.write(json.dumps({"received_at": datetime.now(UTC).isoformat(), **line}) + "\n")


def handler(inbox: Inbox) -> type[BaseHTTPRequestHandler]:
    """The request handler of one inbox."""
    posts = {"/v2/enqueue": inbox.alert, "/v2/change/enqueue": inbox.change}

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            known = self.path == "/pages"
            self._answer(200 if known else 404, inbox.shown() if known else {"message": "Not Found"})

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(min(length, MAX_BYTES + 1))
            if length > MAX_BYTES:
                self.close_connection = True
                return self._answer(413, {"message": f"An event may have at most {MAX_BYTES} bytes"})
            try:
                event = json.loads(body)
            except ValueError:
                return self._answer(400, {"status": "invalid event", "message": "Invalid JSON", "errors": ["not JSON"]})
            if self.path == "/_control":
                return self._answer(*inbox.control(event))
            if self.path not in posts:
                return self._answer(404, {"message": "Not Found"})
            if (refusal := inbox.refusal()) is not None:
                status, wait = refusal
                return self._answer(status, {"message": "Refused as ordered"}, {"Retry-After": str(wait)})
            return self._answer(*posts[self.path](event))

        def _answer(self, status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> None:
            data = json.dumps(body).encode()
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    return Handler


class Server(ThreadingHTTPServer):
    """An HTTP server that also understands TLS, told apart by the first byte of a connection.

    :param context: the server's side of TLS.
    """

    daemon_threads = True

    def __init__(self, port: int, inbox: Inbox, context: ssl.SSLContext) -> None:
        self.context = context
        super().__init__(("127.0.0.1", port), handler(inbox))

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Serves one connection, in a thread of its own."""
        if request.recv(1, socket.MSG_PEEK) != TLS_HANDSHAKE:
            return super().finish_request(request, client_address)
        with self.context.wrap_socket(request, server_side=True) as secured:
            return super().finish_request(secured, client_address)


class EventsApiStandIn:
    """The stand-in in a process of its own; started and stopped with a ``with`` block.

    :param home: folder for ``pages.jsonl``, the log and the certificate.
    :ivar url: its address with ``https``, as PagerDuty's client wants it.
    :ivar plain_url: the same address with ``http``.
    :ivar ca_file: its certificate, for a client's ``verify``.
    :ivar ca_bundle: everything that this machine trusts and its certificate, for ``SSL_CERT_FILE``.
    """

    def __init__(self, home: Path) -> None:
        self.home = home.resolve()
        self.file, self.log = self.home / "pages.jsonl", self.home / "events_api.log"
        self.ca_file, self.ca_bundle = self.home / "stand-in.crt", self.home / "trusted.crt"
        self.url = self.plain_url = ""
        self.process: ServerProcess | None = None

    def __enter__(self) -> Self:
        root = Path(__file__).resolve().parents[2]
        command = [sys.executable, "-m", "airflow_provider_harness.testing.events_api", "--file", str(self.file)]
        self.process = ServerProcess(
            "PagerDuty Events API stand-in", command, env={"PYTHONUNBUFFERED": "1"}, log=self.log, cwd=root
        )
        end = time.monotonic() + 30
        try:
            while not self.plain_url:
                self.process.check()
                if time.monotonic() > end:
                    raise ServerFailed(self.process.name, "did not start within 30 s", self.log)
                time.sleep(0.05)
                line = self.log.read_text().partition("\n")
                self.plain_url = line[0].removeprefix(READY) if line[1] and line[0].startswith(READY) else ""
        except BaseException:
            self.process.stop()
            raise
        self.url = self.plain_url.replace("http:", "https:")
        trusting(self.ca_file, self.ca_bundle)
        return self

    def __exit__(self, *_: object) -> None:
        if self.process is not None:
            self.process.stop()
        self.process, self.url, self.plain_url = None, "", ""

    def pages(self) -> list[dict[str, Any]]:
        """What on-call has got: ``dedup_key``, ``state``, ``opened``, ``events`` of each alert."""
        pages: list[dict[str, Any]] = self.received()["pages"]
        return pages

    def received(self) -> dict[str, Any]:
        """``pages``, ``changes`` and the number of ``rejected`` events."""
        return self._call("/pages")

    def refuse(self, status: int, *, times: int = 1, retry_after: int = 0) -> None:
        """Makes the next events fail.

        :param status: HTTP status, such as 429 or 500.
        :param times: how many events, 1 or more.
        :param retry_after: seconds, in the header of that name.
        """
        self._call("/_control", {"status": status, "times": times, "retry_after": retry_after})

    def _call(self, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        data = None if body is None else json.dumps(body).encode()
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(self.plain_url + path, data=data, timeout=10) as answer:
            decoded: dict[str, Any] = json.load(answer)
            return decoded


def main() -> None:
    """Serves until it is stopped; its first line of output is its address."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="TCP port on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--file", type=Path, required=True, help="gets one JSON line per event")
    options = parser.parse_args()
    _, private = make_certificate(options.file.resolve().parent)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(private)
    server = Server(options.port, Inbox(options.file), context)
    print(f"{READY}http://127.0.0.1:{server.server_address[1]}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
