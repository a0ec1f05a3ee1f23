"""Which category's labelled failures a text resembles most: for logs in which no rule finds anything.

A text is its words and pairs of neighbouring words; a table that was learnt (``core.signatures.resemblance_weights``, made by
``python -m tests.learn``) says how much each speaks for each category. The words of a log are anybody's: hostile text can
choose what is named here, and no more, because what comes of it is a guess that goes to a person, and all that a guess says
is taken from the table, never from the text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from math import exp, sqrt

from airflow_provider_harness.core.diagnosis.diagnosis import Category
from airflow_provider_harness.core.diagnosis.log_excerpt import BUDGET
from airflow_provider_harness.core.signatures.resemblance_weights import BIAS, LABELLED, MARGIN, THRESHOLD, WEIGHTS

#: Weights of the table are whole numbers of so many parts.
PARTS = 100
#: Words that are told.
TOLD = 5
#: A text of fewer known words weighs as if it had so many: one word is no resemblance.
FEWEST = 4

_CHUNK = re.compile(r"[^\s\"'`()\[\]{}<>,;:=|!?*#]{3,80}")
#: What words of failures do not have: digits, paths, addresses, placeholders.
_NO_WORD = re.compile(r"[\d/\\@$%&~^+]")
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """What was learnt.

    :param weights: word, or two joined by ``_`` -> category -> weight in parts.
    :param bias: in parts.
    :param labelled: how many failures of a category it was learnt from.
    :param threshold: the least score at which a category is named, 0 to 1.
    :param margin: by how much its score must exceed every other one's, 0 to 1.
    """

    weights: Mapping[str, Mapping[Category, int]]
    bias: Mapping[Category, int]
    labelled: Mapping[Category, int]
    threshold: float
    margin: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Resemblance:
    """:param score: 0 to 1, of all categories together 1.
    :param words: of the table, those that weighed most first.
    """

    category: Category
    score: float
    margin: float
    words: tuple[str, ...]


def words_of(text: str) -> frozenset[str]:
    """The words of failures in a text, and pairs of neighbours: no name of a host, a path, an id; class names in parts."""
    found: set[str] = set()
    for line in text[-BUDGET:].split("\n"):
        row = [part.lower() for chunk in _CHUNK.findall(line) for part in _parts(chunk.strip(".-_"))]
        found.update(row, map("_".join, pairwise(row)))
    return frozenset(found)


def _parts(chunk: str) -> list[str]:
    if _NO_WORD.search(chunk):
        return []
    _, dotted, last = chunk.rpartition(".")
    if dotted and not last[:1].isupper():  # a host, a file, a table; a class is written in capitals
        return []
    return [part for part in _PART.findall(last) if len(part) >= 3]


@cache
def learnt() -> Table:
    """The table that is part of the package."""
    order = tuple(Category)
    weights: dict[str, dict[Category, int]] = {}
    for line in WEIGHTS.split("\n"):
        word, *pairs = line.split()
        weights[word] = {order[int(at)]: int(weight) for at, weight in (pair.split(":") for pair in pairs)}
    return Table(
        weights=weights,
        bias=dict(zip(order, BIAS, strict=True)),
        labelled=dict(zip(order, LABELLED, strict=True)),
        threshold=THRESHOLD,
        margin=MARGIN,
    )


def nearest(text: str, table: Table) -> Resemblance:
    """The category that a text resembles most, however little."""
    known = sorted(words_of(text) & table.weights.keys())
    scale = PARTS * sqrt(max(len(known), FEWEST))
    sums = {c: bias / PARTS + sum(table.weights[w].get(c, 0) for w in known) / scale for c, bias in table.bias.items()}
    most = max(sums.values())
    odds = {category: exp(value - most) for category, value in sums.items()}
    (best, first), (_, second), *_ = sorted(odds.items(), key=lambda item: -item[1])
    weighed = sorted(known, key=lambda word: -table.weights[word].get(best, 0))
    whole = sum(odds.values())
    return Resemblance(
        category=best,
        score=first / whole,
        margin=(first - second) / whole,
        words=tuple(word.replace("_", " ") for word in weighed[:TOLD] if table.weights[word].get(best, 0) > 0),
    )


def resembled(text: str, table: Table) -> Resemblance | None:
    """The category that a text clearly resembles; None where none, or where it resembles those with too little evidence."""
    found = nearest(text, table)
    clear = found.score >= table.threshold and found.margin >= table.margin and found.words
    return found if clear and found.category is not Category.UNKNOWN else None
