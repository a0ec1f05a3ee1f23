"""Rows that were set aside: they come back only through the gate that turned them away."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from airflow_provider_harness.app.rows.gate import Gate
from airflow_provider_harness.core.contracts.contract import Contract
from airflow_provider_harness.core.contracts.report import Decision, Measurements, Report
from airflow_provider_harness.core.errors import ContractViolation
from airflow_provider_harness.core.slices.slices import Slice


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """What one release did.

    :param rows: rows that are published now.
    :param staying: rows that still fail a check and stay in quarantine.
    """

    rows: int
    staying: int


class QuarantinedSlice(Protocol):
    """The rows of one slice in quarantine, under that slice's lock."""

    def take(self, check: str) -> tuple[int, int]: ...
    def measure(self) -> Measurements: ...
    def publish(self) -> int: ...


class Quarantine(Protocol):
    """Where rows are set aside."""

    def shelf(self, contract: Contract, piece: Slice) -> AbstractContextManager[QuarantinedSlice]: ...


def release(gate: Gate, quarantine: Quarantine, check: str = "") -> tuple[Released, Report | None]:
    """Check the slice's rows in quarantine again; publish those that pass into the slice, if all of it then passes.

    :param check: only rows that this check set aside; empty for all.
    :raises ContractViolation: the slice with these rows in it breaks the contract; nothing was released.
    """
    with quarantine.shelf(gate.contract, gate.piece) as shelf:
        passing, staying = shelf.take(check)
        if not passing:
            return Released(rows=0, staying=staying), None
        report = gate.judge(shelf.measure(), "published slice with the rows to be released")
        if report.decision is not Decision.PUBLISH:
            raise ContractViolation(report)
        return Released(rows=shelf.publish(), staying=staying), report
