"""The watch in a real Airflow: tables that operators of others write are looked at when their producer is done, and no task need fail.

It has an Airflow of its own, since ``[harness] watch_path`` is read when the healer's Dag file is.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.demo.breaks import wait_for
from tests.demo.world import HARNESS, ROOT, WAREHOUSE, World, world

pytestmark = pytest.mark.slow

DAGS = """
from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator
from airflow.sdk import DAG, Asset

with DAG("shop_orders", schedule=None, tags=["flights"]):
    SQLExecuteQueryOperator(task_id="fill", conn_id="warehouse", sql="INSERT INTO orders " + \"\"\"ORDERS\"\"\")

with DAG("shop_visits", schedule=None, tags=["flights"]):
    SQLExecuteQueryOperator(task_id="fill", conn_id="warehouse", sql="SELECT 'nothing came'", outlets=[Asset("s3://shop/visits")])
"""
CONTRACT = """
apiVersion: v3.1.0
kind: DataContract
id: NAME
version: 1.0.0
status: active
team: {name: data-team}
customProperties:
  - property: harness.watch
    value: {connection: warehouse, column: day, key: [id], columns: [amount], RULE}
schema:
  - name: NAME
    physicalName: public.NAME
    properties:
      - {name: id, logicalType: integer, physicalType: bigint}
      - {name: day, logicalType: date}
      - {name: amount, logicalType: number, physicalType: double precision}
"""
DAY = (
    "SELECT {ago} * 1000 + n AS id, (now() AT TIME ZONE 'UTC')::date - {ago} AS day, {times} * (1 + n % 50)::float8 AS amount"
    " FROM generate_series(1, 300) AS n"
)
RULES = {
    "orders": "after: {dag: shop_orders}, withinMinutes: 1440",
    "visits": "after: {asset: 's3://shop/visits'}, withinMinutes: 1440",
    "clocked": "withinMinutes: 1",
    "sound": "withinMinutes: 1",
}
"""Table -> when it is looked at. Yesterday ``orders`` has cents for euros, ``visits`` no row, ``clocked`` each twice."""


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """An Airflow whose healer watches four tables of four weeks."""
    home = tmp_path_factory.mktemp("watched")
    for folder in ("dags", "contracts"):
        (home / folder).mkdir()
    for path in (ROOT / "dags").iterdir():
        (home / "dags" / path.name).symlink_to(path)
    (home / "dags/shop.py").write_text(DAGS.replace("ORDERS", DAY.format(ago=1, times=100)))
    env = {"AIRFLOW__HARNESS__WATCH_PATH": str(home / "contracts"), "AIRFLOW__HARNESS__WATCH_MINUTES": "1"}
    (home / "world").mkdir()
    with world(home / "world", dags=home / "dags", env=env) as there:
        _tables(there)
        for name, rule in RULES.items():  # last, so that nobody looks for a table that is not there yet
            (home / "contracts" / f"{name}.yaml").write_text(CONTRACT.replace("NAME", name).replace("RULE", rule))
        yield there


def _tables(place: World) -> None:
    with place.postgres.connect(WAREHOUSE) as connection:
        for name in RULES:
            connection.execute(f"CREATE TABLE {name} (id bigint, day date, amount float8)")
            for ago in range(2, 31):
                connection.execute(f"INSERT INTO {name} {DAY.format(ago=ago, times=1)}")
            connection.execute(f"CREATE INDEX ON {name} (day)")
        for name in ("clocked", "clocked", "sound"):
            connection.execute(f"INSERT INTO {name} {DAY.format(ago=1, times=1)}")


def quiet(place: World) -> dict[str, Any]:
    """Table -> what an incident without a failed task says of it."""
    with place.postgres.connect(HARNESS) as connection:
        rows = connection.execute("SELECT body FROM harness_failures WHERE kind = 'quiet'").fetchall()
    told = [body if isinstance(body, dict) else json.loads(body) for (body,) in rows]
    return {one["detail"]["table"]: one["detail"]["quiet"] for one in told}


def looked(place: World, name: str) -> int:
    """How many slices of a table were looked at."""
    query = "SELECT count(*) FROM harness_watched WHERE table_name = %s"
    with place.postgres.connect(HARNESS) as connection:
        return int(connection.execute(query, [f"public.{name}"]).fetchone()[0])


def run(place: World, dag_id: str) -> None:
    place.stack.wait_dag(dag_id)
    place.stack.api("POST", f"/dags/{dag_id}/dagRuns", {"logical_date": None, "dag_run_id": "once"})
    assert place.stack.wait_run(dag_id, "once")["state"] == "success"


def test_an_incident_opens_after_the_producer_ran_and_no_task_failed(watched: World) -> None:
    wait_for("the look by the clock", lambda: quiet(watched) == {"public.clocked": "doubled"}, 400)
    wait_for("the history of the others", lambda: min(looked(watched, name) for name in RULES) >= 27, 240)
    before = looked(watched, "orders"), looked(watched, "visits")
    assert looked(watched, "sound") == before[0] + 1 == before[1] + 1, "yesterday waits for who fills it"
    run(watched, "shop_orders")
    run(watched, "shop_visits")
    expected = {"public.clocked": "doubled", "public.orders": "unit", "public.visits": "stale"}
    wait_for("both looks", lambda: quiet(watched) == expected, 400)
    assert (looked(watched, "orders"), looked(watched, "visits")) == (before[0] + 1, before[1] + 1)
    states = {ti["state"] for ti in _instances(watched)}
    assert states == {"success"}, "no task of a producer failed"
    assert watched.pages is not None
    wait_for("their pages", lambda: len(_paged(watched)) == 3, 240)
    assert all("data-team" in json.dumps(page) for page in _paged(watched))
    assert not _acts(watched), "nothing is run without a person"


def _instances(place: World) -> list[dict[str, Any]]:
    pages = [place.stack.api("GET", f"/dags/{dag}/dagRuns/~/taskInstances") for dag in ("shop_orders", "shop_visits")]
    return [ti for page in pages for ti in page["task_instances"]]


def _paged(place: World) -> list[Any]:
    assert place.pages is not None
    return [page for page in place.pages.pages() if any(f"public.{name}" in json.dumps(page) for name in RULES)]


def _acts(place: World) -> list[Any]:
    """What the healer's account did to the producers' runs."""
    found = place.stack.api("GET", "/eventLogs", limit=1000)["event_logs"]
    return [one for one in found if one["owner"] == "harness" and str(one["dag_id"]).startswith("shop_")]
