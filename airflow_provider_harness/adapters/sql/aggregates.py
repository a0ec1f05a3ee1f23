"""Aggregates that add up batch by batch, so that none of their values needs to be kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction
from math import isnan, sqrt
from typing import Any

from airflow_provider_harness.core.contracts.checks import CheckKind

State = tuple[Any, ...]
DIGITS = 200
"""Of a sum of decimals; PostgreSQL's own numbers have no more before the point that a table could sum up to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """One kind of aggregate.

    :param parts: expressions over one batch; ``{0}`` is the column.
    :param join: the state of two batches together.
    :param value: what the state comes to; None where there were no values.
    """

    parts: tuple[str, ...]
    join: Callable[[State, State], State]
    value: Callable[[State], Any]


def _sums(one: State, other: State) -> State:
    return tuple(b if a is None else a if b is None else _added(a, b) for a, b in zip(one, other, strict=True))


def _added(one: Any, other: Any) -> Any:
    """A sum with all its digits."""
    with localcontext() as context:
        context.prec = DIGITS
        return one + other


def _mean(state: State) -> Any:
    total, count = state
    if not count:
        return None
    exact = isinstance(total, int) or (isinstance(total, Decimal) and total.is_finite())
    return Fraction(total) / count if exact else total / count


def _extreme(choose: Callable[[Any, Any], Any]) -> Callable[[State, State], State]:
    return lambda one, other: (
        other[0] if one[0] is None else one[0] if other[0] is None else choose(one[0], other[0]),
    )


def _nan(value: Any) -> bool:
    return isinstance(value, float | Decimal) and isnan(value)


def _larger(one: Any, other: Any) -> Any:
    """NaN is the largest of all numbers, as in PostgreSQL."""
    return one if _nan(one) or (not _nan(other) and one >= other) else other


def _smaller(one: Any, other: Any) -> Any:
    return other if _larger(one, other) is one else one


def _moments(one: State, other: State) -> State:
    """Count, mean and mean square deviation of two batches together.

    Chan, Golub, LeVeque: Updating Formulae and a Pairwise Algorithm for Computing Sample Variances (1979).
    """
    if not one[0] or not other[0]:
        return one if one[0] else other
    count, step = one[0] + other[0], other[1] - one[1]
    mean = one[1] + step * other[0] / count
    spread = one[2] * one[0] + other[2] * other[0] + step * step * one[0] * other[0] / count
    return count, mean, spread / count


def _deviation(state: State) -> float | None:
    count, _, spread = state
    return sqrt(spread * count / (count - 1)) if count > 1 else None


_AS_DOUBLE = "CAST({0} AS double precision)"

MERGEABLE: Mapping[CheckKind, Running] = {
    CheckKind.SUM: Running(parts=("sum({0})",), join=_sums, value=lambda state: state[0]),
    CheckKind.MEAN: Running(parts=("sum({0})", "count({0})"), join=_sums, value=_mean),
    CheckKind.MINIMUM: Running(parts=("min({0})",), join=_extreme(_smaller), value=lambda state: state[0]),
    CheckKind.MAXIMUM: Running(parts=("max({0})",), join=_extreme(_larger), value=lambda state: state[0]),
    CheckKind.STDDEV: Running(
        parts=("count({0})", f"avg({_AS_DOUBLE})", f"var_pop({_AS_DOUBLE})"), join=_moments, value=_deviation
    ),
}


def merge(kind: CheckKind, states: Sequence[State]) -> Any:
    """What an aggregate comes to over all batches."""
    if not states:
        return None
    total = states[0]
    for state in states[1:]:
        total = MERGEABLE[kind].join(total, state)
    return MERGEABLE[kind].value(total)
