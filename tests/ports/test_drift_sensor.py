"""The drift sensor as a task runs it: what comes after it runs where a slice drifted, and once in a while."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import DAG
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException, TaskDeferred

from airflow_provider_harness.sensors import DriftSensor
from tests.ports.operators_case import case, context, dag, moved, run, terms
from tests.ports.rows_case import CONTRACT, Case

__all__ = ["case", "dag"]

DRIFT = "{type: custom, engine: harness, implementation: {check: drift, reference: {days: 2}, minimumRows: 20}, severity: warning}"


class Told:
    """XComs of one task: what an earlier run told, and what this one tells."""

    def __init__(self, ti: Any) -> None:
        self.ti, self.kept = ti, []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.ti, name)

    def xcom_pull(self, *, task_ids: str, key: str, include_prior_dates: bool) -> Any:
        assert (task_ids, key, include_prior_dates) == ("s", "drift", True)
        return self.kept[-1] if self.kept else None

    def xcom_push(self, key: str, value: Any) -> None:
        self.kept.append(value)


@pytest.fixture
def drifting(case: Case, dag: Any, tmp_path: Path) -> Case:
    """Three published days: the second is as the first, the third has other amounts."""
    text = CONTRACT.replace(
        "        logicalTypeOptions: {minimum", f"        quality: [{DRIFT}]\n        logicalTypeOptions: {{minimum"
    )
    (tmp_path / "orders.odcs.yaml").write_text(text)
    case.at_source(
        "UPDATE public.orders SET amount = id % 10 + CASE WHEN placed_at < '2013-03-11 04:00Z' THEN 0 ELSE 500 END"
    )
    for day in range(3):
        moved(case, dag, day)
    return case


def look(case: Case, dag: Any, day: int, told: Any, **more: Any) -> Any:
    at = context(case, day)
    told.ti = at["ti"]
    at["ti"] = told
    fresh = DAG(dag_id="d", schedule=None, start_date=dag.start_date)
    fresh.fileloc = dag.fileloc
    return run(DriftSensor(task_id="s", **terms(fresh, "wh"), **more), at)


def test_what_follows_runs_where_the_slice_drifted(drifting: Case, dag: Any) -> None:
    with pytest.raises(AirflowSkipException, match=r"No drift: .*drift:amount:psi too few rows to compare \(none\)"):
        look(drifting, dag, 0, Told(None))
    with pytest.raises(AirflowSkipException, match=r"No drift: .*drift:amount:psi 0.\d+ \(none\)"):
        look(drifting, dag, 1, Told(None))
    told = Told(None)
    assert look(drifting, dag, 2, told) is None
    assert told.kept == [drifting.piece(2).start.isoformat()]


def test_a_drift_that_stays_lets_through_once_in_a_cool_down(drifting: Case, dag: Any) -> None:
    told = Told(None)
    told.kept = [(drifting.piece(2).start - timedelta(days=3)).isoformat()]
    with pytest.raises(AirflowSkipException, match=r"Drifted: drift:amount:psi\. Skipped until the slice of"):
        look(drifting, dag, 2, told)
    assert told.kept[0] == told.kept[1], "the next run counts from the same success"
    assert look(drifting, dag, 2, told, cool_down=timedelta(days=3)) is None
    assert told.kept[-1] == drifting.piece(2).start.isoformat()
    assert look(drifting, dag, 2, told) is None, "the same run again is not a second drift"


def test_it_waits_for_a_slice_that_is_not_published(drifting: Case, dag: Any) -> None:
    drifting.at_warehouse("DELETE FROM public.orders")
    with pytest.raises(TaskDeferred) as caught:
        look(drifting, dag, 2, Told(None))
    assert caught.value.trigger.look == "published_drift"  # type: ignore[attr-defined]


def test_a_contract_that_asks_for_no_drift_is_named(case: Case, dag: Any) -> None:
    with pytest.raises(AirflowFailException, match="contract orders: has no drift check"):
        look(case, dag, 0, Told(None))


@pytest.mark.parametrize("given", [{"level": "none"}, {"level": "high"}, {"cool_down": timedelta(days=-1)}])
def test_arguments_without_meaning_are_refused(dag: Any, case: Case, given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"level is|cool_down is"):
        DriftSensor(task_id="s", **terms(dag, "wh"), **given)
