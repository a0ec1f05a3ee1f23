"""Every keyword of the standard and of the harness has a row in the ledger, and the ledger is true of contracts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml

from airflow_provider_harness.adapters.contracts.coverage import ANYWHERE, SAYS_NOTHING, SECTIONS, Line, coverage
from airflow_provider_harness.adapters.contracts.ledger import LEDGER, End, row_of
from airflow_provider_harness.adapters.contracts.odcs import compile_file
from tests.unit.adapters.contracts.test_silent import BECOMES, contract, options

DEFINITIONS = {
    "": "contract",
    "Server": "server",
    "Context": "context",
    "SchemaElement": "",  # of a table as of a property
    "SchemaObject": "table",
    "SchemaBaseProperty": "property",
    "SchemaItemProperty": "property",
    "DataQuality": "quality",
    "DataQualityOperators": "quality",
    "DataQualityLibrary": "quality",
    "DataQualitySql": "quality",
    "DataQualityCustom": "quality",
    "AuthoritativeDefinitions": "authoritativeDefinition",
    "SupportItem": "support",
    "Pricing": "price",
    "Team": "team",
    "TeamMember": "member",
    "Role": "role",
    "ServiceLevelAgreementProperty": "sla",
    "EnumValue": "enum",
    "Synonym": "synonym",
    "CustomProperty": "customProperty",
    "RelationshipBase": "relationship",
    "RelationshipSchemaLevel": "relationship",
    "RelationshipPropertyLevel": "relationship",
}
"""Definition of the standard's JSON schema -> section of the ledger."""


