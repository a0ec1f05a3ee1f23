"""Finds every signature in a text and weighs it by where it stands."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from airflow_provider_harness.core.diagnosis.diagnosis import Category
from airflow_provider_harness.core.diagnosis.failure import ErrorLink
from airflow_provider_harness.core.redaction.secret_forms import lower
from airflow_provider_harness.core.signatures.error_codes import Field, Signature
from airflow_provider_harness.core.signatures.texts import HEDGE, INSTRUCTION, NOISE, RECOVERED, RETRIED, SIGNATURES

LONGEST_LINE = 1000  # characters of a line that are looked at
_REASON = 7  # what a body or log line must weigh to be a stated reason
_STATED = 3  # what a client's line of a status counts for less beside one

_STAMP = re.compile(
    r"^\W{0,3}(?:(?:19|20)\d\d-\d\d-\d\d[t ]\d\d:\d\d(?::\d\d)?[^\s\]]{0,20}(?: [+-]\d\d:?\d\d| utc| z)?|\d\d:\d\d:\d\d\S{0,8})\]?[\s,]{0,3}"
)
_FRAME = re.compile(r"^\s*(?:\|\s)?\s*file \"[^\"]{1,300}\", line \d+")
_SOURCE = re.compile(r"^\s*(?:\|\s*)?(?:[\^~]{2,}[\s\^~]*$|at [\w.$/<>]{3,200}\(|\.\.\. \d+ (?:more|common))")
_QUIET = re.compile(
    r"^\W{0,3}(?:\{[^}]{0,80}\} )?\W{0,2}(?:info|debug|trace|notice|warning|warn)\b|\b(?:info|debug|warning|warn) ?[-:\]|]|level=(?:info|debug|warn)|\"level\": ?\"(?:info|debug|warn)"
)
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_]{3,60}")
_SQLSTATE = re.compile(r"(?:sqlstate|pgcode|sqlcode)\W{0,5}([0-9a-z]{5})\b")
_HTTP = re.compile(
    r"(?:http/?\d?\.?\d?|status(?:[ _-]?code)?(?: is| was)?|code|error|response|returned|got|answered|<response)[^\w\n]{1,4}(?:a )?([1-5]\d\d)\b"
    r"|\b([45]\d\d) (?:client error|server error|bad request|unauthori[sz]ed|forbidden|not found|gone|conflict|unprocessable"
    r"|too many requests|internal|bad gateway|service unavailable|gateway time)"
    r"|\(([45]\d\d)\)\s{0,2}reason"
)
_STATUS_LINE = re.compile(
    r"\b[45]\d\d (?:client|server) error: .{0,60} for url|(?:client|server) error '[45]\d\d .{0,60}' for url|\b[45]\d\d, message='"
)
_ERRNO = re.compile(r"\[?errno (\d{1,3})\b")
_SENTENCE_ENDS = re.compile(r"[.;!?|)\]](?=\s)|\s(?=[(\[{<\"']|- |[A-Z]{4,12}: )")
_noise, _instruction, _recovered, _retried, _hedge = (
    re.compile(p) for p in (NOISE, INSTRUCTION, RECOVERED, RETRIED, HEDGE)
)


@dataclass(frozen=True, slots=True)
class Match:
    """One signature in one place.

    :param line: 1 for the first line.
    :param weight: its strength, corrected for where it stands.
    """

    signature: Signature
    line: int
    weight: float

    @property
    def category(self) -> Category:
        return self.signature.category


@cache
def table(field: Field) -> Mapping[str, Signature]:
    """Signatures of an exact field by their key."""
    return {s.key: s for s in SIGNATURES if s.field is field}


@cache
def texts() -> tuple[tuple[Signature, re.Pattern[str], re.Pattern[str] | None, re.Pattern[str] | None], ...]:
    """Signatures of texts, compiled."""

    def compiled(pattern: str) -> re.Pattern[str] | None:
        return re.compile(pattern, re.MULTILINE) if pattern else None

    return tuple(
        (s, re.compile(s.key, re.MULTILINE), compiled(s.also), compiled(s.unless))
        for s in SIGNATURES
        if s.field is Field.TEXT
    )


@cache
def places(field: Field) -> tuple[tuple[Signature, re.Pattern[str]], ...]:
    """Signatures of frames or of quoted source, compiled."""
    return tuple((s, re.compile(s.key)) for s in SIGNATURES if s.field is field)


@dataclass(frozen=True, slots=True)
class Reading:
    """A text without what is no evidence: noise, and lines that instruct the reader.

    :param words: its lines in lower case, without their time stamps.
    :param matches: every signature in every place, but not in quoted source code.
    """

    words: str
    matches: tuple[Match, ...]


def find(text: str) -> Reading:
    """Every signature of a text."""
    original, lines = _lines(text)
    words = "\n".join(lines)
    source = _source(lines)
    said = "\n".join(line for i, line in enumerate(lines) if i not in source)
    usable = [
        (signature, pattern)
        for signature, pattern, also, unless in texts()
        if pattern.search(said)
        and (also is None or also.search(words))
        and (unless is None or not unless.search(words))
    ]
    found: list[tuple[Signature, int]] = []
    for i, line in enumerate(lines):
        if i in source or not line.strip():
            continue
        found += [(s, i) for s, pattern in usable if pattern.search(line)]
        found += [(s, i) for s in _codes(original[i], line)]
    found += _placed(lines, source)
    return Reading(words, tuple(_weighed(found, lines)))


def evidence_of(text: str) -> str:
    """The lines that signatures are looked for in, as they were written: no noise, no instruction, no quoted source."""
    original, lines = _lines(text)
    source = _source(lines)
    return "\n".join(original[i] for i, line in enumerate(lines) if line.strip() and i not in source)


def _lines(text: str) -> tuple[list[str], list[str]]:
    """The lines without what they tell the reader to do, as written, and in lower case without their stamps; empty where a
    line is no evidence."""
    original = [_told(line[:LONGEST_LINE]) for line in text.split("\n")]
    lines = [_hedge.sub("", _STAMP.sub("", line.lower(), count=1)) for line in original]
    return original, ["" if _noise.search(line) else line for line in lines]


def _told(line: str) -> str:
    """A line up to the sentence in which it begins to instruct its reader: an error before that is still an error."""
    found = _instruction.search(lower(line))
    if found is None:
        return line
    ends = [end.start() + 1 for end in _SENTENCE_ENDS.finditer(line, 0, found.start() + 1)]
    return line[: ends[-1]] if ends else ""


def _source(lines: list[str]) -> set[int]:
    """Frames of tracebacks and the source code they quote: what a program could do, not what it did."""
    frames = {i for i, line in enumerate(lines) if _FRAME.search(line)}
    indent = {i: len(lines[i]) - len(lines[i].lstrip()) for i in range(len(lines))}
    quoted = {i + 1 for i in frames if i + 1 < len(lines) and indent[i + 1] > indent[i]}
    return frames | quoted | {i for i, line in enumerate(lines) if _SOURCE.search(line)}


def _placed(lines: list[str], source: set[int]) -> list[tuple[Signature, int]]:
    """What the innermost frames and the source that they quote say, at the line of the error below them."""
    found: list[tuple[Signature, int]] = []
    frame = ""
    for i, line in enumerate(lines):
        if _FRAME.search(line):
            frame = line
        elif i not in source and frame and line.strip():
            found += [(s, i) for s, pattern in places(Field.RAISED_IN) if pattern.search(frame)]
            frame = ""
    quoted = [line for i, line in enumerate(lines) if i in source and not _FRAME.search(line)]
    last = max((i for i in range(len(lines)) if i not in source and lines[i].strip()), default=0)
    found += [(s, last) for s, p in places(Field.QUOTED) if any(p.search(line) for line in quoted)]
    return found


def _codes(line: str, lowered: str) -> Iterable[Signature]:
    names, errnos = table(Field.NAME), table(Field.ERRNO)
    for word in set(_WORD.findall(line)):
        if word in names:
            yield names[word]
        if word in errnos:
            yield errnos[word]
    for match in _SQLSTATE.finditer(lowered):
        if signature := sqlstate(match.group(1).upper()):
            yield signature
    for match in _HTTP.finditer(lowered):
        if signature := table(Field.HTTP).get(match.group(1) or match.group(2) or match.group(3)):
            yield signature
    for match in _ERRNO.finditer(lowered):
        if signature := errnos.get(errno.errorcode.get(int(match.group(1)), "")):
            yield signature


def sqlstate(code: str) -> Signature | None:
    """The signature of a code, or of its class."""
    states = table(Field.SQLSTATE)
    return states.get(code) or states.get(code[:2])


def facts_of(link: ErrorLink) -> tuple[Signature, ...]:
    """What the typed parts of an exception say: its class, SQLSTATE, HTTP status, error number. Not its message.

    The reasons that a service named speak instead of its status, and of the class that a client makes of the status.
    """
    found: list[Signature | None] = []
    if link.sqlstate:
        found.append(sqlstate(link.sqlstate))
    reasons = [table(Field.NAME)[word] for word in link.reasons if word in table(Field.NAME)]
    if reasons:
        return tuple(s for s in (*found, *reasons) if s is not None)
    if link.http_status:
        found.append(table(Field.HTTP).get(str(link.http_status)))
    if link.errno is not None:
        found.append(table(Field.ERRNO).get(errno.errorcode.get(link.errno, "")))
    for name in (link.type, *link.bases):
        signature = table(Field.NAME).get(name.rpartition(".")[2])
        if signature is not None:
            found.append(signature)
            break
    return tuple(s for s in found if s is not None)


def _weighed(found: list[tuple[Signature, int]], lines: list[str]) -> Iterable[Match]:
    over = [i for i, line in enumerate(lines) if _recovered.search(line)]
    last: dict[Category, int] = {}
    for signature, i in found:
        last[signature.category] = max(i, last.get(signature.category, 0))
    reasons = {s.category for s, i in found if s.strength >= _REASON and not _STATUS_LINE.search(lines[i])}
    for signature, i in found:
        weight = float(signature.strength)
        if reasons - {signature.category} and _STATUS_LINE.search(lines[i]):
            weight -= _STATED
        if _QUIET.search(lines[i][:160]):
            weight -= 1
        near = " ".join(lines[i : i + 3])
        if _retried.search(near) and any(i < j and last[signature.category] < j for j in over):
            weight -= 4
        if weight > 0:
            yield Match(signature, i + 1, weight)
