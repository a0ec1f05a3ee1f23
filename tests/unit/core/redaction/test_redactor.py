"""No secret survives, nothing hides, and cutting comes last."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_harness.core.redaction import engine_rows, row_values, secret_forms, secret_places
from airflow_provider_harness.core.redaction.redactor import MASK, Redactor, shorten, visible

SECRETS = (
    ("postgresql://etl:hunter2secret@db:5432/x", "hunter2secret"),
    ("redis://:s3cretvalue@cache:6379/0", "s3cretvalue"),
    ("Authorization: Bearer abcdef0123456789", "abcdef0123456789"),
    ("{'Authorization': 'Basic dXNlcjpwYXNzd29yZA=='}", "dXNlcjpwYXNzd29yZA"),
    ("key AKIAIOSFODNN7EXAMPLE used", "AKIAIOSFODNN7EXAMPLE"),
    ("aws_secret_access_key = wJalrXUtnFEMIK7MDENGbPxRfiCY", "wJalrXUtnFEMIK7MDENGbPxRfiCY"),
    ("AIzaSyA1234567890abcdefghijklmnopqrstuv", "AIzaSyA1234567890"),
    ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dBjftJeZ4CVP", "eyJzdWIiOiIxIn0"),
    ("api_key=abc123def456", "abc123def456"),
    ('{"client_secret": "topsecretvalue"}', "topsecretvalue"),
    ("password='two words'", "two words"),
    ("PGPASSWORD=letmein psql", "letmein"),
    ("AccountKey=Zm9vYmFyYmF6;EndpointSuffix=x", "Zm9vYmFyYmF6"),
    ("https://b.s3.amazonaws.com/k?X-Amz-Signature=deadbeef01&x=1", "deadbeef01"),
    ("ghp_0123456789abcdefghij0123456789abcdef", "0123456789abcdefghij"),
    ("sk-ant-api03-abcdefghijklmnopqrstuv", "abcdefghijklmnopqrstuv"),
    ("xoxb-1234567890-abcdefghijkl", "abcdefghijkl"),
    ("gAAAAABkZm9vYmFyYmF6cXV4cXV1eA==", "ZkZm9vYmFy"),
    ("-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nxyz\n-----END RSA PRIVATE KEY-----", "MIIEow"),
    ("-----BEGIN PRIVATE KEY-----\nMIIEowIBAAKCAQEA", "MIIEowIBAAKCAQEA"),
    ("M" * 64, "M" * 64),
)


@pytest.mark.parametrize(("text", "secret"), SECRETS, ids=lambda v: v[:18])
def test_patterns_of_secrets(text: str, secret: str) -> None:
    cleaned = Redactor().redact(f"before {text}\nafter" if len(text) < 60 and "BEGIN" not in text else text)
    assert secret not in cleaned and MASK in cleaned


@pytest.mark.parametrize(
    "text",
    [
        "google.auth.exceptions.DefaultCredentialsError: Your default credentials were not found.",
        "botocore.exceptions.NoCredentialsError: Unable to locate credentials",
        "FATAL:  password authentication failed for user etl",
        'relation "tokens" does not exist',
        "https://example.com/path?page=3",
        "Max retries exceeded with url: /v1/token",
    ],
)
def test_messages_stay_readable(text: str) -> None:
    assert Redactor().redact(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("DETAIL:  Key (email)=(bob@x.example) already exists.", "DETAIL:  Key (email)=(***) already exists."),
        ("Key (a, b)=(1, Bob (Jr.)) is not present in table", "Key (a, b)=(***) is not present in table"),
        ("Key (name)=(Bob", "Key (name)=(***"),
        ("DETAIL:  Failing row contains (1, Bob, null).\nnext", "DETAIL:  Failing row contains (***\nnext"),
        (
            'CONTEXT:  COPY people, line 3, column age: "Bob"\nnext',
            'CONTEXT:  COPY people, line 3, column age: "***\nnext',
        ),
        ('COPY people, line 3: "1,Bob"', 'COPY people, line 3: "***'),
        ('COPY people, line 1: "order_id,name"', 'COPY people, line 1: "order_id,name"'),
        ('COPY people, line 1: "Bob,Smith"', 'COPY people, line 1: "***'),
        ('COPY people, line 2: "order_id,name"', 'COPY people, line 2: "***'),
        ("Duplicate entry 'bob@x' for key 'people.email'", "Duplicate entry '***' for key 'people.email'"),
        ("The duplicate key value is (Bob, 1).", "The duplicate key value is (***)."),
    ],
)
def test_a_row_that_a_database_repeats_is_masked(text: str, shown: str) -> None:
    assert Redactor().redact(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("at a.b.\x1b[31mOffsetOutOfRangeException\x1b[0m: 7", "at a.b.OffsetOutOfRangeException: 7"),
        ("\x1b[2K\x1b[1A 41% done", " 41% done"),
        ("pass\x1b[1mword=Tr0ub4dor-and-3", "password=***"),  # a colour within a word hides no secret
    ],
)
def test_colours_and_redrawn_lines_are_left_out(text: str, shown: str) -> None:
    assert Redactor().redact(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("a\u202eb", "a\\u202eb"),
        ("a\u200bb\ufeff", "a\\u200bb\\ufeff"),
        ("over\rwritten", "over\\rwritten"),
        ("tab\tand\nline\r\n", "tab\tand\nline\n"),
        ("tag\U000e0041", "tag\\U000e0041"),
        ("hidden\ufe0f\U000e0101", "hidden\\ufe0f\\U000e0101"),
        ("filler\u3164\u115f\uffa0\u034f", "filler\\u3164\\u115f\\uffa0\\u034f"),
        ("\u2066isolate\u2069\u061c", "\\u2066isolate\\u2069\\u061c"),
        ("\x9b31m\x07\x08", "\\x9b31m\\x07\\x08"),
    ],
)
def test_hidden_characters_are_shown(text: str, shown: str) -> None:
    assert visible(text) == shown
    assert Redactor().redact(text) == shown


secrets = st.text(st.characters(codec="utf-8"), min_size=6, max_size=40).filter(
    lambda s: len(set(s)) > 4 and "*" not in s and s not in "\\x00 more characters" and s.strip() == s
)


@given(secrets, st.text(), st.text(), st.integers(0, 80))
def test_no_known_secret_survives(secret: str, before: str, after: str, limit: int) -> None:
    redactor = Redactor((secret,))
    text = f"{before}{secret}{after}{secret}"
    assert secret not in redactor.redact(text)
    assert secret not in redactor.redact(text, limit)


@given(st.text(string.printable + "\x1b\u202eé"), st.lists(secrets, max_size=3))
def test_twice_is_once(text: str, known: list[str]) -> None:
    redactor = Redactor(tuple(known))
    once = redactor.redact(text)
    assert redactor.redact(once) == once


@given(st.text(), st.integers(0, 50))
def test_any_text_is_cut_to_its_limit(text: str, limit: int) -> None:
    assert len(Redactor().redact(text, limit)) <= limit


def test_cutting_never_shows_half_of_a_secret() -> None:
    text = "x" * 20 + " password=abcdefghijklmnop tail"
    for limit in range(len(text) + 1):
        assert "abcdef" not in Redactor().redact(text, limit)


@pytest.mark.parametrize(
    "text", ["authorization=bearer bearer ", 'authorization=bearer password:="', "a: bearer known-secret-1"]
)
def test_what_masking_joins_is_masked_too(text: str) -> None:
    redactor = Redactor(("known-secret-1",))
    assert redactor.redact(redactor.redact(text)) == redactor.redact(text)


def test_short_secrets_are_not_looked_for() -> None:
    assert Redactor(("a", "")).redact("a cat") == "a cat"


def test_what_was_cut_is_said() -> None:
    assert shorten("x" * 100, 60).endswith("x... [40 more characters]")
    assert shorten("short", 60) == "short"


def test_every_form_is_a_pattern() -> None:
    """They are compiled when a text first needs them, so that no import finds a wrong one."""
    for table in (secret_forms, secret_places, row_values, engine_rows):
        assert all(form.compiled.pattern and form.hints for form in table.FORMS)
