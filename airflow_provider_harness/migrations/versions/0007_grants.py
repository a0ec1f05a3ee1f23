"""Single-use grants to set failing rows of a slice aside."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007_grants"
down_revision = "0006_promises"
branch_labels = None
depends_on = None

_BOUND_TO = {"incident_id": 26, "dag_id": 250, "run_id": 250, "task_id": 250, "contract": 512, "slice": 1024}


def upgrade() -> None:
    op.create_table(
        "harness_grants",
        sa.Column("id", sa.String(length=26), nullable=False),
        *(sa.Column(name, sa.String(length), nullable=False) for name, length in _BOUND_TO.items()),
        sa.Column("checks", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("harness_grants_by_run", "harness_grants", ["dag_id", "run_id"], unique=False)
    op.create_table(
        "harness_grant_uses",
        sa.Column("grant_id", sa.String(length=26), nullable=False),
        sa.Column("task", sa.String(length=1024), nullable=False),
        sa.Column("used_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("grant_id"),
    )


def downgrade() -> None:
    op.drop_table("harness_grant_uses")
    op.drop_index("harness_grants_by_run", table_name="harness_grants")
    op.drop_table("harness_grants")
