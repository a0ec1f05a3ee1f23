"""Do what a verdict covers, once, after reading again everything that the verdict was given for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from airflow_provider_harness.app.healing import preconditions as standing
from airflow_provider_harness.app.healing.baseline import record_baseline
from airflow_provider_harness.app.healing.carry_out import (
    EXECUTE,
    NOT_MADE,
    Made,
    begin,
    looked_up,
    resume,
    target,
    unanswered,
)
from airflow_provider_harness.app.oncall.approve import SPENT, agreed
from airflow_provider_harness.app.ports.healing import Healer
from airflow_provider_harness.core.actions import ActionKind, Parameter, Proposal
from airflow_provider_harness.core.errors import HarnessError, NotAllowed
from airflow_provider_harness.core.incidents.events import (
    ActEnded,
    ActStarted,
    Before,
    Judged,
    Outcome,
    Proposed,
    Settled,
)
from airflow_provider_harness.core.incidents.incident import Incident, State
from airflow_provider_harness.core.policy.policy import Limit, VerdictKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Acted:
    """How an attempt to act ended.

    :param due: not yet: come again at or after this time.
    :param stop: the incident ends with this outcome, for the reason given.
    """

    done: bool = False
    due: datetime | None = None
    stop: Outcome | None = None
    reason: str = ""


def proposal_of(incident: Incident) -> Proposal:
    """The newest proposal, as it was recorded."""
    return incident.last[Proposed].proposal()


def act(healer: Healer, incident_id: str, healer_run: str) -> Acted:
    """Carry out the verdict of this incident.

    Nothing is done unless the mode is ``act``, this run leads the incident, no person has it, the verdict (and where it
    asks, Airflow's own record of a person's answer) covers this exact act, the failed task and its Dag are as they were
    when it was given, and nobody else works on the slice.
    """
    incident = healer.store.incident(incident_id)
    if incident.leader == healer_run and (since := _taken_meanwhile(incident)):
        proposal = proposal_of(incident)
        return _ended(healer, incident.id, proposal, _left(healer, proposal, since))
    settled = Settled in incident.last and incident.state is not State.ACTING
    if incident.leader != healer_run or incident.state not in _ACTABLE or settled:
        return Acted(done=True)
    acted = _attempt(healer, incident, healer_run)
    if acted.stop is not None:
        healer.record(incident_id, Settled(outcome=acted.stop, text=acted.reason, gates=[]))
    return acted


def _taken_meanwhile(incident: Incident) -> datetime | None:
    """Since when it is not known whether the act was made, where a person took the incident meanwhile; else None."""
    if incident.state is not State.TAKEN or Proposed not in incident.last or ActEnded in incident.last:
        return None
    noted = unanswered(incident, proposal_of(incident))
    return noted.since if noted else None


def _left(healer: Healer, proposal: Proposal, since: datetime) -> Made:
    """What became of an act that is not tried again, since a person has the incident.

    :param since: UTC; when Airflow did not answer.
    """
    made = looked_up(healer, proposal, since)
    if made is None:
        return Made(result="unknown: Airflow did not answer, and cannot be asked whether it was done", done="unknown")
    if made.done == "yes":
        return made
    return replace(NOT_MADE, result="not done: Airflow did not answer, and says that nothing was done")


_ACTABLE = frozenset({State.JUDGED, State.ASKED, State.ANSWERED, State.ACTING})


def _attempt(healer: Healer, incident: Incident, healer_run: str) -> Acted:
    proposal, verdict = proposal_of(incident), incident.last[Judged]
    if incident.state is State.ACTING:  # Airflow did not answer, or we died before it was recorded
        return _come(healer, incident, proposal, resume(healer, incident, proposal))
    if verdict.verdict == VerdictKind.REFUSE or proposal.kind not in EXECUTE:
        return Acted(stop=Outcome.ESCALATED, reason=_for_a_person(proposal, verdict))
    if not healer.limits.acting():
        return Acted(stop=Outcome.ESCALATED, reason="The harness is in shadow: it records verdicts and does not act.")
    due, there = datetime.fromisoformat(verdict.due or healer.now().isoformat()), _arrived(healer, proposal)
    if healer.now() < due and not there:
        return Acted(due=due)
    if changed := standing.changed_since(healer, incident, proposal):
        return Acted(stop=changed[0], reason=changed[1])
    if there is False:
        return Acted(
            stop=Outcome.ESCALATED, reason="The source does not have the slice, and it was waited for long enough."
        )
    if verdict.verdict == VerdictKind.ASK:
        refused = agreed(healer, incident, proposal, healer_run)
        if refused:
            return Acted(stop=Outcome.ESCALATED if refused == SPENT else Outcome.REFUSED, reason=refused)
    if waits := _waits(healer, incident, proposal):
        return waits
    stood = record_baseline(healer, proposal)  # which may take longer than a lease lasts
    return _waits(healer, incident, proposal) or _execute(healer, incident, proposal, Limit(**verdict.limit), stood)


def _waits(healer: Healer, incident: Incident, proposal: Proposal) -> Acted | None:
    """None where the slices are kept for the tasks that will run."""
    busy = standing.reserve_slices(healer, incident, proposal)
    if busy is None:
        return None
    return Acted(stop=Outcome.ESCALATED, reason=busy) if isinstance(busy, str) else Acted(due=busy)


def _for_a_person(proposal: Proposal, verdict: Judged) -> str:
    if proposal.kind is ActionKind.ESCALATE_TO_HUMAN:
        return f"a person is needed: {proposal.why}"
    return f"{proposal.kind} is for a person: {verdict.reason}"


def _arrived(healer: Healer, proposal: Proposal) -> bool | None:
    """Of an act that waits for its source: whether the slice is there; None where nobody can tell, so that time decides."""
    if proposal.kind is not ActionKind.WAIT_FOR_SOURCE:
        return None
    try:
        return healer.gates.arrived(target(healer, proposal))
    except HarnessError:
        return None


def _execute(healer: Healer, incident: Incident, proposal: Proposal, limit: Limit, stood: Before) -> Acted:
    dag_id, started = proposal.arguments[Parameter.DAG], ActStarted(act=proposal.canonical(), before=stood)
    try:
        if not healer.store.reserve_act(incident.id, dag_id, proposal, limit, healer.now(), started):
            return Acted(stop=Outcome.UNKNOWN, reason="This exact act was made before; it is not repeated.")
    except NotAllowed as refusal:
        return Acted(stop=Outcome.ESCALATED, reason=refusal.reason)
    return _come(healer, incident, proposal, begin(healer, incident, proposal))


def _come(healer: Healer, incident: Incident, proposal: Proposal, found: Made | datetime) -> Acted:
    """The end of the act, or the time at which it is looked at again."""
    return Acted(due=found) if isinstance(found, datetime) else _ended(healer, incident.id, proposal, found)


def _ended(healer: Healer, incident_id: str, proposal: Proposal, made: Made) -> Acted:
    healer.record(incident_id, made.ended(proposal, healer.now()))
    if made.undone:
        healer.store.give_back(incident_id, proposal)
    return Acted(done=True)
