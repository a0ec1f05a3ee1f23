"""Rows that no slice can hold are counted where a slice is moved or judged; slices that can hold nothing are refused."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException

from airflow_provider_harness.core.contracts.report import CheckResult
from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.core.slices.slices import Run
from airflow_provider_harness.operators import PostgresExtractOperator, PostgresTransferOperator, ValidateOperator
from airflow_provider_harness.sensors import FreshnessSensor
from tests.ports.slices_case import Scheduled, contract_text, scheduled
from tests.ports.test_slices_moved import BERLIN, DAY_1, Pair, of_day, pair

__all__ = ["pair"]

INSIDE = {"timestamptz": "'2024-01-01 12:00+01'", "timestamp": "'2024-01-01 12:00'", "date": "'2024-01-01'"}
INSIDE["epoch"] = "1704106800000"
LOST = [
    ("timestamptz", "NULL"),
    ("timestamptz", "'infinity'"),
    ("timestamptz", "'-infinity'"),
    ("timestamp", "'infinity'"),
    ("timestamp", "'0044-03-15 BC'"),
    ("date", "'infinity'"),
    ("date", "NULL"),
    ("epoch", "NULL"),
]


def extracted(here: Scheduled, run: Run, **given: Any) -> Any:
    task = PostgresExtractOperator(task_id=f"e{uuid.uuid4().hex}", **here.terms("src"), **given)
    here.do(task, run)
    return task


def transferred(here: Scheduled, run: Run, **given: Any) -> Any:
    task = PostgresTransferOperator(task_id=f"t{uuid.uuid4().hex}", source_conn_id="src", **here.terms("wh"), **given)
    here.do(task, run)
    return task


def validated(here: Scheduled, run: Run, **given: Any) -> Any:
    subject = {"contract": "sliced.odcs.yaml", "conn_id": "src", "dag": here.dag, **({"table": "public.t"} | given)}
    if "sql" in given:
        del subject["table"]
    task = ValidateOperator(task_id=f"v{uuid.uuid4().hex}", **subject)
    here.do(task, run)
    return task


def queried(here: Scheduled, run: Run, **given: Any) -> Any:
    return validated(here, run, sql="SELECT id, at FROM public.t", **given)


DOORS = {"extract": extracted, "transfer": transferred, "validate": validated, "validate a query": queried}
doors = pytest.mark.parametrize("door", DOORS.values(), ids=DOORS.keys())


def filled(pair: Pair, kind: str, *values: str) -> None:
    pair.fill("bigint" if kind == "epoch" else kind, INSIDE[kind])
    pair.run(pair.source, "ALTER TABLE public.t ALTER COLUMN at DROP NOT NULL")
    for n, value in enumerate(values, 2):
        pair.run(pair.source, f"INSERT INTO public.t VALUES ({n}, {value})")


def told(report: Any) -> CheckResult | None:
    return next((result for result in report.results if result.id == "in_no_slice"), None)


@pytest.mark.parametrize(("kind", "value"), LOST)
def test_a_row_that_no_slice_can_hold_blocks_where_its_column_is_required(
    pair: Pair, tmp_path: Path, kind: str, value: str
) -> None:
    filled(pair, kind, value, value)
    here = scheduled(tmp_path, None, contract_text(kind, BERLIN))
    for door in DOORS.values():
        with pytest.raises(
            AirflowFailException, match="found 2 rows whose at is null, infinity, or outside"
        ) as refused:
            door(here, of_day(DAY_1))
        found = told(refused.value.__cause__.report)  # type: ignore[union-attr]
        assert found is not None
        assert (found.blocking, found.value) == (True, 2)
    assert pair.published() == []


@doors
def test_it_is_a_warning_where_the_column_may_be_empty(
    pair: Pair, tmp_path: Path, door: Callable[[Scheduled, Run], Any]
) -> None:
    filled(pair, "timestamptz", "NULL", "'infinity'")
    text = contract_text("timestamptz", BERLIN).replace("timestamptz, required: true", "timestamptz")
    task = door(scheduled(tmp_path, None, text), of_day(DAY_1))
    found = told(task._report)
    assert found is not None
    assert (found.passed, found.blocking, found.value) == (False, False, 2)
    assert "2 rows" in found.sentence()


@doors
def test_nothing_is_said_where_every_row_is_in_some_slice(
    pair: Pair, tmp_path: Path, door: Callable[[Scheduled, Run], Any]
) -> None:
    filled(pair, "timestamptz", "'0001-01-01 12:00+00'", "'9999-12-30 12:00+00'")
    task = door(scheduled(tmp_path, None, contract_text("timestamptz", BERLIN)), of_day(DAY_1))
    assert told(task._report) is None


@doors
def test_of_a_column_that_is_never_null_infinity_is_still_found(
    pair: Pair, tmp_path: Path, door: Callable[[Scheduled, Run], Any]
) -> None:
    pair.fill("timestamptz", INSIDE["timestamptz"], "'infinity'")
    with pytest.raises(AirflowFailException, match="found 1 rows whose at is null"):
        door(scheduled(tmp_path, None, contract_text("timestamptz", BERLIN)), of_day(DAY_1))


def test_a_table_that_is_published_as_a_whole_has_no_such_rows(pair: Pair, tmp_path: Path) -> None:
    filled(pair, "timestamptz", "NULL")
    text = contract_text("timestamptz", BERLIN, mode="full").replace("timestamptz, required: true", "timestamptz")
    transferred(scheduled(tmp_path, None, text), of_day(DAY_1))
    assert pair.published() == [1, 2]


@pytest.mark.parametrize("end", [DAY_1, "2024-01-01T00:00:00+01:00", "2023-12-31"])
def test_a_slice_without_width_is_refused(tmp_path: Path, end: str) -> None:
    here = scheduled(tmp_path, None, contract_text("timestamptz", BERLIN))
    for door in DOORS.values():
        with pytest.raises(
            AirflowFailException, match=r"before it begins|begins, so it can hold no row\. Give an end that is later"
        ):
            door(here, of_day(DAY_1), slice_key=DAY_1, slice_end=end)


def test_an_end_without_a_key_is_refused_when_the_dag_is_parsed(tmp_path: Path) -> None:
    here = scheduled(tmp_path, None, contract_text("timestamptz", BERLIN))
    for door in DOORS.values():
        with pytest.raises(ConfigurationError, match="slice_key is not given"):
            door(here, of_day(DAY_1), slice_end="2024-01-02")
        with pytest.raises(AirflowFailException, match="slice_key is not given"):
            door(here, of_day(DAY_1), slice_key="{{ '' }}", slice_end="2024-01-02")


def test_a_sensor_is_given_both_or_none(tmp_path: Path) -> None:
    here = scheduled(tmp_path, None, contract_text("timestamptz", BERLIN))
    with pytest.raises(ConfigurationError, match="slice_key is not given"):
        FreshnessSensor(task_id="s", slice_end="2024-01-02", **here.terms("src"))
