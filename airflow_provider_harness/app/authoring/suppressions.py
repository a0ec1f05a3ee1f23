"""Findings that an author has looked at: ``# harness: ignore[HO101] why this is right here``."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from airflow_provider_harness.app.authoring.catalog import RULES
from airflow_provider_harness.app.authoring.finding import Found

_MARK = re.compile(r"#\s*harness:\s*ignore(?:\[(?P<ids>[^\]]*)\])?(?P<reason>.*)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """One comment.

    :param line: where it stands.
    :param lines: the lines whose findings it suppresses: its own, and where it stands alone, the next one that is code.
    """

    line: int
    lines: tuple[int, ...]
    ids: tuple[str, ...]
    reason: str


def suppressions(text: str) -> tuple[Suppression, ...]:
    """The comments of a file."""
    found: list[Suppression] = []
    lines = text.splitlines()
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    except (tokenize.TokenError, SyntaxError, IndentationError):
        return ()
    for token in tokens:
        mark = _MARK.match(token.string) if token.type == tokenize.COMMENT else None
        if mark is None:
            continue
        line = token.start[0]
        alone = not lines[line - 1][: token.start[1]].strip()
        ids = tuple(word.strip() for word in (mark["ids"] or "").split(",") if word.strip())
        found.append(
            Suppression(
                line=line,
                lines=(line, _next(lines, line)) if alone else (line,),
                ids=ids,
                reason=mark["reason"].strip(" :-"),
            )
        )
    return tuple(found)


def _next(lines: Sequence[str], line: int) -> int:
    """The next line that is code."""
    following = (n for n in range(line, len(lines)) if lines[n].strip() and not lines[n].lstrip().startswith("#"))
    return next(following, line - 1) + 1


def applied(found: Sequence[Found], text: str) -> Iterator[Found]:
    """What is left of findings, and what is wrong with the suppressions themselves."""
    marks = suppressions(text)
    good = [mark for mark in marks if mark.reason and mark.ids and all(one in RULES for one in mark.ids)]
    used: set[tuple[int, str]] = set()
    for one in found:
        by = next((m for m in good if one.line in m.lines and one.rule in m.ids and not one.file), None)
        if by is None:
            yield one
        else:
            used.add((by.line, one.rule))
    for mark in marks:
        unknown = [one for one in mark.ids if one not in RULES]
        if not mark.reason or not mark.ids:
            yield Found(
                rule="HF004",
                line=mark.line,
                message="ignore[...] names no finding"
                if not mark.ids
                else f"ignore[{', '.join(mark.ids)}] says no reason",
            )
        elif unknown:
            yield Found(rule="HF005", line=mark.line, message=f"{', '.join(unknown)} is not a finding")
        for name in mark.ids if mark in good else ():
            if (mark.line, name) not in used:
                yield Found(rule="HF006", line=mark.line, message=f"{name} is not found here")
