"""Which lines of a log speak of the failure, and how loudly.

Loud is what was raised, what was logged as an error with the lines that belong to it, and what a tool reports as failed.
Plain is a program's own output, which has no level. Quiet is what was logged as information or as a warning: it speaks
only where nothing louder does. Silent is what says nothing of a failure: frames, quoted source, results that passed.
An earlier try of the same log and a callback that fails after the failure are quiet, too. Near is a quiet line that stands
directly before the failure and is no library's: it may say what a generic error does not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

from airflow_provider_harness.core.logs.lines import Level, Line, lines_of
from airflow_provider_harness.core.logs.results import Result, opens_paragraph, result_of


class Voice(IntEnum):
    """How loudly a line speaks of the failure."""

    SILENT = 0
    QUIET = 1
    NEAR = 2  # quiet, and what the same program said last before it failed
    PLAIN = 3
    LOUD = 4


class Part(IntEnum):
    """What a line is of a traceback."""

    TEXT = 0
    RAISED = 1  # the class and the message of an exception
    FRAME = 2
    SOURCE = 3  # source code that a frame quotes


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenLine:
    """One line and how loudly it speaks."""

    line: Line
    voice: Voice
    part: Part = Part.TEXT


_TRACEBACK = re.compile(r"^[\s|+]*(?:Traceback \(most recent call last\)|Exception Group Traceback)")
_FRAME = re.compile(r"^\s*(?:\|\s*)*File \"[^\"]{1,300}\", line \d+")
_SOURCE = re.compile(
    r"^\s*(?:\|\s*)*(?:[\^~]{2,}[\s\^~]*$|at [\w.$/<>]{3,200}\(|at \S{1,120}:\d+|\.\.\. \d+ (?:more|common))"
)
_CHAINED = re.compile(r"^[\s|]*(?:During handling of the above exception|The above exception was the direct cause)")
_CLASS = r"(?:[A-Za-z_]\w*\.){0,12}[A-Z]\w{0,80}(?:Error|Exception|Timeout|Failure|Failed|Fault|Interrupt|Violation|Exit|Group|Detected|NotAvailable|Canceled|Warning|Exceeded|Refused|Expired|Denied|Forbidden|NotFound|Unavailable|Requests|Lost|Drift|Full|Limit|Exhausted)"
_RAISED = re.compile(
    rf"^[\s|]*(?:Caused by: |Exception in thread \"[^\"]{{0,80}}\" |Suppressed: )?(?:{_CLASS}(?=[:(\[ ]|$)|(?:[a-z]\w*\.){{1,10}}[A-Z][\w$]*(?=: |$))"
)
_CAUSED = re.compile(r"^\s*(?:Caused by: |Exception in thread \")")
#: A quiet line that is about what failed, by the form of its tool.
_OF_FAILURE = re.compile(
    r"^(?:Lost (?:task|executor)\b|Removing executor|Container (?:killed|marked)|ExecutorLostFailure"
    r"|State of this instance has been externally set|Recorded pid .{0,40} does not match|(?:Pod )?Event: (?:Error: (?:ImagePullBackOff|ErrImage\w+|CreateContainer\w*Error|CrashLoopBackOff)|Failed|Evicted|OOM|BackOff|FailedScheduling|FailedMount|Unhealthy|TaintManagerEviction|Preempt))"
)
#: What an attempt begins with, where a log has several.
_ATTEMPT = re.compile(
    r"\bStarting attempt \d+ of \d+|^\*{3} .{0,300}attempt=\d+\.log|^-+ attempt \d+ -+$", re.IGNORECASE
)
#: An error of what is told of a failure, not of what failed.
_TELLING = re.compile(
    r"(?:fail\w*|error|exception|unable|could not|cannot).{0,60}\b(?:callbacks?|listeners?|notif\w+|alert\w*|e-?mail|slack|pager\w*|webhook|on_failure\w*|on_retry\w*|sla_miss)\b"
    r"|\b(?:callbacks?|listeners?|notif\w+|on_failure\w*|on_retry\w*|send\w* (?:an? |the )?(?:alert|e-?mail|mail|message)).{0,60}(?:fail\w*|error|exception|raised)",
    re.IGNORECASE,
)
_TELLS = re.compile(
    r"\b(?:on_failure\w*|on_retry\w*|\w*callbacks?|notify\w*|notifiers?|alert\w*|send_(?:mail|email|slack|alert)\w*)\b",
    re.IGNORECASE,
)
_DEALT_WITH = re.compile(
    r"\b(?:retry|retrying|retries|will try|trying again|sleeping|backing off|(?<!to have )succeeded|skipping|optional|ignor\w+|refreshing|replaced|discarding|falling back|poking|suppressed|registered|disabled|is off)\b",
    re.IGNORECASE,
)
#: What a client logs of an answer before it raises its status.
_ANSWERED = re.compile(r"\b(?:HTTP(?:/[\d.]+)?|status(?:[_ ]code)?|got|response|returned)\W{1,4}([45]\d\d)\b")
_UNREAD = re.compile(
    r"JSONDecodeError|Expecting value|not valid JSON|invalid JSON|XMLSyntaxError|Parser?Error|tokenizing", re.IGNORECASE
)
_PAGE = re.compile(r"<!doctype html|<html|text/html", re.IGNORECASE)
_STATUS = re.compile(r"\b([45]\d\d)\b")
_INDENTED = re.compile(r"^\s{2,}\S")


def said_in(text: str) -> tuple[SpokenLine, ...]:
    """Every line of a log with how loudly it speaks."""
    lines = list(lines_of(text))
    said = list(_Reader().read(lines))
    _hush_earlier_tries(said)
    _hush_callbacks(said)
    _bring_near(said)
    _bring_answers(said)
    return tuple(said)


@dataclass(slots=True)
class _Reader:
    """What of the lines before decides how the next one is read.

    :param voice: of the event that a line without a head belongs to.
    :param raising: within a traceback, before the exception that ends it.
    :param indent: of the frame before, whose source is indented more; None after anything else.
    """

    voice: Voice = Voice.PLAIN
    raising: bool = False
    raised: bool = False
    indent: int | None = None

    def read(self, lines: Sequence[Line]) -> Iterator[SpokenLine]:
        for line in lines:
            part = self._part(line)
            yield SpokenLine(line=line, voice=self._voice(line, part), part=part)

    def _part(self, line: Line) -> Part:
        text = line.text
        if _TRACEBACK.match(text):
            self.raising, self.raised, self.indent = True, True, None
            return Part.SOURCE
        if _FRAME.match(text):
            self.indent = len(text) - len(text.lstrip(" |"))
            return Part.FRAME
        indent, self.indent = self.indent, None
        if _SOURCE.match(text) or _CHAINED.match(text):
            return Part.SOURCE
        if indent is not None and not _has_own_head(line) and len(text) - len(text.lstrip(" |")) > indent:
            return Part.SOURCE
        if (
            self.raising
            and text.strip()
            and (not _has_own_head(line) or _RAISED.match(text))
            and not text.startswith("    ")
        ):
            self.raising = False
            return Part.RAISED
        return Part.RAISED if _RAISED.match(text) else Part.TEXT

    def _voice(self, line: Line, part: Part) -> Voice:
        if part in (Part.FRAME, Part.SOURCE) or not line.text.strip():
            return Voice.SILENT
        result = result_of(line.text)
        if result is not None:
            if result is Result.FAILED or opens_paragraph(line.text):
                self.voice, self.raised = _BY_RESULT[result], False
            return _BY_RESULT[result]
        if part is Part.RAISED and (line.level not in (Level.QUIET, Level.WARNING) or _CAUSED.match(line.text)):
            self.voice, self.raised = Voice.LOUD, True
            return Voice.LOUD
        if _OF_FAILURE.match(line.text):
            return Voice.PLAIN
        if line.head and line.level is not Level.NONE:
            return self._of_head(line)
        if _has_own_head(line) and not _INDENTED.match(line.text):
            self.voice, self.raised = Voice.PLAIN, False
            return Voice.PLAIN
        return self.voice

    def _of_head(self, line: Line) -> Voice:
        """A line with a level: an error opens what belongs to it; what is quiet leaves what it stands in open."""
        if line.level is Level.ERROR:
            self.voice, self.raised = Voice.LOUD, False
            return Voice.LOUD
        if not (self.raising or self.raised):
            self.voice = Voice.PLAIN
        return Voice.QUIET


def _has_own_head(line: Line) -> bool:
    """Whether it begins an event; what a carrier repeats has the carrier's time on each line."""
    return line.head and not (line.carried and line.level is Level.NONE)


