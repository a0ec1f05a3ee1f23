"""What is timed. Each scenario runs in a process of its own; imports and connections to be warmed come before the clock.

``python -m tests.bench.scenarios NAME`` prints one JSON object: ``seconds``, ``rows``, ``rss_mb``.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.bench.contracts import contract


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a scenario runs.

    :param dsn: the bench's database.
    :param rows: rows of ``public.src``, or of the part of it that the scenario takes.
    :param folder: for files; those of ``staged`` are there already.
    """

    dsn: str
    rows: int
    folder: Path

    @property
    def source(self) -> str:
        """The rows to take, as a query."""
        return f"SELECT * FROM public.src WHERE id < {self.rows}"


Timed = Callable[[], int]
"""Does the work and says how many rows it was."""


def _quiet(stage: str, rows: int) -> None:
    """Progress that nobody reads."""


def _slice(place: Place) -> Any:
    from datetime import UTC, datetime, timedelta

    from airflow_provider_harness.core.partition import Slice

    return Slice(
        id="all", start=datetime(2026, 1, 1, tzinfo=UTC), end=datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=60)
    )


def psql_copy(place: Place) -> Timed:
    """``psql``: binary COPY of the rows to nowhere."""
    return lambda: _psql(place, f"COPY ({place.source}) TO STDOUT (FORMAT binary)", ">/dev/null")


def psql_pipe(place: Place) -> Timed:
    """``psql | psql``: binary COPY from the table into an unlogged one."""
    _execute(place, "DROP TABLE IF EXISTS public.pipe; CREATE UNLOGGED TABLE public.pipe (LIKE public.src)")
    into = f"{_psql_command(place, 'COPY public.pipe FROM STDIN (FORMAT binary)')} >/dev/null"
    return lambda: _psql(place, f"COPY ({place.source}) TO STDOUT (FORMAT binary)", f"| {into}")


def psql_load(place: Place) -> Timed:
    """``psql``: binary COPY of a file of the same rows into a logged table with the same key."""
    path = place.folder / "rows.bin"
    if not path.exists():
        _psql(place, f"COPY ({place.source}) TO STDOUT (FORMAT binary)", f">{path}")
    _fresh(place, "public.copied")
    return lambda: _psql(place, "COPY public.copied FROM STDIN (FORMAT binary)", f"<{path} >/dev/null")


def extract(kind: str) -> Callable[[Place], Timed]:
    """PostgreSQL to typed Parquet (zstd), gated in flight by a contract of the bench."""

    def made(place: Place) -> Timed:
        import airflow.sdk  # noqa: F401 - what every task has imported already

        from airflow_provider_harness.adapters.measure_arrow import ArrowGauge
        from airflow_provider_harness.adapters.postgres_source import PostgresSource
        from airflow_provider_harness.adapters.staging import ParquetStage
        from airflow_provider_harness.app import move

        found = contract(kind)
        stage = ParquetStage(f"file://{place.folder}/{kind}")

        def timed() -> int:
            with PostgresSource(place.dsn, sql=place.source) as source:
                gauge = ArrowGauge(found, None)
                manifest, report, _ = move.extract(found, _slice(place), source, stage, gauge, _quiet)
            assert report.passed, report.sentence()
            assert len(report.results) == len(found.checks)
            return manifest.rows

        return timed

    return made


def load(*, partitioned: bool) -> Callable[[Place], Timed]:
    """Staged Parquet to a published slice: staging table, gate, publication."""

    def made(place: Place) -> Timed:
        import airflow.sdk  # noqa: F401

        from airflow_provider_harness.adapters.postgres import PostgresWarehouse
        from airflow_provider_harness.adapters.staging import ParquetStage
        from airflow_provider_harness.app import move

        table = "public.parted" if partitioned else "public.loaded"
        found = contract("load", table)
        _fresh(place, table, partitioned=partitioned)
        stage = ParquetStage(f"file://{place.folder}/staged")
        warehouse = PostgresWarehouse(place.dsn)

        def timed() -> int:
            published, report = move.load(found, _slice(place), stage, warehouse, "bench", _quiet)
            assert report.passed, report.sentence()
            return published.rows

        return timed

    return made


def gate_ours(*, prove: bool = False, failing: bool = False) -> Callable[[Place], Timed]:
    """The twenty checks in PostgreSQL by the engine ``sql``, without proofs of the catalog.

    :param failing: checks that many rows fail, so that 100 of them are collected for each.
    """

    def made(place: Place) -> Timed:
        import psycopg

        from airflow_provider_harness.adapters import pg_measure, sql_checks

        found = contract("gate")
        if failing:
            found = replace(found, checks=tuple(map(_impossible, found.checks)))
        rows = sql_checks.Rows(relation=f"({place.source})", table="public.src" if prove else "")
        connection = psycopg.connect(place.dsn, autocommit=True)

        def timed() -> int:
            measured = pg_measure.measure(connection, found, rows, prove=prove)
            errors = [value.error for value in measured.values.values() if value.error]
            assert not errors, errors
            assert len(measured.values) == len(found.checks)
            if failing:
                assert sum(len(value.samples) >= 100 for value in measured.values.values()) == _FAILING
            return measured.rows

        return timed

    return made


_FAILING = 4


