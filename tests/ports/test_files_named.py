"""Files that are not what they say: each is named with its line, as one of our errors, and no table needs to change for it."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from airflow.sdk.exceptions import AirflowFailException
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airflow_provider_harness.adapters.contracts.odcs import compile_text
from airflow_provider_harness.adapters.duckdb.file_subject import FileRows
from airflow_provider_harness.core.contracts.contract import Contract
from airflow_provider_harness.core.contracts.report import CheckResult
from airflow_provider_harness.core.errors import HarnessError, MalformedFile, SchemaDrift
from airflow_provider_harness.core.slices.slices import slice_of_day
from airflow_provider_harness.operators import ValidateOperator
from tests.ports.operators_case import context, run
from tests.ports.rows_case import Case

HEAD = """
apiVersion: v3.1.0
kind: DataContract
id: t
version: 1.0.0
status: active
customProperties: [{property: harness.load, value: {mode: full}}]
schema:
  - name: t
    physicalName: public.t
    properties:
"""


def contract(**kinds: str) -> Contract:
    """A contract of columns without a rule."""
    columns = "".join(
        f"      - {{name: {name}, logicalType: {'array' if kind.endswith('[]') else 'string'}, physicalType: '{kind}', classification: public}}\n"
        for name, kind in kinds.items()
    )
    return compile_text(HEAD + columns, "t.odcs.yaml")


PLAIN = {"id": "bigint", "a": "text", "n": "numeric(12,2)"}


def measured(path: Path, **kinds: str) -> tuple[int, dict[str, CheckResult]]:
    """Rows, and the results of types that did not pass."""
    terms = contract(**(kinds or PLAIN))
    found, more = FileRows(str(path)).measure(terms, slice_of_day(terms, date(2024, 1, 1)))
    return found.rows, {result.id: result for result in more if not result.passed}


def refused(path: Path, **kinds: str) -> str:
    """What is said of files that cannot be read; it is never tried again, and touches no table."""
    with pytest.raises(HarnessError) as caught:
        measured(path, **kinds)
    assert isinstance(caught.value, MalformedFile | SchemaDrift)
    assert not caught.value.retryable
    said = str(caught.value)
    assert "ALTER TABLE" not in said
    assert "DROP" not in said
    if isinstance(caught.value, SchemaDrift):
        assert caught.value.diff.ddl == ()
    return said


def write(path: Path, text: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    data = text if isinstance(text, bytes) else text.encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


MALFORMED: dict[str, tuple[str, str | bytes, str]] = {
    "too short": (
        "t.csv",
        "id,a,n\n1,x,2\n2,y\n",
        "line 3: the row is too short for the header (2 values for 3 names)",
    ),
    "too long": (
        "t.csv",
        "id,a,n\n1,x,2\n2,y,3,4\n",
        "line 3: the row is too long for the header (4 values for 3 names)",
    ),
    "after a line break in quotes": ("t.csv", 'id,a,n\n1,"x\nx",2\n2,y\n', "line 4: the row is too short"),
    "the first row": ("t.csv", "id,a,n\n1\n", "line 2: the row is too short"),
    "every row is longer": ("t.csv", "id,a,n\n1,x,2,3\n2,y,3,4\n", "line 2: the row is too long"),
    "mixed line ends": ("t.csv", "id,a,n\r\n1,x,2\r\n2,y,3\n3,y,3\r\n", "line 3: ends otherwise than line 1"),
    "an open quote": ("t.csv", 'id,a,n\n1,"x,2\n2,y,3\n', "line 2: a quote is not closed"),
    "a backslash before a quote": ("t.csv", 'id,a,n\n1,"x\\"y",2\n2,"y""z",3\n', "line 2: a quote"),
    "semicolons": ("t.csv", "id;a;n\n1;x;2\n2;y\n", "line 3: the row is too short"),
    "packed": ("t.csv.gz", "id,a,n\n1,x,2\n2,y\n", "t.csv.gz: line 3: the row is too short"),
    "no header": (
        "t.csv",
        "1,x,2\n2,y,3\n",
        "line 1: is not a header, since none of its 3 values is the name of a column",
    ),
    "a name twice": ("t.csv", "id,a,n,A\n1,x,2,3\n", "line 1: names a column twice (A, a)"),
    "no name": ("t.csv", "id,a,,n\n1,x,2,3\n", "line 1: column 3 of 4 has no name"),
    "empty": ("t.csv", "", "is empty"),
    "blank": ("t.csv", "\n\n", "is empty"),
    "Latin-1": (
        "t.csv",
        "id,a,n\n1,x,2\n2,é,3\n".encode("latin-1"),
        "line 3: byte 0xE9 is not UTF-8 (perhaps Latin-1)",
    ),
    "UTF-16": ("t.csv", "id,a,n\n1,x,2\n".encode("utf-16"), "line 1: is UTF-16 where only UTF-8 is read"),
    "UTF-16 without a mark": ("t.csv", "id,a,n\n1,x,2\n".encode("utf-16-le"), "perhaps UTF-16"),
    "broken UTF-8": ("t.csv", b"id,a,n\n1,x,2\n2,y\xc3,3\n", "line 3: byte 0xC3 is not UTF-8"),
    "not packed": ("t.csv.gz.csv.gz", b"", "is empty"),
    "a broken line": ("t.jsonl", '{"id":1,"a":"x","n":2}\n{"id":2,\n{"id":3}\n', "line 2: is not JSON"),
    "a key in another case": (
        "t.jsonl",
        '{"id":1,"a":"x","n":2}\n{"id":2,"A":"y","n":2}\n',
        "line 2: has the key A where the column is a",
    ),
    "a key in both cases": ("t.jsonl", '{"id":1,"a":"x","A":"y","n":2}\n', "line 1: has the key A"),
    "null among lines": ("t.jsonl", '{"id":1,"a":"x","n":2}\nnull\n', "t.jsonl: record 2: is null, and no object"),
    "null in a list": ("t.json", '[null, {"id":1,"a":"x","n":2}]', "t.json: record 1: is null, and no object"),
    "a broken document": ("t.json", '[{"id":1,"a":"x","n":2},\n{"id":2,,}]', "line 2: is not JSON"),
    "Latin-1 in JSON": (
        "t.jsonl",
        b'{"id":1,"a":"x","n":2}\n{"id":2,"a":"\xe9","n":2}\n',
        "line 2: byte 0xE9 is not UTF-8",
    ),
    "UTF-16 in JSON": ("t.json", '[{"id":1}]'.encode("utf-16"), "is UTF-16"),
    "empty JSON": ("t.jsonl", "", "is empty"),
    "no objects": ("t.json", "[1, 2]", "no objects"),
    "text as Parquet": ("t.parquet", "id,a,n\n1,x,2\n", "is not a Parquet file"),
    "empty Parquet": ("t.parquet", "", "is not a Parquet file"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_what_cannot_be_read_is_named_with_its_line(tmp_path: Path, name: str) -> None:
    file, text, said = MALFORMED[name]
    path = write(tmp_path / "in" / file, text)
    told = refused(path)
    assert said in told
    assert str(path) in told


def test_a_packed_file_that_is_none_and_one_that_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "t.csv.gz"
    path.write_bytes(b"id,a,n\n1,x,2\n")
    assert "is not a whole gzip file" in refused(path)
    path.write_bytes(gzip.compress(b"id,a,n\n1,x,2\n" * 1000)[:-30])
    assert "is not a whole gzip file" in refused(path)


def test_a_cut_parquet_file(tmp_path: Path) -> None:
    pq.write_table(pa.table({"id": [1], "a": ["x"], "n": [2]}), tmp_path / "whole.parquet")
    path = write(tmp_path / "in" / "t.parquet", (tmp_path / "whole.parquet").read_bytes()[:-20])
    assert "is not a whole Parquet file" in refused(path)


PARTS: dict[str, tuple[Callable[[Path, list[str]], object], str]] = {
    ".csv": (lambda path, names: path.write_text(",".join(names) + "\n" + ",".join("1" for _ in names) + "\n"), "text"),
    ".jsonl": (lambda path, names: path.write_text(json.dumps(dict.fromkeys(names, 1)) + "\n"), "text"),
    ".parquet": (lambda path, names: pq.write_table(pa.table({n: ["1"] for n in names}), path), "text"),
}


@pytest.mark.parametrize("form", PARTS)
def test_a_column_that_one_of_several_files_lacks_is_drift_of_that_file(tmp_path: Path, form: str) -> None:
    make, kind = PARTS[form]
    folder = tmp_path / "in"
    folder.mkdir()
    kinds = dict.fromkeys(("id", "a", "n"), kind)
    for number in range(3):
        make(folder / f"part{number}{form}", ["n", "id", "a", "more"])
    assert measured(folder, **kinds) == (3, {})
    make(folder / f"part1{form}", ["id", "n"])
    said = refused(folder, **kinds)
    assert f"part1{form}" in said
    assert "column a" in said


def test_every_file_that_cannot_be_read_is_named_and_no_more_than_ten_rows(tmp_path: Path) -> None:
    for number in range(3):
        write(tmp_path / "in" / f"{number}.csv", "" if number else "id,a,n\n" + "1,x,2\n")
    told = refused(tmp_path / "in")
    assert "1.csv: is empty" in told
    assert "2.csv: is empty" in told
    write(tmp_path / "many" / "t.csv", "id,a,n\n" + "1,x\n" * 500)
    told = refused(tmp_path / "many")
    assert told.count("too short") == 10
    assert "and 490 more" in told


def test_an_empty_list_holds_no_rows_and_an_object_of_nulls_is_one(tmp_path: Path) -> None:
    assert measured(write(tmp_path / "t.json", "[]")) == (0, {})
    assert measured(write(tmp_path / "u.jsonl", '{"id":null,"a":null,"n":null}\n'))[0] == 1


LOSSY = {
    "numeric(12,2)": (
        ["1", "1.20", "1.2000", "-3", "1e2", "+1.5", ".5", " 7 ", "0.50e1"],
        ["1.239", "0.001", "1e400", "x", "1e-3", "NaN", ""],
    ),
    "numeric(5,0)": (["1", "1.0", "1.000"], ["1.5", "100000"]),
    "bigint": (["1", "-2", "9223372036854775807"], ["1.0", "1e3", "9223372036854775808", "1,000"]),
    "smallint": (["32767"], ["32768"]),
    "double precision": (["1", "1e300", "inf", "-Infinity", "NaN"], ["1e400", "-1e400", "one"]),
    "real": (["1.5"], ["1e40"]),
    "date": (
        ["2024-01-01", "2024-01-01 00:00:00", "2024-01-01T00:00:00Z"],
        ["2024-01-01 10:00:00", "2024-13-01", "2024-01-01T00:00:01", "epoch", " Epoch"],
    ),
    "timestamp without time zone": (
        ["2024-01-01 10:00:00.123456", "2024-01-01", "2024-01-01T10:00:00Z"],
        ["2024-01-01 10:00:00.1234567", "2024-01-01 10:00:00+02:00", "soon", "epoch"],
    ),
    "timestamp with time zone": (
        ["2024-01-01 10:00:00+02:00", "2024-01-01T10:00:00.1234560Z"],
        ["2024-01-01 10:00:00.1234567+00"],
    ),
    "character varying(3)": (["abc", ""], ["abcd"]),
    "character(3)": (["abc", "ab   "], ["abcd"]),
    "uuid": (["00000000-0000-0000-0000-000000000001"], ["1", "zz"]),
    "jsonb": (['{"a": 1}', "null", "[1]"], ["{a}", "x"]),
    "boolean": (["true", "f", "1"], ["perhaps"]),
}
"""Type -> texts that are of it, and texts that are not, or of which something would be lost."""


@pytest.mark.parametrize("form", [".csv", ".jsonl"])
@pytest.mark.parametrize("kind", LOSSY)
def test_a_text_of_which_something_would_be_lost_is_counted_with_its_lines(
    tmp_path: Path, kind: str, form: str
) -> None:
    good, bad = ([text for text in texts if text] for texts in LOSSY[kind])
    rows = [*good, *bad]
    path = tmp_path / f"t{form}"
    if form == ".csv":
        with path.open("w", newline="") as file:
            csv.writer(file).writerows([["id", "v"], *([str(n), text] for n, text in enumerate(rows))])
    else:
        path.write_text("".join(json.dumps({"id": n, "v": text}) + "\n" for n, text in enumerate(rows)))
    assert measured(write(tmp_path / f"fine{form}", _only(path, len(good), form)), id="bigint", v=kind)[1] == {}
    counted, failed = measured(path, id="bigint", v=kind)
    assert counted == len(rows)
    assert failed["type:v"].failing == len(bad)
    first = len(good) + (2 if form == ".csv" else 1)
    assert f"t{form} line {first}" in failed["type:v"].sentence()


def _only(path: Path, rows: int, form: str) -> str:
    lines = path.read_text().splitlines(keepends=True)
    return "".join(lines[: rows + (form == ".csv")])


def test_the_line_is_that_of_the_second_file_and_behind_line_breaks_in_quotes(tmp_path: Path) -> None:
    write(tmp_path / "in" / "a.csv", "id,a,n\n1,x,2\n")
    write(tmp_path / "in" / "b.csv", 'n,a,id\n1,"x\ny\nz",2\n\n1,x,3\n9,x,many\n')
    assert "b.csv line 7" in measured(tmp_path / "in")[1]["type:id"].sentence()


def test_nanoseconds_of_pandas_are_read_where_nothing_is_lost(tmp_path: Path) -> None:
    moments = pa.array([1_700_000_000_000_000_000, 1_700_000_000_123_456_000], type=pa.int64())
    fine = {"t": moments.cast(pa.timestamp("ns", tz="UTC")), "u": moments.cast(pa.timestamp("ns"))}
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table(fine), path)
    kinds = {"t": "timestamp with time zone", "u": "timestamp without time zone"}
    assert measured(path, **kinds) == (2, {})
    more = pa.array([1_700_000_000_000_000_001, 1_700_000_000_123_456_000], type=pa.int64())
    pq.write_table(pa.table({name: more.cast(one.type) for name, one in fine.items()}), path)
    found = measured(path, **kinds)[1]
    assert {name: result.failing for name, result in found.items()} == {"type:t": 1, "type:u": 1}
    assert "t.parquet row 1" in found["type:u"].sentence()


def test_objects_of_several_lines_are_told_by_their_number(tmp_path: Path) -> None:
    path = write(
        tmp_path / "t.json", json.dumps([{"id": 1, "a": "x", "n": 1}, {"id": "x", "a": "x", "n": 1}], indent=1)
    )
    assert "t.json row 2" in measured(path)[1]["type:id"].sentence()


def test_other_dialects_and_endings_are_read(tmp_path: Path) -> None:
    rows = "id{d}a{d}n\n1{d}x{d}2\n2{d}y{d}3\n"
    for number, mark in enumerate(",;\t|"):
        for end in ("\n", "\r\n", "\r"):
            path = write(tmp_path / f"{number}.csv", "\ufeff" + rows.format(d=mark).replace("\n", end))
            assert measured(path) == (2, {}), (mark, end)
    assert measured(write(tmp_path / "e.csv", 'id,a,n\n1,"x ""y"" z",2\n2,"a\\\\b",2\n')) == (2, {})
    assert measured(write(tmp_path / "w.csv", 'id,a,n\n1,"C:\\",2\n2,"D:\\",2\n')) == (2, {})
    assert measured(write(tmp_path / "h.csv", "id,a,n\n")) == (0, {})


def test_a_task_fails_at_once_and_says_the_line(case: Case, dag: Any, tmp_path: Path) -> None:
    path = write(tmp_path / "in" / "t.csv", "id,placed_at,amount,status,customer,note\n1,2,3\n")
    operator = ValidateOperator(task_id="v", dag=dag, contract="orders.odcs.yaml", path=str(path))
    with pytest.raises(AirflowFailException, match=r"t\.csv: line 2: the row is too short .*no table needs to change"):
        run(operator, context(case, task="v"))


VALUES = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=12)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.lists(VALUES, min_size=1, max_size=5), min_size=1, max_size=12), mark=st.sampled_from(",;\t|"))
def test_any_row_of_another_length_is_found_and_no_other(tmp_path: Path, rows: list[list[str]], mark: str) -> None:
    """Empty values behind the last column are no loss, and are let pass."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=mark, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(["id", "a", "n"])
    lines = []
    for row in rows:
        lines.append(text.getvalue().count("\n") + 1)
        writer.writerow(row)
    path = write(tmp_path / "t.csv", text.getvalue())
    kinds = dict.fromkeys(("id", "a", "n"), "text")
    wrong = [line for line, row in zip(lines, rows, strict=True) if len(row) < 3 or any(row[3:])]
    if not wrong:
        assert measured(path, **kinds)[0] == len(rows)
    else:
        told = refused(path, **kinds)
        assert all(f"line {line}: the row is too" in told for line in wrong[:10])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    values=st.lists(st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=8), min_size=1, max_size=8),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "latin-1", "cp1252", "utf-16", "utf-16-be", "utf-32"]),
    form=st.sampled_from([".csv", ".jsonl"]),
)
def test_any_encoding_is_read_as_it_is_or_named(tmp_path: Path, values: list[str], encoding: str, form: str) -> None:
    lines = [json.dumps({"a": value}, ensure_ascii=False) for value in values]
    if form == ".csv":
        lines = ["a", *('"' + value.replace('"', '""') + '"' for value in values)]
    data = "".join(line + "\n" for line in lines).encode(encoding, errors="replace")
    path = write(tmp_path / f"t{form}", data)
    try:
        data.decode("utf-8-sig")
        readable = b"\0" not in data
    except UnicodeDecodeError:
        readable = False
    if readable:
        assert measured(path, a="text")[0] == len(values)
    else:
        assert f"t{form}: line " in refused(path, a="text")


