"""Carry out an act once, and know whether it was: what Airflow does not answer is looked up afterwards, and done once more at most."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from airflow_provider_harness.app.ports.airflow import TaskState
from airflow_provider_harness.app.ports.healing import Healer
from airflow_provider_harness.core.actions import ActionKind, Parameter, Proposal
from airflow_provider_harness.core.contracts.grant import Grant, checks_of
from airflow_provider_harness.core.errors import HarnessError, HarnessUnavailable, NotAllowed
from airflow_provider_harness.core.incidents.events import ActEnded, Diagnosed, Noted
from airflow_provider_harness.core.incidents.incident import Incident

#: After so long it is looked up whether an act was made that Airflow did not answer; and so long it may take to know.
AGAIN = timedelta(seconds=15)
PATIENCE = timedelta(minutes=3)
#: Airflow's clock may be behind ours by so much.
MARGIN = timedelta(seconds=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What came of an act; its parts as ``core.incidents.events.ActEnded``."""

    result: str
    cleared: int | None = None
    done: str | None = None
    backfill: int | None = None
    undone: bool | None = None
    grant: str | None = None

    def ended(self, proposal: Proposal, now: datetime) -> ActEnded:
        """The event that says so."""
        return ActEnded(
            act=proposal.canonical(),
            at=now.isoformat(),
            result=self.result,
            cleared=self.cleared,
            done=self.done,
            backfill=self.backfill,
            undone=self.undone,
            grant=self.grant,
        )


