"""Reports of failures as what they are: somebody's text, beside what the reconciler found itself."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009_reports"
down_revision = "0008_slice_ends"
branch_labels = None
depends_on = None

KINDS = "'task_failed','unreported','marked_failed','import_error','run_failed','cancelled','quarantined','skipped'"
_SHAPE = f"""
length(key) BETWEEN 1 AND 1024 AND strpos(key, chr(10)) = 0 AND length(incident_id) BETWEEN 1 AND 26
AND kind IN ({KINDS}) AND length(recorded_at) = 32 AND length(body) BETWEEN 2 AND 1000000
"""
_STAMP = """
CREATE OR REPLACE FUNCTION harness_stamp() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.recorded_at := to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"');
  RETURN NEW;
END $$
"""


def upgrade() -> None:
    op.add_column("harness_failures", sa.Column("seal", sa.String(length=64), nullable=False, server_default=""))
    op.add_column("harness_memberships", sa.Column("report", sa.String(length=64), nullable=False, server_default=""))
    op.add_column(
        "harness_memberships", sa.Column("failed_at", sa.String(length=32), nullable=False, server_default="")
    )
    op.create_table(
        "harness_reports",
        sa.Column("key", sa.String(length=1024), nullable=False),
        sa.Column("report", sa.String(length=64), nullable=False),
        sa.Column("incident_id", sa.String(length=26), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("recorded_at", sa.String(length=32), nullable=False),
        sa.Column("seal", sa.String(length=64), nullable=False, server_default=""),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", "report"),
    )
    op.create_table(
        "harness_set_aside",
        sa.Column("source", sa.String(length=32), nullable=False),
        sa.Column("key", sa.String(length=1024), nullable=False),
        sa.Column("reports", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("source", "key"),
    )
    if op.get_bind().dialect.name != "postgresql":
        return  # a file has no roles: whoever can insert into it can also change it
    op.execute(_STAMP)
    for table in ("harness_failures", "harness_reports"):
        op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {table}_shape CHECK ({_SHAPE}) NOT VALID")
        op.execute(
            f"CREATE TRIGGER {table}_stamp BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION harness_stamp()"
        )


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER harness_failures_stamp ON harness_failures")
        op.execute("ALTER TABLE harness_failures DROP CONSTRAINT harness_failures_shape")
    op.drop_table("harness_set_aside")
    op.drop_table("harness_reports")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION harness_stamp()")
    for table, column in (
        ("harness_memberships", "failed_at"),
        ("harness_memberships", "report"),
        ("harness_failures", "seal"),
    ):
        with op.batch_alter_table(table) as batch:
            batch.drop_column(column)
