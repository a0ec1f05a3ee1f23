"""Checks of what is inside a column: every engine finds the same failing rows, and the ones that a plain reading of the contract finds."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airflow_provider_harness.adapters.contracts.odcs import compile_text
from airflow_provider_harness.adapters.duckdb.file_subject import FileRows
from airflow_provider_harness.adapters.duckdb.in_flight import ArrowChecks
from airflow_provider_harness.adapters.postgres import measure as pg_measure
from airflow_provider_harness.adapters.sql import checks as sql_checks
from airflow_provider_harness.adapters.sql.types import arrow_schema, staged_type
from airflow_provider_harness.core.contracts.checks import ITEM, Check, CheckKind
from airflow_provider_harness.core.contracts.contract import (
    Column,
    Contract,
    LogicalType,
    MalformedRows,
    QuarantinePolicy,
)
from airflow_provider_harness.core.contracts.report import Measurements, judge
from airflow_provider_harness.core.slices.slices import slice_of_day
from airflow_provider_harness.testing.postgres import PostgresServer

K = CheckKind
KINDS = {
    "doc": "jsonb",
    "old": "json",
    "written": "text",
    "tags": "text[]",
    "sums": "numeric(38,10)[]",
    "grid": "integer[][]",
    "docs": "jsonb[]",
    "olds": "json[]",
}
ROWS = sql_checks.Rows(relation='"public"."t"')
ASIDE = QuarantinePolicy(policy=MalformedRows.QUARANTINE, max_rows=99, max_percent=100)
"""So that malformed rows are counted, too."""


def contract_of(*checks: Check) -> Contract:
    columns = tuple(
        Column(
            name=name,
            logical_type=LogicalType.ARRAY if kind.endswith("]") else LogicalType.OBJECT,
            physical_type=kind,
            classification="public",
        )
        for name, kind in KINDS.items()
    )
    return Contract(id="t", version="1", name="t", table="public.t", columns=columns, checks=checks, quarantine=ASIDE)


class Engines:
    """The same values in PostgreSQL, as batches on their way, and in files of three formats."""

    def __init__(self, dsn: str, folder: Path) -> None:
        self.postgres, self.folder = psycopg.connect(dsn, autocommit=True), folder
        types = ", ".join(f'"{name}" {kind}' for name, kind in KINDS.items())
        self.postgres.execute(f"CREATE TABLE public.t ({types})".encode())
        self.batch: pa.RecordBatch | None = None

    def fill(self, column: str, values: Sequence[Any]) -> None:
        """One column's values: JSON is text."""
        self.postgres.execute("TRUNCATE public.t")
        with self.postgres.cursor() as cursor:
            cursor.executemany(
                f'INSERT INTO public.t ("{column}") VALUES (%s::{KINDS[column]})'.encode(), [(v,) for v in values]
            )
        schema = arrow_schema(contract_of())
        arrays = [pa.array(values if field.name == column else [None] * len(values), field.type) for field in schema]
        self.batch = pa.RecordBatch.from_arrays(arrays, schema=schema)

    def found(self, contract: Contract, *, files: bool = True) -> dict[str, Measurements]:
        assert self.batch is not None
        gauge = ArrowChecks(contract, None)
        gauge.add(self.batch)
        found = {"postgres": pg_measure.measure(self.postgres, contract, ROWS), "arrow": gauge.finish()}
        found["staged"] = self._staged(contract)
        assert gauge.complete
        if files:
            found["parquet"] = self._parquet(contract)
        return found

    def _staged(self, contract: Contract) -> Measurements:
        """The types as which values wait in a staging table."""
        kinds = {name: staged_type(kind) for name, kind in KINDS.items()}
        columns = ", ".join(f'"{name}"::{kind} AS "{name}"' for name, kind in kinds.items())
        relation = f"(SELECT {columns} FROM public.t) AS s"
        return pg_measure.measure(self.postgres, contract, sql_checks.Rows(relation=relation))

    def _parquet(self, contract: Contract) -> Measurements:
        path = self.folder / "t.parquet"
        pq.write_table(pa.Table.from_batches([self.batch]), path)
        return FileRows(str(path)).measure(contract, slice_of_day(contract, date(2024, 1, 1)))[0]


