"""Which engine measures which check, so that every check of a contract is measured by one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from enum import StrEnum

from airflow_provider_harness.adapters.gx import suite as gx
from airflow_provider_harness.core.contracts.checks import Check, CheckKind
from airflow_provider_harness.core.contracts.contract import Contract
from airflow_provider_harness.core.contracts.report import Measurement, Measurements
from airflow_provider_harness.core.errors import MissingExtra


class Engine(StrEnum):
    """Who measures what both can."""

    SQL = "sql"
    GX = "gx"


def shared_out(
    contract: Contract, engine: Engine, *, frame: bool = False
) -> tuple[tuple[Check, ...], tuple[Check, ...]]:
    """The checks for SQL, and those for Great Expectations: its own expectations always, the rest as asked, where it is exact.

    :param frame: whether the rows come to it as a pandas frame.
    """
    theirs = tuple(
        check
        for check in contract.checks
        if check.kind is CheckKind.CUSTOM_GX or (engine is Engine.GX and gx.exact(check, contract, frame=frame))
    )
    return tuple(check for check in contract.checks if check not in theirs), theirs


def joined(ours: Measurements, theirs: Measurements) -> Measurements:
    """Both engines' numbers of the same rows."""
    values = {**ours.values, **theirs.values}
    return replace(ours, values=values, milliseconds=ours.milliseconds + theirs.milliseconds)


def shared(
    contract: Contract,
    ours: Callable[[Contract], Measurements],
    theirs: Callable[[Sequence[Check]], Measurements],
    engine: Engine = Engine.SQL,
    *,
    frame: bool = False,
) -> Measurements:
    """Every check of a contract, measured by one engine or the other.

    :param ours: measures a contract's checks by SQL.
    :param theirs: measures checks by Great Expectations; where that is not installed, they could not be checked.
    :param frame: whether the rows come to Great Expectations as a pandas frame.
    """
    mine, other = shared_out(contract, engine, frame=frame)
    found = ours(replace(contract, checks=mine))
    if not other:
        return found
    try:
        return joined(found, theirs(other))
    except MissingExtra as error:
        missing = {check.id: Measurement(value=None, error=str(error)) for check in other}
        return replace(found, values={**found.values, **missing})
