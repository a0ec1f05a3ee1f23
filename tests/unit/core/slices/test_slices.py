"""Which slice a run owns, and where a slice begins and ends."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_harness.core.contracts.contract import Column, Contract, Grain, Load, LoadMode, LogicalType
from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.core.slices.slices import (
    IDENTIFIER_BYTES,
    bounds,
    slice_id,
    slice_of,
    slice_of_day,
    staging_table,
    stamp,
)

START, END = datetime(2013, 1, 1, 5, tzinfo=UTC), datetime(2013, 1, 2, 5, tzinfo=UTC)


def contract(kind: LogicalType = LogicalType.TIMESTAMP, grain: Grain = Grain.DAY) -> Contract:
    return Contract(
        id="t",
        version="1",
        name="t",
        table="public.t",
        columns=(Column(name="at", logical_type=kind, physical_type=str(kind)),),
        load=Load(mode=LoadMode.INCREMENTAL, slice_column="at", time_zone="America/New_York", grain=grain),
    )


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        ({"partition_key": "eu/1", "interval_start": START, "interval_end": END, "logical_date": END}, "eu%2F1"),
        ({"interval_start": START, "interval_end": END, "logical_date": END}, "20130101T050000Z"),
        ({"interval_start": START, "interval_end": START, "logical_date": END}, "20130102T050000Z"),
        ({"logical_date": END}, "20130102T050000Z"),
    ],
    ids=["partition key", "interval", "an interval of no length is none", "logical date"],
)
def test_the_first_that_a_run_has_names_its_slice(given_: dict[str, object], expected: str) -> None:
    assert slice_id(**given_) == expected  # type: ignore[arg-type]


def test_a_run_without_any_owns_no_slice() -> None:
    with pytest.raises(ConfigurationError, match="Give the task slice_key"):
        slice_id()


@pytest.mark.parametrize(("day", "hours"), [(date(2013, 1, 1), 24), (date(2013, 3, 10), 23), (date(2013, 11, 3), 25)])
def test_a_day_is_as_long_as_it_is_in_its_time_zone(day: date, hours: int) -> None:
    piece = slice_of_day(contract(), day)
    assert (piece.end - piece.start).total_seconds() == 3600 * hours
    assert piece.day("America/New_York") == day
    assert slice_of(contract(), piece.id) == piece


def test_a_date_column_is_cut_by_dates() -> None:
    piece = slice_of_day(contract(LogicalType.DATE), date(2013, 3, 10))
    assert bounds(contract(LogicalType.DATE), piece) == (date(2013, 3, 10), date(2013, 3, 11))
    assert bounds(contract(), piece) == (piece.start, piece.end)


def test_a_partition_key_may_be_a_date() -> None:
    assert slice_of(contract(), "2013-01-01").start == START
    with pytest.raises(ConfigurationError, match="is not a moment or a date"):
        slice_of(contract(), "eu%2F1")


def test_an_hour_is_an_hour() -> None:
    piece = slice_of(contract(grain=Grain.HOUR), stamp(START))
    assert (piece.end - piece.start).total_seconds() == 3600


@given(st.integers(-62_000_000_000, 253_000_000_000), st.integers(0, 999_999))
def test_a_moment_survives_being_an_id(seconds: int, microseconds: int) -> None:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds, microseconds=microseconds)
    assert slice_of(contract(grain=Grain.HOUR), stamp(moment)).start == moment


@given(st.text(min_size=1, max_size=80), st.text(min_size=1, max_size=80))
def test_staging_names_fit_and_differ_when_the_slice_does(one: str, other: str) -> None:
    first, second = (staging_table("public.flights", slice_id(partition_key=key)) for key in (one, other))
    assert len(first.partition(".")[2].encode()) <= IDENTIFIER_BYTES
    assert "%" not in first
    assert (first == second) == (one == other)


def test_the_usual_staging_name_is_the_documented_one() -> None:
    assert staging_table("public.flights", "20130101T050000Z") == "public.flights__stg_20130101T050000Z"


def test_an_hour_that_clocks_skip_is_no_slice() -> None:
    there = contract(grain=Grain.HOUR)
    berlin = replace(there, load=replace(there.load, time_zone="Europe/Berlin"))
    with pytest.raises(ConfigurationError, match="2026-03-29T02': is an hour that does not exist in Europe/Berlin"):
        slice_of(berlin, "2026-03-29T02")
    assert [slice_of(berlin, f"2026-03-29T0{hour}").start.hour for hour in (1, 3)] == [0, 1]
