"""A slice without rows never replaces one that has some, unless its contract says that this is fine.

A source that is read too early, or through a wrong filter, gives no rows and no error: without this, what was published is gone.
"""

from __future__ import annotations

from dataclasses import replace

from airflow_provider_harness.app.ports.rows import Session
from airflow_provider_harness.core.contracts.checks import Check, CheckKind, Expectation, Operator
from airflow_provider_harness.core.contracts.contract import Contract, LoadMode
from airflow_provider_harness.core.contracts.report import CheckResult, Measurement, judge_one

REPLACED = (LoadMode.INCREMENTAL, LoadMode.FULL)
"""Modes in which what was there goes before the new rows come."""
_CHECK = Check(id="not_emptied", kind=CheckKind.ROW_COUNT, expect=Expectation(operator=Operator.GREATER, values=(0,)))


def may_empty(contract: Contract, rows: int) -> bool:
    """Whether publishing so many rows may leave nothing of what was published, against the contract."""
    return rows == 0 and contract.load.mode in REPLACED and not contract.load.allow_empty


def not_emptied(contract: Contract, session: Session, rows: int) -> CheckResult | None:
    """That a slice keeps rows where it has some; None where there is nothing to ask.

    :param rows: that would be published.
    """
    if not may_empty(contract, rows):
        return None
    there = session.there()
    found = judge_one(_CHECK, Measurement(value=rows), rows, {"published": there, "rows": rows})
    if not there:
        return replace(found, passed=True, expected="no rows, as published", look_at="")
    what = "table" if contract.load.mode is LoadMode.FULL else "slice"
    return replace(
        found,
        expected=f"more than 0 rows, since the published {what} has {there}",
        look_at=f"Look at whether the source had finished writing, and at what the query leaves out. If the {what} is empty now, "
        "say allowEmpty: true in harness.load.",
    )