def test_a_character_that_postgresql_cannot_keep_is_of_no_text(tmp_path: Path) -> None:
    rows = "".join(json.dumps({"id": n, "a": a, "n": 1}) + "\n" for n, a in enumerate(["x", "a\0b", "c\\u0000"]))
    _, found = measured(write(tmp_path / "t.jsonl", rows), **PLAIN)
    assert {name: result.failing for name, result in found.items()} == {"type:a": 1}
    assert "t.jsonl line 2" in found["type:a"].look_at
    big = "id,a,n\n" + "1,x,1\n" * 200_000 + "2,a\0b,1\n"
    _, found = measured(write(tmp_path / "t.csv", big), **PLAIN)
    assert {name: result.failing for name, result in found.items()} == {"type:a": 1}
    documents = "".join(json.dumps({"id": n, "a": a, "n": 1}) + "\n" for n, a in enumerate([{"b": "\0"}, {"b": "x"}]))
    path = write(tmp_path / "d.jsonl", documents)
    assert {name: one.failing for name, one in measured(path, **PLAIN | {"a": "jsonb"})[1].items()} == {"type:a": 1}
    assert measured(path, **PLAIN | {"a": "json"})[1] == {}, "json keeps it, where no rule looks inside"


@pytest.mark.parametrize(
    ("kind", "values", "failing"),
    [
        ("text", ["x", "a\0b", None], 1),
        ("varchar(2)", ["ab", "abc", None], 1),
        ("uuid", ["00000000-0000-0000-0000-000000000001", "no", None], 1),
        ("json", ['{"a": 1}', "{", r'"\u0000"'], 1),
        ("jsonb", ['{"a": 1}', "{", r'"\u0000"'], 2),
        ("jsonb", [{"a": "x"}, {"a": "\0"}, None], 1),
        ("text[]", [["x"], ["x", "a\0b"], None], 1),
        ("text[][]", [[["x"]], [["x", None], ["a\0b"]], None], 1),
        ("jsonb[]", [["1"], [r'"\u0000"'], [r'"\\u0000"']], 1),
    ],
)
def test_a_parquet_text_that_is_not_of_its_type_is_told_by_row(
    tmp_path: Path, kind: str, values: list[Any], failing: int
) -> None:
    pq.write_table(pa.table({"v": values}), tmp_path / "t.parquet")
    rows, found = measured(tmp_path / "t.parquet", v=kind)
    assert (rows, found["type:v"].failing) == (3, failing)
    assert "t.parquet row 2" in found["type:v"].look_at


