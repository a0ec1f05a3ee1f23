"""Scores of the rules on labelled failures, as they are and under transformations."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import sqrt
from pathlib import Path
from typing import Any

from airflow_provider_harness.adapters.diagnosis.rules import RuleDiagnoser
from airflow_provider_harness.core.diagnosis.diagnosis import PERSON_NEEDED, first_remedy, safe_action
from airflow_provider_harness.core.diagnosis.evidence import Evidence
from airflow_provider_harness.core.redaction.redactor import Redactor

DATA = Path(__file__).parents[1] / "data"
#: Every labelled set; each but the last was opened long ago.
SETS = ("failures", "blind", "mixed", "fresh", "last", "wide", "kept", "third", "fourth", "stranger", "fifth", "sixth")
SEALED = "sealed"

Case = Mapping[str, Any]


@lru_cache
def cases(name: str) -> tuple[Case, ...]:
    """The labelled failures of one set."""
    return tuple(json.loads(line) for line in (DATA / f"{name}.jsonl").read_text("utf-8").splitlines())


@dataclass(frozen=True, slots=True)
class Answer:
    """What the rules answer before any policy."""

    category: str
    action: str

    @property
    def alone(self) -> bool:
        return self.action not in PERSON_NEEDED


_REDACTOR = Redactor()


def answer(text: str, system: str = "") -> Answer:
    """The answer to one text."""
    found = RuleDiagnoser().diagnose(None, Evidence(system=system, log=_REDACTOR.redact(text)))
    return Answer(str(found.category), safe_action(first_remedy(found)))


@dataclass(frozen=True, slots=True)
class Score:
    """:param alone: answers that act alone where the label asks for a person."""

    count: int
    strict: int
    lenient: int
    action: int
    alone: int
    escalation: int


def score(given: Iterable[tuple[Case, Answer]]) -> Score:
    """How many of the answers are right."""
    pairs = list(given)
    return Score(
        count=len(pairs),
        strict=sum(a.category == c["category"] for c, a in pairs),
        lenient=sum(a.category in (c["category"], *(c.get("alt_categories") or ())) for c, a in pairs),
        action=sum(a.action == c["safe_action"] for c, a in pairs),
        alone=sum(c["safe_action"] in PERSON_NEEDED and a.alone for c, a in pairs),
        escalation=sum((c["safe_action"] in PERSON_NEEDED) is not a.alone for c, a in pairs),
    )


def wilson(right: int, count: int) -> tuple[float, float]:
    """The interval of 95 % of a share."""
    if not count:
        return (0.0, 1.0)
    z, share = 1.96, right / count
    middle = share + z * z / (2 * count)
    reach = z * sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    return ((middle - reach) / (1 + z * z / count), (middle + reach) / (1 + z * z / count))
