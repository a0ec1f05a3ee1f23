"""Learns the table of ``core.signatures.resemblance`` from the labelled failures: ``python -m tests.learn`` writes it, in seconds.

``--measure`` writes nothing and says what the same way of learning reaches on texts it has not learnt from: grouped by
source, and with whole files held out. Only failures that matched no rule when their file was first scored count there
(``data/unmatched.txt``): those are what the rung is for. A logistic regression, by gradient descent; always the same answer.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from airflow_provider_harness.adapters.diagnosis.matching import evidence_of
from airflow_provider_harness.core.diagnosis.diagnosis import Category
from airflow_provider_harness.core.redaction.redactor import Redactor
from airflow_provider_harness.core.signatures.resemblance import FEWEST, PARTS, Resemblance, Table, nearest, words_of

DATA = Path(__file__).parent / "data"
TABLE = Path(__file__).parents[1] / "airflow_provider_harness" / "core" / "signatures" / "resemblance_weights.py"
FILES = ("failures", "blind", "mixed", "fresh", "last", "wide", "kept", "third", "fourth")
ORDER = tuple(Category)

SOURCES = 3  # a word of fewer sources is somebody's, not failures'
#: Names that the retold texts were given, and what every log holds.
OURS = frozenset(["acme", "dwh", "etl", "info", "debug", "traceback", "recent", "call", "last", "task", "exception"])
#: Alone they say nothing; beside another word they may.
FILLERS = re.compile(
    "the|for|and|with|has|had|have|was|were|are|its|from|this|that|you|into|but|per|via|being|been|will"
)
MOST = 3000  # weights that are kept
FOLDS = 10
STEPS = 250
RIDGE = 0.1
BALANCE = 0.5  # how far rare categories count as much as frequent ones: 0 not, 1 wholly
#: What is tried. Of those with too little evidence at most this share may get a name, of all names at least this be right.
BOUNDS = tuple((t / 100, m / 100) for t in (20, 25, 30, 35, 40, 50) for m in (5, 10, 15, 20))
NAMED_WRONGLY, RIGHT = 1 / 3, 2 / 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """:param text: what the rung sees of the log."""

    id: str
    file: str
    group: str
    category: Category
    person: bool
    text: str
    unmatched: bool


def cases() -> list[Case]:
    unmatched = set((DATA / "unmatched.txt").read_text("utf-8").splitlines())
    redactor = Redactor()

    def case(file: str, line: str) -> Case:
        given: dict[str, Any] = json.loads(line)
        return Case(
            id=given["id"],
            file=file,
            group=given.get("source_group") or given["source_url"],
            category=Category(given["category"]),
            person=given["safe_action"] == "escalate_to_human",
            text=evidence_of(redactor.redact(given["log_excerpt"])),
            unmatched=f"{file}/{given['id']}" in unmatched,
        )

    return [case(file, line) for file in FILES for line in (DATA / f"{file}.jsonl").read_text("utf-8").splitlines()]


def learn(given: Sequence[Case]) -> Table:
    """The table of these failures, without bounds yet."""
    words = [words_of(case.text) for case in given]
    sources: dict[str, set[str]] = defaultdict(set)
    for case, found in zip(given, words, strict=True):
        for word in found:
            if not FILLERS.fullmatch(word) and not OURS & set(word.split("_")):
                sources[word].add(case.group)
    known = sorted(word for word, groups in sources.items() if len(groups) >= SOURCES)
    at = {word: i for i, word in enumerate(known)}
    x = np.zeros((len(given), len(known)), np.float32)
    for row, found in zip(x, words, strict=True):
        here = [at[word] for word in found if word in at]
        row[here] = 1 / np.sqrt(max(len(here), FEWEST))
    weights, bias = _descend(x, np.array([ORDER.index(case.category) for case in given]))
    parts, count = np.rint(weights * PARTS).astype(int), Counter(case.category for case in given)
    least = np.sort(np.abs(parts).ravel())[-MOST] if parts.size > MOST else 1
    kept = np.where(np.abs(parts) > max(least, 1), parts, 0)
    return Table(
        weights={
            w: {ORDER[i]: int(kept[at[w], i]) for i in np.flatnonzero(kept[at[w]])} for w in known if kept[at[w]].any()
        },
        bias={category: round(float(bias[i]) * PARTS) for i, category in enumerate(ORDER)},
        labelled={category: count[category] for category in ORDER},
        threshold=0.0,
        margin=0.0,
    )


def _descend(x: Any, labels: Any) -> tuple[Any, Any]:
    """Weights and bias of a ridge-bound logistic regression, by accelerated descent."""
    y = np.eye(len(ORDER), dtype=np.float32)[labels]
    n = y.sum(0)
    each = y @ ((n.mean() / n.clip(1)) ** np.float32(BALANCE))
    each /= each.mean()
    step = np.float32(1 / (_largest(x) * each.max() / 2 + RIDGE))  # the descent cannot overshoot
    w = last_w = np.zeros((x.shape[1], len(ORDER)), np.float32)
    b = last_b = np.zeros(len(ORDER), np.float32)
    for k in range(STEPS):
        on = np.float32(k / (k + 3))
        ahead_w, ahead_b = w + on * (w - last_w), b + on * (b - last_b)
        last_w, last_b = w, b
        z = x @ ahead_w + ahead_b
        p = np.exp(z - z.max(1, keepdims=True))
        error = (p / p.sum(1, keepdims=True) - y) * each[:, None]
        w, b = ahead_w - step * (x.T @ error + np.float32(RIDGE) * ahead_w), ahead_b - step * error.sum(0)
    return w, b


def _largest(x: Any) -> float:
    """The largest eigenvalue of ``x'x``, by powers: how steep the descent can be."""
    v = np.ones(x.shape[1], np.float32)
    for _ in range(20):
        v = x.T @ (x @ v)
        size = float(np.linalg.norm(v))
        v /= size
    return size


