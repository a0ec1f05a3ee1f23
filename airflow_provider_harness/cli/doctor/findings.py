"""What a check of ``airflow harness doctor`` says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Self


class Health(StrEnum):
    OK = "ok"
    NOTE = "note"  # it works; a person may want it otherwise, or could not be told
    WRONG = "wrong"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that a check found.

    :param fix: what to do, or empty.
    """

    health: Health
    text: str
    fix: str

    @classmethod
    def wrong(cls, text: str, fix: str) -> Self:
        return cls(health=Health.WRONG, text=text, fix=fix)

    @classmethod
    def note(cls, text: str, fix: str) -> Self:
        return cls(health=Health.NOTE, text=text, fix=fix)
