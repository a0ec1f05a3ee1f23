"""The operators and the sensor as a task runs them: what they show, return, raise and send as lineage."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException

from airflow_provider_harness.core.errors import (
    ConfigurationError,
    ContractViolation,
    DatabaseRefused,
    DatabaseUnavailable,
    SchemaDrift,
)
from airflow_provider_harness.wiring import rows as wiring_rows
from tests.ports.operators_case import context, moved, run, terms
from tests.ports.rows_case import CONTRACT, Case


def test_a_slice_goes_through_and_the_harness_is_told(case: Case, dag: Any) -> None:
    case.at_source("UPDATE public.orders SET customer = 'nobody' WHERE id = 9")
    load, told, extra = moved(case, dag)
    assert told == {
        "slice": "20130309T050000Z",
        "rows": 302,
        "before": 0,
        "new": 302,
        "quarantined": {"referential:customer": 1},
    }
    assert extra == told
    assert load.slice_key == "20130309T050000Z"
    assert load.contract.endswith("/orders.odcs.yaml")
    assert Path(load.contract).is_absolute()


def test_instances_of_a_mapped_extract_stage_apart(case: Case, dag: Any) -> None:
    from airflow_provider_harness.operators import PostgresExtractOperator, PostgresLoadOperator

    case.at_source("CREATE TABLE public.returns AS SELECT * FROM public.orders WHERE id < 100")
    folders = [
        run(PostgresExtractOperator(task_id=f"e{n}", **terms(dag, "src", table)), context(case, map_index=n))
        for n, table in enumerate(("public.orders", "public.returns"))
    ]
    assert [folder.rpartition("/staging/")[2] for folder in folders] == [
        "d/e0/0/20130309T050000Z",
        "d/e1/1/20130309T050000Z",
    ]
    told = [
        run(PostgresLoadOperator(task_id=f"l{n}", staged=folder, **terms(dag, "wh", f"public.t{n}")), context(case))
        for n, folder in enumerate(folders)
    ]
    assert [one["rows"] for one in told] == [303, 100]


@pytest.mark.parametrize(
    ("told", "other"),
    [("id: orders\nversion", "id: returns\nversion"), ("- name: orders", "- name: returns")],
    ids=["contract", "table"],
)
def test_the_files_of_another_contract_or_table_are_not_loaded(
    case: Case, dag: Any, tmp_path: Path, told: str, other: str
) -> None:
    from airflow_provider_harness.operators import PostgresExtractOperator, PostgresLoadOperator

    folder = run(PostgresExtractOperator(task_id="e", **terms(dag, "src")), context(case))
    path = tmp_path / "orders.odcs.yaml"
    path.write_text(path.read_text().replace(told, other, 1))
    load = PostgresLoadOperator(task_id="l", staged=folder, **terms(dag, "wh"))
    with pytest.raises(AirflowFailException, match=r"of contract orders, table orders .*not slice .*returns"):
        run(load, context(case))
    assert not case.target.exists("orders")


def test_a_staged_folder_that_is_not_there_is_named_and_not_tried_again(case: Case, dag: Any, tmp_path: Path) -> None:
    from airflow_provider_harness.operators import PostgresLoadOperator

    load = PostgresLoadOperator(task_id="l", staged=f"file://{tmp_path}/nowhere", **terms(dag, "wh"))
    with pytest.raises(AirflowFailException, match=r"nowhere: has no _manifest\.json.*staged=extract.output"):
        run(load, context(case))


EXPECTATIONS = {
    "a column": "{type: expect_column_values_to_be_between, kwargs: {column: amount, max_value: 900}}",
    "the table": "{type: expect_table_column_count_to_equal, kwargs: {value: 99}}",
    "two columns": "{type: expect_column_pair_values_a_to_be_greater_than_b, kwargs: {column_A: id, column_B: amount}}",
}


@pytest.mark.parametrize("rule", EXPECTATIONS)
def test_a_rule_of_great_expectations_gates_an_extract(case: Case, dag: Any, tmp_path: Path, rule: str) -> None:
    from airflow_provider_harness.operators import PostgresExtractOperator

    path = tmp_path / "orders.odcs.yaml"
    own = f"- {{type: custom, engine: great-expectations, severity: SEVERITY, implementation: {EXPECTATIONS[rule]}}}"
    text = path.read_text()
    case.at_source("UPDATE public.orders SET amount = 950 WHERE id = 3")
    for severity in ("error", "warning"):
        path.write_text(
            text.replace("    properties:", f"      {own}\n    properties:".replace("SEVERITY", severity), 1)
        )
        extract = PostgresExtractOperator(task_id=f"e_{severity}", **terms(dag, "src"))
        if severity == "warning":
            assert run(extract, context(case))
            continue
        with pytest.raises(AirflowFailException, match="expect_"):
            run(extract, context(case))
        assert case.staged() == []


def test_every_outlet_gets_the_count(case: Case, dag: Any) -> None:
    from airflow.sdk import Asset

    from airflow_provider_harness.operators import PostgresExtractOperator, ValidateOperator

    moved(case, dag)
    operators = (
        PostgresExtractOperator(task_id="e", outlets=[Asset("files")], **terms(dag, "src")),
        ValidateOperator(task_id="v", outlets=[Asset("judged")], **terms(dag, "wh")),
    )
    for operator in operators:
        here = context(case)
        run(operator, here)
        extra = here["outlet_events"][operator.outlets[0]].extra
        assert extra == {"slice": "20130309T050000Z", "rows": 303}


def test_transform_and_validate(case: Case, dag: Any) -> None:
    from airflow_provider_harness.operators import SQLTransformOperator, ValidateOperator

    moved(case, dag)
    sql = "SELECT * FROM public.orders WHERE placed_at >= %(slice_start)s AND placed_at < %(slice_end)s"
    transform = SQLTransformOperator(task_id="t", sql=sql, **terms(dag, "wh", "public.summary"))
    assert run(transform, context(case))["rows"] == 303
    validate = ValidateOperator(task_id="v", **terms(dag, "wh", "public.summary"))
    assert run(validate, context(case))["rows"] == 303
    case.at_warehouse("DELETE FROM public.summary")
    with pytest.raises(Exception, match="present: expected more than 0 rows") as caught:
        run(ValidateOperator(task_id="v2", **terms(dag, "wh", "public.summary")), context(case))
    assert isinstance(caught.value.__cause__, ContractViolation)


def test_what_would_fail_again_burns_no_retry(case: Case, dag: Any) -> None:
    from airflow.sdk.exceptions import AirflowFailException

    from airflow_provider_harness.operators import PostgresExtractOperator

    extract = PostgresExtractOperator(task_id="e", **terms(dag, "src"))
    case.at_source("INSERT INTO public.orders SELECT * FROM public.orders WHERE id = 3")
    with pytest.raises(AirflowFailException) as caught:
        run(extract, context(case))
    assert isinstance(caught.value.__cause__, ContractViolation)
    case.at_source("ALTER TABLE public.orders RENAME COLUMN amount TO total")
    with pytest.raises(AirflowFailException) as caught:
        run(extract, context(case))
    assert isinstance(caught.value.__cause__, SchemaDrift)


def test_an_unreachable_source_is_named_and_retried(case: Case, dag: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.sdk.exceptions import AirflowFailException

    from airflow_provider_harness.operators import PostgresExtractOperator
    from airflow_provider_harness.testing.process import free_port

    monkeypatch.setenv("AIRFLOW_CONN_SRC", f"postgres://nobody@127.0.0.1:{free_port()}/none")
    with pytest.raises(DatabaseUnavailable, match=r"connection src is unavailable: .*Connection refused") as caught:
        run(PostgresExtractOperator(task_id="e", **terms(dag, "src")), context(case))
    assert not isinstance(caught.value, AirflowFailException)


def test_a_wrong_password_is_not_tried_again(case: Case, dag: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from urllib.parse import quote

    from airflow.sdk.exceptions import AirflowFailException

    from airflow_provider_harness.operators import PostgresExtractOperator, PostgresTransferOperator

    wrong = case.source.replace(case.source.split(":")[2].split("@")[0], quote("not it")).replace(
        "postgresql", "postgres"
    )
    monkeypatch.setenv("AIRFLOW_CONN_SRC", wrong)
    more = {"source_conn_id": "src", "source_table": "public.orders"}
    for operator in (
        PostgresExtractOperator(task_id="e", **terms(dag, "src")),
        PostgresTransferOperator(task_id="t", **terms(dag, "wh"), **more),
    ):
        with pytest.raises(
            AirflowFailException, match=r"connection src: .*password.*Correct login and password"
        ) as caught:
            run(operator, context(case))
        assert isinstance(caught.value.__cause__, DatabaseRefused)


def test_the_sensor_names_the_days_that_are_missing(case: Case, dag: Any) -> None:
    from airflow.sdk.exceptions import AirflowFailException

    from airflow_provider_harness.sensors import ContractSensor

    moved(case, dag, 0)
    sensor = ContractSensor(task_id="s", lookback=7, wait=False, **terms(dag, "wh"))
    with pytest.raises(AirflowFailException) as caught:
        run(sensor, context(case, 2))
    violation = caught.value.__cause__
    assert isinstance(violation, ContractViolation)
    (result,) = violation.report.results
    assert result.facts["missing"] == ["2013-03-10"]
    assert (sensor.lookback, sensor.since) == (7, "2013-03-09")
    moved(case, dag, 1)
    assert run(ContractSensor(task_id="s2", lookback=7, wait=False, **terms(dag, "wh")), context(case, 2)) is None


def test_the_sensor_says_at_its_timeout_what_is_missing(case: Case, dag: Any) -> None:
    from airflow.sdk.exceptions import AirflowFailException

    from airflow_provider_harness.sensors import ContractSensor

    sensor = ContractSensor(
        task_id="s", lookback=7, timeout=0.2, poke_interval=0.1, deferrable=False, **terms(dag, "wh")
    )
    with pytest.raises(AirflowFailException, match="missing 2013-03-09, 2013-03-10"):
        run(sensor, context(case, 2))


def test_the_first_slice_has_no_history_and_a_backfill_is_not_asked(case: Case, dag: Any) -> None:
    from airflow.sdk.exceptions import AirflowSkipException

    from airflow_provider_harness.sensors import ContractSensor

    assert run(ContractSensor(task_id="s", lookback=7, wait=False, **terms(dag, "wh")), context(case, 0)) is None
    with pytest.raises(AirflowSkipException, match="backfill"):
        run(ContractSensor(task_id="s2", lookback=7, wait=False, **terms(dag, "wh")), context(case, 2, "backfill"))


def test_a_wrong_contract_fails_when_the_dag_is_parsed(case: Case, dag: Any, tmp_path: Path) -> None:
    from airflow_provider_harness.core.errors import ContractError
    from airflow_provider_harness.operators import ValidateOperator

    (tmp_path / "orders.odcs.yaml").write_text(CONTRACT.replace("status: active", "statsu: active"))
    with pytest.raises(ContractError, match="statsu: is not a field here"):
        ValidateOperator(task_id="v", **terms(dag, "wh"))
    (tmp_path / "orders.odcs.yaml").unlink()
    with pytest.raises(ContractError, match="is missing"):
        ValidateOperator(task_id="v2", **terms(dag, "wh"))


def test_lineage_says_what_was_read_written_and_judged(case: Case, dag: Any) -> None:
    from airflow_provider_harness.operators import PostgresExtractOperator, SQLTransformOperator

    load, _, _ = moved(case, dag)
    done = load.get_openlineage_facets_on_complete(None)
    (read,), (written,) = done.inputs, done.outputs
    assert (read.namespace, read.name.rpartition("/")[2]) == ("file", "extract0")
    assert written.namespace.startswith("postgres://127.0.0.1:")
    assert written.name.endswith("_w.public.orders")
    assert written.outputFacets["outputStatistics"].rowCount == 303
    assert set(written.facets["columnLineage"].fields) == set(case.contract.names)
    assert all(one.success for one in read.inputFacets["dataQualityAssertions"].assertions)

    sql = "SELECT * FROM public.orders WHERE placed_at >= %(slice_start)s AND placed_at < %(slice_end)s"
    transform = SQLTransformOperator(task_id="t", sql=sql, **terms(dag, "wh", "public.summary"))
    run(transform, context(case))
    facets = transform.get_openlineage_facets_on_complete(None).outputs[0].facets
    assert facets["columnLineage"].fields["amount"].inputFields[0].field == "amount"
    assert "dataQualityAssertions" in facets

    case.at_source("UPDATE public.orders SET amount = -1")
    extract = PostgresExtractOperator(task_id="e", **terms(dag, "src"))
    with pytest.raises(Exception, match="range:amount"):
        run(extract, context(case))
    failed = extract.get_openlineage_facets_on_failure(None).inputs[0].inputFacets["dataQualityAssertions"]
    assert [one.column for one in failed.assertions if not one.success] == ["amount"]


def test_a_dag_file_imports_nothing_heavy(tmp_path: Path) -> None:
    heavy = {
        "pyarrow",
        "duckdb",
        "adbc_driver_postgresql",
        "sqlglot",
        "psycopg",
        "jsonschema",
        "pandas",
        "sqlalchemy",
        "google",
    }
    program = (
        "import airflow.sdk, sys; before = set(sys.modules)\n"
        "import airflow_provider_harness.operators as o, airflow_provider_harness.sensors as s\n"
        "[getattr(m, name) for m in (o, s) for name in m.__all__]\n"
        f"print(sorted((set(sys.modules) - before) & {heavy!r}))"
    )
    env = {
        "PYTHONPATH": str(Path(__file__).resolve().parents[2]),
        "AIRFLOW_HOME": str(tmp_path),
        "PATH": os.environ["PATH"],
    }
    found = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=env, timeout=60, check=True
    )
    assert found.stdout.strip() == "[]"


@pytest.mark.parametrize("kind", ["a finding of data", "a broken setting"])
def test_what_failed_a_task_is_in_its_log_by_class_and_words(kind: str) -> None:
    """Airflow's log leaves out a cause that has no traceback; the healer believes only what the log shows."""
    from structlog.tracebacks import extract

    from airflow_provider_harness.core.contracts.schema import SchemaDiff, Side

    drift = SchemaDrift(SchemaDiff(side=Side.TARGET, table="t", published="t", changes=()))
    error = drift if kind == "a finding of data" else ConfigurationError("x", "is wrong.")
    with pytest.raises(AirflowFailException) as failed, wiring_rows.connections.no_useless_retries():
        raise error
    assert failed.value.__cause__ is error
    told = extract(type(failed.value), failed.value, failed.value.__traceback__).stacks
    assert [(one.exc_type, one.exc_value) for one in told] == [
        ("AirflowFailException", str(error)),
        (type(error).__name__, str(error)),
    ]
