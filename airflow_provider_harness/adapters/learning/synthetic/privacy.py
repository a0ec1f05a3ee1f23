"""How near synthetic rows are to real ones, beside how near real rows are to each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.learning.synthetic.columns import Modelled
from airflow_provider_harness.core.learning.synthetic import Drawn, Nearness

if TYPE_CHECKING:
    import numpy as np

NEAR = 0.05
"""The share of the held-out rows that counts as near."""
SAME = 1e-9
"""Two distances that differ by less are the same."""


class Neighbours:
    """The rows that were learned from, and those that were held out.

    A distance is the mean over the columns: numbers by their places among the learned ones, categories and nulls 1 or more where
    they differ.
    """

    def __init__(
        self, columns: Sequence[Modelled], learned: np.ndarray[Any, Any], held_out: np.ndarray[Any, Any]
    ) -> None:
        import numpy as np
        from scipy.spatial import cKDTree

        self._columns = columns
        self._sorted = [np.sort(learned[:, place][np.isfinite(learned[:, place])]) for place in range(len(columns))]
        self._learned, self._held_out = cKDTree(self._points(learned)), cKDTree(self._points(held_out))
        self._usual = self._to(self._learned, held_out)
        self.floor = float(self._usual.min())
        self._near = float(np.quantile(self._usual, NEAR))
        self._few_held_out = float((self._usual <= self._near + SAME).mean())
        self._counted = np.zeros(3)
        self._closest, self.redrawn, self._rows = np.inf, 0, 0

    def _points(self, codes: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        import numpy as np

        points = []
        for place, column in enumerate(self._columns):
            own, null = codes[:, place], np.isnan(codes[:, place])
            if column.drawn is not Drawn.CATEGORY:
                size = max(len(self._sorted[place]), 1)
                low = np.searchsorted(self._sorted[place], own, side="left")
                own = (low + np.searchsorted(self._sorted[place], own, side="right")) / (2 * size)
            points += [np.where(null, 0.0, own), null.astype(float)]
        return np.column_stack(points)

    def _to(self, tree: Any, codes: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        import numpy as np

        return np.asarray(tree.query(self._points(codes), p=1)[0]) / len(self._columns)

    def too_near(self, codes: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Which rows are nearer to one that was learned from than the nearest held-out row is."""
        import numpy as np

        return np.asarray(self._to(self._learned, codes) < self.floor - SAME)

    def take(self, codes: np.ndarray[Any, Any]) -> None:
        """Count the next synthetic rows."""
        import numpy as np

        learned, held_out = self._to(self._learned, codes), self._to(self._held_out, codes)
        self._closest = min(self._closest, float(learned.min(initial=np.inf)))
        nearer, same = learned < held_out - SAME, np.abs(learned - held_out) <= SAME
        self._counted += ((learned <= self._near + SAME).sum(), nearer.sum(), same.sum())
        self._rows += len(codes)

    def found(self) -> Nearness:
        """What all of them are like."""
        few, nearer, same = (float(count) / max(self._rows, 1) for count in self._counted)
        return Nearness(
            closest=self._closest + SAME,
            held_out=self.floor,
            few=few,
            few_held_out=self._few_held_out,
            nearer=nearer + same / 2,
            redrawn=self.redrawn,
            rows=self._rows,
        )
