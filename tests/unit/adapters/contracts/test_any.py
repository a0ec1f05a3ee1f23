"""Whatever a file says, it is contracts or findings: structures made from the standard's own schema, junk in any place, and limits."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airflow_provider_harness.adapters.contracts import file as contracts_file
from airflow_provider_harness.adapters.contracts.coverage import coverage
from airflow_provider_harness.adapters.contracts.ledger import LEDGER
from airflow_provider_harness.adapters.contracts.odcs import compile_file, load_contract
from airflow_provider_harness.adapters.yaml_files import limits as contracts_yaml
from airflow_provider_harness.core.errors import ContractError, HarnessError
from tests.unit.adapters.contracts.test_ledger import standard
from tests.unit.adapters.contracts.test_silent import contract
from tests.yardstick import at_most

SCHEMA = standard()
JUNK = st.sampled_from(
    [
        *(None, True, False, 0, -1, 3, 1.5, float("nan"), float("inf"), 10**30, "", "a", "t.a", "0", "PT4H", "percent"),
        *("2020-01-01", "09:00-08:00", "[", "^(", "schema/t/properties/a", "x.yaml#a.b"),
        *([], {}, [[]], [None], ["a", "b"], {"a": 1}, [{"value": 1}]),
    ]
)
NAMES = st.sampled_from(["a", "b", "t", "t.a", "o", "Größe", 'x "y"', ""])
WORDS: Mapping[str, st.SearchStrategy[Any]] = {
    "name": NAMES,
    "physicalName": NAMES,
    "element": st.sampled_from(["a", "t.a", "t.a, t.b", "u.a", ""]),
    "property": st.sampled_from(["freshness", "latency", "retention", "timeOfAvailability", "harness.load", "harness.late", "harness.severity", "fy"]),
    "physicalType": st.sampled_from(["text", "int", "numeric(9,2)", "timestamptz", "text[]", "jsonb", "float8", "nope"]),
    "engine": st.sampled_from(["harness", "greatExpectations", "soda"]),
    "implementation": st.sampled_from([{"check": "mean", "mustBe": 1}, "check: anomaly", {"type": "expect_x", "kwargs": {"aB": 1}}, "a: [", {}]),
    "arguments": st.sampled_from([{}, {"validValues": ["a", None]}, {"properties": ["a", "b"]}, {"minimum": 3, "maximum": 1}, {"pattern": "("}]),
    "query": st.sampled_from(["SELECT count(*) FROM ${table}", "SELECT", "SELECT 1 FROM {object}"]),
    "to": st.sampled_from(["t.a", "schema/t/properties/a", "u.a.b", ["t.a", "t.b"], "x"]),
    "from": st.sampled_from(["t.a", ["t.a", "t.b"], "u.a"]),
    "unit": st.sampled_from(["rows", "percent", "h", "d", "m", "fortnite"]),
    "severity": st.sampled_from(["error", "warning", "high", "medium"]),
    "apiVersion": st.sampled_from(["v3.0.0", "v3.1.0", "v3.2.0", "v2.2.2", "v9"]),
}  # fmt: skip
"""Field -> values that are worth a try there."""


def resolved(node: Mapping[str, Any]) -> Mapping[str, Any]:
    while "$ref" in node:
        target: Any = SCHEMA
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = {**target, **{key: value for key, value in node.items() if key != "$ref"}}
    return node


@lru_cache(maxsize=512)
def _of(said: str) -> dict[str, Any]:
    return _fields(json.loads(said))


def fields(node: Mapping[str, Any]) -> dict[str, Any]:
    """Every field that any branch of a schema knows."""
    return _of(json.dumps(node, sort_keys=True))


def _fields(node: Mapping[str, Any]) -> dict[str, Any]:
    node = resolved(node)
    found = dict(node.get("properties", {}))
    for word in ("allOf", "anyOf", "oneOf"):
        for part in node.get(word, ()):
            found |= {key: value for key, value in _fields(part).items() if key not in found}
    if "then" in node:
        found |= {key: value for key, value in _fields(node["then"]).items() if key not in found}
    return found


def values(node: Mapping[str, Any], depth: int) -> st.SearchStrategy[Any]:
    """Values that a schema allows, more or less."""
    node = resolved(node)
    if "enum" in node:
        return st.sampled_from(node["enum"])
    if depth <= 0:
        return (
            st.just([] if node.get("type") == "array" else {})
            if node.get("properties") or node.get("type") == "array"
            else JUNK
        )
    branches = [branch for word in ("oneOf", "anyOf") for branch in node.get(word, ())]
    if branches and not node.get("properties"):
        return st.one_of([values(branch, depth) for branch in branches])
    kind = node.get("type")
    if kind == "array":
        return st.lists(values(node.get("items", {}), depth - 1), max_size=2) if depth > 0 else st.just([])
    if kind == "object" or fields(node):
        return entries(node, depth)
    plain = {
        "string": NAMES,
        "integer": st.integers(-2, 9),
        "number": st.floats(-5, 99, width=16),
        "boolean": st.booleans(),
    }
    return plain.get(str(kind), JUNK)


def entries(node: Mapping[str, Any], depth: int) -> st.SearchStrategy[dict[str, Any]]:
    known = fields(node)
    names = sorted(known)
    if not names or depth <= 0:
        return st.just({})

    def chosen(picked: list[str]) -> st.SearchStrategy[dict[str, Any]]:
        wanted = {*picked, *resolved(node).get("required", ())} & set(names)
        return st.fixed_dictionaries(
            {name: WORDS[name] if name in WORDS else values(known[name], depth - 1) for name in sorted(wanted)}
        )

    return st.lists(st.sampled_from(names), max_size=6, unique=True).flatmap(chosen)


PROPERTY = SCHEMA["$defs"]["SchemaProperty"]
TABLE = SCHEMA["$defs"]["SchemaObject"]
SLA = SCHEMA["$defs"]["ServiceLevelAgreementProperty"]


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """Contracts that are right on the outside, with anything of the standard inside."""
    columns = [
        {"name": "a", "logicalType": "integer"} | draw(entries(PROPERTY, 4)),
        {
            "name": "b",
            "logicalType": draw(st.sampled_from(["string", "date", "timestamp", "number", "object", "array"])),
        }
        | draw(entries(PROPERTY, 4)),
    ]
    table = {"name": "t"} | draw(entries(TABLE, 3)) | {"properties": columns}
    top: dict[str, Any] = {"apiVersion": "v3.1.0", "kind": "DataContract", "id": "c", "version": "1", "schema": [table]}
    top["slaProperties"] = draw(st.lists(entries(SLA, 2), max_size=2))
    return top | draw(
        entries(SCHEMA, 2).map(lambda some: {k: v for k, v in some.items() if k not in ("schema", "kind")})
    )


def judged(text: str) -> None:
    """A text is contracts, of which every line can be told, or findings."""
    try:
        compiled = compile_file(text, "x")
    except ContractError as error:
        assert error.findings and all(finding.startswith("x:") for finding in error.findings)
        assert not any("cannot be compiled" in finding for finding in error.findings), error.findings
        return
    told = coverage(compiled)
    assert {check.id for line in told for check in line.checks} == {
        c.id for one in compiled.contracts for c in one.checks
    }
    for line in told:
        line.row()


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(documents())
def test_any_structure_of_the_standard_gives_contracts_or_findings(document: dict[str, Any]) -> None:
    judged(yaml.safe_dump(document, allow_unicode=True))


def paths(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [here] if here else []
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return found + [path for key, inner in pairs for path in paths(inner, (*here, key))]


WHOLE = yaml.safe_load(
    contract(
        {
            "logicalType": "string",
            "logicalTypeOptions": {"minLength": 1, "maxLength": 9, "pattern": "^a", "format": "email"},
            "enum": [{"value": "a@b.c"}],
            "relationships": [
                {"to": "t.name", "customProperties": [{"property": "harness.severity", "value": "warning"}]}
            ],
            "quality": [{"metric": "invalidValues", "mustBe": 0, "arguments": {"validValues": ["a@b.c"]}, "name": "n"}],
            "examples": ["a@b.c"],
        },
        rules=[
            {"metric": "rowCount", "mustBeBetween": [1, 9], "severity": "high", "schedule": "0 6 * * *"},
            {"type": "custom", "engine": "harness", "implementation": {"check": "anomaly", "of": "row_count"}},
            {"type": "sql", "query": "SELECT 1", "mustBe": 1},
        ],
        slaProperties=[{"property": "freshness", "value": 4, "unit": "h", "element": "t.o"}],
        servers=[{"server": "s", "type": "postgres", "host": "h", "database": "d", "schema": "s"}],
        team={"name": "n", "members": [{"username": "u"}]},
        customProperties=[{"property": "harness.load", "value": {"mode": "merge", "sliceColumn": "o", "key": ["id"]}}],
    )
)
PLACES = paths(WHOLE)


def put(value: Any, path: tuple[Any, ...], junk: Any) -> Any:
    if not path:
        return junk
    copied = dict(value) if isinstance(value, dict) else list(value)
    copied[path[0]] = put(value[path[0]], path[1:], junk)
    return copied


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(PLACES), JUNK)
def test_whatever_stands_in_a_field_gives_contracts_or_findings(place: tuple[Any, ...], junk: Any) -> None:
    judged(yaml.safe_dump(put(WHOLE, place, junk)))


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.text(alphabet=st.sampled_from("abc:-[]{}&*!|>#%@ \n\t\"'\x00\x85\u2028<<0123e."), max_size=60))
def test_any_text_gives_contracts_or_findings(text: str) -> None:
    judged(text)
    judged(f"{yaml.safe_dump(WHOLE)}\nx: {text}")


def bomb(levels: int) -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, levels)]
    return "\n".join(lines)


LIMITS = [
    ("an alias bomb", bomb(9), "keys and values, where each use of an alias counts"),
    ("an alias of itself", "a: &a [*a]", "the alias *a contains itself"),
    ("lists in lists", "a: " + "[" * 100_000 + "]" * 100_000, "nested more than 60 deep"),
    ("mappings in mappings", "".join(f"{' ' * n}a:\n" for n in range(900)), "nested more than 60 deep"),
    ("many keys", "\n".join(f"k{n}: {n}" for n in range(100_000)), "more than 60000 keys and values"),
    ("a control character", "a: \x01", "is not YAML"),
    ("a number without end", f"a: {'9' * 6000}", "is not YAML"),
    ("a key that is not text", "1: a", "is a key that is not text. Quote it."),
    ("two documents", "a: 1\n---\nb: 2", "is not YAML"),
]


@pytest.mark.parametrize(("text", "said"), [case[1:] for case in LIMITS], ids=[case[0] for case in LIMITS])
def test_a_text_beyond_limits_is_refused_at_once(text: str, said: str) -> None:
    with at_most(30), pytest.raises(ContractError) as caught:
        compile_file(text, "x")
    assert any(said in finding for finding in caught.value.findings), caught.value.findings


def test_the_largest_contract_that_is_read_is_read_in_seconds() -> None:
    deep: dict[str, Any] = {"name": "x", "logicalType": "string"}
    for n in range(20):
        deep = {"name": f"n{n}", "logicalType": "object", "properties": [deep, {"name": "y", "logicalType": "string"}]}
    with at_most(50):  # the depth costs no power of it
        compile_file(contract({"logicalType": "object", "properties": [deep]}), "x")


def test_a_file_that_is_too_large_or_no_file_is_refused(tmp_path: Path) -> None:
    large, pipe = tmp_path / "large.yaml", tmp_path / "pipe.yaml"
    large.write_text("a: 1\n" * (contracts_file.MOST_BYTES // 4))
    os.mkfifo(pipe)
    for file, said in (
        (large, "KiB, and a contract has at most"),
        (pipe, "is not a regular file"),
        (tmp_path, "not a regular file"),
    ):
        with pytest.raises(HarnessError, match=said):
            load_contract(str(file))


def test_limits_are_above_what_people_write() -> None:
    assert 20 * len(LEDGER) < contracts_yaml.MOST_NODES
    columns = [{"name": f"c{n}", "logicalType": "string", "required": True} for n in range(1600)]
    text = contract().replace("  - name: id\n    logicalType: integer\n", yaml.safe_dump(columns, indent=2).replace("- ", "  - ").replace("\n  l", "\n    l").replace("\n  n", "\n    n").replace("\n  r", "\n    r"))  # fmt: skip
    with at_most(200):
        assert len(compile_file(text, "x").contracts[0].columns) == 1603