def keywords(node: Any, section: str, logical: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    """Every keyword below a part of a JSON schema, and the section of the ledger that it belongs to."""
    if isinstance(node, list):
        for inner in node:
            yield from keywords(inner, section, logical)
    if not isinstance(node, dict):
        return
    kinds = tuple(types(node.get("if"))) or logical
    for word, inner in node.items():
        if word in ("if", "not", "$defs"):
            continue
        if word != "properties":
            yield from keywords(inner, section, kinds)
            continue
        for key, value in inner.items():
            yield from of_property(key, value, section, logical)


def of_property(key: str, value: Any, section: str, logical: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    if key == "logicalTypeOptions" and logical and section not in ("server", "context"):
        yield from ((f"options[{kind}]", name) for kind in logical for name in value.get("properties", ()))
        return
    yield section, key
    if section not in ("server", "context") and isinstance(value, dict) and "properties" in value:
        known = f"{section}.{key}"
        yield from keywords(value, {"contract.description": "description"}.get(known, known), ())


def types(condition: Any) -> Iterator[str]:
    """The logical types that a condition is about."""
    if isinstance(condition, dict):
        if "const" in condition.get("properties", {}).get("logicalType", {}):
            yield condition["properties"]["logicalType"]["const"]
        for inner in condition.get("anyOf", ()):
            yield from types(inner)


def standard() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((files("open_data_contract_standard") / "schema.json").read_text())
    return found


def all_keywords() -> set[tuple[str, str]]:
    schema = standard()
    found = set(keywords(schema, "contract"))
    for name, definition in schema["$defs"].items():
        section = DEFINITIONS.get("Server" if name.startswith("ServerSource") else name)
        told = list(keywords(definition, section or "", ()))
        assert section is not None or not told, f"{name} is in no section of the ledger"
        for place, key in told:
            sections = ("table", "property") if section == "" and place == "" else (place,)
            found |= {(one, key) for one in sections}
    return found


def test_the_walk_finds_the_keywords() -> None:
    found = all_keywords()
    assert {("contract", "slaProperties"), ("quality", "mustBeBetween"), ("options[array]", "minItems")} <= found
    assert {("table", "physicalName"), ("property", "synonyms"), ("table", "synonyms"), ("property", "map")} <= found
    assert len(found) > 250


def test_every_keyword_of_the_standard_is_in_a_row() -> None:
    missing = sorted(pair for pair in all_keywords() if row_of(*pair) is None)
    assert not missing


def test_no_row_is_of_a_keyword_that_the_standard_does_not_have() -> None:
    known = {f"{section}.{key}" for section, key in all_keywords()}
    strangers = {name for name in LEDGER if not name.startswith("harness") and not name.endswith(".*")} - known
    assert not strangers


def extension() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((files("airflow_provider_harness") / "contract.schema.json").read_text())
    return found


def test_every_property_of_the_harness_is_in_a_row() -> None:
    for name, spec in extension()["properties"].items():
        assert row_of("harness", name.removeprefix("harness.")), name
        for field in spec.get("items", spec).get("properties", ()):
            assert row_of(name, field), f"{name}: {field}"


def test_sections_of_the_walk_over_files_are_those_of_the_ledger() -> None:
    sections = {name.rpartition(".")[0] for name in LEDGER}
    assert {*SECTIONS.values(), *ANYWHERE.values()} <= sections


def lines(text: str) -> dict[str, Line]:
    return {line.field: line for line in coverage(compile_file(text, "x"))}


FILES = sorted((Path(__file__).resolve().parents[4] / "dags" / "contracts").glob("*.odcs.yaml"))
RULES = [
    {"id": "floor", "metric": "rowCount", "mustBeGreaterThan": 0, "dimension": "completeness"},
    {"metric": "duplicateValues", "mustBe": 0, "arguments": {"properties": ["id", "o"]}, "schedule": "0 6 * * *"},
    {"query": "SELECT count(*) FROM ${table}", "mustBeGreaterThan": 0},
    {"type": "custom", "engine": "greatExpectations", "implementation": "type: expect_table_columns_to_match_set\n"},
    {"type": "text", "description": "By people."},
]
WHOLE = contract(
    {
        **options("string", "text", minLength=1, maxLength=9, pattern="^a", format="hostname"),
        "required": True,
        "unique": True,
        "enum": [{"value": "a", "label": "A"}],
        "relationships": [{"to": "u.id"}],
        "quality": [{"metric": "nullValues", "mustBe": 0}],
        "synonyms": [{"synonym": "y"}],
    },
    rules=RULES,
    slaProperties=[{"property": "freshness", "value": 4, "unit": "h", "element": "t.o"}],
    customProperties=[{"property": "harness.load", "value": {"mode": "merge", "sliceColumn": "o", "key": ["id"]}}],
)
TEXTS = [file.read_text() for file in FILES] + [text for _, text, _ in BECOMES] + [WHOLE]


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_what_the_ledger_calls_enforced_is_a_check_of_the_contract(text: str) -> None:
    found = coverage(compile_file(text, "x"))
    data = yaml.safe_load(text)
    for line in found:
        said = value_at(data, line.field)
        if line.becomes.removeprefix("no check here (").startswith("check") and said not in (*SAYS_NOTHING, "password"):
            assert line.end is End.ENFORCED and line.checks, line


def value_at(data: Any, field: str) -> Any:
    for part in field.replace("[", ".[").split("."):
        data = data[int(part[1:-1])] if part.startswith("[") else data.get(part)
    return data


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_every_check_comes_from_a_line(text: str) -> None:
    compiled = compile_file(text, "x")
    told = {check.id for line in coverage(compiled) for check in line.checks}
    assert told == {check.id for one in compiled.contracts for check in one.checks}


def test_each_field_of_a_file_is_told_with_its_line() -> None:
    found = lines(WHOLE)
    text = WHOLE.splitlines()
    for field, line in found.items():
        key = field.rpartition(".")[2].partition("[")[0]
        assert f"{key}:" in text[line.line - 1], (field, text[line.line - 1])
    assert found["schema[0].quality[0].mustBeGreaterThan"].row()["checks"] == "floor (error)"
    assert found["schema[0].quality[4].description"].becomes == "a rule for people"
    named = found["schema[0].properties[4].quality[0].metric"]
    assert [check.id for check in named.checks] == ["not_null:x"], "it is said twice, and is one check"
    assert found["schema[0].properties[4].unique"].row()["engines"] == "sql, arrow, gx"
    assert "extract" not in found["schema[0].properties[4].relationships[0].to"].row()["gates"]


def test_what_the_harness_acts_by_without_a_check_is_no_word_for_people() -> None:
    text = contract(
        {"logicalType": "string", "physicalType": "text"},
        customProperties=[{"property": "harness.load", "value": {"mode": "full"}}],
    )
    told = {line.field: line.end for line in coverage(compile_file(text, "x"))}
    acted_by = ("schema[0].properties[4].logicalType", "schema[0].properties[4].physicalType")
    assert {told[field] for field in (*acted_by, "customProperties[0].value.mode")} == {End.ENFORCED}


def test_a_field_that_nobody_reads_says_so() -> None:
    text = contract(team=[{"username": "a", "comment": "left"}]).replace("v3.1.0", "v3.0.0")
    assert lines(text)["team[0].comment"].becomes == "no field of the standard; nothing reads it"


def test_a_promise_is_told_where_there_is_one_and_nowhere_else() -> None:
    given = [
        {"property": "latency", "value": 4, "unit": "h"},
        {"property": "timeOfAvailability", "value": "06:00 Europe/Berlin"},
        {"property": "retention", "value": 3, "unit": "y"},
        {"property": "availability", "value": "99.9", "unit": "%"},
    ]
    found = lines(contract(slaProperties=given))
    ends = [found[f"slaProperties[{place}].{key}"].end for place in range(4) for key in ("property", "value")]
    assert ends == [End.ENFORCED] * 4 + [End.INFORMATIVE] * 4


def test_a_word_of_an_older_version_is_told_as_the_check_that_it_became() -> None:
    rule = {"rule": "validValues", "validValues": ["a", "b"]}
    text = contract({"logicalType": "string", "quality": [rule]}).replace("v3.1.0", "v3.0.0")
    line = lines(text)["schema[0].properties[4].quality[0].validValues"]
    assert (line.end, [check.id for check in line.checks]) == (End.ENFORCED, ["accepted_values:x"])