@pytest.fixture(scope="module")
def engines(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engines]:
    postgres.ensure_database("inside")
    made = Engines(postgres.url("inside"), tmp_path_factory.mktemp("inside"))
    yield made
    made.postgres.close()
    postgres.drop_database("inside")


def check(kind: CheckKind, path: tuple[str, ...], logical: str = "", column: str = "doc", **more: Any) -> Check:
    return Check(id=f"{kind}:it's", kind=kind, columns=(column,), path=path, logical=logical, **more)


CITY, SKU = ("place", "city"), ("lines", ITEM, "sku")
CITIES = [
    ('{"place": {"city": "Bonn"}}', False),
    ('{"place": {"city": null}}', True),
    ('{"place": {}}', True),
    ('{"place": null}', False),
    ("{}", False),
    ("null", False),
    (None, False),
    ('{"place": []}', True),
    ('{"place": "Bonn"}', True),
    ("[]", True),
    ('{"place": {"city": ""}}', False),
]
EXAMPLES: list[tuple[str, Check, list[tuple[Any, bool]]]] = [
    ("required", check(K.NOT_NULL, CITY), CITIES),
    ("required, json", check(K.NOT_NULL, CITY, column="old"), CITIES),
    ("required, JSON in a text", check(K.NOT_NULL, CITY, column="written"), CITIES),
    (
        "missing values",
        check(K.NOT_NULL, CITY, values=("n/a", 0)),
        [('{"place": {"city": "n/a"}}', True), ('{"place": {"city": 0.0}}', True), ('{"place": {"city": "0"}}', False)],
    ),
    (
        "items of an array of objects",
        check(K.NOT_NULL, SKU),
        [
            ('{"lines": [{"sku": "a"}, {"sku": "b"}]}', False),
            ('{"lines": [{"sku": "a"}, {}]}', True),
            ('{"lines": [null, {"sku": "a"}]}', False),
            ('{"lines": []}', False),
            ('{"lines": {"sku": "a"}}', True),
            ('{"lines": [["a"]]}', True),
        ],
    ),
    (
        "enum",
        check(K.ACCEPTED_VALUES, CITY, "string", values=("Köln", "it's", 'a "b" \\', "1")),
        [
            ('{"place": {"city": "K\\u00f6ln"}}', False),
            ('{"place": {"city": "Köln"}}', False),
            ('{"place": {"city": "it\'s"}}', False),
            ('{"place": {"city": "a \\"b\\" \\\\"}}', False),
            ('{"place": {"city": "koeln"}}', True),
            ('{"place": {"city": 1}}', True),
            ('{"place": {"city": ["1"]}}', True),
            ('{"place": {"city": null}}', False),
        ],
    ),
    (
        "enum of numbers",
        check(K.ACCEPTED_VALUES, ("n",), "number", values=(1, 0.1, 10**30)),
        [
            ('{"n": 1.0}', False),
            ('{"n": 1e0}', False),
            ('{"n": 0.10}', False),
            ('{"n": 1000000000000000000000000000000}', False),
            ('{"n": 1000000000000000000000000000001}', True),
            ('{"n": 0.1000000000000000000001}', True),
            ('{"n": true}', True),
            ('{"n": "1"}', True),
        ],
    ),
    (
        "enum of booleans",
        check(K.ACCEPTED_VALUES, ("b",), "boolean", values=(True,)),
        [('{"b": true}', False), ('{"b": false}', True), ('{"b": 1}', True), ('{"b": "true"}', True)],
    ),
    (
        "range, exact",
        check(K.RANGE, ("n",), "number", low=0.1, high=9007199254740993),
        [
            ('{"n": 0.1}', False),
            ('{"n": 0.09999999999999999999999}', True),
            ('{"n": 9007199254740993}', False),
            ('{"n": 9007199254740994}', True),
            ('{"n": 1e300}', True),
            ('{"n": "5"}', True),
            ('{"n": null}', False),
            ('{"n": {"a": 5}}', True),
        ],
    ),
    (
        "range, open",
        check(K.RANGE, ("n",), "integer", low=0, low_open=True, high=9, high_open=True),
        [('{"n": 0}', True), ('{"n": 1}', False), ('{"n": 8.0}', False), ('{"n": 9}', True), ('{"n": 1.5}', True)],
    ),
    (
        "range of dates",
        check(K.RANGE, ("d",), "date", low="2024-02-29"),
        [
            ('{"d": "2024-02-29"}', False),
            ('{"d": "2024-02-28"}', True),
            ('{"d": "2025-02-29"}', True),
            ('{"d": "0000-01-01"}', True),
            ('{"d": "9999-12-31"}', False),
            ('{"d": "soon"}', True),
            ('{"d": 20240301}', True),
        ],
    ),
    (
        "range of moments",
        check(K.RANGE, ("at",), "timestamp", low="2024-01-01T00:00:00Z", high="2024-01-02T00:00:00Z", high_open=True),
        [
            ('{"at": "2024-01-01T00:00:00Z"}', False),
            ('{"at": "2024-01-01 01:00:00.123456789+01:00"}', False),
            ('{"at": "2024-01-01T00:30:00+01:00"}', True),
            ('{"at": "2024-01-01t23:59:59.9999999z"}', False),
            ('{"at": "2024-01-02T00:00:00"}', True),
            ('{"at": "2024-01-01"}', True),
            ('{"at": "2024-01-01T25:00:00Z"}', True),
        ],
    ),
    (
        "range of times",
        check(K.RANGE, ("t",), "time", low="09:00", high="17:30:00"),
        [
            ('{"t": "09:00:00"}', False),
            ('{"t": "17:30:00.000001"}', True),
            ('{"t": "9:00"}', True),
            ('{"t": "12:15"}', False),
        ],
    ),
    (
        "multipleOf",
        check(K.MULTIPLE, ("n",), "number", step=0.05),
        [
            ('{"n": 0.15}', False),
            ('{"n": -1e1}', False),
            ('{"n": 0.150000000000000000001}', True),
            ('{"n": "0.15"}', True),
        ],
    ),
    (
        "length",
        check(K.LENGTH, SKU, "string", low=1, high=3),
        [
            ('{"lines": [{"sku": "a"}, {"sku": "a\\ud83d\\ude00é"}]}', False),
            ('{"lines": [{"sku": "a"}, {"sku": "abcd"}]}', True),
            ('{"lines": [{"sku": ""}]}', True),
            ('{"lines": [{"sku": null}, {}]}', False),
            ('{"lines": [{"sku": 12}]}', True),
        ],
    ),
    (
        "pattern",
        check(K.REGEX, ('k\'ey "x"',), "string", pattern=r"^\d+\\'$"),
        [('{"k\'ey \\"x\\"": "12\\\\\'"}', False), ('{"k\'ey \\"x\\"": "12"}', True), ('{"key": 1}', False)],
    ),
    (
        "an array's items",
        check(K.LENGTH, (ITEM,), "string", "tags", high=2),
        [
            (["a", "bb"], False),
            (["a", "bbb"], True),
            ([], False),
            (None, False),
            ([None, "é😀"], False),
            (["NULL"], True),
        ],
    ),
    (
        "items that are null",
        check(K.NOT_NULL, (ITEM,), column="tags"),
        [(["a"], False), (["a", None], True), ([], False), (None, False)],
    ),
    (
        "decimals",
        check(K.RANGE, (ITEM,), "number", "sums", high=Decimal("1234567890123456789.0000000001")),
        [
            ([Decimal("1234567890123456789.0000000001")], False),
            ([Decimal("1"), Decimal("1234567890123456789.0000000002")], True),
        ],
    ),
    (
        "two dimensions",
        check(K.RANGE, (ITEM, ITEM), "integer", "grid", low=0),
        [([[1, 2], [0, 3]], False), ([[1, 2], [-1, None]], True), ([], False), ([[None]], False)],
    ),
    (
        "an array of documents",
        check(K.NOT_NULL, (ITEM, "a"), column="docs"),
        [(['{"a": 1}'], False), (['{"a": 1}', "{}"], True), ([None], False)],
    ),
    (
        "items",
        check(K.ITEMS, (), column="tags", low=1, high=2),
        [([], True), (["a"], False), ([None, "a"], False), (["a"] * 3, True), (None, False)],
    ),
    (
        "the character of number 0",
        check(K.NOT_NULL, ("a",), column="old"),
        [
            (r'{"a": "\u0000"}', True),
            (r'{"a": 1, "b": ["x\\\u0000"]}', True),
            (r'{"a": "\\u0000"}', False),
            ('{"a": "\\u0001"}', False),
            (None, False),
        ],
    ),
    (
        "the character of number 0 in a text",
        check(K.PROPERTIES, (), column="written", high=1),
        [(r'{"\u0000": 1}', True), (r'{"\\u0000": 1}', False)],
    ),
    (
        "the character of number 0 in an array of documents",
        check(K.NOT_NULL, (ITEM,), column="olds"),
        [([r'"\u0000"'], True), ([r'"\\u0000"', "1"], False), (["1", None], True)],
    ),
    (
        "items below",
        check(K.ITEMS, ("lines",), low=1),
        [('{"lines": []}', True), ('{"lines": [1]}', False), ('{"lines": null}', False), ('{"lines": "a"}', True)],
    ),
    (
        "unique items",
        check(K.UNIQUE_ITEMS, ("lines",)),
        [
            ('{"lines": [1, 2, "1", true, null, [1], {"a": 1}]}', False),
            ('{"lines": [1, 1.0]}', True),
            ('{"lines": [null, null]}', True),
            ('{"lines": [{"a": 1, "b": [2]}, {"b": [2.0], "a": 1}]}', True),
            ('{"lines": [0, false, "", [], {}]}', False),
            ('{"lines": []}', False),
        ],
    ),
    ("unique elements", check(K.UNIQUE_ITEMS, (), column="tags"), [(["a", "A"], False), (["a", "b", "a"], True)]),
    (
        "fields",
        check(K.PROPERTIES, (), low=1, high=2),
        [
            ("{}", True),
            ('{"a": null}', False),
            ('{"a": 1, "a": 2, "b": 3}', False),
            ('{"a":1,"b":2,"c":3}', True),
            ("[]", True),
        ],
    ),
]


