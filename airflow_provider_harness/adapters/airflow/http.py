"""How Airflow's server is spoken to: what is no answer of its API is told as that, the same for every caller.

Which calls a caller makes is a table of its own.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from airflow_provider_harness.core.errors import HarnessUnavailable, NotAllowed

if TYPE_CHECKING:
    import httpx

#: Where a name and a password become a token; asked without one.
TOKEN_PATH = "auth/token"
#: Statuses, beside those from 500 on, by which a server, or what stands before it, says that it cannot answer now.
_LATER = (408, 429)
#: A whole answer may take so many times as long as the wait for a piece of it.
_WHOLE = 5


class Fields(dict[str, Any]):
    """An object of an answer. One that lacks a field which is read is none of Airflow's.

    :raises HarnessUnavailable: when such a field is read.
    """

    def __missing__(self, name: str) -> Any:
        raise HarnessUnavailable("Airflow's API", f"an answer came without {name!r}; what answered is not the API")


def fields(answer: httpx.Response) -> Any:
    """What an answer says: an object.

    :raises HarnessUnavailable: it is none: cut off, empty, or of something that is not the API.
    """
    call = f"{answer.request.method} {answer.request.url.path}"
    try:
        found = json.loads(answer.content, object_hook=Fields)
    except ValueError as error:
        why = f"{call}: its answer of {len(answer.content)} bytes is not a whole JSON"
        raise HarnessUnavailable("Airflow's API", why) from error
    if not isinstance(found, Fields):
        raise HarnessUnavailable(
            "Airflow's API", f"{call}: a {type(found).__name__} answered, not an object of the API"
        )
    return found


def filled(template: str, names: Mapping[str, str | int]) -> str:
    """The path of a call: each name is one segment of it.

    :raises NotAllowed: an HTTP client would cut the name out of the path.
    """
    if dots := [value for value in names.values() if str(value) in (".", "..")]:
        raise NotAllowed(f"{dots[0]!r} would change the path {template}.")
    return template.format(**{name: quote(str(value), safe="") for name, value in names.items()})


def subject(token: str) -> str:
    """The user id that a token was made for, as Airflow records it of an answer; empty where it is no JWT.

    The login name is another thing where the auth manager numbers its users. Nothing is trusted by this: the token is
    our own.
    """
    try:
        body = token.split(".")[1]
        return str(json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))).get("sub", ""))
    except (IndexError, ValueError, AttributeError):
        return ""


class AirflowHttp:
    """One server.

    :param base_url: such as ``http://localhost:8080``.
    :param token: empty = none is sent, until ``log_in``.
    :param timeout: seconds that a piece of an answer may take; a whole one, five times as long.
    :param named: errors name the address; not where somebody else's model may read them.
    """

    def __init__(self, base_url: str, *, token: str = "", timeout: float = 30, named: bool = True) -> None:
        self.base, self.token, self._timeout = base_url.rstrip("/"), token, timeout
        self._name = f"Airflow's API at {self.base}" if named else "Airflow's API"
        self._http: httpx.Client | None = None

    def log_in(self, user: str, password: str) -> str:
        """Get a token of this user, use it from now on, and say it.

        :raises NotAllowed: Airflow does not know this user and password.
        :raises HarnessUnavailable: it does not answer.
        """
        self.token = ""
        answer = self.send("POST", TOKEN_PATH, json={"username": user, "password": password})
        if answer.is_error:
            raise NotAllowed(f"Airflow does not let {user} log in with this password: {answer.status_code}.")
        try:
            self.token = str(fields(answer)["access_token"])
        except HarnessUnavailable as error:
            raise HarnessUnavailable(self._name, f"POST {TOKEN_PATH} gave no token") from error
        return self.token

    def send(self, method: str, path: str, **more: Any) -> httpx.Response:
        """What the API answers, an error of the call included.

        :raises HarnessUnavailable: nobody answers, or not the API, or it cannot answer now.
        """
        with self.stream(method, path, **more) as answer:
            return self._whole(answer)

    @contextmanager
    def stream(self, method: str, path: str, **more: Any) -> Iterator[httpx.Response]:
        """The same, read by the caller piece by piece; an error of the call is read already."""
        import httpx

        try:
            with self._client().stream(method, f"{self.base}/{path}", **self._with_token(more)) as answer:
                self._check(answer, f"{method} {path}")
                yield self._whole(answer) if answer.is_error else answer
        except httpx.HTTPError as error:
            raise HarnessUnavailable(self._name, f"{type(error).__name__}: {error}") from error

    def pieces(self, answer: httpx.Response) -> Iterator[bytes]:
        """The bytes of an answer as they come.

        :raises HarnessUnavailable: they come for longer than an answer takes; a server that sends a byte now and then would hold us for ever.
        """
        end = time.monotonic() + _WHOLE * self._timeout
        for piece in answer.iter_bytes():
            yield piece
            if time.monotonic() > end:
                raise HarnessUnavailable(self._name, f"an answer was not whole after {_WHOLE * self._timeout:.3g} s")

    def _whole(self, answer: httpx.Response) -> httpx.Response:
        """The same answer, read to its end."""
        import httpx

        kept = {name: value for name, value in answer.headers.items() if name != "content-encoding"}  # it is decoded
        body = b"".join(self.pieces(answer))
        return httpx.Response(answer.status_code, headers=kept, content=body, request=answer.request)

    def close(self) -> None:
        if self._http is not None:
            self._http.close()
            self._http = None

    def __enter__(self) -> AirflowHttp:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def _client(self) -> httpx.Client:
        import httpx

        self._http = self._http or httpx.Client(timeout=self._timeout)
        return self._http

    def _with_token(self, more: dict[str, Any]) -> dict[str, Any]:
        if not self.token:
            return more
        return {**more, "headers": {**(more.get("headers") or {}), "Authorization": f"Bearer {self.token}"}}

    def _check(self, answer: httpx.Response, call: str) -> None:
        if answer.status_code >= 500 or answer.status_code in _LATER:
            raise HarnessUnavailable(self._name, f"{call}: {answer.status_code}")
        kind = answer.headers.get("Content-Type", "")
        if answer.is_redirect or "text/html" in kind:
            raise HarnessUnavailable(self._name, f"{call}: a page answered, not the API")
        if answer.is_error and "json" not in kind:  # the API says in JSON what it refuses; this is who stands before it
            raise HarnessUnavailable(self._name, f"{call}: {answer.status_code} of {kind or 'no type'}, not of the API")
