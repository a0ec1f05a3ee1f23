"""An incident as a post-mortem: what broke for whom, why and how sure, what was decided and done, and what is next."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from airflow_provider_harness.app import timeline
from airflow_provider_harness.app.asks import asks_of
from airflow_provider_harness.app.compose import minute, samples_of
from airflow_provider_harness.core.failure import Failure
from airflow_provider_harness.core.incident import Event, EventKind, Incident, State, fold

#: Failures of one incident that are named one by one; the others are counted.
MOST_NAMED = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """Everything that is known of one incident."""

    incident: Incident
    events: Sequence[Event]
    failures: Sequence[Failure]

    def all(self, kind: EventKind) -> list[Mapping[str, Any]]:
        """The bodies of every event of this kind, oldest first."""
        return [event.body for event in self.events if event.kind is kind]


def postmortem(incident_id: str, events: Sequence[Event], failures: Sequence[Failure]) -> list[str]:
    """Lines of text; a section that has nothing to say is left out."""
    story = Story(incident=fold(incident_id, events), events=events, failures=failures)
    lines = [_headline(story)]
    for title, tell in _SECTIONS:
        if told := [line for text in tell(story) for line in str(text).splitlines()]:
            lines += ["", title, *(f"  {line}" for line in told)]
    return lines


def _headline(story: Story) -> str:
    incident = story.incident
    assert incident.opened_at is not None, "an incident begins with its opening"
    since = f"{incident.opened_at:%Y-%m-%d %H:%M:%S} UTC"
    if incident.closed_at is None:
        return f"Incident {incident.id}: {incident.state}, open since {since}"
    took = round((incident.closed_at - incident.opened_at).total_seconds())
    return f"Incident {incident.id}: {incident.outcome} after {took // 60} min {took % 60} s, opened {since}"


def _broke(story: Story) -> Iterable[str]:
    keys = list(dict.fromkeys(str(failure.key) for failure in story.failures))
    yield from keys[:MOST_NAMED]
    if len(keys) > MOST_NAMED:
        yield f"and {len(keys) - MOST_NAMED} more"
    tables = {failure.report["table"]: failure.report["slice"] for failure in story.failures if failure.report}
    yield from (f"table {table}, slice {slice_id}: not published" for table, slice_id in tables.items())


def _whom(story: Story) -> Iterable[str]:
    for body in story.all(EventKind.EVIDENCE)[-1:]:
        if body.get("for_whom"):
            yield str(body["for_whom"])
        if below := body["facts"].get("downstream_tasks"):
            yield f"{below} task(s) of the run could not start"
    paged = [body for body in story.all(EventKind.PAGED) if body["action"] == "trigger"]
    promised = [text for body in paged for text in body.get("promised", ())]
    yield from dict.fromkeys(promised)
    yield from dict.fromkeys(f"on-call was paged ({body['severity']}): {body['summary']}" for body in paged)
    if not paged:
        yield "nobody was paged"


def _cause(story: Story) -> Iterable[str]:
    for body in story.all(EventKind.DIAGNOSED)[-1:]:
        yield str(body["cause"])
        why = f": {body['why']}" if body["why"] else ""
        yield f"{body['category']}; {body['certainty']}, from {body['basis']}{why}"
        if body["alternatives"]:
            yield f"it could also be: {', '.join(body['alternatives'])}"
    for body in story.all(EventKind.EVIDENCE)[-1:]:
        if body["unavailable"]:
            yield f"not known: {', '.join(body['unavailable'])}"


def _evidence(story: Story) -> Iterable[str]:
    for body in story.all(EventKind.EVIDENCE)[-1:]:
        yield from (f"{item['source']}: {item['text']}" for item in body["observations"])
    yield from (f"row of {sample}" for sample in samples_of(story.failures))
    for body in story.all(EventKind.DIAGNOSED)[-1:]:
        yield from (f"{item['source']} line {item['line']}: {item['text']}" for item in body["citations"])


def _decided(story: Story) -> Iterable[str]:
    return _lines(
        story,
        EventKind.MODEL_PROPOSED,
        EventKind.PROPOSED,
        EventKind.JUDGED,
        EventKind.ASKED,
        EventKind.ANSWERED,
        EventKind.REOPENED,
    )


def _acted(story: Story) -> Iterable[str]:
    done = list(
        _lines(
            story, EventKind.ACT_STARTED, EventKind.ACT_ENDED, EventKind.TAKEN, EventKind.RETURNED, EventKind.RESOLVED
        )
    )
    return done or ["nothing"]


def _verified(story: Story) -> Iterable[str]:
    for body in story.all(EventKind.SETTLED):
        yield f"{body['outcome']}: {body['text']}"
        for gate in body["gates"]:
            yield f"{gate['table']} slice {gate['slice']}: {'passed' if gate['passed'] else 'failed'}, {gate['text']}"


def _next(story: Story) -> Iterable[str]:
    incident = story.incident
    asks = [body["asks"] for body in story.all(EventKind.PAGED) if body.get("asks")]
    if incident.state is State.ASKED:
        asked = incident.last[EventKind.ASKED]
        yield f"{', '.join(asked['assigned'])}: answer until {minute(asked['expires'])}, in Airflow ({asked['url']}) or by"
        yield f"airflow harness approve {incident.id}    (or: refuse)"
    elif incident.state is State.TAKEN:
        yield f"{incident.last[EventKind.TAKEN]['by']} has it. When it is mended:"
        yield f"airflow harness incidents resolve {incident.id} --why TEXT    (or: incidents return)"
    elif incident.outcome is None:
        yield "Nothing: the healer works on it. To look after it yourself:"
        yield f"airflow harness incidents take {incident.id}"
    elif incident.with_a_person:
        category = incident.last.get(EventKind.DIAGNOSED, {}).get("category", "")
        yield from asks[-1:] or [asks_of([failure.kind for failure in story.failures], category)]
        yield f"Then: airflow harness incidents resolve {incident.id} --why TEXT"
        yield f"To let the healer look again, and ask again: airflow harness incidents return {incident.id}"
    else:
        yield "Nothing. To keep what was learned:"
        yield f"airflow harness runbook draft {incident.id}"


def _lines(story: Story, *kinds: EventKind) -> Iterable[str]:
    return (timeline.sentence(event) for event in story.events if event.kind in kinds)


def _timeline(story: Story) -> Iterable[str]:
    return timeline.timeline(story.events, brief=True)


_SECTIONS: Sequence[tuple[str, Callable[[Story], Iterable[str]]]] = (
    ("What broke", _broke),
    ("For whom", _whom),
    ("Cause, and how sure", _cause),
    ("Evidence", _evidence),
    ("Verdicts and refusals", _decided),
    ("What was done", _acted),
    ("Verification", _verified),
    ("What to do next", _next),
    ("Timeline (UTC)", _timeline),
)
