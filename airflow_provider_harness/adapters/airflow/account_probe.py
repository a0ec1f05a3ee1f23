"""What the harness's own account can do in Airflow, found out by calls that change nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from airflow_provider_harness.core.errors import HarnessUnavailable, NotAllowed

if TYPE_CHECKING:
    import httpx


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A call of which only the permission counts: it is incomplete or a rehearsal, so that Airflow does nothing.

    :param what: what an account can do that is let through.
    :param needed: whether the harness needs it; otherwise it must be denied.
    """

    what: str
    method: str
    path: str
    needed: bool
    body: Mapping[str, Any] | None = None


#: Every call of the probe is a row of this table. A body that lacks what the call needs is refused after the permission
#: was checked.
PROBES: Sequence[Probe] = (
    Probe(what="clear tasks", method="POST", path="dags/{dag}/clearTaskInstances", needed=True, body={"dry_run": 0.5}),
    Probe(what="start runs", method="POST", path="dags/{dag}/dagRuns", needed=True, body={"logical_date": "never"}),
    Probe(what="pause Dags", method="PATCH", path="dags/{dag}", needed=True, body={"is_paused": "never"}),
    Probe(what="create backfills", method="POST", path="backfills/dry_run", needed=True, body={"dag_id": "{dag}"}),
    Probe(what="read connections", method="GET", path="connections", needed=False),
    Probe(what="read variables", method="GET", path="variables", needed=False),
)


class AccountProbe:
    """The harness's account at work for ``doctor``.

    :param base_url: of the api-server.
    :param login: user name; empty = ``password`` is a token.
    """

    def __init__(self, base_url: str, login: str, password: str) -> None:
        self._base, self._login, self._password = base_url.rstrip("/"), login, password
        self._token = "" if login else password
        self._http: httpx.Client | None = None

    def log_in(self) -> None:
        """Get a token.

        :raises NotAllowed: Airflow does not know this login and password.
        """
        if self._token:
            return
        credentials = {"username": self._login, "password": self._password}
        answer = self._send("POST", "auth/token", json=credentials)
        if answer.is_error:
            raise NotAllowed(f"Airflow does not let {self._login} log in: {answer.status_code} {answer.text[:200]}")
        self._token = answer.json()["access_token"]

    def get(self, path: str, **query: str) -> Any:
        """What Airflow says, or None where it knows nothing of that name.

        :raises NotAllowed: the account may not read it.
        """
        answer = self._send("GET", f"api/v2/{path}", params=query, headers=self._headers())
        if answer.status_code == 404:
            return None
        if answer.is_error:
            raise NotAllowed(f"Airflow refused GET {path}: {answer.status_code} {answer.text[:200]}")
        return answer.json()

    def may(self, probe: Probe, dag_id: str) -> bool:
        """Whether the account is let through."""
        url = f"api/v2/{probe.path.format(dag=quote(dag_id, safe=''))}"
        body = {name: dag_id if value == "{dag}" else value for name, value in (probe.body or {}).items()} or None
        return self._send(probe.method, url, json=body, headers=self._headers()).status_code != 403

    def health(self) -> Mapping[str, str]:
        """Part of Airflow -> what it says of itself; a part that it does not know is left out. Needs no login."""
        answer = self._send("GET", "api/v2/monitor/health")
        if answer.is_error:
            raise NotAllowed(f"Airflow refused GET monitor/health: {answer.status_code} {answer.text[:200]}")
        found = {name: part.get("status") for name, part in answer.json().items() if isinstance(part, dict)}
        return {name: str(status) for name, status in found.items() if status}

    def ahead(self) -> timedelta:
        """How far Airflow's clock is ahead of ours; its answers say whole seconds."""
        began = datetime.now(UTC)
        answer = self._send("GET", "api/v2/version")
        ours = began + (datetime.now(UTC) - began) / 2
        return parsedate_to_datetime(answer.headers["Date"]) + timedelta(seconds=0.5) - ours

    def _headers(self) -> dict[str, str]:
        self.log_in()
        return {"Authorization": f"Bearer {self._token}"}

    def _send(self, method: str, path: str, **more: Any) -> httpx.Response:
        import httpx

        self._http = self._http or httpx.Client(timeout=30)
        try:
            answer = self._http.request(method, f"{self._base}/{path}", **more)
        except httpx.HTTPError as error:
            raise HarnessUnavailable(f"Airflow's API at {self._base}", f"{type(error).__name__}: {error}") from error
        if answer.status_code >= 500 or "text/html" in answer.headers.get("Content-Type", ""):
            raise HarnessUnavailable(f"Airflow's API at {self._base}", f"{method} {path}: {answer.status_code}")
        return answer
