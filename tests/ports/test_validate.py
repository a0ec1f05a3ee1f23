"""``ValidateOperator`` on tables, queries, files and assets, as a task runs it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest
from airflow.sdk import Asset
from airflow.sdk.exceptions import AirflowFailException

from airflow_provider_harness.core.errors import ConfigurationError, ContractViolation, SchemaDrift
from airflow_provider_harness.operators import ValidateOperator
from tests.ports.operators_case import context, moved, run, terms
from tests.ports.rows_case import CONTRACT, Case

pytestmark = pytest.mark.usefixtures("case")
DAY = "20130309T050000Z"
FORMATS = {
    "parquet": "COPY orders TO '{path}' (FORMAT parquet)",
    "csv": "COPY orders TO '{path}' (FORMAT csv, HEADER)",
    "csv.gz": "COPY orders TO '{path}' (FORMAT csv, HEADER, COMPRESSION gzip)",
    "json": "COPY orders TO '{path}' (FORMAT json, ARRAY true)",
    "jsonl": "COPY orders TO '{path}' (FORMAT json)",
}


def validate(case: Case, dag: Any, day: int = 0, task_id: str = "v", **given: Any) -> Any:
    operator = ValidateOperator(task_id=task_id, dag=dag, **({"contract": "orders.odcs.yaml"} | given))
    return run(operator, context(case, day, task=task_id))


def failed(case: Case, dag: Any, **given: Any) -> dict[str, Any]:
    """Check id -> result, of those that did not pass."""
    with pytest.raises(AirflowFailException) as caught:
        validate(case, dag, task_id=f"f{len(dag.tasks)}", **given)
    violation = caught.value.__cause__
    assert isinstance(violation, ContractViolation)
    return {result.id: result for result in violation.report.failed}


def written(case: Case, path: Path, form: str, *statements: str) -> Path:
    """The first day's orders as a file."""
    with duckdb.connect(":memory:", config={"threads": 1}) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(
            "CREATE TABLE orders (id bigint, placed_at timestamptz, amount decimal(12,2), status text, customer text, "
            "note text)"
        )
        rows = [(*row[:5], json.dumps(row[5])) for row in case.rows()]
        connection.executemany("INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?)", rows)
        for statement in statements:
            connection.execute(statement)
        path.parent.mkdir(parents=True, exist_ok=True)
        connection.execute(FORMATS[form].format(path=path))
    return path


def test_a_table(case: Case, dag: Any, capsys: pytest.CaptureFixture[str]) -> None:
    moved(case, dag)
    capsys.readouterr()
    told = validate(case, dag, conn_id="wh", table="public.orders")
    log = capsys.readouterr().out
    assert json.loads(json.dumps(told)) == told
    told.pop("milliseconds")
    assert told == {
        "table": "public.orders",
        "slice": DAY,
        "where": "published table",
        "rows": 303,
        "malformed": 0,
        "decision": "publish",
        "checks": 10,
        "proved": told["proved"],
        "not_passed": [],
    }
    assert "range:amount: expected" in log
    assert "all 10 checks passed" in log
    case.at_warehouse("UPDATE public.orders SET amount = 5000 WHERE id = 3")
    assert set(failed(case, dag, conn_id="wh", table="public.orders")) == {"range:amount"}


def test_proofs_can_be_turned_off(case: Case, dag: Any) -> None:
    moved(case, dag)
    assert validate(case, dag, conn_id="wh", table="public.orders")["proved"] > 0
    assert validate(case, dag, task_id="w", conn_id="wh", table="public.orders", proofs=False)["proved"] == 0


def test_a_query(case: Case, dag: Any) -> None:
    moved(case, dag)
    moved(case, dag, 1)
    sql = "SELECT * FROM public.orders WHERE status LIKE '%%a%%' AND placed_at >= %(slice_start)s;"
    told = validate(case, dag, conn_id="wh", sql=sql)
    assert (told["where"], told["rows"], told["proved"]) == ("query", 151, 0)
    everything = validate(case, dag, task_id="w", conn_id="wh", sql="SELECT * FROM public.orders")
    assert everything["rows"] == 303, "only the slice's own rows"
    worse = "SELECT id, placed_at, amount * 1000 AS amount, status, customer, note FROM public.orders"
    assert set(failed(case, dag, conn_id="wh", sql=worse)) == {"range:amount"}
    assert set(failed(case, dag, conn_id="wh", sql="SELECT * FROM public.orders WHERE false")) >= {"present"}


