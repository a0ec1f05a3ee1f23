"""Many days of flights by Airflow's own backfill command, and whether each of them equals the source.

``python -m tests.demo.history`` does the year, twice, on an Airflow of its own.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from psycopg import sql

from tests.demo import data
from tests.demo.breaks import FLIGHTS, Run, start_of, task, trigger, wait_for
from tests.demo.world import ROOT, WAREHOUSE, World, say, world

DAG_ID = "flights_history"
DAG = f"""
import pendulum
from airflow.sdk import DAG, CronDataIntervalTimetable

from airflow_provider_harness.operators import PostgresTransferOperator

with DAG(
    "{DAG_ID}",
    schedule=CronDataIntervalTimetable("0 0 * * *", timezone="America/New_York"),
    start_date=pendulum.datetime(2013, 1, 1, tz="America/New_York"),
    end_date=pendulum.datetime(2013, 12, 31, tz="America/New_York"),
    catchup=False,
    max_active_runs=8,
    default_args={{"retries": 0}},
):
    PostgresTransferOperator(
        task_id="transfer",
        contract="contracts/flights.odcs.yaml",
        conn_id="warehouse",
        table="public.{DAG_ID}",
        source_conn_id="flights_source",
    )
"""
LATE = date(2013, 1, 15)
LATE_ROWS = 3
TELL_SECONDS = 60
NEW_YORK_DAY = sql.SQL("(time_hour AT TIME ZONE 'America/New_York')::date")


def prepare(place: World, dags: Path) -> None:
    """A source of its own, whose rows may change, and the Dag."""
    with place.postgres.connect(data.DATABASE) as connection:
        connection.execute(f"DROP TABLE IF EXISTS {DAG_ID}".encode())
        connection.execute(f"CREATE TABLE {DAG_ID} (LIKE flights INCLUDING ALL)".encode())
        connection.execute(f"INSERT INTO {DAG_ID} SELECT * FROM flights".encode())
    (dags / f"{DAG_ID}.py").write_text(DAG)
    place.stack.wait_dag(DAG_ID)


def rows_come_late(place: World) -> None:
    """Some flights of one day are reported only now."""
    late = (
        f"INSERT INTO {DAG_ID} SELECT (jsonb_populate_record(f, jsonb_build_object('flight', 8999 + row_number() OVER ()))).* FROM {DAG_ID} f "
        f"WHERE (time_hour AT TIME ZONE 'America/New_York')::date = '{LATE}' ORDER BY time_hour, flight LIMIT {LATE_ROWS}"
    )
    with place.postgres.connect(data.DATABASE) as connection:
        connection.execute(late.encode())


def backfill(place: World, first: date, last: date, again: str, tries: Mapping[int, int]) -> float:
    """Run days by ``airflow backfill create``; how many seconds it took.

    :param again: which of those that have run before run again: none, failed, completed.
    :param tries: number of tries -> how many days will have had them at the end.
    """
    wait_for("the backfill before to be closed", lambda: _closed(place), 90)
    began, days = time.monotonic(), (last - first).days + 1
    place.stack.cli(
        *("backfill", "create", "--dag-id", DAG_ID, "--from-date", str(first), "--to-date", str(last)),
        *("--reprocess-behavior", again, "--max-active-runs", "8"),
    )
    told = began

    def done() -> bool:
        nonlocal told
        found = _tries(place)
        if time.monotonic() > told + TELL_SECONDS:
            told = time.monotonic()
            say(f"  {found[max(tries)]} of {tries[max(tries)]} days have run")
        return found == tries

    wait_for(f"{days} days", done, 20 * days + 60)
    return time.monotonic() - began


def fail(place: World, day: date) -> None:
    """Airflow takes a day's run for failed; its rows stay as they are."""
    place.stack.api("PATCH", f"/dags/{DAG_ID}/dagRuns/{_run_of(place, day)}", {"state": "failed"})


def clear(place: World, day: date) -> None:
    """What a person does who wants a day again, and waits for it."""
    run_id = _run_of(place, day)
    before = task(place, Run(dag_id=DAG_ID, run_id=run_id, day=day), "transfer")["try_number"]
    body = {"dag_run_id": run_id, "dry_run": False, "only_failed": False}
    place.stack.api("POST", f"/dags/{DAG_ID}/clearTaskInstances", body)

    def done() -> bool:
        found = task(place, Run(dag_id=DAG_ID, run_id=run_id, day=day), "transfer")
        return bool(found["state"] == "success" and found["try_number"] > before)

    wait_for(f"{day} again", done, 60)


