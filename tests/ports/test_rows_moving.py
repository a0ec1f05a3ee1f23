"""Extract, load and transform on a real PostgreSQL: what is published, what is set aside, what is refused."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from airflow_provider_harness.adapters import postgres as adapter
from airflow_provider_harness.adapters.contracts_odcs import compile_text
from airflow_provider_harness.adapters.pg_rows import PostgresRows
from airflow_provider_harness.adapters.postgres import PostgresWarehouse
from airflow_provider_harness.app import move, validate
from airflow_provider_harness.core.checks import Check, CheckKind
from airflow_provider_harness.core.errors import ContractViolation, SchemaDrift, SliceBusy, UncarriedValue
from airflow_provider_harness.core.report import Decision
from airflow_provider_harness.testing.postgres import PostgresServer
from tests.ports.rows_case import DAYS, Case, drop, gate_of, make, quiet


@pytest.fixture
def case(postgres: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Case]:
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path / "airflow"))
    name = f"rows_{uuid.uuid4().hex[:12]}"
    yield make(postgres, name, tmp_path / "staging")
    drop(postgres, name)


def leftovers(case: Case) -> list[tuple[str]]:
    return case.at_warehouse("SELECT relname FROM pg_class WHERE relname LIKE '%__stg_%'")


def quarantine(case: Case) -> list[tuple[str, str]]:
    return case.at_warehouse('SELECT "row"->>\'id\', "check" FROM public.orders__quarantine ORDER BY 1')


def test_every_slice_arrives_as_it_was_and_again_changes_nothing(case: Case) -> None:
    moved = [case.move(day) for day in range(3)]
    assert [one.rows for one in moved] == [303, 289, 302]
    rows = [row for day in range(3) for row in case.rows(day)]
    assert case.published() == rows
    again = case.move(1)
    assert (again.rows, again.before) == (289, 289)
    assert case.published() == rows
    assert leftovers(case) == []


def test_the_staged_files_are_complete_and_the_manifest_counts_them(case: Case) -> None:
    manifest, _ = case.extract()
    assert case.staged() == ["_manifest.json", "part-00000.parquet"]
    assert manifest.rows == 303
    assert case.stage().manifest() == manifest


def test_late_rows_are_picked_up_by_a_second_run(case: Case) -> None:
    case.move()
    case.at_source("INSERT INTO public.orders SELECT 5000, placed_at, 1, 'open', 'c1' FROM public.orders WHERE id = 7")
    again = case.move()
    assert (again.before, again.rows) == (303, 304)


def test_a_few_malformed_rows_are_set_aside_with_check_and_reason(case: Case) -> None:
    case.at_source(
        "UPDATE public.orders SET amount = 5000 WHERE id IN (3, 4); UPDATE public.orders SET customer = 'nobody' WHERE id = 9"
    )
    published = case.move()
    assert published.rows == 300
    assert published.quarantined == {"range:amount": 2, "referential:customer": 1}
    assert quarantine(case) == [("3", "range:amount"), ("4", "range:amount"), ("9", "referential:customer")]
    ((reason, run, slice_id),) = case.at_warehouse(
        "SELECT reason, run, slice FROM public.orders__quarantine WHERE \"row\"->>'id' = '9'"
    )
    assert (reason, run, slice_id) == ("customer is not in public.customers", "dag/run", case.piece().id)
    case.move()
    assert len(quarantine(case)) == 3, "a second run replaces what the first one set aside"
    case.at_source("UPDATE public.orders SET amount = 1, customer = 'c1' WHERE id IN (3, 4, 9)")
    assert case.move().rows == 303
    assert quarantine(case) == []


def test_a_row_that_fails_two_checks_is_set_aside_once(case: Case) -> None:
    case.at_source("UPDATE public.orders SET amount = -1, status = 'lost' WHERE id = 3")
    published = case.move()
    assert published.quarantined == {"range:amount": 1}
    ((reason,),) = case.at_warehouse("SELECT reason FROM public.orders__quarantine")
    assert reason == "amount is not 0 to 1000; status is not one of open, paid"


@pytest.mark.parametrize("bad", [7, 11], ids=["over the share", "over the number of rows"])
def test_too_many_malformed_rows_block_at_the_source(case: Case, bad: int) -> None:
    case.move()
    before = case.published()
    case.at_source(f"UPDATE public.orders SET amount = 5000 WHERE id < {bad}")
    with pytest.raises(ContractViolation) as caught:
        case.extract()
    (result,) = caught.value.report.failed
    assert (result.id, result.failing, result.expected) == (
        "range:amount",
        bad,
        "exactly 0 failing rows (amount is not 0 to 1000)",
    )
    assert len(result.samples) == min(bad, 100)
    assert result.samples[0] == {"id": 0, "amount": "5000.00"}
    assert case.staged() == []
    assert case.published() == before


def test_a_duplicate_key_blocks_however_few(case: Case) -> None:
    case.at_source("INSERT INTO public.orders SELECT * FROM public.orders WHERE id = 3")
    with pytest.raises(ContractViolation) as caught:
        case.extract()
    (result,) = caught.value.report.failed
    assert (result.id, result.actual, result.samples) == ("unique:id", "1 rows too many", ({"id": 3},))
    assert caught.value.report.decision is Decision.BLOCK


def test_malformed_rows_found_only_in_the_warehouse_block_there(case: Case) -> None:
    case.move()
    before = case.published()
    case.at_source("UPDATE public.orders SET customer = 'nobody' WHERE id < 20")
    case.extract()
    with pytest.raises(ContractViolation) as caught:
        case.load()
    (result,) = caught.value.report.failed
    assert (result.id, result.failing) == ("referential:customer", 20)
    assert case.published() == before
    assert leftovers(case) == []


def test_an_empty_slice_blocks(case: Case) -> None:
    case.at_source("DELETE FROM public.orders")
    with pytest.raises(ContractViolation, match="row_count: expected more than 0 rows, found 0 rows"):
        case.extract()


def test_a_renamed_column_is_recognised_before_a_row_moves(case: Case) -> None:
    case.at_source("ALTER TABLE public.orders RENAME COLUMN amount TO total")
    with pytest.raises(SchemaDrift) as caught:
        case.extract()
    assert caught.value.diff.ddl == ("ALTER TABLE public.orders RENAME COLUMN amount TO total;",)
    assert "total has its type and place: a rename?" in str(caught.value)
    assert case.staged() == []


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ("ALTER TABLE public.orders DROP COLUMN status", "breaking"),
        ("ALTER TABLE public.orders ALTER COLUMN amount TYPE numeric(14,2)", "widening"),
        ("ALTER TABLE public.orders ALTER COLUMN status TYPE integer USING 1", "breaking"),
    ],
)
def test_other_drift_blocks_with_its_kind(case: Case, change: str, kind: str) -> None:
    case.at_source(change)
    with pytest.raises(SchemaDrift) as caught:
        case.extract()
    assert [str(one.kind) for one in caught.value.diff.changes] == [kind]


def test_a_new_or_narrower_source_column_is_no_reason_to_stop(case: Case) -> None:
    case.at_source("ALTER TABLE public.orders ADD COLUMN extra text, ALTER COLUMN id TYPE integer")
    assert case.move().rows == 303


def test_a_query_is_described_by_the_server(case: Case) -> None:
    manifest, _ = case.extract(sql="SELECT * FROM public.orders WHERE id < 100")
    assert manifest.rows == 100
    with pytest.raises(SchemaDrift, match="column status"):
        case.extract(sql="SELECT id, placed_at, amount, customer, note FROM public.orders")


def test_a_target_that_lacks_a_column_is_named_with_the_statement(case: Case) -> None:
    case.move()
    case.at_warehouse("ALTER TABLE public.orders DROP COLUMN status")
    with pytest.raises(SchemaDrift) as caught:
        case.load()
    assert caught.value.diff.ddl == ("ALTER TABLE public.orders ADD COLUMN status text;",)


def test_a_check_that_cannot_be_run_is_no_pass_and_no_bad_data(case: Case) -> None:
    broken = Check(id="broken", kind=CheckKind.CUSTOM_SQL, sql="SELECT count(*) FROM ${table} WHERE nothing = 1")
    case = case.with_contract(checks=(*case.contract.checks, broken))
    case.extract()
    with pytest.raises(ContractViolation) as caught:
        case.load()
    (result,) = caught.value.report.failed
    assert result.id == "broken"
    assert "nothing" in result.error


def test_a_missing_referenced_table_is_an_error_of_the_check(case: Case) -> None:
    case.at_warehouse("DROP TABLE public.customers")
    case.extract()
    with pytest.raises(ContractViolation, match="referential:customer: could not be checked"):
        case.load()


def test_two_runs_of_one_slice_do_not_interleave(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    case.extract()
    monkeypatch.setattr(adapter, "BUSY_SECONDS", 1)
    with PostgresWarehouse(case.warehouse).slice(case.contract, case.piece()), pytest.raises(SliceBusy):
        case.load()
    assert case.load()[0].rows == 303


def test_a_publication_waits_for_a_lock_on_its_table_and_can_be_cancelled(case: Case) -> None:
    case.move()
    warehouse = PostgresWarehouse(case.warehouse)
    seen: list[BaseException] = []

    def publish() -> None:
        try:
            gate = gate_of(case.contract, case.piece())
            move.load(case.contract, case.piece(), case.stage(), warehouse, "dag/run", quiet, gate=gate)
        except psycopg.errors.QueryCanceled as error:
            seen.append(error)

    with psycopg.connect(case.warehouse) as holder:
        holder.execute("LOCK TABLE public.orders IN ACCESS EXCLUSIVE MODE")
        thread = threading.Thread(target=publish)
        thread.start()
        waiting = (
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        with psycopg.connect(case.warehouse, autocommit=True) as watcher:
            for _ in range(200):
                if watcher.execute(waiting).fetchone() == (1,):
                    break
                thread.join(0.05)
        warehouse.cancel()
        thread.join(20)
    assert len(seen) == 1
    assert len(case.published()) == 303


def test_a_publication_that_breaks_in_the_middle_leaves_the_old_slice(case: Case) -> None:
    case.move()
    before = case.published()
    case.at_warehouse(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no room'; END $$; "
        "CREATE TRIGGER refuse BEFORE INSERT ON public.orders EXECUTE FUNCTION refuse()"
    )
    with pytest.raises(psycopg.errors.RaiseException):
        case.load()
    assert case.published() == before


def test_transform_publishes_what_the_query_gives(case: Case) -> None:
    case.move()
    summary = replace(case.contract, table="public.copy_of_orders")
    sql = "SELECT * FROM public.orders WHERE placed_at >= %(slice_start)s AND placed_at < %(slice_end)s"
    warehouse, gate = PostgresWarehouse(case.warehouse), gate_of(summary, case.piece())
    published, report = move.transform(summary, case.piece(), sql, warehouse, "dag/run", gate=gate)
    assert (published.rows, report.decision) == (303, Decision.PUBLISH)
    assert case.at_warehouse("SELECT * FROM public.copy_of_orders ORDER BY id") == case.rows()


def test_rows_of_another_slice_are_not_published(case: Case) -> None:
    case.move()
    case.move(1)
    summary = replace(case.contract, table="public.copy_of_orders")
    warehouse, gate = PostgresWarehouse(case.warehouse), gate_of(summary, case.piece())
    with pytest.raises(ContractViolation, match="in_slice:placed_at"):
        move.transform(summary, case.piece(), "SELECT * FROM public.orders", warehouse, "dag/run", gate=gate)


def test_a_published_slice_is_verified_where_it_is(case: Case) -> None:
    rows = PostgresRows(case.warehouse)
    case.move()
    assert validate.verify(gate_of(case.contract, case.piece()), rows, expected_rows=303).passed
    assert not validate.verify(gate_of(case.contract, case.piece()), rows, expected_rows=304).passed
    case.at_warehouse("UPDATE public.orders SET amount = 5000 WHERE id = 3")
    report = validate.verify(gate_of(case.contract, case.piece()), rows)
    assert [one.id for one in report.failed] == ["range:amount"]
    assert report.decision is Decision.BLOCK, "what is published cannot be set aside any more"
    assert not validate.verify(gate_of(case.contract, case.piece(1)), rows).passed


def test_vanished_days_are_missing(case: Case) -> None:
    warehouse = PostgresWarehouse(case.warehouse)
    assert validate.missing_slices(case.contract, warehouse, DAYS[0], DAYS[2]) == list(DAYS), "no table, no slices"
    for day in range(3):
        case.move(day)
    assert validate.missing_slices(case.contract, warehouse, DAYS[0], DAYS[2]) == []
    case.at_warehouse(f"DELETE FROM public.orders WHERE {case.during(1)}")
    assert validate.missing_slices(case.contract, warehouse, DAYS[0], DAYS[2]) == [DAYS[1]]


@pytest.mark.parametrize(
    ("value", "column", "what"),
    [("'infinity'", "placed_at", "infinity"), ("'NaN'", "amount", "NaN")],
)
def test_values_that_the_driver_would_change_are_refused(case: Case, value: str, column: str, what: str) -> None:
    relaxed = case.contract.checks[:0]
    case = case.with_contract(checks=relaxed, load=replace(case.contract.load, mode="full"))
    case.at_source(f"UPDATE public.orders SET {column} = {value} WHERE id = 3")
    with pytest.raises(UncarriedValue) as caught:
        case.extract()
    assert what in caught.value.columns[column]
    assert case.staged() == []


TYPES = """
apiVersion: v3.1.0
kind: DataContract
id: kinds
version: 1.0.0
status: active
schema:
  - name: kinds
    properties:
      - {name: a, logicalType: integer, physicalType: smallint}
      - {name: b, logicalType: integer, physicalType: bigint}
      - {name: c, logicalType: number, physicalType: "numeric(20,6)"}
      - {name: d, logicalType: number, physicalType: real}
      - {name: e, logicalType: number, physicalType: double precision}
      - {name: f, logicalType: boolean}
      - {name: g, logicalType: string, physicalType: varchar(20)}
      - {name: h, logicalType: date}
      - {name: i, logicalType: timestamp, physicalType: timestamp}
      - {name: j, logicalType: timestamp, physicalType: timestamptz}
      - {name: k, logicalType: string, physicalType: uuid}
      - {name: l, logicalType: object, physicalType: jsonb}
      - {name: m, logicalType: string, physicalType: bytea}
