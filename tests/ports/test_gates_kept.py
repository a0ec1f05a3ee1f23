"""What gates found, in the store: kept once, superseded by later runs, and read as of the slice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from airflow_provider_harness.adapters.store.incidents import SqlFailureLog, open_engine
from airflow_provider_harness.adapters.store.migrate import _config, grant_tasks, upgrade
from airflow_provider_harness.adapters.store.rows.gate_history import SqlGates
from airflow_provider_harness.adapters.store.schema import TASK_RIGHTS, metadata
from airflow_provider_harness.app.rows.gate import Gate
from airflow_provider_harness.core.contracts.anomaly import Point
from airflow_provider_harness.core.contracts.checks import (
    Baseline,
    Check,
    CheckKind,
    CheckSeverity,
    Expectation,
    Operator,
    Slot,
)
from airflow_provider_harness.core.contracts.contract import Contract
from airflow_provider_harness.core.contracts.report import Decision, Measurement, Measurements, Report
from airflow_provider_harness.core.diagnosis.failure import TryKey
from airflow_provider_harness.core.errors import ConfigurationError, HarnessUnavailable
from airflow_provider_harness.core.slices.gate_run import GateRun, GateSite, Place
from airflow_provider_harness.core.slices.slices import Slice
from airflow_provider_harness.testing.postgres import PostgresServer
from tests.ports.test_store import failure

START = datetime(2013, 1, 1, 5, tzinfo=UTC)
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
WATCH = Check(
    id="watch",
    kind=CheckKind.ANOMALY,
    severity=CheckSeverity.WARN,
    baseline=Baseline(of=CheckKind.ROW_COUNT, slot=Slot.ALL, minimum=3, floor=5),
)
CHANGE = Check(
    id="change",
    kind=CheckKind.ROW_COUNT_CHANGE,
    severity=CheckSeverity.WARN,
    expect=Expectation(operator=Operator.BETWEEN, values=(-50, 50)),
)
CONTRACT = Contract(id="c", version="1", name="t", table="public.t", columns=(), checks=(WATCH, CHANGE))


def piece(day: int) -> Slice:
    start = START + timedelta(days=day)
    return Slice(id=f"{start:%Y%m%dT%H%M%SZ}", start=start, end=start + timedelta(days=1))


def post(place: Place = Place.STAGING, run: str = "r1", try_number: int = 1, conn_id: str = "wh") -> GateSite:
    return GateSite(
        place=place, conn_id=conn_id, task=TryKey(dag_id="d", run_id=run, task_id="t", try_number=try_number)
    )


class Table:
    """Gates of one table, each measured a second after the one before."""

    def __init__(self, history: SqlGates) -> None:
        self.history, self.now = history, NOW

    def gate(self, day: int, rows: int, at: GateSite | None = None, **changes: Any) -> Report:
        at = at or post()
        gate = Gate(CONTRACT, piece(day), at, self.history)
        values = {check.id: Measurement(value=rows) for check in CONTRACT.checks}
        report = replace(gate.judge(Measurements(rows=rows, values=values, milliseconds=7), "staging"), **changes)
        self.now += timedelta(seconds=1)
        if at.task is not None:
            run = GateRun(post=at, piece=piece(day), report=report, measured_at=self.now, milliseconds={"gate": 7})
            self.history.keep(run)
        return report

    def points(self, day: int, at: GateSite | None = None) -> dict[int, tuple[float, bool]]:
        found = self.history.points(CONTRACT, piece(day), at or post()).get("watch", ())
        return {(point.at - START).days: (point.value, point.flagged) for point in found}


@pytest.fixture
def engine(store_url: str) -> Iterator[Engine]:
    engine = open_engine(store_url)
    yield engine
    engine.dispose()


@pytest.fixture
def table(engine: Engine) -> Table:
    return Table(SqlGates(lambda: engine))


def test_a_gate_comes_back_as_it_was(table: Table) -> None:
    report = table.gate(0, 100)
    [found] = table.history.trend("public.t", 5)
    assert (found.slice, found.at, found.place, found.conn_id) == (piece(0).id, START, Place.STAGING, "wh")
    assert (found.task, found.rows, found.malformed, found.decision) == ("d/r1/t#1", 100, 0, Decision.PUBLISH)
    assert (found.milliseconds, found.measured_at, found.contract_version) == ({"gate": 7}, table.now, "1")
    assert {check.id: check.value for check in found.checks} == {"watch": 100, "change": 100}
    assert [check.passed for check in found.checks] == [result.passed for result in report.results]
    assert table.history.tables() == ["public.t"]


def test_the_same_gate_of_the_same_try_is_kept_once(table: Table, engine: Engine) -> None:
    for rows in (100, 200):
        table.gate(0, rows)
    assert table.points(1) == {0: (100, False)}
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM harness_gates")).scalar() == 1


def test_a_run_again_supersedes(table: Table) -> None:
    table.gate(0, 100)
    table.gate(0, 120, post(try_number=2))
    table.gate(0, 90, post(run="backfill"))
    assert table.points(1) == {0: (90, False)}
    assert [gate.rows for gate in table.history.trend("public.t", 5)] == [90]


def test_the_slice_itself_and_later_ones_are_not_looked_at(table: Table) -> None:
    for day in (0, 1, 2, 3, 4, 5):
        table.gate(day, 100 + day)
    assert table.points(3) == {0: (100, False), 1: (101, False), 2: (102, False)}
    assert table.points(0) == {}


def test_a_historic_slice_is_judged_as_of_itself(table: Table) -> None:
    """January had 100 rows a day and everything later 1000: a day in February that is run again is judged by January."""
    for day in range(31):
        table.gate(day, 100 + day % 3)
    for day in range(32, 90):
        table.gate(day, 1000 + day % 3, decision=Decision.PUBLISH)
    [watch, change] = table.gate(31, 101, post(run="again")).results
    assert (watch.passed, watch.facts["median"], watch.facts["slices"]) == (True, 101, 31)
    assert change.facts["previous_at"] == piece(30).start.isoformat()
    [watch, change] = table.gate(31, 1000, post(run="again", try_number=2)).results
    assert not watch.passed
    assert not change.passed


def test_flagged_and_blocked_slices_are_no_example(table: Table) -> None:
    for day in range(4):
        table.gate(day, 100)
    assert not table.gate(4, 500).results[0].passed
    table.gate(5, 100, decision=Decision.BLOCK)
    points = table.points(6)
    assert (points[4], points[5]) == ((500, True), (100, True))
    [watch, change] = table.gate(6, 100).results
    assert (watch.facts["slices"], change.facts["previous_at"]) == (4, piece(3).start.isoformat())
    table.gate(4, 102, post(run="mended"))
    assert table.points(6)[4] == (102, False)


def test_places_that_see_the_same_rows_stand_in_for_one_another(table: Table) -> None:
    table.gate(0, 100)
    table.gate(1, 101)
    table.gate(1, 99, post(Place.PUBLISHED))
    table.gate(2, 500, post(Place.SOURCE))
    table.gate(2, 600, post(conn_id="other"))
    assert table.points(3, post(Place.PUBLISHED)) == {0: (100, False), 1: (99, False)}
    assert table.points(3, post(Place.STAGING)) == {0: (100, False), 1: (101, False)}
    assert table.points(3, post(Place.SOURCE)) == {2: (500, False)}
    healer = GateSite(place=Place.PUBLISHED, conn_id="wh")
    assert table.points(3, healer) == table.points(3, post(Place.PUBLISHED))


def test_a_query_is_compared_with_the_same_tasks_only(table: Table) -> None:
    mine = post(Place.QUERY)
    other = replace(mine, task=TryKey(dag_id="d", run_id="r1", task_id="other", try_number=1))
    table.gate(0, 100, mine)
    table.gate(0, 7, other)
    assert (table.points(1, mine), table.points(1, other)) == ({0: (100, False)}, {0: (7, False)})


def test_a_gate_without_a_task_keeps_nothing_but_judges(table: Table) -> None:
    for day in range(3):
        table.gate(day, 100)
    assert not table.gate(3, 500, GateSite(place=Place.STAGING, conn_id="wh")).results[0].passed
    assert 3 not in table.points(4)


def test_the_trend_is_that_of_the_newest_slices(table: Table) -> None:
    for day in range(5):
        table.gate(day, 100 + day)
        table.gate(day, 100 + day, post(Place.PUBLISHED))
    found = table.history.trend("public.t", 2)
    assert [(gate.rows, gate.place) for gate in found] == [
        (103, Place.STAGING),
        (103, Place.PUBLISHED),
        (104, Place.STAGING),
        (104, Place.PUBLISHED),
    ]
    assert table.history.trend("public.other", 2) == ()


def test_a_store_that_is_away_is_an_error_of_the_check_and_never_a_pass(tmp_path: Path) -> None:
    for url in (f"sqlite:///{tmp_path}/none/harness.db", "postgresql+psycopg://u:secret@127.0.0.1:1/none", "nonsense"):
        history = SqlGates(lambda url=url: open_engine(url))
        report = Gate(CONTRACT, piece(3), post(), history).judge(
            Measurements(rows=5, values={"watch": Measurement(value=5), "change": Measurement(value=5)}), "staging"
        )
        assert [(one.passed, one.value) for one in report.results] == [(False, 5), (False, 5)]
        assert all(one.error.startswith("its history could not be read: the harness store") for one in report.results)
        assert report.decision is Decision.PUBLISH, "both are warnings"
        strict = replace(CONTRACT, checks=(replace(WATCH, severity=CheckSeverity.ERROR),))
        blocked = Gate(strict, piece(3), post(), history).judge(
            Measurements(rows=5, values={"watch": Measurement(value=5)}), "staging"
        )
        assert blocked.decision is Decision.BLOCK
        assert "watch: could not be checked" in blocked.sentence()
        assert "secret" not in blocked.sentence()
        with pytest.raises(HarnessUnavailable):
            history.keep(GateRun(post=post(), piece=piece(3), report=report, measured_at=NOW))


def test_a_contract_without_such_checks_reads_no_history() -> None:
    plain = replace(CONTRACT, checks=(Check(id="row_count", kind=CheckKind.ROW_COUNT),))

    def never() -> Engine:
        raise AssertionError("the store was opened")

    measured = Measurements(rows=0, values={"row_count": Measurement(value=0)})
    assert Gate(plain, piece(0), post(), SqlGates(never)).judge(measured, "staging").passed


def test_what_the_role_of_tasks_may_do(postgres: PostgresServer, database: str) -> None:
    """It keeps and reads gates and inserts failures; every other right on every other table is refused."""
    owner = open_engine(postgres.url(database, driver="psycopg"))
    upgrade(owner)
    role = f"tasks_{database}"
    with owner.begin() as connection:
        connection.execute(text(f"CREATE ROLE {role} LOGIN PASSWORD 'pw'"))
        connection.execute(text(f"GRANT INSERT ON harness_failures TO {role}"))
        connection.execute(text(f"GRANT ALL ON harness_events TO {role}"))
    engine = open_engine(replace(postgres, user=role, password="pw").url(database, driver="psycopg"))
    try:
        table = Table(SqlGates(lambda: engine))
        with pytest.raises(
            HarnessUnavailable, match=r"permission denied.*airflow harness db upgrade --tasks-role ROLE"
        ):
            table.points(1)
        grant_tasks(owner, role)
        grant_tasks(owner, role)
        table.gate(0, 100)
        table.gate(0, 100)
        assert table.points(1) == {0: (100, False)}
        assert SqlFailureLog(engine).record(failure(), "I")
        for name in metadata.tables:
            for verb, statement in (
                ("SELECT", f"SELECT * FROM {name}"),
                ("DELETE", f"DELETE FROM {name}"),
                ("UPDATE", f"UPDATE {name} SET {metadata.tables[name].columns.keys()[0]} = NULL"),
                ("TRUNCATE", f"TRUNCATE {name}"),
                ("DROP", f"DROP TABLE {name}"),
            ):
                if verb in TASK_RIGHTS.get(name, ()):
                    continue
                with pytest.raises(Exception, match=r"permission denied|must be owner"), engine.begin() as connection:
                    connection.execute(text(statement))
    finally:
        engine.dispose()
        with owner.begin() as connection:
            connection.execute(text(f"DROP OWNED BY {role}"))
            connection.execute(text(f"DROP ROLE {role}"))
        owner.dispose()


def test_rights_are_for_a_role_that_exists_in_postgresql(engine: Engine) -> None:
    with pytest.raises(ConfigurationError, match=r"SQLite has no roles|does not exist"):
        grant_tasks(engine, 'no "such" role')


def test_where_a_slice_ended_is_known_of_its_newest_gate(table: Table) -> None:
    assert table.history.end("public.t", piece(0).id) is None
    table.gate(0, 100)
    assert table.history.end("public.t", piece(0).id) == piece(0).end
    assert table.history.end("public.t", piece(1).id) is None


def test_gates_of_before_stay_when_the_store_learns_where_slices_end(engine: Engine, table: Table) -> None:
    """Migration 0008, with rows, there and back and there again."""
    from alembic import command

    table.gate(0, 100)
    kept = "SELECT slice, rows FROM harness_gates"
    for step, revision in ((command.downgrade, "0007_grants"), (command.upgrade, "0008_slice_ends")):
        with engine.begin() as connection:
            step(_config(connection), revision)
        with engine.connect() as connection:
            assert connection.execute(text(kept)).all() == [(piece(0).id, 100)]
    assert table.history.end("public.t", piece(0).id) is None, "what an earlier version kept says no end"
    assert [gate.slice for gate in table.history.trend("public.t", 5)] == [piece(0).id]
    table.gate(1, 100)
    assert table.history.end("public.t", piece(1).id) == piece(1).end
    assert table.points(2) == {0: (100, False), 1: (100, False)}


def test_points_are_read_as_points(table: Table) -> None:
    table.gate(0, 100)
    assert table.history.points(CONTRACT, piece(1), post())["watch"] == [Point(at=START, value=100.0)]
