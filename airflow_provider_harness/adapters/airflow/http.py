"""How Airflow's server is spoken to: what is no answer of its API is told as that, the same for every caller.

Which calls a caller makes is a table of its own.
"""

from __future__ import annotations

import base64
import json
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
    :param timeout: seconds.
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
            self.token = str(answer.json()["access_token"])
        except (ValueError, KeyError, TypeError) as error:
            raise HarnessUnavailable(self._name, f"POST {TOKEN_PATH} gave no token") from error
        return self.token

    def send(self, method: str, path: str, **more: Any) -> httpx.Response:
        """What the API answers, an error of the call included.

        :raises HarnessUnavailable: nobody answers, or not the API, or it cannot answer now.
        """
        with self.stream(method, path, **more) as answer:
            answer.read()
            return answer

    @contextmanager
    def stream(self, method: str, path: str, **more: Any) -> Iterator[httpx.Response]:
        """The same, read by the caller piece by piece; an error of the call is read already."""
        import httpx

        try:
            with self._client().stream(method, f"{self.base}/{path}", **self._with_token(more)) as answer:
                if answer.is_error:
                    answer.read()
                self._check(answer, f"{method} {path}")
                yield answer
        except httpx.HTTPError as error:
            raise HarnessUnavailable(self._name, f"{type(error).__name__}: {error}") from error

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
        if answer.is_redirect or "text/html" in answer.headers.get("Content-Type", ""):
            raise HarnessUnavailable(self._name, f"{call}: a page answered, not the API")
