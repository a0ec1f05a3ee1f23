"""Words that stand wherever a pattern matches: looked for first, since that costs little, and a pattern is compiled only then."""

from __future__ import annotations

_CLASSES = "dDsSwWbBAZ"


def anchors(pattern: str) -> tuple[str, ...]:
    """The longest literal text of each alternative; one of them is in whatever matches. Empty where one has none."""
    found = [max(_literals(part), key=len, default="") for part in _alternatives(pattern)]
    return tuple(found) if all(found) else ()


def _alternatives(pattern: str) -> list[str]:
    """The pattern cut at each ``|`` that stands in no group."""
    parts, depth, at, start = [], 0, 0, 0
    while at < len(pattern):
        sign = pattern[at]
        if sign == "\\":
            at += 1
        elif sign == "[":
            at = _end_of_set(pattern, at)
        elif sign == "|" and depth == 0:
            parts.append(pattern[start:at])
            start = at + 1
        depth += (sign == "(") - (sign == ")")
        at += 1
    return [*parts, pattern[start:]]


def _end_of_set(pattern: str, at: int) -> int:
    """Where a set of characters ends that begins here."""
    at += 1 + (pattern[at + 1 : at + 2] == "^")
    at += pattern[at : at + 1] == "]"
    while at < len(pattern) and pattern[at] != "]":
        at += 2 if pattern[at] == "\\" else 1
    return at


def _end_of_group(pattern: str, at: int) -> int:
    depth = 0
    while at < len(pattern):
        sign = pattern[at]
        if sign == "\\":
            at += 1
        elif sign == "[":
            at = _end_of_set(pattern, at)
        depth += (sign == "(") - (sign == ")")
        if depth == 0:
            return at
        at += 1
    return at


def _literals(pattern: str) -> list[str]:
    """Texts that stand in whatever matches a pattern without alternatives."""
    runs, run, at = [], "", 0
    while at < len(pattern):
        sign = pattern[at]
        ends = True
        if sign == "\\" and pattern[at + 1 : at + 2] not in _CLASSES and not pattern[at + 1 : at + 2].isdigit():
            at, run, ends = at + 1, run + pattern[at + 1 : at + 2], False
        elif sign == "\\":
            at += 1
        elif sign == "[":
            at = _end_of_set(pattern, at)
        elif sign == "(":
            at = _end_of_group(pattern, at)
        elif sign in "?*{":
            run = run[:-1]
            at = pattern.index("}", at) if sign == "{" else at
        elif sign not in ".^$+":
            run, ends = run + sign, False
        if ends:
            runs.append(run)
            run = ""
        at += 1
    return [*runs, run]
