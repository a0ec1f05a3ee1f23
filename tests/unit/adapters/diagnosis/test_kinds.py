"""Kinds of misses that were measured on texts that nobody here had seen, each with small inputs of its kind."""

from __future__ import annotations

import pytest

from airflow_provider_harness.adapters.diagnosis.rules import by_text
from airflow_provider_harness.core.diagnosis.diagnosis import PERSON_NEEDED, Category, first_remedy, safe_action

C = Category


def action(text: str) -> str:
    return safe_action(first_remedy(by_text(text)))


@pytest.mark.parametrize(
    "text",
    [
        "json.decoder.JSONDecodeError: Unterminated string starting at: line 1 column 18 (char 17)",
        "pyarrow.lib.ArrowInvalid: Parquet magic bytes not found in footer. Either the file is corrupted or this is not a parquet file.",
        'psycopg.errors.BadCopyFileFormat: missing data for column "c"\nCONTEXT:  COPY t, line 1: "1;2"',
        "EOFError: Compressed file ended before the end-of-stream marker was reached",
        "zipfile.BadZipFile: File is not a zip file",
        "xml.etree.ElementTree.ParseError: no element found: line 1, column 0",
        "duckdb.InvalidInputException: Invalid Input Error: No magic bytes found at end of file 'a.parquet'",
        '{"expectation_type": "expect_column_values_to_be_of_type", "success": false, "result": {"element_count": 900, "unexpected_count": 900, "unexpected_percent": 100.0}}',
        "ERROR quality - amount: 12000 of 12000 rows could not be converted to numeric",
    ],
)
def test_a_delivery_that_is_broken_as_a_whole_is_not_set_aside(text: str) -> None:
    assert action(text) in PERSON_NEEDED


@pytest.mark.parametrize(
    "text",
    [
        'psycopg.errors.BadCopyFileFormat: missing data for column "c"\nCONTEXT:  COPY t, line 401: "1;2"',
        "UnicodeDecodeError: 'utf-8' codec can't decode byte 0xe9 in position 2211: invalid continuation byte",
        "ERROR loader - row 812 of orders.csv: could not convert string to float: 'n/a'",
    ],
)
def test_single_rows_are_still_set_aside(text: str) -> None:
    assert action(text) == "quarantine_and_continue"


@pytest.mark.parametrize(
    "text",
    [
        "psycopg.errors.IdleInTransactionSessionTimeout: terminating connection due to idle-in-transaction timeout",
        "sql: select * from a cross join b\npsycopg.errors.QueryCanceled: canceling statement due to statement timeout",
        "ERROR api - attempt 5/5 failed: 403 too many concurrent queries for this project_and_region",
        "google.api_core.exceptions.PreconditionFailed: 412 POST https://storage.googleapis.com/upload/storage/v1/b/a/o?ifGenerationMatch=0: conditionNotMet",
        "airflow.exceptions.AirflowTaskTimeout: DagBag import timeout for /dags/a.py after 30.0s",
        "botocore.exceptions.WaiterError: Waiter JobComplete failed: Max attempts exceeded",
        "google.api_core.exceptions.Forbidden: 403 Quota exceeded: Your table exceeded quota for Number of partition modifications to a column partitioned table",
    ],
)
def test_a_retry_that_would_repeat_the_fault_is_not_made(text: str) -> None:
    assert action(text) in PERSON_NEEDED


@pytest.mark.parametrize(
    "text",
    [
        "ERROR 2026-11-20T04:16:40Z secret warehouse-password not found",
        "2026-11-20 ERROR: Not found: Job acme:EU.bquxjob_2026_11_01T00_1 was not found",
        "ERROR etl - table stg.orders_backup not found at 2026-11-20T04:16:40Z",
        "KeyError: 'WAREHOUSE_2026-11-20'",
        "ERROR: role loader_2026_11_01 does not exist",
    ],
)
def test_a_date_that_is_no_delivery_is_not_waited_for(text: str) -> None:
    assert action(text) != "wait_for_source"


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("croniter.croniter.CroniterBadCronError: [0 3 * * 8] is not acceptable, out of range", C.CONFIG_ERROR),
        (
            "requests.exceptions.SSLError: certificate validation failed: unable to get local issuer certificate",
            C.CONFIG_ERROR,
        ),
        (
            '04:01  Database Error in test unique_orders_id (models/a.yml)\n  column "idd" does not exist',
            C.SCHEMA_DRIFT,
        ),
        ("google.api_core.exceptions.BadRequest: 400 Query is too complex: split it into several", C.CODE_BUG),
        (
            "botocore.exceptions.WaiterError: Waiter JobComplete failed: Max attempts exceeded. Previously accepted state: RUNNING",
            C.TIMEOUT,
        ),
        ("  'assert_positive' audit error: 12 rows failed", C.DATA_QUALITY_VIOLATION),
        (
            "requests.exceptions.RetryError: HTTPSConnectionPool(host='a', port=443): Max retries exceeded with url: / (Caused by ResponseError('too many 429 error responses'))",
            C.RATE_LIMITED,
        ),
        (
            "===== Luigi Execution Summary =====\n* 1 failed:\n    - 1 LoadOrders(date=2026-11-20)\n* 2 were left pending, among these:\n    * 2 had failed dependencies",
            C.UPSTREAM_FAILED,
        ),
        ('psycopg.errors.UndefinedColumn: column "agent: id" does not exist', C.SCHEMA_DRIFT),
        ("OSError: [Errno 28] No space left on device: '/data/category=1/part-1'", C.RESOURCE_EXHAUSTED_DISK),
        ("\x1b[31mKeyError\x1b[0m: 'amount'", C.CODE_BUG),
        ("400 The table schema was not found. Set autodetect=True or give a schema", C.CONFIG_ERROR),
        (
            "airflow.sdk.api.client.ServerResponseError: Invalid auth token: Signature has expired",
            C.AUTH_EXPIRED_OR_INVALID,
        ),
        (
            '{"level":"error","event":"Server indicated the task shouldn\'t be running anymore","logger":"supervisor","status_code":409}',
            C.WORKER_LOST,
        ),
    ],
)
def test_words_are_read_in_their_place(text: str, category: Category) -> None:
    assert by_text(text).category is category


