"""What a person gets of a promotion: the checklist, the diff, the rows that differ, and the question. Who wrote a text
of it is said."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from airflow_provider_harness.core.contracts.diff import diff
from airflow_provider_harness.core.learning.promotion.difference import Difference
from airflow_provider_harness.core.learning.promotion.grade import KEEPS, Outcome, Row, tally
from airflow_provider_harness.core.lineage.graph import ColumnEdge
from airflow_provider_harness.core.redaction.escaping import LONGEST_NAME, code, one_line

#: What a person is told first.
HEADLINES: Mapping[Outcome, str] = {
    Outcome.READY: "Every standard is met. A person reads it, and publishes it or does not.",
    Outcome.NEEDS_PEOPLE: "Only a person can supply the missing parts.",
    Outcome.NOT_REACHED: "The level was not reached. This is the best proposal; do not publish it unchanged.",
    Outcome.NOTHING_TO_DO: "The table already meets the level. The operator proposed nothing.",
}
LONGEST_WHY = 600


def box(row: Row) -> str:
    """One standard as a literal line of a checklist."""
    said = f"{row.id}: {row.demand}"
    if row.met:
        return f"- [x] {said}{' Met by words of the proposal: read them.' if row.to_read else ''}{_before(row)}"
    whose = (" A person must agree." if row.group == KEEPS else " A person must write it.") if row.of_people else ""
    return f"- [ ] {said} Not met: {code(row.why, LONGEST_WHY)}{whose}"


def _before(row: Row) -> str:
    if row.before is None:
        return ""
    return f" (before: not met, {code(row.before, LONGEST_WHY)})" if row.before else " (before: met)"


def checklist(rows: Sequence[Row]) -> Iterator[str]:
    """All standards, level by level, those of every promotion last."""
    for group in dict.fromkeys([*(row.group for row in rows if row.group != KEEPS), KEEPS]):
        yield from ("", f"### {group}", "", *(box(row) for row in rows if row.group == group))


def differences(found: Difference | None) -> Iterator[str]:
    """What became of the rows, as Markdown."""
    if found is None:
        yield "It could not be measured."
        return
    yield f"- rows: {found.rows_before:,} before, {found.rows_after:,} after"
    yield f"- keys: {found.keys_before:,} before; {found.missing:,} missing, {found.added:,} added"
    yield f"- rows without a key, before: {found.keyless:,}"
    yield f"- rows beyond the first of their key, before: {found.repeated:,}"
    if found.conflicting:
        yield (
            f"- **{found.conflicting:,} keys had rows that differ: which of them is right, the proposal chose. A "
            f"person must agree.**"
        )
    if found.examples:
        yield f"- missing, for example: {code('; '.join(found.examples))}"
    yield from ("", "| column | changed | emptied | values before | values after |", "|---|---:|---:|---:|---:|")
    for one in found.columns:
        changed = "not compared" if one.changed is None else f"{one.changed:,}"
        name = one_line(one.name, LONGEST_NAME).replace("|", "/")
        before = "new" if one.distinct_before is None else f"{one.distinct_before:,}"
        yield f"| {code(name)} | {changed} | {one.emptied:,} | {before} | {one.distinct_after:,} |"


def lineage(edges: Sequence[ColumnEdge]) -> list[dict[str, Any]]:
    """Where each column comes from."""
    return [
        {
            "column": edge.target_column,
            "from": edge.source.name,
            "source_column": edge.source_column,
            "how": str(edge.how),
        }
        for edge in edges
    ]


def changes(old: Any, new: Any) -> Iterator[str]:
    """What the proposal changes of the contract, those that break a reader first."""
    for change in diff(old, new):
        yield f"- {'**breaks** ' if change.breaking else ''}{code(f'{change.where} {change.what}')}"


def text_diff(before: str, after: str) -> str:
    """Two files, line by line, as ``diff -u`` writes it."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), "as it stands", "proposed", lineterm="")
    return "\n".join(lines) + "\n"


def digest(*texts: str) -> str:
    """What names exactly these texts."""
    return hashlib.sha256(json.dumps(texts).encode()).hexdigest()


def counts(rows: Sequence[Row]) -> str:
    """The grades in one line."""
    return ", ".join(f"{count} {word}" for word, count in tally(rows))
