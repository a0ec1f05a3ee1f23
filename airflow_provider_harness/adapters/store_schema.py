"""The tables of the harness store. ``migrations/`` creates them; nothing else does.

Times are ISO 8601 text in UTC with microseconds, which sorts as it reads and comes back exactly as it was hashed.
"""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, MetaData, String, Table, Text, text

metadata = MetaData()

#: One row a failed try; the only table that ordinary tasks write to, and they may only insert.
failures = Table(
    "harness_failures",
    metadata,
    Column("key", String(1024), primary_key=True),
    Column("episode", String(16), nullable=False),
    Column("incident_id", String(26), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("recorded_at", String(32), nullable=False),
    Column("body", Text, nullable=False),
)

#: Which incident each failure joined.
memberships = Table(
    "harness_memberships",
    metadata,
    Column("failure_key", String(1024), primary_key=True),
    Column("incident_id", String(26), nullable=False, index=True),
)

#: A projection of the events, for looking up; one open incident an episode.
incidents = Table(
    "harness_incidents",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("episode", String(16), nullable=False, index=True),
    Column("state", String(16), nullable=False),
    Column("opened_at", String(32), nullable=False),
    Column("touched_at", String(32), nullable=False),
    Column("closed_at", String(32)),
)
Index(
    "harness_incidents_one_open",
    incidents.c.episode,
    unique=True,
    sqlite_where=text("closed_at IS NULL"),
    postgresql_where=text("closed_at IS NULL"),
)

#: The audit: append-only, chained (core.audit).
events = Table(
    "harness_events",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("incident_id", String(26), nullable=False, index=True),
    Column("kind", String(16), nullable=False),
    Column("at", String(32), nullable=False),
    Column("body", Text, nullable=False),
    Column("hash", String(64), nullable=False),
)

#: Acts that were started; a row is a reservation against the limits, and a second one for the same act is impossible.
acts = Table(
    "harness_acts",
    metadata,
    Column("incident_id", String(26), primary_key=True),
    Column("act", String(1024), primary_key=True),
    Column("dag_id", String(250), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("day", String(10), nullable=False),
)

approvals = Table(
    "harness_approvals",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("incident_id", String(26), nullable=False, index=True),
    Column("act", String(1024), nullable=False),
    Column("policy_version", Integer, nullable=False),
    Column("healer_run", String(250), nullable=False),
    Column("assigned", Text, nullable=False),
    Column("expires_at", String(32), nullable=False),
    Column("used_at", String(32)),
)

#: Single values: the reconciler's last pass.
marks = Table(
    "harness_marks",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", String(256), nullable=False),
)