_BY_RESULT = {
    Result.PASSED: Voice.SILENT,
    Result.SKIPPED: Voice.PLAIN,
    Result.WARNED: Voice.QUIET,
    Result.FAILED: Voice.LOUD,
}


def _hush_earlier_tries(said: list[SpokenLine]) -> None:
    starts = [i for i, each in enumerate(said) if _ATTEMPT.search(each.line.text)]
    for i in range(starts[-1] if len(starts) > 1 else 0):
        _hush(said, i)


def _hush_callbacks(said: list[SpokenLine]) -> None:
    """What fails after the failure while somebody is told of it is not what failed: it speaks only where nothing else does."""
    for block in list(_blocks(said)):
        if _is_telling(said, block):
            for i in block:
                _hush(said, i)


#: What a program logs last before it fails, and how many such lines.
_NEAR = 3
_LIBRARY = re.compile(
    r"^(?:urllib3|requests|httpx|httpcore|botocore|boto3|s3transfer|azure|google|kubernetes|airflow|celery|kombu|sqlalchemy|py\.warnings|py4j|asyncio|aiohttp|paramiko|openlineage|snowflake|kafka|pymongo|statsd)\b"
)


#: Airflow's own modules and loggers: what they say of a task is about that task.
_AIRFLOW = re.compile(
    r"^(?:task_?instance\w*|local_task_job\w*|scheduler_job\w*|\w*_task_runner|task_command|dagrun|dag|dagbag|\w+_executor|triggerer_job\w*|process_utils|supervisor|taskflow)(?:\.py)?$|^(?:airflow\.)?(?:task|supervisor|jobs\.\w+|executors\.\w+|sdk\.\w[\w.]*)$"
)


