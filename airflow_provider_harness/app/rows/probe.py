"""One look at the data, for those who wait: is it there, does it keep its contract, do the columns still agree?"""

from __future__ import annotations

from dataclasses import dataclass, replace

from airflow_provider_harness.app.ports.rows import RowsUnderTest
from airflow_provider_harness.app.rows.gate import Gate
from airflow_provider_harness.app.rows.validate import Empty, present, verify
from airflow_provider_harness.core.contracts.checks import CheckKind
from airflow_provider_harness.core.contracts.contract import Contract, QuarantinePolicy
from airflow_provider_harness.core.contracts.report import Decision, Report, judge
from airflow_provider_harness.core.contracts.schema import Schema, SchemaDiff, Side, compare
from airflow_provider_harness.core.errors import ContractViolation, HarnessError, SchemaDrift
from airflow_provider_harness.core.slices.slices import Slice, holds_none


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeResult:
    """What one look found.

    :param sentence: what is there, or what is in the way.
    :param error: what a task raises that waits no longer; None if there is nothing to wait for.
    """

    sentence: str
    error: HarnessError | None = None

    @property
    def ready(self) -> bool:
        """Whether there is nothing to wait for."""
        return self.error is None


def arrived(contract: Contract, piece: Slice, subject: RowsUnderTest, least: int) -> ProbeResult:
    """Whether the source has the slice: enough rows of it, and as fresh as the contract promises, as of the slice's end.

    :param least: rows, 1 or more.
    """
    wanted = tuple(check for check in contract.checks if check.kind is CheckKind.FRESHNESS)
    asked = replace(contract, checks=wanted, quarantine=QuarantinePolicy())
    if holds_none(contract, piece):
        return ProbeResult(sentence=f"{contract.table} slice {piece.id} can hold no row, so nothing is waited for.")
    measured, _ = subject.measure(asked, piece)
    report = judge(asked, measured, slice_id=piece.id, where="source")
    enough = present(measured.rows, least)
    report = replace(report, results=(enough, *report.results))
    return _of_report(report if enough.passed else replace(report, decision=Decision.BLOCK))


def kept(gate: Gate, subject: RowsUnderTest, empty: Empty) -> ProbeResult:
    """Whether a published slice keeps its contract; one without rows counts as published where it was published so."""
    report = verify(gate, subject)
    if report.rows or holds_none(gate.contract, gate.piece) or gate.piece.id in empty([gate.piece]):
        return _of_report(report)
    there = present(report.rows)
    return _of_report(replace(report, decision=Decision.BLOCK, results=(there, *report.results)))


def complete(report: Report | None) -> ProbeResult:
    """Whether no slice is missing.

    :param report: the search for missing slices; None if none lies before this one.
    """
    return _of_report(report) if report else ProbeResult(sentence="No slice lies before this one.")


def undrifted(contract: Contract, source: Schema, target: Schema | None) -> tuple[ProbeResult, tuple[SchemaDiff, ...]]:
    """Whether a load would find the columns that it needs; with every difference, also those that are not in its way.

    :param target: the published table; None where there is none yet.
    """
    sides = ((Side.SOURCE, source), (Side.TARGET, target))
    diffs = tuple(compare(contract, found, side) for side, found in sides if found is not None)
    broken = next((diff for diff in diffs if diff.blocking), None)
    if broken is not None:
        return ProbeResult(sentence=broken.sentence(), error=SchemaDrift(broken)), diffs
    return ProbeResult(
        sentence=f"{' and '.join(diff.table for diff in diffs)}: the columns are those of the contract"
    ), diffs


def _of_report(report: Report) -> ProbeResult:
    return ProbeResult(sentence=report.sentence(), error=None if report.passed else ContractViolation(report))
