"""A gate judges the table as it will be, and measures every check of the contract, in any warehouse."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from airflow_provider_harness.adapters.contracts.odcs import compile_text
from airflow_provider_harness.app.rows import move, validate
from airflow_provider_harness.core.contracts.checks import (
    Check,
    CheckKind,
    CheckSeverity,
    Expectation,
    Operator,
    Reference,
)
from airflow_provider_harness.core.contracts.contract import LoadMode
from airflow_provider_harness.core.contracts.report import Report
from airflow_provider_harness.core.errors import ContractViolation
from airflow_provider_harness.core.slices.gate_run import Place
from tests.ports.rows_case import CONTRACT, Case, gate_of, unheard

BETWEEN = '{"type": "expect_column_values_to_be_between", "kwargs": {"column": "amount", "max_value": 900}}'


def ruled(case: Case, query: str, bound: str = "mustBe: 0") -> Case:
    """The case with a rule of SQL; its contract has no other check of amounts."""
    text = CONTRACT.replace("public.", f"{case.target.home}.").replace(
        "    quality:\n", f'    quality:\n      - {{type: sql, name: rule, query: "{query}", {bound}}}\n'
    )
    text = text.replace("        logicalTypeOptions: {minimum: 0, maximum: 1000}\n", "")
    return replace(case, contract=compile_text(text, "orders.odcs.yaml"))


def in_mode(case: Case, mode: LoadMode) -> Case:
    return case.with_contract(load=replace(case.contract.load, mode=mode))


def blocked(case: Case, day: int = 0) -> Report:
    with pytest.raises(ContractViolation) as caught:
        case.load(day)
    assert case.target.leftovers() == []
    return caught.value.report


@pytest.mark.parametrize("name", ["orders", "{home}.orders", "{home}.ORDERS AS o", "(SELECT * FROM orders) AS q"])
def test_a_rule_that_names_its_table_judges_the_rows_that_are_about_to_be_published(case: Case, name: str) -> None:
    case = ruled(case, f"SELECT count(*) FROM {name.format(home=case.target.home)} WHERE amount < 0")
    case.at_source("UPDATE public.orders SET amount = -3 WHERE id = 3")
    assert set(case.extract()[1].left) == {"referential:customer", "rule"}
    report = blocked(case)
    assert [(result.id, result.value) for result in report.failed] == [("rule", 1)]
    assert case.published() == []
    case.at_source("UPDATE public.orders SET amount = 3 WHERE id = 3")
    assert case.move().rows == 303
    case.at_warehouse(f"UPDATE {case.contract.table} SET amount = -3 WHERE id = 4")
    assert case.move().rows == 303, "the row that breaks the rule is replaced"
    case.at_warehouse(f"UPDATE {case.contract.table} SET amount = -3 WHERE id = 4")
    case.extract(1)
    assert [result.value for result in blocked(case, 1).failed] == [1], "the row that breaks the rule would stay"


@pytest.mark.parametrize(
    ("mode", "counts"),
    [
        (LoadMode.INCREMENTAL, (303, 592, 592)),
        (LoadMode.MERGE, (303, 592, 592)),
        (LoadMode.APPEND, (303, 592, 592)),
        (LoadMode.FULL, (900, 900, 900)),
    ],
)
def test_the_table_as_it_will_be_is_what_stays_and_what_comes(
    case: Case, mode: LoadMode, counts: tuple[int, int, int]
) -> None:
    case = in_mode(ruled(case, "SELECT count(*) FROM orders", "mustBeGreaterThan: 0"), mode)
    if mode is LoadMode.FULL:
        case = case.with_contract(checks=tuple(c for c in case.contract.checks if c.kind is not CheckKind.IN_SLICE))
    for day, expected in zip((0, 1, 1), counts, strict=True):
        case.extract(day)
        _, report = case.load(day)
        assert {result.id: result.value for result in report.results}["rule"] == expected
        assert len(case.published()) == expected


def test_a_transformation_is_judged_by_the_table_as_it_will_be(case: Case) -> None:
    case = ruled(case, "SELECT count(*) FROM orders WHERE amount < 0")
    case.move()
    piece = case.piece(1)
    sql = f"SELECT id + 10000 AS id, placed_at + INTERVAL 1 DAY AS placed_at, -1 * amount AS amount, status, customer, note FROM {case.contract.table}"
    if case.target.home == "public":
        sql = sql.replace("INTERVAL 1 DAY", "interval '1 day'")
    else:
        sql = sql.replace("placed_at + INTERVAL 1 DAY", "TIMESTAMP_ADD(placed_at, INTERVAL 24 HOUR)")
    sql += " WHERE id < 100"
    with pytest.raises(ContractViolation) as caught:
        gate = gate_of(case.contract, piece)
        move.transform(case.contract, piece, sql, case.target.warehouse(), "r", unheard, gate=gate)
    assert [(result.id, result.value) for result in caught.value.report.failed] == [("rule", 100)]


def to_itself(case: Case) -> Case:
    """Customers must be the status of some order: a key to the table's own rows."""
    own = Reference(table=case.contract.table, columns=("status",))
    check = Check(id="own", kind=CheckKind.REFERENTIAL, columns=("customer",), reference=own)
    kept = tuple(c for c in case.contract.checks if c.kind not in (CheckKind.REFERENTIAL, CheckKind.ACCEPTED_VALUES))
    return case.with_contract(checks=(*kept, check))


