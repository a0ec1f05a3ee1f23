"""Operators: extract, load, transform and validate slices of tables under their contracts; make data for models; put models into use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow_provider_harness.operators.bigquery import BigQueryLoadOperator
    from airflow_provider_harness.operators.features import FeatureTableOperator, TrainingSetOperator
    from airflow_provider_harness.operators.fine_tuning import FineTuningSetOperator
    from airflow_provider_harness.operators.models import PromoteModelOperator, RollbackModelOperator
    from airflow_provider_harness.operators.postgres import (
        PostgresExtractOperator,
        PostgresLoadOperator,
        PostgresTransferOperator,
    )
    from airflow_provider_harness.operators.promotion import PromoteTableOperator
    from airflow_provider_harness.operators.retrieval import IndexDocumentsOperator
    from airflow_provider_harness.operators.sql import SQLTransformOperator
    from airflow_provider_harness.operators.synthetic import SyntheticDataOperator
    from airflow_provider_harness.operators.validate import ValidateOperator

_NAMES = {
    "BigQueryLoadOperator": "bigquery",
    "FeatureTableOperator": "features",
    "FineTuningSetOperator": "fine_tuning",
    "IndexDocumentsOperator": "retrieval",
    "PostgresExtractOperator": "postgres",
    "PostgresLoadOperator": "postgres",
    "PostgresTransferOperator": "postgres",
    "PromoteTableOperator": "promotion",
    "PromoteModelOperator": "models",
    "RollbackModelOperator": "models",
    "SQLTransformOperator": "sql",
    "SyntheticDataOperator": "synthetic",
    "TrainingSetOperator": "features",
    "ValidateOperator": "validate",
}
"""Public name -> module of this package."""

__all__ = [
    "BigQueryLoadOperator",
    "FeatureTableOperator",
    "FineTuningSetOperator",
    "IndexDocumentsOperator",
    "PostgresExtractOperator",
    "PostgresLoadOperator",
    "PostgresTransferOperator",
    "PromoteModelOperator",
    "PromoteTableOperator",
    "RollbackModelOperator",
    "SQLTransformOperator",
    "SyntheticDataOperator",
    "TrainingSetOperator",
    "ValidateOperator",
]


def __getattr__(name: str) -> Any:
    if name not in _NAMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_NAMES[name]}"), name)
