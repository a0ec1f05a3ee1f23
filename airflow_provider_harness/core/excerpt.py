"""Makes a dossier-sized excerpt of a log of any length: head, tail, and windows around what looks like an error.

One pass over bytes, by chunks: only the kept lines are ever decoded, so 100 MB cost about one read.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

#: Characters of an excerpt: about 4,000 tokens.
BUDGET = 16_000
#: Characters of one line that are kept.
LONGEST_LINE = 600
HEAD, BEFORE, AFTER, TAIL = 12, 6, 14, 60  # lines

_ERROR = re.compile(
    rb"(?i:error|exception|fatal|critical|panic|traceback|killed|denied|refused|timed out|timeout|cannot|could not|"
    rb"failed|failure|violat|exhausted|exceeded|terminat|oom|caused by)"
)


@dataclass(frozen=True, slots=True)
class Line:
    """One kept line.

    :param number: 1 for the first line of the whole log.
    """

    number: int
    text: str


def lines_of(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Lines without their line feed, however the chunks were cut; a line is cut at 64 KiB."""
    rest = b""
    for chunk in chunks:
        parts = (rest + chunk).split(b"\n")
        rest = parts.pop()
        if len(rest) > 65_536:
            parts.append(rest)
            rest = b""
        yield from parts
    if rest:
        yield rest


def excerpt(lines: Iterable[bytes], budget: int = BUDGET) -> tuple[Line, ...]:
    """The lines worth reading, in order, within the budget. The last errors count most, then the tail, then the head.

    :param budget: characters.
    """
    head: list[tuple[int, bytes]] = []
    tail: deque[tuple[int, bytes]] = deque(maxlen=TAIL)
    windows: deque[tuple[int, bytes]] = deque(maxlen=400)
    first: list[tuple[int, bytes]] = []
    recent: deque[tuple[int, bytes]] = deque(maxlen=BEFORE)
    open_until = 0
    for number, line in enumerate(lines, start=1):
        item = (number, line)
        if number <= HEAD:
            head.append(item)
        if _ERROR.search(line[:2000]):
            if number > open_until:
                (first if len(first) < 80 else windows).extend(recent)
            open_until = number + AFTER
        if number <= open_until:
            (first if len(first) < 80 else windows).append(item)
            recent.clear()
        else:
            recent.append(item)
        tail.append(item)
    return _fit((tail, windows, first, head), budget)


def _fit(groups: Iterable[Iterable[tuple[int, bytes]]], budget: int) -> tuple[Line, ...]:
    """Lines of the groups, most wanted group first and each from its end, until the budget is used."""
    kept: dict[int, str] = {}
    left = budget
    for share, group in zip((0.45, 0.6, 0.8, 1.0), groups, strict=True):
        floor = budget * (1 - share)
        for number, raw in reversed(list(group)):
            if number in kept:
                continue
            text = raw[: LONGEST_LINE * 4].decode("utf-8", "replace").rstrip("\r")[:LONGEST_LINE]
            if left - len(text) - 1 < floor:
                break
            kept[number] = text
            left -= len(text) + 1
    return tuple(Line(number, kept[number]) for number in sorted(kept))


def as_text(lines: Iterable[Line]) -> str:
    """The excerpt as one text; a gap says which lines of the whole log were left out."""
    out: list[str] = []
    last = 0
    for line in lines:
        if line.number > last + 1:
            out.append(f"[lines {last + 1} to {line.number - 1} left out]")
        out.append(line.text)
        last = line.number
    return "\n".join(out)
