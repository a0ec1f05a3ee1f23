"""The callback for ``on_failure_callback``, set by a Dag author or by the cluster policy."""

from airflow_provider_harness.callbacks.diagnose_and_heal import DiagnoseAndHeal

__all__ = ["DiagnoseAndHeal"]
