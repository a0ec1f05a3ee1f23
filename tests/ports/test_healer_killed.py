"""The healer is killed with -9 at every boundary of its store, of Airflow and of the pager: the incident still ends once, and
nothing is done twice.

The store is real (SQLite, PostgreSQL), and so are the processes and the signal; Airflow and the pager are fakes whose
effects outlive the process. Airflow's part is played as it would: the task that died is tried again, and what follows it.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_harness.adapters.store.incidents import SqlIncidentStore, open_engine
from airflow_provider_harness.adapters.store.ulid import ulid
from airflow_provider_harness.app.healing import act, verify
from airflow_provider_harness.app.healing import diagnose as heal
from airflow_provider_harness.app.oncall import approve, escalate
from airflow_provider_harness.app.ports.airflow import Answer, TaskState
from airflow_provider_harness.app.ports.healing import Healer, Page
from airflow_provider_harness.app.ports.store import Approval, AskState, Joined
from airflow_provider_harness.core.diagnosis.reported import Reported
from airflow_provider_harness.core.incidents.circuit_breaker import BreakerLimits
from airflow_provider_harness.core.incidents.events import Event, EventKind, Judged, Outcome, Settled
from airflow_provider_harness.core.incidents.incident import Incident, State
from airflow_provider_harness.core.policy.policy import VerdictKind
from tests.unit.app.fakes import KEY, START, FakeAirflow, FakePager, failure, policy_of, task, world

AUDIT_KEY = b"k" * 32
MOST_RUNS = 3


class Boundaries:
    """Counts the places where a process can die, and dies at one of them."""

    def __init__(self, die_at: int) -> None:
        self._die_at, self._passed = die_at, 0

    def __call__(self) -> None:
        self._passed += 1
        if self._passed == self._die_at:
            os.kill(os.getpid(), signal.SIGKILL)


class MortalStore(SqlIncidentStore):
    """The real store with a boundary before and after each step of each of its transactions."""

    boundary: Callable[[], None]

    def _append(self, *given: Any, **named: Any) -> Incident:
        self.boundary()
        after = super()._append(*given, **named)
        self.boundary()
        return after

    def append(self, *events: Event) -> None:
        super().append(*events)
        self.boundary()

    def intake(self, now: datetime, believed: Sequence[Reported]) -> Sequence[Joined]:
        joined = super().intake(now, believed)
        self.boundary()
        return joined

    def reserve_act(self, *given: Any, **named: Any) -> bool:
        reserved = super().reserve_act(*given, **named)
        self.boundary()
        return reserved

    def ask(self, approval: Approval) -> None:
        super().ask(approval)
        self.boundary()

    def use_approval(self, approval: Approval, now: datetime) -> AskState:
        used = super().use_approval(approval, now)
        self.boundary()
        return used


class Memory:
    """Lines of a file, which outlive the process that wrote them."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def add(self, line: str) -> None:
        with self._path.open("a") as file:
            file.write(f"{line}\n")

    def lines(self) -> list[str]:
        return self._path.read_text().splitlines() if self._path.exists() else []


class LastingAirflow(FakeAirflow):
    """A cleared task succeeds, if ``cures`` says so; what was written stays written."""

    def __init__(self, memory: Memory, boundary: Callable[[], None], run_id: str, cures: bool) -> None:
        super().__init__(said=Answer(answered=True, chosen=(approve.APPROVE,), by="oncall", seconds=60.0))
        self.memory, self.boundary, self._run_id, self._cures = memory, boundary, run_id, cures

    def _write(self, *call: Any) -> None:
        self.boundary()
        self.memory.add(" ".join(map(str, call)))
        self.boundary()

    @property
    def _cleared(self) -> bool:
        return any(line.startswith("clear ") for line in self.memory.lines())

    def tasks(self, dag_id: str, run_id: str) -> Sequence[TaskState]:
        well = self._cleared and self._cures
        state, tried = ("success" if well else "failed"), (2 if self._cleared else 1)
        return [task(run_id=run_id, state=state, try_number=tried)]

    def task(self, dag_id: str, run_id: str, task_id: str, map_index: int = -1) -> TaskState:
        return self.tasks(dag_id, run_id)[0]

    def run_state(self, dag_id: str, run_id: str) -> str:
        return "success" if self._cleared and self._cures else "failed"

    def start(self, incident_id: str, episode: str, number: int) -> bool:
        name = f"start heal__{number}"
        if name in self.memory.lines():
            return False
        self._write(name)
        return True


