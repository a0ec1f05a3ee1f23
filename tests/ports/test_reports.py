"""Reports of failures in the store: any role of a task may write them, so they are read strictly and one of them wins."""

from __future__ import annotations

import json
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from airflow_provider_harness.adapters.store import schema as t
from airflow_provider_harness.adapters.store.incidents import SqlFailureLog, SqlIncidentStore, open_engine
from airflow_provider_harness.adapters.store.migrate import grant_tasks, upgrade
from airflow_provider_harness.adapters.store.reports import BATCH_BYTES
from airflow_provider_harness.adapters.store.rows.leases import SqlLeases
from airflow_provider_harness.adapters.store.rows.sla_alerts import SqlPromises
from airflow_provider_harness.adapters.store.schema import text_of
from airflow_provider_harness.adapters.store.ulid import ulid
from airflow_provider_harness.core.diagnosis.failure import ErrorLink, FailureKind, Origin
from airflow_provider_harness.core.diagnosis.reported import body_of
from airflow_provider_harness.core.diagnosis.shown import sentence
from airflow_provider_harness.core.errors import ConfigurationError, HarnessUnavailable
from airflow_provider_harness.core.lineage.graph import Graph
from airflow_provider_harness.core.slices.slices import Slice, slice_of, stamp
from airflow_provider_harness.testing.postgres import PostgresServer
from tests.ports.test_forms import without_forms
from tests.ports.test_store import AUDIT_KEY, NOW, engine, failure
from tests.unit.app.oncall.test_sla_watch import contract

__all__ = ["engine"]


@pytest.fixture
def store(engine: Engine) -> Iterator[SqlIncidentStore]:
    yield SqlIncidentStore(engine, AUDIT_KEY)


def insert(engine: Engine, **row: Any) -> None:
    """A row as any task could write it."""
    given = {
        "key": failure().identity,
        "episode": "e" * 16,
        "incident_id": ulid(NOW),
        "kind": "task_failed",
        "recorded_at": NOW.isoformat(timespec="microseconds"),
        "body": body_of(failure()),
    }
    with engine.begin() as connection:
        connection.execute(t.failures.insert().values(**given | row))


def odd(**more: Any) -> str:
    return json.dumps(json.loads(body_of(failure())) | more)


ODD: dict[str, dict[str, Any]] = {
    "no JSON": {"body": "no"},
    "a list": {"body": "[]"},
    "a number": {"body": "17"},
    "deep": {"body": "[" * 5_000 + "]" * 5_000},
    "no key": {"body": '{"kind": "task_failed"}'},
    "another key": {"key": "other/run/task#1"},
    "another kind": {"body": odd(kind="skipped")},
    "a kind of the reconciler": {"kind": "cancelled", "body": odd(kind="cancelled", origin="reconciler")},
    "marked": {"kind": "marked_failed", "body": odd(kind="marked_failed", origin="reconciler")},
    "an unknown kind": {"kind": "task_failed", "body": odd(kind="healed")},
    "no moment": {"body": odd(occurred_at="never")},
    "a moment without a zone": {"body": odd(occurred_at="2026-11-21T12:00:00")},
    "the end of time": {"body": odd(occurred_at="9999-12-31T23:59:59+00:00")},
    "a chain of words": {"body": odd(chain=["a"])},
    "a chain that is endless": {"body": odd(chain=[{"type": "E", "bases": [], "message": ""}] * 1_000)},
    "a report of nothing": {"body": odd(report={})},
    "results of words": {"body": odd(report={"table": "t", "slice": "s", "rows": 1, "results": ["a"]})},
    "a share of words": {"body": odd(report={"table": "t", "rows": 1, "results": [{"share": "a"}]})},
    "a difference of words": {"body": odd(schema_diff="x")},
    "fields that nobody knows": {"body": odd(more=1)},
    "a try of letters": {"body": odd(key={**json.loads(body_of(failure()))["key"], "try_number": "1"})},
    "a NUL in the key": {"body": odd(key={**json.loads(body_of(failure()))["key"], "task_id": "a\x00"})},
}


@pytest.mark.attack
@pytest.mark.parametrize("row", ODD.values(), ids=ODD)
def test_an_odd_row_is_set_aside_and_stands_in_nobodys_way(
    engine: Engine, store: SqlIncidentStore, row: dict[str, Any]
) -> None:
    try:
        insert(engine, **row)
    except DBAPIError:  # the table's own constraints refuse it
        without_forms(engine)
        with suppress(DBAPIError):
            insert(engine, **row)
    good = failure("another")
    assert store.record(good, ulid(NOW))
    assert [item.key for item in store.waiting()] == [good.identity]
    assert [item.key for item in store.waiting()] == [good.identity], "it is looked at once"
    for reasons in store.left_alone().values():
        assert len(reasons) == 1
    assert store.intake(NOW, store.waiting())[0].failure.key == good.key


