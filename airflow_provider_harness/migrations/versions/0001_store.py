"""The first store: failures, incidents, events, acts, approvals."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "harness_acts",
        sa.Column("incident_id", sa.String(length=26), nullable=False),
        sa.Column("act", sa.String(length=1024), nullable=False),
        sa.Column("dag_id", sa.String(length=250), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.PrimaryKeyConstraint("incident_id", "act"),
    )
    op.create_table(
        "harness_approvals",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("incident_id", sa.String(length=26), nullable=False),
        sa.Column("act", sa.String(length=1024), nullable=False),
        sa.Column("policy_version", sa.Integer(), nullable=False),
        sa.Column("healer_run", sa.String(length=250), nullable=False),
        sa.Column("assigned", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.String(length=32), nullable=False),
        sa.Column("used_at", sa.String(length=32), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_harness_approvals_incident_id"), "harness_approvals", ["incident_id"], unique=False)
    op.create_table(
        "harness_events",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("incident_id", sa.String(length=26), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_index(op.f("ix_harness_events_incident_id"), "harness_events", ["incident_id"], unique=False)
    op.create_table(
        "harness_failures",
        sa.Column("key", sa.String(length=1024), nullable=False),
        sa.Column("episode", sa.String(length=16), nullable=False),
        sa.Column("incident_id", sa.String(length=26), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("recorded_at", sa.String(length=32), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "harness_incidents",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("episode", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("opened_at", sa.String(length=32), nullable=False),
        sa.Column("touched_at", sa.String(length=32), nullable=False),
        sa.Column("closed_at", sa.String(length=32), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "harness_incidents_one_open",
        "harness_incidents",
        ["episode"],
        unique=True,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_index(op.f("ix_harness_incidents_episode"), "harness_incidents", ["episode"], unique=False)
    op.create_table(
        "harness_marks",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("value", sa.String(length=256), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "harness_memberships",
        sa.Column("failure_key", sa.String(length=1024), nullable=False),
        sa.Column("incident_id", sa.String(length=26), nullable=False),
        sa.PrimaryKeyConstraint("failure_key"),
    )
    op.create_index(op.f("ix_harness_memberships_incident_id"), "harness_memberships", ["incident_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_harness_memberships_incident_id"), table_name="harness_memberships")
    op.drop_table("harness_memberships")
    op.drop_table("harness_marks")
    op.drop_index(op.f("ix_harness_incidents_episode"), table_name="harness_incidents")
    op.drop_index(
        "harness_incidents_one_open",
        table_name="harness_incidents",
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.drop_table("harness_incidents")
    op.drop_table("harness_failures")
    op.drop_index(op.f("ix_harness_events_incident_id"), table_name="harness_events")
    op.drop_table("harness_events")
    op.drop_index(op.f("ix_harness_approvals_incident_id"), table_name="harness_approvals")
    op.drop_table("harness_approvals")
    op.drop_table("harness_acts")