def test_a_foreign_key_to_the_own_table_is_judged_by_the_rows_that_will_be_there(case: Case) -> None:
    case = to_itself(case)
    case.at_source("UPDATE public.orders SET customer = 'open'")
    assert case.extract()[1].left == ("own",)
    assert case.load()[0].rows == 303, "into an empty table"
    case.at_source("UPDATE public.orders SET status = 'paid'")
    case.extract()
    assert [(result.id, result.failing) for result in blocked(case).failed] == [("own", 303)], "the parents go"
    case.extract(1)
    assert case.load(1)[0].rows == 289, "the parents are in a slice that stays"


def test_rows_without_a_parent_in_the_own_table_are_set_aside(case: Case) -> None:
    case = to_itself(case)
    case.at_source("UPDATE public.orders SET customer = CASE WHEN id = 3 THEN 'nobody' ELSE 'open' END")
    case.extract()
    published, report = case.load()
    assert (published.rows, published.quarantined) == (302, {"own": 1})
    assert report.malformed == 1


def spoiled(case: Case) -> Case:
    """The parent of each row is the one order that is paid, and that order is about to be set aside for its amount."""
    case = to_itself(case)
    case.at_source("UPDATE public.orders SET customer = 'open', status = CASE WHEN id = 3 THEN 'paid' ELSE 'open' END")
    case.at_source("UPDATE public.orders SET amount = -3 WHERE id = 3")
    return case


@pytest.mark.parametrize("mode", [LoadMode.INCREMENTAL, LoadMode.MERGE, LoadMode.APPEND])
def test_a_row_whose_parent_is_set_aside_is_not_published_without_it(case: Case, mode: LoadMode) -> None:
    case = in_mode(spoiled(case), mode)
    case.at_source("UPDATE public.orders SET customer = 'paid' WHERE id = 4")
    case.extract()
    report = blocked(case)
    (own,) = (result for result in report.failed if result.id == "own")
    assert (own.failing, own.quarantines) == (1, False)
    assert "1 of them because the rows to which they refer would be set aside" in report.sentence()
    assert case.published() == []


def test_a_row_that_is_set_aside_with_its_parent_is_in_nobodys_way(case: Case) -> None:
    case = spoiled(case)
    case.at_source("UPDATE public.orders SET customer = 'paid', amount = -4 WHERE id = 4")
    case.extract()
    published, _ = case.load()
    assert (published.rows, published.quarantined) == (301, {"range:amount": 2})


def test_children_of_a_row_that_is_set_aside_for_want_of_a_parent_are_not_published(case: Case) -> None:
    case = spoiled(case)
    case.at_source("UPDATE public.orders SET customer = 'nobody', amount = 3 WHERE id = 3")
    case.at_source("UPDATE public.orders SET customer = 'paid' WHERE id = 4")
    case.extract()
    (own,) = blocked(case).failed
    assert (own.id, own.failing) == ("own", 2)


def test_a_parent_that_was_published_and_stays_since_its_successor_is_set_aside_is_a_parent(case: Case) -> None:
    case = in_mode(spoiled(case), LoadMode.MERGE)
    case.at_source("UPDATE public.orders SET customer = 'paid' WHERE id = 4")
    case.at_source("UPDATE public.orders SET amount = 3 WHERE id = 3")
    case.extract()
    assert case.load()[0].rows == 303
    case.at_source("UPDATE public.orders SET amount = -3 WHERE id = 3")
    case.extract()
    assert case.load()[0].quarantined == {"range:amount": 1}


