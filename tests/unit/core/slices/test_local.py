"""A slice's id beside the day that people know."""

from __future__ import annotations

import pytest

from airflow_provider_harness.core.slices.local import with_local_day


@pytest.mark.parametrize(
    ("slice_id", "zone", "told"),
    [
        ("20261128T230000Z", "Europe/Berlin", "20261128T230000Z (2026-11-29 Europe/Berlin)"),
        ("20260628T220000Z", "Europe/Berlin", "20260628T220000Z (2026-06-29 Europe/Berlin)"),
        ("20130101T050000Z", "America/New_York", "20130101T050000Z (2013-01-01 America/New_York)"),
        ("20261129T040000Z", "Europe/Berlin", "20261129T040000Z (2026-11-29 05:00 Europe/Berlin)"),
        ("20261129T041500.250000Z", "UTC", "20261129T041500.250000Z (2026-11-29 04:15 UTC)"),
        ("20261128T230000Z", "", "20261128T230000Z (2026-11-28 23:00 UTC)"),
        ("2026-11-29", "Europe/Berlin", "2026-11-29"),
        ("region%3Deu", "Europe/Berlin", "region%3Deu"),
        ("99991399T990000Z", "Europe/Berlin", "99991399T990000Z"),
        ("99991231T235900Z", "Asia/Tokyo", "99991231T235900Z"),
        ("20261128T230000Z", "No/Where", "20261128T230000Z"),
        ("", "UTC", ""),
    ],
)
def test_the_local_day_stands_beside_the_id(slice_id: str, zone: str, told: str) -> None:
    assert with_local_day(slice_id, zone) == told
