"""What a data contract means to the harness, whatever file format it was written in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum

from airflow_provider_harness.core.contracts.checks import Check
from airflow_provider_harness.core.contracts.exact import percent, written
from airflow_provider_harness.core.contracts.grain import Grain as Grain
from airflow_provider_harness.core.contracts.learning.features import FeatureTable, TrainingSet
from airflow_provider_harness.core.contracts.span import span


class LoadMode(StrEnum):
    """How a slice reaches the published table. Every mode gives the same rows however often a slice is run."""

    INCREMENTAL = "incremental"  # the slice's rows are replaced
    FULL = "full"  # the whole table is replaced
    MERGE = "merge"  # rows of the same key are updated, the others are added, none is deleted
    APPEND = "append"  # the slice's rows are added once; a slice that is there already stays as it is


class Treatment(StrEnum):
    """What happens to the values of a column before they leave the source."""

    KEEP = "keep"
    MASK = "mask"  # a fixed text instead of each value; the value is never read
    HASH = "hash"  # a keyed hash: equal values stay equal, and nobody without the key can tell which they were
    DROP = "drop"  # the column is never read, and the published table has none


class EpochUnit(StrEnum):
    """What an integer slice column counts since 1970-01-01 UTC."""

    SECONDS = "seconds"
    MILLISECONDS = "milliseconds"
    MICROSECONDS = "microseconds"
    NANOSECONDS = "nanoseconds"

    @property
    def per_second(self) -> int:
        """How many of them a second has."""
        return int(10 ** (3 * tuple(EpochUnit).index(self)))


STATUSES = ("proposed", "draft", "active", "deprecated", "retired")
"""The standard's words for where a contract stands in its life; an author may write others."""


class MalformedRows(StrEnum):
    """What happens to a slice in which some rows fail a row-level check of severity error."""

    REJECT = "reject"
    QUARANTINE = "quarantine"


class LateAction(StrEnum):
    """What happens when the source does not have the slice by the agreed time: wait on, skip the run's slice with a note,
    or fail, so that a person is paged."""

    WAIT = "wait"
    SKIP = "skip"
    PAGE = "page"


class Criticality(StrEnum):
    """How much it hurts when this data is missing or wrong."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Readiness(StrEnum):
    """How far the data may be trusted; ``core.contracts.readiness`` says what each level demands."""

    BRONZE = "bronze"
    SILVER = "silver"
    GOLD = "gold"
    AI_READY = "ai_ready"


class AiPoint(StrEnum):
    """What data must be for a model to learn from them; each point is measured, or a person's word."""

    COMPLETENESS = "completeness"
    BIAS = "bias"
    LABEL_QUALITY = "label_quality"
    TEMPORAL_CONSISTENCY = "temporal_consistency"
    PERSONAL_DATA = "personal_data"
    LINEAGE = "lineage"


class Access(StrEnum):
    """How a consumer reads the table."""

    LOOKUP = "lookup"
    SLICE = "slice"
    SCAN = "scan"
    STREAM = "stream"


class LogicalType(StrEnum):
    """The Open Data Contract Standard's types that a column of a table can have here."""

    STRING = "string"
    DATE = "date"
    TIMESTAMP = "timestamp"
    TIME = "time"
    NUMBER = "number"
    INTEGER = "integer"
    OBJECT = "object"
    ARRAY = "array"
    BOOLEAN = "boolean"


