"""Facts rule causes out: each row of the table, and what excludes nothing."""

from __future__ import annotations

import errno
from typing import Any

import pytest

from airflow_provider_harness.core.diagnosis.diagnosis import Category
from airflow_provider_harness.core.diagnosis.exclusions import POSSIBLE_CAUSES, ruled_out
from airflow_provider_harness.core.diagnosis.failure import ErrorLink, FailureKind
from airflow_provider_harness.core.signatures.error_codes import ERRNOS, HTTP_STATUSES, SQLSTATES
from tests.unit.app.fakes import failure

C = Category


def link(**more: Any) -> ErrorLink:
    return ErrorLink(type="E", **more)


def gate(*kinds: str, **more: Any) -> dict[str, Any]:
    return {"results": [{"kind": kind, "passed": False, "severity": "error"} | more for kind in kinds]}


CASES = [
    ({"chain": (link(sqlstate="40P01"),)}, C.SCHEMA_DRIFT, "SQLSTATE 40"),
    ({"chain": (link(sqlstate="42501"),)}, C.MISSING_OBJECT, "SQLSTATE 42501"),
    ({"chain": (link(), link(http_status=429))}, C.PERMISSION_DENIED, "HTTP 429"),
    ({"chain": (link(errno=errno.ENOSPC),)}, C.TRANSIENT_NETWORK, "errno ENOSPC"),
    ({"chain": (link(http_status=503), link(errno=errno.ECONNREFUSED))}, C.DUPLICATE_DATA, "HTTP 503 or errno"),
    ({"schema_diff": {"changes": []}}, C.TRANSIENT_NETWORK, "a schema difference"),
    ({"report": gate("range")}, C.TRANSIENT_NETWORK, "a blocked gate"),
    ({"report": gate("freshness")}, C.RATE_LIMITED, "a blocked gate (freshness)"),
    ({"kind": FailureKind.UNREPORTED}, C.RATE_LIMITED, "a process that is gone"),
]


@pytest.mark.parametrize(("given", "category", "fact"), CASES)
def test_what_does_not_go_with_a_fact(given: dict[str, Any], category: Category, fact: str) -> None:
    assert fact in ruled_out(category, failure(**given))


NOTHING: list[dict[str, Any]] = [
    {},
    {"chain": (link(http_status=500),)},  # could mean anything
    {"chain": (link(sqlstate="40001"), link(http_status=500))},  # and it may be the cause
    {"chain": (link(sqlstate="40001"), link())},  # what is innermost may be the cause
    {"report": gate("range", error="no such function")},  # nothing was measured
    {"report": gate("range", severity="warning")},
]


@pytest.mark.parametrize("given", NOTHING)
def test_what_excludes_nothing(given: dict[str, Any]) -> None:
    assert {ruled_out(category, failure(**given)) for category in Category} == {""}


def test_of_several_codes_each_may_be_the_cause() -> None:
    both = failure(chain=(link(http_status=429), link(sqlstate="42501")))
    assert ruled_out(C.RATE_LIMITED, both) == ruled_out(C.PERMISSION_DENIED, both) == ""
    assert ruled_out(C.DUPLICATE_DATA, both) == "HTTP 429 or SQLSTATE 42501"


def test_of_several_checks_each_may_be_the_cause() -> None:
    both = failure(report=gate("freshness", "range"))
    assert ruled_out(C.DUPLICATE_DATA, both) == ""


def test_unknown_is_never_ruled_out() -> None:
    assert ruled_out(C.UNKNOWN, failure(schema_diff={"changes": []})) == ""


def test_no_fact_rules_out_what_the_signatures_say_of_it() -> None:
    """The two tables agree: the category of a code's signature is one that the fact admits."""
    known = [("SQLSTATE", SQLSTATES), ("HTTP", HTTP_STATUSES), ("errno", ERRNOS)]
    said = {f"{name} {key}": found for name, rows in known for keys, (found, _) in rows.items() for key in keys.split()}
    assert [
        fact for fact, found in said.items() if fact in POSSIBLE_CAUSES and found not in POSSIBLE_CAUSES[fact]
    ] == []
    codes = [fact for fact in POSSIBLE_CAUSES if not fact.startswith("a ")]
    assert [fact for fact in codes if fact not in said] == []
