"""Port suites run against real servers."""

from __future__ import annotations

from airflow_provider_harness.testing.fixtures import bigquery, database, events_api, postgres
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
