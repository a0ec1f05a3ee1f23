"""Slices moved by the operators, as runs of a schedule own them: nothing is lost, and nothing is in two of them."""

from __future__ import annotations

import uuid
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_harness.core.slices.slices import Run
from airflow_provider_harness.operators import (
    PostgresExtractOperator,
    PostgresLoadOperator,
    PostgresTransferOperator,
    SQLTransformOperator,
)
from airflow_provider_harness.testing.postgres import PostgresServer
from tests.ports.slices_case import Scheduled, contract_text, scheduled, worker_clock

BERLIN = "Europe/Berlin"
DAY_1, DAY_2 = ("2024-01-01", "2024-01-02")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A source and a warehouse, each a database of its own."""

    server: PostgresServer
    source: str
    warehouse: str

    def run(self, database: str, sql: str) -> list[tuple[Any, ...]]:
        with self.server.connect(database) as connection:
            cursor = connection.execute(sql.encode())
            return cursor.fetchall() if cursor.description else []

    def fill(self, kind: str, *values: str) -> None:
        """The source's table anew, with ids from 1."""
        rows = ", ".join(f"({n}, {value})" for n, value in enumerate(values, 1))
        self.run(
            self.source,
            f"DROP TABLE IF EXISTS public.t; CREATE TABLE public.t (id bigint NOT NULL, at {kind} NOT NULL)",
        )
        self.run(self.source, f"INSERT INTO public.t VALUES {rows}")

    def clocks(self, source: str, warehouse: str) -> None:
        """The time zones that sessions get."""
        for database, zone in ((self.source, source), (self.warehouse, warehouse)):
            self.run("postgres", f"ALTER DATABASE {database} SET timezone TO '{zone}'")

    def published(self) -> list[int]:
        return [found for (found,) in self.run(self.warehouse, "SELECT id FROM public.t ORDER BY id")]


@pytest.fixture
def pair(postgres: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pair]:
    name = f"slices_{uuid.uuid4().hex[:12]}"
    found = Pair(server=postgres, source=f"{name}_s", warehouse=f"{name}_w")
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    monkeypatch.setenv("AIRFLOW__HARNESS__STAGING_PATH", f"file://{tmp_path}/staging")
    for conn_id, database in (("SRC", found.source), ("WH", found.warehouse)):
        postgres.ensure_database(database)
        monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id}", postgres.airflow_connection(database))
    yield found
    for database in (found.source, found.warehouse):
        postgres.drop_database(database)


def transferred(here: Scheduled, run: Run) -> Any:
    return here.do(
        PostgresTransferOperator(task_id=f"t{uuid.uuid4().hex}", source_conn_id="src", **here.terms("wh")), run
    )


def loaded(here: Scheduled, run: Run) -> Any:
    staged = here.do(PostgresExtractOperator(task_id=f"e{uuid.uuid4().hex}", **here.terms("src")), run)
    return here.do(PostgresLoadOperator(task_id=f"l{uuid.uuid4().hex}", staged=staged, **here.terms("wh")), run)


MOVES: dict[str, Callable[[Scheduled, Run], Any]] = {"transfer": transferred, "extract and load": loaded}
move = pytest.mark.parametrize("move", MOVES.values(), ids=MOVES.keys())


def of_day(text: str, zone: str = BERLIN) -> Run:
    from zoneinfo import ZoneInfo

    start = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))
    return Run(interval_start=start, interval_end=start.replace(day=start.day + 1), logical_date=start, scheduled=True)


