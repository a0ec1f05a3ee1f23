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

from airflow_provider_harness.adapters.store.incidents import SqlFailureLog, SqlStore, open_engine
from airflow_provider_harness.adapters.store.migrate import upgrade
from airflow_provider_harness.adapters.store.rows.lineage import SqlLineage
from airflow_provider_harness.adapters.store.schema import metadata
from airflow_provider_harness.adapters.store.ulid import ulid
from airflow_provider_harness.app.ports.healing import Approval, AskState
from airflow_provider_harness.core.actions import ActionKind, Parameter, Proposal
from airflow_provider_harness.core.diagnosis.failure import ErrorLink, Failure, FailureKind, Origin, TryKey
from airflow_provider_harness.core.errors import HarnessUnavailable, NotAllowed
from airflow_provider_harness.core.incidents import grouping as cause
from airflow_provider_harness.core.incidents.events import Event, EventKind, Noted, Outcome
from airflow_provider_harness.core.incidents.incident import IN_HAND_OF_A_PERSON, ImpossibleEvent, State, episode_of
from airflow_provider_harness.core.lineage.graph import Dataset, Flow
from airflow_provider_harness.core.policy.policy import Limit, Usage
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
def store(engine: Engine) -> SqlStore:
    return SqlStore(engine, AUDIT_KEY)


def failure(run: str = "run1", task: str = "load", try_number: int = 1, **more: Any) -> Failure:
    key = TryKey(dag_id="flights", run_id=run, task_id=task, try_number=try_number)
    given = {"key": key, "kind": FailureKind.TASK_FAILED, "origin": Origin.CALLBACK, "occurred_at": NOW}
    return Failure(**given | more)


def recorded(store: SqlFailureLog, *failures: Failure) -> None:
    for item in failures:
        assert store.record(item, ulid(NOW))


def event(incident_id: str, kind: EventKind, **body: Any) -> Event:
    return event_of(incident_id=incident_id, kind=kind, at=NOW, body=body)


def opened(store: SqlStore, run: str = "run1") -> str:
    recorded(store, failure(run))
    return store.intake(NOW, store.waiting())[-1].incident_id


def judged(store: SqlStore, run: str = "run1") -> str:
    incident_id = opened(store, run)
    kinds = (EventKind.DIAGNOSED, EventKind.PROPOSED, EventKind.JUDGED)
    store.append(event(incident_id, EventKind.CLAIMED, run="heal"), *(event(incident_id, kind) for kind in kinds))
    return incident_id


def closed(store: SqlStore, incident_id: str) -> None:
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
    store = SqlStore(engine, AUDIT_KEY, lambda after, event: heard.append((after.id, event.kind)))
    incident_id = opened(store)
    with pytest.raises(ImpossibleEvent):
        store.append(event(incident_id, EventKind.NOTED, text="x"), event(incident_id, EventKind.ACT_ENDED))
    store.append(event(incident_id, EventKind.CLAIMED, run="r"))
    assert heard == [(incident_id, EventKind.OPENED), (incident_id, EventKind.CLAIMED)]


# Intake.


def test_a_failure_comes_back_as_it_was(store: SqlStore) -> None:
    given = failure(
        chain=(ErrorLink(type="E", bases=("B",), message="a\x00b \ud800 \u202e", retry_after=1.5),),
        tags=("a",),
        detail={"x": "y"},
        missing=("m",),
        report={"table": "t", "slice": "s", "rows": 1, "results": []},
    )
    recorded(store, given)
    (joined,) = store.intake(NOW, store.waiting())
    assert joined.failure == given
    assert store.failures(joined.incident_id) == [given]


def test_a_try_is_recorded_once(store: SqlStore) -> None:
    assert store.record(failure(), ulid(NOW))
    assert not store.record(failure(origin=Origin.RECONCILER), ulid(NOW))
    assert store.known([str(failure().key)]) == set(), "a row that any task may write makes nothing known"
    assert len(store.intake(NOW, store.waiting())) == 1
    assert store.known([str(failure().key), "other"]) == {str(failure().key)}
    assert store.known([]) == set()
    assert store.intake(NOW, store.waiting()) == []


