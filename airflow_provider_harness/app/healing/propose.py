"""From a diagnosis to one proposal whose every argument is a trusted fact."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from airflow_provider_harness.app.ports.airflow import DagFacts, TaskState
from airflow_provider_harness.core.actions import ACTIONS, ActionKind, Parameter, Proposal, Risk
from airflow_provider_harness.core.contracts.contract import STATUSES, Contract
from airflow_provider_harness.core.contracts.grant import text_of
from airflow_provider_harness.core.diagnosis.diagnosis import Diagnosis, Remedy
from airflow_provider_harness.core.diagnosis.evidence import Fact
from airflow_provider_harness.core.incidents.remembered import Word
from airflow_provider_harness.core.operators import is_ours, operator_of
from airflow_provider_harness.core.policy.repeatable import repeatable


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What Airflow and the warehouse say now, read again for this proposal.

    :param task: the failed task instance.
    :param tasks: every task instance of its run.
    :param contract: of the table that the failed task publishes or judges; None where it names none that can be read.
    :param report: what the failed task says that its gate found; somebody's text, by which only what exists is chosen.
    :param word: what a person answered about the task, where only that says whether it may run again.
    :param spent: US dollars that models cost on the incident, and today; None where nobody asked.
    :param missing: UTC starts of the slices that a completeness check finds missing.
    :param alone: slices that contract and administrator let the harness run again without asking.
    :param slice_length: how long one slice of the failed task's table is.
    :param late_from: from when the slice counts as late, by the contract; None where no contract says so.
    :param environment: what the administrator calls this installation.
    :param criticality: of the data, by the failed task's contract.
    :param maintenance: a maintenance window of the Dag is open.
    """

    task: TaskState
    tasks: Sequence[TaskState]
    dag: DagFacts
    missing: Sequence[datetime]
    alone: int
    acts: int
    has_contract: bool
    now: datetime
    slice_length: timedelta = timedelta(days=1)
    late_from: datetime | None = None
    environment: str = "production"
    criticality: str = "none"
    maintenance: bool = False
    contract: Contract | None = None
    report: Mapping[str, Any] | None = None
    spent: tuple[float, float] | None = None
    word: Word | None = None


def nowhere(dag_id: str, run_id: str, now: datetime) -> Situation:
    """The situation where no task failed: a Dag file that cannot be imported, or a run as a whole."""
    none = TaskState(dag_id=dag_id, run_id=run_id, task_id="", map_index=-1, state="", try_number=0)
    dag = DagFacts(dag_id=dag_id, paused=False, tags=(), owners=(), fileloc="")
    return Situation(task=none, tasks=(), dag=dag, missing=(), alone=0, acts=0, has_contract=False, now=now)


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


#: A source is waited for at least as long as the remedy says, and at most so long.
LONGEST_SOURCE_WAIT = timedelta(hours=12)


def _until_late(now: Situation, remedy: Remedy) -> dict[Parameter, str]:
    """Look again when the contract calls the slice late: earlier, the source is in time and nothing is wrong."""
    least = timedelta(seconds=remedy.delay)
    wait = max(least, now.late_from - now.now) if now.late_from else least
    return _after_delay(now, replace(remedy, delay=int(min(wait, LONGEST_SOURCE_WAIT).total_seconds())))


def _restart(now: Situation, _remedy: Remedy) -> dict[Parameter, str] | None:
    """Only where more failed than the one task: clearing that one was not enough."""
    if sum(task.state == "failed" for task in now.tasks) < 2:
        return None
    return {Parameter.DAG: now.task.dag_id, Parameter.RUN: now.task.run_id}


def _dag(now: Situation, _remedy: Remedy) -> dict[Parameter, str] | None:
    return None if now.dag.paused else {Parameter.DAG: now.task.dag_id}


def _backfill(now: Situation, _remedy: Remedy) -> dict[Parameter, str] | None:
    if not now.missing:
        return None
    first, last = min(now.missing), max(now.missing)
    return _task(now) | {Parameter.FIRST: first.isoformat(), Parameter.LAST: last.isoformat()}


def _quarantine(now: Situation, _remedy: Remedy) -> dict[Parameter, str] | None:
    """Where a grant can help: the contract rejects malformed rows and names limits, and all that failed are checks of single
    rows. How many rows there are is judged again by the gate that uses the grant."""
    contract, key = now.contract, str(now.task.rendered.get("slice_key") or "")
    if contract is None or not contract.quarantine.by_grant or not key or not operator_of(now.task.operator).moves:
        return None
    failed, rows = _failed(now.report or {}), (now.report or {}).get("rows")
    known = {check.id for check in contract.checks if check.quarantines}
    if not failed or not set(failed) <= known or (now.report or {}).get("slice") != key or not isinstance(rows, int):
        return None
    if not contract.quarantine.granted().allows(max(failed.values()), rows):
        return None
    return _task(now) | {Parameter.SLICE: key, Parameter.CHECKS: text_of(sorted(failed))}


