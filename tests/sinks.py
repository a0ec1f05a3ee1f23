"""Every place in which the words of a failure come to stand: what of a text is in it afterwards.

One failure is followed on its whole way, by the real code over the fakes: captured, diagnosed, asked about, paged, noted, ended
and told. Each sink is what leaves the harness there, as one text.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from airflow_provider_harness.adapters.airflow.exceptions.chain import links_of
from airflow_provider_harness.adapters.diagnosis.rules import RuleDiagnoser
from airflow_provider_harness.adapters.drivers import translation
from airflow_provider_harness.adapters.evidence.airflow import AirflowEvidence
from airflow_provider_harness.adapters.evidence.log import read_log
from airflow_provider_harness.adapters.lineage.openlineage import operator_lineage
from airflow_provider_harness.adapters.model.prompt import dossier
from airflow_provider_harness.adapters.paging.pagerduty import SUMMARY, bounded
from airflow_provider_harness.adapters.yaml_files.runbook import written
from airflow_provider_harness.app.healing import diagnose as heal
from airflow_provider_harness.app.healing import reconcile
from airflow_provider_harness.app.oncall import approve, escalate
from airflow_provider_harness.app.oncall.approve import Question
from airflow_provider_harness.app.ports.airflow import BrokenFile, TaskState
from airflow_provider_harness.app.ports.healing import Page, PageSeverity
from airflow_provider_harness.app.reports import runbook_draft as runbook
from airflow_provider_harness.core.contracts.checks import CheckKind
from airflow_provider_harness.core.contracts.checks import CheckSeverity as Blocking
from airflow_provider_harness.core.contracts.report import CheckResult, Decision, Measurement, Report
from airflow_provider_harness.core.diagnosis.failure import FailureKind, to_dict
from airflow_provider_harness.core.incidents.events import Event, EventKind, Outcome, Proposed, stored
from airflow_provider_harness.core.incidents.incident import fold
from airflow_provider_harness.core.incidents.metrics import readings
from airflow_provider_harness.core.lineage.graph import Dataset, Flow
from airflow_provider_harness.core.policy.policy import VerdictKind
from airflow_provider_harness.core.redaction.escaping import links, pagerduty, terminal
from airflow_provider_harness.core.redaction.redactor import Redactor
from tests.unit.adapters.lineage.test_openlineage import CONTRACT
from tests.unit.app.fakes import KEY, FakeAirflow, World, failure, policy_of, world

PLAIN = Redactor()
NOW = datetime(2026, 11, 20, tzinfo=UTC)
RUN = "heal__e__1"


@dataclass
class LoggingAirflow(FakeAirflow):
    """An Airflow whose log of the try holds the text: in an event, in its exception and as a plain line."""

    text: str = ""

    def log(self, state: TaskState, try_number: int) -> bytes:
        return log_of(self.text)


def log_of(text: str) -> bytes:
    """A log as Airflow answers it, in which the text stands."""
    detail = [{"exc_type": "ValueError", "exc_value": text, "frames": []}]
    event = {"timestamp": "2026-11-20", "event": text, "level": "error", "error_detail": detail}
    extra = {"extra": text if "\n" not in text else ""}
    return "\n".join((json.dumps({"event": "started"}), json.dumps(event | extra), text)).encode()


@dataclass(frozen=True, kw_only=True)
class Told:
    """What one failure left behind.

    :param notes: what was written at tasks in Airflow.
    """

    events: tuple[Event, ...]
    page: Page
    question: Question | None
    notes: tuple[str, ...]
    shown: str
    draft: str


def captured(text: str) -> Any:
    """The failure of a task whose exception, and its cause, hold the text."""
    try:
        try:
            raise ValueError(text)
        except ValueError as first:
            raise RuntimeError(f"the load failed: {text}") from first
    except RuntimeError as error:
        return failure(chain=links_of(error, PLAIN))


@lru_cache(maxsize=4)
def told(text: str) -> Told:
    """One failure on its way to people; it is asked about, paged, ended and told."""
    w = world(airflow=LoggingAirflow(text=text), policy=policy_of(VerdictKind.ASK))
    diagnoser = RuleDiagnoser()
    healer = replace(w.healer, evidence=AirflowEvidence(w.airflow, PLAIN), diagnoser=diagnoser)
    w.reported(captured(text), "I")
    assert heal.claim(healer, "I", RUN)
    heal.diagnose(healer, "I")
    heal.decide(healer, "I")
    proposal = w.incident("I").last[Proposed].proposal()
    asked = approve.question(healer, w.incident("I"), proposal, RUN)
    escalate.page(healer, w.incident("I"), asks="Look.", severity=PageSeverity.HIGH)
    escalate.close(healer, w.incident("I"), Outcome.ESCALATED, "a person has it")
    events, failures = tuple(w.store.events("I")), w.store.failures("I")
    return Told(
        events=events,
        page=w.pager.pages[-1],
        question=asked,
        notes=noted(text),
        shown=terminal("\n".join(w.tells("I"))),
        draft=written(runbook.draft("I", events, failures)),
    )


def noted(text: str) -> tuple[str, ...]:
    """What is written at a task that says of itself why it skipped."""
    w: World = world()
    w.airflow.states = [replace(state, state="skipped") for state in w.airflow.states]
    w.airflow.looked_after.append(KEY.dag_id)
    given = failure(kind=FailureKind.SKIPPED, detail={"text": text})
    w.store.record(given, "N")
    w.store.intake(w.clock(), w.store.waiting())
    reconcile._note(w.healer, w.incident("N"), [given])
    bodies = [str(stored(event.body)) for event in w.store.events("N") if event.kind is EventKind.NOTED]
    return (*(str(write) for write in w.airflow.writes), *bodies)


def sent(page: Page) -> str:
    """A page as PagerDuty gets it."""
    body = {"summary": pagerduty(page.summary, SUMMARY), "details": bounded(page.details), "links": links(page.links)}
    return json.dumps(body | {"key": page.dedup_key, "source": page.source}, ensure_ascii=False)


def lineage(text: str) -> str:
    """What OpenLineage is told of a gate whose check said the text, with the row that failed."""
    measured = Measurement(value=None, error=text)
    found = CheckResult(
        id="range:mail", kind=CheckKind.RANGE, columns=("mail",), passed=False, severity=Blocking.ERROR,
        expected="0", actual=text, error=measured.error, samples=({"mail": text},),
    )  # fmt: skip
    report = Report(
        contract="c", contract_version="1", table="public.t", slice="s", where="staging", rows=1, malformed=0,
        results=(found,), decision=Decision.BLOCK,
    )  # fmt: skip
    target = Dataset(namespace="postgres://h:1", name="db.public.t")
    made = operator_lineage(
        contract=CONTRACT, flow=Flow(task="d.t", inputs=(target,), output=target, columns=()), described=target,
        schemas={}, report=report, rows=1,
    )  # fmt: skip
    return str(made)


def metrics(text: str) -> str:
    """Names, values and tags of what the events of the incident count."""
    events = told(text).events
    each = [readings(fold("I", events[: number + 1]), event) for number, event in enumerate(events)]
    return "\n".join(f"{one.name} {one.value} {dict(one.tags)}" for found in each for one in found)


def prompt(text: str) -> str:
    """What the model is asked."""
    known = captured(text)
    evidence = AirflowEvidence(LoggingAirflow(text=text), PLAIN).collect(known)
    return dossier(known, evidence, "mark")


def log(text: str) -> str:
    """What is kept of a task's log."""
    found = read_log(log_of(text), PLAIN)
    return "\n".join((found.text, *(link.message for link in found.chain)))


