"""Synthetic tables: what each column is drawn as, how far it may be from the real one, and the gates that say so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import TYPE_CHECKING

from airflow_provider_harness.core.errors import ConfigurationError

if TYPE_CHECKING:
    from airflow_provider_harness.core.contracts.report import CheckResult

MARK = "Synthetic data"
"""How the comment of a synthetic table begins; no other table is ever replaced."""
LEAST_ROWS = 40
"""Rows of the real table without which nothing is learned: half of them are held out."""


class Drawn(StrEnum):
    """How the values of a column come about."""

    KEY = "key"  # counted
    PARENT = "parent"  # a key of a synthetic row of the table that it refers to
    NUMBER = "number"  # between the real quantiles
    MOMENT = "moment"
    CATEGORY = "category"  # a value that several real rows have
    PLACEHOLDER = "placeholder"  # a text that says nothing: personal data, texts, and what is no value of these


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerances:
    """How far the synthetic table may be from the real one.

    :param marginal: of a column: the KS statistic of numbers and moments, the total variation of categories, 0 to 1.
    :param nulls: of a column's share of nulls, 0 to 1.
    :param association: of two columns: the difference of Spearman's correlation, or of Cramér's V where one is a
        category, 0 to 2.
    :param children: of how many rows refer to one row: the KS statistic, 0 to 1.
    :param nearer: how much more than half of the synthetic rows may be nearer to a row that was learned from than to
        one that was held out, 0 to 0.5.
    """

    marginal: float = 0.1
    nulls: float = 0.03
    association: float = 0.15
    children: float = 0.1
    nearer: float = 0.05

    def __post_init__(self) -> None:
        for one in fields(self):
            value = getattr(self, one.name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 2:
                raise ConfigurationError(f"tolerance {one.name}", f"is {value!r}.", fix="Give a number from 0 to 2.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearness:
    """How near synthetic rows are to real ones: Gower's distance, 0 (the same) and more.

    :param closest: of a synthetic row to a row that was learned from; ``held_out`` of a held-out row to one.
    :param few: the share of synthetic rows that are as near as the nearest twentieth of the held-out rows is;
        ``few_held_out`` that of the held-out rows themselves, which is more than a twentieth where many are equally
        near.
    :param nearer: the share of synthetic rows that are nearer to a row that was learned from than to a held-out one; of
        equally near ones, half.
    :param redrawn: how many rows were drawn again since they were too near.
    :param rows: that were compared.
    """

    closest: float
    held_out: float
    few: float
    few_held_out: float
    nearer: float
    redrawn: int
    rows: int


def fits(
    name: str, kind: str, distance: float, most: float, *, columns: tuple[str, ...] = (), note: str = ""
) -> CheckResult:
    """One tolerance.

    :param kind: of the gate: ``marginal``, ``nulls``, ``association`` or ``children``.
    :param note: what else a reader should know, for example that the column is constant.
    """
    from airflow_provider_harness.core.learning.results import gate_result

    return gate_result(
        f"{kind}:{name}",
        distance <= most,
        f"at most {most:g}",
        f"{distance:.4f}" + (f" ({note})" if note else ""),
        value=distance,
        columns=columns,
        look_at="Look at its plot in the report; give more sample_rows, or a wider tolerance that you can justify.",
    )


def private(table: str, found: Nearness, tolerances: Tolerances) -> tuple[CheckResult, ...]:
    """Whether no row is nearer to a real one than the holdout is.

    Of a share of n rows, chance alone gives a deviation of 1 / (2 sqrt n): three of them are allowed beyond the
    tolerance.
    """
    from airflow_provider_harness.core.learning.results import gate_result

    chance = 1.5 / max(found.rows, 1) ** 0.5
    look_at = (
        "The rows copy real ones: give more sample_rows, leave out columns that tell rows apart, or classify them."
    )
    bound, few = 0.5 + tolerances.nearer + chance, found.few_held_out + tolerances.nearer + chance
    return (
        gate_result(
            f"privacy:closest:{table}",
            found.closest >= found.held_out,
            f"no row nearer to one that was learned from than the nearest held-out row is ({found.held_out:.6f})",
            f"{found.closest:.6f} ({found.redrawn} rows were drawn again)",
            value=found.closest,
            look_at=look_at,
        ),
        gate_result(
            f"privacy:near:{table}",
            found.few <= few,
            f"at most {few:.3f} of the rows as near as a twentieth of the held-out rows",
            f"{found.few:.3f}",
            value=found.few,
            look_at=look_at,
        ),
        gate_result(
            f"privacy:share:{table}",
            found.nearer <= bound,
            f"at most {bound:.3f} of the rows nearer to one that was learned from than to a held-out one",
            f"{found.nearer:.3f}",
            value=found.nearer,
            look_at=look_at,
        ),
    )


def tolerances_of(place: str, given: Mapping[str, float]) -> Tolerances:
    """The tolerances that an operator is given.

    :raises ConfigurationError: one of them does not exist.
    """
    known = tuple(one.name for one in fields(Tolerances))
    if strange := sorted({*given} - {*known}):
        raise ConfigurationError(f"{place}, tolerances", f"has {strange[0]!r}.", valid=known)
    return Tolerances(**given)
