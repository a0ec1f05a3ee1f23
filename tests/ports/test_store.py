"""One conformance suite for the store, on SQLite and on a real PostgreSQL."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import Engine, inspect, text

from airflow_provider_harness.adapters.store.incidents import SqlFailureLog, SqlIncidentStore, open_engine
from airflow_provider_harness.adapters.store.migrate import upgrade
from airflow_provider_harness.adapters.store.rows.lineage import SqlLineage
from airflow_provider_harness.adapters.store.schema import metadata
from airflow_provider_harness.adapters.store.ulid import ulid
from airflow_provider_harness.app.ports.store import Approval, AskState
from airflow_provider_harness.core.actions import ActionKind, Parameter, Proposal
from airflow_provider_harness.core.diagnosis.failure import ErrorLink, Failure, FailureKind, Origin, TryKey
from airflow_provider_harness.core.errors import HarnessUnavailable, NotAllowed
from airflow_provider_harness.core.incidents import grouping as cause
from airflow_provider_harness.core.incidents.events import Event, EventKind, Noted, Outcome
from airflow_provider_harness.core.incidents.incident import IN_HAND_OF_A_PERSON, ImpossibleEvent, State
from airflow_provider_harness.core.lineage.graph import Dataset, Flow
from airflow_provider_harness.core.policy.policy import Limit
from airflow_provider_harness.testing.postgres import PostgresServer
from tests.events import event_of

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
AUDIT_KEY = b"k" * 32
THREADS = 20


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a store could be, without a table yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'none.db'}"
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.url(request.getfixturevalue("database"), driver="psycopg")


@pytest.fixture
def engine(store_url: str) -> Iterator[Engine]:
    engine = open_engine(store_url)
    yield engine
    engine.dispose()


@pytest.fixture
def store(engine: Engine) -> SqlIncidentStore:
    return SqlIncidentStore(engine, AUDIT_KEY)


def failure(run: str = "run1", task: str = "load", try_number: int = 1, **more: Any) -> Failure:
    key = TryKey(dag_id="flights", run_id=run, task_id=task, try_number=try_number)
    given = {"key": key, "kind": FailureKind.TASK_FAILED, "origin": Origin.CALLBACK, "occurred_at": NOW}
    return Failure(**given | more)


def recorded(store: SqlFailureLog, *failures: Failure) -> None:
    for item in failures:
        assert store.record(item, ulid(NOW))


def event(incident_id: str, kind: EventKind, **body: Any) -> Event:
    return event_of(incident_id=incident_id, kind=kind, at=NOW, body=body)


def opened(store: SqlIncidentStore, run: str = "run1") -> str:
    recorded(store, failure(run))
    return store.intake(NOW, store.waiting())[-1].incident_id


def judged(store: SqlIncidentStore, run: str = "run1") -> str:
    incident_id = opened(store, run)
    kinds = (EventKind.DIAGNOSED, EventKind.PROPOSED, EventKind.JUDGED)
    store.append(event(incident_id, EventKind.CLAIMED, run="heal"), *(event(incident_id, kind) for kind in kinds))
    return incident_id


def closed(store: SqlIncidentStore, incident_id: str) -> None:
    store.append(event(incident_id, EventKind.CLOSED, outcome="healed", why=""))


def together(call: Callable[[int], Any], threads: int = THREADS) -> list[Any]:
    """The results of calls that start at one moment; an exception is a result."""
    barrier = Barrier(threads)

    def run(number: int) -> Any:
        barrier.wait(30)
        try:
            return call(number)
        except Exception as error:  # noqa: BLE001  the caller counts them
            return error

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(run, range(threads)))


def proposal(try_number: int = 1, kind: ActionKind = ActionKind.RETRY_TASK) -> Proposal:
    names = {Parameter.DAG: "flights", Parameter.RUN: "run1"}
    if kind is ActionKind.RETRY_TASK:
        names |= {Parameter.TASK: "load", Parameter.TRY_NUMBER: str(try_number)}
    return Proposal(kind=kind, arguments=names)


def test_what_was_recorded_is_heard_and_what_was_not_is_not(engine: Engine) -> None:
    heard: list[tuple[str, EventKind]] = []
    store = SqlIncidentStore(engine, AUDIT_KEY, lambda after, event: heard.append((after.id, event.kind)))
    incident_id = opened(store)
    with pytest.raises(ImpossibleEvent):
        store.append(event(incident_id, EventKind.NOTED, text="x"), event(incident_id, EventKind.ACT_ENDED))
    store.append(event(incident_id, EventKind.CLAIMED, run="r"))
    assert heard == [(incident_id, EventKind.OPENED), (incident_id, EventKind.CLAIMED)]


# Intake.


def test_one_open_incident_an_episode_under_concurrency(store: SqlIncidentStore) -> None:
    def one(number: int) -> list[str]:
        store.record(failure(task=f"t{number}"), ulid(NOW))
        return [joined.incident_id for joined in store.intake(NOW, store.waiting())]

    results = together(one)
    assert not [item for item in results if isinstance(item, Exception)]
    assert len({name for found in results for name in found}) == 1
    assert sum(len(found) for found in results) == THREADS
    assert len(store.incidents()) == 1
    assert len(store.incidents()[0].failures) == THREADS
    assert store.audit_break() is None


def test_one_try_is_recorded_once_under_concurrency(store: SqlIncidentStore) -> None:
    for number in range(10):
        one = failure(task=f"t{number}")
        told = together(lambda _, one=one: store.record(one, ulid(NOW)))
        assert sorted(told) == [False] * (THREADS - 1) + [True]


# Events.


def test_an_event_comes_back_as_it_was_hashed(store: SqlIncidentStore) -> None:
    incident_id = opened(store)
    at = NOW.astimezone().replace(microsecond=0) + timedelta(microseconds=1)
    store.append(replace(event(incident_id, EventKind.NOTED, text="x"), at=at))
    last = store.events(incident_id)[-1]
    assert (last.at, last.body) == (at, Noted(text="x"))
    assert store.audit_break() is None


def test_only_one_run_can_claim_under_concurrency(store: SqlIncidentStore) -> None:
    incident_id = opened(store)
    results = together(lambda n: store.append(event(incident_id, EventKind.CLAIMED, run=f"heal{n}")))
    assert sum(item is None for item in results) == 1
    assert all(item is None or isinstance(item, ImpossibleEvent) for item in results)


def test_the_chain_holds_under_concurrency(store: SqlIncidentStore) -> None:
    names = [opened(store, f"run{number}") for number in range(4)]
    results = together(lambda n: store.append(event(names[n % 4], EventKind.NOTED, text=str(n))))
    assert set(results) == {None}
    entries = list(store.audit_entries())
    assert [entry.seq for entry in entries] == list(range(1, 1 + 4 + THREADS + 1))
    assert store.audit_break(head=entries[-1].hash) is None


@pytest.mark.parametrize(
    ("statement", "head"),
    [
        ('UPDATE harness_events SET body = \'{"text": "y"}\' WHERE seq = 3', False),
        ("UPDATE harness_events SET at = '2026-11-21T12:00:00.000001+00:00' WHERE seq = 3", False),
        ("DELETE FROM harness_events WHERE seq = 3", False),
        ("DELETE FROM harness_events WHERE seq = 1", False),
        ("DELETE FROM harness_events WHERE seq = 4", True),
        ("DELETE FROM harness_events", True),
    ],
)
def test_what_is_done_to_the_table_shows(store: SqlIncidentStore, engine: Engine, statement: str, head: bool) -> None:
    incident_id = opened(store)
    store.append(*(event(incident_id, EventKind.NOTED, text="x") for _ in range(2)))
    noted = store.head()
    assert noted == list(store.audit_entries())[-1].hash
    assert store.audit_break(head=noted) is None
    with engine.begin() as connection:
        connection.execute(text(statement))
    assert (store.audit_break() is None) is head
    assert store.audit_break(head=noted) is not None


# Looking up.


# Acts.


def test_a_limit_is_never_exceeded_under_concurrency(store: SqlIncidentStore) -> None:
    names = [judged(store, f"run{number}") for number in range(THREADS)]
    limit = Limit(per_dag_per_day=5)
    results = together(lambda n: store.reserve_act(names[n], "flights", proposal(), limit, NOW))
    assert sum(item is True for item in results) == 5
    assert all(item is True or isinstance(item, NotAllowed) for item in results)
    assert store.usage(names[0], "flights", ActionKind.RETRY_TASK, NOW).on_dag_today == 5
    assert sum(store.incident(name).state is State.ACTING for name in names) == 5


def test_one_act_is_reserved_once_under_concurrency(store: SqlIncidentStore) -> None:
    incident_id = judged(store)
    results = together(lambda _: store.reserve_act(incident_id, "flights", proposal(), Limit(), NOW))
    assert sorted(results) == [False] * (THREADS - 1) + [True]
    assert len(store.incident(incident_id).acts) == 1


# Approvals.


def approval(incident_id: str, **more: Any) -> Approval:
    given = {
        "id": ulid(NOW),
        "incident_id": incident_id,
        "act": "retry_task(dag=flights)",
        "policy_version": 3,
        "healer_run": "heal",
        "assigned": ("oncall", "17"),
        "expires_at": NOW + timedelta(hours=1),
    }
    return Approval(**given | more)


def test_an_approval_is_used_once_under_concurrency(store: SqlIncidentStore) -> None:
    given = approval("I")
    store.ask(given)
    results = together(lambda _: store.use_approval(given, NOW))
    assert sorted(results) == sorted([AskState.USED] + [AskState.SPENT] * (THREADS - 1))


# Where it lives.


def test_migrations_repeat_and_make_what_the_code_expects(engine: Engine) -> None:
    assert upgrade(engine) == upgrade(engine) != ""
    found = inspect(engine)
    for table in metadata.sorted_tables:
        assert {column["name"] for column in found.get_columns(table.name)} == set(table.c.keys())
        assert {index["name"] for index in found.get_indexes(table.name)} >= {index.name for index in table.indexes}
        assert found.get_pk_constraint(table.name)["constrained_columns"] == [c.name for c in table.primary_key]


def test_the_database_itself_allows_one_open_incident_an_episode(store: SqlIncidentStore, engine: Engine) -> None:
    opened(store)
    copy = (
        "INSERT INTO harness_incidents (id, episode, state, opened_at, touched_at) "
        "SELECT 'second', episode, state, opened_at, touched_at FROM harness_incidents"
    )
    from sqlalchemy.exc import IntegrityError

    with pytest.raises(IntegrityError), engine.begin() as connection:
        connection.execute(text(copy))


def test_a_store_without_its_tables_is_unavailable(url: str) -> None:
    engine = open_engine(url)
    store = SqlIncidentStore(engine, AUDIT_KEY)
    for call in (
        lambda: store.record(failure(), "x"),
        lambda: store.intake(NOW, store.waiting()),
        lambda: store.incidents(),
    ):
        with pytest.raises(HarnessUnavailable):
            call()
    engine.dispose()


def test_a_store_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    for url in (f"sqlite:///{tmp_path}/none/harness.db", "postgresql+psycopg://u:secret@127.0.0.1:1/none"):
        engine = open_engine(url)
        for call in (
            SqlIncidentStore(engine, AUDIT_KEY).last_pass,
            lambda e=engine: SqlFailureLog(e).record(failure(), "x"),
        ):
            with pytest.raises(HarnessUnavailable) as caught:
                call()
            assert "secret" not in str(caught.value)
        engine.dispose()


def test_a_store_that_does_not_answer_is_not_waited_for_long() -> None:
    for more, seconds in (("", "5"), ("?connect_timeout=2", "2"), ("?sslmode=require", "5")):
        engine = open_engine(f"postgresql+psycopg://u:p@127.0.0.1:1/none{more}")
        assert engine.url.query["connect_timeout"] == seconds
        assert ("sslmode" in engine.url.query) is ("sslmode" in more)
        engine.dispose()


def test_a_role_that_may_only_insert_failures(postgres: PostgresServer, database: str) -> None:
    owner = open_engine(postgres.url(database, driver="psycopg"))
    upgrade(owner)
    role = f"capture_{database}"
    with owner.begin() as connection:
        connection.execute(text(f"CREATE ROLE {role} LOGIN PASSWORD 'pw'"))
        connection.execute(text(f"GRANT INSERT ON harness_failures, harness_reports TO {role}"))
    engine = open_engine(replace(postgres, user=role, password="pw").url(database, driver="psycopg"))
    try:
        log = SqlFailureLog(engine)
        assert log.record(failure(), ulid(NOW))
        assert not log.record(failure(), ulid(NOW))
        store = SqlIncidentStore(engine, AUDIT_KEY)
        calls: tuple[Callable[[], object], ...] = (
            lambda: store.intake(NOW, store.waiting()),
            lambda: store.incidents(),
            lambda: store.known(["x"]),
            lambda: store.note_pass(NOW),
            lambda: store.ask(approval("I")),
            lambda: store.reserve_act("I", "flights", proposal(), Limit(), NOW),
            lambda: store.append(event("I", EventKind.OPENED, episode="e", failure="f")),
        )
        for call in calls:
            with pytest.raises(HarnessUnavailable, match="permission denied"):
                call()
        for table in metadata.tables:
            for statement in (f"SELECT * FROM {table}", f"DELETE FROM {table}", f"DROP TABLE {table}"):
                with pytest.raises(Exception, match=r"permission denied|must be owner"), engine.begin() as connection:
                    connection.execute(text(statement))
    finally:
        engine.dispose()
        with owner.begin() as connection:
            connection.execute(text(f"DROP OWNED BY {role}"))
            connection.execute(text(f"DROP ROLE {role}"))
        owner.dispose()


def of_cause(dag: str, task: int, port: int, run: str = "r1") -> Failure:
    key = TryKey(dag_id=dag, run_id=run, task_id=f"t{task}", try_number=1)
    text = f'connection to server at "10.0.0.5", port {port} failed: Connection refused'
    chain = (ErrorLink(type="psycopg.OperationalError", message=text),)
    return replace(failure(), key=key, chain=chain)


@pytest.mark.parametrize("causes", [1, 2])
def test_a_storm_is_one_incident_a_cause(store: SqlIncidentStore, causes: int, record_property: Any) -> None:
    """To take failures in takes about as much of the processor as to record them one by one; five times as much is too slow."""
    began = time.process_time()
    for dag in range(50):
        recorded(store, *(of_cause(f"dag_{dag}", task, 5432 + dag % causes) for task in range(20)))
    between = time.process_time()
    joined = store.intake(NOW, store.waiting())
    ratio = (time.process_time() - between) / (between - began)
    record_property("ratio", round(ratio, 2))
    assert ratio < 5
    assert len(joined) == 1000
    found = store.incidents()
    assert [len(item.failures) for item in found] == [1000 // causes] * causes
    assert {store.resolve(item.incident_id) for item in joined} == {item.id for item in found}
    assert store.audit_break() is None


def test_what_reads_a_table_that_its_writer_failed_to_write_joins_it(store: SqlIncidentStore, engine: Engine) -> None:
    lineage, table = SqlLineage(lambda: engine), Dataset(namespace="postgres://db", name="public.t")
    writer, reader, other = (
        TryKey(dag_id=dag, run_id="r1", task_id="t", try_number=1) for dag in ("writer", "reader", "other")
    )
    lineage.keep(writer, Flow(task="writer.t", inputs=(), output=table), NOW)
    lineage.keep(reader, Flow(task="reader.t", inputs=(table,), output=None), NOW)
    recorded(store, *(replace(failure(), key=key) for key in (reader, other, writer)))
    joined = {item.failure.key.dag_id: item.incident_id for item in store.intake(NOW, store.waiting())}
    assert joined["writer"] == joined["reader"] != joined["other"]
    assert cause.root_failure(store.failures(joined["reader"])).key == writer


def taken_in(store: SqlIncidentStore, engine: Engine, run: str, many: int) -> float:
    """Seconds of this process's own work in one pass over so many failures of one run; others' load does not count."""
    for number in range(many):
        store.record(failure(run, task=f"t{number}"), ulid(NOW))
    began = time.process_time()
    assert len(store.intake(NOW, store.waiting())) == many
    return time.process_time() - began


def test_a_storm_is_taken_in_at_a_steady_rate(store: SqlIncidentStore, engine: Engine, record_property: Any) -> None:
    """Five times the failures may take ten times as long on a busy machine; quadratic would be twenty-five."""
    taken_in(store, engine, "warm", 20)
    few = min(taken_in(store, engine, f"few{turn}", 200) for turn in range(3))
    many = min(taken_in(store, engine, f"many{turn}", 1000) for turn in range(2))
    record_property("seconds_200", few)
    record_property("seconds_1000", many)
    print(f"{engine.dialect.name}: 200 in {few:.2f} s, 1000 in {many:.2f} s")
    assert many / few < 12


def test_ids_sort_by_time() -> None:
    moments = [NOW + timedelta(milliseconds=number) for number in range(50)]
    ids = [ulid(moment) for moment in moments]
    assert ids == sorted(ids)
    assert len({ulid(NOW) for _ in range(1000)}) == 1000
    assert {len(item) for item in ids} == {26}


def test_ids_are_found_by_their_beginning(store: SqlIncidentStore) -> None:
    ids = sorted(opened(store, run) for run in ("run1", "run2"))
    assert store.ids("") == ids
    assert store.ids(ids[0]) == [ids[0]]
    assert store.ids("%") == store.ids("_") == []


@pytest.mark.parametrize("outcome", Outcome)
def test_what_waits_for_a_person_is_found_as_open(store: SqlIncidentStore, outcome: Outcome) -> None:
    left, resolved = opened(store, "run1"), opened(store, "run2")
    for incident_id in (left, resolved):
        store.append(event(incident_id, EventKind.CLOSED, outcome=outcome.value, why="w"))
    store.append(event(resolved, EventKind.RESOLVED, by="ann", why="w"))
    found = [item.id for item in store.incidents(open_only=True)]
    assert found == ([left] if outcome in IN_HAND_OF_A_PERSON else [])
    assert not store.open_incidents()
