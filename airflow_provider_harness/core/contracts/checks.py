"""The kinds of check: which metric each needs, how it compares, and what a reader should look at when it fails."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType
from typing import Any

from airflow_provider_harness.core.contracts.drift import DriftRule
from airflow_provider_harness.core.contracts.exact import comparable

Scalar = str | int | float | bool | Decimal | Fraction


class CheckSeverity(StrEnum):
    """Error blocks the publication, warn only reports."""

    ERROR = "error"
    WARN = "warn"


class CheckKind(StrEnum):
    """What a check is about."""

    NOT_NULL = "not_null"
    NULL_RATE = "null_rate"
    UNIQUE = "unique"
    ACCEPTED_VALUES = "accepted_values"
    RANGE = "range"
    LENGTH = "length"
    REGEX = "regex"
    MULTIPLE = "multiple"
    ITEMS = "items"
    UNIQUE_ITEMS = "unique_items"
    PROPERTIES = "properties"
    TYPE = "type"
    VALUE_TYPE = "value_type"
    REFERENTIAL = "referential"
    ROW_COUNT = "row_count"
    ROW_COUNT_CHANGE = "row_count_change"
    IN_SLICE = "in_slice"
    RECONCILIATION = "reconciliation"
    RECONCILIATION_BY_KEY = "reconciliation_by_key"
    FRESHNESS = "freshness"
    COMPLETENESS = "completeness"
    MEAN = "mean"
    MINIMUM = "minimum"
    MAXIMUM = "maximum"
    SUM = "sum"
    STDDEV = "stddev"
    QUANTILE = "quantile"
    DISTINCT_COUNT = "distinct_count"
    ANOMALY = "anomaly"
    DRIFT = "drift"
    PERSONAL_DATA = "personal_data"
    TRAINING_DATA = "training_data"
    CUSTOM_SQL = "custom_sql"
    CUSTOM_GX = "custom_gx"


class Metric(StrEnum):
    """The number that a check compares."""

    FAILING_ROWS = "failing_rows"
    EXCESS_ROWS = "excess_rows"
    ROWS = "rows"
    SCALAR = "scalar"
    AGE_SECONDS = "age_seconds"
    MISSING_SLICES = "missing_slices"
    LOST_ROWS = "lost_rows"
    DIFFERING_KEYS = "differing_keys"
    AGGREGATE = "aggregate"
    CHANGE_PERCENT = "change_percent"
    SUSPECTED_VALUES = "suspected_values"
    UNMET = "unmet"
    DRIFT = "drift"


class Operator(StrEnum):
    """How the metric is compared; the Open Data Contract Standard's operators."""

    BE = "mustBe"
    NOT_BE = "mustNotBe"
    GREATER = "mustBeGreaterThan"
    GREATER_OR_EQUAL = "mustBeGreaterOrEqualTo"
    LESS = "mustBeLessThan"
    LESS_OR_EQUAL = "mustBeLessOrEqualTo"
    BETWEEN = "mustBeBetween"
    NOT_BETWEEN = "mustNotBeBetween"


