"""The tables of the harness store. ``migrations/`` creates them; nothing else does.

Times are ISO 8601 text in UTC with microseconds, which sorts as it reads and comes back exactly as it was hashed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from sqlalchemy import BigInteger, Boolean, Column, Double, Index, Integer, MetaData, String, Table, Text, text

metadata = MetaData()


def text_of(at: datetime) -> str:
    """A time as the store keeps it."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


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
    Column("seal", String(64), nullable=False, server_default=""),
)

#: Other reports of a failure that was reported before, each of another content; tasks may only insert them, too.
reports = Table(
    "harness_reports",
    metadata,
    Column("key", String(1024), primary_key=True),
    Column("report", String(64), primary_key=True),
    Column("incident_id", String(26), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("recorded_at", String(32), nullable=False),
    Column("body", Text, nullable=False),
    Column("seal", String(64), nullable=False, server_default=""),
)

#: What tasks wrote and nobody can read, or Airflow does not confirm: where it stands, and why it is left alone.
set_aside = Table(
    "harness_set_aside",
    metadata,
    Column("source", String(32), primary_key=True),
    Column("key", String(1024), primary_key=True),
    Column("reports", Integer, nullable=False),
    Column("reason", String(500), nullable=False),
    Column("at", String(32), nullable=False),
)

#: Which incident each failure joined, which of its reports was believed (empty: the first), and when its try failed.
memberships = Table(
    "harness_memberships",
    metadata,
    Column("failure_key", String(1024), primary_key=True),
    Column("incident_id", String(26), nullable=False, index=True),
    Column("report", String(64), nullable=False, server_default=""),
    Column("failed_at", String(32), nullable=False, server_default=""),
)

#: By what a failure can join an incident that is in hand (core.cause); gone when the incident is over.
causes = Table(
    "harness_causes",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("incident_id", String(26), primary_key=True),
    Column("seen_at", String(32), nullable=False),
)

#: What on-call is told, in the order in which it was said; it stays until it was taken, or is not worth telling any more.
outbox = Table(
    "harness_outbox",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("channel", String(255), nullable=False),
    Column("dedup_key", String(255), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("body", Text, nullable=False),
    Column("due_at", String(32), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("state", String(16), nullable=False),
)
Index("harness_outbox_waiting", outbox.c.state, outbox.c.due_at)

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

#: One row an incident for lists, as its events say (adapters.store.pages.summaries): ``rank`` sorts problems first, ``labels``
#: holds owners, teams and tables, ``words`` is searched, ``body`` is the row itself, ``about`` names what failed.
summaries = Table(
    "harness_summaries",
    metadata,
    Column("incident_id", String(26), primary_key=True),
    Column("rank", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("severity", String(16), nullable=False),
    Column("dag_id", String(250), nullable=False),
    Column("category", String(64), nullable=False),
    Column("opened_at", String(32), nullable=False),
    Column("labels", Text, nullable=False),
    Column("words", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("about", Text, nullable=False),
)
Index("harness_summaries_by_rank", summaries.c.rank, summaries.c.incident_id)
Index("harness_summaries_by_dag", summaries.c.dag_id)

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
Index("harness_events_by_kind", events.c.kind, events.c.seq)

#: Acts that were started; a row is a reservation against the limits, and a second one for the same act is impossible.
acts = Table(
    "harness_acts",
    metadata,
    Column("incident_id", String(26), primary_key=True),
    Column("act", String(1024), primary_key=True),
    Column("dag_id", String(250), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("day", String(10), nullable=False),
    Column("target", String(1024), nullable=False, server_default=""),
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

#: Single values: the switch, the reconciler's last pass. A mark that only says when a pass took place bears a seal.
marks = Table(
    "harness_marks",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", String(256), nullable=False),
    Column("seal", String(64), nullable=False, server_default=""),
)

#: One row a gate of one slice in one try of one task: what it looked at and decided. Written by ordinary tasks.
gates = Table(
    "harness_gates",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("table_name", String(512), nullable=False),
    Column("contract", String(512), nullable=False),
    Column("contract_version", String(128), nullable=False),
    Column("conn_id", String(256), nullable=False),
    Column("slice", String(1024), nullable=False),
    Column("slice_start", String(32), nullable=False),
    Column("slice_end", String(32)),
    Column("place", String(16), nullable=False),
    Column("dag_id", String(250), nullable=False),
    Column("run_id", String(250), nullable=False),
    Column("task_id", String(250), nullable=False),
    Column("map_index", Integer, nullable=False),
    Column("try_number", Integer, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("malformed", BigInteger, nullable=False),
    Column("decision", String(16), nullable=False),
    Column("milliseconds", Text, nullable=False),
    Column("measured_at", String(32), nullable=False),
)
Index("harness_gates_by_slice", gates.c.table_name, gates.c.slice_start)

#: One row a check of such a gate; a value that is no finite number is absent.
gate_checks = Table(
    "harness_gate_checks",
    metadata,
    Column("gate", String(64), primary_key=True),
    Column("check_id", String(1024), primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("value", Double),
    Column("passed", Boolean, nullable=False),
    Column("flagged", Boolean, nullable=False),
    Column("error", Text, nullable=False),
    Column("severity", String(8), nullable=False),
    Column("share", Double),
)

#: One row for each version of a contract that gates judged by, as pages show it. Written by ordinary tasks.
contracts = Table(
    "harness_contracts",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("table_name", String(512), nullable=False),
    Column("contract", String(512), nullable=False),
    Column("version", String(128), nullable=False),
    Column("dag_id", String(250), nullable=False),
    Column("task_id", String(250), nullable=False),
    Column("owner", String(255), nullable=False),
    Column("criticality", String(16), nullable=False),
    Column("readiness", String(32), nullable=False),
    Column("seen_at", String(32), nullable=False),
    Column("body", Text, nullable=False),
)
Index("harness_contracts_by_table", contracts.c.table_name, contracts.c.seen_at)

#: One row for each version of what a task reads to write one dataset; the newest one holds. Written by ordinary tasks.
lineage = Table(
    "harness_lineage",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("dag_id", String(250), nullable=False),
    Column("task_id", String(250), nullable=False),
    Column("map_index", Integer, nullable=False),
    Column("target_namespace", String(512), nullable=False),
    Column("target_name", String(1024), nullable=False),
    Column("version", String(64), nullable=False),
    Column("recorded_at", String(32), nullable=False),
)
Index("harness_lineage_by_task", lineage.c.dag_id, lineage.c.task_id)

#: One row for each source of such a version, then one for each column edge.
lineage_edges = Table(
    "harness_lineage_edges",
    metadata,
    Column("lineage", String(64), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("source_namespace", String(512), nullable=False),
    Column("source_name", String(1024), nullable=False),
    Column("source_column", String(256), nullable=False),
    Column("target_column", String(256), nullable=False),
    Column("how", String(16), nullable=False),
    Column("masking", Boolean, nullable=False),
)

#: Who works on a slice now; a lease that is over may be taken by anybody.
leases = Table(
    "harness_leases",
    metadata,
    Column("name", String(1024), primary_key=True),
    Column("holder", String(1024), nullable=False),
    Column("token", String(32), nullable=False),
    Column("taken_at", String(32), nullable=False),
    Column("expires_at", String(32), nullable=False),
)

#: The latest slice that is published of each table; moved after the publication has been committed.
watermarks = Table(
    "harness_watermarks",
    metadata,
    Column("conn_id", String(256), primary_key=True),
    Column("table_name", String(512), primary_key=True),
    Column("slice", String(1024), nullable=False),
    Column("slice_end", String(32), nullable=False),
    Column("moved_at", String(32), nullable=False),
    Column("contract", String(1024), nullable=False, server_default=""),
    Column("dag_id", String(250), nullable=False, server_default=""),
    Column("task_id", String(250), nullable=False, server_default=""),
)

#: The same as far as Airflow bore it out; written by the healer alone.
borne_out = Table(
    "harness_borne_out",
    metadata,
    Column("conn_id", String(256), primary_key=True),
    Column("table_name", String(512), primary_key=True),
    Column("slice", String(1024), nullable=False),
    Column("slice_end", String(32), nullable=False),
    Column("contract", String(1024), nullable=False),
    Column("dag_id", String(250), nullable=False),
    Column("task_id", String(250), nullable=False),
)

#: Promises about time of which on-call was told that they are at risk; one row a table, slice and deadline.
promises = Table(
    "harness_promises",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("conn_id", String(256), nullable=False),
    Column("table_name", String(512), nullable=False),
    Column("dag_id", String(250), nullable=False),
    Column("task_id", String(250), nullable=False),
    Column("run_id", String(250), nullable=False),
    Column("slice", String(1024), nullable=False),
    Column("slice_end", String(32), nullable=False),
    Column("due_at", String(32), nullable=False),
    Column("words", String(256), nullable=False),
    Column("dedup_key", String(255), nullable=False),
    Column("told_at", String(32), nullable=False),
    Column("ended_at", String(32)),
)

#: One row a slice of a watched table: what was counted of it (``profile``; empty where it could not be read), the numbers made of
#: it, and what is wrong with it. Written by the healer alone.
watched = Table(
    "harness_watched",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("conn_id", String(256), nullable=False),
    Column("table_name", String(512), nullable=False),
    Column("contract", String(512), nullable=False),
    Column("slice", String(1024), nullable=False),
    Column("slice_start", String(32), nullable=False),
    Column("slice_end", String(32), nullable=False),
    Column("measured_at", String(32), nullable=False),
    Column("flagged", Boolean, nullable=False),
    Column("numbers", Text, nullable=False),
    Column("profile", Text, nullable=False),
    Column("failures", Text, nullable=False),
)
Index("harness_watched_by_slice", watched.c.table_name, watched.c.slice_start)

#: What a verdict lets the tasks of one run set aside, once; given by the healer alone.
grants = Table(
    "harness_grants",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("incident_id", String(26), nullable=False),
    Column("dag_id", String(250), nullable=False),
    Column("run_id", String(250), nullable=False),
    Column("task_id", String(250), nullable=False),
    Column("contract", String(512), nullable=False),
    Column("slice", String(1024), nullable=False),
    Column("checks", Text, nullable=False),
    Column("expires_at", String(32), nullable=False),
)
Index("harness_grants_by_run", grants.c.dag_id, grants.c.run_id)

#: One row a grant that was used; tasks insert it, and nobody can use the grant again.
grant_uses = Table(
    "harness_grant_uses",
    metadata,
    Column("grant_id", String(26), primary_key=True),
    Column("task", String(1024), nullable=False),
    Column("used_at", String(32), nullable=False),
)

#: What happened to models: versions that were measured, verdicts, acts and how they ended. Rows are only ever inserted.
model_events = Table(
    "harness_model_events",
    metadata,
    Column("model", String(256), primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("kind", String(32), nullable=False),
    Column("at", String(32), nullable=False),
    Column("task", String(1024), nullable=False),
    Column("body", Text, nullable=False),
)

#: Table -> what the role of ordinary tasks may do with it; with every other table, nothing.
TASK_RIGHTS: Mapping[str, tuple[str, ...]] = {
    failures.name: ("INSERT",),
    reports.name: ("INSERT",),
    gates.name: ("SELECT", "INSERT"),
    gate_checks.name: ("SELECT", "INSERT"),
    contracts.name: ("SELECT", "INSERT"),
    lineage.name: ("SELECT", "INSERT"),
    lineage_edges.name: ("SELECT", "INSERT"),
    leases.name: ("SELECT", "INSERT", "UPDATE", "DELETE"),
    watermarks.name: ("SELECT", "INSERT", "UPDATE"),  # by column: who may update a whole table may lock it
    grants.name: ("SELECT",),
    grant_uses.name: ("SELECT", "INSERT"),
    model_events.name: ("SELECT", "INSERT"),
}
