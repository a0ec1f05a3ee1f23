"""Slices straight from one PostgreSQL to another: as they were, through the gate, or not at all."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from airflow.sdk.exceptions import AirflowFailException

from airflow_provider_harness.adapters.contracts.odcs import compile_text
from airflow_provider_harness.adapters.postgres.copy.source import PostgresCopySource
from airflow_provider_harness.adapters.postgres.source import PostgresSource
from airflow_provider_harness.adapters.postgres.write import direct_load as pg_direct
from airflow_provider_harness.app.ports.rows import Published
from airflow_provider_harness.app.rows import move
from airflow_provider_harness.core.contracts.checks import Check, CheckKind, Expectation, Operator
from airflow_provider_harness.core.contracts.contract import Contract, Treatment
from airflow_provider_harness.core.errors import ConfigurationError, ContractViolation, DatabaseRefused, SchemaDrift
from airflow_provider_harness.core.lineage.graph import Dataset
from airflow_provider_harness.operators import PostgresTransferOperator
from tests.ports.operators_case import case, context, dag, run, terms
from tests.ports.rows_case import CONTRACT, Case, gate_of, left_by_a_kill, quiet

__all__ = ["case", "dag"]


def pumped(case: Case, day: int = 0, *, table: str = "public.orders", sql: str = "") -> Published:
    piece = case.piece(day)
    with PostgresCopySource(case.source, table="" if sql else table, sql=sql) as pump:
        basin = case.target.warehouse().slice(case.contract, piece)
        return move.transfer(  # type: ignore[return-value]
            case.contract, piece, pump, basin, "dag/run", quiet, gate=gate_of(case.contract, piece)
        )[0]


def transfer(dag: Any, task_id: str = "t", **given: Any) -> PostgresTransferOperator:
    return PostgresTransferOperator(task_id=task_id, source_conn_id="src", **(terms(dag, "wh") | given))


@pytest.fixture
def straight(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether each attempt to write once was accepted."""
    found: list[bool] = []
    publish = pg_direct.publish_chunks

    def noted(*given: Any, **more: Any) -> Any:
        told = publish(*given, **more)
        found.append(told is not None)
        return told

    monkeypatch.setattr(pg_direct, "publish_chunks", noted)
    return found


@pytest.mark.parametrize(
    "setting", ["client_encoding = LATIN1", "quote_all_identifiers = on", "standard_conforming_strings = off"]
)
def test_how_somebody_else_lets_text_be_written_changes_no_row(case: Case, setting: str) -> None:
    case.at_source("UPDATE public.orders SET note = jsonb_build_object('e', 'é') WHERE id < 3")
    case.at_source(r"UPDATE public.orders SET customer = E'a\\b' WHERE id = 3")
    case.at_warehouse(r"INSERT INTO public.customers VALUES (E'a\\b')")
    text = CONTRACT.replace(
        "required: true\n        rel",
        "required: true\n        logicalTypeOptions: {pattern: '^(c\\d|a\\\\b)$'}\n        rel",
    )
    assert "pattern" in text
    case = replace(case, contract=compile_text(text, "orders.odcs.yaml"))
    for dsn in (case.source, case.warehouse):
        name = dsn.rpartition("/")[2]
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(f"ALTER DATABASE {name} SET {setting}".encode())
    assert case.move().rows == 303
    assert pumped(case, sql=r"SELECT * FROM public.orders WHERE customer ~ '^(c\d|a\\b)$'").rows == 303
    for dsn in (case.source, case.warehouse):
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(f"ALTER DATABASE {dsn.rpartition('/')[2]} RESET ALL".encode())
    assert case.published() == case.rows()


def test_every_slice_arrives_as_it_was_and_again_changes_nothing(case: Case, straight: list[bool]) -> None:
    assert [pumped(case, day).rows for day in range(3)] == [303, 289, 302]
    rows = [row for day in range(3) for row in case.rows(day)]
    assert case.published() == rows
    again = pumped(case, 1)
    assert (again.rows, again.before, again.new) == (289, 289, 0)
    assert case.published() == rows
    assert case.target.leftovers() == []
    assert straight == [True] * 4
    case.at_source("DELETE FROM public.orders WHERE id = 401")
    case.at_source(
        "INSERT INTO public.orders SELECT 5000, placed_at, 1, 'open', 'c1' FROM public.orders WHERE id = 410"
    )
    late = pumped(case, 1)
    assert (late.rows, late.before, late.new) == (289, 289, 1)


