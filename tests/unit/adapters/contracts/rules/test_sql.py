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
        ("SELECT count(*) FROM {tabel}", "{tabel} is not a placeholder. Valid: ${object}, ${table}"),
        ("SELECT 1; SELECT 2", "has 2 statements. Write one SELECT that gives one number."),
        ("DELETE FROM orders", "is not a query, but DELETE."),
        ("WITH gone AS (DELETE FROM orders RETURNING id) SELECT count(*) FROM gone", "writes."),
        ("SELECT id, amount FROM orders", "gives 2 columns. Select one number."),
        ("SELECT * FROM ${table}", "gives all columns."),
        ("SELECT count(*) FROM orders WHERE amuont < 0", "'amuont' is not a column of the table."),
        ("SELECT count(*) FROM ${table} t WHERE t.amuont < 0", "'amuont' is not a column of the table."),
        ("SELECT count(*) FROM orders o JOIN shops s ON s.id = o.shop", "'shop' is not a column of the table."),
        ("SELECT count(* FROM orders", "is not SQL of PostgreSQL: "),
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
            "pattern: the pattern '^[A-Z{2}$' is not valid: character 2: the set is not closed. Add ].",
        ),
        (
            "text",
            "enum: [{value: DE}, {value: NO}]",
            "enum[1].value: False is a bool, and the column is a string. Quote it.",
        ),
        ("integer", "enum: [{value: '1'}, {value: x}]", "'x' is not a value of a column that is integer"),
        ("uuid", "enum: [{value: x}]", "'x' is not a value of a column that is uuid"),
        ("date", "enum: [{value: 2024-02-30}]", "is not a value of a column that is date"),
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


STRANGE = [
    "select count(*) from orders where id in (select zz from orders as x where x.id=1)",
    "select (select count(*) from orders where oo=a.id) from orders a",
    "with c as (select id as k from orders) select count(*) from c where kk > 1",
    "select count(*) from (select id, amount+1 as m from orders) s where s.mm=1",
    "select count(*) from (select id from orders union all select nn from orders) u",
    "select count(*) from (select * from ${table}) q where amuont < 0",
    "with a as (select * from orders), b as (select * from a) select count(*) from b where idd > 1",
    "select count(*) from orders a where exists (select 1 from orders b where b.idd = a.id)",
    "select count(*) from orders a where exists (select 1 from shops b where b.idd = a.idd)",
    "select count(*) filter (where zz > 1) from orders",
    "select sum(case when zz > 1 then 1 else 0 end) from orders",
    "select count(*) from orders group by zz",
    "select max(c) from (select idd, count(*) c from orders group by idd having count(*) > 1) d",
    "select count(*) from orders a join orders b on a.idd = b.id",
    "select count(*) from (select row_number() over (partition by idd order by o) as rn from orders) q where rn > 1",
    "select case when exists (select 1 from orders where zz) then 1 else 0 end",
    'select count(*) from orders where "ID" > 1',
    "select avg(amount) from orders where o > (select max(oo) from orders)",
    "with c(k) as (select id from orders) select count(*) from c where id > 1",
]
"""Queries of which one name is a column of nothing that can be seen where it stands."""
SOUND = [
    "select count(*) from orders where id in (select zz from shops where shops.x = orders.id)",
    "select (select count(*) from orders where o=a.amount) from orders a",
    "with c as (select id as k from orders) select count(*) from c where k > 1 and K < 5",
    "select count(*) from (select id, count(*) from orders group by id) s where count > 1",
    "select count(*) from orders, generate_series(1,2) g where g > 1",
    "select count(*) from orders where orders is not null",
    "select count(*) from orders t where (t).id > 1",
    "select count(*) from orders, lateral (select orders.id+amount as q) l where l.q > 1",
    "select count(*) from orders x, lateral (select y.id from orders y where y.id = x.id) l",
    "select count(*) from orders cross join lateral (values (id),(amount)) v(z) where z > 1",
    "select count(*) from orders, unnest(array[id, amount]) as u where u > 1",
    "select count(*) from orders, json_each_text('{}'::json) where key = 'a'",
    "select n from (select count(*) as n from orders order by n) q",
    "select count(*) as n from orders having count(*) > 0 order by n",
    "select count(*) from (select id as a from orders union select amount from orders order by a) q where a > 1",
    "select count(*) from (values (1,2)) v(a,b) where a=1",
    "select count(*) from orders where user = 'x' and current_date > o",
    "select count(*) from orders natural join shops where zz=1",
    "with recursive r as (select 1 as n union all select n + 1 from r where n < 5) select count(*) from r where n > 1",
    "select count(*) from orders where ctid is not null",
    "select count(*) from orders as x(a,b,c) where a > 1",
    "select count(*) from orders tablesample bernoulli (10) where id > 1",
    "select count(*) from (table orders) q where id > 1",
    "with a as (select id from orders where id > 1) select count(*) from orders o where exists (select 1 from (select max(id) as m from a where a.id = o.amount) z where z.m > 1)",
    "select count(*) from orders a where amount > all (select b.amount from (select amount from orders where id = a.id) b)",
    "select extract(epoch from max(o)) from orders",
    "select count(*) from orders group by grouping sets ((id), ())",
    "select count(distinct (id, amount)) from orders",
    "select percentile_cont(0.5) within group (order by amount) from orders",
    "select count(*) from orders window w as (partition by id)",
    "select max(x) from (select amount::int as x from orders) q",
    "select max(q.amount) from (select amount::int from orders) q",
    "select count(*) from (select id, 1 as one from orders) q(a, b) where a = b",
    "select count(*) from (select id, 1 as one from orders) q(a) where a = one",
    "select count(*) from (select o.* from orders o) q where id > 1",
    "select sum(id) from (select orders.id from orders join shops using (id)) z",
    "select count(*) from orders o where not exists (select from orders p where p.id = o.id)",
    "select count(*) from rows from (generate_series(1,2), generate_series(1,3)) as z(a,b) where a > 1",
    "with w as materialized (select id from orders) select count(*) from w where id is null",
    "with c as (select id from orders) select count(*) from c as d(x) where x > 1",
    "select count(*) from sales.orders where sales.orders.id > 0",
    "select count(*) from orders where amount > 0 and exists (with z as (select orders.id as k) select 1 from z where k = amount)",
]
"""Queries of which each name is a column, or may be one."""


def problems(query: str) -> Any:
    columns = ("id", "amount", "o")
    return rule(query, column="", table="sales.orders", names=("orders", "sales.orders"), columns=columns).problems


@pytest.mark.parametrize("query", STRANGE)
def test_a_column_of_nothing_is_found_wherever_it_stands(query: str) -> None:
    (problem,) = problems(query)
    assert "is not a column of" in problem.problem


@pytest.mark.parametrize("query", SOUND)
def test_what_may_be_a_column_is_no_fault(query: str) -> None:
    assert not problems(query)
