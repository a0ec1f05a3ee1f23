"""Configuration to ports: it knows both sides, composes them, and decides nothing. Everything is built when it is first needed.

A part is imported when it is first asked for: a Dag file that only names operators loads none.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow_provider_harness.wiring import rows as rows


def __getattr__(name: str) -> Any:
    if name.startswith("_"):
        raise AttributeError(name)
    try:
        return import_module(f"{__name__}.{name}")
    except ModuleNotFoundError as error:
        raise AttributeError(name) from error
