"""Nothing that a contract says is dropped: each rule is a check, or a finding on its line."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from airflow_provider_harness.adapters.contracts.compile_cache import dump, restore
from airflow_provider_harness.adapters.contracts.coverage import coverage
from airflow_provider_harness.adapters.contracts.odcs import compile_file, compile_text
from airflow_provider_harness.adapters.gx import signatures
from airflow_provider_harness.core.contracts.checks import Check, CheckKind, CheckSeverity, Expectation, Operator
from airflow_provider_harness.core.errors import ContractError


def contract(prop: Any = None, *, rules: Any = None, more: Any = None, **top: Any) -> str:
    """A contract of one table with the columns id, name, amount, o and one more.

    :param prop: the further column, without its name, which is ``x``.
    :param rules: the table's quality.
    :param more: further fields of the table.
    """
    columns = [
        {"name": "id", "logicalType": "integer"},
        {"name": "name", "logicalType": "string"},
        {"name": "amount", "logicalType": "number", "physicalType": "numeric(12,2)"},
        {"name": "o", "logicalType": "timestamp"},
    ]
    columns += [{"name": "x", **prop}] if prop is not None else []
    table = {"name": "t", "physicalName": "public.t", **(more or {}), "properties": columns}
    table |= {"quality": rules} if rules is not None else {}
    data = {"apiVersion": "v3.1.0", "kind": "DataContract", "id": "c", "version": "1.0.0", "status": "active"}
    return yaml.safe_dump({**data, "schema": [table], **top}, sort_keys=False)


def checks_of(text: str) -> dict[str, Check]:
    return {check.id: check for check in compile_text(text, "x").checks}


def findings(text: str) -> list[str]:
    with pytest.raises(ContractError) as caught:
        compile_file(text, "x")
    return list(caught.value.findings)


def line_of(text: str, words: str) -> int:
    return next(n for n, line in enumerate(text.splitlines(), start=1) if words in line)


STRING, INTEGER = {"logicalType": "string"}, {"logicalType": "integer"}


def options(logical: str, physical: str = "", **given: Any) -> dict[str, Any]:
    said = {"logicalType": logical, "logicalTypeOptions": given}
    return said | ({"physicalType": physical} if physical else {})


BECOMES = [
    ("query without type", contract(rules=[{"query": "SELECT 1", "mustBe": 1}]), CheckKind.CUSTOM_SQL),
    (
        "metric without type",
        contract({**STRING, "quality": [{"metric": "nullValues", "mustBe": 0}]}),
        CheckKind.NOT_NULL,
    ),
    ("email", contract(options("string", format="email")), CheckKind.REGEX),
    ("a date in a text", contract(options("date", "varchar(10)", format="yyyy-MM-dd")), CheckKind.REGEX),
    ("a small integer", contract(options("integer", format="u8")), CheckKind.RANGE),
    ("exclusive", contract(options("number", exclusiveMinimum=0)), CheckKind.RANGE),
    ("exclusive date", contract(options("date", exclusiveMaximum="2030-01-01")), CheckKind.RANGE),
    ("multipleOf", contract(options("integer", multipleOf=5)), CheckKind.MULTIPLE),
    ("multipleOf, decimal", contract(options("number", "numeric(9,2)", multipleOf=0.05)), CheckKind.MULTIPLE),
    ("pattern", contract(options("string", pattern="^a")), CheckKind.REGEX),
]


@pytest.mark.parametrize(("text", "kind"), [case[1:] for case in BECOMES], ids=[case[0] for case in BECOMES])
def test_a_rule_is_a_check(text: str, kind: CheckKind) -> None:
    assert kind in {check.kind for check in checks_of(text).values()}


AGES = [
    {"property": "freshness", "value": 4, "unit": "h", "element": "o"},
    {"property": "freshness", "value": "4", "unit": "h", "element": "t.o"},
    {"property": "Freshness", "value": 4, "unit": "h", "element": "t.o"},
    {"property": "freshness", "value": "PT4H", "element": "t.o"},
    {"property": "freshness", "value": "4 hours", "element": "public.t.o"},
    {"property": "latency", "value": 240, "unit": "min", "element": "o"},
    {"property": "ly", "value": 4, "unit": "hours", "element": "t.o"},
    {"property": "freshness", "value": 4, "unit": "h", "element": "t.o, t.day"},
]


@pytest.mark.parametrize("sla", AGES, ids=str)
def test_an_age_is_promised_in_all_its_forms(sla: dict[str, Any]) -> None:
    text = contract(rules=[], slaProperties=[sla]).replace(
        "name: id\n    logicalType: integer", "name: day\n    logicalType: date"
    )
    found = {check.columns: check.expect for check in checks_of(text).values() if check.kind is CheckKind.FRESHNESS}
    wanted = {("o",), ("day",)} if "," in sla["element"] else {("o",)}
    assert found == dict.fromkeys(wanted, Expectation(operator=Operator.LESS_OR_EQUAL, values=(14_400,)))


def test_the_default_element_is_meant_where_none_is_named() -> None:
    text = contract(slaDefaultElement="t.o", slaProperties=[{"property": "latency", "value": 1, "unit": "d"}])
    assert checks_of(text)["freshness:o"].expect.values == (86_400,)


@pytest.mark.parametrize("value", ["09:00-08:00", "09:00Z", "09:00 America/Los_Angeles", "by 09:00 -08:00"])
def test_a_time_of_day_is_a_promise_in_the_standards_own_form(value: str) -> None:
    from datetime import UTC, datetime

    from airflow_provider_harness.core.slices.sla import promise_of
    from airflow_provider_harness.core.slices.slices import Slice

    made = compile_text(contract(slaProperties=[{"property": "timeOfAvailability", "value": value}]), "x")
    piece = Slice(id="2026-01-01", start=datetime(2026, 1, 1, tzinfo=UTC), end=datetime(2026, 1, 2, tzinfo=UTC))
    found = promise_of(made, piece)
    assert found is not None and found.due.astimezone(UTC).hour == (9 if value.endswith("Z") else 17)


def test_a_bound_that_is_itself_left_out_is_kept_so() -> None:
    check = checks_of(contract(options("number", "numeric(9,2)", exclusiveMinimum=0, maximum=9)))["range:x"]
    assert (check.low, check.low_open, check.high, check.high_open) == (0, True, 9, False)
    tighter = checks_of(contract(options("integer", minimum=3, exclusiveMinimum=5)))["range:x"]
    assert (tighter.low, tighter.low_open) == (5, True)


def test_every_criterion_of_invalid_values_is_a_check() -> None:
    given = {"validValues": ["a", "b", None], "pattern": "^[a-z]$", "maxLength": 1}
    rule = {"metric": "invalidValues", "mustBe": 0, "arguments": given, "severity": "warning"}
    found = checks_of(contract({**STRING, "quality": [rule]}))
    assert {c.kind for c in found.values()} == {CheckKind.ACCEPTED_VALUES, CheckKind.REGEX, CheckKind.LENGTH}
    assert found["accepted_values:x"].values == ("a", "b")
    assert {c.severity for c in found.values()} == {CheckSeverity.WARN}


def test_null_among_accepted_values_is_no_value() -> None:
    listed = [{"value": "a"}, {"value": None}]
    assert checks_of(contract({**STRING, "enum": listed}))["accepted_values:x"].values == ("a",)


NESTED = {
    "logicalType": "object",
    "properties": [
        {"name": "city", "logicalType": "string", "required": True},
        {"name": "zip", **options("string", maxLength=5)},
        {"name": "kind", "logicalType": "string", "enum": [{"value": "home"}]},
        {"name": "n", "logicalType": "integer", "quality": [{"metric": "nullValues", "mustBe": 0}]},
        {
            "name": "deep",
            "logicalType": "object",
            "properties": [{"name": "er", "logicalType": "string", "unique": True}],
        },
    ],
}
LISTED = {
    "logicalType": "array",
    "physicalType": "text[]",
    "items": options("string", maxLength=2, pattern="^a"),
}


def test_each_rule_below_a_column_is_a_check_or_a_finding() -> None:
    (found,) = findings(contract(NESTED))
    assert "properties[4].properties[4].properties[0].unique: is a rule of x.deep.er, below column x" in found
    measured = checks_of(contract({**NESTED, "properties": NESTED["properties"][:4]}))  # type: ignore[index]
    assert {name: check.path for name, check in measured.items()} == {
        "not_null:x.city": ("city",),
        "length:x.zip": ("zip",),
        "accepted_values:x.kind": ("kind",),
        "value_type:x.city": ("city",),
        "not_null:x.n": ("n",),
        "value_type:x.n": ("n",),
    }
    assert {check.kind for check in checks_of(contract(LISTED)).values()} == {CheckKind.LENGTH, CheckKind.REGEX}


SIZED = [
    (options("array", "text[]", minItems=1, maxItems=3), "items:x", (1, 3)),
    (options("array", "jsonb", maxItems=0), "items:x", (None, 0)),
    (options("array", "jsonb", uniqueItems=True), "unique_items:x", (None, None)),
    (options("object", minProperties=1), "properties:x", (1, None)),
    (options("object", maxProperties=0), "properties:x", (None, 0)),
]


@pytest.mark.parametrize(("prop", "name", "bounds"), SIZED, ids=[name for _, name, _ in SIZED])
def test_what_an_array_or_an_object_may_hold_is_a_check(
    prop: dict[str, Any], name: str, bounds: tuple[int | None, int | None]
) -> None:
    (check,) = checks_of(contract(prop)).values()
    assert (check.id, check.path, check.low, check.high) == (name, (), *bounds)
    (below,) = checks_of(contract({"logicalType": "object", "properties": [{"name": "y", **prop}]})).values()
    assert (below.id, below.path) == (f"{name}.y", ("y",))


def test_the_fields_that_an_object_must_have_are_checks() -> None:
    fields = [{"name": "a", "physicalName": "A", "logicalType": "string", "required": True}]
    found = checks_of(contract({**options("object", required=["a", "b"]), "properties": fields}))
    assert {name: check.path for name, check in found.items()} == {
        "not_null:x.A": ("A",),
        "not_null:x.b": ("b",),
        "value_type:x.A": ("A",),
    }


SAYS_LITTLE = [
    options("array", "jsonb", minItems=0, uniqueItems=False),
    options("object", minProperties=0),
]


@pytest.mark.parametrize("prop", SAYS_LITTLE, ids=str)
def test_an_option_that_every_value_keeps_is_no_check(prop: dict[str, Any]) -> None:
    assert not checks_of(contract(prop))


def test_a_form_of_dates_is_looked_at_below_a_column_where_they_are_texts() -> None:
    below = {"name": "d", **options("date", format="yyyy-MM-dd")}
    assert list(checks_of(contract({"logicalType": "object", "properties": [below]}))) == ["format:x.d"]


TYPES_BELOW = [
    ("a type alone", {"logicalType": "string", "description": "Where"}, "value_type:x.city", "string"),
    ("a physical type alone", {"physicalType": "int"}, "value_type:x.city", "integer"),
    ("an object without fields", {"logicalType": "object"}, "value_type:x.city", "object"),
    ("fields without types", {"properties": [{"name": "a"}]}, "value_type:x.city", "object"),
    ("a rule of the type", options("string", maxLength=3), "length:x.city", "string"),
    ("a date in a form of its own", options("date", format="dd.MM.yyyy"), "format:x.city", "date"),
]


@pytest.mark.parametrize(
    ("said", "name", "logical"), [case[1:] for case in TYPES_BELOW], ids=[c[0] for c in TYPES_BELOW]
)
def test_a_type_below_a_column_is_a_check(said: dict[str, Any], name: str, logical: str) -> None:
    found = checks_of(contract({"logicalType": "object", "properties": [{"name": "city", **said}]}))
    assert {identity: check.logical for identity, check in found.items()} == {name: logical}


def test_a_rule_that_only_warns_proves_no_type() -> None:
    rule = {"metric": "invalidValues", "mustBe": 0, "arguments": {"pattern": "a"}, "severity": "warning"}
    below = {"name": "a", "logicalType": "string", "quality": [rule]}
    assert set(checks_of(contract({"logicalType": "object", "properties": [below]}))) == {"regex:x.a", "value_type:x.a"}


def test_what_is_inside_an_array_or_an_object_proves_that_it_is_one() -> None:
    lines = {
        "name": "lines",
        "logicalType": "array",
        "items": {"logicalType": "object", "properties": [{"name": "n", "logicalType": "integer"}]},
    }
    assert set(checks_of(contract({"logicalType": "object", "properties": [lines]}))) == {"value_type:x.lines[].n"}


def test_what_the_columns_own_type_says_is_no_check() -> None:
    assert not checks_of(
        contract({"logicalType": "array", "physicalType": "text[]", "items": {"logicalType": "string"}})
    )
    dates = {"logicalType": "array", "physicalType": "text[]", "items": {"logicalType": "date"}}
    assert set(checks_of(contract(dates))) == {"value_type:x[]"}
    documents = {"logicalType": "array", "physicalType": "jsonb[]", "items": {"logicalType": "object"}}
    assert set(checks_of(contract(documents))) == {"value_type:x[]"}


def test_what_is_below_a_column_and_says_no_type_is_no_fault() -> None:
    untyped = {"physicalType": "jsonb", "properties": [{"name": "city"}, {"name": "any", "physicalType": "jsonb"}]}
    assert compile_text(contract(untyped), "x").column("x").logical_type == "object"
    assert not checks_of(contract(untyped))


REFUSED = [
    ("sizes the wrong way round", contract(options("array", "text[]", minItems=3, maxItems=1)), "minItems 3 is over maxItems 1"),
    ("inside of a date", contract(options("object", "date", minProperties=1)), "a column that is date has nothing inside"),
    ("a pattern of a number", contract({"logicalType": "object", "properties": [{"name": "n", "logicalType": "integer", "quality": [{"metric": "invalidValues", "mustBe": 0, "arguments": {"pattern": "a"}}]}]}), "regex cannot be asked of x.n, which is integer"),
    ("a pattern that is none", contract({"logicalType": "object", "properties": [{"name": "n", **options("string", pattern="[")}]}), "the pattern '[' is not valid"),
    ("a foreign format", contract(options("string", format="isbn")), "format: 'isbn' is not known"),
    ("a pattern of nothing", contract(options("string", pattern="")), "it is empty, so every text matches"),
    ("multipleOf of floats", contract(options("number", multipleOf=0.1)), "cannot be checked exactly for double precision"),
    ("operator alone", contract(rules=[{"mustBe": 0}]), "quality[0]: needs the field 'metric'"),
    ("filter", contract(rules=[{"metric": "rowCount", "mustBe": 1, "arguments": {"filter": "a"}}]), "arguments.filter: rowCount has no arguments"),
    ("a column's filter", contract({**STRING, "quality": [{"metric": "nullValues", "mustBe": 0, "arguments": {"filter": "a"}}]}), "arguments.filter: nullValues has no arguments"),
    ("rowCount of a column", contract({**STRING, "quality": [{"metric": "rowCount", "mustBe": 1}]}), "rowCount belongs to the table"),
    ("columns of a column's rule", contract({**STRING, "quality": [{"metric": "duplicateValues", "mustBe": 0, "arguments": {"properties": ["id"]}}]}), "belongs to a rule of the table"),
    ("two criteria, some may fail", contract({**STRING, "quality": [{"metric": "invalidValues", "mustBeLessThan": 5, "arguments": {"validValues": ["a"], "pattern": "a"}}]}), "asks for several things at once"),
    ("query in a text", contract(rules=[{"type": "text", "query": "SELECT 1"}]), "query: has no meaning in a rule of type text"),
    ("bound in a custom rule", contract(rules=[{"type": "custom", "engine": "harness", "implementation": {"check": "mean"}, "mustBe": 1}]), "mustBe: has no meaning"),
    ("unknown age", contract(slaProperties=[{"property": "freshness", "value": "soon", "element": "o"}]), "'soon' is not a length of time"),
    ("age of a stranger", contract(slaProperties=[{"property": "freshness", "value": 1, "unit": "d", "element": "t.z"}]), "'z' is not a column"),
    ("age in another table", contract(slaProperties=[{"property": "freshness", "value": 1, "unit": "d", "element": "u.o"}]), "'u' is not a table of this file"),
    ("age of a text", contract(slaProperties=[{"property": "latency", "value": 1, "unit": "d", "element": "t.name"}]), "name is a string"),
    ("age in months or minutes", contract(slaProperties=[{"property": "latency", "value": 1, "unit": "m", "element": "t.o"}]), "Write min for minutes"),
    ("availability without zone", contract(slaProperties=[{"property": "timeOfAvailability", "value": "09:00"}]), "says no time zone"),
    ("availability as a number", contract(slaProperties=[{"property": "timeOfAvailability", "value": 630}]), "in quotes"),
    ("map", contract({"logicalType": "map", "physicalType": "jsonb", "map": {"key": STRING, "value": STRING}}), "map is not carried"),
    ("vector", contract({**options("vector", "vector(3)", dimensions=3)}), "vector is not carried"),
    ("items of a string", contract({**STRING, "items": STRING}), "items: has no meaning where logicalType is string"),
    ("options of a boolean", contract(options("boolean", minimum=1)), "has no meaning for booleans"),
    ("a harness property in a rule", contract(rules=[{"metric": "rowCount", "mustBe": 1, "customProperties": [{"property": "harness.severity", "value": "warning"}]}]), "'harness.severity' is not read here"),
    ("relationship below a column", contract({"logicalType": "object", "properties": [{"name": "a", "logicalType": "string", "relationships": [{"to": "u.id"}]}]}), "below a column"),
    ("cron of hour 25", contract(rules=[{"metric": "rowCount", "mustBe": 1, "schedule": "0 25 * * *"}]), "'0 25 * * *' is not a cron"),
    ("cron that never comes", contract(rules=[{"metric": "rowCount", "mustBe": 1, "schedule": "0 0 30 2 *"}]), "'0 0 30 2 *' never runs"),
    ("cron of a promise", contract(slaProperties=[{"property": "latency", "value": 4, "unit": "d", "schedule": "0 30 * * *"}]), "'0 30 * * *' is not a cron"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "said"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_what_is_not_checked_is_one_finding(text: str, said: str) -> None:
    found = findings(text)
    assert len(found) == 1, found
    assert said in found[0]


def test_rules_that_say_less_are_none() -> None:
    text = contract(
        options("array", "text[]", minItems=0, uniqueItems=False),
        rules=[{"type": "text", "description": "Looked at by a person."}],
        slaProperties=[
            {"property": "availability", "value": "99.9", "unit": "%"},
            {"property": "retention", "value": "unlimited"},
        ],
    )
    assert not checks_of(text)


def test_a_rule_with_a_schedule_is_judged_at_every_gate() -> None:
    rule = {"metric": "rowCount", "mustBeGreaterThan": 0, "scheduler": "cron", "schedule": "0 20 * * *"}
    assert checks_of(contract(rules=[rule]))["row_count"].expect.values == (0,)
    assert checks_of(contract(rules=[rule | {"scheduler": "airflow", "schedule": "nightly"}]))


@pytest.mark.parametrize("text", [case[1] for case in BECOMES], ids=[case[0] for case in BECOMES])
def test_what_was_compiled_is_the_same_from_disk(text: str) -> None:
    made = compile_text(text, "x")
    assert restore(dump(made)) == made


def engines(prop: Any = None, *, rules: Any = None, kind: CheckKind) -> tuple[set[str], set[str]]:
    """The engines and the gates that the coverage of a contract tells of a kind of check."""
    lines = [line for line in coverage(compile_file(contract(prop, rules=rules), "x")) if line.checks]
    (found,) = {(line.engines, line.gates) for line in lines if kind in {check.kind for check in line.checks}}
    return set(found[0]), set(found[1])


@pytest.mark.parametrize(
    ("pattern", "arrow"), [("^[a-z]+$", True), ("^(?=.*x)y", False), ("a(?!b)", False), ("^(?:ab|c)$", True)]
)
def test_coverage_tells_where_a_pattern_can_be_read(pattern: str, *, arrow: bool) -> None:
    told = engines(options("string", pattern=pattern), kind=CheckKind.REGEX)
    assert [name in part for name, part in zip(("arrow", "extract"), told, strict=True)] == [arrow, arrow]
    assert "sql" in told[0] and {"load", "transfer"} <= told[1]


@pytest.mark.parametrize(
    ("query", "arrow"),
    [
        ("SELECT count(*) FROM ${table} WHERE id < 0", True),
        ("SELECT count(*) FROM ${table} WHERE name LIKE 'a%'", False),
        ("SELECT count(*) FROM ${table} WHERE id / 2 > 3", False),
        ("SELECT count(*) FROM public.other", False),
        ("SELECT count(*) FROM t", True),
    ],
)
def test_coverage_tells_where_a_rule_can_be_run(query: str, *, arrow: bool) -> None:
    told = engines(rules=[{"type": "sql", "query": query, "mustBe": 0}], kind=CheckKind.CUSTOM_SQL)
    assert [name in part for name, part in zip(("arrow", "extract"), told, strict=True)] == [arrow, arrow]


def expectation(name: str, **kwargs: Any) -> str:
    given = {"type": "custom", "engine": "great-expectations", "implementation": {"type": name, "kwargs": kwargs}}
    return contract(rules=[given])


def test_an_expectation_that_does_not_exist_or_is_of_no_column_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    assert any(checks_of(expectation("expect_column_values_to_be_between", column="id", minValue=1)))
    (said,) = findings(expectation("expect_column_values_to_be_betwen", column="id"))
    assert "is not an expectation of Great Expectations. Did you mean expect_column_values_to_be_between?" in said
    wrong = (
        ("expect_column_to_exist", {"column": "nope"}),
        ("expect_column_pair_values_to_be_equal", {"column_A": "id", "column_B": "nope"}),
        ("expect_compound_columns_to_be_unique", {"column_list": ["id", "nope"]}),
    )
    for name, kwargs in wrong:
        (said,) = findings(expectation(name, **kwargs))
        assert "'nope' is not a column of the table" in said
    monkeypatch.setattr(signatures, "_brought", frozenset)
    (said,) = findings(expectation("expect_column_to_exist", column="amount"))
    assert "cannot be checked: great-expectations is not installed here. pip install" in said


WRONG_ARGUMENTS: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("expect_column_values_to_be_between", {"column": "id", "min": 1, "max_value": 2}, "'min' is not an argument"),
    ("expect_column_values_to_be_between", {"column": "id"}, "needs min_value or max_value"),
    ("expect_column_values_to_be_between", {"column": "id", "min_value": 5, "max_value": 1}, "no value lies between"),
    ("expect_column_mean_to_be_between", {"column": "id", "min_value": 5, "max_value": 1}, "no value lies between"),
    (
        "expect_column_values_to_be_between",
        {"column": "id", "min_value": 5, "max_value": 5, "strict_min": True},
        "no value lies between",
    ),
    (
        "expect_column_max_to_be_between",
        {"column": "id", "min_value": "2025-02-01", "max_value": "2025-01-01"},
        "no value lies between",
    ),
    ("expect_column_max_to_be_between", {"column": "id", "max_value": "soon"}, "neither a number nor a moment"),
    ("expect_column_values_to_be_unique", {"column": "id", "mostly": 1.5}, "must be at most 1"),
    ("expect_column_values_to_be_unique", {"column": "id", "most": 0.5}, "Did you mean mostly?"),
    ("expect_column_values_to_be_in_set", {"column": "id"}, "needs the field 'value_set'"),
    ("expect_column_values_to_be_in_set", {"column": "id", "value_set": []}, "should be non-empty"),
    ("expect_column_values_to_match_regex_list", {"column": "id", "regex_list": []}, "asks for nothing"),
    ("expect_table_row_count_to_equal", {"value": "many"}, "has the wrong type"),
    ("expect_table_row_count_to_equal", {"value": -1}, "is never below 0"),
    ("expect_column_stdev_to_be_between", {"column": "id", "max_value": -1}, "is never below 0"),
    ("expect_column_values_to_be_unique", {"column": "id", "mostly": 0}, "asks for nothing"),
    ("expect_column_values_to_match_regex", {"column": "id", "regex": "["}, "'[' is not a pattern"),
    ("expect_column_max_to_be_between", {"column": "id", "max_value": float("nan")}, "neither a number"),
    (
        "expect_column_quantile_values_to_be_between",
        {"column": "id", "quantile_ranges": {"quantiles": [1.5], "value_ranges": [[5, 1]]}},
        "1.5 is not a quantile",
    ),
    ("expect_table_row_count_to_be_between", {"column": "id", "min_value": 1}, "'column' is not an argument"),
    ("expect_column_value_lengths_to_be_between", {"column": "id", "min_value": 1.5}, "has the wrong type"),
)


@pytest.mark.parametrize(("name", "kwargs", "words"), WRONG_ARGUMENTS)
def test_what_an_expectation_does_not_take_is_a_finding(name: str, kwargs: dict[str, Any], words: str) -> None:
    said = findings(expectation(name, **kwargs))
    assert any(words in one for one in said), said


def test_an_expectation_that_can_be_run_has_no_finding() -> None:
    right = (
        ("expect_column_values_to_be_between", {"column": "id", "min_value": 1, "max_value": None, "mostly": 0.995}),
        ("expect_column_max_to_be_between", {"column": "id", "max_value": "2025-01-01T00:00:00Z"}),
        ("expect_column_values_to_be_in_set", {"column": "id", "value_set": [1, 2], "result_format": "SUMMARY"}),
        ("expect_table_row_count_to_be_between", {"min_value": 1, "max_value": 1}),
        (
            "expect_column_quantile_values_to_be_between",
            {"column": "id", "quantile_ranges": {"quantiles": [0.5], "value_ranges": [[1, None]]}},
        ),
    )
    for name, kwargs in right:
        assert checks_of(expectation(name, **kwargs))
