"""A small source and warehouse for the tests of moving rows: 900 orders in three New York days."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import psycopg

from airflow_provider_harness.adapters.arrow.parquet_stage import ParquetStage
from airflow_provider_harness.adapters.contracts.odcs import compile_text
from airflow_provider_harness.adapters.duckdb.in_flight import ArrowChecks
from airflow_provider_harness.adapters.postgres.source import PostgresSource
from airflow_provider_harness.adapters.sql.checks import ident
from airflow_provider_harness.app.ports.rows import Manifest, Progress, Published
from airflow_provider_harness.app.rows import move
from airflow_provider_harness.app.rows.gate import Gate
from airflow_provider_harness.core.contracts.contract import Contract
from airflow_provider_harness.core.contracts.report import Report
from airflow_provider_harness.core.slices.gate_run import GateSite, Place
from airflow_provider_harness.core.slices.slices import Slice, slice_of_day, staging_table
from airflow_provider_harness.testing.postgres import PostgresServer
from tests.ports.targets import PostgresTarget, Target

CONTRACT = """
apiVersion: v3.1.0
kind: DataContract
id: orders
version: 1.0.0
status: active
customProperties:
  - property: harness.load
    value: {mode: incremental, sliceColumn: placed_at, timeZone: America/New_York}
  - property: harness.malformedRows
    value: {policy: quarantine, maxRows: 10, maxPercent: 2}
schema:
  - name: orders
    physicalName: public.orders
    quality:
      - {metric: rowCount, mustBeGreaterThan: 0}
    properties:
      - {name: id, logicalType: integer, physicalType: bigint, primaryKey: true, classification: public}
      - {name: placed_at, logicalType: timestamp, physicalType: timestamptz, required: true}
      - name: amount
        logicalType: number
        physicalType: numeric(12,2)
        classification: public
        logicalTypeOptions: {minimum: 0, maximum: 1000}
      - name: status
        logicalType: string
        physicalType: text
        classification: public
        enum: [{value: open}, {value: paid}]
      - name: customer
        logicalType: string
        physicalType: text
        required: true
        relationships: [{to: customers.name}]
      - {name: note, logicalType: object, physicalType: jsonb}
"""

ORDERS = """
CREATE TABLE public.orders (id bigint, placed_at timestamptz, amount numeric(12,2), status text, customer text, note jsonb);
INSERT INTO public.orders
SELECT n, timestamptz '2013-03-09 05:00+00' + n * interval '4 min 46 s', n % 1000 + 0.25,
       CASE WHEN n % 2 = 0 THEN 'open' ELSE 'paid' END, 'c' || n % 5, jsonb_build_object('n', n)
FROM generate_series(0, 899) AS n;
"""

CUSTOMERS = (
    "CREATE TABLE public.customers AS SELECT 'c0' AS name UNION ALL SELECT 'c1' UNION ALL SELECT 'c2' "
    "UNION ALL SELECT 'c3' UNION ALL SELECT 'c4'"
)

DAYS = (date(2013, 3, 9), date(2013, 3, 10), date(2013, 3, 11))
"""The second is 23 hours long: daylight saving begins."""


def quiet(stage: str, rows: int) -> None:
    """Progress that nobody reads."""


def unheard(rows: int | None) -> Progress:
    """The same, of a query that is expected to give so many rows."""
    return quiet


class NoHistory:
    """The history of a table that no gate has judged before."""

    def points(self, contract: Contract, piece: Slice, post: GateSite) -> dict[str, Any]:
        return {}

    def keep(self, run: Any) -> None:
        """Nothing is kept."""


def gate_of(contract: Contract, piece: Slice, place: Place = Place.STAGING) -> Gate:
    """A gate without a history."""
    return Gate(contract, piece, GateSite(place=place), NoHistory())


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A source, a warehouse and a place for staged files."""

    source: str
    target: Target
    folder: Path
    contract: Contract

    @property
    def warehouse(self) -> str:
        """The warehouse's address, where that is a PostgreSQL."""
        assert isinstance(self.target, PostgresTarget)
        return self.target.dsn

    def piece(self, day: int = 0) -> Slice:
        return slice_of_day(self.contract, DAYS[day])

    def stage(self, day: int = 0) -> ParquetStage:
        return ParquetStage(f"file://{self.folder}/{self.piece(day).id}")

    def staged(self) -> list[str]:
        return sorted(path.name for path in self.folder.rglob("*") if path.is_file())

    def extract(self, day: int = 0, *, sql: str = "") -> tuple[Manifest, Report]:
        piece = self.piece(day)
        with PostgresSource(self.source, table="public.orders", sql=sql) as source:
            gauge = ArrowChecks(self.contract, piece)
            gate = gate_of(self.contract, piece, Place.SOURCE)
            manifest, report, _ = move.extract(self.contract, piece, source, self.stage(day), gauge, quiet, gate=gate)
        return manifest, report

    def load(self, day: int = 0) -> tuple[Published, Report]:
        warehouse = self.target.warehouse()
        piece = self.piece(day)
        gate = gate_of(self.contract, piece)
        gauge = ArrowChecks(self.contract, piece if self.contract.load.slice_column else None)
        return move.load(self.contract, piece, self.stage(day), warehouse, "dag/run", quiet, gate=gate, gauge=gauge)

    def move(self, day: int = 0) -> Published:
        self.extract(day)
        return self.load(day)[0]

    def at_source(self, sql: str) -> list[tuple[Any, ...]]:
        return _run(self.source, sql)

    def at_warehouse(self, sql: str) -> list[tuple[Any, ...]]:
        return self.target.run(sql)

    def rows(self, day: int = 0) -> list[tuple[Any, ...]]:
        """The source's rows of a day."""
        return self.at_source(f"SELECT * FROM public.orders WHERE {self.during(day)} ORDER BY id")

    def published(self) -> list[tuple[Any, ...]]:
        return self.at_warehouse(f"SELECT * FROM {self.contract.table} ORDER BY id")

    def during(self, day: int) -> str:
        return f"placed_at >= '{self.piece(day).start}' AND placed_at < '{self.piece(day).end}'"

    def with_contract(self, **changes: Any) -> Case:
        return replace(self, contract=replace(self.contract, **changes))


def make(server: PostgresServer, name: str, folder: Path, target: Target | None = None) -> Case:
    """Create both databases and fill the source.

    :param target: where to publish; None for a second database.
    """
    for database in (f"{name}_s", f"{name}_w"):
        server.ensure_database(database)
    target = target or PostgresTarget(dsn=server.url(f"{name}_w"))
    case = Case(
        source=server.url(f"{name}_s"),
        target=target,
        folder=folder,
        contract=compile_text(CONTRACT.replace("public.", f"{target.home}."), "orders.odcs.yaml"),
    )
    case.at_source(ORDERS)
    case.at_warehouse(CUSTOMERS.replace("public.", f"{target.home}."))
    return case


def drop(server: PostgresServer, name: str) -> None:
    for database in (f"{name}_s", f"{name}_w"):
        server.drop_database(database)


def _run(dsn: str, sql: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(dsn, autocommit=True) as connection:
        cursor = connection.execute(sql.encode())
        return cursor.fetchall() if cursor.description else []


def left_by_a_kill(case: Case) -> None:
    """What a run leaves that is killed while it fills its staging table."""
    case.target.run(f"CREATE TABLE {ident(staging_table(case.contract.table, case.piece().id))} (id bigint)")
    assert case.target.leftovers()