@move
@pytest.mark.parametrize(
    ("source", "warehouse", "worker"),
    [
        ("UTC", "UTC", "UTC"),
        ("UTC", BERLIN, "UTC"),
        (BERLIN, "UTC", BERLIN),
        ("Asia/Tokyo", "America/New_York", "Asia/Tokyo"),
    ],
)
def test_a_column_without_a_zone_is_cut_by_the_contracts_whatever_sessions_say(
    pair: Pair, tmp_path: Path, move: Callable[[Scheduled, Run], Any], source: str, warehouse: str, worker: str
) -> None:
    """B0: each row is in its own local day, and a run again changes nothing."""
    pair.fill(
        "timestamp",
        "'2024-01-01 00:30'",
        "'2024-01-01 23:30'",
        "'2024-01-02 00:30'",
        "'2023-12-31 23:30'",
        "'2024-01-01'",
    )
    pair.clocks(source, warehouse)
    here = scheduled(tmp_path, None, contract_text("timestamp", BERLIN))
    with worker_clock(worker):
        assert move(here, of_day(DAY_1))["rows"] == 3
        assert pair.published() == [1, 2, 5]
        assert move(here, of_day(DAY_2))["rows"] == 1
        again = move(here, of_day(DAY_1))
        assert (again["rows"], again["before"], again["slice"]) == (3, 3, "20231231T230000Z")
        assert pair.published() == [1, 2, 3, 5]


@move
def test_a_run_publishes_the_whole_of_its_interval(
    pair: Pair, tmp_path: Path, move: Callable[[Scheduled, Run], Any]
) -> None:
    """S1: daily at 05:00, under a contract of days in another zone."""
    from airflow.sdk import CronDataIntervalTimetable

    from airflow_provider_harness.core.slices.schedule_fit import ScheduleWarning

    hours = [f"timestamptz '2026-01-01 05:00+00' + {n} * interval '1 hour'" for n in range(72)]
    pair.fill("timestamptz", *hours)
    at_five = CronDataIntervalTimetable("0 5 * * *", timezone="UTC")
    here = scheduled(tmp_path, at_five, contract_text("timestamptz", BERLIN, grain="day"))
    for run in here.runs(datetime(2026, 1, 1, 5, tzinfo=UTC), datetime(2026, 1, 4, 5, tzinfo=UTC)):
        with pytest.warns(ScheduleWarning):
            assert move(here, run)["rows"] == 24
    assert pair.published() == list(range(1, 73))


def test_the_same_slice_has_one_id_however_it_is_asked_for(pair: Pair, tmp_path: Path) -> None:
    """S4: what a person types, what a partition is called and what an interval gives publish and replace the same rows."""
    pair.fill("timestamptz", "'2024-01-01 12:00+01'", "'2024-01-02 12:00+01'")
    here = scheduled(tmp_path, None, contract_text("timestamptz", BERLIN))
    for n, key in enumerate((DAY_1, "20240101", "2024-W01-1", "20231231T230000Z")):
        task = PostgresTransferOperator(task_id=f"typed{n}", source_conn_id="src", slice_key=key, **here.terms("wh"))
        assert here.do(task, Run())["slice"] == "20231231T230000Z"
        assert (task.slice_key, task.slice_end) == ("20231231T230000Z", "2024-01-01T23:00:00+00:00")
    assert transferred(here, Run(partition_key=DAY_1))["before"] == 1
    assert transferred(here, of_day(DAY_1))["before"] == 1
    assert pair.published() == [1]


def test_a_query_gets_bounds_of_its_own_column(pair: Pair, tmp_path: Path) -> None:
    """A transformation over local times, whatever the session's time zone is."""
    pair.clocks("UTC", "Asia/Tokyo")
    pair.run(pair.warehouse, "CREATE TABLE public.raw (id bigint, at timestamp, zoned timestamptz)")
    pair.run(
        pair.warehouse,
        "INSERT INTO public.raw VALUES (1, '2024-01-01 00:30', '2024-01-01 00:30+01'), (2, '2024-01-01 23:30', "
        "'2024-01-01 23:30+01'), (3, '2024-01-02 00:30', '2024-01-02 00:30+01')",
    )
    here = scheduled(tmp_path, None, contract_text("timestamp", BERLIN))
    for column in ("at", "zoned"):
        sql = f"SELECT id, {column}::timestamp AS at FROM public.raw WHERE {column} >= %(slice_start)s AND {column} < %(slice_end)s"
        told = here.do(SQLTransformOperator(task_id=column, sql=sql, **here.terms("wh")), of_day(DAY_1))
        assert told["rows"] == 2
        assert pair.published() == [1, 2]


