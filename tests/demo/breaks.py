"""The five ways in which the demo breaks the real system, and what a careful person does meanwhile."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from tests.demo import data
from tests.demo.world import HARNESS, World, say

NEW_YORK = ZoneInfo("America/New_York")
FLIGHTS, PLAIN = "flights_daily", "plain_copy"
_HELD = {"postgresql": "a lock", "bigquery": "the slice's lease"}
#: Seconds that a required action must have been open before a program answers it: Airflow loses quicker answers.
OPEN_SECONDS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One Dag run of one New York day."""

    dag_id: str
    run_id: str
    day: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """One break.

    :param day: the New York day that it happens to; every day before it is published.
    :param do: breaks the world, runs the Dags, and does what a person would; gives the runs that it started.
    :param expect: Dag -> what must come out of it (see ``Expected``).
    """

    id: str
    title: str
    day: date
    do: Callable[[World, date], Sequence[Run]]
    expect: dict[str, Expected]


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What must come out, for the grader.

    :param categories: any of these is right; empty where nothing failed.
    :param verdict: of the first judgement.
    :param outcome: how the incident ends.
    :param paged: whether on-call must, or must not, have heard of it.
    :param approved_by: who had to agree, or empty.
    """

    categories: tuple[str, ...]
    action: str
    verdict: str
    outcome: str
    paged: bool
    approved_by: str = ""


def start_of(day: date) -> datetime:
    """The first moment of a New York day."""
    return datetime(day.year, day.month, day.day, tzinfo=NEW_YORK)


def trigger(world: World, dag_id: str, day: date, name: str) -> Run:
    """Start a run for one day, as a scheduled run would have it."""
    run_id = f"demo__{name}__{day}"
    body = {
        "dag_run_id": run_id,
        "logical_date": start_of(day).isoformat(),
        "data_interval_start": start_of(day).isoformat(),
        "data_interval_end": start_of(day + timedelta(days=1)).isoformat(),
    }
    world.stack.api("POST", f"/dags/{dag_id}/dagRuns", body)
    return Run(dag_id=dag_id, run_id=run_id, day=day)


def task(world: World, run: Run, task_id: str) -> dict[str, Any]:
    """A task instance as Airflow tells it."""
    path = f"/dags/{run.dag_id}/dagRuns/{quote(run.run_id, safe='')}/taskInstances/{task_id}"
    answer: dict[str, Any] = world.stack.api("GET", path)
    return answer


def wait_for(what: str, found: Callable[[], Any], seconds: float) -> Any:
    """Wait until something is there, and give it back."""
    end = time.monotonic() + seconds
    while not (value := found()):
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {seconds:.0f} s")
        time.sleep(1)
    return value


def incidents(world: World, run: Run) -> list[dict[str, Any]]:
    """The rows of the harness store about one run, by the demo's own connection."""
    with world.postgres.connect(HARNESS) as connection:
        rows = connection.execute(
            "SELECT i.id, i.state, i.closed_at FROM harness_incidents i JOIN harness_memberships m ON m.incident_id = i.id"
            " JOIN harness_failures f ON f.key = m.failure_key WHERE f.key LIKE %s GROUP BY 1, 2, 3 ORDER BY 1",
            [f"{run.dag_id}/{run.run_id}/%"],
        ).fetchall()
    return [{"id": row[0], "state": row[1], "closed": row[2] is not None} for row in rows]


def wait_closed(world: World, run: Run, seconds: float = 240) -> None:
    """Wait until the harness is done with this run's incident."""
    wait_for(
        f"incident of {run.run_id} closed",
        lambda: (rows := incidents(world, run)) and all(row["closed"] for row in rows),
        seconds,
    )


def approve(world: World, run: Run, seconds: float = 120) -> None:
    """Answer the required action of this run's incident, as the on-call user."""
    [incident, *_] = wait_for("an incident", lambda: incidents(world, run), seconds)

    def question() -> dict[str, Any] | None:
        found = world.stack.api(
            "GET", "/dags/~/dagRuns/~/hitlDetails", user="oncall", response_received="false", state="awaiting_input"
        )["hitl_details"]
        mine = (item for item in found if f"`{incident['id']}`" in (item.get("body") or ""))
        return next(mine, None)

    asked = wait_for("a required action", question, seconds)
    ti = asked["task_instance"]
    say(f"  on-call reads in Airflow's required actions: {asked['subject']}")
    time.sleep(OPEN_SECONDS)
    path = (
        f"/dags/{ti['dag_id']}/dagRuns/{quote(ti['dag_run_id'], safe='')}/taskInstances/{ti['task_id']}/-1/hitlDetails"
    )
    world.approve(world.stack, incident["id"], path)
    say("  on-call answers: Approve")


