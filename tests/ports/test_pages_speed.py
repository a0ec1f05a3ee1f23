"""Lists of 10,000 incidents and 1,000 tables cost a bounded multiple of one plain reading of what they are about, JSON included.

Both are measured in the same run, in processor time; what a list takes on a quiet machine is for the bench.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from airflow_provider_harness.adapters.store import schema as t
from airflow_provider_harness.adapters.store.incidents import open_engine
from airflow_provider_harness.app.pages.incidents.row import Stand
from tests.many_incidents import INCIDENTS, fill, health_page, incidents_page, tables_page

#: Plain readings of all rows.
MOST = 4.0
MOST_HEALTH = 20.0


@pytest.fixture(scope="module")
def engine(store_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A store with many rows, in SQLite."""
    path = shutil.copyfile(store_file, tmp_path_factory.mktemp("many") / "harness.db")
    engine = open_engine(f"sqlite:///{path}")
    fill(engine)
    yield engine
    engine.dispose()


def seconds(run: Callable[[], object]) -> float:
    """The processor time of the best of some runs, since a machine is noisy."""
    tried = []
    for _ in range(5):
        began = time.process_time()
        run()
        tried.append(time.process_time() - began)
    return min(tried)


@pytest.fixture(scope="module")
def reading(engine: Engine) -> float:
    """What it takes to read all incidents' rows once, as a measure of this machine."""

    def read() -> None:
        with engine.connect() as connection:
            assert len(connection.execute(select(t.summaries)).all()) == INCIDENTS

    return seconds(read)


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"states": tuple(Stand)},
        {"states": tuple(Stand), "search": "widget thirty"},
        {"team": "team3", "owner": "owner3", "severities": ("low",)},
    ],
)
def test_a_list_of_many_incidents_is_quick(engine: Engine, reading: float, wanted: dict[str, Any]) -> None:
    found = json.loads(incidents_page(engine, **wanted))
    assert found["total"] and len(found["rows"]) <= 50
    taken = seconds(lambda: incidents_page(engine, **wanted))
    print(f"{taken / reading:.2f} readings, {taken * 1000:.0f} ms")
    assert taken < MOST * reading


def test_health_of_many_incidents_is_quick(engine: Engine, reading: float) -> None:
    """All 10,000 are of the last seven days: of so many, a month is the most that anybody asks for."""
    assert b'"sent":9' in health_page(engine)
    taken = seconds(lambda: health_page(engine))
    print(f"health: {taken / reading:.2f} readings, {taken * 1000:.0f} ms")
    assert taken < MOST_HEALTH * reading


def test_a_list_of_many_tables_is_quick(engine: Engine, reading: float) -> None:
    assert b'"trend":[{' in tables_page(engine)
    taken = seconds(lambda: tables_page(engine))
    print(f"{taken / reading:.2f} readings, {taken * 1000:.0f} ms")
    assert taken < MOST * reading