def queried(here: Scheduled, run: Run, move: str, sql: str) -> list[str]:
    """A slice moved of what a query gives; the tables that lineage names."""
    if move == "transfer":
        task: Any = PostgresTransferOperator(
            task_id=f"t{uuid.uuid4().hex}", source_conn_id="src", sql=sql, **here.terms("wh")
        )
        here.do(task, run)
    else:
        task = PostgresExtractOperator(task_id=f"e{uuid.uuid4().hex}", sql=sql, **here.terms("src"))
        here.do(
            PostgresLoadOperator(task_id=f"l{uuid.uuid4().hex}", staged=here.do(task, run), **here.terms("wh")), run
        )
    return [one.name.partition(".")[2] for one in task._lineage_inputs()]


@pytest.mark.parametrize("move", MOVES)
@pytest.mark.parametrize("kind", ["timestamp", "timestamptz"])
def test_a_query_of_a_source_gets_the_bounds_that_it_asks_for(pair: Pair, tmp_path: Path, move: str, kind: str) -> None:
    from airflow.sdk.exceptions import AirflowFailException

    pair.clocks("Asia/Tokyo", "UTC")
    offset = "+01" if kind == "timestamptz" else ""
    pair.fill(kind, *(f"'{at}{offset}'" for at in ("2024-01-01 00:30", "2024-01-01 23:30", "2024-01-02 00:30")))
    here = scheduled(tmp_path, None, contract_text(kind, BERLIN))
    inside = "SELECT id, at FROM public.t WHERE at >= %(slice_start)s AND at < %(slice_end)s AND id %% 2 = 1;"
    assert queried(here, of_day(DAY_1), move, inside) == ["public.t"]
    assert pair.published() == [1]
    queried(here, of_day(DAY_1), move, "SELECT id, at FROM public.t WHERE id % 2 = 0 AND 'ab' LIKE 'a%'")
    assert pair.published() == [2], "a percent sign stays what it is where no bound is asked for"
    with pytest.raises(AirflowFailException, match=r"%\(slice_start\)s, %\(slice_end\)s.*percent sign as %%"):
        queried(here, of_day(DAY_1), move, "SELECT id, at FROM public.t WHERE at >= %(slice_begin)s")


@pytest.mark.parametrize(
    ("cron", "first", "last", "gone", "missing"),
    [
        ("0 5 * * *", "2026-01-01T05:00", "2026-01-04T05:00", 1, "2026-01-02T05:00:00+00:00"),
        ("0 */6 * * *", "2026-01-01T00:00", "2026-01-02T06:00", 2, "2026-01-01T12:00:00+00:00"),
        ("0 23 * * *", "2026-01-01T23:00", "2026-01-04T23:00", 0, "2026-01-02"),  # which is a day in Berlin
    ],
)
def test_what_is_missing_is_reckoned_by_the_schedule(
    pair: Pair, tmp_path: Path, cron: str, first: str, last: str, gone: int, missing: str
) -> None:
    """A contract of days would find nothing missing, or everything."""
    import json

    from airflow.sdk import CronDataIntervalTimetable

    from airflow_provider_harness.core.errors import ContractViolation
    from airflow_provider_harness.sensors import ContractSensor
    from airflow_provider_harness.wiring import probes as wiring_looks

    pair.fill("timestamptz", *(f"timestamptz '2026-01-01 00:30+00' + {n} * interval '1 hour'" for n in range(96)))
    begin, end = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (first, last))
    schedule = CronDataIntervalTimetable(cron, timezone="UTC")
    here = scheduled(tmp_path, schedule, contract_text("timestamptz", BERLIN), start_date=begin)
    made = list(here.runs(begin, end))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for n, run in enumerate(made[:-1]):
            if n != gone:
                transferred(here, run)
        sensor = ContractSensor(task_id="complete", lookback=7, wait=False, **here.terms("wh"))
        sensor.render_template_fields(here.context(made[-1]))
    assert json.loads(sensor.schedule)["__var"]["expression"] == cron
    given = {name: getattr(sensor, name) for name in ("contract", "conn_id", "table", "slice_key", "slice_end")}
    found = wiring_looks.take("complete", {**given, **{n: getattr(sensor, n) for n in sensor.looks_at}}, [])
    assert isinstance(found.error, ContractViolation)
    (result,) = found.error.report.results
    assert result.facts["missing"] == [missing]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        transferred(here, made[gone])
    assert wiring_looks.take("complete", {**given, **{n: getattr(sensor, n) for n in sensor.looks_at}}, []).ready


