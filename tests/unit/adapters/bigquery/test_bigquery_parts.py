"""BigQuery's pure parts: types, partitions, job names, and what cancelling does."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest
from google.api_core.exceptions import BadRequest, Conflict
from google.cloud.bigquery import SchemaField, Table, TimePartitioning

from airflow_provider_harness.adapters import progress
from airflow_provider_harness.adapters.bigquery import jobs as bq_jobs
from airflow_provider_harness.adapters.bigquery import publish as bq_publish
from airflow_provider_harness.adapters.bigquery import types as bq_types
from airflow_provider_harness.core.contracts.contract import Column, Contract, Grain, Load, LoadMode, LogicalType
from airflow_provider_harness.core.contracts.schema import Side, compare
from airflow_provider_harness.core.errors import ConfigurationError, UncarriedValue
from airflow_provider_harness.core.slices.slices import slice_of, slice_of_day


def contract_of(kind: str = "timestamp with time zone", **load: Any) -> Contract:
    logical = LogicalType.DATE if kind == "date" else LogicalType.TIMESTAMP
    column = Column(name="at", logical_type=logical, physical_type=kind)
    return Contract(
        id="c",
        version="1",
        name="c",
        table="shop.c",
        columns=(column,),
        load=Load(**({"mode": LoadMode.INCREMENTAL, "slice_column": "at"} | load)),
    )


def table_of(contract: Contract, kind: str = "DAY", mode: str = "NULLABLE") -> Table:
    table = Table("p.shop.c", schema=[SchemaField("at", "TIMESTAMP", mode=mode)])
    table.time_partitioning = TimePartitioning(type_=kind, field="at")
    return table


@pytest.mark.parametrize(
    ("kind", "kept"),
    [
        *bq_types.KEPT_AS.items(),
        ("character varying(3)", "STRING"),
        ("numeric(12,2)", "NUMERIC(12, 2)"),
        ("numeric(38,9)", "NUMERIC(38, 9)"),
        ("numeric(5)", "NUMERIC(5)"),
        ("numeric(38,10)", "BIGNUMERIC(38, 10)"),
        ("numeric(38,0)", "BIGNUMERIC(38)"),
    ],
)
def test_every_type_is_kept_and_read_back_as_the_contracts_own(kind: str, kept: str) -> None:
    assert bq_types.kept_as(kind) == kept
    contract = contract_of(kind, mode=LoadMode.FULL, slice_column="")
    (field,) = bq_types.fields(contract, staged=False)
    assert bq_types.spelled(field) == kept
    found = bq_types.schema("shop.c", [field], contract)
    assert compare(contract, found, Side.TARGET).changes == ()


@pytest.mark.parametrize("kind", ["interval", "numeric", "integer[][]", "jsonb[]"])
def test_a_type_without_a_counterpart_is_refused(kind: str) -> None:
    with pytest.raises(UncarriedValue, match="at: type"):
        bq_types.refuse(contract_of(kind, mode=LoadMode.FULL, slice_column=""))


@pytest.mark.parametrize(
    ("field", "words"),
    [
        (SchemaField("at", "INTEGER"), "bigint"),
        (SchemaField("at", "NUMERIC"), "numeric(38,9)"),
        (SchemaField("at", "NUMERIC(12, 2)"), "numeric(12,2)"),  # as the stand-in says it
        (SchemaField("at", "STRING", mode="REPEATED"), "text[]"),
        (SchemaField("at", "GEOGRAPHY"), "geography"),
    ],
)
def test_a_type_that_the_contract_does_not_have_is_told_in_the_plainest_words(field: SchemaField, words: str) -> None:
    assert bq_types.schema("shop.c", [field]).columns[0].type == words


@pytest.mark.parametrize(
    ("changes", "kind", "partitions", "decorator"),
    [
        ({}, "timestamp with time zone", "DAY", "20130310"),
        ({"time_zone": "America/New_York"}, "timestamp with time zone", "DAY", ""),
        ({"time_zone": "America/New_York"}, "date", "DAY", "20130310"),
        ({}, "timestamp with time zone", "HOUR", ""),
        ({}, "timestamp with time zone", "MONTH", ""),
        ({"mode": LoadMode.MERGE}, "timestamp with time zone", "DAY", ""),
    ],
)
def test_a_slice_is_a_partition_only_where_it_is_exactly_one(
    changes: dict[str, Any], kind: str, partitions: str, decorator: str
) -> None:
    contract = contract_of(kind, **changes)
    piece = slice_of_day(contract, date(2013, 3, 10))
    assert bq_publish.decorator(contract, piece, table_of(contract, partitions)) == decorator
    assert bq_publish.decorator(contract, piece, table_of(contract, partitions, mode="REQUIRED")) == ""


def test_an_hour_is_a_partition_of_a_table_by_hours() -> None:
    contract = contract_of(grain=Grain.HOUR, time_zone="America/New_York")
    piece = slice_of(contract, "20130310T060000Z")
    assert bq_publish.decorator(contract, piece, table_of(contract, "HOUR")) == "2013031006"
    assert bq_publish.decorator(contract, piece, table_of(contract, "DAY")) == ""


def test_an_unknown_placeholder_is_named() -> None:
    piece = slice_of_day(contract_of(), date(2013, 3, 10))
    assert (
        bq_publish.bound("SELECT %(slice_start)s, '%%';", piece) == "SELECT TIMESTAMP '2013-03-10 00:00:00+00:00', '%'"
    )
    with pytest.raises(ConfigurationError, match="placeholder that is not known"):
        bq_publish.bound("SELECT %(nothing)s", piece)


def test_labels_are_what_bigquery_takes() -> None:
    contract = replace(contract_of(), id="Größe " + 80 * "x")
    told = bq_jobs.labels(contract, None, "load")
    assert told["harness_contract"].startswith("gr__e_x")
    assert all(len(value) <= 63 and value == value.lower() for value in told.values())


class Job:
    """A job of the fake service."""

    def __init__(self, job_id: str, error: Exception | None = None) -> None:
        self.job_id, self.error, self.state, self.cancelled = job_id, error, "DONE", False

    def result(self) -> list[Any]:
        if self.error:
            raise self.error
        return []

    def cancel(self) -> None:
        self.cancelled = True


class Service:
    """Keeps jobs by their names, as the real one does."""

    def __init__(self, *jobs: Job) -> None:
        self.jobs = {job.job_id: job for job in jobs}
        self.begun: list[str] = []

    def get_job(self, job_id: str, location: str = "") -> Job:
        return self.jobs[job_id]

    def begin(self, job_id: str) -> Job:
        if job_id in self.jobs:
            raise Conflict("Already Exists: Job")
        self.begun.append(job_id)
        self.jobs[job_id] = Job(job_id)
        return self.jobs[job_id]


def test_a_job_that_is_there_counts_and_one_that_failed_is_begun_under_the_next_name() -> None:
    service = Service(Job("harness_x_0", BadRequest("no")), Job("harness_x_1"))
    jobs: Any = bq_jobs.Jobs(service)  # type: ignore[arg-type]
    assert jobs.once("x", service.begin).job_id == "harness_x_1"
    assert jobs.once("y", service.begin).job_id == "harness_y_0"
    assert service.begun == ["harness_y_0"]


def test_the_error_of_a_job_that_was_begun_here_is_raised() -> None:
    service = Service()
    jobs: Any = bq_jobs.Jobs(service)  # type: ignore[arg-type]
    with pytest.raises(BadRequest):
        jobs.once("x", lambda job_id: Job(job_id, BadRequest("wrong")))


def test_cancelling_reaches_the_job_that_runs_and_no_other() -> None:
    jobs: Any = bq_jobs.Jobs(Service())  # type: ignore[arg-type]
    done, running = Job("done"), Job("running")
    jobs.finished(done)
    running.result = lambda: jobs.cancel() or []  # type: ignore[method-assign,func-returns-value]
    jobs.finished(running)
    assert (done.cancelled, running.cancelled) == (False, True)


def test_a_job_that_takes_long_says_how_far_it_is(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(progress, "PROGRESS_SECONDS", 0.01)
    job: Any = Job("long")
    job.location, job.state = "EU", "RUNNING"
    steps = ((4, 4), (1, 6), (None, None))
    job.query_plan = [SimpleNamespace(completed_parallel_inputs=done, parallel_inputs=all_) for done, all_ in steps]
    jobs: Any = bq_jobs.Jobs(Service(job))  # type: ignore[arg-type]
    job.result = lambda: time.sleep(0.1) or [1]
    assert jobs.finished(job) == [1]
    assert "BigQuery job long: running for 0 s; 5 of 10 parts done" in caplog.messages


def test_a_query_carries_its_limit() -> None:
    jobs: Any = bq_jobs.Jobs(Service(), limit=1000)  # type: ignore[arg-type]
    assert jobs.config({"a": "b"}).maximum_bytes_billed == 1000
    assert bq_jobs.Jobs(Service()).config({}).maximum_bytes_billed is None  # type: ignore[arg-type]
