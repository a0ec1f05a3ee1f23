"""What a rule's number must be: the standard's operators, and bounds that nothing or everything keeps."""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from airflow_provider_harness.adapters.contracts.findings import Path
from airflow_provider_harness.adapters.contracts.scope import Scope
from airflow_provider_harness.core.contracts.checks import CheckKind, Expectation, Metric, Operator, Unit

COUNTS = frozenset({Metric.FAILING_ROWS, Metric.EXCESS_ROWS, Metric.ROWS})
"""Metrics that are numbers of rows: whole, and 0 or more."""
OPEN = (Operator.BE, Operator.NOT_BE)
"""Operators of which the standard's schema leaves the type open."""
PAIRS = (Operator.BETWEEN, Operator.NOT_BETWEEN)


def expectation(scope: Scope, entry: Mapping[str, Any], here: Path, *, sql: bool = False) -> Expectation:
    """The operator and the unit of a rule; nothing said is: no row may fail.

    :param sql: the number is what a query gives, so it may also be a boolean or a text.
    """
    unit = str(entry.get("unit") or "rows").lower()
    unit = "percent" if unit in ("percent", "%") else "rows" if unit == "row" else unit
    if unit not in tuple(Unit):
        scope.find((*here, "unit"), f"{unit!r} is not valid.", tuple(Unit))
        unit = "rows"
    given = [operator for operator in Operator if operator in entry]
    if len(given) != 1:
        return Expectation(unit=Unit(unit))
    operator, raw = given[0], entry[given[0]]
    values = tuple(raw) if isinstance(raw, list) else (raw,)
    if (
        isinstance(raw, list) != (operator in PAIRS)
        or len(values) != (2 if operator in PAIRS else 1)
        or not all(_comparable(value, sql=sql) for value in values)
    ):
        if operator in OPEN or any(isinstance(value, float) and value != value for value in values):
            fix = "Write it without quotes." if isinstance(raw, str) else ""
            scope.find((*here, str(operator)), f"{raw!r} is not a number.", fix=fix)
        return Expectation(unit=Unit(unit))  # the standard's own schema says so of the others
    if operator in PAIRS and values[0] > values[1]:
        scope.find((*here, str(operator)), f"{values[0]} is over {values[1]}.", fix="Write the lower bound first.")
    return Expectation(operator=operator, values=values, unit=Unit(unit))


def _comparable(value: Any, *, sql: bool) -> bool:
    if isinstance(value, str):
        return sql and not _is_number(value)
    if isinstance(value, bool):
        return sql
    return isinstance(value, int | float | Decimal) and value == value


def _is_number(text: str) -> bool:
    try:
        return Decimal(text).is_finite()
    except ArithmeticError:
        return False


def possible(scope: Scope, kind: CheckKind, metric: Metric, expect: Expectation, here: Path) -> None:
    """Find fault with a bound that no number keeps of which a check's number could be one."""
    counted = metric in COUNTS or kind is CheckKind.DISTINCT_COUNT
    if not counted and metric is not Metric.AGE_SECONDS and kind is not CheckKind.STDDEV:
        return
    if not all(isinstance(v, int | float) and not isinstance(v, bool) for v in expect.values):
        return
    place = (*here, str(expect.operator))
    share = expect.unit is Unit.PERCENT
    if any(math.isinf(value) for value in expect.values):  # type: ignore[arg-type]
        scope.find(place, "is a bound that every number keeps, or none.", fix="Write a number.")
        return
    if kind is CheckKind.ROW_COUNT and share:
        scope.find((*here, "unit"), "percent of the rows is always 100.", fix="Count rows.")
    elif share and any(not 0 <= value <= 100 for value in expect.values):  # type: ignore[operator]
        scope.find(place, "is a share outside 0 to 100 percent.")
    elif not _reachable(expect, 100 if share else None, whole=counted and not share):
        what = "No share of rows" if share else "No number of rows" if metric in COUNTS else f"No {kind}"
        scope.find(place, f"asks for {expect}. {what} is that.", fix="Correct the bound.")


def _reachable(expect: Expectation, most: float | None, *, whole: bool) -> bool:
    """Whether some number from 0 to ``most`` keeps a bound, and the bound itself is of such numbers."""
    low, high = whole_interval(expect) if whole else interval(expect)
    if low is not None and high is not None and low[0] > high[0]:
        return expect.values[0] > expect.values[-1]  # type: ignore[operator]  # which is a finding of its own
    if high is not None and (high[0] < 0 or (high[0] == 0 and high[1])):
        return False
    if most is not None and low is not None and (low[0] > most or (low[0] == most and low[1])):
        return False
    if any(value < 0 for value in expect.values):  # type: ignore[operator]
        return False
    return not (whole and expect.operator in OPEN) or float(expect.values[0]).is_integer()


Side = tuple[float, bool]
"""A bound, and whether it is itself left out."""


def interval(expect: Expectation) -> tuple[Side | None, Side | None]:
    """The lowest and highest number that keeps a bound; None where there is no such side, or the numbers lie apart."""
    first: Any = expect.values[0]
    last: Any = expect.values[-1]
    sides: Mapping[Operator, tuple[Side | None, Side | None]] = {
        Operator.BE: ((first, False), (first, False)),
        Operator.GREATER: ((first, True), None),
        Operator.GREATER_OR_EQUAL: ((first, False), None),
        Operator.LESS: (None, (first, True)),
        Operator.LESS_OR_EQUAL: (None, (first, False)),
        Operator.BETWEEN: ((first, False), (last, False)),
    }
    return sides.get(expect.operator, (None, None))


def whole_interval(expect: Expectation) -> tuple[Side | None, Side | None]:
    """The lowest and highest whole number that keeps a bound: more than 10 is 11 and more."""
    low, high = interval(expect)
    least = None if low is None else (math.floor(low[0]) + 1 if low[1] else math.ceil(low[0]), False)
    most = None if high is None else (math.ceil(high[0]) - 1 if high[1] else math.floor(high[0]), False)
    return least, most
