"""The watch over sixty days: eight quiet failures are found on their day, and nothing else is said, whatever the seed."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from airflow_provider_harness.core.watch.examples import alike, examples
from airflow_provider_harness.core.watch.judge import Quiet, failures, judge
from airflow_provider_harness.core.watch.profile import Looked, Profile, numbers
from tests.quiet_world import WARM, World, profile, start, world

DAY = timedelta(days=1)


def found(given: World) -> dict[date, list[Quiet]]:
    """Day -> what the watch says of it, judged day by day."""
    history: list[Looked] = []
    profiles: dict[object, Profile] = {}
    said = {}
    for number, day in enumerate(given.days):
        at, own = start(day.day), profile(day)
        sound = alike([one.at for one in examples(history, DAY, "UTC")], at, DAY, "UTC")[-8:]
        made = numbers(own, [profiles[one] for one in sound])
        wrong = failures(judge(made, history, at, DAY, "UTC", 6.0))
        values = {name: one.value for name, one in made.items()}
        history.append(Looked(at=at, numbers=values, wrong=frozenset(one.metric for one in wrong)))
        profiles[at] = own
        if wrong and number >= WARM:
            said[day.day] = [one.kind for one in wrong]
    return said


@pytest.mark.parametrize("seed", range(6))
def test_eight_quiet_failures_are_found_and_none_is_made_up(seed: int) -> None:
    given = world(seed, size=500)
    said = found(given)
    assert sorted(said) == sorted(given.planted), "right days, and no needless one"
    for day, how in given.planted.items():
        # where the rows went is only known where they are counted again: tests/ports/test_watch_sixty_days.py
        expected = Quiet.COLLAPSED if how is Quiet.WRONG_PARTITION else how
        assert expected in said[day], (day, how, said[day])


@pytest.mark.slow
def test_a_hundred_worlds_of_other_sizes() -> None:
    missed, needless = [], []
    for seed in range(1000, 1100):
        given = world(seed, size=(200, 1000, 3000)[seed % 3])
        said = found(given)
        missed += [(seed, day) for day in given.planted if day not in said]
        needless += [(seed, day) for day in said if day not in given.planted]
    assert len(missed) <= 1, (
        missed
    )  # of 800: a quarter of 200 rows, with four weeks of noisy history, is within six spreads
    assert len(needless) <= 1, needless  # of 6,000 days
