"""Every common form of a log's line gives its level, its logger and what the program said."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_harness.core.logs.lines import Level, lines_of

L = Level


@pytest.mark.parametrize(
    ("line", "level", "logger", "text"),
    [
        ("2026-11-20 21:29:08,716 INFO etl - inserting 2 events", L.QUIET, "etl", "inserting 2 events"),
        ("[2026-11-20T04:16:40.123+0000] {pod.py:742} ERROR - Pod Event: Failed - x", L.ERROR, "pod.py", "Pod Event: Failed - x"),
        ("[2026-11-20T21:46:27.752300Z] ERROR - Task failed with exception source=task", L.ERROR, "", "Task failed with exception source=task"),
        ("2026-11-20T04:16:40.1Z [warning  ] Failed to send heartbeat [supervisor] loc=a.py:1", L.WARNING, "supervisor", "Failed to send heartbeat loc=a.py:1"),
        ("WARNING:urllib3.connectionpool:Retrying", L.WARNING, "urllib3.connectionpool", "Retrying"),
        ("26/11/12 03:11:20 WARN TaskSetManager: Lost task 14.0", L.WARNING, "TaskSetManager", "Lost task 14.0"),
        ("[2026-11-12 02:00:00,001: ERROR/MainProcess] Process exited", L.ERROR, "", "Process exited"),
        ("time=2026-11-20T04:16:40Z level=error msg=\"no route\" code=3", L.ERROR, "", "no route"),
        ("E1120 04:16:40.123456       1 manager.go:12] cannot start", L.ERROR, "", "cannot start"),
        ("ERROR: permission denied", L.ERROR, "", "permission denied"),
        ("04:16:40  1 of 3 ERROR creating sql table model a", L.NONE, "", "1 of 3 ERROR creating sql table model a"),
        ("04:16:40 [error] [MainThread]: Runtime Error", L.ERROR, "", "Runtime Error"),
        ("worker-1  | ValueError: x", L.NONE, "", "ValueError: x"),
        ("2026-11-20T04:16:40.000000000Z stdout F   File \"a.py\", line 1", L.NONE, "", "  File \"a.py\", line 1"),
        ("ERROR 404 was returned", L.NONE, "", "ERROR 404 was returned"),
        ("\x1b[31mKeyError\x1b[0m: 'a'", L.NONE, "", "KeyError: 'a'"),
        ("\\x1b[31mKeyError\\x1b[0m: 'a'", L.NONE, "", "KeyError: 'a'"),
    ],
)  # fmt: skip
def test_a_line_without_what_carries_it(line: str, level: Level, logger: str, text: str) -> None:
    (found,) = lines_of(line)
    assert (found.level, found.logger, found.text) == (level, logger, text)


@pytest.mark.parametrize(
    "line",
    [
        "[2026-11-20T04:16:40.000+0000] {subprocess.py:93} INFO - psql: error: x",
        "[2026-11-20T04:16:40.000+0000] {pod_manager.py:472} INFO - [base] psql: error: x",
        '{"timestamp": "2026-11-20T04:16:40Z", "event": "psql: error: x", "level": "info", "logger": "task.stdout"}',
        "[2026-11-20T04:16:40Z] INFO - psql: error: x source=task.stdout",
    ],
)
def test_a_carrier_says_nothing_of_how_loud_its_program_was(line: str) -> None:
    (found,) = lines_of(line)
    assert (found.level, found.text, found.carried) == (Level.NONE, "psql: error: x", True)


def test_what_a_carrier_repeats_has_its_own_level() -> None:
    (found,) = lines_of(
        "[2026-11-20T04:16:40.000+0000] {subprocess.py:93} INFO - 2026-11-20 04:16:39,000 ERROR etl - down"
    )
    assert (found.level, found.logger, found.text) == (Level.ERROR, "etl", "down")


def test_a_whole_text_in_one_event_is_its_lines() -> None:
    text = "2026-11-20 04:16:40,000 INFO etl - a\nTraceback (most recent call last):\nValueError: x"
    found = list(lines_of(json.dumps({"level": "error", "event": text})))
    assert [each.number for each in found] == [1, 1, 1]
    assert [each.text for each in found] == ["a", "Traceback (most recent call last):", "ValueError: x"]
    assert found[0].level is Level.QUIET


def test_an_event_that_was_cut_is_read_as_far_as_it_goes() -> None:
    whole = json.dumps({"timestamp": "t", "event": "first\nsecond " + "x" * 5000, "level": "error"})
    found = list(lines_of(whole[:3000]))
    assert [each.text[:8] for each in found] == ["first", "second x"]


def test_an_event_with_error_detail_is_its_chain_the_first_cause_first() -> None:
    detail = [
        {"exc_type": "RuntimeError", "exc_value": "outer", "frames": []},
        {"exc_type": "KeyError", "exc_value": "'a'", "frames": [{"filename": "a.py", "lineno": 1, "name": "f"}]},
    ]
    found = [
        each.text
        for each in lines_of(
            json.dumps({"event": "Task failed with exception", "level": "error", "error_detail": detail})
        )
    ]
    assert found.index("KeyError: 'a'") < found.index("RuntimeError: outer")


def test_what_a_service_answered_is_no_event() -> None:
    line = '{"error": {"code": 403, "message": "x", "errors": [{"reason": "rateLimitExceeded"}]}}'
    assert [each.text for each in lines_of(line)] == [line]


@pytest.mark.parametrize(
    "carried",
    [
        "[2026-11-20T04:16:40.000+0000] {pod_manager.py:472} INFO - [base] ",
        "[2026-11-20T04:16:40.000+0000] {subprocess.py:106} INFO - ",
        "",
    ],
)
@pytest.mark.parametrize(("word", "level"), [("WARNING", L.WARNING), ("INFO", L.QUIET), ("ERROR", L.ERROR)])
def test_the_level_of_a_program_within_a_carrier_is_its_own(carried: str, word: str, level: Level) -> None:
    own = f"2026-11-25T04:00:11Z {word} urllib3.connectionpool Retrying after connection broken"
    (line,) = lines_of(carried + own)
    assert line.level is level
    (event,) = lines_of(json.dumps({"timestamp": "t", "level": "info", "logger": "task.stdout", "event": own}))
    assert event.level is level


@given(st.text(max_size=400))
def test_any_text_is_read(text: str) -> None:
    assert [each.number for each in lines_of(text)][-1] == text.count("\n") + 1
