"""Finds every signature in a text and weighs it by where it stands."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from airflow_provider_harness.adapters.diagnosis.anchors import anchors
from airflow_provider_harness.adapters.diagnosis.signature_files import signatures
from airflow_provider_harness.core.diagnosis.diagnosis import Category
from airflow_provider_harness.core.diagnosis.failure import ErrorLink
from airflow_provider_harness.core.logs.episode import Part, SpokenLine, Voice, may_tell, said_in
from airflow_provider_harness.core.redaction.secret_forms import lower
from airflow_provider_harness.core.signatures.error_codes import CODES, Field, Signature
from airflow_provider_harness.core.signatures.texts import (
    CLASS,
    HEDGE,
    INSTRUCTION,
    MENTIONED,
    NEGATED,
    NOISE,
    RECOVERED,
    RETRIED,
    WORKED,
)

LEAST = 2.0  # below it, a text supports no cause
LONGEST_LINE = 1000  # characters of a line that are looked at
_REASON = 7  # what a body or log line must weigh to be a stated reason
_STATED = 3  # what a client's line of a status counts for less beside one

_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_]{3,60}")
_SQLSTATE = re.compile(r"(?:sqlstate|pgcode|sqlcode)\W{0,5}([0-9a-z]{5})\b|\('([0-9a-z]{5})', ['\"]\[\2\]")
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
#: A moment within a line is no day of a delivery, unless it is midnight; and what has a day in its name and is none.
_MOMENT = re.compile(r"\b(?:19|20)\d\d-\d\d-\d\d[t ](?!00:00)\d\d:\d\d(?::\d\d)?(?:[.,]\d+)?(?:z|[+-]\d\d:?\d\d)?")
_NO_DELIVERY = re.compile(
    r"\b(?:job|role|user(?! class)|login|secret|password|credentials?|connection|conn_id|variable|function|procedure|dag|image|branch|revision|package|module|certificate|keyerror|attributeerror|service account)\b"
)
_noise, _instruction, _recovered, _retried, _hedge, _negated, _worked, _mentioned = (
    re.compile(p) for p in (NOISE, INSTRUCTION, RECOVERED, RETRIED, HEDGE, NEGATED, WORKED, MENTIONED)
)


@dataclass(frozen=True, slots=True)
class Match:
    """One signature in one place.

    :param at: which of the text's lines it is in.
    :param weight: its strength, corrected for where it stands.
    """

    signature: Signature
    at: int
    weight: float
    said: SpokenLine

    @property
    def line(self) -> int:
        return self.said.line.number

    @property
    def category(self) -> Category:
        return self.signature.category


@cache
def table(field: Field) -> Mapping[str, Signature]:
    """Signatures of an exact field by their key."""
    return {s.key: s for s in CODES if s.field is field}


@dataclass(frozen=True, slots=True)
class Text:
    """A signature of texts, compiled when a text first holds one of its anchors."""

    signature: Signature
    anchors: tuple[str, ...]

    def may_be_in(self, words: str) -> bool:
        return not self.anchors or any(anchor in words for anchor in self.anchors)

    def is_allowed(self, words: str) -> bool:
        """Whether what must stand beside it does, and what must not does not."""
        also, unless = self.signature.also, self.signature.unless
        return (not also or bool(compiled(also).search(words))) and (not unless or not compiled(unless).search(words))


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.MULTILINE)


_TEXTS = frozenset({Field.MESSAGE, Field.NOUN})


@cache
def texts() -> tuple[Text, ...]:
    """Signatures of texts."""
    return tuple(Text(s, anchors(s.key)) for s in signatures() if s.field in _TEXTS)


@cache
def places(field: Field) -> tuple[tuple[Signature, re.Pattern[str]], ...]:
    """Signatures of frames or of quoted source, compiled."""
    return tuple((s, re.compile(s.key)) for s in signatures() if s.field is field)


#: Characters of a quotation, and of what stands before the words that decided.
QUOTED, _BEFORE = 240, 100


def quote(match: Match) -> str:
    """What the program said, with the words that decided in it."""
    text, key = match.said.line.text.strip(), match.signature.key
    if len(text) <= QUOTED:
        return text
    found = compiled(key).search(lower(text)) if match.signature.field in _TEXTS else re.search(re.escape(key), text)
    at = max(0, (found.start() if found else 0) - _BEFORE)
    start = text.rfind(" ", 0, at) + 1 if at else 0
    return text[start : start + QUOTED].strip()


@dataclass(frozen=True, slots=True)
class Reading:
    """A text as evidence: without noise, and without lines that instruct the reader.

    :param words: what speaks of the failure or stands beside it, in lower case.
    :param near: the same with what the failing program said last before it.
    :param told: the same as ``words`` without frames and quoted source.
    :param matches: every signature in every place that was heard.
    :param quiet: nothing louder said anything: the matches are of lines that were logged as information or as warnings.
    :param said: every line with how loudly it speaks.
    """

    words: str
    near: str
    told: str
    matches: tuple[Match, ...]
    quiet: bool = False
    said: tuple[SpokenLine, ...] = ()


def find(text: str) -> Reading:
    """Every signature of a text; quiet lines are asked where nothing louder says anything."""
    page = _Page(said_in(text))
    matches = page.matches(Voice.PLAIN)
    best = max(_weights(matches), default=0.0)
    for least in (Voice.NEAR, Voice.QUIET) if best < GENERIC else ():
        more = page.matches(least) if least is Voice.NEAR or not best else ()
        if max(_weights(more), default=0.0) > best:
            return page.reading(least, more, quiet=True)
    return page.reading(Voice.PLAIN, matches)


_QUOTED = frozenset({Part.FRAME, Part.SOURCE})
#: Below it, what is loud is a class or a status that many causes have.
GENERIC = 4.0


def _weights(matches: tuple[Match, ...]) -> list[float]:
    """Weights of what supports a cause."""
    return [m.weight for m in matches if m.weight >= LEAST and m.category is not Category.UNKNOWN]


class _Page:
    """A text's lines as evidence, made when they are asked for: of a long log, most are quiet and never are."""

    def __init__(self, said: tuple[SpokenLine, ...]) -> None:
        self.said = said
        self._shown: dict[int, str] = {}
        self._low: dict[int, str] = {}

    def shown(self, i: int) -> str:
        """A line as it was written, without instructions."""
        if i not in self._shown:
            self._shown[i] = _raised(_told(self.said[i].line.text[:LONGEST_LINE]))
        return self._shown[i]

    def low(self, i: int) -> str:
        """A line in lower case, empty where it is no evidence."""
        if i not in self._low:
            self._low[i] = _evident(self.shown(i))
        return self._low[i]

    def reading(self, least: Voice, matches: tuple[Match, ...], *, quiet: bool = False) -> Reading:
        """What was found in all that speaks at least so loudly."""
        near, told = self.words(Voice.NEAR), self.words(least, quoted=frozenset())
        return Reading(self.words(least), near, told, matches, quiet=quiet, said=self.said)

    def words(self, least: Voice, quoted: frozenset[Part] = _QUOTED) -> str:
        """What speaks at least so loudly, with frames, quoted source, and what the logger of the failure said before it."""
        own = {each.line.logger for each in self.said if each.voice is Voice.LOUD} - {""}
        return "\n".join(
            self.low(i)
            for i, each in enumerate(self.said)
            if each.part in quoted
            or (each.part not in _QUOTED and each.voice >= least)
            or (each.voice is Voice.NEAR and each.line.logger in own)
        )

    def matches(self, least: Voice) -> tuple[Match, ...]:
        """What is found in all that speaks at least so loudly. What must stand beside it, or must not, may be near."""
        heard = frozenset(may_tell(self.said)) if least is Voice.QUIET else frozenset(range(len(self.said)))
        at = [i for i, each in enumerate(self.said) if each.voice >= least and i in heard and self.low(i)]
        spoken = "\n".join(self.low(i) for i in at)
        beside = self.words(min(least, Voice.NEAR))
        usable = [
            (text.signature, compiled(text.signature.key))
            for text in texts()
            if text.may_be_in(spoken) and compiled(text.signature.key).search(spoken) and text.is_allowed(beside)
        ]
        found: list[tuple[Signature, int]] = []
        for i in at:
            line = self.low(i)
            found += [
                (s, i)
                for s, pattern in usable
                if pattern.search(line) and not (s.field is Field.NOUN and _NO_DELIVERY.search(line))
            ]
            found += [(s, i) for s in _codes(self.shown(i), line)]
        found += self._placed()
        return tuple(self._weighed(found, at))

    def _placed(self) -> list[tuple[Signature, int]]:
        """What the innermost frames and the source that they quote say, at the line of the error below them."""
        found: list[tuple[Signature, int]] = []
        frame = ""
        for i, each in enumerate(self.said):
            if each.part is Part.FRAME:
                frame = self.low(i)
            elif each.part is not Part.SOURCE and frame and each.line.text.strip():
                found += [(s, i) for s, pattern in places(Field.RAISED_IN) if pattern.search(frame)]
                frame = ""
        quoted = [self.low(i) for i, each in enumerate(self.said) if each.part is Part.SOURCE]
        last = max((i for i, each in enumerate(self.said) if each.voice >= Voice.PLAIN), default=0)
        return found + [(s, last) for s, p in places(Field.QUOTED) if any(p.search(line) for line in quoted)]

    def _weighed(self, found: list[tuple[Signature, int]], at: list[int]) -> Iterable[Match]:
        over = [i for i in at if _recovered.search(self.low(i))]
        last: dict[Category, int] = {}
        for signature, i in found:
            last[signature.category] = max(i, last.get(signature.category, 0))
        reasons = {s.category for s, i in found if s.strength >= _REASON and not _STATUS_LINE.search(self.low(i))}
        for signature, i in found:
            weight = float(signature.strength)
            if reasons - {signature.category} and _STATUS_LINE.search(self.low(i)):
                weight -= _STATED
            near = " ".join(self.low(j) for j in range(i, min(i + 3, len(self.said))))
            if over and _retried.search(near) and any(i < j and last[signature.category] < j for j in over):
                weight -= 4
            if weight > 0:
                yield Match(signature, i, weight, self.said[i])


