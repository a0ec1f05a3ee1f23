"""What a gate found: measurements are judged against the contract, and the report says what to do next."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Any

from airflow_provider_harness.core.contracts.anomaly import CheckHistory, change_percent, normal
from airflow_provider_harness.core.contracts.checks import (
    Check,
    CheckKind,
    CheckSeverity,
    Expectation,
    Metric,
    Operator,
    Scalar,
    Unit,
)
from airflow_provider_harness.core.contracts.contract import PUBLIC, Contract
from airflow_provider_harness.core.contracts.drift import DriftLevel
from airflow_provider_harness.core.contracts.exact import json_number, percent, plain

#: Characters of what an engine says of a check that it could not run.
LONGEST_ERROR = 1000


class Decision(StrEnum):
    """What a gate allows."""

    PUBLISH = "publish"
    QUARANTINE = "quarantine"
    BLOCK = "block"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """The number that one check needed.

    :param value: None if it could not be measured, and then ``error`` says why; also None for an aggregate of no
        values.
    :param samples: rows that failed, only with columns that the contract classifies.
    :param error: as the engine said it, but without the values of rows that it repeats: every task may read a gate's
        errors.
    :param proof: not empty: no row was read, since this constraint of the catalog already proves the value.
    :param stranded: how many of the failing rows fail only because the rows to which they refer are about to be set
        aside; they would be published, so nothing is set aside.
    :param beyond: how many of the failing rows fail by rows outside the slice that stay published; nothing is set
        aside.
    :param note: what the number does not say, in words.
    """

    value: Scalar | None
    samples: tuple[Mapping[str, Any], ...] = ()
    error: str = ""
    proof: str = ""
    stranded: int = 0
    beyond: int = 0
    note: str = ""

    def __post_init__(self) -> None:
        if self.error:
            from airflow_provider_harness.core.redaction.redactor import (
                Redactor,  # its patterns are compiled where they are needed
            )

            object.__setattr__(self, "error", Redactor().redact(self.error, LONGEST_ERROR))


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurements:
    """All numbers of one gate, taken from the same rows.

    :param rows: rows under test.
    :param malformed: rows that fail at least one check for which a row can be set aside; 0 where the contract lets none
        be set aside.
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
    :param facts: typed details, for example ``missing``: the dates of missing slices; ``path``: where below its column
        it looks.
    :param value: the metric itself, for the history of later slices.
    :param proved: not empty: the constraint of the catalog that proves it, so no row was read.
    """

    id: str
    kind: CheckKind
    columns: tuple[str, ...]
    severity: CheckSeverity
    passed: bool
    expected: str
    actual: str
    failing: int | None = None
    share: float | None = None
    look_at: str = ""
    samples: tuple[Mapping[str, Any], ...] = ()
    error: str = ""
    quarantines: bool = False
    facts: Mapping[str, Any] = field(default_factory=dict)
    dimension: str = ""
    value: Scalar | None = None
    proved: str = ""

    @property
    def blocking(self) -> bool:
        """Whether this result, taken alone, keeps the slice from being published as it is."""
        return not self.passed and self.severity is CheckSeverity.ERROR

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
    :param left: ids of the checks that this gate cannot measure, and leaves to the gate of the load.
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
    left: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Every check of severity error passed, without setting anything aside."""
        return not any(result.blocking for result in self.results)

    @property
    def failed(self) -> tuple[CheckResult, ...]:
        """The results that did not pass, warnings included."""
        return tuple(result for result in self.results if not result.passed)

    def headline(self) -> str:
        """What was judged, and how many of the checks failed."""
        blocking = [result for result in self.results if result.blocking]
        subject = f"{self.table} slice {self.slice or 'all'} ({self.where}, {self.rows} rows)"
        left = f"; left to the gate of the load: {', '.join(self.left)}" if self.left else ""
        if not blocking:
            return f"{subject}: all {len(self.results)} checks passed{left}"
        return f"{subject}: {len(blocking)} of {len(self.results)} checks failed{left}."

    def sentence(self) -> str:
        """The report in one paragraph: its headline, and the results that block."""
        return " ".join((self.headline(), *(result.sentence() for result in self.results if result.blocking)))

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
            "left": list(self.left),
        }


UNMEASURED = Measurement(value=None, error="no gate of this publication measures it")
"""What stands for a check that nobody measured: it is no pass."""