PUBLIC = "public"
"""The classification whose values may be shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column as the contract promises it.

    :param name: the physical name.
    :param physical_type: canonical PostgreSQL type, for example ``timestamp with time zone``.
    :param required: no nulls.
    :param classification: the contract's word; empty means nobody classified it, so no sample of it is ever shown.
    :param treatment: what happens to its values at extraction.
    :param synonyms: other words that people use for it.
    :param examples: values that it may have.
    """

    name: str
    logical_type: LogicalType
    physical_type: str
    required: bool = False
    unique: bool = False
    classification: str = ""
    description: str = ""
    treatment: Treatment = Treatment.KEEP
    synonyms: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A number that is made of columns and stored nowhere, as the dictionary defines it.

    :param expression: how it is made, as the contract writes it.
    """

    name: str
    expression: str
    description: str = ""
    synonyms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """How slices are cut and published.

    :param slice_column: the column that says which slice a row belongs to; empty in mode ``full``.
    :param time_zone: IANA name of the zone in which a day of slices begins and ends, and of a slice column without a zone.
    :param grain: how long a slice is where no run says so; None where the contract does not say, which means a day.
    :param key: columns that tell rows apart in mode ``merge``; empty means the primary key.
    :param epoch_unit: what an integer slice column counts.
    :param allow_empty: whether a slice without rows may replace one that has some.
    """

    mode: LoadMode = LoadMode.FULL
    slice_column: str = ""
    time_zone: str = "UTC"
    grain: Grain | None = None
    key: tuple[str, ...] = ()
    epoch_unit: EpochUnit | None = None
    allow_empty: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantinePolicy:
    """Whether malformed rows may be set aside, and how many; both limits must hold.

    Where the policy is to reject, limits are the most that a single-use grant (``core.contracts.grant``) may let be set aside.

    :param max_rows: rows per slice, 0 or more.
    :param max_percent: share of the slice's rows, 0 to 100.
    """

    policy: MalformedRows = MalformedRows.REJECT
    max_rows: int = 0
    max_percent: float = 0.0

    @property
    def by_grant(self) -> bool:
        """Whether rows may be set aside by a grant alone."""
        return self.policy is MalformedRows.REJECT and self.max_rows > 0 and self.max_percent > 0

    @property
    def possible(self) -> bool:
        """Whether rows of the table may ever be set aside."""
        return self.policy is MalformedRows.QUARANTINE or self.by_grant

    def granted(self) -> QuarantinePolicy:
        """The same limits, within which rows may now be set aside."""
        return replace(self, policy=MalformedRows.QUARANTINE)

    def allows(self, rows: int, total: int) -> bool:
        """Whether ``rows`` of ``total`` may be set aside so that the others can be published."""
        if self.policy is not MalformedRows.QUARANTINE or total <= 0:
            return False
        return rows < total and rows <= self.max_rows and percent(rows, total) <= written(self.max_percent)


@dataclass(frozen=True, slots=True, kw_only=True)
class LatePolicy:
    """What to do when the source is late; ``core.slices.lateness`` says when that is. Who says nothing waits, as long as the
    sensor's timeout.

    :param wait_minutes: minutes after the slice's end before the action, 0 or more.
    :param until: wait at least until this time of day, as ``06:00 Europe/Berlin``; empty for none.
    """

    action: LateAction = LateAction.WAIT
    wait_minutes: int = 0
    until: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sla:
    """One promise about time, in the standard's words.

    :param prop: for example ``freshness``, ``latency``, ``retention``.
    :param value: the number or text that the contract gives, with its unit.
    """

    prop: str
    value: str
    unit: str = ""
    element: str = ""

    def span(self) -> timedelta | None:
        """The time that it is about; None where it is about none, or names it in months."""
        return span(self.value, self.unit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watching:
    """How a table is watched that no operator of the harness need write; ``core.watch`` judges what is measured.

    :param conn_id: connection that the healer reads with.
    :param column: the column by which slices are cut and new rows are found.
    :param after_dag: the Dag that fills it; ``after_asset``: the asset that is updated when it is filled; both empty: the clock.
    :param within: how long after a slice's end it is looked at even if no producer was heard of.
    :param columns: whose nulls, sizes and distributions are compared.
    :param key: columns that tell rows apart; empty: repeated rows are not counted.
    :param history: how far back rows are read once, when the watch begins.
    :param announced: days, as ISO 8601, that are known not to be like others.
    :param sensitivity: how many times its usual spread a number may be away, 2 to 100.
    :param max_rows: rows that PostgreSQL's plan may read for one slice, 1 or more.
    :param max_bytes: bytes that BigQuery may read for one slice, 1 or more.
    """

    conn_id: str
    column: str
    after_dag: str = ""
    after_asset: str = ""
    within: timedelta = timedelta(hours=3)
    columns: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    history: timedelta = timedelta(days=28)
    announced: tuple[str, ...] = ()
    sensitivity: float = 6.0
    max_rows: int = 50_000_000
    max_bytes: int = 10_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Who answers for the data.

    :param members: user names of the team's people.
    :param channels: where to reach them.
    """

    team: str = ""
    members: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Consumer:
    """Who reads the table, how, and what for.

    :param columns: the columns it needs; empty means all.
    """

    name: str
    access: Access
    columns: tuple[str, ...] = ()
    purpose: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A person's word on a point that nothing measures.

    :param by: who says it.
    :param date: the day on which it was said, as ISO 8601.
    """

    point: AiPoint
    text: str
    by: str
    date: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AiTerms:
    """What a model needs to know of the table.

    :param labels: columns that a model learns to predict.
    :param groups: columns whose values must keep their shares, so that no group is forgotten.
    """

    labels: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    statements: tuple[Statement, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A sentence of a card, and what bears it out: a check of the contract, or a person's word.

    :param check: id of the check; empty where a person says it.
    :param by: who says it; empty where a check shows it.
    :param date: the day on which it was said, as ISO 8601.
    """

    text: str
    check: str = ""
    by: str = ""
    date: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricTerm:
    """What a metric of a model must be. Exactly one of ``minimum`` and ``maximum`` is given, which says which way is better.

    :param tolerance: how much worse than that of the version in use it may be, in the metric's own unit, 0 or more.
    """

    name: str
    minimum: float | None = None
    maximum: float | None = None
    tolerance: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """When a version is to be rolled back. Exactly one field is given.

    :param check: id of a check of the contract that does not pass in the newest gate.
    :param person: what a person decides by.
    """

    check: str = ""
    person: str = ""