def clear_as_person(world: World, run: Run) -> None:
    """What on-call does once the cause is mended."""
    body = {
        "dag_run_id": run.run_id,
        "dry_run": False,
        "only_failed": True,
        "include_downstream": True,
        "note": "mended by on-call",
    }
    failed = world.stack.api(
        "GET", f"/dags/{run.dag_id}/dagRuns/{quote(run.run_id, safe='')}/taskInstances", state="failed"
    )["task_instances"]
    body["task_ids"] = [item["task_id"] for item in failed]
    world.stack.api("POST", f"/dags/{run.dag_id}/clearTaskInstances", body, user="oncall")
    time.sleep(2)
    world.stack.wait_run(run.dag_id, run.run_id, timeout=180)


@contextmanager
def source(world: World) -> Iterator[Any]:
    """A connection to the source, as the source's own people have one."""
    with world.postgres.connect(data.DATABASE) as connection:
        yield connection


def both(world: World, day: date, name: str) -> list[Run]:
    """The gated and the plain Dag, on one day; without the plain one where it cannot go."""
    dags = (FLIGHTS, PLAIN) if world.warehouse.kind == "postgresql" else (FLIGHTS,)
    return [trigger(world, dag, day, name) for dag in dags]


def refuse_connections(world: World, day: date) -> Sequence[Run]:
    world.forwarder.refuse()
    runs = both(world, day, "1")
    for run in runs:
        wait_for(f"{run.dag_id} to fail", partial(incidents, world, run), 120)
    say("  failed after Airflow's own retry; the source accepts connections again")
    world.forwarder.accept()
    for run in runs[1:]:  # whether stock operators may run again, only their author knows
        approve(world, run)
    for run in runs:
        wait_closed(world, run)
    return runs


def few_bad_rows(world: World, day: date) -> Sequence[Run]:
    with source(world) as connection:
        connection.execute(
            "INSERT INTO flights SELECT year, month, day, dep_time, sched_dep_time, dep_delay, arr_time, sched_arr_time,"
            " arr_delay, carrier, 9001 + (row_number() OVER ())::int, tailnum, origin, dest, 99999, distance, hour, minute,"
            " time_hour FROM flights WHERE time_hour >= %s AND time_hour < %s AND air_time IS NOT NULL LIMIT 3",
            [start_of(day), start_of(day + timedelta(days=1))],
        )
        connection.execute(
            "INSERT INTO flights SELECT year, month, day, dep_time, sched_dep_time, dep_delay, arr_time, sched_arr_time,"
            " arr_delay, 'ZZ', flight, tailnum, origin, dest, air_time, distance, hour, minute, time_hour FROM flights"
            " WHERE time_hour >= %s AND time_hour < %s LIMIT 1",
            [start_of(day), start_of(day + timedelta(days=1))],
        )
    run = trigger(world, FLIGHTS, day, "2a")
    world.stack.wait_run(run.dag_id, run.run_id, timeout=180)
    wait_closed(world, run, 90)
    return [run]


def duplicate_key(world: World, day: date) -> Sequence[Run]:
    with source(world) as connection:
        connection.execute(
            "INSERT INTO flights SELECT * FROM flights WHERE time_hour >= %s AND time_hour < %s"
            " ORDER BY time_hour, carrier, flight LIMIT 1",
            [start_of(day), start_of(day + timedelta(days=1))],
        )
    return [_blocked_until_mended(world, day, "2b", _drop_duplicate)]


def many_bad_rows(world: World, day: date) -> Sequence[Run]:
    with source(world) as connection:
        connection.execute(
            "UPDATE flights SET air_time = -air_time WHERE time_hour >= %s AND time_hour < %s AND carrier = 'UA'",
            [start_of(day), start_of(day + timedelta(days=1))],
        )
    return [_blocked_until_mended(world, day, "2b", _right_the_sign)]


def _blocked_until_mended(world: World, day: date, name: str, mend: Callable[[World, date], None]) -> Run:
    run = trigger(world, FLIGHTS, day, name)
    wait_closed(world, run)
    [(found,)] = world.warehouse.rows(f"SELECT count(*) FROM public.flights WHERE {{day}} = '{day}'")
    say(f"  on-call was paged; rows published of {day}: {found}")
    world.seen[run.run_id] = {"published_while_blocked": found}
    mend(world, day)
    say("  on-call mends the source and clears the failed task")
    clear_as_person(world, run)
    return run


def _drop_duplicate(world: World, day: date) -> None:
    with source(world) as connection:
        connection.execute(
            "DELETE FROM flights a USING flights b WHERE a.ctid > b.ctid AND a.time_hour = b.time_hour"
            " AND a.carrier = b.carrier AND a.flight = b.flight AND a.time_hour >= %s AND a.time_hour < %s",
            [start_of(day), start_of(day + timedelta(days=1))],
        )


def _right_the_sign(world: World, day: date) -> None:
    with source(world) as connection:
        connection.execute(
            "UPDATE flights SET air_time = -air_time WHERE time_hour >= %s AND time_hour < %s AND air_time < 0",
            [start_of(day), start_of(day + timedelta(days=1))],
        )