def test_a_query_with_an_unknown_placeholder_is_said(case: Case, dag: Any) -> None:
    for sql in ("SELECT %(day)s", "SELECT 5 % 3"):
        with pytest.raises(AirflowFailException, match=r"%\(slice_start\)s, %\(slice_end\)s.*percent sign as %%"):
            validate(case, dag, task_id=f"v{len(sql)}", conn_id="wh", sql=sql)


@pytest.mark.parametrize("form", FORMATS)
def test_a_file(case: Case, dag: Any, tmp_path: Path, form: str) -> None:
    path = written(case, tmp_path / "in" / f"orders.{form}", form)
    told = validate(case, dag, conn_id="wh", path=f"file://{path}")
    assert (told["where"], told["rows"], told["not_passed"]) == ("files", 303, [])
    assert told["checks"] == (13 if form == "parquet" else 16)
    bad = written(case, path, form, "UPDATE orders SET amount = -1, customer = 'nobody' WHERE id < 2")
    found = failed(case, dag, conn_id="wh", path=str(bad))
    assert {name: result.failing for name, result in found.items()} == {"range:amount": 2, "referential:customer": 2}


def test_texts_that_are_not_of_their_type_are_counted(case: Case, dag: Any, tmp_path: Path) -> None:
    path = tmp_path / "in" / "orders.csv"
    path.parent.mkdir()
    path.write_text(
        "id,placed_at,amount,status,customer,note\n"
        "1,2013-03-09 00:00:00,1.5,open,c1,\n"
        "2.5,2013-03-09 23:59:59,x,open,c1,\n"
        "3,2013-03-10T04:59:59Z,1,paid,c1,\n"
        "4,sometime,1,paid,c1,\n"
    )
    found = failed(case, dag, conn_id="wh", path=str(path))
    counted = {name: result.failing for name, result in found.items() if name.startswith("type:")}
    assert counted == {"type:id": 1, "type:amount": 1, "type:placed_at": 1}
    assert found["in_slice:placed_at"].failing == 1, "a moment without a zone is meant in the contract's"


def test_files_of_another_form_are_drift(case: Case, dag: Any, tmp_path: Path) -> None:
    renamed = "ALTER TABLE orders RENAME COLUMN amount TO total"
    retyped = "ALTER TABLE orders ALTER COLUMN amount TYPE double"
    for number, (form, change) in enumerate([("csv", renamed), ("parquet", renamed), ("parquet", retyped)]):
        path = written(case, tmp_path / "in" / f"{number}.{form}", form, change)
        with pytest.raises(AirflowFailException) as caught:
            validate(case, dag, task_id=f"v{number}", conn_id="wh", path=str(path))
        assert isinstance(caught.value.__cause__, SchemaDrift)


def test_a_check_that_needs_another_table_cannot_be_run_without_its_connection(
    case: Case,
    dag: Any,
    tmp_path: Path,
) -> None:
    path = written(case, tmp_path / "in" / "orders.parquet", "parquet")
    found = failed(case, dag, path=str(path))
    assert set(found) == {"referential:customer"}
    assert found["referential:customer"].error == "table public.customers does not exist here"


def test_staged_files_are_held_to_their_manifest(case: Case, dag: Any) -> None:
    case.extract()
    folder = case.folder / DAY
    told = validate(case, dag, conn_id="wh", path=f"file://{folder}")
    assert (told["rows"], told["checks"]) == (303, 11)
    with pytest.raises(
        AirflowFailException, match=r"are slice 20130309T050000Z of contract orders, table orders .* not slice"
    ):
        validate(case, dag, 1, task_id="w", conn_id="wh", path=f"file://{folder}")
    manifest = folder / "_manifest.json"
    manifest.write_text(manifest.read_text().replace('"rows": 303', '"rows": 304'))
    assert "reconciliation:staged" in failed(case, dag, conn_id="wh", path=f"file://{folder}")


def test_staged_files_are_those_that_the_extract_left_byte_for_byte(case: Case, dag: Any) -> None:
    case.extract()
    (part,) = (case.folder / DAY).glob("*.parquet")
    table = pq.read_table(part)
    pq.write_table(table, part, compression="gzip")
    with pytest.raises(
        AirflowFailException, match=r"is not what the extract left \(its SHA-256 is not the manifest's\)"
    ):
        validate(case, dag, conn_id="wh", path=f"file://{case.folder / DAY}")


