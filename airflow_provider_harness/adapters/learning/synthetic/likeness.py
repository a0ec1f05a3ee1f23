"""How alike two samples of a table are: columns, nulls, and what goes together."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.learning.synthetic.columns import Modelled
from airflow_provider_harness.adapters.learning.synthetic.copula import spearman
from airflow_provider_harness.core.contracts.report import CheckResult
from airflow_provider_harness.core.learning.synthetic import Drawn, Tolerances, fits

if TYPE_CHECKING:
    import numpy as np

BINS = 5
"""Of a number that is compared with a category."""


def likeness(
    table: str,
    columns: Sequence[Modelled],
    real: np.ndarray[Any, Any],
    made: np.ndarray[Any, Any],
    tolerances: Tolerances,
) -> tuple[CheckResult, ...]:
    """A gate for each column, its nulls, and each pair of columns.

    :param real: codes of the whole sample, also of the held-out rows; ``made`` those of the synthetic rows.
    """
    results: list[CheckResult] = []
    for place, column in enumerate(columns):
        name, note = f"{table}.{column.name}", "the column is constant" if column.constant else ""
        one, other = real[:, place], made[:, place]
        results += [
            fits(name, "marginal", apart(column, one, other), tolerances.marginal, columns=(column.name,), note=note),
            fits(name, "nulls", abs(_nulls(one) - _nulls(other)), tolerances.nulls, columns=(column.name,)),
        ]
    ranks = (spearman(real), spearman(made)) if len(columns) > 1 else (real, made)
    for (at, first), (to, second) in combinations(enumerate(columns), 2):
        if Drawn.CATEGORY in (first.drawn, second.drawn):
            edges = [_edges(column, real[:, place]) for place, column in ((at, first), (to, second))]
            found = [
                cramers_v(_binned(codes[:, at], edges[0]), _binned(codes[:, to], edges[1])) for codes in (real, made)
            ]
        else:
            found = [float(matrix[at, to]) for matrix in ranks]
        note = f"{found[0]:.3f} in the real table, {found[1]:.3f} in the synthetic one"
        results.append(
            fits(
                f"{table}.{first.name},{second.name}",
                "association",
                abs(found[0] - found[1]),
                tolerances.association,
                columns=(first.name, second.name),
                note=note,
            )
        )
    return tuple(results)


def apart(column: Modelled, one: np.ndarray[Any, Any], other: np.ndarray[Any, Any]) -> float:
    """The KS statistic of numbers, the total variation of categories; without nulls."""
    import numpy as np

    one, other = (codes[np.isfinite(codes)] for codes in (one, other))
    if not len(one) or not len(other):
        return float(len(one) != len(other))
    if column.drawn is Drawn.CATEGORY:
        shares = [np.bincount(codes.astype(int), minlength=len(column.values)) / len(codes) for codes in (one, other)]
        return float(np.abs(shares[0] - shares[1]).sum() / 2)
    return ks(one, other)


def ks(one: np.ndarray[Any, Any], other: np.ndarray[Any, Any]) -> float:
    """The largest distance of the cumulative shares."""
    import numpy as np

    one, other = np.sort(one), np.sort(other)
    every = np.concatenate((one, other))
    upto = [np.searchsorted(codes, every, side="right") / len(codes) for codes in (one, other)]
    return float(np.abs(upto[0] - upto[1]).max())


def _nulls(codes: np.ndarray[Any, Any]) -> float:
    import numpy as np

    return float(np.isnan(codes).mean()) if len(codes) else 0.0


def _edges(column: Modelled, codes: np.ndarray[Any, Any]) -> np.ndarray[Any, Any] | None:
    import numpy as np

    if column.drawn is Drawn.CATEGORY:
        return None
    known = codes[np.isfinite(codes)]
    return np.unique(np.quantile(known, np.linspace(0, 1, BINS + 1)[1:-1])) if len(known) else np.zeros(0)


def _binned(codes: np.ndarray[Any, Any], edges: np.ndarray[Any, Any] | None) -> np.ndarray[Any, Any]:
    """Bins from 1 on; nulls are in 0."""
    import numpy as np

    known = np.nan_to_num(codes)
    bins = known if edges is None else np.searchsorted(edges, known, side="left")
    return np.where(np.isnan(codes), 0, bins + 1).astype(int)


def cramers_v(one: np.ndarray[Any, Any], other: np.ndarray[Any, Any]) -> float:
    """How strongly two columns of bins go together, 0 to 1, without what chance alone gives (Bergsma 2013)."""
    import numpy as np

    rows = len(one)
    counts = np.zeros((one.max(initial=0) + 1, other.max(initial=0) + 1))
    np.add.at(counts, (one, other), 1)
    counts = counts[counts.sum(axis=1) > 0][:, counts.sum(axis=0) > 0]
    if rows < 2 or min(counts.shape) < 2:
        return 0.0
    usual = counts.sum(axis=1, keepdims=True) * counts.sum(axis=0, keepdims=True) / rows
    square = float(((counts - usual) ** 2 / usual).sum()) / rows
    high, wide = counts.shape
    square = max(0.0, square - (high - 1) * (wide - 1) / (rows - 1))
    high, wide = high - (high - 1) ** 2 / (rows - 1), wide - (wide - 1) ** 2 / (rows - 1)
    return float(min(1.0, (square / max(min(high, wide) - 1, 1e-9)) ** 0.5))
