"""How many examples each step was given, how many it let through, and why it left the others out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True, kw_only=True)
class Counted:
    """The counts of one step.

    :ivar why: reason -> examples that were left out.
    :ivar noted: what was done to examples that stay -> how many.
    """

    entered: int = 0
    why: Counter[str] = field(default_factory=Counter)
    noted: Counter[str] = field(default_factory=Counter)

    @property
    def left(self) -> int:
        """How many it let through."""
        return self.entered - self.why.total()


STEPS = ("example", "quality", "personal data", "tokens", "exact duplicates", "near duplicates")
"""The steps in order; each is given what the one before let through."""


class Counts:
    """The counts of all steps."""

    def __init__(self) -> None:
        self.steps = {name: Counted() for name in STEPS}

    def passes(self, step: str, reason: str = "") -> bool:
        """Count one example at a step.

        :param reason: why it is left out; empty where it is not.
        """
        counted = self.steps[step]
        counted.entered += 1
        if reason:
            counted.why[reason] += 1
        return not reason

    def table(self) -> list[dict[str, Any]]:
        """A row for each step, JSON-ready."""
        return [
            {"step": name, "in": one.entered, "out": one.left, "why": dict(one.why), "noted": dict(one.noted)}
            for name, one in self.steps.items()
        ]
