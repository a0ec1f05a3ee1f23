"""Near-duplicates against the exact similarity of all pairs."""

from __future__ import annotations

import random
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from airflow_provider_harness.adapters.learning.fine_tuning.similar import Similar
from airflow_provider_harness.core.learning.fine_tuning.quality import shingles


def near(texts: list[str], folder: Path, similarity: float = 0.7, seed: int = 1) -> list[int]:
    folder.mkdir()
    order = np.arange(len(texts), dtype=np.uint64)
    with Similar(folder, similarity, seed) as similar:
        for text in texts:
            similar.add(shingles([text]))
        return [int(first) for first in similar.firsts(order)]


def test_clusters_are_those_of_all_pairs(tmp_path: Path) -> None:
    dice = random.Random(3)
    words = [f"word{n}" for n in range(5000)]
    texts = []
    for _ in range(60):
        base = dice.choices(words, k=60)
        texts.append(" ".join(base))
        for changed in dice.sample((1, 2, 30), dice.randrange(3)):
            texts.append(" ".join([*dice.choices(words, k=changed), *base[changed:]]))
    found, parts = near(texts, tmp_path / "s"), [shingles([text]) for text in texts]
    for one, other in combinations(range(len(texts)), 2):
        alike = len(parts[one] & parts[other]) / len(parts[one] | parts[other])
        if alike > 0.85 or alike < 0.55:  # between, MinHash estimates
            assert (found[one] == found[other]) is (alike > 0.85), (one, other, alike)
    assert found[0] == 0 and all(first <= place for place, first in enumerate(found))
    assert near(texts, tmp_path / "again") == found


@pytest.mark.parametrize("texts", [[], ["a"], ["!!", "??"], ["a b c", "a b c"]])
def test_few_and_empty_texts(texts: list[str], tmp_path: Path) -> None:
    found = near(texts, tmp_path / "s")
    assert len(found) == len(texts) and found[:1] == [0][: len(texts)]


def test_a_long_bucket_is_one_cluster(tmp_path: Path) -> None:
    assert near(["the same long sentence of many words again"] * 1000, tmp_path / "s") == [0] * 1000
