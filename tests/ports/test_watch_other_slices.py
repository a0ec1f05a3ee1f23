"""The watch of hours, of half days, of rows that come late and of announced holidays: the real store, and a table that counts as it is told."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from airflow_provider_harness.adapters.contracts.odcs import compile_text
from airflow_provider_harness.adapters.store.incidents import open_engine
from airflow_provider_harness.adapters.store.rows.watched import SqlWatches
from airflow_provider_harness.app.watch.look import Upstream, Watch, look
from airflow_provider_harness.core.contracts.contract import Contract
from airflow_provider_harness.core.errors import ContractError
from airflow_provider_harness.core.slices.slices import Slice
from airflow_provider_harness.core.watch.profile import ColumnProfile, Profile
from tests.unit.app.fakes import world as healing

CONTRACT = """
apiVersion: v3.1.0
kind: DataContract
id: t
version: 1.0.0
status: active
customProperties:
  - {property: harness.load, value: {mode: incremental, sliceColumn: at, timeZone: Europe/Berlin, grain: GRAIN}}
  - {property: harness.watch, value: {connection: w, column: at, key: [id], columns: [x], historyDays: 0, MORE}}
schema:
  - name: t
    physicalName: public.t
    properties:
      - {name: id, logicalType: integer, physicalType: bigint}
      - {name: at, logicalType: timestamp, physicalType: timestamptz}
      - {name: x, logicalType: number, physicalType: double precision}
"""
FIRST, HOUR, DAY = datetime(2026, 3, 1, 23, tzinfo=UTC), timedelta(hours=1), timedelta(days=1)
ZONE = ZoneInfo("Europe/Berlin")
"""A Monday in Berlin. Clocks go forward on the 29th."""
Rows = Callable[[datetime, datetime], Profile]
"""Where a slice begins, and when it is looked at -> what is counted of it."""


class Counted:
    """A table whose rows are as many as a test says.

    :param now: the clock.
    """

    def __init__(self, rows: Rows, now: Callable[[], datetime]) -> None:
        self.rows, self.now = rows, now

    def profile(self, contract: Contract, piece: Slice) -> Profile:
        return self.rows(piece.start, self.now())

    def counts(self, contract: Contract, pieces: Sequence[Slice], now: datetime) -> tuple[Sequence[int], int]:
        return [self.rows(piece.start, self.now()).rows for piece in pieces], 0


@pytest.fixture
def said(store_file: Path, tmp_path: Path) -> Callable[..., dict[str, str]]:
    """Runs a watch and tells the slices that it found fault with."""

    def run(grain: str, rows: Rows, length: timedelta, days: int, more: str = "withinMinutes: 30") -> dict[str, str]:
        shutil.copyfile(store_file, tmp_path / "harness.db")
        engine, healing_world = open_engine(f"sqlite:///{tmp_path}/harness.db"), healing()
        table = Counted(rows, lambda: healing_world.clock.at)
        watch = Watch(
            healer=healing_world.healer,
            slices=SqlWatches(lambda: engine),
            table=lambda conn_id: table,
            upstream=lambda conn_id, name: Upstream(names=()),
            show=lambda contract, seen: None,
        )
        contract = compile_text(CONTRACT.replace("GRAIN", grain).replace("MORE", more), "t.yaml")
        for number in range(1, round(days * DAY / length) + 1):
            healing_world.clock.at = FIRST + number * length + timedelta(minutes=45)
            look(watch, contract)
        engine.dispose()
        return {str(one.failure.slice_id): one.failure.detail["quiet"] for one in healing_world.store.waiting()}

    return run


def counted(n: int) -> Profile:
    """So many rows, each once, with values between 32 and 64."""
    bins = {f"p{20 + place}": n // 4 for place in range(4)}
    return Profile(rows=n, duplicates=0, columns={"x": ColumnProfile(bins=bins)})


def drawn(usual: float, at: datetime) -> Profile:
    return counted(int(np.random.default_rng(round(at.timestamp())).poisson(usual)))


@pytest.mark.slow
def test_of_four_weeks_of_hours_with_quiet_nights_the_one_that_collapsed_is_found(said: Callable[..., object]) -> None:
    wrong = FIRST + 26 * DAY + 14 * HOUR  # a Saturday afternoon

    def rows(at: datetime, now: datetime) -> Profile:
        hour = (at + HOUR).hour
        usual = 400 if 7 <= hour < 22 else 0
        return drawn(usual * (0.2 if at == wrong else 1.0), at)

    assert said("hour", rows, HOUR, 27) == {f"{wrong:%Y%m%dT%H%M%SZ}": "collapsed"}


def test_a_load_twice_a_day_whose_evening_is_missing_is_stale(said: Callable[..., object]) -> None:
    wrong = FIRST + 31 * DAY + 11 * HOUR  # noon in Berlin, where it is summer

    def rows(at: datetime, now: datetime) -> Profile:
        berlin = at.astimezone(ZONE)
        usual = (300, 1200)[berlin.hour >= 12] * (0.3 if berlin.weekday() >= 5 else 1)
        return drawn(0 if at == wrong else usual, at)

    assert said("PT12H", rows, 12 * HOUR, 40) == {f"{wrong:%Y%m%dT%H%M%SZ}": "stale"}


def test_rows_that_always_come_late_are_usual_and_a_slice_that_is_late_is_told_once(
    said: Callable[..., object],
) -> None:
    """A tenth of each day comes a day later; on one day everything does."""
    wrong = FIRST + 30 * DAY - HOUR  # clocks went forward

    def rows(at: datetime, now: datetime) -> Profile:
        there = 1.0 if now >= at + 2 * DAY else 0.0 if at == wrong else 0.9
        return counted(int(there * drawn(1000, at).rows))

    assert said("day", rows, DAY, 40) == {f"{wrong:%Y%m%dT%H%M%SZ}": "stale"}


HOLIDAYS = {FIRST + 23 * DAY: 20, FIRST + 24 * DAY: 0}
"""A Wednesday with hardly any rows, and a Thursday without."""


def closed(at: datetime, now: datetime) -> Profile:
    return counted(HOLIDAYS[at]) if at in HOLIDAYS else drawn(1000, at)


def test_an_announced_holiday_is_no_incident_and_no_example(said: Callable[..., object]) -> None:
    assert said("day", closed, DAY, 40) == {"20260324T230000Z": "collapsed", "20260325T230000Z": "stale"}
    announced = "withinMinutes: 30, announced: ['2026-03-25', '2026-03-26', '2026-12-25']"
    assert said("day", closed, DAY, 40, announced) == {}


def test_an_announced_day_is_still_held_to_the_rest(said: Callable[..., object]) -> None:
    """Twice the rows, each twice, and cents for euros are no holiday."""

    def rows(at: datetime, now: datetime) -> Profile:
        if at not in HOLIDAYS:
            return drawn(1000, at)
        bins = {"p46": 100}  # from 2896 on, where 32 to 64 is usual
        return Profile(rows=100, duplicates=50, columns={"x": ColumnProfile(bins=bins)})

    announced = "withinMinutes: 30, announced: ['2026-03-25', '2026-03-26']"
    assert said("day", rows, DAY, 30, announced) == {
        "20260324T230000Z": "doubled, unit",
        "20260325T230000Z": "doubled, unit",
    }


@pytest.mark.parametrize("day", ["2026-02-30", "Christmas", "25.12.2026"])
def test_what_is_no_day_is_a_finding(day: str) -> None:
    text = CONTRACT.replace("GRAIN", "day").replace("MORE", f"announced: ['{day}']")
    with pytest.raises(ContractError, match=day):
        compile_text(text, "t.yaml")
