"""The in-flight gate counts what passes by, batch after batch."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from airflow_provider_harness.adapters.contracts.odcs import compile_text
from airflow_provider_harness.adapters.duckdb.alike import as_it_stands
from airflow_provider_harness.adapters.duckdb.in_flight import ArrowChecks
from airflow_provider_harness.core.contracts.checks import Check, CheckKind
from airflow_provider_harness.core.contracts.pattern import BOUNDARY
from airflow_provider_harness.core.contracts.report import Measurements
from airflow_provider_harness.core.slices.slices import slice_of_day

CONTRACT = compile_text(
    """
apiVersion: v3.1.0
kind: DataContract
id: t
version: 1.0.0
status: active
customProperties:
  - property: harness.load
    value: {mode: incremental, sliceColumn: at}
  - property: harness.malformedRows
    value: {policy: quarantine, maxRows: 10, maxPercent: 50}
schema:
  - name: t
    quality:
      - {metric: rowCount, mustBeGreaterThan: 0}
      - {metric: duplicateValues, arguments: {properties: [a, b]}, mustBe: 0}
    properties:
      - {name: a, logicalType: integer, primaryKey: true, classification: public, logicalTypeOptions: {minimum: 1}}
      - {name: b, logicalType: string, classification: public, enum: [{value: "it's"}, {value: y}]}
      - {name: at, logicalType: timestamp}
""",
    "t.odcs.yaml",
)
DAY = slice_of_day(CONTRACT, date(2013, 1, 1))
NOON = datetime(2013, 1, 1, 12, tzinfo=UTC)
SCHEMA = pa.schema([("a", pa.int64()), ("b", pa.string()), ("at", pa.timestamp("us", tz="UTC"))])


def measured(*batches: list[tuple[object, object, object]]) -> Measurements:
    gauge = ArrowChecks(CONTRACT, DAY)
    for rows in batches:
        names = SCHEMA.names
        gauge.add(pa.RecordBatch.from_pylist([dict(zip(names, row, strict=True)) for row in rows], schema=SCHEMA))
    return gauge.finish()


def values(found: Measurements) -> dict[str, object]:
    return {name: one.value for name, one in found.values.items() if one.value}


def test_good_rows_give_zeros() -> None:
    found = measured([(1, "it's", NOON), (2, "y", NOON)], [(3, None, NOON)])
    assert (found.rows, found.malformed, values(found)) == (3, 0, {"row_count": 3})


def test_each_kind_counts_its_rows_over_all_batches() -> None:
    found = measured([(0, "y", NOON), (None, "z", NOON)], [(0, "z", NOON)])
    assert values(found) == {
        "row_count": 3,
        "range:a": 2,
        "not_null:a": 1,
        "accepted_values:b": 2,
        "unique:a": 1,
    }
    assert found.malformed == 3, "a row that fails two checks is one malformed row"
    assert found.values["range:a"].samples == ({"a": 0}, {"a": 0})


def test_duplicates_are_found_across_batches_and_nulls_are_no_key() -> None:
    found = measured([(1, "y", NOON), (2, None, NOON)], [(1, "y", NOON), (2, None, NOON), (1, "y", NOON)])
    assert found.values["unique:a"].value == 3
    assert found.values["unique:a,b"].value == 2
    assert found.values["unique:a"].samples == ({"a": 1}, {"a": 2})


@pytest.mark.parametrize("moment", [DAY.end, None, datetime(2012, 12, 31, 23, 59, tzinfo=UTC)])
def test_rows_of_no_or_another_slice_are_counted(moment: datetime | None) -> None:
    found = measured([(1, "y", moment), (2, "y", DAY.start)])
    assert found.values["in_slice:at"].value == 1
    assert found.malformed == 0, "such a row is not set aside: the query is wrong, not the row"


def test_nothing_passed_by() -> None:
    found = measured()
    assert found.rows == 0
    assert found.values["row_count"].value == 0


@pytest.mark.parametrize(("limit", "enough"), [(24, True), (10, False)])
def test_keys_that_outgrow_the_memory_go_to_disk_and_are_still_counted_exactly(
    limit: int, enough: bool, tmp_path: Path, monkeypatch: Any, caplog: Any
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    gauge, size = ArrowChecks(CONTRACT, DAY, memory_limit=limit), 100_000
    spilled = 0
    for start in range(0, 12 * size, size):
        numbers = range(start + 1, start + 1 + size)
        columns = [
            pa.array(numbers, pa.int64()),
            pa.array([f"a long word that takes room {n}" for n in numbers]),
            pa.array([NOON] * size, SCHEMA.field("at").type),
        ]
        gauge.add(pa.RecordBatch.from_arrays(columns, schema=SCHEMA))
        spilled = max(spilled, sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file()))
    gauge.add(
        pa.RecordBatch.from_pylist([{"a": 7, "b": "y", "at": NOON}, {"a": 8, "b": "y", "at": NOON}], schema=SCHEMA)
    )
    found = gauge.finish()
    assert (found.rows, found.values["unique:a"].value, found.values["unique:a,b"].value) == (12 * size + 2, 2, 0)
    assert spilled > 10_000_000, "bytes"
    assert ("More memory is taken" not in caplog.text) == enough
    assert list(tmp_path.iterdir()) == [], "nothing stays on disk"


def test_a_check_that_cannot_be_run_is_an_error_of_its_own_and_the_others_are_judged() -> None:
    broken = (
        Check(id="type", kind=CheckKind.TYPE, columns=("b",), type="nosuchtype"),
        Check(id="absent", kind=CheckKind.UNIQUE, columns=("nothing",)),
        Check(id="list", kind=CheckKind.ACCEPTED_VALUES, columns=("b",), values=(False,)),
        Check(id="pattern", kind=CheckKind.REGEX, columns=("b",), pattern="["),
        Check(id="rows", kind=CheckKind.CUSTOM_SQL, sql="SELECT a FROM ${table}"),
    )
    later = (
        Check(id="looks ahead", kind=CheckKind.REGEX, columns=("b",), pattern="^(?!x)"),
        Check(id="divides", kind=CheckKind.CUSTOM_SQL, sql="SELECT sum(a) / 0 FROM ${table}"),
        Check(id="whole", kind=CheckKind.CUSTOM_SQL, sql="SELECT count(*) FROM harness_whole AS t"),
        Check(id="gx", kind=CheckKind.CUSTOM_GX, gx="{}"),
    )
    gauge = ArrowChecks(replace(CONTRACT, checks=(*broken, *later, *CONTRACT.checks)), DAY)
    for rows in ([(1, "y", NOON), (1, "y", NOON)], [(0, "y", NOON)]):
        made = [dict(zip(SCHEMA.names, row, strict=True)) for row in rows]
        gauge.add(pa.RecordBatch.from_pylist(made, schema=SCHEMA))
        gauge._count()
    found = gauge.finish()
    assert {name for name, one in found.values.items() if one.error} == {check.id for check in broken}
    assert gauge.left == tuple(check.id for check in later)
    assert not gauge.complete
    assert (found.rows, found.values["range:a"].value, found.values["unique:a"].value) == (3, 1, 1)


def test_a_gate_without_an_authors_query_needs_no_parser_of_sql() -> None:
    """The parser alone costs more than most slices."""
    judged = """
