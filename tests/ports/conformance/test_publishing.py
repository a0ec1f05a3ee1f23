"""What every warehouse must do alike: what is published, what is set aside, what is refused, and what a kill leaves."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from airflow_provider_harness.adapters.contracts.odcs import compile_text
from airflow_provider_harness.app.rows import move, validate
from airflow_provider_harness.core.contracts.checks import Check, CheckKind
from airflow_provider_harness.core.contracts.contract import LoadMode
from airflow_provider_harness.core.contracts.report import Decision
from airflow_provider_harness.core.contracts.schema import SchemaDiff
from airflow_provider_harness.core.errors import (
    ContractViolation,
    QueryTooCostly,
    SchemaDrift,
    SliceBusy,
    UncarriedValue,
)
from tests.ports.rows_case import DAYS, Case, gate_of, unheard


def test_every_slice_arrives_as_it_was_and_again_changes_nothing(case: Case) -> None:
    moved = [case.move(day) for day in range(3)]
    assert [one.rows for one in moved] == [303, 289, 302]
    rows = [row for day in range(3) for row in case.rows(day)]
    assert case.published() == rows
    again = case.move(1)
    assert (again.rows, again.before, again.new) == (289, 289, 0)
    assert case.published() == rows
    assert case.target.leftovers() == []


def test_late_rows_are_picked_up_by_a_second_run(case: Case) -> None:
    assert case.move().new == 303
    case.at_source(
        "INSERT INTO public.orders SELECT n, placed_at, 1 + 9999 * (n - 5000), 'open', 'c1' FROM public.orders, "
        "generate_series(5000, 5001) AS n WHERE id = 7; DELETE FROM public.orders WHERE id IN (8, 9)"
    )
    again = case.move()
    assert (again.before, again.rows, again.quarantined) == (303, 302, {"range:amount": 1})
    assert again.new == 1, "one came late, one that came late is malformed, two are gone"
    assert case.published() == [row for row in case.rows() if row[0] != 5001]


def test_without_a_key_new_rows_are_what_the_slice_grew_by(case: Case) -> None:
    checks = tuple(check for check in case.contract.checks if check.kind is not CheckKind.UNIQUE)
    case = case.with_contract(key=(), checks=checks)
    case.move()
    case.at_source("INSERT INTO public.orders SELECT 5000, placed_at, 1, 'open', 'c1' FROM public.orders WHERE id = 7")
    assert (case.move().new, case.move().new) == (1, 0)
    case.at_source("DELETE FROM public.orders WHERE id IN (7, 5000)")
    assert case.move().new == 0


def test_the_whole_table_is_replaced_in_mode_full(case: Case) -> None:
    case = case.with_contract(load=replace(case.contract.load, mode=LoadMode.FULL, slice_column=""))
    checks = tuple(check for check in case.contract.checks if check.kind is not CheckKind.IN_SLICE)
    case = case.with_contract(checks=checks)
    case.extract()
    assert case.load()[0].rows == 900
    case.at_source("DELETE FROM public.orders WHERE id >= 100")
    case.extract()
    again, _ = case.load()
    assert (again.before, again.rows, again.new) == (900, 100, 0)
    assert case.published() == case.at_source("SELECT * FROM public.orders ORDER BY id")


def test_mode_merge_updates_rows_of_the_same_key_and_adds_the_others(case: Case) -> None:
    case = case.with_contract(load=replace(case.contract.load, mode=LoadMode.MERGE))
    first = case.move()
    assert (first.rows, first.before, first.new) == (303, 0, 303)
    # The next day brings two rows of the first again, changed; the first day's run does not see them any more.
    case.at_source("UPDATE public.orders SET placed_at = '2013-03-10 12:00-04', amount = 77 WHERE id IN (3, 4)")
    second = case.move(1)
    assert (second.rows, second.before, second.new) == (291, 0, 289)
    every = [*case.rows(0), *case.rows(1)]
    assert case.published() == sorted(every)
    again = case.move(1)
    assert (again.rows, again.before, again.new) == (291, 291, 0)
    assert case.published() == sorted(every)
    assert case.target.leftovers() == []


def test_mode_merge_sets_malformed_rows_aside_and_keeps_what_was_there(case: Case) -> None:
    case = case.with_contract(load=replace(case.contract.load, mode=LoadMode.MERGE))
    case.move()
    before = case.published()
    case.at_source(
        "UPDATE public.orders SET amount = 5000 WHERE id = 3; UPDATE public.orders SET amount = 9 WHERE id = 4"
    )
    again = case.move()
    assert (again.rows, again.quarantined) == (303, {"range:amount": 1})
    assert case.published() == [row for row in case.rows() if row[0] < 3] + [before[3]] + [
        row for row in case.rows() if row[0] > 3
    ]


def test_mode_append_adds_a_slice_once(case: Case) -> None:
    case = case.with_contract(load=replace(case.contract.load, mode=LoadMode.APPEND))
    case.at_source("UPDATE public.orders SET amount = 5000 WHERE id = 3")
    first = case.move()
    assert (first.rows, first.before, first.quarantined) == (302, 0, {"range:amount": 1})
    published = case.published()
    case.at_source("UPDATE public.orders SET amount = 9 WHERE id IN (3, 4)")
    again = case.move()
    assert (again.rows, again.before, again.new, again.quarantined) == (302, 302, 0, {})
    assert case.published() == published, "what is there stays as it is"
    assert case.target.set_aside() == [("3", "range:amount")]
    assert case.move(1).before == 0
    assert case.target.leftovers() == []


def test_a_few_malformed_rows_are_set_aside_with_check_and_reason(case: Case) -> None:
    case.at_source(
        "UPDATE public.orders SET amount = 5000 WHERE id IN (3, 4); UPDATE public.orders SET customer = 'nobody' WHERE id = 9"
    )
    published = case.move()
    assert published.rows == 300
    assert published.quarantined == {"range:amount": 2, "referential:customer": 1}
    assert case.target.set_aside() == [("3", "range:amount"), ("4", "range:amount"), ("9", "referential:customer")]
    told = case.at_warehouse(
        f"SELECT DISTINCT reason, run, slice, released_at FROM {case.contract.table}__quarantine ORDER BY reason"
    )
    assert told == [
        ("amount is not 0 to 1000", "dag/run", case.piece().id, None),
        (f"customer is not in {case.target.home}.customers", "dag/run", case.piece().id, None),
    ]
    case.move()
    assert len(case.target.set_aside()) == 3, "a second run replaces what the first one set aside"
    case.at_source("UPDATE public.orders SET amount = 1, customer = 'c1' WHERE id IN (3, 4, 9)")
    assert case.move().rows == 303
    assert case.target.set_aside() == []


def test_a_row_that_fails_two_checks_is_set_aside_once(case: Case) -> None:
    case.at_source("UPDATE public.orders SET amount = -1, status = 'lost' WHERE id = 3")
    published = case.move()
    assert published.quarantined == {"range:amount": 1}
    ((reason,),) = case.at_warehouse(f"SELECT reason FROM {case.contract.table}__quarantine")
    assert reason == "amount is not 0 to 1000; status is not one of open, paid"


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
    assert case.target.leftovers() == []


def test_a_null_that_the_table_would_take_is_stopped_by_the_gate(case: Case) -> None:
    """The BigQuery stand-in takes NULL in a REQUIRED column, so the gate is all that stands there."""
    case = case.with_contract(quarantine=replace(case.contract.quarantine, max_rows=0))
    case.at_source("UPDATE public.orders SET customer = NULL WHERE id = 3")
    case.move(1)
    nobody = replace(case, contract=replace(case.contract, checks=()))
    nobody.extract()
    with pytest.raises(ContractViolation, match="not_null:customer"):
        case.load()
    assert len(case.published()) == 289


def test_a_target_that_lacks_a_column_is_named_with_the_statement(case: Case) -> None:
    case.move()
    case.at_warehouse(f"ALTER TABLE {case.contract.table} DROP COLUMN status")
    case.at_warehouse(f"ALTER TABLE {case.contract.table} DROP COLUMN amount")
    with pytest.raises(SchemaDrift) as caught:
        case.load()
    assert caught.value.diff.ddl == (
        case.target.added("amount", "numeric(12,2)"),
        case.target.added("status", "text"),
    )
    assert case.target.leftovers() == []


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
    case.at_warehouse(f"DROP TABLE {case.target.home}.customers")
    case.extract()
    with pytest.raises(ContractViolation, match="referential:customer: could not be checked"):
        case.load()


def test_a_failed_check_shows_rows(case: Case) -> None:
    case = case.with_contract(quarantine=replace(case.contract.quarantine, max_rows=0))
    case.move()
    case.at_warehouse(f"UPDATE {case.contract.table} SET amount = 5000 WHERE id IN (3, 4)")
    report = validate.verify(gate_of(case.contract, case.piece()), case.target.rows())
    (result,) = report.failed
    assert sorted(row["id"] for row in result.samples) == [3, 4]
    assert {str(row["amount"]).removesuffix(".00") for row in result.samples} == {"5000"}


def test_transform_publishes_what_the_query_gives(case: Case) -> None:
    case.move()
    summary = replace(case.contract, table=f"{case.target.home}.copy_of_orders")
    sql = (
        f"SELECT * FROM {case.contract.table} WHERE placed_at >= %(slice_start)s AND placed_at < %(slice_end)s "
        "AND status LIKE '%%' -- 100 %%"
    )
    for before in (0, 303):
        published, report, _ = move.transform(
            summary,
            case.piece(),
            f"{sql}\n",
            case.target.warehouse(),
            "dag/run",
            unheard,
            gate=gate_of(summary, case.piece()),
        )
        assert (published.rows, published.before, report.decision) == (303, before, Decision.PUBLISH)
    assert case.at_warehouse(f"SELECT * FROM {summary.table} ORDER BY id") == case.rows()
    assert case.target.leftovers() == []


def test_a_query_is_planned_before_anything_is_made(case: Case) -> None:
    case.move()
    summary = replace(case.contract, table=f"{case.target.home}.copy_of_orders")
    gate = gate_of(summary, case.piece())

    def transform(sql: str, limit: float | None = None) -> SchemaDiff:
        given = (summary, case.piece(), sql, case.target.warehouse(), "dag/run", unheard)
        return move.transform(*given, gate=gate, limit=limit)[2]

    with pytest.raises(Exception, match=r"(?i)syntax|parse"):
        transform("SELEC 1")
    with pytest.raises(SchemaDrift) as caught:
        transform(f"SELECT id, placed_at, amount, status, customer AS who, note FROM {case.contract.table}")
    assert [change.column for change in caught.value.diff.changes] == ["customer"]
    with pytest.raises(QueryTooCostly, match="the task allows -1; it was not run"):
        transform(f"SELECT * FROM {case.contract.table}", limit=-1)
    assert not case.target.exists("copy_of_orders")
    sql = f"SELECT CAST(id AS numeric) AS id, placed_at, amount, status, customer, note FROM {case.contract.table}"
    (change,) = transform(sql).changes
    assert change.column == "id", "converted, and said"


def test_rows_of_another_slice_are_not_published(case: Case) -> None:
    case.move()
    case.move(1)
    summary = replace(case.contract, table=f"{case.target.home}.copy_of_orders")
    sql = f"SELECT * FROM {case.contract.table}"
    with pytest.raises(ContractViolation, match="in_slice:placed_at"):
        move.transform(
            summary, case.piece(), sql, case.target.warehouse(), "dag/run", unheard, gate=gate_of(summary, case.piece())
        )
    assert case.target.leftovers() == []


def test_a_published_slice_is_verified_where_it_is(case: Case) -> None:
    rows, gate = case.target.rows(), gate_of(case.contract, case.piece())
    case.move()
    assert validate.verify(gate, rows, expected_rows=303).passed
    assert not validate.verify(gate, rows, expected_rows=304).passed
    case.at_warehouse(f"UPDATE {case.contract.table} SET amount = 5000 WHERE id = 3")
    report = validate.verify(gate, rows)
    assert [one.id for one in report.failed] == ["range:amount"]
    assert report.decision is Decision.BLOCK, "what is published cannot be set aside any more"
    assert not validate.verify(gate_of(case.contract, case.piece(1)), rows).passed


def test_a_query_is_judged_where_it_is(case: Case) -> None:
    case.move()
    case.move(1)
    sql = f"SELECT * FROM {case.contract.table} WHERE placed_at < %(slice_end)s -- 100 %%"
    gate = gate_of(case.contract, case.piece())
    report = validate.verify(gate, case.target.rows(sql))
    assert (report.passed, report.rows, report.where) == (True, 303, "query")
    wrong = f"SELECT id, placed_at, amount, 'lost' AS status, customer, note FROM {case.contract.table}"
    assert [one.id for one in validate.verify(gate, case.target.rows(wrong)).failed] == ["accepted_values:status"]


def test_vanished_days_are_missing(case: Case) -> None:
    warehouse = case.target.warehouse()
    assert validate.missing_slices(case.contract, warehouse, DAYS[0], DAYS[2]) == list(DAYS), "no table, no slices"
    for day in range(3):
        case.move(day)
    assert validate.missing_slices(case.contract, warehouse, DAYS[0], DAYS[2]) == []
    case.at_warehouse(f"DELETE FROM {case.contract.table} WHERE {case.during(1)}")
    assert validate.missing_slices(case.contract, warehouse, DAYS[0], DAYS[2]) == [DAYS[1]]


@pytest.mark.parametrize("mode", [LoadMode.INCREMENTAL, LoadMode.FULL])
def test_no_rows_never_replace_rows_unless_the_contract_says_so(case: Case, mode: LoadMode) -> None:
    left = (CheckKind.ROW_COUNT, CheckKind.IN_SLICE)
    checks = tuple(check for check in case.contract.checks if check.kind not in left)
    column = "" if mode is LoadMode.FULL else case.contract.load.slice_column
    case = case.with_contract(checks=checks, load=replace(case.contract.load, mode=mode, slice_column=column))
    before = case.move().rows
    case.at_source("DELETE FROM public.orders")
    case.extract()
    with pytest.raises(ContractViolation) as blocked:
        case.load()
    (result,) = blocked.value.report.failed
    assert (result.id, result.facts) == ("not_emptied", {"published": before, "rows": 0})
    assert len(case.published()) == before
    assert case.target.leftovers() == []
    allowed = case.with_contract(load=replace(case.contract.load, allow_empty=True))
    assert (allowed.load()[0].rows, case.published()) == (0, [])


def test_two_runs_of_one_slice_at_once_leave_it_whole(case: Case) -> None:
    case.move()
    case.at_source("DELETE FROM public.orders WHERE id = 7")
    case.extract()
    other: list[BaseException | int] = []

    def publish() -> None:
        try:
            other.append(case.load()[0].rows)
        except SliceBusy as error:
            other.append(error)

    threads = [threading.Thread(target=publish) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(90)
    assert 302 in other, other
    assert all(one == 302 or isinstance(one, SliceBusy) for one in other), other
    assert case.published() == case.rows()


def test_a_reader_never_sees_half_a_slice(case: Case) -> None:
    case.move()
    seen: set[int] = set()
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            seen.add(case.at_warehouse(f"SELECT count(*) FROM {case.contract.table}")[0][0])

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for _ in range(3):
            case.load()
    finally:
        done.set()
        reader.join(30)
    assert seen == {303}


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
      - {name: n, logicalType: integer, physicalType: integer}
      - {name: o, logicalType: number, physicalType: "numeric(38,12)"}
      - {name: p, logicalType: string, physicalType: text}
"""

