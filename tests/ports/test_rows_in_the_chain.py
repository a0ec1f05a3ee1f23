"""Whoever owns the store changes its rows: ``audit verify`` names each that is not as the chain says."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from airflow_provider_harness.adapters.store import schema as t
from airflow_provider_harness.adapters.store.incidents import SqlIncidentStore, open_engine
from airflow_provider_harness.adapters.store.migrate import upgrade
from airflow_provider_harness.adapters.store.rows.grants import GrantsGiven
from airflow_provider_harness.adapters.store.rows.leases import SqlLeases
from airflow_provider_harness.core.incidents import audit
from airflow_provider_harness.core.slices.slices import Slice
from tests.ports.chain_case import KEY, NOW, done, emptied, engine, lived, older, proposal, store

__all__ = ["emptied", "engine", "store"]


def test_a_store_that_only_the_harness_wrote_is_as_the_chain_says(store: SqlIncidentStore, engine: Engine) -> None:
    incident = lived(store, engine)
    store.give_back(incident, proposal())
    store.set_value("mode", "off")
    GrantsGiven(store).withdraw("G" * 26)
    later = Slice(id="s2", start=NOW, end=NOW + timedelta(hours=1))
    SqlLeases(lambda: engine).advance_high_water_mark("warehouse", "orders", later, NOW)
    store.note_pass(NOW + timedelta(minutes=1))
    assert store.audit(store.head()) == type(store.audit())()


ATTACKS = {
    "an act that is deleted": ("DELETE FROM harness_acts", "harness_acts", "is missing"),
    "an act that counts for another day": (
        "UPDATE harness_acts SET day = '2020-01-01'",
        "harness_acts",
        "day is '2020-01-01'",
    ),
    "an act that was never done": (
        "INSERT INTO harness_acts (incident_id, act, dag_id, kind, day) VALUES ('i', 'a', 'd', 'retry_task', '2026-11-21')",
        "harness_acts",
        "i / a is too many",
    ),
    "an approval that may be used again": (
        "UPDATE harness_approvals SET used_at = NULL",
        "harness_approvals",
        "used_at is None",
    ),
    "an approval for another act": ("UPDATE harness_approvals SET act = 'pause_dag'", "harness_approvals", "act is"),
    "an approval that is deleted": ("DELETE FROM harness_approvals", "harness_approvals", "is missing"),
    "a grant for longer": ("UPDATE harness_grants SET expires_at = '2099'", "harness_grants", "expires_at is '2099'"),
    "a grant that may be used again": ("DELETE FROM harness_grant_uses", "harness_grant_uses", "is missing"),
    "the switch": ("UPDATE harness_marks SET value = 'act' WHERE name = 'mode'", "harness_marks", "value is 'act'"),
    "a switch that is removed": ("DELETE FROM harness_marks WHERE name = 'mode'", "harness_marks", "mode is missing"),
    "a pass that did not take place": (
        "UPDATE harness_marks SET value = '2027-01-01T00:00:00.000000+00:00' WHERE name = 'reconciled_at'",
        "harness_marks",
        "reconciled_at was changed",
    ),
    "a watermark that is removed": (
        "DELETE FROM harness_watermarks",
        "harness_watermarks",
        "warehouse / orders is missing",
    ),
    "a watermark that is put back": (
        "UPDATE harness_watermarks SET slice_end = '2020-01-01T00:00:00.000000+00:00'",
        "harness_watermarks",
        "was put back",
    ),
    "an incident that is over": (
        "UPDATE harness_incidents SET state = 'closed', closed_at = '2026-11-21T12:00:00.000000+00:00'",
        "harness_incidents",
        "state is 'closed'",
    ),
    "an incident that is deleted": ("DELETE FROM harness_incidents", "harness_incidents", "is missing"),
    "an incident that never was": (
        "INSERT INTO harness_incidents (id, episode, state, opened_at, touched_at) VALUES ('x', 'e', 'open', '', '')",
        "harness_incidents",
        "incident x is too many",
    ),
    "a failure that is known beforehand": (
        "INSERT INTO harness_memberships (failure_key, incident_id) SELECT 'other', id FROM harness_incidents",
        "harness_memberships",
        "failure other",
    ),
    "a failure that joined nothing": ("DELETE FROM harness_memberships", "harness_memberships", "is missing"),
    "an incident that lists show as over": (
        "UPDATE harness_summaries SET state = 'over'",
        "harness_summaries",
        "state is 'over'",
    ),
    "an incident whose row says that nothing is left to do": (
        """UPDATE harness_summaries SET body = replace(body, '"open": true', '"open": false')""",
        "harness_summaries",
        "body.open is False",
    ),
    "an incident that lists leave out": ("DELETE FROM harness_summaries", "harness_summaries", "is missing"),
    "an incident that only lists know": (
        "UPDATE harness_summaries SET incident_id = 'x'",
        "harness_summaries",
        "incident x is too many",
    ),
    "a row of a list that cannot be read": (
        "UPDATE harness_summaries SET body = '[1'",
        "harness_summaries",
        "cannot be read",
    ),
    "the report of a failure": ("DELETE FROM harness_failures", "harness_failures", "is missing"),
}


@pytest.mark.attack
@pytest.mark.parametrize("name", ATTACKS)
def test_a_row_that_the_stores_owner_changed_is_named(store: SqlIncidentStore, engine: Engine, name: str) -> None:
    statement, table, words = ATTACKS[name]
    lived(store, engine)
    assert store.audit().holds
    done(engine, statement)
    found = store.audit()
    assert found.broken is None
    said = found.rows[-1]
    assert len(found.rows) == (2 if "SET incident_id" in statement else 1)
    assert said.startswith(table)
    assert words in said


@pytest.mark.attack
@pytest.mark.parametrize(
    "statements",
    [
        (
            "UPDATE harness_acts SET day = '2020-01-01'",
            "UPDATE harness_events SET body = replace(body, '2026-11-21', '2020-01-01')",
        ),
        (
            "DELETE FROM harness_acts",
            "DELETE FROM harness_events WHERE kind = 'row_kept' AND body LIKE '%harness_acts%'",
        ),
        ("DELETE FROM harness_acts", "UPDATE harness_events SET kind = 'row_dropped' WHERE body LIKE '%harness_acts%'"),
        (
            "UPDATE harness_events SET seq = -seq WHERE seq IN (3, 4)",
            "UPDATE harness_events SET seq = 7 + seq WHERE seq < 0",
        ),
        ("UPDATE harness_events SET body = replace(body, ': ', ':') WHERE seq = 3",),
        ('UPDATE harness_events SET body = replace(body, \'{"run"\', \'{"run": "x", "run"\')',),
        ("UPDATE harness_events SET at = replace(at, 'T', ' ') WHERE seq = 3",),
        ("UPDATE harness_events SET kind = 'nonsense' WHERE seq = 3",),
        ("UPDATE harness_events SET body = '{' WHERE kind = 'row_kept'",),
        ("UPDATE harness_events SET kind = 'noted' WHERE kind = 'founded'",),
        ("DELETE FROM harness_events WHERE seq = 1",),
    ],
)
def test_events_that_are_made_to_fit_break_the_chain(
    store: SqlIncidentStore, engine: Engine, statements: tuple[str, ...]
) -> None:
    lived(store, engine)
    done(engine, *statements)
    assert store.audit_break() is not None
    assert not store.audit().holds


@pytest.mark.attack
def test_a_row_that_is_put_in_again_is_found(store: SqlIncidentStore, engine: Engine) -> None:
    incident = lived(store, engine)
    with engine.begin() as connection:
        row = dict(connection.execute(t.acts.select()).mappings().one())
    store.give_back(incident, proposal())
    with engine.begin() as connection:
        connection.execute(t.acts.insert().values(**row))
    [said] = store.audit().rows
    assert "is too many" in said


@pytest.mark.attack
def test_a_cut_tail_is_found_by_the_head_on_a_page_only(store: SqlIncidentStore, engine: Engine) -> None:
    """The last events and the rows that they hold go together: what is left is a store of earlier, and the chain alone cannot know."""
    lived(store, engine)
    before = len(list(store.audit_entries()))
    store.set_value("mode", "off")
    noted = store.head()
    done(
        engine,
        f"DELETE FROM harness_events WHERE seq > {before}",
        "UPDATE harness_marks SET value = 'shadow' WHERE name = 'mode'",
    )
    assert store.audit().holds
    broken = store.audit(noted).broken
    assert broken is not None
    assert "tail was cut" in broken.problem


@pytest.mark.attack
def test_a_healer_does_not_go_on_with_what_it_did_not_write(store: SqlIncidentStore, engine: Engine) -> None:
    """A forged row stays a finding whatever the harness writes after it."""
    lived(store, engine)
    done(engine, "DELETE FROM harness_acts")
    store.set_value("mode", "act")
    store.note_pass(NOW + timedelta(days=2))
    [said] = store.audit().rows
    assert "harness_acts" in said


def test_what_stood_before_the_chain_held_rows_is_unproved_and_not_broken(
    store: SqlIncidentStore, engine: Engine
) -> None:
    older(engine, store)
    found = store.audit()
    assert (found.holds, len(found.notes)) == (True, 1)
    assert "takes them over as they stand" in found.notes[0]
    done(
        engine, "UPDATE harness_incidents SET touched_at = '2026-11-21T11:00:00.000000+00:00'"
    )  # as another version might
    store.set_value("mode", "off")
    found = store.audit(store.head())
    assert (found.holds, found.rows) == (True, ())
    assert "4 row(s) stood there before" in found.notes[0]


@pytest.mark.attack
def test_what_was_taken_over_is_held_from_then_on(store: SqlIncidentStore, engine: Engine) -> None:
    older(engine, store)
    store.note_pass(NOW)
    assert store.audit().holds
    done(engine, "DELETE FROM harness_acts", "UPDATE harness_approvals SET used_at = NULL")
    assert sorted(said.split(":")[0] for said in store.audit().rows) == ["harness_acts", "harness_approvals"]


@pytest.mark.attack
def test_odd_bytes_are_a_finding_and_no_crash(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/harness.db")
    upgrade(engine)
    store = SqlIncidentStore(engine, KEY)
    store.set_value("mode", "off")
    done(engine, "UPDATE harness_events SET body = CAST(x'80ff7b' AS TEXT) WHERE seq = 2")
    broken = store.audit_break()
    engine.dispose()
    assert broken is not None
    assert replace(broken, problem="") == audit.Break(seq=2, problem="", unreadable=True)
