"""Find what no callback reported, and start a healer for whatever waits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from airflow_provider_harness.app.healing.intake import group_failures
from airflow_provider_harness.app.oncall import sla_watch as promises
from airflow_provider_harness.app.oncall.escalate import STARTED, close, settle, start_next
from airflow_provider_harness.app.ports.airflow import BrokenFile, RunState, TaskState
from airflow_provider_harness.app.ports.healing import Healer
from airflow_provider_harness.core.diagnosis.failure import NOTICES, ErrorLink, Failure, FailureKind, Origin, TryKey
from airflow_provider_harness.core.errors import HarnessError, HarnessUnavailable, NotAllowed
from airflow_provider_harness.core.incidents.events import Judged, Noted, Outcome
from airflow_provider_harness.core.incidents.grouping import healer_run_key
from airflow_provider_harness.core.incidents.incident import Incident, State, episode_of, run_id
from airflow_provider_harness.core.redaction.escaping import code, one_line
from airflow_provider_harness.core.redaction.redactor import Redactor

#: How far back the first pass looks, and how much later passes overlap: a clock may be behind, a pass may have died.
FIRST_LOOK = timedelta(hours=1)
OVERLAP = timedelta(minutes=10)
#: A failure is left to its callback for this long before it counts as unreported.
GRACE = timedelta(seconds=5)
#: A healer run that a pass started is waited for this long, or a backlog would grow by a run for every pass.
PATIENCE = timedelta(minutes=2)
#: Characters of an import error's message and of its stack trace, from the end, and of its class's name.
LONGEST_MESSAGE, LONGEST_TRACE, LONGEST_NAME = 2_000, 20_000, 200
_SHOWN = Redactor()  # what a Dag file printed is kept without what looks like a secret
#: A run of the reconciler that gives its worker slot back between two passes lasts so long; one that keeps it ends much
#: sooner, since a scheduler that is told to end waits for the tasks which its own workers run.
LONGEST_RUN, LONGEST_HELD = timedelta(days=1), timedelta(seconds=20)
#: The longest that an act is delayed, but for a late source, whose verdict says when it is due; with the administrator's
#: limits, after that a healer run has come to its end.
LONGEST_DELAY = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """What one pass did: try keys found, healer runs started, notes written, abandoned incidents ended, promises about
    time that will be broken."""

    found: tuple[str, ...] = ()
    started: tuple[str, ...] = ()
    noted: tuple[str, ...] = ()
    ended: tuple[str, ...] = ()
    promised: tuple[str, ...] = ()


def reconcile(healer: Healer) -> Pass:
    """One pass: record failures that nobody captured, give them incidents, start healer runs, write notes, and end what
    a healer run left behind; then look whether every promise about time is kept."""
    began = healer.now()
    last = healer.store.last_pass()
    since = (last - OVERLAP) if last else began - FIRST_LOOK
    found = _spooled(healer)  # first: a callback knows the exception
    group_failures(healer)  # then what Airflow confirms; only what has an incident by now is known
    enrolled = _enrolled(healer)
    missed = (*_unreported(healer, enrolled, since), *_failed_runs(healer, enrolled, since), *_broken_files(healer))
    unseen = [failure for failure in missed if healer.store.found(failure, healer.new_id())]
    found += [str(failure.key) for failure in unseen]
    if unseen:
        group_failures(healer)
    handed_to_nobody = [*_waiting(healer), *_of_this_pass(healer, found)]
    waiting = [(incident, healer.store.failures(incident.id)) for incident in handed_to_nobody]
    notes = [key for incident, failures in waiting if not _heals(failures) for key in _note(healer, incident, failures)]
    started = [_start(healer, incident) for incident, failures in waiting if _heals(failures)]
    ended = [_end(healer, incident) for incident in _abandoned(healer)]
    promised = promises.watch(healer)
    healer.pager.flush()
    healer.store.note_pass(began)
    return Pass(
        found=tuple(found), started=tuple(started), noted=tuple(notes), ended=tuple(ended), promised=tuple(promised)
    )


def is_over(now: datetime, *, run_began: datetime | None, held_since: datetime, gives_back: bool) -> bool:
    """Whether a run of the reconciler has lasted long enough; the next one begins at once.

    :param run_began: UTC; when the run began, over all its tasks' processes.
    :param held_since: UTC; since when this process holds its worker slot.
    :param gives_back: whether it gives the slot back between two passes.
    """
    if not gives_back:
        return now - held_since >= LONGEST_HELD
    return run_began is not None and now - run_began > LONGEST_RUN


def _waiting(healer: Healer) -> list[Incident]:
    """Open incidents that no healer run leads; whoever was handed one just now gets a moment to claim it."""
    overdue = {item.id for item in healer.store.unsettled(healer.now() - PATIENCE)}
    return [
        item
        for item in healer.store.unsettled(healer.now() - GRACE)
        if item.state is State.OPEN and (item.id in overdue or not (_is_started(item) or _is_on_its_way(healer, item)))
    ]


def _of_this_pass(healer: Healer, found: Sequence[str]) -> list[Incident]:
    """Open incidents of nothing but what this pass found: no callback started a healer run for them, and none will."""
    fresh = healer.now() - GRACE
    open_incidents = healer.store.open_incidents() if found else ()
    return [
        item
        for item in open_incidents
        if item.state is State.OPEN
        and not _is_started(item)
        and item.opened_at is not None
        and item.opened_at >= fresh  # an older one is among those that wait
        and set(item.failures) <= set(found)
    ]


def _is_started(incident: Incident) -> bool:
    noted = incident.last.get(Noted)
    return noted is not None and noted.text == STARTED


def _is_on_its_way(healer: Healer, incident: Incident) -> bool:
    """Whether the healer run that a callback started still waits for its turn, as it does where every worker is busy."""
    handed = [item for item in healer.store.failures(incident.id) if item.heals and item.origin is Origin.CALLBACK]
    names = {run_id(healer_run_key(item, episode_of(item.key)), item.key.try_number) for item in handed}
    return any(_is_to_come(healer, name) for name in sorted(names))


def _is_to_come(healer: Healer, name: str) -> bool:
    try:
        return healer.airflow.run_state(healer.healer_dag_id, name) in ("queued", "running")
    except HarnessError:  # there is no such run, or Airflow does not say
        return False


def _abandoned(healer: Healer) -> list[Incident]:
    """Incidents whose healer run is gone: nothing happened for longer than all that it may wait for."""
    limits = healer.limits
    allowed = healer.now() - limits.approval - limits.verify
    silent = healer.store.unsettled(allowed - LONGEST_DELAY)
    gone = [item for item in silent if item.state is not State.OPEN and not _still_waits(item, allowed)]
    quiet = [item for item in healer.store.unsettled(healer.now() - PATIENCE) if item.state is not State.OPEN]
    return gone + [item for item in quiet if item not in gone and _led_by_nobody(healer, item)]


def _led_by_nobody(healer: Healer, incident: Incident) -> bool:
    """Whether the run that leads an incident has ended, or is none that Airflow knows: whoever claims must also live."""
    try:
        return healer.airflow.run_state(healer.healer_dag_id, incident.leader) in ("success", "failed")
    except HarnessUnavailable:
        return False
    except HarnessError:
        return True


def _still_waits(incident: Incident, allowed: datetime) -> bool:
    judged = incident.last.get(Judged)
    return judged is not None and judged.due is not None and datetime.fromisoformat(judged.due) > allowed


def _end(healer: Healer, incident: Incident) -> str:
    settle(healer, incident)
    return incident.id


def _heals(failures: Sequence[Failure]) -> bool:
    return any(failure.heals for failure in failures)


def _start(healer: Healer, incident: Incident) -> str:
    start_next(healer, incident)
    return incident.id


def _spooled(healer: Healer) -> list[str]:
    """Failures that a callback could not record."""
    found = []
    for failure in healer.spool.waiting():
        if healer.store.record(failure, healer.new_id()):
            found.append(str(failure.key))
        healer.spool.forget(failure)
    return found


def _unreported(healer: Healer, enrolled: set[str], since: datetime) -> list[Failure]:
    settled = healer.now() - GRACE
    failed = [
        task
        for task in healer.airflow.failed_tasks(since)
        if task.dag_id in enrolled and (task.end_date is None or task.end_date <= settled)
    ]
    known = healer.store.known([str(key_of(task)) for task in failed])
    unknown = [task for task in failed if str(key_of(task)) not in known]
    waiting = healer.store.undecided(
        [str(key_of(task)) for task in unknown]
    )  # a later pass believes or sets them aside
    missed = [task for task in unknown if str(key_of(task)) not in waiting]
    by_hand = healer.airflow.marked_by_hand(missed)
    return [_of_task(healer, task, by_hand=task.instance in by_hand) for task in missed]


def _enrolled(healer: Healer) -> set[str]:
    return set(healer.airflow.enrolled_dags()) - {healer.healer_dag_id}


def key_of(task: TaskState) -> TryKey:
    """The try that a task instance is in."""
    return TryKey(
        dag_id=task.dag_id,
        run_id=task.run_id,
        task_id=task.task_id,
        map_index=task.map_index,
        try_number=task.try_number,
    )


def _of_task(healer: Healer, task: TaskState, *, by_hand: bool) -> Failure:
    return Failure(
        key=key_of(task),
        kind=FailureKind.MARKED_FAILED if by_hand else FailureKind.UNREPORTED,
        origin=Origin.RECONCILER,
        occurred_at=task.end_date or healer.now(),
        operator=task.operator,
        hostname=task.hostname,
        max_tries=task.max_tries,
        missing=("exception", "why no callback ran"),
    )


def _failed_runs(healer: Healer, enrolled: set[str], since: datetime) -> list[Failure]:
    """Runs that failed although none of their tasks did: no callback of a task speaks for them."""
    settled = healer.now() - GRACE
    failed = [
        _of_run(run)
        for run in healer.airflow.failed_runs(since)
        if run.dag_id in enrolled and (run.ended_at is None or run.ended_at <= settled)
    ]
    known = healer.store.known([failure.identity for _, failure in failed])
    unseen = [(run, failure) for run, failure in failed if failure.identity not in known]
    return [found for run, failure in unseen if (found := _explained(healer, run, failure)) is not None]


def _of_run(run: RunState) -> tuple[RunState, Failure]:
    cancelled = run.of_backfill and run.started_at is None  # a cancelled backfill fails the runs that still wait
    at = run.ended_at or run.queued_at or run.started_at
    assert at is not None, "Airflow queues a run before it fails it"
    failure = Failure(
        key=TryKey(dag_id=run.dag_id, run_id=run.run_id, task_id=""),
        kind=FailureKind.CANCELLED if cancelled else FailureKind.RUN_FAILED,
        origin=Origin.RECONCILER,
        occurred_at=at,
        missing=() if cancelled else ("exception", "which task was at fault"),
    )
    return run, failure


def _explained(healer: Healer, run: RunState, failure: Failure) -> Failure | None:
    """The run's failure with what Airflow knows of it; None where a failed task speaks for it, or it runs again."""
    if failure.kind is FailureKind.CANCELLED:
        return failure
    if any(task.state == "failed" for task in healer.airflow.tasks(run.dag_id, run.run_id)):
        return None
    if healer.airflow.run_state(run.dag_id, run.run_id) != "failed":
        return None  # it was cleared after the list was read: its tasks had failed then
    if healer.airflow.run_marked_by_hand(run):
        return replace(failure, kind=FailureKind.MARKED_FAILED, missing=())
    limit = healer.airflow.dag(run.dag_id).run_timeout
    took = run.ended_at - run.started_at if run.ended_at and run.started_at else None
    if limit is None or took is None or took < limit:
        return failure
    text = f"the run took {took.total_seconds():.0f} s; its dagrun_timeout is {limit.total_seconds():.0f} s"
    return replace(failure, detail={"timed_out": text}, missing=("which task was slow",))


