"""Runs and task instances as Airflow would know them, and when a task is due by its trigger rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from airflow_provider_harness.app.ports.airflow import RunState, TaskState
from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.core.slices.slices import slice_id

OVER = frozenset({"success", "failed", "upstream_failed", "skipped"})
"""States of a task that will not run by itself any more."""


@dataclass(slots=True, kw_only=True)
class Try:
    """One try of a task.

    :param said: the log as Airflow's API gives it: one JSON event a line.
    :param killed: its process ended without a word.
    """

    at: datetime
    state: str = "running"
    error: str = ""
    said: bytes = b""
    killed: bool = False


@dataclass(slots=True, kw_only=True)
class Instance:
    """A task instance.

    :param resumes: method and arguments with which a deferred task goes on; empty for ``execute``.
    :param began: when the try began that was rescheduled since.
    """

    task: Any
    state: str = ""
    max_tries: int = 0
    tries: list[Try] = field(default_factory=list)
    rendered: Mapping[str, Any] = field(default_factory=dict)
    xcoms: dict[str, Any] = field(default_factory=dict)
    resumes: tuple[str, Any] = ("", None)
    began: datetime | None = None
    reschedules: int = 0
    end_date: datetime | None = None
    waits: int = 0  # grows with each wait, so that a call for an earlier one is known as such


@dataclass(slots=True, kw_only=True)
class Run:
    """A run of the Dag.

    :param kind: Airflow's type of run: ``scheduled``, ``manual`` or ``backfill``.
    :param info: what the timetable says of it: ``run_after``, interval, partition.
    """

    id: str
    kind: str
    info: Any
    tasks: dict[str, Instance]
    backfill: int | None = None
    state: str = "running"
    started: datetime | None = None
    ended: datetime | None = None

    def interval(self) -> tuple[datetime | None, datetime | None]:
        """Start and end of the data interval."""
        found = self.info.data_interval
        return (found.start, found.end) if found else (None, None)


def task_state(dag_id: str, run: Run, name: str) -> TaskState:
    """A task instance as the healer reads it."""
    found = run.tasks[name]
    return TaskState(
        dag_id=dag_id,
        run_id=run.id,
        task_id=name,
        map_index=-1,
        state=found.state,
        try_number=len(found.tries),
        max_tries=found.max_tries,
        operator=type(found.task).__name__,
        hostname="simulation",
        end_date=found.end_date,
        rendered=found.rendered,
    )


def run_state(dag_id: str, run: Run) -> RunState:
    """A run as the healer reads it."""
    start, end = run.interval()
    return RunState(
        dag_id=dag_id,
        run_id=run.id,
        state=run.state,
        of_backfill=run.kind == "backfill",
        queued_at=run.started,
        started_at=run.started,
        ended_at=run.ended,
        slice_id=slice_of(run),
        slice_end=end if start and end and start < end and not run.info.partition_key else None,
    )


def slice_of(run: Run) -> str:
    """The id of the slice that a run owns; empty where it owns none."""
    start, end = run.interval()
    try:
        return slice_id(
            partition_key=run.info.partition_key, interval_start=start, interval_end=end, logical_date=start
        )
    except ConfigurationError:
        return ""


def past(run: Run, runs: Mapping[str, Run]) -> Run | None:
    """The run of the interval before; None where there is none."""
    earlier = [one for one in runs.values() if one.info.run_after < run.info.run_after]
    return max(earlier, key=lambda one: one.info.run_after, default=None)


def waits_for_past(found: Instance) -> bool:
    """Whether a task has not begun, and depends on the run before."""
    return not found.state and bool(found.task.depends_on_past or found.task.wait_for_downstream)


def held(found: Instance, before: Run | None) -> bool:
    """Whether a task waits for what it depends on of the run before: itself, and with ``wait_for_downstream`` what follows it."""
    if before is None or not waits_for_past(found):
        return False
    names = [found.task.task_id]
    names += sorted(found.task.downstream_task_ids) if found.task.wait_for_downstream else []
    return any(before.tasks[name].state not in ("success", "skipped") for name in names)


def fate(rule: str, upstream: Sequence[str]) -> str:
    """What a task's trigger rule makes of the states above it: ``run``, ``skipped``, ``upstream_failed``, or empty: not yet."""
    if not upstream:
        return "run"
    counts = Counter(state if state in OVER else "" for state in upstream)
    return _RULES[rule](counts, len(upstream))


Rule = Callable[[Counter[str], int], str]


def _bad(counts: Counter[str]) -> int:
    return counts["failed"] + counts["upstream_failed"]


def _all_success(counts: Counter[str], total: int) -> str:
    if _bad(counts):
        return "upstream_failed"
    return "skipped" if counts["skipped"] else _when_done(counts, total)


def _when_done(counts: Counter[str], total: int) -> str:
    return "" if counts[""] else "run"


def _none_failed(counts: Counter[str], total: int) -> str:
    return "upstream_failed" if _bad(counts) else _when_done(counts, total)


def _none_failed_min_one_success(counts: Counter[str], total: int) -> str:
    return "skipped" if counts["skipped"] == total else _none_failed(counts, total)


def _all_failed(counts: Counter[str], total: int) -> str:
    return "skipped" if counts["success"] or counts["skipped"] else _when_done(counts, total)


def _one_success(counts: Counter[str], total: int) -> str:
    if counts["success"] or counts[""]:
        return "run" if counts["success"] else ""
    return "skipped" if counts["skipped"] == total else "upstream_failed"


def _one_failed(counts: Counter[str], total: int) -> str:
    return "run" if _bad(counts) else "" if counts[""] else "skipped"


def _one_done(counts: Counter[str], total: int) -> str:
    return "run" if counts["success"] + counts["failed"] else "" if counts[""] else "skipped"


def _none_skipped(counts: Counter[str], total: int) -> str:
    return "skipped" if counts["skipped"] else _when_done(counts, total)


def _all_skipped(counts: Counter[str], total: int) -> str:
    return "skipped" if counts["success"] + _bad(counts) else _when_done(counts, total)


def _all_done_min_one_success(counts: Counter[str], total: int) -> str:
    return _when_done(counts, total) if counts["success"] or counts[""] else "upstream_failed"


def _always(counts: Counter[str], total: int) -> str:
    return "run"


_RULES: Mapping[str, Rule] = {
    "all_success": _all_success,
    "all_failed": _all_failed,
    "all_done": _when_done,
    "all_done_min_one_success": _all_done_min_one_success,
    "all_done_setup_success": _when_done,
    "one_success": _one_success,
    "one_failed": _one_failed,
    "one_done": _one_done,
    "none_failed": _none_failed,
    "none_failed_min_one_success": _none_failed_min_one_success,
    "none_skipped": _none_skipped,
    "all_skipped": _all_skipped,
    "always": _always,
}
"""Trigger rule -> what it makes of the states above."""
