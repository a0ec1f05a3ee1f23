"""What is wrong with how a Dag waits for others."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from airflow_provider_harness.app.authoring.code.values import Code
from airflow_provider_harness.app.authoring.finding import FindingSeverity, Found
from airflow_provider_harness.app.authoring.model import Dag, Source, Task
from airflow_provider_harness.app.authoring.rules.kinds import INTO, OUT_OF, connection, is_sensor, reads, writes
from airflow_provider_harness.core.operators import operator_of

_LONG = 30 * 60
"""Seconds from which on a wait is long for a worker slot."""
_INSTANT = (
    "DateTimeSensor",
    "TimeSensor",
    "TimeDeltaSensor",
    "DayOfWeekSensor",
    "WeekDaySensor",
    "TimeDeltaSensorAsync",
    "DateTimeSensorAsync",
    "TimeSensorAsync",
    "PythonSensor",
    "BashSensor",
)
"""Sensors whose end the clock or code of one's own brings."""


def findings(source: Source) -> Iterator[Found]:
    """Everything that is wrong with waiting."""
    for dag, task in source.tasks():
        if is_sensor(task):
            yield from _timeout(dag, task)
            yield from _slot(dag, task)
        if task.kind == "ExternalTaskSensor" and not task.has("failed_states") and not task.args.get("deferrable"):
            yield Found(
                rule="HO134", line=task.line, message=f"{task.id} waits for its timeout where the other Dag failed"
            )
        yield from _pulled(dag, task, source)


def seconds(value: Any) -> float | None:
    """A length of time in seconds; None where nobody says it."""
    if isinstance(value, timedelta):
        return value.total_seconds()
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _timeout(dag: Dag, task: Task) -> Iterator[Found]:
    if (
        task.args.get("wait") is False
        or "timeout" in task.args
        or "execution_timeout" in task.args
        or "response_timeout" in task.args
    ):
        return
    known = not (dag.shares or task.open)
    weight = None if dag.repeats and known and task.kind not in _INSTANT else FindingSeverity.HINT
    yield Found(rule="HO131", line=task.line, message=f"{task.id} has no timeout", severity=weight)


def _slot(dag: Dag, task: Task) -> Iterator[Found]:
    mode = task.arg("mode", "poke")
    if (
        mode != "poke"
        or task.args.get("deferrable") is True
        or task.kind.endswith("Async")
        or isinstance(task.args.get("mode"), Code)
    ):
        return
    if operator_of(task.kind).looks and task.args.get("deferrable") is not False:
        return
    timeout, every = seconds(task.arg("timeout")), seconds(task.arg("poke_interval", 60))
    long = timeout is not None and timeout >= _LONG
    said = "mode" in task.given or (every is not None and every > 60)
    if long or (timeout is None and said and "timeout" not in task.args):
        for_long = f"up to {timeout:g} s" if timeout else "up to seven days"
        weight = None if dag.repeats and task.kind not in _INSTANT[:6] else FindingSeverity.HINT
        yield Found(
            rule="HO132",
            line=task.line_of("mode"),
            message=f"{task.id} holds a worker slot for {for_long}",
            severity=weight,
        )


def _pulled(dag: Dag, task: Task, source: Source) -> Iterator[Found]:
    """XComs of another Dag."""
    function = source.functions.get(task.function)
    texts = [value for value in task.args.values() if isinstance(value, str)]
    if function is not None:
        texts.append(ast.unparse(function))
    for text in texts:
        found = re.search(r"xcom_pull\([^)]*dag_id\s*=\s*['\"]([\w.-]+)['\"]", text)
        if found and found[1] != dag.id and not _awaits(dag, task):
            yield Found(
                rule="HO133",
                line=task.line,
                message=f"{task.id} pulls an XCom of {found[1]}, and nothing waits for that",
            )


def _awaits(dag: Dag, task: Task) -> bool:
    """Whether something before a task, or the Dag's schedule, waits for others."""
    return (
        dag.by_assets
        or dag.timetable == "AssetOrTimeSchedule"
        or any(is_sensor(dag.tasks[name]) for name in dag.before(task))
    )


def across(sources: tuple[Source, ...], others: tuple[Source, ...]) -> Iterator[tuple[Source, Found]]:
    """Tables that a Dag reads and that another one writes, without a wait.

    :param others: files beside these, which are read and not judged.
    """
    writers: dict[str, list[tuple[str, str]]] = {}
    for source in (*sources, *others):
        for dag, task in source.tasks():
            for table in writes(task, source):
                writers.setdefault(table, []).append((dag.id, connection(task, INTO)))
    for source in sources:
        for dag, task in source.tasks():
            if not _awaits(dag, task):
                found = _unawaited(dag, task, source, writers)
                yield from ((source, one) for one in [found] if one is not None)


def _unawaited(dag: Dag, task: Task, source: Source, writers: Mapping[str, list[tuple[str, str]]]) -> Found | None:
    mine = connection(task, OUT_OF)
    strange = ""
    for table in sorted(reads(task, source)):
        known = [name for name, place in writers.get(table, []) if not place or not mine or place == mine]
        if known and dag.id not in known:
            return Found(
                rule="HO133",
                line=task.line,
                message=f"{task.id} reads {table}, which {min(known)} writes, and nothing waits for that",
                severity=None if dag.repeats else FindingSeverity.HINT,
            )
        strange = strange or ("" if known else table)
    if strange and dag.repeats and writes(task, source):
        return Found(
            rule="HO135", line=task.line, message=f"{task.id} reads {strange}, and nothing says that it is there"
        )
    return None
