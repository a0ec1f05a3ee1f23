"""The table of findings: everything that ``check`` can say."""

from __future__ import annotations

from airflow_provider_harness.app.authoring.catalog import file, operational, queries

RULES = {**file.RULES, **queries.RULES, **operational.RULES}
"""Id -> the row, in the order of the reference."""
