"""A document against the standard's JSON schema, level by level.

The schema forbids fields that nobody evaluated, and to tell which those are a validator looks at everything below a property
again for each condition on it: the time grows as a power of the depth. So each property is validated without what is below it,
and what is below by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from airflow_provider_harness.adapters.contracts.findings import Finding, Path, schema_findings

LENIENT = (
    "authoritativeDefinitions",
    "customProperties",
    "description",
    "price",
    "roles",
    "servers",
    "slaProperties",
    "support",
    "team",
)
"""Parts of a file in which version 3.0 lets authors write fields of their own."""


@lru_cache(maxsize=1)
def standard() -> Mapping[str, Any]:
    """The newest JSON schema of the standard."""
    import json
    from importlib.resources import files

    found: dict[str, Any] = json.loads(files("open_data_contract_standard").joinpath("schema.json").read_text())
    return found


def shape_findings(data: Mapping[str, Any], *, old: bool) -> list[Finding]:
    """Every way in which a document breaks the standard's schema.

    :param old: it is of version 3.0, which lets authors write fields of their own beside the standard's.
    """
    top = dict(data)
    parts: list[tuple[Path, str, Mapping[str, Any]]] = []
    if isinstance(data.get("schema"), list):
        top["schema"] = [
            _cut(table, ("schema", index), parts) if isinstance(table, dict) else table
            for index, table in enumerate(data["schema"])
        ]
    found = schema_findings(top, standard(), formats=True)
    for path, kind, part in parts:
        found += schema_findings(part, _schema_of(kind), at=path)
    return [finding for finding in found if not (old and _is_own(finding))]


def _is_own(finding: Finding) -> bool:
    return finding.path[:1] != () and finding.path[0] in LENIENT and finding.problem.startswith("is not a field")


@lru_cache(maxsize=8)
def _schema_of(kind: str) -> Mapping[str, Any]:
    return {"$schema": standard()["$schema"], "$defs": standard()["$defs"], "$ref": f"#/$defs/{kind}"}


def _cut(owner: Mapping[str, Any], path: Path, parts: list[tuple[Path, str, Mapping[str, Any]]]) -> dict[str, Any]:
    """A table or property without what is below it, which is put among the parts."""
    kept = dict(owner)
    for place, kind, inner in _below(owner, path):
        parts.append((place, kind, _cut(inner, place, parts)))
    if isinstance(owner.get("properties"), list):
        kept["properties"] = [prop for prop in owner["properties"] if not isinstance(prop, dict)]
    if isinstance(owner.get("items"), dict):
        del kept["items"]
    if isinstance(owner.get("map"), dict):
        bare = {"logicalType": "boolean"}  # of which the schema demands nothing more
        kept["map"] = {word: bare if isinstance(inner, dict) else inner for word, inner in owner["map"].items()}
    return kept


def _below(owner: Mapping[str, Any], path: Path) -> Iterator[tuple[Path, str, Mapping[str, Any]]]:
    listed = owner.get("properties")
    for index, prop in enumerate(listed if isinstance(listed, list) else ()):
        if isinstance(prop, dict):
            yield (*path, "properties", index), "SchemaProperty", prop
    if isinstance(owner.get("items"), dict):
        yield (*path, "items"), "SchemaItemProperty", owner["items"]
    pair: Any = owner.get("map")
    for word in ("key", "value") if isinstance(pair, dict) else ():
        if isinstance(pair.get(word), dict):
            yield (*path, "map", word), "SchemaItemProperty", pair[word]
