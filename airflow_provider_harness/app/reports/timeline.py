"""An incident as a person reads it: one line an event, from the first failure to the outcome."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from airflow_provider_harness.app.oncall.page import minute
from airflow_provider_harness.app.oncall.paged import delivery_of, how_it_ended, who_was_paged
from airflow_provider_harness.app.oncall.subject import how_sure
from airflow_provider_harness.core.incidents.incident import Event, EventKind
from airflow_provider_harness.core.incidents.outbox import Reached


def _judged(body: Mapping[str, Any]) -> str:
    rule = f"rule {body['rule']}" if body["rule"] else "no rule"
    shadow = "" if body["acting"] else " [shadow: not carried out]"
    return f"{body['verdict']} by {rule}, policy {body['policy_version']}: {body['reason']}{shadow}"


def _proposed(body: Mapping[str, Any]) -> str:
    arguments = ", ".join(f"{name}={value}" for name, value in body["arguments"].items())
    return f"{body['action']}({arguments})"


def _paged(body: Mapping[str, Any]) -> str:
    delivery = delivery_of(body)
    if body["action"] == "resolve":
        unsent = delivery.reached in (Reached.NOBODY, Reached.WAITING)
        return f"{how_it_ended(delivery)} ({body['dedup_key']})" if unsent else f"resolved {body['dedup_key']}"
    return f"{who_was_paged(delivery, body['severity'])} [{body['dedup_key']}]: {body['summary']}"


def _act_ended(body: Mapping[str, Any]) -> str:
    more = ", ".join(f"{name} {value}" for name, value in body.items() if name not in ("act", "result", "at"))
    return f"{body['result']}{f' ({more})' if more else ''}"


def _model(body: Mapping[str, Any]) -> str:
    told = f": {' '.join(body['reasoning'])}" if body["reasoning"] else ""
    return f"{body['model']} {body['ended']}, {body['cost_usd']:.4f} USD{told}"


def _model_proposed(body: Mapping[str, Any]) -> str:
    named = "".join(f", {name} {value}" for name, value in body["named"].items())
    return f"would {body['action']} ({body['category']}{named}): {body['verdict']}, {body['reason']}"


def _model_ended(body: Mapping[str, Any]) -> str:
    counts = ", ".join(f"{count} {name}" for name, count in body["counts"].items())
    return f"{body['ended']} after {body['turns']} turn(s), {body['cost_usd']:.4f} USD{f'; {counts}' if counts else ''}"


#: kind of event -> the word that leads its line, and its text.
_LINES: Mapping[EventKind, tuple[str, Callable[[Mapping[str, Any]], str]]] = {
    EventKind.OPENED: ("failure", lambda b: b["failure"]),
    EventKind.JOINED: ("failure", lambda b: b["failure"]),
    EventKind.CLAIMED: ("healer", lambda b: b["run"]),
    EventKind.EVIDENCE: ("evidence", lambda b: "\n".join(item["text"] for item in b["observations"]) or "none"),
    EventKind.DIAGNOSED: (
        "diagnosis",
        lambda b: f"{b['category']} ({how_sure({**b, 'why': ''})}): {b['cause']}",
    ),
    EventKind.MODEL_ASKED: ("model", lambda b: f"asked, {b['reserved_usd']:.4f} USD reserved"),
    EventKind.MODEL_ANSWERED: ("model", _model),
    EventKind.MODEL_PROPOSED: ("model", _model_proposed),
    EventKind.MODEL_ENDED: ("model", _model_ended),
    EventKind.PROPOSED: ("proposal", _proposed),
    EventKind.JUDGED: ("verdict", _judged),
    EventKind.ASKED: ("asked", lambda b: f"{', '.join(b['assigned'])}, until {minute(b['expires'])}"),
    EventKind.ANSWERED: ("answer", lambda b: f"{b['answer']} by {b['by'] or 'nobody'}"),
    EventKind.ACT_STARTED: ("act", lambda b: b["act"]),
    EventKind.ACT_ENDED: ("acted", _act_ended),
    EventKind.FOLLOWED: ("followed", lambda b: f"{b['act']}: {b['verdict']}, {b['reason']}"),
    EventKind.RUN_SETTLED: ("run", lambda b: f"{b['run']}: {b['outcome']}, {b['text']}"),
    EventKind.SETTLED: ("verified", lambda b: f"{b['outcome']}: {b['text']}"),
    EventKind.PAGED: ("page", _paged),
    EventKind.NOTED: ("note", lambda b: b["text"]),
    EventKind.TAKEN: ("taken", lambda b: f"by {b['by']}"),
    EventKind.RETURNED: ("returned", lambda b: f"by {b['by']}"),
    EventKind.ACKED: ("seen", lambda b: f"by {b['by']}"),
    EventKind.RESOLVED: ("resolved", lambda b: f"by {b['by']}: {b['why']}"),
    EventKind.REOPENED: ("again", lambda b: b["why"]),
    EventKind.CLOSED: ("outcome", lambda b: f"{b['outcome']}: {b['why']}"),
}
_WIDTH = max(len(word) for word, _ in _LINES.values())


def sentence(event: Event) -> str:
    """An event without its time."""
    word, say = _LINES[event.kind]
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
        word, say = _LINES[event.kind]
        first, *more = say(event.body).splitlines() or [""]
        if brief and more and event.kind is EventKind.EVIDENCE:
            first, more = f"{len(more) + 1} observations", []
        elif brief and more:
            first, more = " | ".join((first, *more)), []
        lines.append(f"{event.at:%H:%M:%S}  {word:<{_WIDTH}}  {first}")
        lines += [f"{'':8}  {'':<{_WIDTH}}  {line}" for line in more]
    return lines