EVERY = {
    "a": ("timestamp with time zone", "'infinity'", "'2013-07-01 00:00:00.000001+02'"),
    "b": ("date", "'-infinity'", "'0044-03-15 BC'"),
    "c": ("numeric", "'NaN'", "123456789012345678901234567890123456789012.3456789"),
    "d": ("integer[]", "'{{1,2},{3,4}}'", "'[0:1]={5,NULL}'"),
    "e": ("interval", "'1 mon 2 days 03:04:05.000006'", "'-1 sec'"),
    "f": ("double precision", "'-infinity'", "'NaN'"),
    "g": ("bytea", "'\\x00ff'", "''"),
    "h": ("inet", "'10.0.0.1/8'", "'::1'"),
    "i": ("int4range", "'[1,5)'", "'empty'"),
    "j": ("jsonb", '\'{"a": [null, "ü"]}\'', "'null'"),
    "k": ("uuid", "'00000000-0000-0000-0000-000000000001'", "NULL"),
    "l": ("text", "E'two\\nlines\\t\\\\.'", "''"),
    "m": ("time without time zone", "'24:00'", "'00:00'"),
    "n": ("bit varying", "B'101'", "NULL"),
}
"""Name -> type and two values; those that Arrow cannot carry are among them."""


def test_what_a_killed_run_left_goes_before_the_one_write(case: Case, straight: list[bool]) -> None:
    left_by_a_kill(case)
    pumped(case, 0)
    assert straight == [True]
    assert case.target.leftovers() == []


def test_every_type_and_value_passes(case: Case) -> None:
    properties = "\n".join(
        f"      - {{name: {name}, logicalType: string, physicalType: '{kind}'}}" for name, (kind, _, _) in EVERY.items()
    )
    text = f"""
apiVersion: v3.1.0
kind: DataContract
id: every
version: 1.0.0
status: active
schema:
  - name: every
    properties:
{properties}
"""
    contract = replace(compile_text(text, "every.odcs.yaml"), table="public.every")
    case = replace(case, contract=contract)
    columns = ", ".join(f"{name} {kind}" for name, (kind, _, _) in EVERY.items())
    values = ", ".join(f"({', '.join(value[n] for value in EVERY.values())})" for n in (1, 2))
    case.at_source(f"CREATE TABLE public.every ({columns}); INSERT INTO public.every VALUES {values}")
    assert pumped(case, table="public.every").rows == 2
    text_of = "SELECT " + ", ".join(f"{name}::text" for name in EVERY) + " FROM public.every ORDER BY g"
    assert case.at_warehouse(text_of) == case.at_source(text_of)


def test_rows_arrive_in_the_contracts_types(case: Case) -> None:
    case.at_source("ALTER TABLE public.orders ALTER COLUMN id TYPE integer, ALTER COLUMN amount TYPE numeric(8,2)")
    pumped(case)
    kinds = case.at_warehouse(
        "SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'public.orders'::regclass AND attnum IN (1, 3)"
    )
    assert kinds == [("bigint",), ("numeric(12,2)",)]
    assert case.published() == case.rows()


def test_the_gate_stands_before_the_published_table(case: Case, straight: list[bool]) -> None:
    pumped(case)
    before = case.published()
    case.at_source("UPDATE public.orders SET customer = 'nobody' WHERE id < 20")
    with pytest.raises(ContractViolation, match="referential:customer"):
        pumped(case)
    assert case.published() == before
    assert case.target.leftovers() == []
    case.at_source("UPDATE public.orders SET customer = 'c1' WHERE id > 2 AND id < 20")
    assert pumped(case).quarantined == {"referential:customer": 3}
    assert len(case.published()) == 300
    assert straight == [True, False, False], "what is refused goes through the staging table"


def test_a_row_that_the_table_refuses_goes_through_the_gate(case: Case, straight: list[bool]) -> None:
    """A duplicate key meets the table's own constraint first; the person still reads what the gate says."""
    pumped(case)
    before = case.published()
    case.at_source("INSERT INTO public.orders SELECT * FROM public.orders WHERE id = 3")
    with pytest.raises(ContractViolation, match="unique:id"):
        pumped(case)
    assert case.published() == before
    assert straight == [True, False]


