"""Checks of what is inside a column, on BigQuery: they find what the other engines find, as far as its JSON has the numbers."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from airflow_provider_harness.adapters.bigquery import measure as bq_measure
from airflow_provider_harness.adapters.bigquery.jobs import Jobs
from airflow_provider_harness.adapters.bigquery.subject import BigQueryRows
from airflow_provider_harness.adapters.bigquery.warehouse import BigQueryWarehouse
from airflow_provider_harness.adapters.contracts.odcs import compile_text
from airflow_provider_harness.adapters.postgres.warehouse import PostgresWarehouse
from airflow_provider_harness.adapters.sql import checks as sql_checks
from airflow_provider_harness.core.contracts.checks import Check, CheckKind
from airflow_provider_harness.core.contracts.contract import Contract
from airflow_provider_harness.core.contracts.report import Measurements
from airflow_provider_harness.core.errors import UncarriedValue
from airflow_provider_harness.core.slices.slices import slice_of_day
from airflow_provider_harness.testing.bigquery import BigQueryServer
from airflow_provider_harness.testing.postgres import PostgresServer
from tests.ports.test_inside_agree import EXAMPLES, contract_of

TOO_EXACT = ("enum of numbers", "range, exact", "multipleOf", "decimals")
"""Examples with numbers that BigQuery's JSON does not have."""
NO_TYPE = ("two dimensions", "an array of documents")
"""Examples of types that BigQuery has not."""
NO_NAME = ("pattern",)
"""Examples of fields with quotes in their names, for which the stand-in has no way of asking."""
BY_TEXT = ("unique items",)
"""Examples of equal objects that are written differently: BigQuery's are compared as they are written."""
NO_NULL = ("items that are null", "items", "an array's items")
"""Examples of arrays that are NULL, or hold one; BigQuery keeps no such."""
KINDS = {"doc": "JSON", "old": "JSON", "written": "STRING", "tags": "ARRAY<STRING>"}


class Table:
    """One table in BigQuery, in which a column at a time is filled."""

    def __init__(self, server: BigQueryServer, home: str) -> None:
        self.client, self.name = server.client(), f"{home}.t"
        columns = ", ".join(f"{name} {kind}" for name, kind in KINDS.items())
        self.client.query_and_wait(f"CREATE TABLE {self.name} (place INT64, {columns}, text STRING)")

    def fill(self, column: str, values: list[Any]) -> None:
        self.client.query_and_wait(f"DELETE FROM {self.name} WHERE TRUE")
        rows = [f"({place}, {self._value(column, value)})" for place, value in enumerate(values)]
        if rows:
            self.client.query_and_wait(f"INSERT INTO {self.name} (place, {column}) VALUES {', '.join(rows)}")

    def _value(self, column: str, value: Any) -> str:
        if value is None:
            return "NULL"
        if isinstance(value, list):
            return "[" + ", ".join(self._value("text", one) for one in value) + "]"
        value = value.replace(r"\ud83d\ude00", "😀")  # the stand-in cannot take it so
        plain = "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
        return f"PARSE_JSON({plain}, wide_number_mode=>'round')" if KINDS.get(column) == "JSON" else plain

    def measured(self, check: Check) -> Measurements:
        contract = replace(contract_of(check), table=self.name)
        rows = sql_checks.Rows(relation=sql_checks.ident(self.name))
        return bq_measure.measure(Jobs(self.client), contract, rows, None, "test")


@pytest.fixture(scope="module")
def table(bigquery: BigQueryServer) -> Iterator[Table]:
    home = f"inside_{uuid.uuid4().hex[:12]}"
    bigquery.ensure_dataset(home)
    yield Table(bigquery, home)
    bigquery.drop_dataset(home)


OF_POSTGRESQL = tuple(case[0] for case in EXAMPLES if case[0].startswith("the character of number 0"))
"""Documents that PostgreSQL cannot take apart, and BigQuery can."""
HELD = [
    case for case in EXAMPLES if case[0] not in (*TOO_EXACT, *NO_TYPE, *NO_NULL, *NO_NAME, *BY_TEXT, *OF_POSTGRESQL)
]


