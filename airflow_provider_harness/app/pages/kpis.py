"""Key figures of a table by what its gates kept: how fresh it is, how its quality goes, and how long each stage takes."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from math import ceil

from airflow_provider_harness.core.contracts.report import Decision
from airflow_provider_harness.core.slices.gate_run import StoredGate


@dataclass(frozen=True, slots=True, kw_only=True)
class Typical:
    """Of how long something takes: the median and the 95th percentile."""

    median: float
    p95: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Kpis:
    """:param newest: id of the newest slice that was judged.
    :param age_hours: since that slice ended; of how old the data is that people read.
    :param passed: share of checks that passed, 0 to 1, over the newer half of the slices; ``passed_before`` over the older half.
    :param unusual: slices with a number that was unusual against its history.
    :param blocked: slices that were not published.
    :param arrival_minutes: from the end of a slice until it was judged, of those that ended since the first look, or just before; None
        where there is none, or nobody knows where slices end.
    :param stages: ``place: stage`` -> milliseconds.
    """

    table: str
    slices: int
    newest: str
    age_hours: float | None
    passed: float | None
    passed_before: float | None
    unusual: int
    blocked: int
    arrival_minutes: Typical | None
    stages: Mapping[str, Typical]


def kpis(gates: Sequence[StoredGate], now: datetime) -> Kpis:
    """The key figures of a table.

    :param gates: of its newest slices, one or more, oldest slice first.
    """
    starts = sorted({gate.at for gate in gates})
    length, half = _length(starts), starts[len(starts) // 2]
    newest = gates[-1]
    ends = {start: start + length for start in starts} if length else {}
    return Kpis(
        table=newest.table,
        slices=len(starts),
        newest=newest.slice,
        age_hours=round((now - ends[newest.at]).total_seconds() / 3600, 2) if ends else None,
        passed=_passed([gate for gate in gates if gate.at >= half]),
        passed_before=_passed([gate for gate in gates if gate.at < half]),
        unusual=len({gate.at for gate in gates if any(check.flagged for check in gate.checks)}),
        blocked=len({gate.at for gate in gates if gate.decision is Decision.BLOCK}),
        arrival_minutes=_arrival(gates, ends, length) if length else None,
        stages=_stages(gates),
    )


def _length(starts: Sequence[datetime]) -> timedelta | None:
    """How long a slice usually is: as far as most begin after the one before."""
    apart = Counter(later - earlier for earlier, later in pairwise(starts))
    return apart.most_common(1)[0][0] if apart else None


def _arrival(gates: Sequence[StoredGate], ends: Mapping[datetime, datetime], length: timedelta) -> Typical | None:
    """Slices that were over long before anybody looked are a history that was read at once, and none that was late."""
    began = min(gate.measured_at for gate in gates)
    later = [gate for gate in gates if ends[gate.at] + length > began]
    return _spread([(gate.measured_at - ends[gate.at]).total_seconds() / 60 for gate in later])


def _passed(gates: Sequence[StoredGate]) -> float | None:
    checks = [check.passed for gate in gates for check in gate.checks]
    return round(sum(checks) / len(checks), 4) if checks else None


def _stages(gates: Sequence[StoredGate]) -> dict[str, Typical]:
    found: dict[str, list[float]] = defaultdict(list)
    for gate in gates:
        for stage, milliseconds in gate.milliseconds.items():
            found[f"{gate.place}: {stage}"].append(milliseconds)
    return {name: spread for name, values in sorted(found.items()) if (spread := _spread(values)) is not None}


def _spread(values: Sequence[float]) -> Typical | None:
    """
    >>> _spread([1.0, 2.0, 3.0, 4.0, 50.0])
    Typical(median=3.0, p95=50.0)
    """
    if not values:
        return None
    ordered = sorted(values)

    def at(share: float) -> float:
        return round(ordered[max(ceil(share * len(ordered)) - 1, 0)], 2)

    return Typical(median=at(0.5), p95=at(0.95))
