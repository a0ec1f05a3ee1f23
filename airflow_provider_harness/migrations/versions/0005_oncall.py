"""Incidents of one cause, and pages that wait for on-call's pager."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005_oncall"
down_revision = "0004_lineage"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "harness_causes",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("incident_id", sa.String(length=26), nullable=False),
        sa.Column("seen_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("key", "incident_id"),
    )
    op.add_column("harness_acts", sa.Column("target", sa.String(length=1024), nullable=False, server_default=""))
    op.create_table(
        "harness_outbox",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("channel", sa.String(length=64), nullable=False),
        sa.Column("dedup_key", sa.String(length=255), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("due_at", sa.String(length=32), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("harness_outbox_waiting", "harness_outbox", ["state", "due_at"], unique=False)


def downgrade() -> None:
    op.drop_index("harness_outbox_waiting", table_name="harness_outbox")
    op.drop_table("harness_outbox")
    op.drop_column("harness_acts", "target")
    op.drop_table("harness_causes")
