"""What each driver raises becomes one of our errors: what it is, whether another try helps, and no value of a row."""

from __future__ import annotations

from typing import Any

import adbc_driver_manager
import aiohttp
import duckdb
import gcsfs.retry
import psycopg
import pyarrow as pa
import pytest
from google.api_core import exceptions as google
from google.auth import exceptions as auth
from psycopg import errors as pg
from psycopg.errors import lookup

from airflow_provider_harness.adapters import drivers as driver_errors
from airflow_provider_harness.adapters.postgres import errors as pg_errors
from airflow_provider_harness.core.errors import DatabaseRefused, DatabaseUnavailable, HarnessError, TableLocked

AGAIN = {
    *(
        "08000",
        "08001",
        "08003",
        "08004",
        "08006",
        "08007",
        "25P03",
        "40001",
        "40003",
        "40P01",
        "53000",
        "53100",
        "53200",
    ),
    *("53300", "55006", "55P03", "57014", "57P01", "57P02", "57P03", "57P05", "58000", "58030", "HV00N", "XX000"),
}
NEVER = {
    *(
        "08P01",
        "0A000",
        "21000",
        "22001",
        "22003",
        "22007",
        "22012",
        "22021",
        "22P02",
        "23000",
        "23502",
        "23503",
        "23505",
    ),
    *(
        "23514",
        "23P01",
        "25006",
        "25P02",
        "26000",
        "28000",
        "28P01",
        "2BP01",
        "3D000",
        "3F000",
        "40002",
        "42501",
        "42601",
    ),
    *(
        "42703",
        "42P01",
        "42804",
        "428C9",
        "42883",
        "42P07",
        "44000",
        "53400",
        "54000",
        "55000",
        "57P04",
        "58P01",
        "F0000",
    ),
    *("P0001", "XX001", "XX002"),
}


@pytest.mark.parametrize("code", sorted(AGAIN | NEVER))
def test_each_class_of_sqlstate_says_whether_another_try_helps(code: str) -> None:
    found = driver_errors.translation(lookup(code)("it happened"), "connection wh")
    assert found.retryable is (code in AGAIN)
    assert "connection wh" in str(found)
    assert code in str(found) or isinstance(found, TableLocked)


def test_every_code_that_the_driver_knows_has_an_answer() -> None:
    for code in pg._sqlcodes:
        assert isinstance(pg_errors.translation(lookup(code)("x")), HarnessError)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('connection failed: FATAL:  password authentication failed for user "u"', DatabaseRefused),
        ('connection failed: FATAL:  database "nope" does not exist', DatabaseRefused),
        ('connection failed: FATAL:  role "u" does not exist', DatabaseRefused),
        ("connection failed: fe_sendauth: no password supplied", DatabaseRefused),
        ("connection failed: FATAL:  sorry, too many clients already", DatabaseUnavailable),
        ("connection failed: Connection refused", DatabaseUnavailable),
        ("could not translate host name to address", DatabaseUnavailable),
        ("server closed the connection unexpectedly", DatabaseUnavailable),
        ("connection timeout expired", DatabaseUnavailable),
    ],
)
def test_a_connection_that_cannot_be_made(text: str, kind: type[HarnessError]) -> None:
    assert type(driver_errors.translation(psycopg.OperationalError(text))) is kind
    other = adbc_driver_manager.OperationalError(text, status_code=adbc_driver_manager.AdbcStatusCode.IO)
    assert type(driver_errors.translation(other)) is kind


ADBC = adbc_driver_manager.ProgrammingError(
    "INVALID_ARGUMENT: [libpq] Failed to execute query 'SELECT secret_thing FROM t': ERROR:  column \"x\" does not exist\n"
    "LINE 1: SELECT x\n               ^\n",
    status_code=adbc_driver_manager.AdbcStatusCode.INVALID_ARGUMENT,
    sqlstate="42703",
)


