"""Airflow's log answers become plain lines and an untrusted chain, whatever their form."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_harness.adapters.evidence.log import read_log
from airflow_provider_harness.core.redaction.redactor import Redactor
from tests.yardstick import at_most

EVENTS = [
    {"timestamp": "2026-11-20T10:00:00Z", "event": "start", "level": "info", "logger": "task", "rows": 3},
    {
        "timestamp": "2026-11-20T10:00:01Z",
        "event": "Task failed with exception",
        "level": "error",
        "error_detail": [
            {
                "exc_type": "AirflowException",
                "exc_value": "load failed",
                "is_cause": False,
                "frames": [{"filename": "/dags/a.py", "lineno": 9, "name": "load"}],
            },
            {
                "exc_type": "UndefinedColumn",
                "exc_value": 'column "x" does not exist\nLINE 1',
                "is_cause": True,
                "frames": [],
            },
        ],
    },
]
NDJSON = "\n".join(json.dumps(e) for e in EVENTS).encode()
JSON = json.dumps({"content": EVENTS, "continuation_token": None}).encode()


@pytest.mark.parametrize("body", [NDJSON, JSON], ids=["ndjson", "json"])
def test_events_become_lines_and_a_chain(body: bytes) -> None:
    log = read_log(body, Redactor())
    assert log.text.split("\n") == [
        "[2026-11-20T10:00:00Z] INFO - start rows=3",
        "[2026-11-20T10:00:01Z] ERROR - Task failed with exception",
        'UndefinedColumn: column "x" does not exist',
        "LINE 1",
        '  File "/dags/a.py", line 9, in load',
        "AirflowException: load failed",
    ]
    assert [link.type for link in log.chain] == ["AirflowException", "UndefinedColumn"]
    assert log.chain[0].sqlstate is None


def test_texts_that_airflow_could_not_parse() -> None:
    body = json.dumps({"content": ["plain one", "plain two"]}).encode()
    assert read_log(body, Redactor()).text == "plain one\nplain two"
    assert read_log(b"plain one\n{broken", Redactor()).text == "plain one\n{broken"


def test_secrets_and_hidden_characters_of_events() -> None:
    body = json.dumps(
        {
            "event": "conn postgresql://u:pw12345@h/d \x1b[31m\x07",
            "error_detail": [{"exc_type": "E", "exc_value": "tok3nvalue"}],
        }
    ).encode()
    log = read_log(body, Redactor(("tok3nvalue",)))
    assert "pw12345" not in log.text and "tok3nvalue" not in log.text
    assert "\\x07" in log.text and "31m" not in log.text  # a colour says nothing; what else is hidden is shown
    assert log.chain[0].message == "***"
    assert "pw12345" not in log.search("postgresql", Redactor())[0].text


def test_an_error_deep_in_a_long_log_is_kept() -> None:
    quiet = [json.dumps({"event": f"tick {n}", "level": "info"}) for n in range(20_000)]
    quiet[9_000] = json.dumps(EVENTS[1])
    log = read_log("\n".join(quiet).encode(), Redactor())
    assert 'column "x" does not exist' in log.text and len(log.text) < 17_000
    assert "left out]" in log.text
    assert log.search("tick 12345", Redactor())[0].number == 12346


@given(
    st.one_of(
        st.binary(max_size=400),
        st.recursive(
            st.none() | st.text() | st.integers(),
            lambda c: (
                st.lists(c, max_size=3)
                | st.dictionaries(
                    st.sampled_from(["event", "error_detail", "content", "exc_type", "frames"]), c, max_size=4
                )
            ),
            max_leaves=12,
        ).map(lambda v: json.dumps(v).encode()),
    )
)
def test_never_raises(body: bytes) -> None:
    read_log(body, Redactor())


def test_a_hundred_megabytes_are_read_in_a_second() -> None:
    line = (
        json.dumps({"event": "copied a row of the table to its file", "level": "info", "logger": "task"}).encode()
        + b"\n"
    )
    body = line * (100_000_000 // len(line)) + NDJSON
    with at_most(10):
        log = read_log(body, Redactor())
        found = log.search("does not exist", Redactor())
    assert 'column "x" does not exist' in log.text and len(log.text) < 20_000
    assert [hit.number for hit in found] == [body.count(b"\n") + 1]


ERROR = json.dumps({"event": "ERROR Traceback Error FATAL: copied", "level": "error"}).encode() + b"\n"
SHAPES = {"every line is an error": ERROR, "one line": b"ERROR x ", "secrets": b"secret='-----BEGIN PRIVATE KEY-----"}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_hostile_hundred_megabytes_are_read_in_a_second(shape: str) -> None:
    body = SHAPES[shape] * (100_000_000 // len(SHAPES[shape])) + b" needle at its end"
    with at_most(10):
        log = read_log(body, Redactor())
        found = log.search("needle at its end", Redactor())
    assert len(log.text) < 20_000 and len(found) == 1


def test_what_stands_deep_in_a_long_line_is_shown_and_no_secret_before_it() -> None:
    line = b"x " * 50_000 + b"password=hunter22hunter22 the needle" + b" y" * 50_000
    [found] = read_log(b"first\n" + line, Redactor()).search("the needle", Redactor())
    assert "password=*** the needle y y" in found.text and found.number == 2
    assert "hunter22" not in found.text and len(found.text) <= 600


@pytest.mark.parametrize("words", ['column "x" does not exist', "C:\\\\data", "na\u00efve"])
def test_words_are_found_as_an_event_writes_them(words: str) -> None:
    for ascii_only in (True, False):
        body = json.dumps({"event": f"it says {words} here"}, ensure_ascii=ascii_only).encode()
        [found] = read_log(body, Redactor()).search(words, Redactor())
        assert found.text == f"it says {words} here"


def test_what_is_left_out_is_said_with_true_numbers() -> None:
    """Of 200,000 events the excerpt of the excerpt said "lines 13 to 14 left out"."""
    count = 200_000
    body = (
        b"".join(b'{"event": "row %d of the load %s"}\n' % (n, b"x" * 40) for n in range(1, count))
        + b'{"event": "ERROR the end"}\n'
    )
    text = read_log(body, Redactor(), 4_000).text.split("\n")
    shown = {int(line.split()[1]) for line in text if line.startswith("row ")} | {count}
    gaps = [tuple(map(int, re.findall(r"\d+", line))) for line in text if "left out" in line]
    assert {n for first, last in gaps for n in range(first, last + 1)} == set(range(1, count + 1)) - shown and gaps
