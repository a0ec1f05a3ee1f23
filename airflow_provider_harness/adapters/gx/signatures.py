"""Which expectations Great Expectations brings, and what arguments each takes: read from its files, since to import it takes seconds."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

OF_EVERY = (
    "batch_id",
    "catch_exceptions",
    "condition_parser",
    "description",
    "id",
    "library_metadata",
    "meta",
    "metadata",
    "notes",
    "rendered_content",
    "result_format",
    "row_condition",
    "severity",
    "windows",
)
"""Arguments that every expectation takes, and that say nothing of what it asks for."""


@lru_cache(maxsize=1)
def _home() -> Path | None:
    found = find_spec("great_expectations")
    if found is None or not found.submodule_search_locations:
        return None
    return Path(found.submodule_search_locations[0]) / "expectations" / "core"


@lru_cache(maxsize=1)
def _brought() -> frozenset[str]:
    home = _home()
    return frozenset(file.stem for file in home.glob("expect_*.py")) if home else frozenset()


def expectations() -> frozenset[str] | None:
    """The names of all expectations that can be run here, with those that an author registered; None where Great Expectations
    is not installed."""
    if not _brought():
        return None
    registry = sys.modules.get("great_expectations.expectations.registry")
    return _brought() | frozenset(registry.list_registered_expectation_implementations() if registry else ())


@lru_cache(maxsize=64)
def arguments(name: str) -> Mapping[str, Any] | None:
    """The JSON schema of an expectation's arguments, as Great Expectations publishes it; None where it publishes none."""
    home, file = _home(), f"{name.replace('_', '')}.json"
    found = next((one for one in (home / "schemas").glob("*.json") if one.name.lower() == file), None) if home else None
    if found is None:
        return None
    schema: dict[str, Any] = json.loads(found.read_text())
    schema["properties"].get("mostly", {}).pop("multipleOf", None)  # for its forms; it takes any share
    return schema
