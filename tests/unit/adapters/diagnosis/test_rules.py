"""The floor: trusted facts first, then types of the exception chain, then text; wrappers and recoveries never win."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_harness.adapters.diagnosis.rules import RuleDiagnoser, by_text, retry_after
from airflow_provider_harness.core.contracts.checks import CheckKind, CheckSeverity
from airflow_provider_harness.core.contracts.report import CheckResult, Decision, Report
from airflow_provider_harness.core.diagnosis.diagnosis import (
    Basis,
    Category,
    Certainty,
    Diagnosis,
    first_remedy,
    safe_action,
)
from airflow_provider_harness.core.diagnosis.evidence import Evidence, Source
from airflow_provider_harness.core.diagnosis.failure import ErrorLink, Failure, FailureKind, Origin, TryKey
from airflow_provider_harness.core.diagnosis.witness import Reader, Witnessed
from tests.yardstick import at_most

KEY = TryKey(dag_id="d", run_id="r", task_id="t", try_number=1)


def failure(**more: Any) -> Failure:
    return Failure(
        **(
            {
                "key": KEY,
                "kind": FailureKind.TASK_FAILED,
                "origin": Origin.CALLBACK,
                "occurred_at": datetime(2026, 11, 20, tzinfo=UTC),
            }
            | more
        )
    )


def diagnose(log: str = "", **more: Any) -> Diagnosis:
    """A diagnosis of what the healer saw itself."""
    found = failure(**more)
    seen = Witnessed(failure=found, reader=Reader.LOG)
    return RuleDiagnoser().diagnose(found, Evidence(log=log, witnessed=seen))


def report(*results: tuple[CheckKind, bool], rows: int = 10, **more: Any) -> dict[str, Any]:
    return Report(
        contract="c",
        contract_version="1",
        table="t",
        slice="s",
        where="staged files",
        rows=rows,
        malformed=0,
        decision=Decision.BLOCK,
        results=tuple(
            CheckResult(
                id=f"{kind}:x",
                kind=kind,
                columns=("x",),
                severity=CheckSeverity.ERROR,
                passed=passed,
                expected="",
                actual="",
                **more,
            )
            for kind, passed in results
        ),
    ).as_dict()


@pytest.mark.parametrize(
    ("chain", "category"),
    [
        (ErrorLink(type="psycopg.errors.UndefinedColumn", sqlstate="42703"), Category.SCHEMA_DRIFT),
        (ErrorLink(type="builtins.ConnectionRefusedError", errno=111), Category.TRANSIENT_NETWORK),
        (ErrorLink(type="psycopg.OperationalError", sqlstate="53300"), Category.RESOURCE_EXHAUSTED_CONNECTIONS),
        (ErrorLink(type="psycopg.errors.Whatever", sqlstate="40999"), Category.LOCK_CONTENTION),
        (ErrorLink(type="requests.exceptions.HTTPError", http_status=429, retry_after=42.0), Category.RATE_LIMITED),
        (ErrorLink(type="builtins.OSError", errno=28), Category.RESOURCE_EXHAUSTED_DISK),
        (ErrorLink(type="my.Own", bases=("my.Base", "builtins.ModuleNotFoundError")), Category.DEPENDENCY_OR_VERSION),
    ],
)
def test_types_of_an_exception_are_facts(chain: ErrorLink, category: Category) -> None:
    said = diagnose(chain=(ErrorLink(type="airflow.exceptions.AirflowException", message="failed"), chain))
    assert (said.category, said.basis) == (category, Basis.FACT)
    assert said.retry_after == chain.retry_after
    assert said.citations[0].source is Source.EXCEPTION


def test_the_first_cause_wins_over_what_it_led_to() -> None:
    said = diagnose(
        chain=(ErrorLink(type="builtins.TypeError"), ErrorLink(type="x.OperationalError", sqlstate="08006"))
    )
    assert said.category is Category.TRANSIENT_NETWORK


def test_a_message_alone_is_text() -> None:
    said = diagnose(chain=(ErrorLink(type="builtins.Exception", message="password authentication failed"),))
    assert (said.category, said.basis) == (Category.AUTH_EXPIRED_OR_INVALID, Basis.TEXT)


def test_text_never_overrides_a_specific_fact() -> None:
    said = diagnose("connection refused\n503 service unavailable", chain=(ErrorLink(type="x.E", sqlstate="42501"),))
    assert (said.category, said.basis) == (Category.PERMISSION_DENIED, Basis.FACT)
    assert Category.TRANSIENT_NETWORK in said.alternatives


@pytest.mark.parametrize(
    ("results", "category", "traits"),
    [
        (report((CheckKind.NOT_NULL, False)), Category.DATA_QUALITY_VIOLATION, {"row_level"}),
        (report((CheckKind.NOT_NULL, False), (CheckKind.ROW_COUNT, False)), Category.DATA_QUALITY_VIOLATION, set()),
        (report((CheckKind.UNIQUE, False), (CheckKind.RANGE, True)), Category.DUPLICATE_DATA, set()),
        (report((CheckKind.FRESHNESS, False), (CheckKind.RANGE, False)), Category.LATE_OR_MISSING_SOURCE, {"expected"}),
        (report((CheckKind.ROW_COUNT, False), rows=0), Category.LATE_OR_MISSING_SOURCE, {"expected"}),
        (report((CheckKind.ROW_COUNT, False)), Category.DATA_QUALITY_VIOLATION, set()),
        (
            report((CheckKind.COMPLETENESS, False), facts={"missing": ["2026-11-19"]}),
            Category.LATE_OR_MISSING_SOURCE,
            {"missing_slices", "expected"},
        ),
    ],
)
def test_a_blocked_gate_names_the_cause(results: dict[str, Any], category: Category, traits: set[str]) -> None:
    said = diagnose("deadlock detected", report=results)
    assert (said.category, said.basis, said.certainty) == (category, Basis.FACT, Certainty.SURE)
    assert said.traits == traits


@pytest.mark.parametrize(
    ("error", "category"),
    [
        ("no reason given", Category.UNKNOWN),
        ("duplicate key value violates unique constraint", Category.UNKNOWN),
        ("permission denied for table customers", Category.PERMISSION_DENIED),
        ('relation "public.customers" does not exist', Category.MISSING_OBJECT),
    ],
)
def test_a_check_that_could_not_run_says_nothing_about_data(error: str, category: Category) -> None:
    chain = (ErrorLink(type="airflow_provider_harness.core.errors.ContractViolation", message="1 of 1 checks failed"),)
    said = diagnose("data quality check failed", chain=chain, report=report((CheckKind.RANGE, False), error=error))
    assert said.category is category
    assert said.cause.startswith("1 check(s) could not be run, which says nothing about the data.")


@pytest.mark.parametrize(
    ("kinds", "trait"), [(["additive"], "additive"), (["additive", "breaking"], "breaking"), ([], "breaking")]
)
def test_a_schema_difference_is_drift(kinds: list[str], trait: str) -> None:
    said = diagnose(schema_diff={"changes": [{"kind": k} for k in kinds]})
    assert (said.category, said.basis, said.traits) == (Category.SCHEMA_DRIFT, Basis.FACT, {trait})


def test_a_try_that_nobody_reported_lost_its_process() -> None:
    said = diagnose("connection refused", kind=FailureKind.UNREPORTED, missing=("exception",))
    assert (said.category, said.basis, said.traits) == (Category.WORKER_LOST, Basis.FACT, {"killed_unknown"})
    assert diagnose("OOMKilled", kind=FailureKind.UNREPORTED).category is Category.RESOURCE_EXHAUSTED_MEMORY


@pytest.mark.parametrize(
    ("log", "category"),
    [
        (
            "Task failed with exception\nretries exhausted\nFATAL: too many clients already",
            Category.RESOURCE_EXHAUSTED_CONNECTIONS,
        ),
        (
            "deadlock detected\nThe above exception was the direct cause\nRuntimeError: batch failed",
            Category.LOCK_CONTENTION,
        ),
        (
            "WARNING connection reset by peer, retrying (attempt 1)\nINFO connected to db, retry succeeded\n"
            'ERROR null value in column "a" violates not-null constraint',
            Category.DATA_QUALITY_VIOLATION,
        ),
        (
            '  File "/a/timeout.py", line 3, in f\n    raise MemoryError("no space left on device")\nNameError: name \'x\' is not defined',
            Category.CODE_BUG,
        ),
        (
            "canceling statement due to statement timeout\nprocess 5 still waiting for ShareLock on transaction 7",
            Category.LOCK_CONTENTION,
        ),
        ("Process ended. Likely out of memory. exit code 137", Category.WORKER_LOST),
        (
            "WARNING deadlock detected, retrying (attempt 1)\nINFO retry succeeded\nTypeError: unsupported operand type(s)",
            Category.CODE_BUG,
        ),
        (  # a transfer that was cut leaves half a file
            "IncompleteRead(12 bytes read, 88 more expected)\nzipfile.BadZipFile: File is not a zip file",
            Category.TRANSIENT_NETWORK,
        ),
        (  # a reader of files raises because of the file, whatever it calls the error
            'Traceback (most recent call last):\n  File "/lib/fastavro/_read.pyx", line 3, in read_bytes\nValueError: no length',
            Category.BAD_INPUT_ENCODING_OR_FORMAT,
        ),
        (  # the source that is quoted reads a setting, not data
            "  File \"/p/a.py\", line 2, in <module>\n    port=int(os.environ.get('PORT',''))\n"
            "ValueError: invalid literal for int() with base 10: ''",
            Category.CONFIG_ERROR,
        ),
        (  # an error page is no broken file
            "INFO HTTP 503 <html>Service Unavailable</html>\nJSONDecodeError: Expecting value: line 1 column 1 (char 0)",
            Category.TRANSIENT_NETWORK,
        ),
        ("nothing of interest", Category.UNKNOWN),
        ("", Category.UNKNOWN),
    ],
)
def test_root_causes_win(log: str, category: Category) -> None:
    assert by_text(log).category is category


def test_a_generic_class_alone_is_no_ground_to_act_alone() -> None:
    assert by_text("io.temporal.failure.TimeoutFailure").certainty is Certainty.UNSURE
    assert by_text("requests.exceptions.ConnectionError: connection reset by peer").certainty is not Certainty.UNSURE


def test_citations_are_lines_of_the_log() -> None:
    said = by_text("one\nERROR: deadlock detected\nthree")
    assert [(c.line, c.text) for c in said.citations] == [(2, "ERROR: deadlock detected")]
    assert said.certainty is Certainty.SURE and said.basis is Basis.TEXT


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("Retry-After: 120", 120),
        ("retry after 5 minutes", 300),
        ("retry in 500ms", 0.5),
        ("retry_after=999999", 86400),
        ("no", None),
    ],
)
def test_waits_that_are_asked_for(text: str, seconds: float | None) -> None:
    assert retry_after(text) == seconds


@given(st.text(max_size=600))
def test_any_text_gets_an_answer(log: str) -> None:
    said = by_text(log)
    lines = log.split("\n")
    assert all(lines[c.line - 1][:300] == c.text for c in said.citations)


def test_long_hostile_lines_cost_little() -> None:
    log = "\n".join(
        ["file " * 4000, "2026-11-20 " * 3000, "a" * 50_000, "quota exceeded per " * 3000, "(" * 20_000] * 40
    )
    with at_most(50):
        by_text(log)


def test_a_text_that_a_fact_rules_out_is_said_and_never_sure() -> None:
    lock = "psycopg.errors.DeadlockDetected: deadlock detected"
    gone = diagnose(lock, chain=(ErrorLink(type="E", http_status=404),))
    assert (gone.category, gone.basis, gone.certainty) == (Category.LOCK_CONTENTION, Basis.TEXT, Certainty.UNSURE)
    assert gone.against == ("The text says lock_contention; HTTP 404 rules that out.",) and gone.against[0] in gone.why


def test_a_fact_that_decides_stays_sure_where_the_text_disagrees() -> None:
    said = diagnose("FATAL: too many clients already", chain=(ErrorLink(type="E", sqlstate="42501"),))
    assert (said.category, said.basis, said.certainty) == (Category.PERMISSION_DENIED, Basis.FACT, Certainty.SURE)
    assert "SQLSTATE 42501" in said.against[0]


def test_text_and_fact_that_agree_are_not_said_to_disagree() -> None:
    assert diagnose("deadlock detected", chain=(ErrorLink(type="E", sqlstate="40P01"),)).against == ()
    assert diagnose("deadlock detected").against == ()


def test_a_stated_reason_outweighs_the_client_s_line_of_a_status() -> None:
    status = "requests.exceptions.HTTPError: 403 Client Error: Forbidden for url: https://api.example/x"
    said = by_text(f'ERROR etl - {{"message": "You have exceeded a secondary rate limit"}}\n{status}')
    assert said.category is Category.RATE_LIMITED and said.certainty is not Certainty.UNSURE
    assert by_text(status).category is Category.PERMISSION_DENIED


def test_a_service_s_own_error_code_is_no_sqlstate() -> None:
    assert by_text("RestClientException: Schema not found; error code: 40403").category is Category.MISSING_OBJECT
    assert by_text("psycopg error, SQLSTATE: 40001").category is Category.LOCK_CONTENTION


def test_wrong_values_that_a_query_made_are_not_taken_out_of_a_delivery() -> None:
    loaded = by_text("psycopg.errors.NumericValueOutOfRange: numeric field overflow")
    made = by_text("Database Error in model a (models/a.sql)\n  numeric field overflow")
    assert safe_action(first_remedy(loaded)) == "quarantine_and_continue"
    assert made.category is loaded.category and safe_action(first_remedy(made)) == "escalate_to_human"


def test_a_difference_names_its_columns_and_a_gap_its_days() -> None:
    said = diagnose(schema_diff={"changes": [{"kind": "breaking", "column": f"c{n}"} for n in range(7)]})
    assert "disagree about column(s) c0, c1, c2, c3, c4 and 2 more: breaking" in said.cause
    assert said.why == "The task compared them before any row moved: 7 column(s) differ."
    days = ["2026-11-27", "2026-11-28"]
    result = {
        "id": "completeness",
        "kind": "completeness",
        "severity": "error",
        "passed": False,
        "expected": "none",
        "actual": "2 missing slices",
        "facts": {"missing": days, "time_zone": "Europe/Berlin"},
    }
    gap = diagnose(report={"rows": 1, "results": [result]})
    assert "found 2 missing slices (2026-11-27, 2026-11-28, days in Europe/Berlin)" in gap.cause


def test_nothing_says_a_trusted_fact_says_so() -> None:
    for facts in ({"schema_diff": {"changes": []}}, {"kind": FailureKind.UNREPORTED}):
        assert "trusted fact" not in diagnose(**facts).why


def test_a_process_that_is_gone_is_told_with_its_logs_last_word() -> None:
    said = diagnose("Process terminated by signal=-9 SIGKILL", kind=FailureKind.UNREPORTED)
    assert "nothing says why" not in said.cause and "SIGKILL" in said.cause
    assert "nothing says why" in diagnose("", kind=FailureKind.UNREPORTED).cause


@pytest.mark.attack
@pytest.mark.parametrize(
    "told",
    [
        {"chain": (ErrorLink(type="psycopg.errors.LockNotAvailable", sqlstate="55P03"),)},
        {"report": report((CheckKind.RANGE, False))},
        {"schema_diff": {"changes": [{"kind": "additive"}]}},
        {"kind": FailureKind.UNREPORTED},
    ],
)
def test_what_nobody_saw_but_a_task_told_is_text_and_the_same_seen_is_a_fact(told: dict[str, Any]) -> None:
    found = failure(**told)
    said = RuleDiagnoser().diagnose(found, Evidence())
    assert said.basis is Basis.TEXT
    assert "does not show the same" in said.why
    assert diagnose(**told).basis is Basis.FACT
    assert diagnose(**told).category is said.category


@pytest.mark.attack
def test_what_the_log_shows_stands_before_what_a_task_told() -> None:
    told = failure(chain=(ErrorLink(type="psycopg.errors.LockNotAvailable", sqlstate="55P03"),))
    seen = Witnessed(failure=failure(chain=(ErrorLink(type="PermissionError", errno=13),)), reader=Reader.LOG)
    said = RuleDiagnoser().diagnose(told, Evidence(witnessed=seen))
    assert (said.category, said.basis) == (Category.PERMISSION_DENIED, Basis.FACT)


@pytest.mark.parametrize(
    ("log", "category"),
    [
        ("ERROR: certificate verify failed: unable to get local issuer certificate", Category.CONFIG_ERROR),
        ("ERROR: the access token has expired", Category.AUTH_EXPIRED_OR_INVALID),
        ("AirflowTaskTimeout: DagBag import timeout for /dags/a.py after 30.0s", Category.TIMEOUT),
        ("ServerResponseError: 403 Forbidden from the execution API: permission denied", Category.PERMISSION_DENIED),
    ],
)
def test_a_try_that_ended_without_reporting_has_the_cause_that_its_log_says(log: str, category: Category) -> None:
    said = diagnose(log, kind=FailureKind.UNREPORTED)
    assert (said.category, said.basis) == (category, Basis.TEXT)
    assert safe_action(first_remedy(said)) == "escalate_to_human"
    assert "No callback" in said.why


REPEATED = (
    "ValueError: texts are longer than 20 characters: ['HTTP 429 Too Many Requests', 'deadlock detected', 'connection refused']",
    "ValueError: bad subjects: ('deadlock detected', \"we are rate limited: 429 Too Many Requests\")",
    "pydantic.ValidationError: 2 rows: {'lock wait timeout exceeded', 'server closed the connection unexpectedly'}",
    'ValueError: invalid comment of order 7: "deadlock detected; please retry"',
    "ValueError: subject 'server closed the connection unexpectedly' is longer than 20",
    "RuntimeError: row 3 is refused: {'id': 3, 'text': 'connection refused while paying', 'state': 'open'}",
    "AssertionError: 2 rows are wrong: [{'id': 1, 'note': 'we got 429 Too Many Requests'}, {'id': 2, 'note': 'lock wait timeout exceeded'}]",
    'psycopg.errors.CheckViolation: new row for relation "t" violates check constraint "c"\nDETAIL:  Failing row contains (3, deadlock detected).',
    'psycopg.errors.UniqueViolation: duplicate key value violates unique constraint "t_pkey"\nDETAIL:  Key (subject)=(connection refused) already exists.',
    'psycopg2.errors.StringDataRightTruncation: value too long for type character varying(20)\nCONTEXT:  COPY t, line 4, column text: "deadlock detected"',
    'psycopg2.errors.InvalidTextRepresentation: invalid input syntax for type integer: "deadlock detected"',
    "mysql.connector.errors.IntegrityError: 1062 (23000): Duplicate entry 'connection refused' for key 'PRIMARY'",
    "pyarrow.lib.ArrowInvalid: Failed to parse string: 'deadlock detected' as a scalar of type int64",
    "ValueError: could not convert string to float: 'connection refused'",
)


@pytest.mark.parametrize("error", REPEATED)
def test_texts_of_rows_that_an_error_about_data_repeats_are_no_cause(error: str) -> None:
    said = by_text(f'Traceback (most recent call last):\n  File "/d/a.py", line 1, in x\n{error}\n')
    assert said.category not in (
        Category.LOCK_CONTENTION,
        Category.RATE_LIMITED,
        Category.TRANSIENT_NETWORK,
        Category.TIMEOUT,
    )


@pytest.mark.parametrize("kind", ["ValueError", "builtins.KeyError", "pydantic_core.ValidationError"])
def test_nor_are_they_in_the_chain_of_exceptions(kind: str) -> None:
    message = "texts are longer than 20 characters: ['HTTP 429 Too Many Requests', 'deadlock detected']"
    said = diagnose(f"{kind}: {message}", chain=(ErrorLink(type=kind, message=message),))
    assert safe_action(first_remedy(said)) == "escalate_to_human", said


def test_names_of_columns_that_it_repeats_still_are() -> None:
    assert by_text("KeyError: \"['amount', 'status'] not in index\"").category is Category.SCHEMA_DRIFT
    assert by_text("RuntimeError: query failed: 'deadlock detected'").category is Category.LOCK_CONTENTION


@pytest.mark.parametrize(
    ("error", "category"),
    [
        ("Exception: the API answered {'status': 503, 'detail': 'service unavailable for now'}", Category.TRANSIENT_NETWORK),
        ("redshift_connector.error.ProgrammingError: {'S': 'ERROR', 'C': 'XX000', 'D': 'Serializable isolation violation on table - 1'}", Category.LOCK_CONTENTION),
        ('ValueError: bad answer: {"error": {"code": 429, "message": "Too Many Requests"}}', Category.RATE_LIMITED),
        ("TypeError: 'connection refused by all hosts'", Category.TRANSIENT_NETWORK),
    ],
)  # fmt: skip
def test_an_answer_that_an_error_quotes_is_heard(error: str, category: Category) -> None:
    assert by_text(error).category is category
