"""Triggers that wait in Airflow's triggerer."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_NAMES = {"LookTrigger": "look"}
"""Public name -> module of this package."""

__all__ = ["LookTrigger"]


def __getattr__(name: str) -> Any:
    if name not in _NAMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_NAMES[name]}"), name)
