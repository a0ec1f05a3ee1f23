"""Drift on sixty cases whose answers were worked out with scipy before: ties, constants, nulls, empty bins, few rows, categories that are
new or gone, infinities, dates, moments, booleans, decimals and big integers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import psycopg
import pytest
from scipy import stats

from airflow_provider_harness.adapters.contracts.odcs import compile_text
from airflow_provider_harness.adapters.postgres import measure as pg_measure
from airflow_provider_harness.adapters.sql import checks as sql_checks
from airflow_provider_harness.testing.postgres import PostgresServer
from tests.ports.test_drift import PIECE, TODAY, WITHIN, bins, cramers_v, frequent, psi

CONTRACT = """
apiVersion: v3.1.0
kind: DataContract
id: t
version: 1.0.0
status: active
customProperties:
  - {property: harness.load, value: {mode: incremental, sliceColumn: at}}
schema:
  - name: t
    physicalName: public.drift_TYPE
    properties:
      - {name: at, logicalType: timestamp, physicalType: timestamptz}
      - name: x
        logicalType: LOGICAL
        physicalType: PHYSICAL
        quality: [RULES]
"""
RULE = "{type: custom, engine: harness, implementation: {check: drift, method: METHOD, reference: {days: 7}, minimumRows: 3}}"
TYPES = {
    "double": ("number", "double precision"),
    "decimal": ("number", "numeric(20,4)"),
    "whole": ("integer", "bigint"),
    "day": ("date", "date"),
    "moment": ("timestamp", "timestamptz"),
    "text": ("string", "text"),
    "truth": ("boolean", "boolean"),
}
ORDERED = ("double", "decimal", "whole", "day", "moment")
INF, DAY0, AT0 = math.inf, date(2026, 1, 1), datetime(2026, 1, 1, tzinfo=UTC)


def days(*numbers: int) -> list[date]:
    return [DAY0 + timedelta(days=n) for n in numbers]


def moments(*seconds: float) -> list[datetime]:
    return [AT0 + timedelta(seconds=n) for n in seconds]


CASES: list[tuple[str, Sequence[Any], Sequence[Any]]] = [
    ("double", [1, 2, 3], [1, 2, 3]),
    ("double", [1, 2, 3], [4, 5, 6]),
    ("double", [1, 1, 1, 1], [1, 1, 1, 1]),
    ("double", [1, 1, 1, 1], [1, 1, 1, 2]),
    ("double", [1, 1, 1, 2], [1, 1, 1, 1]),
    ("double", [5] * 100, [5] * 50 + [6] * 50),
    ("double", [0, 0, 0, 1, 1, 2], [0, 1, 1, 2, 2, 2]),
    ("double", list(range(100)), list(range(50, 150))),
    ("double", list(range(100)), [-1] * 100),
    ("double", list(range(100)), [1000] * 100),
    ("double", list(range(10)), list(range(9, -1, -1))),
    ("double", [1, 2, 3, None], [1, 2, 3, None]),
    ("double", [1, 2, 3, 4], [1, 2, 3, None]),
    ("double", [1, 2, 3, None, None, None], [1, 2, 3, 4]),
    ("double", [1, 2, 3] * 10, [1, 2, 3] * 10 + [None] * 30),
    ("double", [-1.5, 0.0, 1.5] * 5, [1.5, 0.0, -1.5] * 5),
    ("double", [0.0, -0.0, 0.0], [-0.0, -0.0, 0.0]),
    ("double", [1e-30, 2e-30, 3e-30], [1e-30, 2e-30, 4e-30]),
    ("double", [1e15, 1e15 + 1, 1e15 + 2], [1e15, 1e15 + 1, 1e15 + 3]),
    ("double", [1, 2, 3, INF], [1, 2, 3, INF]),
    ("double", [1, 2, 3, 4], [1, 2, 3, INF]),
    ("double", [1, 2, 3, 4], [-INF, 2, 3, 4]),
    ("double", [-INF, INF, 1, 2], [INF, -INF, 1, 3]),
    ("double", [math.nan, 1, 2, 3], [1, 2, 3, 4]),
    ("double", [1, 2, 3], [math.nan, math.nan, 1, 2, 3]),
    ("double", [n / 7 for n in range(200)], [n / 7 + 0.01 for n in range(200)]),
    ("double", [n**2 for n in range(60)], [n**2 for n in range(30, 90)]),
    ("double", [1] * 9 + [2], [1] + [2] * 9),
    ("double", [1, 2] * 50, [1, 2, 3] * 33),
    ("double", list(range(1000)), [500, 500, 500]),
    ("decimal", [Decimal("1.1"), Decimal("2.2"), Decimal("3.3")], [Decimal("1.1"), Decimal("2.2"), Decimal("9.9")]),
    ("decimal", [Decimal("0.0001")] * 5, [Decimal("0.0002")] * 5),
    ("decimal", [Decimal(n) / 4 for n in range(40)], [Decimal(n) / 4 for n in range(20, 60)]),
    ("decimal", [Decimal("NaN"), 1, 2, 3], [1, 2, 3, 3]),
    ("whole", [1, 2, 3, 4, 5], [1, 2, 3, 4, 500]),
    ("whole", [0] * 20, [0] * 19 + [1]),
    ("whole", [2**53, 2**53 + 2, 2**53 + 4], [2**53, 2**53 + 2, 2**53 + 6]),
    ("whole", list(range(-50, 50)), list(range(-40, 60))),
    ("whole", [None, 1, 1, 1], [1, 1, 1, None]),
    ("day", days(0, 1, 2, 3), days(0, 1, 2, 3)),
    ("day", days(0, 1, 2, 3), days(7, 8, 9, 10)),
    ("day", days(0, 0, 0, 1), days(0, 1, 1, 1)),
    ("day", [*days(0, 1, 2), None], days(0, 1, 2)),
    ("moment", moments(0, 60, 120), moments(0, 60, 180)),
    ("moment", moments(0.5, 1.5, 2.5), moments(1.5, 2.5, 3.5)),
    ("moment", moments(*range(0, 86400, 3600)), moments(*range(1800, 88200, 3600))),
    ("moment", [None, *moments(1, 2, 3)], [None, None, None, *moments(1, 2, 3)]),
    ("text", list("aab"), list("aab")),
    ("text", list("aab"), list("bba")),
    ("text", list("aaa"), list("bbb")),
    ("text", list("aabb"), list("aabbc")),
    ("text", list("aabbc"), list("aabb")),
    ("text", list("abcdefghijklmnopqrstuvwxyz"), list("abcdefghijklmnopqrstuvwxyz")),
    ("text", list("abcdefghijklmnopqrstuvwxyz") + ["a"] * 9, list("zyxwvutsrqponmlkjihgfedcba")),
    ("text", ["", "", "x", None], ["", "x", None, None]),
    ("text", ["a", "A", "ä", "Ä"], ["a", "a", "ä", "ä"]),
    ("truth", [True, False, True], [True, False, True]),
    ("truth", [True] * 9 + [False], [True] + [False] * 9),
    ("truth", [True] * 5, [False] * 5),
    ("truth", [True, False, None, None], [True, False, True, None]),
]


def number(value: Any) -> float | None:
    """What is compared: seconds of a moment, none for what is no number."""
    if value is None or (not isinstance(value, date) and value != value):
        return None
    if isinstance(value, datetime):
        return value.timestamp()
    return float((value - date(1970, 1, 1)).days * 86400) if isinstance(value, date) else float(value)


def by_scipy(kind: str, old: Sequence[Any], new: Sequence[Any]) -> dict[str, float]:
    if kind not in ORDERED:
        texts = [
            [None if v is None else str(v).lower() if isinstance(v, bool) else v for v in side] for side in (old, new)
        ]
        binned = frequent(texts[0], texts[0]), frequent(texts[0], texts[1])
        return {"psi": psi(*binned), "chi_square": cramers_v(*binned)}
    numbers = [[number(v) for v in side] for side in (old, new)]
    a, b = ([v for v in side if v is not None] for side in numbers)
    binned = bins(a, numbers[0]), bins(a, numbers[1])
    found = {"psi": psi(*binned), "chi_square": cramers_v(*binned)}
    found["ks"] = float(stats.ks_2samp(a, b, method="asymp").statistic)
    if all(map(math.isfinite, (*a, *b))):
        apart, spread = stats.wasserstein_distance(a, b), float(np.std(a))
        found["wasserstein"] = apart / spread if spread else (INF if apart else 0.0)
    return found


@pytest.fixture(scope="module")
def connection(postgres: PostgresServer) -> Iterator[psycopg.Connection[Any]]:
    postgres.ensure_database("drift_cases")
    with psycopg.connect(postgres.url("drift_cases"), autocommit=True) as made:
        for kind, (_, physical) in TYPES.items():
            made.execute(f"CREATE TABLE drift_{kind} (at timestamptz, x {physical})".encode())
        yield made
    postgres.drop_database("drift_cases")


def measured(connection: psycopg.Connection[Any], kind: str) -> dict[str, Any]:
    logical, physical = TYPES[kind]
    methods = ("psi", "chi_square", "ks", "wasserstein") if kind in ORDERED else ("psi", "chi_square")
    rules = ", ".join(RULE.replace("METHOD", one) for one in methods)
    text = (
        CONTRACT.replace("TYPE", kind).replace("LOGICAL", logical).replace("PHYSICAL", physical).replace("RULES", rules)
    )
    contract = compile_text(text, "t.yaml")
    rows = sql_checks.Rows(relation=f'"public"."drift_{kind}"', where=sql_checks.in_slice(contract, PIECE), piece=PIECE)
    found = pg_measure.measure(connection, contract, rows).values
    return {name.rpartition(":")[2]: one.error or one.value for name, one in found.items() if name.startswith("drift")}


@pytest.mark.parametrize("place", range(len(CASES)))
def test_postgresql_says_what_scipy_says(connection: psycopg.Connection[Any], place: int) -> None:
    kind, old, new = CASES[place]
    connection.execute(f"TRUNCATE drift_{kind}".encode())
    for at, side in ((WITHIN, old), (TODAY, new)):
        with connection.cursor().copy(f"COPY drift_{kind} FROM STDIN".encode()) as copy:
            for value in side:
                copy.write_row((at, value))
    found = measured(connection, kind)
    expected = by_scipy(kind, old, new)
    assert {name: found[name] for name in expected} == pytest.approx(expected, rel=1e-6, abs=1e-9)
    if kind in ORDERED and "wasserstein" not in expected:  # scipy has no answer where a value is infinite
        assert not (isinstance(found["wasserstein"], float) and math.isfinite(found["wasserstein"])), found