import sys, tests.unit.adapters.duckdb.test_in_flight as case
found = case.measured([(0, "y", case.NOON), (None, "z", case.NOON)], [(0, "z", case.NOON)])
assert found.malformed == 3 and found.values["range:a"].samples == ({"a": 0}, {"a": 0}), found
assert "sqlglot" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", judged], check=True, cwd=Path(__file__).parents[4])


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT now() FROM batch",
        'SELECT sum("a") / 2 FROM batch',
        "SELECT \"read_text\"('/etc/passwd') FROM batch",
        "SELECT 1 FROM batch -- WHERE false",
        "SELECT 1 /* 2 */ FROM batch",
        "SELECT E'a' FROM batch",
        "SELECT N'a' FROM batch",
        "SELECT \"a\" -> 'b' FROM batch",
        "SELECT \"a\" ->> 'b' FROM batch",
        "SELECT \"a\" || 'b' FROM batch",
        "SELECT count(*) FROM batch WHERE \"a\" LIKE 'b'",
        'SELECT "a" FROM batch ORDER BY 1 DESC',
        'SELECT CAST("a" AS numeric) FROM batch',
        "SELECT CAST('NaN' AS numeric) FROM batch",
        "SELECT 1e5 FROM batch",
        "SELECT 1.5e5 FROM batch",
        "SELECT 1; SELECT 2",
        "SELECT $1",
        "SELECT 'unended",
        'SELECT "unended',
        "SELECT \"a\" ~* 'x'",
        "SELECT CAST(\"a\" AS text) ~ 'x'",
        "SELECT 1 FROM batch\nWHERE true",
    ],
)
def test_what_may_mean_something_else_in_duckdb_is_translated(statement: str) -> None:
    assert as_it_stands(statement) == ""


def test_a_pattern_is_written_for_duckdb() -> None:
    sql = as_it_stands(f"SELECT NOT (\"o\"\"x\" ~ 'it''s{BOUNDARY}')")
    assert sql == "SELECT NOT (regexp_matches(\"o\"\"x\", 'it''s\\b', 's'))"
