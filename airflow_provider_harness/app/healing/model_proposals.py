"""What a model says beside its diagnosis: a remedy that it would take, and how its work ended. Both are recorded; none acts."""

from __future__ import annotations

from airflow_provider_harness.app.healing import diagnose as heal
from airflow_provider_harness.app.ports.diagnosis import ModelProposal
from airflow_provider_harness.app.ports.healing import Healer
from airflow_provider_harness.core.actions import ActionKind
from airflow_provider_harness.core.diagnosis.diagnosis import Basis, Category, Certainty, Diagnosis
from airflow_provider_harness.core.diagnosis.evidence import Evidence
from airflow_provider_harness.core.diagnosis.failure import Failure, TryKey
from airflow_provider_harness.core.errors import HarnessError, NotAllowed
from airflow_provider_harness.core.incidents.events import ModelEnded, ModelProposed
from airflow_provider_harness.core.policy.policy import Verdict, VerdictKind


def judge_proposal(healer: Healer, failure: Failure, evidence: Evidence, proposed: ModelProposal) -> Verdict:
    """What table and policy say of a model's proposal, as they would of its diagnosis; see ``ProposalJudge``.

    :raises NotAllowed: the failure belongs to no incident.
    """
    incident_id = healer.store.incident_of(failure.identity)
    if incident_id is None:
        raise NotAllowed("A proposal is made for an incident only.")
    try:
        verdict = _judged(healer, incident_id, failure, evidence, proposed)
    except HarnessError as error:
        verdict = _refused(healer, f"It could not be judged now ({type(error).__name__}).")
    told = ModelProposed(
        action=proposed.action.value,
        category=proposed.category.value,
        why=proposed.why,
        named=dict(proposed.named),
        verdict=verdict.kind.value,
        rule=verdict.rule,
        reason=verdict.reason,
        policy_version=verdict.policy_version,
        draft=dict(proposed.draft) or None,
    )
    healer.record(incident_id, told)
    return verdict


def record_model_run(healer: Healer, record: ModelEnded) -> None:
    """Record what a diagnosis by a model took and what went wrong in it; of a failure without an incident, nothing is recorded."""
    incident_id = healer.store.incident_of(record.failure)
    if incident_id is not None:
        healer.record(incident_id, record)


def foreign_targets(proposed: ModelProposal, key: TryKey) -> tuple[str, ...]:
    """Which of the names in a proposal are not those of the failure."""
    own = {"dag_id": key.dag_id, "run_id": key.run_id, "task_id": key.task_id}
    return tuple(name for name, value in proposed.named.items() if value != own[name])


#: Who proposes to wait says that what is late comes; a model's answer is asked for it by name.
_SAYS_ITSELF = {ActionKind.WAIT_FOR_SOURCE: frozenset({"expected"})}


def _judged(healer: Healer, incident_id: str, failure: Failure, evidence: Evidence, proposed: ModelProposal) -> Verdict:
    if strangers := foreign_targets(proposed, failure.key):
        return _refused(healer, f"It is about another {', '.join(strangers)}; only this failure can be acted on.")
    incident = healer.store.incident(incident_id)
    diagnosis = Diagnosis(
        category=proposed.category,
        cause=proposed.why,
        basis=Basis.NONE if proposed.category is Category.UNKNOWN else Basis.MODEL,
        certainty=Certainty.LIKELY,
        traits=_SAYS_ITSELF.get(proposed.action, frozenset()),
        wish=proposed.action,
    )
    now = heal.situation_of(healer, failure.key, len(incident.acts))
    proposal, _, verdict = heal.judge(healer, incident, diagnosis, now, evidence.facts)
    if proposal.kind is not proposed.action:
        return _refused(
            healer, f"For {proposed.category} the table does not offer {proposed.action} here, or a brake stops it."
        )
    return verdict


def _refused(healer: Healer, reason: str) -> Verdict:
    return Verdict(kind=VerdictKind.REFUSE, rule="", reason=reason, policy_version=healer.policy.version)
