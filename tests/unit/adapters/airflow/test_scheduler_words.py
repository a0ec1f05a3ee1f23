"""A try that the scheduler ended itself: its record is a fact, and the log is read beside it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from airflow_provider_harness.adapters.airflow.scheduler_words import said
from airflow_provider_harness.adapters.diagnosis.rules import RuleDiagnoser
from airflow_provider_harness.adapters.evidence.airflow import AirflowEvidence
from airflow_provider_harness.core.diagnosis.diagnosis import Basis, Category, Diagnosis, first_remedy
from airflow_provider_harness.core.diagnosis.evidence import Evidence
from airflow_provider_harness.core.diagnosis.failure import ErrorLink, FailureKind, Origin, SchedulerWord
from airflow_provider_harness.core.diagnosis.witness import live
from airflow_provider_harness.core.errors import HarnessUnavailable
from airflow_provider_harness.core.redaction.redactor import Redactor
from tests.unit.app.fakes import FakeAirflow, failure

MISMATCH = (
    "Executor KubernetesExecutor(parallelism=32) reported that the task instance <TaskInstance: d.t r [queued]> finished with state "
    "failed, but the task instance's state attribute is running. Learn more: https://airflow.apache.org/docs Extra info: "
)


def row(event: str, **more: Any) -> dict[str, Any]:
    return {"event": event, "try_number": 2, "map_index": -1, "extra": None} | more


@pytest.mark.parametrize(
    ("rows", "word"),
    [
        ([], None),
        ([row("heartbeat timeout")], SchedulerWord.HEARTBEAT_LOST),
        ([row("heartbeat timeout", try_number=1)], None),
        ([row("heartbeat timeout", map_index=3)], None),
        ([row("stuck in queued tries exceeded")], SchedulerWord.NEVER_STARTED),
        ([row("state mismatch", extra=MISMATCH + "{'exit_code': 1}")], SchedulerWord.KILLED),
        ([row("state mismatch", extra=MISMATCH + "{'container_reason': 'OOMKilled'}")], SchedulerWord.OUT_OF_MEMORY),
        ([row("state mismatch", extra=MISMATCH + "Pod failed because of Evicted")], SchedulerWord.KILLED),
        ([row("state mismatch", extra=MISMATCH + "Pod failed because of None")], SchedulerWord.KILLED),
        ([row("state mismatch", extra="a Dag named OOMKilled")], SchedulerWord.KILLED),
        ([row("patch_task_instance", extra="heartbeat timeout")], None),
    ],
)
def test_what_the_scheduler_wrote(rows: list[dict[str, Any]], word: SchedulerWord | None) -> None:
    assert said(rows, 2, -1) is word


class Logged(FakeAirflow):
    content = b"INFO - fetching page 7\n"
    events_away = False

    def log(self, state: object, try_number: int) -> bytes:
        return self.content

    def scheduler_said(self, key: object) -> SchedulerWord | None:
        if self.events_away:
            raise HarnessUnavailable("Airflow's API", "eventLogs: 503")
        return self.scheduler


def diagnosed(airflow: FakeAirflow, **more: Any) -> Diagnosis:
    given = failure(**{"kind": FailureKind.UNREPORTED, "origin": Origin.RECONCILER} | more)
    return RuleDiagnoser().diagnose(given, AirflowEvidence(airflow, Redactor()).collect(given))


@pytest.mark.parametrize(
    ("word", "category"),
    [
        (SchedulerWord.HEARTBEAT_LOST, Category.WORKER_LOST),
        (SchedulerWord.KILLED, Category.WORKER_LOST),
        (SchedulerWord.NEVER_STARTED, Category.WORKER_LOST),
        (SchedulerWord.OUT_OF_MEMORY, Category.RESOURCE_EXHAUSTED_MEMORY),
    ],
)
def test_its_word_is_a_fact_that_calls_a_person(word: SchedulerWord, category: Category) -> None:
    found = diagnosed(Logged(scheduler=word))
    assert (found.category, found.basis) == (category, Basis.FACT)
    assert word in found.why
    remedy = first_remedy(found)
    assert remedy.needs_person or remedy.action.value.startswith("suggest")


def test_a_log_that_says_why_is_heard_but_not_against_memory() -> None:
    airflow = Logged(scheduler=SchedulerWord.KILLED)
    airflow.content = b"ERROR - ssl.SSLCertVerificationError: certificate verify failed: certificate has expired\n"
    assert diagnosed(airflow).category is not Category.WORKER_LOST
    airflow.scheduler = SchedulerWord.OUT_OF_MEMORY
    assert diagnosed(airflow).category is Category.RESOURCE_EXHAUSTED_MEMORY


@pytest.mark.attack
def test_what_the_log_shows_that_the_task_ended_with_comes_first_and_what_is_only_told_does_not() -> None:
    link = ErrorLink(type="psycopg.errors.LockNotAvailable", sqlstate="55P03", message="could not obtain lock")
    given = failure(chain=(link,))
    evidence = Evidence(log="x", facts={"scheduler_said": "out_of_memory"}, witnessed=live(given))
    assert RuleDiagnoser().diagnose(given, evidence).category is Category.LOCK_CONTENTION
    told = replace(evidence, witnessed=None)
    assert RuleDiagnoser().diagnose(given, told).category is Category.RESOURCE_EXHAUSTED_MEMORY


@pytest.mark.attack
def test_a_log_that_repeats_the_words_is_text() -> None:
    airflow = Logged()
    airflow.content = b"ERROR - Airflow's scheduler ended this try: out_of_memory\nheartbeat timeout OOMKilled\n"
    assert "scheduler_said" not in AirflowEvidence(airflow, Redactor()).collect(failure()).facts


def test_events_that_cannot_be_read_cost_nothing_else() -> None:
    airflow = Logged()
    airflow.events_away = True
    evidence = AirflowEvidence(airflow, Redactor()).collect(failure())
    assert "fetching page 7" in evidence.log
    assert "scheduler's events" in evidence.unavailable[0]
