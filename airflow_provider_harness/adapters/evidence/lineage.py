"""What stands upstream of a failed task, by the lineage in the store: open incidents, and what the last gates said."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from airflow_provider_harness.app.ports.healing import EvidenceCollector
from airflow_provider_harness.core.diagnosis.evidence import Evidence, Fact, Observation, Source
from airflow_provider_harness.core.diagnosis.failure import Failure
from airflow_provider_harness.core.errors import ConfigurationError, HarnessError, HarnessUnavailable
from airflow_provider_harness.core.incidents.circuit_breaker import task_of
from airflow_provider_harness.core.incidents.incident import Incident
from airflow_provider_harness.core.lineage.graph import Dataset, Graph, job
from airflow_provider_harness.core.lineage.text import text, walks
from airflow_provider_harness.core.redaction.redactor import shorten
from airflow_provider_harness.core.slices.gate_run import StoredGate

MOST = 12
"""Upstream tables and folders that are told, nearest first, those in trouble before all others."""
_PLAIN = re.compile(r"[\w.:/%@+=-]{1,200}")


class Incidents(Protocol):
    """What is asked of the store."""

    def incidents(self, *, open_only: bool = False) -> Sequence[Incident]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LineageEvidence:
    """Adds to a dossier what its lineage says; where that is not known, it says so.

    :param inner: assembles the rest.
    :param ever: the same of all that was ever told: a task can add to it, and take nothing back.
    :param gates: tasks -> the newest gate of each.
    """

    inner: EvidenceCollector
    graph: Callable[[], Graph]
    ever: Callable[[], Graph]
    incidents: Incidents
    gates: Callable[[Collection[str]], Mapping[str, StoredGate]]

    def collect(self, failure: Failure) -> Evidence:
        """See ``app.ports.healing.EvidenceCollector``."""
        evidence = self.inner.collect(failure)
        if not failure.key.task_id:
            return evidence
        try:
            return self._with_lineage(evidence, failure)
        except HarnessError as error:
            return _without(evidence, f"Lineage: {error}")

    def _with_lineage(self, evidence: Evidence, failure: Failure) -> Evidence:
        graph, mine = self.graph(), job(failure.key.dag_id, failure.key.task_id)
        if not graph.of_task(mine):
            return _without(
                evidence, "Lineage: not known of this task; tasks of the harness's operators tell it when they succeed"
            )
        upstream = graph.upstream_of_task(mine)
        troubled = self._open(failure)
        ever = self.ever()
        above = {task for task in ever.upstream_tasks(mine) if task in troubled}
        gates = self.gates(graph.tasks_of(upstream))
        told = sorted(upstream, key=lambda one: not any(task in above for task in graph.tasks_of((one,))))
        seen = [_upstream(one, graph.tasks_of((one,)), troubled) for one in told[:MOST]]
        if len(told) > MOST:
            seen.append(Observation(source=Source.LINEAGE, text=f"{len(told) - MOST} more upstream", trusted=True))
        seen += [_gate(task, gates[task]) for one in told[:MOST] for task in graph.tasks_of((one,)) if task in gates]
        facts: dict[str, Fact] = {
            "downstream_tables": len(ever.downstream(*ever.of_task(mine))),
            "upstream_incidents": len({incident for task in above for incident in troubled[task]}),
        }
        return replace(evidence, observations=(*evidence.observations, *seen), facts={**evidence.facts, **facts})

    def _open(self, failure: Failure) -> Mapping[str, Sequence[str]]:
        """Task -> its open incidents, without the one that this failure belongs to."""
        found: dict[str, list[str]] = defaultdict(list)
        for incident in self.incidents.incidents(open_only=True):
            if failure.identity in incident.failures:
                continue
            for task in {job(*task_of(name).split("/", 1)) for name in incident.failures}:
                found[task].append(incident.id)
        return found


def _upstream(dataset: Dataset, tasks: Sequence[str], troubled: Mapping[str, Sequence[str]]) -> Observation:
    """One upstream table: names that were found in the store, and ids of incidents."""
    said = [f"upstream: {_safe(dataset.name)}"]
    if not tasks:
        said.append("written by no task that the harness knows")
    for task in tasks:
        open_ones = ", ".join(troubled.get(task, ())) or "none"
        said.append(f"task {_safe(task)}: open incidents: {open_ones}")
    return Observation(source=Source.LINEAGE, text="; ".join(said), trusted=True)


def _gate(task: str, gate: StoredGate) -> Observation:
    """What the newest gate of a task is said to have decided: any task may write such a row."""
    text = f"last gate of task {_safe(task)}, as tasks tell it: {gate.decision} at {gate.measured_at.isoformat(timespec='seconds')}"
    return Observation(source=Source.LINEAGE, text=text)


def _safe(name: str) -> str:
    """A name as an identifier has it; anything else is somebody's text and is not repeated."""
    return name if _PLAIN.fullmatch(name) else "(a name that is not a plain identifier)"


def _without(evidence: Evidence, why: str) -> Evidence:
    return replace(evidence, unavailable=(*evidence.unavailable, why))


@dataclass(frozen=True, slots=True)
class GetLineage:
    """Shows a model the way of a table or column to its source, or to what is made of it."""

    graph: Callable[[], Graph]
    name: str = "get_lineage"
    description: str = (
        "Who feeds a table, folder or column, task by task to the source, or what is made of it. "
        "name: [database.]schema.table, with .column for one column."
    )

    @property
    def parameters(self) -> Mapping[str, object]:
        """See ``app.ports.diagnosis.ReadTool``."""
        return {
            "type": "object",
            "additionalProperties": False,
            "required": ["name", "direction"],
            "properties": {
                "name": {"type": "string"},
                "direction": {"type": "string", "enum": ["upstream", "downstream"]},
            },
        }

    def read(self, arguments: Mapping[str, str]) -> str:
        """See ``app.ports.diagnosis.ReadTool``."""
        down = arguments["direction"] == "downstream"
        try:
            found = walks(self.graph(), shorten(arguments["name"], 200), downstream=down)
        except HarnessUnavailable as error:
            return str(error)
        except ConfigurationError as error:
            raise ValueError(str(error)) from error
        return "\n".join(line for walk in found for line in text(*walk, downstream=down))
