"""Older versions of the standard in the words of the newest, and files of other standards by their name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import replace
from typing import Any

from airflow_provider_harness.adapters.contracts.findings import Finding, Path, YamlDocument, did_you_mean
from airflow_provider_harness.adapters.contracts.rules.logical_types import logical_of
from airflow_provider_harness.core.contracts.checks import Operator

NEWEST = "v3.2.0"
READ = ("v3.0.0", "v3.0.1", "v3.0.2", "v3.1.0", NEWEST)
"""Versions that are read."""
RULES: Mapping[str, str] = {
    "nullCheck": "nullValues",
    "nullValues": "nullValues",
    "missingValues": "missingValues",
    "invalidValues": "invalidValues",
    "validValues": "invalidValues",
    "duplicateCount": "duplicateValues",
    "duplicateValues": "duplicateValues",
    "countCheck": "rowCount",
    "rowCount": "rowCount",
}
"""``rule`` of version 3.0 -> ``metric``."""


class Unsaid(str):
    """Stands for a logicalType that nobody said, while the rest of the property is looked at."""


UNSAID = Unsaid("boolean")
"""Of a boolean the standard demands nothing more."""


def modern(marked: YamlDocument) -> YamlDocument:
    """A document in the words of the newest version, with findings where that cannot be done.

    Lines stay those of the file. A file of another standard is one finding, and no document.
    """
    if not isinstance(marked.data, dict):
        return marked
    stranger = _stranger(marked.data)
    if stranger is not None:
        return YamlDocument(data=None, lines=marked.lines, findings=(*marked.findings, stranger))
    lines = dict(marked.lines)
    data = deepcopy(marked.data)
    findings = [*marked.findings, *_version(data)]
    old = str(marked.data.get("apiVersion", "")).startswith("v3.0")
    for path, table in _tables(data):
        for here, prop in _properties(table, path):
            findings += _typed(prop, here)
            findings += _bare(prop, here)
            if old:
                _exclusive(prop.get("logicalTypeOptions"), (*here, "logicalTypeOptions"), lines)
            findings += _rules(prop, here, lines)
        findings += _rules(table, path, lines)
    if old:
        _members(data)
    return replace(marked, data=data, lines=lines, findings=tuple(findings))


def _stranger(data: Mapping[str, Any]) -> Finding | None:
    """What a file is that is no contract of this standard's third version."""
    if "dataContractSpecification" in data:
        problem = f"is a Data Contract Specification {data['dataContractSpecification']}, which is another standard."
        fix = "Convert it to the Open Data Contract Standard, for example by `datacontract export --format odcs`."
        return Finding(path=("dataContractSpecification",), problem=problem, fix=fix)
    version = str(data.get("apiVersion", "")).removeprefix("v")
    if version.startswith("2.") or ("apiVersion" not in data and {"quantumName", "datasetName", "uuid"} & data.keys()):
        problem = f"is the Open Data Contract Standard v{version or 2}, whose fields are others."
        fix = "Write it anew in version 3: dataset became schema, columns became properties."
        return Finding(path=("apiVersion",), problem=problem, valid=READ, fix=fix)
    if data.get("kind") == "DataProduct":
        problem = "is a data product (Open Data Product Standard), not a contract."
        return Finding(path=("kind",), problem=problem, fix="Give the contract files that it names.")
    return None


def _version(data: dict[str, Any]) -> Iterator[Finding]:
    given = data.get("apiVersion")
    if given is None:
        return  # the standard's own schema says so
    if given not in READ:
        fix = did_you_mean(given if isinstance(given, str) and given.startswith("v") else f"v{given}", READ)
        yield Finding(path=("apiVersion",), problem=f"{given!r} is not a supported version.", valid=READ, fix=fix)
    data["apiVersion"] = NEWEST


def _tables(data: Mapping[str, Any]) -> Iterator[tuple[Path, dict[str, Any]]]:
    tables = data.get("schema")
    for index, table in enumerate(tables if isinstance(tables, list) else ()):
        if isinstance(table, dict):
            yield ("schema", index), table


