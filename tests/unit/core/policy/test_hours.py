"""Hours of the week: over midnight, over the weekend, and where clocks are moved."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from airflow_provider_harness.core.policy.hours import hours


@pytest.mark.parametrize(
    ("text", "moment", "hold"),
    [
        ("09:00-17:00 UTC", "2026-11-21T09:00", True),
        ("09:00-17:00 UTC", "2026-11-21T16:59", True),
        ("09:00-17:00 UTC", "2026-11-21T17:00", False),
        ("09:00-17:00 UTC", "2026-11-21T08:59", False),
        ("22:00-06:00 UTC", "2026-11-21T05:59", True),
        ("22:00-06:00 UTC", "2026-11-21T22:00", True),
        ("22:00-06:00 UTC", "2026-11-21T06:00", False),
        ("00:00-00:00 UTC", "2026-11-21T13:00", True),  # the whole day
        ("Fri 22:00-06:00 UTC", "2026-11-21T05:00", True),  # Saturday morning belongs to Friday
        ("Fri 22:00-06:00 UTC", "2026-11-20T05:00", False),  # Friday morning belongs to Thursday
        ("Mon-Fri 09:00-17:00 UTC", "2026-11-21T12:00", False),  # a Saturday
        ("Sat-Sun 09:00-17:00 UTC", "2026-11-22T12:00", True),
        ("Sun-Mon 09:00-17:00 UTC", "2026-11-23T12:00", True),  # over the end of the week
        ("Sun-Mon 09:00-17:00 UTC", "2026-11-24T12:00", False),
        ("09:00-10:00 Europe/Berlin", "2026-11-21T08:30", True),  # winter
        ("09:00-10:00 Europe/Berlin", "2026-07-21T07:30", True),  # summer
        ("09:00-10:00 Europe/Berlin", "2026-07-21T08:30", False),
    ],
)
def test_hold(text: str, moment: str, hold: bool) -> None:
    assert hours(text).hold(datetime.fromisoformat(moment).replace(tzinfo=UTC)) is hold


@pytest.mark.parametrize(
    "text",
    [
        "",
        "always",
        "09:00-17:00",
        "9:00-17:00 UTC",
        "09:00-24:00 UTC",
        "Mo-Fr 09:00-17:00 UTC",
        "09:00-17:00 Mars/Base",
        "x" * 300,
    ],
)
def test_what_is_no_window_is_said(text: str) -> None:
    with pytest.raises(ValueError, match="is not a window such as"):
        hours(text)
