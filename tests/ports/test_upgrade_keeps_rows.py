"""A store with rows of an earlier revision comes up and goes back down with every row as it was, and lists what it has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Engine, insert, inspect, text

from airflow_provider_harness.adapters.store import schema as t
from airflow_provider_harness.adapters.store.incidents import SqlIncidentStore, open_engine
from airflow_provider_harness.adapters.store.migrate import VERSION_TABLE, _config, state, upgrade
from airflow_provider_harness.adapters.store.pages.incident_list import SqlIncidentList
from airflow_provider_harness.app.pages.incidents.listing import Wanted
from airflow_provider_harness.app.pages.incidents.row import Stand
from tests.ports.pages_case import KEY, NOW, seeded, tabled
from tests.ports.stores_case import empty_store
from tests.ports.test_forms import _OLD, GOOD
from tests.ports.test_store import url

__all__ = ["url"]

#: Rows of tables that no other test's rows are of.
_MORE: dict[str, dict[str, Any]] = {
    "harness_set_aside": {"source": "failures", "key": "k", "reports": 1, "reason": "r", "at": t.text_of(NOW)},
    "harness_watched": {
        "key": "k",
        "conn_id": "wh",
        "table_name": "public.t",
        "contract": "c",
        "slice": "s",
        "slice_start": t.text_of(NOW),
        "slice_end": t.text_of(NOW),
        "measured_at": t.text_of(NOW),
        "flagged": False,
        "numbers": "{}",
        "profile": "",
        "failures": "[]",
    },
    "harness_borne_out": {
        "conn_id": "wh",
        "table_name": "public.t",
        "slice": "s",
        "slice_end": t.text_of(NOW),
        "contract": "c",
        "dag_id": "d",
        "task_id": "t",
    },
}
Rows = dict[str, list[tuple[Any, ...]]]


@dataclass(frozen=True, kw_only=True)
class Earlier:
    """A store at an earlier revision, and the one of today whose rows it has."""

    revision: str
    engine: Engine
    today: Engine


def rows_of(engine: Engine) -> Rows:
    """Every row of every table."""
    tables = sorted(set(inspect(engine).get_table_names()) - {VERSION_TABLE})
    with engine.connect() as connection:
        return {name: sorted(map(tuple, connection.execute(text(f"SELECT * FROM {name}"))), key=str) for name in tables}


def filled(engine: Engine) -> None:
    """Incidents that ask, wait for a person, are healed and are worked on, with gates; and a row of each other table."""
    seeded(SqlIncidentStore(engine, KEY))
    tabled(engine)
    empty = [name for name, rows in rows_of(engine).items() if not rows]
    with engine.begin() as connection:
        for name in empty:
            connection.execute(insert(t.metadata.tables[name]).values(**{**GOOD, **_OLD, **_MORE}[name]))


def to(engine: Engine, step: Any, revision: str) -> None:
    with engine.begin() as connection:
        step(_config(connection), revision)


@pytest.fixture(params=["0010_rows_in_the_chain", "0014_borne_out"])
def earlier(request: pytest.FixtureRequest, url: str) -> Iterator[Earlier]:
    with empty_store("sqlite", request) as place:
        today, engine = open_engine(place), open_engine(url)
        filled(today)
        to(engine, command.upgrade, request.param)
        there = set(inspect(engine).get_table_names())
        with today.connect() as source, engine.begin() as target:
            for table in t.metadata.sorted_tables:
                rows = [dict(row) for row in source.execute(table.select()).mappings()]
                if table.name in there and rows:
                    target.execute(insert(table), rows)
        yield Earlier(revision=request.param, engine=engine, today=today)
        today.dispose()
        engine.dispose()


def test_rows_of_an_earlier_revision_come_up_are_listed_and_go_back_as_they_were(earlier: Earlier) -> None:
    before = rows_of(earlier.engine)
    assert all(before.values())
    assert not {"harness_summaries", "harness_contracts"} & set(before)

    upgrade(earlier.engine)
    found, wanted = state(earlier.engine)
    assert found == wanted
    after = rows_of(earlier.engine)
    assert {name: after[name] for name in before} == before
    assert after["harness_summaries"] == rows_of(earlier.today)["harness_summaries"]
    store = SqlIncidentStore(earlier.engine, KEY)
    assert store.audit_break() is None
    listed = SqlIncidentList(lambda: earlier.engine, timedelta(hours=2)).listed(Wanted(states=tuple(Stand)), NOW, 50)
    assert {row.id for row in listed.rows} == {one.id for one in store.incidents()} and listed.total == 4

    to(earlier.engine, command.downgrade, earlier.revision)
    assert state(earlier.engine)[0] == earlier.revision
    assert rows_of(earlier.engine) == before

    upgrade(earlier.engine)
    assert rows_of(earlier.engine) == after


def test_on_the_way_back_only_what_the_newest_versions_brought_goes(url: str) -> None:
    """Rows of the watch and of models have no place in the version before; everything else stays, and comes up again: also a quiet
    failure, which the form of the version before would not take."""
    engine = open_engine(url)
    upgrade(engine)
    filled(engine)
    quiet = {"key": "quiet", "kind": "quiet", "seal": "a" * 64}
    with engine.begin() as connection:
        connection.execute(insert(t.failures).values(**GOOD["harness_failures"] | quiet))
    kept = rows_of(engine)
    seen, checked = GOOD["harness_gates"] | {"key": "c" * 64, "place": "watch"}, GOOD["harness_gate_checks"]
    with engine.begin() as connection:
        connection.execute(insert(t.gates).values(**seen))
        connection.execute(insert(t.gate_checks).values(**checked | {"gate": "c" * 64}))

    to(engine, command.downgrade, "0018_summaries")
    before = rows_of(engine)
    assert set(kept) - set(before) == {"harness_watched", "harness_model_events"}
    assert before == {name: kept[name] for name in before}

    upgrade(engine)
    assert rows_of(engine) == before | {"harness_watched": [], "harness_model_events": []}
    engine.dispose()
