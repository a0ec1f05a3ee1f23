"""A real api-server below a base path, with the plugin, and a store with incidents of every kind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine

from airflow_provider_harness.adapters.store import schema as t
from airflow_provider_harness.adapters.store.incidents import SqlIncidentStore, open_engine
from airflow_provider_harness.adapters.store.migrate import upgrade
from airflow_provider_harness.adapters.store.pages.contracts import SqlContracts
from airflow_provider_harness.core.contracts.contract import Column, Contract, LogicalType, Owner
from airflow_provider_harness.core.diagnosis.failure import ErrorLink, TryKey
from airflow_provider_harness.core.incidents.events import EventKind
from airflow_provider_harness.testing.process import ServerProcess, free_port
from tests.events import event_of
from tests.unit.app.fakes import failure

ROOT = Path(__file__).resolve().parents[2]
BASE = "/team/air"
ROLES = {"ada": "user", "vic": "viewer", "root": "admin"}
KEY = b"k" * 32
NOW = datetime.now(UTC).replace(microsecond=0)
#: Key of an incident -> what happened in it, after it was opened.
REPORT = {
    "contract": "urn:flights",
    "contract_version": "1.0.0",
    "table": "public.flights",
    "slice": "20131224T000000Z",
    "where": "staging",
    "rows": 1000,
    "malformed": 0,
    "decision": "block",
    "passed": False,
    "sentence": "1 of 2 checks failed",
    "results": [
        {
            "id": "not_null:dep_delay",
            "kind": "not_null",
            "columns": ["dep_delay"],
            "severity": "error",
            "passed": False,
            "blocking": True,
            "expected": "no nulls",
            "actual": "3 nulls",
            "failing": 3,
            "share": 0.003,
            "look_at": "",
            "samples": [{"dep_delay": None, "carrier": "***"}],
            "error": "",
        },
        {"id": "rows", "kind": "row_count", "severity": "error", "passed": True, "expected": "some", "actual": "1000"},
    ],
}


def diagnosed(category: str, key: str) -> list[tuple[EventKind, dict[str, Any]]]:
    return [
        (EventKind.CLAIMED, {"run": "heal__e__1"}),
        (
            EventKind.EVIDENCE,
            {
                "facts": {"downstream_tasks": 2},
                "observations": [{"source": "run", "text": "1 failed", "trusted": True}],
                "unavailable": [],
                "context": [{"source": "log", "line": n, "text": f"line {n}"} for n in range(1, 6)],
                "for_whom": "public.flights (high) of ops, read by BI",
                "teams": ["ops"],
                "zones": {},
                "connections": {"conn_id": "warehouse"},
                "place": "",
            },
        ),
        (
            EventKind.DIAGNOSED,
            {
                "category": category,
                "cause": "It was too slow.",
                "basis": "fact",
                "certainty": "sure",
                "why": "A fact says so.",
                "citations": [{"source": "log", "line": 3, "text": "line 3"}],
                "alternatives": [],
                "failure": key,
            },
        ),
    ]


def judged(key: TryKey, verdict: str, category: str = "timeout") -> list[tuple[EventKind, dict[str, Any]]]:
    arguments = {"dag": key.dag_id, "run": key.run_id, "task": key.task_id, "try_number": "1"}
    facts = {"category": category, "basis": "fact", "certainty": "sure", "needs_person": False, "tries_by_harness": 0}
    body = {"rule": "retry-transient", "reason": "It is transient.", "policy_version": 1, "acting": True}
    return [
        (
            EventKind.PROPOSED,
            {"action": "retry_task", "arguments": arguments, "why": "w", "facts": facts, "slices": []},
        ),
        (EventKind.JUDGED, {"verdict": verdict, **body}),
    ]


@dataclass(frozen=True, kw_only=True)
class Pages:
    """The server, and the incidents of its store by the name of their Dag."""

    url: str
    home: Path
    store: SqlIncidentStore
    tokens: dict[str, str]
    incidents: dict[str, str] = field(default_factory=dict)
    client: httpx.Client

    def call(self, method: str, path: str, user: str = "ada", **more: Any) -> httpx.Response:
        """A call below ``/harness/api``; an empty user is anonymous."""
        headers = {"Authorization": f"Bearer {self.tokens[user]}"} if user else {}
        headers |= more.pop("headers", {})
        return self.client.request(method, f"{self.url}/harness/{path}", headers=headers, **more)

    def get(self, path: str, user: str = "ada", **params: Any) -> Any:
        """The JSON of a read that is answered."""
        answer = self.call("GET", f"api/{path}", user, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: Any, user: str = "ada") -> httpx.Response:
        """A write as a page of ours does it."""
        own = {"X-Requested-With": "harness", "Sec-Fetch-Site": "same-origin"}
        return self.call("POST", f"api/{path}", user, json=body, headers=own)


def seeded(store: SqlIncidentStore) -> dict[str, str]:
    """Incidents: one that asks, one that waits for a person, one that healed, and one of a Dag that few may read."""
    found: dict[str, str] = {}
    for number, dag_id in enumerate(("asks", "person", "healed", "secret_dag")):
        key = TryKey(dag_id=dag_id, run_id="manual__2026/1", task_id="load", try_number=1)
        chain = (ErrorLink(type="TimeoutError", message=f"the widget of {dag_id} took too long"),)
        one = failure(
            key=key,
            chain=chain,
            occurred_at=NOW,
            report=REPORT if dag_id == "person" else None,
            owner=f"own{number}",
        )
        writes = ("db/public.flights",) if dag_id == "secret_dag" else ()
        store.record(replace(one, slice_id="20131224T000000Z", writes=writes), f"01K9ZJ4Q6T3M8V5W7X2Y0N1P4{number}")
        [joined] = store.intake(NOW, store.waiting())
        found[dag_id] = joined.incident_id
    for dag_id, events in _stories(found).items():
        store.append(*(event_of(incident_id=found[dag_id], kind=kind, at=NOW, body=body) for kind, body in events))
    return found


def tabled(engine: Engine) -> None:
    """A table with two versions of its contract, and gates of six days, the last of which set rows aside."""
    columns = (Column(name="carrier", logical_type=LogicalType.STRING, physical_type="text", required=True),)
    first = Contract(
        id="urn:flights",
        version="1.0.0",
        name="flights",
        table="public.flights",
        columns=columns,
        owner=Owner(team="ops"),
    )
    more = (*columns, Column(name="gate", logical_type=LogicalType.STRING, physical_type="text"))
    contracts = SqlContracts(lambda: engine)
    for number, contract in enumerate((first, first, replace(first, version="1.1.0", columns=more))):
        assert contracts.keep(contract, "person", "load", NOW + timedelta(seconds=number)) is (number != 1)
    with engine.begin() as connection:
        for day in range(6):
            start, last = NOW - timedelta(days=6 - day), day == 5
            key = f"{day:064x}"
            decided = {
                "decision": "quarantine" if last else "publish",
                "malformed": 3 if last else 0,
                "rows": 100 + day,
            }
            task = {"dag_id": "person", "run_id": "r", "task_id": "load", "map_index": -1, "try_number": 1}
            named = {
                "table_name": "public.flights",
                "contract": first.id,
                "contract_version": "1.0.0",
                "conn_id": "warehouse",
            }
            at = {
                "slice": f"{start:%Y%m%dT%H%M%SZ}",
                "slice_start": t.text_of(start),
                "slice_end": t.text_of(start + timedelta(days=1)),
            }
            rest = {"key": key, "place": "staging", "milliseconds": "{}", "measured_at": t.text_of(NOW)}
            connection.execute(t.gates.insert().values(**decided, **task, **named, **at, **rest))
            found = {"kind": "row_count", "value": 100.0 + day, "passed": not last, "flagged": last, "error": ""}
            check = {"gate": key, "check_id": "rows", "severity": "error", "share": None, **found}
            connection.execute(t.gate_checks.insert().values(**check))


def _stories(ids: dict[str, str]) -> dict[str, list[tuple[EventKind, dict[str, Any]]]]:
    keys = {dag_id: TryKey(dag_id=dag_id, run_id="manual__2026/1", task_id="load", try_number=1) for dag_id in ids}
    asked = {
        "approval": "A1",
        "assigned": ["ada"],
        "expires": (NOW + timedelta(hours=1)).isoformat(),
        "url": "http://x/required_actions",
    }
    paged = {"dedup_key": "k", "severity": "high", "summary": "s", "action": "trigger", "asks": "", "reached": "sent"}
    healed = {"outcome": "healed", "text": "the gate passed", "gates": []}
    return {
        "asks": [
            *diagnosed("timeout", str(keys["asks"])),
            *judged(keys["asks"], "ask"),
            (EventKind.ASKED, asked),
            (EventKind.PAGED, paged),
        ],
        "person": [
            *diagnosed("data_quality_violation", str(keys["person"])),
            (EventKind.PAGED, paged),
            (EventKind.CLOSED, {"outcome": "escalated", "why": "a person is needed"}),
        ],
        "healed": [
            *diagnosed("timeout", str(keys["healed"])),
            *judged(keys["healed"], "approve"),
            (EventKind.ACT_STARTED, {"act": "retry_task(dag=healed)"}),
            (EventKind.ACT_ENDED, {"act": "retry_task(dag=healed)", "at": NOW.isoformat(), "result": "cleared 1"}),
            (EventKind.SETTLED, healed),
            (EventKind.CLOSED, {"outcome": "healed", "why": "the gate passed"}),
        ],
        "secret_dag": diagnosed("timeout", str(keys["secret_dag"])),
    }


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    """The server for a whole module."""
    with served(tmp_path_factory.mktemp("pages")) as found:
        yield found


@contextmanager
def served(home: Path) -> Iterator[Pages]:
    """The server with its seeded store: about 20 s, of which Airflow's own migration takes half."""
    port = free_port()
    (home / "harness_audit.key").write_bytes(KEY)
    (home / "harness_audit.key").chmod(0o600)
    engine = open_engine(f"sqlite:///{home}/harness.db")
    upgrade(engine)
    store = SqlIncidentStore(engine, KEY)
    incidents = seeded(store)
    tabled(engine)
    (home / "passwords.json").write_text(json.dumps({user: f"of {user}" for user in ROLES}))
    env = environment(home, port)
    subprocess.run(
        [sys.executable, "-m", "airflow", "db", "migrate"], env=env, cwd=home, check=True, capture_output=True
    )
    command = [sys.executable, "-m", "airflow", "api-server"]
    server = ServerProcess(
        "airflow api-server",
        command,
        env=env,
        log=home / "server.log",
        cwd=home,
        stop_signal=signal.SIGTERM,
        stop_group=True,
    )
    url = f"http://127.0.0.1:{port}{BASE}"
    with httpx.Client(timeout=30, trust_env=False) as client:
        try:
            _wait(client, f"{url}/api/v2/version", server)
            tokens = {user: _token(client, url, user) for user in ROLES}
            yield Pages(url=url, home=home, store=store, tokens=tokens, incidents=incidents, client=client)
        finally:
            server.stop()


