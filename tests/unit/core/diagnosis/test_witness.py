"""What a task told becomes a fact only where Airflow's log of the try shows the same."""

from __future__ import annotations

import json
from typing import Any

import pytest

from airflow_provider_harness.adapters.airflow.exceptions.chain import known_classes
from airflow_provider_harness.core.contracts.checks import CHECKS, CheckKind
from airflow_provider_harness.core.contracts.report import Measurement
from airflow_provider_harness.core.contracts.schema import Change, SchemaChange, SchemaDiff, Side
from airflow_provider_harness.core.diagnosis.failure import ErrorLink, Origin
from airflow_provider_harness.core.diagnosis.shown import sentence
from airflow_provider_harness.core.diagnosis.witness import Reader, witness
from airflow_provider_harness.core.errors import ContractViolation
from airflow_provider_harness.core.policy.lint import WRITTEN_BY_AUTHORS
from airflow_provider_harness.core.policy.policy import FACTS, LINEAGE_FACTS
from tests.unit.app.fakes import failure
from tests.unit.core.contracts.test_report import UNIQUE, gate

RESULT = {
    "id": "range:amount",
    "kind": "range",
    "severity": "error",
    "expected": "exactly 0 failing rows",
    "actual": "3 failing rows",
    "look_at": CHECKS[CheckKind.RANGE].look_at,
    "share": 0.01,
    "passed": False,
    "blocking": True,
}
REPORT = {"table": "public.orders", "slice": "s1", "where": "staging table", "rows": 300, "results": [RESULT]}
FORGED = ErrorLink(type="psycopg.errors.LockNotAvailable", sqlstate="55P03", bases=("psycopg.OperationalError",))


def seen(log: tuple[ErrorLink, ...], **told: Any) -> Any:
    return witness(failure(**told), log, known_classes(log))


#: Who reads each fact that a policy can ask for; a new one is decided here, too.
READ_BY = {
    Reader.AIRFLOW: "try_number failed_tasks downstream_tasks dag_paused dag_changed has_contract owners tags idempotent repeatable",
    Reader.DIAGNOSIS: "category basis certainty needs_person",
    Reader.RECORDS: "tries_by_harness model_cents_on_incident model_cents_today",
    Reader.WAREHOUSE: "slices slices_beyond_alone",
    Reader.ADMINISTRATOR: "environment maintenance",
    Reader.CLOCK: "time",
    Reader.CONTRACT: "criticality contract_state",
    Reader.LINEAGE: "downstream_tables upstream_incidents",
}


def test_every_fact_names_its_reader() -> None:
    read = {name: reader for reader, names in READ_BY.items() for name in names.split()}
    assert {name: spec.reader for name, spec in FACTS.items()} == read
    assert set(LINEAGE_FACTS) == set(READ_BY[Reader.LINEAGE].split()), "what tasks tell only narrows"
    assert set(READ_BY[Reader.CONTRACT].split()) | {"owners", "tags"} == WRITTEN_BY_AUTHORS, (
        "a rule that approves by them is named"
    )


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
    log = (ErrorLink(type="HTTPError", message="429 Client Error: slowDown for url, Retry-After: 7"),)
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
    (result,) = seen(log, report=REPORT).failure.report["results"]
    assert {name: result[name] for name in ("id", "kind", "severity", "blocking", "failing")} == {
        "id": "range:amount",
        "kind": "range",
        "severity": "error",
        "blocking": True,
        "failing": 3,
    }


@pytest.mark.parametrize("standing", [None, 0, 7])
def test_a_gate_of_ours_is_seen_however_it_ends(standing: int | None) -> None:
    report = gate(UNIQUE, 7)
    log = (ErrorLink(type="ContractViolation", message=str(ContractViolation(report, standing=standing))),)
    (result,) = seen(log, report=json.loads(json.dumps(report.as_dict()))).failure.report["results"]
    assert (result["kind"], result["failing"]) == ("unique", 7)


def test_the_missing_slices_are_those_that_the_sentence_names() -> None:
    where = "published slices 2026-11-27 to 2026-11-29, missing 2026-11-27, 2026-11-28"
    gap = {**RESULT, "id": "completeness", "kind": "range", "look_at": CHECKS[CheckKind.COMPLETENESS].look_at}
    report = {**REPORT, "where": where, "rows": 0, "results": [{**gap, "facts": {"missing": ["1999-01-01"]}}]}
    log = (ErrorLink(type="ContractViolation", message=sentence(report)),)
    (result,) = seen(log, report=report).failure.report["results"]
    assert (result["kind"], result["facts"]["missing"]) == ("completeness", ["2026-11-27", "2026-11-28"])


@pytest.mark.attack
@pytest.mark.parametrize(
    "change",
    [
        {"kind": "freshness"},
        {"kind": "completeness", "facts": {"missing": ["2026-01-01"]}},
        {"kind": "unique"},
        {"passed": True},
        {"severity": "warn"},
        {"failing": 0},
    ],
)
def test_what_the_sentence_does_not_say_is_not_taken_from_a_report(change: dict[str, Any]) -> None:
    log = (ErrorLink(type="ContractViolation", message=sentence(REPORT)),)
    true = seen(log, report=REPORT).failure.report
    assert seen(log, report={**REPORT, "results": [{**RESULT, **change}]}).failure.report == true


