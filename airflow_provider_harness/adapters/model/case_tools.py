"""What a diagnosing model may look at beside the excerpt: one table of tools about the failure at hand.

No tool takes a Dag or a run: whatever a log line says, the model reads about the failed run alone. What it may name is another
failed task of that run, a table of the lineage, a runbook of the team, or a relation that the administrator opened.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from airflow_provider_harness.adapters.evidence.history import (
    RUNS,
    SIMILAR_DAYS,
    Airflow,
    Incidents,
    changes,
    ended,
    gate_text,
    gates_of,
)
from airflow_provider_harness.adapters.evidence.log import TaskLog, read_log
from airflow_provider_harness.adapters.model.drafts import Drafting
from airflow_provider_harness.adapters.model.log_tools import MOST_LINES, Excerpt, Logs, Reading, ending, numbered
from airflow_provider_harness.app.ports.airflow import TaskState
from airflow_provider_harness.app.ports.diagnosis import ModelProposal, ProposalJudge, ReadTool
from airflow_provider_harness.core.diagnosis.diagnosis import Category
from airflow_provider_harness.core.diagnosis.evidence import Evidence
from airflow_provider_harness.core.diagnosis.failure import Failure
from airflow_provider_harness.core.redaction.redactor import Redactor
from airflow_provider_harness.core.slices.gate_run import StoredGate

MOST_TASKS = 100
LONGEST_FIELD = 500  # characters of one rendered field
_ENDS_BADLY = ("failed", "upstream_failed", "up_for_retry")


class AirflowReads(Airflow, Protocol):
    """What is asked of Airflow."""

    def tasks(self, dag_id: str, run_id: str) -> Sequence[TaskState]: ...
    def log(self, state: TaskState, try_number: int) -> bytes: ...
    def source(self, dag_id: str, version: int | None = None) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseTools:
    """Where the tools read.

    :param quality: table and number of slices -> the newest gate at each place of each of its newest slices.
    :param drift: a task -> what its table and its contract disagree about now.
    :param reached: id of a connection -> its kind, host and port, and nothing else of it; None = nobody may ask.
    :param keep: is given what a model drafts for a person; None = it drafts nothing.
    :param plan: plans a question in the warehouse without running it.
    :param others: tools that are about no failure.
    """

    airflow: AirflowReads
    incidents: Incidents
    quality: Callable[[str, int], Sequence[StoredGate]]
    drift: Callable[[TaskState], str]
    redactor: Redactor
    now: Callable[[], datetime]
    reached: Callable[[str], str] | None = None
    keep: ProposalJudge | None = None
    plan: Callable[[str], str] | None = None
    others: Sequence[ReadTool] = ()

    def tools(self, failure: Failure | None, evidence: Evidence) -> Sequence[ReadTool]:
        """The tools for one failure; of a failure without a task, those that need none."""
        if failure is None or not failure.key.task_id:
            return self.others
        return (*_table(_Case(self, failure, evidence)), *self.others)


class _Case:
    """One failure, and what its tools read; the whole log is fetched once."""

    def __init__(self, desk: CaseTools, failure: Failure, evidence: Evidence) -> None:
        self._desk, self._failure, self._evidence, self._key = desk, failure, evidence, failure.key
        self._read: dict[tuple[str, int, int], TaskLog] = {}
        key = failure.key
        self.logs = Logs(
            excerpt=Excerpt(evidence.log.split("\n")),
            own=lambda: self._log(self._task(), key.try_number),
            previous=(lambda: self._log(self._task(), key.try_number - 1)) if key.try_number > 1 else None,
            other=self._of_another,
            redactor=desk.redactor,
        )

    def _task(self) -> TaskState:
        key = self._key
        return self._desk.airflow.task(key.dag_id, key.run_id, key.task_id, key.map_index)

    def _log(self, state: TaskState, try_number: int) -> TaskLog:
        at = (state.task_id, state.map_index, try_number)
        if at not in self._read:
            self._read[at] = read_log(self._desk.airflow.log(state, try_number), self._desk.redactor)
        return self._read[at]

    def _of_another(self, task_id: str, map_index: int) -> TaskLog:
        """The newest log of a task of this run that went badly.

        :raises ValueError: none of its tasks is that.
        """
        states = self._desk.airflow.tasks(self._key.dag_id, self._key.run_id)
        bad = [one for one in states if one.state in _ENDS_BADLY and one.try_number > 0]
        mine = [one for one in bad if (one.task_id, one.map_index) == (task_id, map_index)]
        if not mine:
            names = ", ".join(f"{one.task_id} {one.map_index}" for one in bad[:20]) or "none"
            raise ValueError(f"task_id and map_index: not a task of this run that failed. Those are: {names}.")
        return self._log(mine[0], mine[0].try_number)

    def reaches(self) -> Sequence[Reading]:
        """The tool for connections, where somebody may ask."""
        told = "Kind, host and port of the connections that the task names; no login and no secret."
        tool = Reading(name="get_connection_hosts", description=told, look=self.connections)
        return (tool,) if self._desk.reached is not None else ()

    def drafts(self) -> Sequence[Reading]:
        """The tool for drafts, where somebody keeps them."""
        if self._desk.keep is None:
            return ()
        drafting = Drafting(
            source=lambda: self._desk.airflow.source(self._key.dag_id, self._version("failed_run")),
            query=lambda: str(self._task().rendered.get("sql") or ""),
            plan=self._desk.plan,
            keep=self._keep,
            redactor=self._desk.redactor,
        )
        return (drafting.tool(),)

    def _keep(self, draft: ModelProposal) -> None:
        assert self._desk.keep is not None
        self._desk.keep(self._failure, self._evidence, draft)

    def rendered(self, _: Mapping[str, Any]) -> str:
        fields = {
            name: self._desk.redactor.redact(str(value), LONGEST_FIELD) for name, value in self._task().rendered.items()
        }
        return ending([f"{name}: {value}" for name, value in sorted(fields.items())]) or "Airflow has none."

    def connections(self, _: Mapping[str, Any]) -> str:
        assert self._desk.reached is not None
        named = {name: value for name, value in self._task().rendered.items() if name.endswith("conn_id")}
        lines = [f"{name} {value}: {self._desk.reached(str(value))}" for name, value in sorted(named.items()) if value]
        return "\n".join(lines) or "The task names no connection."

    def task_states(self, _: Mapping[str, Any]) -> str:
        tasks = self._desk.airflow.tasks(self._key.dag_id, self._key.run_id)
        down = self._desk.airflow.dag(self._key.dag_id).downstream
        above = {name for name, below in down.items() if self._key.task_id in below}
        ordered = sorted(tasks, key=lambda one: (one.task_id not in above, one.state not in _ENDS_BADLY, one.task_id))
        lines = [
            f"{one.task_id}{'' if one.map_index < 0 else f'[{one.map_index}]'}: {one.state or 'no state yet'}, "
            f"try {one.try_number} of {one.max_tries + 1}, {one.operator}{' (directly upstream)' if one.task_id in above else ''}"
            for one in ordered[:MOST_TASKS]
        ]
        more = [f"[{len(ordered) - MOST_TASKS} more]"] if len(ordered) > MOST_TASKS else []
        return "\n".join([*lines, *more])

    def run_history(self, arguments: Mapping[str, Any]) -> str:
        runs = arguments["runs"]
        if not 1 <= runs <= RUNS:
            raise ValueError(f"runs: 1 to {RUNS}.")
        tries = self._desk.airflow.past_tries(self._key.dag_id, self._key.task_id, RUNS)
        mine = [one for one in tries if one.map_index == self._key.map_index][:runs]
        lines = [
            f"due {one.run_after:%Y-%m-%d %H:%M} UTC: {one.state or 'no state yet'}, try {one.try_number}, "
            f"{'never ran' if one.seconds is None else f'{one.seconds:.1f} s'}, Dag version {one.dag_version or 'not known'}"
            f"{' (this run)' if one.run_id == self._key.run_id else ''}"
            for one in mine
        ]
        return "\n".join([*lines, *changes(tries, self._key)])

    def data_quality(self, arguments: Mapping[str, Any]) -> str:
        slices = arguments["slices"]
        if not 1 <= slices <= RUNS:
            raise ValueError(f"slices: 1 to {RUNS}.")
        gates = gates_of(self._desk.quality, self._task(), slices)
        return "\n".join(gate_text(gate) for gate in gates) or "No gate of it is known."

    def schema_diff(self, _: Mapping[str, Any]) -> str:
        seen = self._failure.schema_diff
        when_failed = f"When it failed: {seen['sentence']}\n" if seen else ""
        return f"{when_failed}Now: {self._desk.drift(self._task())}"

    def dag_source(self, arguments: Mapping[str, Any]) -> str:
        first, last = arguments["first_line"], arguments["last_line"]
        if not 1 <= first <= last:
            raise ValueError("first_line and last_line: from 1, first_line not after last_line.")
        version = self._version(arguments["of"])
        lines = self._desk.airflow.source(self._key.dag_id, version).split("\n")
        shown = "\n".join(numbered(lines[first - 1 : min(last, first - 1 + MOST_LINES)], first))
        return f"Dag version {version or 'not known'}, {len(lines)} lines:\n{shown or 'No such lines.'}"

    def _version(self, of: str) -> int | None:
        tries = self._desk.airflow.past_tries(self._key.dag_id, self._key.task_id, RUNS)
        if of == "failed_run":
            return next((one.dag_version for one in tries if one.run_id == self._key.run_id), None)
        green = next((one for one in tries if one.state == "success"), None)
        if green is None:
            raise ValueError(f"of: none of the last {RUNS} runs of this task is green; only failed_run is there.")
        return green.dag_version

    def similar(self, arguments: Mapping[str, Any]) -> str:
        category, mine = arguments["category"], f"{self._key.dag_id}/{self._key.task_id}"
        past = self._desk.incidents.past(self._desk.now() - timedelta(days=SIMILAR_DAYS))
        over = [item for item in past if item.outcome is not None]
        on_task = [item for item in over if item.task == mine]
        elsewhere = [item for item in over if item.task != mine and item.category == category]
        return "\n".join(_told(self._desk.incidents, on_task, elsewhere, category))


def _told(incidents: Incidents, on_task: Sequence[Any], elsewhere: Sequence[Any], category: str) -> Iterator[str]:
    yield f"{len(on_task)} on this task in {SIMILAR_DAYS} days:"
    yield from ended(incidents, on_task)
    yield f"{len(elsewhere)} of {category} on other tasks:"
    yield from ended(incidents, elsewhere)


def _table(case: _Case) -> Sequence[ReadTool]:
    number = {"type": "integer"}
    return (
        *case.logs.tools(),
        Reading(
            name="get_task_states",
            description="Every task of the failed run: state, tries, operator; directly upstream ones first.",
            look=case.task_states,
        ),
        Reading(
            name="get_run_history",
            description=f"This task in the newest runs of its Dag (1 to {RUNS}): state, duration, version of the Dag; the last "
            "green run against the first red one.",
            look=case.run_history,
            properties={"runs": number},
        ),
        Reading(
            name="check_data_quality",
            description="What the gates found of the table that the task publishes: 1 for its own slice, or the newest slices.",
            look=case.data_quality,
            properties={"slices": number},
        ),
        Reading(
            name="get_schema_diff",
            description="What contract and table of the task disagree about: when it failed, and now.",
            look=case.schema_diff,
        ),
        Reading(
            name="get_dag_source",
            description=f"Lines of the Dag's file, {MOST_LINES} at most, as the failed run or the last green run had it.",
            look=case.dag_source,
            properties={
                "of": {"type": "string", "enum": ["failed_run", "last_green_run"]},
                "first_line": number,
                "last_line": number,
            },
        ),
        Reading(
            name="get_rendered_fields",
            description="The task's fields as they were rendered for this run: tables, SQL, dates, ids of connections.",
            look=case.rendered,
        ),
        *case.reaches(),
        *case.drafts(),
        Reading(
            name="find_similar_incidents",
            description="Earlier incidents of this task, and of a category elsewhere: what was done, and whether it healed.",
            look=case.similar,
            properties={"category": {"type": "string", "enum": [str(one) for one in Category]}},
        ),
    )
