"""Progress of a long step: not too often, and no more than is known."""

from __future__ import annotations

import logging

import pytest

from airflow_provider_harness.adapters.progress import PROGRESS_SECONDS, Progress


@pytest.mark.parametrize(
    ("given", "rows", "said"),
    [
        ({}, 5_000, "load: 5,000 rows, 500 rows/s"),
        ({"expected": 20_000, "exact": True}, 5_000, "load: 5,000 of 20,000 rows (25%), 500 rows/s, 30 s left"),
        ({"expected": 20_000}, 5_000, "load: 5,000 of about 20,000 rows (25%), 500 rows/s, 30 s left"),
        ({"expected": 4_000}, 5_000, "load: 5,000 rows, 500 rows/s"),
        ({"expected": 0}, 0, "load: 0 rows, 0 rows/s"),
    ],
)
def test_what_is_said(given: dict[str, int], rows: int, said: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    now = [0.0]
    tell = Progress(**given, clock=lambda: now[0])  # type: ignore[arg-type]
    now[0] = PROGRESS_SECONDS - 0.1
    tell("load", rows)
    assert caplog.messages == []
    now[0] = PROGRESS_SECONDS
    tell("load", rows)
    tell("load", rows + 1)
    assert caplog.messages == [said]
