"""Rules of SQL and what is asked of a column: read when the contract is, and every mistake has its line."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_harness.adapters.contracts.odcs import compile_text
from airflow_provider_harness.adapters.contracts.rules.sql import named, rule
from airflow_provider_harness.core.contracts.checks import Check, CheckKind
from airflow_provider_harness.core.errors import ContractError

CONTRACT = """
apiVersion: v3.1.0
kind: DataContract
id: orders
version: 1.0.0
status: active
schema:
  - name: orders
    physicalName: sales.orders
    properties:
      - {name: id, logicalType: integer, physicalType: bigint, primaryKey: true}
      - name: amount
        logicalType: number
        physicalType: numeric(12,2)
        quality:
          - type: sql
            query: QUERY
            mustBe: 0
      - name: it
        logicalType: string
        physicalType: KIND
        OPTIONS
"""


def compiled(query: str = "SELECT 0", kind: str = "text", options: str = "required: false") -> dict[str, Check]:
    text = CONTRACT.replace("QUERY", repr(query)).replace("KIND", kind).replace("OPTIONS", options)
    return {check.id: check for check in compile_text(text, "x.odcs.yaml").checks}


def found(**given: str) -> tuple[str, ...]:
    with pytest.raises(ContractError) as caught:
        compiled(**given)
    return caught.value.findings


def read(query: str, column: str = "amount") -> Any:
    return rule(query, column=column, table="sales.orders", names=("orders", "sales.orders"), columns=("id", "amount"))


@pytest.mark.parametrize(
    ("query", "sql"),
    [
        ("SELECT count(*) FROM ${table} WHERE id < 0", "SELECT count(*) FROM ${table} WHERE id < 0"),
        ("SELECT count(*) FROM {object} WHERE {property} < 0", 'SELECT count(*) FROM ${table} WHERE "amount" < 0'),
        ("SELECT count(*) FROM {model} WHERE {column} < 0;", 'SELECT count(*) FROM ${table} WHERE "amount" < 0'),
        ("SELECT count(*) FROM {table} WHERE ${property} < 0", 'SELECT count(*) FROM ${table} WHERE "amount" < 0'),
        ('SELECT count(*) FROM "${object}" WHERE "${column}" < 0', 'SELECT count(*) FROM ${table} WHERE "amount" < 0'),
        ("SELECT count(*) FROM `{model}` WHERE `{column}` < 0", 'SELECT count(*) FROM ${table} WHERE "amount" < 0'),
        ("SELECT 0 FROM ${table} -- about {nothing};\n;", "SELECT 0 FROM ${table}"),
        (
            "SELECT count(*) FROM ${table} WHERE '{a,b}' <> '{c}'",
            "SELECT count(*) FROM ${table} WHERE '{a,b}' <> '{c}'",
        ),
        (
            "SELECT count(*) FROM {table} WHERE id = '{table}' OR id LIKE 'x{column}''{object}%'",
            "SELECT count(*) FROM ${table} WHERE id = '{table}' OR id LIKE 'x{column}''{object}%'",
        ),
        (
            r"SELECT count(*) FROM {table} WHERE id IN (E'it\'s {table}', $${model}$$, $a$ $$ {column}$a$)",
            r"SELECT count(*) FROM ${table} WHERE id IN (E'it\'s {table}', $${model}$$, $a$ $$ {column}$a$)",
        ),
        (
            r"SELECT count(*) FROM {table} WHERE id IN ('a${table}', E'\'${table}', $q$it's ${table}$q$, $a${table}$a$)",
            r"SELECT count(*) FROM ${table} WHERE id IN (('a$' || '{table}'), (E'\'$' || E'{table}'), ('it''s $' || '{table}'),"
            " '{table}')",
        ),
    ],
)
def test_placeholders_of_the_standard_and_of_its_tools_are_known(query: str, sql: str) -> None:
    assert (read(query).sql, read(query).problems) == (sql, ())


@pytest.mark.parametrize(
    ("query", "whole"),
    [
        ("SELECT count(*) FROM sales.orders WHERE amount < 0", True),
        ("SELECT count(*) FROM orders o WHERE o.amount < 0", True),
        ("SELECT count(*) FROM Sales.ORDERS WHERE ORDERS.Amount < 0", True),
        ('SELECT count(*) FROM "sales"."orders" WHERE sales.orders.amount < 0', True),
        ("SELECT count(*) FROM sales.{table} WHERE amount < 0", True),
        ("SELECT count(*) FROM shop.sales.orders WHERE shop.sales.orders.amount < 0", True),
        ("SELECT count(*) FROM ONLY orders", True),
        ("SELECT count(*) FROM orders AS o JOIN shops AS s ON s.id = o.id WHERE s.kind = 'x'", True),
        ("SELECT max(n) FROM (SELECT count(*) AS n FROM orders GROUP BY id) AS q", True),
        ("SELECT count(*) FROM ${table} AS t LEFT JOIN orders AS o ON o.id = t.id WHERE o.id IS NULL", True),
        ("WITH orders AS (SELECT * FROM orders) SELECT count(*) FROM orders", True),
        ("SELECT (SELECT count(*) FROM orders) - (SELECT count(*) FROM shops)", True),
        ('SELECT count(*) FROM "Orders"', False),
        ("SELECT count(*) FROM other.orders", False),
        ("WITH orders AS (SELECT 1 AS id) SELECT count(*) FROM orders", False),
        ("SELECT count(*) FROM ${table}", False),
    ],
)
def test_the_own_table_is_read_as_it_will_be(query: str, whole: bool) -> None:
    made = read(query)
    assert made.problems == ()
    assert made.sql.count("harness_whole") == (1 if whole else 0), made.sql
    assert "sales" not in made.sql.lower()


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELECT count(*) FROM {tabel}", "{tabel} is no placeholder. Valid: ${object}, ${table}"),
        ("SELECT 1; SELECT 2", "has 2 statements. Write one SELECT that gives one number."),
        ("DELETE FROM orders", "is no query, but DELETE."),
        ("WITH gone AS (DELETE FROM orders RETURNING id) SELECT count(*) FROM gone", "writes."),
        ("SELECT id, amount FROM orders", "gives 2 columns. Select one number."),
        ("SELECT * FROM ${table}", "gives all columns."),
        ("SELECT count(*) FROM orders WHERE amuont < 0", "'amuont' is not a column of the table."),
        ("SELECT count(*) FROM ${table} t WHERE t.amuont < 0", "'amuont' is not a column of the table."),
        ("SELECT count(*) FROM orders o JOIN shops s ON s.id = o.shop", "'shop' is not a column of the table."),
        ("SELECT count(* FROM orders", "is no SQL of PostgreSQL's: "),
    ],
)
def test_a_rule_that_cannot_be_one_is_found_with_its_line(query: str, said: str) -> None:
    (finding,) = found(query=query)
    assert finding.startswith("x.odcs.yaml:17: schema[0].properties[1].quality[0].query: ")
    assert said in finding


def test_a_rule_that_names_the_table_to_which_the_contract_is_applied_reads_it_as_it_will_be() -> None:
    text = CONTRACT.replace("QUERY", "SELECT count(*) FROM mart.orders_daily WHERE amount < 0")
    contract = compile_text(text.replace("KIND", "text").replace("OPTIONS", "required: false"), "x.odcs.yaml")
    (rule_of_sql,) = (check for check in contract.checks if check.sql)
    assert "mart.orders_daily" in rule_of_sql.sql
    (applied,) = (check for check in named(contract.at("mart.orders_daily")).checks if check.sql)
    assert applied.sql == "SELECT COUNT(*) FROM harness_whole AS orders_daily WHERE amount < 0"


def test_a_placeholder_of_a_column_needs_one() -> None:
    assert (
        read("SELECT count({column}) FROM {table}", column="").problems[0].problem
        == "{column} stands for no column here."
    )


@pytest.mark.parametrize(
    ("kind", "options", "said"),
    [
        (
            "text",
            "logicalTypeOptions: {pattern: '^[A-Z{2}$'}",
            "pattern: the pattern '^[A-Z{2}$' is none: character 2: the set is not closed. Add ].",
        ),
        (
            "text",
            "enum: [{value: DE}, {value: NO}]",
            "enum[1].value: False is a bool, and the column is a string. Quote it.",
        ),
        ("integer", "enum: [{value: '1'}, {value: x}]", "'x' is no value of a column that is integer"),
        ("uuid", "enum: [{value: x}]", "'x' is no value of a column that is uuid"),
        ("date", "enum: [{value: 2024-02-30}]", "is no value of a column that is date"),
        (
            "'integer[]'",
            "enum: [{value: '1'}]",
            "accepted_values cannot be asked of it, which is integer[]; write a rule of type sql",
        ),
        ("boolean", "logicalTypeOptions: {pattern: a}", "regex cannot be asked of it, which is boolean"),
        ("json", "unique: true", "unique cannot be asked of it, which is json"),
        (
            "text",
            "quality: [{metric: invalidValues, arguments: {pattern: '('}, mustBe: 0}]",
            "the parenthesis is not closed",
        ),
    ],
)
def test_what_cannot_be_asked_of_a_column_is_found_when_the_contract_is_read(
    kind: str, options: str, said: str
) -> None:
    assert [said in finding for finding in found(kind=kind, options=options)] == [True], found(
        kind=kind, options=options
    )


def test_a_share_of_what_counts_no_rows_is_found() -> None:
    text = CONTRACT.replace("            mustBe: 0", "            unit: percent\n            mustBeLessThan: 5")
    text = text.replace("QUERY", "SELECT 0").replace("KIND", "text").replace("OPTIONS", "required: false")
    with pytest.raises(ContractError, match="custom_sql counts no rows of the slice, so it has no share in percent"):
        compile_text(text, "x.odcs.yaml")


def test_null_is_left_out_of_every_list() -> None:
    options = "enum: [{value: a}, {value: null}]"
    assert compiled(options=options)["accepted_values:it"].values == ("a",)
    listed = "quality: [{metric: invalidValues, arguments: {validValues: [a, null]}, mustBe: 0}]"
    assert compiled(options=listed)["accepted_values:it"].values == ("a",)


def test_a_bound_of_many_digits_keeps_them() -> None:
    text = CONTRACT.replace("QUERY", "SELECT 0").replace("KIND", "text").replace("OPTIONS", "required: false")
    text = text.replace(
        "physicalType: numeric(12,2)\n",
        "physicalType: numeric\n        logicalTypeOptions: {maximum: 0.30000000000000000001}\n",
    )
    (check,) = (c for c in compile_text(text, "x.odcs.yaml").checks if c.kind is CheckKind.RANGE)
    assert str(check.high) == "0.30000000000000000001"
