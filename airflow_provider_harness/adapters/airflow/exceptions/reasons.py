"""The words by which a service says why it refused: finer than a status, which many services share out carelessly.

Google answers 403 to a rate limit, AWS answers 400; the reason beside the status says which of both it is. Only what a
client holds as data is read (fields, error details, a JSON body that is already there), never a message.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

_WORD = re.compile(r"(?:[\w.]{1,80}#)?([A-Za-z][A-Za-z0-9_.-]{1,79})")
"""A reason as services write it; AWS puts a namespace and ``#`` before it."""
_LONGEST_BODY = 65_536
_SPENT = "RateLimitExceeded"

Attribute = Callable[[object, str], Any]
"""Reads an attribute of somebody's object; None where it has none, or where reading it fails."""


def reasons_of(error: BaseException, attribute: Attribute) -> tuple[str, ...]:
    """The reasons of one exception, the finest kind that it has; empty where it names none."""
    for kind in (_named, _states):
        found = tuple(dict.fromkeys(_words(kind(error, attribute))))
        if found:
            return found
    return ()


def wait_of(error: BaseException, attribute: Attribute) -> float | None:
    """Seconds that Google's ``RetryInfo`` asks to wait."""
    for detail in _listed(attribute(error, "details")):
        delay = attribute(detail, "retry_delay")
        seconds = attribute(delay, "seconds")
        if isinstance(seconds, int) and seconds >= 0:
            return seconds + (attribute(delay, "nanos") or 0) / 1e9
    return None


def _words(found: Iterable[object]) -> Iterator[str]:
    for word in found:
        if isinstance(word, str) and (match := _WORD.fullmatch(word.strip())):
            yield match.group(1)


def _named(error: BaseException, attribute: Attribute) -> Iterator[object]:
    """Reasons proper: Google's ``errors[].reason`` and ``ErrorInfo``, the error codes of AWS, Azure, Databricks."""
    for name in ("errors", "error_details", "details"):
        yield from _of_details(attribute(error, name), attribute)
    response = attribute(error, "response")
    if isinstance(response, Mapping):  # botocore's, as parsed
        yield _at(response, "Error", "Code")
    if attribute(error, "status_code") is not None or response is not None:  # else it is a code of the client's own
        yield attribute(error, "error_code")
        yield attribute(error, "code")
    yield attribute(attribute(error, "error"), "code")  # Azure's OData
    yield from _of_body(_body(error, response, attribute), attribute)
    if _is_spent(response, attribute):
        yield _SPENT


def _states(error: BaseException, attribute: Attribute) -> Iterator[object]:
    """Names of states: gRPC's canonical codes, and ``error.status`` of a JSON body."""
    yield attribute(attribute(error, "grpc_status_code"), "name")
    code = attribute(error, "code")
    if callable(code) and any(kind.__module__.partition(".")[0] == "grpc" for kind in type(error).__mro__):
        yield attribute(code(), "name")
    yield _at(_body(error, attribute(error, "response"), attribute), "error", "status")


def _of_details(details: object, attribute: Attribute) -> Iterator[object]:
    for detail in _listed(details):
        yield detail.get("reason") if isinstance(detail, Mapping) else attribute(detail, "reason")


def _of_body(body: object, attribute: Attribute) -> Iterator[object]:
    """What the bodies of Google, AWS, Azure and Databricks call their reason."""
    yield from _of_details(_at(body, "error", "errors"), attribute)
    yield from _of_details(_at(body, "error", "details"), attribute)
    for path in (("error", "code"), ("__type",), ("Error", "Code"), ("error_code",), ("errorCode",), ("code",)):
        yield _at(body, *path)


def _body(error: BaseException, response: object, attribute: Attribute) -> object:
    """A JSON body that the client has read already; a stream is left alone."""
    held = vars(response).get("_content") if hasattr(response, "__dict__") else None
    for content in (held, attribute(error, "content"), attribute(error, "body")):
        if isinstance(content, Mapping):
            return content
        if isinstance(content, bytes | str) and 2 <= len(content) <= _LONGEST_BODY:
            try:
                return json.loads(content)
            except (ValueError, RecursionError):
                continue
    return None


def _is_spent(response: object, attribute: Attribute) -> bool:
    """Whether the answer counts what is left of an allowance, and nothing is (GitHub answers 403 then)."""
    headers = attribute(response, "headers")
    try:
        left = {str(name).lower(): str(value).strip() for name, value in dict(headers or {}).items()}
    except (TypeError, ValueError):
        return False
    return "0" in (left.get("x-ratelimit-remaining"), left.get("ratelimit-remaining"))


def _listed(found: object) -> Iterable[Any]:
    return found if isinstance(found, list | tuple) else ()


def _at(holder: object, *path: str) -> object:
    for name in path:
        holder = holder.get(name) if isinstance(holder, Mapping) else None
    return holder
