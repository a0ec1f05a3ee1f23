"""Diagnose an incident and decide what may be done about it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from airflow_provider_harness.app.healing import propose
from airflow_provider_harness.app.healing.intake import BATCH, group_failures
from airflow_provider_harness.app.healing.preconditions import snapshot
from airflow_provider_harness.app.oncall.impact import contracts_of
from airflow_provider_harness.app.oncall.page import for_whom
from airflow_provider_harness.app.ports.airflow import DagFacts, TaskState
from airflow_provider_harness.app.ports.healing import Healer
from airflow_provider_harness.core.actions import ActionKind, Parameter, Proposal, kind_of
from airflow_provider_harness.core.contracts.contract import Contract
from airflow_provider_harness.core.contracts.schema import Side
from airflow_provider_harness.core.diagnosis.context import Line, context
from airflow_provider_harness.core.diagnosis.diagnosis import (
    Basis,
    Category,
    Certainty,
    Diagnosis,
    Remedy,
    first_remedy,
    remedies,
)
from airflow_provider_harness.core.diagnosis.evidence import Citation, Evidence, Fact, Source
from airflow_provider_harness.core.diagnosis.failure import Failure, TryKey
from airflow_provider_harness.core.diagnosis.failure_text import cleaned
from airflow_provider_harness.core.errors import HarnessError, HarnessUnavailable, NotAllowed
from airflow_provider_harness.core.incidents import grouping as cause
from airflow_provider_harness.core.incidents import remembered
from airflow_provider_harness.core.incidents.circuit_breaker import DAY, IncidentSummary, Stop, brake, task_of
from airflow_provider_harness.core.incidents.events import Claimed, Diagnosed, EvidenceSeen, Judged, Proposed, Returned
from airflow_provider_harness.core.incidents.incident import WELL, ImpossibleEvent, Incident, State
from airflow_provider_harness.core.operators import is_ours
from airflow_provider_harness.core.policy.policy import LINEAGE_FACTS, Usage, Verdict, VerdictKind
from airflow_provider_harness.core.policy.repeatable import Repeatable, repeatable

Known = TypeVar("Known")


def lead_of(healer: Healer, incident: Incident) -> Failure:
    """The failure to look at now: the one that was diagnosed, else the lineage root among those that are not well."""
    failures = [failure for failure in healer.store.failures(incident.id) if failure.heals]
    diagnosed = incident.last.get(Diagnosed)
    if diagnosed and (same := [failure for failure in failures if str(failure.key) == diagnosed.failure]):
        return same[0]
    unwell = [failure for failure in failures if incident.runs.get(failure.key.run) not in WELL] or failures
    return cause.root_failure(unwell) if not incident.acts else unwell[-1]


def claim(healer: Healer, incident_id: str, healer_run: str) -> bool:
    """Give waiting failures their incidents and lead this one; False where another run leads it, or nobody should.

    :param incident_id: as it was handed over: of a storm, the incident that its failure joined is meant.
    """
    group_failures(healer, handed=incident_id, most=BATCH)
    incident_id = healer.store.resolve(incident_id)
    incident = healer.store.incident(incident_id)
    if incident.opened_at is None or incident.state is not State.OPEN:
        return incident.leader == healer_run and incident.state in (State.CLAIMED, State.DIAGNOSED)
    if not any(failure.heals for failure in healer.store.failures(incident_id)):
        return False
    if not _is_ours(healer, incident, healer_run):
        return False
    try:
        healer.record(incident_id, Claimed(run=healer_run))
    except ImpossibleEvent:
        return False
    return True


def _is_ours(healer: Healer, incident: Incident, healer_run: str) -> bool:
    """Whether the harness started this run: by its own account, as the incident says, or by a callback in a task, as Airflow says.

    A run that a person started leads nothing: who started it may also fail it, or keep it alive and idle.
    """
    if healer_run in incident.started:
        return True
    try:
        return healer.airflow.from_task(healer_run)
    except NotAllowed:
        return False


def diagnose(healer: Healer, incident_id: str) -> Diagnosis:
    """Assemble the evidence and name the cause; both are recorded."""
    failure, evidence = _evidence(healer, lead_of(healer, healer.store.incident(incident_id)))
    tried = {"tries_by_harness": len(healer.store.incident(incident_id).acts)}
    evidence = replace(evidence, facts={**evidence.facts, **tried})
    diagnosis = healer.diagnoser.diagnose(failure, evidence)
    contracts = contracts_of(healer, [item for item in healer.store.failures(incident_id) if item.heals])
    seen = _seen(healer, failure, evidence, contracts, context(evidence.log, diagnosis.citations))
    healer.record(incident_id, seen, _diagnosed(diagnosis, str(failure.key)))
    return diagnosis


def _evidence(healer: Healer, lead: Failure) -> tuple[Failure, Evidence]:
    """The report of a try with its evidence: of several reports the one that Airflow's log bears out most, and it is kept."""
    first = cleaned(lead)
    best = first, healer.evidence.collect(first)
    for other in healer.store.told(lead.identity):
        failure = cleaned(other.failure)
        found = failure, healer.evidence.collect(failure)
        if _borne_out(found[1]) > _borne_out(best[1]):
            best = found
            healer.store.believe(other)
    return best


