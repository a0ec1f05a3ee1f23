"""When a slice counts as late: minutes after its end, times of day, and the two nights on which clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_harness.core.contracts.contract import LateAction, LatePolicy
from airflow_provider_harness.core.slices.lateness import late_from
from airflow_provider_harness.core.slices.slices import Slice


def piece(end: str) -> Slice:
    moment = datetime.fromisoformat(end).astimezone(UTC)
    return Slice(id="s", start=moment - timedelta(days=1), end=moment)


def late(end: str, *, until: str = "", wait: int = 0, action: LateAction = LateAction.PAGE) -> str:
    found = late_from(LatePolicy(action=action, wait_minutes=wait, until=until), piece(end))
    return found.astimezone(UTC).isoformat(timespec="minutes").removesuffix("+00:00") if found else "never"


@pytest.mark.parametrize(
    ("end", "terms", "expected"),
    [
        ("2026-11-21T00:00+00:00", {}, "2026-11-21T00:00"),
        ("2026-11-21T00:00+00:00", {"wait": 90}, "2026-11-21T01:30"),
        ("2026-11-21T00:00+00:00", {"until": "06:00 Europe/Berlin"}, "2026-11-21T05:00"),
        ("2026-07-21T00:00+00:00", {"until": "06:00 Europe/Berlin"}, "2026-07-21T04:00"),
        ("2026-11-21T05:00+00:00", {"until": "06:00 Europe/Berlin"}, "2026-11-21T05:00"),
        ("2026-11-21T05:01+00:00", {"until": "06:00 Europe/Berlin"}, "2026-11-22T05:00"),
        ("2026-11-21T00:00+00:00", {"until": "06:00 Europe/Berlin", "wait": 600}, "2026-11-21T10:00"),
        ("2026-11-21T00:00+00:00", {"until": "06:00 Europe/Berlin", "wait": 10}, "2026-11-21T05:00"),
        # The slice's end and the clock's day differ: 23:30 in Auckland is 10:30 in UTC.
        ("2026-11-21T00:00+00:00", {"until": "23:30 Pacific/Auckland"}, "2026-11-21T10:30"),
        # 02:30 does not exist in New York on 8 March 2026: an hour later there. It comes twice on 1 November: the second.
        ("2026-03-08T05:00+00:00", {"until": "02:30 America/New_York"}, "2026-03-08T07:30"),
        ("2026-11-01T04:00+00:00", {"until": "01:30 America/New_York"}, "2026-11-01T06:30"),
        # Samoa skipped 30 December 2011 altogether.
        ("2011-12-30T10:00+00:00", {"until": "06:00 Pacific/Apia"}, "2011-12-30T16:00"),
        ("2026-11-21T00:00+00:00", {"action": LateAction.WAIT, "wait": 5}, "never"),
    ],
)
def test_late_from(end: str, terms: dict[str, object], expected: str) -> None:
    assert late(end, **terms) == expected  # type: ignore[arg-type]


def test_who_says_nothing_waits() -> None:
    assert late_from(LatePolicy(), piece("2026-11-21T00:00+00:00")) is None


@given(
    days=st.floats(0, 14_000),
    zone=st.sampled_from(
        ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Casablanca"]
    ),
    hour=st.times(),
    wait=st.integers(0, 3000),
)
def test_it_is_after_the_slice_and_within_a_day_of_it(days: float, zone: str, hour: object, wait: int) -> None:
    clock, end = f"{hour:%H:%M}", datetime(1996, 1, 1, tzinfo=UTC) + timedelta(days=days)
    policy = LatePolicy(action=LateAction.SKIP, wait_minutes=wait, until=f"{clock} {zone}")
    found = late_from(policy, Slice(id="s", start=end, end=end))
    assert found is not None
    waited = end + timedelta(minutes=wait)
    assert waited <= found <= max(waited, end + timedelta(hours=26))
    if found > waited:
        there = found.astimezone(ZoneInfo(zone))
        changed = there.utcoffset() != (found - timedelta(hours=2)).astimezone(ZoneInfo(zone)).utcoffset()
        assert f"{there:%H:%M}" == clock or changed, "only a time that the clocks skipped is another one"
