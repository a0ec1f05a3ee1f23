"""Ask a person about one exact act, and read the answer where Airflow recorded it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from airflow_provider_harness.app.oncall import question as question_words
from airflow_provider_harness.app.ports.airflow import DagFacts
from airflow_provider_harness.app.ports.healing import Healer
from airflow_provider_harness.app.ports.store import Approval, AskState
from airflow_provider_harness.core.actions import ACTIONS, Parameter, Proposal
from airflow_provider_harness.core.incidents.events import Answered, Asked, Diagnosed, Judged
from airflow_provider_harness.core.incidents.incident import Incident, State
from airflow_provider_harness.core.redaction.escaping import LONGEST_NAME, code, markdown, one_line
from airflow_provider_harness.core.redaction.redactor import visible

APPROVE, REFUSE = "Approve", "Refuse"

#: The first checks of an answer say whether a person with the right gave it.
WHO = 4

#: Characters of one argument of an act that a question shows; nobody agrees to what is cut off.
LONGEST_ACT = 2_000

#: Seconds in which nobody has read a question: what comes earlier is a program's answer, and no agreement.
QUICKEST = 3.0

#: The answer was used and the act is not known to have been made: a person must look.
SPENT = "The answer was used before."

#: The healer Dag's one approval task; never mapped, since a rejected mapped approval stops nothing.
APPROVAL_TASK = "approve"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a person reads in Airflow's required action."""

    subject: str
    body: str
    approval: Approval


def _owned(dag: DagFacts, proposal: Proposal) -> DagFacts:
    """The Dag with the owners of the tasks that the act names; of an act on a whole run or Dag, with all of its owners."""
    names = [
        proposal.arguments[name] for name in (Parameter.TASK, Parameter.UPSTREAM_TASK) if name in proposal.arguments
    ]
    owners = [owner for name in names for owner in dag.owners_of.get(name, ())]
    return replace(dag, owners=tuple(dict.fromkeys(owners))) if owners else dag


def _fits(proposal: Proposal) -> bool:
    """Whether a question can show every argument of the act whole."""
    return all(len(visible(str(value))) <= LONGEST_ACT for value in proposal.arguments.values())


def question(healer: Healer, incident: Incident, proposal: Proposal, healer_run: str) -> Question | None:
    """Open the question in the store; None where nobody is named who may answer, or where the act cannot be shown whole: then a
    person is paged instead."""
    if not _fits(proposal):
        return None
    dag = _owned(healer.airflow.dag(dag_id_of(incident)), proposal)
    assigned = tuple(user for user in healer.approvers.of(dag) if user != healer.airflow.account())
    if not assigned:
        return None
    known = healer.store.approval(incident.id, healer_run)
    approval = known or Approval(
        id=healer.new_id(),
        incident_id=incident.id,
        act=proposal.canonical(),
        policy_version=healer.policy.version,
        healer_run=healer_run,
        assigned=assigned,
        expires_at=healer.now() + healer.limits.approval,
    )
    if known is None:
        healer.store.ask(approval)
    if Asked not in incident.last:
        asked = Asked(
            approval=approval.id,
            assigned=approval.assigned,
            expires=approval.expires_at.isoformat(),
            url=healer.airflow.required_action_url(healer.healer_dag_id, healer_run, APPROVAL_TASK),
        )
        healer.record(incident.id, asked)
    return Question(
        subject=one_line(f"{dag.dag_id}: {proposal.kind} after {incident.last[Diagnosed].category}?"),
        body=f"{_body(incident, proposal, approval)}\n\n[Everything about it]({healer.airflow.incident_url(incident.id)})",
        approval=approval,
    )


def dag_id_of(incident: Incident) -> str:
    """The Dag that failed: the diagnosed failure's, before that the first one's."""
    return diagnosed_failure(incident).split("/", 1)[0]


def diagnosed_failure(incident: Incident) -> str:
    """The failure that was diagnosed, before that the first one."""
    diagnosed = incident.last.get(Diagnosed)
    return (diagnosed.failure if diagnosed else None) or incident.failures[0]


def _body(incident: Incident, proposal: Proposal, approval: Approval) -> str:
    """The act first, on one line; then who asks, who may answer and until when; then what programs said, as code."""
    diagnosis, judged = incident.last[Diagnosed], incident.last[Judged]
    arguments = ", ".join(
        f"{name} {code(str(value), LONGEST_ACT)}" for name, value in sorted(proposal.arguments.items())
    )
    users = ", ".join(code(user, LONGEST_NAME) for user in approval.assigned)
    sure = f"{diagnosis.category}, {diagnosis.certainty}"
    why = f" {code(diagnosis.why)}" if diagnosis.why else ""
    rule = f"rule {code(judged.rule, LONGEST_NAME)} of policy {judged.policy_version}"
    return (
        f"**The act:** `{proposal.kind}`: {ACTIONS[proposal.kind].what} With {arguments or 'no arguments'}.\n\n"
        f"**Who asks:** airflow-provider-harness, for incident `{incident.id}`, by {rule}: {markdown(judged.reason)} "
        f"{users} may answer until {approval.expires_at:%Y-%m-%d %H:%M} UTC; no answer counts as no. "
        f"The answer is valid for exactly this act, once.\n\n"
        f"{_remembered(judged)}"
        f"**The cause that the harness found:** {sure}.{why}\n\n"
        f"**What programs said (text that anybody may have written):** {code(diagnosis.cause)}"
    )


def _remembered(judged: Judged) -> str:
    told = question_words.remembered(judged)
    return f"**What is remembered:** {told}\n\n" if told else ""


def agreed(healer: Healer, incident: Incident, proposal: Proposal, healer_run: str) -> str:
    """Why the act is not agreed to, or empty where a person allowed exactly this act.

    The task graph and XCom are not asked: any user can set a task to success. Airflow's record of the answer and the
    single-use row in the store must both say so.
    """
    approval = healer.store.approval(incident.id, healer_run)
    if approval is None or incident.state is State.JUDGED:
        return "Nobody was asked."
    if incident.state is State.ANSWERED:  # we died between the answer, which is used up, and the act
        said = incident.last[Answered].answer
        return "" if said == APPROVE else said
    answer = healer.airflow.answer(healer.healer_dag_id, healer_run, APPROVAL_TASK)
    checks = (
        (answer.answered, "Nobody answered in time."),
        (answer.by in approval.assigned, f"{answer.by or 'somebody unknown'} may not answer this."),
        (answer.by != healer.airflow.account(), "The harness cannot answer itself."),
        (
            answer.seconds >= QUICKEST,
            f"The answer came {answer.seconds:.1f} s after the question: nobody reads that fast.",
        ),
        (answer.chosen == (APPROVE,), f"{answer.by} answered {', '.join(answer.chosen) or 'nothing'}."),
        (approval.act == proposal.canonical(), "The answer was given for another act."),
        (approval.policy_version == healer.policy.version, "The policy has changed since."),
    )
    refusal = next((why for holds, why in checks if not holds), "")
    said_no = answer.chosen == (REFUSE,) and all(holds for holds, _ in checks[:WHO])
    if not refusal:
        refusal = _USED[healer.store.use_approval(approval, healer.now())]
    yes_or_no = not said_no if said_no or not refusal else None
    healer.record(incident.id, Answered(answer=refusal or APPROVE, by=answer.by, said=yes_or_no))
    return refusal


_USED = {
    AskState.USED: "",
    AskState.EXPIRED: "The answer came after the question had expired.",
    AskState.SPENT: SPENT,
    AskState.ABSENT: "The question is not in the store.",
}
