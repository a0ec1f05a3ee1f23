"""One table with every type that the checks compare, a contract with every kind, and the engines that measure both."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import duckdb
import psycopg
import pyarrow as pa

from airflow_provider_harness.adapters.duckdb import measure as duck_measure
from airflow_provider_harness.adapters.duckdb.in_flight import ArrowChecks
from airflow_provider_harness.adapters.postgres import measure as pg_measure
from airflow_provider_harness.adapters.sql import checks as sql_checks
from airflow_provider_harness.adapters.sql.types import arrow_schema
from airflow_provider_harness.core.contracts.checks import Check
from airflow_provider_harness.core.contracts.contract import (
    Column,
    Contract,
    LogicalType,
    MalformedRows,
    QuarantinePolicy,
)
from airflow_provider_harness.core.contracts.report import Measurements

COLUMNS = (
    Column(name="n", logical_type=LogicalType.INTEGER, physical_type="bigint", classification="public"),
    Column(name="x", logical_type=LogicalType.NUMBER, physical_type="double precision", classification="public"),
    Column(name="d", logical_type=LogicalType.NUMBER, physical_type="numeric(12,2)", classification="public"),
    Column(name="s", logical_type=LogicalType.STRING, physical_type="text", classification="public"),
    Column(name="at", logical_type=LogicalType.TIMESTAMP, physical_type="timestamp with time zone"),
)
NAMES = tuple(column.name for column in COLUMNS)
TYPES = ", ".join(f'"{column.name}" {column.physical_type}' for column in COLUMNS)
Row = tuple[Any, ...]
NOW = datetime(2013, 1, 2, 3, 4, 5, tzinfo=UTC)
"""The moment as of which freshness is judged."""
ROWS = sql_checks.Rows(relation='"public"."t"')


def contract_of(checks: Sequence[Check]) -> Contract:
    aside = QuarantinePolicy(policy=MalformedRows.QUARANTINE, max_rows=9, max_percent=99)
    given = {"id": "t", "version": "1", "name": "t", "table": "public.t", "quarantine": aside}
    return Contract(columns=COLUMNS, checks=tuple(checks), **given)


def batch_of(rows: Sequence[Row]) -> pa.RecordBatch:
    schema = arrow_schema(contract_of(()))
    columns = [pa.array([row[n] for row in rows], type=field.type) for n, field in enumerate(schema)]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


class Engines:
    """The same rows in PostgreSQL, in DuckDB, and as batches; ``public.other`` is what they are compared with."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self.postgres = psycopg.connect(dsn, autocommit=True)
        self.duck = duckdb.connect(":memory:", config={"threads": 1})
        self.duck.execute("CREATE SCHEMA IF NOT EXISTS public")
        for table in ("t", "other"):
            self.postgres.execute(f"CREATE TABLE public.{table} ({TYPES})".encode())
            self.duck.execute(f"CREATE TABLE public.{table} ({TYPES})")
        self.rows: list[Row] = []
        self.others: list[Row] = []

    def fill(self, rows: Sequence[Row], others: Sequence[Row] = ()) -> None:
        self.rows, self.others = list(rows), list(others)
        for table, given in (("t", self.rows), ("other", self.others)):
            self.postgres.execute(f"TRUNCATE public.{table}".encode())
            self.duck.execute(f"DELETE FROM public.{table}")
            if given:
                with self.postgres.cursor() as cursor:
                    cursor.executemany(f"INSERT INTO public.{table} VALUES (%s, %s, %s, %s, %s)".encode(), given)
                self.duck.register("incoming", pa.Table.from_batches([batch_of(given)]))
                self.duck.execute(f"INSERT INTO public.{table} SELECT * FROM incoming")
                self.duck.unregister("incoming")

    def sql_postgres(self, contract: Contract, rows: sql_checks.Rows | None = None) -> Measurements:
        return pg_measure.measure(self.postgres, contract, rows or ROWS)

    def sql_duckdb(self, contract: Contract, rows: sql_checks.Rows | None = None) -> Measurements:
        return duck_measure.measure(self.duck, contract, rows or ROWS)

    def arrow(self, contract: Contract, *, size: int = 3) -> Measurements:
        references = {"public.other": pa.Table.from_batches([batch_of(self.others)])}
        gauge = ArrowChecks(contract, None, references=references, at=NOW)
        for start in range(0, len(self.rows), size):
            gauge.add(batch_of(self.rows[start : start + size]))
        return gauge.finish()

    def gx(self, contract: Contract) -> Measurements:
        """Great Expectations on the table; only what it measures exactly is given to it."""
        from airflow_provider_harness.adapters.gx import suite as gx

        return gx.measure_postgres(self.dsn, contract, ROWS)

    def close(self) -> None:
        self.postgres.close()
        self.duck.close()


NOW = datetime(2013, 1, 2, 3, 4, 5, tzinfo=UTC)
"""The moment as of which freshness is judged."""
ROWS = sql_checks.Rows(relation='"public"."t"')
