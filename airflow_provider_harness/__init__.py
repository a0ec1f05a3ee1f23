"""The pipeline harness for Airflow: data contracts, gates and lineage; failures diagnosed, healed under policy, verified.

Every public name is reachable from here and imported when it is first asked for, so that a Dag file stays light.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

#: public name -> the module that defines it
_PUBLIC = {
    "BigQueryLoadOperator": "operators",
    "PostgresExtractOperator": "operators",
    "PostgresLoadOperator": "operators",
    "PostgresTransferOperator": "operators",
    "SQLTransformOperator": "operators",
    "ValidateOperator": "operators",
    "ContractSensor": "sensors",
    "FreshnessSensor": "sensors",
    "SchemaDriftSensor": "sensors",
    "DiagnoseAndHeal": "callbacks",
    "HarnessRetryPolicy": "retry_policies",
    "healer_dag": "dags",
}

__all__ = ["__version__", *sorted(_PUBLIC)]


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has {', '.join(sorted(_PUBLIC))}")
    return getattr(import_module(f"{__name__}.{_PUBLIC[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
