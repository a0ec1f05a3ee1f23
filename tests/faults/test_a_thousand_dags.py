"""1,000 Dags and 100,000 tasks a day: a round costs by what failed and by the list of Dags, and not by what ran. Counted, not timed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, event

from airflow_provider_harness.adapters.airflow.api import CALLS, AirflowApi
from airflow_provider_harness.adapters.store.incidents import SqlIncidentStore, open_engine
from airflow_provider_harness.adapters.store.ulid import ulid
from airflow_provider_harness.app.healing import reconcile
from airflow_provider_harness.app.oncall.escalate import close
from airflow_provider_harness.app.ports.healing import Healer
from airflow_provider_harness.core.incidents.events import Outcome
from tests.unit.app.fakes import START, World, world

PAGE = 100
"""Rows of one answer of Airflow's API."""
FIXED = 3
"""Calls of a round beside the list of Dags: failed tasks, failed runs, import errors."""


@dataclass(kw_only=True)
class Fleet:
    """An Airflow with many Dags, of whose tasks a few failed.

    :ivar asked: name of the call and its query, each time.
    """

    dags: int
    failures: int = 0

    def __post_init__(self) -> None:
        self.asked: list[tuple[str, Mapping[str, Any]]] = []
        self.started: set[str] = set()

    def rows(self, name: str, path: Mapping[str, Any]) -> tuple[str, Sequence[Mapping[str, Any]]]:
        """What a list holds that Airflow filters as it is asked to."""
        if name == "dags":
            return "dags", [{"dag_id": f"dag_{n}"} for n in range(self.dags)]
        if name == "tasks":
            mine = [self._failed(n) for n in range(self.failures)]
            return "task_instances", [one for one in mine if path["dag"] in ("~", one["dag_id"])]
        return {"runs": "dag_runs", "events": "event_logs", "import_errors": "import_errors"}[name], []

    def _failed(self, number: int) -> Mapping[str, Any]:
        given = {"dag_id": f"dag_{number % self.dags}", "dag_run_id": f"r{number}", "task_id": "load", "map_index": -1}
        given |= {"state": "failed", "try_number": 1, "max_tries": 0, "operator_name": "BashOperator"}
        return given | {
            "operator": "",
            "hostname": f"h{number}",
            "pid": 1,
            "end_date": START.isoformat(),
            "rendered_fields": {},
        }


class CountedApi(AirflowApi):
    """The real client, answered from memory."""

    def __init__(self, fleet: Fleet) -> None:
        super().__init__("http://127.0.0.1:1", "", "token", "harness_healer")
        self.fleet = fleet

    def _call(self, name: str, *, params: Any = None, body: Any = None, **path: Any) -> httpx.Response:
        path.pop("tolerate", None)
        self.fleet.asked.append((name, params or {}))
        return httpx.Response(
            200, json=self._said(name, params or {}, body, path), request=httpx.Request("GET", "http://a")
        )

    def _said(self, name: str, params: Mapping[str, Any], body: Any, path: Mapping[str, Any]) -> Any:
        if name == "start_run":
            self.fleet.started.add(body["dag_run_id"])
            return {"dag_run_id": body["dag_run_id"]}
        if name == "run":
            return {"state": "running" if path["run"] in self.fleet.started else "failed"}
        if name == "dag":
            return {"tags": [{"name": "harness"}]}
        assert CALLS[name][0] == "GET"
        label, rows = self.fleet.rows(name, path)
        return {label: rows[params.get("offset", 0) :][: params.get("limit", PAGE)]}


@pytest.fixture
def store(store_url: str) -> Iterator[SqlIncidentStore]:
    engine = open_engine(store_url)
    yield SqlIncidentStore(engine, b"k" * 32)
    engine.dispose()


def healer_of(store: SqlIncidentStore, fleet: Fleet) -> tuple[World, Healer]:
    w = world()
    w.clock.at = START + timedelta(minutes=2)
    return w, replace(w.healer, store=store, airflow=CountedApi(fleet), new_id=lambda: ulid(w.clock()))


def counted(healer: Healer, fleet: Fleet) -> tuple[int, int]:
    """The calls to Airflow's API and the statements in the store of one round."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    fleet.asked.clear()
    event.listen(Engine, "before_cursor_execute", note)
    try:
        reconcile.reconcile(healer)
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    return len(fleet.asked), len(statements)


pytestmark = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)


def test_a_quiet_round_asks_for_the_list_of_dags_and_for_what_failed(store: SqlIncidentStore) -> None:
    fleet = Fleet(dags=1_000)
    w, healer = healer_of(store, fleet)
    counted(healer, fleet)
    w.clock.ahead(minutes=1)
    calls, statements = counted(healer, fleet)
    pages = math.ceil((fleet.dags + 1) / PAGE)  # a full page is followed by a look for more
    assert calls == pages + FIXED
    assert statements < 40
    [query] = [query for name, query in fleet.asked if name == "tasks"]
    assert query["state"] == "failed" and query["end_date_gte"] == (START + timedelta(minutes=-8)).isoformat()


def test_a_round_costs_by_what_failed(store: SqlIncidentStore, record_property: Any) -> None:
    """Ten failures a minute would be 14 % of 100,000 tasks a day."""
    fleet = Fleet(dags=1_000, failures=10)
    w, healer = healer_of(store, fleet)
    first = counted(healer, fleet)
    w.clock.ahead(seconds=30)
    second = counted(healer, fleet)
    record_property("calls_and_statements", {"with ten new failures": first, "afterwards": second})
    assert len(store.incidents()) >= 1 and len(fleet.started) == len(store.open_incidents())
    pages = math.ceil((fleet.dags + 1) / PAGE)
    assert first[0] <= pages + FIXED + 4 * fleet.failures + 2
    assert second[0] <= pages + FIXED + 2 * len(store.open_incidents()) + 2
    assert first[1] < 40 * fleet.failures and second[1] < 12 * fleet.failures + 40


def test_what_was_dealt_with_costs_a_round_nothing(store: SqlIncidentStore) -> None:
    """Failures that still stand in Airflow's list are known by one question to the store, however many."""
    found = {}
    for failures in (20, 100):
        fleet = Fleet(dags=20, failures=failures)
        w, healer = healer_of(store, fleet)
        counted(healer, fleet)
        for incident in store.open_incidents():
            close(healer, incident, Outcome.NOTED, "it is known")
        w.clock.ahead(seconds=30)
        found[failures] = counted(healer, fleet)
    assert found[100][0] - found[20][0] <= 1  # a further page of what failed
    assert found[100][1] == found[20][1]