def judge(
    contract: Contract,
    measured: Measurements,
    *,
    where: str,
    slice_id: str = "",
    past: CheckHistory | None = None,
    left: Collection[str] = (),
) -> Report:
    """Compare what was measured with what the contract expects; what nobody measured could not be checked.

    :param past: the history of the contract's checks; without it, what is judged by history is left out.
    :param left: ids of checks that a later gate of the same slice measures, and that this one need not.
    """
    known = contract.classified()
    mine = [check for check in contract.checks if check.id in measured.values or check.id not in left]
    results = tuple(
        judge_against_history(check, measured.values.get(check.id, UNMEASURED), measured.rows, past)
        if check.kind in HISTORY_KINDS and past is not None
        else _without_values(_judged(check, measured.values.get(check.id, UNMEASURED), measured.rows), known)
        for check in mine
        if past is not None or check.kind not in HISTORY_KINDS
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
        left=tuple(check.id for check in contract.checks if check not in mine),
    )


_OF_ONE_ROW = frozenset({CheckKind.MINIMUM, CheckKind.MAXIMUM, CheckKind.QUANTILE})
"""Kinds whose number is the value that some row has."""


def _without_values(result: CheckResult, known: Mapping[str, str]) -> CheckResult:
    """The result without a row's own value, where the contract classifies its column and not as public."""
    kept = [name for name in result.columns if known.get(name, PUBLIC) != PUBLIC]
    if result.kind not in _OF_ONE_ROW or result.value is None or not kept:
        return result
    return replace(result, value=None, actual=f"a value that is not shown: {kept[0]} is classified as {known[kept[0]]}")


def decide(contract: Contract, results: Sequence[CheckResult], measured: Measurements) -> Decision:
    """Publish, publish without the malformed rows, or block."""
    blocking = [result for result in results if result.blocking]
    if not blocking:
        return Decision.PUBLISH
    if all(result.quarantines for result in blocking) and contract.quarantine.allows(measured.malformed, measured.rows):
        return Decision.QUARANTINE
    return Decision.BLOCK


HISTORY_KINDS = frozenset({CheckKind.ANOMALY, CheckKind.ROW_COUNT_CHANGE})
"""Kinds that compare a slice with earlier ones."""


def judge_against_history(check: Check, found: Measurement, rows: int, past: CheckHistory) -> CheckResult:
    """One measurement against its own history, as of the slice; too short a history passes, and says so."""
    value = found.value
    if found.error or not isinstance(value, int | float | Decimal | Fraction):
        return judge_one(check, found, rows)
    value = value if isinstance(value, int) else float(value)  # what is usual is no exact number
    found = replace(found, value=value)
    if check.kind is CheckKind.ROW_COUNT_CHANGE:
        change = change_percent(check.id, value, past)
        if change is None:
            return _learning(check, found, len(past.before(check.id)), 1)
        facts = {"previous": change[1].value, "previous_at": change[1].at.isoformat(), "rows": value}
        return replace(judge_one(check, replace(found, value=change[0]), rows, facts), value=value)
    assert check.baseline is not None
    usual = normal(check.baseline, check.id, past)
    if usual is None:
        return _learning(check, found, len(past.before(check.id)), check.baseline.minimum)
    expect = Expectation(operator=Operator.BETWEEN, values=(usual.low, usual.high))
    facts = {"median": usual.middle, "low": usual.low, "high": usual.high, "slices": usual.points}
    return judge_one(replace(check, expect=expect), found, rows, facts)


def _judged(check: Check, found: Measurement, rows: int) -> CheckResult:
    return (judge_drift if check.drift else judge_one)(check, found, rows)


def judge_drift(check: Check, found: Measurement, rows: int) -> CheckResult:
    """One drift against its two levels: a warning reports, whatever the check's severity; too few rows pass, and say
    so."""
    assert check.drift is not None
    rule = check.drift
    if found.error:
        return judge_one(check, found, rows)
    if found.value is None:
        few = _learning(check, found, 0, 0)
        need = f"nothing yet: {rule.minimum_rows} rows are needed, in the slice and in the reference"
        facts = {"learning": True, "need": rule.minimum_rows, "method": str(rule.method)}
        return replace(few, expected=need, actual="too few rows to compare", facts=facts)
    level = rule.level(float(found.value))
    if level is DriftLevel.WARNING:
        expect = Expectation(operator=Operator.LESS, values=(rule.warning,))
        check = replace(check, severity=CheckSeverity.WARN, expect=expect)
    return judge_one(check, found, rows, {"method": str(rule.method), "level": str(level)})


