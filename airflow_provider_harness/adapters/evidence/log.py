"""Turns what Airflow's log endpoint answers into plain numbered lines, and its structured errors into a chain.

Airflow 3.3 answers ``application/x-ndjson`` with one event a line, or ``application/json`` with ``content``: a list of
events, or a list of texts where it could not parse them. An event has ``event`` and often ``timestamp``, ``level``,
``logger`` and, where an exception was logged, ``error_detail``: exceptions outermost first, each followed by its cause.
Everything here was written by a task or a library: it is text, and nothing of it is trusted.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from airflow_provider_harness.adapters.airflow.exceptions.chain import shown_name
from airflow_provider_harness.core.diagnosis.failure import ErrorLink
from airflow_provider_harness.core.diagnosis.log_excerpt import BUDGET, LONGEST_READ, Line, as_text, excerpt, search
from airflow_provider_harness.core.redaction.redactor import Redactor

_SHOWN_FRAMES = 8  # innermost frames of an exception that are kept
_LONGEST_MESSAGE = 1000  # characters of an exception's message in the chain
#: What Airflow's task runner logs of the exception that ended a try.
FAILED = "Task failed with exception"
#: Keys of an event that say nothing about the failure.
_DULL = frozenset(
    {"timestamp", "event", "level", "logger", "error_detail", "filename", "lineno", "func_name", "map_index"}
    | {"try_number", "dag_id", "run_id", "task_id", "ti_id", "loc", "chan", "sources", "url"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskLog:
    """A task's log as evidence.

    :param text: redacted and within the budget; citations are checked against it.
    :param raw: the answer as it was kept, not redacted: it stays in this process and is only searched.
    :param chain: the last structured error, outermost first; its messages are redacted. Untrusted: a task can log one.
    :param failed_with: the structured error with which Airflow says that this try failed; messages redacted and whole.
    """

    text: str
    raw: bytes = field(default=b"", repr=False)
    chain: tuple[ErrorLink, ...] = ()
    failed_with: tuple[ErrorLink, ...] = ()

    def search(self, words: str, redactor: Redactor, limit: int = 20) -> tuple[Line, ...]:
        """Lines of the whole log that hold these words, redacted; in an event they are found as JSON writes them, too."""
        forms = dict.fromkeys((words, json.dumps(words, ensure_ascii=False)[1:-1], json.dumps(words)[1:-1]))
        found = {
            line.number: line
            for form in forms
            for line in search(self.raw, form, limit, lambda line: redactor.redact(_with(words, line, redactor)))
        }
        return tuple(found[number] for number in sorted(found)[:limit])


def read_log(body: bytes, redactor: Redactor, budget: int = BUDGET) -> TaskLog:
    """Read an answer of the log endpoint, whatever its form. Only the lines that are kept are parsed.

    :param budget: characters of ``text``.
    """
    body = _ndjson(body)
    chain: tuple[ErrorLink, ...] = ()
    failed_with: tuple[ErrorLink, ...] = ()
    lines: list[str] = []
    events: list[tuple[int, int]] = []  # of each line, the first and the last event that it stands for
    last = 0
    for line in excerpt(body, budget * 4, lambda text: text, LONGEST_READ):
        if line.number > last + 1:
            events.append((last + 1, line.number - 1))
            lines.append(_left_out(*events[-1]))
        last = line.number
        event = _parse(line.text)
        if event is None:
            lines.append(line.text)
        else:
            found = _chain(event.get("error_detail"), redactor)
            chain = found or chain
            if found and event["event"] == FAILED and event.get("logger", "task") == "task":
                failed_with = _chain(event.get("error_detail"), redactor, LONGEST_READ)
            lines.extend(plain(event, redactor))
        events += [(last, last)] * (len(lines) - len(events))
    clean = redactor.redact("\n".join(lines))
    kept = excerpt(clean.encode("utf-8", "replace"), budget)
    text = _text(kept, events) if clean.count("\n") + 1 == len(events) else as_text(kept)
    return TaskLog(text=text, raw=body, chain=chain, failed_with=failed_with)


def _left_out(first: int, last: int) -> str:
    return f"[events {first} to {last} left out]" if first < last else f"[a part of event {first} left out]"


def _text(kept: Sequence[Line], events: Sequence[tuple[int, int]]) -> str:
    """The lines that are kept; each gap says which events of the whole log are not there, or not whole."""
    out: list[str] = []
    last = 0
    for line in kept:
        if line.number > last + 1:
            out.append(_left_out(events[last][0], events[line.number - 2][1]))
        out.append(line.text)
        last = line.number
    return "\n".join(out)


def _ndjson(body: bytes) -> bytes:
    """A JSON answer's ``content`` as one event or text a line; anything else as it is."""
    if not body[:40].lstrip().replace(b" ", b"").startswith(b'{"content"'):
        return body
    try:
        content = json.loads(body).get("content")
    except (ValueError, RecursionError):
        return body
    if not isinstance(content, list):
        return body
    return b"\n".join(
        (item if isinstance(item, str) else json.dumps(item)).encode("utf-8", "replace") for item in content
    )


def _parse(line: str) -> Mapping[str, Any] | None:
    """The event of a line; None where it is plain text."""
    if not line.startswith("{"):
        return None
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, Mapping) and "event" in found else None


def _with(words: str, line: str, redactor: Redactor) -> str:
    """A line of the answer as a person reads it; of an event that has several, those with these words."""
    event = _parse(line)
    shown = [] if event is None else [text for text in plain(event, redactor) if words in text]
    return " / ".join(shown) or line


def plain(event: Mapping[str, Any], redactor: Redactor) -> Iterator[str]:
    """An event as lines: its text, what else it says, and its exceptions, the first cause first."""
    stamp = f"[{event['timestamp']}] " if event.get("timestamp") else ""
    level = f"{str(event['level']).upper()} - " if event.get("level") else ""
    more = "".join(f" {k}={_short(v, redactor)}" for k, v in event.items() if k not in _DULL)
    yield from f"{stamp}{level}{event.get('event', '')}{more}".split("\n")
    detail = event.get("error_detail")
    links = [link for link in detail if isinstance(link, Mapping)] if isinstance(detail, list) else []
    for link in reversed(links):
        frames = link.get("frames")
        shown = [f for f in frames if isinstance(f, Mapping)] if isinstance(frames, list) else []
        for frame in shown[-_SHOWN_FRAMES:]:
            yield f'  File "{frame.get("filename")}", line {frame.get("lineno")}, in {frame.get("name")}'
        yield from f"{link.get('exc_type')}: {link.get('exc_value')}".split("\n")


def _short(value: Any, redactor: Redactor) -> str:
    """A value of an event, cut; what is cut is masked before, or half of a secret would escape its pattern."""
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return text if len(text) <= 300 else redactor.redact(text)[:300] + "..."


def _chain(detail: Any, redactor: Redactor, longest: int = _LONGEST_MESSAGE) -> tuple[ErrorLink, ...]:
    if not isinstance(detail, list):
        return ()
    return tuple(
        ErrorLink(
            type=shown_name(str(link["exc_type"]), redactor),
            message=redactor.redact(str(link.get("exc_value", "")), longest),
        )
        for link in detail
        if isinstance(link, Mapping) and link.get("exc_type")
    )
