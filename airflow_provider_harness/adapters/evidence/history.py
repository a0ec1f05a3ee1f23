"""What was before: the last green run and what changed since, what gates said of the slice, how similar incidents ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from statistics import median
from typing import Protocol

from airflow_provider_harness.app.ports.airflow import DagFacts, TaskState
from airflow_provider_harness.app.ports.diagnosis import PastTry
from airflow_provider_harness.app.ports.healing import EvidenceCollector
from airflow_provider_harness.core.actions import kind_of
from airflow_provider_harness.core.diagnosis.evidence import Evidence, Observation, Source
from airflow_provider_harness.core.diagnosis.failure import Failure, TryKey
from airflow_provider_harness.core.errors import HarnessError
from airflow_provider_harness.core.incidents.circuit_breaker import IncidentSummary, task_of
from airflow_provider_harness.core.incidents.incident import Incident
from airflow_provider_harness.core.redaction.redactor import Redactor
from airflow_provider_harness.core.slices.gate_run import StoredGate

RUNS = 30
"""Runs of the Dag that are looked back on."""
SIMILAR, SIMILAR_DAYS = 5, 90
"""Similar incidents that are told, the newest first, and how far back they are looked for."""
CHECKS = 8
"""Failed checks of one gate that are told."""
TEXT_LENGTH = 600


class Airflow(Protocol):
    """What is asked of Airflow."""

    def task(self, dag_id: str, run_id: str, task_id: str, map_index: int = -1) -> TaskState: ...
    def dag(self, dag_id: str) -> DagFacts: ...
    def past_tries(self, dag_id: str, task_id: str, limit: int) -> Sequence[PastTry]: ...


class Incidents(Protocol):
    """What is asked of the store."""

    def past(self, since: datetime) -> Sequence[IncidentSummary]: ...
    def incident(self, incident_id: str) -> Incident: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEvidence:
    """Adds to a dossier what was before; each part that cannot be read is listed by itself.

    :param inner: assembles the rest.
    :param quality: table and number of slices -> the newest gate at each place of each of its newest slices.
    :param read: the cause that the rules read in a log; an earlier incident is similar where its cause was the same.
    :param late_from: from when the task's slice counts as late, by the contract.
    """

    inner: EvidenceCollector
    airflow: Airflow
    incidents: Incidents
    quality: Callable[[str, int], Sequence[StoredGate]]
    late_from: Callable[[TaskState, DagFacts], datetime | None]
    read: Callable[[str], str]
    redactor: Redactor
    now: Callable[[], datetime]

    def collect(self, failure: Failure) -> Evidence:
        """See ``app.ports.healing.EvidenceCollector``."""
        evidence = self.inner.collect(failure)
        parts: tuple[tuple[str, Callable[[Failure], Iterator[Observation]]], ...] = (
            ("Earlier runs", self._runs),
            ("Freshness and earlier gates of the slice", self._gates),
            ("Similar incidents", lambda failure: self._similar(failure, evidence.log)),
        )
        for what, read in parts if failure.key.task_id else parts[2:]:
            try:
                seen = tuple(replace(item, text=self.redactor.redact(item.text, TEXT_LENGTH)) for item in read(failure))
                evidence = replace(evidence, observations=(*evidence.observations, *seen))
            except HarnessError as error:
                unread = f"{what}: {self.redactor.redact(str(error), 300)}"
                evidence = replace(evidence, unavailable=(*evidence.unavailable, unread))
        return evidence

    def _runs(self, failure: Failure) -> Iterator[Observation]:
        key = failure.key
        tries = self.airflow.past_tries(key.dag_id, key.task_id, RUNS)
        for text in changes(tries, key):
            yield Observation(source=Source.HISTORY, text=text, trusted=True)

    def _gates(self, failure: Failure) -> Iterator[Observation]:
        key = failure.key
        task = self.airflow.task(key.dag_id, key.run_id, key.task_id, key.map_index)
        late = self.late_from(task, self.airflow.dag(key.dag_id))
        if late is not None:
            hours = (self.now() - late) / timedelta(hours=1)
            when = f"{hours:.1f} h ago" if hours >= 0 else f"in {-hours:.1f} h"
            text = f"freshness: by its contract this slice counts as late from {late:%Y-%m-%d %H:%M} UTC, {when}"
            yield Observation(source=Source.WAREHOUSE, text=text, trusted=True)
        for gate in gates_of(self.quality, task, 1):
            yield Observation(source=Source.REPORT, text=gate_text(gate))  # tasks write these rows: somebody's text

    def _similar(self, failure: Failure, log: str) -> Iterator[Observation]:
        mine, cause = task_of(str(failure.key)), self.read(log)
        past = [item for item in self.incidents.past(self.now() - timedelta(days=SIMILAR_DAYS)) if item.task == mine]
        alike = [item for item in past if item.outcome is not None and item.category == cause != "unknown"]
        for text in ended(self.incidents, alike):
            yield Observation(source=Source.HISTORY, text=f"similar incident: {text}", trusted=True)


def changes(tries: Sequence[PastTry], key: TryKey) -> Iterator[str]:
    """The last green run against the first red one, and how long the task usually runs.

    :param tries: the newest run first.
    """
    same = [one for one in tries if one.map_index == key.map_index]
    at = next((number for number, one in enumerate(same) if one.run_id == key.run_id), None)
    if at is None:
        yield f"this run is not among the last {RUNS} of its Dag"
        return
    green = next((number for number, one in enumerate(same) if number > at and one.state == "success"), None)
    red = [one for one in same[at:green] if one.state in ("failed", "upstream_failed") or one is same[at]]
    if green is None:
        yield f"no green run of this task before this one, among {len(same)}"
    else:
        first, last = red[-1], same[green]
        yield (
            f"last green run: {_run(last)}; first red run since: {_run(first)}; {len(red)} red in a row; {_changed(last, first)}"
        )
    usual = [one.seconds for one in same if one.state == "success" and one.seconds is not None]
    ran = same[at].seconds
    if usual and ran is not None:
        yield f"this try ran {ran:.1f} s; {len(usual)} green ones took {median(usual):.1f} s (median)"


def _run(one: PastTry) -> str:
    return f"due {one.run_after:%Y-%m-%d %H:%M} UTC, Dag version {one.dag_version or 'not known'}"


def _changed(green: PastTry, red: PastTry) -> str:
    if green.dag_version is None or red.dag_version is None:
        return "whether the Dag changed in between is not known"
    return "the Dag has changed in between" if green.dag_version != red.dag_version else "the Dag is the same version"


def gates_of(quality: Callable[[str, int], Sequence[StoredGate]], task: TaskState, slices: int) -> Sequence[StoredGate]:
    """The newest gates of the table that a task publishes or judges: of its own slice alone, where one is asked for."""
    table, key = str(task.rendered.get("table") or ""), str(task.rendered.get("slice_key") or "")
    if not table:
        return ()
    if slices > 1:
        return quality(table, slices)
    return [gate for gate in quality(table, RUNS) if gate.slice == key]


def gate_text(gate: StoredGate) -> str:
    """One gate as a line; a slice that was quarantined is said to be."""
    failed = [check for check in gate.checks if not check.passed]
    said = [
        f"gate of {gate.table}, slice {gate.slice}, {gate.place}, {gate.measured_at:%Y-%m-%d %H:%M} UTC: {gate.decision}"
        f" ({gate.rows} rows, {gate.malformed} malformed)"
    ]
    for check in failed[:CHECKS]:
        number = "" if check.value is None else f", found {check.value:g}"
        share = "" if check.share is None else f" in {check.share:.2%} of rows"
        said.append(
            f"failed: {check.id} ({check.kind}, {check.severity}{number}{share}){' ' if check.error else ''}{check.error}"
        )
    said += [
        f"age {check.value:.0f} s" for check in gate.checks if check.kind == "freshness" and check.value is not None
    ]
    return "; ".join(said)


def ended(incidents: Incidents, past: Sequence[IncidentSummary]) -> Iterator[str]:
    """What earlier incidents were and what became of them, the newest first: ids, enumerations and times alone."""
    for item in sorted(past, key=lambda one: one.opened_at, reverse=True)[:SIMILAR]:
        acts = [str(kind_of(act)) for act in incidents.incident(item.id).acts]
        done = ", then ".join(acts) or "nothing was done by the harness"
        yield f"{item.opened_at:%Y-%m-%d} {item.id}: {item.category or 'not diagnosed'}; {done}; {item.outcome or 'open'}"
