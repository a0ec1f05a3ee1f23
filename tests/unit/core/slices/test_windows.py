"""What a slice is: the window of a key, of a run, of a grain, and its bounds in the type of the column that cuts it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_harness.app.rows.probe import arrived
from airflow_provider_harness.app.rows.validate import absent
from airflow_provider_harness.core.contracts.contract import Column, Contract, EpochUnit, Load, LoadMode, LogicalType
from airflow_provider_harness.core.contracts.grain import WORDS, Grain
from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.core.slices.keys import read
from airflow_provider_harness.core.slices.slices import (
    Run,
    Slice,
    bounds,
    following,
    grain_of,
    grain_start,
    holds_none,
    slice_of,
    slice_of_run,
    slices_between,
    stamp,
)

BERLIN = "Europe/Berlin"
ZONES = ("UTC", BERLIN, "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "America/Havana", "Pacific/Apia")
AT = datetime(2026, 1, 1, 4, tzinfo=UTC)
NAIVE, ZONED = "timestamp without time zone", "timestamp with time zone"


def contract(
    physical: str = ZONED,
    zone: str = "UTC",
    grain: str = "",
    mode: LoadMode = LoadMode.INCREMENTAL,
    unit: EpochUnit | None = None,
) -> Contract:
    kind = {"date": LogicalType.DATE, "bigint": LogicalType.INTEGER}.get(physical, LogicalType.TIMESTAMP)
    load = Load(
        mode=mode,
        slice_column="" if mode is LoadMode.FULL else "at",
        time_zone=zone,
        grain=Grain(grain) if grain else None,
        epoch_unit=unit,
    )
    column = Column(name="at", logical_type=kind, physical_type=physical)
    return Contract(id="t", version="1", name="t", table="public.t", columns=(column,), load=load)


def local(text: str, zone: str = BERLIN) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


@pytest.mark.parametrize(
    ("key", "start", "end"),
    [
        ("2026", "2026-01-01", "2027-01-01"),
        ("2026-Q4", "2026-10-01", "2027-01-01"),
        ("2026Q1", "2026-01-01", "2026-04-01"),
        ("2026-02", "2026-02-01", "2026-03-01"),
        ("202602", "2026-02-01", "2026-03-01"),
        ("2026-W01", "2025-12-29", "2026-01-05"),
        ("2026W01", "2025-12-29", "2026-01-05"),
        ("2025-12-29 (W01)", "2025-12-29", "2026-01-05"),
        ("2026-01-01", "2026-01-01", "2026-01-02"),
        ("2026/01/01", "2026-01-01", "2026-01-02"),
        ("20260101", "2026-01-01", "2026-01-02"),
        ("2026-W01-4", "2026-01-01", "2026-01-02"),
        ("2026-03-29", "2026-03-29", "2026-03-30"),  # 23 hours
        ("2026-01-01T05", "2026-01-01T05:00", "2026-01-01T06:00"),
        ("2026010105", "2026-01-01T05:00", "2026-01-01T06:00"),
        ("2026-01-01 05", "2026-01-01T05:00", "2026-01-01T06:00"),
        ("2026-01-01T05:30", "2026-01-01T05:30", "2026-01-01T05:31"),
        ("202601010530", "2026-01-01T05:30", "2026-01-01T05:31"),
        ("2026-01-01T05:30:00", "2026-01-01T05:30", "2026-01-02T05:30"),  # a moment: as long as the grain
        ("2026-01-01T04:30:00Z", "2026-01-01T05:30", "2026-01-02T05:30"),
        ("20260101T043000Z", "2026-01-01T05:30", "2026-01-02T05:30"),
        ("2026-01-01T05%3A30%3A00%2B01%3A00", "2026-01-01T05:30", "2026-01-02T05:30"),
        ("2026-10-25T02", "2026-10-25T02:00", "2026-10-25T03:00"),  # both hours that clocks show so
    ],
)
def test_a_key_has_the_window_that_it_names(key: str, start: str, end: str) -> None:
    piece = slice_of(contract(zone=BERLIN), key)
    assert (piece.start, piece.end) == (local(start), local(end))


@pytest.mark.parametrize(
    "key", ["eu", "2026-13", "2026-W54", "2026-02-30", "20260101T25", "", "1.0", "2026-01-05 (W09)", "eu-2026-01-01"]
)
def test_what_is_no_date_has_no_window(key: str) -> None:
    assert read(key) is None
    with pytest.raises(ConfigurationError, match="has no beginning and no end"):
        slice_of(contract(), key)


def test_the_longest_year_has_no_end() -> None:
    with pytest.raises(ConfigurationError, match="is not a moment or a date"):
        slice_of(contract(), "9999")


def test_one_slice_has_one_id() -> None:
    terms = contract(zone=BERLIN)
    keys = ("2026-01-01", "20260101", "2026-W01-4", "2026/01/01", "20251231T230000Z", "2026-01-01T00%3A00%3A00")
    pieces = [slice_of(terms, key) for key in keys]
    assert {(piece.id, piece.start, piece.end) for piece in pieces} == {
        ("20251231T230000Z", local("2026-01-01"), local("2026-01-02"))
    }
    interval = Run(interval_start=local("2026-01-01"), interval_end=local("2026-01-02"), scheduled=True)
    assert slice_of_run(terms, interval).id == slice_of_run(terms, Run(partition_key="2026-01-01")).id == pieces[0].id
    assert pieces[0].ids == ("20251231T230000Z", "2026-01-01"), "rows of an earlier version are found under the key"


def test_the_run_owns_its_interval_whatever_the_contract_says() -> None:
    start, end = local("2026-01-01T05:00"), local("2026-01-02T05:00")
    run = Run(interval_start=start, interval_end=end, logical_date=start, scheduled=True)
    for terms in (contract(zone="Asia/Tokyo", grain="hour"), contract(), contract(mode=LoadMode.FULL)):
        assert slice_of_run(terms, run) == Slice(id="20260101T040000Z", start=start, end=end)
        assert slice_of(terms, "20260101T040000Z", end) == slice_of_run(terms, run), "id and end say all of it"


def test_a_run_without_width_owns_nothing_of_a_table_in_slices() -> None:
    daily = Run(interval_start=AT, interval_end=AT, logical_date=AT, scheduled=True)
    with pytest.raises(ConfigurationError, match=r"CronDataIntervalTimetable.*or give the task slice_key"):
        slice_of_run(contract(), daily)
    by_hand = replace(daily, scheduled=False)
    day = Slice(id="20260101T000000Z", start=datetime(2026, 1, 1, tzinfo=UTC), end=datetime(2026, 1, 2, tzinfo=UTC))
    assert slice_of_run(contract(), by_hand) == day
    with pytest.raises(ConfigurationError, match="owns no slice"):
        slice_of_run(contract(), Run(run_after=AT))


def test_any_run_owns_a_table_that_is_published_as_a_whole() -> None:
    terms = contract(mode=LoadMode.FULL)
    assert slice_of_run(terms, Run(interval_start=AT, interval_end=AT, logical_date=AT, scheduled=True)).id == stamp(AT)
    assert slice_of_run(terms, Run(run_after=AT)).id == stamp(AT)
    assert slice_of_run(terms, Run(partition_key="eu/1", run_after=AT)) == Slice(id="eu%2F1", start=AT, end=AT)
    assert slice_of(terms, "eu%2F1", AT) == Slice(id="eu%2F1", start=AT, end=AT)


def test_a_partition_reaches_to_the_next_one_where_its_key_is_a_moment() -> None:
    date_, after = local("2026-01-01T05:00"), local("2026-01-02T05:00")
    given_ = {"partition_date": date_, "partition_end": after, "scheduled": True}
    for key in ("2026-01-01T05:00:00", "2026-01-01T05:00", "01.01.2026 five o'clock"):
        piece = slice_of_run(contract(), Run(partition_key=key, **given_))  # type: ignore[arg-type]
        assert (piece.id, piece.start, piece.end) == (stamp(date_), date_, after)
    day = slice_of_run(contract(zone=BERLIN), Run(partition_key="2026-01-01", **given_))  # type: ignore[arg-type]
    assert (day.start, day.end) == (local("2026-01-01"), local("2026-01-02")), "a key of a day names the day"
    hour = slice_of_run(contract(), Run(partition_key="2026-01-01T05", partition_date=date_))
    assert (hour.start, hour.end) == (date_, date_ + timedelta(hours=1)), "whose zone the mapper knows"


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("PT15M", "quarterHour"),
        ("P7D", "week"),
        ("P1W", "week"),
        ("P12M", "year"),
        ("PT60M", "hour"),
        ("P2W", "P14D"),
        ("P2M", "P2M"),
    ],
)
def test_a_grain_is_a_length(text: str, same: str) -> None:
    one, other = Grain(text), Grain(same)
    assert (one.months, one.days, one.seconds) == (other.months, other.days, other.seconds)
    assert one in WORDS or one == text


@pytest.mark.parametrize("text", ["dya", "P", "PT", "P0D", "PT7M", "PT24H5M", "P1DT1H", "P1M1D", "", "PT25H", "-P1D"])
def test_what_time_cannot_be_cut_by_is_no_grain(text: str) -> None:
    with pytest.raises(ValueError, match="is not a length by which time can be cut"):
        Grain(text)


moments = st.integers(0, 2_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
grains = st.sampled_from([*WORDS, "PT20M", "PT6H", "PT2H", "PT12H", "P2D", "P2W", "P2M"]).map(Grain)


@settings(max_examples=300, derandomize=True, deadline=None)
@given(moments, grains, st.sampled_from(ZONES))
def test_slices_of_a_grain_lie_end_to_end(moment: datetime, grain: Grain, zone: str) -> None:
    start = grain_start(grain, moment, ZoneInfo(zone))
    end = following(grain, start, ZoneInfo(zone))
    assert start <= moment < end
    assert grain_start(grain, end, ZoneInfo(zone)) == end
    assert grain_start(grain, end - timedelta(seconds=1), ZoneInfo(zone)) == start
    terms = contract(zone=zone, grain=grain)
    assert grain_of(terms) == grain
    first, second = list(slices_between(terms, start, end))
    assert (first.start, first.end, second.start) == (start, end, end)


ends = st.lists(
    st.integers(0, 400_000).map(lambda n: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=n * 3)),
    min_size=3,
    max_size=9,
)


@settings(max_examples=400, derandomize=True, deadline=None)
@given(ends, st.sampled_from(ZONES), st.sampled_from([NAIVE, ZONED, "date", "bigint"]), st.sampled_from(EpochUnit))
def test_bounds_lie_end_to_end_and_never_go_back(
    moments: list[datetime], zone: str, kind: str, unit: EpochUnit
) -> None:
    terms = contract(kind, zone, unit=unit if kind == "bigint" else None)
    ordered = sorted(moments)
    found = [bounds(terms, slice_of(terms, stamp(a), b)) for a, b in pairwise(ordered)]
    for low, high in found:
        assert low <= high  # type: ignore[operator]
    assert [high for _, high in found[:-1]] == [low for low, _ in found[1:]]


@pytest.mark.parametrize(
    ("start", "end", "low", "high"),
    [
        ("2026-01-01T00:00", "2026-01-02T00:00", "2026-01-01T00:00", "2026-01-02T00:00"),
        ("2026-03-29T01:45", "2026-03-29T03:00", "2026-03-29T01:45", "2026-03-29T03:00"),  # with what clocks skip
        ("2026-03-29T03:00", "2026-03-29T03:15", "2026-03-29T03:00", "2026-03-29T03:15"),
    ],
)
def test_a_column_without_a_zone_is_cut_by_the_contracts_clocks(start: str, end: str, low: str, high: str) -> None:
    terms = contract(NAIVE, BERLIN)
    piece = slice_of(terms, stamp(local(start)), local(end))
    assert bounds(terms, piece) == (datetime.fromisoformat(low), datetime.fromisoformat(high))


def test_an_hour_that_clocks_show_twice_belongs_to_its_second_time() -> None:
    """Only then all of its rows are there."""
    terms, two, three = contract(NAIVE, BERLIN), *map(datetime.fromisoformat, ("2026-10-25T02", "2026-10-25T03"))
    midnight = datetime(2026, 10, 25, tzinfo=UTC)
    first = slice_of(terms, stamp(midnight), midnight + timedelta(hours=1))
    again = slice_of(terms, stamp(midnight + timedelta(hours=1)), midnight + timedelta(hours=2))
    assert bounds(terms, first) == (two, two)
    assert bounds(terms, again) == (two, three)
    quarter = slice_of(terms, stamp(midnight + timedelta(minutes=75)), midnight + timedelta(minutes=90))
    assert bounds(terms, quarter) == (two + timedelta(minutes=15), two + timedelta(minutes=30))


def test_a_date_belongs_to_the_slice_in_which_it_ends() -> None:
    terms = contract("date", BERLIN)
    five = slice_of(terms, stamp(local("2026-01-01T05:00")), local("2026-01-02T05:00"))
    assert bounds(terms, five) == (date(2026, 1, 1), date(2026, 1, 2))
    noon = slice_of(terms, stamp(local("2026-01-01T12:00")), local("2026-01-01T13:00"))
    assert bounds(terms, noon) == (date(2026, 1, 1), date(2026, 1, 1))
    last = slice_of(terms, stamp(local("2026-01-01T23:00")), local("2026-01-02T00:00"))
    assert bounds(terms, last) == (date(2026, 1, 1), date(2026, 1, 2))


@pytest.mark.parametrize(
    ("unit", "factor"), [(EpochUnit.SECONDS, 1), (EpochUnit.MILLISECONDS, 10**3), (EpochUnit.NANOSECONDS, 10**9)]
)
def test_an_integer_is_cut_by_epochs(unit: EpochUnit, factor: int) -> None:
    terms = contract("bigint", BERLIN, unit=unit)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    low, high = bounds(terms, slice_of(terms, stamp(start), start + timedelta(microseconds=500)))
    assert low == int(start.timestamp()) * factor
    assert high == {1: low + 1, 10**3: low + 1, 10**9: low + 500_000}[factor], "what has begun belongs to it"


def test_nobody_waits_for_rows_of_a_slice_that_can_hold_none() -> None:
    """Neither is it missing: the source is not even asked."""
    terms = contract("date", BERLIN)
    noon = slice_of(terms, stamp(local("2026-01-01T12:00")), local("2026-01-01T13:00"))
    day = slice_of(terms, "2026-01-01")
    assert (holds_none(terms, noon), holds_none(terms, day)) == (True, False)
    assert not holds_none(contract(mode=LoadMode.FULL), noon)
    nobody: Any = None
    assert arrived(terms, noon, nobody, 1).ready
    assert absent(terms, nobody, [noon]) == []


def test_an_end_before_the_beginning_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="before it begins"):
        slice_of(contract(), stamp(AT), AT - timedelta(hours=1))
