"""A proxy before any server, that does to a client what networks, load balancers and servers do when they fail."""

from __future__ import annotations

import asyncio
import contextlib
import random
import ssl
from collections.abc import Mapping
from enum import StrEnum

from tests.demo.forwarder import BLOCK, Forwarder

TRICKLE_SECONDS = 0.05
"""Between two bytes of an answer that never ends."""
NOISE = random.Random(18).randbytes(512)
"""Bytes of no protocol."""


class Mode(StrEnum):
    """What the proxy does with a connection."""

    WELL = "well"
    DOWN = "down"  # nobody listens
    SILENT = "silent"  # the connection is accepted, and nothing is ever answered: slower than anybody waits
    FLAPPING = "flapping"  # every other connection is closed at once
    DROPPED = "dropped"  # the connection breaks in the middle of an answer
    NONSENSE = "nonsense"  # bytes of no protocol
    TRICKLE = "trickle"  # an answer in HTTP that comes byte by byte and never ends
    STATUS = "wrong status"
    NOT_FOUND = "404 of another"  # a load balancer's own, in plain text
    EMPTY = "empty"
    HTML = "a page"  # of a proxy or a login, with status 200
    CUT = "cut JSON"
    OTHER = "other JSON"  # of another form


NETWORK = (Mode.DOWN, Mode.SILENT, Mode.FLAPPING, Mode.DROPPED, Mode.NONSENSE)
"""What can happen to any protocol."""
HTTP = (Mode.TRICKLE, Mode.STATUS, Mode.NOT_FOUND, Mode.EMPTY, Mode.HTML, Mode.CUT, Mode.OTHER)
"""What can happen to HTTP, beside."""


def _answer(body: bytes, kind: str = "application/json", status: str = "200 OK") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return head.encode() + body


ANSWERS: Mapping[Mode, bytes] = {
    Mode.NONSENSE: NOISE,
    Mode.TRICKLE: b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n",
    Mode.STATUS: _answer(b"upstream connect error", "text/plain", "503 Service Unavailable"),
    Mode.NOT_FOUND: _answer(b"404 page not found", "text/plain", "404 Not Found"),
    Mode.EMPTY: _answer(b""),
    Mode.HTML: _answer(b"<!doctype html><title>Sign in</title>", "text/html; charset=utf-8"),
    Mode.CUT: _answer(b'{"access_token": "t", "task_instances": [{"dag_id": "fli'),
    Mode.OTHER: _answer(b'{"access_token": "t", "ok": [null, {"message": "moved"}]}'),
}
"""What is answered to whatever is asked."""


class FaultProxy(Forwarder):
    """A forwarder that fails as it is told; the address stays the same.

    :param server: TLS to the client, as a server; None = none.
    :param client: TLS to the target; None = none.
    :ivar connections: how many clients have connected.
    """

    def __init__(
        self, target: int, *, server: ssl.SSLContext | None = None, client: ssl.SSLContext | None = None
    ) -> None:
        super().__init__(target)
        self._tls, self._onward = server, client
        self.mode, self.after, self.connections = Mode.WELL, 0, 0

    def be(self, mode: Mode, after: int = 0) -> None:
        """From now on, do this; open connections end.

        :param after: bytes of the target's answers that a connection still carries, for DROPPED; and after which
            a connection falls silent, for SILENT.
        """
        self.refuse()
        self.mode, self.after, self.connections = mode, after, 0
        if mode is not Mode.DOWN:
            self.accept()

    async def _accept(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, ssl=self._tls)
            self.port = self._server.sockets[0].getsockname()[1]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        self.connections += 1
        try:
            with contextlib.suppress(OSError, NotImplementedError):  # TLS has no half end
                if self.mode in ANSWERS:
                    await self._say(reader, writer)
                elif self.mode is Mode.SILENT and not self.after:
                    await reader.read(-1)
                elif self.mode is not Mode.FLAPPING or self.connections % 2 == 0:
                    await self._forward(reader, writer)
        finally:
            writer.transport.abort()
            self._writers.discard(writer)

    async def _say(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(BLOCK)
        writer.write(ANSWERS[self.mode])
        while self.mode is Mode.TRICKLE:
            writer.write(b"1\r\n \r\n")
            await writer.drain()
            await asyncio.sleep(TRICKLE_SECONDS)
        await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
            await reader.read(BLOCK)

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(self.host, self.target, ssl=self._onward)
        self._writers.add(back)
        try:
            onward = asyncio.ensure_future(self._pump(reader, back))
            await (self._pump(there, writer) if self.mode in (Mode.WELL, Mode.FLAPPING) else self._part(there, writer))
            onward.cancel()
        finally:
            back.transport.abort()
            self._writers.discard(back)

    async def _part(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        """Carry the first bytes of an answer; then nothing more comes, or the connection breaks."""
        left = self.after
        while left > 0 and (block := await source.read(min(BLOCK, left))):
            sink.write(block)
            await sink.drain()
            left -= len(block)
        while self.mode is Mode.SILENT and await source.read(BLOCK):
            pass
