"""See whether an act healed: Airflow agrees, and a gate passes on the slice that was published."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from airflow_provider_harness.app.healing import diagnose as heal
from airflow_provider_harness.app.healing import followers as follow
from airflow_provider_harness.app.healing.act import proposal_of
from airflow_provider_harness.app.healing.baseline import regressions
from airflow_provider_harness.app.healing.carry_out import looked_up, note_of
from airflow_provider_harness.app.ports.airflow import DagFacts, TaskState
from airflow_provider_harness.app.ports.healing import GateResult, Healer
from airflow_provider_harness.core.actions import ActionKind, Parameter, Proposal
from airflow_provider_harness.core.diagnosis.failure import Failure
from airflow_provider_harness.core.errors import HarnessError, HarnessUnavailable, NotAllowed
from airflow_provider_harness.core.incidents.events import ActEnded, GateSeen, Outcome, Proposed, Settled
from airflow_provider_harness.core.incidents.incident import Incident


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What verification found.

    :param outcome: None while it is too early to say.
    """

    outcome: Outcome | None
    text: str
    gates: Sequence[GateResult] = ()


def _look(healer: Healer, incident: Incident) -> Finding:
    """How the leader's task is, then how the other tasks of the incident are, which follow it."""
    ended = incident.last[ActEnded]
    if ended.undone:
        return Finding(outcome=Outcome.ESCALATED, text=f"Nothing was done: {ended.result}")
    proposal, rest = proposal_of(incident), follow.followers(healer, incident)
    own = heal.lead_of(healer, incident).key.run
    if follow.clear_followers(healer, incident, [failure for failure in rest if failure.key.run == own]):
        return Finding(outcome=None, text=f"other tasks of {own} that failed of the same cause run again")
    finding = _VERIFY.get(proposal.kind, _cleared)(healer, incident, proposal)
    if finding.outcome not in (Outcome.HEALED, Outcome.RECOVERED) or all(item.key.run == own for item in rest):
        return finding
    if own not in incident.runs:
        follow.settle_run(healer, incident.id, own, finding.outcome, finding.text)
    outcome, text = follow.settle_other_runs(healer, healer.store.incident(incident.id), partial(_proved, healer))
    return replace(finding, outcome=outcome, text=f"{finding.text}; {text}")


def _proved(healer: Healer, dag_id: str, run_id: str, failures: Sequence[Failure]) -> tuple[Outcome | None, str]:
    targets = {(failure.key.task_id, failure.key.map_index) for failure in failures}
    found = _of_run(healer, dag_id, run_id, lambda task: (task.task_id, task.map_index) in targets)
    return found.outcome, found.text


_SETTLED = frozenset({"success", "failed"})


def verify(healer: Healer, incident: Incident) -> Finding:
    """Look once at what the act led to.

    Longer after the act than the administrator allows, the outcome is unknown.
    """
    try:
        finding = _look(healer, incident)
    except HarnessUnavailable as error:  # a gate or an API that is down says nothing about the data
        finding = Finding(outcome=None, text=str(error))
    if finding.outcome is Outcome.NOT_HEALED and (lead := _what_was_done(incident)):
        finding = replace(finding, text=lead + finding.text.replace(" failed again", " is failed"))
    acted = datetime.fromisoformat(incident.last[ActEnded].at)
    if finding.outcome is None and healer.now() > acted + healer.limits.verify:
        finding = Finding(outcome=Outcome.UNKNOWN, text=f"Not settled in time: {finding.text}")
    if finding.outcome in _NOT_WELL:
        finding = _perhaps_worse(healer, incident, finding)
    if finding.outcome is not None:
        gates: list[GateSeen] = [
            {"table": g.table, "slice": g.slice_key, "passed": g.passed, "text": g.text} for g in finding.gates
        ]
        healer.record(incident.id, Settled(outcome=finding.outcome, text=finding.text, gates=gates))
    return finding


def _what_was_done(incident: Incident) -> str:
    """Said first where Airflow did not take the act, or did not say whether it did: then nothing failed again."""
    ended = incident.last[ActEnded]
    lead = {"no": "nothing was done", "unknown": "it is not known whether the act was made"}.get(ended.done or "")
    return f"{lead}: {ended.result}; " if lead else ""


#: Outcomes of an act after which it is looked whether it did harm.
_NOT_WELL = frozenset({Outcome.NOT_HEALED, Outcome.UNKNOWN})


def _perhaps_worse(healer: Healer, incident: Incident, finding: Finding) -> Finding:
    try:
        text = regressions(healer, incident, proposal_of(incident))
    except HarnessUnavailable:
        return finding
    return replace(finding, outcome=Outcome.MADE_WORSE, text=f"{text}; {finding.text}") if text else finding


def _cleared(healer: Healer, incident: Incident, proposal: Proposal) -> Finding:
    dag_id, run_id = proposal.arguments[Parameter.DAG], proposal.arguments[Parameter.RUN]
    return _of_run(healer, dag_id, run_id, lambda task: _is_target(task, proposal))