def test_rows_of_another_slice_are_noticed_where_only_the_slice_is_measured(case: Case, straight: list[bool]) -> None:
    case = replace(case, contract=replace(case.contract, checks=()))
    sql = "SELECT id, timestamptz '2020-01-01 00:00+00' + id * interval '1 s' AS placed_at, amount, status, customer, note FROM orders"
    with PostgresCopySource(case.source, sql=sql) as pump:
        pump._select = lambda *_: sql  # type: ignore[method-assign]  # a source that keeps to no slice
        basin = case.target.warehouse().slice(case.contract, case.piece())
        gate = gate_of(case.contract, case.piece())
        move.transfer(case.contract, case.piece(), pump, basin, "dag/run", quiet, gate=gate)  # type: ignore[arg-type]
    assert straight == [False]


def test_what_cannot_be_measured_before_the_commit_is_told_by_the_gate(case: Case, straight: list[bool]) -> None:
    check = Check(id="ratio", kind=CheckKind.CUSTOM_SQL, sql="SELECT 1 / (count(*) - 303) FROM ${table}")
    broken = replace(case, contract=replace(case.contract, checks=(*case.contract.checks, check)))
    with pytest.raises(ContractViolation, match="division by zero"):
        pumped(broken)
    assert straight == [False]
    assert case.published() == []


@pytest.mark.parametrize(
    "ddl",
    [
        "ALTER TABLE public.orders ALTER COLUMN amount TYPE numeric(14,2)",
        "CREATE FUNCTION same() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$; "
        "CREATE TRIGGER same BEFORE INSERT ON public.orders FOR EACH ROW EXECUTE FUNCTION same()",
    ],
)
def test_a_table_that_takes_rows_otherwise_is_not_written_at_once(case: Case, straight: list[bool], ddl: str) -> None:
    pumped(case)
    case.at_warehouse(ddl)
    assert pumped(case).rows == 303
    assert case.published() == case.rows()
    assert straight == [True]


def test_a_check_that_looks_at_the_published_table_sees_the_rows_that_will_be_there(
    case: Case, straight: list[bool]
) -> None:
    pumped(case)
    sql = "SELECT count(*) - 592 FROM harness_whole AS orders"
    check = Check(id="own", kind=CheckKind.CUSTOM_SQL, sql=sql)
    pumped(replace(case, contract=replace(case.contract, checks=(*case.contract.checks, check))), 1)
    assert straight == [True, True]


def test_what_holds_only_with_rows_that_are_set_aside_blocks(case: Case) -> None:
    mean = Check(
        id="mean",
        kind=CheckKind.MEAN,
        columns=("amount",),
        expect=Expectation(operator=Operator.GREATER, values=(160,)),
    )
    case.at_source("UPDATE public.orders SET amount = 5000 WHERE id = 3")
    with pytest.raises(ContractViolation) as caught:
        pumped(case.with_contract(checks=(*case.contract.checks, mean)))
    assert [result.id for result in caught.value.report.failed] == ["range:amount", "mean"]
    assert case.published() == []
    assert pumped(case).quarantined == {"range:amount": 1}


def test_rules_of_great_expectations_gate_a_transfer_in_the_staging_table(case: Case, straight: list[bool]) -> None:
    gx = '{"type": "expect_column_values_to_be_between", "kwargs": {"column": "amount", "max_value": 900}}'
    check = Check(id="gx", kind=CheckKind.CUSTOM_GX, gx=gx)
    strict = replace(case, contract=replace(case.contract, checks=(*case.contract.checks, check)))
    case.at_source("UPDATE public.orders SET amount = 950 WHERE id = 3")
    with pytest.raises(ContractViolation, match=r"1 of 11 checks failed\. gx: "):
        pumped(strict)
    assert (case.published(), straight) == ([], [])
    case.at_source("UPDATE public.orders SET amount = 3 WHERE id = 3")
    assert pumped(strict).rows == 303


def test_a_slice_that_is_read_again_is_the_same_whatever_became_of_the_source(case: Case) -> None:
    with PostgresCopySource(case.source, table="public.orders") as pump:
        first = pump.chunks(case.contract, case.piece())
        next(first)
        case.at_source("DELETE FROM public.orders WHERE id < 100")
        first.close()
        (again,) = pump.chunks(case.contract, case.piece())
        assert again[1] == 303


def test_what_the_source_says_in_the_midst_of_reading_is_raised(case: Case) -> None:
    sql = "SELECT *, 1 / (200 - id) AS more FROM public.orders"
    with (
        PostgresCopySource(
            case.source, sql=f"SELECT id, placed_at, amount + more AS amount, status, customer, note FROM ({sql}) q"
        ) as pump,
        pytest.raises(DatabaseRefused, match=r"division by zero \(22012\)") as caught,
    ):
        list(pump.chunks(case.contract, case.piece()))
    assert isinstance(caught.value.__cause__, psycopg.errors.DivisionByZero)


