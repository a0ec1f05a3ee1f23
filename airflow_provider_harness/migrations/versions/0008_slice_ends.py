"""Where the slices end that gates judged: what a run owns may be of any length, and its id says only where it begins."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008_slice_ends"
down_revision = "0007_grants"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("harness_gates", sa.Column("slice_end", sa.String(length=32), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("harness_gates") as table:
        table.drop_column("slice_end")
