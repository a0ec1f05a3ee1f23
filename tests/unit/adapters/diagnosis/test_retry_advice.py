"""When another try cannot help, when it must wait, and when it is left to the task's own settings."""

from __future__ import annotations

import http.client as http_client
import json
import socket
import ssl
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import asyncpg
import grpc
import httplib2
import httpx
import psycopg
import psycopg2.errors
import pytest
import requests
import sqlalchemy.exc
from airflow.sdk import RetryAction
from google.api_core import exceptions as g
from google.auth import exceptions as google_auth
from google.rpc.error_details_pb2 import ErrorInfo, RetryInfo
from googleapiclient.errors import HttpError

from airflow_provider_harness.adapters.airflow.exceptions.chain import links_of
from airflow_provider_harness.adapters.diagnosis.retry_advice import HOPELESS, Advice, advise
from airflow_provider_harness.adapters.diagnosis.rules import RuleDiagnoser
from airflow_provider_harness.core.diagnosis.diagnosis import Basis, Category, Certainty, Diagnosis
from airflow_provider_harness.core.diagnosis.evidence import Evidence
from airflow_provider_harness.core.diagnosis.failure import Failure, FailureKind, Origin, TryKey, from_dict, to_dict
from airflow_provider_harness.core.redaction.redactor import Redactor
from airflow_provider_harness.retry_policies import HarnessRetryPolicy


def limited(seconds: str) -> Exception:
    request = httpx.Request("GET", "http://api")
    response = httpx.Response(429, headers={"Retry-After": seconds}, request=request)
    return httpx.HTTPStatusError("too many requests", request=request, response=response)


def advised(error: BaseException) -> Advice:
    return advise(error, RuleDiagnoser())


@pytest.mark.parametrize(
    "error",
    [
        psycopg.errors.UndefinedColumn('column "dep_time" does not exist'),
        psycopg.errors.InsufficientPrivilege("permission denied for table flights"),
        psycopg.errors.InvalidPassword("password authentication failed"),
    ],
)
def test_what_the_next_try_cannot_change_stops(error: Exception) -> None:
    assert advised(error).stop
    outer = RuntimeError("wrapped")
    outer.__cause__ = error
    assert advised(outer).stop


@pytest.mark.parametrize(
    "error",
    [
        ConnectionRefusedError(111, "Connection refused"),
        psycopg.OperationalError("connection refused"),
        psycopg.errors.DeadlockDetected("deadlock detected"),
        RuntimeError("something else"),
        RuntimeError('column "x" does not exist; permission denied; syntax error'),
        TimeoutError("timed out"),
        MemoryError(),
    ],
)
def test_what_can_help_or_is_only_said_in_text_does_not_stop(error: Exception) -> None:
    assert not advised(error).stop


def test_a_wait_that_was_asked_for_is_honoured() -> None:
    found = advised(limited("30"))
    assert (found.stop, found.delay) == (False, 30.0)
    assert found.reason


@pytest.mark.parametrize("seconds", ["3601", "-1", "inf", "nan", "soon"])
def test_a_wait_without_bounds_is_not(seconds: str) -> None:
    assert advised(limited(seconds)).delay is None


def said(**more: Any) -> SimpleNamespace:
    given: dict[str, Any] = {"cause": "c", "basis": Basis.FACT, "certainty": Certainty.SURE}
    found = Diagnosis(**given | more)

    def diagnose(failure: Failure | None, evidence: Evidence) -> Diagnosis:
        return found

    return SimpleNamespace(diagnose=diagnose)


@pytest.mark.parametrize("basis", Basis)
@pytest.mark.parametrize("category", Category)
def test_only_a_fact_that_names_a_hopeless_cause_stops(category: Category, basis: Basis) -> None:
    found = advise(ValueError("x"), said(category=category, basis=basis))
    assert found.stop == (basis is Basis.FACT and category in HOPELESS)


TRANSIENT = {Category.TRANSIENT_NETWORK, Category.RATE_LIMITED, Category.LOCK_CONTENTION, Category.TIMEOUT}


def test_no_transient_cause_is_hopeless() -> None:
    assert not HOPELESS & (TRANSIENT | {Category.UNKNOWN, Category.WORKER_LOST})


def test_a_reason_fits_and_says_no_secret() -> None:
    error = psycopg.errors.UndefinedColumn("postgresql://u:topsecret@h " + "x" * 5000)
    found = advised(error)
    assert len(found.reason) <= 500
    assert "topsecret" not in found.reason


# As Airflow calls it.