CREATE_TYPES = (
    "CREATE TABLE public.orders (a smallint, b bigint, c numeric(20,6), d real, e double precision, f boolean, "
    "g varchar(20), h date, i timestamp, j timestamptz, k uuid, l jsonb, m bytea, n integer, o numeric(38,12), p text)"
)
ROW = (
    "(1, 9007199254740993, 12345678901234.567891, 1.5, 'NaN', true, 'ä\U0001f6eb', '0001-01-01', "
    "'2013-01-01 01:02:03.000004', '2013-07-01 00:00:00.000001+02', '00000000-0000-0000-0000-000000000001', "
    "'{\"a\": [1, null, \"ü\"]}', '\\x00ff', -2147483648, 12345678901234567890.789012345678, ' two\nlines ')"
)


def test_all_types_come_back_as_they_were(case: Case) -> None:
    text = "SELECT " + ", ".join(
        "CAST(k AS text)" if name == "k" else name for name in "abcdefghijklmnop"
    )  # a uuid is text in BigQuery
    case = replace(case, contract=replace(compile_text(TYPES, "kinds"), table=f"{case.target.home}.orders"))
    nothing = ", ".join(["NULL"] * 16)
    case.at_source(f"DROP TABLE public.orders; {CREATE_TYPES}; INSERT INTO public.orders VALUES {ROW}, ({nothing})")
    case.move()
    cast = text if case.target.home == "public" else text.replace("CAST(k AS text)", "k")
    found = case.at_warehouse(f"{cast} FROM {case.target.home}.orders ORDER BY a")
    sent = case.at_source(f"{text} FROM public.orders ORDER BY a")
    assert sorted(map(repr, found)) == sorted(map(repr, sent))


def test_a_type_that_cannot_be_carried_is_refused_before_data_moves(case: Case) -> None:
    text = TYPES.replace("logicalType: integer, physicalType: smallint", "logicalType: string, physicalType: interval")
    case = replace(case, contract=replace(compile_text(text, "kinds"), table=f"{case.target.home}.orders"))
    case.at_source("DROP TABLE public.orders")
    case.at_source(CREATE_TYPES.replace("a smallint", "a interval"))
    with pytest.raises(UncarriedValue, match="a: type interval"):
        case.extract()