def evidence_of(text: str) -> str:
    """The lines that signatures are looked for in, as they were written: no noise, no instruction, no quoted source."""
    shown = (_told(each.line.text[:LONGEST_LINE]) for each in said_in(text) if each.voice is not Voice.SILENT)
    return "\n".join(line for line in shown if _evident(line))


def _evident(line: str) -> str:
    """A line in lower case without its guesses, what it denies, and texts of rows; empty where it is no evidence."""
    plain = _own(lower(line).replace("\\'", "'"))  # as it was before it was quoted
    low = _MOMENT.sub(" ", _negated.sub(" ", _hedge.sub("", plain)))
    return "" if _noise.search(low) or _worked.search(low) else low


#: An error about data: what it quotes behind words of its own, and each text of a list, is no word of the program that failed.
_ABOUT_DATA = re.compile(r"^\s*(?:[a-z_]\w*\.)*(?:value|key|type|index|assertion|validation|lookup)error: ")
_QUOTE = r"(?:'[^'\n]{1,400}'|\"[^\"\n]{1,400}\")"
_SEVERAL_WORDS = r"(?:'[^'\s{][^'\s]{0,100} [^'\n]{1,400}'|\"[^\"\s{][^\"\s]{0,100} [^\"\n]{1,400}\")"
_TEXTS_OF_ROWS = re.compile(rf"[\[({{](?:{_QUOTE}(?:, |(?=[\])}}]))){{2,}}[\])}}]")
_QUOTED_TEXT = re.compile(rf"(?<=\w[ :,]){_SEVERAL_WORDS}|(?<=\w[:,] ){_SEVERAL_WORDS}")
#: A column of a row that is printed, with its text; columns that tell of errors; and what a client prints of an answer, or a logger.
_COLUMN = re.compile(rf"(?P<column>['\"](?P<name>[a-z_][\w .-]{{0,60}})['\"]: ?){_SEVERAL_WORDS}")
_OF_ERRORS = re.compile(
    r"err|messag|msg|reason|caus|detail|exc|fault|fail|titl|stat|std|output|log|diagnos|response|explanation|hint|event$"
)
_NO_ROW = re.compile(r"^\s*(?:[\[{]|(?!airflow\.|builtins\.)(?:[a-z_]\w*\.)+[a-z]\w*: )")
#: What a database quotes of a row that it refuses.
_REFUSED_ROW = re.compile(
    r"(?<=failing row contains )\(.*\)"
    r"|(?<=\)=)\(.*?\)(?= (?:already exists|is not present|conflicts|is still referenced|is duplicated))"
)
_REFUSED_VALUE = re.compile(
    r"(?P<before>\b(?:(?:entry|value|string|parse|cast|convert|literal|date|timestamp):?|column \S+:|(?:type|enum) [\w .]{1,40}:) )"
    + _SEVERAL_WORDS
)


