"""The keys of the chain: made once whoever comes first, changed from a moment on, and missed when one is lost."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Engine

from airflow_provider_harness.adapters.store import schema as t
from airflow_provider_harness.adapters.store.audit.key_files import files, prepare, ring, take_up
from airflow_provider_harness.adapters.store.incidents import SqlIncidentStore
from airflow_provider_harness.adapters.store.ulid import ulid
from airflow_provider_harness.core.diagnosis.failure import Failure, FailureKind, Origin, TryKey
from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.core.incidents import audit
from airflow_provider_harness.core.incidents.audit import Ring, name_of
from tests.ports.chain_case import KEY, NOW, done, emptied, engine, lived, older, store

__all__ = ["emptied", "engine", "store"]

NEW, NEWER = b"n" * 32, b"r" * 32
BOTH = Ring(current=NEW, old=(KEY,))


def with_keys(engine: Engine, ring: Ring) -> SqlIncidentStore:
    return SqlIncidentStore(engine, lambda: ring)


def current_key(path: Path) -> bytes:
    return ring(path).current


def test_of_six_processes_that_come_first_one_makes_the_key(tmp_path: Path) -> None:
    with ProcessPoolExecutor(6, mp_context=multiprocessing.get_context("forkserver")) as pool:
        for number in range(15):
            path = tmp_path / str(number) / "harness_audit.key"
            path.parent.mkdir()
            assert len(set(pool.map(current_key, [path] * 6))) == 1
            assert [one.name for one in path.parent.iterdir()] == [path.name]
            assert path.stat().st_mode & 0o077 == 0


def test_the_files_of_two_changes_at_once_lose_no_key(tmp_path: Path) -> None:
    path = tmp_path / "harness_audit.key"
    first = ring(path).current
    for new in (NEW, NEWER):
        prepare(path, new)
    for new in (NEWER, NEW):
        take_up(path, new)
    found = ring(path)
    assert (found.current, {found.current, *found.old}) == (NEW, {first, NEW, NEWER})
    assert all(one.stat().st_mode & 0o077 == 0 for one in files(path))


def test_the_chain_goes_on_with_a_new_key_and_both_prove_their_part(store: SqlIncidentStore, engine: Engine) -> None:
    incident = lived(store, engine)
    store.change_key(NEW)
    after = with_keys(engine, BOTH)
    after.set_value("mode", "off")
    assert after.audit(after.head()).holds
    assert incident in [entry.event.incident_id for entry in after.audit_entries()]
    change = next(entry.event for entry in after.audit_entries() if entry.event.kind is audit.StoreKind.KEY_CHANGED)
    assert (change.body["old"], change.body["new"]) == (name_of(KEY), name_of(NEW))
    again = with_keys(engine, Ring(current=NEWER, old=(KEY, NEW)))
    after.change_key(NEWER)
    again.note_pass(NOW)
    assert again.audit().holds


def test_who_has_not_got_the_new_key_writes_nothing(store: SqlIncidentStore, engine: Engine) -> None:
    store.change_key(NEW)
    head = store.head()
    with pytest.raises(ConfigurationError, match=f"does not hold key {name_of(NEW)}"):
        store.set_value("mode", "act")
    assert store.head() == head


def test_a_change_of_a_store_of_an_earlier_version(store: SqlIncidentStore, engine: Engine) -> None:
    older(engine, store)
    store.change_key(NEW)
    found = with_keys(engine, BOTH).audit()
    assert (found.broken, found.rows, len(found.notes)) == (None, (), 1)


def test_a_lost_key_is_said_in_a_sentence_and_the_rest_is_proved(store: SqlIncidentStore, engine: Engine) -> None:
    lived(store, engine)
    store.change_key(NEW)
    after = with_keys(engine, Ring(current=NEW, place="/etc/audit.key"))
    after.set_value("mode", "off")
    broken = after.audit_break()
    assert broken is not None
    assert broken.problem == (
        f"from event 1 on, until the key changes, nothing can be proved: the chain was made with key {name_of(KEY)} there, "
        "and that is not in /etc/audit.key; put its file back"
    )
    done(engine, "UPDATE harness_events SET body = replace(body, 'off', 'act') WHERE kind = 'row_kept'")
    worse = after.audit_break()
    assert worse is not None
    assert "was changed" in worse.problem


@pytest.mark.attack
def test_who_stole_the_old_key_can_change_nothing_that_came_before_or_after(
    store: SqlIncidentStore, engine: Engine
) -> None:
    lived(store, engine)
    store.change_key(NEW)
    after = with_keys(engine, BOTH)
    entries, previous = list(after.audit_entries()), audit.GENESIS
    other = audit.StoreEvent(kind=audit.StoreKind.SEEN, at=NOW)
    with engine.begin() as connection:
        for entry in entries:  # every hash anew, and another event in the second place
            previous = audit.link(KEY, previous, other if entry.seq == 2 else entry.event)
            values = {"hash": previous}
            if entry.seq == 2:
                values |= {"incident_id": "", "kind": "rows_seen", "body": "{}", "at": t.text_of(NOW)}
            connection.execute(t.events.update().where(t.events.c.seq == entry.seq).values(**values))
    broken = after.audit_break()
    assert broken is not None
    assert "did not agree" in broken.problem


@pytest.mark.attack
def test_a_chain_that_is_put_back_to_the_old_key_is_found(store: SqlIncidentStore, engine: Engine) -> None:
    lived(store, engine)
    store.change_key(NEW)
    done(engine, "DELETE FROM harness_events WHERE kind = 'key_changed'")
    broken = with_keys(engine, BOTH).audit_break()
    assert broken is not None
    assert "rotate-key" in broken.problem


@pytest.mark.attack
def test_a_seal_of_the_old_key_counts_no_more_and_what_waits_is_sealed_anew(
    store: SqlIncidentStore, engine: Engine
) -> None:
    def lost(run: str) -> Failure:
        key = TryKey(dag_id="flights", run_id=run, task_id="load", try_number=1)
        return Failure(key=key, kind=FailureKind.UNREPORTED, origin=Origin.RECONCILER, occurred_at=NOW)

    store.found(lost("r1"), ulid(NOW))
    store.change_key(NEW)
    after = with_keys(engine, BOTH)
    assert [item.failure.origin for item in after.waiting()] == [Origin.RECONCILER]
    store.found(lost("r2"), ulid(NOW))  # by somebody who has the old key only
    assert [item.failure.key.run_id for item in after.waiting()] == ["r1"]
