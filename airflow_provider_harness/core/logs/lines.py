"""One line of a log without what carries it: time, level, logger, container, colour, JSON.

The carriers are the forms that Airflow 2 and 3, Kubernetes, Docker, Celery, Java, PostgreSQL and shells write. What a
carrier such as a pod's or a shell's output says is the program's own: the carrier's level says nothing of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any


class Level(IntEnum):
    """How loud a program said it."""

    NONE = 0  # it did not say
    QUIET = 1  # debug, info, notice
    WARNING = 2
    ERROR = 3  # error, critical, fatal, panic


_LEVELS: Mapping[str, Level] = {
    **dict.fromkeys(("trace", "debug", "verbose", "info", "notice", "success", "fine"), Level.QUIET),
    **dict.fromkeys(("warning", "warn"), Level.WARNING),
    **dict.fromkeys(
        ("error", "critical", "fatal", "panic", "severe", "exception", "emergency", "alert", "err"), Level.ERROR
    ),
}
_WORDS = "TRACE|DEBUG|VERBOSE|INFO|NOTICE|WARNING|WARN|ERROR|CRITICAL|FATAL|PANIC|SEVERE"
_SHORT: Mapping[str, Level] = {
    "I": Level.QUIET,
    "D": Level.QUIET,
    "W": Level.WARNING,
    "E": Level.ERROR,
    "F": Level.ERROR,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What one line says.

    :param number: 1 for the first line of the text.
    :param text: as the program wrote it, without what carries it.
    :param head: it begins an event: it had a time or a level of its own.
    :param carried: a program's output that a carrier repeats, such as a pod's or a shell's.
    """

    number: int
    text: str
    level: Level = Level.NONE
    logger: str = ""
    time: str = ""
    head: bool = False
    carried: bool = False


_DAY = r"(?:19|20)\d\d[-/]\d\d[-/]\d\d|\d\d/\d\d/\d\d(?:\d\d)?|[A-Z][a-z]{2} [ \d]\d"
_CLOCK = r"\d\d:\d\d:\d\d(?:[.,]\d{1,9})?"
_STAMP = re.compile(
    rf"^\s?(?P<o>[\[(<]?)(?P<time>(?:{_DAY})[T ,]{{1,2}}\s?{_CLOCK}(?: ?(?:Z|UTC|GMT|CES?T|E[SD]T|P[SD]T|C[SD]T|MSK|IST|JST|BST)(?![A-Za-z])|\s?[+-]\d\d:?\d\d)?|{_CLOCK})"
    r"(?:: (?=[A-Z]{4,8}/)|[\])>]?:?)(?: {1,2}(?! )| (?= {2})|\t|$)(?:[|-] (?!\d))?"
)
_ANSI = re.compile(r"(?:\x1b|\\x1b|\\u001b|\\033)\[[0-9;]{0,12}[A-Za-z]")
_FILE = re.compile(r"^\{(?P<logger>[\w./-]{1,80}):\d+\}\s+")
_LEVEL = re.compile(
    rf"^(?P<before>(?:\[?\d{{1,7}}\]?\s+|\[[\w. /#-]{{1,60}}\]\s+|\([\w. /#-]{{1,60}}\)[: ]\s*|[\w.$/#-]{{2,80}}\s+-\s+|-\s+){{0,3}})"
    rf"[\[<(|]?\s?(?P<level>{_WORDS})(?P<more>/[\w-]{{1,40}})?\s?[\])>]?(?P<end>\s*[-:|]+(?: |$)|:\s{{0,2}}|\s+|$)"
)
_BRACKETED = re.compile(rf"^\[(?P<level>{_WORDS.lower()}|{_WORDS})\s*\]\s*(?:\[[\w. -]{{1,40}}\]\s*:?\s*)?:?\s*")
_AIRFLOW3 = re.compile(r"\s+\[(?P<logger>[a-z][\w.]{1,80})\](?= |$)")
_LOGGER = re.compile(r"^(?:\[?(?P<logger>[A-Za-z_][\w.$-]{1,80})\]?(?:\(\w+\):\d+)?(?:\s+-\s+|: (?=\S)))")
#: The class of an exception, with its module.
_QUALIFIED = re.compile(r"^(?:[a-z_]\w{0,40}\.){1,8}[A-Z]\w{2,80}(?=: |$)")
_DASHED = re.compile(r"^[A-Za-z_][\w.]{1,80} - ")
_GLOG = re.compile(r"^(?P<level>[IWEF])\d{4} \d\d:\d\d:\d\d\.\d{1,9}\s+\d+ [\w./-]{1,60}:\d+\] ")
_LOGFMT = re.compile(r"(?:^|\s)(?:level|lvl|severity)=\"?(?P<level>\w+)\"?(?=\s|$)")
_LOGFMT_TEXT = re.compile(r"\b(?:msg|message|event)=(?:\"((?:[^\"\\]|\\.)*)\"|(\S+))")
_ROOT = re.compile(rf"^(?P<level>{_WORDS}):(?P<logger>[\w.-]{{1,80}}):")
_CONTAINER = re.compile(
    r"^(?:\[(?:base|pod/[\w./-]{1,120}|container|istio-proxy|main|xcom)\]:? (?!-)|(?:std(?:out|err)) [FP] "
    r"|[\w.-]{2,60} +\| (?=\S)|[\w.-]{1,56}-\d{1,3} +\| |(?:source|destination|replication-orchestrator|normalization) > |\[std(?:out|err)\] )"
)
_SYSLOG = re.compile(r"^[\w.-]{2,60} (?P<logger>[\w./-]{2,40})\[\d+\]: ")
#: Modules that repeat what another program printed, and the loggers that Airflow 3 gives a task's own output.
_CARRIERS = re.compile(
    r"^(?:subprocess|pod_manager|logging_mixin|docker|ssh|bash|spark_submit|dataflow|ecs|batch|kubernetes_pod|python|virtualenv|livy|local|stdout|stderr)\.py$"
    r"|^task\.(?:stdout|stderr)$|^airflow\.(?:task\.hooks\.airflow\.providers\.standard\.hooks\.subprocess|.{0,80}subprocess\w*|.{0,80}pod_manager\.\w+)"
)
_TEXTS, _NAMED = ("event", "message", "msg", "log", "textPayload"), ("logger", "logger_name", "name", "loggerName")
_SOUND = ("level", "levelname", "severity", "lvl", "log.level")
_ERRORS = ("exception", "exc_info", "stack_trace", "stacktrace", "traceback", "stack")
_CUT = re.compile(r'"(?:event|message|msg)": ?"((?:[^"\\]|\\.)*)')
_SOURCE = re.compile(r" (?:source|logger|chan)=(?P<logger>task\.std(?:out|err))\b")
#: Characters of one text that are looked at, and carriers that are taken off.
_LONGEST, _DEPTH = 4_000, 5
_LAYERS = 8  # carriers of one line: a stamp, a file, a level and a container, and then those of the program itself
_LONGEST_EVENT = 64_000