def test_files_that_are_not_there_may_come(case: Case, dag: Any, tmp_path: Path) -> None:
    for path in (tmp_path / "none.csv", tmp_path / "staging"):
        (tmp_path / "staging").mkdir(exist_ok=True)
        with pytest.raises(FileNotFoundError):
            validate(case, dag, task_id=f"v{path.name}", path=str(path))
    mixed = written(case, tmp_path / "in" / "a.csv", "csv")
    written(case, tmp_path / "in" / "b.parquet", "parquet")
    with pytest.raises(AirflowFailException, match="not of one known format"):
        validate(case, dag, path=str(mixed.parent))


@pytest.mark.parametrize(
    "below", ["sub/c.parquet", "sub/deeper/c.csv", "day=2013-03-09/c.parquet", "_delta_log/0.json"]
)
def test_files_that_lie_deeper_are_not_passed_over(case: Case, dag: Any, tmp_path: Path, below: str) -> None:
    home = written(case, tmp_path / "in" / "a.parquet", "parquet").parent
    deeper = home / below
    deeper.parent.mkdir(parents=True)
    deeper.write_text("nobody reads this")
    with pytest.raises(AirflowFailException, match=rf"1 file\(s\) in folders of its own.*{below}.*one folder"):
        validate(case, dag, conn_id="wh", path=str(home))


def test_what_else_lies_in_a_folder_is_named(case: Case, dag: Any, tmp_path: Path, caplog: Any) -> None:
    home = written(case, tmp_path / "in" / "a.parquet", "parquet").parent
    for name in ("_SUCCESS", ".a.parquet.crc", "b.orc"):
        (home / name).write_text("")
    (home / "empty").mkdir()
    assert validate(case, dag, conn_id="wh", path=str(home))["rows"] == 303
    assert "Skipped, because their names have no known format: b.orc" in caplog.text


def test_files_on_other_storage_than_this_machines(case: Case, dag: Any, tmp_path: Path) -> None:
    import fsspec
    from airflow.sdk.io import attach

    storage = fsspec.filesystem("memory")
    attach("memory", fs=storage)
    for number in range(2):
        half = written(case, tmp_path / "half.csv", "csv", f"DELETE FROM orders WHERE id % 2 = {number}")
        storage.pipe(f"/landing/part{number}.csv", half.read_bytes())
    try:
        assert validate(case, dag, conn_id="wh", path="memory://landing")["rows"] == 303
        storage.pipe("/landing/sub/part2.csv", b"")
        with pytest.raises(AirflowFailException, match=r"folders of its own.*: sub/part2.csv"):
            validate(case, dag, task_id="w", conn_id="wh", path="memory://landing")
    finally:
        storage.rm("/landing", recursive=True)


def test_an_asset_is_a_table_or_files(case: Case, dag: Any, tmp_path: Path) -> None:
    moved(case, dag)
    table = ValidateOperator(task_id="a", asset=Asset("postgres://h/db/public/orders"), **_of(dag, conn_id="wh"))
    assert (table.table, table.path) == ("public.orders", None)
    assert run(table, context(case, task="a"))["rows"] == 303
    path = written(case, tmp_path / "in" / "orders.parquet", "parquet")
    assert validate(case, dag, conn_id="wh", asset=Asset(f"file://{path}"))["where"] == "files"
    there = ValidateOperator(task_id="b", asset=Asset("bigquery://project/dataset/orders"), **_of(dag, conn_id="bq"))
    assert there.table == "dataset.orders"
    with pytest.raises(ConfigurationError, match="names neither a table nor files"):
        ValidateOperator(task_id="c", asset=Asset("flights"), **_of(dag, conn_id="wh"))


def _of(dag: Any, **given: Any) -> dict[str, Any]:
    return {"contract": "orders.odcs.yaml", "dag": dag} | given


def test_one_subject_and_no_other(dag: Any) -> None:
    for given, said in (
        ({}, "has nothing"),
        ({"table": "t", "sql": "SELECT 1"}, "has table and sql"),
        ({"path": "p", "asset": Asset("file:///p")}, "has path and asset"),
    ):
        with pytest.raises(ConfigurationError, match=f"{said} to validate; it needs exactly one. Valid: table, sql"):
            ValidateOperator(task_id="v", **_of(dag, conn_id="wh"), **given)
    with pytest.raises(ConfigurationError, match="has no conn_id"):
        ValidateOperator(task_id="v", table="t", **_of(dag))
    with pytest.raises(ConfigurationError, match=r"engine 'spark'\. Valid: sql, gx"):
        ValidateOperator(task_id="v", table="t", engine="spark", **_of(dag, conn_id="wh"))


