"""Who feeds whom, in the store: written by tasks that succeeded, read by the healer and by people."""

from __future__ import annotations

import json
import logging
import os
from argparse import Namespace
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from airflow.sdk import DAG
from sqlalchemy import Engine, text

from airflow_provider_harness.adapters.store.incidents import open_engine
from airflow_provider_harness.adapters.store.migrate import grant_tasks, upgrade
from airflow_provider_harness.adapters.store.rows.lineage import SqlLineage
from airflow_provider_harness.cli import commands
from airflow_provider_harness.core.diagnosis.failure import TryKey
from airflow_provider_harness.core.lineage.graph import ColumnEdge, Dataset, Flow, Transformation, identity_edges
from airflow_provider_harness.operators import (
    PostgresExtractOperator,
    PostgresLoadOperator,
    PostgresTransferOperator,
    SQLTransformOperator,
    ValidateOperator,
)
from airflow_provider_harness.testing.postgres import PostgresServer
from airflow_provider_harness.wiring import lineage as wiring_lineage
from airflow_provider_harness.wiring import rows as wiring_rows
from airflow_provider_harness.wiring.store import task_engine
from tests.ports.operators_case import context, run, terms
from tests.ports.rows_case import CONTRACT, Case

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
MASK = "{property: harness.personalData, value: mask}"
KEY = TryKey(dag_id="a.b", run_id="r", task_id="g.t", try_number=1)
ONE, TWO, OUT = (Dataset(namespace="postgres://h:1", name=f"db.public.{name}") for name in ("one", "two", "out"))
JOINED = ColumnEdge(source=TWO, source_column="id", target_column="", how=Transformation.JOIN, masking=True)
FLOW = Flow(task="a.b.g.t", inputs=(ONE, TWO), output=OUT, columns=(JOINED, *identity_edges(ONE, ("id", "x"))))


@pytest.fixture
def engine(store_url: str) -> Iterator[Engine]:
    engine = open_engine(store_url)
    yield engine
    engine.dispose()


def test_a_flow_comes_back_as_it_was_and_is_kept_once(engine: Engine) -> None:
    store = SqlLineage(lambda: engine)
    assert store.keep(KEY, FLOW, NOW)
    assert not store.keep(KEY, FLOW, NOW + timedelta(days=1))
    [found] = store.graph().flows
    assert (found.task, found.inputs, found.output, set(found.columns)) == (
        FLOW.task,
        FLOW.inputs,
        FLOW.output,
        set(FLOW.columns),
    )
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM harness_lineage_edges")).scalar() == 5


def test_the_newest_version_holds_also_when_it_is_an_old_one_again(engine: Engine) -> None:
    store = SqlLineage(lambda: engine)
    for day, inputs in enumerate(((ONE,), (TWO,), (ONE,))):
        assert store.keep(KEY, Flow(task=FLOW.task, inputs=inputs, output=OUT), NOW + timedelta(days=day))
        assert [flow.inputs for flow in store.graph().flows] == [inputs]


def test_instances_of_a_mapped_task_stand_side_by_side(engine: Engine) -> None:
    store = SqlLineage(lambda: engine)
    for number, source in enumerate((ONE, TWO)):
        key = TryKey(dag_id="d", run_id="r", task_id="t", map_index=number, try_number=1)
        assert store.keep(key, Flow(task="d.t", inputs=(source,), output=OUT), NOW)
    assert store.graph().upstream(OUT) == (ONE, TWO)


def test_a_role_of_tasks_can_keep_and_not_take_away(postgres: PostgresServer, database: str) -> None:
    owner = open_engine(postgres.url(database, driver="psycopg"))
    upgrade(owner)
    role = f"tasks_{database}"
    with owner.begin() as connection:
        connection.exec_driver_sql(f"CREATE ROLE {role}")
    grant_tasks(owner, role)
    limited = open_engine(postgres.url(database, driver="psycopg") + f"?options=-crole%3D{role}")
    assert SqlLineage(lambda: limited).keep(KEY, FLOW, NOW)
    for verb in ("DELETE FROM harness_lineage", "UPDATE harness_lineage_edges SET how = ''"):
        with pytest.raises(Exception, match="permission denied"), limited.begin() as connection:
            connection.exec_driver_sql(verb)
    limited.dispose()
    with owner.begin() as connection:
        connection.exec_driver_sql(f"DROP OWNED BY {role}")
        connection.exec_driver_sql(f"DROP ROLE {role}")
    owner.dispose()


def done(operator: Any, here: dict[str, Any]) -> Any:
    """What Airflow does with a task that succeeds."""
    result = run(operator, here)
    operator.post_execute(here)
    return result


@pytest.fixture
def moved(case: Case, dag: Any) -> Case:
    """Two slices that went from the source to a summary."""
    upgrade(task_engine())
    sql = "SELECT * FROM public.orders WHERE placed_at >= %(slice_start)s AND placed_at < %(slice_end)s"
    for day in (0, 1):
        one = DAG(dag_id="d", schedule=None)
        one.fileloc = dag.fileloc
        extract = PostgresExtractOperator(task_id="extract", **terms(one, "src"))
        folder = done(extract, context(case, day, task="extract"))
        load = PostgresLoadOperator(task_id="load", staged=folder, **terms(one, "wh"))
        done(load, context(case, day, task="load"))
        transform = SQLTransformOperator(task_id="sum", sql=sql, **terms(one, "wh", "public.summary"))
        done(transform, context(case, day, task="sum"))
    return case