@pytest.mark.parametrize("mode", [LoadMode.INCREMENTAL, LoadMode.FULL])
def test_a_rule_of_the_own_table_is_judged_without_the_rows_that_are_set_aside(case: Case, mode: LoadMode) -> None:
    kept = case.contract.checks
    case = ruled(case, "SELECT count(*) FROM orders WHERE amount < 0 OR id = 3", "mustBe: 0")
    case = in_mode(case.with_contract(checks=(*(c for c in case.contract.checks if c.id == "rule"), *kept)), mode)
    if mode is LoadMode.FULL:
        case = case.with_contract(checks=tuple(c for c in case.contract.checks if c.kind is not CheckKind.IN_SLICE))
    case.at_source("UPDATE public.orders SET amount = -3 WHERE id = 3")
    assert "rule" in case.extract()[1].left
    published, report = case.load()
    assert published.quarantined == {"range:amount": 1}
    assert {result.id: result.value for result in report.results}["rule"] == 0
    case.at_source("UPDATE public.orders SET amount = 3 WHERE id = 3")
    case.extract()
    with pytest.raises(ContractViolation) as caught:
        case.load()
    assert [result.value for result in caught.value.report.failed] == [1], "nothing is set aside, and the row counts"


def test_a_rule_that_only_rows_that_are_set_aside_satisfy_does_not_hold(case: Case) -> None:
    kept = case.contract.checks
    case = ruled(case, "SELECT count(*) FROM orders WHERE id = 3", "mustBe: 1")
    case = case.with_contract(checks=(*(c for c in case.contract.checks if c.id == "rule"), *kept))
    case.at_source("UPDATE public.orders SET amount = -3 WHERE id = 3")
    case.extract()
    assert [(result.id, result.value) for result in blocked(case).failed if result.id == "rule"] == [("rule", 0)]


@pytest.mark.parametrize("severity", CheckSeverity)
def test_an_expectation_of_great_expectations_gates_a_load_and_a_transformation(
    case: Case, severity: CheckSeverity
) -> None:
    check = Check(id="gx", kind=CheckKind.CUSTOM_GX, severity=severity, gx=BETWEEN)
    case = case.with_contract(checks=(*case.contract.checks, check))
    case.at_source("UPDATE public.orders SET amount = 950 WHERE id = 3")
    _, extracted = case.extract()
    assert "gx" in extracted.left
    assert "left to the gate of the load: " in extracted.sentence()
    piece, told = case.piece(), f"SELECT * FROM {case.contract.table}"
    if severity is CheckSeverity.ERROR:
        assert [result.id for result in blocked(case).failed] == ["gx"]
        return
    _, report = case.load()
    assert [(result.id, result.passed) for result in report.failed] == [("gx", False)]
    strict = case.with_contract(checks=(replace(check, severity=CheckSeverity.ERROR),))
    with pytest.raises(ContractViolation) as caught:
        gate = gate_of(strict.contract, piece)
        move.transform(strict.contract, piece, told, case.target.warehouse(), "r", unheard, gate=gate)
    assert [result.id for result in caught.value.report.failed] == ["gx"]


def test_what_great_expectations_cannot_run_could_not_be_checked(case: Case) -> None:
    strange = '{"type": "expect_column_values_to_be_betwen", "kwargs": {"column": "amount"}}'
    case = case.with_contract(checks=(Check(id="gx", kind=CheckKind.CUSTOM_GX, gx=strange),))
    case.extract()
    (result,) = blocked(case).failed
    assert result.id == "gx"
    assert result.error


def test_without_great_expectations_its_rules_could_not_be_checked(case: Case, monkeypatch: Any) -> None:
    from airflow_provider_harness.adapters.gx import suite as gx
    from airflow_provider_harness.core.errors import MissingExtra

    def absent() -> None:
        raise MissingExtra("Engine gx", "gx")

    monkeypatch.setattr(gx, "_context", absent)
    case = case.with_contract(checks=(Check(id="gx", kind=CheckKind.CUSTOM_GX, gx=BETWEEN),))
    case.extract()
    (result,) = blocked(case).failed
    assert "pip install 'airflow-provider-harness[gx]'" in result.error


def test_a_rule_of_a_table_that_is_not_there_could_not_be_checked(case: Case) -> None:
    case = ruled(case, f"SELECT count(*) FROM {case.target.home}.nowhere")
    assert "rule" in case.extract()[1].left
    assert [(result.id, bool(result.error)) for result in blocked(case).failed] == [("rule", True)]


