"""Find what no callback reported, and start a healer for whatever waits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from airflow_provider_harness.app.escalate import close
from airflow_provider_harness.app.ports import Healer, Joined, TaskState
from airflow_provider_harness.core.errors import NotAllowed
from airflow_provider_harness.core.failure import Failure, FailureKind, Origin, TryKey
from airflow_provider_harness.core.incident import Event, EventKind, Outcome

#: How far back the first pass looks, and how much later passes overlap: a clock may be behind, a pass may have died.
FIRST_LOOK = timedelta(hours=1)
OVERLAP = timedelta(minutes=10)
#: A failure is left to its callback for this long before it counts as unreported.
GRACE = timedelta(seconds=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """What one pass did: try keys found, healer runs started, notes written."""

    found: tuple[str, ...] = ()
    started: tuple[str, ...] = ()
    noted: tuple[str, ...] = ()


def reconcile(healer: Healer) -> Pass:
    """One pass: record failures that nobody captured, give them incidents, start healer runs, write notes."""
    began = healer.now()
    last = healer.store.last_pass()
    found = [_record(healer, task) for task in _unreported(healer, (last - OVERLAP) if last else began - FIRST_LOOK)]
    joined = healer.store.intake(healer.now())
    notes = [_note(healer, item) for item in joined if item.opened and not item.failure.heals]
    started = _start(healer, joined)
    healer.store.note_pass(began)
    return Pass(found=tuple(found), started=tuple(started), noted=tuple(notes))


def _unreported(healer: Healer, since: datetime) -> list[TaskState]:
    enrolled = set(healer.airflow.enrolled_dags()) - {healer.healer_dag_id}
    settled = healer.now() - GRACE
    failed = [
        task
        for task in healer.airflow.failed_tasks(since)
        if task.dag_id in enrolled and (task.end_date is None or task.end_date <= settled)
    ]
    known = healer.store.known([str(key_of(task)) for task in failed])
    return [task for task in failed if str(key_of(task)) not in known]


def key_of(task: TaskState) -> TryKey:
    """The try that a task instance is in."""
    return TryKey(
        dag_id=task.dag_id,
        run_id=task.run_id,
        task_id=task.task_id,
        map_index=task.map_index,
        try_number=task.try_number,
    )


def _record(healer: Healer, task: TaskState) -> str:
    by_hand = healer.airflow.marked_by_hand(task)
    failure = Failure(
        key=key_of(task),
        kind=FailureKind.MARKED_FAILED if by_hand else FailureKind.UNREPORTED,
        origin=Origin.RECONCILER,
        occurred_at=task.end_date or healer.now(),
        operator=task.operator,
        hostname=task.hostname,
        max_tries=task.max_tries,
        missing=("exception", "why no callback ran"),
    )
    healer.store.record(failure, healer.new_id())
    return str(failure.key)


def _start(healer: Healer, joined: Sequence[Joined]) -> list[str]:
    """Start a healer for each incident that was opened here; runs that exist already are another's."""
    started = []
    for item in joined:
        if not (item.opened and item.failure.heals):
            continue
        incident = healer.store.incident(item.incident_id)
        number = max(healer.store.healer_runs(incident.episode), item.failure.key.try_number)
        while not healer.airflow.start(incident.id, incident.episode, number):
            number += 1
        started.append(incident.id)
    return started


_CLOSES = {
    FailureKind.QUARANTINED: (Outcome.NOTED, "published without the rows that are in quarantine"),
    FailureKind.MARKED_FAILED: (Outcome.SUPERSEDED, "a person set this state"),
}


def _note(healer: Healer, item: Joined) -> str:
    """Close what is no failure to heal, with a note where Airflow's users see it."""
    outcome, why = _CLOSES[item.failure.kind]
    key = item.failure.key
    text = f"airflow-provider-harness: incident {item.incident_id}: {item.failure.detail.get('text', why)}"
    if outcome is Outcome.NOTED:
        try:
            healer.airflow.note(healer.airflow.task(key.dag_id, key.run_id, key.task_id, key.map_index), text)
        except NotAllowed as refusal:
            why = f"{why}; the note was not accepted: {refusal.reason}"
    incident = healer.store.incident(item.incident_id)
    healer.store.append(Event(incident_id=incident.id, kind=EventKind.NOTED, at=healer.now(), body={"text": text}))
    close(healer, healer.store.incident(item.incident_id), outcome, why)
    return str(key)
