"""By when a slice is promised, and from when on somebody is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from airflow_provider_harness.core.contracts.contract import Contract, Grain, Load, Sla
from airflow_provider_harness.core.slices.sla import Promise, at_risk_from, promise_of
from airflow_provider_harness.core.slices.slices import slice_of

BERLIN = "by 06:00 Europe/Berlin"


def contract(*slas: Sla, **load: Any) -> Contract:
    given = {"time_zone": "Europe/Berlin", "slice_column": "at"} | load
    return Contract(id="c", version="1", name="n", table="public.t", columns=(), load=Load(**given), slas=slas)


def sla(prop: str, value: str, unit: str = "") -> Sla:
    return Sla(prop=prop, value=value, unit=unit)


def due(made: Contract, key: str = "2026-06-30") -> datetime | None:
    found = promise_of(made, slice_of(made, key))
    return found.due if found else None


@pytest.mark.parametrize(
    ("promised", "expected"),
    [
        ((), None),
        ((sla("retention", "5", "y"),), None),
        ((sla("availability", "99.9", "percent"),), None),
        ((sla("latency", "2", "months"),), None),
        ((sla("latency", "soon", "h"),), None),
        ((sla("timeOfAvailability", BERLIN),), "2026-07-01T04:00+00:00"),
        ((sla("ta", "6:30 UTC"),), "2026-07-01T06:30+00:00"),
        ((sla("latency", "4", "h"),), "2026-07-01T02:00+00:00"),
        ((sla("freshness", "1", "d"),), "2026-07-01T22:00+00:00"),
        ((sla("freshness", "1", "d"), sla("latency", "90", "minutes")), "2026-06-30T23:30+00:00"),
    ],
)
def test_the_first_promise_that_breaks_counts(promised: tuple[Sla, ...], expected: str | None) -> None:
    found = due(contract(*promised))
    assert (found.isoformat(timespec="minutes") if found else None) == expected


def test_a_slice_that_ends_at_the_promised_hour_is_due_a_day_later() -> None:
    hourly = contract(sla("ta", BERLIN), grain=Grain.HOUR)
    assert due(hourly, "2026-07-01T05:00:00+02:00") == datetime(2026, 7, 2, 4, tzinfo=UTC)
    assert due(hourly, "2026-07-01T04:00:00+02:00") == datetime(2026, 7, 1, 4, tzinfo=UTC)


def test_the_night_of_the_clock_change_has_the_promised_hour_of_its_zone() -> None:
    assert due(contract(sla("ta", BERLIN)), "2026-10-24") == datetime(2026, 10, 25, 5, tzinfo=UTC)


def test_the_words_are_the_contracts() -> None:
    made = contract(sla("latency", "4", "h"))
    found = promise_of(made, slice_of(made, "2026-06-30"))
    assert found == Promise(due=datetime(2026, 7, 1, 2, tzinfo=UTC), words="latency 4 h")


@pytest.mark.parametrize(("minutes", "expected"), [(30, 30), (0, 0), (500, 120)])
def test_the_warning_leaves_the_work_the_first_half_of_its_time(minutes: int, expected: int) -> None:
    made = contract(sla("latency", "4", "h"))
    piece = slice_of(made, "2026-06-30")
    promise = promise_of(made, piece)
    assert promise is not None
    assert promise.due - at_risk_from(promise, piece, timedelta(minutes=minutes)) == timedelta(minutes=expected)
