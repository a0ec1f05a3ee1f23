"""Gates on rows at rest: ours, and the same checks in one statement by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.bench.contracts import contract
from tests.bench.movement import STAGED, warm
from tests.bench.place import Place, Timed

SAMPLES = 100
"""Rows that explain each failed check."""


def ours(*, failing: bool = False) -> Callable[[Place], Timed]:
    """The twenty checks in PostgreSQL by the engine ``sql``, without proofs of the catalog.

    :param failing: four checks that many rows fail, so that 100 rows are collected for each.
    """

    def made(place: Place) -> Timed:
        import psycopg

        from airflow_provider_harness.adapters.postgres import measure as pg_measure
        from airflow_provider_harness.adapters.sql import checks as sql_checks

        found = contract("gate")
        if failing:
            found = replace(found, checks=tuple(map(_impossible, found.checks)))
        rows = sql_checks.Rows(relation='"public"."src"')
        connection = psycopg.connect(place.dsn, autocommit=True)

        def timed() -> int:
            measured = pg_measure.measure(connection, found, rows, prove=False)
            errors = [value.error for value in measured.values.values() if value.error]
            assert not errors, errors
            assert len(measured.values) == len(found.checks)
            if failing:
                kept = sorted(len(value.samples) for value in measured.values.values() if value.samples)
                assert set(kept) == {SAMPLES}, kept
                assert len(kept) >= 4, kept
            return measured.rows

        return timed

    return made


def _impossible(check: Any) -> Any:
    """Ranges and sets that many rows are outside of."""
    from airflow_provider_harness.core.contracts.checks import CheckKind

    if check.kind is CheckKind.RANGE and check.columns != ("score",):
        return replace(check, high=check.low + 100)
    return replace(check, values=check.values[:2]) if check.kind is CheckKind.ACCEPTED_VALUES else check


HAND_WRITTEN = """
SELECT count(*), count(*) FILTER (WHERE id IS NULL), count(*) FILTER (WHERE qty IS NULL), count(*) FILTER (WHERE price IS NULL),
  count(*) FILTER (WHERE status IS NULL), count(*) FILTER (WHERE created_at IS NULL), count(*) FILTER (WHERE uid IS NULL),
  count(*) FILTER (WHERE qty < 0 OR qty > 1000), count(*) FILTER (WHERE price < 0 OR price > 100000),
  count(*) FILTER (WHERE score < 0 OR score > 1), count(*) FILTER (WHERE status NOT IN ('new', 'paid', 'sent', 'done')),
  count(*) FILTER (WHERE note NOT IN ('gift', 'rush', 'fragile')), count(*) FILTER (WHERE name !~ '^[0-9a-f]{20}$'),
  count(*) FILTER (WHERE note IS NULL), max(created_at), avg(price), count(DISTINCT status),
  count(*) FILTER (WHERE qty IS NOT NULL AND qty NOT IN (SELECT id FROM public.dim)),
  (SELECT coalesce(sum(n - 1), 0) FROM (SELECT count(*) AS n FROM public.src GROUP BY id HAVING count(*) > 1) AS a),
  (SELECT coalesce(sum(n - 1), 0)
     FROM (SELECT count(*) AS n FROM public.src GROUP BY name, created_at HAVING count(*) > 1) AS b)
FROM public.src
"""
"""The twenty checks as somebody who knows PostgreSQL writes them: one statement, uniqueness by GROUP BY."""


def by_hand(place: Place) -> Timed:
    """One hand-written statement of PostgreSQL."""
    import psycopg

    connection = psycopg.connect(place.dsn, autocommit=True)

    def timed() -> int:
        [found] = connection.execute(HAND_WRITTEN.encode()).fetchall()
        assert found[0] == place.rows
        assert not any(found[1:13]), found
        return int(found[0])

    return timed


def parquet_ours(place: Place) -> Timed:
    """The eighteen checks of the flight on staged Parquet, as ``ValidateOperator`` judges files."""
    from airflow_provider_harness.adapters.duckdb.file_subject import FileRows

    found, folder = contract("checked"), f"file://{place.folder}/{STAGED}"
    warm(place)

    def timed() -> int:
        measured, more = FileRows(folder).measure(found, place.piece)
        assert len(measured.values) == len(found.checks)
        assert not [value.error for value in measured.values.values() if value.error]
        assert all(result.passed for result in more)
        return measured.rows

    return timed


DUCK_BY_HAND = """
SELECT count(*), count(*) FILTER (id IS NULL), count(*) FILTER (qty IS NULL), count(*) FILTER (price IS NULL),
  count(*) FILTER (status IS NULL), count(*) FILTER (created_at IS NULL), count(*) FILTER (uid IS NULL),
  count(*) FILTER (qty < 0 OR qty > 1000), count(*) FILTER (price < 0 OR price > 100000), count(*) FILTER (score < 0 OR score > 1),
  count(*) FILTER (status NOT IN ('new', 'paid', 'sent', 'done')), count(*) FILTER (note NOT IN ('gift', 'rush', 'fragile')),
  count(*) FILTER (NOT regexp_matches(name, '^[0-9a-f]{20}$')), count(*) FILTER (length(name) < 1 OR length(name) > 40),
  count(*) FILTER (note IS NULL), avg(price), stddev_samp(score), count(DISTINCT status)
FROM '{files}'
"""


def parquet_by_hand(place: Place) -> Timed:
    """One hand-written statement of DuckDB, connection included."""
    import duckdb

    statement = DUCK_BY_HAND.replace("{files}", f"{place.folder}/{STAGED}/*.parquet")

    def timed() -> int:
        with duckdb.connect(":memory:") as connection:
            [found] = connection.execute(statement).fetchall()
        assert not any(found[1:14]), found
        return int(found[0])

    return timed