"""


def test_all_types_come_back_as_they_were(case: Case) -> None:
    case = replace(case, contract=replace(compile_text(TYPES, "kinds"), table="public.orders"))
    create = (
        "CREATE TABLE public.orders (a smallint, b bigint, c numeric(20,6), d real, e double precision, f boolean, "
        "g varchar(20), h date, i timestamp, j timestamptz, k uuid, l jsonb, m bytea)"
    )
    case.at_source(
        f"DROP TABLE public.orders; {create}; INSERT INTO public.orders VALUES "
        "(1, 9007199254740993, 12345678901234.567891, 1.1, 'NaN', true, 'ä\U0001f6eb', '0001-01-01', "
        "'2013-01-01 01:02:03.000004', '2013-07-01 00:00+02', '00000000-0000-0000-0000-000000000001', "
        "'{\"a\": [1, null]}', '\\x00ff'), (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)"
    )
    case.move()
    text = "SELECT o::text FROM public.orders AS o ORDER BY 1"
    assert case.at_warehouse(text) == case.at_source(text)


def test_a_type_that_cannot_be_carried_is_refused_before_data_moves(case: Case) -> None:
    text = TYPES.replace("physicalType: smallint", "physicalType: interval")
    case = replace(case, contract=replace(compile_text(text, "kinds"), table="public.orders"))
    case.at_source("DROP TABLE public.orders")
    columns = ", ".join(f"{column.name} {column.physical_type}" for column in case.contract.columns)
    case.at_source(f"CREATE TABLE public.orders ({columns})")
    with pytest.raises(UncarriedValue, match="a: type interval"):
        case.extract()
