"""Dags that the package brings: ``from airflow_provider_harness.dags import healer_dag; healer_dag()``."""

from airflow_provider_harness.dags.healer import healer_dag

__all__ = ["healer_dag"]
