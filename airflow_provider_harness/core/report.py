"""What a gate found: measurements are judged against the contract, and the report says what to do next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from airflow_provider_harness.core.checks import Check, CheckKind, Metric, Scalar, Severity, Unit
from airflow_provider_harness.core.contract import Contract


class Decision(StrEnum):
    """What a gate allows."""

    PUBLISH = "publish"
    QUARANTINE = "quarantine"
    BLOCK = "block"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """The number that one check needed.

    :param value: None if it could not be measured; then ``error`` says why.
    :param samples: rows that failed, only with columns that the contract classifies.
    """

    value: Scalar | None
    samples: tuple[Mapping[str, Any], ...] = ()
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurements:
    """All numbers of one gate, taken from the same rows.

    :param rows: rows under test.
    :param malformed: rows that fail at least one check for which a row can be set aside.
    :param values: check id -> measurement; a check without one was not measured by this engine.
    :param milliseconds: how long it took.
    """

    rows: int
    malformed: int = 0
    values: Mapping[str, Measurement] = field(default_factory=dict)
    milliseconds: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """One check with what was expected and what was found.

    :param actual: the metric in words, or what went wrong when it could not be measured.
    :param failing: the metric as a number where it counts rows.
    :param share: failing rows / rows, 0 to 1; None where the metric counts no rows.
    :param error: not empty: the check could not be run; neither a pass nor bad data.
    :param facts: typed details, for example ``missing``: the dates of missing slices.
    """

    id: str
    kind: CheckKind
    columns: tuple[str, ...]
    severity: Severity
    passed: bool
    expected: str
    actual: str
    failing: int | None = None
    share: float | None = None
    look_at: str = ""
    samples: tuple[Mapping[str, Any], ...] = ()
    error: str = ""
    sets_aside: bool = False
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def blocking(self) -> bool:
        """Whether this result, taken alone, keeps the slice from being published as it is."""
        return not self.passed and self.severity is Severity.ERROR

    def sentence(self) -> str:
        """The result as a person would say it."""
        if self.error:
            return f"{self.id}: could not be checked ({self.error})"
        share = f" ({self.share:.2%} of rows)" if self.share else ""
        return f"{self.id}: expected {self.expected}, found {self.actual}{share}. {self.look_at}".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything one gate found about one slice of one table.

    :param where: what was examined, for example ``staged files`` or ``public.flights``.
    :param slice: id of the slice; empty for a whole table.
    :param malformed: rows that could be set aside.
    """

    contract: str
    contract_version: str
    table: str
    slice: str
    where: str
    rows: int
    malformed: int
    decision: Decision
    results: tuple[CheckResult, ...]
    milliseconds: int = 0

    @property
    def passed(self) -> bool:
        """Every check of severity error passed, without setting anything aside."""
        return not any(result.blocking for result in self.results)

    @property
    def failed(self) -> tuple[CheckResult, ...]:
        """The results that did not pass, warnings included."""
        return tuple(result for result in self.results if not result.passed)

    def sentence(self) -> str:
        """The report in one paragraph, the blocking results first."""
        blocking = [result for result in self.results if result.blocking]
        subject = f"{self.table} slice {self.slice or 'all'} ({self.where}, {self.rows} rows)"
        if not blocking:
            return f"{subject}: all {len(self.results)} checks passed"
        return f"{subject}: {len(blocking)} of {len(self.results)} checks failed. " + " ".join(
            result.sentence() for result in blocking
        )

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON-ready values."""
        return {
            "contract": self.contract,
            "contract_version": self.contract_version,
            "table": self.table,
            "slice": self.slice,
            "where": self.where,
            "rows": self.rows,
            "malformed": self.malformed,
            "decision": str(self.decision),
            "passed": self.passed,
            "sentence": self.sentence(),
            "milliseconds": self.milliseconds,
            "results": [_result_dict(result) for result in self.results],
        }


def judge(contract: Contract, measured: Measurements, *, where: str, slice_id: str = "") -> Report:
    """Compare what was measured with what the contract expects.

    Checks that this engine does not measure are left out: another gate of the same slice measures them.
    """
    results = tuple(
        judge_one(check, measured.values[check.id], measured.rows)
        for check in contract.checks
        if check.id in measured.values
    )
    return Report(
        contract=contract.id,
        contract_version=contract.version,
        table=contract.table,
        slice=slice_id,
        where=where,
        rows=measured.rows,
        malformed=measured.malformed,
        decision=decide(contract, results, measured),
        results=results,
        milliseconds=measured.milliseconds,
    )


def decide(contract: Contract, results: Sequence[CheckResult], measured: Measurements) -> Decision:
    """Publish, publish without the malformed rows, or block."""
    blocking = [result for result in results if result.blocking]
    if not blocking:
        return Decision.PUBLISH
    if all(result.sets_aside for result in blocking) and contract.quarantine.allows(measured.malformed, measured.rows):
        return Decision.QUARANTINE
    return Decision.BLOCK


def judge_one(check: Check, found: Measurement, rows: int, facts: Mapping[str, Any] | None = None) -> CheckResult:
    """One measurement against one expectation; a value that could not be measured never passes."""
    counts = check.spec.metric in (Metric.FAILING_ROWS, Metric.EXCESS_ROWS)
    share = found.value / rows if counts and rows and isinstance(found.value, int) else None
    error = found.error or ("" if found.value is not None else "the query gave no value")
    passed = not error and check.expect.holds(_in_unit(check, found.value, share))
    return CheckResult(
        id=check.id,
        kind=check.kind,
        columns=check.columns,
        severity=check.severity,
        passed=passed,
        expected=_expected(check),
        actual=error or _actual(check, found.value),
        failing=found.value if counts and isinstance(found.value, int) else None,
        share=share,
        look_at="" if passed else check.spec.look_at,
        samples=found.samples,
        error=error,
        sets_aside=check.sets_aside and not error,
        facts=facts or {},
    )


_NOUNS: Mapping[Metric, str] = {
    Metric.FAILING_ROWS: "failing rows",
    Metric.EXCESS_ROWS: "rows too many",
    Metric.ROWS: "rows",
    Metric.SCALAR: "",
    Metric.AGE_SECONDS: "seconds old",
    Metric.MISSING_SLICES: "missing slices",
    Metric.LOST_ROWS: "rows lost or gained",
}


def _in_unit(check: Check, value: Any, share: float | None) -> Any:
    return 100 * (share or 0.0) if check.expect.unit is Unit.PERCENT else value


def _expected(check: Check) -> str:
    noun = _NOUNS[check.spec.metric]
    detail = f" ({check.reason()})" if check.spec.row_level else ""
    return f"{check.expect} {noun}".strip() + detail


def _actual(check: Check, value: Any) -> str:
    return f"{value} {_NOUNS[check.spec.metric]}".strip()


def _result_dict(result: CheckResult) -> dict[str, Any]:
    return {
        "id": result.id,
        "kind": str(result.kind),
        "columns": list(result.columns),
        "severity": str(result.severity),
        "passed": result.passed,
        "blocking": result.blocking,
        "expected": result.expected,
        "actual": result.actual,
        "failing": result.failing,
        "share": result.share,
        "look_at": result.look_at,
        "samples": [dict(sample) for sample in result.samples],
        "error": result.error,
        "facts": dict(result.facts),
    }
