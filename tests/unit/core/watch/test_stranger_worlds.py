"""The watch in worlds that its authors did not draw: few rows, growth, weekdays only, a table that begins, one that is emptied and comes back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from airflow_provider_harness.core.watch.examples import examples
from airflow_provider_harness.core.watch.judge import Quiet, failures, judge
from airflow_provider_harness.core.watch.profile import Looked, Profile, numbers

DAY, FIRST = timedelta(days=1), datetime(2026, 1, 5, tzinfo=UTC)  # a Monday
Rows = Callable[[np.random.Generator, int], int]


def said(rows: Rows, days: int, duplicates: Callable[[int, int], int] = lambda number, n: 0) -> dict[int, list[Quiet]]:
    """Number of the day -> what the watch says of it, after four weeks."""
    rng, found = np.random.default_rng(11), {}
    history: list[Looked] = []
    for number in range(days):
        n = rows(rng, number)
        made = numbers(Profile(rows=n, duplicates=duplicates(number, n)))
        wrong = failures(judge(made, history, FIRST + number * DAY, DAY, "UTC", 6.0))
        values = {name: one.value for name, one in made.items()}
        history.append(Looked(at=FIRST + number * DAY, numbers=values, wrong=frozenset(one.metric for one in wrong)))
        if wrong and number >= 28:
            found[number] = [one.kind for one in wrong]
    return found


def at(day: int, share: float, rows: Rows) -> Rows:
    """The same, and on one day a share of it."""
    return lambda rng, number: int(rows(rng, number) * (share if number == day else 1))


def thirty(rng: np.random.Generator, number: int) -> int:
    return int(rng.poisson(30))


def growing(rng: np.random.Generator, number: int) -> int:
    return int(rng.poisson(200 * 1.01**number))


def weekdays(rng: np.random.Generator, number: int) -> int:
    return int(rng.poisson(400)) if number % 7 < 5 else 0


def test_a_table_of_thirty_rows_a_day_is_stale_when_it_has_none() -> None:
    assert said(at(45, 0.0, thirty), 60) == {45: [Quiet.STALE]}


def test_half_of_the_rows_is_found_in_a_table_that_grows_by_one_percent_a_day() -> None:
    assert said(at(65, 0.5, growing), 90) == {65: [Quiet.COLLAPSED]}


def test_a_join_that_repeats_one_row_in_twenty_is_found_among_a_few_hundred() -> None:
    found = said(lambda rng, number: 280, 60, lambda number, n: 14 if number == 45 else 0)
    assert found == {45: [Quiet.FAN_OUT]}


def test_each_row_twice_is_doubled_however_many_there_were() -> None:
    found = said(thirty, 60, lambda number, n: n // 2 if number == 45 else 0)
    assert found == {45: [Quiet.DOUBLED]}


def test_a_table_that_begins_is_not_grown() -> None:
    assert said(lambda rng, number: int(rng.poisson(300)) if number >= 40 else 0, 90) == {}


def test_a_table_that_comes_back_is_not_grown() -> None:
    found = said(lambda rng, number: 0 if 40 <= number < 55 else int(rng.poisson(300)), 90)
    assert found == {number: [Quiet.STALE] for number in range(40, 47)}


def test_a_new_level_of_a_table_without_weekends_is_usual_after_a_week() -> None:
    found = said(lambda rng, number: weekdays(rng, number) * (2 if number >= 42 else 1), 90)
    assert set(found) == {42, 43, 44, 45, 46, 49}


def test_loads_that_come_now_and_then_have_no_usual_number() -> None:
    found = said(lambda rng, number: int(rng.poisson(200)) if rng.random() < 0.4 else 0, 90)
    assert len(found) <= 3, found  # before: one day in three


def test_what_the_same_day_of_a_month_did_twice_is_usual() -> None:
    def fifteenth(rng: np.random.Generator, number: int) -> int:
        return int(rng.poisson(300 * (8 if (FIRST + number * DAY).day == 15 else 1)))

    days = [(FIRST + number * DAY).month for number in said(fifteenth, 200)]
    assert days == [2, 3], "of seven"


@pytest.mark.parametrize("rows", [thirty, growing, weekdays])
def test_nothing_is_made_up(rows: Rows) -> None:
    assert said(rows, 120) == {}


def test_three_bad_wednesdays_are_usual_only_if_the_same_was_wrong() -> None:
    def looked(*wrong: str) -> list[Looked]:
        days = [FIRST + (2 + 7 * week) * DAY for week in range(len(wrong) + 1)]
        told = ["", *wrong]
        return [
            Looked(at=at, numbers={"rows": 5.0}, wrong=frozenset({why} if why else ()))
            for at, why in zip(days, told, strict=True)
        ]

    assert len(examples(looked("rows", "rows", "rows"), DAY, "UTC")) == 4
    assert len(examples(looked("nulls:x", "rows", "size:x"), DAY, "UTC")) == 1
