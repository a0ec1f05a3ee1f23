"""Text files as they are before anything reads them: their encoding, a CSV's header and dialect, the line that a row is on."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import json
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

HEAD_BYTES = 1 << 20
"""Of a file, to learn its header and dialect."""
CHUNK_BYTES = 1 << 20
DELIMITERS = (",", ";", "\t", "|")
MOST_LINES = 2_000_000
"""Rows up to which the line of one is looked for; of a later one, its number is told."""
MOST_JSON_BYTES = 200 << 20
"""Size of a JSON document up to which the line of its mistake is looked for."""
_MARKS: Mapping[bytes, str] = {
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}
"""First bytes of a file -> its encoding; the longer ones come first."""

Open = Callable[[], IO[bytes]]


class NotRead(ValueError):
    """A file is not what it says it is; the message says why, without the file's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Csv:
    """How a CSV file is written; a quote within a value is written twice (RFC 4180), whatever other files do with a backslash.

    :param names: of its columns, from its first line.
    """

    names: tuple[str, ...]
    delimiter: str
    quote: str


@contextmanager
def unpacked(name: str, opened: Open) -> Iterator[IO[bytes]]:
    """The bytes of a file; of a packed one, what is in it."""
    with opened() as raw:
        if not name.lower().endswith(".gz"):
            yield raw
            return
        with gzip.GzipFile(fileobj=raw) as inner:
            yield inner  # type: ignore[misc]


def head(name: str, opened: Open) -> bytes:
    """The beginning of a text file.

    :raises NotRead: it is empty, or in no encoding that is read.
    """
    try:
        with unpacked(name, opened) as file:
            found = file.read(HEAD_BYTES)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise NotRead(f"is not a whole gzip file ({error})") from error
    told = next((kind for mark, kind in _MARKS.items() if found.startswith(mark)), "")
    if not told and b"\0" in found:
        told = "something with NUL bytes, perhaps UTF-16 or no text at all,"
    if told:
        raise NotRead(f"line 1: is {told} where only UTF-8 is read; let it be written as UTF-8")
    if not found.removeprefix(codecs.BOM_UTF8).strip():
        raise NotRead("is empty: it has no header and no row")
    return found


def csv_of(found: bytes, wanted: Collection[str]) -> Csv:
    """The header and the dialect of a CSV file: those that give most of the names that are wanted.

    :param found: its beginning.
    :param wanted: names of the contract's columns.
    :raises NotRead: its first line is no header, or one that names a column twice or not at all.
    """
    text = found.decode("utf-8-sig", errors="replace")
    quote = "'" if text.lstrip().startswith("'") else '"'
    heads = {mark: _record(text, mark, quote) for mark in DELIMITERS}
    delimiter = max(DELIMITERS, key=lambda mark: (len(set(heads[mark]) & set(wanted)), len(heads[mark])))
    names = heads[delimiter]
    if not set(names) & set(wanted):
        raise NotRead(
            f"line 1: is not a header, since none of its {len(names)} values is the name of a column of the contract "
            f"({', '.join(list(wanted)[:5])}{', ...' if len(wanted) > 5 else ''})"
        )
    lower = [name.lower() for name in names]
    twice = sorted({name for name in names if lower.count(name.lower()) > 1})
    if twice:
        raise NotRead(f"line 1: names a column twice ({', '.join(twice)})")
    if "" in names:
        raise NotRead(f"line 1: column {names.index('') + 1} of {len(names)} has no name")
    return Csv(names=tuple(names), delimiter=delimiter, quote=quote)


def _record(text: str, delimiter: str, quote: str) -> list[str]:
    try:
        return next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, quotechar=quote), [])
    except csv.Error:
        return []


def undecodable(name: str, opened: Open) -> str:
    """Where a file stops being UTF-8; empty where it never does."""
    decoder, line = codecs.getincrementaldecoder("utf-8")(), 1
    with unpacked(name, opened) as file:
        while True:
            chunk = file.read(CHUNK_BYTES)
            try:
                line += decoder.decode(chunk, final=not chunk).count("\n")
            except UnicodeDecodeError as error:
                line += bytes(error.object[: error.start]).count(b"\n")
                byte = error.object[error.start]
                return f"line {line}: byte 0x{byte:02X} is not UTF-8 (perhaps Latin-1); let it be written as UTF-8"
            if not chunk:
                return ""


def line_of(name: str, opened: Open, byte: int) -> int:
    """The line of a byte.

    :param byte: its place, 1 for the first.
    """
    ends = {b"\n": 0, b"\r": 0}
    left = max(byte - 1, 0)
    with unpacked(name, opened) as file:
        while left and (chunk := file.read(min(CHUNK_BYTES, left))):
            left -= len(chunk)
            for end in ends:
                ends[end] += chunk.count(end)
    return 1 + (ends[b"\n"] or ends[b"\r"])


def other_ending(name: str, opened: Open) -> str:
    """Which line of a text file ends otherwise than its first one; empty where all end alike."""
    with unpacked(name, opened) as file:
        first = file.readline()
        for number, line in enumerate(file, start=2):
            if line.endswith(b"\n") and line.endswith(b"\r\n") is not first.endswith(b"\r\n"):
                return f"line {number}: ends otherwise than line 1 (CR LF and LF are mixed); let all lines end alike"
    return ""


def csv_line(name: str, opened: Open, form: Csv, row: int) -> int | None:
    """The line on which a row begins; None where that takes too long to find out.

    :param row: 1 for the first one after the header.
    """
    if row > MOST_LINES:
        return None
    with unpacked(name, opened) as file, io.TextIOWrapper(file, "utf-8-sig", errors="replace", newline="") as text:
        reader = csv.reader(text, delimiter=form.delimiter, quotechar=form.quote)
        began, count = 1, -1
        for values in reader:
            count += bool(values)
            if count == row:
                return began
            began = reader.line_num + 1
    return None


def json_line(name: str, opened: Open, row: int) -> int | None:
    """The line of an object where each has a line of its own; None where that is not so, or takes too long to find out.

    :param row: 1 for the first one.
    """
    if row > MOST_LINES:
        return None
    with unpacked(name, opened) as file:
        count = 0
        for number, line in enumerate(file, start=1):
            text = line.decode("utf-8-sig" if number == 1 else "utf-8", errors="replace").strip()
            if text and (not text.startswith("{") or not text.endswith("}") or (not count and _wrong(text))):
                return None
            count += bool(text)
            if count == row:
                return number
    return None


def json_mistake(name: str, opened: Open) -> str:
    """Which line of a JSON file cannot be read, and why; empty where none is found."""
    with unpacked(name, opened) as file:
        raw = file.read(MOST_JSON_BYTES)
    text = raw.decode("utf-8-sig", errors="replace")
    if not text.lstrip().startswith("["):
        for number, line in enumerate(text.split("\n"), start=1):
            if line.strip() and (said := _wrong(line)):
                return f"line {number}: {said[1]}"
        return ""
    found = _wrong(text)
    return f"line {found[0]}: {found[1]}" if found else ""


def _wrong(text: str) -> tuple[int, str] | None:
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return error.lineno, f"is not JSON ({error.msg} at character {error.colno})"
    except RecursionError:
        return 1, "has values within values, thousands deep"
    return None
