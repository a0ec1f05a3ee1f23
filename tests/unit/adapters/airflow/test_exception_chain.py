"""What is read from an exception: its chain, its codes, and nothing that somebody's object can break."""

from __future__ import annotations

from http import HTTPStatus
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_harness.adapters.airflow.exceptions.chain import (
    CHAIN_LENGTH,
    MESSAGE_LENGTH,
    READ_LENGTH,
    links_of,
)
from airflow_provider_harness.core.diagnosis.failure import ErrorLink
from airflow_provider_harness.core.redaction.redactor import Redactor


def raised(call: Any) -> BaseException:
    try:
        call()
    except BaseException as error:  # noqa: BLE001  whatever it was, it is what the test is about
        return error
    raise AssertionError("nothing was raised")


def links(error: BaseException, *secrets: str) -> tuple[ErrorLink, ...]:
    return links_of(error, Redactor(secrets=secrets))


def types(error: BaseException) -> list[str]:
    return [link.type for link in links(error)]


def cause() -> None:
    try:
        raise KeyError("inner")
    except KeyError as error:
        raise ValueError("outer") from error


def context() -> None:
    try:
        raise KeyError("inner")
    except KeyError:
        raise ValueError("outer")  # noqa: B904 - the implicit context is the point


def suppressed() -> None:
    try:
        raise KeyError("inner")
    except KeyError:
        raise ValueError("outer") from None


def both() -> None:
    try:
        raise KeyError("inner")
    except KeyError:
        raise ValueError("outer") from TypeError("cause")


@pytest.mark.parametrize(
    ("call", "chain"),
    [
        (cause, ["ValueError", "KeyError"]),
        (context, ["ValueError", "KeyError"]),
        (suppressed, ["ValueError"]),
        (both, ["ValueError", "TypeError"]),
    ],
)
def test_the_chain_is_that_of_the_traceback(call: Any, chain: list[str]) -> None:
    assert types(raised(call)) == chain


def test_a_chain_that_turns_ends() -> None:
    one, other = ValueError("1"), KeyError("2")
    one.__cause__, other.__cause__ = other, one
    assert types(one) == ["ValueError", "KeyError"]


def test_a_long_chain_is_cut() -> None:
    error: BaseException = ValueError("0")
    for number in range(50):
        outer = ValueError(str(number))
        outer.__cause__ = error
        error = outer
    assert len(links(error)) == CHAIN_LENGTH


class Empty(Exception):
    def __len__(self) -> int:
        return 0


def test_a_cause_that_counts_as_false_is_a_cause() -> None:
    error = ValueError("outer")
    error.__cause__ = Empty()
    assert len(links(error)) == 2


def test_what_sqlalchemy_wraps_is_read() -> None:
    import psycopg
    from sqlalchemy.exc import ProgrammingError

    found = links(ProgrammingError("SELECT x", {}, psycopg.errors.UndefinedColumn("no column x")))
    assert [(link.type, link.sqlstate) for link in found] == [
        ("sqlalchemy.exc.ProgrammingError", None),
        ("psycopg.errors.UndefinedColumn", "42703"),
    ]
    assert "psycopg.ProgrammingError" in found[1].bases


def with_attributes(**attributes: Any) -> Exception:
    error = Exception("x")
    for name, value in attributes.items():
        setattr(error, name, value)
    return error


@pytest.mark.parametrize(
    ("attributes", "sqlstate"),
    [
        ({"sqlstate": "42703"}, "42703"),
        ({"pgcode": "40p01"}, "40P01"),
        ({"sqlstate": 42703}, None),
        ({"sqlstate": "4270"}, None),
        ({"sqlstate": "42; x"}, None),
        ({"sqlstate": None, "pgcode": "40001"}, "40001"),
    ],
)
def test_sqlstate(attributes: dict[str, Any], sqlstate: str | None) -> None:
    assert links(with_attributes(**attributes))[0].sqlstate == sqlstate


def response(status: object = 429, **headers: str) -> SimpleNamespace:
    return SimpleNamespace(status_code=status, headers={name.replace("_", "-"): text for name, text in headers.items()})


