"""Text and structure of a file: plain text, Markdown, HTML, PDF."""

from __future__ import annotations

import io
import re
import struct
import zlib
from collections.abc import Callable, Mapping
from html.parser import HTMLParser

from airflow_provider_harness.core.errors import MissingExtra
from airflow_provider_harness.core.learning.chunks import Block, markdown_blocks, plain_blocks
from airflow_provider_harness.core.learning.documents import NotText

Read = tuple[str, tuple[Block, ...]]


def decoded(data: bytes) -> str:
    """Bytes as UTF-8.

    :raises NotText: they are something else.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NotText(f"is not text in UTF-8: byte {error.start} is {data[error.start]:#04x}") from error
    if "\0" in text:
        raise NotText(f"is not text: character {text.index(chr(0))} is the one of number 0")
    return text


def _plain(data: bytes) -> Read:
    text = decoded(data)
    return text, plain_blocks(text)


def _markdown(data: bytes) -> Read:
    text = decoded(data)
    return text, markdown_blocks(text)


def _html(data: bytes) -> Read:
    page = _Page()
    page.feed(decoded(data))
    page.close()
    page.end_block()
    text = "".join(page.parts)
    if data.strip() and not text:
        raise NotText("is a page without text; what its scripts would show has to be saved first")
    return text, tuple(page.blocks)


_BROKEN = (
    *(ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError),
    *(RecursionError, NotImplementedError, EOFError, zlib.error, struct.error),
)
"""What a reader of PDF stumbles over in a file that says other things than it holds."""


def _pdf(data: bytes) -> Read:
    try:
        from pypdf import PdfReader
        from pypdf.errors import DependencyError, PyPdfError
    except ImportError as error:
        raise MissingExtra("reading PDF", "retrieval") from error
    text = ""
    blocks: list[Block] = []
    try:
        for number, page in enumerate(PdfReader(io.BytesIO(data)).pages, 1):
            own = page.extract_text().replace("\0", "").encode("utf-8", "replace").decode() + "\n\n"
            blocks += plain_blocks(own, (f"page {number}",), len(text))
            text += own
    except (PyPdfError, DependencyError, *_BROKEN) as error:
        raise NotText(f"is not a PDF that can be read: {type(error).__name__}: {error}") from error
    if not text.strip():
        raise NotText("is a PDF without text; a scan needs its characters recognised first")
    return text, tuple(blocks)


FORMATS: Mapping[str, Callable[[bytes], Read]] = {
    ".txt": _plain,
    ".text": _plain,
    ".md": _markdown,
    ".markdown": _markdown,
    ".html": _html,
    ".htm": _html,
    ".pdf": _pdf,
}
"""Suffix of a file's name, in lower case -> how it is read."""


def read(data: bytes, suffix: str) -> Read:
    """The text of a file, and its blocks.

    :raises NotText: it has none.
    """
    reader = FORMATS.get(suffix.lower())
    if reader is None:
        raise NotText(f"has the suffix {suffix!r}, which names no format that is read; valid: {', '.join(FORMATS)}")
    return reader(data)


_HEADING = re.compile(r"h([1-6])")
_SILENT = frozenset(("script", "style", "noscript", "template", "title"))
_BLOCKS = frozenset(
    "address article aside blockquote dd div dl dt fieldset figure footer form header hr li main nav ol p pre section table tr ul".split()  # noqa: SIM905
)


class _Page(HTMLParser):
    """Text of a page as a reader sees it; each block with the headings above it."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.blocks: list[Block] = []
        self._length = 0
        self._silent: list[str] = []
        self._start = -1
        self._headings: list[tuple[int, str]] = []
        self._level = 0
        self._code = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag in _SILENT:
            self._silent.append(tag)
        elif tag == "body":
            self._silent.clear()  # whatever the head left open
        elif tag == "br":
            self._add("\n")
        elif tag in ("td", "th"):
            self._gap()
        elif tag in _BLOCKS or _HEADING.fullmatch(tag):
            self.end_block()
            found = _HEADING.fullmatch(tag)
            self._level = int(found[1]) if found else 0
            self._code += tag == "pre"

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            if tag in self._silent:
                del self._silent[self._silent.index(tag) :]
        elif tag in _BLOCKS or _HEADING.fullmatch(tag):
            self.end_block()
            self._code = max(0, self._code - (tag == "pre"))
        elif tag in ("td", "th"):
            self._gap()

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._add(data.replace("\0", "") if self._code else re.sub(r"\s+", " ", data.replace("\0", "")))

    def _gap(self) -> None:
        """A space between two cells, whether the first one was closed or not."""
        if self._start >= 0 and not self.parts[-1].endswith(" "):
            self._put(" ")

    def end_block(self) -> None:
        """What comes now is another block."""
        if self._start < 0:
            return
        text = self._tail()
        end = self._start + len(text.rstrip())
        if self._level:
            kept = [(level, name) for level, name in self._headings if level < self._level]
            self._headings = [*kept, (self._level, " ".join(text.split()))]
            self._level = 0
        if text.strip():
            self.blocks.append(Block(start=self._start, end=end, headings=tuple(name for _, name in self._headings)))
        self._start = -1
        self._put("\n\n")

    def _tail(self) -> str:
        """The text of the block under way."""
        kept: list[str] = []
        length = self._length
        for part in reversed(self.parts):
            length -= len(part)
            kept.append(part)
            if length <= self._start:
                break
        return "".join(reversed(kept))[self._start - length :]

    def _add(self, text: str) -> None:
        if self._start < 0:
            text = text.lstrip()
            if not text:
                return
            self._start = self._length
        self._put(text)

    def _put(self, text: str) -> None:
        self.parts.append(text)
        self._length += len(text)
