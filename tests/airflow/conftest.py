"""One real Airflow for all tests in this folder, with the project's Dags, real databases and the paging stand-in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from airflow_provider_harness.testing.events_api import EventsApiStandIn
from airflow_provider_harness.testing.fixtures import events_api, postgres
from airflow_provider_harness.testing.postgres import PostgresServer
from airflow_provider_harness.testing.stack import AirflowStack

__all__ = ["events_api", "postgres"]

ROOT = Path(__file__).resolve().parents[2]
DATABASES = {"flights_source": "flights_source", "warehouse": "warehouse", "harness_store": "harness"}
"""Connection id -> its database."""

HEARTBEAT_TIMEOUT = 25
"""Seconds; Airflow's default of 300 would make a lost worker take five minutes to be seen."""


@pytest.fixture(scope="session")
def dags_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Dags that the stack runs: a test may put more files there, and Airflow sees them within seconds."""
    folder = tmp_path_factory.mktemp("dags")
    for path in (ROOT / "dags").iterdir():
        (folder / path.name).symlink_to(path)
    return folder


@pytest.fixture(scope="session")
def stack(
    postgres: PostgresServer,
    events_api: EventsApiStandIn,
    dags_folder: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[AirflowStack]:
    """A running Airflow. Its connections have the names of the demo's; the databases behind them are empty."""
    for name in ("airflow", *DATABASES.values()):
        postgres.ensure_database(name)
    paging = {"conn_type": "pagerduty_events", "password": "0" * 32, "extra": {"base_url": events_api.url}}
    airflow = AirflowStack(
        tmp_path_factory.mktemp("airflow"),
        postgres.url("airflow", driver="psycopg2"),
        dags_folder,
        connections={name: postgres.airflow_connection(database) for name, database in DATABASES.items()},
        env={"PYTHONPATH": str(ROOT), "SSL_CERT_FILE": str(events_api.ca_bundle)},
        heartbeat_timeout=HEARTBEAT_TIMEOUT,
    )
    airflow.add_connections(
        {"harness_airflow": airflow.airflow_connection("harness"), "pagerduty_events_default": json.dumps(paging)}
    )
    with airflow:
        yield airflow
