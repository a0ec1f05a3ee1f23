"""The one PostgreSQL and the one Airflow on which all drills of a run stand, with the healer that is tried."""

from __future__ import annotations

import json
import os
import secrets
import shlex
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from psycopg import sql

from airflow_provider_harness.testing.events_api import EventsApiStandIn
from airflow_provider_harness.testing.postgres import EmbeddedPostgres, PostgresServer
from airflow_provider_harness.testing.stack import AirflowStack
from tests.demo.world import ROOT, say
from tests.drills.drill import Drill
from tests.drills.world import DATABASE, METADATA, STORE, World

HOME = ROOT / ".drills"
CAPTURE_ROLE = "harness_drills_capture"
HEALER_DAG = (
    "from airflow_provider_harness.dags import healer_dag\n\ndag = healer_dag()\n"  # without it nothing is ever healed
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Healer:
    """Who heals.

    :param name: as the results name it.
    :param ours: this package, acting.
    :param retries: of every task of the drills, a minute apart.
    :param mails: Airflow itself tells on-call about every task that has failed for good.
    :param command: a program that is started beside Airflow and ended with it; empty = none.
    """

    name: str
    ours: bool = False
    retries: int = 0
    mails: bool = False
    command: str = ""


HEALERS = {
    "rules": Healer(name="rules", ours=True),
    "retries": Healer(name="retries", retries=3, mails=True),
    "nobody": Healer(name="nobody"),
}


def healer(name: str) -> Healer:
    """One of HEALERS; any other name is a command line."""
    return HEALERS.get(name) or Healer(name=Path(shlex.split(name)[-1]).stem, command=name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Everything that runs."""

    healer: Healer
    postgres: PostgresServer
    stack: AirflowStack
    pages: EventsApiStandIn
    worlds: Mapping[str, World] = field(default_factory=dict)


@contextmanager
def site(drills: Sequence[Drill], who: Healer, home: Path = HOME) -> Iterator[Site]:
    """Start everything with every Dag parsed, and stop everything, whatever happens."""
    home.mkdir(exist_ok=True)
    for name in ("dags", "flags", "pages", "airflow", "staging"):
        shutil.rmtree(home / name, ignore_errors=True)
        (home / name).mkdir()
    with ExitStack() as stop:
        postgres = stop.enter_context(EmbeddedPostgres(home / "postgres")).server
        for name in (DATABASE, STORE, METADATA):
            postgres.drop_database(name)
            postgres.ensure_database(name)
        pages = stop.enter_context(EventsApiStandIn(home / "pages"))
        _forget_roles(postgres)
        worlds = {drill.name: World(drill, postgres, home / "flags", home / "dags") for drill in drills}
        for world in worlds.values():
            world.build()
            world.open()
            stop.callback(world.close)
        say(f"{len(worlds)} worlds are built")
        _write_dags(home / "dags", worlds, who)
        stack = _stack(home, postgres, pages, worlds, who)
        stop.enter_context(stack)
        for world in worlds.values():
            stack.wait_dag(world.drill.dag_id, timeout=180)
            world.api = stack.api
        if who.ours:
            stack.wait_dag("harness_healer")
        _other(home, stack, pages, who, stop)
        say(f"Airflow: ready at {stack.url}, user admin, password {stack.passwords['admin']}")
        yield Site(healer=who, postgres=postgres, stack=stack, pages=pages, worlds=worlds)


def _forget_roles(postgres: PostgresServer) -> None:
    """Roles outlive their database."""
    with postgres.connect() as connection:
        for (name,) in connection.execute("SELECT rolname FROM pg_roles WHERE rolname LIKE 'drill\\_%'").fetchall():
            connection.execute(sql.SQL("DROP OWNED BY {0}; DROP ROLE {0}").format(sql.Identifier(name)))


def _write_dags(folder: Path, worlds: Mapping[str, World], who: Healer) -> None:
    (folder / "contracts").mkdir()
    for name, world in worlds.items():
        text = world.text(world.drill.dag).replace("<retries>", str(who.retries))
        (folder / f"drill_{name}.py").write_text(text)
        if world.drill.contract:
            (folder / "contracts" / f"{name}.odcs.yaml").write_text(world.text(world.drill.contract))
    if who.ours:
        (folder / "healer.py").write_text(HEALER_DAG)


def _stack(
    home: Path, postgres: PostgresServer, pages: EventsApiStandIn, worlds: Mapping[str, World], who: Healer
) -> AirflowStack:
    password = secrets.token_urlsafe(16)
    connections = {name: text for world in worlds.values() for name, text in world.connections().items()}
    paging = {"conn_type": "pagerduty_events", "password": secrets.token_hex(16), "extra": {"base_url": pages.url}}
    stack = AirflowStack(
        home / "airflow",
        postgres.url(METADATA, driver="psycopg2"),
        home / "dags",
        connections=connections
        | {
            "harness_store": postgres.airflow_connection(STORE),
            "harness_capture": postgres.airflow_connection(STORE, user=CAPTURE_ROLE, pw=password),
            "pagerduty_events_default": json.dumps(paging),
        },
        env=_settings(home, pages, who),
        parallelism=int(os.environ.get("PARALLELISM", "6")),
        heartbeat_timeout=60,
        progress=say,
    )
    stack.add_connections({"harness_airflow": stack.airflow_connection("harness")})
    if who.ours:
        _store(postgres, stack, password)
    return stack


def _settings(home: Path, pages: EventsApiStandIn, who: Healer) -> dict[str, str]:
    """The harness as it comes, but for how often it looks, and what many unlike drills on one day would trip."""
    approvers = home / "approvers.yaml"
    approvers.write_text("data-team: [oncall]\n")
    harness = {
        "MODE": "act" if who.ours else "off",
        "STORE": "connection",
        "ENROLL": "tag:drills" if who.ours else "none",
        "RECONCILE_SECONDS": "30",
        "RECURRENCE_LIMIT": "100",
        "BREAKER_LIMIT": "100",
        "APPROVAL_MINUTES": "10",
        "VERIFY_MINUTES": "10",
        "APPROVERS_FILE": str(approvers),
        "STAGING_PATH": f"file://{home / 'staging'}",
    }
    return {f"AIRFLOW__HARNESS__{name}": value for name, value in harness.items()} | {
        "SSL_CERT_FILE": str(pages.ca_bundle),
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "600",  # dozens of files; a changed one is read at once
        "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT": "1200",
    }


def _store(postgres: PostgresServer, stack: AirflowStack, password: str) -> None:
    """The store, and the role of ordinary tasks in it."""
    with postgres.connect(STORE) as connection:
        known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [CAPTURE_ROLE]).fetchone()
        verb = sql.SQL("ALTER" if known else "CREATE")
        role, secret = sql.Identifier(CAPTURE_ROLE), sql.Literal(password)
        connection.execute(sql.SQL("{} ROLE {} LOGIN PASSWORD {}").format(verb, role, secret))
        connection.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(sql.Identifier(STORE), role))
    stack.home.mkdir(parents=True, exist_ok=True)
    stack.cli("harness", "db", "upgrade", "--tasks-role", CAPTURE_ROLE)


def _other(home: Path, stack: AirflowStack, pages: EventsApiStandIn, who: Healer, stop: ExitStack) -> None:
    """Start another healer: it is told where Airflow and on-call's inbox are, and gets the account ``harness``."""
    if not who.command:
        return
    told = {
        "DRILLS_AIRFLOW": stack.url,
        "DRILLS_USER": "harness",
        "DRILLS_PASSWORD": stack.passwords["harness"],
        "DRILLS_PAGES": pages.plain_url,
    }
    log = stop.enter_context((home / "healer.log").open("w"))
    process = subprocess.Popen(shlex.split(who.command), env={**os.environ, **told}, stdout=log, stderr=log)
    stop.callback(process.wait, 30)
    stop.callback(process.terminate)
