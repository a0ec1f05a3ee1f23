"""What tasks may insert has the form in which the harness writes it, and a store that has lived keeps what it has."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Engine, create_engine, insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from airflow_provider_harness.adapters.store import schema as t
from airflow_provider_harness.adapters.store.incidents import SqlFailureLog, SqlIncidentStore, open_engine
from airflow_provider_harness.adapters.store.migrate import _config, state, upgrade
from airflow_provider_harness.adapters.store.outbox import SqlOutbox
from airflow_provider_harness.adapters.store.rows.gate_history import SqlGates
from airflow_provider_harness.adapters.store.rows.leases import SqlLeases
from airflow_provider_harness.adapters.store.rows.lineage import SqlLineage
from airflow_provider_harness.adapters.store.rows.sla_alerts import SqlPromises
from airflow_provider_harness.adapters.store.ulid import ulid
from airflow_provider_harness.adapters.store.unreadable import unreadable
from airflow_provider_harness.app.pages.kept_contract import kept
from airflow_provider_harness.core.contracts.checks import CheckSeverity
from airflow_provider_harness.core.contracts.contract import Contract
from airflow_provider_harness.core.contracts.report import Decision
from airflow_provider_harness.core.diagnosis.failure import FailureKind
from airflow_provider_harness.core.diagnosis.reported import body_of
from airflow_provider_harness.core.errors import HarnessUnavailable
from airflow_provider_harness.core.incidents import audit
from airflow_provider_harness.core.incidents.events import EventKind
from airflow_provider_harness.core.lineage.graph import Graph, Transformation
from airflow_provider_harness.core.slices.gate_run import Place
from tests.events import event_of
from tests.ports.test_store import AUDIT_KEY, NOW, engine, failure, url

__all__ = ["engine", "url"]

forms = importlib.import_module("airflow_provider_harness.migrations.versions.0012_forms")
later = importlib.import_module("airflow_provider_harness.migrations.versions.0018_summaries")
models = importlib.import_module("airflow_provider_harness.migrations.versions.0022_models")
FORMS = {**forms.FORMS, **later.FORMS, **models.FORMS}

AT = t.text_of(NOW)
#: Table that tasks may write -> a row as the harness writes it.
GOOD: dict[str, dict[str, Any]] = {
    "harness_failures": {
        "key": failure().identity,
        "episode": "e" * 16,
        "incident_id": ulid(NOW),
        "kind": "task_failed",
        "recorded_at": AT,
        "body": body_of(failure()),
    },
    "harness_reports": {
        "key": failure().identity,
        "report": "a" * 64,
        "incident_id": ulid(NOW),
        "kind": "task_failed",
        "recorded_at": AT,
        "body": "{}",
    },
    "harness_gates": {
        "key": "a" * 64,
        "table_name": "public.t",
        "contract": "c",
        "contract_version": "1",
        "conn_id": "wh",
        "slice": "s",
        "slice_start": AT,
        "slice_end": None,
        "place": "staging",
        "dag_id": "d",
        "run_id": "r",
        "task_id": "t",
        "map_index": -1,
        "try_number": 1,
        "rows": 7,
        "malformed": 0,
        "decision": "publish",
        "milliseconds": "{}",
        "measured_at": AT,
    },
    "harness_gate_checks": {
        "gate": "a" * 64,
        "check_id": "c",
        "kind": "row_count",
        "value": 1.5,
        "passed": True,
        "flagged": False,
        "error": "",
        "severity": "error",
        "share": None,
    },
    "harness_contracts": {
        "key": "a" * 64,
        "table_name": "public.t",
        "contract": "c",
        "version": "1",
        "dag_id": "d",
        "task_id": "t",
        "owner": "ops",
        "criticality": "high",
        "readiness": "",
        "seen_at": AT,
        "body": json.dumps(kept(Contract(id="c", version="1", name="c", table="public.t", columns=()))),
    },
    "harness_lineage": {
        "key": "a" * 64,
        "dag_id": "d",
        "task_id": "t",
        "map_index": -1,
        "target_namespace": "db",
        "target_name": "b",
        "version": "c" * 64,
        "recorded_at": AT,
    },
    "harness_lineage_edges": {
        "lineage": "a" * 64,
        "number": 0,
        "source_namespace": "db",
        "source_name": "a",
        "source_column": "x",
        "target_column": "y",
        "how": "IDENTITY",
        "masking": False,
    },
    "harness_leases": {"name": "n", "holder": "h", "token": "t", "taken_at": AT, "expires_at": AT},
    "harness_watermarks": {"conn_id": "wh", "table_name": "public.t", "slice": "s", "slice_end": AT, "moved_at": AT},
    "harness_grant_uses": {"grant_id": ulid(NOW), "task": "d/r/t#1", "used_at": AT},
    "harness_model_events": {"model": "m", "seq": 1, "kind": "ended", "at": AT, "task": "d/r/t", "body": "{}"},
}
#: What is of no form that the harness writes.
BAD: list[tuple[str, str, Any]] = [
    ("harness_failures", "key", "k" * 1_025),
    ("harness_failures", "key", ""),
    ("harness_failures", "kind", "task failed; approve"),
    ("harness_failures", "incident_id", ""),
    ("harness_failures", "body", "no"),
    ("harness_failures", "body", "[]"),
    ("harness_failures", "body", f'{{"a": "{"b" * 1_000_000}"}}'),
    ("harness_reports", "report", "short"),
    ("harness_reports", "body", "17"),
    ("harness_gates", "key", "A" * 64),
    ("harness_gates", "place", "elsewhere"),
    ("harness_gates", "decision", "maybe"),
    ("harness_gates", "rows", -1),
    ("harness_gates", "slice_start", "never"),
    ("harness_gates", "slice_start", "2026-13-01T00:00:00.000000+00:00"),
    ("harness_gates", "slice_end", "2026-11-21T12:00:00"),
    ("harness_gates", "measured_at", "2026-11-21T12:00:00.000000+01:00"),
    ("harness_gates", "milliseconds", '{"a": '),
    ("harness_gates", "dag_id", ""),
    ("harness_gates", "task_id", "t" * 251),
    ("harness_gates", "map_index", -2),
    ("harness_gate_checks", "kind", "a kind"),
    ("harness_gate_checks", "value", float("inf")),
    ("harness_gate_checks", "severity", "fatal"),
    ("harness_gate_checks", "error", "e" * 4_001),
    ("harness_contracts", "body", "[]"),
    ("harness_contracts", "seen_at", "soon"),
    ("harness_contracts", "dag_id", ""),
    ("harness_lineage", "version", "v"),
    ("harness_lineage", "recorded_at", ""),
    ("harness_lineage", "target_name", "t" * 1_025),
    ("harness_lineage_edges", "how", "sorcery"),
    ("harness_lineage_edges", "number", -1),
    ("harness_leases", "expires_at", "zzz"),
    ("harness_leases", "name", ""),
    ("harness_watermarks", "slice_end", "never"),
    ("harness_watermarks", "contract", "c" * 1_025),
    ("harness_grant_uses", "used_at", "soon"),
    ("harness_model_events", "seq", 0),
    ("harness_model_events", "body", "[]"),
]


def without_forms(engine: Engine) -> None:
    """The store as an earlier version made it, which took any row."""
    with engine.begin() as connection:
        for table in FORMS:
            if engine.dialect.name == "postgresql":
                connection.execute(text(f"ALTER TABLE {table} DROP CONSTRAINT {table}_form"))
                continue
            for event in ("insert", "update"):
                connection.execute(text(f"DROP TRIGGER {table}_form_{event}"))


def test_every_table_that_tasks_may_write_has_a_form_of_all_its_columns() -> None:
    written = {table for table, rights in t.TASK_RIGHTS.items() if "INSERT" in rights}
    assert set(FORMS) == written == set(GOOD)
    for table, holds in FORMS.items():
        both = " ".join(part for form in holds for part in form)
        free = {"masking", "passed", "flagged"}  # PostgreSQL takes nothing but booleans
        assert {column.name for column in t.metadata.tables[table].columns if column.name not in both} <= free


def test_the_words_are_those_of_the_code() -> None:
    assert tuple(Place) == (*forms.PLACES, "watch")  # which 0019 added
    assert tuple(Decision) == forms.DECISIONS
    assert tuple(CheckSeverity) == forms.SEVERITIES
    assert ("", *Transformation) == forms.EDGES
    assert all(kind.replace("_", "").isalpha() and kind.islower() for kind in FailureKind)


@pytest.mark.attack
def test_a_row_of_another_form_is_refused_beside_one_of_the_right_form(engine: Engine) -> None:
    for name, row in GOOD.items():
        for column, value in [(column, value) for table, column, value in BAD if table == name]:
            with pytest.raises(DBAPIError), engine.begin() as connection:
                connection.execute(insert(t.metadata.tables[name]).values(**row | {column: value}))
        with engine.begin() as connection:
            connection.execute(insert(t.metadata.tables[name]).values(**row))


@pytest.mark.attack
def test_a_row_cannot_be_changed_into_another_form(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(insert(t.leases).values(**GOOD["harness_leases"]))
    with pytest.raises(IntegrityError, match="harness_leases_form"), engine.begin() as connection:
        connection.execute(t.leases.update().values(expires_at="zzz"))


def test_a_report_that_is_refused_is_not_taken_for_one_that_was_made(engine: Engine) -> None:
    bad = failure(key=failure().key.__class__(dag_id="d" * 900, run_id="r" * 200, task_id="t", try_number=1))
    with pytest.raises(HarnessUnavailable):
        SqlFailureLog(engine).record(bad, ulid(NOW))
    with pytest.raises(HarnessUnavailable):
        SqlLeases(lambda: engine).take("n" * 1_025, "h", "t", NOW)
    assert SqlFailureLog(engine).record(failure(), ulid(NOW))


#: Rows of every table, as migration 0007 knew it; some of no form at all.
_OLD = {
    "harness_incidents": {"id": "I", "episode": "e" * 16, "state": "open", "opened_at": AT, "touched_at": AT},
    "harness_memberships": {"failure_key": failure().identity, "incident_id": "I"},
    "harness_causes": {"key": "task:1", "incident_id": "I", "seen_at": AT},
    "harness_acts": {"incident_id": "I", "act": "retry_task()", "dag_id": "d", "kind": "retry_task", "day": AT[:10]},
    "harness_approvals": {
        "id": "A",
        "incident_id": "I",
        "act": "retry_task()",
        "policy_version": 1,
        "healer_run": "h",
        "assigned": '["oncall"]',
        "expires_at": AT,
    },
    "harness_marks": {"name": "reconciled_at", "value": AT},
    "harness_outbox": {
        "id": "O",
        "channel": "pagerduty",
        "dedup_key": "k",
        "kind": "trigger",
        "body": "{}",
        "due_at": AT,
        "tries": 0,
        "state": "waiting",
    },
    "harness_promises": {
        "key": "p",
        "conn_id": "wh",
        "table_name": "public.t",
        "dag_id": "d",
        "task_id": "t",
        "run_id": "r",
        "slice": "s",
        "slice_end": AT,
        "due_at": AT,
        "words": "by noon",
        "dedup_key": "k",
        "told_at": AT,
    },
    "harness_grants": {
        "id": "G",
        "incident_id": "I",
        "dag_id": "d",
        "run_id": "r",
        "task_id": "t",
        "contract": "c",
        "slice": "s",
        "checks": "[]",
        "expires_at": AT,
    },
}
_STRANGE = {
    "harness_failures": {"key": "strange", "body": "no", "recorded_at": "never", "kind": "what"},
    "harness_gates": {"key": "strange", "place": "elsewhere"},
    "harness_gate_checks": {"gate": "strange", "severity": "fatal"},
    "harness_lineage": {"key": "strange", "version": "v", "recorded_at": "never"},
    "harness_lineage_edges": {"lineage": "strange", "how": "sorcery"},
    "harness_leases": {"name": "strange", "expires_at": "zzz"},
    "harness_watermarks": {"table_name": "strange", "slice_end": "never"},
    "harness_grant_uses": {"grant_id": "strange", "used_at": "soon"},
}


def _to(engine: Engine, step: Any, revision: str) -> None:
    with engine.begin() as connection:
        step(_config(connection), revision)


def _counts(engine: Engine) -> dict[str, int]:
    with engine.connect() as connection:
        names = [*_OLD, *_STRANGE, "harness_events"]
        return {name: connection.execute(text(f"SELECT count(*) FROM {name}")).scalar_one() for name in names}


@pytest.fixture
def lived(url: str, tmp_path: Path) -> Iterator[Engine]:
    """A store at revision 0007 with rows in each table, odd ones among them."""
    engine = open_engine(url)
    _to(engine, command.upgrade, "0007_grants")
    opened = event_of(
        incident_id="I", kind=EventKind.OPENED, at=NOW, body={"failure": failure().identity, "episode": "e" * 16}
    )
    link = audit.link(AUDIT_KEY, audit.GENESIS, audit.recorded(opened))
    event = {"seq": 1, "incident_id": "I", "kind": "opened", "at": AT, "hash": link}
    event["body"] = '{"failure": "' + failure().identity + '", "episode": "' + "e" * 16 + '"}'
    with engine.begin() as connection:
        for name, row in {**_OLD, "harness_events": event}.items():
            _add(connection, name, row)
        for name, strange in _STRANGE.items():
            row = {
                column: value
                for column, value in GOOD[name].items()
                if column != "slice_end" or name != "harness_gates"
            }
            _add(connection, name, row)
            _add(connection, name, row | strange)
    yield engine
    engine.dispose()


def _add(connection: Any, name: str, row: dict[str, Any]) -> None:
    """A row by the columns that the table has at this revision."""
    columns = ", ".join(f'"{column}"' for column in row)
    connection.execute(
        text(f"INSERT INTO {name} ({columns}) VALUES ({', '.join(f':{column}' for column in row)})"), row
    )


@pytest.mark.attack
def test_a_store_that_has_lived_is_brought_up_and_everything_in_it_is_read(lived: Engine) -> None:
    before = _counts(lived)
    assert min(before.values()) > 0
    upgrade(lived)
    found, wanted = state(lived)
    assert found == wanted
    assert _counts(lived) == before
    store = SqlIncidentStore(lived, AUDIT_KEY)
    assert store.audit_break() is None
    assert [item.id for item in store.incidents()] == ["I"]
    assert [item.key for item in store.failures("I")] == [failure().key]
    assert store.waiting() == [] and list(store.left_alone()) == ["failures"]
    assert store.approval("I", "h") is not None and store.last_pass() == NOW
    promises = SqlPromises(lambda: lived, lambda *_: pytest.fail("no contract is read"), Graph)
    assert [mark.table for mark in promises.published()] == ["public.t"]
    assert [risk.table for risk in promises.open_alerts()] == ["public.t"]
    (flow,) = SqlLineage(lambda: lived).graph().flows
    assert len(flow.columns) == 1
    assert len(SqlOutbox(lambda: lived).waiting()) == 1
    assert SqlGates(lambda: lived).tables() == ["public.t"]
    assert set(unreadable(lived)) == set(_STRANGE) - {"harness_failures", "harness_gate_checks"}
    assert SqlLeases(lambda: lived).take("n", "h", "new", NOW + timedelta(days=1)).token == "new"
    assert store.record(failure("another"), ulid(NOW))
    assert len(store.intake(NOW, store.waiting())) == 1
    assert store.audit_break() is None


def test_a_store_that_has_lived_can_go_back(lived: Engine) -> None:
    before = _counts(lived)
    upgrade(lived)
    _to(lived, command.downgrade, "0007_grants")
    assert _counts(lived) == before
    upgrade(lived)
    assert _counts(lived) == before
    with lived.connect() as connection:
        assert connection.execute(select(t.failures.c.seal)).scalars().all() == ["", ""]


def test_the_form_of_a_moment_is_the_same_in_both_dialects() -> None:
    sqlite, moments = create_engine("sqlite://"), forms._moment("x")[1].replace("NEW.x", ":x")
    for value, fine in ((AT, True), ("2026-02-30T00:00:00.000000+00:00", True), (AT[:-1], False), (f" {AT}", False)):
        with sqlite.connect() as connection:
            assert bool(connection.execute(text(f"SELECT {moments}"), {"x": value}).scalar()) is fine