@pytest.mark.parametrize(("one", "rows"), [case[1:] for case in HELD], ids=[case[0] for case in HELD])
def test_it_finds_the_rows_that_fail(table: Table, one: Check, rows: list[tuple[Any, bool]]) -> None:
    table.fill(one.columns[0], [value for value, _ in rows])
    measured = table.measured(one)
    wanted = sum(fails for _, fails in rows)
    assert (measured.values[one.id].error, measured.values[one.id].value, measured.malformed) == ("", wanted, wanted)


@pytest.mark.parametrize(
    ("one", "values", "wanted"),
    [
        (Check(id="c", kind=CheckKind.RANGE, columns=("doc",), path=("n",), logical="number", low=0.1, high=5), ['{"n": 0.1}', '{"n": 0.09}', '{"n": 5.5}', '{"n": 1e300}', '{"n": "3"}', '{"n": null}'], 4),
        (Check(id="c", kind=CheckKind.ACCEPTED_VALUES, columns=("doc",), path=("n",), logical="number", values=(1, 0.1)), ['{"n": 1.0}', '{"n": 0.1}', '{"n": 2}', '{"n": true}', '{"n": "1"}', "{}"], 3),
        (Check(id="c", kind=CheckKind.MULTIPLE, columns=("doc",), path=("n",), logical="number", step=0.05), ['{"n": 0.15}', '{"n": 0.07}', '{"n": "0.15"}'], 2),
        (Check(id="c", kind=CheckKind.REGEX, columns=("doc",), path=("a b",), logical="string", pattern=r"^\d+\\'$"), ['{"a b": "12\\\\\'"}', '{"a b": "12"}', '{"a b": 12}'], 2),
        (Check(id="c", kind=CheckKind.UNIQUE_ITEMS, columns=("doc",), path=("a",)), ['{"a": [1, "1", true, null]}', '{"a": [1, 1.0]}', '{"a": [{"b": 1}, {"b": 1}]}', '{"a": 1}', '{"a": []}'], 3),
        (Check(id="c", kind=CheckKind.ITEMS, columns=("tags",), low=1, high=2), [["a"], ["a", "b", "c"]], 1),
        (Check(id="c", kind=CheckKind.LENGTH, columns=("tags",), path=("[]",), logical="string", high=2), [["a"], ["abc", "d"], []], 1),
    ],
    ids=["range", "enum", "multipleOf", "pattern", "unique items", "items", "length of items"],
)  # fmt: skip
def test_numbers_and_arrays_as_it_has_them(table: Table, one: Check, values: list[Any], wanted: int) -> None:
    table.fill(one.columns[0], values)
    found = table.measured(one).values["c"]
    assert (found.error, found.value) == ("", wanted)


CONTRACT = """
apiVersion: v3.1.0
kind: DataContract
id: orders
version: 1.0.0
status: active
customProperties: [{property: harness.load, value: {mode: full}}]
servers: [{server: warehouse, type: bigquery, project: p, dataset: HOME}]
schema:
  - name: o
    properties:
      - {name: id, logicalType: integer, physicalType: INT64, classification: public, unique: true}
      - {name: at, logicalType: timestamp, physicalType: TIMESTAMP}
      - name: delivery
        logicalType: object
        physicalType: STRUCT<city STRING, zip STRING(5), seen ARRAY<DATE>>
        classification: public
        properties:
          - {name: city, logicalType: string, required: true, enum: [{value: Bonn}, {value: Köln}]}
          - name: seen
            logicalType: array
            items: {logicalType: date, logicalTypeOptions: {minimum: "2024-01-01"}}
      - name: lines
        logicalType: array
        physicalType: ARRAY<STRUCT<sku STRING, price NUMERIC>>
        logicalTypeOptions: {minItems: 1}
        items:
          logicalType: object
          properties:
            - {name: sku, logicalType: string, required: true, logicalTypeOptions: {maxLength: 3}}
            - {name: price, logicalType: number, logicalTypeOptions: {minimum: 0, exclusiveMaximum: 99.5}}
      - {name: tags, logicalType: array, physicalType: ARRAY<STRING>, items: {logicalType: string, logicalTypeOptions: {pattern: "^[a-z]+$"}}}
      - name: doc
        logicalType: object
        physicalType: JSON
        properties: [{name: n, logicalType: integer, logicalTypeOptions: {minimum: 3}}]
"""
ORDERS = """
INSERT INTO HOME.o VALUES
(1, CURRENT_TIMESTAMP(), STRUCT(NULL, '1', [DATE '2023-12-31']), [STRUCT('abcd', NUMERIC '1'), STRUCT(NULL, NUMERIC '99.5')], ['a', 'B'], JSON '{"n": 2}'),
(2, NULL, STRUCT('Ulm', NULL, []), [], [], JSON '{"n": 3.5}'),
(3, NULL, STRUCT('Köln', '53111', [DATE '2024-01-01']), [STRUCT('a', NUMERIC '99.49')], ['a', 'b'], JSON '{"n": 3}'),
(3, NULL, NULL, [STRUCT('b', NULL)], [], NULL)
"""


