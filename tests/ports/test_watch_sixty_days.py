"""The watch over sixty days in PostgreSQL: it reads each row once, opens an incident for each of eight quiet failures, and no other."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from airflow_provider_harness.adapters.contracts.odcs import compile_text
from airflow_provider_harness.adapters.postgres.watch import PostgresWatch
from airflow_provider_harness.adapters.store.incidents import open_engine
from airflow_provider_harness.adapters.store.rows.watched import SqlWatches
from airflow_provider_harness.app.ports.airflow import RunState
from airflow_provider_harness.app.ports.watch import WatchedSlice
from airflow_provider_harness.app.watch.look import Upstream, Watch, look
from airflow_provider_harness.core.contracts.contract import Contract
from airflow_provider_harness.core.diagnosis.failure import Failure, FailureKind
from airflow_provider_harness.core.errors import HarnessUnavailable
from airflow_provider_harness.core.slices.slices import Slice
from airflow_provider_harness.core.watch.judge import Quiet
from airflow_provider_harness.core.watch.profile import ColumnProfile, Profile
from airflow_provider_harness.testing.postgres import PostgresServer
from tests.quiet_world import WARM, Day, Row, World, start, world
from tests.unit.app.fakes import World as Healing
from tests.unit.app.fakes import world as healing

CONTRACT = """
apiVersion: v3.1.0
kind: DataContract
id: payments
version: 1.0.0
status: active
customProperties:
  - property: harness.watch
    value: {connection: warehouse, column: paid_on, key: [id], columns: [amount, country, customer], AFTER}
schema:
  - name: payments
    physicalName: public.payments
    properties:
      - {name: id, logicalType: integer, physicalType: bigint}
      - {name: paid_on, logicalType: date}
      - {name: amount, logicalType: number, physicalType: double precision}
      - {name: country, logicalType: string}
      - {name: customer, logicalType: integer, physicalType: bigint}
