"""After the leader's heal, the other failed tasks of the incident follow: each judged, counted and proved by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from airflow_provider_harness.app.healing import propose
from airflow_provider_harness.app.healing.act import proposal_of
from airflow_provider_harness.app.healing.carry_out import looked_up, note_of
from airflow_provider_harness.app.healing.diagnose import diagnosis_of, lead_of, situation_of, with_word
from airflow_provider_harness.app.ports.healing import Healer
from airflow_provider_harness.core.actions import ActionKind, Proposal
from airflow_provider_harness.core.diagnosis.diagnosis import Remedy
from airflow_provider_harness.core.diagnosis.evidence import Fact
from airflow_provider_harness.core.diagnosis.failure import Failure, TryKey
from airflow_provider_harness.core.errors import HarnessUnavailable, NotAllowed
from airflow_provider_harness.core.incidents.events import Followed, Noted, Outcome, RunSettled
from airflow_provider_harness.core.incidents.incident import Incident
from airflow_provider_harness.core.policy.policy import Verdict, VerdictKind

#: Remedies that a failed task can share with the leader; the others are for the leader's table or Dag as a whole.
_SHARED = frozenset({ActionKind.RETRY_TASK, ActionKind.WAIT_FOR_SOURCE})


def followers(healer: Healer, incident: Incident) -> list[Failure]:
    """The newest failure of each task instance but the leader's, oldest first."""
    leads = lead_of(healer, incident).key.task_instance
    newest = {failure.key.task_instance: failure for failure in healer.store.failures(incident.id) if failure.heals}
    return [failure for name, failure in newest.items() if name != leads and failure.key.task_id]


def clear_followers(healer: Healer, incident: Incident, failures: Sequence[Failure]) -> int:
    """Clear those of these tasks that are as they failed and that the policy lets the harness clear alone; how many.

    A task for which a person would have to be asked is left to a person: the answer was for the leader's act.
    """
    own = proposal_of(incident)
    if own.kind not in _SHARED:
        return 0
    return sum(_clear_follower(healer, incident, own.kind, failure) for failure in failures)


def _clear_follower(healer: Healer, incident: Incident, kind: ActionKind, failure: Failure) -> bool:
    key = failure.key
    if str(key) in incident.followed:
        return False
    now = replace(situation_of(healer, key, 0), spent=healer.store.spent(incident.id, healer.now()))
    if now.task.state != "failed" or now.task.try_number != key.try_number:
        return False
    diagnosis = diagnosis_of(incident)
    proposal, remedy = propose.propose(diagnosis, (Remedy(action=kind),), now)
    usage = healer.store.usage(incident.id, key.dag_id, kind, healer.now(), proposal.target)
    facts = propose.facts(diagnosis, remedy, now) | {"tries_by_harness": usage.on_incident}
    verdict = with_word(healer.policy.judge(proposal, facts, usage), proposal, now)
    if verdict.kind is VerdictKind.APPROVE and not healer.limits.acting():
        verdict = replace(verdict, kind=VerdictKind.REFUSE, reason="the harness is in shadow")
    if verdict.kind is VerdictKind.APPROVE and (held := healer.slices.keep(now.task, healer.now())):
        verdict = replace(verdict, kind=VerdictKind.REFUSE, reason=held.sentence())
    decided = _decided(key, proposal, verdict, facts)
    if verdict.kind is not VerdictKind.APPROVE:
        healer.record(incident.id, decided)
        return False
    try:
        if not healer.store.reserve_act(incident.id, key.dag_id, proposal, verdict.limit, healer.now(), decided):
            return False
    except NotAllowed as refusal:
        refused = replace(verdict, kind=VerdictKind.REFUSE, reason=refusal.reason)
        healer.record(incident.id, _decided(key, proposal, refused, facts))
        return False
    return _carried_out(healer, incident, failure, proposal)


def _carried_out(healer: Healer, incident: Incident, failure: Failure, proposal: Proposal) -> bool:
    key, began = failure.key, healer.now()
    try:
        healer.airflow.clear(
            healer.airflow.task(key.dag_id, key.run_id, key.task_id, key.map_index), note_of(healer, incident)
        )
    except NotAllowed as refusal:
        why = f"Airflow refused to clear it: {refusal.reason}"
    except HarnessUnavailable as error:
        made = looked_up(healer, proposal, began)
        if made is not None and made.done == "yes":
            return True
        known = "it cannot be asked whether it was cleared" if made is None else "it was not cleared"
        why = f"Airflow did not answer when it was to be cleared ({error}); {known}"
    else:
        return True
    healer.record(incident.id, Noted(text=f"{key}: {why}"))
    return False


def _decided(key: TryKey, proposal: Proposal, verdict: Verdict, facts: Mapping[str, Fact]) -> Followed:
    return Followed(
        failure=str(key),
        act=proposal.canonical(),
        action=proposal.kind.value,
        arguments={name.value: value for name, value in proposal.arguments.items()},
        why=proposal.why,
        facts=dict(facts),
        verdict=verdict.kind.value,
        rule=verdict.rule,
        reason=verdict.reason,
        policy_version=verdict.policy_version,
    )


def settle_run(healer: Healer, incident_id: str, run: str, outcome: Outcome, text: str) -> None:
    """Record how one of the incident's runs turned out."""
    healer.record(incident_id, RunSettled(run=run, outcome=outcome, text=text))


VerifyRun = Callable[[str, str, Sequence[Failure]], tuple[Outcome | None, str]]


def settle_other_runs(healer: Healer, incident: Incident, prove: VerifyRun) -> tuple[Outcome | None, str]:
    """Let the other runs follow, and look how they are; the worst outcome, or None while one is under way.

    :param prove: Dag, run and its failures -> how the run turned out and one line on it; None = under way.
    """
    waiting: dict[str, list[Failure]] = {}
    own = lead_of(healer, incident).key.run
    for failure in followers(healer, incident):
        if failure.key.run != own and failure.key.run not in incident.runs:
            waiting.setdefault(failure.key.run, []).append(failure)
    under_way = 0
    for run, failures in waiting.items():
        key = failures[0].key
        cleared = clear_followers(healer, incident, failures)
        outcome, text = (None, "") if cleared else prove(key.dag_id, key.run_id, failures)
        if outcome is Outcome.NOT_HEALED and not any(_tried(incident, failure) for failure in failures):
            outcome, text = Outcome.ESCALATED, f"left to a person: {text}"
        if outcome is None:
            under_way += 1
        else:
            settle_run(healer, incident.id, run, outcome, text)
    if under_way:
        return None, f"{under_way} other run(s) of this incident are under way"
    settled = healer.store.incident(incident.id).runs
    outcome = max(settled.values(), key=WORST.index, default=Outcome.HEALED)
    unwell = [run for run, found in settled.items() if found is outcome]
    return outcome, f"{len(settled)} run(s): the worst is {outcome}, {', '.join(unwell[:3])}"


def _tried(incident: Incident, failure: Failure) -> bool:
    return incident.followed.get(str(failure.key)) == VerdictKind.APPROVE


#: The best first.
WORST = (
    Outcome.NOTED,
    Outcome.HEALED,
    Outcome.RECOVERED,
    Outcome.SUPERSEDED,
    Outcome.REFUSED,
    Outcome.ESCALATED,
    Outcome.UNKNOWN,
    Outcome.NOT_HEALED,
    Outcome.MADE_WORSE,
)