def _run_of(place: World, day: date) -> str:
    runs = _all(place, "/dagRuns", "dag_runs")
    [found] = [run for run in runs if datetime.fromisoformat(run["data_interval_start"]) == start_of(day)]
    return str(found["dag_run_id"])


def differences(place: World, first: date, last: date) -> dict[date, tuple[Any, Any]]:
    """Day -> what the source and the warehouse have of it, where that is not the same."""
    source, published = _days(place, data.DATABASE, first, last), _days(place, WAREHOUSE, first, last)
    every = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    pairs = {day: (source.get(day), published.get(day)) for day in every}
    return {day: pair for day, pair in pairs.items() if pair[0] != pair[1] or pair[0] is None}


def new_rows(place: World) -> dict[str, int]:
    """Slice -> how many rows its latest run said were new."""
    runs = _all(place, "/dagRuns", "dag_runs")
    path = "/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/transfer/xcomEntries/return_value"
    told = [place.stack.api("GET", path.format(**run), deserialize=True)["value"] for run in runs]
    return {one["slice"]: one["new"] for one in told}


def _all(place: World, path: str, what: str) -> list[dict[str, Any]]:
    """Everything that Airflow's API has to say, which it says a hundred at a time."""
    found: list[dict[str, Any]] = []
    while True:
        page = place.stack.api("GET", f"/dags/{DAG_ID}{path}", limit=100, offset=len(found), order_by="run_after")
        found += page[what]
        if not page[what] or len(found) >= page["total_entries"]:
            return found


def _closed(place: World) -> bool:
    return all(item["completed_at"] for item in place.stack.api("GET", "/backfills", dag_id=DAG_ID)["backfills"])


def _tries(place: World) -> Counter[int]:
    """Number of tries -> how many days have succeeded with it.

    :raises AssertionError: one has failed.
    """
    found = _all(place, "/dagRuns/~/taskInstances", "task_instances")
    failed = [
        f"{item['dag_run_id']}: {item['state']}" for item in found if item["state"] in ("failed", "upstream_failed")
    ]
    if failed:
        raise AssertionError(f"not successful: {failed}")
    return Counter(item["try_number"] for item in found if item["state"] == "success")


def _days(place: World, database: str, first: date, last: date) -> dict[date, tuple[int, str]]:
    """Day -> rows, and one text that stands for all of them."""
    with place.postgres.connect(database) as connection:
        names = connection.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 ORDER BY 1", [DAG_ID]
        ).fetchall()
        row = sql.SQL(", ").join(sql.Identifier(name) for (name,) in names)
        query = sql.SQL(
            "SELECT day, count(*), md5(string_agg(one, '|' ORDER BY one)) FROM (SELECT {day} AS day, ROW({row})::text AS one "
            "FROM {table}) AS f WHERE day BETWEEN %s AND %s GROUP BY day"
        ).format(day=NEW_YORK_DAY, row=row, table=sql.Identifier(DAG_ID))
        connection.execute("SET timezone = 'UTC'")
        return {day: (rows, text) for day, rows, text in connection.execute(query, [first, last]).fetchall()}


def main() -> int:
    """The year, and again after some rows came late."""
    first, last = date(2013, 1, 1), date(2013, 12, 31)
    with tempfile.TemporaryDirectory() as home:
        dags = Path(home) / "dags"
        dags.mkdir()
        for path in (ROOT / "dags").iterdir():
            (dags / path.name).symlink_to(path)
        with world(Path(home), dags=dags) as place:
            run = trigger(place, FLIGHTS, first, "first")  # the tables that flights refer to
            place.stack.wait_run(run.dag_id, run.run_id, timeout=240)
            say("the tables that flights refer to are published; now every day of 2013, twice")
            prepare(place, dags)
            for tries in (1, 2):
                took = backfill(place, first, last, "completed", {tries: 365})
                wrong = differences(place, first, last)
                say(f"pass {tries}: 365 days in {took:.0f} s, {len(wrong)} differ from the source")
                if wrong:
                    return 1
                rows_come_late(place)
    return 0


if __name__ == "__main__":
    sys.exit(main())