@pytest.mark.attack
def test_many_odd_rows_hide_no_good_one(engine: Engine, store: SqlIncidentStore) -> None:
    for number in range(7):
        insert(engine, key=f"k{number}", body='{"a": 1}')
    store.record(failure(), ulid(NOW))
    found, last = [], None
    while batch := store.waiting(2, last):
        found += batch
        last = batch[-1]
    assert [item.key for item in found] == [failure().identity]
    assert len(store.left_alone()["failures"]) == 7


@pytest.mark.attack
def test_a_second_report_of_other_content_is_kept_and_wins(engine: Engine, store: SqlIncidentStore) -> None:
    insert(engine, body=odd(missing=["everything"]))
    mine = failure(chain=(ErrorLink(type="psycopg.errors.LockNotAvailable"),))
    assert store.record(mine, "M" * 26)
    assert not store.record(replace(mine, occurred_at=NOW + timedelta(seconds=9)), "N" * 26), (
        "the same report, made again"
    )
    (item,) = store.waiting()
    assert (item.failure.chain, item.incident_id, item.reports) == (mine.chain, "M" * 26, 1)
    (joined,) = store.intake(NOW, [item])
    assert store.resolve("M" * 26) == joined.incident_id == "M" * 26
    assert store.record(failure(missing=("x",)), ulid(NOW)), "what comes later is kept,"
    assert store.failures(joined.incident_id)[0].chain == mine.chain, "and what was believed stays what it was"
    assert store.waiting() == []


@pytest.mark.attack
def test_the_report_that_is_believed_later_holds_from_then_on(engine: Engine, store: SqlIncidentStore) -> None:
    true = failure(chain=(ErrorLink(type="ValueError", message="true"),))
    assert store.record(true, "M" * 26)
    assert store.told(true.identity) == [], "of one report nothing is to be chosen"
    assert store.record(failure(missing=("forged",)), ulid(NOW))
    (joined,) = store.intake(NOW, store.waiting())
    assert store.failures(joined.incident_id)[0].missing == ("forged",), "the newest, as long as nobody read the log"
    (mine,) = (item for item in store.told(true.identity) if item.failure.chain)
    store.believe(mine)
    assert store.failures(joined.incident_id)[0].chain == true.chain


@pytest.mark.attack
def test_a_report_that_was_set_aside_is_looked_at_again_when_another_one_comes(
    engine: Engine, store: SqlIncidentStore
) -> None:
    insert(engine, kind="cancelled", body=odd(kind="cancelled"))
    assert store.waiting() == []
    assert store.known([failure().identity]) == set(), "it counts as captured for nobody"
    assert store.record(failure(), ulid(NOW))
    assert [item.failure.kind for item in store.waiting()] == [FailureKind.TASK_FAILED]


@pytest.mark.attack
def test_only_the_reconciler_is_known_as_the_reconciler(engine: Engine, store: SqlIncidentStore) -> None:
    lost = failure(kind=FailureKind.UNREPORTED, origin=Origin.RECONCILER)
    with engine.begin() as connection:
        connection.execute(t.failures.delete())
    insert(engine, kind="unreported", body=body_of(lost), seal="0" * 64)
    assert store.waiting() == []
    assert store.found(lost, ulid(NOW))
    (item,) = store.waiting()
    assert (item.failure.origin, item.failure.kind) == (Origin.RECONCILER, FailureKind.UNREPORTED)
    with pytest.raises(ConfigurationError, match="does not hold key"):
        SqlIncidentStore(engine, b"x" * 32).waiting()  # another key seals nothing here, and sets nothing aside
    insert(engine, key=failure("r2").identity, body=body_of(failure("r2", origin=Origin.RECONCILER)))
    assert [one.failure.origin for one in store.waiting() if one.key != item.key] == [Origin.CALLBACK]


@pytest.mark.attack
def test_a_seal_is_of_one_row(engine: Engine, store: SqlIncidentStore) -> None:
    store.found(failure(kind=FailureKind.UNREPORTED, origin=Origin.RECONCILER), ulid(NOW))
    with engine.connect() as connection:
        seal = connection.execute(text("SELECT seal FROM harness_failures")).scalar_one()
    other = failure("r2", kind=FailureKind.UNREPORTED, origin=Origin.RECONCILER)
    insert(engine, key=other.identity, kind="unreported", body=body_of(other), seal=seal)
    assert [item.key for item in store.waiting()] == [failure().identity]


