"""Gates on what is already published: does a slice keep its contract, and are all slices there?"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import date, timedelta

from airflow_provider_harness.app.ports.rows import RowsUnderTest, Warehouse
from airflow_provider_harness.app.rows.gate import Gate
from airflow_provider_harness.app.rows.move import reconcile, with_result
from airflow_provider_harness.core.contracts.checks import Check, CheckKind, Expectation, Operator
from airflow_provider_harness.core.contracts.contract import Contract, LoadMode
from airflow_provider_harness.core.contracts.report import CheckResult, Decision, Measurement, Report, judge_one
from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.core.slices.slices import Slice, day_bounds, holds_none, slices_of_day


def verify(gate: Gate, subject: RowsUnderTest, *, expected_rows: int | None = None) -> Report:
    """Judge the rows of one slice where they are: a table, a query, or files; no rows at all pass only where the contract says so,
    or where the slice can hold none.

    :param expected_rows: rows that the publication said it left there, where that is known.
    """
    measured, own = subject.measure(gate.contract, gate.piece)
    if expected_rows is not None:
        own = (*own, reconcile("published", expected_rows, measured.rows))
    report = gate.judge(measured, subject.where)
    may_be_empty = gate.contract.load.allow_empty or holds_none(gate.contract, gate.piece)
    own = own if may_be_empty else (present(measured.rows), *own)
    for result in own:
        report = with_result(report, result)
    gate.report = report if report.passed else replace(report, decision=Decision.BLOCK)
    return gate.report


#: Which of some slices were rightly published without a row: see ``app.ports.rows.History.empty``.
Empty = Callable[[Sequence[Slice]], Collection[str]]


def nobody_knows(_: Sequence[Slice]) -> Collection[str]:
    """Of no slice."""
    return ()


def missing_slices(
    contract: Contract, warehouse: Warehouse, first: date, last: date, empty: Empty = nobody_knows
) -> list[date]:
    """The days from ``first`` to ``last``, both included, of which a slice of the contract's grain is not published.

    A day is one in the contract's time zone.
    """
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    pieces = [piece for day in days for piece in slices_of_day(contract, day)]
    zone = contract.load.time_zone
    return sorted({piece.day(zone) for piece in absent(contract, warehouse, pieces, empty)})


def absent(
    contract: Contract, warehouse: Warehouse, pieces: Sequence[Slice], empty: Empty = nobody_knows
) -> list[Slice]:
    """The slices, of these, of which no row is published; what a slice column cannot hold is not missed.

    :param empty: is asked where the contract says that a slice without rows is fine: what was published without any is there.
    """
    if contract.load.mode is LoadMode.FULL:
        raise ConfigurationError(
            f"contract {contract.id}",
            "publishes the table as a whole, so it has no slices.",
            fix="Use mode incremental.",
        )
    held = [piece for piece in pieces if not holds_none(contract, piece)]
    missing = warehouse.missing(contract, held) if held else []
    rightly = empty(missing) if missing and contract.load.allow_empty else ()
    return [piece for piece in missing if piece.id not in rightly]


def completeness(contract: Contract, piece: Slice, pieces: Sequence[Slice], missing: Sequence[Slice]) -> Report:
    """The report of a search for missing slices.

    :param pieces: all that were looked for, one or more, in order.
    """
    check = Check(id="completeness", kind=CheckKind.COMPLETENESS)
    first, last = _word(contract, pieces[0]), _word(contract, pieces[-1])
    facts = {
        "missing": [_word(contract, one) for one in missing],
        "first": first,
        "last": last,
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


def _word(contract: Contract, piece: Slice) -> str:
    """A slice as people call it: a day by its date, any other by the moment at which it begins."""
    day = piece.day(contract.load.time_zone)
    whole = (piece.start, piece.end) == day_bounds(contract, day)
    return day.isoformat() if whole else piece.start.isoformat()


def present(rows: int, least: int = 1) -> CheckResult:
    """Whether there are rows at all, or at least so many."""
    expect = Expectation(operator=Operator.GREATER, values=(least - 1,))
    check = Check(id="present", kind=CheckKind.ROW_COUNT, expect=expect)
    return judge_one(check, Measurement(value=rows), rows)
