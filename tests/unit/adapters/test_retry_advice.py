"""When another try cannot help, when it must wait, and when it is left to the task's own settings."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from airflow.sdk import RetryAction

from airflow_provider_harness.adapters.diagnose_rules import RuleDiagnoser
from airflow_provider_harness.adapters.retry_advice import HOPELESS, Advice, advise
from airflow_provider_harness.core.diagnosis import Basis, Category, Certainty, Diagnosis
from airflow_provider_harness.core.evidence import Evidence
from airflow_provider_harness.core.failure import Failure
from airflow_provider_harness.retry_policies import HarnessRetryPolicy


def limited(seconds: str) -> Exception:
    import httpx

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


def test_the_policy_travels_with_its_dag() -> None:
    policy = HarnessRetryPolicy()
    assert isinstance(HarnessRetryPolicy.deserialize(policy.serialize()), HarnessRetryPolicy)
