"""Believe reports that Airflow confirms, give them their incidents, and tell on-call again where one makes an incident worse.

A row of the store's failures can be written by any task: it is somebody's text. That a try failed, of which Dag, and when, is
what Airflow says; what only the reconciler may say, it sealed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from airflow_provider_harness.app.oncall.escalate import worsened
from airflow_provider_harness.app.ports.airflow import TaskState
from airflow_provider_harness.app.ports.healing import Healer
from airflow_provider_harness.core.diagnosis.failure import NOTICES, Failure, FailureKind, Origin, TryKey
from airflow_provider_harness.core.diagnosis.reported import Reported
from airflow_provider_harness.core.errors import HarnessError, HarnessUnavailable, NotAllowed
from airflow_provider_harness.core.incidents.grouping import root_failure
from airflow_provider_harness.core.incidents.incident import Incident

#: Reports that are looked at together: one transaction, and one question to Airflow where there are many.
BATCH = 1_000
#: Reports that one pass gives their incidents; some 20 s of work.
MOST_AT_ONCE = 10_000
#: From so many runs on, Airflow is asked once for all that failed instead of run by run.
MANY_RUNS = 20
#: How long Airflow may take to say that a try failed which was reported; its callback ends within half a minute.
PATIENCE = timedelta(hours=1)
_FAILED = "failed"
_OVER = frozenset({"success", "skipped", "upstream_failed", "removed"})


def group_failures(healer: Healer, handed: str = "", most: int = MOST_AT_ONCE) -> None:
    """Reports that Airflow confirms join the incident in hand that has their cause, or open one.

    What a person was paged about and has mended since is let go first: the same failure again is news then.

    :param handed: the incident id of a report that does not wait behind others.
    :param most: when so many found their incident, the others wait for the next pass: a storm of one cause keeps no page of
        another cause waiting.
    """
    for incident in healer.store.awaiting_person():
        if not _still_broken(healer, incident):
            healer.store.stop_grouping(incident.id)
    joined, found, view = set[str](), 0, _View(healer)
    for batch in _batches(healer, handed):
        new = healer.store.intake(healer.now(), view.believed(batch))
        joined |= {item.incident_id for item in new if not item.opened and item.failure.heals}
        if (found := found + len(new)) >= most:
            break
    for name in sorted(joined):
        incident = healer.store.incident(name)
        if incident.said:
            worsened(healer, incident)


def _batches(healer: Healer, handed: str) -> Iterator[Sequence[Reported]]:
    """What waits, oldest first; the report that was handed over is in the first batch."""
    mine, last = healer.store.handed(handed) if handed else (), None
    while batch := healer.store.waiting(BATCH, last):
        keys = {item.key for item in batch}
        yield [*batch, *(item for item in mine if item.key not in keys)]
        mine, last = (), batch[-1]


def waits(healer: Healer, incident_id: str) -> bool:
    """Whether the report that was handed over with this id is neither believed nor set aside yet."""
    return bool(healer.store.handed(incident_id))


@dataclass(slots=True)
class _View:
    """What Airflow says of the reports of one pass; each Dag, run and list of failures is asked for once."""

    healer: Healer
    enrolled: dict[str, bool] = field(default_factory=dict)
    runs: dict[str, Mapping[tuple[str, int], TaskState]] = field(default_factory=dict)
    listed: Mapping[tuple[str, str, str, int], TaskState] | None = None

    def believed(self, batch: Sequence[Reported]) -> list[Reported]:
        """The reports that are true, each with the moment that Airflow tells; what is not is set aside, what may be waits."""
        self._look_at_many(batch)
        states = [None if item.failure.origin is Origin.RECONCILER else self._state(item.failure.key) for item in batch]
        by_hand = self.healer.airflow.marked_by_hand([state for state in states if state and state.state == _FAILED])
        good, bad = [], []
        for item, state in zip(batch, states, strict=True):
            why = self._against(item, state)
            if why is None and state is not None and _is_marked(item.failure, state, by_hand):
                why = "a person set this state"
            if why is None:
                ended = state.end_date if state and state.try_number == item.failure.key.try_number else None
                at = item.failure.occurred_at if state is None else ended or item.recorded_at or self.healer.now()
                good.append(replace(item, failure=replace(item.failure, occurred_at=at)))
            elif why or self._stale(item):
                bad.append((item, why or "Airflow did not say within an hour that this try failed"))
        if bad:
            self.healer.store.set_aside(bad, self.healer.now())
        return good

    def _against(self, item: Reported, state: TaskState | None) -> str | None:
        """Why a report is not believed; empty where that is not known yet, None where it is believed."""
        key = item.failure.key
        if item.failure.origin is Origin.RECONCILER:
            return None
        if not key.task_id or key.try_number < 1:
            return "it names no try of a task"
        if not self._enrolled(key.dag_id):
            return f"Dag {key.dag_id} is not enrolled"
        if state is None:
            return "Airflow knows no such task instance"
        if key.try_number > state.try_number:
            return f"Airflow has had {state.try_number} tries of it"
        if item.failure.kind in NOTICES:
            return None
        return self._of_try(key, state)

    def _of_try(self, key: TryKey, state: TaskState) -> str | None:
        if key.try_number == state.try_number and state.state == _FAILED:
            return None
        if key.try_number == state.try_number and state.state in _OVER:
            return f"Airflow says that this try is {state.state}"
        ended = self._ended(key) if key.try_number < state.try_number or not state.state else ""
        if ended:
            return None if ended == _FAILED else f"Airflow says that this try ended as {ended}"
        return ""

    def _ended(self, key: TryKey) -> str:
        try:
            return self.healer.airflow.tried(key)
        except NotAllowed:
            return ""  # Airflow keeps none of that number

    def _enrolled(self, dag_id: str) -> bool:
        if not self.enrolled:
            self.enrolled = dict.fromkeys(self.healer.airflow.enrolled_dags(), True)
        if dag_id not in self.enrolled:
            self.enrolled[dag_id] = self.healer.airflow.enrolled(dag_id)
        return self.enrolled[dag_id] and dag_id != self.healer.healer_dag_id

    def _look_at_many(self, batch: Sequence[Reported]) -> None:
        """Ask once for all that failed lately, where the reports are of many runs; older reports come first."""
        if self.listed is not None or len({item.failure.key.run for item in batch} - set(self.runs)) < MANY_RUNS:
            return
        since = min((item.recorded_at for item in batch if item.recorded_at), default=self.healer.now()) - PATIENCE
        self.listed = {one.instance: one for one in self.healer.airflow.failed_tasks(since)}

    def _state(self, key: TryKey) -> TaskState | None:
        """The task instance as it is now; None where Airflow knows none."""
        if self.listed and key.task_instance in self.listed:
            return self.listed[key.task_instance]
        if key.run not in self.runs:
            try:
                tasks = self.healer.airflow.tasks(key.dag_id, key.run_id)
            except HarnessUnavailable:
                raise
            except HarnessError:
                tasks = ()
            self.runs[key.run] = {(one.task_id, one.map_index): one for one in tasks}
        return self.runs[key.run].get((key.task_id, key.map_index))

    def _stale(self, item: Reported) -> bool:
        """Whether Airflow had long enough to say what became of the try; also where nobody knows since when."""
        now = self.healer.now()
        return item.recorded_at is None or not now - PATIENCE <= item.recorded_at <= now + PATIENCE


def _is_marked(failure: Failure, state: TaskState, by_hand: set[tuple[str, str, str, int]]) -> bool:
    """Whether a person failed the very try that was reported."""
    this_try = failure.key.try_number == state.try_number and state.state == _FAILED
    return this_try and failure.kind not in NOTICES and state.instance in by_hand


def _still_broken(healer: Healer, incident: Incident) -> bool:
    """Whether the first task that failed is as it failed; in doubt it is not, since a page too many harms less."""
    failures = [failure for failure in healer.store.failures(incident.id) if failure.heals]
    if not failures:
        return False
    first = root_failure(failures)
    if first.kind is FailureKind.QUIET:
        return True  # only a person says that the data are right
    key = first.key
    try:
        if not key.task_id:
            return healer.airflow.run_state(key.dag_id, key.run_id) == "failed"
        task = healer.airflow.task(key.dag_id, key.run_id, key.task_id, key.map_index)
    except HarnessError:
        return False
    return task.state == "failed" and task.try_number == key.try_number
