"""From a diagnosis to one proposal whose every argument is a trusted fact."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from airflow_provider_harness.app.ports import DagFacts, TaskState
from airflow_provider_harness.core.action import ActionKind, Parameter, Proposal
from airflow_provider_harness.core.diagnosis import Diagnosis, Remedy
from airflow_provider_harness.core.evidence import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What Airflow and the warehouse say now, read again for this proposal.

    :param task: the failed task instance.
    :param tasks: every task instance of its run.
    :param missing: UTC starts of the slices that a completeness check finds missing.
    :param alone: slices that contract and administrator let the harness run again without asking.
    """

    task: TaskState
    tasks: Sequence[TaskState]
    dag: DagFacts
    missing: Sequence[datetime]
    alone: int
    acts: int
    has_contract: bool


def nowhere(dag_id: str, run_id: str) -> Situation:
    """The situation where no task failed: a Dag file that cannot be imported, or a run as a whole."""
    none = TaskState(dag_id=dag_id, run_id=run_id, task_id="", map_index=-1, state="", try_number=0)
    dag = DagFacts(dag_id=dag_id, paused=False, tags=(), owners=(), fileloc="")
    return Situation(task=none, tasks=(), dag=dag, missing=(), alone=0, acts=0, has_contract=False)


def _task(now: Situation) -> dict[Parameter, str]:
    arguments = {
        Parameter.DAG: now.task.dag_id,
        Parameter.RUN: now.task.run_id,
        Parameter.TASK: now.task.task_id,
        Parameter.TRY_NUMBER: str(now.task.try_number),
    }
    if now.task.map_index >= 0:
        arguments[Parameter.MAP_INDEX] = str(now.task.map_index)
    return arguments


def _after_delay(now: Situation, remedy: Remedy) -> dict[Parameter, str]:
    return _task(now) | ({Parameter.DELAY_SECONDS: str(remedy.delay)} if remedy.delay else {})


def _backfill(now: Situation, _remedy: Remedy) -> dict[Parameter, str] | None:
    if not now.missing:
        return None
    first, last = min(now.missing), max(now.missing)
    return _task(now) | {Parameter.FIRST: first.isoformat(), Parameter.LAST: last.isoformat()}


def _upstream(now: Situation, _remedy: Remedy) -> dict[Parameter, str] | None:
    failed = {task.task_id for task in now.tasks if task.state == "failed"}
    above = sorted(up for up in failed if now.task.task_id in now.dag.downstream.get(up, ()))
    if not above:
        return None
    return {
        Parameter.DAG: now.task.dag_id,
        Parameter.RUN: now.task.run_id,
        Parameter.UPSTREAM_TASK: above[0],
    }


def _nothing(_now: Situation, _remedy: Remedy) -> dict[Parameter, str]:
    return {}


#: How each action gets its arguments; what is not here is proposed to a person only.
_ARGUMENTS: Mapping[ActionKind, Callable[[Situation, Remedy], dict[Parameter, str] | None]] = {
    ActionKind.RETRY_TASK: _after_delay,
    ActionKind.WAIT_FOR_SOURCE: _after_delay,
    ActionKind.BACKFILL_RANGE: _backfill,
    ActionKind.RERUN_UPSTREAM: _upstream,
    ActionKind.SUGGEST_SCHEMA_CHANGE: _nothing,
    ActionKind.SUGGEST_QUERY_CHANGE: _nothing,
    ActionKind.SUGGEST_CONCURRENCY_CHANGE: _nothing,
    ActionKind.ESCALATE_TO_HUMAN: _nothing,
}


def propose(diagnosis: Diagnosis, remedies: Sequence[Remedy], now: Situation) -> tuple[Proposal, Remedy]:
    """The first remedy whose arguments are all known; a page where there is none."""
    for remedy in remedies:
        build = _ARGUMENTS.get(remedy.action)
        arguments = build(now, remedy) if build else None
        if arguments is not None:
            return Proposal(kind=remedy.action, arguments=arguments, why=diagnosis.cause), remedy
    page = Remedy(action=ActionKind.ESCALATE_TO_HUMAN)
    why = "No remedy has all its facts." if remedies else "Nothing is known to help."
    return Proposal(kind=page.action, why=why), page


def _spanned(missing: Sequence[datetime]) -> int:
    """How many daily slices a backfill from the first to the last missing one runs: those in between run again too."""
    if not missing:
        return 0
    return max(len(missing), round((max(missing) - min(missing)) / timedelta(days=1)) + 1)


def facts(diagnosis: Diagnosis, remedy: Remedy, now: Situation) -> dict[str, Fact]:
    """The facts that the policy judges by (``core.policy.FACTS``)."""
    states = [task.state for task in now.tasks]
    return {
        "category": diagnosis.category.value,
        "basis": diagnosis.basis.value,
        "certainty": diagnosis.certainty.value,
        "needs_person": remedy.needs_person,
        "tries_by_harness": now.acts,
        "try_number": now.task.try_number,
        "failed_tasks": states.count("failed"),
        "downstream_tasks": states.count("upstream_failed"),
        "slices": _spanned(now.missing) if remedy.action is ActionKind.BACKFILL_RANGE else 1,
        "slices_beyond_alone": max(0, _spanned(now.missing) - now.alone),
        "dag_paused": now.dag.paused,
        "has_contract": now.has_contract,
    }
