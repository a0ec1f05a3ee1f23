"""Imports Dag files as Airflow does, in a process of its own, and says of each what became of it.

Importing a file runs its top-level code. Input: paths as arguments, the last one the file for the answers. Output there: one line
of JSON a file, written when the file was imported, so that a file that ends the process is known by the line that is not there.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

_PLAIN = (str, int, float, bool, type(None))


def main(paths: list[str], answers: str) -> None:
    """Import each file and write its line."""
    from airflow.dag_processing.dagbag import DagBag

    with open(answers, "a", encoding="utf-8") as lines:
        for path in paths:
            bag = DagBag(path, safe_mode=False)
            said = {
                "path": path,
                "errors": list(bag.import_errors.values()),
                "dags": [_dag(dag) for dag in bag.dags.values()],
            }
            said["warnings"] = [one for several in bag.captured_warnings.values() for one in several]
            lines.write(json.dumps(said, default=str) + "\n")
            lines.flush()


def _dag(dag: Any) -> dict[str, Any]:
    """What Airflow knows of a Dag: its serialized form, and what tasks were given that this leaves out."""
    from airflow.sdk.exceptions import AirflowException
    from airflow.serialization.serialized_objects import DagSerialization

    try:
        serialized, error = DagSerialization.to_dict(dag), ""
    except (AirflowException, TypeError, ValueError, AttributeError, LookupError, RuntimeError) as wrong:
        serialized, error = None, f"{type(wrong).__name__}: {wrong}"
    return {
        "dag_id": dag.dag_id,
        "serialized": serialized,
        "error": error,
        "timetable": type(dag.timetable).__name__,
        "catchup": dag.catchup,
        "max_active_runs": dag.max_active_runs,
        "start_date": dag.start_date.isoformat() if dag.start_date else None,
        "end_date": dag.end_date.isoformat() if dag.end_date else None,
        "tags": sorted(dag.tags),
        "description": dag.description,
        "tasks": {task.task_id: _task(task) for task in dag.tasks},
    }


def _task(task: Any) -> dict[str, Any]:
    """A task's plain attributes, and its neighbours."""
    mapped = type(task).__name__ in ("MappedOperator", "DecoratedMappedOperator")
    given = dict(task.partial_kwargs) if mapped else {k: v for k, v in vars(task).items() if not k.startswith("_")}
    kept = {name: value for name, found in given.items() if (value := _plain(found)) is not _DROPPED}
    kept |= {
        "upstream_task_ids": sorted(task.upstream_task_ids),
        "downstream_task_ids": sorted(task.downstream_task_ids),
    }
    kind = task.operator_class if mapped else type(task)
    kind = kind if isinstance(kind, type) else type(task)
    function = getattr(task, "python_callable", None) or given.get("python_callable")
    return kept | {
        "kind": kind.__name__,
        "module": kind.__module__,
        "decorated": getattr(task, "custom_operator_name", "") or "",
        "function": getattr(function, "__name__", ""),
        "mapped": mapped,
        "owner": task.owner,
        "retries": task.retries,
        "trigger_rule": str(getattr(task.trigger_rule, "value", task.trigger_rule)),
        "tells": bool(getattr(task, "on_failure_callback", None) or getattr(task, "has_on_failure_callback", False)),
        "start_date": task.start_date.isoformat() if task.start_date else None,
        "outlets": [_asset(one) for one in task.outlets],
        "inlets": [_asset(one) for one in task.inlets],
        "is_teardown": task.is_teardown,
    }


_DROPPED = object()


def _plain(value: Any, depth: int = 0) -> Any:
    """A value as JSON has it; lengths of time in seconds; what is none is dropped."""
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, timedelta):
        return {"seconds": value.total_seconds()}
    if isinstance(value, datetime):
        return value.isoformat()
    if depth < 4 and isinstance(value, Mapping):
        found = {str(name): _plain(one, depth + 1) for name, one in value.items()}
        return {name: one for name, one in found.items() if one is not _DROPPED}
    if depth < 4 and isinstance(value, list | tuple | set | frozenset):
        return [one for item in value if (one := _plain(item, depth + 1)) is not _DROPPED]
    return _DROPPED


def _asset(one: Any) -> dict[str, str]:
    return {"name": str(getattr(one, "name", "")), "uri": str(getattr(one, "uri", ""))}


if __name__ == "__main__":
    main(sys.argv[1:-1], sys.argv[-1])
    os._exit(0)  # a thread that a file started would keep the process
