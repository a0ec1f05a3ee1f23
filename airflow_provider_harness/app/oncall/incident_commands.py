"""What a person does about an incident: take it, give it back, say that it is seen or over, answer, take an answer
back.

Each first asks Airflow, with the person's own token, who that is and whether they may; then the store is told.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from airflow_provider_harness.app.oncall.approve import APPROVAL_TASK
from airflow_provider_harness.app.oncall.page import dedup_key
from airflow_provider_harness.app.oncall.paged import how_it_ended, resolved
from airflow_provider_harness.app.ports.healing import Pager
from airflow_provider_harness.app.ports.store import Incidents
from airflow_provider_harness.core.diagnosis.failure import Failure, TryKey
from airflow_provider_harness.core.errors import ConfigurationError, NotAllowed
from airflow_provider_harness.core.incidents.events import (
    Acked,
    Answered,
    Asked,
    Body,
    Closed,
    Event,
    Forgotten,
    Judged,
    Outcome,
    Resolved,
    Returned,
    Taken,
)
from airflow_provider_harness.core.incidents.incident import ImpossibleEvent, Incident, State
from airflow_provider_harness.core.incidents.outbox import MessageKind

#: How long a question must have been open before it is answered: Airflow loses quicker answers.
SETTLING = timedelta(seconds=6)
#: Airflow's word for a task that waits for a person.
OPEN_QUESTION = "awaiting_input"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A required action as Airflow tells it.

    :param state: of its task.
    :param opened_at: UTC.
    :param answer: what was answered, or empty; ``by`` whom.
    """

    state: str
    opened_at: datetime
    answer: str = ""
    by: str = ""


class CallerApi(Protocol):
    """Airflow's REST API with the person's own token; a refusal of Airflow is raised as ``NotAllowed``."""

    def who(self) -> str:
        """The id of the person's user, as the auth manager has it."""

    def note(self, key: TryKey, text: str) -> None:
        """Write a note at a task instance, or at its run; whoever may do so may change what it notes."""

    def state(self, key: TryKey) -> str:
        """The state of a task instance, or of its run."""

    def question(self, dag_id: str, run_id: str, task_id: str) -> Question | None: ...

    def answer(self, dag_id: str, run_id: str, task_id: str, option: str) -> bool:
        """False where somebody else was faster."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentCommands:
    """Where a person works on incidents.

    :param now: UTC.
    """

    store: Incidents
    person: CallerApi
    pager: Pager
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandResult:
    """What came of it.

    :param done: it was done; otherwise ``text`` says in one sentence why not, and what to do.
    :param again_in: seconds after which the same can be done; 0 where waiting alone does not help.
    """

    done: bool
    text: str
    again_in: float = 0.0


def take(desk: IncidentCommands, incident_id: str) -> CommandResult:
    """Stop the healer on this incident. An act that is under way ends, and says how."""
    incident = _known(desk, incident_id)
    if incident.state is State.CLOSED:
        seen = (
            f" Say that you look after it: airflow harness incidents ack {incident_id}"
            if incident.with_a_person
            else ""
        )
        return CommandResult(done=False, text=f"{_closed(incident)} The healer does nothing about it any more.{seen}")
    if incident.state is State.TAKEN:
        return CommandResult(done=False, text=f"It was taken by {incident.last[Taken].by} before.")
    who = _noted(desk, incident_id, "taken by {who}; the harness leaves it alone until it is returned")
    _append(desk, incident_id, Taken(by=who))
    more = (
        " An act of the harness is under way; it ends, and nothing follows." if incident.state is State.ACTING else ""
    )
    return CommandResult(
        done=True, text=f"{who} has it. The harness does nothing more about it until it is returned.{more}"
    )


def return_incident(desk: IncidentCommands, incident_id: str) -> CommandResult:
    """Let the healer go on, also where its question expired or it had ended with a person; it looks at everything
    anew."""
    incident = _known(desk, incident_id)
    if incident.state is not State.TAKEN and not incident.with_a_person:
        what = _closed(incident) if incident.state is State.CLOSED else f"It is {incident.state}."
        return CommandResult(done=False, text=f"No person has it, so there is nothing to give back. {what}")
    who = _noted(desk, incident_id, "returned to the harness by {who}")
    _append(desk, incident_id, Returned(by=who))
    return CommandResult(
        done=True, text="The reconciler's next pass gives it to a healer, which looks at everything anew."
    )


def acknowledge(desk: IncidentCommands, incident_id: str) -> CommandResult:
    """Say that a person has seen it, here and to on-call's pager."""
    incident = _known(desk, incident_id)
    who = _noted(desk, incident_id, "seen by {who}")
    if incident.said:
        desk.pager.acknowledge(dedup_key(incident))
    _append(desk, incident_id, Acked(by=who))
    return CommandResult(done=True, text=f"Seen by {who}{'' if incident.paged else '; nobody was paged about it'}.")


def forget(desk: IncidentCommands, incident_id: str, why: str) -> CommandResult:
    """Take back that the task of an incident may run again without asking, as somebody answered there.

    :param why: what changed, for whoever is asked next.
    """
    _known(desk, incident_id)
    bodies = [event.body for event in desk.store.events(incident_id)]
    told = [body for body in bodies if isinstance(body, Judged | Answered | Forgotten)]
    kept = [one for before, one in itertools.pairwise(told) if isinstance(before, Judged) and before.remembers]
    yes = [body for body in kept if isinstance(body, Answered) and body.said]
    if not yes or isinstance(told[-1], Forgotten):
        text = f"No yes about a task is remembered of incident {incident_id}. A remembered no ends with the next yes."
        return CommandResult(done=False, text=text)
    who = _noted(desk, incident_id, "what was answered about this task is taken back by {who}")
    _append(desk, incident_id, Forgotten(by=who, why=why))
    return CommandResult(
        done=True, text="The task may not run again without asking. The harness asks about its next failure."
    )


