"""Rows that are written once, straight into the published table: the same outcome as through the staging table."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pyarrow as pa
import pytest

from airflow_provider_harness.adapters.contracts.odcs import compile_text
from airflow_provider_harness.adapters.duckdb.in_flight import ArrowChecks
from airflow_provider_harness.adapters.postgres.copy import binary as pg_wire
from airflow_provider_harness.adapters.postgres.write import direct_load as pg_direct
from airflow_provider_harness.adapters.sql.types import arrow_schema
from airflow_provider_harness.core.contracts.checks import CheckKind
from airflow_provider_harness.core.contracts.contract import LoadMode
from airflow_provider_harness.core.errors import ContractViolation, TargetInterferes
from airflow_provider_harness.testing.postgres import PostgresServer
from tests.ports.rows_case import Case, drop, left_by_a_kill, make


@pytest.fixture
def case(postgres: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Case]:
    """A case whose checks can all be measured in flight."""
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path / "airflow"))
    name = f"rows_{uuid.uuid4().hex[:12]}"
    made = make(postgres, name, tmp_path / "staging")
    checks = tuple(check for check in made.contract.checks if check.kind is not CheckKind.REFERENTIAL)
    yield made.with_contract(checks=checks)
    drop(postgres, name)


@pytest.fixture
def direct(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether each attempt to publish directly was accepted."""
    found: list[bool] = []
    publish = pg_direct.publish_batches

    def noted(*given: object) -> object:
        told = publish(*given)  # type: ignore[arg-type]
        found.append(told is not None)
        return told

    monkeypatch.setattr(pg_direct, "publish_batches", noted)
    return found


def test_every_slice_arrives_as_it_was_and_again_changes_nothing(case: Case, direct: list[bool]) -> None:
    assert [case.move(day).rows for day in range(3)] == [303, 289, 302]
    rows = [row for day in range(3) for row in case.rows(day)]
    assert case.published() == rows
    case.at_source("DELETE FROM public.orders WHERE id = 400")
    again = case.move(1)
    assert (again.rows, again.before, again.new) == (288, 289, 0)
    assert case.published() == [row for row in rows if row[0] != 400]
    case.at_source(
        "INSERT INTO public.orders SELECT 5000, placed_at, 1, 'open', 'c1' FROM public.orders WHERE id = 410"
    )
    late = case.move(1)
    assert (late.rows, late.before, late.new) == (289, 288, 1)
    assert direct == [True] * 5
    assert case.target.leftovers() == []


def test_what_a_killed_run_left_goes_before_the_one_write(case: Case, direct: list[bool]) -> None:
    left_by_a_kill(case)
    case.move()
    assert direct == [True]
    assert case.target.leftovers() == []


def test_the_report_has_every_check_and_the_count_of_the_table(case: Case, direct: list[bool]) -> None:
    case.extract()
    _, report = case.load()
    assert direct == [True]
    assert {result.id for result in report.results} == {check.id for check in case.contract.checks} | {
        "reconciliation:published"
    }
    assert (report.rows, report.where) == (303, "rows on their way")


def test_a_table_as_a_whole(case: Case, direct: list[bool]) -> None:
    load = replace(case.contract.load, mode=LoadMode.FULL, slice_column="")
    case = case.with_contract(load=load, checks=())
    case.extract()
    assert case.load()[0].rows == 900
    case.at_source("DELETE FROM public.orders WHERE id >= 100")
    case.extract()
    again, _ = case.load()
    assert (again.before, again.rows, again.new) == (900, 100, 0)
    assert direct == [True, True]


def test_what_the_gate_refuses_changes_nothing_and_is_explained(case: Case, direct: list[bool]) -> None:
    case.move()
    before = case.published()
    strict = case.with_contract(quarantine=replace(case.contract.quarantine, max_rows=0))
    free = case.with_contract(checks=())
    case.at_source("UPDATE public.orders SET amount = 5000 WHERE id IN (3, 4)")
    free.extract()
    with pytest.raises(ContractViolation) as caught:
        strict.load()
    (result,) = caught.value.report.failed
    assert (result.id, result.failing, len(result.samples)) == ("range:amount", 2, 2)
    assert caught.value.report.where == "staging table"
    assert case.published() == before
    assert direct == [True, False]


def test_malformed_rows_are_set_aside_and_forgotten_again(case: Case, direct: list[bool]) -> None:
    case.at_source("UPDATE public.orders SET amount = 5000 WHERE id = 3")
    assert case.move().quarantined == {"range:amount": 1}
    assert case.target.set_aside() == [("3", "range:amount")]
    case.at_source("UPDATE public.orders SET amount = 1 WHERE id = 3")
    assert case.move().rows == 303
    assert case.target.set_aside() == []
    assert direct == [False, True]


def test_a_row_that_the_table_refuses_goes_through_the_gate(case: Case, direct: list[bool]) -> None:
    """A duplicate key meets the table's own constraint first; the person still reads what the gate says."""
    case.move()
    before = case.published()
    case.at_source("INSERT INTO public.orders SELECT * FROM public.orders WHERE id = 3")
    case.with_contract(checks=()).extract()
    with pytest.raises(ContractViolation, match="unique:id"):
        case.load()
    assert case.published() == before
    assert direct == [True, False]


