"""Does a column look as it did? How a slice's values are compared with those of a reference.

All measures are effect sizes: they say how far apart two distributions are, and do not grow with the number of rows, as the
significance of a test does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType


class DriftMethod(StrEnum):
    """How far apart two distributions are.

    - ``psi``: population stability index over bins: the sum of (p - q) ln(p / q). 0 and more.
    - ``ks``: two-sample Kolmogorov-Smirnov statistic, the largest distance of the cumulative shares. 0 to 1.
    - ``wasserstein``: the area between the cumulative shares, in standard deviations of the reference. 0 and more.
    - ``chi_square``: Cramér's V of the chi-square statistic over bins: the square root of chi-square / rows. 0 to 1.
    """

    PSI = "psi"
    KS = "ks"
    WASSERSTEIN = "wasserstein"
    CHI_SQUARE = "chi_square"


class DriftLevel(StrEnum):
    """How much a column drifted."""

    NONE = "none"
    WARNING = "warning"
    ERROR = "error"

    def reaches(self, least: DriftLevel) -> bool:
        """Whether it is this level or a higher one.

        >>> DriftLevel.ERROR.reaches(DriftLevel.WARNING), DriftLevel.NONE.reaches(DriftLevel.WARNING)
        (True, False)
        """
        order = tuple(DriftLevel)
        return order.index(self) >= order.index(least)


USUAL_LEVELS: Mapping[DriftMethod, tuple[float, float]] = MappingProxyType(
    {
        DriftMethod.PSI: (0.1, 0.25),
        DriftMethod.KS: (0.1, 0.2),
        DriftMethod.WASSERSTEIN: (0.1, 0.25),
        DriftMethod.CHI_SQUARE: (0.1, 0.3),
    }
)
"""Method -> from where it is a warning, and from where an error, where the contract says nothing. Of PSI these are the rule of thumb
of credit scoring (Siddiqi, Credit Risk Scorecards, 2006), of Cramér's V Cohen's small and medium effect (Statistical Power
Analysis, 1988); the others are ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftRule:
    """What a drift check compares with, and how.

    :param warning: from this value on it is reported.
    :param error: from this value on it fails with the check's severity; ``warning`` or more.
    :param days: the reference is what is published of so many days before the slice, 1 or more; 0 where it is a fixed window.
    :param first: where a fixed window begins, as ISO 8601 with zone; empty with ``days``.
    :param end: where it ends, exclusively.
    :param bins: bins of equal share at the reference, or values of a text that have a bin of their own, 2 to 100.
    :param minimum_rows: without so many rows on each side nothing is said, 1 or more.
    :param floor: the share that a bin counts as at least, over 0: an empty bin would make PSI infinite.
    """

    method: DriftMethod
    warning: float
    error: float
    days: int = 28
    first: str = ""
    end: str = ""
    bins: int = 10
    minimum_rows: int = 1000
    floor: float = 0.0001

    def window(self, begin: datetime | None) -> tuple[datetime, datetime] | None:
        """Where the reference begins and ends; None where there is no slice to count days back from.

        :param begin: where the slice that is judged begins.
        """
        if self.first:
            return datetime.fromisoformat(self.first), datetime.fromisoformat(self.end)
        return (begin - timedelta(days=self.days), begin) if begin is not None else None

    def level(self, value: float) -> DriftLevel:
        """How much that is; what is not a number is an error.

        >>> rule = DriftRule(method=DriftMethod.PSI, warning=0.1, error=0.25)
        >>> [str(rule.level(value)) for value in (0.05, 0.1, 0.3, float("nan"))]
        ['none', 'warning', 'error', 'error']
        """
        if not value < self.error:
            return DriftLevel.ERROR
        return DriftLevel.WARNING if value >= self.warning else DriftLevel.NONE
