"""What people answered about a task, as the healer recorded it: whether it may run again without asking, by whose word, until when.

A task of a kind of which only its author knows is asked about once. A yes counts for the version of the Dag that it was given
for, once the run that it allowed succeeded, until it expires, a later act on the task does not help, or a person takes it back. A no
counts as long.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from airflow_provider_harness.core.actions import ActionKind, Parameter, Proposal
from airflow_provider_harness.core.incidents.events import (
    ActEnded,
    Answered,
    Event,
    EventKind,
    Followed,
    Forgotten,
    Judged,
    Outcome,
    Proposed,
    RunSettled,
    Settled,
)
from airflow_provider_harness.core.policy.policy import VerdictKind
from airflow_provider_harness.core.policy.repeatable import Repeatable

#: For so long an answer about a task counts.
DAYS = 90
#: The events that say what people answered and what came of it.
KINDS = (
    EventKind.PROPOSED,
    EventKind.JUDGED,
    EventKind.ANSWERED,
    EventKind.ACT_ENDED,
    EventKind.FOLLOWED,
    EventKind.RUN_SETTLED,
    EventKind.SETTLED,
    EventKind.FORGOTTEN,
)
_WELL = (Outcome.HEALED, Outcome.RECOVERED)
_FALSE = (Outcome.NOT_HEALED, Outcome.MADE_WORSE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A person's answer about a task.

    :param dag_version: the version of the Dag that it was given for.
    """

    repeatable: Repeatable
    by: str
    at: datetime
    incident: str
    dag_version: int | None

    def sentence(self) -> str:
        """For whoever reads a verdict."""
        until = f"which counts until {self.at + timedelta(days=DAYS):%Y-%m-%d}"
        said = "approved" if self.repeatable is Repeatable.APPROVED else "refused"
        return f"{self.by} {said} a second try of this task on {self.at:%Y-%m-%d} (incident {self.incident}), {until}."


@dataclass(slots=True, kw_only=True)
class _Case:
    """An incident whose healer would run the task again.

    :param remembers: the person who is asked is told that the answer is remembered.
    """

    remembers: bool = False
    dag_version: int | None = None
    yes: tuple[str, datetime] | None = None
    acted: bool = False


def remembered(events: Iterable[Event], dag_id: str, task_id: str, version: int | None, now: datetime) -> Word | None:
    """The newest answer about a task that counts now; None where it has to be asked.

    :param events: those of ``KINDS`` of all incidents in which a retry on the Dag was asked for or made, in order.
    :param version: of the Dag now; None where Airflow knows none, and then no yes counts.
    """
    word: Word | None = None
    cases: dict[str, _Case] = {}
    for event in events:
        word = _after(word, event, cases, (dag_id, task_id))
    if word is None or now >= word.at + timedelta(days=DAYS):
        return None
    if word.repeatable is Repeatable.APPROVED and (version is None or word.dag_version != version):
        return None
    return word


def _after(word: Word | None, event: Event, cases: dict[str, _Case], task: tuple[str, str]) -> Word | None:
    """What counts after one more event."""
    body, name = event.body, event.incident_id
    if isinstance(body, Forgotten):
        return None if word is not None and word.incident == name else word
    if isinstance(body, Proposed | Followed):
        _begin(body, name, cases, task)
    case = cases.get(name)
    if case is None:
        return word
    if isinstance(body, Judged):
        case.remembers, case.dag_version = body.remembers is True, (body.found or {}).get("dag_version")
    elif isinstance(body, Answered) and case.remembers:
        if body.said is True:
            case.yes = (body.by, event.at)
        elif body.said is False:
            return _word(Repeatable.REFUSED, (body.by, event.at), name, case)
    elif isinstance(body, ActEnded):
        case.acted = not body.undone
    elif isinstance(body, Settled | RunSettled):
        return _settled(word, body, name, case)
    return word


def _begin(body: Proposed | Followed, name: str, cases: dict[str, _Case], task: tuple[str, str]) -> None:
    proposal = body.proposal()
    if isinstance(body, Proposed):
        cases.pop(name, None)
        if _runs_again(proposal, task):
            cases[name] = _Case()
    elif body.verdict == VerdictKind.APPROVE and _runs_again(proposal, task):
        cases.setdefault(name, _Case()).acted = True


def _runs_again(proposal: Proposal | None, task: tuple[str, str]) -> bool:
    if proposal is None or proposal.kind is not ActionKind.RETRY_TASK:
        return False
    return (proposal.arguments[Parameter.DAG], proposal.arguments[Parameter.TASK]) == task


def _settled(word: Word | None, body: Settled | RunSettled, name: str, case: _Case) -> Word | None:
    """A yes counts from when the run that it allowed succeeded; an act that does not help takes back what counted."""
    if not case.acted:
        return word
    if body.outcome in _FALSE:
        return word if word is not None and word.repeatable is Repeatable.REFUSED else None
    if isinstance(body, Settled) and body.outcome in _WELL and case.yes:
        return _word(Repeatable.APPROVED, case.yes, name, case)
    return word


def _word(said: Repeatable, answer: tuple[str, datetime], incident: str, case: _Case) -> Word:
    by, at = answer
    return Word(repeatable=said, by=by, at=at, incident=incident, dag_version=case.dag_version)