class Unit(StrEnum):
    """Rows compares the metric itself; percent compares 100 x metric / rows of the slice."""

    ROWS = "rows"
    PERCENT = "percent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """What is the same for all checks of a kind.

    :param row_level: a single row can be found guilty, so the row can be set aside; never true for duplicates, since
        which of the two rows is right is a person's question.
    :param samples: failing rows explain the failure.
    :param look_at: a sentence for the person who reads the failure.
    """

    metric: Metric
    row_level: bool = False
    samples: bool = False
    look_at: str

    @property
    def of_rows(self) -> bool:
        """Whether the metric counts rows of the slice, so that it has a share of them."""
        return self.metric in (Metric.FAILING_ROWS, Metric.EXCESS_ROWS)


CHECKS: Mapping[CheckKind, Spec] = MappingProxyType(
    {
        CheckKind.NOT_NULL: Spec(
            metric=Metric.FAILING_ROWS,
            row_level=True,
            samples=True,
            look_at="Look at what the source writes when it does not know the value.",
        ),
        CheckKind.NULL_RATE: Spec(
            metric=Metric.FAILING_ROWS,
            samples=True,
            look_at="Look at what the source writes when it does not know the value, and since when it knows it less often.",
        ),
        CheckKind.UNIQUE: Spec(
            metric=Metric.EXCESS_ROWS,
            samples=True,
            look_at="Look at whether the source delivered a row twice, or whether the key is really unique.",
        ),
        CheckKind.ACCEPTED_VALUES: Spec(
            metric=Metric.FAILING_ROWS,
            row_level=True,
            samples=True,
            look_at="Look at whether the source has a new value that the contract should list.",
        ),
        CheckKind.RANGE: Spec(
            metric=Metric.FAILING_ROWS,
            row_level=True,
            samples=True,
            look_at="Look at the unit and at the program that writes the value at the source.",
        ),
        CheckKind.LENGTH: Spec(
            metric=Metric.FAILING_ROWS,
            row_level=True,
            samples=True,
            look_at="Look at whether the source cuts or pads the value, and at its encoding.",
        ),
        CheckKind.REGEX: Spec(
            metric=Metric.FAILING_ROWS,
            row_level=True,
            samples=True,
            look_at="Look at the form in which the source writes the value, and at the pattern in the contract.",
        ),
        CheckKind.MULTIPLE: Spec(
            metric=Metric.FAILING_ROWS,
            row_level=True,
            samples=True,
            look_at="Look at the unit of the value, and at what rounds it at the source.",
        ),
        CheckKind.ITEMS: Spec(
            metric=Metric.FAILING_ROWS,
            row_level=True,
            samples=True,
            look_at="Look at whether the source delivered all items of the array, or some of them twice.",
        ),
        CheckKind.UNIQUE_ITEMS: Spec(
            metric=Metric.FAILING_ROWS,
            row_level=True,
            samples=True,
            look_at="Look at whether the source lists an item of the array twice.",
        ),
        CheckKind.PROPERTIES: Spec(
            metric=Metric.FAILING_ROWS,
            row_level=True,
            samples=True,
            look_at="Look at which fields the source writes into the object, and which it leaves out.",
        ),
        CheckKind.VALUE_TYPE: Spec(
            metric=Metric.FAILING_ROWS,
            row_level=True,
            samples=True,
            look_at="Look at what the source writes there, and at the contract's logicalType.",
        ),
        CheckKind.TYPE: Spec(
            metric=Metric.FAILING_ROWS,
            look_at="Look at who changed the column's type, and at the contract's physicalType.",
        ),
        CheckKind.REFERENTIAL: Spec(
            metric=Metric.FAILING_ROWS,
            row_level=True,
            samples=True,
            look_at="Look at whether the referenced table was loaded before this one, and has the value at its source.",
        ),
        CheckKind.ROW_COUNT: Spec(
            metric=Metric.ROWS,
            look_at="Look at whether the source had finished writing the slice, and at what it wrote on other days.",
        ),
        CheckKind.ROW_COUNT_CHANGE: Spec(
            metric=Metric.CHANGE_PERCENT,
            look_at="Look at the slice before this one: one of the two may be incomplete or loaded twice.",
        ),
        CheckKind.IN_SLICE: Spec(
            metric=Metric.FAILING_ROWS,
            look_at="Look at the slice column's time zone and at the query's bounds.",
        ),
        CheckKind.RECONCILIATION: Spec(
            metric=Metric.LOST_ROWS,
            look_at="Look at what changed the staged files or the staging table while the slice was moving.",
        ),
        CheckKind.RECONCILIATION_BY_KEY: Spec(
            metric=Metric.DIFFERING_KEYS,
            look_at="Look at the keys that only one table has, then at those whose counts or sums differ.",
        ),
        CheckKind.FRESHNESS: Spec(
            metric=Metric.AGE_SECONDS,
            look_at="Look at when the source last wrote, and at its own schedule.",
        ),
        CheckKind.COMPLETENESS: Spec(
            metric=Metric.MISSING_SLICES,
            look_at="Look at the runs of the missing slices, and at who may delete from the published table.",
        ),
        **dict.fromkeys(
            (CheckKind.MEAN, CheckKind.SUM, CheckKind.STDDEV, CheckKind.QUANTILE),
            Spec(
                metric=Metric.AGGREGATE,
                look_at="Look at the unit of the value, at outliers, and at rows that are missing or there twice.",
            ),
        ),
        **dict.fromkeys(
            (CheckKind.MINIMUM, CheckKind.MAXIMUM),
            Spec(metric=Metric.AGGREGATE, look_at="Look at the rows with the most extreme values, and at their unit."),
        ),
        CheckKind.DISTINCT_COUNT: Spec(
            metric=Metric.AGGREGATE,
            look_at="Look at which values are new or gone since the last good slice.",
        ),
        CheckKind.ANOMALY: Spec(
            metric=Metric.AGGREGATE,
            look_at="Look at what differed on this day at the source; if this is the new level, give the check a new id, so that "
            "it learns anew.",
        ),
        CheckKind.DRIFT: Spec(
            metric=Metric.DRIFT,
            look_at="Look at which values are more or less frequent than in the reference, and at what changed at the source; if "
            "this is the new normal, name a newer reference.",
        ),
        CheckKind.PERSONAL_DATA: Spec(
            metric=Metric.SUSPECTED_VALUES,
            look_at="Look at the column: classify it in the contract, and say what is done with it.",
        ),
        CheckKind.TRAINING_DATA: Spec(
            metric=Metric.UNMET,
            look_at="Look at the card of the set: it has the counts of every step, and each gate with what it found.",
        ),
        CheckKind.CUSTOM_SQL: Spec(
            metric=Metric.SCALAR,
            look_at="Look at the query in the contract: it says what was counted.",
        ),
        CheckKind.CUSTOM_GX: Spec(
            metric=Metric.UNMET,
            look_at="Look at the expectation in the contract, and at what Great Expectations observed.",
        ),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What the metric must be.

    :param values: one bound, or two for the between operators (both ends included).
    """

    operator: Operator = Operator.BE
    values: tuple[Scalar, ...] = (0,)
    unit: Unit = Unit.ROWS

    def holds(self, found: Scalar) -> bool:
        """Whether ``found`` is as expected; NaN never is.

        :raises TypeError: it cannot be compared with a bound.

        >>> Expectation(operator=Operator.LESS_OR_EQUAL, values=(0.3,)).holds(Decimal("0.30000000000000000001"))
        False
        """
        bounds = tuple(comparable(value, found) for value in self.values)
        return found == found and _COMPARE[self.operator](found, bounds)

    def __str__(self) -> str:
        share = "%" if self.unit is Unit.PERCENT else ""
        return _WORDS[self.operator].format(*(f"{value}{share}" for value in self.values))