def transformed(here: Scheduled, run: Run) -> Any:
    sql = "SELECT id, at FROM public.raw WHERE at >= %(slice_start)s AND at < %(slice_end)s"
    return here.do(SQLTransformOperator(task_id=f"q{uuid.uuid4().hex}", sql=sql, **here.terms("wh")), run)


@pytest.mark.parametrize("mode", ["incremental", "full"])
@pytest.mark.parametrize("move", [*MOVES.values(), transformed], ids=[*MOVES, "transform"])
def test_no_rows_never_replace_rows(
    pair: Pair, tmp_path: Path, move: Callable[[Scheduled, Run], Any], mode: str
) -> None:
    """S3: both counts are in the report of the gate that blocks; the published rows stay."""
    from airflow.sdk.exceptions import AirflowFailException

    def rows(*values: str) -> None:
        pair.fill("timestamptz", *values)
        pair.run(pair.warehouse, "DROP TABLE IF EXISTS public.raw; CREATE TABLE public.raw (id bigint, at timestamptz)")
        for n, value in enumerate(values, 1):
            pair.run(pair.warehouse, f"INSERT INTO public.raw VALUES ({n}, {value})")

    def emptied() -> None:
        pair.run(pair.source, "DELETE FROM public.t")
        pair.run(pair.warehouse, "DELETE FROM public.raw")

    here = scheduled(tmp_path, None, contract_text("timestamptz", BERLIN, mode=mode))
    rows("'2024-01-01 12:00+01'", "'2024-01-01 13:00+01'", "'2024-01-02 12:00+01'")
    full = mode == "full" and move is not transformed
    before = move(here, of_day(DAY_1))["rows"]
    assert before == (3 if full else 2)
    emptied()
    with pytest.raises(AirflowFailException) as refused:
        move(here, of_day(DAY_1))
    report = refused.value.__cause__.report  # type: ignore[union-attr]
    (result,) = (one for one in report.results if one.id == "not_emptied")
    assert result.blocking
    assert result.facts == {"published": before, "rows": 0}
    assert (
        f"more than 0 rows, since the published {'table' if mode == 'full' else 'slice'} has {before}, found 0 rows"
        in str(refused.value)
    )
    assert len(pair.published()) == before
    if mode == "incremental":
        told = move(here, of_day("2024-01-03"))
        assert (told["rows"], told["before"]) == (0, 0), "where nothing is published, nothing is lost"
    allowed = scheduled(tmp_path / "allowed", None, contract_text("timestamptz", BERLIN, mode=mode, allowEmpty=True))
    told = move(allowed, of_day(DAY_1))
    assert (told["rows"], told["before"]) == (0, before)
    assert pair.published() == []


def test_a_slice_that_a_person_names_is_as_long_as_it_was_published(pair: Pair, tmp_path: Path) -> None:
    """The id of a week says only where it begins; the store knows where it ended."""
    from airflow.sdk import CronDataIntervalTimetable

    from airflow_provider_harness.adapters.store.incidents import open_engine
    from airflow_provider_harness.adapters.store.migrate import upgrade
    from airflow_provider_harness.wiring import rows as wiring_rows

    pair.fill("timestamptz", "'2026-01-06 12:00+00'")
    monday, next_monday = datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 1, 12, tzinfo=UTC)
    here = scheduled(
        tmp_path, CronDataIntervalTimetable("0 0 * * 1", timezone="UTC"), contract_text("timestamptz", "UTC")
    )
    contract = wiring_rows.contracts.contract_of(str(tmp_path / "sliced.odcs.yaml"))
    assert wiring_rows.slices.known_piece(contract, "20260105T000000Z").end == datetime(2026, 1, 6, tzinfo=UTC), (
        "by the grain"
    )
    engine = open_engine(f"sqlite:///{tmp_path}/harness.db")
    upgrade(engine)
    engine.dispose()
    (run,) = here.runs(monday, next_monday)
    assert transferred(here, run)["rows"] == 1
    assert wiring_rows.slices.known_piece(contract, "20260105T000000Z").end == next_monday


