"""What on-call reads of a log: the program's words, whole or with a marked cut, and nothing that the log does not bear out."""

from __future__ import annotations

import pytest

from airflow_provider_harness.adapters.diagnosis.rules import by_text
from airflow_provider_harness.adapters.diagnosis.telling import of_line
from airflow_provider_harness.core.diagnosis.diagnosis import Category
from airflow_provider_harness.core.diagnosis.next_steps import sentence


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            "[2026-11-30T09:23:55.415481Z] CRITICAL - Process terminated by signal. Likely out of memory error (OOM). For more "
            "information, see https://airflow.apache.org/docs/x.html#y. signal=-9 signal_name=SIGKILL",
            "Process terminated by signal. Likely out of memory error (OOM). signal=-9 signal_name=SIGKILL",
        ),
        ("[2026-11-30, 09:23:55 UTC] {local_task_job.py:1} INFO - State is failed", "State is failed"),
        ("Killed", "Killed"),
        ("[1] ERROR in main", "[1] ERROR in main"),
        ("    |      | ModuleNotFoundError: No module named 'x'", "ModuleNotFoundError: No module named 'x'"),
        (
            r'HTTP response body: {"kind":"Status","metadata":{},"status":"Failure","message":"pods \"a\" is forbidden","code":403}',
            'HTTP response body: pods "a" is forbidden',
        ),
        ("BadRequest: 400 Rows repeat; reason: invalidQuery, message: Rows repeat", "BadRequest: 400 Rows repeat"),
        (
            'Forbidden: 403 GET https://x/o: {"error": {"code": 403, "message": "sa@x has no storage.objects.get", "errors": []}}',
            "Forbidden: 403 GET https://x/o: sa@x has no storage.objects.get",
        ),
    ],
)
def test_a_cause_quotes_what_a_line_of_the_log_says(line: str, said: str) -> None:
    assert of_line(line) == said


def test_of_two_lines_that_say_the_same_the_fuller_one_is_told() -> None:
    log = (
        "TimeoutError: timed out\n\nThe above exception was the direct cause of the following exception:\n\n"
        "urllib3.exceptions.ReadTimeoutError: HTTPSConnectionPool(host='api.example', port=443): Read timed out. (read timeout=1)"
    )
    assert by_text(log).cause.startswith("urllib3.exceptions.ReadTimeoutError: HTTPSConnectionPool(host='api.example'")


def test_a_cut_is_marked_and_the_services_own_message_is_kept() -> None:
    url = f"https://storage.example/o/{'x' * 200}"
    body = '{"error": {"code": 403, "message": "sa@x does not have storage.objects.get access", "errors": []}}'
    said = by_text(f"google.api_core.exceptions.Forbidden: 403 GET {url}: {body}").cause
    assert " ... sa@x does not have storage.objects.get access. The task is not allowed" in said
    long = by_text(f"ERROR: out of memory while {'sorting many rows ' * 30}").cause
    assert " ... Memory ran out." in long and ".." not in long.replace("...", "")


def test_a_member_of_a_printed_document_is_told_with_the_members_after_it() -> None:
    log = """checkpoint orders success=False
[
 {
  "expectation_type": "expect_table_row_count_to_be_between",
  "success": false,
  "kwargs": {
   "min_value": 20000
  },
  "result": {
   "observed_value": 5,
   "partial_unexpected_list": [
    null
   ]
  }
 },
 {
  "expectation_type": "expect_another"
 }
]
ValidationError: checkpoint orders failed"""
    said = by_text(log).cause
    assert said.startswith("expectation_type: expect_table_row_count_to_be_between, success: false, min_value: 20000")
    assert "observed_value: 5." in said and "expect_another" not in said
    stamped = by_text("\n".join(f"2026-11-20T21:46:44Z stdout F {line}" for line in log.split("\n"))).cause
    assert "expect_table_row_count_to_be_between" in stamped


def test_what_says_only_that_it_happened_is_told_and_no_rule_is_denied() -> None:
    said = by_text("WARNING - State of this instance has been externally set to removed. Taking the poison pill.")
    assert said.category is Category.UNKNOWN and "externally set to removed" in said.cause
    assert "No rule matched" not in sentence(said) and "the rules know nothing" not in sentence(said)


@pytest.mark.parametrize(
    ("log", "never"),
    [
        ("BadRequest: 400 UPDATE statement over table d.t would affect rows in the streaming buffer", "rolled back"),
        ("OSError: [Errno 30] Read-only file system: '/mnt/m.pkl'", "identity was accepted"),
        ("BadRequest: 400 Resources exceeded during query execution: memory limit for shuffle", "same try needs"),
    ],
)
def test_advice_holds_on_every_system_that_has_the_cause(log: str, never: str) -> None:
    assert never not in sentence(by_text(log))
