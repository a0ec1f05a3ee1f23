"""What tools say of each thing that they ran, as results: passed, warned, failed. What passed is no finding."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum


class Result(StrEnum):
    """How one thing ended, by the tool that ran it."""

    PASSED = "passed"  # it ran well, or is running
    SKIPPED = "skipped"  # it was not run, since something before it failed
    WARNED = "warned"  # it is configured to be told, and to fail nothing
    FAILED = "failed"


_OF: Mapping[str, Result] = {
    **dict.fromkeys(("start", "pass", "ok", "no-op", "run", "success", "passed", "reused", "normal"), Result.PASSED),
    **dict.fromkeys(("skip", "skipped"), Result.SKIPPED),
    **dict.fromkeys(("warn", "warned"), Result.WARNED),
    **dict.fromkeys(("fail", "error", "failed", "error stale", "runtime error"), Result.FAILED),
}
#: tool -> how a line of it names a result, the word for it first.
_LINES: Mapping[str, re.Pattern[str]] = {
    "dbt": re.compile(r"^\s*\d+ of \d+ (?P<word>START|PASS|OK|SKIP|NO-OP|WARN|FAIL|ERROR(?: STALE)?|REUSED)\b"),
    "dbt totals": re.compile(r"^\s*Done\. (?P<word>PASS)=\d+|^\s*(?P<ok>Completed successfully)"),
    "pytest": re.compile(r"^\S+::\S+ (?P<word>PASSED|FAILED|ERROR|SKIPPED)\b"),
    "kubectl": re.compile(r"^\s*(?P<word>Normal)\s+[A-Z]\w+\s+(?:\d+[smhd]|<unknown>)"),
    "pod event": re.compile(r"^Pod Event: (?P<ok>Scheduled|Pulling|Pulled|Created|Started|AddedInterface) - "),
    "gx": re.compile(
        r'^\s*\{.{0,400}"expectation_type".{0,4000}"success": ?(?P<ok>true)\b|^\s*\{.{0,100}"success": ?(?P<all>true)\b.{0,4000}"expectation'
    ),
    "soda": re.compile(r"^\s*(?P<ok>\[?PASSED\]?) \S|^\s*\S.{0,80} \[(?P<word>PASSED|WARNED)\]\s*$"),
}
#: The heads of dbt's paragraphs below its results, and whether what follows is about a failure.
_PARAGRAPH = re.compile(
    r"^\s*(?:(?P<bad>Failure|Database Error|Runtime Error|Compilation Error|Parsing Error|Dependency Error|Fail)|(?P<warned>Warning)) in (?:test|model|snapshot|seed|source|operation|macro|unit_test|analysis)\b"
)


def result_of(text: str) -> Result | None:
    """How what a line is about ended; None where the line is no result of a tool."""
    for pattern in _LINES.values():
        if found := pattern.match(text):
            word = found.groupdict().get("word")
            return _OF.get(word.lower(), Result.PASSED) if word else Result.PASSED
    if found := _PARAGRAPH.match(text):
        return Result.FAILED if found.group("bad") else Result.WARNED
    return None


def opens_paragraph(text: str) -> bool:
    """Whether the lines below it are about the same thing."""
    return bool(_PARAGRAPH.match(text))