def _without_text(found: re.Match[str]) -> str:
    return found[0] if _OF_ERRORS.search(found["name"]) else f"{found['column']}''"


def _own(lowered: str) -> str:
    """A line without the texts of rows that it repeats."""
    line = _REFUSED_VALUE.sub(r"\g<before>''", _REFUSED_ROW.sub("()", lowered))
    line = line if _NO_ROW.match(line) else _COLUMN.sub(_without_text, line)
    head = _ABOUT_DATA.match(line)
    return head[0] + _QUOTED_TEXT.sub("''", _TEXTS_OF_ROWS.sub("['']", line[head.end() :])) if head else line


def own_words(link: ErrorLink) -> str:
    """The message of an exception; of an error about data, without the texts of rows that it repeats."""
    head = f"{lower(link.type)}: "
    return _own(head + lower(link.message))[len(head) :] if _ABOUT_DATA.match(head) else link.message


_class = re.compile(CLASS)


def _raised(line: str) -> str:
    """A line without the classes of exceptions that it only mentions."""
    return _mentioned.sub(r"\g<before>", line) if _class.search(line) else line


def _told(line: str) -> str:
    """A line up to the sentence in which it begins to instruct its reader: an error before that is still an error."""
    found = _instruction.search(lower(line))
    if found is None:
        return line
    ends = [end.start() + 1 for end in _SENTENCE_ENDS.finditer(line, 0, found.start() + 1)]
    return line[: ends[-1]] if ends else ""


def _codes(line: str, lowered: str) -> Iterable[Signature]:
    names, errnos = table(Field.NAME), table(Field.ERRNO)
    for word in set(_WORD.findall(line)):
        if word in names:
            yield names[word]
        if word in errnos:
            yield errnos[word]
    for match in _SQLSTATE.finditer(lowered):
        if signature := sqlstate((match.group(1) or match.group(2)).upper()):
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