def _impossible(check: Any) -> Any:
    """Ranges and sets that many rows are outside of."""
    from airflow_provider_harness.core.checks import CheckKind

    if check.kind is CheckKind.RANGE and check.columns != ("score",):
        return replace(check, high=check.low + 100)
    return replace(check, values=check.values[:2]) if check.kind is CheckKind.ACCEPTED_VALUES else check


HAND_WRITTEN = """
WITH t AS NOT MATERIALIZED (SELECT * FROM ({source}) AS s)
SELECT count(*), count(*) FILTER (WHERE id IS NULL), count(*) FILTER (WHERE qty IS NULL), count(*) FILTER (WHERE price IS NULL),
  count(*) FILTER (WHERE status IS NULL), count(*) FILTER (WHERE created_at IS NULL), count(*) FILTER (WHERE uid IS NULL),
  count(*) FILTER (WHERE qty < 0 OR qty > 1000), count(*) FILTER (WHERE price < 0 OR price > 100000),
  count(*) FILTER (WHERE score < 0 OR score > 1), count(*) FILTER (WHERE status NOT IN ('new', 'paid', 'sent', 'done')),
  count(*) FILTER (WHERE note NOT IN ('gift', 'rush', 'fragile')), count(*) FILTER (WHERE name !~ '^[0-9a-f]{20}$'),
  count(*) FILTER (WHERE note IS NULL), max(created_at), avg(price), count(DISTINCT status),
  count(*) FILTER (WHERE qty IS NOT NULL AND qty NOT IN (SELECT id FROM public.dim)),
  (SELECT coalesce(sum(n - 1), 0) FROM (SELECT count(*) AS n FROM t GROUP BY id HAVING count(*) > 1) AS a),
  (SELECT coalesce(sum(n - 1), 0) FROM (SELECT count(*) AS n FROM t GROUP BY name, created_at HAVING count(*) > 1) AS b)
FROM t
"""
"""The twenty checks as somebody who knows PostgreSQL writes them: one statement, uniqueness by GROUP BY."""


def gate_by_hand(place: Place) -> Timed:
    """The same twenty checks in one hand-written statement."""
    import psycopg

    connection = psycopg.connect(place.dsn, autocommit=True)
    statement = HAND_WRITTEN.replace("{source}", place.source)

    def timed() -> int:
        found = connection.execute(statement.encode()).fetchone()
        assert found is not None
        assert found[0] == place.rows
        return int(found[0])

    return timed


def gate_parquet(place: Place) -> Timed:
    """The eighteen checks of the flight on staged Parquet, by DuckDB."""
    import duckdb

    from airflow_provider_harness.adapters import duck_measure, sql_checks

    found = contract("checked")
    connection = duckdb.connect(":memory:", config={"threads": 2})
    rows = sql_checks.Rows(relation=f"(SELECT * FROM '{place.folder}/staged/*.parquet')")

    def timed() -> int:
        measured = duck_measure.measure(connection, found, rows)
        assert len(measured.values) == len(found.checks)
        assert not [value.error for value in measured.values.values() if value.error]
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
    """The same eighteen checks in one hand-written statement of DuckDB."""
    import duckdb

    connection = duckdb.connect(":memory:", config={"threads": 2})
    statement = DUCK_BY_HAND.replace("{files}", f"{place.folder}/staged/*.parquet")
    return lambda: int(connection.execute(statement).fetchall()[0][0])


def _psql_command(place: Place, sql: str) -> str:
    from airflow_provider_harness.testing.postgres import binaries

    return f'{binaries() / "psql"} -X -q -v ON_ERROR_STOP=1 -c "{sql}" "{place.dsn}"'


def _psql(place: Place, sql: str, rest: str) -> int:
    subprocess.run(
        f"set -o pipefail; {_psql_command(place, sql)} {rest}", shell=True, check=True, executable="/bin/bash"
    )
    return place.rows


def _execute(place: Place, sql: str) -> None:
    import psycopg

    with psycopg.connect(place.dsn, autocommit=True) as connection:
        connection.execute(sql.encode())


def _fresh(place: Place, table: str, *, partitioned: bool = False) -> None:
    """An empty table as the contract's would be; partitioned by the slice's column where that is asked for."""
    parts = " PARTITION BY RANGE (created_at)" if partitioned else ""
    _execute(place, f"DROP TABLE IF EXISTS {table}; CREATE TABLE {table} (LIKE public.src){parts}")


SCENARIOS: Mapping[str, Callable[[Place], Timed]] = {
    "psql_copy": psql_copy,
    "psql_pipe": psql_pipe,
    "psql_load": psql_load,
    "extract_bare": extract("bare"),
    "extract_checked": extract("checked"),
    "extract_unique": extract("unique"),
    "load": load(partitioned=False),
    "load_partitioned": load(partitioned=True),
    "gate_ours": gate_ours(),
    "gate_failing": gate_ours(failing=True),
    "gate_by_hand": gate_by_hand,
    "gate_parquet": gate_parquet,
    "parquet_by_hand": parquet_by_hand,
}


@contextmanager
def _own_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main(name: str) -> None:
    """Run one scenario and print what it took."""
    place = Place(
        dsn=os.environ["BENCH_DSN"], rows=int(os.environ["BENCH_ROWS"]), folder=Path(os.environ["BENCH_FOLDER"])
    )
    timed = SCENARIOS[name](place)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.perf_counter()
    rows = timed()
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"seconds": seconds, "rows": rows, "rss_mb": (peak - before) / 1024}))


if __name__ == "__main__":
    main(sys.argv[1])
