"""A table's page put together from what its gates kept."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from airflow_provider_harness.app.pages import kept_contract
from airflow_provider_harness.app.pages.tables import (
    Cell,
    Freshness,
    Grid,
    GridCheck,
    GridSlice,
    LastGate,
    Metric,
    MetricPoint,
    QuarantinedSlice,
    QuarantineShown,
    SampleShown,
    SchemaChanged,
    TrendPoint,
    VersionShown,
)
from airflow_provider_harness.core.contracts.anomaly import Point
from airflow_provider_harness.core.contracts.checks import Baseline
from airflow_provider_harness.core.contracts.report import Decision
from airflow_provider_harness.core.diagnosis.failure import Failure
from airflow_provider_harness.core.slices.gate_run import Place, StoredCheck, StoredGate
from airflow_provider_harness.core.slices.local import with_local_day
from airflow_provider_harness.core.slices.sla import first_promise
from airflow_provider_harness.core.slices.slices import Slice

#: Samples of rows that a page shows.
SAMPLES = 20


def newest_of_slices(gates: Sequence[StoredGate]) -> list[StoredGate]:
    """One gate a slice, oldest slice first: that which let rows be published, where there is one, else the newest."""
    found: dict[datetime, StoredGate] = {}
    for gate in sorted(gates, key=lambda one: (one.at, one.place is Place.STAGING, one.measured_at)):
        found[gate.at] = gate
    return [found[at] for at in sorted(found)]


def trend(gates: Sequence[StoredGate]) -> list[TrendPoint]:
    """The newest slices, oldest first."""
    return [
        TrendPoint(
            slice=gate.slice,
            decision=gate.decision.value,
            rows=gate.rows,
            share_passed=sum(check.passed for check in gate.checks) / len(gate.checks) if gate.checks else None,
        )
        for gate in gates
    ]


def last_gate(gates: Sequence[StoredGate]) -> LastGate | None:
    """What the gate of the newest slice found."""
    if not gates:
        return None
    gate = gates[-1]
    return LastGate(
        decision=gate.decision.value,
        at=gate.measured_at,
        slice=gate.slice,
        rows=gate.rows,
        failed=[check.id for check in gate.checks if not check.passed],
        flagged=[check.id for check in gate.checks if check.flagged],
    )


def freshness(
    contract: Mapping[str, Any], ends: datetime | None, length: Any, told: datetime | None, now: datetime
) -> Freshness | None:
    """Whether the slice after the newest one is in time.

    :param contract: as it was kept.
    :param ends: where the newest published slice ends.
    :param length: of the newest slice; None where it is not known.
    :param told: by when the slice is due of which on-call was told.
    """
    promised = kept_contract.slas(contract)
    if not promised or ends is None:
        return None
    due, words = told, ", ".join(kept_contract.words(sla) for sla in promised)
    if due is None and length is not None:
        found = first_promise(promised, Slice(id="", start=ends, end=ends + length))
        due, words = (found.due, found.words) if found else (None, words)
    return Freshness(words=words, due_at=due, late=due is not None and now > due, at_risk=told is not None)


def grid(gates: Sequence[StoredGate], zone: str, readable: Collection[str] | None = None) -> Grid:
    """Slices by checks, each by its newest gate.

    :param readable: Dags whose tasks may be named; None = all.
    """
    checks: dict[str, GridCheck] = {}
    for gate in reversed(gates):
        for check in gate.checks:
            checks.setdefault(check.id, GridCheck(id=check.id, kind=check.kind, severity=check.severity))
    by_gate = [{check.id: check for check in gate.checks} for gate in gates]
    return Grid(
        slices=[_of_some(grid_slice(gate, zone), readable) for gate in gates],
        checks=[checks[name] for name in sorted(checks)],
        cells=[[_cell(found.get(name)) for found in by_gate] for name in sorted(checks)],
    )


def _of_some(shown: GridSlice, readable: Collection[str] | None) -> GridSlice:
    may = readable is None or shown.task.partition("/")[0] in readable
    return shown if may else replace(shown, task="")


def grid_slice(gate: StoredGate, zone: str) -> GridSlice:
    """A gate, for people."""
    return GridSlice(
        slice=gate.slice,
        day=with_local_day(gate.slice, zone),
        start=gate.at,
        gate=gate.place.value,
        decision=gate.decision.value,
        rows=gate.rows,
        malformed=gate.malformed,
        measured_at=gate.measured_at,
        task=gate.task,
    )


def _cell(check: StoredCheck | None) -> Cell | None:
    if check is None:
        return None
    names = ("passed", "flagged", "error", "value", "share")
    return Cell(**{name: getattr(check, name) for name in names})


def metrics(gates: Sequence[StoredGate], baselines: Mapping[str, Baseline], zone: str) -> list[Metric]:
    """Every number that more than one slice has, with what was normal for each slice by those before it."""
    series: dict[str, list[tuple[StoredGate, StoredCheck]]] = {}
    for gate in gates:
        for check in gate.checks:
            if check.value is not None:
                series.setdefault(check.id, []).append((gate, check))
    return [_metric(name, found, baselines.get(name), zone) for name, found in sorted(series.items()) if len(found) > 1]


def _metric(name: str, found: Sequence[tuple[StoredGate, StoredCheck]], baseline: Baseline | None, zone: str) -> Metric:
    points = [
        Point(at=gate.at, value=check.value or 0.0, flagged=check.flagged or gate.decision is Decision.BLOCK)
        for gate, check in found
    ]
    drawn = []
    for gate, check in found:
        usual = kept_contract.band(baseline, name, gate.at, zone, points) if baseline else None
        drawn.append(
            MetricPoint(
                slice=gate.slice,
                at=gate.at,
                value=check.value or 0.0,
                low=usual.low if usual else None,
                high=usual.high if usual else None,
                anomaly=check.flagged,
            )
        )
    return Metric(check=name, kind=found[-1][1].kind, unit="", points=drawn)


def versions(kept: Sequence[tuple[datetime, Mapping[str, Any]]]) -> list[VersionShown]:
    """Versions of the contract, newest first, each with what it says otherwise than the one before.

    :param kept: when each was seen first, oldest first.
    """
    found = []
    for number, (at, body) in enumerate(kept):
        changes = kept_contract.differences(kept[number - 1][1], body) if number else []
        if number == 0 or changes or kept[number - 1][1]["version"] != body["version"]:
            found.append(VersionShown(version=str(body["version"]), first_at=at, changes=changes))
    return found[::-1]


def schema_changes(failures: Sequence[tuple[str, Failure]]) -> list[SchemaChanged]:
    """Differences of the schema that stopped runs, newest first.

    :param failures: each with its incident.
    """
    found = {
        (incident, str(one.schema_diff.get("sentence", ""))): SchemaChanged(
            at=one.occurred_at,
            incident=incident,
            sentence=str(one.schema_diff.get("sentence", "")),
            ddl=tuple(map(str, one.schema_diff.get("ddl", ()))),
        )
        for incident, one in failures
        if one.schema_diff is not None
    }
    return sorted(found.values(), key=lambda one: one.at, reverse=True)


def quarantine(
    table: str,
    conn_id: str,
    contract: Mapping[str, Any] | None,
    gates: Sequence[StoredGate],
    failures: Sequence[tuple[str, Failure]],
) -> QuarantineShown:
    """What was set aside of the slices that are shown, and the commands that show and release it."""
    aside = [gate for gate in gates if gate.decision is Decision.QUARANTINE and gate.malformed]
    file = str((contract or {}).get("file", "")) or "CONTRACT_FILE"
    slice_id = aside[-1].slice if aside else "SLICE"
    options = shlex.join((file, "--conn-id", conn_id or "CONNECTION", "--slice", slice_id))  # names that tasks told
    results = [one for _, failure in failures for one in (failure.report or {}).get("results", ())]
    samples = [
        SampleShown(check=str(one.get("id", "")), row=dict(sample))
        for one in results
        for sample in one.get("samples", ())
    ]
    return QuarantineShown(
        possible=bool((contract or {}).get("quarantine", False)),
        table=f"{table}__quarantine",
        slices=[
            QuarantinedSlice(
                slice=gate.slice,
                rows=gate.malformed,
                at=gate.measured_at,
                checks=[check.id for check in gate.checks if not check.passed],
            )
            for gate in reversed(aside)
        ],
        samples=samples[:SAMPLES],
        list=f"airflow harness quarantine show {options}",
        release=f"airflow harness quarantine release {options}",
    )
