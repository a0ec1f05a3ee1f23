"""Who is in a set, beside who should be: shares of groups, regions and times, and weights that would make up for the difference."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.core.errors import ConfigurationError

if TYPE_CHECKING:
    from airflow_provider_harness.core.contracts.report import CheckResult

PERIODS: Mapping[str, int] = {"": 0, "year": 4, "month": 7, "day": 10}
"""Period -> how many signs of a moment, as ISO 8601 writes it, name it; of other columns the whole value does."""
MOST_GROUPS = 10_000
NULL = "(null)"
_KNOWN = ("columns", "period", "reference", "most", "cap")


@dataclass(frozen=True, slots=True, kw_only=True)
class BiasRule:
    """One distribution that is watched.

    :param columns: whose values together name a group.
    :param period: one of ``PERIODS``, where the column is a date or a moment.
    :param shares: group -> share that it should have, together 1; empty where ``table`` says it.
    :param table: ``schema.table`` with the same columns, whose shares are those that should be.
    :param most: total variation up to which it passes, 0 to 1; None: it is only reported.
    :param cap: a weight is at most so much, and at least one over it, 1 or more.
    """

    columns: tuple[str, ...]
    period: str = ""
    shares: Mapping[str, float] = field(default_factory=dict)
    table: str = ""
    most: float | None = None
    cap: float = 5.0

    @property
    def id(self) -> str:
        """The gate's id."""
        return f"bias:{','.join(self.columns)}"

    def group(self, values: Mapping[str, str | None]) -> str:
        """The group of a row.

        >>> BiasRule(columns=("at",), period="month").group({"at": "2026-11-30 20:00:00+00:00"})
        '2026-11'
        """
        texts = (values[name] for name in self.columns)
        return "|".join(NULL if text is None else text[: PERIODS[self.period] or None] for text in texts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """What was found.

    :param rows: group -> rows of the set; ``wanted`` group -> the share that it should have.
    :param apart: total variation: half the sum of the differences of the shares, 0 to 1.
    :param weights: group -> weight of each of its rows; over all rows they add up to their number. What the reference does not know
        has 1 before that.
    :param effective: as many rows without weights tell as much: (sum of weights) squared / sum of squared weights (Kish).
    :param missing: groups that should be there, and are not: no weight makes up for them.
    """

    rule: BiasRule
    rows: Mapping[str, int]
    wanted: Mapping[str, float]
    apart: float
    weights: Mapping[str, float]
    effective: float
    missing: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready, for whoever trains."""
        total = sum(self.rows.values())
        return {
            "columns": list(self.rule.columns),
            "period": self.rule.period,
            "total_variation": self.apart,
            "effective_sample_size": self.effective,
            "missing": list(self.missing),
            "groups": {
                name: {
                    "rows": rows,
                    "share": rows / total,
                    "wanted": self.wanted.get(name),
                    "weight": self.weights[name],
                }
                for name, rows in self.rows.items()
            },
        }

    def result(self) -> CheckResult:
        """Whether it is near enough to the reference."""
        from airflow_provider_harness.core.learning.results import gate_result

        total = sum(self.rows.values())
        off = {name: self.rows.get(name, 0) / total - self.wanted.get(name, 0) for name in {*self.rows, *self.wanted}}
        far = sorted(off, key=lambda name: (-round(abs(off[name]), 9), name))
        worst = ", ".join(
            f"{name}: {self.rows.get(name, 0) / total:.1%}, not {self.wanted.get(name, 0):.1%}" for name in far[:3]
        )
        most = self.rule.most
        return gate_result(
            self.rule.id,
            most is None or self.apart <= most,
            "a total variation from the reference of " + ("any size" if most is None else f"at most {most:g}"),
            f"{self.apart:.4f} ({worst}); weighted, {total} examples count as {self.effective:.0f}",
            value=self.apart,
            columns=self.rule.columns,
            look_at="Add examples of the groups that are too few, or train with the weights of weights.json.",
            facts={"missing": list(self.missing), "effective": self.effective},
        )


def distribution(rule: BiasRule, rows: Mapping[str, int], reference: Mapping[str, float]) -> Distribution:
    """Compare a set with its reference.

    :param rows: group -> rows, one or more in all.
    :param reference: group -> share or count; over 0 in all.
    """
    total, whole = sum(rows.values()), sum(reference.values())
    wanted = {name: value / whole for name, value in reference.items() if value > 0}
    apart = sum(abs(rows.get(name, 0) / total - wanted.get(name, 0)) for name in {*rows, *wanted}) / 2
    raw = {
        name: min(max(wanted.get(name, 0) * total / count, 1 / rule.cap), rule.cap) if name in reference else 1.0
        for name, count in rows.items()
        if count
    }
    scale = total / sum(raw[name] * rows[name] for name in raw)
    weights = {name: weight * scale for name, weight in raw.items()}
    squares = sum(weights[name] ** 2 * rows[name] for name in weights)
    return Distribution(
        rule=rule,
        rows={name: rows[name] for name in sorted(weights)},
        wanted=wanted,
        apart=apart,
        weights=weights,
        effective=total**2 / squares,
        missing=tuple(sorted(name for name in wanted if not rows.get(name))),
    )


def bias_rules(place: str, given: Sequence[Mapping[str, Any]]) -> tuple[BiasRule, ...]:
    """The distributions that an operator is told to watch.

    :raises ConfigurationError: one of them has no meaning.
    """
    return tuple(_rule(f"{place}, bias[{number}]", one) for number, one in enumerate(given))


_FIX = (
    "For example {'columns': ['region'], 'reference': {'north': 0.5, 'south': 0.5}, 'most': 0.1}; or a table as "
    "reference; a period of one column is year, month or day; most is 0 to 1, cap 1 or more."
)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _rule(place: str, given: Mapping[str, Any]) -> BiasRule:
    if not isinstance(given, Mapping):
        raise ConfigurationError(place, f"is {given!r}.", fix=_FIX)
    if strange := sorted({*given} - {*_KNOWN}):
        raise ConfigurationError(place, f"has {strange[0]!r}.", valid=_KNOWN)
    reference, columns = given.get("reference"), given.get("columns")
    columns = tuple(columns) if isinstance(columns, list | tuple) else ()
    period, most, cap = given.get("period", ""), given.get("most"), given.get("cap", 5.0)
    shares = reference if isinstance(reference, Mapping) else {}
    wrong = {
        "columns": not columns or not all(isinstance(name, str) and name for name in columns),
        "period": period not in tuple(PERIODS) or (bool(period) and len(columns) != 1),
        "reference": not _is_reference(reference),
        "most": most is not None and not (_is_number(most) and 0 <= most <= 1),
        "cap": not (_is_number(cap) and 1 <= cap < math.inf),
    }
    if bad := [name for name, is_wrong in wrong.items() if is_wrong]:
        raise ConfigurationError(
            place,
            f"has {bad[0]}={given.get(bad[0])!r}.",
            fix=_FIX,
        )
    return BiasRule(
        columns=columns,
        period=period,
        shares={str(name): float(share) for name, share in shares.items()},
        table="" if shares else str(reference),
        most=most,
        cap=cap,
    )


def _is_reference(given: Any) -> bool:
    """Whether it names a table, or shares that are together 1."""
    if not isinstance(given, Mapping):
        return isinstance(given, str) and bool(given.strip())
    shares = list(given.values())
    return all(_is_number(share) and share >= 0 for share in shares) and abs(sum(shares) - 1) <= 1e-6
