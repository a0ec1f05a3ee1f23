"""docs/how-to/index-documents.md: its contract, its Dag and its search run, and ``explain`` and ``check`` know the operator."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import DAG, Asset
from sqlalchemy import text

from airflow_provider_harness.adapters.store.incidents import open_engine
from airflow_provider_harness.adapters.store.migrate import upgrade
from airflow_provider_harness.app.authoring.rules.kinds import publishes
from airflow_provider_harness.operators import IndexDocumentsOperator
from airflow_provider_harness.wiring.authoring import explaining
from tests.ports.retrieval_case import Library, library

__all__ = ["library"]

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "how-to" / "index-documents.md").read_text()
CODE, SEARCH, OFTEN, MAPPED = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
CONTRACT, GOLDEN = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


def dag_file(folder: Path) -> Path:
    """The page's Dag with its contract and its questions."""
    (folder / "contracts").mkdir()
    (folder / "contracts" / "handbook.odcs.yaml").write_text(CONTRACT)
    (folder / "contracts" / "handbook.golden.yaml").write_text(GOLDEN)
    found = folder / "index_handbook.py"
    found.write_text(CODE.replace("file:///srv/handbook", f"file://{folder}/docs"))
    return found


def test_the_pages_dag_publishes_and_its_search_finds(
    library: Library, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", library.server.airflow_connection(library.database))
    store = open_engine(f"sqlite:///{library.home}/harness.db")
    upgrade(store)
    file = dag_file(library.home)
    given: dict[str, Any] = {"__file__": str(file)}
    exec(compile(file.read_text(), str(file), "exec"), given)
    task = given["index"]
    context = library.context()
    task.render_template_fields(context)
    told = task.execute(context)
    task.post_execute(context, told)
    assert (told["rows"], told["set_aside"]) == (2, 0), "two are Markdown"
    assert context["outlet_events"][Asset("handbook")].extra == told
    exec(SEARCH, {})
    assert "ops/restart.md, Restart, characters 0 to 60\n" in capsys.readouterr().out
    often: dict[str, Any] = {}
    exec(OFTEN, often)
    assert often["passages"][0].document == "ops/disk.md"
    with store.connect() as connection:
        assert connection.execute(text("SELECT decision, rows FROM harness_gates")).fetchall() == [("publish", 2)]
        ids = set(connection.execute(text("SELECT check_id FROM harness_gate_checks WHERE passed")).scalars())
        edges = connection.execute(text("SELECT * FROM harness_lineage")).fetchall()
    assert {
        "index:dimension",
        "index:vectors",
        "index:orphans",
        "index:coverage",
        "index:recall",
        "unique:doc_id",
    } <= ids
    assert edges and f"{library.home}/docs" in str(task._flow().inputs) and "ai.handbook" in str(task._flow().output)
    store.dispose()


def test_the_mapped_task_of_the_page_is_one(tmp_path: Path) -> None:
    given: dict[str, Any] = {}
    dag = DAG("mapped", schedule=None, start_date=datetime(2026, 11, 1, tzinfo=UTC))
    dag.fileloc = str(dag_file(tmp_path))
    with dag:
        exec(MAPPED, given)
        task = given["index"].expand(shard=[0, 1, 2, 3])
    assert task.operator_class is IndexDocumentsOperator


def test_explain_and_check_know_where_its_gate_stands(tmp_path: Path) -> None:
    file = dag_file(tmp_path)
    [dag] = explaining.explanations(str(file), imports=False, as_of=datetime(2026, 11, 30, tzinfo=UTC))
    [step] = dag["steps"]
    assert step["inputs"] == [f"documents in file://{tmp_path}/docs"]
    assert step["outputs"] == ["warehouse: ai.handbook"]
    [gate] = step["under_contract"]["gates"]
    assert gate["where"] == "before the index is served"
    task = SimpleNamespace(id="index", kind="IndexDocumentsOperator", args={}, function="")
    assert publishes(task, SimpleNamespace(queries=()))  # type: ignore[arg-type]
