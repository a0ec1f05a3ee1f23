"""What a person who writes contracts gets wrong: one finding each, on its own line; and what looks wrong and is right."""

from __future__ import annotations

import time
from typing import Any

import pytest
import yaml

from airflow_provider_harness.adapters.contracts.odcs import compile_file, compile_text
from airflow_provider_harness.core.contracts.checks import CheckKind, CheckSeverity, Operator, Unit
from tests.unit.adapters.contracts.test_silent import STRING, checks_of, contract, findings, options


def rule(metric: str, **given: Any) -> dict[str, Any]:
    return {"metric": metric, **given}


def own(check: str, **given: Any) -> dict[str, Any]:
    return {"type": "custom", "engine": "harness", "implementation": {"check": check, **given}}


def column(*rules: dict[str, Any], **prop: Any) -> dict[str, Any]:
    return {"logicalType": "string", **prop, **({"quality": list(rules)} if rules else {})}


def promise(prop: str, value: Any, **given: Any) -> dict[str, Any]:
    return {"slaProperties": [{"property": prop, "value": value, **given}]}


def test_a_rule_that_says_nothing_to_check_is_no_description() -> None:
    assert any("needs the field 'metric'" in said for said in findings(contract(rules=[{"description": "x"}])))


MISTAKES = [
    ("a bound that all keep", contract(options("number", "numeric(5,2)", maximum=float("inf"))), "maximum", "inf is a bound that all values keep, or none"),
    ("a bound that none keeps", contract(options("number", minimum=float("inf"))), "minimum", "inf is a bound"),
    ("an open bound that all keep", contract(options("integer", exclusiveMaximum=float("inf"))), "exclusiveMaximum", "inf is a bound"),
    ("shorter than a uuid", contract(options("string", "uuid", maxLength=10)), "maxLength", "asks for 10 characters at most, and a uuid has 36"),
    ("a format without room", contract(options("string", "varchar(3)", format="ipv4")), "format", "of 7 characters at least, and the column has room for 3"),
    ("examples of another type", contract({"logicalType": "integer", "examples": [1, "x"]}), "examples", "'x' is not a number"),
    ("a number in quotes", contract(rules=[{"type": "sql", "query": "SELECT count(*) FROM ${table}", "mustBe": "0"}]), "mustBe", "'0' is not a number. Write it without quotes"),
    ("a parameter", contract(rules=[{"type": "sql", "query": "SELECT count(*) FROM t WHERE id = $1", "mustBe": 0}]), "query", "has $1, which nobody fills"),
    ("days as texts", contract({"logicalType": "date", "physicalType": "text"}, customProperties=[{"property": "harness.load", "value": {"mode": "incremental", "sliceColumn": "x"}}]), "sliceColumn", "x is a date kept as text"),
    ("seconds in two bytes", contract({"logicalType": "integer", "physicalType": "smallint"}, customProperties=[{"property": "harness.load", "value": {"mode": "incremental", "sliceColumn": "x", "epochUnit": "seconds"}}]), "epochUnit", "smallint has no room for seconds since 1970"),
    ("slices of ranges", contract({"logicalType": "timestamp", "physicalType": "tstzrange"}, customProperties=[{"property": "harness.load", "value": {"mode": "incremental", "sliceColumn": "x"}}]), "sliceColumn", "x is a tstzrange, which is not a moment. Valid: date, timestamp, integer"),
    ("milliseconds in four bytes", contract({"logicalType": "integer", "physicalType": "integer"}, customProperties=[{"property": "harness.load", "value": {"mode": "incremental", "sliceColumn": "x", "epochUnit": "milliseconds"}}]), "epochUnit", "integer has no room for milliseconds since 1970"),
    ("a name in quotes", contract(more={"physicalName": '"public"."t"'}), "physicalName", "has quotes in it"),
    ("a word that YAML takes", contract({"logicalType": "string", "name": False}), "name", "quote it"),
    ("base 8", contract({"logicalType": "integer", "enum": [{"value": 7777}]}).replace("7777", "010"), "010", "010 is read as another number by YAML 1.1"),
    ("base 60", contract({"logicalType": "integer", "enum": [{"value": 7777}]}).replace("7777", "12:30:00"), "12:30", "12:30:00 is read as another number"),
    ("minLength over maxLength", contract(options("string", minLength=12, maxLength=8)), "logicalTypeOptions", "minLength 12 is over maxLength 8"),
    ("lengths of a rule", contract(column(rule("invalidValues", mustBe=0, arguments={"minLength": 9, "maxLength": 2}))), "arguments", "minLength 9 is over maxLength 2"),
    ("minimum over maximum", contract(options("integer", minimum=9, maximum=5)), "logicalTypeOptions", "minimum 9 is over maximum 5"),
    ("dates the wrong way round", contract(options("date", minimum="2030-01-01", maximum="2020-01-01")), "logicalTypeOptions", "is over maximum"),
    ("nothing between open ends", contract(options("integer", exclusiveMinimum=5, maximum=5)), "logicalTypeOptions", "leave no value"),
    ("longer than the type", contract(options("string", "varchar(3)", minLength=5)), "minLength", "asks for 5 characters at least, and character varying(3) has room for 3"),
    ("a value longer than the type", contract({"logicalType": "string", "physicalType": "char(2)", "enum": [{"value": "ab"}, {"value": "abc"}]}), "enum", "lists 'abc', and character(2) has room for 2"),
    ("a value over the type", contract({"logicalType": "integer", "physicalType": "smallint", "enum": [{"value": 40000}]}), "enum", "lists 40000, and smallint has values from"),
    ("over the type", contract(options("integer", "smallint", minimum=40000)), "minimum", "and smallint has values to 32767"),
    ("under the type", contract(options("integer", "integer", maximum=-3000000000)), "maximum", "and integer has values from -2147483648"),
    ("at the type's open end", contract(options("integer", "smallint", exclusiveMinimum=32767)), "exclusiveMinimum", "and smallint has values to 32767"),
    ("over the digits", contract(options("number", "numeric(4,2)", minimum=100)), "minimum", "and numeric(4,2) has values to 99.99"),
    ("a number in a text", contract({"logicalType": "integer", "physicalType": "text"}), "physicalType", "is a type of texts, and logicalType is integer"),
    ("a pseudo-type", contract({"logicalType": "object", "physicalType": "RECORD"}), "physicalType", "'RECORD' is not a type of PostgreSQL"),
    ("an array of one", contract({"logicalType": "array", "physicalType": "record[]"}), "physicalType", "'record[]' is not a type of PostgreSQL"),
    ("another database's object", contract({"logicalType": "object", "physicalType": "STRUCT"}), "physicalType", "'STRUCT' is not a type of PostgreSQL"),
    ("a moment as a number", contract({"logicalType": "integer", "physicalType": "timestamptz"}), "physicalType", "is a type of logicalType timestamp, and logicalType is integer"),
    ("a truth as a number", contract({"logicalType": "boolean", "physicalType": "smallint"}), "physicalType", "is a type of logicalType integer, and logicalType is boolean"),
    ("texts among numbers", contract({"logicalType": "array", "physicalType": "int[]", "items": {"logicalType": "string"}}), "logicalType", "is string, and the items of integer[] are of logicalType integer"),
    ("numbers among texts", contract({"logicalType": "array", "physicalType": "text[]", "items": {"logicalType": "number"}}), "logicalType", "is number, and the items of text[]"),
    ("a type of items that is another", contract({"logicalType": "array", "physicalType": "date[]", "items": {"physicalType": "bigint", "logicalType": "date"}}), "physicalType", "is integer, and the items of date[]"),
    ("arrays among numbers", contract({"logicalType": "array", "physicalType": "int[]", "items": {"logicalType": "array", "items": {"logicalType": "integer"}}}), "logicalType", "is array, and the items of integer[]"),
    ("texts among numbers, two deep", contract({"logicalType": "array", "physicalType": "int[][]", "items": {"logicalType": "array", "items": {"logicalType": "string"}}}), "logicalType", "is string, and the items of integer[]"),
    ("Snowflake", contract({"logicalType": "integer", "physicalType": "NUMBER(38,0)"}), "physicalType", "'NUMBER(38,0)' is a type of Snowflake, and no server of the contract is one, so the harness could not compare it. Write numeric(38,0)."),
    ("Snowflake's documents", contract({"logicalType": "object", "physicalType": "VARIANT"}, servers=[{"server": "s", "type": "snowflake", "account": "a", "database": "d", "schema": "e"}]), "physicalType", "Write jsonb."),
    ("DuckDB", contract({"logicalType": "integer", "physicalType": "HUGEINT"}), "physicalType", "is a type of DuckDB"),
    ("Spark", contract({"logicalType": "integer", "physicalType": "long"}), "physicalType", "Write bigint."),
    ("SQL Server", contract({"logicalType": "string", "physicalType": "nvarchar(40)"}), "physicalType", "Write varchar(40)."),
    ("no characters", contract({"logicalType": "string", "physicalType": "varchar(0)"}), "physicalType", "'varchar(0)' is not a type of PostgreSQL"),
    ("parts of a microsecond", contract({"logicalType": "timestamp", "physicalType": "timestamp(9)"}), "physicalType", "'timestamp(9)' is not a type of PostgreSQL"),
    ("a relation's own end under a column", contract({"logicalType": "integer", "relationships": [{"from": "t.x", "to": "t.id"}]}), "from", "may not have from here. Remove from."),
    ("SQL Server's longest", contract({"logicalType": "string", "physicalType": "VARCHAR(MAX)"}), "physicalType", "Write text."),
    ("Oracle", contract({"logicalType": "string", "physicalType": "VARCHAR2(100 CHAR)"}), "physicalType", "is a type of Oracle"),
    ("BigQuery without a server of it", contract({"logicalType": "integer", "physicalType": "INT64"}), "physicalType", "Write bigint, or name a server of type bigquery."),
    ("a truth in a text", contract({"logicalType": "boolean", "physicalType": "varchar(5)"}), "physicalType", "is a type of texts, and logicalType is boolean"),
    ("shorter than the format", contract(options("string", format="uuid", maxLength=3)), "maxLength", "a text of format uuid has 36 characters at least"),
    ("longer than the format", contract(options("string", format="ipv4", minLength=16)), "minLength", "a text of format ipv4 has 15 characters at most"),
    ("no whole number", contract(options("integer", exclusiveMinimum=1, exclusiveMaximum=2)), "exclusiveMinimum", "leaves no whole number between 1 and 2"),
    ("no whole number between fractions", contract(options("integer", minimum=1.2, maximum=1.8)), "minimum", "leaves no whole number"),
    ("no multiple", contract(options("integer", multipleOf=10, minimum=1, maximum=9)), "multipleOf", "no multiple of 10 lies between 1 and 9"),
    ("a broken rule is against no other", contract(rules=[rule("rowCount", mustBe="5"), rule("rowCount", mustBe=7), rule("rowCount", mustBeGreaterThan=5)]), "mustBe", "'5' is not a number"),
    ("no date", contract(options("date", minimum="01/02/2020")), "minimum", "'01/02/2020' is not a valid date"),
    ("between, reversed", contract(rules=[rule("rowCount", mustBeBetween=[100, 10])]), "mustBeBetween", "100 is over 10"),
    ("not between, reversed", contract(rules=[rule("rowCount", mustNotBeBetween=[100, 10])]), "mustNotBeBetween", "100 is over 10"),
    ("fewer than no rows", contract(rules=[rule("rowCount", mustBeLessThan=0)]), "mustBeLessThan", "No number of rows is that"),
    ("minus one row", contract(rules=[rule("rowCount", mustBe=-1)]), "mustBe", "No number of rows is that"),
    ("half a row", contract(rules=[rule("rowCount", mustBe=0.5)]), "mustBe", "No number of rows is that"),
    ("fewer than no nulls", contract(column(rule("nullValues", mustBeLessThan=0))), "mustBeLessThan", "No number of rows is that"),
    ("over 100 percent", contract(column(rule("nullValues", mustBeGreaterThan=100, unit="percent"))), "mustBeGreaterThan", "No share of rows is that"),
    ("150 percent", contract(column(rule("nullValues", mustBeLessThan=150, unit="percent"))), "mustBeLessThan", "outside 0 to 100 percent"),
    ("rows in percent", contract(rules=[rule("rowCount", mustBeGreaterThan=5, unit="percent")]), "unit", "is always 100"),
    ("a quoted number", contract(rules=[rule("rowCount", mustBe="0")]), "mustBe", "'0' is not a number. Write it without quotes."),
    ("a bound that is a truth", contract(column(rule("nullValues", mustBe=False))), "mustBe", "False is not a number"),
    ("no bound", contract(rules=[rule("rowCount", mustBe=None)]), "mustBe", "None is not a number"),
    ("freshness below 0", contract(**promise("freshness", -3, unit="h", element="t.o")), "value", "-3 is below 0"),
    ("freshness below 0, of no column", contract(**promise("freshness", -3, unit="h")), "value", "-3 is below 0"),
    ("retention in fortnites", contract(**promise("retention", 2, unit="fortnite")), "unit", "'fortnite' is not valid"),
    ("retention below 0", contract(**promise("retention", -1, unit="y")), "value", "-1 is below 0"),
    ("a frequency of nothing", contract(**promise("frequency", 0, unit="d")), "value", "0 is not a time at all"),
    ("a retention of no months", contract(**promise("retention", 0, unit="months")), "value", "0 is not a time at all"),
    ("a retention below 0 in quarters", contract(**promise("retention", -2, unit="quarters")), "value", "-2 is below 0"),
    ("a frequency that is not a number", contract(**promise("frequency", "often", unit="d")), "value", "'often' is not a length of time"),
    ("more than always", contract(**promise("availability", 150, unit="percent")), "value", "150 cannot be promised. Write a share above 0 and up to 100 percent"),
    ("more than always, as a text", contract(**promise("availability", "100.1%")), "value", "cannot be promised"),
    ("never there", contract(**promise("availability", 0)), "value", "0 cannot be promised"),
    ("availability that is true", contract(**promise("availability", True)), "value", "True cannot be promised. Write a number"),
    ("retention that is true", contract(**promise("retention", True)), "value", "True cannot be promised"),
    ("a time of day that is true", contract(**promise("timeOfAvailability", True)), "value", "True cannot be promised"),
    ("a promise of nothing", contract(**promise("frequency", None)), "value", "None cannot be promised"),
    ("availability in days", contract(**promise("availability", 99.9, unit="d")), "unit", "'d' is not valid. Valid: %, percent."),
    ("errors below 0", contract(**promise("errorRate", -1, unit="percent")), "value", "-1 cannot be promised"),
    ("no throughput", contract(**promise("throughput", 0)), "value", "0 cannot be promised"),
    ("an end that is not a date", contract(**promise("endOfLife", "2027-02-30")), "value", "'2027-02-30' is not a date"),
    ("hour 25", contract(**promise("timeOfAvailability", "25:00 Europe/Berlin")), "value", "is not a time of day"),
    ("enum against validValues", contract(column(rule("invalidValues", mustBe=0, arguments={"validValues": ["b", "c"]}), enum=[{"value": "a"}, {"value": "b"}])), "quality", "lists other values than another rule"),
    ("nulls: none and many", contract(column(rule("nullValues", mustBe=0), rule("nullValues", mustBeGreaterThan=50, unit="percent"))), "metric", "another rule for exactly 0"),
    ("required, and mostly null", contract(column(rule("nullValues", mustBeGreaterThan=50), required=True)), "quality", "another rule for exactly 0"),
    ("rows between 2.1 and 2.9", contract(rules=[rule("rowCount", mustBeBetween=[2.1, 2.9])]), "mustBeBetween", "No number of rows is that"),
    ("rows: more than 9 and fewer than 10", contract(rules=[rule("rowCount", mustBeGreaterThan=9), rule("rowCount", mustBeLessThan=10)]), "metric", "another rule for more than 9"),
    ("rows: more than 9 and fewer than 5", contract(rules=[rule("rowCount", mustBeGreaterThan=9), rule("rowCount", mustBeLessThan=5)]), "metric", "another rule for more than 9"),
    ("range against range", contract({**options("integer", minimum=0, maximum=9), "quality": [rule("invalidValues", mustBe=0, arguments={"minimum": 20})]}), "quality", "leaves no value that another rule also allows"),
    ("length against length", contract({**options("string", maxLength=3), "quality": [rule("invalidValues", mustBe=0, arguments={"minLength": 5})]}), "quality", "leaves no value"),
    ("a listed value that is too long", contract({**options("string", maxLength=2), "enum": [{"value": "open"}]}), "enum", "'open' is a value that the column may not have: its length is over 2"),
    ("a listed value out of range", contract({**options("integer", maximum=5), "enum": [{"value": 1}, {"value": 7}]}), "enum", "7 is a value that the column may not have"),
    ("Norway", contract(column(enum=[{"value": "DE"}, {"value": False}])), "enum", "False is a bool, and the column is a string. Quote it."),
    ("a number in texts", contract(column(rule("invalidValues", mustBe=0, arguments={"validValues": [1, "b"]}))), "validValues", "1 is a int, and the column is a string"),
    ("a text in numbers", contract({"logicalType": "integer", "enum": [{"value": "1"}]}), "enum", "'1' is not a number"),
    ("a fraction in integers", contract({"logicalType": "integer", "enum": [{"value": 1.5}]}), "enum", "1.5 has a fraction"),
    ("nothing but null", contract(column(enum=[{"value": None}])), "enum", "lists no value but null"),
    ("severity medium", contract(rules=[rule("rowCount", mustBe=1, severity="medium")]), "severity", "'medium' is not valid"),
    ("two values wanted, one given", contract(rules=[rule("rowCount", mustBeBetween=[5])]), "mustBeBetween", "too short"),
    ("an operator too many", contract(rules=[rule("rowCount", mustBe=5, mustBeLessThan=9)]), "quality", "only one"),
    ("a custom rule of others", contract(rules=[{"type": "custom", "engine": "soda", "implementation": "x"}]), "engine", "'soda' is not run"),
    ("a foreign field of an expectation", contract(rules=[{"type": "custom", "engine": "gx", "implementation": {"type": "expect_table_row_count_to_equal", "kwargs": {"value": 1}, "mostly": 1}}]), "mostly", "is not a field of an expectation"),
    ("a column of another table", contract(more={"relationships": [{"from": "u.id", "to": "v.id"}]}), "from", "is a column of public.u, and this is t"),
    ("another file", contract(column(relationships=[{"to": "other.yaml#/schema/u/properties/id"}])), "to", "points into another file"),
    ("an id that is none", contract(column(relationships=[{"to": "schema/shops/properties/id"}])), "to", "'shops' is not a table of this file"),
    ("a reference to no column", contract(column(relationships=[{"to": "schema/t/properties/z"}])), "to", "'z' is not a column of t"),
    ("a reference to itself, misspelt", contract(column(relationships=[{"to": "t.i"}])), "to", "'i' is not a column of t"),
    ("a reference of another type", contract(column(relationships=[{"to": "t.id"}])), "to", "x is a string, and public.t.id is a integer"),
    ("a measure as a column", contract({"logicalType": "number", "semanticType": "measure", "transformLogic": "SUM(amount)"}, rules=[rule("duplicateValues", mustBe=0, arguments={"properties": ["x"]})]), "properties", "'x' is not a column of the table"),
    ("a misspelt promise", contract(**promise("freshnes", 3, unit="h", element="t.o")), "property", "'freshnes' promises nothing. Did you mean freshness?"),
    ("validValues that are too long", contract({**options("string", maxLength=2), "quality": [rule("invalidValues", mustBe=0, arguments={"validValues": ["ab", "abc"]})]}), "abc", "its length is over 2"),
    ("own mean, reversed", contract({"logicalType": "integer", "quality": [own("mean", mustBeBetween=[80, 5])]}), "implementation", "80 is over 5"),
    ("own mean of a text", contract({"logicalType": "integer", "quality": [own("mean", mustBe="5")]}), "implementation", "'5' is not a number"),
    ("own length of nothing", contract(column(own("length"))), "implementation", "it needs 'minimum' or 'maximum'"),
    ("own length, reversed", contract(column(own("length", minimum=9, maximum=3))), "implementation", "minimum 9 is over maximum 3"),
    ("own pattern that is none", contract(column(own("regex"))), "implementation", "it needs 'pattern'"),
    ("own spread below 0", contract({"logicalType": "integer", "quality": [own("stddev", mustBeLessThan=0)]}), "", "No stddev is that"),
    ("own age below 0", contract(rules=[own("freshness", column="o", mustBeLessThan=-3)]), "", "No freshness is that"),
    ("own age of another column", contract({"logicalType": "timestamp", "quality": [own("freshness", column="o", mustBeLessThan=3)]}), "implementation", "has no meaning"),
    ("a rule of a measure", contract({"logicalType": "number", "semanticType": "measure", "transformLogic": "SUM(amount)", "required": True}), "required", "is a rule of a measure"),
    ("an enum of plain values", contract(column(enum=["a", "b"])), "enum", "lists plain values. Write each as a mapping: {value: a}."),
    ("a rule that is null", contract(rules=[None]), "", "None has the wrong type"),
    ("a criterion that is not an argument", contract(column(rule("invalidValues", mustBe=0, pattern="^a"))), "pattern", "is not a field here"),
    ("no bound at all", contract(rules=[rule("rowCount")]), "metric", "needs one of these fields. Valid: mustBe,"),
    ("no column", "apiVersion: v3.1.0\nkind: DataContract\nid: a\nversion: '1'\nschema: [{name: t, properties: []}]\n", "properties", "lists no column"),
    ("misspelt logicalType", contract({"logicalTyp": "string"}), "logicalTyp", "Did you mean logicalType?"),
    ("no type at all", contract({"description": "d"}), "", "does not say what kind of values it has"),
    ("a type that tells nothing", contract({"physicalType": "geography"}), "", "'geography' is not a type that tells it"),
    ("two rules of one name", contract(rules=[rule("rowCount", mustBe=5, name="n"), rule("rowCount", mustBeLessThan=9, name="n")]), "metric", "another rule is called n, on line"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "key", "said"), [case[1:] for case in MISTAKES], ids=[case[0] for case in MISTAKES])