#: It was not made, and may be made later.
NOT_MADE = Made(result="not done", done="no", undone=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unanswered:
    """Since when Airflow has not answered an act (UTC), and what it said instead."""

    since: datetime
    said: str


def begin(healer: Healer, incident: Incident, proposal: Proposal) -> Made | datetime:
    """What came of it; or when to ask again, where Airflow did not answer."""
    try:
        return EXECUTE[proposal.kind](healer, incident, proposal)
    except NotAllowed as refusal:
        return Made(result=f"refused by Airflow: {refusal.reason}", done="no")
    except HarnessUnavailable as error:
        return _again(healer, incident, proposal, str(error))


def _again(healer: Healer, incident: Incident, proposal: Proposal, said: str) -> datetime:
    now = healer.now()
    text = (
        f"Airflow did not answer the act ({said}). It is looked up whether it was done; if not, it is tried once more."
    )
    healer.record(incident.id, Noted(text=text, again=proposal.canonical(), at=now.isoformat(), said=said))
    return now + AGAIN


def unanswered(incident: Incident, proposal: Proposal) -> Unanswered | None:
    """What was noted when Airflow did not answer this act; None where it did, or where the healer died before it knew."""
    noted = incident.last.get(Noted)
    if noted is None or noted.at is None or noted.again != proposal.canonical():
        return None
    return Unanswered(since=datetime.fromisoformat(noted.at), said=noted.said or "")


def resume(healer: Healer, incident: Incident, proposal: Proposal) -> Made | datetime:
    """Find out what became of an act that has begun: as ``begin``."""
    noted = unanswered(incident, proposal)
    if noted is None:
        return _of_a_dead_healer(healer, incident, proposal)
    if healer.now() < noted.since + AGAIN:
        return noted.since + AGAIN
    made = looked_up(healer, proposal, noted.since)
    if made is None:
        if healer.now() < noted.since + PATIENCE:
            return healer.now() + AGAIN
        text = "Airflow cannot be asked whether it was done"
        return Made(result=f"unknown: Airflow did not answer ({noted.said}), and {text}", done="unknown")
    return made if made.done == "yes" else _once_more(healer, incident, proposal, noted.said)


def _of_a_dead_healer(healer: Healer, incident: Incident, proposal: Proposal) -> Made:
    """The healer died between the act and its record: Airflow tells, and nothing is repeated."""
    began = incident.touched_at or healer.now()
    made = looked_up(healer, proposal, began)
    if made is None:
        return Made(result="unknown: the healer died while acting, and Airflow cannot be asked", done="unknown")
    if made.done == "yes":
        return replace(made, result=f"the healer died while acting; {made.result}")
    return replace(NOT_MADE, result="not done: the healer died while acting, and Airflow says that nothing was done")


def _once_more(healer: Healer, incident: Incident, proposal: Proposal, said: str) -> Made:
    if not healer.limits.acting():
        text = f"not done: Airflow did not answer ({said}), and the harness does not act any more"
        return replace(NOT_MADE, result=text)
    at = healer.now()
    try:
        made = EXECUTE[proposal.kind](healer, incident, proposal)
        return replace(made, result=f"{made.result}, at the second try: Airflow did not answer the first ({said})")
    except NotAllowed as refusal:
        first = f"Airflow did not answer the first call ({said})"
        return Made(result=f"not done: {first} and refused the second: {refusal.reason}", done="no")
    except HarnessUnavailable:
        made_then = looked_up(healer, proposal, at)
    if made_then is None:
        text = "and cannot be asked whether it was done"
        return Made(result=f"unknown: Airflow did not answer twice ({said}), {text}", done="unknown")
    if made_then.done == "yes":
        return made_then
    return replace(NOT_MADE, result=f"not done: Airflow did not answer twice ({said}), and says that nothing was done")


def looked_up(healer: Healer, proposal: Proposal, since: datetime) -> Made | None:
    """Whether Airflow has done it by now; None where it cannot be asked.

    :param since: UTC; when the act began.
    """
    try:
        found = _LOOK_UP[proposal.kind](healer, proposal, since - MARGIN)
    except HarnessError:
        return None
    return found or Made(result="not done", done="no")


_DONE = Made(result="done, as Airflow says afterwards; it did not answer the call itself", done="yes")


def _cleared_since(healer: Healer, proposal: Proposal, _since: datetime) -> Made | None:
    now, failed = target(healer, proposal), int(proposal.arguments[Parameter.TRY_NUMBER])
    return None if (now.state, now.try_number) == ("failed", failed) else _DONE


def _upstream_cleared(healer: Healer, proposal: Proposal, _since: datetime) -> Made | None:
    given = proposal.arguments
    task = healer.airflow.task(given[Parameter.DAG], given[Parameter.RUN], given[Parameter.UPSTREAM_TASK])
    return None if task.state == "failed" else _DONE


def _run_cleared(healer: Healer, proposal: Proposal, _since: datetime) -> Made | None:
    given = proposal.arguments
    return None if healer.airflow.run_state(given[Parameter.DAG], given[Parameter.RUN]) == "failed" else _DONE


def _backfill_created(healer: Healer, proposal: Proposal, since: datetime) -> Made | None:
    given = proposal.arguments
    first, last = (datetime.fromisoformat(given[name]) for name in (Parameter.FIRST, Parameter.LAST))
    found = healer.airflow.backfill_of(given[Parameter.DAG], first, last, since)
    return None if found is None else replace(_DONE, backfill=found)


def _is_paused(healer: Healer, proposal: Proposal, _since: datetime) -> Made | None:
    return _DONE if healer.airflow.dag(proposal.arguments[Parameter.DAG]).paused else None


#: How it is seen whether an act was made: None = it was not.
_LOOK_UP: Mapping[ActionKind, Callable[[Healer, Proposal, datetime], Made | None]] = {
    ActionKind.RETRY_TASK: _cleared_since,
    ActionKind.WAIT_FOR_SOURCE: _cleared_since,
    ActionKind.QUARANTINE_AND_CONTINUE: _cleared_since,
    ActionKind.RERUN_UPSTREAM: _upstream_cleared,
    ActionKind.RESTART_PIPELINE: _run_cleared,
    ActionKind.BACKFILL_RANGE: _backfill_created,
    ActionKind.PAUSE_DAG: _is_paused,
}


def target(healer: Healer, proposal: Proposal) -> TaskState:
    given = proposal.arguments
    return healer.airflow.task(
        given[Parameter.DAG],
        given[Parameter.RUN],
        given[Parameter.TASK],
        int(given.get(Parameter.MAP_INDEX, "-1")),
    )


def note_of(healer: Healer, incident: Incident) -> str:
    """The note that a healed task carries in Airflow: what was done and why first, since a list shows one line of it; then the way
    to its incident, and where the audit stood."""
    category = incident.last[Diagnosed].category
    return (
        f"Cleared by airflow-provider-harness ({category}). `airflow harness incidents show {incident.id}`; "
        f"audit head {healer.store.head()}"
    )


def _clear(healer: Healer, incident: Incident, proposal: Proposal) -> Made:
    cleared = healer.airflow.clear(target(healer, proposal), note_of(healer, incident))
    return Made(result="cleared", cleared=cleared)


def _grant(healer: Healer, incident: Incident, proposal: Proposal) -> Made:
    """Leave for the run's tasks to set these rows aside once; it is taken back where Airflow does not let the task run."""
    given, task = proposal.arguments, target(healer, proposal)
    contract = healer.gates.contract(task)
    if contract is None:
        raise NotAllowed(f"{task.task_id} names no contract that can be read.")
    grant = Grant(
        id=healer.new_id(),
        incident_id=incident.id,
        dag_id=task.dag_id,
        run_id=task.run_id,
        task_id=task.task_id,
        contract=contract.id,
        slice=given[Parameter.SLICE],
        checks=checks_of(given[Parameter.CHECKS]),
        expires_at=healer.now() + healer.limits.verify,
    )
    healer.grants.give(grant)
    try:
        return replace(_clear(healer, incident, proposal), grant=grant.id)
    except NotAllowed:
        healer.grants.withdraw(grant.id)
        raise
    except HarnessUnavailable:
        made = looked_up(healer, proposal, healer.now())
        if made is not None and made.done == "yes":
            return replace(made, grant=grant.id)
        healer.grants.withdraw(grant.id)  # without it a task that was cleared all the same fails at its gate again
        raise


def _clear_upstream(healer: Healer, incident: Incident, proposal: Proposal) -> Made:
    given = proposal.arguments
    upstream = healer.airflow.task(given[Parameter.DAG], given[Parameter.RUN], given[Parameter.UPSTREAM_TASK])
    return Made(result="cleared", cleared=healer.airflow.clear(upstream, note_of(healer, incident)))


def _clear_run(healer: Healer, incident: Incident, proposal: Proposal) -> Made:
    given = proposal.arguments
    cleared = healer.airflow.clear_failed(given[Parameter.DAG], given[Parameter.RUN], note_of(healer, incident))
    return Made(result="cleared", cleared=cleared)


def _backfill(healer: Healer, _incident: Incident, proposal: Proposal) -> Made:
    given = proposal.arguments
    first, last = (datetime.fromisoformat(given[name]) for name in (Parameter.FIRST, Parameter.LAST))
    return Made(result="backfill created", backfill=healer.airflow.backfill(given[Parameter.DAG], first, last))


def _pause(healer: Healer, _incident: Incident, proposal: Proposal) -> Made:
    healer.airflow.pause(proposal.arguments[Parameter.DAG])
    return Made(result="paused")


#: How each action is carried out; an action that is not here is for a person.
EXECUTE: Mapping[ActionKind, Callable[[Healer, Incident, Proposal], Made]] = {
    ActionKind.RETRY_TASK: _clear,
    ActionKind.WAIT_FOR_SOURCE: _clear,
    ActionKind.QUARANTINE_AND_CONTINUE: _grant,
    ActionKind.RERUN_UPSTREAM: _clear_upstream,
    ActionKind.RESTART_PIPELINE: _clear_run,
    ActionKind.BACKFILL_RANGE: _backfill,
    ActionKind.PAUSE_DAG: _pause,
}
