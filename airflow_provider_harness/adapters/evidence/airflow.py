"""The dossier of one failed try, assembled from the failure itself and from Airflow's API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

from airflow_provider_harness.adapters.airflow.exceptions.chain import known_classes
from airflow_provider_harness.adapters.evidence.log import read_log
from airflow_provider_harness.app.ports.airflow import AirflowReads, TaskState
from airflow_provider_harness.core.diagnosis.evidence import Evidence, Fact, Observation, Source
from airflow_provider_harness.core.diagnosis.failure import Failure, Origin, TryKey
from airflow_provider_harness.core.diagnosis.witness import witness
from airflow_provider_harness.core.errors import HarnessError
from airflow_provider_harness.core.redaction.redactor import Redactor

#: Characters of one observation.
TEXT_LENGTH = 1500


class AirflowEvidence:
    """Reads what Airflow knows; what it could not read is listed, not guessed."""

    def __init__(self, airflow: AirflowReads, redactor: Redactor) -> None:
        self._airflow, self._redactor = airflow, redactor

    def collect(self, failure: Failure) -> Evidence:
        """See ``app.ports.healing.EvidenceCollector``."""
        seen = [*_of_chain(failure), *_of_gate(failure), *_of_intake(failure)]
        mine = witness(failure, (), {})
        evidence = Evidence(observations=tuple(self._clean(item) for item in seen), witnessed=mine)
        if not failure.key.task_id:
            trace = failure.detail.get("stack_trace", "")
            return replace(evidence, log=read_log(trace.encode(), self._redactor).text) if trace else evidence
        try:
            key = failure.key
            task = self._airflow.task(key.dag_id, key.run_id, key.task_id, key.map_index)
            evidence = self._with_scheduler(self._with_states(evidence, failure, task), key)
            read = read_log(self._airflow.log(task, key.try_number), self._redactor)
            log, told = read.text, self._redacted(failure)
            mine = witness(told, read.failed_with, known_classes(read.failed_with))
            evidence = replace(evidence, witnessed=mine)
            nothing = () if log.strip() else ("Log: Airflow has no log of this try",)
            return replace(evidence, log=log, unavailable=(*evidence.unavailable, *nothing))
        except HarnessError as error:
            unread = f"Airflow: {self._redactor.redact(str(error), 300)}"
            return replace(evidence, unavailable=(*evidence.unavailable, unread))

    def _with_states(self, evidence: Evidence, failure: Failure, task: TaskState) -> Evidence:
        states = [item.state for item in self._airflow.tasks(task.dag_id, task.run_id)]
        facts: dict[str, Fact] = {
            "try_number": failure.key.try_number,
            "failed_tasks": states.count("failed"),
            "downstream_tasks": states.count("upstream_failed"),
        }
        tried = Observation(
            source=Source.TRIES,
            text=f"try {failure.key.try_number} of {task.max_tries + 1}, task is {task.state or 'without state'} now",
            trusted=True,
        )
        around = Observation(
            source=Source.RUN,
            text=f"{states.count('failed')} failed, {states.count('upstream_failed')} could not start, of "
            f"{len(states)}",
            trusted=True,
        )
        return replace(evidence, observations=(*evidence.observations, tried, around), facts=facts)

    def _with_scheduler(self, evidence: Evidence, key: TryKey) -> Evidence:
        try:
            word = self._airflow.scheduler_said(key)
        except HarnessError as error:
            unread = f"The scheduler's events: {self._redactor.redact(str(error), 300)}"
            return replace(evidence, unavailable=(*evidence.unavailable, unread))
        if word is None:
            return evidence
        seen = Observation(source=Source.RUN, text=f"Airflow's scheduler ended this try: {word}", trusted=True)
        facts = {**evidence.facts, "scheduler_said": word.value}
        return replace(evidence, observations=(*evidence.observations, seen), facts=facts)

    def _redacted(self, failure: Failure) -> Failure:
        """The failure with the sentences that are compared with the log masked as the log is."""
        report, diff = failure.report, failure.schema_diff
        return replace(
            failure,
            report=report and cast("Mapping[str, Any]", _masked(report, self._redactor)),
            schema_diff=diff and {**diff, "sentence": self._redactor.redact(str(diff.get("sentence", "")))},
        )

    def _clean(self, item: Observation) -> Observation:
        return replace(item, text=self._redactor.redact(item.text, TEXT_LENGTH))


def _masked(value: Any, redactor: Redactor) -> Any:
    if isinstance(value, str):
        return redactor.redact(value)
    if isinstance(value, Mapping):
        return {name: _masked(item, redactor) for name, item in value.items()}
    return [_masked(item, redactor) for item in value] if isinstance(value, list | tuple) else value


def _of_chain(failure: Failure) -> list[Observation]:
    if failure.report is not None or failure.schema_diff is not None:
        return []  # the exception only repeats what the gate said
    seen = []
    for link in failure.chain:
        codes = ((name, getattr(link, name)) for name in ("sqlstate", "http_status", "errno", "retry_after"))
        known = ", ".join(f"{name} {value}" for name, value in codes if value is not None)
        seen.append(
            Observation(source=Source.EXCEPTION, text=f"{link.type}{f' ({known})' if known else ''}: {link.message}")
        )
    return seen


def _of_gate(failure: Failure) -> list[Observation]:
    seen = []
    if failure.report is not None:
        failed = [result for result in failure.report["results"] if not result["passed"]]
        seen += [Observation(source=Source.REPORT, text=_result(failure.report, result)) for result in failed]
    if failure.schema_diff is not None:
        seen.append(Observation(source=Source.SCHEMA, text=failure.schema_diff["sentence"]))
        seen += [
            Observation(source=Source.SCHEMA, text=f"suggested, not run: {ddl}") for ddl in failure.schema_diff["ddl"]
        ]
    return seen


def _result(report: Mapping[str, Any], result: Mapping[str, Any]) -> str:
    share = f", {result['share']:.2%} of {report['rows']} rows" if result.get("share") else ""
    return (
        f"{report['table']} slice {report['slice']}: check {result['id']} ({result['severity']}): expected "
        f"{result['expected']}, found {result['actual']}{share}. {result['look_at']}"
    )


def _of_intake(failure: Failure) -> list[Observation]:
    told = failure.origin is Origin.RECONCILER  # else as it was reported, by whoever could write the row
    unknown = f"; not known: {', '.join(failure.missing)}" if failure.missing else ""
    text = f"reported by the {failure.origin}, as {failure.kind}{unknown}"
    seen = [Observation(source=Source.RUN, text=text, trusted=told)]
    for name in ("file", "timed_out", "quiet", "text", "roots", "writers"):
        if name in failure.detail:
            seen.append(Observation(source=Source.RUN, text=failure.detail[name]))
    return seen
