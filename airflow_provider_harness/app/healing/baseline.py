"""How things stood right before an act, and what of it is worse afterwards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice

from airflow_provider_harness.app.ports.airflow import DagFacts, TaskState
from airflow_provider_harness.app.ports.healing import GateResult, Healer
from airflow_provider_harness.core.actions import ActionKind, Parameter, Proposal
from airflow_provider_harness.core.errors import HarnessError
from airflow_provider_harness.core.incidents.events import ActStarted, Before, GateBefore
from airflow_provider_harness.core.incidents.incident import Incident

#: Published slices whose gate is run before an act.
MOST_SLICES = 31
_FAILED = frozenset({"failed", "upstream_failed"})


def record_baseline(healer: Healer, proposal: Proposal) -> Before:
    """What is recorded with an act: which tasks of the run had succeeded, and what the published slices were like that it
    can change. What cannot be read is said to be not known, and nothing is concluded from it later."""
    given = proposal.arguments
    if Parameter.RUN not in given:
        return {}
    tasks, dag = (
        healer.airflow.tasks(given[Parameter.DAG], given[Parameter.RUN]),
        healer.airflow.dag(given[Parameter.DAG]),
    )
    gates, unread = [], []
    for task, start in islice(_subjects(healer, proposal, tasks, dag), MOST_SLICES):
        try:
            found = healer.gates.published(task, dag, start)
        except HarnessError as error:
            unread.append(f"{task.task_id}: {error}"[:300])
            continue
        if found is not None:
            gates.append(_told(task, start, found))
    return {"succeeded": [_name(task) for task in tasks if task.state == "success"], "gates": gates, "unread": unread}


def _subjects(
    healer: Healer, proposal: Proposal, tasks: Sequence[TaskState], dag: DagFacts
) -> Iterator[tuple[TaskState, datetime | None]]:
    """Tasks whose published slice is looked at; of a backfill, each slice that it runs again."""
    if proposal.kind is not ActionKind.BACKFILL_RANGE:
        yield from ((task, None) for task in tasks)
        return
    first, last = (datetime.fromisoformat(proposal.arguments[name]) for name in (Parameter.FIRST, Parameter.LAST))
    for check in tasks:
        if check.task_id == proposal.arguments[Parameter.TASK] and healer.gates.contract(check) is not None:
            yield from ((check, start) for start in healer.gates.slices(check, dag, first, last))


def _told(task: TaskState, start: datetime | None, found: GateResult) -> GateBefore:
    return {
        "task": _name(task),
        "start": start.isoformat() if start else "",
        "table": found.table,
        "slice": found.slice_key,
        "passed": found.passed,
        "rows": found.rows,
    }


def _name(task: TaskState) -> str:
    return task.task_id if task.map_index < 0 else f"{task.task_id}[{task.map_index}]"


def regressions(healer: Healer, incident: Incident, proposal: Proposal) -> str:
    """What was well before the act and is not now; empty where nothing is known to be."""
    known = incident.last[ActStarted].before
    if not known:
        return ""
    dag_id, run_id = proposal.arguments[Parameter.DAG], proposal.arguments[Parameter.RUN]
    tasks, dag = {_name(task): task for task in healer.airflow.tasks(dag_id, run_id)}, healer.airflow.dag(dag_id)
    lost = [name for name in known["succeeded"] if name in tasks and tasks[name].state in _FAILED]
    said = [f"{', '.join(lost)} had succeeded before the act and failed since"] if lost else []
    said += [text for gate in known["gates"] if (text := _regression(healer, gate, tasks, dag))]
    return "; ".join(said)


def _regression(healer: Healer, was: GateBefore, tasks: Mapping[str, TaskState], dag: DagFacts) -> str:
    if was["task"] not in tasks or not (was["passed"] or was["rows"]):
        return ""
    try:
        start = datetime.fromisoformat(was["start"]) if was["start"] else None
        now = healer.gates.published(tasks[was["task"]], dag, start)
    except HarnessError:
        return ""
    if now is None or (now.table, now.slice_key) != (was["table"], was["slice"]):
        return ""
    if was["rows"] and now.rows == 0:
        return f"{now.table} slice {now.slice_key} had {was['rows']} rows before the act and is empty now"
    if was["passed"] and not now.passed:
        return f"{now.table} slice {now.slice_key} held its contract before the act and does not now: {now.text}"
    return ""
