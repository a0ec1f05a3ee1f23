"""The slices of a range hold each row of the source exactly once, whatever the schedule, the column and the zones are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airflow_provider_harness.adapters.airflow.schedule import runs, text_of
from airflow_provider_harness.adapters.sql.checks import in_slice, literal, spoken
from airflow_provider_harness.core.contracts.contract import Contract
from airflow_provider_harness.core.slices.slices import Bound, Slice, bounds, slice_of, slice_of_run
from airflow_provider_harness.testing.bigquery import BigQueryServer
from airflow_provider_harness.testing.postgres import PostgresServer
from tests.ports.slices_case import KINDS, contract, worker_clock

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe")
CRONS = (
    "*/10 * * * *",
    "*/15 * * * *",
    "0 * * * *",
    "30 */2 * * *",
    "0 0 * * *",
    "0 5 * * *",
    "0 6,18 * * *",
    "30 2 * * *",
    "0 4 * * 1",
    "0 0 1 * *",
    "15 3 10,20 * *",
)
FORMATS = ("%Y-%m-%dT%H:%M:%S", "%d.%m.%Y %H:%M", "%Y-%m-%d")
STARTS = tuple(
    datetime(2026, month, day, tzinfo=UTC)
    for month, day in ((1, 7), (3, 7), (3, 28), (4, 4), (10, 3), (10, 24), (10, 31))
)
"""Where clocks are turned in each of the zones, and where they are not."""
SLICES = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A schedule, a contract, and the zones of everything around them."""

    cron: str
    clock: str
    how: int
    kind: str
    zone: str
    first: datetime
    session: str
    worker: str

    @property
    def contract(self) -> Contract:
        return contract(self.kind, self.zone)

    def pieces(self) -> list[Slice]:
        """The slices of some runs in a row, as their rendered ids and ends give them."""
        text, far = text_of(_schedule(self.cron, self.clock, self.how)), self.first + timedelta(days=400)
        found: dict[str, Slice] = {}
        for run in runs(text, self.first, far, far):
            piece = slice_of_run(self.contract, run)
            found.setdefault(piece.id, slice_of(self.contract, piece.id, piece.end))
            if len(found) == SLICES:
                break
        return list(found.values())


def _schedule(cron: str, zone: str, how: int) -> Any:
    from airflow.sdk import CronDataIntervalTimetable, CronPartitionTimetable

    if how < 3:
        return CronDataIntervalTimetable(cron, timezone=zone)
    wants_days = how == 5 and not cron.startswith(("0 4", "0 0 1", "15 3"))
    return CronPartitionTimetable(
        cron, timezone=zone, key_format=FORMATS[2 if wants_days else how - 3 if how < 5 else 0]
    )


@st.composite
def worlds(draw: st.DrawFn) -> World:
    return World(
        cron=draw(st.sampled_from(CRONS)),
        clock=draw(st.sampled_from(ZONES)),
        how=draw(st.integers(0, 5)),
        kind=draw(st.sampled_from(sorted(KINDS))),
        zone=draw(st.sampled_from(ZONES)),
        first=draw(st.sampled_from(STARTS)),
        session=draw(st.sampled_from(ZONES)),
        worker=draw(st.sampled_from(ZONES)),
    )


def _values(terms: Contract, pieces: list[Slice]) -> list[Bound]:
    """What a source can hold around the slices: their bounds, what lies beside them, and clocks that are skipped or show twice."""
    moments = {
        one + timedelta(minutes=n)
        for piece in pieces
        for one in (piece.start, piece.end)
        for n in (-61, -1, 0, 1, 29, 59)
    }
    zone = ZoneInfo(terms.load.time_zone)
    column = terms.column("at")
    if column.logical_type == "integer":
        return sorted({int(moment.timestamp() * 1000) + n for moment in moments for n in (-1, 0, 1)})
    if column.logical_type == "date":
        return sorted({moment.astimezone(zone).date() + timedelta(days=n) for moment in moments for n in (-1, 0, 1)})
    if "without" in column.physical_type:
        local = {moment.astimezone(zone).replace(tzinfo=None, fold=0) for moment in moments}
        return sorted(local | {one + timedelta(hours=n) for one in local for n in (-1, 1)})
    return sorted(moments)


def _counting(terms: Contract, pieces: list[Slice], values: list[Bound]) -> str:
    """For each value, in how many of the slices it is, by the very condition that moves rows."""
    rows = " UNION ALL ".join(f"SELECT {n} AS id, {literal(value)} AS at" for n, value in enumerate(values))
    inside = " + ".join(f"CASE WHEN {in_slice(terms, piece)} THEN 1 ELSE 0 END" for piece in pieces)
    return f"SELECT id, {inside} AS slices FROM ({rows}) AS t ORDER BY id"


def _judge(world: World, pieces: list[Slice], values: list[Bound], found: list[tuple[Any, ...]]) -> None:
    low, high = bounds(world.contract, pieces[0])[0], bounds(world.contract, pieces[-1])[1]
    assert len(pieces) == SLICES
    for one, other in pairwise(pieces):
        assert one.end == other.start, "no time is between two runs' slices, and none is in both"
    for (_, slices), value in zip(found, values, strict=True):
        assert slices == (low <= value < high), (value, [bounds(world.contract, piece) for piece in pieces])  # type: ignore[operator]
        if isinstance(value, datetime) and value.tzinfo:
            assert slices == (pieces[0].start <= value < pieces[-1].end)


log_failures = settings(
    max_examples=120,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def test_each_row_is_in_one_slice_on_postgresql_and_in_duckdb(postgres: PostgresServer) -> None:
    with postgres.connect() as connection, duckdb.connect(":memory:") as duck:

        @log_failures
        @given(worlds())
        def holds(world: World) -> None:
            pieces = world.pieces()
            values = _values(world.contract, pieces)
            statement = _counting(world.contract, pieces, values)
            with worker_clock(world.worker):
                connection.execute("SELECT set_config('TimeZone', %s, false)", (world.session,))
                _judge(world, pieces, values, connection.execute(statement.encode()).fetchall())
                duck.execute(f"SET TimeZone = '{world.session}'")
                _judge(world, pieces, values, duck.execute(spoken(statement, "duckdb")).fetchall())

        holds()


def test_each_row_is_in_one_slice_on_bigquery(bigquery: BigQueryServer) -> None:
    client = bigquery.client()

    @settings(log_failures, max_examples=25)
    @given(worlds())
    def holds(world: World) -> None:
        pieces = world.pieces()
        values = _values(world.contract, pieces)
        statement = spoken(_counting(world.contract, pieces, values), "bigquery")
        with worker_clock(world.worker):
            _judge(world, pieces, values, [tuple(row) for row in client.query(statement).result()])

    try:
        holds()
    finally:
        client.close()
