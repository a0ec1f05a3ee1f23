"""The runs of a Dag on a virtual clock: one worker, and every step in an order that the inputs alone decide."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from airflow_provider_harness import config
from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.testing.simulation import surroundings, tries
from airflow_provider_harness.testing.simulation.airflow import SimulatedAirflow
from airflow_provider_harness.testing.simulation.clock import START, VirtualClock
from airflow_provider_harness.testing.simulation.databases import Databases
from airflow_provider_harness.testing.simulation.healing import AFTER_TASKS, PASS, Collected, Healing
from airflow_provider_harness.testing.simulation.runs import OVER, Instance, Run, Try, fate, held, past, waits_for_past
from airflow_provider_harness.testing.simulation.script import Kill, Script
from airflow_provider_harness.testing.simulation.supervisor import Supervisor
from airflow_provider_harness.testing.simulation.waiting import Waiting

if TYPE_CHECKING:
    from airflow_provider_harness.testing.postgres import PostgresServer

MOST_STEPS = 100_000
"""After so many steps a simulation is taken to be one that never ends."""
_TIMED_OUT = ("__fail__", {"error": "Trigger/execution timeout"})
"""With what Airflow resumes a task whose trigger took too long."""


class Simulation:
    """A Dag on a virtual clock. Use it in a ``with`` block.

    :param dag: as its file makes it.
    :param script: what happens around it.
    :param server: where its databases are.
    :param home: an empty folder, which stands for AIRFLOW_HOME.
    :param name: of the databases' names; simulations on one server that run at the same time need different ones.
    :param settings: more variables of the environment, such as ``AIRFLOW__HARNESS__POLICY_FILE``.
    """

    def __init__(
        self,
        dag: Any,
        script: Script,
        *,
        server: PostgresServer,
        home: Path,
        name: str = "simulation",
        settings: Mapping[str, str] | None = None,
        mode: str = "act",
    ) -> None:
        self.dag, self.script, self.home = _enrolled(dag), script, home
        self._settings = {**surroundings.settings(home, mode), **(settings or {})}
        self.clock = VirtualClock(script.start or _start_of(dag))
        self.databases = Databases(server, name, script, sorted(_connections(dag) | script.connections))
        self.pages = Collected(self.clock.now)
        self.runs: dict[str, Run] = {}
        self.backfills: dict[tuple[datetime, datetime], int] = {}
        self.paused = False
        self.healer_dag_id = ""
        self.healing: Healing
        self.supervisor: Supervisor
        self._killed: Counter[str] = Counter()
        self._kills: list[Kill] = list(script.kills)
        self._steps: list[tuple[datetime, int, Callable[[], object]]] = []
        self._count = 0
        self._planned: datetime | None = None
        self._around = ExitStack()

    def __enter__(self) -> Simulation:
        with ExitStack() as around:
            around.enter_context(self.databases)
            around.enter_context(surroundings.surrounded(self._settings))
            around.enter_context(self.clock.running(self._pass))
            around.enter_context(self._wired())
            self._around = around.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._around.close()

    def run(self, until: datetime) -> None:
        """Let everything happen that is due up to a moment.

        :raises ConfigurationError: something of the Dag or of the events is not for a simulation, or was refused.
        """
        self._plan(until)
        while self._steps and self._steps[0][0] <= until:
            self._next()
        self._pass(until)

    def _next(self) -> None:
        """Do what is due first."""
        at, _, step = heapq.heappop(self._steps)
        self._pass(at)
        step()
        if self.supervisor.refused:
            raise self.supervisor.refused
        if self._count > MOST_STEPS:
            raise ConfigurationError(f"Dag {self.dag.dag_id}", f"took more than {MOST_STEPS:,} steps.")

    def run_task(self, task_id: str, at: datetime, given: Mapping[str, Any]) -> Try:
        """Run one task alone, in the run that is due at a moment, and anew where that run is there already; its last try.

        :param given: task -> what it hands over (its XCom), of tasks that have not run.
        :raises ConfigurationError: the Dag has no such task.
        """
        if task_id not in self.dag.task_dict:
            raise ConfigurationError(f"task {task_id}", "is not in the Dag.", valid=tuple(sorted(self.dag.task_dict)))
        found = [run for run in self.runs.values() if run.info.run_after == at]
        run = found[0] if found else self._alone(task_id, at, given)
        self._pass(at)
        self.clear(run, [task_id])
        end = len(run.tasks[task_id].tries) + 1
        while self._steps and (len(run.tasks[task_id].tries) < end or run.tasks[task_id].state not in OVER):
            self._next()
        return run.tasks[task_id].tries[-1]

    def _alone(self, task_id: str, at: datetime, given: Mapping[str, Any]) -> Run:
        """A run in which every other task has succeeded."""
        from airflow.sdk.serde import serialize

        info = next((one for one in self._infos(at) if one.run_after == at), None)
        run = self._made(info, "scheduled") if info else self._made(_by_hand(self.dag, at), "manual")
        for name, one in run.tasks.items():
            one.state = "" if name == task_id else "success"
            one.xcoms = {"return_value": serialize(given[name])} if name in given else {}
        return run

    def kill(self, task_id: str, at: str = "start", tries: int = 1) -> None:
        """Have the process of the task's next tries killed, as ``script.Kill`` says."""
        self._kills.append(Kill(task_id=task_id, at=at, tries=tries))

    def clear(self, run: Run, names: Sequence[str]) -> int:
        """Let tasks of a run run again; how many they are."""
        wanted = sorted(set(names) & set(run.tasks))
        for name in wanted:
            found = run.tasks[name]
            found.state, found.xcoms, found.resumes, found.began = "", {}, ("", None), None
            found.max_tries = len(found.tries) + (found.task.retries or 0)
        run.state, run.ended = "running", None
        self.later(self.clock.now(), lambda: self._advance(run))
        return len(wanted)

    def backfill(self, first: datetime, last: datetime) -> int:
        """Run the slices that start from ``first`` to ``last`` again, or for the first time; the backfill's number."""
        number = self.backfills[first, last] = len(self.backfills) + 1
        known = {run.interval()[0]: run for run in self.runs.values()}
        for info in self._infos(last + timedelta(days=366)):
            start = info.data_interval.start if info.data_interval else None
            if start is None or not first <= start <= last:
                continue
            run = known.get(start) or self._made(info, "backfill")
            run.backfill = number
            self.clear(run, list(run.tasks))
        return number

    def later(self, at: datetime, step: Callable[[], object]) -> None:
        """At this moment, do this; of several of one moment, the one that was asked for first is done first."""
        self._count += 1
        heapq.heappush(self._steps, (at, self._count, step))

    @contextmanager
    def _wired(self) -> Iterator[None]:
        """The harness around the Dag, with a store of its own."""
        from airflow_provider_harness.adapters.store.migrate import upgrade
        from airflow_provider_harness.adapters.store.outbox import SqlOutbox
        from airflow_provider_harness.app.oncall.delivery import DEFAULT, PageDispatcher
        from airflow_provider_harness.wiring import healing, store

        own = frozenset(str(config.read_one(name)) for name in _OWN)
        self.healer_dag_id = str(config.read_one("healer_dag_id"))
        self.supervisor = Supervisor(self._connection, self._triggered, own)
        self.supervisor.runs = self.runs
        engine = store.store_engine()
        upgrade(engine)
        pager = PageDispatcher(
            SqlOutbox(store.store_engine),
            {DEFAULT: self.pages},
            now=self.clock.now,
            new_id=healing.new_id,
            log=healing.log.warning,
        )
        with self._spoken():
            wired = healing.healer_on(SimulatedAirflow(self), pager, lambda: self.clock.now().timestamp())
            self.healing = Healing(wired, self.later)
            try:
                yield
            finally:
                engine.dispose()

    @contextmanager
    def _spoken(self) -> Iterator[None]:
        """The healer finds connections where tasks do."""
        from airflow.sdk.execution_time.supervisor import set_supervisor_comms

        with set_supervisor_comms(self.supervisor):
            yield

    def _connection(self, conn_id: str) -> Mapping[str, Any] | None:
        return self.databases.connection(conn_id, self.clock.now())

    def _triggered(self, dag_id: str, run_id: str, conf: Mapping[str, Any]) -> None:
        if dag_id == self.healer_dag_id:
            self.healing.triggered(run_id, conf)

    def _pass(self, at: datetime) -> None:
        """Let the time go on, with all that arrives meanwhile."""
        self.clock.pass_to(at)
        self.databases.pass_to(self.clock.now())

    def _plan(self, until: datetime) -> None:
        """Have the runs that are due by then begin, each once."""
        after = self._planned or self.clock.now()
        self._pass(self.clock.now())
        for info in self._infos(until):
            if after < info.run_after <= until:
                self.later(info.run_after, partial(self._begin, info, "scheduled"))
        for at in self.script.runs:
            if (self._planned is None or at > after) and at <= until:
                self.later(at, partial(self._begin, _by_hand(self.dag, at), "manual"))
        if self._planned is None and not self._steps:
            why = f"has no run that is due after {after.isoformat()} and by {until.isoformat()}."
            fix = "Give a later --until, an earlier start in simulation.yaml, or the moments of runs there."
            raise ConfigurationError(f"Dag {self.dag.dag_id}", why, fix=fix)
        if self._planned is None and _promises(self.dag):
            self.later(after + PASS, self._look)
        self._planned = until

    def _look(self) -> None:
        """The reconciler's passes, one after the other."""
        self.healing.reconcile()
        self.later(self.clock.now() + PASS, self._look)

    def _infos(self, until: datetime) -> Iterator[Any]:
        """What the timetable says of each run that is due by a moment, the first one first."""
        from airflow.sdk.timezone import coerce_datetime
        from airflow.serialization.encoders import coerce_to_core_timetable
        from airflow.timetables.base import TimeRestriction

        timetable = coerce_to_core_timetable(self.dag.timetable)
        if not timetable.can_be_scheduled or self.dag.start_date is None:
            return
        first, last = coerce_datetime(self.dag.start_date), coerce_datetime(self.dag.end_date)
        restriction = TimeRestriction(earliest=first, latest=last, catchup=True)
        info = None
        while (info := timetable.next_dagrun_info_v2(last_dagrun_info=info, restriction=restriction)) is not None:
            if info.run_after > until:
                return
            yield info

    def _begin(self, info: Any, kind: str) -> None:
        if not self.paused:
            run = self._made(info, kind)
            run.state, run.started = "queued", None
            self._begin_queued()

    def _begin_queued(self) -> None:
        """Begin the runs that wait for their turn, the oldest first, as many at once as the Dag allows."""
        for run in [run for run in self.runs.values() if run.state == "queued"]:
            going = sum(one.state == "running" and one.kind != "backfill" for one in self.runs.values())
            if going >= self.dag.max_active_runs:
                return
            run.state, run.started = "running", self.clock.now()
            self._advance(run)

    def _made(self, info: Any, kind: str) -> Run:
        named = info.data_interval.start if info.data_interval else info.run_after
        tasks = {task.task_id: Instance(task=task, max_tries=task.retries or 0) for task in self.dag.topological_sort()}
        run = Run(id=f"{kind}__{named.isoformat()}", kind=kind, info=info, tasks=tasks, started=self.clock.now())
        self.runs[run.id] = run
        return run

    def _advance(self, run: Run) -> None:
        """Run what is due in a run, one task after the other."""
        while (name := self._due(run)) is not None:
            self._try(run, run.tasks[name])
        for wait in AFTER_TASKS:
            self.later(self.clock.now() + wait, self.healing.reconcile)
        if run.state == "running" and all(found.state in OVER for found in run.tasks.values()):
            ends = [found.state for found in run.tasks.values() if not found.task.downstream_task_ids]
            run.state = "failed" if {"failed", "upstream_failed"} & set(ends) else "success"
            run.ended = self.clock.now()
            self.later(self.clock.now(), self._begin_queued)
        self._go_on_after(run)

    def _go_on_after(self, run: Run) -> None:
        """Let the next run go on, where its tasks depend on those of this one."""
        after = next((one for one in self.runs.values() if past(one, self.runs) is run), None)
        if after is not None and after.state == "running" and any(map(waits_for_past, after.tasks.values())):
            self.later(self.clock.now(), partial(self._advance, after))

    def _due(self, run: Run) -> str | None:
        for name, found in run.tasks.items():
            if found.state:
                continue
            above = [run.tasks[other].state for other in sorted(found.task.upstream_task_ids)]
            rule = str(getattr(found.task.trigger_rule, "value", found.task.trigger_rule))
            now = "run" if found.tries and found.began else fate(rule, above)
            if now == "run" and not held(found, past(run, self.runs)):
                return name
            if now == "run":
                continue
            if now:
                found.state, found.end_date = now, self.clock.now()
        return None

    def _try(self, run: Run, found: Instance) -> None:
        """One try of a task, or the next part of one."""
        if found.began is None:
            found.tries.append(Try(at=self.clock.now()))
            found.began = self.clock.now()
        found.state = "running"
        self.supervisor.kill_at, self.supervisor.skipped = self._kill_of(found), []
        ended = tries.attempt(run, found, self.supervisor, self.clock.now())
        self.supervisor.kill_at = ""
        if ended is None:
            found.tries[-1].killed = True
            again = SimpleNamespace(retry_delay_seconds=None)
            _ENDS["RetryTask" if tries.retries(found) else "TaskState"](self, run, found, again)
        else:
            _ENDS[type(ended).__name__](self, run, found, ended)
        if found.state in OVER:
            found.end_date, found.began, found.resumes = self.clock.now(), None, ("", None)
        if found.state != "running":
            found.tries[-1].state = found.state
        for name in self.supervisor.skipped:
            run.tasks[name].state = "skipped"

    def _kill_of(self, found: Instance) -> str:
        name = found.task.task_id
        mine = [one for one in self._kills if one.task_id == name]
        total = 0
        for one in mine:
            total += one.tries
            if self._killed[name] < total:
                self._killed[name] += 1
                return one.at
        return ""

    def _succeeded(self, run: Run, found: Instance, _: Any) -> None:
        found.state = "success"

    def _over(self, run: Run, found: Instance, ended: Any) -> None:
        state = getattr(ended, "state", "failed")
        found.state = str(getattr(state, "value", state))

    def _retried(self, run: Run, found: Instance, ended: Any) -> None:
        found.state, found.began, found.resumes = "up_for_retry", None, ("", None)
        given = ended.retry_delay_seconds
        wait = timedelta(seconds=given) if given is not None else _delay(found)
        self._again(run, found, self.clock.now() + wait)

    def _rescheduled(self, run: Run, found: Instance, ended: Any) -> None:
        found.state = "up_for_reschedule"
        found.reschedules += 1
        self._again(run, found, ended.reschedule_date)

    def _deferred(self, run: Run, found: Instance, ended: Any) -> None:
        found.state = "deferred"
        found.waits += 1
        trigger, this = Waiting(ended.classpath, ended.trigger_kwargs), found.waits
        if ended.trigger_timeout is not None:
            end = self.clock.now() + ended.trigger_timeout
            self.later(end, lambda: self._wake(run, found, this, *_TIMED_OUT))
        self._wait(run, found, this, trigger, ended)

    def _wait(self, run: Run, found: Instance, this: int, trigger: Waiting, ended: Any) -> None:
        """Step the trigger of a deferred task, again and again until it wakes the task."""
        from airflow.sdk.serde import deserialize, serialize

        if found.state != "deferred" or found.waits != this:
            return
        said = trigger.go_on()
        if isinstance(said, timedelta):
            self.later(self.clock.now() + said, lambda: self._wait(run, found, this, trigger, ended))
            return
        kept: Any = deserialize(ended.next_kwargs or {})
        given = serialize({**kept, **said})
        self.later(self.clock.now(), lambda: self._wake(run, found, this, ended.next_method, given))

    def _wake(self, run: Run, found: Instance, this: int, method: str, given: Any) -> None:
        if found.state == "deferred" and found.waits == this:
            found.state, found.resumes = "", (method, given)
            self._advance(run)

    def _parked(self, run: Run, found: Instance, _: Any) -> None:
        found.state = "awaiting_input"  # nobody answers

    def _again(self, run: Run, found: Instance, at: datetime) -> None:
        waiting = found.state

        def wake() -> None:
            if found.state == waiting:
                found.state = ""
                self._advance(run)

        self.later(at, wake)


