"""One row a slice of a watched table, and gates of a place of their own, ``watch``, where people find what was seen of it."""

from __future__ import annotations

from importlib import import_module

import sqlalchemy as sa
from alembic import op

_form = import_module("airflow_provider_harness.migrations.versions.0012_forms")

revision = "0019_watched"
down_revision = "0022_models"
branch_labels = None
depends_on = None

_BEFORE = {"harness_gates": _form.FORMS["harness_gates"]}
_PLACE = _form._one_of("place", _form.PLACES)
_AFTER = {
    name: tuple(_form._one_of("place", (*_form.PLACES, "watch")) if form == _PLACE else form for form in forms)
    for name, forms in _BEFORE.items()
}


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
    _form.take_away(_BEFORE)
    _form.put(_AFTER)


def downgrade() -> None:
    _form.take_away(_AFTER)
    of_watch = "SELECT key FROM harness_gates WHERE place = 'watch'"
    op.execute(f"DELETE FROM harness_gate_checks WHERE gate IN ({of_watch})")
    op.execute("DELETE FROM harness_gates WHERE place = 'watch'")
    _form.put(_BEFORE)
    op.drop_table("harness_watched")
