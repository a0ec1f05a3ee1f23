"""The data dictionary of a contract: other words for its columns, examples of their values, measures made of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from airflow_provider_harness.adapters.contracts.findings import Finding, Path
from airflow_provider_harness.core.contracts.contract import Measure

MEASURE = "measure"
"""The standard's ``semanticType`` of a property that is no column: what it is stands in ``transformLogic``."""


RULES = ("required", "unique", "primaryKey", "enum", "logicalTypeOptions", "relationships", "quality")
"""Fields of a property that ask for checks of its values."""


def is_measure(prop: Mapping[str, Any]) -> bool:
    """Whether a property is a number made of columns, not a column."""
    return prop.get("semanticType") == MEASURE


def measures(table: Mapping[str, Any], here: Path, findings: list[Finding]) -> tuple[Measure, ...]:
    """The table's measures, in file order.

    :param here: where the table stands.
    """
    found = []
    for index, prop in enumerate(table["properties"]):
        if isinstance(prop, dict) and is_measure(prop) and "name" in prop:
            for word in RULES:
                if prop.get(word):
                    fix = "Put the rule on the columns from which the measure is made, or use type sql."
                    problem = "is a rule of a measure, which is not a column, so nothing of it can be checked."
                    findings.append(Finding(path=(*here, "properties", index, word), problem=problem, fix=fix))
            if not prop.get("transformLogic"):
                place: Path = (*here, "properties", index)
                fix = "For example transformLogic: SUM(amount)."
                findings.append(Finding(path=place, problem="is a measure without 'transformLogic'.", fix=fix))
            found.append(
                Measure(
                    name=str(prop["name"]),
                    expression=str(prop.get("transformLogic") or ""),
                    description=str(prop.get("description") or ""),
                    synonyms=synonyms(prop),
                )
            )
    return tuple(found)


def synonyms(prop: Mapping[str, Any]) -> tuple[str, ...]:
    """Other words for a property."""
    return tuple(str(e["synonym"]) for e in prop.get("synonyms") or () if isinstance(e, dict) and e.get("synonym"))


def examples(prop: Mapping[str, Any], here: Path, findings: list[Finding]) -> tuple[str, ...]:
    """Values that a column may have; one that breaks the column's own rules is a mistake of the contract."""
    given = prop.get("examples")
    given = given if isinstance(given, list) else []
    for index, value in enumerate(given):
        reason = next(against(prop, value), "")
        if reason:
            problem = f"{value!r} is an example that the column may not have: {reason}."
            findings.append(Finding(path=(*here, "examples", index), problem=problem))
    return tuple(map(str, given))


def against(prop: Mapping[str, Any], value: Any) -> Iterator[str]:
    """Why a property's own rules refuse a value."""
    options = prop.get("logicalTypeOptions")
    rules: Mapping[str, Any] = options if isinstance(options, dict) else {}
    listed = [entry.get("value") for entry in prop.get("enum") or () if isinstance(entry, dict)]
    if listed and value not in listed:
        yield f"it is not in enum ({', '.join(map(str, listed))})"
    yield from _beyond(rules, value, ("minimum", "maximum"), "it")
    if isinstance(value, str):
        yield from _beyond(rules, len(value), ("minLength", "maxLength"), "its length")
        pattern = rules.get("pattern")
        if isinstance(pattern, str) and not _matches(pattern, value):
            yield f"it does not match {pattern}"


def _beyond(rules: Mapping[str, Any], value: Any, names: Iterable[str], what: str) -> Iterator[str]:
    low, high = (rules.get(name) for name in names)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return
    if isinstance(low, int | float) and value < low:
        yield f"{what} is below {low}"
    if isinstance(high, int | float) and value > high:
        yield f"{what} is over {high}"


def _matches(pattern: str, value: str) -> bool:
    """What Python cannot read as a pattern is PostgreSQL's business."""
    try:
        return re.search(pattern, value) is not None
    except re.error:
        return True
