"""Patterns in ``SQLTransformOperator``: published under their gates, run again, and run in any order of slices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import permutations
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_harness.patterns import Engine, Pattern, current_state, deduplicate, scd2, tumbling_window
from airflow_provider_harness.testing.bigquery import BigQueryServer
from airflow_provider_harness.testing.postgres import PostgresServer
from tests.ports.operators_case import Extras, dag, run
from tests.ports.sql_patterns_case import Row, Table, at, ordered
from tests.ports.targets import BigQueryTarget, PostgresTarget, Target
from tests.ports.test_sql_patterns_gates import contract_text

__all__ = ["dag"]
NAME = "sql_patterns_made"
LOG = {"id": "int", "seq": "int", "op": "text", "name": "text", "at": "time", "came": "time"}
ROWS = [
    (1, 1, "i", "a", at("1 09:00"), at("1 09:01")),
    (1, 2, "u", "b", at("2 09:00"), at("2 09:01")),
    (2, 1, "i", "x", at("1 10:00"), at("1 10:01")),
    (2, 3, "u", "z", at("1 12:00"), at("1 15:00")),  # late: the newest, though of an early slice
    (2, 2, "u", "y", at("3 10:00"), at("3 10:01")),
    (3, 1, "i", "q", at("2 11:00"), at("2 11:01")),
    (3, 2, "d", "q", at("3 11:00"), at("3 11:01")),
]
STATE = {"id": "int", "name": "text", "at": "time", "seq": "int", "is_deleted": "bool"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A warehouse with a table of changes, and what a task needs to publish beside it."""

    target: Target
    conn_id: str
    folder: Path
    dag: Any

    def fill(self, rows: Sequence[Row]) -> None:
        engine = Engine.BIGQUERY if isinstance(self.target, BigQueryTarget) else Engine.POSTGRES
        self.target.run(f"DROP TABLE IF EXISTS {self.target.home}.log")
        self.target.run(f"CREATE TABLE {self.target.home}.log AS {Table(columns=LOG, rows=rows).sql(engine)}")
        self.target.run(f"DROP TABLE IF EXISTS {self.target.home}.made")

    def publish(self, pattern: Pattern, columns: Mapping[str, str], day: int = 1, *, slice_column: str = "") -> Any:
        from airflow_provider_harness.operators import SQLTransformOperator

        text = contract_text(pattern, columns, f"{self.target.home}.made", slice_column)
        (self.folder / "made.odcs.yaml").write_text(text)
        task = SQLTransformOperator(
            task_id=f"t{len(self.dag.task_dict)}",
            contract=str(self.folder / "made.odcs.yaml"),
            conn_id=self.conn_id,
            table=f"{self.target.home}.made",
            sql=pattern,
            dag=self.dag,
        )
        return run(task, _context(day))

    def made(self, columns: Mapping[str, str]) -> list[Row]:
        return ordered(self.target.run(f"SELECT {', '.join(columns)} FROM {self.target.home}.made"))


def _context(day: int) -> dict[str, Any]:
    start, end = at(str(day)), at(str(day + 1))
    bounds = {"data_interval_start": start, "data_interval_end": end, "logical_date": start}
    run_of = SimpleNamespace(partition_key=None, run_type="scheduled", **bounds)
    ti = SimpleNamespace(dag_id="d", run_id=f"scheduled__{day}", task_id="t", map_index=-1, try_number=1)
    return {"dag_run": run_of, "run_id": ti.run_id, "outlet_events": Extras(), "ti": ti}


@pytest.fixture
def place(postgres: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dag: Any) -> Iterator[Place]:
    postgres.ensure_database(NAME)
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    monkeypatch.setenv("AIRFLOW_CONN_WH", postgres.airflow_connection(NAME))
    yield Place(target=PostgresTarget(dsn=postgres.url(NAME)), conn_id="wh", folder=tmp_path, dag=dag)
    postgres.drop_database(NAME)


def _state(home: str) -> Pattern:
    return current_state(
        f"{home}.log",
        key="id",
        columns=["name", "at", "seq"],
        sequence="seq",
        deleted=("op", "d"),
        deletes="tombstone",
        slice_by="at",
    )


ANSWER = [
    (1, "b", at("2 09:00"), 2, False),
    (2, "z", at("1 12:00"), 3, False),
    (3, None, at("3 11:00"), 2, True),
]


def test_slices_of_a_current_state_in_any_order_and_twice_give_the_same(place: Place) -> None:
    for order in permutations((1, 2, 3)):
        place.fill(ROWS)
        for day in (*order, order[0]):
            place.publish(_state("public"), STATE, day, slice_column="at")
        assert place.made(STATE) == ordered(ANSWER), order


