"""What a contract has done with personal data at extraction: by column, or by classification for all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from airflow_provider_harness.adapters.contracts.findings import Finding, Path
from airflow_provider_harness.core.contracts.contract import LogicalType, Treatment
from airflow_provider_harness.core.contracts.schema import canonical
from airflow_provider_harness.core.redaction.personal_data import PERSONAL

NAME = "harness.personalData"
CHECKED = ("enum", "logicalTypeOptions", "relationships")
"""Fields of a property whose checks need the value itself."""
TEXTS = ("text", "character varying", "character", "citext")
"""Types that hold any text."""


def _is_text(prop: Mapping[str, Any]) -> bool:
    """Whether a column can hold what stands for its values: neither a mask nor a hash is JSON, a uuid or a number."""
    kind = canonical(str(prop.get("physicalType") or "text")).partition("(")[0].strip()
    return prop.get("logicalType") == LogicalType.STRING and kind in TEXTS


def _rules_below(prop: Mapping[str, Any]) -> Iterator[str]:
    """Fields that are rules, of what is inside a property."""
    items = prop.get("items")
    for inner in (*(prop.get("properties") or ()), *((items,) if items else ())):
        if isinstance(inner, dict):
            yield from (field for field in (*CHECKED, "required", "unique", "quality") if inner.get(field))
            yield from _rules_below(inner)


def strangers(data: Mapping[str, Any]) -> Iterator[Finding]:
    """Properties of the harness in places where nothing reads them."""
    for path, name in _named(data, ()):
        if name.startswith("harness.") and not _is_read(path):
            fix = "Move it to the file's, the table's, a column's or a relationship's customProperties."
            yield Finding(path=path, problem=f"{name!r} is not read here.", fix=fix)


def unmet(by_class: Mapping[str, Any], tables: Sequence[Any]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Classifications that are treated and that no column of a file has, each with those that columns have."""
    listed = [prop for table in tables if isinstance(table, dict) for prop in table.get("properties") or ()]
    known = {str(prop["classification"]) for prop in listed if isinstance(prop, dict) and prop.get("classification")}
    for word in by_class:
        if str(word).lower() not in {one.lower() for one in known}:
            yield str(word), tuple(sorted(known))


def _named(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    """The names of all custom properties of a document, and where each stands."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "customProperties" and isinstance(inner, list):
                for index, entry in enumerate(inner):
                    if isinstance(entry, dict):
                        yield (*path, key, index, "property"), str(entry.get("property"))
            else:
                yield from _named(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _named(inner, (*path, index))


def _is_read(path: Path) -> bool:
    owner = path[:-3]
    of_table = len(owner) == 2 and owner[0] == "schema"
    of_column = len(owner) == 4 and owner[0] == "schema" and owner[2] == "properties"
    return not owner or of_table or of_column or (len(owner) > 1 and owner[-2] == "relationships")


class Treatments:
    """Physical column name -> what is done with it, with a finding for whatever cannot be done.

    :param by_class: classification in lower case -> treatment, from the contract's own ``harness.personalData``.
    :param slice_column: it must stay as it is.
    """

    def __init__(self, by_class: Mapping[str, Any], slice_column: str, findings: list[Finding]) -> None:
        self._by_class = {str(word).lower(): str(treatment) for word, treatment in by_class.items()}
        self._slice_column, self._findings = slice_column, findings

    def of(self, prop: Mapping[str, Any], here: Path) -> Treatment:
        """What is done with one property's column."""
        given, place = self._given(prop, here)
        if given is None:
            return Treatment.KEEP
        if given not in tuple(Treatment):
            self._find(place, f"{given!r} is not valid.", tuple(Treatment))
            return Treatment.KEEP
        treatment = Treatment(given)
        for problem, fix in self._impossible(prop, treatment):
            self._find(place, problem, fix=fix)
        return treatment

    def _given(self, prop: Mapping[str, Any], here: Path) -> tuple[str | None, Path]:
        for index, entry in enumerate(prop.get("customProperties") or ()):
            if isinstance(entry, dict) and entry.get("property") == NAME:
                return str(entry.get("value")), (*here, "customProperties", index, "value")
            if isinstance(entry, dict) and str(entry.get("property")).startswith("harness."):
                place = (*here, "customProperties", index, "property")
                self._find(place, f"{entry['property']!r} is not a property of a column.", (NAME,))
        word = str(prop.get("classification") or "").lower()
        if word in self._by_class:
            return self._by_class[word], (*here, "classification")
        if word in PERSONAL:
            self._find(
                (*here, "classification"),
                f"{prop['classification']} data needs a treatment, and nothing says which.",
                tuple(Treatment),
                f"Give the property, or the contract, the custom property {NAME}.",
            )
        return None, here

    def _impossible(self, prop: Mapping[str, Any], treatment: Treatment) -> Iterator[tuple[str, str]]:
        name = str(prop.get("physicalName") or prop["name"])
        if treatment is Treatment.KEEP:
            return
        if name == self._slice_column:
            yield f"{name} says which slice a row belongs to, so it cannot be treated.", "Keep it."
        if treatment in (Treatment.MASK, Treatment.DROP) and (prop.get("primaryKey") or prop.get("unique")):
            yield f"{name} tells rows apart, so it cannot be taken away.", "Use hash, or keep."
        if treatment is not Treatment.DROP and not _is_text(prop):
            yield f"{name} becomes text.", "Give it logicalType string and physicalType text."
        checked = [field for field in CHECKED if prop.get(field)]
        if checked:
            yield (
                f"{name} has {', '.join(checked)}, which need the value itself.",
                "Check it at its source, or keep it.",
            )
        if treatment is Treatment.DROP and prop.get("quality"):
            yield f"{name} is not published, so nothing of it can be checked.", "Remove its quality."
        if treatment is Treatment.DROP and (below := sorted(set(_rules_below(prop)))):
            yield f"{name} is not published, so nothing in it can be checked.", f"Remove {', '.join(below)} below it."

    def _find(self, path: Path, problem: str, valid: tuple[str, ...] = (), fix: str = "") -> None:
        self._findings.append(Finding(path=path, problem=problem, valid=valid, fix=fix))
