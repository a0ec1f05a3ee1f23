"""The copula and the measures of likeness and privacy, with known answers."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest
from scipy import stats

from airflow_provider_harness.adapters.learning.synthetic.columns import GRID, Modelled
from airflow_provider_harness.adapters.learning.synthetic.copula import Copula, spearman
from airflow_provider_harness.adapters.learning.synthetic.likeness import cramers_v, ks, likeness
from airflow_provider_harness.adapters.learning.synthetic.plots import bars, heat
from airflow_provider_harness.adapters.learning.synthetic.privacy import Neighbours
from airflow_provider_harness.core.errors import MissingExtra
from airflow_provider_harness.core.learning.synthetic import Drawn, Tolerances, private
from airflow_provider_harness.wiring.learning.synthetic import build


def number(name: str, codes: Any, nulls: float = 0.0) -> Modelled:
    known = codes[np.isfinite(codes)]
    found = np.quantile(known, np.linspace(0.005, 0.995, GRID))
    return Modelled(name=name, drawn=Drawn.NUMBER, nulls=nulls, quantiles=tuple(map(float, found)))


def sample(rows: int = 4000, seed: int = 7) -> tuple[list[Modelled], Any]:
    """Two numbers that go together, one that is null where the first is large, and a category by the second."""
    dice = np.random.default_rng(seed)
    a, noise = dice.gamma(2, 30, rows), dice.normal(0, 30, rows)
    b = a + noise
    c = np.where(dice.random(rows) < np.clip(a / 200, 0, 1), np.nan, dice.normal(0, 1, rows))
    d = np.digitize(b, np.quantile(b, [0.3, 0.8])).astype(float)
    shares = tuple(float((d == n).mean()) for n in range(3))
    category = Modelled(name="d", drawn=Drawn.CATEGORY, nulls=0.0, values=("x", "y", "z"), shares=shares)
    codes = np.column_stack((a, b, c, d))
    return [number("a", a), number("b", b), number("c", c, float(np.isnan(c).mean())), category], codes


def test_ranks_shares_and_distances_are_those_of_scipy() -> None:
    _, codes = sample()
    assert spearman(codes[:, :2])[0, 1] == pytest.approx(stats.spearmanr(codes[:, 0], codes[:, 1]).statistic)
    assert ks(codes[:500, 0], codes[500:900, 0]) == pytest.approx(
        stats.ks_2samp(codes[:500, 0], codes[500:900, 0]).statistic
    )
    bins = codes[:, 3].astype(int)
    assert cramers_v(bins, bins) == pytest.approx(1) and cramers_v(bins, np.zeros(len(bins), dtype=int)) == 0
    assert cramers_v(bins, np.random.default_rng(1).integers(0, 3, len(bins))) < 0.03


def test_what_goes_together_is_kept_nulls_and_categories_among_it() -> None:
    columns, codes = sample()
    made = Copula(columns, codes[:2000], 1).draw(8000, np.random.default_rng(2))
    results = likeness("t", columns, codes, made, Tolerances(marginal=0.04, nulls=0.02, association=0.08))
    assert [one.sentence() for one in results if not one.passed] == []
    null = [np.isnan(one[:, 2]) for one in (codes, made)]
    wanted, found = (
        one[:, 0][empty].mean() - one[:, 0][~empty].mean() for one, empty in zip((codes, made), null, strict=True)
    )
    assert found == pytest.approx(wanted, rel=0.25)


def test_columns_that_are_drawn_apart_fail_their_association() -> None:
    columns, codes = sample()
    dice = np.random.default_rng(3)
    shuffled = np.column_stack([dice.permutation(codes[:, place]) for place in range(4)])
    failed = {one.id for one in likeness("t", columns, codes, shuffled, Tolerances()) if not one.passed}
    assert failed >= {"association:t.a,b", "association:t.b,d"} and not any(
        one.startswith("marginal") for one in failed
    )


def near(codes: Any, made: Any, columns: list[Modelled]) -> list[bool]:
    half = len(codes) // 2
    neighbours = Neighbours(columns, codes[:half], codes[half:])
    neighbours.take(made)
    return [one.passed for one in private("t", neighbours.found(), Tolerances())]


def test_rows_of_the_same_source_are_private_and_copies_are_not() -> None:
    columns, codes = sample(3000)
    codes, columns = codes[:, :2], columns[:2]
    _, fresh = sample(3000, seed=8)
    copula = Copula(columns, codes[:1500], 1).draw(3000, np.random.default_rng(2))
    for made in (fresh[:, :2], copula):
        assert near(codes, made, columns)[1:] == [True, True]
    assert near(codes, codes[:1500], columns) == [False, False, False], "the rows themselves"
    almost = codes[:1500] * (1 + 1e-7)
    assert near(codes, almost, columns)[1:] == [False, False], "rows with a little noise"
    assert near(codes, np.concatenate((fresh[:, :2], codes[:1])), columns)[0] is False, "one row alone"


@pytest.mark.parametrize("rows", [40, 41])
def test_a_constant_column_and_a_small_sample_are_no_fault(rows: int) -> None:
    codes = np.column_stack((np.arange(rows, dtype=float), np.full(rows, 7.0)))
    columns = [number("a", codes[:, 0]), number("k", codes[:, 1])]
    made = Copula(columns, codes, 1).draw(500, np.random.default_rng(1))
    assert set(made[:, 1]) == {7.0} and columns[1].constant
    assert any("the column is constant" in one.actual for one in likeness("t", columns, codes, made, Tolerances()))


@pytest.mark.attack
def test_a_plot_says_names_as_text() -> None:
    hostile = '"><script>alert(1)</script>'
    for plot in (bars(hostile, [hostile, hostile], [0.5, 0.5], [0.4, 0.6]), heat(hostile, [hostile], [[1.0]])):
        assert "<script" not in plot and plot.startswith("<svg")


def test_without_its_extra_it_says_which_one_it_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "scipy", None)
    order: Any = None
    with pytest.raises(MissingExtra, match=r"airflow-provider-harness\[training\]"):
        build(order, [])
