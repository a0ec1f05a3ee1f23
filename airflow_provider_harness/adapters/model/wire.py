"""One request to a model over the wire, bounded as a whole: the ``anthropic`` SDK's timeout bounds one read only.

What a server does becomes one of three things: an answer in plain values, a refusal that costs nothing, or a break after
which nobody knows whether it was served.
"""

from __future__ import annotations

import queue
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from airflow_provider_harness.core.diagnosis.models import Tokens
from airflow_provider_harness.core.redaction.redactor import shorten


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a model said in one turn.

    :param content: blocks as they came, each a JSON object; they are sent back as they are.
    :param stop: why it stopped, in the provider's word.
    """

    content: tuple[Mapping[str, Any], ...]
    stop: str
    tokens: Tokens


class Refused(Exception):
    """The server refused the request; it costs nothing.

    :param pause: seconds that it asks for.
    """

    def __init__(self, status: int, why: str, pause: float = 1.0) -> None:
        self.status, self.pause = status, pause
        super().__init__(why)


class Broken(Exception):
    """No usable answer came, and the request may have been served.

    :param kind: what the record counts it as.
    """

    def __init__(self, kind: str, why: str) -> None:
        self.kind = kind
        super().__init__(why)


class Wire(Protocol):
    """Takes a request of the Messages API, and what it came to."""

    def __call__(self, request: Mapping[str, Any], seconds: float) -> Answer:
        """The answer, in so many seconds at most, whatever the server does.

        :raises Refused: the server refused it.
        :raises Broken: no usable answer came.
        """
        ...


class AnthropicWire:
    """A ``Wire`` over the SDK.

    :param client: a ready client of any platform, which makes no retries of its own: each would cost without being counted.
    """

    def __init__(self, client: Any) -> None:
        self._client = client

    def __call__(self, request: Mapping[str, Any], seconds: float) -> Answer:
        """See ``Wire``."""
        under_way: list[Any] = []

        def ask() -> Any:
            with self._client.messages.with_streaming_response.create(**request, timeout=seconds + 1) as response:
                under_way.append(response)
                response.read()
                return response.parse()

        return _answer(waited(ask, seconds, _told, lambda: _hang_up(under_way)))


def waited(
    ask: Callable[[], Any],
    seconds: float,
    told: Callable[[Exception], Exception],
    late: Callable[[], None] = lambda: None,
) -> Any:
    """What a call gives that may take so long at most; it runs in a thread of its own.

    :param told: what is raised where the call raised.
    :param late: ends what the call waits for.
    :raises Broken: it took longer.
    """
    came: queue.SimpleQueue[tuple[Any, Exception | None]] = queue.SimpleQueue()
    threading.Thread(target=_run, args=(ask, came), name="harness-model", daemon=True).start()
    try:
        found, error = came.get(timeout=seconds)
    except queue.Empty:
        late()
        raise Broken("late", f"no whole answer within {seconds:.3g} s") from None
    if error is not None:
        raise told(error) from error
    return found


def _run(ask: Callable[[], Any], came: queue.SimpleQueue[tuple[Any, Exception | None]]) -> None:
    try:
        came.put((ask(), None))
    except Exception as error:  # noqa: BLE001 - it is raised again where it is waited for
        came.put((None, error))


def _hang_up(under_way: list[Any]) -> None:
    """End the connection of a request that takes too long, so that its thread ends, too."""
    for response in under_way:
        stream = response.http_response.extensions.get("network_stream")
        found = stream.get_extra_info("socket") if stream is not None else None
        if found is not None:
            try:
                found.shutdown(socket.SHUT_RDWR)
            except OSError:
                return  # it is closed already


def _told(error: Exception) -> Exception:
    """What the SDK, or what is below it, raised, as one of ours; anything else as it is."""
    import anthropic
    import httpx2

    why = f"{type(error).__name__}: {shorten(str(error), 300)}"
    if isinstance(error, anthropic.APIStatusError):
        return Refused(error.status_code, why, _pause(error.response.headers.get("retry-after", "")))
    if isinstance(error, anthropic.AnthropicError | httpx2.HTTPError | ValueError | OSError):
        return Broken(type(error).__name__, why)
    return error


def _pause(retry_after: str) -> float:
    """Seconds that the server asks for, or one."""
    try:
        return max(0.0, float(retry_after))
    except ValueError:
        return 1.0


_TEXTS: Mapping[str, tuple[str, ...]] = {"tool_use": ("id", "name"), "text": ("text",)}


def _answer(message: Any) -> Answer:
    """A message in plain values.

    :raises Broken: it is none; a server can send anything, and the SDK looks at no type.
    """
    content, usage = getattr(message, "content", None), getattr(message, "usage", None)
    if not isinstance(content, list):
        raise Broken("malformed", "its answer is malformed: no content")
    counted: dict[str, Any] = {
        "input": getattr(usage, "input_tokens", None),
        "output": getattr(usage, "output_tokens", None),
        "cache_written": getattr(usage, "cache_creation_input_tokens", None) or 0,
        "cache_read": getattr(usage, "cache_read_input_tokens", None) or 0,
    }
    if any(not isinstance(number, int) or number < 0 for number in counted.values()):
        raise Broken("malformed", "its answer is malformed: no usage")
    blocks = [block.to_dict(warnings=False) if hasattr(block, "to_dict") else block for block in content]
    if not all(_is_block(block) for block in blocks):
        raise Broken("malformed", "its answer is malformed: a block of a wrong form")
    return Answer(content=tuple(blocks), stop=str(message.stop_reason), tokens=Tokens(**counted))


def _is_block(block: Any) -> bool:
    if not isinstance(block, Mapping):
        return False
    needed = _TEXTS.get(str(block.get("type")), ("type",))
    whole = all(isinstance(block.get(name), str) for name in needed)
    return whole and (block["type"] != "tool_use" or isinstance(block.get("input"), Mapping))