def test_a_mistake_is_one_finding_on_its_line(text: str, key: str, said: str) -> None:
    found = findings(text)
    assert len(found) == 1, found
    assert said in found[0]
    line = text.splitlines()[int(found[0].split(":")[1]) - 1]
    assert key in line or "- value:" in line or line.strip().startswith("- "), line


ROOM = [
    options("string", "varchar(3)", minLength=3),
    {"logicalType": "string", "physicalType": "varchar(3)", "enum": [{"value": "abc"}, {"value": "ab  "}]},
    options("integer", "smallint", minimum=32767),
    options("integer", "smallint", exclusiveMinimum=0, exclusiveMaximum=2),
    options("number", "numeric(4,2)", minimum=99.99),
    options("number", exclusiveMinimum=1, exclusiveMaximum=2),
    options("integer", multipleOf=10, minimum=1, maximum=10),
    options("number", "numeric(9,2)", multipleOf=0.05, minimum=0.01, maximum=0.05),
    options("string", format="uuid", maxLength=36),
    options("date", "varchar(10)", format="yyyy-MM-dd"),
]


@pytest.mark.parametrize("prop", ROOM, ids=str)
def test_a_rule_that_some_value_of_the_type_keeps_is_no_mistake(prop: dict[str, Any]) -> None:
    assert compile_text(contract(prop), "x").column("x")


