"""The same small source, and each warehouse in turn."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from airflow_provider_harness.testing.bigquery import BigQueryServer
from airflow_provider_harness.testing.postgres import PostgresServer
from tests.ports.rows_case import Case, drop, make
from tests.ports.targets import BigQueryTarget, Target

WAREHOUSES = ("postgres", pytest.param("bigquery", marks=pytest.mark.bigquery))


@pytest.fixture(params=WAREHOUSES)
def case(
    request: pytest.FixtureRequest, postgres: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Case]:
    """A source in PostgreSQL, and a warehouse of each kind."""
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path / "airflow"))
    name = f"rows_{uuid.uuid4().hex[:12]}"
    target: Target | None = None
    if request.param == "bigquery":
        server: BigQueryServer = request.getfixturevalue("bigquery")
        server.ensure_dataset(name)
        target = BigQueryTarget(server=server, home=name)
    yield make(postgres, name, tmp_path / "staging", target)
    drop(postgres, name)
    if isinstance(target, BigQueryTarget):
        target.server.drop_dataset(name)
