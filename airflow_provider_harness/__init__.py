"""The pipeline harness for Airflow: data contracts, gates and lineage; failures diagnosed, healed under policy, verified.

Every public name is reachable from here and imported when it is first asked for, so that a Dag file stays light.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow_provider_harness.callbacks import DiagnoseAndHeal as DiagnoseAndHeal
    from airflow_provider_harness.dags import healer_dag as healer_dag
    from airflow_provider_harness.features import get_online_features as get_online_features
    from airflow_provider_harness.operators import BigQueryLoadOperator as BigQueryLoadOperator
    from airflow_provider_harness.operators import FeatureTableOperator as FeatureTableOperator
    from airflow_provider_harness.operators import FineTuningSetOperator as FineTuningSetOperator
    from airflow_provider_harness.operators import IndexDocumentsOperator as IndexDocumentsOperator
    from airflow_provider_harness.operators import PostgresExtractOperator as PostgresExtractOperator
    from airflow_provider_harness.operators import PostgresLoadOperator as PostgresLoadOperator
    from airflow_provider_harness.operators import PostgresTransferOperator as PostgresTransferOperator
    from airflow_provider_harness.operators import PromoteModelOperator as PromoteModelOperator
    from airflow_provider_harness.operators import PromoteTableOperator as PromoteTableOperator
    from airflow_provider_harness.operators import RollbackModelOperator as RollbackModelOperator
    from airflow_provider_harness.operators import SQLTransformOperator as SQLTransformOperator
    from airflow_provider_harness.operators import SyntheticDataOperator as SyntheticDataOperator
    from airflow_provider_harness.operators import TrainingSetOperator as TrainingSetOperator
    from airflow_provider_harness.operators import ValidateOperator as ValidateOperator
    from airflow_provider_harness.patterns import as_of_join as as_of_join
    from airflow_provider_harness.patterns import current_state as current_state
    from airflow_provider_harness.patterns import deduplicate as deduplicate
    from airflow_provider_harness.patterns import late_dimension as late_dimension
    from airflow_provider_harness.patterns import late_rows as late_rows
    from airflow_provider_harness.patterns import scd2 as scd2
    from airflow_provider_harness.patterns import tumbling_window as tumbling_window
    from airflow_provider_harness.retrieval import search as search
    from airflow_provider_harness.retrieval import searching as searching
    from airflow_provider_harness.retry_policies import HarnessRetryPolicy as HarnessRetryPolicy
    from airflow_provider_harness.sensors import ContractSensor as ContractSensor
    from airflow_provider_harness.sensors import DriftSensor as DriftSensor
    from airflow_provider_harness.sensors import FreshnessSensor as FreshnessSensor
    from airflow_provider_harness.sensors import SchemaDriftSensor as SchemaDriftSensor

__version__ = "0.1.0"

#: public name -> the module that defines it
_PUBLIC = {
    "BigQueryLoadOperator": "operators",
    "FeatureTableOperator": "operators",
    "FineTuningSetOperator": "operators",
    "IndexDocumentsOperator": "operators",
    "PostgresExtractOperator": "operators",
    "PostgresLoadOperator": "operators",
    "PostgresTransferOperator": "operators",
    "PromoteTableOperator": "operators",
    "PromoteModelOperator": "operators",
    "RollbackModelOperator": "operators",
    "SQLTransformOperator": "operators",
    "SyntheticDataOperator": "operators",
    "TrainingSetOperator": "operators",
    "ValidateOperator": "operators",
    "ContractSensor": "sensors",
    "DriftSensor": "sensors",
    "FreshnessSensor": "sensors",
    "SchemaDriftSensor": "sensors",
    "DiagnoseAndHeal": "callbacks",
    "HarnessRetryPolicy": "retry_policies",
    "healer_dag": "dags",
    "get_online_features": "features",
    "search": "retrieval",
    "searching": "retrieval",
    "as_of_join": "patterns",
    "current_state": "patterns",
    "deduplicate": "patterns",
    "late_dimension": "patterns",
    "late_rows": "patterns",
    "scd2": "patterns",
    "tumbling_window": "patterns",
}

__all__ = ["__version__", *sorted(_PUBLIC)]


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has {', '.join(sorted(_PUBLIC))}")
    return getattr(import_module(f"{__name__}.{_PUBLIC[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
