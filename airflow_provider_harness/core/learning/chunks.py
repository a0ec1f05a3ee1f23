"""Passages of documents: cut by structure, within bounds, each with its place in the text.

``text[start:end]`` is the passage, so a citation leads back to the very characters.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby, zip_longest
from typing import Any

from airflow_provider_harness.core.errors import ConfigurationError

Split = Callable[[str, int], Sequence[tuple[int, int]]]
"""Cuts a text that is too long into pieces of so many characters at most: (start, end) of each, in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A paragraph, a list, a table or a fence of code, with the headings above it.

    :param start: its first character in the document's text, from 0.
    :param end: the one after its last.
    """

    start: int
    end: int
    headings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document as text.

    :param id: stable over its versions.
    :param place: where it was read, for people.
    :param blocks: its structure, in order, without overlap.
    :param fields: the contract's other columns.
    """

    id: str
    place: str
    text: str
    blocks: tuple[Block, ...]
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """A passage of a document.

    :param ordinal: its place among the document's passages, from 0.
    :param start: in characters of the document's text; ``end`` is the one after its last.
    """

    ordinal: int
    start: int
    end: int
    headings: tuple[str, ...]
    text: str

    @property
    def embedded(self) -> str:
        """What the model sees: the headings say what the passage is about."""
        return "\n\n".join(filter(None, (" > ".join(self.headings), self.text)))

    @property
    def digest(self) -> str:
        """Tells what is embedded apart."""
        return hashlib.sha256(self.embedded.encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunking:
    """How documents are cut.

    :param size: characters of a passage at most, 100 or more.
    :param overlap: characters that a passage repeats of the one before it below the same headings, at most; less than half of
        ``size``.
    """

    size: int = 1200
    overlap: int = 150

    def __post_init__(self) -> None:
        if self.size < 100 or not 0 <= self.overlap < self.size / 2:
            raise ConfigurationError(
                "chunk_size and overlap",
                f"are {self.size} and {self.overlap} characters.",
                fix="Give a chunk_size of 100 or more, and an overlap of less than half of it.",
            )


def chunks(document: Document, chunking: Chunking, split: Split) -> tuple[Chunk, ...]:
    """The passages of a document: whole blocks below the same headings as long as they fit; a block that is too long is split."""
    spans = [
        (start, end, headings)
        for headings, blocks in groupby(document.blocks, key=lambda block: block.headings)
        for start, end in _spans(document.text, list(blocks), chunking, split)
    ]
    return tuple(
        Chunk(ordinal=n, start=start, end=end, headings=headings, text=document.text[start:end])
        for n, (start, end, headings) in enumerate(spans)
    )


def _spans(text: str, blocks: Sequence[Block], chunking: Chunking, split: Split) -> Iterator[tuple[int, int]]:
    """(start, end) of the passages of one section."""
    room = chunking.size - chunking.overlap
    begin = first = last = -1
    for start, end in _pieces(text, blocks, room, split):
        if begin < 0 or end - begin > room:
            if begin >= 0:
                yield _reached_back(text, first, begin, chunking.overlap), last
            else:
                first = start
            begin = start
        last = end
    if begin >= 0:
        yield _reached_back(text, first, begin, chunking.overlap), last


def _pieces(text: str, blocks: Iterable[Block], room: int, split: Split) -> Iterator[tuple[int, int]]:
    for block in blocks:
        if block.end - block.start <= room:
            yield block.start, block.end
        else:
            for start, end in split(text[block.start : block.end], room):
                yield block.start + start, block.start + end


def _reached_back(text: str, first: int, begin: int, overlap: int) -> int:
    """Where a passage begins that repeats the end of the one before: at a word, and not before its section."""
    least = max(first, begin - overlap)
    if least in (begin, first):
        return least
    word = _WORD.search(text, least - 1, begin)
    return word.end() if word else begin


_WORD = re.compile(r"\s+(?=\S)")
_ATX = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*$")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_UNDERLINE = re.compile(r" {0,3}(=+|-+)[ \t]*$")


def plain_blocks(text: str, headings: tuple[str, ...] = (), offset: int = 0) -> tuple[Block, ...]:
    """The paragraphs of a text: what blank lines divide.

    :param offset: of the text in the document's.
    """
    walk = _Lines(headings)
    for line, place in _placed(text, offset):
        walk.line(line, place)
    walk.close()
    return tuple(walk.blocks)


def _placed(text: str, place: int = 0) -> Iterator[tuple[str, int]]:
    """The lines of a text, each with its place."""
    for line in text.splitlines(keepends=True):
        yield line, place
        place += len(line)


def markdown_blocks(text: str) -> tuple[Block, ...]:
    """The blocks of a Markdown text, each below its headings; a heading belongs to the section that it opens.

    >>> [(text.headings, text.start) for text in markdown_blocks("# A\\n\\none\\n\\n## B\\n\\ntwo\\n")]
    [(('A',), 0), (('A',), 5), (('A', 'B'), 10), (('A', 'B'), 16)]
    """
    walk = _Markdown()
    for line, place in _placed(text):
        walk.line(line, place)
    walk.close()
    kept = walk.blocks
    return tuple(one for one, then in zip_longest(kept, kept[1:]) if not _is_bare(one, then, walk.titles))


def _is_bare(block: Block, after: Block | None, titles: set[int]) -> bool:
    """Whether a block is a heading without a body of its own: what is below it has it among its headings."""
    above = block.headings
    return (
        block.start in titles and after is not None and len(after.headings) > len(above) == len(_shared(above, after))
    )


def _shared(headings: tuple[str, ...], block: Block) -> tuple[str, ...]:
    return tuple(name for name, other in zip(headings, block.headings, strict=False) if name == other)


class _Lines:
    """Reads line by line; blank lines divide."""

    def __init__(self, headings: tuple[str, ...] = ()) -> None:
        self.blocks: list[Block] = []
        self._path = headings
        self._start = self._end = -1
        self._lines = 0

    def line(self, line: str, place: int) -> None:
        if line.strip():
            self._grow(line, place)
        else:
            self.close()

    def close(self) -> None:
        """A block has ended."""
        if self._start >= 0:
            self.blocks.append(Block(start=self._start, end=self._end, headings=self._path))
        self._start, self._lines = -1, 0

    def _grow(self, line: str, place: int) -> None:
        if self._start < 0:
            self._start = place + len(line) - len(line.lstrip())
            self._first = line.strip()
        if line.strip():
            self._end = place + len(line.rstrip())
        self._lines += 1


class _Markdown(_Lines):
    """The same, with headings and fences."""

    def __init__(self) -> None:
        super().__init__()
        self.titles: set[int] = set()
        self._headings: list[tuple[int, str]] = []
        self._fence = ""

    def line(self, line: str, place: int) -> None:
        bare = line.rstrip()
        fence = _FENCE.match(bare)
        if self._fence:
            self._fenced(line, place, bare)
        elif fence:
            self._fence = fence[1]
            self._grow(line, place)
        elif found := _ATX.match(bare):
            self.close()
            self._heading(len(found[1]), (found[2] or "").strip(), place, place + len(bare))
        elif self._lines == 1 and (found := _UNDERLINE.match(bare)):
            start, self._start = self._start, -1
            self._heading(1 if found[1][0] == "=" else 2, self._first, start, place + len(bare))
        else:
            super().line(line, place)

    def _fenced(self, line: str, place: int, bare: str) -> None:
        """A line of code; blank ones do not divide it."""
        self._grow(line, place)
        if set(bare.strip()) == {self._fence[0]} and len(bare.strip()) >= len(self._fence):
            self._fence = ""
            self.close()

    def _heading(self, level: int, title: str, start: int, end: int) -> None:
        self._lines = 0
        self._headings = [*((above, name) for above, name in self._headings if above < level), (level, title)]
        self._path = tuple(name for _, name in self._headings if name)
        self.titles.add(start)
        self.blocks.append(Block(start=start, end=end, headings=self._path))