@pytest.fixture
def orders(bigquery: BigQueryServer) -> Iterator[tuple[Contract, BigQueryServer]]:
    home = f"inside_{uuid.uuid4().hex[:12]}"
    bigquery.ensure_dataset(home)
    kinds = "id INT64, at TIMESTAMP, delivery STRUCT<city STRING, zip STRING, seen ARRAY<DATE>>, "
    kinds += "lines ARRAY<STRUCT<sku STRING, price NUMERIC>>, tags ARRAY<STRING>, doc JSON"
    bigquery.client().query_and_wait(f"CREATE TABLE {home}.o ({kinds})")
    bigquery.client().query_and_wait(ORDERS.replace("HOME", home))
    yield compile_text(CONTRACT.replace("HOME", home), "orders.odcs.yaml"), bigquery
    bigquery.drop_dataset(home)


def test_a_table_of_structs_and_repeated_columns_is_looked_into(orders: tuple[Contract, BigQueryServer]) -> None:
    contract, server = orders
    measured, _ = BigQueryRows(server.client()).measure(contract, slice_of_day(contract, date(2024, 1, 1)))
    assert {name: found.error for name, found in measured.values.items() if found.error} == {}
    assert {name: found.value for name, found in measured.values.items()} == {
        "unique:id": 1,
        "not_null:delivery.city": 1,
        "accepted_values:delivery.city": 1,
        "range:delivery.seen[]": 1,
        "items:lines": 1,
        "not_null:lines[].sku": 1,
        "length:lines[].sku": 1,
        "range:lines[].price": 1,
        "regex:tags[]": 1,
        "range:doc.n": 2,
    }


def test_its_columns_are_the_contracts_in_the_same_words(orders: tuple[Contract, BigQueryServer]) -> None:
    contract, server = orders
    found = BigQueryWarehouse(server.client()).columns(contract.table)
    assert found is not None
    kinds = {column.name: column.type for column in found.columns}
    assert kinds["lines"] == contract.column("lines").physical_type == "struct<sku text,price numeric(38,9)>[]"
    assert kinds["at"] == contract.column("at").physical_type == "timestamp with time zone"


def test_such_a_table_is_not_loaded_and_the_way_out_is_named(orders: tuple[Contract, BigQueryServer]) -> None:
    contract, server = orders
    piece = slice_of_day(contract, date(2024, 1, 1))
    with (
        pytest.raises(UncarriedValue, match=r"lines: type struct<.*BigQuery's own.*physicalType: json"),
        BigQueryWarehouse(server.client()).slice(contract, piece),
    ):
        pass


def test_no_type_of_bigquery_reaches_a_statement_of_postgresql(
    orders: tuple[Contract, BigQueryServer], postgres: PostgresServer
) -> None:
    contract, _ = orders
    piece = slice_of_day(contract, date(2024, 1, 1))
    with (
        pytest.raises(UncarriedValue, match="BigQuery's own"),
        PostgresWarehouse(postgres.url("postgres")).slice(contract, piece),
    ):
        pass


def test_a_text_that_is_no_json_fails(table: Table) -> None:
    table.fill("written", ["{a: 1", '{"place": {"city": "Bonn"}}'])
    check = Check(id="c", kind=CheckKind.NOT_NULL, columns=("written",), path=("place", "city"))
    assert table.measured(check).values["c"].value == 1
