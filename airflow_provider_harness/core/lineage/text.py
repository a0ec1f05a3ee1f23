"""Lineage in words: the way from a table or column to its source, or to what is made of it."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Any

from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.core.lineage.graph import Dataset, Graph, Step
from airflow_provider_harness.core.redaction.redactor import visible

NEAREST = 5


def walks(graph: Graph, name: str, *, downstream: bool) -> list[tuple[Dataset, str, tuple[Step, ...]]]:
    """Each dataset and column that a name means, with the walk that begins there.

    :raises ConfigurationError: nothing has this name.
    """
    starts = graph.starts(name, downstream=downstream)
    if not starts:
        raise ConfigurationError(
            f"{name}",
            "is not in the lineage: no task that succeeded has read or written it.",
            valid=nearest(graph, name),
            fix="Name it [database.]schema.table[.column]; a task of ours that touches it tells the harness when it succeeds.",
        )
    return [(dataset, column, tuple(graph.walk(dataset, column, downstream=downstream))) for dataset, column in starts]


def nearest(graph: Graph, name: str) -> tuple[str, ...]:
    """The known names that are most like this one, the most alike first."""
    known = [one.name for one in graph.datasets]
    known += [f"{one.name}.{column}" for one in graph.datasets for column in graph.columns(one)]

    def likeness(other: str) -> float:
        tail = ".".join(other.split(".")[-1 - name.count(".") :])
        return SequenceMatcher(None, name.lower(), tail.lower()).ratio()

    return tuple(sorted(dict.fromkeys(known), key=lambda other: (-likeness(other), other))[:NEAREST])


def text(start: Dataset, column: str, steps: Sequence[Step], *, downstream: bool) -> list[str]:
    """A walk for people: what is indented feeds the line above, or is fed by it."""
    arrow = "->" if downstream else "<-"
    lines = [_called(start, column)]
    lines += [f"{'  ' * step.depth}{arrow} {_called(step.dataset, step.column)}{_said(step, column)}" for step in steps]
    if not steps:
        lines.append(f"  {arrow} nothing that the harness knows of")
    return [visible(line) for line in lines]  # any task tells names of tables


def _called(dataset: Dataset, column: str) -> str:
    return f"{dataset.name}{f'.{column}' if column else ''} ({dataset.namespace})"


def _said(step: Step, column: str) -> str:
    """How it came, by which task, and what is not known."""
    how = "" if step.how is None else f"  {step.how}{' masked' if step.masking else ''}"
    unknown = "  columns not known" if column and step.how is None else ""
    return f"{how}{unknown}  by {step.task}{'  (see above)' if step.again else ''}"


def as_json(start: Dataset, column: str, steps: Sequence[Step]) -> dict[str, Any]:
    """A walk for programs."""
    return {
        **_dataset(start),
        "column": column,
        "steps": [
            {
                "depth": step.depth,
                **_dataset(step.dataset),
                "column": step.column,
                "task": step.task,
                "type": "" if step.how is None else "DIRECT" if step.how.direct else "INDIRECT",
                "subtype": "" if step.how is None else step.how.value,
                "masking": step.masking,
                "again": step.again,
            }
            for step in steps
        ],
    }


def _dataset(dataset: Dataset) -> dict[str, str]:
    return {"namespace": dataset.namespace, "name": dataset.name}
