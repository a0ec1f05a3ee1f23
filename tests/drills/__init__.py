"""Drills: real failures of real Dags on a real Airflow, graded by what is true afterwards (docs/explanation/drills.md)."""
