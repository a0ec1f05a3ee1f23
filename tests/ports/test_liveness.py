"""``doctor --liveness``: one line and an exit status for whoever asks from outside of Airflow."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from airflow_provider_harness.adapters.store.incidents import SqlIncidentStore, open_engine
from airflow_provider_harness.core.incidents.events import EventKind
from tests.events import event_of
from tests.ports.test_cli import Run, cli, home
from tests.unit.app.fakes import failure

__all__ = ["cli", "home"]

WELL = {"metadatabase": {"status": "healthy"}, "scheduler": {"status": "healthy"}, "triggerer": {"status": None}}


@pytest.fixture(scope="module")
def store(cli: Run, home: Path) -> SqlIncidentStore:
    assert cli("harness", "db", "upgrade").returncode == 0
    assert cli("harness", "audit", "verify").returncode == 0
    return SqlIncidentStore(open_engine(f"sqlite:///{home}/harness.db"), (home / "harness_audit.key").read_bytes())


def lives(cli: Run, server: HTTPServer, parts: dict[str, Any], *words: str, port: int = 0) -> Any:
    server.clear()
    server.expect_request("/api/v2/monitor/health").respond_with_json(parts)
    account = {"conn_type": "http", "host": "localhost", "port": port or server.port, "login": "h", "password": "p"}
    return cli("harness", "doctor", "--liveness", *words, AIRFLOW_CONN_HARNESS_AIRFLOW=json.dumps(account))


def seen(store: SqlIncidentStore, ago: timedelta = timedelta(0)) -> None:
    at = datetime.now(UTC) - ago
    store.note_pass(at)
    store.set_value("watch_looked_at", at.isoformat())


def test_alive_is_one_line_and_zero(cli: Run, store: SqlIncidentStore, httpserver: HTTPServer) -> None:
    seen(store)
    done = lives(cli, httpserver, WELL)
    assert (done.returncode, done.stdout) == (0, "alive: The harness captures failures and works on incidents.\n"), done
    done = lives(cli, httpserver, WELL, "--output", "json")
    assert json.loads(done.stdout)[0]["alive"] is True


def test_a_scheduler_that_does_not_beat_is_found(cli: Run, store: SqlIncidentStore, httpserver: HTTPServer) -> None:
    seen(store)
    done = lives(cli, httpserver, WELL | {"scheduler": {"status": "unhealthy"}})
    assert (done.returncode, done.stdout) == (1, "not alive: Airflow's scheduler is unhealthy.\n")


def test_an_airflow_that_does_not_answer_is_found(cli: Run, store: SqlIncidentStore, httpserver: HTTPServer) -> None:
    seen(store)
    done = lives(cli, httpserver, WELL, port=1)
    assert (done.returncode, "not alive: Airflow's API at" in done.stdout) == (1, True), done.stdout
    assert len(done.stdout.splitlines()) == 1


def test_a_silent_reconciler_and_an_act_without_an_answer_are_found(
    cli: Run, store: SqlIncidentStore, httpserver: HTTPServer
) -> None:
    seen(store, timedelta(minutes=30))
    at = datetime.now(UTC) - timedelta(minutes=20)
    store.record(replace(failure(), occurred_at=at), "01K9ZJ4Q6T3M8V5W7X2Y0N1P4R")
    store.intake(at, store.waiting())
    bodies = {
        EventKind.CLAIMED: {"run": "heal__1"},
        EventKind.DIAGNOSED: {
            "category": "timeout",
            "cause": "c",
            "certainty": "sure",
            "basis": "fact",
            "why": "",
            "alternatives": [],
            "citations": [],
        },
        EventKind.JUDGED: {"verdict": "approve", "rule": "r", "reason": "w", "policy_version": 1, "acting": True},
        EventKind.ACT_STARTED: {"act": "a"},
    }
    for kind, body in bodies.items():
        store.append(event_of(incident_id="01K9ZJ4Q6T3M8V5W7X2Y0N1P4R", kind=kind, at=at, body=body))
    done = lives(cli, httpserver, WELL)
    assert done.returncode == 1
    for said in (
        "The reconciler's last pass ended 30 min ago.",
        "last looked 30 min ago",
        "No answer in time: the act",
    ):
        assert said in done.stdout
    shown = cli("harness", "incidents", "show", "01K9ZJ4Q6T")
    assert "No answer in time: the act has begun" in shown.stdout