def _borne_out(evidence: Evidence) -> int:
    return evidence.witnessed.agrees if evidence.witnessed else 0


_CONN_ID = re.compile(r"[\w.-]{1,200}")


def _connections(healer: Healer, key: TryKey) -> dict[str, str]:
    """Field of the failed task -> the id of the Airflow connection that it names."""
    if not key.task_id:
        return {}
    try:
        rendered = healer.airflow.task(key.dag_id, key.run_id, key.task_id, key.map_index).rendered
    except HarnessError:
        return {}
    named = {name: value for name, value in rendered.items() if name.endswith("conn_id")}
    return {name: value for name, value in named.items() if isinstance(value, str) and _CONN_ID.fullmatch(value)}


#: The field by which a task names where it publishes, or what it compares with, the surest first.
_PUBLISHES = ("target_conn_id", "conn_id")


def _place(healer: Healer, failure: Failure, connections: Mapping[str, str]) -> str:
    """Where the published table is in which the schema differs, as the connection and its database say; empty where none does."""
    diff = failure.schema_diff
    if not diff:
        return ""
    table = str(diff.get("published", ""))
    named = [connections[name] for name in _PUBLISHES if name in connections]
    if diff.get("side") == Side.SOURCE and not {"target_conn_id", "source_conn_id"} & set(connections):
        named = [mark.conn_id for mark in healer.promises.published() if mark.table == table]
    return next((place for conn_id in named if (place := healer.gates.place(conn_id, table))), "")


def decide(healer: Healer, incident_id: str) -> Verdict:
    """Turn the diagnosis into one proposal and let the policy judge it; both are recorded."""
    incident = healer.store.incident(incident_id)
    now = situation(healer, incident)
    seen = incident.last.get(EvidenceSeen)
    proposal, facts, verdict = judge(healer, incident, diagnosis_of(incident), now, seen.facts if seen else {})
    proposed = Proposed(
        action=proposal.kind.value,
        arguments={name.value: value for name, value in proposal.arguments.items()},
        why=proposal.why,
        facts=facts,
        slices=[start.isoformat() for start in now.missing],
    )
    due = healer.now() + timedelta(seconds=int(proposal.arguments.get(Parameter.DELAY_SECONDS, "0")))
    judged = Judged(
        verdict=verdict.kind.value,
        rule=verdict.rule,
        reason=verdict.reason,
        policy_version=verdict.policy_version,
        limit=asdict(verdict.limit),
        acting=healer.limits.acting(),
        due=due.isoformat(),
        found=snapshot(now),
        remembers=_remembers(healer, proposal, facts, verdict, now) or None,
    )
    healer.record(incident_id, proposed, judged)
    return verdict


def judge(
    healer: Healer, incident: Incident, diagnosis: Diagnosis, now: propose.Situation, seen: Mapping[str, Fact]
) -> tuple[Proposal, dict[str, Fact], Verdict]:
    """The one proposal of a diagnosis, the facts that it is judged by, and what the policy says; nothing is reserved.

    :param seen: the dossier's facts; those of the lineage count where they are known, and where ``_tells`` bears them out.
    """
    stop = brakes(healer, incident, diagnosis)
    candidates = _candidates(diagnosis, incident) if stop is None else _PAUSE if stop.pause else ()
    if not now.task.task_id:
        candidates = ()  # nothing can be cleared where no task failed
    choose = propose.narrowed if stop is None else propose.propose
    proposal, remedy = choose(diagnosis, candidates, now, why=stop.why if stop else "")
    usage = healer.store.usage(incident.id, now.task.dag_id, proposal.kind, healer.now(), proposal.target)
    told = {name: seen[name] for name in LINEAGE_FACTS if name in seen}
    if told and not _tells(healer, now.task):
        told = {}
    facts = {**propose.facts(diagnosis, remedy, now), **told}
    earned = healer.limits.earned(diagnosis.category.value, proposal.kind.value)
    verdict = healer.policy.judge(proposal, facts, usage, earned=earned)
    return proposal, facts, with_word(verdict, proposal, now)


