"""Real servers as pytest fixtures, each started once for a whole test session."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from airflow_provider_harness.testing.bigquery import BigQueryServer, EmulatedBigQuery
from airflow_provider_harness.testing.events_api import EventsApiStandIn
from airflow_provider_harness.testing.postgres import EmbeddedPostgres, PostgresServer


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """A real PostgreSQL, without databases of its own yet."""
    with EmbeddedPostgres(tmp_path_factory.mktemp("postgres")) as embedded:
        yield embedded.server


@pytest.fixture
def database(postgres: PostgresServer) -> Iterator[str]:
    """The name of an empty database that only this test has."""
    name = f"test_{uuid.uuid4().hex}"
    postgres.ensure_database(name)
    yield name
    postgres.drop_database(name)


@pytest.fixture(scope="session")
def bigquery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BigQueryServer]:
    """A stand-in for BigQuery, without datasets of its own yet."""
    with EmulatedBigQuery(tmp_path_factory.mktemp("bigquery")) as emulated:
        yield emulated.server


@pytest.fixture(scope="session")
def events_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EventsApiStandIn]:
    """A stand-in for the PagerDuty Events API v2."""
    with EventsApiStandIn(tmp_path_factory.mktemp("events_api")) as stand_in:
        yield stand_in
