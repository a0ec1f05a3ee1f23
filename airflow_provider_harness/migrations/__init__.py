"""Alembic migrations of the harness store: ``airflow harness db upgrade``."""
