"""Arrays from PostgreSQL through Parquet to PostgreSQL: with their dimensions, or refused by name and count."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from airflow_provider_harness.adapters.contracts.odcs import compile_text
from airflow_provider_harness.adapters.contracts.rules.logical_types import logical_of
from airflow_provider_harness.adapters.sql.types import arrow_schema
from airflow_provider_harness.core.contracts.contract import Contract
from airflow_provider_harness.core.errors import UncarriedValue
from airflow_provider_harness.testing.postgres import PostgresServer
from tests.ports.rows_case import Case, drop, make


@pytest.fixture
def case(postgres: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Case]:
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path / "airflow"))
    name = f"rows_{uuid.uuid4().hex[:12]}"
    made = make(postgres, name, tmp_path / "staging")
    made.at_source("DROP TABLE public.orders")
    yield made
    drop(postgres, name)


ONE: dict[str, str] = {
    "smallint": "{1,NULL,-3}",
    "integer": "{1,NULL,3}",
    "bigint": "{9007199254740993}",
    "real": "{1.5,NaN}",
    "double precision": "{1.5,Infinity,NULL}",
    "boolean": "{t,f,NULL}",
    "text": r'{a,"b,c","d\"e",NULL,"NULL","","ä\\b"}',
    "character varying(3)": "{abc}",
    "date": "{0001-01-01,NULL,9999-12-31}",
    "timestamp with time zone": '{"2013-07-01 00:00:00.000001+02",NULL}',
    "timestamp without time zone": '{"2013-01-01 01:02:03.000004"}',
    "numeric(12,2)": "{1.25,NULL,-9999999999.99}",
    "bytea": r'{"\\x00ff",NULL}',
    "uuid": "{00000000-0000-0000-0000-000000000001,NULL}",
    "jsonb": r'{"{\"a\": [1, null]}",NULL}',
    "json": r'{"{\"a\":  \"{x}\"}"}',
}
"""Type -> a one-dimensional array of it, as PostgreSQL reads and writes it."""


def of(columns: dict[str, str]) -> Contract:
    """A contract of columns and their types."""
    head = "apiVersion: v3.1.0\nkind: DataContract\nid: one\nversion: 1.0.0\nstatus: active\n"
    head += "customProperties:\n  - {property: harness.load, value: {mode: full}}\nschema:\n  - name: orders\n"
    lines = [
        f"      - {{name: {name}, logicalType: {logical_of(kind) or 'string'}, physicalType: '{kind}'}}"
        for name, kind in columns.items()
    ]
    return compile_text(
        f"{head}    physicalName: public.orders\n    properties:\n" + "\n".join(lines), "orders.odcs.yaml"
    )


def sent(case: Case, columns: dict[str, str], rows: Sequence[Sequence[str | None]]) -> Case:
    """A source with these columns and rows, and a contract for it."""
    case.at_source(f"CREATE TABLE public.orders ({', '.join(f'{n} {kind}' for n, kind in columns.items())})")
    for row in rows:
        values = ", ".join("NULL" if value is None else f"'{value}'" for value in row)
        case.at_source(f"INSERT INTO public.orders VALUES ({values})")
    return replace(case, contract=of(columns))


def texts(case: Case, columns: dict[str, str]) -> str:
    return f"SELECT {', '.join(f'{n}::text' for n in columns)} FROM public.orders ORDER BY 1"


def test_one_dimension_of_every_type(case: Case) -> None:
    columns = {f"c{n}": f"{kind}[]" for n, kind in enumerate(ONE)}
    case = sent(case, columns, [list(ONE.values()), ["{}"] * len(ONE), [None] * len(ONE), ["{NULL}"] * len(ONE)])
    assert case.move().rows == 4
    assert case.at_warehouse(texts(case, columns)) == case.at_source(texts(case, columns))
    assert case.move().rows == 4  # the second time the table is there


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("text", "a\0b"),
        ("character varying(9)", "a\0b"),
        ("text[]", ["x", "a\0b"]),
        ("text[][]", [["x", "a\0b"]]),
        ("jsonb", r'{"a": "\u0000"}'),
        ("jsonb[]", ["1", r'{"a": "x\\\u0000"}']),
        ("jsonb[][]", [[r'"\u0000"']]),
    ],
)
def test_the_character_of_number_0_in_staged_files_is_told_by_column_and_row(
    case: Case, kind: str, value: object
) -> None:
    case = replace(case, contract=of({"v": kind}))
    staged(case, [None, value, None, value])
    said = r"public.orders: v: 2 row\(s\) hold the character of number 0, .*; the first is row 2 of the staged files. Take it out"
    with pytest.raises(UncarriedValue, match=said):
        case.load()
    assert case.at_warehouse("SELECT count(*) FROM public.orders") == [(0,)]


def staged(case: Case, values: Sequence[object]) -> None:
    """Files as another program could have left them, of one column."""
    schema = arrow_schema(case.contract)
    writer = case.stage().writer(case.contract)
    writer.write(pa.RecordBatch.from_arrays([pa.array(list(values), schema.types[0])], schema=schema))
    writer.seal(case.contract, case.piece(), "made by hand")


def test_one_dimension_goes_straight_into_the_table(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    columns = {"a": "integer[]", "b": "numeric(12,2)[]"}
    case = sent(case, columns, [["{1,NULL}", "{0.10}"], ["{}", None]])
    monkeypatch.setattr("airflow_provider_harness.adapters.postgres.write.session.PostgresSession.stage_files", None)
    case.move()
    assert case.at_warehouse(texts(case, columns)) == case.at_source(texts(case, columns))


MANY = ("{{1,2},{3,NULL}}", "{{5}}", "{}", None, "{{7,8,9}}", "{{1},{2},{3}}")


@pytest.mark.parametrize("kind", ["integer", "text", "numeric(12,2)", "jsonb"])
def test_two_dimensions(case: Case, kind: str) -> None:
    columns = {"v": f"{kind}[][]", "w": "integer[][][]"}
    cubes = ("{{{1,2},{3,4}},{{5,6},{7,NULL}}}", "{}", None, "{{{1}},{{2}}}", "{{{1,2,3}}}", "{{{1},{2}}}")
    case = sent(case, columns, list(zip(MANY, cubes, strict=True)))
    case.move()
    assert case.at_warehouse(texts(case, columns)) == case.at_source(texts(case, columns))
    [rows] = [batch.column(0).to_pylist() for batch in case.stage().batches(case.contract)]
    assert [[len(inner) for inner in row] for row in rows if row] == [[2, 2], [1], [3], [1, 1, 1]]


@pytest.mark.parametrize(
    ("kind", "values", "reason"),
    [
        ("integer[]", ["{{1,2},{3,4}}", "{{1}}", "{1}"], r"v: 2 value\(s\) without one dimension"),
        ("integer[]", ["[0:1]={1,2}", "[2:2]={1}", "{}"], r"v: 2 value\(s\) .*do not begin at 1"),
        ("integer[][]", ["{1,2}", "[1:1][0:0]={{1}}", "{{1}}"], r"v: 2 value\(s\) without 2 dimensions"),
        ("date[]", ["{infinity,2013-01-01}", "{-infinity}"], r"v: 2 value\(s\) infinity.*within arrays"),
        ("numeric(12,2)[]", ["{NaN,1}", "{2}"], r"v: 1 value\(s\) NaN.*within arrays"),
    ],
)
def test_what_a_list_cannot_hold_is_refused_in_flight(case: Case, kind: str, values: list[str], reason: str) -> None:
    case = sent(case, {"v": kind}, [[value] for value in values])
    with pytest.raises(UncarriedValue, match=reason):
        case.extract()
    assert case.staged() == []


def test_an_array_of_what_cannot_be_carried_is_refused_before(case: Case) -> None:
    case = sent(case, {"v": "interval[]"}, [])
    with pytest.raises(UncarriedValue, match=r"v: type interval\[\] cannot be carried through files"):
        case.extract()