def keyed(**more: Any) -> str:
    text = contract({"logicalType": "integer", **more})
    return text.replace(
        "- name: id\n    logicalType: integer",
        "- name: id\n    logicalType: integer\n    primaryKey: true\n    primaryKeyPosition: 1",
    )


def test_two_columns_have_one_position_in_the_key() -> None:
    [found] = findings(keyed(primaryKey=True, primaryKeyPosition=1))
    assert "primaryKeyPosition: 1 is the position of id already." in found
    assert compile_text(keyed(primaryKey=True, primaryKeyPosition=2), "x").key == ("id", "x")
    assert compile_text(keyed(primaryKey=False, primaryKeyPosition=-1), "x").key == ("id",)


def test_a_key_is_always_there() -> None:
    [found] = findings(keyed(primaryKey=True, primaryKeyPosition=2, required=False))
    assert "required: x is part of the primary key, so it is always there." in found


SAME = [
    ("required and nullValues", contract(column(rule("nullValues", mustBe=0, description="d", dimension="completeness"), required=True)), ["not_null:x"]),
    ("a name is kept", contract(column(rule("nullValues", mustBe=0, name="always"), required=True)), ["always"]),
    ("an id is a name", contract(column(rule("nullValues", mustBe=0, id="always_there"), required=True)), ["always_there"]),
    ("unique and duplicateValues", contract(column(rule("duplicateValues", mustBe=0, dimension="uniqueness"), unique=True)), ["unique:x"]),
    ("two names are two checks", contract(rules=[rule("rowCount", mustBeGreaterThan=1, name="a"), rule("rowCount", mustBeGreaterThan=1, name="b")]), ["a", "b"]),
    ("floor and ceiling", contract(rules=[rule("rowCount", mustBeGreaterThan=1), rule("rowCount", mustBeLessThan=9, severity="warning")]), ["row_count", "row_count:mustBeLessThan"]),
    ("floor and ceiling by id", contract(rules=[rule("rowCount", mustBeGreaterThan=1, id="floor"), rule("rowCount", mustBeLessThan=9, id="ceiling")]), ["floor", "ceiling"]),
    ("none, and a warning", contract(column(rule("nullValues", mustBe=0, severity="warning"), required=True)), ["not_null:x", "not_null:x:mustBe"]),
    ("enum and the same values", contract(column(rule("invalidValues", mustBe=0, arguments={"validValues": ["a"]}), enum=[{"value": "a"}])), ["accepted_values:x"]),
    ("a tighter list", contract(column(rule("invalidValues", mustBe=0, arguments={"validValues": ["a", "b"]}), enum=[{"value": "a"}])), ["accepted_values:x", "accepted_values:x:mustBe"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "ids"), [case[1:] for case in SAME], ids=[case[0] for case in SAME])
def test_the_same_measure_bound_and_severity_is_one_check(text: str, ids: list[str]) -> None:
    assert list(checks_of(text)) == ids


def test_a_rule_that_two_columns_share_by_an_anchor_is_two_checks() -> None:
    text = contract(column(), rules=[]).replace(
        "  - name: name\n    logicalType: string\n",
        "  - name: name\n    logicalType: string\n    quality: &some [{metric: nullValues, mustBe: 0, name: there}]\n",
    ).replace("  - name: x\n    logicalType: string\n", "  - name: x\n    logicalType: string\n    quality: *some\n")  # fmt: skip
    found = checks_of(text)
    assert {name: check.columns for name, check in found.items()} == {"there": ("name",), "there:x": ("x",)}


@pytest.mark.parametrize(
    ("word", "severity"),
    [("Critical", CheckSeverity.ERROR), ("high", CheckSeverity.ERROR), ("major", CheckSeverity.ERROR), ("LOW", CheckSeverity.WARN), ("minor", CheckSeverity.WARN)],
)  # fmt: skip
def test_words_of_severity_block_or_report(word: str, severity: CheckSeverity) -> None:
    assert checks_of(contract(rules=[rule("rowCount", mustBe=1, severity=word)]))["row_count"].severity is severity


@pytest.mark.parametrize(
    "engine", ["greatExpectations", "great-expectations", "great_expectations", "Great Expectations", "gx"]
)
@pytest.mark.parametrize(
    "implementation",
    [
        {"type": "expect_table_row_count_to_be_between", "kwargs": {"min_value": 1, "max_value": 9}},
        "type: expect_table_row_count_to_be_between\nkwargs:\n  minValue: 1  # as the standard writes it\n  maxValue: 9\n",
        '{"expectation_type": "expect_table_row_count_to_be_between", "kwargs": {"min_value": 1, "max_value": 9}}',
    ],
)
def test_an_expectation_is_one_however_it_is_written(engine: str, implementation: Any) -> None:
    [check] = checks_of(
        contract(rules=[{"type": "custom", "engine": engine, "implementation": implementation}])
    ).values()
    assert check.kind is CheckKind.CUSTOM_GX
    assert check.gx == '{"kwargs": {"max_value": 9, "min_value": 1}, "type": "expect_table_row_count_to_be_between"}'


def test_a_type_is_told_by_the_other_type() -> None:
    found = compile_text(contract({"physicalType": "VARCHAR(10)"}), "x").column("x")
    assert (found.logical_type, found.physical_type) == ("string", "character varying(10)")
    assert compile_text(contract({"logicalType": "array", "items": STRING}), "x").column("x").physical_type == "text[]"
    naive = compile_text(contract(options("timestamp", timezone=False)), "x").column("x")
    assert naive.physical_type == "timestamp without time zone"


TWO = """apiVersion: v3.1.0
kind: DataContract
id: shop
version: 1.0.0
schema:
  - id: shops_tbl
    name: shops
    physicalName: raw.shops_v2
    properties:
      - {id: shop_pk, name: id, physicalName: shop_id, logicalType: integer, primaryKey: true}
      - name: address
        logicalType: object
        properties: [{name: city, logicalType: string}]
  - name: visits
    properties:
      - name: shop
        logicalType: integer
        relationships: [{to: TARGET}]
"""


@pytest.mark.parametrize(
    "target",
    ["shops.id", "shops.shop_id", "schema/shops_tbl/properties/shop_pk", "/schema/shops/properties/id", "raw.shops_v2.shop_id", "shops_v2.id"],
)  # fmt: skip
def test_a_column_of_the_same_file_is_found_in_every_notation(target: str) -> None:
    visits = compile_file(TWO.replace("TARGET", target), "x").contracts[1]
    [check] = [check for check in visits.checks if check.kind is CheckKind.REFERENTIAL]
    assert check.reference is not None
    assert (check.reference.table, check.reference.columns) == ("raw.shops_v2", ("shop_id",))


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("shops.address.city", "names something below column address"),
        ("schema/shops_tbl/properties/address/properties/city", "names something below column address"),
        ("shops.name", "'name' is not a column of shops"),
        ("shops.address", "shop is a integer, and raw.shops_v2.address is a object"),
    ],
)
def test_a_column_that_the_same_file_does_not_have_is_a_finding(target: str, said: str) -> None:
    [found] = findings(TWO.replace("TARGET", target))
    assert said in found and found.startswith("x:18: schema[1].properties[0].relationships[0]")


