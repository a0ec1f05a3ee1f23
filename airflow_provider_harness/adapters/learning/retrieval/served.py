"""Any provider's model over HTTP, by the wire that most of them speak: ``POST <address>/embeddings`` with ``model`` and ``input``."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.app.ports.learning import Vector
from airflow_provider_harness.core.errors import ConfigurationError, HarnessUnavailable
from airflow_provider_harness.core.redaction.redactor import Redactor, shorten

if TYPE_CHECKING:
    import httpx

LATER = frozenset((408, 409, 425, 429, 500, 502, 503, 504, 529))
"""Statuses that speak of the moment."""
SECONDS = 60.0
"""How long one answer may take."""
TRIES, LONGEST_PAUSE = 4, 60.0
"""How often one call is made, and the longest that a provider's Retry-After is waited for here; what asks for more fails the task,
whose own retry comes later."""
FIXES: Mapping[int, str] = {
    401: "Correct the password of the connection: it is the provider's key.",
    403: "Let the provider's key use this model.",
    404: "Correct the connection's host, which ends before /embeddings (https://host/v1), or the model's name.",
    400: "Correct model, dimension or chunk_size: a passage may be longer than the model takes.",
    413: "Choose a smaller chunk_size.",
}


class ServedEmbedder:
    """Implements ``app.ports.learning.Embedder``.

    :param address: ends before ``/embeddings``, such as ``https://host/v1``.
    :param key: goes as a bearer; empty for none.
    :param name: the connection in words, for errors.
    :param version: tells apart what the provider serves by one name; empty if nothing does.
    :param dimension: that is asked for; None for the model's own.
    """

    batch = 128

    def __init__(
        self,
        address: str,
        key: str,
        model: str,
        *,
        name: str,
        version: str = "",
        dimension: int | None = None,
        seconds: float = SECONDS,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.model = model
        self.version = "/".join(filter(None, (version, f"{dimension} dimensions" if dimension else "")))
        self._address, self._name, self._dimension = f"{address.rstrip('/')}/embeddings", name, dimension
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._seconds, self._sleep, self._redact = seconds, sleep, Redactor(secrets=(key,) if key else ())

    def embed(self, texts: Sequence[str]) -> Sequence[Vector]:
        """See the port. What speaks of the moment is tried again here, after the pause that the provider asks for."""
        body: dict[str, Any] = {"model": self.model, "input": list(texts), "encoding_format": "float"}
        if self._dimension:
            body["dimensions"] = self._dimension
        for attempt in range(1, TRIES + 1):
            answer = self._post(body)
            if answer.status_code not in LATER:
                break
            pause = _pause(answer.headers.get("retry-after", ""), attempt)
            if attempt == TRIES or pause > LONGEST_PAUSE:
                asked = f" and asks to wait {pause:g} s" if pause else ""
                raise self._unavailable(
                    f"it answered {answer.status_code}{asked}, {attempt} time(s): {self._said(answer)}"
                )
            self._sleep(pause)
        return self._vectors(answer, len(texts))

    def _post(self, body: Mapping[str, Any]) -> httpx.Response:
        import httpx

        try:
            return httpx.post(self._address, json=body, headers=self._headers, timeout=self._seconds)
        except httpx.TimeoutException as error:
            raise self._unavailable(f"no answer within {self._seconds:g} s ({type(error).__name__})") from error
        except httpx.TransportError as error:
            raise self._unavailable(f"{type(error).__name__}: {error}") from error
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            raise ConfigurationError(self._name, f"has no address: {error}.", fix=FIXES[404]) from error

    def _vectors(self, answer: httpx.Response, count: int) -> Sequence[Vector]:
        if answer.status_code != 200:
            fix = FIXES.get(answer.status_code, "")
            problem = f"refused model {self.model} with {answer.status_code}: {self._said(answer)}"
            raise ConfigurationError(self._name, problem, fix=fix)
        try:
            data = answer.json()["data"]
            found = {int(one["index"]): [float(number) for number in one["embedding"] or ()] for one in data}
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise self._unavailable(f"its answer is malformed ({type(error).__name__}: {error})") from error
        if sorted(found) != list(range(count)):
            raise self._unavailable(f"its answer has {len(found)} vectors for {count} passages")
        return [found[place] for place in range(count)]

    def _said(self, answer: httpx.Response) -> str:
        return shorten(self._redact.redact(answer.text), 300)

    def _unavailable(self, reason: str) -> HarnessUnavailable:
        return HarnessUnavailable(f"model {self.model} ({self._name})", reason)


def _pause(retry_after: str, attempt: int) -> float:
    """Seconds that the provider asks for, as a number or as a date; else 1, 2, 4."""
    from datetime import UTC, datetime
    from email.utils import parsedate_to_datetime

    try:
        return max(0.0, float(retry_after))
    except ValueError:
        pass
    try:
        moment = parsedate_to_datetime(retry_after)
        return max(0.0, (moment - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return float(2 ** (attempt - 1))
