"""Dag files as the world has them: imported by Airflow in a process of their own, their SQL parsed, ruff asked."""