@pytest.mark.parametrize(
    "text",
    [
        "INFO etl - 0 duplicates, no column missing",
        "deduplicated 3 rows by key",
        "INFO loader - attempt 1 failed: ReadTimeout; attempt 2 succeeded",
        "WARNING http - connection reset by peer, retrying\nINFO http - retried successfully",
    ],
)
def test_negations_and_retries_that_worked_are_no_findings(text: str) -> None:
    assert action(text) == "escalate_to_human"


def test_what_the_failing_logger_said_before_narrows() -> None:
    text = (
        "2026-11-12 07:00:00,000 INFO sql - select * from a cross join b\n"
        "2026-11-12 07:30:00,042 ERROR sql - query failed\npsycopg2.errors.QueryCanceled: canceling statement due to statement timeout"
    )
    assert action(text) == "reduce_batch_or_concurrency_with_approval"


@pytest.mark.parametrize(
    "text",
    [
        "ERROR - sync failed: retry_on=(DeadlockDetected, SerializationFailure) is used up",
        "AssertionError: expected DeadlockDetected, got nothing",
        "ERROR job ended without DeadlockDetected or LockTimeout",
        "ERROR not a TooManyRequestsException, giving up",
    ],
)
def test_a_class_of_exceptions_that_is_only_mentioned_is_no_cause(text: str) -> None:
    assert action(text) in PERSON_NEEDED
    assert action("ERROR caught DeadlockDetected in upsert") == "retry_after_delay"


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ('WARNING  Event: Failed to pull image "etl:1": not found\nERROR PodLaunchTimeoutException: Pod took too long to start.', C.CONFIG_ERROR),
        ("Event: Warning FailedScheduling 0/9 nodes are available: 9 Insufficient nvidia.com/gpu. preemption: 0/9 nodes are available", C.QUOTA_EXHAUSTED),
        ("ERROR 403 Resource not accessible by integration\nINFO x-ratelimit-remaining: 4988", C.PERMISSION_DENIED),
        (r"AirflowRuntimeError: {'message': 'The conn_id `a` isn\'t defined'}", C.CONFIG_ERROR),
        ("pyodbc.OperationalError: ('08S01', '[08S01] [Microsoft][ODBC Driver 18] TCP Provider (10054)')", C.TRANSIENT_NETWORK),
    ],
)  # fmt: skip
def test_kinds_of_the_strangers_texts(text: str, category: Category) -> None:
    assert by_text(text).category is category


_ENDS = (
    (1, "Error", C.UNKNOWN),
    (126, "Error", C.CONFIG_ERROR),
    (127, "Error", C.CONFIG_ERROR),
    (126, "ContainerCannotRun", C.CONFIG_ERROR),
    (128, "StartError", C.CONFIG_ERROR),
    (134, "Error", C.WORKER_LOST),
    (137, "Error", C.WORKER_LOST),
    (137, "OOMKilled", C.RESOURCE_EXHAUSTED_MEMORY),
    (139, "Error", C.WORKER_LOST),
    (143, "Error", C.WORKER_LOST),
)


@pytest.mark.parametrize(("code", "reason", "category"), _ENDS)
@pytest.mark.parametrize(
    "form",
    [
        "PodOperatorException: Pod load-x1 returned a failure.\nremote_pod: {{'terminated': {{'exit_code': {code}, 'reason': '{reason}'}}}}",
        'PodOperatorException: Pod load-x1 returned a failure.\n{{"terminated": {{"exit_code": {code}, "reason": "{reason}"}}}}',
        "AirflowException: Docker container failed: {{'Error': None, 'StatusCode': {code}, 'reason': '{reason}'}}",
    ],
)
def test_how_a_container_ended_is_read_and_never_acted_on_alone(
    form: str, code: int, reason: str, category: Category
) -> None:
    text = form.format(code=code, reason=reason)
    assert by_text(text).category is category
    assert action(text) in PERSON_NEEDED
