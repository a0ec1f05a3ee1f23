"""``python -m tests.faults.fleet``: 30 pipelines for 24 simulated hours, with a failure every few minutes.

The healer, its rules, its packaged policy, its store and its outbox are real; the clock is ours, and so is Airflow, whose tasks fail
from causes that are known here and end as those causes say. One person looks after what is paged, half an hour a page.
"""

from __future__ import annotations

import argparse
import heapq
import json
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from airflow_provider_harness.adapters.diagnosis.rules import RuleDiagnoser
from airflow_provider_harness.adapters.store.incidents import SqlIncidentStore, open_engine
from airflow_provider_harness.adapters.store.migrate import upgrade
from airflow_provider_harness.adapters.store.outbox import SqlOutbox
from airflow_provider_harness.adapters.store.ulid import ulid
from airflow_provider_harness.adapters.yaml_files.policy import load_policy
from airflow_provider_harness.app.healing import reconcile
from airflow_provider_harness.app.healing.capture import capture
from airflow_provider_harness.app.oncall.delivery import DEFAULT, PageDispatcher
from airflow_provider_harness.app.ports.airflow import DagFacts, TaskState
from airflow_provider_harness.app.ports.healing import GateResult, Page
from airflow_provider_harness.core.diagnosis.evidence import Evidence
from airflow_provider_harness.core.diagnosis.failure import ErrorLink, SchedulerWord, TryKey
from airflow_provider_harness.core.errors import NotAllowed
from airflow_provider_harness.core.incidents.events import Outcome, Settled
from airflow_provider_harness.core.incidents.incident import Incident, run_id
from airflow_provider_harness.testing.simulation.healing import Collected, Healing
from tests.unit.app.fakes import START, FakeAirflow, FakeGates, MemorySpool, Scripted, dag, failure, task, world

