"""One look at the data, for those who wait: is it there, does it keep its contract, do the columns still agree?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from airflow_provider_harness.app.ports.rows import RowsUnderTest
from airflow_provider_harness.app.rows.gate import Gate
from airflow_provider_harness.app.rows.validate import Empty, present, verify
from airflow_provider_harness.core.contracts.checks import CheckKind
from airflow_provider_harness.core.contracts.contract import Contract, QuarantinePolicy
from airflow_provider_harness.core.contracts.drift import DriftLevel
from airflow_provider_harness.core.contracts.report import Decision, Report, judge
from airflow_provider_harness.core.contracts.schema import Schema, SchemaDiff, Side, compare
from airflow_provider_harness.core.errors import ConfigurationError, ContractViolation, HarnessError, SchemaDrift
from airflow_provider_harness.core.slices.slices import Slice, holds_none


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeResult:
    """What one look found.

    :param sentence: what is there, or what is in the way.
    :param error: what a task raises that waits no longer; None if there is nothing to wait for.
    :param levels: id of a drift check -> how much its column drifted; only where drift was looked for.
    """

    sentence: str
    error: HarnessError | None = None
    levels: Mapping[str, DriftLevel] = field(default_factory=dict)

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


def published_drift(contract: Contract, piece: Slice, subject: RowsUnderTest) -> ProbeResult:
    """Whether a slice is published, and how far each of its columns drifted.

    :raises ConfigurationError: the contract asks for no drift.
    :raises ContractViolation: a drift could not be measured.
    """
    wanted = tuple(check for check in contract.checks if check.kind is CheckKind.DRIFT)
    if not wanted:
        fix = "Add a rule of engine harness with {check: drift} to a column."
        raise ConfigurationError(f"contract {contract.id}", "has no drift check.", fix=fix)
    asked = replace(contract, checks=wanted, quarantine=QuarantinePolicy())
    measured, _ = subject.measure(asked, piece)
    report = judge(asked, measured, slice_id=piece.id, where=contract.table)
    there = present(measured.rows)
    if not there.passed:
        return _of_report(replace(report, decision=Decision.BLOCK, results=(there, *report.results)))
    if any(result.error for result in report.results):
        raise ContractViolation(report)
    levels = {one.id: DriftLevel(one.facts.get("level", DriftLevel.NONE)) for one in report.results}
    told = "; ".join(f"{one.id} {one.actual} ({levels[one.id]})" for one in report.results)
    return ProbeResult(sentence=f"{contract.table} slice {piece.id}: {told}", levels=levels)


def _of_report(report: Report) -> ProbeResult:
    return ProbeResult(sentence=report.sentence(), error=None if report.passed else ContractViolation(report))