def rename_column(world: World, day: date) -> Sequence[Run]:
    with source(world) as connection:
        connection.execute("ALTER TABLE flights RENAME COLUMN dep_delay TO departure_delay")
    try:
        runs = both(world, day, "3")
        for run in runs:
            wait_closed(world, run)
            tried = task(world, run, {FLIGHTS: "extract", PLAIN: "copy"}[run.dag_id])
            world.seen[run.run_id] = {"tries": tried["try_number"], "state": tried["state"]}
    finally:
        with source(world) as connection:
            connection.execute("ALTER TABLE flights RENAME COLUMN departure_delay TO dep_delay")
    say("  on-call has the schema difference; the source's team takes the rename back, on-call clears the failed tasks")
    for run in runs:
        clear_as_person(world, run)
    return runs


def kill_running_task(world: World, day: date) -> Sequence[Run]:
    with world.warehouse.busy(world.postgres.url(HARNESS), day):
        runs = both(world, day, "4")
        for run in runs:
            pid = wait_for(f"{run.dag_id}.load to wait", partial(_waiting_pid, world, run), 180)
            os.kill(pid, signal.SIGKILL)
            say(f"  kill -9 {pid}: {run.dag_id}.load, while it was waiting for {_HELD[world.warehouse.kind]}")
    for run in runs:
        approve(world, run, 240)
    for run in runs:
        wait_closed(world, run)
    return runs


def _waiting_pid(world: World, run: Run) -> int | None:
    """The process of a load task that runs and can do nothing."""
    found = task(world, run, "load")
    waits = world.warehouse.waits(world.postgres.url(HARNESS), f"{run.dag_id}/{run.run_id}")
    return int(found["pid"]) if waits and found["state"] == "running" and found["pid"] else None


def days_vanish(world: World, day: date) -> Sequence[Run]:
    gone = (day - timedelta(days=4), day - timedelta(days=3))
    world.warehouse.rows(f"DELETE FROM public.flights WHERE {{day}} BETWEEN '{gone[0]}' AND '{gone[1]}'")
    say(f"  {gone[0]} and {gone[1]} are gone from the warehouse; the next day's run notices")
    run = trigger(world, FLIGHTS, day, "5")
    approve(world, run, 240)
    wait_closed(world, run, 400)
    return [run]


_HEALED = Expected(
    categories=("transient_network",), action="retry_task", verdict="approve", outcome="healed", paged=False
)
_NOTED = Expected(categories=(), action="", verdict="", outcome="noted", paged=False)
_PAGED = Expected(
    categories=("data_quality_violation",),
    action="escalate_to_human",
    verdict="approve",
    outcome="escalated",
    paged=True,
)
_AGREED = Expected(
    categories=("worker_lost",),
    action="retry_task",
    verdict="ask",
    outcome="healed",
    paged=True,
    approved_by="oncall",
)
_DRIFTED = replace(_PAGED, categories=("schema_drift",))
_REFILLED = replace(_AGREED, categories=("late_or_missing_source", "missing_object"), action="backfill_range")

BREAKS: Sequence[Break] = (
    Break(
        id="1",
        title="the source refuses connections for a while",
        day=date(2013, 1, 8),
        do=refuse_connections,
        expect={FLIGHTS: _HEALED, PLAIN: replace(_AGREED, categories=_HEALED.categories, outcome="recovered")},
    ),
    Break(
        id="2a",
        title="a few bad rows reach the source, within the contract's quarantine limit",
        day=date(2013, 1, 9),
        do=few_bad_rows,
        expect={FLIGHTS: _NOTED},
    ),
    Break(
        id="2b",
        title="a duplicate key reaches the source",
        day=date(2013, 1, 10),
        do=duplicate_key,
        expect={FLIGHTS: replace(_PAGED, categories=("duplicate_data", "data_quality_violation"))},
    ),
    Break(
        id="2b",
        title="more bad rows reach the source than the contract lets be set aside",
        day=date(2013, 1, 11),
        do=many_bad_rows,
        expect={FLIGHTS: _PAGED},
    ),
    Break(
        id="3",
        title="a source column is renamed",
        day=date(2013, 1, 12),
        do=rename_column,
        expect={FLIGHTS: _DRIFTED, PLAIN: _DRIFTED},
    ),
    Break(
        id="4",
        title="a running task is killed with -9",
        day=date(2013, 1, 13),
        do=kill_running_task,
        expect={FLIGHTS: _AGREED, PLAIN: replace(_AGREED, outcome="recovered")},
    ),
    Break(
        id="5",
        title="two published days vanish from the warehouse",
        day=date(2013, 1, 14),
        do=days_vanish,
        expect={FLIGHTS: _REFILLED},
    ),
)