def _of_run(healer: Healer, dag_id: str, run_id: str, is_target: Callable[[TaskState], bool]) -> Finding:
    state = healer.airflow.run_state(dag_id, run_id)
    if state not in _SETTLED:
        return Finding(outcome=None, text=f"run {run_id} is {state}")
    if state == "failed":
        return Finding(outcome=Outcome.NOT_HEALED, text=f"run {run_id} failed again")
    tasks = healer.airflow.tasks(dag_id, run_id)
    if still := [task for task in tasks if is_target(task) and task.state != "success"]:
        text = f"run {run_id} succeeded, but {still[0].task_id} is {still[0].state or 'without state'}"
        return Finding(outcome=Outcome.NOT_HEALED, text=text)
    dag = healer.airflow.dag(dag_id)
    gates, unread = _published(healer, dag, [(task, None) for task in tasks])
    return _judge_gates(gates, run_id, unread)


def _published(
    healer: Healer, dag: DagFacts, wanted: Sequence[tuple[TaskState, datetime | None]]
) -> tuple[list[GateResult], list[str]]:
    """The gates of published slices, and why others cannot be run at all.

    :raises HarnessUnavailable: one could not be run now, and perhaps later.
    """
    gates, unread = [], []
    for task, start in wanted:
        try:
            found = healer.gates.published(task, dag, start)
        except HarnessUnavailable:
            raise
        except HarnessError as error:
            unread.append(f"{task.task_id}: {error}"[:300])
            continue
        gates += [found] if found is not None else []
    return gates, unread


def _is_target(task: TaskState, proposal: Proposal) -> bool:
    """Whether this is what was cleared; a run succeeds by its last tasks, whatever became of the others."""
    given = proposal.arguments
    named = given.get(Parameter.TASK) or given.get(Parameter.UPSTREAM_TASK)
    return task.task_id == named and task.map_index == int(given.get(Parameter.MAP_INDEX, task.map_index))


def _judge_gates(gates: Sequence[GateResult], run_id: str, unread: Sequence[str] = ()) -> Finding:
    if unread and all(gate.passed for gate in gates):
        text = f"run {run_id} succeeded; whether its data are right is not known: {'; '.join(unread)}"
        return Finding(outcome=Outcome.UNKNOWN, text=text, gates=gates)
    if not gates:
        text = f"run {run_id} succeeded; no contract says whether its data are right"
        return Finding(outcome=Outcome.RECOVERED, text=text)
    failed = [gate for gate in gates if not gate.passed]
    if failed:
        text = f"Airflow says success, but {failed[0].table} does not hold its contract: {failed[0].text}"
        return Finding(outcome=Outcome.NOT_HEALED, text=text, gates=gates)
    return Finding(outcome=Outcome.HEALED, text=f"{len(gates)} gate(s) passed on published data", gates=gates)


def _backfilled(healer: Healer, incident: Incident, proposal: Proposal) -> Finding:
    given = proposal.arguments
    ended = incident.last[ActEnded]
    created = ended.backfill or _created_after_all(healer, proposal, ended)
    if created is None and ended.done == "unknown":
        return Finding(outcome=Outcome.UNKNOWN, text=ended.result)
    if created is None:
        return Finding(outcome=Outcome.NOT_HEALED, text=f"no backfill was created: {ended.result}")
    if not healer.airflow.backfill_done(created):
        return Finding(outcome=None, text=f"backfill {created} is running")
    check = healer.airflow.task(given[Parameter.DAG], given[Parameter.RUN], given[Parameter.TASK])
    dag = healer.airflow.dag(given[Parameter.DAG])
    if missing := healer.gates.missing(check, dag):
        text = f"{len(missing)} slice(s) are still missing after backfill {created}"
        return Finding(outcome=Outcome.NOT_HEALED, text=text)
    if check.state == "failed" and check.try_number == int(given[Parameter.TRY_NUMBER]):
        if not healer.limits.acting():
            return Finding(outcome=Outcome.UNKNOWN, text="the gap is filled; the check is not run again in shadow")
        try:
            healer.airflow.clear(check, note_of(healer, incident))
        except NotAllowed as refusal:
            return Finding(outcome=Outcome.UNKNOWN, text=f"the check was not run again: {refusal.reason}")
        return Finding(outcome=None, text="the check that noticed the gap runs again")
    finding = _cleared(healer, incident, proposal)
    if finding.outcome is not Outcome.HEALED and finding.outcome is not Outcome.RECOVERED:
        return finding
    filled = [datetime.fromisoformat(start) for start in incident.last[Proposed].slices]
    slices, unread = _published(healer, dag, [(check, start) for start in filled])
    return _judge_gates([*finding.gates, *slices], given[Parameter.RUN], unread)


#: An act of which nobody knows may have been made so long before its end was recorded.
UNKNOWN_FOR = timedelta(minutes=10)


def _created_after_all(healer: Healer, proposal: Proposal, ended: ActEnded) -> int | None:
    """The backfill of an act of which it was not known whether it was made."""
    if ended.done != "unknown":
        return None
    found = looked_up(healer, proposal, datetime.fromisoformat(ended.at) - UNKNOWN_FOR)
    return found.backfill if found else None


def _paused(healer: Healer, _incident: Incident, proposal: Proposal) -> Finding:
    dag = healer.airflow.dag(proposal.arguments[Parameter.DAG])
    text = f"{dag.dag_id} is {'paused: resume it when the cause is gone' if dag.paused else 'not paused'}"
    return Finding(outcome=Outcome.ESCALATED, text=text)


_VERIFY: Mapping[ActionKind, Callable[[Healer, Incident, Proposal], Finding]] = {
    ActionKind.BACKFILL_RANGE: _backfilled,
    ActionKind.PAUSE_DAG: _paused,
}