def test_a_table_with_triggers_is_not_written_directly_and_lost_rows_are_noticed(
    case: Case, direct: list[bool]
) -> None:
    case.move()
    before = case.published()
    case.at_warehouse(
        "CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN IF NEW.id = 7 THEN RETURN NULL; END IF; RETURN NEW; END $$; "
        "CREATE TRIGGER lose BEFORE INSERT ON public.orders FOR EACH ROW EXECUTE FUNCTION lose()"
    )
    case.extract()
    said = "303 rows were written, and it says that 302 arrived; it has trigger lose. The publication was rolled back"
    with pytest.raises(TargetInterferes, match=said):
        case.load()
    assert case.published() == before
    assert direct == [True]


def test_a_reader_never_sees_half_a_slice(case: Case, direct: list[bool]) -> None:
    case.move()
    seen: set[int] = set()
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            seen.add(case.at_warehouse("SELECT count(*) FROM public.orders")[0][0])

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for _ in range(5):
            case.load()
    finally:
        done.set()
        reader.join(30)
    assert seen == {303}
    assert all(direct)


def test_it_can_be_cancelled_while_it_waits(case: Case, direct: list[bool]) -> None:
    case.move()
    before = case.published()
    warehouse = case.target.warehouse()
    failed: list[BaseException] = []

    def work() -> None:
        try:
            replace(case, target=_Same(warehouse, case)).load()  # type: ignore[arg-type]
        except Exception as error:  # noqa: BLE001  whatever the driver says of a cancelled statement
            failed.append(error)

    with psycopg.connect(case.warehouse) as holder:
        holder.execute("LOCK TABLE public.orders IN ACCESS EXCLUSIVE MODE")
        thread = threading.Thread(target=work)
        thread.start()
        query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        end = time.monotonic() + 15
        while case.at_warehouse(query) != [(1,)] and time.monotonic() < end:
            time.sleep(0.05)
        warehouse.cancel()  # type: ignore[attr-defined]
        thread.join(20)
        assert not thread.is_alive()
    assert "cancel" in str(failed[0])
    assert case.published() == before
    assert direct == [True], "a cancelled attempt is an error, and no reason to try another way"


class _Same:
    """The case's target, with a warehouse that the test can reach."""

    def __init__(self, warehouse: object, case: Case) -> None:
        self._warehouse, self._case = warehouse, case

    def warehouse(self) -> object:
        return self._warehouse


KINDS = """
apiVersion: v3.1.0
kind: DataContract
id: kinds
version: 1.0.0
status: active
schema:
  - name: kinds
    properties:
      - {name: a, logicalType: string, physicalType: uuid}
      - {name: b, logicalType: object, physicalType: jsonb}
      - {name: c, logicalType: object, physicalType: json}
      - {name: d, logicalType: number, physicalType: "numeric(38,12)"}
      - {name: e, logicalType: string, physicalType: varchar(20)}
"""
CONTRACT = compile_text(KINDS, "kinds")


@pytest.mark.parametrize("offset", [0, 1, 2])
def test_uuid_and_json_go_in_their_own_bytes(offset: int) -> None:
    names = [None, *(str(uuid.uuid4()) for _ in range(5)), None]
    texts = ['{"a": "ü"}', None, "[]", "1", '"x"', "null", ""]
    rows = [pa.array(column, pa.string()) for column in (names, texts, texts)]
    schema = arrow_schema(CONTRACT)
    rows += [pa.nulls(7, schema.field("d").type), pa.nulls(7, schema.field("e").type)]
    batch = pa.RecordBatch.from_arrays(rows, schema=schema).slice(offset)
    (found,) = pg_wire.encode([batch], CONTRACT, pg_wire.wired_schema(CONTRACT, schema))
    assert found.column("a").to_pylist() == [name and uuid.UUID(name).bytes for name in names[offset:]]
    assert found.column("b").to_pylist() == [None if text is None else f"\x01{text}" for text in texts[offset:]]
    assert found.column("c").to_pylist() == texts[offset:]


def test_what_needs_another_table_is_not_complete(case: Case) -> None:
    everything = compile_text(
        KINDS.replace("physicalType: uuid}", "physicalType: uuid, relationships: [{to: t.a}]}"), "k"
    )
    assert not ArrowChecks(everything, None).complete
    assert ArrowChecks(case.contract, case.piece()).complete


def test_a_gate_that_blocks_says_what_stands_of_an_earlier_run(case: Case) -> None:
    case.at_source("INSERT INTO public.orders SELECT * FROM public.orders WHERE id = 3")
    case.with_contract(checks=()).extract()
    with pytest.raises(ContractViolation, match=r"This run published nothing, and nothing of the slice stands there\."):
        case.load()
    case.at_source("DELETE FROM public.orders WHERE ctid = (SELECT max(ctid) FROM public.orders WHERE id = 3)")
    case.move()
    case.at_source("INSERT INTO public.orders SELECT * FROM public.orders WHERE id = 3")
    case.with_contract(checks=()).extract()
    with pytest.raises(ContractViolation, match=r"303 row\(s\) of an earlier run stand there as they were\.") as caught:
        case.load()
    assert caught.value.standing == 303


def test_a_key_that_the_table_keeps_by_itself_is_not_looked_up(case: Case, direct: list[bool]) -> None:
    case.move()
    with case.target.warehouse().slice(case.contract, case.piece(1)) as session:
        assert session.beyond() == (), "made from the contract, it has a primary key"
        case.at_warehouse("ALTER TABLE public.orders DROP CONSTRAINT orders_pkey")
        assert [check.kind for check in session.beyond()] == [CheckKind.UNIQUE]
    case.at_source("UPDATE public.orders SET placed_at = placed_at + interval '1 day' WHERE id = 7")
    case.extract(1)
    with pytest.raises(ContractViolation, match="another slice"):
        case.load(1)
    assert direct == [True, False]