def lineage(capsys: pytest.CaptureFixture[str], name: str, **options: Any) -> tuple[int, str]:
    given = {"downstream": False, "output": "table", **options}
    with pytest.raises(SystemExit) as ended:
        commands.lineage(Namespace(name=name, **given))
    shown = capsys.readouterr()
    return int(str(ended.value.code)), shown.out + shown.err


def test_a_column_leads_back_to_the_source_system(moved: Case, dag: Any, capsys: pytest.CaptureFixture[str]) -> None:
    done(ValidateOperator(task_id="v", **terms(dag, "wh", "public.summary")), context(moved, task="v"))
    capsys.readouterr()
    status, shown = lineage(capsys, "public.summary.amount", output="json")
    [walk] = json.loads(shown)
    direct = [step for step in walk["steps"] if step["type"] == "DIRECT"]
    assert status == 0
    assert [(step["task"], step["column"], step["subtype"]) for step in direct] == [
        (task, "amount", "IDENTITY") for task in ("d.sum", "d.load", "d.extract")
    ]
    assert direct[2]["name"].endswith("_s.public.orders")
    graph = wiring_lineage.graph()
    assert len(graph.flows) == 4
    assert set(graph.upstream_tasks("d.sum")) == {"d.load", "d.extract"}


def test_two_slices_are_one_dataset(moved: Case) -> None:
    staged = [one for one in wiring_lineage.graph().datasets if one.namespace == "file"]
    assert [one.name.rpartition("/")[2] for one in staged] == ["extract"]


def test_the_command_line_leads_down_and_knows_near_names(moved: Case, capsys: pytest.CaptureFixture[str]) -> None:
    status, shown = lineage(capsys, "public.orders", downstream=True)
    assert status == 0
    assert "public.summary" in shown
    status, shown = lineage(capsys, "public.sumary")
    assert status == 2
    assert "public.sumary: is not in the lineage" in shown
    assert "public.summary" in shown


def test_a_store_that_is_away_costs_one_line(case: Case, dag: Any, caplog: pytest.LogCaptureFixture) -> None:
    extract = PostgresExtractOperator(task_id="e", **terms(dag, "src"))
    with caplog.at_level(logging.WARNING):
        run(extract, here := context(case, task="e"))
        caplog.clear()
        extract.post_execute(here)
    [said] = caplog.messages
    assert said.startswith("Keeping the lineage: the harness store")
    assert "airflow harness db upgrade" in said


def test_the_newest_gate_of_a_task_is_found(moved: Case) -> None:
    found = wiring_lineage.latest_gates(("d.load", "d.sum", "d.none"))
    assert {task: (gate.table, gate.slice) for task, gate in found.items()} == {
        "d.load": ("public.orders", moved.piece(1).id),
        "d.sum": ("public.summary", moved.piece(1).id),
    }


def test_a_transfer_and_a_query_of_the_source_are_followed(case: Case, dag: Any, tmp_path: Path) -> None:
    upgrade(task_engine())
    transfer = PostgresTransferOperator(task_id="move", source_conn_id="src", **terms(dag, "wh"))
    done(transfer, context(case, task="move"))
    (tmp_path / "masked.odcs.yaml").write_text(
        CONTRACT.replace("object, physicalType: jsonb}", f"string, physicalType: text, customProperties: [{MASK}]}}")
    )
    names = ", ".join(name for name in case.contract.names if name != "amount")
    extract = PostgresExtractOperator(
        task_id="query",
        sql=f"SELECT {names}, amount * 2 AS amount FROM public.orders",
        slice_key=case.piece().id,
        **terms(dag, "src") | {"contract": str(tmp_path / "masked.odcs.yaml")},
    )
    extract.post_execute(context(case, task="query"))
    flows = {flow.task: flow for flow in wiring_lineage.graph().flows}
    assert {edge.how for edge in flows["d.move"].columns} == {Transformation.IDENTITY}
    assert [one.name.rpartition("_")[2] for one in flows["d.move"].inputs] == ["s.public.orders"]
    told = {edge.target_column: (edge.how, edge.masking) for edge in flows["d.query"].columns}
    assert told == dict.fromkeys(case.contract.names, (Transformation.IDENTITY, False)) | {
        "amount": (Transformation.TRANSFORMATION, False),
        "note": (Transformation.TRANSFORMATION, True),
    }
    [read] = extract.get_openlineage_facets_on_complete(None).inputs
    assert {field.name: field.type for field in read.facets["schema"].fields}["id"] == "bigint"


def test_a_query_means_what_the_connections_search_path_says(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    with psycopg.connect(case.warehouse, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA lake")
        connection.execute('CREATE TABLE lake.orders (id bigint, "Net" numeric)')
    held = json.loads(os.environ["AIRFLOW_CONN_WH"])
    monkeypatch.setenv("AIRFLOW_CONN_WH", json.dumps({**held, "extra": {"options": "-c search_path=lake,public"}}))
    sql = 'SELECT ID, "Net" AS net FROM Orders WHERE id > 0'
    assert wiring_rows.queries.query_tables("wh", sql) == ("lake.orders",)
    edges, schemas = wiring_rows.queries.query_lineage("wh", sql)
    assert {(edge.source_column, edge.target_column, edge.how.value) for edge in edges} == {
        ("id", "id", "IDENTITY"),
        ("Net", "net", "IDENTITY"),
        ("id", "", "FILTER"),
    }
    [known] = schemas
    assert known.name.endswith(".lake.orders")