def test_texts_that_no_database_takes_lose_no_failure(store: SqlIncidentStore) -> None:
    told = failure(chain=(ErrorLink(type="E", message="a\x00b \ud800 c"),), owner="\udfff")
    assert store.record(told, ulid(NOW))
    assert store.waiting()[0].failure.chain == told.chain


def test_a_report_that_is_too_long_is_kept_without_its_rows(store: SqlIncidentStore) -> None:
    result = {"id": "a", "passed": False, "blocking": True, "samples": [{"x": "y" * 1_000}] * 2_000}
    assert store.record(failure(report={"table": "t", "slice": "s", "rows": 1, "results": [result]}), ulid(NOW))
    longer = {**result, "expected": "e" * 70_000}
    assert store.record(failure("run2", report={"table": "t", "rows": 1, "results": [longer]}), ulid(NOW))
    without_rows, without = store.waiting()
    assert without_rows.failure.report is not None
    assert "samples" not in without_rows.failure.report["results"][0]
    assert without.failure.report is None
    assert "report: too long to keep" in without.failure.missing


@pytest.mark.attack
def test_the_database_refuses_shapes_and_sets_the_time(engine: Engine, store: SqlIncidentStore) -> None:
    if engine.dialect.name != "postgresql":
        return  # a file has no roles, and whoever can write it can write anything
    for row in ({"key": "k" * 2_000}, {"kind": "healed"}, {"body": "x" * 1_000_001}, {"key": ""}, {"key": "a\nb"}):
        with pytest.raises(Exception, match=r"violates check|too long"):
            insert(engine, **row)
    insert(engine, recorded_at="9999-12-31T23:59:59.000000+00:00")
    (item,) = store.waiting()
    assert item.recorded_at is not None and item.recorded_at.year < 9999


def test_a_refused_shape_is_said_and_not_taken_for_a_repeat(engine: Engine) -> None:
    if engine.dialect.name != "postgresql":
        return  # which has no such constraint
    with pytest.raises(HarnessUnavailable, match="check constraint"):
        SqlFailureLog(engine).record(failure("r\nn"), ulid(NOW))