PIPELINES, TASKS = 30, 12
"""Pipelines, and tasks of each that load a table."""
EVERY = timedelta(minutes=4)
"""Between two failures, on average."""
MENDS = timedelta(minutes=30)
"""After so long the person who was paged has mended the cause and cleared the task."""
RUNS = timedelta(minutes=2)
"""A task's try."""
PEOPLE = 3
"""Whose time is there for pages, round the clock."""
OPERATOR = "PostgresLoadOperator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Why a task fails.

    :param share: of all failures.
    :param error: of the task; None: its process was killed, and no callback told.
    :param passes: another try succeeds; else only a person helps.
    """

    share: int
    error: Callable[[int], ErrorLink] | None
    passes: bool


def _error(kind: str, text: str, **more: Any) -> Callable[[int], ErrorLink]:
    return lambda number: ErrorLink(type=kind, message=text.format(n=_word(number)), **more)


def _word(number: int) -> str:
    """A name of its own, in letters: what differs in digits only is one failure that recurs, and goes to a person soon."""
    return "".join(chr(ord("a") + int(digit)) for digit in str(number))


CAUSES: Mapping[str, Cause] = {
    "deadlock": Cause(
        share=30,
        error=_error("psycopg.errors.DeadlockDetected", "deadlock detected on t{n}", sqlstate="40P01"),
        passes=True,
    ),
    "refused": Cause(
        share=30,
        error=_error(
            "psycopg.OperationalError", 'connection to server at "db{n}", port 5432 failed: Connection refused'
        ),
        passes=True,
    ),
    "lock": Cause(
        share=15,
        error=_error(
            "psycopg.errors.LockNotAvailable",
            "canceling statement due to lock timeout on t{n}",
            sqlstate="55P03",
        ),
        passes=True,
    ),
    "column": Cause(
        share=7,
        error=_error("psycopg.errors.UndefinedColumn", 'column "c{n}" does not exist', sqlstate="42703"),
        passes=False,
    ),
    "permission": Cause(
        share=6,
        error=_error("psycopg.errors.InsufficientPrivilege", "permission denied for table t{n}", sqlstate="42501"),
        passes=False,
    ),
    "bug": Cause(share=6, error=_error("KeyError", "'field_{n}'"), passes=False),
    "killed": Cause(share=6, error=None, passes=True),
}


class Airflow(FakeAirflow):
    """Tasks that end as their causes say; the fake that is held to the store's and the healer's suites, with many runs."""

    def __init__(self, fleet: Fleet) -> None:
        super().__init__(states=[], dags={f"pipe_{n}": dag(dag_id=f"pipe_{n}") for n in range(PIPELINES)})
        self.looked_after = list(self.dags)
        self.fleet, self.of = fleet, dict[tuple[str, str], TaskState]()

    def set(self, key: TryKey, state: str) -> None:
        given = {"dag_id": key.dag_id, "run_id": key.run_id, "task_id": key.task_id, "try_number": key.try_number}
        end = self.fleet.now() if state in ("failed", "success") else None
        self.of[key.dag_id, key.run_id] = task(**given, state=state, end_date=end, operator=OPERATOR)

    def _at(self, dag_id: str, name: str) -> TaskState:
        if (dag_id, name) not in self.of:
            raise NotAllowed(f"Airflow knows no run {name} of {dag_id}")
        return self.of[dag_id, name]

    def task(self, dag_id: str, run_id: str, task_id: str, map_index: int = -1) -> TaskState:
        return self._at(dag_id, run_id)

    def tasks(self, dag_id: str, run_id: str) -> Sequence[TaskState]:
        return [self._at(dag_id, run_id)]

    def failed_tasks(self, since: datetime) -> Sequence[TaskState]:
        return [one for one in self.of.values() if one.state == "failed" and one.end_date and one.end_date >= since]

    def run_state(self, dag_id: str, run_id: str) -> str:
        if dag_id != "harness_healer":
            return self._at(dag_id, run_id).state
        if run_id not in self.fleet.healing.states:
            raise NotAllowed(f"There is no run {run_id}.")
        return self.fleet.healing.run_state(run_id)

    def scheduler_said(self, key: TryKey) -> SchedulerWord | None:
        return SchedulerWord.KILLED if self.fleet.of_run[key.run_id][0] == "killed" else None

    def clear(self, state: TaskState, note: str) -> int:
        if self._at(state.dag_id, state.run_id).state != "failed":
            raise NotAllowed("It has not failed.")
        self.fleet.cleared[state.run_id] += 1
        self.fleet.again(state, by_person=False)
        return 1

    def start(self, incident_id: str, episode: str, number: int) -> bool:
        return self.fleet.healing.start(incident_id, run_id(episode, number))


class Published(FakeGates):
    """Each task publishes a slice under a contract."""

    def published(self, state: TaskState, dag: DagFacts, slice_start: datetime | None = None) -> GateResult | None:
        return GateResult(table=f"public.{state.dag_id}", slice_key=state.run_id, passed=True, text="passed", rows=1)


@dataclass(kw_only=True)
class Fleet:
    """The pipelines, and what happens to them.

    :param seed: of when which pipeline fails of what.
    :ivar of_run: run -> its cause, and when it failed first.
    :ivar cleared: run -> how often the harness cleared its task.
    """

    engine: Engine
    seed: int = 1
    at: datetime = START
    cleared: Counter[str] = field(default_factory=Counter)
    of_run: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    ended: dict[str, datetime] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._steps: list[tuple[datetime, int, Callable[[], object]]] = []
        self._count, self._chance = 0, random.Random(self.seed)
        self.airflow, self.pages = Airflow(self), Collected(self.now)
        given = world(brain=Scripted(None, Evidence()), gates=Published(), policy=load_policy("")).healer  # type: ignore[arg-type]
        self.store = SqlIncidentStore(self.engine, b"k" * 32)
        pager = PageDispatcher(
            SqlOutbox(lambda: self.engine), {DEFAULT: self.pages}, now=self.now, new_id=self.new_id, log=print
        )
        healer = replace(given, store=self.store, airflow=self.airflow, diagnoser=RuleDiagnoser(), pager=pager)
        self.healer = replace(healer, now=self.now, new_id=self.new_id)
        self.healing = Healing(self.healer, self.later)

    def now(self) -> datetime:
        return self.at

    def new_id(self) -> str:
        return ulid(self.at)

    def later(self, at: datetime, step: Callable[[], object]) -> None:
        self._count += 1
        heapq.heappush(self._steps, (at, self._count, step))

    def run(self, hours: float) -> None:
        """Failures for so long, then two hours in which everything ends."""
        end = self.at + timedelta(hours=hours)
        at, number = self.at, 0
        while at < end:
            self.later(at, lambda number=number: self._fails_first(number))  # type: ignore[misc]
            at, number = at + EVERY * self._chance.uniform(0.25, 1.75), number + 1
        for minute in range(int((hours + 2) * 60)):
            self.later(self.at + timedelta(minutes=minute), lambda: reconcile.reconcile(self.healer))
        while self._steps:
            when, _, step = heapq.heappop(self._steps)
            self.at = max(self.at, when)
            seen = len(self.pages.told)
            step()
            for _, kind, page in self.pages.told[seen:]:
                if kind == "trigger" and isinstance(page, Page):
                    self.later(self.at + MENDS, lambda key=page.dedup_key: self._mended(key))  # type: ignore[misc]

    def _fails_first(self, number: int) -> None:
        name = self._chance.choices(list(CAUSES), [cause.share for cause in CAUSES.values()])[0]
        run = f"r{number}"
        self.of_run[run] = name, self.at
        pipeline, table = self._chance.randrange(PIPELINES), self._chance.randrange(TASKS)
        self._fails(TryKey(dag_id=f"pipe_{pipeline}", run_id=run, task_id=f"load_{table}", try_number=1))

    def _fails(self, key: TryKey) -> None:
        self.airflow.set(key, "failed")
        error = CAUSES[self.of_run[key.run_id][0]].error
        if error is not None:
            told = failure(key=key, chain=(error(int(key.run_id[1:])),), occurred_at=self.at, operator=OPERATOR)
            capture(told, self.store, MemorySpool(), self.airflow, self.new_id)

    def again(self, state: TaskState, *, by_person: bool) -> None:
        """The task is cleared, and runs."""
        key = TryKey(dag_id=state.dag_id, run_id=state.run_id, task_id=state.task_id, try_number=state.try_number + 1)
        self.airflow.set(key, "running")
        well = by_person or CAUSES[self.of_run[key.run_id][0]].passes
        self.later(self.at + RUNS, lambda: self._ends(key) if well else self._fails(key))

    def _ends(self, key: TryKey) -> None:
        self.airflow.set(key, "success")
        self.ended[key.run_id] = self.at

    def _mended(self, dedup_key: str) -> None:
        """The person mends whatever the paged incident holds."""
        for incident in self.store.incidents():
            if dedup_key.endswith(incident.episode):
                for one in self.store.failures(incident.id):
                    state = self.airflow.task(one.key.dag_id, one.key.run_id, one.key.task_id)
                    if state.state == "failed":
                        self.again(state, by_person=True)


def result(fleet: Fleet) -> dict[str, Any]:
    """What became of everything; what should not be is counted under "wrong"."""
    incidents = fleet.store.incidents()
    pages = [(at, page) for at, kind, page in fleet.pages.told if kind == "trigger"]
    hours = Counter(int((at - START) / timedelta(hours=1)) for at, _ in pages)
    return {
        "failures": len(fleet.of_run),
        "causes": dict(Counter(name for name, _ in fleet.of_run.values())),
        "incidents": len(incidents),
        "outcomes": dict(Counter(str(incident.outcome) for incident in incidents)),
        "healed_alone": sum(fleet.cleared[run] > 0 for run in fleet.of_run if CAUSES[fleet.of_run[run][0]].passes),
        "recurring": sum(map(_recurs, incidents)),
        "pages": len(pages),
        "most_pages_in_an_hour": max(hours.values(), default=0),
        "people": round(len(pages) * (MENDS / timedelta(hours=1)) / hours_of(fleet), 2),
        "wrong": sorted(_wrong(fleet, incidents)),
    }


def hours_of(fleet: Fleet) -> float:
    """Hours in which tasks failed."""
    return max(1.0, (max(at for _, at in fleet.of_run.values()) - START) / timedelta(hours=1))


def _wrong(fleet: Fleet, incidents: Sequence[Incident]) -> Iterator[str]:
    captured = Counter(run for item in incidents for run in {key.split("|")[1] for key in map(str, _keys(fleet, item))})
    for run, (name, _) in fleet.of_run.items():
        if run not in fleet.ended:
            yield f"{run} ({name}) never succeeded"
        if not captured[run]:
            yield f"{run} ({name}) has no incident"
        if not CAUSES[name].passes and fleet.cleared[run]:
            yield f"{run} ({name}) was cleared, which cannot help"
        if fleet.cleared[run] > 2:
            yield f"{run} ({name}) was cleared {fleet.cleared[run]} times"
    for incident in incidents:
        if incident.outcome in (None, Outcome.UNKNOWN, Outcome.MADE_WORSE):
            yield f"incident {incident.id} ended as {incident.outcome}"
    counted = Counter(
        page.dedup_key for _, kind, page in fleet.pages.told if kind == "trigger" and isinstance(page, Page)
    )
    yield from (f"{key} was paged {times} times" for key, times in counted.items() if times > 1)
    for incident in incidents:
        names = {fleet.of_run[one.key.run_id][0] for one in fleet.store.failures(incident.id)}
        needed = _recurs(incident) or any(name == "killed" or not CAUSES[name].passes for name in names)
        paged = any(key.endswith(incident.episode) for key in counted)
        if needed != paged:
            yield f"incident {incident.id} ({', '.join(sorted(names))}): {'a page is missing' if needed else 'a needless page'}"


def _recurs(incident: Incident) -> bool:
    """Whether a person was told since this task has failed of this cause three times within a week."""
    settled = incident.last.get(Settled)
    return settled is not None and "of its kind in" in settled.text


def _keys(fleet: Fleet, incident: Incident) -> Iterator[str]:
    for one in fleet.store.failures(incident.id):
        yield f"|{one.key.run_id}|"


@contextmanager
def fleet_of(url: str, seed: int = 1) -> Iterator[Fleet]:
    """A fleet with a store there."""
    engine = open_engine(url)
    upgrade(engine)
    yield Fleet(engine=engine, seed=seed)
    engine.dispose()


def kept(found: Mapping[str, Any]) -> bool:
    """Whether everything ended rightly, and three people could look after what was paged."""
    return not found["wrong"] and found["people"] <= PEOPLE


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=24)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, fleet_of(f"sqlite:///{Path(folder)}/harness.db", given.seed) as fleet:
        fleet.run(given.hours)
        found = result(fleet)
    print(json.dumps(found, indent=2))
    return 0 if kept(found) else 1


if __name__ == "__main__":
    sys.exit(main())
