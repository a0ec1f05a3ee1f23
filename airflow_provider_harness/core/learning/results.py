"""What the gates of a training set found: results like those of a contract's checks, so that a report, a violation, the lineage
and the diagnosis are the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from airflow_provider_harness.core.contracts.checks import CheckKind, CheckSeverity
from airflow_provider_harness.core.contracts.report import CheckResult, Decision, Report


def gate_result(
    name: str,
    passed: bool,
    expected: str,
    actual: str,
    *,
    value: float | None = None,
    columns: tuple[str, ...] = (),
    look_at: str = "",
    facts: Mapping[str, Any] | None = None,
) -> CheckResult:
    """One gate of what an operator made for a model.

    :param name: the gate's id, for example ``leakage:group``.
    :param value: the number that was compared.
    """
    return CheckResult(
        id=name,
        kind=CheckKind.TRAINING_DATA,
        columns=columns,
        severity=CheckSeverity.ERROR,
        passed=passed,
        expected=expected,
        actual=actual,
        look_at="" if passed else look_at,
        facts=facts or {},
        value=value,
    )


def judged(report: Report, results: Sequence[CheckResult]) -> Report:
    """A report with the results of more gates; one of them that fails blocks."""
    together = (*report.results, *results)
    decision = Decision.BLOCK if any(result.blocking for result in together) else report.decision
    return replace(report, results=together, decision=decision)
