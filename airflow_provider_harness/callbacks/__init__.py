"""What a Dag author, or the cluster policy, puts into ``on_failure_callback``."""

from airflow_provider_harness.callbacks.diagnose_and_heal import DiagnoseAndHeal

__all__ = ["DiagnoseAndHeal"]
