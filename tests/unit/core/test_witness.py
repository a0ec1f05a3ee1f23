"""What a task told becomes a fact only where Airflow's log of the try shows the same."""

from __future__ import annotations

import json
from typing import Any

import pytest

from airflow_provider_harness.adapters.exceptions import known_classes
from airflow_provider_harness.core.failure import ErrorLink, Origin
from airflow_provider_harness.core.policy import FACTS
from airflow_provider_harness.core.report import Measurement
from airflow_provider_harness.core.witness import Reader, sentence, witness
from tests.unit.app.fakes import failure
from tests.unit.core.test_report import UNIQUE, gate

RESULT = {
    "id": "range:amount",
    "kind": "range",
    "severity": "error",
    "expected": "exactly 0 failing rows",
    "actual": "3 failing rows",
    "look_at": "Look at the source.",
    "share": 0.01,
    "passed": False,
    "blocking": True,
}
REPORT = {"table": "public.orders", "slice": "s1", "where": "staging table", "rows": 300, "results": [RESULT]}
FORGED = ErrorLink(type="psycopg.errors.LockNotAvailable", sqlstate="55P03", bases=("psycopg.OperationalError",))


def seen(log: tuple[ErrorLink, ...], **told: Any) -> Any:
    return witness(failure(**told), log, known_classes(log))


def test_every_fact_names_its_reader() -> None:
    assert {name: spec.reader for name, spec in FACTS.items() if not isinstance(spec.reader, Reader)} == {}
    told = {name for name, spec in FACTS.items() if spec.reader in (Reader.LINEAGE, Reader.CONTRACT)}
    assert told == {"criticality", "contract_state", "downstream_tables", "upstream_incidents"}, "these only narrow"


@pytest.mark.attack
def test_without_a_word_of_airflow_nothing_is_seen() -> None:
    assert seen((), chain=(FORGED,)) is None
    assert seen((), report=REPORT) is None


@pytest.mark.attack
def test_codes_that_the_log_does_not_show_are_not_taken_from_a_report() -> None:
    log = (ErrorLink(type="ValueError", message="no"),)
    told = ErrorLink(
        type="ValueError", sqlstate="55P03", http_status=429, errno=111, reasons=("slowDown",), bases=("X",)
    )
    (link,) = seen(log, chain=(FORGED, told)).failure.chain
    assert (link.type, link.sqlstate, link.http_status, link.errno, link.reasons) == (
        "ValueError",
        None,
        None,
        None,
        (),
    )
    assert link.bases == ("Exception", "BaseException"), "its bases are Python's own, not what was told"


def test_codes_that_the_log_shows_are() -> None:
    log = (ErrorLink(type="HTTPError", message="429 Client Error: slowDown for url"),)
    told = ErrorLink(type="requests.exceptions.HTTPError", http_status=429, retry_after=7, reasons=("slowDown",))
    (link,) = seen(log, chain=(told,)).failure.chain
    assert (link.http_status, link.retry_after, link.reasons) == (429, 7, ("slowDown",))


def test_a_class_of_postgresql_s_says_its_code_by_its_name() -> None:
    found = seen((ErrorLink(type="LockNotAvailable", message="canceling statement"),))
    assert found.reader is Reader.LOG
    assert found.failure.chain[0].sqlstate == "55P03"


def test_a_report_is_seen_where_the_log_has_its_sentence() -> None:
    log = (
        ErrorLink(type="AirflowFailException", message="x"),
        ErrorLink(type="ContractViolation", message=sentence(REPORT)),
    )
    assert seen(log, report=REPORT).failure.report == REPORT


@pytest.mark.attack
@pytest.mark.parametrize(
    "change",
    [
        {"rows": 3_000_000},
        {"table": "public.others"},
        {"slice": "s2"},
        {"results": [{**RESULT, "id": "not_null:id"}]},
        {"results": [{**RESULT, "actual": "1 failing rows"}]},
        {"results": [RESULT, {**RESULT, "id": "one more"}]},
        {"results": []},
    ],
)
def test_a_report_that_differs_from_the_log_is_not(change: dict[str, Any]) -> None:
    log = (ErrorLink(type="ContractViolation", message=sentence(REPORT)),)
    assert seen(log, report={**REPORT, **change}).failure.report is None


@pytest.mark.attack
def test_a_report_of_a_try_that_failed_otherwise_is_not() -> None:
    assert seen((ErrorLink(type="ValueError", message=sentence(REPORT)),), report=REPORT).failure.report is None


def test_the_sentence_is_the_one_that_a_gate_raises() -> None:
    for report in (gate(UNIQUE, 7), gate(UNIQUE, Measurement(value=None, error="no such column"))):
        assert sentence(json.loads(json.dumps(report.as_dict()))) == report.sentence()


def test_what_the_reconciler_found_airflow_itself_said() -> None:
    assert seen((), origin=Origin.RECONCILER).reader is Reader.AIRFLOW
