"""The pipeline of the README moves rows: contract and Dag as they stand there, between two real PostgreSQL databases."""

from __future__ import annotations

import importlib.util
import re
import tomllib
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest

from airflow_provider_harness.testing.fixtures import postgres
from airflow_provider_harness.testing.postgres import PostgresServer

__all__ = ["postgres"]

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
#: The day that is published: 144 orders, one of them with a wrong amount; 17 more are of the next day.
START = datetime(2026, 1, 2, tzinfo=UTC)
TABLE = "CREATE TABLE public.orders (id bigint PRIMARY KEY, ordered_at timestamptz NOT NULL, status text, amount numeric(12,2))"
ROWS = """INSERT INTO public.orders SELECT n, '2026-01-02 00:00Z'::timestamptz + n * interval '10 minutes',
    CASE n % 2 WHEN 0 THEN 'open' ELSE 'paid' END, CASE n WHEN 5 THEN -1 ELSE n END FROM generate_series(0, 160) n"""


class Task:
    """A task instance with the values that tasks before it returned."""

    def __init__(self, returned: dict[str, Any], task_id: str) -> None:
        self.dag_id, self.run_id, self.task_id, self.map_index, self.try_number = "orders_daily", "r", task_id, -1, 1
        self._returned = returned

    def xcom_pull(self, task_ids: Any = None, **_: Any) -> Any:
        return self._returned[task_ids if isinstance(task_ids, str) else next(iter(task_ids))]


@pytest.fixture
def databases(postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """The shop and the warehouse, both empty."""
    names = {one: f"{one}_{uuid.uuid4().hex[:12]}" for one in ("shop", "warehouse")}
    for one, name in names.items():
        postgres.ensure_database(name)
        monkeypatch.setenv(f"AIRFLOW_CONN_{one.upper()}", postgres.airflow_connection(name))
    yield {one: postgres.url(name) for one, name in names.items()}
    for name in names.values():
        postgres.drop_database(name)


def test_the_pipeline_of_the_readme_publishes_a_day(
    databases: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path, text in re.findall(r"^```\w+\n# (dags/\S+)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    monkeypatch.setenv("AIRFLOW__HARNESS__STAGING_PATH", f"file://{tmp_path}/staging")
    with psycopg.connect(databases["shop"]) as shop:
        shop.execute(TABLE)
        shop.execute(ROWS)
    spec = importlib.util.spec_from_file_location("orders_daily", tmp_path / "dags" / "orders_daily.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    returned: dict[str, Any] = {}
    for name in ("extract", "load", "validate"):
        operator = getattr(module, name)
        run = SimpleNamespace(
            partition_key=None,
            data_interval_start=START,
            data_interval_end=START + timedelta(days=1),
            logical_date=START,
            run_type="scheduled",
        )
        context: Any = {"dag_run": run, "run_id": "r", "outlet_events": {}, "ti": Task(returned, name)}
        operator.render_template_fields(context)
        returned[name] = operator.execute(context)
    with psycopg.connect(databases["warehouse"]) as warehouse:
        [(count, least, last)] = warehouse.execute(
            "SELECT count(*), min(amount), max(id) FROM public.orders"
        ).fetchall()
    assert (count, least, last) == (143, 0, 143)
    assert returned["load"]["quarantined"] == {"range:amount": 1}


def test_the_readme_leads_to_every_guide() -> None:
    pages = [path for folder in ("how-to", "explanation") for path in (ROOT / "docs" / folder).glob("*.md")]
    assert [str(path.relative_to(ROOT)) for path in pages if f"({path.relative_to(ROOT)}" not in README] == []


def test_the_readme_names_every_extra() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert {name for name in extras if f"\n| `{name}` |" not in README} == {"dev"}
