"""The demo's Dag and its eyes on both warehouses: the same rows, seen in the same way."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime
from pathlib import Path
from types import ModuleType

import psycopg
import pytest

from airflow_provider_harness.adapters.store.incidents import open_engine
from airflow_provider_harness.adapters.store.migrate import upgrade
from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.testing.bigquery import BigQueryServer
from airflow_provider_harness.testing.postgres import PostgresServer
from tests.demo.warehouse import DATASET, InBigQuery, InPostgres, Warehouse, at, warehouse
from tests.demo.world import ROOT

FLIGHTS = """
CREATE TABLE public.flights AS
SELECT CAST('2013-01-02 04:59:00+00' AS {moment}) AS time_hour, 'JFK' AS origin, 'AA' AS carrier, 1 AS dep_time, 14 AS dep_delay
UNION ALL SELECT CAST('2013-01-02 05:00:00+00' AS {moment}), 'JFK', 'AA', 1, 15
UNION ALL SELECT CAST('2013-01-02 06:00:00+00' AS {moment}), 'JFK', 'AA', 1, -3
UNION ALL SELECT CAST('2013-01-02 07:00:00+00' AS {moment}), 'JFK', 'AA', NULL, NULL
"""


@pytest.fixture
def emulated(bigquery: BigQueryServer) -> Iterator[InBigQuery]:
    bigquery.drop_dataset(DATASET)
    found = InBigQuery(project=bigquery.project, endpoint=bigquery.endpoint)
    found.fresh()
    yield found
    bigquery.drop_dataset(DATASET)


def flights_daily(kind: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The demo's Dag file as Airflow reads it."""
    monkeypatch.setenv("HARNESS_DEMO_WAREHOUSE", kind)
    spec = importlib.util.spec_from_file_location(f"flights_daily_{kind}", ROOT / "dags" / "flights_daily.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("kind", "loads"), [("postgresql", "PostgresLoadOperator"), ("bigquery", "BigQueryLoadOperator")]
)
def test_the_dag_loads_where_the_demo_says(
    kind: str, loads: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    module = flights_daily(kind, monkeypatch)
    found = {name: type(getattr(module, name)).__name__ for name in ("load", "load_airlines", "load_airports")}
    assert set(found.values()) == {loads}


def test_both_count_the_same_day_of_new_york(
    emulated: InBigQuery, postgres: PostgresServer, database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    told = {}
    here: Warehouse
    for here in (InPostgres(url=postgres.url(database)), emulated):
        here.rows(FLIGHTS.format(moment={"postgresql": "timestamptz", "bigquery": "TIMESTAMP"}[here.kind]))
        again = at(here.site)
        assert again.rows("SELECT count(*) FROM public.flights WHERE {day} = '2013-01-02'") == [(3,)]
        assert again.rows("SELECT min(time_hour) FROM public.flights") == [(datetime(2013, 1, 2, 4, 59, tzinfo=UTC),)]
        assert (again.exists("flights"), again.exists("planes")) == (True, False)
        module = flights_daily(here.kind, monkeypatch)
        bounds = {"slice_start": "'2013-01-01 05:00:00+00'", "slice_end": "'2013-01-03 05:00:00+00'"}
        told[here.kind] = sorted(again.rows(module.ON_TIME_SQL % bounds))
    assert told["postgresql"] == told["bigquery"]
    assert [(row[0], *row[3:7]) for row in told["bigquery"]] == [
        (date(2013, 1, 1), 1, 1, 1, 0),
        (date(2013, 1, 2), 3, 2, 1, 1),
    ]


def test_a_load_waits_for_the_lease_that_the_demo_holds(
    emulated: InBigQuery, postgres: PostgresServer, database: str
) -> None:
    store, run = postgres.url(database), "flights_daily/demo__4__2013-01-13"
    engine = open_engine(postgres.url(database, driver="psycopg"))
    upgrade(engine)
    engine.dispose()
    with emulated.busy(store, date(2013, 1, 13)), psycopg.connect(store, autocommit=True) as connection:
        assert not emulated.waits(store, run)
        connection.execute(
            "INSERT INTO harness_leases SELECT 'staged file:///x', %s, 't', taken_at, expires_at FROM harness_leases LIMIT 1",
            [f"{run}/load"],
        )
        assert emulated.waits(store, run)
        names = connection.execute("SELECT name FROM harness_leases ORDER BY 1").fetchall()
        assert names[-1] == ("warehouse public.flights 20130113T050000Z",)


def test_a_dataset_of_others_stays(emulated: InBigQuery, bigquery: BigQueryServer) -> None:
    bigquery.drop_dataset(DATASET)
    bigquery.ensure_dataset(DATASET)
    with pytest.raises(ConfigurationError, match="dataset public that the demo has not made"):
        emulated.fresh()


def test_another_warehouse_is_not_known(
    postgres: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WAREHOUSE", "oracle")
    with ExitStack() as stop, pytest.raises(ConfigurationError, match="WAREHOUSE: is 'oracle'"):
        warehouse(tmp_path, ROOT, postgres, "any", stop)