def test_between_includes_both_ends() -> None:
    expect = checks_of(contract(rules=[rule("rowCount", mustBeBetween=[5, 9])]))["row_count"].expect
    assert [n for n in range(4, 11) if expect.holds(n)] == [5, 6, 7, 8, 9]
    assert (expect.operator, expect.unit) == (Operator.BETWEEN, Unit.ROWS)


def test_mistakes_of_every_table_are_found() -> None:
    text = TWO.replace("TARGET", "shops.nope").replace("logicalType: string", "logicalType: sting")
    assert [found.split(" ")[0] for found in findings(text)] == ["x:13:", "x:18:"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("dataContractSpecification: 1.1.0\nid: a\ninfo: {title: T}\nmodels: {}\n", "is a Data Contract Specification 1.1.0, which is another standard"),
        ("apiVersion: v2.2.2\nkind: DataContract\nuuid: a\ndataset: []\n", "is the Open Data Contract Standard v2.2.2"),
        ("datasetName: a\nquantumName: b\n", "is the Open Data Contract Standard v2"),
        ("apiVersion: v1.0.0\nkind: DataProduct\nid: a\nstatus: active\n", "is a data product"),
    ],
)  # fmt: skip
def test_a_file_of_another_standard_is_named_as_what_it_is(text: str, said: str) -> None:
    [found] = findings(text)
    assert said in found


@pytest.mark.parametrize("version", ["3.1.0", "v3.3.0", "v4.0.0", 3.1, True])
def test_an_unknown_version_is_one_finding_with_those_that_are_read(version: Any) -> None:
    [found] = findings(contract().replace("v3.1.0", yaml.safe_dump(version).splitlines()[0]))
    assert "is not a supported version. Valid: v3.0.0, v3.0.1, v3.0.2, v3.1.0, v3.2.0." in found
    if version == "3.1.0":
        assert "Did you mean v3.1.0?" in found


def test_a_list_of_thousands_costs_each_value_the_same() -> None:
    def cost(values: int) -> float:
        text = contract({"logicalType": "string", "enum": [{"value": f"v{number}"} for number in range(values)]})
        began = time.process_time()
        compile_text(text, "x")
        return time.process_time() - began

    cost(10)
    assert min(cost(2000) for _ in range(2)) < 8 * min(cost(500) for _ in range(2))


def test_what_stands_twice_in_a_list_is_found_where_it_stands_again() -> None:
    [said] = findings(contract({"logicalType": "string", "enum": [{"value": "a"}, {"value": "b"}, {"value": "a"}]}))
    assert "enum[2]: is in the list twice" in said
