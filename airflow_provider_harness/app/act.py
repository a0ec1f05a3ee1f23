"""Do what a verdict covers, once, after reading again everything that the verdict was given for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from airflow_provider_harness.app import standing
from airflow_provider_harness.app.approve import SPENT, agreed
from airflow_provider_harness.app.before import before
from airflow_provider_harness.app.ports import Healer, TaskState
from airflow_provider_harness.core.action import ActionKind, Parameter, Proposal, proposal_from
from airflow_provider_harness.core.errors import HarnessError, NotAllowed
from airflow_provider_harness.core.grant import Grant, checks_of
from airflow_provider_harness.core.incident import Event, EventKind, Incident, Outcome, State
from airflow_provider_harness.core.policy import Limit, VerdictKind


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
    return proposal_from(incident.last[EventKind.PROPOSED])


def act(healer: Healer, incident_id: str, healer_run: str) -> Acted:
    """Carry out the verdict of this incident.

    Nothing is done unless the mode is ``act``, this run leads the incident, no person has it, the verdict (and where it
    asks, Airflow's own record of a person's answer) covers this exact act, the failed task and its Dag are as they were
    when it was given, and nobody else works on the slice.
    """
    incident = healer.store.incident(incident_id)
    settled = EventKind.SETTLED in incident.last and incident.state is not State.ACTING
    if incident.leader != healer_run or incident.state not in _ACTABLE or settled:
        return Acted(done=True)
    acted = _attempt(healer, incident, healer_run)
    if acted.stop is not None:
        body: dict[str, Any] = {"outcome": acted.stop.value, "text": acted.reason, "gates": []}
        healer.store.append(Event(incident_id=incident_id, kind=EventKind.SETTLED, at=healer.now(), body=body))
    return acted


_ACTABLE = frozenset({State.JUDGED, State.ASKED, State.ANSWERED, State.ACTING})


def _attempt(healer: Healer, incident: Incident, healer_run: str) -> Acted:
    proposal, verdict = proposal_of(incident), incident.last[EventKind.JUDGED]
    if incident.state is State.ACTING:  # we died between the act and its record: the state tells, nothing is repeated
        return _ended(healer, incident.id, proposal, {"result": "unknown: the healer died while acting"})
    if verdict["verdict"] == VerdictKind.REFUSE or proposal.kind not in _EXECUTE:
        return Acted(stop=Outcome.ESCALATED, reason=_for_a_person(proposal, verdict))
    if not healer.limits.acting():
        return Acted(stop=Outcome.ESCALATED, reason="The harness is in shadow: it records verdicts and does not act.")
    due, there = datetime.fromisoformat(verdict["due"]), _arrived(healer, proposal)
    if healer.now() < due and not there:
        return Acted(due=due)
    if changed := standing.changed(healer, incident, proposal):
        return Acted(stop=changed[0], reason=changed[1])
    if there is False:
        return Acted(
            stop=Outcome.ESCALATED, reason="The source does not have the slice, and it was waited for long enough."
        )
    if verdict["verdict"] == VerdictKind.ASK:
        refused = agreed(healer, incident, proposal, healer_run)
        if refused:
            return Acted(stop=Outcome.ESCALATED if refused == SPENT else Outcome.REFUSED, reason=refused)
    if waits := _waits(healer, incident, proposal):
        return waits
    stood = before(healer, proposal)  # which may take longer than a lease lasts
    return _waits(healer, incident, proposal) or _execute(healer, incident, proposal, Limit(**verdict["limit"]), stood)


def _waits(healer: Healer, incident: Incident, proposal: Proposal) -> Acted | None:
    """None where the slices are kept for the tasks that will run."""
    busy = standing.keep_slices(healer, incident, proposal)
    if busy is None:
        return None
    return Acted(stop=Outcome.ESCALATED, reason=busy) if isinstance(busy, str) else Acted(due=busy)


def _for_a_person(proposal: Proposal, verdict: Mapping[str, Any]) -> str:
    if proposal.kind is ActionKind.ESCALATE_TO_HUMAN:
        return f"a person is needed: {proposal.why}"
    return f"{proposal.kind} is for a person: {verdict['reason']}"


def _arrived(healer: Healer, proposal: Proposal) -> bool | None:
    """Of an act that waits for its source: whether the slice is there; None where nobody can tell, so that time decides."""
    if proposal.kind is not ActionKind.WAIT_FOR_SOURCE:
        return None
    try:
        return healer.gates.arrived(_target(healer, proposal))
    except HarnessError:
        return None


def _execute(healer: Healer, incident: Incident, proposal: Proposal, limit: Limit, stood: Mapping[str, Any]) -> Acted:
    dag_id, body = proposal.arguments[Parameter.DAG], {"act": proposal.canonical(), "before": stood}
    started = Event(incident_id=incident.id, kind=EventKind.ACT_STARTED, at=healer.now(), body=body)
    try:
        if not healer.store.reserve_act(incident.id, dag_id, proposal, limit, healer.now(), started):
            return Acted(stop=Outcome.UNKNOWN, reason="This exact act was made before; it is not repeated.")
    except NotAllowed as refusal:
        return Acted(stop=Outcome.ESCALATED, reason=refusal.reason)
    try:
        result = _EXECUTE[proposal.kind](healer, incident, proposal)
    except NotAllowed as refusal:
        result = {"result": f"refused by Airflow: {refusal.reason}"}
    return _ended(healer, incident.id, proposal, result)


def _ended(healer: Healer, incident_id: str, proposal: Proposal, result: Mapping[str, Any]) -> Acted:
    now = healer.now()
    body = {"act": proposal.canonical(), "at": now.isoformat(), **result}
    healer.store.append(Event(incident_id=incident_id, kind=EventKind.ACT_ENDED, at=now, body=body))
    return Acted(done=True)


def _target(healer: Healer, proposal: Proposal) -> TaskState:
    given = proposal.arguments
    return healer.airflow.task(
        given[Parameter.DAG],
        given[Parameter.RUN],
        given[Parameter.TASK],
        int(given.get(Parameter.MAP_INDEX, "-1")),
    )


def note_of(healer: Healer, incident: Incident) -> str:
    """The note that a healed task carries in Airflow, with the way to its incident, and where the audit stood."""
    category = incident.last[EventKind.DIAGNOSED]["category"]
    return (
        f"airflow-provider-harness: incident {incident.id}, {category}; `airflow harness incidents show {incident.id}`; "
        f"audit head {healer.store.head()}"
    )


def _clear(healer: Healer, incident: Incident, proposal: Proposal) -> dict[str, Any]:
    return {"result": "cleared", "cleared": healer.airflow.clear(_target(healer, proposal), note_of(healer, incident))}


def _grant(healer: Healer, incident: Incident, proposal: Proposal) -> dict[str, Any]:
    """Leave for the run's tasks to set these rows aside once; it is taken back where Airflow does not let the task run."""
    given, task = proposal.arguments, _target(healer, proposal)
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
        return {**_clear(healer, incident, proposal), "grant": grant.id}
    except NotAllowed:
        healer.grants.withdraw(grant.id)
        raise


