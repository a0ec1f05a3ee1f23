"""When a retry cannot help, and how long to wait when it can."""

from airflow_provider_harness.retry_policies.harness import HarnessRetryPolicy

__all__ = ["HarnessRetryPolicy"]