def test_a_notice_of_a_try_hides_no_failure_of_it(store: SqlStore) -> None:
    recorded(store, failure(kind=FailureKind.QUARANTINED))
    assert store.known([str(failure().key)]) == set()
    recorded(store, failure())
    (first, second) = store.intake(NOW, store.waiting())
    assert first.incident_id == second.incident_id
    assert [item.kind for item in store.failures(first.incident_id)] == [
        FailureKind.QUARANTINED,
        FailureKind.TASK_FAILED,
    ]


def test_failures_of_one_run_are_one_incident_and_those_of_two_are_two(store: SqlStore) -> None:
    recorded(store, failure(task="a"), failure(task="b"), failure("run2"))
    first, second, third = store.intake(NOW, store.waiting())
    assert (first.opened, second.opened, third.opened) == (True, False, True)
    assert first.incident_id == second.incident_id != third.incident_id
    incident = store.incident(first.incident_id)
    assert incident.failures == ("flights/run1/a#1", "flights/run1/b#1")
    recorded(store, failure(try_number=2))
    (later,) = store.intake(NOW, store.waiting())
    assert (later.incident_id, later.opened) == (first.incident_id, False)


def test_after_its_end_an_episode_opens_anew(store: SqlStore) -> None:
    first = opened(store)
    closed(store, first)
    recorded(store, failure(try_number=2))
    (joined,) = store.intake(NOW, store.waiting())
    assert joined.opened
    assert joined.incident_id != first
    assert store.healer_runs(episode_of(failure().key)) == 2


def test_an_incident_has_the_id_that_its_failure_was_given(store: SqlStore) -> None:
    given = ulid(NOW)
    store.record(failure(), given)
    assert store.intake(NOW, store.waiting())[0].incident_id == given
    store.record(failure("run2"), given)  # whoever may record failures may give an id that is in use
    assert store.intake(NOW, store.waiting())[0].incident_id != given


def test_one_open_incident_an_episode_under_concurrency(store: SqlStore) -> None:
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


def test_one_try_is_recorded_once_under_concurrency(store: SqlStore) -> None:
    for number in range(10):
        one = failure(task=f"t{number}")
        told = together(lambda _, one=one: store.record(one, ulid(NOW)))
        assert sorted(told) == [False] * (THREADS - 1) + [True]


# Events.


def test_an_event_comes_back_as_it_was_hashed(store: SqlStore) -> None:
    incident_id = opened(store)
    at = NOW.astimezone().replace(microsecond=0) + timedelta(microseconds=1)
    store.append(replace(event(incident_id, EventKind.NOTED, text="x"), at=at))
    last = store.events(incident_id)[-1]
    assert (last.at, last.body) == (at, Noted(text="x"))
    assert store.audit_break() is None


def test_an_impossible_event_is_not_recorded_nor_what_came_with_it(store: SqlStore) -> None:
    incident_id = opened(store)
    before = store.events(incident_id)
    with pytest.raises(ImpossibleEvent):
        store.append(event(incident_id, EventKind.NOTED, text="x"), event(incident_id, EventKind.ACT_STARTED, act="a"))
    with pytest.raises(ImpossibleEvent):
        store.append(event("no such incident", EventKind.NOTED, text="x"))
    assert store.events(incident_id) == before


def test_only_one_run_can_claim_under_concurrency(store: SqlStore) -> None:
    incident_id = opened(store)
    results = together(lambda n: store.append(event(incident_id, EventKind.CLAIMED, run=f"heal{n}")))
    assert sum(item is None for item in results) == 1
    assert all(item is None or isinstance(item, ImpossibleEvent) for item in results)


def test_the_chain_holds_under_concurrency(store: SqlStore) -> None:
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
def test_what_is_done_to_the_table_shows(store: SqlStore, engine: Engine, statement: str, head: bool) -> None:
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


def test_unsettled_are_those_that_nobody_works_on(store: SqlStore) -> None:
    waiting, taken, over = (opened(store, run) for run in ("run1", "run2", "run3"))
    store.append(event(taken, EventKind.TAKEN, by="p"))
    closed(store, over)
    assert [item.id for item in store.unsettled(NOW + timedelta(seconds=1))] == [waiting]
    assert store.unsettled(NOW) == []
    assert {item.id for item in store.incidents(open_only=True)} == {waiting, taken}
    assert {item.id for item in store.incidents()} == {waiting, taken, over}
    assert store.incident(over).outcome is Outcome.HEALED


