"""``airflow harness quality``: what the gates of a table found, slice by slice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from airflow_provider_harness.app.pages.kpis import Typical, kpis
from airflow_provider_harness.app.pages.tables import GateShown, gate_shown
from airflow_provider_harness.core.contracts.checks import CheckKind
from airflow_provider_harness.core.contracts.report import Decision
from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.core.slices.gate_run import StoredCheck, StoredGate

UNUSUAL, UNCHECKED = "*", "!"
LEGEND = f"{UNUSUAL} unusual against its own history   {UNCHECKED} could not be checked"
NULLS = (CheckKind.NOT_NULL, CheckKind.NULL_RATE)
"""Kinds whose share of rows is a rate of nulls."""


def of_slices(gates: Sequence[StoredGate]) -> list[dict[str, Any]]:
    """One line a gate: what it looked at, decided and cost."""
    return [
        {
            "slice": gate.slice,
            "gate": f"{gate.place} {gate.conn_id}".strip(),
            "rows": gate.rows,
            "malformed": gate.malformed,
            "decision": str(gate.decision),
            "not passed": ", ".join(c.id + mark(c) for c in gate.checks if not c.passed),
            "nulls": _worst_nulls(gate.checks),
            "gate ms": gate.milliseconds.get("gate", ""),
            "total ms": gate.milliseconds.get("total", ""),
            "measured": gate.measured_at.isoformat(timespec="seconds"),
        }
        for gate in gates
    ]


def of_check(gates: Sequence[StoredGate], name: str) -> list[dict[str, Any]]:
    """One line a gate that has the check.

    :raises ConfigurationError: no gate has it.
    """
    found = [(gate, check) for gate in gates for check in gate.checks if check.id == name]
    if not found:
        known = tuple(dict.fromkeys(check.id for gate in reversed(gates) for check in gate.checks))
        raise ConfigurationError(f"check {name}", "was not part of these gates.", valid=known)
    return [
        {
            "slice": gate.slice,
            "gate": f"{gate.place} {gate.conn_id}".strip(),
            "rows": gate.rows,
            "value": "" if check.value is None else f"{check.value:.6g}",
            "share": "" if check.share is None else f"{check.share:.2%}",
            "passed": ("yes" if check.passed else "no") + mark(check),
            "decision": str(gate.decision),
            "measured": gate.measured_at.isoformat(timespec="seconds"),
        }
        for gate, check in found
    ]


def of_kpis(gates: Sequence[StoredGate], *, as_json: bool) -> list[dict[str, Any]]:
    """The key figures of a table, one line each; for programs, as one object."""
    found = kpis(gates, datetime.now(UTC))
    if as_json:
        return [asdict(found)]
    figures: dict[str, Any] = {
        f"newest of {found.slices} slices": found.newest,
        "hours since it ended": _said(found.age_hours),
        "checks passed, newer half": _percent(found.passed),
        "checks passed, older half": _percent(found.passed_before),
        "slices with an unusual number": found.unusual,
        "slices blocked": found.blocked,
        "minutes from a slice's end to its gate": _spread(found.arrival_minutes),
        **{f"ms of {name}": _spread(spread) for name, spread in found.stages.items()},
    }
    return [{"figure": name, "value": value} for name, value in figures.items()]


def _said(value: float | None) -> str:
    return "not known" if value is None else f"{value:g}"


def _percent(share: float | None) -> str:
    return "not known" if share is None else f"{share:.1%}"


def _spread(spread: Typical | None) -> str:
    return "not known" if spread is None else f"median {spread.median:g}, 95 of 100 within {spread.p95:g}"


def as_json(gates: Sequence[StoredGate], name: str) -> list[dict[str, Any]]:
    """Everything that is kept, for programs, as the JSON API has it.

    :param name: of the only check that is wanted; empty = all.
    """
    from pydantic import TypeAdapter

    told: list[dict[str, Any]] = TypeAdapter(list[GateShown]).dump_python(
        [gate_shown(gate, name) for gate in gates], mode="json"
    )
    return told


def findings(gates: Sequence[StoredGate], name: str) -> bool:
    """Whether a person should look at the newest slice: it was blocked, or a number is unusual or missing."""
    newest = max((gate.at for gate in gates), default=None)
    latest = [gate for gate in gates if gate.at == newest]
    if name:
        return any(not check.passed for gate in latest for check in gate.checks if check.id == name)
    return any(gate.decision is Decision.BLOCK or any(map(mark, gate.checks)) for gate in latest)


def marked(gates: Iterable[StoredGate]) -> bool:
    """Whether the legend is needed."""
    return any(mark(check) for gate in gates for check in gate.checks)


def mark(check: StoredCheck) -> str:
    """What a person should see at a check's name."""
    return UNCHECKED if check.error else UNUSUAL if check.flagged else ""


def _worst_nulls(checks: Sequence[StoredCheck]) -> str:
    rates = [(check.share, check.id.partition(":")[2]) for check in checks if check.kind in NULLS and check.share]
    return "{1} {0:.2%}".format(*max(rates)) if rates else ""
