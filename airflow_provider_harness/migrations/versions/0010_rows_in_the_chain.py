"""Rows of the store in the chain of events: what the chain says of the store itself is found by its kind."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010_rows_in_the_chain"
down_revision = "0009_reports"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("harness_marks", sa.Column("seal", sa.String(length=64), nullable=False, server_default=""))
    op.create_index("harness_events_by_kind", "harness_events", ["kind", "seq"], unique=False)


def downgrade() -> None:
    op.drop_index("harness_events_by_kind", table_name="harness_events")
    with op.batch_alter_table("harness_marks") as table:
        table.drop_column("seal")
