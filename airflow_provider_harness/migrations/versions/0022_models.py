"""What happened to models: versions that were measured, verdicts, acts and how they ended."""

from __future__ import annotations

from importlib import import_module

import sqlalchemy as sa
from alembic import op

_form = import_module("airflow_provider_harness.migrations.versions.0012_forms")

revision = "0022_models"
down_revision = "0018_summaries"
branch_labels = None
depends_on = None

#: What must hold of each column, as ``0012_forms`` has it of other tables that tasks may write.
FORMS = {
    "harness_model_events": (
        _form._text("model", 256, 1),
        _form._whole("seq", 1, 10_000_000),
        _form._word("kind"),
        _form._moment("at"),
        _form._text("task", 1024, 1),
        _form._object("body", 100_000),
    ),
}


def upgrade() -> None:
    op.create_table(
        "harness_model_events",
        sa.Column("model", sa.String(length=256), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("task", sa.String(length=1024), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("model", "seq"),
    )
    _form.put(FORMS)


def downgrade() -> None:
    _form.take_away(FORMS)
    op.drop_table("harness_model_events")
