"""What a model is told of a table that is to be promoted; all that somebody wrote stands between marks."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence

from airflow_provider_harness.adapters.model.prompt import fenced
from airflow_provider_harness.app.ports.promotion import Brief, ColumnProfile, Tried
from airflow_provider_harness.core.redaction.redactor import Redactor, shorten

LONGEST_CONTRACT, LONGEST_PROFILE, LONGEST_TOLD = 40_000, 30_000, 8_000  # characters


def mark_of(brief: Brief) -> str:
    """The marks of one conversation: nobody who wrote a value could know them."""
    whole = json.dumps([brief.document, repr(brief.profile)])
    return f"data-{hashlib.sha256(whole.encode('utf-8', 'replace')).hexdigest()[:12]}"


def told(brief: Brief, tried: Sequence[Tried], redactor: Redactor) -> str:
    """The first message."""
    mark = mark_of(brief)
    profile = "\n".join([f"{brief.profile.rows} rows", *map(_column, brief.profile.columns)])
    standards = "\n".join(f"- {name}: {demand}" for name, demand in brief.standards.items())
    parts = [
        f"Promote {brief.profile.table} to level {brief.level}; the promoted table would be {brief.target}.",
        f"Standards, all of them:\n{standards}",
        f"The table as it is does not meet:\n{_fenced(_lines(brief.before), mark, redactor)}",
        f"The contract that stands:\n{_fenced(brief.document, mark, redactor, LONGEST_CONTRACT)}",
        f"Profile and samples:\n{fenced(shorten(profile, LONGEST_PROFILE), mark)}",  # each sample is redacted where it is read
    ]
    for one in tried:
        parts += [
            f"Proposal {one.number}, by {one.by}, its SELECT:\n{_fenced(one.draft.sql, mark, redactor)}",
            f"Its contract:\n{_fenced(one.draft.contract, mark, redactor, LONGEST_CONTRACT)}",
            became(one, mark, redactor),
        ]
    return "\n\n".join(parts)


def became(tried: Tried, mark: str, redactor: Redactor) -> str:
    """What became of a proposal: facts that the harness measured, and words of the database as data."""
    if tried.refused:
        return f"It was refused:\n{_fenced(tried.refused, mark, redactor)}"
    unmet = {row.id: row.leaving for row in tried.rows if not row.met and not row.of_people}
    return f"Not met:\n{_fenced(_lines(unmet), mark, redactor)}"


def _lines(why: Mapping[str, str]) -> str:
    return "\n".join(f"- {name}: {text}" for name, text in why.items()) or "- nothing"


def _column(one: ColumnProfile) -> str:
    said = {
        "type": one.type,
        "empty": one.empty,
        "distinct": one.distinct,
        "padded": one.padded,
        "all values are": one.fits,
    }
    shown = ", ".join(f"{name} {value}" for name, value in said.items() if value)
    return f"{one.name}: {shown}; samples: {json.dumps(one.samples) if one.samples else 'not shown'}"


def _fenced(text: str, mark: str, redactor: Redactor, most: int = LONGEST_TOLD) -> str:
    return fenced(shorten(redactor.redact(text), most), mark)
