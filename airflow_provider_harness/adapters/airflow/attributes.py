"""Attributes of objects that somebody else made; light, since every Dag file that is parsed needs it."""

from __future__ import annotations

from typing import Any


def attribute(holder: object, name: str) -> Any:
    """An attribute of somebody's object, or None: a property of it may fail."""
    try:
        return getattr(holder, name, None)
    except Exception:  # noqa: BLE001  the other attributes still speak
        return None
