"""What is old leaves the store; what is open, counts or was never seen stays, and the chain goes on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from airflow_provider_harness.adapters.store import schema as t
from airflow_provider_harness.adapters.store.audit import sweep as store_sweep
from airflow_provider_harness.adapters.store.audit.prune import prune
from airflow_provider_harness.adapters.store.incidents import SqlIncidentStore
from airflow_provider_harness.adapters.store.rows.leases import SqlLeases
from airflow_provider_harness.adapters.store.ulid import ulid
from airflow_provider_harness.cli.pruning import _days
from airflow_provider_harness.core.diagnosis.failure import Failure, FailureKind, Origin, TryKey
from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.core.incidents.audit import StoreKind
from airflow_provider_harness.core.incidents.events import EventKind
from airflow_provider_harness.core.slices.slices import Slice
from tests.events import event_of
from tests.ports.chain_case import NOW, done, emptied, engine, lived, older, store

__all__ = ["emptied", "engine", "store"]

BEFORE, LATER = NOW + timedelta(days=1), NOW + timedelta(days=401)


def pruned(store: SqlIncidentStore, **more: Any) -> dict[str, int]:
    removed: dict[str, int] = {}
    for step in prune(store, BEFORE, LATER, **more):
        for name, count in step.removed.items():
            removed[name] = removed.get(name, 0) + count
    return {name: count for name, count in removed.items() if count}


def ended(store: SqlIncidentStore, run: str, outcome: str = "healed") -> str:
    key = TryKey(dag_id="flights", run_id=run, task_id="load", try_number=1)
    store.record(Failure(key=key, kind=FailureKind.TASK_FAILED, origin=Origin.CALLBACK, occurred_at=NOW), ulid(NOW))
    incident = store.intake(NOW, store.waiting())[0].incident_id
    closed(store, incident, outcome)
    return incident


def closed(store: SqlIncidentStore, incident: str, outcome: str = "healed") -> None:
    body = {"outcome": outcome, "why": ""}
    store.append(event_of(incident_id=incident, kind=EventKind.CLOSED, at=NOW, body=body))


def rows(engine: Engine, table: Any) -> int:
    with engine.connect() as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def test_what_is_over_goes_with_all_that_it_had_and_the_chain_goes_on(store: SqlIncidentStore, engine: Engine) -> None:
    closed(store, lived(store, engine))
    ended(store, "r2")
    events = rows(engine, t.events)
    assert pruned(store, trial=True)["harness_incidents"] == 2
    assert (rows(engine, t.events), store.audit().notes) == (events, ()), "a trial changes nothing"
    removed = pruned(store)
    gone = ("acts", "approvals", "failures", "grants", "grant_uses", "incidents", "memberships")
    assert {name: removed[f"harness_{name}"] for name in gone} == dict.fromkeys(gone, 1) | dict.fromkeys(
        ("failures", "incidents", "memberships"), 2
    )
    found = store.audit(store.head())
    assert (found.broken, found.rows) == (None, ())
    assert "were pruned" in found.notes[0]
    assert store.get_value("mode") == "shadow"
    assert pruned(store) == {}, "what is gone is gone"
    ended(store, "r3")
    assert store.audit().holds


@pytest.mark.parametrize("outcome", ["escalated", "not_healed", "refused"])
def test_what_waits_for_a_person_stays_with_its_evidence(store: SqlIncidentStore, engine: Engine, outcome: str) -> None:
    incident = ended(store, "r1", outcome)
    open_incidents = lived(store, engine)
    over = ended(store, "r2")
    assert pruned(store)["harness_incidents"] == 1
    assert [item.id for item in store.incidents()] == sorted([incident, open_incidents])
    assert all(len(store.failures(name)) == 1 for name in (incident, open_incidents))
    assert store.events(over) == []
    assert store.audit().holds
    resolved = event_of(incident_id=incident, kind=EventKind.RESOLVED, at=NOW, body={"by": "ann", "why": ""})
    store.append(resolved)
    assert pruned(store)["harness_incidents"] == 1
    assert store.audit().holds


@pytest.mark.parametrize(
    "still",
    [
        "UPDATE harness_approvals SET used_at = NULL, expires_at = '2099-01-01'",
        "UPDATE harness_grants SET expires_at = '2099-01-01'",
        "UPDATE harness_acts SET day = '2026-12-24'",
        "UPDATE harness_incidents SET touched_at = '2099-01-01'",
    ],
)
def test_what_still_counts_stays(store: SqlIncidentStore, engine: Engine, still: str) -> None:
    closed(store, lived(store, engine))
    done(engine, still)
    assert "harness_incidents" not in pruned(store)


def test_reports_that_wait_stay_and_what_was_set_aside_goes(store: SqlIncidentStore, engine: Engine) -> None:
    for run in ("waits", "odd"):
        key = TryKey(dag_id="flights", run_id=run, task_id="load", try_number=1)
        store.record(Failure(key=key, kind=FailureKind.TASK_FAILED, origin=Origin.CALLBACK, occurred_at=NOW), ulid(NOW))
    store.set_aside([(item, "odd") for item in store.waiting() if "odd" in item.key], NOW)
    assert pruned(store) == {"harness_failures": 1, "harness_reports": 1, "harness_set_aside": 1}
    assert [item.failure.key.run_id for item in store.waiting()] == ["waits"]


def test_watermarks_stay_where_a_promise_is_open_and_lineage_stays(store: SqlIncidentStore, engine: Engine) -> None:
    slices = SqlLeases(lambda: engine)
    for table in ("orders", "flights"):
        slices.advance_high_water_mark("warehouse", table, Slice(id="s", start=NOW, end=NOW), NOW)
    names = (
        "conn_id",
        "table_name",
        "dag_id",
        "task_id",
        "run_id",
        "slice",
        "slice_end",
        "due_at",
        "words",
        "dedup_key",
    )
    told = dict.fromkeys(names, "x") | {"key": "k", "conn_id": "warehouse", "table_name": "orders", "told_at": "2026"}
    edge = {
        "key": "a" * 64,
        "dag_id": "d",
        "task_id": "t",
        "map_index": -1,
        "target_namespace": "n",
        "target_name": "t",
    }
    with engine.begin() as connection:
        connection.execute(t.promises.insert().values(**told))
        connection.execute(t.lineage.insert().values(**edge, version="b" * 64, recorded_at=t.text_of(NOW)))
    store.note_pass(NOW)
    removed = pruned(store)
    assert (removed["harness_watermarks"], rows(engine, t.lineage)) == (1, 1)
    assert slices.high_water_mark("warehouse", "orders") is not None
    assert store.audit().rows == ()


def test_gates_of_the_newest_slices_stay(
    store: SqlIncidentStore, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_sweep, "SLICES", 2)
    words = ("table_name", "contract", "contract_version", "conn_id", "slice", "dag_id", "run_id", "task_id")
    numbers = {"map_index": -1, "try_number": 1, "rows": 1, "malformed": 0}
    given = dict.fromkeys(words, "x") | numbers | {"place": "published", "decision": "publish", "milliseconds": "{}"}
    check = {"check_id": "c", "kind": "row_count", "passed": True, "flagged": False, "error": "", "severity": "error"}
    with engine.begin() as connection:
        for day in range(4):
            key, start = str(day) * 64, t.text_of(NOW - timedelta(days=day))
            row = given | {"key": key, "slice_start": start, "slice_end": t.text_of(NOW), "measured_at": t.text_of(NOW)}
            connection.execute(t.gates.insert().values(**row))
            connection.execute(t.gate_checks.insert().values(gate=key, **check))
    assert pruned(store) == {"harness_gate_checks": 2, "harness_gates": 2}
    with engine.connect() as connection:
        assert sorted(connection.execute(select(t.gates.c.key)).scalars()) == ["0" * 64, "1" * 64]


def test_looks_of_the_watch_go_but_those_that_a_slice_may_be_compared_with(
    store: SqlIncidentStore, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_sweep, "SLICES", 2)
    words = dict.fromkeys(("conn_id", "table_name", "contract", "slice"), "x")
    given = words | {"flagged": False, "numbers": "{}", "profile": "", "failures": "[]"}
    with engine.begin() as connection:
        for days in (0, 50, 190, 200, 210):
            at = t.text_of(NOW - timedelta(days=days))
            row = given | {"key": f"k{days}", "slice_start": at, "slice_end": at, "measured_at": at}
            connection.execute(t.watched.insert().values(**row))
    steps = list(prune(store, NOW - timedelta(days=40), NOW))
    with engine.connect() as connection:
        assert sorted(connection.execute(select(t.watched.c.key)).scalars()) == ["k0", "k190", "k50"]
    assert sum(step.removed.get("harness_watched", 0) for step in steps) == 2


def test_a_store_of_an_earlier_version_is_pruned_too(store: SqlIncidentStore, engine: Engine) -> None:
    older(engine, store)
    closed(store, str(store.incidents()[0].id))
    assert pruned(store)["harness_grant_uses"] == 1
    assert store.audit().holds


@pytest.mark.attack
def test_a_pruned_event_that_is_put_in_again_is_found_and_so_is_a_wider_gap(
    store: SqlIncidentStore, engine: Engine
) -> None:
    incident = ended(store, "r1")
    with engine.begin() as connection:
        row = dict(
            connection.execute(t.events.select().where(t.events.c.incident_id == incident)).mappings().first() or {}
        )
    kept = ended(store, "r2", "escalated")
    pruned(store)
    assert store.audit().holds
    done(engine, f"DELETE FROM harness_events WHERE incident_id = '{kept}'")
    assert "is missing" in str(store.audit_break())
    with engine.begin() as connection:
        connection.execute(t.events.insert().values(**row))
    assert "although it was pruned" in str(store.audit_break())


@pytest.mark.attack
def test_a_checkpoint_that_is_made_up_breaks_the_chain(store: SqlIncidentStore, engine: Engine) -> None:
    ended(store, "r1", "escalated")
    with engine.begin() as connection:
        row = connection.execute(t.events.select().where(t.events.c.seq == 2)).mappings().one()
        connection.execute(t.events.delete().where(t.events.c.seq == 2))
        body = f'{{"before": "2026", "events": 1, "gaps": [[2, 2, "{row["hash"]}"]]}}'
        forged = {"seq": 99, "incident_id": "", "kind": StoreKind.PRUNED.value, "at": t.text_of(NOW), "body": body}
        connection.execute(t.events.insert().values(**forged, hash="0" * 64))
    assert store.audit_break() is not None


def test_the_head_of_a_page_of_then_is_said_to_be_cut_or_pruned(store: SqlIncidentStore) -> None:
    ended(store, "r1")
    old = list(store.audit_entries())[-2].hash
    pruned(store)
    assert "or it was pruned" in str(store.audit_break(old))


@pytest.mark.parametrize(
    ("text", "said"), [("400", "not a number of days"), ("0d", "not a number"), ("29d", "too short")]
)
def test_how_long_is_kept_is_said_in_days(text: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        _days(text, 30)