_ENDS: Mapping[str, Callable[[Simulation, Run, Instance, Any], None]] = {
    "SucceedTask": Simulation._succeeded,
    "TaskState": Simulation._over,
    "RetryTask": Simulation._retried,
    "RescheduleTask": Simulation._rescheduled,
    "DeferTask": Simulation._deferred,
    "AwaitInputTask": Simulation._parked,
}
"""Message with which a try ended -> what becomes of the task."""
_OWN = (
    "store_conn_id",
    "capture_conn_id",
    "airflow_conn_id",
    "pagerduty_conn_id",
    "model_conn_id",
    "personal_key_conn_id",
)
"""Options of [harness] that name a connection which a simulation need not have."""


def _delay(found: Instance) -> timedelta:
    """How long a task waits for its next try."""
    wait: timedelta = found.task.retry_delay
    if found.task.retry_exponential_backoff:
        wait *= float(found.task.retry_exponential_backoff) ** (len(found.tries) - 1)
    return min(wait, found.task.max_retry_delay) if found.task.max_retry_delay else wait


def _by_hand(dag: Any, at: datetime) -> Any:
    """A run that somebody starts: as Airflow makes it, with the interval that its timetable infers."""
    from airflow.sdk.timezone import coerce_datetime
    from airflow.serialization.encoders import coerce_to_core_timetable

    moment = coerce_datetime(at)
    interval = coerce_to_core_timetable(dag.timetable).infer_manual_data_interval(run_after=moment)
    return SimpleNamespace(run_after=moment, data_interval=interval, partition_key=None, partition_date=None)