@pytest.mark.parametrize(
    ("error", "action", "delay"),
    [
        (psycopg.errors.UndefinedColumn("x"), RetryAction.FAIL, None),
        (limited("30"), RetryAction.RETRY, timedelta(seconds=30)),
        (RuntimeError("x"), RetryAction.DEFAULT, None),
    ],
)
def test_the_policy(error: Exception, action: RetryAction, delay: timedelta | None) -> None:
    decision = HarnessRetryPolicy().evaluate(error, 1, 3)
    assert (decision.action, decision.retry_delay) == (action, delay)


@pytest.mark.parametrize(
    ("try_number", "max_tries", "action"),
    [(1, 2, RetryAction.DEFAULT), (2, 2, RetryAction.FAIL), (4, 5, RetryAction.DEFAULT), (5, 5, RetryAction.FAIL)],
)
def test_a_race_has_its_retry_after_a_clear_too(try_number: int, max_tries: int, action: RetryAction) -> None:
    context: Any = {"task": SimpleNamespace(retries=2)}
    decision = HarnessRetryPolicy().evaluate(psycopg.errors.UniqueViolation("x"), try_number, max_tries, context)
    assert decision.action == action


def test_the_policy_travels_with_its_dag() -> None:
    policy = HarnessRetryPolicy()
    assert isinstance(HarnessRetryPolicy.deserialize(policy.serialize()), HarnessRetryPolicy)


# What really raises, library by library: S stops, W waits as it was asked, 1 stops at the second failed try, - is left alone.


def google(kind: type[Exception], *reasons: str) -> Exception:
    return kind("m", errors=[{"reason": reason, "domain": "global", "message": "m"} for reason in reasons])  # type: ignore[call-arg]


def grpc_google(kind: type[Exception], reason: str) -> Exception:
    detail = ErrorInfo(reason=reason, domain="googleapis.com")
    return kind("m", details=[detail], error_info=detail)  # type: ignore[call-arg]


def api_client(status: int, reason: str) -> Exception:
    body = {"error": {"code": status, "message": "m", "errors": [{"reason": reason, "domain": "usageLimits"}]}}
    return HttpError(httplib2.Response({"status": str(status)}), json.dumps(body).encode())


def http(status: int, body: object = None, **headers: str) -> Exception:
    response = requests.Response()
    response.status_code, response._content = status, b"" if body is None else json.dumps(body).encode()
    response.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
    return requests.HTTPError("m", response=response)


def httpx_error(status: int, body: object = None) -> Exception:
    request = httpx.Request("GET", "http://api")
    return httpx.HTTPStatusError("m", request=request, response=httpx.Response(status, json=body, request=request))


class ClientError(Exception):
    """As botocore raises: the code stands in a mapping."""

    def __init__(self, code: str, status: int) -> None:
        super().__init__(f"An error occurred ({code}) when calling the X operation: m")
        self.response = {"Error": {"Code": code, "Message": "m"}, "ResponseMetadata": {"HTTPStatusCode": status}}


class HttpResponseError(Exception):
    """As azure-core raises."""

    def __init__(self, code: str, status: int) -> None:
        super().__init__("m")
        self.error, self.status_code = SimpleNamespace(code=code), status


class DatabricksError(Exception):
    """As the Databricks SDK raises."""

    def __init__(self, code: str, status: int) -> None:
        super().__init__("m")
        self.error_code, self.status_code = code, status


class RpcError(grpc.RpcError):  # type: ignore[misc]
    """As a channel of gRPC raises."""

    def __init__(self, code: grpc.StatusCode) -> None:
        super().__init__()
        self._code = code

    def code(self) -> grpc.StatusCode:
        return self._code


def told_to_wait() -> Exception:
    detail = RetryInfo()
    detail.retry_delay.seconds = 12
    return g.ResourceExhausted("m", details=[detail])


def wrapped(error: Exception) -> Exception:
    outer = RuntimeError("the load failed")
    outer.__cause__ = error
    return outer


def status_of_google(status: str, reason: str) -> dict[str, Any]:
    return {"error": {"code": 403, "status": status, "errors": [{"reason": reason}]}}


