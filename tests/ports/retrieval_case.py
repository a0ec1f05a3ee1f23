"""Documents in a folder, an index in a real PostgreSQL, and the operator as a task runs it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from airflow.sdk import DAG

from airflow_provider_harness.core.learning.retrieval import Passage
from airflow_provider_harness.operators import IndexDocumentsOperator
from airflow_provider_harness.retrieval import search
from airflow_provider_harness.testing.embedding import HashEmbedder
from airflow_provider_harness.testing.postgres import PostgresServer
from tests.ports.operators_case import Extras, run

CONTRACT = """
apiVersion: v3.1.0
kind: DataContract
id: handbook
version: 1.0.0
status: active
schema:
  - name: handbook
    physicalName: ai.handbook
    properties:
      - {name: doc_id, logicalType: string, physicalType: text, primaryKey: true, classification: public}
      - {name: text, logicalType: string, physicalType: text, required: true, classification: public}
      - {name: folder, logicalType: string, physicalType: text, required: true, classification: public}
"""

PAGES = {
    "ops/restart.md": "# Restart\n\nRestart the scheduler when the heartbeat is lost.\n\n## After it\n\nLook at the queue of tasks.\n",
    "ops/disk.md": "# Disk full\n\nDelete old logs, then grow the volume.\n",
    "people/leave.txt": "Leave is asked for in the calendar.\n\nHolidays of the family come first.\n",
    "people/travel.html": "<h1>Travel</h1><p>Book the train before the flight.</p><script>steal()</script>",
}


@dataclass
class Library:
    """A folder of documents, and their index."""

    server: PostgresServer
    database: str
    home: Path
    model: HashEmbedder = field(default_factory=HashEmbedder)
    runs: int = 0

    def write(self, **pages: str | bytes) -> None:
        for name, text in pages.items():
            self.page(name.replace("__", "/") + ".md", text)

    def page(self, name: str, text: str | bytes) -> None:
        path = self.home / "docs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())

    def index(
        self, contract: str = CONTRACT, *, task: str = "index", context: Any = None, **more: Any
    ) -> dict[str, Any]:
        """Run the task, and give its XCom; ``model.embedded`` is what the model was asked for in it."""
        (self.home / "handbook.odcs.yaml").write_text(contract)
        self.model.embedded = []
        self.runs += 1
        given = {"embedder": self.model} if "model" not in more else {}
        given |= {} if {"source_table", "sql"} & set(more) else {"documents": f"file://{self.home}/docs"}
        operator = IndexDocumentsOperator(task_id=task, dag=self.dag(), **TERMS, **given | more)
        told: dict[str, Any] = run(operator, context or self.context())
        return told

    def dag(self) -> DAG:
        dag = DAG(dag_id="d", schedule=None, start_date=datetime(2026, 1, 1, tzinfo=UTC))
        dag.fileloc = str(self.home / "d.py")
        return dag

    def context(self, run_id: str = "") -> dict[str, Any]:
        at = datetime(2026, 11, 1, tzinfo=UTC)
        dag_run = SimpleNamespace(
            partition_key=None, data_interval_start=at, data_interval_end=at, logical_date=at, run_type="manual"
        )
        ti = SimpleNamespace(
            dag_id="d", run_id=run_id or f"manual__{self.runs}", task_id="index", map_index=-1, try_number=1
        )
        return {"dag_run": dag_run, "run_id": ti.run_id, "outlet_events": Extras(), "ti": ti}

    def search(self, question: str, **more: Any) -> tuple[Passage, ...]:
        given = {"embedder": self.model} | more
        return search(question, conn_id="wh", table="ai.handbook", **given)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.server.url(self.database), autocommit=True) as connection:
            cursor = connection.execute(sql.encode())
            return cursor.fetchall() if cursor.description else []

    def served(self) -> list[str]:
        """The documents that are served."""
        return [name for (name,) in self.rows("SELECT doc_id FROM ai.handbook ORDER BY 1")]

    def tables(self) -> list[str]:
        return [
            name
            for (name,) in self.rows(
                "SELECT relname FROM pg_class WHERE relnamespace = 'ai'::regnamespace AND relkind IN ('r', 'v') ORDER BY 1"
            )
        ]


TERMS = {"contract": "handbook.odcs.yaml", "conn_id": "wh", "table": "ai.handbook"}


def shelved(server: PostgresServer, home: Path, monkeypatch: pytest.MonkeyPatch) -> Library:
    name = f"library_{uuid.uuid4().hex[:12]}"
    server.ensure_database(name)
    monkeypatch.setenv("AIRFLOW_HOME", str(home))
    monkeypatch.setenv("AIRFLOW_CONN_WH", server.airflow_connection(name))
    library = Library(server, name, home)
    library.rows("CREATE SCHEMA ai")
    for page, text in PAGES.items():
        library.page(page, text)
    return library


@pytest.fixture
def library(postgres: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Library]:
    """The four pages, not yet indexed."""
    found = shelved(postgres, tmp_path, monkeypatch)
    yield found
    postgres.drop_database(found.database)