@pytest.mark.parametrize(("one", "rows"), [case[1:] for case in EXAMPLES], ids=[case[0] for case in EXAMPLES])
def test_every_engine_finds_the_rows_that_fail(engines: Engines, one: Check, rows: list[tuple[Any, bool]]) -> None:
    for value, fails in rows:
        engines.fill(one.columns[0], [value])
        for engine, measured in engines.found(contract_of(one), files=False).items():
            found = measured.values[one.id]
            assert found.error == "", engine
            assert found.value == int(fails), (engine, value)
    engines.fill(one.columns[0], [value for value, _ in rows])
    for engine, measured in engines.found(contract_of(one)).items():
        wanted = sum(fails for _, fails in rows)
        assert (measured.values[one.id].value, measured.malformed) == (wanted, wanted), engine


def test_every_kind_that_looks_inside_has_an_example() -> None:
    from airflow_provider_harness.core.contracts.checks import BELOW

    assert {one.kind for _, one, _ in EXAMPLES} == BELOW - {K.NULL_RATE}


TYPED = {
    "string": ['"a"', '""', '"1"'],
    "integer": ["1", "1.0", "-0", "1e2", "100000000000000000000"],
    "number": ["1.5", "1", "1e-3"],
    "boolean": ["true", "false"],
    "object": ["{}", '{"a": 1}'],
    "array": ["[]", "[1, null]"],
    "date": ['"2024-02-29"'],
    "timestamp": ['"2024-02-29T09:30:00Z"', '"2024-02-29 09:30:00.5"', '"2024-02-29T09:30:00+01:00"'],
    "time": ['"09:30"', '"23:59:59.9"'],
}
"""Logical type -> values of it, as JSON."""
ALSO = {"number": ("integer",), "string": ("date", "timestamp", "time")}
"""Logical type -> types all of whose values are its own, too."""
EXAMPLES += [
    (
        f"type {logical}",
        check(K.VALUE_TYPE, ("a",), logical),
        [("{}", False), ('{"a": null}', False), (None, False), ("[]", True)]
        + [
            (f'{{"a": {text}}}', kind != logical and kind not in ALSO.get(logical, ()))
            for kind, texts in TYPED.items()
            for text in texts
            if (logical, kind, text) != ("integer", "number", "1")
        ]
        + [(f'{{"a": {text}}}', logical != "string") for text in ('"2025-02-29"', '"24:00"', '"soon"', '"true"')],
    )
    for logical in TYPED
]
LEAF = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.sampled_from([Decimal("0.1"), Decimal("1.0"), Decimal("-2.50"), 10**25, Decimal("0.1000000000000000000001")]),
    st.sampled_from(["", "a", "ab", "é", "😀", "it's", "1", "null", 'q"\\']),
)
DOCUMENTS = st.recursive(
    LEAF,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["a", "b", "é"]), inner, max_size=3)
    ),
    max_leaves=8,
)
PATHS = st.lists(st.sampled_from(["a", "b", "é", ITEM]), max_size=3).map(tuple)


