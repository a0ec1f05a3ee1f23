"""Promises about time in a real store: what is published, and that each deadline is told once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from airflow_provider_harness.adapters.store import schema as t
from airflow_provider_harness.adapters.store.incidents import open_engine
from airflow_provider_harness.adapters.store.rows.leases import SqlLeases
from airflow_provider_harness.adapters.store.rows.sla_alerts import SqlPromises
from airflow_provider_harness.app.ports.sla_alerts import HighWaterMark, SlaAlert, promise_key
from airflow_provider_harness.core.contracts.contract import Contract
from airflow_provider_harness.core.diagnosis.failure import TryKey
from airflow_provider_harness.core.errors import HarnessUnavailable
from airflow_provider_harness.core.lineage.graph import Dataset, Flow, Graph
from airflow_provider_harness.core.slices.slices import Slice
from tests.ports.test_forms import GOOD

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = timedelta(days=1)
RISK = SlaAlert(
    conn_id="wh",
    table="public.t",
    dag_id="d",
    task_id="load",
    run_id="r",
    slice="20261120T000000Z",
    slice_end=NOW,
    due=NOW + DAY,
    words="latency 1 d",
    dedup_key=promise_key("wh", "public.t", "20261120T000000Z"),
)
SOURCE, TABLE = Dataset(namespace="pg", name="db.public.s"), Dataset(namespace="pg", name="db.public.t")


def graph() -> Graph:
    read = Flow(task="up.load", inputs=(), output=SOURCE)
    return Graph([read, Flow(task="d.load", inputs=(SOURCE,), output=TABLE)])


def contract_of(path: str, table: str) -> Contract:
    return Contract(id=path, version="1", name="n", table=table, columns=())


@pytest.fixture
def engine(store_url: str) -> Iterator[Engine]:
    made = open_engine(store_url)
    yield made
    made.dispose()


@pytest.fixture
def promises(engine: Engine) -> SqlPromises:
    return SqlPromises(lambda: engine, contract_of, graph)


def test_a_mark_says_who_published_under_which_contract(engine: Engine, promises: SqlPromises) -> None:
    slices, task = SqlLeases(lambda: engine), TryKey(dag_id="d", run_id="r", task_id="load", try_number=1)
    for ago, who in ((1, task), (2, replace(task, task_id="other"))):
        piece = Slice(id=f"{ago} days ago", start=NOW - (ago + 1) * DAY, end=NOW - ago * DAY)
        slices.advance_high_water_mark("wh", "public.t", piece, NOW, task=who, contract="/dags/t.yaml")
    slices.advance_high_water_mark("wh", "public.old", Slice(id="x", start=NOW, end=NOW), NOW)
    old, found = promises.published()
    assert (old.contract, old.dag_id) == ("", "")
    given = {"conn_id": "wh", "table": "public.t", "contract": "/dags/t.yaml", "dag_id": "d", "task_id": "load"}
    assert found == HighWaterMark(**given, slice_end=NOW - DAY, slice=found.slice)
    assert found.slice
    assert promises.contract(found).table == "public.t"
    assert promises.feeders("d", "load") == ("up.load",)


@pytest.mark.attack
def test_others_who_told_of_having_published_a_table_are_known_whatever_its_mark_says(
    engine: Engine, promises: SqlPromises
) -> None:
    """By the gates, which tasks can only insert; of these, those that let a slice be published into this table."""
    other = {"key": "b" * 64, "dag_id": "true", "task_id": "load"}
    rows = [
        GOOD["harness_gates"]
        | {"conn_id": "wh", "table_name": "public.t", "place": "staging", "decision": "publish"}
        | change
        for change in (
            other,
            {"key": "c" * 64, "dag_id": "forged", "task_id": "load"},
            {"key": "d" * 64, "dag_id": "blocked", "decision": "block"},
            {"key": "e" * 64, "dag_id": "elsewhere", "conn_id": "another"},
            {"key": "f" * 64, "dag_id": "elsewhere", "table_name": "public.other"},
        )
    ]
    with engine.begin() as connection:
        connection.execute(t.gates.insert(), rows)
    given = {"conn_id": "wh", "table": "public.t", "dag_id": "forged", "task_id": "load", "slice_end": NOW}
    [found] = promises.tellers(HighWaterMark(**given, contract="/dags/t.yaml", slice="x"))
    assert (found.dag_id, found.task_id, found.contract, found.slice) == ("true", "load", "", "")


def test_each_deadline_is_told_once_until_it_is_over(promises: SqlPromises) -> None:
    assert promises.record_alert(RISK, NOW)
    assert not promises.record_alert(RISK, NOW + DAY)
    assert promises.record_alert(replace(RISK, slice="next"), NOW)
    assert sorted(promises.open_alerts(), key=lambda risk: risk.slice) == [RISK, replace(RISK, slice="next")]
    promises.move(RISK, "harness:e")
    assert sorted(risk.dedup_key for risk in promises.open_alerts()) == sorted(["harness:e", RISK.dedup_key])
    promises.end(RISK, NOW)
    assert [risk.slice for risk in promises.open_alerts()] == ["next"]
    assert not promises.record_alert(RISK, NOW), "it is told no second time after its end either"


def test_without_lineage_nothing_feeds_it(engine: Engine) -> None:
    def away() -> Graph:
        raise HarnessUnavailable("the harness store", "away")

    assert SqlPromises(lambda: engine, contract_of, away).feeders("d", "load") == ()