def test_passes_are_noted(store: SqlStore) -> None:
    assert store.last_pass() is None
    for at in (NOW, NOW + timedelta(minutes=1)):
        store.note_pass(at)
        assert store.last_pass() == at


# Acts.


def test_an_act_is_reserved_once_and_starts_with_it(store: SqlStore) -> None:
    incident_id = judged(store)
    assert store.reserve_act(incident_id, "flights", proposal(), Limit(), NOW)
    incident = store.incident(incident_id)
    assert (incident.state, incident.acts) == (State.ACTING, (proposal().canonical(),))
    assert not store.reserve_act(incident_id, "flights", proposal(), Limit(), NOW)
    assert store.usage(incident_id, "flights", ActionKind.RETRY_TASK, NOW) == Usage(on_incident=1, on_dag_today=1)


def test_what_counts_against_a_limit(store: SqlStore) -> None:
    first, second = judged(store), judged(store, "run2")
    store.reserve_act(first, "flights", proposal(), Limit(), NOW)
    usage = store.usage
    assert usage(second, "flights", ActionKind.RETRY_TASK, NOW) == Usage(on_incident=0, on_dag_today=1)
    assert usage(first, "other", ActionKind.RETRY_TASK, NOW) == Usage(on_incident=1, on_dag_today=0)
    assert usage(first, "flights", ActionKind.PAUSE_DAG, NOW) == Usage()
    tomorrow = NOW + timedelta(days=1)
    assert usage(first, "flights", ActionKind.RETRY_TASK, tomorrow) == Usage(on_incident=1, on_dag_today=0)


@pytest.mark.parametrize("limit", [Limit(per_incident=0), Limit(per_dag_per_day=0)])
def test_a_limit_that_is_used_up_records_nothing(store: SqlStore, limit: Limit) -> None:
    incident_id = judged(store)
    before = store.events(incident_id)
    with pytest.raises(NotAllowed):
        store.reserve_act(incident_id, "flights", proposal(), limit, NOW)
    assert store.events(incident_id) == before
    assert store.usage(incident_id, "flights", ActionKind.RETRY_TASK, NOW) == Usage()


def test_an_act_out_of_turn_is_not_reserved(store: SqlStore) -> None:
    incident_id = opened(store)
    with pytest.raises(ImpossibleEvent):
        store.reserve_act(incident_id, "flights", proposal(), Limit(), NOW)
    assert store.usage(incident_id, "flights", ActionKind.RETRY_TASK, NOW) == Usage()


def test_a_limit_is_never_exceeded_under_concurrency(store: SqlStore) -> None:
    names = [judged(store, f"run{number}") for number in range(THREADS)]
    limit = Limit(per_dag_per_day=5)
    results = together(lambda n: store.reserve_act(names[n], "flights", proposal(), limit, NOW))
    assert sum(item is True for item in results) == 5
    assert all(item is True or isinstance(item, NotAllowed) for item in results)
    assert store.usage(names[0], "flights", ActionKind.RETRY_TASK, NOW).on_dag_today == 5
    assert sum(store.incident(name).state is State.ACTING for name in names) == 5


def test_one_act_is_reserved_once_under_concurrency(store: SqlStore) -> None:
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


def test_an_approval_is_good_once(store: SqlStore) -> None:
    given = approval("I")
    store.ask(given)
    assert store.approval("I", "heal") == given
    assert store.approval("I", "other") is None
    assert store.approval("other", "heal") is None
    assert store.use_approval(given, NOW) is AskState.USED
    assert store.use_approval(given, NOW) is AskState.SPENT


@pytest.mark.parametrize("other", [{"id": "x"}, {"act": "pause_dag(dag=flights)"}, {"incident_id": "other"}])
def test_an_approval_is_good_for_its_own_act(store: SqlStore, other: dict[str, str]) -> None:
    given = approval("I")
    store.ask(given)
    assert store.use_approval(replace(given, **other), NOW) is AskState.ABSENT
    assert store.use_approval(given, NOW) is AskState.USED


def test_an_approval_expires_as_it_was_stored(store: SqlStore) -> None:
    given = approval("I")
    store.ask(given)
    stretched = replace(given, expires_at=NOW + timedelta(days=9))
    assert store.use_approval(stretched, NOW + timedelta(hours=1)) is AskState.EXPIRED
    assert store.use_approval(given, NOW + timedelta(minutes=59)) is AskState.USED


