"""An incident as a person reads it: one line an event, from the first failure to the outcome."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from airflow_provider_harness.app.oncall.page import minute
from airflow_provider_harness.app.oncall.paged import delivery_of, how_it_ended, who_was_paged
from airflow_provider_harness.app.oncall.subject import how_sure
from airflow_provider_harness.core.incidents.events import (
    Acked,
    ActEnded,
    ActStarted,
    Answered,
    AnyBody,
    Asked,
    Claimed,
    Closed,
    Diagnosed,
    Event,
    EventKind,
    EvidenceSeen,
    Followed,
    Forgotten,
    Joined,
    Judged,
    ModelAnswered,
    ModelAsked,
    ModelEnded,
    ModelProposed,
    Noted,
    Opened,
    Paged,
    Proposed,
    Reopened,
    Resolved,
    Returned,
    RunSettled,
    Settled,
    Taken,
    stored,
)
from airflow_provider_harness.core.incidents.outbox import Reached


def _judged(body: Judged) -> str:
    rule = f"rule {body.rule}" if body.rule else "no rule"
    shadow = " [shadow: not carried out]" if body.acting is False else ""
    return f"{body.verdict} by {rule}, policy {body.policy_version}: {body.reason}{shadow}"


def _proposed(body: Proposed) -> str:
    arguments = ", ".join(f"{name}={value}" for name, value in body.arguments.items())
    return f"{body.action}({arguments})"


def _paged(body: Paged) -> str:
    delivery = delivery_of(body)
    if body.action == "resolve":
        unsent = delivery.reached in (Reached.NOBODY, Reached.WAITING)
        return f"{how_it_ended(delivery)} ({body.dedup_key})" if unsent else f"resolved {body.dedup_key}"
    return f"{who_was_paged(delivery, body.severity or '')} [{body.dedup_key}]: {body.summary}"


def _act_ended(body: ActEnded) -> str:
    more = ", ".join(f"{name} {value}" for name, value in stored(body).items() if name not in ("act", "result", "at"))
    return f"{body.result}{f' ({more})' if more else ''}"


def _model(body: ModelAnswered) -> str:
    told = f": {' '.join(body.reasoning)}" if body.reasoning else ""
    return f"{body.model} {body.ended}, {body.cost_usd:.4f} USD{told}"


def _model_proposed(body: ModelProposed) -> str:
    named = "".join(f", {name} {value}" for name, value in body.named.items())
    return f"would {body.action} ({body.category}{named}): {body.verdict}, {body.reason}"


def _model_ended(body: ModelEnded) -> str:
    counts = ", ".join(f"{count} {name}" for name, count in body.counts.items())
    return f"{body.ended} after {body.turns} turn(s), {body.cost_usd:.4f} USD{f'; {counts}' if counts else ''}"


_Line = tuple[EventKind, tuple[str, Callable[[Any], str]]]


def _line(body: type[AnyBody], word: str, say: Callable[[AnyBody], str]) -> _Line:
    return body.kind, (word, say)


#: kind of event -> the word that leads its line, and its text.
LINES: Mapping[EventKind, tuple[str, Callable[[Any], str]]] = dict(
    (
        _line(Opened, "failure", lambda b: b.failure),
        _line(Joined, "failure", lambda b: b.failure),
        _line(Claimed, "healer", lambda b: b.run),
        _line(EvidenceSeen, "evidence", lambda b: "\n".join(item["text"] for item in b.observations) or "none"),
        _line(Diagnosed, "diagnosis", lambda b: f"{b.category} ({how_sure(b)}): {b.cause}"),
        _line(ModelAsked, "model", lambda b: f"asked, {b.reserved_usd:.4f} USD reserved"),
        _line(ModelAnswered, "model", _model),
        _line(ModelProposed, "model", _model_proposed),
        _line(ModelEnded, "model", _model_ended),
        _line(Proposed, "proposal", _proposed),
        _line(Judged, "verdict", _judged),
        _line(Asked, "asked", lambda b: f"{', '.join(b.assigned)}, until {minute(b.expires)}"),
        _line(Answered, "answer", lambda b: f"{b.answer} by {b.by or 'nobody'}"),
        _line(ActStarted, "act", lambda b: b.act),
        _line(ActEnded, "acted", _act_ended),
        _line(Followed, "followed", lambda b: f"{b.act}: {b.verdict}, {b.reason}"),
        _line(RunSettled, "run", lambda b: f"{b.run}: {b.outcome}, {b.text}"),
        _line(Settled, "verified", lambda b: f"{b.outcome}: {b.text}"),
        _line(Paged, "page", _paged),
        _line(Noted, "note", lambda b: b.text),
        _line(Taken, "taken", lambda b: f"by {b.by}"),
        _line(Returned, "returned", lambda b: f"by {b.by}"),
        _line(Acked, "seen", lambda b: f"by {b.by}"),
        _line(Forgotten, "forgotten", lambda b: f"the answer about its task, by {b.by}: {b.why}"),
        _line(Resolved, "resolved", lambda b: f"by {b.by}: {b.why}"),
        _line(Reopened, "again", lambda b: b.why),
        _line(Closed, "outcome", lambda b: f"{b.outcome}: {b.why}"),
    )
)
_WIDTH = max(len(word) for word, _ in LINES.values())


def sentence(event: Event) -> str:
    """An event without its time."""
    word, say = LINES[event.kind]
    return f"{word}: {say(event.body)}"


def timeline(events: Iterable[Event], *, brief: bool = False) -> list[str]:
    """Lines of text, oldest first; times are UTC, and each further day begins with its date.

    :param brief: say of the evidence how many observations it has, since they stand elsewhere; other texts stand on one line.
    """
    lines: list[str] = []
    day = None
    for event in events:
        lines += [f"{event.at:%Y-%m-%d}"] if day not in (None, event.at.date()) else []
        day = event.at.date()
        word, say = LINES[event.kind]
        first, *more = say(event.body).splitlines() or [""]
        if brief and more and event.kind is EventKind.EVIDENCE:
            first, more = f"{len(more) + 1} observations", []
        elif brief and more:
            first, more = " | ".join((first, *more)), []
        lines.append(f"{event.at:%H:%M:%S}  {word:<{_WIDTH}}  {first}")
        lines += [f"{'':8}  {'':<{_WIDTH}}  {line}" for line in more]
    return lines
