"""One cause broke two Dags, and a person may read one of them: of the other, lists, filters and a table's page name nothing."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi import Depends, FastAPI
from fastapi.testclient import TestClient
from pydantic import ValidationError
from sqlalchemy import Engine

from airflow_provider_harness.adapters.store import schema as t
from airflow_provider_harness.adapters.store.incidents import SqlIncidentStore, open_engine
from airflow_provider_harness.adapters.store.pages.health import SqlHealth
from airflow_provider_harness.adapters.store.pages.incident_list import SqlIncidentList
from airflow_provider_harness.adapters.store.pages.tables import Known
from airflow_provider_harness.app.pages.incidents.listing import Wanted, since_of
from airflow_provider_harness.core.diagnosis.failure import TryKey
from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.plugins.api.callers import text_only
from airflow_provider_harness.plugins.api.incidents import Filter
from airflow_provider_harness.wiring import pages
from tests.ports.pages_case import KEY, NOW, REPORT, tabled
from tests.unit.app.fakes import failure

pytestmark = pytest.mark.attack
MINE = frozenset({"mine"})
ALL = frozenset({"mine", "hushdag"})
HIDDEN = ("hushdag", "hiddenowner", "hidden.t", "hidden row", "20991231")


@pytest.fixture(scope="module")
def engine(store_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A store with one incident: a gate of two Dags refused the same table."""
    path = shutil.copyfile(store_file, tmp_path_factory.mktemp("partly") / "harness.db")
    engine = open_engine(f"sqlite:///{path}")
    store = SqlIncidentStore(engine, KEY)
    for number, (dag_id, table, sample) in enumerate(
        (
            ("mine", "public.flights", "open row"),
            ("hushdag", "public.flights", "hidden row"),
            ("hushdag", "hidden.t", ""),
        )
    ):
        results = [{**REPORT["results"][0], "samples": [{"iban": sample}]}]  # type: ignore[index]
        slice_id = "20131224T000000Z" if dag_id == "mine" else "20991231T000000Z"
        report = {**REPORT, "table": table, "slice": slice_id, "results": results}
        key = TryKey(dag_id=dag_id, run_id="r", task_id=f"load{number}", try_number=1)
        owner = "ada" if dag_id == "mine" else "hiddenowner"
        same = {"sentence": "The source lacks a column.", "table": table}
        one = failure(key=key, occurred_at=NOW, report=report, schema_diff=same, owner=owner)
        store.record(replace(one, slice_id=slice_id), f"01K9ZJ4Q6T3M8V5W7X2Y0N1P4{number}")
    joined = store.intake(NOW, store.waiting())
    assert len({one.incident_id for one in joined}) == 1
    tabled(engine)
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def lists(engine: Engine) -> SqlIncidentList:
    return SqlIncidentList(lambda: engine, timedelta(hours=2))


def test_a_row_and_what_can_be_filtered_by_name_what_may_be_read(lists: SqlIncidentList) -> None:
    whole, some = (lists.listed(Wanted(readable=dags), NOW, 50) for dags in (ALL, MINE))
    assert all(word in str(whole) for word in ("hiddenowner", "hidden.t", "20991231"))
    assert not [word for word in HIDDEN if word in str(some)]
    [row] = some.rows
    assert (row.failures, row.dags, row.tables, row.owners) == (3, 2, ("public.flights",), ("ada",))
    assert not [word for word in HIDDEN if word in str(lists.rows([row.id], NOW, MINE))]
    assert not [word for word in HIDDEN if word in str(lists.newest(Wanted(readable=MINE), NOW))]


