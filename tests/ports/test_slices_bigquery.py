"""Slices loaded into BigQuery, by each type of column that can cut a table there."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from airflow_provider_harness.core.slices.slices import Run
from airflow_provider_harness.operators import BigQueryLoadOperator, PostgresExtractOperator
from airflow_provider_harness.testing.bigquery import BigQueryServer
from airflow_provider_harness.testing.postgres import PostgresServer
from tests.ports.slices_case import KINDS, contract_text, scheduled, worker_clock

BERLIN = "Europe/Berlin"
LOCAL = (
    "2026-03-28 00:00",
    "2026-03-28 23:30",
    "2026-03-29 00:30",
    "2026-03-29 23:59",
    "2026-03-30 00:00",
    "2026-03-30 12:00",
)
"""Local times in Berlin: two in each of three days, of which the second has 23 hours."""
VALUES = {
    "timestamptz": "timestamp '{}' AT TIME ZONE 'Europe/Berlin'",
    "timestamp": "timestamp '{}'",
    "date": "date '{}'",
    "epoch": "(extract(epoch FROM timestamp '{}' AT TIME ZONE 'Europe/Berlin') * 1000)::bigint",
}


@pytest.fixture
def dataset(
    postgres: PostgresServer, bigquery: BigQueryServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    name = f"slices_{uuid.uuid4().hex[:12]}"
    bigquery.ensure_dataset(name)
    postgres.ensure_database(name)
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    monkeypatch.setenv("AIRFLOW__HARNESS__STAGING_PATH", f"file://{tmp_path}/staging")
    monkeypatch.setenv("AIRFLOW_CONN_SRC", postgres.airflow_connection(name))
    monkeypatch.setenv("AIRFLOW_CONN_BQ", bigquery.airflow_connection())
    yield name
    postgres.drop_database(name)
    bigquery.drop_dataset(name)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_each_type_of_column_cuts_a_table_in_bigquery(
    postgres: PostgresServer, bigquery: BigQueryServer, dataset: str, tmp_path: Path, kind: str
) -> None:
    rows = ", ".join(f"({n}, {VALUES[kind].format(text)})" for n, text in enumerate(LOCAL, 1))
    with postgres.connect(dataset) as connection:
        connection.execute(f"ALTER DATABASE {dataset} SET timezone TO 'Asia/Tokyo'".encode())
        connection.execute(f"CREATE TABLE public.t (id bigint NOT NULL, at {KINDS[kind][1]} NOT NULL)".encode())
        connection.execute(f"INSERT INTO public.t VALUES {rows}".encode())
    here = scheduled(tmp_path, None, contract_text(kind, BERLIN, table=f"{dataset}.t"))
    client = bigquery.client()
    try:
        with worker_clock("America/New_York"):
            for n, day in enumerate((28, 29, 30, 29)):
                start = datetime(2026, 3, day, tzinfo=ZoneInfo(BERLIN))
                run = Run(
                    interval_start=start, interval_end=start.replace(day=day + 1), logical_date=start, scheduled=True
                )
                extract = PostgresExtractOperator(task_id=f"e{n}", **here.terms("src"))
                staged = here.do(extract, replace(run))
                load = BigQueryLoadOperator(task_id=f"l{n}", staged=staged, **here.terms("bq", table=f"{dataset}.t"))
                told = here.do(load, run)
                assert (told["rows"], told["before"]) == (2, 2 if n == 3 else 0)
        found = [tuple(row) for row in client.query(f"SELECT id FROM `{dataset}.t` ORDER BY id").result()]
        assert found == [(n,) for n in range(1, 7)]
    finally:
        client.close()
