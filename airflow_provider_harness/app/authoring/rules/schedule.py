"""What is wrong between a Dag's schedule and the time that its tasks ask for."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from airflow_provider_harness.app.authoring.code.values import Built, Code
from airflow_provider_harness.app.authoring.finding import FindingSeverity, Found
from airflow_provider_harness.app.authoring.model import Dag, Source, Task
from airflow_provider_harness.app.authoring.rules.kinds import GATED, writes_data

_WIDE = ("CronDataIntervalTimetable", "DeltaDataIntervalTimetable", "EventsTimetable")
_NARROW = ("CronTriggerTimetable", "DeltaTriggerTimetable", "MultipleCronTriggerTimetable")
_PRESETS = ("@hourly", "@daily", "@weekly", "@monthly", "@quarterly", "@yearly", "@annually", "@midnight")
_ALL_PRESETS = (*_PRESETS, "@once", "@continuous")
_START, _END = re.compile(r"\bdata_interval_start\b|slice_start"), re.compile(r"\bdata_interval_end\b|slice_end")
_DATE = re.compile(r"\{\{\s*(?:ds|ds_nodash|ts|ts_nodash|logical_date|data_interval_start|data_interval_end)\b")
_REMOVED = re.compile(
    r"\{\{[^}]*\b(execution_date|next_ds|next_ds_nodash|next_execution_date|prev_ds|prev_ds_nodash|prev_execution_date|"
    r"prev_execution_date_success|tomorrow_ds|tomorrow_ds_nodash|yesterday_ds|yesterday_ds_nodash)\b"
)
_GONE = {
    "schedule_interval": "schedule=...",
    "timetable": "schedule=...",
    "concurrency": "max_active_tasks=...",
    "sla_miss_callback": "deadline=DeadlineAlert(...)",
    "default_view": "",
    "orientation": "",
    "full_filepath": "",
}
_GONE_TASK = {
    "provide_context": "",
    "sla": "deadline of the Dag",
    "execution_date": "logical_date=...",
    "task_concurrency": "max_active_tis_per_dag=...",
}
_CLOCK = re.compile(
    r"\{\{[^}]*(?:macros\.)?(?:datetime\.(?:now|utcnow|today)|time\.time|datetime\.datetime\.(?:now|utcnow)|pendulum\.now)[^}]*\}\}"
)
_SHELL_CLOCK = re.compile(r"(?:\$\(|`)\s*date\b[^)`]*")
_ONE_BRACE = re.compile(
    r"(?<!\{)\{\s*(ds|ds_nodash|ts|ts_nodash|logical_date|data_interval_start|data_interval_end|run_id|(?:dag_run|params|var\.value)\.\w+)\s*\}(?!\})"
)
_SCRIPT = re.compile(r"(?:/|.*\s).*\.(?:sh|bash)", re.DOTALL)
_CONF = re.compile(r"\{\{[^}]*(?:dag_run\.conf|params)\b[^}]*\}\}")


def findings(source: Source) -> Iterator[Found]:
    """Everything that is wrong with the time of a Dag."""
    for dag in source.dags:
        yield from _intervals(dag, source)
        yield from _assets(dag, source)
        yield from _catchup(dag, source)
        yield from _said(dag)
        yield from _days(dag, source)
        for task in dag.tasks.values():
            yield from _templates(dag, task)


def asked(task: Task, source: Source) -> str:
    """Everything in which a task may name the time of its run: its templates and its function."""
    function = source.functions.get(task.function)
    code = ast.unparse(function) if function is not None else ""
    return "\n".join([*texts(task).values(), code])


def texts(task: Task) -> dict[str, str]:
    """Argument -> its texts, joined."""
    return {
        name: "\n".join(_strings(value))
        for name, value in task.args.items()
        if name not in ("doc_md", "doc", "contract")
    }


def _misread(task: Task) -> Iterator[Found]:
    """What Airflow does not take for the template that was meant, or takes for another one."""
    for name, value in task.args.items():
        for text in _strings(value, code=False):
            holes = {ast.unparse(hole) for hole in text.holes} if isinstance(text, Built) else set()
            for found in (one for one in _ONE_BRACE.finditer(text) if one[1] not in holes):
                yield Found(rule="HO171", line=task.line_of(name), message=f"{task.id}: {name} has {found[0]}")
    command = task.arg("bash_command")
    if isinstance(command, str) and _SCRIPT.fullmatch(command):
        yield Found(rule="HO172", line=task.line_of("bash_command"), message=f"{task.id} runs {command[-60:]!r}")


def _strings(value: Any, *, code: bool = True) -> Iterator[str]:
    """
    :param code: also the text of what only running the file would tell.
    """
    if isinstance(value, str):
        yield value
    elif isinstance(value, Code) and code:
        yield str(value)
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _strings(one, code=code)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _strings(one, code=code)


def no_width(dag: Dag) -> str:
    """The schedule of runs whose data interval has no width, in words; empty where it has one, or nobody knows."""
    if dag.timetable in _WIDE or dag.timetable == "CronPartitionTimetable" or not dag.repeats or dag.by_assets:
        return ""
    if dag.timetable in _NARROW:
        return (
            ""
            if "interval" in str(dag.schedule) and "interval=" in str(dag.schedule)
            else str(dag.args.get("words", dag.timetable))
        )
    if isinstance(dag.schedule, timedelta):
        return f"timedelta(seconds={dag.schedule.total_seconds():g})"
    if isinstance(dag.schedule, str) and (dag.schedule in _PRESETS or len(dag.schedule.split()) in (5, 6)):
        return repr(dag.schedule)
    return ""


def _intervals(dag: Dag, source: Source) -> Iterator[Found]:
    words = no_width(dag)
    if not words:
        return
    cron = dag.schedule if isinstance(dag.schedule, str) else "0 0 * * *"
    fix = f'schedule=CronDataIntervalTimetable("{_cron(cron)}", timezone="UTC")'
    for task in dag.tasks.values():
        text = asked(task, source)
        if _START.search(text) and _END.search(text) and task.kind not in GATED and not task.contract:
            yield Found(
                rule="HO111",
                line=dag.line_of("schedule"),
                message=f"{dag.id} has schedule={words}, and {task.id} asks for the rows between data_interval_start and data_interval_end",
                fix=fix,
                severity=None if _DATA.search(text) else FindingSeverity.HINT,
            )
            return


_DATA = re.compile(
    r"(?i)\b(?:select|insert|delete|where|between)\b|[<>]=?|\.(?:execute|run|get_\w+|read_\w+|query|list\w*|download\w*|request)\(|requests\."
    r"|https?://|s3://|gs://|--\w+|params|payload"
)
"""What a text that works on data has, and one that only shows its interval has not."""


def _cron(preset: str) -> str:
    known = {
        "@hourly": "0 * * * *",
        "@weekly": "0 0 * * 0",
        "@monthly": "0 0 1 * *",
        "@yearly": "0 0 1 1 *",
        "@quarterly": "0 0 1 */3 *",
    }
    return known.get(preset, "0 0 * * *" if preset.startswith("@") else preset)


def _assets(dag: Dag, source: Source) -> Iterator[Found]:
    if not dag.by_assets:
        return
    for task in dag.tasks.values():
        yield from _asset_context(task, source)
        for name, text in texts(task).items():
            found = _DATE.search(text)
            if found and "default" not in text[found.end() : found.end() + 40] and "{% if" not in text:
                yield Found(
                    rule="HO117",
                    line=task.line_of(name),
                    message=f"{task.id} uses {found.group().strip('{ ')}, which a run that assets start does not have",
                )
                break


_DATES = ("ds", "ds_nodash", "ts", "ts_nodash", "logical_date", "data_interval_start", "data_interval_end")


def _asset_context(task: Task, source: Source) -> Iterator[Found]:
    """A function that asks its context for a date."""
    function = source.functions.get(task.function)
    for node in ast.walk(function) if function is not None else ():
        key = node.slice.value if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) else None
        if key in _DATES and "context" in ast.unparse(node).partition("[")[0]:
            yield Found(
                rule="HO117",
                line=task.line,
                message=f"{task.id} asks its context for {key}, which a run that assets start does not have",
            )
            return


def _catchup(dag: Dag, source: Source) -> Iterator[Found]:
    if dag.args.get("catchup") is not True or not dag.repeats:
        return
    limited = dag.args.get("max_active_runs")
    depends = any(task.args.get("depends_on_past") is True for task in dag.tasks.values())
    if not (isinstance(limited, int) and limited <= 3) and not depends:
        asks = any(_START.search(asked(task, source)) for task in dag.tasks.values())
        weight = None if asks or writes_data(dag, source) else FindingSeverity.HINT
        many = f"max_active_runs={limited}" if limited else "no max_active_runs"
        yield Found(
            rule="HO112", line=dag.line_of("catchup"), message=f"{dag.id} has catchup=True and {many}", severity=weight
        )


def _said(dag: Dag) -> Iterator[Found]:
    schedule = dag.schedule
    if (
        isinstance(schedule, str)
        and dag.timetable not in ("NullTimetable", "OnceTimetable")
        and not dag.loaded
        and "{" not in schedule
    ):
        fits = schedule in _ALL_PRESETS or len(schedule.split()) in (5, 6)
        if not fits:
            yield Found(rule="HO123", line=dag.line_of("schedule"), message=f"{dag.id} has schedule={schedule!r}")
    for name, instead in _GONE.items():
        if name in dag.args:
            yield Found(
                rule="HF012",
                line=dag.line_of(name),
                message=f"DAG({name}=...) is gone in Airflow 3",
                fix=instead or "Remove it.",
            )
    first = next(iter(dag.tasks.values()), None)
    dated = dag.args.get("start_date") or (first is not None and first.args.get("start_date"))
    if dag.repeats and not dated and not dag.by_assets:
        yield Found(rule="HO119", line=dag.line, message=f"{dag.id} has no start_date")


def _days(dag: Dag, source: Source) -> Iterator[Found]:
    """Whole days asked for by runs that come more often."""
    every = _every(dag)
    if every is None or every >= timedelta(days=1):
        return
    for task in dag.tasks.values():
        for name, text in texts(task).items():
            day = re.search(r"(?:=|[<>]=?)\s*'?\{\{\s*ds(?:_nodash)?\s*\}\}", text)
            if day and not re.search(r"data_interval|logical_date|\bts\b|hour", text):
                yield Found(
                    rule="HO116",
                    line=task.line_of(name),
                    message=f"{task.id} works on the day {{{{ ds }}}}, and {dag.id} runs every {every}",
                )
                break


def _every(dag: Dag) -> timedelta | None:
    if isinstance(dag.schedule, timedelta):
        return dag.schedule
    text = dag.schedule if isinstance(dag.schedule, str) else ""
    if text == "@hourly":
        return timedelta(hours=1)
    fields = text.split()
    if len(fields) != 5:
        return None
    if "*" in fields[1] or "/" in fields[1] or "," in fields[1]:
        return timedelta(hours=1) if fields[0].isdigit() else timedelta(minutes=5)
    return timedelta(days=1)


def _templates(dag: Dag, task: Task) -> Iterator[Found]:
    yield from _misread(task)
    for name, instead in _GONE_TASK.items():
        if name in task.given:
            yield Found(
                rule="HF012",
                line=task.line_of(name),
                message=f"{task.id}: {name} is gone in Airflow 3",
                fix=instead or "Remove it.",
            )
    for name, text in texts(task).items():
        if found := _REMOVED.search(text):
            yield Found(rule="HF012", line=task.line_of(name), message=f"{task.id}: {found[1]} is gone in Airflow 3")
        if _CLOCK.search(text):
            yield Found(
                rule="HO103",
                line=task.line_of(name),
                message=f"{task.id}: {name} takes its time from the clock",
                severity=None if dag.repeats else FindingSeverity.HINT,
            )
        if name == "bash_command" and _SHELL_CLOCK.search(text):
            weight = (
                None
                if dag.repeats and re.search(r"[>|]|--\w|\bcp\b|\.csv|\.json|\.parquet|gs://|s3://|/", text)
                else FindingSeverity.HINT
            )
            yield Found(
                rule="HO103",
                line=task.line_of(name),
                message=f"{task.id}: bash_command takes its time from date",
                severity=weight,
            )
        if name in ("sql", "query", "bash_command", "command") and (found := _CONF.search(text)):
            loose = "dag_run.conf" in found.group() and (dag.repeats or name in ("sql", "query"))
            yield Found(
                rule="HO169",
                line=task.line_of(name),
                message=f"{task.id}: {found.group()} goes into {name}",
                severity=None if loose else FindingSeverity.HINT,
            )
