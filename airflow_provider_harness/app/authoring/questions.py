"""Questions that were left open in a file: what only a person can answer."""

from __future__ import annotations

from collections.abc import Iterator

from airflow_provider_harness.app.authoring.finding import Found

MARK = "TODO(harness)"
"""Marks a question that only a person can answer."""
NO_KEY = "which columns tell two rows apart?"
"""The question that stands in place of a contract's key."""


def findings(text: str, file: str = "") -> Iterator[Found]:
    """Each marked question.

    :param file: another file than the one that is checked.
    """
    for number, line in enumerate(text.splitlines(), start=1):
        if MARK in line:
            said = line.partition(MARK)[2].strip(" :#\"'")
            yield Found(rule="HC008", file=file, line=number, message=said or "a question is open")