@pytest.mark.parametrize(
    ("asked", "mine"),
    [
        ({"search": "hushdag"}, 0),
        ({"search": "hidden.t"}, 0),
        ({"search": "hiddenowner"}, 0),
        ({"search": "20991231"}, 0),
        ({"table": "hidden.t"}, 0),
        ({"owner": "hiddenowner"}, 0),
        ({"dag_id": "hushdag"}, 0),
        ({"dag_id": "hushdag", "run_id": "r", "task_id": "load1"}, 0),
        ({"search": "mine flights"}, 1),
        ({"table": "public.flights", "owner": "ada"}, 1),
        ({"dag_id": "mine", "run_id": "r", "task_id": "load0"}, 1),
    ],
    ids=str,
)
def test_nothing_that_is_hidden_finds_it(lists: SqlIncidentList, asked: dict[str, Any], mine: int) -> None:
    found = lists.listed(Wanted(readable=MINE, **asked), NOW, 50)
    assert (len(found.rows), found.total) == (mine, mine)
    assert lists.listed(Wanted(readable=ALL, **asked), NOW, 50).total == 1


@pytest.mark.parametrize("cursor", ["\u00b2-A", "\u0663-A", "1-a", "1-", "-1-A", "1000-A", "1-A\n"])
def test_what_is_no_cursor_is_refused(lists: SqlIncidentList, cursor: str) -> None:
    with pytest.raises(ConfigurationError, match="is not a cursor"):
        lists.listed(Wanted(readable=ALL), NOW, 50, cursor)


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_moment_beyond_the_calendar_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="is not a timestamp"):
        since_of(text, NOW)


@pytest.mark.parametrize("address", ["/x?a=%00", "/%00", "/x?a=1&b=c%00d"])
def test_a_character_that_no_database_keeps_is_refused(address: str) -> None:
    app = FastAPI(dependencies=[Depends(text_only)])
    app.get("/{name}")(lambda: "fine")
    with TestClient(app) as client:
        assert client.get("/x?a=1").status_code == 200
        assert client.get(address).status_code == 400


def test_an_index_that_no_task_has_is_refused() -> None:
    assert Filter(map_index=-1).map_index == -1
    for odd in (-2, 2**31, 10**30):
        with pytest.raises(ValidationError):
            Filter(map_index=odd)


def test_promises_are_counted_of_a_team_and_a_dag(engine: Engine) -> None:
    """The team is the owner of the contract: ops, of public.flights."""
    at = {"slice_end": t.text_of(NOW), "due_at": t.text_of(NOW), "told_at": t.text_of(NOW), "words": "w"}
    with engine.begin() as connection:
        for number, (dag_id, table) in enumerate((("mine", "public.flights"), ("mine", "x.t"), ("hushdag", "x.t"))):
            named = {"key": f"{number:064x}", "dag_id": dag_id, "table_name": table, "dedup_key": f"k{number}"}
            rest = {"conn_id": "w", "task_id": "load", "run_id": "r", "slice": "s"}
            connection.execute(t.promises.insert().values(**named, **rest, **at))
    counted, since = SqlHealth(lambda: engine), NOW - timedelta(days=1)
    asked: list[dict[str, str]] = [{}, {"team": "ops"}, {"dag_id": "hushdag"}, {"dag_id": "mine", "team": "ops"}]
    assert [counted.promises(since, NOW, ALL, **one).told for one in asked] == [3, 1, 1, 1]
    assert counted.promises(since, NOW, MINE, dag_id="hushdag").told == 0


def test_every_dag_of_an_incident_is_asked_about(lists: SqlIncidentList) -> None:
    """Else what a person may read would be hidden from them."""
    assert lists.dags() == ALL


def test_a_tables_page_shows_rows_of_failures_that_may_be_read(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_HARNESS_STORE", f'{{"conn_type": "sqlite", "host": "{engine.url.database}"}}')
    known = Known(table="public.flights", conn_id="warehouse", dag_id="mine", task_id="load")
    whole, some = (pages.table_view(known, 30, dags) for dags in (ALL, MINE))
    assert "hidden row" in str(whole) and "open row" in str(some)
    assert not [word for word in HIDDEN if word in str(some)]
    assert {one.task for one in some.grid.slices} == {""}, "gates of a Dag that may not be read name no task"
    assert pages.table_view(Known(table="hidden.t"), 30, MINE).incidents == []
