"""Tables and what their gates found: the models of the list, and of one table's page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from airflow_provider_harness.app.pages.incidents.row import Row
from airflow_provider_harness.app.pages.kept_contract import ContractShown, Difference
from airflow_provider_harness.app.pages.kpis import Kpis
from airflow_provider_harness.app.pages.lineage import LineageGraph
from airflow_provider_harness.core.slices.gate_run import StoredGate
from airflow_provider_harness.core.slices.local import with_local_day

#: Slices that a row of the list shows as its trend.
TREND = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """The first promise about time that the next slice would break.

    :param due_at: None where the length of the next slice is not known.
    :param at_risk: on-call was told of it.
    """

    words: str
    due_at: datetime | None
    late: bool
    at_risk: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LastGate:
    decision: str
    at: datetime
    slice: str
    rows: int
    failed: Sequence[str]
    flagged: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendPoint:
    """:param share_passed: of its checks, 0 to 1; None where it had none."""

    slice: str
    decision: str
    rows: int
    share_passed: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRow:
    """One table of a list.

    :param published_at: when its newest slice was published; None where none is.
    :param quarantined: rows that were set aside, of the slices of the trend.
    :param incidents: ids of those that are open.
    """

    table: str
    conn_id: str
    contract: str
    version: str
    file: str
    owner: str
    criticality: str
    readiness: str
    dag_id: str
    task_id: str
    last_slice: str
    last_slice_end: datetime | None
    published_at: datetime | None
    freshness: Freshness | None
    gate: LastGate | None
    trend: Sequence[TrendPoint]
    quarantined: int
    incidents: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class TableList:
    rows: Sequence[TableRow]
    next_cursor: str | None
    total: int
    owners: Sequence[str]
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class GridSlice:
    """A gate of one slice; a column of the grid."""

    slice: str
    day: str
    start: datetime
    gate: str
    decision: str
    rows: int
    malformed: int
    measured_at: datetime
    task: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GridCheck:
    """A check; a row of the grid."""

    id: str
    kind: str
    severity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckShown:
    """One check of a gate."""

    id: str
    kind: str
    severity: str
    passed: bool
    flagged: bool
    error: str
    value: float | None
    share: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GateShown:
    """One gate as it was kept.

    :param day: the slice with its local day.
    :param gate: where it judged: source, staging, published.
    :param milliseconds: what it took, by part.
    """

    table: str
    contract: str
    contract_version: str
    conn_id: str
    slice: str
    slice_start: datetime
    day: str
    gate: str
    task: str
    rows: int
    malformed: int
    decision: str
    milliseconds: Mapping[str, int]
    measured_at: datetime
    checks: Sequence[CheckShown]


def gate_shown(gate: StoredGate, check: str = "") -> GateShown:
    """A gate for programs and pages.

    :param check: only this one; empty = all.
    """
    names = [item.name for item in fields(CheckShown)]
    return GateShown(
        table=gate.table,
        contract=gate.contract,
        contract_version=gate.contract_version,
        conn_id=gate.conn_id,
        slice=gate.slice,
        slice_start=gate.at,
        day=with_local_day(gate.slice),
        gate=gate.place.value,
        task=gate.task,
        rows=gate.rows,
        malformed=gate.malformed,
        decision=gate.decision.value,
        milliseconds=gate.milliseconds,
        measured_at=gate.measured_at,
        checks=[
            CheckShown(**{name: getattr(one, name) for name in names}) for one in gate.checks if check in ("", one.id)
        ],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    passed: bool
    flagged: bool
    error: str
    value: float | None
    share: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """:param cells: one row a check, one cell a slice; None where the gate did not have the check."""

    slices: Sequence[GridSlice]
    checks: Sequence[GridCheck]
    cells: Sequence[Sequence[Cell | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricPoint:
    """:param low: and ``high``: what was normal by the slices before; None where nothing is said."""

    slice: str
    at: datetime
    value: float
    low: float | None
    high: float | None
    anomaly: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    check: str
    kind: str
    unit: str
    points: Sequence[MetricPoint]


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionShown:
    """A version of the contract, and what it says otherwise than the one before."""

    version: str
    first_at: datetime
    changes: Sequence[Difference]


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaChanged:
    """A difference of the schema that stopped a run."""

    at: datetime
    incident: str
    sentence: str
    ddl: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantinedSlice:
    slice: str
    rows: int
    at: datetime
    checks: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleShown:
    check: str
    row: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantineShown:
    """What was set aside, as gates kept it: masked as the contract says.

    :param list: command that shows the rows; ``release`` the one that publishes them.
    """

    possible: bool
    table: str
    slices: Sequence[QuarantinedSlice]
    samples: Sequence[SampleShown]
    list: str
    release: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TableView:
    """Everything that is known of one table.

    :param kpis: key figures of the newest slices; None where no gate has judged one.
    """

    row: TableRow
    contract: ContractShown | None
    grid: Grid
    metrics: Sequence[Metric]
    kpis: Kpis | None
    versions: Sequence[VersionShown]
    schema_changes: Sequence[SchemaChanged]
    lineage: LineageGraph
    quarantine: QuarantineShown
    incidents: Sequence[Row]
    now: datetime