pg = psycopg.errors
RAISED: Sequence[tuple[str, Exception]] = [
    # Google, over HTTP: the reason comes before the status
    *(("-", google(g.Forbidden, reason)) for reason in ("rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded")),
    *(("-", google(g.Forbidden, reason)) for reason in ("jobRateLimitExceeded", "dailyLimitExceeded", "backendError")),
    *(("-", google(g.Forbidden, reason)) for reason in ("sharingRateLimitExceeded", "concurrentLimitExceeded")),
    *(("-", google(g.Forbidden, reason)) for reason in ("internalError", "aReasonThatNobodyKnows")),
    *(("S", google(g.Forbidden, reason)) for reason in ("accessDenied", "forbidden", "accessNotConfigured")),
    ("S", google(g.Forbidden, "insufficientPermissions")),
    ("S", google(g.Forbidden)),
    ("-", google(g.Forbidden, "forbidden", "rateLimitExceeded")),
    *(("-", google(g.BadRequest, reason)) for reason in ("backendError", "jobBackendError", "rateLimitExceeded")),
    *(("-", google(g.BadRequest, reason)) for reason in ("tableUnavailable", "resourcesExceeded", "stopped")),
    ("S", google(g.Unauthorized)),
    *(("-", google(kind)) for kind in (g.TooManyRequests, g.ServiceUnavailable, g.InternalServerError, g.BadGateway)),
    *(("-", google(kind)) for kind in (g.GatewayTimeout, g.NotFound, g.Conflict, g.PreconditionFailed)),
    ("-", api_client(403, "userRateLimitExceeded")),
    ("-", api_client(403, "rateLimitExceeded")),
    ("S", api_client(403, "insufficientPermissions")),
    ("-", http(403, status_of_google("PERMISSION_DENIED", "quotaExceeded"))),
    ("S", http(403, status_of_google("PERMISSION_DENIED", "accessDenied"))),
    ("-", httpx_error(403, status_of_google("RESOURCE_EXHAUSTED", "rateLimitExceeded"))),
    ("-", wrapped(google(g.Forbidden, "rateLimitExceeded"))),
    ("S", wrapped(google(g.Forbidden, "accessDenied"))),
    # Google, over gRPC
    ("-", grpc_google(g.PermissionDenied, "RATE_LIMIT_EXCEEDED")),
    ("S", grpc_google(g.PermissionDenied, "IAM_PERMISSION_DENIED")),
    ("S", grpc_google(g.PermissionDenied, "SERVICE_DISABLED")),
    ("-", grpc_google(g.Unauthenticated, "ACCESS_TOKEN_EXPIRED")),
    ("S", g.Unauthenticated("m")),
    *(("-", kind("m")) for kind in (g.ResourceExhausted, g.DeadlineExceeded, g.Aborted, g.Cancelled, g.Unknown)),
    ("W", told_to_wait()),
    *(("-", RpcError(code)) for code in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED)),
    ("S", RpcError(grpc.StatusCode.UNAUTHENTICATED)),
    ("-", google_auth.RefreshError("m", retryable=True)),
    ("S", google_auth.RefreshError("m")),
    ("-", google_auth.TransportError("m")),
    # AWS, Azure, Databricks: their codes
    *(("-", ClientError(code, 400)) for code in ("ThrottlingException", "Throttling", "TooManyRequestsException")),
    *(("-", ClientError(code, 400)) for code in ("ProvisionedThroughputExceededException", "RequestTimeout")),
    *(("-", ClientError(code, 403)) for code in ("RequestLimitExceeded", "RequestThrottled", "SomethingNew")),
    *(("-", ClientError(code, 403)) for code in ("ExpiredToken", "RequestTimeTooSkewed", "PriorRequestNotComplete")),
    ("-", ClientError("SlowDown", 503)),
    ("S", ClientError("AccessDenied", 403)),
    ("S", ClientError("AccessDeniedException", 400)),
    ("S", ClientError("InvalidClientTokenId", 403)),
    ("-", HttpResponseError("TooManyRequests", 403)),
    ("-", HttpResponseError("ServerBusy", 503)),
    ("S", HttpResponseError("AuthorizationFailure", 403)),
    ("-", DatabricksError("TEMPORARILY_UNAVAILABLE", 400)),
    # HTTP
    *(("-", http(status)) for status in (408, 409, 423, 425, 429, 500, 501, 502, 503, 504, 505, 507, 520, 529)),
    ("W", http(403, Retry_After="20")),
    ("W", http(503, Retry_After="20")),
    ("-", http(403, x_ratelimit_remaining="0")),
    ("-", httpx_error(403)),
    ("-", httpx_error(404)),
    # PostgreSQL, by psycopg, psycopg 2, asyncpg and SQLAlchemy
    *(("1", kind("m")) for kind in (pg.UniqueViolation, pg.ExclusionViolation, psycopg2.errors.UniqueViolation)),
    ("1", asyncpg.UniqueViolationError("m")),
    ("1", sqlalchemy.exc.IntegrityError("INSERT", {}, pg.UniqueViolation("m"))),
    *(("-", kind("m")) for kind in (pg.ForeignKeyViolation, pg.RestrictViolation, psycopg2.errors.ForeignKeyViolation)),
    ("-", asyncpg.ForeignKeyViolationError("m")),
    ("-", sqlalchemy.exc.IntegrityError("INSERT", {}, pg.ForeignKeyViolation("m"))),
    *(("-", kind("m")) for kind in (pg.SerializationFailure, pg.DeadlockDetected, pg.LockNotAvailable)),
    *(("-", kind("m")) for kind in (pg.ReadOnlySqlTransaction, pg.AdminShutdown, pg.CannotConnectNow)),
    *(("-", kind("m")) for kind in (pg.TooManyConnections, pg.QueryCanceled, pg.DiskFull, pg.UndefinedTable)),
    *(("-", kind("m")) for kind in (pg.ObjectInUse, pg.IdleInTransactionSessionTimeout, pg.FeatureNotSupported)),
    *(("S", kind("m")) for kind in (pg.NotNullViolation, pg.CheckViolation, pg.UndefinedColumn, pg.DatatypeMismatch)),
    *(("S", kind("m")) for kind in (pg.InvalidPassword, pg.InsufficientPrivilege, pg.InvalidTextRepresentation)),
    ("S", asyncpg.UndefinedColumnError("m")),
    ("S", sqlalchemy.exc.ProgrammingError("SELECT", {}, pg.UndefinedColumn("m"))),
    # Python
    *(("-", error) for error in (ConnectionResetError(104, "m"), BrokenPipeError(32, "m"), socket.gaierror(-3, "m"))),
    *(("-", error) for error in (TimeoutError("m"), MemoryError(), EOFError("m"), KeyError("m"), ssl.SSLError(1, "m"))),
    *(("-", error) for error in (OSError(28, "m"), FileNotFoundError(2, "m"), http_client.IncompleteRead(b""))),
    ("1", zipfile.BadZipFile("m")),
    ("S", PermissionError(13, "m")),
    ("S", ModuleNotFoundError("m")),
]