def _properties(owner: Mapping[str, Any], path: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Every property of a table, those below columns too."""
    listed = owner.get("properties")
    inner: list[tuple[Path, Any]] = [
        ((*path, "properties", index), prop) for index, prop in enumerate(listed if isinstance(listed, list) else ())
    ]
    inner.append(((*path, "items"), owner.get("items")))
    pair = owner.get("map")
    inner += [((*path, "map", word), pair.get(word)) for word in ("key", "value") if isinstance(pair, dict)]
    for here, prop in inner:
        if isinstance(prop, dict):
            yield here, prop
            yield from _properties(prop, here)


def _typed(prop: dict[str, Any], here: Path) -> Iterator[Finding]:
    """Say the logicalType that the rest of a property says; the standard leaves it open."""
    if prop.get("logicalType") is not None:
        yield from _misplaced(prop, here)
        return
    found = _shape(prop) or logical_of(prop.get("physicalType"))
    if found:
        prop["logicalType"] = found
        return
    column = len(here) == 4
    misspelt = any(
        did_you_mean(key, ("logicalType",)) for key in prop if key not in ("logicalTypeOptions", "physicalType")
    )
    if column and prop.get("semanticType") != "measure" and not misspelt:
        told = f", and {prop['physicalType']!r} is not a type that tells it" if prop.get("physicalType") else ""
        fix = "Add logicalType." if told else "Add logicalType or physicalType."
        yield Finding(path=here, problem=f"does not say what kind of values it has{told}.", fix=fix)
    prop["logicalType"] = UNSAID
    if not column and prop.get("logicalTypeOptions"):
        fix = "Add logicalType."
        yield Finding(path=(*here, "logicalTypeOptions"), problem="belongs to no logicalType.", fix=fix)
        prop.pop("logicalTypeOptions")


def _bare(prop: dict[str, Any], here: Path) -> Iterator[Finding]:
    """An ``enum`` of plain values, as JSON schema has it."""
    listed = prop.get("enum")
    if isinstance(listed, list) and listed and not any(isinstance(value, dict | list) for value in listed):
        fix = f"Write each as a mapping: {{value: {listed[0]}}}."
        yield Finding(path=(*here, "enum"), problem="lists plain values.", fix=fix)
        prop["enum"] = [{"value": value} for value in dict.fromkeys(listed)]


def _shape(prop: Mapping[str, Any]) -> str:
    shapes = {"items": "array", "properties": "object", "map": "map"}
    return next((kind for word, kind in shapes.items() if word in prop), "")


def _misplaced(prop: dict[str, Any], here: Path) -> Iterator[Finding]:
    """What only another logicalType has."""
    for word, kind in (("items", "array"), ("properties", "object"), ("map", "map")):
        if word in prop and prop["logicalType"] != kind and not (word == "properties" and here[-1] == "items"):
            problem = f"has no meaning where logicalType is {prop['logicalType']}."
            yield Finding(path=(*here, word), problem=problem, fix=f"Use logicalType {kind}, or remove it.")


def _exclusive(options: Any, here: Path, lines: dict[Path, int]) -> None:
    """``maximum: 9, exclusiveMaximum: true``, as version 3.0 had it, becomes ``exclusiveMaximum: 9``."""
    if not isinstance(options, dict):
        return
    for side, plain in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if options.get(side) is True and plain in options:
            options[side] = options.pop(plain)
        elif isinstance(options.get(side), bool):
            del options[side]


def _rules(owner: Mapping[str, Any], path: Path, lines: dict[Path, int]) -> Iterator[Finding]:
    entries = owner.get("quality")
    for index, entry in enumerate(entries if isinstance(entries, list) else ()):
        if isinstance(entry, dict):
            yield from _rule(entry, (*path, "quality", index), lines)


def _rule(entry: dict[str, Any], here: Path, lines: dict[Path, int]) -> Iterator[Finding]:
    if "type" not in entry:
        entry["type"] = _kind(entry)
    if entry["type"] != "library" or "metric" in entry or not isinstance(entry.get("rule"), str):
        return
    rule = entry["rule"]
    lines.setdefault((*here, "metric"), lines.get((*here, "rule"), 1))
    if rule not in RULES:
        problem = f"{rule!r} is not a rule that is known."
        yield Finding(path=(*here, "rule"), problem=problem, valid=tuple(RULES), fix=did_you_mean(rule, tuple(RULES)))
        entry["type"] = "text"
        for word in ("rule", *Operator):
            entry.pop(word, None)
        return
    entry["metric"] = RULES[rule]
    del entry["rule"]
    if isinstance(entry.get("validValues"), list):
        entry["arguments"] = {"validValues": entry.pop("validValues")}
        lines.setdefault((*here, "arguments"), lines.get((*here, "validValues"), 1))
    if rule in ("nullCheck", "validValues", "duplicateCount") and not any(word in entry for word in Operator):
        entry["mustBe"] = 0


def _kind(entry: Mapping[str, Any]) -> str:
    """What kind of rule an entry is that does not say so: the standard's own default is library."""
    if "metric" in entry or "rule" in entry:
        return "library"
    if "query" in entry:
        return "sql"
    return "custom" if "engine" in entry or "implementation" in entry else "library"


def _members(data: Mapping[str, Any]) -> None:
    """A member of version 3.0 may have no user name."""
    team = data.get("team")
    for member in team if isinstance(team, list) else ():
        if isinstance(member, dict):
            member.setdefault("username", str(member.get("name") or ""))
