"""What the harness's own account can do in Airflow, found out by calls that change nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from airflow_provider_harness.adapters.airflow.http import AirflowHttp, fields, filled, subject
from airflow_provider_harness.core.errors import NotAllowed


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
    Probe(what="read the log of events (audit logs)", method="GET", path="eventLogs?limit=1", needed=True),
    Probe(what="read connections", method="GET", path="connections", needed=False),
    Probe(what="read variables", method="GET", path="variables", needed=False),
)


class AccountProbe:
    """The harness's account at work for ``doctor``.

    :param base_url: of the api-server.
    :param login: user name; empty = ``password`` is a token.
    """

    def __init__(self, base_url: str, login: str, password: str) -> None:
        self._login, self._password = login, password
        self._http = AirflowHttp(base_url, token="" if login else password)

    def log_in(self) -> None:
        """Get a token.

        :raises NotAllowed: Airflow does not know this login and password.
        """
        if not self._http.token:
            self._http.log_in(self._login, self._password)

    def user_id(self) -> str:
        """By which id Airflow records what the account does, and approvers are named; the login where the token has none."""
        self.log_in()
        return subject(self._http.token) or self._login

    def get(self, path: str, **query: str) -> Any:
        """What Airflow says, or None where it knows nothing of that name.

        :raises NotAllowed: the account may not read it.
        """
        self.log_in()
        answer = self._http.send("GET", f"api/v2/{path}", params=query)
        if answer.status_code == 404:
            return None
        if answer.is_error:
            raise NotAllowed(f"Airflow refused GET {path}: {answer.status_code} {answer.text[:200]}")
        return fields(answer)

    def may(self, probe: Probe, dag_id: str) -> bool:
        """Whether the account is let through."""
        self.log_in()
        url = f"api/v2/{filled(probe.path, {'dag': dag_id})}"
        body = {name: dag_id if value == "{dag}" else value for name, value in (probe.body or {}).items()} or None
        return self._http.send(probe.method, url, json=body).status_code != 403

    def health(self) -> Mapping[str, str]:
        """Part of Airflow -> what it says of itself; a part that it does not know is left out. Needs no login."""
        answer = self._http.send("GET", "api/v2/monitor/health")
        if answer.is_error:
            raise NotAllowed(f"Airflow refused GET monitor/health: {answer.status_code} {answer.text[:200]}")
        found = {name: part.get("status") for name, part in fields(answer).items() if isinstance(part, dict)}
        return {name: str(status) for name, status in found.items() if status}

    def ahead(self) -> timedelta:
        """How far Airflow's clock is ahead of ours; its answers say whole seconds."""
        began = datetime.now(UTC)
        answer = self._http.send("GET", "api/v2/version")
        ours = began + (datetime.now(UTC) - began) / 2
        return parsedate_to_datetime(answer.headers["Date"]) + timedelta(seconds=0.5) - ours
