"""Rows that are in no slice, ever: no run moves them, and no gate of a slice sees them."""

from __future__ import annotations

from dataclasses import replace

from airflow_provider_harness.core.contracts.checks import Check, CheckKind, CheckSeverity
from airflow_provider_harness.core.contracts.contract import Contract
from airflow_provider_harness.core.contracts.report import CheckResult, Measurement, judge_one


def in_no_slice(contract: Contract, rows: int) -> tuple[CheckResult, ...]:
    """What a report says of such rows: an error where the contract requires the slice column, else a warning; nothing where
    there are none.

    :param rows: whose slice column is null, infinity, or outside the years 1 to 9999; of the whole relation.
    """
    if not rows:
        return ()
    name = contract.load.slice_column
    required = next((col.required for col in contract.columns if col.name == name), False)
    severity = CheckSeverity.ERROR if required else CheckSeverity.WARN
    check = Check(id="in_no_slice", kind=CheckKind.IN_SLICE, columns=(name,), severity=severity)
    found = judge_one(check, Measurement(value=rows), 0)
    return (
        replace(
            found,
            quarantines=False,
            expected="0 rows that no slice can hold",
            actual=f"{rows} rows whose {name} is null, infinity, or outside the years 1 to 9999",
            look_at=f"No run moves them: give them a {name} at the source, leave them out by a query, or cut by another column.",
        ),
    )
