"""Lineage as it is drawn: a task is named to whoever may read its Dag, whatever dots the ids have."""

from __future__ import annotations

import pytest

from airflow_provider_harness.app.pages.lineage import drawn
from airflow_provider_harness.core.lineage.graph import Dataset, Flow, Graph, job

ORDERS, DAILY = (Dataset(namespace="postgres://h:5432", name=f"db.public.{name}") for name in ("orders", "daily"))


@pytest.mark.parametrize(
    ("readable", "named"),
    [
        (None, "shop.nightly.load"),
        (frozenset({"shop.nightly"}), "shop.nightly.load"),
        (frozenset({"shop"}), ""),
        (frozenset({"other"}), ""),
    ],
)
def test_a_task_is_named_to_who_may_read_its_dag(readable: frozenset[str] | None, named: str) -> None:
    flow = Flow(task=job("shop.nightly", "load"), inputs=(ORDERS,), output=DAILY, dag_id="shop.nightly")
    [edge] = drawn(Graph((flow,)), [DAILY], readable=readable).edges
    assert edge.task == named
