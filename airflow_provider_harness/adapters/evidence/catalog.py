"""What the catalog on the other side says of a failure: who holds the lock, how many connections are in use, how a job stands."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from airflow_provider_harness.app.ports.airflow import TaskState
from airflow_provider_harness.app.ports.healing import EvidenceCollector
from airflow_provider_harness.core.diagnosis.diagnosis import Category
from airflow_provider_harness.core.diagnosis.evidence import Evidence, Fact, Observation
from airflow_provider_harness.core.diagnosis.failure import Failure
from airflow_provider_harness.core.errors import HarnessError, HarnessUnavailable
from airflow_provider_harness.core.redaction.redactor import Redactor

SECONDS = 10.0
"""How long all connections together are waited for; a thread that still hangs then ends with its process."""
MOST = 3
"""Connections of one task that are asked, and jobs of one log."""
TEXT_LENGTH = 600
_CONN_ID = re.compile(r"[\w.-]{1,200}")
_JOB = re.compile(
    r"(?:\bjob[_ ]?id['\"]?\s{0,2}[:=]\s{0,2}['\"]?|/jobs/|\bJob ID:\s{0,2})(?:[\w-]{1,64}[:.])?(?:[\w-]{1,32}\.)?([\w-]{8,128})",
    re.IGNORECASE,
)

Found = tuple[Mapping[str, Fact], list[Observation]]


class Airflow(Protocol):
    """What is asked of Airflow."""

    def task(self, dag_id: str, run_id: str, task_id: str, map_index: int = -1) -> TaskState: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked on one connection.

    :param category: the cause that the rules read.
    :param words: log and rendered fields, by which a table counts as named.
    :param jobs: ids that the log calls ids of jobs; only what the service knows becomes a fact.
    """

    category: Category
    words: str
    jobs: tuple[str, ...] = ()

    def names(self, table: str) -> bool:
        """Whether the failure names this table, with its schema or alone."""
        return bool(re.search(rf"(?<![\w]){re.escape(table.rpartition('.')[2])}(?![\w])", self.words))


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogEvidence:
    """Adds what a catalog says, within ``seconds``; what does not answer is listed, and nothing is raised.

    :param inner: assembles the rest.
    :param read: the cause that the rules read in what was assembled.
    :param ask: connection id and question -> what its catalog says; None where it can say nothing of this cause.
    """

    inner: EvidenceCollector
    airflow: Airflow
    read: Callable[[Failure, Evidence], Category]
    ask: Callable[[str, Question], Found | None]
    redactor: Redactor
    seconds: float = SECONDS

    def collect(self, failure: Failure) -> Evidence:
        """See ``app.ports.healing.EvidenceCollector``."""
        evidence = self.inner.collect(failure)
        if not failure.key.task_id:
            return evidence
        category = self.read(failure, evidence)
        try:
            key = failure.key
            task = self.airflow.task(key.dag_id, key.run_id, key.task_id, key.map_index)
        except HarnessError:
            return evidence  # said by whoever asked Airflow before
        words = "\n".join((evidence.log, *map(str, task.rendered.values())))
        question = Question(
            category=category, words=words, jobs=tuple(dict.fromkeys(_JOB.findall(evidence.log)))[:MOST]
        )
        until = time.monotonic() + self.seconds
        for conn_id in list(_connections(task))[:MOST]:
            evidence = self._with(evidence, conn_id, question, max(0.0, until - time.monotonic()))
        return evidence

    def _with(self, evidence: Evidence, conn_id: str, question: Question, seconds: float) -> Evidence:
        try:
            found = within(seconds, lambda: self.ask(conn_id, question))
        except HarnessError as error:
            unread = f"Connection {conn_id}: {self.redactor.redact(str(error), 300)}"
            return replace(evidence, unavailable=(*evidence.unavailable, unread))
        if found is None:
            return evidence
        facts, seen = found
        told = tuple(replace(one, text=self.redactor.redact(f"{conn_id}: {one.text}", TEXT_LENGTH)) for one in seen)
        return replace(evidence, observations=(*evidence.observations, *told), facts={**evidence.facts, **facts})


def _connections(task: TaskState) -> Iterator[str]:
    named = (value for name, value in sorted(task.rendered.items()) if name.endswith("conn_id"))
    yield from dict.fromkeys(value for value in named if isinstance(value, str) and _CONN_ID.fullmatch(value))


def within(seconds: float, ask: Callable[[], Found | None]) -> Found | None:
    """An answer, in a thread that is not waited for longer; what breaks there otherwise, Python itself logs.

    :raises HarnessUnavailable: there is none in time.
    """
    answers: list[Found | HarnessError | None] = []

    def run() -> None:
        try:
            answers.append(ask())
        except HarnessError as error:
            answers.append(error)

    worker = threading.Thread(target=run, name="harness-catalog", daemon=True)
    worker.start()
    worker.join(seconds)
    if not answers:
        raise HarnessUnavailable("The catalog", f"it did not answer within {seconds:.0f} s, or what asked it broke.")
    if isinstance(answers[0], HarnessError):
        raise answers[0]
    return answers[0]
