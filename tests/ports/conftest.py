"""Port suites run against real servers."""

from __future__ import annotations

from airflow_provider_harness.testing.fixtures import bigquery, database, events_api, postgres
from tests.ports.operators_case import case, dag

__all__ = ["bigquery", "case", "dag", "database", "events_api", "postgres"]
