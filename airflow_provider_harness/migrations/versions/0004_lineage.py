"""Who feeds whom."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004_lineage"
down_revision = "0003_movement"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "harness_lineage",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("dag_id", sa.String(length=250), nullable=False),
        sa.Column("task_id", sa.String(length=250), nullable=False),
        sa.Column("map_index", sa.Integer(), nullable=False),
        sa.Column("target_namespace", sa.String(length=512), nullable=False),
        sa.Column("target_name", sa.String(length=1024), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("recorded_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index("harness_lineage_by_task", "harness_lineage", ["dag_id", "task_id"], unique=False)
    op.create_table(
        "harness_lineage_edges",
        sa.Column("lineage", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("source_namespace", sa.String(length=512), nullable=False),
        sa.Column("source_name", sa.String(length=1024), nullable=False),
        sa.Column("source_column", sa.String(length=256), nullable=False),
        sa.Column("target_column", sa.String(length=256), nullable=False),
        sa.Column("how", sa.String(length=16), nullable=False),
        sa.Column("masking", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("lineage", "number"),
    )


def downgrade() -> None:
    op.drop_table("harness_lineage_edges")
    op.drop_index("harness_lineage_by_task", table_name="harness_lineage")
    op.drop_table("harness_lineage")