def test_a_rule_that_gives_several_rows_could_not_be_checked_at_any_gate(case: Case) -> None:
    case = ruled(case, "SELECT amount FROM ${table}")
    with pytest.raises(ContractViolation) as caught:
        case.extract()
    assert [result.id for result in caught.value.report.failed if result.error] == ["rule"]
    lenient = case.with_contract(checks=())
    lenient.extract()
    gate = gate_of(case.contract, case.piece())
    with pytest.raises(ContractViolation) as caught:
        move.load(case.contract, case.piece(), case.stage(), case.target.warehouse(), "r", _quiet, gate=gate)
    assert [result.id for result in caught.value.report.failed if result.error] == ["rule"]


def test_null_among_accepted_values_switches_nothing_off(case: Case) -> None:
    text = CONTRACT.replace("public.", f"{case.target.home}.")
    text = text.replace("enum: [{value: open}, {value: paid}]", "enum: [{value: open}, {value: paid}, {value: null}]")
    case = replace(case, contract=compile_text(text, "orders.odcs.yaml"))
    case.at_source("UPDATE public.orders SET status = 'zzz' WHERE id < 100")
    with pytest.raises(ContractViolation) as caught:
        case.extract()
    assert [(result.id, result.failing) for result in caught.value.report.failed] == [("accepted_values:status", 100)]
    checks = tuple(
        replace(c, values=(*c.values, None)) if c.kind is CheckKind.ACCEPTED_VALUES else c  # type: ignore[arg-type]
        for c in case.contract.checks
    )
    lenient = case.with_contract(checks=())
    lenient.extract()
    strict = case.with_contract(checks=checks)
    gate = gate_of(strict.contract, case.piece())
    with pytest.raises(ContractViolation) as caught:
        move.load(strict.contract, case.piece(), case.stage(), case.target.warehouse(), "r", _quiet, gate=gate)
    assert [(r.id, r.failing) for r in caught.value.report.failed] == [("accepted_values:status", 100)]


def _quiet(stage: str, rows: int) -> None:
    """Nobody reads how far it is."""


@pytest.mark.parametrize(("amount", "passes"), [("0.3", True), ("0.31", False)])
def test_decimals_are_compared_as_decimals(case: Case, amount: str, *, passes: bool) -> None:
    expect = Expectation(operator=Operator.LESS_OR_EQUAL, values=(0.3,))
    checks = (
        Check(id="most", kind=CheckKind.MAXIMUM, columns=("amount",), expect=expect),
        Check(id="range", kind=CheckKind.RANGE, columns=("amount",), low=0.3, high=0.3),
    )
    case = case.with_contract(checks=())
    case.at_source(f"UPDATE public.orders SET amount = {amount}")
    case.extract()
    strict = case.with_contract(checks=checks)
    gate = gate_of(strict.contract, case.piece())
    given = (strict.contract, case.piece(), case.stage(), case.target.warehouse(), "r", _quiet)
    if passes:
        assert move.load(*given, gate=gate)[0].rows == 303
        return
    with pytest.raises(ContractViolation) as caught:
        move.load(*given, gate=gate)
    assert {result.id for result in caught.value.report.failed} == {"most", "range"}


def viewed(case: Case) -> Case:
    """A case whose rule reads its table through a view of a view; the table is there, with its first day."""
    case.move()
    home, table = case.target.home, case.contract.table
    case.at_warehouse(f"CREATE VIEW {home}.inner_view AS SELECT id, amount FROM {table}")
    case.at_warehouse(f"CREATE VIEW {home}.low AS SELECT id FROM {home}.inner_view WHERE amount < 0")
    return ruled(case, f"SELECT count(*) FROM {home}.low")


def test_a_rule_that_reads_its_table_through_a_view_cannot_be_checked_before_the_publication(case: Case) -> None:
    case = viewed(case)
    case.at_source("UPDATE public.orders SET amount = -3 WHERE id = 400")
    case.extract(1)
    (result,) = blocked(case, 1).failed
    assert result.id == "rule"
    assert f"low reads {case.contract.table}, and shows the rows before the publication" in result.error
    subject, piece = case.target.rows(), case.piece()
    assert validate.verify(gate_of(case.contract, piece, Place.PUBLISHED), subject).passed, (
        "of what is published, it can"
    )


def test_a_view_of_another_table_and_a_name_of_the_rules_own_are_in_nobodys_way(case: Case) -> None:
    viewed(case)
    home = case.target.home
    case.at_warehouse(f"CREATE VIEW {home}.names AS SELECT name FROM {home}.customers")
    query = f"WITH low AS (SELECT id FROM orders WHERE amount < 0) SELECT count(*) FROM low, {home}.names"
    case = ruled(case, query)
    case.extract(1)
    assert case.load(1)[0].rows == 289
