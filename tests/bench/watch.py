"""The watch of one new slice, of a large table and of a small one: it reads the slice alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.bench.place import Place, Timed

SLICE = 100_000
"""Rows of a day, whatever the table has."""
FILL = """
CREATE UNLOGGED TABLE {name} AS
SELECT n AS id, date '2020-01-01' + (n / {slice})::int AS day, ((n * 7919) % 10007) / 7.0::float8 AS amount,
       (ARRAY['DE', 'FR', 'IT', NULL])[1 + n % 4] AS country FROM generate_series(0, {rows}::bigint - 1) AS n;
CREATE INDEX ON {name} USING brin (day) WITH (pages_per_range = 32);
VACUUM (ANALYZE) {name}
"""
CONTRACT = """
apiVersion: v3.1.0
kind: DataContract
id: watched
version: 1.0.0
status: active
customProperties:
  - {property: harness.watch, value: {connection: w, column: day, key: [id], maxRows: 1000000000}}
schema:
  - name: watched
    physicalName: NAME
    properties:
      - {name: id, logicalType: integer, physicalType: bigint}
      - {name: day, logicalType: date}
      - {name: amount, logicalType: number, physicalType: double precision}
      - {name: country, logicalType: string}
"""


def _newest(place: Place) -> tuple[Any, Any]:
    """A contract and the newest slice of a table of as many rows, which is made where it is not there."""
    from datetime import date, timedelta

    from airflow_provider_harness.adapters.contracts.odcs import compile_text
    from airflow_provider_harness.app.watch.look import sliced
    from airflow_provider_harness.core.slices.slices import slice_of_day

    rows = max(place.rows // SLICE, 1) * SLICE
    name = f"public.watched_{rows}"
    if place.execute(f"SELECT to_regclass('{name}') IS NULL") == [(True,)]:
        for statement in FILL.format(name=name, slice=SLICE, rows=rows).split(";\n"):
            place.execute(statement)
    contract = sliced(compile_text(CONTRACT.replace("NAME", name), "watched.odcs.yaml"))
    return contract, slice_of_day(contract, date(2020, 1, 1) + timedelta(days=rows // SLICE - 1))


def looked(place: Place) -> Timed:
    """Measure the newest slice."""
    from airflow_provider_harness.adapters.postgres.watch import PostgresWatch

    contract, piece = _newest(place)
    watch = PostgresWatch(place.dsn, "bench")
    return lambda: watch.profile(contract, piece).rows


def planned(place: Place) -> Callable[[], int]:
    """The rows that PostgreSQL's plan reads for the newest slice."""
    import psycopg

    from airflow_provider_harness.adapters.postgres import watch
    from airflow_provider_harness.adapters.sql import watch as sql

    contract, piece = _newest(place)
    connection = psycopg.connect(place.dsn, autocommit=True)
    return lambda: watch.planned(connection, sql.profile(contract, piece))