def environment(home: Path, port: int) -> dict[str, str]:
    """What the server's process gets."""
    settings = {
        "CORE__AUTH_MANAGER": "tests.ports.pages_auth.PerDag",
        "CORE__SIMPLE_AUTH_MANAGER_USERS": ",".join(f"{user}:{role}" for user, role in ROLES.items()),
        "CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(home / "passwords.json"),
        "CORE__LOAD_EXAMPLES": "False",
        "CORE__DAGS_FOLDER": str(home),
        "DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
        "API__HOST": "127.0.0.1",
        "API__PORT": str(port),
        "API__WORKERS": "1",
        "API__BASE_URL": f"http://127.0.0.1:{port}{BASE}",
        "API_AUTH__JWT_SECRET": "s" * 64,
        "USAGE_DATA_COLLECTION__ENABLED": "False",
        "HARNESS__MODE": "act",
        "HARNESS__AUTONOMY_BAR": "heals=1 lower=0.1 days=90 valid=30",
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "_AIRFLOW", "PG"))}
    return {
        **kept,
        "AIRFLOW_HOME": str(home),
        "PYTHONPATH": str(ROOT),
        "NO_PROXY": "127.0.0.1,localhost",
        **{f"AIRFLOW__{name}": value for name, value in settings.items()},
    }


def _wait(client: httpx.Client, url: str, server: ServerProcess) -> None:
    end = time.monotonic() + 120
    while time.monotonic() < end:
        server.check()
        try:
            if client.get(url).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.3)
    raise AssertionError("the api-server does not answer")


def _token(client: httpx.Client, url: str, user: str) -> str:
    answer = client.post(f"{url}/auth/token", json={"username": user, "password": f"of {user}"})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["access_token"])