def test_great_expectations_measures_what_it_has_and_sql_the_rest(case: Case, dag: Any) -> None:
    moved(case, dag)
    told = validate(case, dag, conn_id="wh", table="public.orders", engine="gx")
    assert (told["rows"], told["checks"], told["not_passed"]) == (303, 10, [])
    case.at_warehouse("UPDATE public.orders SET amount = 5000, customer = 'nobody' WHERE id = 3")
    found = failed(case, dag, conn_id="wh", table="public.orders", engine="gx")
    assert {name: result.failing for name, result in found.items()} == {"range:amount": 1, "referential:customer": 1}


@pytest.mark.parametrize("where", ["table", "files"])
def test_data_docs_show_what_was_expected_and_no_value_that_is_not_public(
    case: Case, dag: Any, tmp_path: Path, where: str
) -> None:
    case.at_source("UPDATE public.orders SET status = 'strange word' WHERE id = 5")
    text = CONTRACT.replace("physicalType: text\n        required: true", "physicalType: text\n        unique: true", 1)
    assert text != CONTRACT
    moved(case, dag)
    (tmp_path / "orders.odcs.yaml").write_text(text)
    path = written(case, tmp_path / "in" / "orders.parquet", "parquet")
    subject = {"conn_id": "wh", "table": "public.orders"} if where == "table" else {"conn_id": "wh", "path": str(path)}
    found = failed(case, dag, **subject, engine="gx", data_docs=f"file://{tmp_path}/docs")
    assert found["unique:customer"].failing
    folder = tmp_path / "docs" / "public.orders" / "20130309T050000Z"
    pages = {page.name: page.read_text() for page in folder.rglob("*.html")}
    assert "index.html" in pages
    told = "".join(pages.values())
    assert "must be unique" in told
    assert ("strange word" in told) is (where == "files"), "status is public; the load set that row aside"
    assert "c1" not in re.findall(r"\bc\d\b", told), "nobody classified customer"


def test_data_docs_that_cannot_be_written_cost_no_gate(case: Case, dag: Any, tmp_path: Path, caplog: Any) -> None:
    moved(case, dag)
    (tmp_path / "docs").write_text("in the way")
    told = validate(case, dag, conn_id="wh", table="public.orders", engine="gx", data_docs=f"{tmp_path}/docs")
    assert told["not_passed"] == []
    assert "The Data Docs could not be written" in caplog.text


def test_given_an_xcom(case: Case, dag: Any) -> None:
    from airflow_provider_harness.operators import PostgresExtractOperator

    extract = PostgresExtractOperator(task_id="extract", **terms(dag, "src"))
    late = ValidateOperator(task_id="v", conn_id="wh", path=extract.output, **_of(dag))
    assert late.upstream_task_ids == {"extract"}


def test_mapped_over_subjects(case: Case, dag: Any) -> None:
    """As Airflow does it: each instance is rendered by the mapped task, and owns the run's slice."""
    moved(case, dag)
    mapped = ValidateOperator.partial(task_id="m", conn_id="wh", **_of(dag)).expand_kwargs(
        [{"table": "public.orders"}, {"sql": "SELECT * FROM public.orders WHERE id < 5"}, {}]
    )
    told = []
    for index in range(2):
        here = _mapped(case, dag, index)
        mapped.render_template_fields(here)
        told.append(here["task"].execute(here))
    assert [(one["where"], one["rows"], one["slice"]) for one in told] == [
        ("published table", 303, DAY),
        ("query", 5, DAY),
    ]
    with pytest.raises(AirflowFailException, match="has nothing to validate") as failed:
        mapped.render_template_fields(_mapped(case, dag, 2))
    assert isinstance(failed.value.__cause__, ConfigurationError), "the worker finds it, and does not try again"


def _mapped(case: Case, dag: Any, index: int) -> dict[str, Any]:
    """The context of one instance of a mapped task."""
    here = context(case, task="m") | {"dag": dag}
    here["ti"].map_index, here["dag_run"].conf = index, None
    return here