def _failed(report: Mapping[str, Any]) -> dict[str, int]:
    """Check that blocks -> rows that fail it."""
    results = report.get("results")
    blocking = [one for one in results if isinstance(one, Mapping)] if isinstance(results, list | tuple) else []
    counts = {str(one.get("id")): one.get("failing") for one in blocking if one.get("blocking")}
    return {name: count if isinstance(count, int) else 0 for name, count in counts.items()}


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
    ActionKind.WAIT_FOR_SOURCE: _until_late,
    ActionKind.RESTART_PIPELINE: _restart,
    ActionKind.PAUSE_DAG: _dag,
    ActionKind.BACKFILL_RANGE: _backfill,
    ActionKind.QUARANTINE_AND_CONTINUE: _quarantine,
    ActionKind.RERUN_UPSTREAM: _upstream,
    ActionKind.SUGGEST_SCHEMA_CHANGE: _nothing,
    ActionKind.SUGGEST_QUERY_CHANGE: _nothing,
    ActionKind.SUGGEST_CONCURRENCY_CHANGE: _nothing,
    ActionKind.ESCALATE_TO_HUMAN: _nothing,
}


_PAGE = Remedy(action=ActionKind.ESCALATE_TO_HUMAN)


def propose(
    diagnosis: Diagnosis, remedies: Sequence[Remedy], now: Situation, *, why: str = ""
) -> tuple[Proposal, Remedy]:
    """The first remedy whose arguments are all known; a page where there is none.

    :param why: what is said instead of the cause.
    """
    for remedy in remedies:
        build = _ARGUMENTS.get(remedy.action)
        arguments = build(now, remedy) if build else None
        if arguments is not None:
            return Proposal(kind=remedy.action, arguments=arguments, why=why or diagnosis.cause), remedy
    nothing = "No remedy has all its facts." if remedies else "Nothing is known to help."
    return Proposal(kind=_PAGE.action, why=why or nothing), _PAGE


def narrowed(
    diagnosis: Diagnosis, remedies: Sequence[Remedy], now: Situation, *, why: str = ""
) -> tuple[Proposal, Remedy]:
    """What ``propose`` says, or what a model would do instead, where that is among the remedies and reaches no further.

    Anything else that it would do ends with a person.
    """
    proposal, first = propose(diagnosis, remedies, now, why=why)
    wish, reach = diagnosis.wish, tuple(Risk).index
    if wish is None or wish is proposal.kind:
        return proposal, first
    most = reach(ACTIONS[proposal.kind].risk)
    offered = [remedy for remedy in remedies if remedy.action is wish and reach(ACTIONS[wish].risk) <= most]
    found = propose(diagnosis, offered, now)
    if found[0].kind is wish:
        return found
    why = diagnosis.cause if wish is _PAGE.action else f"A model would {wish}, which the table does not offer here."
    return Proposal(kind=_PAGE.action, why=why), _PAGE


def _spanned(now: Situation) -> int:
    """How many slices a backfill from the first to the last missing one runs: those in between run again too."""
    missing = now.missing
    if not missing:
        return 0
    return max(len(missing), round((max(missing) - min(missing)) / now.slice_length) + 1)


def _state(contract: Contract | None) -> str:
    if contract is None:
        return "none"
    return contract.status if contract.status in STATUSES else "other"


def _spent(now: Situation) -> dict[str, Fact]:
    if now.spent is None:
        return {}
    on_incident, today = (ceil(round(100 * usd, 6)) for usd in now.spent)
    return {"model_cents_on_incident": on_incident, "model_cents_today": today}


def _changed(now: Situation) -> dict[str, Fact]:
    """Whether Airflow has had another version of the Dag since the try ended; nothing where one of both is not known."""
    ended, since = now.task.end_date, now.dag.version_at
    return {"dag_changed": since > ended} if ended and since else {}


def facts(diagnosis: Diagnosis, remedy: Remedy, now: Situation) -> dict[str, Fact]:
    """The facts that the policy judges by (``core.policy.policy.FACTS``)."""
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
        "slices": _spanned(now) if remedy.action is ActionKind.BACKFILL_RANGE else 1,
        "slices_beyond_alone": max(0, _spanned(now) - now.alone),
        "dag_paused": now.dag.paused,
        **_changed(now),
        "has_contract": now.has_contract,
        "environment": now.environment,
        "owners": tuple(now.dag.owners),
        "tags": tuple(now.dag.tags),
        "idempotent": is_ours(now.task.operator),
        "repeatable": (now.word.repeatable if now.word else repeatable(now.task.operator)).value,
        "criticality": now.criticality,
        "contract_state": _state(now.contract),
        **_spent(now),
        "maintenance": now.maintenance,
        "time": now.now.isoformat(),
    }