def test_a_change_that_arrives_later_is_there_once_its_slice_has_run_again(place: Place) -> None:
    place.fill([row for row in ROWS if row[1] != 3])
    for day in (1, 2, 3):
        place.publish(_state("public"), STATE, day, slice_column="at")
    assert ordered(place.made(STATE))[1] == (2, "y", at("3 10:00"), 2, False)
    place.target.run(f"INSERT INTO public.log {Table(columns=LOG, rows=[ROWS[3]]).sql(Engine.POSTGRES)}")
    place.publish(_state("public"), STATE, 1, slice_column="at")
    assert place.made(STATE) == ordered(ANSWER)


def test_bigquery_publishes_a_pattern_in_its_own_words(
    bigquery: BigQueryServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dag: Any
) -> None:
    bigquery.ensure_dataset(NAME)
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    monkeypatch.setenv("AIRFLOW_CONN_BQ", bigquery.airflow_connection())
    place = Place(target=BigQueryTarget(server=bigquery, home=NAME), conn_id="bq", folder=tmp_path, dag=dag)
    place.fill(ROWS)
    for day in (3, 2, 1):
        place.publish(_state(NAME), STATE, day, slice_column="at")
    assert place.made(STATE) == ordered(ANSWER)
    bigquery.drop_dataset(NAME)


def test_windows_are_the_same_when_run_again_after_late_rows(place: Place) -> None:
    columns = {"window_start": "time", "window_end": "time", "row_count": "int"}
    windows = tumbling_window(
        "public.log", time="at", size="day", arrived="came", lateness=timedelta(hours=1), sliced=True
    )
    place.fill(ROWS)
    for day in (2, 1):
        place.publish(windows, columns, day, slice_column="window_start")
    once = place.made(columns)
    assert once == [(at("1"), at("2"), 3), (at("2"), at("3"), 2)]
    late = [(9, 9, "i", "late", at("1 08:00"), at("2 01:00")), (9, 9, "i", "in time", at("2 08:00"), at("3 00:59"))]
    place.target.run(f"INSERT INTO public.log {Table(columns=LOG, rows=late).sql(Engine.POSTGRES)}")
    place.publish(windows, columns, 1, slice_column="window_start")
    assert place.made(columns) == once


def test_a_history_that_is_run_again_is_the_same_and_a_late_change_falls_between(place: Place) -> None:
    columns = {"id": "int", "name": "text", "valid_from": "time", "valid_to": "time", "is_current": "bool"}
    history = scd2("public.log", key="id", columns="name", time="at", deleted=("op", "d"))
    place.fill(ROWS)
    place.publish(history, columns)
    once = place.made(columns)
    assert place.publish(history, columns)["new"] == 0
    assert place.made(columns) == once
    late = [(1, 9, "u", "between", at("1 20:00"), at("9"))]
    place.target.run(f"INSERT INTO public.log {Table(columns=LOG, rows=late).sql(Engine.POSTGRES)}")
    place.publish(history, columns)
    first = [row for row in place.made(columns) if row[0] == 1]
    assert [row[1:4] for row in sorted(first, key=lambda row: row[2])] == [
        ("a", at("1 09:00"), at("1 20:00")),
        ("between", at("1 20:00"), at("2 09:00")),
        ("b", at("2 09:00"), None),
    ]


def test_a_key_that_is_null_blocks_and_nothing_is_published(place: Place) -> None:
    place.fill([*ROWS, (None, 1, "i", "n", at("1"), at("1"))])
    once = deduplicate("public.log", key="id", columns="name", order_by="seq")
    with pytest.raises(Exception, match="key_is_there"):
        place.publish(once, {"id": "int", "name": "text"})
    assert not place.target.exists("made") or place.made({"id": "int"}) == []


def test_a_contract_that_lacks_the_gates_fails_before_anything_is_made(place: Place) -> None:
    from airflow_provider_harness.operators import SQLTransformOperator

    place.fill(ROWS)
    once = deduplicate("public.log", key="id", columns="name", order_by="seq")
    text = contract_text(once, {"id": "int", "name": "text"}, "public.made")
    (place.folder / "bare.odcs.yaml").write_text(text.replace("key_is_there", "something_else"))
    task = SQLTransformOperator(
        task_id="t", contract="bare.odcs.yaml", conn_id="wh", table="public.made", sql=once, dag=place.dag
    )
    assert task.sql == once.sql()
    with pytest.raises(Exception, match=r"contract made: lacks 1 gate\(s\) of deduplicate: key_is_there"):
        run(task, _context(1))
    assert not place.target.exists("made")


def test_a_mapped_task_takes_a_pattern(place: Place) -> None:
    from airflow.serialization.serialized_objects import DagSerialization

    from airflow_provider_harness.operators import SQLTransformOperator

    once = deduplicate("public.log", key="id", columns=["name", "at"], order_by="seq", slice_by="at")
    text = contract_text(once, {"id": "int", "name": "text", "at": "time"}, "public.made", "at")
    (place.folder / "mapped.odcs.yaml").write_text(text)
    with place.dag:
        SQLTransformOperator.partial(
            task_id="m", contract="mapped.odcs.yaml", conn_id="wh", table="public.made", sql=once
        ).expand(slice_key=["2026-01-01", "2026-01-02"])
    DagSerialization.to_json(place.dag)
