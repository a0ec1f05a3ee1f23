"""``airflow harness ...``."""