def _start_of(dag: Any) -> datetime:
    found = dag.start_date
    return found.astimezone(UTC) if found is not None else START


def _enrolled(dag: Any) -> Any:
    """The Dag, each of whose tasks tells the harness when it fails, as those of an enrolled Dag do."""
    from airflow_provider_harness.callbacks import DiagnoseAndHeal

    for task in dag.tasks:
        given = getattr(task, "on_failure_callback", None) or ()
        told = list(given) if isinstance(given, list | tuple) else [given]
        if DiagnoseAndHeal() not in told and not type(task).__name__.endswith("MappedOperator"):
            task.on_failure_callback = [*told, DiagnoseAndHeal()]
    return dag


def _promises(dag: Any) -> bool:
    """Whether a contract of a Dag promises when its data are there."""
    from airflow_provider_harness.wiring import rows

    named = {(task.contract, task.table) for task in dag.tasks if isinstance(getattr(task, "contract", None), str)}
    plain = sorted(one for one in named if "{" not in "".join(one))
    return any(rows.contracts.contract_of(rows.contracts.contract_path(path, dag), table).slas for path, table in plain)


def _connections(dag: Any) -> frozenset[str]:
    """The connections that the tasks of a Dag name.

    :raises ConfigurationError: a task is of a kind that a simulation does not run.
    """
    mapped = sorted(task.task_id for task in dag.tasks if type(task).__name__.endswith("MappedOperator"))
    if mapped:
        raise ConfigurationError(f"task {mapped[0]}", "is mapped, and a simulation runs no mapped tasks yet.")
    given = [value for task in dag.tasks for name, value in vars(task).items() if name.endswith("conn_id")]
    return frozenset(value for value in given if isinstance(value, str) and value and "{" not in value)
