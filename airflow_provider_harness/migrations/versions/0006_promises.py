"""Promises about time that are at risk, and who publishes what; names of receivers are longer than 64 characters."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006_promises"
down_revision = "0005_oncall"
branch_labels = None
depends_on = None

_PUBLISHER = {"contract": 1024, "dag_id": 250, "task_id": 250}
_TOLD = {
    "conn_id": 256,
    "table_name": 512,
    "dag_id": 250,
    "task_id": 250,
    "run_id": 250,
    "slice": 1024,
    "slice_end": 32,
    "due_at": 32,
    "words": 256,
    "dedup_key": 255,
    "told_at": 32,
}


def upgrade() -> None:
    for name, length in _PUBLISHER.items():
        op.add_column("harness_watermarks", sa.Column(name, sa.String(length), nullable=False, server_default=""))
    op.create_table(
        "harness_promises",
        sa.Column("key", sa.String(length=64), nullable=False),
        *(sa.Column(name, sa.String(length), nullable=False) for name, length in _TOLD.items()),
        sa.Column("ended_at", sa.String(length=32), nullable=True),
        sa.PrimaryKeyConstraint("key"),
    )
    _channel(255)


def downgrade() -> None:
    _channel(64)
    op.drop_table("harness_promises")
    with op.batch_alter_table("harness_watermarks") as table:
        for name in _PUBLISHER:
            table.drop_column(name)


def _channel(length: int) -> None:
    with op.batch_alter_table("harness_outbox") as table:
        table.alter_column("channel", type_=sa.String(length), existing_nullable=False)
