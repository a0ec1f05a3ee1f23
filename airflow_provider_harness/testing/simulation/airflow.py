"""The Airflow that the healer of a simulation speaks to: the simulation's own runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from airflow_provider_harness.app.ports.airflow import Answer, BrokenFile, DagFacts, RunState, TaskState
from airflow_provider_harness.app.ports.diagnosis import PastTry
from airflow_provider_harness.core.diagnosis.failure import SchedulerWord, TryKey
from airflow_provider_harness.core.errors import NotAllowed
from airflow_provider_harness.testing.simulation.runs import Run, run_state, task_state

if TYPE_CHECKING:
    from airflow_provider_harness.testing.simulation.simulation import Simulation

URL = "http://airflow"
"""Where the links of pages lead."""


class SimulatedAirflow:
    """Implements ``app.ports.airflow.Airflow``; nobody answers a question, and nobody sets a state by hand."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._dag = simulation.dag

    def account(self) -> str:
        return "harness"

    def dag(self, dag_id: str) -> DagFacts:
        self._mine(dag_id)
        tasks = {task.task_id: task for task in self._dag.tasks}
        return DagFacts(
            dag_id=dag_id,
            paused=self._simulation.paused,
            tags=tuple(sorted(map(str, self._dag.tags))),
            owners=tuple(sorted({str(task.owner) for task in tasks.values()})),
            fileloc=str(self._dag.fileloc),
            downstream={name: tuple(sorted(task.downstream_task_ids)) for name, task in tasks.items()},
            owners_of={name: (str(task.owner),) for name, task in tasks.items()},
            run_timeout=self._dag.dagrun_timeout,
        )

    def run_state(self, dag_id: str, run_id: str) -> str:
        if dag_id == self._simulation.healer_dag_id:
            return self._simulation.healing.run_state(run_id)
        return self._run(dag_id, run_id).state

    def from_task(self, run_id: str) -> bool:
        return True

    def tasks(self, dag_id: str, run_id: str) -> Sequence[TaskState]:
        run = self._run(dag_id, run_id)
        return [task_state(dag_id, run, name) for name in run.tasks]

    def task(self, dag_id: str, run_id: str, task_id: str, map_index: int = -1) -> TaskState:
        run = self._run(dag_id, run_id)
        if task_id not in run.tasks:
            raise NotAllowed(f"Airflow knows no task {task_id} of {run_id}")
        return task_state(dag_id, run, task_id)

    def log(self, state: TaskState, try_number: int) -> bytes:
        tries = self._run(state.dag_id, state.run_id).tasks[state.task_id].tries
        return tries[try_number - 1].said if 0 < try_number <= len(tries) else b""

    def scheduler_said(self, key: TryKey) -> SchedulerWord | None:
        tries = self._run(key.dag_id, key.run_id).tasks[key.task_id].tries
        killed = 0 < key.try_number <= len(tries) and tries[key.try_number - 1].killed
        return SchedulerWord.KILLED if killed else None

    def succeeded(self, dag_id: str, task_id: str) -> bool:
        return any(one.state == "success" for run in self._runs() for one in run.tasks[task_id].tries)

    def failed_tasks(self, since: datetime) -> Sequence[TaskState]:
        return [
            task_state(self._dag.dag_id, run, name)
            for run in self._runs()
            for name, found in run.tasks.items()
            if found.state == "failed" and found.end_date is not None and found.end_date >= since
        ]

    def failed_runs(self, since: datetime) -> Sequence[RunState]:
        return [
            run_state(self._dag.dag_id, run)
            for run in self._runs()
            if run.state == "failed" and run.ended is not None and run.ended >= since
        ]

    def runs(self, dag_id: str, since: datetime) -> Sequence[RunState]:
        found = [run for run in self._runs() if run.info.run_after >= since]
        return [run_state(dag_id, run) for run in reversed(found)][:100]

    def asset_updated(self, uri: str) -> datetime | None:
        return None

    def past_tries(self, dag_id: str, task_id: str, limit: int) -> Sequence[PastTry]:
        """See ``adapters.evidence.history.Airflow``."""
        found = [run for run in self._runs() if task_id in run.tasks and run.tasks[task_id].tries]
        return [_past(run, task_id) for run in reversed(found)][:limit]

    def enrolled(self, dag_id: str) -> bool:
        return dag_id in self.enrolled_dags()

    def enrolled_dags(self) -> Sequence[str]:
        return (self._dag.dag_id,)

    def tried(self, key: TryKey) -> str:
        run = self._run(key.dag_id, key.run_id)
        tries = run.tasks[key.task_id].tries if key.task_id in run.tasks else []
        if not 0 < key.try_number <= len(tries):
            raise NotAllowed(f"Airflow knows no try {key.try_number} of {key.task_id}")
        state = tries[key.try_number - 1].state
        return "" if state == "running" else state

    def marked_by_hand(self, states: Sequence[TaskState]) -> set[tuple[str, str, str, int]]:
        return set()

    def run_marked_by_hand(self, run: RunState) -> bool:
        return False

    def answer(self, dag_id: str, run_id: str, task_id: str) -> Answer:
        return Answer(answered=False)

    def required_action_url(self, dag_id: str, run_id: str, task_id: str) -> str:
        return f"{self.run_url(dag_id, run_id)}/tasks/{task_id}/required_actions"

    def clear(self, state: TaskState, note: str) -> int:
        run = self._run(state.dag_id, state.run_id)
        if run.tasks[state.task_id].state != "failed":
            raise NotAllowed(f"task {state.task_id} is {run.tasks[state.task_id].state or 'without state'}, not failed")
        return self._simulation.clear(run, [state.task_id, *self._below(state.task_id)])

    def clear_failed(self, dag_id: str, run_id: str, note: str) -> int:
        run = self._run(dag_id, run_id)
        failed = [name for name, found in run.tasks.items() if found.state in ("failed", "upstream_failed")]
        return self._simulation.clear(run, [one for name in failed for one in (name, *self._below(name))])

    def backfill(self, dag_id: str, first: datetime, last: datetime) -> int:
        return self._simulation.backfill(first, last)

    def backfill_of(self, dag_id: str, first: datetime, last: datetime, since: datetime) -> int | None:
        return self._simulation.backfills.get((first, last))

    def backfill_done(self, backfill_id: int) -> bool:
        return all(run.state != "running" for run in self._runs() if run.backfill == backfill_id)

    def pause(self, dag_id: str) -> None:
        self._simulation.paused = True

    def note(self, state: TaskState, text: str) -> None:
        """Nobody reads it."""

    def note_run(self, run_id: str, text: str) -> None:
        """Nobody reads it."""

    def broken_files(self) -> Sequence[BrokenFile]:
        return ()

    def health(self) -> Mapping[str, str]:
        return dict.fromkeys(("metadatabase", "scheduler", "dag_processor", "triggerer"), "healthy")

    def start(self, incident_id: str, episode: str, number: int) -> bool:
        from airflow_provider_harness.core.incidents.incident import run_id

        return self._simulation.healing.start(incident_id, run_id(episode, number))

    def import_errors_url(self) -> str:
        return f"{URL}/dags"

    def run_url(self, dag_id: str, run_id: str) -> str:
        return f"{URL}/dags/{dag_id}/runs/{run_id}"

    def incident_url(self, incident_id: str) -> str:
        return f"{URL}/plugin/harness/incidents/{incident_id}"

    def dag_url(self, dag_id: str) -> str:
        return f"{URL}/dags/{dag_id}"

    def _mine(self, dag_id: str) -> None:
        if dag_id != self._dag.dag_id:
            raise NotAllowed(f"Airflow knows no Dag {dag_id}")

    def _run(self, dag_id: str, run_id: str) -> Run:
        self._mine(dag_id)
        if run_id not in self._simulation.runs:
            raise NotAllowed(f"Airflow knows no run {run_id}")
        return self._simulation.runs[run_id]

    def _runs(self) -> Iterator[Run]:
        yield from self._simulation.runs.values()

    def _below(self, task_id: str) -> list[str]:
        return sorted(self._dag.get_task(task_id).get_flat_relative_ids(upstream=False))


def _past(run: Run, task_id: str) -> PastTry:
    found = run.tasks[task_id]
    last = found.tries[-1]
    seconds = (
        (found.end_date - last.at) / timedelta(seconds=1) if found.end_date and found.end_date >= last.at else None
    )
    return PastTry(
        run_id=run.id,
        map_index=-1,
        state=found.state,
        try_number=len(found.tries),
        run_after=run.info.run_after,
        started_at=last.at,
        seconds=seconds,
        dag_version=None,
    )
