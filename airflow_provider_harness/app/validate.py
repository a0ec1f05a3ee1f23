"""Gates on what is already published: does a slice keep its contract, and are all slices there?"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from airflow_provider_harness.app.gate import Gate
from airflow_provider_harness.app.move import reconcile, with_result
from airflow_provider_harness.app.ports_rows import Subject, Warehouse
from airflow_provider_harness.core.checks import Check, CheckKind, Expectation, Operator
from airflow_provider_harness.core.contract import Contract, LoadMode
from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.core.partition import Slice, slice_of_day
from airflow_provider_harness.core.report import CheckResult, Decision, Measurement, Report, judge_one


def verify(gate: Gate, subject: Subject, *, expected_rows: int | None = None) -> Report:
    """Judge the rows of one slice where they are: a table, a query, or files; no rows at all never pass.

    :param expected_rows: rows that the publication said it left there, where that is known.
    """
    measured, own = subject.measure(gate.contract, gate.piece)
    if expected_rows is not None:
        own = (*own, reconcile("published", expected_rows, measured.rows))
    report = gate.judge(measured, subject.where)
    for result in (present(measured.rows), *own):
        report = with_result(report, result)
    gate.report = report if report.passed else replace(report, decision=Decision.BLOCK)
    return gate.report


def missing_slices(contract: Contract, warehouse: Warehouse, first: date, last: date) -> list[date]:
    """The days from ``first`` to ``last``, both included, of which no row is published.

    A day is one in the contract's time zone.
    """
    if contract.load.mode is LoadMode.FULL:
        raise ConfigurationError(
            f"contract {contract.id}",
            "publishes the table as a whole, so it has no slices.",
            fix="Use mode incremental.",
        )
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return warehouse.missing(contract, [(day, slice_of_day(contract, day)) for day in days]) if days else []


def completeness(contract: Contract, piece: Slice, first: date, last: date, missing: list[date]) -> Report:
    """The report of a search for missing slices."""
    check = Check(id="completeness", kind=CheckKind.COMPLETENESS)
    facts = {
        "missing": [day.isoformat() for day in missing],
        "first": first.isoformat(),
        "last": last.isoformat(),
        "time_zone": contract.load.time_zone,
    }
    result = judge_one(check, Measurement(value=len(missing)), 0, facts)
    return Report(
        contract=contract.id,
        contract_version=contract.version,
        table=contract.table,
        slice=piece.id,
        where=f"published slices {first} to {last}, missing {', '.join(facts['missing']) or 'none'}",
        rows=0,
        malformed=0,
        decision=Decision.BLOCK if missing else Decision.PUBLISH,
        results=(result,),
    )


def present(rows: int, least: int = 1) -> CheckResult:
    """Whether there are rows at all, or at least so many."""
    expect = Expectation(operator=Operator.GREATER, values=(least - 1,))
    check = Check(id="present", kind=CheckKind.ROW_COUNT, expect=expect)
    return judge_one(check, Measurement(value=rows), rows)
