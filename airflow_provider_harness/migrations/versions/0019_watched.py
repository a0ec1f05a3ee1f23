"""One row a slice of a watched table."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019_watched"
down_revision = "0022_models"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "harness_watched",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("conn_id", sa.String(length=256), nullable=False),
        sa.Column("table_name", sa.String(length=512), nullable=False),
        sa.Column("contract", sa.String(length=512), nullable=False),
        sa.Column("slice", sa.String(length=1024), nullable=False),
        sa.Column("slice_start", sa.String(length=32), nullable=False),
        sa.Column("slice_end", sa.String(length=32), nullable=False),
        sa.Column("measured_at", sa.String(length=32), nullable=False),
        sa.Column("flagged", sa.Boolean(), nullable=False),
        sa.Column("numbers", sa.Text(), nullable=False),
        sa.Column("profile", sa.Text(), nullable=False),
        sa.Column("failures", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index("harness_watched_by_slice", "harness_watched", ["table_name", "slice_start"])


def downgrade() -> None:
    op.drop_table("harness_watched")
