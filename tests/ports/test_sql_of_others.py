"""SQL of a contract or a Dag on real databases: it reads, within limits, and can do nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest
from airflow.sdk.exceptions import AirflowFailException

from airflow_provider_harness.adapters.contracts.odcs import compile_text
from airflow_provider_harness.adapters.gx.split import Engine
from airflow_provider_harness.adapters.postgres import measure as pg_measure
from airflow_provider_harness.adapters.postgres.copy.source import PostgresCopySource
from airflow_provider_harness.adapters.postgres.source import PostgresSource
from airflow_provider_harness.adapters.postgres.subject import PostgresRows, columns_of
from airflow_provider_harness.adapters.postgres.warehouse import PostgresWarehouse
from airflow_provider_harness.adapters.sql import checks as sql_checks
from airflow_provider_harness.adapters.sql.authored.allowed import FUNCTIONS
from airflow_provider_harness.adapters.sql.authored.reading import LOCK_SECONDS, STATEMENT_SECONDS, answers, reading
from airflow_provider_harness.core.contracts.checks import Check, CheckKind, Expectation, Operator
from airflow_provider_harness.core.contracts.contract import LoadMode
from airflow_provider_harness.core.errors import ContractError, ContractViolation
from airflow_provider_harness.core.slices.slices import slice_of_day
from airflow_provider_harness.operators import (
    PostgresExtractOperator,
    PostgresTransferOperator,
    SQLTransformOperator,
    ValidateOperator,
)
from airflow_provider_harness.sensors import FreshnessSensor
from airflow_provider_harness.testing.postgres import PostgresServer
from tests.ports.engines_case import TYPES, contract_of
from tests.ports.operators_case import context, moved, run, terms
from tests.ports.rows_case import CONTRACT, CUSTOMERS, Case

ROWS = sql_checks.Rows(relation='"public"."t"', table="public.t")
STACKS = {
    "closes ours": "SELECT 1) AS m1 FROM t; DROP TABLE public.victim; WITH t AS (SELECT 1) SELECT (SELECT 1",
    "ends ours": "SELECT 1; DROP TABLE public.victim",
    "commits first": "SELECT 1; COMMIT; DROP TABLE public.victim; SELECT 1",
    "a function that writes": "SELECT public.forget()",
    "a setting, then a write": "SELECT public.forget() FROM (SELECT set_config('transaction_read_only', 'off', true)) AS s",
}


@pytest.fixture
def connection(postgres: PostgresServer, database: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(postgres.url(database), autocommit=True) as made:
        made.execute(f"CREATE TABLE public.t ({TYPES}); CREATE TABLE public.victim AS SELECT 1 AS n".encode())
        made.execute(
            "CREATE FUNCTION public.forget() RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER AS"
            " $$ BEGIN DELETE FROM public.victim; RETURN 0; END $$;"
            " CREATE FUNCTION public.dares() RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN"
            " PERFORM set_config('transaction_read_only', 'off', true); DELETE FROM public.victim; RETURN 0; END $$"
        )
        yield made


def victims(connection: psycopg.Connection[Any]) -> list[tuple[Any, ...]]:
    return connection.execute("SELECT n FROM public.victim").fetchall()


def own(sql: str, name: str = "own") -> Check:
    return Check(id=name, kind=CheckKind.CUSTOM_SQL, sql=sql, expect=Expectation(operator=Operator.BE, values=(0,)))


@pytest.mark.attack
@pytest.mark.parametrize("sql", [*STACKS.values(), "SELECT public.dares()"], ids=[*STACKS, "a function that dares"])
@pytest.mark.parametrize("inside", [False, True])
def test_a_check_writes_nothing_by_itself_or_inside_a_load(
    connection: psycopg.Connection[Any], sql: str, inside: bool
) -> None:
    checks = (own(sql), Check(id="right", kind=CheckKind.UNIQUE, columns=("n",)))
    if inside:
        with connection.transaction():
            found = pg_measure.measure(connection, contract_of(checks), ROWS)
            connection.execute("INSERT INTO public.victim VALUES (2)")  # the load goes on, and may write
        assert victims(connection) == [(1,), (2,)]
    else:
        found = pg_measure.measure(connection, contract_of(checks), ROWS)
        assert victims(connection) == [(1,)]
    assert found.values["own"].error
    assert (found.values["right"].value, found.values["right"].error) == (0, ""), "the other checks are measured"


VIEWS = {
    "counts a sequence up": "SELECT nextval('public.s') AS n",
    "calls a function that writes": "SELECT public.forget() AS n",
    "writes a large object": "SELECT lo_from_bytea(0, 'x')::bigint AS n",
}


@pytest.mark.attack
@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_a_view_does_nothing_that_a_query_may_not(connection: psycopg.Connection[Any], view: str) -> None:
    """What a view does is not seen in the query: the transaction that only reads stops it."""
    connection.execute(
        f"CREATE SEQUENCE public.s; CREATE VIEW public.v AS {view}; SET statement_timeout = '2s'".encode()
    )
    found = pg_measure.measure(connection, contract_of((own("SELECT count(n) FROM public.v"),)), ROWS)
    assert "read-only transaction" in found.values["own"].error
    assert victims(connection) == [(1,)]
    assert connection.execute("SELECT is_called FROM public.s").fetchone() == (False,)


@pytest.mark.attack
def test_a_view_that_sleeps_is_ended(connection: psycopg.Connection[Any]) -> None:
    connection.execute("CREATE VIEW public.v AS SELECT 1 AS n FROM pg_sleep(3600)")
    connection.execute("SET statement_timeout = '1s'")
    with pytest.raises(psycopg.errors.QueryCanceled):
        pg_measure.measure(connection, contract_of((own("SELECT count(n) FROM public.v"),)), ROWS)


def test_reading_only_ends_with_the_savepoint_and_cannot_be_ended_within(connection: psycopg.Connection[Any]) -> None:
    with connection.transaction():
        connection.execute("INSERT INTO public.victim VALUES (2)")
        with reading(connection):
            assert connection.execute("SHOW transaction_read_only").fetchone() == ("on",)
            assert connection.execute("SELECT count(*) FROM public.victim").fetchone() == (2,), (
                "what was written is seen"
            )
            for attempt in ("SET TRANSACTION READ WRITE", "SET LOCAL transaction_read_only = off"):
                with pytest.raises(psycopg.errors.ActiveSqlTransaction), connection.transaction():
                    connection.execute(attempt.encode())
        assert connection.execute("SHOW transaction_read_only").fetchone() == ("off",)
        assert connection.execute("SHOW statement_timeout").fetchone() == ("0",)
        connection.execute("INSERT INTO public.victim VALUES (3)")
    assert victims(connection) == [(1,), (2,), (3,)]


def test_a_statement_is_limited_and_a_shorter_limit_is_kept(connection: psycopg.Connection[Any]) -> None:
    def limits() -> list[str]:
        return [answers(connection, f"SHOW {name}")[0][0] for name in ("statement_timeout", "lock_timeout")]

    assert limits() == [f"{STATEMENT_SECONDS // 60}min", f"{LOCK_SECONDS}s"]
    connection.execute("SET statement_timeout = '7s'")
    assert limits() == ["7s", f"{LOCK_SECONDS}s"]


def test_a_query_of_the_contract_is_still_measured(connection: psycopg.Connection[Any]) -> None:
    connection.execute("INSERT INTO public.t (n) SELECT generate_series(1, 5)")
    check = own("SELECT count(*) FROM ${table} WHERE n > 3 -- large ones\n;")
    found = pg_measure.measure(connection, contract_of((check,)), ROWS)
    assert (found.values["own"].value, found.values["own"].error) == (2, "")


#: Writes wherever it may, and opens the way for the next transaction; an author's view calls it.
LYING_IN_WAIT = """
CREATE FUNCTION public.waits(timestamptz) RETURNS timestamptz LANGUAGE plpgsql AS $$ BEGIN
  PERFORM set_config('default_transaction_read_only', 'off', false);
  IF current_setting('transaction_read_only') = 'off' OR current_setting('statement_timeout') = '0'
    OR current_setting('lock_timeout') = '0' THEN DELETE FROM public.victim; END IF;
  RETURN $1; END $$;
