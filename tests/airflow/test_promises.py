"""A slice that will soon be late, on a real Airflow: one page before the deadline, and its end when it is published."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from airflow_provider_harness.testing.stack import AirflowStack
from tests.demo.breaks import wait_for
from tests.demo.world import HARNESS, World

DAG = """
from airflow.sdk import DAG, BaseOperator

class Load(BaseOperator):
    template_fields = ("contract", "conn_id", "table")

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.contract, self.conn_id, self.table = "{contract}", "wh", "public.promised"

    def execute(self, context): ...

with DAG("promised", schedule=None, tags=["flights"], default_args={{"owner": "data-team"}}, is_paused_upon_creation=False):
    Load(task_id="load")
"""
CONTRACT = """
apiVersion: v3.1.0
kind: DataContract
id: promised
version: 1.0.0
status: active
team: {{name: data-team}}
slaProperties:
  - {{property: latency, value: {minutes}, unit: min}}
customProperties:
  - property: harness.load
    value: {{mode: incremental, sliceColumn: at}}
schema:
  - name: promised
    properties:
      - {{name: at, logicalType: timestamp}}
"""
TABLE = "public.promised"


def promises(place: World) -> list[Any]:
    with place.postgres.connect(HARNESS) as connection:
        rows = connection.execute(
            "SELECT dedup_key, ended_at FROM harness_promises WHERE table_name = %s", [TABLE]
        ).fetchall()
    return list(rows)


def published_until(place: World, contract: Path, end: datetime) -> None:
    """As a task leaves it that has published everything before ``end``."""
    row = {"table": TABLE, "at": end.isoformat(timespec="microseconds"), "contract": str(contract)}
    with place.postgres.connect(HARNESS) as connection:
        connection.execute("DELETE FROM harness_watermarks WHERE table_name = %(table)s", row)
        connection.execute(
            "INSERT INTO harness_watermarks (conn_id, table_name, slice, slice_end, moved_at, contract, dag_id, task_id) "
            "VALUES ('wh', %(table)s, 's', %(at)s, %(at)s, %(contract)s, 'promised', 'load')",
            row,
        )


def test_on_call_is_told_before_it_is_late_and_when_it_is_there(
    place: World, stack: AirflowStack, dags_folder: Path, tmp_path: Path
) -> None:
    contract = tmp_path / "promised.odcs.yaml"
    (dags_folder / "promised.py").write_text(DAG.format(contract=contract))
    now = datetime.now(UTC)
    start = now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=2)
    minutes = int((now + timedelta(minutes=15) - start - timedelta(days=1)).total_seconds() // 60)
    contract.write_text(CONTRACT.format(minutes=minutes))

    def run_of(name: str, logical: datetime) -> None:
        body = {"logical_date": logical.isoformat(), "dag_run_id": name}
        stack.api("POST", "/dags/promised/dagRuns", body)
        assert stack.wait_run("promised", name)["state"] == "success"

    try:
        stack.wait_dag("promised")
        run_of("first", start - timedelta(days=1))  # without it, Airflow would bear out nothing of this table
        published_until(place, contract, start)
        told = json.loads(stack.cli("harness", "reconcile", "--output", "json").stdout)
        wait_for("the page", lambda: promises(place), 60)
        [(key, ended)] = promises(place)
        assert (key.startswith("harness-promise:"), ended) == (True, None), told
        assert place.pages is not None
        [page] = [item for item in place.pages.pages() if item["dedup_key"] == key]
        details = page["events"][0]["payload"]["custom_details"]
        assert "min left" in page["events"][0]["payload"]["summary"]
        assert details["in the way"] == "Airflow has made no run for this slice."
        published_until(place, contract, start + timedelta(days=1))
        stack.cli("harness", "reconcile")
        assert promises(place)[0][1] is None, "a row says so, and Airflow does not"
        run_of("published", start)
        stack.cli("harness", "reconcile")
        wait_for("its end", lambda: promises(place)[0][1], 60)
        [page] = [item for item in place.pages.pages() if item["dedup_key"] == key]
        assert [event["event_action"] for event in page["events"]] == ["trigger", "resolve"]
    finally:
        (dags_folder / "promised.py").unlink()
        with place.postgres.connect(HARNESS) as connection:
            connection.execute("DELETE FROM harness_watermarks WHERE table_name = %s", [TABLE])