class LastingPager(FakePager):
    def __init__(self, memory: Memory, boundary: Callable[[], None]) -> None:
        super().__init__()
        self._memory, self._boundary = memory, boundary

    def trigger(self, page: Page) -> None:
        self._boundary()
        self._memory.add(f"page {page.dedup_key}")
        self._boundary()


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One incident that is healed by processes that die.

    :param verdict: what the policy says of every act.
    :param cures: whether clearing the task helps.
    """

    url: str
    folder: Path
    number: int
    verdict: VerdictKind
    cures: bool

    @property
    def run_id(self) -> str:
        return f"run{self.number}-{self.verdict}-{self.cures}"

    @property
    def done(self) -> Memory:
        return Memory(self.folder / f"{self.run_id}.airflow")

    @property
    def stages(self) -> Memory:
        return Memory(self.folder / f"{self.run_id}.stages")

    def healer(self, boundary: Callable[[], None]) -> Healer:
        given = world().healer
        store = MortalStore(open_engine(self.url), AUDIT_KEY)
        store.boundary = boundary
        return replace(
            given,
            store=store,
            airflow=LastingAirflow(self.done, boundary, self.run_id, self.cures),
            pager=LastingPager(self.done, boundary),
            policy=policy_of(self.verdict),
            limits=replace(given.limits, brakes=BreakerLimits(recurrences=10**6, breaker=10**6)),
            now=lambda: START + len(self.stages.lines()) * timedelta(minutes=2),
            new_id=lambda: ulid(START),
        )

    def open(self, store: SqlIncidentStore) -> str:
        store.record(failure(key=replace(KEY, run_id=self.run_id)), ulid(START))
        return store.intake(START, store.waiting())[-1].incident_id

    def work(self, incident_id: str, die_at: int) -> None:
        """What Airflow runs: each stage of each healer run that is not done yet, in order."""
        healer = self.healer(Boundaries(die_at))
        for run in range(1, MOST_RUNS + 1):
            for name, stage in STAGES.items():
                if f"{run} {name}" not in self.stages.lines():
                    stage(healer, incident_id, f"heal__{run}")
                    self.stages.add(f"{run} {name}")
            if healer.store.incident(incident_id).state is State.CLOSED:
                return


def _mine(healer: Healer, incident_id: str, run: str, *states: State) -> Incident | None:
    """As ``dags.healer`` has it: the incident, if this run leads it and it is in one of these states."""
    incident = healer.store.incident(incident_id)
    return incident if incident.leader == run and incident.state in states else None


def _diagnose(healer: Healer, incident_id: str, run: str) -> None:
    if heal.claim(healer, incident_id, run):
        heal.diagnose(healer, incident_id)


def _decide(healer: Healer, incident_id: str, run: str) -> None:
    if _mine(healer, incident_id, run, State.DIAGNOSED, State.JUDGED):
        heal.decide(healer, incident_id)


def _ask(healer: Healer, incident_id: str, run: str) -> None:
    incident = _mine(healer, incident_id, run, State.JUDGED, State.ASKED)
    if incident and incident.last[Judged].verdict == VerdictKind.ASK:
        approve.question(healer, incident, act.proposal_of(incident), run)


def _verify(healer: Healer, incident_id: str, run: str) -> None:
    incident = _mine(healer, incident_id, run, State.VERIFYING)
    if incident and Settled not in incident.last:
        verify.verify(healer, incident)


def _close(healer: Healer, incident_id: str, run: str) -> None:
    if incident := _mine(healer, incident_id, run, *(set(State) - {State.CLOSED, State.TAKEN})):
        escalate.settle(healer, incident)


STAGES: dict[str, Callable[[Healer, str, str], object]] = {
    "diagnose": _diagnose,
    "decide": _decide,
    "approve": _ask,
    "act": act.act,
    "verify": _verify,
    "close": _close,
}


def in_a_process(work: Callable[[], None]) -> bool:
    """Run this in a process of its own; False where it was killed."""
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException:  # noqa: BLE001  the child must not go on as a second pytest
            os._exit(1)
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in (0, -signal.SIGKILL), f"the healer failed with {code}"
    return code == 0


@pytest.fixture
def store(url: str) -> Iterator[SqlIncidentStore]:
    engine = open_engine(url)
    yield SqlIncidentStore(engine, AUDIT_KEY)
    engine.dispose()


@pytest.fixture
def url(store_url: str) -> str:
    return store_url


@pytest.mark.parametrize("store_url", [pytest.param("sqlite", marks=pytest.mark.slow), "postgresql"], indirect=True)
@pytest.mark.parametrize(
    ("verdict", "cures"),
    [
        (VerdictKind.APPROVE, True),
        pytest.param(VerdictKind.APPROVE, False, marks=pytest.mark.slow),
        (VerdictKind.ASK, True),
    ],
)
def test_killed_at_every_boundary(
    store: SqlIncidentStore, url: str, tmp_path: Path, verdict: VerdictKind, cures: bool
) -> None:
    outcomes: set[Outcome | None] = set()
    for die_at in range(1, 200):
        trial = Trial(url=url, folder=tmp_path, number=die_at, verdict=verdict, cures=cures)
        incident_id = trial.open(store)
        survived = in_a_process(lambda: trial.work(incident_id, die_at))  # noqa: B023  it is called now
        if not survived:
            assert in_a_process(lambda: trial.work(incident_id, 0))  # noqa: B023
        kinds = [event.kind for event in store.events(incident_id)]
        written = [line for line in trial.done.lines() if line.startswith("clear ")]
        assert kinds.count(EventKind.CLOSED) == 1 and kinds[-1] is EventKind.CLOSED, (die_at, kinds)
        assert kinds.count(EventKind.ACT_STARTED) <= 1 and len(written) <= 1, (die_at, written)
        outcomes.add(store.incident(incident_id).outcome)
        if survived:
            break
    else:
        pytest.fail("it never came to an end without dying")
    assert die_at > 20  # the boundaries were walked, not skipped
    assert (Outcome.RECOVERED in outcomes) is cures
    assert store.audit_break() is None
