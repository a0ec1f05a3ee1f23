"""Which engine measures which check, so that every check of a contract is measured by one."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

from airflow_provider_harness.core.checks import Check, CheckKind
from airflow_provider_harness.core.contract import Contract
from airflow_provider_harness.core.report import Measurements

from . import gx


class Engine(StrEnum):
    """Who measures what both can."""

    SQL = "sql"
    GX = "gx"


def shared_out(contract: Contract, engine: Engine) -> tuple[tuple[Check, ...], tuple[Check, ...]]:
    """The checks for SQL, and those for Great Expectations: its own expectations always, the rest as asked."""
    theirs = tuple(
        check
        for check in contract.checks
        if gx.expectable(check) and (engine is Engine.GX or check.kind is CheckKind.CUSTOM_GX)
    )
    return tuple(check for check in contract.checks if check not in theirs), theirs


def joined(ours: Measurements, theirs: Measurements) -> Measurements:
    """Both engines' numbers of the same rows."""
    values = {**ours.values, **theirs.values}
    return replace(ours, values=values, milliseconds=ours.milliseconds + theirs.milliseconds)