def is_number(value: Any) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


IS_OF: dict[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: is_number(value) and value == int(value),
    "number": is_number,
    "boolean": lambda value: isinstance(value, bool),
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
}
RULES = st.sampled_from(
    [
        {"kind": K.NOT_NULL},
        {"kind": K.ACCEPTED_VALUES, "values": (1, "a", True, 0.1)},
        {"kind": K.RANGE, "logical": "number", "low": -1, "high": 0.1},
        {"kind": K.RANGE, "logical": "integer", "low": -2, "low_open": True},
        {"kind": K.MULTIPLE, "logical": "number", "step": 0.5},
        {"kind": K.LENGTH, "logical": "string", "low": 1, "high": 1},
        {"kind": K.REGEX, "logical": "string", "pattern": "^[aé]"},
        {"kind": K.ITEMS, "low": 1, "high": 2},
        {"kind": K.UNIQUE_ITEMS},
        {"kind": K.PROPERTIES, "high": 1},
        *({"kind": K.VALUE_TYPE, "logical": logical} for logical in IS_OF),
    ]
)


def text_of(value: Any) -> str:
    """JSON with every digit."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(name)}: {text_of(one)}" for name, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(text_of, value)) + "]"
    return str(value) if isinstance(value, Decimal) else json.dumps(value)


def reached(value: Any, path: tuple[str, ...]) -> Iterator[tuple[bool, Any]]:
    """What a path leads to: whether the way was there, and the value."""
    if not path:
        yield True, value
    elif value is not None and not isinstance(value, list if path[0] == ITEM else dict):
        yield False, value
    elif value is not None:
        for inner in value if path[0] == ITEM else [value.get(path[0])]:
            yield from reached(inner, path[1:])


def wrong(value: Any, rule: dict[str, Any]) -> bool:
    """The contract, read plainly."""
    kind = rule["kind"]
    if kind is K.NOT_NULL or value is None:
        return value is None and kind is K.NOT_NULL
    number = is_number(value)
    if kind is K.VALUE_TYPE:
        return not IS_OF[rule["logical"]](value)
    if kind is K.ACCEPTED_VALUES:
        return not (value is True or value == "a" or (number and value in (1, Decimal("0.1"))))
    if kind is K.RANGE:
        low, high = (-1, Decimal("0.1")) if rule["logical"] == "number" else (-1, 10**30)
        return not (IS_OF[rule["logical"]](value) and low <= value <= high)
    if kind is K.MULTIPLE:
        return not (number and 2 * value == int(2 * value))
    if kind is K.LENGTH:
        return not (isinstance(value, str) and len(value) == 1)
    if kind is K.REGEX:
        return not (isinstance(value, str) and value[:1] in ("a", "é"))
    if kind is K.ITEMS:
        return not (isinstance(value, list) and 1 <= len(value) <= 2)
    if kind is K.PROPERTIES:
        return not (isinstance(value, dict) and len(value) <= 1)
    return not isinstance(value, list) or any(same(one, other) for n, one in enumerate(value) for other in value[:n])


def same(one: Any, other: Any) -> bool:
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    return isinstance(one, bool) is isinstance(other, bool) and bool(one == other)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    documents=st.lists(DOCUMENTS, min_size=1, max_size=8),
    rules=st.lists(st.tuples(PATHS, RULES), min_size=1, max_size=4),
)
def test_documents_are_read_as_the_contract_says(
    engines: Engines, documents: list[Any], rules: list[tuple[tuple[str, ...], dict[str, Any]]]
) -> None:
    checks = [Check(id=f"c{n}", columns=("doc",), path=path or ("a",), **rule) for n, (path, rule) in enumerate(rules)]
    engines.fill("doc", [text_of(document) for document in documents])
    for engine, measured in engines.found(contract_of(*checks), files=False).items():
        for one, (_, rule) in zip(checks, rules, strict=True):
            wanted = sum(
                any(not there or wrong(value, rule) for there, value in reached(document, one.path))
                for document in documents
            )
            assert measured.values[one.id].error == ""
            assert measured.values[one.id].value == wanted, (engine, one)


CONTRACT = """
apiVersion: v3.1.0
kind: DataContract
id: orders
version: 1.0.0
status: active
customProperties: [{property: harness.load, value: {mode: full}}]
schema:
  - name: t
    physicalName: public.t
    properties:
      - {name: id, logicalType: integer, physicalType: bigint}
      - name: delivery
        logicalType: object
        physicalType: jsonb
        properties:
          - name: address
            logicalType: object
            logicalTypeOptions: {required: [street], maxProperties: 3}
            properties:
              - {name: city, logicalType: string, required: true, enum: [{value: Bonn}, {value: Köln}]}
              - {name: since, logicalType: date, logicalTypeOptions: {minimum: "2020-01-01"}}
      - name: lines
        logicalType: array
        physicalType: jsonb
        logicalTypeOptions: {minItems: 1}
        items:
          logicalType: object
          properties:
            - {name: sku, logicalType: string, logicalTypeOptions: {maxLength: 3}}
      - name: tags
        logicalType: array
        physicalType: text[]
        logicalTypeOptions: {uniqueItems: true}
        items: {logicalType: string, logicalTypeOptions: {maxLength: 2}}
