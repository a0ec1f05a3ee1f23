"""Sensors on contracts: is the source ready, is what is published right, do the columns still agree?"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow_provider_harness.sensors.contract import ContractSensor
    from airflow_provider_harness.sensors.drift import DriftSensor
    from airflow_provider_harness.sensors.source import FreshnessSensor, SchemaDriftSensor

_NAMES = {
    "ContractSensor": "contract",
    "DriftSensor": "drift",
    "FreshnessSensor": "source",
    "SchemaDriftSensor": "source",
}
"""Public name -> module of this package."""

__all__ = ["ContractSensor", "DriftSensor", "FreshnessSensor", "SchemaDriftSensor"]


def __getattr__(name: str) -> Any:
    if name not in _NAMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_NAMES[name]}"), name)
