"""The warehouses that the conformance suite runs on: where rows are published, and how a test looks at them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import psycopg

from airflow_provider_harness.adapters.bigquery.subject import BigQueryRows
from airflow_provider_harness.adapters.bigquery.warehouse import BigQueryWarehouse
from airflow_provider_harness.adapters.postgres.subject import PostgresRows
from airflow_provider_harness.adapters.postgres.warehouse import PostgresWarehouse
from airflow_provider_harness.app.ports.rows import RowsUnderTest, Warehouse
from airflow_provider_harness.testing.bigquery import BigQueryServer

Rows = list[tuple[Any, ...]]


class Target(Protocol):
    """One place to publish in, with its own names for the same things.

    :param home: schema or dataset.
    """

    @property
    def home(self) -> str: ...
    def warehouse(self) -> Warehouse: ...
    def rows(self, sql: str = "") -> RowsUnderTest: ...
    def run(self, sql: str) -> Rows: ...
    def exists(self, table: str) -> bool: ...
    def leftovers(self) -> list[str]: ...
    def set_aside(self) -> list[tuple[str, str]]: ...
    def added(self, name: str, kind: str) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresTarget:
    """A database of its own on the real PostgreSQL."""

    dsn: str
    home: str = "public"

    def warehouse(self) -> PostgresWarehouse:
        return PostgresWarehouse(self.dsn)

    def rows(self, sql: str = "") -> PostgresRows:
        return PostgresRows(self.dsn, sql=sql)

    def run(self, sql: str) -> Rows:
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            cursor = connection.execute(sql.encode())
            return cursor.fetchall() if cursor.description else []

    def exists(self, table: str) -> bool:
        return self.run(f"SELECT to_regclass('{self.home}.{table}') IS NOT NULL") == [(True,)]

    def leftovers(self) -> list[str]:
        return [name for (name,) in self.run("SELECT relname FROM pg_class WHERE relname LIKE '%__stg_%'")]

    def set_aside(self) -> list[tuple[str, str]]:
        return self.run(f'SELECT "row"->>\'id\', "check" FROM {self.home}.orders__quarantine ORDER BY 1')

    def added(self, name: str, kind: str) -> str:
        return f"ALTER TABLE {self.home}.orders ADD COLUMN {name} {kind};"


@dataclass(frozen=True, slots=True, kw_only=True)
class BigQueryTarget:
    """A dataset of its own on the BigQuery stand-in, spoken to by the real client."""

    server: BigQueryServer
    home: str

    def warehouse(self) -> BigQueryWarehouse:
        return BigQueryWarehouse(self.server.client())

    def rows(self, sql: str = "") -> BigQueryRows:
        return BigQueryRows(self.server.client(), sql=sql)

    def run(self, sql: str) -> Rows:
        client = self.server.client()
        try:
            return [tuple(row) for row in client.query(sql).result()]
        finally:
            client.close()

    def exists(self, table: str) -> bool:
        return table in self._tables()

    def leftovers(self) -> list[str]:
        return [name for name in self._tables() if "__stg_" in name]

    def set_aside(self) -> list[tuple[str, str]]:
        found = self.run(f"SELECT JSON_VALUE(`row`, '$.id'), `check` FROM `{self.home}.orders__quarantine` ORDER BY 1")
        return [(str(row), str(check)) for row, check in found]

    def added(self, name: str, kind: str) -> str:
        spelled = {"text": "STRING", "numeric(12,2)": "NUMERIC(12, 2)"}[kind]
        return f"ALTER TABLE {self.home}.orders ADD COLUMN {name} {spelled};"

    def _tables(self) -> list[str]:
        client = self.server.client()
        try:
            return [str(table.table_id) for table in client.list_tables(self.home)]
        finally:
            client.close()
