"""What a look found, as a gate's report: where people look for the quality of tables, they find it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import exp2, expm1

from airflow_provider_harness.app.ports.watch import WatchedSlice
from airflow_provider_harness.core.contracts.checks import CheckKind, CheckSeverity
from airflow_provider_harness.core.contracts.contract import Contract
from airflow_provider_harness.core.contracts.report import CheckResult, Decision, Report
from airflow_provider_harness.core.watch.judge import Judged, Quiet

_UNITS: Mapping[str, Callable[[float], float]] = {"rows": expm1, "size": exp2}
"""Kind of metric -> the number that people know, of the logarithm that is compared."""


def report_of(contract: Contract, seen: WatchedSlice, milliseconds: int) -> Report:
    """The report of a look. Nothing is kept from being published by it: what is watched is published already."""
    wrong = {one.metric: one.text for one in seen.failures}
    results = [_result(one, wrong.get(one.metric, "")) for one in seen.judged]
    results += [_unread(one.text) for one in seen.failures if one.kind is Quiet.UNREAD]
    return Report(
        contract=contract.id,
        contract_version=contract.version,
        table=contract.table,
        slice=seen.piece.id,
        where="watched table",
        rows=seen.profile.rows if seen.profile is not None else 0,
        malformed=0,
        decision=Decision.PUBLISH,
        results=tuple(results),
        milliseconds=milliseconds,
    )


def _result(one: Judged, text: str) -> CheckResult:
    own = _UNITS.get(one.kind, float)
    usual = one.usual
    expected = f"{own(usual.low):.6g} to {own(usual.high):.6g}" if usual else "nothing: its history is too short"
    return CheckResult(
        id=f"watch:{one.metric}",
        kind=CheckKind.ANOMALY,
        columns=(one.column,) if one.column else (),
        severity=CheckSeverity.ERROR,
        passed=not one.unusual,
        expected=expected,
        actual=text or f"{own(one.value):.6g}",
        value=own(one.value),
    )


def _unread(text: str) -> CheckResult:
    return CheckResult(
        id="watch:read",
        kind=CheckKind.ANOMALY,
        columns=(),
        severity=CheckSeverity.ERROR,
        passed=False,
        expected="the slice to be read",
        actual=text,
        error=text,
    )