def may_tell(said: Sequence[SpokenLine]) -> Iterator[int]:
    """The lines that may say why, where nothing that is loud does: not what was dealt with, only warned of, or said by
    another program than the one that failed."""
    own = {each.line.logger for each in said if each.voice >= Voice.PLAIN}
    for i, each in enumerate(said):
        line = each.line
        stranger = own and line.logger and line.logger not in own and not _AIRFLOW.match(line.logger)
        if each.voice is not Voice.QUIET or not (
            stranger or _DEALT_WITH.search(line.text) or result_of(line.text) is Result.WARNED
        ):
            yield i


def _bring_near(said: list[SpokenLine]) -> None:
    """The quiet lines of one logger directly before what is loud."""
    first = next((i for i, each in enumerate(said) if each.voice is Voice.LOUD), 0)
    while first and (said[first - 1].part is not Part.TEXT or not said[first - 1].line.text.strip()):
        first -= 1
    logger = said[first - 1].line.logger if first else ""
    for i in range(first - 1, max(-1, first - 1 - _NEAR), -1):
        line = said[i].line
        if (
            said[i].voice is not Voice.QUIET
            or line.level is Level.ERROR
            or line.logger != logger
            or _LIBRARY.match(logger)
            or _DEALT_WITH.search(line.text)
        ):
            return
        said[i] = SpokenLine(line=line, voice=Voice.NEAR, part=said[i].part)


def _bring_answers(said: list[SpokenLine]) -> None:
    """An answer that a client logged before it raised the answer's status, or could not read it, says why."""
    statuses = {status for each in said if each.voice is Voice.LOUD for status in _STATUS.findall(each.line.text)}
    unread = any(each.voice is Voice.LOUD and _UNREAD.search(each.line.text) for each in said)
    for i, each in enumerate(said):
        if each.voice not in (Voice.QUIET, Voice.NEAR) or _DEALT_WITH.search(each.line.text):
            continue
        found = _ANSWERED.search(each.line.text)
        if (found and found.group(1) in statuses) or (
            unread and each.voice is Voice.NEAR and (found or _PAGE.search(each.line.text))
        ):
            said[i] = SpokenLine(line=each.line, voice=Voice.PLAIN, part=each.part)


def _hush(said: list[SpokenLine], i: int) -> None:
    if said[i].voice > Voice.QUIET:
        said[i] = SpokenLine(line=said[i].line, voice=Voice.QUIET, part=said[i].part)


def _blocks(said: Sequence[SpokenLine]) -> Iterator[list[int]]:
    """Loud lines that belong together, with the frames within: an error and its traceback."""
    block: list[int] = []
    raised = chained = False
    for i, each in enumerate(said):
        begins = bool(_TRACEBACK.match(each.line.text)) and raised and not chained
        if block and (begins or (each.line.head and each.line.level is Level.ERROR)):
            yield block
            block, raised = [], False
        if each.voice is Voice.LOUD or each.part is not Part.TEXT:
            block.append(i)
            raised = raised or each.part is Part.RAISED
        chained = bool(_CHAINED.match(each.line.text)) or (chained and not each.line.text.strip())
    if block:
        yield block


def _is_telling(said: Sequence[SpokenLine], block: Sequence[int]) -> bool:
    first = said[block[0]]
    if first.part is Part.TEXT and first.line.level is Level.ERROR:
        return bool(_TELLING.search(first.line.text))
    return any(said[i].part is Part.FRAME and _TELLS.search(said[i].line.text.rpartition(", in ")[2]) for i in block)
