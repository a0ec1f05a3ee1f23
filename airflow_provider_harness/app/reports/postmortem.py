"""An incident as a post-mortem: what broke for whom, why and how sure, what was decided and done, and what is next."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from airflow_provider_harness.app.oncall import question as asked
from airflow_provider_harness.app.oncall.deadlines import overdue, pace
from airflow_provider_harness.app.oncall.drafts import contract_change, drafted
from airflow_provider_harness.app.oncall.instructions import answer, instructions_for
from airflow_provider_harness.app.oncall.page import minute, samples_of
from airflow_provider_harness.app.oncall.paged import delivery_of, who_was_paged
from airflow_provider_harness.app.oncall.subject import (
    connections_of,
    how_sure,
    how_sure_and_why,
    slices_of,
    statement_of,
    zones_of,
)
from airflow_provider_harness.app.reports import timeline
from airflow_provider_harness.core.diagnosis.failure import Failure
from airflow_provider_harness.core.errors import NOTHING_PUBLISHED
from airflow_provider_harness.core.incidents.events import (
    Acked,
    ActEnded,
    ActStarted,
    Answered,
    AnyBody,
    Asked,
    Body,
    Diagnosed,
    Event,
    EvidenceSeen,
    Judged,
    ModelProposed,
    Paged,
    Proposed,
    Reopened,
    Resolved,
    Returned,
    Settled,
    Taken,
)
from airflow_provider_harness.core.incidents.incident import IN_HAND_OF_A_PERSON, Incident, Status, fold
from airflow_provider_harness.core.incidents.outbox import Delivery, Reached
from airflow_provider_harness.core.slices.local import with_local_day

#: Failures of one incident that are named one by one; the others are counted.
MOST_NAMED = 10
#: Lines of one section that the first screen has room for.
ROOM = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What is known beside the events; without it, less can be said.

    :param now: UTC; None = times to come are not judged.
    :param verify: how long a heal may take until its outcome is unknown.
    :param reached: what became of the page under a key.
    """

    now: datetime | None = None
    verify: timedelta = timedelta(hours=2)
    reached: Callable[[str], Delivery] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """Everything that is known of one incident."""

    incident: Incident
    events: Sequence[Event]
    failures: Sequence[Failure]
    around: Around

    def all(self, kind: type[AnyBody]) -> list[AnyBody]:
        """The bodies of every event of this kind, oldest first."""
        return [event.body for event in self.events if isinstance(event.body, kind)]

    @property
    def failed(self) -> list[Failure]:
        """What failed; notices that joined are no failures."""
        return [failure for failure in self.failures if failure.heals] or list(self.failures)


def story(
    incident_id: str, events: Sequence[Event], failures: Sequence[Failure], around: Around | None = None
) -> Story:
    """The incident with everything that is known of it."""
    return Story(incident=fold(incident_id, events), events=events, failures=failures, around=around or Around())


def postmortem(
    incident_id: str, events: Sequence[Event], failures: Sequence[Failure], around: Around | None = None
) -> list[str]:
    """Lines of text, what to do next first; a section that has nothing to say is left out."""
    told = story(incident_id, events, failures, around)
    lines = [headline(told)]
    for title, said in sections(told):
        lines += ["", title, *(f"  {line}" for line in said)]
    return lines


def first_screen(
    incident_id: str, events: Sequence[Event], failures: Sequence[Failure], around: Around | None = None
) -> list[str]:
    """What a person needs before anything else: what to do and by whom, what broke, what stands published, why, how it ended."""
    told = story(incident_id, events, failures, around)
    lines = [headline(told)]
    for title, said in _told(told, _FIRST):
        room = len(said) if title == _DO else ROOM
        lines += ["", title, *(f"  {line}" for line in said[:room])]
        lines += [f"  and {len(said) - room} line(s) more"] if len(said) > room else []
    return [*lines, "", f"Evidence, verdicts and timeline: airflow harness incidents show {incident_id} --all"]


def sections(told: Story) -> list[tuple[str, list[str]]]:
    """Title and lines of each section that has something to say."""
    return _told(told, _SECTIONS)


Section = tuple[str, Callable[[Story], Iterable[str]]]


def _told(told: Story, wanted: Sequence[Section]) -> list[tuple[str, list[str]]]:
    found = [(title, [line for text in tell(told) for line in str(text).splitlines()]) for title, tell in wanted]
    return [(title, lines) for title, lines in found if lines]


def headline(story: Story) -> str:
    """Where it stands, since when, and how it ended, in one line."""
    incident = story.incident
    assert incident.opened_at is not None, "an incident begins with its opening"
    since = f"{incident.opened_at:%Y-%m-%d %H:%M:%S} UTC"
    if incident.status is Status.RESOLVED:
        by = incident.last[Resolved].by
        before = f"; the healer had ended it as {incident.outcome}" if incident.outcome in IN_HAND_OF_A_PERSON else ""
        return f"Incident {incident.id}: resolved by {by} after {_took(incident, incident.resolved_at)}, opened {since}{before}"
    if incident.status is Status.PERSON:
        after = _took(incident, incident.closed_at)
        return f"Incident {incident.id}: open, waits for a person ({incident.outcome} after {after}), since {since}"
    if incident.closed_at is not None:
        return f"Incident {incident.id}: {incident.outcome} after {_took(incident, incident.closed_at)}, opened {since}"
    return f"Incident {incident.id}: open, {stands(incident)}, since {since}"


