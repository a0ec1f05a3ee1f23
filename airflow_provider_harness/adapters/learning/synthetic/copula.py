"""A Gaussian copula: which values go together is learned apart from which values there are.

Each column, and each column's being null, is a normal variable. Their correlations are adjusted until rows that are drawn have the
Spearman correlations of the sample: categories and whole numbers weaken what the normal variables have.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.learning.synthetic.columns import Modelled
from airflow_provider_harness.core.errors import MissingExtra

if TYPE_CHECKING:
    import numpy as np

ROUNDS, TRIED = 6, 20_000
"""How often the correlations are adjusted, and by how many drawn rows."""
STRONGEST = 0.995


class Copula:
    """What was learned of the modelled columns of one table.

    :param codes: rows x columns of the sample.
    """

    def __init__(self, columns: Sequence[Modelled], codes: np.ndarray[Any, Any], seed: int) -> None:
        import numpy as np

        self.columns = tuple(columns)
        self._null = [place for place, column in enumerate(columns) if 0 < column.nulls < 1]
        size = len(columns) + len(self._null)
        wanted = spearman(self._with_nulls(codes))
        correlation, noise = 2 * np.sin(np.pi * wanted / 6), np.random.default_rng(seed).standard_normal((TRIED, size))
        for _ in range(ROUNDS):
            self._root = _root(correlation)
            found = spearman(self._with_nulls(self._codes(noise)))
            correlation = np.clip(correlation + wanted - found, -STRONGEST, STRONGEST)
            np.fill_diagonal(correlation, 1)
        self._root = _root(correlation)

    def draw(self, rows: int, random: np.random.Generator) -> np.ndarray[Any, Any]:
        """Codes of new rows; NaN is null."""
        return self._codes(random.standard_normal((rows, len(self._root))))

    def _codes(self, noise: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        import numpy as np

        places = _normal_share(noise @ self._root.T)
        count = len(self.columns)
        codes = np.empty((len(noise), count))
        for place, column in enumerate(self.columns):
            codes[:, place] = column.drawn_at(places[:, place])
            if column.nulls == 1:
                codes[:, place] = np.nan
        for number, place in enumerate(self._null):
            codes[places[:, count + number] > 1 - self.columns[place].nulls, place] = np.nan
        return codes

    def _with_nulls(self, codes: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        import numpy as np

        return np.hstack((codes, np.isnan(codes[:, self._null]).astype(float)))


def spearman(codes: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Correlations of ranks; nulls count as the middle, and what is constant has none."""
    import numpy as np
    from scipy.stats import rankdata

    ranks = np.empty(codes.shape)
    for place in range(codes.shape[1]):
        found = rankdata(codes[:, place], nan_policy="omit")
        found = found - np.nanmean(found) if np.isfinite(found).any() else found
        ranks[:, place] = np.nan_to_num(found)
    size = np.sqrt((ranks**2).sum(axis=0))
    size[size == 0] = 1
    ranks /= size
    correlation = ranks.T @ ranks
    np.fill_diagonal(correlation, 1)
    return np.asarray(correlation)


def _root(correlation: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """A root of the nearest correlations that can be: no negative variance, and 1 on the diagonal."""
    import numpy as np

    values, vectors = np.linalg.eigh((correlation + correlation.T) / 2)
    root = vectors * np.sqrt(np.clip(values, 1e-9, None))
    return np.asarray(root / np.sqrt((root**2).sum(axis=1))[:, None])


def _normal_share(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    try:
        from scipy.special import ndtr
    except ModuleNotFoundError as error:
        raise MissingExtra("synthetic data", "training") from error
    import numpy as np

    return np.asarray(ndtr(values))
