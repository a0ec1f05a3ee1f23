"""Alembic's environment: runs on the connection that ``adapters.store.migrate`` hands over."""

from __future__ import annotations

from alembic import context

from airflow_provider_harness.adapters.store.migrate import VERSION_TABLE
from airflow_provider_harness.adapters.store.schema import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
