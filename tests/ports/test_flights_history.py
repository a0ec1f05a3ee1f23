"""Anomalies on the real flights of 2013, day by day, as the gates of a year would judge them."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median

import pytest

from airflow_provider_harness.adapters.store.incidents import open_engine
from airflow_provider_harness.adapters.store.migrate import upgrade
from airflow_provider_harness.adapters.store.rows.gate_history import SqlGates
from airflow_provider_harness.app.rows.gate import Gate
from airflow_provider_harness.core.contracts.checks import Baseline, Check, CheckKind, CheckSeverity
from airflow_provider_harness.core.contracts.contract import Contract, Load, LoadMode
from airflow_provider_harness.core.contracts.report import CheckResult, Measurement, Measurements, Report
from airflow_provider_harness.core.diagnosis.failure import TryKey
from airflow_provider_harness.core.slices.gate_run import GateRun, GateSite, Place
from airflow_provider_harness.core.slices.slices import slice_of_day
from tests.demo.data import _file

NEW_YORK = "America/New_York"
HOLIDAYS = {
    date(2013, 5, 26): 729,  # the Sunday before Memorial Day
    date(2013, 7, 4): 737,
    date(2013, 7, 5): 822,
    date(2013, 9, 1): 718,  # the Sunday before Labor Day
    date(2013, 11, 28): 634,  # Thanksgiving
    date(2013, 11, 29): 661,
    date(2013, 12, 24): 761,
    date(2013, 12, 25): 719,
    date(2013, 12, 31): 776,
}


def contract(floor: float) -> Contract:
    watch = Check(
        id="watch",
        kind=CheckKind.ANOMALY,
        severity=CheckSeverity.WARN,
        baseline=Baseline(of=CheckKind.ROW_COUNT, floor=floor),
    )
    load = Load(mode=LoadMode.INCREMENTAL, slice_column="time_hour", time_zone=NEW_YORK)
    return Contract(
        id=f"floor{floor}", version="1", name="flights", table="public.flights", columns=(), checks=(watch,), load=load
    )


class Year:
    """The gates of one contract over the year."""

    def __init__(self, history: SqlGates, terms: Contract) -> None:
        self.history, self.contract = history, terms

    def judge(self, day: date, rows: int, *, keep: bool = True) -> CheckResult:
        piece = slice_of_day(self.contract, day)
        task = TryKey(dag_id="flights", run_id=str(day), task_id="load", try_number=1)
        post = GateSite(place=Place.STAGING, conn_id="warehouse", task=task)
        measured = Measurements(rows=rows, values={"watch": Measurement(value=rows)})
        report: Report = Gate(self.contract, piece, post, self.history).judge(measured, "staging table")
        if keep:
            self.history.keep(GateRun(post=post, piece=piece, report=report, measured_at=datetime.now(UTC)))
        return report.results[0]


@pytest.fixture(scope="module")
def flights() -> dict[date, int]:
    """Day in New York -> departures."""
    with _file("flights") as file:
        rows = csv.DictReader(io.TextIOWrapper(file))
        counted = Counter(date(int(row["year"]), int(row["month"]), int(row["day"])) for row in rows)
    return dict(sorted(counted.items()))


@pytest.fixture
def history(tmp_path: Path) -> Iterator[SqlGates]:
    engine = open_engine(f"sqlite:///{tmp_path}/harness.db")
    upgrade(engine)
    yield SqlGates(lambda: engine)
    engine.dispose()


def test_holidays_are_unusual_and_every_halved_day_is(flights: dict[date, int], history: SqlGates) -> None:
    """By weekday, with 100 flights of tolerance: 9 of 309 judged days are unusual, and all of them are holidays."""
    year = Year(history, contract(100))
    unusual, halved, judged = {}, 0, 0
    for day, rows in flights.items():
        half = year.judge(day, rows // 2, keep=False)
        result = year.judge(day, rows)
        if result.facts.get("learning"):
            continue
        judged += 1
        halved += not half.passed
        if not result.passed:
            unusual[day] = rows
    assert (len(flights), judged, halved) == (365, 309, 309)
    assert unusual == HOLIDAYS


def test_the_first_of_february_ignores_what_came_later(flights: dict[date, int], history: SqlGates) -> None:
    """The whole year is there, and still that day is judged by January alone; 8 Fridays are more than it has."""
    year = Year(history, contract(100))
    for day, rows in flights.items():
        year.judge(day, rows)
    first = date(2013, 2, 1)
    result = year.judge(first, flights[first] // 2, keep=False)
    assert result.facts == {"learning": True, "have": 31, "need": 8}
    eight_weeks_later = first + timedelta(weeks=8)
    later = year.judge(eight_weeks_later, 10, keep=False)
    fridays = [rows for day, rows in flights.items() if day < eight_weeks_later and day.weekday() == first.weekday()]
    assert (later.facts["slices"], later.facts["median"]) == (len(fridays), median(fridays)) == (12, 942)


def test_without_a_floor_a_new_timetable_is_unusual_for_good(flights: dict[date, int], history: SqlGates) -> None:
    """Weeks that are alike make a narrow norm, and what is flagged never joins it: why a floor should be given."""
    year = Year(history, contract(0))
    results = [year.judge(day, rows) for day, rows in flights.items()]
    assert sum(not result.passed for result in results) == 265