def test_no_value_of_a_row_and_no_statement_is_told() -> None:
    said = str(driver_errors.translation(ADBC, "connection src"))
    assert said.startswith('connection src: column "x" does not exist (42703).')
    for error in (
        pg.InvalidTextRepresentation('invalid input syntax for type integer: "123-45-6789"'),
        pg.NumericValueOutOfRange('value "123-45-6789" is out of range for type integer'),
        pg.InvalidTextRepresentation('invalid input value for enum mood: "123-45-6789"'),
        pg.DatetimeFieldOverflow('date/time field value out of range: "123-45-6789"'),
        pg.UniqueViolation(
            'duplicate key value violates unique constraint "k"\nDETAIL:  Key (id)=(123-45-6789) already exists.'
        ),
        psycopg.OperationalError("connection to postgresql://u:123-45-6789@h/db failed"),
    ):
        told = str(driver_errors.translation(error))
        assert "123-45-6789" not in told, told
        assert "..." in told or ":" in told


def refused(kind: Any, reason: str = "") -> Any:
    return kind("it happened", errors=[{"reason": reason}] if reason else ())


@pytest.mark.parametrize(
    ("error", "retried"),
    [
        (refused(google.Forbidden, "rateLimitExceeded"), True),
        (refused(google.Forbidden, "quotaExceeded"), True),
        (refused(google.Forbidden, "jobRateLimitExceeded"), True),
        (refused(google.Forbidden, "accessDenied"), False),
        (refused(google.Forbidden), False),
        (refused(google.BadRequest, "invalidQuery"), False),
        (refused(google.BadRequest, "bytesBilledLimitExceeded"), False),
        (refused(google.BadRequest, "resourcesExceeded"), False),
        (refused(google.NotFound, "notFound"), False),
        (refused(google.ServiceUnavailable, "backendError"), True),
        (refused(google.ServiceUnavailable), True),
        (refused(google.InternalServerError, "jobInternalError"), True),
        (refused(google.TooManyRequests), True),
        (refused(google.Conflict, "duplicate"), False),
        (google.RetryError("too long", None), True),
        (auth.TransportError("no route"), True),
        (auth.DefaultCredentialsError("none"), False),
        (auth.RefreshError("revoked"), False),
        (duckdb.BinderException("no such column"), False),
        (duckdb.IOException("did not answer"), True),
        (pa.ArrowInvalid("cannot"), False),
        (pa.ArrowNotImplementedError("cannot"), False),
    ],
    ids=str,
)
def test_google_duckdb_and_arrow(error: Exception, retried: bool) -> None:
    assert isinstance(error, driver_errors.kinds())
    found = driver_errors.translation(error, "connection bq")
    assert isinstance(found, DatabaseUnavailable if retried else DatabaseRefused)


class _S3(Exception):
    """As botocore's ``ClientError``."""

    def __init__(self, status: int) -> None:
        super().__init__("An error occurred (SlowDown) when calling PutObject")
        self.response = {"ResponseMetadata": {"HTTPStatusCode": status}}


@pytest.mark.parametrize(
    ("error", "retried"),
    [
        (aiohttp.ServerDisconnectedError(), True),
        (gcsfs.retry.HttpError({"code": 503, "message": "backend"}), True),
        (gcsfs.retry.HttpError({"code": 429, "message": "slow down"}), True),
        (gcsfs.retry.HttpError({"code": 401, "message": "who are you"}), False),
        (_S3(503), True),
        (_S3(403), False),
    ],
    ids=repr,
)
def test_object_storages(error: Exception, retried: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver_errors, "_STORAGE", (*driver_errors._STORAGE, (__name__, "_S3")))
    assert isinstance(error, driver_errors.kinds())
    told = driver_errors.translation(error, "connection src")
    assert told.retryable is retried
    assert str(told).startswith("the object storage of the staged files")
    assert retried or "staging_path" in str(told)