"""
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def contract(after: str = "after: {dag: payments}") -> Contract:
    return compile_text(CONTRACT.replace("AFTER", after), "payments.yaml")


@dataclass
class Watched:
    """A healer that watches one table, and what it was told to show."""

    dsn: str
    store: str
    world: Healing = field(default_factory=healing)
    shown: list[WatchedSlice] = field(default_factory=list)
    rows_read: int = 0
    away: bool = False

    def __post_init__(self) -> None:
        engine = open_engine(self.store)
        self.watch = Watch(
            healer=self.world.healer,
            slices=SqlWatches(lambda: engine),
            table=self.table,
            upstream=lambda conn_id, table: Upstream(
                names=(f"postgres://w/{table}",), roots=("postgres://crm/db.orders",)
            ),
            show=lambda contract, seen: self.shown.append(seen),
        )

    def table(self, conn_id: str) -> PostgresWatch:
        if self.away:
            raise HarnessUnavailable("connection warehouse", "it does not answer")
        return _Counting(self, self.dsn)

    def failures(self) -> list[Failure]:
        return [one.failure for one in self.world.store.waiting()]

    def at(self, moment: datetime) -> None:
        self.world.clock.at = moment


class _Counting(PostgresWatch):
    def __init__(self, outer: Watched, dsn: str) -> None:
        super().__init__(dsn, "connection warehouse")
        self._outer = outer

    def profile(self, contract: Contract, piece: Slice) -> Profile:
        found = super().profile(contract, piece)
        self._outer.rows_read += found.rows
        return found


@pytest.fixture(scope="module")
def database(postgres: PostgresServer) -> Iterator[str]:
    postgres.ensure_database("watched_days")
    yield postgres.url("watched_days")
    postgres.drop_database("watched_days")


@pytest.fixture
def payments(database: str) -> Iterator[Callable[..., None]]:
    """An empty table, and how rows come into it."""
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS payments")
        connection.execute(
            "CREATE TABLE payments (id bigint, paid_on date, amount double precision, country text, customer bigint)"
        )
        connection.execute("CREATE INDEX ON payments (paid_on)")

        def load(day: Day) -> None:
            copy_in(day.day, day.rows)
            copy_in(day.day - DAY, day.misplaced)

        def copy_in(day: object, rows: tuple[Row, ...]) -> None:
            with connection.cursor() as cursor, cursor.copy("COPY payments FROM STDIN") as copy:
                for i, amount, country, who in rows:
                    copy.write_row((i, day, amount, country, who))

        yield load


@pytest.fixture
def watched(database: str, store_file: Path, tmp_path: Path) -> Watched:
    shutil.copyfile(store_file, tmp_path / "harness.db")
    return Watched(database, f"sqlite:///{tmp_path}/harness.db")


def ran(w: Watched, day: Day) -> None:
    """The producer ran at 02:00 of the next day."""
    at = start(day.day) + DAY + 2 * HOUR
    w.world.airflow.slices = [
        RunState(
            dag_id="payments",
            run_id=f"r{day.day}",
            state="success",
            of_backfill=False,
            queued_at=at,
            started_at=at,
            ended_at=at,
        )
    ]
    w.at(at + timedelta(minutes=5))


def sixty_days(w: Watched, given: World, load: Callable[[Day], None]) -> None:
    for day in given.days[:WARM]:
        load(day)
    for day in given.days[WARM:]:
        load(day)
        ran(w, day)
        look(w.watch, contract())


def test_eight_quiet_failures_of_sixty_days_and_no_other(watched: Watched, payments: Callable[..., None]) -> None:
    given = world(7, size=300)
    sixty_days(watched, given, payments)
    opened = {one.slice_id: one for one in watched.failures()}
    names = {slice_name(day): how for day, how in given.planted.items()}
    assert {name: one.detail["quiet"].split(", ")[0] for name, one in opened.items()} == names
    assert all(one.kind is FailureKind.QUIET and not one.key.task_id and one.heals for one in opened.values())
    moved = next(one for one in opened.values() if one.detail["quiet"].startswith(Quiet.WRONG_PARTITION))
    assert "more than when it was read" in moved.detail["text"]
    assert moved.detail["roots"] == "postgres://crm/db.orders"
    days = given.days[1:]  # the history begins 28 days before the first look
    assert [one.piece.id for one in watched.shown] == [slice_name(day.day) for day in days], (
        "each slice is looked at once"
    )
    read = sum(len(day.rows) for day in days)
    assert watched.rows_read == read, "each row is read once, in the slice that was new"


def slice_name(day: date) -> str:
    return f"{day:%Y%m%d}T000000Z"


def test_a_slice_is_not_looked_at_before_its_producer_ran_or_its_time_is_over(
    watched: Watched, payments: Callable[..., None]
) -> None:
    day = world(1, size=50).days[0]
    payments(day)
    watched.at(start(day.day) + DAY + 2 * HOUR)
    assert look(watched.watch, contract("after: {dag: payments}, historyDays: 1")) == ()
    watched.at(start(day.day) + DAY + 3 * HOUR)
    assert [one.piece.id for one in look(watched.watch, contract("historyDays: 1"))] == [slice_name(day.day)]


def test_an_update_of_its_asset_makes_a_slice_due(watched: Watched, payments: Callable[..., None]) -> None:
    day = world(1, size=50).days[0]
    given = contract("after: {asset: 's3://payments'}, historyDays: 1")
    watched.at(start(day.day) + DAY + HOUR)
    assert look(watched.watch, given) == ()
    watched.world.airflow.assets["s3://payments"] = start(day.day) + DAY + timedelta(minutes=30)
    assert len(look(watched.watch, given)) == 1


def test_a_table_that_is_gone_opens_one_incident_and_is_read_again_later(
    watched: Watched, payments: Callable[..., None], database: str
) -> None:
    day = world(1, size=50).days[0]
    gone = contract("historyDays: 1").at("public.nothing")
    watched.at(start(day.day) + DAY + 3 * HOUR)
    for _ in range(3):
        found = look(watched.watch, gone)
        watched.world.clock.ahead(minutes=15)
    [failure] = watched.failures()
    assert failure.detail["quiet"] == Quiet.UNREAD
    assert "public.nothing is not there" in failure.detail["text"]
    assert found[0].profile is None
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("CREATE TABLE nothing (LIKE payments)")
    empty = {name: ColumnProfile(bins={}) for name in ("amount", "country", "customer")}
    assert look(watched.watch, gone)[0].profile == Profile(rows=0, duplicates=0, columns=empty)


def test_a_warehouse_that_does_not_answer_is_waited_for_before_an_incident_says_so(watched: Watched) -> None:
    day = world(1, size=50).days[0]
    watched.away = True
    given = contract("historyDays: 1")
    watched.at(start(day.day) + DAY + 3 * HOUR)
    assert look(watched.watch, given) == ()
    watched.at(start(day.day) + DAY + 6 * HOUR)
    assert look(watched.watch, given)[0].failures[0].kind is Quiet.UNREAD
    assert "does not answer" in watched.failures()[0].detail["text"]


def test_an_empty_table_has_no_history_and_no_incident(watched: Watched, payments: Callable[..., None]) -> None:
    watched.at(datetime(2026, 6, 1, 12, tzinfo=UTC))
    found = look(watched.watch, contract("historyDays: 5"))
    assert len(found) == 5, "the days of its history"
    assert watched.failures() == []
    assert all(one.profile is not None and one.profile.rows == 0 for one in found)