def advice_of(error: Exception) -> str:
    first, second = (advise(error, RuleDiagnoser(), number) for number in (1, 2))
    if second.stop:
        return "S" if first.stop else "1"
    return "-" if first.delay is None else "W"


@pytest.mark.parametrize("place", range(len(RAISED)))
def test_no_retry_that_helps_is_taken_away(place: int) -> None:
    expected, error = RAISED[place]
    assert advice_of(error) == expected, repr(error)


def test_the_table_is_wide() -> None:
    assert len(RAISED) >= 80


def test_a_limit_told_as_403_is_no_permission_that_lacks() -> None:
    """Also to the healer, which names the cause."""
    chain = links_of(google(g.Forbidden, "rateLimitExceeded"), Redactor())
    assert chain[0].reasons == ("rateLimitExceeded",)
    told = RuleDiagnoser().diagnose(replace(FAILED, chain=chain), Evidence())
    assert told.category is Category.RATE_LIMITED
    assert from_dict(json.loads(json.dumps(to_dict(replace(FAILED, chain=chain))))).chain == chain


FAILED = Failure(
    key=TryKey(dag_id="d", run_id="r", task_id="t"),
    kind=FailureKind.TASK_FAILED,
    origin=Origin.CALLBACK,
    occurred_at=datetime(2026, 11, 30, tzinfo=UTC),
)


def test_a_failure_written_before_there_were_reasons_is_read() -> None:
    body = to_dict(replace(FAILED, chain=links_of(ValueError("x"), Redactor())))
    del body["chain"][0]["reasons"]
    assert from_dict(body).chain[0].reasons == ()


@pytest.mark.parametrize(
    ("error", "stops"),
    [
        (g.Forbidden("Exceeded rate limits: too many table update operations for this table"), False),
        (g.Forbidden("Quota exceeded: Your project exceeded quota for concurrent queries"), False),
        (g.Forbidden("Access Denied: Table p:d.t: User does not have permission"), True),
        (g.Forbidden("Exceeded rate limits", errors=[{"reason": "accessDenied"}]), True),
    ],
)
def test_a_limit_that_only_words_tell_is_no_want_of_rights(error: Exception, *, stops: bool) -> None:
    assert advised(error).stop is stops
