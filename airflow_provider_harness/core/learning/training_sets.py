"""What is judged of a training set beside the checks of its contract: labels from the future, and that rows can be made again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from airflow_provider_harness.core.contracts.checks import Check, CheckKind
from airflow_provider_harness.core.contracts.learning.features import TrainingSet
from airflow_provider_harness.core.contracts.report import CheckResult, Measurement, judge_one

LABELS = "training_set:labels_from_the_future"
REQUESTS, ROWS = "training_set:requests_hash", "training_set:rows_hash"
"""Ids under which a gate keeps a hash of what was asked, and one of the rows; a later gate of the slice compares them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Rows that fail.

    :param count: how many there are.
    :param rows: column -> value of a few of them, only of columns that may be shown.
    """

    count: int
    rows: tuple[Mapping[str, Any], ...] = ()

    @classmethod
    def of(cls, found: Sequence[Sequence[Any]], columns: Sequence[str]) -> Named:
        """What a query gave: in each row the number of all, then the columns."""
        rows = tuple(dict(zip(columns, map(str, row[1:]), strict=True)) for row in found if columns)
        return cls(count=int(found[0][0]) if found else 0, rows=rows)

    def sentence(self, what: str) -> str:
        """How many there are, and which."""
        shown = "; ".join(", ".join(f"{name} {value}" for name, value in row.items()) for row in self.rows)
        hidden = "no column that names them is classified public, so none is shown" if self.count and not shown else ""
        return f"{self.count} {what}" + (f" ({shown or hidden})" if self.count else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hashes:
    """Two numbers of a slice that was made: of what was asked under which definition, and of its rows."""

    requests: int
    rows: int


def labels(made: TrainingSet, found: Named, rows: int) -> CheckResult:
    """That no label becomes known after the moment at which the set is made."""
    check = Check(id=LABELS, kind=CheckKind.CUSTOM_SQL, columns=(made.label_known_at,))
    result = judge_one(check, Measurement(value=found.count), rows)
    return replace(
        result,
        expected=f"no label with a {made.label_known_at} in the future{', or without one' if made.label else ''}",
        actual=found.sentence("labels from the future" + (" or of no time" if made.label else "")),
        samples=found.rows,
        look_at=""
        if result.passed
        else f"Look at these rows of {made.requests}: who knows a label before it happened?",
    )


def reproducible(made: TrainingSet, now: Hashes, before: Hashes | None, found: Named, rows: int) -> list[CheckResult]:
    """That the same requests have the rows that they had, and what is kept for the next time.

    :param before: of the slice as it was published last; None where it was not, or under another version.
    :param found: published rows that the same requests do not have now, where the hashes differ.
    """
    asked = _kept(REQUESTS, now.requests, rows)
    answered = _kept(ROWS, now.rows, rows)
    other = before is not None and before.requests == now.requests and before.rows != now.rows
    if not other and not found.count:
        return [asked, answered]
    return [
        asked,
        replace(
            answered,
            passed=False,
            expected="the same rows as before for the same requests",
            actual=found.sentence("published rows have other features now"),
            samples=found.rows,
            look_at="Look at who changed rows of the feature tables in place: a correction is a new row with its own known-at. "
            "If other rows are meant, raise version of harness.trainingSet.",
        ),
    ]


def _kept(name: str, value: int, rows: int) -> CheckResult:
    check = Check(id=name, kind=CheckKind.CUSTOM_SQL)
    result = judge_one(check, Measurement(value=value), rows)
    return replace(result, passed=True, expected="a number that is kept", actual=str(value), look_at="")