@pytest.mark.attack
def test_a_task_cannot_keep_the_writers_waiting(postgres: PostgresServer, database: str) -> None:
    """The lock under which the healer's writers take turns needs rights that tasks lack; other waits have an end."""
    owner = open_engine(postgres.url(database, driver="psycopg"))
    upgrade(owner)
    role = f"tasks_{database}"
    with owner.begin() as connection:
        connection.execute(text(f"CREATE ROLE {role} LOGIN PASSWORD 'pw'"))
    grant_tasks(owner, role)
    tasks = open_engine(replace(postgres, user=role, password="pw").url(database, driver="psycopg"))
    try:
        with tasks.connect() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(1751216750)"))
            SqlIncidentStore(owner, AUDIT_KEY).set_value("a", "b")
        for table in ("harness_marks", "harness_failures", "harness_events", "harness_incidents", "harness_watermarks"):
            with tasks.connect() as connection, pytest.raises(DBAPIError, match="permission denied"):
                connection.execute(text(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE"))
        with tasks.connect() as connection:
            assert connection.execute(text("SHOW lock_timeout")).scalar_one() == "30s"
    finally:
        tasks.dispose()
        with owner.begin() as connection:
            connection.execute(text(f"DROP OWNED BY {role}"))
            connection.execute(text(f"DROP ROLE {role}"))
        owner.dispose()


@pytest.mark.attack
def test_a_key_that_another_session_keeps_holds_up_no_report_for_long(postgres: PostgresServer, database: str) -> None:
    owner = open_engine(postgres.url(database, driver="psycopg"))
    upgrade(owner)
    log = SqlFailureLog(owner)
    row = {"key": failure().identity, "episode": "e" * 16, "incident_id": ulid(NOW), "kind": "task_failed"}
    with owner.connect() as connection:
        connection.execute(t.failures.insert().values(**row, recorded_at=text_of(NOW), body=body_of(failure())))
        began = time.monotonic()
        with pytest.raises(HarnessUnavailable):
            log.record(failure(), ulid(NOW))
        assert time.monotonic() - began < 5
        assert log.record(failure("another"), ulid(NOW))
    assert log.record(failure(), ulid(NOW)), "and then it is kept"
    owner.dispose()


@pytest.mark.attack
def test_a_mark_goes_forward_only_and_one_in_the_future_is_corrected(postgres: PostgresServer, database: str) -> None:
    owner = open_engine(postgres.url(database, driver="psycopg"))
    upgrade(owner)
    slices, now = SqlLeases(lambda: owner), datetime.now(UTC)
    days = [slice_of(contract(), stamp(now.replace(hour=0) - timedelta(days=number))) for number in (4, 3, 2)]
    slices.advance_high_water_mark("wh", "public.t", days[1], now)
    slices.advance_high_water_mark("wh", "public.t", days[0], now)
    assert slices.high_water_mark("wh", "public.t") == (days[1].id, days[1].end)
    for change in (f"slice_end = '{text_of(days[0].end)}'", "table_name = 'public.u'"):
        with pytest.raises(DBAPIError, match="forward only"), owner.begin() as connection:
            connection.execute(text(f"UPDATE harness_watermarks SET {change}"))
    with owner.begin() as connection:
        connection.execute(text("UPDATE harness_watermarks SET slice_end = '2098-01-01T00:00:00.000000+00:00'"))
    slices.advance_high_water_mark("wh", "public.t", days[2], now)
    assert slices.high_water_mark("wh", "public.t") == (days[2].id, days[2].end)
    owner.dispose()


def test_a_worker_whose_clock_is_behind_moves_marks_as_the_database_sees_them(
    postgres: PostgresServer, database: str
) -> None:
    owner = open_engine(postgres.url(database, driver="psycopg"))
    upgrade(owner)
    slices, now = SqlLeases(lambda: owner), datetime.now(UTC)
    behind = now - timedelta(minutes=10)
    quarters = [
        Slice(id=str(minutes), start=now - timedelta(minutes=minutes + 15), end=now - timedelta(minutes=minutes))
        for minutes in (30, 5, 1)
    ]
    assert slices.advance_high_water_mark("wh", "public.t", quarters[1], behind)
    assert not slices.advance_high_water_mark("wh", "public.t", quarters[0], behind), (
        "by its own clock, the mark is in the future"
    )
    assert slices.high_water_mark("wh", "public.t") == (quarters[1].id, quarters[1].end)
    assert slices.advance_high_water_mark("wh", "public.t", quarters[2], behind)
    owner.dispose()


@pytest.mark.attack
def test_the_stores_own_functions_look_in_no_schema_of_others(postgres: PostgresServer, database: str) -> None:
    owner = open_engine(postgres.url(database, driver="psycopg"))
    upgrade(owner)
    with owner.begin() as connection:
        asked = "SELECT proname FROM pg_proc WHERE proname LIKE 'harness%' AND proconfig IS DISTINCT FROM '{search_path=pg_catalog}'"
        assert connection.execute(text(asked)).all() == []
        connection.execute(
            text("CREATE FUNCTION public.to_char(timestamp, text) RETURNS text LANGUAGE sql AS $$ SELECT 'x' $$")
        )
        connection.execute(text("SET LOCAL search_path = public, pg_catalog"))
        row = {"key": failure().identity, "episode": "e" * 16, "incident_id": ulid(NOW), "kind": "task_failed"}
        connection.execute(t.failures.insert().values(**row, recorded_at=text_of(NOW), body=body_of(failure())))
    (item,) = SqlIncidentStore(owner, AUDIT_KEY).waiting()
    assert item.recorded_at is not None
    assert item.recorded_at.date() == datetime.now(UTC).date()
    owner.dispose()


@pytest.mark.attack
@pytest.mark.parametrize("end", ["never", "9999-12-31T00:00:00.000000+00:00", "2026-11-21T12:00:00"])
def test_an_odd_watermark_stands_in_the_way_of_its_own_table_only(
    engine: Engine, store: SqlIncidentStore, end: str
) -> None:
    given = {"conn_id": "w", "slice": "s", "moved_at": NOW.isoformat(), "contract": "", "dag_id": "d", "task_id": "t"}
    rows = [{**given, "table_name": "a", "slice_end": end}, {**given, "table_name": "b", "slice_end": NOW.isoformat()}]
    without_forms(engine)
    with engine.begin() as connection:
        connection.execute(t.watermarks.insert(), rows)
    found = SqlPromises(lambda: engine, lambda *_: pytest.fail("no contract is read"), Graph).published()
    assert [mark.table for mark in found] == ["b"]
    assert [line.partition(":")[0] for line in store.left_alone()["watermarks"]] == ["w/a"]


@pytest.mark.attack
def test_an_odd_lease_gate_or_edge_is_a_store_that_cannot_answer(engine: Engine) -> None:
    from airflow_provider_harness.adapters.store.rows.leases import SqlLeases
    from airflow_provider_harness.adapters.store.rows.lineage import SqlLineage

    lease = {"name": "n", "holder": "h", "token": "t", "taken_at": "never", "expires_at": "zzz"}
    edge = {"lineage": "k", "number": 0, "source_namespace": "", "source_name": "x", "source_column": "c"}
    flow = {"key": "k", "dag_id": "d", "task_id": "t", "map_index": -1, "target_namespace": "", "target_name": "y"}
    without_forms(engine)
    with engine.begin() as connection:
        connection.execute(t.leases.insert().values(**lease))
        connection.execute(t.lineage.insert().values(**flow, version="v", recorded_at=NOW.isoformat()))
        connection.execute(t.lineage_edges.insert().values(**edge, target_column="c", how="sorcery", masking=False))
    with pytest.raises(HarnessUnavailable, match="cannot be read"):
        SqlLeases(lambda: engine).take("n", "other", "token", NOW)
    assert SqlLineage(lambda: engine).graph() is not None


@pytest.mark.attack
def test_an_event_that_cannot_be_read_is_a_break_of_the_chain(engine: Engine, store: SqlIncidentStore) -> None:
    store.record(failure(), ulid(NOW))
    store.intake(NOW, store.waiting())
    assert store.audit_break() is None
    with engine.begin() as connection:
        connection.execute(t.events.update().where(t.events.c.seq == 2).values(body="[" * 9))
    broken = store.audit_break()
    assert broken is not None
    assert (broken.seq, "cannot be read" in broken.problem) == (2, True)


@pytest.mark.attack
def test_reports_are_read_in_bounded_memory(engine: Engine, store: SqlIncidentStore) -> None:
    """Reports of one failure, and failures, each as long as may be: what is held is no more than a few of them."""
    long = {f"d{number}": "x" * 600 for number in range(90)}
    mine = failure("many")
    assert store.record(mine, ulid(NOW))
    body = body_of(replace(mine, detail=long))
    more = [
        {"key": mine.identity, "report": f"{number:064x}", "incident_id": ulid(NOW), "kind": "task_failed"}
        | {"recorded_at": NOW.isoformat(timespec="microseconds"), "body": body}
        for number in range(200)
    ]
    others = [failure(f"run{number}", detail=long) for number in range(200)]
    with engine.begin() as connection:
        connection.execute(t.reports.insert(), more)
    for item in others:
        insert(engine, key=item.identity, body=body_of(item))
    tracemalloc.start()
    store.waiting(1)
    _, one = tracemalloc.get_traced_memory()
    tracemalloc.reset_peak()
    found = store.waiting()
    _, batch = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert one < 200 * len(body) / 5, "of 200 reports of one key, a few are read"
    assert 0 < len(found) * len(body) <= BATCH_BYTES * 1.1 < 200 * len(body)
    assert batch < 4 * BATCH_BYTES
    assert len(found) + len(store.waiting(after=found[-1])) == 201, "the others come with the next batch"


@pytest.mark.attack
def test_a_body_has_64_kb_at_most(engine: Engine, store: SqlIncidentStore) -> None:
    body = odd(detail={f"d{number}": "x" * 8_000 for number in range(9)})
    if engine.dialect.name == "postgresql":
        with pytest.raises(DBAPIError, match="_bytes"):
            insert(engine, body=body)
        return
    insert(engine, body=body)
    assert store.waiting() == []
    assert "longer than 65,536 bytes" in store.left_alone()["failures"][0]


def test_a_report_of_many_checks_keeps_those_that_block() -> None:
    blocks = {"id": "range:amount", "blocking": True, "passed": False, "look_at": "l" * 300, "samples": []}
    fine = {"id": "not_null:x", "blocking": False, "passed": True, "look_at": "l" * 300, "samples": []}
    report = {"table": "public.orders", "slice": "s", "where": "w", "rows": 3, "results": [blocks, *[fine] * 400]}
    kept = json.loads(body_of(failure(report=report)))["report"]
    assert (kept["results"][0], len(kept["results"])) == (blocks, 401)
    assert sentence(kept) == sentence(report), "so Airflow's log still bears it out"


@pytest.mark.parametrize("kind", FailureKind)
def test_a_failure_of_every_kind_that_the_healer_finds_is_kept(store: SqlIncidentStore, kind: FailureKind) -> None:
    store.found(failure(kind=kind, origin=Origin.RECONCILER), ulid(NOW))
    assert [item.failure.kind for item in store.waiting()] == [kind]


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
def test_postgresql_keeps_no_quiet_failure_without_the_healers_seal(engine: Engine) -> None:
    """A file has no roles, so it has no such form."""
    with pytest.raises(IntegrityError, match="harness_failures_shape"):
        insert(engine, kind="quiet")