_COMPARE: Mapping[Operator, Callable[[Any, tuple[Any, ...]], bool]] = MappingProxyType(
    {
        Operator.BE: lambda found, v: found == v[0],
        Operator.NOT_BE: lambda found, v: found != v[0],
        Operator.GREATER: lambda found, v: found > v[0],
        Operator.GREATER_OR_EQUAL: lambda found, v: found >= v[0],
        Operator.LESS: lambda found, v: found < v[0],
        Operator.LESS_OR_EQUAL: lambda found, v: found <= v[0],
        Operator.BETWEEN: lambda found, v: v[0] <= found <= v[1],
        Operator.NOT_BETWEEN: lambda found, v: not v[0] <= found <= v[1],
    }
)

_WORDS: Mapping[Operator, str] = MappingProxyType(
    {
        Operator.BE: "exactly {0}",
        Operator.NOT_BE: "anything but {0}",
        Operator.GREATER: "more than {0}",
        Operator.GREATER_OR_EQUAL: "at least {0}",
        Operator.LESS: "less than {0}",
        Operator.LESS_OR_EQUAL: "at most {0}",
        Operator.BETWEEN: "{0} to {1}",
        Operator.NOT_BETWEEN: "outside {0} to {1}",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """The other table of a foreign key or of a reconciliation: ``schema.table`` and its columns, in the check's order.

    :param measures: its columns whose sums by key must agree, in the order of the check's.
    :param slice_column: restricts it to the slice under test; empty: all its rows count.
    """

    table: str
    columns: tuple[str, ...]
    measures: tuple[str, ...] = ()
    slice_column: str = ""


class Slot(StrEnum):
    """Which earlier slices are compared with one: all, those of its weekday, or those of its hour of the day."""

    ALL = "all"
    WEEKDAY = "weekday"
    HOUR = "hour"


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """What an anomaly check takes for normal.

    :param of: the kind of check whose number is watched, for example ``row_count`` or ``mean``.
    :param minimum: earlier slices of the same slot without which nothing is said, 3 or more.
    :param window: the latest slices of the slot that are looked at.
    :param sensitivity: how many scaled median absolute deviations from the median are still normal, over 0.
    :param floor: a distance from the median that is always normal, in the metric's own unit, 0 or more.
    """

    of: CheckKind
    slot: Slot = Slot.WEEKDAY
    minimum: int = 8
    window: int = 60
    sensitivity: float = 4.0
    floor: float = 0.0


ITEM = "[]"
"""In a check's path: each item of an array."""
INSIDE = frozenset({CheckKind.ITEMS, CheckKind.UNIQUE_ITEMS, CheckKind.PROPERTIES})
"""Kinds that look into an array or an object, wherever it is."""
BELOW = INSIDE | {
    CheckKind.NOT_NULL,
    CheckKind.NULL_RATE,
    CheckKind.ACCEPTED_VALUES,
    CheckKind.RANGE,
    CheckKind.MULTIPLE,
    CheckKind.LENGTH,
    CheckKind.REGEX,
    CheckKind.VALUE_TYPE,
}
"""Kinds that the engines measure below a column, in fields of an object and items of an array (``core.contracts.documents`` says what they
mean there). A rule of any other kind there is a finding when the contract is compiled (ADR 0020)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check of one contract.

    :param id: ``kind:column[,column]`` unless the contract names it; unique in the contract.
    :param columns: the columns it looks at; empty for checks of the whole slice.
    :param low: lowest valid value of a range, or shortest length, or None.
    :param high: highest valid value of a range, or longest length, or None.
    :param values: the accepted values.
    :param sql: one scalar query, with ``${table}`` for the rows under test.
    :param dimension: the standard's word, for example ``completeness``.
    :param pattern: regular expression that a text must match somewhere; ``^`` and ``$`` bind it.
    :param type: canonical PostgreSQL type.
    :param quantile: 0 to 1; the smallest value that at least this share of the values does not exceed.
    :param measures: columns whose sums by key must agree with the reference's.
    :param tolerance: by how much such sums may differ, 0 or more.
    :param gx: an expectation as JSON: ``type`` and ``kwargs``.
    :param low_open: the lowest value itself is not valid; so with ``high_open``.
    :param step: what every value must be a multiple of, over 0; None where nothing is said.
    :param path: from the column down to what the check looks at: names of fields, and ``ITEM`` for each item of an array;
        empty for the column itself. Only kinds of ``BELOW`` are measured there.
    :param logical: the standard's type of what the path leads to, where the check needs one; empty where nothing is said.
    """

    id: str
    kind: CheckKind
    columns: tuple[str, ...] = ()
    severity: CheckSeverity = CheckSeverity.ERROR
    expect: Expectation = field(default_factory=Expectation)
    low: Scalar | None = None
    high: Scalar | None = None
    values: tuple[Scalar, ...] = ()
    reference: Reference | None = None
    sql: str = ""
    description: str = ""
    dimension: str = ""
    pattern: str = ""
    type: str = ""
    quantile: float = 0.5
    measures: tuple[str, ...] = ()
    tolerance: float = 0.0
    baseline: Baseline | None = None
    drift: DriftRule | None = None
    gx: str = ""
    low_open: bool = False
    high_open: bool = False
    step: Scalar | None = None
    path: tuple[str, ...] = ()
    logical: str = ""

    @property
    def subject(self) -> str:
        """Its columns, and where below the first of them it looks.

        >>> Check(id="x", kind=CheckKind.LENGTH, columns=("lines",), path=(ITEM, "sku")).subject
        'lines[].sku'
        """
        return ", ".join(self.columns) + "".join(part if part == ITEM else f".{part}" for part in self.path)

    @property
    def looks_inside(self) -> bool:
        """Whether it is about what is inside a column's values, and not about these as a whole."""
        return bool(self.path) or self.kind in INSIDE

    @property
    def spec(self) -> Spec:
        """What is the same for all checks of this kind."""
        return CHECKS[self.kind]

    @property
    def quarantines(self) -> bool:
        """Whether a row that fails may be quarantined so that the others can be published."""
        return self.spec.row_level and self.severity is CheckSeverity.ERROR and self.expect == Expectation()

    def reason(self) -> str:
        """What a row that fails this check has done wrong, for the quarantine."""
        return _REASONS[self.kind](self)


_OF_TYPE: Mapping[str, CheckKind] = MappingProxyType(
    dict.fromkeys(("integer", "number", "date", "timestamp", "time"), CheckKind.RANGE)
    | {
        "string": CheckKind.LENGTH,
        "boolean": CheckKind.ACCEPTED_VALUES,
        "object": CheckKind.PROPERTIES,
        "array": CheckKind.ITEMS,
    }
)
"""Logical type -> a kind that, without bounds, every value of the type keeps and no other does."""


def without_type(check: Check) -> Check:
    """A check of a type as the check without bounds that means the same; any other check as it is.

    >>> without_type(Check(id="x", kind=CheckKind.VALUE_TYPE, logical="boolean")).values
    (True, False)
    """
    if check.kind is not CheckKind.VALUE_TYPE:
        return check
    return replace(check, kind=_OF_TYPE[check.logical], values=(True, False) if check.logical == "boolean" else ())


def _range_words(check: Check) -> str:
    low, high = check.low, check.high
    least = f"{'over' if check.low_open else 'at least'} {low}"
    most = f"{'below' if check.high_open else 'at most'} {high}"
    if low is None:
        return most
    if high is None:
        return least
    return f"{least} and {most}" if check.low_open or check.high_open else f"{low} to {high}"


_REASONS: Mapping[CheckKind, Callable[[Check], str]] = MappingProxyType(
    dict.fromkeys(CheckKind, lambda check: f"{check.id} does not hold")
    | {
        CheckKind.NOT_NULL: lambda c: f"{c.subject} is null",
        CheckKind.ACCEPTED_VALUES: lambda c: f"{c.subject} is not one of {', '.join(map(str, c.values))}",
        CheckKind.RANGE: lambda c: f"{c.subject} is not {_range_words(c)}",
        CheckKind.LENGTH: lambda c: f"{c.subject} is not {_range_words(c)} characters long",
        CheckKind.REGEX: lambda c: f"{c.subject} does not match {c.pattern}",
        CheckKind.MULTIPLE: lambda c: f"{c.subject} is not a multiple of {c.step}",
        CheckKind.ITEMS: lambda c: f"{c.subject} has not {_range_words(c)} items",
        CheckKind.UNIQUE_ITEMS: lambda c: f"{c.subject} has an item twice",
        CheckKind.PROPERTIES: lambda c: f"{c.subject} has not {_range_words(c)} fields",
        CheckKind.TYPE: lambda c: f"{c.subject} is not {c.type}",
        CheckKind.VALUE_TYPE: lambda c: f"{c.subject} is not a valid {c.logical}",
        CheckKind.REFERENTIAL: lambda c: f"{c.subject} is not in {c.reference.table if c.reference else ''}",
    }
)
