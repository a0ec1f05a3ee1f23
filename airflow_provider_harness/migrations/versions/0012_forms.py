"""Every table that tasks may write takes only rows of the form in which the harness writes them: lengths, moments, words, JSON.

Rows that stand there stay, whatever they look like: each is read by itself, and set aside where it cannot be. PostgreSQL checks by
a constraint that is not validated; SQLite, which cannot add one to a table that has rows, by a trigger that says the same.
"""

from __future__ import annotations

from collections.abc import Mapping

from alembic import op

revision = "0012_forms"
down_revision = "0010_rows_in_the_chain"
branch_labels = None
depends_on = None

PLACES = ("source", "staging", "published", "query", "file")
DECISIONS = ("publish", "quarantine", "block")
SEVERITIES = ("error", "warn")
EDGES = ("", "IDENTITY", "TRANSFORMATION", "AGGREGATION", "JOIN", "FILTER", "GROUP_BY", "SORT", "WINDOW", "CONDITIONAL")

#: What must hold of a column, for PostgreSQL and for SQLite.
Form = tuple[str, str]
_DAY, _CLOCK = "(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])", "([01][0-9]|2[0-3])(:[0-5][0-9]){2}"
_DIGIT = "[0-9]"


def _text(name: str, most: int, least: int = 0) -> Form:
    return _both(f"length({{}}) BETWEEN {least} AND {most}", name)


def _both(holds: str, name: str) -> Form:
    return holds.format(name), holds.format(f"NEW.{name}")


def _moment(name: str) -> Form:
    """ISO 8601 in UTC with microseconds, as everything that is compared as text."""
    day, clock = "-".join((_DIGIT * 4, _DIGIT * 2, _DIGIT * 2)), ":".join([_DIGIT * 2] * 3)
    return (
        rf"{name} ~ '^[0-9]{{4}}-{_DAY}T{_CLOCK}\.[0-9]{{6}}\+00:00$'",
        f"NEW.{name} GLOB '{day}T{clock}.{_DIGIT * 6}+00:00' AND julianday(NEW.{name}) IS NOT NULL",
    )


def _hash(name: str) -> Form:
    return f"{name} ~ '^[0-9a-f]{{64}}$'", f"length(NEW.{name}) = 64 AND NEW.{name} NOT GLOB '*[^0-9a-f]*'"


def _word(name: str) -> Form:
    return f"{name} ~ '^[a-z_]{{1,32}}$'", f"length(NEW.{name}) BETWEEN 1 AND 32 AND NEW.{name} NOT GLOB '*[^a-z_]*'"


def _one_of(name: str, words: tuple[str, ...]) -> Form:
    return _both(f"{{}} IN ({', '.join(map(repr, words))})", name)


def _whole(name: str, least: int, most: int) -> Form:
    within, new = _both(f"{{}} BETWEEN {least} AND {most}", name)
    return within, f"typeof(NEW.{name}) = 'integer' AND {new}"


def _finite(name: str) -> Form:
    return (
        f"{name} > '-Infinity' AND {name} < 'Infinity'",
        f"typeof(NEW.{name}) IN ('integer', 'real') AND abs(NEW.{name}) < 9e999",
    )


def _object(name: str, most: int) -> Form:
    length, new = _text(name, most, 2)
    return (
        f"{length} AND json_typeof({name}::json) = 'object'",
        f"{new} AND CASE WHEN json_valid(NEW.{name}) THEN json_type(NEW.{name}) = 'object' END",
    )


def _maybe(name: str, form: Form) -> Form:
    return f"{name} IS NULL OR ({form[0]})", f"NEW.{name} IS NULL OR ({form[1]})"


_TRY = (
    _text("dag_id", 250, 1),
    _text("run_id", 250, 1),
    _text("task_id", 250, 1),
    _whole("map_index", -1, 1_000_000),
    _whole("try_number", 0, 100_000),
)
_REPORT = (
    _text("key", 1024, 1),
    _text("incident_id", 26, 1),
    _word("kind"),
    _moment("recorded_at"),
    _text("seal", 64),
    _object("body", 1_000_000),
)
#: Every table that tasks may write -> what holds of each of its columns.
FORMS: Mapping[str, tuple[Form, ...]] = {
    "harness_failures": (*_REPORT, _text("episode", 16)),
    "harness_reports": (*_REPORT, _hash("report")),
    "harness_gates": (
        *_TRY,
        _hash("key"),
        _text("table_name", 512, 1),
        _text("contract", 512),
        _text("contract_version", 128),
        _text("conn_id", 256),
        _text("slice", 1024),
        _moment("slice_start"),
        _maybe("slice_end", _moment("slice_end")),
        _one_of("place", PLACES),
        _whole("rows", 0, 2**63 - 1),
        _whole("malformed", 0, 2**63 - 1),
        _one_of("decision", DECISIONS),
        _object("milliseconds", 100_000),
        _moment("measured_at"),
    ),
    "harness_gate_checks": (
        _hash("gate"),
        _text("check_id", 1024, 1),
        _word("kind"),
        _maybe("value", _finite("value")),
        _text("error", 4_000),
        _one_of("severity", SEVERITIES),
        _maybe("share", _finite("share")),
    ),
    "harness_lineage": (
        _hash("key"),
        _text("dag_id", 250, 1),
        _text("task_id", 250, 1),
        _whole("map_index", -1, 1_000_000),
        _text("target_namespace", 512),
        _text("target_name", 1024),
        _hash("version"),
        _moment("recorded_at"),
    ),
    "harness_lineage_edges": (
        _hash("lineage"),
        _whole("number", 0, 1_000_000),
        _text("source_namespace", 512),
        _text("source_name", 1024),
        _text("source_column", 256),
        _text("target_column", 256),
        _one_of("how", EDGES),
    ),
    "harness_leases": (
        _text("name", 1024, 1),
        _text("holder", 1024, 1),
        _text("token", 32, 1),
        _moment("taken_at"),
        _moment("expires_at"),
    ),
    "harness_watermarks": (
        _text("conn_id", 256),
        _text("table_name", 512, 1),
        _text("slice", 1024),
        _moment("slice_end"),
        _moment("moved_at"),
        _text("contract", 1024),
        _text("dag_id", 250),
        _text("task_id", 250),
    ),
    "harness_grant_uses": (_text("grant_id", 26, 1), _text("task", 1024, 1), _moment("used_at")),
}


def upgrade() -> None:
    put(FORMS)


def downgrade() -> None:
    take_away(FORMS)


def put(tables: Mapping[str, tuple[Form, ...]]) -> None:
    """From now on these tables take rows of this form only."""
    for table, forms in tables.items():
        if op.get_bind().dialect.name == "postgresql":
            holds = " AND ".join(f"({postgresql})" for postgresql, _ in forms)
            op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {table}_form CHECK ({holds}) NOT VALID")
            continue
        holds = " AND ".join(f"({sqlite})" for _, sqlite in forms)
        for event in ("INSERT", "UPDATE"):
            op.execute(
                f"CREATE TRIGGER {table}_form_{event.lower()} AFTER {event} ON {table} WHEN ({holds}) IS NOT TRUE "
                f"BEGIN SELECT RAISE(ABORT, 'CHECK constraint failed: {table}_form'); END"
            )


def take_away(tables: Mapping[str, tuple[Form, ...]]) -> None:
    """These tables take any row again."""
    for table in tables:
        if op.get_bind().dialect.name == "postgresql":
            op.execute(f"ALTER TABLE {table} DROP CONSTRAINT {table}_form")
            continue
        for event in ("insert", "update"):
            op.execute(f"DROP TRIGGER {table}_form_{event}")