@pytest.mark.parametrize(
    "ddl",
    [
        "ALTER TABLE public.orders RENAME COLUMN amount TO total",
        "ALTER TABLE public.orders ALTER COLUMN id TYPE text",
    ],
)
def test_drift_is_found_before_rows_move(case: Case, ddl: str) -> None:
    case.at_source(ddl)
    with pytest.raises(SchemaDrift):
        pumped(case)
    assert not case.target.exists("orders")


def test_what_is_to_be_masked_is_not_read_and_what_is_to_be_hashed_is_refused(case: Case) -> None:
    def treated(how: Treatment) -> Contract:
        columns = tuple(replace(c, treatment=how) if c.name == "customer" else c for c in case.contract.columns)
        return replace(case.contract, columns=columns, checks=())

    pumped(replace(case, contract=treated(Treatment.MASK)))
    assert case.at_warehouse("SELECT DISTINCT customer FROM public.orders") == [("***",)]
    with pytest.raises(ConfigurationError, match="column customer: must be hashed"):
        pumped(replace(case, contract=treated(Treatment.HASH)))
    assert case.target.leftovers() == []


def test_as_a_task(case: Case, dag: Any) -> None:
    told = run(transfer(dag), context(case))
    assert told == {"slice": "20130309T050000Z", "rows": 303, "before": 0, "new": 303, "quarantined": {}}
    assert case.published() == case.rows()
    sql = "SELECT * FROM public.orders WHERE status = 'open'"
    assert run(transfer(dag, "t2", sql=sql), context(case))["rows"] == 152
    case.at_source("ALTER TABLE public.orders RENAME TO old_orders")
    other = transfer(dag, "t3", source_table="public.old_orders")
    assert run(other, context(case))["rows"] == 303
    assert other._lineage_inputs()[0].name.endswith("_s.public.old_orders")
    assert isinstance(other._lineage_output(), Dataset)
    assert len(other._lineage_edges()) == 6
    with pytest.raises(AirflowFailException, match="does not exist in the source"):
        run(transfer(dag, "t4"), context(case))


def test_one_source_and_no_other(dag: Any, case: Case) -> None:
    with pytest.raises(ConfigurationError, match="at most one"):
        transfer(dag, source_table="t", sql="SELECT 1")


def test_a_wrong_contract_still_fails_at_parsing(case: Case, dag: Any, tmp_path: Path) -> None:
    (tmp_path / "orders.odcs.yaml").write_text(CONTRACT.replace("status: active", "statsu: active"))
    with pytest.raises(ConfigurationError, match="statsu"):
        transfer(dag)


@pytest.mark.parametrize("source", [PostgresCopySource, PostgresSource])
def test_how_many_rows_to_expect_is_the_planners_word(case: Case, source: Any) -> None:
    case.at_source("ANALYZE public.orders")
    with source(case.source, table="public.orders") as there:
        assert 250 <= there.estimate(case.contract, case.piece()) <= 350
    case.at_source("ALTER TABLE public.orders RENAME COLUMN placed_at TO at")
    with source(case.source, table="public.orders") as there:
        assert there.estimate(case.contract, case.piece()) is None, "and the comparison of columns still says why"
    with source(case.source, sql="SELECT *, at AS placed_at FROM public.orders") as there:
        assert there.estimate(case.contract, case.piece()) is not None


def test_a_document_that_cannot_be_read_fails_at_every_gate_and_is_set_aside(case: Case) -> None:
    """PostgreSQL's json keeps the character of number 0, and every function of it refuses it."""
    case.at_source("ALTER TABLE public.orders ALTER COLUMN note TYPE json USING note::json")
    case.at_source(r"""UPDATE public.orders SET note = '{"n": "\u0000"}' WHERE id = 3""")
    terms = compile_text(CONTRACT.replace("physicalType: jsonb", "physicalType: json"), "orders.odcs.yaml")
    inside = Check(id="inside", kind=CheckKind.NOT_NULL, columns=("note",), path=("n",))
    case = replace(case, contract=replace(terms, checks=(*terms.checks, inside)))
    for published in (case.move(), pumped(case)):
        assert (dict(published.quarantined), published.rows) == ({"inside": 1}, 302)
    waiting = case.at_warehouse("SELECT \"row\" ->> 'note' FROM public.orders__quarantine")
    assert waiting == [(r'{"n": "\u0000"}',)]