def test_an_approval_is_used_once_under_concurrency(store: SqlStore) -> None:
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


def test_the_database_itself_allows_one_open_incident_an_episode(store: SqlStore, engine: Engine) -> None:
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
    store = SqlStore(engine, AUDIT_KEY)
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
        for call in (SqlStore(engine, AUDIT_KEY).last_pass, lambda e=engine: SqlFailureLog(e).record(failure(), "x")):
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
        store = SqlStore(engine, AUDIT_KEY)
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
def test_a_storm_is_one_incident_a_cause(store: SqlStore, causes: int, record_property: Any) -> None:
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


def test_late_joiners_of_what_a_person_has_open_nothing(store: SqlStore) -> None:
    recorded(store, of_cause("a", 1, 1))
    (first,) = store.intake(NOW, store.waiting())
    store.append(event(first.incident_id, EventKind.CLOSED, outcome="escalated", why=""))
    recorded(store, of_cause("b", 1, 1))
    (late,) = store.intake(NOW, store.waiting())
    assert (late.incident_id, late.opened) == (first.incident_id, False)
    assert [item.id for item in store.in_hand()] == [first.incident_id]
    store.let_go(first.incident_id)
    assert store.in_hand() == []
    recorded(store, of_cause("c", 1, 1))
    assert store.intake(NOW, store.waiting())[0].opened


def test_what_ended_with_a_person_is_open_again_unless_its_cause_is(store: SqlStore) -> None:
    recorded(store, of_cause("a", 1, 1))
    (first,) = store.intake(NOW, store.waiting())
    end = event(first.incident_id, EventKind.CLOSED, outcome="refused", why="")
    store.append(end)
    store.append(event(first.incident_id, EventKind.RETURNED, by="p"))
    assert [item.id for item in store.at_work()] == [first.incident_id]
    store.append(end)
    store.let_go(first.incident_id)
    recorded(store, replace(of_cause("a", 1, 1), key=replace(of_cause("a", 1, 1).key, try_number=9)))
    (second,) = store.intake(NOW, store.waiting())
    with pytest.raises(ImpossibleEvent, match=second.incident_id):
        store.append(event(first.incident_id, EventKind.RETURNED, by="p"))
    assert store.audit_break() is None


@pytest.mark.parametrize("end", [{"outcome": "healed", "why": ""}, None])
def test_what_is_over_is_joined_by_nothing(store: SqlStore, end: dict[str, str] | None) -> None:
    recorded(store, of_cause("a", 1, 1))
    (first,) = store.intake(NOW, store.waiting())
    if end:
        store.append(event(first.incident_id, EventKind.CLOSED, **end))
    else:
        store.append(event(first.incident_id, EventKind.CLOSED, outcome="escalated", why=""))
        store.append(event(first.incident_id, EventKind.RESOLVED, by="p", why="mended"))
    recorded(store, of_cause("b", 1, 1))
    assert store.intake(NOW, store.waiting())[0].opened


def test_what_reads_a_table_that_its_writer_failed_to_write_joins_it(store: SqlStore, engine: Engine) -> None:
    lineage, table = SqlLineage(lambda: engine), Dataset(namespace="postgres://db", name="public.t")
    writer, reader, other = (
        TryKey(dag_id=dag, run_id="r1", task_id="t", try_number=1) for dag in ("writer", "reader", "other")
    )
    lineage.keep(writer, Flow(task="writer.t", inputs=(), output=table), NOW)
    lineage.keep(reader, Flow(task="reader.t", inputs=(table,), output=None), NOW)
    recorded(store, *(replace(failure(), key=key) for key in (reader, other, writer)))
    joined = {item.failure.key.dag_id: item.incident_id for item in store.intake(NOW, store.waiting())}
    assert joined["writer"] == joined["reader"] != joined["other"]
    assert cause.lead(store.failures(joined["reader"])).key == writer


def test_a_failure_leads_to_the_incident_that_it_joined(store: SqlStore) -> None:
    names = [ulid(NOW), ulid(NOW)]
    for name, dag in zip(names, "ab", strict=True):
        store.record(of_cause(dag, 1, 1), name)
    store.intake(NOW, store.waiting())
    assert {store.resolve(name) for name in names} == {store.incidents()[0].id}
    assert store.resolve("other") == "other"


