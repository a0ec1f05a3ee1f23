"""docs/how-to/make-a-fine-tuning-set.md and make-synthetic-data.md: their Dags run, and ``explain`` knows what they do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from airflow_provider_harness.testing.postgres import PostgresServer
from airflow_provider_harness.wiring.authoring import explaining
from tests.ports.fine_tuning_case import CONTRACT, Support, context, distinct
from tests.ports.operators_case import run
from tests.ports.test_synthetic import CUSTOMERS, FILLED, ORDERS

PAGES = Path(__file__).resolve().parents[2] / "docs" / "how-to"
AT = datetime(2026, 11, 30, tzinfo=UTC)


def task_of(page: str, folder: Path) -> tuple[Path, Any]:
    """The page's Dag file with its contracts, and its task."""
    [text] = re.findall(r"```python\n(.*?)```", (PAGES / page).read_text(), re.DOTALL)
    (folder / "contracts").mkdir()
    for name, contract in (("support", CONTRACT), ("customers", CUSTOMERS), ("orders", ORDERS)):
        (folder / "contracts" / f"{name}.odcs.yaml").write_text(contract)
    file = folder / "made.py"
    file.write_text(text.replace("file:///var/lib/airflow", f"file://{folder}"))
    given: dict[str, Any] = {"__file__": str(file)}
    exec(compile(text.replace("file:///var/lib/airflow", f"file://{folder}"), str(file), "exec"), given)
    dag = given["dag"]
    dag.fileloc = str(file)
    return file, dag.get_task("make")


@pytest.fixture(scope="module")
def database(postgres: PostgresServer) -> Iterator[str]:
    postgres.ensure_database("pages")
    with psycopg.connect(postgres.url("pages"), autocommit=True) as connection:
        connection.execute(FILLED.encode())
        connection.execute("CREATE SCHEMA made")
    yield "pages"
    postgres.drop_database("pages")


@pytest.fixture
def home(postgres: PostgresServer, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", postgres.airflow_connection(database))
    return tmp_path


def test_the_page_of_fine_tuning_sets_makes_one(home: Path, postgres: PostgresServer) -> None:
    table = Support(postgres.url("pages"), home)
    table.fill([distinct(n, customer=f"c{n % 60}", region="north" if n % 3 else "south") for n in range(300)])
    file, task = task_of("make-a-fine-tuning-set.md", home)
    told = run(task, context())
    assert told["rows"] == 300 and sum(one["examples"] for one in told["splits"].values()) == 300
    version = home / "sets" / "support" / told["version"]
    assert {path.name for path in version.iterdir()} >= {"train.jsonl", "test.parquet", "weights.json", "README.md"}
    [dag] = explaining.explanations(str(file), imports=False, as_of=AT)
    [step] = dag["steps"]
    assert step["inputs"] == ["warehouse: support"]
    assert step["outputs"] == [f"a set of examples in file://{home}/sets/support"]
    assert step["under_contract"]["gates"][0]["where"] == "in flight"


def test_the_page_of_synthetic_data_makes_two_tables(home: Path) -> None:
    file, task = task_of("make-synthetic-data.md", home)
    told = run(task, context())
    assert set(told["tables"]) == {"made.customers", "made.orders"}
    assert (home / "synthetic" / "shop" / told["version"] / "report.html").exists()
    [dag] = explaining.explanations(str(file), imports=False, as_of=AT)
    [step] = dag["steps"]
    assert step["outputs"] == ["warehouse: made.customers, synthetic"]
