"""From a callback's context to a failure, from whichever of Airflow's processes it comes."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_harness.adapters.airflow.context import failure_of
from airflow_provider_harness.core.contracts.checks import Check, CheckKind
from airflow_provider_harness.core.contracts.report import Decision, Measurement, Report, judge_one
from airflow_provider_harness.core.diagnosis.failure import Failure, FailureKind, Origin, from_dict, to_dict
from airflow_provider_harness.core.errors import ContractViolation
from airflow_provider_harness.core.redaction.redactor import Redactor

START, END = datetime(2013, 1, 1, 5, tzinfo=UTC), datetime(2013, 1, 2, 5, tzinfo=UTC)


class LoadOperator:
    owner = "data"


def run(**more: Any) -> SimpleNamespace:
    given = {"partition_key": None, "data_interval_start": START, "data_interval_end": END, "logical_date": START}
    return SimpleNamespace(**given | more)


def context(**more: Any) -> dict[str, Any]:
    ti = SimpleNamespace(
        dag_id="flights",
        run_id="run1",
        task_id="load",
        map_index=-1,
        try_number=2,
        max_tries=3,
        hostname="h",
        log_url="http://log",
        task=LoadOperator(),
    )
    given = {"ti": ti, "dag": SimpleNamespace(tags={"b", "a"}), "dag_run": run(), "exception": ValueError("boom")}
    return given | more


def failed(**more: Any) -> Failure:
    return failure_of(context(**more), Redactor(secrets=("hunter22",)))


def test_what_a_worker_knows() -> None:
    found = failed()
    assert str(found.key) == "flights/run1/load#2"
    assert (found.kind, found.origin) == (FailureKind.TASK_FAILED, Origin.CALLBACK)
    assert (found.operator, found.owner, found.tags) == ("LoadOperator", "data", ("a", "b"))
    assert (found.max_tries, found.hostname, found.log_url) == (3, "h", "http://log")
    assert [link.type for link in found.chain] == ["ValueError"]
    assert found.missing == ()
    assert found.occurred_at.tzinfo is UTC
    assert from_dict(to_dict(found)) == found


@pytest.mark.parametrize("exception", [None, "a text", ValueError])
def test_a_missing_exception_is_said_to_be_missing(exception: object) -> None:
    found = failed(exception=exception)
    assert (found.chain, found.missing) == ((), ("exception",))


def test_what_the_dag_processor_does_not_know() -> None:
    ti = SimpleNamespace(dag_id="d", run_id="r", task_id="t", map_index=None, try_number="1")
    found = failure_of({"ti": ti}, Redactor())
    assert str(found.key) == "d/r/t#1"
    assert (found.operator, found.owner, found.tags, found.slice_id) == ("", "", (), None)


def test_a_mapped_task_keeps_its_index() -> None:
    given = context()
    given["ti"].map_index = 0
    assert str(failure_of(given, Redactor()).key) == "flights/run1/load[0]#2"


@pytest.mark.parametrize(
    ("given", "slice_id"),
    [
        (run(partition_key="a b"), "a%20b"),
        (run(), "20130101T050000Z"),
        (run(data_interval_end=START), "20130101T050000Z"),
        (run(data_interval_start=None, data_interval_end=None, logical_date=None), None),
        (None, None),
    ],
)
def test_the_slice_of_the_run(given: object, slice_id: str | None) -> None:
    assert failed(dag_run=given).slice_id == slice_id


def report() -> Report:
    result = judge_one(Check(id="unique_key", kind=CheckKind.UNIQUE), Measurement(value=3), 10)
    return Report(
        contract="flights",
        contract_version="1",
        table="public.flights",
        slice="s",
        where="staged",
        rows=10,
        malformed=0,
        decision=Decision.BLOCK,
        results=(result,),
    )


def test_a_blocked_gate_brings_its_report_from_anywhere_in_the_chain() -> None:
    outer = RuntimeError("the task failed")
    outer.__cause__ = ContractViolation(report())
    found = failed(exception=outer)
    assert found.report == report().as_dict()
    assert from_dict(to_dict(found)) == found
    assert failed().report is None


def test_secrets_do_not_leave() -> None:
    found = failed(exception=ValueError("password is hunter22"))
    assert "hunter22" not in str(to_dict(found))
