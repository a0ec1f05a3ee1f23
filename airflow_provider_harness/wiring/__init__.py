"""Configuration to ports: it knows both sides, composes them, and decides nothing. Everything is built when it is first needed.

A part is imported when it is first asked for: a Dag file that only names operators loads none.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow_provider_harness.wiring import rows as rows


def __getattr__(name: str) -> Any:
    return part_of(__name__, name)


def part_of(package: str, name: str) -> Any:
    """A module of a package, imported when it is first asked for."""
    part = f"{package}.{name}"
    try:
        return import_module(part)
    except ModuleNotFoundError as error:
        if error.name != part:
            raise  # a part is there, and what it needs is not
        raise AttributeError(name) from error
