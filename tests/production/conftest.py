"""The demo's world on production's parts. Without them (`make production` makes their environment) these tests are left out."""

from __future__ import annotations

from importlib.util import find_spec

import pytest


def needs(module: str) -> pytest.MarkDecorator:
    """Leave a test out where a provider is not installed, and say what installs it."""
    return pytest.mark.skipif(_missing(module), reason=f"{module} is not in the lock: make production")


def _missing(module: str) -> bool:
    try:
        return find_spec(module) is None
    except ModuleNotFoundError:
        return True