def _broken_files(healer: Healer) -> list[Failure]:
    """Dag files that cannot be imported: nothing of them runs, and no callback can say so."""
    failures = [_of_file(broken) for broken in healer.airflow.broken_files()]
    known = healer.store.known([failure.identity for failure in failures])
    return [failure for failure in failures if failure.identity not in known]


def _of_file(broken: BrokenFile) -> Failure:
    trace = _SHOWN.redact(broken.stack_trace[-2 * LONGEST_TRACE :])[-LONGEST_TRACE:]
    kind, _, message = trace.strip().rpartition("\n")[2].partition(":")
    dag_id = broken.dag_ids[0] if broken.dag_ids else broken.file.rpartition("/")[2]
    return Failure(
        key=TryKey(dag_id=dag_id, run_id=f"import_error__{broken.id}", task_id=""),
        kind=FailureKind.IMPORT_ERROR,
        origin=Origin.RECONCILER,
        occurred_at=broken.at,
        chain=(
            ErrorLink(type=kind.strip()[:LONGEST_NAME] or "ImportError", message=message.strip()[:LONGEST_MESSAGE]),
        ),
        detail={"file": broken.file, "stack_trace": trace},
    )


_CLOSES = {
    FailureKind.QUARANTINED: (Outcome.NOTED, "published without the rows that are in quarantine"),
    FailureKind.SKIPPED: (Outcome.NOTED, "skipped since its source was late"),
    FailureKind.MARKED_FAILED: (Outcome.SUPERSEDED, "a person set this state"),
    FailureKind.CANCELLED: (Outcome.NOTED, "its backfill was cancelled before it ran"),
}


