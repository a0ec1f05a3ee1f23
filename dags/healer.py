"""The healer and the reconciler of the demo."""

from airflow_provider_harness.dags import healer_dag

dag = healer_dag()
