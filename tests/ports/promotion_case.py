"""A table as a source delivered it, a sandbox whose role can do no more, and a task that promotes it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_harness.testing.postgres import PostgresServer

CONTRACT = """
apiVersion: v3.1.0
kind: DataContract
id: orders
version: 1.0.0
status: active
description: {purpose: What was ordered., limitations: Orders of the shop only., usage: To count orders.}
team: {name: shop, members: [{username: ann, role: owner}]}
support: [{channel: '#shop', tool: slack}]
roles: [{role: analyst, access: read}]
slaProperties: [{property: freshness, value: 100, unit: y, element: orders}]
customProperties:
  - {property: harness.load, value: {mode: full}}
  - {property: harness.malformedRows, value: {policy: reject}}
  - {property: harness.readiness, value: bronze}
schema:
  - name: orders
    physicalName: bronze.orders
    dataGranularityDescription: One order.
    quality:
      - {metric: rowCount, mustBeGreaterThan: 10}
    properties:
      - {name: id, logicalType: string, physicalType: text, primaryKey: true, description: The order., classification: public}
      - name: amount
        logicalType: string
        physicalType: text
        description: In euros.
        classification: public
        quality: [{metric: nullValues, unit: percent, mustBeLessThan: 50, severity: warning}]
      - {name: margin, logicalType: integer, physicalType: integer, description: Ours., classification: confidential}
      - name: status
        logicalType: string
        physicalType: text
        description: Where it stands.
        classification: public
        enum: [{value: open}, {value: paid}]
      - {name: code, logicalType: string, physicalType: text, description: Of the shop., classification: public}
      - name: email
        logicalType: string
        physicalType: text
        description: Whose it is.
        classification: restricted
        customProperties: [{property: harness.personalData, value: keep}]
"""

ROWS = """
CREATE SCHEMA bronze; CREATE SCHEMA promotion; CREATE SCHEMA other;
CREATE TABLE bronze.orders (id text, amount text, margin int, status text, code text, email text);
INSERT INTO bronze.orders SELECT n::text, CASE WHEN n % 10 = 0 THEN 'n/a' ELSE ' ' || n || '.50' END, 70000 + n,
  CASE WHEN n % 2 = 0 THEN ' open' ELSE 'paid' END, lpad((n % 7)::text, 3, '0'), 'p' || n || '@example.org'
FROM generate_series(1, 60) AS n;
INSERT INTO bronze.orders SELECT * FROM bronze.orders WHERE id IN ('3', '4');
CREATE TABLE other.secret (word text); INSERT INTO other.secret VALUES ('hidden');
"""


@dataclass(frozen=True)
class Promotion:
    """One task, ready to run.

    :param role: of the sandbox.
    """

    server: PostgresServer
    database: str
    role: str
    folder: Path

    def sql(self, text: str) -> list[Any]:
        """What the owner of the database sees or does."""
        with self.server.connect(self.database) as connection:
            found = connection.execute(text.encode())
            return found.fetchall() if found.description else []

    def operator(self, **given: Any) -> Any:
        from airflow_provider_harness.operators import PromoteTableOperator

        terms = {
            "task_id": "promote",
            "contract": str(self.folder / "orders.odcs.yaml"),
            "conn_id": "sandbox",
            "table": "bronze.orders",
            "target": "silver.orders",
            "level": "silver",
            "folder": str(self.folder / "promotions"),
        }
        return PromoteTableOperator(**(terms | given))

    def run(self, **given: Any) -> dict[str, Any]:
        ti = SimpleNamespace(dag_id="d", run_id="run 1", task_id="promote", map_index=-1, try_number=1)
        told: dict[str, Any] = self.operator(**given).execute({"ti": ti})
        return told

    def built(self) -> list[str]:
        """Tables in the sandbox."""
        found = self.sql("SELECT table_name FROM information_schema.tables WHERE table_schema = 'promotion' ORDER BY 1")
        return [name for (name,) in found]


def standards(told: dict[str, Any]) -> dict[str, Any]:
    """Its id -> the grade, as the file tells it."""
    found = json.loads((Path(told["files"]) / "promotion.json").read_text())
    return {one["id"]: one for one in found["standards"]}


def unmet(told: dict[str, Any]) -> set[str]:
    return {name for name, one in standards(told).items() if not one["met"]}


@pytest.fixture(scope="module")
def warehouse(postgres: PostgresServer) -> Iterator[tuple[str, str]]:
    """A database with the table, and the role."""
    import uuid

    name = f"promote_{uuid.uuid4().hex[:10]}"
    postgres.ensure_database(name)
    with postgres.connect(name) as connection:
        connection.execute(ROWS.encode())
        connection.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'sandbox'".encode())
        connection.execute(
            f"GRANT USAGE, CREATE ON SCHEMA promotion TO {name}; GRANT USAGE ON SCHEMA bronze TO {name}".encode()
        )
        connection.execute(f"GRANT SELECT ON bronze.orders TO {name}".encode())
    yield name, name
    with postgres.connect(name) as connection:
        connection.execute(f"DROP OWNED BY {name}; DROP ROLE {name}".encode())
    postgres.drop_database(name)


@pytest.fixture
def promotion(
    postgres: PostgresServer, warehouse: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Promotion:
    from urllib.parse import quote

    database, role = warehouse
    (tmp_path / "orders.odcs.yaml").write_text(CONTRACT)
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    uri = f"postgres://{quote(role)}:sandbox@{postgres.host}:{postgres.port}/{database}"
    monkeypatch.setenv("AIRFLOW_CONN_SANDBOX", uri)
    return Promotion(server=postgres, database=database, role=role, folder=tmp_path)