def with_word(verdict: Verdict, proposal: Proposal, now: propose.Situation) -> Verdict:
    """The verdict on running a task again, with what a person answered about it before."""
    if now.word is None or proposal.kind is not ActionKind.RETRY_TASK:
        return verdict
    return replace(verdict, reason=f"{verdict.reason} {now.word.sentence()}")


_ONLY_ITS_AUTHOR_KNOWS = (Repeatable.UNKNOWN, Repeatable.REFUSED)


def _remembers(
    healer: Healer, proposal: Proposal, facts: Mapping[str, Fact], verdict: Verdict, now: propose.Situation
) -> bool:
    """Whether a yes spares the next question: the policy would approve, had a person said that the task may run again."""
    if verdict.kind is not VerdictKind.ASK or proposal.kind is not ActionKind.RETRY_TASK or now.dag.version is None:
        return False
    if facts["repeatable"] not in _ONLY_ITS_AUTHOR_KNOWS:
        return False
    agreed = healer.policy.judge(proposal, {**facts, "repeatable": Repeatable.APPROVED.value}, Usage())
    return agreed.kind is VerdictKind.APPROVE


def _tells(healer: Healer, task: TaskState) -> bool:
    """Whether a task can have told what it reads and writes, by Airflow's word: an operator of the harness tells it when it succeeds.

    What is told of any other somebody else made up.
    """
    return is_ours(task.operator) and healer.airflow.succeeded(task.dag_id, task.task_id)


_PAUSE = (Remedy(action=ActionKind.PAUSE_DAG),)


def brakes(healer: Healer, incident: Incident, diagnosis: Diagnosis) -> Stop | None:
    """Why this incident is for a person by what happened before; None where it is not."""
    now, limits = healer.now(), healer.limits.brakes
    past = healer.store.past(now - max(limits.window, DAY))
    mine = IncidentSummary(
        id=incident.id,
        task=task_of(incident.failures[0]),
        opened_at=now,
        category=diagnosis.category.value,
        shadow=not healer.limits.acting(),
        returned=Returned in incident.last,
    )
    return brake(mine, past, limits, now)


def _candidates(diagnosis: Diagnosis, incident: Incident) -> tuple[Remedy, ...]:
    """What to try, in order; what was tried on this incident is not tried again, and an unsure diagnosis leads to a
    person alone."""
    first, tried = first_remedy(diagnosis), {kind_of(act) for act in incident.acts}
    wanted = (first, *remedies(diagnosis.category, diagnosis.traits)[1:])
    return tuple(remedy for remedy in wanted if remedy.action not in tried)


def situation(healer: Healer, incident: Incident) -> propose.Situation:
    """What Airflow and the warehouse say now about the failed task; of a failure without a task, nothing."""
    lead = lead_of(healer, incident)
    spent = healer.store.spent(incident.id, healer.now())
    seen = incident.last.get(EvidenceSeen)
    shown = seen.gate if seen and seen.failure == str(lead.key) else None
    report = shown if isinstance(shown, Mapping) else None  # what a task told of its gate decides nothing
    return replace(situation_of(healer, lead.key, len(incident.acts)), report=report, spent=spent)


