"""The lines of the log around those that a diagnosis cites, for people who read it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

from airflow_provider_harness.core.diagnosis.evidence import Citation, Source

#: Lines before and after a cited one, lines altogether, and characters of one.
AROUND, MOST, LENGTH = 4, 40, 300


class Line(TypedDict):
    """A line of the log, as an event keeps a citation."""

    source: str
    line: int
    text: str


def context(log: str, citations: Sequence[Citation]) -> list[Line]:
    """Lines with their numbers, in order; without a citation of the log, its last ones.

    :param log: redacted, as the evidence holds it.
    """
    lines = log.splitlines()
    cited = [one.line for one in citations if one.source is Source.LOG and one.line > 0] or [len(lines)]
    wanted = sorted({n for line in cited for n in range(line - AROUND, line + AROUND + 1) if 1 <= n <= len(lines)})
    nearest = sorted(wanted, key=lambda n: min(abs(n - line) for line in cited))[:MOST]
    return [{"source": Source.LOG.value, "line": n, "text": lines[n - 1][:LENGTH]} for n in sorted(nearest)]
