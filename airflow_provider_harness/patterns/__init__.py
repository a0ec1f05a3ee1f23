"""SQL patterns for Dag authors: one definition gives the query of an engine and the gates that judge what it gives."""

from airflow_provider_harness.patterns.as_of import as_of_join
from airflow_provider_harness.patterns.changes import current_state
from airflow_provider_harness.patterns.dimensions import late_dimension
from airflow_provider_harness.patterns.duplicates import deduplicate
from airflow_provider_harness.patterns.pattern import Engine, Pattern
from airflow_provider_harness.patterns.versions import scd2
from airflow_provider_harness.patterns.windows import late_rows, tumbling_window

__all__ = [
    "Engine",
    "Pattern",
    "as_of_join",
    "current_state",
    "deduplicate",
    "late_dimension",
    "late_rows",
    "scd2",
    "tumbling_window",
]
