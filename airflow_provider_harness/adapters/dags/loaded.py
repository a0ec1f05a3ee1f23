"""Dag files as Airflow imports them: in a process of their own, with a limit of time."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from airflow_provider_harness.app.authoring.finding import Found
from airflow_provider_harness.app.authoring.model import Dag, Source, Task

GRACE = 10
"""Seconds beyond that in which Airflow itself may begin, and end an import; then the process is killed."""
SECONDS = 60
"""How long the import of one file may take before the process is ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What became of a file.

    :param said: what the process wrote of it; None where it wrote nothing.
    :param why: what ended the process.
    """

    said: Mapping[str, Any] | None = None
    why: str = ""


def load(paths: Sequence[str], seconds: float = SECONDS) -> dict[str, Loaded]:
    """Import files, each in the order that is given; after one that ends the process, the next ones get a new process.

    :param seconds: for each file, above 0.
    """
    found: dict[str, Loaded] = {}
    left = list(paths)
    while left:
        said, why = _run(left, seconds)
        found |= {path: Loaded(said=said[path]) for path in left if path in said}
        left = [path for path in left if path not in found]
        if left:
            found[left.pop(0)] = Loaded(why=why)
    return found


def _run(paths: Sequence[str], seconds: float) -> tuple[dict[str, Mapping[str, Any]], str]:
    """One process: what it said of each file, and why it ended."""
    with tempfile.TemporaryDirectory() as folder:
        answers = Path(folder) / "answers"
        answers.touch()
        command = [sys.executable, "-m", f"{__package__}.child", *paths, str(answers)]
        env = {**os.environ, "AIRFLOW__CORE__LOAD_EXAMPLES": "False", "PYTHONWARNINGS": "ignore"}
        env["AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT"] = str(seconds)
        with tempfile.TemporaryFile("w+") as errors:
            child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors, env=env, start_new_session=True)
            why = _ended(child, answers, seconds + GRACE)
            errors.seek(0)
            last = next((line.strip() for line in reversed(errors.read().splitlines()) if line.strip()), "")
        said = (json.loads(line) for line in answers.read_text(encoding="utf-8").splitlines())
        return {one["path"]: one for one in said}, why or last or f"the process ended with status {child.returncode}"


def _ended(child: subprocess.Popen[Any], answers: Path, seconds: float) -> str:
    """Wait for a process; end it and all that it started where no file is done within the time."""
    done = -1
    while True:
        try:
            child.wait(seconds)
            return ""
        except subprocess.TimeoutExpired:
            now = answers.stat().st_size
            if now == done or (done == -1 and now == 0):
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()
                return f"it took longer than {seconds - GRACE:g} s"
            done = now


_ABSENT = ("ModuleNotFoundError", "AirflowOptionalProviderFeatureException")


def merged(source: Source, loaded: Loaded) -> tuple[Source, list[Found]]:
    """The file with its Dags as Airflow knows them, and what went wrong with the import."""
    if loaded.said is None:
        return source, [Found(rule="HF007", line=1, message=f"The import ended: {loaded.why}")]
    errors = [_error(source, str(error)) for error in loaded.said["errors"]]
    errors += [_unserialized(source, told) for told in loaded.said["dags"] if told["error"]]
    known = {dag.id: dag for dag in source.dags}
    by_order = list(source.dags)
    dags = []
    for index, told in enumerate(loaded.said["dags"]):
        guess = by_order[index] if len(by_order) == len(loaded.said["dags"]) else None
        dags.append(_dag(source, told, known.get(told["dag_id"], guess)))
    return (replace(source, dags=tuple(dags)) if dags else source), errors


def _error(source: Source, text: str) -> Found:
    """An import error: where the file itself fails, and in what words."""
    lines = [line for line in text.strip().splitlines() if line.strip()]
    last = lines[-1].strip() if lines else text
    mark = f'File "{source.path}", line '
    place = next((line.split(mark)[1] for line in reversed(lines) if mark in line), "1")
    line = int("".join(c for c in place.split(",")[0] if c.isdigit()) or 1)
    absent = last.startswith(_ABSENT) and not _is_gone(last)
    if absent:
        return Found(rule="HF008", line=line, message=f"Not imported, its code alone was read: {last}")
    if "DagBag import timeout" in text:
        return Found(rule="HF007", line=line, message=f"The import took too long: {_timeout(lines)}")
    if "ContractError" in last or "finding(s)" in text:
        return Found(rule="HF002", line=line, message="A contract that the Dag names is wrong")
    return Found(rule="HF002", line=line, message=last)


def _timeout(lines: Sequence[str]) -> str:
    """The sentence of a timeout without the advice that Airflow adds."""
    said = next((line for line in lines if "DagBag import timeout" in line), "")
    return said.strip().partition("DagBag import timeout")[2].partition(".\n")[0].removeprefix(" for ").rstrip(".")


_UNREGISTERED = ("is not registered", "Unknown priority strategy", "not been registered")


def _unserialized(source: Source, told: Mapping[str, Any]) -> Found:
    """A Dag that Airflow cannot keep; where only a plugin is not installed here, nothing is wrong with the file."""
    line = next((dag.line for dag in source.dags if dag.id == told["dag_id"]), 1)
    absent = any(word in told["error"] for word in _UNREGISTERED)
    return Found(rule="HF008" if absent else "HF002", line=line, message=f"{told['dag_id']}: {told['error']}")


def _is_gone(last: str) -> bool:
    """A module that this Airflow does not have, rather than a package that is not installed."""
    name = last.rpartition("named ")[2].strip("'\" ")
    return name.startswith("airflow.") and not name.startswith("airflow.providers.")


def _dag(source: Source, told: Mapping[str, Any], guess: Dag | None) -> Dag:
    base = guess or Dag(id=told["dag_id"], file=source.path, line=1)
    tasks = {name: _task(name, one, base) for name, one in told["tasks"].items()}
    args = {
        **base.args,
        **{
            n: told[n]
            for n in ("catchup", "max_active_runs", "start_date", "end_date", "description")
            if told.get(n) is not None
        },
    }
    args["tasks named twice"] = ()
    schedule = base.schedule if guess is not None else told["timetable"]
    never = told["timetable"] == "NullTimetable"
    if any(one.get("tells") for one in told["tasks"].values()):
        args.setdefault("on_failure_callback", True)
    return replace(
        base,
        id=told["dag_id"],
        args=args,
        tasks=tasks,
        loaded=True,
        timetable=told["timetable"],
        schedule=None if never else schedule or told["timetable"],
    )


def _task(name: str, told: Mapping[str, Any], base: Dag) -> Task:
    """A task by Airflow, with its place in the file."""
    short = name.rpartition(".")[2]
    declared = base.tasks.get(name) or next(
        (
            task
            for task in base.tasks.values()
            if task.id.rpartition(".")[2] in (short, short.split("__")[0]) or task.function == told["function"] != ""
        ),
        None,
    )
    kind = f"task{told['decorated'].removeprefix('@task')}" if told["decorated"].startswith("@task") else told["kind"]
    args = {key: _value(value) for key, value in told.items() if key not in _OURS}
    given = declared.given if declared is not None else frozenset()
    silent = {key for key in _DEFAULTS if key not in given and not (declared and key in declared.args)}
    return Task(
        id=name,
        kind=declared.kind
        if declared is not None and declared.kind.startswith(("task", "setup", "teardown"))
        else kind,
        line=declared.line if declared is not None else base.line,
        args=_both(declared, {k: v for k, v in args.items() if k not in silent}),
        given=given or frozenset(args),
        lines=declared.lines if declared is not None else {},
        upstream=frozenset(told["upstream_task_ids"]),
        downstream=frozenset(told["downstream_task_ids"]),
        function=told["function"] or (declared.function if declared is not None else ""),
        contract=str(told.get("contract") or ""),
        mapped=bool(told["mapped"]),
    )


def _both(declared: Task | None, told: Mapping[str, Any]) -> dict[str, Any]:
    """What a task was given, as Airflow knows it; where the file says the same, with its place in the file."""
    said = declared.args if declared is not None else {}
    return {**said, **{name: value for name, value in told.items() if said.get(name) != value}}


_OURS = (
    "kind",
    "module",
    "decorated",
    "function",
    "mapped",
    "tells",
    "upstream_task_ids",
    "downstream_task_ids",
    "start_date",
)
_DEFAULTS = ("timeout", "mode", "poke_interval", "execution_timeout", "retries", "method", "failed_states")
"""Attributes that each operator has, whether its author said them or not."""


def _value(value: Any) -> Any:
    if isinstance(value, dict) and value.keys() == {"seconds"}:
        return timedelta(seconds=value["seconds"])
    return value
