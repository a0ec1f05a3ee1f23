"""Leases on slices, and high-water marks of tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003_movement"
down_revision = "0002_gates"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "harness_leases",
        sa.Column("name", sa.String(length=1024), nullable=False),
        sa.Column("holder", sa.String(length=1024), nullable=False),
        sa.Column("token", sa.String(length=32), nullable=False),
        sa.Column("taken_at", sa.String(length=32), nullable=False),
        sa.Column("expires_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "harness_watermarks",
        sa.Column("conn_id", sa.String(length=256), nullable=False),
        sa.Column("table_name", sa.String(length=512), nullable=False),
        sa.Column("slice", sa.String(length=1024), nullable=False),
        sa.Column("slice_end", sa.String(length=32), nullable=False),
        sa.Column("moved_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("conn_id", "table_name"),
    )


def downgrade() -> None:
    op.drop_table("harness_watermarks")
    op.drop_table("harness_leases")