CREATE TABLE public.kept AS SELECT 1::bigint AS id, timestamptz '2013-03-09 12:00+00' AS placed_at, 1::numeric(12,2) AS amount,
  'open'::text AS status, 'c'::text AS customer, '{}'::jsonb AS note;
CREATE VIEW public.orders AS SELECT id, public.waits(placed_at) AS placed_at, amount, status, customer, note FROM public.kept
"""


@pytest.mark.attack
@pytest.mark.parametrize("look", ["validate", "a query", "published", "whole", "missing", "expectations", "columns of"])
def test_no_look_at_an_authors_view_can_write(
    connection: psycopg.Connection[Any], postgres: PostgresServer, look: str
) -> None:
    connection.execute(LYING_IN_WAIT.encode())
    dsn, terms_ = postgres.url(connection.info.dbname), compile_text(ALONE, "c.yaml")
    piece = slice_of_day(terms_, date(2013, 3, 9))
    warehouse = PostgresWarehouse(dsn)
    looks: dict[str, Callable[[], Any]] = {
        "validate": lambda: PostgresRows(dsn).measure(terms_, piece)[0].rows,
        "a query": lambda: PostgresRows(dsn, sql=QUERY).measure(terms_, piece)[0].rows,
        "published": lambda: warehouse.measure_published(terms_, piece).rows,
        "whole": lambda: warehouse.measure_published(terms_, None).rows,
        "missing": lambda: 1 - len(warehouse.missing(terms_, [piece])),
        "expectations": lambda: PostgresRows(dsn, engine=Engine.GX).measure(terms_, piece)[0].rows,
        "columns of": lambda: columns_of(dsn, "public.orders", ("id", "placed_at")).num_rows,
    }
    assert looks[look]() == 1, "the row is seen"
    assert victims(connection) == [(1,)]


@pytest.mark.attack
def test_a_transfers_query_is_one_statement_before_anything_is_asked(
    connection: psycopg.Connection[Any], postgres: PostgresServer
) -> None:
    """Also where the words of the query are not looked at: what stands here has passed by the guard."""
    dsn, terms_ = postgres.url(connection.info.dbname), compile_text(ALONE, "c.yaml")
    full = replace(terms_, load=replace(terms_.load, mode=LoadMode.FULL, slice_column=""))
    stacked = "SELECT 1 AS n) AS q; COMMIT; DROP TABLE public.victim; SELECT 1 FROM (SELECT 2 AS n"
    for kind in (PostgresCopySource, PostgresSource):
        source = kind(dsn, sql="SELECT 1 AS n")
        source._sql = stacked
        with pytest.raises(Exception, match=r"syntax|multiple commands"), source:
            source.estimate(full, slice_of_day(terms_, date(2013, 3, 9)))
    assert victims(connection) == [(1,)]


#: Volatile, and yet they say something only: clocks, random numbers, sizes.
_SAYING = """
clock_timestamp timeofday uuidv4 uuidv7 pg_input_is_valid pg_relation_size pg_table_size pg_total_relation_size pg_indexes_size
pg_last_xact_replay_timestamp pg_is_in_recovery
"""
SAYING = set(_SAYING.split())


def test_the_functions_that_a_query_may_call_only_read(connection: psycopg.Connection[Any]) -> None:
    asked = "SELECT DISTINCT proname FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace AND provolatile = 'v'"
    volatile = {name for (name,) in connection.execute(asked).fetchall()}
    assert volatile & FUNCTIONS["postgres"] <= SAYING


QUERY = "SELECT * FROM public.orders"
STACKED = f"{QUERY}) AS q; DROP TABLE public.customers; SELECT * FROM ({QUERY}"
WRITES = "WITH gone AS (DELETE FROM public.customers RETURNING 1) SELECT * FROM public.orders"


def asked(dag: Any, kind: str, sql: str) -> Any:
    given = {"task_id": "t", "sql": sql, **terms(dag, "src")}
    if kind == "validate":
        return ValidateOperator(**{name: value for name, value in given.items() if name != "table"})
    if kind == "freshness":
        return FreshnessSensor(poke_interval=1, timeout=3, deferrable=False, **{**given, "table": "public.orders"})
    if kind == "extract":
        return PostgresExtractOperator(**given)
    if kind == "transfer":
        return PostgresTransferOperator(source_conn_id="src", **{**given, **terms(dag, "wh")})
    return SQLTransformOperator(**{**given, **terms(dag, "src", "public.made")})


@pytest.mark.attack
@pytest.mark.parametrize("kind", ["validate", "freshness", "extract", "transfer", "transform"])
@pytest.mark.parametrize("sql", [STACKED, WRITES], ids=["stacked", "writes"])
def test_no_query_of_a_dag_is_more_than_one_select(case: Case, dag: Any, kind: str, sql: str) -> None:
    case.at_source(CUSTOMERS)
    with pytest.raises(Exception, match=r"one SELECT|only reading|syntax error|multiple commands|data-modifying"):
        run(asked(dag, kind, sql), context(case))
    assert case.at_source("SELECT count(*) FROM public.customers") == [(5,)]


@pytest.mark.parametrize("kind", ["validate", "freshness", "extract", "transfer", "transform"])
def test_the_same_operators_take_a_query_that_reads(case: Case, dag: Any, kind: str) -> None:
    case.at_source(CUSTOMERS)
    run(asked(dag, kind, f"{QUERY} WHERE {case.during(0)} -- all of them"), context(case))


ALONE = CONTRACT.replace("        relationships: [{to: customers.name}]\n", "")
CUSTOM = 'quality:\n      - {type: sql, name: own, mustBe: 0, query: "QUERY"}\n'


@pytest.mark.attack
@pytest.mark.parametrize(
    "query",
    ["SELECT count(*) FROM read_text('HERE/secret')", "SELECT count(*) FROM 'HERE/secret.csv'", "SELECT getenv('HOME')",
     "SELECT 1) ; COPY (SELECT 1) TO 'HERE/made'; SELECT (1", "SELECT count(*) FROM duckdb_settings()"],
)  # fmt: skip
def test_a_check_of_files_reaches_no_other_file(case: Case, dag: Any, tmp_path: Path, query: str) -> None:
    (tmp_path / "secret").write_text("hidden")
    (tmp_path / "secret.csv").write_text("a\n1\n")
    moved(case, dag)
    text = ALONE.replace("quality:\n", CUSTOM.replace("QUERY", query.replace("HERE", str(tmp_path))), 1)
    (tmp_path / "orders.odcs.yaml").write_text(text)
    staged = next((tmp_path / "staging").rglob("_manifest.json")).parent
    with pytest.raises((AirflowFailException, ContractError)) as caught:
        run(ValidateOperator(task_id="v", contract="orders.odcs.yaml", path=str(staged), dag=dag), context(case))
    assert not (tmp_path / "made").exists()
    if isinstance(caught.value, ContractError):
        assert "quality[0].query: is not SQL of PostgreSQL" in str(caught.value), "found when the Dag is parsed"
        return
    violation = caught.value.__cause__
    assert isinstance(violation, ContractViolation), violation
    assert [result.error != "" for result in violation.report.results if result.id == "own"] == [True]


@pytest.mark.attack
def test_duckdb_itself_is_closed_where_a_query_would_come_through(case: Case, dag: Any, tmp_path: Path) -> None:
    from airflow_provider_harness.adapters.duckdb import file_subject as duck_files

    moved(case, dag)
    (tmp_path / "orders.odcs.yaml").write_text(ALONE)
    (tmp_path / "secret").write_text("hidden")
    staged = str(next((tmp_path / "staging").rglob("_manifest.json")).parent)
    tried: list[str] = []

    def attempts(connection: Any, contract: Any, rows: Any) -> Any:
        for sql in (
            f"SELECT * FROM read_text('{tmp_path}/secret')",
            f"COPY (SELECT 1) TO '{tmp_path}/made'",
            f"ATTACH '{tmp_path}/made.db'",
            "SET enable_external_access = true",
            "RESET lock_configuration",
            "INSTALL httpfs",
            "LOAD httpfs",
            f"SELECT * FROM '{tmp_path}/secret.csv'",
            f'SELECT * FROM "{tmp_path}/secret.csv"',
            f"SELECT * FROM glob('{tmp_path}/*')",
            f"SELECT * FROM read_csv('{tmp_path}/secret')",
            "SELECT * FROM read_parquet('https://example.org/x.parquet')",
            f"EXPORT DATABASE '{tmp_path}/made'",
            "PRAGMA enable_external_access=true",
            f"SET temp_directory = '{tmp_path}/made'",
            "SET allowed_directories = ['/']",
        ):
            with pytest.raises(Exception, match=r"disabled|locked|Cannot (access|change|enable)"):
                connection.execute(sql)
            tried.append(sql)
        return measured(connection, contract, rows)

    measured = duck_files.duck_measure.measure
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(duck_files.duck_measure, "measure", attempts)
        run(ValidateOperator(task_id="v", contract="orders.odcs.yaml", path=staged, dag=dag), context(case))
    assert len(tried) == 16 and not (tmp_path / "made").exists()


@pytest.mark.attack
def test_a_statement_in_duckdb_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    import duckdb

    from airflow_provider_harness.adapters.duckdb import measure as duck_measure

    monkeypatch.setattr(duck_measure, "STATEMENT_SECONDS", 0.2)
    with duckdb.connect(":memory:") as connection:
        duck = duck_measure.Duck(connection)
        assert duck.rows("SELECT 1") == [(1,)]
        with pytest.raises(TimeoutError, match="more than"):
            duck.rows("SELECT sum(a.n * b.n) FROM range(3000000) AS a(n), range(3000000) AS b(n)")
        assert duck.rows("SELECT 2") == [(2,)], "the next statement is measured"


@pytest.mark.attack
def test_statements_in_duckdb_end_in_time_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """The opening of a delivery, and the count of what is of a wrong type, are several statements."""
    import duckdb

    from airflow_provider_harness.adapters.duckdb import measure as duck_measure

    monkeypatch.setattr(duck_measure, "STATEMENT_SECONDS", 0.1)
    with duckdb.connect(":memory:") as connection:
        with (
            pytest.raises(TimeoutError, match=r"the opening ran for more than 0\.1 s; divide it"),
            duck_measure.limited(connection, "the opening", "divide it"),
        ):
            while True:
                connection.execute("SELECT sum(n) FROM range(1000000) AS a(n)").fetchall()
        assert connection.execute("SELECT 2").fetchall() == [(2,)]


@pytest.mark.attack
def test_the_opening_of_files_ends_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow_provider_harness.adapters.duckdb import measure as duck_measure
    from airflow_provider_harness.adapters.duckdb.file_subject import FileRows

    file, contract = tmp_path / "orders.csv", compile_text(CONTRACT, "c.yaml")
    file.write_text(",".join(contract.names) + "\n" + f"1{',' * (len(contract.names) - 1)}\n" * 2_000_000)
    monkeypatch.setattr(duck_measure, "STATEMENT_SECONDS", 0.0)
    with pytest.raises(TimeoutError, match="the opening of a delivery"):
        FileRows(str(file)).measure(contract, slice_of_day(contract, date(2013, 3, 9)))


@pytest.mark.attack
@pytest.mark.parametrize("kind", [PostgresCopySource, PostgresSource])
def test_a_source_has_limits_of_time_and_of_locks(
    connection: psycopg.Connection[Any], postgres: PostgresServer, kind: Any
) -> None:
    """What it reads is an author's query, or his view; a limit that somebody set stays."""
    asked = "SELECT current_setting('statement_timeout'), current_setting('lock_timeout'), current_setting('transaction_read_only')"

    def limits(url: str) -> tuple[Any, ...]:
        with kind(url, table="public.t") as source:
            if kind is PostgresSource:
                return tuple(source._ask(asked)[0])
            return tuple(source._connection.execute(asked).fetchone())

    url = postgres.url(connection.info.dbname)
    assert limits(url) == ("6h", "5min", "on")
    assert limits(f"{url}?options=-c%20statement_timeout%3D7s")[0] == "7s"


@pytest.mark.attack
def test_great_expectations_writes_nothing_and_brings_no_query(
    connection: psycopg.Connection[Any], postgres: Any
) -> None:
    from airflow_provider_harness.adapters.gx import suite as gx

    url = gx._url(postgres.url(connection.info.dbname))
    from sqlalchemy import create_engine, text
    from sqlalchemy.exc import InternalError

    engine = create_engine(url)
    with pytest.raises(InternalError, match="read-only"), engine.begin() as there:
        there.execute(text("DELETE FROM public.victim"))
    engine.dispose()
    check = Check(id="gx", kind=CheckKind.NOT_NULL, columns=("n",))
    found = gx.measure_postgres(postgres.url(connection.info.dbname), contract_of((check,)), ROWS, (check,))
    assert found.values["gx"].error == ""