@pytest.mark.attack
def test_a_result_that_does_not_block_decides_nothing() -> None:
    more = {**REPORT, "results": [RESULT, {**RESULT, "blocking": False, "id": "x", "kind": "freshness"}]}
    log = (ErrorLink(type="ContractViolation", message=sentence(more)),)
    assert [one["id"] for one in seen(log, report=more).failure.report["results"]] == ["range:amount"]


@pytest.mark.attack
def test_two_results_cannot_be_told_as_one() -> None:
    other = {**RESULT, "id": "unique:id", "look_at": CHECKS[CheckKind.UNIQUE].look_at}
    log = (ErrorLink(type="ContractViolation", message=sentence({**REPORT, "results": [RESULT, other]})),)
    first, second = (sentence({**REPORT, "results": [one]}).partition("failed. ")[2] for one in (RESULT, other))
    left = {**REPORT, "left": [f"a. {first}"], "results": [other, {"blocking": False}]}
    joined = {**RESULT, "actual": f"3 failing rows (1.00% of rows). {RESULT['look_at']} {second.rpartition(' (')[0]}"}
    for forged in (left, {**REPORT, "results": [joined, {"blocking": False}]}):
        assert seen(log, report=forged).failure.report is None


DRIFT = SchemaDiff(
    side=Side.SOURCE,
    table="raw.orders",
    published="public.orders",
    changes=(SchemaChange(kind=Change.BREAKING, column="amount", expected="numeric", found="nothing", blocking=True),),
)


def test_a_difference_is_seen_where_the_log_has_its_sentence() -> None:
    log = (ErrorLink(type="SchemaDrift", message=DRIFT.sentence()),)
    assert seen(log, schema_diff=json.loads(json.dumps(DRIFT.as_dict()))).failure.schema_diff == DRIFT.as_dict()


@pytest.mark.attack
@pytest.mark.parametrize("change", [{"kind": "additive"}, {"column": "zzz"}, {"ddl": "DROP TABLE public.orders"}])
def test_the_changes_of_a_difference_are_compared(change: dict[str, Any]) -> None:
    told = {**DRIFT.as_dict(), "changes": [{**DRIFT.as_dict()["changes"][0], **change}]}
    log = (ErrorLink(type="SchemaDrift", message=DRIFT.sentence()),)
    assert seen(log, schema_diff=told).failure.schema_diff is None


SHOWN = [
    ("sqlstate", "40001", "could not serialize (SQLSTATE 40001)", "batch 40001 is bad"),
    ("sqlstate", "55P03", "warehouse: refused (table a, 55P03). Try", "order 55P03 (see above)"),
    ("sqlstate", "53300", "errcode=53300", "53300 rows"),
    ("http_status", 429, "HTTP Error 429: Too Many Requests", "server said no: 429 rows"),
    ("http_status", 503, "503 Server Error: Service Unavailable for url", "503 servers"),
    ("http_status", 403, "403 POST https://bigquery.googleapis.com/x: Access Denied", "403 posts"),
    ("http_status", 500, "Client error '500 Internal Server Error' for url", "500 rows were internal"),
    ("errno", 28, "[Errno 28] No space left on device", "read 28 rows"),
    ("retry_after", 30.0, "try again in 30 s", "30 rows"),
]


@pytest.mark.attack
@pytest.mark.parametrize(("name", "value", "shown", "chance"), SHOWN)
def test_a_code_counts_in_its_own_form_and_no_equal_number_is_one(
    name: str, value: Any, shown: str, chance: str
) -> None:
    told = ErrorLink(type="X", **{name: value})
    for message, expected in ((shown, value), (chance, None)):
        (link,) = seen((ErrorLink(type="X", message=message),), chain=(told,)).failure.chain
        assert getattr(link, name) == expected, message


@pytest.mark.attack
def test_a_reason_that_is_an_ordinary_word_counts_only_as_a_reason() -> None:
    for message, expected in (
        ("Quota: rateLimitExceeded", ("rateLimitExceeded",)),
        ("refused (blocked).", ("blocked",)),
        ("reason: 'blocked'", ("blocked",)),
        ("the row was blocked", ()),
    ):
        told = ErrorLink(type="X", reasons=("rateLimitExceeded", "blocked"))
        (link,) = seen((ErrorLink(type="X", message=message),), chain=(told,)).failure.chain
        assert link.reasons == expected, message


@pytest.mark.attack
def test_a_wait_that_nobody_saw_delays_nothing() -> None:
    log = (ErrorLink(type="psycopg.errors.LockNotAvailable", message="canceling statement due to lock timeout"),)
    (link,) = seen(log, chain=(ErrorLink(type="psycopg.errors.LockNotAvailable", retry_after=1e9),)).failure.chain
    assert link.retry_after is None


def test_an_advice_begins_with_no_other_and_kinds_that_share_one_are_treated_alike() -> None:
    decides = {CheckKind.UNIQUE, CheckKind.FRESHNESS, CheckKind.COMPLETENESS}
    for kind, spec in CHECKS.items():
        first = next(each for each in CHECKS if spec.look_at.startswith(CHECKS[each].look_at))
        same = CHECKS[first]
        assert first is kind or (first not in decides and kind not in decides and same.row_level is spec.row_level)


def test_what_is_borne_out_more_agrees_more() -> None:
    log = (ErrorLink(type="ValueError", message="no such file"),)
    true, other = ErrorLink(type="ValueError", message="no such file"), ErrorLink(type="ValueError", message="no")
    cut = ErrorLink(type="ValueError", message="no s... [9 more characters]")
    assert [seen(log, chain=(told,)).agrees for told in (true, cut, other)] == [1, 1, 0]


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
