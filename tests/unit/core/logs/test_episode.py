"""Which lines speak of the failure: loud, plain, quiet, silent."""

from __future__ import annotations

from airflow_provider_harness.core.logs.episode import Voice, said_in

V = Voice


def voices(text: str) -> list[Voice]:
    return [each.voice for each in said_in(text)]


def test_information_and_warnings_are_quiet_and_errors_with_what_belongs_to_them_are_loud() -> None:
    text = (
        "2026-11-20 04:16:40,000 INFO etl - start\n2026-11-20 04:16:41,000 WARNING http - retrying\n"
        "2026-11-20 04:16:42,000 ERROR etl - failed\nDETAIL:  Key exists\n2026-11-20 04:16:43,000 INFO etl - bye"
    )
    assert voices(text) == [V.QUIET, V.QUIET, V.LOUD, V.LOUD, V.QUIET]


def test_a_traceback_that_a_task_prints_is_loud() -> None:
    head = "[2026-11-20T04:16:40.000+0000] {logging_mixin.py:190} INFO - "
    text = "\n".join(
        head + line
        for line in ("Traceback (most recent call last):", '  File "a.py", line 1, in f', "    g()", "ValueError: x")
    )
    assert voices(text) == [V.SILENT, V.SILENT, V.SILENT, V.LOUD]


def test_a_quiet_line_within_a_traceback_leaves_it_whole() -> None:
    text = 'Traceback (most recent call last):\n  File "a.py", line 1, in f\n2026-11-20 04:16:40,000 INFO other - x\n    g()\nmy.Odd: x'
    assert voices(text)[-1] is V.LOUD


def test_results_that_passed_are_silent_and_warned_ones_quiet() -> None:
    text = (
        "04:16:40  1 of 3 PASS unique_a ... [PASS in 0.1s]\n04:16:40  2 of 3 WARN 3 not_null_b ... [WARN 3 in 0.1s]\n"
        "04:16:40  3 of 3 FAIL 2 not_null_c ... [FAIL 2 in 0.1s]"
    )
    assert voices(text) == [V.SILENT, V.NEAR, V.LOUD]


def test_an_earlier_try_is_quiet() -> None:
    text = (
        "[2026-11-20T03:00:00.000+0000] {taskinstance.py:1} INFO - Starting attempt 1 of 2\n"
        "[2026-11-20T03:00:00.000+0000] {taskinstance.py:1} ERROR - first\n"
        "[2026-11-20T03:00:00.000+0000] {taskinstance.py:1} INFO - Starting attempt 2 of 2\n"
        "[2026-11-20T03:00:00.000+0000] {taskinstance.py:1} ERROR - second"
    )
    assert voices(text) == [V.QUIET, V.QUIET, V.NEAR, V.LOUD]


def test_a_callback_that_fails_after_the_failure_is_quiet() -> None:
    text = (
        'Traceback (most recent call last):\n  File "a.py", line 1, in f\nValueError: x\n'
        "[2026-11-20T03:00:00.000+0000] {taskinstance.py:1} ERROR - Failed to execute on_failure_callback notify\n"
        'Traceback (most recent call last):\n  File "alerts.py", line 1, in notify\nConnectionError: y'
    )
    said = said_in(text)
    assert [each.line.text for each in said if each.voice is V.LOUD] == ["ValueError: x"]


def test_a_callback_alone_is_quiet() -> None:
    text = "[2026-11-20T03:00:00.000+0000] {taskinstance.py:1} ERROR - Failed to execute on_failure_callback notify"
    assert voices(text) == [V.QUIET]


def test_a_cause_of_java_is_loud_and_its_frames_are_silent() -> None:
    text = 'Exception in thread "main" java.lang.RuntimeException: a\n\tat com.acme.A.run(A.java:1)\nCaused by: java.net.ConnectException: refused\n\t... 12 more'
    assert voices(text) == [V.LOUD, V.SILENT, V.LOUD, V.SILENT]


def test_an_exception_within_a_group_is_loud() -> None:
    text = "  | ExceptionGroup: unhandled (1 sub-exception)\n  +-+---------------- 1 ----------------\n    | Traceback (most recent call last):\n    |   File \"a.py\", line 1, in f\n    | KeyError: 'x'\n    +------------------------------------"
    said = said_in(text)
    assert [each.line.text.strip(" |") for each in said if each.voice is V.LOUD][-2:] == [
        "KeyError: 'x'",
        "+------------------------------------",
    ]
