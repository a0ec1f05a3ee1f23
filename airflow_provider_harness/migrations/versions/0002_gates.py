"""What gates found, slice by slice."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002_gates"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "harness_gates",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("table_name", sa.String(length=512), nullable=False),
        sa.Column("contract", sa.String(length=512), nullable=False),
        sa.Column("contract_version", sa.String(length=128), nullable=False),
        sa.Column("conn_id", sa.String(length=256), nullable=False),
        sa.Column("slice", sa.String(length=1024), nullable=False),
        sa.Column("slice_start", sa.String(length=32), nullable=False),
        sa.Column("place", sa.String(length=16), nullable=False),
        sa.Column("dag_id", sa.String(length=250), nullable=False),
        sa.Column("run_id", sa.String(length=250), nullable=False),
        sa.Column("task_id", sa.String(length=250), nullable=False),
        sa.Column("map_index", sa.Integer(), nullable=False),
        sa.Column("try_number", sa.Integer(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("malformed", sa.BigInteger(), nullable=False),
        sa.Column("decision", sa.String(length=16), nullable=False),
        sa.Column("milliseconds", sa.Text(), nullable=False),
        sa.Column("measured_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index("harness_gates_by_slice", "harness_gates", ["table_name", "slice_start"], unique=False)
    op.create_table(
        "harness_gate_checks",
        sa.Column("gate", sa.String(length=64), nullable=False),
        sa.Column("check_id", sa.String(length=1024), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("value", sa.Double(), nullable=True),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.Column("flagged", sa.Boolean(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("severity", sa.String(length=8), nullable=False),
        sa.Column("share", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("gate", "check_id"),
    )


def downgrade() -> None:
    op.drop_table("harness_gate_checks")
    op.drop_index("harness_gates_by_slice", table_name="harness_gates")
    op.drop_table("harness_gates")
