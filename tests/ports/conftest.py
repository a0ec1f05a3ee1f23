"""Port suites run against real servers."""

from __future__ import annotations

from airflow_provider_harness.testing.fixtures import bigquery, database, events_api, postgres

__all__ = ["bigquery", "database", "events_api", "postgres"]
