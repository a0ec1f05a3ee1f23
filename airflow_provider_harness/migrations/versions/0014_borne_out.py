"""Marks that Airflow bore out are kept beside those that tasks tell; reports are small; the store's own functions look nowhere else.

A mark that a task tells goes forward only; one that ends in the future may be corrected. A body has 64 kB at most: rows that
stand there longer are set aside where nobody believed them yet.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014_borne_out"
down_revision = "0012_forms"
branch_labels = None
depends_on = None

BODY_BYTES = 65_536
_FORWARD = """
CREATE FUNCTION harness_forward() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  IF (NEW.conn_id, NEW.table_name) IS DISTINCT FROM (OLD.conn_id, OLD.table_name)
     OR (NEW.slice_end COLLATE "C" < OLD.slice_end COLLATE "C" AND OLD.slice_end COLLATE "C" <=
         to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"')) THEN
    RAISE EXCEPTION 'a mark goes forward only' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$
"""


def upgrade() -> None:
    op.create_table(
        "harness_borne_out",
        sa.Column("conn_id", sa.String(length=256), nullable=False),
        sa.Column("table_name", sa.String(length=512), nullable=False),
        sa.Column("slice", sa.String(length=1024), nullable=False),
        sa.Column("slice_end", sa.String(length=32), nullable=False),
        sa.Column("contract", sa.String(length=1024), nullable=False),
        sa.Column("dag_id", sa.String(length=250), nullable=False),
        sa.Column("task_id", sa.String(length=250), nullable=False),
        sa.PrimaryKeyConstraint("conn_id", "table_name"),
    )
    if op.get_bind().dialect.name != "postgresql":
        return  # a file has no roles; what is too long is set aside where it is read
    op.execute("ALTER FUNCTION harness_stamp() SET search_path = pg_catalog")
    for table in ("harness_failures", "harness_reports"):
        op.execute(
            f"ALTER TABLE {table} ADD CONSTRAINT {table}_bytes CHECK (octet_length(body) <= {BODY_BYTES}) NOT VALID"
        )
    op.execute(_FORWARD)
    op.execute(
        "CREATE TRIGGER harness_watermarks_forward BEFORE UPDATE ON harness_watermarks "
        "FOR EACH ROW EXECUTE FUNCTION harness_forward()"
    )


def downgrade() -> None:
    op.drop_table("harness_borne_out")
    if op.get_bind().dialect.name != "postgresql":
        return
    op.execute("DROP TRIGGER harness_watermarks_forward ON harness_watermarks")
    op.execute("DROP FUNCTION harness_forward()")
    for table in ("harness_failures", "harness_reports"):
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT {table}_bytes")
    op.execute("ALTER FUNCTION harness_stamp() RESET search_path")
