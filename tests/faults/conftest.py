"""Servers that fail as they are told, and a store for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from airflow_provider_harness.testing.fixtures import bigquery, database, events_api, postgres
from tests.faults.airflow import Airflow
from tests.faults.proxy import FaultProxy
from tests.ports.operators_case import case, dag
from tests.ports.stores_case import store_database, store_file, store_url

__all__ = [
    "bigquery",
    "case",
    "dag",
    "database",
    "events_api",
    "postgres",
    "store_database",
    "store_file",
    "store_url",
]


@pytest.fixture(scope="module")
def served() -> Iterator[Airflow]:
    """Airflow's API, as far as a round of the healer asks it; emptied by ``reset``."""
    with Airflow() as server:
        yield server


@pytest.fixture
def airflow(served: Airflow) -> Airflow:
    """The same with one task that failed."""
    served.reset()
    return served


@pytest.fixture(scope="module")
def before_airflow(served: Airflow) -> Iterator[FaultProxy]:
    """The way to Airflow's API."""
    with FaultProxy(served.port) as proxy:
        yield proxy