@pytest.mark.parametrize(
    ("attributes", "status"),
    [
        ({"response": response(503)}, 503),
        ({"status_code": 404}, 404),
        ({"status": 401}, 401),
        ({"code": HTTPStatus.TOO_MANY_REQUESTS}, 429),
        ({"code": "429"}, None),
        ({"code": True}, None),
        ({"code": 7}, None),
        ({"status": 42703}, None),
        ({"response": response(429), "status_code": 500}, 429),
        ({"code": lambda: 429}, None),
    ],
)
def test_http_status(attributes: dict[str, Any], status: int | None) -> None:
    assert links(with_attributes(**attributes))[0].http_status == status


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30", 30.0),
        ("1.5", 1.5),
        ("0", 0.0),
        ("-1", None),
        ("nan", None),
        ("inf", None),
        ("Wed, 21 Oct 2026 07:28:00 GMT", None),
    ],
)
def test_retry_after(text: str, seconds: float | None) -> None:
    assert links(with_attributes(response=response(Retry_After=text)))[0].retry_after == seconds


def test_airflows_own_status_is_not_anybodys_answer() -> None:
    """AirflowException carries 500, for its own web server; a Dag author's exception inherits it."""
    from airflow.sdk.exceptions import AirflowException, AirflowNotFoundException

    class Authors(AirflowException):
        pass

    for error in (AirflowException("x"), AirflowNotFoundException("x"), Authors("x")):
        assert error.status_code in (404, 500)
        assert links(error)[0].http_status is None
    wrapped = AirflowException("x")
    wrapped.response = response(503)  # type: ignore[attr-defined]
    assert links(wrapped)[0].http_status == 503


@pytest.mark.parametrize("code", [137, 429, 503])
def test_an_exit_code_is_no_http_status(code: int) -> None:
    assert links(SystemExit(code))[0].http_status is None


def test_errno() -> None:
    assert links(ConnectionRefusedError(111, "refused"))[0].errno == 111
    assert links(ValueError("x"))[0].errno is None


class Broken(Exception):
    @property
    def status_code(self) -> int:
        raise RuntimeError("no")

    @property
    def sqlstate(self) -> str:
        raise RuntimeError("no")

    @property
    def response(self) -> object:
        raise RuntimeError("no")

    @property
    def orig(self) -> object:
        raise RuntimeError("no")

    def __str__(self) -> str:
        raise RuntimeError("no")


def test_an_object_that_breaks_does_not_break_the_capture() -> None:
    (link,) = links(Broken())
    assert link.message == "(its message cannot be read: RuntimeError)"
    assert (link.sqlstate, link.http_status, link.retry_after) == (None, None, None)


def test_messages_are_redacted_and_cut() -> None:
    (link,) = links(ValueError("hunter22 postgresql://u:topsecret@h/db \u202e " + "x" * 9000), "hunter22")
    assert "hunter22" not in link.message
    assert "topsecret" not in link.message
    assert "\\u202e" in link.message
    assert len(link.message) <= MESSAGE_LENGTH


def test_a_huge_message_does_not_outlive_the_callback() -> None:
    read: list[str] = []

    class Counting(Redactor):
        def redact(self, text: str, limit: int | None = None) -> str:
            read.append(text)
            return text[:limit]

    links_of(ValueError("hunter22 " * 1_000_000), Counting())
    links_of(ValueError("h" * 1_000_000), Counting())
    messages = [text for text in read if "h" * 5 in text or "hunter22" in text]
    assert len(messages) == 2 and all(len(text) <= READ_LENGTH for text in read)
    assert messages[0].endswith("hunter22"), "a word is not cut in half"


def test_names() -> None:
    import psycopg

    assert types(ValueError("x")) == ["ValueError"]
    assert types(psycopg.OperationalError("x")) == ["psycopg.OperationalError"]
    assert links(ConnectionRefusedError("x"))[0].bases == ("ConnectionError", "OSError", "Exception", "BaseException")
