"""OpenLineage events held to JSON schemas.

The client's package ships no JSON schemas of its facets; its attrs classes are generated from them, so they are rebuilt
from those classes: names, types, what is required. Stricter than the specification in one thing: names that a class does
not have are refused.
"""

from __future__ import annotations

import importlib
import pkgutil
import typing
from collections.abc import Iterator, Mapping
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any

import attr
from jsonschema import Draft202012Validator
from openlineage.client import generated
from openlineage.client.generated.base import BaseFacet, RunEvent

_SIMPLE = {str: "string", int: "integer", float: "number", bool: "boolean"}
_OPEN = ("RunFacet", "JobFacet", "DatasetFacet")
"""What facets of nobody's schema, such as those of Airflow's provider, say they are."""
_PLACES = ("facets", "inputFacets", "outputFacets")


@cache
def facet_classes() -> Mapping[str, type]:
    """Name -> class of every facet that the client knows."""
    modules = (
        importlib.import_module(f"{generated.__name__}.{m.name}") for m in pkgutil.iter_modules(generated.__path__)
    )
    found = (value for module in modules for value in vars(module).values() if isinstance(value, type))
    return {value.__name__: value for value in found if issubclass(value, BaseFacet)}


@cache
def validator(kind: type) -> Draft202012Validator:
    """What holds a value to an attrs class."""
    return Draft202012Validator(_object(kind))


def _object(kind: type, seen: tuple[type, ...] = ()) -> dict[str, Any]:
    if kind in seen:
        return {"type": "object"}
    names = {"ClassVar": typing.ClassVar}
    for base in reversed(kind.__mro__):
        names |= vars(importlib.import_module(base.__module__))
    hints = typing.get_type_hints(kind, names)
    fields = attr.fields(kind)
    loose = kind is RunEvent or kind.__name__ in _OPEN
    always = {"_producer", "_schemaURL", "producer", "schemaURL", "eventType"}
    return {
        "type": "object",
        "properties": {field.name: _of(hints[field.name], (*seen, kind)) for field in fields},
        "required": [f.name for f in fields if f.default is attr.NOTHING or f.name in always],
        "additionalProperties": loose,
    }


def _of(hint: Any, seen: tuple[type, ...]) -> dict[str, Any]:
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any:
        return {}
    if hint in _SIMPLE:
        return {"type": _SIMPLE[hint]}
    if hint is NoneType:
        return {"type": "null"}
    if origin in (UnionType, typing.Union):
        return {"anyOf": [_of(part, seen) for part in parts if part is not NoneType]}  # what is absent is left out
    if origin is list:
        return {"type": "array", "items": _of(parts[0], seen)}
    if origin is dict:
        facets = isinstance(parts[1], type) and issubclass(parts[1], BaseFacet)
        return {"type": "object", "additionalProperties": {"type": "object"} if facets else _of(parts[1], seen)}
    if isinstance(hint, type) and issubclass(hint, Enum):
        return {"enum": [one.value for one in hint]}
    assert isinstance(hint, type), hint
    return _object(hint, seen)


def findings(event: Mapping[str, Any]) -> list[str]:
    """What is wrong with an event, as JSON: its own form, and that of each facet by the schema that it names."""
    wrong = [f"event: {error.message}" for error in validator(RunEvent).iter_errors(event)]
    for where, facet in _facets(event):
        name = str(facet.get("_schemaURL", "")).rpartition("/")[2]
        if name not in facet_classes():
            wrong.append(f"{where}: names no schema of a facet: {name!r}")
            continue
        wrong += [
            f"{where}: {error.json_path}: {error.message}"
            for error in validator(facet_classes()[name]).iter_errors(facet)
        ]
    return wrong


def _facets(event: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for part in ("run", "job"):
        for name, facet in event[part].get("facets", {}).items():
            yield f"{part}.{name}", facet
    for side in ("inputs", "outputs"):
        for dataset in event.get(side, ()):
            for place in _PLACES:
                for name, facet in dataset.get(place, {}).items():
                    yield f"{side} {dataset['name']} {name}", facet