@pytest.mark.parametrize(("kind", "end"), [("date", ""), ("timestamp", " 10:00"), ("timestamptz", "T10:00:00Z")])
def test_the_year_0_is_no_year(tmp_path: Path, kind: str, end: str) -> None:
    """DuckDB takes it for the year before 1, and PostgreSQL refuses it."""
    rows = "".join(f"{day}{end}\n" for day in ("0001-01-01", "0000-12-31", "2000-01-01"))
    _, found = measured(write(tmp_path / "t.csv", f"v\n{rows}"), v=kind)
    assert found["type:v"].failing == 1
    assert "t.csv line 3" in found["type:v"].look_at


def test_a_column_without_a_value_is_of_every_type(tmp_path: Path) -> None:
    kinds = PLAIN | {"d": "date", "j": "jsonb", "w": "timestamptz"}
    columns = {"id": pa.array([1, 2])} | {name: pa.nulls(2) for name in kinds if name != "id"}
    pq.write_table(pa.table(columns), tmp_path / "t.parquet")
    assert measured(tmp_path / "t.parquet", **kinds) == (2, {})


def test_no_query_is_advised_for_files(tmp_path: Path) -> None:
    pq.write_table(pa.table({"id": ["x"], "a": ["x"], "n": ["1"]}), tmp_path / "t.parquet")
    said = refused(tmp_path / "t.parquet")
    assert "sql=" not in said
    assert "let the files be written with the contract's type, or give the contract theirs" in said