class RollbackProof(StrEnum):
    """How it is shown that a rollback worked."""

    CURRENT = "current"  # the registry, asked again, says that the earlier version is in use
    METRICS = "metrics"  # the earlier version's metrics, of the contract's holdout, meet the thresholds


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackPlan:
    """What is done when a version of a model turns out to be wrong.

    :param steps: what people do beside; the version in use is put back by the program.
    """

    conditions: tuple[Condition, ...]
    steps: tuple[str, ...]
    validated_by: tuple[RollbackProof, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """The terms under which a version of a model may be used.

    :param holdout: the data that metrics are of, by name.
    :param holdout_hash: the fingerprint of these data; metrics of others do not count.
    """

    name: str
    metrics: tuple[MetricTerm, ...]
    holdout: str
    holdout_hash: str
    rollback: RollbackPlan
    purpose: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """The one place where the meaning of a table is written.

    :param id: the contract's own id; stable across versions.
    :param table: ``schema.table`` as published.
    :param key: columns of the primary key, in key order; empty if it has none.
    :param checks: every check that the contract implies or states, in file order.
    :param backfill_alone: how many slices a backfill may fill without asking a person, 0 or more.
    :param description: its purpose; ``limitations`` and ``usage`` are the standard's other two words on it.
    :param granularity: what one row is.
    :param measures: what the dictionary defines beside the columns.
    :param dropped: columns of the source that are never read, because the contract says so.
    :param paged: who is paged when it fails; empty means the team.
    :param roles: who may use it.
    :param truth: column -> the system that is right about it when two disagree, as pairs.
    :param readiness: the level that it claims; None if it claims none.
    :param ai: what a model needs to know of it.
    :param claims: what its card says beside the numbers.
    :param model: the model that it is about; None if it is about none.
    :param runbook: address of what to do when it fails; empty if it names none.
    :param watch: how the published table is watched; None where it is not.
    :param place: the file it was read from.
    :param status: where it stands in its life, one of ``STATUSES`` or a word of its author's.
    :param features: what its columns are as features; None where it holds none.
    :param training_set: how its rows are made of requests and features; None where it is no training set.
    """

    id: str
    version: str
    name: str
    table: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()
    load: Load = field(default_factory=Load)
    quarantine: QuarantinePolicy = field(default_factory=QuarantinePolicy)
    late: LatePolicy = field(default_factory=LatePolicy)
    backfill_alone: int = 0
    criticality: Criticality = Criticality.MEDIUM
    owner: Owner = field(default_factory=Owner)
    slas: tuple[Sla, ...] = ()
    description: str = ""
    limitations: str = ""
    usage: str = ""
    granularity: str = ""
    measures: tuple[Measure, ...] = ()
    dropped: tuple[str, ...] = ()
    paged: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    consumers: tuple[Consumer, ...] = ()
    truth: tuple[tuple[str, str], ...] = ()
    readiness: Readiness | None = None
    ai: AiTerms = field(default_factory=AiTerms)
    claims: tuple[Claim, ...] = ()
    model: Model | None = None
    runbook: str = ""
    watch: Watching | None = None
    place: str = ""
    status: str = ""
    features: FeatureTable | None = None
    training_set: TrainingSet | None = None

    def at(self, table: str) -> Contract:
        """The same contract for another table; what refers to the own table refers to that one then."""
        checks = tuple(
            replace(check, reference=replace(check.reference, table=table))
            if check.reference and check.reference.table == self.table
            else check
            for check in self.checks
        )
        return replace(self, table=table, checks=checks)

    def column(self, name: str) -> Column:
        """The column of this name; a ``KeyError`` lists the names that exist."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.table} has no column {name!r}; it has {', '.join(self.names)}")

    @property
    def merge_key(self) -> tuple[str, ...]:
        """The columns that tell rows apart in mode merge."""
        return self.load.key or self.key

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names, in contract order."""
        return tuple(column.name for column in self.columns)

    @property
    def treated(self) -> frozenset[str]:
        """The columns that are masked or hashed on their way out of the source."""
        return frozenset(column.name for column in self.columns if column.treatment is not Treatment.KEEP)

    def classified(self) -> Mapping[str, str]:
        """Column -> classification, only for the columns that somebody classified."""
        return {column.name: column.classification for column in self.columns if column.classification}
