"""One row an incident for lists, kept beside its events, so that no list folds them; and one row a version of a contract.

Rows of incidents that are there already are made from their events by ``airflow harness db upgrade``.
"""

from __future__ import annotations

from importlib import import_module

import sqlalchemy as sa
from alembic import op

_form = import_module("airflow_provider_harness.migrations.versions.0012_forms")

revision = "0018_summaries"
down_revision = "0014_borne_out"
branch_labels = None
depends_on = None

#: What must hold of each column of the table that tasks may write, as ``0012_forms`` has it of the others.
FORMS = {
    "harness_contracts": (
        _form._hash("key"),
        _form._text("table_name", 512, 1),
        _form._text("contract", 512),
        _form._text("version", 128),
        _form._text("dag_id", 250, 1),
        _form._text("task_id", 250, 1),
        _form._text("owner", 255),
        _form._text("criticality", 16),
        _form._text("readiness", 32),
        _form._moment("seen_at"),
        _form._object("body", 500_000),
    ),
}


def upgrade() -> None:
    op.create_table(
        "harness_summaries",
        sa.Column("incident_id", sa.String(length=26), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("severity", sa.String(length=16), nullable=False),
        sa.Column("dag_id", sa.String(length=250), nullable=False),
        sa.Column("category", sa.String(length=64), nullable=False),
        sa.Column("opened_at", sa.String(length=32), nullable=False),
        sa.Column("labels", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("incident_id"),
    )
    op.create_index("harness_summaries_by_rank", "harness_summaries", ["rank", "incident_id"])
    op.create_index("harness_summaries_by_dag", "harness_summaries", ["dag_id"])
    op.create_table(
        "harness_contracts",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("table_name", sa.String(length=512), nullable=False),
        sa.Column("contract", sa.String(length=512), nullable=False),
        sa.Column("version", sa.String(length=128), nullable=False),
        sa.Column("dag_id", sa.String(length=250), nullable=False),
        sa.Column("task_id", sa.String(length=250), nullable=False),
        sa.Column("owner", sa.String(length=255), nullable=False),
        sa.Column("criticality", sa.String(length=16), nullable=False),
        sa.Column("readiness", sa.String(length=32), nullable=False),
        sa.Column("seen_at", sa.String(length=32), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index("harness_contracts_by_table", "harness_contracts", ["table_name", "seen_at"])
    _form.put(FORMS)


def downgrade() -> None:
    _form.take_away(FORMS)
    op.drop_table("harness_contracts")
    op.drop_table("harness_summaries")