def situation_of(healer: Healer, key: TryKey, acts: int) -> propose.Situation:
    """The same of any failed try.

    :param acts: how often the harness has tried already.
    """
    around: dict[str, Any] = {
        "environment": healer.limits.environment,
        "maintenance": healer.limits.maintenance.until(frozenset({key.dag_id}), healer.now()) is not None,
    }
    if not key.task_id:
        return replace(propose.nowhere(key.dag_id, key.run_id, healer.now()), **around)
    task = healer.airflow.task(key.dag_id, key.run_id, key.task_id, key.map_index)
    dag = healer.airflow.dag(key.dag_id)
    gates, contract = healer.gates, healer.gates.contract(task)
    nothing: Sequence[datetime] = ()
    missing = _read(lambda: gates.missing(task, dag), nothing)
    return propose.Situation(
        task=task,
        tasks=healer.airflow.tasks(key.dag_id, key.run_id),
        dag=dag,
        missing=missing,
        now=healer.now(),
        slice_length=_read(lambda: gates.slice_length(task, dag), timedelta(days=1)),
        late_from=_read(lambda: gates.late_from(task, dag), None),
        alone=min(healer.limits.backfill_alone, _read(lambda: gates.alone_limit(task, dag), 0)) if missing else 0,
        acts=acts,
        has_contract="contract" in task.rendered,
        criticality=contract.criticality.value if contract else "none",
        contract=contract,
        word=_word(healer, task, dag),
        **around,
    )


def _word(healer: Healer, task: TaskState, dag: DagFacts) -> remembered.Word | None:
    """What a person answered about a task of which its operator does not say whether it may run again."""
    if repeatable(task.operator) is not Repeatable.UNKNOWN:
        return None
    now = healer.now()
    events = healer.store.retries(dag.dag_id, now - timedelta(days=remembered.DAYS))
    return remembered.remembered(events, dag.dag_id, task.task_id, dag.version, now)


def _read(ask: Callable[[], Known], unknown: Known) -> Known:
    """What an author's contract and connection say; where they cannot be read at all, nothing follows from them.

    :raises HarnessUnavailable: they cannot be read now, and perhaps later.
    """
    try:
        return ask()
    except HarnessUnavailable:
        raise
    except HarnessError:
        return unknown


def diagnosis_of(incident: Incident) -> Diagnosis:
    """The newest diagnosis, as it was recorded."""
    body = incident.last[Diagnosed]
    return Diagnosis(
        category=Category(body.category),
        cause=body.cause,
        basis=Basis(body.basis),
        certainty=Certainty(body.certainty),
        why=body.why,
        citations=tuple(
            Citation(source=Source(item["source"]), line=item["line"], text=item["text"]) for item in body.citations
        ),
        alternatives=tuple(Category(item) for item in body.alternatives),
        traits=frozenset(body.traits),
        retry_after=body.retry_after,
        against=tuple(body.against or ()),
        wish=ActionKind(body.wish) if body.wish else None,
    )


def _diagnosed(diagnosis: Diagnosis, failure: str) -> Diagnosed:
    return Diagnosed(
        category=diagnosis.category.value,
        cause=diagnosis.cause,
        basis=diagnosis.basis.value,
        certainty=diagnosis.certainty.value,
        why=diagnosis.why,
        citations=[{"source": item.source.value, "line": item.line, "text": item.text} for item in diagnosis.citations],
        alternatives=diagnosis.alternatives,
        traits=sorted(diagnosis.traits),
        retry_after=diagnosis.retry_after,
        against=diagnosis.against,
        wish=diagnosis.wish,
        failure=failure,
    )


def _seen(
    healer: Healer, failure: Failure, evidence: Evidence, contracts: Sequence[Contract], lines: Sequence[Line]
) -> EvidenceSeen:
    seen, connections = evidence.witnessed, _connections(healer, failure.key)
    return EvidenceSeen(
        failure=str(failure.key),
        facts=dict(evidence.facts),
        observations=[
            {"source": item.source.value, "text": item.text, "trusted": item.trusted} for item in evidence.observations
        ],
        unavailable=[*failure.missing, *evidence.unavailable],
        reader=seen.reader.value if seen else "",
        gate=_gate(seen.failure.report) if seen and seen.failure.report else None,
        context=lines,
        for_whom=for_whom(contracts),
        teams=sorted({item.owner.team for item in contracts if item.owner.team}),
        zones={item.table: item.load.time_zone for item in contracts},
        connections=connections,
        place=_place(healer, failure, connections),
    )


def _gate(report: Mapping[str, Any]) -> dict[str, Any]:
    """What an act rests on of a gate that blocked, as the log showed it."""
    blocking = [{name: one.get(name) for name in ("id", "blocking", "failing")} for one in report["results"]]
    return {"slice": report.get("slice"), "rows": report.get("rows"), "results": blocking}
