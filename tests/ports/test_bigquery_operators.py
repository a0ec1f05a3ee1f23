"""The operators on BigQuery as a task runs them: by an Airflow connection, with the healer's gate at the end."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_harness.core.errors import ConfigurationError, ContractViolation
from airflow_provider_harness.testing.bigquery import BigQueryServer
from airflow_provider_harness.testing.postgres import PostgresServer
from airflow_provider_harness.wiring import rows as wiring_rows
from tests.ports.operators_case import context, run
from tests.ports.rows_case import CONTRACT, DAYS, Case, drop, make
from tests.ports.targets import BigQueryTarget


@pytest.fixture
def case(
    postgres: PostgresServer, bigquery: BigQueryServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Case]:
    name = f"rows_{uuid.uuid4().hex[:12]}"
    bigquery.ensure_dataset(name)
    (tmp_path / "orders.odcs.yaml").write_text(CONTRACT.replace("public.", f"{name}."))
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    monkeypatch.setenv("AIRFLOW__HARNESS__STAGING_PATH", f"file://{tmp_path}/staging")
    monkeypatch.setenv("AIRFLOW_CONN_SRC", postgres.airflow_connection(f"{name}_s"))
    monkeypatch.setenv("AIRFLOW_CONN_BQ", bigquery.airflow_connection(maximum_bytes_billed=10_000_000))
    yield make(postgres, name, tmp_path / "staging", BigQueryTarget(server=bigquery, home=name))
    drop(postgres, name)
    bigquery.drop_dataset(name)


def terms(case: Case, dag: Any, conn_id: str = "bq", name: str = "orders") -> dict[str, Any]:
    return {"contract": "orders.odcs.yaml", "conn_id": conn_id, "table": f"{case.target.home}.{name}", "dag": dag}


def loaded(case: Case, dag: Any, day: int = 0) -> tuple[Any, dict[str, Any], dict[str, Any]]:
    from airflow.sdk import Asset

    from airflow_provider_harness.operators import BigQueryLoadOperator, PostgresExtractOperator

    source = terms(case, dag, "src") | {"table": "public.orders"}
    folder = run(PostgresExtractOperator(task_id=f"extract{day}", **source), context(case, day))
    asset = Asset("orders")
    load = BigQueryLoadOperator(task_id=f"load{day}", staged=folder, outlets=[asset], **terms(case, dag))
    here = context(case, day)
    told = run(load, here)
    return load, told, here["outlet_events"][asset].extra


def test_a_slice_goes_through_and_the_asset_event_counts_it(case: Case, dag: Any) -> None:
    case.at_source("UPDATE public.orders SET customer = 'nobody' WHERE id = 9")
    load, told, extra = loaded(case, dag)
    assert told["quarantined"] == {"referential:customer": 1}
    assert (told["slice"], told["rows"], told["before"], told["new"]) == ("20130309T050000Z", 302, 0, 302)
    assert extra == told
    assert load.slice_key == "20130309T050000Z"
    assert set(load.template_fields) == {"contract", "conn_id", "table", "slice_key", "slice_end", "staged"}


def test_transform_validate_and_the_healers_gate_read_bigquery(case: Case, dag: Any) -> None:
    from airflow_provider_harness.operators import SQLTransformOperator, ValidateOperator

    loaded(case, dag)
    sql = f"SELECT * FROM `{case.target.home}.orders` WHERE placed_at >= %(slice_start)s AND placed_at < %(slice_end)s"
    transform = SQLTransformOperator(task_id="t", sql=sql, **terms(case, dag, name="summary"))
    assert run(transform, context(case))["rows"] == 303
    validate = ValidateOperator(task_id="v", **terms(case, dag, name="summary"))
    assert run(validate, context(case))["rows"] == 303
    contract, table = validate.contract, f"{case.target.home}.summary"
    assert wiring_rows.judging.verify_published(contract, "bq", table, case.piece().id, expected_rows=303).passed
    case.at_warehouse(f"UPDATE {table} SET amount = -1 WHERE id = 3")
    assert not wiring_rows.judging.verify_published(contract, "bq", table, case.piece().id).passed
    with pytest.raises(Exception, match="range:amount") as caught:
        run(ValidateOperator(task_id="v2", **terms(case, dag, name="summary")), context(case))
    assert isinstance(caught.value.__cause__, ContractViolation)
    assert wiring_rows.judging.missing_slices(contract, "bq", table, DAYS[0], DAYS[1]) == [DAYS[1]]


def test_lineage_names_the_table_as_openlineage_does(case: Case, dag: Any, bigquery: BigQueryServer) -> None:
    load, _, _ = loaded(case, dag)
    (output,) = load.get_openlineage_facets_on_complete(None).outputs
    assert (output.namespace, output.name) == ("bigquery", f"{bigquery.project}.{case.target.home}.orders")
    assert output.facets["columnLineage"].fields["amount"].inputFields[0].field == "amount"


def test_a_query_keeps_the_projects_that_it_names(case: Case, dag: Any, bigquery: BigQueryServer) -> None:
    loaded(case, dag)
    here = f"{bigquery.project}.{case.target.home}.orders"
    sql = f"SELECT o.ID, p.v FROM `{here}` AS o JOIN `somebodys-project.{case.target.home}.orders` AS p ON p.k = o.id"
    edges, schemas = wiring_rows.queries.query_lineage("bq", sql)
    told = {(edge.source.name, edge.source_column, edge.target_column) for edge in edges}
    theirs = f"somebodys-project.{case.target.home}.orders"
    assert told == {(here, "id", "id"), (theirs, "v", "v"), (here, "id", ""), (theirs, "k", "")}
    assert [known.name for known in schemas] == [here]
    assert wiring_rows.queries.query_tables("bq", f"SELECT 1 FROM {case.target.home}.orders") == (
        f"{case.target.home}.orders",
    )
    assert wiring_rows.connections.dataset("bq", f"{case.target.home}.orders").name == here


def test_the_limits_of_bytes_reach_the_jobs(case: Case, dag: Any, bigquery: BigQueryServer) -> None:
    """The stand-in bills nothing, so what is tested is what the jobs are told."""
    from airflow_provider_harness.operators import BigQueryLoadOperator

    loaded(case, dag)
    folder = str(case.folder / "d" / "extract0" / case.piece().id)
    load = BigQueryLoadOperator(task_id="l", staged=f"file://{folder}", maximum_bytes_billed=5_000, **terms(case, dag))
    run(load, context(case))
    client = bigquery.client()
    mine = [job for job in client.list_jobs() if case.target.home in job.labels.get("harness_table", "")]
    publications = {job.maximum_bytes_billed for job in mine if job.labels["harness_step"] == "publish"}
    assert publications == {10_000_000, 5_000}
    with pytest.raises(ConfigurationError, match="maximum_bytes_billed=0"):
        BigQueryLoadOperator(task_id="l0", staged=folder, maximum_bytes_billed=0, **terms(case, dag))


def test_what_bigquery_cannot_be_asked_for_is_said(case: Case, dag: Any) -> None:
    from airflow_provider_harness.operators import PostgresExtractOperator

    with pytest.raises(Exception, match="connection bq: leads to BigQuery, where this cannot be done yet"):
        run(PostgresExtractOperator(task_id="e", **terms(case, dag)), context(case))


def test_a_connection_without_a_project_is_named(
    case: Case, bigquery: BigQueryServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    extra = {"is_anonymous": True, "api_endpoint": bigquery.endpoint}
    monkeypatch.setenv("AIRFLOW_CONN_BQ2", json.dumps({"conn_type": "google_cloud_platform", "extra": extra}))
    with pytest.raises(ConfigurationError, match="connection bq2: names no project"):
        wiring_rows.connections.warehouse_of("bq2", "test")
