"""A key is one of the whole table, and so is a reference to it: a slice is judged beside the rows that stay published."""

from __future__ import annotations

from dataclasses import replace

import pytest

from airflow_provider_harness.app.rows import move
from airflow_provider_harness.core.contracts.checks import Check, CheckKind, CheckSeverity, Reference
from airflow_provider_harness.core.contracts.contract import LoadMode
from airflow_provider_harness.core.contracts.report import CheckResult
from airflow_provider_harness.core.errors import ContractViolation, SliceBusy
from tests.ports.rows_case import Case, gate_of, quiet, unheard

TO_DAY_1 = "UPDATE public.orders SET placed_at = placed_at + interval '1 day' WHERE id = 7"
"""At the source, a row of the first day becomes one of the second."""


def in_mode(case: Case, mode: LoadMode, *more: Check) -> Case:
    """The case in a mode, without the checks that the warehouse alone can measure."""
    load = replace(case.contract.load, mode=mode)
    checks = tuple(check for check in case.contract.checks if check.kind is not CheckKind.REFERENTIAL)
    return case.with_contract(load=load, checks=(*checks, *more))


def keyless(case: Case) -> None:
    """Make the published table by hand, without a key."""
    if case.target.home == "public":
        case.at_warehouse(
            f"CREATE TABLE {case.contract.table} (id bigint, placed_at timestamptz, amount numeric(12,2), status text, "
            "customer text, note jsonb)"
        )


def failed(case: Case, day: int) -> list[CheckResult]:
    case.extract(day)
    with pytest.raises(ContractViolation) as caught:
        case.load(day)
    assert case.target.leftovers() == []
    return list(caught.value.report.failed)


@pytest.mark.parametrize("mode", [LoadMode.INCREMENTAL, LoadMode.APPEND])
@pytest.mark.parametrize("with_references", [True, False], ids=["staged", "straight"])
def test_a_key_that_stays_in_another_slice_blocks(case: Case, mode: LoadMode, with_references: bool) -> None:
    original = case.contract.checks
    case = in_mode(case, mode)
    if with_references:
        case = case.with_contract(checks=original)
    keyless(case)
    assert [case.move(day).rows for day in range(2)] == [303, 289]
    before = case.published()
    case.at_source(TO_DAY_1)
    if mode is LoadMode.APPEND:
        case.at_warehouse(f"DELETE FROM {case.contract.table} WHERE id BETWEEN 303 AND 591")
        before = case.published()
    (result,) = failed(case, 1)
    assert (result.kind, result.value, result.quarantines) == (CheckKind.UNIQUE, 1, False)
    assert "1 of them because a row of another slice, which stays published, has the same key" in result.sentence()
    assert case.published() == before
    if mode is LoadMode.INCREMENTAL:
        assert [case.move(day).rows for day in range(2)] == [302, 290], "its old slice first, then it may go"


@pytest.mark.parametrize("mode", [LoadMode.INCREMENTAL, LoadMode.APPEND])
def test_a_key_that_another_slice_brought_since_the_gate_is_not_published(case: Case, mode: LoadMode) -> None:
    case = in_mode(case, mode)
    keyless(case)
    case.move(2)
    case.extract()
    with case.target.warehouse().slice(case.contract, case.piece()) as session:
        session.stage_files(case.stage(), case.stage().manifest(), quiet)
        measured = session.measure_staged()
        case.at_warehouse(f"UPDATE {case.contract.table} SET id = 7 WHERE id = 700")
        with pytest.raises(SliceBusy, match="nothing was published"):
            session.publish(measured, set_aside=False, run="dag/run")
        session.discard()
    assert len(case.published()) == 302
    (result,) = failed(case, 0)
    assert (result.kind, result.value) == (CheckKind.UNIQUE, 1)


def test_bigquery_says_that_it_sees_no_slice_of_this_very_moment(case: Case) -> None:
    case.extract()
    _, report = case.load()
    (key,) = (result for result in report.results if result.kind is CheckKind.UNIQUE)
    told = "; a slice that is published at this very moment is not seen" if case.target.home != "public" else ""
    assert key.actual == f"0 rows too many{told}"


def test_a_warning_about_such_a_key_is_in_the_report_and_publishes(case: Case) -> None:
    case = in_mode(case, LoadMode.INCREMENTAL)
    case = case.with_contract(
        checks=tuple(
            replace(check, severity=CheckSeverity.WARN) if check.kind is CheckKind.UNIQUE else check
            for check in case.contract.checks
        )
    )
    keyless(case)
    case.move()
    case.at_source(TO_DAY_1)
    case.extract(1)
    published, report = case.load(1)
    assert published.rows == 290
    assert [(one.kind, one.value) for one in report.failed] == [(CheckKind.UNIQUE, 1)]


def test_a_merge_replaces_the_row_of_its_key_and_is_held_to_every_other(case: Case) -> None:
    other = Check(id="unique:note", kind=CheckKind.UNIQUE, columns=("amount",))
    case = in_mode(case, LoadMode.MERGE, other)
    keyless(case)
    case.at_source("UPDATE public.orders SET amount = id / 1000.0 * 100")
    case.move()
    case.at_source(TO_DAY_1)
    assert case.move(1).rows == 290
    case.at_source("UPDATE public.orders SET amount = 0.3 WHERE id = 500")  # as id 3 has it, which stays
    (result,) = failed(case, 1)
    assert (result.id, result.value) == ("unique:note", 1)


def test_a_transformation_is_held_to_the_keys_that_stay(case: Case) -> None:
    case = in_mode(case, LoadMode.INCREMENTAL)
    keyless(case)
    case.move()
    shifted = (
        "placed_at + interval '1 day'" if case.target.home == "public" else "TIMESTAMP_ADD(placed_at, INTERVAL 24 HOUR)"
    )
    sql = f"SELECT id, {shifted} AS placed_at, amount, status, customer, note FROM {case.contract.table} WHERE id = 7"
    piece = case.piece(1)
    with pytest.raises(ContractViolation) as caught:
        move.transform(
            case.contract, piece, sql, case.target.warehouse(), "r", unheard, gate=gate_of(case.contract, piece)
        )
    assert [(one.kind, one.value) for one in caught.value.report.failed] == [(CheckKind.UNIQUE, 1)]


@pytest.mark.parametrize("with_references", [True, False], ids=["staged", "straight"])
def test_the_parent_of_a_row_that_stays_is_not_taken_away(case: Case, with_references: bool) -> None:
    own = Check(
        id="referential:own",
        kind=CheckKind.REFERENTIAL,
        columns=("amount",),
        reference=Reference(table=case.contract.table, columns=("id",)),
    )
    references = tuple(c for c in case.contract.checks if c.kind is CheckKind.REFERENTIAL) if with_references else ()
    case = in_mode(case, LoadMode.INCREMENTAL, own, *references)
    keyless(case)
    case.at_source("UPDATE public.orders SET amount = NULL; UPDATE public.orders SET amount = 3 WHERE id = 400")
    assert [case.move(day).rows for day in range(2)] == [303, 289]
    before = case.published()
    assert case.move().rows == 303, "the parent comes again"
    case.at_source("DELETE FROM public.orders WHERE id = 3")
    (result,) = failed(case, 0)
    assert (result.id, result.value, result.quarantines) == ("referential:own", 1, False)
    assert "1 of them in other slices" in result.sentence()
    assert case.published() == before
