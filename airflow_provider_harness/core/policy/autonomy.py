"""What the harness has earned to do alone: the record of each act against each cause, and where it passes the administrator's bar.

A record is counted from the chain. A person with the right accepts it, for a time; one act that does not help takes it back.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import sqrt

from airflow_provider_harness.core.actions import ACTIONS, ActionKind, Risk

#: Normal quantile of a two-sided interval of 95 %.
Z = 1.96


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """What a record must show before it is proposed that the harness acts alone.

    :param heals: verified heals, 1 or more.
    :param lower: lower end of the confidence interval of the share of heals, 0 to 1.
    :param days: over which the record is counted.
    :param valid: days for which an acceptance holds.
    """

    heals: int
    lower: float
    days: int = 90
    valid: int = 30

    def __str__(self) -> str:
        return f"heals={self.heals} lower={self.lower:g} days={self.days} valid={self.valid}"


_BAR = re.compile(r"heals=([1-9]\d{0,4}) lower=([01]|0?\.\d{1,4})(?: days=([1-9]\d{0,3}))?(?: valid=([1-9]\d{0,3}))?")


def bar_of(text: str) -> Bar | None:
    """The bar that an administrator wrote; None where there is none, and nothing is ever proposed.

    >>> bar_of("heals=20 lower=0.8")
    Bar(heals=20, lower=0.8, days=90, valid=30)

    :raises ValueError: it is of another form.
    """
    if not text:
        return None
    found = _BAR.fullmatch(" ".join(text.split()))
    if found is None:
        raise ValueError(
            f"{text!r} is not as heals=20 lower=0.8 days=90 valid=30, each number over 0 and lower up to 1"
        )
    return Bar(heals=int(found[1]), lower=float(found[2]), days=int(found[3] or 90), valid=int(found[4] or 30))


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One proposal of one healer run, and what came of it.

    :param answer: of the person who was asked; empty where nobody was, or nobody answered yet.
    :param outcome: as it was verified; empty where it is not known yet, or nothing was done.
    :param at: when that was known, or the proposal was made.
    """

    incident: str
    category: str
    action: str
    at: datetime
    asked: bool = False
    answer: str = ""
    acted: bool = False
    outcome: str = ""

    @property
    def is_false(self) -> bool:
        """An act that did not help, or did harm."""
        return self.acted and self.outcome in ("not_healed", "made_worse")


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What came of one act against one cause."""

    category: str
    action: str
    asked: int = 0
    approved: int = 0
    refused: int = 0
    healed: int = 0
    not_healed: int = 0
    harm: int = 0
    unknown: int = 0

    @property
    def ended(self) -> int:
        """Acts of which the outcome is known, or known to be unknown."""
        return self.healed + self.not_healed + self.harm + self.unknown

    @property
    def interval(self) -> tuple[float, float]:
        """Where the true share of heals lies, with 95 % confidence."""
        return wilson(self.healed, self.ended)

    def passes(self, bar: Bar) -> bool:
        """Whether it is good enough, without any harm."""
        return self.healed >= bar.heals and self.interval[0] >= bar.lower and not self.harm


def wilson(good: int, of: int) -> tuple[float, float]:
    """Wilson's score interval of a share, at 95 %.

    >>> [round(end, 3) for end in wilson(20, 20)], wilson(0, 0)
    ([0.839, 1.0], (0.0, 1.0))
    """
    if not of:
        return 0.0, 1.0
    share, z2 = good / of, Z * Z
    middle = (share + z2 / (2 * of)) / (1 + z2 / of)
    reach = Z * sqrt(share * (1 - share) / of + z2 / (4 * of * of)) / (1 + z2 / of)
    return max(0.0, middle - reach), min(1.0, middle + reach)


def records(cases: Iterable[Case]) -> list[Record]:
    """One record an act and a cause, the most often proposed first; what executes nothing has none."""
    counted: dict[tuple[str, str], Counter[str]] = {}
    for case in cases:
        if case.action in set(ActionKind) and ACTIONS[ActionKind(case.action)].risk is not Risk.NONE:
            counted.setdefault((case.category, case.action), Counter()).update(_counts(case))
    ordered = sorted(counted.items(), key=lambda item: (-item[1]["proposed"], item[0]))
    names = ("asked", "approved", "refused", "healed", "not_healed", "harm", "unknown")
    return [
        Record(category=category, action=action, **{name: found[name] for name in names})
        for (category, action), found in ordered
    ]


_OUTCOMES: Mapping[str, str] = {"healed": "healed", "not_healed": "not_healed", "made_worse": "harm"}


def _counts(case: Case) -> Iterator[str]:
    yield "proposed"
    if case.asked:
        yield "asked"
    if case.answer:
        yield "approved" if case.answer == "Approve" else "refused"
    if case.acted and case.outcome:
        yield _OUTCOMES.get(case.outcome, "unknown")


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """A person's word that the harness may do this alone.

    :param withdrawn: who took it back, or empty.
    """

    by: str
    at: datetime
    until: datetime
    withdrawn: str = ""

    @classmethod
    def given(cls, by: str, at: datetime, days: int) -> Acceptance:
        """One that holds from now on for some days."""
        return cls(by=by, at=at, until=at + timedelta(days=days))


def false_since(cases: Iterable[Case], category: str, action: str, since: datetime) -> Case | None:
    """The first act of this kind against this cause that did not help since then; None where each did."""
    same = (case for case in cases if (case.category, case.action) == (category, action))
    return next((case for case in same if case.is_false and case.at > since), None)


def earned(acceptance: Acceptance | None, failed: Case | None, now: datetime) -> str:
    """By whose word an act is made alone; empty where it is asked for."""
    if acceptance is None or acceptance.withdrawn or failed is not None or now >= acceptance.until:
        return ""
    return f"{acceptance.by} accepted on {acceptance.at:%Y-%m-%d} that this is done alone until {acceptance.until:%Y-%m-%d}."