"""
RECORDS: list[dict[str, Any]] = [
    {"id": 1, "delivery": {"address": {"city": None, "street": "a"}}, "lines": [{"sku": "abcd"}], "tags": ["a", "a"]},
    {"id": 2, "delivery": {"address": {"city": "Ulm", "since": "2019-01-01"}}, "lines": [], "tags": ["abc"]},
    {"id": 3, "delivery": {"address": {"city": "Köln", "street": "b"}}, "lines": [{"sku": "a"}], "tags": ["a", "b"]},
    {"id": 4, "delivery": None, "lines": None, "tags": None},
]
FAILING = {
    "not_null:delivery.address.city": 1,
    "accepted_values:delivery.address.city": 1,
    "not_null:delivery.address.street": 1,
    "properties:delivery.address": 0,
    "range:delivery.address.since": 1,
    "items:lines": 1,
    "length:lines[].sku": 1,
    "unique_items:tags": 1,
    "length:tags[]": 1,
}


def test_rows_whose_inner_values_break_the_contract_do_not_pass_in_files(tmp_path: Path) -> None:
    """Structs and lists of Parquet, documents of JSON files, JSON texts of CSV, and JSON texts of Parquet."""
    contract = compile_text(CONTRACT, "orders.odcs.yaml")
    texts = [
        {name: json.dumps(value) if isinstance(value, dict | list) else value for name, value in record.items()}
        for record in RECORDS
    ]
    pq.write_table(pa.Table.from_pylist(RECORDS), tmp_path / "structs.parquet")
    tags = pa.array([record["tags"] for record in RECORDS])
    plain = (
        pa.Table.from_pylist([{**text, "tags": None} for text in texts])
        .drop_columns("tags")
        .append_column("tags", tags)
    )
    pq.write_table(plain, tmp_path / "texts.parquet")
    (tmp_path / "t.jsonl").write_text("\n".join(map(json.dumps, RECORDS)))
    pc.write_csv(pa.Table.from_pylist(texts), tmp_path / "t.csv")
    for path in sorted(tmp_path.iterdir()):
        measured, _ = FileRows(str(path)).measure(contract, slice_of_day(contract, date(2024, 1, 1)))
        assert {name: found.error for name, found in measured.values.items() if found.error} == {}, path
        assert {name: found.value for name, found in measured.values.items()} == FAILING, path


def test_rows_whose_inner_values_break_the_contract_do_not_pass_in_postgresql(engines: Engines) -> None:
    contract = compile_text(CONTRACT, "orders.odcs.yaml")
    engines.postgres.execute(b"DROP TABLE IF EXISTS public.o")
    engines.postgres.execute(b"CREATE TABLE public.o (id bigint, delivery jsonb, lines jsonb, tags text[])")
    for record in RECORDS:
        values = [record["id"], *(None if (v := record[n]) is None else json.dumps(v) for n in ("delivery", "lines"))]
        engines.postgres.execute(b"INSERT INTO public.o VALUES (%s, %s, %s, %s)", [*values, record["tags"]])
    measured = pg_measure.measure(engines.postgres, contract, sql_checks.Rows(relation='"public"."o"'))
    assert {name: found.value for name, found in measured.values.items()} == FAILING
    report = judge(contract, measured, where="published table")
    assert not report.passed


def test_malformed_json_fails_and_is_never_passed_over(tmp_path: Path) -> None:
    contract = compile_text(CONTRACT, "orders.odcs.yaml")
    rows = [{"id": 1, "delivery": "{city: Bonn}", "lines": "[NaN]", "tags": ["a"]}]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "t.parquet")
    measured, _ = FileRows(str(tmp_path / "t.parquet")).measure(contract, slice_of_day(contract, date(2024, 1, 1)))
    assert measured.values["not_null:delivery.address.city"].value == 1
    assert measured.values["items:lines"].value == 1


def test_a_composite_type_is_looked_into(engines: Engines) -> None:
    engines.postgres.execute(
        b"DROP TABLE IF EXISTS public.c; DROP TYPE IF EXISTS public.place; DROP DOMAIN IF EXISTS public.words"
    )
    engines.postgres.execute(b"CREATE TYPE public.place AS (city text, zip text)")
    engines.postgres.execute(b"CREATE DOMAIN public.words AS text[]")
    engines.postgres.execute(b"CREATE TABLE public.c (place public.place, words public.words)")
    engines.postgres.execute(
        b"INSERT INTO public.c VALUES (ROW(NULL, 'x'), '{a,bbb}'), (ROW('Bonn', 'x'), '{a}'), (NULL, NULL)"
    )
    columns = (
        Column(name="place", logical_type=LogicalType.OBJECT, physical_type="public.place"),
        Column(name="words", logical_type=LogicalType.ARRAY, physical_type="public.words"),
    )
    checks = (
        Check(id="city", kind=K.NOT_NULL, columns=("place",), path=("city",)),
        Check(id="word", kind=K.LENGTH, columns=("words",), path=(ITEM,), logical="string", high=2),
    )
    contract = Contract(id="c", version="1", name="c", table="public.c", columns=columns, checks=checks)
    measured = pg_measure.measure(engines.postgres, contract, sql_checks.Rows(relation='"public"."c"'))
    assert {name: (found.value, found.error) for name, found in measured.values.items()} == {
        "city": (1, ""),
        "word": (1, ""),
    }


def test_a_constraint_of_the_column_proves_nothing_of_what_is_below(engines: Engines) -> None:
    engines.postgres.execute(b"DROP TABLE IF EXISTS public.p; CREATE TABLE public.p (doc jsonb NOT NULL)")
    engines.postgres.execute(b"INSERT INTO public.p VALUES ('{}')")
    contract = contract_of(check(K.NOT_NULL, CITY[:1]))
    rows = sql_checks.Rows(relation='"public"."p"', table="public.p")
    found = pg_measure.measure(engines.postgres, contract, rows).values
    assert [(one.value, one.proof) for one in found.values()] == [(1, "")]


def test_rows_are_set_aside_with_words_that_name_the_place() -> None:
    assert check(K.NOT_NULL, SKU, column="order").reason() == "order.lines[].sku is null"
    assert check(K.ITEMS, ("lines",), low=1, high=2).reason() == "doc.lines has not 1 to 2 items"
