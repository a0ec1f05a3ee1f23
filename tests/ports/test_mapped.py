"""Mapped tasks: what the Dag file says is looked at when it is parsed; what a worker finds wrong burns no retry."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import CronDataIntervalTimetable, task
from airflow.sdk.exceptions import AirflowFailException

from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.operators import PostgresLoadOperator, PostgresTransferOperator, ValidateOperator
from airflow_provider_harness.sensors import ContractSensor, FreshnessSensor, SchemaDriftSensor
from tests.ports.slices_case import Scheduled, contract_text, scheduled

DAILY = CronDataIntervalTimetable("0 0 * * *", timezone="UTC")


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))


def daily(tmp_path: Path) -> Scheduled:
    return scheduled(tmp_path, DAILY, contract_text("timestamptz", "UTC"))


def terms(here: Scheduled, **other: Any) -> dict[str, Any]:
    return {**here.terms("wh"), **other}


WRONG: list[Callable[[Scheduled], Any]] = [
    lambda here: PostgresLoadOperator.partial(task_id="t", **terms(here, contract="no.yaml")).expand(staged=["a"]),
    lambda here: PostgresLoadOperator.partial(task_id="t", **terms(here, contract="no.yaml")).expand_kwargs(
        [{"staged": "a"}]
    ),
    lambda here: ValidateOperator.partial(task_id="t", conn_id="wh", table="public.t").expand(
        contract=[here.terms("wh")["contract"], "no.yaml"]
    ),
    lambda here: ValidateOperator.partial(task_id="t", conn_id="wh").expand_kwargs(
        [{"table": "public.t", "contract": "no.yaml"}]
    ),
    lambda here: FreshnessSensor.partial(task_id="t", **terms(here, contract="no.yaml")).expand(min_rows=[1]),
]


@pytest.mark.parametrize("wrong", WRONG)
def test_the_contract_of_a_mapped_task_is_looked_at_when_the_dag_is_parsed(
    tmp_path: Path, wrong: Callable[[Scheduled], Any]
) -> None:
    here = daily(tmp_path)
    with here.dag, pytest.raises(ConfigurationError) as refused:
        wrong(here)
    assert "no.yaml" in str(refused.value)


def test_so_is_one_that_the_dag_gives_to_all_tasks(tmp_path: Path) -> None:
    here = daily(tmp_path)
    here.dag.default_args["contract"] = "no.yaml"
    with here.dag, pytest.raises(ConfigurationError):
        PostgresLoadOperator.partial(task_id="t", conn_id="wh", table="public.t").expand(staged=["a"])


def test_so_is_the_schedule_unless_the_slices_are_mapped(tmp_path: Path) -> None:
    here = scheduled(tmp_path, "@daily", contract_text("timestamptz", "UTC"))
    with here.dag:
        with pytest.raises(ConfigurationError, match="no run owns a slice"):
            PostgresLoadOperator.partial(task_id="a", **here.terms("wh")).expand(staged=["x"])
        with pytest.raises(ConfigurationError, match="no run owns a slice"):
            PostgresLoadOperator.partial(task_id="none", slice_key=None, **here.terms("wh")).expand(staged=["x"])
        with pytest.raises(ConfigurationError, match="no run owns a slice"):
            FreshnessSensor.partial(task_id="b", **here.terms("wh")).expand(min_rows=[1])

        @task
        def pairs() -> list[dict[str, str]]:
            return [{"slice_key": "20260101T000000Z", "staged": "x"}]

        PostgresLoadOperator.partial(task_id="c", **here.terms("wh")).expand_kwargs(pairs())
        PostgresLoadOperator.partial(task_id="d", **here.terms("wh")).expand_kwargs(
            [{"slice_key": "2026-01-01", "staged": "x"}]
        )
        PostgresLoadOperator.partial(task_id="e", slice_key="{{ ds }}", **here.terms("wh")).expand(staged=["x"])
        ValidateOperator.partial(task_id="f", **here.terms("wh")).expand(slice_key=["2026-01-01"])
        SchemaDriftSensor.partial(task_id="g", conn_id="wh", table="public.t").expand(
            contract=[here.terms("wh")["contract"]]
        )


def test_what_only_a_run_gives_is_not_looked_at_before(tmp_path: Path) -> None:
    here = daily(tmp_path)
    with here.dag, warnings.catch_warnings():
        warnings.simplefilter("error")

        @task
        def names() -> list[str]:
            return ["no.yaml"]

        ValidateOperator.partial(task_id="a", conn_id="wh", table="public.t").expand(contract=names())
        ValidateOperator.partial(task_id="b", **terms(here, contract="{{ ds }}.yaml")).expand(slice_key=["2026-01-01"])
        made = ValidateOperator.partial(task_id="c", **here.terms("wh"))
    assert "ValidateOperator.partial(" in repr(made)
    assert made.operator_class is ValidateOperator
    with here.dag:
        made.expand(slice_key=["2026-01-01"])


Unmapped = tuple[Any, dict[str, Any], dict[str, Any], str]
AT_RUN: list[Unmapped] = [
    (ValidateOperator, {}, {"contract": "no.yaml", "table": "public.t"}, "no.yaml"),
    (ValidateOperator, {}, {"table": "public.t", "sql": "SELECT 1"}, "it needs exactly one"),
    (
        PostgresTransferOperator,
        {"source_conn_id": "s", "table": "public.t"},
        {"source_table": "a.b", "sql": "SELECT 1"},
        "at most one",
    ),
    (FreshnessSensor, {"table": "public.t"}, {"min_rows": 0}, "task t: FreshnessSensor: min_rows is 0"),
    (ContractSensor, {"table": "public.t"}, {"lookback": 0}, "lookback is 0"),
    (PostgresLoadOperator, {"table": "public.t"}, {}, "missing keyword argument 'staged'"),
]


@pytest.mark.parametrize(("kind", "fixed", "given", "words"), AT_RUN)
def test_what_a_worker_finds_wrong_in_an_instance_is_not_tried_again(
    tmp_path: Path, kind: Any, fixed: dict[str, Any], given: dict[str, Any], words: str
) -> None:
    here = daily(tmp_path)
    told = {"conn_id": "wh", "contract": here.terms("wh")["contract"]} | fixed
    if "contract" in given:
        del told["contract"]
    with here.dag:

        @task
        def rows() -> list[dict[str, Any]]:
            return [given]

        mapped = kind.partial(task_id="t", **told).expand_kwargs(rows())
    with pytest.raises(AirflowFailException) as failed:
        mapped.unmap(given)
    assert words in str(failed.value)


def test_an_instance_that_is_right_is_made(tmp_path: Path) -> None:
    here = daily(tmp_path)
    with here.dag:
        mapped = ValidateOperator.partial(task_id="t", **here.terms("wh")).expand(slice_key=["2026-01-01"])
    assert mapped.unmap({"slice_key": "2026-01-01"}).slice_key == "2026-01-01"