def import_error(text: str) -> str:
    """What the store keeps of a Dag file that cannot be imported."""
    broken = BrokenFile(
        id=1, file="/dags/x.py", dag_ids=(), stack_trace=f"Traceback\n  at x\nValueError: {text}", at=NOW
    )
    return json.dumps(to_dict(reconcile._of_file(broken)), ensure_ascii=False)


def driver(text: str) -> str:
    """What an operator raises for an error of a database: it stands in Airflow's log and in the error facet of OpenLineage."""
    import psycopg

    return str(translation(psycopg.errors.DataError(text), "wh"))


def question(text: str) -> str:
    """The required action in Airflow."""
    asked = told(text).question
    assert asked is not None
    return f"{asked.subject}\n{asked.body}"


#: Sinks for which the whole way is walked; it takes 15 ms a text.
WHOLE_WAY = frozenset({"audit", "page", "question", "note", "show", "runbook", "metrics", "OpenLineage"})
#: Name -> what of a text stands there.
SINKS: Mapping[str, Callable[[str], str]] = {
    "store": lambda text: json.dumps(to_dict(captured(text)), ensure_ascii=False),
    "import error": import_error,
    "audit": lambda text: json.dumps(
        [stored(event.body) for event in told(text).events], ensure_ascii=False, default=str
    ),
    "log": log,
    "prompt": prompt,
    "check": lambda text: Measurement(value=None, error=text).error,
    "page": lambda text: sent(told(text).page),
    "question": question,
    "note": lambda text: "\n".join(told(text).notes),
    "show": lambda text: told(text).shown,
    "runbook": lambda text: told(text).draft,
    "metrics": metrics,
    "OpenLineage": lineage,
    "raised": driver,
}
