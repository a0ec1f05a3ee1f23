"""A table of questions and answers in PostgreSQL, its contract, and the operator that makes a set of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
from airflow.sdk import DAG

from airflow_provider_harness.operators import FineTuningSetOperator
from tests.ports.operators_case import Extras, run

CONTRACT = """
apiVersion: v3.1.0
kind: DataContract
id: support
version: 1.0.0
status: active
customProperties:
  - {property: harness.load, value: {mode: full}}
schema:
  - name: support
    physicalName: public.support
    properties:
      - {name: id, logicalType: integer, physicalType: bigint, primaryKey: true, required: true}
      - {name: customer, logicalType: string, physicalType: text}
      - {name: question, logicalType: string, physicalType: text, logicalTypeOptions: {maxLength: 5000}}
      - {name: answer, logicalType: string, physicalType: text}
      - {name: labelled_at, logicalType: timestamp, physicalType: timestamptz}
      - {name: region, logicalType: string, physicalType: text}
      - {name: talk, logicalType: object, physicalType: jsonb}
"""
LABELLED = datetime(2026, 1, 1, tzinfo=UTC)
Row = tuple[Any, ...]


def row(number: int, question: str, answer: str = "", **more: Any) -> Row:
    """A row of the table."""
    given = {"customer": f"c{number}", "labelled_at": LABELLED, "region": "north", "talk": None, **more}
    answer = answer or f"The answer to this is number {number}, and nothing else than {number * 7919}."
    return number, given["customer"], question, answer, given["labelled_at"], given["region"], given["talk"]


def distinct(number: int, **more: Any) -> Row:
    """A row that is like no other one."""
    words = " ".join(f"w{number * 31 + place * place}" for place in range(12))
    return row(number, f"Why does {words} happen?", f"It is because of {words[::-1]}.", **more)


class Support:
    """The table, filled anew, and the sets that are made of it."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.folder = url, folder
        (folder / "support.odcs.yaml").write_text(CONTRACT)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(
                "CREATE TABLE IF NOT EXISTS public.support (id bigint PRIMARY KEY, customer text, question text, answer text, "
                "labelled_at timestamptz, region text, talk jsonb)"
            )

    def fill(self, rows: Sequence[Row]) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute("TRUNCATE public.support")
            with connection.cursor().copy("COPY public.support FROM STDIN") as copy:
                for one in rows:
                    copy.write_row(one)

    def operator(self, **more: Any) -> FineTuningSetOperator:
        dag = DAG(dag_id="d", schedule=None, start_date=LABELLED)
        dag.fileloc = str(self.folder / "d.py")
        given: dict[str, Any] = {
            "contract": "support.odcs.yaml",
            "table": "public.support",
            "conn_id": "support",
            "folder": f"file://{self.folder}/set",
            "form": "prompt_completion",
            "columns": {"prompt": "question", "completion": "answer"},
            "splits": {"train": 0.7, "test": 0.3},
        }
        return FineTuningSetOperator(task_id="t", dag=dag, **{**given, **more})

    def make(self, **more: Any) -> dict[str, Any]:
        """Make a set, as a task does."""
        self.context = context()
        self.task = self.operator(**more)
        told: dict[str, Any] = run(self.task, self.context)
        return told

    def manifest(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "set" / "_manifest.json").read_text())
        return found

    def steps(self) -> dict[str, tuple[int, int]]:
        return {one["step"]: (one["in"], one["out"]) for one in self.manifest()["steps"]}

    def read(self, split: str) -> list[dict[str, Any]]:
        """The examples of a split with their provenance."""
        import pyarrow.parquet as pq

        folder = self.folder / "set" / self.manifest()["version"]
        rows: list[dict[str, Any]] = pq.read_table(folder / f"{split}.parquet").to_pylist()
        lines = [json.loads(line) for line in (folder / f"{split}.jsonl").read_text().splitlines()]
        assert lines == [json.loads(one["example"]) for one in rows]
        return [{**one, "example": json.loads(one["example"])} for one in rows]


def context() -> dict[str, Any]:
    at = datetime(2026, 11, 1, tzinfo=UTC)
    made = SimpleNamespace(
        partition_key=None,
        data_interval_start=at,
        data_interval_end=at,
        logical_date=at,
        run_after=at,
        run_type="manual",
    )
    ti = SimpleNamespace(dag_id="d", run_id="manual__1", task_id="t", map_index=-1, try_number=1)
    return {"dag_run": made, "run_id": ti.run_id, "outlet_events": Extras(), "ti": ti}