def _learning(check: Check, found: Measurement, have: int, need: int) -> CheckResult:
    return CheckResult(
        id=check.id,
        kind=check.kind,
        columns=check.columns,
        severity=check.severity,
        passed=True,
        expected=f"nothing yet: {need} earlier slices of the same kind are needed",
        actual=f"{found.value} with {have} earlier slices known",
        facts={"learning": True, "have": have, "need": need},
        dimension=check.dimension,
        value=found.value,
    )


def judge_one(check: Check, found: Measurement, rows: int, facts: Mapping[str, Any] | None = None) -> CheckResult:
    """One measurement against one expectation; a value that could not be measured never passes."""
    counts = check.spec.of_rows
    share = min(found.value / rows, 1.0) if counts and rows and isinstance(found.value, int) else None
    passed, error = _compared(check, found, rows)
    more = _stranded(found.stranded) + _beyond(check, found.beyond) + (f"; {found.note}" if found.note else "")
    return CheckResult(
        id=check.id,
        kind=check.kind,
        columns=check.columns,
        severity=check.severity,
        passed=passed,
        expected=expected_of(check),
        actual=error or _actual(check, plain(found.value)) + more,
        failing=found.value if counts and isinstance(found.value, int) else None,
        share=share,
        look_at="" if passed else check.spec.look_at,
        samples=found.samples,
        error=error,
        quarantines=check.quarantines and not error and not found.stranded and not found.beyond,
        facts={**({"path": list(check.path)} if check.path else {}), **(facts or {})},
        dimension=check.dimension,
        value=plain(found.value),
        proved=found.proof,
    )


def _compared(check: Check, found: Measurement, rows: int) -> tuple[bool, str]:
    """Whether the check passes, and what kept it from being checked at all."""
    if found.error:
        return False, found.error
    if found.value is None:
        return False, "" if check.spec.metric in _OF_NO_ROWS else "the query gave no value"
    in_percent = check.expect.unit is Unit.PERCENT
    if in_percent and not (check.spec.of_rows and isinstance(found.value, int)):
        return False, f"{check.kind} counts no rows of the slice, so it has no share in percent"
    try:
        share = in_percent and isinstance(found.value, int)
        return check.expect.holds(percent(int(found.value), rows) if share else found.value), ""
    except (TypeError, ArithmeticError):
        return False, f"{plain(found.value)!r} cannot be compared with {check.expect}"


_OF_NO_ROWS = (Metric.AGGREGATE, Metric.AGE_SECONDS)
"""Metrics that have no value when there are no values to take them of: the data fail, not the check."""


_NOUNS: Mapping[Metric, str] = {
    Metric.FAILING_ROWS: "failing rows",
    Metric.EXCESS_ROWS: "rows too many",
    Metric.ROWS: "rows",
    Metric.SCALAR: "",
    Metric.AGE_SECONDS: "seconds old",
    Metric.MISSING_SLICES: "missing slices",
    Metric.LOST_ROWS: "rows lost or gained",
    Metric.DIFFERING_KEYS: "keys that differ",
    Metric.AGGREGATE: "",
    Metric.CHANGE_PERCENT: "percent more rows than the slice before",
    Metric.SUSPECTED_VALUES: "suspected values",
    Metric.UNMET: "unmet expectations",
    Metric.DRIFT: "",
}


def expected_of(check: Check) -> str:
    """What a check demands, in words."""
    noun = _NOUNS[check.spec.metric]
    detail = f" ({check.reason()})" if check.spec.row_level else ""
    return f"{check.expect} {noun}".strip() + detail


def _actual(check: Check, value: Any) -> str:
    if value is None:
        return "no value, because there are no rows"
    return f"{value} {_NOUNS[check.spec.metric]}".strip()


def _stranded(rows: int) -> str:
    return f", {rows} of them because the rows to which they refer would be set aside" if rows else ""


def _beyond(check: Check, rows: int) -> str:
    if not rows:
        return ""
    if check.kind is CheckKind.UNIQUE:
        return f", {rows} of them because a row of another slice, which stays published, has the same key"
    return f", {rows} of them in other slices: they stay published, and what they refer to would be gone"


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
        "facts": {name: json_number(value) for name, value in result.facts.items()},
        "dimension": result.dimension,
        "value": json_number(result.value),
        "proved": result.proved,
    }
