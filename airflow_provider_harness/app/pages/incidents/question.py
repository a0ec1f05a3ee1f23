"""What a person is asked: the exact act, until when, who may answer, and where Airflow keeps the question."""

from __future__ import annotations

from datetime import datetime

from airflow_provider_harness.app.oncall import question as asked
from airflow_provider_harness.app.oncall.approve import APPROVAL_TASK, APPROVE, REFUSE
from airflow_provider_harness.app.oncall.incident_commands import SETTLING
from airflow_provider_harness.app.oncall.subject import zones_of
from airflow_provider_harness.app.pages.incidents.parts import Hitl, Question
from airflow_provider_harness.app.reports.postmortem import Story
from airflow_provider_harness.core.actions import ACTIONS
from airflow_provider_harness.core.incidents.events import Answered, Asked, Claimed, Judged, Proposed


def question_of(story: Story, healer_dag_id: str, now: datetime) -> Question | None:
    """The question of the healer run that leads now, or led last; None where nobody was asked."""
    incident = story.incident
    body, proposed = incident.last.get(Asked), incident.last.get(Proposed)
    if body is None or proposed is None:
        return None
    proposal, judged, answered = proposed.proposal(), incident.last.get(Judged), incident.last.get(Answered)
    opened = next(event.at for event in reversed(story.events) if isinstance(event.body, Asked))
    expires = _moment(body.expires)
    return Question(
        sentence=asked.may(proposal, next(iter(zones_of(incident).values()), "")),
        action=proposal.kind.value,
        what=asked.after_yes(proposal, judged) if judged else ACTIONS[proposal.kind].what,
        arguments={str(name): str(value) for name, value in sorted(proposal.arguments.items())},
        opened_at=opened,
        expires_at=expires,
        expired=expires is not None and now >= expires,
        assigned=tuple(body.assigned),
        if_refused=asked.after_no(proposal),
        if_nobody="It counts as no. To be asked again, return the incident to the harness.",
        url=body.url,
        rule=judged.rule if judged else "",
        reason=judged.reason if judged else "",
        answer=answered.answer if answered else "",
        answered_by=answered.by if answered else "",
        quickest_seconds=SETTLING.total_seconds(),
        hitl=Hitl(
            dag_id=healer_dag_id,
            run_id=_run_of(story),
            task_id=APPROVAL_TASK,
            map_index=-1,
            approve=APPROVE,
            refuse=REFUSE,
        ),
    )


def _run_of(story: Story) -> str:
    """The healer run that asked: the one that claimed the incident last before it."""
    runs = [event.body.run for event in story.events if isinstance(event.body, Claimed)]
    return runs[-1] if runs else ""


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