def _clear_upstream(healer: Healer, incident: Incident, proposal: Proposal) -> dict[str, Any]:
    given = proposal.arguments
    upstream = healer.airflow.task(given[Parameter.DAG], given[Parameter.RUN], given[Parameter.UPSTREAM_TASK])
    return {"result": "cleared", "cleared": healer.airflow.clear(upstream, note_of(healer, incident))}


def _clear_run(healer: Healer, incident: Incident, proposal: Proposal) -> dict[str, Any]:
    given = proposal.arguments
    cleared = healer.airflow.clear_failed(given[Parameter.DAG], given[Parameter.RUN], note_of(healer, incident))
    return {"result": "cleared", "cleared": cleared}


def _backfill(healer: Healer, _incident: Incident, proposal: Proposal) -> dict[str, Any]:
    given = proposal.arguments
    first, last = (datetime.fromisoformat(given[name]) for name in (Parameter.FIRST, Parameter.LAST))
    return {"result": "backfill created", "backfill": healer.airflow.backfill(given[Parameter.DAG], first, last)}


def _pause(healer: Healer, _incident: Incident, proposal: Proposal) -> dict[str, Any]:
    healer.airflow.pause(proposal.arguments[Parameter.DAG])
    return {"result": "paused"}


#: How each action is carried out; an action that is not here is for a person.
_EXECUTE: Mapping[ActionKind, Callable[[Healer, Incident, Proposal], dict[str, Any]]] = {
    ActionKind.RETRY_TASK: _clear,
    ActionKind.WAIT_FOR_SOURCE: _clear,
    ActionKind.QUARANTINE_AND_CONTINUE: _grant,
    ActionKind.RERUN_UPSTREAM: _clear_upstream,
    ActionKind.RESTART_PIPELINE: _clear_run,
    ActionKind.BACKFILL_RANGE: _backfill,
    ActionKind.PAUSE_DAG: _pause,
}
