"""Makes a dossier-sized excerpt of a log of any length: head, tail, and windows around what looks like an error.

The log is searched as bytes for a few fixed words, from both ends, until enough were found; only kept lines are ever
decoded. So 100 MB cost a fraction of a second, and no line can make it slow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

#: Characters of an excerpt: about 4,000 tokens.
BUDGET = 16_000
#: Characters of one line that are kept, and bytes of it that are read.
LONGEST_LINE, LONGEST_READ = 600, 16_384
#: Bytes of a line before a word that was looked for: read, so that a secret that begins there is seen whole; and shown.
_READ_BEFORE, _SHOWN_BEFORE = 12_000, 200
#: Lines kept at the start and the end of the log, and before and after an error.
HEAD, TAIL, BEFORE, AFTER = 12, 60, 6, 14
#: Error words looked at from each end, for each word.
HITS = 25
#: Share of the budget that is used up at most after the tail, the last errors, the first errors and the head.
_SHARES = (0.45, 0.7, 0.9, 1.0)
#: Words looked for in the whole log, and those looked for near its ends only, where a search costs little.
_EVERYWHERE = (b"Traceback", b"ERROR", b"Error", b"FATAL")
_NEAR_THE_ENDS = tuple(
    b" error|xception|atal:|PANIC|CRITICAL|illed|enied|efused|imed out|annot |ould not|ailed|FAILED|xceeded|aused by".split(
        b"|"
    )
)
_NEAR = 4_000_000  # bytes


@dataclass(frozen=True, slots=True)
class Line:
    """One kept line.

    :param number: 1 for the first line of the whole log.
    """

    number: int
    text: str


def excerpt(
    log: bytes, budget: int = BUDGET, clean: Callable[[str], str] = str, longest: int = LONGEST_LINE
) -> tuple[Line, ...]:
    """The lines worth reading, in order. The tail counts most, then the last errors, the first errors, the head.

    :param budget: characters.
    :param clean: redacts a line, before it is cut.
    :param longest: characters of one line.
    """
    hits = sorted(_hits(log))
    half = len(hits) // 2
    groups = (
        list(_backward(log, len(log), TAIL)),
        [s for hit in reversed(hits[half:]) for s in _window(log, hit)],
        [s for hit in hits[:half] for s in _window(log, hit)],
        list(_forward(log, 0, HEAD)),
    )
    kept: dict[int, str] = {}
    left = budget
    for share, group in zip(_SHARES, groups, strict=True):
        for start in group:
            if start in kept:
                continue
            text = _text(log, start, clean)[:longest]
            if left - len(text) - 1 < budget * (1 - share):
                break
            kept[start] = text
            left -= len(text) + 1
    return tuple(_numbered(log, kept))


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


def search(log: bytes, words: str, limit: int, clean: Callable[[str], str] = str) -> tuple[Line, ...]:
    """The first lines that hold these words, exactly as written; of a long line, what stands around them.

    :param words: what is looked for; at least one character and no line feed.
    :param limit: lines at most.
    """
    needle, found = words.encode("utf-8", "replace"), dict[int, str]()
    at = log.find(needle)
    while at >= 0 and len(found) < limit:
        start = _start(log, at)
        found[start] = _around(words, _text(log, max(start, at - _READ_BEFORE), clean))
        at = log.find(needle, line_end(log, at))
    return tuple(_numbered(log, found))


def _around(words: str, text: str) -> str:
    """As much of a line as is kept, with the words in it."""
    at = text.find(words)
    if at + len(words) <= LONGEST_LINE:
        return text[:LONGEST_LINE]
    return f"...{text[at - _SHOWN_BEFORE :][: LONGEST_LINE - 3]}"


def _hits(log: bytes) -> set[int]:
    """Starts of lines with an error word."""
    size = len(log)
    near = [(0, min(_NEAR, size)), (max(size - _NEAR, min(_NEAR, size)), size)]
    whole = (hit for word in _EVERYWHERE for hit in _ends(log, word, 0, size))
    return {*whole, *(hit for word in _NEAR_THE_ENDS for first, last in near for hit in _ends(log, word, first, last))}


def _ends(log: bytes, word: bytes, first: int, last: int) -> Iterator[int]:
    """Starts of the first and of the last lines with a word."""
    at, count = log.find(word, first, last), 0
    while at >= 0 and count < HITS:
        yield _start(log, at)
        at, count = log.find(word, line_end(log, at), last), count + 1
    if at < 0:
        return
    first, at, count = at, log.rfind(word, first, last), 0
    while at >= first and count < HITS:
        start = _start(log, at)
        yield start
        at, count = log.rfind(word, first, max(start, first)), count + 1


def _start(log: bytes, at: int) -> int:
    return log.rfind(b"\n", 0, at) + 1


def line_end(log: bytes, at: int) -> int:
    """Where the line ends that has this byte: before its line feed, or where the log ends."""
    end = log.find(b"\n", at)
    return len(log) if end < 0 else end


def _forward(log: bytes, start: int, count: int) -> Iterator[int]:
    for _ in range(count):
        if start >= len(log):
            return
        yield start
        start = line_end(log, start) + 1


def _backward(log: bytes, end: int, count: int) -> Iterator[int]:
    """Starts of the lines that end before ``end``, the last one first."""
    for _ in range(count):
        if end <= 0:
            return
        start = _start(log, end - 1)
        yield start
        end = start


def _window(log: bytes, hit: int) -> Iterator[int]:
    yield from _forward(log, hit, AFTER)
    yield from _backward(log, hit, BEFORE)


def _text(log: bytes, start: int, clean: Callable[[str], str]) -> str:
    end = min(line_end(log, start), start + LONGEST_READ)
    return clean(log[start:end].decode("utf-8", "replace").rstrip("\r"))


def _numbered(log: bytes, kept: dict[int, str]) -> Iterator[Line]:
    number, before = 1, 0
    for start in sorted(kept):
        number += log.count(b"\n", before, start)
        before = start
        yield Line(number, kept[start])