Said = list[tuple[Case, Resemblance]]


def crossed(given: Sequence[Case]) -> Said:
    """What is said of each unmatched one by a table that was learnt without its tenth of the sources."""
    folds = [int(sha256(case.group.encode()).hexdigest(), 16) % FOLDS for case in given]
    said: Said = []
    for fold in range(FOLDS):
        table = learn([case for case, its in zip(given, folds, strict=True) if its != fold])
        said += [
            (c, nearest(c.text, table)) for c, its in zip(given, folds, strict=True) if its == fold and c.unmatched
        ]
    return said


def named(said: Said, threshold: float, margin: float) -> Said:
    return [
        (case, found)
        for case, found in said
        if found.score >= threshold
        and found.margin >= margin
        and found.words
        and found.category is not Category.UNKNOWN
    ]


def right(said: Said) -> int:
    return sum(case.category is found.category for case, found in said)


def bounds(said: Said) -> tuple[float, float]:
    """Threshold and margin with the most right names, of those that leave most of the unknown unknown and are mostly right."""
    unknown = [one for one in said if one[0].category is Category.UNKNOWN]

    def worth(bound: tuple[float, float]) -> int:
        names = named(said, *bound)
        few = len(named(unknown, *bound)) <= NAMED_WRONGLY * len(unknown)
        return right(names) if few and right(names) >= RIGHT * len(names) else 0

    return max(BOUNDS, key=lambda bound: (worth(bound), bound))


def learn_all(given: Sequence[Case]) -> Table:
    """The table with its bounds."""
    threshold, margin = bounds(crossed(given))
    return replace(learn(given), threshold=threshold, margin=margin)


def module(table: Table) -> str:
    """The table as Python."""
    lines = [
        " ".join([word, *(f"{ORDER.index(c)}:{weight}" for c, weight in by.items())])
        for word, by in table.weights.items()
    ]

    def numbers(values: Iterable[int]) -> str:
        return "(" + "".join(f"\n    {value}," for value in values) + "\n)"

    return (
        '"""What was learnt for ``core.signatures.resemblance``: made by ``python -m tests.learn``; change that, not this."""\n\n'
        "from __future__ import annotations\n\n"
        f"THRESHOLD = {table.threshold}\nMARGIN = {table.margin}\n"
        f"#: Of each category, in their order: its bias, and the failures that it was learnt from.\n"
        f"BIAS = {numbers(table.bias.values())}\nLABELLED = {numbers(table.labelled.values())}\n"
        "#: A word or two, and the weights by number of the category, in hundredths.\n"
        'WEIGHTS = """\\\n' + "\n".join(lines) + '"""\n'
    )


def told(name: str, said: Said, threshold: float, margin: float) -> str:
    names = named(said, threshold, margin)
    unknown = [case for case, _ in said if case.category is Category.UNKNOWN]
    wrongly = sum(case.category is Category.UNKNOWN for case, _ in names)
    return (
        f"{name:28} unmatched {len(said):3}, bounds {threshold} {margin}: named {len(names)}, right {right(names)}, "
        f"{wrongly} of {len(unknown)} unknown named; category right {right(names) + len(unknown) - wrongly} "
        f"in place of {len(unknown)}; a page is right in {sum(case.person for case, _ in said)}"
    )


def measure() -> None:
    given = cases()
    said = crossed(given)
    print(told("grouped, all files", said, *bounds(said)))
    for out in (("third", "fourth"), ("wide", "kept"), ("wide", "kept", "third", "fourth")):
        groups = {case.group for case in given if case.file in out}
        table = learn_all([case for case in given if case.file not in out and case.group not in groups])
        blind = [(case, nearest(case.text, table)) for case in given if case.file in out and case.unmatched]
        print(told(f"without {', '.join(out)}", blind, table.threshold, table.margin))


if __name__ == "__main__":
    if "--measure" in sys.argv:
        measure()
    else:
        TABLE.write_text(module(learn_all(cases())), "utf-8")
