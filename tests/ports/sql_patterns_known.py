"""The documented cases of each pattern, with their answers: the table of docs/how-to/patterns.md, executed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow_provider_harness.patterns import (
    as_of_join,
    current_state,
    deduplicate,
    late_dimension,
    late_rows,
    scd2,
    tumbling_window,
)
from tests.ports.sql_patterns_case import Known, Row, Table, at

LOG = {"id": "int", "seq": "int", "sub": "int", "op": "text", "name": "text", "at": "time"}
CDC: dict[str, Any] = {"key": "id", "columns": ["seq", "name"], "sequence": ["seq", "sub"]}
_BY_OP = current_state("log", **CDC, deleted=("op", "d"))
_TOMBS = current_state("log", **CDC, deleted=("op", "d"), deletes="tombstone")
_SLICED = current_state(
    "log", key="id", columns=["name", "at"], sequence="seq", deleted=("op", "d"), deletes="tombstone", slice_by="at"
)


def _log(*rows: tuple[Any, ...]) -> dict[str, Table]:
    """Changes: id, seq, sub, op, name, and when, if that matters."""
    return {"log": Table(columns=LOG, rows=[row if len(row) == len(LOG) else (*row, None) for row in rows])}


CURRENT_STATE = [
    Known(
        id="changes arrive out of order: the highest sequence counts",
        pattern=_BY_OP,
        tables=_log((1, 3, 0, "u", "c"), (1, 1, 0, "i", "a"), (1, 2, 0, "u", "b")),
        rows=[(1, 3, "c")],
    ),
    Known(
        id="a change that comes twice is one",
        pattern=_BY_OP,
        tables=_log((1, 1, 0, "i", "a"), (1, 1, 0, "i", "a")),
        rows=[(1, 1, "a")],
    ),
    Known(
        id="one sequence number, a second column decides",
        pattern=_BY_OP,
        tables=_log((1, 1, 2, "u", "b"), (1, 1, 1, "i", "z")),
        rows=[(1, 1, "b")],
    ),
    Known(
        id="equal in all sequence columns, the greater text wins",
        pattern=_BY_OP,
        tables=_log((1, 1, 0, "u", "a"), (1, 1, 0, "u", "b"), (1, 1, 0, "u", None)),
        rows=[(1, 1, "b")],
    ),
    Known(
        id="equal in all sequence columns, a delete wins",
        pattern=_BY_OP,
        tables=_log((1, 1, 0, "d", None), (1, 1, 0, "u", "b"), (2, 1, 0, "i", "x")),
        rows=[(2, 1, "x")],
    ),
    Known(id="a delete drops the key", pattern=_BY_OP, tables=_log((1, 2, 0, "d", "a"), (1, 1, 0, "i", "a")), rows=[]),
    Known(
        id="a delete leaves a tombstone with its key",
        pattern=_TOMBS,
        tables=_log((1, 2, 0, "d", "a"), (1, 1, 0, "i", "a"), (2, 1, 0, None, "b")),
        rows=[(1, 2, None, True), (2, 1, "b", False)],
    ),
    Known(
        id="a key that comes back after its delete is there",
        pattern=_TOMBS,
        tables=_log((1, 2, 0, "d", None), (1, 3, 0, "i", "again"), (1, 1, 0, "i", "a")),
        rows=[(1, 3, "again", False)],
    ),
    Known(
        id="a null sequence is the oldest",
        pattern=_BY_OP,
        tables=_log((1, None, 0, "u", "n"), (1, 1, 0, "i", "a")),
        rows=[(1, 1, "a")],
    ),
    Known(
        id="a null key is given, and stopped by the gate",
        pattern=_BY_OP,
        tables=_log((None, 1, 0, "i", "a"), (None, 2, 0, "i", "b")),
        rows=[(None, 2, "b")],
    ),
    Known(id="no changes give no rows", pattern=_BY_OP, tables=_log(), rows=[]),
    Known(
        id="a slice gives the keys whose newest change is in it",
        pattern=_SLICED,
        tables=_log(
            (1, 1, 0, "i", "a", at("1 09:00")), (1, 2, 0, "u", "b", at("2 09:00")), (2, 1, 0, "d", "x", at("1 23:59"))
        ),
        rows=[(2, None, at("1 23:59"), True)],
    ),
]

_LAST = deduplicate("log", key="id", columns=["seq", "name"], order_by="seq")
_FIRST = deduplicate("log", key="id", columns=["seq", "name"], order_by="seq", keep="first")
DEDUPLICATE = [
    Known(
        id="keep last gives the last of a key",
        pattern=_LAST,
        tables=_log((1, 2, 0, "", "b"), (1, 1, 0, "", "a")),
        rows=[(1, 2, "b")],
    ),
    Known(
        id="keep first gives the first of a key",
        pattern=_FIRST,
        tables=_log((1, 2, 0, "", "b"), (1, 1, 0, "", "a")),
        rows=[(1, 1, "a")],
    ),
    Known(
        id="rows that are the same are one",
        pattern=_FIRST,
        tables=_log((1, 1, 0, "", "a"), (1, 1, 0, "", "a")),
        rows=[(1, 1, "a")],
    ),
    Known(
        id="equal in the order, the greater text is taken",
        pattern=_FIRST,
        tables=_log((1, 1, 0, "", "a"), (1, 1, 0, "", "b")),
        rows=[(1, 1, "b")],
    ),
    Known(
        id="a null in the order is taken last",
        pattern=_FIRST,
        tables=_log((1, None, 0, "", "n"), (1, 7, 0, "", "a"), (2, None, 0, "", "only")),
        rows=[(1, 7, "a"), (2, None, "only")],
    ),
    Known(
        id="rows with a null key are one, which the gate stops",
        pattern=_LAST,
        tables=_log((None, 1, 0, "", "a"), (None, 2, 0, "", "b")),
        rows=[(None, 2, "b")],
    ),
    Known(id="no rows, nothing to deduplicate", pattern=_LAST, tables=_log(), rows=[]),
    Known(
        id="a slice gives the keys whose row is in it",
        pattern=deduplicate("log", key="id", columns=["name", "at"], order_by="at", keep="first", slice_by="at"),
        tables=_log(
            (1, 0, 0, "", "a", at("1")),
            (1, 0, 0, "", "b", at("1 01:00")),
            (2, 0, 0, "", "x", datetime(2025, 12, 31, tzinfo=UTC)),
            (2, 0, 0, "", "y", at("1")),
        ),
        rows=[(1, "a", at("1"))],
    ),
]

SALES = {"sale": "int", "item": "int", "at": "time"}
PRICES = {"item": "int", "since": "time", "known": "time", "rank": "int", "price": "int"}
ASOF: dict[str, Any] = {"key": "item", "left_key": "sale", "left_time": "at", "right_time": "since"}


def _sales(sales: Sequence[Row], prices: Sequence[Row]) -> dict[str, Table]:
    """Sales: sale, item, when. Prices: item, since when, known since when, rank, price."""
    return {"sales": Table(columns=SALES, rows=sales), "prices": Table(columns=PRICES, rows=prices)}


_PRICED = as_of_join("sales", "prices", **ASOF, right_columns=["price"], ties="rank")
_KNOWN = as_of_join("sales", "prices", **ASOF, right_columns={"price": "paid"}, known_at="known")
AS_OF_JOIN = [
    Known(
        id="the newest at or before",
        pattern=_PRICED,
        tables=_sales(
            [(1, 7, at("2")), (2, 7, at("2 00:01")), (3, 7, at("1 23:59"))],
            [(7, at("1"), at("1"), 0, 10), (7, at("2"), at("2"), 0, 20), (8, at("1"), at("1"), 0, 80)],
        ),
        rows=[(1, at("2"), 20, at("2")), (2, at("2 00:01"), 20, at("2")), (3, at("1 23:59"), 10, at("1"))],
    ),
    Known(
        id="nothing at or before: the row stays, with nulls",
        pattern=_PRICED,
        tables=_sales([(1, 7, at("1"))], [(7, at("2"), at("2"), 0, 20)]),
        rows=[(1, at("1"), None, None)],
    ),
    Known(
        id="two of one time, ties decide",
        pattern=_PRICED,
        tables=_sales([(1, 7, at("3"))], [(7, at("2"), at("2"), 1, 90), (7, at("2"), at("2"), 2, 20)]),
        rows=[(1, at("3"), 20, at("2"))],
    ),
    Known(
        id="two of one time and no ties, the greater text",
        pattern=_PRICED,
        tables=_sales([(1, 7, at("3"))], [(7, at("2"), at("2"), 0, 30), (7, at("2"), at("2"), 0, 40)]),
        rows=[(1, at("3"), 40, at("2"))],
    ),
    Known(
        id="a correction that was known later does not leak",
        pattern=_KNOWN,
        tables=_sales([(1, 7, at("3")), (2, 7, at("5"))], [(7, at("1"), at("1"), 0, 10), (7, at("2"), at("4"), 0, 20)]),
        rows=[(1, at("3"), 10, at("1"), at("1")), (2, at("5"), 20, at("2"), at("4"))],
    ),
    Known(
        id="a match of which nobody knows since when it was known is left out",
        pattern=_KNOWN,
        tables=_sales([(1, 7, at("3"))], [(7, at("1"), None, 0, 10)]),
        rows=[(1, at("3"), None, None, None)],
    ),
    Known(
        id="a null key or time matches nothing, and the row stays",
        pattern=_PRICED,
        tables=_sales(
            [(1, None, at("3")), (2, 7, None)],
            [(7, at("1"), at("1"), 0, 10), (None, at("1"), at("1"), 0, 5), (7, None, at("1"), 0, 6)],
        ),
        rows=[(1, at("3"), None, None), (2, None, None, None)],
    ),
    Known(
        id="a match may be as old as max_age, and no older",
        pattern=as_of_join("sales", "prices", **ASOF, right_columns=["price"], max_age=timedelta(days=1)),
        tables=_sales([(1, 7, at("3")), (2, 7, at("3 00:01"))], [(7, at("2"), at("2"), 0, 10)]),
        rows=[(1, at("3"), 10, at("2")), (2, at("3 00:01"), None, None)],
    ),
    Known(
        id="a left key that comes twice stays twice, for the gate",
        pattern=_PRICED,
        tables=_sales([(1, 7, at("3")), (1, 7, at("3")), (1, 7, at("1"))], [(7, at("2"), at("2"), 0, 10)]),
        rows=[(1, at("3"), 10, at("2")), (1, at("3"), 10, at("2")), (1, at("1"), None, None)],
    ),
    Known(
        id="nothing on the right: the rows stay, with nulls",
        pattern=_PRICED,
        tables=_sales([(1, 7, at("3"))], []),
        rows=[(1, at("3"), None, None)],
    ),
    Known(
        id="nothing on the left gives no rows",
        pattern=_PRICED,
        tables=_sales([], [(7, at("2"), at("2"), 0, 10)]),
        rows=[],
    ),
    Known(
        id="a slice gives its rows, with matches from before it",
        pattern=as_of_join("sales", "prices", **ASOF, right_columns=["price"], slice_by="at"),
        tables=_sales([(1, 7, at("2")), (2, 7, at("2 23:59")), (3, 7, at("3"))], [(7, at("1"), at("1"), 0, 10)]),
        rows=[(1, at("2"), 10, at("1")), (2, at("2 23:59"), 10, at("1"))],
        bounds=(at("2"), at("3")),
    ),
]

READINGS = {"site": "text", "at": "time", "arrived": "time", "value": "int"}
_HOUR = timedelta(hours=1)
LATE: dict[str, Any] = {"time": "at", "size": _HOUR, "arrived": "arrived", "lateness": timedelta(minutes=30)}
_HOURLY = tumbling_window("readings", time="at", size=_HOUR, group_by="site", measures={"total": ("sum", "value")})
_BOUNDED = tumbling_window("readings", **LATE)


def _readings(*rows: tuple[Any, ...]) -> dict[str, Table]:
    """Readings: site, when, when it arrived, value."""
    return {"readings": Table(columns=READINGS, rows=rows)}


def _calendar(size: str, zone: str) -> Any:
    return tumbling_window("readings", time="at", size=size, time_zone=zone)


_LATE_CASE = _readings(
    ("a", at("1 09:10"), at("1 09:11"), 1),
    ("b", at("1 09:20"), at("1 10:29"), 2),
    ("c", at("1 09:30"), at("1 10:30"), 4),
    ("d", at("1 09:40"), at("9"), 8),
)
_UNKNOWN = _readings(("a", at("1 09:10"), None, 1), ("b", at("1 09:20"), at("1 09:21"), 2))
TUMBLING_WINDOW = [
    Known(
        id="a window holds its start and not its end",
        pattern=_HOURLY,
        tables=_readings(("a", at("1 09:00"), None, 1), ("a", at("1 09:59"), None, 2), ("a", at("1 10:00"), None, 4)),
        rows=[("a", at("1 09:00"), at("1 10:00"), 2, 3), ("a", at("1 10:00"), at("1 11:00"), 1, 4)],
    ),
    Known(
        id="a null group has windows, a null measure counts nothing",
        pattern=tumbling_window(
            "readings",
            time="at",
            size=_HOUR,
            group_by="site",
            measures={
                "n": ("count", "value"),
                "kinds": ("count_distinct", "value"),
                "low": ("min", "value"),
                "top": ("max", "value"),
            },
        ),
        tables=_readings(
            (None, at("1 09:00"), None, None), (None, at("1 09:01"), None, 5), (None, at("1 09:02"), None, 5)
        ),
        rows=[(None, at("1 09:00"), at("1 10:00"), 3, 2, 1, 5, 5)],
    ),
    Known(
        id="a row without a time is in no window",
        pattern=_HOURLY,
        tables=_readings(("a", None, None, 1), ("a", at("1 09:00"), None, 2)),
        rows=[("a", at("1 09:00"), at("1 10:00"), 1, 2)],
    ),
    Known(id="no rows, no windows", pattern=_HOURLY, tables=_readings(), rows=[]),
    Known(
        id="a row that arrives after the bound is left out",
        pattern=_BOUNDED,
        tables=_LATE_CASE,
        rows=[(at("1 09:00"), at("1 10:00"), 2)],
    ),
    Known(
        id="a row that nobody knows the arrival of is left out",
        pattern=_BOUNDED,
        tables=_UNKNOWN,
        rows=[(at("1 09:00"), at("1 10:00"), 1)],
    ),
    Known(
        id="times before 1970 have windows like others",
        pattern=tumbling_window("readings", time="at", size=timedelta(hours=5)),
        tables=_readings(("a", datetime(1969, 12, 31, 23, 30, tzinfo=UTC), None, 1)),
        rows=[(datetime(1969, 12, 31, 19, tzinfo=UTC), datetime(1970, 1, 1, tzinfo=UTC), 1)],
    ),
    Known(
        id="a day of 23 hours is one window",
        pattern=_calendar("day", "Europe/Berlin"),
        tables=_readings(
            ("a", datetime(2026, 3, 28, 23, tzinfo=UTC), None, 1),
            ("a", datetime(2026, 3, 29, 21, 59, tzinfo=UTC), None, 1),
            ("a", datetime(2026, 3, 29, 22, tzinfo=UTC), None, 1),
        ),
        rows=[
            (datetime(2026, 3, 28, 23, tzinfo=UTC), datetime(2026, 3, 29, 22, tzinfo=UTC), 2),
            (datetime(2026, 3, 29, 22, tzinfo=UTC), datetime(2026, 3, 30, 22, tzinfo=UTC), 1),
        ],
    ),
    Known(
        id="a week begins on Monday of its zone",
        pattern=_calendar("week", "America/New_York"),
        tables=_readings(("a", at("5 04:59"), None, 1), ("a", at("5 05:00"), None, 1)),
        rows=[
            (datetime(2025, 12, 29, 5, tzinfo=UTC), at("5 05:00"), 1),
            (at("5 05:00"), at("12 05:00"), 1),
        ],
    ),
    Known(
        id="months and quarters are as long as they are",
        pattern=_calendar("quarter", "UTC"),
        tables=_readings(("a", datetime(2026, 2, 28, 23, tzinfo=UTC), None, 1)),
        rows=[(at("1"), datetime(2026, 4, 1, tzinfo=UTC), 1)],
    ),
    Known(
        id="a slice gives the windows that start in it, whole",
        pattern=tumbling_window("readings", time="at", size=timedelta(hours=7), sliced=True),
        tables=_readings(
            ("a", at("1 20:59"), None, 1),
            ("a", at("1 21:00"), None, 1),
            ("a", at("2 03:59"), None, 1),
            ("a", at("2 04:00"), None, 1),
        ),
        rows=[(at("1 14:00"), at("1 21:00"), 1), (at("1 21:00"), at("2 04:00"), 2)],
    ),
]

_LATE = late_rows("readings", columns=["site"], **LATE)
LATE_ROWS = [
    Known(
        id="what the window left out is here",
        pattern=_LATE,
        tables=_LATE_CASE,
        rows=[
            ("c", at("1 09:30"), at("1 10:30"), at("1 09:00"), at("1 10:00"), at("1 10:30")),
            ("d", at("1 09:40"), at("9"), at("1 09:00"), at("1 10:00"), at("1 10:30")),
        ],
    ),
    Known(
        id="an arrival that nobody knows is here",
        pattern=_LATE,
        tables=_UNKNOWN,
        rows=[("a", at("1 09:10"), None, at("1 09:00"), at("1 10:00"), at("1 10:30"))],
    ),
    Known(id="nothing was late", pattern=_LATE, tables=_readings(), rows=[]),
]

VERSIONS = {"id": "int", "at": "time", "seq": "int", "gone": "bool", "city": "text", "tier": "text"}
TIME: dict[str, Any] = {"key": "id", "columns": ["city", "tier"], "time": "at"}
_CLOSED = scd2("log", **TIME, ties="seq", deleted="gone")
_TOMB = scd2("log", **TIME, ties="seq", deleted="gone", deletes="tombstone")
_COLUMN = scd2("log", **TIME, by="column")


def _versions(*rows: tuple[Any, ...]) -> dict[str, Table]:
    """Changes or snapshots: id, when, city, tier, and where it matters seq and gone."""
    full = [(row[0], row[1], *(row[4:] or (0, False)), row[2], row[3]) for row in rows]
    return {"log": Table(columns=VERSIONS, rows=full)}


SCD2_BY_TIME = [
    Known(
        id="each change ends the version before it",
        pattern=_CLOSED,
        tables=_versions((1, at("3"), "Bonn", "x"), (1, at("1"), "Ulm", "x")),
        rows=[(1, "Ulm", "x", at("1"), at("3"), False), (1, "Bonn", "x", at("3"), None, True)],
    ),
    Known(
        id="a late change falls between two versions",
        pattern=_CLOSED,
        tables=_versions((1, at("1"), "Ulm", "x"), (1, at("5"), "Bonn", "x"), (1, at("3"), "Trier", "x")),
        rows=[
            (1, "Ulm", "x", at("1"), at("3"), False),
            (1, "Trier", "x", at("3"), at("5"), False),
            (1, "Bonn", "x", at("5"), None, True),
        ],
    ),
    Known(
        id="a version that says nothing new is none",
        pattern=_CLOSED,
        tables=_versions((1, at("1"), "Ulm", None), (1, at("2"), "Ulm", None), (1, at("3"), "Ulm", "x")),
        rows=[(1, "Ulm", None, at("1"), at("3"), False), (1, "Ulm", "x", at("3"), None, True)],
    ),
    Known(
        id="two changes at one time, the tie decides",
        pattern=_CLOSED,
        tables=_versions((1, at("1"), "Ulm", "x", 2, False), (1, at("1"), "Zell", "x", 1, False)),
        rows=[(1, "Ulm", "x", at("1"), None, True)],
    ),
    Known(
        id="two changes at one time and no tie, a delete wins, then the greater text",
        pattern=_CLOSED,
        tables=_versions(
            (1, at("1"), "Ulm", "x"),
            (1, at("1"), "Zell", "x"),
            (2, at("1"), "Ulm", "x"),
            (2, at("1"), "Ulm", "x", 0, True),
        ),
        rows=[(1, "Zell", "x", at("1"), None, True)],
    ),
    Known(
        id="a delete ends the last version",
        pattern=_CLOSED,
        tables=_versions((1, at("1"), "Ulm", "x"), (1, at("4"), None, None, 0, True)),
        rows=[(1, "Ulm", "x", at("1"), at("4"), False)],
    ),
    Known(
        id="a key that comes back leaves a gap",
        pattern=_CLOSED,
        tables=_versions((1, at("1"), "Ulm", "x"), (1, at("4"), None, None, 0, True), (1, at("6"), "Ulm", "x")),
        rows=[(1, "Ulm", "x", at("1"), at("4"), False), (1, "Ulm", "x", at("6"), None, True)],
    ),
    Known(
        id="a delete of a key that nobody knew gives no version",
        pattern=_CLOSED,
        tables=_versions((1, at("4"), None, None, 0, True)),
        rows=[],
    ),
    Known(
        id="a tombstone keeps its key",
        pattern=_TOMB,
        tables=_versions(
            (1, at("1"), "Ulm", "x"), (1, at("4"), "Ulm", "x", 0, True), (1, at("5"), None, None, 0, True)
        ),
        rows=[(1, "Ulm", "x", at("1"), at("4"), False, False), (1, None, None, at("4"), None, True, True)],
    ),
    Known(
        id="versions with a null key belong to one key",
        pattern=_CLOSED,
        tables=_versions((None, at("1"), "Ulm", "x"), (None, at("2"), "Bonn", "x")),
        rows=[(None, "Ulm", "x", at("1"), at("2"), False), (None, "Bonn", "x", at("2"), None, True)],
    ),
    Known(id="an empty log gives no history", pattern=_CLOSED, tables=_versions(), rows=[]),
]

SCD2_BY_COLUMN = [
    Known(
        id="a column that differs from the snapshot before makes a version",
        pattern=_COLUMN,
        tables=_versions((1, at("1"), "Ulm", "x"), (1, at("2"), "Ulm", "x"), (1, at("3"), "Ulm", "y")),
        rows=[(1, "Ulm", "x", at("1"), at("3"), False), (1, "Ulm", "y", at("3"), None, True)],
    ),
    Known(
        id="what the next snapshot lacks was deleted",
        pattern=_COLUMN,
        tables=_versions(
            (1, at("1"), "Ulm", "x"), (2, at("1"), "Bonn", "x"), (2, at("2"), "Bonn", "x"), (2, at("3"), "Bonn", "x")
        ),
        rows=[(1, "Ulm", "x", at("1"), at("2"), False), (2, "Bonn", "x", at("1"), None, True)],
    ),
    Known(
        id="a key that is back in a later snapshot leaves a gap",
        pattern=_COLUMN,
        tables=_versions(
            (1, at("1"), "Ulm", "x"), (2, at("2"), "Bonn", "x"), (1, at("3"), "Ulm", "x"), (2, at("3"), "Bonn", "x")
        ),
        rows=[
            (1, "Ulm", "x", at("1"), at("2"), False),
            (1, "Ulm", "x", at("3"), None, True),
            (2, "Bonn", "x", at("2"), None, True),
        ],
    ),
    Known(
        id="a deleted key leaves a tombstone with its key",
        pattern=scd2("log", **TIME, by="column", deletes="tombstone"),
        tables=_versions((1, at("1"), "Ulm", "x"), (2, at("1"), "Bonn", "x"), (2, at("2"), "Bonn", "x")),
        rows=[
            (1, "Ulm", "x", at("1"), at("2"), False, False),
            (1, None, None, at("2"), None, True, True),
            (2, "Bonn", "x", at("1"), None, True, False),
        ],
    ),
    Known(
        id="snapshots that are not whole delete nothing",
        pattern=scd2("log", **TIME, by="column", hard_deletes=False),
        tables=_versions((1, at("1"), "Ulm", "x"), (2, at("2"), "Bonn", "x")),
        rows=[(1, "Ulm", "x", at("1"), None, True), (2, "Bonn", "x", at("2"), None, True)],
    ),
    Known(id="no snapshot gives no history", pattern=_COLUMN, tables=_versions(), rows=[]),
]

SHOPS = {"shop": "int", "city": "text"}
VISITS = {"shop_id": "int"}


def _shops(shops: Sequence[Row], visits: Sequence[Row]) -> dict[str, Table]:
    """Shops: shop, city. Visits: shop_id."""
    return {"shops": Table(columns=SHOPS, rows=shops), "visits": Table(columns=VISITS, rows=visits)}


_SHOPS = late_dimension("shops", "visits", key={"shop": "shop_id"}, columns="city")
LATE_DIMENSION = [
    Known(
        id="a key that only facts have is inferred, once",
        pattern=_SHOPS,
        tables=_shops([(1, "Ulm")], [(1,), (2,), (2,)]),
        rows=[(1, "Ulm", False), (2, None, True)],
    ),
    Known(
        id="the row that arrives takes its place",
        pattern=_SHOPS,
        tables=_shops([(1, "Ulm"), (2, None)], [(1,), (2,)]),
        rows=[(1, "Ulm", False), (2, None, False)],
    ),
    Known(
        id="a fact without a key infers nothing",
        pattern=_SHOPS,
        tables=_shops([(1, "Ulm")], [(None,)]),
        rows=[(1, "Ulm", False)],
    ),
    Known(
        id="no dimension yet: each key of the facts is inferred",
        pattern=_SHOPS,
        tables=_shops([], [(3,)]),
        rows=[(3, None, True)],
    ),
    Known(
        id="no facts yet: the dimension as it is",
        pattern=_SHOPS,
        tables=_shops([(1, "Ulm")], []),
        rows=[(1, "Ulm", False)],
    ),
]

CASES: Mapping[str, Sequence[Known]] = {
    "current_state": CURRENT_STATE,
    "deduplicate": DEDUPLICATE,
    "as_of_join": AS_OF_JOIN,
    "tumbling_window": TUMBLING_WINDOW,
    "late_rows": LATE_ROWS,
    "scd2 by time": SCD2_BY_TIME,
    "scd2 by column": SCD2_BY_COLUMN,
    "late_dimension": LATE_DIMENSION,
}
"""Pattern -> its cases."""
