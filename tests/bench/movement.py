"""Rows that move: ours, and ``psql`` as the limit."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from typing import Any

from tests.bench.contracts import COLUMNS, contract
from tests.bench.place import Place, Timed

STAGED = "staged"
"""Folder of the files that loads take: what the gated extract made."""


def quiet(stage: str, rows: int) -> None:
    """Progress that nobody reads."""


class NoHistory:
    """The history of a table that no gate has judged before."""

    def points(self, contract: Any, piece: Any, post: Any) -> dict[str, Any]:
        return {}

    def keep(self, run: Any) -> None:
        """Nothing is kept."""


def gate_of(found: Any, piece: Any, place: str) -> Any:
    """A gate without a history."""
    from airflow_provider_harness.app.rows.gate import Gate
    from airflow_provider_harness.core.slices.gate_run import GateSite
    from airflow_provider_harness.core.slices.gate_run import Place as Where

    return Gate(found, piece, GateSite(place=Where(place)), NoHistory())


def warm(place: Place) -> None:
    """Import everything, by moving no rows: the first file alone makes Airflow import the file systems of all providers."""
    import adbc_driver_postgresql.dbapi
    import duckdb  # noqa: F401
    import sqlglot  # noqa: F401

    from airflow_provider_harness.adapters.arrow.parquet_stage import ParquetStage

    with adbc_driver_postgresql.dbapi.connect(place.dsn):
        place.execute("SELECT 1")
    found, folder = contract("bare"), f"{place.folder}/warm{os.getpid()}"
    stage = ParquetStage(f"file://{folder}")
    stage.writer(found).seal(found, place.piece, "")
    assert list(stage.batches(found)) == []
    shutil.rmtree(folder)


def psql_copy(place: Place) -> Timed:
    """psql: COPY (query) TO STDOUT (FORMAT binary) > /dev/null."""
    return lambda: place.psql(f"COPY ({place.source}) TO STDOUT (FORMAT binary)", ">/dev/null")


def psql_pipe(place: Place) -> Timed:
    """psql | psql: binary COPY from the table into a logged one."""
    place.fresh("public.piped")
    into = place.psql_command("COPY public.piped FROM STDIN (FORMAT binary)")
    return lambda: place.psql(f"COPY ({place.source}) TO STDOUT (FORMAT binary)", f"| {into}")


def psql_load(*, partitioned: bool) -> Callable[[Place], Timed]:
    """psql: binary COPY of a file of the same rows into a logged table."""

    def made(place: Place) -> Timed:
        path = place.folder / f"rows{place.rows}.bin"
        if not path.exists():
            place.psql(f"COPY ({place.source}) TO STDOUT (FORMAT binary)", f">{path}")
        place.fresh("public.copied", partitioned=partitioned)
        return lambda: place.psql("COPY public.copied FROM STDIN (FORMAT binary)", f"<{path}")

    return made


def extract(kind: str, folder: str = "") -> Callable[[Place], Timed]:
    """PostgreSQL to typed Parquet (zstd), gated in flight by a contract of the bench."""

    def made(place: Place) -> Timed:
        from airflow_provider_harness.adapters.arrow.parquet_stage import ParquetStage
        from airflow_provider_harness.adapters.duckdb.in_flight import ArrowChecks
        from airflow_provider_harness.adapters.postgres.source import PostgresSource
        from airflow_provider_harness.app.rows import move

        warm(place)
        found, piece = contract(kind), place.piece
        stage = ParquetStage(f"file://{place.folder}/{folder or kind}")

        def timed() -> int:
            with PostgresSource(place.dsn, sql=place.source) as source:
                gauge = ArrowChecks(found, None, at=piece.end)
                gate = gate_of(found, piece, "source")
                manifest, report, _ = move.extract(found, piece, source, stage, gauge, quiet, gate=gate)
            assert report.passed, report.sentence()
            assert len(report.results) == len(found.checks)
            return manifest.rows

        return timed

    return made


def load(*, partitioned: bool, kind: str = "load") -> Callable[[Place], Timed]:
    """Staged Parquet to a published slice: staging table, gate, publication."""

    def made(place: Place) -> Timed:
        from airflow_provider_harness.adapters.arrow.parquet_stage import ParquetStage
        from airflow_provider_harness.adapters.duckdb.in_flight import ArrowChecks
        from airflow_provider_harness.adapters.postgres.warehouse import PostgresWarehouse
        from airflow_provider_harness.app.rows import move

        warm(place)
        table = "public.parted" if partitioned else "public.loaded"
        found, piece = contract(kind, table), place.piece
        place.fresh(table, partitioned=partitioned)
        stage, warehouse = ParquetStage(f"file://{place.folder}/{STAGED}"), PostgresWarehouse(place.dsn)

        def timed() -> int:
            gate = gate_of(found, piece, "staging")
            gauge = ArrowChecks(found, piece, at=piece.end)
            published, report = move.load(found, piece, stage, warehouse, "bench", quiet, gate=gate, gauge=gauge)
            assert report.passed, report.sentence()
            return published.rows

        return timed

    return made


def transfer(place: Place) -> Timed:
    """PostgreSQL to a published slice in PostgreSQL: binary COPY pump, staging table, gate, publication."""
    from airflow_provider_harness.adapters.postgres.copy.source import PostgresCopySource
    from airflow_provider_harness.adapters.postgres.warehouse import PostgresWarehouse
    from airflow_provider_harness.app.rows import move

    warm(place)
    found, piece = contract("plain", "public.transferred"), place.piece
    place.fresh("public.transferred", partitioned=False)
    warehouse = PostgresWarehouse(place.dsn)

    def timed() -> int:
        gate = gate_of(found, piece, "staging")
        with PostgresCopySource(place.dsn, sql=f"SELECT * FROM public.src WHERE id < {place.rows}") as pump:
            basin = warehouse.slice(found, piece)
            published, report, _ = move.transfer(found, piece, pump, basin, "bench", quiet, gate=gate)
        assert report.passed, report.sentence()
        return published.rows

    return timed


def twelve_types(place: Place) -> Timed:
    """PostgreSQL to Parquet to PostgreSQL: the rows that differ in any of the twelve columns, either way."""
    out = extract("bare", STAGED)(place)
    back = load(partitioned=False, kind="plain")(place)

    def timed() -> int:
        assert out() == back() == place.rows
        kinds = "SELECT attname, atttypid, atttypmod FROM pg_attribute WHERE attrelid = '{}'::regclass AND attnum > 0"
        tables = ("public.src", "public.loaded")
        names = ", ".join(name for name, *_ in COLUMNS)
        rows = [f"(SELECT {names} FROM {table} WHERE id < {place.rows})" for table in tables]
        pairs = [tuple(map(kinds.format, tables)), tuple(rows)]
        queries = [
            f"SELECT count(*) FROM ({one} EXCEPT ALL {other}) AS e" for a, b in pairs for one, other in ((a, b), (b, a))
        ]
        return sum(int(place.execute(query)[0][0]) for query in queries)

    return timed
