"""March 2013 of the real flights from New York, moved by the operators at five schedules: published equals the source.

The month has the day on which New York's clocks go forward, and the one on which Berlin's do. ``make flights`` moves all of it,
in some ten minutes, most of them for 2,976 quarters of an hour; without ``HARNESS_FLIGHTS=month`` it is the days around the
tenth, on which New York's clocks go forward, and five whole weeks.
"""

from __future__ import annotations

import csv
import io
import os
import uuid
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from airflow_provider_harness.core.slices.schedule_fit import ScheduleWarning
from airflow_provider_harness.testing.postgres import PostgresServer
from tests.demo.data import _file
from tests.ports.slices_case import worker_clock
from tests.ports.test_slices_moved import MOVES, Pair, Scheduled, scheduled

NEW_YORK, BERLIN = "America/New_York", "Europe/Berlin"
COLUMNS = ("departs_at", "carrier", "flight", "tailnum", "origin", "dest", "dep_delay", "arr_delay", "distance")
CONTRACT = """
apiVersion: v3.1.0
kind: DataContract
id: flights
version: 1.0.0
status: active
customProperties:
  - property: harness.load
    value: {{mode: incremental, sliceColumn: departs_at, timeZone: {zone}}}
schema:
  - name: t
    physicalName: public.t
    properties:
      - {{name: departs_at, logicalType: timestamp, physicalType: {kind}, required: true}}
      - {{name: carrier, logicalType: string, physicalType: text, required: true}}
      - {{name: flight, logicalType: integer, physicalType: integer, required: true}}
      - {{name: tailnum, logicalType: string, physicalType: text}}
      - {{name: origin, logicalType: string, physicalType: text, required: true}}
      - {{name: dest, logicalType: string, physicalType: text, required: true}}
      - {{name: dep_delay, logicalType: integer, physicalType: integer}}
      - {{name: arr_delay, logicalType: integer, physicalType: integer}}
      - {{name: distance, logicalType: integer, physicalType: integer, required: true}}
"""
SHAPE = "(departs_at {kind} NOT NULL, carrier text, flight int, tailnum text, origin text, dest text, dep_delay int, arr_delay int, distance int)"
WHOLE = "SELECT count(*), sum(hashtextextended(t::text, 0)) FROM public.t AS t"
"""What a table holds, whatever the order of its rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """One schedule for the flights.

    :param cron: of the Dag, on the clocks of ``clock``.
    :param zone: the contract's.
    :param kind: of the slice column; without a zone, it has New York's local times.
    :param first: moment of the first slice's start, and ``last`` of the last one's end.
    :param move: a key of ``MOVES``.
    """

    cron: str
    clock: str
    zone: str
    first: datetime
    last: datetime
    kind: str = "timestamptz"
    move: str = "extract and load"


def utc(day: int, hour: int = 0, month: int = 3) -> datetime:
    return datetime(2013, month, day, hour, tzinfo=UTC)


LONG = os.environ.get("HARNESS_FLIGHTS") == "month"
FIRST, LAST = (1, 31) if LONG else (8, 12)
"""The first and the last day that is moved day by day."""
MONTHS = {
    "05:00 daily": Month(
        cron="0 5 * * *", clock="UTC", zone=NEW_YORK, first=utc(FIRST, 5), last=utc(LAST, 5) + timedelta(days=1)
    ),
    "15 minutes": Month(
        cron="*/15 * * * *",
        clock="UTC",
        zone="UTC",
        first=utc(1) if LONG else utc(9, 20),
        last=utc(1, month=4) if LONG else utc(10, 14),
        move="transfer",
    ),
    "weekly": Month(
        cron="0 0 * * 1", clock=NEW_YORK, zone=NEW_YORK, first=utc(25, 5, month=2), last=utc(1, 4, month=4)
    ),
    "Berlin against UTC": Month(
        cron="0 0 * * *", clock="UTC", zone=BERLIN, first=utc(FIRST), last=utc(LAST) + timedelta(days=1)
    ),
    "a naive column": Month(
        cron="0 0 * * *",
        clock=NEW_YORK,
        zone=NEW_YORK,
        first=utc(FIRST, 5),
        last=utc(LAST, 4) + timedelta(days=1),
        kind="timestamp",
    ),
}


@pytest.fixture(scope="module")
def flights() -> list[tuple[Any, ...]]:
    """The rows of a little more than March."""
    found = []
    with _file("flights") as file:
        for row in csv.DictReader(io.TextIOWrapper(file)):
            if row["month"] in ("2", "3", "4"):
                hour = datetime.fromisoformat(row["time_hour"])
                given = [None if row[name] == "NA" else row[name] for name in COLUMNS[1:]]
                found.append((hour + timedelta(minutes=int(row["minute"])), *given))
    return found


@pytest.fixture
def pair(postgres: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pair]:
    name = f"flights_{uuid.uuid4().hex[:12]}"
    found = Pair(server=postgres, source=f"{name}_s", warehouse=f"{name}_w")
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    monkeypatch.setenv("AIRFLOW__HARNESS__STAGING_PATH", f"file://{tmp_path}/staging")
    for conn_id, database in (("SRC", found.source), ("WH", found.warehouse)):
        postgres.ensure_database(database)
        monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id}", postgres.airflow_connection(database))
    yield found
    for database in (found.source, found.warehouse):
        postgres.drop_database(database)


def fill(pair: Pair, month: Month, rows: list[tuple[Any, ...]]) -> int:
    """The flights of the range; how many there are."""
    kept = [row for row in rows if month.first <= row[0] < month.last]
    with pair.server.connect(pair.source) as connection:
        run: psycopg.Connection[Any] = connection
        run.execute("SET TimeZone = 'America/New_York'")
        run.execute(f"CREATE TABLE public.t {SHAPE.format(kind=month.kind)}".encode())
        with run.cursor() as cursor, cursor.copy(f"COPY public.t ({', '.join(COLUMNS)}) FROM STDIN".encode()) as into:
            for row in kept:
                into.write_row(
                    (row[0].isoformat(), *row[1:]) if month.kind == "timestamptz" else (_local(row[0]), *row[1:])
                )
    return len(kept)


def _local(moment: datetime) -> str:
    from zoneinfo import ZoneInfo

    return moment.astimezone(ZoneInfo(NEW_YORK)).replace(tzinfo=None).isoformat()


@pytest.mark.parametrize("name", MONTHS)
def test_a_month_of_flights_is_published_as_it_is_at_the_source(
    pair: Pair, tmp_path: Path, flights: list[tuple[Any, ...]], name: str
) -> None:
    from airflow.sdk import CronDataIntervalTimetable

    month = MONTHS[name]
    rows = fill(pair, month, flights)
    pair.clocks("Asia/Tokyo", BERLIN)
    schedule = CronDataIntervalTimetable(month.cron, timezone=month.clock)
    here: Scheduled = scheduled(tmp_path, schedule, CONTRACT.format(zone=month.zone, kind=month.kind))
    moved = 0
    with worker_clock("Asia/Kolkata"), warnings.catch_warnings():
        warnings.simplefilter("ignore", ScheduleWarning)
        for run in here.runs(month.first, month.last):
            told = MOVES[month.move](here, run)
            assert told["before"] == 0, "no slice has rows of another one"
            moved += told["rows"]
    assert moved == rows > 100
    assert whole(pair, pair.warehouse) == whole(pair, pair.source)


def whole(pair: Pair, database: str) -> tuple[Any, ...]:
    with pair.server.connect(database) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        (found,) = connection.execute(WHOLE.encode()).fetchall()
    return tuple(found)