def _note(healer: Healer, incident: Incident, failures: Sequence[Failure]) -> list[str]:
    """Close what is no failure to heal, with a note where Airflow's users see it."""
    for failure in failures:
        why = _CLOSES[failure.kind][1]
        said = code(_SHOWN.redact(failure.detail.get("text", ""))) if failure.detail.get("text") else why
        text = f"airflow-provider-harness: incident {incident.id}: {said}"
        if failure.kind in NOTICES:
            text += _noted_in_airflow(healer, failure.key, text)
        healer.record(incident.id, Noted(text=text))
    outcome, why = _CLOSES[failures[0].kind]
    close(healer, healer.store.incident(incident.id), outcome, why)
    return [str(failure.key) for failure in failures]


#: States in which a task says of itself what it set aside or left out; one that failed reports a failure.
_SAYS_SO = frozenset({"running", "success", "skipped", "deferred", "up_for_reschedule"})


def _noted_in_airflow(healer: Healer, key: TryKey, text: str) -> str:
    """Write the note; empty, or what to add where it was not written.

    Any task may insert a notice about any other, so it is written only at a task of an enrolled Dag that is in this try and did
    not fail, and only where the harness acts at all.
    """
    if not healer.limits.acting():
        return " (not noted in Airflow: the harness does not act, so it writes nothing)"
    if key.dag_id not in _enrolled(healer):
        return " (not noted in Airflow: its Dag is not enrolled)"
    try:
        task = healer.airflow.task(key.dag_id, key.run_id, key.task_id, key.map_index)
        if task.try_number != key.try_number or task.state not in _SAYS_SO:
            return f" (not noted in Airflow: the task is {task.state or 'without state'} in try {task.try_number})"
        healer.airflow.note(task, text)
    except NotAllowed as refusal:
        return f" (not noted in Airflow: {one_line(refusal.reason)})"
    return ""
