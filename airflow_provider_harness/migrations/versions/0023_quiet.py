"""Quiet failures in PostgreSQL: the form of a failure knew the kinds of tasks alone, so no incident of a watched table could be kept."""

from __future__ import annotations

from importlib import import_module

from alembic import op

_reports = import_module("airflow_provider_harness.migrations.versions.0009_reports")

revision = "0023_quiet"
down_revision = "0019_watched"
branch_labels = None
depends_on = None

_AFTER = _reports._SHAPE.replace(
    f"kind IN ({_reports.KINDS})", f"(kind IN ({_reports.KINDS}) OR kind = 'quiet' AND length(seal) = 64)"
)
"""A quiet failure is found by the healer, which seals it; no report of a task is one."""


def upgrade() -> None:
    _set(_AFTER)


def downgrade() -> None:
    _set(_reports._SHAPE)


def _set(shape: str) -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    op.execute("ALTER TABLE harness_failures DROP CONSTRAINT harness_failures_shape")
    op.execute(f"ALTER TABLE harness_failures ADD CONSTRAINT harness_failures_shape CHECK ({shape}) NOT VALID")
