"""A log of any length in little memory: its head, its tail, and what between them holds the word of an error."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

#: Bytes of a log that are kept at most: a quarter of them the head, a quarter parts with errors, half of them the tail.
LONGEST_LOG = 32_000_000
#: Bytes of a block, which ends with a line where one ends in it; bytes of half a line that are left out after a gap.
_BLOCK, _HALF_LINE = 256_000, 16_384
_ERRORS = (b"Traceback", b"ERROR", b"Error", b"FATAL", b"error_detail")
_ALL = "of this log were not read; what was is its head, its tail and parts with errors"
_HERE = "were not read here; the numbers of lines below leave them out"


def bounded(chunks: Iterable[bytes], limit: int = LONGEST_LOG) -> bytes:
    """What arrives, whole where it is not longer than three quarters of ``limit``; else its first line says how much was
    left out, and a line stands wherever something was.

    :param limit: bytes that are kept at most, the lines about gaps not counted.
    """
    blocks = _blocks(chunks, max(1, min(_BLOCK, limit // 16)))
    head = list(_first(blocks, limit // 4))
    middle, tail, held = _Kept(room=limit // 4), deque[bytes](), 0
    for block in blocks:
        tail.append(block)
        held += len(block)
        while held > limit // 2:
            held -= len(tail[0])
            middle.add(tail.popleft())
    last = middle.joined(tail.popleft() if tail else b"")
    return b"".join((*middle.told(), *head, *middle.parts, last, *tail))


def _first(blocks: Iterator[bytes], size: int) -> Iterator[bytes]:
    for block in blocks:
        yield block
        size -= len(block)
        if size <= 0:
            return


@dataclass(slots=True)
class _Kept:
    """What is kept between the head and the tail.

    :param room: bytes that may still be kept.
    :param size: bytes that were left out; ``lines``: in so many lines.
    :param gap: bytes and lines that were left out since the last part, and whether they end within a line.
    """

    room: int
    parts: list[bytes] = field(default_factory=list)
    size: int = 0
    lines: int = 0
    gap: tuple[int, int, bool] = (0, 0, False)

    def add(self, block: bytes) -> None:
        """Keep a block that holds an error, as long as there is room; leave it out otherwise."""
        if len(block) <= self.room and any(word in block for word in _ERRORS):
            self.room -= len(block)
            self.parts.append(self.joined(block))
        else:
            self._leave(block)

    def joined(self, block: bytes) -> bytes:
        """A block with the line about the gap before it; of half a line the rest is left out, too: the name of a secret may
        stand in what is not read."""
        if not self.gap[0]:
            return block
        if self.gap[2]:
            end = block.find(b"\n") + 1 or min(len(block), _HALF_LINE)
            self._leave(block[:end])
            block = block[end:]
        said, self.gap = _said(*self.gap[:2], _HERE), (0, 0, False)
        return said + block

    def told(self) -> Iterator[bytes]:
        """The line about all gaps, where there is one."""
        if self.size:
            yield _said(self.size, self.lines, _ALL)

    def _leave(self, block: bytes) -> None:
        lines = block.count(b"\n")
        self.size, self.lines = self.size + len(block), self.lines + lines
        self.gap = (self.gap[0] + len(block), self.gap[1] + lines, not block.endswith(b"\n"))


def _said(size: int, lines: int, what: str) -> bytes:
    return f"[{size:,} bytes in {lines:,} lines {what}]\n".encode()


def _blocks(chunks: Iterable[bytes], size: int) -> Iterator[bytes]:
    """The same bytes in blocks that end with a line, or in the middle of one that is longer than a block."""
    rest = bytearray()
    for chunk in chunks:
        rest += chunk
        while len(rest) > 2 * size:
            end = rest.rfind(b"\n", 0, 2 * size) + 1 or 2 * size
            yield bytes(rest[:end])
            del rest[:end]
    if rest:
        yield bytes(rest)