def test_what_counts_on_an_incident_is_what_was_done_to_one_task(store: SqlStore) -> None:
    incident_id = judged(store)
    store.reserve_act(incident_id, "flights", proposal(), Limit(), NOW)
    store.append(event(incident_id, EventKind.ACT_ENDED))
    other = proposal().arguments | {Parameter.TASK: "other"}
    follower = Proposal(kind=ActionKind.RETRY_TASK, arguments=other)
    followed = event(incident_id, EventKind.FOLLOWED, failure="k", act="", verdict="approve").body
    once = Limit(per_incident=1)
    assert store.reserve_act(incident_id, "flights", follower, once, NOW, followed)
    assert store.incident(incident_id).followed == {"k": "approve"}
    with pytest.raises(NotAllowed):
        again = Proposal(kind=ActionKind.RETRY_TASK, arguments=other | {Parameter.TRY_NUMBER: "2"})
        store.reserve_act(incident_id, "flights", again, once, NOW, followed)
    usage = store.usage(incident_id, "flights", ActionKind.RETRY_TASK, NOW, follower.target)
    assert usage == Usage(on_incident=1, on_dag_today=2)


def taken_in(store: SqlStore, engine: Engine, run: str, many: int) -> float:
    """Seconds of this process's own work in one pass over so many failures of one run; others' load does not count."""
    for number in range(many):
        store.record(failure(run, task=f"t{number}"), ulid(NOW))
    began = time.process_time()
    assert len(store.intake(NOW, store.waiting())) == many
    return time.process_time() - began


def test_a_storm_is_taken_in_at_a_steady_rate(store: SqlStore, engine: Engine, record_property: Any) -> None:
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


def test_what_happened_before(store: SqlStore) -> None:
    first, second = (opened(store, run) for run in ("run1", "run2"))
    store.append(event(first, EventKind.CLAIMED, run="heal"))
    store.append(event(first, EventKind.DIAGNOSED, category="timeout"), event(first, EventKind.JUDGED))
    store.append(event(first, EventKind.ACT_STARTED, act="a"))
    closed(store, first)
    told = {item.id: item for item in store.past(NOW - timedelta(hours=1))}
    assert (told[first].task, told[first].category, told[first].acted, told[first].outcome) == (
        "flights/load",
        "timeout",
        True,
        Outcome.HEALED,
    )
    assert (told[second].category, told[second].acted, told[second].outcome) == ("", False, None)
    assert not store.past(NOW + timedelta(seconds=1))


def test_an_act_that_was_not_done_may_be_made_again(store: SqlStore) -> None:
    incident_id, once = judged(store), Limit(per_incident=1)
    assert store.reserve_act(incident_id, "flights", proposal(), once, NOW)
    store.append(event(incident_id, EventKind.ACT_ENDED, act=proposal().canonical(), result="not done", undone=True))
    store.give_back(incident_id, proposal())
    assert store.incident(incident_id).acts == ()
    assert store.usage(incident_id, "flights", proposal().kind, NOW).on_incident == 0
    assert store.audit_break() is None


def test_the_past_tells_shadow_and_what_was_given_back(store: SqlStore) -> None:
    incident_id = opened(store)
    store.append(event(incident_id, EventKind.TAKEN, by="p"), event(incident_id, EventKind.RETURNED, by="p"))
    [past] = store.past(NOW - timedelta(days=1))
    assert (past.shadow, past.returned) == (False, True)


def test_ids_are_found_by_their_beginning(store: SqlStore) -> None:
    ids = sorted(opened(store, run) for run in ("run1", "run2"))
    assert store.ids("") == ids
    assert store.ids(ids[0]) == [ids[0]]
    assert store.ids("%") == store.ids("_") == []


@pytest.mark.parametrize("outcome", Outcome)
def test_what_waits_for_a_person_is_found_as_open(store: SqlStore, outcome: Outcome) -> None:
    left, resolved = opened(store, "run1"), opened(store, "run2")
    for incident_id in (left, resolved):
        store.append(event(incident_id, EventKind.CLOSED, outcome=outcome.value, why="w"))
    store.append(event(resolved, EventKind.RESOLVED, by="ann", why="w"))
    found = [item.id for item in store.incidents(open_only=True)]
    assert found == ([left] if outcome in IN_HAND_OF_A_PERSON else [])
    assert not store.at_work()