@pytest.mark.parametrize("mode", ["merge", "append"])
def test_modes_that_take_nothing_away_may_be_given_nothing(pair: Pair, tmp_path: Path, mode: str) -> None:
    pair.fill("timestamptz", "'2024-01-01 12:00+01'")
    more = {"key": "[id]"} if mode == "merge" else {}
    here = scheduled(tmp_path, None, contract_text("timestamptz", BERLIN, mode=mode, **more))
    assert loaded(here, of_day(DAY_1))["rows"] == 1
    pair.run(pair.source, "DELETE FROM public.t")
    assert loaded(here, of_day(DAY_1))["rows"] == 1
    assert pair.published() == [1]


@pytest.mark.parametrize("move", [*MOVES.values(), transformed], ids=[*MOVES, "transform"])
def test_a_slice_that_was_published_without_rows_is_there_and_one_that_never_was_is_missing(
    pair: Pair, tmp_path: Path, move: Callable[[Scheduled, Run], Any]
) -> None:
    from airflow_provider_harness.adapters.store.migrate import upgrade
    from airflow_provider_harness.core.errors import HarnessUnavailable
    from airflow_provider_harness.wiring import probes as wiring_looks
    from airflow_provider_harness.wiring import rows as wiring_rows
    from airflow_provider_harness.wiring.store import task_engine

    pair.fill("timestamptz", "'2024-01-02 12:00+01'")
    pair.run(pair.warehouse, "CREATE TABLE public.raw (id bigint, at timestamptz)")
    pair.run(pair.warehouse, "INSERT INTO public.raw VALUES (1, '2024-01-02 12:00+01')")
    days = [date(2024, 1, n) for n in range(1, 5)]
    by_key = {"contract": str(tmp_path / "sliced.odcs.yaml"), "conn_id": "wh", "table": "public.t"}

    def missing() -> list[date]:
        return wiring_rows.judging.missing_slices(by_key["contract"], "wh", "public.t", days[0], days[-1])

    def kept(day: date) -> bool:
        return wiring_looks.kept(**by_key, slice_key=day.isoformat(), running=[]).ready

    here = scheduled(tmp_path, None, contract_text("timestamptz", BERLIN, allowEmpty=True))
    with pytest.raises(HarnessUnavailable):
        missing()
    upgrade(task_engine())
    assert [move(here, of_day(f"{day}"))["rows"] for day in days[:3]] == [0, 1, 0]
    assert missing() == [days[3]]
    assert [kept(day) for day in days] == [True, True, True, False]
    assert not any(kept(day) for day in (date(2023, 12, 31), date(2024, 1, 5)))
    (tmp_path / "sliced.odcs.yaml").write_text(contract_text("timestamptz", BERLIN))
    assert missing() == [days[0], days[2], days[3]], "a contract that does not allow it has no empty slices"


def test_a_slice_that_was_emptied_and_came_again_counts_by_its_newest_gate(pair: Pair, tmp_path: Path) -> None:
    from airflow_provider_harness.adapters.store.migrate import upgrade
    from airflow_provider_harness.wiring import rows as wiring_rows
    from airflow_provider_harness.wiring.store import task_engine

    upgrade(task_engine())
    pair.fill("timestamptz", "'2024-01-02 12:00+01'")
    here = scheduled(tmp_path, None, contract_text("timestamptz", BERLIN, allowEmpty=True))
    day = date(2024, 1, 1)
    assert transferred(here, of_day(DAY_1))["rows"] == 0
    pair.run(pair.source, "INSERT INTO public.t VALUES (2, '2024-01-01 12:00+01')")
    assert transferred(here, of_day(DAY_1))["rows"] == 1
    pair.run(pair.warehouse, "DELETE FROM public.t")
    assert wiring_rows.judging.missing_slices(str(tmp_path / "sliced.odcs.yaml"), "wh", "public.t", day, day) == [day]