def stands(incident: Incident) -> str:
    """Where it stands, in a few words."""
    if incident.status is Status.TAKEN:
        return f"taken by {incident.last[Taken].by}"
    if incident.status is Status.RESOLVED:
        return f"resolved by {incident.last[Resolved].by}"
    if incident.status is Status.PERSON:
        return f"waits for a person ({incident.outcome})"
    return str(incident.outcome or incident.status)


def _took(incident: Incident, until: datetime | None) -> str:
    assert incident.opened_at is not None and until is not None
    seconds = round((until - incident.opened_at).total_seconds())
    hours, minutes = divmod(seconds // 60, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds % 60} s"


def _broke(story: Story) -> Iterable[str]:
    """Each failed try, with its slice beside the name of its run: the two need not have the same day."""
    first = {str(failure.key): failure for failure in reversed(story.failed)}
    keys = list(dict.fromkeys(str(failure.key) for failure in story.failed))
    for key in keys[:MOST_NAMED]:
        about = slices_of(story.incident, [first[key]])
        yield f"{key}; {about[0]}" if about else key
    if len(keys) > MOST_NAMED:
        yield f"and {len(keys) - MOST_NAMED} more"


def _published(story: Story) -> Iterable[str]:
    """What stands published, as far as somebody looked: the harness when it verified, else the gate that blocked."""
    verified = [body for body in story.all(Settled) if body.gates][-1:]
    if verified:
        yield from _gates(story, verified[0])
        return
    for failure in story.failed[:MOST_NAMED]:
        said = next((link.message for link in failure.chain if NOTHING_PUBLISHED in link.message), "")
        about = slices_of(story.incident, [failure])
        if said and about:
            yield f"{about[0]}: {said[said.rindex(NOTHING_PUBLISHED) :]}"
        elif failure.report and about:
            yield f"{about[0]}: {NOTHING_PUBLISHED} of it; what an earlier run published stands as it was"


def _why(story: Story) -> Iterable[str]:
    for body in story.all(Diagnosed)[-1:]:
        yield body.cause.replace("\n", " ")
        yield f"{body.category}; {how_sure(body)}"
    if statement := statement_of(story.incident, story.failed):
        yield statement
    if change := contract_change(story.failed):
        yield change
    yield from drafted(story.events)


def _ended(story: Story) -> Iterable[str]:
    yield from _lines(story, Answered)
    yield from (_quoted(f"{body.outcome}: {body.text}") for body in story.all(Settled)[-1:])
    yield from (_quoted(f"resolved by {body.by}: {body.why}") for body in story.all(Resolved)[-1:])


def _whom(story: Story) -> Iterable[str]:
    for at, seen in [(event.at, event.body) for event in story.events if isinstance(event.body, EvidenceSeen)][-1:]:
        if seen.for_whom:
            yield seen.for_whom
        if below := seen.facts.get("downstream_tasks"):
            yield f"{below} task(s) of the run could not start, when it was looked at {at:%H:%M:%S} UTC"
    paged = _pages(story)
    promised = [text for body in paged for text in body.promised or ()]
    yield from dict.fromkeys(promised)
    yield from dict.fromkeys(
        f"{who_was_paged(_delivery(story, body), body.severity or '')}: {body.summary}" for body in paged
    )
    if not paged:
        yield "nobody was paged"


def _pages(story: Story) -> list[Paged]:
    return [body for body in story.all(Paged) if body.action == "trigger"]


def _delivery(story: Story, body: Paged) -> Delivery:
    """What became of a page: as it was recorded, and of one that was waiting then, as it is now."""
    recorded = delivery_of(body)
    if recorded.reached is Reached.WAITING and story.around.reached is not None:
        return story.around.reached(body.dedup_key)
    return recorded


def _cause(story: Story) -> Iterable[str]:
    for body in story.all(Diagnosed)[-1:]:
        yield _quoted(body.cause)
        yield _quoted(f"{body.category}; {how_sure_and_why(body)}")
        if named := connections_of(story.incident):
            yield f"the failed task uses {named}"
        if body.alternatives:
            yield f"it could also be: {', '.join(body.alternatives)}"
    if statement := statement_of(story.incident, story.failed):
        yield statement
    if change := contract_change(story.failed):
        yield change
    yield from drafted(story.events)
    for seen in story.all(EvidenceSeen)[-1:]:
        if seen.unavailable:
            yield _quoted(f"not known: {', '.join(seen.unavailable)}")


def _evidence(story: Story) -> Iterable[str]:
    for seen in story.all(EvidenceSeen)[-1:]:
        yield from (_quoted(f"{item['source']}: {item['text']}") for item in seen.observations)
    yield from (_quoted(f"row of {sample}") for sample in samples_of(story.failures))
    for body in story.all(Diagnosed)[-1:]:
        yield from (_quoted(f"{item['source']} line {item['line']}: {item['text']}") for item in body.citations)


def _quoted(text: str) -> str:
    """What a program said, in which no line after the first can be taken for one of ours."""
    return "\n| ".join(line for line in text.splitlines() if line.strip())


def _decided(story: Story) -> Iterable[str]:
    return _lines(story, ModelProposed, Proposed, Judged, Asked, Answered, Reopened)


def _acted(story: Story) -> Iterable[str]:
    return list(_lines(story, ActStarted, ActEnded, Taken, Returned, Resolved)) or ["nothing"]


def _verified(story: Story) -> Iterable[str]:
    for body in story.all(Settled):
        yield _quoted(f"{body.outcome}: {body.text}")
        yield from _gates(story, body)


def _gates(story: Story, settled: Settled) -> Iterable[str]:
    for gate in settled.gates:
        named = with_local_day(gate["slice"], zones_of(story.incident).get(gate["table"], ""))
        yield f"{gate['table']} slice {named}: {'passed' if gate['passed'] else 'failed'}, {gate['text']}"


def _by_whom(story: Story) -> str:
    """Who knows of it, so that two people do not do the same, and not nobody."""
    if Acked in story.incident.last:
        return f"{story.incident.last[Acked].by} has seen it"
    last = _pages(story)[-1:]
    return next((who_was_paged(_delivery(story, body), body.severity or "") for body in last), "nobody was paged")


def _next(story: Story) -> Iterable[str]:
    incident = story.incident
    if incident.status is Status.ASKED:
        question, proposal = incident.last[Asked], incident.last[Proposed].proposal()
        yield asked.may(proposal, next(iter(zones_of(incident).values()), ""))
        whom, until = ", ".join(question.assigned), minute(question.expires)
        yield f"{whom}: answer until {until}, in Airflow ({question.url}) or by"
        yield f"airflow harness approve {incident.id}    (or: refuse)"
        yield f"Approve: {asked.after_yes(proposal, incident.last[Judged])}"
        yield f"Refuse, or no answer in time: {asked.after_no(proposal)}"
    elif incident.status is Status.TAKEN:
        yield f"{incident.last[Taken].by} has it. When it is mended:"
        yield f"airflow harness incidents resolve {incident.id} --why TEXT    (or: incidents return)"
    elif incident.status is Status.PERSON:
        yield asks_now(story)
        yield f"By whoever looks after it: airflow harness incidents ack {incident.id}    ({_by_whom(story)})"
        yield f"Then: airflow harness incidents resolve {incident.id} --why TEXT"
        yield f"To let the healer look at it anew instead: airflow harness incidents return {incident.id}"
    elif incident.is_open:
        yield from _of_the_healer(story)
        yield f"airflow harness incidents take {incident.id}"
    else:
        yield "Nothing. To keep what was learned:"
        yield f"airflow harness runbook draft {incident.id}"


def _of_the_healer(story: Story) -> Iterable[str]:
    incident, around = story.incident, story.around
    if around.now is not None and (late := overdue(incident, around.verify, around.now)):
        yield late
        yield "To look after it yourself:"
        return
    if found := pace(incident, around.verify):
        yield f"Nothing until {found.until:%Y-%m-%d %H:%M} UTC: {found.what}. To look after it yourself:"
    else:
        yield "Nothing: the healer works on it. To look after it yourself:"


def asks_now(story: Story) -> str:
    """What the person who has it now is asked to do; an answer that was asked for before is not asked for any more."""
    settled = max((n for n, event in enumerate(story.events) if isinstance(event.body, Settled)), default=0)
    paged = [event.body.asks for event in story.events[settled:] if isinstance(event.body, Paged)]
    asks = [text for text in paged if text and text != answer(story.incident.id)]
    diagnosed = story.incident.last.get(Diagnosed)
    category = diagnosed.category if diagnosed else ""
    return asks[-1] if asks else instructions_for([failure.kind for failure in story.failed], category)


def _lines(story: Story, *kinds: type[Body]) -> Iterable[str]:
    return (timeline.sentence(event) for event in story.events if isinstance(event.body, kinds))


def _timeline(story: Story) -> Iterable[str]:
    return timeline.timeline(story.events, brief=True)


_DO = "What to do next"
_FIRST: Sequence[Section] = (
    (_DO, _next),
    ("What broke", _broke),
    ("What stands published", _published),
    ("For whom", _whom),
    ("Cause, and how sure", _why),
    ("How it ended", _ended),
)
_SECTIONS: Sequence[Section] = (
    (_DO, _next),
    ("What broke", _broke),
    ("What stands published", _published),
    ("For whom", _whom),
    ("Cause, and how sure", _cause),
    ("Evidence", _evidence),
    ("Verdicts and refusals", _decided),
    ("What was done", _acted),
    ("Verification", _verified),
    ("Timeline (UTC)", _timeline),
)
