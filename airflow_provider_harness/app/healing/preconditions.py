"""What a verdict was given for, read again before its act: the task, its try, the Dag's version, and who works on the slice."""

from __future__ import annotations

from datetime import datetime, timedelta

from airflow_provider_harness.app.healing.propose import Situation
from airflow_provider_harness.app.ports.airflow import TaskState
from airflow_provider_harness.app.ports.healing import Healer
from airflow_provider_harness.core.actions import ActionKind, Parameter, Proposal
from airflow_provider_harness.core.incidents.events import Found, Judged, Noted, Outcome
from airflow_provider_harness.core.incidents.incident import Incident
from airflow_provider_harness.core.slices.lease import Lease

#: How often an act asks whether another run is done with its slice, and how long it waits for that.
LOOK_AGAIN = timedelta(seconds=15)
SLICE_PATIENCE = timedelta(minutes=30)


def snapshot(now: Situation) -> Found:
    """What is recorded with a verdict; nothing where no task failed."""
    if not now.task.task_id:
        return {}
    return {
        "dag": now.task.dag_id,
        "run": now.task.run_id,
        "task": now.task.task_id,
        "map_index": now.task.map_index,
        "state": now.task.state,
        "try_number": now.task.try_number,
        "dag_version": now.dag.version,
    }


def changed_since(healer: Healer, incident: Incident, proposal: Proposal) -> tuple[Outcome, str] | None:
    """How the incident ends since the failed task is not as the verdict found it; None where it is.

    Who deploys another version need not know of this failure, so that goes to a person; who clears the task does know.
    """
    there = incident.last[Judged].found or _of_arguments(proposal)
    if not there:
        return None
    task = healer.airflow.task(there["dag"], there["run"], there["task"], there["map_index"])
    wanted = "failed" if Parameter.TASK in proposal.arguments else there["state"]
    if task.state != wanted:
        text = (
            f"{task.task_id} is {task.state or 'cleared'} now, not {wanted or 'without state'}: somebody acted first."
        )
        return Outcome.SUPERSEDED, text
    if task.try_number != there["try_number"]:
        text = f"{task.task_id} failed again in try {task.try_number}; the verdict was for try {there['try_number']}."
        return Outcome.SUPERSEDED, text
    version = healer.airflow.dag(there["dag"]).version if "dag_version" in there else None
    if version != there.get("dag_version"):
        text = (
            f"{there['dag']} has version {version or '(not known)'} now; the verdict was for version "
            f"{there['dag_version'] or '(not known)'}. To have it judged anew: airflow harness incidents return {incident.id}"
        )
        return Outcome.ESCALATED, text
    return None


def _of_arguments(proposal: Proposal) -> Found:
    """The same of a verdict that an earlier version of the harness recorded."""
    given = proposal.arguments
    if Parameter.TASK not in given:
        return {}
    return {
        "dag": given[Parameter.DAG],
        "run": given[Parameter.RUN],
        "task": given[Parameter.TASK],
        "map_index": int(given.get(Parameter.MAP_INDEX, "-1")),
        "try_number": int(given[Parameter.TRY_NUMBER]),
    }


def tasks_to_rerun(healer: Healer, proposal: Proposal) -> list[TaskState]:
    """The task instances that the act makes run again. The runs of a backfill take their slices themselves."""
    given = proposal.arguments
    if proposal.kind is ActionKind.RESTART_PIPELINE:
        tasks = healer.airflow.tasks(given[Parameter.DAG], given[Parameter.RUN])
        return [task for task in tasks if task.state == "failed"]
    name = given.get(Parameter.UPSTREAM_TASK) or given.get(Parameter.TASK)
    if name is None or proposal.kind is ActionKind.BACKFILL_RANGE:
        return []
    index = int(given.get(Parameter.MAP_INDEX, "-1"))
    return [healer.airflow.task(given[Parameter.DAG], given[Parameter.RUN], name, index)]


def reserve_slices(healer: Healer, incident: Incident, proposal: Proposal) -> datetime | str | None:
    """Keep what these tasks write for their next try, so that no other run and no other act begins on it meanwhile.

    None where that is done; else when to look again, or at last why nothing is done.
    """
    now = healer.now()
    held = next((lease for task in tasks_to_rerun(healer, proposal) if (lease := healer.slices.keep(task, now))), None)
    if held is None:
        return None
    since = _waiting_since(healer, incident, proposal, held, now)
    if now - since < SLICE_PATIENCE:
        return now + LOOK_AGAIN
    return f"{held.sentence()}; it was waited for since {since:%Y-%m-%d %H:%M} UTC."


def _waiting_since(healer: Healer, incident: Incident, proposal: Proposal, held: Lease, now: datetime) -> datetime:
    noted, act = incident.last.get(Noted), proposal.canonical()
    if noted and noted.since and noted.waits_for == act:
        return datetime.fromisoformat(noted.since)
    text = f"The act waits: {held.sentence()}"
    healer.record(incident.id, Noted(text=text, waits_for=act, since=now.isoformat()))
    return now