def lines_of(text: str) -> Iterator[Line]:
    """Every line of a text, those within a JSON event with the number of its line."""
    text = text.removeprefix("\\ufeff")  # a byte order mark, as the redactor shows it
    for number, raw in enumerate(text.split("\n"), 1):
        yield from _parsed(Line(number=number, text=_ANSI.sub("", raw.rstrip("\r")) if "[" in raw else raw))


def _parsed(line: Line, depth: int = 0) -> Iterator[Line]:
    if line.text.startswith("{") and '"' in line.text[:80] and depth < _DEPTH and (found := _event(line.text)):
        for part in _lines_of_event(found, line):
            yield from _parsed(part, depth + 1)
        return
    found_line = _bare(line)
    if (
        found_line.text.startswith("{")
        and found_line is not line
        and depth < _DEPTH
        and (inner := _event(found_line.text))
    ):
        for part in _lines_of_event(inner, found_line):
            yield from _parsed(part, depth + 1)
        return
    yield replace(found_line, text=found_line.text[:_LONGEST]) if len(found_line.text) > _LONGEST else found_line


def _event(text: str) -> Mapping[str, Any] | None:
    """The event of a JSON line, also of one that was cut; None where it is no event."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        cut = _CUT.search(text[:_LONGEST_EVENT])
        return {"event": _unescaped(cut.group(1))} if cut and text[-1:] != "}" else None
    if not isinstance(found, Mapping):
        return None
    inner = found.get("info")
    found = {**inner, "logger": inner.get("name")} if isinstance(inner, Mapping) and "msg" in inner else found
    return found if any(isinstance(found.get(name), str) for name in _TEXTS) and not _is_answer(found) else None


def _is_answer(found: Mapping[str, Any]) -> bool:
    """Whether it is what a service answered, not an event of a log."""
    return "event" not in found and any(
        name in found for name in ("code", "status", "error", "errors", "reason", "kind")
    )


def _unescaped(text: str) -> str:
    try:
        return str(json.loads(f'"{text}"'))
    except ValueError:
        return text.replace("\\n", "\n")


def _first(found: Mapping[str, Any], names: tuple[str, ...]) -> str:
    return next((str(found[name]) for name in names if isinstance(found.get(name), str | int)), "")


def _lines_of_event(found: Mapping[str, Any], line: Line) -> Iterator[Line]:
    """An event as lines: its text, what else it says of the failure, and its exceptions, outermost last."""
    logger = _first(found, _NAMED) or line.logger
    carried = line.carried or bool(_CARRIERS.search(logger)) or "stream" in found
    level = Level.NONE if carried else _LEVELS.get(_first(found, _SOUND).lower(), line.level)
    time = _first(found, ("timestamp", "time", "ts", "asctime"))
    told = Line(number=line.number, text="", level=level, logger=logger, time=time, head=True, carried=carried)
    first, *more = _first(found, _TEXTS).rstrip("\n").split("\n")
    yield replace(told, text=first + "".join(_said(found)))
    for text in (*more, *_raised(found)):
        yield replace(told, text=text, head=False)


#: Fields of Airflow 3's supervisor and of services that say what happened.
_TOLD = ("signal", "signal_name", "exit_code", "status_code", "detail", "reason", "error", "exc", "final_state")


def _said(found: Mapping[str, Any]) -> Iterator[str]:
    for name in _TOLD:
        if found.get(name) is not None:
            value = found[name]
            yield f" {name}={value if isinstance(value, str | int) else json.dumps(value)}"


def _raised(found: Mapping[str, Any]) -> Iterator[str]:
    detail = found.get("error_detail")
    links = [link for link in detail if isinstance(link, Mapping)] if isinstance(detail, list) else []
    for place, link in enumerate(reversed(links)):
        if place:
            yield "The above exception was the direct cause of the following exception:"
        yield "Traceback (most recent call last):"
        for frame in link.get("frames") or ():
            if isinstance(frame, Mapping):
                yield f'  File "{frame.get("filename")}", line {frame.get("lineno")}, in {frame.get("name")}'
        yield from f"{link.get('exc_type')}: {link.get('exc_value')}".split("\n")
    for name in _ERRORS:
        if isinstance(found.get(name), str):
            yield from found[name].split("\n")


def _bare(line: Line) -> Line:
    """The line without its carriers."""
    for _ in range(_LAYERS):
        taken = _one_off(line)
        if taken is None:
            break
        line = taken
    if line.head and line.level is not Level.NONE and (source := _SOURCE.search(line.text)):
        return replace(line, text=line.text[: source.start()], level=_inner(line.text), carried=True)
    return line


def _inner(text: str) -> Level:
    found = _LEVEL.match(text)
    return _LEVELS[found.group("level").lower()] if found else Level.NONE


def _one_off(line: Line) -> Line | None:
    """The line without its outermost carrier; None where it has none."""
    text = line.text
    if not text or (text[0] in " \t" and not text.lstrip()[:1].isdigit()):
        return None
    if found := _STAMP.match(text):
        return replace(line, text=text[found.end() :], time=found.group("time"), head=True)
    if found := _CONTAINER.match(text):
        return replace(line, text=text[found.end() :], level=Level.NONE, carried=True)
    if found := _FILE.match(text):
        return replace(line, text=text[found.end() :], logger=found.group("logger"), head=True)
    if found := _GLOG.match(text):
        return replace(line, text=text[found.end() :], level=_SHORT[found.group("level")], head=True)
    return _one_level_off(line)


def _one_level_off(line: Line) -> Line | None:
    """The line without the level that it names first; None where it names none."""
    text = line.text
    if found := _ROOT.match(text):
        return _levelled(line, found.group("level"), text[found.end() :], found.group("logger"))
    if found := _BRACKETED.match(text):
        return _levelled(line, found.group("level"), *_airflow3(text[found.end() :], line.logger))
    if found := _LEVEL.match(text):
        return _of_level(line, found)
    if (found := _LOGFMT.search(text)) and (said := _LOGFMT_TEXT.search(text)):
        return _levelled(line, found.group("level"), said.group(1) or said.group(2) or "", line.logger)
    if line.head and not line.logger and (found := _SYSLOG.match(text)):
        return replace(line, text=text[found.end() :], logger=found.group("logger"))
    return None


def _airflow3(text: str, logger: str) -> tuple[str, str]:
    """Airflow 3's text on a terminal: what it says, then its logger in brackets, then fields."""
    found = _AIRFLOW3.search(text)
    return (text[: found.start()] + text[found.end() :], found.group("logger")) if found else (text, logger)


def _of_level(line: Line, found: re.Match[str]) -> Line | None:
    """A line that names its level at its beginning."""
    rest = line.text[found.end() :]
    named_only = not found.group("end").strip() and not found.group("before")
    loud = _LEVELS[found.group("level").lower()] is Level.ERROR
    if loud and not line.head and named_only and not any(p.match(rest) for p in (_STAMP, _DASHED, _QUALIFIED)):
        return None  # "ERROR 404 was returned": a word of a sentence
    before = found.group("before").strip(" -[]()")
    named = _LOGGER.match(rest) if line.head or _DASHED.match(rest) else None
    if named and named.group().endswith(": ") and found.group("end").strip():
        named = None  # "ERROR - psql: no route": the program, not a logger
    logger = line.logger or (named.group("logger") if named else before)
    return _levelled(line, found.group("level"), rest[named.end() :] if named else rest, logger)


def _levelled(line: Line, word: str, text: str, logger: str) -> Line:
    level = _LEVELS.get(word.lower(), Level.NONE)
    if not line.carried and _CARRIERS.search(logger) and level < Level.ERROR:
        return replace(line, text=text, level=Level.NONE, logger="", head=True, carried=True)
    return replace(line, text=text, level=level, logger=logger, head=True)
