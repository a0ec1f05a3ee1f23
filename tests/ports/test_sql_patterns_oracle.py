"""Patterns against the same thing written in Python, for any small tables, on PostgreSQL and DuckDB; ``make slow`` asks BigQuery, too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby, pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_harness.patterns import (
    Pattern,
    as_of_join,
    current_state,
    deduplicate,
    late_rows,
    scd2,
    tumbling_window,
)
from airflow_provider_harness.testing.postgres import PostgresServer
from tests.ports.sql_patterns_case import Known, Row, Table, Three, at, ordered
from tests.ports.sql_patterns_known import LOG, PRICES, READINGS, SALES, VERSIONS

EXAMPLES = settings(max_examples=25, deadline=None)
MOMENTS = st.integers(0, 6).map(lambda hours: at("1") + timedelta(hours=hours * 5))
TEXTS = st.sampled_from([None, "a", "b"])
KEYS = st.sampled_from([None, 1, 2])


def rows_of(*parts: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Row]]:
    return st.lists(st.tuples(*parts), max_size=8)


@pytest.fixture(scope="module", params=["two", pytest.param("three", marks=pytest.mark.slow)])
def two(postgres: PostgresServer, request: pytest.FixtureRequest) -> Iterator[Three]:
    three = Three(postgres.url("postgres"), request.getfixturevalue("bigquery") if request.param == "three" else None)
    yield three
    three.close()


def same(two: Three, pattern: Pattern, tables: dict[str, Table], rows: Sequence[Row]) -> None:
    case = Known(id="drawn", pattern=pattern, tables=tables, rows=rows, bounds=(at("1"), at("2")))
    assert two.postgres_rows(case) == ordered(rows)
    assert two.duckdb_rows(case) == ordered(rows)
    if two.client is not None:
        assert two.bigquery_rows([case]) == {case.id: ordered(rows)}


def last(value: Any) -> tuple[bool, Any]:
    """What sorts null below everything."""
    return (value is not None, value if value is not None else 0)


def text(value: Any) -> tuple[bool, str]:
    return (value is not None, str(value))


def by_key(rows: Sequence[Row], *places: int) -> Iterator[list[Row]]:
    def key(row: Row) -> tuple[Any, ...]:
        return tuple(text(row[place]) for place in places)

    for _, group in groupby(sorted(rows, key=key), key=key):
        yield list(group)


LOGS = rows_of(KEYS, st.sampled_from([None, 1, 2]), st.just(0), st.sampled_from([None, "u", "d"]), TEXTS, MOMENTS)


@EXAMPLES
@given(LOGS)
def test_current_state(two: Three, rows: list[Row]) -> None:
    newest = [max(group, key=lambda r: (last(r[1]), r[3] == "d", text(r[4]), text(r[5]))) for group in by_key(rows, 0)]
    tables = {"log": Table(columns=LOG, rows=rows)}
    terms: dict[str, Any] = {"key": "id", "columns": ["seq", "name", "at"], "sequence": "seq", "deleted": ("op", "d")}
    alive = [(r[0], r[1], r[4], r[5]) for r in newest if r[3] != "d"]
    same(two, current_state("log", **terms), tables, alive)
    stones = [(r[0], r[1], None if r[3] == "d" else r[4], r[5], r[3] == "d") for r in newest]
    here = [row for row in stones if at("1") <= row[3] < at("2")]
    same(two, current_state("log", **terms, deletes="tombstone", slice_by="at"), tables, here)


@EXAMPLES
@given(LOGS, st.sampled_from(["first", "last"]))
def test_deduplicate(two: Three, rows: list[Row], keep: str) -> None:
    def first(row: Row) -> Any:
        missing, value = row[1] is None, row[1] or 0
        order = (missing, value if keep == "first" else -value)
        return (*order, *(_reversed(part) for part in (row[4], row[5])))

    kept = [min(group, key=first) for group in by_key(rows, 0)]
    pattern = deduplicate("log", key="id", columns=["seq", "name", "at"], order_by="seq", keep=keep)
    same(two, pattern, {"log": Table(columns=LOG, rows=rows)}, [(r[0], r[1], r[4], r[5]) for r in kept])


def _reversed(value: Any) -> tuple[bool, tuple[int, ...]]:
    """What sorts a greater text first, and null last."""
    return (value is None, tuple(-ord(letter) for letter in str(value)))


@EXAMPLES
@given(
    rows_of(st.integers(1, 3), KEYS, st.none() | MOMENTS),
    rows_of(KEYS, st.none() | MOMENTS, st.none() | MOMENTS, st.integers(0, 1), st.integers(0, 9)),
    st.booleans(),
    st.sampled_from([None, timedelta(hours=10)]),
)
def test_as_of_join(two: Three, sales: list[Row], prices: list[Row], cut: bool, max_age: timedelta | None) -> None:
    def fits(sale: Row, price: Row) -> bool:
        item, when, known, then = price[0], price[1], price[2], sale[2]
        if None in (item, when, then) or item != sale[1] or when > then:
            return False
        in_time = not cut or (known is not None and known <= then)
        return in_time and (max_age is None or when >= then - max_age)

    expected = []
    for sale in sales:
        found = max((p for p in prices if fits(sale, p)), key=lambda p: (p[1], p[3], str(p[4])), default=(None,) * 5)
        expected.append((sale[0], sale[2], found[4], found[1]))
    pattern = as_of_join(
        "sales",
        "prices",
        key="item",
        left_key="sale",
        left_time="at",
        right_time="since",
        right_columns="price",
        ties="rank",
        known_at="known" if cut else None,
        max_age=max_age,
    )
    tables = {"sales": Table(columns=SALES, rows=sales), "prices": Table(columns=PRICES, rows=prices)}
    if cut:  # when a match became known is given too, and is not told apart among equal ones: left out here
        found = two.postgres_rows(Known(id="drawn", pattern=pattern, tables=tables, rows=[]))
        assert ordered([row[:4] for row in found]) == ordered(expected)
        return
    same(two, pattern, tables, expected)


@EXAMPLES
@given(
    rows_of(TEXTS, st.none() | MOMENTS, st.none() | MOMENTS, st.integers(0, 9)),
    st.integers(1, 30),
    st.integers(0, 40),
)
def test_windows_and_late_rows_hold_each_row_with_a_time_once(
    two: Three, rows: list[Row], size: int, bound: int
) -> None:
    width, lateness = timedelta(hours=size), timedelta(hours=bound)
    epoch, counts, late = datetime(1970, 1, 1, tzinfo=UTC), {}, []
    for site, moment, came, value in rows:
        if moment is None:
            continue
        start = epoch + (moment - epoch) // width * width
        end = start + width
        if came is not None and came < end + lateness:
            number, total = counts.get((site, start, end), (0, 0))
            counts[site, start, end] = (number + 1, total + value)
        else:
            late.append((site, moment, came, start, end, end + lateness))
    tables = {"readings": Table(columns=READINGS, rows=rows)}
    terms: dict[str, Any] = {"time": "at", "size": width, "arrived": "arrived", "lateness": lateness}
    windows = tumbling_window("readings", **terms, group_by="site", measures={"total": ("sum", "value")})
    same(two, windows, tables, [(*key, *found) for key, found in counts.items()])
    same(two, late_rows("readings", columns="site", **terms), tables, late)


def versions(events: Sequence[tuple[Any, datetime, bool, Any, Any]]) -> Iterator[Row]:
    """Key, from, to, and columns, of events that are sorted by key and time: one for each key and time."""
    for group in by_key(events, 0):
        kept: list[tuple[datetime, bool, Any, Any]] = []
        for _, moment, gone, city, tier in sorted(group, key=lambda event: event[1]):
            before = kept[-1] if kept else None
            if gone and not (before and before[1]):
                kept.append((moment, True, None, None))
            elif not gone and (before is None or before[1] or before[2:] != (city, tier)):
                kept.append((moment, False, city, tier))
        ends = [*(one[0] for one in kept[1:]), None]
        for (start, gone, city, tier), end in zip(kept, ends, strict=False):
            yield (group[0][0], city, tier, start, end, end is None, gone)


@EXAMPLES
@given(rows_of(KEYS, MOMENTS, st.integers(0, 1), st.sampled_from([None, True, False]), TEXTS, TEXTS), st.booleans())
def test_scd2_by_time(two: Three, rows: list[Row], stones: bool) -> None:
    events = [
        max(group, key=lambda r: (last(r[2]), bool(r[3]), text(r[4]), text(r[5]))) for group in by_key(rows, 0, 1)
    ]
    expected = list(versions([(r[0], r[1], bool(r[3]), r[4], r[5]) for r in events]))
    if not stones:
        expected = [row[:-1] for row in expected if not row[-1]]
    deletes = "tombstone" if stones else "close"
    pattern = scd2("log", key="id", columns=["city", "tier"], time="at", ties="seq", deleted="gone", deletes=deletes)
    same(two, pattern, {"log": Table(columns=VERSIONS, rows=rows)}, expected)


@EXAMPLES
@given(rows_of(KEYS, MOMENTS, st.just(0), st.just(False), TEXTS, TEXTS), st.booleans())
def test_scd2_by_column(two: Three, rows: list[Row], hard: bool) -> None:
    snapshots = sorted({row[1] for row in rows})
    following = dict(pairwise(snapshots))
    live = [max(group, key=lambda r: (text(r[4]), text(r[5]))) for group in by_key(rows, 0, 1)]
    there = {(row[0], row[1]) for row in live}
    events = [(r[0], r[1], False, r[4], r[5]) for r in live]
    for row in live if hard else ():
        nxt = following.get(row[1])
        if nxt and (row[0], nxt) not in there:
            events.append((row[0], nxt, True, None, None))
    expected = [row[:-1] for row in versions(events) if not row[-1]]
    pattern = scd2("log", key="id", columns=["city", "tier"], time="at", by="column", hard_deletes=hard)
    same(two, pattern, {"log": Table(columns=VERSIONS, rows=rows)}, expected)
