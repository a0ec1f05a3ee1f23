"""The JSON API below ``/harness``. Loaded by Airflow's api-server alone."""
