"""What holds of all rows of a slice holds of those that are left once some are set aside, or nothing is published."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from airflow_provider_harness.app.rows import move
from airflow_provider_harness.app.rows.gate import Gate
from airflow_provider_harness.core.contracts.checks import Check, CheckKind, CheckSeverity, Expectation, Operator, Unit
from airflow_provider_harness.core.contracts.contract import LoadMode, MalformedRows
from airflow_provider_harness.core.errors import ContractViolation
from airflow_provider_harness.core.slices.gate_run import GateSite, Place
from tests.ports.rows_case import Case, NoHistory, gate_of, quiet, unheard

LARGEST = '{"type": "expect_column_max_to_be_between", "kwargs": {"column": "amount", "min_value": 2000}}'
FEW = Expectation(operator=Operator.LESS, values=(0.661,), unit=Unit.PERCENT)  # 2 of 303 are, and 2 of 302 are not


def over(number: float) -> Expectation:
    return Expectation(operator=Operator.GREATER, values=(number,))


CHECKS = (
    Check(id="mean", kind=CheckKind.MEAN, columns=("amount",), expect=over(160)),
    Check(id="sum", kind=CheckKind.SUM, columns=("amount",), expect=over(50_000)),
    Check(id="largest", kind=CheckKind.MAXIMUM, columns=("amount",), expect=over(2000)),
    Check(id="rows", kind=CheckKind.ROW_COUNT, expect=over(302)),
    Check(id="nulls", kind=CheckKind.NULL_RATE, columns=("note",), expect=FEW),
    Check(id="twice", kind=CheckKind.UNIQUE, columns=("amount",), expect=FEW),
    Check(id="rule", kind=CheckKind.CUSTOM_SQL, sql="SELECT max(amount) FROM ${table}", expect=over(2000)),
    Check(id="gx", kind=CheckKind.CUSTOM_GX, gx=LARGEST),
)


@pytest.fixture
def case(case: Case) -> Case:
    """One row of 303 is malformed, and each of the checks holds only as long as it is there."""
    case.at_source(
        "UPDATE public.orders SET amount = 5000 WHERE id = 3; UPDATE public.orders SET note = NULL WHERE id IN (8, 9);"
        "UPDATE public.orders SET amount = 7.25 WHERE id IN (5, 6)"
    )
    return case


def test_a_check_that_holds_only_with_rows_that_are_set_aside_blocks_and_says_so(case: Case) -> None:
    strict = case.with_contract(checks=(*case.contract.checks, *CHECKS))
    _, report = strict.extract()
    assert [result.id for result in report.failed] == ["range:amount"], "as it was delivered, all hold"
    with pytest.raises(ContractViolation) as caught:
        strict.load()
    failed = {result.id: result for result in caught.value.report.failed}
    assert set(failed) == {"range:amount", *(check.id for check in CHECKS)}
    assert all(result.facts["set_aside"] == 1 for name, result in failed.items() if name != "range:amount")
    assert "found 302 rows once 1 malformed rows are set aside" in failed["rows"].sentence()
    assert (case.published(), case.target.set_aside(), case.target.leftovers()) == ([], [], [])


@pytest.mark.parametrize("mode", [LoadMode.INCREMENTAL, LoadMode.MERGE, LoadMode.APPEND])
def test_a_check_that_holds_of_the_rest_too_is_in_nobodys_way(case: Case, mode: LoadMode) -> None:
    holds = tuple(replace(check, expect=over(0)) for check in CHECKS if check.expect.operator is Operator.GREATER)
    loose = case.with_contract(checks=(*case.contract.checks, *holds), load=replace(case.contract.load, mode=mode))
    loose.extract()
    published, report = loose.load()
    assert (published.rows, published.quarantined) == (302, {"range:amount": 1})
    values = {result.id: result.value for result in report.results}
    assert (values["rows"], values["rule"]) == (303, 5000), "the history of a check goes on as it was"


def test_a_warning_about_the_rest_is_told_and_publishes(case: Case) -> None:
    warned = replace(CHECKS[3], severity=CheckSeverity.WARN)
    warned_of = case.with_contract(checks=(*case.contract.checks, warned))
    warned_of.extract()
    published, report = warned_of.load()
    assert published.rows == 302
    assert [result.id for result in report.failed] == ["range:amount", "rows"]


def test_a_transformation_is_judged_by_what_is_left(case: Case) -> None:
    strict = case.with_contract(checks=(*case.contract.checks, replace(CHECKS[0], expect=over(60))))
    piece = case.piece()
    moment = "TIMESTAMP '2013-03-09 12:00:00+00'"
    rows = " UNION ALL ".join(f"SELECT {n} AS id, {5000 if n == 3 else 1} AS amount" for n in range(60))
    text, number, note = (
        ("text", "numeric(12,2)", "CAST(NULL AS jsonb)")
        if case.target.home == "public"
        else ("STRING", "NUMERIC", "PARSE_JSON('1')")
    )
    sql = (
        f"SELECT id, {moment} AS placed_at, CAST(amount AS {number}) AS amount, CAST('open' AS {text}) AS status, "
        f"CAST('c1' AS {text}) AS customer, {note} AS note FROM ({rows}) AS q"
    )
    with pytest.raises(ContractViolation) as caught:
        move.transform(
            strict.contract, piece, sql, case.target.warehouse(), "r", unheard, gate=gate_of(strict.contract, piece)
        )
    assert [result.id for result in caught.value.report.failed] == ["range:amount", "mean"]


@dataclass
class Once:
    """A permit that notes whether it was used."""

    checks: tuple[str, ...] = ("range:amount",)
    used: bool = False

    def use(self) -> bool:
        self.used = True
        return True


@pytest.mark.parametrize(("bound", "used"), [(302, False), (301, True)])
def test_a_permit_is_used_up_only_where_the_rest_may_be_published(case: Case, bound: int, used: bool) -> None:
    checks = (*case.contract.checks, replace(CHECKS[3], expect=over(bound)))
    asked = case.with_contract(
        checks=checks, quarantine=replace(case.contract.quarantine, policy=MalformedRows.QUARANTINE)
    )
    asked.extract()
    permit = Once()
    gate = Gate(asked.contract, asked.piece(), GateSite(place=Place.STAGING), NoHistory(), permit=permit)
    try:
        move.load(asked.contract, asked.piece(), asked.stage(), asked.target.warehouse(), "r", quiet, gate=gate)
    except ContractViolation as error:
        assert [result.id for result in error.report.failed] == ["range:amount", "rows"]
    assert permit.used is used
