"""What an incident's page says to a person who may not read every Dag whose failures joined."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from airflow_provider_harness.app.healing import intake
from airflow_provider_harness.app.pages.incidents.parts import IncidentView, Signed
from airflow_provider_harness.app.pages.incidents.place import About
from airflow_provider_harness.app.pages.incidents.row import row_of
from airflow_provider_harness.app.pages.incidents.view import Around, view
from airflow_provider_harness.app.reports.postmortem import story
from airflow_provider_harness.core.diagnosis.failure import Failure
from tests.unit.app.fakes import KEY, World, failure, task, world

SIGNED = Signed(events=0, last_seq=0, head="", holds=None, text="")
SAME = "The source lacks a column."


def of(dag_id: str, diff: dict[str, Any], **more: Any) -> Failure:
    return failure(key=replace(KEY, dag_id=dag_id), schema_diff={"sentence": SAME, **diff}, **more)


def joined() -> World:
    """One incident: a failure that all may read, and one of a Dag that few may, with a gate's report and a drift."""
    w = world()
    results = [{"id": "no_nulls", "passed": False, "samples": [{"iban": "hidden row"}]}]
    report = {"table": "hidden.t", "slice": "20130101T050000Z", "results": results}
    change = {"kind": "type", "column": "hidden_column", "expected": "int", "found": "text"}
    diff = {"side": "source", "table": "hidden.t", "changes": [change]}
    w.airflow.states = [task(dag_id="open"), task(dag_id="closed")]
    w.reported(of("open", {}))
    w.reported(of("closed", diff, report=report))
    intake.group_failures(w.healer)
    return w


def seen(w: World, readable: frozenset[str] | None) -> IncidentView:
    events, failures = w.store.events("I1"), w.store.failures("I1")
    assert len(failures) == 2
    now: datetime = w.clock()
    row = row_of(w.incident("I1"), About())
    return view(
        story("I1", events, failures),
        Around(now=now, row=row, healer_dag_id="h", readable=readable, signed=SIGNED),
    )


@pytest.mark.attack
def test_of_a_dag_that_may_not_be_read_a_page_counts_failures_and_says_nothing_else() -> None:
    w = joined()
    everything, some = seen(w, None), seen(w, frozenset({"open"}))
    assert (everything.broke.hidden, some.broke.hidden) == (0, 1)
    assert [one.dag_id for one in some.broke.failures] == ["open"]
    for word in ("hidden row", "hidden_column", "hidden.t"):
        assert word in str(everything)
        assert word not in str(some), word