def resolve(desk: IncidentCommands, incident_id: str, why: str, *, unproved: bool) -> CommandResult:
    """End it and its page, since a person mended the cause; Airflow must say so too.

    :param why: what was wrong and what was done, for whoever reads it later.
    :param unproved: end it although Airflow does not agree.
    """
    incident = _known(desk, incident_id)
    if Resolved in incident.last:
        return CommandResult(done=False, text=f"It was resolved by {incident.last[Resolved].by} before.")
    if not unproved and (failed := _not_well(desk, incident_id)):
        fix = "Mend the cause and clear the task, or say --unproved."
        return CommandResult(done=False, text=f"Airflow does not agree: {', '.join(failed)}. {fix}")
    who = _noted(desk, incident_id, "resolved by {who}")
    bodies: list[Body] = [Resolved(by=who, why=why, unproved=unproved)]
    if incident.state is not State.CLOSED:
        bodies.append(Closed(outcome=Outcome.SUPERSEDED, why=f"resolved by {who}: {why}"))
    _append(desk, incident_id, *bodies)
    page = ""
    if incident.said:
        key = dedup_key(incident)
        desk.pager.resolve(key)
        ended = desk.pager.reached(key, MessageKind.RESOLVE)
        _append(desk, incident_id, resolved(key, ended))
        page = f"; {how_it_ended(ended)}"
    return CommandResult(done=True, text=f"Resolved by {who}{page}.")


def answer(desk: IncidentCommands, incident_id: str, option: str, healer_dag_id: str) -> CommandResult:
    """Answer the question of an incident in Airflow, as the person; the healer reads the answer there.

    :param option: one of the approval task's options.
    """
    incident = _known(desk, incident_id)
    asked = incident.last.get(Asked)
    if asked is None or incident.state is not State.ASKED:
        what = _closed(incident) if incident.state is State.CLOSED else f"It is {incident.state}."
        return CommandResult(done=False, text=f"There is no open question about incident {incident_id}: {what}")
    expires = datetime.fromisoformat(asked.expires)
    if desk.now >= expires:
        again = f"To be asked again: airflow harness incidents return {incident_id}"
        text = f"The question expired at {expires:%Y-%m-%d %H:%M} UTC, which counts as no. {again}"
        return CommandResult(done=False, text=text)
    who = desk.person.who()
    if who not in asked.assigned:
        raise NotAllowed(f"{who} may not answer this; {', '.join(asked.assigned)} may.")
    place = healer_dag_id, incident.leader, APPROVAL_TASK
    question = desk.person.question(*place)
    if why := _not_now(question, desk.now):
        return CommandResult(done=False, text=why, again_in=_opens_in(question, desk.now))
    if not desk.person.answer(*place, option):
        return CommandResult(done=False, text="Somebody else answered first; see `airflow harness incidents show`.")
    return CommandResult(done=True, text=f"{who} answered {option}. The healer reads it from Airflow within seconds.")


def _opens_in(question: Question | None, now: datetime) -> float:
    """Seconds until a question can be answered; 0 where it never can."""
    if question is None:
        return SETTLING.total_seconds()
    if question.answer or question.state != OPEN_QUESTION:
        return 0.0
    return max(0.0, (question.opened_at + SETTLING - now).total_seconds())


def _not_now(question: Question | None, now: datetime) -> str:
    """Why a question cannot be answered at this moment; empty where it can."""
    if question is None:
        return "It is too early: Airflow has not opened the question yet. Try again in a few seconds."
    if question.answer:
        return f"{question.by or 'Somebody'} answered {question.answer} already; an answer is valid once."
    if question.state != OPEN_QUESTION:
        return f"The question is not open: its task in Airflow is {question.state or 'not started'}."
    wait = (question.opened_at + SETTLING - now).total_seconds()
    if wait > 0:
        return f"It is too early: Airflow loses answers that come at once. Try again in {wait:.0f} s."
    return ""


def _known(desk: IncidentCommands, incident_id: str) -> Incident:
    incident = desk.store.incident(incident_id)
    if incident.opened_at is None:
        raise ConfigurationError(f"incident {incident_id}", "is not in the store.", fix="See `incidents list`.")
    return incident


def _closed(incident: Incident) -> str:
    return f"It is closed ({incident.outcome}: {incident.last[Closed].why})."


def _first(desk: IncidentCommands, incident_id: str) -> Failure:
    return desk.store.failures(incident_id)[0]


def _noted(desk: IncidentCommands, incident_id: str, text: str) -> str:
    """Write it at what failed, which Airflow lets only those do who may change the Dag; who that is."""
    who = desk.person.who()
    first = _first(desk, incident_id)
    desk.person.note(first.key, f"airflow-provider-harness: incident {incident_id} {text.format(who=who)}")
    return who


def _not_well(desk: IncidentCommands, incident_id: str) -> list[str]:
    """What failed and is no success now, each with its state."""
    keys = {failure.key.task_instance: failure.key for failure in desk.store.failures(incident_id)}
    states = [(key, desk.person.state(key)) for key in keys.values()]
    return [f"{key} is {state or 'without state'}" for key, state in states if state != "success"]


def _append(desk: IncidentCommands, incident_id: str, *bodies: Body) -> None:
    """Record these in one step."""
    try:
        desk.store.append(*(Event(incident_id=incident_id, at=desk.now, body=body) for body in bodies))
    except ImpossibleEvent as error:
        raise NotAllowed(f"It changed meanwhile: {error}. See `airflow harness incidents show`.") from error
