"""Progress of a long step: not too often, and no more than is known."""

from __future__ import annotations

import logging
import time

import pytest

from airflow_provider_harness.adapters import progress
from airflow_provider_harness.adapters.progress import PROGRESS_SECONDS, Progress


@pytest.mark.parametrize(
    ("given", "rows", "said"),
    [
        ({}, 5_000, "load: 5,000 rows, 500 rows/s"),
        ({"expected": 20_000, "exact": True}, 5_000, "load: 5,000 of 20,000 rows (25%), 500 rows/s, 30 s left"),
        ({"expected": 20_000}, 5_000, "load: 5,000 of about 20,000 rows (25%), 500 rows/s, 30 s left"),
        ({"expected": 4_000}, 5_000, "load: 5,000 rows, 500 rows/s"),
        ({"expected": 0}, 0, "load: no rows yet, for 10 s"),
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


def test_a_look_that_fails_is_the_last_one_and_hurts_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(progress, "PROGRESS_SECONDS", 0.01)
    looks: list[int] = []

    def look() -> None:
        looks.append(1)
        if len(looks) == 3:
            raise OSError("no route")

    with progress.looking(look):
        time.sleep(0.2)
    assert len(looks) == 3
    assert caplog.messages == ["Progress cannot be shown: no route"]


def test_nobody_looks_at_what_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "PROGRESS_SECONDS", 0.01)
    looks: list[int] = []
    with pytest.raises(ValueError, match="wrong"), progress.looking(lambda: looks.append(1)):
        raise ValueError("wrong")
    so_far = len(looks)
    time.sleep(0.05)
    assert len(looks) == so_far
